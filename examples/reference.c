/* reference.c - a Socket.IO server for tests of conformance. */
/* SPDX-License-Identifier: MIT */
/*
 *	reference [ADDRESS [PING_INTERVAL PING_TIMEOUT CONNECT_TIMEOUT]]
 *
 * The namespaces are "/" and "/custom". Each sends "auth" on connection, with
 * the data of the CONNECT packet. "/" answers "message" by "message-back" with
 * the same arguments, and acknowledges "message-with-ack" with them. Times are
 * in milliseconds, and short, so that a test need not wait for them.
 */
#include <sio.h>
#include <stdlib.h>

static void
on_connection(struct sio_socket *socket)
{
	sio_emit(socket, "auth", "%p", SIO_P(sio_auth(socket)));
}

static void
on_message(struct sio_socket *socket, struct sio_event *event)
{
	sio_emit(socket, "message-back", "...%p", SIO_P(sio_args(event)));
}

static void
on_message_with_ack(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	sio_ack(event, "...%p", SIO_P(sio_args(event)));
}

int
main(int argc, char **argv)
{
	struct sio_options options = {
		.engine.ping_interval_ms = argc > 2 ? atoi(argv[2]) : 300,
		.engine.ping_timeout_ms = argc > 3 ? atoi(argv[3]) : 200,
		.engine.max_payload = 1000000,
		.engine.cors = "*",
		.connect_timeout_ms = argc > 4 ? atoi(argv[4]) : 1000,
	};
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, &options);

	sio_on_connection(sio_of(io, "/"), on_connection);
	sio_on_connection(sio_of(io, "/custom"), on_connection);
	sio_on(sio_of(io, "/"), "message", on_message);
	sio_on(sio_of(io, "/"), "message-with-ack", on_message_with_ack);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", NULL);
}
