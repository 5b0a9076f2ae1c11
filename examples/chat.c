/* chat.c - teaches how to send a message to all, the sender too. */
/* SPDX-License-Identifier: MIT */
#include <ws.h>

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	/* NULL as the room: everybody. NULL at the end: nobody is left out. */
	ws_publish(ws_server_of(conn), NULL, 0, kind, data, len, NULL);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler chat = { .message = on_message };
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &chat, NULL);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "chat.html");
}
