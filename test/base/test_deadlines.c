/* test_deadlines.c - a queue of deadlines that are all equally far away. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "base/deadlines.h"

#define COUNT 100

Test(deadlines, an_empty_queue_has_no_deadline)
{
	struct ws_deadlines queue;

	ws_deadlines_init(&queue);
	cr_assert_null(ws_deadlines_first(&queue));
	cr_assert_null(ws_deadlines_expired(&queue, INT64_MAX));
	cr_assert_eq(ws_deadlines_wait_ms(&queue, 0), INT64_MAX);
}

Test(deadlines, expire_in_the_order_in_which_they_were_added)
{
	struct ws_deadline deadlines[COUNT] = { 0 };
	struct ws_deadlines queue;

	ws_deadlines_init(&queue);
	for (int i = 0; i < COUNT; i++)
		cr_assert_eq(
		    ws_deadlines_add(&queue, &deadlines[i], 100 + i), i == 0);
	for (int i = 0; i < COUNT; i++) {
		cr_assert_null(ws_deadlines_expired(&queue, 99 + i));
		cr_assert_eq(
		    ws_deadlines_expired(&queue, 100 + i), &deadlines[i]);
		cr_assert_null(deadlines[i].next, "%d is in no queue", i);
	}
	cr_assert_null(ws_deadlines_first(&queue));
}

Test(deadlines, several_that_are_due_expire_one_by_one)
{
	struct ws_deadline a = { 0 }, b = { 0 }, c = { 0 };
	struct ws_deadlines queue;

	ws_deadlines_init(&queue);
	ws_deadlines_add(&queue, &a, 10);
	ws_deadlines_add(&queue, &b, 10);
	ws_deadlines_add(&queue, &c, 30);
	cr_assert_eq(ws_deadlines_expired(&queue, 20), &a);
	cr_assert_eq(ws_deadlines_expired(&queue, 20), &b);
	cr_assert_null(ws_deadlines_expired(&queue, 20));
	cr_assert_eq(ws_deadlines_wait_ms(&queue, 20), 10);
	cr_assert_eq(ws_deadlines_wait_ms(&queue, 50), -20, "overdue");
}

Test(deadlines, can_be_removed_anywhere_and_twice)
{
	struct ws_deadline list[3] = { 0 };

	for (int gone = 0; gone < 3; gone++) {
		struct ws_deadlines queue;

		ws_deadlines_init(&queue);
		for (int i = 0; i < 3; i++)
			ws_deadlines_add(&queue, &list[i], i);
		ws_deadlines_remove(&list[gone]);
		ws_deadlines_remove(&list[gone]);
		for (int i = 0; i < 3; i++) {
			if (i != gone)
				cr_assert_eq(ws_deadlines_expired(&queue, 2),
				    &list[i], "without %d", gone);
		}
		cr_assert_null(ws_deadlines_first(&queue));
	}
}

Test(deadlines, adding_one_again_moves_it_to_the_end)
{
	struct ws_deadline a = { 0 }, b = { 0 };
	struct ws_deadlines queue, other;

	ws_deadlines_init(&queue);
	ws_deadlines_init(&other);
	cr_assert(ws_deadlines_add(&queue, &a, 1));
	cr_assert(ws_deadlines_add(&queue, &a, 2), "it is the only one");
	cr_assert_not(ws_deadlines_add(&queue, &b, 3));
	cr_assert_not(ws_deadlines_add(&queue, &a, 4));
	cr_assert_eq(ws_deadlines_first(&queue), &b);
	cr_assert(ws_deadlines_add(&other, &b, 5), "out of the first queue");
	cr_assert_eq(ws_deadlines_first(&queue), &a);
	cr_assert_eq(ws_deadlines_first(&other), &b);
}
