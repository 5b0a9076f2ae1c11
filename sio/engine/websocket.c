/* websocket.c - sessions that WebSockets carry, or may soon. */
/* SPDX-License-Identifier: MIT */
/*
 * A WebSocket of an endpoint has a session as its user, and is one of three
 * things to it:
 *
 *	carrier     session->link is the WebSocket
 *	probe       the session polls, and its poll->probe is the WebSocket
 *	(no user)   it is being closed, and nobody listens to it
 *
 * A probe takes over like this:
 *
 *	client                       server
 *	2probe      ──▶
 *	            ◀──              3probe, and the pending GET gets 6 (noop)
 *	5           ──▶              what waits leaves over the WebSocket
 *
 * A probe that says anything else is closed, and the session goes on polling.
 * So it does when the probe dies or takes too long.
 *
 * Engine.IO protocol 4, "Upgrade".
 */
#include "websocket.h"

#include <string.h>

#include "answer.h"
#include "message.h"
#include "poll_answer.h"
#include "polling.h"
#include "query.h"

/* ---- the carrier ------------------------------------------------------- */

/* Write a packet of text for protocol 2 in place of the one in a text. Returns
 * 0 or WS_ENOMEM. */
static int
write_twice(struct sio_text *out, const struct eio_packet *packet)
{
	char *at = sio_text_room(out, 1 + 2 * packet->len);

	if (at == NULL)
		return WS_ENOMEM;
	at[0] = (char)('0' + packet->type);
	out->len = 1 + eio_text_twice(packet->data, packet->len, at + 1);
	return 0;
}

/* Send a packet on a WebSocket, whatever it is to the session. */
static int
send_on(struct eio_session *session, struct ws_conn *conn, bool b64,
    const struct eio_packet *packet, int flags)
{
	struct sio_text *out = &session->eio->out;
	enum eio_form form = packet->form;
	size_t len;
	char *at;

	if (form != EIO_TEXT && b64)
		form = EIO_BASE64;
	flags |= form == EIO_BINARY ? WS_BINARY : WS_TEXT;
	if (form == EIO_BINARY && session->protocol >= 4)
		return ws_send(conn, flags, packet->data, packet->len);
	sio_text_clear(out, EIO_SCRATCH);
	if (form == EIO_TEXT && session->protocol == 2)
		return write_twice(out, packet) < 0
			   ? WS_ENOMEM
			   : ws_send(conn, flags, out->at, out->len);
	at = sio_text_room(
	    out, eio_packet_size(session->protocol, packet, form));
	if (at == NULL)
		return WS_ENOMEM;
	len = eio_packet_write(session->protocol, packet, form, at);
	return ws_send(conn, flags, at, len);
}

static int
send_packet(
    struct eio_session *session, const struct eio_packet *packet, int flags)
{
	return send_on(session, session->link, session->b64, packet, flags);
}

static int
send_message(
    struct eio_session *session, struct eio_message *message, int flags)
{
	struct eio_packet packet = eio_message_packet(message);
	struct ws_prepared *prepared;

	/* Protocol 2 is rare: its texts are encoded for each client. */
	if (session->protocol == 2 && packet.form == EIO_TEXT)
		return send_packet(session, &packet, flags);
	prepared =
	    eio_message_encoded(message, session->protocol, session->b64);
	if (prepared == NULL)
		return WS_ENOMEM;
	return ws_send_prepared(session->link, prepared, flags);
}

static bool
is_writable(const struct eio_session *session)
{
	return ws_is_writable(session->link);
}

static bool
is_receiving(const struct eio_session *session)
{
	return ws_is_receiving(session->link);
}

static void
tell_full(struct eio_session *session)
{
	(void)ws_close(
	    session->link, WS_CLOSE_TRY_AGAIN_LATER, "memory is full", WS_STR);
}

/* Closing the WebSocket tells the client, after all that waits. */
static bool
tell_end(struct eio_session *session, enum eio_ending ending)
{
	(void)session;
	(void)ending;
	return true;
}

