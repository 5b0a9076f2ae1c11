/* inflate_table.c - a DEFLATE code as a look-up table (RFC 1951 section 3.2).
 */
/* SPDX-License-Identifier: MIT */

/*
 * A Huffman code gives short codewords to what is frequent, and none of them
 * begins with another one. Only the *lengths* of the codewords are sent: the
 * codewords follow by counting upwards, the shorter ones first, those of equal
 * length in the order of their symbols (section 3.2.2). For example
 *
 *	 symbol    A  B  C  D
 *	 length    2  1  3  3
 *	 codeword  10 0  110 111
 *
 * A codeword of n bits uses up a share of 1/2^n of all bit patterns. Lengths
 * make a code if the shares add up to one. If the sum is more, codewords
 * collide; if it is less, some bits have no meaning. Both are refused, with one
 * exception that all decoders make: a code of one symbol or none, where a bit
 * without a meaning is an error only when it comes.
 *
 * The table is indexed by the next bits of the stream, whatever stands behind
 * the codeword: a codeword of 1 bit has every second place, one of 2 bits every
 * fourth. The stream has the first bit of a codeword lowest, so the index is
 * the codeword read backwards:
 *
 *	 index  000  001  010  011  100  101  110  111
 *	         B    A    B    C    B    A    B    D
 *
 * Codewords longer than the index share an entry, which leads to a second
 * table for the bits behind. Second tables stand behind the first one, in the
 * order of their codewords:
 *
 *	 0 ... 2^bits - 1 | second table | second table | ...
 *	     `--------------^
 *
 * How long a table can become was found by going through all the codes that
 * there are: with 286 symbols of at most 15 bits and an index of 10 bits it has
 * up to 1332 entries, with 30 symbols and an index of 8 bits up to 400.
 */

#include "inflate_table.h"

#include "base/bytes.h"
#include "inflate.h"

enum {
	CODEWORD_MAX = 15, /* 3.2.7: bits */
	REPEAT_FIRST = 16, /* symbols that stand for ranges */
	LENGTH_FIRST = WS_ALPHABET_END_OF_BLOCK + 1,
};

/* 3.2.5: what a symbol stands for: base, and what the extra bits add. */
struct range {
	uint16_t base;
	uint8_t extra;
};

static const struct range length_ranges[] = { { 3, 0 }, { 4, 0 }, { 5, 0 },
	{ 6, 0 }, { 7, 0 }, { 8, 0 }, { 9, 0 }, { 10, 0 }, { 11, 1 }, { 13, 1 },
	{ 15, 1 }, { 17, 1 }, { 19, 2 }, { 23, 2 }, { 27, 2 }, { 31, 2 },
	{ 35, 3 }, { 43, 3 }, { 51, 3 }, { 59, 3 }, { 67, 4 }, { 83, 4 },
	{ 99, 4 }, { 115, 4 }, { 131, 5 }, { 163, 5 }, { 195, 5 }, { 227, 5 },
	{ 258, 0 } };

static const struct range distance_ranges[] = { { 1, 0 }, { 2, 0 }, { 3, 0 },
	{ 4, 0 }, { 5, 1 }, { 7, 1 }, { 9, 2 }, { 13, 2 }, { 17, 3 }, { 25, 3 },
	{ 33, 4 }, { 49, 4 }, { 65, 5 }, { 97, 5 }, { 129, 6 }, { 193, 6 },
	{ 257, 7 }, { 385, 7 }, { 513, 8 }, { 769, 8 }, { 1025, 9 },
	{ 1537, 9 }, { 2049, 10 }, { 3073, 10 }, { 4097, 11 }, { 6145, 11 },
	{ 8193, 12 }, { 12289, 12 }, { 16385, 13 }, { 24577, 13 } };

/* 3.2.7: repeat the previous length, or 0. */
static const struct range repeat_ranges[] = { { 3, 2 }, { 3, 3 }, { 11, 7 } };

/* A code on its way from lengths to a table. */
struct code {
	enum ws_alphabet alphabet;
	uint16_t count[CODEWORD_MAX + 1]; /* codewords of each length */
	/* Symbols in the order of their codewords. */
	uint16_t symbols[WS_ALPHABET_NFIXED_LITERALS];
};

/* Find the next symbol from i on that has a codeword, or n. The code of a short
 * text has few, so eight lengths are compared with 0 at once. */
static inline unsigned
next_used(const uint8_t *lengths, unsigned i, unsigned n)
{
	while (i < n && lengths[i] == 0)
		i += i + 8 <= n && ws_load64_le(lengths + i) == 0 ? 8 : 1;
	return i;
}

/* Count the codewords of each length, and sort the symbols by them. */
static void
sort(struct code *code, const uint8_t *lengths, unsigned n)
{
	uint16_t at[CODEWORD_MAX + 2] = { 0 };

	memset(code->count, 0, sizeof(code->count));
	for (unsigned i = 0; (i = next_used(lengths, i, n)) < n; i++)
		code->count[lengths[i]]++;
	for (unsigned i = 1; i <= CODEWORD_MAX; i++)
		at[i + 1] = (uint16_t)(at[i] + code->count[i]);
	for (unsigned i = 0; (i = next_used(lengths, i, n)) < n; i++)
		code->symbols[at[lengths[i]]++] = (uint16_t)i;
}

/* Count the longest codewords that no symbol has. Negative when there are more
 * symbols than codewords. RFC 1951 section 3.2.2. */
static int
left_over(const struct code *code)
{
	int left = 1;

	for (unsigned i = 1; i <= CODEWORD_MAX && left >= 0; i++)
		left = 2 * left - code->count[i];
	return left;
}

