/* fairness.c - how long others wait while somebody attacks the server. */
/* SPDX-License-Identifier: MIT */
/*
 *	fairness --attacks
 *	fairness [--http] -p PORT -S PID -t SECONDS ATTACK
 *
 * One client behaves well: it sends one small message to /echo (with --http it
 * asks for /healthz), waits for the answer, rests for a moment, and sends the
 * next one. Meanwhile an attack of the table below runs. The figure is the
 * processor time that the server spends between the message and its answer, by
 * the server's own clock, so that other work of the machine does not count:
 *
 *	client   ── send ─────────────────────────────── answer ──▶
 *	server   ░░░░░░ work for the attackers ░░░░░░░░ echo ░░░░░░
 *	            └──────────────── gap ─────────────────┘
 *
 * The client sleeps while it waits. The machine may wake it late, which the
 * system's own time stamp of the answer shows. The server may have worked on
 * meanwhile, so that time is taken off the gap.
 *
 * Prints the attack, octets sent, microseconds of the median gap and of the
 * longest, octets received by the attackers, members of the crowd, how many of
 * them and of the attackers' connections the server ended, pings, and "ok",
 * "silent" (no answer, and none will come), "dropped", or "wrong". fairness.sh
 * makes a table of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fairness.h"

enum {
	GAPS_MAX = 1 << 20,    /* kept for the median */
	PATIENCE_S = 5,        /* to wait for a server that does nothing */
	STALLED_NS = 50000000, /* a server that did less in that time */
	ENOUGH_S = 10,         /* of its time: no answer will come */
	PREPARE_S = 120,       /* for the crowd of an attack to gather */
	REST_US = 200,         /* between an answer and the next ping */
	CALM = 100,            /* pings before the attack begins */
	LATE_NS = 2000000,     /* woken so late, the machine was busy */
	SIZE = 16,             /* octets of a ping's payload */
	REPLY_MAX = 4096,
};

/* An attack, and the server that it needs. */
struct attack {
	const char *name;
	const char *what;
	void (*run)(void);   /* NULL for none */
	const char *options; /* of wsd; @FILES@ is the directory of files */
	bool peer;           /* nginx can do the same job */
};

#define PAGES "@FILES@"

