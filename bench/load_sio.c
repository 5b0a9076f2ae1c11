/* load_sio.c - the load generator's Socket.IO clients (protocol 5). */
/* SPDX-License-Identifier: MIT */
/*
 * Clients send one event, in the namespace of option -N:
 *
 *	echo     ["message","..."]; the server answers ["message-back","..."]
 *	fanout   ["message","..."]; the server sends it to all others
 *
 * On the wire it is a packet of Engine.IO (version 4) around a packet of
 * Socket.IO:
 *
 *	  4    2    /relay/bench,    ["message","payload"]
 *	  |    |    |                |
 *	  |    |    |                JSON: name and arguments
 *	  |    |    the namespace; nothing for "/"
 *	  |    Socket.IO: 0 CONNECT, 1 DISCONNECT, 2 EVENT, 4 CONNECT_ERROR
 *	  Engine.IO: 0 open, 1 close, 2 ping, 3 pong, 4 message, 6 noop
 *
 * A client is ready after this exchange:
 *
 *	server   0{"sid":...}                40{"sid":...}
 *	client                   40                          events
 *
 * Payload is letters only, so that the server's JSON is known to the octet.
 * This file speaks over WebSocket; load_polling.c does the same over HTTP.
 */
#include <stdio.h>
#include <string.h>

#include "load.h"

enum {
	PREFIX_MAX = 300
};

/* Write `4TYPE[/namespace,]REST`. Returns the length. */
static size_t
write_prefix(char *out, char type, const char *rest)
{
	bool root = strcmp(opt.namespace, "/") == 0;
	int n = snprintf(out, PREFIX_MAX, "4%c%s%s%s", type,
	    root ? "" : opt.namespace, root ? "" : ",", rest);

	if (n < 0 || n >= PREFIX_MAX)
		fail("the namespace is too long");
	return (size_t)n;
}

/* Write an event. Returns its length. */
static size_t
write_event(uint8_t *out, const char *name, uint64_t n)
{
	char head[PREFIX_MAX], rest[64];
	size_t len;

	snprintf(rest, sizeof(rest), "[\"%s\",\"", name);
	len = write_prefix(head, '2', rest);
	memcpy(out, head, len);
	fill_payload(out + len, n);
	memcpy(out + len + opt.size, "\"]", 2);
	return len + opt.size + 2;
}

static const char *
reply_name(void)
{
	return opt.mode == FANOUT ? "message" : "message-back";
}

/* The separator behind each message in the ring. NULL: each message is in a
 * frame of its own. */
static const char *ring_separator;

static size_t
write_message(uint64_t n, uint8_t *message, uint8_t *reply)
{
	size_t len;

	/* The reply is longer: there is room for the bare event. */
	len = write_event(reply, "message", n);
	if (ring_separator == NULL)
		len = ws_write(
		    message, TEXT, reply, len, (uint32_t)(n + 1) * 2654435769u);
	else {
		memcpy(message, reply, len);
		memcpy(message + len, ring_separator, strlen(ring_separator));
		len += strlen(ring_separator);
	}
	(void)write_event(reply, reply_name(), n);
	return len;
}

void
sio_make_ring(const char *separator)
{
	char head[PREFIX_MAX], rest[64];
	size_t head_len;

	if (opt.binary)
		fail("events are text here");
	ring_separator = separator;
	snprintf(rest, sizeof(rest), "[\"%s\",\"", reply_name());
	head_len = write_prefix(head, '2', rest);
	make_ring(
	    PREFIX_MAX + opt.size, head_len + opt.size + 2, write_message);
}

/* ---- packets ------------------------------------------------------------- */

/* The engine is open: ask for the namespace. */
static void
take_open(struct client *c)
{
	char connect[PREFIX_MAX];

	c->state = JOINING;
	write_prefix(connect, '0', "");
	opt.protocol->send_packet(c, connect);
}

/* Take the answer to CONNECT. One without an id of the socket is a refusal. */
static void
take_connect(struct client *c, const char *packet, size_t len)
{
	char expected[PREFIX_MAX];
	size_t n = write_prefix(expected, '0', "{\"sid\":\"");

	if (len < n || memcmp(packet, expected, n) != 0)
		fail("not connected to %s: %.*s", opt.namespace, (int)len,
		    packet);
	ready(c);
}

static void
take_message(struct client *c, const char *packet, size_t len)
{
	if (c->state == JOINING) {
		take_connect(c, packet, len);
		return;
	}
	if (c->state == CLOSING)
		return;
	if (opt.mode == STORM || opt.mode == IDLE || len != run.reply_len)
		fail("an event that nobody asked for: %.*s", (int)len, packet);
	expect(c, (const uint8_t *)packet, len);
	reply_done(c);
}

void
sio_take_packet(struct client *c, const char *packet, size_t len)
{
	switch (len > 0 ? packet[0] : '\0') {
	case '0':
		take_open(c);
		break;
	case '2':
		opt.protocol->send_packet(c, "3");
		break;
	case '4':
		take_message(c, packet, len);
		break;
	case '6':
		break;
	default:
		fail("a packet that is none: %.*s", (int)len, packet);
	}
}

/* ---- over WebSocket ------------------------------------------------------ */

static void
sio_prepare(void)
{
	char path[PREFIX_MAX];

	sio_make_ring(NULL);
	snprintf(path, sizeof(path), "%s?EIO=4&transport=websocket", opt.path);
	ws_make_handshake(path);
}

static void
sio_send_packet(struct client *c, const char *packet)
{
	ws_say(c, TEXT, packet, strlen(packet));
}

/* Leave the namespace, then close the WebSocket, as the official client does.
 */
static void
sio_leave(struct client *c)
{
	char disconnect[PREFIX_MAX];

	write_prefix(disconnect, '1', "");
	sio_send_packet(c, disconnect);
	ws_leave(c);
}

const struct protocol protocol_sio = { .name = "socket.io",
	.prepare = sio_prepare,
	.connected = ws_connected,
	.take = ws_take,
	.flush = flush_stream,
	.leave = sio_leave,
	.packet = sio_take_packet,
	.send_packet = sio_send_packet,
	.sender_left_out = true };
