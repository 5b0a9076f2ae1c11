/* pages.c - what the loader does for a program, done by the static file. */
/* SPDX-License-Identifier: MIT */
/*
 * A dynamic linker relocates pointers in constant data and then protects the
 * pages (GNU_RELRO). A static file relocates itself at its start, and musl does
 * not protect its pages afterwards. So this does, before main. When it fails,
 * the program is as it would be without it.
 *
 * The web pages in the file are read seldom. When code is read from the file for
 * the first time, Linux maps the 64 KiB around it, too, as far as they are in
 * memory and in the same mapping. MADV_RANDOM makes a mapping of its own of the
 * web pages, and MADV_DONTNEED takes out what was mapped until now: 32 KiB that
 * the process has only after a client has asked for them.
 */
#define _GNU_SOURCE /* getauxval */
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The linker puts these symbols at the address of the file's first octet, and
 * around the section of the web pages (embed.c). */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern const char __start_embedded[] __attribute__((visibility("hidden")));
extern const char __stop_embedded[] __attribute__((visibility("hidden")));

static void prepare(void) __attribute__((constructor));

static void
prepare(void)
{
	const uintptr_t base = (uintptr_t)&__ehdr_start;
	const uintptr_t page = getauxval(AT_PAGESZ);
	const uintptr_t pages =
	    ((uintptr_t)__start_embedded + page - 1) & ~(page - 1);
	const size_t octets = (uintptr_t)__stop_embedded - pages;
	const ElfW(Phdr) *part = (const void *)(base + __ehdr_start.e_phoff);

	(void)madvise((void *)pages, octets, MADV_RANDOM);
	(void)madvise((void *)pages, octets, MADV_DONTNEED);
	for (int i = 0; i < __ehdr_start.e_phnum; i++, part++) {
		uintptr_t start = base + part->p_vaddr;
		uintptr_t end = (start + part->p_memsz) & ~(page - 1);

		start &= ~(page - 1);
		if (part->p_type == PT_GNU_RELRO && start < end)
			mprotect((void *)start, end - start, PROT_READ);
	}
}
