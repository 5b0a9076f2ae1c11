/* ack.c - acknowledgements: those that clients owe us, and those we owe. */
/* SPDX-License-Identifier: MIT */
/*
 * An event with a number is answered by an acknowledgement with the same one:
 *
 *	27["question",1]   ────▶
 *	                   ◀────   37["answer"]
 *
 * Our numbers come from one counter for all of a namespace, so an event for
 * many has the same one for each. Who has not answered yet stands in a list of
 * its socket, the oldest first, since answers mostly come in order. Those of
 * an event for many belong to its group, which ends when all have answered,
 * have left, or the time has passed.
 */
#include <string.h>

#include "io.h"

struct sio_group {
	struct sio *io;
	struct sio_pending like;
	struct ws_timer *timer;      /* owned, or NULL */
	struct sio_pending *members; /* owned list, by sibling */
	size_t left;                 /* that have not answered */
	bool begun;                  /* all members are there */
	bool missing;                /* one left without an answer */
};

/* ---- those that clients owe us ------------------------------------------ */

/* Those of a socket are in a ring, of which it knows the last: so both ends
 * are at hand, however many there are. */
static void
append(struct sio_socket *socket, struct sio_pending *pending)
{
	struct sio_pending *end = socket->pending;

	pending->socket = socket;
	pending->next = pending;
	if (end != NULL) {
		pending->next = end->next;
		end->next = pending;
	}
	socket->pending = pending;
}

/* Take one out of the ring of its socket. */
static void
withdraw(struct sio_pending *pending)
{
	struct sio_socket *socket = pending->socket;
	struct sio_pending *before = socket->pending;

	while (before->next != pending)
		before = before->next;
	before->next = pending->next;
	if (socket->pending == pending)
		socket->pending = before != pending ? before : NULL;
}

/* Tell how one that is in no list any more came out. */
static void
resolve(struct sio_pending *pending, int error, struct sio_value args)
{
	struct sio_pending was = *pending;

	ws_timer_stop(was.timer);
	ws_mem_free(pending);
	was.on_ack(was.socket, error, args, was.arg);
}

static void
on_timeout(struct ws_timer *timer, void *arg)
{
	struct sio_pending *pending = arg;

	(void)timer;
	pending->timer = NULL; /* it fires once and is released then */
	withdraw(pending);
	resolve(pending, WS_ESTATE, (struct sio_value){ 0 });
}

int
sio_ack_expect(
    struct sio_socket *socket, const struct sio_pending *like, int timeout_ms)
{
	struct sio_pending *pending = ws_mem_resize(NULL, sizeof(*pending));

	if (pending == NULL)
		return WS_ENOMEM;
	*pending = *like;
	pending->timer = NULL;
	if (timeout_ms > 0) {
		pending->timer = ws_timer_start(socket->nsp->io->server,
		    timeout_ms, 0, on_timeout, pending);
		if (pending->timer == NULL) {
			ws_mem_free(pending);
			return WS_ENOMEM;
		}
	}
	append(socket, pending);
	return 0;
}

static struct sio_pending *
find_pending(const struct sio_socket *socket, int64_t id)
{
	struct sio_pending *end = socket->pending, *pending = end;

	if (end == NULL)
		return NULL;
	do {
		pending = pending->next;
		if (pending->id == id)
			return pending;
	} while (pending != end);
	return NULL;
}

bool
sio_ack_forget(struct sio_socket *socket, int64_t id)
{
	struct sio_pending *pending = find_pending(socket, id);

	if (pending == NULL)
		return false; /* the socket has left, and it was told */
	withdraw(pending);
	ws_timer_stop(pending->timer);
	ws_mem_free(pending);
	return true;
}

/* ---- of many ----------------------------------------------------------- */

/* All is said: tell the end and release the group. */
static void
end_group(struct sio_group *group, int error)
{
	struct sio_pending like = group->like, *pending;

	ws_timer_stop(group->timer);
	while ((pending = group->members) != NULL) {
		group->members = pending->sibling;
		if (pending->socket != NULL)
			withdraw(pending);
		ws_mem_free(pending);
	}
	ws_mem_free(group);
	like.on_ack(NULL, error, (struct sio_value){ 0 }, like.arg);
}

static void
end_if_complete(struct sio_group *group)
{
	if (group->begun && group->left == 0)
		end_group(group, group->missing ? WS_ECLOSED : 0);
}

static void
on_group_timeout(struct ws_timer *timer, void *arg)
{
	struct sio_group *group = arg;

	(void)timer;
	group->timer = NULL;
	end_group(group, WS_ESTATE);
}

struct sio_group *
sio_ack_group(struct sio *io, const struct sio_pending *like, int timeout_ms)
{
	struct sio_group *group = ws_mem_resize(NULL, sizeof(*group));

	if (group == NULL)
		return NULL;
	memset(group, 0, sizeof(*group));
	group->io = io;
	group->like = *like;
	if (timeout_ms <= 0)
		return group;
	group->timer =
	    ws_timer_start(io->server, timeout_ms, 0, on_group_timeout, group);
	if (group->timer != NULL)
		return group;
	ws_mem_free(group);
	return NULL;
}

int64_t
sio_ack_group_id(struct sio_group *group, struct sio_nsp *nsp)
{
	group->like.id = nsp->next_ack++;
	return group->like.id;
}

int
sio_ack_expect_group(struct sio_socket *socket, struct sio_group *group)
{
	struct sio_pending *pending = ws_mem_resize(NULL, sizeof(*pending));

	if (pending == NULL)
		return WS_ENOMEM;
	*pending = group->like;
	pending->group = group;
	pending->sibling = group->members;
	group->members = pending;
	group->left++;
	append(socket, pending);
	return 0;
}

