/* conn_ws.c - one connection as an open WebSocket (RFC 6455). */
/* SPDX-License-Identifier: MIT */
/*
 * The closing handshake (RFC 6455 section 7.1), and what close is told:
 *
 *	they begin:   Close(code) ──▶            close(code, by the peer)
 *	                          ◀── Close(code)
 *	                          ◀── end of stream, then we wait for theirs
 *
 *	we begin:                 ◀── Close(code)
 *	              Close ──▶                  close(our code, by the server)
 *	                          ◀── end of stream, then we wait for theirs
 *
 *	they offend:              ◀── Close(1002 ...)   close(the same, server)
 *	                          ◀── end of stream; what they send is dropped
 *
 * The server ends its direction first and goes on reading until the peer ends
 * the other one. Closing at once would make the system answer octets that are
 * still under way with a reset, which destroys the Close frame on its way.
 */
#include <string.h>

#include "conn.h"
#include "websocket/handshake.h"

/* A message that is incomplete must bring MESSAGE_PACE octets in each
 * MESSAGE_MS, or it is taken for a way to hold memory. That is half a kilobyte
 * a second: a client with one kilobyte a second passes, and 1 MiB, the default
 * of max_message, cannot be drawn out beyond 32 minutes. */
enum {
	MESSAGE_PACE = 16384,
	MESSAGE_MS = 30000,
};

/* ---- opening and reporting --------------------------------------------- */

/* Return how long a connection may be silent until on_silence looks at it;
 * negative: for ever. One that is not pinged is looked at only to release its
 * window, if it has one. */
static int
patience_ms(const struct ws_conn *c)
{
	const struct ws_limits *limits = &c->core->limits;

	if (limits->ping_ms < 0 && c->deflates && c->context->own)
		return limits->idle_ms;
	return limits->ping_ms;
}

/* Become an open WebSocket, after 101 was written, and call open.
 *   user  of the application, attached to the connection */
static void
open_websocket(
    struct ws_conn *conn, const struct ws_endpoint *endpoint, void *user)
{
	memset(&conn->session, 0, sizeof(conn->session));
	conn->session.deflates = conn->deflates;
	conn->state = WS_CONN_OPEN;
	conn->websocket = true;
	conn->endpoint = endpoint;
	conn->user = user;
	conn->heard_ms = (uint32_t)conn->core->loop.now_ms;
	conn->core->websockets++;
	if (patience_ms(conn) >= 0)
		ws_conn_arm(conn, patience_ms(conn));
	else
		ws_wheel_cancel(&conn->core->loop.wheel, &conn->deadline);
	/* Frames that came right behind the request are read in this turn. */
	ws_conn_touch(conn);
	if (endpoint->handler.open != NULL)
		endpoint->handler.open(conn);
	/* The request was held while the server began to stop. */
	if (conn->core->stopping)
		ws_conn_close(
		    conn, WS_CLOSE_GOING_AWAY, "the server is shutting down");
}

void
ws_conn_ws_report(struct ws_conn *conn, int code, const char *reason,
    size_t len, enum ws_by by)
{
	struct ws_closed how = { .code = code, .by = by };

	if (conn->reported)
		return;
	conn->reported = true;
	conn->core->websockets--;
	how.reason = reason != NULL ? reason : "";
	how.reason_len = len == WS_STR ? strlen(how.reason) : len;
	ws_conn_log_close(conn, &how);
	conn->core->on_websocket_end(conn);
	if (conn->endpoint->handler.close != NULL)
		conn->endpoint->handler.close(conn, &how);
}

/* ---- accepting --------------------------------------------------------- */

bool
ws_offers(const struct ws_request *request, const char *subprotocol)
{
	return subprotocol != NULL &&
	       ws_handshake_offers(
		   request->head, request->base, ws_span_of(subprotocol));
}

