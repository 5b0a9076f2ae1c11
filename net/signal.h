/* signal.h - signals as events of a loop. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SIGNAL_H
#define WS_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* A signal that is an event, in place of what the system does about it. No
 * handler is needed, and so no global that it could find the loop by. */
struct ws_signal {
	int fd; /* owned; readable when the signal has come; -1: none */
	int number;
	bool was_blocked;        /* epoll: when it was opened */
	struct sigaction before; /* kqueue: what was done about it */
};

/* Return whether a process leaves a signal to the system: there is no handler,
 * and it is not ignored. */
bool ws_signal_is_default(int number);

/* ---- signal_epoll.c or signal_kqueue.c --------------------------------- */

/* Begin to wait for a signal. With epoll, the thread blocks it, and so do
 * threads and programs that it starts from now on; with kqueue, the process
 * ignores it.
 *   signal  is all set here
 * Returns 0, or -1 with errno set: EINVAL for one that cannot be waited for. */
int ws_signal_open(struct ws_signal *signal, int number);

/* Return whether the signal has come since this was last called. */
bool ws_signal_take(struct ws_signal *signal);

/* Go back to what was done about the signal before. */
void ws_signal_close(struct ws_signal *signal);

#endif
