/* test_engine_options.c - Engine.IO: what an endpoint may be told. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eio.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CREDENTIALS "Access-Control-Allow-Credentials"
#define ORIGIN "Access-Control-Allow-Origin"

TestSuite(sio_engine_options, .timeout = 120);

/* ---- CORS -------------------------------------------------------------- */

static const struct {
	const char *cors;    /* NULL: none */
	const char *origin;  /* of the request; NULL: none */
	const char *allowed; /* NULL: the field is not there */
	bool vary;
	int websocket; /* status of an upgrade from there */
} cors[] = {
	{ NULL, "http://a.example", NULL, false, 403 },
	{ NULL, NULL, NULL, false, 101 },
	{ "*", "http://a.example", "*", false, 101 },
	{ "*", NULL, "*", false, 101 },
	{ "true", "http://a.example", "http://a.example", true, 101 },
	{ "true", NULL, NULL, true, 101 },
	{ "http://a.example", "http://a.example", "http://a.example", true,
	    101 },
	{ "http://a.example", "http://b.example", "http://a.example", true,
	    403 },
	{ "http://a.example, http://b.example", "http://b.example",
	    "http://b.example", true, 101 },
	{ "http://a.example, http://b.example", "http://c.example", NULL, true,
	    403 },
	{ "http://a.example, http://b.example", "http://b.example.evil", NULL,
	    true, 403 },
	{ "http://a.example, http://b.example", "http://b", NULL, true, 403 },
	{ "http://a.example, http://b.example", NULL, NULL, true, 101 },
};

static void
expect_cors(size_t i, const struct response *r, const char *what)
{
	const char *origin = client_field(r, ORIGIN);
	const char *vary;

	cr_expect((origin == NULL) == (cors[i].allowed == NULL) &&
		      (origin == NULL || strcmp(origin, cors[i].allowed) == 0),
	    "%zu, %s: %s", i, what, origin ? origin : "none");
	vary = client_field(r, "Vary");
	cr_expect_eq(vary != NULL && strcmp(vary, "Origin") == 0, cors[i].vary,
	    "%zu, %s: Vary", i, what);
}

