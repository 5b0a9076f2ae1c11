/* timer.c - when things are due: a heap of timers, a wheel of deadlines. */
/* SPDX-License-Identifier: MIT */

/* Two structures, because there are two kinds of times.
 *
 * Timers of the application are few, precise, and mostly fire. They stand in
 * a binary heap: no timer is due before its parent, so the first one is at
 * the top, and setting or cancelling touches one path of the tree. Each timer
 * knows its place, which is what makes cancelling O(log n) rather than O(n).
 *
 *                1            place p has its parent at p / 2
 *             /     \         and its children at 2p and 2p + 1
 *           2         3
 *          / \       /
 *         4   5     6
 *
 * Deadlines of connections are many, coarse, and mostly do not fire: each
 * message that arrives moves one further away. They hang in a wheel of slots,
 * one per tick, and the position says when to LOOK at a deadline, not when it
 * fires. Moving one later therefore stores the new time and no more; when the
 * wheel comes by, it sees that the time has not come and hangs the deadline
 * where it belongs now.
 *
 *      slots   ... | 17 | 18 | 19 | 20 | 21 | ... (tick modulo 256)
 *      visited ^^^^^^^^^   |         |
 *                    now_tick     next_tick: nothing hangs before it
 *
 * Everything in the wheel hangs at a tick of [now_tick, now_tick + 255], so a
 * slot never mixes two turns. A deadline beyond that hangs in the farthest
 * slot and is hung again when the wheel comes by; a long wait costs one visit
 * per 32 seconds. A clock that jumps by hours costs one turn at most.
 *
 * Inside deadlines a tick is kept in 32 bits to save memory. They wrap every
 * 17 years of 128 ms, but two ticks are only ever compared by their
 * difference, which is right as long as they are less than 8.5 years apart;
 * ws_wheel_set brings anything later than that to 8.5 years. */

#include "timer.h"
#include "base/array.h"
#include "base/mem.h"

enum {
	HEAP_ROOM_MIN = 16, /* 128 octets, not worth giving back */
};

/* ---- heap --------------------------------------------------------------- */

/* Whether a fires before b. Timers of one time fire in the order in which they
 * were set. */
static bool
is_before(const struct ws_heap_timer *a, const struct ws_heap_timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->serial < b->serial;
}

static struct ws_heap_timer *
timer_at(const struct ws_heap *heap, size_t place)
{
	return heap->at[place - 1];
}

static void
put_at(struct ws_heap *heap, size_t place, struct ws_heap_timer *timer)
{
	heap->at[place - 1] = timer;
	timer->place = place;
}

/* Move a timer towards the top until its parent is not later. */
static void
sift_up(struct ws_heap *heap, struct ws_heap_timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && is_before(timer, timer_at(heap, place / 2))) {
		put_at(heap, place, timer_at(heap, place / 2));
		place /= 2;
	}
	put_at(heap, place, timer);
}

/* Move a timer towards the leaves until no child is earlier. */
static void
sift_down(struct ws_heap *heap, struct ws_heap_timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = 2 * place;

		if (child > heap->count)
			break;
		if (child < heap->count &&
		    is_before(timer_at(heap, child + 1), timer_at(heap, child)))
			child++;
		if (!is_before(timer_at(heap, child), timer))
			break;
		put_at(heap, place, timer_at(heap, child));
		place = child;
	}
	put_at(heap, place, timer);
}

int
ws_heap_set(struct ws_heap *heap, struct ws_heap_timer *timer, int64_t due_ms,
    void (*fire)(struct ws_heap_timer *timer))
{
	if (timer->place == 0) {
		if (!ws_array_reserve(&heap->at, &heap->room, heap->count + 1,
			sizeof(*heap->at)))
			return -1;
		put_at(heap, ++heap->count, timer);
	}
	/* A timer that is set inside a run and overdue counts as due now.
	 * Its serial then sorts it behind all that the run has still to fire,
	 * so the run can stop at the first timer that is new. */
	if (heap->running && due_ms < heap->run_ms)
		due_ms = heap->run_ms;
	timer->due_ms = due_ms;
	timer->serial = heap->serial++;
	timer->fire = fire;
	sift_up(heap, timer);
	sift_down(heap, timer);
	return 0;
}

