/* static_file.c - answer with a file, a part of it, or that it is known. */
/* SPDX-License-Identifier: MIT */
/*
 * RFC 9110 section 13.2.2 fixes the order of these; the first that applies wins:
 *
 *   If-Match fails, or without it
 *     If-Unmodified-Since                 412
 *   If-None-Match matches, or without
 *     it If-Modified-Since                304, which has no body
 *   Range of one part, and If-Range
 *     agrees (section 13.1.5)             206, or 416
 *   otherwise                             200
 *
 * A file that would be compressed for this client has two entity-tags, of which
 * either is a match: the client may hold the one form or the other.
 */
#include <stdio.h>

#include "http/condition.h"
#include "http/field.h"
#include "static_file.h"
#include "static_gzip.h"

/* RFC 9110 section 14.4: "bytes 0-499/1234", the last octet included. */
static void
content_range(struct ws_static_context *c, uint64_t first, uint64_t octets)
{
	char value[80];

	(void)snprintf(value, sizeof(value), "bytes %llu-%llu/%llu",
	    (unsigned long long)first, (unsigned long long)(first + octets - 1),
	    (unsigned long long)c->answer->file.octets);
	ws_static_field(c, "Content-Range", value);
}

/* Write Last-Modified, if the file has a date. RFC 9110 section 8.8.2.1: it is
 * never later than Date. */
static void
last_modified(struct ws_static_context *c)
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
content(struct ws_static_context *c, const char *cache, int status,
    uint64_t first, uint64_t octets)
{
	if (!ws_static_recode(c)) {
		ws_static_failure(c, c->broken ? 500 : 503);
		return;
	}
	if (status == 200)
		octets = c->answer->file.octets;
	ws_static_begin(c, status);
	ws_static_describe(c);
	ws_static_validators(c, cache);
	last_modified(c);
	if (!c->gzip)
		ws_static_field(c, "Accept-Ranges", "bytes");
	if (status == 206)
		content_range(c, first, octets);
	ws_static_body(c, first, octets);
}

/* Answer 416 and tell the length of the file (RFC 9110 section 15.5.17). */
static void
unsatisfiable(struct ws_static_context *c)
{
	char value[40];

	(void)snprintf(value, sizeof(value), "bytes */%llu",
	    (unsigned long long)c->answer->file.octets);
	ws_static_begin(c, 416);
	ws_static_field(c, "Content-Range", value);
	ws_static_field(c, "Accept-Ranges", "bytes");
	ws_static_field(c, "Cache-Control", "no-cache");
	ws_static_text(c);
}

/* Read the range asked for. RFC 9110 section 14.2: Range is defined for GET
 * only. */
static enum ws_range
range_of(const struct ws_static_context *c,
    const struct ws_conditions *conditions, uint64_t *first, uint64_t *octets)
{
	struct ws_span value;

	if (c->ask->head->method != WS_HTTP_GET ||
	    ws_http_field(
		c->ask->head, c->ask->buf, WS_SPAN("Range"), &value) != 1 ||
	    !ws_condition_range(conditions))
		return WS_RANGE_NONE;
	return ws_field_range(value, c->answer->file.octets, first, octets);
}

/* RFC 9110 section 15.4.5: 304 has the entity-tag that 200 would have. */
static void
not_modified(struct ws_static_context *c, const char *cache)
{
	if (c->gzip)
		ws_file_tag_coding(&c->answer->file, "gzip");
	ws_static_begin(c, 304);
	ws_static_validators(c, cache);
	ws_file_close(&c->answer->file);
}

static void
conditional(struct ws_static_context *c, struct ws_conditions *conditions,
    const char *cache)
{
	uint64_t first = 0, octets = c->answer->file.octets;
	bool fails = ws_condition_fails(conditions);
	bool not_changed = !fails && ws_condition_not_modified(conditions);

	c->gzip = conditions->other;
	if (fails) {
		ws_static_failure(c, 412);
		return;
	}
	if (not_changed) {
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

void
ws_static_file(struct ws_static_context *c, const char *cache)
{
	struct ws_file *file = &c->answer->file, coded = *file;
	struct ws_conditions conditions = {
		.head = c->ask->head,
		.buf = c->ask->buf,
		.etag = ws_span_of(file->etag),
		.modified_s = file->modified_s,
		.now_s = c->ask->gzip_cache->now_s,
		.other = ws_static_may_gzip(c),
	};

	if (conditions.other) {
		ws_file_tag_coding(&coded, "gzip");
		conditions.other_etag = ws_span_of(coded.etag);
	}
	conditional(c, &conditions, cache);
}