/* Every answer has the fields: those that are errors, too. */
Test(sio_engine_options, cors_is_on_every_answer)
{
	for (size_t i = 0; i < LEN(cors); i++) {
		struct eio_options options = { .cors = cors[i].cors,
			.max_payload = 100 };
		struct response r;
		struct client c;
		char fields[128] = "";
		const char *sid;

		eio_test_begin(&options);
		if (cors[i].origin != NULL)
			snprintf(fields, sizeof(fields), "Origin: %s\r\n",
			    cors[i].origin);
		(void)eio_ask(&r, "GET", NULL, "", fields, NULL, 0);
		expect_cors(i, &r, "open");
		(void)eio_ask(&r, "GET", NULL, "&transport=x", fields, NULL, 0);
		cr_expect_eq(r.status, 400);
		expect_cors(i, &r, "error");
		sid = eio_open_polling("");
		(void)eio_ask(&r, "POST", sid, "", fields, "4x", 2);
		cr_expect_eq(r.status, 200);
		expect_cors(i, &r, "POST");
		(void)eio_ask(&r, "POST", sid, "", fields,
		    "4xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		    101);
		cr_expect_eq(r.status, 413);
		expect_cors(i, &r, "413");
		(void)eio_send(eio_test.last, WS_TEXT, "x", 1);
		(void)eio_ask(&r, "GET", sid, "", fields, NULL, 0);
		cr_expect(eio_is_body(&r, "4x"));
		expect_cors(i, &r, "poll");
		c = eio_ask_websocket(&r, NULL, "", fields);
		cr_expect_eq(
		    r.status, cors[i].websocket, "%zu: %d", i, r.status);
		if (r.status == 101)
			expect_cors(i, &r, "101");
		client_close(&c);
		eio_test_end();
	}
}

Test(sio_engine_options, a_browser_that_asks_first_is_answered)
{
	struct eio_options options = { .cors = "true",
		.cors_credentials = true };
	struct response r;

	eio_test_begin(&options);
	cr_expect_eq(
	    eio_ask(&r, "OPTIONS", NULL, "",
		"Origin: http://a.example\r\n"
		"Access-Control-Request-Method: POST\r\n"
		"Access-Control-Request-Headers: content-type, x-test\r\n",
		NULL, 0),
	    204);
	cr_expect_str_eq(client_field(&r, ORIGIN), "http://a.example");
	cr_expect_str_eq(client_field(&r, CREDENTIALS), "true");
	cr_expect_str_eq(client_field(&r, "Access-Control-Allow-Methods"),
	    "GET,HEAD,PUT,PATCH,POST,DELETE");
	cr_expect_str_eq(client_field(&r, "Access-Control-Allow-Headers"),
	    "content-type, x-test");
	cr_expect(strstr(r.head, "Vary: Origin\r\n") != NULL);
	cr_expect(
	    strstr(r.head, "Vary: Access-Control-Request-Headers\r\n") != NULL);
	/* Nobody can smuggle a field into the answer. */
	cr_expect_eq(eio_ask(&r, "OPTIONS", NULL, "",
			 "Origin: a\rSet-Cookie: b\r\n", NULL, 0),
	    400);
	cr_expect_eq(client_field(&r, "Set-Cookie"), NULL);
	eio_test_end();
}

static int asked_pages; /* calls of is_known */

static bool
is_known(struct ws_request *request, const char *origin)
{
	cr_expect_str_eq(ws_request_field(request, "Origin"), origin);
	asked_pages++;
	return strcmp(origin, "http://a.example") == 0;
}

static const struct {
	const char *name, *method, *fields;
	int status;
	const char *head[3];  /* lines that the answer has */
	const char * not [2]; /* and has not */
	int asked;            /* pages shown to is_known */
} functions[] = {
	{ "known", "GET", "Origin: http://a.example\r\n", 200,
	    { "Access-Control-Allow-Origin: http://a.example\r\n",
		"Access-Control-Expose-Headers: X-A,X-B\r\n",
		"Vary: Origin\r\n" },
	    { "Access-Control-Allow-Methods", "Access-Control-Max-Age" }, 1 },
	{ "unknown", "GET", "Origin: http://b.example\r\n", 200,
	    { "Vary: Origin\r\n" }, { "Access-Control" }, 1 },
	{ "own", "GET", "Origin: http://localhost\r\n", 200,
	    { "Vary: Origin\r\n" }, { "Access-Control" }, 0 },
	{ "no page", "GET", "", 200, { "Vary: Origin\r\n" },
	    { "Access-Control" }, 0 },
	{ "preflight", "OPTIONS",
	    "Origin: http://a.example\r\n"
	    "Access-Control-Request-Headers: x-mine\r\n",
	    204,
	    { "Access-Control-Allow-Methods: GET,POST\r\n",
		"Access-Control-Allow-Headers: Content-Type,X-C\r\n",
		"Access-Control-Max-Age: 600\r\n" },
	    { "x-mine", "Access-Control-Request-Headers" }, 1 },
	{ "preflight of an unknown page", "OPTIONS",
	    "Origin: http://b.example\r\n", 400, { "Vary: Origin\r\n" },
	    { "Access-Control" }, 1 },
};

Test(sio_engine_options, the_program_may_decide_about_pages)
{
	struct eio_options options = { .cors_allow = is_known,
		.cors_methods = "GET,POST",
		.cors_headers = "Content-Type,X-C",
		.cors_exposed = "X-A,X-B",
		.cors_max_age_s = 600 };
	struct response r;
	struct client c;

	eio_test_begin(&options);
	for (size_t i = 0; i < LEN(functions); i++) {
		const char *name = functions[i].name;

		asked_pages = 0;
		cr_expect_eq(eio_ask(&r, functions[i].method, NULL, "",
				 functions[i].fields, NULL, 0),
		    functions[i].status, "%s: %d", name, r.status);
		for (size_t j = 0; j < 3 && functions[i].head[j] != NULL; j++)
			cr_expect(strstr(r.head, functions[i].head[j]) != NULL,
			    "%s: %s", name, r.head);
		for (size_t j = 0; j < 2 && functions[i].not [j] != NULL; j++)
			cr_expect(strstr(r.head, functions[i].not [j]) == NULL,
			    "%s: %s", name, r.head);
		cr_expect_eq(asked_pages, functions[i].asked, "%s", name);
	}
	c = eio_ask_websocket(&r, NULL, "", "Origin: http://b.example\r\n");
	cr_expect_eq(r.status, 403);
	client_close(&c);
	c = eio_ask_websocket(&r, NULL, "", "Origin: http://a.example\r\n");
	cr_expect_eq(r.status, 101);
	cr_expect_str_eq(client_field(&r, ORIGIN), "http://a.example");
	client_close(&c);
	eio_test_end();
}

/* maxAge: 0 can be said, too. */
Test(sio_engine_options, a_browser_may_be_told_to_ask_each_time)
{
	struct eio_options options = { .cors = "*", .cors_max_age_s = -1 };
	struct response r;

	eio_test_begin(&options);
	cr_expect_eq(eio_ask(&r, "OPTIONS", NULL, "", "", NULL, 0), 204);
	cr_expect_str_eq(client_field(&r, "Access-Control-Max-Age"), "0");
	eio_test_end();
}

/* addTrailingSlash: false, as clients with that option ask. */
Test(sio_engine_options, the_path_may_be_served_without_a_slash)
{
	static const struct {
		bool no_slash;
		const char *path;
		int status;
	} rows[] = {
		{ false, "/engine.io", 404 },
		{ false, "/engine.io/", 200 },
		{ true, "/engine.io", 200 },
		{ true, "/engine.io/", 200 },
		{ true, "/engine.iox", 404 },
	};
	char head[128];

	for (size_t i = 0; i < LEN(rows); i++) {
		struct eio_options options = { .no_slash = rows[i].no_slash };
		struct response r;
		struct client c;

		eio_test_begin(&options);
		c = client_open(eio_test.live.address);
		(void)snprintf(head, sizeof(head),
		    "GET %s?EIO=4&transport=polling HTTP/1.1\r\nHost: "
		    "a\r\n\r\n",
		    rows[i].path);
		client_puts(&c, head);
		cr_expect_eq(client_response(&c, &r, false), rows[i].status,
		    "%zu: %d", i, r.status);
		client_close(&c);
		eio_test_end();
	}
}

/* httpCompression: the server's threshold is the least. */
Test(sio_engine_options, answers_to_polls_are_compressed)
{
	static const struct {
		const char *name, *fields;
		size_t min, len;
		bool gzip;
	} rows[] = {
		{ "default", "Accept-Encoding: gzip\r\n", 0, 1500, true },
		{ "short", "Accept-Encoding: gzip\r\n", 0, 1000, false },
		{ "less", "Accept-Encoding: gzip\r\n", 10, 1000, false },
		{ "more", "Accept-Encoding: gzip\r\n", 1501, 1500, true },
		{ "yet more", "Accept-Encoding: gzip\r\n", 1502, 1500, false },
		{ "off", "Accept-Encoding: gzip\r\n", SIZE_MAX, 1500, false },
		{ "not asked", "", 0, 1500, false },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct eio_options options = { .compress_min = rows[i].min };
		struct response r;
		char text[2000];
		const char *sid, *coding;

		memset(text, 'x', sizeof(text));
		eio_test_begin(&options);
		sid = eio_open_polling("");
		(void)eio_send(eio_test.last, WS_TEXT, text, rows[i].len);
		(void)eio_ask(&r, "GET", sid, "", rows[i].fields, NULL, 0);
		cr_expect_eq(r.status, 200, "%s", rows[i].name);
		coding = client_field(&r, "Content-Encoding");
		cr_expect_eq(coding != NULL && strcmp(coding, "gzip") == 0,
		    rows[i].gzip, "%s", rows[i].name);
		cr_expect_eq(r.len < 100, rows[i].gzip, "%s", rows[i].name);
		if (!rows[i].gzip)
			cr_expect_eq(
			    r.len, rows[i].len + 1, "%s", rows[i].name);
		eio_test_end();
	}
}

/* The flag "compress" of what one answer brings. Bodies like these would be
 * compressed by their length. */
static const struct {
	const char *name;
	bool compress[3]; /* of each message */
	int count;
	bool ping; /* one of protocol 3, whose answer comes beside them */
	bool gzip;
} flag_rows[] = {
	{ "on", { true }, 1, false, true },
	{ "off", { false }, 1, false, false },
	{ "all off", { false, false, false }, 3, false, false },
	{ "one on", { false, false, true }, 3, false, true },
	{ "the first on", { true, false }, 2, false, true },
	{ "on, beside a pong", { true }, 1, true, true },
	{ "off, beside a pong", { false }, 1, true, false },
};

Test(sio_engine_options, polls_are_compressed_if_a_message_wants_it)
{
	static char text[1500];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < LEN(flag_rows); i++) {
		struct eio_options options = { 0 };
		struct eio_message *message;
		struct response r;
		const char *sid;

		eio_test_begin(&options);
		eio_test.protocol = flag_rows[i].ping ? 3 : 4;
		sid = eio_open_polling(flag_rows[i].ping ? "&b64=1" : "");
		if (flag_rows[i].ping)
			cr_assert_eq(eio_post(&r, sid, "1:2"), 200);
		for (int k = 0; k < flag_rows[i].count; k++)
			cr_assert_eq(eio_send(eio_test.last,
					 flag_rows[i].compress[k]
					     ? WS_TEXT
					     : WS_TEXT | WS_NO_COMPRESS,
					 text, sizeof(text)),
			    0);
		(void)eio_ask(
		    &r, "GET", sid, "", "Accept-Encoding: gzip\r\n", NULL, 0);
		cr_expect_eq(client_field(&r, "Content-Encoding") != NULL,
		    flag_rows[i].gzip, "%s", flag_rows[i].name);
		/* The next one begins anew; and one for many is no other. */
		message = eio_prepare(WS_TEXT, text, sizeof(text));
		for (int flags = 0; flags <= WS_NO_COMPRESS;
		     flags += WS_NO_COMPRESS) {
			(void)eio_send_prepared(eio_test.last, message, flags);
			(void)eio_ask(&r, "GET", sid, "",
			    "Accept-Encoding: gzip\r\n", NULL, 0);
			cr_expect_eq(
			    client_field(&r, "Content-Encoding") != NULL,
			    flags == 0, "%s: flags %d", flag_rows[i].name,
			    flags);
		}
		eio_message_free(message);
		eio_test_end();
	}
}

