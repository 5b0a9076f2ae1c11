/* files_type.c - media types by file name extension (RFC 6838). */
/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "files.h"

/*
 * Browsers are told not to guess (X-Content-Type-Options: nosniff), so a
 * script or a style sheet with a wrong type would not run at all. Text gets
 * "charset=utf-8": what is on a disk today is UTF-8, and without the parameter
 * some clients still assume ISO 8859-1. JSON has no such parameter (RFC 8259
 * section 11), nor have the types of "+xml", which say it themselves.
 *
 * The most frequent ones come first, because the table is read from the top.
 */

#define UTF8 "; charset=utf-8"

/* clang-format off */
static const struct {
	const char *extensions; /* with a space between them */
	const char *type;
} types[] = {
	{ "html htm", "text/html" UTF8 },
	{ "css", "text/css" UTF8 },
	{ "js mjs", "text/javascript" UTF8 },
	{ "json map", "application/json" },
	{ "png", "image/png" },
	{ "svg", "image/svg+xml" },
	{ "jpg jpeg", "image/jpeg" },
	{ "webp", "image/webp" },
	{ "ico", "image/vnd.microsoft.icon" },
	{ "woff2", "font/woff2" },
	{ "wasm", "application/wasm" },
	{ "txt log conf c h sh", "text/plain" UTF8 },
	{ "webmanifest", "application/manifest+json" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xml", "text/xml" UTF8 },
	{ "rss", "application/rss+xml" },
	{ "atom", "application/atom+xml" },
	{ "jsonld", "application/ld+json" },
	{ "geojson", "application/geo+json" },
	{ "md", "text/markdown" UTF8 },
	{ "csv", "text/csv" UTF8 },
	{ "tsv", "text/tab-separated-values" UTF8 },
	{ "ics", "text/calendar" UTF8 },
	{ "vcf", "text/vcard" UTF8 },
	{ "vtt", "text/vtt" UTF8 },
	{ "toml", "application/toml" },
	{ "yaml yml", "application/yaml" },
	{ "pdf", "application/pdf" },
	{ "rtf", "application/rtf" },
	{ "epub", "application/epub+zip" },
	{ "gif", "image/gif" },
	{ "avif", "image/avif" },
	{ "apng", "image/apng" },
	{ "jxl", "image/jxl" },
	{ "bmp", "image/bmp" },
	{ "tif tiff", "image/tiff" },
	{ "mp4 m4v", "video/mp4" },
	{ "webm", "video/webm" },
	{ "ogv", "video/ogg" },
	{ "mov", "video/quicktime" },
	{ "mpeg", "video/mpeg" },
	{ "ts", "video/mp2t" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "mp3", "audio/mpeg" },
	{ "m4a", "audio/mp4" },
	{ "aac", "audio/aac" },
	{ "ogg oga opus", "audio/ogg" },
	{ "wav", "audio/wav" },
	{ "flac", "audio/flac" },
	{ "woff", "font/woff" },
	{ "ttf", "font/ttf" },
	{ "otf", "font/otf" },
	{ "eot", "application/vnd.ms-fontobject" },
	{ "zip", "application/zip" },
	{ "gz tgz", "application/gzip" },
	{ "br", "application/x-brotli" },
	{ "zst", "application/zstd" },
	{ "bz2", "application/x-bzip2" },
	{ "xz", "application/x-xz" },
	{ "tar", "application/x-tar" },
	{ "7z", "application/x-7z-compressed" },
};
/* clang-format on */

/* Whether a list has an extension. */
static bool
is_listed(struct ws_span extension, const char *list)
{
	size_t len;

	for (; *list != '\0'; list += len + (list[len] == ' ')) {
		len = strcspn(list, " ");
		if (ws_span_equal_nocase(
			extension, (struct ws_span){ list, len }))
			return true;
	}
	return false;
}

/* Find the text behind the last dot of the last segment; empty without a
 * dot. */
static struct ws_span
extension_of(struct ws_span name)
{
	size_t at = name.len;

	while (at > 0 && name.at[at - 1] != '.' && name.at[at - 1] != '/')
		at--;
	if (at == 0 || name.at[at - 1] == '/')
		return (struct ws_span){ name.at, 0 };
	return (struct ws_span){ name.at + at, name.len - at };
}

const char *
ws_files_type(struct ws_span name)
{
	struct ws_span extension = extension_of(name);

	for (size_t i = 0; i < WS_LEN(types); i++) {
		if (is_listed(extension, types[i].extensions))
			return types[i].type;
	}
	return "application/octet-stream";
}
