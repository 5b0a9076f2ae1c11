/* files.h - from a request path to an open file under one root. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FILES_H
#define WS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "file.h"
#include "ws.h"

/* A document root: a directory, or a set of embedded files. */
struct ws_files;

/* The reasons not to serve a path. */
enum ws_files_error {
	WS_FILES_ENOENT = -1, /* no such file, hidden, or outside: 404 */
	WS_FILES_EACCES = -2, /* not readable, or not a regular file: 403 */
	WS_FILES_EPATH = -3,  /* a path that no file can have: 400 */
	WS_FILES_EBUSY = -4,  /* out of file descriptors or memory: 503 */
	WS_FILES_EGONE = -5, /* there is no directory of the root's name: 503 */
	WS_FILES_EIO = -6,   /* the disk or file system has failed: 500 */
	WS_FILES_ECODING = -7, /* only there in a coding that the client does
	                          not accept: 406 */
};

/* Open a directory as document root.
 *   path  copied; it names the root from now on, see ws_files_refresh
 * Returns the root, or NULL with errno set. */
struct ws_files *ws_files_directory(const char *path);

/* Follow the name of a directory: when another one bears it since, open that
 * one; when there is none, find nothing until there is. Asks the system once a
 * second at most.
 *   now_s  the time, in seconds of any clock */
void ws_files_refresh(struct ws_files *root, int64_t now_s);

/* Whether there is a directory of the root's name, or the files are embedded. */
bool ws_files_is_there(const struct ws_files *root);

/* Take what there is to tell the operator: the root is gone or back, or a file
 * beside another is not what its name says. The same is told once.
 * Returns a line that lives until the next call about root, or NULL. */
const char *ws_files_note(struct ws_files *root);

/* Have some extensions mean other types than the table says.
 *   types  "EXT=TYPE" each, ended by NULL; borrowed for as long as the root
 *          lives; NULL for none */
void ws_files_set_types(struct ws_files *root, const char *const *types);

/* Whether a text is "EXT=TYPE", with a type that a field can have (RFC 9110
 * section 8.3.1). */
bool ws_files_type_is_valid(const char *text);

/* Use embedded files as document root.
 *   assets       borrowed for as long as the root lives; sorted by path as
 *                strcmp(3) does
 *   modified_s   stands in for the modification time of all of them
 * Returns the root, or NULL with errno set: ENOMEM, or EINVAL when the assets
 * are not sorted, a path does not begin with '/', or an entity-tag is not in
 * quotes or longer than 34 octets with them. */
struct ws_files *ws_files_embedded(
    const struct ws_asset *assets, size_t count, int64_t modified_s);

/* Resolve paths by walking from directory to directory, as on a system whose
 * kernel cannot do it. The answers are the same; tests call it. */
void ws_files_walk(struct ws_files *root);

/* Release a root. NULL is allowed. */
void ws_files_free(struct ws_files *root);

/* Find and open the file of a request path.
 *   path             as it stands in the request, begins with '/', still
 *                    percent-encoded, without the query
 *   accept_encoding  the field's value, empty when absent: a sibling with
 *                    .br or .gz is chosen when the client wants it, unless
 *                    the file's type is one that is compressed itself
 *   file             written on success only; release with ws_file_close
 * Cut into segments, then decoded once. "." and ".." segments, NUL, backslash,
 * control octets, an encoded slash and malformed escapes are refused
 * (WS_FILES_EPATH), empty segments ("//") are merged; a segment that begins
 * with a dot is hidden (except /.well-known/); a symbolic link is followed only
 * while it stays under the root. A path that ends in '/' means index.html in
 * it. A name that is not there, or is a directory without index.html, is tried
 * with ".html" behind it. Where only x.js.gz or x.js.br is, it is x.js.
 * Returns 0 or an enum ws_files_error. */
int ws_files_find(struct ws_files *root, struct ws_span path,
    struct ws_span accept_encoding, struct ws_file *file);

/* Return why the last ws_files_find failed, for the log: a static text, or NULL
 * when there just is no such file. */
const char *ws_files_cause(const struct ws_files *root);

/* Open one file by its name in the system, which is not looked at further: links
 * are followed, and hidden files are files.
 *   cause  receives a static text for the log, or NULL
 * Returns as ws_files_find. */
int ws_files_named(const char *name, struct ws_file *file, const char **cause);

/* Describe one asset that is known already, as ws_files_find does.
 *   asset  borrowed for as long as the file is used */
void ws_files_asset(const struct ws_asset *asset, int64_t modified_s,
    struct ws_span accept_encoding, struct ws_file *file);

/* ---- files_list.c: listing a directory ---------------------------------- */

/* An HTML listing that is being made, a part at a time: names escaped and
 * sorted, hidden and unservable ones left out. No more than 10000 are
 * listed. */
struct ws_files_list;

/* Begin a listing.
 *   file  a directory that was asked for with a slash; borrowed during the call
 *   path  the request path, shown as the title; borrowed during the call
 * Returns it, or NULL when out of memory or of descriptors, or when the root is
 * embedded. */
struct ws_files_list *
ws_files_list_begin(const struct ws_file *file, struct ws_span path);

/* Go on with a listing.
 *   entries  how many to read or to write in this part; the part in which they
 *            are sorted, at once, takes a millisecond for 3000 entries
 * Returns 1 when it is complete, 0 when there is more to do, or -1 when out of
 * memory. */
int ws_files_list_step(struct ws_files_list *list, size_t entries);

/* Take the text of a complete listing.
 *   len  receives its length in octets
 * Returns it, to be released with ws_mem_free. */
char *ws_files_list_take(struct ws_files_list *list, size_t *len);

/* Release a listing, complete or not. NULL is allowed. */
void ws_files_list_free(struct ws_files_list *list);

/* ---- files_type.c ------------------------------------------------------- */

/* The media type of a name by its extension, with charset for text; never
 * NULL ("application/octet-stream").
 *   own       as for ws_files_set_types
 *   encoding  receives "gzip" or "br" for a name like game.wasm.gz, which is
 *             part of a page, and whose type is then that of game.wasm; or
 *             NULL. Archives and texts to download keep the type of gzip */
const char *ws_files_type(
    struct ws_span name, const char *const *own, const char **encoding);

#endif
