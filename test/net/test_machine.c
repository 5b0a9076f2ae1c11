/* test_machine.c - how much memory a process may have, by control group. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/machine.h"

#define MIB ((size_t)1 << 20)
#define MACHINE (8192 * MIB)

static char root[] = "/tmp/wsd-machine-XXXXXX";

static void
begin(void)
{
	cr_assert_not_null(mkdtemp(root));
}

static void
end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(machine, .init = begin, .fini = end);

/* Write a file below the root, and the folders that it is in. */
static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *at = path + sizeof(root); *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

/* Find the memory of a process whose groups are these. */
static size_t
memory_in(const char *groups)
{
	char path[64], hierarchy[64];

	put("groups", groups);
	(void)snprintf(path, sizeof(path), "%s/groups", root);
	(void)snprintf(hierarchy, sizeof(hierarchy), "%s/cgroup", root);
	return ws_machine_memory_of(path, hierarchy, MACHINE);
}

Test(machine, without_groups_it_is_that_of_the_machine)
{
	cr_expect_eq(
	    ws_machine_memory_of("/nowhere/at/all", root, MACHINE), MACHINE);
	cr_expect_eq(memory_in(""), MACHINE);
	cr_expect_eq(memory_in("no line of a group\n0::\n"), MACHINE);
	cr_expect_eq(memory_in("0::/a\n4:memory:/a\n"), MACHINE);
}

Test(machine, the_group_of_version_2_limits_it)
{
	put("cgroup/a/b/memory.max", "209715200\n");
	put("cgroup/a/memory.max", "max\n");
	cr_expect_eq(memory_in("0::/a/b\n"), 200 * MIB);
	cr_expect_eq(memory_in("0::/a\n"), MACHINE);
}

Test(machine, so_does_any_group_above_it)
{
	put("cgroup/a/b/memory.max", "max\n");
	put("cgroup/a/memory.max", "104857600\n");
	put("cgroup/memory.max", "419430400\n");
	cr_expect_eq(memory_in("0::/a/b\n"), 100 * MIB);
	cr_expect_eq(memory_in("0::/c\n"), 400 * MIB);
	cr_expect_eq(memory_in("0::/\n"), 400 * MIB);
	/* As in a container, whose group is not there under its name. */
	cr_expect_eq(memory_in("0::/docker/0123456789ab\n"), 400 * MIB);
}

Test(machine, the_group_of_version_1_limits_it)
{
	put("cgroup/memory/a/memory.limit_in_bytes", "157286400\n");
	put("cgroup/cpu/a/memory.limit_in_bytes", "1\n");
	cr_expect_eq(memory_in("5:cpu:/a\n4:memory:/a\n0::/a\n"), 150 * MIB);
	/* What version 1 writes where there is no limit. */
	put("cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	cr_expect_eq(memory_in("4:memory:/a\n"), MACHINE);
}

Test(machine, the_least_limit_counts)
{
	put("cgroup/memory/a/memory.limit_in_bytes", "157286400\n");
	put("cgroup/a/memory.max", "104857600\n");
	cr_expect_eq(memory_in("4:memory:/a\n0::/a\n"), 100 * MIB);
	cr_expect_eq(memory_in("0::/a\n4:memory:/a"), 100 * MIB);
}

Test(machine, what_is_no_limit_is_none)
{
	static const char *const texts[] = { "", "max", "0\n", "none\n", "-" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put("cgroup/a/memory.max", texts[i]);
		cr_expect_eq(memory_in("0::/a\n"), MACHINE, "\"%s\"", texts[i]);
	}
}

Test(machine, a_limit_that_is_too_small_is_16_mib)
{
	put("cgroup/a/memory.max", "4096\n");
	cr_expect_eq(memory_in("0::/a\n"), 16 * MIB);
}

Test(machine, a_path_that_is_too_long_is_left_out)
{
	static char line[4000];

	put("cgroup/memory.max", "104857600\n");
	memset(line, 'a', sizeof(line) - 1);
	memcpy(line, "0::/", 4);
	cr_expect_leq(memory_in(line), MACHINE);
}

Test(machine, the_limit_of_addresses_counts)
{
	struct rlimit limit, old;

#if defined(__SANITIZE_ADDRESS__)
	cr_skip("a sanitizer needs more addresses than that");
#endif
	cr_assert_eq(getrlimit(RLIMIT_AS, &old), 0);
	cr_expect_geq(ws_machine_memory(), 16 * MIB);
	limit = old;
	limit.rlim_cur = 32 * MIB;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	cr_expect_leq(ws_machine_memory(), 32 * MIB);
	cr_assert_eq(setrlimit(RLIMIT_AS, &old), 0);
}
