/* socket.c - one client in one namespace. */
/* SPDX-License-Identifier: MIT */
/*
 *	WAITING ── its middlewares agree ──▶ CONNECTED ── it goes ──▶ LEAVING
 *	   │                                                             │
 *	   └── one refuses, or the client goes ──▶ LEFT ◀── left rooms ──┘
 */
#include <string.h>

#include "io.h"

/* ---- life -------------------------------------------------------------- */

struct sio_extra *
sio_socket_extra(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;

	if (extra != NULL)
		return extra;
	extra = ws_mem_resize(NULL, sizeof(*extra));
	if (extra == NULL)
		return NULL;
	memset(extra, 0, sizeof(*extra));
	socket->extra = extra;
	return extra;
}

void
sio_socket_trim(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;

	if (extra == NULL)
		return;
	ws_mem_free(extra->refusal);
	extra->refusal = NULL;
	if (extra->auth != NULL || extra->id != NULL || extra->acks != NULL ||
	    extra->pid[0] != '\0')
		return;
	ws_mem_free(extra);
	socket->extra = NULL;
}

void
sio_socket_free(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;
	struct sio_nsp *nsp = socket->nsp;

	if (extra != NULL) {
		sio_ack_orphan(socket);
		sio_recovery_forget(socket);
		ws_mem_free(extra->auth);
		ws_mem_free(extra->id);
		ws_mem_free(extra->refusal);
		ws_mem_free(extra);
	}
	ws_mem_free(socket);
	if (nsp != NULL)
		sio_nsp_drop(nsp);
}

/* Take it out of its client's list; it is released after the turn. */
static void
bury(struct sio_socket *socket)
{
	struct sio *io = socket->nsp->io;
	struct sio_socket **link = &socket->client->sockets;

	while (*link != socket)
		link = &(*link)->next;
	*link = socket->next;
	socket->next = io->dead;
	io->dead = socket;
	sio_io_reap_later(io);
}

void
sio_socket_leave(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = socket->nsp;
	bool was_in = socket->state == SIO_CONNECTED, kept = false;

	if (socket->state == SIO_LEAVING || socket->state == SIO_LEFT)
		return;
	socket->state = SIO_LEAVING;
	if (was_in) {
		sio_hooks_leaving(socket, SIO_HOOK_DISCONNECTING, reason);
		kept = sio_recovery_keep(socket, reason);
		sio_nsp_remove(socket);
	}
	ws_member_leave_all(nsp->io->server, &socket->member);
	socket->state = SIO_LEFT;
	bury(socket);
	sio_ack_none(socket);
	if (was_in)
		sio_hooks_leaving(socket, SIO_HOOK_DISCONNECT, reason);
	if (!kept)
		sio_hooks_expired(nsp, socket->user);
}

/* Leave by our own wish: the client is told. */
static void
dismiss(struct sio_socket *socket)
{
	struct sio_client *client = socket->client;

	if (socket->state == SIO_WAITING) {
		(void)sio_refuse(socket);
		return;
	}
	if (socket->state != SIO_CONNECTED)
		return;
	(void)sio_out_plain(client, socket->nsp, SIO_DISCONNECT, "", 0);
	(void)sio_client_haunt(client, socket->nsp->name);
	sio_socket_leave(socket, "server namespace disconnect");
}

void
sio_disconnect(struct sio_socket *socket, bool close)
{
	struct sio_client *client = socket->client;

	if (!close) {
		dismiss(socket);
		return;
	}
	while ((socket = sio_client_next(client)) != NULL)
		dismiss(socket);
	eio_close(client->conn);
}

/* ---- what can be asked ------------------------------------------------- */

const char *
sio_id(const struct sio_socket *socket)
{
	if (socket->extra != NULL && socket->extra->id != NULL)
		return socket->extra->id;
	return socket->short_id;
}

struct sio_nsp *
sio_nsp_of(const struct sio_socket *socket)
{
	return socket->nsp;
}

struct eio_socket *
sio_conn(const struct sio_socket *socket)
{
	return socket->client->conn;
}

