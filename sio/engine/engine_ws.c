/* engine_ws.c - Engine.IO: sessions that WebSockets carry, or may soon. */
/* SPDX-License-Identifier: MIT */
/*
 * A WebSocket of an endpoint has a session as its user, and is one of three
 * things to it:
 *
 *	s->conn          it carries the session
 *	s->poll->probe   it may take over: 2probe, 3probe, 5
 *	(no user)        it is being closed, and what it says is for nobody
 *
 * A probe that says anything else is closed, and the session goes on polling.
 * So it does when the probe dies or takes too long.
 */
#include "engine.h"

#include <string.h>

/* ---- sending ----------------------------------------------------------- */

/* Send a packet on a WebSocket, whatever it is to the session. */
static int
send_on(struct eio_socket *s, struct ws_conn *conn, bool b64,
    const struct eio_packet *packet, int flags)
{
	struct sio_text *out = &s->eio->out;
	enum eio_form form = packet->form;
	size_t len;
	char *at;

	if (form != EIO_TEXT && b64)
		form = EIO_BASE64;
	flags |= form == EIO_BINARY ? WS_BINARY : WS_TEXT;
	if (form == EIO_BINARY && s->protocol >= 4)
		return ws_send(conn, flags, packet->data, packet->len);
	sio_text_clear(out, EIO_SCRATCH);
	at = sio_text_room(out, eio_packet_size(s->protocol, packet, form));
	if (at == NULL)
		return WS_ENOMEM;
	len = eio_packet_write(s->protocol, packet, form, at);
	return ws_send(conn, flags, at, len);
}

int
eio_ws_send(
    struct eio_socket *socket, const struct eio_packet *packet, int flags)
{
	return send_on(socket, socket->conn, socket->b64, packet, flags);
}

void
eio_ws_drop(struct ws_conn *conn)
{
	if (conn == NULL)
		return;
	ws_set_user(conn, NULL);
	(void)ws_close(conn, 0, NULL, 0);
}

/* ---- opening ----------------------------------------------------------- */

/* Send the open packet. */
static int
send_hello(struct eio_socket *s)
{
	const struct sio_text *hello = eio_session_hello(s);
	struct eio_packet packet = {
		.type = EIO_OPEN, .data = hello->at, .len = hello->len
	};

	return hello->error != 0 ? WS_ENOMEM : eio_ws_send(s, &packet, 0);
}

void
eio_ws_open(struct eio *eio, struct ws_request *request, int protocol)
{
	struct eio_socket *s = eio_session_new(eio, request, false);

	if (s == NULL) {
		(void)ws_reply(request, 400, "text/html", "Bad request", 11);
		return;
	}
	s->protocol = (uint8_t)protocol;
	s->conn = ws_accept(request, NULL, s);
	if (s->conn == NULL) {
		eio_session_free(s);
		return;
	}
	if (send_hello(s) < 0) {
		eio_ws_drop(s->conn);
		eio_session_free(s);
		return;
	}
	eio_session_begin(s);
}

void
eio_ws_upgrade(struct eio_socket *socket, struct ws_request *request)
{
	struct eio_poll *poll = socket->poll;
	struct eio *eio = socket->eio;
	bool good = poll != NULL && poll->probe == NULL &&
		    socket->state == EIO_STATE_OPEN &&
		    !eio->options.no_upgrades;
	struct ws_conn *conn;

	conn = ws_accept(request, NULL, good ? socket : NULL);
	if (conn == NULL)
		return;
	/* A status instead would break clients that have lost count. */
	if (!good) {
		eio_ws_drop(conn);
		return;
	}
	eio_poll_heard(poll);
	poll->probe = conn;
	poll->probe_b64 = eio_query_has(ws_request_query(request), "b64");
	poll->probed = false;
	eio_dues_add(&eio->probes, &poll->due,
	    ws_now(eio->server) + eio->options.upgrade_timeout_ms);
}

/* ---- upgrading --------------------------------------------------------- */

