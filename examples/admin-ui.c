/* admin-ui.c - teaches the server's side of the official admin interface. */
/* SPDX-License-Identifier: MIT */
/* usage: admin-ui ADDRESS PASSWORD [DIRECTORY]; log in with any name. DIRECTORY
 * is node_modules/@socket.io/admin-ui/ui/dist of npm, served below /ui/. */
#include <sio.h>
#include <string.h>
#include <time.h>

static struct sio_nsp *root, *admins; /* who is shown, and to whom */

static bool
add_room(const char *room, void *list)
{
	return sio_add(list, "%s", room) == 0;
}

/* Describe a socket. Its handshake has secrets, so little of it is shown. */
static bool
add_socket(struct sio_socket *socket, void *list)
{
	struct eio_session *session = sio_session(socket);
	struct sio_builder *rooms = sio_list();

	sio_rooms(socket, add_room, rooms);
	sio_add(list,
	    "{id: %s, clientId: %s, nsp: '/', transport: %s, data: {}, "
	    "handshake: {address: %s, headers: {}, query: {}, issued: %lld}, "
	    "rooms: %p}",
	    sio_id(socket), sio_id(socket), eio_transport(session),
	    eio_address(session), (long long)eio_time_ms(session),
	    (void *)sio_built(rooms));
	sio_builder_free(rooms);
	return true;
}

/* Show all there is: a crowd that comes or goes costs no more. */
static void
show(struct ws_timer *timer, void *io)
{
	struct sio_builder *list = sio_list();

	(void)timer;
	sio_fetch(sio_all(root), add_socket, list);
	sio_emit_to(
	    sio_all(admins), "all_sockets", "%p", (void *)sio_built(list));
	sio_builder_free(list);
	sio_emit_to(sio_all(admins), "server_stats",
	    "{serverId: 'admin-ui', hostname: 'admin-ui', clientsCount: %zu, "
	    "namespaces: [{name: '/', socketsCount: %zu}]}",
	    sio_clients(io), sio_nsp_count(root));
}

static enum sio_verdict
check_password(struct sio_socket *admin)
{
	const char *given =
	    sio_string(sio_get(sio_auth(admin), "password"), NULL);

	if (given != NULL && strcmp(given, sio_nsp_user(admins)) == 0)
		return SIO_NEXT;
	sio_refusal(admin, "invalid credentials", NULL);
	return SIO_REFUSE;
}

static void
on_admin(struct sio_socket *admin)
{
	sio_emit(admin, "config", "{supportedFeatures: ['ALL_EVENTS']}");
	show(NULL, sio_io(root));
}

static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	if (strcmp(sio_event_name(event), "enter") == 0)
		sio_join(socket, sio_string(sio_arg(event, 0), NULL));
	sio_emit_to(sio_all(admins), "event_received",
	    "'/', %s, [%s, ...%p], %lld", sio_id(socket), sio_event_name(event),
	    SIO_P(sio_args(event)), (long long)time(NULL) * 1000);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);

	root = sio_of(io, "/");
	admins = sio_of(io, "/admin");
	sio_nsp_set_user(admins, argc > 2 ? argv[2] : "");
	sio_on_any(root, on_any);
	sio_use(admins, check_password);
	sio_on_connection(admins, on_admin);
	ws_timer_start(server, 1000, 1000, show, io);
	ws_files(server, "/", "examples/pages", NULL);
	if (argc > 3)
		ws_files(server, "/ui/", argv[3], NULL);
	return ws_serve(server, argc > 2 ? argv[1] : "", "admin-ui.html");
}
