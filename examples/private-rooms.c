/* private-rooms.c - teaches rooms that clients enter through the server only. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

/* Let in any client that asks. An application checks more here. */
static void
on_enter(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);
	bool is_in = room != NULL && sio_join(socket, room) >= 0;

	sio_ack(event, "%hhd", is_in);
	if (is_in)
		sio_emit_to(sio_to(socket, room), "entered", "%s, %s", room,
		    sio_id(socket));
}

static void
on_exit_room(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);

	if (room != NULL && sio_leave(socket, room))
		sio_emit_to(sio_to(socket, room), "left", "%s, %s", room,
		    sio_id(socket));
}

/* Pass a text on in a room, if its sender is in that room. */
static void
on_whisper(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);
	const char *text = sio_string(sio_arg(event, 1), NULL);

	if (room != NULL && sio_in_room(socket, room))
		sio_emit_to(sio_in(sio_nsp_of(socket), room), "whisper",
		    "%s, %s, %s", room, sio_id(socket), text);
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
	sio_on(nsp, "enter", on_enter);
	sio_on(nsp, "exit", on_exit_room);
	sio_on(nsp, "whisper", on_whisper);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "private-rooms.html");
}
