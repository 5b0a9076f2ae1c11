/* test_live_api.c - what ws.h promises to a program, on a real server. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test/client.h"
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

static void
on_upgrade(struct ws_request *request)
{
	if (act.upgrade != NULL)
		act.upgrade(request);
}

static void
on_open(struct ws_conn *conn)
{
	live_on_open(conn);
	if (act.open != NULL)
		act.open(conn);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	live_on_message(conn, kind, data, len);
	if (act.message != NULL)
		act.message(conn);
}

static void
on_drain(struct ws_conn *conn)
{
	live_on_drain(conn);
	if (act.drain != NULL)
		act.drain(conn);
}

static void
on_pong(struct ws_conn *conn, const void *data, size_t len)
{
	live_on_pong(conn, data, len);
	if (act.pong != NULL)
		act.pong(conn);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	live_on_close(conn, how);
	if (act.close != NULL)
		act.close(conn);
}

/* Say something, then end at once: it may arrive here, and nowhere else. */
static void
send_and_terminate(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
	ws_terminate(conn);
}

/* Pause and resume all connections, as a program that keeps them in step. */
static void
resume_all(struct ws_conn *conn, const struct ws_closed *how)
{
	live_on_close(conn, how);
	for (int i = 0; i < seen.opened; i++) {
		if (seen.conns[i] == NULL)
			continue;
		ws_pause(seen.conns[i]);
		ws_resume(seen.conns[i]);
		if (seen.conns[i] == conn)
			seen.conns[i] = NULL;
	}
}

static void
terminate_all(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	live_on_message(conn, kind, data, len);
	for (int i = 0; i < seen.opened; i++)
		ws_terminate(seen.conns[i]);
}

static void
join_late(struct ws_conn *conn, const struct ws_closed *how)
{
	live_on_close(conn, how);
	cr_expect_eq(ws_member_join(ws_server_of(conn), ws_conn_member(conn),
			 "late", WS_STR),
	    WS_ECLOSED);
}

/* It means to refuse, but what it says cannot be sent. */
static void
refuse_wrongly(struct ws_request *request)
{
	cr_expect_eq(
	    ws_reply(request, 403, "text/plain\r\nX: y", "no", 2), WS_EINVAL);
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

	static const struct ws_handler brusque = {
		.message = send_and_terminate,
	};
	static const struct ws_handler paired = {
		.open = live_on_open,
		.message = terminate_all,
		.close = resume_all,
	};
	static const struct ws_handler late = { .close = join_late };
	static const struct ws_handler refusing = { .upgrade = refuse_wrongly };

	live_echo(server);
	if (ws_endpoint(server, "/x", &handler, &endpoint_user) < 0 ||
	    ws_endpoint(server, "/brusque", &brusque, NULL) < 0 ||
	    ws_endpoint(server, "/paired", &paired, NULL) < 0 ||
	    ws_endpoint(server, "/late", &late, NULL) < 0 ||
	    ws_endpoint(server, "/refusing", &refusing, NULL) < 0)
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
	int before = seen.opened;
	struct client c = client_ws(live.address, "/x");

	client_until(&seen.opened, before + 1);
	return c;
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
	int before = seen.drains;

	if (which == 1) {
		client_send_frame(c, TEXT, "m", 1);
		client_send_frame(c, TEXT, "m", 1);
	} else if (which == 2)
		client_send_frame(c, CLIENT_FIN | 10, "p", 1);
	else if (which == 3) {
		/* Until the socket takes no more. */
		while (ws_queued(seen.last) < 100000)
			(void)ws_send(
			    seen.last, WS_BINARY, large, sizeof(large));
		while (seen.drains == before) {
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
		int before = seen.closed;

		*callbacks[i].callback = say_and_terminate;
		c = client_open(live.address);
		client_puts(&c, client_request("/x", ""));
		client_until(&seen.opened, before + 1);
		provoke(&c, i);
		client_until(&seen.closed, before + 1);
		cr_expect_eq(seen.ended.code, 1006, "%s", callbacks[i].name);
		cr_expect_eq(
		    seen.ended.by, WS_BY_SERVER, "%s", callbacks[i].name);
		*callbacks[i].callback = NULL;
		/* What it said must not reach anybody else. */
		client_send_frame(&other, TEXT, "echo", 4);
		client_expect(&other, TEXT, "echo", 4);
		client_close(&c);
		client_close(&other);
	}
	cr_assert_eq(seen.closed, seen.opened);
}

Test(live_api, close_inside_every_callback)
{
	for (size_t i = 0; i < 4; i++) {
		int before = seen.closed;
		struct client c;

		*callbacks[i].callback = say_and_close;
		c = client_ws(live.address, "/x");
		provoke(&c, i);
		if (i != 3) {
			client_expect(&c, TEXT, "bye", 3);
			client_expect_close(&c, 4000, true);
		} else
			client_close(&c);
		client_until(&seen.closed, before + 1);
		cr_expect_eq(seen.ended.code, 4000, "%s", callbacks[i].name);
		*callbacks[i].callback = NULL;
		client_close(&c);
	}
	cr_assert_eq(seen.closed, seen.opened);
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

		cr_assert_eq(ws_join(seen.last, "r", 1), 1);
		if (how == 0)
			client_send_close(&c, 1000, "");
		else if (how == 1)
			client_reset(&c);
		else if (how == 2)
			ws_terminate(seen.last);
		else {
			(void)ws_close(seen.last, 1000, NULL, 0);
			client_send_close(&c, 1000, "");
		}
		client_until(&seen.closed, how + 1);
		cr_assert_eq(ws_room_count(live.server, "r", 1), 0);
		cr_assert_eq(ws_room_count(live.server, "member", WS_STR), 0);
		client_close(&c);
	}
	live_until_connections(&live, 0);
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
	client_until(&seen.closed, 10);
	live_until_connections(&live, 0);
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
		int before = seen.closed;

		*callbacks[i].callback = stop_now;
		c[0] = client_ws(live.address, "/echo");
		c[1] = client_open(live.address);
		client_puts(&c[1], client_request("/x", ""));
		if (i > 0) {
			(void)client_await(&c[1], 100);
			provoke(&c[1], i);
		}
		client_until(&seen.closed, before + 1);
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
	cr_assert_eq(seen.opened, 0);
}

