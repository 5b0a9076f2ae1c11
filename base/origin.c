/* origin.c - which pages are of this server, and which are on a list. */
/* SPDX-License-Identifier: MIT */
/*
 * A browser says which page asks:
 *
 *	Origin: https://a.example:8443
 *	        \___/   \_______/ \__/
 *	        scheme  host      port, if it is not the scheme's own
 *
 * A page from a file, and one in a frame that is kept apart, has "null" (HTML
 * Standard, section 7.1.1). Programs that are browsers inside have a scheme of
 * their own, and what stands behind it is compared as it is. An origin never
 * has a path; some clients send one slash nevertheless.
 */
#include "origin.h"

#include <string.h>

struct origin {
	struct ws_span scheme, host, port;
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 3986 section 3.1. */
static bool
is_scheme(struct ws_span text)
{
	if (text.len == 0 || !is_letter(text.at[0]))
		return false;
	for (size_t i = 1; i < text.len; i++) {
		char c = text.at[i];

		if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' &&
		    c != '.')
			return false;
	}
	return true;
}

/* Whether a text has only octets that a host may have, or '*'. Others are those
 * of a path or a user's name, or would have to be encoded. */
static bool
is_host(struct ws_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!is_letter(c) && !is_digit(c) &&
		    (c == '\0' || strchr("-._~[]:*%", c) == NULL))
			return false;
	}
	return true;
}

/* Split "HOST:PORT" at the last colon behind an IPv6 address. */
static void
split_authority(struct ws_span text, struct origin *out)
{
	out->host = text;
	out->port = (struct ws_span){ "", 0 };
	for (size_t i = text.len; i > 0 && text.at[i - 1] != ']'; i--) {
		if (text.at[i - 1] != ':')
			continue;
		out->host.len = i - 1;
		out->port = (struct ws_span){ text.at + i, text.len - i };
		return;
	}
}

/* The port that a scheme implies, or none. */
static struct ws_span
default_port(struct ws_span scheme)
{
	if (ws_span_equal(scheme, WS_SPAN("http")))
		return WS_SPAN("80");
	if (ws_span_equal(scheme, WS_SPAN("https")))
		return WS_SPAN("443");
	return WS_SPAN("");
}

/* Give the schemes of the web, and those of WebSockets, one form. */
static struct ws_span
name_scheme(struct ws_span scheme)
{
	if (ws_span_equal_nocase(scheme, WS_SPAN("http")) ||
	    ws_span_equal_nocase(scheme, WS_SPAN("ws")))
		return WS_SPAN("http");
	if (ws_span_equal_nocase(scheme, WS_SPAN("https")) ||
	    ws_span_equal_nocase(scheme, WS_SPAN("wss")))
		return WS_SPAN("https");
	return scheme;
}

/* Parse an origin or a pattern. "null" has the scheme null and no host.
 * Returns whether it is one. */
static bool
parse(struct ws_span text, struct origin *out)
{
	size_t colon = 0;

	*out = (struct origin){ text, { "", 0 }, { "", 0 } };
	if (ws_span_equal_nocase(text, WS_SPAN("null")))
		return true;
	while (colon < text.len && text.at[colon] != ':')
		colon++;
	out->scheme.len = colon;
	if (!is_scheme(out->scheme) || text.len - colon < 3 ||
	    memcmp(text.at + colon, "://", 3) != 0)
		return false;
	out->scheme = name_scheme(out->scheme);
	ws_span_drop(&text, colon + 3);
	if (text.len > 0 && text.at[text.len - 1] == '/')
		text.len--;
	if (!is_host(text))
		return false;
	split_authority(text, out);
	if (out->port.len == 0)
		out->port = default_port(out->scheme);
	/* A page of the web comes from a host. */
	return out->host.len > 0 || default_port(out->scheme).len == 0;
}

bool
ws_origin_same(struct ws_span origin, struct ws_span host)
{
	struct origin o, h;

	if (!parse(origin, &o) || default_port(o.scheme).len == 0)
		return false;
	split_authority(host, &h);
	if (h.port.len == 0)
		h.port = default_port(o.scheme);
	return ws_span_equal_nocase(o.host, h.host) &&
	       ws_span_equal(o.port, h.port);
}

/* ---- lists ------------------------------------------------------------- */

bool
ws_origin_next(const char **list, struct ws_span *member)
{
	static const char separators[] = ", \t";

	*list += strspn(*list, separators);
	*member = (struct ws_span){ *list, strcspn(*list, separators) };
	*list += member->len;
	return member->len > 0;
}

/* Whether a pattern is "*", or stands for each host below another. */
static bool
is_wild(struct ws_span pattern)
{
	return pattern.len > 0 && pattern.at[0] == '*' &&
	       (pattern.len == 1 || pattern.at[1] == '.');
}

static bool
is_host_match(struct ws_span pattern, struct ws_span host)
{
	size_t skip;

	if (!is_wild(pattern))
		return ws_span_equal_nocase(pattern, host);
	if (host.len < pattern.len)
		return false;
	/* What is left of both is ".a.example", or nothing. */
	ws_span_drop(&pattern, 1);
	skip = host.len - pattern.len;
	ws_span_drop(&host, skip);
	return ws_span_equal_nocase(pattern, host);
}

static bool
is_match(struct ws_span member, struct ws_span origin)
{
	struct origin pattern, o;

	if (ws_span_equal(member, WS_SPAN("*")))
		return true;
	return parse(member, &pattern) && parse(origin, &o) &&
	       ws_span_equal_nocase(pattern.scheme, o.scheme) &&
	       is_host_match(pattern.host, o.host) &&
	       (ws_span_equal(pattern.port, WS_SPAN("*")) ||
		   ws_span_equal(pattern.port, o.port));
}

bool
ws_origin_listed(struct ws_span origin, const char *list)
{
	struct ws_span member;

	while (ws_origin_next(&list, &member)) {
		if (is_match(member, origin))
			return true;
	}
	return false;
}

/* Whether a port can be that of an origin, as it stands there. */
static bool
is_port(struct ws_span port)
{
	unsigned long number = 0;

	if (port.len == 0 || ws_span_equal(port, WS_SPAN("*")))
		return true;
	if (port.at[0] == '0')
		return false;
	for (size_t i = 0; i < port.len; i++) {
		if (!is_digit(port.at[i]) || i == 5)
			return false;
		number = number * 10 + (unsigned long)(port.at[i] - '0');
	}
	return number <= 65535;
}

bool
ws_origin_is_pattern(struct ws_span member)
{
	struct origin o;

	if (!parse(member, &o) || !is_port(o.port))
		return false;
	if (is_wild(o.host))
		ws_span_drop(&o.host, 1);
	/* A colon that does not separate the port is that of an IPv6 address.
	 * A '*' elsewhere would stand for itself. */
	for (size_t i = 0; i < o.host.len; i++) {
		if (o.host.at[i] == '*' ||
		    (o.host.at[i] == ':' && o.host.at[0] != '['))
			return false;
	}
	return true;
}
