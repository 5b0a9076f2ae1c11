/* conn.c - the state machine of one connection: reading, serving. */
/* SPDX-License-Identifier: MIT */
/*
 *	     head complete, the answer is a file          all sent, keep-alive
 *	HTTP ─────────────────────────────▶ RESPONDING ───────────────────▶ HTTP
 *	 │ ▲    begun by the application    STREAMING, until it says so:
 *	 │ │    (HOLDING may come before)     as RESPONDING
 *	 │ ▲                                    │
 *	 │ └── answered ── HOLDING ◀── held ──┐ │ last response
 *	 │                 (until answered,   │ ▼
 *	 │ ───────────────  or the peer is ───┘ LINGER ── their end, or deadline
 *	 │                  gone)               ▲                      │
 *	 │ upgrade accepted: 101                │                      ▼
 *	 ▼                                      │                    DEAD
 *	OPEN ── their Close, ours echoed ───────┤            (released at the end
 *	 │                                      │                 of the turn)
 *	 └─ our Close ─▶ CLOSING ─ theirs ──────┘
 *
 * Every state may also go to DEAD: when the peer is gone, a deadline passed or
 * the server is out of memory. HTTP, HOLDING and RESPONDING are in conn_http.c,
 * conn_request.c, conn_reply.c and conn_stream.c, OPEN and CLOSING in conn_ws.c,
 * conn_message.c and conn_pmd.c; octets leave through conn_send.c. This file
 * moves octets and never looks at them.
 *
 * Reading. All connections receive into one buffer. Octets that a state cannot
 * take yet (a head without its end; frames while the application has paused)
 * are stashed, and shown again later together with those that follow.
 *
 * Writing. While a connection is being served, its answers are gathered in one
 * output buffer and handed to the system at the end, in one call. Messages for
 * other connections go into the queues of those, which are visited at the end
 * of the turn. A socket is watched for writability only while it is full.
 *
 * Pressure. A peer that lets more than queue_soft pile up is "choked": nothing
 * is read from it until half of that is gone. It is watched for writability, so
 * that a next visit is certain. A peer that sends many messages or requests at
 * once "yields" when its visit has used up its budget (base/budget.h): the rest
 * waits in the stash, and the connection queues for the next turn.
 */

#include "conn.h"
#include "base/mem.h"

/* Octets read for each tenth of a microsecond that a visit may take. Frames of
 * one octet take about as long as that, long messages a tenth of it. */
#define OCTETS_EACH 64

_Static_assert(WS_CORE_INPUT / OCTETS_EACH >= WS_BUDGET_VISIT,
    "a visit must not read more than the buffer holds");

/* While the application holds a request, its peer is read from until this much
 * waits behind it, to notice that it hangs up. A browser's next request has 0.5
 * to 2 KiB, so one fits; the double would do no more for twice the memory of a
 * peer that abuses it. The last read may exceed it by WS_CORE_INPUT. */
#define AHEAD_MAX 4096

/* ---- reading ----------------------------------------------------------- */

/* Return whether the connection's state takes octets, in this visit or the
 * next. */
static bool
is_receptive(const struct ws_conn *c)
{
	switch ((enum ws_conn_state)c->state) {
	case WS_CONN_HTTP:
		return !c->choked;
	case WS_CONN_OPEN:
		return !c->choked && !c->paused;
	case WS_CONN_CLOSING:
	case WS_CONN_LINGER:
	case WS_CONN_DEAD:
		return true;
	case WS_CONN_HOLDING:
	case WS_CONN_RESPONDING:
	case WS_CONN_STREAMING:
		return false;
	}
	return false;
}

/* Return whether the connection's state takes octets in this visit. */
static bool
is_taking(const struct ws_conn *c)
{
	return !c->yielded && is_receptive(c);
}

