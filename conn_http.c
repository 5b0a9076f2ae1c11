/* conn_http.c - one connection's requests and responses (RFC 9112). */
/* SPDX-License-Identifier: MIT */
/*
 * A request is read in two parts, the head and perhaps a body, and then handed
 * to the floor above, which answers it at once, holds it, or makes it a
 * WebSocket. While it is being read its octets lie in the receive buffer; they
 * are copied only if the request must live longer than the read.
 *
 * Requests that were pipelined wait their turn: the next one is looked at only
 * when the answer before it is on its way, so answers cannot overtake.
 */
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "field.h"
#include "handshake.h"
#include "mem.h"

#define HEAD_ROOM 2048   /* of a response head, without the caller's fields */
#define BODY_PACE 16384  /* octets of a body in idle_ms, at least; 2^n */
#define FIELDS_MAX 16384 /* octets of fields that the application may add */
#define FILE_OCTETS (1024 * 1024) /* asked of the system in one call */
#define FILE_ROUNDS 4             /* such calls in one turn */
#define REASON_MAX 200            /* octets of an endpoint's refusal logged */

/* ---- the life of a request --------------------------------------------- */

static struct ws_request *
begin_request(struct ws_conn *c)
{
	struct ws_host *host = c->host;
	struct ws_request *rq = host->spare;

	host->spare = NULL;
	if (rq == NULL)
		rq = ws_mem_resize(NULL, sizeof(*rq));
	if (rq == NULL)
		return NULL;
	memset(rq, 0, offsetof(struct ws_request, head));
	rq->file.fd = -1;
	rq->conn = c;
	ws_http_init(&rq->head, host->limits.head_max, host->limits.uri_max);
	c->request = rq;
	return rq;
}

/* Release a connection's request. One is kept for the next. */
static void
end_request(struct ws_conn *c)
{
	struct ws_request *rq = c->request;

	if (rq == NULL)
		return;
	c->request = NULL;
	ws_file_close(&rq->file);
	ws_buf_free(&rq->kept);
	ws_buf_free(&rq->body);
	ws_buf_free(&rq->fields);
	if (c->host->spare == NULL)
		c->host->spare = rq;
	else
		ws_mem_free(rq);
}

bool
ws_conn_http_abort(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request, **first = &conn->host->orphans;

	if (rq != NULL && rq->held && rq->gone == NULL) {
		rq->next = *first;
		rq->link = first;
		if (rq->next != NULL)
			rq->next->link = &rq->next;
		*first = rq;
		return false;
	}
	if (rq != NULL && rq->held)
		rq->gone(rq, rq->gone_arg);
	end_request(conn);
	return true;
}

/* Release a request whose peer has left, and what was left of its
 * connection. */
static void
end_orphan(struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;

	*rq->link = rq->next;
	if (rq->next != NULL)
		rq->next->link = rq->link;
	end_request(c);
	ws_mem_free(c);
}

void
ws_conn_http_free_orphans(struct ws_host *host)
{
	while (host->orphans != NULL)
		end_orphan(host->orphans);
}

/* Copy the head, so that it outlives the read that brought it. */
static int
keep_head(struct ws_request *rq)
{
	if (rq->kept != NULL)
		return 0;
	if (ws_buf_append(&rq->kept, rq->base, rq->head_octets, SIZE_MAX) < 0)
		return -1;
	rq->base = (char *)ws_buf_data(rq->kept);
	return 0;
}

/* ---- response heads ---------------------------------------------------- */

/* The current time as a field value; written once a second. */
static struct ws_span
date(struct ws_host *host)
{
	int64_t now_s = ws_net_unix_s();

	if (now_s != host->date_s) {
		host->date_s = now_s;
		ws_field_date_write(now_s, host->date);
	}
	return (struct ws_span){ host->date, sizeof(host->date) };
}

/* Whether the connection ends with this response. */
static bool
is_last(const struct ws_request *rq)
{
	const struct ws_conn *c = rq->conn;

	return c->last || c->ended || c->host->stopping || !rq->head.keep_alive;
}

