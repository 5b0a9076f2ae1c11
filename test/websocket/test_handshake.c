/* test_handshake.c - the opening handshake (RFC 6455 sections 4.1, 4.2). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "websocket/handshake.h"
#include "test/guard.h"

/* ---- requests ---- */

#define GET "GET /chat HTTP/1.1\r\n"
#define HOST "Host: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define REQUEST GET HOST UPGRADE CONNECTION KEY VERSION

/* A parsed request; what it was parsed from ends at a guard page. */
struct request {
	struct ws_http_head head;
	struct guard octets;
	const char *buf;
};

/* Parse field lines, or a whole request, and the empty line behind. */
static void
parse(struct request *r, const char *name, const char *text, size_t len)
{
	char *octets = malloc(len + 2);
	ssize_t size;

	cr_assert_not_null(octets);
	memcpy(octets, text, len);
	memcpy(octets + len, "\r\n", 2);
	r->octets = guard_copy(octets, len + 2);
	free(octets);
	r->buf = (const char *)r->octets.at;
	ws_http_init(&r->head, WS_HTTP_HEAD_MAX, 1024);
	size = ws_http_parse(&r->head, r->buf, len + 2);
	cr_assert_eq(size, (ssize_t)len + 2, "%s: not parsed, %zd", name, size);
}

static void
done(struct request *r)
{
	guard_free(&r->octets);
}

/* ---- what a client must send ---- */

static const struct row {
	const char *name, *request;
	int status;
	const char *reason; /* a word that must be in it */
} rows[] = {
	{ "RFC 6455 1.3", REQUEST, 0, "" },
	/* 4.2.1 item 1: GET and at least HTTP/1.1. */
	{ "POST", "POST / HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION,
	    405, "GET" },
	{ "HEAD", "HEAD / HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION,
	    405, "GET" },
	{ "HTTP/1.0", "GET / HTTP/1.0\r\n" HOST UPGRADE CONNECTION KEY VERSION,
	    400, "HTTP/1.1" },
	{ "a later minor version",
	    "GET / HTTP/1.2\r\n" HOST UPGRADE CONNECTION KEY VERSION, 0, "" },
	{ "absolute-form",
	    "GET http://server.example.com/chat HTTP/1.1\r\n" HOST UPGRADE
		CONNECTION KEY VERSION,
	    0, "" },
	/* 4.2.1 item 3: Upgrade names websocket, in any case. */
	{ "Upgrade in upper case",
	    GET HOST "Upgrade: WEBSOCKET\r\n" CONNECTION KEY VERSION, 0, "" },
	{ "Upgrade with a list",
	    GET HOST "Upgrade: h2c, WebSocket\r\n" CONNECTION KEY VERSION, 0,
	    "" },
	/* 4.2.1 item 4: Connection names Upgrade, in any case. */
	{ "no Connection", GET HOST UPGRADE KEY VERSION, 400, "Connection" },
	{ "Connection without it",
	    GET HOST UPGRADE "Connection: keep-alive\r\n" KEY VERSION, 400,
	    "Connection" },
	{ "Connection names something longer",
	    GET HOST UPGRADE "Connection: Upgrades\r\n" KEY VERSION, 400,
	    "Connection" },
	{ "Connection empty", GET HOST UPGRADE "Connection:\r\n" KEY VERSION,
	    400, "Connection" },
	{ "Connection in lower case",
	    GET HOST UPGRADE "Connection: upgrade\r\n" KEY VERSION, 0, "" },
	{ "Connection with a list",
	    GET HOST UPGRADE
	    "Connection: keep-alive ,\tUPGRADE\r\n" KEY VERSION,
	    0, "" },
	{ "Connection on two lines",
	    GET HOST UPGRADE
	    "Connection: keep-alive\r\n" CONNECTION KEY VERSION,
	    0, "" },
	/* 4.2.1 item 5: the key is base64 of 16 octets. */
	{ "no key", GET HOST UPGRADE CONNECTION VERSION, 400, "missing" },
	{ "empty key",
	    GET HOST UPGRADE CONNECTION VERSION "Sec-WebSocket-Key:\r\n", 400,
	    "16" },
	{ "key twice", REQUEST KEY, 400, "16" },
	{ "two different keys",
	    REQUEST "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", 400,
	    "16" },
	{ "key of 15 octets",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n",
	    400, "16" },
	{ "key of 17 octets",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=\r\n",
	    400, "16" },
	{ "key of 18 octets",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA\r\n",
	    400, "16" },
	{ "key without padding",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA\r\n",
	    400, "16" },
	{ "the key of RFC 6455 4.1, with bits behind its end",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n",
	    0, "" },
	{ "key with one padding in front of the other",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAA===\r\n",
	    400, "16" },
	{ "key whose last character is none",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAA*==\r\n",
	    400, "16" },
	{ "key with a space",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAA AAAAAAAAAAA==\r\n",
	    400, "16" },
	{ "key in the URL alphabet",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: AAAAAAAAAA-_AAAAAAAAAA==\r\n",
	    400, "16" },
	{ "key with octets above ASCII",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff==\r\n",
	    400, "16" },
	{ "key with white space around",
	    GET HOST UPGRADE CONNECTION VERSION
	    "Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ== \t\r\n",
	    0, "" },
	/* 4.2.1 item 6 and 4.4: version 13, or 426. */
	{ "no version", GET HOST UPGRADE CONNECTION KEY, 400, "missing" },
	{ "version 8",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n", 426,
	    "13" },
	{ "version 15",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 15\r\n",
	    426, "13" },
	{ "version 0",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 0\r\n", 426,
	    "13" },
	{ "version 013",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 013\r\n",
	    426, "13" },
	{ "version 130",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 130\r\n",
	    426, "13" },
	{ "version -13",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: -13\r\n",
	    426, "13" },
	{ "a list of versions",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 13, 8\r\n",
	    426, "13" },
	{ "empty version",
	    GET HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version:\r\n", 426,
	    "13" },
	{ "version twice", REQUEST VERSION, 426, "13" },
	{ "a wrong version is told before a wrong key",
	    GET HOST UPGRADE CONNECTION "Sec-WebSocket-Version: 8\r\n", 426,
	    "13" },
	/* What nobody forbids but nobody can mean. */
	{ "a body", REQUEST "Content-Length: 1\r\n", 400, "body" },
	{ "a chunked body", REQUEST "Transfer-Encoding: chunked\r\n", 400,
	    "body" },
	{ "an empty body", REQUEST "Content-Length: 0\r\n", 0, "" },
	/* 4.2.1: field names in any case; unknown fields are ignored. */
	{ "field names in lower case",
	    GET HOST "upgrade: websocket\r\nconnection: upgrade\r\n"
		     "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		     "sec-websocket-version: 13\r\n",
	    0, "" },
	{ "extensions are not asked about",
	    REQUEST "Sec-WebSocket-Extensions: permessage-deflate; "
		    "client_max_window_bits, constructor, \xff\r\n"
		    "Cookie: a=b\r\n",
	    0, "" },
};

