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
 * When neither is wanted, a filter must still report a hangup: the guard, a
 * filter for writing with EV_CLEAR. It reports once that there is room, which
 * is ignored, and again at the end of the stream.
 */
#include <sys/types.h>

#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

/* The guard, watched for when neither reading nor writing is. */
#define GUARD 0x40

static const struct {
	unsigned event;
	short filter;
	unsigned short flags;
} filters[] = {
	{ WS_LOOP_READ, EVFILT_READ, 0 },
	{ WS_LOOP_WRITE, EVFILT_WRITE, 0 },
	{ GUARD, EVFILT_WRITE, EV_CLEAR },
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

/* The changes that lead from one set of filters to another. */
struct changes {
	struct kevent at[FILTERS];
	unsigned events[FILTERS]; /* what each of them adds or deletes */
	int count;
};

/* Note the changes of one kind: EV_ADD of what set has, or EV_DELETE. */
static void
note(struct changes *c, const struct ws_io *io, unsigned set, unsigned how)
{
	/* The serial is all that must come back: ident is the descriptor. */
	void *tag = (void *)(uintptr_t)io->serial;

	for (int i = 0; i < FILTERS; i++) {
		unsigned flags = how | filters[i].flags | EV_RECEIPT;

		if ((set & filters[i].event) == 0)
			continue;
		EV_SET(&c->at[c->count], (uintptr_t)io->fd, filters[i].filter,
		    (unsigned short)flags, 0, 0, tag);
		c->events[c->count++] = filters[i].event;
	}
}

/* Whether an answer to a change is as good as success: a filter to delete does
 * not exist, or a descriptor that cannot be written refuses the guard. */
static bool
is_done(const struct kevent *answer, unsigned event)
{
	if (answer->data == ENOENT)
		return true;
	return answer->data == 0 || (event == GUARD && answer->data != EBADF);
}

/* Take a descriptor from one set of filters to another. With EV_RECEIPT the
 * system answers each change, and reports no events in between.
 * Returns the set that is in force, with errno set when that is not to. */
static unsigned
change(struct ws_loop *loop, const struct ws_io *io, unsigned from, unsigned to)
{
	static const struct timespec at_once = { 0, 0 };
	struct changes changes = { .count = 0 };
	struct kevent answers[FILTERS];
	int answered;

	/* Deleting first: two of them are one filter with other flags. */
	note(&changes, io, from & ~to, EV_DELETE);
	note(&changes, io, to & ~from, EV_ADD);
	if (changes.count == 0)
		return to;
	answered = kevent(loop->fd, changes.at, changes.count, answers,
	    changes.count, &at_once);
	for (int i = 0; i < answered; i++) {
		if (is_done(&answers[i], changes.events[i]))
			from ^= changes.events[i];
		else
			errno = (int)answers[i].data;
	}
	return from;
}

/* The filters that an interest needs. */
static unsigned
filters_for(unsigned want)
{
	if (want == WS_LOOP_UNKNOWN)
		return 0;
	return want != 0 ? want : GUARD;
}

int
ws_backend_want(struct ws_loop *loop, struct ws_io *io, unsigned want)
{
	unsigned had = filters_for(io->want), wanted = filters_for(want);
	unsigned has = change(loop, io, had, wanted);
	int saved = errno;

	if (has == wanted)
		return 0;
	(void)change(loop, io, has, had);
	errno = saved;
	return -1;
}

void
ws_backend_forget(struct ws_loop *loop, struct ws_io *io)
{
	(void)change(loop, io, filters_for(io->want), 0);
}

/* ---- waiting ----------------------------------------------------------- */

static unsigned
events_of(const struct kevent *event)
{
	bool end = (event->flags & EV_EOF) != 0;

	/* An answer to a change that nobody waited for is no readiness. */
	if (event->flags & EV_ERROR)
		return 0;
	if (event->flags & EV_CLEAR) /* the guard */
		return end ? WS_LOOP_HANGUP : 0;
	if (event->filter == EVFILT_WRITE)
		return WS_LOOP_WRITE | (end ? WS_LOOP_HANGUP : 0u);
	return WS_LOOP_READ | (end && event->fflags != 0 ? WS_LOOP_HANGUP : 0u);
}

/* Find the report of the other filter of a descriptor. Only a descriptor that
 * is watched for both can come twice, which is rare: the server reads from a
 * peer whose socket is full. So a search does, without a table. */
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
		unsigned ready = events_of(&events[i]);
		struct ws_fired *fired = reported(loop, count, fd);

		if (ready == 0)
			continue;
		if (fired == NULL) {
			fired = &loop->fired[count++];
			fired->fd = fd;
			fired->serial = (uint32_t)(uintptr_t)events[i].udata;
			fired->events = 0;
		}
		fired->events |= ready;
	}
	return count;
}

void
ws_backend_close(struct ws_loop *loop)
{
	close(loop->fd);
	loop->fd = -1;
}
