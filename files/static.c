/* static.c - answer a GET or HEAD with a file (RFC 9110 sections 8, 13, 14). */
/* SPDX-License-Identifier: MIT */

/*
 * A request becomes an answer in this order; the first that applies wins:
 *
 *   method is OPTIONS              204, Allow
 *   method is not GET or HEAD      405, Allow
 *   path is malformed              400
 *   nothing there                  200 with /index.html (option spa, and a
 *                                  person goes there), or 404
 *   not readable                   403
 *   the disk fails (EIO)           500
 *   only there in a coding that
 *     the client does not accept   406
 *   a directory without slash      301 to the same with slash
 *   a directory without index      200 with a listing (option list), or 404
 *   a file                         200, or what static_file.c makes of it
 *
 * The answer is put together by the files below this one:
 *
 *	 static.c              what the address means
 *	    ├─▶ static_list.c    the listing of a directory
 *	    ├─▶ static_file.c    conditions and ranges
 *	    │      │
 *	    ├──────┴─▶ static_gzip.c     the content in another coding
 *	    └────────────▶ static_write.c    fields, errors and their texts
 *
 * Nothing of a request is ever repeated in a body. One thing is repeated in a
 * field, the last segment of a redirected path: see redirect.
 */

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/field.h"
#include "static.h"
#include "static_file.h"
#include "static_gzip.h"
#include "static_list.h"
#include "static_write.h"

/* ---- failures and redirects ------------------------------------------------ */

/* Answer 404 with /404.html, if there is one. The page is not a representation
 * of the address, so it has no validators and no ranges. */
static void
not_found(struct ws_static_context *c)
{
	struct ws_file *file = &c->answer->file;
	int error = ws_files_find(c->ask->root, WS_SPAN("/404.html"),
	    ws_static_accept_encoding(c), file);

	if (error != 0 || file->directory) {
		ws_static_failure(c, 404);
		return;
	}
	c->gzip = ws_static_may_gzip(c);
	if (!ws_static_recode(c)) {
		ws_static_failure(c, c->broken ? 500 : 503);
		return;
	}
	ws_static_begin(c, 404);
	ws_static_describe(c);
	ws_static_field(c, "Cache-Control", "no-cache");
	if (file->vary)
		ws_static_field(c, "Vary", "Accept-Encoding");
	ws_static_body(c, 0, file->octets);
}

static struct ws_span
last_segment(struct ws_span path)
{
	size_t at = path.len;

	while (at > 0 && path.at[at - 1] != '/')
		at--;
	return (struct ws_span){ path.at + at, path.len - at };
}

/* Write "./name/?query", a reference relative to the request. The dot keeps a
 * segment with a colon from looking like a scheme (RFC 3986 section 4.2). The
 * result cannot be "//host", because a segment has no slash and is not empty.
 * The segment is encoded as the client sent it: http.c lets nothing through
 * that could end the field, and ws_http_out_field checks it again. Returns a
 * block to be released with ws_mem_free, or NULL. */
static char *
redirect_target(const struct ws_static_context *c)
{
	const struct ws_http_head *head = c->ask->head;
	struct ws_span name = last_segment(c->ask->path);
	size_t size = name.len + head->query_octets + sizeof(".//?");
	char *target = ws_mem_resize(NULL, size);

	if (target != NULL)
		(void)snprintf(target, size, "./%.*s/%s%.*s", (int)name.len,
		    name.at, head->has_query ? "?" : "",
		    (int)(head->has_query ? head->query_octets : 0),
		    c->ask->buf + head->query_at);
	return target;
}

static void
redirect(struct ws_static_context *c)
{
	char *location = redirect_target(c);

	if (location == NULL) {
		ws_static_failure(c, 503);
		return;
	}
	ws_static_begin(c, 301);
	ws_static_field(c, "Location", location);
	ws_mem_free(location);
	ws_static_field(
	    c, "Cache-Control", "no-cache"); /* a file may replace it */
	ws_static_text(c);
	if (c->out->failed) {
		ws_chunk_unref(c->answer->body);
		*c->answer = (struct ws_static_answer){ .file.fd = -1 };
		ws_static_failure(c, 414);
	}
}

/* ---- deciding ----------------------------------------------------------- */

/* Whether a person goes to the address, rather than a page loading a part of
 * itself: Sec-Fetch-Mode says so (Fetch Metadata section 2.4). Browsers send it
 * to trustworthy origins only; to others, they ask for text/html first where
 * they navigate, and only there. */
