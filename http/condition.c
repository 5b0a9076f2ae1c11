/* condition.c - preconditions of a request (RFC 9110 section 13). */
/* SPDX-License-Identifier: MIT */
/*
 * Section 13.2.2 fixes the order in which they are looked at:
 *
 *	1. If-Match: none of the entity-tags is ours            412
 *	2. without it, If-Unmodified-Since: it was modified     412
 *	3. If-None-Match: one of the entity-tags is ours        304
 *	4. without it, If-Modified-Since: it was not            304
 *	5. Range, and If-Range agrees                           206
 *
 * A field that cannot be understood is ignored, except If-Range: when in doubt
 * the client gets the whole, which is never wrong.
 *
 * What is about to be compressed has two forms with an entity-tag each. Either
 * is good as an answer, so the client may go on with the one that it has.
 */
#include "condition.h"
#include "field.h"

/* Whether a list of entity-tags, all its lines together, has one of ours.
 * present tells whether the field is there at all. */
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

/* Read a field with one date. Two lines of it, or something else than a date,
 * are as none. */
static bool
date_field(const struct ws_conditions *c, struct ws_span name, int64_t *unix_s)
{
	struct ws_span value;

	return ws_http_field(c->head, c->buf, name, &value) == 1 &&
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
 * sent as Last-Modified. */
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
	return ws_field_date_read(value, &date) && date == c->modified_s;
}
