/* target.c - the request-target and Host of a request (RFC 9112 section 3). */
/* SPDX-License-Identifier: MIT */

/* The four forms of a request-target (RFC 9112 section 3.2):
 *
 *	origin-form      /where?q=now                    what servers are asked
 *	absolute-form    http://example.org/where?q=now  what proxies are asked
 *	authority-form   example.org:80                  of CONNECT alone
 *	asterisk-form    *                               of OPTIONS alone
 */

#include "base/digits.h"
#include "target.h"

#define PORT_DIGITS_MAX 5

/* Every offset into a head is at most WS_HTTP_HEAD_MAX, so it fits. */
static uint16_t
offset(size_t at)
{
	return (uint16_t)at;
}

/* How many octets a reg-name or an IPv4 address has. */
static size_t
name_octets(struct ws_span authority)
{
	size_t n = 0;

	while (n < authority.len && ws_http_is(authority.at[n], WS_HTTP_HOST))
		n++;
	return n;
}

/* How many octets of an authority are its host: a reg-name, an IPv4 address
 * or a bracketed IPv6 address; 0 for none. The characters are checked, not
 * whether an address can exist. RFC 3986 section 3.2.2. */
static size_t
host_octets(struct ws_span authority)
{
	const char *at = authority.at;
	size_t n = 1;

	if (authority.len == 0 || at[0] != '[')
		return name_octets(authority);
	while (n < authority.len && strchr("0123456789abcdefABCDEF:.", at[n]))
		n++;
	return n > 1 && n < authority.len && at[n] == ']' ? n + 1 : 0;
}

/* Whether a span is a port, which may be empty. RFC 3986 section 3.2.3. */
static bool
port_ok(struct ws_span port)
{
	uint64_t number;

	return port.len <= PORT_DIGITS_MAX &&
	       ws_digits_read(port.at, port.len, &number) == port.len &&
	       number <= UINT16_MAX;
}

bool
ws_target_authority(struct ws_span authority, size_t *port_octets)
{
	size_t host = host_octets(authority);
	struct ws_span port = { NULL, 0 };

	*port_octets = 0;
	if (host == 0)
		return false;
	if (host == authority.len)
		return true;
	if (authority.at[host] != ':')
		return false;
	port.at = authority.at + host + 1;
	port.len = authority.len - host - 1;
	*port_octets = port.len;
	return port_ok(port);
}

/* Store a path that may be followed by a query. */
static void
split_query(struct ws_http_head *h, const char *buf, size_t at, size_t end)
{
	const char *mark = memchr(buf + at, '?', end - at);
	size_t path_end = mark != NULL ? (size_t)(mark - buf) : end;

	h->path_at = offset(at);
	h->path_octets = offset(path_end - at);
	h->has_query = mark != NULL;
	if (!h->has_query)
		return;
	h->query_at = offset(path_end + 1);
	h->query_octets = offset(end - path_end - 1);
}

/* RFC 9112 section 3.2.3: CONNECT names a host and, always, a port. */
static int
authority_form(struct ws_http_head *h, const char *buf, size_t at, size_t end)
{
	struct ws_span authority = { buf + at, end - at };
	size_t port_octets;

	if (!ws_target_authority(authority, &port_octets) || port_octets == 0)
		return WS_HTTP_ETARGET;
	h->host_at = offset(at);
	h->host_octets = offset(authority.len);
	return 1;
}

/* How many octets "http://" or "https://" has at the front of a target, or 0.
 * Schemes are compared without regard to case (RFC 3986 section 3.1). */
static size_t
scheme_octets(struct ws_span target)
{
	static const struct ws_span schemes[] = {
		{ "http://", 7 },
		{ "https://", 8 },
	};

	for (size_t i = 0; i < WS_LEN(schemes); i++) {
		size_t n = schemes[i].len;
		struct ws_span front = { target.at, n };

		if (target.len >= n && ws_span_equal_nocase(front, schemes[i]))
			return n;
	}
	return 0;
}

/* RFC 9112 section 3.2.2: a whole URI, as clients send it to proxies; servers
 * must take it too. */
static int
absolute_form(struct ws_http_head *h, const char *buf, size_t at, size_t end)
{
	size_t scheme = scheme_octets((struct ws_span){ buf + at, end - at });
	size_t host = at + scheme, path = host, port_octets;

	while (path < end && buf[path] != '/' && buf[path] != '?')
		path++;
	if (scheme == 0 ||
	    !ws_target_authority(
		(struct ws_span){ buf + host, path - host }, &port_octets))
		return WS_HTTP_ETARGET;
	h->host_at = offset(host);
	h->host_octets = offset(path - host);
	split_query(h, buf, path, end);
	if (h->path_octets == 0) {
		/* RFC 9110 section 4.2.3: an empty path is "/". There is one
		 * in the buffer: the second slash before the authority. */
		h->path_at = offset(host - 1);
		h->path_octets = 1;
	}
	return 1;
}

int
ws_target_read(struct ws_http_head *h, const char *buf, size_t at, size_t end)
{
	if (h->method == WS_HTTP_CONNECT)
		return authority_form(h, buf, at, end);
	if (buf[at] == '/' ||
	    (buf[at] == '*' && end - at == 1 && h->method == WS_HTTP_OPTIONS)) {
		split_query(h, buf, at, end);
		return 1;
	}
	return absolute_form(h, buf, at, end);
}
