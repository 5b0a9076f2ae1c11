/* test_engine_post.c - Engine.IO: POSTs whose bodies take a while. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "eio.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT 100
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static const struct eio_options options = { .max_payload = LIMIT };

static void
begin(void)
{
	eio_test_begin(&options);
}

TestSuite(sio_engine_post, .init = begin, .fini = eio_test_end, .timeout = 60);

/* Expect an answer, and the end of the connection behind it. */
static void
expect_end(struct client *c, int status, const char *body, const char *name)
{
	struct response r;

	cr_expect_eq(
	    client_response(c, &r, false), status, "%s: %d", name, r.status);
	cr_expect(eio_is_body(&r, body), "%s: %.*s", name, (int)r.len,
	    (const char *)r.body);
	cr_expect(client_ends(c), "%s: does not end", name);
	client_close(c);
}

/* Expect the answer to a whole POST. */
static void
expect_ok(struct client *c, const char *name)
{
	struct response r;

	cr_expect_eq(
	    client_response(c, &r, false), 200, "%s: %d", name, r.status);
	cr_expect(eio_is_body(&r, "ok"), "%s", name);
}

/* The session is there, and takes a message. */
static void
expect_alive(const char *sid, const char *name)
{
	struct response r;
	int before = eio_test.messages;

	cr_expect_eq(eio_post(&r, sid, "4x"), 200, "%s: %d", name, r.status);
	cr_expect_eq(eio_test.messages, before + 1, "%s", name);
	cr_expect_eq(eio_test.closed, 0, "%s: %s", name, eio_test.reason);
}

static void
expect_gone(const char *sid, const char *reason, const char *name)
{
	cr_expect_str_eq(
	    eio_test.reason, reason, "%s: %s", name, eio_test.reason);
	eio_expect_get(sid, 400, EIO_CODE_1);
}

/* ---- in pieces ---------------------------------------------------------- */

static const struct {
	const char *name, *fields, *body;
	int protocol;
} whole[] = {
	{ "a length", "Content-Length: 5\r\n", "4\xe2\x82\xac!", 4 },
	{ "one chunk", CHUNKED, "5\r\n4\xe2\x82\xac!\r\n0\r\n\r\n", 4 },
	{ "many chunks", CHUNKED,
	    "2\r\n4\xe2\r\n1;x=y\r\n\x82\r\n2\r\n\xac!\r\n0\r\nX: y\r\n\r\n",
	    4 },
	{ "protocol 3", "Content-Length: 7\r\n", "3:4\xe2\x82\xac!", 3 },
	{ "protocol 3 in chunks", CHUNKED, "7\r\n3:4\xe2\x82\xac!\r\n0\r\n\r\n",
	    3 },
};

Test(sio_engine_post, a_body_may_come_octet_by_octet)
{
	for (size_t i = 0; i < LEN(whole); i++) {
		struct client c = client_open(eio_test.live.address);

		eio_test.protocol = whole[i].protocol;
		eio_send_request(&c, "POST", eio_open_polling(""), "",
		    whole[i].fields, NULL, 0);
		client_dribble(&c, whole[i].body, strlen(whole[i].body));
		expect_ok(&c, whole[i].name);
		cr_expect_eq(
		    eio_test.messages, (int)i + 1, "%s", whole[i].name);
		cr_expect_str_eq(
		    eio_test.text, "\xe2\x82\xac!", "%s", whole[i].name);
		client_close(&c);
	}
	cr_expect_eq(eio_test.closed, 0);
}

/* One behind the other is not two at once. */
Test(sio_engine_post, a_connection_may_have_many_in_a_row)
{
	const char *sid = eio_open_polling("");
	struct client c = client_open(eio_test.live.address);

	for (int i = 0; i < 3; i++)
		eio_send_request(&c, "POST", sid, "", "", "4x", 2);
	for (int i = 0; i < 3; i++)
		expect_ok(&c, "in a row");
	cr_expect_eq(eio_test.messages, 3);
	cr_expect_eq(eio_test.closed, 0);
	client_close(&c);
}

