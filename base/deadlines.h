/* deadlines.h - a queue of deadlines that are all equally far away. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_DEADLINES_H
#define WS_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One deadline, embedded in the object that it belongs to. All zero, it is in
 * no queue. */
struct ws_deadline {
	struct ws_deadline *next, *prev; /* neighbours in the queue */
	int64_t at_ms;                   /* of the owner's clock */
};

/* A ring through its head: head.next is the first to come due. */
struct ws_deadlines {
	struct ws_deadline head;
};

/* Begin an empty queue, which must not be moved in memory. There is nothing to
 * release. */
void ws_deadlines_init(struct ws_deadlines *queue);

/* Append a deadline, after taking it out of the queue that it is in.
 *   deadline  borrowed until it is removed
 *   at_ms     when it comes due; if that is before the last one of the queue,
 *             it expires together with that one
 * Returns whether it is the only one now: a timer that had nothing to wait for
 * has to be set. */
bool ws_deadlines_add(
    struct ws_deadlines *queue, struct ws_deadline *deadline, int64_t at_ms);

/* Take a deadline out of its queue; do nothing if it is in none. */
void ws_deadlines_remove(struct ws_deadline *deadline);

/* Return the deadline that comes due first, or NULL if the queue is empty. */
struct ws_deadline *ws_deadlines_first(const struct ws_deadlines *queue);

/* Take out the first deadline if it is due at now_ms.
 * Returns it, or NULL. */
struct ws_deadline *
ws_deadlines_expired(struct ws_deadlines *queue, int64_t now_ms);

/* Return how many milliseconds after now_ms the first deadline comes due, or
 * INT64_MAX if the queue is empty. Negative if it is overdue. */
int64_t ws_deadlines_wait_ms(const struct ws_deadlines *queue, int64_t now_ms);

#endif
