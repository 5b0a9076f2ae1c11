/* payload.c - packets and payloads of Engine.IO, protocols 4, 3 and 2. */
/* SPDX-License-Identifier: MIT */
/*
 * A packet is a digit and perhaps data: "4hello" is the message "hello", "2" a
 * ping. Over a WebSocket each packet is a message of its own:
 *
 *	                 text       binary            binary, base64 wanted
 *	protocol 4       4hello     01 02 FF          bAQL/
 *	protocol 3, 2    4hello     04 01 02 FF       b4AQL/
 *
 * In the body of a request or a response there may be many. Protocol 4 puts
 * the octet 1E between them; binary data is always in base64:
 *
 *	4hello<1E>2<1E>bAQL/
 *
 * Protocol 3 counts, and it counts as JavaScript does: in units of UTF-16, so
 * that a letter of Latin or Chinese is 1, and an emoji 2, whatever they are in
 * UTF-8. This is the packet 4 with the data "hé", then a ping:
 *
 *	3:4hé1:2
 *
 * A client that can handle octets (its XMLHttpRequest is not older than 2012)
 * gets binary data as it is, if any of the packets in a body is binary. Then
 * all of them have a head of octets, in which every decimal digit of the
 * length is an octet of its own, with the value 0 to 9, and the length counts
 * octets:
 *
 *	00 03 FF '4' 'h' 'i'              a text: packet 4, "hi"
 *	01 04 FF  04  01 02 FF            binary: packet 4, 01 02 FF
 *	00 01 01 FF '4' ...               a text of 11 octets
 *
 * Reading is strict: what no client writes ends the session.
 */
#include "payload.h"

#include <string.h>

#include "json.h"

enum {
	SEPARATOR = 0x1e,
	HEAD_END = 0xff, /* of EIO_OCTETS */
	/* Digits of a length. Nothing that is received is longer, and it
	 * cannot overflow. */
	DIGITS_MAX = 10,
};

/* ---- characters -------------------------------------------------------- */

/* The octets of the character that a text begins with, 0 when it is not UTF-8.
 * RFC 3629 section 4. */
static size_t
character(const uint8_t *at, size_t len)
{
	uint8_t first = at[0], low = 0x80, high = 0xbf;
	size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || len < n)
		return 0;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	if (first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* How many octets at the begin of a text are ASCII, counted by the eight. */
static size_t
ascii_run(const char *text, size_t len)
{
	size_t n = 0;

	for (uint64_t eight; len - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, text + n, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return n;
}

int64_t
eio_utf16_units(const char *text, size_t len)
{
	int64_t units = 0;

	for (size_t at = 0, n; at < len; at += n) {
		n = ascii_run(text + at, len - at);
		units += (int64_t)n;
		if (n > 0)
			continue;
		n = character((const uint8_t *)text + at, len - at);
		if (n == 0)
			return -1;
		units += n == 4 ? 2 : 1;
	}
	return units;
}

bool
eio_is_ascii(const char *text, size_t len)
{
	size_t n = ascii_run(text, len);

	while (n < len && (unsigned char)text[n] < 0x80)
		n++;
	return n == len;
}

/* The octets that so many UTF-16 units are, or -1 when there are not that
 * many, when they end within a character, or it is not UTF-8. */
static int64_t
octets_of_units(const char *text, size_t len, size_t units)
{
	size_t at = 0;

	while (units > 0) {
		size_t n = at < len
			       ? character((const uint8_t *)text + at, len - at)
			       : 0;
		size_t width = n == 4 ? 2 : 1;

		if (n == 0 || width > units)
			return -1;
		at += n;
		units -= width;
	}
	return (int64_t)at;
}

/* ---- base64 ------------------------------------------------------------ */

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
eio_base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

/* Three octets as four characters. */
static void
encode_three(const char alphabet[65], const uint8_t in[3], char out[4])
{
	out[0] = alphabet[in[0] >> 2];
	out[1] = alphabet[(in[0] << 4 | in[1] >> 4) & 63];
	out[2] = alphabet[(in[1] << 2 | in[2] >> 6) & 63];
	out[3] = alphabet[in[2] & 63];
}

void
eio_base64_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;
	uint8_t last[3] = { 0 };

	for (; len >= 3; len -= 3, in += 3, out += 4)
		encode_three(standard, in, out);
	if (len == 0)
		return;
	memcpy(last, in, len);
	encode_three(standard, last, out);
	out[3] = '=';
	if (len == 1)
		out[2] = '=';
}

/* The value of a character, -1 when it is in neither alphabet; 62 and 63 are
 * the caller's to say. */
static int
value(char c, char sixty_two, char sixty_three)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == sixty_two)
		return 62;
	return c == sixty_three ? 63 : -1;
}

