/* client.c - a WebSocket and HTTP client for tests, as rude as they need. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

struct ws_server *client_server;

/* ---- time -------------------------------------------------------------- */

int64_t
client_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
client_wait(int fd, int events, int ms)
{
	struct pollfd fds[2] = { { .fd = fd, .events = (short)events },
		{ .fd = -1, .events = POLLIN } };

	if (client_server != NULL) {
		int next = ws_timeout(client_server);

		fds[1].fd = ws_fd(client_server);
		if (next >= 0 && next < ms)
			ms = next;
	}
	if (poll(fds, 2, ms) < 0 && errno != EINTR)
		cr_assert_fail("poll: %s", strerror(errno));
	if (client_server != NULL && ws_step(client_server, 0) < 0)
		cr_assert_fail("ws_step: %s", strerror(errno));
	return fds[0].revents;
}

/* Wait within the time that a test has. */
static void
wait_until(int fd, int events, int64_t deadline_ms, const char *what)
{
	int64_t left = deadline_ms - client_now_ms();

	if (left <= 0)
		cr_assert_fail("timed out: %s", what);
	(void)client_wait(fd, events, (int)left);
}

void
client_until(const int *counter, int value)
{
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;

	while (*(const volatile int *)counter < value) {
		if (client_now_ms() > deadline_ms)
			cr_assert_fail(
			    "timed out at %d, waiting for %d", *counter, value);
		(void)client_wait(-1, 0, 20);
	}
}

/* ---- connecting -------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static socklen_t
parse_address(const char *text, union address *a)
{
	const char *colon = strrchr(text, ':');
	uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	char host[64] = "";

	memset(a, 0, sizeof(*a));
	if (strncmp(text, "unix:", 5) == 0) {
		a->un.sun_family = AF_UNIX;
		strncpy(a->un.sun_path, text + 5, sizeof(a->un.sun_path) - 1);
		return sizeof(a->un);
	}
	if (text[0] == '[') {
		memcpy(host, text + 1, (size_t)(colon - text) - 2);
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = port;
		inet_pton(AF_INET6, host, &a->in6.sin6_addr);
		return sizeof(a->in6);
	}
	memcpy(host, text, (size_t)(colon - text));
	a->in.sin_family = AF_INET;
	a->in.sin_port = port;
	inet_pton(AF_INET, host, &a->in.sin_addr);
	return sizeof(a->in);
}

struct client
client_open_small(const char *address, int octets)
{
	struct client c = { .fd = -1 };
	union address a;
	socklen_t size = parse_address(address, &a);
	int on = 1;

	c.fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (octets > 0)
		setsockopt(
		    c.fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	/* The listening queue answers, so this never waits for the server. */
	if (c.fd < 0 || connect(c.fd, &a.any, size) != 0)
		cr_assert_fail("connect %s: %s", address, strerror(errno));
	(void)setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)fcntl(c.fd, F_SETFL, O_NONBLOCK);
	return c;
}

struct client
client_open(const char *address)
{
	return client_open_small(address, 0);
}

void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	*c = (struct client){ .fd = -1 };
}

void
client_reset(struct client *c)
{
	struct linger hard = { .l_onoff = 1 };

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	client_close(c);
}

void
client_shut(struct client *c)
{
	(void)shutdown(c->fd, SHUT_WR);
}

/* ---- octets out -------------------------------------------------------- */

void
client_send(struct client *c, const void *data, size_t len)
{
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN)
			return; /* the server hung up: receiving will tell */
		(void)client_take(c);
		wait_until(c->fd, POLLOUT | POLLIN, deadline_ms, "sending");
	}
}

void
client_puts(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

/* Return the octets that the system has not delivered to the server's socket.
 * */
static bool
is_delivered(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return true;
	return info.tcpi_unacked == 0;
}

void
client_dribble(struct client *c, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		client_send(c, (const char *)data + i, 1);
		(void)client_wait(-1, 0, 0);
		while (client_server == NULL && !is_delivered(c->fd))
			(void)client_wait(-1, 0, 1);
	}
}

