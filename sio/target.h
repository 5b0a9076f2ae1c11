/* target.h - to whom something goes. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_TARGET_H
#define SIO_TARGET_H

#include "socket.h"

/* Something to be done with each socket of a target. The owner embeds it. */
struct sio_delivery {
	/* Called for each socket, which is connected. May disconnect sockets,
	 * but must not start another delivery. */
	void (*deliver)(
	    struct sio_delivery *delivery, struct sio_socket *socket);
};

/* Call delivery->deliver for each socket of a target in one namespace.
 * Returns how many sockets the target has; WS_EINVAL if it has too many rooms
 * or a name that no room can have, WS_ESTATE during another delivery, or
 * WS_ENOMEM. */
long
sio_target_run(const struct sio_target *target, struct sio_delivery *delivery);

/* Return whether a target was made without a mistake: too many rooms one by one,
 * or a name that is NULL. */
bool sio_target_is_valid(const struct sio_target *target);

/* The function of a ws_member that is a socket: calls io->delivery->deliver.
 *   message  not used */
void sio_target_deliver(struct ws_member *member, void *message);

/* A growing list of sockets. All zero, it is empty. */
struct sio_found {
	struct sio_socket **list; /* owned; release it with ws_mem_free */
	size_t count, room;
};

/* Append a socket. Returns 0 or WS_ENOMEM. */
int sio_target_found(struct sio_found *found, struct sio_socket *socket);

#endif
