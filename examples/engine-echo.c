/* engine-echo.c - an Engine.IO server that sends back what it receives. */
/* SPDX-License-Identifier: MIT */
/*
 *	engine-echo [ADDRESS [PING_INTERVAL PING_TIMEOUT]]
 *
 * A message that a client of Engine.IO sends to /engine.io/ comes back: text as
 * text, binary data as binary data. The times of the heartbeat are in
 * milliseconds, and short, so that a test need not wait for them.
 */
#include <sio.h>
#include <stdlib.h>

static void
on_message(struct eio_session *session, int kind, const void *data, size_t len)
{
	eio_send(session, kind, data, len);
}

static int
number(int argc, char **argv, int nth, int otherwise)
{
	return argc > nth ? atoi(argv[nth]) : otherwise;
}

int
main(int argc, char **argv)
{
	const struct eio_options options = {
		.ping_interval_ms = number(argc, argv, 2, 300),
		.ping_timeout_ms = number(argc, argv, 3, 200),
		.max_payload = 1000000,
		.cors = "*",
	};
	static const struct eio_handler handler = { .message = on_message };
	struct ws_server *server = ws_server_new(NULL);

	eio_new(server, "/engine.io", &options, &handler, NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":3000", NULL);
}