/* Four characters as three octets. Returns whether they are base64. */
static bool
decode_four(const char in[4], const char marks[2], uint8_t out[3])
{
	int v[4];

	for (int i = 0; i < 4; i++)
		v[i] = value(in[i], marks[0], marks[1]);
	if ((v[0] | v[1] | v[2] | v[3]) < 0)
		return false;
	out[0] = (uint8_t)(v[0] << 2 | v[1] >> 4);
	out[1] = (uint8_t)(v[1] << 4 | v[2] >> 2);
	out[2] = (uint8_t)(v[2] << 6 | v[3]);
	return true;
}

int64_t
eio_base64_decode(const char *in, size_t len, void *data)
{
	uint8_t *out = data, three[3];
	size_t n = 3, done = 0;
	char last[4];

	if (len % 4 != 0)
		return -1;
	for (; len > 4; len -= 4, in += 4, done += 3) {
		if (!decode_four(in, "+/", out + done))
			return -1;
	}
	if (len == 0)
		return 0;
	memcpy(last, in, sizeof(last));
	for (; n > 1 && last[n] == '='; n--)
		last[n] = 'A';
	/* RFC 4648 3.5: bits that stand for nothing are zero. */
	if (!decode_four(last, "+/", three) || (n < 3 && three[n] != 0))
		return -1;
	memcpy(out + done, three, n);
	return (int64_t)(done + n);
}

void
eio_sid_write(const uint8_t octets[EIO_SID_OCTETS], char out[EIO_SID_LEN])
{
	for (int i = 0; i < EIO_SID_OCTETS / 3; i++)
		encode_three(url_safe, octets + 3 * i, out + 4 * i);
}

bool
eio_sid_read(const char *text, size_t len, uint8_t octets[EIO_SID_OCTETS])
{
	if (len != EIO_SID_LEN)
		return false;
	for (int i = 0; i < EIO_SID_OCTETS / 3; i++) {
		if (!decode_four(text + 4 * i, "-_", octets + 3 * i))
			return false;
	}
	return true;
}

/* ---- one packet -------------------------------------------------------- */

bool
eio_packet_read(
    int protocol, const char *in, size_t len, struct eio_packet *packet)
{
	enum eio_form form = EIO_TEXT;
	char digit = '4';
	size_t mark = 1;

	if (len == 0)
		return false;
	if (in[0] == 'b')
		form = EIO_BASE64;
	/* Protocol 4 has no other packets than messages that are binary. */
	if (form == EIO_BASE64 && protocol < 4)
		mark = 2;
	if (len < mark)
		return false;
	if (form == EIO_TEXT || protocol < 4)
		digit = in[mark - 1];
	if (digit < '0' || digit > '6')
		return false;
	*packet = (struct eio_packet){ (enum eio_type)(digit - '0'), form,
		in + mark, len - mark };
	return true;
}

bool
eio_packet_read_binary(
    int protocol, const char *in, size_t len, struct eio_packet *packet)
{
	if (protocol >= 4) {
		*packet =
		    (struct eio_packet){ EIO_MESSAGE, EIO_BINARY, in, len };
		return true;
	}
	if (len == 0 || in[0] < EIO_OPEN || in[0] > EIO_NOOP)
		return false;
	*packet = (struct eio_packet){ (enum eio_type)in[0], EIO_BINARY, in + 1,
		len - 1 };
	return true;
}

size_t
eio_packet_mark(
    int protocol, enum eio_type type, enum eio_form form, char out[2])
{
	size_t n = 0;

	if (form == EIO_BASE64)
		out[n++] = 'b';
	if (form == EIO_TEXT || (form == EIO_BASE64 && protocol < 4))
		out[n++] = (char)('0' + type);
	if (form == EIO_BINARY && protocol < 4)
		out[n++] = (char)type;
	return n;
}

/* ---- reading bodies ---------------------------------------------------- */

void
eio_payload_begin(struct eio_payload *payload, int protocol,
    enum eio_framing framing, const char *in, size_t len)
{
	*payload = (struct eio_payload){ .protocol = protocol,
		.framing = framing,
		.in = in,
		.len = len,
		.failed = len == 0 };
}

/* Read what stands before the next separator, or the end. */
static bool
next_separated(struct eio_payload *p, struct eio_packet *packet)
{
	const char *begin = p->in + p->at, *end;
	size_t len = p->len - p->at;

	end = len > 0 ? memchr(begin, SEPARATOR, len) : NULL;
	if (end != NULL)
		len = (size_t)(end - begin);
	p->at += len + (end != NULL);
	/* A separator at the end has an empty packet behind it. */
	p->ended = end == NULL;
	return eio_utf16_units(begin, len) >= 0 &&
	       eio_packet_read(p->protocol, begin, len, packet);
}

/* Read a length: digits that begin with zero, and the octet at their end.
 * Returns it, or -1. */