/* Write 101. RFC 6455 section 4.2.2. */
static int
write_switch(struct ws_request *rq, struct ws_span subprotocol)
{
	struct ws_http_out out;
	struct ws_pmd_answer extensions = { 0 };
	char head[WS_REPLY_HEAD], accept[WS_ACCEPT_SIZE];

	if (rq->conn->core->pmd.enabled && ws_conn_agree(rq, &extensions) < 0)
		return -1;
	ws_handshake_accept(rq->head, rq->base, accept);
	ws_http_out_status(&out, head, sizeof(head), 101);
	ws_http_out_field(&out, "Upgrade", WS_SPAN("websocket"));
	ws_http_out_field(&out, "Connection", WS_SPAN("Upgrade"));
	ws_http_out_field(&out, "Sec-WebSocket-Accept",
	    (struct ws_span){ accept, sizeof(accept) });
	if (subprotocol.len > 0)
		ws_http_out_field(&out, "Sec-WebSocket-Protocol", subprotocol);
	if (extensions.octets > 0)
		ws_http_out_field(&out, "Sec-WebSocket-Extensions",
		    (struct ws_span){ extensions.value, extensions.octets });
	return ws_request_send(rq, &out, NULL, 0);
}

/* Choose the subprotocol: what the application has chosen, or what the
 * endpoint's option says, or none. */
static struct ws_span
choose(struct ws_request *rq, const char *subprotocol)
{
	struct ws_span first;

	if (subprotocol != NULL)
		return ws_span_of(subprotocol);
	if (rq->endpoint->handler.first_subprotocol &&
	    ws_handshake_first(rq->head, rq->base, &first))
		return first;
	ws_conn_log_subprotocol(rq);
	return WS_SPAN("");
}

struct ws_conn *
ws_accept(struct ws_request *request, const char *subprotocol, void *user)
{
	struct ws_conn *c = request->conn;
	const struct ws_endpoint *endpoint = request->endpoint;

	if (!ws_request_is_open(request) || endpoint == NULL)
		return NULL;
	request->accept_tried = true;
	if (subprotocol != NULL && !ws_offers(request, subprotocol))
		return NULL;
	if (write_switch(request, choose(request, subprotocol)) < 0) {
		ws_conn_kill(c, "out of memory");
		return NULL;
	}
	request->status = 101;
	request->on_hold = false;
	ws_request_end(c);
	open_websocket(c, endpoint, user);
	return c;
}

/* ---- frames in --------------------------------------------------------- */

static WS_NOINLINE void
yield(struct ws_conn *c)
{
	c->yielded = true;
}

static inline void
on_message(
    struct ws_conn *c, struct ws_core *core, const struct ws_event *event)
{
	const struct ws_handler *handler = &c->endpoint->handler;

	if (c->state != WS_CONN_OPEN)
		return; /* RFC 6455 7.1.2: after our Close, data is dropped */
	core->messages_in++;
	if ((core->loop.budget.visit -= WS_COST_MESSAGE) < 0)
		yield(c);
	/* RFC 6455 7.4.1: 1003, a kind of data that is not understood. */
	if (handler->kinds != 0 && handler->kinds != event->opcode) {
		ws_conn_close(c, WS_CLOSE_UNSUPPORTED_DATA,
		    event->opcode == WS_TEXT ? "text is not understood here"
					     : "binary is not understood here");
		return;
	}
	if (handler->message != NULL)
		handler->message(c, event->opcode, event->data, event->len);
}

static void
on_ping(struct ws_conn *c, const struct ws_event *event)
{
	if (c->state != WS_CONN_OPEN)
		return;
	if (ws_conn_frame(c, WS_OP_PONG, event->data, event->len) < 0)
		ws_conn_kill(c, "out of memory");
}

/* RFC 6455 5.5.1: answer a Close with a Close. RFC 6455 7.1.1: the server ends
 * its direction of the stream first. */
static void
on_close(struct ws_conn *c, const struct ws_event *event)
{
	if (c->state == WS_CONN_CLOSING) {
		ws_conn_linger(c, NULL);
		ws_conn_ws_report(
		    c, c->closed_code, c->cause, WS_STR, WS_BY_SERVER);
		return;
	}
	if (ws_conn_write_close(c, event->code, NULL, 0) < 0)
		ws_conn_kill(c, "out of memory");
	ws_conn_linger(c, NULL);
	ws_conn_ws_report(
	    c, event->code, (const char *)event->data, event->len, WS_BY_PEER);
}

