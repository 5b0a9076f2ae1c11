/* conn_shed.c - what a connection holds, and how it ends for that. */
/* SPDX-License-Identifier: MIT */
#include "conn.h"

/* Octets of a frame that was sent in part and may still leave, so that a Close
 * frame can follow it. For a longer one the peer would have to be waited for,
 * and the memory with it. */
#define REST_MAX 4096

static size_t
room_of(const struct ws_buf *buf)
{
	return buf != NULL ? buf->room : 0;
}

size_t
ws_conn_octets(const struct ws_conn *conn)
{
	size_t held = conn->queue.octets + room_of(conn->stash);

	if (conn->websocket)
		held += room_of(conn->session.message) +
			room_of(conn->session.control);
	else if (!conn->streams && conn->request != NULL)
		held +=
		    room_of(conn->request->kept) + room_of(conn->request->body);
	return held;
}

size_t
ws_conn_held(const struct ws_conn *conn)
{
	switch ((enum ws_conn_state)conn->state) {
	case WS_CONN_DEAD:
		return 0;
	case WS_CONN_HOLDING: /* what the application holds is complete */
	case WS_CONN_RESPONDING:
	case WS_CONN_STREAMING:
		return conn->queue.octets + room_of(conn->stash);
	case WS_CONN_HTTP:
	case WS_CONN_OPEN:
	case WS_CONN_CLOSING:
	case WS_CONN_LINGER:
		break;
	}
	return ws_conn_octets(conn);
}

/* Refuse the request that is being read. */
static void
refuse(struct ws_conn *c)
{
	struct ws_request *rq = c->request;

	if (rq == NULL || c->queue.last != NULL) {
		ws_conn_kill(c, "memory is full");
		return;
	}
	c->close_after_reply = true;
	if (rq->head_octets == 0)
		rq->head->method = WS_HTTP_GET; /* it may have none yet */
	(void)ws_reply_field(rq, "Retry-After", "1");
	ws_request_refuse(rq, 503, "memory is full");
}

void
ws_conn_shed(struct ws_conn *conn)
{
	switch ((enum ws_conn_state)conn->state) {
	case WS_CONN_OPEN:
	case WS_CONN_CLOSING:
		ws_queue_cut(&conn->queue, &conn->core->segments);
		if (conn->queue.octets > REST_MAX)
			ws_conn_kill(conn, "memory is full");
		else
			ws_conn_ws_fail(
			    conn, WS_CLOSE_TRY_AGAIN_LATER, "memory is full");
		break;
	case WS_CONN_HTTP:
		refuse(conn);
		break;
	case WS_CONN_HOLDING:
	case WS_CONN_RESPONDING:
	case WS_CONN_STREAMING:
	case WS_CONN_LINGER:
		ws_conn_kill(conn, "memory is full");
		break;
	case WS_CONN_DEAD:
		break;
	}
	ws_buf_free(&conn->stash);
	if (conn->state != WS_CONN_DEAD)
		return;
	/* It is released in the next turn; the memory is needed in this. */
	ws_queue_clear(&conn->queue, &conn->core->segments);
	if (conn->websocket)
		ws_session_fini(&conn->session);
}