/* Show octets to the state, as many as it takes. Returns how many. */
static size_t
process(struct ws_conn *c, uint8_t *in, size_t len)
{
	size_t used = 0, n = 0;

	while (used < len && is_taking(c)) {
		switch ((enum ws_conn_state)c->state) {
		case WS_CONN_HTTP:
			/* One read may hold thousands of requests. */
			n = ws_conn_http_read(c, in + used, len - used);
			break;
		case WS_CONN_OPEN:
		case WS_CONN_CLOSING:
			n = ws_conn_ws_read(c, in + used, len - used);
			break;
		case WS_CONN_HOLDING:
		case WS_CONN_RESPONDING:
		case WS_CONN_STREAMING:
		case WS_CONN_LINGER:
		case WS_CONN_DEAD:
			return len;
		}
		if (n == 0)
			break;
		used += n;
	}
	return used;
}

/* Show the stash to the state. Returns how many octets were taken. */
static size_t
process_stash(struct ws_conn *c)
{
	size_t used = process(c, ws_buf_data(c->stash), c->stash->len);

	ws_buf_consume(&c->stash, used);
	return used;
}

/* Keep the octets that the state did not take. */
static void
stash(struct ws_conn *c, const uint8_t *rest, size_t len)
{
	ws_core_spend(c->core, len / 1024 * WS_COST_COPY_KB);
	if (ws_buf_append(&c->stash, rest, len, SIZE_MAX) < 0)
		ws_conn_kill(c, "out of memory");
	ws_buf_count(c->stash, &c->core->memory);
}

/* Act on a receive that brought nothing.
 *   result  0 at the end of the stream, or an error of ws_net_recv */
static void
receive_nothing(struct ws_conn *c, ssize_t result)
{
	static const char *const causes[] = {
		[WS_CONN_HTTP] = "the peer hung up",
		[WS_CONN_HOLDING] = "the peer hung up before the answer",
		[WS_CONN_STREAMING] = "the peer hung up",
		[WS_CONN_OPEN] = "the stream ended without a Close frame",
		[WS_CONN_CLOSING] = "the stream ended before their Close frame",
		[WS_CONN_DEAD] = NULL,
	};

	if (result == WS_NET_GONE)
		ws_conn_kill(c, "the connection was reset");
	if (result != 0)
		return;
	c->peer_ended = true;
	/* It may have sent its last request and wait for answers. */
	if (c->state == WS_CONN_HTTP && c->queue.last != NULL)
		ws_conn_linger(c, "the peer has no more requests");
	else if (causes[c->state] != NULL)
		ws_conn_kill(c, causes[c->state]);
}

/* Show received octets to a state that may not take all of them at once. */
static WS_NOINLINE void
take_rest(struct ws_conn *c, uint8_t *in, size_t len)
{
	size_t used;

	if (c->stash != NULL) {
		stash(c, in, len);
		if (c->state != WS_CONN_DEAD)
			(void)process_stash(c);
		return;
	}
	used = process(c, in, len);
	if (used < len)
		stash(c, in + used, len - used);
}

static inline void
receive(struct ws_conn *c)
{
	struct ws_core *core = c->core;
	/* As much as the visit can pay for: 128 KB, or 20 KB in a crowd. */
	ssize_t n = ws_net_recv(c->io.fd, core->input,
	    (size_t)core->loop.budget.share * OCTETS_EACH);
	size_t used = 0;

	if (n <= 0) {
		receive_nothing(c, n);
		return;
	}
	/* Below OPEN only taking octets is a sign of life (sent in
	 * conn_send.c): a next request that drips in must not excuse a peer
	 * from reading the answer to the one before. */
	if (c->state == WS_CONN_OPEN) {
		c->heard_ms = (uint32_t)core->loop.now_ms;
		/* Nearly all octets that arrive are frames, so they go straight
		 * to their reader. */
		if (c->stash == NULL && !ws_conn_is_halted(c))
			used = ws_conn_ws_read(c, core->input, (size_t)n);
	}
	if (used < (size_t)n)
		take_rest(c, core->input + used, (size_t)n - used);
}

/* ---- serving ----------------------------------------------------------- */

