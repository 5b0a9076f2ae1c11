/* socket.h - one client in one namespace, and its connection. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_SOCKET_H
#define SIO_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadlines.h"
#include "base/table.h"
#include "hooks.h"
#include "ids.h"
#include "sio.h"

struct sio_kept;
struct sio_late;
struct sio_partial;
struct sio_pending;

/* See the diagram of socket.c. The order matters: a socket that is LEAVING or
 * LEFT is not counted among its client's. */
enum sio_state {
	SIO_WAITING,   /* for its middlewares */
	SIO_CONNECTED, /* packets go both ways */
	SIO_LEAVING,   /* the functions of sio_on_disconnecting run */
	SIO_LEFT,      /* released at the end of the turn */
};

/* A part of a socket that few sockets need, or that all need only while they
 * connect. */
struct sio_extra {
	char *auth; /* owned: JSON of CONNECT, or NULL */
	size_t auth_len;
	char *id;      /* owned: of protocol 4, "/nsp#...", or NULL */
	char *refusal; /* owned: the JSON of CONNECT_ERROR, or NULL */
	struct sio_hooks_walk middlewares; /* up to the one that waits */
	struct sio_ack *acks;              /* borrowed list: of sio_ack_later */
	struct sio_interval *intervals;    /* owned list; see every.c */
	struct sio_hook *guards;           /* owned list: of sio_use_socket */

	/* Connection state recovery. */
	char pid[SIO_ID_LEN + 1]; /* the private identifier, or "" */
	uint64_t connect_offset;  /* of the last event before it connected */
	uint64_t sent_offset;  /* of the last event sent to it, or the same */
	struct sio_kept *kept; /* owned: the state being recovered, or NULL */

	size_t held; /* octets of all that in the ledger of the server */
};

/* One client in one namespace. Small, since 10,000 idle ones are the
 * measure. */
struct sio_socket {
	struct ws_member member;     /* first: what rooms know of it */
	struct ws_table_entry entry; /* in nsp->connected */
	struct sio_nsp *nsp;         /* borrowed */
	struct sio_client *client;   /* borrowed */
	struct sio_socket *next; /* in client->sockets, or io->dead_sockets */
	void *user;              /* borrowed */
	struct sio_pending *pending; /* owned ring; see ack.c */
	struct sio_extra *extra;     /* owned, or NULL */
	char short_id[SIO_ID_LEN + 1];
	uint8_t state; /* enum sio_state */
	bool recovered : 1;
	bool left_own_room : 1;
};

/* One connection: the Engine.IO session and the sockets that it carries. */
struct sio_client {
	struct sio *io;              /* borrowed */
	struct eio_session *session; /* borrowed until the end of this turn */
	struct sio_socket *sockets;  /* owned list */
	struct sio_partial *partial; /* owned: lacks attachments; or NULL */
	struct sio_late *late;       /* owned list; see late.c */
	struct sio_client *next;     /* in io->dead_clients */
	struct ws_deadline deadline; /* in io->unconnected.queue */
};

/* Return the extra of a socket, made if there is none; NULL when out of
 * memory. */
struct sio_extra *sio_socket_extra(struct sio_socket *socket);

/* Count octets that the extra of a socket holds. */
void sio_socket_hold(struct sio_socket *socket, size_t octets);

/* Release the extra of a socket, if it has one. */
void sio_socket_drop_extra(struct sio_socket *socket);

/* Release what a socket needed only to connect. */
void sio_socket_trim(struct sio_socket *socket);

/* Make a connected socket known to sio_find. Returns 0 or WS_ENOMEM. */
int sio_socket_insert(struct sio_socket *socket);
void sio_socket_remove(struct sio_socket *socket);

/* A socket has connected, and so is in its own room: tell the application. */
void sio_socket_join_own(struct sio_socket *socket);

/* Take a socket that leaves out of all rooms. */
void sio_socket_leave_all(struct sio_socket *socket);

/* Return the socket of an entry of nsp->connected. */
struct sio_socket *sio_socket_of(struct ws_table_entry *entry);

/* Return whether a socket is in its own room and ws.h knows no such room. */
bool sio_socket_has_hidden_room(struct sio_socket *socket);

/* Tell the rooms of ws.h about a room that is a socket's own; do nothing if it
 * is no socket's. Returns 0 or WS_ENOMEM. */
int sio_socket_own_room(struct sio_nsp *nsp, const char *room);

#endif
