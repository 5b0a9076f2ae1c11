/* announcements.c - news for each new client, and a message back. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
on_connection(struct sio_socket *socket)
{
	sio_emit(socket, "announcements", "{message: 'Welcome, %s!'}",
	    sio_id(socket));
	sio_emit_to(sio_others(socket), "announcements",
	    "{message: 'A new user has joined!'}");
}

static void
on_event(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value message = sio_get(sio_arg(event, 0), "message");
	size_t len = 0;
	const char *json = sio_json(message, &len);

	/* JSON escapes control characters, which a terminal would obey. */
	fprintf(stderr, "%s says %.*s\n", sio_id(socket), (int)len,
	    json != NULL ? json : "");
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
	sio_on(sio_of(io, "/"), "event", on_event);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/announcements.html\n", address);
	return ws_run(server) < 0;
}
