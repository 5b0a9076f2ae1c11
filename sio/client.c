/* client.c - one connection: packets in, and who they are for. */
/* SPDX-License-Identifier: MIT */
/*
 * A packet is a text, and so many binary messages behind it as its head says:
 *
 *	51-["file",{"_placeholder":true,"num":0}]        a text message
 *	<89 50 4e 47 ...>                                a binary message
 *
 * Texts are read where they lie. Only one whose attachments are still to come
 * is copied.
 *
 * Whoever breaks the protocol loses the whole connection, as with the
 * reference server: there is no telling what else would be misunderstood.
 */
#include <stdint.h>
#include <string.h>

#include "io.h"

#define NAME_SIZE 32 /* of a number that is an event's name */

/* ---- life -------------------------------------------------------------- */

static void
free_partial(struct sio_partial *partial)
{
	if (partial == NULL)
		return;
	for (unsigned i = 0; i < partial->got; i++)
		ws_mem_free((void *)(uintptr_t)partial->list[i].data);
	ws_mem_free(partial);
}

void
sio_client_free(struct sio_client *client)
{
	struct sio_ghost *ghost;

	free_partial(client->partial);
	while ((ghost = client->ghosts) != NULL) {
		client->ghosts = ghost->next;
		ws_mem_free(ghost);
	}
	ws_mem_free(client);
}

void
sio_client_open(struct eio_socket *conn)
{
	struct sio *io = eio_endpoint_user(eio_of(conn));
	struct sio_client *client = ws_mem_resize(NULL, sizeof(*client));
	const struct sio_packet connect = {
		.type = SIO_CONNECT, .nsp = { "/", 1 }, .id = -1
	};

	if (client == NULL) {
		eio_close(conn);
		return;
	}
	memset(client, 0, sizeof(*client));
	client->io = io;
	client->conn = conn;
	eio_set_user(conn, client);
	sio_io_idle(client, true);
	/* Revision 4: everybody is in "/" without asking. */
	if (eio_protocol(conn) < 4)
		sio_connect(client, &connect);
}

struct sio_socket *
sio_client_next(const struct sio_client *client)
{
	struct sio_socket *socket = client->sockets;

	while (socket != NULL && socket->state >= SIO_LEAVING)
		socket = socket->next;
	return socket;
}

void
sio_client_close(struct eio_socket *conn, const char *reason)
{
	struct sio_client *client = eio_user(conn);
	struct sio_socket *socket;
	struct sio *io;

	if (client == NULL)
		return;
	io = client->io;
	eio_set_user(conn, NULL);
	sio_io_idle(client, false);
	while ((socket = sio_client_next(client)) != NULL)
		sio_socket_leave(socket, reason);
	client->next = io->dead_clients;
	io->dead_clients = client;
	sio_io_reap_later(io);
}

/* ---- whose packet ------------------------------------------------------ */

/* A namespace's name is a C string: no other has a NUL in it. */
static bool
is_name(const char *name, struct sio_span span)
{
	return strlen(name) == span.len && memcmp(name, span.at, span.len) == 0;
}

static struct sio_socket *
find_socket(const struct sio_client *client, struct sio_span nsp)
{
	struct sio_socket *socket = client->sockets;

	while (socket != NULL && !is_name(socket->nsp->name, nsp))
		socket = socket->next;
	return socket;
}

/* Forget the oldest one when there are as many as a client may be in: it has
 * been a while. */
static void
lay_old_ghosts(struct sio_client *client)
{
	struct sio_ghost **link = &client->ghosts;

	for (unsigned n = 1; *link != NULL; n++, link = &(*link)->next) {
		if (n < client->io->max_namespaces)
			continue;
		ws_mem_free(*link);
		*link = NULL;
		return;
	}
}

int
sio_client_haunt(struct sio_client *client, const char *name)
{
	size_t len = strlen(name);
	struct sio_ghost *ghost = ws_mem_resize(NULL, sizeof(*ghost) + len);

	if (ghost == NULL)
		return WS_ENOMEM;
	lay_old_ghosts(client);
	ghost->len = len;
	memcpy(ghost->name, name, len);
	ghost->next = client->ghosts;
	client->ghosts = ghost;
	return 0;
}

/* Whether a packet is for a namespace that we have ended; the client may not
 * know it yet. It does when it connects again, and then it is forgotten. */
static bool
is_haunted(struct sio_client *client, struct sio_span nsp, bool forget)
{
	struct sio_ghost **link = &client->ghosts, *ghost;

	while ((ghost = *link) != NULL &&
	       (ghost->len != nsp.len ||
		   memcmp(ghost->name, nsp.at, nsp.len) != 0))
		link = &ghost->next;
	if (ghost == NULL)
		return false;
	if (forget) {
		*link = ghost->next;
		ws_mem_free(ghost);
	}
	return true;
}

/* ---- packets ----------------------------------------------------------- */

