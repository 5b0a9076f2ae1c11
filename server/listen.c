/* listen.c - accepting connections, and what to do when there are too many. */
/* SPDX-License-Identifier: MIT */
/*
 * When a process is out of file descriptors, accept fails, and a loop that is
 * level-triggered reports the listening socket again at once: 100 % of a
 * processor and a log full of one line. So one descriptor is kept in reserve.
 * When accept fails, the reserve is closed to accept one waiting peer, answer
 * it with 503 and close it; then all listeners pause until a connection ends,
 * or for a second.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "server.h"

#define PAUSE_MS 1000       /* of accepting, when out of descriptors */
#define CONNS_MIN 64        /* a shorter table of connections never shrinks */
#define WARN_EVERY_MS 60000 /* at least this between two warnings */

static const char refusing[] = "refusing new ones";

struct ws_listener {
	struct ws_io io; /* first: the loop hands it back */
	struct ws_listener *next;
	struct ws_server *server;
	bool adopted; /* bound by another process, which removes its file */
};

/* ---- limits ------------------------------------------------------------ */

void
ws_listen_warn(
    struct ws_server *server, const char *limit, const char *consequence)
{
	int64_t now_ms = server->core.loop.now_ms;

	if (server->warned_ms != 0 &&
	    now_ms - server->warned_ms < WARN_EVERY_MS)
		return;
	server->warned_ms = now_ms;
	ws_log(&server->core.log, WS_LOG_WARN, "%s at %zu connections; %s",
	    limit, server->conns_count, consequence);
}

void
ws_listen_warn_memory(
    struct ws_server *server, const char *limit, const char *consequence)
{
	const struct ws_ledger *memory = &server->core.memory;
	char text[128];

	(void)snprintf(text, sizeof(text), "%s: %zu of %zu KiB are held", limit,
	    memory->held >> 10, memory->max >> 10);
	ws_listen_warn(server, text, consequence);
}

/* Answer a peer that cannot be served, without waiting for its request. */
static void
turn_away(
    struct ws_server *server, int fd, const char *status, const char *text)
{
	char answer[256];
	int n = snprintf(answer, sizeof(answer),
	    "HTTP/1.1 %s\r\n"
	    "Connection: close\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "Retry-After: 1\r\n"
	    "\r\n%s",
	    status, strlen(text), text);

	ws_log(&server->core.log, WS_LOG_DEBUG, "turned a peer away with %s",
	    status);
	/* Closing a socket with unread octets would send a reset, which
	 * destroys the answer on its way: read them. */
	(void)ws_net_recv(fd, server->core.input, WS_CORE_INPUT);
	(void)ws_net_send(fd, answer, (size_t)n);
	ws_net_shutdown(fd);
	ws_net_close(fd);
}

static void
want_all(struct ws_server *server, unsigned want)
{
	for (struct ws_listener *l = server->listeners; l != NULL; l = l->next)
		(void)ws_loop_want(&server->core.loop, &l->io, want);
}

static void
on_pause_over(struct ws_heap_timer *timer)
{
	struct ws_server *server =
	    WS_OUTER(struct ws_server, accept_timer, timer);

	server->accept_paused = false;
	want_all(server, WS_LOOP_READ);
}

/* Turn one peer away and pause, since the process is out of descriptors. */
static void
on_exhaustion(struct ws_server *server, int listener_fd)
{
	struct ws_loop *loop = &server->core.loop;
	struct ws_peer peer;
	int fd;

	ws_listen_warn(server, "out of file descriptors", refusing);
	if (server->reserve_fd < 0)
		server->reserve_fd = ws_net_reserve();
	if (server->reserve_fd >= 0) {
		ws_net_close(server->reserve_fd);
		fd = ws_net_accept(listener_fd, &peer);
		if (fd >= 0)
			turn_away(server, fd, "503 Service Unavailable",
			    "The server is out of file descriptors.\n");
		server->reserve_fd = ws_net_reserve();
	}
	if (ws_heap_set(&loop->heap, &server->accept_timer,
		loop->now_ms + PAUSE_MS, on_pause_over) < 0)
		return;
	server->accept_paused = true;
	want_all(server, 0);
}

/* ---- the table of connections ------------------------------------------ */

static int
add_conn(struct ws_server *server, struct ws_conn *conn)
{
	if (!ws_array_reserve(&server->conns, &server->conns_room,
		server->conns_count + 1, sizeof(struct ws_conn *)))
		return -1;
	conn->index = server->conns_count & WS_CONN_INDEX_NONE;
	server->conns[server->conns_count++] = conn;
	return 0;
}

void
ws_listen_ended(struct ws_conn *conn)
{
	struct ws_server *server = ws_server_of_core(conn->core);
	struct ws_conn *last;

	if (server->peers != NULL && conn->peer.family != 0)
		ws_peers_drop(server->peers, conn->peer.ip);
	if (conn->index == WS_CONN_INDEX_NONE)
		return;
	last = server->conns[--server->conns_count];
	server->conns[conn->index] = last;
	last->index = conn->index;
	/* A crowd has left. */
	if (server->conns_room > CONNS_MIN &&
	    server->conns_count < server->conns_room / 4)
		ws_array_shrink(&server->conns, &server->conns_room,
		    server->conns_room / 2, sizeof(struct ws_conn *));
	if (server->accept_paused && !server->core.stopping) {
		ws_heap_cancel(&server->core.loop.heap, &server->accept_timer);
		on_pause_over(&server->accept_timer);
	}
}

