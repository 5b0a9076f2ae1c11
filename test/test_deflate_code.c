/* test_deflate_code.c - Huffman codes of limited length. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "../bytes.h"
#include "../deflate_state.h"
#include "corpora.h"

enum {
	SYMBOLS = WS_DEFLATE_LITLENS
};

/* The sum of 2^-count over all codes, in units of 2^-15. */
static unsigned
kraft(const struct ws_deflate_code *codes, unsigned count)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++) {
		if (codes[i].count > 0)
			sum += 1u << (15 - codes[i].count);
	}
	return sum;
}

static uint64_t
bits_of(
    const uint16_t *uses, const struct ws_deflate_code *codes, unsigned count)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < count; i++)
		bits += (uint64_t)uses[i] * codes[i].count;
	return bits;
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

/* Check what must hold of any code. */
static void
expect_code(const char *name, const uint16_t *uses, unsigned count,
    unsigned max, const struct ws_deflate_code *codes)
{
	cr_assert_eq(kraft(codes, count), 1u << 15, "%s: not complete", name);
	for (unsigned i = 0; i < count; i++) {
		cr_assert_leq(codes[i].count, max, "%s: symbol %u", name, i);
		cr_assert(uses[i] == 0 || codes[i].count > 0,
		    "%s: symbol %u has no code", name, i);
		for (unsigned j = 0; j < i; j++) {
			cr_assert(uses[j] <= uses[i] || uses[i] == 0 ||
				      codes[j].count <= codes[i].count,
			    "%s: %u is more frequent than %u", name, j, i);
			cr_assert(uses[j] >= uses[i] || uses[j] == 0 ||
				      codes[j].count >= codes[i].count,
			    "%s: %u is more frequent than %u", name, i, j);
		}
	}
}

/* No code begins with all of another one. The first bit is the lowest. */
static void
expect_prefix_free(
    const char *name, const struct ws_deflate_code *codes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < count; j++) {
			unsigned mask = (1u << codes[i].count) - 1;

			if (i == j || codes[i].count == 0 ||
			    codes[j].count < codes[i].count)
				continue;
			cr_assert_neq(codes[i].bits, codes[j].bits & mask,
			    "%s: %u begins with %u", name, j, i);
		}
	}
}

/* RFC 1951 section 3.2.2: the example with lengths 3 3 3 3 3 2 4 4. */
Test(deflate_code, gives_the_codes_of_the_rfc)
{
	static const struct {
		unsigned count, bits; /* the first bit is the highest */
	} want[] = { { 3, 2 }, { 3, 3 }, { 3, 4 }, { 3, 5 }, { 3, 6 }, { 2, 0 },
		{ 4, 14 }, { 4, 15 } };
	struct ws_deflate_code codes[WS_LEN(want)] = { 0 };

	for (size_t i = 0; i < WS_LEN(want); i++)
		codes[i].count = (uint16_t)want[i].count;
	ws_deflate_code_bits(codes, WS_LEN(want));
	for (size_t i = 0; i < WS_LEN(want); i++) {
		unsigned turned = 0;

		for (unsigned bit = 0; bit < want[i].count; bit++)
			turned = turned << 1 | (codes[i].bits >> bit & 1u);
		cr_expect_eq(turned, want[i].bits, "%c", (char)('A' + i));
	}
}

/* Those of the diagram in deflate_code.c. */
Test(deflate_code, gives_short_codes_to_frequent_symbols)
{
	static const uint16_t uses[] = { 1, 1, 2, 5 };
	static const unsigned want[] = { 3, 3, 2, 1 };
	struct ws_deflate_code codes[4];

	ws_deflate_code_lengths(uses, 4, 15, codes);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(codes[i].count, want[i], "symbol %zu", i);
}

