/* start.c - a Socket.IO server: how it begins and ends. */
/* SPDX-License-Identifier: MIT */
/*
 *	struct sio ──▶ struct sio_nsp, one for each namespace
 *	    │               ▲
 *	    ▼               │ nsp
 *	struct eio      struct sio_socket, one for each client in a namespace
 *	    │               ▲
 *	    ▼               │ sockets
 *	struct eio_session ──▶ struct sio_client, one for each connection
 *
 * Packets in: Engine.IO brings texts and octets, client.c makes packets of
 * them, connect.c makes sockets, hooks.c calls the application, reply.c
 * acknowledges. Packets out: emit.c encodes an event with out.c, target.c finds
 * the sockets that it goes to, ack.c waits for their answers. recovery.c
 * remembers events and sockets, leave.c ends sockets, many.c does something
 * with each socket of a target.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "bundle.h"
#include "client.h"
#include "io.h"
#include "leave.h"
#include "nsp.h"
#include "packet.h"
#include "partial.h"
#include "recovery.h"
#include "sio/engine/engine.h"
#include "sio/engine/session.h"

enum {
	/* Octets that all CONNECT payloads of one client may have together; one
	 * of any size is always taken. The default of max_payload, so that many
	 * small ones take no more memory than a single one may. */
	AUTH_MAX = 1000000,
};

/* ---- the end of a turn ------------------------------------------------- */

/* Release the sockets, clients and namespaces that ended in this turn. */
static void
release_ended(void *arg)
{
	struct sio *io = arg;

	/* Releasing calls release_later, which must not schedule this again. */
	io->release_pending = true;
	while (io->dead_sockets != NULL) {
		struct sio_socket *socket = io->dead_sockets;

		io->dead_sockets = socket->next;
		sio_leave_free(socket);
	}
	while (io->dead_clients != NULL) {
		struct sio_client *client = io->dead_clients;

		io->dead_clients = client->next;
		sio_client_free(client);
	}
	sio_nsp_tidy(io);
	io->release_pending = false;
}

static void
release_later(struct sio *io)
{
	/* When out of memory, they wait for the next one that goes. */
	if (!io->release_pending &&
	    ws_defer(io->server, release_ended, io) == 0)
		io->release_pending = true;
}

/* ---- creation ---------------------------------------------------------- */

static bool
on_allow(struct eio *endpoint, struct ws_request *request, const char **message)
{
	struct sio *io = eio_endpoint_user(endpoint);

	return io->allow == NULL || io->allow(request, message);
}

static void
on_refused(struct eio *endpoint, struct ws_request *request, int code,
    const char *message)
{
	const struct sio *io = eio_endpoint_user(endpoint);

	if (io->watcher.refused != NULL)
		io->watcher.refused(endpoint, request, code, message);
}

static void
on_headers(struct eio *endpoint, struct ws_request *request, bool first)
{
	const struct sio *io = eio_endpoint_user(endpoint);

	if (io->watcher.headers != NULL)
		io->watcher.headers(endpoint, request, first);
}

/* The watcher hears of a session before its sockets do. */
static void
on_open(struct eio_session *session)
{
	const struct sio *io = eio_endpoint_user(eio_of(session));

	if (io->watcher.open != NULL)
		io->watcher.open(session);
	if (session->state == EIO_STATE_OPEN)
		sio_client_open(session);
}

static void
on_upgrade(struct eio_session *session)
{
	const struct sio *io = eio_endpoint_user(eio_of(session));

	if (io->watcher.upgrade != NULL)
		io->watcher.upgrade(session);
}

static void
on_drain(struct eio_session *session)
{
	const struct sio *io = eio_endpoint_user(eio_of(session));

	if (io->watcher.drain != NULL)
		io->watcher.drain(session);
}

static void
on_close(struct eio_session *session, const char *reason)
{
	const struct sio *io = eio_endpoint_user(eio_of(session));

	sio_client_close(session, reason);
	if (io->watcher.close != NULL)
		io->watcher.close(session, reason);
}

