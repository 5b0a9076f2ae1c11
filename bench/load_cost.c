/* load_cost.c - what a server spends, and the line of all figures. */
/* SPDX-License-Identifier: MIT */
/*
 * The cost of a server is read from outside, for its process and its children
 * (websocketd has one for each connection), including those that have ended:
 *
 *	its CPU clock, in nanoseconds of all its threads
 *	the share of user time, from the ticks in /proc/PID/stat; there are a
 *	    few hundred in a second, so short runs tell little about it
 *	its resident memory, from /proc/PID/smaps_rollup
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

/* ---- /proc --------------------------------------------------------------- */

/* Read /proc/PID/NAME as a string. Returns false if the process is gone. */
static bool
read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[128];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	len = fread(text, 1, size - 1, file);
	fclose(file);
	text[len] = '\0';
	return true;
}

/* Resident octets of a process. smaps_rollup counts pages; the figure in
 * statm may lag by the pages that each core has not reported yet. */
static uint64_t
read_rss(pid_t pid)
{
	unsigned long long kib = 0;
	char text[4096];
	const char *line;

	if (!read_proc(pid, "smaps_rollup", text, sizeof(text)))
		return 0;
	line = strstr(text, "\nRss:");
	if (line != NULL)
		(void)sscanf(line, "\nRss: %llu kB", &kib);
	return kib * 1024;
}

/* Add user and system ticks: fields 14 and 15, counted behind the name, which
 * may contain anything; and 16 and 17, those of children that have ended.
 * proc(5). A process that is just ending has nothing to read. */
static void
add_ticks(pid_t pid, struct snapshot *to)
{
	unsigned long long user, system, ended_user, ended_system;
	const char *behind;
	char text[1024];

	if (!read_proc(pid, "stat", text, sizeof(text)))
		return;
	behind = strrchr(text, ')');
	if (behind == NULL ||
	    sscanf(behind,
		") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
		" %llu %llu %llu %llu",
		&user, &system, &ended_user, &ended_system) != 4)
		return;
	to->server_user += user + ended_user;
	to->server_system += system + ended_system;
	to->server_ns += (ended_user + ended_system) *
			 (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Add what one process has spent. One that is gone adds nothing. */
static void
add_process(pid_t pid, struct snapshot *to)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &t) < 0)
		return;
	to->server_ns += (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	add_ticks(pid, to);
	/* Reading the memory walks the server's pages, so only -m idle does it. */
	if (opt.mode == IDLE)
		to->server_rss += read_rss(pid);
}

/* Add the children that one thread of the server has started. */
static void
add_children_of(const char *thread, struct snapshot *to)
{
	char name[300], text[1 << 16];
	char *at = text, *end;
	long child;

	snprintf(name, sizeof(name), "task/%s/children", thread);
	if (!read_proc(opt.server, name, text, sizeof(text)))
		return;
	while ((child = strtol(at, &end, 10)) > 0 && end != at) {
		add_process((pid_t)child, to);
		at = end;
	}
}

/* A child belongs to the thread that started it: all threads are asked. */
static void
add_children(struct snapshot *to)
{
	const struct dirent *entry;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)opt.server);
	threads = opendir(path);
	if (threads == NULL)
		fail("%s: %s", path, strerror(errno));
	while ((entry = readdir(threads)) != NULL) {
		if (entry->d_name[0] != '.')
			add_children_of(entry->d_name, to);
	}
	closedir(threads);
}

struct snapshot
take_snapshot(void)
{
	struct snapshot now = { .replies = run.replies };

	if (opt.server != 0) {
		add_process(opt.server, &now);
		if (now.server_ns == 0)
			fail("there is no process %d", (int)opt.server);
		add_children(&now);
	}
	now.wall_ns = clock_ns(CLOCK_MONOTONIC);
	now.load_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	return now;
}

/* ---- figures ------------------------------------------------------------- */

static void
print_server(const struct snapshot *a, const struct snapshot *b, double count)
{
	double wall = (double)(b->wall_ns - a->wall_ns);
	double cpu = (double)(b->server_ns - a->server_ns);
	double user = (double)(b->server_user - a->server_user);
	double system = (double)(b->server_system - a->server_system);
	double share = user + system > 0 ? user / (user + system) : 0;

	printf(" server_cpu=%.3f", cpu / wall);
	if (count > 0)
		printf(" cpu_us=%.4f user_us=%.4f system_us=%.4f",
		    cpu / count / 1e3, cpu * share / count / 1e3,
		    cpu * (1 - share) / count / 1e3);
	if (opt.mode == IDLE)
		printf(" rss_before_kib=%llu rss_kib=%llu rss_each=%.1f",
		    (unsigned long long)a->server_rss / 1024,
		    (unsigned long long)b->server_rss / 1024,
		    ((double)b->server_rss - (double)a->server_rss) /
			opt.connections);
	else
		printf(" rss_kib=%llu",
		    (unsigned long long)read_rss(opt.server) / 1024);
}

static const char *
mode_name(void)
{
	switch (opt.mode) {
	case ECHO:
		return "echo";
	case FANOUT:
		return "fanout";
	case STORM:
		return "storm";
	case IDLE:
		return "idle";
	}
	return "";
}

void
print_figures(const struct snapshot *a, const struct snapshot *b)
{
	double wall = (double)(b->wall_ns - a->wall_ns);
	double count = (double)(b->replies - a->replies);

	printf("mode=%s protocol=%s connections=%u depth=%u size=%zu"
	       " seconds=%.3f replies=%.0f per_second=%.0f",
	    mode_name(), opt.protocol->name, opt.connections, opt.depth,
	    opt.size, wall / 1e9, count, count / wall * 1e9);
	if (opt.mode != IDLE)
		printf(" p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f",
		    percentile(0.5), percentile(0.99), percentile(0.999),
		    percentile(1));
	printf(" load_cpu=%.3f", (double)(b->load_ns - a->load_ns) / wall);
	if (opt.server != 0)
		print_server(a, b, count);
	printf("\n");
}
