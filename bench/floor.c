/* floor.c - the cheapest echo that a WebSocket client accepts. */
/* SPDX-License-Identifier: MIT */
/*
 * An echo server without the protocol: it waits, receives, removes the mask and
 * sends. It reads no field of the handshake, checks no bit of a frame, and
 * answers every client as in the example of RFC 6455 section 1.3. What a real
 * server costs beyond this one is the price of the protocol; the rest is the
 * kernel's.
 *
 * Do not learn from this server, or run it anywhere but on loopback: it trusts
 * every length that a client sends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 4096,
	INPUT_MAX = 1 << 18,
	EVENTS_MAX = 512
};

/* One client; the index is its descriptor. A frame that does not come whole
 * is received to its end in a buffer of the client's own. */
static struct client {
	bool open;
	size_t len;    /* octets of a frame that is not whole yet */
	size_t size;   /* of the buffer */
	uint8_t *rest; /* owned */
} clients[CLIENTS_MAX];

static uint8_t input[INPUT_MAX], output[INPUT_MAX];

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\n"
			     "Upgrade: websocket\r\n"
			     "Connection: Upgrade\r\n"
			     "Sec-WebSocket-Accept: "
			     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/* Length of the head of a frame, its masking key included, and of its
 * payload. RFC 6455 section 5.2. */
static size_t
read_head(const uint8_t *in, size_t len, size_t *payload)
{
	size_t size = 2;

	*payload = len < 2 ? 0 : in[1] & 0x7f;
	if (*payload == 126)
		size = 4;
	else if (*payload == 127)
		size = 10;
	if (size > 2 && len >= size) {
		*payload = 0;
		for (size_t i = 2; i < size; i++)
			*payload = *payload << 8 | in[i];
	}
	return size + 4;
}

/* Write the frame back without its mask. Returns the length. */
static size_t
echo(uint8_t *out, const uint8_t *in, size_t head, size_t payload)
{
	const uint8_t *key = in + head - 4;
	const uint8_t *from = in + head;
	uint64_t eight, twice;
	size_t i = 0;

	memcpy(out, in, head - 4);
	out[1] &= 0x7f;
	out += head - 4;
	memcpy(&twice, key, 4);
	memcpy((uint8_t *)&twice + 4, key, 4);
	for (; i + 8 <= payload; i += 8) {
		memcpy(&eight, from + i, 8);
		eight ^= twice;
		memcpy(out + i, &eight, 8);
	}
	for (; i < payload; i++)
		out[i] = from[i] ^ key[i & 3];
	return head - 4 + payload;
}

/* Answer all whole frames. Returns how many octets they were. */
static size_t
answer_frames(int fd, const uint8_t *in, size_t len)
{
	size_t used = 0, made = 0, payload, head;

	for (;;) {
		head = read_head(in + used, len - used, &payload);
		if (len - used < head || len - used - head < payload)
			break;
		made += echo(output + made, in + used, head, payload);
		used += head + payload;
	}
	if (made > 0)
		(void)!send(fd, output, made, MSG_NOSIGNAL);
	return used;
}

static void
release(int fd)
{
	free(clients[fd].rest);
	clients[fd] = (struct client){ 0 };
	close(fd);
}

/* Keep the beginning of a frame, in a buffer that will hold all of it. */
static void
keep(struct client *c, const uint8_t *in, size_t len)
{
	size_t payload, head = read_head(in, len, &payload);
	uint8_t *larger;

	if (head + payload > INPUT_MAX)
		abort();
	if (c->size >= head + payload)
		memmove(c->rest, in, len);
	else {
		/* in may be a part of what is released here. */
		larger = malloc(head + payload);
		if (larger == NULL)
			abort();
		memcpy(larger, in, len);
		free(c->rest);
		c->rest = larger;
		c->size = head + payload;
	}
	c->len = len;
}

static void
readable(int fd)
{
	struct client *c = &clients[fd];
	bool kept = c->len > 0;
	uint8_t *in = kept ? c->rest : input;
	ssize_t got =
	    recv(fd, in + c->len, (kept ? c->size : INPUT_MAX) - c->len, 0);
	size_t used, len = c->len + (size_t)got;

	if (got <= 0) {
		release(fd);
		return;
	}
	if (!c->open) {
		c->open = true;
		(void)!send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
		return;
	}
	used = answer_frames(fd, in, len);
	c->len = 0;
	if (used < len)
		keep(c, in + used, len - used);
}

static void
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		abort();
}

static void
accept_one(int epoll, int listener)
{
	int fd = accept4(listener, NULL, NULL, 0);
	int one = 1;

	if (fd < 0)
		return;
	if (fd >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	watch(epoll, fd);
}

/* Listen on a free port of 127.0.0.1, and print the address. */
static int
listen_anywhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	printf("listening on http://127.0.0.1:%u/\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int
main(void)
{
	struct epoll_event events[EVENTS_MAX];
	int listener = listen_anywhere(), epoll = epoll_create1(0);

	if (listener < 0 || epoll < 0) {
		perror("floor");
		return 1;
	}
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_one(epoll, listener);
			else
				readable(events[i].data.fd);
		}
	}
}
