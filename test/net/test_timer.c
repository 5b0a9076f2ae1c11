/* test_timer.c - the heap of timers and the wheel of deadlines. */
/* SPDX-License-Identifier: MIT */

#include "net/timer.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- allocator ---------------------------------------------------------- */

static bool out_of_memory;
static size_t last_size;

void *
ws_mem_resize(void *block, size_t size)
{
	if (out_of_memory)
		return NULL;
	last_size = size;
	return realloc(block, size);
}

void
ws_mem_free(void *block)
{
	free(block);
}

/* A small generator, so that every run is the same (xorshift32). */
static uint32_t
draw(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

/* ---- heap --------------------------------------------------------------- */

enum {
	TIMERS = 300,
	LOG = 2000
};

struct item;

/* A heap, and beside it what should be in it. */
struct heap_model {
	struct ws_heap heap;
	struct item *items;
	uint64_t settings;  /* how many times one was set */
	uint64_t run_start; /* the settings when the run began */
	int64_t now_ms;
	bool running;
	uint32_t random;
	int log[LOG]; /* the indices that fired */
	int logged;
};

struct item {
	struct ws_heap_timer timer; /* first, so that a pointer to it is one */
	struct heap_model *model;
	bool set;
	int64_t due_ms;
	uint64_t setting;
	void (*act)(struct item *item);
};

static void fire_item(struct ws_heap_timer *timer);

static void
set_item(struct item *item, int64_t due_ms)
{
	struct heap_model *model = item->model;

	cr_assert_eq(
	    ws_heap_set(&model->heap, &item->timer, due_ms, fire_item), 0);
	item->set = true;
	item->due_ms = due_ms;
	/* Overdue is overdue: in a run it counts as due now. */
	if (model->running && due_ms < model->now_ms)
		item->due_ms = model->now_ms;
	item->setting = model->settings++;
}

static void
cancel_item(struct item *item)
{
	ws_heap_cancel(&item->model->heap, &item->timer);
	item->set = false;
}

/* The first item of the model; NULL when none is set. */
static struct item *
first_item(struct heap_model *model)
{
	struct item *first = NULL;

	for (int i = 0; i < TIMERS; i++) {
		struct item *item = &model->items[i];

		if (item->set &&
		    (first == NULL || item->due_ms < first->due_ms ||
			(item->due_ms == first->due_ms &&
			    item->setting < first->setting)))
			first = item;
	}
	return first;
}

static void
fire_item(struct ws_heap_timer *timer)
{
	struct item *item = (struct item *)timer;
	struct heap_model *model = item->model;

	cr_assert_eq(item, first_item(model), "fired out of order");
	cr_assert_leq(item->due_ms, model->now_ms);
	cr_assert_lt(item->setting, model->run_start, "set in this run");
	cr_assert_eq(timer->place, 0);
	item->set = false;
	if (model->logged < LOG)
		model->log[model->logged++] = (int)(item - model->items);
	if (item->act != NULL)
		item->act(item);
}

static void
begin_heap(struct heap_model *model)
{
	memset(model, 0, sizeof(*model));
	model->random = 2463534242;
	model->items = calloc(TIMERS, sizeof(*model->items));
	cr_assert_not_null(model->items);
	for (int i = 0; i < TIMERS; i++)
		model->items[i].model = model;
}

static void
end_heap(struct heap_model *model)
{
	ws_heap_fini(&model->heap);
	cr_expect_null(model->heap.at);
	cr_expect_eq(model->heap.room, 0);
	free(model->items);
}

/* Run, and see that nothing old that is due was left. */
static void
run_heap(struct heap_model *model, int64_t now_ms)
{
	struct item *first;

	model->now_ms = now_ms;
	model->run_start = model->settings;
	model->running = true;
	ws_heap_run(&model->heap, now_ms);
	model->running = false;
	first = first_item(model);
	cr_assert_eq(ws_heap_next(&model->heap),
	    first == NULL ? INT64_MAX : first->due_ms);
	cr_assert(first == NULL || first->due_ms > now_ms ||
		  first->setting >= model->run_start);
}

Test(heap, zeroed_memory_is_an_empty_heap)
{
	struct ws_heap heap = { 0 };
	struct ws_heap_timer timer = { 0 };

	cr_expect_eq(ws_heap_next(&heap), INT64_MAX);
	ws_heap_cancel(&heap, &timer);
	ws_heap_run(&heap, INT64_MAX);
	ws_heap_fini(&heap);
}

Test(heap, equal_times_fire_in_setting_order)
{
	struct heap_model model;

	begin_heap(&model);
	for (int i = 0; i < 50; i++)
		set_item(&model.items[i], 7);
	set_item(&model.items[3], 7); /* moved: now the last */
	run_heap(&model, 6);
	cr_expect_eq(model.logged, 0);
	run_heap(&model, 7);
	cr_expect_eq(model.logged, 50);
	cr_expect_eq(model.log[3], 4);
	cr_expect_eq(model.log[49], 3);
	end_heap(&model);
}

Test(heap, extreme_times_are_ordered)
{
	static const int64_t times[] = { 0, INT64_MAX, -1, INT64_MIN, 1 };
	static const int order[] = { 3, 2, 0, 4, 1 };
	struct heap_model model;

	begin_heap(&model);
	for (int i = 0; i < 5; i++)
		set_item(&model.items[i], times[i]);
	cr_expect_eq(ws_heap_next(&model.heap), INT64_MIN);
	run_heap(&model, INT64_MAX);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(model.log[i], order[i], "%d", i);
	end_heap(&model);
}

static void
set_self_at_once(struct item *item)
{
	set_item(item, item->model->now_ms - 5);
}

/* One that sets itself overdue must neither fire again in the run nor keep
 * those behind it from firing. */
Test(heap, what_is_set_by_a_callback_waits_for_the_next_run)
{
	struct heap_model model;

	begin_heap(&model);
	model.items[0].act = set_self_at_once;
	set_item(&model.items[0], 1);
	set_item(&model.items[1], 2);
	set_item(&model.items[2], 10);
	run_heap(&model, 10);
	cr_expect_eq(model.logged, 3);
	cr_expect_eq(model.log[2], 2);
	cr_expect_eq(ws_heap_next(&model.heap), 10, "due at once");
	run_heap(&model, 10);
	cr_expect_eq(model.logged, 4);
	cr_expect_eq(model.log[3], 0);
	end_heap(&model);
}

static void
run_inside(struct item *item)
{
	ws_heap_run(&item->model->heap, INT64_MAX);
}

Test(heap, run_inside_a_callback_does_nothing)
{
	struct heap_model model;

	begin_heap(&model);
	model.items[0].act = run_inside;
	set_item(&model.items[0], 1);
	set_item(&model.items[1], 1);
	set_item(&model.items[2], 2);
	run_heap(&model, 1);
	cr_expect_eq(model.logged, 2);
	end_heap(&model);
}

static void
cancel_next(struct item *item)
{
	cancel_item(item + 1);
	cancel_item(item);
}

Test(heap, callbacks_may_cancel_what_is_due)
{
	struct heap_model model;

	begin_heap(&model);
	for (int i = 0; i < 40; i++) {
		model.items[i].act = i % 2 == 0 ? cancel_next : NULL;
		set_item(&model.items[i], i);
	}
	run_heap(&model, 100);
	cr_expect_eq(model.logged, 20);
	cr_expect_eq(ws_heap_next(&model.heap), INT64_MAX);
	end_heap(&model);
}

static struct ws_heap_timer *freed_later;

static void
free_two(struct ws_heap_timer *timer)
{
	free(freed_later);
	freed_later = NULL;
	free(timer);
}

Test(heap, callbacks_may_free_timers)
{
	struct ws_heap heap = { 0 };
	struct ws_heap_timer *timer = calloc(1, sizeof(*timer));

	freed_later = calloc(1, sizeof(*freed_later));
	ws_heap_set(&heap, freed_later, 2, free_two);
	ws_heap_set(&heap, timer, 1, free_two);
	ws_heap_cancel(&heap, freed_later);
	ws_heap_run(&heap, 5);
	cr_expect_eq(ws_heap_next(&heap), INT64_MAX);
	ws_heap_fini(&heap);
}

static void
set_again_without_memory(struct item *item)
{
	out_of_memory = true;
	set_item(item, item->model->now_ms + 1);
	out_of_memory = false;
}

Test(heap, out_of_memory_leaves_all_as_it_was)
{
	struct heap_model model;
	struct ws_heap_timer extra = { 0 };

	begin_heap(&model);
	out_of_memory = true;
	cr_expect_eq(ws_heap_set(&model.heap, &extra, 0, fire_item), -1);
	out_of_memory = false;
	for (int i = 0; i < 16; i++)
		set_item(&model.items[i], 16 - i);
	out_of_memory = true;
	cr_expect_eq(ws_heap_set(&model.heap, &extra, 0, fire_item), -1);
	cr_expect_eq(extra.place, 0);
	cr_expect_eq(ws_heap_next(&model.heap), 1);
	set_item(&model.items[9], 0); /* one that is set can be moved */
	cr_expect_eq(ws_heap_next(&model.heap), 0);
	out_of_memory = false;
	/* Whatever the heap shrinks to, the one that fires can be set. */
	for (int i = 0; i < TIMERS; i++) {
		model.items[i].act =
		    i % 8 == 0 ? set_again_without_memory : NULL;
		set_item(&model.items[i], 20);
	}
	run_heap(&model, 20);
	cr_expect_eq(model.logged, TIMERS);
	end_heap(&model);
}

Test(heap, refuses_more_places_than_memory_has_addresses)
{
	struct ws_heap heap = { .count = SIZE_MAX / 8, .room = SIZE_MAX / 8 };
	struct ws_heap_timer timer = { 0 };

	cr_expect_eq(ws_heap_set(&heap, &timer, 0, fire_item), -1);
}

Test(heap, memory_shrinks_after_a_peak)
{
	struct heap_model model;

	begin_heap(&model);
	for (int i = 0; i < TIMERS; i++)
		set_item(&model.items[i], i);
	cr_expect_geq(last_size, TIMERS * sizeof(void *));
	for (int i = 0; i < TIMERS; i++)
		cancel_item(&model.items[i * 7 % TIMERS]);
	cr_expect_leq(last_size, 16 * sizeof(void *));
	end_heap(&model);
}

/* What a callback of the random test does: anything to anybody. */
static void
act_randomly(struct item *item)
{
	struct heap_model *model = item->model;

	for (uint32_t n = draw(&model->random, 3); n > 0; n--) {
		struct item *other =
		    &model->items[draw(&model->random, TIMERS)];

		if (draw(&model->random, 2) == 0)
			cancel_item(other);
		else
			set_item(other,
			    model->now_ms - 20 + draw(&model->random, 40));
	}
}

Test(heap, agrees_with_a_naive_list)
{
	struct heap_model model;
	int64_t now_ms = -500;

	begin_heap(&model);
	for (int i = 0; i < TIMERS; i += 3)
		model.items[i].act = act_randomly;
	for (int n = 0; n < 20000; n++) {
		struct item *item = &model.items[draw(&model.random, TIMERS)];
		uint32_t choice = draw(&model.random, 100);

		if (choice < 55)
			set_item(item, now_ms + draw(&model.random, 300));
		else if (choice < 80)
			cancel_item(item);
		else
			run_heap(&model, now_ms += draw(&model.random,
					     choice < 99 ? 9 : 999));
	}
	cr_expect_eq(model.logged, LOG, "enough has fired");
	end_heap(&model);
}

/* ---- wheel -------------------------------------------------------------- */

enum {
	DEADLINES = 200,
	TICK = WS_WHEEL_TICK_MS
};

/* A wheel, and beside it what should be in it. */
struct wheel_model {
	struct ws_wheel wheel;
	struct entry *entries;
	int64_t now_ms;
	size_t count;
	int fired;
	bool running;
	uint32_t random;
};

struct entry {
	struct ws_wheel_deadline deadline; /* first, see struct item */
	struct wheel_model *model;
	bool set, set_in_run;
	int64_t due_ms;
	int64_t set_ms;
	int fired;
	void (*act)(struct entry *entry);
};

static void
set_entry(struct entry *entry, int64_t due_ms)
{
	struct wheel_model *model = entry->model;

	ws_wheel_set(&model->wheel, &entry->deadline, due_ms);
	model->count += !entry->set;
	entry->set = true;
	entry->set_in_run = model->running;
	entry->due_ms = due_ms;
	entry->set_ms = model->now_ms;
}

static void
cancel_entry(struct entry *entry)
{
	ws_wheel_cancel(&entry->model->wheel, &entry->deadline);
	entry->model->count -= entry->set;
	entry->set = false;
}

static void
fire_entry(struct ws_wheel_deadline *deadline, void *arg)
{
	struct entry *entry = (struct entry *)deadline;
	struct wheel_model *model = entry->model;

	cr_assert_eq(arg, model);
	cr_assert(entry->set, "fired though it was not set");
	cr_assert_not(entry->set_in_run, "fired in the run that set it");
	cr_assert_leq(entry->due_ms, model->now_ms, "fired too early");
	cr_assert_null(deadline->link);
	entry->set = false;
	entry->fired++;
	model->count--;
	model->fired++;
	if (entry->act != NULL)
		entry->act(entry);
}

static void
begin_wheel(struct wheel_model *model, int64_t now_ms)
{
	memset(model, 0, sizeof(*model));
	model->now_ms = now_ms;
	model->random = 2463534242;
	model->entries = calloc(DEADLINES, sizeof(*model->entries));
	cr_assert_not_null(model->entries);
	for (int i = 0; i < DEADLINES; i++)
		model->entries[i].model = model;
	ws_wheel_init(&model->wheel, now_ms);
	cr_assert_eq(ws_wheel_next(&model->wheel), INT64_MAX);
}

static void
end_wheel(struct wheel_model *model)
{
	for (int i = 0; i < DEADLINES; i++)
		cancel_entry(&model->entries[i]);
	cr_expect_eq(model->wheel.count, 0);
	for (int i = 0; i < WS_WHEEL_SLOTS; i++)
		cr_expect_null(model->wheel.slots[i]);
	free(model->entries);
}

/* See that whatever hangs is within one turn, and looked at in time. */
static void
check_slots(const struct ws_wheel *wheel)
{
	size_t count = 0;

	for (uint32_t slot = 0; slot < WS_WHEEL_SLOTS; slot++) {
		const struct ws_wheel_deadline *at = wheel->slots[slot];

		for (; at != NULL; at = at->next) {
			cr_assert_eq(at->slot_tick % WS_WHEEL_SLOTS, slot);
			cr_assert_lt(at->slot_tick - (uint32_t)wheel->now_tick,
			    WS_WHEEL_SLOTS);
			cr_assert_leq(at->slot_tick - (uint32_t)wheel->now_tick,
			    at->due_tick - (uint32_t)wheel->now_tick);
			cr_assert_eq(*at->link, at);
			count++;
		}
	}
	cr_assert_eq(count, wheel->count);
}

/* Run, and see that nothing is left that is late, nor waits too long. */
static void
run_wheel(struct wheel_model *model, int64_t now_ms)
{
	int64_t next_ms;

	model->now_ms = now_ms;
	model->running = true;
	ws_wheel_run(&model->wheel, now_ms, fire_entry, model);
	model->running = false;
	check_slots(&model->wheel);
	next_ms = ws_wheel_next(&model->wheel);
	cr_assert_eq(model->wheel.count, model->count);
	cr_assert_eq(next_ms == INT64_MAX, model->count == 0);
	for (int i = 0; i < DEADLINES; i++) {
		struct entry *entry = &model->entries[i];
		int64_t since = entry->set_ms > entry->due_ms ? entry->set_ms
							      : entry->due_ms;

		entry->set_in_run = false;
		if (!entry->set)
			continue;
		cr_assert_lt(now_ms - since, 2 * TICK, "%d is late", i);
		cr_assert_lt(next_ms - since, 2 * TICK, "wakes too late");
	}
}

Test(wheel, fires_not_before_and_at_most_two_ticks_after)
{
	static const int64_t starts[] = { 0, 1, 127, 128, 1000, -1, -128,
		-1000000, (int64_t)1 << 39, ((int64_t)1 << 39) - 200,
		INT64_MAX / 2, INT64_MIN / 2 };
	static const int64_t waits[] = { -1000, -1, 0, 1, 127, 128, 129, 255,
		256, 1000, 32639, 32640, 32641, 32768, 40000, 100000 };

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (size_t w = 0; w < sizeof(waits) / sizeof(waits[0]); w++) {
			struct wheel_model model;

			begin_wheel(&model, starts[s]);
			set_entry(&model.entries[0], starts[s] + waits[w]);
			run_wheel(&model, starts[s]);
			run_wheel(&model, starts[s] + waits[w] - 1);
			cr_expect(waits[w] <= 0 || model.fired == 0);
			for (int turn = 0; model.fired == 0; turn++) {
				cr_assert_lt(turn, 10);
				run_wheel(&model, ws_wheel_next(&model.wheel));
			}
			end_wheel(&model);
		}
	}
}

