/* inflate_bits.h - the bits that a decoder has taken and not used (RFC 1951). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_INFLATE_BITS_H
#define WS_INFLATE_BITS_H

#include "base/bytes.h"
#include "inflate.h"
#include "inflate_table.h"

/* What comes next in a stream; the diagram is in inflate.c. */
enum ws_inflate_phase {
	WS_PHASE_BLOCK,
	WS_PHASE_STORED_LENGTH,
	WS_PHASE_STORED,
	WS_PHASE_COUNTS,
	WS_PHASE_META_LENGTHS,
	WS_PHASE_LENGTHS,
	WS_PHASE_TOKENS,
	WS_PHASE_ENDED,
};

/* A step was done: beside enum ws_inflate_result. */
enum {
	WS_INFLATE_NEXT = 3
};

/* Take octets until there are at least 56 bits, or no more input. Above nbits,
 * bits may already have those of the next octet. Returns the rest of the
 * input. */
static inline const uint8_t *
ws_bits_refill(
    uint64_t *bits, unsigned *nbits, const uint8_t *in, const uint8_t *end)
{
	if (end - in >= 8) {
		unsigned octets = (63 - *nbits) / 8;

		*bits |= ws_load64_le(in) << *nbits;
		*nbits += 8 * octets;
		return in + octets;
	}
	for (; *nbits < 56 && in != end; *nbits += 8)
		*bits |= (uint64_t)*in++ << *nbits;
	return in;
}

/* Provide n bits, at most 56. Returns false if there is not enough input, all
 * of which has been taken then. */
static inline bool
ws_bits_have(struct ws_inflate *z, struct ws_inflate_io *io, unsigned n)
{
	unsigned nbits = z->nbits;
	const uint8_t *in;

	if (nbits >= n)
		return true;
	if (io->in_octets == 0)
		return false;
	in = ws_bits_refill(&z->bits, &nbits, io->in, io->in + io->in_octets);
	io->in_octets -= (size_t)(in - io->in);
	io->in = in;
	z->nbits = (uint8_t)nbits;
	return nbits >= n;
}

static inline void
ws_bits_drop(struct ws_inflate *z, unsigned n)
{
	z->bits >>= n;
	z->nbits = (uint8_t)(z->nbits - n);
}

/* Remove the next n bits, which are there, and return them. */
static inline unsigned
ws_bits_cut(struct ws_inflate *z, unsigned n)
{
	unsigned number = (unsigned)ws_low_bits(z->bits, n);

	ws_bits_drop(z, n);
	return number;
}

/* End a block: another one follows, or the stream ends. */
static inline int
ws_inflate_end_block(struct ws_inflate *z)
{
	z->phase = z->final ? WS_PHASE_ENDED : WS_PHASE_BLOCK;
	return WS_INFLATE_NEXT;
}

#endif
