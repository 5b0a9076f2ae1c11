/* load_http.c - the load generator's HTTP clients (RFC 9112). */
/* SPDX-License-Identifier: MIT */
/*
 * All requests are the same, and so are all responses. The first response is
 * fetched before the start; the body of each later one must be equal to it. The
 * ring has one request, repeated as often as requests are in flight.
 *
 * A response must have status 200 and a Content-Length, as those of the servers
 * under test have. Everything else ends the run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"

enum {
	HEAD_MAX = 4096,
	BODY_MAX = 1 << 26
};

/* ---- heads --------------------------------------------------------------- */

const char *
find_field(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL ? NULL
			  : at + strlen(name) + strspn(at + strlen(name), " ");
}

size_t
copy_head(char *head, size_t size, const uint8_t *in, size_t len)
{
	const uint8_t *end = memmem(in, len, "\r\n\r\n", 4);
	size_t n;

	if (end == NULL && len < size)
		return 0;
	if (end == NULL || (n = (size_t)(end - in) + 4) >= size)
		fail("a head that is too large");
	memcpy(head, in, n);
	head[n] = '\0';
	return n;
}

size_t
take_head(const uint8_t *in, size_t len, size_t *body)
{
	char head[HEAD_MAX];
	const char *length;
	size_t n = copy_head(head, sizeof(head), in, len);

	if (n == 0)
		return 0;
	length = find_field(head, "\nContent-Length:");
	if (strncmp(head, "HTTP/1.1 200", 12) != 0 || length == NULL)
		fail("another response: %.*s", (int)strcspn(head, "\r"), head);
	*body = strtoull(length, NULL, 10);
	return n;
}

/* ---- the first response -------------------------------------------------- */

/* A blocking connection that gives up when the server is silent. */
static int
connect_patiently(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(opt.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = STALL_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("cannot connect: %s", strerror(errno));
	return fd;
}

/* Receive at least len octets into out, which holds size. */
static size_t
receive(int fd, uint8_t *out, size_t had, size_t len, size_t size)
{
	ssize_t n;

	while (had < len) {
		n = recv(fd, out + had, size - had, 0);
		if (n <= 0)
			fail("the response to GET %s breaks off", opt.path);
		had += (size_t)n;
	}
	return had;
}

static size_t
write_request(char *out, size_t size)
{
	int n =
	    snprintf(out, size, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
		opt.path, opt.port);

	if (n < 0 || (size_t)n >= size)
		fail("the path is too long");
	return (size_t)n;
}

/* Fetch the body that all later responses must have. */
static void
learn_body(const char *request, size_t request_len)
{
	int fd = connect_patiently();
	size_t len = 0, head = 0, body = 0;

	if (send(fd, request, request_len, MSG_NOSIGNAL) !=
	    (ssize_t)request_len)
		fail("cannot ask for %s: %s", opt.path, strerror(errno));
	while (head == 0) {
		len = receive(fd, run.input, len, len + 1, INPUT_MAX);
		head = take_head(run.input, len, &body);
	}
	if (body > BODY_MAX)
		fail("%s is too large", opt.path);
	opt.size = run.reply_len = body;
	run.replies_expected = grab(body + INPUT_MAX, 1);
	memcpy(run.replies_expected, run.input + head, len - head);
	receive(fd, run.replies_expected, len - head, body, body);
	close(fd);
}

static void
http_prepare(void)
{
	char request[HEAD_MAX];
	size_t len = write_request(request, sizeof(request));

	learn_body(request, len);
	run.ring = 1;
	run.message_len = len;
	run.messages = grab(1 + opt.depth, len);
	for (unsigned i = 0; i <= opt.depth; i++)
		memcpy(run.messages + i * len, request, len);
}

/* ---- the run ------------------------------------------------------------- */

static size_t
http_take(struct client *c, const uint8_t *in, size_t len)
{
	size_t n = len < c->left ? len : (size_t)c->left;
	size_t body;

	if (n > 0) {
		expect(c, in, n);
		c->left -= n;
		if (c->left == 0)
			reply_done(c);
		return n;
	}
	n = take_head(in, len, &body);
	if (n == 0)
		return 0;
	if (body != run.reply_len)
		fail("a body of another length");
	c->left = body;
	if (body == 0)
		reply_done(c);
	return n;
}

/* A storm of HTTP: the connection ends without a word. */
static void
http_leave(struct client *c)
{
	(void)shutdown(c->fd, SHUT_WR);
}

const struct protocol protocol_http = { .name = "http",
	.prepare = http_prepare,
	.connected = ready,
	.take = http_take,
	.flush = flush_stream,
	.leave = http_leave };
