/* io.h - what the files of the Socket.IO layer share. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_IO_H
#define SIO_IO_H

#include <stdarg.h>

#include "sio/json/format.h"
#include "packet.h"
#include "sio.h"
#include "sio/json/text.h"
#include "sio/json/value.h"

#define SIO_ID_OCTETS 15 /* of randomness in an identifier */
#define SIO_ID_LEN 20    /* the same as base64url */

#define SIO_ROOM_SECRET 8 /* octets that begin the name of any room */

enum {
	SIO_SCRATCH_KEPT = 65536
}; /* octets of a buffer kept for the next */

/* Who is called for what; see the sio_on functions. */
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
	SIO_HOOK_KINDS,
};

struct sio_hook {
	struct sio_hook *next;
	char *name; /* owned; of SIO_HOOK_EVENT */
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
	} fn;
};

/* A walk over hooks of a kind: those of what made the namespace, then its own.
 * All zero, it is at its begin. */
struct sio_walk {
	const struct sio_hook *at; /* borrowed; NULL before the first */
	bool own;
};

/* A namespace, or (with is_one) what makes namespaces. */
struct sio_nsp {
	struct sio *io;  /* borrowed */
	char *name;      /* owned */
	uint32_t number; /* in the names of its rooms */
	size_t sockets;  /* that know it, connected or not, kept ones too */
	void *user;
	struct sio_nsp *parent; /* borrowed: what made it, or NULL */
	struct sio_nsp *next;   /* in io->kinds, or in io->empty */
	bool (*is_one)(struct sio_socket *socket, const char *name, void *arg);
	void *arg;
	struct sio_hook *hooks[SIO_HOOK_KINDS]; /* owned lists */
	struct sio_socket **buckets; /* owned: connected sockets by id */
	size_t buckets_count;        /* a power of two, or 0 */
	size_t count;                /* connected sockets */
	int64_t next_ack;            /* one counter for all of its sockets */
	bool is_empty;               /* in io->empty */
};

enum sio_state {
	SIO_WAITING,   /* for its middlewares */
	SIO_CONNECTED, /* everything works */
	SIO_LEAVING,   /* on_disconnecting is being called */
	SIO_LEFT,      /* until the end of the turn */
};

/* An acknowledgement that a client owes us. */
struct sio_pending {
	struct sio_pending
	    *next; /* the one behind; of the newest, the oldest */
	int64_t id;
	struct ws_timer *timer;      /* owned; NULL: for ever, or the group's */
	struct sio_group *group;     /* owned by it; NULL: of one socket */
	struct sio_pending *sibling; /* of the same group */
	struct sio_socket *socket;   /* borrowed */
	void (*on_ack)(struct sio_socket *socket, int error,
	    struct sio_value args, void *arg);
	void *arg;
};

/* What few sockets need, or need only while they connect. */
struct sio_extra {
	char *auth; /* owned: JSON, or NULL */
	size_t auth_len;
	char *id;                    /* owned: of protocol 4, "/nsp#..." */
	char *refusal;               /* owned: what a connect_error carries */
	struct sio_walk middlewares; /* that were asked */
	struct sio_ack *acks;        /* owed by the application; see sio_ack */
	char pid[SIO_ID_LEN + 1];    /* of recovery, or "" */
	uint64_t since; /* the last event that was sent before it connected */
	uint64_t sent;  /* the last one that was sent to it, or since */
	struct sio_kept *kept; /* owned: what it was, until it is that again */
};

/* One client in one namespace. 10,000 idle ones are the measure. */
struct sio_socket {
	struct ws_member member;   /* first: what rooms know */
	struct sio_nsp *nsp;       /* borrowed */
	struct sio_client *client; /* borrowed */
	struct sio_socket *next;   /* in client->sockets, or io->dead */
	struct sio_socket *chain;  /* in nsp->buckets */
	void *user;
	struct sio_pending *pending; /* owned ring: the newest one */
	struct sio_extra *extra;     /* owned, or NULL */
	char short_id[SIO_ID_LEN + 1];
	uint8_t state; /* enum sio_state */
	bool recovered : 1;
	bool no_own : 1; /* it left the room of its own id */
};

