/* http.h - HTTP/1.x messages: request head, chunked body, response head. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_HTTP_H
#define WS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/* ---- octet classes ------------------------------------------------------ */

/* Classes of octets, by what they may be part of. An octet may be in
 * several. */
enum ws_http_class {
	WS_HTTP_TOKEN = 1,  /* tchar, RFC 9110 section 5.6.2 */
	WS_HTTP_TEXT = 2,   /* a field value: HTAB, SP, VCHAR, obs-text */
	WS_HTTP_TARGET = 4, /* a request-target: VCHAR without '#' */
	WS_HTTP_HOST = 8,   /* a reg-name, RFC 3986 section 3.2.2, without '%'
	                       and ',' */
};

extern const uint8_t ws_http_classes[256];

/* Whether an octet is in one of some classes (enum ws_http_class, or-ed). */
static inline bool
ws_http_is(char octet, unsigned classes)
{
	return (ws_http_classes[(uint8_t)octet] & classes) != 0;
}

/* Find the first octet from at on that is not in WS_HTTP_TEXT.
 * Returns its offset, or len when there is none. */
size_t ws_http_skip_text(const char *buf, size_t at, size_t len);

/* ---- request head (RFC 9112 sections 2 to 5) ---------------------------- */

/* Fields in one head. Browsers send about 20, and proxies add some. Each takes
 * 8 octets of struct ws_http_head, and lookups are linear. */
#define WS_HTTP_FIELDS_MAX 100
#define WS_HTTP_HEAD_MAX 65000 /* offsets in a head have 16 bits */

/* RFC 9110 section 9.3 and RFC 5789. */
enum ws_http_method {
	WS_HTTP_GET,
	WS_HTTP_HEAD,
	WS_HTTP_POST,
	WS_HTTP_PUT,
	WS_HTTP_DELETE,
	WS_HTTP_CONNECT,
	WS_HTTP_OPTIONS,
	WS_HTTP_TRACE,
	WS_HTTP_PATCH,
};

/* The reasons to refuse a message. Each has a status and a sentence, see
 * ws_http_error_status and ws_http_error_text. After any of them the connection
 * cannot be used again, because the start of the next message is unknown. */
enum ws_http_error {
	WS_HTTP_EREQUEST = -1,  /* malformed request line: 400 */
	WS_HTTP_EMETHOD = -2,   /* an unknown method: 501 */
	WS_HTTP_EVERSION = -3,  /* not HTTP/1.x: 505 */
	WS_HTTP_EURI = -4,      /* request-target too long: 414 */
	WS_HTTP_ETARGET = -5,   /* malformed request-target: 400 */
	WS_HTTP_EFIELD = -6,    /* malformed field line: 400 */
	WS_HTTP_EFOLD = -7,     /* obs-fold: 400 */
	WS_HTTP_ELINE = -8,     /* bare CR or bare LF: 400 */
	WS_HTTP_ETOOLARGE = -9, /* head too large: 431 */
	WS_HTTP_ETOOMANY = -10, /* too many fields: 431 */
	WS_HTTP_EHOST = -11,    /* Host missing, twice or malformed: 400 */
	WS_HTTP_ELENGTH = -12,  /* Content-Length malformed or twice: 400 */
	WS_HTTP_ESMUGGLE = -13, /* Content-Length with Transfer-Encoding: 400 */
	WS_HTTP_ECODING = -14,  /* an unknown transfer coding: 501 */
	WS_HTTP_ECHUNK = -15,   /* malformed chunk or trailer: 400 */
	WS_HTTP_EEXPECT = -16,  /* an unknown expectation: 417 */
	WS_HTTP_EBODY = -17,    /* body larger than allowed: 413 */
	WS_HTTP_ETRANSFER = -18, /* Transfer-Encoding in HTTP/1.0, or chunked
	                            not last: 400 */
};

/* One field line. Offsets from the first octet of the head, because the
 * buffer may move while the head is still arriving. */
struct ws_http_field {
	uint16_t name_at, name_octets;
	uint16_t value_at, value_octets; /* without the white space around it */
};

/* One request head. The members from method on are valid only after
 * ws_http_parse returned a positive number. */
struct ws_http_head {
	/* Where the last call stopped: for http.c only. */
	uint16_t part_at;    /* first octet of the part being received */
	uint16_t scanned_at; /* octets before this need not be read again */
	uint8_t phase;
	uint8_t seen; /* findings in the fields so far */
	int8_t error; /* sticky: the first enum ws_http_error */

	uint16_t head_max; /* limits, set by ws_http_init */
	uint16_t uri_max;

	uint8_t method;  /* enum ws_http_method */
	uint8_t minor;   /* 1 for HTTP/1.1, 0 for HTTP/1.0, more is possible */
	bool keep_alive; /* another request may follow */
	bool upgrade;    /* Connection names "upgrade" and Upgrade is there */
	bool chunked;
	bool has_length;         /* Content-Length is there */
	bool expect_continue;    /* the client waits for 100 before its body */
	uint64_t content_octets; /* Content-Length, 0 when absent */

	/* The request-target's path and query, without scheme and authority of
	 * an absolute-form. The path begins with '/' (an absolute-form without
	 * a path has "/"), is "*" for OPTIONS *, and is empty for CONNECT,
	 * whose target is in host. The query excludes its '?'. */
	uint16_t path_at, path_octets;
	uint16_t query_at, query_octets;
	bool has_query;
	/* Host, or the authority of an absolute-form or authority-form, which
	 * wins (RFC 9112 section 3.2.2). Empty in HTTP/1.0 without Host. */
	uint16_t host_at, host_octets;

