/* io.h - the state of a Socket.IO server. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_IO_H
#define SIO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ids.h"
#include "sio.h"
#include "sio/engine/timeouts.h"
#include "sio/json/text.h"
#include "sio/json/value.h"

#define SIO_ROOM_SECRET 8 /* octets in front of the name of any room */

/* A text buffer that has grown above this gives the memory back after use:
 * twice the largest packet of most applications, and not worth keeping for one
 * large packet that may never come again. */
#define SIO_SCRATCH_KEPT 65536

struct sio_bundle;
struct sio_client;
struct sio_delivery;
struct sio_recovery;

struct sio {
	struct ws_server *server; /* borrowed */
	struct eio *engine;       /* owned */

	/* Release, at the end of this turn, what is gone. Set by start.c, for
	 * the files below it. */
	void (*release_later)(struct sio *io);
	struct sio_socket *dead_sockets; /* owned list */
	struct sio_client *dead_clients; /* owned list */
	bool release_pending; /* the end of the turn will release them */

	/* Namespaces: see nsp.c. */
	struct sio_nsp **nsps; /* owned, sorted by name */
	size_t nsps_count, nsps_room;
	struct sio_nsp *kinds; /* owned list: of sio_of_each */
	struct sio_nsp *empty; /* borrowed list: to be released */
	void (*on_namespace)(struct sio_nsp *nsp);
	uint32_t next_number;
	bool keep_empty;

	/* Clients. */
	bool (*allow)(struct ws_request *request, const char **message);
	struct eio_handler watcher; /* of sio_on_engine */
	struct sio_ids ids;
	unsigned max_namespaces;
	size_t auth_max; /* octets of CONNECT payloads kept per client */
	int connect_timeout_ms;
	struct eio_timeouts unconnected; /* clients in no namespace yet */
	struct eio_timeouts incomplete;  /* packets that lack attachments */

	/* Packets. */
	struct sio_text text;   /* the event being written */
	struct sio_text notice; /* another packet, while text is in use */
	struct sio_document event, outgoing, auth; /* being read */
	uint32_t unhandled[16]; /* hashes of events that were logged */
	bool calling_outgoing;  /* the functions of sio_on_any_outgoing run */

	/* Rooms: see target.c. */
	uint8_t secret[SIO_ROOM_SECRET]; /* in the names of all rooms */
	struct ws_prepared *signal;      /* owned; empty, never sent */
	struct sio_delivery *delivery;   /* borrowed; NULL when none goes on */

	struct sio_recovery *recovery; /* owned; NULL when it is off */
	bool recovery_middlewares;
	struct sio_bundle *bundle; /* owned; NULL when none is served */
};

#endif
