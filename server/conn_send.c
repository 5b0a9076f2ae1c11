/* conn_send.c - how octets leave a connection. */
/* SPDX-License-Identifier: MIT */
/*
 *	written while being served ──▶ output ──▶ the system
 *	                                  │
 *	                                  ▼ what it did not take
 *	written at any other time ──▶ queue ──▶ the system, at the turn's end
 *
 * Output holds something only while the queue is empty, so nothing overtakes.
 * What is large enough skips both and goes to the system at once, together
 * with the output before it.
 */
#include <string.h>

#include "conn.h"

#define PARTS_MAX 64     /* handed to the system in one call */
#define FLUSH_ROUNDS 4   /* such calls for one connection in one turn */
#define DIRECT_MIN 16384 /* from here on copying costs more than a call */
#define COPY_MAX 1024    /* a shared chunk up to here is copied to output */
#define COPY_BEHIND 64   /* and up to here behind what is queued */

/* Take note of a send call's result. Returns the octets that went out. */
static inline size_t
sent(struct ws_conn *c, ssize_t n)
{
	if (n == WS_NET_GONE) {
		c->send_failed = true;
		ws_conn_touch(c);
	}
	if (n <= 0)
		return 0;
	/* A peer that is not listened to shows that it lives by taking, and so
	 * does one whose socket was full: our Ping waits behind the rest. */
	if (c->choked || (c->io.want & WS_LOOP_WRITE) ||
	    c->state != WS_CONN_OPEN)
		c->heard_ms = (uint32_t)c->core->loop.now_ms;
	return (size_t)n;
}

/* Queue what remains of some runs when the first octets of them went out. */
static int
queue_rest(struct ws_conn *c, struct ws_part *parts, size_t count, size_t gone)
{
	size_t left = gone, total = 0;

	for (size_t i = 0; i < count; i++) {
		size_t take = left < parts[i].len ? left : parts[i].len;

		if (parts[i].len == 0)
			continue; /* it may be NULL */
		parts[i].at = (const char *)parts[i].at + take;
		parts[i].len -= take;
		left -= take;
		total += parts[i].len;
	}
	if (total == 0 || c->send_failed)
		return 0;
	if (ws_queue_copy(&c->queue, &c->core->segments, parts, count) < 0) {
		c->send_failed = true; /* a part of it may be on the wire */
		ws_conn_touch(c);
		return -1;
	}
	c->queue.partly_sent = gone > 0;
	ws_conn_choke(c);
	return 0;
}

/* Send runs at once, behind what output holds; nothing is queued. */
static int
send_direct(struct ws_conn *c, const struct ws_part *parts, size_t count)
{
	struct ws_core *core = c->core;
	struct ws_part all[8];
	struct iovec vec[8];
	size_t n = 0, gone;

	if (c->send_failed)
		return -1;
	if (core->serving == c && core->output_octets > 0) {
		all[n++] =
		    (struct ws_part){ core->output, core->output_octets };
		core->output = core->gather;
		core->output_octets = 0;
	}
	for (size_t i = 0; i < count; i++)
		all[n++] = parts[i];
	for (size_t i = 0; i < n; i++) {
		memcpy(&vec[i].iov_base, &all[i].at, sizeof(void *));
		vec[i].iov_len = all[i].len;
	}
	gone = sent(c, ws_net_sendv(c->io.fd, vec, (int)n));
	ws_conn_touch(c);
	return queue_rest(c, all, n, gone);
}

/* Keep what the system did not take of the output. */
static WS_NOINLINE void
keep_output(struct ws_conn *c, struct ws_part all, ssize_t result)
{
	(void)queue_rest(c, &all, 1, sent(c, result));
}

/* Hand output to the system. */
static inline void
flush_output(struct ws_conn *c)
{
	struct ws_core *core = c->core;
	struct ws_part all = { core->output, core->output_octets };
	ssize_t n;

	/* When it is broken, something before this was lost already. */
	if (core->serving != c || all.len == 0 || c->send_failed)
		return;
	core->output = core->gather;
	core->output_octets = 0;
	n = ws_net_send(c->io.fd, all.at, all.len);
	if (n != (ssize_t)all.len)
		keep_output(c, all, n);
}

