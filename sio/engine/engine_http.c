/* engine_http.c - Engine.IO: which requests are good, and for what. */
/* SPDX-License-Identifier: MIT */
/*
 * Each request says in its query what it wants:
 *
 *	EIO        the protocol: 4, 3 or 2
 *	transport  polling or websocket
 *	sid        the session; without one, a new one is wanted
 *	b64        not empty: the client cannot take octets
 *	j          an index: the answer is wanted as a script
 *
 * The order of the checks is that of the reference server, since a request
 * can be wrong in several ways and gets one answer. What a WebSocket must not
 * be told after the upgrade is checked before it, unlike there.
 */
#include "engine.h"

#include <string.h>

/* The query of a request. */
struct wish {
	char transport[16];
	char sid[EIO_SID_LEN + 2]; /* empty: none; one too long stays unknown */
	int protocol;              /* 0: none that is known */
};

/* ---- the query --------------------------------------------------------- */

static void
read_wish(struct ws_request *request, struct wish *wish)
{
	const char *query = ws_request_query(request);
	char eio[4];

	(void)eio_query_get(
	    query, "transport", wish->transport, sizeof(wish->transport));
	if (eio_query_get(query, "sid", wish->sid, sizeof(wish->sid)) > 0 &&
	    wish->sid[0] == '\0')
		memcpy(wish->sid, "?", 2);
	wish->protocol = 0;
	if (eio_query_get(query, "EIO", eio, sizeof(eio)) == 1 &&
	    eio[0] >= '2' && eio[0] <= '4')
		wish->protocol = eio[0] - '0';
}

/* ---- refusals ---------------------------------------------------------- */

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
	/* The connection is dead after a failure, and answering on a dead one
	 * is the way to let go of it. */
	if (ws_reply(request, status, type, body, len) < 0)
		(void)ws_reply(request, status, type, body, len);
}

void
eio_refuse(
    struct ws_request *request, enum eio_refusal code, const char *message)
{
	struct sio_text body = { 0 };

	sio_text_puts(&body, "{\"code\":");
	sio_text_integer(&body, code);
	sio_text_puts(&body, ",\"message\":");
	if (message == NULL)
		message = messages[code];
	sio_text_quote(&body, message, strlen(message));
	sio_text_putc(&body, '}');
	if (body.error == 0)
		eio_reply(request, code == EIO_FORBIDDEN ? 403 : 400,
		    "application/json", body.at, body.len);
	else
		eio_reply(request, 503, NULL, "", 0);
	sio_text_free(&body);
}

/* A request for a WebSocket is refused in plain words. */
static void
refuse_upgrade(
    struct ws_request *request, enum eio_refusal code, const char *message)
{
	if (message == NULL)
		message = messages[code];
	(void)ws_reply(request, 400, "text/html", message, strlen(message));
}

/* ---- checks ------------------------------------------------------------ */

static bool
is_enabled(const struct eio *eio, const struct wish *wish)
{
	if (strcmp(wish->transport, "polling") == 0)
		return !eio->options.no_polling;
	return strcmp(wish->transport, "websocket") == 0 &&
	       !eio->options.no_websocket;
}

/* Check a request that belongs to a session. */
static enum eio_refusal
check_session(const struct eio_socket *s, const struct wish *wish, bool upgrade)
{
	if (s == NULL)
		return EIO_UNKNOWN_SID;
	/* "websocket" fits no request, not even for a session that is one. */
	if (!upgrade &&
	    (s->poll == NULL || strcmp(wish->transport, "polling") != 0))
		return EIO_BAD_REQUEST;
	if (wish->protocol != s->protocol)
		return EIO_BAD_REQUEST;
	return EIO_ACCEPTED;
}

/* Check a request for a new session. */
static enum eio_refusal
check_handshake(struct eio *eio, struct ws_request *request,
    const struct wish *wish, bool upgrade, const char **message)
{
	const struct eio_handler *handler = &eio->handler;

	if (strcmp(ws_request_method(request), "GET") != 0)
		return EIO_BAD_METHOD;
	if (!upgrade && strcmp(wish->transport, "websocket") == 0)
		return EIO_BAD_REQUEST;
	if (eio->stopping) {
		*message = "The server is shutting down";
		return EIO_FORBIDDEN;
	}
	if (handler->allow != NULL && !handler->allow(eio, request, message))
		return EIO_FORBIDDEN;
	if (wish->protocol < (eio->options.no_eio3 ? 4 : 2))
		return EIO_UNSUPPORTED;
	return EIO_ACCEPTED;
}

