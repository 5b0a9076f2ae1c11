/* packet.c - packets of the Socket.IO protocol, revisions 5 and 4. */
/* SPDX-License-Identifier: MIT */

/*
 * A packet is text, and behind it the binary attachments that it announces:
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
 * Revision 4, which clients of EIO 3 speak, has no payload in 0 and any in 4,
 * and the query of a connection behind the name of its namespace, as in
 * 0/admin?token=abc, .
 *
 * Where the reference, socket.io-parser 4.2.7, leans on JavaScript's idea of
 * a number, this reader wants decimal digits: there "51e0-" is one attachment
 * and "2 []" carries the ack id 0. Leading zeros are accepted and dropped, as
 * there. An ack id above 2^53 - 1, which JavaScript would round to another
 * one, is an error, since the answer could never be matched. And a packet of
 * types 5 and 6 must have a payload: attachments that stand nowhere are
 * useless.
 *
 * In the payload an object {"_placeholder":true,"num":k} stands for the k-th
 * attachment, wherever it is. Two may stand for the same one, and not every
 * attachment has to stand somewhere.
 */

#include "packet.h"

#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A run of octets from a string literal. */
#define SPAN(literal) ((struct sio_span){ (literal), sizeof(literal) - 1 })

/* The highest integer up to which JavaScript has them all. */
static const int64_t id_max = (INT64_C(1) << 53) - 1;

/* ---- heads ------------------------------------------------------------- */

static bool
is_binary(enum sio_packet_type type)
{
	return type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Take a decimal number from the beginning of a span. One above max becomes
 * max + 1.
 * Returns -1 when there is none. */
static int64_t
take_number(struct sio_span *rest, int64_t max)
{
	int64_t number = -1;

	for (; rest->len > 0 && is_digit(*rest->at); rest->at++, rest->len--) {
		if (number < 0)
			number = 0;
		number = number * 10 + (*rest->at - '0');
		if (number > max)
			number = max + 1;
	}
	return number;
}

/* Take len octets from the beginning of a span. */
static struct sio_span
take(struct sio_span *rest, size_t len)
{
	struct sio_span taken = { rest->at, len };

	rest->at += len;
	rest->len -= len;
	return taken;
}

/* Take all up to an octet, and the octet; or all that there is. */
static struct sio_span
take_until(struct sio_span *rest, char end)
{
	const char *at = memchr(rest->at, end, rest->len);
	struct sio_span taken;

	if (at == NULL)
		return take(rest, rest->len);
	taken = take(rest, (size_t)(at - rest->at));
	take(rest, 1);
	return taken;
}

/* The number of attachments, and the '-' behind it. */
static int
take_attachments(struct sio_packet *packet, struct sio_span *rest)
{
	int64_t number = take_number(rest, SIO_ATTACHMENTS_MAX);

	if (number < 1 || number > SIO_ATTACHMENTS_MAX)
		return SIO_PACKET_EATTACHMENTS;
	if (rest->len == 0 || *rest->at != '-')
		return SIO_PACKET_EATTACHMENTS;
	take(rest, 1);
	packet->attachments = (unsigned)number;
	return 0;
}

/* The namespace up to a comma or to the end, as in "0/admin". */
static void
take_namespace(struct sio_packet *packet, struct sio_span *rest, int revision)
{
	struct sio_span name;

	packet->nsp = SPAN("/");
	if (rest->len == 0 || *rest->at != '/')
		return;
	name = take_until(rest, ',');
	packet->nsp = name;
	if (revision < 5) {
		packet->nsp = take_until(&name, '?');
		packet->query = name;
	}
}

int
sio_packet_decode(
    const char *in, size_t len, int revision, struct sio_packet *packet)
{
	struct sio_span rest = { in, len };
	struct sio_packet found = { .query = { "", 0 } };

	if (len == 0 || *in < '0' || *in > '6')
		return SIO_PACKET_ETYPE;
	found.type = (enum sio_packet_type)(*in - '0');
	take(&rest, 1);
	if (is_binary(found.type) && take_attachments(&found, &rest) < 0)
		return SIO_PACKET_EATTACHMENTS;
	take_namespace(&found, &rest, revision);
	found.id = take_number(&rest, id_max);
	if (found.id > id_max)
		return SIO_PACKET_EID;
	found.payload = rest;
	*packet = found;
	return 0;
}

/* Write a number in decimal. Returns the end. */
static char *
write_number(char *out, int64_t number)
{
	char digits[20], *at = digits + sizeof(digits);
	size_t len;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	len = (size_t)(digits + sizeof(digits) - at);
	memcpy(out, at, len);
	return out + len;
}

size_t
sio_packet_write_head(const struct sio_packet *packet, char *out)
{
	char *at = out;

	*at++ = (char)('0' + packet->type);
	if (is_binary(packet->type)) {
		at = write_number(at, packet->attachments);
		*at++ = '-';
	}
	if (packet->nsp.len > 1) {
		memcpy(at, packet->nsp.at, packet->nsp.len);
		at += packet->nsp.len;
		*at++ = ',';
	}
	if (packet->id >= 0)
		at = write_number(at, packet->id);
	return (size_t)(at - out);
}

/* ---- payloads ---------------------------------------------------------- */

/* Names of events that the libraries emit themselves: a peer must not be able
 * to forge them. */
static const struct sio_span reserved[] = {
	SPAN("connect"),
	SPAN("connect_error"),
	SPAN("disconnect"),
	SPAN("disconnecting"),
	SPAN("newListener"),
	SPAN("removeListener"),
};

bool
sio_packet_is_reserved(const char *name, size_t len)
{
	for (size_t i = 0; i < LEN(reserved); i++) {
		if (reserved[i].len == len &&
		    memcmp(reserved[i].at, name, len) == 0)
			return true;
	}
	return false;
}

/* Whether a token can be the name of an event: a number, or a string that is
 * not reserved. */
static bool
is_event_name(const char *text, const struct sio_json_token *token)
{
	if (token->type == SIO_NUMBER)
		return true;
	if (token->type != SIO_STRING)
		return false;
	for (size_t i = 0; i < LEN(reserved); i++) {
		if (sio_json_string_is(
			text, token, reserved[i].at, reserved[i].len))
			return false;
	}
	return true;
}

/* Whether a payload has the shape that the table above gives its type. */
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

/* The number of an attachment: written in digits, as all encoders do, and one
 * of those that there are. -1 for anything else. */
static int64_t
attachment_number(
    const char *text, const struct sio_json_token *token, unsigned attachments)
{
	struct sio_span digits = { text + token->start,
		token->end - token->start };
	int64_t number;

	if (token->type != SIO_NUMBER)
		return -1;
	number = take_number(&digits, attachments);
	return digits.len == 0 && number < attachments ? number : -1;
}

/* Turn an object into binary data if it is a placeholder.
 * Returns false when it stands for no attachment. */
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
	if (count == 0 && !is_binary(packet->type))
		return 0;
	if (count == 0 || !has_shape(packet, text, tokens))
		return SIO_PACKET_EPAYLOAD;
	if (!is_binary(packet->type))
		return 0;
	for (uint32_t at = 0; at < count;) {
		if (tokens[at].type == SIO_OBJECT &&
		    !resolve(text, tokens, at, packet->attachments))
			return SIO_PACKET_EPLACEHOLDER;
		/* Nothing inside of a placeholder is looked at. */
		at = tokens[at].type == SIO_BINARY ? tokens[at].next : at + 1;
	}
	return 0;
}
