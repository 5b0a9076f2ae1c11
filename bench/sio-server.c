/* sio-server.c - Socket.IO by libsio.a: echo, and a relay. */
/* SPDX-License-Identifier: MIT */
/*
 * The twin of peers/socket.io-server.js, with the same defaults: in the
 * namespace "/" an event "message" is answered by "message-back"; in the
 * namespaces "/relay/NAME" every event goes to all others there.
 */
#include <sio.h>
#include <stdio.h>

static void
on_message(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	sio_emit(socket, "message-back", "...%p", (void *)&args);
}

static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	sio_forward(sio_others(socket), event);
}

int
main(void)
{
	static const struct ws_options options = { .log_level = -1 };
	struct ws_server *server = ws_server_new(&options);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL || sio_on(sio_of(io, "/"), "message", on_message) < 0 ||
	    sio_on_any(sio_of_pattern(io, "/relay/*"), on_any) < 0 ||
	    ws_listen(server, "127.0.0.1:0") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	printf("listening on http://%s/\n", address);
	fflush(stdout);
	return ws_run(server) < 0;
}
