/* engine_due.c - many deadlines that are equally far away, and one timer. */
/* SPDX-License-Identifier: MIT */
/*
 * All sessions of an endpoint have the same ping interval. So the one that was
 * heard first is the one to be pinged first, and a list in the order of being
 * heard is a list in the order of deadlines: to add, to move and to take out
 * are a few stores, and one timer watches the first of the list.
 *
 * The timer is never stopped, so that setting it cannot fail: with nothing to
 * wait for it fires once an hour. It is not moved either when the first of the
 * list is taken out; then it fires early and looks at who is first now.
 *
 * A deadline may be a little earlier than the one before it, by as much as the
 * loop was late. It is then found that much too late. Where that matters, as
 * with a request that comes at the last moment, the deadline itself is asked.
 */
#include "engine.h"

#define IDLE_MS (60 * 60 * 1000)

static bool
is_empty(const struct eio_dues *dues)
{
	return dues->head.next == &dues->head;
}

/* Set the timer for the first of the queue. */
static void
arm(struct eio_dues *dues)
{
	(void)ws_timer_again(
	    dues->timer, dues->head.next->at_ms - ws_now(dues->server));
}

static void
on_timer(struct ws_timer *timer, void *arg)
{
	struct eio_dues *dues = arg;
	int64_t now_ms = ws_now(dues->server);

	(void)timer;
	while (!is_empty(dues) && dues->head.next->at_ms <= now_ms) {
		struct eio_due *due = dues->head.next;

		eio_due_remove(due);
		dues->expired(due);
	}
	if (!is_empty(dues))
		arm(dues);
}

int
eio_dues_init(struct eio_dues *dues, struct ws_server *server,
    void (*expired)(struct eio_due *due))
{
	dues->head.next = dues->head.prev = &dues->head;
	dues->server = server;
	dues->expired = expired;
	dues->timer = ws_timer_start(server, IDLE_MS, IDLE_MS, on_timer, dues);
	return dues->timer != NULL ? 0 : WS_ENOMEM;
}

void
eio_dues_fini(struct eio_dues *dues)
{
	ws_timer_stop(dues->timer);
	dues->timer = NULL;
}

void
eio_dues_add(struct eio_dues *dues, struct eio_due *due, int64_t at_ms)
{
	bool first = is_empty(dues);

	eio_due_remove(due);
	due->at_ms = at_ms;
	due->next = &dues->head;
	due->prev = dues->head.prev;
	due->prev->next = due->next->prev = due;
	if (first)
		arm(dues);
}

void
eio_due_remove(struct eio_due *due)
{
	if (due->next == NULL)
		return;
	due->prev->next = due->next;
	due->next->prev = due->prev;
	due->next = due->prev = NULL;
}