Test(wheel, moving_later_is_one_store)
{
	struct wheel_model model;
	struct ws_wheel_deadline before;

	begin_wheel(&model, 0);
	set_entry(&model.entries[0], 1000);
	set_entry(&model.entries[1], 1000);
	before = model.entries[0].deadline;
	set_entry(&model.entries[0], 60000);
	cr_expect_eq(model.entries[0].deadline.next, before.next);
	cr_expect_eq(model.entries[0].deadline.link, before.link);
	cr_expect_eq(model.entries[0].deadline.slot_tick, before.slot_tick);
	run_wheel(&model, 1100);
	cr_expect_eq(model.entries[0].fired, 0);
	cr_expect_eq(model.entries[1].fired, 1);
	run_wheel(&model, 59999);
	cr_expect_eq(model.entries[0].fired, 0);
	set_entry(&model.entries[0], 60010); /* again, and then back */
	set_entry(&model.entries[0], 60000);
	run_wheel(&model, 60200);
	cr_expect_eq(model.entries[0].fired, 1);
	end_wheel(&model);
}

Test(wheel, moving_earlier_wakes_earlier)
{
	struct wheel_model model;

	begin_wheel(&model, 0);
	set_entry(&model.entries[0], 20000);
	set_entry(&model.entries[0], 1000);
	cr_expect_leq(ws_wheel_next(&model.wheel), 1000 + TICK);
	run_wheel(&model, 1000 + TICK);
	cr_expect_eq(model.fired, 1);
	end_wheel(&model);
}

