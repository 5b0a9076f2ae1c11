/* timer.h - when things are due: a heap of timers, a wheel of deadlines. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_TIMER_H
#define WS_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All times are milliseconds of a clock that never goes back, handed in. */

/* ---- exact timers: a binary heap --------------------------------------- */

/* One timer, embedded in the object that it belongs to. Zeroed memory is a
 * timer that is not set. */
struct ws_heap_timer {
	int64_t due_ms;
	uint64_t serial; /* timers due at the same time fire in setting order */
	void (*fire)(struct ws_heap_timer *timer);
	size_t place; /* 1-based index in the heap; 0: not set */
};

/* Zeroed memory is an empty heap. Grows as needed and shrinks when three
 * quarters are empty, so a peak leaves nothing behind. */
struct ws_heap {
	struct ws_heap_timer **at; /* owned */
	size_t count, room;
	uint64_t serial; /* the next one */
	int64_t run_ms;  /* inside ws_heap_run: its time */
	bool running;
};

/* Set a timer, or move one that is set.
 *   due_ms  when it fires
 *   fire    may set and cancel any timer, this one included, and free it
 * Returns 0, or -1 when out of memory. It cannot fail for a timer that is set,
 * nor for the one whose callback runs if that sets no other one before.
 * O(log n). */
int ws_heap_set(struct ws_heap *heap, struct ws_heap_timer *timer,
    int64_t due_ms, void (*fire)(struct ws_heap_timer *timer));

/* Cancel a timer; one that is not set is left alone. O(log n). */
void ws_heap_cancel(struct ws_heap *heap, struct ws_heap_timer *timer);

/* When the first timer is due, or INT64_MAX when none is set. */
int64_t ws_heap_next(const struct ws_heap *heap);

/* Fire every timer that is due at now_ms. Timers that are set by a callback
 * fire in a later call even when they are due at once, so a callback that
 * sets itself again with no delay cannot hold the loop. A call from inside a
 * callback does nothing. */
void ws_heap_run(struct ws_heap *heap, int64_t now_ms);

/* Release the heap's memory; no timer may be used with it afterwards. */
void ws_heap_fini(struct ws_heap *heap);

/* ---- coarse deadlines: a wheel ----------------------------------------- */

/* A deadline fires up to two ticks late. With 128 ms that is a quarter of a
 * second, which deadlines of seconds do not notice. Half of it would double the
 * wakeups of a server full of idle connections. */
#define WS_WHEEL_TICK_MS 128 /* a power of two, so that ticks are a shift */

/* A turn of the wheel is 32.8 s, more than the 25 s from which most connections
 * are pinged: their deadlines are visited once. With half as many slots they
 * would be visited twice. */
#define WS_WHEEL_SLOTS 256

/* Deadlines that fire in one call. 15,000 idle clients may be due in one tick:
 * each takes 1 to 2 us, and a Ping later 5 more. The double makes turns 2 ms
 * longer; half of it takes more turns for nothing. */
#define WS_WHEEL_FIRES 1000

/* One deadline, embedded in the object that it belongs to; zeroed memory is
 * one that is not in a wheel. Moving it later costs one store: the wheel finds
 * the true time when it comes by. */
struct ws_wheel_deadline {
	struct ws_wheel_deadline *next,
	    **link;         /* link: what points at this one */
	uint32_t due_tick;  /* the true deadline */
	uint32_t slot_tick; /* where it stands; never later than due_tick */
};

struct ws_wheel {
	struct ws_wheel_deadline *slots[WS_WHEEL_SLOTS];
	struct ws_wheel_deadline *passed; /* due, and not yet fired */
	int64_t now_tick;  /* everything hangs at it or in the 255 behind it */
	int64_t next_tick; /* nothing hangs before it */
	size_t count;
};

/* Begin a wheel at a time. */
void ws_wheel_init(struct ws_wheel *wheel, int64_t now_ms);

/* Set or move a deadline. It fires not before due_ms and at most two ticks
 * after it; one in the past fires within a tick. A wait of more than 8 years
 * becomes one of 8 years. O(1). */
void ws_wheel_set(
    struct ws_wheel *wheel, struct ws_wheel_deadline *deadline, int64_t due_ms);

/* Take a deadline out; one that is not in is left alone. O(1). */
void
ws_wheel_cancel(struct ws_wheel *wheel, struct ws_wheel_deadline *deadline);

/* When ws_wheel_run should be called next, or INT64_MAX when the wheel is
 * empty. May be early (a deadline was moved), never late. O(1). */
int64_t ws_wheel_next(const struct ws_wheel *wheel);

/* Call fire for deadlines that have passed, WS_WHEEL_FIRES at most, taken out of
 * the wheel before; the rest fires in the next calls, and ws_wheel_next is not
 * after now_ms until then. fire may set, cancel and free any deadline, this one included. What
 * is set by fire fires in a later call. Must not be called from fire. Cost:
 * the ones that stand in the slots passed by. */
void ws_wheel_run(struct ws_wheel *wheel, int64_t now_ms,
    void (*fire)(struct ws_wheel_deadline *deadline, void *arg), void *arg);

#endif
