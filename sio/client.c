/* client.c - packets in: what the sessions of Engine.IO bring. */
/* SPDX-License-Identifier: MIT */
/*
 * A packet is a text message and as many binary ones behind it as its head
 * says. Socket.IO protocol v5, "Packet encoding":
 *
 *	51-["file",{"_placeholder":true,"num":0}]        a text message
 *	<89 50 4e 47 ...>                                a binary message
 *
 * A text is read where it lies. It is copied only if attachments are still to
 * come.
 *
 * A client that breaks the protocol loses the whole connection, as with the
 * reference server: nothing else that it sends could be trusted to mean what it
 * says.
 */
#include <string.h>

#include "ack.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "client.h"
#include "connect.h"
#include "hooks.h"
#include "io.h"
#include "late.h"
#include "leave.h"
#include "nsp.h"
#include "packet.h"
#include "partial.h"
#include "reply.h"
#include "sio/engine/session.h"

/* ---- life -------------------------------------------------------------- */

void
sio_client_free(struct sio_client *client)
{
	sio_partial_free(client->partial);
	sio_late_free(client);
	ws_memory_hold(client->io->server, -(long)sizeof(*client));
	ws_mem_free(client);
}

/* Close a session that has connected to no namespace in time. */
static void
on_unconnected(struct ws_deadline *deadline)
{
	eio_close(WS_OUTER(struct sio_client, deadline, deadline)->session);
}

int
sio_client_start(struct sio *io)
{
	return eio_timeouts_start(&io->unconnected, io->server, on_unconnected);
}

void
sio_client_stop(struct sio *io)
{
	eio_timeouts_stop(&io->unconnected);
}

void
sio_client_open(struct eio_session *session)
{
	struct sio *io = eio_endpoint_user(eio_of(session));
	struct sio_client *client = ws_mem_resize(NULL, sizeof(*client));
	const struct sio_packet connect = {
		.type = SIO_CONNECT, .nsp = WS_SPAN("/"), .id = -1
	};

	if (client == NULL) {
		eio_close(session);
		return;
	}
	memset(client, 0, sizeof(*client));
	ws_memory_hold(io->server, sizeof(*client));
	client->io = io;
	client->session = session;
	eio_set_user(session, client);
	eio_timeouts_add(&io->unconnected, &client->deadline,
	    ws_now(io->server) + io->connect_timeout_ms);
	/* Protocol v4: every client is in "/" without asking. */
	if (eio_protocol(session) < 4)
		sio_connect(client, &connect);
}

void
sio_client_close(struct eio_session *session, const char *reason)
{
	struct sio_client *client = eio_user(session);
	struct sio_socket *socket;
	struct sio *io;

	if (client == NULL)
		return;
	io = client->io;
	eio_set_user(session, NULL);
	ws_deadlines_remove(&client->deadline);
	while ((socket = sio_leave_next(client)) != NULL)
		sio_leave_nsp(socket, reason);
	client->next = io->dead_clients;
	io->dead_clients = client;
	io->release_later(io);
}

/* ---- packets ----------------------------------------------------------- */

/* Return whether a packet is for a namespace, whose name has no NUL. */
static bool
is_name(const char *name, struct ws_span span)
{
	return strlen(name) == span.len && memcmp(name, span.at, span.len) == 0;
}

/* Find the socket of a client in a namespace, or NULL. */
static struct sio_socket *
find_socket(const struct sio_client *client, struct ws_span nsp)
{
	struct sio_socket *socket = client->sockets;

	while (socket != NULL && !is_name(socket->nsp->name, nsp))
		socket = socket->next;
	return socket;
}

/* A packet that asks for a namespace. */
static void
connect(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio_socket *socket = find_socket(client, packet->nsp);

	sio_late_forget(client, packet->nsp);
	/* Some clients of protocol v4 ask for "/" though they are in it. */
	if (socket != NULL && eio_protocol(client->session) < 4 &&
	    packet->nsp.len == 1)
		return;
	/* A client that asks again while a middleware waits has changed its
	 * mind, perhaps about who it is: the later CONNECT counts. The
	 * reference connects both, and the client knows only one of them. */
	if (socket != NULL && socket->state == SIO_WAITING) {
		sio_leave_nsp(socket, "client namespace disconnect");
		socket = NULL;
	}
	if (socket != NULL)
		eio_close(client->session);
	/* The application may have ended the connection meanwhile. */
	else if (eio_user(client->session) != NULL)
		sio_connect(client, packet);
}

/* Handle a packet for a socket, whose payload is in io->event. */
static void
deliver(struct sio_socket *socket, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio *io = socket->nsp->io;
	struct sio_value root = sio_document_root(&io->event);
	char number[SIO_NAME_SIZE];
	struct sio_event event = { .socket = socket,
		.document = &io->event,
		.packet = packet,
		.attachments = attachments,
		.id = packet->id };

	switch (packet->type) {
	case SIO_EVENT:
	case SIO_BINARY_EVENT:
		/* An event without a name calls no handler, as in the
		 * reference. Nor does one whose name has a NUL in it: what
		 * stands before the NUL is the name of another event. */
		event.name = sio_name(sio_at(root, 0), number);
		if (event.name != NULL)
			sio_hooks_event(socket, &event);
		return;
	case SIO_ACK:
	case SIO_BINARY_ACK:
		sio_ack_came(socket, packet->id, root);
		return;
	case SIO_DISCONNECT:
		sio_leave_nsp(socket, "client namespace disconnect");
		return;
	case SIO_CONNECT:
	case SIO_CONNECT_ERROR:
		break; /* not for a socket */
	}
	eio_close(socket->client->session);
}