void
ws_heap_cancel(struct ws_heap *heap, struct ws_heap_timer *timer)
{
	struct ws_heap_timer *last;

	if (timer->place == 0)
		return;
	last = timer_at(heap, heap->count--);
	if (last != timer) {
		put_at(heap, timer->place, last);
		sift_up(heap, last);
		sift_down(heap, last);
	}
	timer->place = 0;
	/* Half of the array stays free, so a callback can always set the
	 * timer again that has just fired. A failure to shrink is harmless. */
	if (heap->room > HEAP_ROOM_MIN && heap->count < heap->room / 4)
		ws_array_shrink(
		    &heap->at, &heap->room, heap->room / 2, sizeof(*heap->at));
}

int64_t
ws_heap_next(const struct ws_heap *heap)
{
	return heap->count == 0 ? INT64_MAX : heap->at[0]->due_ms;
}

void
ws_heap_run(struct ws_heap *heap, int64_t now_ms)
{
	uint64_t first_new = heap->serial;

	if (heap->running)
		return;
	heap->running = true;
	heap->run_ms = now_ms;
	while (heap->count > 0) {
		struct ws_heap_timer *timer = heap->at[0];

		if (timer->due_ms > now_ms || timer->serial >= first_new)
			break;
		ws_heap_cancel(heap, timer);
		timer->fire(timer); /* may have freed it */
	}
	heap->running = false;
}

void
ws_heap_fini(struct ws_heap *heap)
{
	ws_mem_free(heap->at);
	*heap = (struct ws_heap){ 0 };
}

/* ---- wheel -------------------------------------------------------------- */

/* Return the tick that a time lies in: rounded down, also before time zero. */
static int64_t
tick_of(int64_t ms)
{
	return ms / WS_WHEEL_TICK_MS - (ms % WS_WHEEL_TICK_MS < 0);
}

/* Return the first tick that does not begin before a time: rounded up. */
static int64_t
tick_after(int64_t ms)
{
	return ms / WS_WHEEL_TICK_MS + (ms % WS_WHEEL_TICK_MS > 0);
}

/* Return how far a tick is ahead of another one, modulo 2^32. */
static int32_t
ahead(uint32_t tick, uint32_t from)
{
	return (int32_t)(tick - from);
}

/* Put a deadline at the head of a list. */
static void
hang(struct ws_wheel_deadline **list, struct ws_wheel_deadline *deadline)
{
	deadline->next = *list;
	deadline->link = list;
	if (*list != NULL)
		(*list)->link = &deadline->next;
	*list = deadline;
}

/* Take a deadline out of the list that it is in. */
static void
unhang(struct ws_wheel_deadline *deadline)
{
	*deadline->link = deadline->next;
	if (deadline->next != NULL)
		deadline->next->link = deadline->link;
	deadline->link = NULL;
}

/* Hang a deadline where it is to be looked at: at its time, or one turn ahead
 * when that is sooner. */
static void
hang_in_wheel(struct ws_wheel *wheel, struct ws_wheel_deadline *deadline)
{
	int32_t wait = ahead(deadline->due_tick, (uint32_t)wheel->now_tick);
	int64_t tick = wheel->now_tick;

	tick += wait < WS_WHEEL_SLOTS ? wait : WS_WHEEL_SLOTS - 1;
	deadline->slot_tick = (uint32_t)tick;
	hang(&wheel->slots[deadline->slot_tick % WS_WHEEL_SLOTS], deadline);
	if (tick < wheel->next_tick)
		wheel->next_tick = tick;
}

void
ws_wheel_init(struct ws_wheel *wheel, int64_t now_ms)
{
	*wheel = (struct ws_wheel){ 0 };
	wheel->now_tick = tick_of(now_ms);
	wheel->next_tick = INT64_MAX;
}

