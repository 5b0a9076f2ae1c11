/* gzip_cache.h - bodies as gzip for clients that accept it (RFC 9110, 8.4). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_GZIP_CACHE_H
#define WS_GZIP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "deflate/deflate_shared.h"

/* Whether a media type, parameters behind it or not, stands for something that
 * gets smaller: texts, and a few binary formats that are not compressed. */
bool ws_gzip_shrinks(const char *type);

/* ---- compressing -------------------------------------------------------- */

/* What is known of a body that may be asked for again: two that are equal in
 * all of this have the same octets. Of a file: who it is, how long, and when
 * it was changed; of memory that never changes: where it is. */
struct ws_gzip_key {
	uint64_t device, inode, octets;
	int64_t changed_s, modified_s;
	uint32_t changed_ns, modified_ns;
};

#define WS_GZIP_CACHE_BITS 13            /* of the deflate state, at least */
#define WS_GZIP_CACHE_SLOTS 64           /* results kept, at most */
#define WS_GZIP_CACHE_KEPT_MAX (2 << 20) /* octets of all results */

/* Octets of a body that is compressed. A longer one is sent as it is. */
#define WS_GZIP_CACHE_BODY_MAX (1 << 20)

/* What compresses bodies, and results that are kept. Set min and deflate;
 * zero the rest. Takes no memory before the first body. */
struct ws_gzip_cache {
	size_t min;    /* octets of a body; SIZE_MAX: none is compressed */
	int64_t now_s; /* set before a call with a key: the clock of files */
	struct ws_deflate_shared *deflate; /* borrowed */
	struct ws_gzip_kept *kept;         /* owned */
	size_t kept_octets;
};

/* Release what a cache owns. */
void ws_gzip_cache_fini(struct ws_gzip_cache *cache);

/* Whether a body may be compressed, if the client wants it. */
bool ws_gzip_cache_takes(
    const struct ws_gzip_cache *cache, const char *type, uint64_t octets);

/* Compress a body to a gzip file.
 *   data, len  borrowed
 * Returns it with one reference for the caller; NULL when it would not be
 * smaller, or out of memory. */
struct ws_chunk *ws_gzip_cache_compress(
    struct ws_gzip_cache *cache, const void *data, size_t len);

/* Look for the result of an earlier body.
 *   chunk  receives a reference for the caller, or NULL: this body does not get
 *          smaller
 * Returns whether it was there. */
bool ws_gzip_cache_find(struct ws_gzip_cache *cache,
    const struct ws_gzip_key *key, struct ws_chunk **chunk);

/* Keep a result; it takes a reference of its own.
 *   chunk  as ws_gzip_cache_compress returned it; NULL is kept, too
 * A file that was changed in this second or the one before is not: it may be
 * changed once more without a difference in its times. */
void ws_gzip_cache_keep(struct ws_gzip_cache *cache,
    const struct ws_gzip_key *key, struct ws_chunk *chunk);

#endif
