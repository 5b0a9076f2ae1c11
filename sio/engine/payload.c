/* payload.c - packets and payloads of Engine.IO, protocols 4, 3 and 2. */
/* SPDX-License-Identifier: MIT */
/*
 * A packet is a digit, its type, and perhaps data: "4hello" is the message
 * "hello", "2" is a ping. A WebSocket carries each packet in a message of its
 * own. Binary data has no digit in protocol 4, where only messages have it:
 *
 *	                 text       binary            binary in base64 (b64=1)
 *	protocol 4       4hello     01 02 FF          bAQL/
 *	protocol 3, 2    4hello     04 01 02 FF       b4AQL/
 *
 * The body of a request or a response may have several packets. Protocol 4
 * separates them by the octet 1E, and binary data is always in base64
 * ("Packet encoding"):
 *
 *	4hello  <1E>  2     <1E>  bAQL/
 *	message       ping        message 01 02 FF
 *
 * Protocol 3 writes the length in front of each packet, in one of two forms
 * ("Payload"). In a body of text the length counts as JavaScript does, in units
 * of UTF-16: a letter of Latin or Chinese is 1 unit and an emoji is 2, however
 * many octets they have in UTF-8. The message "hé", then a ping:
 *
 *	3:4hé   1:2
 *	| |     | |
 *	| |     | a packet of 1 unit
 *	| |     length
 *	| a packet of 3 units, 4 octets
 *	length
 *
 * Clients that can handle octets (their XMLHttpRequest is not older than 2012)
 * get a body of octets if any of its packets is binary. Then the length counts
 * octets, and each of its decimal digits is an octet with the value 0 to 9:
 *
 *	+------+-----------------+----+------------- - -
 *	| kind | length,         | FF | packet
 *	|      | digit by digit  |    |
 *	+------+-----------------+----+------------- - -
 *	  00     03                FF   '4' 'h' 'i'      text: message "hi"
 *	  01     04                FF   04 01 02 FF      binary: 01 02 FF
 *	  00     01 01             FF   '4' ...          text of 11 octets
 *
 * Reading is strict: what no client writes ends the session.
 *
 * Engine.IO protocol 4, "Packet encoding"; protocol 3, "Encoding".
 */
#include "payload.h"

#include <string.h>

#include "base/digits.h"
#include "base/utf8.h"
#include "base64.h"

enum {
	SEPARATOR = 0x1e,
	LENGTH_END = 0xff, /* of EIO_OCTETS */
	/* Digits of a length that is read: no client sends 10 GB in one packet,
	 * and ten digits do not overflow an int64_t. */
	DIGITS_MAX = 10,
};

/* ---- characters -------------------------------------------------------- */

static bool
is_utf8(const char *text, size_t len)
{
	return ws_utf8_check(WS_UTF8_ACCEPT, text, len) == WS_UTF8_ACCEPT;
}

int64_t
eio_utf16_units(const char *text, size_t len)
{
	int64_t units = 0;

	if (!is_utf8(text, len))
		return -1;
	/* A character is counted at its first octet, and again if that says
	 * that it has four octets: UTF-16 writes it as two surrogates. */
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = (uint8_t)text[i];

		units += ((octet & 0xc0) != 0x80) + (octet >= 0xf0);
	}
	return units;
}

/* Measure the characters that are as many UTF-16 units as units says.
 * Returns how many octets they have; or -1 when the text is shorter, when the
 * units end inside a character, or when the text is not UTF-8. */
static int64_t
octets_of_units(const char *text, size_t len, size_t units)
{
	size_t at = 0;

	while (units > 0) {
		int n = at < len ? ws_utf8_char_len(text + at, len - at) : -1;
		size_t width = n == 4 ? 2 : 1;

		if (n < 0 || width > units)
			return -1;
		at += (size_t)n;
		units -= width;
	}
	return (int64_t)at;
}

/* ---- one packet -------------------------------------------------------- */

