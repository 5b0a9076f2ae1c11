/* handshake.h - the opening handshake, server side (RFC 6455 section 4.2). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "http.h"

#define WS_ACCEPT_SIZE 28 /* base64 of 20 octets */

/* Return whether the Upgrade field of a request names "websocket". Method and
 * the rest of the handshake may be wrong. */
bool ws_handshake_wanted(const struct ws_http_head *head, const char *buf);

/* Check all that RFC 6455 section 4.2.1 demands of a client.
 *   head, buf  a complete request head and the buffer it was parsed from
 *   reason     receives a sentence when it is refused, static
 * Returns 0, or the HTTP status to refuse with: 400, 405, or 426 when the
 * version is not 13 (the answer must then have Sec-WebSocket-Version: 13). */
int ws_handshake_check(
    const struct ws_http_head *head, const char *buf, const char **reason);

/* Check the origin of the page that opens the connection.
 *   allowed, also  lists of origins as in struct ws_options, which are allowed
 *                  beside the server's own; or NULL
 * A request without Origin is not a browser's and is allowed.
 * Returns whether it is allowed. RFC 6455 sections 4.2.2 and 10.2. */
bool ws_handshake_origin(const struct ws_http_head *head, const char *buf,
    const char *allowed, const char *also, const char **reason);

/* Compute the value of Sec-WebSocket-Accept.
 *   accept  exactly WS_ACCEPT_SIZE characters, not terminated
 * RFC 6455 section 4.2.2, item 5.4. */
void ws_handshake_accept(const struct ws_http_head *head, const char *buf,
    char accept[WS_ACCEPT_SIZE]);

/* Return whether the fields that offer extensions conform to their grammar; if
 * not, the answer is 400. For a server that would agree on an extension, but
 * not for this request. RFC 6455 section 9.1. */
bool ws_handshake_extensions(const struct ws_http_head *head, const char *buf);

/* Find the first subprotocol that the client offers, if it is a token.
 * Returns whether there is one. RFC 6455 section 4.1, item 10. */
bool ws_handshake_first(const struct ws_http_head *head, const char *buf,
    struct ws_span *subprotocol);

/* Return whether the client offers a subprotocol; case matters.
 * RFC 6455 section 4.1, item 10. */
bool ws_handshake_offers(const struct ws_http_head *head, const char *buf,
    struct ws_span subprotocol);

#endif
