/* compressor.c - the one compressor of a server, for all that it compresses. */
/* SPDX-License-Identifier: MIT */
/*
 * A message, the answer to a request, a file: each is compressed in one go, and
 * nothing of it is needed later. So there is one compressor, of eight times the
 * largest window; each stream has a window and an effort of its own.
 */
#include "compressor.h"

#include <stddef.h>

#include "base/mem.h"

struct ws_deflate *
ws_compressor_begin(struct ws_compressor *c, unsigned bits, unsigned level)
{
	void *memory;

	if (c->deflate == NULL) {
		memory = ws_mem_resize(NULL, ws_deflate_octets(c->bits));
		if (memory == NULL)
			return NULL;
		c->deflate = ws_deflate_init(memory, c->bits, level);
	}
	ws_deflate_reset(c->deflate);
	ws_deflate_adjust(c->deflate, bits, level);
	return c->deflate;
}

void
ws_compressor_fini(struct ws_compressor *c)
{
	ws_mem_free(c->deflate);
	c->deflate = NULL;
}
