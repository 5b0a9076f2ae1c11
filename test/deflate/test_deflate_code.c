/* test_deflate_code.c - Huffman codes of limited length. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "deflate/deflate_state.h"
#include "test/fuzz/corpora.h"

enum {
	SYMBOLS = WS_DEFLATE_LITLENS
};

/* The sum of 2^-count over all codes, in units of 2^-15. */
static unsigned
kraft(const uint8_t *lengths, unsigned count)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++) {
		if (lengths[i] > 0)
			sum += 1u << (15 - lengths[i]);
	}
	return sum;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The fewest bits there can be under a limit, by package-merge (Larmore and
 * Hirschberg 1990): of 2n - 2 packages of the last round each is paid once. */
static uint64_t
fewest_bits(const uint16_t *uses, unsigned count, unsigned max)
{
	uint64_t leaves[SYMBOLS], row[3 * SYMBOLS], bits = 0;
	unsigned n = 0, len = 0;

	for (unsigned i = 0; i < count; i++) {
		if (uses[i] > 0)
			leaves[n++] = uses[i];
	}
	if (n < 2)
		return n == 1 ? leaves[0] : 0;
	for (unsigned round = 0; round < max; round++) {
		for (unsigned i = 0; i < len / 2; i++)
			row[i] = row[2 * i] + row[2 * i + 1];
		len /= 2;
		memcpy(row + len, leaves, n * sizeof(*leaves));
		len += n;
		qsort(row, len, sizeof(*row), compare);
	}
	for (unsigned i = 0; i < 2 * n - 2; i++)
		bits += row[i];
	return bits;
}

/* Choose lengths, and check what must hold of all. Returns the bits that the
 * symbols take. */
static uint32_t
choose(const char *name, const uint16_t *uses, unsigned count, unsigned max,
    uint8_t *lengths)
{
	uint32_t bits = ws_deflate_code_lengths(uses, count, max, lengths);
	uint32_t sum = 0;

	cr_assert_eq(kraft(lengths, count), 1u << 15, "%s: not complete", name);
	for (unsigned i = 0; i < count; i++) {
		sum += (uint32_t)uses[i] * lengths[i];
		cr_assert_leq(lengths[i], max, "%s: symbol %u", name, i);
		cr_assert(uses[i] == 0 || lengths[i] > 0,
		    "%s: symbol %u has no code", name, i);
		for (unsigned j = 0; j < count; j++)
			cr_assert(uses[j] >= uses[i] || uses[j] == 0 ||
				      lengths[j] >= lengths[i],
			    "%s: %u is rarer than %u, but shorter", name, j, i);
	}
	cr_assert_eq(bits, sum, "%s: %u bits are %u", name, bits, sum);
	return bits;
}

/* No code begins with all of another one. The first bit is the lowest. */
static void
expect_prefix_free(const char *name, const uint8_t *lengths, unsigned count)
{
	struct ws_deflate_code codes[SYMBOLS];

	ws_deflate_code_bits(lengths, count, codes);
	for (unsigned i = 0; i < count; i++) {
		unsigned mask = (1u << lengths[i]) - 1;

		if (lengths[i] == 0)
			continue;
		cr_assert_eq(codes[i].count, lengths[i]);
		cr_assert_eq(codes[i].bits & ~mask, 0);
		for (unsigned j = 0; j < count; j++) {
			if (i == j || lengths[j] < lengths[i])
				continue;
			cr_assert_neq(codes[i].bits, codes[j].bits & mask,
			    "%s: %u begins with %u", name, j, i);
		}
	}
}

/* RFC 1951 section 3.2.2: the example with lengths 3 3 3 3 3 2 4 4. */
Test(deflate_code, gives_the_codes_of_the_rfc)
{
	static const uint8_t counts[] = { 3, 3, 3, 3, 3, 2, 4, 4 };
	/* The first bit is the highest. */
	static const unsigned bits[] = { 2, 3, 4, 5, 6, 0, 14, 15 };
	struct ws_deflate_code codes[WS_LEN(counts)];

	ws_deflate_code_bits(counts, WS_LEN(counts), codes);
	for (size_t i = 0; i < WS_LEN(counts); i++) {
		unsigned turned = 0, code = codes[i].bits;

		for (unsigned bit = 0; bit < counts[i]; bit++)
			turned = turned << 1 | (code >> bit & 1);
		cr_expect_eq(turned, bits[i], "%c", (char)('A' + i));
		cr_expect_eq(codes[i].count, counts[i], "%c", (char)('A' + i));
	}
}

/* Those of the diagram in deflate_code.c. */
Test(deflate_code, gives_short_codes_to_frequent_symbols)
{
	static const uint16_t uses[] = { 1, 1, 2, 5 };
	uint8_t lengths[4];

	cr_expect_eq(choose("diagram", uses, 4, 15, lengths), 15);
	cr_expect_eq(memcmp(lengths, "\3\3\2\1", 4), 0);
}

