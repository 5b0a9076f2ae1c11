/* files_type.c - media types by file name extension (RFC 6838). */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
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

static const struct {
	struct ws_span extension;
	const char *type;
} types[] = {
#define TYPE(extension, type)                                  \
	{                                                      \
		{ (extension), sizeof(extension) - 1 }, (type) \
	}
	TYPE("html", "text/html" UTF8),
	TYPE("css", "text/css" UTF8),
	TYPE("js", "text/javascript" UTF8), /* RFC 9239 */
	TYPE("mjs", "text/javascript" UTF8),
	TYPE("json", "application/json"),
	TYPE("png", "image/png"),
	TYPE("svg", "image/svg+xml"),
	TYPE("jpg", "image/jpeg"),
	TYPE("jpeg", "image/jpeg"),
	TYPE("webp", "image/webp"),
	TYPE("ico", "image/vnd.microsoft.icon"),
	TYPE("woff2", "font/woff2"),
	TYPE("wasm", "application/wasm"),
	TYPE("map", "application/json"),
	TYPE("txt", "text/plain" UTF8),
	TYPE("webmanifest", "application/manifest+json"),

	TYPE("htm", "text/html" UTF8),
	TYPE("xhtml", "application/xhtml+xml"),
	TYPE("xml", "text/xml" UTF8),
	TYPE("rss", "application/rss+xml"),
	TYPE("atom", "application/atom+xml"),
	TYPE("jsonld", "application/ld+json"),
	TYPE("geojson", "application/geo+json"),
	TYPE("md", "text/markdown" UTF8),
	TYPE("csv", "text/csv" UTF8),
	TYPE("tsv", "text/tab-separated-values" UTF8),
	TYPE("ics", "text/calendar" UTF8),
	TYPE("vcf", "text/vcard" UTF8),
	TYPE("vtt", "text/vtt" UTF8),
	TYPE("log", "text/plain" UTF8),
	TYPE("conf", "text/plain" UTF8),
	TYPE("c", "text/plain" UTF8),
	TYPE("h", "text/plain" UTF8),
	TYPE("sh", "text/plain" UTF8),
	TYPE("toml", "application/toml"),
	TYPE("yaml", "application/yaml"),
	TYPE("yml", "application/yaml"),
	TYPE("pdf", "application/pdf"),
	TYPE("rtf", "application/rtf"),
	TYPE("epub", "application/epub+zip"),

	TYPE("gif", "image/gif"),
	TYPE("avif", "image/avif"),
	TYPE("apng", "image/apng"),
	TYPE("jxl", "image/jxl"),
	TYPE("bmp", "image/bmp"),
	TYPE("tif", "image/tiff"),
	TYPE("tiff", "image/tiff"),

	TYPE("mp4", "video/mp4"),
	TYPE("m4v", "video/mp4"),
	TYPE("webm", "video/webm"),
	TYPE("ogv", "video/ogg"),
	TYPE("mov", "video/quicktime"),
	TYPE("mpeg", "video/mpeg"),
	TYPE("ts", "video/mp2t"),
	TYPE("m3u8", "application/vnd.apple.mpegurl"),
	TYPE("mp3", "audio/mpeg"),
	TYPE("m4a", "audio/mp4"),
	TYPE("aac", "audio/aac"),
	TYPE("ogg", "audio/ogg"),
	TYPE("oga", "audio/ogg"),
	TYPE("opus", "audio/ogg"),
	TYPE("wav", "audio/wav"),
	TYPE("flac", "audio/flac"),

	TYPE("woff", "font/woff"),
	TYPE("ttf", "font/ttf"),
	TYPE("otf", "font/otf"),
	TYPE("eot", "application/vnd.ms-fontobject"),

	TYPE("zip", "application/zip"),
	TYPE("gz", "application/gzip"),
	TYPE("tgz", "application/gzip"),
	TYPE("br", "application/x-brotli"),
	TYPE("zst", "application/zstd"),
	TYPE("bz2", "application/x-bzip2"),
	TYPE("xz", "application/x-xz"),
	TYPE("tar", "application/x-tar"),
	TYPE("7z", "application/x-7z-compressed"),
#undef TYPE
};

/* What is behind the last dot of the last segment; empty without a dot. */
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
		if (ws_span_equal_nocase(types[i].extension, extension))
			return types[i].type;
	}
	return "application/octet-stream";
}
