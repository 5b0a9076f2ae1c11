/* chunked.c - chunked transfer coding, decoder (RFC 9112 section 7.1). */
/* SPDX-License-Identifier: MIT */

/* A chunked body is a row of sized chunks, ended by one of size zero:
 *
 *	5;name=value\r\n       size in hexadecimal, optional extensions
 *	hello\r\n              as many octets as said, CRLF
 *	0\r\n                  the last chunk
 *	Expires: never\r\n     optional trailer fields
 *	\r\n
 *
 *	SIZE -> [EXTENSION...] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE
 *	                             | size 0
 *	                             v
 *	  TRAILER -> TRAILER_NAME -> TRAILER_VALUE -> TRAILER_LF -> TRAILER
 *	     | CR
 *	     v
 *	  END_LF -> done
 *
 * For example the body "hello world" in two chunks:
 *
 *	5\r\nhello\r\n  6\r\n world\r\n  0\r\n\r\n
 *	|    |        |    |         |
 *	size data     size data      the last chunk, and no trailers
 *
 * Framing goes octet by octet, data in whole runs that point into the input.
 * Nothing is kept but the state, so the input may be cut anywhere. Lines end
 * with CRLF only, a size is 1 to 16 hexadecimal digits and nothing else, and
 * extensions must have the form of RFC 9112 section 7.1.1 without white space:
 * where two programs disagree about the end of a chunk, a request can be
 * smuggled. All extensions and trailers of a body share one limit, because a
 * limit for each chunk would let tiny chunks carry any amount of them. */

#include "http.h"

enum {
	SIZE_DIGITS_MAX = 16, /* 64 bits */
};

enum phase {
	SIZE,
	EXTENSION, /* the first octet of a name */
	EXTENSION_NAME,
	EXTENSION_EQUALS, /* the first octet of a value */
	EXTENSION_VALUE,
	EXTENSION_QUOTED,
	EXTENSION_ESCAPED,
	EXTENSION_UNQUOTED,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	DONE,
};

/* Where an octet of framing leads from a phase: a given octet, or any of a
 * class (enum ws_http_class). What has no row is malformed. A phase tries its
 * rows from above. SIZE also takes digits, and SIZE_LF is in take_octet. */
static const struct {
	uint8_t phase, next;
	char octet;
	uint8_t class; /* when octet is 0 */
} moves[] = {
	/* RFC 9112 section 7.1. First what every chunk needs. */
	{ SIZE, SIZE_LF, '\r', 0 },
	{ SIZE, EXTENSION, ';', 0 },
	{ DATA_CR, DATA_LF, '\r', 0 },
	{ DATA_LF, SIZE, '\n', 0 },
	/* Section 7.1.1; quoted-string is RFC 9110 section 5.6.4. */
	{ EXTENSION, EXTENSION_NAME, 0, WS_HTTP_TOKEN },
	{ EXTENSION_NAME, EXTENSION_NAME, 0, WS_HTTP_TOKEN },
	{ EXTENSION_NAME, EXTENSION_EQUALS, '=', 0 },
	{ EXTENSION_NAME, EXTENSION, ';', 0 },
	{ EXTENSION_NAME, SIZE_LF, '\r', 0 },
	{ EXTENSION_EQUALS, EXTENSION_QUOTED, '"', 0 },
	{ EXTENSION_EQUALS, EXTENSION_VALUE, 0, WS_HTTP_TOKEN },
	{ EXTENSION_VALUE, EXTENSION_VALUE, 0, WS_HTTP_TOKEN },
	{ EXTENSION_VALUE, EXTENSION, ';', 0 },
	{ EXTENSION_VALUE, SIZE_LF, '\r', 0 },
	{ EXTENSION_QUOTED, EXTENSION_UNQUOTED, '"', 0 },
	{ EXTENSION_QUOTED, EXTENSION_ESCAPED, '\\', 0 },
	{ EXTENSION_QUOTED, EXTENSION_QUOTED, 0, WS_HTTP_TEXT },
	{ EXTENSION_ESCAPED, EXTENSION_QUOTED, 0, WS_HTTP_TEXT },
	{ EXTENSION_UNQUOTED, EXTENSION, ';', 0 },
	{ EXTENSION_UNQUOTED, SIZE_LF, '\r', 0 },
	/* Section 7.1.2: trailers have the form of field lines. */
	{ TRAILER, END_LF, '\r', 0 },
	{ TRAILER, TRAILER_NAME, 0, WS_HTTP_TOKEN },
	{ TRAILER_NAME, TRAILER_NAME, 0, WS_HTTP_TOKEN },
	{ TRAILER_NAME, TRAILER_VALUE, ':', 0 },
	{ TRAILER_VALUE, TRAILER_VALUE, 0, WS_HTTP_TEXT },
	{ TRAILER_VALUE, TRAILER_LF, '\r', 0 },
	{ TRAILER_LF, TRAILER, '\n', 0 },
	{ END_LF, DONE, '\n', 0 },
};

