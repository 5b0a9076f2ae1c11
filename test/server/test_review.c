/* test_review.c - callbacks, clocks and peers that meet at a bad moment. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "test/client.h"
#include "test/live/live.h"

#define TEXT (CLIENT_FIN | 1)
#define PING (CLIENT_FIN | 9)

static struct live live;
static struct ws_options options;
static struct ws_conn *conns[8];
static struct ws_request *held;
static int opened, closed, drained, gone, asked;

/* ---- endpoints --------------------------------------------------------- */

static void
on_open(struct ws_conn *conn)
{
	conns[opened++ % 8] = conn;
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)how;
	(void)conn;
	closed++;
}

static void
on_drain(struct ws_conn *conn)
{
	(void)conn;
	drained++;
}

static void
echo(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
}

/* Say something, then end at once: it may arrive here, and nowhere else. */
static void
send_and_terminate(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
	ws_terminate(conn);
}

/* What a program does that keeps two connections in step. */
static void
resume_all(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)conn;
	(void)how;
	closed++;
	for (int i = 0; i < opened; i++) {
		if (conns[i] == NULL)
			continue;
		ws_pause(conns[i]);
		ws_resume(conns[i]);
		if (conns[i] == conn)
			conns[i] = NULL;
	}
}

static void
terminate_all(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)conn;
	(void)kind;
	(void)data;
	(void)len;
	for (int i = 0; i < opened; i++)
		ws_terminate(conns[i]);
}

static void
join_late(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)how;
	closed++;
	cr_expect_eq(ws_member_join(ws_server_of(conn), ws_conn_member(conn),
			 "late", WS_STR),
	    WS_ECLOSED);
}

static void
on_gone(struct ws_request *request, void *arg)
{
	(void)request;
	(void)arg;
	gone++;
}

static void
hold(struct ws_request *request)
{
	held = request;
	asked++;
	(void)ws_hold(request, on_gone, NULL);
}

static void
hold_forever(struct ws_request *request)
{
	held = request;
	asked++;
	(void)ws_hold(request, NULL, NULL);
}

static void
stop(struct ws_request *request)
{
	(void)ws_reply(request, 200, NULL, "stopping", WS_STR);
	ws_stop(ws_request_server(request), 5000);
}

/* It means to refuse, but what it says cannot be sent. */
static void
refuse_wrongly(struct ws_request *request)
{
	cr_expect_eq(
	    ws_reply(request, 403, "text/plain\r\nX: y", "no", 2), WS_EINVAL);
}

static void
count(struct ws_request *request)
{
	asked++;
	(void)ws_reply(request, 204, NULL, NULL, 0);
}

static void
large(struct ws_request *request)
{
	static char body[8 << 20];

	(void)ws_reply(request, 200, "text/plain", body, sizeof(body));
}

static void
setup(struct ws_server *server)
{
	static const struct ws_handler plain = {
		.open = on_open,
		.message = echo,
		.drain = on_drain,
		.close = on_close,
	};
	static const struct ws_handler brusque = {
		.message = send_and_terminate,
	};
	static const struct ws_handler paired = {
		.open = on_open,
		.message = terminate_all,
		.close = resume_all,
	};
	static const struct ws_handler late = { .close = join_late };
	static const struct ws_handler refusing = { .upgrade = refuse_wrongly };

	if (ws_endpoint(server, "/echo", &plain, NULL) < 0 ||
	    ws_endpoint(server, "/brusque", &brusque, NULL) < 0 ||
	    ws_endpoint(server, "/paired", &paired, NULL) < 0 ||
	    ws_endpoint(server, "/late", &late, NULL) < 0 ||
	    ws_endpoint(server, "/refusing", &refusing, NULL) < 0 ||
	    ws_http(server, "/hold", NULL, hold, NULL) < 0 ||
	    ws_http(server, "/forever", NULL, hold_forever, NULL) < 0 ||
	    ws_http(server, "/large", NULL, large, NULL) < 0 ||
	    ws_http(server, "/get", "GET", stop, NULL) < 0 ||
	    ws_http(server, "/count", NULL, count, NULL) < 0 ||
	    ws_http(server, "/stop", NULL, stop, NULL) < 0)
		abort();
}

