/* static.h - answer a GET or HEAD with a file (RFC 9110 sections 8, 13, 14). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_H
#define WS_STATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "http/gzip_cache.h"
#include "files.h"
#include "http.h"
#include "ws.h"

struct ws_static_field;

/* A request for a file. All pointers are borrowed. */
struct ws_static_ask {
	struct ws_files *root; /* the document root */
	/* In place of root: a single asset, and its time; or the name of a
	 * file. */
	const struct ws_asset *asset;
	int64_t modified_s;
	const char *name;
	const struct ws_files_options *options;
	const struct ws_static_field *fields; /* for all answers; or NULL */
	const struct ws_http_head *head;      /* the request */
	const char *buf;                      /* that head was parsed from */
	/* The request path under the root (a prefix may have been taken off),
	 * still percent-encoded, begins with '/'. */
	struct ws_span path;
	struct ws_gzip_cache *gzip_cache;
	/* A listing of this directory that is complete; or NULL. */
	struct ws_chunk *listing;
	bool may_wait; /* the answer may be a listing that is not complete */
};

/* The answer. The head written to out lacks only Date, Connection and its empty
 * line, which belong to the connection. */
struct ws_static_answer {
	int status; /* 0: there is only a listing to go on with */
	struct ws_files_list *list; /* owned by the caller: not complete, ask
	                               again when it is; or NULL */
	const char *cause;          /* static: why not, for the log; or NULL */
	struct ws_file file;   /* owned by the caller: ws_file_close; closed
	                        already when nothing of it is sent */
	struct ws_chunk *body; /* a body in memory: generated, compressed
	                          or decompressed; owned by the caller:
	                          ws_chunk_unref; NULL: the file is the body */
	uint64_t first;        /* the part of the body to send, 0 octets */
	uint64_t octets;       /*   for HEAD, 304 and so on */
};

/* Decide about one request and write the response head.
 *   out     at and size are set by the caller; receives status line and
 *           fields, Content-Length included; 1 KiB, and what the operator's
 *           fields have, is enough for all but the redirect of a long target,
 *           which becomes 414 when it does not fit
 *   answer  overwritten; valid whatever the status
 * Every failure (400, 403, 404, 405, 412, 416, 503) is an answer too, with a
 * small readable body; /404.html of the root is the body of a 404 if it is
 * there. OPTIONS is answered with 204 and Allow. The redirect of a directory
 * is relative to the request, so that it works behind any prefix. */
void ws_static_answer(const struct ws_static_ask *ask, struct ws_http_out *out,
    struct ws_static_answer *answer);

/* ---- static_fields.c: fields that the operator adds ---------------------- */

#define WS_STATIC_FIELD_MAX 4000 /* octets of one, its pattern included */

/* Read the fields of the options headers and cross_origin_isolated.
 *   fields  receives a list, owned by the caller; NULL is an empty one
 *   bad     receives a header that is malformed or that the server writes
 *           itself, or NULL when out of memory
 * Returns false on failure. */
bool ws_static_fields_new(const struct ws_files_options *options,
    struct ws_static_field **fields, const char **bad);

/* Release a list. NULL is allowed. */
void ws_static_fields_free(struct ws_static_field *fields);

/* How many octets all fields of a list have in a head. */
size_t ws_static_fields_octets(const struct ws_static_field *fields);

/* Write the fields that are for a path.
 *   path  of the request under the root, still percent-encoded */
void ws_static_fields_write(const struct ws_static_field *fields,
    struct ws_span path, struct ws_http_out *out);

/* ---- static_list.c ------------------------------------------------------- */

/* Make a chunk of a complete listing, to ask with.
 * Returns it with a reference for the caller, or NULL when out of memory. */
struct ws_chunk *ws_static_list_chunk(struct ws_files_list *list);

#endif
