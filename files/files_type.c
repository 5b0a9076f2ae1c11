/* files_type.c - media types by file name extension (RFC 6838). */
/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "files.h"
#include "http.h"
#include "http/gzip_cache.h"

/*
 * Browsers are told not to guess (X-Content-Type-Options: nosniff), so a
 * script or a style sheet with a wrong type would not run at all. Text gets
 * "charset=utf-8": what is on a disk today is UTF-8, and without the parameter
 * some clients still assume ISO 8859-1. JSON has no such parameter (RFC 8259
 * section 11), nor have the types of "+xml", which say it themselves.
 *
 * The types are those of IANA's registry, or, for what it does not have, those
 * that browsers and other servers use. The most frequent ones come first,
 * because the table is read from the top.
 */

#define UTF8 "; charset=utf-8"

/* clang-format off */
static const struct {
	const char *extensions; /* with a space between them */
	const char *type;
} types[] = {
	{ "html htm shtml", "text/html" UTF8 },
	{ "css", "text/css" UTF8 },
	{ "js mjs cjs", "text/javascript" UTF8 },
	{ "json map topojson", "application/json" },
	{ "png", "image/png" },
	{ "svg svgz", "image/svg+xml" },
	{ "jpg jpeg jpe jfif", "image/jpeg" },
	{ "webp", "image/webp" },
	{ "ico cur", "image/vnd.microsoft.icon" },
	{ "woff2", "font/woff2" },
	{ "wasm", "application/wasm" },
	{ "txt text log conf ini c h cc cpp hh sh diff patch",
	    "text/plain" UTF8 },
	/* Pages and their parts. */
	{ "webmanifest", "application/manifest+json" },
	{ "webapp", "application/x-web-app-manifest+json" },
	{ "appcache", "text/cache-manifest" UTF8 },
	{ "importmap", "application/importmap+json" },
	{ "speculationrules", "application/speculationrules+json" },
	{ "xhtml xht", "application/xhtml+xml" },
	{ "mht mhtml", "message/rfc822" },
	{ "htc", "text/x-component" UTF8 },
	{ "jsx", "text/jsx" UTF8 },
	{ "md markdown", "text/markdown" UTF8 },
	{ "xml xsd rng", "text/xml" UTF8 },
	{ "xsl xslt", "application/xslt+xml" },
	{ "dtd mod", "application/xml-dtd" },
	{ "mathml mml", "application/mathml+xml" },
	{ "rss", "application/rss+xml" },
	{ "atom", "application/atom+xml" },
	{ "opensearch", "application/opensearchdescription+xml" },
	{ "rdf owl", "application/rdf+xml" },
	{ "ttl", "text/turtle" UTF8 },
	{ "n3", "text/n3" UTF8 },
	{ "nt", "application/n-triples" },
	{ "rq", "application/sparql-query" },
	{ "wsdl", "application/wsdl+xml" },
	{ "ttml", "application/ttml+xml" },
	{ "vxml", "application/voicexml+xml" },
	{ "wml", "text/vnd.wap.wml" UTF8 },
	/* Data. */
	{ "json5", "application/json5" },
	{ "jsonld", "application/ld+json" },
	{ "geojson", "application/geo+json" },
	{ "ndjson jsonl", "application/x-ndjson" },
	{ "har", "application/json" },
	{ "toml", "application/toml" },
	{ "yaml yml", "application/yaml" },
	{ "csv", "text/csv" UTF8 },
	{ "tsv", "text/tab-separated-values" UTF8 },
	{ "ics ifb", "text/calendar" UTF8 },
	{ "vcf", "text/vcard" UTF8 },
	{ "vtt", "text/vtt" UTF8 },
	{ "srt", "application/x-subrip" },
	{ "sql", "application/sql" },
	{ "cbor", "application/cbor" },
	{ "msgpack", "application/vnd.msgpack" },
	{ "proto", "text/plain" UTF8 },
	{ "sqlite sqlite3 db", "application/vnd.sqlite3" },
	{ "parquet", "application/vnd.apache.parquet" },
	{ "arrow", "application/vnd.apache.arrow.file" },
	{ "graphql gql", "application/graphql" },
	{ "kml", "application/vnd.google-earth.kml+xml" },
	{ "kmz", "application/vnd.google-earth.kmz" },
	{ "gpx", "application/gpx+xml" },
	{ "pbf mvt", "application/vnd.mapbox-vector-tile" },
	{ "pem crt cer der", "application/x-x509-ca-cert" },
	{ "p12 pfx", "application/x-pkcs12" },
	{ "asc sig", "application/pgp-signature" },
	{ "torrent", "application/x-bittorrent" },
	{ "mpkg", "application/vnd.apple.installer+xml" },
	/* Documents. */
	{ "pdf", "application/pdf" },
	{ "rtf", "application/rtf" },
	{ "epub", "application/epub+zip" },
	{ "ps eps ai", "application/postscript" },
	{ "tex", "application/x-tex" },
	{ "doc dot", "application/msword" },
	{ "docx", "application/vnd.openxmlformats-officedocument."
	    "wordprocessingml.document" },
	{ "xls", "application/vnd.ms-excel" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument."
	    "spreadsheetml.sheet" },
	{ "ppt pps", "application/vnd.ms-powerpoint" },
	{ "pptx", "application/vnd.openxmlformats-officedocument."
	    "presentationml.presentation" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" },
	{ "odg", "application/vnd.oasis.opendocument.graphics" },
	{ "mobi", "application/x-mobipocket-ebook" },
	{ "djvu djv", "image/vnd.djvu" },
	{ "eml", "message/rfc822" },
	/* Pictures. */
	{ "gif", "image/gif" },
	{ "avif", "image/avif" },
	{ "avifs", "image/avif-sequence" },
	{ "apng", "image/apng" },
	{ "jxl", "image/jxl" },
	{ "jp2 jpg2", "image/jp2" },
	{ "jxr", "image/jxr" },
	{ "heic", "image/heic" },
	{ "heif", "image/heif" },
	{ "bmp", "image/bmp" },
	{ "tif tiff", "image/tiff" },
	{ "psd", "image/vnd.adobe.photoshop" },
	{ "tga", "image/x-tga" },
	{ "dds", "image/vnd.ms-dds" },
	{ "ktx", "image/ktx" },
	{ "ktx2", "image/ktx2" },
	{ "hdr", "image/vnd.radiance" },
	{ "exr", "image/x-exr" },
	{ "wbmp", "image/vnd.wap.wbmp" },
	/* Models, games. */
	{ "glb", "model/gltf-binary" },
	{ "gltf", "model/gltf+json" },
	{ "obj", "model/obj" },
	{ "mtl", "model/mtl" },
	{ "stl", "model/stl" },
	{ "usdz", "model/vnd.usdz+zip" },
	{ "3mf", "model/3mf" },
	{ "dae", "model/vnd.collada+xml" },
	{ "vrm", "model/gltf-binary" },
	{ "wgsl", "text/wgsl" UTF8 },
	{ "glsl vert frag", "text/plain" UTF8 },
	{ "unityweb", "application/vnd.unity" },
	{ "data pck mem bin dat", "application/octet-stream" },
	{ "swf", "application/vnd.adobe.flash.movie" },
	/* Video. */
	{ "mp4 m4v mp4v", "video/mp4" },
	{ "webm", "video/webm" },
	{ "ogv", "video/ogg" },
	{ "mov qt", "video/quicktime" },
	{ "mpeg mpg mpe", "video/mpeg" },
	{ "ts mts m2ts", "video/mp2t" },
	{ "m4s", "video/iso.segment" },
	{ "mpd", "application/dash+xml" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "3gp 3gpp", "video/3gpp" },
	{ "3g2", "video/3gpp2" },
	{ "avi", "video/x-msvideo" },
	{ "mkv", "video/matroska" },
	{ "wmv", "video/x-ms-wmv" },
	{ "flv", "video/x-flv" },
	/* Sound. */
	{ "mp3", "audio/mpeg" },
	{ "m4a", "audio/mp4" },
	{ "aac", "audio/aac" },
	{ "ogg oga opus", "audio/ogg" },
	{ "ogx", "application/ogg" },
	{ "weba", "audio/webm" },
	{ "wav", "audio/wav" },
	{ "flac", "audio/flac" },
	{ "mid midi kar", "audio/midi" },
	{ "mka", "audio/matroska" },
	{ "aif aiff", "audio/aiff" },
	{ "amr", "audio/amr" },
	{ "wma", "audio/x-ms-wma" },
	{ "m3u", "audio/x-mpegurl" },
	/* Fonts. */
	{ "woff", "font/woff" },
	{ "ttf", "font/ttf" },
	{ "otf", "font/otf" },
	{ "ttc", "font/collection" },
	{ "eot", "application/vnd.ms-fontobject" },
	/* Archives and programs. */
	{ "zip", "application/zip" },
	{ "gz tgz", "application/gzip" },
	{ "br", "application/x-brotli" },
	{ "zst", "application/zstd" },
	{ "bz2", "application/x-bzip2" },
	{ "xz", "application/x-xz" },
	{ "tar", "application/x-tar" },
	{ "7z", "application/x-7z-compressed" },
	{ "rar", "application/vnd.rar" },
	{ "jar war ear", "application/java-archive" },
	{ "apk", "application/vnd.android.package-archive" },
	{ "deb", "application/vnd.debian.binary-package" },
	{ "rpm", "application/x-rpm" },
	{ "dmg", "application/x-apple-diskimage" },
	{ "iso", "application/x-iso9660-image" },
	{ "crx", "application/x-chrome-extension" },
	{ "xpi", "application/x-xpinstall" },
	{ "wbn", "application/webbundle" },
	{ "exe msi dll", "application/vnd.microsoft.portable-executable" },
};

/* What pages load; with .gz or .br behind it, a page loads it, too. Anything
 * else that ends in .gz is there to be stored: a text as much as an archive. */
static const char parts[] = "js mjs cjs css html htm json map wasm data pck mem "
			    "svg xml webmanifest glb gltf ttf otf bin ico";
/* clang-format on */

static const struct {
	const char *extension, *encoding;
} codings[] = {
	{ "gz", "gzip" },
	{ "br", "br" },
};

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

/* Find the operator's type of an extension. Returns NULL when there is none. */
static const char *
find_own(struct ws_span extension, const char *const *own)
{
	for (; own != NULL && *own != NULL; own++) {
		size_t len = strcspn(*own, "=");

		if (ws_span_equal_nocase(
			extension, (struct ws_span){ *own, len }))
			return *own + len + 1;
	}
	return NULL;
}

/* Find the type of an extension. */
static const char *
type_of(struct ws_span extension, const char *const *own)
{
	const char *type = find_own(extension, own);

	for (size_t i = 0; type == NULL && i < WS_LEN(types); i++) {
		if (is_listed(extension, types[i].extensions))
			type = types[i].type;
	}
	return type != NULL ? type : "application/octet-stream";
}

const char *
ws_files_type(
    struct ws_span name, const char *const *own, const char **encoding)
{
	struct ws_span extension = extension_of(name), inner;

	*encoding = NULL;
	if (extension.len != 2 || find_own(extension, own) != NULL)
		return type_of(extension, own);
	for (size_t i = 0; i < WS_LEN(codings); i++) {
		if (!ws_span_equal_nocase(
			extension, ws_span_of(codings[i].extension)))
			continue;
		inner = extension_of(
		    (struct ws_span){ name.at, name.len - extension.len - 1 });
		if (!is_listed(inner, parts))
			continue;
		*encoding = codings[i].encoding;
		return type_of(inner, own);
	}
	return type_of(extension, own);
}

/* Skip a token (RFC 9110 section 5.6.2). Returns its end, NULL when there is
 * none. */
static const char *
skip_token(const char *at)
{
	const char *begin = at;

	while (*at != '\0' && ws_http_is(*at, WS_HTTP_TOKEN))
		at++;
	return at > begin ? at : NULL;
}

bool
ws_files_type_is_valid(const char *text)
{
	size_t len = strcspn(text, "=");
	const char *at = text + len;

	if (len == 0 || *at != '=' || strcspn(text, "./ ") < len)
		return false;
	at = skip_token(at + 1);
	if (at == NULL || *at != '/')
		return false;
	at = skip_token(at + 1);
	if (at == NULL || (*at != '\0' && *at != ';' && *at != ' '))
		return false;
	return ws_http_skip_text(at, 0, strlen(at)) == strlen(at);
}
