/* test_engine.c - Engine.IO on a real server: polling, WebSocket, both. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "eio.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define SPAN(literal) (literal), sizeof(literal) - 1

static void
begin(void)
{
	eio_test_begin(NULL);
}

TestSuite(sio_engine, .init = begin, .fini = eio_test_end, .timeout = 60);

/* ---- handshakes -------------------------------------------------------- */

Test(sio_engine, a_session_opens_with_its_settings)
{
	struct response r;
	char want[256];

	cr_assert_eq(eio_ask(&r, "GET", NULL, "&t=abc", "", NULL, 0), 200);
	cr_expect_str_eq(
	    client_field(&r, "Content-Type"), "text/plain; charset=UTF-8");
	cr_expect_str_eq(client_field(&r, "Cache-Control"), "no-store");
	cr_expect_eq(client_field(&r, "X-Content-Type-Options"), NULL);
	cr_expect_eq(client_field(&r, "Set-Cookie"), NULL);
	cr_expect_eq(client_field(&r, "Access-Control-Allow-Origin"), NULL);
	snprintf(want, sizeof(want),
	    "0{\"sid\":\"%.20s\",\"upgrades\":[\"websocket\"],"
	    "\"pingInterval\":25000,\"pingTimeout\":20000,"
	    "\"maxPayload\":1000000}",
	    (const char *)r.body + 9);
	eio_expect_body(&r, want, strlen(want), "open");
	cr_expect_eq(eio_test.opened, 1);
	cr_expect_eq(eio_count(eio_test.eio), 1);
	cr_expect_str_eq(eio_transport(eio_test.last), "polling");
}

Test(sio_engine, a_websocket_opens_with_its_settings)
{
	struct client c = eio_connect(NULL, "");
	struct frame f;
	char want[256], id[EIO_ID_SIZE];

	cr_assert(client_recv_frame(&c, &f));
	snprintf(want, sizeof(want),
	    "0{\"sid\":\"%s\",\"upgrades\":[],"
	    "\"pingInterval\":25000,\"pingTimeout\":20000,"
	    "\"maxPayload\":1000000}",
	    eio_id(eio_test.last, id));
	cr_expect(f.first == TEXT && f.len == strlen(want) &&
		      memcmp(f.data, want, f.len) == 0,
	    "%.*s", (int)f.len, (const char *)f.data);
	cr_expect_str_eq(eio_transport(eio_test.last), "websocket");
	client_close(&c);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "transport close");
}

static const struct {
	const char *name, *method, *query, *body;
} refused[] = {
	{ "no query", "GET", "", EIO_CODE_0 },
	{ "no transport", "GET", "?EIO=4", EIO_CODE_0 },
	{ "unknown transport", "GET", "?EIO=4&transport=abc", EIO_CODE_0 },
	{ "a long transport", "GET",
	    "?EIO=4&transport=pollingpollingpollingpolling", EIO_CODE_0 },
	{ "webtransport", "GET", "?EIO=4&transport=webtransport", EIO_CODE_0 },
	{ "the last one counts", "GET",
	    "?EIO=4&transport=polling&transport=abc", EIO_CODE_0 },
	{ "unknown session", "GET", "?EIO=4&transport=polling&sid=abc",
	    EIO_CODE_1 },
	{ "a long session", "GET",
	    "?EIO=4&transport=polling&sid=abcdefghijabcdefghijabcdefghij",
	    EIO_CODE_1 },
	{ "a NUL as session", "GET", "?EIO=4&transport=polling&sid=%00",
	    EIO_CODE_1 },
	{ "session of markup", "GET",
	    "?EIO=4&transport=polling&sid=__proto__%22%3E", EIO_CODE_1 },
	{ "POST", "POST", "?EIO=4&transport=polling", EIO_CODE_2 },
	{ "OPTIONS", "OPTIONS", "?EIO=4&transport=polling", EIO_CODE_2 },
	{ "PUT", "PUT", "?EIO=4&transport=websocket", EIO_CODE_2 },
	{ "websocket without Upgrade", "GET", "?EIO=4&transport=websocket",
	    EIO_CODE_3 },
	{ "no EIO", "GET", "?transport=polling", EIO_CODE_5 },
	{ "EIO=5", "GET", "?EIO=5&transport=polling", EIO_CODE_5 },
	{ "EIO=1", "GET", "?EIO=1&transport=polling", EIO_CODE_5 },
	{ "EIO=44", "GET", "?EIO=44&transport=polling", EIO_CODE_5 },
	{ "EIO=abc", "GET", "?EIO=abc&transport=polling", EIO_CODE_5 },
};

