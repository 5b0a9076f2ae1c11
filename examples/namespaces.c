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

/* What is said in a namespace is heard in it, and nowhere else. */
static void
on_say(struct sio_socket *socket, struct sio_event *event)
{
	sio_forward(sio_all(sio_nsp_of(socket)), event);
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "/", "/stackabuse" };
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	for (int i = 0; i < 2; i++) {
		sio_on_connection(sio_of(io, names[i]), on_connection);
		sio_on(sio_of(io, names[i]), "say", on_say);
	}
	ws_files(server, "/", argc > 2 ? argv[2] : "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "http://%s/namespaces.html\n", address);
	return ws_run(server) < 0;
}