Test(sio_engine_post, who_waits_for_it_is_told_to_go_on)
{
	static const char fields[] =
	    "Content-Length: 2\r\nExpect: 100-continue\r\n";
	struct client c = client_open(eio_test.live.address);
	struct response r;

	eio_send_request(&c, "POST", eio_open_polling(""), "", fields, NULL, 0);
	cr_expect_eq(client_response(&c, &r, true), 100);
	client_puts(&c, "4x");
	expect_ok(&c, "continued");
	cr_expect_eq(eio_test.messages, 1);
	client_close(&c);
	/* What is refused is refused at once. */
	c = client_open(eio_test.live.address);
	eio_send_request(
	    &c, "POST", "abcdefghij0123456789", "", fields, NULL, 0);
	expect_end(&c, 400, EIO_CODE_1, "unknown");
	cr_expect_eq(eio_test.closed, 0);
}

/* ---- two at once -------------------------------------------------------- */

static const struct {
	const char *name, *fields, *body;
} second[] = {
	{ "a message", "Content-Length: 2\r\n", "4x" },
	{ "nothing", "Content-Length: 0\r\n", "" },
	{ "no chunks", CHUNKED, "0\r\n\r\n" },
	{ "a part", "Content-Length: 2\r\n", "4" },
	{ "a head", CHUNKED, "" },
	{ "too much", "Content-Length: 1000\r\n", "" },
	{ "octets", "Content-Type: application/octet-stream\r\n" CHUNKED, "" },
	{ "one that waits", "Content-Length: 2\r\nExpect: 100-continue\r\n",
	    "" },
};

Test(sio_engine_post, a_second_one_ends_the_session)
{
	for (size_t i = 0; i < LEN(second); i++) {
		const char *sid = eio_open_polling(""), *name = second[i].name;
		struct client poll = eio_poll(sid);
		struct client first = eio_begin_post(sid, 3, "4x");
		struct client c = client_open(eio_test.live.address);
		struct response r;

		eio_test.reason[0] = '\0';
		eio_send_request(
		    &c, "POST", sid, "", second[i].fields, NULL, 0);
		client_puts(&c, second[i].body);
		cr_expect_eq(client_response(&c, &r, false), 400, "%s", name);
		cr_expect_eq(r.len, 0, "%s", name);
		client_close(&c);
		expect_end(&first, 400, "", name);
		cr_expect_eq(
		    client_response(&poll, &r, false), 200, "%s", name);
		cr_expect(eio_is_body(&r, "1"), "%s", name);
		client_close(&poll);
		expect_gone(sid, "transport error", name);
	}
	cr_expect_eq(eio_test.messages, 0);
}

/* What comes behind the answer is the rest of a body, and no request. */
Test(sio_engine_post, the_rest_of_one_that_was_refused_is_nothing)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_begin_post(sid, 200, "");

	expect_alive(sid, "after 413");
	client_puts(&c, "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\n"
			"Host: a\r\n\r\n");
	expect_end(&c, 413, "", "too large");
	cr_expect_eq(eio_test.opened, 1);
}

/* ---- never complete ----------------------------------------------------- */

Test(sio_engine_post, who_leaves_halfway_ends_the_session)
{
	for (int how = 0; how < 3; how++) {
		const char *sid = eio_open_polling("");
		struct client poll = eio_poll(sid);
		struct client c = eio_begin_post(sid, 3, "4x");

		eio_test.reason[0] = '\0';
		if (how == 0)
			client_close(&c);
		else if (how == 1)
			client_reset(&c);
		else
			client_shut(&c);
		eio_expect_poll(&poll, "1");
		cr_expect_eq(eio_test.closed, how + 1);
		expect_gone(sid, "transport error", "left");
		if (how == 2)
			client_close(&c);
	}
	cr_expect_eq(eio_test.messages, 0);
}

