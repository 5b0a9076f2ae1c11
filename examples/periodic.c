/* periodic.c - teaches a timer for each client, which ends with it. */
/* SPDX-License-Identifier: MIT */
/* usage: periodic [ADDRESS [MILLISECONDS]], 5000 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int interval_ms = 5000;

static void
tick(struct sio_socket *socket)
{
	sio_emit(socket, "tick", "%lld", (long long)time(NULL) * 1000);
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	sio_every(socket, interval_ms, tick);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	if (argc > 2)
		interval_ms = atoi(argv[2]);
	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "periodic.html");
}
