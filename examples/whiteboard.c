/* whiteboard.c - teaches a state that all share, and latecomers get. */
/* SPDX-License-Identifier: MIT */
/*
 * A stroke goes to all clients but the one that drew it. The server keeps the
 * newest strokes, and sends them to a client that comes later.
 */
#include <sio.h>
#include <stdio.h>
#include <string.h>

#define STROKES 4096

/* Each is JSON: {x0, y0, x1, y1, color} */
static char strokes[STROKES][200];
static size_t drawn; /* in all; strokes has the newest of them */

static void
send_stroke(struct sio_target target, size_t nth)
{
	struct sio_value json = sio_raw_json(strokes[nth % STROKES], WS_STR);

	sio_emit_to(target, "drawing", "%p", (void *)&json);
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	for (size_t i = drawn > STROKES ? drawn - STROKES : 0; i < drawn; i++)
		send_stroke(sio_self(socket), i);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
}

static void
on_drawing(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value stroke = sio_arg(event, 0);
	const char *color = sio_string(sio_get(stroke, "color"), NULL), *json;
	size_t len;

	json = sio_json(stroke, &len);
	if (color == NULL || strlen(color) != 7 || len >= sizeof(strokes[0]))
		return;
	snprintf(strokes[drawn % STROKES], sizeof(strokes[0]), "%.*s", (int)len,
	    json);
	send_stroke(sio_others(socket), drawn++);
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
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "drawing", on_drawing);
	sio_on(nsp, "clear", on_clear);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "whiteboard.html");
}
