/* load_ws.c - the load generator's WebSocket clients (RFC 6455). */
/* SPDX-License-Identifier: MIT */
/*
 * The client is as lean as it can be while it still notices all errors of a
 * server: reserved bits, a mask, a wrong opcode, length, order or octet.
 *
 * Payload is compared as it arrives, so that no message is put together first.
 * The key of the handshake is the example of RFC 6455 section 1.3, with its
 * known answer, so that neither this program nor floor.c needs SHA-1.
 *
 * load_sio.c uses the WebSocket of this file. Its own packets are short text
 * messages, and are passed to it whole.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define ACCEPT_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT_ANSWER "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum {
	FIN = 0x80,
	MASK = 0x80,
	RESERVED = 0x30,
	RSV1 = 0x40, /* compressed */
	CONTROL = 0x8,
	CONTROL_MAX = 125 /* RFC 6455 5.5: of a control frame's payload */
};

static uint8_t *deflated; /* one message, compressed; as long as any */
static char *handshake;
static size_t handshake_len;

/* ---- writing ------------------------------------------------------------- */

/* Write the head of a masked frame. Returns its length, the key excluded.
 * RFC 6455 section 5.2. */
static size_t
write_head(uint8_t *out, enum opcode opcode, size_t len)
{
	out[0] = (uint8_t)(FIN | opcode);
	if (len < 126) {
		out[1] = (uint8_t)(MASK | len);
		return 2;
	}
	if (len <= UINT16_MAX) {
		out[1] = MASK | 126;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		return 4;
	}
	out[1] = MASK | 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

size_t
ws_write(uint8_t *out, enum opcode opcode, const uint8_t *data, size_t len,
    uint32_t key)
{
	size_t head = write_head(out, opcode, len);
	uint8_t *mask = out + head;

	memcpy(mask, &key, 4);
	for (size_t i = 0; i < len; i++)
		mask[4 + i] = data[i] ^ mask[i % 4];
	return head + 4 + len;
}

/* The reply to an echo is the payload itself. */
static size_t
write_message(uint64_t n, uint8_t *message, uint8_t *reply)
{
	size_t len;

	if (opt.deflate) {
		len = deflate_message(n, deflated, opt.size, reply);
		len = ws_write(message, opt.binary ? BINARY : TEXT, deflated,
		    len, (uint32_t)(n + 1) * 2654435769u);
		message[0] |= RSV1;
		return len;
	}
	fill_payload(reply, n);
	return ws_write(message, opt.binary ? BINARY : TEXT, reply, opt.size,
	    (uint32_t)(n + 1) * 2654435769u);
}

void
ws_say(struct client *c, enum opcode opcode, const void *data, size_t len)
{
	uint8_t frame[FRAME_HEAD_MAX + CONTROL_MAX];

	if (len > CONTROL_MAX || c->written != c->queued * run.message_len)
		return;
	say(c, frame, ws_write(frame, opcode, data, len, 0x51c0ffee));
}

void
ws_leave(struct client *c)
{
	static const uint8_t normal[2] = { 1000 >> 8, 1000 & 0xff };

	ws_say(c, CLOSE, normal, sizeof(normal));
}

/* ---- the handshake ------------------------------------------------------- */

void
ws_make_handshake(const char *path)
{
	int n = asprintf(&handshake,
	    "GET %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: " ACCEPT_KEY "\r\n"
	    "%s"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    path, opt.port,
	    opt.deflate ? "Sec-WebSocket-Extensions: permessage-deflate; "
			  "server_no_context_takeover; "
			  "client_no_context_takeover\r\n"
			: "");

	if (n < 0)
		fail("out of memory");
	handshake_len = (size_t)n;
}

void
ws_connected(struct client *c)
{
	say(c, handshake, handshake_len);
	c->state = UPGRADING;
}

/* RFC 6455 section 4.1: the checks of a client. */
static size_t
take_handshake(struct client *c, const uint8_t *in, size_t len)
{
	char head[4096];
	size_t n = copy_head(head, sizeof(head), in, len);
	const char *answer;

	if (n == 0)
		return 0;
	if (strncmp(head, "HTTP/1.1 101", 12) != 0)
		fail("refused: %.*s", (int)strcspn(head, "\r"), head);
	answer = find_field(head, "\nSec-WebSocket-Accept:");
	if (answer == NULL ||
	    strncmp(answer, ACCEPT_ANSWER, strlen(ACCEPT_ANSWER)) != 0)
		fail("the handshake's answer is wrong");
	if (opt.deflate &&
	    find_field(head, "\nSec-WebSocket-Extensions:") == NULL)
		fail("the server does not compress");
	if (opt.protocol->packet != NULL)
		c->state = JOINING;
	else
		ready(c);
	return n;
}

/* ---- frames -------------------------------------------------------------- */

/* The head of a frame. RFC 6455 section 5.2. */
struct head {
	uint8_t first;
	size_t size; /* of the head itself */
	uint64_t payload;
};

/* Returns false if more octets are needed. */
static bool
read_head(struct head *head, const uint8_t *in, size_t len)
{
	if (len < 2)
		return false;
	if ((in[0] & (opt.deflate ? RESERVED : RESERVED | RSV1)) != 0 ||
	    (in[1] & MASK) != 0)
		fail("a reply with reserved bits or a mask");
	*head = (struct head){ .first = in[0], .size = 2, .payload = in[1] };
	if (in[1] < 126)
		return true;
	head->size = in[1] == 126 ? 4 : 10;
	if (len < head->size)
		return false;
	head->payload = 0;
	for (size_t i = 2; i < head->size; i++)
		head->payload = head->payload << 8 | in[i];
	return true;
}

/* Take a control frame. RFC 6455 section 5.5. */
static void
take_control(
    struct client *c, enum opcode opcode, const uint8_t *data, size_t len)
{
	if (opcode == PING)
		ws_say(c, PONG, data, len);
	else if (opcode == CLOSE && c->state != CLOSING)
		fail("closed by the server with code %u",
		    len < 2 ? 1005u : (unsigned)(data[0] << 8 | data[1]));
}

/* The head of a data frame must announce what is expected. */
static void
check_head(const struct client *c, const struct head *head)
{
	unsigned opcode = head->first & 0xf, first = opt.binary ? BINARY : TEXT;
	bool fin = (head->first & FIN) != 0;
	size_t missing = run.reply_len - c->offset;

	if (opcode != (c->inside ? CONTINUATION : first))
		fail("a reply with opcode %u", opcode);
	if (opt.mode == STORM || opt.mode == IDLE)
		fail("a message that nobody asked for");
	if (head->payload > missing || (fin && head->payload != missing))
		fail("a reply of the wrong length");
}

static size_t
take_payload(struct client *c, const uint8_t *in, size_t len)
{
	size_t n = len < c->left ? len : (size_t)c->left;

	expect(c, in, n);
	c->left -= n;
	if (c->left == 0 && c->fin)
		reply_done(c);
	return n;
}

/* Whether a frame must be complete before it is taken: control frames, and of
 * Socket.IO each packet until it is connected, and pings (one octet). */
static bool
is_taken_whole(const struct client *c, const struct head *head)
{
	if ((head->first & (CONTROL | RSV1)) != 0)
		return true;
	return opt.protocol->packet != NULL && !c->inside &&
	       (c->state != OPEN || head->payload == 1);
}

/* Take a compressed message. RFC 7692 section 7.2.2. */
static void
take_deflated(struct client *c, const struct head *head, const uint8_t *data)
{
	size_t len = (size_t)head->payload;
	struct head plain = *head;

	if ((head->first & FIN) == 0 || len >= opt.size)
		fail("a compressed reply in pieces, or that is no shorter");
	data = inflate_message(data, &len);
	plain.payload = len;
	check_head(c, &plain);
	expect(c, data, len);
	c->fin = true;
	reply_done(c);
}

static size_t
take_whole(struct client *c, const struct head *head, const uint8_t *data)
{
	unsigned opcode = head->first & 0xf;

	if ((head->first & RSV1) != 0)
		take_deflated(c, head, data);
	else if ((opcode & CONTROL) != 0)
		take_control(c, opcode, data, (size_t)head->payload);
	else if (head->first == (FIN | TEXT))
		opt.protocol->packet(
		    c, (const char *)data, (size_t)head->payload);
	else
		fail("a packet with opcode %u", opcode);
	return head->size + (size_t)head->payload;
}

/* Take the head of a frame, some of its payload, or a complete frame. */
static size_t
take_frame(struct client *c, const uint8_t *in, size_t len)
{
	struct head head;

	if (c->left > 0)
		return take_payload(c, in, len);
	if (!read_head(&head, in, len))
		return 0;
	if (is_taken_whole(c, &head))
		return len - head.size < head.payload
			   ? 0
			   : take_whole(c, &head, in + head.size);
	check_head(c, &head);
	c->inside = true;
	c->fin = (head.first & FIN) != 0;
	c->left = head.payload;
	if (c->left == 0 && c->fin)
		reply_done(c);
	return head.size;
}

size_t
ws_take(struct client *c, const uint8_t *in, size_t len)
{
	return c->state == UPGRADING ? take_handshake(c, in, len)
				     : take_frame(c, in, len);
}

static void
ws_prepare(void)
{
	deflated = grab(1, opt.size + 1);
	make_ring(opt.size + FRAME_HEAD_MAX, opt.size, write_message);
	ws_make_handshake(opt.path);
}

const struct protocol protocol_ws = { .name = "websocket",
	.prepare = ws_prepare,
	.connected = ws_connected,
	.take = ws_take,
	.flush = flush_stream,
	.leave = ws_leave };