Test(wheel, run_again_in_the_same_tick_or_backwards_does_nothing)
{
	struct wheel_model model;

	begin_wheel(&model, 5000);
	run_wheel(&model, 5000);
	set_entry(&model.entries[0], 0);
	ws_wheel_run(&model.wheel, 4000, fire_entry, &model);
	run_wheel(&model, 5000);
	cr_expect_eq(model.fired, 0);
	run_wheel(&model, 5000 + TICK);
	cr_expect_eq(model.fired, 1);
	end_wheel(&model);
}

Test(wheel, a_jump_of_hours_costs_one_turn)
{
	struct wheel_model model;
	const int64_t year_ms = (int64_t)1000 * 3600 * 24 * 365;

	begin_wheel(&model, 0);
	for (int i = 0; i < DEADLINES; i++)
		set_entry(&model.entries[i], i * 997);
	set_entry(&model.entries[0], 5 * year_ms);
	/* Tick by tick this would take thousands of millions of steps. */
	run_wheel(&model, 4 * year_ms);
	cr_expect_eq(model.fired, DEADLINES - 1);
	run_wheel(&model, 6 * year_ms);
	cr_expect_eq(model.fired, DEADLINES);
	end_wheel(&model);
}

Test(wheel, never_is_brought_to_eight_years)
{
	struct wheel_model model;
	const int64_t longest_ms = (int64_t)INT32_MAX * TICK;

	begin_wheel(&model, 0);
	set_entry(&model.entries[0], INT64_MAX);
	model.entries[0].due_ms = longest_ms;
	run_wheel(&model, longest_ms - 1);
	cr_expect_eq(model.fired, 0);
	run_wheel(&model, longest_ms + TICK);
	cr_expect_eq(model.fired, 1);
	end_wheel(&model);
}

