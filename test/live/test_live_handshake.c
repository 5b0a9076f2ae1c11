/* test_live_handshake.c - the opening handshake with a real server. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test/client.h"
#include "live.h"

static struct live live;

static void
begin(void)
{
	live = live_here(NULL, live_echo, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_handshake, .init = begin, .fini = end, .timeout = 120);

Test(live_handshake, rfc6455_4_2_2_answers_with_101_and_the_accept_key)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, client_request("/echo", ""));
	cr_assert_eq(client_response(&c, &r, false), 101);
	cr_assert_str_eq(
	    client_field(&r, "Sec-WebSocket-Accept"), CLIENT_ACCEPT);
	cr_assert_str_eq(client_field(&r, "Upgrade"), "websocket");
	cr_assert_str_eq(client_field(&r, "Connection"), "Upgrade");
	cr_assert_null(client_field(&r, "Sec-WebSocket-Extensions"));
	cr_assert_null(client_field(&r, "Sec-WebSocket-Protocol"));
	client_send_frame(&c, CLIENT_FIN | 1, "hello", 5);
	client_expect(&c, CLIENT_FIN | 1, "hello", 5);
	client_close(&c);
}

Test(live_handshake, rfc6455_4_1_frames_may_follow_in_the_same_segment)
{
	struct client c = client_open(live.address);
	struct response r;
	uint8_t all[1024];
	size_t len;

	len = (size_t)snprintf(
	    (char *)all, sizeof(all), "%s", client_request("/echo", ""));
	len += client_frame(all + len, CLIENT_FIN | 1, "one", 3);
	len += client_frame(all + len, 2, "tw", 2);
	len += client_frame(all + len, CLIENT_FIN, "o", 1);
	client_send(&c, all, len);
	cr_assert_eq(client_response(&c, &r, false), 101);
	client_expect(&c, CLIENT_FIN | 1, "one", 3);
	client_expect(&c, CLIENT_FIN | 2, "two", 3);
	client_close(&c);
}

/* The same octets cut in two at every place. */
Test(live_handshake, rfc6455_4_1_any_split_is_the_same)
{
	uint8_t all[1024];
	size_t len = (size_t)snprintf(
	    (char *)all, sizeof(all), "%s", client_request("/echo", ""));

	len += client_frame(all + len, CLIENT_FIN | 1, "hello", 5);
	for (size_t cut = 1; cut < len; cut++) {
		struct client c = client_open(live.address);
		struct response r;

		client_send(&c, all, cut);
		(void)client_wait(-1, 0, 1);
		(void)client_wait(-1, 0, 0);
		client_send(&c, all + cut, len - cut);
		cr_assert_eq(client_response(&c, &r, false), 101, "%zu", cut);
		client_expect(&c, CLIENT_FIN | 1, "hello", 5);
		client_close(&c);
	}
}

Test(live_handshake, rfc6455_4_1_octet_by_octet)
{
	struct client c = client_open(live.address);
	struct response r;
	const char *request = client_request("/echo", "");
	uint8_t frame[64];

	client_dribble(&c, request, strlen(request));
	cr_assert_eq(client_response(&c, &r, false), 101);
	client_dribble(
	    &c, frame, client_frame(frame, CLIENT_FIN | 1, "K\xC3\xB6ln", 5));
	client_expect(&c, CLIENT_FIN | 1, "K\xC3\xB6ln", 5);
	client_close(&c);
}

#define GET "GET /echo HTTP/1.1\r\nHost: localhost\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: " CLIENT_KEY "\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

