/* deadlines.c - a queue of deadlines that are all equally far away. */
/* SPDX-License-Identifier: MIT */
/*
 * All sessions of an endpoint have the same ping interval. So the session that
 * was heard first is the first to be pinged, and a list in the order in which
 * sessions were heard is a list in the order of their deadlines: adding, moving
 * and removing are a few stores each, and one timer watches the first of the
 * list. A heap, which can hold any deadlines, costs O(log n) for each of them.
 *
 *	     head ──▶ first ──▶ ... ──▶ last
 *	      ▲ ◀──── at 100 ◀──      ◀── at 260
 *	      └───────────────────────────┘
 *
 * The owner keeps the timer. It sets the timer when ws_deadlines_add returns
 * true and, each time the timer has fired, for ws_deadlines_wait_ms. Removing
 * the first deadline does not move the timer: it then fires early, finds
 * nothing due, and is set again.
 */
#include "deadlines.h"

void
ws_deadlines_init(struct ws_deadlines *queue)
{
	queue->head.next = queue->head.prev = &queue->head;
}

bool
ws_deadlines_add(
    struct ws_deadlines *queue, struct ws_deadline *deadline, int64_t at_ms)
{
	ws_deadlines_remove(deadline);
	deadline->at_ms = at_ms;
	deadline->next = &queue->head;
	deadline->prev = queue->head.prev;
	deadline->prev->next = deadline;
	queue->head.prev = deadline;
	return deadline->prev == &queue->head;
}

void
ws_deadlines_remove(struct ws_deadline *deadline)
{
	if (deadline->next == NULL)
		return;
	deadline->prev->next = deadline->next;
	deadline->next->prev = deadline->prev;
	deadline->next = deadline->prev = NULL;
}

struct ws_deadline *
ws_deadlines_first(const struct ws_deadlines *queue)
{
	return queue->head.next != &queue->head ? queue->head.next : NULL;
}

struct ws_deadline *
ws_deadlines_expired(struct ws_deadlines *queue, int64_t now_ms)
{
	struct ws_deadline *first = ws_deadlines_first(queue);

	if (first == NULL || first->at_ms > now_ms)
		return NULL;
	ws_deadlines_remove(first);
	return first;
}

int64_t
ws_deadlines_wait_ms(const struct ws_deadlines *queue, int64_t now_ms)
{
	const struct ws_deadline *first = ws_deadlines_first(queue);

	return first != NULL ? first->at_ms - now_ms : INT64_MAX;
}
