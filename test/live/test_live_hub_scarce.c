/* test_live_hub_scarce.c - rooms when an allocation fails, each one in turn. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "hub/hub.h"
#include "live.h"
#include "test/client.h"
#include "test/scarce.h"

static struct live live;
static struct hub *hub;

static void
setup(struct ws_server *server)
{
	hub = hub_new(server, NULL);
	cr_assert_not_null(hub);
	cr_assert_eq(hub_rooms(hub, "/room/", NULL), 0);
}

/* One of each kind of client, and one that speaks. */
static const char *const requests[] = {
	"GET /room/a HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n",
	"GET /room/a HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n",
	"GET /room/a?wait=30&since=earliest HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /room/a?since=earliest HTTP/1.1\r\nHost: a\r\n"
	"Connection: Upgrade\r\nUpgrade: websocket\r\n"
	"Sec-WebSocket-Version: 13\r\n"
	"Sec-WebSocket-Key: " CLIENT_KEY "\r\n"
	"Sec-WebSocket-Protocol: wsd.1\r\n\r\n",
	"GET /room/a HTTP/1.1\r\nHost: a\r\n"
	"Connection: Upgrade\r\nUpgrade: websocket\r\n"
	"Sec-WebSocket-Version: 13\r\n"
	"Sec-WebSocket-Key: " CLIENT_KEY "\r\n\r\n",
	"POST /room/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
	"POST /room/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	"GET /room/a HTTP/1.1\r\nHost: a\r\n\r\n",
};

#define CLIENTS (sizeof(requests) / sizeof(*requests))

/* Have all of them come, one after the other, and leave. Returns whether an
 * allocation failed. */
static bool
play(size_t nth)
{
	struct client clients[CLIENTS];
	char id[HUB_ID_SIZE];
	bool failed;

	live = live_here(NULL, setup, NULL);
	(void)hub_publish(hub, "a", 1, WS_TEXT, "before", 6, id);
	scarce(nth);
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(live.address);
		client_puts(&clients[i], requests[i]);
		live_pass(1);
	}
	failed = scarce_calls >= nth;
	scarce(0);
	/* Whoever is left is still served. */
	(void)hub_publish(hub, "a", 1, WS_BINARY, "after", 5, id);
	live_pass(1);
	for (size_t i = 0; i < CLIENTS; i++)
		client_close(&clients[i]);
	live_until_connections(&live, 0);
	cr_expect_eq(ws_room_count(live.server, "a", 1), 0, "at %zu", nth);
	live_end(&live);
	cr_expect_eq(scarce_blocks, 0, "%ld blocks at %zu", scarce_blocks, nth);
	return failed;
}

Test(live_hub_scarce, each_allocation_may_fail)
{
	size_t nth = 1;

	while (play(nth))
		nth++;
	cr_expect_gt(nth, 30);
}

Test(live_hub_scarce, a_hub_that_cannot_begin_leaves_nothing)
{
	struct ws_server *server = ws_server_new(NULL);
	long before = scarce_blocks;

	for (size_t nth = 1; hub == NULL; nth++) {
		scarce(nth);
		hub = hub_new(server, NULL);
		scarce(0);
		if (hub == NULL)
			cr_expect_eq(scarce_blocks, before, "at %zu", nth);
	}
	ws_server_free(server);
	cr_expect_eq(scarce_blocks, 0);
}