static void
begin(void)
{
	options = (struct ws_options){ .log_level = -1 };
}

static void
start(void)
{
	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(review, .init = begin, .fini = end, .timeout = 120);

/* Let the server go on for so long, whatever happens. */
static void
let_pass(int ms)
{
	int64_t until_ms = client_now_ms() + ms, left;

	while ((left = until_ms - client_now_ms()) > 0)
		(void)client_wait(-1, 0, (int)left);
}

/* Time that passes while nobody calls the server, as in another loop that has
 * nothing to do. */
static void
be_elsewhere(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* ---- callbacks --------------------------------------------------------- */

Test(review, what_a_dead_connection_wrote_reaches_no_other)
{
	struct client one, other;

	start();
	one = client_ws(live.address, "/brusque");
	other = client_ws(live.address, "/echo");
	client_send_frame(&one, TEXT, "secret", WS_STR);
	(void)client_await(&one, 1000);
	client_send_frame(&other, TEXT, "mine", WS_STR);
	client_expect(&other, TEXT, "mine", WS_STR);
	client_close(&one);
	client_close(&other);
}

Test(review, dead_connections_can_be_paused_and_resumed)
{
	struct client a, b, c;

	start();
	a = client_ws(live.address, "/paired");
	b = client_ws(live.address, "/paired");
	c = client_ws(live.address, "/paired");
	client_send_frame(&a, TEXT, "end", WS_STR);
	client_until(&closed, 3);
	cr_assert(client_ends(&a) && client_ends(&b) && client_ends(&c));
	cr_assert_eq(closed, 3);
	client_close(&a);
	client_close(&b);
	client_close(&c);
}

Test(review, nobody_joins_a_room_who_is_leaving)
{
	struct client c;

	start();
	c = client_ws(live.address, "/late");
	client_send_close(&c, 1000, "");
	client_until(&closed, 1);
	cr_assert_eq(ws_room_count(live.server, "late", WS_STR), 0);
	client_close(&c);
}

Test(review, an_answer_survives_the_stop_behind_it)
{
	struct client c;
	struct response r;

	start();
	c = client_open(live.address);
	client_puts(&c, "GET /stop HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert(client_ends(&c));
	client_close(&c);
}

Test(review, an_upgrade_refused_wrongly_is_not_accepted)
{
	struct client c;
	struct response r;

	start();
	c = client_open(live.address);
	client_puts(&c, client_request("/refusing", ""));
	cr_assert_eq(client_response(&c, &r, false), 500);
	client_close(&c);
}

Test(review, a_request_held_for_ever_outlives_its_peer)
{
	struct client c;
	struct ws_stats stats;
	char peer[WS_PEER_MAX];

	start();
	c = client_open(live.address);
	client_puts(&c, "GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&asked, 1);
	client_close(&c);
	let_pass(50);
	cr_assert_str_eq(ws_request_path(held), "/forever");
	cr_assert_str_neq(ws_request_peer(held, peer), "");
	cr_assert_eq(ws_reply(held, 200, NULL, "late", WS_STR), 0);
	let_pass(20);
	ws_stats(live.server, &stats);
	cr_assert_eq(stats.connections, 0);
}

Test(review, a_request_held_for_ever_ends_with_the_server)
{
	struct client c;

	start();
	c = client_open(live.address);
	client_puts(&c, "GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&asked, 1);
	client_close(&c);
	let_pass(20);
}

Test(review, a_held_request_hears_the_peer_leave_behind_what_it_sent)
{
	struct client c;

	start();
	c = client_open(live.address);
	client_puts(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&asked, 1);
	client_puts(&c, "\r\n");
	let_pass(20);
	client_close(&c);
	client_until(&gone, 1);
}

Test(review, no_descriptor_cannot_be_watched)
{
	start();
	errno = 0;
	cr_assert(ws_watch(live.server, -1, WS_READABLE, NULL, NULL) == NULL);
	cr_assert_eq(errno, EBADF);
}

/* ---- clocks ------------------------------------------------------------ */

Test(review, a_peer_that_answers_pings_stays)
{
	struct client c;
	struct frame f;

	options.ping_ms = 100;
	options.pong_ms = 300;
	start();
	c = client_ws(live.address, "/echo");
	for (int i = 0; i < 6; i++) {
		cr_assert(client_recv_frame(&c, &f), "ended at ping %d", i);
		cr_assert_eq(f.first, PING);
		client_send_frame(&c, CLIENT_FIN | 10, f.data, f.len);
	}
	client_close(&c);
}

Test(review, a_close_from_elsewhere_has_its_time)
{
	struct client c;

	options.close_ms = 500;
	start();
	c = client_ws(live.address, "/echo");
	client_until(&opened, 1);
	be_elsewhere(1500);
	cr_assert_eq(ws_close(conns[0], 4000, "bye", WS_STR), 0);
	client_expect_close(&c, 4000, true);
	client_close(&c);
}

Test(review, an_answer_from_elsewhere_has_its_time)
{
	struct client c;
	struct response r;

	options.close_ms = 500;
	start();
	c = client_open(live.address);
	client_puts(
	    &c, "GET /hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_until(&asked, 1);
	be_elsewhere(1500);
	cr_assert_eq(ws_reply(held, 200, NULL, "late", WS_STR), 0);
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
}

Test(review, a_stop_from_elsewhere_has_its_time)
{
	struct client c;

	start();
	c = client_ws(live.address, "/echo");
	client_until(&opened, 1);
	be_elsewhere(1500);
	ws_stop(live.server, 1000);
	client_expect_close(&c, 1001, true);
	client_close(&c);
}

/* One that reads nothing of a response and drips the next request. */
Test(review, dripping_does_not_excuse_from_reading)
{
	struct client c;
	int64_t until_ms;

	options.idle_ms = options.handshake_ms = 600;
	options.queue_soft = 64 << 20;
	options.queue_max = 128 << 20;
	start();
	c = client_open_small(live.address, 4096);
	client_puts(&c, "GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /");
	until_ms = client_now_ms() + 20000;
	while (client_wait(c.fd, POLLIN | POLLHUP, 100) >= 0) {
		struct ws_stats stats;

		ws_stats(live.server, &stats);
		if (stats.accepted == 1 && stats.connections == 0)
			break;
		cr_assert_lt(client_now_ms(), until_ms, "it still lives");
		client_send(&c, "x", 1);
		be_elsewhere(20);
	}
	client_close(&c);
}

/* A slow reader of a last response has as long as one of any other. */
Test(review, a_last_response_has_the_time_of_any_other)
{
	struct client c;
	struct response r;

	options.close_ms = 200;
	start();
	c = client_open_small(live.address, 4096);
	client_puts(
	    &c, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	let_pass(1500);
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
}

/* ---- pressure ---------------------------------------------------------- */

/* Much in small pieces leaves in several goes. Whenever the last piece does,
 * the connection must not be forgotten. */
Test(review, a_drained_connection_is_read_again)
{
	struct ws_prepared *message;
	struct client c;
	struct frame f;
	char text[40];

	options.queue_soft = 4096;
	options.queue_max = 64 << 20;
	start();
	c = client_ws(live.address, "/echo");
	client_until(&opened, 1);
	memset(text, 'x', sizeof(text));
	message = ws_prepare(WS_TEXT, text, sizeof(text));
	for (int n = 100; n < 1000; n += 100) {
		char *much = calloc(1, 16 << 20);
		int before = drained;

		cr_assert_eq(ws_send(conns[0], WS_BINARY, much, 16 << 20), 0);
		free(much);
		let_pass(20);
		for (int i = 0; i < n; i++)
			cr_assert_eq(ws_send_prepared(conns[0], message, 0), 0);
		client_send_frame(&c, TEXT, "hello", WS_STR);
		do
			cr_assert(client_recv_frame(&c, &f));
		while (f.len != 5);
		client_until(&drained, before + 1);
	}
	ws_prepared_free(message);
	client_close(&c);
}

/* ---- HTTP -------------------------------------------------------------- */

/* RFC 9110 section 15.5.22: Upgrade says what would be spoken. */
Test(review, upgrade_required_says_to_what)
{
	struct client c;
	struct response r;

	start();
	c = client_open(live.address);
	client_puts(&c, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 426);
	cr_assert(client_field(&r, "Upgrade") != NULL);
	cr_assert_str_eq(client_field(&r, "Upgrade"), "websocket");
	cr_assert(strstr(client_field(&r, "Connection"), "Upgrade") != NULL);
	client_close(&c);
}

/* GET stands for HEAD too, and Allow lists both. */
Test(review, what_is_allowed_is_told_whole)
{
	struct client c;
	struct response r;

	start();
	c = client_open(live.address);
	client_puts(
	    &c, "POST /get HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 405);
	cr_assert_str_eq(client_field(&r, "Allow"), "GET, HEAD");
	client_close(&c);
}

/* The hard limit is one, also when it is below the default of the soft. */
Test(review, the_hard_limit_is_above_the_soft_one)
{
	static uint8_t data[4096];
	struct client c;
	size_t most = 0;

	options.queue_max = 16384;
	start();
	c = client_ws(live.address, "/echo");
	client_until(&opened, 1);
	while (ws_send(conns[0], WS_BINARY, data, sizeof(data)) == 0) {
		if (ws_queued(conns[0]) > most)
			most = ws_queued(conns[0]);
	}
	cr_assert_leq(most, 16384, "%zu octets were queued", most);
	client_close(&c);
}

/* Limits count octets, so a queue of many small messages must not need many
 * times as much memory as it has octets. */
Test(review, small_messages_need_little_memory)
{
	struct ws_prepared *message;
	struct rusage before, after;
	static char data[1 << 20];
	struct client c;

	start();
	c = client_ws(live.address, "/echo");
	client_until(&opened, 1);
	/* More than the system takes, and not more than may be queued. */
	while (ws_queued(conns[0]) == 0)
		cr_assert_eq(ws_send(conns[0], WS_BINARY, data, 700000), 0);
	let_pass(20);
	message = ws_prepare(WS_TEXT, "x", 1);
	(void)getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 40000; i++) {
		cr_assert_eq(ws_send(conns[0], WS_TEXT, "y", 1), 0);
		cr_assert_eq(ws_send_prepared(conns[0], message, 0), 0);
	}
	(void)getrusage(RUSAGE_SELF, &after);
	cr_assert_lt(after.ru_maxrss - before.ru_maxrss, 16384,
	    "%ld KiB for %zu octets", after.ru_maxrss - before.ru_maxrss,
	    ws_queued(conns[0]));
	ws_prepared_free(message);
	client_close(&c);
}

/* Five thousand requests fit into one read; the others need not wait until all
 * of them are answered. */
Test(review, a_long_pipeline_takes_turns)
{
	static const char request[] = "GET /count HTTP/1.1\r\nHost:a\r\n\r\n";
	struct client c;
	struct response r;

	start();
	c = client_open(live.address);
	for (int i = 0; i < 1000; i++)
		client_puts(&c, request);
	while (asked < 1000) {
		int before = asked;

		(void)client_wait(-1, 0, 1000);
		cr_assert_leq(asked - before, 64, "%d at once", asked - before);
	}
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(client_response(&c, &r, false), 204);
	client_close(&c);
}
