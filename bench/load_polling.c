/* load_polling.c - the load generator's polling clients (Engine.IO 4). */
/* SPDX-License-Identifier: MIT */
/*
 * A client without WebSocket has two connections. On the first it always has a
 * GET under way, which the server answers when there are packets for the
 * client. On the second it sends packets by POST, one request at a time, with
 * all packets that are ready:
 *
 *	GET   ─▶ 0{"sid":...}
 *	GET ───────────▶ 40{"sid":...}   GET ──────▶ 42[...]^42[...]   GET ──
 *	      POST 40 ─▶ ok                    POST 42[...]^42[...] ─▶ ok
 *
 * where ^ is the octet 0x1e, which separates packets. The connection for POST
 * is opened when it is needed. The server may close it between two requests.
 * With -m idle the client closes it, so that each client costs one connection,
 * as a browser's does after a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"

#define SEPARATOR "\x1e"

enum {
	REQUEST_MAX = 512,
	ASIDE_MAX = 400
};

/* One session. */
struct polling {
	struct client *client; /* borrowed: the connection for GET */
	struct client post;    /* the one for POST; its fd is -1 if closed */
	bool posting;          /* a POST is not answered yet */
	uint64_t posted;       /* messages of the ring */
	char sid[32];
	char aside[ASIDE_MAX]; /* packets of no ring, to be sent next */
};

/* ---- requests ------------------------------------------------------------ */

static void
send_get(struct client *c)
{
	const struct polling *p = c->polling;
	char request[REQUEST_MAX];
	int n = snprintf(request, sizeof(request),
	    "GET %s?EIO=4&transport=polling%s%s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\n\r\n",
	    opt.path, p->sid[0] != '\0' ? "&sid=" : "", p->sid, opt.port);

	if (n < 0 || n >= REQUEST_MAX)
		fail("the path is too long");
	say(c, request, (size_t)n);
}

static void
send_post(struct polling *p, const void *body, size_t len)
{
	char head[REQUEST_MAX];
	int n = snprintf(head, sizeof(head),
	    "POST %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\n"
	    "Content-Type: text/plain;charset=UTF-8\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    opt.path, p->sid, opt.port, len);
	struct iovec parts[2] = { { head, (size_t)n }, { (void *)body, len } };

	if (n < 0 || n >= REQUEST_MAX)
		fail("the path is too long");
	if (writev(p->post.fd, parts, 2) != (ssize_t)(parts[0].iov_len + len))
		fail("cannot post");
	p->posting = true;
}

/* Post waiting packets: first those that are no events, then all events in one
 * request. */
static void
post_more(struct polling *p)
{
	uint64_t count = p->client->queued - p->posted;

	if (p->posting || (count == 0 && p->aside[0] == '\0'))
		return;
	if (p->post.fd < 0)
		open_socket(&p->post);
	if (p->post.state == CONNECTING)
		return;
	if (p->aside[0] != '\0') {
		send_post(p, p->aside, strlen(p->aside));
		p->aside[0] = '\0';
		return;
	}
	/* There are depth messages behind the ring, and never more in flight:
	 * they are one piece. The last needs no separator. */
	send_post(p, run.messages + p->posted % run.ring * run.message_len,
	    count * run.message_len - strlen(SEPARATOR));
	p->posted += count;
}

static void
polling_flush(struct client *c)
{
	post_more(c->polling);
}

/* Send a packet by POST as soon as the request before it is answered. */
static void
polling_send_packet(struct client *c, const char *packet)
{
	char *aside = c->polling->aside;
	size_t len = strlen(aside);

	if (len + 1 + strlen(packet) >= ASIDE_MAX)
		fail("too many packets wait");
	snprintf(aside + len, ASIDE_MAX - len, "%s%s", len > 0 ? SEPARATOR : "",
	    packet);
	post_more(c->polling);
}

/* ---- responses ----------------------------------------------------------- */

/* Learn the session's id from the answer to the first GET. */
static void
take_sid(struct client *c, const char *packet, size_t len)
{
	char *sid = c->polling->sid;
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)len, packet);
	if (sscanf(text, "0{\"sid\":\"%31[A-Za-z0-9_-]\"", sid) != 1)
		fail("no session: %s", text);
}

static void
polling_packet(struct client *c, const char *packet, size_t len)
{
	if (len > 0 && packet[0] == '0')
		take_sid(c, packet, len);
	sio_take_packet(c, packet, len);
}

static void
take_packets(struct client *c, const char *body, size_t len)
{
	const char *end = body + len;

	while (body <= end) {
		const char *to =
		    memchr(body, SEPARATOR[0], (size_t)(end - body));

		if (to == NULL)
			to = end;
		polling_packet(c, body, (size_t)(to - body));
		body = to + 1;
	}
}

static void
close_post(struct polling *p)
{
	if (p->post.fd >= 0)
		close(p->post.fd);
	p->post.fd = -1;
	p->post.rest_len = 0;
	free(p->post.rest);
	p->post.rest = NULL;
}

/* Go on after the answer to a POST. The last one of a storm's session ends the
 * session. */
static void
posted(struct polling *p)
{
	bool last = p->client->state == CLOSING && p->aside[0] == '\0';

	p->posting = false;
	if (last || opt.mode == IDLE)
		close_post(p);
	if (!last) {
		post_more(p);
		return;
	}
	p->sid[0] = '\0';
	p->posted = 0;
	finish(p->client);
}

static size_t
polling_take(struct client *c, const uint8_t *in, size_t len)
{
	const char *body;
	size_t body_len, head = take_head(in, len, &body_len);

	if (head == 0 || len - head < body_len)
		return 0;
	body = (const char *)in + head;
	if (c->helper) {
		if (body_len != 2 || memcmp(body, "ok", 2) != 0)
			fail("the response to POST is not \"ok\"");
		posted(c->polling);
		return head + body_len;
	}
	take_packets(c, body, body_len);
	if (c->state != CLOSING)
		send_get(c);
	return head + body_len;
}

/* ---- the life of a session ----------------------------------------------- */

static void
polling_prepare(void)
{
	struct polling *all = grab(opt.connections, sizeof(*all));

	sio_make_ring(SEPARATOR);
	for (unsigned i = 0; i < opt.connections; i++) {
		all[i].client = &run.clients[i];
		all[i].post = (struct client){
			.fd = -1, .helper = true, .polling = &all[i]
		};
		run.clients[i].polling = &all[i];
	}
}

static void
polling_connected(struct client *c)
{
	if (c->helper) {
		c->state = OPEN;
		post_more(c->polling);
		return;
	}
	c->state = UPGRADING;
	send_get(c);
}

/* Close the engine, which leaves the namespace as well. */
static void
polling_leave(struct client *c)
{
	polling_send_packet(c, "1");
}

/* A server may close the connection for POST between two requests, and the
 * other one when the session is over. */
static bool
polling_ended(struct client *c)
{
	if (!c->helper || c->polling->posting)
		return false;
	close_post(c->polling);
	post_more(c->polling);
	return true;
}

const struct protocol protocol_polling = { .name = "polling",
	.prepare = polling_prepare,
	.connected = polling_connected,
	.take = polling_take,
	.flush = polling_flush,
	.leave = polling_leave,
	.ended = polling_ended,
	.packet = polling_packet,
	.send_packet = polling_send_packet,
	.sender_left_out = true };