Test(sio_engine, what_is_wrong_is_refused_with_a_code)
{
	for (size_t i = 0; i < LEN(refused); i++) {
		struct client c = client_open(eio_test.live.address);
		struct response r;
		char text[512];

		snprintf(text, sizeof(text),
		    "%s /engine.io/%s HTTP/1.1\r\nHost: a\r\n\r\n",
		    refused[i].method, refused[i].query);
		client_puts(&c, text);
		cr_expect_eq(client_response(&c, &r, false), 400, "%s: %d",
		    refused[i].name, r.status);
		cr_expect_str_eq(client_field(&r, "Content-Type"),
		    "application/json", "%s", refused[i].name);
		eio_expect_body(&r, refused[i].body, strlen(refused[i].body),
		    refused[i].name);
		client_close(&c);
	}
	cr_expect_eq(eio_test.opened, 0);
}

static const struct {
	const char *name, *query, *body;
} not_upgraded[] = {
	{ "no transport", "?EIO=4", "Transport unknown" },
	{ "polling", "?EIO=4&transport=polling", "Bad request" },
	{ "unknown session", "?EIO=4&transport=websocket&sid=abc",
	    "Session ID unknown" },
	{ "no EIO", "?transport=websocket", "Unsupported protocol version" },
	{ "EIO=5", "?EIO=5&transport=websocket",
	    "Unsupported protocol version" },
};

/* Before the upgrade, not after it. */
Test(sio_engine, what_is_wrong_does_not_become_a_websocket)
{
	for (size_t i = 0; i < LEN(not_upgraded); i++) {
		struct client c = client_open(eio_test.live.address);
		struct response r;
		char path[128];

		snprintf(
		    path, sizeof(path), "/engine.io/%s", not_upgraded[i].query);
		client_puts(&c, client_request(path, ""));
		cr_expect_eq(client_response(&c, &r, false), 400, "%s",
		    not_upgraded[i].name);
		eio_expect_body(&r, not_upgraded[i].body,
		    strlen(not_upgraded[i].body), not_upgraded[i].name);
		cr_expect_str_eq(client_field(&r, "Content-Type"), "text/html");
		cr_expect_str_eq(client_field(&r, "Connection"), "close");
		client_close(&c);
	}
	cr_expect_eq(eio_test.opened, 0);
}

Test(sio_engine, a_session_keeps_its_protocol)
{
	char sid[21];

	strcpy(sid, eio_open_polling(""));
	eio_test.protocol = 3;
	eio_expect_get(sid, 400, EIO_CODE_3);
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine, all_below_the_path_is_the_endpoint)
{
	static const struct {
		const char *path;
		int status;
	} paths[] = {
		{ "/engine.io/?EIO=4&transport=polling", 200 },
		{ "/engine.io/any/thing?EIO=4&transport=polling", 200 },
		{ "/engine.io?EIO=4&transport=polling", 404 },
		{ "/engine.iox/?EIO=4&transport=polling", 404 },
		{ "/?EIO=4&transport=polling", 404 },
		{ "/engine.io/?%45IO=4&tr%61nsport=polling", 200 },
	};

	for (size_t i = 0; i < LEN(paths); i++) {
		struct client c = client_open(eio_test.live.address);
		struct response r;
		char text[256];

		snprintf(text, sizeof(text),
		    "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i].path);
		client_puts(&c, text);
		cr_expect_eq(client_response(&c, &r, false), paths[i].status,
		    "%s: %d", paths[i].path, r.status);
		client_close(&c);
	}
}

Test(sio_engine, the_application_may_forbid_a_handshake)
{
	struct client c;
	struct response r;

	eio_test.forbid = "";
	eio_expect_get(NULL, 403, "{\"code\":4,\"message\":\"Forbidden\"}");
	eio_test.forbid = "not \"you\"";
	eio_expect_get(
	    NULL, 403, "{\"code\":4,\"message\":\"not \\\"you\\\"\"}");
	c = eio_ask_websocket(&r, NULL, "", "");
	cr_expect_eq(r.status, 400);
	cr_expect(eio_is_body(&r, "not \"you\""));
	cr_expect_eq(eio_test.opened, 0);
	client_close(&c);
}

/* CVE-2017-16031: identifiers that can be guessed, or come twice. */
Test(sio_engine, identifiers_differ)
{
	enum {
		COUNT = 900
	};
	static char sids[COUNT][21];
	struct client c = client_open(eio_test.live.address);

	for (int i = 0; i < COUNT; i++) {
		struct response r;

		eio_send_request(&c, "GET", NULL, "", "", NULL, 0);
		cr_assert_eq(client_response(&c, &r, false), 200);
		memcpy(sids[i], r.body + 9, 20);
		cr_assert_eq(strspn(sids[i],
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
				 "stuvwxyz0123456789-_"),
		    20, "%s", sids[i]);
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(sids[i], sids[k]);
	}
	cr_expect_eq(eio_count(eio_test.eio), COUNT);
	client_close(&c);
}

/* ---- polling ----------------------------------------------------------- */

Test(sio_engine, messages_go_both_ways_by_polling)
{
	struct response r;
	const char *sid = eio_open_polling("");
	struct client poll;

	cr_expect_eq(eio_post(&r, sid, "4h\xc3\xa9llo"), 200);
	eio_expect_body(&r, "ok", 2, "POST");
	cr_expect_str_eq(client_field(&r, "Content-Type"), "text/html");
	cr_expect_str_eq(client_field(&r, "Cache-Control"), "no-store");
	cr_expect_str_eq(eio_test.text, "h\xc3\xa9llo");
	cr_expect_eq(eio_test.kind, WS_TEXT);
	cr_expect_eq(eio_post(&r, sid, "bAQL/"), 200);
	cr_expect_eq(eio_test.kind, WS_BINARY);
	cr_expect(
	    eio_test.len == 3 && memcmp(eio_test.text, "\x01\x02\xff", 3) == 0);
	poll = eio_poll(sid);
	/* What is sent in one turn goes in one answer. */
	eio_send(eio_test.last, WS_TEXT, "one", WS_STR);
	eio_send(eio_test.last, WS_BINARY, "\x01\x02\xff", 3);
	eio_send(eio_test.last, WS_TEXT, "", 0);
	eio_expect_poll(&poll, "4one\x1e"
			       "bAQL/\x1e"
			       "4");
}

Test(sio_engine, what_waits_goes_with_the_next_poll_in_order)
{
	const char *sid = eio_open_polling("");
	char want[1024] = "", text[16];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		cr_assert_eq(eio_send(eio_test.last, WS_TEXT, text, WS_STR), 0);
		strcat(want, i > 0 ? "\x1e"
				     "4"
				   : "4");
		strcat(want, text);
	}
	eio_expect_get(sid, 200, want);
}

