/* ticker.c - a random price, sent to all clients again and again. */
/* SPDX-License-Identifier: MIT */
/* usage: ticker [ADDRESS [MILLISECONDS]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ws.h>

static void
on_tick(struct ws_timer *timer, void *arg)
{
	struct ws_server *server = arg;
	char json[32];
	int len = snprintf(json, sizeof(json), "{\"price\":%d}", rand() % 1000);

	(void)timer;
	/* Volatile: a client that is too slow skips this price. */
	ws_publish(
	    server, NULL, 0, WS_TEXT | WS_VOLATILE, json, (size_t)len, NULL);
}

int
main(int argc, char **argv)
{
	static const struct ws_handler ticker = { 0 }; /* clients only listen */
	long every_ms = argc > 2 ? strtol(argv[2], NULL, 10) : 1000;
	struct ws_server *server = ws_server_new(NULL);
	char address[128];

	srand((unsigned)time(NULL));
	if (server == NULL || every_ms <= 0 ||
	    ws_endpoint(server, "/", &ticker, NULL) < 0 ||
	    ws_timer_start(server, every_ms, every_ms, on_tick, server) ==
		NULL ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
