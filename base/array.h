/* array.h - arrays that grow. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ARRAY_H
#define WS_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Have room for a number of elements in an array, for instance
 *
 *	struct item *items; size_t items_room;
 *
 *	if (!ws_array_reserve(&items, &items_room, count + 1, sizeof(*items)))
 *		return WS_ENOMEM;
 *
 *   array  address of the pointer to the array, a block of ws_mem_resize that
 *          the caller owns, or NULL for an empty one; replaced when it grows
 *   room   elements that the array has room for; 0 for an empty one
 *   need   elements wanted; SIZE_MAX, as of a sum that did not fit, fails
 *   size   octets of one element, at least 1
 * An array that grows at least doubles, so appending one by one copies each
 * element once or twice on average. New elements are not initialized.
 * Returns whether there is room; without memory nothing has changed. */
bool ws_array_reserve(void *array, size_t *room, size_t need, size_t size);

/* Give room back that is not needed.
 *   array, room  as above
 *   need         elements to keep, from 1 to room
 *   size         octets of one element
 * When the system refuses, the array stays as large as it is. */
void ws_array_shrink(void *array, size_t *room, size_t need, size_t size);

#endif