Test(sio_engine, a_post_may_come_in_pieces_and_in_chunks)
{
	const char *sid = eio_open_polling("");
	struct client c = client_open(eio_test.live.address);
	struct response r;
	char text[512];

	snprintf(text, sizeof(text),
	    "POST /engine.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: a\r\nContent-Length: 11\r\n\r\n4one\x1e"
	    "4two\x1e"
	    "4",
	    sid);
	client_dribble(&c, text, strlen(text));
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_eq(eio_test.messages, 3);
	snprintf(text, sizeof(text),
	    "POST /engine.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\n4on\r\n2\r\ne\x1e\r\n4\r\n4two\r\n0\r\n\r\n",
	    sid);
	client_dribble(&c, text, strlen(text));
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_eq(eio_test.messages, 5);
	cr_expect_str_eq(eio_test.text, "two");
	client_close(&c);
}

/* CVE-2020-36048, CVE-2020-36049: memory and time for many small packets. */
Test(sio_engine, a_post_may_have_very_many_packets)
{
	enum {
		COUNT = 333333
	};
	static char body[3 * COUNT];
	const char *sid = eio_open_polling("");
	struct response r;

	for (size_t i = 0; i < COUNT; i++)
		memcpy(body + 3 * i, "4x\x1e", 3);
	cr_expect_eq(
	    eio_ask(&r, "POST", sid, "", "", body, sizeof(body) - 1), 200);
	cr_expect_eq(eio_test.messages, COUNT);
}

Test(sio_engine, a_session_may_be_closed_inside_its_callbacks)
{
	struct response r;
	const char *sid = eio_open_polling("");
	struct client c;

	eio_test.on_message = eio_close;
	cr_expect_eq(eio_post(&r, sid,
			 "4one\x1e"
			 "4two"),
	    200);
	cr_expect_eq(eio_test.messages, 1);
	cr_expect_eq(eio_test.closed, 1);
	cr_expect_str_eq(eio_test.reason, "forced close");
	c = eio_open_websocket("");
	eio_say(&c, "4one");
	eio_say(&c, "4two");
	client_expect_close(&c, 1005, true);
	cr_expect_eq(eio_test.messages, 2);
	cr_expect_eq(eio_test.closed, 2);
	client_close(&c);
	eio_test.on_open = eio_close;
	c = eio_connect(NULL, "");
	client_expect_close(&c, 1005, true);
	client_close(&c);
	cr_expect_eq(eio_test.closed, 3);
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect_eq(eio_test.closed, 4);
	cr_expect_eq(eio_count(eio_test.eio), 0);
}

/* A pending poll takes some of it, and is no reason to give the client up. */
Test(sio_engine, what_is_volatile_is_too_much_for_nobody)
{
	static char data[20000];
	struct response r;
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid);
	int result = 0;

	memset(data, 'x', sizeof(data));
	for (int i = 0; i < 1000 && result == 0; i++)
		result = eio_send(
		    eio_test.last, WS_TEXT | WS_VOLATILE, data, sizeof(data));
	cr_expect_eq(result, WS_ESKIPPED);
	cr_expect_not(eio_is_writable(eio_test.last));
	cr_expect_eq(client_response(&poll, &r, 0), 200);
	client_close(&poll);
	cr_expect_eq(eio_test.closed, 0);
	poll = eio_poll(sid);
	cr_expect(eio_is_writable(eio_test.last));
	eio_send(eio_test.last, WS_TEXT | WS_VOLATILE, "now", WS_STR);
	eio_expect_poll(&poll, "4now");
}

