/* partial.h - packets whose attachments are still to come. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_PARTIAL_H
#define SIO_PARTIAL_H

#include <stddef.h>

#include "packet.h"
#include "sio/json/value.h"
#include "socket.h"

struct sio_partial {
	struct ws_deadline deadline; /* first; in io->incomplete.queue */
	struct sio_client *client;   /* borrowed */
	size_t held;                 /* octets, in the ledger of the server */
	unsigned got;                /* attachments so far */
	struct sio_attachment list[SIO_ATTACHMENTS_MAX]; /* data owned */
	struct sio_packet packet; /* spans point into text */
	char text[];
};

/* Begin to watch over partial packets. Returns 0 or WS_ENOMEM; stopping is
 * allowed in both cases. */
int sio_partial_start(struct sio *io);
void sio_partial_stop(struct sio *io);

/* Keep a packet of a client until its attachments are here.
 *   text, len  copied; a valid packet
 *   revision   of the protocol that it is written in
 * Returns 0 or WS_ENOMEM. */
int sio_partial_begin(
    struct sio_client *client, const char *text, size_t len, int revision);

/* Add a copy of the next attachment to the partial packet of a client. Returns
 * 0 or WS_ENOMEM. */
int sio_partial_add(struct sio_client *client, const void *data, size_t len);

/* Release a partial packet. NULL is allowed. */
void sio_partial_free(struct sio_partial *partial);

#endif