/* A packet whose attachments are still to come. */
struct sio_partial {
	unsigned got;
	size_t len;
	struct sio_attachment list[SIO_ATTACHMENTS_MAX]; /* data owned */
	struct sio_packet packet; /* spans point into text */
	char text[];
};

/* A namespace that we took a client out of: what it still sends there is under
 * way from before. */
struct sio_ghost {
	struct sio_ghost *next;
	size_t len;
	char name[];
};

/* One connection: what the engine's session carries. */
struct sio_client {
	struct sio *io;              /* borrowed */
	struct eio_socket *conn;     /* borrowed; lives as long as this turn */
	struct sio_socket *sockets;  /* owned list */
	struct sio_partial *partial; /* owned, or NULL */
	struct sio_ghost *ghosts;    /* owned list */
	struct sio_client *next, **link; /* in io->idle, or io->dead_clients */
	int64_t due_ms; /* when it must have connected to something */
};

/* A packet that was encoded: a text, and binary data after it. */
struct sio_out {
	const char *at; /* borrowed from what it was written to */
	size_t len;
	bool offset; /* its last argument is one, for recovery */
	struct sio_attachments binary; /* data borrowed */
};

/* What is going through rooms at this moment. */
struct sio_delivery {
	const struct sio_out *out;
	const char *name; /* of the event, for who listens to all */
	struct sio_value args;
	struct eio_message *messages[1 + SIO_ATTACHMENTS_MAX];
	unsigned count;
	int flags;
	struct sio_group *group; /* NULL: no acknowledgements */
	bool offset;             /* who misses it can be told later */
	long handed;
	/* Owned: collected instead of being sent to, or to be closed. */
	struct sio_socket **found;
	size_t found_count, found_room;
	int error;
};

struct sio {
	struct ws_server *server; /* borrowed */
	struct eio *engine;       /* owned */
	struct sio_nsp **nsps;    /* owned, sorted by name */
	size_t nsps_count, nsps_room;
	struct sio_nsp *kinds; /* owned list: sio_of_each */
	struct sio_nsp *empty; /* borrowed list: to be released */
	uint32_t next_number;
	uint8_t secret[SIO_ROOM_SECRET]; /* in the names of all rooms */
	bool (*allow)(struct ws_request *request, const char **message);
	int connect_timeout_ms;
	unsigned max_namespaces;
	size_t auth_max; /* octets that one client may make us keep */
	bool keep_empty;
	bool recovery_middlewares;
	bool stopping;
	struct sio_client *idle, **idle_end; /* connected to nothing yet */
	struct ws_timer *idle_timer;         /* owned */
	struct sio_socket *dead;             /* released after the turn */
	struct sio_client *dead_clients;
	bool reaping;           /* the end of the turn will release them */
	bool telling;           /* somebody listens to what goes out */
	struct sio_text text;   /* the event being written */
	struct sio_text notice; /* another packet, perhaps meanwhile */
	struct sio_document event, outgoing, auth; /* being read */
	struct ws_prepared *signal;                /* owned: carries nothing */
	struct sio_delivery *delivery;             /* borrowed: going on */
	uint8_t random[16 * SIO_ID_OCTETS];
	unsigned random_left;
	struct sio_recovery *recovery; /* owned; NULL when it is off */
	struct sio_bundle *bundle;     /* owned; NULL when there is none */
};

/* ---- io.c: the server, its clients ------------------------------------- */

/* Write a new identifier, terminated. Returns false when there is no
 * randomness. */
bool sio_io_id(struct sio *io, char id[SIO_ID_LEN + 1]);

/* Copy octets into a C string. NULL when out of memory. */
char *sio_io_copy(const char *text, size_t len);

/* Release sockets and clients that are gone, at the end of the turn. */
void sio_io_reap_later(struct sio *io);

/* A client has yet to connect to its first namespace; or it has, or is gone. */
void sio_io_idle(struct sio_client *client, bool idle);

/* ---- nsp.c: namespaces --------------------------------- */

/* The namespace of a name, or NULL. */
struct sio_nsp *
sio_nsp_lookup(const struct sio *io, const char *name, size_t len);