Test(live_api, what_a_dead_connection_wrote_reaches_no_other)
{
	struct client one, other;

	one = client_ws(live.address, "/brusque");
	other = client_ws(live.address, "/echo");
	client_send_frame(&one, TEXT, "secret", WS_STR);
	(void)client_await(&one, 1000);
	client_send_frame(&other, TEXT, "mine", WS_STR);
	client_expect(&other, TEXT, "mine", WS_STR);
	client_close(&one);
	client_close(&other);
}

Test(live_api, dead_connections_can_be_paused_and_resumed)
{
	struct client a, b, c;

	a = client_ws(live.address, "/paired");
	b = client_ws(live.address, "/paired");
	c = client_ws(live.address, "/paired");
	client_send_frame(&a, TEXT, "end", WS_STR);
	client_until(&seen.closed, 3);
	cr_assert(client_ends(&a) && client_ends(&b) && client_ends(&c));
	cr_assert_eq(seen.closed, 3);
	client_close(&a);
	client_close(&b);
	client_close(&c);
}

Test(live_api, nobody_joins_a_room_who_is_leaving)
{
	struct client c;

	c = client_ws(live.address, "/late");
	client_send_close(&c, 1000, "");
	client_until(&seen.closed, 1);
	cr_assert_eq(ws_room_count(live.server, "late", WS_STR), 0);
	client_close(&c);
}

/* ---- queues ------------------------------------------------------------ */

/* drain is called for a queue that was above queue_soft, however fast it is
 * emptied. */
Test(live_api, drain_follows_whenever_the_queue_was_above_soft)
{
	static char data[50000];
	struct client c = connect_x();
	int sent = 0;

	/* The system takes some, how many is its own choice. */
	for (; ws_queued(seen.last) <= 65536; sent++)
		cr_assert_eq(
		    ws_send(seen.last, WS_BINARY, data, sizeof(data)), 0);
	while (sent-- > 0)
		client_expect(&c, BINARY, data, sizeof(data));
	client_until(&seen.drains, 1);
	client_close(&c);
}

/* A peer that reads must not be called slow because much was said at once. */
Test(live_api, two_messages_in_one_turn_find_a_fast_peer)
{
	size_t large = 1 << 20, small = 60000;
	char *data = calloc(1, large);
	struct client c = connect_x();

	cr_assert_eq(ws_send(seen.last, WS_BINARY, data, small), 0);
	cr_assert_eq(ws_send(seen.last, WS_BINARY, data, large), 0);
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

/* ---- pausing ----------------------------------------------------------- */

enum {
	BATCH = 20000
};

/* Send messages "0", "1" ... in one go. */
static void
send_batch(struct client *c)
{
	uint8_t *all = malloc(BATCH * 16), *at = all;
	char text[16];

	for (int i = 0; i < BATCH; i++) {
		int n = snprintf(text, sizeof(text), "%d", i);

		at += client_frame(at, TEXT, text, (size_t)n);
	}
	client_send(c, all, (size_t)(at - all));
	free(all);
}

static int disorder;

static void
check_order(struct ws_conn *conn)
{
	(void)conn;
	disorder += atoi(seen.got) != seen.messages - 1;
}

static void
pause_always(struct ws_conn *conn)
{
	check_order(conn);
	ws_pause(conn);
}

Test(live_api, a_paused_connection_gets_nothing_and_loses_nothing)
{
	struct client c = connect_x();

	act.message = pause_always;
	send_batch(&c);
	for (int i = 1; i <= BATCH; i++) {
		client_until(&seen.messages, i);
		if (i < 5 || i % 5000 == 0) {
			for (int n = 0; n < 3; n++)
				(void)client_wait(-1, 0, 1);
			cr_assert_eq(seen.messages, i, "not paused");
		}
		ws_resume(seen.last);
	}
	cr_assert_eq(disorder, 0);
	client_close(&c);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.messages, BATCH);
}

static void
pause_and_resume(struct ws_conn *conn)
{
	check_order(conn);
	ws_pause(conn);
	ws_resume(conn);
}

Test(live_api, pausing_and_resuming_at_once_is_nothing)
{
	struct client c = connect_x();

	act.message = pause_and_resume;
	send_batch(&c);
	client_until(&seen.messages, BATCH);
	cr_assert_eq(disorder, 0);
	client_close(&c);
}

