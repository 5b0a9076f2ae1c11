/* test_live_memory.c - many peers that hold memory together. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

#define BINARY (CLIENT_FIN | 2)
#define MIB (1 << 20)

static struct live live;

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_memory, .fini = end, .timeout = 120);

static const char half[900000];

/* Send a part of a message of 900,000 octets. */
static void
send_half(struct client *c, size_t octets)
{
	uint8_t header[14] = { BINARY, 0x80 | 127 };

	header[7] = (uint8_t)(sizeof(half) >> 16);
	header[8] = (uint8_t)(sizeof(half) >> 8);
	header[9] = (uint8_t)sizeof(half);
	client_send(c, header, sizeof(header));
	(void)client_push(c, half, octets, 200);
}

static void
expect_echo(struct client *c)
{
	client_send_frame(c, BINARY, "still here", 10);
	client_expect(c, BINARY, "still here", 10);
}

static struct ws_stats
stats(void)
{
	struct ws_stats now;

	ws_stats(live.server, &now);
	return now;
}

/* ---- the total --------------------------------------------------------- */

Test(live_memory, the_largest_holders_are_ended_first)
{
	struct ws_options options = { .memory = 2 * MIB, .log_level = -1 };
	struct client honest, small, large[6];
	int ended = 0;

	live = live_here(&options, live_echo, NULL);
	honest = client_ws(live.address, "/echo");
	small = client_ws(live.address, "/echo");
	for (int i = 0; i < 6; i++)
		large[i] = client_ws(live.address, "/echo");
	send_half(&small, 3000);
	for (int i = 0; i < 6; i++) {
		send_half(&large[i], 600000);
		expect_echo(&honest);
	}
	live_pass(100);
	cr_assert_leq(stats().memory, options.memory);
	cr_assert_eq(stats().max_memory, options.memory);
	for (int i = 0; i < 6; i++) {
		if (client_is_quiet(&large[i], 50))
			continue;
		client_expect_close(&large[i], 1013, false);
		ended++;
	}
	cr_assert_geq(ended, 3);
	cr_assert_leq(ended, 5);
	/* It held less than the others, and may go on. */
	(void)client_push(&small, half, sizeof(half) - 3000, 500);
	client_expect(&small, BINARY, half, sizeof(half));
	client_close(&small);
	client_close(&honest);
	for (int i = 0; i < 6; i++)
		client_close(&large[i]);
	live_until_connections(&live, 0);
	cr_assert_lt(stats().memory, 100000);
}

