/* embed.c - write a directory as a C file of constants, at build time. */
/* SPDX-License-Identifier: MIT */

/*
 *   embed DIR > assets.c
 *
 * writes every file below DIR into one C source: its octets as an array, and
 * a table sorted by path that files_root.c searches.
 *
 *   static const unsigned char asset_0[] = {
 *   31,139,8,0, ...
 *   };
 *   const struct ws_asset ws_www_assets[] = {
 *   { "/chat.html", asset_0, 901, "\"5ba93c9db0cff93f52b521d7420e43f6\"", 1847 },
 *   };
 *   const size_t ws_www_assets_count = 1;
 *
 * A file that gets smaller is stored as a gzip file, and the last number tells
 * how long it was; otherwise it is 0.
 *
 *   embed DIR LEFT_OUT > assets.c
 *
 * does so without the file of this path, "/socket.io.js", and
 *
 *   embed -n NAME FILE MORE > file.c
 *
 * writes one file as NAME, always as a gzip file; and what turns it into the
 * gzip file of a longer text, which has the line MORE at its end. Its content
 * is flushed before it ends, so that another end can take the place of its own:
 *
 *   NAME       [ header, blocks ][ last block, trailer ]
 *                                ^ NAME_begin octets
 *   NAME_end                     [ last block, with MORE, trailer ]
 *
 * NAME_len and NAME_end_len are how long these are, NAME_plain_len and
 * NAME_long_len how long the texts, NAME_etag is the entity-tag of the first.
 *
 * Number lists, because a string literal may be only 4095 octets long in C11.
 * The entity-tag is made of the content, so it changes exactly when the
 * content does. The same directory gives the same output on every machine.
 * Names that begin with a dot are skipped.
 *
 * This is a program for the machine that builds. It may stop at any failure.
 */

#define _XOPEN_SOURCE 700 /* nftw */
#include <sys/stat.h>

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "deflate/crc32.h"
#include "deflate/gzip.h"
#include "sha1.h"

enum {
	WINDOW_BITS = 15,
	LEVEL = 9,
	END_MAX = 512,   /* octets of the other end of a file */
	TAG_OCTETS = 16, /* of the digest are kept: 128 bits are plenty */
	COLUMNS_MAX = 76,
};

/* The paths found, relative to the directory: "/chat.html". Global, because
 * nftw(3) hands nothing of its caller's to its callback. */
static struct paths {
	char **at; /* owned */
	size_t count, room;
	size_t root_len; /* octets of the directory's name */
} paths;

static void
die(const char *what, const char *name)
{
	fprintf(stderr, "embed: %s: ", name);
	perror(what);
	exit(1);
}

/* As ws_array_reserve, which cannot fail here. */
static void
reserve(void *array, size_t *room, size_t need, size_t size)
{
	if (!ws_array_reserve(array, room, need, size))
		die("memory", "");
}

static void *
allocate(size_t size)
{
	void *block = malloc(size);

	if (block == NULL)
		die("memory", "");
	return block;
}

static char *
join(const char *left, const char *middle, const char *right)
{
	size_t size = strlen(left) + strlen(middle) + strlen(right) + 1;
	char *out = allocate(size);

	snprintf(out, size, "%s%s%s", left, middle, right);
	return out;
}

/* ---- finding ------------------------------------------------------------ */

/* Note a file. Names that begin with a dot are skipped, and all below them. */
static int
found(const char *name, const struct stat *st, int type, struct FTW *place)
{
	const char *path = name + paths.root_len;

	(void)place;
	if (strstr(path, "/.") != NULL)
		return 0;
	if (type == FTW_DNR || type == FTW_NS || type == FTW_SLN)
		die("stat", name);
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	reserve(&paths.at, &paths.room, paths.count + 1, sizeof(*paths.at));
	paths.at[paths.count++] = join(path, "", "");
	return 0;
}

static int
path_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* ---- reading and compressing -------------------------------------------- */

/* A file, as it will be written. */
struct content {
	uint8_t *at; /* owned */
	size_t len;
	size_t plain_len; /* 0: at is the file itself */
	char tag[2 * TAG_OCTETS + 1];
};

static void
tag_write(const struct content *content, char tag[2 * TAG_OCTETS + 1])
{
	struct ws_sha1 hash;
	uint8_t digest[WS_SHA1_SIZE];

	ws_sha1_init(&hash);
	ws_sha1_update(&hash, content->at, content->len);
	ws_sha1_final(&hash, digest);
	for (size_t i = 0; i < TAG_OCTETS; i++)
		snprintf(tag + 2 * i, 3, "%02x", (unsigned)digest[i]);
}