/* Read the payload of a packet into io->event. Returns whether it is valid. */
static bool
read_payload(struct sio *io, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio_document *document = &io->event;
	int result = 0;

	sio_value_clear(document);
	if (packet->payload.len > 0)
		result = sio_value_read(
		    document, packet->payload.at, packet->payload.len);
	(void)ws_spend(io->server,
	    WS_COST_PACKET + packet->payload.len / 1024 * WS_COST_JSON_KB +
		document->count / 1024 * WS_COST_JSON_K);
	if (result < 0)
		return false;
	document->attachments = attachments;
	return sio_packet_check(packet, packet->payload.at, document->tokens,
		   document->count) == 0;
}

/* End a client that sent what cannot be understood, and log what. */
static void
refuse(
    struct sio_client *client, const char *what, const void *data, size_t len)
{
	eio_session_log_bad(client->session, what, data, len);
	eio_close(client->session);
}

/* End a client whose payload is wrong. That of a CONNECT is not logged: clients
 * log in with it. */
static void
refuse_payload(struct sio_client *client, const struct sio_packet *packet)
{
	bool secret = packet->type == SIO_CONNECT;

	refuse(client, "the payload of a packet is not what its type needs",
	    packet->payload.at, secret ? 0 : packet->payload.len);
}

/* Handle a complete packet. */
static void
process(struct sio_client *client, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio *io = client->io;
	struct sio_socket *socket;

	if (!read_payload(io, packet, attachments)) {
		refuse_payload(client, packet);
		return;
	}
	if (packet->type == SIO_CONNECT) {
		connect(client, packet);
		sio_value_clear(&io->event);
		return;
	}
	socket = find_socket(client, packet->nsp);
	if (socket != NULL && socket->state == SIO_CONNECTED)
		deliver(socket, packet, attachments);
	else if (socket != NULL || !sio_late_is_ignored(client, packet->nsp))
		refuse(client, "a packet for a namespace without a CONNECT",
		    packet->nsp.at, packet->nsp.len);
	sio_value_clear(&io->event);
}

/* ---- texts and attachments --------------------------------------------- */

/* Return the revision of the Socket.IO protocol that a client speaks. */
static int
revision_of(const struct sio_client *client)
{
	return eio_protocol(client->session) < 4 ? 4 : 5;
}

/* Return whether a packet for a namespace will be handled once its attachments
 * are here. One for a namespace that the client is not in would only have them
 * held. */
static bool
is_welcome(struct sio_client *client, struct ws_span nsp)
{
	const struct sio_socket *socket = find_socket(client, nsp);

	if (socket == NULL)
		return sio_late_is_ignored(client, nsp);
	return socket->state == SIO_CONNECTED;
}

/* Handle a text message: a packet, or the beginning of one. */
static void
on_text(struct sio_client *client, const char *text, size_t len)
{
	struct sio_packet packet;

	/* Nothing comes between a packet and its attachments. */
	if (client->partial != NULL)
		refuse(client, "a text in place of an attachment", text, len);
	else if (sio_packet_decode(text, len, revision_of(client), &packet) < 0)
		refuse(client, "a text is no packet of Socket.IO", text, len);
	/* Refused now, rather than when its attachments are here. */
	else if (packet.attachments > 0 &&
		 !read_payload(client->io, &packet, NULL))
		refuse_payload(client, &packet);
	else if (packet.attachments > 0 && !is_welcome(client, packet.nsp))
		refuse(client, "attachments for a namespace without a CONNECT",
		    text, len);
	else if (packet.attachments == 0)
		process(client, &packet, NULL);
	else if (sio_partial_begin(client, text, len, revision_of(client)) < 0)
		eio_close(client->session);
}

/* Handle a binary message: the next attachment of the partial packet. */
static void
on_attachment(struct sio_client *client, const void *data, size_t len)
{
	struct sio_partial *partial = client->partial;

	if (partial == NULL) {
		refuse(client,
		    "octets that no packet has announced, as a client with "
		    "another parser sends them",
		    data, len);
		return;
	}
	if (sio_partial_add(client, data, len) < 0) {
		eio_close(client->session);
		return;
	}
	if (partial->got < partial->packet.attachments)
		return;
	/* Detached, so that it stays when the application ends the client. */
	client->partial = NULL;
	process(client, &partial->packet, partial->list);
	sio_partial_free(partial);
}

void
sio_client_message(
    struct eio_session *session, int kind, const void *data, size_t len)
{
	struct sio_client *client = eio_user(session);

	if (client == NULL)
		return;
	if (kind == WS_BINARY)
		on_attachment(client, data, len);
	else
		on_text(client, data, len);
}
