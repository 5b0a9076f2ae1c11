/* sha1.c - SHA-1 (FIPS 180-4 section 6.1). */
/* SPDX-License-Identifier: MIT */

/*
 * SHA-1 is broken as a signature hash, and that is of no matter here: RFC 6455
 * section 4.2.2 uses it only to show that the server has read the client's
 * Sec-WebSocket-Key, and does not just echo what it receives.
 *
 * The message is cut into blocks of 64 octets. The last block is padded with
 * one bit 1, then zeros, then the message's length in bits:
 *
 *	 a  b  c 80 00 00 00 ... 00 | 00 00 00 00 00 00 00 18
 *	 `-----'  `---------------'   `---------------------'
 *	 message     padding            24 bits, big-endian
 *
 * Each block is expanded to 80 words, and each word stirs the five words of
 * the state once:
 *
 *	 a    b    c    d    e          a' = a <<< 5 + f(b, c, d) + e + K + word
 *	  \    \    \    \             b' = a, d' = c, e' = d
 *	 a'   b'   c'   d'   e'         c' = b <<< 30
 *
 * Each twenty rounds have their own function f and constant K. Here they are four
 * loops: measured, these take half the time of one loop that selects f in each
 * round. A handshake hashes two blocks.
 */

#include "sha1.h"
#include "base/bytes.h"

enum {
	BLOCK = 64,
	LENGTH_AT = BLOCK - 8, /* where the padding's length field begins */
};

static uint32_t
rotate_left(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

/* FIPS 180-4 section 6.1.2 step 1: the message schedule. */
static void
expand(uint32_t words[80], const uint8_t block[BLOCK])
{
	unsigned i = 0;

	for (; i < 16; i++)
		words[i] = ws_load32(block + 4 * i);
	for (; i < 80; i++)
		words[i] = rotate_left(
		    words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16],
		    1);
}

/* FIPS 180-4 section 4.1.1. */
static uint32_t
choose(const uint32_t s[5])
{
	return s[3] ^ (s[1] & (s[2] ^ s[3])); /* Ch: b ? c : d */
}

static uint32_t
parity(const uint32_t s[5])
{
	return s[1] ^ s[2] ^ s[3];
}

static uint32_t
majority(const uint32_t s[5])
{
	return (s[1] & s[2]) | (s[3] & (s[1] | s[2]));
}

/* FIPS 180-4 section 6.1.2 step 3, with the part that differs. */
static inline void
stir(uint32_t s[5], uint32_t part)
{
	uint32_t next = rotate_left(s[0], 5) + s[4] + part;

	s[4] = s[3];
	s[3] = s[2];
	s[2] = rotate_left(s[1], 30);
	s[1] = s[0];
	s[0] = next;
}

/* FIPS 180-4 section 6.1.2; the constants are of section 4.2.1. */
static void
compress(uint32_t state[5], const uint8_t block[BLOCK])
{
	uint32_t words[80], s[5];
	unsigned i = 0;

	expand(words, block);
	memcpy(s, state, sizeof(s));
	for (; i < 20; i++)
		stir(s, choose(s) + 0x5a827999 + words[i]);
	for (; i < 40; i++)
		stir(s, parity(s) + 0x6ed9eba1 + words[i]);
	for (; i < 60; i++)
		stir(s, majority(s) + 0x8f1bbcdc + words[i]);
	for (; i < 80; i++)
		stir(s, parity(s) + 0xca62c1d6 + words[i]);
	for (i = 0; i < 5; i++)
		state[i] += s[i];
}

void
ws_sha1_init(struct ws_sha1 *h)
{
	*h = (struct ws_sha1){
		.state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
		    0xc3d2e1f0 },
	};
}

void
ws_sha1_update(struct ws_sha1 *h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t used = h->octets % BLOCK;
		size_t take = len < BLOCK - used ? len : BLOCK - used;

		memcpy(h->block + used, p, take);
		h->octets += take;
		p += take;
		len -= take;
		if (used + take == BLOCK)
			compress(h->state, h->block);
	}
}

void
ws_sha1_final(const struct ws_sha1 *h, uint8_t digest[WS_SHA1_SIZE])
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	struct ws_sha1 last = *h;
	size_t used = h->octets % BLOCK;
	uint8_t bits[8];

	/* FIPS 180-4 section 5.1.1: at least one octet of padding, then the
	 * length. Where the block has no room for both, the padding fills it
	 * and goes on in another one. */
	ws_store64(bits, h->octets * 8);
	ws_sha1_update(&last, padding,
	    used < LENGTH_AT ? LENGTH_AT - used : LENGTH_AT + BLOCK - used);
	ws_sha1_update(&last, bits, sizeof(bits));
	for (size_t i = 0; i < WS_LEN(last.state); i++)
		ws_store32(digest + 4 * i, last.state[i]);
}