/* Read a file as it is. */
static struct content
content_read(const char *name)
{
	struct content content = { 0 };
	FILE *in = fopen(name, "rb");
	size_t room = 0, n;

	if (in == NULL)
		die("open", name);
	do {
		reserve(&content.at, &room, content.len + 65536, 1);
		n = fread(content.at + content.len, 1, room - content.len, in);
		content.len += n;
	} while (n > 0);
	if (ferror(in))
		die("read", name);
	fclose(in);
	tag_write(&content, content.tag);
	return content;
}

static struct ws_deflate *
deflate_new(void)
{
	return ws_deflate_init(
	    allocate(ws_deflate_octets(WINDOW_BITS)), WINDOW_BITS, LEVEL);
}

/* Put a gzip file in the place of a content, if it is smaller. */
static void
content_pack(struct content *content)
{
	struct ws_deflate *d = deflate_new();
	uint8_t *gzip = allocate(content->len + 1);
	size_t len = content->len == 0
			 ? 0
			 : ws_gzip_write(d, content->at, content->len, gzip,
			       content->len - 1);

	free(d);
	if (len == 0) {
		free(gzip);
		return;
	}
	free(content->at);
	content->plain_len = content->len;
	content->at = gzip;
	content->len = len;
}

/* RFC 1952 section 2.3.1: CRC32 and ISIZE. */
static size_t
trailer_write(uint8_t *out, uint32_t crc, size_t plain_len)
{
	ws_store64_le(out, crc | (uint64_t)(uint32_t)plain_len << 32);
	return 8;
}

/* The same, cut where another end fits. Returns the octets before it.
 *   crc  receives the checksum of the content */
static size_t
content_pack_open(struct content *content, uint32_t *crc)
{
	struct ws_deflate *d = deflate_new();
	size_t bound = ws_deflate_bound(content->len), begin;
	uint8_t *gzip = allocate(10 + bound + 10);

	memcpy(gzip, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	begin = 10 + ws_deflate_run(
			 d, content->at, content->len, false, gzip + 10, bound);
	free(d);
	*crc = ws_crc32(0, content->at, content->len);
	/* The shortest last block there is: fixed codes, and nothing. */
	gzip[begin] = 3;
	gzip[begin + 1] = 0;
	trailer_write(gzip + begin + 2, *crc, content->len);
	free(content->at);
	content->plain_len = content->len;
	content->at = gzip;
	content->len = begin + 10;
	return begin;
}

/* Another end: the line more as a last block that is stored (RFC 1951 section
 * 3.2.4), and a trailer. Returns its length. */
static size_t
end_write(
    uint8_t out[END_MAX], const char *more, uint32_t crc, size_t plain_len)
{
	size_t len = strlen(more) + 2;

	if (len > END_MAX - 13)
		die("too long", more);
	out[0] = 1;
	out[1] = (uint8_t)len;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)~out[1];
	out[4] = (uint8_t)~out[2];
	out[5] = '\n';
	memcpy(out + 6, more, len - 2);
	out[4 + len] = '\n';
	crc = ws_crc32(crc, out + 5, len);
	return 5 + len + trailer_write(out + 5 + len, crc, plain_len + len);
}

/* ---- writing ------------------------------------------------------------ */

/* Write an array. An empty one is not C, so it is an array of one octet, which
 * the size leaves out. */
static void
write_array(const char *name, const uint8_t *octets, size_t len)
{
	int column = 0;

	printf("const unsigned char %s[] APART = {\n", name);
	for (size_t i = 0; i < len; i++) {
		column += printf("%d,", octets[i]);
		if (column > COLUMNS_MAX) {
			putchar('\n');
			column = 0;
		}
	}
	printf("%s\n};\n", len == 0 ? "0" : "");
}

/* Begin the output. The octets of pages stand in a section of their own, so that
 * no page of memory has some of them beside code: program/pages.c. */
static void
write_beginning(void)
{
	printf("#if defined(__ELF__)\n"
	       "#define APART __attribute__((section(\"embedded\")))\n"
	       "#else\n"
	       "#define APART\n"
	       "#endif\n");
}