Test(deflate_code, has_two_symbols_at_least)
{
	static const struct {
		const char *name;
		uint16_t uses[4];
		uint8_t lengths[4];
		unsigned bits;
	} rows[] = {
		{ "none", { 0, 0, 0, 0 }, { 1, 1, 0, 0 }, 0 },
		{ "the first", { 9, 0, 0, 0 }, { 1, 1, 0, 0 }, 9 },
		{ "the second", { 0, 9, 0, 0 }, { 1, 1, 0, 0 }, 9 },
		{ "the last", { 0, 0, 0, 9 }, { 1, 0, 0, 1 }, 9 },
		{ "two", { 0, 7, 0, 9 }, { 0, 1, 0, 1 }, 16 },
	};
	uint8_t lengths[4];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		cr_expect_eq(choose(rows[i].name, rows[i].uses, 4, 15, lengths),
		    rows[i].bits, "%s", rows[i].name);
		cr_expect_eq(
		    memcmp(lengths, rows[i].lengths, 4), 0, "%s", rows[i].name);
	}
}

/* Uses that grow like Fibonacci's numbers or like powers want codes as long as
 * there are symbols. */
Test(deflate_code, keeps_the_limit)
{
	static const unsigned limits[] = { 5, 7, 9, 15 };

	for (size_t i = 0; i < WS_LEN(limits); i++) {
		uint16_t fibonacci[19] = { 1, 1 }, powers[15];
		uint8_t lengths[19];
		uint64_t fewest;

		for (size_t s = 2; s < 19; s++)
			fibonacci[s] =
			    (uint16_t)(fibonacci[s - 1] + fibonacci[s - 2]);
		for (size_t s = 0; s < 15; s++)
			powers[s] = (uint16_t)(1u << s);
		/* Nothing real comes near these, and it is seldom as bad. */
		fewest = fewest_bits(fibonacci, 19, limits[i]);
		cr_expect_leq(
		    choose("Fibonacci", fibonacci, 19, limits[i], lengths),
		    fewest + fewest / 8, "Fibonacci, limit %u", limits[i]);
		fewest = fewest_bits(powers, 15, limits[i]);
		cr_expect_leq(choose("powers", powers, 15, limits[i], lengths),
		    fewest + fewest / 8, "powers, limit %u", limits[i]);
	}
}

/* Any uses: a complete code, within the limit, prefix-free, and the best one
 * there is as long as the limit does not matter. */
Test(deflate_code, is_the_best_code)
{
	struct dice dice = { 99 };

	for (int round = 0; round < 600; round++) {
		uint16_t uses[SYMBOLS] = { 0 };
		uint8_t lengths[SYMBOLS];
		unsigned count = 2 + roll(&dice, SYMBOLS - 1);
		unsigned shape = roll(&dice, 4), longest = 0;
		uint64_t bits, fewest;
		char name[32];

		for (unsigned i = 0; i < count; i++) {
			uint32_t most = 1u << roll(&dice, 7 + shape);

			if (shape == 0)
				most = 200;
			else if (shape == 1)
				most = 2;
			uses[i] = (uint16_t)roll(&dice, most);
		}
		snprintf(name, sizeof(name), "round %d", round);
		bits = choose(name, uses, count, 15, lengths);
		expect_prefix_free(name, lengths, count);
		for (unsigned i = 0; i < count; i++) {
			if (lengths[i] > longest)
				longest = lengths[i];
		}
		fewest = fewest_bits(uses, count, 15);
		if (longest < 15)
			cr_assert_eq(bits, fewest, "%s", name);
		cr_assert_leq(bits, fewest + fewest / 50 + 2, "%s", name);
	}
}

/* As many symbols as a header has, in 7 bits. */
Test(deflate_code, keeps_seven_bits_for_nineteen_symbols)
{
	for (unsigned count = 2; count <= 19; count++) {
		uint16_t uses[19];
		uint8_t lengths[19];

		for (unsigned i = 0; i < count; i++)
			uses[i] = (uint16_t)(i < 15 ? 1u << i : 1);
		choose("powers", uses, count, 7, lengths);
	}
}

/* All symbols equal, and as many as there are. */
Test(deflate_code, takes_whole_alphabets)
{
	uint16_t uses[SYMBOLS];
	uint8_t lengths[SYMBOLS];

	for (unsigned i = 0; i < SYMBOLS; i++)
		uses[i] = 229; /* 65,494 in all */
	choose("equal", uses, SYMBOLS, 15, lengths);
	cr_expect_eq(choose("equal", uses, 256, 15, lengths), 8 * 229 * 256);
	choose("nine bits", uses, SYMBOLS, 9, lengths);
}