Test(handshake, rfc6455_4_2_1_reading_the_clients_handshake)
{
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const struct row *row = &rows[i];
		const char *reason = NULL;
		struct request r;
		int status;

		parse(&r, row->name, row->request, strlen(row->request));
		cr_assert(ws_handshake_wanted(&r.head, r.buf), "%s: not wanted",
		    row->name);
		status = ws_handshake_check(&r.head, r.buf, &reason);
		cr_assert_eq(status, row->status, "%s: %d, %s", row->name,
		    status, reason);
		if (status != 0)
			cr_assert_not_null(strstr(reason, row->reason),
			    "%s: %s", row->name, reason);
		done(&r);
	}
}

Test(handshake, rfc6455_4_2_1_upgrade_names_websocket)
{
	static const struct {
		const char *name, *fields;
		bool wanted;
	} cases[] = {
		{ "plain", "Upgrade: websocket\r\n", true },
		{ "any case", "Upgrade: WebSocket\r\n", true },
		{ "last in a list", "Upgrade: a, b ,\twebsocket\r\n", true },
		{ "first in a list", "Upgrade: websocket,h2c\r\n", true },
		{ "empty members", "Upgrade: ,, websocket ,,\r\n", true },
		{ "second line", "Upgrade: h2c\r\nUpgrade: websocket\r\n",
		    true },
		{ "absent", "", false },
		{ "empty", "Upgrade:\r\n", false },
		{ "another", "Upgrade: h2c\r\n", false },
		{ "longer", "Upgrade: websockets\r\n", false },
		{ "shorter", "Upgrade: websocke\r\n", false },
		{ "quoted", "Upgrade: \"websocket\"\r\n", false },
		{ "with a version", "Upgrade: websocket/13\r\n", false },
		{ "two words", "Upgrade: web socket\r\n", false },
		{ "in another field", "Upgrades: websocket\r\n", false },
	};

	for (size_t i = 0; i < WS_LEN(cases); i++) {
		struct request r;
		char text[512];
		int n = snprintf(text, sizeof(text),
		    GET HOST CONNECTION KEY VERSION "%s", cases[i].fields);

		parse(&r, cases[i].name, text, (size_t)n);
		cr_assert_eq(ws_handshake_wanted(&r.head, r.buf),
		    cases[i].wanted, "%s", cases[i].name);
		done(&r);
	}
}

