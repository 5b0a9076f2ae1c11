/* periodic.c - a timer for each client, stopped when the client leaves. */
/* SPDX-License-Identifier: MIT */
/* usage: periodic [ADDRESS [MILLISECONDS]], 5000 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int interval_ms = 5000;

static void
on_tick(struct ws_timer *timer, void *arg)
{
	(void)timer;
	sio_emit(arg, "tick", "%lld", (long long)time(NULL) * 1000);
}

static void
on_connection(struct sio_socket *socket)
{
	struct ws_server *server = sio_server(sio_io(sio_nsp_of(socket)));

	sio_set_user(socket,
	    ws_timer_start(server, interval_ms, interval_ms, on_tick, socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	ws_timer_stop(sio_user(socket));
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	if (argc > 2)
		interval_ms = atoi(argv[2]);
	sio_on_connection(sio_of(io, "/"), on_connection);
	sio_on_disconnect(sio_of(io, "/"), on_disconnect);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/periodic.html\n", address);
	return ws_run(server) < 0;
}
