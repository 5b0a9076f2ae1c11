/* field.h - meanings of HTTP field values (RFC 9110). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FIELD_H
#define WS_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/* Take the next member out of a comma-separated list; empty members are
 * skipped, white space around members is dropped, commas inside a quoted
 * string do not separate. Linear in what it takes.
 *   list    what is left of the list; advanced behind the member
 *   member  receives the member
 * Returns false when there is no further member. RFC 9110 section 5.6.1. */
bool ws_field_next(struct ws_span *list, struct ws_span *member);

#define WS_FIELD_DATE_SIZE 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* Write a time as IMF-fixdate.
 *   unix_s  seconds since 1970, 0 to 253402300799 (the year 9999); what is
 *           outside is written as the nearest
 *   out     exactly WS_FIELD_DATE_SIZE characters, not terminated
 * RFC 9110 section 5.6.7. No use of the C library's locale or time zone. */
void ws_field_date_write(int64_t unix_s, char out[WS_FIELD_DATE_SIZE]);

/* Read an HTTP date in any of the three forms.
 *   unix_s  receives seconds since 1970
 * Returns false when it is none. RFC 9110 section 5.6.7; a two-digit year is
 * taken as 1970 to 2069. */
bool ws_field_date_read(struct ws_span value, int64_t *unix_s);

/* Whether If-Match or If-None-Match names an entity-tag: "*", or a list with
 * the tag in it. Malformed members never match.
 *   etag      the whole entity-tag, quotes included
 *   is_weak   by weak comparison, for which W/ makes no difference; by strong
 *             comparison a tag that has it equals none
 * RFC 9110 sections 8.8.3.2, 13.1.1 and 13.1.2. */
bool
ws_field_etag_listed(struct ws_span list, struct ws_span etag, bool is_weak);

/* What a Range field asks for. */
enum ws_range {
	WS_RANGE_NONE, /* ignore it: malformed, another unit, several ranges */
	WS_RANGE_ONE,  /* first and length are set: 206 */
	WS_RANGE_UNSATISFIABLE, /* 416 */
};

/* Read a Range field against a representation.
 *   size    octets of the representation
 *   first   receives the offset of the first octet
 *   length  receives the number of octets, at least 1
 * RFC 9110 section 14.2: only one range is honoured; several, which a server
 * may ignore, are answered whole. Numbers of any length cannot overflow. */
enum ws_range ws_field_range(
    struct ws_span value, uint64_t size, uint64_t *first, uint64_t *length);

/* How much a client wants a content coding, from its Accept-Encoding: 0 to
 * 1000 (q times 1000), 0 for not acceptable. "*" counts when the coding is
 * not named. Malformed members are skipped. RFC 9110 section 12.5.3. */
unsigned
ws_field_accepts(struct ws_span accept_encoding, struct ws_span coding);

/* The weight of no coding at all, 0 when the client does not name it. Not
 * naming it makes it acceptable (RFC 9110 section 12.5.3), but does not mean
 * that it is preferred: "gzip;q=0.8" asks for gzip. */
unsigned ws_field_identity(struct ws_span accept_encoding);

/* Whether gzip is the better one of gzip and no coding at all. */
bool ws_field_wants_gzip(struct ws_span accept_encoding);

#endif