/* Return the events to watch the socket for. */
static unsigned
wanted(const struct ws_conn *c)
{
	unsigned want = 0;

	/* While the application holds a request or writes its answer, the peer
	 * is read from only to hear it hang up. Octets that it sends ahead are kept up to a bound;
	 * beyond it a hangup is noticed later. */
	if (!c->peer_ended &&
	    (is_receptive(c) ||
		((c->state == WS_CONN_HOLDING ||
		     c->state == WS_CONN_STREAMING) &&
		    (c->stash == NULL || c->stash->len < AHEAD_MAX))))
		want |= WS_LOOP_READ;
	/* The queue of a choked connection may have been emptied in this visit;
	 * only the next visit unchokes it. A writable socket makes sure that
	 * there is one. */
	if (c->queue.last != NULL || c->choked ||
	    c->state == WS_CONN_RESPONDING)
		want |= WS_LOOP_WRITE;
	return want;
}

/* Let a choked connection go on when its queue has drained. */
static void
unchoke(struct ws_conn *c)
{
	if (!c->choked || c->queue.octets > c->core->limits.queue_soft / 2)
		return;
	c->choked = false;
	if (c->state == WS_CONN_OPEN && c->endpoint->handler.drain != NULL)
		c->endpoint->handler.drain(c);
	else if (c->state == WS_CONN_STREAMING)
		ws_stream_drained(c);
}

void
ws_conn_settle(struct ws_conn *c)
{
	unsigned want;

	if (c->send_failed)
		ws_conn_kill(c, "the connection was reset");
	if (c->state == WS_CONN_LINGER && c->queue.last == NULL) {
		if (!c->we_shut) {
			ws_net_shutdown(c->io.fd);
			/* The time runs from here, however long the queue
			 * took to drain. */
			ws_conn_arm(c, c->core->limits.close_ms);
		}
		c->we_shut = true;
		if (c->peer_ended)
			ws_conn_kill(c, NULL);
	}
	if (c->state == WS_CONN_DEAD)
		return;
	ws_conn_choke(c);
	want = wanted(c);
	if (want != c->io.want &&
	    ws_loop_want(&c->core->loop, &c->io, want) < 0)
		ws_conn_kill(c, "the system refused to watch the socket");
}

/* Go on with all that had to wait for a drained queue: reading, a file, the
 * stash. */
static void
go_on(struct ws_conn *c)
{
	for (;;) {
		unchoke(c);
		if (c->state == WS_CONN_RESPONDING && c->queue.last == NULL &&
		    !c->send_failed)
			ws_conn_http_send(c);
		/* An incomplete head takes nothing of the stash. */
		if (c->stash == NULL || !is_taking(c) || process_stash(c) == 0)
			break;
		ws_conn_flush(c);
	}
	ws_conn_flush(c);
}

/* Readiness of a connection that has yielded: nothing is read until the queue
 * comes to it, so that its peer has to wait. */
static void
on_ready_queued(struct ws_io *io, unsigned events)
{
	(void)io;
	(void)events;
}

/* Readiness of a connection whose visits are costly: it is read from when the
 * queue comes to it, so that others need not wait for it. */
static void
on_ready_costly(struct ws_io *io, unsigned events)
{
	struct ws_conn *c = (struct ws_conn *)io;

	if (!(io->want & WS_LOOP_READ) && (events & WS_LOOP_HANGUP)) {
		ws_conn_kill(c, "the connection was reset");
		return;
	}
	c->readable = (io->want & WS_LOOP_READ) &&
		      (events & (WS_LOOP_READ | WS_LOOP_HANGUP));
	c->yielded = true;
	ws_conn_touch(c);
}

/* Have a connection whose visit is spent go on in the next turn, behind all
 * connections that are queued by then, the receivers of its messages among
 * them. */
static void
yield(struct ws_conn *c)
{
	struct ws_core *core = c->core;

	c->io.ready = on_ready_queued;
	if (c->dirty)
		return;
	c->dirty = true;
	c->next = NULL;
	*core->yielded_end = c;
	core->yielded_end = &c->next;
}

/* End a visit that has left more to do. */
static WS_NOINLINE void
leave_unsettled(struct ws_conn *c)
{
	struct ws_core *core = c->core;

	if (c->stash != NULL || c->choked || c->state == WS_CONN_RESPONDING)
		go_on(c);
	/* A connection that died leaves its output behind, which must not reach
	 * the next one. */
	core->output = core->gather;
	core->output_octets = 0;
	core->serving = NULL;
	ws_conn_settle(c);
	if (c->yielded)
		yield(c);
}

