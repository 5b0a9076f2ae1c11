/* hooks.c - our server, doing what hooks.js does with the official one. */
/* SPDX-License-Identifier: MIT */
#include <sio.h>
#include <string.h>

static struct sio *io;

static void
note(const char *what, const char *which)
{
	sio_emit_to(
	    sio_all(sio_of(io, "/log")), "note", "'%s %s'", what, which);
}

static bool
is_good(struct ws_request *request, const char *origin)
{
	(void)request;
	return strcmp(origin, "http://good.example") == 0;
}

static bool
has_token(struct ws_request *request, const char **message)
{
	char token[8];

	(void)message;
	return ws_request_param(request, "token", token, sizeof(token)) != 3;
}

static void
on_refused(struct eio *endpoint, struct ws_request *request, int code,
    const char *message)
{
	char text[8] = { (char)('0' + code) };

	(void)endpoint;
	(void)request;
	note(text, message);
}

static void
on_headers(struct eio *endpoint, struct ws_request *request, bool first)
{
	(void)endpoint;
	ws_reply_field(request, first ? "X-First" : "X-Next", "yes");
}

static void
on_created(struct sio_socket *socket, const char *room)
{
	note("create", strcmp(room, sio_id(socket)) == 0 ? "own" : room);
}

static void
on_joined(struct sio_socket *socket, const char *room)
{
	note("join", strcmp(room, sio_id(socket)) == 0 ? "own" : room);
}

static void
on_left(struct sio_socket *socket, const char *room)
{
	note("leave", strcmp(room, sio_id(socket)) == 0 ? "own" : room);
}

static void
on_deleted(struct sio_socket *socket, const char *room)
{
	note("delete", strcmp(room, sio_id(socket)) == 0 ? "own" : room);
}

static void
on_namespace(struct sio_nsp *nsp)
{
	note("namespace", sio_nsp_name(nsp));
}

static bool
is_not_bad(struct sio_socket *socket, struct sio_event *event)
{
	const char *word = sio_string(sio_arg(event, 0), NULL);

	(void)socket;
	if (word == NULL || strcmp(word, "bad") != 0)
		return true;
	sio_refuse_event(event, "no", "{word: %s}", word);
	return false;
}

static void
on_connection(struct sio_socket *socket)
{
	sio_use_socket(socket, is_not_bad);
}

static void
on_join(struct sio_socket *socket, struct sio_event *event, void *arg)
{
	sio_join(socket, arg);
	sio_leave(socket, arg);
	sio_ack(event, NULL);
}

static void
on_echo(struct sio_socket *socket, struct sio_event *event)
{
	sio_emit(socket, "back", "...%p", SIO_P(sio_args(event)));
	sio_send_to(sio_all(sio_nsp_of(socket)), "...%p",
	    SIO_P(sio_from(sio_args(event), 1)));
}

int
main(int argc, char **argv)
{
	static const struct eio_handler watcher = { .refused = on_refused,
		.headers = on_headers };
	static char room[] = "room";
	struct sio_options options = {
		.engine.no_slash = true,
		.engine.cors_allow = is_good,
		.engine.cors_methods = "GET,POST",
		.engine.cors_headers = "X-A,X-B",
		.engine.cors_exposed = "X-C",
		.engine.cors_max_age_s = 600,
	};
	struct ws_server *server = ws_server_new(NULL);
	struct sio_nsp *root;

	io = sio_new(server, &options);
	root = sio_of(io, "/");
	sio_of(io, "/log");
	sio_of_pattern(io, "/new-*");
	sio_on_engine(io, &watcher);
	sio_on_request(io, has_token);
	sio_on_namespace(io, on_namespace);
	sio_on_room(root, SIO_ROOM_CREATED, on_created);
	sio_on_room(root, SIO_ROOM_JOINED, on_joined);
	sio_on_room(root, SIO_ROOM_LEFT, on_left);
	sio_on_room(root, SIO_ROOM_DELETED, on_deleted);
	sio_on_connection(root, on_connection);
	sio_on_with(root, "join", on_join, room);
	sio_on(root, "echo", on_echo);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", NULL);
}
