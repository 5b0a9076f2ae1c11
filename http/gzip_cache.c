/* gzip_cache.c - bodies as gzip for clients that accept it (RFC 9110, 8.4). */
/* SPDX-License-Identifier: MIT */
/*
 * The messages use the same compressor (deflate_shared.c). Where messages are
 * not compressed, it has a window of 8 KiB and takes 68 KiB in all. A window of
 * 32 KiB takes 260 KiB; it makes a long text 6 percent smaller, and a short one
 * hardly at all.
 *
 * Compressing 100 KiB takes a millisecond in which nobody else is served. A
 * file is likely to be asked for again, so it is compressed once. The result is
 * kept under a key that identifies the content of the file:
 *
 *	device, inode, length, time of modification, time of change
 *
 * The time of change moves whenever one of the others is set or the file is
 * written, and no program can set it back. But it moves in ticks: a file that
 * is written twice within one tick has one key for two contents. So the result
 * of a file that has just been changed is not kept. The index of git does the
 * same.
 *
 * Results are kept in sets of two. A new result takes the place of the older
 * one of its set. While all results together are too large, others are dropped
 * from the front of the table.
 *
 *	key ──▶ hash ──▶ set │ newer │ older │ ──▶ drop
 *
 * A result that was found lately is popular, and nothing that nobody has asked
 * for again takes its place. So a walk over all files of a site, which asks for
 * each once, replaces only what an earlier walk has left.
 */
#include <string.h>

#include "gzip_cache.h"
#include "deflate/gzip.h"
#include "base/mem.h"

enum {
	/* Measured on 400 KiB of C: level 1 makes 144 KB of it at 127 MB/s,
	 * level 3 137 KB at 112 MB/s, level 6 134 KB at 79 MB/s. */
	LEVEL = 3,
	SETTLED_S = 2, /* the longest tick of a file system, that of FAT */
};

struct ws_gzip_kept {
	struct ws_gzip_key key;
	struct ws_chunk *chunk; /* one reference is ours; NULL: not smaller */
	int64_t found_s; /* when it was found last; INT64_MIN: never yet */
	bool used;
};

/* ---- what gets smaller --------------------------------------------------- */

static bool
ends_in(struct ws_span text, struct ws_span end)
{
	if (text.len < end.len)
		return false;
	text.at += text.len - end.len;
	text.len = end.len;
	return ws_span_equal_nocase(text, end);
}

bool
ws_gzip_shrinks(const char *type)
{
	static const struct ws_span suffixes[] = {
		{ "+json", 5 }, /* RFC 6839 section 3.1 */
		{ "+xml", 4 },  /* RFC 7303 section 4.2 */
		{ "/json", 5 },
		{ "/xml", 4 },
		{ "/javascript", 11 },
		{ "/x-ndjson", 9 },
		{ "/toml", 5 },
		{ "/yaml", 5 },
		{ "/rtf", 4 },
		{ "/wasm", 5 },
		{ "/ttf", 4 },
		{ "/otf", 4 },
		{ "fontobject", 10 },
		{ "icon", 4 },
		{ "/bmp", 4 },
	};
	struct ws_span name = { type, strcspn(type, "; \t") };

	if (name.len > 5 &&
	    ws_span_equal_nocase((struct ws_span){ type, 5 }, WS_SPAN("text/")))
		return true;
	for (size_t i = 0; i < WS_LEN(suffixes); i++) {
		if (ends_in(name, suffixes[i]))
			return true;
	}
	return false;
}

/* ---- compressing -------------------------------------------------------- */

bool
ws_gzip_cache_takes(
    const struct ws_gzip_cache *cache, const char *type, uint64_t octets)
{
	return octets >= cache->min && octets <= WS_GZIP_CACHE_BODY_MAX &&
	       ws_gzip_shrinks(type);
}

bool
ws_gzip_cache_allows(struct ws_gzip_cache *cache, size_t octets)
{
	size_t cost = (octets / 1024 + 1) * WS_COST_GZIP_KB;

	if (cache->budget == NULL)
		return true;
	if (!ws_budget_allows(cache->budget, cost, cache->now_ms))
		return false;
	(void)ws_budget_spend(cache->budget, cost);
	return true;
}

void
ws_gzip_cache_spend(struct ws_gzip_cache *cache, size_t octets, size_t cost_kb)
{
	if (cache->budget != NULL)
		(void)ws_budget_spend(cache->budget, octets / 1024 * cost_kb);
}

/* Shrink a chunk to its content. */
static struct ws_chunk *
fit(struct ws_chunk *chunk)
{
	struct ws_chunk *less =
	    ws_mem_resize(chunk, sizeof(*chunk) + chunk->len);

	if (less == NULL)
		return chunk;
	less->room = less->len;
	less->data = less->at;
	return less;
}

struct ws_chunk *
ws_gzip_cache_compress(
    struct ws_gzip_cache *cache, const void *data, size_t len)
{
	struct ws_chunk *chunk = len > 0 ? ws_chunk_new(len - 1) : NULL;
	struct ws_deflate *d;