/* Not in one answer with the end: official clients put messages off, but not
 * the end, and would take one that is told why for one that broke. */
Test(sio_engine, closing_hands_out_what_waits)
{
	struct response r;
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid);

	eio_send(eio_test.last, WS_TEXT, "bye", WS_STR);
	eio_close(eio_test.last);
	cr_expect_str_eq(eio_test.reason, "forced close");
	eio_expect_poll(&poll, "4bye");
	poll = eio_poll(sid);
	eio_expect_poll(&poll, "1");
	eio_expect_get(sid, 400, EIO_CODE_1);
	/* With nobody polling it waits for the next. */
	sid = eio_open_polling("");
	eio_send(eio_test.last, WS_TEXT, "bye", WS_STR);
	eio_close(eio_test.last);
	cr_expect_eq(eio_test.closed, 2);
	cr_expect_eq(eio_count(eio_test.eio), 0);
	eio_expect_get(sid, 200, "4bye");
	eio_expect_get(sid, 200, "1");
	cr_expect_eq(eio_get(&r, sid), 400);
	cr_expect_eq(eio_test.closed, 2);
}

Test(sio_engine, internet_explorer_gets_a_field_of_its_own)
{
	struct response r;

	cr_expect_eq(eio_ask(&r, "GET", NULL, "",
			 "User-Agent: Mozilla/5.0 Trident/7.0\r\n", NULL, 0),
	    200);
	cr_expect_str_eq(client_field(&r, "X-XSS-Protection"), "0");
}

/* ---- upgrades ---------------------------------------------------------- */

Test(sio_engine, an_upgrade_releases_the_poll_and_moves_what_waits)
{
	struct response r;
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid), c = eio_probe(sid);

	eio_expect_poll(&poll, "6");
	/* Until the upgrade all goes by polling. */
	cr_expect_str_eq(eio_transport(eio_test.last), "polling");
	eio_send(eio_test.last, WS_TEXT, "one", WS_STR);
	eio_expect_get(sid, 200, "4one");
	cr_expect_eq(eio_post(&r, sid, "4hello"), 200);
	cr_expect_str_eq(eio_test.text, "hello");
	eio_send(eio_test.last, WS_TEXT, "two", WS_STR);
	eio_send(eio_test.last, WS_BINARY, "\x01\x02", 2);
	eio_send(eio_test.last, WS_TEXT, "three", WS_STR);
	eio_say(&c, "5");
	eio_hear(&c, "4two");
	client_expect(&c, BINARY, "\x01\x02", 2);
	eio_hear(&c, "4three");
	cr_expect_str_eq(eio_transport(eio_test.last), "websocket");
	eio_expect_get(sid, 400, EIO_CODE_3);
	eio_say(&c, "4over");
	eio_say(&c, "4the top");
	client_until(&eio_test.messages, 3);
	cr_expect_str_eq(eio_test.text, "the top");
	client_close(&c);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "transport close");
}

Test(sio_engine, a_poll_behind_the_upgrade_is_refused)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_connect(sid, ""), poll;
	struct response r;

	/* Connected before, so that all arrives in one turn. */
	poll = client_open(eio_test.live.address);
	eio_settle();
	eio_say(&c, "2probe");
	eio_say(&c, "5");
	eio_send_request(&poll, "GET", sid, "", "", NULL, 0);
	cr_expect_eq(client_response(&poll, &r, false), 400);
	cr_expect(eio_is_body(&r, EIO_CODE_3));
	eio_hear(&c, "3probe");
	eio_send(eio_test.last, WS_TEXT, "x", 1);
	eio_hear(&c, "4x");
	cr_expect_eq(eio_test.closed, 0);
	client_close(&poll);
	client_close(&c);
	eio_test_until_closed(1);
}

Test(sio_engine, a_poll_before_the_upgrade_is_released)
{
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid), c = eio_connect(sid, "");

	eio_say(&c, "5");
	eio_expect_poll(&poll, "6");
	client_close(&c);
	eio_test_until_closed(1);
}

