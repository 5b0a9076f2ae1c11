/* timeouts.c - many deadlines that are equally far away, and one timer. */
/* SPDX-License-Identifier: MIT */
/*
 * The timer is never stopped while the queue is used, so that setting it cannot
 * fail: with an empty queue it fires once an hour, for nothing.
 *
 * A deadline may be a little earlier than the one before it, by as much as the
 * loop was late. It then expires that much too late. Where that matters, as
 * with a request that comes at the last moment, the caller compares at_ms with
 * the clock itself.
 */
#include "timeouts.h"

enum {
	IDLE_MS = 60 * 60 * 1000,
	/* Deadlines that expire in one turn. A Ping takes 5 us, so a crowd that
	 * connected at once makes turns of 5 ms, not one of 75. */
	EXPIRES_MAX = 1000,
};

/* Set the timer for the first deadline. */
static void
arm(struct eio_timeouts *timeouts)
{
	int64_t wait_ms =
	    ws_deadlines_wait_ms(&timeouts->queue, ws_now(timeouts->server));

	/* What is overdue waits for the next turn. */
	if (wait_ms < IDLE_MS)
		(void)ws_timer_again(
		    timeouts->timer, wait_ms > 0 ? wait_ms : 1);
}

static void
on_timer(struct ws_timer *timer, void *arg)
{
	struct eio_timeouts *timeouts = arg;
	int64_t now_ms = ws_now(timeouts->server);
	struct ws_deadline *deadline;

	(void)timer;
	for (int i = 0; i < EXPIRES_MAX; i++) {
		deadline = ws_deadlines_expired(&timeouts->queue, now_ms);
		if (deadline == NULL)
			break;
		timeouts->expired(deadline);
	}
	arm(timeouts);
}

int
eio_timeouts_start(struct eio_timeouts *timeouts, struct ws_server *server,
    void (*expired)(struct ws_deadline *deadline))
{
	ws_deadlines_init(&timeouts->queue);
	timeouts->server = server;
	timeouts->expired = expired;
	timeouts->timer =
	    ws_timer_start(server, IDLE_MS, IDLE_MS, on_timer, timeouts);
	return timeouts->timer != NULL ? 0 : WS_ENOMEM;
}

void
eio_timeouts_stop(struct eio_timeouts *timeouts)
{
	ws_timer_stop(timeouts->timer);
	timeouts->timer = NULL;
}

void
eio_timeouts_add(
    struct eio_timeouts *timeouts, struct ws_deadline *deadline, int64_t at_ms)
{
	if (ws_deadlines_add(&timeouts->queue, deadline, at_ms))
		arm(timeouts);
}