Test(live_api, a_paused_connection_can_be_closed)
{
	struct client c = connect_x();

	act.message = pause_always;
	send_batch(&c);
	client_until(&seen.messages, 1);
	cr_assert_eq(ws_close(seen.last, 4000, "x", 1), 0);
	client_expect_close(&c, 4000, true);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.messages, 1);
	cr_assert_eq(seen.ended.code, 4000);
	client_close(&c);
}

/* ---- messages ---------------------------------------------------------- */

Test(live_api, wrong_arguments_are_refused)
{
	struct client c = connect_x();
	char long_reason[200];

	memset(long_reason, 'r', sizeof(long_reason));
	cr_assert_eq(ws_send(seen.last, 0, "x", 1), WS_EINVAL);
	cr_assert_eq(ws_send(seen.last, 8, "x", 1), WS_EINVAL);
	cr_assert_eq(ws_send(seen.last, 3, "x", 1), WS_EINVAL);
	cr_assert_eq(ws_ping(seen.last, long_reason, 126), WS_EINVAL);
	cr_assert_null(ws_prepare(9, "x", 1));
	cr_assert_eq(
	    ws_publish(live.server, NULL, 0, 9, "x", 1, NULL), WS_EINVAL);
	for (int code = -1; code < 70000; code++) {
		bool allowed = (code >= 3000 && code < 5000) ||
			       (code >= 1000 && code <= 1014 &&
				   (code < 1004 || code > 1006));

		if (code != 0 && !allowed)
			cr_assert_eq(ws_close(seen.last, code, "", 0),
			    WS_EINVAL, "%d", code);
	}
	/* A reason too long is cut at a character. */
	long_reason[122] = '\xC3';
	long_reason[123] = '\xB6';
	cr_assert_eq(ws_close(seen.last, 1000, long_reason, 200), 0);
	{
		struct frame f;

		cr_assert(client_recv_frame(&c, &f));
		cr_assert_eq(f.len, 2 + 122);
	}
	client_close(&c);
}

Test(live_api, pings_of_the_program_bring_pongs)
{
	struct client c = connect_x();
	struct frame f;

	cr_assert_eq(ws_ping(seen.last, "are you there", WS_STR), 0);
	cr_assert(client_recv_frame(&c, &f));
	cr_assert_eq(f.first, CLIENT_FIN | 9);
	client_send_frame(&c, CLIENT_FIN | 10, f.data, f.len);
	client_until(&seen.pongs, 1);
	cr_assert_str_eq(seen.got, "are you there");
	client_close(&c);
}

Test(live_api, prepared_messages_are_encoded_once)
{
	static const size_t lengths[] = { 0, 5, 125, 126, 65535, 65536,
		300000 };
	struct client c = connect_x();

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		char *data = calloc(1, lengths[i] + 1);
		struct ws_prepared *m = ws_prepare(WS_BINARY, data, lengths[i]);
		size_t len;
		int kind;

		cr_assert_eq(
		    memcmp(ws_prepared_data(m, &kind, &len), data, lengths[i]),
		    0);
		cr_assert_eq(kind, WS_BINARY);
		cr_assert_eq(len, lengths[i]);
		cr_assert_eq(ws_prepared_ref(m), m);
		cr_assert_eq(ws_send_prepared(seen.last, m, 0), 0);
		ws_prepared_free(m);
		cr_assert_eq(ws_send_prepared(seen.last, m, 0), 0);
		ws_prepared_free(m);
		client_expect(&c, BINARY, data, lengths[i]);
		client_expect(&c, BINARY, data, lengths[i]);
		free(data);
	}
	ws_prepared_free(NULL);
	cr_assert_null(ws_prepared_ref(NULL));
	client_close(&c);
}

/* ---- upgrades ---------------------------------------------------------- */

static struct ws_request *waiting;
static int waits, gone;

static void
choose(struct ws_request *request)
{
	static int user;
	struct ws_conn *conn;

	cr_expect_eq(ws_request_user(request), &endpoint_user);
	cr_expect(ws_offers(request, "chat"));
	cr_expect(ws_offers(request, "super"));
	cr_expect_not(ws_offers(request, "Chat"));
	cr_expect_not(ws_offers(request, "cha"));
	cr_expect_not(ws_offers(request, ""));
	cr_expect_null(ws_accept(request, "other", NULL));
	cr_expect_eq(ws_reply_field(request, "Set-Cookie", "sid=1"), 0);
	conn = ws_accept(request, "super", &user);
	cr_expect_not_null(conn);
	cr_expect_eq(ws_user(conn), &user);
	cr_expect_eq(ws_endpoint_user(conn), &endpoint_user);
	cr_expect_eq(ws_server_of(conn), live.server);
}

Test(live_api, rfc6455_4_2_2_the_program_chooses_the_subprotocol)
{
	struct client c = client_open(live.address);
	struct response r;

	act.upgrade = choose;
	client_puts(&c,
	    client_request("/x", "Sec-WebSocket-Protocol: chat,\t\r\n"
				 "Sec-WebSocket-Protocol: a, super ,b\r\n"));
	cr_assert_eq(client_response(&c, &r, false), 101);
	cr_assert_str_eq(client_field(&r, "Sec-WebSocket-Protocol"), "super");
	cr_assert_str_eq(client_field(&r, "Set-Cookie"), "sid=1");
	client_close(&c);
}

static void
on_waiting_gone(struct ws_request *request, void *arg)
{
	(void)arg;
	cr_expect_eq(request, waiting);
	gone++;
}