Test(sio_engine, a_probe_that_dies_leaves_the_session_alone)
{
	struct response r;
	const char *sid = eio_open_polling("");

	for (int how = 0; how < 3; how++) {
		struct client c = eio_probe(sid);

		if (how == 0)
			client_reset(&c);
		else if (how == 1)
			client_close(&c);
		else {
			eio_say(&c, "what");
			client_expect_close(&c, 1005, true);
			client_close(&c);
		}
		eio_settle();
		eio_send(eio_test.last, WS_TEXT, "x", 1);
		cr_expect_eq(eio_get(&r, sid), 200);
		cr_expect(eio_is_body(&r, "4x"), "%d", how);
	}
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine, closing_ends_a_probe_too)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_connect(sid, "");

	eio_close(eio_test.last);
	client_expect_close(&c, 1005, true);
	client_close(&c);
	cr_expect_eq(eio_test.closed, 1);
}

/* The official client does not go back to polling: if its probe were closed
 * now, it would learn of the end only when no ping comes any more. */
Test(sio_engine, closing_waits_for_an_upgrade_that_has_begun)
{
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid), c = eio_probe(sid);

	eio_expect_poll(&poll, "6");
	eio_send(eio_test.last, WS_TEXT, "last words", WS_STR);
	eio_close(eio_test.last);
	cr_expect_str_eq(eio_test.reason, "forced close");
	eio_say(&c, "5");
	eio_hear(&c, "4last words");
	client_expect_close(&c, 1005, true);
	client_close(&c);
	cr_expect_eq(eio_test.closed, 1);
	eio_expect_get(sid, 400, EIO_CODE_1);
}

/* It may still poll, too, and its probe may die. */
Test(sio_engine, closing_is_told_to_a_poll_when_the_probe_dies)
{
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid), c = eio_probe(sid);

	eio_expect_poll(&poll, "6");
	eio_close(eio_test.last);
	client_close(&c);
	eio_settle();
	poll = eio_poll(sid);
	eio_expect_poll(&poll, "1");
	cr_expect_eq(eio_test.closed, 1);
}

/* ---- messages for many ------------------------------------------------- */

Test(sio_engine, a_prepared_message_fits_every_transport)
{
	struct eio_message *text = eio_prepare(WS_TEXT, "hello", WS_STR);
	struct eio_message *data = eio_prepare(WS_BINARY, "\x01\x02\xff", 3);
	struct eio_session *s;
	struct response r;
	struct client c;
	const char *sid = eio_open_polling("");

	s = eio_test.last;
	cr_assert(text != NULL && data != NULL);
	cr_expect_eq(eio_prepare(3, "", 0), NULL);
	cr_expect_eq(eio_send_prepared(s, text, WS_VOLATILE), WS_ESKIPPED);
	cr_expect_eq(eio_send_prepared(s, text, 0), 0);
	cr_expect_eq(eio_send_prepared(s, data, 0), 0);
	cr_expect_eq(eio_get(&r, sid), 200);
	cr_expect(eio_is_body(&r, "4hello\x1e"
				  "bAQL/"));
	for (int protocol = 3; protocol <= 4; protocol++) {
		for (int b64 = 0; b64 < 2; b64++) {
			eio_test.protocol = protocol;
			c = eio_open_websocket(b64 ? "&b64=1" : "");
			for (int i = 0; i < 2; i++) {
				s = eio_test.last;
				(void)eio_send_prepared(s, text, 0);
				(void)eio_send_prepared(s, data, 0);
				(void)eio_send(s, WS_BINARY, "\x01\x02\xff", 3);
				eio_hear(&c, "4hello");
				for (int k = 0; k < 2 && b64; k++)
					eio_hear(&c,
					    protocol == 4 ? "bAQL/" : "b4AQL/");
				for (int k = 0; k < 2 && !b64; k++)
					client_expect(&c, BINARY,
					    protocol == 4 ? "\x01\x02\xff"
							  : "\x04\x01\x02\xff",
					    protocol == 4 ? 3 : 4);
			}
			client_close(&c);
		}
	}
	eio_test_until_closed(4);
	cr_expect_eq(eio_message_ref(text), text);
	eio_message_free(text);
	eio_message_free(text);
	eio_message_free(data);
	eio_message_free(NULL);
	cr_expect_eq(eio_message_ref(NULL), NULL);
}

Test(sio_engine, sending_says_what_became_of_it)
{
	const char *sid = eio_open_polling("");
	struct eio_session *s = eio_test.last;
	struct client poll;

	cr_expect_eq(eio_send(s, 0, "x", 1), WS_EINVAL);
	cr_expect_eq(eio_send(s, 8, "x", 1), WS_EINVAL);
	cr_expect(!eio_is_writable(s));
	cr_expect_eq(eio_send(s, WS_TEXT | WS_VOLATILE, "x", 1), WS_ESKIPPED);
	poll = eio_poll(sid);
	cr_expect(eio_is_writable(s));
	cr_expect_eq(eio_send(s, WS_TEXT | WS_VOLATILE, "x", 1), 0);
	eio_expect_poll(&poll, "4x");
	poll = eio_open_websocket("");
	s = eio_test.last;
	cr_expect(eio_is_writable(s));
	cr_expect_eq(eio_send(s, 8, "x", 1), WS_EINVAL);
	cr_expect_eq(eio_send(s, WS_TEXT | WS_VOLATILE, "y", 1), 0);
	eio_hear(&poll, "4y");
	client_close(&poll);
	eio_test_until_closed(1);
}

