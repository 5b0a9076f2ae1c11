/* direct-message.c - from one user to another. */
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

static void
on_connection(struct sio_socket *socket)
{
	sio_join(socket, sio_user(socket));
}

/* Send a text to the user of a name. The acknowledgement says whether this
 * user is connected. */
static void
on_direct(struct sio_socket *socket, struct sio_event *event)
{
	const char *name = sio_string(sio_arg(event, 0), NULL);
	const char *text = sio_string(sio_arg(event, 1), NULL);
	bool delivered = false;

	if (name != NULL && text != NULL)
		delivered = sio_emit_to(sio_in(sio_nsp_of(socket), name),
				"direct", "{from: %s, text: %s}",
				(const char *)sio_user(socket), text) > 0;
	sio_ack(event, "%hhd", delivered);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	sio_use(sio_of(io, "/"), check_name);
	sio_on_connection(sio_of(io, "/"), on_connection);
	sio_on(sio_of(io, "/"), "direct", on_direct);
	sio_on_expired(sio_of(io, "/"), free);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(
	    stderr, "listening on http://%s/direct-message.html\n", address);
	return ws_run(server) < 0;
}
