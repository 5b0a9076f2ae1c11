/* rooms.c - a message reaches only the room that its sender is in. */
/* SPDX-License-Identifier: MIT */
/* The URL names the room: ws://localhost:8080/?room=kitchen */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ws.h>

/* Send the number of members to all in a room. */
static void
announce(struct ws_server *server, const char *room)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "users: %zu",
	    ws_room_count(server, room, WS_STR));

	ws_publish(server, room, WS_STR, WS_TEXT, text, (size_t)len, NULL);
}

/* Refuse a client that names no room, while this is still HTTP. */
static void
on_upgrade(struct ws_request *request)
{
	char name[WS_ROOM_NAME_MAX + 1];
	char *room;

	if (ws_request_param(request, "room", name, sizeof(name)) <= 0) {
		ws_reply(request, 400, NULL, "Try ?room=NAME.\n", WS_STR);
		return;
	}
	room = malloc(strlen(name) + 1);
	if (room == NULL) {
		ws_reply(request, 503, NULL, "Out of memory.\n", WS_STR);
		return;
	}
	strcpy(room, name);
	if (ws_accept(request, NULL, room) == NULL)
		free(room);
}

static void
on_open(struct ws_conn *conn)
{
	const char *room = ws_user(conn);

	if (ws_join(conn, room, WS_STR) < 0)
		ws_close(
		    conn, WS_CLOSE_INTERNAL_ERROR, "out of memory", WS_STR);
	announce(ws_server_of(conn), room);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	const char *room = ws_user(conn);

	ws_publish(ws_server_of(conn), room, WS_STR, kind, data, len, NULL);
}

/* By now the connection has left its rooms. */
static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	char *room = ws_user(conn);

	(void)how;
	announce(ws_server_of(conn), room);
	free(room);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler rooms = { .upgrade = on_upgrade,
		.open = on_open,
		.message = on_message,
		.close = on_close };
	struct ws_server *server = ws_server_new(NULL);
	char address[128];

	if (server == NULL || ws_endpoint(server, "/", &rooms, NULL) < 0 ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
