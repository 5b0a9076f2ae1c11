/* utf8.c - resumable UTF-8 validation (RFC 3629). */
/* SPDX-License-Identifier: MIT */

/*
 * RFC 3629 section 4 gives the whole of UTF-8 as ranges of octets:
 *
 *	 first     second   third    fourth     characters
 *	 00..7f                                 U+0000..U+007F
 *	 c2..df    80..bf                       U+0080..U+07FF
 *	 e0        a0..bf   80..bf              U+0800..U+0FFF
 *	 e1..ec    80..bf   80..bf              U+1000..U+CFFF
 *	 ed        80..9f   80..bf              U+D000..U+D7FF
 *	 ee..ef    80..bf   80..bf              U+E000..U+FFFF
 *	 f0        90..bf   80..bf   80..bf     U+10000..U+3FFFF
 *	 f1..f3    80..bf   80..bf   80..bf     U+40000..U+FFFFF
 *	 f4        80..8f   80..bf   80..bf     U+100000..U+10FFFF
 *
 * The narrower second octets are where overlong forms (after e0, f0),
 * surrogates (ed) and what is above U+10FFFF (f4) are kept out.
 */

#include "utf8.h"

/* What must come next. */
enum {
	TAIL_1 = 2, /* one more octet 80..bf */
	TAIL_2,     /* two of them */
	TAIL_3,
	AFTER_E0, /* the narrower second octets */
	AFTER_ED,
	AFTER_F0,
	AFTER_F4,
};

/* The table above, read downwards from the second octet: which octets each
 * state goes on with, and where to. Nothing leads out of REJECT. */
static const struct {
	uint8_t low, high, next;
} tails[] = {
	[WS_UTF8_REJECT] = { 0xff, 0x00, WS_UTF8_REJECT },
	[TAIL_1] = { 0x80, 0xbf, WS_UTF8_ACCEPT },
	[TAIL_2] = { 0x80, 0xbf, TAIL_1 },
	[TAIL_3] = { 0x80, 0xbf, TAIL_2 },
	[AFTER_E0] = { 0xa0, 0xbf, TAIL_1 },
	[AFTER_ED] = { 0x80, 0x9f, TAIL_1 },
	[AFTER_F0] = { 0x90, 0xbf, TAIL_2 },
	[AFTER_F4] = { 0x80, 0x8f, TAIL_2 },
};

/* The state after a character's first octet. */
static uint8_t
lead(uint8_t octet)
{
	if (octet < 0x80)
		return WS_UTF8_ACCEPT;
	if (octet < 0xc2 || octet > 0xf4)
		return WS_UTF8_REJECT;
	if (octet < 0xe0)
		return TAIL_1;
	switch (octet) {
	case 0xe0:
		return AFTER_E0;
	case 0xed:
		return AFTER_ED;
	case 0xf0:
		return AFTER_F0;
	case 0xf4:
		return AFTER_F4;
	}
	return octet < 0xf0 ? TAIL_2 : TAIL_3;
}

static uint8_t
step(uint8_t state, uint8_t octet)
{
	if (state == WS_UTF8_ACCEPT)
		return lead(octet);
	if (octet < tails[state].low || octet > tails[state].high)
		return WS_UTF8_REJECT;
	return tails[state].next;
}

uint8_t
ws_utf8_check(uint8_t state, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len && state != WS_UTF8_REJECT; i++)
		state = step(state, p[i]);
	return state;
}
