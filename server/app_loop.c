/* app_loop.c - timers, descriptors and deferred work of the application. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "server.h"

struct ws_timer {
	struct ws_heap_timer heap;     /* first: the heap hands it back */
	struct ws_timer *next, **link; /* in server->timers */
	struct ws_server *server;
	int64_t repeat_ms;
	void (*fire)(struct ws_timer *timer, void *arg);
	void *arg;
	bool firing;  /* fire is being called */
	bool stopped; /* by fire itself, to be released after it */
};

struct ws_watch {
	struct ws_io io;               /* first: the loop hands it back */
	struct ws_watch *next, **link; /* in server->watches */
	struct ws_server *server;
	void (*ready)(struct ws_watch *watch, unsigned events, void *arg);
	void *arg;
};

struct deferred {
	struct ws_work work; /* first: the loop hands it back */
	struct ws_server *server;
	void (*run)(void *arg);
	void *arg;
};

/* A call of ws_at_free or ws_at_stop that is to be made. */
struct ws_end_call {
	struct ws_end_call *next;
	bool at_stop;
	void (*run)(void *arg);
	void *arg;
};

/* ---- timers ------------------------------------------------------------ */

static void
free_timer(struct ws_timer *timer)
{
	ws_heap_cancel(&timer->server->core.loop.heap, &timer->heap);
	*timer->link = timer->next;
	if (timer->next != NULL)
		timer->next->link = timer->link;
	ws_mem_free(timer);
}

/* Return a time by_ms after ms, or the end of time if that is later. */
static int64_t
later(int64_t ms, int64_t by_ms)
{
	return by_ms < INT64_MAX - ms ? ms + by_ms : INT64_MAX;
}

static void
on_due(struct ws_heap_timer *heap_timer)
{
	struct ws_timer *timer = WS_OUTER(struct ws_timer, heap, heap_timer);
	struct ws_loop *loop = &timer->server->core.loop;
	int64_t due_ms = later(heap_timer->due_ms, timer->repeat_ms);

	/* Calls that were missed are left out, not made up for. */
	if (timer->repeat_ms > 0)
		(void)ws_heap_set(&loop->heap, heap_timer,
		    due_ms > loop->now_ms
			? due_ms
			: later(loop->now_ms, timer->repeat_ms),
		    on_due);
	timer->firing = true;
	ws_budget_begin_call(&loop->budget);
	timer->fire(timer, timer->arg);
	timer->firing = false;
	if (timer->stopped || heap_timer->place == 0)
		free_timer(timer);
}

