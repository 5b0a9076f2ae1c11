/* embed.c - write a directory as a C file of constants, at build time. */
/* SPDX-License-Identifier: MIT */

/*
 *   embed DIR > assets.c
 *
 * writes every file below DIR into one C source: its octets as an array, and
 * a table sorted by path that files.c searches.
 *
 *   static const unsigned char asset_0[] = {
 *   60,33,100,111, ...
 *   };
 *   const struct ws_asset ws_www_assets[] = {
 *   { "/chat.html", asset_0, 1234, "\"5ba93c9db0cff93f52b521d7420e43f6\"" },
 *   };
 *   const size_t ws_www_assets_count = 1;
 *
 *   embed DIR LEFT_OUT > assets.c
 *
 * does so without the file of this path, "/socket.io.js", and
 *
 *   embed -n NAME FILE > file.c
 *
 * writes one file: const unsigned char NAME[], const size_t NAME_octets, and
 * its entity-tag, const char NAME_etag[].
 *
 * Number lists, because a string literal may be only 4095 octets long in C11.
 * The entity-tag is made of the content, so it changes exactly when the
 * content does. The same directory gives the same output on every machine.
 * Names that begin with a dot are skipped.
 *
 * This is a program for the machine that builds. It may stop at any failure.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha1.h"

enum {
	TAG_OCTETS = 16, /* of the digest are kept: 128 bits are plenty */
	COLUMNS_MAX = 76,
};

/* The paths found, relative to the directory: "/chat.html". */
struct paths {
	char **at; /* owned */
	size_t count, size;
};

static void
die(const char *what, const char *name)
{
	fprintf(stderr, "embed: %s: ", name);
	perror(what);
	exit(1);
}

static void *
grow(void *block, size_t size)
{
	block = realloc(block, size);
	if (block == NULL)
		die("memory", "");
	return block;
}

static char *
join(const char *left, const char *middle, const char *right)
{
	size_t size = strlen(left) + strlen(middle) + strlen(right) + 1;
	char *out = grow(NULL, size);

	snprintf(out, size, "%s%s%s", left, middle, right);
	return out;
}

/* ---- finding ------------------------------------------------------------ */

static void
paths_add(struct paths *list, char *path)
{
	if (list->count == list->size) {
		list->size = list->size > 0 ? list->size * 2 : 64;
		list->at = grow(list->at, list->size * sizeof(*list->at));
	}
	list->at[list->count++] = path;
}

/* Collect the files of one directory and, by calling itself, of those in it.
 *   below  the path of the directory under the root: "" or "/js" */
static void
collect(struct paths *list, const char *root, const char *below)
{
	char *name = join(root, below, "");
	DIR *dir = opendir(name);
	struct dirent *found;

	if (dir == NULL)
		die("opendir", name);
	while ((found = readdir(dir)) != NULL) {
		char *path, *full;
		struct stat st;

		if (found->d_name[0] == '.')
			continue;
		path = join(below, "/", found->d_name);
		full = join(root, path, "");
		if (stat(full, &st) != 0)
			die("stat", full);
		free(full);
		if (S_ISREG(st.st_mode)) {
			paths_add(list, path);
			continue;
		}
		if (S_ISDIR(st.st_mode))
			collect(list, root, path);
		free(path);
	}
	closedir(dir);
	free(name);
}

static int
path_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* ---- writing ------------------------------------------------------------ */

/* The entity-tag and the size, known when the content has been written. */
struct content {
	uint64_t octets;
	char tag[2 * TAG_OCTETS + 1];
};

static void
tag_write(const struct ws_sha1 *hash, char tag[2 * TAG_OCTETS + 1])
{
	uint8_t digest[WS_SHA1_SIZE];

	ws_sha1_final(hash, digest);
	for (size_t i = 0; i < TAG_OCTETS; i++)
		snprintf(tag + 2 * i, 3, "%02x", (unsigned)digest[i]);
}

/* Write an array of the octets of a stream. An empty array is not C, so an
 * empty file is an array of one octet, which the size leaves out. */
