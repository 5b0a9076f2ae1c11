/* sid.c - identifiers of sessions as text. */
/* SPDX-License-Identifier: MIT */
/*
 * An identifier is 120 random bits, so that nobody guesses one. As text they
 * are base64url (RFC 4648 section 5), whose last two characters can stand in a
 * query as they are. Load balancers look for exactly 20 such characters.
 *
 *	15 octets    00 01 02 ... fb ff fe
 *	base64       AAEC...+//+
 *	sid          AAEC...-__-
 */
#include "sid.h"

#include "base64.h"

/* Exchange characters of one alphabet for those of the other. */
static void
translate(const char *in, char *out, const char from[2], const char to[2])
{
	for (int i = 0; i < EIO_SID_LEN; i++) {
		char c = in[i];

		/* A character of the wrong alphabet becomes padding, which no
		 * identifier has. */
		if (c == to[0] || c == to[1])
			c = '=';
		else if (c == from[0])
			c = to[0];
		else if (c == from[1])
			c = to[1];
		out[i] = c;
	}
}

void
eio_sid_write(const uint8_t octets[EIO_SID_OCTETS], char out[EIO_SID_LEN])
{
	(void)ws_base64_encode(octets, EIO_SID_OCTETS, out);
	translate(out, out, "+/", "-_");
}

bool
eio_sid_read(const char *text, size_t len, uint8_t octets[EIO_SID_OCTETS])
{
	char standard[EIO_SID_LEN];

	if (len != EIO_SID_LEN)
		return false;
	translate(text, standard, "-_", "+/");
	return ws_base64_decode(standard, sizeof(standard), octets) ==
	       EIO_SID_OCTETS;
}
