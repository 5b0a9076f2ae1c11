/* conn_stream.c - answers that the application writes bit by bit. */
/* SPDX-License-Identifier: MIT */
/*
 * The request is released as soon as its answer has begun, since thousands of
 * peers may listen to one for hours; only the log at WS_LOG_ACCESS needs it
 * until the end. What is left of it is a struct ws_stream.
 *
 *	HTTP/1.1   a part is one chunk, RFC 9112 section 7.1:
 *
 *	           1a\r\ndata: twenty-six octets\n\n\r\n      ... 0\r\n\r\n
 *
 *	HTTP/1.0   a part is as it is; the end is that of the connection
 *
 * A block has the form of HTTP/1.1, and the few peers of HTTP/1.0 get a copy
 * of what is inside.
 */
#include <stdio.h>

#include "conn.h"

#define KEEP_ALIVE_MS 15000 /* half of what common proxies wait at least */
#define SIZE_ROOM 20        /* a size in hexadecimal, CRLF and a NUL */

struct ws_stream {
	struct ws_conn *conn;                    /* borrowed */
	const struct ws_stream_handler *handler; /* borrowed */
	void *user;                              /* borrowed */
	struct ws_request *request; /* owned: for the log; NULL without one */
	uint64_t sent_octets;       /* of the body */
	bool chunked;
	bool last; /* the connection ends with it */
};

/* ---- life -------------------------------------------------------------- */

static int
period_ms(const struct ws_stream *s)
{
	if (s->handler->keep_alive == NULL)
		return s->conn->core->limits.idle_ms;
	return s->handler->keep_alive_ms > 0 ? s->handler->keep_alive_ms
					     : KEEP_ALIVE_MS;
}

/* Give a stream the place of its request. */
static void
replace_request(struct ws_stream *s, struct ws_request *rq)
{
	struct ws_conn *c = rq->conn;

	rq->on_hold = false;
	s->last = c->close_after_reply || c->peer_ended || rq->body_pending ||
		  c->core->stopping || !rq->head->keep_alive;
	if (c->core->log.level >= WS_LOG_ACCESS &&
	    ws_request_keep_head(rq) == 0)
		s->request = rq;
	else
		ws_request_end(c);
	c->stream = s;
	c->streams = true;
	c->state = WS_CONN_STREAMING;
	c->heard_ms = (uint32_t)c->core->loop.now_ms;
	ws_conn_arm(c, period_ms(s));
	ws_conn_touch(c);
}

/* Take a stream off its connection, and log its answer. */
static void
release(struct ws_stream *s)
{
	struct ws_conn *c = s->conn;

	c->streams = false;
	c->request = s->request;
	if (s->request != NULL)
		s->request->sent_octets = s->sent_octets;
	ws_request_end(c);
	ws_ledger_drop(&c->core->memory, sizeof(*s));
	ws_mem_free(s);
}

/* Write the head of the answer. Returns as ws_stream_begin, with 1 for a stream
 * that can begin. */
static int
write_head(struct ws_request *rq, int status, const char *type, bool chunked)
{
	const char *media = type != NULL ? type : "text/plain; charset=utf-8";
	struct ws_http_out out;
	char head[WS_REPLY_HEAD];

	ws_http_out_status(&out, head, sizeof(head), status);
	ws_http_out_field(&out, "Content-Type", ws_span_of(media));
	ws_http_out_field(&out, "X-Accel-Buffering", WS_SPAN("no"));
	if (chunked)
		ws_http_out_field(
		    &out, "Transfer-Encoding", WS_SPAN("chunked"));
	ws_request_common(rq, &out);
	if (out.failed)
		return WS_EINVAL;
	rq->status = status;
	if (rq->head->method == WS_HTTP_HEAD)
		return ws_request_answer(rq, &out, NULL, 0);
	if (ws_request_send(rq, &out, NULL, 0) == 0)
		return 1;
	ws_conn_kill(rq->conn, "out of memory");
	return WS_ENOMEM;
}

static bool
may_have_body(int status)
{
	return status >= 200 && status <= 599 && status != 204 && status != 304;
}

int
ws_stream_begin(struct ws_request *request, int status, const char *type,
    const struct ws_stream_handler *handler, void *user,
    struct ws_stream **stream)
{
	struct ws_conn *c = request->conn;
	bool chunked = request->head->minor > 0;
	struct ws_stream *s;
	int result;

	*stream = NULL;
	if (!may_have_body(status) || handler == NULL)
		return WS_EINVAL;
	s = ws_mem_resize(NULL, sizeof(*s));
	if (s == NULL)
		return WS_ENOMEM;
	*s = (struct ws_stream){ c, handler, user, .chunked = chunked };
	result = ws_request_prepare(request);
	if (result > 0) {
		c->close_after_reply = c->close_after_reply || !chunked;
		result = write_head(request, status, type, chunked);
	}
	if (result <= 0) {
		ws_mem_free(s);
		return result;
	}
	ws_ledger_add(&c->core->memory, sizeof(*s));
	replace_request(s, request);
	*stream = s;
	return 1;
}

void
ws_stream_end(struct ws_stream *stream)
{
	struct ws_conn *c = stream->conn;
	bool last = stream->last || c->core->stopping;
	struct ws_part end = { "0\r\n\r\n", 5 };

	if (c->state == WS_CONN_STREAMING && stream->chunked &&
	    ws_conn_write(c, &end, 1) < 0)
		ws_conn_kill(c, "out of memory");
	release(stream);
	if (c->state == WS_CONN_DEAD)
		return;
	c->kept_alive = true;
	if (last) {
		ws_conn_linger(c, "the last response was sent");
		return;
	}
	c->state = WS_CONN_HTTP;
	ws_conn_arm(c, c->core->limits.idle_ms);
	ws_conn_touch(c);
}

