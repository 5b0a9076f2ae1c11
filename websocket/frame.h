/* frame.h - WebSocket frame codec and masking (RFC 6455 section 5). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define WS_FRAME_HEADER_MAX 14   /* 2 + 8 of length + 4 of masking key */
#define WS_FRAME_CONTROL_MAX 125 /* RFC 6455 section 5.5 */

/* RFC 6455 section 11.8; the values are the wire's. */
enum ws_opcode {
	WS_OP_CONTINUATION = 0x0,
	WS_OP_TEXT = 0x1,
	WS_OP_BINARY = 0x2,
	WS_OP_CLOSE = 0x8,
	WS_OP_PING = 0x9,
	WS_OP_PONG = 0xA,
};

/* The reserved bits of the first octet, where they stand. */
enum {
	WS_RSV1 = 0x40, /* RFC 7692: the message is compressed */
	WS_RSV2 = 0x20,
	WS_RSV3 = 0x10,
};

/* The reasons to refuse a header. All of them are close code 1002. */
enum ws_frame_error {
	WS_FRAME_EOPCODE = -1,   /* a reserved opcode */
	WS_FRAME_EMINIMAL = -2,  /* a length that has a shorter form */
	WS_FRAME_EHIGHBIT = -3,  /* the top bit of a 64-bit length is set */
	WS_FRAME_ECONTROL = -4,  /* a control frame longer than 125 octets */
	WS_FRAME_EFRAGMENT = -5, /* a fragmented control frame */
};

/* One decoded frame header. */
struct ws_frame {
	uint64_t payload_octets;
	uint8_t opcode; /* enum ws_opcode */
	uint8_t rsv;    /* WS_RSV1 | WS_RSV2 | WS_RSV3, as received */
	bool fin;
	bool masked;
	uint8_t masking_key[4]; /* zero when not masked */
};

/* Decode one frame header.
 *   in, len  octets received so far; borrowed, not kept
 *   frame    written only on success
 * Returns the header's size in octets (2 to 14), 0 when more are needed, or
 * an enum ws_frame_error as early as it is certain. Does not check RSV bits
 * and masking: that depends on what was negotiated and on who reads.
 * RFC 6455 section 5.2. */
int ws_frame_parse(const uint8_t *in, size_t len, struct ws_frame *frame);

/* Encode the header of a server's frame, which has no masking key.
 *   out      room for WS_FRAME_HEADER_MAX octets
 *   first    FIN, RSV and opcode as they stand in the first octet
 *   payload  payload length in octets, below 2^63
 * Returns the header's size in octets, in the minimal encoding. Defined here,
 * because a call for two octets costs more than writing them: measured, 11
 * instructions of a 16-octet echo. RFC 6455 section 5.2. */
static inline size_t
ws_frame_begin(
    uint8_t out[WS_FRAME_HEADER_MAX], uint8_t first, uint64_t payload)
{
	out[0] = first;
	if (payload <= WS_FRAME_CONTROL_MAX) {
		out[1] = (uint8_t)payload;
		return 2;
	}
	if (payload <= UINT16_MAX) {
		out[1] = 126;
		ws_store16(out + 2, (uint16_t)payload);
		return 4;
	}
	out[1] = 127;
	ws_store64(out + 2, payload);
	return 10;
}

#define WS_FIN 0x80 /* the FIN bit of the first octet */

/* Mask or unmask octets in place (the operation is its own inverse).
 *   data, len    part of a payload, at any alignment
 *   masking_key  4 octets
 *   offset       where in the payload data begins; only its low 2 bits count
 * Returns whether all octets are ASCII afterwards: such a text needs no other
 * check, and finding it out here costs next to nothing.
 * RFC 6455 section 5.3. */
bool ws_frame_mask(
    uint8_t *data, size_t len, const uint8_t masking_key[4], size_t offset);

/* Return whether a close code may be sent in a Close frame: 1000-1003,
 * 1007-1014 and 3000-4999. RFC 6455 section 7.4 and the IANA registry it
 * names. */
bool ws_frame_close_code_ok(unsigned code);

/* A sentence about an enum ws_frame_error, for the close reason and the log.
 * Returns a static string. */
const char *ws_frame_error_text(int error);

#endif