void
ws_conn_ws_fail(struct ws_conn *conn, int code, const char *reason)
{
	if (conn->state == WS_CONN_CLOSING)
		code = conn->closed_code;
	else if (ws_conn_write_close(conn, code, reason, strlen(reason)) < 0)
		ws_conn_kill(conn, "out of memory");
	conn->closed_by_us = true;
	ws_session_fini(&conn->session); /* LINGER needs no session */
	ws_conn_linger(conn, reason);
	ws_conn_ws_report(conn, code, reason, WS_STR, WS_BY_SERVER);
}

/* Inflate a compressed message and handle it. RFC 7692 section 6.2. */
static void
on_deflated(struct ws_conn *c, struct ws_event *event)
{
	if (c->state != WS_CONN_OPEN)
		return;
	ws_conn_inflate(c, event);
	if (event->kind == WS_EVENT_FAIL)
		ws_conn_ws_fail(c, event->code, event->reason);
	else
		on_message(c, c->core, event);
	ws_pmd_end_inflate(&c->core->pmd);
}

/* Find what has come of a message, or of a control frame inside it, that is
 * incomplete. Returns NULL when nothing of one is held. */
static struct ws_buf *
half_of(const struct ws_conn *c)
{
	return c->session.message != NULL ? c->session.message
					  : c->session.control;
}

/* Look at how much of a half message has come. */
static void
look(const struct ws_conn *c, struct ws_buf *half)
{
	half->looked_ms = (uint32_t)c->core->loop.now_ms;
	half->looked_octets = (uint32_t)half->len;
}

/* Take note that a message is incomplete: count it, and see to it that
 * on_silence looks at it in time. */
static void
on_incomplete(struct ws_conn *c)
{
	struct ws_buf *half = half_of(c);

	if (half == NULL || half->ledger != NULL)
		return;
	ws_buf_count(half, &c->core->memory);
	look(c, half);
	if (c->state == WS_CONN_OPEN &&
	    (patience_ms(c) < 0 || patience_ms(c) > MESSAGE_MS))
		ws_conn_arm(c, MESSAGE_MS);
}

/* Handle every event but an uncompressed message. */
static WS_NOINLINE void
on_other(struct ws_conn *c, struct ws_event *event)
{
	ws_core_spend(c->core, WS_COST_MESSAGE);
	switch (event->kind) {
	case WS_EVENT_NONE:
		if (c->session.message != NULL)
			ws_conn_expect(c, c->session.message->len);
		on_incomplete(c);
		return;
	case WS_EVENT_MESSAGE:
		return;
	case WS_EVENT_DEFLATED:
		on_deflated(c, event);
		return;
	case WS_EVENT_PING:
		on_ping(c, event);
		return;
	case WS_EVENT_PONG:
		if (c->state == WS_CONN_OPEN &&
		    c->endpoint->handler.pong != NULL)
			c->endpoint->handler.pong(c, event->data, event->len);
		return;
	case WS_EVENT_CLOSE:
		on_close(c, event);
		return;
	case WS_EVENT_FAIL:
		ws_conn_ws_fail(c, event->code, event->reason);
		return;
	}
}

size_t
ws_conn_ws_read(struct ws_conn *conn, uint8_t *in, size_t len)
{
	size_t max = conn->endpoint->handler.max_message;
	uint8_t *at = in, *end = in + len;
	struct ws_core *core = conn->core;
	struct ws_event *event = &core->event;

	/* An event may change what the connection may take: stop then. */
	do {
		at += ws_session_read(
		    &conn->session, at, (size_t)(end - at), max, event);
		if (event->kind == WS_EVENT_MESSAGE)
			on_message(conn, core, event);
		else
			on_other(conn, event);
	} while (at < end && conn->state == WS_CONN_OPEN &&
		 !ws_conn_is_halted(conn));
	if (conn->session.spent)
		ws_session_release(&conn->session);
	return (size_t)(at - in);
}

/* ---- signs of life ----------------------------------------------------- */

/* Return whether the half message that a peer has sent, if there is one, comes
 * too slowly. While nothing is read, the peer is not to blame. */