static void
connect(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio_socket *socket = find_socket(client, packet->nsp);

	(void)is_haunted(client, packet->nsp, true);
	/* Some clients of revision 4 ask for "/" though they are in it. */
	if (socket != NULL && eio_protocol(client->conn) < 4 &&
	    packet->nsp.len == 1)
		return;
	/* A client that has changed its mind while a middleware waits asks
	 * again, perhaps as somebody else: this is what counts now. The
	 * reference connects both, and the client knows only one of them. */
	if (socket != NULL && socket->state == SIO_WAITING) {
		sio_socket_leave(socket, "client namespace disconnect");
		socket = NULL;
	}
	if (socket != NULL)
		eio_close(client->conn);
	/* The application may have ended the connection meanwhile. */
	else if (eio_user(client->conn) != NULL)
		sio_connect(client, packet);
}

/* An event may be named by a number; it is as it was written. */
static const char *
number_name(struct sio_value value, char name[NAME_SIZE])
{
	size_t len;
	const char *json = sio_json(value, &len);

	len = len < NAME_SIZE ? len : NAME_SIZE - 1;
	memcpy(name, json, len);
	name[len] = '\0';
	return name;
}

/* A packet for a socket. */
static void
deliver(struct sio_socket *socket, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio *io = socket->nsp->io;
	struct sio_value root = sio_document_root(&io->event);
	struct sio_value name = sio_at(root, 0);
	char number[NAME_SIZE];
	size_t len;
	struct sio_event event = { .socket = socket,
		.document = &io->event,
		.packet = packet,
		.attachments = attachments,
		.id = packet->id };

	switch (packet->type) {
	case SIO_EVENT:
	case SIO_BINARY_EVENT:
		/* An event without a name is tolerated, and nobody's. */
		if (sio_type(name) == SIO_ABSENT)
			return;
		event.name = sio_string(name, &len);
		if (event.name == NULL)
			event.name = number_name(name, number);
		/* No handler can have been registered under such a name, and
		 * what is before the NUL is another one. */
		else if (strlen(event.name) != len)
			return;
		sio_hooks_event(socket, &event);
		return;
	case SIO_ACK:
	case SIO_BINARY_ACK:
		sio_ack_came(socket, packet->id, root);
		return;
	case SIO_DISCONNECT:
		sio_socket_leave(socket, "client namespace disconnect");
		return;
	case SIO_CONNECT:
	case SIO_CONNECT_ERROR:
		break; /* not for a socket */
	}
	eio_close(socket->client->conn);
}

/* Read the payload of a packet into io->event. Returns whether it is one. */
static bool
read_payload(struct sio *io, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio_document *document = &io->event;

	sio_value_clear(document);
	if (packet->payload.len > 0 &&
	    sio_value_read(document, packet->payload.at, packet->payload.len) <
		0)
		return false;
	document->attachments = attachments;
	return sio_packet_check(packet, packet->payload.at, document->tokens,
		   document->count) == 0;
}

/* A packet is complete. */
static void
process(struct sio_client *client, const struct sio_packet *packet,
    const struct sio_attachment *attachments)
{
	struct sio *io = client->io;
	struct sio_socket *socket;

	if (!read_payload(io, packet, attachments)) {
		eio_close(client->conn);
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
	else if (socket != NULL || !is_haunted(client, packet->nsp, false))
		eio_close(client->conn);
	sio_value_clear(&io->event);
}

/* ---- texts and attachments --------------------------------------------- */

/* Keep a packet until its attachments are there. */
static void
begin_partial(struct sio_client *client, const char *text, size_t len)
{
	struct sio_partial *partial =
	    ws_mem_resize(NULL, sizeof(*partial) + len);

	if (partial == NULL) {
		eio_close(client->conn);
		return;
	}
	partial->got = 0;
	partial->len = len;
	memcpy(partial->text, text, len);
	/* It was decoded before: this only points the spans into the copy. */
	(void)sio_packet_decode(partial->text, len,
	    eio_protocol(client->conn) < 4 ? 4 : 5, &partial->packet);
	client->partial = partial;
}

static void
take_text(struct sio_client *client, const char *text, size_t len)
{
	int revision = eio_protocol(client->conn) < 4 ? 4 : 5;
	struct sio_packet packet;

	/* Between a packet and its attachments there is nothing else. */
	if (client->partial != NULL ||
	    sio_packet_decode(text, len, revision, &packet) < 0)
		eio_close(client->conn);
	/* What is wrong with it is known before its attachments come. */
	else if (packet.attachments > 0 &&
		 (packet.payload.len == 0 ||
		     !read_payload(client->io, &packet, NULL)))
		eio_close(client->conn);
	else if (packet.attachments > 0)
		begin_partial(client, text, len);
	else
		process(client, &packet, NULL);
}

static void
take_attachment(struct sio_client *client, const void *data, size_t len)
{
	struct sio_partial *partial = client->partial;
	char *copy;

	if (partial == NULL) {
		eio_close(client->conn);
		return;
	}
	copy = sio_io_copy(data, len);
	if (copy == NULL) {
		eio_close(client->conn);
		return;
	}
	partial->list[partial->got++] = (struct sio_attachment){ copy, len };
	if (partial->got < partial->packet.attachments)
		return;
	/* Whatever the application does to the client, this is ours. */
	client->partial = NULL;
	process(client, &partial->packet, partial->list);
	free_partial(partial);
}

void
sio_client_message(
    struct eio_socket *conn, int kind, const void *data, size_t len)
{
	struct sio_client *client = eio_user(conn);

	if (client == NULL)
		return;
	if (kind == WS_BINARY)
		take_attachment(client, data, len);
	else
		take_text(client, data, len);
}
