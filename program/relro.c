/* relro.c - make what was relocated read-only, in the static file. */
/* SPDX-License-Identifier: MIT */
/*
 * A dynamic linker relocates pointers in constant data and then protects the
 * pages (GNU_RELRO). A static file relocates itself at its start, and musl does
 * not protect its pages afterwards. So this does, before main. When it fails,
 * the program is as it would be without it.
 */
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The linker puts this symbol at the address of the file's first octet. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void protect(void) __attribute__((constructor));

static void
protect(void)
{
	const uintptr_t base = (uintptr_t)&__ehdr_start;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const ElfW(Phdr) *part = (const void *)(base + __ehdr_start.e_phoff);

	for (int i = 0; i < __ehdr_start.e_phnum; i++, part++) {
		uintptr_t start = base + part->p_vaddr;
		uintptr_t end = (start + part->p_memsz) & ~(page - 1);

		start &= ~(page - 1);
		if (part->p_type == PT_GNU_RELRO && start < end)
			mprotect((void *)start, end - start, PROT_READ);
	}
}