Test(live_memory, newcomers_get_503_while_it_is_short)
{
	struct ws_options options = { .memory = MIB, .log_level = -1 };
	struct client honest, holders[64], newcomer;
	int n = 0;
	struct response r;

	live = live_here(&options, live_echo, NULL);
	honest = client_ws(live.address, "/echo");
	while (stats().memory <= MIB - MIB / 5) {
		cr_assert_lt(n, 64);
		holders[n] = client_ws(live.address, "/echo");
		send_half(&holders[n++], 20000);
		expect_echo(&honest);
	}
	newcomer = client_open(live.address);
	client_puts(&newcomer, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(client_response(&newcomer, &r, false), 503);
	cr_assert_not_null(client_field(&r, "Retry-After"));
	client_close(&newcomer);
	while (n > 0)
		client_close(&holders[--n]);
	live_until_connections(&live, 1);
	newcomer = client_ws(live.address, "/echo");
	expect_echo(&newcomer);
	client_close(&newcomer);
	expect_echo(&honest);
	client_close(&honest);
}

Test(live_memory, a_body_is_refused_with_503_when_it_is_full)
{
	struct ws_options options = { .memory = MIB, .log_level = -1 };
	struct client body[2];
	struct response r;
	int refused = 0;

	live = live_here(&options, live_echo, NULL);
	for (int i = 0; i < 2; i++) {
		body[i] = client_open(live.address);
		client_puts(&body[i], "POST /hello HTTP/1.1\r\nHost: a\r\n"
				      "Content-Length: 900000\r\n\r\n");
	}
	for (int i = 0; i < 2; i++)
		(void)client_push(&body[i], half, 700000, 200);
	live_pass(100);
	for (int i = 0; i < 2; i++) {
		if (client_take(&body[i])) {
			cr_assert_eq(client_response(&body[i], &r, false), 503);
			cr_assert_not_null(client_field(&r, "Retry-After"));
			refused++;
		}
		client_close(&body[i]);
	}
	cr_assert_geq(refused, 1);
}

/* Segments that are spare after many answers are a cache. */
Test(live_memory, caches_are_released_while_it_is_short)
{
	enum {
		MANY = 100,
		SHORT = MIB / 100 * 85
	};
	struct ws_options options = { .memory = MIB, .log_level = -1 };
	struct client reader;
	size_t before, after;

	live = live_here(&options, live_echo, NULL);
	reader = client_ws(live.address, "/room/");
	before = stats().memory;
	for (int i = 0; i < MANY; i++)
		ws_publish(live.server, NULL, 0, WS_TEXT, half, 200, NULL);
	live_pass(10);
	for (int i = 0; i < MANY; i++)
		client_expect(&reader, CLIENT_FIN | 1, half, 200);
	after = stats().memory;
	cr_assert_gt(after, before);
	ws_memory_hold(live.server, SHORT);
	live_pass(10);
	expect_echo(&reader);
	cr_assert_leq(stats().memory - SHORT, before);
	ws_memory_hold(live.server, -SHORT);
	client_close(&reader);
}

/* ---- requests on hold -------------------------------------------------- */

static struct ws_request *held[200];
static int holds;

static void
hold_and_forget(struct ws_request *request)
{
	ws_request_forget(request); /* it is not on hold yet: nothing happens */
	cr_assert_str_eq(ws_request_path(request), "/wait");
	cr_assert_eq(ws_hold(request, NULL, NULL), 0);
	cr_assert_str_eq(ws_request_path(request), "/wait");
	cr_assert_str_eq(ws_request_query(request), "a=b");
	cr_assert_str_eq(ws_request_field(request, "X-Long"), "long");
	ws_request_forget(request);
	ws_request_forget(request);
	cr_assert_str_eq(ws_request_method(request), "GET");
	cr_assert_str_eq(ws_request_path(request), "");
	cr_assert_str_eq(ws_request_query(request), "");
	cr_assert_null(ws_request_field(request, "X-Long"));
	held[holds++] = request;
}

static void
waiting(struct ws_server *server)
{
	cr_assert_eq(ws_http(server, "/wait", NULL, hold_and_forget, NULL), 0);
}

static void
ask_to_wait(struct client *c, const char *fields)
{
	char request[512];

	(void)snprintf(request, sizeof(request),
	    "GET /wait?a=b HTTP/1.1\r\nHost: a\r\nX-Long: long\r\n%s\r\n",
	    fields);
	client_puts(c, request);
}

Test(live_memory, a_request_on_hold_may_forget_its_head)
{
	static char text[4000];
	struct ws_options options = { .log_level = -1 };
	struct client c;
	struct response r;

	memset(text, 'a', sizeof(text));
	live = live_here(&options, waiting, NULL);
	c = client_open(live.address);
	/* What the answer needs of the head is kept. */
	for (int i = 0; i < 3; i++) {
		ask_to_wait(&c, i == 0 ? "" : "Accept-Encoding: gzip\r\n");
		client_until(&holds, i + 1);
		cr_assert_eq(
		    ws_reply(held[i], 200, "text/html", text, sizeof(text)), 0);
		cr_assert_eq(client_response(&c, &r, false), 200);
		cr_assert_eq(
		    client_field(&r, "Content-Encoding") != NULL, i > 0);
	}
	ask_to_wait(&c, "Connection: close\r\n");
	client_until(&holds, 4);
	cr_assert_eq(ws_reply(held[3], 200, NULL, "bye", WS_STR), 0);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_str_eq(client_field(&r, "Connection"), "close");
	cr_assert(client_ends(&c));
	client_close(&c);
	/* One whose client has left. */
	c = client_open(live.address);
	ask_to_wait(&c, "");
	client_until(&holds, 5);
	client_close(&c);
	live_until_connections(&live, 0);
	cr_assert_eq(ws_reply(held[4], 200, NULL, "late", WS_STR), 0);
}

Test(live_memory, a_request_on_hold_takes_little)
{
	enum {
		MANY = 150
	};
	struct ws_options options = { .log_level = -1 };
	struct client many[MANY];
	size_t before;

	live = live_here(&options, waiting, NULL);
	before = stats().memory;
	for (int i = 0; i < MANY; i++) {
		many[i] = client_open(live.address);
		ask_to_wait(&many[i], "Accept: text/html, */*\r\n");
		client_until(&holds, i + 1);
	}
	cr_expect_lt((stats().memory - before) / MANY, 550);
	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(ws_reply(held[i], 204, NULL, NULL, 0), 0);
		client_close(&many[i]);
	}
	live_until_connections(&live, 0);
	/* Segments of queues stay for the next answers. */
	cr_expect_leq(stats().memory, before + MANY * 32 + 2048);
}

