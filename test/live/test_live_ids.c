/* test_live_ids.c - the subprotocol wsd.1: messages with ids. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/hub.h"
#include "live.h"
#include "test/client.h"

static struct live live;
static struct hub *hub;
static struct hub_options options;

static void
setup(struct ws_server *server)
{
	hub = hub_new(server, &options);
	if (hub == NULL || hub_rooms(hub, "/room/", NULL) < 0)
		abort();
}

static void
start(void)
{
	live = live_here(NULL, setup, NULL);
}

/* Join a room, with ids. */
static struct client
join(const char *path)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(
	    &c, client_request(path, "Sec-WebSocket-Protocol: x, wsd.1\r\n"));
	cr_assert_eq(client_response(&c, &r, true), 101);
	cr_expect_str_eq(client_field(&r, "Sec-WebSocket-Protocol"), "wsd.1");
	return c;
}

/* Receive the control that comes first. */
static void
expect_start(struct client *c, const char *resume)
{
	char id[HUB_ID_SIZE], text[128];

	snprintf(text, sizeof(text), "\n{\"resume\":\"%s\",\"last\":\"%s\"}",
	    resume, hub_last(hub, id));
	client_expect(c, CLIENT_FIN | WS_TEXT, text, WS_STR);
}

/* Receive the newest message. */
static void
expect_newest(struct client *c, int kind, const char *data, size_t len)
{
	char id[HUB_ID_SIZE], text[256];
	struct frame f;
	size_t n;

	cr_assert(client_recv_frame(c, &f)); /* the server runs meanwhile */
	n = (size_t)snprintf(text, sizeof(text), "%s\n", hub_last(hub, id));
	cr_assert_eq(f.first, CLIENT_FIN | kind);
	cr_assert_eq(f.len, n + len);
	memcpy(text + n, data, len);
	cr_assert_arr_eq(f.data, text, n + len);
}

Test(live_ids, each_message_has_its_id_in_front)
{
	static const struct {
		int kind;
		const char *data;
		size_t len;
	} rows[] = { { WS_TEXT, "hi", 2 }, { WS_TEXT, "", 0 },
		{ WS_TEXT, "\n{}", 3 }, { WS_TEXT, "a\0\r\n", 4 },
		{ WS_BINARY, "\n\xff", 2 }, { WS_BINARY, "", 0 } };
	struct client c, plain;

	start();
	c = join("/room/a");
	expect_start(&c, "new");
	plain = client_ws(live.address, "/room/a");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(hub_publish(hub, "a", 1, rows[i].kind,
				 rows[i].data, rows[i].len, NULL),
		    2);
		expect_newest(&c, rows[i].kind, rows[i].data, rows[i].len);
		client_expect(&plain, CLIENT_FIN | rows[i].kind, rows[i].data,
		    rows[i].len);
	}
	client_close(&c);
	client_close(&plain);
	live_until_connections(&live, 0);
	cr_expect_eq(ws_room_count(live.server, "a", 1), 0);
	live_end(&live);
}

Test(live_ids, what_a_client_says_goes_to_the_others)
{
	struct client c, other, self;

	start();
	c = join("/room/a");
	expect_start(&c, "new");
	other = client_ws(live.address, "/room/a");
	self = join("/room/a?self=1");
	expect_start(&self, "new");
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "hello", 5);
	client_expect(&other, CLIENT_FIN | WS_TEXT, "hello", 5);
	expect_newest(&self, WS_TEXT, "hello", 5);
	client_send_frame(&self, CLIENT_FIN | WS_BINARY, "\n", 1);
	expect_newest(&self, WS_BINARY, "\n", 1);
	expect_newest(&c, WS_BINARY, "\n", 1);
	client_expect(&other, CLIENT_FIN | WS_BINARY, "\n", 1);
	client_close(&c);
	client_close(&other);
	client_close(&self);
	live_end(&live);
}