static void
disconnect(struct eio_session *session)
{
	eio_drop_websocket(session->link);
	session->link = NULL;
}

static void
release(struct eio_session *session)
{
	(void)session;
}

static const struct eio_carrier websocket = {
	.name = "websocket",
	.send = send_packet,
	.send_message = send_message,
	.is_writable = is_writable,
	.is_receiving = is_receiving,
	.tell_end = tell_end,
	.tell_full = tell_full,
	.disconnect = disconnect,
	.release = release,
};

/* ---- opening ----------------------------------------------------------- */

void
eio_websocket_open(struct eio *eio, struct ws_request *request, int protocol)
{
	int status;
	struct eio_session *session =
	    eio_session_new(eio, request, protocol, &status);
	struct eio_packet hello;

	if (session == NULL) {
		if (status == 400)
			eio_refuse_upgrade(request, EIO_BAD_REQUEST, NULL);
		else
			eio_refuse_session(request, status);
		return;
	}
	session->carrier = &websocket;
	session->link = ws_accept(request, NULL, session);
	if (session->link == NULL) {
		eio_session_free(session);
		return;
	}
	if (eio_session_hello(session, &hello) < 0 ||
	    send_packet(session, &hello, 0) < 0) {
		disconnect(session);
		eio_session_free(session);
		return;
	}
	eio_session_open(session);
}

void
eio_websocket_upgrade(struct eio_session *session, struct ws_request *request)
{
	struct eio *eio = session->eio;
	struct eio_poll *poll = eio_poll_of(session);
	bool good = poll != NULL && poll->probe == NULL &&
		    session->state == EIO_STATE_OPEN &&
		    !eio->options.no_upgrades;
	bool b64 = eio_query_has(ws_request_query(request), "b64");
	struct ws_conn *conn;

	conn = ws_accept(request, NULL, good ? session : NULL);
	if (conn == NULL)
		return;
	/* The reference accepts and closes a WebSocket that is one too many; a
	 * status instead would break clients. */
	if (!good) {
		eio_drop_websocket(conn);
		return;
	}
	eio_poll_heard(poll);
	poll->probe = conn;
	poll->probe_b64 = b64;
	poll->probe_answered = false;
	eio_timeouts_add(&eio->upgrades, &poll->deadline,
	    ws_now(eio->server) + eio->options.upgrade_timeout_ms);
}

/* ---- upgrading --------------------------------------------------------- */

/* Answer the requests that are pending when the WebSocket takes over. */
static void
end_requests(struct eio_poll *poll)
{
	struct ws_request *request = poll->get;

	/* A GET that came in this turn came after the upgrade. */
	if (request != NULL && poll->get_is_new) {
		poll->get = NULL;
		eio_refuse(request, EIO_BAD_REQUEST, NULL);
	}
	eio_poll_answer(poll, EIO_NOOP);
	eio_poll_drop_post(poll);
}

/* Let the probe carry the session. */
static void
take_over(struct eio_poll *poll)
{
	struct eio_session *session = poll->session;
	struct eio_records *waiting = poll->records;
	bool overflowed = poll->overflowed;
	struct eio_packet packet;
	size_t at = 0;
	int flags;

	/* The noop must not take with it what waits. */
	poll->records = NULL;
	end_requests(poll);
	eio_records_free(&poll->records);
	poll->records = waiting;
	session->carrier = &websocket;
	session->link = poll->probe;
	session->b64 = poll->probe_b64;
	while (eio_records_next(waiting, &at, &packet, &flags))
		(void)send_packet(session, &packet, flags & WS_NO_COMPRESS);
	eio_poll_free(poll);
	/* A session that overflowed has lost a message, as its sender knows. */
	if (session->state == EIO_STATE_CLOSING)
		eio_session_gone(session);
	else if (overflowed)
		eio_session_end(session, "transport error", EIO_END_NOW);
	else if (session->eio->handler.upgrade != NULL)
		session->eio->handler.upgrade(session);
}

