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
#include <string.h>

#include "digits.h"
#include "origin.h"
#include "url.h"

struct origin {
	struct ws_span scheme;
	struct ws_authority at;
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALPHANUMERIC LETTERS "0123456789"

/* RFC 3986 section 3.1. */
static bool
is_scheme(struct ws_span text)
{
	return ws_span_count(text, LETTERS) > 0 &&
	       ws_span_count(text, ALPHANUMERIC "+-.") == text.len;
}

/* Whether a text has only octets that a host may have, or '*'. Others are those
 * of a path or a user's name, or would have to be encoded. RFC 3986 section
 * 3.2.2. */
static bool
is_host(struct ws_span text)
{
	return ws_span_count(text, ALPHANUMERIC "-._~[]:*%") == text.len;
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

	*out = (struct origin){ text, { { "", 0 }, { "", 0 } } };
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
	ws_url_authority(text, &out->at);
	if (out->at.port.len == 0)
		out->at.port = default_port(out->scheme);
	/* A page of the web comes from a host. */
	return out->at.host.len > 0 || default_port(out->scheme).len == 0;
}

bool
ws_origin_same(struct ws_span origin, struct ws_span host)
{
	struct ws_authority h;
	struct origin o;

	if (!parse(origin, &o) || default_port(o.scheme).len == 0)
		return false;
	ws_url_authority(host, &h);
	if (h.port.len == 0)
		h.port = default_port(o.scheme);
	return ws_span_equal_nocase(o.at.host, h.host) &&
	       ws_span_equal(o.at.port, h.port);
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
	       is_host_match(pattern.at.host, o.at.host) &&
	       (ws_span_equal(pattern.at.port, WS_SPAN("*")) ||
		   ws_span_equal(pattern.at.port, o.at.port));
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
	uint64_t number;

	if (port.len == 0 || ws_span_equal(port, WS_SPAN("*")))
		return true;
	return port.at[0] != '0' && port.len <= 5 &&
	       ws_digits_read(port.at, port.len, &number) == port.len &&
	       number <= UINT16_MAX;
}

bool
ws_origin_is_pattern(struct ws_span member)
{
	struct ws_span host;
	struct origin o;

	if (!parse(member, &o) || !is_port(o.at.port))
		return false;
	host = o.at.host;
	if (is_wild(host))
		ws_span_drop(&host, 1);
	/* A '*' elsewhere would stand for itself. A colon that does not separate
	 * the port is that of an IPv6 address. */
	return memchr(host.at, '*', host.len) == NULL &&
	       (memchr(host.at, ':', host.len) == NULL || host.at[0] == '[');
}
