/* inflate_tokens.h - literals and matches: the body of a block (RFC 1951). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_INFLATE_TOKENS_H
#define WS_INFLATE_TOKENS_H

#include "inflate.h"

/* Bits that index the tables of the fixed code: as many as there are. */
enum {
	WS_INFLATE_FIXED_LITERAL_INDEX = 9,
	WS_INFLATE_FIXED_DISTANCE_INDEX = 5,
};

/* Decode tokens up to the end of the block.
 * Returns WS_INFLATE_NEXT when the block has ended, or the result of ws_inflate_run. RFC
 * 1951 section 3.2.5. */
int ws_inflate_tokens(struct ws_inflate *z, struct ws_inflate_io *io);

#endif
