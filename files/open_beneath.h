/* open_beneath.h - open a file that cannot be outside of a directory. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_OPEN_BENEATH_H
#define WS_OPEN_BENEATH_H

#include <stdbool.h>

#define WS_OPEN_BENEATH_PATH_SIZE 4096 /* of a name, its NUL included */

/* A directory that names are opened beneath. Zeroed but for dir, it follows
 * relative links only. */
struct ws_beneath {
	int dir;      /* open; borrowed */
	bool walking; /* resolve names step by step instead of asking the
	                 kernel; set when that turns out to be of no help */
	/* Absolute names of dir, without a slash at their end; borrowed, or
	 * NULL. A link to a target that begins with one of them stays
	 * beneath. */
	const char *names[2];
};

/* Open a file or directory for reading, without blocking, not inherited.
 *   name  relative to the directory; "." is the directory itself; shorter than
 *         WS_OPEN_BENEATH_PATH_SIZE
 * Symbolic links are followed as long as they stay beneath dir, at every step.
 * Returns a descriptor, or -1 with errno: EXDEV when the name leads out of dir,
 * ELOOP after 40 links, or what openat(2) says. */
int ws_open_beneath(struct ws_beneath *root, const char *name);

#endif
