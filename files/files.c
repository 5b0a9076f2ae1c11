/* files.c - from a request path to an open file under one root. */
/* SPDX-License-Identifier: MIT */

/*
 * A request path is the most attacked input of a web server. Three steps keep
 * it harmless, each of which would stop most attacks alone:
 *
 *   "/a%2Eb/../c"   1. cut at '/' BEFORE decoding (RFC 3986 section 2.4), so
 *                      that %2F can never make a new segment
 *   "a.b"           2. decode each segment once and look at the result: no
 *                      dot segment, no control octet, no '/' or '\', nothing
 *                      hidden
 *   open_beneath    3. open it so that nothing above the root can be reached,
 *                      whatever symbolic links stand in the way and whoever
 *                      moves directories around meanwhile: open_beneath.c
 *
 * Each step is a file, and a fourth one chooses between the forms of what was
 * found:
 *
 *	 files.c               which names to try: x, x.html, x/index.html
 *	    │
 *	    ├─▶ files_path.c     steps 1 and 2: from a path to a name
 *	    ├─▶ files_coding.c   x, or x.br or x.gz beside it
 *	    │      │
 *	    └──────┴─▶ files_root.c      one exact name, on disk or embedded
 *	                   │
 *	                   └─▶ open_beneath.c   step 3
 *
 * Only files_root.c knows whether the files are on disk or embedded. index.html,
 * precompressed siblings and entity-tags are the same for both.
 */

#include <string.h>

#include "files.h"
#include "files_coding.h"
#include "files_path.h"
#include "files_root.h"

/* Find the index.html of a directory, or else the directory itself. */
static int
find_index(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	size_t len = p->len;
	int error;

	ws_files_path_suffix(p, "/index.html");
	error = ws_files_find_coded(root, p, accept, file);
	if (error == 0 && !file->directory)
		return 0;
	if (error != 0 && error != WS_FILES_ENOENT)
		return error;
	if (error == 0)
		ws_file_close(file);
	ws_files_path_cut(p, len);
	error = ws_files_look_up(root, p->name, file);
	if (error != 0 || file->directory)
		return error;
	ws_file_close(file); /* "/file.txt/" */
	return WS_FILES_ENOENT;
}

/* Find "/about.html" for "/about", as static exports of sites link to it.
 * Returns whether it is there; if not, the name is as before. */
static bool
find_html(struct ws_files *root, struct ws_files_path *p, struct ws_span accept,
    struct ws_file *file)
{
	size_t len = p->len;

	ws_files_path_suffix(p, ".html");
	if (ws_files_find_coded(root, p, accept, file) == 0) {
		if (!file->directory)
			return true;
		ws_file_close(file);
	}
	ws_files_path_cut(p, len);
	return false;
}

/* Find a file by its name, or a directory that was asked for without slash. A
 * page beside a directory without index.html is preferred: exports have both
 * for a page with others below it. */
static int
find_named(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	int error = ws_files_find_coded(root, p, accept, file);
	struct ws_file page;
	size_t len = p->len;
	bool has_index;

	if (p->len == 0)
		return error;
	if (error == WS_FILES_ENOENT)
		return find_html(root, p, accept, file) ? 0 : error;
	if (error != 0 || !file->directory)
		return error;
	ws_files_path_suffix(p, "/index.html");
	has_index = ws_files_look_up(root, p->name, &page) == 0;
	ws_files_path_cut(p, len);
	if (has_index)
		ws_file_close(&page);
	else if (find_html(root, p, accept, &page)) {
		ws_file_close(file);
		*file = page;
	}
	return 0;
}

int
ws_files_find(struct ws_files *root, struct ws_span path,
    struct ws_span accept_encoding, struct ws_file *file)
{
	struct ws_files_path local;
	struct ws_file found;
	int error = ws_files_path_parse(&local, path);

	root->cause =
	    local.hidden ? "it is hidden, as its name begins with a dot" : NULL;
	if (error == 0)
		error = local.slash
			    ? find_index(root, &local, accept_encoding, &found)
			    : find_named(root, &local, accept_encoding, &found);
	if (error != 0)
		return error;
	if (!found.directory)
		ws_files_represent(root, &local, accept_encoding, &found);
	else if (!local.slash) {
		ws_file_close(&found);
		found.directory = true;
	}
	*file = found;
	return 0;
}