void
ws_stream_stop(struct ws_conn *conn)
{
	struct ws_stream *s = conn->stream;

	if (s->handler->gone != NULL)
		s->handler->gone(s, s->user);
	ws_stream_end(s);
}

void
ws_stream_abort(struct ws_conn *conn)
{
	struct ws_stream *s = conn->stream;

	if (s->handler->gone != NULL)
		s->handler->gone(s, s->user);
	release(s);
}

void
ws_stream_drained(struct ws_conn *conn)
{
	struct ws_stream *s = conn->stream;

	if (s->handler->drain != NULL)
		s->handler->drain(s, s->user);
}

void
ws_stream_expired(struct ws_conn *conn)
{
	struct ws_stream *s = conn->stream;

	/* It has not taken an octet for that long (is_taking_its_time). */
	if (conn->queue.last != NULL) {
		ws_conn_kill(conn, "the peer takes nothing of the response");
		return;
	}
	ws_conn_arm(conn, period_ms(s));
	if (s->handler->keep_alive != NULL &&
	    ws_stream_write(s, 0, s->handler->keep_alive, WS_STR) == WS_ENOMEM)
		ws_conn_kill(conn, "out of memory");
}

/* ---- writing ----------------------------------------------------------- */

/* Write the line that a chunk begins with. Returns its octets. */
static size_t
size_line(char line[SIZE_ROOM], size_t len)
{
	return (size_t)snprintf(line, SIZE_ROOM, "%zx\r\n", len);
}

/* Decide whether a part may be written. Returns as ws_stream_write. */
static int
admit(struct ws_stream *s, size_t len, int flags)
{
	struct ws_conn *c = s->conn;
	int result = 0;

	if (c->state != WS_CONN_STREAMING || c->send_failed)
		return WS_ECLOSED;
	if (c->queue.last != NULL)
		result = ws_conn_admit(c, len, flags);
	else
		/* Only what waits can show that a peer takes nothing. */
		c->heard_ms = (uint32_t)c->core->loop.now_ms;
	if (result == WS_EFULL)
		ws_conn_kill(c, "the peer is too slow: queue full");
	return result;
}

/* Count a part that was written, or fail to have written it. */
static int
written(struct ws_stream *s, size_t len, int result)
{
	if (result < 0)
		return WS_ENOMEM;
	s->sent_octets += len;
	s->conn->core->messages_out++;
	return 0;
}

int
ws_stream_write(
    struct ws_stream *stream, int flags, const void *data, size_t len)
{
	char line[SIZE_ROOM];
	struct ws_part parts[] = { { line, 0 }, { data, len }, { "\r\n", 2 } };
	int result;

	if (data == NULL && len > 0)
		return WS_EINVAL;
	if (len == WS_STR)
		len = parts[1].len = strlen(data);
	result = admit(stream, len, flags);
	/* RFC 9112 7.1: a chunk of no octets is the end. */
	if (result < 0 || len == 0)
		return result;
	parts[0].len = size_line(line, len);
	if (stream->chunked)
		result = ws_conn_write(stream->conn, parts, 3);
	else
		result = ws_conn_write(stream->conn, &parts[1], 1);
	return written(stream, len, result);
}

size_t
ws_stream_queued(const struct ws_stream *stream)
{
	return ws_queued(stream->conn);
}

/* ---- blocks ------------------------------------------------------------ */

/* A block is a chunk, both that of buf.h and that of RFC 9112. Its window says
 * how long the line with the size is, as nothing here is compressed. */
static struct ws_chunk *
chunk_of(struct ws_block *block)
{
	return (struct ws_chunk *)block;
}

struct ws_block *
ws_block_new(const void *data, size_t len)
{
	char line[SIZE_ROOM];
	struct ws_chunk *chunk;
	size_t n;

	if (data != NULL && len == WS_STR)
		len = strlen(data);
	if (data == NULL || len == 0 || len > WS_QUEUE_MAX)
		return NULL;
	n = size_line(line, len);
	chunk = ws_chunk_new(n + len + 2);
	if (chunk == NULL)
		return NULL;
	memcpy(chunk->at, line, n);
	memcpy(chunk->at + n, data, len);
	memcpy(chunk->at + n + len, "\r\n", 2);
	chunk->len = n + len + 2;
	chunk->window = (uint8_t)n;
	return (struct ws_block *)chunk;
}

void
ws_block_free(struct ws_block *block)
{
	ws_chunk_unref(chunk_of(block));
}

int
ws_stream_write_block(
    struct ws_stream *stream, int flags, struct ws_block *block)
{
	struct ws_chunk *chunk = chunk_of(block);
	struct ws_part inside;
	int result;

	if (block == NULL)
		return WS_EINVAL;
	inside = (struct ws_part){ chunk->data + chunk->window,
		chunk->len - chunk->window - 2 };
	result = admit(stream, chunk->len, flags);
	if (result < 0)
		return result;
	if (stream->chunked)
		result = ws_conn_share(stream->conn, chunk);
	else
		result = ws_conn_write(stream->conn, &inside, 1);
	return written(stream, inside.len, result);
}
