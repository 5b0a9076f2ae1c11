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
	struct sio_value auth = sio_auth(socket);

	if (sio_type(auth) == SIO_ABSENT)
		sio_emit(socket, "auth", "{}");
	else
		sio_emit(socket, "auth", "%p", (void *)&auth);
}

static void
on_message(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	sio_emit(socket, "message-back", "...%p", (void *)&args);
}

static void
on_message_with_ack(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	(void)socket;
	sio_ack(event, "...%p", (void *)&args);
}

static int
number(int argc, char **argv, int nth, int otherwise)
{
	return argc > nth ? atoi(argv[nth]) : otherwise;
}

int
main(int argc, char **argv)
{
	struct sio_options options = {
		.engine.ping_interval_ms = number(argc, argv, 2, 300),
		.engine.ping_timeout_ms = number(argc, argv, 3, 200),
		.engine.max_payload = 1000000,
		.engine.cors = "*",
		.connect_timeout_ms = number(argc, argv, 4, 1000),
	};
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, &options);

	sio_on_connection(sio_of(io, "/"), on_connection);
	sio_on_connection(sio_of(io, "/custom"), on_connection);
	sio_on(sio_of(io, "/"), "message", on_message);
	sio_on(sio_of(io, "/"), "message-with-ack", on_message_with_ack);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", NULL);
}
