/* pipe.c - teaches how what comes through a pipe reaches all. */
/* SPDX-License-Identifier: MIT */
/* usage: tail -f FILE | pipe [ADDRESS] */
#include <unistd.h>
#include <ws.h>

static void
on_input(struct ws_watch *watch, unsigned events, void *server)
{
	char data[16384];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	size_t len = n > 0 ? (size_t)n : 0;

	(void)events;
	if (len == 0)
		ws_unwatch(watch);
	else
		ws_publish(server, NULL, 0,
		    ws_utf8_valid(data, len) ? WS_TEXT : WS_BINARY, data, len,
		    NULL);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &(struct ws_handler){ 0 }, NULL);
	ws_watch(server, STDIN_FILENO, WS_READABLE, on_input, server);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "pipe.html");
}
