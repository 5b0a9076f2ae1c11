/* reply.h - events that came, and the acknowledgements owed for them. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_REPLY_H
#define SIO_REPLY_H

#include <stdint.h>

#include "packet.h"
#include "sio.h"
#include "sio/json/value.h"

/* An event while it is handled. All pointers are borrowed until then. */
struct sio_event {
	struct sio_socket *socket;
	const char *name;
	const struct sio_document *document; /* the payload */
	const struct sio_packet *packet;
	const struct sio_attachment *attachments; /* packet->attachments many */
	int64_t id; /* -1 if no acknowledgement is wanted, or it was given */
};

/* The socket of these acknowledgements is about to be released: sio_ack_send
 * returns WS_ECLOSED from now on.
 *   ack  the first one of the list of the socket's extra, or NULL */
void sio_reply_orphan(struct sio_ack *ack);

#endif
