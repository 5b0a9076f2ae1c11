/* fuzz_frame.c - a header parsed whole, by prefixes, and written again. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "test/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What a prefix says must hold for the whole, and what was parsed must be
 * written as the same octets: there is only one form of each header. */
static void
check_header(const uint8_t *data, size_t len)
{
	struct ws_frame frame, again;
	int size = ws_frame_parse(data, len, &frame);
	uint8_t out[WS_FRAME_HEADER_MAX];

	for (size_t i = 0; i < len; i++) {
		int early = ws_frame_parse(data, i, &again);

		if (early != 0 && early != size)
			abort();
	}
	if (size <= 0) {
		if (size == 0 && len >= WS_FRAME_HEADER_MAX)
			abort();
		return;
	}
	if ((size_t)size > len || frame.payload_octets > INT64_MAX)
		abort();
	if (write_header(out, data[0], frame.payload_octets,
		frame.masked ? frame.masking_key : NULL) != (size_t)size)
		abort();
	if (memcmp(out, data, (size_t)size) != 0)
		abort();
}

/* Masked in two pieces and unmasked as a whole, octets are what they were. */
static void
check_mask(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);
	size_t split;

	if (copy == NULL || len < 4) {
		free(copy);
		return;
	}
	split = data[0] % len;
	memcpy(copy, data, len);
	ws_frame_mask(copy, split, data, 0);
	ws_frame_mask(copy + split, len - split, data, split);
	for (size_t i = 0; i < len; i++) {
		if (copy[i] != (data[i] ^ data[i % 4]))
			abort();
	}
	ws_frame_mask(copy, len, data, 0);
	if (memcmp(copy, data, len) != 0)
		abort();
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_header(data, len);
	check_mask(data, len);
	return 0;
}
