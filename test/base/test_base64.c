/* test_base64.c - base64 against the vectors of RFC 4648 section 10. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "base64.h"
#include "base/bytes.h"
#include "test/guard.h"

static void
check_both_ways(const char *name, struct ws_span octets, struct ws_span text)
{
	struct guard in = guard_copy(octets.at, octets.len);
	struct guard out = guard_copy(text.at, text.len);
	uint8_t decoded[256];
	char encoded[512];

	cr_assert_eq(
	    ws_base64_encode(in.at, in.len, encoded), text.len, "%s", name);
	cr_assert_eq(WS_BASE64_ENCODED(octets.len), text.len, "%s", name);
	cr_assert_eq(memcmp(encoded, text.at, text.len), 0, "%s", name);
	cr_assert_eq(ws_base64_decode((char *)out.at, out.len, decoded),
	    (ssize_t)octets.len, "%s", name);
	cr_assert_leq(octets.len, WS_BASE64_DECODED(text.len), "%s", name);
	cr_assert_eq(memcmp(decoded, octets.at, octets.len), 0, "%s", name);
	guard_free(&in);
	guard_free(&out);
}

Test(base64, vectors)
{
	static const struct {
		const char *name;
		struct ws_span octets, text;
	} rows[] = {
		{ "empty", WS_SPAN(""), WS_SPAN("") },
		{ "RFC 4648 10: f", WS_SPAN("f"), WS_SPAN("Zg==") },
		{ "RFC 4648 10: fo", WS_SPAN("fo"), WS_SPAN("Zm8=") },
		{ "RFC 4648 10: foo", WS_SPAN("foo"), WS_SPAN("Zm9v") },
		{ "RFC 4648 10: foob", WS_SPAN("foob"), WS_SPAN("Zm9vYg==") },
		{ "RFC 4648 10: fooba", WS_SPAN("fooba"), WS_SPAN("Zm9vYmE=") },
		{ "RFC 4648 10: foobar", WS_SPAN("foobar"),
		    WS_SPAN("Zm9vYmFy") },
		{ "RFC 4648 9", WS_SPAN("\x14\xfb\x9c\x03\xd9\x7e"),
		    WS_SPAN("FPucA9l+") },
		{ "RFC 6455 1.3 key", WS_SPAN("the sample nonce"),
		    WS_SPAN("dGhlIHNhbXBsZSBub25jZQ==") },
		{ "all zero", WS_SPAN("\0\0\0"), WS_SPAN("AAAA") },
		{ "all one", WS_SPAN("\xff\xff\xff"), WS_SPAN("////") },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		check_both_ways(rows[i].name, rows[i].octets, rows[i].text);
}

Test(base64, refuses_what_no_encoder_writes)
{
	static const struct {
		const char *name;
		struct ws_span text;
	} rows[] = {
		{ "one character", WS_SPAN("Z") },
		{ "two characters", WS_SPAN("Zg") },
		{ "three characters", WS_SPAN("Zg=") },
		{ "five characters", WS_SPAN("Zm9vY") },
		{ "padding only", WS_SPAN("====") },
		{ "three of padding", WS_SPAN("Z===") },
		{ "padding first", WS_SPAN("=Zm9") },
		{ "padding second", WS_SPAN("Z=m9") },
		{ "padding third", WS_SPAN("Zm=v") },
		{ "padding in the middle", WS_SPAN("Zg==Zm9v") },
		{ "padding after a whole group", WS_SPAN("Zm9v====") },
		{ "unused bits before ==", WS_SPAN("Zh==") },
		{ "highest unused bit before ==", WS_SPAN("Zo==") },
		{ "unused bits before =", WS_SPAN("Zm9=") },
		{ "highest unused bit before =", WS_SPAN("Zm+=") },
		{ "line end after", WS_SPAN("Zm9v\n") },
		{ "line end inside", WS_SPAN("Zm\r\n") },
		{ "space", WS_SPAN("Zm9 ") },
		{ "NUL", WS_SPAN("Zm9\0") },
		{ "URL alphabet", WS_SPAN("Zm-_") },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard g = guard_copy(rows[i].text.at, rows[i].text.len);
		uint8_t out[16];

		cr_assert_eq(ws_base64_decode((char *)g.at, g.len, out), -1,
		    "%s", rows[i].name);
		guard_free(&g);
	}
}

Test(base64, every_octet_as_a_character_in_every_place)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < 1024; i++) {
		char text[4] = { 'A', 'A', 'A', 'A' };
		char c = (char)(i / 4);
		const char *found = memchr(alphabet, c, 64);
		uint8_t out[3];
		ssize_t n;

		text[i % 4] = c;
		n = ws_base64_decode(text, 4, out);
		if (found == NULL) {
			/* "AAA=" is the two octets 0. */
			cr_assert_eq(n, c == '=' && i % 4 == 3 ? 2 : -1,
			    "%02zx at %zu", i / 4, i % 4);
			continue;
		}
		cr_assert_eq(n, 3, "%c at %zu", c, i % 4);
		cr_assert_eq((unsigned)(out[0] << 16 | out[1] << 8 | out[2]),
		    (unsigned)(found - alphabet) << (18 - 6 * (i % 4)),
		    "%c at %zu", c, i % 4);
	}
}

/* Of all texts of one group that end in padding, those and only those are good
 * that the encoder gives back: 64 * 16 of two octets, 4 of one. */
Test(base64, is_canonical)
{
	unsigned good = 0;

	for (unsigned i = 0; i < 0x10000; i++) {
		char text[4] = { 'A', (char)(i >> 8), (char)i, '=' };
		uint8_t out[3];
		char again[4];
		ssize_t n = ws_base64_decode(text, 4, out);

		if (n < 0)
			continue;
		good++;
		ws_base64_encode(out, (size_t)n, again);
		cr_assert_eq(memcmp(text, again, 4), 0, "%04x", i);
	}
	cr_assert_eq(good, 64 * 16 + 4);
}

Test(base64, gives_back_every_length)
{
	uint8_t octets[192], decoded[192];
	char text[256];

	for (size_t len = 0; len <= sizeof(octets); len++) {
		size_t n;

		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)(i * 37 + len);
		n = ws_base64_encode(octets, len, text);
		cr_assert_eq(ws_base64_decode(text, n, decoded), (ssize_t)len);
		cr_assert_eq(memcmp(octets, decoded, len), 0, "%zu", len);
	}
}
