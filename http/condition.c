/* condition.c - preconditions of a request (RFC 9110 section 13). */
/* SPDX-License-Identifier: MIT */
/*
 * Section 13.2.2 fixes the order in which they are evaluated:
 *
 *	1. If-Match: none of the entity-tags is ours            412
 *	2. without it, If-Unmodified-Since: it was modified     412
 *	3. If-None-Match: one of the entity-tags is ours        304
 *	4. without it, If-Modified-Since: it was not            304
 *	5. Range, and If-Range agrees                           206
 *
 * A malformed field is ignored, except If-Range: when in doubt the client gets
 * the whole file, which is never wrong.
 *
 * A file that is about to be compressed has two representations, each with an
 * entity-tag. Either is a good answer, so a client that has one may keep it:
 *
 *	If-None-Match: "1a2b", and the tags are "1a2b" and "1a2b-gzip": 304
 */
#include "condition.h"
#include "field.h"

/* Look for our entity-tags in all lines of a list.
 *   present  receives whether the request has the field
 * Returns whether the list has one of them. */
static bool
tag_matches(
    struct ws_conditions *c, struct ws_span name, bool is_weak, bool *present)
{
	struct ws_span value;
	bool first = false, other = false;
	unsigned i;

	for (i = 0; ws_http_field_nth(c->head, c->buf, name, i, &value); i++) {
		first = first || ws_field_etag_listed(value, c->etag, is_weak);
		other = other || (c->other && ws_field_etag_listed(value,
						  c->other_etag, is_weak));
	}
	if (first && !other)
		c->other = false;
	*present = i > 0;
	return first || other;
}

/* Read a field with one date. Returns false when it is absent, repeated or not
 * a date, or the file has none to compare it with: RFC 9110 sections 13.1.3 and
 * 13.1.4 have it ignored then. */
static bool
date_field(const struct ws_conditions *c, struct ws_span name, int64_t *unix_s)
{
	struct ws_span value;

	return ws_condition_is_date(c->modified_s) &&
	       ws_http_field(c->head, c->buf, name, &value) == 1 &&
	       ws_field_date_read(value, unix_s);
}

bool
ws_condition_fails(struct ws_conditions *c)
{
	bool present;
	int64_t date;
	bool matches = tag_matches(c, WS_SPAN("If-Match"), false, &present);

	if (present)
		return !matches;
	return date_field(c, WS_SPAN("If-Unmodified-Since"), &date) &&
	       c->modified_s > date;
}

bool
ws_condition_not_modified(struct ws_conditions *c)
{
	bool present;
	int64_t date;
	bool matches = tag_matches(c, WS_SPAN("If-None-Match"), true, &present);

	if (present)
		return matches;
	return date_field(c, WS_SPAN("If-Modified-Since"), &date) &&
	       c->modified_s <= date;
}

/* An entity-tag is compared strongly; a date must be exactly the one that was
 * sent as Last-Modified, and strong: not of the second of Date or the one
 * before, in which the file may change once more (RFC 9110 section 8.8.2.2). */
bool
ws_condition_range(const struct ws_conditions *c)
{
	struct ws_span value;
	int64_t date;
	unsigned lines =
	    ws_http_field(c->head, c->buf, WS_SPAN("If-Range"), &value);

	if (lines != 1)
		return lines == 0;
	if (ws_span_equal(value, c->etag))
		return true;
	return ws_condition_is_date(c->modified_s) &&
	       ws_field_date_read(value, &date) && date == c->modified_s &&
	       date < c->now_s - 1;
}