/* Hand a part of the queue to the system. Returns whether all of it was
 * taken, so that more may be. */
static bool
flush_some(struct ws_conn *c)
{
	struct ws_part parts[PARTS_MAX];
	struct iovec vec[PARTS_MAX];
	size_t n = ws_queue_parts(&c->queue, parts, PARTS_MAX);
	size_t total = 0, gone;

	for (size_t i = 0; i < n; i++) {
		memcpy(&vec[i].iov_base, &parts[i].at, sizeof(void *));
		vec[i].iov_len = parts[i].len;
		total += parts[i].len;
	}
	gone = sent(c, ws_net_sendv(c->io.fd, vec, (int)n));
	ws_queue_sent(&c->queue, &c->core->segments, gone);
	return gone == total;
}

/* Hand all of the queue to the system, if it takes it. */
static WS_NOINLINE void
flush_rounds(struct ws_conn *c)
{
	for (int i = 0; i < FLUSH_ROUNDS && c->queue.last != NULL; i++) {
		if (c->send_failed || !flush_some(c))
			return;
	}
}

/* The same for a queue that is not empty and, most often, one message for many.
 * Measured on the fan-out, 60 instructions less. */
static inline void
flush_queue(struct ws_conn *c)
{
	struct ws_part only;
	ssize_t n;

	if (!ws_queue_first(&c->queue, &only)) {
		flush_rounds(c);
		return;
	}
	n = ws_net_send(c->io.fd, only.at, only.len);
	if (sent(c, n) == only.len)
		ws_queue_clear(&c->queue, &c->core->segments);
	else if (n > 0)
		ws_queue_sent(&c->queue, &c->core->segments, (size_t)n);
}

void
ws_conn_flush(struct ws_conn *conn)
{
	if (conn->send_failed || conn->state == WS_CONN_DEAD)
		return;
	flush_output(conn);
	if (conn->queue.last != NULL)
		flush_queue(conn);
}

/* Something was queued, with this result. The queue of the one being served
 * is there because the system took no more; the others have not tried yet. */
static int
queued(struct ws_conn *c, int result)
{
	if (c->core->serving == c)
		ws_conn_choke(c);
	else
		ws_conn_touch(c);
	return result;
}

int
ws_conn_write(struct ws_conn *conn, const struct ws_part *parts, size_t count)
{
	struct ws_core *core = conn->core;
	size_t total = 0;
	uint8_t *out;

	for (size_t i = 0; i < count; i++)
		total += parts[i].len;
	ws_core_gather(core);
	out = ws_conn_room(conn, total);
	if (out != NULL) {
		for (size_t i = 0; i < count; i++) {
			if (parts[i].len == 0)
				continue;
			memcpy(out, parts[i].at, parts[i].len);
			out += parts[i].len;
		}
		core->output_octets += total;
		return 0;
	}
	if (conn->queue.last == NULL && total >= DIRECT_MIN)
		return send_direct(conn, parts, count);
	flush_output(conn);
	return queued(
	    conn, ws_queue_copy(&conn->queue, &core->segments, parts, count));
}

int
ws_conn_share(struct ws_conn *conn, struct ws_chunk *chunk)
{
	struct ws_core *core = conn->core;
	struct ws_part part = { chunk->data, chunk->len };

	if (core->serving == conn && conn->queue.last == NULL) {
		if (chunk->len <= COPY_MAX)
			return ws_conn_write(conn, &part, 1);
		flush_output(conn);
	}
	/* A segment is larger than that, and only octets are limited. */
	if (conn->queue.last != NULL && chunk->len <= COPY_BEHIND)
		return ws_conn_write(conn, &part, 1);
	return queued(
	    conn, ws_queue_share(&conn->queue, &core->segments, chunk, 0));
}