/* Visit a connection: read if there is something, process it, send. */
static void
serve(struct ws_conn *c, bool readable)
{
	struct ws_core *core = c->core;

	core->serving = c;
	core->loop.budget.visit = core->loop.budget.share;
	if (readable)
		receive(c);
	ws_conn_flush(c);
	if (ws_conn_is_settled(c))
		core->serving = NULL;
	else
		leave_unsettled(c);
}

static void
on_ready(struct ws_io *io, unsigned events)
{
	struct ws_conn *c = (struct ws_conn *)io;

	/* A hangup is read, too: only recv tells an end from a reset. */
	if (io->want & WS_LOOP_READ)
		serve(c, (events & (WS_LOOP_READ | WS_LOOP_HANGUP)) != 0);
	else if (events & WS_LOOP_HANGUP)
		ws_conn_kill(c, "the connection was reset");
	else
		serve(c, false);
}

void
ws_conn_visit(struct ws_conn *c)
{
	struct ws_core *core = c->core;
	bool readable = c->readable;

	if (c->state == WS_CONN_DEAD) {
		c->next = core->dead;
		core->dead = c;
		return;
	}
	if (c->readable)
		c->costly = false; /* unless this visit is costly again */
	c->yielded = c->readable = false;
	c->io.ready = c->costly ? on_ready_costly : on_ready;
	/* The application may have seen ws_queued() above queue_soft and wait
	 * for drain. Choke now, so that drain is certain to be called even if
	 * the flush empties the queue. */
	ws_conn_choke(c);
	serve(c, readable);
}

/* ---- life -------------------------------------------------------------- */

struct ws_conn *
ws_conn_new(struct ws_core *core, int fd, const struct ws_peer *peer)
{
	struct ws_conn *c = ws_mem_resize(NULL, sizeof(*c));

	if (c == NULL) {
		ws_net_close(fd);
		return NULL;
	}
	*c = (struct ws_conn){ .io = { .ready = on_ready, .fd = fd },
		.core = core,
		.peer = *peer,
		.state = WS_CONN_HTTP,
		.heard_ms = (uint32_t)core->loop.now_ms };
	if (ws_loop_want(&core->loop, &c->io, WS_LOOP_READ) < 0) {
		ws_net_close(fd);
		ws_mem_free(c);
		return NULL;
	}
	ws_ledger_add(&core->memory, sizeof(*c));
	ws_conn_arm(c, core->limits.handshake_ms);
	return c;
}

/* Give a peer more time if it still takes octets of its queue.
 *   silence_ms  it may have between two signs that it does
 * Returns whether it got more time. */
static bool
is_taking_its_time(struct ws_conn *c, int silence_ms)
{
	uint32_t silent_ms = (uint32_t)c->core->loop.now_ms - c->heard_ms;

	if (c->queue.last == NULL || silent_ms >= (uint32_t)silence_ms)
		return false;
	ws_conn_arm(c, silence_ms - (int)silent_ms);
	return true;
}

void
ws_core_expired(struct ws_wheel_deadline *deadline, void *arg)
{
	struct ws_conn *c = WS_OUTER(struct ws_conn, deadline, deadline);

	(void)arg;
	if (c->state != WS_CONN_OPEN &&
	    is_taking_its_time(c, c->websocket ? c->core->limits.close_ms
					       : c->core->limits.idle_ms))
		return;
	switch ((enum ws_conn_state)c->state) {
	case WS_CONN_HTTP:
	case WS_CONN_HOLDING:
	case WS_CONN_RESPONDING:
		ws_conn_http_expired(c);
		return;
	case WS_CONN_STREAMING:
		ws_stream_expired(c);
		return;
	case WS_CONN_OPEN:
	case WS_CONN_CLOSING:
		ws_conn_ws_expired(c);
		return;
	case WS_CONN_LINGER:
		ws_conn_kill(c, "the peer did not hang up");
		return;
	case WS_CONN_DEAD:
		return;
	}
}
