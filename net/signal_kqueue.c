/* signal_kqueue.c - signals as events of a loop, by EVFILT_SIGNAL. */
/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_SIGNAL reports a signal even if it is ignored, which keeps the system
 * from ending the process. The queue of its own can be watched by another one.
 */
#include <sys/types.h>

#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "signal.h"

int
ws_signal_open(struct ws_signal *signal, int number)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct kevent change;

	*signal = (struct ws_signal){ .fd = -1, .number = number };
	if (number <= 0 || sigaction(number, &ignore, &signal->before) < 0) {
		errno = EINVAL;
		return -1;
	}
	signal->fd = kqueue();
	EV_SET(&change, (uintptr_t)number, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
	if (signal->fd >= 0 && fcntl(signal->fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    kevent(signal->fd, &change, 1, NULL, 0, NULL) == 0)
		return 0;
	if (signal->fd >= 0)
		ws_signal_close(signal);
	else
		(void)sigaction(number, &signal->before, NULL);
	return -1;
}

bool
ws_signal_take(struct ws_signal *signal)
{
	struct kevent event;
	struct timespec now = { 0, 0 };

	return kevent(signal->fd, NULL, 0, &event, 1, &now) == 1;
}

void
ws_signal_close(struct ws_signal *signal)
{
	if (signal->fd < 0)
		return;
	(void)close(signal->fd);
	signal->fd = -1;
	(void)sigaction(signal->number, &signal->before, NULL);
}
