/* guard.h - inputs that end exactly at an unreadable page. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_GUARD_H
#define TEST_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A block that ends at an unreadable page, so that reading one octet too far
 * faults. It may be written to. Release with guard_free. */
struct guard {
	uint8_t *at; /* len octets */
	size_t len;
	void *map;
	size_t map_octets;
};

static inline struct guard
guard_copy(const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (len + page - 1) / page * page;
	struct guard g = { .len = len, .map_octets = body + page };

	g.map = mmap(NULL, g.map_octets, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED ||
	    mprotect((uint8_t *)g.map + body, page, PROT_NONE) != 0)
		abort();
	g.at = (uint8_t *)g.map + body - len;
	if (len > 0)
		memcpy(g.at, data, len);
	return g;
}

static inline void
guard_free(struct guard *g)
{
	munmap(g->map, g->map_octets);
}

#endif
