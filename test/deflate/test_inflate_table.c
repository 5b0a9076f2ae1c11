/* test_inflate_table.c - tables of codes (RFC 1951 section 3.2.2). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "deflate/inflate.h"
#include "deflate/inflate_table.h"
#include "test/guard.h"

/* The example of the RFC: A to H with lengths 3, 3, 3, 3, 3, 2, 4, 4. */
Test(inflate_table, has_the_codewords_of_the_rfc)
{
	static const uint8_t lengths[] = { 3, 3, 3, 3, 3, 2, 4, 4 };
	static const char *const codewords[] = { "010", "011", "100", "101",
		"110", "00", "1110", "1111" };

	for (uint8_t max = 1; max <= 9; max++) {
		uint32_t table[64];
		uint8_t index_bits = max;

		cr_assert_eq(ws_table_build(table, &index_bits,
				 WS_ALPHABET_LITERALS, lengths, 8),
		    0);
		cr_assert_eq(index_bits, max < 4 ? max : 4);
		for (unsigned i = 0; i < 8; i++) {
			unsigned bits = 0;
			uint32_t entry;

			for (unsigned n = 0; n < lengths[i]; n++)
				bits |= codewords[i][n] == '1' ? 1u << n : 0;
			bits |= 0xffu << lengths[i];
			entry = ws_table_find(table, index_bits, bits);
			cr_assert_eq(ws_entry_literal(entry), i, "%u", i);
			cr_assert(entry & WS_ENTRY_LITERAL);
			cr_assert_eq(ws_entry_all(entry), lengths[i]);
			cr_assert_eq(ws_entry_codeword(entry), lengths[i]);
		}
	}
}

/* ---- how long a table can become --------------------------------------------
 * The decoder's tables have room for the longest that any code can have. Which
 * one that is, is found by going through all codes, length by length of their
 * codewords. Of what was decided before, only this matters: how many bit
 * patterns of that length are open, how many symbols have no codeword yet, and
 * how many places are free in the second table that was begun last. */

struct search {
	unsigned symbols, index_bits;
	int16_t *known; /* for each such state the most entries, or 0 */
};

struct state {
	unsigned length, open, symbols, free;
};

enum {
	CODEWORD_MAX = 15,
	IMPOSSIBLE = -20000,
};

/* Which of the answers is a state's. open is even; free is 0 up to the length
 * of the index. */
static size_t
place(const struct search *s, struct state t)
{
	size_t row = t.open / 2 * (s->symbols + 1) + t.symbols;
	size_t rows = (s->symbols / 2 + 1) * (s->symbols + 1);
	size_t places = (size_t)2 << (CODEWORD_MAX - s->index_bits);

	if (t.length <= s->index_bits)
		return rows * t.length + row;
	return rows * (s->index_bits + 1) +
	       rows * places * (t.length - s->index_bits - 1) + row * places +
	       t.free;
}

static struct search
new_search(unsigned symbols, unsigned index_bits)
{
	struct search s = { symbols, index_bits, NULL };
	struct state last = { CODEWORD_MAX, symbols, symbols,
		(2u << (CODEWORD_MAX - index_bits)) - 1 };

	s.known = calloc(place(&s, last) + 1, sizeof(*s.known));
	cr_assert_not_null(s.known);
	return s;
}

/* Give codewords of this length to some symbols. Returns how many entries that
 * takes behind the first table, and the next state. */
static int
give(const struct search *s, struct state *t, unsigned symbols)
{
	unsigned size = 0, tables = 0;

	if (t->length > s->index_bits) {
		size = 1u << (t->length - s->index_bits);
		if (symbols > t->free)
			tables = (symbols - t->free + size - 1) / size;
		t->free += tables * size - symbols;
	}
	t->open -= symbols;
	t->symbols -= symbols;
	if (t->open == 0)
		return (int)(tables * size);
	/* The last table goes on with longer codewords: it is doubled. */
	if (t->free > 0)
		tables++;
	t->free *= 2;
	t->open *= 2;
	t->length++;
	return (int)(tables * size);
}

/* The most entries behind the first table that any code has from a state on. */
static int
most(const struct search *s, struct state t)
{
	int best = IMPOSSIBLE;
	int16_t *answer;

	if (t.open == 0)
		return t.symbols == 0 ? 0 : IMPOSSIBLE;
	if (t.open > t.symbols || t.length > CODEWORD_MAX)
		return IMPOSSIBLE;
	answer = &s->known[place(s, t)];
	if (*answer != 0)
		return *answer - 1;
	for (unsigned n = 0; n <= t.open; n++) {
		struct state next = t;
		int entries = give(s, &next, n);

		entries += most(s, next);
		best = entries > best ? entries : best;
	}
	*answer = (int16_t)(best + 1);
	return best;
}

/* The lengths of a code that reaches the most. */
static void
find_longest(const struct search *s, struct state t, uint8_t *lengths)
{
	while (t.open > 0) {
		int rest = most(s, t);

		for (unsigned n = 0; n <= t.open; n++) {
			struct state next = t;

			if (give(s, &next, n) + most(s, next) != rest)
				continue;
			memset(lengths, (int)t.length, n);
			lengths += n;
			t = next;
			break;
		}
	}
}

/* Make the longest table there is: that it fits is what counts. */
static void
check_longest(enum ws_alphabet alphabet, unsigned symbols, uint8_t index_bits,
    unsigned expected)
{
	struct search s = new_search(symbols, index_bits);
	struct state begin = { 1, 2, symbols, 0 };
	unsigned longest = 0, used = symbols;
	uint32_t table[WS_INFLATE_LITERALS];
	uint8_t lengths[286] = { 0 };
	struct guard g;

	/* Fewer symbols may have longer tables. */
	for (unsigned n = 2; n <= symbols; n++) {
		begin.symbols = n;
		if ((unsigned)most(&s, begin) + (1u << index_bits) > longest &&
		    most(&s, begin) >= 0) {
			longest =
			    (unsigned)most(&s, begin) + (1u << index_bits);
			used = n;
		}
	}
	cr_assert_eq(longest, expected, "%u", longest);
	begin.symbols = used;
	find_longest(&s, begin, lengths);
	memset(table, 0xff, sizeof(table));
	g = guard_copy(table, expected * sizeof(*table));
	cr_assert_eq(ws_table_build((uint32_t *)(void *)g.at, &index_bits,
			 alphabet, lengths, symbols),
	    0);
	/* It is used up to its last entry. */
	cr_assert_neq(((uint32_t *)(void *)g.at)[expected - 1], 0xffffffff);
	guard_free(&g);
	free(s.known);
}

Test(inflate_table, has_room_for_every_code_of_literals)
{
	check_longest(WS_ALPHABET_LITERALS, WS_ALPHABET_NLITERALS,
	    WS_INFLATE_LITERAL_INDEX, WS_INFLATE_LITERALS);
}

Test(inflate_table, has_room_for_every_code_of_distances)
{
	check_longest(WS_ALPHABET_DISTANCES, WS_ALPHABET_NDISTANCES,
	    WS_INFLATE_DISTANCE_INDEX, WS_INFLATE_DISTANCES);
}
