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
 * because the table is read from the top. It is one string of pairs: extensions
 * with a space between them, and their type. As an array of pointers each pair
 * would cost 64 octets more in the static file, which relocates them.
 */

#define UTF8 "; charset=utf-8"

/* clang-format off */
static const char types[] =
	"html htm shtml\0" "text/html" UTF8 "\0"
	"css\0" "text/css" UTF8 "\0"
	"js mjs cjs\0" "text/javascript" UTF8 "\0"
	"json map topojson\0" "application/json\0"
	"png\0" "image/png\0"
	"svg svgz\0" "image/svg+xml\0"
	"jpg jpeg jpe jfif\0" "image/jpeg\0"
	"webp\0" "image/webp\0"
	"ico cur\0" "image/vnd.microsoft.icon\0"
	"woff2\0" "font/woff2\0"
	"wasm\0" "application/wasm\0"
	"txt text log conf ini c h cc cpp hh sh diff patch\0"
	    "text/plain" UTF8 "\0"
	/* Pages and their parts. */
	"webmanifest\0" "application/manifest+json\0"
	"webapp\0" "application/x-web-app-manifest+json\0"
	"appcache\0" "text/cache-manifest" UTF8 "\0"
	"importmap\0" "application/importmap+json\0"
	"speculationrules\0" "application/speculationrules+json\0"
	"xhtml xht\0" "application/xhtml+xml\0"
	"mht mhtml\0" "message/rfc822\0"
	"htc\0" "text/x-component" UTF8 "\0"
	"jsx\0" "text/jsx" UTF8 "\0"
	"md markdown\0" "text/markdown" UTF8 "\0"
	"xml xsd rng\0" "text/xml" UTF8 "\0"
	"xsl xslt\0" "application/xslt+xml\0"
	"dtd mod\0" "application/xml-dtd\0"
	"mathml mml\0" "application/mathml+xml\0"
	"rss\0" "application/rss+xml\0"
	"atom\0" "application/atom+xml\0"
	"opensearch\0" "application/opensearchdescription+xml\0"
	"rdf owl\0" "application/rdf+xml\0"
	"ttl\0" "text/turtle" UTF8 "\0"
	"n3\0" "text/n3" UTF8 "\0"
	"nt\0" "application/n-triples\0"
	"rq\0" "application/sparql-query\0"
	"wsdl\0" "application/wsdl+xml\0"
	"ttml\0" "application/ttml+xml\0"
	"vxml\0" "application/voicexml+xml\0"
	"wml\0" "text/vnd.wap.wml" UTF8 "\0"
	/* Data. */
	"json5\0" "application/json5\0"
	"jsonld\0" "application/ld+json\0"
	"geojson\0" "application/geo+json\0"
	"ndjson jsonl\0" "application/x-ndjson\0"
	"har\0" "application/json\0"
	"toml\0" "application/toml\0"
	"yaml yml\0" "application/yaml\0"
	"csv\0" "text/csv" UTF8 "\0"
	"tsv\0" "text/tab-separated-values" UTF8 "\0"
	"ics ifb\0" "text/calendar" UTF8 "\0"
	"vcf\0" "text/vcard" UTF8 "\0"
	"vtt\0" "text/vtt" UTF8 "\0"
	"srt\0" "application/x-subrip\0"
	"sql\0" "application/sql\0"
	"cbor\0" "application/cbor\0"
	"msgpack\0" "application/vnd.msgpack\0"
	"proto\0" "text/plain" UTF8 "\0"
	"sqlite sqlite3 db\0" "application/vnd.sqlite3\0"
	"parquet\0" "application/vnd.apache.parquet\0"
	"arrow\0" "application/vnd.apache.arrow.file\0"
	"graphql gql\0" "application/graphql\0"
	"kml\0" "application/vnd.google-earth.kml+xml\0"
	"kmz\0" "application/vnd.google-earth.kmz\0"
	"gpx\0" "application/gpx+xml\0"
	"pbf mvt\0" "application/vnd.mapbox-vector-tile\0"
	"pem crt cer der\0" "application/x-x509-ca-cert\0"
	"p12 pfx\0" "application/x-pkcs12\0"
	"asc sig\0" "application/pgp-signature\0"
	"torrent\0" "application/x-bittorrent\0"
	"mpkg\0" "application/vnd.apple.installer+xml\0"
	/* Documents. */
	"pdf\0" "application/pdf\0"
	"rtf\0" "application/rtf\0"
	"epub\0" "application/epub+zip\0"
	"ps eps ai\0" "application/postscript\0"
	"tex\0" "application/x-tex\0"
	"doc dot\0" "application/msword\0"
	"docx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "wordprocessingml.document\0"
	"xls\0" "application/vnd.ms-excel\0"
	"xlsx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "spreadsheetml.sheet\0"
	"ppt pps\0" "application/vnd.ms-powerpoint\0"
	"pptx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "presentationml.presentation\0"
	"odt\0" "application/vnd.oasis.opendocument.text\0"
	"ods\0" "application/vnd.oasis.opendocument.spreadsheet\0"
	"odp\0" "application/vnd.oasis.opendocument.presentation\0"
	"odg\0" "application/vnd.oasis.opendocument.graphics\0"
	"mobi\0" "application/x-mobipocket-ebook\0"
	"djvu djv\0" "image/vnd.djvu\0"
	"eml\0" "message/rfc822\0"
	/* Pictures. */
	"gif\0" "image/gif\0"
	"avif\0" "image/avif\0"
	"avifs\0" "image/avif-sequence\0"
	"apng\0" "image/apng\0"
	"jxl\0" "image/jxl\0"
	"jp2 jpg2\0" "image/jp2\0"
	"jxr\0" "image/jxr\0"
	"heic\0" "image/heic\0"
	"heif\0" "image/heif\0"
	"bmp\0" "image/bmp\0"
	"tif tiff\0" "image/tiff\0"
	"psd\0" "image/vnd.adobe.photoshop\0"
	"tga\0" "image/x-tga\0"
	"dds\0" "image/vnd.ms-dds\0"
	"ktx\0" "image/ktx\0"
	"ktx2\0" "image/ktx2\0"
	"hdr\0" "image/vnd.radiance\0"
	"exr\0" "image/x-exr\0"
	"wbmp\0" "image/vnd.wap.wbmp\0"
	/* Models, games. */
	"glb\0" "model/gltf-binary\0"
	"gltf\0" "model/gltf+json\0"
	"obj\0" "model/obj\0"
	"mtl\0" "model/mtl\0"
	"stl\0" "model/stl\0"
	"usdz\0" "model/vnd.usdz+zip\0"
	"3mf\0" "model/3mf\0"
	"dae\0" "model/vnd.collada+xml\0"
	"vrm\0" "model/gltf-binary\0"
	"wgsl\0" "text/wgsl" UTF8 "\0"
	"glsl vert frag\0" "text/plain" UTF8 "\0"
	"unityweb\0" "application/vnd.unity\0"
	"data pck mem bin dat\0" "application/octet-stream\0"
	"swf\0" "application/vnd.adobe.flash.movie\0"
	/* Video. */
	"mp4 m4v mp4v\0" "video/mp4\0"
	"webm\0" "video/webm\0"
	"ogv\0" "video/ogg\0"
	"mov qt\0" "video/quicktime\0"
	"mpeg mpg mpe\0" "video/mpeg\0"
	"ts mts m2ts\0" "video/mp2t\0"
	"m4s\0" "video/iso.segment\0"
	"mpd\0" "application/dash+xml\0"
	"m3u8\0" "application/vnd.apple.mpegurl\0"
	"3gp 3gpp\0" "video/3gpp\0"
	"3g2\0" "video/3gpp2\0"
	"avi\0" "video/x-msvideo\0"
	"mkv\0" "video/matroska\0"
	"wmv\0" "video/x-ms-wmv\0"
	"flv\0" "video/x-flv\0"
	/* Sound. */
	"mp3\0" "audio/mpeg\0"
	"m4a\0" "audio/mp4\0"
	"aac\0" "audio/aac\0"
	"ogg oga opus\0" "audio/ogg\0"
	"ogx\0" "application/ogg\0"
	"weba\0" "audio/webm\0"
	"wav\0" "audio/wav\0"
	"flac\0" "audio/flac\0"
	"mid midi kar\0" "audio/midi\0"
	"mka\0" "audio/matroska\0"
	"aif aiff\0" "audio/aiff\0"
	"amr\0" "audio/amr\0"
	"wma\0" "audio/x-ms-wma\0"
	"m3u\0" "audio/x-mpegurl\0"
	/* Telephones, offices, drawings: what some program opens by its type. */
	"mobileconfig\0" "application/x-apple-aspen-config\0"
	"pkpass\0" "application/vnd.apple.pkpass\0"
	"pkpasses\0" "application/vnd.apple.pkpasses\0"
	"plist\0" "application/x-plist\0"
	"appinstaller\0" "application/appinstaller\0"
	"msix appx\0" "application/appx\0"
	"jnlp\0" "application/x-java-jnlp-file\0"
	"jad\0" "text/vnd.sun.j2me.app-descriptor" UTF8 "\0"
	"wmlc\0" "application/vnd.wap.wmlc\0"
	"dotx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "wordprocessingml.template\0"
	"xltx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "spreadsheetml.template\0"
	"potx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "presentationml.template\0"
	"ppsx\0"
	    "application/vnd.openxmlformats-officedocument."
	    "presentationml.slideshow\0"
	"docm\0" "application/vnd.ms-word.document.macroenabled.12\0"
	"xlsm\0" "application/vnd.ms-excel.sheet.macroenabled.12\0"
	"xlsb\0" "application/vnd.ms-excel.sheet.binary.macroenabled.12\0"
	"pages\0" "application/vnd.apple.pages\0"
	"numbers\0" "application/vnd.apple.numbers\0"
	"key\0" "application/vnd.apple.keynote\0"
	"odf\0" "application/vnd.oasis.opendocument.formula\0"
	"vsd\0" "application/vnd.visio\0"
	"azw3\0" "application/vnd.amazon.mobi8-ebook\0"
	"cbz\0" "application/vnd.comicbook+zip\0"
	"cbr\0" "application/vnd.comicbook-rar\0"
	"step stp\0" "model/step\0"
	"iges igs\0" "model/iges\0"
	"wrl vrml\0" "model/vrml\0"
	"x3d\0" "model/x3d+xml\0"
	"reality\0" "model/vnd.reality\0"
	"dwg\0" "image/vnd.dwg\0"
	"dxf\0" "image/vnd.dxf\0"
	"heics\0" "image/heic-sequence\0"
	"jng\0" "image/x-jng\0"
	"pbm\0" "image/x-portable-bitmap\0"
	"pgm\0" "image/x-portable-graymap\0"
	"ppm\0" "image/x-portable-pixmap\0"
	"asf asx\0" "video/x-ms-asf\0"
	"mng\0" "video/x-mng\0"
	"caf\0" "audio/x-caf\0"
	"ra\0" "audio/x-realaudio\0"
	"au snd\0" "audio/basic\0"
	"spx\0" "audio/ogg\0"
	"pls\0" "audio/x-scpls\0"
	"xspf\0" "application/xspf+xml\0"
	"osm\0" "application/vnd.openstreetmap.data+xml\0"
	"gpkg\0" "application/geopackage+sqlite3\0"
	"jwk\0" "application/jwk+json\0"
	"jwks\0" "application/jwk-set+json\0"
	"p7b spc\0" "application/x-pkcs7-certificates\0"
	"p7c p7m\0" "application/pkcs7-mime\0"
	"p7s\0" "application/pkcs7-signature\0"
	"csr p10\0" "application/pkcs10\0"
	"crl\0" "application/pkix-crl\0"
	"pcap cap\0" "application/vnd.tcpdump.pcap\0"
	"rst adoc org bib py rb go rs swift kt java lua hpp hxx cxx bat ps1\0"
	    "text/plain" UTF8 "\0"
	"pl pm\0" "application/x-perl\0"
	"tcl tk\0" "application/x-tcl\0"
	/* Fonts. */
	"woff\0" "font/woff\0"
	"ttf\0" "font/ttf\0"
	"otf\0" "font/otf\0"
	"ttc\0" "font/collection\0"
	"eot\0" "application/vnd.ms-fontobject\0"
	/* Archives and programs. */
	"zip\0" "application/zip\0"
	"gz tgz\0" "application/gzip\0"
	"br\0" "application/x-brotli\0"
	"zst\0" "application/zstd\0"
	"bz2 tbz tbz2\0" "application/x-bzip2\0"
	"xz txz\0" "application/x-xz\0"
	"lz\0" "application/x-lzip\0"
	"lz4\0" "application/x-lz4\0"
	"cab\0" "application/vnd.ms-cab-compressed\0"
	"sit\0" "application/x-stuffit\0"
	"hqx\0" "application/mac-binhex40\0"
	"tar\0" "application/x-tar\0"
	"7z\0" "application/x-7z-compressed\0"
	"rar\0" "application/vnd.rar\0"
	"jar war ear\0" "application/java-archive\0"
	"apk\0" "application/vnd.android.package-archive\0"
	"deb\0" "application/vnd.debian.binary-package\0"
	"rpm\0" "application/x-rpm\0"
	"dmg\0" "application/x-apple-diskimage\0"
	"iso\0" "application/x-iso9660-image\0"
	"crx\0" "application/x-chrome-extension\0"
	"xpi\0" "application/x-xpinstall\0"
	"wbn\0" "application/webbundle\0"
	"exe msi dll\0" "application/vnd.microsoft.portable-executable\0";

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
	const char *type = own != NULL ? find_own(extension, own) : NULL;

	if (type != NULL)
		return type;
	for (const char *pair = types; *pair != '\0';) {
		type = pair + strlen(pair) + 1;
		if (is_listed(extension, pair))
			return type;
		pair = type + strlen(type) + 1;
	}
	return "application/octet-stream";
}

const char *
ws_files_type(
    struct ws_span name, const char *const *own, const char **encoding)
{
	struct ws_span extension = extension_of(name), inner;

	*encoding = NULL;
	if (find_own(extension, own) != NULL)
		return type_of(extension, own);
	/* SVG 1.1, appendix D: an .svgz is sent with the coding. */
	if (ws_span_equal_nocase(extension, WS_SPAN("svgz")))
		*encoding = "gzip";
	if (extension.len != 2)
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
