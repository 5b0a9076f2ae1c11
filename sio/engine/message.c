/* message.c - one message for many, encoded once for each kind of client. */
/* SPDX-License-Identifier: MIT */
/*
 * A message for many is encoded once for each of the ways in which it can leave
 * over a WebSocket, when the first client needs it so:
 *
 *	                            text      binary
 *	as[0][0]   protocol 4       4data     data
 *	as[0][1]      with base64             b...
 *	as[1][0]   protocol 3                 04 data
 *	as[1][1]      with base64             b4...
 *
 * Text is the same for all. Clients that poll get a message together with
 * whatever else waits for them, so it is encoded for each of them, when their
 * poll is answered. Until then all of them refer to the message.
 */
#include "message.h"

#include <string.h>

#include "base/mem.h"

struct eio_message {
	unsigned references;
	unsigned waits;     /* references of clients that have yet to poll */
	enum eio_form form; /* EIO_TEXT or EIO_BINARY */
	struct ws_prepared *as[2][2]; /* owned; NULL: not needed yet */
};

/* Encode a packet for WebSockets. */
static struct ws_prepared *
encode(const struct eio_packet *packet, int protocol, bool b64)
{
	enum eio_form form = b64 ? EIO_BASE64 : packet->form;
	int kind = form == EIO_BINARY ? WS_BINARY : WS_TEXT;
	struct ws_prepared *prepared;
	char *octets;
	size_t len;

	if (form == EIO_BINARY && protocol >= 4)
		return ws_prepare(kind, packet->data, packet->len);
	octets = ws_mem_resize(NULL, eio_packet_size(protocol, packet, form));
	if (octets == NULL)
		return NULL;
	len = eio_packet_write(protocol, packet, form, octets);
	prepared = ws_prepare(kind, octets, len);
	ws_mem_free(octets);
	return prepared;
}

struct eio_message *
eio_prepare(int kind, const void *data, size_t len)
{
	struct eio_packet packet = { .type = EIO_MESSAGE, .data = data };
	struct eio_message *message;

	if ((kind != WS_TEXT && kind != WS_BINARY) || (data == NULL && len > 0))
		return NULL;
	message = ws_mem_resize(NULL, sizeof(*message));
	if (message == NULL)
		return NULL;
	packet.form = kind == WS_TEXT ? EIO_TEXT : EIO_BINARY;
	packet.len = len == WS_STR ? strlen(data) : len;
	*message = (struct eio_message){ .references = 1,
		.form = packet.form,
		.as[0][0] = encode(&packet, 4, false) };
	if (message->as[0][0] == NULL) {
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
	for (int i = 0; i < 4; i++)
		ws_prepared_free(message->as[i / 2][i % 2]);
	ws_mem_free(message);
}

struct eio_packet
eio_message_packet(const struct eio_message *message)
{
	struct eio_packet packet = { .type = EIO_MESSAGE,
		.form = message->form };

	packet.data = ws_prepared_data(message->as[0][0], NULL, &packet.len);
	if (packet.form == EIO_TEXT) {
		packet.data++; /* the digit */
		packet.len--;
	}
	return packet;
}

struct ws_prepared *
eio_message_encoded(struct eio_message *message, int protocol, bool b64)
{
	bool binary = message->form == EIO_BINARY;
	struct ws_prepared **as =
	    &message->as[binary && protocol < 4][binary && b64];
	struct eio_packet packet;

	if (*as == NULL) {
		packet = eio_message_packet(message);
		*as = encode(&packet, protocol, b64);
	}
	return *as;
}

static long
octets_of(const struct eio_message *message)
{
	return (long)(sizeof(*message) + eio_message_packet(message).len);
}

void
eio_message_wait(struct eio_message *message, struct ws_server *server)
{
	if (message->waits++ == 0)
		ws_memory_hold(server, octets_of(message));
	message->references++;
}

void
eio_message_unwait(struct eio_message *message, struct ws_server *server)
{
	if (--message->waits == 0)
		ws_memory_hold(server, -octets_of(message));
	eio_message_free(message);
}