/* All of them end the connection, but for those that are no upgrade. */
static const struct {
	const char *name, *request;
	int status;
	const char *field, *value;
} handshakes[] = {
	{ "4.2.1: names in any case, lists",
	    GET
	    "uPgRaDe: h2c, WebSocket\r\nCONNECTION: keep-alive, upGrade\r\n" KEY
		VERSION "\r\n",
	    101, "Upgrade", "websocket" },
	{ "4.2.1: HTTP/1.0",
	    "GET /echo HTTP/1.0\r\nHost: localhost\r\n" UPGRADE KEY VERSION
	    "\r\n",
	    400, "Connection", "close" },
	{ "4.2.1: no Host", "GET /echo HTTP/1.1\r\n" UPGRADE KEY VERSION "\r\n",
	    400, "Connection", "close" },
	{ "4.2.1: POST",
	    "POST /echo HTTP/1.1\r\nHost: localhost\r\n" UPGRADE KEY VERSION
	    "\r\n",
	    405, "Allow", "GET" },
	{ "4.2.1: no Upgrade", GET KEY VERSION "\r\n", 426,
	    "Sec-WebSocket-Version", "13" },
	{ "4.2.1: no Connection",
	    GET "Upgrade: websocket\r\n" KEY VERSION "\r\n", 400, NULL, NULL },
	{ "4.2.1: no key", GET UPGRADE VERSION "\r\n", 400, "Connection",
	    "close" },
	{ "4.2.1: two keys", GET UPGRADE KEY KEY VERSION "\r\n", 400,
	    "Connection", "close" },
	{ "4.2.1: key of 15 octets",
	    GET UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" VERSION
			"\r\n",
	    400, "Connection", "close" },
	{ "4.2.1: key of 17 octets",
	    GET UPGRADE
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n" VERSION "\r\n",
	    400, "Connection", "close" },
	{ "4.2.1: key that is no base64",
	    GET UPGRADE
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25$ZQ==\r\n" VERSION "\r\n",
	    400, "Connection", "close" },
	{ "4.2.1: no version", GET UPGRADE KEY "\r\n", 400, "Connection",
	    "close" },
	{ "4.4: version 8", GET UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n",
	    426, "Sec-WebSocket-Version", "13" },
	{ "4.4: version 15",
	    GET UPGRADE KEY "Sec-WebSocket-Version: 15\r\n\r\n", 426,
	    "Sec-WebSocket-Version", "13" },
	{ "4.4: version 013",
	    GET UPGRADE KEY "Sec-WebSocket-Version: 013\r\n\r\n", 426,
	    "Sec-WebSocket-Version", "13" },
	{ "4.2.2: no endpoint",
	    "GET /nothing HTTP/1.1\r\nHost: localhost\r\n" UPGRADE KEY VERSION
	    "\r\n",
	    404, "Connection", "close" },
	{ "a body", GET UPGRADE KEY VERSION "Content-Length: 3\r\n\r\nabc", 400,
	    "Connection", "close" },
	{ "4.2.2: origin of the same host",
	    GET UPGRADE KEY VERSION "Origin: http://localhost\r\n\r\n", 101,
	    "Upgrade", "websocket" },
	{ "4.2.2: origin of the same host, TLS in front",
	    "GET /echo HTTP/1.1\r\nHost: a.example\r\n" UPGRADE KEY VERSION
	    "Origin: https://A.example\r\n\r\n",
	    101, "Upgrade", "websocket" },
	{ "4.2.2: another host",
	    GET UPGRADE KEY VERSION "Origin: http://evil.example\r\n\r\n", 403,
	    "Connection", "close" },
	{ "4.2.2: another port",
	    GET UPGRADE KEY VERSION "Origin: http://localhost:81\r\n\r\n", 403,
	    "Connection", "close" },
	{ "4.2.2: a host that begins the same",
	    GET UPGRADE KEY VERSION
	    "Origin: http://localhost.evil.example\r\n\r\n",
	    403, "Connection", "close" },
	{ "4.2.2: null origin", GET UPGRADE KEY VERSION "Origin: null\r\n\r\n",
	    403, "Connection", "close" },
	{ "4.2.2: two origins",
	    GET UPGRADE KEY VERSION "Origin: http://localhost\r\n"
				    "Origin: http://localhost\r\n\r\n",
	    403, "Connection", "close" },
	{ "9.1: unknown extensions are declined by silence",
	    GET UPGRADE KEY VERSION
	    "Sec-WebSocket-Extensions: permessage-deflate; x=\"y\", "
	    "constructor, __proto__;;,\r\n\r\n",
	    101, "Upgrade", "websocket" },
};