static void
decide_later(struct ws_request *request)
{
	cr_expect_eq(ws_hold(request, on_waiting_gone, NULL), 0);
	waiting = request;
	waits++;
}

Test(live_api, an_upgrade_may_be_decided_later)
{
	struct client c = client_open(live.address);
	struct response r;

	act.upgrade = decide_later;
	client_puts(&c, client_request("/x", "Sec-WebSocket-Protocol: p\r\n"));
	client_send_frame(&c, TEXT, "early", 5);
	client_until(&waits, 1);
	cr_assert(client_is_quiet(&c, 20));
	cr_assert_eq(seen.messages, 0);
	cr_assert_null(ws_accept(waiting, "q", NULL));
	cr_assert_not_null(ws_accept(waiting, "p", NULL));
	cr_assert_eq(client_response(&c, &r, false), 101);
	client_until(&seen.messages, 1);
	cr_assert_str_eq(seen.got, "early");
	client_close(&c);
	/* Refused later, and left before. */
	c = client_open(live.address);
	client_puts(&c, client_request("/x", ""));
	client_until(&waits, 2);
	cr_assert_eq(ws_reply(waiting, 401, NULL, "who?", WS_STR), 0);
	cr_assert_eq(client_response(&c, &r, false), 401);
	cr_assert(client_ends(&c));
	client_close(&c);
	c = client_open(live.address);
	client_puts(&c, client_request("/x", ""));
	client_until(&waits, 3);
	client_close(&c);
	client_until(&gone, 1);
	cr_assert_eq(seen.opened, 1);
}

Test(live_api, an_upgrade_refused_wrongly_is_not_accepted)
{
	struct client c;
	struct response r;

	c = client_open(live.address);
	client_puts(&c, client_request("/refusing", ""));
	cr_assert_eq(client_response(&c, &r, false), 500);
	client_close(&c);
}

/* ---- timers ------------------------------------------------------------ */

static struct ws_timer *timer;
static int fired, beats;

static void
on_fire(struct ws_timer *t, void *arg)
{
	(void)t;
	*(int *)arg += 1;
}

static void
again_twice(struct ws_timer *t, void *arg)
{
	(void)arg;
	if (++fired < 3)
		cr_expect_eq(ws_timer_again(t, 0), 0);
}

static void
stop_third(struct ws_timer *t, void *arg)
{
	(void)arg;
	if (++beats == 3)
		ws_timer_stop(t);
}

static void
stop_other(struct ws_timer *t, void *arg)
{
	(void)t;
	(void)arg;
	ws_timer_stop(timer);
	timer = NULL;
	fired++;
}

Test(live_api, timers_fire_once_again_or_repeatedly)
{
	int never = 0, once = 0, done = 0;
	struct ws_timer *t;

	cr_assert_not_null(ws_timer_start(live.server, 5, 0, on_fire, &once));
	cr_assert_not_null(
	    ws_timer_start(live.server, -5, 0, again_twice, NULL));
	cr_assert_not_null(ws_timer_start(live.server, 1, 1, stop_third, NULL));
	t = ws_timer_start(live.server, 1, 0, on_fire, &never);
	ws_timer_stop(t);
	ws_timer_stop(NULL);
	t = ws_timer_start(live.server, 1, 0, on_fire, &never);
	cr_assert_eq(ws_timer_again(t, 1000000), 0);
	cr_assert_not_null(ws_timer_start(live.server, 50, 0, on_fire, &done));
	client_until(&done, 1);
	client_until(&fired, 3);
	client_until(&beats, 3);
	cr_assert_eq(once, 1);
	cr_assert_eq(never, 0);
	cr_assert_eq(beats, 3);
	/* Two that are due in the same turn: the first stops the second. */
	fired = 0;
	cr_assert_not_null(ws_timer_start(live.server, 1, 0, stop_other, NULL));
	timer = ws_timer_start(live.server, 1, 0, on_fire, &never);
	client_until(&fired, 1);
	cr_assert_eq(never, 0);
}

Test(live_api, timers_may_be_set_to_the_end_of_time)
{
	int never = 0, once = 0, done = 0;

	cr_assert_not_null(
	    ws_timer_start(live.server, INT64_MAX, 0, on_fire, &never));
	cr_assert_not_null(
	    ws_timer_start(live.server, 1, INT64_MAX, on_fire, &once));
	client_until(&once, 1);
	cr_assert_not_null(ws_timer_start(live.server, 20, 0, on_fire, &done));
	client_until(&done, 1);
	cr_assert_eq(never, 0);
	cr_assert_eq(once, 1);
}

/* The loop's clock may be old when a timer is started from outside. */
Test(live_api, a_timer_started_from_outside_is_not_early)
{
	struct timespec nap = { .tv_nsec = 300 * 1000 * 1000 };
	int64_t from_ms;
	int done = 0;

	(void)client_wait(-1, 0, 0);
	(void)nanosleep(&nap, NULL);
	from_ms = client_now_ms();
	cr_assert_not_null(ws_timer_start(live.server, 200, 0, on_fire, &done));
	client_until(&done, 1);
	cr_assert_geq(client_now_ms() - from_ms, 200);
}

/* A timer that always fires at once does not keep the loop from the rest. */
static void
again_at_once(struct ws_timer *t, void *arg)
{
	(void)arg;
	fired++;
	(void)ws_timer_again(t, 0);
}