void
ws_wheel_set(
    struct ws_wheel *wheel, struct ws_wheel_deadline *deadline, int64_t due_ms)
{
	int64_t tick = tick_after(due_ms);

	if (tick < wheel->now_tick)
		tick = wheel->now_tick;
	else if (tick - wheel->now_tick > INT32_MAX)
		tick = wheel->now_tick + INT32_MAX;
	deadline->due_tick = (uint32_t)tick;
	if (deadline->link == NULL)
		wheel->count++;
	else if (ahead(deadline->due_tick, deadline->slot_tick) >= 0)
		return; /* its slot is visited before that time */
	else
		unhang(deadline);
	hang_in_wheel(wheel, deadline);
}

void
ws_wheel_cancel(struct ws_wheel *wheel, struct ws_wheel_deadline *deadline)
{
	if (deadline->link == NULL)
		return;
	unhang(deadline);
	wheel->count--;
}

int64_t
ws_wheel_next(const struct ws_wheel *wheel)
{
	if (wheel->count == 0)
		return INT64_MAX;
	return wheel->next_tick * WS_WHEEL_TICK_MS;
}

/* Move the deadlines of a slot to the list of those that have passed, which is
 * empty. A deadline that is hung into the slot later is not met in this run. */
static void
pass_slot(struct ws_wheel *wheel, int64_t tick)
{
	struct ws_wheel_deadline **slot =
	    &wheel->slots[(uint32_t)tick % WS_WHEEL_SLOTS];

	wheel->passed = *slot;
	*slot = NULL;
	if (wheel->passed != NULL)
		wheel->passed->link = &wheel->passed;
}

/* Fire the deadlines that have passed; hang those back that were moved since. A
 * list is linked like a slot, so fire may cancel or move any of its deadlines.
 * Returns how many it may still fire; 0 when some may be left. */
static int
fire_passed(struct ws_wheel *wheel, int64_t now_tick, int most,
    void (*fire)(struct ws_wheel_deadline *deadline, void *arg), void *arg)
{
	struct ws_wheel_deadline *deadline;

	while (most > 0 && (deadline = wheel->passed) != NULL) {
		unhang(deadline);
		if (ahead(deadline->due_tick, (uint32_t)now_tick) > 0) {
			hang_in_wheel(wheel, deadline);
			continue;
		}
		wheel->count--;
		most--;
		fire(deadline, arg);
	}
	return most;
}

/* Return the first tick at which a deadline hangs. */
static int64_t
first_occupied(const struct ws_wheel *wheel)
{
	int64_t tick = wheel->now_tick;

	if (wheel->count == 0)
		return INT64_MAX;
	while (wheel->slots[(uint32_t)tick % WS_WHEEL_SLOTS] == NULL)
		tick++;
	return tick;
}

void
ws_wheel_run(struct ws_wheel *wheel, int64_t now_ms,
    void (*fire)(struct ws_wheel_deadline *deadline, void *arg), void *arg)
{
	int64_t now_tick = tick_of(now_ms);
	int64_t tick = wheel->next_tick, end = now_tick + 1;
	int most = WS_WHEEL_FIRES;

	/* Deadlines that fire sets from here on come after this tick. */
	if (now_tick >= wheel->now_tick)
		wheel->now_tick = now_tick + 1;
	if (now_tick < tick)
		return;
	if (end - tick > WS_WHEEL_SLOTS)
		end = tick + WS_WHEEL_SLOTS;
	most = fire_passed(wheel, now_tick, most, fire, arg);
	for (; most > 0 && tick < end; tick++) {
		pass_slot(wheel, tick);
		most = fire_passed(wheel, now_tick, most, fire, arg);
	}
	if (most > 0)
		wheel->next_tick = first_occupied(wheel);
	else
		wheel->next_tick = tick < now_tick ? tick : now_tick;
}