/* Make the parts of a server. Returns 0, or -1, perhaps with errno set. */
static int
make_parts(struct sio *io, const struct sio_options *o)
{
	static const struct eio_handler handler = { .allow = on_allow,
		.refused = on_refused,
		.headers = on_headers,
		.open = on_open,
		.message = sio_client_message,
		.upgrade = on_upgrade,
		.drain = on_drain,
		.close = on_close };
	const char *path = o->path != NULL ? o->path : "/socket.io";

	io->signal = ws_prepare(WS_TEXT, "", 0);
	if (io->signal == NULL || sio_of(io, "/") == NULL ||
	    ws_random(io->secret, sizeof(io->secret)) < 0)
		return -1;
	if (sio_client_start(io) < 0 || sio_partial_start(io) < 0)
		return -1;
	if (o->recovery_ms > 0 &&
	    sio_recovery_new(io, o->recovery_ms, o->recovery_octets) < 0)
		return -1;
	if (!o->no_client && sio_bundle_new(io, path, o->client_file) < 0)
		return -1;
	io->engine = eio_new(io->server, path, &o->engine, &handler, io);
	if (io->engine == NULL)
		return -1;
	io->engine->ascii = sio_packet_ascii;
	return 0;
}

static void
free_with_server(void *arg)
{
	sio_free(arg);
}

struct sio *
sio_new(struct ws_server *server, const struct sio_options *options)
{
	static const struct sio_options defaults = { 0 };
	const struct sio_options *o = options != NULL ? options : &defaults;
	struct sio *io =
	    server != NULL ? ws_mem_resize(NULL, sizeof(*io)) : NULL;

	if (io == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	memset(io, 0, sizeof(*io));
	io->server = server;
	io->release_later = release_later;
	io->connect_timeout_ms =
	    o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 45000;
	io->max_namespaces = o->max_namespaces > 0 ? o->max_namespaces : 100;
	io->auth_max =
	    o->engine.max_payload > AUTH_MAX ? o->engine.max_payload : AUTH_MAX;
	io->keep_empty = o->keep_empty;
	io->recovery_middlewares = o->recovery_middlewares;
	errno = 0;
	if (make_parts(io, o) == 0 &&
	    ws_at_free(server, free_with_server, io) == 0)
		return io;
	if (errno == 0)
		errno = ENOMEM;
	sio_free(io);
	return NULL;
}

void
sio_stop(struct sio *io)
{
	if (io->engine != NULL)
		eio_stop(io->engine);
}

void
sio_free(struct sio *io)
{
	if (io == NULL)
		return;
	ws_at_free_cancel(io->server, free_with_server, io);
	if (io->engine != NULL)
		eio_free(io->engine);
	sio_recovery_free(io);
	release_ended(io);
	sio_bundle_free(io);
	sio_nsp_free_all(io);
	sio_partial_stop(io);
	sio_client_stop(io);
	ws_prepared_free(io->signal);
	sio_text_free(&io->text);
	sio_text_free(&io->notice);
	sio_value_fini(&io->event);
	sio_value_fini(&io->outgoing);
	sio_value_fini(&io->auth);
	ws_mem_free(io);
}

/* ---- accessors --------------------------------------------------------- */

struct ws_server *
sio_server(const struct sio *io)
{
	return io->server;
}

struct eio *
sio_engine(const struct sio *io)
{
	return io->engine;
}

size_t
sio_clients(const struct sio *io)
{
	return eio_count(io->engine);
}

void
sio_on_request(struct sio *io,
    bool (*allow)(struct ws_request *request, const char **message))
{
	io->allow = allow;
}

void
sio_on_engine(struct sio *io, const struct eio_handler *watcher)
{
	static const struct eio_handler none = { 0 };

	io->watcher = watcher != NULL ? *watcher : none;
}
