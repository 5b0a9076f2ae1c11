/* auth-chat.c - teaches who may come in, and messages for one user. */
/* SPDX-License-Identifier: MIT */
/* usage: auth-chat [ADDRESS]; io({auth: {token: "anna's secret"}}) */
#include <sio.h>
#include <string.h>

static char users[][8] = { "anna", "bert" };
static const char *const secrets[] = { "anna's secret", "bert's secret" };

static enum sio_verdict
check_token(struct sio_socket *socket)
{
	const char *token =
	    sio_string(sio_get(sio_auth(socket), "token"), NULL);

	for (int i = 0; token != NULL && i < 2; i++) {
		if (strcmp(token, secrets[i]) == 0) {
			sio_set_user(socket, users[i]);
			sio_join(socket, users[i]); /* all windows of a user */
			return SIO_NEXT;
		}
	}
	sio_refusal(socket, "who are you?", NULL);
	return SIO_REFUSE;
}

static void
on_say(struct sio_socket *socket, struct sio_event *event)
{
	sio_emit_to(sio_others(socket), "said", "{from: %s, text: %p}",
	    (char *)sio_user(socket), SIO_P(sio_arg(event, 0)));
}

static void
on_direct(struct sio_socket *socket, struct sio_event *event)
{
	const char *to = sio_string(sio_arg(event, 0), NULL);
	bool is_here =
	    to != NULL &&
	    sio_emit_to(sio_to(socket, to), "direct", "{from: %s, text: %p}",
		(char *)sio_user(socket), SIO_P(sio_arg(event, 1))) > 0;

	sio_ack(event, "{delivered: %hhd}", is_here);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *root = sio_of(sio_new(server, NULL), "/");

	sio_use(root, check_token);
	sio_on(root, "say", on_say);
	sio_on(root, "direct", on_direct);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "auth-chat.html");
}
