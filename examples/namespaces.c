/* namespaces.c - teaches how two conversations share one connection. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
on_connection(struct sio_socket *socket)
{
	const char *name = sio_nsp_name(sio_nsp_of(socket));

	fprintf(stderr, "A user connected to %s\n", name);
	sio_emit(socket, "welcome", "'Welcome to %s'", name);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "A user disconnected from %s: %s\n",
	    sio_nsp_name(sio_nsp_of(socket)), reason);
}

/* Pass an event on in its namespace, and nowhere else. */
static void
on_say(struct sio_socket *socket, struct sio_event *event)
{
	sio_forward(sio_all(sio_nsp_of(socket)), event);
}

static void
serve(struct sio_nsp *nsp)
{
	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "say", on_say);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);

	serve(sio_of(io, "/"));
	serve(sio_of(io, "/stackabuse"));
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "namespaces.html");
}
