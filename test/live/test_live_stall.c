/* test_live_stall.c - files of a file system that does not answer. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"
#include "test/tree.h"

static struct live live;
static char root[64], named[256];
static int lines;
static useconds_t stall_us;

/* ---- the system, with a file system that stalls ------------------------- */

typedef long syscall_fn(long number, ...);

/* In place of that of libc, through which files are opened. */
long
syscall(long number, ...)
{
	static syscall_fn *libc;
	long arg[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (libc == NULL)
		*(void **)&libc = dlsym(RTLD_NEXT, "syscall");
#if defined(SYS_openat2)
	if (number == SYS_openat2 && stall_us > 0)
		(void)usleep(stall_us);
#endif
	return libc(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* The functions that walk to a file where openat2(2) is not there, under all
 * the names that the compiler may give to openat. */
#define STALLING(name)                                                      \
	int stalling_##name(int dir, const char *path, int flags) __asm__(  \
	    #name);                                                         \
	int stalling_##name(int dir, const char *path, int flags)           \
	{                                                                   \
		if (stall_us > 0)                                           \
			(void)usleep(stall_us);                             \
		return (int)syscall(SYS_openat, dir, path, flags, 0, 0, 0); \
	}

STALLING(openat)
STALLING(openat64)
STALLING(__openat_2)
STALLING(__openat64_2)

/* ---- a server ----------------------------------------------------------- */

static void
on_line(void *arg, int level, const char *line)
{
	(void)arg;
	if (level != WS_LOG_WARN)
		return;
	lines++;
	(void)snprintf(named, sizeof(named), "%s", line);
}

static void
setup(struct ws_server *server)
{
	live_echo(server);
	cr_assert_eq(ws_files(server, "/", root, NULL), 0);
}

static void
begin(void)
{
	static const struct ws_options options = { .log = on_line };

	tree_make(root);
	tree_file(root, "a.txt", "0123456789");
	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	stall_us = 0;
	live_end(&live);
	tree_remove(root);
}

TestSuite(live_stall, .init = begin, .fini = end, .timeout = 60);

static void
get(struct client *c, const char *path, int status)
{
	struct response r;

	client_puts(c, "GET ");
	client_puts(c, path);
	client_puts(c, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
	cr_assert_eq(client_response(c, &r, false), status);
}

Test(live_stall, a_file_system_that_stalls_is_named_once)
{
	struct client c = client_open(live.address);

	get(&c, "/a.txt", 200);
	cr_assert_eq(lines, 0);
	stall_us = 200000;
	get(&c, "/a.txt", 200);
	cr_assert_eq(lines, 1);
	cr_assert_not_null(
	    strstr(named, "/a.txt: the file system took "), "%s", named);
	/* Not for each request. */
	get(&c, "/a.txt", 200);
	get(&c, "/missing.txt", 404);
	cr_assert_eq(lines, 1);
	client_close(&c);
}
