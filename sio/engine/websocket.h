/* websocket.h - sessions that WebSockets carry, or may soon. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_WEBSOCKET_H
#define EIO_WEBSOCKET_H

#include "session.h"

/* Return the handler for the WebSockets of an endpoint, without its member
 * upgrade, which decides about requests. */
struct ws_handler eio_websocket_handler(void);

/* Begin a session with a request that was checked. */
void
eio_websocket_open(struct eio *eio, struct ws_request *request, int protocol);

/* Begin an upgrade of a session with a request that was checked. */
void
eio_websocket_upgrade(struct eio_session *session, struct ws_request *request);

#endif
