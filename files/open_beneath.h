/* open_beneath.h - open a file that cannot be outside of a directory. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_OPEN_BENEATH_H
#define WS_OPEN_BENEATH_H

#include <stdbool.h>

#define WS_OPEN_BENEATH_PATH_SIZE 4096 /* of a name, its NUL included */

/* Open a file or directory for reading, without blocking, not inherited.
 *   dir      an open directory
 *   name     relative to it; "." is the directory itself; shorter than
 *            WS_OPEN_BENEATH_PATH_SIZE
 *   walking  resolve the name step by step instead of asking the kernel; set
 *            to true when the kernel turns out to be of no help, so keep it
 *            with the directory
 * Symbolic links are followed as long as they are relative and stay beneath
 * dir, at every step. Returns a descriptor, or -1 with errno: EXDEV when the
 * name leads out of dir, ELOOP after 40 links, or what openat(2) says. */
int ws_open_beneath(int dir, const char *name, bool *walking);

#endif
