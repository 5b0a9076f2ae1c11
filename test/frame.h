/* frame.h - headers of frames as a client writes them. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_FRAME_H
#define TEST_FRAME_H

#include "websocket/frame.h"

/* Encode a header with a masking key; NULL for none. RFC 6455 section 5.2. */
static inline size_t
write_header(uint8_t out[WS_FRAME_HEADER_MAX], uint8_t first, uint64_t payload,
    const uint8_t *masking_key)
{
	size_t size = ws_frame_begin(out, first, payload);

	if (masking_key == NULL)
		return size;
	out[1] |= 0x80;
	memcpy(out + size, masking_key, 4);
	return size + 4;
}

#endif