size_t
client_push(struct client *c, const void *data, size_t len, int quiet_ms)
{
	int64_t quiet_since = client_now_ms();
	const uint8_t *at = data;
	size_t sent = 0;

	while (sent < len) {
		ssize_t n = send(c->fd, at + sent, len - sent, MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			quiet_since = client_now_ms();
			continue;
		}
		if (errno != EAGAIN || client_now_ms() - quiet_since > quiet_ms)
			break;
		(void)client_wait(c->fd, POLLOUT, 20);
	}
	return sent;
}

/* ---- octets in --------------------------------------------------------- */

bool
client_take(struct client *c)
{
	ssize_t n;

	if (c->begin > 0 && c->begin == c->len)
		c->begin = c->len = 0;
	if (c->room - c->len < 65536) {
		if (c->begin > 0)
			memmove(c->in, c->in + c->begin, c->len - c->begin);
		c->len -= c->begin;
		c->begin = 0;
		if (c->room - c->len < 65536) {
			c->room = c->room * 2 + 131072;
			c->in = realloc(c->in, c->room);
		}
	}
	n = recv(c->fd, c->in + c->len, c->room - c->len, 0);
	if (n > 0)
		c->len += (size_t)n;
	else if (n == 0 || errno != EAGAIN) {
		c->ended = true;
		c->reset = n < 0;
	}
	return n > 0;
}

bool
client_await(struct client *c, size_t octets)
{
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;

	while (c->len - c->begin < octets) {
		if (client_take(c))
			continue;
		if (c->ended)
			return false;
		wait_until(c->fd, POLLIN, deadline_ms, "receiving");
	}
	return true;
}

void
client_skip(struct client *c, size_t octets)
{
	c->begin += octets;
}

bool
client_ends(struct client *c)
{
	return !client_await(c, 1) && !c->reset;
}

bool
client_is_quiet(struct client *c, int ms)
{
	int64_t until_ms = client_now_ms() + ms;

	while (client_now_ms() < until_ms) {
		if (client_take(c) || c->ended || c->len > c->begin)
			return false;
		(void)client_wait(
		    c->fd, POLLIN, (int)(until_ms - client_now_ms()));
	}
	return !client_take(c) && !c->ended;
}

/* ---- frames ------------------------------------------------------------ */