static bool
close_and_count(struct eio_session *session, void *arg)
{
	eio_close(session);
	return ++*(int *)arg < 5;
}

Test(sio_engine, a_walk_may_close_what_it_visits)
{
	int visited = 0;

	for (int i = 0; i < 10; i++)
		(void)eio_open_polling("");
	eio_walk(eio_test.eio, close_and_count, &visited);
	cr_expect_eq(visited, 5);
	cr_expect_eq(eio_count(eio_test.eio), 5);
	visited = -10;
	eio_walk(eio_test.eio, close_and_count, &visited);
	cr_expect_eq(visited, -5);
	cr_expect_eq(eio_test.closed, 10);
}

Test(sio_engine, stopping_ends_all_and_lets_nobody_in)
{
	struct response r;
	struct client c = eio_open_websocket(""), poll;

	poll = eio_poll(eio_open_polling(""));
	eio_stop(eio_test.eio);
	cr_expect_eq(eio_test.closed, 2);
	cr_expect_str_eq(eio_test.reason, "server shutting down");
	eio_expect_poll(&poll, "1");
	client_expect_close(&c, 1005, true);
	cr_expect_eq(eio_get(&r, NULL), 403);
	client_close(&c);
}

Test(sio_engine, the_server_that_stops_says_so)
{
	struct client c = eio_open_websocket("");

	ws_stop(eio_test.live.server, 1000);
	client_expect_close(&c, 1001, true);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "server shutting down");
	client_close(&c);
}

/* ---- the handshake ----------------------------------------------------- */

static bool
count_field(const char *name, const char *value, void *arg)
{
	(void)name;
	(void)value;
	++*(int *)arg;
	return true;
}

Test(sio_engine, the_handshake_is_kept)
{
	struct eio_session *s;
	struct response r;
	char value[32];
	int count = 0, user;

	cr_assert_eq(eio_ask(&r, "GET", NULL, "&token=a%20b+c&x=1&x=2&nul=%00",
			 "Cookie: a=1\r\nUser-Agent: test\r\nX-Other: 7\r\n"
			 "Accept: */*\r\n",
			 NULL, 0),
	    200);
	s = eio_test.last;
	cr_expect_str_eq(eio_query(s),
	    "EIO=4&transport=polling&token=a%20b+c&x=1&x=2&nul=%00");
	cr_expect_str_eq(eio_address(s), "127.0.0.1");
	cr_expect_str_eq(eio_field(s, "cookie"), "a=1");
	cr_expect_str_eq(eio_field(s, "User-Agent"), "test");
	cr_expect_eq(eio_field(s, "X-Other"), NULL);
	cr_expect_eq(eio_field(s, "Origin"), NULL);
	eio_fields(s, count_field, &count);
	cr_expect_eq(count, 2);
	cr_expect_eq(eio_param(s, "token", value, sizeof(value)), 5);
	cr_expect_str_eq(value, "a b c");
	cr_expect_eq(eio_param(s, "x", value, sizeof(value)), 1);
	cr_expect_str_eq(value, "2", "the last one counts");
	cr_expect_eq(eio_param(s, "y", value, sizeof(value)), WS_EABSENT);
	cr_expect_eq(eio_param(s, "nul", value, sizeof(value)), WS_EMALFORMED);
	cr_expect_eq(eio_param(s, "token", value, 5), WS_ETOOLONG);
	cr_expect_eq(eio_param(s, "token", value, 6), 5);
	/* After 2026 and before 2100, if clocks are right. */
	cr_expect_gt(eio_time_ms(s), INT64_C(1700000000000));
	cr_expect_lt(eio_time_ms(s), INT64_C(4100000000000));
	cr_expect_eq(eio_user(s), NULL);
	eio_set_user(s, &user);
	cr_expect_eq(eio_user(s), &user);
	cr_expect_eq(eio_of(s), eio_test.eio);
	cr_expect_eq(eio_server(eio_test.eio), eio_test.live.server);
	cr_expect_eq(eio_endpoint_user(eio_test.eio), NULL);
	cr_expect_eq(eio_protocol(s), 4);
}

/* ---- protocol 3 -------------------------------------------------------- */

