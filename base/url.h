/* url.h - percent-encoding and the parameters of a query (RFC 3986). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_URL_H
#define WS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bytes.h"

/* How a text is decoded; 0 for a path. */
enum {
	WS_URL_PLUS = 1,    /* '+' is a space, as in forms and queries */
	WS_URL_LENIENT = 2, /* '%' without two digits stands for itself */
};

/* Decode percent-encoded text once.
 *   in         borrowed; may overlap out only where both begin
 *   out, size  receive the first size octets; out may be NULL when size is 0
 *   flags      WS_URL_PLUS, WS_URL_LENIENT or both
 * Returns how many octets the whole text has, which is more than size if they
 * did not fit; or -1 when a '%' is not followed by two hexadecimal digits.
 * RFC 3986 section 2.1; URL Standard section 5.1 with both flags. */
ssize_t
ws_url_decode(struct ws_span in, char *out, size_t size, unsigned flags);

/* Whether a text is, once decoded, equal to a name. */
bool ws_url_is(struct ws_span encoded, const char *name, unsigned flags);

/* A host, with brackets around an IPv6 address, and a port. */
struct ws_authority {
	struct ws_span host,
	    port; /* spans; port is empty where there is none */
};

/* Split host[:port] at the last colon that is not in an IPv6 address. Neither
 * part is checked.
 *   authority  receives the parts, spans into text
 * RFC 3986 section 3.2. */
void ws_url_authority(struct ws_span text, struct ws_authority *authority);

/* Take the next name=value pair out of a query or a form.
 *   query        the rest; advanced behind the pair
 *   name, value  receive the pair, still encoded; value is empty when there is
 *                no '='
 * Returns false when nothing is left. URL Standard section 5.1. */
bool
ws_url_next(struct ws_span *query, struct ws_span *name, struct ws_span *value);

#endif