	if (chunk == NULL)
		return NULL;
	d = ws_deflate_shared_begin(
	    cache->deflate, cache->deflate->bits, LEVEL);
	if (d != NULL)
		chunk->len =
		    ws_gzip_write(d, data, len, chunk->at, chunk->room);
	if (chunk->len > 0)
		return fit(chunk);
	ws_chunk_unref(chunk);
	return NULL;
}

/* ---- keeping ------------------------------------------------------------ */

static void
drop(struct ws_gzip_cache *cache, struct ws_gzip_kept *kept)
{
	if (kept->chunk != NULL)
		cache->kept_octets -= kept->chunk->len;
	ws_chunk_unref(kept->chunk);
	*kept = (struct ws_gzip_kept){ .used = false };
}

void
ws_gzip_cache_fini(struct ws_gzip_cache *cache)
{
	for (size_t i = 0; cache->kept != NULL && i < WS_GZIP_CACHE_SLOTS; i++)
		drop(cache, &cache->kept[i]);
	ws_mem_free(cache->kept);
	cache->kept = NULL;
}

/* Keys have no padding: see the assertion. */
static bool
is_same(const struct ws_gzip_key *a, const struct ws_gzip_key *b)
{
	_Static_assert(
	    sizeof(*a) == 5 * sizeof(uint64_t) + 2 * sizeof(uint32_t),
	    "struct ws_gzip_key must not have padding");
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Find the set of two that a key belongs to. No stranger chooses inodes, and
 * the worst that two keys in one set can cause is another compression. */
static struct ws_gzip_kept *
set_of(const struct ws_gzip_cache *cache, const struct ws_gzip_key *key)
{
	uint64_t mixed =
	    (key->inode ^ key->device) * UINT64_C(0x9e3779b97f4a7c15);

	return &cache->kept[(mixed >> 32) % (WS_GZIP_CACHE_SLOTS / 2) * 2];
}

bool
ws_gzip_cache_find(struct ws_gzip_cache *cache, const struct ws_gzip_key *key,
    struct ws_chunk **chunk)
{
	struct ws_gzip_kept *set;

	if (cache->kept == NULL)
		return false;
	set = set_of(cache, key);
	for (int i = 0; i < 2; i++) {
		if (!set[i].used || !is_same(&set[i].key, key))
			continue;
		set[i].found_s = cache->now_s;
		*chunk = set[i].chunk;
		if (*chunk != NULL)
			ws_chunk_ref(*chunk);
		return true;
	}
	return false;
}

static bool
make_slots(struct ws_gzip_cache *cache)
{
	size_t size = WS_GZIP_CACHE_SLOTS * sizeof(*cache->kept);

	if (cache->kept != NULL)
		return true;
	cache->kept = ws_mem_resize(NULL, size);
	if (cache->kept == NULL)
		return false;
	memset(cache->kept, 0, size);
	return true;
}

static bool
is_popular(const struct ws_gzip_cache *cache, const struct ws_gzip_kept *kept)
{
	return kept->used &&
	       kept->found_s > cache->now_s - WS_GZIP_CACHE_POPULAR_S;
}

/* Find the place for a new result in its set, which has the newer one first.
 * Returns it, empty, or NULL when both there are popular. */
static struct ws_gzip_kept *
make_place(struct ws_gzip_cache *cache, struct ws_gzip_kept *set)
{
	if (is_popular(cache, &set[1])) {
		if (is_popular(cache, &set[0]))
			return NULL;
		drop(cache, &set[0]);
		return &set[0];
	}
	drop(cache, &set[1]);
	set[1] = set[0];
	set[0] = (struct ws_gzip_kept){ .used = false };
	return &set[0];
}

/* Drop results that are not popular until there is room for octets more.
 * Returns whether there is. */
static bool
make_room(struct ws_gzip_cache *cache, size_t octets)
{
	for (size_t i = 0; i < WS_GZIP_CACHE_SLOTS; i++) {
		if (octets <= WS_GZIP_CACHE_KEPT_MAX - cache->kept_octets)
			return true;
		if (!is_popular(cache, &cache->kept[i]))
			drop(cache, &cache->kept[i]);
	}
	return octets <= WS_GZIP_CACHE_KEPT_MAX - cache->kept_octets;
}

void
ws_gzip_cache_keep(struct ws_gzip_cache *cache, const struct ws_gzip_key *key,
    struct ws_chunk *chunk)
{
	size_t octets = chunk != NULL ? chunk->len : 0;
	struct ws_gzip_kept *place;

	if (cache->now_s - key->changed_s < SETTLED_S ||
	    octets > WS_GZIP_CACHE_KEPT_MAX || !make_slots(cache))
		return;
	place = make_place(cache, set_of(cache, key));
	if (place == NULL || !make_room(cache, octets))
		return;
	*place = (struct ws_gzip_kept){ *key, chunk, INT64_MIN, true };
	if (chunk != NULL)
		cache->kept_octets += ws_chunk_ref(chunk)->len;
	if (chunk != NULL && cache->ledger != NULL)
		ws_chunk_count(chunk, cache->ledger);
}
