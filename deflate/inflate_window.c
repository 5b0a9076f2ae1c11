/* inflate_window.c - the past of a stream, as a ring (RFC 1951 section 2). */
/* SPDX-License-Identifier: MIT */
/*
 * The window holds the last octets of earlier messages. It is a ring, so that
 * keeping a short message does not move a long past:
 *
 *	 at                    next
 *	 +---------------------+-------------------+
 *	 | ... newest octets   | oldest octets ... |
 *	 +---------------------+-------------------+
 *	                   |<- back             counts from next to the left
 */
#include <string.h>

#include "inflate.h"

size_t
ws_inflate_past(const struct ws_inflate_window *window, size_t back,
    uint8_t *out, size_t len)
{
	size_t size = (size_t)1 << window->bits;
	size_t from = (window->next - back) & (size - 1);
	size_t n = len < back ? len : back;
	size_t first = n < size - from ? n : size - from;

	memcpy(out, window->at + from, first);
	if (first < n)
		memcpy(out + first, window->at, n - first);
	return n;
}

void
ws_inflate_keep(
    struct ws_inflate_window *window, const uint8_t *data, size_t len)
{
	size_t size = (size_t)1 << window->bits, first;

	if (window->at == NULL || len == 0)
		return;
	if (len > size) {
		data += len - size;
		len = size;
	}
	first = len < size - window->next ? len : size - window->next;
	memcpy(window->at + window->next, data, first);
	memcpy(window->at, data + first, len - first);
	window->next = (uint16_t)((window->next + len) & (size - 1));
	if (len < size - window->octets)
		window->octets = (uint16_t)(window->octets + len);
	else
		window->octets = (uint16_t)size;
}
