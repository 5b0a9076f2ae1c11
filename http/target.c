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
#include "http.h"
#include "target.h"

#define PORT_DIGITS_MAX 5

/* How many octets of an authority are its host: a reg-name, an IPv4 address
 * or a bracketed IPv6 address; 0 for none. The characters are checked, not
 * whether an address can exist. RFC 3986 section 3.2.2. One pass, as each request
 * has a Host: ws_url_authority and a check of its result take 60 instructions
 * more. */
static size_t
host_octets(struct ws_span authority)
{
	const char *at = authority.at;
	size_t n = 0;

	if (authority.len == 0 || at[0] != '[') {
		while (n < authority.len && ws_http_is(at[n], WS_HTTP_HOST))
			n++;
		return n;
	}
	for (n = 1; n < authority.len; n++) {
		if (strchr("0123456789abcdefABCDEF:.", at[n]) == NULL)
			break;
	}
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
ws_target_authority(struct ws_span text, struct ws_authority *authority)
{
	size_t n = host_octets(text);

	authority->host = (struct ws_span){ text.at, n };
	authority->port = (struct ws_span){ text.at + n, 0 };
	if (n == 0 || n == text.len)
		return n > 0;
	authority->port.at++;
	authority->port.len = text.len - n - 1;
	return text.at[n] == ':' && port_ok(authority->port);
}

/* Read a path and, behind a '?', a query. */
static void
read_path(struct ws_span text, struct ws_target *target)
{
	target->path = ws_span_split(text, '?', &target->query);
	target->has_query = target->path.len < text.len;
}

/* RFC 9112 section 3.2.3: CONNECT names a host and, always, a port. */
static bool
read_authority_form(struct ws_span text, struct ws_target *target)
{
	struct ws_authority authority;

	target->host = text;
	return ws_target_authority(text, &authority) && authority.port.len > 0;
}

/* The octets of "http://" or "https://" at the front of a target, or 0.
 * Schemes are compared without regard to case (RFC 3986 section 3.1). */
static size_t
scheme_octets(struct ws_span text)
{
	static const struct ws_span schemes[] = {
		{ "http://", 7 },
		{ "https://", 8 },
	};

	for (size_t i = 0; i < WS_LEN(schemes); i++) {
		size_t n = schemes[i].len;
		struct ws_span front = { text.at, n };

		if (text.len >= n && ws_span_equal_nocase(front, schemes[i]))
			return n;
	}
	return 0;
}

/* RFC 9112 section 3.2.2: a whole URI, as clients send it to proxies. Servers
 * must accept it, too. */
static bool
read_absolute_form(struct ws_span text, struct ws_target *target)
{
	size_t scheme = scheme_octets(text), host = 0;
	struct ws_span rest = { text.at + scheme, text.len - scheme };
	struct ws_authority authority;

	while (host < rest.len && rest.at[host] != '/' && rest.at[host] != '?')
		host++;
	target->host = (struct ws_span){ rest.at, host };
	if (scheme == 0 || !ws_target_authority(target->host, &authority))
		return false;
	read_path((struct ws_span){ rest.at + host, rest.len - host }, target);
	/* RFC 9110 section 4.2.3: an empty path is "/". The target has one that
	 * the path can point at: the second slash before the authority. */
	if (target->path.len == 0)
		target->path = (struct ws_span){ rest.at - 1, 1 };
	return true;
}

bool
ws_target_read(int method, struct ws_span text, struct ws_target *target)
{
	bool is_asterisk = ws_span_equal(text, WS_SPAN("*"));

	*target = (struct ws_target){ .has_query = false };
	if (method == WS_HTTP_CONNECT)
		return read_authority_form(text, target);
	if (text.at[0] != '/' && !(is_asterisk && method == WS_HTTP_OPTIONS))
		return read_absolute_form(text, target);
	read_path(text, target);
	return true;
}
