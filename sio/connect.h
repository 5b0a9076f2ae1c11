/* connect.h - into a namespace. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_CONNECT_H
#define SIO_CONNECT_H

#include "packet.h"
#include "socket.h"

/* A client asks for a namespace, in which it is not yet. Answers it now, or
 * when its middlewares have decided; ends the connection when out of memory.
 *   packet  a CONNECT, borrowed */
void sio_connect(struct sio_client *client, const struct sio_packet *packet);

#endif
