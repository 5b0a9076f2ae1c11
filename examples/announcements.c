/* announcements.c - teaches how to greet all clients, and hear from one. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	sio_emit_to(sio_all(sio_nsp_of(socket)), "announcements",
	    "{message: 'A new user has joined!'}");
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
}

/* JSON escapes control characters, which a terminal would obey. */
static void
on_event(struct sio_socket *socket, struct sio_event *event)
{
	size_t len = 0;
	const char *json = sio_json(sio_arg(event, 0), &len);

	fprintf(stderr, "%s says %.*s\n", sio_id(socket), (int)len, json);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "event", on_event);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "announcements.html");
}
