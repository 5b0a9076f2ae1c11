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

enum {
	SEPARATOR = 0x1e,
	HEAD_END = 0xff, /* of EIO_OCTETS */
	/* Digits of a length. Nothing that is received is longer, and it
	 * cannot overflow. */
	DIGITS_MAX = 10,
};

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
	len = eio_octets_of_units(begin, p->len - p->at, (size_t)units);
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
