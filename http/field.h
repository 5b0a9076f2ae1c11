/* field.h - meanings of HTTP field values (RFC 9110). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FIELD_H
#define WS_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Take the next member out of a comma-separated list. Skips empty members and
 * the white space around members; a comma inside a quoted string does not
 * separate. Takes time in proportion to the octets taken.
 *   list    the rest of the list; advanced behind the member
 *   member  receives the member
 * Returns false when there is no further member. RFC 9110 section 5.6.1. */
bool ws_field_next(struct ws_span *list, struct ws_span *member);

#define WS_FIELD_DATE_SIZE 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* Write a time as IMF-fixdate, whatever the locale and the time zone are.
 *   unix_s  seconds since 1970, 0 to 253402300799 (the year 9999); a time
 *           outside is written as the nearest of these
 *   out     exactly WS_FIELD_DATE_SIZE characters, not terminated
 * RFC 9110 section 5.6.7. */
void ws_field_date_write(int64_t unix_s, char out[WS_FIELD_DATE_SIZE]);

/* Read an HTTP date in any of the three forms.
 *   unix_s  receives seconds since 1970
 * Returns false when the value is not a date. RFC 9110 section 5.6.7; a year of
 * two digits is one of 1970 to 2069. */
bool ws_field_date_read(struct ws_span value, int64_t *unix_s);

/* Look for an entity-tag in If-Match or If-None-Match: "*", or a list with the
 * tag in it. A malformed member matches nothing.
 *   etag      the whole entity-tag, quotes included
 *   is_weak   compare weakly: W/ makes no difference. A strong comparison with
 *             a tag that has W/ is always false
 * Returns whether the field names the tag. RFC 9110 sections 8.8.3.2, 13.1.1
 * and 13.1.2. */
bool
ws_field_etag_listed(struct ws_span list, struct ws_span etag, bool is_weak);

/* The three kinds of Range fields. */
enum ws_range {
	WS_RANGE_NONE, /* ignore it: malformed, another unit, several ranges */
	WS_RANGE_ONE,  /* answer 206; first and length are set */
	WS_RANGE_UNSATISFIABLE, /* answer 416 */
};

/* Read a Range field against a representation.
 *   size    octets of the representation
 *   first   receives the offset of the first octet
 *   length  receives the number of octets, at least 1
 * Only one range is honoured: a server may ignore a Range field, and this one
 * does so when there are several. Numbers of any length cannot overflow.
 * RFC 9110 section 14.2. */
enum ws_range ws_field_range(
    struct ws_span value, uint64_t size, uint64_t *first, uint64_t *length);

/* Read the weight of a content coding from Accept-Encoding. "*" counts when the
 * coding is not named. Malformed members are skipped.
 * Returns q times 1000, 0 for a coding that is not acceptable. RFC 9110 section
 * 12.5.3. */
unsigned
ws_field_accepts(struct ws_span accept_encoding, struct ws_span coding);

/* Read the weight of "identity", which is no coding at all, from
 * Accept-Encoding. A client that does not name it accepts it (RFC 9110 section
 * 12.5.3), but does not prefer it: "gzip;q=0.8" asks for gzip.
 * Returns q times 1000, 0 when identity is not named. */
unsigned ws_field_identity(struct ws_span accept_encoding);

/* Whether a client likes gzip at least as much as no coding at all. */
bool ws_field_wants_gzip(struct ws_span accept_encoding);

#endif