/* Look up where an octet leads. Returns the next phase or WS_HTTP_ECHUNK. */
static int
move(unsigned phase, char octet)
{
	for (size_t i = 0; i < WS_LEN(moves); i++) {
		if (moves[i].phase == phase &&
		    (moves[i].octet != 0 ? moves[i].octet == octet
					 : ws_http_is(octet, moves[i].class)))
			return moves[i].next;
	}
	return WS_HTTP_ECHUNK;
}

/* Whether a phase is inside of what is limited: extensions and trailers. */
static bool
is_extra(unsigned phase)
{
	return (phase >= EXTENSION && phase <= EXTENSION_UNQUOTED) ||
	       (phase >= TRAILER && phase <= TRAILER_VALUE);
}

/* Take one octet of framing. Returns the next phase or WS_HTTP_ECHUNK. */
static int
take_octet(struct ws_http_chunked *c, char octet)
{
	int digit = c->phase == SIZE ? ws_hex_digit(octet) : -1;

	if (digit >= 0 && c->digits < SIZE_DIGITS_MAX) {
		c->digits++;
		c->remaining = c->remaining << 4 | (uint64_t)digit;
		return SIZE;
	}
	if (c->phase == SIZE && c->digits == 0)
		return WS_HTTP_ECHUNK;
	/* Behind a size comes data, or behind a size of 0 the trailers. */
	if (c->phase == SIZE_LF && octet == '\n') {
		c->digits = 0;
		return c->remaining > 0 ? DATA : TRAILER;
	}
	if (is_extra(c->phase) && ++c->extra_octets > WS_HTTP_CHUNK_EXTRA_MAX)
		return WS_HTTP_ECHUNK;
	return move(c->phase, octet);
}

/* Take a run of data at the front of in. Returns its length. */
static size_t
take_data(
    struct ws_http_chunked *c, const char *in, size_t len, struct ws_span *data)
{
	size_t run = len < c->remaining ? len : (size_t)c->remaining;

	data->at = in;
	data->len = run;
	c->remaining -= run;
	if (c->remaining == 0)
		c->phase = DATA_CR;
	return run;
}

ssize_t
ws_http_chunked(
    struct ws_http_chunked *c, const char *in, size_t len, struct ws_span *data)
{
	size_t at = 0;

	*data = (struct ws_span){ in, 0 };
	if (c->error != 0)
		return c->error;
	while (at < len && !c->done) {
		int next;

		if (c->phase == DATA)
			return (ssize_t)(at +
					 take_data(c, in + at, len - at, data));
		next = take_octet(c, in[at]);
		if (next < 0) {
			c->error = (int8_t)next;
			return next;
		}
		c->phase = (uint8_t)next;
		c->done = next == DONE;
		at++;
	}
	return (ssize_t)at;
}
