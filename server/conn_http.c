/* conn_http.c - one connection's requests, from octets to the application. */
/* SPDX-License-Identifier: MIT */
/*
 * A request (RFC 9112 section 2) is read in two parts, the head and perhaps a
 * body, and then handed to the floor above. That answers it at once, holds it,
 * or makes it a WebSocket. While a request is being read, its octets are in the
 * receive buffer; they are copied only if it must live longer than the read.
 *
 * Pipelined requests (RFC 9112 section 9.3.2) wait their turn: the next one is
 * parsed only when the answer before it is on its way, so that no answer can
 * overtake another.
 */
#include "conn.h"

/* A body must bring this many octets in each idle_ms, a power of two. With the
 * default of 65 s that is 252 octets a second: no network in use is slower, and
 * 1 MiB, the default of max_body, cannot be drawn out beyond 70 minutes. */
#define BODY_PACE 16384

/* Octets of a head that are read, and whose fields are looked up and evaluated,
 * in a tenth of a microsecond. Measured with lists of 350 members each. */
#define HEAD_OCTETS_EACH 16

/* Refuse a request that cannot be parsed or not be taken. The connection ends:
 * where the next request would begin is unknown (RFC 9112 section 9.3). */
static void
refuse_malformed(struct ws_request *rq, int error)
{
	rq->conn->close_after_reply = true;
	if (rq->head_octets == 0)
		rq->head->method = WS_HTTP_GET; /* it may have none yet */
	ws_request_refuse(
	    rq, ws_http_error_status(error), ws_http_error_text(error));
}

static bool
has_body(const struct ws_http_head *head)
{
	return head->chunked || head->content_octets > 0;
}

/* Prepare for the body that follows a head. Returns whether it may come. */
static bool
begin_body(struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;
	struct ws_part go = { "HTTP/1.1 100 Continue\r\n\r\n", 25 };

	/* Copy the head before the callback: the accessors of ws.h may be
	 * called until the answer. */
	if (ws_request_keep_head(rq) < 0) {
		ws_conn_kill(c, "out of memory");
		return false;
	}
	rq->body_pending = true;
	c->core->on_head(rq);
	if (c->state != WS_CONN_HTTP || c->request != rq)
		return false;
	if (rq->head->content_octets > rq->body_max) {
		refuse_malformed(rq, WS_HTTP_EBODY);
		return false;
	}
	ws_conn_arm(c, c->core->limits.idle_ms);
	/* RFC 9110 10.1.1: a client that waits is told to go on. */
	if (rq->head->expect_continue && ws_conn_write(c, &go, 1) < 0) {
		ws_conn_kill(c, "out of memory");
		return false;
	}
	return true;
}

/* Keep a run of the body. */
static bool
add_body(struct ws_request *rq, const void *data, size_t len)
{
	struct ws_conn *c = rq->conn;

	if (len > rq->body_max - rq->body_octets) {
		refuse_malformed(rq, WS_HTTP_EBODY);
		return false;
	}
	if (ws_buf_append(&rq->body, data, len, rq->body_max) < 0) {
		ws_conn_kill(c, "out of memory");
		return false;
	}
	ws_buf_count(rq->body, &c->core->memory);
	/* Each BODY_PACE octets give the body idle_ms more. */
	if ((rq->body_octets ^ (rq->body_octets + len)) >= BODY_PACE)
		ws_conn_arm(c, c->core->limits.idle_ms);
	rq->body_octets += len;
	ws_conn_expect(c, rq->body_octets);
	return true;
}

/* Return whether the chunk that has begun fits into body_max. If it does not,
 * the request is refused now, before all of the chunk has come. */
static bool
may_fit(struct ws_request *rq)
{
	if (rq->chunked.remaining <= rq->body_max - rq->body_octets)
		return true;
	refuse_malformed(rq, WS_HTTP_EBODY);
	return false;
}

/* Take octets of a body. RFC 9112 section 6.
 *   done  set when the body is complete
 * Returns how many were taken. */
static size_t
read_body(struct ws_request *rq, const char *in, size_t len, bool *done)
{
	uint64_t left = rq->head->content_octets - rq->body_octets;
	struct ws_span run;
	size_t used = 0;
	ssize_t n;

	if (!rq->head->chunked) {
		used = left < len ? (size_t)left : len;
		*done = add_body(rq, in, used) && used == left;
		return used;
	}
	while (used < len && !rq->chunked.done) {
		n = ws_http_chunked(&rq->chunked, in + used, len - used, &run);
		if (n < 0) {
			refuse_malformed(rq, (int)n);
			return len;
		}
		if (!add_body(rq, run.at, run.len) ||
		    (run.len > 0 && !may_fit(rq)))
			return len;
		used += (size_t)n;
	}
	*done = rq->chunked.done;
	return used;
}

/* Hand a complete request to the floor above. Its cost is counted afterwards,
 * when that of making the answer has been counted, too: whatever has spent the
 * visit, the next request waits. */
static void
dispatch(struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;
	struct ws_core *core = c->core;
	size_t cost = WS_COST_REQUEST + rq->head_octets / HEAD_OCTETS_EACH;

	rq->body_pending = false;
	core->on_request(rq);
	ws_core_spend(core, cost);
	if (c->state == WS_CONN_HTTP && c->request == rq)
		ws_request_refuse(rq, 500, "the application did not answer");
}

/* Parse a head. Returns its size, 0 when it is incomplete, or -1. */
static ssize_t
read_head(struct ws_request *rq, uint8_t *in, size_t len)
{
	ssize_t n = ws_http_parse(rq->head, (const char *)in, len);

	if (n < 0) {
		refuse_malformed(rq, (int)n);
		return -1;
	}
	if (n == 0)
		return 0;
	rq->base = (char *)in;
	rq->head_octets = (size_t)n;
	if (has_body(rq->head) && !begin_body(rq))
		return -1;
	return n;
}

size_t
ws_conn_http_read(struct ws_conn *conn, uint8_t *in, size_t len)
{
	struct ws_request *rq = conn->request;
	bool done = false;
	size_t used = 0;
	ssize_t n;

	if (rq == NULL) {
		rq = ws_request_begin(conn);
		if (rq == NULL) {
			ws_conn_kill(conn, "out of memory");
			return len;
		}
		if (conn->kept_alive)
			ws_conn_arm(conn, conn->core->limits.handshake_ms);
	}
	if (rq->head_octets == 0) {
		n = read_head(rq, in, len);
		if (n <= 0)
			return n < 0 ? len : 0;
		used = (size_t)n;
		done = !has_body(rq->head);
	}
	if (!done)
		used +=
		    read_body(rq, (const char *)in + used, len - used, &done);
	if (done)
		dispatch(rq);
	return used;
}

void
ws_conn_http_expired(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request;

	if (conn->state == WS_CONN_HOLDING)
		return;
	if (conn->state == WS_CONN_RESPONDING || conn->queue.last != NULL) {
		ws_conn_kill(conn, "the peer takes nothing of the response");
		return;
	}
	if (rq == NULL) {
		ws_conn_kill(conn, "no request came");
		return;
	}
	conn->close_after_reply = true;
	ws_request_refuse(rq, 408, "the request did not arrive in time");
}

/* ---- holding ----------------------------------------------------------- */