/* Make a namespace; NULL when out of memory. */
struct sio_nsp *sio_nsp_new(
    struct sio *io, const char *name, size_t len, struct sio_nsp *parent);

/* The first namespace of a kind (after NULL), the next one. Others may come
 * meanwhile; none goes before the end of the turn. */
struct sio_nsp *
sio_nsp_next(const struct sio_nsp *kind, const struct sio_nsp *after);

/* One socket less knows a namespace. When it was the last one, and
 * sio_of_each made it, it is released at the end of the turn by
 * sio_nsp_tidy, if that is wanted. */
void sio_nsp_drop(struct sio_nsp *nsp);
void sio_nsp_tidy(struct sio *io);

/* Release all of them. */
void sio_nsp_free_all(struct sio *io);

/* Put a connected socket into the table by its id, take it out. */
int sio_nsp_insert(struct sio_socket *socket);
void sio_nsp_remove(struct sio_socket *socket);

/* ---- hooks.c: who listens ---------------------------------------------- */

/* Call what listens, of what made the namespace and of itself. */
void sio_hooks_connection(struct sio_socket *socket);
void sio_hooks_leaving(
    struct sio_socket *socket, enum sio_hook_kind kind, const char *reason);
void sio_hooks_event(struct sio_socket *socket, struct sio_event *event);
void sio_hooks_outgoing(
    struct sio_socket *socket, const char *name, struct sio_value args);
void sio_hooks_expired(struct sio_nsp *nsp, void *user);

/* The next hook of a walk, or NULL. Others may be added meanwhile. */
const struct sio_hook *sio_hooks_next(
    struct sio_walk *walk, const struct sio_nsp *nsp, enum sio_hook_kind kind);

/* Whether anybody listens to a kind. */
bool sio_hooks_listen(const struct sio_nsp *nsp, enum sio_hook_kind kind);

/* ---- client.c: packets in ---------------------------------------------- */

void sio_client_open(struct eio_socket *conn);
void sio_client_message(
    struct eio_socket *conn, int kind, const void *data, size_t len);
void sio_client_close(struct eio_socket *conn, const char *reason);

/* A socket of a client that is not about to leave, or NULL. */
struct sio_socket *sio_client_next(const struct sio_client *client);

/* Remember that we took a client out of a namespace. */
int sio_client_haunt(struct sio_client *client, const char *name);

/* Release what a client owns, and it. */
void sio_client_free(struct sio_client *client);

/* ---- connect.c: into a namespace --------------------------------------- */

/* A client asks for a namespace. */
void sio_connect(struct sio_client *client, const struct sio_packet *packet);

/* ---- socket.c: one client in one namespace ----------------------------- */

/* The extra of a socket, made when there is none; NULL when out of memory. */
struct sio_extra *sio_socket_extra(struct sio_socket *socket);

/* Release what it needed only to connect. */
void sio_socket_trim(struct sio_socket *socket);

/* Tell the rooms that it is in that of its own identifier. Returns 0, 1 or
 * WS_ENOMEM. */
int sio_socket_own_room(struct sio_socket *socket);

/* The socket leaves, for a reason that is told to the application. */
void sio_socket_leave(struct sio_socket *socket, const char *reason);

/* Release a socket that has left. */
void sio_socket_free(struct sio_socket *socket);

/* ---- emit.c: packets out ----------------------------------------------- */

/* Begin a packet in io->text or io->notice: room for a head is left. */
void sio_out_begin(struct sio_text *text, const struct sio_nsp *nsp);

/* End it: write the head before what was written.
 * Returns 0 or an enum ws_error. */
int sio_out_end(struct sio_text *text, const struct sio_nsp *nsp,
    enum sio_packet_type type, int64_t id, struct sio_out *out);

/* Send a packet over a client's connection. Returns as eio_send. */
int
sio_out_send(struct sio_client *client, const struct sio_out *out, int flags);

/* Send a packet without binary data: its type and a JSON payload, perhaps
 * empty. */
int sio_out_plain(struct sio_client *client, struct sio_nsp *nsp,
    enum sio_packet_type type, const char *json, size_t len);

