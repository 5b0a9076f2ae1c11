/* crc32.c - CRC-32 of ISO 3309, for gzip (RFC 1952 section 8). */
/* SPDX-License-Identifier: MIT */

/*
 * A text is read as one long number in binary, without carries: addition is
 * exclusive or. Its checksum is the remainder of the division by
 *
 *	 x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 +
 *	 x^8 + x^7 + x^5 + x^4 + x^2 + x + 1
 *
 * The first bit of an octet is its lowest here, so all is written in mirror
 * image: the divisor, without x^32, is edb88320. To divide by hand, shift the
 * remainder by a bit, and subtract the divisor when a one falls out:
 *
 *	...00000011   the last bit is 1: shift, and subtract the divisor
 *	...00000001 ^ edb88320 = edb88321
 *	              and so on, eight times for an octet
 *
 * A table does that for the eight bits of an octet at once. It is made for each
 * text: that takes 263 steps, which is little beside the kilobyte of the
 * shortest text that is compressed. A constant table would add a kilobyte to
 * each program. The checksum begins and ends inverted, so that zeros in front
 * or behind count. For example, the checksum of "123456789" is cbf43926.
 */

#include "crc32.h"

#define DIVISOR 0xedb88320u

/* Compute the remainder of each octet. Division is linear: the remainder of a ^
 * b is that of a ^ that of b. So only the octets of one bit are divided, and
 * the others are sums of them. */
static void
divide_octets(uint32_t remainders[256])
{
	uint32_t remainder = 1;

	remainders[0] = 0;
	for (unsigned bit = 128; bit > 0; bit /= 2) {
		remainder = remainder >> 1 ^ (remainder & 1 ? DIVISOR : 0);
		for (unsigned i = 0; i < 256; i += 2 * bit)
			remainders[i + bit] = remainders[i] ^ remainder;
	}
}

uint32_t
ws_crc32(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t remainders[256];

	divide_octets(remainders);
	crc = ~crc;
	for (; len > 0; len--)
		crc = crc >> 8 ^ remainders[(crc ^ *p++) & 0xff];
	return ~crc;
}
