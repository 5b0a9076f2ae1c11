/* packet.h - packets of the Socket.IO protocol, revisions 5 and 4. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_PACKET_H
#define SIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "sio/json/json.h"

/* The values are those on the wire. */
enum sio_packet_type {
	SIO_CONNECT = 0,
	SIO_DISCONNECT = 1,
	SIO_EVENT = 2,
	SIO_ACK = 3,
	SIO_CONNECT_ERROR = 4,
	SIO_BINARY_EVENT = 5,
	SIO_BINARY_ACK = 6,
};

enum sio_packet_error {
	SIO_PACKET_ETYPE = -1, /* it is empty, or begins with no type */
	SIO_PACKET_EATTACHMENTS =
	    -2,                   /* their number lacks, or is not 1 to 10 */
	SIO_PACKET_EID = -3,      /* the ack id is above 2^53 - 1 */
	SIO_PACKET_EPAYLOAD = -4, /* not what this type of packet carries */
	SIO_PACKET_EPLACEHOLDER = -5, /* one stands for no attachment */
};

enum {
	/* The longest head without the name of the namespace: type, "10-", ',',
	 * and an ack id of 16 digits. */
	SIO_PACKET_HEAD_MAX = 21,
};

/* The head of a packet, and where its payload is. */
struct sio_packet {
	enum sio_packet_type type;
	unsigned attachments;   /* 1 to 10 of the binary types, else 0 */
	struct ws_span nsp;     /* "/" when the packet names none */
	struct ws_span query;   /* of revision 4: behind the '?' of the name */
	int64_t id;             /* the ack id, or -1 */
	struct ws_span payload; /* JSON, not checked yet; empty: none */
};

/* Decode a packet.
 *   in, len   the text of one packet; borrowed by packet
 *   revision  of the protocol: 5, or 4, in which a namespace may carry a query
 *   packet    written only on success
 * Returns 0 or an enum sio_packet_error. */
int sio_packet_decode(
    const char *in, size_t len, int revision, struct sio_packet *packet);

/* Check that a packet may carry its payload. The tokens of placeholders become
 * SIO_BINARY, with the number of the attachment as count.
 *   text           the payload
 *   tokens, count  its tokens; none if there is no payload
 * Returns 0, SIO_PACKET_EPAYLOAD or SIO_PACKET_EPLACEHOLDER. */
int sio_packet_check(const struct sio_packet *packet, const char *text,
    struct sio_json_token *tokens, size_t count);

/* Return whether the protocol reserves the name of an event. */
bool sio_packet_is_reserved(const char *name, size_t len);

/* Write the head of a packet: all of it but the payload.
 *   out  receives at most SIO_PACKET_HEAD_MAX + packet->nsp.len octets
 * Returns how many. */
size_t sio_packet_write_head(const struct sio_packet *packet, char *out);

/* Write a packet in ASCII, with escapes in its JSON. Only the name of a
 * namespace stays as it is.
 *   packet, len  the text of a whole packet; UTF-8
 *   out          receives up to 3 * len octets
 * Returns how many. */
size_t sio_packet_ascii(const char *packet, size_t len, char *out);

#endif
