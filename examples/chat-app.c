/* chat-app.c - teaches a whole chat: who joins, who leaves, what is said when. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>
#include <time.h>

static void
tell(struct sio_socket *socket, const char *event)
{
	size_t count = sio_nsp_count(sio_nsp_of(socket));

	fprintf(stderr, "Users online: %zu\n", count);
	sio_emit_to(sio_all(sio_nsp_of(socket)), event, "{count: %zu}", count);
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	tell(socket, "user-joined");
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
	tell(socket, "user-left");
}

/* Add the time of the server: the clock of a client may be wrong. */
static void
on_send_message(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value said = sio_arg(event, 0);
	struct sio_value user = sio_get(said, "user");
	struct sio_value message = sio_get(said, "message");
	time_t now = time(NULL);
	char hh_mm[6];
	size_t len;
	const char *json = sio_json(said, &len);

	if (sio_type(user) != SIO_STRING || sio_type(message) != SIO_STRING)
		return;
	fprintf(stderr, "Message: %.*s\n", (int)len, json);
	strftime(hh_mm, sizeof(hh_mm), "%H:%M", localtime(&now));
	sio_emit_to(sio_all(sio_nsp_of(socket)), "receive-message",
	    "{user: %p, message: %p, time: %s}", (void *)&user,
	    (void *)&message, hh_mm);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "send-message", on_send_message);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "chat-app.html");
}
