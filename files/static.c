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
 *   a directory without slash      301 to the same with slash
 *   a directory without index      200 with a listing (option list), or 404
 *   If-Match fails, or without it
 *     If-Unmodified-Since          412      RFC 9110 section 13.2.2 fixes
 *   If-None-Match matches, or      304      the order of these
 *     without it If-Modified-Since
 *   Range, and If-Range agrees     206, or 416
 *   otherwise                      200
 *
 * Nothing of a request is ever repeated in a body. One thing is repeated in a
 * field, the last segment of a redirected path: see redirect.
 */

#include <stdio.h>

#include "static.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "files.h"
#include "http.h"
#include "http/condition.h"
#include "http/field.h"

/* A request and its answer on their way through this file. */
struct context {
	const struct ws_static_ask *ask;
	struct ws_http_out *out;
	struct ws_static_answer *answer;
	bool gzip;       /* the file is to be compressed, if that helps */
	bool unmeasured; /* for HEAD: how long the body would be is not known */
};

/* ---- writing ------------------------------------------------------------ */

static void
field(struct context *c, const char *name, const char *value)
{
	ws_http_out_field(c->out, name, ws_span_of(value));
}

/* Begin an answer. nosniff (Fetch Standard section 3.6): a text that somebody
 * uploaded must not become a script because it looks like one. */
static void
begin(struct context *c, int status)
{
	c->answer->status = status;
	ws_http_out_status(c->out, c->out->at, c->out->size, status);
	field(c, "X-Content-Type-Options", "nosniff");
	if (c->ask->fields != NULL)
		ws_static_fields_write(c->ask->fields, c->ask->path, c->out);
}

static bool
is_head(const struct context *c)
{
	return c->ask->head->method == WS_HTTP_HEAD;
}

/* Announce a body and send it, or for HEAD only announce the length that GET
 * would have. RFC 9110 section 9.3.2: a length that only making the content
 * would tell may be left out. */
static void
body(struct context *c, uint64_t first, uint64_t octets)
{
	struct ws_static_answer *answer = c->answer;
	bool sent = !is_head(c) && octets > 0;

	if (!c->unmeasured)
		ws_http_out_number(c->out, "Content-Length", octets);
	if (!sent) {
		ws_chunk_unref(answer->body);
		answer->body = NULL;
	}
	if (!sent || answer->body != NULL)
		ws_file_close(&answer->file);
	answer->first = sent ? first : 0;
	answer->octets = sent ? octets : 0;
}

/* Choose the sentence that explains a failure to a person. */
static const char *
sentence(int status)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{ 301, "This is a directory; its address ends in a slash." },
		{ 400, "The address is malformed." },
		{ 403, "This may not be read." },
		{ 404, "There is nothing at this address." },
		{ 405, "This address can only be read." },
		{ 412, "The file is not the one that the request is about." },
		{ 414, "The address is too long." },
		{ 416, "The file is shorter than the range asked for." },
		{ 500, "The file could not be read from its disk." },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		if (rows[i].status == status)
			return rows[i].text;
	}
	return "The server is busy; please try again.";
}

/* Copy octets into a chunk. Returns NULL when out of memory. */
static struct ws_chunk *
chunk_of(const void *data, size_t len)
{
	struct ws_chunk *chunk = ws_chunk_new(len);

	if (chunk == NULL)
		return NULL;
	memcpy(chunk->at, data, len);
	chunk->len = len;
	return chunk;
}

struct ws_chunk *
ws_static_list_chunk(struct ws_files_list *list)
{
	size_t len;
	char *text = ws_files_list_take(list, &len);
	struct ws_chunk *chunk = chunk_of(text, len);

	ws_mem_free(text);
	return chunk;
}

/* Give the answer a small text as body. Out of memory it stays empty: the
 * status says enough. */
static void
text_body(struct context *c)
{
	int status = c->answer->status;
	char text[160]; /* the longest sentence needs half of it */
	size_t len = (size_t)snprintf(text, sizeof(text), "%d %s\n\n%s\n",
	    status, ws_http_reason(status), sentence(status));

	ws_file_close(&c->answer->file);
	c->answer->body = chunk_of(text, len);
	field(c, "Content-Type", "text/plain; charset=utf-8");
	body(c, 0, c->answer->body != NULL ? len : 0);
}

/* Write the fields that describe the file, whatever part of it is sent. RFC
 * 9110 sections 8.3 and 8.4. */
static void
describe(struct context *c)
{
	const struct ws_file *file = &c->answer->file;

	field(c, "Content-Type", file->type);
	if (file->encoding != NULL)
		field(c, "Content-Encoding", file->encoding);
}

/* Write the fields that 304 and 200 have in common (RFC 9110 section 15.4.5).
 * Vary is there for the plain file, too, or a cache would give it to everybody
 * (section 12.5.5). */
