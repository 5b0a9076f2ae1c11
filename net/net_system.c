/* net_system.c - clocks, randomness, and the limits of the process. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* prlimit on Linux */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#if defined(__linux__) && !defined(WS_PORTABLE)
#include <sys/random.h>
#endif

#include "net.h"

/* ---- what differs between systems -------------------------------------- */

/* With WS_PORTABLE the code for other systems is compiled on Linux, so that it
 * is tested. */

#if defined(__linux__) && !defined(WS_PORTABLE)
/* The setrlimit of musl changes the limits of all threads, and would bring the
 * code for that into a static file. */
static void
limit_descriptors(const struct rlimit *limit)
{
	(void)prlimit(0, RLIMIT_NOFILE, limit, NULL);
}

int
ws_net_random(void *out, size_t len)
{
	uint8_t *at = out;
	ssize_t n;

	/* More than 256 octets may come in parts: getrandom(2). */
	for (; len > 0; at += n, len -= (size_t)n) {
		n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -1;
	}
	return 0;
}

#else
static void
limit_descriptors(const struct rlimit *limit)
{
	(void)setrlimit(RLIMIT_NOFILE, limit);
}

int
ws_net_random(void *out, size_t len)
{
	arc4random_buf(out, len);
	return 0;
}

#endif

/* ---- clocks and limits ------------------------------------------------- */

int64_t
ws_net_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
ws_net_unix_s(void)
{
	return (int64_t)time(NULL);
}

size_t
ws_net_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	/* RLIM_INFINITY becomes a number that an int can count to. */
	return limit.rlim_cur < 1u << 30 ? (size_t)limit.rlim_cur : 1u << 30;
}

size_t
ws_net_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		limit_descriptors(&limit);
	}
	return ws_net_descriptors();
}

int
ws_net_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
ws_net_ignore_sigpipe(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) < 0 ||
	    action.sa_handler != SIG_DFL)
		return;
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}
