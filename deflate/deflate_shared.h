/* deflate_shared.h - the one DEFLATE state that a server compresses with. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_DEFLATE_SHARED_H
#define WS_DEFLATE_SHARED_H

#include <stdint.h>

#include "deflate.h"

/* Set bits; zero the rest. It takes no memory before the first stream. */
struct ws_deflate_shared {
	struct ws_deflate *state; /* owned or NULL */
	uint8_t bits;             /* of the largest window */
};

/* Begin a stream. What was begun before must be finished.
 *   bits   of its window, WS_DEFLATE_BITS_MIN to shared->bits
 *   level  as for ws_deflate_init
 * Returns the compressor, without a past and borrowed until the next call; or
 * NULL when out of memory. */
struct ws_deflate *ws_deflate_shared_begin(
    struct ws_deflate_shared *shared, unsigned bits, unsigned level);

/* Release it. */
void ws_deflate_shared_fini(struct ws_deflate_shared *shared);

#endif
