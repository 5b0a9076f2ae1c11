/* ack.c - acknowledgements that clients owe the server. */
/* SPDX-License-Identifier: MIT */
/*
 * Socket.IO protocol v5, "Acknowledgement": an event with a number is answered
 * by an acknowledgement with the same number.
 *
 *	27["question",1]   ────▶
 *	                   ◀────   37["answer"]
 *
 * The numbers come from one counter for all of a namespace, so an event for
 * many sockets carries the same one to each. A question is such an event. Each
 * socket that has not answered it has an entry in two lists:
 *
 *	question ──▶ pending ── sibling ──▶ pending ── sibling ──▶ ...
 *	                │                      │
 *	             socket A               socket B: a ring of what it was
 *	                                    asked, the oldest first
 *
 * Answers mostly come in order, so the search of a socket's ring, which begins
 * with the oldest, is short. A question ends when all have answered, have left,
 * or the time has passed.
 */
#include <string.h>

#include "ack.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"

/* The answer that one socket owes. */
struct sio_pending {
	struct sio_pending *next; /* in the ring; of the newest, the oldest */
	struct sio_pending *sibling;   /* of the same question */
	struct sio_question *question; /* borrowed */
	struct sio_socket *socket;     /* borrowed; NULL: in no ring any more */
	int64_t id;
};

struct sio_question {
	void (*on_ack)(struct sio_socket *socket, int error,
	    struct sio_value args, void *arg);
	void *arg;
	struct ws_server *server;    /* borrowed */
	struct ws_timer *timer;      /* owned; NULL: it waits for ever */
	struct sio_pending *pending; /* owned list, by sibling */
	size_t unanswered;           /* answers that are still to come */
	int64_t id;                  /* drawn last */
	bool single;
	bool all_asked;    /* all sockets have been asked */
	bool lacks_answer; /* a socket has left without an answer */
};

static const struct sio_value nothing = { 0 };

/* ---- the ring of a socket ----------------------------------------------- */

/* A socket knows the newest of the ring, so both ends are at hand. */
static void
append(struct sio_socket *socket, struct sio_pending *pending)
{
	struct sio_pending *newest = socket->pending;

	pending->socket = socket;
	pending->next = pending;
	if (newest != NULL) {
		pending->next = newest->next;
		newest->next = pending;
	}
	socket->pending = pending;
}

/* Take an entry out of the ring that it is in, if any. */
static void
withdraw(struct sio_pending *pending)
{
	struct sio_socket *socket = pending->socket;
	struct sio_pending *before;

	if (socket == NULL)
		return;
	before = socket->pending;
	while (before->next != pending)
		before = before->next;
	before->next = pending->next;
	if (socket->pending == pending)
		socket->pending = before != pending ? before : NULL;
	pending->socket = NULL;
}

static struct sio_pending *
find(const struct sio_socket *socket, int64_t id)
{
	struct sio_pending *newest = socket->pending, *pending = newest;

	if (newest == NULL)
		return NULL;
	do {
		pending = pending->next;
		if (pending->id == id)
			return pending;
	} while (pending != newest);
	return NULL;
}

/* ---- asking ------------------------------------------------------------ */

void
sio_ack_release(struct sio_question *question)
{
	struct sio_pending *pending;

	ws_timer_stop(question->timer);
	while ((pending = question->pending) != NULL) {
		question->pending = pending->sibling;
		withdraw(pending);
		ws_memory_hold(question->server, -(long)sizeof(*pending));
		ws_mem_free(pending);
	}
	ws_memory_hold(question->server, -(long)sizeof(*question));
	ws_mem_free(question);
}

/* Release a question, then tell the application how it ended. */
static void
end(struct sio_question *question, struct sio_socket *socket, int error,
    struct sio_value args)
{
	struct sio_question was = *question;

	sio_ack_release(question);
	was.on_ack(socket, error, args, was.arg);
}

static void
on_timeout(struct ws_timer *timer, void *arg)
{
	struct sio_question *question = arg;

	(void)timer;
	question->timer = NULL; /* it fires once, and is then released */
	end(question, question->single ? question->pending->socket : NULL,
	    WS_ESTATE, nothing);
}

struct sio_question *
sio_ack_new(struct sio *io,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, int timeout_ms, bool single)
{
	struct sio_question *question = ws_mem_resize(NULL, sizeof(*question));

	if (question == NULL)
		return NULL;
	*question = (struct sio_question){ .on_ack = on_ack,
		.arg = arg,
		.single = single,
		.server = io->server };
	ws_memory_hold(io->server, sizeof(*question));
	if (timeout_ms <= 0)
		return question;
	question->timer =
	    ws_timer_start(io->server, timeout_ms, 0, on_timeout, question);
	if (question->timer != NULL)
		return question;
	sio_ack_release(question);
	return NULL;
}

int64_t
sio_ack_number(struct sio_question *question, struct sio_nsp *nsp)
{
	question->id = nsp->next_ack++;
	return question->id;
}

int
sio_ack_expect(struct sio_question *question, struct sio_socket *socket)
{
	struct sio_pending *pending = ws_mem_resize(NULL, sizeof(*pending));

	if (pending == NULL)
		return WS_ENOMEM;
	ws_memory_hold(question->server, sizeof(*pending));
	pending->id = question->id;
	pending->question = question;
	pending->sibling = question->pending;
	question->pending = pending;
	question->unanswered++;
	append(socket, pending);
	return 0;
}

bool
sio_ack_forget(struct sio_socket *socket, int64_t id)
{
	struct sio_pending *pending = find(socket, id);

	if (pending == NULL)
		return false;
	withdraw(pending);
	pending->question->unanswered--;
	pending->question->lacks_answer = true;
	return true;
}

/* ---- answers ----------------------------------------------------------- */

static void
end_if_complete(struct sio_question *question)
{
	if (question->all_asked && question->unanswered == 0)
		end(question, NULL, question->lacks_answer ? WS_ECLOSED : 0,
		    nothing);
}

void
sio_ack_asked(struct sio_question *question)
{
	question->all_asked = true;
	end_if_complete(question);
}

/* A socket has answered, or has left (WS_ECLOSED). */
static void
resolve(struct sio_pending *pending, int error, struct sio_value args)
{
	struct sio_question *question = pending->question;
	struct sio_socket *socket = pending->socket;

	withdraw(pending);
	if (question->single) {
		end(question, socket, error, args);
		return;
	}
	/* While it counts as left, the callback cannot end the question. */
	if (error == 0)
		question->on_ack(socket, 0, args, question->arg);
	else
		question->lacks_answer = true;
	question->unanswered--;
	end_if_complete(question);
}

void
sio_ack_came(struct sio_socket *socket, int64_t id, struct sio_value args)
{
	struct sio_pending *pending = find(socket, id);

	/* Otherwise it is too late, or was never asked for. */
	if (pending != NULL)
		resolve(pending, 0, args);
}

void
sio_ack_none(struct sio_socket *socket)
{
	while (socket->pending != NULL)
		resolve(socket->pending->next, WS_ECLOSED, nothing);
}
