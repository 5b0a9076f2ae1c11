/* table.h - a hash table that grows and shrinks by one bucket at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_TABLE_H
#define WS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An entry, embedded in the object that it belongs to. */
struct ws_table_entry {
	struct ws_table_entry *next; /* in the bucket */
	uint32_t hash;               /* the owner's, set before it is added */
};

struct ws_table {
	struct ws_table_entry **buckets; /* owned */
	size_t bucket_count, bucket_capacity;
	size_t bucket_mask; /* 2^n - 1, the least that reaches all buckets */
	size_t total;       /* entries */
};

/* Begin an empty table. Returns whether there is memory for it; without, the
 * table is all zero. */
bool ws_table_init(struct ws_table *table);

/* Release the table, but not its entries. */
void ws_table_fini(struct ws_table *table);

/* Return the bucket of a hash: a list of entries, in which the caller compares
 * keys. A bucket that does not exist yet is still a part of the one that it
 * will be split from. Valid until an entry is added or removed. */
static inline struct ws_table_entry **
ws_table_bucket(const struct ws_table *table, uint32_t hash)
{
	size_t i = hash & table->bucket_mask;

	if (i >= table->bucket_count)
		i &= table->bucket_mask >> 1;
	return &table->buckets[i];
}

/* Add an entry, borrowed until it is removed. O(1). Cannot fail: when out of
 * memory, lists get longer. */
void ws_table_add(struct ws_table *table, struct ws_table_entry *entry);

/* Remove an entry that is in the table. O(1) on average. */
void ws_table_remove(struct ws_table *table, struct ws_table_entry *entry);

#endif
