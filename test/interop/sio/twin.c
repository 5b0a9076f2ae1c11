/* twin.c - our server, doing what twin.js does with the official one. */
/* SPDX-License-Identifier: MIT */
/*
 *	twin [ADDRESS [PING_INTERVAL PING_TIMEOUT [RECOVERY]]]     milliseconds
 *
 * The top of twin.js says which namespaces there are, and its "common" which
 * events. The functions are here in the same order, and call the same things.
 *
 * This is a test program: without memory it stops.
 */
#include <signal.h>
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	NAMES_MAX = 16,
	TEXT_MAX = 2048,
	SLOW_MS = 50,
};

/* A few names, and the JSON array of them. */
struct names {
	const char *of; /* whose rooms */
	size_t count;
	char at[NAMES_MAX][SIO_ROOM_MAX + 1];
	char json[TEXT_MAX];
};

/* Note how a socket with a tag left. */
struct departure {
	struct departure *next;
	char tag[64];
	char rooms[TEXT_MAX];
	char reason[64]; /* empty until it has left */
};

/* The answer owed to a client that had others asked. */
struct question {
	struct sio_ack *ack; /* owned */
	struct names answers;
};

/* What the server is told: the end of a pipe, into which SIGTERM writes. */
static volatile sig_atomic_t signal_fd = -1;

static struct departure *departures;

/* ---- names --------------------------------------------------------------- */

static void *
zeroed(size_t size)
{
	void *block = calloc(1, size);

	if (block == NULL)
		abort();
	return block;
}