Test(live_handshake, rfc6455_4_2_each_request_gets_its_answer)
{
	for (size_t i = 0; i < sizeof(handshakes) / sizeof(*handshakes); i++) {
		struct client c = client_open(live.address);
		struct response r;
		const char *value;

		client_puts(&c, handshakes[i].request);
		cr_expect_eq(client_response(&c, &r, false),
		    handshakes[i].status, "%s: %d", handshakes[i].name,
		    r.status);
		value = handshakes[i].field == NULL
			    ? NULL
			    : client_field(&r, handshakes[i].field);
		cr_expect(handshakes[i].field == NULL ||
			      (value != NULL &&
				  strcmp(value, handshakes[i].value) == 0),
		    "%s: %s", handshakes[i].name, value);
		client_close(&c);
	}
}

/* The library chooses none: that is for the application, or its endpoint's
 * option. The log says so, since browsers give up. */
static char logged[512];

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(logged, sizeof(logged), "%s", line);
}

static void
first_and_none(struct ws_server *server)
{
	static const struct ws_handler first = { .first_subprotocol = true },
				       none = { 0 };

	cr_assert_eq(ws_endpoint(server, "/first", &first, NULL), 0);
	cr_assert_eq(ws_endpoint(server, "/none", &none, NULL), 0);
}

Test(live_handshake, rfc6455_4_2_2_an_endpoint_chooses_the_first_subprotocol)
{
	static const struct {
		const char *path, *fields, *chosen;
		bool logged;
	} rows[] = {
		{ "/first", "Sec-WebSocket-Protocol: b, a\r\n", "b", false },
		{ "/first",
		    "Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Protocol: "
		    "a\r\n",
		    "b", false },
		{ "/first", "Sec-WebSocket-Protocol: , a\r\n", "a", false },
		{ "/first", "", NULL, false },
		{ "/first", "Sec-WebSocket-Protocol: a b\r\n", NULL, true },
		{ "/none", "Sec-WebSocket-Protocol: b, a\r\n", NULL, true },
		{ "/none", "", NULL, false },
	};
	struct ws_options options = { .log = on_log };

	end();
	live = live_here(&options, first_and_none, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client c = client_open(live.address);
		struct response r;
		const char *chosen;

		logged[0] = '\0';
		client_puts(&c, client_request(rows[i].path, rows[i].fields));
		cr_assert_eq(client_response(&c, &r, false), 101);
		chosen = client_field(&r, "Sec-WebSocket-Protocol");
		cr_expect(
		    (chosen == NULL) == (rows[i].chosen == NULL) &&
			(chosen == NULL || strcmp(chosen, rows[i].chosen) == 0),
		    "%zu: %s", i, chosen);
		cr_expect_eq(strstr(logged, "none was chosen") != NULL,
		    rows[i].logged, "%zu: %s", i, logged);
		client_close(&c);
	}
}

/* A client that is refused may have sent frames: none of them may be taken
 * for a request. */
Test(live_handshake, a_refused_upgrade_ends_the_connection)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, client_request("/nothing", ""));
	client_puts(&c, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 404);
	cr_assert_str_eq(client_field(&r, "Connection"), "close");
	cr_assert(client_ends(&c));
	client_close(&c);
}

Test(live_handshake, may_follow_other_requests)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
	client_puts(&c, client_request("/echo", ""));
	client_send_frame(&c, CLIENT_FIN | 2, "x", 1);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(client_response(&c, &r, false), 101);
	client_expect(&c, CLIENT_FIN | 2, "x", 1);
	client_close(&c);
}

/* Octets that a handshake field must survive: every one but those that end
 * the line. */
Test(live_handshake, any_octet_in_a_list_field_is_answered)
{
	static const char *const names[] = { "Sec-WebSocket-Protocol",
		"Sec-WebSocket-Extensions", "Cookie" };

	for (unsigned octet = 0; octet < 256; octet++) {
		for (size_t i = 0; i < 3; i++) {
			struct client c = client_open(live.address);
			struct response r;
			char all[2048];
			size_t len = (size_t)snprintf(all, sizeof(all), "%s",
			    client_request("/echo", ""));
			bool allowed =
			    octet == '\t' || (octet >= ' ' && octet != 127);

			len -= 2;
			len += (size_t)snprintf(all + len, sizeof(all) - len,
			    "%s: a, b%c;c\r\n\r\n", names[i], (char)octet);
			client_send(&c, all, len);
			cr_expect_eq(client_response(&c, &r, false),
			    allowed ? 101 : 400, "octet 0x%02x in %s: %d",
			    octet, names[i], r.status);
			client_close(&c);
		}
	}
}