static void
validators(struct context *c, const char *cache)
{
	field(c, "ETag", c->answer->file.etag);
	field(c, "Cache-Control", cache);
	if (c->answer->file.vary)
		field(c, "Vary", "Accept-Encoding");
}

/* ---- codings ------------------------------------------------------------ */

/* Read Accept-Encoding. Of several lines the first one counts: to ignore the
 * rest is safe, as the answer may be larger for it but never one that the
 * client does not accept. */
static struct ws_span
accept_encoding(const struct context *c)
{
	struct ws_span value = { "", 0 };

	ws_http_field(
	    c->ask->head, c->ask->buf, WS_SPAN("Accept-Encoding"), &value);
	return value;
}

/* Whether to compress the file for this client. A range is never compressed:
 * its parts could not be put together with others. */
static bool
may_gzip(const struct context *c)
{
	const struct ws_file *file = &c->answer->file;
	struct ws_span range;

	return file->encoding == NULL && file->gzip_octets == 0 &&
	       ws_gzip_cache_takes(
		   c->ask->gzip_cache, file->type, file->octets) &&
	       ws_field_wants_gzip(accept_encoding(c)) &&
	       ws_http_field(
		   c->ask->head, c->ask->buf, WS_SPAN("Range"), &range) == 0;
}

/* Compress the file into a body. For HEAD nothing is compressed: the length is
 * that of the result in the cache, or not known. Sets gzip to whether the answer
 * is compressed. */
static void
compress(struct context *c)
{
	struct ws_static_answer *answer = c->answer;
	struct ws_file *file = &answer->file;
	enum ws_static_known known;

	if (is_head(c)) {
		known = ws_static_gzip_known(c->ask->gzip_cache, file);
		c->unmeasured = known == WS_STATIC_UNKNOWN;
		c->gzip = known != WS_STATIC_PLAIN;
	} else {
		answer->body = ws_static_gzip(c->ask->gzip_cache, file);
		c->gzip = answer->body != NULL;
		if (c->gzip)
			file->octets = answer->body->len;
	}
	if (c->gzip) {
		file->encoding = "gzip";
		ws_file_tag_coding(file, "gzip");
	}
}

/* Compress or decompress the file, if the client needs it so. Returns false
 * when out of memory. */
static bool
recode(struct context *c)
{
	struct ws_static_answer *answer = c->answer;

	if (answer->file.gzip_octets > 0 && !is_head(c)) {
		answer->body =
		    ws_static_gunzip(c->ask->gzip_cache, &answer->file);
		return answer->body != NULL;
	}
	if (c->gzip)
		compress(c);
	return true;
}

/* ---- failures and redirects --------------------------------------------- */

static void
failure(struct context *c, int status)
{
	begin(c, status);
	if (status == 405)
		field(c, "Allow", "GET, HEAD, OPTIONS");
	if (status == 503)
		field(c, "Retry-After", "1");
	field(c, "Cache-Control", "no-cache");
	text_body(c);
}

/* Answer 404 with /404.html, if there is one. The page is not a representation
 * of the address, so it has no validators and no ranges. */