static bool
is_navigation(const struct ws_static_context *c, bool *known)
{
	const struct ws_http_head *head = c->ask->head;
	struct ws_span value, media, parameters;

	*known = true;
	if (ws_http_field(
		head, c->ask->buf, WS_SPAN("Sec-Fetch-Mode"), &value) > 0)
		return ws_span_equal(value, WS_SPAN("navigate"));
	*known =
	    ws_http_field(head, c->ask->buf, WS_SPAN("Accept"), &value) > 0 &&
	    ws_field_next(&value, &media);
	if (!*known)
		return false;
	media = ws_span_split(media, ';', &parameters);
	*known = !ws_span_equal(media, WS_SPAN("*/*"));
	return ws_span_equal_nocase(media, WS_SPAN("text/html"));
}

/* A single-page application has one document for all of its addresses. A client
 * that does not say what it wants gets it where the name has no dot: one with a
 * dot is meant as a file, which must be reported as missing. */
static bool
wants_application(const struct ws_static_context *c)
{
	struct ws_span name = last_segment(c->ask->path);
	bool known;

	if (!c->ask->options->spa)
		return false;
	if (is_navigation(c, &known))
		return true;
	return !known &&
	       (name.len == 0 || memchr(name.at, '.', name.len) == NULL);
}

static void
nothing_there(struct ws_static_context *c)
{
	struct ws_file *file = &c->answer->file;

	if (!wants_application(c) ||
	    ws_files_find(c->ask->root, WS_SPAN("/index.html"),
		ws_static_accept_encoding(c), file) != 0) {
		not_found(c);
		return;
	}
	if (file->directory) {
		ws_file_close(file);
		not_found(c);
		return;
	}
	/* The address may get a file of its own tomorrow. */
	ws_static_file(c, "no-cache");
}

static int
status_of(int error)
{
	switch (error) {
	case WS_FILES_EPATH:
		return 400;
	case WS_FILES_EACCES:
		return 403;
	case WS_FILES_EIO:
		return 500;
	case WS_FILES_ECODING:
		return 406;
	default:
		return 503;
	}
}

static void
directory(struct ws_static_context *c)
{
	struct ws_file *file = &c->answer->file;

	if (last_segment(c->ask->path).len > 0) {
		redirect(c);
		return;
	}
	if (c->ask->options->list && file->fd > 0) {
		ws_static_list(c);
		return;
	}
	ws_file_close(file);
	nothing_there(c);
}

static void
get(struct ws_static_context *c)
{
	const struct ws_static_ask *ask = c->ask;
	const char *cache =
	    ask->options->cache != NULL ? ask->options->cache : "no-cache";
	struct ws_file *file = &c->answer->file;
	int error;

	if (ask->asset != NULL) {
		ws_files_asset(ask->asset, ask->modified_s,
		    ws_static_accept_encoding(c), file);
		ws_static_file(c, cache);
		return;
	}
	if (ask->name != NULL) {
		error = ws_files_named(ask->name, file, &c->answer->cause);
		if (error == 0)
			ws_static_file(c, cache);
		else
			ws_static_failure(c,
			    error == WS_FILES_ENOENT ? 404 : status_of(error));
		return;
	}
	ws_files_refresh(ask->root, ask->gzip_cache->now_s);
	error = ws_files_find(
	    ask->root, ask->path, ws_static_accept_encoding(c), file);
	if (error != 0)
		c->answer->cause = ws_files_cause(ask->root);
	if (error == WS_FILES_ENOENT)
		nothing_there(c);
	else if (error != 0)
		ws_static_failure(c, status_of(error));
	else if (file->directory)
		directory(c);
	else
		ws_static_file(c, cache);
}

void
ws_static_answer(const struct ws_static_ask *ask, struct ws_http_out *out,
    struct ws_static_answer *answer)
{
	struct ws_static_context c = {
		.ask = ask, .out = out, .answer = answer
	};

	*answer = (struct ws_static_answer){ .file.fd = -1 };
	switch (ask->head->method) {
	case WS_HTTP_GET:
	case WS_HTTP_HEAD:
		get(&c);
		break;
	case WS_HTTP_OPTIONS:
		ws_static_begin(&c, 204);
		ws_static_field(&c, "Allow", "GET, HEAD, OPTIONS");
		break;
	default:
		ws_static_failure(&c, 405);
	}
}
