/* loop.c - the readiness loop, above epoll or kqueue. */
/* SPDX-License-Identifier: MIT */
/*
 * One turn:
 *
 *      wait ──▶ clock ──▶ events ──▶ timers ──▶ deadlines ──▶ work ──▶ turn_end
 *       ▲                                                                 │
 *       └─────────────────────────────────────────────────────────────────┘
 *
 * A stale event is one whose descriptor was closed, and perhaps opened again
 * for something else, after the system had reported it. Two things keep it
 * away from the wrong object: ws_loop_forget empties the descriptor's place in
 * the table, and every use of a place gets a new serial, which the event
 * brings along. So objects may be freed at any time once they are forgotten.
 */
#include <errno.h>
#include <limits.h>

#include "loop.h"
#include "base/array.h"
#include "base/mem.h"
#include "net.h"

/* After this many descriptors were forgotten, the loop looks whether its table
 * can be shorter. One look costs a walk over the table; spread over so many, it
 * is a few instructions for each. */
#define TRIM_EACH 64

int
ws_loop_open(struct ws_loop *loop,
    void (*expired)(struct ws_wheel_deadline *deadline, void *arg),
    void (*turn_end)(void *arg), void *arg)
{
	*loop = (struct ws_loop){ .fd = -1,
		.now_ms = ws_net_now_ms(),
		.expired = expired,
		.turn_end = turn_end,
		.arg = arg };
	loop->work_end = &loop->work;
	ws_wheel_init(&loop->wheel, loop->now_ms);
	return ws_backend_open(loop);
}

void
ws_loop_close(struct ws_loop *loop)
{
	ws_backend_close(loop);
	ws_heap_fini(&loop->heap);
	ws_mem_free(loop->watched);
	loop->watched = NULL;
}

/* ---- interest ---------------------------------------------------------- */

/* Make the table long enough for a descriptor. */
static int
reserve(struct ws_loop *loop, size_t fd)
{
	size_t had = loop->watched_room;

	if (!ws_array_reserve(&loop->watched, &loop->watched_room, fd + 1,
		sizeof(*loop->watched))) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = had; i < loop->watched_room; i++)
		loop->watched[i] = NULL;
	return 0;
}

/* Make the table shorter after a crowd has left. The system gives out the lowest
 * descriptors first, so the rest of a crowd has low ones. */
static void
trim(struct ws_loop *loop)
{
	size_t half = loop->watched_room / 2, last = loop->watched_room;

	if (loop->watched_count % TRIM_EACH != 0 || half < TRIM_EACH * 4 ||
	    loop->watched_count > half / 4)
		return;
	while (last > half && loop->watched[last - 1] == NULL)
		last--;
	if (last == half)
		ws_array_shrink(&loop->watched, &loop->watched_room, half,
		    sizeof(*loop->watched));
}

static struct ws_io *
watched(const struct ws_loop *loop, int fd)
{
	return (size_t)fd < loop->watched_room ? loop->watched[fd] : NULL;
}

int
ws_loop_want(struct ws_loop *loop, struct ws_io *io, unsigned want)
{
	if (io->fd < 0) {
		errno = EBADF;
		return -1;
	}
	if (watched(loop, io->fd) != io) {
		if (reserve(loop, (size_t)io->fd) < 0)
			return -1;
		io->want = WS_LOOP_UNKNOWN;
		loop->serial = (loop->serial + 1) & WS_LOOP_SERIAL_MAX;
		io->serial = loop->serial & WS_LOOP_SERIAL_MAX;
	} else if (io->want == want)
		return 0;
	if (ws_backend_want(loop, io, want) < 0)
		return -1;
	if (loop->watched[io->fd] == NULL)
		loop->watched_count++;
	loop->watched[io->fd] = io;
	io->want = want & 0xff;
	return 0;
}

void
ws_loop_forget(struct ws_loop *loop, struct ws_io *io)
{
	if (io->fd < 0 || watched(loop, io->fd) != io)
		return;
	/* Take it out even if it is closed next: a child process may hold the
	 * same open file, and epoll would go on reporting it. */
	ws_backend_forget(loop, io);
	loop->watched[io->fd] = NULL;
	loop->watched_count--;
	trim(loop);
}

