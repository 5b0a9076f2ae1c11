/* pipe.c - teaches how each line that comes through a pipe reaches all. */
/* SPDX-License-Identifier: MIT */
/* usage: tail -f FILE | pipe [ADDRESS] */
#include <unistd.h>
#include <ws.h>

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);

	ws_endpoint(server, "/", &(struct ws_handler){ 0 }, NULL);
	ws_publish_lines(server, STDIN_FILENO, NULL, 0);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "pipe.html");
}