static int64_t
read_length(struct eio_payload *p, uint8_t zero, uint8_t end)
{
	int64_t length = 0;
	uint8_t digit;

	for (int i = 0; i <= DIGITS_MAX && p->at < p->len; i++) {
		digit = (uint8_t)p->in[p->at++];
		if (digit == end)
			return i > 0 ? length : -1;
		if (digit < zero || digit > zero + 9)
			return -1;
		length = length * 10 + (digit - zero);
	}
	return -1;
}

static bool
next_counted(struct eio_payload *p, struct eio_packet *packet)
{
	int64_t units = read_length(p, '0', ':'), len;
	const char *begin = p->in + p->at;

	if (units < 0 || (uint64_t)units > p->len - p->at)
		return false;
	len = octets_of_units(begin, p->len - p->at, (size_t)units);
	if (len < 0)
		return false;
	p->at += (size_t)len;
	p->ended = p->at == p->len;
	return eio_packet_read(p->protocol, begin, (size_t)len, packet);
}

static bool
next_octets(struct eio_payload *p, struct eio_packet *packet)
{
	char kind = p->in[p->at++];
	int64_t len = read_length(p, 0, HEAD_END);
	const char *begin = p->in + p->at;

	if (kind < 0 || kind > 1 || len < 0 || (uint64_t)len > p->len - p->at)
		return false;
	p->at += (size_t)len;
	p->ended = p->at == p->len;
	if (kind == 1)
		return eio_packet_read_binary(
		    p->protocol, begin, (size_t)len, packet);
	return eio_utf16_units(begin, (size_t)len) >= 0 &&
	       eio_packet_read(p->protocol, begin, (size_t)len, packet);
}

bool
eio_payload_next(struct eio_payload *payload, struct eio_packet *packet)
{
	bool good = false;

	if (payload->ended || payload->failed)
		return false;
	switch (payload->framing) {
	case EIO_SEPARATED:
		good = next_separated(payload, packet);
		break;
	case EIO_COUNTED:
		good = next_counted(payload, packet);
		break;
	case EIO_OCTETS:
		good = next_octets(payload, packet);
		break;
	}
	payload->failed = !good;
	return good;
}

/* ---- writing bodies ---------------------------------------------------- */

/* Write a length, digits that begin with zero. out may be NULL, to count them.
 * Returns how many there are. */
static size_t
write_length(size_t length, char zero, char *out)
{
	size_t n = 1;

	for (size_t rest = length; rest >= 10; rest /= 10)
		n++;
	for (size_t i = n; out != NULL && i > 0; i--, length /= 10)
		out[i - 1] = (char)(zero + (char)(length % 10));
	return n;
}

/* How a packet stands in a body. */
static enum eio_form
form_in(enum eio_framing framing, const struct eio_packet *packet)
{
	return packet->form == EIO_TEXT ? EIO_TEXT
	       : framing == EIO_OCTETS  ? EIO_BINARY
					: EIO_BASE64;
}

/* The octets of a packet itself, without what the framing puts around it. */
static size_t
bare_size(enum eio_framing framing, const struct eio_packet *packet)
{
	switch (form_in(framing, packet)) {
	case EIO_TEXT:
	case EIO_BINARY:
		return 1 + packet->len;
	case EIO_BASE64:
		return (framing == EIO_SEPARATED ? 1u : 2u) +
		       eio_base64_len(packet->len);
	}
	return 0;
}

/* What the framing counts. */
static size_t
counted_size(enum eio_framing framing, const struct eio_packet *packet)
{
	if (framing == EIO_COUNTED && packet->form == EIO_TEXT)
		return 1 + (size_t)eio_utf16_units(packet->data, packet->len);
	return bare_size(framing, packet);
}

/* Write what the framing puts in front of a packet; out may be NULL. */
static size_t
write_head(enum eio_framing framing, const struct eio_packet *packet,
    bool first, char *out)
{
	size_t n, counted;

	if (framing == EIO_SEPARATED) {
		if (out != NULL && !first)
			out[0] = SEPARATOR;
		return !first;
	}
	counted = counted_size(framing, packet);
	if (framing == EIO_COUNTED) {
		n = write_length(counted, '0', out);
		if (out != NULL)
			out[n] = ':';
		return n + 1;
	}
	n = 1 + write_length(counted, 0, out != NULL ? out + 1 : NULL);
	if (out != NULL) {
		out[0] = packet->form != EIO_TEXT;
		out[n] = (char)HEAD_END;
	}
	return n + 1;
}

size_t
eio_payload_size(
    enum eio_framing framing, const struct eio_packet *packet, bool first)
{
	return write_head(framing, packet, first, NULL) +
	       bare_size(framing, packet);
}

