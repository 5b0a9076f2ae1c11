/* stop.c - the end of a server, in good order or at once. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/mem.h"
#include "net/signal.h"
#include "server.h"

/* Milliseconds that ws_serve gives connections to end: what close_ms is by
 * default, so that a peer which never answers a Close frame is waited for
 * once. */
#define USUAL_GRACE_MS 5000

void
ws_stop_all_at_once(struct ws_server *server)
{
	for (size_t i = server->conns_count; i > 0; i--) {
		server->conns[i - 1]->closed_by_us = true;
		ws_conn_kill(server->conns[i - 1], "the server ended");
	}
}

static void
on_grace_over(struct ws_heap_timer *timer)
{
	struct ws_server *server =
	    WS_OUTER(struct ws_server, grace_timer, timer);

	if (server->conns_count > 0)
		ws_log(&server->core.log, WS_LOG_WARN,
		    "%zu connections did not end in time", server->conns_count);
	ws_stop_all_at_once(server);
}

/* Start to end one connection in good order. */
static void
wind_down(struct ws_conn *c)
{
	switch ((enum ws_conn_state)c->state) {
	case WS_CONN_OPEN:
		ws_conn_close(
		    c, WS_CLOSE_GOING_AWAY, "the server is shutting down");
		return;
	case WS_CONN_HTTP:
		if (c->request != NULL)
			return; /* its answer will be the last */
		if (ws_queued(c) > 0)
			ws_conn_linger(c, "the server is shutting down");
		else
			ws_conn_kill(c, "the server is shutting down");
		return;
	case WS_CONN_STREAMING:
		ws_stream_stop(c);
		return;
	case WS_CONN_HOLDING:
	case WS_CONN_RESPONDING:
	case WS_CONN_CLOSING:
	case WS_CONN_LINGER:
	case WS_CONN_DEAD:
		return;
	}
}

void
ws_stop(struct ws_server *server, int grace_ms)
{
	struct ws_loop *loop = &server->core.loop;
	bool first = !server->core.stopping;

	server->core.stopping = true;
	if (first)
		ws_app_loop_at_stop(server);
	ws_listen_stop(server);
	if (first) {
		for (size_t i = server->conns_count; i > 0; i--)
			wind_down(server->conns[i - 1]);
	}
	if (grace_ms <= 0 ||
	    ws_heap_set(&loop->heap, &server->grace_timer,
		ws_loop_now(loop) + grace_ms, on_grace_over) < 0)
		ws_stop_all_at_once(server);
}

bool
ws_stopped(const struct ws_server *server)
{
	return server->core.stopping && server->conns_count == 0;
}

/* ---- signals ------------------------------------------------------------ */

struct stopper {
	struct ws_server *server; /* borrowed */
	struct ws_signal signal;
	struct ws_watch *watch; /* owned by the server */
	int grace_ms;
};

static void
on_signal(struct ws_watch *watch, unsigned events, void *arg)
{
	struct stopper *s = arg;
	struct ws_log *log = &s->server->core.log;
	bool again = s->server->core.stopping;

	(void)watch;
	(void)events;
	if (!ws_signal_take(&s->signal))
		return;
	/* It stands among the lines of a shell, so it says whose it is. */
	ws_log(log, WS_LOG_INFO, "%s%s", log->name != NULL ? log->name : "",
	    again ? "stopping at once"
		  : "stopping: a second signal ends all at once");
	ws_stop(s->server, again ? 0 : s->grace_ms);
}

static void
free_stopper(void *arg)
{
	struct stopper *s = arg;

	ws_unwatch(s->watch);
	ws_signal_close(&s->signal);
	ws_mem_free(s);
}

int
ws_stop_on_signal(struct ws_server *server, int signal, int grace_ms)
{
	struct stopper *s = ws_mem_resize(NULL, sizeof(*s));
	int result;

	if (s == NULL)
		return WS_ENOMEM;
	*s = (struct stopper){ .server = server, .grace_ms = grace_ms };
	if (ws_signal_open(&s->signal, signal) < 0) {
		ws_mem_free(s);
		return errno == EINVAL ? WS_EINVAL : WS_ESYSTEM;
	}
	s->watch = ws_watch(server, s->signal.fd, WS_READABLE, on_signal, s);
	result =
	    s->watch != NULL ? ws_at_free(server, free_stopper, s) : WS_ESYSTEM;
	if (result < 0) {
		int saved = errno; /* closing the signal may change it */

		free_stopper(s);
		errno = saved;
	}
	return result;
}

int
ws_stop_as_usual(struct ws_server *server)
{
	static const int usual[] = { SIGINT, SIGTERM };
	int result = 0;

	for (size_t i = 0; i < WS_LEN(usual) && result == 0; i++) {
		if (ws_signal_is_default(usual[i]))
			result =
			    ws_stop_on_signal(server, usual[i], USUAL_GRACE_MS);
	}
	return result;
}
