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
};

/* Each of the following takes one octet and returns the next phase, or
 * WS_HTTP_ECHUNK. */

/* RFC 9112 section 7.1: here an extension may begin, or the line end. */
static int
extension_end(char octet)
{
	if (octet == '\r')
		return SIZE_LF;
	return octet == ';' ? EXTENSION : WS_HTTP_ECHUNK;
}

/* RFC 9112 section 7.1: chunk-size. */
static int
take_size(struct ws_http_chunked *c, char octet)
{
	int digit = ws_hex_digit(octet);

	if (digit < 0)
		return c->digits > 0 ? extension_end(octet) : WS_HTTP_ECHUNK;
	if (c->digits == SIZE_DIGITS_MAX)
		return WS_HTTP_ECHUNK;
	c->digits++;
	c->remaining = c->remaining << 4 | (uint64_t)digit;
	return SIZE;
}

/* Stay in a phase while octets are in a class. */
static int
stay(char octet, unsigned class, enum phase phase, int otherwise)
{
	return ws_http_is(octet, class) ? (int)phase : otherwise;
}

/* RFC 9112 section 7.1.1; quoted-string is RFC 9110 section 5.6.4. */
static int
take_extension(enum phase phase, char octet)
{
	if (phase == EXTENSION)
		return stay(
		    octet, WS_HTTP_TOKEN, EXTENSION_NAME, WS_HTTP_ECHUNK);
	if (phase == EXTENSION_NAME)
		return octet == '=' ? EXTENSION_EQUALS
				    : stay(octet, WS_HTTP_TOKEN, phase,
					  extension_end(octet));
	if (phase == EXTENSION_EQUALS)
		return octet == '"' ? EXTENSION_QUOTED
				    : stay(octet, WS_HTTP_TOKEN,
					  EXTENSION_VALUE, WS_HTTP_ECHUNK);
	if (phase == EXTENSION_VALUE)
		return stay(octet, WS_HTTP_TOKEN, phase, extension_end(octet));
	if (phase == EXTENSION_UNQUOTED)
		return extension_end(octet);
	if (phase == EXTENSION_QUOTED && octet == '"')
		return EXTENSION_UNQUOTED;
	if (phase == EXTENSION_QUOTED && octet == '\\')
		return EXTENSION_ESCAPED;
	return stay(octet, WS_HTTP_TEXT, EXTENSION_QUOTED, WS_HTTP_ECHUNK);
}

/* RFC 9112 section 7.1: behind the LF of a size line comes data, or behind a
 * size of zero the trailers. */
static int
take_size_lf(struct ws_http_chunked *c, char octet)
{
	if (octet != '\n')
		return WS_HTTP_ECHUNK;
	c->digits = 0;
	return c->remaining > 0 ? DATA : TRAILER;
}

/* RFC 9112 section 7.1.2: trailers have the form of field lines. */
static int
take_trailer(enum phase phase, char octet)
{
	if (phase == TRAILER && octet == '\r')
		return END_LF;
	if (phase == TRAILER_NAME && octet == ':')
		return TRAILER_VALUE;
	if (phase == TRAILER_VALUE && octet == '\r')
		return TRAILER_LF;
	if (phase == TRAILER_VALUE)
		return stay(octet, WS_HTTP_TEXT, phase, WS_HTTP_ECHUNK);
	return stay(octet, WS_HTTP_TOKEN, TRAILER_NAME, WS_HTTP_ECHUNK);
}

/* Take one octet of framing. Returns the next phase or an error. */
static int
take_octet(struct ws_http_chunked *c, char octet)
{
	enum phase phase = (enum phase)c->phase;

	switch (phase) {
	case SIZE:
		return take_size(c, octet);
	case EXTENSION:
	case EXTENSION_NAME:
	case EXTENSION_EQUALS:
	case EXTENSION_VALUE:
	case EXTENSION_QUOTED:
	case EXTENSION_ESCAPED:
	case EXTENSION_UNQUOTED:
		if (++c->extra_octets > WS_HTTP_CHUNK_EXTRA_MAX)
			return WS_HTTP_ECHUNK;
		return take_extension(phase, octet);
	case SIZE_LF:
		return take_size_lf(c, octet);
	case DATA:
		break;
	case DATA_CR:
		return octet == '\r' ? DATA_LF : WS_HTTP_ECHUNK;
	case DATA_LF:
		return octet == '\n' ? SIZE : WS_HTTP_ECHUNK;
	case TRAILER:
	case TRAILER_NAME:
	case TRAILER_VALUE:
		if (++c->extra_octets > WS_HTTP_CHUNK_EXTRA_MAX)
			return WS_HTTP_ECHUNK;
		return take_trailer(phase, octet);
	case TRAILER_LF:
		return octet == '\n' ? TRAILER : WS_HTTP_ECHUNK;
	case END_LF:
		c->done = octet == '\n';
		return c->done ? SIZE : WS_HTTP_ECHUNK;
	}
	return WS_HTTP_ECHUNK;
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
		at++;
	}
	return (ssize_t)at;
}
