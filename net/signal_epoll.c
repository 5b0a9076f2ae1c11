/* signal_epoll.c - signals as events of a loop, by signalfd(2). */
/* SPDX-License-Identifier: MIT */
#include <sys/signalfd.h>

#include <errno.h>
#include <unistd.h>

#include "signal.h"

int
ws_signal_open(struct ws_signal *signal, int number)
{
	sigset_t set, before;

	*signal = (struct ws_signal){ .fd = -1, .number = number };
	(void)sigemptyset(&set);
	/* signalfd takes these without a word, but they never come. */
	if (number == SIGKILL || number == SIGSTOP ||
	    sigaddset(&set, number) < 0) {
		errno = EINVAL;
		return -1;
	}
	signal->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signal->fd < 0)
		return -1;
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	signal->was_blocked = sigismember(&before, number) == 1;
	return 0;
}

bool
ws_signal_take(struct ws_signal *signal)
{
	struct signalfd_siginfo info;

	return read(signal->fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

void
ws_signal_close(struct ws_signal *signal)
{
	sigset_t set;

	if (signal->fd < 0)
		return;
	/* One that came too late would end the program when it is let in. */
	while (ws_signal_take(signal))
		;
	(void)close(signal->fd);
	signal->fd = -1;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal->number);
	if (!signal->was_blocked)
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}
