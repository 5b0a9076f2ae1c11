/* test_engine_memory.c - Engine.IO when memory runs out, anywhere. */
/* SPDX-License-Identifier: MIT */
/*
 * The same conversation again and again; each time another allocation fails,
 * up to the first time that none did. Whatever it costs (an answer, a session,
 * a connection), the server must go on, call close once for each open, and
 * give back all memory.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "eio.h"
#include "test/scarce.h"

#define BINARY (CLIENT_FIN | 2)

static int conversations;

/* Ask for a session; one that was not given is called "none". */
static void
open_session(char sid[21], const char *more)
{
	struct response r;
	char copy[512] = "", *at;
	size_t n = 0;

	strcpy(sid, "none");
	if (eio_ask(&r, "GET", NULL, more, "X: y\r\n", NULL, 0) != 200)
		return;
	for (size_t i = 0; i < r.len && n < sizeof(copy) - 1; i++) {
		if (r.body[i] >= ' ' && r.body[i] != '\\')
			copy[n++] = (char)r.body[i];
	}
	at = strstr(copy, "\"sid\":\"");
	if (at != NULL) {
		memcpy(sid, at + 7, 20);
		sid[20] = '\0';
	}
}

/* What was sent may not have come, so nothing is waited for that need not
 * come. */
static void
exchange(struct client *c, const char *text)
{
	struct frame f;

	eio_say(c, text);
	client_send_frame(c, CLIENT_FIN | 9, "", 0);
	while (client_recv_frame(c, &f) && f.first != (CLIENT_FIN | 10))
		;
}

static struct client
websocket(const char *sid)
{
	struct response r;

	return eio_ask_websocket(&r, sid, "", "");
}

/* Begin to say something in a session, that then ends. */
static void
post_halfway(void)
{
	struct client c, other;
	char sid[21];

	open_session(sid, "");
	c = eio_begin_post(sid, 900, "4");
	other = eio_begin_post(sid, 900, "4");
	eio_settle();
	client_close(&other);
	client_close(&c);
	eio_settle();
	open_session(sid, "");
	c = client_open(eio_test.live.address);
	eio_send_request(
	    &c, "POST", sid, "", "Transfer-Encoding: chunked\r\n", NULL, 0);
	client_puts(&c, "400\r\nx");
	eio_settle();
	client_close(&c);
	c = eio_begin_post(sid, 900, "4");
	client_close(&c);
	eio_settle();
}

static void
talk(int protocol)
{
	struct eio_message *message;
	struct response r;
	struct client c;
	char sid[21];

	eio_test.protocol = protocol;
	open_session(sid, "");
	(void)eio_post(&r, sid, protocol == 4 ? "4h\xc3\xa9" : "3:4h\xc3\xa9");
	message = eio_prepare(WS_BINARY, "\x01\x02\xff", 3);
	if (eio_test.last != NULL && message != NULL)
		(void)eio_send_prepared(eio_test.last, message, 0);
	if (eio_test.last != NULL)
		(void)eio_send(eio_test.last, WS_TEXT, "text", 4);
	if (eio_test.last != NULL)
		(void)eio_get(&r, sid);
	post_halfway();
	c = websocket(sid);
	exchange(&c, "2probe");
	if (eio_test.last != NULL)
		(void)eio_send(eio_test.last, WS_TEXT, "more", 4);
	exchange(&c, "5");
	exchange(&c, "4hello");
	exchange(&c, protocol == 4 ? "bAQL/" : "b4AQL/");
	if (eio_test.last != NULL && message != NULL)
		(void)eio_send_prepared(eio_test.last, message, 0);
	client_close(&c);
	c = websocket(NULL);
	exchange(&c, "4x");
	client_close(&c);
	eio_message_free(message);
	open_session(sid, "&j=0");
	(void)eio_ask(&r, "POST", sid, "&j=0", "", "d=2%3A4x", 8);
	c = client_open(eio_test.live.address);
	eio_send_request(&c, "GET", sid, "&j=0", "", NULL, 0);
	eio_settle();
	if (eio_test.last != NULL)
		eio_close(eio_test.last);
	(void)client_take(&c);
	client_close(&c);
	eio_settle();
	conversations++;
}

Test(sio_engine_memory, any_allocation_may_fail, .timeout = 300)
{
	static const struct eio_options options = {
		.cors = "true", .cookie = "io", .max_payload = 1000
	};
	bool failed = true;

	for (size_t n = 1; failed; n++) {
		struct response r;

		eio_test_begin(&options);
		eio_test.echo = true;
		scarce(n);
		talk(4);
		talk(3);
		failed = scarce_calls >= n;
		scarce(0);
		/* It still works. */
		eio_test.protocol = 4;
		cr_assert_eq(eio_get(&r, NULL), 200, "after %zu", n);
		eio_test_end();
		cr_assert_eq(
		    scarce_blocks, 0, "%ld blocks after %zu", scarce_blocks, n);
	}
	cr_expect_gt(conversations, 100);
}

Test(sio_engine_memory, an_endpoint_needs_all_of_its_memory)
{
	static const struct eio_options options = {
		.cors = "true", .cookie = "io", .max_payload = 1000
	};
	static const struct eio_handler handler = { 0 };
	struct eio *eio = NULL;

	for (size_t n = 1; eio == NULL; n++) {
		struct ws_server *server = ws_server_new(NULL);

		cr_assert_neq(server, NULL);
		scarce(n);
		eio = eio_new(server, "/engine.io", &options, &handler, NULL);
		scarce(0);
		eio_free(eio);
		ws_server_free(server);
		cr_assert_eq(scarce_blocks, 0, "%zu", n);
	}
}
