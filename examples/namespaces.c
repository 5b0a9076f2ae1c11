/* namespaces.c - two namespaces over one connection, kept apart. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
on_connection(struct sio_socket *socket)
{
	sio_emit(socket, "welcome", "'Welcome to %s'",
	    sio_nsp_name(sio_nsp_of(socket)));
}

/* Pass an event on in its namespace, and nowhere else. */
static void
on_say(struct sio_socket *socket, struct sio_event *event)
{
	sio_forward(sio_all(sio_nsp_of(socket)), event);
}

static void
furnish(struct sio_nsp *nsp)
{
	sio_on_connection(nsp, on_connection);
	sio_on(nsp, "say", on_say);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	furnish(sio_of(io, "/"));
	furnish(sio_of(io, "/stackabuse"));
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/namespaces.html\n", address);
	return ws_run(server) < 0;
}
