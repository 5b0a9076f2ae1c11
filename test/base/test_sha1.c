/* test_sha1.c - SHA-1 against the vectors of FIPS 180-4. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/bytes.h"
#include "sha1.h"
#include "test/guard.h"

static const struct {
	const char *name;
	struct ws_span text;
	const char *digest;
} vectors[] = {
	{ "empty", WS_SPAN(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "24 bits", WS_SPAN("abc"),
	    "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "448 bits",
	    WS_SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	    "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ "896 bits",
	    WS_SPAN("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
	    "a49b2446a02c645bf419f995b67091253a04a259" },
	{ "RFC 6455 1.3 accept key",
	    WS_SPAN("dGhlIHNhbXBsZSBub25jZQ=="
		    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
	    "b37a4f2cc0624f1690f64606cf385945b2bec4ea" },
};

static void
check_digest(const char *name, const struct ws_sha1 *h, const char *expected)
{
	uint8_t digest[WS_SHA1_SIZE];
	char hex[2 * WS_SHA1_SIZE + 1];

	ws_sha1_final(h, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	cr_assert_str_eq(hex, expected, "%s", name);
}

Test(sha1, vectors_whole_and_per_octet)
{
	for (size_t i = 0; i < WS_LEN(vectors); i++) {
		struct guard g =
		    guard_copy(vectors[i].text.at, vectors[i].text.len);
		struct ws_sha1 whole, dribbled;

		ws_sha1_init(&whole);
		ws_sha1_update(&whole, g.at, g.len);
		check_digest(vectors[i].name, &whole, vectors[i].digest);
		ws_sha1_init(&dribbled);
		for (size_t k = 0; k < g.len; k++)
			ws_sha1_update(&dribbled, g.at + k, 1);
		check_digest(vectors[i].name, &dribbled, vectors[i].digest);
		guard_free(&g);
	}
}

Test(sha1, vectors_at_every_split_with_a_digest_midway)
{
	for (size_t i = 0; i < WS_LEN(vectors); i++) {
		struct ws_span text = vectors[i].text;

		for (size_t k = 0; k <= text.len; k++) {
			uint8_t midway[WS_SHA1_SIZE];
			struct ws_sha1 h;

			ws_sha1_init(&h);
			ws_sha1_update(&h, text.at, k);
			ws_sha1_final(&h, midway);
			ws_sha1_update(&h, text.at + k, text.len - k);
			check_digest(vectors[i].name, &h, vectors[i].digest);
		}
	}
}

Test(sha1, a_million_times_a)
{
	/* 1,000,000 = 8,000 * 125: pieces that do not fit the block. */
	char piece[125];
	struct ws_sha1 h;

	memset(piece, 'a', sizeof(piece));
	ws_sha1_init(&h);
	for (int i = 0; i < 8000; i++)
		ws_sha1_update(&h, piece, sizeof(piece));
	check_digest("million", &h, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* Each length of the last block pads differently. The expected value is the
 * digest of the concatenated digests of 0 to 130 octets 'a', as Python's
 * hashlib computes it. */
Test(sha1, every_length_of_padding)
{
	uint8_t digest[WS_SHA1_SIZE];
	struct ws_sha1 all;

	ws_sha1_init(&all);
	for (size_t len = 0; len <= 130; len++) {
		struct ws_sha1 h;

		ws_sha1_init(&h);
		for (size_t i = 0; i < len; i++)
			ws_sha1_update(&h, "a", 1);
		ws_sha1_final(&h, digest);
		ws_sha1_update(&all, digest, sizeof(digest));
	}
	check_digest(
	    "digests", &all, "60afa284c7b19b978fd27334fd33aa6e654cf3ff");
}

Test(sha1, takes_no_data_from_nowhere)
{
	struct ws_sha1 h;

	ws_sha1_init(&h);
	ws_sha1_update(&h, NULL, 0);
	check_digest("NULL", &h, vectors[0].digest);
}
