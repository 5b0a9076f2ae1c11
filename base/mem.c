/* mem.c - the one place where the library asks for memory. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mem.h"
#include "ws.h"

void *
ws_mem_resize(void *block, size_t size)
{
	return realloc(block, size);
}

void
ws_mem_free(void *block)
{
	free(block);
}