/* What waits for a poll keeps the flag when a WebSocket takes over. */
Test(sio_engine_options, the_flag_compress_outlives_an_upgrade)
{
	const struct eio_options options = { .deflate_min = 1 };
	const struct ws_options deflate = { .deflate = WS_DEFLATE_SHARED };
	static char text[1000];
	struct response r;
	struct client c;
	struct frame f;
	const char *sid;

	memset(text, 'x', sizeof(text));
	eio_test_begin_on(&options, &deflate);
	sid = eio_open_polling("");
	(void)eio_send(
	    eio_test.last, WS_TEXT | WS_NO_COMPRESS, text, sizeof(text));
	(void)eio_send(eio_test.last, WS_TEXT, text, sizeof(text));
	c = eio_ask_websocket(
	    &r, sid, "", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
	cr_assert_eq(r.status, 101);
	eio_say(&c, "2probe");
	eio_hear(&c, "3probe");
	eio_say(&c, "5");
	cr_assert(client_recv_frame(&c, &f));
	cr_expect_eq(f.first, 0x81);
	cr_expect_eq(f.len, 1 + sizeof(text));
	cr_assert(client_recv_frame(&c, &f));
	cr_expect_eq(f.first, 0xc1);
	cr_expect_lt(f.len, 100);
	client_close(&c);
	eio_test_end();
}

/* An endpoint beside Engine.IO with the same policy. */
static void
beside(struct ws_request *request)
{
	if (!eio_cors(eio_test.eio, request))
		(void)ws_reply(request, 200, NULL, "beside", WS_STR);
}

Test(sio_engine_options, cors_is_for_endpoints_beside_it_too)
{
	struct eio_options options = { .cors = "*" };
	struct client c;
	struct response r;

	eio_test_begin(&options);
	cr_assert_eq(
	    ws_http(eio_test.live.server, "/beside", NULL, beside, NULL), 0);
	c = client_open(eio_test.live.address);
	client_puts(&c, "GET /beside HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_str_eq(client_field(&r, ORIGIN), "*");
	client_puts(&c, "OPTIONS /beside HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 204);
	cr_expect_str_eq(client_field(&r, ORIGIN), "*");
	client_close(&c);
	eio_test_end();
}

/* ---- cookie, fields ---------------------------------------------------- */

Test(sio_engine_options, the_first_answer_sets_a_cookie)
{
	struct eio_options options = { .cookie = "io", .fields = "*" };
	struct response r;
	char want[128];
	const char *sid;
	struct client c;

	eio_test_begin(&options);
	cr_expect_eq(
	    eio_ask(&r, "GET", NULL, "", "X-Any: thing\r\n", NULL, 0), 200);
	snprintf(want, sizeof(want), "io=%.20s; Path=/; HttpOnly; SameSite=Lax",
	    (const char *)r.body + 9);
	cr_expect_str_eq(client_field(&r, "Set-Cookie"), want);
	cr_expect_str_eq(eio_field(eio_test.last, "x-any"), "thing");
	cr_expect_str_eq(eio_field(eio_test.last, "host"), "localhost");
	sid = eio_open_polling("");
	cr_expect_eq(eio_post(&r, sid, "4x"), 200);
	cr_expect_eq(client_field(&r, "Set-Cookie"), NULL);
	c = eio_ask_websocket(&r, NULL, "", "");
	cr_expect_eq(r.status, 101);
	cr_expect_eq(client_field(&r, "Set-Cookie"), NULL);
	client_close(&c);
	eio_test_end();
}

/* ---- transports -------------------------------------------------------- */

static int
websocket_status(void)
{
	struct response r;
	struct client c = eio_ask_websocket(&r, NULL, "", "");

	client_close(&c);
	return r.status;
}

Test(sio_engine_options, a_cookie_may_have_attributes_of_its_own)
{
	struct eio_options options = { .cookie = "io; Path=/; Secure" };
	struct response r;
	char want[128];

	eio_test_begin(&options);
	cr_expect_eq(eio_ask(&r, "GET", NULL, "", "", NULL, 0), 200);
	snprintf(want, sizeof(want), "io=%.20s; Path=/; Secure",
	    (const char *)r.body + 9);
	cr_expect_str_eq(client_field(&r, "Set-Cookie"), want);
	eio_test_end();
}

Test(sio_engine_options, a_transport_can_be_turned_off)
{
	struct response r;

	eio_test_begin(&(struct eio_options){ .no_polling = true });
	eio_expect_get(NULL, 400, EIO_CODE_0);
	cr_expect_eq(websocket_status(), 101);
	eio_test_end();
	eio_test_begin(&(struct eio_options){ .no_websocket = true });
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect(memcmp(r.body + 31, "\"upgrades\":[],", 14) == 0);
	cr_expect_eq(websocket_status(), 400);
	eio_test_end();
}

Test(sio_engine_options, upgrades_can_be_turned_off)
{
	const char *sid;
	struct client c;
	struct response r;

	eio_test_begin(&(struct eio_options){ .no_upgrades = true });
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect_eq(memcmp(r.body + 31, "\"upgrades\":[]", 13), 0, "%.*s",
	    (int)r.len, (const char *)r.body);
	sid = eio_open_polling("");
	c = eio_connect(sid, "");
	client_expect_close(&c, 1005, true);
	client_close(&c);
	cr_expect_eq(websocket_status(), 101);
	eio_test_end();
}

Test(sio_engine_options, protocol_3_can_be_turned_off)
{
	struct response r;

	eio_test_begin(&(struct eio_options){ .no_eio3 = true });
	eio_test.protocol = 3;
	eio_expect_get(NULL, 400, EIO_CODE_5);
	eio_test.protocol = 4;
	cr_expect_eq(eio_get(&r, NULL), 200);
	eio_test_end();
}

/* ---- limits ------------------------------------------------------------ */

Test(sio_engine_options, what_waits_for_a_poll_is_bounded)
{
	struct eio_options options = { .queue_max = 1000 };
	static char text[5000];
	struct response r;
	const char *sid;

	memset(text, 'x', sizeof(text));
	eio_test_begin(&options);
	sid = eio_open_polling("");
	/* One of any size always fits. */
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, text, sizeof(text)), 0);
	cr_expect_eq(eio_get(&r, sid), 200);
	cr_expect_eq(r.len, sizeof(text) + 1);
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, text, 900), 0);
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, text, 900), WS_EFULL);
	cr_expect_eq(eio_test.closed, 0, "not inside of the call");
	eio_settle();
	cr_expect_eq(eio_test.closed, 1);
	cr_expect_str_eq(eio_test.reason, "transport error");
	cr_expect_eq(eio_get(&r, sid), 400);
	eio_test_end();
}

