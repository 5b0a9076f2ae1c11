/* deflate.c - messages for one and messages for all, in turn, compressed. */
/* SPDX-License-Identifier: MIT */
/*
 *	deflate ADDRESS
 *
 * What comes is sent back, then to all, then back again. What is for one refers
 * to what it got before; what is for all refers to nothing, and is remembered.
 */
#include <stdio.h>
#include <ws.h>

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
	(void)ws_publish(ws_server_of(conn), NULL, 0, kind, data, len, NULL);
	(void)ws_send(conn, kind, data, len);
}

int
main(int argc, char **argv)
{
	static const struct ws_options options = {
		.deflate = WS_DEFLATE_DEDICATED, .deflate_min = 1
	};
	static const struct ws_handler both = { .message = on_message };
	struct ws_server *server = ws_server_new(&options);
	char address[128];

	if (argc != 2 || server == NULL ||
	    ws_endpoint(server, "/", &both, NULL) < 0 ||
	    ws_listen(server, argv[1]) < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
