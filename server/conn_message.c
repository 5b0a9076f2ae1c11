/* conn_message.c - messages to one WebSocket (RFC 6455). */
/* SPDX-License-Identifier: MIT */
/*
 *	ws_send ──▶ admitted? ──▶ a frame, into output if the peer is being
 *	                │         served and nothing waits, or into its queue
 *	                ▼ no: the queue is full
 *	              left out, if it is volatile; or closed with 1013
 *
 *	ws_prepare ──▶ a chunk that holds the frame ──▶ the queues of many
 *
 * Nearly all messages are uncompressed and short, and either answer a message
 * that was just read or go to many peers with empty queues. Both have a way of
 * their own, which leaves all other cases to the long one: send_any and
 * send_prepared_any.
 */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "conn.h"

/* Octets of a header with a length of 16 bits and no key, RFC 6455 5.2. */
#define HEADER_16 4
#define WS_SEND_FLAGS (WS_VOLATILE | WS_NO_COMPRESS)

/* A build with -DWS_CHECKS=1 ends a program that sends a text which is no
 * UTF-8, where it does so. Otherwise each of its clients would end its
 * connection. */
#ifndef WS_CHECKS
#define WS_CHECKS 0
#endif

_Static_assert(WS_CORE_OUTPUT - WS_FRAME_HEADER_MAX <= UINT16_MAX,
    "a gathered message must need no header of ten octets");

/* ---- frames ------------------------------------------------------------ */

/* Put one frame into room that ws_conn_room gave. */
static inline void
put_frame(struct ws_core *core, uint8_t *room, uint8_t opcode, const void *data,
    size_t len)
{
	size_t size = ws_frame_begin(room, (uint8_t)(WS_FIN | opcode), len);

	core->output_octets += size + len;
	if (len > 0 && room + size != data)
		memcpy(room + size, data, len);
}

int
ws_conn_frame(
    struct ws_conn *conn, uint8_t opcode, const void *data, size_t len)
{
	uint8_t header[WS_FRAME_HEADER_MAX];
	struct ws_part parts[2] = { { header, 0 }, { data, len } };

	parts[0].len = ws_frame_begin(header, (uint8_t)(WS_FIN | opcode), len);
	return ws_conn_write(conn, parts, 2);
}

/* ---- closing ----------------------------------------------------------- */

int
ws_conn_write_close(
    struct ws_conn *conn, int code, const char *reason, size_t len)
{
	uint8_t payload[WS_FRAME_CONTROL_MAX];

	if (code == 0 || code == WS_CLOSE_NO_STATUS)
		return ws_conn_frame(conn, WS_OP_CLOSE, NULL, 0);
	if (len > sizeof(payload) - 2) {
		len = sizeof(payload) - 2;
		while (len > 0 && ((unsigned char)reason[len] & 0xC0) == 0x80)
			len--;
	}
	ws_store16(payload, (uint16_t)code);
	if (len > 0)
		memcpy(payload + 2, reason, len);
	return ws_conn_frame(conn, WS_OP_CLOSE, payload, len + 2);
}

int
ws_close(struct ws_conn *conn, int code, const char *reason, size_t len)
{
	if (conn->state != WS_CONN_OPEN || conn->send_failed)
		return WS_ECLOSED;
	if (code != 0 && !ws_frame_close_code_ok((unsigned)code))
		return WS_EINVAL;
	if (len == WS_STR)
		len = reason != NULL ? strlen(reason) : 0;
	if (reason == NULL && len > 0)
		return WS_EINVAL;
	conn->state = WS_CONN_CLOSING;
	conn->closed_by_us = true;
	conn->closed_code = (uint16_t)(code != 0 ? code : WS_CLOSE_NO_STATUS);
	ws_conn_arm(conn, conn->core->limits.close_ms);
	ws_conn_touch(conn);
	if (ws_conn_write_close(conn, code, reason, len) < 0)
		ws_conn_kill(conn, "out of memory");
	return 0;
}

void
ws_conn_close(struct ws_conn *conn, int code, const char *cause)
{
	if (conn->cause == NULL)
		conn->cause = cause;
	(void)ws_close(conn, code, cause, strlen(cause));
}

void
ws_terminate(struct ws_conn *conn)
{
	conn->closed_by_us = true;
	ws_conn_kill(conn, "ended by the application");
}

/* ---- admission --------------------------------------------------------- */

/* Close a peer whose queue is full. Its queue is dropped but for the rest of a
 * frame that was sent in part, so that the Close frame can follow. */
static int
give_up_slow(struct ws_conn *c)
{
	ws_queue_cut(&c->queue, &c->core->segments);
	ws_conn_close(
	    c, WS_CLOSE_TRY_AGAIN_LATER, "the peer is too slow: queue full");
	return WS_EFULL;
}

