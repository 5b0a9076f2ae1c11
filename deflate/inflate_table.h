/* inflate_table.h - a DEFLATE code as a look-up table (RFC 1951 section 3.2).
 */
/* SPDX-License-Identifier: MIT */
#ifndef WS_INFLATE_TABLE_H
#define WS_INFLATE_TABLE_H

#include <stdint.h>

/* An entry says all that there is to know about a codeword:
 *
 *	  31   30 ... 16   15  14  13  12   11 ... 8   5 ... 0
 *	+----+-----------+---+---+---+----+----------+---------+
 *	| L  |   value   | T | E | I | P  | codeword |   all   |
 *	+----+-----------+---+---+---+----+----------+---------+
 *
 *	L  it is value and no more: a literal, a length of a codeword
 *	T  it is longer than the index: another table begins at value, and is
 *	   indexed by as many bits as codeword says
 *	E  it is the end of the block
 *	I  it is none
 *	P  it repeats the previous length of a codeword, value times; without
 *	   P and L, it repeats 0
 *	codeword  its bits
 *	all       these and its extra bits, a number to be added to value */
#define WS_ENTRY_LITERAL ((uint32_t)1 << 31)
enum {
	WS_ENTRY_TABLE = 1 << 15,
	WS_ENTRY_END = 1 << 14,
	WS_ENTRY_INVALID = 1 << 13,
	WS_ENTRY_PREVIOUS = 1 << 12,
	WS_ENTRY_VALUE_AT = 16,
	WS_ENTRY_CODEWORD_AT = 8,
};

/* What codewords can stand for. */
enum ws_alphabet {
	WS_ALPHABET_META,      /* 3.2.7: lengths of codewords */
	WS_ALPHABET_LITERALS,  /* 3.2.5: literals, end of block, lengths */
	WS_ALPHABET_DISTANCES, /* 3.2.5 */
};

/* The last symbols of an alphabet that a block may use, and one. The fixed
 * code has codewords for two more of each, which are errors (3.2.6). */
enum {
	WS_ALPHABET_NMETA = 19,
	WS_ALPHABET_NLITERALS = 286,
	WS_ALPHABET_NDISTANCES = 30,
	WS_ALPHABET_NFIXED_LITERALS = 288,
	WS_ALPHABET_NFIXED_DISTANCES = 32,
	WS_ALPHABET_END_OF_BLOCK = 256,
};

/* The lowest n bits, n below 64. */
static inline uint64_t
ws_low_bits(uint64_t bits, unsigned n)
{
	return bits & (((uint64_t)1 << n) - 1);
}

static inline unsigned
ws_entry_literal(uint32_t entry)
{
	return entry >> WS_ENTRY_VALUE_AT & 0xff;
}

static inline unsigned
ws_entry_codeword(uint32_t entry)
{
	return entry >> WS_ENTRY_CODEWORD_AT & 15;
}

static inline unsigned
ws_entry_all(uint32_t entry)
{
	return entry & 63;
}

/* The value of an entry with the extra bits, which are behind the codeword at
 * the front of bits. */
static inline unsigned
ws_entry_value(uint32_t entry, uint64_t bits)
{
	return (entry >> WS_ENTRY_VALUE_AT) +
	       (unsigned)(ws_low_bits(bits, ws_entry_all(entry)) >>
			  ws_entry_codeword(entry));
}

/* Find the entry of the codeword at the front of bits. There may be anything
 * behind the last of them: if the entry has more bits than there are, then
 * more are needed to tell. */
static inline uint32_t
ws_table_find(const uint32_t *table, unsigned index_bits, uint64_t bits)
{
	uint32_t entry = table[ws_low_bits(bits, index_bits)];

	if ((entry & WS_ENTRY_TABLE) == 0)
		return entry;
	return table[(entry >> WS_ENTRY_VALUE_AT) +
		     ws_low_bits(bits >> index_bits, ws_entry_codeword(entry))];
}

/* Make the table of a code.
 *   table       filled; see inflate.h for the room that it needs
 *   index_bits  at most so many bits are to index it; receives how many do
 *   lengths, n  lengths of the codewords of the alphabet's first symbols, 0 to
 *               15, 0 for symbols without one; borrowed
 * Returns 0, WS_INFLATE_EOVER or WS_INFLATE_EUNDER. A code may be incomplete
 * if it is not one of lengths, and has one codeword of one bit or none. */
int ws_table_build(uint32_t *table, uint8_t *index_bits,
    enum ws_alphabet alphabet, const uint8_t *lengths, unsigned n);

#endif