static struct content
write_file(const char *root, const char *path, size_t index)
{
	char *full = join(root, path, ""), name[32];
	struct content content = content_read(full);

	free(full);
	content_pack(&content);
	snprintf(name, sizeof(name), "asset_%zu", index);
	printf("\nstatic ");
	write_array(name, content.at, content.len);
	return content;
}

/* A path as a C string literal. Octal escapes end after three digits, so the
 * next character cannot become a part of one. */
static void
write_literal(const char *path)
{
	putchar('"');
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = c >= ' ' && c < 0x7f && strchr("\"\\?", c) == NULL;

		if (plain)
			putchar(c);
		else
			printf("\\%03o", (unsigned)c);
	}
	putchar('"');
}

/* One struct ws_asset. */
static void
write_asset(const char *path, const char *array, const struct content *content)
{
	printf("{ ");
	write_literal(path);
	printf(", %s, %zu, \"\\\"%s\\\"\", %zu }", array, content->len,
	    content->tag, content->plain_len);
}

static void
write_table(const struct content *contents)
{
	char name[32];

	printf("\nextern const struct ws_asset ws_www_assets[];\n"
	       "extern const size_t ws_www_assets_count;\n\n"
	       "const struct ws_asset ws_www_assets[] = {\n");
	for (size_t i = 0; i < paths.count; i++) {
		snprintf(name, sizeof(name), "asset_%zu", i);
		write_asset(paths.at[i], name, &contents[i]);
		printf(",\n");
	}
	if (paths.count == 0)
		printf("{ 0, 0, 0, 0, 0 },\n");
	printf("};\nconst size_t ws_www_assets_count = %zu;\n", paths.count);
}

static void
write_size(const char *name, const char *what, size_t size)
{
	printf("extern const size_t %s_%s;\nconst size_t %s_%s = %zu;\n", name,
	    what, name, what, size);
}

static void
write_shared(const char *name, const char *what, const uint8_t *at, size_t len)
{
	char *full = join(name, what, "");

	printf("\nextern const unsigned char %s[];\n", full);
	write_array(full, at, len);
	write_size(full, "len", len);
	free(full);
}

/* A file by itself, and another end for it. */
static void
embed_file(const char *name, const char *file, const char *more)
{
	struct content content = content_read(file);
	uint8_t end[END_MAX];
	uint32_t crc;
	size_t begin = content_pack_open(&content, &crc);
	size_t end_len = end_write(end, more, crc, content.plain_len);

	printf("#include <stddef.h>\n");
	write_beginning();
	write_shared(name, "", content.at, content.len);
	write_size(name, "plain_len", content.plain_len);
	printf("extern const char %s_etag[];\n"
	       "const char %s_etag[] = \"\\\"%s\\\"\";\n",
	    name, name, content.tag);
	write_size(name, "begin", begin);
	write_shared(name, "_end", end, end_len);
	write_size(name, "long_len", content.plain_len + strlen(more) + 2);
	free(content.at);
}

/* All files of a directory but one. */
static void
embed_directory(const char *root, const char *left_out)
{
	struct content *contents;
	size_t kept = 0;

	paths.root_len = strlen(root);
	if (nftw(root, found, 16, 0) != 0)
		die("nftw", root);
	for (size_t i = 0; i < paths.count; i++) {
		if (left_out != NULL && strcmp(paths.at[i], left_out) == 0)
			free(paths.at[i]);
		else
			paths.at[kept++] = paths.at[i];
	}
	paths.count = kept;
	if (paths.count > 0)
		qsort(paths.at, paths.count, sizeof(*paths.at), path_order);
	contents = allocate((paths.count + 1) * sizeof(*contents));
	printf("#include \"ws.h\"\n");
	write_beginning();
	for (size_t i = 0; i < paths.count; i++)
		contents[i] = write_file(root, paths.at[i], i);
	write_table(contents);
	for (size_t i = 0; i < paths.count; i++) {
		free(paths.at[i]);
		free(contents[i].at);
	}
	free(paths.at);
	free(contents);
}

int
main(int argc, char *argv[])
{
	bool one = argc == 5 && strcmp(argv[1], "-n") == 0;

	if (!one && argc != 2 && argc != 3) {
		fprintf(stderr, "usage: embed directory [left-out] > file.c\n"
				"       embed -n name file more > file.c\n");
		return 2;
	}
	printf("/* Written by embed.c at build time. */\n");
	if (one)
		embed_file(argv[2], argv[3], argv[4]);
	else
		embed_directory(argv[1], argc == 3 ? argv[2] : NULL);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("write", "standard output");
	return 0;
}
