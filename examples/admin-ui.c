/* admin-ui.c - teaches the server's side of the official admin interface. */
/* SPDX-License-Identifier: MIT */
/* usage: ADMIN_PASSWORD=secret admin-ui [ADDRESS [DIRECTORY]]
 *
 * DIRECTORY has the interface, node_modules/@socket.io/admin-ui/ui/dist of npm,
 * which is served below /ui/. Log in as "admin". It uses the namespace /admin,
 * and shows the clients, the rooms and the events of the namespace /. */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATS_MS 2000

static struct sio_nsp *
admins(struct sio_socket *socket)
{
	return sio_of(sio_io(sio_nsp_of(socket)), "/admin");
}

static struct sio_nsp *
clients(struct sio_socket *socket)
{
	return sio_of(sio_io(sio_nsp_of(socket)), "/");
}

/* The time as the interface reads it. */
static const char *
now(char text[sizeof("2026-01-31T23:59:59Z")])
{
	time_t seconds = time(NULL);

	strftime(text, 21, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
	return text;
}

#define NOW now((char[21]){ 0 })

/* ---- what the interface shows -------------------------------------------- */

static bool
add_room(const char *room, void *list)
{
	return sio_add(list, "%s", room) == 0;
}

/* Describe a socket. Its fields may have secrets, so only one is shown. */
static struct sio_builder *
describe(struct sio_socket *socket)
{
	struct eio_session *session = sio_session(socket);
	struct sio_builder *rooms = sio_list(), *object = sio_object();

	sio_rooms(socket, add_room, rooms);
	sio_add(object,
	    "id: %s, clientId: %s, transport: %s, nsp: %s, data: {}, "
	    "rooms: %p, handshake: {address: %s, headers: {'user-agent': %s}, "
	    "query: {}, issued: %lld, time: %s, secure: false, xdomain: false, "
	    "url: '/socket.io/'}",
	    sio_id(socket), sio_id(socket), eio_transport(session),
	    sio_nsp_name(sio_nsp_of(socket)), (void *)sio_built(rooms),
	    eio_address(session), eio_field(session, "User-Agent"),
	    (long long)eio_time_ms(session), NOW);
	sio_builder_free(rooms);
	return object;
}

static bool
add_socket(struct sio_socket *socket, void *list)
{
	struct sio_builder *object = describe(socket);
	int result = sio_add(list, "%p", (void *)sio_built(object));

	sio_builder_free(object);
	return result == 0;
}

/* Tell admins of all sockets there are: what changed may be many rooms. */
static void
show_all(struct sio_socket *admin, struct sio_target to)
{
	struct sio_builder *list = sio_list();

	sio_fetch(sio_all(clients(admin)), add_socket, list);
	sio_emit_to(to, "all_sockets", "%p", (void *)sio_built(list));
	sio_builder_free(list);
}

static bool
count_polling(struct sio_socket *socket, void *count)
{
	*(int *)count +=
	    strcmp(eio_transport(sio_session(socket)), "polling") == 0;
	return true;
}

static void
on_stats(struct ws_timer *timer, void *io)
{
	struct sio_nsp *admin = sio_of(io, "/admin"), *root = sio_of(io, "/");
	time_t began = *(time_t *)sio_nsp_user(admin);
	char host[256] = "";
	int polling = 0;

	(void)timer;
	gethostname(host, sizeof(host) - 1);
	sio_fetch(sio_all(root), count_polling, &polling);
	sio_emit_to(sio_all(admin), "server_stats",
	    "{serverId: %s, hostname: %s, pid: %ld, uptime: %ld, "
	    "clientsCount: %zu, pollingClientsCount: %d, aggregatedEvents: [], "
	    "namespaces: [{name: '/', socketsCount: %zu}]}",
	    host, host, (long)getpid(), (long)(time(NULL) - began),
	    sio_clients(io), polling, sio_nsp_count(root));
}

/* ---- the namespace / ----------------------------------------------------- */

static void
on_connection(struct sio_socket *socket)
{
	struct sio_builder *object = describe(socket);

	sio_emit_to(sio_all(admins(socket)), "socket_connected", "%p, %s",
	    (void *)sio_built(object), NOW);
	sio_builder_free(object);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	sio_emit_to(sio_all(admins(socket)), "socket_disconnected",
	    "'/', %s, %s, %s", sio_id(socket), reason, NOW);
}

static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	sio_emit_to(sio_all(admins(socket)), "event_received",
	    "'/', %s, [%s, ...%p], %s", sio_id(socket), sio_event_name(event),
	    SIO_P(sio_args(event)), NOW);
}

