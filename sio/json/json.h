/* json.h - a JSON reader over a span (RFC 8259). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_H
#define SIO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sio/sio.h"

enum {
	/* How deep a document may nest, so that an application may walk it by
	 * recursion. Ruby's reader has the same limit, serde_json 128, PHP
	 * 512. */
	SIO_JSON_DEPTH = 100,
	/* The longest text that is read. An element takes two octets at least,
	 * so that the count of a token, 28 bits, holds any array of a text. */
	SIO_JSON_TEXT_MAX = 0x1fffffff,
	/* Attachments of one packet: maxAttachments of socket.io-parser 4.2.6
	 * by default. A client that gets more closes the connection. */
	SIO_ATTACHMENTS_MAX = 10,
};

enum sio_json_error {
	SIO_JSON_ESYNTAX = -1, /* the grammar does not allow an octet */
	SIO_JSON_EEND = -2,    /* the text ends inside a value */
	SIO_JSON_EUTF8 = -3,   /* a string is not UTF-8 */
	SIO_JSON_EDEPTH = -4,  /* nesting exceeds depth_max */
	SIO_JSON_ESIZE = -5,   /* the text exceeds SIO_JSON_TEXT_MAX */
};

/* One value of a text. The elements of an array follow its token. So do the
 * members of an object, each as a name (a string) and a value. */
struct sio_json_token {
	uint32_t type : 3;    /* enum sio_type */
	uint32_t escaped : 1; /* a string that has a backslash in it */
	uint32_t count : 28;  /* elements or members; of binary data, the number
	                         of its attachment */
	uint32_t start;       /* offset in the text; behind a string's quote */
	uint32_t end;         /* offset; of a string's closing quote */
	uint32_t next;        /* index of the token behind its descendants */
};

/* A text that is being read. The caller may read at, count and error. */
struct sio_json {
	const char *text; /* borrowed until the end */
	size_t len;
	size_t at;    /* octets read so far; after an error, where it is */
	size_t count; /* tokens so far */
	int error;    /* 0 or the first enum sio_json_error */
	unsigned depth;
	unsigned depth_max;
	uint32_t open; /* index of the innermost open array or object */
	int expect;    /* what the grammar allows next */
	struct sio_json_token *tokens; /* borrowed during sio_json_parse */
	size_t room;                   /* tokens that fit */
};

/* Begin to read a text.
 *   json       initialized here
 *   text, len  borrowed until the last sio_json_parse
 *   depth_max  how deep arrays and objects may nest; 0 refuses them all */
void sio_json_begin(
    struct sio_json *json, const char *text, size_t len, unsigned depth_max);

/* Read on until the text or the room for tokens ends.
 *   tokens  borrowed during the call; the json->count tokens of earlier calls
 *           stand at its beginning
 *   room    tokens that fit; never fewer than in the call before
 * Returns 1 when the text has been read: json->count tokens, the first is the
 * root; 0 when it needs more room; or an enum sio_json_error. */
int sio_json_parse(
    struct sio_json *json, struct sio_json_token *tokens, size_t room);

/* Find a member of an object by its name.
 *   object     index of the object's token
 *   name, len  UTF-8, not escaped
 * Returns the index of the member's value, or 0 when there is none. When the
 * name occurs twice the last one counts, as in JSON.parse: RFC 8259 section 4,
 * ECMA-262 section 25.5.1. */
uint32_t sio_json_member(const char *text, const struct sio_json_token *tokens,
    uint32_t object, const char *name, size_t len);

/* Return whether an object stands for binary data that was sent beside the
 * text: {"_placeholder":true, and anything more. Socket.IO protocol, "Packet
 * encoding". */
bool sio_json_is_placeholder(
    const char *text, const struct sio_json_token *tokens, uint32_t object);

/* Measure the JSON number that a text begins with. RFC 8259 section 6.
 * Returns its octets, or 0 when there is no number. */
size_t sio_json_number_len(const char *text, size_t len);

/* ---- strings (json_string.c) ------------------------------------------- */

/* Skip ASCII octets that stand for themselves in a string: no control
 * character, no quote, no backslash. RFC 8259 section 7.
 * Returns the first octet that is not one of them, or end. */
const char *sio_json_skip_plain(const char *p, const char *end);

/* Decode a string. RFC 8259 section 7.
 *   raw, len  the octets between the quotes, in a text that was read
 *   out       receives at most len octets; may be raw itself
 * Returns how many octets it wrote. */
size_t sio_json_unescape(const char *raw, size_t len, char *out);

/* Return whether a string of a text is, once decoded, equal to other. */
bool sio_json_string_is(const char *text, const struct sio_json_token *string,
    const char *other, size_t len);

#endif
