/* mem.h - the one place where the library asks for memory. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_MEM_H
#define WS_MEM_H

#include <stddef.h>
#include <string.h>

/* Allocate, grow or shrink. As realloc(3), with NULL as a new block; size is
 * at least 1. A program may define this pair itself to replace the
 * library's: the linker then takes mem.c out.
 * Returns NULL when out of memory; the old block is then untouched. */
void *ws_mem_resize(void *block, size_t size);

/* Release a block. NULL is allowed. */
void ws_mem_free(void *block);

/* Give free memory back to the system, where the allocator does not do that by
 * itself. Takes a millisecond for each few MiB that are free. */
void ws_mem_trim(void);

/* Copy a C string into a new block. Not in mem.c, which a program may replace.
 * Returns it, owned by the caller, or NULL when out of memory. */
static inline char *
ws_mem_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = ws_mem_resize(NULL, size);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

#endif
