/* scarce.h - memory that runs out when a test wants it to. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_SCARCE_H
#define TEST_SCARCE_H

#include <stdlib.h>

#include "base/mem.h"

/* Included by one file of a test program, it takes the place of mem.c. */

static size_t scarce_at;    /* the call that fails, from 1; 0: none */
static size_t scarce_calls; /* made since scarce_at was set */
static long scarce_blocks;  /* not released yet */

void *
ws_mem_resize(void *block, size_t size)
{
	void *at;

	if (++scarce_calls == scarce_at)
		return NULL;
	at = realloc(block, size);
	if (at == NULL)
		abort();
	scarce_blocks += block == NULL;
	return at;
}

void
ws_mem_free(void *block)
{
	scarce_blocks -= block != NULL;
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
