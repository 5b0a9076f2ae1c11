/* packet.c - packets of the Socket.IO protocol, revisions 5 and 4. */
/* SPDX-License-Identifier: MIT */

/*
 * Socket.IO protocol v5, "Packet encoding". A packet is text, followed by the
 * binary attachments that it announces:
 *
 *	 5     1-           /admin,    12      ["a",{"_placeholder":true, ...}]
 *	 type  attachments  namespace  ack id  payload
 *	       types 5, 6   if not /   if any  JSON, if any
 *
 *	 type                payload                        who sends it
 *	 0  CONNECT          object or none                 both
 *	 1  DISCONNECT       none                           both
 *	 2  EVENT            array that begins with a name  both
 *	 3  ACK              array                          both
 *	 4  CONNECT_ERROR    object or string               the server
 *	 5  BINARY_EVENT     as EVENT                       both
 *	 6  BINARY_ACK       as ACK                         both
 *
 * In revision 4, which clients of EIO=3 speak, type 0 has no payload, type 4
 * may have any, and the query of a connection stands behind the name of its
 * namespace, as in 0/admin?token=abc, .
 *
 * The reference, socket.io-parser 4.2.7, reads numbers as JavaScript does: to
 * it "51e0-" announces one attachment, and "2 []" has the ack id 0. This reader
 * accepts decimal digits only. It accepts and drops leading zeros, as the
 * reference does. An ack id above 2^53 - 1 is an error: JavaScript would round
 * it to another one, so the answer would match no question. A packet
 * of types 5 and 6 without a payload is dropped once its attachments are here:
 * the Java client sends one for null beside octets.
 *
 * In the payload an object {"_placeholder":true,"num":k} stands for the k-th
 * attachment, wherever it is. Two may stand for the same one, and not every
 * attachment has to be stood for.
 */
#include <string.h>

#include "base/digits.h"
#include "base/utf8.h"
#include "packet.h"

/* JavaScript's Number.MAX_SAFE_INTEGER. */
static const int64_t id_max = (INT64_C(1) << 53) - 1;

/* ---- heads ------------------------------------------------------------- */

static bool
is_binary(enum sio_packet_type type)
{
	return type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK;
}

/* Cut len octets off the beginning of a span. */
static struct ws_span
cut(struct ws_span *rest, size_t len)
{
	struct ws_span front = { rest->at, len };

	rest->at += len;
	rest->len -= len;
	return front;
}

/* Cut off all up to an octet, and drop that octet; or cut off all. */
static struct ws_span
cut_until(struct ws_span *rest, char end)
{
	const char *at = memchr(rest->at, end, rest->len);
	struct ws_span front;

	if (at == NULL)
		return cut(rest, rest->len);
	front = cut(rest, (size_t)(at - rest->at));
	(void)cut(rest, 1);
	return front;
}

/* Cut off a decimal number. Returns it, max + 1 if it is above max, or -1 if
 * there is none. */
static int64_t
cut_number(struct ws_span *rest, int64_t max)
{
	uint64_t number;
	size_t digits = ws_digits_read(rest->at, rest->len, &number);

	(void)cut(rest, digits);
	if (digits == 0)
		return -1;
	return number <= (uint64_t)max ? (int64_t)number : max + 1;
}

/* Cut off the number of attachments and the '-' behind it. */
static int
cut_attachments(struct sio_packet *packet, struct ws_span *rest)
{
	int64_t number = cut_number(rest, SIO_ATTACHMENTS_MAX);

	if (number < 1 || number > SIO_ATTACHMENTS_MAX)
		return SIO_PACKET_EATTACHMENTS;
	if (rest->len == 0 || *rest->at != '-')
		return SIO_PACKET_EATTACHMENTS;
	(void)cut(rest, 1);
	packet->attachments = (unsigned)number;
	return 0;
}

/* Cut off the namespace, up to a comma or the end: "0/admin" has none. */
static void
cut_namespace(struct sio_packet *packet, struct ws_span *rest, int revision)
{
	struct ws_span name;

	packet->nsp = WS_SPAN("/");
	if (rest->len == 0 || *rest->at != '/')
		return;
	name = cut_until(rest, ',');
	packet->nsp = name;
	if (revision < 5) {
		packet->nsp = cut_until(&name, '?');
		packet->query = name;
	}
}

int
sio_packet_decode(
    const char *in, size_t len, int revision, struct sio_packet *packet)
{
	struct ws_span rest = { in, len };
	struct sio_packet found = { .query = { "", 0 } };

	if (len == 0 || *in < '0' || *in > '6')
		return SIO_PACKET_ETYPE;
	found.type = (enum sio_packet_type)(*in - '0');
	(void)cut(&rest, 1);
	if (is_binary(found.type) && cut_attachments(&found, &rest) < 0)
		return SIO_PACKET_EATTACHMENTS;
	cut_namespace(&found, &rest, revision);
	found.id = cut_number(&rest, id_max);
	if (found.id > id_max)
		return SIO_PACKET_EID;
	found.payload = rest;
	*packet = found;
	return 0;
}

size_t
sio_packet_write_head(const struct sio_packet *packet, char *out)
{
	char *at = out;

	*at++ = (char)('0' + packet->type);
	if (is_binary(packet->type)) {
		at += ws_digits_write(at, packet->attachments);
		*at++ = '-';
	}
	if (packet->nsp.len > 1) {
		memcpy(at, packet->nsp.at, packet->nsp.len);
		at += packet->nsp.len;
		*at++ = ',';
	}
	if (packet->id >= 0)
		at += ws_digits_write(at, (uint64_t)packet->id);
	return (size_t)(at - out);
}

