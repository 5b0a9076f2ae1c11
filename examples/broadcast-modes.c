/* broadcast-modes.c - teaches every way to choose who receives an event. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>
#include <string.h>

/* Each event is a way to send, and has what is sent as its argument. */
static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_target all = sio_all(sio_nsp_of(socket)), target;
	struct sio_value what = sio_arg(event, 0);
	const char *mode = sio_event_name(event);

	if (strcmp(mode, "self") == 0)
		target = sio_self(socket);
	else if (strcmp(mode, "all") == 0)
		target = all;
	else if (strcmp(mode, "others") == 0)
		target = sio_others(socket);
	else if (strcmp(mode, "room") == 0) /* the sender, too, if it is in */
		target = sio_in(sio_nsp_of(socket), "red");
	else if (strcmp(mode, "except") == 0)
		target = sio_except(all, "red");
	else
		return;
	fprintf(stderr, "Message to %s\n", mode);
	sio_emit_to(target, "news", "%s, %p", mode, (void *)&what);
}

static void
on_join(struct sio_socket *socket, struct sio_event *event)
{
	sio_join(socket, "red");
	sio_ack(event, NULL);
}

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

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on_any(nsp, on_any);
	sio_on(nsp, "join", on_join);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "broadcast-modes.html");
}