/* The ticks of deadlines wrap at 2^32; start so that it happens between. */
Test(wheel, ticks_may_wrap)
{
	const int64_t wrap_ms = ((int64_t)1 << 32) * TICK;
	struct wheel_model model;

	begin_wheel(&model, wrap_ms - 10000);
	for (int i = 0; i < DEADLINES; i++)
		set_entry(&model.entries[i], wrap_ms - 10000 + i * 300);
	for (int64_t ms = wrap_ms - 10000; ms < wrap_ms + 61000; ms += 100)
		run_wheel(&model, ms);
	cr_expect_eq(model.fired, DEADLINES);
	end_wheel(&model);
}

static void
cancel_neighbours(struct entry *entry)
{
	cancel_entry(entry - 1);
	cancel_entry(entry + 1);
}

/* All hang in one slot: whichever way the list is walked, the next one to be
 * visited goes away. */
Test(wheel, fire_may_cancel_the_neighbours)
{
	struct wheel_model model;

	begin_wheel(&model, 0);
	for (int i = 1; i <= 9; i++) {
		model.entries[i].act = cancel_neighbours;
		set_entry(&model.entries[i], 500);
	}
	run_wheel(&model, 1000);
	cr_expect_eq(model.fired, 5);
	cr_expect_eq(ws_wheel_next(&model.wheel), INT64_MAX);
	end_wheel(&model);
}

