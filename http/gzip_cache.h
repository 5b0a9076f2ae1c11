/* gzip_cache.h - bodies as gzip for clients that accept it (RFC 9110, 8.4). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_GZIP_CACHE_H
#define WS_GZIP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "deflate/deflate_shared.h"

/* Whether bodies of a media type, which may have parameters, get smaller:
 * texts, and a few binary formats that are not compressed already. */
bool ws_gzip_shrinks(const char *type);

/* ---- compressing -------------------------------------------------------- */

/* The identity of a body that may be asked for again: bodies with equal keys
 * have equal octets. Of memory that never changes, inode is its address and the
 * rest is 0. */
struct ws_gzip_key {
	uint64_t device, inode, octets;
	int64_t changed_s, modified_s;
	uint32_t changed_ns, modified_ns;
};

#define WS_GZIP_CACHE_BITS 13 /* of the deflate state, at least */

/* Results kept at most, and their octets. A site has some dozens of pages; with
 * half the slots, popular ones begin to share a set. 2 MiB hold the results of
 * two of the largest bodies, even if these hardly get smaller. */
#define WS_GZIP_CACHE_SLOTS 64
#define WS_GZIP_CACHE_KEPT_MAX (2 << 20)

/* A result that was asked for so recently is not replaced by one that nobody
 * has asked for again. Popular pages are asked for more often than that; with
 * an hour, those of yesterday's release would stay beside today's. */
#define WS_GZIP_CACHE_POPULAR_S 60

/* Octets of a body that is compressed. A longer one is sent as it is: 1 MiB
 * takes 10 ms, in which no other client is served. */
#define WS_GZIP_CACHE_BODY_MAX (1 << 20)

/* Compresses bodies and keeps the results. Set min and deflate; zero the rest.
 * Takes no memory before the first body. */
struct ws_gzip_cache {
	size_t min;    /* octets of a body; SIZE_MAX: none is compressed */
	int64_t now_s; /* set before a call with a key: the clock of files */
	int64_t
	    now_ms; /* set before ws_gzip_cache_allows: the time of the turn */
	struct ws_budget *budget; /* borrowed; NULL: work is not counted */
	struct ws_deflate_shared *deflate; /* borrowed */
	struct ws_ledger
	    *ledger; /* borrowed: counts results; NULL: none does */
	struct ws_gzip_kept *kept; /* owned */
	size_t kept_octets;
};

/* Release what a cache owns. */
void ws_gzip_cache_fini(struct ws_gzip_cache *cache);

/* Whether a body may be compressed, if the client wants it. */
bool ws_gzip_cache_takes(
    const struct ws_gzip_cache *cache, const char *type, uint64_t octets);

/* Ask whether there is time to compress a body now, and count the work if so.
 * Without time, the body leaves as it is: RFC 9110 section 12.5.3 leaves that
 * to the server. */
bool ws_gzip_cache_allows(struct ws_gzip_cache *cache, size_t octets);

/* Count work that has to be done: reading or inflating a body.
 *   cost_kb  of 1 KiB, see base/budget.h */
void
ws_gzip_cache_spend(struct ws_gzip_cache *cache, size_t octets, size_t cost_kb);

/* Compress a body to a gzip file.
 *   data, len  borrowed
 * Returns it with one reference for the caller; NULL when it would not be
 * smaller, or out of memory. */
struct ws_chunk *ws_gzip_cache_compress(
    struct ws_gzip_cache *cache, const void *data, size_t len);

/* Look for the result of an earlier compression. One that is found counts as
 * popular for a while.
 *   chunk  receives a reference for the caller, or NULL: this body does not get
 *          smaller
 * Returns whether it was there. */
bool ws_gzip_cache_find(struct ws_gzip_cache *cache,
    const struct ws_gzip_key *key, struct ws_chunk **chunk);

/* Keep a result, with a reference of its own.
 *   chunk  as ws_gzip_cache_compress returned it; NULL is kept, too
 * Does nothing for a file that was changed in this second or the one before: it
 * may change once more without a difference in its times. Does nothing, either,
 * where only popular results could make room. */
void ws_gzip_cache_keep(struct ws_gzip_cache *cache,
    const struct ws_gzip_key *key, struct ws_chunk *chunk);

#endif
