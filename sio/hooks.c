/* hooks.c - who is called for what happens in a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 * What is registered with sio_of_each holds for all namespaces that it makes,
 * so each question goes to the parent first and then to the namespace. Hooks
 * are never taken away while the server lives: a callback may add some.
 */
#include <string.h>

#include "io.h"

/* ---- registering ------------------------------------------------------- */

/* Put a hook behind those of its kind. */
static int
add(struct sio_nsp *nsp, enum sio_hook_kind kind, const char *name,
    struct sio_hook hook)
{
	struct sio_hook *copy = ws_mem_resize(NULL, sizeof(*copy)),
			**link = &nsp->hooks[kind];

	if (copy == NULL)
		return WS_ENOMEM;
	*copy = hook;
	if (name != NULL) {
		copy->name = sio_io_copy(name, strlen(name));
		if (copy->name == NULL) {
			ws_mem_free(copy);
			return WS_ENOMEM;
		}
	}
	while (*link != NULL)
		link = &(*link)->next;
	*link = copy;
	return 0;
}

int
sio_on_connection(struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket))
{
	return add(nsp, SIO_HOOK_CONNECTION, NULL,
	    (struct sio_hook){ .fn.connection = fn });
}

int
sio_on_disconnecting(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason))
{
	return add(nsp, SIO_HOOK_DISCONNECTING, NULL,
	    (struct sio_hook){ .fn.leaving = fn });
}

int
sio_on_disconnect(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason))
{
	return add(nsp, SIO_HOOK_DISCONNECT, NULL,
	    (struct sio_hook){ .fn.leaving = fn });
}

int
sio_on(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	return add(
	    nsp, SIO_HOOK_EVENT, name, (struct sio_hook){ .fn.event = fn });
}

int
sio_on_any(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	return add(
	    nsp, SIO_HOOK_ANY, NULL, (struct sio_hook){ .fn.event = fn });
}

int
sio_on_any_outgoing(
    struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket, const char *name,
			     struct sio_value args))
{
	return add(nsp, SIO_HOOK_ANY_OUTGOING, NULL,
	    (struct sio_hook){ .fn.outgoing = fn });
}

int
sio_use(struct sio_nsp *nsp, enum sio_verdict (*fn)(struct sio_socket *socket))
{
	return add(nsp, SIO_HOOK_USE, NULL, (struct sio_hook){ .fn.use = fn });
}

int
sio_use_event(struct sio_nsp *nsp,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	return add(nsp, SIO_HOOK_USE_EVENT, NULL,
	    (struct sio_hook){ .fn.use_event = fn });
}

int
sio_on_expired(struct sio_nsp *nsp, void (*fn)(void *user))
{
	return add(
	    nsp, SIO_HOOK_EXPIRED, NULL, (struct sio_hook){ .fn.expired = fn });
}

/* ---- calling ----------------------------------------------------------- */

bool
sio_hooks_listen(const struct sio_nsp *nsp, enum sio_hook_kind kind)
{
	return nsp->hooks[kind] != NULL ||
	       (nsp->parent != NULL && nsp->parent->hooks[kind] != NULL);
}

void
sio_hooks_connection(struct sio_socket *socket)
{
	const struct sio_nsp *nsp = socket->nsp, *of = nsp->parent;

	for (int turn = 0; turn < 2; turn++, of = nsp) {
		if (of == NULL)
			continue;
		for (const struct sio_hook *h = of->hooks[SIO_HOOK_CONNECTION];
		     h != NULL && socket->state == SIO_CONNECTED; h = h->next)
			h->fn.connection(socket);
	}
}

void
sio_hooks_leaving(
    struct sio_socket *socket, enum sio_hook_kind kind, const char *reason)
{
	const struct sio_nsp *nsp = socket->nsp, *of = nsp->parent;

	for (int turn = 0; turn < 2; turn++, of = nsp) {
		if (of == NULL)
			continue;
		for (const struct sio_hook *h = of->hooks[kind]; h != NULL;
		     h = h->next)
			h->fn.leaving(socket, reason);
	}
}

/* Ask whether an event may be handled. */
static bool
may_pass(const struct sio_nsp *of, struct sio_socket *socket,
    struct sio_event *event)
{
	const struct sio_hook *h;

	if (of == NULL)
		return true;
	for (h = of->hooks[SIO_HOOK_USE_EVENT]; h != NULL; h = h->next) {
		if (!h->fn.use_event(socket, event))
			return false;
	}
	return true;
}

static void
call(const struct sio_nsp *of, enum sio_hook_kind kind,
    struct sio_socket *socket, struct sio_event *event)
{
	const char *name = sio_event_name(event);

	if (of == NULL)
		return;
	for (const struct sio_hook *h = of->hooks[kind];
	     h != NULL && socket->state == SIO_CONNECTED; h = h->next) {
		if (h->name == NULL || strcmp(h->name, name) == 0)
			h->fn.event(socket, event);
	}
}

void
sio_hooks_event(struct sio_socket *socket, struct sio_event *event)
{
	const struct sio_nsp *nsp = socket->nsp, *parent = nsp->parent;

	if (!may_pass(parent, socket, event) || !may_pass(nsp, socket, event))
		return;
	call(parent, SIO_HOOK_ANY, socket, event);
	call(nsp, SIO_HOOK_ANY, socket, event);
	call(parent, SIO_HOOK_EVENT, socket, event);
	call(nsp, SIO_HOOK_EVENT, socket, event);
}

void
sio_hooks_outgoing(
    struct sio_socket *socket, const char *name, struct sio_value args)
{
	const struct sio_nsp *nsp = socket->nsp, *of = nsp->parent;

	for (int turn = 0; turn < 2; turn++, of = nsp) {
		if (of == NULL)
			continue;
		for (const struct sio_hook *h =
			 of->hooks[SIO_HOOK_ANY_OUTGOING];
		     h != NULL && socket->state == SIO_CONNECTED; h = h->next)
			h->fn.outgoing(socket, name, args);
	}
}

void
sio_hooks_expired(struct sio_nsp *nsp, void *user)
{
	const struct sio_nsp *of = nsp->parent;

	for (int turn = 0; turn < 2 && user != NULL; turn++, of = nsp) {
		if (of == NULL)
			continue;
		for (const struct sio_hook *h = of->hooks[SIO_HOOK_EXPIRED];
		     h != NULL; h = h->next)
			h->fn.expired(user);
	}
}
