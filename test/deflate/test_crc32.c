/* test_crc32.c - CRC-32, bit by bit and beside zlib (RFC 1952 section 8). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <zlib.h>

#include "base/bytes.h"
#include "deflate/crc32.h"
#include "test/guard.h"

/* The division by hand. */
static uint32_t
reference(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < 8 * len; i++) {
		uint32_t bit = (crc ^ data[i / 8] >> i % 8) & 1;

		crc = crc >> 1 ^ (bit != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

Test(crc32, of_known_texts)
{
	static const struct {
		const char *name;
		struct ws_span text;
		uint32_t expected;
	} rows[] = {
		{ "nothing", WS_SPAN(""), 0 },
		{ "the check value of the catalogues", WS_SPAN("123456789"),
		    0xcbf43926 },
		{ "a", WS_SPAN("a"), 0xe8b7be43 },
		{ "NUL", WS_SPAN("\0"), 0xd202ef8d },
		{ "four NULs", WS_SPAN("\0\0\0\0"), 0x2144df1c },
		{ "four of ff", WS_SPAN("\xff\xff\xff\xff"), 0xffffffff },
		{ "the fox",
		    WS_SPAN("The quick brown fox jumps over the lazy dog"),
		    0x414fa339 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard g = guard_copy(rows[i].text.at, rows[i].text.len);

		cr_assert_eq(ws_crc32(0, g.at, g.len), rows[i].expected, "%s",
		    rows[i].name);
		cr_assert_eq(reference(g.at, g.len), rows[i].expected, "%s",
		    rows[i].name);
		guard_free(&g);
	}
	cr_assert_eq(ws_crc32(0, NULL, 0), 0);
	cr_assert_eq(ws_crc32(0x12345678, NULL, 0), 0x12345678);
}

Test(crc32, of_every_octet)
{
	for (unsigned i = 0; i < 256; i++) {
		uint8_t octet = (uint8_t)i;

		cr_assert_eq(
		    ws_crc32(0, &octet, 1), reference(&octet, 1), "%u", i);
	}
}

Test(crc32, is_the_same_however_a_text_is_cut)
{
	uint8_t text[300];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * i * 31 >> 3);
	for (size_t len = 0; len <= sizeof(text); len++) {
		uint32_t whole = ws_crc32(0, text, len);
		size_t cut = len * 7 % (len + 1);

		cr_assert_eq(whole, reference(text, len), "%zu", len);
		cr_assert_eq(whole, (uint32_t)crc32(0, text, (uInt)len));
		cr_assert_eq(
		    ws_crc32(ws_crc32(0, text, cut), text + cut, len - cut),
		    whole, "%zu of %zu", cut, len);
	}
}
