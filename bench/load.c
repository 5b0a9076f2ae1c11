/* load.c - load for WebSocket, HTTP and Socket.IO servers, from one loop. */
/* SPDX-License-Identifier: MIT */
/*
 * Four ways to keep a server busy:
 *
 *	echo    every connection keeps -d messages in flight and expects a reply
 *	        to each; of HTTP: requests and responses
 *	fanout  the first connection keeps -d messages in flight; all expect
 *	        each of them
 *	storm   every connection opens, closes in good order, and starts again
 *	idle    the connections open and are held
 *
 * The generator must cost less than any server under test, or it measures
 * itself. So it makes all messages before the start: a ring of messages of
 * equal length, with different payloads and masking keys. A connection sends
 * this ring over and over, and only remembers how many octets of the endless
 * stream it has written. The first messages are repeated behind the last, so
 * that a burst is always one contiguous piece:
 *
 *	  0   1   2       R-1   0   1       depth-1
 *	+---+---+---+   +-----+---+---+   +---------+
 *	| m | m | m |...|  m  | m | m |...|    m    |    m = one message
 *	+---+---+---+   +-----+---+---+   +---------+
 *
 * Each octet of a reply is compared with the ring. A server that answers
 * wrongly, out of order or too much ends the run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum {
	EVENTS_MAX = 512
};

/* ---- messages ------------------------------------------------------------ */

/* Keep depth messages in flight, as long as more are wanted. */
static void
refill(struct client *c)
{
	uint64_t answered = opt.mode == FANOUT ? run.finished : c->received;

	if (!run.started)
		return;
	while (c->queued - answered < opt.depth && wants_more()) {
		c->sent_ns[c->queued % opt.depth] = run.now_ns;
		c->queued++;
		run.sent++;
	}
	opt.protocol->flush(c);
}

/* ---- events -------------------------------------------------------------- */

static void
connected(struct client *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		fail("cannot connect: %s", strerror(error));
	watch(c, false);
	opt.protocol->connected(c);
}

/* The server has hung up. */
static void
ended(struct client *c)
{
	if (opt.protocol->ended != NULL && opt.protocol->ended(c))
		return;
	if (c->state != CLOSING)
		fail("the server hung up");
	finish(c);
}

/* Keep octets that cannot be used before more arrive. */
static void
keep(struct client *c, const uint8_t *in, size_t len)
{
	if (len == INPUT_MAX)
		fail("a reply that is too large");
	free(c->rest);
	c->rest = NULL;
	c->rest_len = len;
	if (len == 0)
		return;
	c->rest = grab(len, 1);
	memcpy(c->rest, in, len);
}

static void
readable(struct client *c)
{
	size_t len = c->rest_len, used = 0, n;
	ssize_t got;

	if (len > 0)
		memcpy(run.input, c->rest, len);
	got = recv(c->fd, run.input + len, INPUT_MAX - len, 0);
	if (got < 0) {
		if (errno == EAGAIN)
			return;
		fail("cannot receive: %s", strerror(errno));
	}
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	if (got == 0) {
		ended(c);
		return;
	}
	len += (size_t)got;
	while (used < len &&
	       (n = opt.protocol->take(c, run.input + used, len - used)) > 0)
		used += n;
	if (used < len || c->rest_len > 0)
		keep(c, run.input + used, len - used);
	if (opt.mode == FANOUT)
		refill(run.clients);
	else if (opt.mode == ECHO && !c->helper)
		refill(c);
}

/* ---- the run ------------------------------------------------------------- */

/* Serve the events of one socket. While it connects, an event without EPOLLOUT
 * belongs to the socket that had the descriptor before, in the same batch. */
static void
dispatch(struct client *c, unsigned events)
{
	if (c->state == CONNECTING) {
		if (events & (EPOLLOUT | EPOLLERR))
			connected(c);
		return;
	}
	if (events & EPOLLOUT)
		opt.protocol->flush(c);
	if (events & (EPOLLIN | EPOLLHUP))
		readable(c);
}

/* Wait for events until end_ns at the latest, and serve them. */
static void
turn(uint64_t end_ns)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t left_ms = 0;
	bool patient;
	int n;

	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	if (end_ns > run.now_ns)
		left_ms = (end_ns - run.now_ns) / 1000000 + 1;
	patient = left_ms >= STALL_MS;
	n = epoll_wait(
	    run.epoll, events, EVENTS_MAX, patient ? STALL_MS : (int)left_ms);
	if (n == 0 && patient)
		fail("nothing came for %d s", STALL_MS / 1000);
	for (int i = 0; i < n; i++)
		dispatch(events[i].data.ptr, events[i].events);
}

static void
turn_for(double seconds)
{
	uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);

	do
		turn(end_ns);
	while (run.now_ns < end_ns);
}

/* Open all connections, and wait until they are open; a storm does not wait. */
static void
open_all(void)
{
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	begin_more();
	while (opt.mode != STORM && run.open < opt.connections)
		turn(UINT64_MAX);
}

/* Send the first messages of each sender. */
static void
kick(void)
{
	unsigned senders = opt.mode == FANOUT ? 1 : opt.connections;

	if (opt.mode == STORM || opt.mode == IDLE)
		return;
	run.started = true;
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < senders; i++)
		refill(&run.clients[i]);
}

/* How many replies there must be to all messages that were sent. */
static uint64_t
replies_due(void)
{
	return run.sent * (opt.mode == FANOUT ? run.receivers : 1);
}

/* Stop sending, and wait for what is in flight. */
static void
drain(void)
{
	run.measuring = false;
	run.draining = true;
	while (opt.mode != IDLE && run.replies < replies_due())
		turn(UINT64_MAX);
}

/* Measure from before the first connection (idle), from the first message to
 * the last (-n), or for a time after warming up (all others). */
static void
measure(struct snapshot *before, struct snapshot *after)
{
	if (opt.mode == IDLE)
		*before = take_snapshot();
	open_all();
	if (opt.mode != IDLE && opt.count == 0) {
		kick();
		turn_for(opt.warm_seconds);
	}
	if (opt.mode != IDLE)
		*before = take_snapshot();
	run.measuring = true;
	if (opt.count > 0) {
		kick();
		while (run.sent < opt.count || run.replies < replies_due())
			turn(UINT64_MAX);
	} else
		turn_for(opt.seconds);
	*after = take_snapshot();
	drain();
}

/* ---- start --------------------------------------------------------------- */

static void
prepare(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	run.epoll = epoll_create1(0);
	if (run.epoll < 0)
		fail("no epoll: %s", strerror(errno));
	run.receivers = opt.connections - opt.protocol->sender_left_out;
	if (opt.mode == FANOUT && run.receivers == 0)
		fail("fanout takes more connections");
	run.clients = grab(opt.connections, sizeof(*run.clients));
	run.arrived = grab(opt.depth, sizeof(*run.arrived));
	for (unsigned i = 0; i < opt.connections; i++)
		run.clients[i].sent_ns = grab(opt.depth, sizeof(uint64_t));
	opt.protocol->prepare();
}

int
main(int argc, char **argv)
{
	struct snapshot before, after;

	read_options(argc, argv);
	prepare();
	measure(&before, &after);
	print_figures(&before, &after);
	return 0;
}