static const struct {
	const char *name, *fields, *body;
	int status; /* 413 has no body, and ends no session */
} never[] = {
	{ "a length too large", "Content-Length: 101\r\n", "", 413 },
	{ "a length of 33 bits", "Content-Length: 4294967297\r\n", "", 413 },
	{ "one that waits", "Content-Length: 101\r\nExpect: 100-continue\r\n",
	    "", 413 },
	{ "a chunk too large", CHUNKED, "65\r\n4", 413 },
	{ "chunks too large", CHUNKED,
	    "32\r\n4xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
	    "33\r\nx",
	    413 },
	{ "octets too large for protocol 3",
	    "Content-Type: application/octet-stream\r\n" CHUNKED, "65\r\n\1",
	    413 },
	{ "no chunk", CHUNKED, "2\r\n4xyz", 400 },
	{ "no size", CHUNKED, "x", 400 },
};

Test(sio_engine_post, what_is_too_large_or_malformed_is_refused)
{
	for (size_t i = 0; i < LEN(never); i++) {
		const char *name = never[i].name, *sid;
		struct client c = client_open(eio_test.live.address);
		struct response r;

		eio_test.protocol = strstr(name, "protocol 3") != NULL ? 3 : 4;
		sid = eio_open_polling("");
		eio_send_request(&c, "POST", sid, "", never[i].fields, NULL, 0);
		client_puts(&c, never[i].body);
		cr_expect_eq(client_response(&c, &r, false), never[i].status,
		    "%s: %d", name, r.status);
		if (never[i].status == 413) {
			cr_expect_eq(r.len, 0, "%s", name);
			cr_expect_eq(eio_test.closed, 0, "%s", name);
			eio_test.messages = 0;
			cr_expect_eq(
			    eio_post(&r, sid,
				eio_test.protocol == 4 ? "4x" : "2:4x"),
			    200, "%s", name);
			cr_expect_eq(eio_test.messages, 1, "%s", name);
		} else
			expect_gone(sid, "transport error", name);
		client_close(&c);
	}
}

Test(sio_engine_post, what_is_too_slow_ends_the_session)
{
	static const struct ws_options server = { .idle_ms = 200,
		.log_level = -1 };
	struct client c;
	struct response r;
	const char *sid;

	eio_test_end();
	eio_test_begin_on(&options, &server);
	sid = eio_open_polling("");
	c = eio_begin_post(sid, 3, "4x");
	cr_expect_eq(client_response(&c, &r, false), 408);
	client_close(&c);
	expect_gone(sid, "transport error", "slow");
}

/* ---- the session ends first --------------------------------------------- */

Test(sio_engine_post, no_body_is_read_for_nobody)
{
	struct client c = eio_begin_post("abcdefghij0123456789", 3, "");
	const char *sid;
	struct response r;

	expect_end(&c, 400, EIO_CODE_1, "unknown");
	sid = eio_open_polling("");
	cr_expect_eq(eio_post(&r, sid, "1"), 200);
	c = eio_begin_post(sid, 3, "");
	expect_end(&c, 400, EIO_CODE_1, "closed");
	c = eio_begin_post(NULL, 3, "");
	expect_end(&c, 400, EIO_CODE_2, "none");
}

Test(sio_engine_post, a_session_that_ends_takes_its_post_along)
{
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid);
	struct client c = eio_begin_post(sid, 3, "4x");

	eio_close(eio_test.last);
	expect_end(&c, 400, "", "closed by the server");
	client_close(&poll);
	expect_gone(sid, "forced close", "closed by the server");
	sid = eio_open_polling("");
	c = eio_begin_post(sid, 3, "4x");
	eio_stop(eio_test.eio);
	client_close(&c);
	cr_expect_str_eq(eio_test.reason, "server shutting down");
	cr_expect_eq(eio_test.messages, 0);
}

/* Until the client has fetched what waits for it, it may say what it will. */
Test(sio_engine_post, a_session_that_is_closing_lets_its_post_end)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_begin_post(sid, 3, "4x");
	struct response r;

	eio_close(eio_test.last);
	eio_settle();
	cr_expect_not(client_take(&c));
	client_puts(&c, "y");
	expect_ok(&c, "closing");
	client_close(&c);
	/* But whoever leaves will not come for the rest. */
	c = eio_begin_post(sid, 3, "4x");
	client_close(&c);
	eio_settle();
	cr_expect_eq(eio_get(&r, sid), 400);
	cr_expect_eq(eio_test.messages, 0);
	cr_expect_eq(eio_test.closed, 1);
}

