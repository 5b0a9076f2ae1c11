/* timeouts.h - many deadlines that are equally far away, and one timer. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_TIMEOUTS_H
#define EIO_TIMEOUTS_H

#include <stdint.h>

#include "base/deadlines.h"
#include "ws.h"

struct eio_timeouts {
	struct ws_deadlines queue;
	struct ws_timer *timer;   /* owned */
	struct ws_server *server; /* borrowed */
	void (*expired)(struct ws_deadline *deadline);
};

/* Begin an empty queue, which must not be moved in memory.
 *   expired  called with each deadline that has passed, which is in no queue
 *            any more
 * Returns 0 or WS_ENOMEM. */
int eio_timeouts_start(struct eio_timeouts *timeouts, struct ws_server *server,
    void (*expired)(struct ws_deadline *deadline));

/* Stop the timer; expired is not called any more. Also right for a queue that
 * is all zero. */
void eio_timeouts_stop(struct eio_timeouts *timeouts);

/* Put a deadline at the end of a queue, after taking it out of the one that it
 * is in.
 *   at_ms  on the clock of ws_now */
void eio_timeouts_add(
    struct eio_timeouts *timeouts, struct ws_deadline *deadline, int64_t at_ms);

#endif
