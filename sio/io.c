/* io.c - a Socket.IO server: its parts, its clients, its end. */
/* SPDX-License-Identifier: MIT */
/*
 *	struct sio ──▶ struct sio_nsp, one for each namespace
 *	    │               ▲
 *	    ▼               │ nsp
 *	struct eio      struct sio_socket, one for each client in a namespace
 *	    │               ▲
 *	    ▼               │ sockets
 *	struct eio_socket ──▶ struct sio_client, one for each connection
 *
 * Engine.IO (engine.c) carries texts and octets; client.c makes packets of
 * them, connect.c sockets, nsp.c calls the application. The other way, emit.c
 * encodes, target.c knows to whom, and the rooms of ws.h find them.
 *
 * A callback may disconnect any socket, its own included, so none is released
 * before the end of the turn.
 */
#include <errno.h>
#include <string.h>

#include "io.h"

enum {
	/* Octets that all payloads of CONNECT of a client may have together; one
	 * of any size is always taken. */
	AUTH_MAX = 1000000,
};

/* ---- identifiers ------------------------------------------------------- */

bool
sio_io_id(struct sio *io, char id[SIO_ID_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *from;

	/* Randomness is asked for many at a time: it is a system call. */
	if (io->random_left == 0) {
		if (ws_random(io->random, sizeof(io->random)) < 0)
			return false;
		io->random_left = sizeof(io->random) / SIO_ID_OCTETS;
	}
	from = io->random + --io->random_left * SIO_ID_OCTETS;
	/* Base64 of RFC 4648 section 5: three octets are four digits. */
	for (size_t i = 0; i < SIO_ID_LEN; i += 4, from += 3) {
		unsigned v = (unsigned)(from[0] << 16 | from[1] << 8 | from[2]);

		id[i] = digits[v >> 18];
		id[i + 1] = digits[v >> 12 & 63];
		id[i + 2] = digits[v >> 6 & 63];
		id[i + 3] = digits[v & 63];
	}
	id[SIO_ID_LEN] = '\0';
	return true;
}

char *
sio_io_copy(const char *text, size_t len)
{
	char *copy = ws_mem_resize(NULL, len + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* ---- who is gone ------------------------------------------------------- */

static void
reap(void *arg)
{
	struct sio *io = arg;

	/* What is released asks for this again: not now. */
	io->reaping = true;
	while (io->dead != NULL) {
		struct sio_socket *socket = io->dead;

		io->dead = socket->next;
		sio_socket_free(socket);
	}
	while (io->dead_clients != NULL) {
		struct sio_client *client = io->dead_clients;

		io->dead_clients = client->next;
		sio_client_free(client);
	}
	sio_nsp_tidy(io);
	io->reaping = false;
}

void
sio_io_reap_later(struct sio *io)
{
	/* Without memory for it they wait for the next one that goes. */
	if (!io->reaping && ws_defer(io->server, reap, io) == 0)
		io->reaping = true;
}

/* ---- connections that connect to nothing -------------------------------- */

/* All have the same time, so the oldest is the first: one timer will do. */
static void
on_idle_timer(struct ws_timer *timer, void *arg)
{
	struct sio *io = arg;

	while (io->idle != NULL && io->idle->due_ms <= ws_now(io->server)) {
		struct sio_client *client = io->idle;

		sio_io_idle(client, false);
		eio_close(client->conn);
	}
	if (io->idle != NULL)
		(void)ws_timer_again(
		    timer, io->idle->due_ms - ws_now(io->server));
}

void
sio_io_idle(struct sio_client *client, bool idle)
{
	struct sio *io = client->io;

	if (idle == (client->link != NULL))
		return;
	if (!idle) {
		*client->link = client->next;
		if (client->next != NULL)
			client->next->link = client->link;
		else
			io->idle_end = client->link;
		client->link = NULL;
		client->next = NULL;
		return;
	}
	client->due_ms = ws_now(io->server) + io->connect_timeout_ms;
	client->link = io->idle_end;
	*io->idle_end = client;
	io->idle_end = &client->next;
	if (io->idle == client)
		(void)ws_timer_again(io->idle_timer, io->connect_timeout_ms);
}

/* ---- creation ---------------------------------------------------------- */

static bool
on_allow(struct eio *endpoint, struct ws_request *request, const char **message)
{
	struct sio *io = eio_endpoint_user(endpoint);

	return io->allow == NULL || io->allow(request, message);
}

static int
furnish(struct sio *io, const struct sio_options *o)
{
	static const struct eio_handler handler = { .allow = on_allow,
		.open = sio_client_open,
		.message = sio_client_message,
		.close = sio_client_close };
	const char *path = o->path != NULL ? o->path : "/socket.io";

	io->signal = ws_prepare(WS_TEXT, "", 0);
	if (io->signal == NULL || sio_of(io, "/") == NULL ||
	    ws_random(io->secret, sizeof(io->secret)) < 0)
		return -1;
	/* It runs once, long from now, and is set when somebody waits. */
	io->idle_timer =
	    ws_timer_start(io->server, INT32_MAX, INT32_MAX, on_idle_timer, io);
	if (io->idle_timer == NULL)
		return -1;
	if (o->recovery_ms > 0 &&
	    sio_recovery_new(io, o->recovery_ms, o->recovery_octets) < 0)
		return -1;
	if (!o->no_client && sio_bundle_new(io, path, o->client_file) < 0)
		return -1;
	io->engine = eio_new(io->server, path, &o->engine, &handler, io);
	return io->engine != NULL ? 0 : -1;
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
	io->idle_end = &io->idle;
	io->connect_timeout_ms =
	    o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 45000;
	io->max_namespaces = o->max_namespaces > 0 ? o->max_namespaces : 100;
	io->auth_max =
	    o->engine.max_payload > AUTH_MAX ? o->engine.max_payload : AUTH_MAX;
	io->keep_empty = o->keep_empty;
	io->recovery_middlewares = o->recovery_middlewares;
	errno = 0;
	if (furnish(io, o) == 0)
		return io;
	if (errno == 0)
		errno = ENOMEM;
	sio_free(io);
	return NULL;
}

void
sio_stop(struct sio *io)
{
	io->stopping = true;
	if (io->engine != NULL)
		eio_stop(io->engine);
}

void
sio_free(struct sio *io)
{
	if (io == NULL)
		return;
	io->stopping = true;
	if (io->engine != NULL)
		eio_free(io->engine);
	sio_recovery_free(io);
	reap(io);
	sio_bundle_free(io);
	sio_nsp_free_all(io);
	ws_timer_stop(io->idle_timer);
	ws_prepared_free(io->signal);
	sio_text_free(&io->text);
	sio_text_free(&io->notice);
	sio_value_fini(&io->event);
	sio_value_fini(&io->outgoing);
	sio_value_fini(&io->auth);
	ws_mem_free(io);
}

/* ---- what can be asked ------------------------------------------------- */

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
