/* mem_trim.c - giving free memory back to the system. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mem.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void
ws_mem_trim(void)
{
	/* glibc keeps free blocks that lie below one in use. musl and others
	 * give whole pages back by themselves. */
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}
