/* test_live_api.c - what ws.h promises to a program, on a real server. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)

/* The endpoint /x: what its callbacks do is up to the test. */
static struct {
	void (*upgrade)(struct ws_request *request);
	void (*open)(struct ws_conn *conn);
	void (*message)(struct ws_conn *conn);
	void (*drain)(struct ws_conn *conn);
	void (*pong)(struct ws_conn *conn);
	void (*close)(struct ws_conn *conn);
} act;

static struct live live;
static struct ws_conn *last;   /* the connection opened last */
static struct ws_closed ended; /* how one ended last */
static char got[64];           /* the last message */
static int opened, messages, drains, pongs, closed;

static void
on_upgrade(struct ws_request *request)
{
	if (act.upgrade != NULL)
		act.upgrade(request);
}

static void
on_open(struct ws_conn *conn)
{
	last = conn;
	opened++;
	if (act.open != NULL)
		act.open(conn);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)kind;
	messages++;
	snprintf(got, sizeof(got), "%.*s", (int)len, (const char *)data);
	if (act.message != NULL)
		act.message(conn);
}

static void
on_drain(struct ws_conn *conn)
{
	drains++;
	if (act.drain != NULL)
		act.drain(conn);
}

static void
on_pong(struct ws_conn *conn, const void *data, size_t len)
{
	pongs++;
	snprintf(got, sizeof(got), "%.*s", (int)len, (const char *)data);
	if (act.pong != NULL)
		act.pong(conn);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	closed++;
	ended = *how;
	if (act.close != NULL)
		act.close(conn);
}

static int endpoint_user;

static void
setup(struct ws_server *server)
{
	static const struct ws_handler handler = { .upgrade = on_upgrade,
		.open = on_open,
		.message = on_message,
		.drain = on_drain,
		.pong = on_pong,
		.close = on_close };

	live_echo(server);
	if (ws_endpoint(server, "/x", &handler, &endpoint_user) < 0)
		abort();
}