static void
add(struct names *names, const char *name)
{
	if (name != NULL && names->count < NAMES_MAX)
		snprintf(names->at[names->count++], sizeof(names->at[0]), "%s",
		    name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names sorted, as JSON. None of this suite needs an escape. */
static struct sio_value
sorted(struct names *names)
{
	size_t used = 0;

	qsort(names->at, names->count, sizeof(names->at[0]), compare);
	names->json[used++] = '[';
	for (size_t i = 0; i < names->count; i++)
		used += (size_t)snprintf(names->json + used,
		    sizeof(names->json) - used, "%s\"%s\"", i > 0 ? "," : "",
		    names->at[i]);
	snprintf(names->json + used, sizeof(names->json) - used, "]");
	return sio_raw_json(names->json, WS_STR);
}

static bool
add_room(const char *room, void *arg)
{
	struct names *names = arg;

	if (strcmp(room, names->of) != 0)
		add(names, room);
	return true;
}

/* The rooms of a socket, but for its own. */
static struct sio_value
rooms_of(struct sio_socket *socket, struct names *names)
{
	memset(names, 0, sizeof(*names));
	names->of = sio_id(socket);
	sio_rooms(socket, add_room, names);
	return sorted(names);
}

/* ---- who left, and how --------------------------------------------------- */

static void
tag_of(struct sio_socket *socket, char *tag, size_t size)
{
	if (eio_param(sio_session(socket), "tag", tag, size) < 0)
		tag[0] = '\0';
}

static struct departure *
find_departure(const char *tag)
{
	struct departure *one = departures;

	while (one != NULL && strcmp(one->tag, tag) != 0)
		one = one->next;
	return one;
}

static void
on_disconnecting(struct sio_socket *socket, const char *reason)
{
	char tag[sizeof(((struct departure *)0)->tag)];
	struct departure *one;
	struct names names;

	(void)reason;
	tag_of(socket, tag, sizeof(tag));
	one = find_departure(tag);
	if (one == NULL) {
		one = zeroed(sizeof(*one));
		snprintf(one->tag, sizeof(one->tag), "%s", tag);
		one->next = departures;
		departures = one;
	}
	rooms_of(socket, &names);
	snprintf(one->rooms, sizeof(one->rooms), "%s", names.json);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	char tag[sizeof(((struct departure *)0)->tag)];
	struct departure *one;

	tag_of(socket, tag, sizeof(tag));
	one = find_departure(tag);
	if (one != NULL)
		snprintf(one->reason, sizeof(one->reason), "%s", reason);
}

static void
forget_departures(void)
{
	struct departure *next;

	for (; departures != NULL; departures = next) {
		next = departures->next;
		free(departures);
	}
}

/* ---- the events ---------------------------------------------------------- */

static const char *
text_arg(struct sio_event *event, size_t nth)
{
	const char *text = sio_string(sio_arg(event, nth), NULL);

	return text != NULL ? text : "";
}

/* To whom: { to: [rooms], except: [rooms], others: true }. */
static struct sio_target
target(struct sio_socket *socket, struct sio_value whom)
{
	struct sio_target target = sio_all(sio_nsp_of(socket));
	struct sio_iterator it;

	if (sio_boolean(sio_get(whom, "others"), false))
		target = sio_others(socket);
	for (it = sio_iterate(sio_get(whom, "to")); sio_next(&it);)
		target = sio_and(target, sio_string(it.value, NULL));
	for (it = sio_iterate(sio_get(whom, "except")); sio_next(&it);)
		target = sio_except(target, sio_string(it.value, NULL));
	return target;
}

static void
on_echo(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	if (sio_wants_ack(event))
		sio_ack(event, "...%p", (void *)&args);
	else
		sio_emit(socket, "echo", "...%p", (void *)&args);
}

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	(void)socket;
	if (error == WS_ESTATE)
		sio_ack_send(arg, "%s", "operation has timed out");
	else if (error < 0)
		sio_ack_send(arg, "%s", "socket has been disconnected");
	else
		sio_ack_send(arg, "null, ...%p", (void *)&args);
}

static void
on_ask(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value question = sio_arg(event, 0);
	int ms = (int)sio_number(sio_arg(event, 1), 0);

	sio_emit_ack(socket, ms, on_answer, sio_ack_later(event), "question",
	    "%p", (void *)&question);
}

static void
on_answers(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	struct question *question = arg;
	struct sio_value answers;

	if (socket != NULL) {
		add(&question->answers, sio_string(sio_at(args, 0), NULL));
		return;
	}
	answers = sorted(&question->answers);
	sio_ack_send(question->ack, "%s, %p",
	    error < 0 ? "operation has timed out" : (const char *)NULL,
	    (void *)&answers);
	free(question);
}

static void
on_ask_all(struct sio_socket *socket, struct sio_event *event)
{
	struct question *question = zeroed(sizeof(*question));
	struct sio_target room = sio_in(sio_nsp_of(socket), text_arg(event, 0));
	struct sio_value what = sio_arg(event, 1);
	int ms = (int)sio_number(sio_arg(event, 2), 0);

	question->ack = sio_ack_later(event);
	sio_emit_to_ack(
	    room, ms, on_answers, question, "question", "%p", (void *)&what);
}

static void
on_join(struct sio_socket *socket, struct sio_event *event)
{
	struct names names;
	struct sio_value rooms;

	sio_join(socket, text_arg(event, 0));
	rooms = rooms_of(socket, &names);
	sio_ack(event, "%p", (void *)&rooms);
}

static void
on_leave(struct sio_socket *socket, struct sio_event *event)
{
	struct names names;
	struct sio_value rooms;

	sio_leave(socket, text_arg(event, 0));
	rooms = rooms_of(socket, &names);
	sio_ack(event, "%p", (void *)&rooms);
}

static void
on_tell(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_arg(event, 1);

	sio_emit_to(
	    target(socket, sio_arg(event, 0)), "told", "...%p", (void *)&args);
}

static void
on_burst(struct sio_socket *socket, struct sio_event *event)
{
	int n = (int)sio_number(sio_arg(event, 0), 0);

	for (int i = 0; i < n; i++)
		sio_emit(socket, "burst", "%d", i);
}

static void
on_bulk(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_target self = sio_in(sio_nsp_of(socket), sio_id(socket));
	char text[TEXT_MAX];
	size_t n = (size_t)sio_number(sio_arg(event, 0), 0);

	if (n >= sizeof(text))
		abort();
	memset(text, 'x', n);
	text[n] = '\0';
	sio_emit_to(sio_compress(self, sio_boolean(sio_arg(event, 1), true)),
	    "bulk", "%s", text);
}

static bool
count_one(struct sio_socket *socket, void *arg)
{
	(void)socket;
	++*(int *)arg;
	return true;
}

static void
on_count(struct sio_socket *socket, struct sio_event *event)
{
	int count = 0;

	sio_fetch(target(socket, sio_arg(event, 0)), count_one, &count);
	sio_ack(event, "%d", count);
}

static void
on_enlist(struct sio_socket *socket, struct sio_event *event)
{
	sio_sockets_join(target(socket, sio_arg(event, 0)), text_arg(event, 1));
}

static void
on_dismiss(struct sio_socket *socket, struct sio_event *event)
{
	sio_sockets_leave(
	    target(socket, sio_arg(event, 0)), text_arg(event, 1));
}

static void
on_expel(struct sio_socket *socket, struct sio_event *event)
{
	sio_disconnect_sockets(target(socket, sio_arg(event, 0)),
	    sio_boolean(sio_arg(event, 1), false));
}

static void
on_kick(struct sio_socket *socket, struct sio_event *event)
{
	sio_disconnect(socket, sio_boolean(sio_arg(event, 0), false));
}

static void
on_cut(struct sio_socket *socket, struct sio_event *event)
{
	(void)event;
	eio_close(sio_session(socket));
}

static void
on_garble(struct sio_socket *socket, struct sio_event *event)
{
	static const char garbage[] = "9 what is this?";

	(void)event;
	eio_send(sio_session(socket), WS_TEXT, garbage, strlen(garbage));
}

static void
on_departed(struct sio_socket *socket, struct sio_event *event)
{
	struct departure *one = find_departure(text_arg(event, 0));
	struct sio_value rooms;

	(void)socket;
	if (one == NULL || one->reason[0] == '\0') {
		sio_ack(event, "null");
		return;
	}
	rooms = sio_raw_json(one->rooms, WS_STR);
	sio_ack(event, "{reason: %s, rooms: %p}", one->reason, (void *)&rooms);
}

/* ---- the namespaces ------------------------------------------------------ */

static void
on_connection(struct sio_socket *socket)
{
	struct sio_value auth = sio_auth(socket);
	char tag[64];

	if (sio_type(auth) == SIO_ABSENT)
		auth = sio_raw_json("{}", WS_STR);
	tag_of(socket, tag, sizeof(tag));
	sio_emit(socket, "hello",
	    "{nsp: %s, auth: %p, tag: %s, recovered: %hhd}",
	    sio_nsp_name(sio_nsp_of(socket)), (void *)&auth,
	    tag[0] != '\0' ? tag : NULL, sio_is_recovered(socket));
}

static void
serve(struct sio_nsp *nsp)
{
	sio_on_connection(nsp, on_connection);
	sio_on_disconnecting(nsp, on_disconnecting);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "echo", on_echo);
	sio_on(nsp, "ask", on_ask);
	sio_on(nsp, "askAll", on_ask_all);
	sio_on(nsp, "join", on_join);
	sio_on(nsp, "leave", on_leave);
	sio_on(nsp, "tell", on_tell);
	sio_on(nsp, "burst", on_burst);
	sio_on(nsp, "bulk", on_bulk);
	sio_on(nsp, "count", on_count);
	sio_on(nsp, "enlist", on_enlist);
	sio_on(nsp, "dismiss", on_dismiss);
	sio_on(nsp, "expel", on_expel);
	sio_on(nsp, "kick", on_kick);
	sio_on(nsp, "cut", on_cut);
	sio_on(nsp, "garble", on_garble);
	sio_on(nsp, "departed", on_departed);
}

