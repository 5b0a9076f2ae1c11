/* engine_send.c - Engine.IO: messages on their way out. */
/* SPDX-License-Identifier: MIT */
/*
 * A message for many is encoded once for each of the ways in which it can
 * leave over a WebSocket, when the first client needs it so:
 *
 *	             text      binary
 *	PLAIN        4data     data        protocol 4, and all text
 *	MARKED                 04 data     protocol 3
 *	BASE64_4               b...        protocol 4, where base64 is wanted
 *	BASE64_3               b4...       protocol 3, where base64 is wanted
 */
#include "engine.h"

#include <string.h>

enum encoding {
	PLAIN,
	MARKED,
	BASE64_4,
	BASE64_3,
	ENCODINGS,
};

struct eio_message {
	unsigned references;
	int kind;
	struct ws_prepared *as[ENCODINGS]; /* owned; NULL: not needed yet */
};

/* ---- one message ------------------------------------------------------- */

/* Let a packet wait for a poll. */
static int
send_poll(struct eio_socket *s, const struct eio_packet *packet, int flags)
{
	struct eio_poll *poll = s->poll;
	size_t waiting = poll->records.len;

	if ((flags & WS_VOLATILE) && !eio_is_writable(s))
		return WS_ESKIPPED;
	/* One of any size always fits. Whoever has more than that waiting is
	 * given up, but later: this may be one of many who get a message. */
	if (waiting > 0 &&
	    (waiting > s->eio->options.queue_max ||
		packet->len > s->eio->options.queue_max - waiting)) {
		poll->overflowed = true;
		eio_poll_flush(poll);
	}
	if (poll->overflowed)
		return WS_EFULL;
	if (eio_poll_add(poll, packet, flags) < 0)
		return WS_ENOMEM;
	if (poll->get != NULL)
		eio_poll_flush(poll);
	return 0;
}

int
eio_send_packet(
    struct eio_socket *socket, const struct eio_packet *packet, int flags)
{
	if (socket->state != EIO_STATE_OPEN)
		return WS_ECLOSED;
	if (socket->poll != NULL)
		return send_poll(socket, packet, flags);
	return eio_ws_send(socket, packet, flags);
}

int
eio_send(struct eio_socket *socket, int kind, const void *data, size_t len)
{
	int flags = kind & (WS_VOLATILE | WS_NO_COMPRESS);
	struct eio_packet packet = { .type = EIO_MESSAGE, .data = data };

	kind &= ~(WS_VOLATILE | WS_NO_COMPRESS);
	if (kind != WS_TEXT && kind != WS_BINARY)
		return WS_EINVAL;
	packet.form = kind == WS_TEXT ? EIO_TEXT : EIO_BINARY;
	packet.len = len == WS_STR ? strlen(data) : len;
	return eio_send_packet(socket, &packet, flags);
}

bool
eio_is_writable(const struct eio_socket *socket)
{
	if (socket->state != EIO_STATE_OPEN)
		return false;
	if (socket->poll != NULL)
		return socket->poll->get != NULL && !socket->poll->full;
	return ws_is_writable(socket->conn);
}

/* ---- messages for many ------------------------------------------------- */

/* Encode data for WebSockets. */
static struct ws_prepared *
encode(enum encoding as, int kind, const void *data, size_t len)
{
	int protocol = as == MARKED || as == BASE64_3 ? 3 : 4;
	struct eio_packet packet = { EIO_MESSAGE, EIO_TEXT, data, len };
	struct ws_prepared *prepared = NULL;
	enum eio_form form;
	char *octets;

	if (kind == WS_BINARY)
		packet.form = EIO_BINARY;
	form = as == BASE64_4 || as == BASE64_3 ? EIO_BASE64 : packet.form;
	octets =
	    ws_mem_resize(NULL, 1 + eio_packet_size(protocol, &packet, form));
	if (octets == NULL)
		return NULL;
	len = eio_packet_write(protocol, &packet, form, octets);
	prepared =
	    ws_prepare(form == EIO_BINARY ? WS_BINARY : WS_TEXT, octets, len);
	ws_mem_free(octets);
	return prepared;
}

struct eio_message *
eio_prepare(int kind, const void *data, size_t len)
{
	struct eio_message *message;

	if (kind != WS_TEXT && kind != WS_BINARY)
		return NULL;
	if (len == WS_STR)
		len = strlen(data);
	message = ws_mem_resize(NULL, sizeof(*message));
	if (message == NULL)
		return NULL;
	*message = (struct eio_message){ .references = 1, .kind = kind };
	message->as[PLAIN] = kind == WS_BINARY ? ws_prepare(kind, data, len)
					       : encode(PLAIN, kind, data, len);
	if (message->as[PLAIN] == NULL) {
		ws_mem_free(message);
		return NULL;
	}
	return message;
}

struct eio_message *
eio_message_ref(struct eio_message *message)
{
	if (message != NULL)
		message->references++;
	return message;
}

void
eio_message_free(struct eio_message *message)
{
	if (message == NULL || --message->references > 0)
		return;
	for (int i = 0; i < ENCODINGS; i++)
		ws_prepared_free(message->as[i]);
	ws_mem_free(message);
}

/* What is in a message. */
static struct eio_packet
packet_of(const struct eio_message *message)
{
	struct eio_packet packet = { .type = EIO_MESSAGE };

	packet.data = ws_prepared_data(message->as[PLAIN], NULL, &packet.len);
	packet.form = EIO_BINARY;
	if (message->kind == WS_TEXT) {
		packet.form = EIO_TEXT;
		packet.data++; /* the digit */
		packet.len--;
	}
	return packet;
}

/* How a client gets a message. */
static enum encoding
encoding_for(const struct eio_socket *s, const struct eio_message *message)
{
	if (message->kind == WS_TEXT)
		return PLAIN;
	if (s->b64)
		return s->protocol >= 4 ? BASE64_4 : BASE64_3;
	return s->protocol >= 4 ? PLAIN : MARKED;
}

int
eio_send_prepared(
    struct eio_socket *socket, struct eio_message *message, int flags)
{
	struct eio_packet packet;
	enum encoding as;

	if (socket->state != EIO_STATE_OPEN)
		return WS_ECLOSED;
	if (socket->poll != NULL) {
		packet = packet_of(message);
		return send_poll(socket, &packet, flags);
	}
	as = encoding_for(socket, message);
	if (message->as[as] == NULL) {
		packet = packet_of(message);
		message->as[as] =
		    encode(as, message->kind, packet.data, packet.len);
	}
	if (message->as[as] == NULL)
		return WS_ENOMEM;
	return ws_send_prepared(socket->conn, message->as[as], flags);
}
