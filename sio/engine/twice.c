/* twice.c - text that old clients encode as UTF-8 twice. */
/* SPDX-License-Identifier: MIT */
/*
 * Clients of 1.x encode text as UTF-8 and take each octet for a character. Then
 * XMLHttpRequest, or in 1.0 the WebSocket, encodes these characters again. They
 * decode twice, too. A body of text has the message "hé":
 *
 *	1.x        4:4hÃ©    34 3A 34 68 C3 83 C2 A9
 *	2.x        3:4hé     33 3A 34 68 C3 A9
 *
 * Bodies of octets, and WebSockets from 1.1 on, have text that is encoded once.
 *
 * Protocol 2, which is 1.0, is always so. In protocol 3 nothing before its
 * first text tells a client of 1.x from one of 2.x: their requests are the
 * same, octet for octet. But text that is not ASCII does. If it has a character
 * above U+00FF or if its characters, taken for octets, are not UTF-8, it was
 * encoded once; else twice, unless somebody means text that looks garbled. Once
 * a session has had text of the first kind, the second is left as it is.
 *
 * Until then text for the client is written in ASCII, which is the same once or
 * twice: JSON has escapes for all characters.
 */
#include "twice.h"

#include <string.h>

#include "base/utf8.h"
#include "ws.h"

static bool
is_ascii(const char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

size_t
eio_text_twice(const char *text, size_t len, char *out)
{
	size_t n = 0;

	/* Each octet is a character from U+0000 to U+00FF. */
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = (uint8_t)text[i];

		if (octet >= 0x80)
			out[n++] = (char)(0xc0 | octet >> 6);
		out[n++] = (char)(octet < 0x80 ? octet : 0x80 | (octet & 0x3f));
	}
	return n;
}

/* Read a character from U+0000 to U+00FF at text[*at], and step behind it.
 * Returns it, or -1 when it is a higher one. */
static int
next_octet(const char *text, size_t *at)
{
	uint8_t octet = (uint8_t)text[(*at)++];

	if (octet > 0xc3)
		return -1;
	if (octet >= 0x80)
		octet = (uint8_t)(octet << 6 | (text[(*at)++] & 0x3f));
	return octet;
}

/* Return whether text, which is UTF-8, is UTF-8 twice. ASCII is. */
static bool
is_twice(const char *text, size_t len)
{
	uint8_t state = WS_UTF8_ACCEPT;

	for (size_t at = 0; at < len;) {
		int next = next_octet(text, &at);
		uint8_t octet = (uint8_t)next;

		if (next < 0)
			return false;
		state = ws_utf8_check(state, &octet, 1);
	}
	return state == WS_UTF8_ACCEPT;
}

int64_t
eio_text_once(const char *text, size_t len, char *out)
{
	size_t n = 0;

	if (ws_utf8_check(WS_UTF8_ACCEPT, text, len) != WS_UTF8_ACCEPT ||
	    !is_twice(text, len))
		return -1;
	for (size_t at = 0; at < len;)
		out[n++] = (char)next_octet(text, &at);
	return (int64_t)n;
}

enum eio_encodes
eio_twice_read(enum eio_encodes encodes, struct eio_packet *packet)
{
	char *text = (char *)(uintptr_t)packet->data; /* of our own body */
	int64_t once;

	if (packet->form != EIO_TEXT || encodes == EIO_ENCODES_ONCE ||
	    is_ascii(packet->data, packet->len))
		return encodes;
	once = eio_text_once(text, packet->len, text);
	if (once < 0)
		return EIO_ENCODES_ONCE;
	packet->len = (size_t)once;
	return EIO_ENCODES_TWICE;
}

size_t
eio_twice_growth(enum eio_encodes encodes, const struct eio_packet *packet)
{
	if (packet->form != EIO_TEXT || encodes == EIO_ENCODES_ONCE ||
	    is_ascii(packet->data, packet->len))
		return 1;
	return 3;
}

int
eio_twice_write(enum eio_encodes encodes, eio_ascii *ascii,
    struct eio_packet *packet, struct sio_text *text)
{
	size_t growth = eio_twice_growth(encodes, packet);
	char *at;

	if (growth == 1 || (encodes == EIO_ENCODES_UNKNOWN && ascii == NULL))
		return 0;
	if (packet->len > SIZE_MAX / growth)
		return WS_ENOMEM;
	sio_text_clear(text, SIZE_MAX);
	at = sio_text_room(text, packet->len * growth);
	if (at == NULL)
		return WS_ENOMEM;
	packet->len = encodes == EIO_ENCODES_TWICE
			  ? eio_text_twice(packet->data, packet->len, at)
			  : ascii(packet->data, packet->len, at);
	packet->data = at;
	return 0;
}
