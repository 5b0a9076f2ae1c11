/* machine.c - how much memory a process may have. */
/* SPDX-License-Identifier: MIT */
/*
 * Linux has two hierarchies of control groups. /proc/self/cgroup says where the
 * process is in each, one line for each:
 *
 *	0::/system.slice/wsd.service                      version 2
 *	4:memory:/system.slice/wsd.service                version 1
 *
 * A limit of any group on the way from there to the root holds for the process.
 * In a container the root is often the container's own group, and the path that
 * is named does not exist; so the root is asked in any case.
 *
 * Elsewhere there are no such files, and the machine's memory counts.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/digits.h"
#include "machine.h"

/* Fewer than that would be no server; limits below it are mistakes. */
#define LEAST ((size_t)16 << 20)

static size_t
less(size_t a, uint64_t b)
{
	return b < a ? (size_t)b : a;
}

/* Read the beginning of a file as a C string, which is "" when there is no
 * such file. One call reads a file of /proc or /sys whole. */
static void
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : 0;

	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
}

/* Read a limit. Returns it, or UINT64_MAX where there is none: "max", or a file
 * that does not exist. */
static uint64_t
read_limit(const char *path)
{
	char text[32];
	uint64_t limit;

	read_text(path, text, sizeof(text));
	(void)ws_digits_read(text, strlen(text), &limit);
	return limit > 0 ? limit : UINT64_MAX;
}

/* Find the least limit on the way from a group to the root.
 *   below  "" or "/memory": where the hierarchy is mounted
 *   group  its path, without a slash at its end; changed */
static uint64_t
least_on_the_way(
    const char *hierarchy, const char *below, char *group, const char *name)
{
	uint64_t least = UINT64_MAX, limit;
	char path[1024], *slash;

	for (;;) {
		if (snprintf(path, sizeof(path), "%s%s%s/%s", hierarchy, below,
			group, name) < (int)sizeof(path)) {
			limit = read_limit(path);
			if (limit < least)
				least = limit;
		}
		slash = strrchr(group, '/');
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

/* Find the limit that a line of /proc/self/cgroup leads to. */
static uint64_t
limit_of_line(const char *hierarchy, char *line)
{
	char *group = strrchr(line, ':');

	if (group == NULL)
		return UINT64_MAX;
	group++;
	if (strcmp(group, "/") == 0)
		group++; /* the root: an empty path */
	if (strncmp(line, "0::", 3) == 0)
		return least_on_the_way(hierarchy, "", group, "memory.max");
	if (strstr(line, ":memory:") != NULL)
		return least_on_the_way(
		    hierarchy, "/memory", group, "memory.limit_in_bytes");
	return UINT64_MAX;
}

size_t
ws_machine_memory_of(const char *groups, const char *hierarchy, size_t start)
{
	char text[3000], *line = text; /* a dozen lines of 200 octets */
	size_t least = start;

	read_text(groups, text, sizeof(text));
	while (*line != '\0') {
		char *end = line + strcspn(line, "\n");
		bool more = *end != '\0';

		*end = '\0';
		least = less(least, limit_of_line(hierarchy, line));
		line = end + more;
	}
	return least > LEAST ? least : LEAST;
}

size_t
ws_machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	size_t start = SIZE_MAX;
	struct rlimit limit;

	if (pages > 0 && page > 0)
		start = less(start, (uint64_t)pages * (uint64_t)page);
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur > 0)
		start = less(start, limit.rlim_cur);
	return ws_machine_memory_of(
	    "/proc/self/cgroup", "/sys/fs/cgroup", start);
}
