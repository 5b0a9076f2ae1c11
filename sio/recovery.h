/* recovery.h - connection state recovery. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_RECOVERY_H
#define SIO_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "out.h"
#include "socket.h"

/* Turn recovery on.
 *   keep_ms  for how long states and events are kept
 *   octets   limit of the events, and of the states; 0: 1 MiB each
 * Returns 0 or WS_ENOMEM. */
int sio_recovery_new(struct sio *io, int keep_ms, size_t octets);

/* Forget all, and turn recovery off. */
void sio_recovery_free(struct sio *io);

/* Keep the state of a socket that is leaving, if its reason allows that.
 * Returns whether it is kept, and its user data with it. */
bool sio_recovery_keep(struct sio_socket *socket, const char *reason);

/* Take over the identifier, the rooms and the user data of the socket whose
 * private identifier stands in the payload of a CONNECT.
 *   auth  the payload
 * Returns false if there is none or its state is not kept any more. */
bool sio_recovery_restore(struct sio_socket *socket, struct sio_value auth);

/* Send a restored socket what it missed. Returns false if some of that is no
 * longer there, or could not be sent. */
bool sio_recovery_replay(struct sio_socket *socket);

/* Release the state that a socket has taken over. */
void sio_recovery_forget(struct sio_socket *socket);

/* Give a socket that connects anew a private identifier, if recovery is on and
 * its protocol has it. Returns 0, WS_ENOMEM or WS_ESYSTEM. */
int sio_recovery_begin(struct sio_socket *socket);

/* An event is about to be sent: append its offset to the arguments in
 * io->text. */
void sio_recovery_offset(struct sio *io);

/* It is encoded: remember it for the sockets of its target. */
void sio_recovery_remember(
    const struct sio_target *target, const struct sio_out *out);

/* It is sent to a socket, which then needs no earlier event. */
void sio_recovery_sent(struct sio_socket *socket);

#endif
