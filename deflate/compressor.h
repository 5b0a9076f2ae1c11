/* compressor.h - the one compressor of a server, for all that it compresses. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_COMPRESSOR_H
#define WS_COMPRESSOR_H

#include <stdint.h>

#include "deflate.h"

/* Set bits; zero the rest. Takes no memory before it is needed. */
struct ws_compressor {
	struct ws_deflate *deflate; /* owned or NULL */
	uint8_t bits;               /* of the largest window */
};

/* Begin a stream. What was begun before must be finished.
 *   bits   of its window, WS_DEFLATE_BITS_MIN to c->bits
 *   level  as for ws_deflate_init
 * Returns the compressor, without a past and borrowed until the next call; or
 * NULL when out of memory. */
struct ws_deflate *
ws_compressor_begin(struct ws_compressor *c, unsigned bits, unsigned level);

/* Release it. */
void ws_compressor_fini(struct ws_compressor *c);

#endif
