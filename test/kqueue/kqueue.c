/* kqueue.c - a double of kqueue(2) over epoll(7), to test on Linux. */
/* SPDX-License-Identifier: MIT */
/*
 * It behaves as FreeBSD does in all that a caller can get wrong:
 *
 * - EVFILT_READ and EVFILT_WRITE of one descriptor are two things, reported
 *   apart. Never next to each other, if others are ready too: whoever merges
 *   them must search.
 * - A change that fails becomes an event with EV_ERROR and the errno in data;
 *   with EV_RECEIPT one that succeeds does too, with 0. No other events come
 *   with them. Without room for them, kevent fails with that errno.
 * - Deleting what is not there is ENOENT, a closed descriptor EBADF.
 * - Filters vanish with their descriptor: when it is closed and opened as
 *   something else, there are none. (epoll forgets when the last duplicate is
 *   closed, so here filters live that long.)
 * - A queue does not survive fork(2).
 * - The peer's end of stream is EV_EOF for reading; a reset is EV_EOF with an
 *   error for both. (Which error cannot be asked without taking it away from
 *   who reads, so it is always ECONNRESET.)
 *
 * What it does not have (other filters, fflags, EV_CLEAR beside another filter
 * of the same descriptor) is refused as EINVAL, so that a test fails rather
 * than pass by chance. Two things are not seen:
 * EVFILT_WRITE after our own shutdown(2), and how much room there is to write.
 * EVFILT_SIGNAL can only be added; it blocks the signal for good, since Linux
 * drops what is ignored.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/kqueue/sys/event.h"

enum {
	READ = 0, /* places in struct watch */
	WRITE = 1,
	QUEUES_MAX = 65536,
	BATCH_MAX = 512,
};

/* One filter of one descriptor. */
struct note {
	bool added, disabled, oneshot, clear;
	void *udata;
};

/* One descriptor. */
struct watch {
	struct note notes[2];
	int signal; /* not 0: the descriptor stands for EVFILT_SIGNAL */
};

struct queue {
	pid_t owner;
	struct watch *watches; /* owned array by descriptor */
	size_t room;
	bool turn; /* which filter is reported first: they alternate */
};

/* By descriptor. Closing one goes unnoticed; a new one takes its place. */
static struct queue *queues[QUEUES_MAX];
static pthread_mutex_t queues_lock = PTHREAD_MUTEX_INITIALIZER;

int
kqueue(void)
{
	struct queue *q = calloc(1, sizeof(*q));
	int fd = epoll_create1(0);

	if (q == NULL || fd < 0 || fd >= QUEUES_MAX) {
		free(q);
		if (fd >= 0)
			close(fd);
		errno = q == NULL ? ENOMEM : EMFILE;
		return -1;
	}
	q->owner = getpid();
	pthread_mutex_lock(&queues_lock);
	if (queues[fd] != NULL)
		free(queues[fd]->watches);
	free(queues[fd]);
	queues[fd] = q;
	pthread_mutex_unlock(&queues_lock);
	return fd;
}

/* ---- changes ------------------------------------------------------------ */

/* Tell epoll what is to be watched for. Fails as epoll_ctl does. */
static int
tell(int kq, int fd, const struct watch *w, int how)
{
	struct epoll_event event = { .data.fd = fd };

	if (w->notes[READ].added && !w->notes[READ].disabled)
		event.events |= EPOLLIN | EPOLLRDHUP;
	if (w->notes[WRITE].added && !w->notes[WRITE].disabled)
		event.events |= EPOLLOUT;
	/* epoll always reports hangups; of disabled filters only once. */
	if (event.events == 0 || w->notes[READ].clear || w->notes[WRITE].clear)
		event.events |= EPOLLET;
	return epoll_ctl(kq, how, fd, &event);
}

static bool
is_watched(const struct watch *w)
{
	return w->notes[READ].added || w->notes[WRITE].added;
}

/* Whether epoll could not tell the two filters apart: edges are a matter of
 * the whole descriptor there. */
static bool
is_mixed(const struct watch *w)
{
	return w->notes[READ].added && w->notes[WRITE].added &&
	       (w->notes[READ].clear || w->notes[WRITE].clear);
}

