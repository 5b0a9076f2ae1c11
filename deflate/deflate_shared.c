/* deflate_shared.c - the one DEFLATE state that a server compresses with. */
/* SPDX-License-Identifier: MIT */
/*
 * A message, the answer to a request, a file: each is compressed in one go, and
 * the state is not needed afterwards. So all share one state, of eight times
 * the largest window. Each stream has a window and a level of its own.
 */
#include "deflate_shared.h"

#include <stddef.h>

#include "base/mem.h"

struct ws_deflate *
ws_deflate_shared_begin(
    struct ws_deflate_shared *shared, unsigned bits, unsigned level)
{
	void *memory;

	if (shared->state == NULL) {
		memory = ws_mem_resize(NULL, ws_deflate_octets(shared->bits));
		if (memory == NULL)
			return NULL;
		shared->state = ws_deflate_init(memory, shared->bits, level);
	}
	ws_deflate_reset(shared->state);
	ws_deflate_adjust(shared->state, bits, level);
	return shared->state;
}

void
ws_deflate_shared_fini(struct ws_deflate_shared *shared)
{
	ws_mem_free(shared->state);
	shared->state = NULL;
}
