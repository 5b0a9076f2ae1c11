/* http.c - incremental HTTP/1.x request head parser (RFC 9112). */
/* SPDX-License-Identifier: MIT */

/* A request head is one request line, field lines, and an empty line, each
 * ended by CRLF (RFC 9112 section 2.1):
 *
 *	GET /chat?room=1 HTTP/1.1\r\n
 *	|   |            |       |
 *	|   TARGET       VERSION |
 *	METHOD                   |
 *	Host: example.com\r\n
 *	|    |           |
 *	NAME VALUE       |
 *	\r\n             FIELD (the next line begins)
 *	FIELD, then COMPLETE
 *
 * The parser walks these parts in order; the words are its phases. It reads
 * the caller's buffer in place and remembers two offsets, where the part
 * began and how far it was scanned, so a head may arrive octet by octet and
 * still costs linear time. It copies nothing and allocates nothing.
 *
 *	EMPTY_LINES -> METHOD -> TARGET -> VERSION -> FIELD -> COMPLETE
 *	  ^     |                                      |  ^
 *	  +-----+ at most 8                       NAME <  | VALUE
 *	                                            +-----+
 *
 * Every error is certain from the octets before it: how the octets were cut
 * into pieces never changes the result. Two programs that read one head
 * differently are the root of request smuggling, so wherever RFC 9112 lets a
 * recipient choose between repairing and refusing, this one refuses:
 *
 *   - a bare CR or a bare LF (section 2.2), obs-fold (5.2), white space before
 *     the colon (5.1), other than one SP in the request line (3);
 *   - two Host lines, a Host that is not host[:port] (3.2), a ',' or '%' in it;
 *   - two Content-Length lines even if equal, lists, signs and leading zeros
 *     in it (6.3; RFC 9110 section 8.6), together with Transfer-Encoding (6.1);
 *   - any Transfer-Encoding but exactly "chunked", and any in HTTP/1.0 (6.1);
 *   - control octets and NUL anywhere, '#' in the target, and octets above
 *     0x7f outside field values. */

#include "http.h"
#include "base/digits.h"
#include "http/field.h"
#include "http/target.h"

enum {
	/* Clients of the nineties sent one. Each costs a step of the parser, so
	 * a peer shall not send thousands. */
	EMPTY_LINES_MAX = 8,
	METHOD_OCTETS_MAX = 7,  /* CONNECT and OPTIONS */
	LENGTH_DIGITS_MAX = 19, /* every such number fits 64 bits */
};

enum phase {
	EMPTY_LINES,
	METHOD,
	TARGET,
	VERSION,
	FIELD,
	NAME,
	VALUE,
	COMPLETE,
};

/* Bits of ws_http_head.seen: findings in the fields so far. */
enum {
	SEEN_HOST = 1,
	SEEN_CLOSE = 2,
	SEEN_KEEP_ALIVE = 4,
	SEEN_UPGRADE_OPTION = 8, /* Connection: upgrade */
	SEEN_UPGRADE_FIELD = 16,
};

/* ---- scanning ------------------------------------------------------------ */

