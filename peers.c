/* peers.c - how many connections each address has. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "mem.h"
#include "peers.h"
#include "siphash.h"

#define BUCKETS_MIN 64

struct entry {
	struct entry *next;
	uint8_t ip[16]; /* the part that counts, zeros behind it */
	unsigned count;
};

struct ws_peers {
	struct entry **buckets; /* owned; as many as a power of two */
	size_t bucket_count, entries;
	uint8_t key[16];
};

struct ws_peers *
ws_peers_new(const uint8_t key[16])
{
	struct ws_peers *peers = ws_mem_resize(NULL, sizeof(*peers));

	if (peers == NULL)
		return NULL;
	*peers = (struct ws_peers){ .bucket_count = BUCKETS_MIN };
	memcpy(peers->key, key, 16);
	peers->buckets =
	    ws_mem_resize(NULL, BUCKETS_MIN * sizeof(struct entry *));
	if (peers->buckets == NULL) {
		ws_mem_free(peers);
		return NULL;
	}
	memset(peers->buckets, 0, BUCKETS_MIN * sizeof(struct entry *));
	return peers;
}

void
ws_peers_free(struct ws_peers *peers)
{
	struct entry *e;

	if (peers == NULL)
		return;
	for (size_t i = 0; i < peers->bucket_count; i++) {
		while ((e = peers->buckets[i]) != NULL) {
			peers->buckets[i] = e->next;
			ws_mem_free(e);
		}
	}
	ws_mem_free(peers->buckets);
	ws_mem_free(peers);
}

/* The part of an address that stands for its owner. */
static void
owner(const uint8_t ip[16], uint8_t out[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t part = memcmp(ip, mapped, sizeof(mapped)) == 0 ? 16 : 8;

	memset(out, 0, 16);
	memcpy(out, ip, part);
}

static struct entry **
find(struct ws_peers *peers, const uint8_t ip[16])
{
	uint64_t hash = ws_siphash(peers->key, ip, 16);
	struct entry **link = &peers->buckets[hash & (peers->bucket_count - 1)];

	while (*link != NULL && memcmp((*link)->ip, ip, 16) != 0)
		link = &(*link)->next;
	return link;
}

/* Double the table. When memory is out it only gets slower. */
static void
grow(struct ws_peers *peers)
{
	size_t old_count = peers->bucket_count, bytes;
	struct entry **old = peers->buckets, **fresh, *e;

	bytes = old_count * 2 * sizeof(struct entry *);
	fresh = ws_mem_resize(NULL, bytes);
	if (fresh == NULL)
		return;
	memset(fresh, 0, bytes);
	peers->buckets = fresh;
	peers->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		while ((e = old[i]) != NULL) {
			struct entry **link = find(peers, e->ip);

			old[i] = e->next;
			e->next = NULL;
			*link = e;
		}
	}
	ws_mem_free(old);
}

unsigned
ws_peers_add(struct ws_peers *peers, const uint8_t ip[16])
{
	struct entry **link, *e;
	uint8_t name[16];

	owner(ip, name);
	link = find(peers, name);
	if (*link != NULL)
		return ++(*link)->count;
	e = ws_mem_resize(NULL, sizeof(*e));
	if (e == NULL)
		return 0;
	*e = (struct entry){ .count = 1 };
	memcpy(e->ip, name, 16);
	*link = e;
	if (++peers->entries > peers->bucket_count)
		grow(peers);
	return 1;
}

void
ws_peers_drop(struct ws_peers *peers, const uint8_t ip[16])
{
	struct entry **link, *e;
	uint8_t name[16];

	owner(ip, name);
	link = find(peers, name);
	e = *link;
	if (e == NULL || --e->count > 0)
		return;
	*link = e->next;
	ws_mem_free(e);
	peers->entries--;
}