static const struct eio_options impatient = { .ping_interval_ms = 30,
	.ping_timeout_ms = 30 };

/* A client cannot answer in the midst of a body. */
Test(sio_engine_post, a_ping_waits_for_a_post_that_comes)
{
	struct client c;
	int64_t until_ms;
	const char *sid;

	eio_test_end();
	eio_test_begin(&impatient);
	sid = eio_open_polling("");
	c = eio_begin_post(sid, 3, "4x");
	until_ms = client_now_ms() + 150;
	while (client_now_ms() < until_ms)
		eio_settle();
	cr_expect_eq(eio_test.closed, 0);
	client_puts(&c, "y");
	expect_ok(&c, "complete");
	cr_expect_str_eq(eio_test.text, "xy");
	eio_test_until_closed(1);
	expect_gone(sid, "ping timeout", "no pong after that");
}

Test(sio_engine_post, a_post_that_does_not_come_ends_its_session)
{
	static const struct ws_options server = { .log_level = -1,
		.idle_ms = 200 };
	struct client c;
	struct response r;

	eio_test_end();
	eio_test_begin_on(&impatient, &server);
	c = eio_begin_post(eio_open_polling(""), 3, "4x");
	cr_assert_eq(client_response(&c, &r, false), 408);
	client_close(&c);
	eio_test_until_closed(1);
	cr_expect_eq(eio_test.messages, 0);
}

Test(sio_engine_post, an_upgrade_takes_a_post_along)
{
	const char *sid = eio_open_polling("");
	struct client socket = eio_probe(sid);
	struct client c = eio_begin_post(sid, 3, "4x");

	eio_say(&socket, "5");
	expect_end(&c, 400, "", "upgraded");
	eio_say(&socket, "4y");
	client_until(&eio_test.messages, 1);
	cr_expect_str_eq(eio_test.text, "y");
	cr_expect_str_eq(eio_transport(eio_test.last), "websocket");
	cr_expect_eq(eio_test.closed, 0);
	client_close(&socket);
	eio_test_until_closed(1);
}

/* Until the upgrade, polling is as it was. */
Test(sio_engine_post, a_probe_does_not_disturb_a_post)
{
	const char *sid = eio_open_polling("");
	struct client socket = eio_probe(sid);
	struct client c = eio_begin_post(sid, 3, "4x");

	client_puts(&c, "y");
	expect_ok(&c, "probing");
	cr_expect_str_eq(eio_test.text, "xy");
	client_close(&c);
	client_close(&socket);
}

/* A message may end the session that it came for. */
Test(sio_engine_post, who_is_closed_by_a_message_has_sent_it)
{
	struct client c = client_open(eio_test.live.address);
	const char *sid = eio_open_polling("");
	struct client poll = eio_poll(sid);

	eio_test.on_message = eio_close;
	eio_send_request(&c, "POST", sid, "", "",
	    "4x\x1e"
	    "4y",
	    5);
	expect_ok(&c, "the last");
	cr_expect_eq(eio_test.messages, 1);
	client_close(&c);
	client_close(&poll);
	eio_test.on_message = NULL;
}

/* ---- other methods ------------------------------------------------------ */

/* They are no POST: the session has nothing to do with their bodies. */
Test(sio_engine_post, other_methods_do_not_count)
{
	static const char *const methods[] = { "PUT", "DELETE", "PATCH" };
	const char *sid = eio_open_polling("");

	for (size_t i = 0; i < LEN(methods); i++) {
		struct client c = client_open(eio_test.live.address);
		struct client left = client_open(eio_test.live.address);
		struct response r;

		eio_send_request(&left, methods[i], sid, "",
		    "Content-Length: 3\r\n", NULL, 0);
		client_puts(&left, "4");
		eio_send_request(
		    &c, methods[i], sid, "", "Content-Length: 2\r\n", NULL, 0);
		eio_settle();
		client_close(&left);
		expect_alive(sid, methods[i]);
		client_puts(&c, "4x");
		cr_expect_eq(client_response(&c, &r, false), 500, "%s: %d",
		    methods[i], r.status);
		client_close(&c);
		c = client_open(eio_test.live.address);
		eio_send_request(&c, methods[i], sid, "", CHUNKED, NULL, 0);
		client_puts(&c, "65\r\n4");
		expect_end(&c, 413, "", methods[i]);
		expect_alive(sid, methods[i]);
	}
}

