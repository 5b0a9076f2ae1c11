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

/* Find the owner of an address. Returns NULL when it has no connection.
 *   key  receives what the owner would be with its first one */
static struct owner *
find(const struct ws_peers *peers, const uint8_t ip[16], struct owner *key)
{
	struct ws_table_entry *entry;

	*key = (struct owner){ .count = 1 };
	ws_peers_owner(ip, key->ip);
	key->entry.hash = (uint32_t)ws_siphash(peers->key, key->ip, 16);
	entry = *ws_table_bucket(&peers->table, key->entry.hash);
	while (entry != NULL &&
	       memcmp(((struct owner *)(void *)entry)->ip, key->ip, 16) != 0)
		entry = entry->next;
	return (struct owner *)(void *)entry;
}

unsigned
ws_peers_add(struct ws_peers *peers, const uint8_t ip[16])
{
	struct owner key, *owner = find(peers, ip, &key);

	if (owner != NULL)
		return ++owner->count;
	owner = ws_mem_resize(NULL, sizeof(*owner));
	if (owner == NULL)
		return 0;
	*owner = key;
	ws_table_add(&peers->table, &owner->entry);
	return 1;
}

int
ws_peers_admit(struct ws_peers *peers, const uint8_t ip[16], unsigned max)
{
	unsigned count = ws_peers_add(peers, ip);

	if (count > 0 && count <= max)
		return 0;
	if (count == 0)
		return 503;
	ws_peers_drop(peers, ip);
	return 429;
}

void
ws_peers_drop(struct ws_peers *peers, const uint8_t ip[16])
{
	struct owner key, *owner = find(peers, ip, &key);

	if (owner == NULL || --owner->count > 0)
		return;
	ws_table_remove(&peers->table, &owner->entry);
	ws_mem_free(owner);
}
