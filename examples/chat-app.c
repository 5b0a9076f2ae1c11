/* chat-app.c - a whole chat: joining, leaving, and messages with a time. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>
#include <time.h>

static void
on_connection(struct sio_socket *socket)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	sio_emit_to(sio_all(nsp), "user-joined", "%zu", sio_nsp_count(nsp));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	(void)reason;
	sio_emit_to(sio_all(nsp), "user-left", "%zu", sio_nsp_count(nsp));
}

/* Add the time of the server: the clock of a client may be wrong. */
static void
on_send_message(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value said = sio_arg(event, 0);
	struct sio_value user = sio_get(said, "user");
	struct sio_value message = sio_get(said, "message");

	if (sio_type(user) != SIO_STRING || sio_type(message) != SIO_STRING)
		return;
	sio_emit_to(sio_all(sio_nsp_of(socket)), "receive-message",
	    "{user: %p, message: %p, time: %lld}", (void *)&user,
	    (void *)&message, (long long)time(NULL) * 1000);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	sio_on_connection(sio_of(io, "/"), on_connection);
	sio_on_disconnect(sio_of(io, "/"), on_disconnect);
	sio_on(sio_of(io, "/"), "send-message", on_send_message);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/chat-app.html\n", address);
	return ws_run(server) < 0;
}