/* ---- payloads ---------------------------------------------------------- */

/* Events that the libraries of both sides emit themselves: a peer must not be
 * able to forge them. Socket.IO documentation, "Emit cheatsheet". */
static const struct ws_span reserved[] = {
	WS_SPAN("connect"),
	WS_SPAN("connect_error"),
	WS_SPAN("disconnect"),
	WS_SPAN("disconnecting"),
	WS_SPAN("newListener"),
	WS_SPAN("removeListener"),
};

bool
sio_packet_is_reserved(const char *name, size_t len)
{
	for (size_t i = 0; i < WS_LEN(reserved); i++) {
		if (reserved[i].len == len &&
		    memcmp(reserved[i].at, name, len) == 0)
			return true;
	}
	return false;
}

/* Return whether a token can be the name of an event: a number, or a string
 * that is not reserved. */
static bool
is_event_name(const char *text, const struct sio_json_token *token)
{
	if (token->type == SIO_NUMBER)
		return true;
	if (token->type != SIO_STRING)
		return false;
	for (size_t i = 0; i < WS_LEN(reserved); i++) {
		if (sio_json_string_is(
			text, token, reserved[i].at, reserved[i].len))
			return false;
	}
	return true;
}

/* Return whether a payload is what the table above allows for its type. */
static bool
has_shape(const struct sio_packet *packet, const char *text,
    const struct sio_json_token *root)
{
	switch (packet->type) {
	case SIO_CONNECT:
		return root->type == SIO_OBJECT;
	case SIO_DISCONNECT:
		break;
	case SIO_CONNECT_ERROR:
		return root->type == SIO_OBJECT || root->type == SIO_STRING;
	case SIO_EVENT:
	case SIO_BINARY_EVENT:
		return root->type == SIO_ARRAY && root->count > 0 &&
		       is_event_name(text, root + 1);
	case SIO_ACK:
	case SIO_BINARY_ACK:
		return root->type == SIO_ARRAY;
	}
	return false;
}

/* Read the number of an attachment, which must be written in digits, as all
 * encoders do, and below the number of attachments. Returns -1 otherwise. */
static int64_t
attachment_number(
    const char *text, const struct sio_json_token *token, unsigned attachments)
{
	struct ws_span digits = { text + token->start,
		token->end - token->start };
	int64_t number;

	if (token->type != SIO_NUMBER)
		return -1;
	number = cut_number(&digits, attachments);
	return digits.len == 0 && number < attachments ? number : -1;
}

/* Turn an object into binary data if it is a placeholder. Returns false if it
 * is one and stands for no attachment. */
static bool
resolve(const char *text, struct sio_json_token *tokens, uint32_t object,
    unsigned attachments)
{
	uint32_t num;
	int64_t number;

	if (!sio_json_is_placeholder(text, tokens, object))
		return true;
	num = sio_json_member(text, tokens, object, "num", 3);
	if (num == 0)
		return false;
	number = attachment_number(text, &tokens[num], attachments);
	if (number < 0)
		return false;
	tokens[object].type = SIO_BINARY;
	tokens[object].count = (uint32_t)number & 15;
	return true;
}

int
sio_packet_check(const struct sio_packet *packet, const char *text,
    struct sio_json_token *tokens, size_t count)
{
	if (count == 0)
		return 0;
	if (!has_shape(packet, text, tokens))
		return SIO_PACKET_EPAYLOAD;
	if (!is_binary(packet->type))
		return 0;
	for (uint32_t at = 0; at < count;) {
		if (tokens[at].type == SIO_OBJECT &&
		    !resolve(text, tokens, at, packet->attachments))
			return SIO_PACKET_EPLACEHOLDER;
		/* The members of a placeholder are skipped. */
		at = tokens[at].type == SIO_BINARY ? tokens[at].next : at + 1;
	}
	return 0;
}

/* ---- ASCII --------------------------------------------------------------- */

/* Write one unit of UTF-16 as JSON escapes it. Returns 6. */
static size_t
write_escape(unsigned unit, char *out)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	for (int i = 0; i < 4; i++)
		out[2 + i] = digits[unit >> (12 - 4 * i) & 0xf];
	return 6;
}

/* Write the character that text begins with, of n octets, as escapes. RFC 8259
 * section 7. */
static size_t
escape(const char *text, int n, char *out)
{
	unsigned c = (uint8_t)text[0] & (0x7fU >> n);

	for (int i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)text[i] & 0x3f);
	if (c < 0x10000)
		return write_escape(c, out);
	c -= 0x10000;
	(void)write_escape(0xd800 + (c >> 10), out);
	return 6 + write_escape(0xdc00 + (c & 0x3ff), out + 6);
}

size_t
sio_packet_ascii(const char *packet, size_t len, char *out)
{
	size_t at = 0, n = 0;

	/* A namespace stands between the first slash and a comma, and nothing
	 * but digits and '-' before it. */
	while (at < len &&
	       ((packet[at] >= '0' && packet[at] <= '9') || packet[at] == '-'))
		at++;
	if (at < len && packet[at] == '/') {
		const char *comma = memchr(packet + at, ',', len - at);

		at = comma != NULL ? (size_t)(comma - packet) : len;
	}
	memcpy(out, packet, at);
	n = at;
	while (at < len) {
		int octets = ws_utf8_char_len(packet + at, len - at);

		if (octets <= 1) {
			out[n++] = packet[at++];
			continue;
		}
		n += escape(packet + at, octets, out + n);
		at += (size_t)octets;
	}
	return n;
}
