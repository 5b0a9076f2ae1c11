/* tree.h - temporary directory trees for tests. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_TREE_H
#define TEST_TREE_H

/* Needs _DEFAULT_SOURCE and _XOPEN_SOURCE 700 before the first include. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The time of all files, if not said otherwise: RFC 9110's example. */
#define TREE_TIME 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* A new directory that everybody may enter, into path (of 64 octets). */
static inline void
tree_make(char path[64])
{
	strcpy(path, "/tmp/ws-test-XXXXXX");
	if (mkdtemp(path) == NULL || chmod(path, 0755) != 0)
		abort();
}

static inline int
tree_remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline void
tree_remove(const char *path)
{
	nftw(path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "base/name", in a buffer that lives until the next call. */
static inline const char *
tree_path(const char *base, const char *name)
{
	static char full[8192];

	snprintf(full, sizeof(full), "%s/%s", base, name);
	return full;
}

static inline void
tree_time(const char *base, const char *name, long seconds, long nanoseconds)
{
	struct timespec times[2] = { { seconds, nanoseconds },
		{ seconds, nanoseconds } };

	if (utimensat(AT_FDCWD, tree_path(base, name), times, 0) != 0)
		abort();
}

static inline void
tree_dir(const char *base, const char *name)
{
	if (mkdir(tree_path(base, name), 0755) != 0)
		abort();
}

static inline void
tree_file(const char *base, const char *name, const char *content)
{
	FILE *out = fopen(tree_path(base, name), "w");

	if (out == NULL || fputs(content, out) < 0 || fclose(out) != 0)
		abort();
	tree_time(base, name, TREE_TIME, 0);
}

/* A gzip file (RFC 1952) with a content of fewer than 65536 octets, stored as it
 * is: the file is 23 octets longer. */
static inline void
tree_gzip(const char *base, const char *name, const char *content)
{
	unsigned len = (unsigned)strlen(content), crc = 0xffffffff;
	unsigned char head[15] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1 };
	unsigned char tail[8];
	FILE *out = fopen(tree_path(base, name), "w");

	for (unsigned i = 0; i < 2; i++) {
		head[11 + i] = (unsigned char)(len >> 8 * i);
		head[13 + i] = (unsigned char)(~len >> 8 * i);
	}
	for (unsigned i = 0; i < 8 * len; i++) {
		crc ^= i % 8 == 0 ? (unsigned char)content[i / 8] : 0u;
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		tail[i] = (unsigned char)(~crc >> 8 * i);
		tail[4 + i] = (unsigned char)(len >> 8 * i);
	}
	if (out == NULL || fwrite(head, sizeof(head), 1, out) != 1 ||
	    fputs(content, out) < 0 ||
	    fwrite(tail, sizeof(tail), 1, out) != 1 || fclose(out) != 0)
		abort();
	tree_time(base, name, TREE_TIME, 0);
}

static inline void
tree_link(const char *base, const char *name, const char *target)
{
	char copy[8192]; /* target may be what tree_path returned */

	snprintf(copy, sizeof(copy), "%s", target);
	if (symlink(copy, tree_path(base, name)) != 0)
		abort();
}

/* How many descriptors are open: a leak makes it grow. */
static inline int
tree_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#endif