static bool
is_stalled(const struct ws_conn *c)
{
	uint32_t now_ms = (uint32_t)c->core->loop.now_ms;
	struct ws_buf *half = half_of(c);

	if (half == NULL ||
	    (now_ms - half->looked_ms < MESSAGE_MS && !ws_conn_is_halted(c)))
		return false;
	if (!ws_conn_is_halted(c) &&
	    half->len - half->looked_octets < MESSAGE_PACE)
		return true;
	look(c, half);
	return false;
}

/* Have on_silence called again, in time for a half message, too. */
static void
arm_silence(struct ws_conn *c, int64_t wait_ms)
{
	uint32_t now_ms = (uint32_t)c->core->loop.now_ms;
	const struct ws_buf *half = half_of(c);
	int64_t left_ms = INT64_MAX;

	if (half != NULL)
		left_ms = MESSAGE_MS - (int64_t)(now_ms - half->looked_ms);
	ws_conn_arm(c, left_ms < wait_ms ? left_ms : wait_ms);
}

static void
on_silence(struct ws_conn *c)
{
	const struct ws_limits *limits = &c->core->limits;
	int64_t silent_ms =
	    (int64_t)(uint32_t)((uint32_t)c->core->loop.now_ms - c->heard_ms);
	int64_t left_ms =
	    (int64_t)limits->ping_ms + limits->pong_ms - silent_ms;
	int64_t wait_ms = limits->ping_ms;

	if (c->deflates)
		ws_pmd_idle(c->context);
	if (is_stalled(c)) {
		ws_conn_ws_fail(c, WS_CLOSE_POLICY_VIOLATION,
		    "the rest of a message does not come");
		return;
	}
	if (limits->ping_ms < 0) {
		if (half_of(c) != NULL || patience_ms(c) >= 0)
			arm_silence(c, limits->idle_ms);
		return;
	}
	if (silent_ms < limits->ping_ms) {
		c->pinged = false;
		arm_silence(c, limits->ping_ms - silent_ms);
		return;
	}
	/* While reading is paused a pong cannot be seen: do not time out. The
	 * ping still lets TCP_USER_TIMEOUT detect a dead peer. A choked peer
	 * shows that it lives by taking octets of its queue. */
	if (c->pinged && !c->paused &&
	    silent_ms - limits->ping_ms >= limits->pong_ms) {
		c->closed_by_us = true;
		ws_conn_kill(c, c->choked ? "the peer takes nothing"
					  : "no sign of life after a ping");
		return;
	}
	if (!c->choked && ws_conn_frame(c, WS_OP_PING, NULL, 0) < 0) {
		ws_conn_kill(c, "out of memory");
		return;
	}
	c->pinged = true;
	/* Look again after ping_ms, when the next ping is due if this one is
	 * answered; or earlier, when the time for its pong is up. */
	if (wait_ms > limits->pong_ms)
		wait_ms = limits->pong_ms;
	if (left_ms > 0 && left_ms < wait_ms)
		wait_ms = left_ms;
	arm_silence(c, wait_ms);
}

void
ws_conn_ws_expired(struct ws_conn *conn)
{
	if (conn->state == WS_CONN_OPEN)
		on_silence(conn);
	else
		ws_conn_kill(conn, "no Close frame came in answer to ours");
}

bool
ws_is_receiving(const struct ws_conn *conn)
{
	return conn->state == WS_CONN_OPEN && !conn->choked &&
	       (half_of(conn) != NULL || conn->yielded);
}

/* ---- pausing, and what the application asks ---------------------------- */

void
ws_pause(struct ws_conn *conn)
{
	if (conn->state == WS_CONN_DEAD)
		return; /* inside its close callback */
	conn->paused = true;
	ws_conn_touch(conn);
}

void
ws_resume(struct ws_conn *conn)
{
	if (conn->state == WS_CONN_DEAD)
		return;
	conn->paused = false;
	ws_conn_touch(conn);
}

void *
ws_user(const struct ws_conn *conn)
{
	return conn->user;
}

void
ws_set_user(struct ws_conn *conn, void *user)
{
	conn->user = user;
}

void *
ws_endpoint_user(const struct ws_conn *conn)
{
	return conn->endpoint->user;
}

const char *
ws_peer(const struct ws_conn *conn, char text[WS_PEER_MAX])
{
	ws_peer_text(&conn->peer, text);
	return text;
}