/* ---- the accept key ---- */

Test(handshake, rfc6455_4_2_2_accept)
{
	static const struct {
		const char *name, *key, *accept;
	} cases[] = {
		{ "RFC 6455 1.3", "dGhlIHNhbXBsZSBub25jZQ==",
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
		{ "RFC 6455 4.1", "AQIDBAUGBwgJCgsMDQ4PEC==",
		    "OfS0wDaT5NoxF2gqm7Zj2YtetzM=" },
		{ "16 zeros", "AAAAAAAAAAAAAAAAAAAAAA==",
		    "ICX+Yqv66kxgM0FcWaLWlFLwTAI=" },
		{ "white space is not part of it",
		    " \tdGhlIHNhbXBsZSBub25jZQ==  ",
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
	};

	for (size_t i = 0; i < WS_LEN(cases); i++) {
		char text[512], accept[WS_ACCEPT_SIZE + 1] = "";
		struct request r;
		int n = snprintf(text, sizeof(text),
		    GET HOST "Sec-WebSocket-Key:%s\r\n", cases[i].key);

		parse(&r, cases[i].name, text, (size_t)n);
		ws_handshake_accept(&r.head, r.buf, accept);
		cr_assert_str_eq(
		    accept, cases[i].accept, "%s: %s", cases[i].name, accept);
		done(&r);
	}
}

/* ---- origin, RFC 6455 sections 4.2.2 and 10.2 ---- */

static const struct origin_row {
	const char *name, *host, *fields, *allowed;
	bool ok;
} origins[] = {
	/* Not a browser. */
	{ "absent", "a.example", "", NULL, true },
	{ "absent, list", "a.example", "", "https://b.example", true },
	{ "absent, *", "a.example", "", "*", true },
	/* The same host and port as the request's Host. */
	{ "same", "a.example", "Origin: http://a.example\r\n", NULL, true },
	{ "same, with a port", "a.example:8080",
	    "Origin: http://a.example:8080\r\n", NULL, true },
	{ "other host", "a.example", "Origin: http://b.example\r\n", NULL,
	    false },
	{ "a host that begins so", "a.example",
	    "Origin: http://a.example.evil\r\n", NULL, false },
	{ "a host that ends so", "a.example",
	    "Origin: http://evila.example\r\n", NULL, false },
	{ "a host below", "a.example", "Origin: http://x.a.example\r\n", NULL,
	    false },
	{ "other port", "a.example:8080", "Origin: http://a.example:8081\r\n",
	    NULL, false },
	{ "a port that begins so", "a.example:80",
	    "Origin: http://a.example:8080\r\n", NULL, false },
	{ "host in upper case", "A.Example", "Origin: http://a.eXAMPLE\r\n",
	    NULL, true },
	/* Default ports. */
	{ "http is 80", "a.example:80", "Origin: http://a.example\r\n", NULL,
	    true },
	{ "80 is http", "a.example", "Origin: http://a.example:80\r\n", NULL,
	    true },
	{ "https is 443", "a.example:443", "Origin: https://a.example\r\n",
	    NULL, true },
	{ "443 is https", "a.example", "Origin: https://a.example:443\r\n",
	    NULL, true },
	{ "https, behind a proxy", "a.example", "Origin: https://a.example\r\n",
	    NULL, true },
	{ "https, port behind a proxy", "a.example:8443",
	    "Origin: https://a.example:8443\r\n", NULL, true },
	{ "http is not 443", "a.example:443", "Origin: http://a.example\r\n",
	    NULL, false },
	{ "https is not 80", "a.example:80", "Origin: https://a.example\r\n",
	    NULL, false },
	{ "https on 80 is not the default", "a.example",
	    "Origin: https://a.example:80\r\n", NULL, false },
	{ "http is not 8080", "a.example:8080", "Origin: http://a.example\r\n",
	    NULL, false },
	{ "8080 is not http", "a.example", "Origin: http://a.example:8080\r\n",
	    NULL, false },
	/* Addresses. */
	{ "IPv4", "127.0.0.1:8080", "Origin: http://127.0.0.1:8080\r\n", NULL,
	    true },
	{ "another IPv4", "127.0.0.1", "Origin: http://127.0.0.2\r\n", NULL,
	    false },
	{ "IPv6", "[::1]", "Origin: http://[::1]\r\n", NULL, true },
	{ "IPv6 with a port", "[::1]:8080", "Origin: http://[::1]:8080\r\n",
	    NULL, true },
	{ "IPv6, default port", "[2001:db8::A]:80",
	    "Origin: http://[2001:db8::a]\r\n", NULL, true },
	{ "another IPv6", "[::1]", "Origin: http://[::2]\r\n", NULL, false },
	{ "IPv6, other port", "[::1]:80", "Origin: http://[::1]:81\r\n", NULL,
	    false },
	{ "IPv6, last group is no port", "[::1]", "Origin: http://[::]\r\n",
	    NULL, false },
	/* What no page of this server sends. */
	{ "null", "a.example", "Origin: null\r\n", NULL, false },
	{ "null as a host", "null", "Origin: null\r\n", NULL, false },
	{ "empty", "a.example", "Origin:\r\n", NULL, false },
	{ "a scheme only", "a.example", "Origin: http://\r\n", NULL, false },
	{ "a port only", "a.example", "Origin: http://:80\r\n", NULL, false },
	{ "no scheme", "a.example", "Origin: a.example\r\n", NULL, false },
	{ "another scheme", "a.example", "Origin: ftp://a.example\r\n", NULL,
	    false },
	{ "a file", "a.example", "Origin: file://\r\n", NULL, false },
	{ "one slash", "a.example", "Origin: http://a.example/\r\n", NULL,
	    true },
	{ "a port and one slash", "a.example",
	    "Origin: http://a.example:80/\r\n", NULL, true },
	{ "with a path", "a.example", "Origin: http://a.example/a\r\n", NULL,
	    false },
	{ "with a userinfo", "a.example", "Origin: http://u@a.example\r\n",
	    NULL, false },
	{ "the host as a userinfo", "a.example",
	    "Origin: http://a.example@evil.example\r\n", NULL, false },
	{ "the host and port as a userinfo", "a.example:80",
	    "Origin: http://a.example:80@evil.example\r\n", NULL, false },
	{ "the host as a fragment", "a.example",
	    "Origin: http://evil.example#a.example\r\n", NULL, false },
	{ "two in one", "a.example",
	    "Origin: http://a.example http://b.example\r\n", NULL, false },
	{ "a list", "a.example",
	    "Origin: http://a.example, http://a.example\r\n", NULL, false },
	{ "octets above ASCII", "a.example", "Origin: http://\xe4.example\r\n",
	    NULL, false },
	{ "two fields", "a.example",
	    "Origin: http://a.example\r\nOrigin: http://a.example\r\n", NULL,
	    false },
	{ "two fields, *", "a.example",
	    "Origin: http://a.example\r\nOrigin: http://b.example\r\n", "*",
	    false },
	{ "two fields, list", "a.example",
	    "Origin: http://b.example\r\nOrigin: http://b.example\r\n",
	    "http://b.example", false },
	/* The operator's choice. */
	{ "*", "a.example", "Origin: https://b.example\r\n", "*", true },
	{ "*, null", "a.example", "Origin: null\r\n", "*", true },
	{ "listed", "a.example", "Origin: https://b.example\r\n",
	    "https://b.example", true },
	{ "listed second", "a.example", "Origin: http://c.example:81\r\n",
	    "https://b.example , http://c.example:81", true },
	{ "listed in another case", "a.example",
	    "Origin: https://b.example\r\n", "HTTPS://B.Example", true },
	{ "listed with another scheme", "a.example",
	    "Origin: http://b.example\r\n", "https://b.example", false },
	{ "listed with another port", "a.example",
	    "Origin: https://b.example:444\r\n", "https://b.example", false },
	{ "listed as a beginning", "a.example",
	    "Origin: https://b.example.evil\r\n", "https://b.example", false },
	{ "not listed", "a.example", "Origin: https://c.example\r\n",
	    "https://b.example", false },
	{ "the same always passes", "a.example", "Origin: http://a.example\r\n",
	    "https://b.example", true },
	{ "null with a list", "a.example", "Origin: null\r\n",
	    "https://b.example", false },
	{ "null listed", "a.example", "Origin: null\r\n",
	    "https://b.example, null", true },
	{ "empty with a list", "a.example", "Origin:\r\n",
	    "https://b.example,,", false },
	{ "an empty list", "a.example", "Origin: http://b.example\r\n", "",
	    false },
	{ "a pattern", "a.example", "Origin: http://b.example\r\n",
	    "http://*.example", true },
};

Test(handshake, rfc6455_10_2_origin)
{
	for (size_t i = 0; i < WS_LEN(origins); i++) {
		const struct origin_row *row = &origins[i];
		const char *reason = NULL;
		struct request r;
		char text[512];
		int n = snprintf(text, sizeof(text), GET "Host: %s\r\n%s",
		    row->host, row->fields);
		bool ok;

		parse(&r, row->name, text, (size_t)n);
		ok = ws_handshake_origin(
		    &r.head, r.buf, row->allowed, NULL, &reason);
		cr_assert_eq(ok, row->ok, "%s", row->name);
		if (!ok)
			cr_assert(reason != NULL && reason[0] != '\0',
			    "%s: no reason", row->name);
		done(&r);
	}
}

/* HTTP/1.0 may come without Host: then no page is of this server. */
Test(handshake, without_a_host_no_origin_is_the_same)
{
	static const char *const none[] = { "http://", "http://:80",
		"https://:443", "http://a.example", "null" };

	for (size_t i = 0; i < WS_LEN(none); i++) {
		char text[128];
		const char *reason;
		struct request r;
		int n = snprintf(text, sizeof(text),
		    "GET / HTTP/1.0\r\nOrigin: %s\r\n", none[i]);

		parse(&r, none[i], text, (size_t)n);
		cr_assert(
		    !ws_handshake_origin(&r.head, r.buf, NULL, NULL, &reason),
		    "%s", none[i]);
		done(&r);
	}
}

/* Every octet that may stand in a field value, at the end of a good one. */
Test(handshake, no_octet_behind_a_good_value_is_overlooked)
{
	for (unsigned c = '!'; c < 256; c++) {
		char text[512];
		const char *reason;
		struct request r;
		int n;

		if (c == 0x7f)
			continue;
		n = snprintf(text, sizeof(text),
		    GET "Host: a.example\r\nOrigin: http://a.example%c\r\n"
			"Upgrade: websocket%c\r\n",
		    (int)c, (int)c);
		parse(&r, "octet", text, (size_t)n);
		/* "http://a.example:" has an empty port, which is the default
		 * one: RFC 3986 section 3.2.3. */
		cr_assert_eq(
		    ws_handshake_origin(&r.head, r.buf, NULL, NULL, &reason),
		    c == ':' || c == '/', "%#x", c);
		cr_assert_eq(
		    ws_handshake_wanted(&r.head, r.buf), c == ',', "%#x", c);
		done(&r);
	}
}

/* ---- subprotocols, RFC 6455 section 4.1 item 10 ---- */

Test(handshake, rfc6455_4_1_subprotocols)
{
	static const struct {
		const char *name, *fields;
		const char *offered, *missing;
	} cases[] = {
		{ "none", "", NULL, "chat" },
		{ "one", "Sec-WebSocket-Protocol: chat\r\n", "chat",
		    "superchat" },
		{ "first of two", "Sec-WebSocket-Protocol: chat, superchat\r\n",
		    "chat", "super" },
		{ "second of two", "Sec-WebSocket-Protocol: chat,superchat\r\n",
		    "superchat", "chatsuper" },
		{ "on the second line",
		    "Sec-WebSocket-Protocol: chat\r\n"
		    "sec-websocket-protocol: superchat\r\n",
		    "superchat", "chat, superchat" },
		{ "case matters", "Sec-WebSocket-Protocol: Chat\r\n", "Chat",
		    "chat" },
		{ "odd white space",
		    "Sec-WebSocket-Protocol: \t a\t,\t  b  ,c \t\r\n", "b",
		    " b" },
		{ "empty members", "Sec-WebSocket-Protocol: ,, ,chat,,\r\n",
		    "chat", "" },
		{ "nothing", "Sec-WebSocket-Protocol:\r\n", NULL, "" },
		{ "a beginning", "Sec-WebSocket-Protocol: chatter\r\n",
		    "chatter", "chat" },
		{ "octets above ASCII",
		    "Sec-WebSocket-Protocol: \xff, chat\r\n", "chat", "\xfe" },
		{ "a quote that does not end",
		    "Sec-WebSocket-Protocol: a, \"b, chat\r\n", "a", "chat" },
	};

	for (size_t i = 0; i < WS_LEN(cases); i++) {
		const char *yes = cases[i].offered, *no = cases[i].missing;
		struct request r;
		char text[512];
		int n =
		    snprintf(text, sizeof(text), REQUEST "%s", cases[i].fields);

		parse(&r, cases[i].name, text, (size_t)n);
		if (yes != NULL)
			cr_assert(ws_handshake_offers(&r.head, r.buf,
				      (struct ws_span){ yes, strlen(yes) }),
			    "%s: %s", cases[i].name, yes);
		cr_assert(!ws_handshake_offers(&r.head, r.buf,
			      (struct ws_span){ no, strlen(no) }),
		    "%s: %s", cases[i].name, no);
		done(&r);
	}
}

/* Lists of separators only, as long as a head may be, for every list-valued
 * field. Time that is linear is far below a hundredth of what is allowed here;
 * time that is quadratic is far above. */
Test(handshake, lists_of_separators_cost_linear_time, .timeout = 60)
{
	static const char *const names[] = { "Sec-WebSocket-Protocol",
		"Upgrade", "Connection", "Sec-WebSocket-Extensions" };
	static const char *const fillers[] = { ",", " ", ", ", " \t,", "a ",
		"\"", "\\", "a," };
	enum {
		LIST = 16384,
		ROUNDS = 50
	};
	static char text[LIST + 512];

	for (size_t i = 0; i < WS_LEN(names) * WS_LEN(fillers); i++) {
		const char *name = names[i % WS_LEN(names)];
		const char *filler = fillers[i / WS_LEN(names)];
		size_t period = strlen(filler);
		size_t len = (size_t)sprintf(text, REQUEST "%s: x,", name);
		const char *reason;
		struct request r;
		clock_t begin;

		for (size_t n = 0; n < LIST; n++)
			text[len++] = filler[n % period];
		len += (size_t)sprintf(text + len, ",chat\r\n");
		parse(&r, name, text, len);
		begin = clock();
		for (int round = 0; round < ROUNDS; round++) {
			(void)ws_handshake_wanted(&r.head, r.buf);
			(void)ws_handshake_check(&r.head, r.buf, &reason);
			(void)ws_handshake_offers(
			    &r.head, r.buf, WS_SPAN("nothing"));
		}
		cr_assert_lt(clock() - begin, 5 * CLOCKS_PER_SEC, "%s: '%s'",
		    name, filler);
		if (i % WS_LEN(names) == 0 && filler[0] != '"')
			cr_assert(ws_handshake_offers(&r.head, r.buf,
				      filler[0] == 'a' && period == 2 &&
					      filler[1] == ' '
					  ? WS_SPAN("x")
					  : WS_SPAN("chat")),
			    "'%s'", filler);
		done(&r);
	}
}

/* The fields stand anywhere among as many as a head may have. */
Test(handshake, its_fields_may_be_the_last_of_a_hundred)
{
	static char text[8192];
	size_t len = (size_t)sprintf(text, GET HOST);
	const char *reason;
	struct request r;

	for (int i = 0; i < WS_HTTP_FIELDS_MAX - 5; i++)
		len += (size_t)sprintf(text + len, "X-%d: y\r\n", i);
	len += (size_t)sprintf(text + len, UPGRADE CONNECTION KEY VERSION);
	parse(&r, "a hundred", text, len);
	cr_assert(ws_handshake_wanted(&r.head, r.buf));
	cr_assert_eq(ws_handshake_check(&r.head, r.buf, &reason), 0);
	done(&r);
}
