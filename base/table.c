/* table.c - a hash table that grows and shrinks by one bucket at a time. */
/* SPDX-License-Identifier: MIT */

/* Linear hashing (Litwin 1980): each entry too many splits ONE bucket in two,
 * and each entry too few merges the last bucket into the one that it came from.
 * No call has to hash a million entries again, and when out of memory, lists
 * get longer and nothing fails.
 *
 *     buckets   0   1   2   3 | 4   5          six of them, mask 7
 *               ^   ^           |   |
 *               +---|-----------+   |          4 was split from 0, 5 from 1;
 *                   +---------------+          2 and 3 still hold 6 and 7
 *
 * There are as many buckets as entries at least, and twice as many at most, but
 * for the first few. */

#include <string.h>

#include "array.h"
#include "mem.h"
#include "table.h"

enum {
	BUCKETS_MIN = 8, /* a power of two */
};

bool
ws_table_init(struct ws_table *table)
{
	*table = (struct ws_table){
		.bucket_count = BUCKETS_MIN,
		.bucket_mask = BUCKETS_MIN - 1,
	};
	if (!ws_array_reserve(&table->buckets, &table->bucket_capacity,
		BUCKETS_MIN, sizeof(*table->buckets))) {
		*table = (struct ws_table){ 0 };
		return false;
	}
	memset(table->buckets, 0, BUCKETS_MIN * sizeof(*table->buckets));
	return true;
}

void
ws_table_fini(struct ws_table *table)
{
	ws_mem_free(table->buckets);
	*table = (struct ws_table){ 0 };
}

/* Move the entries of an old bucket that belong into a new one. */
static void
split(struct ws_table *table)
{
	size_t made = table->bucket_count++;
	struct ws_table_entry **to, **link, *entry;

	if (made > table->bucket_mask)
		table->bucket_mask = table->bucket_mask * 2 + 1;
	to = &table->buckets[made];
	*to = NULL;
	link = &table->buckets[made & (table->bucket_mask >> 1)];
	while ((entry = *link) != NULL) {
		if ((entry->hash & table->bucket_mask) != made) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		entry->next = *to;
		*to = entry;
	}
}

/* Move the entries of the last bucket back to where they were split from. */
static void
merge(struct ws_table *table)
{
	size_t gone = --table->bucket_count;
	struct ws_table_entry **link;

	link = &table->buckets[gone & (table->bucket_mask >> 1)];
	while (*link != NULL)
		link = &(*link)->next;
	*link = table->buckets[gone];
	if (gone == (table->bucket_mask >> 1) + 1)
		table->bucket_mask >>= 1;
}

static void
grow(struct ws_table *table)
{
	while (table->total > table->bucket_count) {
		if (!ws_array_reserve(&table->buckets, &table->bucket_capacity,
			table->bucket_count + 1, sizeof(*table->buckets)))
			return;
		split(table);
	}
}

/* The gap between the loads at which the table grows and shrinks keeps the
 * array from being resized back and forth. */
static void
shrink(struct ws_table *table)
{
	while (table->bucket_count > BUCKETS_MIN &&
	       table->total < table->bucket_count / 2) {
		merge(table);
		/* The array began with room for twice the least. */
		if (table->bucket_count > BUCKETS_MIN &&
		    table->bucket_count == table->bucket_capacity / 2)
			ws_array_shrink(&table->buckets,
			    &table->bucket_capacity, table->bucket_count,
			    sizeof(*table->buckets));
	}
}

void
ws_table_add(struct ws_table *table, struct ws_table_entry *entry)
{
	struct ws_table_entry **bucket = ws_table_bucket(table, entry->hash);

	entry->next = *bucket;
	*bucket = entry;
	table->total++;
	grow(table);
}

void
ws_table_remove(struct ws_table *table, struct ws_table_entry *entry)
{
	struct ws_table_entry **link = ws_table_bucket(table, entry->hash);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	table->total--;
	shrink(table);
}
