/* conn_list.c - requests that wait for the listing of a large directory. */
/* SPDX-License-Identifier: MIT */
/*
 * To list 10,000 files takes some 20 ms. So a listing that is not complete
 * after its first part goes on in the turns that follow, a part in each, and
 * the request is held. One listing is made at a time; all others wait in a
 * queue, without a descriptor of their own:
 *
 *	the first    /many/   is read ──▶ complete: all that joined are answered
 *	             /many/   joined: it waited when the reading began
 *	             /other/  waits: asked again when its time has come
 *	the last     /many/   waits: it may know of a file that is newer than the
 *	                      reading
 *
 * When a client leaves, its place in the queue goes with it.
 */
#include "conn.h"
#include "base/mem.h"

/* Entries read or written in a turn: about 1.5 ms. With the double a turn that
 * is full of other work would come near to 20 ms. */
#define LIST_ENTRIES 1000

/* Answers sent in a turn of those that joined: about 1 ms. */
#define LIST_ANSWERS 100

/* The place of one request in the queue. */
struct ws_list_wait {
	struct ws_list_wait *next;
	struct ws_request *request; /* borrowed, held */
	struct ws_static_ask ask;   /* its path is in the request's head */
	bool joined; /* the reading that goes on is for this one, too */
};

static bool
is_same(const struct ws_list_wait *a, const struct ws_list_wait *b)
{
	return a->ask.root == b->ask.root &&
	       ws_span_equal(a->ask.path, b->ask.path);
}

/* Take a request out of the queue. */
static void
leave(struct ws_lists *lists, struct ws_list_wait *wait)
{
	struct ws_list_wait **link = &lists->first;

	while (*link != wait)
		link = &(*link)->next;
	*link = wait->next;
	if (wait->next == NULL)
		lists->end = link;
	ws_mem_free(wait);
}

/* Find the first that joined, or NULL. */
static struct ws_list_wait *
first_joined(const struct ws_lists *lists)
{
	struct ws_list_wait *wait = lists->first;

	while (wait != NULL && !wait->joined)
		wait = wait->next;
	return wait;
}

/* Forget the listing that was made. */
static void
end_reading(struct ws_lists *lists)
{
	ws_files_list_free(lists->reading);
	ws_chunk_unref(lists->ready);
	lists->reading = NULL;
	lists->ready = NULL;
}

/* A client has left. */
static void
on_gone(struct ws_request *request, void *arg)
{
	struct ws_core *core = request->conn->core;

	leave(&core->lists, arg);
	if (first_joined(&core->lists) == NULL)
		end_reading(&core->lists);
	if (core->lists.first == NULL)
		ws_loop_undefer(&core->loop, &core->lists.work);
}

/* Answer a request that waited, or have it wait again: with a listing, or by
 * asking anew. */
static void
answer(struct ws_lists *lists, struct ws_list_wait *wait)
{
	struct ws_request *request = wait->request;
	struct ws_static_ask ask = wait->ask;

	leave(lists, wait);
	ask.listing = lists->ready;
	request->on_hold = false;
	request->conn->state = WS_CONN_HTTP;
	(void)lists->reply(request, &ask);
}

/* Answer some of those that joined. */
static void
answer_joined(struct ws_lists *lists)
{
	struct ws_list_wait *wait;

	for (int i = 0; i < LIST_ANSWERS; i++) {
		wait = first_joined(lists);
		if (wait == NULL) {
			end_reading(lists);
			return;
		}
		answer(lists, wait);
	}
}

/* Go on with the listing that is being made. */
static void
go_on(struct ws_lists *lists)
{
	int result = ws_files_list_step(lists->reading, LIST_ENTRIES);
	struct ws_list_wait *wait;

	if (result == 0)
		return;
	if (result > 0)
		lists->ready = ws_static_list_chunk(lists->reading);
	ws_files_list_free(lists->reading);
	lists->reading = NULL;
	if (lists->ready != NULL)
		return;
	wait = first_joined(lists);
	wait->request->on_hold = false;
	ws_conn_kill(wait->request->conn, "out of memory");
	leave(lists, wait);
	for (wait = lists->first; wait != NULL; wait = wait->next)
		wait->joined = false;
}

/* Do the part of a turn. */
static void
run(struct ws_work *work)
{
	struct ws_lists *lists = WS_OUTER(struct ws_lists, work, work);
	struct ws_core *core = lists->core;

	if (lists->ready != NULL)
		answer_joined(lists);
	else if (lists->reading != NULL)
		go_on(lists);
	else if (lists->first != NULL)
		answer(lists, lists->first);
	if (lists->first != NULL)
		ws_loop_defer(&core->loop, work);
}

/* Put a request into the queue: at its front with the listing that is to be
 * made now, and those that have waited for the same join; at its end when
 * another one is being made. */
static void
enqueue(struct ws_lists *lists, struct ws_list_wait *wait,
    struct ws_files_list *list)
{
	if (lists->reading != NULL || lists->ready != NULL) {
		ws_files_list_free(list);
		*lists->end = wait;
		lists->end = &wait->next;
		return;
	}
	lists->reading = list;
	wait->joined = true;
	wait->next = lists->first;
	if (lists->first == NULL)
		lists->end = &wait->next;
	lists->first = wait;
	for (struct ws_list_wait *w = wait->next; w != NULL; w = w->next)
		w->joined = is_same(w, wait);
}

int
ws_request_list(struct ws_request *request, const struct ws_static_ask *ask,
    struct ws_files_list *list,
    int (*reply)(struct ws_request *request, struct ws_static_ask *ask))
{
	struct ws_core *core = request->conn->core;
	struct ws_lists *lists = &core->lists;
	struct ws_list_wait *wait = ws_mem_resize(NULL, sizeof(*wait));
	size_t path_at = (size_t)(ask->path.at - request->base);

	if (wait == NULL || ws_hold(request, on_gone, wait) < 0) {
		ws_mem_free(wait);
		ws_files_list_free(list);
		return -1;
	}
	/* ws_hold has copied the head. */
	*wait = (struct ws_list_wait){ .request = request, .ask = *ask };
	wait->ask.path.at = request->base + path_at;
	lists->core = core;
	lists->work.run = run;
	lists->reply = reply;
	if (lists->first == NULL)
		lists->end = &lists->first;
	enqueue(lists, wait, list);
	ws_loop_defer(&core->loop, &lists->work);
	return 0;
}
