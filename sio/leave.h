/* leave.h - out of a namespace. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_LEAVE_H
#define SIO_LEAVE_H

#include "socket.h"

/* Let a socket leave its namespace, and tell the application. It is released at
 * the end of the turn. Does nothing if it is leaving or has left.
 *   reason  for the application, static: see sio_on_disconnecting */
void sio_leave_nsp(struct sio_socket *socket, const char *reason);

/* Return a socket of a client that is not leaving, or NULL. */
struct sio_socket *sio_leave_next(const struct sio_client *client);

/* Release a socket that is in no list any more. */
void sio_leave_free(struct sio_socket *socket);

#endif
