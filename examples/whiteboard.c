/* whiteboard.c - a drawing that all clients share. */
/* SPDX-License-Identifier: MIT */
/*
 * A stroke goes to all clients but the one that drew it. The server keeps the
 * newest strokes, and sends them to a client that comes later.
 */
#include <sio.h>
#include <stdio.h>
#include <string.h>

#define STROKES 4096

struct stroke {
	double x0, y0, x1, y1;
	char color[8]; /* "#rrggbb" */
};

static struct stroke strokes[STROKES];
static size_t drawn; /* in all; strokes has the newest of them */

static void
send_stroke(struct sio_target target, const struct stroke *s)
{
	sio_emit_to(target, "drawing",
	    "{x0: %g, y0: %g, x1: %g, y1: %g, color: %s}", s->x0, s->y0, s->x1,
	    s->y1, s->color);
}

static void
on_connection(struct sio_socket *socket)
{
	size_t first = drawn > STROKES ? drawn - STROKES : 0;

	for (size_t i = first; i < drawn; i++)
		send_stroke(sio_self(socket), &strokes[i % STROKES]);
}

static bool
read_stroke(struct sio_value value, struct stroke *s)
{
	const char *color = sio_string(sio_get(value, "color"), NULL);

	s->x0 = sio_number(sio_get(value, "x0"), 0);
	s->y0 = sio_number(sio_get(value, "y0"), 0);
	s->x1 = sio_number(sio_get(value, "x1"), 0);
	s->y1 = sio_number(sio_get(value, "y1"), 0);
	if (color == NULL || strlen(color) != sizeof(s->color) - 1)
		return false;
	strcpy(s->color, color);
	return true;
}

static void
on_drawing(struct sio_socket *socket, struct sio_event *event)
{
	struct stroke s;

	if (!read_stroke(sio_arg(event, 0), &s))
		return;
	strokes[drawn++ % STROKES] = s;
	send_stroke(sio_others(socket), &s);
}

static void
on_clear(struct sio_socket *socket, struct sio_event *event)
{
	(void)event;
	drawn = 0;
	sio_emit_to(sio_all(sio_nsp_of(socket)), "clear", NULL);
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
	sio_on(sio_of(io, "/"), "drawing", on_drawing);
	sio_on(sio_of(io, "/"), "clear", on_clear);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/whiteboard.html\n", address);
	return ws_run(server) < 0;
}