static void
move_neighbours(struct entry *entry)
{
	set_entry(entry - 1, entry->model->now_ms + 5000);
	set_entry(entry, 0);
	set_entry(entry + 1, 0);
}

Test(wheel, fire_may_move_itself_and_the_neighbours)
{
	struct wheel_model model;

	begin_wheel(&model, 0);
	for (int i = 1; i <= 9; i++)
		set_entry(&model.entries[i], 500);
	model.entries[5].act = move_neighbours;
	run_wheel(&model, 1000);
	cr_expect_eq(model.entries[5].fired, 1);
	model.entries[5].act = NULL;
	run_wheel(&model, 1000 + 2 * TICK);
	cr_expect_eq(model.entries[5].fired, 2);
	cr_expect_eq(model.count, 1);
	run_wheel(&model, 7000);
	cr_expect_eq(model.count, 0);
	end_wheel(&model);
}

static void
free_both(struct ws_wheel_deadline *deadline, void *arg)
{
	struct ws_wheel_deadline **pair = arg;
	struct ws_wheel *wheel = (struct ws_wheel *)pair[2];

	(void)deadline;
	for (int i = 0; i < 2; i++) {
		ws_wheel_cancel(wheel, pair[i]);
		free(pair[i]);
	}
}

Test(wheel, fire_may_free_deadlines)
{
	struct ws_wheel wheel;
	void *pair[3] = { calloc(1, sizeof(struct ws_wheel_deadline)),
		calloc(1, sizeof(struct ws_wheel_deadline)), &wheel };

	ws_wheel_init(&wheel, 0);
	ws_wheel_set(&wheel, pair[0], 100);
	ws_wheel_set(&wheel, pair[1], 100);
	ws_wheel_run(&wheel, 1000, free_both, pair);
	cr_expect_eq(wheel.count, 0);
}

