/* test_engine_hooks.c - Engine.IO: what a program is told of requests. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "eio.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static void
begin(void)
{
	eio_test_begin(NULL);
}

TestSuite(
    sio_engine_hooks, .init = begin, .fini = eio_test_end, .timeout = 120);

/* Each refusal is told with its code, as in the reference: connection_error. */
Test(sio_engine_hooks, each_refusal_is_told)
{
	static const struct {
		const char *method, *sid, *more, *forbid, *told;
	} rows[] = {
		{ "GET", NULL, "&transport=x", NULL,
		    "GET 0 Transport unknown; " },
		{ "GET", "nobody", "", NULL, "GET 1 Session ID unknown; " },
		{ "PUT", NULL, "", NULL, "PUT 2 Bad handshake method; " },
		{ "GET", NULL, "&transport=websocket", NULL,
		    "GET 3 Bad request; " },
		{ "GET", NULL, "", "", "GET 4 Forbidden; " },
		{ "GET", NULL, "", "Who?", "GET 4 Who?; " },
		{ "GET", NULL, "&EIO=9", NULL,
		    "GET 5 Unsupported protocol version; " },
		{ "GET", NULL, "", NULL, "" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct response r;

		eio_test.refused[0] = '\0';
		eio_test.forbid = rows[i].forbid;
		(void)eio_ask(
		    &r, rows[i].method, rows[i].sid, rows[i].more, "", NULL, 0);
		cr_expect_str_eq(eio_test.refused, rows[i].told);
		cr_expect_eq(client_field(&r, "X-Refused") != NULL,
		    rows[i].told[0] != '\0');
	}
	eio_test.forbid = NULL;
}

/* A status that the program chose, as clients of passport expect 401. */
Test(sio_engine_hooks, a_refusal_has_the_status_that_the_program_chose)
{
	struct response r;
	struct client c;

	eio_test.forbid = "Unauthorized";
	eio_test.status = 401;
	cr_expect_eq(eio_ask(&r, "GET", NULL, "", "", NULL, 0), 401);
	cr_expect(eio_is_body(&r, "{\"code\":4,\"message\":\"Unauthorized\"}"));
	cr_expect_str_eq(client_field(&r, "X-Why"), "no token");
	c = eio_ask_websocket(&r, NULL, "", "");
	cr_expect_eq(r.status, 401);
	cr_expect_str_eq(client_field(&r, "X-Why"), "no token");
	client_close(&c);
	cr_expect_str_eq(
	    eio_test.refused, "GET 4 Unauthorized; GET 4 Unauthorized; ");
	/* The next request is judged anew. */
	eio_test.status = 0;
	cr_expect_eq(eio_ask(&r, "GET", NULL, "", "", NULL, 0), 403);
	c = eio_ask_websocket(&r, NULL, "", "");
	cr_expect_eq(r.status, 400);
	client_close(&c);
	cr_expect_eq(eio_ask(&r, "GET", "nobody", "", "", NULL, 0), 400);
	eio_test.forbid = NULL;
	cr_expect_eq(eio_ask(&r, "GET", NULL, "", "", NULL, 0), 200);
}

/* initial_headers, headers. */
Test(sio_engine_hooks, answers_get_fields_of_the_program)
{
	struct response r;
	struct client c;
	const char *sid;

	eio_test.headers = true;
	cr_expect_eq(eio_ask(&r, "GET", NULL, "", "", NULL, 0), 200);
	cr_expect_str_eq(client_field(&r, "X-Answer"), "the first");
	sid = eio_open_polling("");
	cr_expect_eq(eio_post(&r, sid, "4x"), 200);
	cr_expect_str_eq(client_field(&r, "X-Answer"), "another");
	(void)eio_send(eio_test.last, WS_TEXT, "x", 1);
	cr_expect_eq(eio_get(&r, sid), 200);
	cr_expect_str_eq(client_field(&r, "X-Answer"), "another");
	c = eio_ask_websocket(&r, sid, "", "");
	cr_expect_eq(r.status, 101);
	cr_expect_str_eq(client_field(&r, "X-Answer"), "another");
	client_close(&c);
	c = eio_ask_websocket(&r, NULL, "", "");
	cr_expect_eq(r.status, 101);
	cr_expect_str_eq(client_field(&r, "X-Answer"), "the first");
	client_close(&c);
	/* What is refused is told in another way. */
	(void)eio_ask(&r, "GET", "nobody", "", "", NULL, 0);
	cr_expect_null(client_field(&r, "X-Answer"));
}

static void
end_it(struct eio_session *session)
{
	eio_close(session);
}

Test(sio_engine_hooks, an_upgrade_is_told_when_it_is_done)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_upgrade(sid);

	client_until(&eio_test.upgraded, 1);
	eio_say(&c, "4x");
	client_until(&eio_test.messages, 1);
	client_close(&c);
	/* A session that begins with a WebSocket is not upgraded, nor is one
	 * that is only probed. */
	c = eio_open_websocket("");
	eio_settle();
	client_close(&c);
	sid = eio_open_polling("");
	c = eio_probe(sid);
	client_close(&c);
	eio_settle();
	cr_expect_eq(eio_test.upgraded, 1);
	/* The program may end it there. */
	eio_test.on_upgrade = end_it;
	sid = eio_open_polling("");
	c = eio_probe(sid);
	eio_say(&c, "5");
	client_until(&eio_test.upgraded, 2);
	client_close(&c);
}