/* One answer to a poll in protocol 3, after three messages. */
static const struct {
	const char *name;
	int protocol;
	const char *more;
	const char *text; /* NULL: binary 01 02 FF */
	const char *type;
	const char *body;
	size_t len;
} framings[] = {
	{ "ASCII", 3, "", "hi", "application/octet-stream",
	    SPAN("\x00\x03\xff"
		 "4hi") },
	{ "ASCII, b64", 3, "&b64=1", "hi", "text/plain; charset=UTF-8",
	    SPAN("3:4hi") },
	{ "characters", 3, "", "h\xc3\xa9", "application/octet-stream",
	    SPAN("\x00\x04\xff"
		 "4h\xc3\xa9") },
	{ "binary", 3, "", NULL, "application/octet-stream",
	    SPAN("\x01\x04\xff\x04\x01\x02\xff") },
	{ "characters, b64", 3, "&b64=1", "h\xc3\xa9",
	    "text/plain; charset=UTF-8", SPAN("3:4h\xc3\xa9") },
	{ "binary, b64", 3, "&b64=1", NULL, "text/plain; charset=UTF-8",
	    SPAN("6:b4AQL/") },
	{ "ASCII, 2", 2, "", "hi", "application/octet-stream",
	    SPAN("\x00\x03\xff"
		 "4hi") },
	{ "ASCII, 2, b64", 2, "&b64=1", "hi", "text/plain; charset=UTF-8",
	    SPAN("3:4hi") },
	{ "a script", 3, "&j=12x", "h\"\n", "text/javascript; charset=UTF-8",
	    SPAN("___eio[12](\"4:4h\\\"\\n\");") },
	{ "a binary script", 3, "&j=1", NULL, "text/javascript; charset=UTF-8",
	    SPAN("___eio[1](\"6:b4AQL/\");") },
	{ "a script of protocol 4", 4, "&j=0", "\xe2\x80\xa8",
	    "text/javascript; charset=UTF-8",
	    SPAN("___eio[0](\"4\\u2028\");") },
};

Test(sio_engine, bodies_are_framed_as_the_client_needs_them)
{
	for (size_t i = 0; i < LEN(framings); i++) {
		struct response r;
		const char *sid, *text = framings[i].text;

		eio_test.protocol = framings[i].protocol;
		sid = eio_open_polling(strcmp(framings[i].more, "&b64=1") == 0
					   ? framings[i].more
					   : "");
		cr_expect_eq(eio_protocol(eio_test.last), framings[i].protocol);
		(void)eio_send(eio_test.last, text ? WS_TEXT : WS_BINARY,
		    text ? text : "\x01\x02\xff", text ? WS_STR : 3);
		cr_expect_eq(
		    eio_ask(&r, "GET", sid, framings[i].more, "", NULL, 0),
		    200);
		cr_expect_str_eq(client_field(&r, "Content-Type"),
		    framings[i].type, "%s", framings[i].name);
		eio_expect_body(
		    &r, framings[i].body, framings[i].len, framings[i].name);
	}
}

Test(sio_engine, the_open_packet_of_a_script_is_a_script)
{
	struct response r;

	eio_test.protocol = 3;
	cr_expect_eq(eio_ask(&r, "GET", NULL, "&j=3", "", NULL, 0), 200);
	cr_expect(r.len > 20 && memcmp(r.body, "___eio[3](\"", 11) == 0 &&
		      memcmp(r.body + r.len - 3, "\");", 3) == 0,
	    "%.*s", (int)r.len, (const char *)r.body);
}

static const struct {
	const char *name;
	const char *more, *type, *body;
	size_t len;
	const char *text;
	int messages;
} posts[] = {
	{ "text", "", "text/plain;charset=UTF-8", SPAN("3:4h\xc3\xa9"),
	    "h\xc3\xa9", 1 },
	{ "two", "", "text/plain", SPAN("2:4a2:4b"), "b", 2 },
	{ "base64", "", "text/plain", SPAN("6:b4AQL/"), "\x01\x02\xff", 1 },
	{ "octets", "", "Application/Octet-Stream; x=y",
	    SPAN("\x00\x02\xff"
		 "4a\x01\x03\xff\x04hi"),
	    "hi", 2 },
	{ "a form", "&j=0", "application/x-www-form-urlencoded",
	    SPAN("d=3%3A4h%C3%A9"), "h\xc3\xa9", 1 },
	{ "a form with newlines", "&j=0", "application/x-www-form-urlencoded",
	    SPAN("d=6%3A4a%5Cnb%5C%5Cn"), "a\nb\\n", 1 },
	{ "the last of a form", "&j=0", "application/x-www-form-urlencoded",
	    SPAN("d=1&d=2%3A4x&e=1"), "x", 1 },
};

