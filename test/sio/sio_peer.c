/* sio_peer.c - a Socket.IO client for tests, at the level of packets. */
/* SPDX-License-Identifier: MIT */
#include "sio_peer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define TEXT_MAX 65536

/* Whether a text fits a pattern; what the last star stands for is copied. */
static bool
fits(const char *pattern, const char *text, char *star)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern != '*')
		return *pattern == *text && fits(pattern + 1, text + 1, star);
	for (size_t n = 0; n <= strlen(text); n++) {
		if (!fits(pattern + 1, text + n, star))
			continue;
		if (strchr(pattern + 1, '*') == NULL)
			snprintf(star, TEXT_MAX, "%.*s", (int)n, text);
		return true;
	}
	return false;
}

/* The next frame that is no ping of Engine.IO. */
static bool
next(struct client *c, struct frame *frame)
{
	while (client_recv_frame(c, frame)) {
		if (frame->first != TEXT || frame->len != 1 ||
		    frame->data[0] != '2')
			return true;
		client_send_frame(c, TEXT, "3", 1);
	}
	return false;
}

struct client
peer_open(const char *address, const char *query)
{
	char path[256];
	struct client c;
	struct frame frame;

	snprintf(
	    path, sizeof(path), "/socket.io/?transport=websocket&%s", query);
	c = client_ws(address, path);
	cr_assert(next(&c, &frame), "no handshake");
	cr_assert_eq(frame.data[0], '0');
	return c;
}

void
peer_send(struct client *c, const char *packet)
{
	static char text[TEXT_MAX];

	snprintf(text, sizeof(text), "4%s", packet);
	client_send_frame(c, TEXT, text, strlen(text));
}

void
peer_binary(struct client *c, const void *data, size_t len)
{
	client_send_frame(c, BINARY, data, len);
}

const char *
peer_expect(struct client *c, const char *pattern)
{
	static char text[TEXT_MAX], star[TEXT_MAX];
	struct frame frame;

	cr_assert(next(c, &frame), "the end instead of %s", pattern);
	cr_assert_lt(frame.len, sizeof(text));
	memcpy(text, frame.data, frame.len);
	text[frame.len] = '\0';
	cr_assert_eq(frame.first, TEXT, "%s instead of %s", text, pattern);
	star[0] = '\0';
	cr_assert(text[0] == '4' && fits(pattern, text + 1, star),
	    "%s instead of %s", text, pattern);
	return star;
}

void
peer_expect_binary(struct client *c, const void *data, size_t len)
{
	struct frame frame;

	cr_assert(next(c, &frame));
	cr_assert_eq(frame.first, BINARY);
	cr_assert_eq(frame.len, len);
	cr_assert_eq(memcmp(frame.data, data, len), 0);
}

const char *
peer_connect(struct client *c, const char *nsp)
{
	char packet[300];

	snprintf(packet, sizeof(packet), "0%s", nsp);
	peer_send(c, packet);
	snprintf(packet, sizeof(packet), "0%s{\"sid\":\"*\"}", nsp);
	return peer_expect(c, packet);
}

void
peer_expect_end(struct client *c)
{
	struct frame frame;

	while (client_recv_frame(c, &frame)) {
		if ((frame.first & 0x0f) == 8)
			return;
	}
}

void
peer_expect_silence(struct client *c, const char *ask, const char *answer)
{
	peer_send(c, ask);
	(void)peer_expect(c, answer);
}