Test(live_api, a_timer_that_always_fires_leaves_time_for_others)
{
	struct client c;

	timer = ws_timer_start(live.server, 0, 0, again_at_once, NULL);
	c = client_ws(live.address, "/echo");
	client_send_frame(&c, TEXT, "x", 1);
	client_expect(&c, TEXT, "x", 1);
	cr_assert_gt(fired, 0);
	client_close(&c);
}

/* ---- descriptors and work ---------------------------------------------- */

static struct ws_watch *watch;
static int readable, writable;

static void
on_ready(struct ws_watch *w, unsigned events, void *arg)
{
	char octet;

	cr_expect_eq(w, watch);
	if (events & WS_READABLE) {
		readable++;
		cr_expect_eq(read(*(int *)arg, &octet, 1), 1);
		if (octet == 'q') {
			ws_unwatch(w);
			watch = NULL;
			return;
		}
		if (octet == 'w')
			cr_expect_eq(ws_watch_set(w, WS_WRITABLE), 0);
	}
	if (events & WS_WRITABLE) {
		writable++;
		cr_expect_eq(ws_watch_set(w, WS_READABLE), 0);
	}
}

Test(live_api, foreign_descriptors_are_watched)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = ws_watch(live.server, ends[0], WS_READABLE, on_ready, &ends[0]);
	cr_assert_not_null(watch);
	cr_assert_null(
	    ws_watch(live.server, -1, WS_READABLE, on_ready, &ends[0]));
	cr_assert_eq(write(ends[1], "aw", 2), 2);
	client_until(&readable, 2);
	client_until(&writable, 1);
	cr_assert_eq(write(ends[1], "q", 1), 1);
	client_until(&readable, 3);
	cr_assert_null(watch);
	cr_assert_eq(write(ends[1], "x", 1), 1);
	for (int i = 0; i < 5; i++)
		(void)client_wait(-1, 0, 1);
	cr_assert_eq(readable, 3);
	ws_unwatch(NULL);
	close(ends[0]);
	close(ends[1]);
}

static int turns;

static void
defer_again(void *arg)
{
	(void)arg;
	if (++turns < 3)
		cr_expect_eq(ws_defer(live.server, defer_again, NULL), 0);
}

Test(live_api, deferred_work_runs_and_may_defer_more)
{
	cr_assert_eq(ws_defer(live.server, defer_again, NULL), 0);
	cr_assert_eq(turns, 0);
	cr_assert_eq(ws_timeout(live.server), 0);
	client_until(&turns, 3);
	/* What is never run is released with the server. */
	cr_assert_eq(ws_defer(live.server, defer_again, NULL), 0);
}

Test(live_api, no_descriptor_cannot_be_watched)
{
	errno = 0;
	cr_assert(ws_watch(live.server, -1, WS_READABLE, NULL, NULL) == NULL);
	cr_assert_eq(errno, EBADF);
}

/* ---- servers ----------------------------------------------------------- */

Test(live_api, ipv6_unix_and_inherited_sockets)
{
	char path[] = "/tmp/ws-test-XXXXXX", address[64], text[128];
	struct client c;
	int fd;

	cr_assert_not_null(mkdtemp(path));
	snprintf(address, sizeof(address), "unix:%s/s", path);
	cr_assert_eq(ws_listen(live.server, address), 0);
	cr_assert_eq(ws_listen(live.server, address), WS_ESYSTEM);
	c = client_ws(address, "/x");
	client_until(&seen.opened, 1);
	cr_assert_str_eq(ws_peer(seen.last, text), "unix");
	client_close(&c);
	cr_assert_eq(ws_address(live.server, 1, text, sizeof(text)), 0);
	cr_assert_str_eq(text, address);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(listen(fd, 5), 0);
	cr_assert_eq(ws_listen_fd(live.server, fd), 0);
	cr_assert_eq(ws_address(live.server, 2, text, sizeof(text)), 0);
	snprintf(address, sizeof(address), "127.0.0.1%s", strrchr(text, ':'));
	c = client_ws(address, "/echo");
	client_close(&c);
	cr_assert_lt(ws_listen_fd(live.server, 0), 0);
	cr_assert_eq(ws_address(live.server, 3, text, sizeof(text)), WS_EINVAL);
	if (ws_listen(live.server, "[::1]:0") == 0) {
		cr_assert_eq(ws_address(live.server, 3, text, sizeof(text)), 0);
		c = client_ws(text, "/x");
		client_until(&seen.opened, 2);
		cr_assert_eq(strncmp(ws_peer(seen.last, text), "[::1]:", 6), 0);
		client_close(&c);
	}
	live_end(&live);
	cr_assert_eq(rmdir(path), 0, "the socket's file is still there");
	begin();
}

Test(live_api, two_servers_in_one_process)
{
	struct live one = live, two;
	struct client a = client_ws(one.address, "/echo"), b;

	two = live_here(NULL, setup, NULL);
	b = client_ws(two.address, "/echo");
	for (int i = 0; i < 100; i++) {
		client_server = one.server;
		client_send_frame(&a, TEXT, "one", 3);
		client_expect(&a, TEXT, "one", 3);
		client_server = two.server;
		client_send_frame(&b, TEXT, "two", 3);
		client_expect(&b, TEXT, "two", 3);
	}
	client_close(&a);
	client_close(&b);
	live_end(&two);
	client_server = one.server;
}

