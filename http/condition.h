/* condition.h - preconditions of a request (RFC 9110 section 13). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_CONDITION_H
#define WS_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "http.h"

/* A request, and the representations that its conditions are about. Spans are
 * borrowed. */
struct ws_conditions {
	const struct ws_http_head *head;
	const char *buf;           /* that head was parsed from */
	struct ws_span etag;       /* strong, quotes included */
	struct ws_span other_etag; /* of the compressed representation */
	int64_t modified_s;        /* seconds since 1970 */
	int64_t now_s;             /* the same, as Date will say */
	bool other; /* send the compressed one; becomes false when the client
	               has the plain one */
};

/* Whether a time of modification is one. Package stores set that of all files to
 * 0 or 1, zip archives to the beginning of 1980, and npm to 26 October 1985,
 * 08:15, so it says nothing about any. */
static inline bool
ws_condition_is_date(int64_t modified_s)
{
	return modified_s > 1 && modified_s != 315532800 &&
	       modified_s != 499162500;
}

/* Whether If-Match, or without it If-Unmodified-Since, fails: 412.
 * RFC 9110 section 13.2.2 steps 1 and 2. */
bool ws_condition_fails(struct ws_conditions *c);

/* Whether If-None-Match matches, or without it If-Modified-Since says so: 304.
 * RFC 9110 section 13.2.2 steps 3 and 4. */
bool ws_condition_not_modified(struct ws_conditions *c);

/* Whether Range may be honoured: If-Range is absent or names the plain
 * representation. RFC 9110 section 13.1.5. */
bool ws_condition_range(const struct ws_conditions *c);

#endif
