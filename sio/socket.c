/* socket.c - one client in one namespace: its state, its rooms, its id. */
/* SPDX-License-Identifier: MIT */
/*
 *	WAITING ── its middlewares agree ──▶ CONNECTED ── it goes ──▶ LEAVING
 *	   │                                                             │
 *	   └── one refuses, or the client goes ──▶ LEFT ◀── left rooms ──┘
 *
 * connect.c makes a socket WAITING and CONNECTED, leave.c does the rest.
 *
 * Connected sockets are found by their identifiers in a table of the namespace.
 *
 * Socket.IO protocol v5, "Connection to a namespace", "Disconnection from a
 * namespace"; for rooms, Socket.IO documentation, "Rooms".
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"
#include "socket.h"

/* ---- extra ------------------------------------------------------------- */

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
	sio_socket_hold(socket, sizeof(*extra));
	return extra;
}

void
sio_socket_hold(struct sio_socket *socket, size_t octets)
{
	socket->extra->held += octets;
	ws_memory_hold(socket->client->io->server, (long)octets);
}

void
sio_socket_drop_extra(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;

	if (extra == NULL)
		return;
	ws_memory_hold(socket->client->io->server, -(long)extra->held);
	sio_hooks_drop(&extra->guards);
	ws_mem_free(extra->auth);
	ws_mem_free(extra->id);
	ws_mem_free(extra->refusal);
	ws_mem_free(extra);
	socket->extra = NULL;
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
	    extra->intervals != NULL || extra->guards != NULL ||
	    extra->pid[0] != '\0')
		return;
	sio_socket_drop_extra(socket);
}

/* ---- by identifier ------------------------------------------------------ */

int
sio_socket_insert(struct sio_socket *socket)
{
	struct ws_table *table = &socket->nsp->connected;

	if (table->buckets == NULL && !ws_table_init(table))
		return WS_ENOMEM;
	socket->entry.hash = sio_ids_hash(sio_id(socket));
	ws_table_add(table, &socket->entry);
	return 0;
}

void
sio_socket_remove(struct sio_socket *socket)
{
	ws_table_remove(&socket->nsp->connected, &socket->entry);
}

struct sio_socket *
sio_socket_of(struct ws_table_entry *entry)
{
	return WS_OUTER(struct sio_socket, entry, entry);
}

struct sio_socket *
sio_find(struct sio_nsp *nsp, const char *id)
{
	struct ws_table_entry *entry;

	if (id == NULL || nsp->connected.total == 0)
		return NULL;
	entry = *ws_table_bucket(&nsp->connected, sio_ids_hash(id));
	while (entry != NULL && strcmp(sio_id(sio_socket_of(entry)), id) != 0)
		entry = entry->next;
	return entry != NULL ? sio_socket_of(entry) : NULL;
}

/* ---- rooms ------------------------------------------------------------- */

/* Every socket is in the room of its own identifier. As that room is seldom
 * used, ws.h learns of it only when it is. */

/* Return whether a room is a socket's own. */
static bool
is_own(const struct sio_socket *socket, const char *room)
{
	return strcmp(room, sio_id(socket)) == 0;
}

/* Return whether a socket is in its own room: from on_connection to
 * on_disconnecting, unless it has left that room. */
static bool
is_in_own_room(const struct sio_socket *socket)
{
	return !socket->left_own_room &&
	       (socket->state == SIO_CONNECTED || socket->state == SIO_LEAVING);
}

/* Join a room of ws.h. Returns as ws_member_join; WS_EINVAL if no room can have
 * this name. */
static int
join(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_nsp_room(socket->nsp, room, name);

	return len == 0 ? WS_EINVAL
			: ws_member_join(socket->nsp->io->server,
			      &socket->member, name, len);
}

bool
sio_socket_has_hidden_room(struct sio_socket *socket)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_nsp_room(socket->nsp, sio_id(socket), name);

	return is_in_own_room(socket) && ws_room_count(socket->nsp->io->server,
					     (const char *)name, len) == 0;
}

int
sio_socket_own_room(struct sio_nsp *nsp, const char *room)
{
	struct sio_socket *socket = sio_find(nsp, room);

	if (socket == NULL || socket->left_own_room)
		return 0;
	return join(socket, room) == WS_ENOMEM ? WS_ENOMEM : 0;
}

/* Return whether the application hears of changes of rooms. */
static bool
is_watched(const struct sio_nsp *nsp)
{
	for (unsigned kind = SIO_HOOK_ROOM; kind <= SIO_HOOK_ROOM_LAST;
	     kind++) {
		if (sio_hooks_any(nsp, kind))
			return true;
	}
	return false;
}

/* A socket is in a room from now on. As in the reference, the room is created
 * before it is joined. */
