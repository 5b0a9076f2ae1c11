/* hooks.h - the functions that are registered with a namespace. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_HOOKS_H
#define SIO_HOOKS_H

#include <stdbool.h>

#include "sio.h"

/* Which sio_on or sio_use function registered a hook. */
enum sio_hook_kind {
	SIO_HOOK_CONNECTION,
	SIO_HOOK_DISCONNECTING,
	SIO_HOOK_DISCONNECT,
	SIO_HOOK_EVENT,
	SIO_HOOK_ANY,
	SIO_HOOK_ANY_OUTGOING,
	SIO_HOOK_USE,
	SIO_HOOK_USE_EVENT,
	SIO_HOOK_EXPIRED,
	SIO_HOOK_ROOM, /* and the next ones, by enum sio_room_change */
	SIO_HOOK_ROOM_LAST = SIO_HOOK_ROOM + SIO_ROOM_DELETED,
	SIO_HOOK_KINDS, /* how many there are */
};

struct sio_hook {
	struct sio_hook *next; /* registered later */
	char *name;            /* owned; of SIO_HOOK_EVENT */
	union {
		void (*connection)(struct sio_socket *socket);
		void (*leaving)(struct sio_socket *socket, const char *reason);
		void (*event)(
		    struct sio_socket *socket, struct sio_event *event);
		void (*outgoing)(struct sio_socket *socket, const char *name,
		    struct sio_value args);
		enum sio_verdict (*use)(struct sio_socket *socket);
		bool (*use_event)(
		    struct sio_socket *socket, struct sio_event *event);
		void (*expired)(void *user);
		void (*room)(struct sio_socket *socket, const char *room);
		void (*event_with)(struct sio_socket *socket,
		    struct sio_event *event, void *arg);
	} fn;
	void *arg;     /* borrowed; of event_with */
	bool with_arg; /* fn is event_with */
};

/* A walk over hooks of one kind: those of the parent namespace, then the
 * namespace's own. All zero, it is before the first. */
struct sio_hooks_walk {
	const struct sio_hook *at; /* borrowed */
	bool own;                  /* at is one of the namespace's own */
};

/* Return the next hook of a walk, or NULL. Hooks may be added meanwhile. */
const struct sio_hook *sio_hooks_next(struct sio_hooks_walk *walk,
    const struct sio_nsp *nsp, enum sio_hook_kind kind);

/* Return whether a namespace, or its parent, has a hook of a kind. */
bool sio_hooks_any(const struct sio_nsp *nsp, enum sio_hook_kind kind);

/* Append a hook to a list: copied, with its name. Returns 0 or WS_ENOMEM. */
int sio_hooks_append(struct sio_hook **list, struct sio_hook hook);

/* Release the hooks of a list. */
void sio_hooks_drop(struct sio_hook **list);

/* Call the hooks of a kind, as sio.h describes it for each. Hooks that need a
 * connected socket are called until it leaves.
 *   kind    of sio_hooks_leaving: SIO_HOOK_DISCONNECTING or _DISCONNECT
 *   reason  a static string
 *   args    of the event, without its name
 *   user    of the socket; NULL if it has none: no hook is called */
void sio_hooks_connection(struct sio_socket *socket);
void sio_hooks_leaving(
    struct sio_socket *socket, enum sio_hook_kind kind, const char *reason);
void sio_hooks_event(struct sio_socket *socket, struct sio_event *event);
void sio_hooks_outgoing(
    struct sio_socket *socket, const char *name, struct sio_value args);
void sio_hooks_room(
    struct sio_socket *socket, enum sio_room_change change, const char *room);
void sio_hooks_expired(struct sio_nsp *nsp, void *user);

/* Release the hooks of a namespace. */
void sio_hooks_free(struct sio_nsp *nsp);

#endif
