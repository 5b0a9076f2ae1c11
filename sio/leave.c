/* leave.c - out of a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 * A callback may disconnect any socket, the one that it was called for
 * included, and use it afterwards. So a socket that has left is released at the
 * end of the turn.
 */
#include <string.h>

#include "ack.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "every.h"
#include "io.h"
#include "late.h"
#include "leave.h"
#include "nsp.h"
#include "out.h"
#include "recovery.h"
#include "reply.h"

void
sio_leave_free(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;

	if (extra != NULL) {
		sio_reply_orphan(extra->acks);
		sio_recovery_forget(socket);
		sio_socket_drop_extra(socket);
	}
	if (socket->nsp != NULL)
		sio_nsp_drop(socket->nsp);
	ws_memory_hold(socket->client->io->server, -(long)sizeof(*socket));
	ws_mem_free(socket);
}

/* Move a socket from its client's list to those that are released at the end of
 * the turn. */
static void
unlink_socket(struct sio_socket *socket)
{
	struct sio *io = socket->nsp->io;
	struct sio_socket **link = &socket->client->sockets;

	while (*link != socket)
		link = &(*link)->next;
	*link = socket->next;
	socket->next = io->dead_sockets;
	io->dead_sockets = socket;
	io->release_later(io);
}

void
sio_leave_nsp(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = socket->nsp;
	bool was_connected = socket->state == SIO_CONNECTED, kept = false;

	if (socket->state == SIO_LEAVING || socket->state == SIO_LEFT)
		return;
	socket->state = SIO_LEAVING;
	if (was_connected) {
		sio_hooks_leaving(socket, SIO_HOOK_DISCONNECTING, reason);
		kept = sio_recovery_keep(socket, reason);
		sio_socket_remove(socket);
	}
	sio_socket_leave_all(socket);
	socket->state = SIO_LEFT;
	sio_every_stop(socket);
	unlink_socket(socket);
	sio_ack_none(socket);
	if (was_connected)
		sio_hooks_leaving(socket, SIO_HOOK_DISCONNECT, reason);
	if (!kept)
		sio_hooks_expired(nsp, socket->user);
}

struct sio_socket *
sio_leave_next(const struct sio_client *client)
{
	struct sio_socket *socket = client->sockets;

	while (socket != NULL && socket->state >= SIO_LEAVING)
		socket = socket->next;
	return socket;
}

/* ---- by the server's wish ----------------------------------------------- */

int
sio_refuse(struct sio_socket *socket)
{
	const char *json = NULL;

	if (socket->state != SIO_WAITING)
		return WS_ESTATE;
	if (socket->extra != NULL)
		json = socket->extra->refusal;
	/* Protocol v4 sends the message as it is, v5 in an object. */
	if (json == NULL)
		json = eio_protocol(socket->client->session) < 4
			   ? "\"Forbidden\""
			   : "{\"message\":\"Forbidden\"}";
	(void)sio_out_plain(socket->client, ws_span_of(socket->nsp->name),
	    SIO_CONNECT_ERROR, json, strlen(json));
	sio_leave_nsp(socket, "forced close");
	return 0;
}

/* Disconnect a socket and tell its client: with DISCONNECT, or with
 * CONNECT_ERROR if it is not connected yet. */
static void
disconnect(struct sio_socket *socket)
{
	struct ws_span nsp = ws_span_of(socket->nsp->name);

	if (socket->state == SIO_WAITING) {
		(void)sio_refuse(socket);
		return;
	}
	if (socket->state != SIO_CONNECTED)
		return;
	(void)sio_out_plain(socket->client, nsp, SIO_DISCONNECT, "", 0);
	(void)sio_late_ignore(socket->client, nsp);
	sio_leave_nsp(socket, "server namespace disconnect");
}

void
sio_disconnect(struct sio_socket *socket, bool close)
{
	struct sio_client *client = socket->client;

	if (!close) {
		disconnect(socket);
		return;
	}
	while ((socket = sio_leave_next(client)) != NULL)
		disconnect(socket);
	eio_close(client->session);
}
