/* sys/event.h - kqueue(2) for Linux, as the tests need it. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_KQUEUE_SYS_EVENT_H
#define TEST_KQUEUE_SYS_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A test double of what FreeBSD and macOS have in common, with FreeBSD's
 * values; kqueue.c says how far it goes. */

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned fflags;
	int64_t data;
	void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_SIGNAL (-6)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define EV_SET(event, id, filt, flag, fflag, number, user) \
	do {                                               \
		*(event) = (struct kevent){                \
			.ident = (id),                     \
			.filter = (filt),                  \
			.flags = (flag),                   \
			.fflags = (fflag),                 \
			.data = (number),                  \
			.udata = (user),                   \
		};                                         \
	} while (0)

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout);

#endif
