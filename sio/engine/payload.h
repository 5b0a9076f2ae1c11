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

/* The octets that a packet, text or binary, has in front of its data, as a
 * frame or in a body. Binary data that is to be sent in a body of text, or
 * where base64 is asked for, is EIO_BASE64 here.
 *   out  receives at most 2 octets
 * Returns how many. */
size_t eio_packet_mark(
    int protocol, enum eio_type type, enum eio_form form, char out[2]);

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

/* How many octets a packet, text or binary, takes in a body.
 *   first  it is the first one */
size_t eio_payload_size(
    enum eio_framing framing, const struct eio_packet *packet, bool first);

/* Write it. Returns how many octets it took. */
size_t eio_payload_write(enum eio_framing framing,
    const struct eio_packet *packet, bool first, char *out);

/* ---- octets (octets.c) ------------------------------------------------- */

/* How many UTF-16 units a text has, or -1 when it is not UTF-8.
 * RFC 3629, RFC 2781 section 2.1. */
int64_t eio_utf16_units(const char *text, size_t len);

/* The octets that so many units are, or -1 when there are not that many, when
 * they end within a character, or it is not UTF-8. */
int64_t eio_octets_of_units(const char *text, size_t len, size_t units);

/* Whether all of a text is ASCII. */
bool eio_is_ascii(const char *text, size_t len);

/* Octets in base64 and back, with padding. Decoding returns how many octets
 * there are, at most len / 4 * 3, or -1 when it is not base64; out may be in.
 * RFC 4648 section 4. */
size_t eio_base64_len(size_t len);
void eio_base64_encode(const void *data, size_t len, char *out);
int64_t eio_base64_decode(const char *in, size_t len, void *out);

#define EIO_SID_OCTETS 15
#define EIO_SID_LEN 20

/* A session's identifier and its octets: base64url without padding, RFC 4648
 * section 5. Reading returns whether it is one. */
void eio_sid_write(const uint8_t octets[EIO_SID_OCTETS], char out[EIO_SID_LEN]);
bool eio_sid_read(const char *text, size_t len, uint8_t octets[EIO_SID_OCTETS]);

/* ---- forms and scripts (octets.c) -------------------------------------- */

/* Find a value in a form or a query: the last one of that name.
 *   name   a C string
 *   value  receives where it is, encoded
 * Returns its length, or -1 when there is none. */
int64_t eio_form_find(
    const char *form, size_t len, const char *name, const char **value);

/* Decode a value as browsers do: '+' is a space, and a '%' without two
 * hexadecimal digits stands for itself.
 *   out  receives at most len octets; may be in
 * Returns how many. */
size_t eio_form_decode(const char *in, size_t len, char *out);

/* Undo what the script transport does to newlines, behind the form's decoding:
 * \n is one, \\n is a backslash and an n. In place; returns the new length. */
size_t eio_jsonp_unescape(char *text, size_t len);

/* A body as a script: ___eio[index]("..."); with index the digits of the text
 * that the client chose.
 * eio_jsonp_size says how many octets it is, eio_jsonp_write writes it. */
size_t eio_jsonp_size(const char *index, const char *payload, size_t len);
size_t
eio_jsonp_write(const char *index, const char *payload, size_t len, char *out);

#endif
