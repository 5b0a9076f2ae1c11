/* late.h - namespaces that a client may not know it has left. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_LATE_H
#define SIO_LATE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "socket.h"

/* Ignore from now on what a client sends to a namespace. Returns 0 or
 * WS_ENOMEM. */
int sio_late_ignore(struct sio_client *client, struct ws_span nsp);

/* Return whether a packet for a namespace is to be ignored. */
bool sio_late_is_ignored(struct sio_client *client, struct ws_span nsp);

/* No longer ignore a namespace: the client has connected to it again. */
void sio_late_forget(struct sio_client *client, struct ws_span nsp);

/* Release all that is remembered of a client. */
void sio_late_free(struct sio_client *client);

#endif
