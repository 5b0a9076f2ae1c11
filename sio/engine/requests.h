/* requests.h - the requests of an endpoint: handlers for the server. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_REQUESTS_H
#define EIO_REQUESTS_H

#include "ws.h"

/* A request, complete: for ws_http. */
void eio_requests_handle(struct ws_request *request);

/* The head of a request whose body is to come, and the news that the body will
 * not come: for ws_http_body. */
void eio_requests_early(struct ws_request *request);
void eio_requests_broken(struct ws_request *request, int status);

/* A request for a WebSocket: for struct ws_handler. */
void eio_requests_upgrade(struct ws_request *request);

#endif