static void
not_found(struct context *c)
{
	struct ws_file *file = &c->answer->file;
	int error = ws_files_find(
	    c->ask->root, WS_SPAN("/404.html"), accept_encoding(c), file);

	if (error != 0 || file->directory) {
		failure(c, 404);
		return;
	}
	c->gzip = may_gzip(c);
	if (!recode(c)) {
		failure(c, 503);
		return;
	}
	begin(c, 404);
	describe(c);
	field(c, "Cache-Control", "no-cache");
	if (file->vary)
		field(c, "Vary", "Accept-Encoding");
	body(c, 0, file->octets);
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
redirect_target(const struct context *c)
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
redirect(struct context *c)
{
	char *location = redirect_target(c);

	if (location == NULL) {
		failure(c, 503);
		return;
	}
	begin(c, 301);
	field(c, "Location", location);
	ws_mem_free(location);
	field(c, "Cache-Control", "no-cache"); /* a file may replace it */
	text_body(c);
	if (c->out->failed) {
		ws_chunk_unref(c->answer->body);
		*c->answer = (struct ws_static_answer){ .file.fd = -1 };
		failure(c, 414);
	}
}

/* Entries of a directory that are read and written before anything waits: half
 * a millisecond. Nearly every directory has fewer, and is listed at once. */
#define LIST_AT_ONCE 256

/* Make a listing, or a part of it if it may wait.
 * Returns the text as a chunk with a reference for the caller, or NULL: then
 * there is a list in the answer, or it cannot be made. */
static struct ws_chunk *
make_list(struct context *c)
{
	struct ws_files_list *list =
	    ws_files_list_begin(&c->answer->file, c->ask->path);
	struct ws_chunk *chunk = NULL;
	int result = list != NULL ? 0 : -1;

	while (result == 0) {
		result = ws_files_list_step(list, LIST_AT_ONCE);
		ws_gzip_cache_spend(
		    c->ask->gzip_cache, 1024 * LIST_AT_ONCE, WS_COST_ENTRY);
		if (result == 0 && c->ask->may_wait) {
			c->answer->list = list;
			return NULL;
		}
	}
	if (result > 0)
		chunk = ws_static_list_chunk(list);
	ws_files_list_free(list);
	return chunk;
}

/* Compress a listing, if the client wants it; for HEAD its length is then not
 * known. Sets gzip to whether the answer is compressed. */
static void
compress_list(struct context *c, const char *type)
{
	struct ws_gzip_cache *cache = c->ask->gzip_cache;
	struct ws_chunk *plain = c->answer->body, *chunk;

	if (!ws_gzip_cache_takes(cache, type, plain->len) ||
	    !ws_field_wants_gzip(accept_encoding(c)))
		return;
	c->gzip = c->unmeasured = is_head(c);
	if (is_head(c) || !ws_gzip_cache_allows(cache, plain->len))
		return;
	chunk = ws_gzip_cache_compress(cache, plain->data, plain->len);
	if (chunk == NULL)
		return;
	ws_chunk_unref(plain);
	c->answer->body = chunk;
	c->gzip = true;
}

/* Answer with a listing. HEAD does not wait for one that takes long. */
static void
listing(struct context *c)
{
	static const char type[] = "text/html; charset=utf-8";
	struct ws_static_answer *answer = c->answer;

	answer->body = c->ask->listing != NULL ? ws_chunk_ref(c->ask->listing)
					       : make_list(c);
	ws_file_close(&answer->file);
	if (answer->list != NULL && !is_head(c))
		return;
	c->unmeasured = answer->list != NULL;
	ws_files_list_free(answer->list);
	answer->list = NULL;
	if (answer->body == NULL && !c->unmeasured) {
		failure(c, 503);
		return;
	}
	if (answer->body != NULL)
		compress_list(c, type);
	begin(c, 200);
	field(c, "Content-Type", type);
	if (c->gzip)
		field(c, "Content-Encoding", "gzip");
	field(c, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'");
	field(c, "Cache-Control", "no-cache");
	field(c, "Vary", "Accept-Encoding");
	body(c, 0, answer->body != NULL ? answer->body->len : 0);
}

/* ---- a file ------------------------------------------------------------- */

static void
content_range(struct context *c, uint64_t first, uint64_t octets)
{
	char value[80];

	(void)snprintf(value, sizeof(value), "bytes %llu-%llu/%llu",
	    (unsigned long long)first, (unsigned long long)(first + octets - 1),
	    (unsigned long long)c->answer->file.octets);
	field(c, "Content-Range", value);
}

/* Write Last-Modified, if the file has a date. RFC 9110 section 8.8.2.1: it is
 * never later than Date. */
static void
last_modified(struct context *c)
{
	int64_t modified_s = c->answer->file.modified_s;
	char date[WS_FIELD_DATE_SIZE];

	if (!ws_condition_is_date(modified_s))
		return;
	if (modified_s > c->ask->gzip_cache->now_s)
		modified_s = c->ask->gzip_cache->now_s;
	ws_field_date_write(modified_s, date);
	ws_http_out_field(
	    c->out, "Last-Modified", (struct ws_span){ date, sizeof(date) });
}

/* Answer 200 with the file, or 206 with a part of it. */
static void
content(struct context *c, const char *cache, int status, uint64_t first,
    uint64_t octets)
{
	if (!recode(c)) {
		failure(c, 503);
		return;
	}
	if (status == 200)
		octets = c->answer->file.octets;
	begin(c, status);
	describe(c);
	validators(c, cache);
	last_modified(c);
	if (!c->gzip)
		field(c, "Accept-Ranges", "bytes");
	if (status == 206)
		content_range(c, first, octets);
	body(c, first, octets);
}

/* Answer 416 and tell the length of the file (RFC 9110 section 15.5.17). */
static void
unsatisfiable(struct context *c)
{
	char value[40];

	(void)snprintf(value, sizeof(value), "bytes */%llu",
	    (unsigned long long)c->answer->file.octets);
	begin(c, 416);
	field(c, "Content-Range", value);
	field(c, "Accept-Ranges", "bytes");
	field(c, "Cache-Control", "no-cache");
	text_body(c);
}

/* Read the range asked for. RFC 9110 section 14.2: Range is defined for GET
 * only. */
static enum ws_range
range_of(const struct context *c, const struct ws_conditions *conditions,
    uint64_t *first, uint64_t *octets)
{
	struct ws_span value;

	if (c->ask->head->method != WS_HTTP_GET ||
	    ws_http_field(
		c->ask->head, c->ask->buf, WS_SPAN("Range"), &value) != 1 ||
	    !ws_condition_range(conditions))
		return WS_RANGE_NONE;
	return ws_field_range(value, c->answer->file.octets, first, octets);
}

static void
not_modified(struct context *c, const char *cache)
{
	if (c->gzip)
		ws_file_tag_coding(&c->answer->file, "gzip");
	begin(c, 304);
	validators(c, cache);
	ws_file_close(&c->answer->file);
}

/* Answer with the file, unless a condition of the request forbids it. RFC 9110
 * section 13.2.2. */
static void
conditional(
    struct context *c, struct ws_conditions *conditions, const char *cache)
{
	uint64_t first = 0, octets = c->answer->file.octets;
	bool fails = ws_condition_fails(conditions);
	bool known = !fails && ws_condition_not_modified(conditions);

	c->gzip = conditions->other;
	if (fails) {
		failure(c, 412);
		return;
	}
	if (known) {
		not_modified(c, cache);
		return;
	}
	switch (range_of(c, conditions, &first, &octets)) {
	case WS_RANGE_NONE:
		content(c, cache, 200, 0, octets);
		break;
	case WS_RANGE_ONE:
		content(c, cache, 206, first, octets);
		break;
	case WS_RANGE_UNSATISFIABLE:
		unsatisfiable(c);
		break;
	}
}

static void
found(struct context *c, const char *cache)
{
	struct ws_file *file = &c->answer->file, coded = *file;
	struct ws_conditions conditions = {
		.head = c->ask->head,
		.buf = c->ask->buf,
		.etag = ws_span_of(file->etag),
		.modified_s = file->modified_s,
		.now_s = c->ask->gzip_cache->now_s,
		.other = may_gzip(c),
	};

	if (conditions.other) {
		ws_file_tag_coding(&coded, "gzip");
		conditions.other_etag = ws_span_of(coded.etag);
	}
	conditional(c, &conditions, cache);
}

/* ---- deciding ----------------------------------------------------------- */

/* Whether a person goes to the address, rather than a page loading a part of
 * itself: Sec-Fetch-Mode says so (Fetch Metadata section 2.4). Browsers send it
 * to trustworthy origins only; to others, they ask for text/html first where
 * they navigate, and only there. */
static bool
is_navigation(const struct context *c, bool *known)
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
wants_application(const struct context *c)
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
nothing_there(struct context *c)
{
	struct ws_file *file = &c->answer->file;

	if (!wants_application(c) ||
	    ws_files_find(c->ask->root, WS_SPAN("/index.html"),
		accept_encoding(c), file) != 0) {
		not_found(c);
		return;
	}
	if (file->directory) {
		ws_file_close(file);
		not_found(c);
		return;
	}
	/* The address may get a file of its own tomorrow. */
	found(c, "no-cache");
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
	default:
		return 503;
	}
}

static void
directory(struct context *c)
{
	struct ws_file *file = &c->answer->file;

	if (last_segment(c->ask->path).len > 0) {
		redirect(c);
		return;
	}
	if (c->ask->options->list && file->fd > 0) {
		listing(c);
		return;
	}
	ws_file_close(file);
	nothing_there(c);
}

static void
get(struct context *c)
{
	const struct ws_static_ask *ask = c->ask;
	const char *cache =
	    ask->options->cache != NULL ? ask->options->cache : "no-cache";
	struct ws_file *file = &c->answer->file;
	int error;

	if (ask->asset != NULL) {
		ws_files_asset(
		    ask->asset, ask->modified_s, accept_encoding(c), file);
		found(c, cache);
		return;
	}
	ws_files_refresh(ask->root, ask->gzip_cache->now_s);
	error = ws_files_find(ask->root, ask->path, accept_encoding(c), file);
	if (error != 0)
		c->answer->cause = ws_files_cause(ask->root);
	if (error == WS_FILES_ENOENT)
		nothing_there(c);
	else if (error != 0)
		failure(c, status_of(error));
	else if (file->directory)
		directory(c);
	else
		found(c, cache);
}

void
ws_static_answer(const struct ws_static_ask *ask, struct ws_http_out *out,
    struct ws_static_answer *answer)
{
	struct context c = { .ask = ask, .out = out, .answer = answer };

	*answer = (struct ws_static_answer){ .file.fd = -1 };
	switch (ask->head->method) {
	case WS_HTTP_GET:
	case WS_HTTP_HEAD:
		get(&c);
		break;
	case WS_HTTP_OPTIONS:
		begin(&c, 204);
		field(&c, "Allow", "GET, HEAD, OPTIONS");
		break;
	default:
		failure(&c, 405);
	}
}
