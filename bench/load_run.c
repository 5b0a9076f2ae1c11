/* load_run.c - the load generator's connections, messages and replies. */
/* SPDX-License-Identifier: MIT */
/*
 * The part that all kinds of clients share. It knows no protocol, and calls the
 * chosen one through opt.protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum {
	OPENING_MAX = 256,     /* connections that open at once */
	RING_OCTETS = 1 << 18, /* of different payload, roughly */
	RING_MESSAGES = 64,    /* in the ring, when they are small */
};

struct options opt;
struct run run;

void
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	exit(1);
}

void *
grab(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		fail("out of memory");
	return memory;
}

uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		fail("cannot read a clock: %s", strerror(errno));
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the ring ------------------------------------------------------------ */

void
make_ring(size_t message_max, size_t reply_len,
    size_t (*write)(uint64_t n, uint8_t *message, uint8_t *reply))
{
	run.ring = opt.size > RING_OCTETS / RING_MESSAGES
		       ? RING_OCTETS / opt.size + 1
		       : RING_MESSAGES;
	if (run.ring < opt.depth)
		run.ring = opt.depth;
	run.reply_len = reply_len;
	run.replies_expected = grab(run.ring, reply_len + 1);
	run.messages = grab(run.ring + opt.depth, message_max);
	for (uint64_t i = 0; i < run.ring; i++)
		run.message_len = write(i, run.messages + i * run.message_len,
		    run.replies_expected + i * reply_len);
	memcpy(run.messages + run.ring * run.message_len, run.messages,
	    opt.depth * run.message_len);
}

/* A linear congruential generator, so that no two places or messages are
 * alike: letters for text, all octets for binary. */
void
fill_payload(uint8_t *out, uint64_t n)
{
	uint32_t seed = (uint32_t)n + 1;

	for (size_t i = 0; i < opt.size; i++) {
		seed = seed * 1664525 + 1013904223;
		out[i] = (uint8_t)(opt.binary ? seed >> 24
					      : 'a' + (seed >> 16) % 26);
	}
}

/* ---- sending ------------------------------------------------------------- */

void
watch(struct client *c, bool writing)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (writing)
		event.events |= EPOLLOUT;
	if (epoll_ctl(run.epoll, EPOLL_CTL_MOD, c->fd, &event) < 0)
		fail("cannot watch a socket: %s", strerror(errno));
	c->watching_write = writing;
}

void
say(struct client *c, const void *data, size_t len)
{
	if (send(c->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("cannot send: %s", strerror(errno));
}

void
flush_stream(struct client *c)
{
	uint64_t ring_octets = run.ring * run.message_len;
	uint64_t pending = c->queued * run.message_len - c->written;
	ssize_t n;

	if (pending > 0) {
		n = send(c->fd, run.messages + c->written % ring_octets,
		    pending, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			fail("cannot send: %s", strerror(errno));
		if (n > 0) {
			c->written += (uint64_t)n;
			pending -= (uint64_t)n;
		}
	}
	if (c->watching_write != (pending > 0))
		watch(c, pending > 0);
}

bool
wants_more(void)
{
	return !run.draining && (opt.count == 0 || run.sent < opt.count);
}

/* ---- the life of a connection -------------------------------------------- */

void
open_socket(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(opt.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };
	int one = 1;

	c->state = CONNECTING;
	c->watching_write = true;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		fail("cannot open a socket: %s", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		fail("cannot connect: %s", strerror(errno));
	if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		fail("cannot watch a socket: %s", strerror(errno));
}

/* Count the time since a moment as a latency. */
static void
record_since(uint64_t began_ns)
{
	if (run.measuring)
		record(run.now_ns - began_ns);
}

/* Begin to open a connection. c may have been used for another one before. */
static void
begin(struct client *c)
{
	*c = (struct client){ .sent_ns = c->sent_ns,
		.polling = c->polling,
		.began_ns = run.now_ns };
	open_socket(c);
	run.opening++;
	if (opt.mode == STORM)
		run.sent++;
}

void
begin_more(void)
{
	while (run.opened < opt.connections && run.opening < OPENING_MAX &&
	       wants_more())
		begin(&run.clients[run.opened++]);
}

void
ready(struct client *c)
{
	c->state = OPEN;
	run.opening--;
	if (opt.mode == STORM) {
		record_since(c->began_ns);
		c->state = CLOSING;
		opt.protocol->leave(c);
	} else
		run.open++;
	begin_more();
}

void
finish(struct client *c)
{
	close(c->fd);
	free(c->rest);
	c->rest = NULL;
	run.replies++;
	if (wants_more())
		begin(c);
}

/* ---- replies ------------------------------------------------------------- */

/* The client whose messages c receives. */
static const struct client *
sender_for(const struct client *c)
{
	return opt.mode == FANOUT ? run.clients : c;
}

void
expect(struct client *c, const uint8_t *in, size_t len)
{
	const uint8_t *expected = run.replies_expected +
				  c->received % run.ring * run.reply_len +
				  c->offset;

	if (c->received >= sender_for(c)->queued)
		fail("a reply without a message");
	if (memcmp(expected, in, len) != 0)
		fail("reply %llu of a connection has the wrong content",
		    (unsigned long long)c->received);
	c->offset += len;
}

void
reply_done(struct client *c)
{
	unsigned slot = (unsigned)(c->received % opt.depth);

	record_since(sender_for(c)->sent_ns[slot]);
	c->offset = 0;
	c->inside = false;
	c->received++;
	run.replies++;
	if (opt.mode != FANOUT)
		return;
	if (c == run.clients && run.receivers < opt.connections)
		fail("the sender received its own event");
	if (++run.arrived[slot] == run.receivers) {
		run.arrived[slot] = 0;
		run.finished++;
	}
}
