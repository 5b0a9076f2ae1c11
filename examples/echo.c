/* echo.c - teaches a WebSocket that answers every message. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <ws.h>

static void
on_open(struct ws_conn *conn)
{
	(void)conn;
	fprintf(stderr, "Client connected\n");
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	fprintf(stderr, "Received %zu octets\n", len);
	ws_sendf(
	    conn, kind, "We received your %.*s", (int)len, (const char *)data);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)conn;
	fprintf(stderr, "Client disconnected (%d)\n", how->code);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler echo = {
		.open = on_open, .message = on_message, .close = on_close
	};
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &echo, NULL);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "echo.html");
}
