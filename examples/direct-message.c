/* direct-message.c - teaches how one user writes to another. */
/* SPDX-License-Identifier: MIT */
/*
 * A user may have several pages open. All of them are in a room of the user's
 * name, so a message reaches each.
 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Refuse a client without a name. */
static enum sio_verdict
check_name(struct sio_socket *socket)
{
	const char *name = sio_string(sio_get(sio_auth(socket), "name"), NULL);

	if (name == NULL || name[0] == '\0' || strlen(name) > 64) {
		sio_refusal(socket, "a name is needed", NULL);
		return SIO_REFUSE;
	}
	sio_set_user(socket, strdup(name));
	return sio_user(socket) != NULL ? SIO_NEXT : SIO_REFUSE;
}

/* Tell a newcomer about somebody who is here. */
static bool
introduce(struct sio_socket *socket, void *newcomer)
{
	sio_emit(newcomer, "here", "%s", (char *)sio_user(socket));
	return true;
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	sio_join(socket, sio_user(socket));
	sio_emit_to(sio_others(socket), "here", "%s", (char *)sio_user(socket));
	sio_fetch(sio_all(sio_nsp_of(socket)), introduce, socket);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	const char *name = sio_user(socket);

	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
	if (sio_room_count(sio_nsp_of(socket), name) == 0)
		sio_emit_to(sio_others(socket), "gone", "%s", name);
}

/* Send a text to all pages of a user. The acknowledgement says whether this
 * user is here. */
static void
on_direct(struct sio_socket *socket, struct sio_event *event)
{
	const char *name = sio_string(sio_arg(event, 0), NULL);
	const char *text = sio_string(sio_arg(event, 1), NULL);
	bool delivered = false;

	if (name != NULL && text != NULL)
		delivered = sio_emit_to(sio_in(sio_nsp_of(socket), name),
				"direct", "{from: %s, text: %s}",
				(char *)sio_user(socket), text) > 0;
	sio_ack(event, "%hhd", delivered);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *nsp = sio_of(sio_new(server, NULL), "/");

	sio_use(nsp, check_name);
	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "direct", on_direct);
	sio_on_expired(nsp, free);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "direct-message.html");
}
