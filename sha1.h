/* sha1.h - SHA-1 (FIPS 180-4 section 6.1), for the WebSocket accept key. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SHA1_H
#define WS_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define WS_SHA1_SIZE 20

/* The state of one computation. Plain data: copy it to fork a computation. */
struct ws_sha1 {
	uint32_t state[5];
	uint64_t octets;   /* hashed so far, the ones in block included */
	uint8_t block[64]; /* octets of the block that is not full yet */
};

/* Begin a computation.
 *   h  overwritten whatever it holds
 * FIPS 180-4 section 5.3.1. */
void ws_sha1_init(struct ws_sha1 *h);

/* Hash more octets; any split of the input gives the same digest.
 *   data, len  borrowed; data may be NULL when len is 0
 * FIPS 180-4 section 6.1.2. */
void ws_sha1_update(struct ws_sha1 *h, const void *data, size_t len);

/* Write the digest of what was hashed so far. The state is not changed, so
 * more can be hashed afterwards.
 * FIPS 180-4 section 5.1.1 (padding). */
void ws_sha1_final(const struct ws_sha1 *h, uint8_t digest[WS_SHA1_SIZE]);

#endif
