/* hooks.c - the functions that are registered with a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 * Hooks of a kind (sio_of_each) hold for all namespaces that it makes, so each
 * walk visits the hooks of the parent first and then the namespace's own. Hooks
 * are never removed while the server lives, but a hook may add others: so a
 * walk may be suspended at a hook and resumed behind it.
 *
 * Socket.IO documentation, "Middlewares", "Listening to events".
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "hooks.h"
#include "nsp.h"
#include "reply.h"
#include "socket.h"

/* ---- registering ------------------------------------------------------- */

int
sio_hooks_append(struct sio_hook **list, struct sio_hook hook)
{
	struct sio_hook *copy = ws_mem_resize(NULL, sizeof(*copy));

	if (copy == NULL)
		return WS_ENOMEM;
	*copy = hook;
	if (hook.name != NULL) {
		copy->name = ws_mem_copy(hook.name);
		if (copy->name == NULL) {
			ws_mem_free(copy);
			return WS_ENOMEM;
		}
	}
	while (*list != NULL)
		list = &(*list)->next;
	*list = copy;
	return 0;
}

/* Append a hook to those of its kind. Returns 0 or WS_ENOMEM. */
static int
add(struct sio_nsp *nsp, enum sio_hook_kind kind, struct sio_hook hook)
{
	return sio_hooks_append(&nsp->hooks[kind], hook);
}

int
sio_on_connection(struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket))
{
	return add(
	    nsp, SIO_HOOK_CONNECTION, (struct sio_hook){ .fn.connection = fn });
}

int
sio_on_disconnecting(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason))
{
	return add(
	    nsp, SIO_HOOK_DISCONNECTING, (struct sio_hook){ .fn.leaving = fn });
}

int
sio_on_disconnect(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason))
{
	return add(
	    nsp, SIO_HOOK_DISCONNECT, (struct sio_hook){ .fn.leaving = fn });
}

int
sio_on(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	if (name == NULL)
		return WS_EINVAL;
	return add(nsp, SIO_HOOK_EVENT,
	    (struct sio_hook){
		.name = (char *)(uintptr_t)name, .fn.event = fn });
}

int
sio_on_with(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event, void *arg),
    void *arg)
{
	if (name == NULL)
		return WS_EINVAL;
	return add(nsp, SIO_HOOK_EVENT,
	    (struct sio_hook){ .name = (char *)(uintptr_t)name,
		.fn.event_with = fn,
		.arg = arg,
		.with_arg = true });
}

int
sio_on_any(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	return add(nsp, SIO_HOOK_ANY, (struct sio_hook){ .fn.event = fn });
}

int
sio_on_any_outgoing(
    struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket, const char *name,
			     struct sio_value args))
{
	return add(
	    nsp, SIO_HOOK_ANY_OUTGOING, (struct sio_hook){ .fn.outgoing = fn });
}

int
sio_use(struct sio_nsp *nsp, enum sio_verdict (*fn)(struct sio_socket *socket))
{
	return add(nsp, SIO_HOOK_USE, (struct sio_hook){ .fn.use = fn });
}

int
sio_use_event(struct sio_nsp *nsp,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	return add(
	    nsp, SIO_HOOK_USE_EVENT, (struct sio_hook){ .fn.use_event = fn });
}

int
sio_on_expired(struct sio_nsp *nsp, void (*fn)(void *user))
{
	return add(
	    nsp, SIO_HOOK_EXPIRED, (struct sio_hook){ .fn.expired = fn });
}

int
sio_on_room(struct sio_nsp *nsp, enum sio_room_change change,
    void (*fn)(struct sio_socket *socket, const char *room))
{
	enum sio_hook_kind kind = SIO_HOOK_ROOM + change;

	if (change < SIO_ROOM_CREATED || change > SIO_ROOM_DELETED)
		return WS_EINVAL;
	return add(nsp, kind, (struct sio_hook){ .fn.room = fn });
}

/* ---- calling ----------------------------------------------------------- */

bool
sio_hooks_any(const struct sio_nsp *nsp, enum sio_hook_kind kind)
{
	return nsp->hooks[kind] != NULL ||
	       (nsp->parent != NULL && nsp->parent->hooks[kind] != NULL);
}

const struct sio_hook *
sio_hooks_next(struct sio_hooks_walk *walk, const struct sio_nsp *nsp,
    enum sio_hook_kind kind)
{
	const struct sio_hook *next = NULL;

