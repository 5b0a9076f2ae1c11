/* ticker.c - teaches a timer, and messages that slow clients skip. */
/* SPDX-License-Identifier: MIT */
/* usage: ticker [ADDRESS [MILLISECONDS]], 1000; try 50 */
#include <stdlib.h>
#include <ws.h>

static void
on_tick(struct ws_timer *timer, void *server)
{
	(void)timer;
	ws_publishf(server, NULL, 0, WS_TEXT | WS_VOLATILE, "{\"price\":%d}",
	    rand() % 1000);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler ticker = { 0 }; /* clients only listen */
	int ms = argc > 2 ? atoi(argv[2]) : 1000;
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &ticker, NULL);
	ws_files(server, "/", "examples/pages", NULL);
	ws_timer_start(server, ms, ms, on_tick, server);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "ticker.html");
}