/* Write what the connection itself has to say in every response. */
static void
write_common(struct ws_request *rq, struct ws_http_out *out)
{
	ws_http_out_field(out, "Date", date(rq->conn->host));
	if (is_last(rq))
		ws_http_out_field(out, "Connection", WS_SPAN("close"));
	else if (rq->head.minor == 0)
		ws_http_out_field(out, "Connection", WS_SPAN("keep-alive"));
}

/* The application's fields and the end of the head, as parts to send. */
static size_t
head_parts(struct ws_request *rq, const struct ws_http_out *out,
    struct ws_part parts[3])
{
	parts[0] = (struct ws_part){ out->at, out->len };
	parts[1] = (struct ws_part){ NULL, 0 };
	if (rq->fields != NULL)
		parts[1] = (struct ws_part){ ws_buf_data(rq->fields),
			rq->fields->len };
	parts[2] = (struct ws_part){ "\r\n", 2 };
	return 3;
}

/* The answer is on its way: on to the next request, or to the end. */
static void
end_response(struct ws_conn *c)
{
	bool last = is_last(c->request);

	end_request(c);
	c->served = true;
	if (c->state == WS_CONN_DEAD)
		return;
	if (last) {
		ws_conn_linger(c, "the last response was sent");
		return;
	}
	c->state = WS_CONN_HTTP;
	ws_conn_arm(c, c->host->limits.idle_ms);
	ws_conn_touch(c);
}

static void
log_request(struct ws_request *rq, int status)
{
	struct ws_host *host = rq->conn->host;
	char peer[WS_PEER_TEXT];

	if (host->log.level < WS_LOG_ACCESS)
		return;
	ws_net_peer_text(&rq->conn->peer, peer);
	if (rq->head_octets == 0)
		ws_log(&host->log, WS_LOG_ACCESS, "%s - %d", peer, status);
	else
		ws_log(&host->log, WS_LOG_ACCESS, "%s %s %.*s %d", peer,
		    ws_http_method_name(rq->head.method),
		    (int)rq->head.path_octets, rq->base + rq->head.path_at,
		    status);
}

static void
log_refusal(
    const struct ws_request *rq, int status, const char *reason, size_t len)
{
	struct ws_conn *c = rq->conn;
	char peer[WS_PEER_TEXT];

	if (len > REASON_MAX)
		len = REASON_MAX;
	while (len > 0 && reason[len - 1] == '\n')
		len--;
	ws_net_peer_text(&c->peer, peer);
	ws_log(&c->host->log, WS_LOG_INFO, "%s refused with %d%s%.*s", peer,
	    status, len > 0 ? ": " : "", (int)len, len > 0 ? reason : "");
}

/* ---- answers ----------------------------------------------------------- */

/* RFC 9110 8.6: these responses have no content, and no length either. */
static bool
is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

/* Whether a request can still be answered. */
static bool
is_open(const struct ws_request *rq)
{
	return rq->conn->request == rq &&
	       (rq->conn->state == WS_CONN_HTTP ||
		   rq->conn->state == WS_CONN_HOLDING);
}