void
sio_ack_group_begun(struct sio_group *group, bool failed)
{
	struct sio_pending *pending;

	group->begun = true;
	if (!failed) {
		end_if_complete(group);
		return;
	}
	/* The caller is told by the result: nobody else. */
	ws_timer_stop(group->timer);
	while ((pending = group->members) != NULL) {
		group->members = pending->sibling;
		if (pending->socket != NULL)
			withdraw(pending);
		ws_mem_free(pending);
	}
	ws_mem_free(group);
}

void
sio_ack_forget_group(struct sio_socket *socket, struct sio_group *group)
{
	struct sio_pending *pending = find_pending(socket, group->like.id);

	if (pending == NULL)
		return; /* as above */
	withdraw(pending);
	pending->socket = NULL;
	group->left--;
	group->missing = true;
}

/* One of a group has answered, or left. */
static void
resolve_member(struct sio_pending *pending, int error, struct sio_value args)
{
	struct sio_group *group = pending->group;
	struct sio_socket *socket = pending->socket;

	pending->socket = NULL; /* it is in no list of a socket any more */
	group->left--;
	group->missing = group->missing || error < 0;
	if (error == 0) {
		/* The callback may do what it likes, but not end the group. */
		group->left++;
		group->like.on_ack(socket, 0, args, group->like.arg);
		group->left--;
	}
	end_if_complete(group);
}

void
sio_ack_came(struct sio_socket *socket, int64_t id, struct sio_value args)
{
	struct sio_pending *pending = find_pending(socket, id);

	if (pending == NULL)
		return; /* too late, or never asked for */
	withdraw(pending);
	if (pending->group != NULL)
		resolve_member(pending, 0, args);
	else
		resolve(pending, 0, args);
}

void
sio_ack_none(struct sio_socket *socket)
{
	static const struct sio_value nothing = { 0 };
	struct sio_pending *pending;

	while (socket->pending != NULL) {
		pending = socket->pending->next;
		withdraw(pending);
		if (pending->group != NULL)
			resolve_member(pending, WS_ECLOSED, nothing);
		else
			resolve(pending, WS_ECLOSED, nothing);
	}
}

/* ---- those that we owe -------------------------------------------------- */

struct sio_ack {
	struct sio_socket *socket; /* borrowed; NULL when it is gone */
	struct sio_ack *next;      /* of the same socket */
	struct sio_ack **link;     /* what points to it there */
	int64_t id;
};

const char *
sio_event_name(const struct sio_event *event)
{
	return event->name;
}

struct sio_value
sio_args(const struct sio_event *event)
{
	return sio_value_arguments(sio_document_root(event->document));
}

struct sio_value
sio_arg(const struct sio_event *event, size_t nth)
{
	return sio_at(sio_args(event), nth);
}

bool
sio_wants_ack(const struct sio_event *event)
{
	return event->id >= 0;
}

static int
acknowledge(
    struct sio_socket *socket, int64_t id, const char *format, va_list args)
{
	struct sio *io = socket->nsp->io;
	struct sio_out out;
	int result;

	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	if (io->telling || io->delivery != NULL)
		return WS_ESTATE;
	memset(&out, 0, sizeof(out));
	sio_out_begin(&io->text, socket->nsp);
	result = sio_format_array(&io->text, &out.binary, NULL, format, args);
	if (result == 0)
		result = sio_out_end(&io->text, socket->nsp, SIO_ACK, id, &out);
	return result < 0 ? result : sio_out_send(socket->client, &out, 0);
}

int
sio_ack(struct sio_event *event, const char *format, ...)
{
	int64_t id = event->id;
	va_list args;
	int result;

	if (id < 0)
		return WS_ESTATE;
	va_start(args, format);
	result = acknowledge(event->socket, id, format, args);
	va_end(args);
	if (result != WS_EINVAL)
		event->id = -1;
	return result;
}

struct sio_ack *
sio_ack_later(struct sio_event *event)
{
	struct sio_extra *extra;
	struct sio_ack *ack;

	if (event->id < 0 || event->socket->state != SIO_CONNECTED)
		return NULL;
	extra = sio_socket_extra(event->socket);
	ack = extra != NULL ? ws_mem_resize(NULL, sizeof(*ack)) : NULL;
	if (ack == NULL)
		return NULL;
	ack->socket = event->socket;
	ack->id = event->id;
	ack->next = extra->acks;
	ack->link = &extra->acks;
	if (ack->next != NULL)
		ack->next->link = &ack->next;
	extra->acks = ack;
	event->id = -1;
	return ack;
}

void
sio_ack_drop(struct sio_ack *ack)
{
	if (ack == NULL)
		return;
	if (ack->socket != NULL) {
		*ack->link = ack->next;
		if (ack->next != NULL)
			ack->next->link = ack->link;
		sio_socket_trim(ack->socket);
	}
	ws_mem_free(ack);
}

int
sio_ack_send(struct sio_ack *ack, const char *format, ...)
{
	va_list args;
	int result = WS_ECLOSED;

	if (ack->socket != NULL) {
		va_start(args, format);
		result = acknowledge(ack->socket, ack->id, format, args);
		va_end(args);
	}
	sio_ack_drop(ack);
	return result;
}

void
sio_ack_orphan(struct sio_socket *socket)
{
	for (struct sio_ack *ack = socket->extra->acks; ack != NULL;
	     ack = ack->next)
		ack->socket = NULL;
}
