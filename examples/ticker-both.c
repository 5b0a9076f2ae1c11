/* ticker-both.c - teaches one feed for raw WebSockets and for Socket.IO. */
/* SPDX-License-Identifier: MIT */
/* usage: ticker-both [ADDRESS]; a price every 50 ms */
#include <sio.h>
#include <stdlib.h>

static void
on_tick(struct ws_timer *timer, void *nsp)
{
	int price = rand() % 1000;

	(void)timer;
	sio_json_publish(
	    sio_server(sio_io(nsp)), NULL, 0, "{price: %d}", price);
	sio_emit_to(sio_volatile(sio_all(nsp)), "price", "%d", price);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler listeners = { 0 };
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);

	ws_endpoint(server, "/", &listeners, NULL);
	ws_timer_start(server, 50, 50, on_tick, sio_of(io, "/"));
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "ticker-both.html");
}