static void
abort_probe(struct eio_poll *poll)
{
	if (poll->socket->state == EIO_STATE_OPEN)
		eio_due_remove(&poll->due); /* else it is the farewell's */
	eio_ws_drop(poll->probe);
	poll->probe = NULL;
	poll->probed = false;
}

/* The requests that are pending when the WebSocket takes over. */
static void
leave_poll(struct eio_poll *poll)
{
	struct ws_request *request = poll->get;

	/* One that came in this turn came after the upgrade. */
	if (request != NULL && poll->fresh) {
		poll->get = NULL;
		eio_refuse(request, EIO_BAD_REQUEST, NULL);
	}
	eio_poll_release(poll, EIO_NOOP);
	eio_poll_post_drop(poll);
}

/* The WebSocket takes over. */
static void
upgrade(struct eio_socket *s)
{
	struct eio_poll *poll = s->poll;
	struct sio_text waiting = poll->records;
	bool overflowed = poll->overflowed;
	struct eio_packet packet;
	size_t at = 0;
	int flags;

	poll->records = (struct sio_text){ 0 };
	leave_poll(poll);
	sio_text_free(&poll->records);
	poll->records = waiting;
	s->conn = poll->probe;
	s->b64 = poll->probe_b64;
	s->poll = NULL;
	while (eio_poll_next(poll, &at, &packet, &flags))
		(void)eio_ws_send(s, &packet, flags & WS_NO_COMPRESS);
	eio_poll_free(poll);
	if (s->state == EIO_STATE_CLOSING) {
		eio_ws_drop(s->conn);
		s->conn = NULL;
		eio_session_gone(s);
		return;
	}
	/* It has been told that a message was lost. */
	if (overflowed)
		eio_session_end(s, "transport error", EIO_ABORT);
}

static bool
is_probe(const struct eio_packet *packet)
{
	return packet->type == EIO_PING && packet->len == 5 &&
	       memcmp(packet->data, "probe", 5) == 0;
}

static void
on_probe_packet(struct eio_socket *s, const struct eio_packet *packet)
{
	static const struct eio_packet pong = {
		.type = EIO_PONG, .data = "probe", .len = 5
	};
	struct eio_poll *poll = s->poll;

	if (is_probe(packet) &&
	    send_on(s, poll->probe, poll->probe_b64, &pong, 0) == 0) {
		poll->probed = true;
		eio_poll_flush(poll);
	} else if (packet->type == EIO_UPGRADE)
		upgrade(s);
	else
		abort_probe(poll);
}

/* ---- what a WebSocket says --------------------------------------------- */

static bool
is_carrier(const struct eio_socket *s, const struct ws_conn *conn)
{
	return s->conn == conn;
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	struct eio_socket *s = ws_user(conn);
	struct eio_packet packet;
	bool good;

	if (s == NULL)
		return;
	good = kind == WS_TEXT
		   ? eio_packet_read(s->protocol, data, len, &packet)
		   : eio_packet_read_binary(s->protocol, data, len, &packet);
	if (is_carrier(s, conn)) {
		if (good)
			eio_session_packet(s, &packet);
		else
			eio_session_end(s, "parse error", EIO_ABORT);
	} else if (good)
		on_probe_packet(s, &packet);
	else
		abort_probe(s->poll);
}

static void
on_drain(struct ws_conn *conn)
{
	struct eio_socket *s = ws_user(conn);

	if (s != NULL && is_carrier(s, conn) && s->eio->handler.drain != NULL)
		s->eio->handler.drain(s);
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
	struct eio_socket *s = ws_user(conn);

	if (s == NULL)
		return;
	if (is_carrier(s, conn))
		eio_session_end(s, reason_of(how), EIO_ABORT);
	else
		abort_probe(s->poll);
}

struct ws_handler
eio_ws_handler(void)
{
	return (struct ws_handler){ .upgrade = eio_http_upgrade,
		.message = on_message,
		.drain = on_drain,
		.close = on_close };
}