Test(live_api, a_base_path_is_taken_off)
{
	static const struct ws_options options = { .base_path = "/live/",
		.log_level = -1 };
	static const struct {
		const char *path;
		int status;
	} rows[] = { { "/live/hello", 200 }, { "/live/hello?x", 200 },
		{ "/hello", 404 }, { "/livehello", 404 }, { "/liv", 404 },
		{ "/live", 308 }, { "/live/", 404 },
		{ "http://a.example/live/hello", 200 },
		{ "http://a.example", 404 } };
	struct client c;
	struct response r;
	char text[256];

	live_end(&live);
	live = live_here(&options, setup, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		c = client_open(live.address);
		snprintf(text, sizeof(text),
		    "GET %s HTTP/1.1\r\nHost: a.example\r\n\r\n", rows[i].path);
		client_puts(&c, text);
		cr_expect_eq(client_response(&c, &r, false), rows[i].status,
		    "%s: %d", rows[i].path, r.status);
		if (r.status == 308)
			cr_expect_str_eq(
			    client_field(&r, "Location"), "/live/");
		client_close(&c);
	}
	c = client_ws(live.address, "/live/echo");
	client_close(&c);
}

Test(live_api, endpoints_are_checked_when_they_are_added)
{
	static const struct ws_handler nothing = { 0 };
	static const struct ws_asset unsorted[] = {
		{ "/b", (const unsigned char *)"b", 1, "\"b\"", 0 },
		{ "/a", (const unsigned char *)"a", 1, "\"a\"", 0 },
	};
	struct ws_server *s = live.server;
	struct ws_files_options options = { 0 };
	char cache[2002] = "";

	cr_assert_eq(ws_assets(s, "/assets/", unsorted, 2, NULL), WS_EINVAL);
	cr_assert_eq(ws_endpoint(s, "x", &nothing, NULL), WS_EINVAL);
	cr_assert_eq(ws_endpoint(s, "", &nothing, NULL), WS_EINVAL);
	cr_assert_eq(ws_endpoint(s, "/x", &nothing, NULL), WS_EEXIST);
	cr_assert_eq(ws_http(s, "/hello", NULL, live_hold, NULL), WS_EEXIST);
	cr_assert_eq(ws_http(s, "/x", NULL, live_hold, NULL), 0);
	cr_assert_lt(ws_files(s, "/files/", "/no/such/directory", NULL), 0);
	cr_assert_eq(ws_files(s, "/files", "/tmp", NULL), WS_EINVAL);
	/* A field that no answer could have. */
	options.cache = "a\r\nb";
	cr_assert_eq(ws_files(s, "/files/", "/tmp", &options), WS_EINVAL);
	options.cache = memset(cache, 'a', sizeof(cache) - 1);
	cr_assert_eq(ws_files(s, "/files/", "/tmp", &options), WS_EINVAL);
	cache[1000] = '\0';
	cr_assert_eq(ws_files(s, "/files/", "/tmp", &options), 0);
	cr_assert_lt(ws_listen(s, "nonsense"), 0);
	cr_assert_lt(ws_listen(s, live.address), 0);
}

Test(live_api, stats_count_what_there_is)
{
	struct client c = connect_x(), d = client_open(live.address);
	struct ws_stats s;

	live_until_connections(&live, 2);
	client_send_frame(&c, TEXT, "x", 1);
	client_until(&seen.messages, 1);
	(void)ws_send(seen.last, WS_TEXT, "y", 1);
	(void)ws_join(seen.last, "r", 1);
	ws_stats(live.server, &s);
	cr_assert_eq(s.connections, 2);
	cr_assert_eq(s.websockets, 1);
	cr_assert_eq(s.rooms, 1);
	cr_assert_eq(s.accepted, 2);
	cr_assert_eq(s.messages_in, 1);
	cr_assert_eq(s.messages_out, 1);
	cr_assert_gt(s.max_clients, 0);
	client_close(&c);
	client_close(&d);
	live_until_connections(&live, 0);
	ws_stats(live.server, &s);
	cr_assert_eq(s.websockets, 0);
	cr_assert_eq(s.rooms, 0);
	cr_assert_eq(s.accepted, 2);
}

/* What does not end within the grace is ended; a second call makes it
 * shorter. */
Test(live_api, stopping_has_a_grace)
{
	struct client deaf = connect_x(), c = connect_x();

	ws_stop(live.server, 1000000);
	client_expect_close(&c, 1001, true);
	client_close(&c);
	client_until(&seen.closed, 1);
	cr_assert_not(ws_stopped(live.server));
	ws_stop(live.server, 50);
	while (!ws_stopped(live.server))
		(void)client_wait(-1, 0, 10);
	cr_assert_eq(seen.closed, 2);
	cr_assert_eq(seen.ended.code, 1001);
	client_close(&deaf);
}

Test(live_api, each_error_has_a_text)
{
	for (int error = WS_EEXIST; error <= 0; error++)
		cr_assert_gt(strlen(ws_strerror(error)), 0);
	cr_assert_str_neq(ws_strerror(WS_EFULL), ws_strerror(WS_ENOMEM));
}

