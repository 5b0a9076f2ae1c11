/* origin.h - which pages are of this server, and which are on a list. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ORIGIN_H
#define WS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

/* Whether the page of an origin is this server's own: the origin has the host
 * and port of the request's Host. The scheme only implies the port if that is
 * missing, because behind a proxy that ends TLS the page is https and the
 * connection is not. ws counts as http, and wss as https.
 * RFC 6454 section 4. */
bool ws_origin_same(struct ws_span origin, struct ws_span host);

/* Whether an origin is on a list.
 *   list  origins and patterns, see ws_origin_next; "*" is every origin */
bool ws_origin_listed(struct ws_span origin, const char *list);

/* Take the next member out of a list, whose members commas or blanks separate.
 *   list    the rest of the list; advanced behind the member
 *   member  receives the member
 * Returns false when there is no further member. */
bool ws_origin_next(const char **list, struct ws_span *member);

/* Whether a member of a list is an origin as browsers and clients send them, or
 * a pattern that some of them match:
 *
 *	https://a.example        http://b.example:8080       null
 *	http://localhost:*       every port
 *	file://                  app://x      chrome-extension://ID
 *
 * A host "*.a.example" is each one below a.example, but not itself. A default
 * port is equal to none, ws and wss are http and https, one slash at
 * the end is ignored, and case does not matter. */
bool ws_origin_is_pattern(struct ws_span member);

#endif
