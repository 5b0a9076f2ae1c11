/* test_table.c - a hash table that grows and shrinks by one bucket at a time. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "base/table.h"
#include "test/scarce.h"

#define BUCKETS_MIN 8
#define COUNT 3000

struct thing {
	struct ws_table_entry entry; /* first */
	bool in;
};

static uint32_t
draw(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*state * n >> 32);
}

static bool
is_in(const struct ws_table *table, const struct thing *thing)
{
	const struct ws_table_entry *entry =
	    *ws_table_bucket(table, thing->entry.hash);

	while (entry != NULL && entry != &thing->entry)
		entry = entry->next;
	return entry != NULL;
}

/* Every entry stands in the bucket of its hash, and there are so many. */
static void
check_buckets(const struct ws_table *table, size_t total)
{
	size_t seen = 0;

	for (size_t i = 0; i < table->bucket_count; i++) {
		const struct ws_table_entry *entry = table->buckets[i];

		for (; entry != NULL; entry = entry->next) {
			cr_assert_eq(ws_table_bucket(table, entry->hash),
			    &table->buckets[i], "%#x in %zu", entry->hash, i);
			seen++;
		}
	}
	cr_assert_eq(seen, total);
	cr_assert_eq(table->total, total);
}

/* The load that is promised, if there is memory. */
static void
check_load(const struct ws_table *table)
{
	cr_assert_leq(table->total, table->bucket_count);
	cr_assert(table->bucket_count == BUCKETS_MIN ||
		  table->total >= table->bucket_count / 2);
	cr_assert_leq(table->bucket_capacity, 2 * table->bucket_count);
}

/* Hashes of several kinds: spread, all alike, equal below or above. */
static uint32_t
hash_of(size_t kind, uint32_t i)
{
	const uint32_t hashes[] = { i * 2654435761u, 7, i, i << 20,
		0xffffffff - i };

	return hashes[kind];
}

/* Add and remove at random, first more of the one, then of the other. */
static void
come_and_go(struct ws_table *table, struct thing *things, bool loaded)
{
	uint32_t state = 1;
	size_t total = 0;

	for (uint32_t step = 0; step < 10 * COUNT; step++) {
		struct thing *thing = &things[draw(&state, COUNT)];
		bool add = draw(&state, 10) < (step < 5 * COUNT ? 8u : 2u);

		if (add && !thing->in) {
			ws_table_add(table, &thing->entry);
			total++;
			thing->in = true;
		} else if (!add && thing->in) {
			ws_table_remove(table, &thing->entry);
			total--;
			thing->in = false;
		}
		cr_assert_eq(is_in(table, thing), thing->in, "step %u", step);
		if (loaded)
			check_load(table);
		if (step % 500 == 0)
			check_buckets(table, total);
	}
	for (size_t i = 0; i < COUNT; i++) {
		cr_assert_eq(is_in(table, &things[i]), things[i].in);
		if (things[i].in)
			ws_table_remove(table, &things[i].entry);
	}
	check_buckets(table, 0);
}

Test(table, holds_what_was_added_and_not_removed)
{
	static struct thing things[COUNT];

	for (size_t kind = 0; kind < 5; kind++) {
		struct ws_table table;

		memset(things, 0, sizeof(things));
		for (uint32_t i = 0; i < COUNT; i++)
			things[i].entry.hash = hash_of(kind, i);
		cr_assert(ws_table_init(&table));
		come_and_go(&table, things, true);
		cr_assert_eq(table.bucket_count, BUCKETS_MIN);
		ws_table_fini(&table);
		cr_assert_null(table.buckets);
	}
	cr_assert_eq(scarce_blocks, 0);
}

Test(table, only_one_list_is_touched_by_each_that_is_added)
{
	static struct thing things[COUNT];
	struct ws_table table;

	cr_assert(ws_table_init(&table));
	for (uint32_t i = 0; i < COUNT; i++) {
		size_t before = table.bucket_count;

		things[i].entry.hash = hash_of(0, i);
		ws_table_add(&table, &things[i].entry);
		cr_assert_leq(table.bucket_count - before, 1, "entry %u", i);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		size_t before = table.bucket_count;

		ws_table_remove(&table, &things[i].entry);
		cr_assert_leq(before - table.bucket_count, 2, "entry %u", i);
	}
	ws_table_fini(&table);
}

Test(table, fails_only_at_the_beginning)
{
	static struct thing things[COUNT];
	struct ws_table table;
	size_t capacity;

	scarce(1);
	cr_assert_not(ws_table_init(&table));
	ws_table_fini(&table);
	cr_assert(ws_table_init(&table));
	for (uint32_t i = 0; i < COUNT; i++)
		things[i].entry.hash = hash_of(0, i);
	/* From here on there is none at all. */
	capacity = table.bucket_capacity;
	scarce_calls = 0;
	for (uint32_t i = 0; i < 100; i++) {
		scarce_at = scarce_calls + 1;
		ws_table_add(&table, &things[i].entry);
	}
	cr_assert_eq(table.bucket_count, capacity);
	cr_assert_eq(table.bucket_capacity, capacity);
	check_buckets(&table, 100);
	/* With memory it catches up. */
	scarce(0);
	ws_table_add(&table, &things[100].entry);
	check_load(&table);
	check_buckets(&table, 101);
	for (uint32_t i = 0; i <= 100; i++)
		ws_table_remove(&table, &things[i].entry);
	ws_table_fini(&table);
	cr_assert_eq(scarce_blocks, 0);
}
