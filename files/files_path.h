/* files_path.h - from the path of a request to the name of a file. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FILES_PATH_H
#define WS_FILES_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "open_beneath.h"

#define WS_FILES_PATH_SIZE WS_OPEN_BENEATH_PATH_SIZE /* of a name */

/* A request path, decoded. */
struct ws_files_path {
	char name[WS_FILES_PATH_SIZE]; /* "/a/b", "" for the root itself */
	size_t len;
	bool slash;           /* it ended in '/' */
	bool only_compressed; /* no file of this very name was found, but its
	                         compressed form: files_coding.c */
	bool hidden;          /* a segment is; the rest was not read */
};

/* Decode the path of a request into a name under the root.
 *   p     overwritten
 *   path  still percent-encoded, without the query
 * Returns 0, WS_FILES_EPATH for a path that no file can have, or
 * WS_FILES_ENOENT for one that is hidden or too long. RFC 3986 section 2.4: the
 * path is cut into segments first and decoded then, once. */
int ws_files_path_parse(struct ws_files_path *p, struct ws_span path);

/* Append to a name that was parsed, which has room for "/index.html" and
 * ".br". */
void ws_files_path_suffix(struct ws_files_path *p, const char *suffix);

/* Take a suffix off again.
 *   len  of the name before it was appended */
void ws_files_path_cut(struct ws_files_path *p, size_t len);

#endif