struct ws_timer *
ws_timer_start(struct ws_server *server, int64_t delay_ms, int64_t repeat_ms,
    void (*fire)(struct ws_timer *timer, void *arg), void *arg)
{
	struct ws_timer *timer = ws_mem_resize(NULL, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	*timer = (struct ws_timer){ .server = server,
		.repeat_ms = repeat_ms,
		.fire = fire,
		.arg = arg };
	if (ws_timer_again(timer, delay_ms) < 0) {
		ws_mem_free(timer);
		return NULL;
	}
	timer->next = server->timers;
	timer->link = &server->timers;
	if (timer->next != NULL)
		timer->next->link = &timer->next;
	server->timers = timer;
	return timer;
}

int
ws_timer_again(struct ws_timer *timer, int64_t delay_ms)
{
	struct ws_loop *loop = &timer->server->core.loop;
	int64_t delay = delay_ms > 0 ? delay_ms : 0;

	return ws_heap_set(&loop->heap, &timer->heap,
		   later(ws_loop_now(loop), delay), on_due) < 0
		   ? WS_ENOMEM
		   : 0;
}

void
ws_timer_stop(struct ws_timer *timer)
{
	if (timer == NULL)
		return;
	timer->stopped = true;
	if (timer->firing)
		ws_heap_cancel(&timer->server->core.loop.heap, &timer->heap);
	else
		free_timer(timer);
}

/* ---- descriptors ------------------------------------------------------- */

static void
on_watched(struct ws_io *io, unsigned events)
{
	struct ws_watch *watch = WS_OUTER(struct ws_watch, io, io);

	watch->ready(watch, events, watch->arg);
}

/* Log why a descriptor cannot be watched, and keep errno. */
static void
refuse_watch(struct ws_server *server, int fd)
{
	int error = errno;

	ws_log(&server->core.log, WS_LOG_ERROR,
	    "cannot watch descriptor %d: %s", fd,
	    error == EPERM ? "it is always ready, as a regular file is: read "
			     "it without waiting"
			   : strerror(error));
	errno = error;
}

struct ws_watch *
ws_watch(struct ws_server *server, int fd, unsigned events,
    void (*ready)(struct ws_watch *watch, unsigned events, void *arg),
    void *arg)
{
	struct ws_watch *watch = ws_mem_resize(NULL, sizeof(*watch));

	if (watch == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	*watch = (struct ws_watch){ .io = { .ready = on_watched, .fd = fd },
		.server = server,
		.ready = ready,
		.arg = arg };
	if (ws_loop_want(&server->core.loop, &watch->io, events) < 0) {
		refuse_watch(server, fd);
		ws_mem_free(watch);
		return NULL;
	}
	watch->next = server->watches;
	watch->link = &server->watches;
	if (watch->next != NULL)
		watch->next->link = &watch->next;
	server->watches = watch;
	return watch;
}

int
ws_watch_set(struct ws_watch *watch, unsigned events)
{
	struct ws_loop *loop = &watch->server->core.loop;

	return ws_loop_want(loop, &watch->io, events) < 0 ? WS_ESYSTEM : 0;
}

void
ws_unwatch(struct ws_watch *watch)
{
	if (watch == NULL)
		return;
	ws_loop_forget(&watch->server->core.loop, &watch->io);
	*watch->link = watch->next;
	if (watch->next != NULL)
		watch->next->link = watch->link;
	ws_mem_free(watch);
}

/* ---- work -------------------------------------------------------------- */

static void
run_deferred(struct ws_work *work)
{
	struct deferred *d = WS_OUTER(struct deferred, work, work);
	void (*run)(void *arg) = d->run;
	void *arg = d->arg;

	ws_budget_begin_call(&d->server->core.loop.budget);
	ws_mem_free(d);
	run(arg);
}

int
ws_defer(struct ws_server *server, void (*run)(void *arg), void *arg)
{
	struct deferred *d = ws_mem_resize(NULL, sizeof(*d));

	if (d == NULL)
		return WS_ENOMEM;
	*d = (struct deferred){ .work = { .run = run_deferred },
		.server = server,
		.run = run,
		.arg = arg };
	ws_loop_defer(&server->core.loop, &d->work);
	return 0;
}

bool
ws_spend(struct ws_server *server, size_t cost)
{
	ws_core_spend(&server->core, cost);
	return server->core.loop.budget.visit > 0;
}

/* ---- the end ----------------------------------------------------------- */

static int
add_end_call(
    struct ws_server *server, bool at_stop, void (*run)(void *arg), void *arg)
{
	struct ws_end_call *call = ws_mem_resize(NULL, sizeof(*call));

	if (call == NULL)
		return WS_ENOMEM;
	*call = (struct ws_end_call){ .next = server->end_calls,
		.at_stop = at_stop,
		.run = run,
		.arg = arg };
	server->end_calls = call;
	return 0;
}

int
ws_at_free(struct ws_server *server, void (*run)(void *arg), void *arg)
{
	return add_end_call(server, false, run, arg);
}

int
ws_at_stop(struct ws_server *server, void (*run)(void *arg), void *arg)
{
	return add_end_call(server, true, run, arg);
}

void
ws_at_free_cancel(struct ws_server *server, void (*run)(void *arg), void *arg)
{
	struct ws_end_call **link = &server->end_calls, *call;

	while ((call = *link) != NULL && (call->run != run || call->arg != arg))
		link = &call->next;
	if (call == NULL)
		return;
	*link = call->next;
	ws_mem_free(call);
}

/* A function that is called may cancel others, so the list is read anew each
 * time. */
static void
make_end_calls(struct ws_server *server, bool at_stop)
{
	struct ws_end_call **link = &server->end_calls, *call;

	while ((call = *link) != NULL) {
		if (call->at_stop != at_stop) {
			link = &call->next;
			continue;
		}
		*link = call->next;
		call->run(call->arg);
		ws_mem_free(call);
		link = &server->end_calls;
	}
}

void
ws_app_loop_at_stop(struct ws_server *server)
{
	make_end_calls(server, true);
}

void
ws_app_loop_at_free(struct ws_server *server)
{
	struct ws_end_call *call;

	make_end_calls(server, false);
	while ((call = server->end_calls) != NULL) {
		server->end_calls = call->next;
		ws_mem_free(call);
	}
}

void
ws_app_loop_free(struct ws_server *server)
{
	struct ws_work *work;

	while (server->timers != NULL)
		free_timer(server->timers);
	while (server->watches != NULL)
		ws_unwatch(server->watches);
	while ((work = server->core.loop.work) != NULL) {
		ws_loop_undefer(&server->core.loop, work);
		ws_mem_free(work);
	}
}
