/* scarce.h - memory that runs out when a test wants it to. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_SCARCE_H
#define TEST_SCARCE_H

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"

/* Included by one file of a test program, it takes the place of mem.c. */

static size_t scarce_at;     /* the call that fails, from 1; 0: none */
static size_t scarce_calls;  /* made since scarce_at was set */
static long scarce_blocks;   /* not released yet */
static size_t scarce_octets; /* in those blocks */

/* Stands before each block. */
union scarce_block {
	size_t octets;
	max_align_t align;
};

void *
ws_mem_resize(void *at, size_t size)
{
	union scarce_block *block =
	    at != NULL ? (union scarce_block *)at - 1 : NULL;
	size_t old = block != NULL ? block->octets : 0;

	if (size == 0)
		abort();
	if (++scarce_calls == scarce_at)
		return NULL;
	block = realloc(block, sizeof(*block) + size);
	if (block == NULL)
		abort();
	block->octets = size;
	scarce_octets += size - old;
	scarce_blocks += at == NULL;
	return block + 1;
}

void
ws_mem_free(void *at)
{
	union scarce_block *block = at;

	if (at == NULL)
		return;
	block--;
	scarce_octets -= block->octets;
	scarce_blocks--;
	free(block);
}

/* Let the nth allocation from now on fail; 0 lets none fail. */
static inline void
scarce(size_t nth)
{
	scarce_at = nth;
	scarce_calls = 0;
}

#endif
