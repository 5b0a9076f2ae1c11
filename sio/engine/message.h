/* message.h - one message for many, encoded once for each kind of client. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_MESSAGE_H
#define EIO_MESSAGE_H

#include <stdbool.h>

#include "payload.h"
#include "sio/sio.h"

/* The packet that a message is; borrows it. */
struct eio_packet eio_message_packet(const struct eio_message *message);

/* A message as a WebSocket has it, encoded when the first client needs it so.
 *   protocol  4, 3 or 2
 *   b64       binary data is wanted in base64
 * Returns it, owned by the message, or NULL when out of memory. */
struct ws_prepared *
eio_message_encoded(struct eio_message *message, int protocol, bool b64);

/* Take a reference for a client that has yet to fetch a message, and drop it.
 * While there is one, the ledger of the server counts the message, once. */
void eio_message_wait(struct eio_message *message, struct ws_server *server);
void eio_message_unwait(struct eio_message *message, struct ws_server *server);

#endif
