/* peers.c - counts the connections of each address. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "peers.h"
#include "base/siphash.h"
#include "base/table.h"

struct owner {
	struct ws_table_entry entry; /* first: the table hands it back */
	unsigned count;
	uint8_t ip[16]; /* of ws_peers_owner */
};

struct ws_peers {
	struct ws_table table; /* of owners, by ip */
	uint8_t key[16];
};

struct ws_peers *
ws_peers_new(const uint8_t key[16])
{
	struct ws_peers *peers = ws_mem_resize(NULL, sizeof(*peers));

	if (peers == NULL)
		return NULL;
	if (!ws_table_init(&peers->table)) {
		ws_mem_free(peers);
		return NULL;
	}
	memcpy(peers->key, key, 16);
	return peers;
}

void
ws_peers_free(struct ws_peers *peers)
{
	struct ws_table_entry *entry;

	if (peers == NULL)
		return;
	for (size_t i = 0; i < peers->table.bucket_count; i++) {
		while ((entry = peers->table.buckets[i]) != NULL) {
			peers->table.buckets[i] = entry->next;
			ws_mem_free(entry);
		}
	}
	ws_table_fini(&peers->table);
	ws_mem_free(peers);
}

void
ws_peers_owner(const uint8_t ip[16], uint8_t owner[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t part = memcmp(ip, mapped, sizeof(mapped)) == 0 ? 16 : 8;

	memset(owner, 0, 16);
	memcpy(owner, ip, part);
}

static uint32_t
hash_of(const struct ws_peers *peers, const uint8_t name[16])
{
	return (uint32_t)ws_siphash(peers->key, name, 16);
}

/* Find the owner of a name. Returns NULL when it has no connection. */
static struct owner *
find(const struct ws_peers *peers, uint32_t hash, const uint8_t name[16])
{
	struct ws_table_entry *entry = *ws_table_bucket(&peers->table, hash);
	struct owner *owner;

	for (; entry != NULL; entry = entry->next) {
		owner = (struct owner *)(void *)entry;
		if (memcmp(owner->ip, name, 16) == 0)
			return owner;
	}
	return NULL;
}

unsigned
ws_peers_add(struct ws_peers *peers, const uint8_t ip[16])
{
	struct owner *owner;
	uint8_t name[16];
	uint32_t hash;

	ws_peers_owner(ip, name);
	hash = hash_of(peers, name);
	owner = find(peers, hash, name);
	if (owner != NULL)
		return ++owner->count;
	owner = ws_mem_resize(NULL, sizeof(*owner));
	if (owner == NULL)
		return 0;
	*owner = (struct owner){ .entry.hash = hash, .count = 1 };
	memcpy(owner->ip, name, 16);
	ws_table_add(&peers->table, &owner->entry);
	return 1;
}

void
ws_peers_drop(struct ws_peers *peers, const uint8_t ip[16])
{
	struct owner *owner;
	uint8_t name[16];

	ws_peers_owner(ip, name);
	owner = find(peers, hash_of(peers, name), name);
	if (owner == NULL || --owner->count > 0)
		return;
	ws_table_remove(&peers->table, &owner->entry);
	ws_mem_free(owner);
}
