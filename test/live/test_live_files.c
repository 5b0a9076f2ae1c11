/* test_live_files.c - static files through a real server. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"
#include "test/tree.h"

#define HOST "Host: localhost\r\n"
#define HUGE_OCTETS ((size_t)64 << 20)

static struct live live;
static char root[64];

static void
setup(struct ws_server *server)
{
	live_echo(server);
	static const struct ws_files_options lists = { .list = true };

	if (ws_files(server, "/", root, NULL) < 0 ||
	    ws_files(server, "/sub/", root, NULL) < 0 ||
	    ws_files(server, "/list/", root, &lists) < 0)
		abort();
}

/* A sparse file with its own offset written at every MiB. */
static void
make_huge(void)
{
	int fd = open(tree_path(root, "huge.bin"), O_CREAT | O_WRONLY, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, (off_t)HUGE_OCTETS), 0);
	for (uint64_t at = 0; at < HUGE_OCTETS; at += 1 << 20)
		cr_assert_eq(pwrite(fd, &at, sizeof(at), (off_t)at),
		    (ssize_t)sizeof(at));
	close(fd);
	tree_time(root, "huge.bin", TREE_TIME, 0);
}

static void
begin(void)
{
	static const struct ws_options options = { .idle_ms = 3000,
		.log_level = -1 };

	tree_make(root);
	tree_file(root, "index.html", "<p>index</p>");
	tree_file(root, "a.txt", "0123456789");
	tree_file(root, "empty.css", "");
	tree_dir(root, "dir");
	tree_file(root, "dir/index.html", "dir");
	tree_file(root, ".hidden", "hidden");
	tree_link(root, "out", "/etc/passwd");
	make_huge();
	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
	tree_remove(root);
}

TestSuite(live_files, .init = begin, .fini = end, .timeout = 300);

static size_t
connections(void)
{
	struct ws_stats stats;

	ws_stats(live.server, &stats);
	return stats.connections;
}

/* ---- answers ----------------------------------------------------------- */

static const struct {
	const char *request, *fields;
	int status;
	const char *body; /* NULL: whatever */
} answers[] = {
	{ "GET /", "", 200, "<p>index</p>" },
	{ "GET /a.txt", "", 200, "0123456789" },
	{ "GET /a%2Etxt?query", "", 200, "0123456789" },
	{ "GET /empty.css", "", 200, "" },
	{ "GET /dir", "", 301, NULL },
	{ "GET /dir/", "", 200, "dir" },
	{ "GET /sub/a.txt", "", 200, "0123456789" },
	{ "GET /sub/dir/", "", 200, "dir" },
	{ "GET /none", "", 404, NULL },
	{ "GET /a.txt/", "", 404, NULL },
	{ "GET /.hidden", "", 404, NULL },
	{ "GET /out", "", 404, NULL },
	{ "GET /../a.txt", "", 400, NULL },
	{ "GET /dir/%2e%2e/a.txt", "", 400, NULL },
	{ "GET /a.txt%00", "", 400, NULL },
	{ "GET /..%5ca.txt", "", 400, NULL },
	{ "GET /%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", 400, NULL },
	{ "GET /a.txt", "Range: bytes=2-4\r\n", 206, "234" },
	{ "GET /a.txt", "Range: bytes=-3\r\n", 206, "789" },
	{ "GET /a.txt", "Range: bytes=10-\r\n", 416, NULL },
	{ "GET /a.txt", "Range: bytes=0-0,2-3\r\n", 200, "0123456789" },
	{ "GET /a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
	    304, "" },
	{ "GET /a.txt", "If-None-Match: *\r\n", 304, "" },
	{ "POST /a.txt", "Content-Length: 0\r\n", 405, NULL },
};

static void
ask(struct client *c, const char *request, const char *fields)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s HTTP/1.1\r\n" HOST "%s\r\n", request,
	    fields);
	client_puts(c, text);
}

/* RFC 9110 14.2: a Range field of another method than GET is ignored. */
static int
status_of(size_t row, bool head)
{
	if (head && strncmp(answers[row].fields, "Range", 5) == 0)
		return 200;
	return answers[row].status;
}

