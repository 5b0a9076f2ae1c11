/* counter.c - the number of clients, sent to all whenever it changes. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
tell(struct sio_nsp *nsp)
{
	sio_emit_to(
	    sio_all(nsp), "stats", "{numClients: %zu}", sio_nsp_count(nsp));
}

static void
on_connection(struct sio_socket *socket)
{
	tell(sio_nsp_of(socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s left: %s\n", sio_id(socket), reason);
	tell(sio_nsp_of(socket));
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
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/counter.html\n", address);
	return ws_run(server) < 0;
}
