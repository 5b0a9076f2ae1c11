/* json.h - a JSON reader over a span, and strings both ways (RFC 8259). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_H
#define SIO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sio/sio.h"

enum {
	SIO_JSON_DEPTH = 100, /* the usual limit of nesting */
	/* The longest text that is read. Shorter ones have fewer than 2^28
	 * elements in one array, which is what a token can count. */
	SIO_JSON_TEXT_MAX = 0x1fffffff,
	/* Attachments of one packet: maxAttachments of socket.io-parser 4.2.6
	 * by default. A client that gets more closes the connection. */
	SIO_ATTACHMENTS_MAX = 10,
};

enum sio_json_error {
	SIO_JSON_ESYNTAX = -1, /* an octet that cannot stand there */
	SIO_JSON_EEND = -2,    /* the text ends too early */
	SIO_JSON_EUTF8 = -3,   /* a string is not UTF-8 */
	SIO_JSON_EDEPTH = -4,  /* nesting is too deep */
	SIO_JSON_ESIZE = -5,   /* the text is longer than SIO_JSON_TEXT_MAX */
};

/* One value of a text. An array is followed by its elements, an object by its
 * members, of which each is a name (a string) and a value. */
struct sio_json_token {
	uint32_t type : 3;    /* enum sio_type */
	uint32_t escaped : 1; /* a string with a backslash in it */
	uint32_t
	    count : 28; /* elements or members; the number of binary data */
	uint32_t start; /* offsets in the text; strings: without quotes */
	uint32_t end;
	uint32_t next; /* the index behind its last descendant */
};

/* A text that is being read. Only at, count and error are the caller's to
 * read. */
struct sio_json {
	const char *text; /* borrowed until the end */
	size_t len;
	size_t at;    /* read so far; after an error, the octet that is wrong */
	size_t count; /* tokens so far */
	int error;    /* enum sio_json_error; it stays */
	unsigned depth;
	unsigned depth_max;
	uint32_t open; /* the innermost container that is open */
	int expect;
	struct sio_json_token *tokens; /* borrowed during one call */
	size_t room;
};

/* Begin to read a text.
 *   depth_max  how deep arrays and objects may nest; 0 refuses them all */
void sio_json_begin(
    struct sio_json *json, const char *text, size_t len, unsigned depth_max);

/* Read it, into an array of tokens that begins with those of earlier calls.
 *   tokens, room  borrowed during the call; room never shrinks
 * Returns 1 when the text is read whole: json->count tokens, of which the
 * first is the root; 0 when it needs more than room; or an enum
 * sio_json_error. */
int sio_json_parse(
    struct sio_json *json, struct sio_json_token *tokens, size_t room);

/* The last value of a member of an object, as JSON.parse has it.
 * Returns the index of its token, 0 when there is none. */
uint32_t sio_json_member(const char *text, const struct sio_json_token *tokens,
    uint32_t object, const char *name, size_t len);

/* Whether an object stands for binary data that was sent beside the text:
 * {"_placeholder":true, and anything more. The Socket.IO protocol, "Packet
 * encoding". */
bool sio_json_is_placeholder(
    const char *text, const struct sio_json_token *tokens, uint32_t object);

/* How many octets of text are a JSON number; 0 when it begins with none.
 * RFC 8259 section 6. */
size_t sio_json_number_len(const char *text, size_t len);

/* ---- strings (json_string.c) ------------------------------------------- */

/* Skip octets that stand for themselves in a string: ASCII, no control
 * character, no quote, no backslash. Returns where they end. */
const char *sio_json_skip_plain(const char *p, const char *end);

/* Decode a string.
 *   raw, len  what stands between the quotes of a text that was read
 *   out       receives at most len octets; raw itself is allowed
 * Returns how many. RFC 8259 section 7. */
size_t sio_json_unescape(const char *raw, size_t len, char *out);

/* Whether a string, decoded, is equal to the len octets at other. */
bool sio_json_string_is(const char *text, const struct sio_json_token *string,
    const char *other, size_t len);

#endif
