/* engine.c - Engine.IO: endpoints, their options, their timers. */
/* SPDX-License-Identifier: MIT */
/*
 * An endpoint is a path of a server, a table of sessions, and a few timers.
 * What it has to tell:
 *
 *	engine_http.c       which requests are good, and for what
 *	engine_poll.c       sessions that requests carry
 *	engine_ws.c         sessions that a WebSocket carries, or is about to
 *	engine_session.c    what is the same for both, from birth to death
 *	engine_send.c       messages on their way out
 *	engine_due.c        deadlines
 *	engine_handshake.c  what a session keeps of its first request
 *	payload.c           packets and bodies, as octets
 */
#include "engine.h"

#include <errno.h>
#include <string.h>

enum {
	IDLE_MS = 60 * 60 * 1000,
};

static void
set_default(int *member, int otherwise)
{
	if (*member <= 0)
		*member = otherwise;
}

static char *
copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *at = ws_mem_resize(NULL, size);

	return at != NULL ? memcpy(at, text, size) : NULL;
}

/* Take the options over. Returns 0 or WS_ENOMEM. */
static int
set_options(struct eio *eio, const struct eio_options *options)
{
	static const char fields[] = "Authorization, Cookie, Origin, Referer, "
				     "User-Agent, X-Forwarded-For";
	struct eio_options *o = &eio->options;

	if (options != NULL)
		*o = *options;
	set_default(&o->ping_interval_ms, 25000);
	set_default(&o->ping_timeout_ms, 20000);
	set_default(&o->upgrade_timeout_ms, 10000);
	set_default(&o->lease_ms, 10000);
	if (o->max_payload == 0)
		o->max_payload = 1000000;
	if (o->queue_max == 0)
		o->queue_max = 4 << 20;
	if (o->silent_per_ip == 0)
		o->silent_per_ip = 1000;
	if (o->silent_per_ip > UINT16_MAX)
		o->silent_per_ip = UINT16_MAX;
	eio->fields = copy(o->fields != NULL ? o->fields : fields);
	eio->cookie = o->cookie != NULL ? copy(o->cookie) : NULL;
	eio->cors.origin = o->cors != NULL ? copy(o->cors) : NULL;
	eio->cors.credentials = o->cors_credentials;
	if (eio->fields == NULL || (o->cookie != NULL && eio->cookie == NULL) ||
	    (o->cors != NULL && eio->cors.origin == NULL))
		return WS_ENOMEM;
	o->fields = eio->fields;
	o->cookie = eio->cookie;
	o->cors = eio->cors.origin;
	return 0;
}

static void
on_turn(struct ws_timer *timer, void *arg)
{
	struct eio *eio = arg;

	(void)timer;
	eio_poll_turn(eio);
	eio_session_release(eio);
}

static int
start_timers(struct eio *eio)
{
	eio->turn = ws_timer_start(eio->server, IDLE_MS, IDLE_MS, on_turn, eio);
	if (eio->turn == NULL || eio_clocks_start(eio) < 0)
		return WS_ENOMEM;
	return ws_random(eio->seed, sizeof(eio->seed));
}

/* Tell the server of the path and all below. */
static int
add_routes(struct eio *eio, const char *path)
{
	struct ws_handler handler = eio_ws_handler();
	size_t len = strlen(path);
	char *below = ws_mem_resize(NULL, len + 2);
	int result;

	if (below == NULL)
		return WS_ENOMEM;
	memcpy(below, path, len);
	if (len == 0 || path[len - 1] != '/')
		below[len++] = '/';
	below[len] = '\0';
	handler.max_message = eio->options.max_payload;
	handler.deflate_min =
	    eio->options.deflate_min > 0 ? eio->options.deflate_min : -1;
	handler.origin = eio_cors_websocket(&eio->cors);
	result = ws_http(eio->server, below, NULL, eio_http_request, eio);
	if (result == 0)
		result = ws_http_body(eio->server, below,
		    eio->options.max_payload, eio_http_early, eio_http_broken);
	if (result == 0)
		result = ws_endpoint(eio->server, below, &handler, eio);
	ws_mem_free(below);
	return result;
}

struct eio *
eio_new(struct ws_server *server, const char *path,
    const struct eio_options *options, const struct eio_handler *handler,
    void *user)
{
	struct eio *eio = ws_mem_resize(NULL, sizeof(*eio));
	int result;

	if (eio == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	*eio =
	    (struct eio){ .server = server, .handler = *handler, .user = user };
	eio->ended.next = eio->ended.prev = &eio->ended;
	result = set_options(eio, options);
	if (result == 0)
		result = start_timers(eio);
	if (result == 0)
		result = add_routes(eio, path);
	if (result < 0) {
		eio_free(eio);
		errno = result == WS_ENOMEM   ? ENOMEM
			: result == WS_EEXIST ? EEXIST
					      : EINVAL;
		return NULL;
	}
	return eio;
}

void
eio_walk(struct eio *endpoint,
    bool (*visit)(struct eio_socket *socket, void *arg), void *arg)
{
	/* Sessions begin with requests only, and leave the table at the end of
	 * the turn: whatever visit does, the table stays as it is. */
	for (size_t i = 0; i < endpoint->table_size; i++) {
		for (struct eio_socket *s = endpoint->table[i]; s != NULL;
		     s = s->chain) {
			if (s->state == EIO_STATE_OPEN && !visit(s, arg))
				return;
		}
	}
}

static bool
shut_down(struct eio_socket *socket, void *arg)
{
	(void)arg;
	eio_session_end(socket, "server shutting down", EIO_ORDER);
	return true;
}

void
eio_stop(struct eio *endpoint)
{
	endpoint->stopping = true;
	eio_walk(endpoint, shut_down, NULL);
}

void
eio_free(struct eio *endpoint)
{
	if (endpoint == NULL)
		return;
	eio_stop(endpoint);
	for (size_t i = 0; i < endpoint->table_size; i++) {
		for (struct eio_socket *s = endpoint->table[i]; s != NULL;
		     s = s->chain) {
			if (s->state == EIO_STATE_CLOSING)
				eio_session_gone(s);
		}
	}
	eio_session_release(endpoint);
	eio_clocks_stop(endpoint);
	ws_timer_stop(endpoint->turn);
	sio_text_free(&endpoint->in);
	sio_text_free(&endpoint->out);
	ws_mem_free(endpoint->table);
	ws_mem_free(endpoint->cors.origin);
	ws_mem_free(endpoint->cookie);
	ws_mem_free(endpoint->fields);
	ws_mem_free(endpoint);
}

struct ws_server *
eio_server(const struct eio *endpoint)
{
	return endpoint->server;
}

void *
eio_endpoint_user(const struct eio *endpoint)
{
	return endpoint->user;
}

size_t
eio_count(const struct eio *endpoint)
{
	return endpoint->count;
}
