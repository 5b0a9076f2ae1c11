/* private-rooms.c - rooms that clients enter through the server only. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

/* Let in any client that asks. An application checks more here. */
static void
on_enter(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);

	if (room == NULL || sio_join(socket, room) < 0) {
		sio_ack(event, "false");
		return;
	}
	sio_ack(event, "true");
	sio_emit_to(
	    sio_to(socket, room), "entered", "%s, %s", room, sio_id(socket));
}

static void
on_exit_room(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);

	if (room != NULL && sio_leave(socket, room))
		sio_emit_to(sio_in(sio_nsp_of(socket), room), "left", "%s, %s",
		    room, sio_id(socket));
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

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	sio_on(sio_of(io, "/"), "enter", on_enter);
	sio_on(sio_of(io, "/"), "exit", on_exit_room);
	sio_on(sio_of(io, "/"), "whisper", on_whisper);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/private-rooms.html\n", address);
	return ws_run(server) < 0;
}