static unsigned
longest(const struct code *code)
{
	unsigned length = CODEWORD_MAX;

	while (length > 0 && code->count[length] == 0)
		length--;
	return length;
}

static uint32_t
entry_of_range(struct range range)
{
	return (uint32_t)range.base << WS_ENTRY_VALUE_AT | range.extra;
}

/* Make the entry of a symbol, without its codeword. */
static inline uint32_t
meaning(enum ws_alphabet alphabet, unsigned symbol)
{
	uint32_t literal = WS_ENTRY_LITERAL | symbol << WS_ENTRY_VALUE_AT;

	switch (alphabet) {
	case WS_ALPHABET_META:
		if (symbol < REPEAT_FIRST)
			return literal;
		return entry_of_range(repeat_ranges[symbol - REPEAT_FIRST]) |
		       (symbol == REPEAT_FIRST ? WS_ENTRY_PREVIOUS : 0);
	case WS_ALPHABET_LITERALS:
		if (symbol < WS_ALPHABET_END_OF_BLOCK)
			return literal;
		if (symbol == WS_ALPHABET_END_OF_BLOCK)
			return WS_ENTRY_END;
		if (symbol >= WS_ALPHABET_NLITERALS)
			return WS_ENTRY_INVALID;
		return entry_of_range(length_ranges[symbol - LENGTH_FIRST]);
	case WS_ALPHABET_DISTANCES:
		break;
	}
	if (symbol >= WS_ALPHABET_NDISTANCES)
		return WS_ENTRY_INVALID;
	return entry_of_range(distance_ranges[symbol]);
}

static inline uint32_t
entry_of(enum ws_alphabet alphabet, unsigned symbol, unsigned length)
{
	return meaning(alphabet, symbol) +
	       (length << WS_ENTRY_CODEWORD_AT | length);
}

/* Add one to a codeword that is read backwards. Behind the last codeword comes
 * itself. */
static inline unsigned
successor(unsigned codeword, unsigned length)
{
	unsigned bit = 1u << (length - 1);

	while ((codeword & bit) != 0)
		bit >>= 1;
	return (codeword & (bit - 1)) | bit;
}

/* How many bits index the second table that begins with a codeword of some
 * length: as many as it takes for the codewords that follow to fill it. */
static unsigned
second_bits(const struct code *code, unsigned length, unsigned index_bits)
{
	unsigned bits = length - index_bits;
	unsigned used = code->count[length];

	while (used < 1u << bits) {
		bits++;
		used = 2 * used + code->count[index_bits + bits];
	}
	return bits;
}

/* Fill the second tables.
 *   codeword  the first one that is longer than the index
 *   symbol    its symbol, and those that follow */
static void
fill_second(uint32_t *table, unsigned index_bits, struct code *code,
    unsigned codeword, const uint16_t *symbol)
{
	unsigned prefix = UINT16_MAX, at = 0, bits = 0, end = 1u << index_bits;
	unsigned length = index_bits + 1;

	while (length <= CODEWORD_MAX) {
		uint32_t entry;

		if (code->count[length] == 0) {
			length++;
			continue;
		}
		if (ws_low_bits(codeword, index_bits) != prefix) {
			prefix = (unsigned)ws_low_bits(codeword, index_bits);
			bits = second_bits(code, length, index_bits);
			at = end;
			end += 1u << bits;
			table[prefix] = at << WS_ENTRY_VALUE_AT |
					WS_ENTRY_TABLE |
					bits << WS_ENTRY_CODEWORD_AT;
		}
		entry = entry_of(code->alphabet, *symbol++, length);
		for (unsigned i = codeword >> index_bits; i < 1u << bits;
		     i += 1u << (length - index_bits))
			table[at + i] = entry;
		codeword = successor(codeword, length);
		code->count[length]--;
	}
}

/* Fill a table with a complete code. It is as short as the codewords are, and
 * doubled when they become longer. */
static void
fill(uint32_t *table, unsigned index_bits, struct code *code)
{
	const uint16_t *symbol = code->symbols;
	unsigned codeword = 0;

	for (unsigned length = 1; length <= index_bits; length++) {
		for (unsigned n = code->count[length]; n > 0; n--) {
			table[codeword] =
			    entry_of(code->alphabet, *symbol++, length);
			codeword = successor(codeword, length);
		}
		if (length < index_bits)
			memcpy(table + (1u << length), table,
			    sizeof(*table) << length);
	}
	fill_second(table, index_bits, code, codeword, symbol);
}

/* Fill a table with one codeword, 0, or none. */
static void
fill_incomplete(uint32_t *table, const struct code *code)
{
	table[0] = table[1] = WS_ENTRY_INVALID | 1;
	if (code->count[1] > 0)
		table[0] = entry_of(code->alphabet, code->symbols[0], 1);
}

int
ws_table_build(uint32_t *table, uint8_t *index_bits, enum ws_alphabet alphabet,
    const uint8_t *lengths, unsigned n)
{
	struct code code;
	unsigned bits;
	int left;

	code.alphabet = alphabet;
	sort(&code, lengths, n);
	left = left_over(&code);
	bits = longest(&code);
	if (left < 0)
		return WS_INFLATE_EOVER;
	if (left > 0 && (bits > 1 || alphabet == WS_ALPHABET_META))
		return WS_INFLATE_EUNDER;
	if (left > 0) {
		fill_incomplete(table, &code);
		*index_bits = 1;
		return 0;
	}
	if (bits < *index_bits)
		*index_bits = (uint8_t)bits;
	fill(table, *index_bits, &code);
	return 0;
}