bool
eio_packet_read(
    int protocol, const char *in, size_t len, struct eio_packet *packet)
{
	bool base64 = len > 0 && in[0] == 'b';
	size_t mark = base64 && protocol < 4 ? 2 : 1;
	char digit = '4';

	if (len < mark)
		return false;
	/* All binary packets of protocol 4 are messages. */
	if (!base64 || protocol < 4)
		digit = in[mark - 1];
	if (digit < '0' || digit > '6')
		return false;
	*packet = (struct eio_packet){ (enum eio_type)(digit - '0'),
		base64 ? EIO_BASE64 : EIO_TEXT, in + mark, len - mark };
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

/* Write what a packet has in front of its data: two octets at most.
 * Returns how many there are. */
static size_t
write_mark(int protocol, enum eio_type type, enum eio_form form, char out[2])
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

size_t
eio_packet_size(
    int protocol, const struct eio_packet *packet, enum eio_form form)
{
	char mark[2];

	return write_mark(protocol, packet->type, form, mark) +
	       (form == EIO_BASE64 ? WS_BASE64_ENCODED(packet->len)
				   : packet->len);
}

size_t
eio_packet_write(int protocol, const struct eio_packet *packet,
    enum eio_form form, char *out)
{
	size_t n = write_mark(protocol, packet->type, form, out);

	if (form == EIO_BASE64)
		return n + ws_base64_encode(packet->data, packet->len, out + n);
	if (packet->len > 0)
		memcpy(out + n, packet->data, packet->len);
	return n + packet->len;
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

/* Read the packet that ends at the next separator or at the end. */
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
	return is_utf8(begin, len) &&
	       eio_packet_read(p->protocol, begin, len, packet);
}

/* Read a length of protocol 3.
 *   zero  the octet that is the digit 0
 *   end   the octet behind the last digit
 * Returns the length, or -1 when it is malformed. */
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
	int64_t len = read_length(p, 0, LENGTH_END);
	const char *begin = p->in + p->at;

	if (kind < 0 || kind > 1 || len < 0 || (uint64_t)len > p->len - p->at)
		return false;
	p->at += (size_t)len;
	p->ended = p->at == p->len;
	if (kind == 1)
		return eio_packet_read_binary(
		    p->protocol, begin, (size_t)len, packet);
	return is_utf8(begin, (size_t)len) &&
	       eio_packet_read(p->protocol, begin, (size_t)len, packet);
}

bool
eio_payload_next(struct eio_payload *payload, struct eio_packet *packet)
{
	static bool (*const read_next[])(
	    struct eio_payload * payload, struct eio_packet * packet) = {
		[EIO_SEPARATED] = next_separated,
		[EIO_COUNTED] = next_counted,
		[EIO_OCTETS] = next_octets,
	};

	if (payload->ended || payload->failed)
		return false;
	payload->failed = !read_next[payload->framing](payload, packet);
	return !payload->failed;
}

/* ---- writing bodies ---------------------------------------------------- */

/* Return the form that a packet has in a body. */
static enum eio_form
form_in(enum eio_framing framing, const struct eio_packet *packet)
{
	return packet->form == EIO_TEXT ? EIO_TEXT
	       : framing == EIO_OCTETS  ? EIO_BINARY
					: EIO_BASE64;
}

size_t
eio_payload_bound(enum eio_framing framing, const struct eio_packet *packet)
{
	/* The kind, the digits of the length, and the end of the length. */
	return 1 + WS_DIGITS_MAX + 1 +
	       eio_packet_size(3, packet, form_in(framing, packet));
}

/* Write the length of a packet of protocol 3. Returns how many octets it
 * takes. */
static size_t
write_length(enum eio_framing framing, const struct eio_packet *packet,
    size_t octets, char *out)
{
	size_t n;

	if (framing == EIO_COUNTED) {
		if (packet->form == EIO_TEXT)
			octets = 1 + (size_t)eio_utf16_units(
					 packet->data, packet->len);
		n = ws_digits_write(out, octets);
		out[n] = ':';
		return n + 1;
	}
	out[0] = packet->form != EIO_TEXT;
	n = 1 + ws_digits_write(out + 1, octets);
	for (size_t i = 1; i < n; i++)
		out[i] = (char)(out[i] - '0');
	out[n] = (char)LENGTH_END;
	return n + 1;
}

size_t
eio_payload_write(enum eio_framing framing, const struct eio_packet *packet,
    bool first, char *out)
{
	enum eio_form form = form_in(framing, packet);
	int protocol = framing == EIO_SEPARATED ? 4 : 3;
	size_t n = 0;

	if (framing != EIO_SEPARATED)
		n = write_length(framing, packet,
		    eio_packet_size(protocol, packet, form), out);
	else if (!first)
		out[n++] = SEPARATOR;
	return n + eio_packet_write(protocol, packet, form, out + n);
}
