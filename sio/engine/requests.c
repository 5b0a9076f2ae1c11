/* requests.c - which requests are good, and for what. */
/* SPDX-License-Identifier: MIT */
/*
 * Each request says in its query what it wants:
 *
 *	EIO        the protocol: 4, 3 or 2
 *	transport  polling or websocket
 *	sid        the session; without it, the client wants a new one
 *	b64        not empty: the client cannot take octets
 *	j          an index: the client wants the answer as a script
 *
 * A request can be wrong in several ways and gets one answer, so the checks
 * have the order of the reference server. But EIO is checked before a request
 * for a WebSocket is accepted; the reference finds out afterwards, when it can
 * no longer answer with a status.
 *
 * Engine.IO protocol 4, "Transports".
 */
#include "requests.h"

#include <string.h>

#include "answer.h"
#include "polling.h"
#include "post.h"
#include "query.h"
#include "websocket.h"

/* What a request asks for. */
struct asked {
	char transport[16];
	char sid[EIO_SID_LEN + 2];   /* empty: for a new session */
	int protocol;                /* 0: none that is known */
	bool upgrade;                /* for a WebSocket */
	struct eio_session *session; /* that sid names; or NULL */
	const char *message;         /* of a refusal; NULL: the usual */
};

static void
read_query(const char *query, struct asked *asked)
{
	char eio[4];

	(void)eio_query_get(
	    query, "transport", asked->transport, sizeof(asked->transport));
	if (eio_query_get(query, "sid", asked->sid, sizeof(asked->sid)) > 0 &&
	    asked->sid[0] == '\0')
		memcpy(asked->sid, "?", 2); /* too long: it stays unknown */
	if (eio_query_get(query, "EIO", eio, sizeof(eio)) == 1 &&
	    eio[0] >= '2' && eio[0] <= '4')
		asked->protocol = eio[0] - '0';
}

/* ---- checks ------------------------------------------------------------ */

static bool
is_enabled(const struct eio *eio, const char *transport)
{
	if (strcmp(transport, "polling") == 0)
		return !eio->options.no_polling;
	return strcmp(transport, "websocket") == 0 &&
	       !eio->options.no_websocket;
}

/* Check a request that belongs to a session. */
static enum eio_refusal
check_session(const struct asked *asked)
{
	if (asked->session == NULL)
		return EIO_UNKNOWN_SID;
	/* "websocket" fits no request, not even for a session that a WebSocket
	 * carries. */
	if (!asked->upgrade && (eio_poll_of(asked->session) == NULL ||
				   strcmp(asked->transport, "polling") != 0))
		return EIO_BAD_REQUEST;
	return asked->protocol == asked->session->protocol ? EIO_ACCEPTED
							   : EIO_BAD_REQUEST;
}

/* Return whether a client of Socket.IO 0.9 asks: it begins with /socket.io/1/,
 * and has no query but the time. */
static bool
is_of_09(const struct ws_request *request)
{
	const char *path = ws_request_path(request);
	size_t len = strlen(path);

	return len >= 3 && strcmp(path + len - 3, "/1/") == 0;
}

/* Check a request for a new session. */
static enum eio_refusal
check_handshake(
    struct eio *eio, struct ws_request *request, struct asked *asked)
{
	const struct eio_handler *handler = &eio->handler;

	if (strcmp(ws_request_method(request), "GET") != 0)
		return EIO_BAD_METHOD;
	if (!asked->upgrade && strcmp(asked->transport, "websocket") == 0)
		return EIO_BAD_REQUEST;
	eio->refusal = 0;
	if (eio->stopping) {
		asked->message = "The server is shutting down";
		return EIO_FORBIDDEN;
	}
	if (handler->allow != NULL &&
	    !handler->allow(eio, request, &asked->message))
		return EIO_FORBIDDEN;
	if (asked->protocol < (eio->options.no_eio3 ? 4 : 2))
		return EIO_UNSUPPORTED;
	return EIO_ACCEPTED;
}

static enum eio_refusal
check(struct eio *eio, struct ws_request *request, struct asked *asked)
{
	read_query(ws_request_query(request), asked);
	if (asked->protocol == 0 && is_of_09(request)) {
		asked->message = "Socket.IO 0.9 is not supported, only clients "
				 "of versions 1 to 4";
		return EIO_UNSUPPORTED;
	}
	if (!is_enabled(eio, asked->transport))
		return EIO_UNKNOWN_TRANSPORT;
	if (asked->sid[0] == '\0')
		return check_handshake(eio, request, asked);
	asked->session = eio_session_find(eio, asked->sid, strlen(asked->sid));
	return check_session(asked);
}

