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

/* The form of a packet's data. */
enum eio_form {
	EIO_TEXT,
	EIO_BINARY,
	EIO_BASE64, /* binary data that is written as text, in base64 */
};

/* The ways to put packets into a body. */
enum eio_framing {
	EIO_SEPARATED, /* protocol 4 */
	EIO_COUNTED,   /* protocol 3 as text: lengths in UTF-16 units */
	EIO_OCTETS,    /* protocol 3 as octets: lengths in octets */
};

struct eio_packet {
	enum eio_type type;
	enum eio_form form;
	const char *data; /* borrowed; not terminated */
	size_t len;
};

/* ---- one packet -------------------------------------------------------- */

/* Read a packet from text: a text frame, or a part of a body.
 *   protocol  4, 3 or 2
 *   packet    written only on success; borrows in
 * Returns whether in is a packet. UTF-8 and base64 are not checked. */
bool eio_packet_read(
    int protocol, const char *in, size_t len, struct eio_packet *packet);

/* The same for a binary frame or a binary part of a body. */
bool eio_packet_read_binary(
    int protocol, const char *in, size_t len, struct eio_packet *packet);

/* Return how many octets a packet takes, without what a body adds to it.
 *   packet  EIO_TEXT or EIO_BINARY
 *   form    the form to write: that of the packet, or EIO_BASE64 */
size_t eio_packet_size(
    int protocol, const struct eio_packet *packet, enum eio_form form);

/* Write a packet into as many octets as eio_packet_size returns, and return
 * their number. */
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

/* Return the most octets that a packet, EIO_TEXT or EIO_BINARY, can take in a
 * body. */
size_t
eio_payload_bound(enum eio_framing framing, const struct eio_packet *packet);

/* Add a packet to a body.
 *   first  it is the first packet of the body
 *   out    the end of the body, with room for eio_payload_bound octets
 * Returns how many octets it took. */
size_t eio_payload_write(enum eio_framing framing,
    const struct eio_packet *packet, bool first, char *out);

/* Return how many UTF-16 units a text has, or -1 when it is not UTF-8. The
 * number is len if and only if the text is ASCII.
 * RFC 3629 section 3, RFC 2781 section 2.1. */
int64_t eio_utf16_units(const char *text, size_t len);

#endif
