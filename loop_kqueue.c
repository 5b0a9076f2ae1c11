/* loop_kqueue.c - readiness by kqueue(2), on the BSDs and macOS. */
/* SPDX-License-Identifier: MIT */
/*
 * kqueue watches filters rather than descriptors: EVFILT_READ and EVFILT_WRITE
 * of one descriptor are added, deleted and reported one by one, in any order.
 * Here they become one event, as epoll has it:
 *
 *	EVFILT_READ                        READ
 *	EVFILT_READ   EV_EOF               READ: what is left, then the end
 *	EVFILT_READ   EV_EOF and an error  READ, HANGUP
 *	EVFILT_WRITE                       WRITE
 *	EVFILT_WRITE  EV_EOF               WRITE, HANGUP: nobody will read it
 *
 * One thing cannot be made the same: where nothing is wanted there is no
 * filter, so no hangup is reported either. A connection that is not read from
 * for a while is found dead when it is next read or written, which the ping
 * sees to.
 */
#include <sys/types.h>

#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static const struct {
	unsigned event;
	short filter;
} filters[] = {
	{ WS_LOOP_READ, EVFILT_READ },
	{ WS_LOOP_WRITE, EVFILT_WRITE },
};

enum {
	FILTERS = sizeof(filters) / sizeof(filters[0]),
	BOTH = WS_LOOP_READ | WS_LOOP_WRITE,
};

int
ws_backend_open(struct ws_loop *loop)
{
	loop->fd = kqueue();
	if (loop->fd < 0)
		return -1;
	/* A fork does not inherit it, but a program that is executed does. */
	return fcntl(loop->fd, F_SETFD, FD_CLOEXEC);
}

/* Write the changes that lead from one set of filters to another. */
static int
differences(struct kevent changes[FILTERS], const struct ws_io *io,
    unsigned from, unsigned to)
{
	/* The serial is all that must come back: ident is the descriptor. */
	void *tag = (void *)(uintptr_t)io->serial;
	int n = 0;

	for (int i = 0; i < FILTERS; i++) {
		unsigned event = filters[i].event;

		if (((from ^ to) & event) == 0)
			continue;
		EV_SET(&changes[n], (uintptr_t)io->fd, filters[i].filter,
		    (to & event ? EV_ADD : EV_DELETE) | EV_RECEIPT, 0, 0, tag);
		n++;
	}
	return n;
}

/* Take a descriptor from one set of filters to another. EV_RECEIPT makes the
 * system answer each change by itself, rather than with waiting events.
 * Returns the set that is in force, with errno set when it is not to. */
static unsigned
change(struct ws_loop *loop, const struct ws_io *io, unsigned from, unsigned to)
{
	static const struct timespec at_once = { 0, 0 };
	struct kevent changes[FILTERS], answers[FILTERS];
	int n = differences(changes, io, from, to), answered;

	if (n == 0)
		return to;
	answered = kevent(loop->fd, changes, n, answers, n, &at_once);
	for (int i = 0; i < answered; i++) {
		if (answers[i].data != 0)
			errno = (int)answers[i].data;
		else
			from ^= answers[i].filter == EVFILT_READ
				    ? WS_LOOP_READ
				    : WS_LOOP_WRITE;
	}
	return from;
}

int
ws_backend_want(struct ws_loop *loop, struct ws_io *io, unsigned want)
{
	unsigned had = io->want == WS_LOOP_UNKNOWN ? 0 : io->want;
	unsigned has = change(loop, io, had, want);
	int saved = errno;

	if (has == want)
		return 0;
	(void)change(loop, io, has, had);
	errno = saved;
	return -1;
}

void
ws_backend_forget(struct ws_loop *loop, struct ws_io *io)
{
	(void)change(loop, io, io->want, 0);
}

/* ---- waiting ----------------------------------------------------------- */

static unsigned
events_of(const struct kevent *event)
{
	bool end = (event->flags & EV_EOF) != 0;

	/* An answer to a change that nobody waited for is no readiness. */
	if (event->flags & EV_ERROR)
		return 0;
	if (event->filter == EVFILT_WRITE)
		return WS_LOOP_WRITE | (end ? WS_LOOP_HANGUP : 0u);
	return WS_LOOP_READ | (end && event->fflags != 0 ? WS_LOOP_HANGUP : 0u);
}

/* Find where the other filter of a descriptor was reported already. Only one
 * that is watched for both can come twice, and that is rare: it reads while
 * its socket is full. Hence a search rather than a table. */
static struct ws_fired *
reported(struct ws_loop *loop, int count, int fd)
{
	const struct ws_io *io =
	    (size_t)fd < loop->watched_room ? loop->watched[fd] : NULL;

	if (io == NULL || io->want != BOTH)
		return NULL;
	for (int i = 0; i < count; i++) {
		if (loop->fired[i].fd == fd)
			return &loop->fired[i];
	}
	return NULL;
}

int
ws_backend_wait(struct ws_loop *loop, int timeout_ms)
{
	struct kevent events[WS_LOOP_BATCH];
	struct timespec limit = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	int n = kevent(loop->fd, NULL, 0, events, WS_LOOP_BATCH,
	    timeout_ms < 0 ? NULL : &limit);
	int count = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		int fd = (int)events[i].ident;
		struct ws_fired *fired = reported(loop, count, fd);

		if (fired == NULL) {
			fired = &loop->fired[count++];
			fired->fd = fd;
			fired->serial = (uint32_t)(uintptr_t)events[i].udata;
			fired->events = 0;
		}
		fired->events |= events_of(&events[i]);
	}
	return count;
}

void
ws_backend_close(struct ws_loop *loop)
{
	close(loop->fd);
	loop->fd = -1;
}