/* Anything to anybody: near, far, past, cancel. */
static void
touch_randomly(struct entry *entry)
{
	struct wheel_model *model = entry->model;
	struct entry *other = &model->entries[draw(&model->random, DEADLINES)];
	static const uint32_t spans[] = { 300, 5000, 40000, 200000 };
	uint32_t span = spans[draw(&model->random, 4)];

	if (draw(&model->random, 4) == 0)
		cancel_entry(other);
	else
		set_entry(
		    other, model->now_ms - 200 + draw(&model->random, span));
}

Test(wheel, agrees_with_a_naive_list)
{
	struct wheel_model model;

	begin_wheel(&model, 123456789);
	for (int i = 0; i < DEADLINES; i += 2)
		model.entries[i].act = touch_randomly;
	for (int n = 0; n < 30000; n++) {
		uint32_t choice = draw(&model.random, 200);

		if (choice < 140)
			touch_randomly(&model.entries[0]);
		else if (choice < 190)
			run_wheel(
			    &model, model.now_ms + draw(&model.random, 300));
		else if (choice < 199)
			run_wheel(
			    &model, model.now_ms + draw(&model.random, 20000));
		else
			run_wheel(&model, model.now_ms + 3600000);
	}
	cr_expect_gt(model.fired, 5000);
	end_wheel(&model);
}

static void
count_fired(struct ws_wheel_deadline *deadline, void *arg)
{
	(void)deadline;
	++*(int *)arg;
}

/* A crowd that is due at once must not make one long turn. Until the last one
 * has fired the wheel says that something is due. */
Test(wheel, a_crowd_fires_in_slices)
{
	enum {
		CROWD = 3 * WS_WHEEL_FIRES + 7
	};
	static struct ws_wheel_deadline crowd[CROWD];
	struct ws_wheel wheel;
	int fired = 0;

	ws_wheel_init(&wheel, 1000);
	for (int i = 0; i < CROWD; i++)
		ws_wheel_set(&wheel, &crowd[i], 2000);
	ws_wheel_run(&wheel, 4000, count_fired, &fired);
	cr_expect_eq(fired, WS_WHEEL_FIRES);
	cr_expect_leq(ws_wheel_next(&wheel), 4000);
	/* While it waits one may still be cancelled, and moved. */
	ws_wheel_cancel(&wheel, &crowd[0]);
	ws_wheel_set(&wheel, &crowd[1], 9000);
	for (int i = 0; i < 3; i++)
		ws_wheel_run(&wheel, 4000, count_fired, &fired);
	cr_expect_eq(fired, CROWD - 2);
	cr_expect_gt(ws_wheel_next(&wheel), 4000);
	ws_wheel_run(&wheel, 10000, count_fired, &fired);
	cr_expect_eq(fired, CROWD - 1);
	cr_expect_eq(ws_wheel_next(&wheel), INT64_MAX);
}