/* Each attack aims at the cost of one visit to one connection, or of one turn. */
static const struct attack attacks[] = {
	/* Nothing: what a ping costs, and what the clock can tell. */
	{ "idle", "no attack", NULL, "", true },

	/* Compressing for an answer that has no body; the cache of what is
	 * compressed holds less than all the files. */
	{ "head-gzip", "HEAD of 400 files of 200 KB, gzip, 8 connections",
	    attack_head_gzip, PAGES, true },
	/* Compressing, with a cache that never has what is asked for. */
	{ "get-gzip", "GET of the same", attack_get_gzip, PAGES, true },
	/* Reading a directory, sorting it and writing it as HTML. */
	{ "listing", "directory of 10,000 files, 8 connections", attack_listing,
	    "--list " PAGES, true },
	/* Opening a file for each few octets of a request. */
	{ "ranges", "10 octets of a big file, pipelined, 8 connections",
	    attack_ranges, PAGES, true },
	/* Copying a file to whoever can take most of it. */
	{ "downloads", "a file of 64 MB for 200 connections", attack_downloads,
	    PAGES, true },
	/* Requests answered in one visit, times connections in one turn. */
	{ "pipeline", "GET /healthz, pipelined, 500 connections",
	    attack_pipeline, "", true },
	/* Reading lists in fields, as often as the server asks for them. */
	{ "lists", "If-None-Match and Accept-Encoding of 350 each",
	    attack_lists, PAGES, true },
	/* Parsing a head anew with each octet that comes. */
	{ "slow-heads", "heads of 8 KB octet by octet, 500 connections",
	    attack_slow_heads, "", true },
	/* Bodies whose coding is longer than they are. */
	{ "chunks", "bodies in chunks of 1 octet, 8 connections", attack_chunks,
	    "", false },

	/* Accepting, and ending what was accepted. */
	{ "connects", "8,000 connects without a request", attack_connects, "",
	    true },
	{ "storm", "upgrade and abort, 200 at once", attack_storm, "", false },
	{ "drop", "19,000 members of a room end at once", attack_drop, "",
	    false },
	{ "halves", "500 halves of 1 MiB are left at once", attack_halves, "",
	    false },
	{ "small-halves", "8,000 halves of 60 KB are left at once",
	    attack_small_halves, "", false },
	/* Deadlines: what is due in one turn. */
	{ "idle-due", "8,000 requests, then all are idle for too long",
	    attack_idle_due, "--idle 500ms", false },
	{ "pings-due", "15,000 are to be pinged at once", attack_pings_due,
	    "--ping 500ms", false },
	/* Writing a line of the log for each 7 octets. */
	{ "bad", "1,024 times BAD, with a log", attack_bad, "--log access",
	    true },
	/* The same, into a pipe that nobody reads. */
	{ "bad-stuck", "the same, and nobody reads the log", attack_bad,
	    "--log access @STUCK@", false },

	/* Deliveries: each octet sent costs a frame for each member. */
	{ "room-1000", "1 octet messages to 1,000 members", attack_room_1000,
	    "", false },
	{ "room-5000", "1 octet messages to 5,000 members", attack_room_5000,
	    "", false },
	/* Flushing: one system call for each member. */
	{ "room-15000", "64 octets to 15,000 members once a second",
	    attack_room_15000, "", false },
	/* Messages, or control frames, in one visit. */
	{ "tiny", "1 octet messages to /echo, 8 connections", attack_tiny, "",
	    false },
	{ "tiny-500", "the same, 500 connections", attack_tiny_500, "", false },
	{ "pings", "empty pings, 8 connections", attack_pings, "", false },
	{ "fragments", "messages of 1,000 fragments, 8 connections",
	    attack_fragments, "", false },
	/* Inflating a thousand times what was sent. */
	{ "bombs", "1 MB of zeros in 1 KB, 8 connections", attack_bombs,
	    "--deflate=shared", false },
	/* Compressing what goes back. */
	{ "deflate-echo", "1 MB of JSON, compressed both ways",
	    attack_deflate_echo, "--deflate=shared", false },

	/* Joins and leaves that a thousand are told of. */
	{ "sio-joins", "connect and disconnect, 1,000 are told",
	    attack_sio_joins, "", false },
	{ "sio-drop", "500 clients end at once, 1,000 are told",
	    attack_sio_drop, "", false },
	/* Deliveries again, asked for by one body. */
	{ "sio-events", "a POST of 1 MB of events to 1,000 members",
	    attack_sio_events, "", false },
	/* Making and ending namespaces. */
	{ "sio-namespaces", "a namespace of its own each time, 8 connections",
	    attack_sio_namespaces, "", false },
	/* Looking for a key behind a value of 1 MB. */
	{ "json-deep", "1 MB of nested arrays", attack_json_deep, "", false },
	{ "json-keys", "1 MB of keys", attack_json_keys, "", false },
	{ "json-numbers", "1 MB of long numbers", attack_json_numbers, "",
	    false },
	{ "json-escapes", "1 MB of escapes", attack_json_escapes, "", false },
	{ "json-surrogates", "1 MB of surrogates", attack_json_surrogates, "",
	    false },
	{ "json-ints", "1 MB of integers", attack_json_ints, "", false },
	/* Answering a thousand requests for one event. */
	{ "polls", "an event to 1,000 polls, 10 times a second", attack_polls,
	    "", false },
	{ "polls-flood", "events to 1,000 polls as fast as they go",
	    attack_polls_flood, "", false },
};

/* The client that behaves well. */
struct innocent {
	int fd;
	bool http;
	struct octets ping;
	size_t reply_len;
	uint8_t reply[REPLY_MAX]; /* what it is to be */
};

/* All gaps, nanoseconds. */
static uint64_t gaps[GAPS_MAX];
static size_t pings;
static uint64_t longest;
static clockid_t server_clock;
static int server_counter; /* -1: not allowed */
static pid_t server_pid;

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		fail("the server is gone");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the server's time --------------------------------------------------- */

/* Find the clock of the server's processor time. Linux has two: that of
 * clock_getcpuclockid(3) moves with the system's tick while the server runs, and
 * a tick may be 4 ms. The counter of
 * perf_event_open(2) asks the core that the server runs on, but not everybody
 * may have it. */
