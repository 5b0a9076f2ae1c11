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
 * The order of the checks is that of the reference server, since a request
 * can be wrong in several ways and gets one answer. What a WebSocket must not
 * be told after the upgrade is checked before it, unlike there.
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

/* What the query of a request says. */
struct params {
	char transport[16];
	char sid[EIO_SID_LEN + 2]; /* empty: a new session is wanted */
	int protocol;              /* 0: none that is known */
};

static void
read_params(struct ws_request *request, struct params *params)
{
	const char *query = ws_request_query(request);
	char eio[4];

	(void)eio_query_get(
	    query, "transport", params->transport, sizeof(params->transport));
	if (eio_query_get(query, "sid", params->sid, sizeof(params->sid)) > 0 &&
	    params->sid[0] == '\0')
		memcpy(params->sid, "?", 2); /* too long: it stays unknown */
	params->protocol = 0;
	if (eio_query_get(query, "EIO", eio, sizeof(eio)) == 1 &&
	    eio[0] >= '2' && eio[0] <= '4')
		params->protocol = eio[0] - '0';
}

/* ---- checks ------------------------------------------------------------ */

static bool
is_enabled(const struct eio *eio, const struct params *params)
{
	if (strcmp(params->transport, "polling") == 0)
		return !eio->options.no_polling;
	return strcmp(params->transport, "websocket") == 0 &&
	       !eio->options.no_websocket;
}

/* Check a request that belongs to a session. */
static enum eio_refusal
check_session(
    const struct eio_socket *session, const struct params *params, bool upgrade)
{
	if (session == NULL)
		return EIO_UNKNOWN_SID;
	/* "websocket" fits no request, not even for a session that a WebSocket
	 * carries. */
	if (!upgrade && (eio_poll_of(session) == NULL ||
			    strcmp(params->transport, "polling") != 0))
		return EIO_BAD_REQUEST;
	if (params->protocol != session->protocol)
		return EIO_BAD_REQUEST;
	return EIO_ACCEPTED;
}

/* Check a request for a new session. */
static enum eio_refusal
check_handshake(struct eio *eio, struct ws_request *request,
    const struct params *params, bool upgrade, const char **message)
{
	const struct eio_handler *handler = &eio->handler;

	if (strcmp(ws_request_method(request), "GET") != 0)
		return EIO_BAD_METHOD;
	if (!upgrade && strcmp(params->transport, "websocket") == 0)
		return EIO_BAD_REQUEST;
	if (eio->stopping) {
		*message = "The server is shutting down";
		return EIO_FORBIDDEN;
	}
	if (handler->allow != NULL && !handler->allow(eio, request, message))
		return EIO_FORBIDDEN;
	if (params->protocol < (eio->options.no_eio3 ? 4 : 2))
		return EIO_UNSUPPORTED;
	return EIO_ACCEPTED;
}

/* Check a request.
 *   session  receives its session, NULL when it wants a new one */
static enum eio_refusal
check(struct eio *eio, struct ws_request *request, const struct params *params,
    bool upgrade, struct eio_socket **session, const char **message)
{
	*session = NULL;
	*message = NULL;
	if (!is_enabled(eio, params))
		return EIO_UNKNOWN_TRANSPORT;
	if (params->sid[0] == '\0')
		return check_handshake(eio, request, params, upgrade, message);
	*session = eio_session_find(eio, params->sid, strlen(params->sid));
	return check_session(*session, params, upgrade);
}

/* ---- requests ---------------------------------------------------------- */

/* Check a request that wants no WebSocket, and refuse it if it is wrong.
 * Returns whether it is right. */
static bool
admit(struct eio *eio, struct ws_request *request, struct params *params,
    struct eio_socket **session)
{
	const char *message;
	enum eio_refusal code;

	read_params(request, params);
	code = check(eio, request, params, false, session, &message);
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
eio_requests_early(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_socket *session;
	struct params params;

	eio_cors_fields(&eio->cors, request);
	/* The bodies of others are of no use, and do no harm. */
	if (is_post(request) && admit(eio, request, &params, &session))
		(void)eio_post_begin(eio_poll_of(session), request);
}

void
eio_requests_broken(struct ws_request *request, int status)
{
	struct eio_socket *session = ws_request_state(request);

	/* The session survives it: maxPayload has told the client. */
	if (status == 413)
		(void)ws_reply(request, 413, NULL, "", 0);
	if (session != NULL)
		eio_post_broken(eio_poll_of(session), status != 413);
}

/* Whether eio_requests_early has seen a request. */
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
	struct eio_socket *session = ws_request_state(request);
	struct params params;

	if (session != NULL) {
		eio_post_body(eio_poll_of(session), request);
		return;
	}
	if (!had_body(request))
		eio_cors_fields(&eio->cors, request);
	if (eio_cors_preflight(&eio->cors, request) ||
	    !admit(eio, request, &params, &session))
		return;
	if (session != NULL)
		answer_poll(eio_poll_of(session), request);
	else
		eio_poll_open(eio, request, params.protocol);
}

void
eio_requests_upgrade(struct ws_request *request)
{
	struct eio *eio = ws_request_user(request);
	struct eio_socket *session;
	struct params params;
	enum eio_refusal code;
	const char *message;

	read_params(request, &params);
	code = check(eio, request, &params, true, &session, &message);
	if (code == EIO_ACCEPTED && strcmp(params.transport, "websocket") != 0)
		code = EIO_BAD_REQUEST;
	if (code != EIO_ACCEPTED) {
		eio_refuse_upgrade(request, code, message);
		return;
	}
	eio_cors_fields(&eio->cors, request);
	if (session != NULL)
		eio_websocket_upgrade(session, request);
	else
		eio_websocket_open(eio, request, params.protocol);
}