int
ws_reply(struct ws_request *request, int status, const char *type,
    const void *body, size_t len)
{
	struct ws_conn *c = request->conn;
	struct ws_http_out out;
	struct ws_part parts[4];
	char head[HEAD_ROOM];
	bool unwanted = request->endpoint != NULL;
	size_t n;

	if (c->state == WS_CONN_DEAD && c->request == request) {
		request->held = false; /* the peer has left */
		if (request->link != NULL)
			end_orphan(request);
		return 0;
	}
	if (!is_open(request))
		return WS_ESTATE;
	/* A refusal that cannot be sent must not become an acceptance. */
	request->endpoint = NULL;
	if (status < 200 || status > 599)
		return WS_EINVAL;
	if (len == WS_STR)
		len = strlen(body);
	/* A client that was refused an upgrade may send frames already. */
	if (request->head_octets > 0 && request->head.upgrade)
		c->last = true;
	ws_http_out_status(&out, head, sizeof(head), status);
	if (!is_bodiless(status)) {
		const char *media =
		    type != NULL ? type : "text/plain; charset=utf-8";

		if (len > 0)
			ws_http_out_field(&out, "Content-Type",
			    (struct ws_span){ media, strlen(media) });
		ws_http_out_number(&out, "Content-Length", len);
	}
	/* RFC 9110 15.5.22, 7.8: say to what, and that it is for this hop. */
	if (status == 426) {
		ws_http_out_field(&out, "Upgrade", WS_SPAN("websocket"));
		ws_http_out_field(&out, "Connection", WS_SPAN("Upgrade"));
	}
	write_common(request, &out);
	if (out.failed)
		return WS_EINVAL;
	n = head_parts(request, &out, parts);
	if (!is_bodiless(status) && request->head.method != WS_HTTP_HEAD)
		parts[n++] = (struct ws_part){ body, len };
	log_request(request, status);
	/* An endpoint that refuses a WebSocket says why in its answer. */
	if (unwanted)
		log_refusal(request, status, body, len);
	if (ws_conn_write(c, parts, n) < 0) {
		ws_conn_kill(c, "memory is out");
		return WS_ENOMEM;
	}
	request->held = false;
	end_response(c);
	return 0;
}

void
ws_request_refuse(struct ws_request *request, int status, const char *reason)
{
	struct ws_conn *c = request->conn;
	char text[256];
	int n = snprintf(text, sizeof(text), "%d %s: %s.\n", status,
	    ws_http_reason(status), reason);

	log_refusal(request, status, reason, strlen(reason));
	request->endpoint = NULL; /* this is logged now */
	(void)ws_reply_field(request, "X-Content-Type-Options", "nosniff");
	if (ws_reply(request, status, NULL, text, (size_t)n) < 0)
		ws_conn_kill(c, reason);
}

int
ws_reply_field(struct ws_request *request, const char *name, const char *value)
{
	static const char *const ours[] = { "Connection", "Content-Length",
		"Content-Type", "Date", "Transfer-Encoding", "Upgrade",
		"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol" };
	struct ws_span given = { name, strlen(name) };
	struct ws_http_out out = { 0 };
	char line[4096];

	for (size_t i = 0; i < WS_LEN(ours); i++) {
		if (ws_span_equal_nocase(
			given, (struct ws_span){ ours[i], strlen(ours[i]) }))
			return WS_EINVAL;
	}
	out.at = line;
	out.size = sizeof(line);
	ws_http_out_field(&out, name, (struct ws_span){ value, strlen(value) });
	if (out.failed)
		return WS_EINVAL;
	return ws_buf_append(&request->fields, line, out.len, FIELDS_MAX) == 0
		   ? 0
		   : WS_ENOMEM;
}

/* ---- files ------------------------------------------------------------- */

/* Send a body that lies in memory for ever. */
static int
send_static(struct ws_conn *c, const unsigned char *data, size_t len)
{
	struct ws_part part = { data, len };
	struct ws_chunk *chunk;
	int result;

	if (len <= WS_HOST_OUTPUT / 4)
		return ws_conn_write(c, &part, 1);
	chunk = ws_chunk_static(data, len);
	if (chunk == NULL)
		return -1;
	result = ws_conn_share(c, chunk);
	ws_chunk_unref(chunk);
	return result;
}

void
ws_request_send(struct ws_request *request, struct ws_http_out *out,
    struct ws_static_answer *answer)
{
	struct ws_conn *c = request->conn;
	struct ws_part parts[4];
	size_t n;
	int result = 0;