/* ---- accepting --------------------------------------------------------- */

/* Log that a limit was met, and turn a peer away. Returns false. */
static bool
refuse(struct ws_server *server, int fd, const char *limit, const char *status,
    const char *text)
{
	ws_listen_warn(server, limit, refusing);
	turn_away(server, fd, status, text);
	return false;
}

/* Decide whether one more connection is allowed, and count it for its address.
 * Otherwise answer it and close it. */
static bool
admit(struct ws_server *server, int fd, const struct ws_peer *peer)
{
	if (ws_ledger_is_short(&server->core.memory)) {
		ws_listen_warn_memory(server, "memory is short", refusing);
		turn_away(server, fd, "503 Service Unavailable",
		    "The server is short of memory.\n");
		return false;
	}
	if (server->conns_count >= server->clients_max)
		return refuse(server, fd, "limit of clients reached",
		    "503 Service Unavailable",
		    "The server has as many clients as it may have.\n");
	if (server->peers != NULL && peer->family != 0 &&
	    ws_peers_admit(server->peers, peer->ip, server->per_ip_max) != 0)
		return refuse(server, fd,
		    "limit of connections per address reached",
		    "429 Too Many Requests",
		    "Your address has as many connections as it may have.\n");
	return true;
}

static void
begin_conn(struct ws_server *server, int fd, const struct ws_peer *peer)
{
	struct ws_conn *conn;

	if (!admit(server, fd, peer))
		return;
	conn = ws_conn_new(&server->core, fd, peer);
	if (conn == NULL) {
		if (server->peers != NULL && peer->family != 0)
			ws_peers_drop(server->peers, peer->ip);
		ws_listen_warn(server, "out of memory", refusing);
		return;
	}
	ws_members_init(conn);
	server->accepted++;
	conn->index = WS_CONN_INDEX_NONE;
	if (add_conn(server, conn) < 0)
		ws_conn_kill(conn, "out of memory");
}

static void
on_acceptable(struct ws_io *io, unsigned events)
{
	struct ws_listener *l = WS_OUTER(struct ws_listener, io, io);
	struct ws_server *server = l->server;
	struct ws_budget *budget = &server->core.loop.budget;
	struct ws_peer peer;
	int fd;

	(void)events;
	budget->visit = budget->share;
	while (ws_budget_spend(budget, WS_COST_ACCEPT)) {
		fd = ws_net_accept(io->fd, &peer);
		if (fd >= 0) {
			begin_conn(server, fd, &peer);
			continue;
		}
		if (fd == WS_NET_AGAIN)
			return;
		if (fd == WS_NET_FULL) {
			on_exhaustion(server, io->fd);
			return;
		}
	}
}

/* ---- listening --------------------------------------------------------- */

static int
add_listener(struct ws_server *server, int fd, bool adopted)
{
	const struct ws_limits *limits = &server->core.limits;
	struct ws_listener *l = ws_mem_resize(NULL, sizeof(*l));
	struct ws_listener **end = &server->listeners;

	if (l == NULL) {
		ws_net_close(fd);
		return WS_ENOMEM;
	}
	*l = (struct ws_listener){ .io = { .ready = on_acceptable, .fd = fd },
		.server = server,
		.adopted = adopted };
	/* RFC 5482: data that the peer does not acknowledge for the time of a
	 * ping and its pong ends the connection, as a missing pong does. */
	if (limits->ping_ms >= 0)
		ws_net_user_timeout(
		    fd, (unsigned)limits->ping_ms + (unsigned)limits->pong_ms);
	if (ws_loop_want(&server->core.loop, &l->io, WS_LOOP_READ) < 0) {
		ws_net_close(fd);
		ws_mem_free(l);
		return WS_ESYSTEM;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = l;
	return 0;
}

int
ws_listen(struct ws_server *server, const char *address)
{
	char error[WS_NET_ERROR];
	int fd;

	if (address == NULL)
		return WS_EINVAL;
	fd = ws_net_listen(address, error);
	if (fd < 0) {
		ws_log(&server->core.log, WS_LOG_ERROR, "%s", error);
		return errno == EINVAL ? WS_EINVAL : WS_ESYSTEM;
	}
	return add_listener(server, fd, false);
}

int
ws_listen_fd(struct ws_server *server, int fd)
{
	if (ws_net_adopt(fd) < 0) {
		ws_log(&server->core.log, WS_LOG_ERROR,
		    "descriptor %d is not a listening socket: %s", fd,
		    strerror(errno));
		ws_net_close(fd);
		return WS_ESYSTEM;
	}
	return add_listener(server, fd, true);
}

int
ws_address(
    const struct ws_server *server, unsigned nth, char *text, size_t size)
{
	const struct ws_listener *l = server->listeners;

	while (l != NULL && nth-- > 0)
		l = l->next;
	if (l == NULL || size == 0)
		return WS_EINVAL;
	ws_net_local_text(l->io.fd, text, size);
	return 0;
}

void
ws_listen_stop(struct ws_server *server)
{
	struct ws_listener *l;

	ws_heap_cancel(&server->core.loop.heap, &server->accept_timer);
	server->accept_paused = false;
	while ((l = server->listeners) != NULL) {
		server->listeners = l->next;
		ws_loop_forget(&server->core.loop, &l->io);
		if (l->adopted)
			ws_net_close(l->io.fd);
		else
			ws_net_unlisten(l->io.fd);
		ws_mem_free(l);
	}
}
