/* static_write.c - the fields and small bodies that answers are made of. */
/* SPDX-License-Identifier: MIT */
/*
 * An answer is begun, gets its fields, and ends with its body or without one.
 * All of these write into the head of the response; the connection adds Date,
 * Connection and the empty line:
 *
 *	 ws_static_begin     HTTP/1.1 404 Not Found
 *	                     X-Content-Type-Options: nosniff
 *	                     ... what the operator adds (static_fields.c)
 *	 ws_static_field     Cache-Control: no-cache
 *	 ws_static_text      Content-Type: text/plain; charset=utf-8
 *	   ws_static_body    Content-Length: 51
 */
#include <stdio.h>
#include <string.h>

#include "http/field.h"
#include "static_write.h"

void
ws_static_field(
    struct ws_static_context *c, const char *name, const char *value)
{
	ws_http_out_field(c->out, name, ws_span_of(value));
}

/* nosniff (Fetch Standard section 3.6): a text that somebody
 * uploaded must not become a script because it looks like one. */
void
ws_static_begin(struct ws_static_context *c, int status)
{
	c->answer->status = status;
	ws_http_out_status(c->out, c->out->at, c->out->size, status);
	ws_static_field(c, "X-Content-Type-Options", "nosniff");
	if (c->ask->fields != NULL)
		ws_static_fields_write(c->ask->fields, c->ask->path, c->out);
}

bool
ws_static_is_head(const struct ws_static_context *c)
{
	return c->ask->head->method == WS_HTTP_HEAD;
}

/* RFC 9110 section 9.3.2: a length that only making the content
 * would tell may be left out. */
void
ws_static_body(struct ws_static_context *c, uint64_t first, uint64_t octets)
{
	struct ws_static_answer *answer = c->answer;
	bool sent = !ws_static_is_head(c) && octets > 0;

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
		{ 406, "This is compressed, in a way that you do not accept." },
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

struct ws_chunk *
ws_static_chunk(const void *data, size_t len)
{
	struct ws_chunk *chunk = ws_chunk_new(len);

	if (chunk == NULL)
		return NULL;
	memcpy(chunk->at, data, len);
	chunk->len = len;
	return chunk;
}

/* Out of memory, the body stays empty: the status says enough. */
void
ws_static_text(struct ws_static_context *c)
{
	int status = c->answer->status;
	char text[160]; /* the longest sentence needs half of it */
	size_t len = (size_t)snprintf(text, sizeof(text), "%d %s\n\n%s\n",
	    status, ws_http_reason(status), sentence(status));

	ws_file_close(&c->answer->file);
	c->answer->body = ws_static_chunk(text, len);
	ws_static_field(c, "Content-Type", "text/plain; charset=utf-8");
	ws_static_body(c, 0, c->answer->body != NULL ? len : 0);
}

void
ws_static_describe(struct ws_static_context *c)
{
	const struct ws_file *file = &c->answer->file;

	ws_static_field(c, "Content-Type", file->type);
	if (file->encoding != NULL)
		ws_static_field(c, "Content-Encoding", file->encoding);
}

/* Vary is there for the plain file, too, or a cache would give it to everybody
 * (section 12.5.5). */
void
ws_static_validators(struct ws_static_context *c, const char *cache)
{
	ws_static_field(c, "ETag", c->answer->file.etag);
	ws_static_field(c, "Cache-Control", cache);
	if (c->answer->file.vary)
		ws_static_field(c, "Vary", "Accept-Encoding");
}

/* Of several lines the first one counts: to ignore the
 * rest is safe, as the answer may be larger for it but never one that the
 * client does not accept. */
struct ws_span
ws_static_accept_encoding(const struct ws_static_context *c)
{
	struct ws_span value = { "", 0 };

	ws_http_field(
	    c->ask->head, c->ask->buf, WS_SPAN("Accept-Encoding"), &value);
	return value;
}

void
ws_static_failure(struct ws_static_context *c, int status)
{
	ws_static_begin(c, status);
	if (status == 405) /* RFC 9110 section 15.5.6 */
		ws_static_field(c, "Allow", "GET, HEAD, OPTIONS");
	if (status == 503)
		ws_static_field(c, "Retry-After", "1");
	ws_static_field(c, "Cache-Control", "no-cache");
	ws_static_text(c);
}