	write_common(request, out);
	n = head_parts(request, out, parts);
	if (answer->text != NULL)
		parts[n++] = (struct ws_part){ answer->text + answer->first,
			(size_t)answer->octets };
	log_request(request, answer->status);
	request->file = answer->file;
	if (out->failed || ws_conn_write(c, parts, n) < 0)
		result = -1;
	else if (answer->text == NULL && answer->octets > 0 &&
		 answer->file.data != NULL)
		result = send_static(c, answer->file.data + answer->first,
		    (size_t)answer->octets);
	else if (answer->text == NULL && answer->octets > 0) {
		request->file_at = answer->first;
		request->file_left = answer->octets;
		c->state = WS_CONN_RESPONDING;
		ws_conn_arm(c, c->host->limits.idle_ms);
	}
	ws_mem_free(answer->text);
	if (result < 0) {
		ws_conn_kill(c, "memory is out");
		return;
	}
	if (c->state == WS_CONN_HTTP)
		end_response(c);
}

void
ws_conn_http_send(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request;
	ssize_t n;

	for (int i = 0; i < FILE_ROUNDS && rq->file_left > 0; i++) {
		size_t ask = rq->file_left < FILE_OCTETS ? (size_t)rq->file_left
							 : FILE_OCTETS;

		n = ws_net_sendfile(conn->io.fd, rq->file.fd, rq->file_at, ask);
		if (n == WS_NET_AGAIN)
			return;
		if (n == WS_NET_GONE) {
			ws_conn_kill(conn, "the connection was reset");
			return;
		}
		/* The length was promised, so the only honest way to say that
		 * it is not kept is to end the connection. */
		if (n == 0) {
			ws_conn_kill(conn, "a file shrank while it was sent");
			return;
		}
		rq->file_at += (uint64_t)n;
		rq->file_left -= (uint64_t)n;
		ws_conn_arm(conn, conn->host->limits.idle_ms);
	}
	if (rq->file_left == 0)
		end_response(conn);
}

/* ---- reading ----------------------------------------------------------- */

/* Refuse what cannot even be parsed. Nothing after it can be trusted. */
static void
refuse_malformed(struct ws_request *rq, int error)
{
	rq->conn->last = true;
	rq->head.method = WS_HTTP_GET; /* the head may have none yet */
	ws_request_refuse(
	    rq, ws_http_error_status(error), ws_http_error_text(error));
}

static bool
has_body(const struct ws_http_head *head)
{
	return head->chunked || head->content_octets > 0;
}

/* A head with a body behind it. Returns whether the body may come. */
static bool
begin_body(struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;
	struct ws_part go = { "HTTP/1.1 100 Continue\r\n\r\n", 25 };

	if (rq->head.content_octets > c->host->limits.body_max) {
		refuse_malformed(rq, WS_HTTP_EBODY);
		return false;
	}
	if (keep_head(rq) < 0) {
		ws_conn_kill(c, "memory is out");
		return false;
	}
	ws_conn_arm(c, c->host->limits.idle_ms);
	/* RFC 9110 10.1.1: only a client that waits is told to go on. */
	if (rq->head.expect_continue && ws_conn_write(c, &go, 1) < 0) {
		ws_conn_kill(c, "memory is out");
		return false;
	}
	return true;
}

/* Keep a run of the body. */
static bool
add_body(struct ws_request *rq, const void *data, size_t len)
{
	struct ws_conn *c = rq->conn;

	if (len > c->host->limits.body_max - rq->body_octets) {
		refuse_malformed(rq, WS_HTTP_EBODY);
		return false;
	}
	if (ws_buf_append(&rq->body, data, len, c->host->limits.body_max) < 0) {
		ws_conn_kill(c, "memory is out");
		return false;
	}
	/* A body that comes fast enough may take as long as it needs. */
	if ((rq->body_octets ^ (rq->body_octets + len)) >= BODY_PACE)
		ws_conn_arm(c, c->host->limits.idle_ms);
	rq->body_octets += len;
	return true;
}

/* Whether the rest of the chunk that has begun may still come. */
static bool
may_fit(struct ws_request *rq)
{
	if (rq->chunked.remaining <=
	    rq->conn->host->limits.body_max - rq->body_octets)
		return true;
	refuse_malformed(rq, WS_HTTP_EBODY);
	return false;
}

/* Take octets of a body. Returns how many were taken; sets done when it is
 * complete. */