/* The packets of a POST are read. Go on with what came behind them. */
static void
on_all_read(struct eio_poll *poll)
{
	struct ws_conn *probe = poll->probe;

	if (probe == NULL)
		return;
	take_over(poll);
	ws_resume(probe);
}

/* Let the probe take over, once the packets that came before are read. */
static void
upgrade(struct eio_poll *poll)
{
	if (poll->unread == NULL) {
		take_over(poll);
		return;
	}
	poll->unread->then = on_all_read;
	ws_deadlines_remove(&poll->deadline);
	ws_pause(poll->probe);
}

static bool
is_probe(const struct eio_packet *packet)
{
	return packet->type == EIO_PING && packet->len == 5 &&
	       memcmp(packet->data, "probe", 5) == 0;
}

static void
on_probe_packet(struct eio_poll *poll, const struct eio_packet *packet)
{
	static const struct eio_packet pong = {
		.type = EIO_PONG, .data = "probe", .len = 5
	};

	if (is_probe(packet) && send_on(poll->session, poll->probe,
				    poll->probe_b64, &pong, 0) == 0) {
		poll->probe_answered = true;
		eio_poll_flush(poll);
	} else if (packet->type == EIO_UPGRADE)
		upgrade(poll);
	else
		eio_poll_drop_probe(poll);
}

void
eio_terminate(struct eio_session *session)
{
	if (session->state != EIO_STATE_OPEN)
		return;
	if (eio_poll_of(session) == NULL)
		ws_terminate(session->link);
	else
		eio_session_end(session, "transport error", EIO_END_NOW);
}

/* ---- what a WebSocket says --------------------------------------------- */

/* Read the packet that a message is. Text of protocol 2 is changed in place. */
static bool
read_packet(int protocol, int kind, const void *data, size_t len,
    struct eio_packet *packet)
{
	int64_t once;

	if (kind != WS_TEXT)
		return eio_packet_read_binary(protocol, data, len, packet);
	if (protocol == 2) {
		once = eio_text_once(data, len, (char *)(uintptr_t)data);
		if (once < 0)
			return false;
		len = (size_t)once;
	}
	return eio_packet_read(protocol, data, len, packet);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	struct eio_session *session = ws_user(conn);
	struct eio_packet packet;
	struct eio_poll *poll;
	bool good;

	if (session == NULL)
		return;
	poll = eio_poll_of(session);
	good = read_packet(session->protocol, kind, data, len, &packet);
	if (poll != NULL && good)
		on_probe_packet(poll, &packet);
	else if (poll != NULL)
		eio_poll_drop_probe(poll);
	else if (good)
		eio_session_packet(session, &packet);
	else {
		eio_session_log_bad(session,
		    "a WebSocket message is no packet of Engine.IO", data, len);
		eio_session_end(session, "parse error", EIO_END_NOW);
	}
}

static void
on_drain(struct ws_conn *conn)
{
	struct eio_session *session = ws_user(conn);

	if (session != NULL && eio_poll_of(session) == NULL)
		eio_session_drain(session);
}

static const char *
reason_of(const struct ws_closed *how)
{
	if (how->by == WS_BY_PEER)
		return "transport close";
	return how->code == WS_CLOSE_GOING_AWAY ? "server shutting down"
						: "transport error";
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	struct eio_session *session = ws_user(conn);
	struct eio_poll *poll = session != NULL ? eio_poll_of(session) : NULL;

	if (poll != NULL)
		eio_poll_drop_probe(poll);
	else if (session != NULL)
		eio_session_end(session, reason_of(how), EIO_END_NOW);
}

struct ws_handler
eio_websocket_handler(void)
{
	return (struct ws_handler){
		.message = on_message,
		.drain = on_drain,
		.close = on_close,
		.carrier = true,
		.first_subprotocol = true,
	};
}