static void
begin(void)
{
	live = live_here(NULL, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_api, .init = begin, .fini = end, .timeout = 300);

/* Connect to /x and wait until it is open. */
static struct client
connect_x(void)
{
	int before = opened;
	struct client c = client_ws(live.address, "/x");

	client_until(&opened, before + 1);
	return c;
}

static size_t
connections(void)
{
	struct ws_stats stats;

	ws_stats(live.server, &stats);
	return stats.connections;
}

static void
until_connections(size_t count)
{
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;

	while (connections() != count) {
		cr_assert(client_now_ms() < deadline_ms,
		    "still %zu connections", connections());
		(void)client_wait(-1, 0, 20);
	}
}

/* ---- ending in every callback ------------------------------------------ */

static void
say_and_terminate(struct ws_conn *conn)
{
	(void)ws_send(conn, WS_TEXT, "said by the one that ends", WS_STR);
	ws_terminate(conn);
	ws_terminate(conn);
	cr_expect_eq(ws_send(conn, WS_TEXT, "x", 1), WS_ECLOSED);
	cr_expect_eq(ws_ping(conn, "x", 1), WS_ECLOSED);
	cr_expect_eq(ws_close(conn, 1000, NULL, 0), WS_ECLOSED);
	cr_expect_eq(ws_join(conn, "r", 1), WS_ECLOSED);
}

static void
say_and_close(struct ws_conn *conn)
{
	(void)ws_send(conn, WS_TEXT, "bye", WS_STR);
	(void)ws_close(conn, 4000, "enough", WS_STR);
	cr_expect_eq(ws_close(conn, 4001, "again", WS_STR), WS_ECLOSED);
	cr_expect_eq(ws_send(conn, WS_TEXT, "x", 1), WS_ECLOSED);
}

static const struct {
	const char *name;
	void (**callback)(struct ws_conn *conn);
} callbacks[] = {
	{ "open", &act.open },
	{ "message", &act.message },
	{ "pong", &act.pong },
	{ "drain", &act.drain },
};

/* Make each callback happen: open at once, the others by what is sent. */
static void
provoke(struct client *c, size_t which)
{
	static char large[300000];
	int before = drains;

	if (which == 1) {
		client_send_frame(c, TEXT, "m", 1);
		client_send_frame(c, TEXT, "m", 1);
	} else if (which == 2)
		client_send_frame(c, CLIENT_FIN | 10, "p", 1);
	else if (which == 3) {
		/* Until the socket takes no more. */
		while (ws_queued(last) < 100000)
			(void)ws_send(last, WS_BINARY, large, sizeof(large));
		while (drains == before) {
			(void)client_take(c);
			client_skip(c, c->len - c->begin);
			(void)client_wait(c->fd, POLLIN, 10);
		}
	}
}

Test(live_api, terminate_inside_every_callback)
{
	for (size_t i = 0; i < 4; i++) {
		struct client other = client_ws(live.address, "/echo"), c;
		int before = closed;

		*callbacks[i].callback = say_and_terminate;
		c = client_open(live.address);
		client_puts(&c, client_request("/x", ""));
		client_until(&opened, before + 1);
		provoke(&c, i);
		client_until(&closed, before + 1);
		cr_expect_eq(ended.code, 1006, "%s", callbacks[i].name);
		cr_expect_eq(ended.by, WS_BY_SERVER, "%s", callbacks[i].name);
		*callbacks[i].callback = NULL;
		/* What it said must not reach anybody else. */
		client_send_frame(&other, TEXT, "echo", 4);
		client_expect(&other, TEXT, "echo", 4);
		client_close(&c);
		client_close(&other);
	}
	cr_assert_eq(closed, opened);
}

Test(live_api, close_inside_every_callback)
{
	for (size_t i = 0; i < 4; i++) {
		int before = closed;
		struct client c;

		*callbacks[i].callback = say_and_close;
		c = client_ws(live.address, "/x");
		provoke(&c, i);
		if (i != 3) {
			client_expect(&c, TEXT, "bye", 3);
			client_expect_close(&c, 4000, true);
		} else
			client_close(&c);
		client_until(&closed, before + 1);
		cr_expect_eq(ended.code, 4000, "%s", callbacks[i].name);
		*callbacks[i].callback = NULL;
		client_close(&c);
	}
	cr_assert_eq(closed, opened);
}

static void
do_everything(struct ws_conn *conn)
{
	char text[WS_PEER_MAX];

	cr_expect_lt(ws_send(conn, WS_TEXT, "x", 1), 0);
	cr_expect_lt(ws_ping(conn, "x", 1), 0);
	cr_expect_lt(ws_close(conn, 1000, NULL, 0), 0);
	cr_expect_lt(ws_join(conn, "r", 1), 0);
	cr_expect_lt(ws_member_join(ws_server_of(conn), ws_conn_member(conn),
			 "member", WS_STR),
	    0, "a dead connection joined a room");
	cr_expect_not(ws_leave(conn, "r", 1));
	cr_expect_not(ws_in_room(conn, "r", 1));
	ws_leave_all(conn);
	ws_pause(conn);
	ws_resume(conn);
	ws_set_user(conn, text);
	cr_expect_eq(ws_user(conn), text);
	(void)ws_queued(conn);
	(void)ws_peer(conn, text);
	ws_terminate(conn);
}

/* Inside close the connection may still be named, for the last time. */
Test(live_api, everything_may_be_called_inside_close)
{
	act.close = do_everything;
	for (int how = 0; how < 4; how++) {
		struct client c = connect_x();

		cr_assert_eq(ws_join(last, "r", 1), 1);
		if (how == 0)
			client_send_close(&c, 1000, "");
		else if (how == 1)
			client_reset(&c);
		else if (how == 2)
			ws_terminate(last);
		else {
			(void)ws_close(last, 1000, NULL, 0);
			client_send_close(&c, 1000, "");
		}
		client_until(&closed, how + 1);
		cr_assert_eq(ws_room_count(live.server, "r", 1), 0);
		cr_assert_eq(ws_room_count(live.server, "member", WS_STR), 0);
		client_close(&c);
	}
	until_connections(0);
	cr_assert_eq(
	    ws_publish(live.server, "member", WS_STR, WS_TEXT, "x", 1, NULL),
	    0);
}

static bool
end_visited(struct ws_conn *conn, void *arg)
{
	int *count = arg;

	if (++*count % 2 == 0)
		ws_terminate(conn);
	else
		say_and_close(conn);
	return true;
}

Test(live_api, walk_may_end_what_it_visits)
{
	struct client c[10];
	int count = 0;

	for (int i = 0; i < 10; i++)
		c[i] = connect_x();
	ws_walk(live.server, end_visited, &count);
	cr_assert_eq(count, 10);
	ws_walk(live.server, end_visited, &count);
	cr_assert_eq(count, 10, "a closing connection was visited");
	for (int i = 0; i < 10; i++)
		client_close(&c[i]);
	client_until(&closed, 10);
	until_connections(0);
}

static void
stop_now(struct ws_conn *conn)
{
	ws_stop(ws_server_of(conn), 0);
}

Test(live_api, stop_inside_every_callback)
{
	for (size_t i = 0; i < 3; i++) {
		struct client c[2];
		int before = closed;

		*callbacks[i].callback = stop_now;
		c[0] = client_ws(live.address, "/echo");
		c[1] = client_open(live.address);
		client_puts(&c[1], client_request("/x", ""));
		if (i > 0) {
			(void)client_await(&c[1], 100);
			provoke(&c[1], i);
		}
		client_until(&closed, before + 1);
		*callbacks[i].callback = NULL;
		while (!ws_stopped(live.server))
			(void)client_wait(-1, 0, 10);
		client_close(&c[0]);
		client_close(&c[1]);
		live_end(&live);
		begin();
	}
}

static void
refuse_and_stop(struct ws_request *request)
{
	struct ws_server *server = ws_request_server(request);

	cr_expect_eq(ws_reply(request, 403, NULL, "no\n", WS_STR), 0);
	ws_stop(server, 1000);
}

Test(live_api, upgrade_may_refuse)
{
	struct client c = client_open(live.address);
	struct response r;

	act.upgrade = refuse_and_stop;
	client_puts(&c, client_request("/x", ""));
	cr_assert_eq(client_response(&c, &r, false), 403);
	cr_assert_str_eq(client_field(&r, "Connection"), "close");
	cr_assert_eq(r.len, 3);
	cr_assert(client_ends(&c));
	client_close(&c);
	cr_assert_eq(opened, 0);
}

/* ---- queues ------------------------------------------------------------ */

/* What was above queue_soft and has drained is told, however fast it did. */
Test(live_api, drain_follows_whenever_the_queue_was_above_soft)
{
	static char data[50000];
	struct client c = connect_x();

	while (ws_queued(last) <= 65536)
		cr_assert_eq(ws_send(last, WS_BINARY, data, sizeof(data)), 0);
	for (int i = 0; i < 2; i++)
		client_expect(&c, BINARY, data, sizeof(data));
	client_until(&drains, 1);
	client_close(&c);
}

/* A peer that reads must not be called slow because much was said at once. */
Test(live_api, two_messages_in_one_turn_find_a_fast_peer)
{
	size_t large = 1 << 20, small = 60000;
	char *data = calloc(1, large);
	struct client c = connect_x();

	cr_assert_eq(ws_send(last, WS_BINARY, data, small), 0);
	cr_assert_eq(ws_send(last, WS_BINARY, data, large), 0);
	client_expect(&c, BINARY, data, small);
	client_expect(&c, BINARY, data, large);
	cr_assert_eq(
	    ws_publish(live.server, NULL, 0, WS_BINARY, data, small, NULL), 1);
	cr_assert_eq(
	    ws_publish(live.server, NULL, 0, WS_BINARY, data, large, NULL), 1);
	client_expect(&c, BINARY, data, small);
	client_expect(&c, BINARY, data, large);
	free(data);
	client_close(&c);
}
