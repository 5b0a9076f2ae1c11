/* test_utf8.c - UTF-8 validation against a slow decoder (RFC 3629). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "test/guard.h"

/* The octets at which the ranges of RFC 3629 section 4 begin and end, and
 * their neighbours outside. */
static const uint8_t edges[] = {
	0x00,
	0x7f,
	0x80,
	0x8f,
	0x90,
	0x9f,
	0xa0,
	0xbf,
	0xc0,
	0xc1,
	0xc2,
	0xdf,
	0xe0,
	0xe1,
	0xec,
	0xed,
	0xee,
	0xef,
	0xf0,
	0xf1,
	0xf3,
	0xf4,
	0xf5,
	0xff,
};

enum verdict {
	INVALID = -1,
	INCOMPLETE = 0,
	VALID = 1,
};

/* The tails that a first octet announces (RFC 3629 section 3), or -1. */
static int
tails_of(uint8_t first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc0 || first >= 0xf8)
		return -1;
	return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

/* Judge one character by decoding its number: the lowest and the highest that
 * can still come of the octets that are there. Shares nothing with the ranges
 * of octets that the validator works with. */
static enum verdict
reference_character(const uint8_t *p, size_t len, size_t *size)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	static const uint32_t bits[] = { 0x7f, 0x1f, 0x0f, 0x07 };
	int tails = tails_of(p[0]);
	uint32_t low, high;

	if (tails < 0)
		return INVALID;
	*size = (size_t)tails + 1;
	low = high = p[0] & bits[tails];
	for (size_t i = 1; i < *size; i++) {
		if (i < len && (p[i] & 0xc0) != 0x80)
			return INVALID;
		low = low << 6 | (i < len ? p[i] & 0x3fu : 0);
		high = high << 6 | (i < len ? p[i] & 0x3fu : 0x3f);
	}
	if (high < least[tails] || low > 0x10ffff)
		return INVALID;
	if (low >= 0xd800 && high <= 0xdfff)
		return INVALID;
	return len < *size ? INCOMPLETE : VALID;
}

static enum verdict
reference(const uint8_t *p, size_t len)
{
	enum verdict verdict = VALID;
	size_t size;

	for (; len > 0 && verdict == VALID; p += size, len -= size) {
		verdict = reference_character(p, len, &size);
		if (verdict != VALID)
			return verdict;
	}
	return VALID;
}

static enum verdict
verdict_of(uint8_t state)
{
	if (state == WS_UTF8_ACCEPT)
		return VALID;
	return state == WS_UTF8_REJECT ? INVALID : INCOMPLETE;
}

/* One octet at a time: the verdict must be right after each of them. */
static void
check_dribbled(const uint8_t *p, size_t len)
{
	uint8_t state = WS_UTF8_ACCEPT;

	for (size_t i = 0; i < len; i++) {
		state = ws_utf8_check(state, p + i, 1);
		if (verdict_of(state) != reference(p, i + 1))
			cr_assert(false, "octet %zu of %02x %02x %02x %02x", i,
			    p[0], len > 1 ? p[1] : 0, len > 2 ? p[2] : 0,
			    len > 3 ? p[3] : 0);
	}
}

/* Whole, and in two pieces split everywhere. */
static void
check_split(const char *name, const uint8_t *p, size_t len)
{
	enum verdict expected = reference(p, len);
	uint8_t state = ws_utf8_check(WS_UTF8_ACCEPT, p, len);

	cr_assert_eq(verdict_of(state), expected, "%s: whole", name);
	for (size_t i = 0; i <= len; i++) {
		state = ws_utf8_check(WS_UTF8_ACCEPT, p, i);
		state = ws_utf8_check(state, p + i, len - i);
		if (verdict_of(state) != expected)
			cr_assert(false, "%s: split at %zu", name, i);
	}
}

