/* client.h - packets in: what the sessions of Engine.IO bring. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_CLIENT_H
#define SIO_CLIENT_H

#include <stddef.h>

#include "socket.h"

/* Begin to watch over clients that connect to no namespace. Returns 0 or
 * WS_ENOMEM; stopping is allowed in both cases. */
int sio_client_start(struct sio *io);
void sio_client_stop(struct sio *io);

/* The functions of struct eio_handler. */
void sio_client_open(struct eio_session *session);
void sio_client_message(
    struct eio_session *session, int kind, const void *data, size_t len);
void sio_client_close(struct eio_session *session, const char *reason);

/* Release a client whose session has ended, and what it owns. */
void sio_client_free(struct sio_client *client);

#endif
