/* loop_epoll.c - readiness by epoll(7), Linux. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop.h"

/* Make the 64 bits that epoll hands back: the descriptor in the low half, the
 * serial of its use in the high half. */
static uint64_t
tag(const struct ws_io *io)
{
	return (uint64_t)io->serial << 32 | (uint32_t)io->fd;
}

int
ws_backend_open(struct ws_loop *loop)
{
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->fd < 0 ? -1 : 0;
}

int
ws_backend_want(struct ws_loop *loop, struct ws_io *io, unsigned want)
{
	bool known = io->want != WS_LOOP_UNKNOWN;
	struct epoll_event event = { .data.u64 = tag(io) };

	if (want & WS_LOOP_READ)
		event.events |= EPOLLIN;
	if (want & WS_LOOP_WRITE)
		event.events |= EPOLLOUT;
	return epoll_ctl(
	    loop->fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, io->fd, &event);
}

void
ws_backend_forget(struct ws_loop *loop, struct ws_io *io)
{
	(void)epoll_ctl(loop->fd, EPOLL_CTL_DEL, io->fd, NULL);
}

int
ws_backend_wait(struct ws_loop *loop, int timeout_ms)
{
	struct epoll_event events[WS_LOOP_BATCH];
	int n = epoll_wait(loop->fd, events, WS_LOOP_BATCH, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct ws_fired *fired = &loop->fired[i];
		uint32_t e = events[i].events;

		fired->fd = (int)(uint32_t)events[i].data.u64;
		fired->serial = (uint32_t)(events[i].data.u64 >> 32);
		fired->events = 0;
		if (e & EPOLLIN)
			fired->events |= WS_LOOP_READ;
		if (e & EPOLLOUT)
			fired->events |= WS_LOOP_WRITE;
		if (e & (EPOLLHUP | EPOLLERR))
			fired->events |= WS_LOOP_HANGUP;
	}
	return n;
}

void
ws_backend_close(struct ws_loop *loop)
{
	close(loop->fd);
	loop->fd = -1;
}
