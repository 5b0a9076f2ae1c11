/* fairness_http.c - attacks by requests, files and connections. */
/* SPDX-License-Identifier: MIT */
/*
 * The requests are for files that fairness.sh makes: FILES of 200 KB that can be
 * compressed, /big.bin, and a directory /many/ of 10,000 files.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fairness.h"

enum {
	FILES = 400,
};

static void
flood_requests(unsigned connections, const struct octets *data)
{
	flood(&(struct flood){
	    .connections = connections, .data = data, .again = true });
}

/* One request after the other, for each file once. */
static void
walk_files(const char *method)
{
	struct octets data = { 0 };

	for (int i = 0; i < FILES; i++)
		print(&data,
		    "%s /f%d.html HTTP/1.1\r\nHost: a\r\n"
		    "Accept-Encoding: gzip\r\n\r\n",
		    method, i);
	flood_requests(8, &data);
}

void
attack_head_gzip(void)
{
	walk_files("HEAD");
}

void
attack_get_gzip(void)
{
	walk_files("GET");
}

/* The same request, pipelined. */
static void
flood_request(unsigned connections, const char *request)
{
	struct octets data = { 0 };

	while (data.len < 65536)
		add(&data, request, strlen(request));
	flood_requests(connections, &data);
}

void
attack_listing(void)
{
	flood_request(8, "GET /many/ HTTP/1.1\r\nHost: a\r\n\r\n");
}

void
attack_pipeline(void)
{
	flood_request(500, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
}

void
attack_downloads(void)
{
	flood_request(200, "GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* Small pieces from all over a big file. */
void
attack_ranges(void)
{
	struct octets data = { 0 };

	for (unsigned i = 0; i < 1000; i++)
		print(&data,
		    "GET /big.bin HTTP/1.1\r\nHost: a\r\n"
		    "Range: bytes=%u-%u\r\n\r\n",
		    i * 60000, i * 60000 + 9);
	flood_requests(8, &data);
}

/* Heads of 6 KB, of fields that are lists, which the server has to read. */
void
attack_lists(void)
{
	struct octets data = { 0 };

	print(&data, "GET /f0.html HTTP/1.1\r\nHost: a\r\nIf-None-Match: ");
	for (int i = 0; i < 350; i++)
		print(&data, "\"%d\", ", i);
	print(&data, "\"\"\r\nAccept-Encoding: ");
	for (int i = 0; i < 350; i++)
		print(&data, "x%d;q=0, ", i);
	print(&data, "br;q=0\r\n\r\n");
	flood_requests(8, &data);
}

/* ---- slow heads ---------------------------------------------------------- */

/* A head of nearly 8 KB and 100 fields. */
static void
make_long_head(struct octets *head)
{
	print(head, "GET /healthz HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < 95; i++)
		print(head, "X-Field-%02d: %066d\r\n", i, i);
	print(head, "\r\n");
}

/* Send 7 of 8 KB at once and the rest octet by octet: a server that parses the
 * head from its beginning reads 7 KB for each octet. */
void
attack_slow_heads(void)
{
	enum {
		CONNECTIONS = 500,
		AT_ONCE = 7000
	};
	struct octets head = { 0 };
	int fds[CONNECTIONS];
	size_t at = 0;

	make_long_head(&head);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		fds[i] = dial(i);
	begin();
	for (;;) {
		size_t len = at == 0 ? AT_ONCE : 1;

		for (unsigned i = 0; i < CONNECTIONS; i++)
			say(fds[i], head.data + at, len);
		at = (at + len) % head.len;
	}
}

/* ---- connections --------------------------------------------------------- */

/* Open thousands of connections at once, and close them at once, without a
 * request. */
void
attack_connects(void)
{
	unsigned count = members_max(8000);
	int *fds = calloc(count, sizeof(*fds));

	if (fds == NULL)
		fail("out of memory");
	begin();
	for (;;) {
		for (unsigned i = 0; i < count; i++)
			fds[i] = dial(i);
		for (unsigned i = 0; i < count; i++)
			close(fds[i]);
	}
}

/* Send one request on each of thousands of connections: then all of them have
 * been idle for too long at once. */
void
attack_idle_due(void)
{
	static const char get[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
	unsigned count = members_max(8000);
	int *fds = calloc(count, sizeof(*fds));

	if (fds == NULL)
		fail("out of memory");
	for (unsigned i = 0; i < count; i++)
		fds[i] = dial(i);
	tally->members = count;
	begin();
	for (;;) {
		for (unsigned i = 0; i < count; i++)
			say(fds[i], get, sizeof(get) - 1);
		rest(1500);
		for (unsigned i = 0; i < count; i++) {
			close(fds[i]);
			fds[i] = dial(i);
		}
	}
}

/* Send 1,024 texts that are not HTTP, each on a connection of its own, since the
 * server closes it. It may log each of them. */
void
attack_bad(void)
{
	enum {
		CONNECTIONS = 1024
	};
	static const char bad[] = "BAD\r\n\r\n";
	int fds[CONNECTIONS];

	begin();
	for (;;) {
		for (unsigned i = 0; i < CONNECTIONS; i++) {
			fds[i] = dial(i);
			say(fds[i], bad, sizeof(bad) - 1);
		}
		for (unsigned i = 0; i < CONNECTIONS; i++)
			close(fds[i]);
	}
}