static void
find_server(void)
{
	struct perf_event_attr task_clock = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(task_clock),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	if (clock_getcpuclockid(server_pid, &server_clock) != 0)
		fail("there is no process %d", (int)server_pid);
	server_counter = (int)syscall(SYS_perf_event_open, &task_clock,
	    server_pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Nanoseconds that the server has worked for. */
static uint64_t
server_ns(void)
{
	uint64_t ns;

	if (server_counter < 0)
		return clock_ns(server_clock);
	if (read(server_counter, &ns, sizeof(ns)) != sizeof(ns))
		fail("the server is gone");
	return ns;
}

/* ---- the client ---------------------------------------------------------- */

/* Run on the server's core, with a higher priority, where the system allows it.
 * So the client wakes as soon as the server has written the answer. On another
 * core it might wait for an attacker while the server goes on. */
static void
stand_beside(pid_t server)
{
	const struct sched_param least = { .sched_priority = 1 };
	cpu_set_t cores;

	if (sched_setscheduler(0, SCHED_FIFO, &least) == 0 &&
	    sched_getaffinity(server, sizeof(cores), &cores) == 0)
		(void)sched_setaffinity(0, sizeof(cores), &cores);
}

/* Connect, and learn from the first answer how long all others will be. */
static void
meet(struct innocent *me)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct octets upgrade = { 0 };
	char text[REPLY_MAX];
	int on = 1;

	me->fd = dial(0);
	if (me->http) {
		print(&me->ping, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	} else {
		add_upgrade(&upgrade, "/echo", "");
		say(me->fd, upgrade.data, upgrade.len);
		hear(me->fd, WS_OPENED, text, sizeof(text));
		add_frame(&me->ping, BINARY, "a ping of before", SIZE);
		free(upgrade.data);
	}
	say(me->fd, me->ping.data, me->ping.len);
	me->reply_len = (size_t)recv(me->fd, me->reply, REPLY_MAX, 0);
	if (me->reply_len < SIZE || me->reply_len > REPLY_MAX)
		fail("no answer");
	(void)setsockopt(
	    me->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(me->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
}

/* When the system got what message brought; 0 if it does not say. */
static uint64_t
arrival_ns(struct msghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	struct timespec t;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_TIMESTAMPNS)
		return 0;
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Decide, after PATIENCE_S without an answer, whether one may still come: the
 * server works, and has worked for less than ENOUGH_S since it was asked.
 *   before_ns  the server's time when it was asked
 *   last_ns    the server's time at the last call of this; changed */
static bool
may_answer(uint64_t before_ns, uint64_t *last_ns)
{
	uint64_t now = server_ns();
	bool works = now - *last_ns > STALLED_NS;

	*last_ns = now;
	return works && now - before_ns < (uint64_t)ENOUGH_S * 1000000000;
}

/* Drop an empty ping of the server from the front of what was received (RFC 6455
 * section 5.5.2): the client's next message shows that it is there.
 * Returns how many octets are left. */
static ssize_t
without_ping(uint8_t *text, ssize_t n)
{
	enum {
		FIN_PING = 0x89,
		EMPTY = 2
	};

	if (n < EMPTY || text[0] != FIN_PING || text[1] != 0)
		return n;
	memmove(text, text + EMPTY, (size_t)(n - EMPTY));
	return n - EMPTY;
}

/* Wait for the answer. Returns NULL, or what is wrong with it.
 *   before_ns   the server's time when it was asked
 *   arrived_ns  receives when the last of it came, or 0 */
static const char *
wait_for_answer(
    const struct innocent *me, uint64_t before_ns, uint64_t *arrived_ns)
{
	uint64_t last = before_ns;
	_Alignas(struct cmsghdr) char control[256];
	uint8_t text[REPLY_MAX];
	size_t len = 0;

	while (len < me->reply_len) {
		struct iovec part = { text, me->reply_len - len };
		struct msghdr message = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(me->fd, &message, 0);

		if (n < 0 && errno == EAGAIN && may_answer(before_ns, &last))
			continue;
		if (n < 0 && errno == EAGAIN)
			return "silent";
		if (n <= 0)
			return "dropped";
		if (len == 0)
			n = without_ping(text, n);
		if (!me->http && memcmp(text, me->reply + len, (size_t)n) != 0)
			return "wrong";
		len += (size_t)n;
		*arrived_ns = arrival_ns(&message);
	}
	return NULL;
}

/* One ping. Returns NULL, or what is wrong with the answer. */
static const char *
ping(const struct innocent *me)
{
	uint64_t before = server_ns(), arrived = 0, late, gap;
	const char *wrong;

	if (send(me->fd, me->ping.data, me->ping.len, MSG_NOSIGNAL) < 0)
		return "dropped";
	wrong = wait_for_answer(me, before, &arrived);
	gap = server_ns() - before;
	late = arrived != 0 ? clock_ns(CLOCK_REALTIME) - arrived : 0;
	if (late > LATE_NS)
		gap -= late < gap ? late : gap;
	if (gap > longest)
		longest = gap;
	gaps[pings % GAPS_MAX] = gap;
	pings++;
	return wrong;
}

static const char *
ping_until(const struct innocent *me, uint64_t end_ns)
{
	const struct timespec moment = { .tv_nsec = REST_US * 1000 };
	const char *wrong = NULL;

	while (wrong == NULL && clock_ns(CLOCK_MONOTONIC) < end_ns) {
		wrong = ping(me);
		(void)nanosleep(&moment, NULL);
	}
	return wrong;
}

/* ---- the run ------------------------------------------------------------- */

static const struct attack *
find_attack(const char *name)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (name != NULL && strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	}
	return NULL;
}

static void
list_attacks(void)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		printf("%s\t%s\t%s\t%s\n", attacks[i].name,
		    attacks[i].peer ? "nginx" : "-",
		    attacks[i].options[0] != '\0' ? attacks[i].options : "-",
		    attacks[i].what);
}

/* Start the process of an attack. Returns when it is prepared. */
static pid_t
start_attack(const struct attack *attack)
{
	pid_t pid = spawn();

	if (pid == 0) {
		if (attack->run != NULL)
			attack->run();
		begin();
		for (;;)
			(void)pause();
	}
	for (unsigned ms = 0; !tally->prepared; ms++) {
		if (tally->failed || ms > PREPARE_S * 1000)
			fail("%s cannot be prepared", attack->name);
		rest(1);
	}
	return pid;
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
report(const struct attack *attack, unsigned members, const char *wrong)
{
	size_t kept = pings < GAPS_MAX ? pings : GAPS_MAX;

	qsort(gaps, kept, sizeof(gaps[0]), ascending);
	printf("%s\t%llu\t%.1f\t%.1f\t%llu\t%u\t%u\t%u\t%zu\t%s\n",
	    attack->name, (unsigned long long)tally->sent,
	    kept > 0 ? (double)gaps[kept / 2] / 1000 : 0,
	    (double)longest / 1000, (unsigned long long)tally->received,
	    members, tally->lost, tally->refused, pings,
	    wrong == NULL ? "ok" : wrong);
}

static void
run(const struct attack *attack, bool http, double seconds)
{
	struct innocent me = { .http = http };
	const char *wrong = NULL;
	unsigned members;
	pid_t pid;

	pid = start_attack(attack);
	meet(&me);
	stand_beside(server_pid);
	for (int i = 0; i < CALM && wrong == NULL; i++)
		wrong = ping(&me);
	members = tally->members;
	longest = 0;
	pings = 0;
	tally->sent = 0; /* what it took to prepare is no attack */
	tally->begun = true;
	if (wrong == NULL)
		wrong = ping_until(
		    &me, clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	if (tally->failed)
		fail("%s has failed", attack->name);
	report(attack, members, wrong);
}

static void
usage(void)
{
	fprintf(stderr, "usage: fairness --attacks\n"
			"       fairness [--http] -p PORT -S PID [-t SECONDS] "
			"ATTACK\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	const struct attack *attack;
	double seconds = 5;
	bool http = false;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--attacks") == 0) {
			list_attacks();
			return 0;
		} else if (strcmp(argv[i], "--http") == 0) {
			http = true;
		} else if (i + 1 == argc) {
			usage();
		} else if (strcmp(argv[i], "-p") == 0) {
			server_port = (in_port_t)atoi(argv[++i]);
		} else if (strcmp(argv[i], "-S") == 0) {
			server_pid = atoi(argv[++i]);
		} else if (strcmp(argv[i], "-t") == 0) {
			seconds = strtod(argv[++i], NULL);
		}
	}
	attack = find_attack(argv[i]);
	if (attack == NULL || server_port == 0 || server_pid == 0)
		usage();
	find_server();
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		fail("out of memory");
	run(attack, http, seconds);
	return 0;
}
