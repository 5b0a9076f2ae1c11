/* records.h - packets that wait for a client to poll. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_RECORDS_H
#define EIO_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "payload.h"
#include "sio/sio.h"

/* Packets, in their order. NULL is none: an idle client has no block. */
struct eio_records;

/* Add a copy of a packet.
 *   records  replaced when it must move
 *   server   whose ledger counts what is held
 *   flags    what it is sent with
 * Returns 0 or WS_ENOMEM (nothing has changed). */
int eio_records_add(struct eio_records **records, struct ws_server *server,
    const struct eio_packet *packet, int flags);

/* Add a message. It is stored once, however many clients it waits for; one that
 * is shorter than the reference to it is copied. As eio_records_add. */
int eio_records_share(struct eio_records **records, struct ws_server *server,
    struct eio_message *message, int flags);

/* Read packet after packet.
 *   at      where to read; 0 first, moved on by this
 *   packet  borrows what is held
 *   flags   receives what it was sent with; may be NULL
 * Returns whether there was one. */
bool eio_records_next(const struct eio_records *records, size_t *at,
    struct eio_packet *packet, int *flags);

/* Return how many octets wait, those of shared messages included. */
size_t eio_records_waiting(const struct eio_records *records);

/* Release all, and leave NULL. */
void eio_records_free(struct eio_records **records);

#endif