/* ---- requests ---------------------------------------------------------- */

/* Let the application add fields to the answer to a request. */
static void
add_fields(struct eio *eio, struct ws_request *request, bool first)
{
	if (eio->handler.headers != NULL)
		eio->handler.headers(eio, request, first);
}

/* Check a request that asks for no WebSocket, and refuse it if it is wrong.
 *   asked  receives what it asks for
 * Returns whether it was accepted. */
static bool
admit(struct eio *eio, struct ws_request *request, struct asked *asked)
{
	enum eio_refusal code;

	*asked = (struct asked){ .upgrade = false };
	code = check(eio, request, asked);
	if (code == EIO_ACCEPTED)
		add_fields(eio, request, asked->session == NULL);
	else
		eio_refuse(request, code, asked->message);
	return code == EIO_ACCEPTED;
}

static bool
is_post(const struct ws_request *request)
{
	return strcmp(ws_request_method(request), "POST") == 0;
}

void
eio_requests_early(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct asked asked;

	(void)eio_cors_fields(&eio->cors, request);
	/* Bodies of other methods have no use, and do no harm. */
	if (is_post(request) && admit(eio, request, &asked))
		(void)eio_post_begin(eio_poll_of(asked.session), request);
}

void
eio_requests_broken(struct ws_request *request, int status)
{
	struct eio_session *session = ws_request_state(request);

	/* The session survives a body that is too large, as in the reference:
	 * maxPayload has told the client. */
	if (status == 413)
		(void)ws_reply(request, 413, NULL, "", 0);
	if (session != NULL)
		eio_post_broken(eio_poll_of(session), status != 413);
}

/* Return whether eio_requests_early was called for a request. */
static bool
had_body(const struct ws_request *request)
{
	size_t len;

	(void)ws_request_body(request, &len);
	return len > 0 || ws_request_field(request, "Transfer-Encoding");
}

static void
answer_poll(struct eio_poll *poll, struct ws_request *request)
{
	if (strcmp(ws_request_method(request), "GET") == 0)
		eio_poll_get(poll, request);
	else if (!is_post(request))
		eio_reply_empty(request, 500);
	else if (eio_post_begin(poll, request))
		eio_post_body(poll, request);
}

void
eio_requests_handle(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_session *session = ws_request_state(request);
	struct asked asked;
	bool cors;

	if (session != NULL) {
		eio_post_body(eio_poll_of(session), request);
		return;
	}
	cors = eio->cors.origin != NULL || eio->cors.allow != NULL;
	if (!had_body(request))
		cors = eio_cors_fields(&eio->cors, request);
	if ((cors && eio_cors_preflight(&eio->cors, request)) ||
	    !admit(eio, request, &asked))
		return;
	if (asked.session != NULL)
		answer_poll(eio_poll_of(asked.session), request);
	else
		eio_poll_open(eio, request, asked.protocol);
}

/* Return whether a page may open a WebSocket, where the application decides
 * about pages. The server itself has decided otherwise. */
static bool
is_welcome(struct eio *eio, struct ws_request *request)
{
	return eio->cors.allow == NULL ||
	       eio_cors_fields(&eio->cors, request) || eio_cors_is_own(request);
}

void
eio_requests_upgrade(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct asked asked = { .upgrade = true };
	enum eio_refusal code = EIO_FORBIDDEN;

	if (is_welcome(eio, request))
		code = check(eio, request, &asked);
	else {
		asked.message = "the page comes from another origin than this "
				"server";
		(void)eio_refuse_with(request, 403);
	}
	if (code == EIO_ACCEPTED && strcmp(asked.transport, "websocket") != 0)
		code = EIO_BAD_REQUEST;
	if (code != EIO_ACCEPTED) {
		eio_refuse_upgrade(request, code, asked.message);
		return;
	}
	if (eio->cors.allow == NULL)
		(void)eio_cors_fields(&eio->cors, request);
	add_fields(eio, request, asked.session == NULL);
	if (asked.session != NULL)
		eio_websocket_upgrade(asked.session, request);
	else
		eio_websocket_open(eio, request, asked.protocol);
}
