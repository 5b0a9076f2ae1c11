/* payload.h - packets and payloads of Engine.IO, protocols 4, 3 and 2. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_PAYLOAD_H
#define EIO_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values are those on the wire. */
enum eio_type {
	EIO_OPEN = 0,
	EIO_CLOSE = 1,
	EIO_PING = 2,
	EIO_PONG = 3,
	EIO_MESSAGE = 4,
	EIO_UPGRADE = 5,
	EIO_NOOP = 6,
};

/* What the data of a packet is. */
enum eio_form {
	EIO_TEXT,
	EIO_BINARY,
	EIO_BASE64, /* binary data that stands there as text, in base64 */
};

/* How packets follow each other in a body. */
enum eio_framing {
	EIO_SEPARATED, /* protocol 4 */
	EIO_COUNTED,   /* protocol 3 as text: lengths in UTF-16 units */
	EIO_OCTETS,    /* protocol 3 as octets: lengths in octets */
};

/* One packet. */
struct eio_packet {
	enum eio_type type;
	enum eio_form form;
	const char *data; /* borrowed; not terminated */
	size_t len;
};

/* ---- one packet -------------------------------------------------------- */

/* Take apart a packet that is text: a text frame, or part of a body.
 *   protocol  4, 3 or 2
 *   packet    written only on success; borrows in
 * Returns whether it is a packet. Whether in is UTF-8, and whether base64 can
 * be decoded, is not checked. */
bool eio_packet_read(
    int protocol, const char *in, size_t len, struct eio_packet *packet);

/* Take apart a packet that is binary. Returns whether it is one. */
bool eio_packet_read_binary(
    int protocol, const char *in, size_t len, struct eio_packet *packet);

/* How many octets a packet takes, as a frame or in a body.
 *   packet  text or binary
 *   form    that it is to have: its own, or EIO_BASE64 */
size_t eio_packet_size(
    int protocol, const struct eio_packet *packet, enum eio_form form);

/* Write a packet, as many octets as eio_packet_size says. Returns that. */
size_t eio_packet_write(int protocol, const struct eio_packet *packet,
    enum eio_form form, char *out);

/* ---- bodies ------------------------------------------------------------ */

/* A body that is being read. */
struct eio_payload {
	int protocol;
	enum eio_framing framing;
	const char *in; /* borrowed until the end */
	size_t len;
	size_t at;   /* read so far */
	bool ended;  /* nothing follows */
	bool failed; /* the body is malformed */
};

/* Begin to read a body.
 *   framing  EIO_SEPARATED for protocol 4, one of the others for 3 and 2 */
void eio_payload_begin(struct eio_payload *payload, int protocol,
    enum eio_framing framing, const char *in, size_t len);

/* Read the next packet; text is checked to be UTF-8.
 * Returns whether there is one; if not, payload->failed says why. An empty
 * body is malformed. */
bool eio_payload_next(struct eio_payload *payload, struct eio_packet *packet);

/* How many octets a packet, text or binary, can at most take in a body. */
size_t
eio_payload_bound(enum eio_framing framing, const struct eio_packet *packet);

/* Add a packet to a body.
 *   first  nothing stands before it
 *   out    room for as many octets as eio_payload_bound says
 * Returns how many octets it took. */
size_t eio_payload_write(enum eio_framing framing,
    const struct eio_packet *packet, bool first, char *out);

/* How many UTF-16 units a text has, or -1 when it is not UTF-8. As many as
 * octets, and only then, when all of it is ASCII.
 * RFC 3629 section 3, RFC 2781 section 2.1. */
int64_t eio_utf16_units(const char *text, size_t len);

#endif