/* ---- in slices ---------------------------------------------------------- */

/* Each message makes as much work as a call of a timer has time for. */
static void
make_work(struct eio_session *session)
{
	(void)ws_spend(eio_server(eio_of(session)), 20000);
}

/* Send a POST of so many messages that make work: when this returns the
 * first ones are read, and others are not. */
static struct client
begin_work(const char *sid, int messages)
{
	static char body[LIMIT];
	struct client c = client_open(eio_test.live.address);

	for (int i = 0; i < messages; i++)
		memcpy(body + 3 * (size_t)i, "4x\x1e", 3);
	eio_test.on_message = make_work;
	eio_send_request(&c, "POST", sid, "", "Content-Type: text/plain\r\n",
	    body, 3 * (size_t)messages - 1);
	client_until(&eio_test.messages, 1);
	return c;
}

Test(sio_engine_post, packets_that_make_much_work_are_read_turn_by_turn)
{
	const char *sid = eio_open_polling("");
	struct client c = begin_work(sid, 20);

	for (int before = eio_test.messages; before < 20;
	     before = eio_test.messages) {
		cr_assert_eq(ws_step(eio_test.live.server, 1000), 0);
		cr_assert_leq(eio_test.messages, before + 1);
	}
	expect_ok(&c, "in slices");
	cr_expect_eq(eio_test.messages, 20);
	expect_alive(sid, "in slices");
	client_close(&c);
}

Test(sio_engine_post, bodies_of_several_clients_are_read_in_turn)
{
	char longer[32], shorter[32];
	struct client c, d;

	snprintf(longer, sizeof(longer), "%s", eio_open_polling(""));
	snprintf(shorter, sizeof(shorter), "%s", eio_open_polling(""));
	c = begin_work(longer, 20);
	d = begin_work(shorter, 2);
	expect_ok(&d, "the shorter");
	cr_expect_leq(eio_test.messages, 8);
	expect_ok(&c, "the longer");
	client_close(&c);
	client_close(&d);
}

Test(sio_engine_post, a_second_one_beside_unread_packets_ends_the_session)
{
	const char *sid = eio_open_polling("");
	struct client c = begin_work(sid, 20);
	struct response r;

	cr_expect_eq(eio_post(&r, sid, "4y"), 400);
	cr_expect_str_eq(eio_test.reason, "transport error");
	expect_ok(&c, "ended");
	cr_expect_lt(eio_test.messages, 20);
	client_close(&c);
}

Test(sio_engine_post, unread_packets_are_read_though_the_client_has_left)
{
	struct client c = begin_work(eio_open_polling(""), 20);

	client_close(&c);
	client_until(&eio_test.messages, 20);
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine_post, an_upgrade_waits_for_unread_packets)
{
	const char *sid = eio_open_polling("");
	struct client probe = eio_probe(sid), c = begin_work(sid, 20);
	struct response r;

	eio_say(&probe, "5");
	eio_say(&probe, "4last");
	client_until(&eio_test.messages, 21);
	cr_expect_str_eq(eio_test.text, "last");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_str_eq(eio_transport(eio_test.last), "websocket");
	client_close(&c);
	client_close(&probe);
}

Test(sio_engine_post, a_session_that_the_server_ends_leaves_packets_unread)
{
	const char *sid = eio_open_polling("");
	struct client c = begin_work(sid, 20);

	eio_close(eio_test.last);
	expect_ok(&c, "closed");
	cr_expect_lt(eio_test.messages, 20);
	client_close(&c);
}

Test(sio_engine_post, an_endpoint_may_end_while_packets_are_unread)
{
	struct client c = begin_work(eio_open_polling(""), 20);

	eio_free(eio_test.eio);
	eio_test.eio = NULL;
	expect_ok(&c, "freed");
	client_close(&c);
}