	if (walk->at != NULL)
		next = walk->at->next;
	else if (nsp->parent != NULL && !walk->own)
		next = nsp->parent->hooks[kind];
	if (next == NULL && !walk->own) {
		walk->own = true;
		next = nsp->hooks[kind];
	}
	walk->at = next;
	return next;
}

void
sio_hooks_connection(struct sio_socket *socket)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;

	while (socket->state == SIO_CONNECTED &&
	       (h = sio_hooks_next(&walk, socket->nsp, SIO_HOOK_CONNECTION)) !=
		   NULL)
		h->fn.connection(socket);
}

void
sio_hooks_leaving(
    struct sio_socket *socket, enum sio_hook_kind kind, const char *reason)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;

	while ((h = sio_hooks_next(&walk, socket->nsp, kind)) != NULL)
		h->fn.leaving(socket, reason);
}

/* Call the hooks for an event: all of a kind, or those for its name. Returns
 * whether there was one. */
static bool
call(
    struct sio_socket *socket, enum sio_hook_kind kind, struct sio_event *event)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;
	bool called = false;

	while (socket->state == SIO_CONNECTED &&
	       (h = sio_hooks_next(&walk, socket->nsp, kind)) != NULL) {
		if (h->name != NULL && strcmp(h->name, event->name) != 0)
			continue;
		called = true;
		if (h->with_arg)
			h->fn.event_with(socket, event, h->arg);
		else
			h->fn.event(socket, event);
	}
	return called;
}

/* Log an event that no function waits for, mostly for a name that is spelt in
 * two ways: once for each name in a namespace, as far as they are remembered. */
static void
log_unhandled(struct sio_socket *socket, const struct sio_event *event)
{
	struct sio *io = socket->nsp->io;
	uint32_t id = sio_ids_hash(event->name) ^ socket->nsp->number;

	if (io->unhandled[id % WS_LEN(io->unhandled)] == id)
		return;
	io->unhandled[id % WS_LEN(io->unhandled)] = id;
	ws_log_line(io->server, WS_LOG_DEBUG, "events that nobody handles",
	    "%s sent \"%.100s\" to %.100s, where nobody handles this event",
	    eio_address(socket->client->session), event->name,
	    socket->nsp->name);
}

void
sio_hooks_event(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;
	bool any;

	while ((h = sio_hooks_next(&walk, socket->nsp, SIO_HOOK_USE_EVENT)) !=
	       NULL) {
		if (!h->fn.use_event(socket, event))
			return;
	}
	h = socket->extra != NULL ? socket->extra->guards : NULL;
	for (; h != NULL; h = h->next) {
		if (!h->fn.use_event(socket, event))
			return;
	}
	any = call(socket, SIO_HOOK_ANY, event);
	if (!call(socket, SIO_HOOK_EVENT, event) && !any &&
	    socket->state == SIO_CONNECTED)
		log_unhandled(socket, event);
}

void
sio_hooks_outgoing(
    struct sio_socket *socket, const char *name, struct sio_value args)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;

	while (socket->state == SIO_CONNECTED &&
	       (h = sio_hooks_next(
		    &walk, socket->nsp, SIO_HOOK_ANY_OUTGOING)) != NULL)
		h->fn.outgoing(socket, name, args);
}

void
sio_hooks_expired(struct sio_nsp *nsp, void *user)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;

	while (user != NULL &&
	       (h = sio_hooks_next(&walk, nsp, SIO_HOOK_EXPIRED)) != NULL)
		h->fn.expired(user);
}

void
sio_hooks_room(
    struct sio_socket *socket, enum sio_room_change change, const char *room)
{
	struct sio_hooks_walk walk = { 0 };
	const struct sio_hook *h;

	while ((h = sio_hooks_next(
		    &walk, socket->nsp, SIO_HOOK_ROOM + change)) != NULL)
		h->fn.room(socket, room);
}

void
sio_hooks_drop(struct sio_hook **list)
{
	struct sio_hook *hook;

	while ((hook = *list) != NULL) {
		*list = hook->next;
		ws_mem_free(hook->name);
		ws_mem_free(hook);
	}
}

void
sio_hooks_free(struct sio_nsp *nsp)
{
	for (int kind = 0; kind < SIO_HOOK_KINDS; kind++)
		sio_hooks_drop(&nsp->hooks[kind]);
}
