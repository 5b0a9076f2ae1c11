/* ack.h - acknowledgements that clients owe the server. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_ACK_H
#define SIO_ACK_H

#include <stdbool.h>
#include <stdint.h>

#include "socket.h"

/* An event that is to be acknowledged, by one socket or by many. */
struct sio_question;

/* Begin a question.
 *   on_ack, arg  of sio_emit_ack or sio_emit_to_ack
 *   timeout_ms   for all of it; 0 waits for ever
 *   single       asks one socket: on_ack is called once, with that socket.
 *                Otherwise also at the end, without a socket
 * Returns it; or NULL when out of memory. */
struct sio_question *sio_ack_new(struct sio *io,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, int timeout_ms, bool single);

/* Draw the ack id for the sockets of a namespace that are asked next. */
int64_t sio_ack_number(struct sio_question *question, struct sio_nsp *nsp);

/* Expect an acknowledgement from a socket. Returns 0 or WS_ENOMEM. */
int sio_ack_expect(struct sio_question *question, struct sio_socket *socket);

/* Expect none after all: the socket could not be asked.
 *   id  that was drawn last
 * Returns false if the socket has left and was counted as such; a single
 * question is released then. */
bool sio_ack_forget(struct sio_socket *socket, int64_t id);

/* All sockets have been asked: the question ends, and is released, when each of
 * them has answered or left. Not for a single one, which ends by itself. */
void sio_ack_asked(struct sio_question *question);

/* Release a question without a call of on_ack. */
void sio_ack_release(struct sio_question *question);

/* A client has acknowledged.
 *   args  the array of what it answered */
void sio_ack_came(struct sio_socket *socket, int64_t id, struct sio_value args);

/* A socket has left: it will not answer any more. */
void sio_ack_none(struct sio_socket *socket);

#endif
