/* array.c - arrays that grow. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "array.h"
#include "mem.h"

#define OCTETS_MIN 128 /* of the first block: 16 pointers, a line of text */

bool
ws_array_reserve(void *array, size_t *room, size_t need, size_t size)
{
	size_t max = SIZE_MAX / size, wanted = *room;
	void *block;

	if (need <= *room)
		return true;
	if (need > max)
		return false;
	wanted = wanted > max / 2 ? max : wanted * 2;
	if (wanted < OCTETS_MIN / size)
		wanted = OCTETS_MIN / size;
	if (wanted < need)
		wanted = need;
	/* The pointer may be of any type, so it is copied, not dereferenced:
	 * C11 section 6.5 paragraph 7. */
	memcpy(&block, array, sizeof(block));
	block = ws_mem_resize(block, wanted * size);
	if (block == NULL)
		return false;
	memcpy(array, &block, sizeof(block));
	*room = wanted;
	return true;
}
