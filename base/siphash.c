/* siphash.c - SipHash-1-3, a keyed hash for tables that strangers fill. */
/* SPDX-License-Identifier: MIT */

/*
 * A hash table whose hash is known can be filled by an attacker with names
 * that all fall into one bucket, and then every look-up is a walk through all
 * of them. SipHash takes a secret key, so that nobody outside can tell which
 * names collide.
 *
 * The input is taken as little-endian words of 64 bits. The last word holds
 * the octets that are left (0 to 7) and the length's low octet on top:
 *
 *	 bit  0        8                       56       63
 *	     +--------+--------+-- ... --+--------+--------+
 *	     | octet  | octet  |         | or 0   | length |
 *	     +--------+--------+-- ... --+--------+--------+
 *
 * Of the family we take one round per word and three at the end, as the hash
 * tables of Python, Ruby and Rust do: enough against collisions that are
 * looked for blindly, which is all that an attacker can do who never sees a
 * hash value.
 */

#include "siphash.h"
#include "bytes.h"

static uint64_t
rotate_left(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

/* The paper's figure 2.1. */
static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] = rotate_left(v[2], 32);
}

static void
absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t
ws_siphash(const uint8_t key[16], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = ws_load64_le(key), k1 = ws_load64_le(key + 8);
	uint64_t last = (uint64_t)len << 56;
	/* The constants spell "somepseudorandomlygeneratedbytes". */
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575,
		k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573,
	};

	for (; len >= 8; p += 8, len -= 8)
		absorb(v, ws_load64_le(p));
	while (len-- > 0)
		last |= (uint64_t)p[len] << 8 * len;
	absorb(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
