/* base64.c - base64 with the standard alphabet (RFC 4648 section 4). */
/* SPDX-License-Identifier: MIT */

/*
 * Three octets are four characters of six bits each:
 *
 *	 octets      77       97       110          "Man"
 *	 bits     01001101 01100001 01101110
 *	          `----'`----' `----'`----'
 *	 values     19     22     5     46
 *	 text        T      W     F      u
 *
 * A text whose length is no multiple of three ends in two characters and "=="
 * (one octet, 4 unused bits) or three and "=" (two octets, 2 unused bits).
 * Decoders that ignore what the unused bits hold give several texts for the
 * same octets. RFC 4648 section 3.5 allows a decoder to refuse them. This one
 * does: it decodes exactly what the encoder writes.
 */

#include "base64.h"

#include <stdbool.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz"
				 "0123456789+/";

size_t
ws_base64_encode(const void *in, size_t len, char *out)
{
	const uint8_t *p = in;
	char *begin = out;

	for (; len > 0; p += 3) {
		size_t take = len < 3 ? len : 3;
		uint32_t bits = (uint32_t)p[0] << 16;

		if (take > 1)
			bits |= (uint32_t)p[1] << 8;
		if (take > 2)
			bits |= p[2];
		*out++ = alphabet[bits >> 18];
		*out++ = alphabet[bits >> 12 & 63];
		*out++ = take > 1 ? alphabet[bits >> 6 & 63] : '=';
		*out++ = take > 2 ? alphabet[bits & 63] : '=';
		len -= take;
	}
	return (size_t)(out - begin);
}

/* The six bits that a character stands for, or -1. */
static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decode the first count of four characters to count - 1 octets (2 <= count
 * <= 4). Returns false on a foreign character or on unused bits not zero. */
static bool
decode_group(const char *in, unsigned count, uint8_t *out)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int v = i < count ? value(in[i]) : 0;

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	for (unsigned i = 0; i < count - 1; i++) {
		out[i] = (uint8_t)(bits >> 16);
		bits = bits << 8 & 0xffffff;
	}
	return bits == 0;
}

ssize_t
ws_base64_decode(const char *in, size_t len, uint8_t *out)
{
	uint8_t *begin = out;

	if (len % 4 != 0)
		return -1;
	for (; len > 0; in += 4, len -= 4) {
		unsigned count = 4;

		/* Padding ends the text; elsewhere '=' is refused. */
		if (len == 4 && in[3] == '=')
			count = in[2] == '=' ? 2 : 3;
		if (!decode_group(in, count, out))
			return -1;
		out += count - 1;
	}
	return out - begin;
}

size_t
ws_base64_read(const char *in, size_t len, uint8_t *out)
{
	uint8_t *begin = out;
	uint32_t bits = 0;
	unsigned count = 0; /* of bits that are not written yet */

	for (size_t i = 0; i < len && in[i] != '='; i++) {
		int v = in[i] == '-' ? 62 : in[i] == '_' ? 63 : value(in[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (uint8_t)(bits >> count);
		}
	}
	return (size_t)(out - begin);
}
