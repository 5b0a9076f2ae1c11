/* sha1.c - SHA-1 (FIPS 180-4 section 6.1). */
/* SPDX-License-Identifier: MIT */

/*
 * SHA-1 is broken as a signature hash, and that is of no matter here: RFC 6455
 * section 4.2.2 uses it only to show that the server has read the client's
 * Sec-WebSocket-Key and is not some other server that echoes what it is sent.
 *
 * The message is cut into blocks of 64 octets. The last block is padded with
 * one bit 1, then zeros, then the message's length in bits:
 *
 *	 a  b  c 80 00 00 00 ... 00 | 00 00 00 00 00 00 00 18
 *	 `-----'  `---------------'   `---------------------'
 *	 message     padding            24 bits, big-endian
 *
 * Each block is expanded to 80 words, and each word stirs the five words of
 * the state once. The expansion looks back no more than 16 words, so a ring of
 * 16 is all that is kept of it.
 */

#include "sha1.h"
#include "bytes.h"

enum {
	BLOCK = 64,
	LENGTH_AT = BLOCK - 8, /* where the padding's length field begins */
};

static uint32_t
rotate_left(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

/* FIPS 180-4 section 6.1.2 step 1: the next word of the message schedule, for
 * rounds 16 and up. */
static uint32_t
expand(uint32_t ring[16], unsigned round)
{
	uint32_t word = ring[(round - 3) % 16] ^ ring[(round - 8) % 16] ^
			ring[(round - 14) % 16] ^ ring[round % 16];

	return ring[round % 16] = rotate_left(word, 1);
}

/* FIPS 180-4 sections 4.1.1 and 4.2.1: the round's function and constant. */
static uint32_t
mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
	if (round < 20)
		return (d ^ (b & (c ^ d))) + 0x5a827999; /* Ch: b ? c : d */
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1; /* Parity */
	if (round < 60)
		return ((b & c) | (d & (b | c))) + 0x8f1bbcdc; /* Maj */
	return (b ^ c ^ d) + 0xca62c1d6;
}

/* FIPS 180-4 section 6.1.2. */
static void
compress(uint32_t state[5], const uint8_t block[BLOCK])
{
	uint32_t ring[16];
	uint32_t a = state[0], b = state[1], c = state[2];
	uint32_t d = state[3], e = state[4];

	for (unsigned i = 0; i < 16; i++)
		ring[i] = ws_load32(block + 4 * i);
	for (unsigned round = 0; round < 80; round++) {
		uint32_t word = round < 16 ? ring[round] : expand(ring, round);
		uint32_t next =
		    rotate_left(a, 5) + mix(round, b, c, d) + e + word;

		e = d;
		d = c;
		c = rotate_left(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
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

	/* The bit 1 takes at least an octet: when that and the length do not
	 * fit any more, they go into a block of their own. */
	ws_store64(bits, h->octets * 8);
	ws_sha1_update(&last, padding,
	    used < LENGTH_AT ? LENGTH_AT - used : LENGTH_AT + BLOCK - used);
	ws_sha1_update(&last, bits, sizeof(bits));
	for (size_t i = 0; i < WS_LEN(last.state); i++)
		ws_store32(digest + 4 * i, last.state[i]);
}
