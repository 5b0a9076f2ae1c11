/* frame.c - WebSocket frame codec and masking (RFC 6455 section 5). */
/* SPDX-License-Identifier: MIT */

/*
 * A frame is a header of 2 to 14 octets and a payload:
 *
 *	  0                   1                   2                   3
 *	  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *	 +-+-+-+-+-------+-+-------------+-------------------------------+
 *	 |F|R|R|R|       |M|             |                               |
 *	 |I|S|S|S|opcode |A| length 0-125|  length, 16 bits (if it is    |
 *	 |N|V|V|V|       |S| or 126, 127 |  126) or 64 bits (if 127) ... |
 *	 | |1|2|3|       |K|             |                               |
 *	 +-+-+-+-+-------+-+-------------+-------------------------------+
 *	 |   ... length, absent if it fitted above ...                   |
 *	 +-------------------------------+-------------------------------+
 *	 |   ... length                  |  masking key, only if MASK    |
 *	 +-------------------------------+-------------------------------+
 *	 |   ... masking key             |  payload ...                  |
 *	 +-------------------------------+-------------------------------+
 *
 * For example "Hello" as a client sends it (RFC 6455 section 5.7):
 *
 *	 81 85 | 37 fa 21 3d | 7f 9f 4d 51 58
 *	  |  |   masking key    `-- payload, each octet XORed with the key's:
 *	  |  |                      7f ^ 37 = 'H', 9f ^ fa = 'e', 4d ^ 21 = 'l',
 *	  |  |                      51 ^ 3d = 'l', 58 ^ 37 = 'o'
 *	  |  `- MASK, length 5
 *	  `---- FIN, opcode 1 (text)
 *
 * Refused as soon as the octets received leave no doubt:
 *
 *	 after octet 1   a reserved opcode; a control frame without FIN
 *	 after octet 2   a control frame longer than 125 octets
 *	 after octet 3   a 64-bit length with its top bit set
 *	 after octet 4   a 16-bit length below 126
 *	 after octet 8   a 64-bit length below 65536
 *
 * The length is only a claim: the caller must compare it with a limit, and must
 * never reserve memory for it.
 */

#include "frame.h"
#include "base/bytes.h"

/* The second octet's parts (RFC 6455 section 5.2). */
enum {
	MASK = 0x80,
	LENGTH = 0x7f,
	LENGTH_IS_16 = 126,
	LENGTH_IS_64 = 127,
};

enum {
	OPCODE = 0x0f,
	RSV = WS_RSV1 | WS_RSV2 | WS_RSV3,
	CONTROL = 0x08, /* RFC 6455 5.5: the opcode's top bit says control */
	KEY_OCTETS = 4,
	LANE = sizeof(ws_lane),
	BLOCK = 8 * LANE, /* octets unmasked in one round */
	LONG = 64, /* measured: from here on lanes cost less than words */
};

/* RFC 6455 section 5.2: one bit for each opcode that has a meaning. */
static const unsigned known_opcodes =
    1u << WS_OP_CONTINUATION | 1u << WS_OP_TEXT | 1u << WS_OP_BINARY |
    1u << WS_OP_CLOSE | 1u << WS_OP_PING | 1u << WS_OP_PONG;

/* Check a first octet. Returns an enum ws_frame_error, or 0. */
static int
check_first(uint8_t first)
{
	if ((known_opcodes >> (first & OPCODE) & 1) == 0)
		return WS_FRAME_EOPCODE;
	/* RFC 6455 5.5: control frames must not be fragmented. */
	if ((first & (CONTROL | WS_FIN)) == CONTROL)
		return WS_FRAME_EFRAGMENT;
	return 0;
}

/* Decode a length of 16 bits. Returns the octets of the header so far, or as
 * ws_frame_parse does. */
static int
parse_length16(const uint8_t *in, size_t len, uint64_t *payload)
{
	if (len < 4)
		return 0;
	*payload = ws_load16(in + 2);
	/* RFC 6455 5.2: the minimal number of octets must be used. */
	if (*payload < LENGTH_IS_16)
		return WS_FRAME_EMINIMAL;
	return 4;
}

/* Decode a length of 64 bits; the rest as above. */
static int
parse_length64(const uint8_t *in, size_t len, uint64_t *payload)
{
	/* RFC 6455 5.2: the most significant bit must be 0. */
	if (len > 2 && in[2] >= 0x80)
		return WS_FRAME_EHIGHBIT;
	if (len >= 8 && ws_load32(in + 2) == 0 && ws_load16(in + 6) == 0)
		return WS_FRAME_EMINIMAL;
	if (len < 10)
		return 0;
	*payload = ws_load64(in + 2);
	return 10;
}

