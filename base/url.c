/* url.c - percent-encoding and the parameters of a query (RFC 3986). */
/* SPDX-License-Identifier: MIT */

/*
 * Octets that cannot stand in a URL are written as '%' and two hexadecimal
 * digits; forms write a space as '+'. A query is pairs of them:
 *
 *	name=J%C3%BCrgen+K&room=a%26b       name: "Jürgen K", room: "a&b"
 *
 * So a query is split first, while a '&' or a '=' that belongs to a value is
 * still encoded, and each part is decoded once.
 */

#include "url.h"

/* Decode one octet at the beginning of a text. Returns how many characters it
 * takes, 0 when they are malformed. */
static size_t
decode_one(struct ws_span in, unsigned flags, char *out)
{
	int high = in.len > 2 ? ws_hex_digit(in.at[1]) : -1;
	int low = in.len > 2 ? ws_hex_digit(in.at[2]) : -1;

	*out = in.at[0];
	if (*out == '+' && (flags & WS_URL_PLUS))
		*out = ' ';
	if (in.at[0] != '%')
		return 1;
	if (high < 0 || low < 0)
		return flags & WS_URL_LENIENT ? 1 : 0;
	*out = (char)(high << 4 | low);
	return 3;
}

/* Decode one octet, and take its characters out of the text. */
static bool
take_one(struct ws_span *in, unsigned flags, char *out)
{
	size_t n = decode_one(*in, flags, out);

	ws_span_drop(in, n);
	return n > 0;
}

ssize_t
ws_url_decode(struct ws_span in, char *out, size_t size, unsigned flags)
{
	size_t n = 0;
	char c;

	for (; in.len > 0; n++) {
		if (!take_one(&in, flags, &c))
			return -1;
		if (n < size)
			out[n] = c;
	}
	return (ssize_t)n;
}

bool
ws_url_is(struct ws_span encoded, const char *name, unsigned flags)
{
	char c;

	for (; encoded.len > 0; name++) {
		if (!take_one(&encoded, flags, &c) || *name == '\0' ||
		    *name != c)
			return false;
	}
	return *name == '\0';
}

/* This one takes any text; ws_target_authority checks it on the way. */
void
ws_url_authority(struct ws_span text, struct ws_authority *authority)
{
	*authority = (struct ws_authority){ text, { "", 0 } };
	for (size_t i = text.len; i > 0 && text.at[i - 1] != ']'; i--) {
		if (text.at[i - 1] != ':')
			continue;
		authority->host.len = i - 1;
		authority->port = text;
		ws_span_drop(&authority->port, i);
		return;
	}
}

bool
ws_url_next(struct ws_span *query, struct ws_span *name, struct ws_span *value)
{
	while (query->len > 0) {
		struct ws_span pair = ws_span_split(*query, '&', query);

		if (pair.len == 0)
			continue;
		*name = ws_span_split(pair, '=', value);
		return true;
	}
	return false;
}