/* Decide whether len more octets may be queued behind those that wait. A peer
 * for which they may not is closed.
 * Returns 0, WS_ECLOSED, WS_ESKIPPED or WS_EFULL. */
static int
admit_behind(struct ws_conn *c, size_t len, int flags)
{
	int result = ws_conn_admit(c, len, flags);

	return result == WS_EFULL ? give_up_slow(c) : result;
}

/* Return whether messages can be sent at all. */
static inline bool
is_sending(const struct ws_conn *c)
{
	return c->state == WS_CONN_OPEN && !c->send_failed;
}

/* Return whether a message must take the long way. gcc tests the two bits as
 * one, if state is not compared beside them: three instructions a message. */
static inline bool
is_hindered(const struct ws_conn *c)
{
	return c->send_failed || c->deflates;
}

/* Return whether messages can be sent uncompressed. */
static inline bool
is_sending_plain(const struct ws_conn *c)
{
	return c->state == WS_CONN_OPEN && !is_hindered(c);
}

/* Decide whether len more octets may be sent. Returns as admit_behind. */
static inline int
admit(struct ws_conn *c, size_t len, int flags)
{
	if (!is_sending(c))
		return WS_ECLOSED;
	return c->queue.last == NULL ? 0 : admit_behind(c, len, flags);
}

size_t
ws_queued(const struct ws_conn *conn)
{
	const struct ws_core *core = conn->core;

	return conn->queue.octets +
	       (core->serving == conn ? core->output_octets : 0);
}

bool
ws_is_writable(struct ws_conn *conn)
{
	return admit(conn, 0, WS_VOLATILE) == 0;
}

/* ---- messages ---------------------------------------------------------- */

bool
ws_utf8_valid(const void *data, size_t len)
{
	if (data == NULL)
		return len == 0;
	if (len == WS_STR)
		len = strlen(data);
	return ws_utf8_check(WS_UTF8_ACCEPT, data, len) == WS_UTF8_ACCEPT;
}

/* Assert what the program promises of a message. */
static inline void
check_text(int kind, const void *data, size_t len)
{
	assert(!WS_CHECKS || (kind & WS_TEXT) == 0 || ws_utf8_valid(data, len));
}

/* Send a message compressed. Returns as ws_send, or 1 when the message must be
 * sent uncompressed. */
static WS_NOINLINE int
send_deflated(struct ws_conn *c, int kind, const void *data, size_t len)
{
	struct ws_part part = { data, len };
	uint8_t opcode = (uint8_t)(kind & ~WS_SEND_FLAGS);
	int result = 1;

	if (ws_conn_deflate(c, kind, &part))
		result = ws_conn_frame(c, WS_RSV1 | opcode, part.at, part.len);
	if (result == 0)
		ws_pmd_sent(c->context, data, len);
	ws_pmd_end_deflate(&c->core->pmd);
	return result < 0 ? WS_ENOMEM : result;
}

/* Send a message the long way: with flags, compressed, behind a queue, or with
 * a check of all arguments. */
static WS_NOINLINE int
send_any(struct ws_conn *c, int kind, const void *data, size_t len)
{
	int opcode = kind & ~WS_SEND_FLAGS, result;

	if ((opcode != WS_TEXT && opcode != WS_BINARY) ||
	    (data == NULL && len > 0))
		return WS_EINVAL;
	if (len == WS_STR)
		len = strlen(data);
	result = admit(c, len, kind);
	if (result < 0)
		return result;
	c->core->messages_out++;
	if (c->deflates) {
		result = send_deflated(c, kind, data, len);
		if (result <= 0)
			return result;
	}
	return ws_conn_frame(c, (uint8_t)opcode, data, len) < 0 ? WS_ENOMEM : 0;
}

/* Return whether data is the message being handled, and the output is empty.
 * Then it can leave from where it was received: the header of the client's
 * frame, 8 octets or more with its key, leaves room for ours of 4. If more is
 * sent after it, ws_conn_write copies it as usual. Measured on a 1 KiB echo,
 * this saves 115 instructions of 780. */
static inline bool
is_in_place(const struct ws_core *core, const void *data)
{
	size_t at = (uintptr_t)data - (uintptr_t)core->input;

	return data == core->event.data && at >= HEADER_16 &&
	       at < WS_CORE_INPUT && core->output_octets == 0;
}

/* Send a message of more than 125 octets, whose header has 4 octets or more. */
static WS_NOINLINE int
send_long(struct ws_conn *c, int kind, const void *data, size_t len)
{
	struct ws_core *core = c->core;
	uint8_t *room = NULL;

	if (len <= WS_CORE_OUTPUT - WS_FRAME_HEADER_MAX)
		room = ws_conn_room(c, WS_FRAME_HEADER_MAX + len);
	if (room == NULL)
		return send_any(c, kind, data, len);
	core->messages_out++;
	if (is_in_place(core, data))
		core->output = room = core->event.data - HEADER_16;
	put_frame(core, room, (uint8_t)kind, data, len);
	return 0;
}