static void
expect_answer(struct client *c, size_t row, bool head)
{
	struct response r;
	const char *body = head ? "" : answers[row].body;

	cr_expect_eq(client_response(c, &r, head), status_of(row, head),
	    "%s %s: %d", answers[row].request, answers[row].fields, r.status);
	cr_expect(body == NULL || (r.len == strlen(body) &&
				      memcmp(r.body, body, r.len) == 0),
	    "%s: %.*s", answers[row].request, (int)r.len, r.body);
	cr_expect_not_null(client_field(&r, "Date"));
}

#define ROWS (sizeof(answers) / sizeof(*answers))

Test(live_files, each_request_alone)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct client c = client_open(live.address);

		ask(&c, answers[i].request, answers[i].fields);
		expect_answer(&c, i, false);
		client_close(&c);
	}
}

/* All in one segment, each as GET and as HEAD, three times over. */
Test(live_files, rfc9112_9_3_2_pipelined_in_order)
{
	static char all[65536];
	struct client c = client_open(live.address);
	size_t len = 0;

	for (size_t i = 0; i < 3 * ROWS; i++) {
		size_t row = i % ROWS;
		const char *space = strchr(answers[row].request, ' ');

		len += (size_t)snprintf(all + len, sizeof(all) - len,
		    "%s HTTP/1.1\r\n" HOST "%s\r\n"
		    "HEAD%s HTTP/1.1\r\n" HOST "%s\r\n",
		    answers[row].request, answers[row].fields,
		    strcmp(space, " /a.txt") == 0 && answers[row].status == 405
			? " /hello"
			: space,
		    answers[row].status == 405 ? "" : answers[row].fields);
	}
	client_send(&c, all, len);
	for (size_t i = 0; i < 3 * ROWS; i++) {
		struct response r;

		expect_answer(&c, i % ROWS, false);
		if (answers[i % ROWS].status == 405)
			cr_expect_eq(client_response(&c, &r, true), 200);
		else
			expect_answer(&c, i % ROWS, true);
	}
	cr_assert(client_is_quiet(&c, 20));
	client_close(&c);
}

Test(live_files, rfc9110_13_1_2_an_entity_tag_saves_the_body)
{
	struct client c = client_open(live.address);
	struct response r;
	char field[256];

	ask(&c, "GET /a.txt", "");
	cr_assert_eq(client_response(&c, &r, false), 200);
	snprintf(field, sizeof(field), "If-None-Match: %s\r\n",
	    client_field(&r, "ETag"));
	ask(&c, "GET /a.txt", field);
	cr_assert_eq(client_response(&c, &r, false), 304);
	tree_file(root, "a.txt", "changed!!!");
	tree_time(root, "a.txt", TREE_TIME + 1, 0);
	ask(&c, "GET /a.txt", field);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(memcmp(r.body, "changed!!!", 10), 0);
	client_close(&c);
}

/* ---- large files ------------------------------------------------------- */

/* Wait for a head and forget it. */
static void
skip_head(struct client *c)
{
	const char *end = NULL;
	size_t have = 0;

	while (end == NULL) {
		cr_assert(client_await(c, have + 1));
		have = c->len - c->begin;
		for (size_t i = 0; i + 4 <= have && end == NULL; i++) {
			const char *at = (const char *)c->in + c->begin + i;

			if (memcmp(at, "\r\n\r\n", 4) == 0)
				end = at + 4;
		}
	}
	client_skip(c, (size_t)(end - (const char *)c->in) - c->begin);
}

/* Take octets of the huge file and check them. Returns where that ends. */
static uint64_t
check_huge(struct client *c, uint64_t at)
{
	const uint8_t *in = c->in + c->begin;
	size_t len = c->len - c->begin, i = 0;

	/* Only whole marks are looked at. */
	len -= len % sizeof(at);
	for (; i < len; i += sizeof(at), at += sizeof(at)) {
		uint64_t word, want = at % (1 << 20) == 0 ? at : 0;

		memcpy(&word, in + i, sizeof(word));
		cr_assert_eq(word, want, "at %llu", (unsigned long long)at);
	}
	client_skip(c, len);
	return at;
}

