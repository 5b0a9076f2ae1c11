/* out.c - packets out: encode one, send one. */
/* SPDX-License-Identifier: MIT */
/*
 * Socket.IO protocol v5, "Packet encoding". The head of a packet says how many
 * attachments it has, which is known only once the payload is written. So room
 * is left for the head, which is moved up to the payload in the end:
 *
 *	io->text  |.........51-/admin,17|["file",{"_placeholder":true,"num":0}]|
 *	           room for  head        payload
 *	           the head  ^ out->at
 */
#include <string.h>

#include "io.h"
#include "out.h"

/* The most octets that the head of a packet of a namespace can have. */
static size_t
head_room(struct ws_span nsp)
{
	return SIO_PACKET_HEAD_MAX + nsp.len;
}

void
sio_out_begin(struct sio_text *text, struct ws_span nsp)
{
	size_t room = head_room(nsp);

	sio_text_clear(text, SIO_SCRATCH_KEPT);
	if (sio_text_room(text, room) != NULL)
		text->len = room;
}

int
sio_out_end(struct sio_text *text, struct ws_span nsp,
    enum sio_packet_type type, int64_t id, struct sio_out *out)
{
	struct sio_packet packet = { .type = type,
		.attachments = out->binary.count,
		.nsp = nsp,
		.id = id };
	size_t room = head_room(nsp);

	if (text->error < 0)
		return text->error;
	if (packet.attachments > 0)
		packet.type =
		    type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
	out->id = id;
	out->head_len = sio_packet_write_head(&packet, text->at);
	out->at = text->at + room - out->head_len;
	out->len = text->len - (room - out->head_len);
	memmove(text->at + room - out->head_len, text->at, out->head_len);
	return 0;
}

int
sio_out_send(struct sio_client *client, const struct sio_out *out, int flags)
{
	int result, plain = flags & SIO_NO_COMPRESS;

	/* Decided once: WS_VOLATILE by message could drop an attachment. */
	if ((flags & WS_VOLATILE) != 0 && !eio_is_writable(client->session))
		return WS_ESKIPPED;
	result = eio_send(client->session, WS_TEXT | plain, out->at, out->len);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < out->binary.count && result == 0; i++)
		result = eio_send(client->session, WS_BINARY | plain,
		    out->binary.list[i].data, out->binary.list[i].len);
	/* The client would take the next binary messages for the attachments
	 * that are missing. */
	if (result < 0)
		eio_close(client->session);
	return result;
}

int
sio_out_plain(struct sio_client *client, struct ws_span nsp,
    enum sio_packet_type type, const char *json, size_t len)
{
	struct sio_text *text = &client->io->notice;
	struct sio_out out = { 0 };
	int result;

	sio_out_begin(text, nsp);
	sio_text_add(text, json, len);
	result = sio_out_end(text, nsp, type, -1, &out);
	return result < 0 ? result : sio_out_send(client, &out, 0);
}