int
ws_send(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	uint8_t *room;

	check_text(kind, data, len);
	if ((kind != WS_TEXT && kind != WS_BINARY) || data == NULL ||
	    !is_sending_plain(conn))
		return send_any(conn, kind, data, len);
	if (len > WS_FRAME_CONTROL_MAX)
		return send_long(conn, kind, data, len);
	/* Most messages are short and answer one that was just read. Measured
	 * on a 16-octet echo, this way takes 45 instructions, the long one
	 * 115. */
	room = ws_conn_room(conn, WS_FRAME_HEADER_MAX + len);
	if (room == NULL)
		return send_any(conn, kind, data, len);
	conn->core->messages_out++;
	put_frame(conn->core, room, (uint8_t)kind, data, len);
	return 0;
}

int
ws_ping(struct ws_conn *conn, const void *data, size_t len)
{
	int result;

	if (len == WS_STR && data != NULL)
		len = strlen(data);
	if (len > WS_FRAME_CONTROL_MAX || (data == NULL && len > 0))
		return WS_EINVAL;
	result = admit(conn, len, 0);
	if (result < 0)
		return result;
	return ws_conn_frame(conn, WS_OP_PING, data, len) < 0 ? WS_ENOMEM : 0;
}

/* ---- prepared messages ------------------------------------------------- */

/* A prepared message is a chunk that holds one frame. */
static struct ws_chunk *
chunk_of(struct ws_prepared *message)
{
	return (struct ws_chunk *)message;
}

struct ws_prepared *
ws_prepare(int kind, const void *data, size_t len)
{
	struct ws_chunk *chunk;
	bool never = (kind & WS_NO_COMPRESS) != 0;

	kind &= ~WS_NO_COMPRESS;
	check_text(kind, data, len);
	if ((kind != WS_TEXT && kind != WS_BINARY) || (data == NULL && len > 0))
		return NULL;
	if (len == WS_STR)
		len = strlen(data);
	chunk = ws_conn_chunk((uint8_t)(WS_FIN | kind), data, len);
	if (chunk != NULL && never)
		chunk->window = WS_PMD_BITS_MAX;
	return (struct ws_prepared *)chunk;
}

struct ws_prepared *
ws_prepared_ref(struct ws_prepared *message)
{
	if (message != NULL)
		(void)ws_chunk_ref(chunk_of(message));
	return message;
}

void
ws_prepared_free(struct ws_prepared *message)
{
	ws_chunk_unref(chunk_of(message));
}

const void *
ws_prepared_data(const struct ws_prepared *message, int *kind, size_t *len)
{
	uint8_t opcode;
	struct ws_part payload =
	    ws_conn_payload((const struct ws_chunk *)message, &opcode);

	if (kind != NULL)
		*kind = opcode;
	if (len != NULL)
		*len = payload.len;
	return payload.at;
}

/* Send a prepared message the long way, as send_any. */
static WS_NOINLINE int
send_prepared_any(struct ws_conn *c, struct ws_chunk *chunk, int flags)
{
	struct ws_chunk *deflated = chunk;
	struct ws_part payload;
	uint8_t opcode;
	int result;

	if (chunk == NULL)
		return WS_EINVAL;
	if (c->deflates && is_sending(c))
		deflated = ws_conn_deflated(c, chunk, flags);
	result = admit(c, deflated->len, flags);
	if (result < 0)
		return result;
	if (ws_conn_share(c, deflated) < 0)
		return WS_ENOMEM;
	c->core->messages_out++;
	if (deflated != chunk) {
		payload = ws_conn_payload(chunk, &opcode);
		ws_pmd_sent(c->context, payload.at, payload.len);
	}
	return 0;
}

int
ws_send_prepared(struct ws_conn *conn, struct ws_prepared *message, int flags)
{
	struct ws_core *core = conn->core;
	struct ws_chunk *chunk = chunk_of(message);

	/* Most are for a member of a room with an empty queue, and leave at the
	 * end of the turn. Measured, this saves 45 instructions of each
	 * delivery. */
	if (!is_sending_plain(conn) || conn->queue.last != NULL ||
	    core->serving == conn || chunk == NULL)
		return send_prepared_any(conn, chunk, flags);
	if (ws_queue_share(&conn->queue, &core->segments, chunk, 0) < 0)
		return WS_ENOMEM;
	ws_conn_touch(conn);
	core->messages_out++;
	return 0;
}
