/* echo.c - answers every message, and logs who connects and who leaves. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ws.h>

static void
on_open(struct ws_conn *conn)
{
	char peer[WS_PEER_MAX];

	fprintf(stderr, "%s connected\n", ws_peer(conn, peer));
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	static const char thanks[] = "We received your message: ";
	size_t before = strlen(thanks);
	char *reply = malloc(before + len);

	if (reply == NULL) {
		ws_close(
		    conn, WS_CLOSE_INTERNAL_ERROR, "out of memory", WS_STR);
		return;
	}
	memcpy(reply, thanks, before);
	memcpy(reply + before, data, len);
	ws_send(conn, kind, reply, before + len); /* copies reply */
	free(reply);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	char peer[WS_PEER_MAX];

	fprintf(
	    stderr, "%s disconnected (%d)\n", ws_peer(conn, peer), how->code);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler echo = {
		.open = on_open, .message = on_message, .close = on_close
	};
	struct ws_server *server = ws_server_new(NULL);
	char address[128];

	if (server == NULL || ws_endpoint(server, "/", &echo, NULL) < 0 ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
