/* stock-ticker.c - teaches how to send to all clients all the time. */
/* SPDX-License-Identifier: MIT */
/* usage: stock-ticker [ADDRESS [MILLISECONDS]], 1000; try 50 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
}

/* Volatile: a client that is too slow skips this price. */
static void
on_tick(struct ws_timer *timer, void *nsp)
{
	(void)timer;
	sio_emit_to(sio_volatile(sio_all(nsp)), "stock price update", "%d",
	    rand() % 1000);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	int ms = argc > 2 ? atoi(argv[2]) : 1000;
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	ws_timer_start(server, ms, ms, on_tick, nsp);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "stock-ticker.html");
}
