/* nsp.h - namespaces. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_NSP_H
#define SIO_NSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "hooks.h"
#include "io.h"
#include "sio.h"

#define SIO_ROOM_PREFIX (SIO_ROOM_SECRET + 4) /* before the name of a room */

/* A namespace; or, with is_one, a kind of namespaces (sio_of_each). */
struct sio_nsp {
	struct sio *io;         /* borrowed */
	char *name;             /* owned */
	uint32_t number;        /* in the names of its rooms */
	size_t uses;            /* sockets, kept states and logged events */
	void *user;             /* borrowed */
	struct sio_nsp *parent; /* borrowed: the kind that made it, or NULL */
	struct sio_nsp *next;   /* in io->kinds, or in io->empty */
	bool (*is_one)(struct sio_socket *socket, const char *name, void *arg);
	void *arg;                              /* borrowed, of is_one */
	struct sio_hook *hooks[SIO_HOOK_KINDS]; /* owned lists */
	struct ws_table connected;              /* sockets by identifier */
	int64_t next_ack; /* one counter for all of its sockets */
	bool is_empty;    /* in io->empty */
};

/* Find a namespace by its name. Returns it, or NULL. */
struct sio_nsp *
sio_nsp_lookup(const struct sio *io, const char *name, size_t len);

/* Make a namespace.
 *   name, len  copied; no namespace has this name
 *   parent     the kind that it is one of, or NULL
 * Returns it, owned by io, or NULL when out of memory. */
struct sio_nsp *sio_nsp_new(
    struct sio *io, const char *name, size_t len, struct sio_nsp *parent);

/* Walk over the namespaces that nsp stands for: those that a kind has made, by
 * name; or nsp alone. Namespaces may be made during the walk; none is released
 * before the end of the turn.
 *   after  NULL for the first one
 * Returns the next one, or NULL at the end. */
struct sio_nsp *sio_nsp_next(struct sio_nsp *nsp, const struct sio_nsp *after);

/* Count one use less. A namespace of sio_of_each that has no use any more is
 * released at the end of the turn, by sio_nsp_tidy, unless keep_empty is
 * set. */
void sio_nsp_drop(struct sio_nsp *nsp);
void sio_nsp_tidy(struct sio *io);

/* Release all namespaces and kinds. */
void sio_nsp_free_all(struct sio *io);

/* Write the name under which ws.h has a room.
 *   room  NULL for the room of all sockets in the namespace
 *   out   receives at most WS_ROOM_NAME_MAX octets
 * Returns how many; 0 if the name is empty or longer than SIO_ROOM_MAX. */
size_t
sio_nsp_room(const struct sio_nsp *nsp, const char *room, unsigned char *out);

#endif