static struct content
write_octets(FILE *in)
{
	struct content content = { 0 };
	struct ws_sha1 hash;
	int column = 0, c;

	ws_sha1_init(&hash);
	while ((c = getc(in)) != EOF) {
		uint8_t octet = (uint8_t)c;

		ws_sha1_update(&hash, &octet, 1);
		content.octets++;
		column += printf("%d,", c);
		if (column > COLUMNS_MAX) {
			putchar('\n');
			column = 0;
		}
	}
	if (content.octets == 0)
		putchar('0');
	tag_write(&hash, content.tag);
	return content;
}

static struct content
write_file(const char *name)
{
	FILE *in = fopen(name, "rb");
	struct content content;

	if (in == NULL)
		die("open", name);
	content = write_octets(in);
	printf("\n};\n");
	if (ferror(in))
		die("read", name);
	fclose(in);
	return content;
}

static struct content
write_array(const char *root, const char *path, size_t index)
{
	char *full = join(root, path, "");
	struct content content;

	printf("\nstatic const unsigned char asset_%zu[] = {\n", index);
	content = write_file(full);
	free(full);
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

static void
write_table(const struct paths *list, const struct content *contents)
{
	printf("\nextern const struct ws_asset ws_www_assets[];\n"
	       "extern const size_t ws_www_assets_count;\n\n"
	       "const struct ws_asset ws_www_assets[] = {\n");
	for (size_t i = 0; i < list->count; i++) {
		printf("{ ");
		write_literal(list->at[i]);
		printf(", asset_%zu, %llu, \"\\\"%s\\\"\" },\n", i,
		    (unsigned long long)contents[i].octets, contents[i].tag);
	}
	if (list->count == 0)
		printf("{ 0, 0, 0, 0 },\n");
	printf("};\nconst size_t ws_www_assets_count = %zu;\n", list->count);
}

/* A file by itself. */
static void
embed_file(const char *name, const char *file)
{
	struct content content;

	printf("#include <stddef.h>\n\n"
	       "extern const unsigned char %s[];\n"
	       "extern const size_t %s_octets;\n"
	       "extern const char %s_etag[];\n\n"
	       "const unsigned char %s[] = {\n",
	    name, name, name, name);
	content = write_file(file);
	printf("const size_t %s_octets = %llu;\n"
	       "const char %s_etag[] = \"\\\"%s\\\"\";\n",
	    name, (unsigned long long)content.octets, name, content.tag);
}

/* All files of a directory but one. */
static void
embed_directory(const char *root, const char *left_out)
{
	struct paths list = { 0 };
	struct content *contents;
	size_t kept = 0;

	collect(&list, root, "");
	for (size_t i = 0; i < list.count; i++) {
		if (left_out != NULL && strcmp(list.at[i], left_out) == 0)
			free(list.at[i]);
		else
			list.at[kept++] = list.at[i];
	}
	list.count = kept;
	if (list.count > 0)
		qsort(list.at, list.count, sizeof(*list.at), path_order);
	contents = grow(NULL, (list.count + 1) * sizeof(*contents));
	printf("#include \"ws.h\"\n");
	for (size_t i = 0; i < list.count; i++)
		contents[i] = write_array(root, list.at[i], i);
	write_table(&list, contents);
	for (size_t i = 0; i < list.count; i++)
		free(list.at[i]);
	free(list.at);
	free(contents);
}

int
main(int argc, char *argv[])
{
	bool one = argc == 4 && strcmp(argv[1], "-n") == 0;

	if (!one && argc != 2 && argc != 3) {
		fprintf(stderr, "usage: embed directory [left-out] > file.c\n"
				"       embed -n name file > file.c\n");
		return 2;
	}
	printf("/* Written by embed.c at build time. */\n");
	if (one)
		embed_file(argv[2], argv[3]);
	else
		embed_directory(argv[1], argc == 3 ? argv[2] : NULL);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("write", "standard output");
	return 0;
}