struct sio_value
sio_auth(struct sio_socket *socket)
{
	struct sio_document *document = &socket->client->io->auth;
	const struct sio_extra *extra = socket->extra;

	sio_value_clear(document);
	if (extra == NULL || extra->auth == NULL ||
	    sio_value_read(document, extra->auth, extra->auth_len) < 0)
		return (struct sio_value){ 0 };
	return sio_document_root(document);
}

void *
sio_user(const struct sio_socket *socket)
{
	return socket->user;
}

void
sio_set_user(struct sio_socket *socket, void *user)
{
	socket->user = user;
}

bool
sio_is_connected(const struct sio_socket *socket)
{
	return socket->state == SIO_CONNECTED;
}

bool
sio_is_recovered(const struct sio_socket *socket)
{
	return socket->recovered;
}

/* ---- rooms ------------------------------------------------------------- */

/* Everybody is in the room of their own identifier, but as it is seldom
 * needed, the rooms of ws.h hear of it only when it is. */
int
sio_socket_own_room(struct sio_socket *socket)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_target_room(socket->nsp, sio_id(socket), name);

	if (socket->no_own || len == 0)
		return 0;
	return ws_member_join(
	    socket->nsp->io->server, &socket->member, name, len);
}

int
sio_join(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_target_room(socket->nsp, room, name);

	if (socket->state != SIO_WAITING && socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	if (len == 0 || room[0] == '\0')
		return WS_EINVAL;
	if (strcmp(room, sio_id(socket)) == 0) {
		bool was_in = !socket->no_own;

		socket->no_own = false;
		return was_in ? 0 : 1;
	}
	return ws_member_join(
	    socket->nsp->io->server, &socket->member, name, len);
}

bool
sio_leave(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_target_room(socket->nsp, room, name);
	bool was_in = sio_in_room(socket, room);

	if (!was_in || room[0] == '\0')
		return false;
	if (strcmp(room, sio_id(socket)) == 0)
		socket->no_own = true;
	(void)ws_member_leave(
	    socket->nsp->io->server, &socket->member, name, len);
	return true;
}

/* From on_connection to on_disconnecting, unless it has left that, too. */
static bool
is_in_own_room(const struct sio_socket *socket)
{
	return !socket->no_own &&
	       (socket->state == SIO_CONNECTED || socket->state == SIO_LEAVING);
}

bool
sio_in_room(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_target_room(socket->nsp, room, name);

	if (strcmp(room, sio_id(socket)) == 0)
		return is_in_own_room(socket);
	return len > 0 && room[0] != '\0' &&
	       ws_member_in_room(
		   socket->nsp->io->server, &socket->member, name, len);
}

size_t
sio_room_count(struct sio_nsp *nsp, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_target_room(nsp, room, name);
	struct sio_socket *own = sio_find(nsp, room);

	if (len == 0 || room[0] == '\0' ||
	    (own != NULL && sio_socket_own_room(own) < 0))
		return 0;
	return ws_room_count(nsp->io->server, (const char *)name, len);
}

/* A walk over a socket's rooms that leaves out what is ours. */
struct walk {
	const struct sio_socket *socket;
	bool (*visit)(const char *room, void *arg);
	void *arg;
	bool on;
};

static bool
visit_room(const void *name, size_t len, void *arg)
{
	struct walk *walk = arg;
	char room[WS_ROOM_NAME_MAX + 1];

	if (len <= SIO_ROOM_PREFIX)
		return true; /* the one of all in the namespace */
	len -= SIO_ROOM_PREFIX;
	memcpy(room, (const char *)name + SIO_ROOM_PREFIX, len);
	room[len] = '\0';
	if (strcmp(room, sio_id(walk->socket)) == 0)
		return true; /* told already */
	walk->on = walk->visit(room, walk->arg);
	return walk->on;
}

void
sio_rooms(struct sio_socket *socket, bool (*visit)(const char *room, void *arg),
    void *arg)
{
	struct walk walk = { socket, visit, arg, true };

	if (is_in_own_room(socket) && !visit(sio_id(socket), arg))
		return;
	ws_member_walk(&socket->member, visit_room, &walk);
}
