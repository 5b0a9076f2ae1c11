/* mem.h - the one place where the library asks for memory. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_MEM_H
#define WS_MEM_H

#include <stddef.h>

/* Allocate, grow or shrink. As realloc(3), with NULL as a new block; size is
 * at least 1. A program may define this pair itself to replace the
 * library's: the linker then takes mem.c out.
 * Returns NULL when memory is out; the old block is then untouched. */
void *ws_mem_resize(void *block, size_t size);

/* Release a block. NULL is allowed. */
void ws_mem_free(void *block);

#endif