Test(live_files, a_large_file_and_a_slow_reader_stop_nobody)
{
	struct client slow = client_open(live.address);
	struct client other = client_ws(live.address, "/echo");
	uint64_t at = 0;
	int echoes = 0;

	ask(&slow, "GET /huge.bin", "");
	ask(&slow, "GET /a.txt", "");
	skip_head(&slow);
	while (at < HUGE_OCTETS) {
		size_t before = slow.len - slow.begin;

		if (at + before < HUGE_OCTETS)
			(void)client_take(&slow);
		cr_assert(!slow.ended);
		if (slow.len - slow.begin > HUGE_OCTETS - at) {
			size_t len = slow.len;

			slow.len = slow.begin + (HUGE_OCTETS - at);
			at = check_huge(&slow, at);
			slow.len = len;
		} else
			at = check_huge(&slow, at);
		client_send_frame(&other, CLIENT_FIN | 1, "x", 1);
		client_expect(&other, CLIENT_FIN | 1, "x", 1);
		echoes++;
	}
	expect_answer(&slow, 1, false);
	cr_assert_gt(echoes, 50);
	client_close(&slow);
	client_close(&other);
}

/* One that does not read at all keeps no memory and no processor busy. */
Test(live_files, a_reader_that_stops_is_given_up)
{
	struct client c = client_open_small(live.address, 4096);
	long before = live_resident(&live);

	ask(&c, "GET /huge.bin", "");
	skip_head(&c);
	cr_assert_lt(live_resident(&live) - before, 16 << 20);
	while (connections() > 0)
		(void)client_wait(-1, 0, 20);
	client_close(&c);
}

Test(live_files, a_file_that_shrinks_ends_the_connection)
{
	struct client c = client_open(live.address);
	size_t taken = 0;

	ask(&c, "GET /huge.bin", "");
	skip_head(&c);
	cr_assert_eq(truncate(tree_path(root, "huge.bin"), 1000000), 0);
	do {
		taken += c.len - c.begin;
		client_skip(&c, c.len - c.begin);
	} while (client_await(&c, 1));
	taken += c.len - c.begin;
	cr_assert_lt(taken, HUGE_OCTETS);
	cr_assert_eq(connections(), 0);
	client_close(&c);
}

/* Ends in the middle of a file, in every way; the process lives on, although
 * nobody runs ws_run here. */
Test(live_files, peers_that_leave_during_a_file)
{
	for (int i = 0; i < 40; i++) {
		struct client c = client_open(live.address);

		ask(&c, "GET /huge.bin", "");
		skip_head(&c);
		if (i % 4 == 0)
			client_reset(&c);
		else if (i % 4 == 1)
			client_close(&c);
		else {
			client_shut(&c);
			for (int n = 0; n < i; n++)
				(void)client_take(&c);
			if (i % 4 == 2)
				client_reset(&c);
			else
				client_close(&c);
		}
		for (int n = 0; n < 4; n++)
			(void)client_wait(-1, 0, 1);
	}
	while (connections() > 0)
		(void)client_wait(-1, 0, 20);
}

/* A client that ends its direction behind its request gets all of it. */
Test(live_files, half_close_behind_a_request)
{
	struct client c = client_open(live.address);
	uint64_t at = 0;

	ask(&c, "GET /huge.bin", "");
	client_shut(&c);
	skip_head(&c);
	while (client_await(&c, sizeof(at)))
		at = check_huge(&c, at);
	cr_assert_eq(at, HUGE_OCTETS);
	cr_assert_not(c.reset);
	client_close(&c);
}

Test(live_files, stopping_lets_a_file_finish)
{
	struct client c = client_open(live.address);
	uint64_t at = 0;

	ask(&c, "GET /huge.bin", "");
	skip_head(&c);
	ws_stop(live.server, 60000);
	while (client_await(&c, sizeof(at)))
		at = check_huge(&c, at);
	cr_assert_eq(at, HUGE_OCTETS);
	client_close(&c);
	while (!ws_stopped(live.server))
		(void)client_wait(-1, 0, 10);
}

/* ---- names --------------------------------------------------------------- */

static char logged[4096];
static int warnings;

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	if (level != WS_LOG_WARN)
		return;
	warnings++;
	snprintf(logged, sizeof(logged), "%s", line);
}

/* Start the server anew, with a log. */
static void
begin_logged(void)
{
	static const struct ws_options options = { .log = on_log };

	live_end(&live);
	warnings = 0;
	live = live_here(&options, setup, NULL);
}

/* Ask for a path until it has a status, for two seconds at most. */
static void
await_status(struct client *c, const char *request, int status)
{
	struct response r = { 0 };

	for (int i = 0; i < 100 && r.status != status; i++) {
		live_pass(20);
		ask(c, request, "");
		(void)client_response(c, &r, false);
	}
	cr_assert_eq(r.status, status, "%s", request);
}

