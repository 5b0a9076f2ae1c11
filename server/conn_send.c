/* conn_send.c - how octets leave a connection. */
/* SPDX-License-Identifier: MIT */
/*
 *	written while being served ──▶ output ──▶ the system
 *	                                  │
 *	                                  ▼ what it did not take
 *	written at any other time ──▶ queue ──▶ the system, at the turn's end
 *
 * Output holds octets only while the queue is empty, so nothing overtakes.
 * Large runs skip both and go to the system at once, together with the output
 * before them.
 */
#include <string.h>

#include "conn.h"

/* Parts of a queue handed to the system in one call. They take 2 KiB of the
 * stack. Measured with 256 messages of 64 octets in flight to a room of 200, a
 * delivery costs 0.17 us of the processor: 45 % more with half of this number,
 * a quarter less with the double. Queues that long are rare. */
#define PARTS_MAX 64

/* Such calls for one connection in one turn. The number does not change the
 * cost of a delivery; it keeps a peer that takes all at once from holding the
 * others up for more than 256 parts. */
#define FLUSH_ROUNDS 4

/* Octets that are sent at once rather than copied to the output. Measured, an
 * echo of 12,000 octets costs 3.6 us copied and 4.4 sent at once, one of 24,000
 * costs 5.5 either way; copying more would only fill the output. */
#define DIRECT_MIN 16384

/* Octets of a shared chunk that is copied to the output of the connection being
 * served, to leave with its other answers. Measured, anything between 256 and
 * 4096 costs the same; with this, 64 of them fit into the output. */
#define COPY_MAX 1024

/* Octets of a shared chunk that is copied behind a queue. The limits of a queue
 * count octets, but each shared chunk takes a segment of 32 octets besides. So
 * a queue of the shortest chunks that are shared takes half as much memory
 * again as the limits count; with half of this number, twice as much. With the
 * double, longer messages are copied for each slow member of a room. */
#define COPY_BEHIND 64

/* Take note of a send call's result.
 *   n  octets sent, or an error of ws_net_sendv
 * Returns how many octets went out. */
static inline size_t
sent(struct ws_conn *c, ssize_t n)
{
	if (n == WS_NET_GONE) {
		c->send_failed = true;
		ws_conn_touch(c);
	}
	if (n <= 0)
		return 0;
	/* A choked peer is not read from, and the Ping to a peer whose socket
	 * is full waits behind the rest: both show that they live by taking
	 * octets. */
	if (c->choked || (c->io.want & WS_LOOP_WRITE) ||
	    c->state != WS_CONN_OPEN)
		c->heard_ms = (uint32_t)c->core->loop.now_ms;
	return (size_t)n;
}

/* Queue the rest of some runs.
 *   parts  changed
 *   gone   how many of their first octets have been sent */
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
		c->send_failed = true; /* half a frame may be on the wire */
		ws_conn_touch(c);
		return -1;
	}
	c->queue.partly_sent = gone > 0;
	ws_conn_choke(c);
	return 0;
}

/* Write runs as sendmsg(2) takes them. Returns how many octets they have. */
static size_t
fill(struct iovec *vec, const struct ws_part *parts, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		/* iov_base is not const, although nothing is written there. */
		memcpy(&vec[i].iov_base, &parts[i].at, sizeof(void *));
		vec[i].iov_len = parts[i].len;
		total += parts[i].len;
	}
	return total;
}

/* Send runs at once, with the output before them. The queue must be empty. */
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
	(void)fill(vec, all, n);
	gone = sent(c, ws_net_sendv(c->io.fd, vec, (int)n));
	ws_conn_touch(c);
	return queue_rest(c, all, n, gone);
}

/* Queue the part of the output that the system did not take. */
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

	/* After a failure octets before these are lost already. */
	if (core->serving != c || all.len == 0 || c->send_failed)
		return;
	core->output = core->gather;
	core->output_octets = 0;
	n = ws_net_send(c->io.fd, all.at, all.len);
	if (n != (ssize_t)all.len)
		keep_output(c, all, n);
}

/* Hand a part of the queue to the system. Returns whether the system took all
 * of it, so that it may take more. */
static bool
flush_some(struct ws_conn *c)
{
	struct ws_part parts[PARTS_MAX];
	struct iovec vec[PARTS_MAX];
	size_t n = ws_queue_parts(&c->queue, parts, PARTS_MAX);
	size_t total = fill(vec, parts, n), gone;

	gone = sent(c, ws_net_sendv(c->io.fd, vec, (int)n));
	ws_queue_sent(&c->queue, &c->core->segments, gone);
	return gone == total;
}

/* Count what waits first, since the system has not taken all of it.
 * ws_send_prepared leaves this for later, as most messages never wait; what
 * waits behind the first is counted by ws_conn_share. */
static void
count_first(struct ws_conn *c)
{
	if (c->queue.last != NULL)
		ws_chunk_count(c->queue.last->next->chunk, &c->core->memory);
}

/* Hand the queue to the system, in a bounded number of calls. */
static WS_NOINLINE void
flush_rounds(struct ws_conn *c)
{
	for (int i = 0; i < FLUSH_ROUNDS && c->queue.last != NULL; i++) {
		if (c->send_failed || !flush_some(c))
			break;
	}
	count_first(c);
}

/* Hand the queue, which is not empty, to the system. Most often it holds one
 * message of a room: measured, send() in place of sendmsg() saves 60
 * instructions of each delivery. */
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
	if (sent(c, n) == only.len) {
		ws_queue_clear(&c->queue, &c->core->segments);
		return;
	}
	if (n > 0)
		ws_queue_sent(&c->queue, &c->core->segments, (size_t)n);
	count_first(c);
}

void
ws_conn_flush_queue(struct ws_conn *conn)
{
	if (!conn->send_failed && conn->queue.last != NULL)
		flush_queue(conn);
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

/* Take note that octets were queued. The connection being served has a queue
 * because the system took no more, so it may be choked now; any other has not
 * tried to send yet.
 * Returns result. */
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
	if (core->output != core->gather) {
		/* Move output to gather, where more can follow it. */
		memcpy(core->gather, core->output, core->output_octets);
		core->output = core->gather;
	}
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
	/* Copying up to COPY_BEHIND octets costs no more memory than a segment,
	 * which the limits of the queue do not count. */
	if (conn->queue.last != NULL && chunk->len <= COPY_BEHIND)
		return ws_conn_write(conn, &part, 1);
	ws_chunk_count(chunk, &core->memory);
	return queued(
	    conn, ws_queue_share(&conn->queue, &core->segments, chunk, 0));
}

int
ws_conn_admit(struct ws_conn *conn, size_t len, int flags)
{
	const struct ws_limits *limits = &conn->core->limits;

	/* Before a peer is treated as slow, it gets the chance to take the
	 * messages that were queued in this turn. */
	if (conn->queue.octets > limits->queue_soft && !conn->choked)
		ws_conn_flush(conn);
	if (conn->send_failed)
		return WS_ECLOSED;
	if ((flags & WS_VOLATILE) && conn->queue.octets > limits->queue_soft)
		return WS_ESKIPPED;
	/* Below queue_soft the peer is still read from, and must not be closed
	 * for asking: one message of any size always fits. */
	if (conn->queue.octets <= limits->queue_soft ||
	    (conn->queue.octets <= limits->queue_max &&
		len <= limits->queue_max - conn->queue.octets))
		return 0;
	return WS_EFULL;
}