Test(sio_engine, bodies_of_protocol_3_are_understood)
{
	eio_test.protocol = 3;
	for (size_t i = 0; i < LEN(posts); i++) {
		struct response r;
		const char *sid = eio_open_polling("");
		char type[128];

		eio_test.messages = 0;
		snprintf(
		    type, sizeof(type), "Content-Type: %s\r\n", posts[i].type);
		cr_expect_eq(eio_ask(&r, "POST", sid, posts[i].more, type,
				 posts[i].body, posts[i].len),
		    200, "%s", posts[i].name);
		cr_expect(eio_is_body(&r, "ok"));
		cr_expect_eq(eio_test.messages, posts[i].messages, "%s: %s %s",
		    posts[i].name, eio_test.reason, eio_test.text);
		cr_expect_str_eq(
		    eio_test.text, posts[i].text, "%s", posts[i].name);
	}
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine, a_form_without_data_is_malformed)
{
	struct response r;
	const char *sid = eio_open_polling("");

	cr_expect_eq(eio_ask(&r, "POST", sid, "&j=0", "", "x=1", 3), 200);
	cr_expect_str_eq(eio_test.reason, "parse error");
}

Test(sio_engine, an_upgrade_says_anew_whether_base64_is_wanted)
{
	struct client c;
	const char *sid;

	eio_test.protocol = 3;
	sid = eio_open_polling("&b64=1");
	c = eio_upgrade(sid);
	eio_send(eio_test.last, WS_BINARY, "\x01\x02", 2);
	client_expect(&c, BINARY, "\x04\x01\x02", 3);
	client_send_frame(&c, BINARY, "\x04xyz", 4);
	client_until(&eio_test.messages, 1);
	cr_expect(eio_test.kind == WS_BINARY && eio_test.len == 3);
	client_close(&c);
	eio_test_until_closed(1);
}

/* ---- what clients write in other ways ------------------------------------ */

static const struct {
	const char *name, *text; /* without "b" and "b4" in front */
	const char *data;
	size_t len;
} unusual[] = {
	{ "a line end at the end", "AQL/\n", SPAN("\x01\x02\xff") },
	{ "CRLF", "AQ\r\nL/\r\n", SPAN("\x01\x02\xff") },
	{ "wrapped lines", "QUFB\nQUFB\nQUE=\n", SPAN("AAAAAAAA") },
	{ "no padding, one octet", "QQ", SPAN("A") },
	{ "no padding, two octets", "QUE", SPAN("AA") },
	{ "half of the padding", "QQ=", SPAN("A") },
	{ "the alphabet of URLs", "-_8=", SPAN("\xfb\xff") },
	{ "unused bits", "QR==", SPAN("A") },
	{ "nothing", "", SPAN("") },
	{ "only a line end", "\n", SPAN("") },
};

Test(sio_engine, base64_is_read_as_the_reference_does)
{
	for (size_t i = 0; i < 2 * LEN(unusual); i++) {
		const size_t row = i / 2;
		struct response r;
		char packet[64], body[80];

		eio_test.protocol = i % 2 == 0 ? 4 : 3;
		snprintf(packet, sizeof(packet), "b%s%s", i % 2 ? "4" : "",
		    unusual[row].text);
		snprintf(body, sizeof(body), "%zu:%s", strlen(packet), packet);
		cr_expect_eq(eio_post(&r, eio_open_polling("&b64=1"),
				 i % 2 ? body : packet),
		    200);
		cr_expect_eq(
		    eio_test.messages, (int)i + 1, "%s", unusual[row].name);
		cr_expect_eq(eio_test.kind, WS_BINARY);
		cr_expect(eio_test.len == unusual[row].len &&
			      memcmp(eio_test.text, unusual[row].data,
				  eio_test.len) == 0,
		    "%s, protocol %d", unusual[row].name, eio_test.protocol);
	}
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine, a_client_of_version_0_9_is_told_what_it_is)
{
	struct client c = client_open(eio_test.live.address);
	struct response r;

	client_puts(&c, "GET /engine.io/1/?t=1 HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 400);
	cr_expect(
	    eio_is_body(&r, "{\"code\":5,\"message\":\"Socket.IO 0.9 is not "
			    "supported, only clients of versions 1 to 4\"}"),
	    "%.*s", (int)r.len, (const char *)r.body);
	client_close(&c);
}

/* Clients of 1.0 encode text as UTF-8 twice on a WebSocket, and expect that. */
Test(sio_engine, text_of_protocol_2_is_encoded_twice_on_a_websocket)
{
	static const char once[] = "h\xc3\xa9\xf0\x9f\x98\x80";
	static const char twice[] = "4h\xc3\x83\xc2\xa9"
				    "\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80";
	struct eio_message *message = eio_prepare(WS_TEXT, once, WS_STR);
	struct client c;

	eio_test.protocol = 2;
	c = eio_open_websocket("");
	eio_say(&c, twice);
	client_until(&eio_test.messages, 1);
	cr_expect_str_eq(eio_test.text, once);
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, once, WS_STR), 0);
	eio_hear(&c, twice);
	cr_expect_eq(eio_send_prepared(eio_test.last, message, 0), 0);
	eio_hear(&c, twice);
	eio_say(&c, "4h\xc3\xa9");
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "parse error");
	eio_message_free(message);
	client_close(&c);
}
