/* chat-app.c - a whole chat: who comes, who goes, who says what, and when. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_OCTETS 64

static void
on_connection(struct sio_socket *socket)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	sio_emit_to(sio_all(nsp), "user-joined", "%zu", sio_nsp_count(nsp));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	(void)reason;
	sio_emit_to(sio_all(nsp), "user-left", "%zu", sio_nsp_count(nsp));
}

static void
on_send_message(struct sio_socket *socket, struct sio_event *event)
{
	const char *user = sio_string(sio_get(sio_arg(event, 0), "user"), NULL);
	const char *text =
	    sio_string(sio_get(sio_arg(event, 0), "message"), NULL);
	time_t now = time(NULL);
	char when[16];

	if (text == NULL || text[0] == '\0')
		return;
	if (user == NULL || user[0] == '\0' || strlen(user) > NAME_MAX_OCTETS)
		user = "anonymous";
	strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
	sio_emit_to(sio_all(sio_nsp_of(socket)), "receive-message",
	    "{user: %s, message: %s, time: %s}", user, text, when);
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
	sio_on_disconnect(sio_of(io, "/"), on_disconnect);
	sio_on(sio_of(io, "/"), "send-message", on_send_message);
	ws_files(server, "/", argc > 2 ? argv[2] : "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "http://%s/chat-app.html\n", address);
	return ws_run(server) < 0;
}
