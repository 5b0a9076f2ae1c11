/* answer.c - how requests are answered and refused, and WebSockets dropped. */
/* SPDX-License-Identifier: MIT */
/*
 * Engine.IO protocol 4 says nothing about how requests are refused. The codes,
 * the messages and the statuses are those of the reference server (the class
 * Server of engine.io 6), since applications show them and tests of clients
 * compare them. Only the answer to too many sessions has a status of its own.
 */
#include "answer.h"

#include <string.h>

#include "engine.h"
#include "sio/json/format.h"

static const char *const messages[] = {
	[EIO_UNKNOWN_TRANSPORT] = "Transport unknown",
	[EIO_UNKNOWN_SID] = "Session ID unknown",
	[EIO_BAD_METHOD] = "Bad handshake method",
	[EIO_BAD_REQUEST] = "Bad request",
	[EIO_FORBIDDEN] = "Forbidden",
	[EIO_UNSUPPORTED] = "Unsupported protocol version",
};

void
eio_reply(struct ws_request *request, int status, const char *type,
    const char *body, size_t len)
{
	/* After a failure the connection is dead. Answering once more releases
	 * a request of a dead connection. */
	if (ws_reply(request, status, type, body, len) < 0)
		(void)ws_reply(request, status, type, body, len);
}

void
eio_reply_empty(struct ws_request *request, int status)
{
	(void)ws_reply(request, status, "text/html", "", 0);
}

void
eio_reply_ok(struct ws_request *request)
{
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	eio_reply(request, 200, "text/html", "ok", 2);
}

/* Tell the application that a request is refused.
 *   message  NULL for the one that belongs to the code
 * Returns what the client is told. */
static const char *
tell(struct ws_request *request, enum eio_refusal code, const char *message)
{
	struct eio *eio = ws_request_user(request);

	if (message == NULL)
		message = messages[code];
	if (eio->handler.refused != NULL)
		eio->handler.refused(eio, request, (int)code, message);
	return message;
}

/* Return the status of a refusal: that which the application has chosen, or
 * else the usual one. */
static int
status_of(
    const struct ws_request *request, enum eio_refusal code, int otherwise)
{
	const struct eio *eio = ws_request_user(request);

	return code == EIO_FORBIDDEN && eio->refusal != 0 ? eio->refusal
							  : otherwise;
}

int
eio_refuse_with(struct ws_request *request, int status)
{
	struct eio *eio = ws_request_user(request);

	if (status < 400 || status > 599)
		return WS_EINVAL;
	eio->refusal = status;
	return 0;
}

/* Refuse a request with a status and an error as the reference writes it. */
static void
refuse(struct ws_request *request, int status, enum eio_refusal code,
    const char *message)
{
	struct sio_text body = { 0 };

	message = tell(request, code, message);
	if (sio_format(&body, "{code: %d, message: %s}", code, message) == 0)
		eio_reply(
		    request, status, "application/json", body.at, body.len);
	else
		eio_reply(request, 503, NULL, "", 0);
	sio_text_free(&body);
}

void
eio_refuse(
    struct ws_request *request, enum eio_refusal code, const char *message)
{
	int status = code == EIO_FORBIDDEN ? 403 : 400;

	refuse(request, status_of(request, code, status), code, message);
}

void
eio_refuse_session(struct ws_request *request, int status)
{
	if (status == 400) {
		eio_refuse(request, EIO_BAD_REQUEST, NULL);
		return;
	}
	(void)ws_reply_field(request, "Retry-After", "1");
	refuse(request, status, EIO_FORBIDDEN,
	    status == 429 ? "Too many sessions of your address"
			  : "Too many sessions");
}

void
eio_refuse_upgrade(
    struct ws_request *request, enum eio_refusal code, const char *message)
{
	int status = status_of(request, code, 400);

	message = tell(request, code, message);
	(void)ws_reply(request, status, "text/html", message, strlen(message));
}

void
eio_drop_websocket(struct ws_conn *conn)
{
	if (conn == NULL)
		return;
	ws_set_user(conn, NULL);
	(void)ws_close(conn, 0, NULL, 0);
}