Test(deflate_code, has_two_symbols_at_least)
{
	static const struct {
		const char *name;
		uint16_t uses[4];
		unsigned counts[4];
	} rows[] = {
		{ "none", { 0, 0, 0, 0 }, { 1, 1, 0, 0 } },
		{ "the first", { 9, 0, 0, 0 }, { 1, 1, 0, 0 } },
		{ "the second", { 0, 9, 0, 0 }, { 1, 1, 0, 0 } },
		{ "the last", { 0, 0, 0, 9 }, { 1, 0, 0, 1 } },
		{ "two", { 0, 7, 0, 9 }, { 0, 1, 0, 1 } },
	};
	struct ws_deflate_code codes[4];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		ws_deflate_code_lengths(rows[i].uses, 4, 15, codes);
		for (size_t s = 0; s < 4; s++)
			cr_expect_eq(codes[s].count, rows[i].counts[s],
			    "%s: symbol %zu", rows[i].name, s);
	}
}

/* Uses that grow like Fibonacci's numbers or like powers want codes as long as
 * there are symbols. */
Test(deflate_code, keeps_the_limit)
{
	static const unsigned limits[] = { 5, 7, 9, 15 };

	for (size_t i = 0; i < WS_LEN(limits); i++) {
		uint16_t fibonacci[19] = { 1, 1 }, powers[15];
		struct ws_deflate_code codes[19];
		uint64_t fewest;

		for (size_t s = 2; s < 19; s++)
			fibonacci[s] =
			    (uint16_t)(fibonacci[s - 1] + fibonacci[s - 2]);
		for (size_t s = 0; s < 15; s++)
			powers[s] = (uint16_t)(1u << s);
		ws_deflate_code_lengths(fibonacci, 19, limits[i], codes);
		expect_code("Fibonacci", fibonacci, 19, limits[i], codes);
		fewest = fewest_bits(fibonacci, 19, limits[i]);
		/* Seldom as bad as this, which nothing real comes near. */
		cr_expect_leq(bits_of(fibonacci, codes, 19),
		    fewest + fewest / 8, "Fibonacci, limit %u", limits[i]);
		ws_deflate_code_lengths(powers, 15, limits[i], codes);
		expect_code("powers", powers, 15, limits[i], codes);
		fewest = fewest_bits(powers, 15, limits[i]);
		cr_expect_leq(bits_of(powers, codes, 15), fewest + fewest / 8,
		    "powers, limit %u", limits[i]);
	}
}

/* Any uses: a complete code, within the limit, prefix-free, and the best one
 * there is as long as the limit does not matter. */
Test(deflate_code, is_the_best_code)
{
	struct dice dice = { 99 };

	for (int round = 0; round < 600; round++) {
		uint16_t uses[SYMBOLS] = { 0 };
		struct ws_deflate_code codes[SYMBOLS];
		unsigned count = 2 + roll(&dice, SYMBOLS - 1);
		unsigned shape = roll(&dice, 4), longest = 0;
		uint64_t fewest;
		char name[32];

		for (unsigned i = 0; i < count; i++) {
			if (shape == 0)
				uses[i] = (uint16_t)roll(&dice, 200);
			else if (shape == 1)
				uses[i] = (uint16_t)(roll(&dice, 3) == 0);
			else
				uses[i] = (uint16_t)(roll(
				    &dice, 1u << roll(&dice, 7 + shape)));
		}
		snprintf(name, sizeof(name), "round %d", round);
		ws_deflate_code_lengths(uses, count, 15, codes);
		expect_code(name, uses, count, 15, codes);
		ws_deflate_code_bits(codes, count);
		expect_prefix_free(name, codes, count);
		for (unsigned i = 0; i < count; i++) {
			if (codes[i].count > longest)
				longest = codes[i].count;
		}
		fewest = fewest_bits(uses, count, 15);
		if (longest < 15)
			cr_assert_eq(
			    bits_of(uses, codes, count), fewest, "%s", name);
		cr_assert_leq(bits_of(uses, codes, count),
		    fewest + fewest / 50 + 2, "%s", name);
	}
}

/* As many symbols as the alphabet has, and the header's with its 7 bits. */
Test(deflate_code, keeps_seven_bits_for_nineteen_symbols)
{
	for (unsigned count = 2; count <= 19; count++) {
		uint16_t uses[19];
		struct ws_deflate_code codes[19];

		for (unsigned i = 0; i < count; i++)
			uses[i] = (uint16_t)(1u << (i < 15 ? i : 15));
		ws_deflate_code_lengths(uses, count, 7, codes);
		expect_code("19", uses, count, 7, codes);
	}
}