static size_t
encode(uint32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

Test(utf8, accepts_and_refuses_by_name)
{
	static const struct {
		const char *name;
		struct ws_span text;
		enum verdict expected;
	} rows[] = {
		{ "nothing", WS_SPAN(""), VALID },
		{ "NUL", WS_SPAN("\0"), VALID },
		{ "RFC 3629 7: A not-identical-to Alpha",
		    WS_SPAN("\x41\xe2\x89\xa2\xce\x91\x2e"), VALID },
		{ "RFC 3629 7: hangugeo",
		    WS_SPAN("\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4"), VALID },
		{ "RFC 3629 7: nihongo",
		    WS_SPAN("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"), VALID },
		{ "RFC 3629 7: byte order mark and U+233B4",
		    WS_SPAN("\xef\xbb\xbf\xf0\xa3\x8e\xb4"), VALID },
		{ "the highest, U+10FFFF", WS_SPAN("\xf4\x8f\xbf\xbf"), VALID },
		{ "RFC 3629 10: overlong NUL", WS_SPAN("\xc0\x80"), INVALID },
		{ "RFC 3629 10: overlong /../", WS_SPAN("\x2f\xc0\xae\x2e\x2f"),
		    INVALID },
		{ "overlong in 3", WS_SPAN("\xe0\x9f\xbf"), INVALID },
		{ "overlong in 4", WS_SPAN("\xf0\x8f\xbf\xbf"), INVALID },
		{ "high surrogate", WS_SPAN("\xed\xa0\x80"), INVALID },
		{ "low surrogate", WS_SPAN("\xed\xbf\xbf"), INVALID },
		{ "U+110000", WS_SPAN("\xf4\x90\x80\x80"), INVALID },
		{ "a tail alone", WS_SPAN("\x80"), INVALID },
		{ "five octets' first", WS_SPAN("\xf8"), INVALID },
		{ "a character cut short", WS_SPAN("\xe2\x82"), INCOMPLETE },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard g = guard_copy(rows[i].text.at, rows[i].text.len);

		cr_assert_eq(reference(g.at, g.len), rows[i].expected, "%s",
		    rows[i].name);
		check_split(rows[i].name, g.at, g.len);
		check_dribbled(g.at, g.len);
		guard_free(&g);
	}
	cr_assert_eq(ws_utf8_check(WS_UTF8_ACCEPT, NULL, 0), WS_UTF8_ACCEPT);
}

Test(utf8, agrees_on_every_two_octets)
{
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t text[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		check_dribbled(text, 2);
	}
}

Test(utf8, agrees_on_every_three_octets_after_a_long_first)
{
	for (unsigned i = 0xc00000; i < 0x1000000; i++) {
		uint8_t text[3] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			(uint8_t)i };
		uint8_t state = ws_utf8_check(WS_UTF8_ACCEPT, text, 3);

		if (verdict_of(state) != reference(text, 3))
			cr_assert(false, "%06x", i);
	}
}

Test(utf8, agrees_on_every_four_edges)
{
	const size_t n = WS_LEN(edges);

	for (size_t i = 0; i < n * n * n * n; i++) {
		uint8_t text[4] = { edges[i / (n * n * n)],
			edges[i / (n * n) % n], edges[i / n % n],
			edges[i % n] };

		check_dribbled(text, 4);
	}
}

/* Put four edges anywhere into a text long enough for blocks, so that each
 * place within a block, its borders and the last octets are met. */
static void
check_edges_within(const uint8_t *around, size_t len, size_t at)
{
	const size_t n = WS_LEN(edges);
	uint8_t text[256];

	memcpy(text, around, len);
	for (size_t i = 0; i < n * n * n; i++) {
		uint8_t state;

		text[at] = edges[i / (n * n)];
		text[at + 1] = edges[i / n % n];
		text[at + 2] = edges[i % n];
		state = ws_utf8_check(WS_UTF8_ACCEPT, text, len);
		if (verdict_of(state) != reference(text, len))
			cr_assert(false, "%02x %02x %02x at %zu of %zu",
			    text[at], text[at + 1], text[at + 2], at, len);
	}
}

Test(utf8, agrees_at_every_place_of_ascii)
{
	uint8_t around[110];

	memset(around, 'a', sizeof(around));
	around[0] = 0xc3; /* keep it off the ASCII path at first */
	around[1] = 0xa9;
	for (size_t at = 0; at + 3 <= sizeof(around); at++)
		check_edges_within(around, sizeof(around), at);
}

Test(utf8, agrees_at_every_place_of_longer_characters)
{
	static const char *const units[] = { "\xd0\xb9", "\xe4\xbd\xa0",
		"\xf0\x9f\x98\x80" };

	for (size_t u = 0; u < WS_LEN(units); u++) {
		size_t size = strlen(units[u]), len = 0;
		uint8_t around[96];

		for (; len + size <= sizeof(around); len += size)
			memcpy(around + len, units[u], size);
		for (size_t at = 0; at + 3 <= len; at++)
			check_edges_within(around, len, at);
	}
}

Test(utf8, accepts_every_character_and_no_surrogate)
{
	uint8_t text[4];

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		size_t len = encode(c, text);
		uint8_t state = ws_utf8_check(WS_UTF8_ACCEPT, text, len);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;

		if (state != (surrogate ? WS_UTF8_REJECT : WS_UTF8_ACCEPT))
			cr_assert(false, "U+%04X", c);
	}
}