/* Find what is known of a descriptor, as far as it is still the same one. */
static struct watch *
watch_of(struct queue *q, int kq, int fd)
{
	size_t room = (size_t)fd + 64;
	struct watch *grown;

	if ((size_t)fd >= q->room) {
		grown = realloc(q->watches, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		memset(grown + q->room, 0, (room - q->room) * sizeof(*grown));
		q->watches = grown;
		q->room = room;
	}
	if (is_watched(&q->watches[fd]) &&
	    tell(kq, fd, &q->watches[fd], EPOLL_CTL_MOD) < 0)
		memset(&q->watches[fd], 0, sizeof(q->watches[fd]));
	return &q->watches[fd];
}

static void
set(struct note *note, const struct kevent *change)
{
	if (change->flags & EV_ADD) {
		*note = (struct note){ .added = true,
			.oneshot = (change->flags & EV_ONESHOT) != 0,
			.clear = note->clear || (change->flags & EV_CLEAR) != 0,
			.udata = change->udata };
	}
	if (change->flags & EV_ENABLE)
		note->disabled = false;
	if (change->flags & EV_DISABLE)
		note->disabled = true;
	if (change->flags & EV_DELETE)
		*note = (struct note){ .added = false };
}

/* Watch a signal by a descriptor that nobody closes. Returns 0 or an errno. */
static int
add_signal(struct queue *q, int kq, int number)
{
	struct watch *w;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	if (sigaddset(&set, number) < 0)
		return errno;
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	w = fd >= 0 ? watch_of(q, kq, fd) : NULL;
	if (w == NULL)
		return fd >= 0 ? ENOMEM : errno;
	*w = (struct watch){ .signal = number };
	w->notes[READ].added = true;
	return tell(kq, fd, w, EPOLL_CTL_ADD) == 0 ? 0 : errno;
}

/* Apply one change. Returns 0 or an errno. */
static int
apply(struct queue *q, int kq, const struct kevent *change)
{
	int fd = (int)change->ident, how = EPOLL_CTL_ADD;
	struct watch *w, before;
	struct note *note;

	if (change->filter == EVFILT_SIGNAL && change->flags == EV_ADD &&
	    change->fflags == 0)
		return add_signal(q, kq, (int)change->ident);
	if ((change->filter != EVFILT_READ && change->filter != EVFILT_WRITE) ||
	    change->fflags != 0)
		return EINVAL;
	if (change->ident > INT32_MAX || fcntl(fd, F_GETFD) < 0)
		return EBADF;
	w = watch_of(q, kq, fd);
	if (w == NULL)
		return ENOMEM;
	note = &w->notes[change->filter == EVFILT_READ ? READ : WRITE];
	if (!note->added && !(change->flags & EV_ADD))
		return ENOENT;
	before = *w;
	if (is_watched(w))
		how = EPOLL_CTL_MOD;
	set(note, change);
	if (!is_watched(w))
		how = EPOLL_CTL_DEL;
	errno = EINVAL;
	if (!is_mixed(w) && tell(kq, fd, w, how) == 0)
		return 0;
	*w = before;
	return errno;
}

/* Apply all changes. Returns how many answers were written, or -1. */
static int
apply_all(struct queue *q, int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents)
{
	int n = 0;

	for (int i = 0; i < nchanges; i++) {
		struct kevent change = changes[i]; /* may lie in events */
		int error = apply(q, kq, &change);

		if (error == 0 && !(change.flags & EV_RECEIPT))
			continue;
		if (n == nevents) {
			errno = error;
			return error == 0 ? n : -1;
		}
		change.flags = EV_ERROR;
		change.data = error;
		events[n++] = change;
	}
	return n;
}

/* ---- events ------------------------------------------------------------- */

/* Return whether a filter is ready, and with which flags. */
static bool
is_ready(int which, uint32_t ready, struct kevent *event)
{
	uint32_t own = which == READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
	uint32_t end = which == READ ? EPOLLRDHUP | EPOLLHUP : EPOLLHUP;
	int octets = 1, type;
	socklen_t len = sizeof(type);

	if ((ready & (own | end | EPOLLERR)) == 0)
		return false;
	if (ready & (end | EPOLLERR))
		event->flags |= EV_EOF;
	if ((ready & EPOLLERR) && getsockopt((int)event->ident, SOL_SOCKET,
				      SO_TYPE, &type, &len) == 0)
		event->fflags = ECONNRESET;
	if (which == READ)
		(void)ioctl((int)event->ident, FIONREAD, &octets);
	event->data = octets;
	return true;
}

/* Report one filter of one descriptor. Returns whether it is ready. */
static bool
report(struct queue *q, int kq, int which, const struct epoll_event *ready,
    struct kevent *event)
{
	int fd = ready->data.fd;
	struct watch *w = &q->watches[fd];
	struct note *note = &w->notes[which];

	if (!note->added || note->disabled)
		return false;
	if (w->signal != 0) {
		struct signalfd_siginfo info;

		*event = (struct kevent){ .ident = (uintptr_t)w->signal,
			.filter = EVFILT_SIGNAL };
		return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
	}
	*event = (struct kevent){ .ident = (uintptr_t)fd,
		.filter = which == READ ? EVFILT_READ : EVFILT_WRITE,
		.flags = note->clear ? EV_CLEAR : 0,
		.udata = note->udata };
	if (!is_ready(which, ready->events, event))
		return false;
	if (note->oneshot) {
		note->added = false;
		(void)tell(
		    kq, fd, w, is_watched(w) ? EPOLL_CTL_MOD : EPOLL_CTL_DEL);
	}
	return true;
}

static int
wait_ms(const struct timespec *timeout)
{
	int64_t ms;

	if (timeout == NULL)
		return -1;
	/* Rounded up: nobody is woken before it is due. */
	ms = (int64_t)timeout->tv_sec * 1000 +
	     (timeout->tv_nsec + 999999) / 1000000;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static int
collect(struct queue *q, int kq, struct kevent *events, int nevents,
    const struct timespec *timeout)
{
	struct epoll_event ready[BATCH_MAX];
	int room = nevents < BATCH_MAX ? nevents : BATCH_MAX, n = 0;
	int count = epoll_wait(kq, ready, room, wait_ms(timeout));

	if (count < 0)
		return -1;
	q->turn = !q->turn;
	for (int pass = 0; pass < 2; pass++) {
		int which = (pass == 0) == q->turn ? READ : WRITE;

		/* What finds no room is still ready the next time. */
		for (int i = 0; i < count && n < nevents; i++)
			n += report(q, kq, which, &ready[i], &events[n]);
	}
	return n;
}

int
kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout)
{
	struct queue *q = NULL;
	int n;

	pthread_mutex_lock(&queues_lock);
	if (kq >= 0 && kq < QUEUES_MAX)
		q = queues[kq];
	pthread_mutex_unlock(&queues_lock);
	if (q == NULL || q->owner != getpid()) {
		errno = EBADF;
		return -1;
	}
	n = apply_all(q, kq, changes, nchanges, events, nevents);
	if (n != 0 || nevents == 0)
		return n;
	return collect(q, kq, events, nevents, timeout);
}
