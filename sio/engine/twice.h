/* twice.h - text that old clients encode as UTF-8 twice. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_TWICE_H
#define EIO_TWICE_H

#include "payload.h"
#include "sio/json/text.h"

/* How often a client encodes the text of a body. */
enum eio_encodes {
	EIO_ENCODES_UNKNOWN, /* all text from it was ASCII */
	EIO_ENCODES_ONCE,
	EIO_ENCODES_TWICE,
};

/* Write text in ASCII, so that it means the same however often it is decoded.
 *   out  receives up to 3 * len octets
 * Returns how many. */
typedef size_t eio_ascii(const char *text, size_t len, char *out);

/* Encode text that is UTF-8 once more.
 *   out  receives up to 2 * len octets
 * Returns how many. */
size_t eio_text_twice(const char *text, size_t len, char *out);

/* Undo that. out may be text itself.
 * Returns how many octets out has, or -1 when the text was not so written. */
int64_t eio_text_once(const char *text, size_t len, char *out);

/* Take a packet of a body in EIO_COUNTED: find out how often its client
 * encodes, and decode its text in place if that is twice. Returns what is known
 * now. */
enum eio_encodes
eio_twice_read(enum eio_encodes encodes, struct eio_packet *packet);

/* Return how many times longer than its data the text of a packet for a body in
 * EIO_COUNTED may be: 1 when it is written as it is. */
size_t
eio_twice_growth(enum eio_encodes encodes, const struct eio_packet *packet);

/* Write the text of such a packet as its client reads it.
 *   ascii    NULL: text whose reading is unknown is written as it is
 *   packet   its data may become that of text
 *   text     receives the data; owned by the caller
 * Returns 0 or WS_ENOMEM. */
int eio_twice_write(enum eio_encodes encodes, eio_ascii *ascii,
    struct eio_packet *packet, struct sio_text *text);

#endif
