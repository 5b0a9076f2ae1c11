/* post-room.c - teaches how a POST reaches all WebSockets in a room. */
/* SPDX-License-Identifier: MIT */
/* usage: post-room [ADDRESS]; curl -d hello 'localhost:8080/?room=news' */
#include <sio.h>

static void
on_upgrade(struct ws_request *request)
{
	char room[64];
	struct ws_conn *conn;

	if (ws_request_param(request, "room", room, sizeof(room)) <= 0)
		ws_reply(request, 400, NULL, "which room?\n", WS_STR);
	else if ((conn = ws_accept(request, NULL, NULL)) != NULL)
		ws_join(conn, room, WS_STR);
}

static void
on_post(struct ws_request *request)
{
	struct ws_server *server = ws_request_server(request);
	char room[64];
	size_t len;
	const void *body = ws_request_body(request, &len);

	if (ws_request_param(request, "room", room, sizeof(room)) <= 0 ||
	    !ws_utf8_valid(body, len)) /* anybody may post anything */
		ws_reply(
		    request, 400, NULL, "a room and a text, please\n", WS_STR);
	else
		sio_json_reply(request, 200, "{receivers: %ld}",
		    ws_publish(server, room, WS_STR, WS_TEXT, body, len, NULL));
}

int
main(int argc, char **argv)
{
	static const struct ws_handler rooms = { .upgrade = on_upgrade };
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &rooms, NULL);
	ws_http(server, "/$", "POST", on_post, NULL);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "post-room.html");
}
