/* chat.c - every message to every open client. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <ws.h>

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	/* NULL as the room: all connections. NULL at the end: the sender,
	 * too. */
	ws_publish(ws_server_of(conn), NULL, 0, kind, data, len, NULL);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler chat = { .message = on_message };
	struct ws_server *server = ws_server_new(NULL);
	char address[128];

	if (server == NULL || ws_endpoint(server, "/", &chat, NULL) < 0 ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
