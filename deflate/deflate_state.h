/* deflate_state.h - what the files of the compressor share (RFC 1951). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_DEFLATE_STATE_H
#define WS_DEFLATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WS_DEFLATE_MATCH_MAX = 258, /* RFC 1951 section 3.2.5 */

	/* Octets needed to decide about one: for the longest match here, and
	 * for one that begins at the next octet. */
	WS_DEFLATE_LOOKAHEAD = 1 + WS_DEFLATE_MATCH_MAX,

	/* The alphabets of RFC 1951 sections 3.2.5 and 3.2.7. */
	WS_DEFLATE_END = 256,     /* the end of a block */
	WS_DEFLATE_LENGTHS = 257, /* the first slot of lengths */
	WS_DEFLATE_LITLENS = 286, /* literals, end of block, slots of lengths */
	WS_DEFLATE_DISTANCES = 30, /* slots of distances */
};

/* The code of one symbol, with its bits reversed: Huffman codes are sent
 * beginning with the most significant bit, and all else with the least
 * significant one (RFC 1951 section 3.1.1). */
struct ws_deflate_code {
	uint16_t bits;
	uint16_t count; /* of bits */
};

/* A run of octets that occurred before. */
struct ws_deflate_match {
	uint32_t octets;   /* 0 for none */
	uint32_t distance; /* how far back it begins */
};

/* How hard to search for matches. */
struct ws_deflate_effort {
	uint16_t depth; /* how many earlier places to look at; 0: store */
	uint16_t nice;  /* a match as long as this ends the search, */
	uint16_t lazy;  /* and is taken without a look at the next octet */
};

/* Where the result of a call goes. */
struct ws_deflate_writer {
	uint64_t bits;
	unsigned count;     /* of bits; up to 7 between two calls */
	bool is_full;       /* it did not fit; what is written is of no use */
	uint8_t *out, *end; /* room of the caller's */
};

/* The names of the places in the buffer are in the diagram in deflate.c. */
struct ws_deflate {
	struct ws_deflate_effort effort;
	uint32_t window_octets; /* the largest distance */
	uint32_t span_octets;   /* entries of newest and of older: 2^n */
	uint32_t buffer_octets;
	uint32_t start, block, at, end; /* places in the buffer */
	uint8_t *buffer;

	/* Lists of places by their octets: see deflate_match.c. */
	unsigned hash_shift;
	uint32_t listed;  /* places before this one can be found */
	uint32_t base;    /* place + base = position */
	uint16_t *newest; /* by hash: the last position of such octets */
	uint16_t *older;  /* by position: how far back the one before is */
	struct ws_deflate_match held; /* begins at `at`; a longer one may win */

	/* The block's symbols: a literal, or distance << 16 | length. */
	uint32_t *symbols;
	uint32_t symbol_count, symbols_max;
	uint16_t litlen_uses[WS_DEFLATE_LITLENS];
	uint16_t distance_uses[WS_DEFLATE_DISTANCES];

	/* RFC 1951 section 3.2.6. */
	struct ws_deflate_code fixed_litlen[WS_DEFLATE_LITLENS + 2];
	struct ws_deflate_code fixed_distance[WS_DEFLATE_DISTANCES];
};

/* Return the number of the highest bit that is set; value is not 0. */
static inline unsigned
ws_deflate_log2(uint32_t value)
{
#if defined(__GNUC__)
	return 31u ^ (unsigned)__builtin_clz(value); /* one instruction */
#else
	unsigned n = 0;

	while (value >>= 1)
		n++;
	return n;
#endif
}

/* Lengths and distances come in slots of 2^n values that share a code, and n
 * extra bits tell them apart. The tables of RFC 1951 section 3.2.5 are so
 * regular that they can be computed:
 *
 *	length - 3    0 1 2 3 4 5 6 7 8-9 10-11 12-13 14-15 16-19 20-23 ...
 *	slot          0 1 2 3 4 5 6 7  8    9    10    11    12    13   ...
 *	extra bits    0 0 0 0 0 0 0 0  1    1     1     1     2     2   ...
 *
 * From 4 on, the place of the highest bit and the two bits that follow it are
 * the slot, the other bits are extra. Distances do the same with one bit that
 * follows. Only the length 258 is irregular, it has a slot of its own. */
static inline unsigned
ws_deflate_length_slot(unsigned length)
{
	unsigned value = length - 3;
	unsigned high;

	if (value < 4)
		return value;
	if (length == WS_DEFLATE_MATCH_MAX)
		return 28;
	high = ws_deflate_log2(value);
	return 4 * (high - 1) + (value >> (high - 2) & 3);
}

/* The number of extra bits of a slot of lengths. */
static inline unsigned
ws_deflate_length_extra(unsigned slot)
{
	return slot < 8 || slot == 28 ? 0 : slot / 4 - 1;
}

static inline unsigned
ws_deflate_distance_slot(unsigned distance)
{
	unsigned value = distance - 1;
	unsigned high;

	if (value < 2)
		return value;
	high = ws_deflate_log2(value);
	return 2 * high + (value >> (high - 1) & 1);
}

/* The number of extra bits of a slot of distances. */
static inline unsigned
ws_deflate_distance_extra(unsigned slot)
{
	return slot < 4 ? 0 : slot / 2 - 1;
}

/* Turn octets from d->at on into symbols, until the block is full or the octets
 * end.
 *   is_all  no more are to come, or a flush: go on to the last one. Otherwise
 *           leave as many as the longest match may need to be seen
 * deflate_match.c. */
void ws_deflate_parse(struct ws_deflate *d, bool is_all);

/* End the block at d->at: choose its kind, and write it. deflate_block.c. */
void ws_deflate_write_block(
    struct ws_deflate *d, struct ws_deflate_writer *w, bool is_final);

/* Make all before this readable: fill the last octet of the final block, or
 * write an empty stored block (RFC 7692 section 7.2.1). deflate_block.c. */
void ws_deflate_write_end(struct ws_deflate_writer *w, bool is_final);

/* Begin a block: reset the counts of its symbols. deflate_block.c. */
void ws_deflate_clear_block(struct ws_deflate *d);

/* Make the fixed codes, once. RFC 1951 section 3.2.6. deflate_block.c. */
void ws_deflate_fix_codes(struct ws_deflate *d);

/* Choose how long codes are.
 *   uses     how often each symbol occurs, 65,535 in all at most
 *   count    symbols, WS_DEFLATE_LITLENS at most
 *   max      bits of the longest code: 15 at most, and enough for count
 *   lengths  gets the bits of each symbol's code, 0 for one that has none; two
 *            symbols at least have one
 * Returns how many bits all the symbols take. deflate_code.c. */
uint32_t ws_deflate_code_lengths(
    const uint16_t *uses, unsigned count, unsigned max, uint8_t *lengths);

/* Make codes from their lengths. RFC 1951 section 3.2.2.
 *   codes  of those symbols that have one are set. deflate_code.c. */
void ws_deflate_code_bits(
    const uint8_t *lengths, unsigned count, struct ws_deflate_code *codes);

#endif