Test(sio_engine_options, drain_is_called_when_much_has_gone)
{
	static char text[100000];
	struct response r;
	const char *sid;

	memset(text, 'x', sizeof(text));
	eio_test_begin(NULL);
	sid = eio_open_polling("");
	(void)eio_send(eio_test.last, WS_TEXT, "x", 1);
	cr_expect_eq(eio_get(&r, sid), 200);
	cr_expect_eq(eio_test.drained, 0);
	(void)eio_send(eio_test.last, WS_TEXT, text, sizeof(text));
	cr_expect_eq(eio_get(&r, sid), 200);
	cr_expect_eq(r.len, sizeof(text) + 1);
	cr_expect_eq(eio_test.drained, 1);
	eio_test_end();
}

/* What the server takes for much is the server's to say. */
Test(sio_engine_options, a_websocket_is_writable_up_to_queue_soft)
{
	static const struct ws_options server = {
		.queue_soft = 4 << 20, .queue_max = 16 << 20, .log_level = -1
	};
	static char text[1 << 20];
	struct client c;
	struct response r;

	memset(text, 'x', sizeof(text));
	eio_test_begin_on(NULL, &server);
	c = client_open_small(eio_test.live.address, 4096);
	client_puts(
	    &c, client_request("/engine.io/?EIO=4&transport=websocket", ""));
	cr_assert_eq(client_response(&c, &r, false), 101);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(
		    eio_send(eio_test.last, WS_TEXT, text, sizeof(text)), 0);
	cr_expect(eio_is_writable(eio_test.last));
	while (eio_is_writable(eio_test.last))
		cr_assert_eq(
		    eio_send(eio_test.last, WS_TEXT, text, sizeof(text)), 0);
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT | WS_VOLATILE, "x", 1),
	    WS_ESKIPPED);
	client_close(&c);
	eio_test_until_closed(1);
	eio_test_end();
}