static void
tell_joined(struct sio_socket *socket, const char *room)
{
	if (!is_watched(socket->nsp))
		return;
	if (sio_room_count(socket->nsp, room) <= 1)
		sio_hooks_room(socket, SIO_ROOM_CREATED, room);
	sio_hooks_room(socket, SIO_ROOM_JOINED, room);
}

/* A socket is in a room no more. */
static void
tell_left(struct sio_socket *socket, const char *room)
{
	if (!is_watched(socket->nsp))
		return;
	sio_hooks_room(socket, SIO_ROOM_LEFT, room);
	if (sio_room_count(socket->nsp, room) == 0)
		sio_hooks_room(socket, SIO_ROOM_DELETED, room);
}

int
sio_join(struct sio_socket *socket, const char *room)
{
	int result = socket->left_own_room ? 1 : 0;

	if (socket->state != SIO_WAITING && socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	if (room == NULL)
		return WS_EINVAL;
	if (is_own(socket, room))
		socket->left_own_room = false;
	else
		result = join(socket, room);
	if (result > 0)
		tell_joined(socket, room);
	return result;
}

void
sio_socket_join_own(struct sio_socket *socket)
{
	if (is_in_own_room(socket))
		tell_joined(socket, sio_id(socket));
}

bool
sio_leave(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];

	if (room == NULL || !sio_in_room(socket, room))
		return false;
	if (is_own(socket, room))
		socket->left_own_room = true;
	(void)ws_member_leave(socket->nsp->io->server, &socket->member, name,
	    sio_nsp_room(socket->nsp, room, name));
	tell_left(socket, room);
	return true;
}

/* Copy the name of a room that a member is in, to leave it. */
static bool
take_name(const void *name, size_t len, void *arg)
{
	char *room = arg;

	if (len <= SIO_ROOM_PREFIX)
		return true;
	memcpy(
	    room, (const char *)name + SIO_ROOM_PREFIX, len - SIO_ROOM_PREFIX);
	room[len - SIO_ROOM_PREFIX] = '\0';
	return false;
}

/* Leave one room after the other, and tell of each. */
static void
leave_each(struct sio_socket *socket)
{
	char room[SIO_ROOM_MAX + 1] = "";

	if (!socket->left_own_room)
		(void)sio_leave(socket, sio_id(socket));
	for (;;) {
		ws_member_walk(&socket->member, take_name, room);
		if (room[0] == '\0' || !sio_leave(socket, room))
			return;
		room[0] = '\0';
	}
}

void
sio_socket_leave_all(struct sio_socket *socket)
{
	if (is_watched(socket->nsp))
		leave_each(socket);
	ws_member_leave_all(socket->nsp->io->server, &socket->member);
}

bool
sio_in_room(struct sio_socket *socket, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_nsp_room(socket->nsp, room, name);

	if (room == NULL)
		return false;
	if (is_own(socket, room))
		return is_in_own_room(socket);
	return len > 0 && ws_member_in_room(socket->nsp->io->server,
			      &socket->member, name, len);
}

size_t
sio_room_count(struct sio_nsp *nsp, const char *room)
{
	unsigned char name[WS_ROOM_NAME_MAX];
	size_t len = sio_nsp_room(nsp, room, name);

	if (room == NULL || len == 0 || sio_socket_own_room(nsp, room) < 0)
		return 0;
	return ws_room_count(nsp->io->server, (const char *)name, len);
}

/* A walk over the rooms of a socket. */
struct walk {
	const struct sio_socket *socket;
	bool (*visit)(const char *room, void *arg);
	void *arg;
};

/* Visit one room under the name that the application has given it. */
static bool
visit_room(const void *name, size_t len, void *arg)
{
	struct walk *walk = arg;
	char room[WS_ROOM_NAME_MAX + 1];

	if (len <= SIO_ROOM_PREFIX)
		return true; /* the room of all sockets in the namespace */
	len -= SIO_ROOM_PREFIX;
	memcpy(room, (const char *)name + SIO_ROOM_PREFIX, len);
	room[len] = '\0';
	/* sio_rooms has visited its own room. */
	return is_own(walk->socket, room) || walk->visit(room, walk->arg);
}

void
sio_rooms(struct sio_socket *socket, bool (*visit)(const char *room, void *arg),
    void *arg)
{
	struct walk walk = { socket, visit, arg };

	if (is_in_own_room(socket) && !visit(sio_id(socket), arg))
		return;
	ws_member_walk(&socket->member, visit_room, &walk);
}

/* ---- accessors --------------------------------------------------------- */

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

struct eio_session *
sio_session(const struct sio_socket *socket)
{
	return socket->client->session;
}

struct sio_value
sio_auth(struct sio_socket *socket)
{
	struct sio_document *document = &socket->client->io->auth;
	const struct sio_extra *extra = socket->extra;

	bool sent = extra != NULL && extra->auth != NULL;

	sio_value_clear(document);
	if (sio_value_read(document, sent ? extra->auth : "{}",
		sent ? extra->auth_len : 2) < 0)
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
