/* counter.c - teaches how to tell all clients something when it changes. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
tell(struct sio_nsp *nsp)
{
	fprintf(stderr, "Users online: %zu\n", sio_nsp_count(nsp));
	sio_emit_to(
	    sio_all(nsp), "stats", "{numClients: %zu}", sio_nsp_count(nsp));
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	tell(sio_nsp_of(socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
	tell(sio_nsp_of(socket));
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "counter.html");
}