Test(sio_engine_options, a_message_too_large_ends_a_websocket)
{
	struct eio_options options = { .max_payload = 100 };
	static char text[200] = "4";
	struct client c;

	memset(text + 1, 'x', sizeof(text) - 2);
	eio_test_begin(&options);
	c = eio_open_websocket("");
	text[100] = '\0';
	eio_say(&c, text);
	client_until(&eio_test.messages, 1);
	text[100] = 'x';
	eio_say(&c, text);
	client_expect_close(&c, 1009, true);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "transport error");
	client_close(&c);
	eio_test_end();
}

Test(sio_engine_options, a_body_too_large_in_chunks_is_refused)
{
	struct eio_options options = { .max_payload = 100 };
	struct client c;
	struct response r;

	eio_test_begin(&options);
	c = client_open(eio_test.live.address);
	eio_send_request(&c, "POST", eio_open_polling(""), "",
	    "Transfer-Encoding: chunked\r\n", NULL, 0);
	client_puts(&c, "65\r\n4");
	cr_expect_eq(client_response(&c, &r, false), 413);
	client_close(&c);
	cr_expect_eq(eio_test.closed, 0);
	eio_test_end();
}

/* A slow client with a WebSocket is ended by the server's queue_max. */
Test(sio_engine_options, a_client_that_reads_nothing_is_ended)
{
	struct ws_options server = {
		.queue_max = 65536, .log_level = -1, .close_ms = 100
	};
	static char text[60000];
	struct client c;
	int result = 0;

	eio_test_begin_on(NULL, &server);
	c = client_open_small(eio_test.live.address, 4096);
	client_puts(
	    &c, client_request("/engine.io/?EIO=4&transport=websocket", ""));
	client_until(&eio_test.opened, 1);
	for (int i = 0; i < 1000 && result == 0; i++)
		result = eio_send(eio_test.last, WS_BINARY, text, sizeof(text));
	cr_expect_eq(result, WS_EFULL);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "transport error");
	client_close(&c);
	eio_test_end();
}

/* ---- endpoints --------------------------------------------------------- */

Test(sio_engine_options, two_endpoints_cannot_have_one_path)
{
	static const struct eio_handler handler = { 0 };
	struct eio *other;

	eio_test_begin(NULL);
	errno = 0;
	cr_expect_eq(
	    eio_new(eio_test.live.server, "/engine.io/", NULL, &handler, NULL),
	    NULL);
	cr_expect_eq(errno, EEXIST);
	cr_expect_eq(
	    eio_new(eio_test.live.server, "engine.io", NULL, &handler, NULL),
	    NULL);
	cr_expect_eq(errno, EINVAL);
	other = eio_new(eio_test.live.server, "/other", NULL, &handler, NULL);
	cr_expect_neq(other, NULL);
	eio_free(other);
	eio_free(NULL);
	eio_test_end();
}