/* wsd itself: a room, and SIGTERM closes it with 1001 and status 0. */
Test(live_api, the_program_ends_in_good_order)
{
	static const char *const arguments[] = { "--grace", "20s", NULL };
	struct live program = live_program(arguments);
	struct client a = client_ws(program.address, "/room/x");
	struct client b = client_ws(program.address, "/room/x");

	/* Who was answered is in the room. */
	client_send_frame(&a, TEXT, "hi", 2);
	client_expect(&b, TEXT, "hi", 2);
	cr_assert_eq(kill(program.pid, SIGTERM), 0);
	client_expect_close(&a, 1001, true);
	client_expect_close(&b, 1001, true);
	client_close(&a);
	client_close(&b);
	live_end(&program);
}

/* ---- origins, owners, randomness ---------------------------------------------- */

static void
no_endpoint(struct ws_server *server)
{
	(void)server;
}

Test(live_api, an_endpoint_may_have_origins_of_its_own)
{
	struct ws_options options = { .log_level = -1 };
	struct live l = live_here(&options, no_endpoint, NULL);
	struct ws_handler open = { .origin = "*" };
	static const struct {
		const char *path;
		int status;
	} rows[] = { { "/open", 101 }, { "/closed", 403 } };

	cr_assert_eq(ws_endpoint(l.server, "/open", &open, NULL), 0);
	open.origin = NULL;
	cr_assert_eq(ws_endpoint(l.server, "/closed", &open, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = client_open(l.address);
		struct response r;

		client_puts(&c, client_request(rows[i].path,
				    "Origin: https://elsewhere.example\r\n"));
		cr_expect_eq(client_response(&c, &r, false), rows[i].status,
		    "%s", rows[i].path);
		client_close(&c);
	}
	live_end(&l);
}

static void
answer_owner(struct ws_request *request)
{
	unsigned char owner[16];

	memset(owner, 0xaa, sizeof(owner));
	ws_request_owner(request, owner);
	cr_expect_eq(ws_reply(request, 200, NULL, owner, sizeof(owner)), 0);
}

/* IPv6: see test_peers.c. */
Test(live_api, an_address_has_an_owner)
{
	static const struct {
		const char *listen;
		unsigned char owner[16];
	} rows[] = {
		{ "127.0.0.1:0",
		    { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } },
		{ "unix:build/test/owner", { 0 } },
	};
	struct ws_options options = { .log_level = -1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct live l =
		    live_here(&options, no_endpoint, rows[i].listen);
		struct client c = client_open(l.address);
		struct response r;

		cr_assert_eq(
		    ws_http(l.server, "/", "GET", answer_owner, NULL), 0);
		client_puts(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		cr_assert_eq(client_response(&c, &r, false), 200);
		cr_expect_arr_eq(
		    r.body, rows[i].owner, 16, "%s", rows[i].listen);
		client_close(&c);
		live_end(&l);
	}
}

Test(live_api, random_octets_differ)
{
	unsigned char a[16] = { 0 }, b[16] = { 0 };

	cr_assert_eq(ws_random(a, sizeof(a)), 0);
	cr_assert_eq(ws_random(b, sizeof(b)), 0);
	cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
}

/* ---- messages written as printf does --------------------------------------- */

static void
answer_formatted(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	struct ws_server *server = ws_server_of(conn);
	int width = len == 4 ? 300 : 0; /* longer than any room on a stack */

	(void)data;
	cr_expect_eq(
	    ws_sendf(conn, kind, "%*s%zu and %s", width, "", len, "x"), 0);
	cr_expect_eq(ws_sendf(conn, 3, "%s", "of no kind"), WS_EINVAL);
	cr_expect_eq(ws_join(conn, "room", WS_STR), len == 4 ? 0 : 1);
	cr_expect_eq(ws_publishf(server, "room", WS_STR, WS_TEXT, "%*s%d%%",
			 width, "", 7),
	    1);
	cr_expect_eq(
	    ws_publishf(server, "nobody", 6, WS_TEXT, "%s", "lost"), 0);
	cr_expect_eq(ws_publishf(server, "room", WS_STR, 9, "%s", "of no kind"),
	    WS_EINVAL);
}

Test(live_api, messages_are_written_as_printf_does)
{
	static const struct ws_handler handler = { .message =
						       answer_formatted };
	char longer[310];
	struct client c;

	cr_assert_eq(ws_endpoint(live.server, "/formatted", &handler, NULL), 0);
	c = client_ws(live.address, "/formatted");
	client_send_frame(&c, TEXT, "one", 3);
	client_expect(&c, TEXT, "3 and x", 7);
	client_expect(&c, TEXT, "7%", 2);
	client_send_frame(&c, BINARY, "four", 4);
	memset(longer, ' ', sizeof(longer));
	memcpy(longer + 300, "4 and x", 7);
	client_expect(&c, BINARY, longer, 307);
	memcpy(longer + 300, "7%", 2);
	client_expect(&c, TEXT, longer, 302);
	client_close(&c);
}

/* ---- serving and the end --------------------------------------------------- */

static char order[16];

static void
note(void *arg)
{
	strcat(order, arg);
}

static void
cancel_first(void *arg)
{
	strcat(order, "c");
	ws_at_free_cancel(arg, note, (char[]){ "never asked for" });
	ws_at_free_cancel(arg, note, order + 8);
}

Test(live_api, what_belongs_to_a_server_is_released_before_it)
{
	struct ws_server *server = ws_server_new(NULL);
	char a[] = "a", b[] = "b";

	cr_assert_eq(ws_at_free(server, note, order + 8), 0);
	cr_assert_eq(ws_at_free(server, note, a), 0);
	cr_assert_eq(ws_at_free(server, cancel_first, server), 0);
	cr_assert_eq(ws_at_free(server, note, b), 0);
	ws_server_free(server);
	cr_assert_str_eq(order, "bca");
}

static char logged[256];

static void
keep_line(void *arg, int level, const char *text)
{
	(void)level;
	(void)arg;
	if (strncmp(text, "listening on ", 13) == 0)
		(void)snprintf(logged, sizeof(logged), "%s", text);
}

static void
stop_serving(struct ws_timer *t, void *arg)
{
	(void)t;
	ws_stop(arg, 0);
}

Test(live_api, serving_says_where_and_ends_with_the_server_released)
{
	static const struct {
		const char *address, *page, *begin, *end;
	} rows[] = {
		{ "127.0.0.1:0", "chat.html",
		    "listening on http://127.0.0.1:", "/live/chat.html" },
		{ ":0", NULL, "listening on http://localhost:", "/live/" },
		{ "unix:/tmp/wsd-test-serve", NULL,
		    "listening on unix:/tmp/wsd-test-serve", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ws_options options = { .log = keep_line,
			.base_path = "/live" };
		struct ws_server *server = ws_server_new(&options);
		size_t end = strlen(rows[i].end);
		char x[] = "x";

		order[0] = '\0';
		cr_assert_eq(ws_at_free(server, note, x), 0);
		cr_assert_not_null(
		    ws_timer_start(server, 0, 0, stop_serving, server));
		cr_assert_eq(
		    ws_serve(server, rows[i].address, rows[i].page), 0);
		cr_expect_str_eq(order, "x");
		cr_expect_eq(
		    strncmp(logged, rows[i].begin, strlen(rows[i].begin)), 0,
		    "%s", logged);
		cr_expect_str_eq(logged + strlen(logged) - end, rows[i].end);
	}
	cr_assert_eq(ws_serve(NULL, ":0", NULL), WS_ENOMEM);
	cr_assert_eq(
	    ws_serve(ws_server_new(&(struct ws_options){ .log_level = -1 }),
		"nowhere", NULL),
	    WS_EINVAL);
}

/* ---- work that is counted ------------------------------------------------ */

static bool went_on;

static void
work_long(struct ws_conn *conn)
{
	went_on = ws_spend(ws_server_of(conn), 10000);
}

static void
work_little(struct ws_conn *conn)
{
	went_on = ws_spend(ws_server_of(conn), 1);
}

static void
work_in_timer(struct ws_timer *t, void *arg)
{
	struct ws_server **server = arg;
	int n = 0;

	(void)t;
	while (ws_spend(*server, 1000))
		n++;
	seen.messages = n;
	*server = NULL;
}

/* Count the messages that one turn hands on, of twenty that came at once. */
static int
messages_of_a_turn(void)
{
	struct client c = client_ws(live.address, "/x");
	uint8_t flood[20 * 8];
	size_t len = 0;
	int most = 0, before = 0;

	seen.messages = 0;
	for (int i = 0; i < 20; i++)
		len += client_frame(flood + len, TEXT, "x", 1);
	cr_assert_eq(write(c.fd, flood, len), (ssize_t)len);
	while (seen.messages < 20) {
		cr_assert_geq(ws_step(live.server, 1000), 0);
		if (seen.messages - before > most)
			most = seen.messages - before;
		before = seen.messages;
	}
	client_close(&c);
	return most;
}

Test(live_api, work_that_is_counted_makes_its_connection_wait)
{
	act.message = work_long;
	cr_expect_eq(messages_of_a_turn(), 1);
	cr_expect_not(went_on);
	act.message = work_little;
	cr_expect_eq(messages_of_a_turn(), 20);
	cr_expect(went_on);
}

Test(live_api, a_timer_has_two_milliseconds_of_work)
{
	struct ws_server *server = live.server;

	cr_assert_not_null(
	    ws_timer_start(live.server, 0, 0, work_in_timer, &server));
	while (server != NULL)
		cr_assert_geq(ws_step(live.server, 1000), 0);
	cr_expect_eq(seen.messages, 19);
}

/* ---- the log ----------------------------------------------------------- */

struct lines {
	unsigned count;
	char last[64];
};

static void
count_line(void *arg, int level, const char *line)
{
	struct lines *lines = arg;

	(void)level;
	lines->count++;
	snprintf(lines->last, sizeof(lines->last), "%s", line);
}

Test(live_api, an_application_logs_lines_and_limits_those_of_strangers)
{
	struct lines lines = { 0 };
	struct ws_options options = { .log = count_line, .log_arg = &lines };
	struct ws_server *server = ws_server_new(&options);

	cr_assert_not_null(server);
	for (int i = 0; i < 30; i++)
		ws_log_line(server, WS_LOG_INFO, NULL, "line %d\n", i);
	cr_assert_eq(lines.count, 30);
	cr_assert_str_eq(lines.last, "line 29?");
	for (int i = 0; i < 30; i++)
		ws_log_line(server, WS_LOG_INFO, "for tests", "line %d", i);
	cr_assert_eq(lines.count, 40);
	cr_assert_str_eq(lines.last, "line 9");
	ws_log_line(server, WS_LOG_DEBUG, NULL, "above the level");
	cr_assert_eq(lines.count, 40);
	ws_server_free(server);
	cr_assert_eq(lines.count, 41);
	cr_assert_str_eq(lines.last, "and 20 more for tests");
}
