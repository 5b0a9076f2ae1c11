/* engine.c - endpoints of Engine.IO: options, routes, timers. */
/* SPDX-License-Identifier: MIT */
/*
 * An endpoint is a path of a server, a table of sessions, and a few timers.
 * The files of this folder, from the lowest to the highest:
 *
 *	payload.c      packets and bodies, as octets
 *	twice.c        text that old clients encode twice
 *	sid.c          identifiers of sessions, as text
 *	jsonp.c        bodies as scripts
 *	query.c        parameters of requests
 *	timeouts.c     deadlines
 *	cors.c         which pages of other sites may read answers
 *	answer.c       how requests are answered and refused
 *	handshake.c    what a session keeps of its first request
 *	message.c      one message for many
 *	records.c      packets that wait for a client to poll
 *	session.c      the life of a session, whatever carries it
 *	poll_answer.c  the answer to a GET that polls
 *	polling.c      sessions that requests carry
 *	post.c         what a client that polls sends
 *	websocket.c    sessions that a WebSocket carries, or may soon
 *	requests.c     which requests are good, and for what
 *	engine.c       endpoints
 */
#include "engine.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "polling.h"
#include "post.h"
#include "requests.h"
#include "session.h"
#include "websocket.h"

enum {
	/* The timer for the end of a turn is set when there is something to do,
	 * which cannot fail because it exists; else it fires for nothing. */
	IDLE_MS = 60 * 60 * 1000,
};

static void
set_default(int *member, int otherwise)
{
	if (*member <= 0)
		*member = otherwise;
}

/* Copy the options, and put the defaults in. Returns 0 or WS_ENOMEM. */
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
	eio->fields = ws_mem_copy(o->fields != NULL ? o->fields : fields);
	eio->cookie = o->cookie != NULL ? ws_mem_copy(o->cookie) : NULL;
	if (eio->fields == NULL || (o->cookie != NULL && eio->cookie == NULL))
		return WS_ENOMEM;
	o->fields = eio->fields;
	o->cookie = eio->cookie;
	return eio_cors_init(&eio->cors, o);
}

static void
on_reader(struct ws_timer *timer, void *arg)
{
	(void)timer;
	eio_post_turn(arg);
}

static void
on_turn_end(struct ws_timer *timer, void *arg)
{
	struct eio *eio = arg;

	(void)timer;
	eio_polling_turn(eio);
	eio_sessions_release(eio);
}

static int
start_timers(struct eio *eio)
{
	eio->turn_end =
	    ws_timer_start(eio->server, IDLE_MS, IDLE_MS, on_turn_end, eio);
	eio->reader =
	    ws_timer_start(eio->server, IDLE_MS, IDLE_MS, on_reader, eio);
	if (eio->turn_end == NULL || eio->reader == NULL ||
	    eio_sessions_start(eio) < 0 || eio_polling_start(eio) < 0)
		return WS_ENOMEM;
	return ws_random(eio->key, sizeof(eio->key));
}

/* Serve a path. Returns 0 or an enum ws_error. */
static int
add_route(struct eio *eio, const char *path)
{
	struct ws_handler handler = eio_websocket_handler();
	int result = ws_http(eio->server, path, NULL, eio_requests_handle, eio);

	handler.upgrade = eio_requests_upgrade;
	handler.max_message = eio->options.max_payload;
	handler.deflate_min =
	    eio->options.deflate_min > 0 ? eio->options.deflate_min : -1;
	handler.origin = eio_cors_websocket(&eio->cors);
	if (result == 0)
		result =
		    ws_http_body(eio->server, path, eio->options.max_payload,
			eio_requests_early, eio_requests_broken);
	if (result == 0)
		result = ws_endpoint(eio->server, path, &handler, eio);
	return result;
}

/* Serve all paths below one; and that one itself if the options say so, which
 * is not possible for "/". Returns 0 or an enum ws_error. */
static int
add_routes(struct eio *eio, const char *path)
{
	size_t len = strlen(path);
	char *below = ws_mem_resize(NULL, len + 2);
	int result;

	if (below == NULL)
		return WS_ENOMEM;
	memcpy(below, path, len);
	if (len == 0 || path[len - 1] != '/')
		below[len++] = '/';
	below[len] = '\0';
	result = add_route(eio, below);
	below[len - 1] = '\0';
	if (result == 0 && eio->options.no_slash && len > 1)
		result = add_route(eio, below);
	ws_mem_free(below);
	return result;
}

static bool
shut_down(struct eio_session *session, void *arg)
{
	(void)arg;
	eio_session_end(session, "server shutting down", EIO_END_LAST);
	return true;
}

static bool
shut_down_poll(struct eio_session *session, void *arg)
{
	return eio_poll_of(session) == NULL || shut_down(session, arg);
}

/* WebSockets are closed by the server itself, with 1001. */
static void
stop_with_server(void *arg)
{
	struct eio *eio = arg;

	eio->stopping = true;
	eio_walk(eio, shut_down_poll, NULL);
}

static void
free_with_server(void *arg)
{
	eio_free(arg);
}

struct eio *
eio_new(struct ws_server *server, const char *path,
    const struct eio_options *options, const struct eio_handler *handler,
    void *user)
{
	struct eio *eio =
	    path != NULL ? ws_mem_resize(NULL, sizeof(*eio)) : NULL;
	int result;

	if (eio == NULL) {
		errno = path != NULL ? ENOMEM : EINVAL;
		return NULL;
	}
	*eio =
	    (struct eio){ .server = server, .handler = *handler, .user = user };
	ws_deadlines_init(&eio->ended);
	ws_deadlines_init(&eio->flushes);
	ws_deadlines_init(&eio->unread);
	result = set_options(eio, options);
	if (result == 0)
		result = start_timers(eio);
	if (result == 0)
		result = ws_at_free(server, free_with_server, eio);
	if (result == 0)
		result = ws_at_stop(server, stop_with_server, eio);
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
    bool (*visit)(struct eio_session *session, void *arg), void *arg)
{
	eio_sessions_walk(endpoint, EIO_STATE_OPEN, visit, arg);
}

static bool
end_for_good(struct eio_session *session, void *arg)
{
	(void)arg;
	eio_session_gone(session);
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
	ws_at_free_cancel(endpoint->server, free_with_server, endpoint);
	ws_at_free_cancel(endpoint->server, stop_with_server, endpoint);
	eio_stop(endpoint);
	eio_sessions_walk(endpoint, EIO_STATE_CLOSING, end_for_good, NULL);
	eio_sessions_release(endpoint);
	eio_sessions_stop(endpoint);
	eio_polling_stop(endpoint);
	ws_timer_stop(endpoint->turn_end);
	ws_timer_stop(endpoint->reader);
	sio_text_free(&endpoint->in);
	sio_text_free(&endpoint->out);
	ws_mem_free(endpoint->silent);
	eio_cors_fini(&endpoint->cors);
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
	return endpoint->open_count;
}

bool
eio_cors(const struct eio *endpoint, struct ws_request *request)
{
	return eio_cors_fields(&endpoint->cors, request) &&
	       eio_cors_preflight(&endpoint->cors, request);
}