/* Decode the length, whichever form it has, from at least two octets. */
static int
parse_length(const uint8_t *in, size_t len, uint64_t *payload)
{
	*payload = in[1] & LENGTH;
	if (*payload <= WS_FRAME_CONTROL_MAX)
		return 2;
	if (in[0] & CONTROL)
		return WS_FRAME_ECONTROL;
	if (*payload == LENGTH_IS_16)
		return parse_length16(in, len, payload);
	return parse_length64(in, len, payload);
}

int
ws_frame_parse(const uint8_t *in, size_t len, struct ws_frame *frame)
{
	uint64_t payload;
	uint8_t first;
	int size, error;

	if (len == 0)
		return 0;
	first = in[0];
	error = check_first(first);
	if (error != 0 || len < 2)
		return error;
	size = parse_length(in, len, &payload);
	if (size <= 0)
		return size;
	if (in[1] & MASK) {
		size += KEY_OCTETS;
		if (len < (size_t)size)
			return 0;
		memcpy(frame->masking_key, in + size - KEY_OCTETS, KEY_OCTETS);
		frame->masked = true;
	} else {
		memset(frame->masking_key, 0, KEY_OCTETS);
		frame->masked = false;
	}
	frame->payload_octets = payload;
	frame->opcode = first & OPCODE;
	frame->rsv = first & RSV;
	frame->fin = first & WS_FIN;
	return size;
}

/* XOR one lane. Returns what it is then. */
static inline ws_lane
mask_lane(uint8_t *data, ws_lane key)
{
	ws_lane lane = ws_lane_load(data) ^ key;

	memcpy(data, &lane, sizeof(lane));
	return lane;
}

/* XOR half a block. Written out, because gcc leaves a loop a loop at -O2. */
static inline ws_lane
mask_half(uint8_t *data, ws_lane key)
{
	ws_lane all = mask_lane(data, key);

	all |= mask_lane(data + LANE, key);
	all |= mask_lane(data + 2 * LANE, key);
	all |= mask_lane(data + 3 * LANE, key);
	return all;
}

/* XOR whole lanes with a key in the order of memory. Returns all bits that are
 * set in any word afterwards: collecting them while the octets are in a
 * register costs one instruction for 16 of them. Measured, 1 KiB of text takes
 * 310 instructions, and 600 when it is looked at in a pass of its own. */
static uint64_t
mask_lanes(uint8_t *data, size_t len, uint64_t key)
{
	ws_lane wide = ws_lane_fill(key), all = ws_lane_fill(0);

	for (; len >= BLOCK; data += BLOCK, len -= BLOCK) {
		all |= mask_half(data, wide);
		all |= mask_half(data + BLOCK / 2, wide);
	}
	for (; len > 0; data += LANE, len -= LANE)
		all |= mask_lane(data, wide);
	return ws_lane_or(all);
}

bool
ws_frame_mask(
    uint8_t *data, size_t len, const uint8_t masking_key[4], size_t offset)
{
	unsigned turn = (unsigned)(offset % KEY_OCTETS) * 8;
	uint64_t key = ws_load32_le(masking_key);
	uint8_t octets[sizeof(key)];
	uint64_t mask, word, all = 0;

	/* The key twice, turned so that the octet for offset comes first. */
	key |= key << 32;
	key = key >> turn | key << ((64 - turn) % 64);
	ws_store64_le(octets, key);
	memcpy(&mask, octets, sizeof(mask));

	if (len >= LONG) {
		all = mask_lanes(data, len - len % LANE, mask);
		data += len - len % LANE;
		len %= LANE;
	}
	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		word ^= mask;
		memcpy(data, &word, sizeof(word));
		all |= word;
	}
	for (; len > 0; len--, key >>= 8)
		all |= *data++ ^= (uint8_t)key;
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

bool
ws_frame_close_code_ok(unsigned code)
{
	/* 1004 is reserved; 1005, 1006 and 1015 only ever stand for a Close
	 * that never came (RFC 6455 section 7.4.1). */
	if (code >= 1000 && code <= 1003)
		return true;
	if (code >= 1007 && code <= 1014)
		return true;
	return code >= 3000 && code <= 4999;
}

const char *
ws_frame_error_text(int error)
{
	static const char *const texts[] = {
		"no error",
		[-WS_FRAME_EOPCODE] = "reserved opcode",
		[-WS_FRAME_EMINIMAL] = "length not in its shortest form",
		[-WS_FRAME_EHIGHBIT] = "length of 2^63 octets or more",
		[-WS_FRAME_ECONTROL] = "control frame longer than 125 octets",
		[-WS_FRAME_EFRAGMENT] = "fragmented control frame",
	};

	return error <= 0 && error >= WS_FRAME_EFRAGMENT ? texts[-error]
							 : texts[0];
}