size_t
eio_payload_write(enum eio_framing framing, const struct eio_packet *packet,
    bool first, char *out)
{
	enum eio_form form = form_in(framing, packet);
	size_t n = write_head(framing, packet, first, out);

	n += eio_packet_mark(
	    framing == EIO_SEPARATED ? 4 : 3, packet->type, form, out + n);
	if (form == EIO_BASE64) {
		eio_base64_encode(packet->data, packet->len, out + n);
		return n + eio_base64_len(packet->len);
	}
	if (packet->len > 0)
		memcpy(out + n, packet->data, packet->len);
	return n + packet->len;
}

/* ---- forms ------------------------------------------------------------- */

/* The value of a hexadecimal digit, or -1. */
static int
hexadecimal(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode one octet. Returns how many characters it is. */
static size_t
decode_one(const char *in, size_t len, char *out)
{
	int high, low;

	*out = in[0] == '+' ? ' ' : in[0];
	if (in[0] != '%' || len < 3)
		return 1;
	high = hexadecimal(in[1]);
	low = hexadecimal(in[2]);
	if (high < 0 || low < 0)
		return 1;
	*out = (char)(high << 4 | low);
	return 3;
}

size_t
eio_form_decode(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t at = 0; at < len; n++)
		at += decode_one(in + at, len - at, out + n);
	return n;
}

/* Whether an encoded text is a name. */
static bool
is_named(const char *encoded, size_t len, const char *name)
{
	char c;

	for (size_t at = 0; at < len; name++) {
		at += decode_one(encoded + at, len - at, &c);
		if (*name == '\0' || *name != c)
			return false;
	}
	return *name == '\0';
}

int64_t
eio_form_find(
    const char *form, size_t len, const char *name, const char **value)
{
	int64_t found = -1;

	for (size_t at = 0; at < len;) {
		const char *pair = form + at, *end, *equals;
		size_t n;

		end = memchr(pair, '&', len - at);
		n = end != NULL ? (size_t)(end - pair) : len - at;
		at += n + 1;
		equals = n > 0 ? memchr(pair, '=', n) : NULL;
		if (equals == NULL)
			equals = pair + n;
		if (!is_named(pair, (size_t)(equals - pair), name))
			continue;
		if (equals < pair + n)
			equals++;
		*value = equals;
		found = pair + n - equals;
	}
	return found;
}

/* ---- scripts ----------------------------------------------------------- */

size_t
eio_jsonp_unescape(char *text, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len; n++) {
		const char *rest = text + at;

		if (len - at >= 3 && memcmp(rest, "\\\\n", 3) == 0) {
			text[n++] = '\\';
			text[n] = 'n';
			at += 3;
		} else if (len - at >= 2 && memcmp(rest, "\\n", 2) == 0) {
			text[n] = '\n';
			at += 2;
		} else
			text[n] = text[at++];
	}
	return n;
}

/* Whether U+2028 or U+2029 stands there: line ends of JavaScript, which JSON
 * allows inside strings and older JavaScript does not. */
static bool
is_line_end(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xe2\x80", 2) == 0 &&
	       (text[2] == '\xa8' || text[2] == '\xa9');
}

/* The octets up to the next such line end, or the end. */
static size_t
line(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !is_line_end(text + n, len - n)) {
		const char *next = memchr(text + n + 1, '\xe2', len - n - 1);

		n = next != NULL ? (size_t)(next - text) : len;
	}
	return n;
}

/* The inside of the string; out may be NULL. Returns its length. */
static size_t
write_string(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t at = 0, run; at < len; at += run) {
		run = line(text + at, len - at);
		if (out != NULL)
			sio_json_escape(text + at, run, out + n);
		n += sio_json_escaped_len(text + at, run);
		at += run;
		run = at < len ? 3 : 0;
		if (run == 0)
			continue;
		if (out != NULL)
			memcpy(out + n,
			    text[at + 2] == '\xa8' ? "\\u2028" : "\\u2029", 6);
		n += 6;
	}
	return n;
}

/* The digits of the index; out may be NULL. Returns how many there are. */
static size_t
write_index(const char *index, char *out)
{
	size_t n = 0;

	for (; *index != '\0'; index++) {
		if (*index < '0' || *index > '9')
			continue;
		if (out != NULL)
			out[n] = *index;
		n++;
	}
	return n;
}

size_t
eio_jsonp_size(const char *index, const char *payload, size_t len)
{
	return strlen("___eio[](\"\");") + write_index(index, NULL) +
	       write_string(payload, len, NULL);
}

size_t
eio_jsonp_write(const char *index, const char *payload, size_t len, char *out)
{
	char *at = out;

	memcpy(at, "___eio[", 7);
	at += 7;
	at += write_index(index, at);
	memcpy(at, "](\"", 3);
	at += 3;
	at += write_string(payload, len, at);
	memcpy(at, "\");", 3);
	return (size_t)(at + 3 - out);
}