Test(live_files, a_deployment_beside_a_running_server_is_served)
{
	struct client c, slow;
	uint64_t at = 0;
	char moved[80];

	begin_logged();
	c = client_open(live.address);
	slow = client_open(live.address);
	ask(&slow, "GET /huge.bin", "");
	skip_head(&slow);
	snprintf(moved, sizeof(moved), "%s.old", root);
	cr_assert_eq(rename(root, moved), 0);
	await_status(&c, "GET /a.txt", 503);
	/* Both routes have this root. */
	await_status(&c, "GET /sub/a.txt", 503);
	await_status(&c, "GET /list/a.txt", 503);
	cr_expect_eq(warnings, 3, "each once: %s", logged);
	cr_expect_not_null(strstr(logged, root), "%s", logged);
	live_pass(1100);
	await_status(&c, "GET /a.txt", 503);
	cr_expect_eq(warnings, 3, "%s", logged);
	cr_assert_eq(mkdir(root, 0755), 0);
	tree_file(root, "new.txt", "new");
	await_status(&c, "GET /new.txt", 200);
	ask(&c, "GET /a.txt", "");
	{
		struct response r;

		cr_expect_eq(client_response(&c, &r, false), 404);
	}
	while (at < HUGE_OCTETS && client_await(&slow, sizeof(at)))
		at = check_huge(&slow, at);
	cr_expect_eq(at, HUGE_OCTETS, "a download ends as it began");
	client_close(&slow);
	client_close(&c);
	tree_remove(moved);
}

Test(live_files, slashes_of_a_careless_proxy_are_merged)
{
	static const struct {
		const char *request;
		int status;
	} requests[] = {
		{ "GET //a.txt", 200 },
		{ "GET ///a.txt", 200 },
		{ "GET //sub//a.txt", 200 },
		{ "GET //hello", 200 },
		{ "GET //", 200 },
		{ "GET //none", 404 },
		{ "GET //..//a.txt", 400 },
	};
	struct client c = client_open(live.address), ws;
	struct response r;

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		ask(&c, requests[i].request, "");
		cr_expect_eq(client_response(&c, &r, false), requests[i].status,
		    "%s: %d", requests[i].request, r.status);
	}
	client_close(&c);
	ws = client_ws(live.address, "//echo");
	client_send_frame(&ws, CLIENT_FIN | 1, "x", 1);
	client_expect(&ws, CLIENT_FIN | 1, "x", 1);
	client_close(&ws);
}

/* A file that is shorter than it says, as those of /sys are. */
Test(live_files, a_file_that_gives_less_than_it_says_is_logged)
{
	struct client c;

	begin_logged();
	c = client_open(live.address);
	ask(&c, "GET /huge.bin", "");
	skip_head(&c);
	cr_assert_eq(truncate(tree_path(root, "huge.bin"), 1000000), 0);
	do
		client_skip(&c, c.len - c.begin);
	while (client_await(&c, 1));
	cr_expect_eq(warnings, 1);
	cr_expect_not_null(
	    strstr(logged, "/huge.bin: the file says 67108864 octets"), "%s",
	    logged);
	client_close(&c);
}

/* RFC 9110 section 10.1.1. */
Test(live_files, rfc9110_10_1_1_what_will_be_refused_need_not_be_sent)
{
	static const struct {
		const char *request;
		int status;
	} requests[] = {
		{ "POST /a.txt", 405 },
		{ "PUT /none", 405 },
		{ "DELETE /hello", 405 },
		{ "TRACE /", 405 },
		{ "POST /hello", 100 },
		{ "GET /a.txt", 100 },
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct client c = client_open(live.address);
		struct response r;
		char status[16];

		ask(&c, requests[i].request,
		    "Expect: 100-continue\r\nContent-Length: 5\r\n");
		cr_assert(client_await(&c, 12));
		snprintf(
		    status, sizeof(status), "HTTP/1.1 %d", requests[i].status);
		cr_expect_eq(memcmp(c.in + c.begin, status, 12), 0, "%s: %.12s",
		    requests[i].request, (const char *)c.in + c.begin);
		if (requests[i].status != 100) {
			(void)client_response(&c, &r, false);
			cr_expect_not(client_await(&c, 1));
		}
		client_close(&c);
	}
}

