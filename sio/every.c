/* every.c - timers that end with their socket. */
/* SPDX-License-Identifier: MIT */
/*
 * Few sockets have such a timer, so the list of them is in the part of a socket
 * that most do not have. It is kept at all only to stop them: a timer of ws.h
 * knows nothing of sockets.
 */
#include "base/mem.h"
#include "every.h"
#include "io.h"
#include "nsp.h"

struct sio_interval {
	struct sio_interval *next; /* of the same socket */
	struct sio_socket *socket; /* borrowed */
	struct ws_timer *timer;    /* owned */
	void (*fn)(struct sio_socket *socket);
};

/* fn may let the socket leave, and so release interval. */
static void
on_fire(struct ws_timer *timer, void *arg)
{
	struct sio_interval *interval = arg;

	(void)timer;
	interval->fn(interval->socket);
}

int
sio_every(struct sio_socket *socket, int64_t interval_ms,
    void (*fn)(struct sio_socket *socket))
{
	struct sio_interval *interval;
	struct sio_extra *extra;

	if (interval_ms < 1 || fn == NULL)
		return WS_EINVAL;
	if (socket->state >= SIO_LEAVING)
		return WS_ECLOSED;
	extra = sio_socket_extra(socket);
	interval = ws_mem_resize(NULL, sizeof(*interval));
	if (extra == NULL || interval == NULL) {
		ws_mem_free(interval);
		return WS_ENOMEM;
	}
	*interval = (struct sio_interval){
		.next = extra->intervals, .socket = socket, .fn = fn
	};
	interval->timer = ws_timer_start(socket->nsp->io->server, interval_ms,
	    interval_ms, on_fire, interval);
	if (interval->timer == NULL) {
		ws_mem_free(interval);
		return WS_ENOMEM;
	}
	extra->intervals = interval;
	return 0;
}

void
sio_every_stop(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;
	struct sio_interval *interval;

	while (extra != NULL && (interval = extra->intervals) != NULL) {
		extra->intervals = interval->next;
		ws_timer_stop(interval->timer);
		ws_mem_free(interval);
	}
}
