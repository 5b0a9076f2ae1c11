/* inflated.h - decoding in pieces, at the edge of unreadable pages. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_INFLATED_H
#define TEST_INFLATED_H

#include <stdbool.h>

#include "deflate/inflate.h"

/* How input and room are handed out. */
struct pieces {
	size_t first; /* octets of input at first, and then step at a time */
	size_t step;
	size_t room; /* octets of output more, whenever it is full */
};

/* What became of a stream. */
struct inflated {
	int result;
	size_t in_octets;  /* taken */
	size_t out_octets; /* of out */
	uint8_t *out;      /* owned */
};

/* Decode in pieces. Each piece of input ends at an unreadable page, and so does
 * the room, which moves whenever it grows.
 *   max  octets of output, for which there is room in the end
 * Aborts when the decoder breaks its word on input or room. */
struct inflated inflated_run(struct ws_inflate *z, const uint8_t *in,
    size_t len, struct pieces pieces, size_t max);

/* Release the output. */
void inflated_free(struct inflated *done);

#endif
