/* out.h - packets out: encode one, send one. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_OUT_H
#define SIO_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "sio/json/format.h"
#include "sio/json/text.h"
#include "socket.h"

/* An encoded packet: a text, and attachments behind it. */
struct sio_out {
	const char *at; /* borrowed from the text that it was written to */
	size_t len;
	size_t head_len; /* octets of it before the payload */
	int64_t id;      /* the ack id, or -1 */
	bool offset;     /* its last argument is its offset; see recovery.c */
	struct sio_attachments binary; /* data borrowed */
};

/* Begin a packet of a namespace, leaving room for the head. The caller then
 * writes the payload to text, and the attachments to out->binary.
 *   text  io->text or io->notice; emptied first */
void sio_out_begin(struct sio_text *text, struct ws_span nsp);

/* End a packet: write the head before the payload.
 *   type  SIO_EVENT and SIO_ACK become binary if out has attachments
 *   id    the ack id, or -1
 *   out   receives the text
 * Returns 0 or WS_ENOMEM. */
int sio_out_end(struct sio_text *text, struct ws_span nsp,
    enum sio_packet_type type, int64_t id, struct sio_out *out);

/* Send a packet over a client's connection, all of it or nothing.
 *   flags  of struct sio_target
 * Returns as eio_send. */
int
sio_out_send(struct sio_client *client, const struct sio_out *out, int flags);

/* Send a packet that has no attachments.
 *   nsp        may be the name of no namespace
 *   json, len  its payload, perhaps empty
 * Returns as eio_send. */
int sio_out_plain(struct sio_client *client, struct ws_span nsp,
    enum sio_packet_type type, const char *json, size_t len);

#endif