static size_t
read_body(struct ws_request *rq, const char *in, size_t len, bool *done)
{
	uint64_t left = rq->head.content_octets - rq->body_octets;
	struct ws_span run;
	size_t used = 0;
	ssize_t n;

	if (!rq->head.chunked) {
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

/* The request is complete. */
static void
dispatch(struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;

	c->host->request(rq);
	if (c->state == WS_CONN_HTTP && c->request == rq)
		ws_request_refuse(rq, 500, "the application did not answer");
}

/* Parse a head. Returns its size, 0 when it is incomplete, or -1. */
static ssize_t
read_head(struct ws_request *rq, uint8_t *in, size_t len)
{
	ssize_t n = ws_http_parse(&rq->head, (const char *)in, len);

	if (n < 0) {
		refuse_malformed(rq, (int)n);
		return -1;
	}
	if (n == 0)
		return 0;
	rq->base = (char *)in;
	rq->head_octets = (size_t)n;
	if (has_body(&rq->head) && !begin_body(rq))
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
		rq = begin_request(conn);
		if (rq == NULL) {
			ws_conn_kill(conn, "memory is out");
			return len;
		}
		if (conn->served)
			ws_conn_arm(conn, conn->host->limits.handshake_ms);
	}
	if (rq->head_octets == 0) {
		n = read_head(rq, in, len);
		if (n <= 0)
			return n < 0 ? len : 0;
		used = (size_t)n;
		done = !has_body(&rq->head);
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
	conn->last = true;
	ws_request_refuse(rq, 408, "the request did not arrive in time");
}

/* ---- holding and upgrading --------------------------------------------- */

int
ws_hold(struct ws_request *request,
    void (*gone)(struct ws_request *request, void *arg), void *arg)
{
	struct ws_conn *c = request->conn;

	if (!is_open(request) || request->held)
		return WS_ESTATE;
	if (keep_head(request) < 0)
		return WS_ENOMEM;
	request->held = true;
	request->gone = gone;
	request->gone_arg = arg;
	c->state = WS_CONN_HOLDING;
	ws_wheel_cancel(&c->host->loop.wheel, &c->deadline);
	return 0;
}

bool
ws_offers(const struct ws_request *request, const char *subprotocol)
{
	return ws_handshake_offers(&request->head, request->base,
	    (struct ws_span){ subprotocol, strlen(subprotocol) });
}

/* Write 101. RFC 6455 section 4.2.2. */
static int
write_switch(struct ws_request *rq, const char *subprotocol)
{
	struct ws_http_out out;
	struct ws_part parts[3];
	char head[HEAD_ROOM], accept[WS_ACCEPT_SIZE];

	ws_handshake_accept(&rq->head, rq->base, accept);
	ws_http_out_status(&out, head, sizeof(head), 101);
	ws_http_out_field(&out, "Upgrade", WS_SPAN("websocket"));
	ws_http_out_field(&out, "Connection", WS_SPAN("Upgrade"));
	ws_http_out_field(&out, "Sec-WebSocket-Accept",
	    (struct ws_span){ accept, sizeof(accept) });
	if (subprotocol != NULL)
		ws_http_out_field(&out, "Sec-WebSocket-Protocol",
		    (struct ws_span){ subprotocol, strlen(subprotocol) });
	if (out.failed)
		return -1;
	return ws_conn_write(rq->conn, parts, head_parts(rq, &out, parts));
}

struct ws_conn *
ws_accept(struct ws_request *request, const char *subprotocol, void *user)
{
	struct ws_conn *c = request->conn;
	const struct ws_endpoint *endpoint = request->endpoint;

	if (!is_open(request) || endpoint == NULL)
		return NULL;
	request->tried = true;
	if (subprotocol != NULL && !ws_offers(request, subprotocol))
		return NULL;
	if (write_switch(request, subprotocol) < 0) {
		ws_conn_kill(c, "memory is out");
		return NULL;
	}
	log_request(request, 101);
	request->held = false;
	end_request(c);
	ws_conn_ws_open(c, endpoint, user);
	return c;
}
