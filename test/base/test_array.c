/* test_array.c - arrays that grow. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>

#include "base/array.h"
#include "test/scarce.h"

Test(array, grows_and_keeps_what_is_in_it)
{
	int *numbers = NULL;
	size_t room = 0, grown = 0;

	for (int i = 0; i < 1000; i++) {
		size_t before = room, need = (size_t)i + 1;

		cr_assert(
		    ws_array_reserve(&numbers, &room, need, sizeof(*numbers)));
		cr_assert_geq(room, need);
		grown += room != before;
		numbers[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(numbers[i], i);
	/* 32, 64, ... 1024 */
	cr_assert_eq(grown, 6);
	cr_assert_eq(scarce_calls, 6);
	ws_mem_free(numbers);
	cr_assert_eq(scarce_blocks, 0);
}

Test(array, takes_steps_as_large_as_needed)
{
	char *text = NULL;
	size_t room = 0;

	cr_assert(ws_array_reserve(&text, &room, 0, 1));
	cr_assert_null(text);
	cr_assert(ws_array_reserve(&text, &room, 1, 1));
	cr_assert_eq(room, 128);
	cr_assert(ws_array_reserve(&text, &room, 129, 1));
	cr_assert_eq(room, 256);
	cr_assert(ws_array_reserve(&text, &room, 1000, 1));
	cr_assert_eq(room, 1000);
	ws_mem_free(text);
}

Test(array, of_large_elements_begins_with_one)
{
	char(*pages)[4096] = NULL;
	size_t room = 0;

	cr_assert(ws_array_reserve(&pages, &room, 1, sizeof(*pages)));
	cr_assert_eq(room, 1);
	ws_mem_free(pages);
}

Test(array, changes_nothing_when_it_cannot_grow)
{
	static const size_t too_many[] = { SIZE_MAX, SIZE_MAX / 8 + 1 };
	uint64_t *numbers = NULL, *before;
	char *text = NULL;
	size_t room = 0;

	/* A sum that did not fit is no number of octets either. */
	cr_assert_not(ws_array_reserve(&text, &room, SIZE_MAX, 1));

	cr_assert(ws_array_reserve(&numbers, &room, 1, sizeof(*numbers)));
	cr_assert_eq(room, 16);
	before = numbers;
	for (int i = 0; i < 2; i++)
		cr_assert_not(ws_array_reserve(
		    &numbers, &room, too_many[i], sizeof(*numbers)));
	scarce(1);
	cr_assert_not(ws_array_reserve(&numbers, &room, 17, sizeof(*numbers)));
	cr_assert_eq(numbers, before);
	cr_assert_eq(room, 16);
	ws_mem_free(numbers);
	cr_assert_eq(scarce_blocks, 0);
}

Test(array, gives_room_back)
{
	int *numbers = NULL;
	size_t room = 0;

	cr_assert(ws_array_reserve(&numbers, &room, 100, sizeof(*numbers)));
	numbers[9] = 9;
	scarce(1);
	ws_array_shrink(&numbers, &room, 10, sizeof(*numbers));
	cr_assert_eq(room, 100);
	ws_array_shrink(&numbers, &room, 10, sizeof(*numbers));
	cr_assert_eq(room, 10);
	cr_assert_eq(numbers[9], 9);
	ws_mem_free(numbers);
	cr_assert_eq(scarce_blocks, 0);
}