/* What a member of rooms does with what is delivered to it. */
void sio_out_deliver(struct ws_member *member, void *message);

/* ---- target.c: to whom ------------------------------------------------- */

#define SIO_ROOM_PREFIX (SIO_ROOM_SECRET + 4) /* before the name of a room */

/* Write the name of a room as ws.h has it; NULL for all of a namespace.
 *   out  receives at most WS_ROOM_NAME_MAX octets
 * Returns how many, 0 when it is too long. */
size_t sio_target_room(
    const struct sio_nsp *nsp, const char *room, unsigned char *out);

/* Hand a delivery to all sockets of a target. Returns how many, or a negative
 * enum ws_error. */
long
sio_target_run(const struct sio_target *target, struct sio_delivery *delivery);

/* Add a socket to those that are collected. Returns 0 or WS_ENOMEM. */
int sio_target_found(struct sio_delivery *delivery, struct sio_socket *socket);

/* ---- ack.c: acknowledgements ------------------------------------------- */

/* Expect one from a socket. like: what it is to be; copied.
 * Returns 0 or WS_ENOMEM. */
int sio_ack_expect(
    struct sio_socket *socket, const struct sio_pending *like, int timeout_ms);

/* It could not be asked after all. Returns whether nobody was told so. */
bool sio_ack_forget(struct sio_socket *socket, int64_t id);

/* Many are to acknowledge the same event: make a group, give it a number in
 * each namespace, put sockets into it, take one out that could not be asked,
 * and say that these were all; or that it failed, and nobody is told. */
struct sio_group *
sio_ack_group(struct sio *io, const struct sio_pending *like, int timeout_ms);
int64_t sio_ack_group_id(struct sio_group *group, struct sio_nsp *nsp);
int sio_ack_expect_group(struct sio_socket *socket, struct sio_group *group);
void sio_ack_forget_group(struct sio_socket *socket, struct sio_group *group);
void sio_ack_group_begun(struct sio_group *group, bool failed);

/* A client has acknowledged. */
void sio_ack_came(struct sio_socket *socket, int64_t id, struct sio_value args);

/* Those that the application still owes have nobody to go to. */
void sio_ack_orphan(struct sio_socket *socket);

/* None will come any more: the socket has left. */
void sio_ack_none(struct sio_socket *socket);

/* An event that is being handled. */
struct sio_event {
	struct sio_socket *socket;
	const char *name;
	const struct sio_document *document;
	const struct sio_packet *packet;
	const struct sio_attachment *attachments;
	int64_t id; /* -1 when no acknowledgement is wanted, or it was given */
};

/* ---- recovery.c: connection state recovery ----------------------------- */

int sio_recovery_new(struct sio *io, int keep_ms, size_t octets);
void sio_recovery_free(struct sio *io);

/* A socket has left: keep its state, if its reason allows that. Returns
 * whether it is kept, and the user data with it. */
bool sio_recovery_keep(struct sio_socket *socket, const char *reason);

/* A socket connects with a payload that may name an earlier one: take over its
 * id, rooms and user data.
 * Returns whether it did. */
bool sio_recovery_restore(struct sio_socket *socket, struct sio_value auth);

/* It is let in: send what it missed. Returns whether all of that was there. */
bool sio_recovery_replay(struct sio_socket *socket);

/* It is not: forget what it was. */
void sio_recovery_forget(struct sio_socket *socket);

/* A socket connects anew: give it a private id. */
int sio_recovery_begin(struct sio_socket *socket);

/* An event is about to be sent: append its offset to the arguments in
 * io->text; when it is encoded, remember it; say who it is sent to. */
void sio_recovery_offset(struct sio *io);
void sio_recovery_remember(
    const struct sio_target *target, const struct sio_out *out);
void sio_recovery_sent(struct sio_socket *socket);

/* ---- bundle.c: the client for browsers --------------------------------- */

/* Serve it below a path.
 *   file  the application's own, or NULL
 * Returns 0; a negative number when it cannot be, perhaps with errno set. */
int sio_bundle_new(struct sio *io, const char *path, const char *file);
void sio_bundle_free(struct sio *io);

#endif