	uint16_t nfields;
	struct ws_http_field fields[WS_HTTP_FIELDS_MAX];
};

/* Begin a head.
 *   h         overwritten
 *   head_max  octets that a head may have, its empty line included; at most
 *             WS_HTTP_HEAD_MAX
 *   uri_max   octets that a request-target may have */
void ws_http_init(struct ws_http_head *h, size_t head_max, size_t uri_max);

/* Parse the part of a head that has arrived. Call again with the same buffer,
 * longer, when more has arrived. No octet is scanned twice, so the time is
 * linear however small the pieces are.
 *   buf  the head from its first octet; may have moved since the last call;
 *        may hold more than the head
 *   len  all octets received so far
 * Returns the size of the head in octets when it is complete, 0 when more
 * octets are needed, or an enum ws_http_error as early as it is certain (also
 * while the head is incomplete). Empty lines before the request line are
 * skipped (RFC 9112 section 2.2) and count as part of the head.
 * RFC 9112 sections 2 to 5. Stricter than the RFC allows where leniency is
 * known to be used for smuggling; http.c lists the choices. */
ssize_t ws_http_parse(struct ws_http_head *h, const char *buf, size_t len);

/* The value of a field.
 *   buf    the buffer that was parsed
 *   name   the field name; compared without regard to case
 *   value  receives the first value of that name, at most once per call
 * Returns how many field lines have that name (0: value is untouched). */
unsigned ws_http_field(const struct ws_http_head *h, const char *buf,
    struct ws_span name, struct ws_span *value);

/* The nth value of a field that may be repeated, counted from 0.
 * Returns false when there are not that many. */
bool ws_http_field_nth(const struct ws_http_head *h, const char *buf,
    struct ws_span name, unsigned nth, struct ws_span *value);

/* Whether a list-valued field, all its lines together, has a token. Tokens are
 * compared without regard to case. RFC 9110 section 5.6.1. */
bool ws_http_has_token(const struct ws_http_head *h, const char *buf,
    struct ws_span name, struct ws_span token);

/* The name of a method ("GET"), "" for none of enum ws_http_method. Static. */
const char *ws_http_method_name(int method);

/* The HTTP status (400, 413, 414, 417, 431, 501, 505) of an error. */
int ws_http_error_status(int error);

/* A sentence about an error for the response body and the log, static. */
const char *ws_http_error_text(int error);

/* ---- chunked transfer coding (RFC 9112 section 7.1), chunked.c ---------- */

/* Octets of all extensions and trailers of a body. Hardly any client sends one;
 * half would do, and double would be twice the work that a peer gets for
 * free. */
#define WS_HTTP_CHUNK_EXTRA_MAX 4096

/* The state of one chunked body. Zeroed memory is the initial state. */
struct ws_http_chunked {
	uint64_t remaining;    /* octets of the chunk still to come */
	uint16_t extra_octets; /* of extensions and trailers so far */
	uint8_t digits;        /* of the chunk size so far */
	uint8_t phase;         /* chunked.c's own */
	int8_t error;          /* sticky */
	bool done;             /* the last chunk and the trailers were read */
};

/* Decode the next part of a chunked body.
 *   in, len  octets received; borrowed
 *   data     receives a run of body octets inside in; empty when these octets
 *            held framing only
 * Returns the number of octets consumed, the run included. Call again with the
 * rest until all is consumed or c->done; the rest is then the next request.
 * Returns WS_HTTP_ECHUNK on malformed framing: an empty, signed or prefixed
 * size, more than 16 digits, bare CR or LF, a malformed extension, extensions
 * and trailers of more than WS_HTTP_CHUNK_EXTRA_MAX octets in all, anything but
 * CRLF behind a chunk. A size of 16 digits may be near 2^64: the caller limits
 * the body. Trailer fields are checked for form and dropped (RFC 9110 section
 * 6.5.1). */
ssize_t ws_http_chunked(struct ws_http_chunked *c, const char *in, size_t len,
    struct ws_span *data);

/* ---- response head, reply.c --------------------------------------------- */

/* A response head being written. A failure sticks: write everything, then check
 * failed once. */
struct ws_http_out {
	char *at; /* borrowed */
	size_t len, size;
	bool failed; /* it did not fit, or a field was not allowed */
};

/* Begin: the status line. status 100 to 599; HTTP/1.1 always (RFC 9112
 * section 2.3). */
void
ws_http_out_status(struct ws_http_out *out, char *at, size_t size, int status);

/* Append one field line. A name that is not a token, or a value with CR, LF,
 * NUL or another control octet than HTAB, makes out fail, so that no value can
 * inject a field. RFC 9110 section 5.5. */
void ws_http_out_field(
    struct ws_http_out *out, const char *name, struct ws_span value);

/* Append one field line whose value is a number. */
void
ws_http_out_number(struct ws_http_out *out, const char *name, uint64_t value);

/* Append the empty line that ends the head. */
void ws_http_out_end(struct ws_http_out *out);

/* The reason phrase of a status ("Not Found"), "" for one that is not
 * registered. Static. RFC 9110 section 15. */
const char *ws_http_reason(int status);

#endif
