/* reply.c - events that came, and the acknowledgements owed for them. */
/* SPDX-License-Identifier: MIT */
/*
 * Socket.IO protocol v5, "Acknowledgement": an event with a number asks for an
 * acknowledgement with the same number.
 *
 *	24["save",{"a":1}]   ────▶   a function of sio_on
 *	                     ◀────   34["saved"]
 *
 * The function answers with sio_ack; or it calls sio_ack_later and answers when
 * it can. Each event is acknowledged once at most: the number is taken from the
 * event by whichever comes first.
 */
#include "base/bytes.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"
#include "out.h"
#include "reply.h"
#include "socket.h"

/* An acknowledgement that the application gives later. It belongs to the
 * application, and may outlive its socket. */
struct sio_ack {
	struct sio_socket *socket; /* borrowed; NULL when it was released */
	struct sio_ack *next;      /* of the same socket */
	struct sio_ack **link;     /* what points to this one */
	int64_t id;
};

const char *
sio_event_name(const struct sio_event *event)
{
	return event->name;
}

struct sio_value
sio_args(const struct sio_event *event)
{
	return sio_value_arguments(sio_document_root(event->document));
}

struct sio_value
sio_arg(const struct sio_event *event, size_t nth)
{
	return sio_at(sio_args(event), nth);
}

bool
sio_wants_ack(const struct sio_event *event)
{
	return event->id >= 0;
}

/* Send an acknowledgement: Socket.IO protocol v5, "Acknowledgement". */
static int
acknowledge(
    struct sio_socket *socket, int64_t id, const char *format, va_list args)
{
	struct sio *io = socket->nsp->io;
	struct ws_span nsp = ws_span_of(socket->nsp->name);
	struct sio_out out = { 0 };
	int result;

	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	if (io->calling_outgoing || io->delivery != NULL)
		return WS_ESTATE;
	sio_out_begin(&io->text, nsp);
	result = sio_format_array(&io->text, &out.binary, NULL, format, args);
	if (result == 0)
		result = sio_out_end(&io->text, nsp, SIO_ACK, id, &out);
	return result < 0 ? result : sio_out_send(socket->client, &out, 0);
}

int
sio_ack(struct sio_event *event, const char *format, ...)
{
	int64_t id = event->id;
	va_list args;
	int result;

	if (id < 0)
		return WS_ESTATE;
	va_start(args, format);
	result = acknowledge(event->socket, id, format, args);
	va_end(args);
	if (result != WS_EINVAL)
		event->id = -1;
	return result;
}

struct sio_ack *
sio_ack_later(struct sio_event *event)
{
	struct sio_extra *extra;
	struct sio_ack *ack;

	if (event->id < 0 || event->socket->state != SIO_CONNECTED)
		return NULL;
	extra = sio_socket_extra(event->socket);
	ack = extra != NULL ? ws_mem_resize(NULL, sizeof(*ack)) : NULL;
	if (ack == NULL)
		return NULL;
	ack->socket = event->socket;
	ack->id = event->id;
	ack->next = extra->acks;
	ack->link = &extra->acks;
	if (ack->next != NULL)
		ack->next->link = &ack->next;
	extra->acks = ack;
	event->id = -1;
	return ack;
}

void
sio_ack_drop(struct sio_ack *ack)
{
	if (ack == NULL)
		return;
	if (ack->socket != NULL) {
		*ack->link = ack->next;
		if (ack->next != NULL)
			ack->next->link = ack->link;
		sio_socket_trim(ack->socket);
	}
	ws_mem_free(ack);
}

int
sio_ack_send(struct sio_ack *ack, const char *format, ...)
{
	va_list args;
	int result = WS_ECLOSED;

	if (ack == NULL)
		return WS_ESTATE;
	if (ack->socket != NULL) {
		va_start(args, format);
		result = acknowledge(ack->socket, ack->id, format, args);
		va_end(args);
	}
	sio_ack_drop(ack);
	return result;
}

void
sio_reply_orphan(struct sio_ack *ack)
{
	for (; ack != NULL; ack = ack->next)
		ack->socket = NULL;
}
