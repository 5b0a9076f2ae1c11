/* fuzz_utf8.c - any text, whole and in two pieces, against one by one. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The first octet says where the text is split. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t one_by_one = WS_UTF8_ACCEPT, pieces;
	size_t split;

	if (len == 0)
		return 0;
	split = len == 1 ? 0 : *data % len;
	data++;
	len--;
	for (size_t i = 0; i < len; i++)
		one_by_one = ws_utf8_check(one_by_one, data + i, 1);
	if (ws_utf8_check(WS_UTF8_ACCEPT, data, len) != one_by_one)
		abort();
	pieces = ws_utf8_check(WS_UTF8_ACCEPT, data, split);
	pieces = ws_utf8_check(pieces, data + split, len - split);
	if (pieces != one_by_one)
		abort();
	return 0;
}