/* ---- work -------------------------------------------------------------- */

void
ws_loop_defer(struct ws_loop *loop, struct ws_work *work)
{
	if (work->next != NULL || loop->work_end == &work->next)
		return;
	*loop->work_end = work;
	loop->work_end = &work->next;
}

void
ws_loop_undefer(struct ws_loop *loop, struct ws_work *work)
{
	struct ws_work **link = &loop->work;

	while (*link != NULL && *link != work)
		link = &(*link)->next;
	if (*link == NULL)
		return;
	*link = work->next;
	if (loop->work_end == &work->next)
		loop->work_end = link;
	work->next = NULL;
}

/* Run what is pending now. What it defers stays for the next turn, so work
 * that defers itself cannot hold the loop. */
static void
run_work(struct ws_loop *loop)
{
	struct ws_work mark = { NULL, NULL };
	struct ws_work *work;

	if (loop->work == NULL)
		return;
	ws_loop_defer(loop, &mark);
	while ((work = loop->work) != &mark) {
		loop->work = work->next;
		work->next = NULL;
		work->run(work);
	}
	ws_loop_undefer(loop, &mark);
}

/* ---- the turn ---------------------------------------------------------- */

/* Count the milliseconds until the next timer, deadline or work is due. */
static int
until_next(const struct ws_loop *loop, int64_t now_ms)
{
	int64_t next = ws_heap_next(&loop->heap);
	int64_t coarse = ws_wheel_next(&loop->wheel);

	if (loop->work != NULL || loop->busy ||
	    loop->fired_at < loop->fired_count)
		return 0;
	if (coarse < next)
		next = coarse;
	if (next == INT64_MAX)
		return -1;
	if (next <= now_ms)
		return 0;
	return next - now_ms < INT_MAX ? (int)(next - now_ms) : INT_MAX;
}

int64_t
ws_loop_now(const struct ws_loop *loop)
{
	return loop->turning ? loop->now_ms : ws_net_now_ms();
}

int
ws_loop_timeout(const struct ws_loop *loop)
{
	return until_next(loop, ws_net_now_ms());
}

/* Decide how long to wait. The clock was read when the last turn began, which
 * is good enough unless something is due so soon that the time spent since then
 * matters. */
static int
wait_ms(const struct ws_loop *loop, int limit_ms)
{
	int wait = until_next(loop, loop->now_ms);

	if (wait > 0 && wait < WS_WHEEL_TICK_MS)
		wait = ws_loop_timeout(loop);
	if (wait < 0 || (limit_ms >= 0 && limit_ms < wait))
		return limit_ms;
	return wait;
}

static void
dispatch(struct ws_loop *loop, const struct ws_fired *fired)
{
	struct ws_io *io = watched(loop, fired->fd);

	if (io != NULL && io->serial == fired->serial)
		io->ready(io, fired->events);
}

/* Hand events on until the budget of the turn is used up.
 * Returns how many were handed on. */
static int
hand_on(struct ws_loop *loop)
{
	int first = loop->fired_at, i = first, n = loop->fired_count;

	ws_budget_begin(&loop->budget, WS_BUDGET_EVENTS, n - i);
	while (i < n) {
		dispatch(loop, &loop->fired[i++]);
		if ((loop->budget.turn -= WS_COST_EVENT) <= 0)
			break;
	}
	loop->fired_at = i;
	return i - first;
}

int
ws_loop_turn(struct ws_loop *loop, int timeout_ms)
{
	int n;

	if (loop->fired_at >= loop->fired_count) {
		n = ws_backend_wait(loop, wait_ms(loop, timeout_ms));
		if (n < 0)
			return -1;
		loop->fired_at = 0;
		loop->fired_count = n;
	}
	loop->now_ms = ws_net_now_ms();
	loop->turning = true;
	n = hand_on(loop);
	ws_heap_run(&loop->heap, loop->now_ms);
	ws_wheel_run(&loop->wheel, loop->now_ms, loop->expired, loop->arg);
	run_work(loop);
	loop->turn_end(loop->arg);
	loop->turning = false;
	return n;
}
