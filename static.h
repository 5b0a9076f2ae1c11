/* static.h - answer a GET or HEAD with a file (RFC 9110 sections 8, 13, 14). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_H
#define WS_STATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "files.h"
#include "http.h"
#include "ws.h"

/* What to send. The head written to out has everything but Date, Connection
 * and its empty line, which belong to the connection. */
struct ws_static_answer {
	int status;
	struct ws_file file; /* owned by the caller: ws_file_close; closed
	                        already when nothing of it is sent */
	char *text;          /* a small generated body; owned by the caller:
	                        ws_mem_free; NULL when the body is the file's */
	uint64_t first;  /* the part of the file or text to send, 0 octets */
	uint64_t octets; /*   for HEAD, 304 and so on */
};

/* Decide about one request and write the response head.
 *   root    the document root
 *   head    the request
 *   buf     the buffer that head was parsed from
 *   path    the request path under this root (a prefix may have been taken
 *           off), still percent-encoded, begins with '/'
 *   out     at and size are set by the caller; receives status line and
 *           fields, Content-Length included; 1 KiB is enough for all but the
 *           redirect of a long target, which becomes 414 when it does not fit
 *   answer  overwritten; valid whatever the status
 * Every failure (400, 403, 404, 405, 412, 416, 503) is an answer too, with a
 * small readable body; /404.html of the root is the body of a 404 if it is
 * there. OPTIONS is answered with 204 and Allow. The redirect of a directory
 * is relative to the request, so that it works behind any prefix. */
void ws_static_answer(struct ws_files *root,
    const struct ws_files_options *options, const struct ws_http_head *head,
    const char *buf, struct ws_span path, struct ws_http_out *out,
    struct ws_static_answer *answer);

#endif