/* ---- a process that may not have more ---------------------------------- */

#define HOLDERS 150

/* Send what a server takes that may refuse it at any time. */
static void throw(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len > 0 && client_wait(fd, POLLOUT, 500)) {
		n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

/* Have many clients hold most of a message, while another gets its echoes. */
static void
attack(void)
{
	static const uint8_t header[14] = { BINARY, 0x80 | 127, 0, 0, 0, 0, 0,
		sizeof(half) >> 16, (uint8_t)(sizeof(half) >> 8),
		(uint8_t)sizeof(half) };
	static struct client holders[HOLDERS];
	struct client honest = client_ws(live.address, "/echo");

	for (int i = 0; i < HOLDERS; i++) {
		const char *request = client_request("/echo", "");

		holders[i] = client_open(live.address);
		throw(holders[i].fd, request, strlen(request));
		throw(holders[i].fd, header, sizeof(header));
		throw(holders[i].fd, half, 800000);
		expect_echo(&honest);
	}
	cr_assert_gt(live_resident(&live), 4 * MIB);
	for (int i = 0; i < HOLDERS; i++)
		client_close(&holders[i]);
	/* The memory goes back to the system. */
	for (int i = 0; i < 50 && live_resident(&live) > 4 * MIB; i++) {
		expect_echo(&honest);
		(void)usleep(100000);
	}
	cr_assert_leq(live_resident(&live), 4 * MIB);
	expect_echo(&honest);
	client_send_close(&honest, 1000, "");
	client_expect_close(&honest, 1000, false);
	client_close(&honest);
}

/* Under a sanitizer a process has terabytes of addresses, and more memory than
 * a small control group allows. */
static bool
is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return getenv("WSD") != NULL;
}

Test(live_memory, a_process_with_little_address_space_survives)
{
	static const char *const arguments[] = { "--log", "error", NULL };
	struct rlimit limit = { 128 * MIB, 128 * MIB }, old;

	if (is_sanitized())
		cr_skip("a sanitizer needs more memory than that");
	cr_assert_eq(getrlimit(RLIMIT_AS, &old), 0);
	limit.rlim_max = old.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	live = live_program(arguments);
	cr_assert_eq(setrlimit(RLIMIT_AS, &old), 0);
	attack();
}

/* Write a text into a file of a control group. */
static bool
put(const char *group, const char *name, const char *text)
{
	char path[256];
	int fd;
	bool done;

	(void)snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	(void)close(fd);
	return done;
}

/* Make a control group that may have 64 MiB, and join it. */
static bool
join_group(char *group, size_t size)
{
	static const char *const roots[] = { "/sys/fs/cgroup/memory",
		"/sys/fs/cgroup" };
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	for (int i = 0; i < 2; i++) {
		(void)snprintf(group, size, "%s/wsd-test-%s", roots[i], pid);
		if (mkdir(group, 0700) < 0)
			continue;
		if ((put(group, "memory.limit_in_bytes", "67108864") ||
			put(group, "memory.max", "67108864")) &&
		    put(group, "cgroup.procs", pid))
			return true;
		(void)rmdir(group);
	}
	return false;
}

Test(live_memory, a_process_in_a_small_control_group_survives)
{
	static const char *const arguments[] = { "--log", "error", NULL };
	char group[128];

	if (is_sanitized())
		cr_skip("a sanitizer needs more memory than that");
	if (!join_group(group, sizeof(group)))
		cr_skip("no control group of memory can be made here");
	live = live_program(arguments);
	(void)put("/sys/fs/cgroup/memory", "cgroup.procs", "0");
	(void)put("/sys/fs/cgroup", "cgroup.procs", "0");
	attack();
	live_end(&live);
	live = (struct live){ .tie = -1 };
	(void)rmdir(group);
}
