/* broadcast-modes.c - every way to choose who receives an event. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>

static void
say(struct sio_target target, const char *mode, struct sio_event *event)
{
	struct sio_value what = sio_arg(event, 0);

	sio_emit_to(target, "news", "%s, %p", mode, (void *)&what);
}

static void
on_self(struct sio_socket *socket, struct sio_event *event)
{
	say(sio_self(socket), "self", event);
}

static void
on_all(struct sio_socket *socket, struct sio_event *event)
{
	say(sio_all(sio_nsp_of(socket)), "all", event);
}

static void
on_others(struct sio_socket *socket, struct sio_event *event)
{
	say(sio_others(socket), "others", event);
}

/* Send to all in the room "red", the sender included if it is there. */
static void
on_room(struct sio_socket *socket, struct sio_event *event)
{
	say(sio_in(sio_nsp_of(socket), "red"), "room", event);
}

/* Send to all but those in the room "red". */
static void
on_except(struct sio_socket *socket, struct sio_event *event)
{
	say(sio_except(sio_all(sio_nsp_of(socket)), "red"), "except", event);
}

static void
on_join(struct sio_socket *socket, struct sio_event *event)
{
	sio_join(socket, "red");
	sio_ack(event, NULL);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	struct sio_nsp *nsp;
	char address[128];

	if (io == NULL)
		return 1;
	nsp = sio_of(io, "/");
	sio_on(nsp, "self", on_self);
	sio_on(nsp, "all", on_all);
	sio_on(nsp, "others", on_others);
	sio_on(nsp, "room", on_room);
	sio_on(nsp, "except", on_except);
	sio_on(nsp, "join", on_join);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(
	    stderr, "listening on http://%s/broadcast-modes.html\n", address);
	return ws_run(server) < 0;
}
