/* machine.h - how much memory a process may have. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_MACHINE_H
#define WS_MACHINE_H

#include <stddef.h>

/* Find out how much memory this process may have: what the machine has, what
 * the control group of the process and those above it allow, or RLIMIT_AS,
 * whichever is least.
 * Returns octets, at least 16 MiB. */
size_t ws_machine_memory(void);

/* The same from other files, for tests.
 *   groups    names the groups of the process, as /proc/self/cgroup does
 *   hierarchy where groups are mounted, as /sys/fs/cgroup
 *   start     octets that the machine has */
size_t
ws_machine_memory_of(const char *groups, const char *hierarchy, size_t start);

#endif
