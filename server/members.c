/* members.c - connections as members of rooms; sending to many. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "server.h"

static struct ws_conn *
conn_of(struct ws_member *member)
{
	return WS_OUTER(struct ws_conn, member, member);
}

/* Send a message to one of many connections. ws_send_prepared deals with slow
 * peers. A connection for which there is no memory is closed: otherwise it
 * would go on with the next message as if it had missed none. */
static void
hand_over(struct ws_conn *c, struct ws_prepared *message, int flags)
{
	if (ws_send_prepared(c, message, flags) == WS_ENOMEM)
		ws_conn_close(c, WS_CLOSE_INTERNAL_ERROR, "out of memory");
}

static void
deliver(struct ws_member *member, void *message)
{
	struct ws_conn *c = conn_of(member);

	hand_over(c, message, ws_server_of_core(c->core)->publish_flags);
}

/* Measure the name of a room. A name that is NULL, such as a parameter that a
 * client left out, is that of no room. */
static size_t
length(const char *name, size_t len)
{
	if (name == NULL)
		return 0;
	return len == WS_STR ? strlen(name) : len;
}

/* Return whether a connection gets what is said to all. */
static bool
is_one_of_all(const struct ws_conn *c)
{
	return c->state == WS_CONN_OPEN && !c->endpoint->handler.carrier;
}

/* ---- membership -------------------------------------------------------- */

void
ws_members_init(struct ws_conn *conn)
{
	ws_member_init(&conn->member, deliver);
}

struct ws_server *
ws_server_of(const struct ws_conn *conn)
{
	return ws_server_of_core(conn->core);
}

struct ws_member *
ws_conn_member(struct ws_conn *conn)
{
	return &conn->member;
}

struct ws_conn *
ws_member_conn(struct ws_member *member)
{
	return member->deliver == deliver ? conn_of(member) : NULL;
}

int
ws_member_join(struct ws_server *server, struct ws_member *member,
    const void *room, size_t len)
{
	int result;

	/* A connection leaves its rooms when close is called; one that joined
	 * later would never leave. */
	if (member->deliver == deliver &&
	    conn_of(member)->state != WS_CONN_OPEN)
		return WS_ECLOSED;
	len = length(room, len);
	if (len == 0 || len > WS_ROOM_NAME_MAX)
		return WS_EINVAL;
	result = ws_rooms_join(server->rooms, member, room, len);
	return result < 0 ? WS_ENOMEM : result;
}

bool
ws_member_leave(struct ws_server *server, struct ws_member *member,
    const void *room, size_t len)
{
	return ws_rooms_leave(server->rooms, member, room, length(room, len));
}

void
ws_member_leave_all(struct ws_server *server, struct ws_member *member)
{
	ws_rooms_leave_all(server->rooms, member);
}

int
ws_join(struct ws_conn *conn, const char *room, size_t len)
{
	return ws_member_join(ws_server_of(conn), &conn->member, room, len);
}

bool
ws_leave(struct ws_conn *conn, const char *room, size_t len)
{
	return ws_member_leave(ws_server_of(conn), &conn->member, room, len);
}

void
ws_leave_all(struct ws_conn *conn)
{
	ws_rooms_leave_all(ws_server_of(conn)->rooms, &conn->member);
}

bool
ws_member_in_room(struct ws_server *server, const struct ws_member *member,
    const void *room, size_t len)
{
	return ws_rooms_has(server->rooms, member, room, length(room, len));
}

bool
ws_in_room(struct ws_conn *conn, const char *room, size_t len)
{
	return ws_member_in_room(ws_server_of(conn), &conn->member, room, len);
}

size_t
ws_room_count(struct ws_server *server, const char *room, size_t len)
{
	return ws_rooms_count(server->rooms, room, length(room, len));
}

/* ---- sending to many --------------------------------------------------- */

long
ws_publish_to(struct ws_server *server, const struct ws_selection *selection,
    struct ws_prepared *message, int flags)
{
	long count;
	int outer = server->publish_flags;

	if (message == NULL)
		return WS_EINVAL;
	server->publish_flags = flags;
	count = ws_rooms_publish(server->rooms, selection, message);
	server->publish_flags = outer;
	if (count > 0)
		ws_core_spend(&server->core, (size_t)count * WS_COST_FLUSH);
	return count < 0 ? WS_ESTATE : count;
}

/* Send to every open WebSocket but carriers, whose peers would end their
 * sessions. */
static long
publish_all(struct ws_server *server, struct ws_prepared *message, int flags,
    const struct ws_conn *except)
{
	long count = 0;

	for (size_t i = server->conns_count; i > 0; i--) {
		struct ws_conn *c = server->conns[i - 1];

		if (is_one_of_all(c) && c != except) {
			hand_over(c, message, flags);
			count++;
		}
	}
	ws_core_spend(&server->core, (size_t)count * WS_COST_FLUSH);
	return count;
}

long
ws_publish(struct ws_server *server, const char *room, size_t room_len,
    int kind, const void *data, size_t len, struct ws_conn *except)
{
	int flags = kind & (WS_VOLATILE | WS_NO_COMPRESS);
	struct ws_room_name to = { room, 0 };
	struct ws_selection selection = { .to = &to, .to_count = 1 };
	struct ws_prepared *message;
	long count;

	kind &= ~(WS_VOLATILE | WS_NO_COMPRESS);
	if ((kind != WS_TEXT && kind != WS_BINARY) || (data == NULL && len > 0))
		return WS_EINVAL;
	message = ws_prepare(kind, data, len);
	if (message == NULL)
		return WS_ENOMEM;
	if (room == NULL)
		count = publish_all(server, message, flags, except);
	else {
		to.len = length(room, room_len);
		selection.without = except != NULL ? &except->member : NULL;
		count = ws_publish_to(server, &selection, message, flags);
	}
	ws_prepared_free(message);
	return count;
}

/* ---- walking ----------------------------------------------------------- */

void
ws_walk(struct ws_server *server,
    bool (*visit)(struct ws_conn *conn, void *arg), void *arg)
{
	/* Connections leave the table only at the end of the turn, and new ones
	 * are accepted only by the loop: visit cannot change it. */
	for (size_t i = 0; i < server->conns_count; i++) {
		struct ws_conn *c = server->conns[i];

		if (is_one_of_all(c) && !visit(c, arg))
			return;
	}
}

void
ws_room_names(struct ws_server *server,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg)
{
	ws_rooms_walk(server->rooms, visit, arg);
}

long
ws_room_walk(struct ws_server *server, const char *room, size_t len,
    bool (*visit)(struct ws_member *member, void *arg), void *arg)
{
	long count = ws_rooms_walk_members(
	    server->rooms, room, length(room, len), visit, arg);

	return count < 0 ? WS_ESTATE : count;
}

void
ws_member_walk(const struct ws_member *member,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg)
{
	ws_rooms_walk_joined(member, visit, arg);
}