/* Every offset into a head is at most WS_HTTP_HEAD_MAX, so it fits. */
static uint16_t
offset(size_t at)
{
	return (uint16_t)at;
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Find the first octet from at on that is not in a class.
 * Returns its offset, or len when there is none. */
static size_t
skip(unsigned class, const char *buf, size_t at, size_t len)
{
	while (at < len && ws_http_is(buf[at], class))
		at++;
	return at;
}

/* Find control octets, below 0x20 or 0x7f, among eight. The first top bit that
 * is set in the result is that of the first control octet.
 *
 * The first term borrows into the top bit of an octet below 0x20. The second
 * term does the same for 0x7f, which was turned into 0. ~word masks out
 * obs-text. A borrow may mark octets behind the first one wrongly. */
static uint64_t
controls(const char *eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones * 0x80;
	uint64_t word = ws_load64_le((const uint8_t *)eight);
	uint64_t del = word ^ ones * 0x7f;

	return (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & tops;
}

/* Most octets of a head are in field values. These are read eight at a time, up
 * to the first control octet. */
size_t
ws_http_skip_text(const char *buf, size_t at, size_t len)
{
	for (; len - at >= 8; at += 8) {
		uint64_t found = controls(buf + at);

		if (found != 0) {
			at += ws_zero_octets(found);
			break;
		}
	}
	return skip(WS_HTTP_TEXT, buf, at, len);
}

/* Check that LF follows a CR. Returns 1, 0 when the next octet is missing, or
 * an error. RFC 9112 section 2.2: a bare CR is invalid. */
static int
line_end(const char *buf, size_t at, size_t len)
{
	if (len - at < 2)
		return 0;
	return buf[at + 1] == '\n' ? 1 : WS_HTTP_ELINE;
}

/* Choose the error for an octet out of place. A bare LF has its own. */
static int
unexpected(char octet, int error)
{
	return octet == '\n' ? WS_HTTP_ELINE : error;
}

/* Begin the next phase at an offset. */
static int
enter(struct ws_http_head *h, size_t at, enum phase phase)
{
	h->part_at = h->scanned_at = offset(at);
	h->phase = (uint8_t)phase;
	return 1;
}

/* ---- fields that the parser understands ---------------------------------- */

static struct ws_span
name_of(const char *buf, const struct ws_http_field *f)
{
	return (struct ws_span){ buf + f->name_at, f->name_octets };
}

static struct ws_span
value_of(const char *buf, const struct ws_http_field *f)
{
	return (struct ws_span){ buf + f->value_at, f->value_octets };
}

/* Each of the following acts on the value of the last field line. It returns 1
 * or an error. */

/* RFC 9112 section 3.2: one Host, and host[:port]. */
static int
take_host(struct ws_http_head *h, struct ws_span value)
{
	struct ws_authority authority;

	if (h->seen & SEEN_HOST || !ws_target_authority(value, &authority))
		return WS_HTTP_EHOST;
	h->seen |= SEEN_HOST;
	if (h->host_octets != 0)
		return 1; /* section 3.2.2: the request-target's host wins */
	h->host_at = h->fields[h->nfields - 1].value_at;
	h->host_octets = offset(value.len);
	return 1;
}

/* RFC 9110 section 7.6.1: the options of this connection alone. */
static int
take_connection(struct ws_http_head *h, struct ws_span value)
{
	struct ws_span option;

	while (ws_field_next(&value, &option)) {
		if (ws_span_equal_nocase(option, WS_SPAN("close")))
			h->seen |= SEEN_CLOSE;
		else if (ws_span_equal_nocase(option, WS_SPAN("keep-alive")))
			h->seen |= SEEN_KEEP_ALIVE;
		else if (ws_span_equal_nocase(option, WS_SPAN("upgrade")))
			h->seen |= SEEN_UPGRADE_OPTION;
	}
	return 1;
}

/* RFC 9110 section 7.8. */
static int
take_upgrade(struct ws_http_head *h, struct ws_span value)
{
	(void)value;
	h->seen |= SEEN_UPGRADE_FIELD;
	return 1;
}

/* RFC 9110 section 8.6, RFC 9112 section 6.3. */
static int
take_content_length(struct ws_http_head *h, struct ws_span value)
{
	if (h->chunked)
		return WS_HTTP_ESMUGGLE;
	if (h->has_length || value.len == 0 || value.len > LENGTH_DIGITS_MAX)
		return WS_HTTP_ELENGTH;
	/* Some programs read a number with a leading zero as octal. */
	if (value.at[0] == '0' && value.len > 1)
		return WS_HTTP_ELENGTH;
	if (ws_digits_read(value.at, value.len, &h->content_octets) < value.len)
		return WS_HTTP_ELENGTH;
	h->has_length = true;
	return 1;
}

/* RFC 9112 section 6.1. Chunked is the only coding that is known, and so the
 * only good value; the rest chooses between two errors. */
static int
take_transfer_encoding(struct ws_http_head *h, struct ws_span value)
{
	const struct ws_span chunked = WS_SPAN("chunked");
	struct ws_span first;

	if (h->minor == 0 || h->chunked)
		return WS_HTTP_ETRANSFER;
	if (h->has_length)
		return WS_HTTP_ESMUGGLE;
	h->chunked = ws_span_equal_nocase(value, chunked);
	if (h->chunked)
		return 1;
	if (ws_field_next(&value, &first) &&
	    !ws_span_equal_nocase(first, chunked))
		return WS_HTTP_ECODING;
	return WS_HTTP_ETRANSFER;
}

/* RFC 9110 section 10.1.1: a server ignores 100-continue in HTTP/1.0. */
static int
take_expect(struct ws_http_head *h, struct ws_span value)
{
	struct ws_span expectation;

	while (ws_field_next(&value, &expectation)) {
		if (!ws_span_equal_nocase(expectation, WS_SPAN("100-continue")))
			return WS_HTTP_EEXPECT;
		h->expect_continue = h->minor > 0;
	}
	return 1;
}

/* Act on one complete field line. Returns 1 or an error. */
static int
take_field(
    struct ws_http_head *h, const char *buf, const struct ws_http_field *f)
{
	static const struct {
		struct ws_span name;
		int (*take)(struct ws_http_head *, struct ws_span);
	} known[] = {
		{ { "host", 4 }, take_host },
		{ { "expect", 6 }, take_expect },
		{ { "upgrade", 7 }, take_upgrade },
		{ { "connection", 10 }, take_connection },
		{ { "content-length", 14 }, take_content_length },
		{ { "transfer-encoding", 17 }, take_transfer_encoding },
	};
	struct ws_span name = name_of(buf, f);

	for (size_t i = 0; i < WS_LEN(known); i++) {
		if (ws_span_equal_nocase(name, known[i].name))
			return known[i].take(h, value_of(buf, f));
	}
	return 1;
}

/* ---- phases -------------------------------------------------------------- */

/* Each of the following continues one part of the head. It returns 1 when the
 * part is complete and the next phase was entered, 0 when more octets are
 * needed, or an error. */

/* RFC 9112 section 2.2: ignore empty lines before the request line. Some old
 * clients send one behind the body of a POST. */
static int
parse_empty_lines(struct ws_http_head *h, const char *buf, size_t len)
{
	size_t at = h->scanned_at;
	int r;

	if (at == len)
		return 0;
	if (buf[at] != '\r')
		return enter(h, at, METHOD);
	if (at >= 2 * EMPTY_LINES_MAX)
		return WS_HTTP_EREQUEST;
	r = line_end(buf, at, len);
	return r > 0 ? enter(h, at + 2, EMPTY_LINES) : r;
}

/* RFC 9112 section 3.1. A text longer than the longest method is refused at
 * once. */
static int
parse_method(struct ws_http_head *h, const char *buf, size_t len)
{
	size_t begin = h->part_at;
	size_t bound = smaller(len, begin + METHOD_OCTETS_MAX + 1);
	size_t at = skip(WS_HTTP_TOKEN, buf, h->scanned_at, bound);
	const char *name;

	h->scanned_at = offset(at);
	if (at - begin > METHOD_OCTETS_MAX)
		return WS_HTTP_EMETHOD;
	if (at == len)
		return 0;
	if (buf[at] != ' ' || at == begin)
		return unexpected(buf[at], WS_HTTP_EREQUEST);
	for (int i = 0; *(name = ws_http_method_name(i)) != '\0'; i++) {
		if (strlen(name) == at - begin &&
		    memcmp(name, buf + begin, at - begin) == 0) {
			h->method = (uint8_t)i;
			return enter(h, at + 1, TARGET);
		}
	}
	return WS_HTTP_EMETHOD;
}

/* Keep the parts of a request-target as offsets. An absent query has none. */
static void
store_target(
    struct ws_http_head *h, const char *buf, const struct ws_target *target)
{
	h->has_query = target->has_query;
	h->path_octets = offset(target->path.len);
	h->query_octets = offset(target->query.len);
	h->host_octets = offset(target->host.len);
	if (target->path.len > 0)
		h->path_at = offset((size_t)(target->path.at - buf));
	if (target->has_query)
		h->query_at = offset((size_t)(target->query.at - buf));
	if (target->host.len > 0)
		h->host_at = offset((size_t)(target->host.at - buf));
}

/* RFC 9112 section 3.2. */
static int
parse_target(struct ws_http_head *h, const char *buf, size_t len)
{
	size_t begin = h->part_at;
	size_t bound = smaller(len, begin + h->uri_max);
	size_t at = skip(WS_HTTP_TARGET, buf, h->scanned_at, bound);
	struct ws_target target;

	h->scanned_at = offset(at);
	if (at == len)
		return 0;
	if (buf[at] != ' ' && at - begin == h->uri_max)
		return WS_HTTP_EURI;
	if (buf[at] == '\r' || at == begin)
		return unexpected(buf[at], WS_HTTP_EREQUEST);
	if (buf[at] != ' ')
		return unexpected(buf[at], WS_HTTP_ETARGET);
	if (!ws_target_read(h->method,
		(struct ws_span){ buf + begin, at - begin }, &target))
		return WS_HTTP_ETARGET;
	store_target(h, buf, &target);
	return enter(h, at + 1, VERSION);
}

/* Whether the octet at i continues "HTTP/" 1*DIGIT "." DIGIT, as the octets
 * before it do. It is not a CR. */
static bool
version_octet(const char *version, size_t i)
{
	if (i < 5)
		return version[i] == "HTTP/"[i];
	if (i > 6 && version[i - 2] == '.')
		return false; /* the CR is due */
	if (version[i] == '.')
		return i > 5 && version[i - 1] != '.';
	return version[i] >= '0' && version[i] <= '9';
}

/* RFC 9112 section 2.3. */
static int
parse_version(struct ws_http_head *h, const char *buf, size_t len)
{
	const char *version = buf + h->part_at;
	size_t i = (size_t)(h->scanned_at - h->part_at);
	size_t n = len - h->part_at;
	int r;

	while (i < n && version[i] != '\r' && version_octet(version, i))
		i++;
	h->scanned_at = offset(h->part_at + i);
	if (i == n)
		return 0;
	if (version[i] != '\r')
		return unexpected(version[i], WS_HTTP_EREQUEST);
	if (i < 8 || version[i - 2] != '.')
		return WS_HTTP_EREQUEST;
	r = line_end(version, i, n);
	if (r <= 0)
		return r;
	if (i != 8 || version[5] != '1')
		return WS_HTTP_EVERSION;
	h->minor = (uint8_t)(version[7] - '0');
	return enter(h, h->part_at + i + 2, FIELD);
}

/* Check and conclude what needs the whole head. Returns 1 or an error. */
static int
finish(struct ws_http_head *h)
{
	const unsigned both = SEEN_UPGRADE_OPTION | SEEN_UPGRADE_FIELD;

	/* RFC 9112 section 3.2. */
	if (h->minor > 0 && !(h->seen & SEEN_HOST))
		return WS_HTTP_EHOST;
	/* RFC 9112 section 9.3: close wins over everything. */
	h->keep_alive = !(h->seen & SEEN_CLOSE) &&
			(h->minor > 0 || h->seen & SEEN_KEEP_ALIVE);
	/* RFC 9110 section 7.8: HTTP/1.0 cannot upgrade. */
	h->upgrade = h->minor > 0 && (h->seen & both) == both;
	return 1;
}

/* Look at the first octet of a line behind the request line: a field begins, or
 * the empty line. */
static int
parse_field(struct ws_http_head *h, const char *buf, size_t len)
{
	size_t at = h->scanned_at;
	int r;

	if (at == len)
		return 0;
	/* RFC 9112 section 5.2; and section 2.2, before the first field. */
	if (buf[at] == ' ' || buf[at] == '\t')
		return WS_HTTP_EFOLD;
	if (buf[at] == '\r') {
		r = line_end(buf, at, len);
		if (r > 0)
			r = finish(h);
		return r > 0 ? enter(h, at + 2, COMPLETE) : r;
	}
	if (h->nfields == WS_HTTP_FIELDS_MAX)
		return WS_HTTP_ETOOMANY;
	return enter(h, at, NAME);
}

/* RFC 9112 section 5.1: nothing between the name and its colon. */
static int
parse_name(struct ws_http_head *h, const char *buf, size_t len)
{
	struct ws_http_field *f = &h->fields[h->nfields];
	size_t at = skip(WS_HTTP_TOKEN, buf, h->scanned_at, len);

	h->scanned_at = offset(at);
	if (at == len)
		return 0;
	if (buf[at] != ':' || at == h->part_at)
		return unexpected(buf[at], WS_HTTP_EFIELD);
	f->name_at = h->part_at;
	f->name_octets = offset(at - h->part_at);
	return enter(h, at + 1, VALUE);
}

/* Store a value without the white space around it. RFC 9112 section 5.1. */
static void
store_value(struct ws_http_field *f, const char *buf, size_t at, size_t end)
{
	while (at < end && (buf[at] == ' ' || buf[at] == '\t'))
		at++;
	while (at < end && (buf[end - 1] == ' ' || buf[end - 1] == '\t'))
		end--;
	f->value_at = offset(at);
	f->value_octets = offset(end - at);
}

/* RFC 9110 section 5.5: no control octets but HTAB. */
static int
parse_value(struct ws_http_head *h, const char *buf, size_t len)
{
	struct ws_http_field *f = &h->fields[h->nfields];
	size_t at = ws_http_skip_text(buf, h->scanned_at, len);
	int r;

	h->scanned_at = offset(at);
	if (at == len)
		return 0;
	if (buf[at] != '\r')
		return unexpected(buf[at], WS_HTTP_EFIELD);
	r = line_end(buf, at, len);
	if (r <= 0)
		return r;
	store_value(f, buf, h->part_at, at);
	h->nfields++;
	r = take_field(h, buf, f);
	return r > 0 ? enter(h, at + 2, FIELD) : r;
}

static int
step(struct ws_http_head *h, const char *buf, size_t len)
{
	switch ((enum phase)h->phase) {
	case EMPTY_LINES:
		return parse_empty_lines(h, buf, len);
	case METHOD:
		return parse_method(h, buf, len);
	case TARGET:
		return parse_target(h, buf, len);
	case VERSION:
		return parse_version(h, buf, len);
	case FIELD:
		return parse_field(h, buf, len);
	case NAME:
		return parse_name(h, buf, len);
	case VALUE:
		return parse_value(h, buf, len);
	case COMPLETE:
		break;
	}
	return 0;
}

/* ---- the interface ------------------------------------------------------- */

void
ws_http_init(struct ws_http_head *h, size_t head_max, size_t uri_max)
{
	/* The fields need not be zeroed: nfields says how many there are. */
	memset(h, 0, offsetof(struct ws_http_head, fields));
	h->head_max = offset(smaller(head_max, WS_HTTP_HEAD_MAX));
	h->uri_max = offset(smaller(uri_max, WS_HTTP_HEAD_MAX));
}

ssize_t
ws_http_parse(struct ws_http_head *h, const char *buf, size_t len)
{
	size_t have = smaller(len, h->head_max);
	int r = h->error;

	if (r != 0)
		return r;
	do
		r = step(h, buf, have);
	while (r > 0);
	if (h->phase == COMPLETE)
		return h->scanned_at;
	if (r == 0 && have == h->head_max)
		r = WS_HTTP_ETOOLARGE;
	h->error = (int8_t)r;
	return r;
}

/* Find the first field line with a name, from one on. Returns NULL when there
 * is none. */
static inline const struct ws_http_field *
find_field(const struct ws_http_head *h, const char *buf, struct ws_span name,
    const struct ws_http_field *f)
{
	for (; f < h->fields + h->nfields; f++) {
		if (ws_span_equal_nocase(name_of(buf, f), name))
			return f;
	}
	return NULL;
}

bool
ws_http_field_nth(const struct ws_http_head *h, const char *buf,
    struct ws_span name, unsigned nth, struct ws_span *value)
{
	const struct ws_http_field *f = h->fields;

	for (; (f = find_field(h, buf, name, f)) != NULL; f++) {
		if (nth-- > 0)
			continue;
		*value = value_of(buf, f);
		return true;
	}
	return false;
}

unsigned
ws_http_field(const struct ws_http_head *h, const char *buf,
    struct ws_span name, struct ws_span *value)
{
	const struct ws_http_field *f = h->fields;
	unsigned count = 0;

	for (; (f = find_field(h, buf, name, f)) != NULL; f++) {
		if (count++ == 0)
			*value = value_of(buf, f);
	}
	return count;
}

bool
ws_http_has_token(const struct ws_http_head *h, const char *buf,
    struct ws_span name, struct ws_span token)
{
	struct ws_span list, member;

	for (unsigned n = 0; ws_http_field_nth(h, buf, name, n, &list); n++) {
		while (ws_field_next(&list, &member)) {
			if (ws_span_equal_nocase(member, token))
				return true;
		}
	}
	return false;
}
