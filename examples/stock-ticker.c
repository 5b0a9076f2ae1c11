/* stock-ticker.c - a price that changes all the time, sent to all clients. */
/* SPDX-License-Identifier: MIT */
/* usage: stock-ticker [ADDRESS [MILLISECONDS]], 1000; try 50 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>

static void
on_tick(struct ws_timer *timer, void *arg)
{
	(void)timer;
	/* Volatile: a client that is too slow skips this price. */
	sio_emit_to(sio_volatile(sio_all(arg)), "stock price update", "%d",
	    rand() % 1000);
}

int
main(int argc, char **argv)
{
	int interval_ms = argc > 2 ? atoi(argv[2]) : 1000;
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL || ws_timer_start(server, interval_ms, interval_ms,
			      on_tick, sio_of(io, "/")) == NULL)
		return 1;
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/stock-ticker.html\n", address);
	return ws_run(server) < 0;
}
