/* rooms.c - teaches rooms: a message reaches those in the same one. */
/* SPDX-License-Identifier: MIT */
/* The URL names the room: ws://localhost:8080/?room=kitchen */
#include <stdlib.h>
#include <string.h>
#include <ws.h>

/* Refuse a client that names no room, while this is still HTTP. */
static void
on_upgrade(struct ws_request *request)
{
	char name[WS_ROOM_NAME_MAX + 1], *room;

	if (ws_request_param(request, "room", name, sizeof(name)) <= 0) {
		ws_reply(request, 400, NULL, "Try ?room=NAME.\n", WS_STR);
		return;
	}
	room = strdup(name);
	if (room == NULL)
		ws_reply(request, 503, NULL, "Out of memory.\n", WS_STR);
	else if (ws_accept(request, NULL, room) == NULL)
		free(room);
}

/* Send the number of members to all in a room. */
static void
announce(struct ws_server *server, const char *room)
{
	ws_publishf(server, room, WS_STR, WS_TEXT, "users: %zu",
	    ws_room_count(server, room, WS_STR));
}

static void
on_open(struct ws_conn *conn)
{
	ws_join(conn, ws_user(conn), WS_STR);
	announce(ws_server_of(conn), ws_user(conn));
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	ws_publish(
	    ws_server_of(conn), ws_user(conn), WS_STR, kind, data, len, NULL);
}

/* By now the connection has left its rooms. */
static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)how;
	announce(ws_server_of(conn), ws_user(conn));
	free(ws_user(conn));
}

int
main(int argc, char **argv)
{
	static const struct ws_handler rooms = { .upgrade = on_upgrade,
		.open = on_open,
		.message = on_message,
		.close = on_close };
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &rooms, NULL);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "rooms.html");
}