Test(live_ids, a_line_feed_in_front_is_a_mark)
{
	static const char bad[] = "\n{\"error\":\"there is no such control\","
				  "\"code\":\"bad_control\"}";
	struct client c, other;

	start();
	c = join("/room/a");
	expect_start(&c, "new");
	other = client_ws(live.address, "/room/a");
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "\n{\"join\":[]}", 12);
	client_expect(&c, CLIENT_FIN | WS_TEXT, bad, WS_STR);
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "\n", 1);
	client_expect(&c, CLIENT_FIN | WS_TEXT, bad, WS_STR);
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "\n\n{}", 4);
	client_expect(&other, CLIENT_FIN | WS_TEXT, "\n{}", 3);
	client_close(&c);
	client_close(&other);
	live_end(&live);
}

Test(live_ids, a_cursor_brings_what_was_missed)
{
	struct client c;
	char first[HUB_ID_SIZE], path[64], text[64];

	start();
	cr_assert_eq(hub_publish(hub, "a", 1, WS_TEXT, "one", 3, first), 0);
	cr_assert_eq(hub_publish(hub, "b", 1, WS_TEXT, "x", 1, NULL), 0);
	cr_assert_eq(hub_publish(hub, "a", 1, WS_TEXT, "two", 3, NULL), 0);
	snprintf(path, sizeof(path), "/room/a?since=%s", first);
	c = join(path);
	expect_start(&c, "complete");
	expect_newest(&c, WS_TEXT, "two", 3);
	cr_assert_eq(hub_publish(hub, "a", 1, WS_TEXT, "three", 5, NULL), 1);
	expect_newest(&c, WS_TEXT, "three", 5);
	client_close(&c);

	c = join("/room/a?since=zzzzzzzz-1");
	expect_start(&c, "gap");
	cr_expect(client_is_quiet(&c, 20));
	client_close(&c);

	c = join("/room/a?since=earliest");
	expect_start(&c, "complete");
	snprintf(text, sizeof(text), "%s\none", first);
	client_expect(&c, CLIENT_FIN | WS_TEXT, text, WS_STR);
	client_close(&c);
	live_end(&live);
}

Test(live_ids, a_message_without_the_hub_has_a_dash)
{
	struct client c;

	start();
	c = join("/room/a");
	expect_start(&c, "new");
	cr_expect_eq(ws_publish(live.server, "a", 1, WS_TEXT, "x", 1, NULL), 1);
	client_expect(&c, CLIENT_FIN | WS_TEXT, "-\nx", 3);
	client_close(&c);
	live_end(&live);
}

Test(live_ids, a_long_replay_has_no_hole)
{
	static const struct hub_keep all = { NULL, 1000, 600, 0 };
	static char text[20000];
	struct client c;
	struct frame f;
	int said = 0, n;

	options = (struct hub_options){ .keep = &all, .keep_count = 1 };
	start();
	for (; said < 200; said++)
		(void)hub_publish(
		    hub, "a", 1, WS_TEXT, text, sizeof(text), NULL);
	c = client_open_small(live.address, 4096);
	client_puts(&c, client_request("/room/a?since=earliest",
			    "Sec-WebSocket-Protocol: wsd.1\r\n"));
	cr_assert(client_await(&c, 200));
	for (int i = 0; i < 10; i++, said++) {
		live_pass(1);
		(void)hub_publish(hub, "a", 1, WS_TEXT, "y", 1, NULL);
	}
	client_skip(
	    &c, (size_t)((uint8_t *)strstr((char *)c.in + c.begin, "\r\n\r\n") +
			 4 - (c.in + c.begin)));
	cr_assert(client_recv_frame(&c, &f));
	for (int i = 1; i <= said; i++) {
		cr_assert(client_recv_frame(&c, &f));
		cr_assert_eq(
		    sscanf((const char *)f.data, "%*8[a-z2-7]-%d", &n), 1);
		cr_assert_eq(n, i);
	}
	client_close(&c);
	live_end(&live);
}
