/* announcements.c - a greeting for who connects, and news from the page. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
on_announcement(struct sio_socket *socket, struct sio_event *event)
{
	const char *text = sio_string(sio_arg(event, 0), NULL);

	(void)socket;
	printf("announcement: %s\n", text != NULL ? text : "(no text)");
	fflush(stdout);
}

static void
on_connection(struct sio_socket *socket)
{
	sio_emit(socket, "greeting", "'Hello from the server'");
	sio_emit(socket, "message", "{id: %s}", sio_id(socket));
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
	sio_on(sio_of(io, "/"), "announcement", on_announcement);
	ws_files(server, "/", argc > 2 ? argv[2] : "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "http://%s/announcements.html\n", address);
	return ws_run(server) < 0;
}
