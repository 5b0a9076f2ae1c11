/* target.h - the request-target and Host of a request (RFC 9112 section 3). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_TARGET_H
#define WS_TARGET_H

#include <stdbool.h>

#include "base/url.h"

/* The parts of a request-target: spans into it, empty where it has none. */
struct ws_target {
	struct ws_span path;  /* "/..." or "*"; empty for CONNECT */
	struct ws_span query; /* without its '?' */
	struct ws_span host;  /* host[:port]; empty in the origin-form */
	bool has_query;       /* there is a '?', perhaps with nothing behind */
};

/* Take a request-target apart.
 *   method  of the request, an enum ws_http_method
 *   text    not empty; only octets of the class WS_HTTP_TARGET; borrowed
 *   target  receives the parts
 * Returns false when the text has none of the four forms, or a form that does
 * not go with the method. RFC 9112 section 3.2. */
bool ws_target_read(int method, struct ws_span text, struct ws_target *target);

/* Take host[:port] apart, as it is in Host and in an authority-form. Userinfo is
 * refused: in an http URI it only serves to deceive the reader (RFC 9110 section
 * 4.2.4).
 *   authority  receives the parts, spans into text
 * Returns false when the text is malformed. RFC 3986 section 3.2. */
bool ws_target_authority(struct ws_span text, struct ws_authority *authority);

#endif