/* A slow one is admitted by a timer, which goes when the socket does. */
static void
on_slow(struct ws_timer *timer, void *arg)
{
	struct sio_socket *socket = arg;

	(void)timer;
	sio_set_user(socket, NULL);
	sio_admit(socket);
}

static void
on_expired(void *user)
{
	ws_timer_stop(user);
}

static enum sio_verdict
authorize(struct sio_socket *socket)
{
	const char *token =
	    sio_string(sio_get(sio_auth(socket), "token"), NULL);
	struct ws_server *server = sio_server(sio_io(sio_nsp_of(socket)));

	if (token != NULL && strcmp(token, "secret") == 0)
		return SIO_NEXT;
	if (token != NULL && strcmp(token, "slow") == 0) {
		sio_set_user(socket,
		    ws_timer_start(server, SLOW_MS, 0, on_slow, socket));
		return SIO_WAIT;
	}
	sio_refusal(socket, "not authorized", "{code: %d}", 401);
	return SIO_REFUSE;
}

static bool
is_allowed(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	return strcmp(sio_event_name(event), "forbidden") != 0;
}

static void
serve_all(struct sio *io)
{
	struct sio_nsp *admin = sio_of(io, "/admin");

	serve(sio_of(io, "/"));
	serve(sio_of(io, "/custom"));
	serve(sio_of_pattern(io, "/room-*"));
	sio_use(admin, authorize);
	sio_use_event(admin, is_allowed);
	sio_on_expired(admin, on_expired);
	serve(admin);
}

/* ---- the program --------------------------------------------------------- */

static void
on_signal(int number)
{
	(void)!write(signal_fd, &number, 1);
}

static void
on_stop(struct ws_watch *watch, unsigned events, void *arg)
{
	struct sio *io = arg;

	(void)events;
	ws_unwatch(watch);
	sio_stop(io);
	ws_stop(sio_server(io), 1000);
}

static int
number(int argc, char **argv, int nth)
{
	return argc > nth ? atoi(argv[nth]) : 0;
}

int
main(int argc, char **argv)
{
	struct sio_options options = {
		.engine.ping_interval_ms = number(argc, argv, 2),
		.engine.ping_timeout_ms = number(argc, argv, 3),
		.engine.cors = "true",
		.engine.cors_credentials = true,
		.recovery_ms = number(argc, argv, 4),
	};
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, &options);
	char address[128];
	int ends[2], result;

	if (io == NULL || pipe(ends) < 0)
		return 1;
	serve_all(io);
	signal_fd = ends[1];
	signal(SIGTERM, on_signal);
	ws_watch(server, ends[0], WS_READABLE, on_stop, io);
	if (ws_listen(server, argc > 1 ? argv[1] : "127.0.0.1:0") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	printf("listening on %s\n", address);
	fflush(stdout);
	result = ws_run(server);
	sio_free(io);
	ws_server_free(server);
	forget_departures();
	return result < 0;
}