/* ---- large directories --------------------------------------------------- */

/* Fill root/many with as many empty files. */
static void
make_many(int count)
{
	char name[32];

	tree_dir(root, "many");
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "many/%05d", i);
		close(open(tree_path(root, name), O_CREAT | O_WRONLY, 0644));
	}
}

/* Check that a response is the listing of root/many. */
static void
expect_many(struct client *c, int count)
{
	static char page[4 << 20];
	struct response r;
	char *at = page;
	int found = 0;

	cr_assert_eq(client_response(c, &r, false), 200);
	cr_assert_lt(r.len, sizeof(page));
	memcpy(page, r.body, r.len);
	page[r.len] = '\0';
	while ((at = strstr(at, "<a href=\"./")) != NULL) {
		cr_assert_eq(atoi(at + strlen("<a href=\"./")), found);
		at++;
		found++;
	}
	cr_expect_eq(found, count);
}

Test(live_files, a_large_directory_stops_nobody)
{
	struct client lists[3], other = client_ws(live.address, "/echo");
	struct response r;

	make_many(5000);
	for (int i = 0; i < 3; i++) {
		lists[i] = client_open(live.address);
		ask(&lists[i], "GET /list/many/", "");
		ask(&lists[i], "GET /list/many/", "");
		ask(&lists[i], "GET /list/a.txt", "");
	}
	for (int i = 0; i < 5; i++) {
		client_send_frame(&other, CLIENT_FIN | 1, "x", 1);
		client_expect(&other, CLIENT_FIN | 1, "x", 1);
	}
	cr_expect_eq(lists[2].len, 0, "an echo does not wait for a listing");
	for (int i = 0; i < 3; i++) {
		expect_many(&lists[i], 5000);
		expect_many(&lists[i], 5000);
		cr_expect_eq(client_response(&lists[i], &r, false), 200);
		cr_expect_eq(r.len, 10);
		client_close(&lists[i]);
	}
	client_close(&other);
}

/* A client that has asked and leaves, first or last of the queue. */
Test(live_files, peers_that_leave_during_a_listing)
{
	int descriptors;

	make_many(3000);
	descriptors = tree_descriptors();
	for (int i = 0; i < 30; i++) {
		struct client c[3];

		for (int k = 0; k < 3; k++) {
			c[k] = client_open(live.address);
			ask(&c[k], "GET /list/many/", "");
		}
		for (int n = 0; n < 3 + i % 3; n++)
			(void)client_wait(-1, 0, 0);
		client_reset(&c[i % 3]);
		expect_many(&c[(i + 1) % 3], 3000);
		client_close(&c[(i + 1) % 3]);
		client_close(&c[(i + 2) % 3]);
	}
	while (connections() > 0)
		(void)client_wait(-1, 0, 20);
	cr_expect_eq(tree_descriptors(), descriptors);
}

Test(live_files, a_server_ends_during_a_listing)
{
	struct client c = client_open(live.address);

	make_many(5000);
	ask(&c, "GET /list/many/", "");
	for (int n = 0; n < 4; n++)
		(void)client_wait(-1, 0, 0);
	client_close(&c);
}

Test(live_files, what_comes_late_is_in_the_listing_that_it_gets)
{
	struct client early = client_open(live.address);
	struct client late = client_open(live.address);

	make_many(5000);
	ask(&early, "GET /list/many/", "");
	for (int n = 0; n < 4; n++)
		(void)client_wait(-1, 0, 0);
	tree_file(root, "many/05000", "");
	ask(&late, "GET /list/many/", "");
	expect_many(&late, 5001);
	client_close(&early);
	client_close(&late);
}

/* HEAD does not wait for the length of what it does not get. */
Test(live_files, head_of_a_large_directory_reads_little_of_it)
{
	struct client c = client_open(live.address);
	struct response r;

	make_many(3000);
	ask(&c, "HEAD /list/many/", "");
	cr_assert_eq(client_response(&c, &r, true), 200);
	cr_expect_null(client_field(&r, "Content-Length"));
	ask(&c, "HEAD /list/dir/", "");
	cr_assert_eq(client_response(&c, &r, true), 200);
	cr_expect_not_null(client_field(&r, "Content-Length"));
	client_close(&c);
}
