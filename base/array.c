/* array.c - arrays that grow. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "array.h"
#include "mem.h"

#define OCTETS_MIN 128 /* of the first block: 16 pointers, a line of text */

/* Move an array to a block for count elements. Returns whether there is one. */
static bool
resize(void *array, size_t *room, size_t count, size_t size)
{
	void *block;

	/* The pointer may be of any type, so it is copied, not dereferenced:
	 * C11 section 6.5 paragraph 7. */
	memcpy(&block, array, sizeof(block));
	block = ws_mem_resize(block, count * size);
	if (block == NULL)
		return false;
	memcpy(array, &block, sizeof(block));
	*room = count;
	return true;
}

bool
ws_array_reserve(void *array, size_t *room, size_t need, size_t size)
{
	size_t max, wanted;

	if (need <= *room)
		return true;
	max = (SIZE_MAX - 1) / size; /* SIZE_MAX octets fail, too */
	wanted = *room > max / 2 ? max : *room * 2;
	if (need > max)
		return false;
	if (wanted < OCTETS_MIN / size)
		wanted = OCTETS_MIN / size;
	if (wanted < need)
		wanted = need;
	return resize(array, room, wanted, size);
}

void
ws_array_shrink(void *array, size_t *room, size_t need, size_t size)
{
	(void)resize(array, room, need, size);
}