static void
on_enter(struct sio_socket *socket, struct sio_event *event)
{
	const char *room = sio_string(sio_arg(event, 0), NULL);

	if (sio_join(socket, room) == 1)
		sio_emit_to(sio_all(admins(socket)), "room_joined",
		    "'/', %s, %s, %s", room, sio_id(socket), NOW);
}

/* ---- the namespace /admin ------------------------------------------------ */

static enum sio_verdict
check_password(struct sio_socket *socket)
{
	struct sio_value auth = sio_auth(socket);
	const char *user = sio_string(sio_get(auth, "username"), NULL);
	const char *password = sio_string(sio_get(auth, "password"), NULL);

	if (user != NULL && password != NULL && strcmp(user, "admin") == 0 &&
	    strcmp(password, getenv("ADMIN_PASSWORD")) == 0)
		return SIO_NEXT;
	sio_refusal(socket, "invalid credentials", NULL);
	return SIO_REFUSE;
}

static void
on_admin(struct sio_socket *socket)
{
	sio_emit(socket, "config",
	    "{supportedFeatures: ['EMIT', 'JOIN', 'LEAVE', 'DISCONNECT', "
	    "'MJOIN', 'MLEAVE', 'MDISCONNECT', 'ALL_EVENTS']}");
	show_all(socket, sio_self(socket));
}

/* The sockets that an argument names: those in a room, or all. */
static struct sio_target
target(struct sio_socket *admin, const struct sio_event *event, size_t nth)
{
	const char *room = sio_string(sio_arg(event, nth), NULL);

	return room != NULL ? sio_in(clients(admin), room)
			    : sio_all(clients(admin));
}

static void
on_emit(struct sio_socket *socket, struct sio_event *event)
{
	const char *name = sio_string(sio_arg(event, 2), NULL);
	struct sio_builder *args = sio_list();

	for (size_t i = 3; i < sio_count(sio_args(event)); i++)
		sio_add(args, "%p", SIO_P(sio_arg(event, i)));
	if (name != NULL)
		sio_emit_to(target(socket, event, 1), name, "...%p",
		    (void *)sio_built(args));
	sio_builder_free(args);
}

static void
on_join(struct sio_socket *socket, struct sio_event *event)
{
	sio_sockets_join(
	    target(socket, event, 2), sio_string(sio_arg(event, 1), NULL));
	show_all(socket, sio_all(sio_nsp_of(socket)));
}

static void
on_leave(struct sio_socket *socket, struct sio_event *event)
{
	sio_sockets_leave(
	    target(socket, event, 2), sio_string(sio_arg(event, 1), NULL));
	show_all(socket, sio_all(sio_nsp_of(socket)));
}

static void
on_kick(struct sio_socket *socket, struct sio_event *event)
{
	sio_disconnect_sockets(
	    target(socket, event, 2), sio_boolean(sio_arg(event, 1), false));
}

static void
serve_admins(struct sio_nsp *nsp, time_t *began)
{
	sio_nsp_set_user(nsp, began);
	sio_use(nsp, check_password);
	sio_on_connection(nsp, on_admin);
	sio_on(nsp, "emit", on_emit);
	sio_on(nsp, "join", on_join);
	sio_on(nsp, "leave", on_leave);
	sio_on(nsp, "_disconnect", on_kick);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	struct sio_nsp *root = sio_of(io, "/");
	time_t began = time(NULL);

	if (getenv("ADMIN_PASSWORD") == NULL) {
		fprintf(stderr, "admin-ui: set ADMIN_PASSWORD\n");
		ws_server_free(server);
		return 2;
	}
	sio_on_connection(root, on_connection);
	sio_on_disconnect(root, on_disconnect);
	sio_on_any(root, on_any);
	sio_on(root, "enter", on_enter);
	serve_admins(sio_of(io, "/admin"), &began);
	ws_timer_start(server, 0, STATS_MS, on_stats, io);
	ws_files(server, "/", "examples/pages", NULL);
	if (argc > 2)
		ws_files(server, "/ui/", argv[2], NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "admin-ui.html");
}