/* A text of many scripts, in which one octet may be broken. */
static size_t
many_scripts(uint8_t *text, size_t room)
{
	static const uint32_t pattern[] = { 'a', 0x3b1, 'b', 0x4f60, 0x597d,
		0x1f600, ' ', 0x439, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff,
		'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z' };
	size_t len = 0;

	for (size_t i = 0; len + 4 <= room; i++)
		len += encode(pattern[i % WS_LEN(pattern)], text + len);
	return len;
}

Test(utf8, agrees_at_every_split_of_many_scripts)
{
	uint8_t text[300];
	size_t len = many_scripts(text, sizeof(text));

	check_split("good", text, len);
	check_dribbled(text, len);
	for (size_t i = 0; i < len; i++) {
		uint8_t kept = text[i];

		text[i] ^= 0x40;
		check_split("broken", text, len);
		text[i] = kept;
	}
}

Test(utf8, agrees_at_every_alignment_and_length)
{
	uint8_t text[400];
	size_t len = many_scripts(text, sizeof(text));

	for (size_t at = 0; at < 32; at++) {
		for (size_t n = 0; n <= len - at; n++) {
			uint8_t state =
			    ws_utf8_check(WS_UTF8_ACCEPT, text + at, n);

			if (verdict_of(state) != reference(text + at, n))
				cr_assert(false, "%zu octets at %zu", n, at);
		}
	}
}

Test(utf8, reads_nothing_beyond_its_input)
{
	uint8_t text[400];
	size_t len = many_scripts(text, sizeof(text));

	for (size_t n = 0; n <= len; n++) {
		struct guard g = guard_copy(text + len - n, n);
		uint8_t state = ws_utf8_check(WS_UTF8_ACCEPT, g.at, n);

		cr_assert_eq(verdict_of(state), reference(g.at, n), "%zu", n);
		guard_free(&g);
	}
}

Test(utf8, finds_one_bad_octet_in_long_ascii)
{
	uint8_t text[300];

	memset(text, 'x', sizeof(text));
	for (size_t at = 0; at < sizeof(text); at++) {
		text[at] = 0xff;
		cr_assert_eq(ws_utf8_check(WS_UTF8_ACCEPT, text, sizeof(text)),
		    WS_UTF8_REJECT, "at %zu", at);
		text[at] = 'x';
	}
}

Test(utf8, stays_rejected)
{
	uint8_t text[200];

	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++)
		cr_assert_eq(ws_utf8_check(WS_UTF8_REJECT, text, len),
		    WS_UTF8_REJECT, "%zu", len);
}

/* Against RFC 3629 section 3, bit by bit. */
Test(utf8, measures_every_character)
{
	for (uint32_t c = 0x80; c <= 0x10ffff; c++) {
		char text[4];
		int len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		bool surrogate = c >= 0xd800 && c < 0xe000;

		for (int i = len - 1; i > 0; i--)
			text[i] =
			    (char)(0x80 | (c >> (6 * (len - 1 - i)) & 0x3f));
		text[0] = (char)(0xf0u << (4 - len) | c >> 6 * (len - 1));
		cr_assert_eq(ws_utf8_char_len(text, sizeof(text)),
		    surrogate ? -1 : len, "U+%04X", c);
		cr_assert(ws_utf8_char_len(text, (size_t)len - 1) < 0);
	}
}

/* A cut or broken character is skipped up to where it broke, as the Encoding
 * Standard's decoder does it. */
Test(utf8, measures_what_is_no_character)
{
	static const struct {
		const char *text;
		int len;
	} rows[] = {
		{ "a", 1 },
		{ "a\x80", 1 },
		{ "\x80", -1 },
		{ "\xbf\x80", -1 },
		{ "\xc0\x80", -1 },
		{ "\xc3", -1 },
		{ "\xc3(", -1 },
		{ "\xe0\x80\x80", -1 },
		{ "\xe2\x82", -2 },
		{ "\xe2\x82(", -2 },
		{ "\xed\xa0\x80", -1 },
		{ "\xf0\x9f\x98", -3 },
		{ "\xf0\x9f\x98(", -3 },
		{ "\xf0\x8f\xbf\xbf", -1 },
		{ "\xf4\x90\x80\x80", -1 },
		{ "\xf5\x80\x80\x80", -1 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard in =
		    guard_copy(rows[i].text, strlen(rows[i].text));

		cr_expect_eq(ws_utf8_char_len((const char *)in.at, in.len),
		    rows[i].len, "row %zu", i);
		guard_free(&in);
	}
}
