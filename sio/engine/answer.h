/* answer.h - how requests are answered and refused, and WebSockets dropped. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_ANSWER_H
#define EIO_ANSWER_H

#include <stddef.h>

#include "ws.h"

/* The codes of the reference's errors, which clients see. */
enum eio_refusal {
	EIO_UNKNOWN_TRANSPORT = 0,
	EIO_UNKNOWN_SID = 1,
	EIO_BAD_METHOD = 2,
	EIO_BAD_REQUEST = 3,
	EIO_FORBIDDEN = 4,
	EIO_UNSUPPORTED = 5,
	EIO_ACCEPTED, /* not refused */
};

/* Answer a request as ws_reply does. If that fails, the connection dies and the
 * request is released: a request that was held is not reported as gone. */
void eio_reply(struct ws_request *request, int status, const char *type,
    const char *body, size_t len);

/* Answer a POST whose packets were read. */
void eio_reply_ok(struct ws_request *request);

/* Answer a request with an empty body of text/html, as the reference does.
 *   status  400 or 500 */
void eio_reply_empty(struct ws_request *request, int status);

/* Refuse a request.
 *   message  NULL for the one that belongs to the code */
void eio_refuse(
    struct ws_request *request, enum eio_refusal code, const char *message);

/* Refuse a request for a new session.
 *   status  as eio_session_new says */
void eio_refuse_session(struct ws_request *request, int status);

/* Refuse a request for a WebSocket: in plain words, and with 400 unless the
 * application has chosen a status. */
void eio_refuse_upgrade(
    struct ws_request *request, enum eio_refusal code, const char *message);

/* Close a WebSocket that belongs to no session from now on. NULL is allowed. */
void eio_drop_websocket(struct ws_conn *conn);

#endif
