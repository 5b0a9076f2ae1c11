/* every.h - timers that end with their socket. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_EVERY_H
#define SIO_EVERY_H

#include "socket.h"

/* Stop all that sio_every began for a socket. */
void sio_every_stop(struct sio_socket *socket);

#endif
