/* target.h - the request-target and Host of a request (RFC 9112 section 3). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_TARGET_H
#define WS_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "http.h"

/* Whether a span is host[:port], as in Host and in an authority-form. Userinfo
 * is refused: in an http URI it is only good for deceiving somebody
 * (RFC 9110 section 4.2.4).
 *   port_octets  receives how long the port is */
bool ws_target_authority(struct ws_span authority, size_t *port_octets);

/* Take a request-target apart into path, query and host.
 *   h        its method is known; the parts are stored in it
 *   at, end  where the target stands in buf; it is not empty and has only
 *            octets of the class WS_HTTP_TARGET
 * Returns 1, or WS_HTTP_ETARGET when it has none of the four forms, or one
 * that does not go with the method. RFC 9112 section 3.2. */
int
ws_target_read(struct ws_http_head *h, const char *buf, size_t at, size_t end);

#endif