size_t
client_frame(uint8_t *out, int first, const void *data, size_t len)
{
	static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	const uint8_t *from = data;
	size_t size = 2;

	out[0] = (uint8_t)first;
	if (len < 126)
		out[1] = (uint8_t)(0x80 | len);
	else if (len <= 0xffff) {
		out[1] = 0x80 | 126;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		size = 4;
	} else {
		out[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			out[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
		size = 10;
	}
	memcpy(out + size, key, 4);
	size += 4;
	for (size_t i = 0; i < len; i++)
		out[size + i] = from[i] ^ key[i & 3];
	return size + len;
}

void
client_send_frame(struct client *c, int first, const void *data, size_t len)
{
	size_t octets = len == WS_STR ? strlen(data) : len;
	uint8_t *out = malloc(octets + CLIENT_FRAME_ROOM);

	client_send(c, out, client_frame(out, first, data, octets));
	free(out);
}

void
client_send_close(struct client *c, int code, const char *reason)
{
	char payload[125] = { (char)(code >> 8), (char)code };
	size_t len = strlen(reason);

	memcpy(payload + 2, reason, len);
	client_send_frame(c, CLIENT_FIN | 8, payload, len + 2);
}

bool
client_recv_frame(struct client *c, struct frame *f)
{
	size_t size = 2, extra = 0;
	uint64_t len;
	const uint8_t *at;

	if (!client_await(c, 2))
		return false;
	at = c->in + c->begin;
	f->first = at[0];
	f->masked = (at[1] & 0x80) != 0;
	len = at[1] & 0x7f;
	if (len >= 126)
		extra = len == 126 ? 2 : 8;
	if (!client_await(c, size + extra))
		return false;
	at = c->in + c->begin;
	for (size_t i = 0; i < extra; i++)
		len = (i == 0 ? 0 : len << 8) | at[2 + i];
	size += extra;
	if (!client_await(c, size + len))
		return false;
	f->data = c->in + c->begin + size;
	f->len = len;
	f->code = f->len < 2 ? 1005 : f->data[0] << 8 | f->data[1];
	client_skip(c, size + len);
	return true;
}

void
client_expect(struct client *c, int first, const void *data, size_t len)
{
	struct frame f;

	if (len == WS_STR)
		len = strlen(data);
	cr_assert(client_recv_frame(c, &f), "the stream ended");
	cr_assert(f.first == first && !f.masked,
	    "a frame begins with 0x%02x, not 0x%02x (close code %d)", f.first,
	    first, f.code);
	cr_assert_eq(f.len, len, "%zu octets, not %zu", f.len, len);
	cr_assert(len == 0 || memcmp(f.data, data, len) == 0,
	    "another payload of %zu octets", len);
}

void
client_expect_close(struct client *c, int code, bool answer)
{
	struct frame f;

	do {
		cr_assert(client_recv_frame(c, &f),
		    "the stream ended without a Close frame (%s)",
		    c->reset ? "reset" : "in order");
	} while (f.first != (CLIENT_FIN | 8));
	cr_assert_eq(f.code, code, "closed with %d, not %d: %.*s", f.code, code,
	    f.len > 2 ? (int)f.len - 2 : 0, f.data + 2);
	if (answer)
		client_send_close(c, code == 1005 ? 1000 : code, "");
	cr_assert(client_ends(c), "no orderly end behind the Close frame");
}

/* ---- HTTP -------------------------------------------------------------- */

const char *
client_field(const struct response *r, const char *name)
{
	static char value[2048];
	size_t len = strlen(name);
	const char *line = strstr(r->head, "\r\n");

	for (; line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(line + len + 2, "\r"), line + len + 2);
		return value;
	}
	return NULL;
}

/* Wait for the end of a head. Returns its size, or 0. */
static size_t
await_head(struct client *c)
{
	size_t have = 0;
	const uint8_t *end;

	for (;;) {
		if (have > 0) {
			end = memmem(c->in + c->begin, have, "\r\n\r\n", 4);
			if (end != NULL)
				return (size_t)(end - c->in) - c->begin + 4;
		}
		if (!client_await(c, have + 1))
			return 0;
		have = c->len - c->begin;
	}
}

int
client_response(struct client *c, struct response *r, bool bodiless)
{
	size_t size = await_head(c);
	const char *length;

	if (size == 0 || size > sizeof(r->head))
		return 0;
	memcpy(r->head, c->in + c->begin, size - 2);
	r->head[size - 2] = '\0';
	client_skip(c, size);
	r->status = (int)strtol(r->head + 9, NULL, 10);
	length = client_field(r, "Content-Length");
	r->len = length != NULL ? strtoul(length, NULL, 10) : 0;
	if (bodiless || r->status < 200 || r->status == 204 || r->status == 304)
		r->len = 0;
	if (!client_await(c, r->len))
		return 0;
	r->body = c->in + c->begin;
	client_skip(c, r->len);
	return r->status;
}

const char *
client_request(const char *path, const char *fields)
{
	static char text[16384];

	snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\n"
	    "Host: localhost\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: " CLIENT_KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "%s\r\n",
	    path, fields);
	return text;
}

struct client
client_ws(const char *address, const char *path)
{
	struct client c = client_open(address);
	struct response r;

	client_puts(&c, client_request(path, ""));
	cr_assert_eq(client_response(&c, &r, false), 101, "no handshake");
	return c;
}