/* Check a request.
 *   socket  receives its session, NULL when it wants a new one */
static enum eio_refusal
check(struct eio *eio, struct ws_request *request, const struct wish *wish,
    bool upgrade, struct eio_socket **socket, const char **message)
{
	*socket = NULL;
	*message = NULL;
	if (!is_enabled(eio, wish))
		return EIO_UNKNOWN_TRANSPORT;
	if (wish->sid[0] == '\0')
		return check_handshake(eio, request, wish, upgrade, message);
	*socket = eio_session_find(eio, wish->sid, strlen(wish->sid));
	return check_session(*socket, wish, upgrade);
}

/* ---- requests ---------------------------------------------------------- */

/* Check a request that wants no WebSocket, and refuse it if it is wrong.
 * Returns whether it is right. */
static bool
admit(struct eio *eio, struct ws_request *request, struct wish *wish,
    struct eio_socket **socket)
{
	const char *message;
	enum eio_refusal code;

	read_wish(request, wish);
	code = check(eio, request, wish, false, socket, &message);
	if (code != EIO_ACCEPTED)
		eio_refuse(request, code, message);
	return code == EIO_ACCEPTED;
}

static bool
is_post(const struct ws_request *request)
{
	return strcmp(ws_request_method(request), "POST") == 0;
}

void
eio_http_early(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_socket *socket;
	struct wish wish;

	eio_cors_fields(&eio->cors, request);
	/* The bodies of others are of no use, and do no harm. */
	if (is_post(request) && admit(eio, request, &wish, &socket))
		(void)eio_poll_post_begin(socket, request);
}

void
eio_http_broken(struct ws_request *request, int status)
{
	struct eio_socket *socket = ws_request_state(request);

	/* The session survives it: maxPayload has told the client. */
	if (status == 413)
		(void)ws_reply(request, 413, NULL, "", 0);
	if (socket != NULL)
		eio_poll_post_broken(socket, status != 413);
}

/* Whether eio_http_early has seen a request. */
static bool
had_body(const struct ws_request *request)
{
	size_t len;

	(void)ws_request_body(request, &len);
	return len > 0 || ws_request_field(request, "Transfer-Encoding");
}

static void
answer_session(struct eio_socket *s, struct ws_request *request)
{
	if (strcmp(ws_request_method(request), "GET") == 0)
		eio_poll_get(s, request);
	else if (!is_post(request))
		(void)ws_reply(request, 500, "text/html", "", 0);
	else if (eio_poll_post_begin(s, request))
		eio_poll_post(s, request);
}

void
eio_http_request(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_socket *socket = ws_request_state(request);
	struct wish wish;

	if (socket != NULL) {
		eio_poll_post(socket, request);
		return;
	}
	if (!had_body(request))
		eio_cors_fields(&eio->cors, request);
	if (eio_cors_preflight(&eio->cors, request) ||
	    !admit(eio, request, &wish, &socket))
		return;
	if (socket != NULL)
		answer_session(socket, request);
	else
		eio_poll_open(eio, request, wish.protocol);
}

void
eio_http_upgrade(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_socket *socket;
	struct wish wish;
	enum eio_refusal code;
	const char *message;

	read_wish(request, &wish);
	code = check(eio, request, &wish, true, &socket, &message);
	if (code == EIO_ACCEPTED && strcmp(wish.transport, "websocket") != 0)
		code = EIO_BAD_REQUEST;
	if (code != EIO_ACCEPTED) {
		refuse_upgrade(request, code, message);
		return;
	}
	eio_cors_fields(&eio->cors, request);
	if (socket != NULL)
		eio_ws_upgrade(socket, request);
	else
		eio_ws_open(eio, request, wish.protocol);
}
