/* site.h - a document root with all that may stand in one. */
/* SPDX-License-Identifier: MIT */
#ifndef SITE_H
#define SITE_H

#include <limits.h>
#include <stddef.h>

#include "files/files.h"

extern char above[64];             /* a new directory, with the root in it */
extern char docroot[80];           /* the root */
extern char name255[NAME_MAX + 1]; /* the longest name, of a file there */

/* Make the site before a test, and remove it afterwards. */
void site_plant(void);
void site_uproot(void);

/* Find a path that ends at an unreadable page; as ws_files_find. */
int find(struct ws_files *root, const char *path, size_t len,
    const char *accept, struct ws_file *file);

/* The content of what was found, as a string; "<directory>" for one that can be
 * listed, "<redirect>" for one that was asked for without a slash. Valid until
 * the next call. */
const char *content_of(const struct ws_file *file);

/* A path, and what is found. */
struct row {
	const char *path;
	size_t len;          /* 0: to the NUL */
	const char *content; /* NULL: error */
	int error;
};

#define FOUND(path, content)        \
	{                           \
		path, 0, content, 0 \
	}
#define REFUSED(path, error)                                   \
	{                                                      \
		path, sizeof(path) - 1, NULL, WS_FILES_##error \
	}

#endif
