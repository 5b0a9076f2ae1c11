/* test_live_limits.c - slow, silent, rude and many peers. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "test/client.h"
#include "live.h"
#include "test/scarce.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define PING (CLIENT_FIN | 9)
#define PONG (CLIENT_FIN | 10)

static struct live live;

static void
setup(struct ws_server *server)
{
	static const struct ws_handler sink = { .open = live_on_open,
		.message = live_on_message,
		.pong = live_on_pong,
		.close = live_on_close };

	static const struct ws_handler plain = { .open = live_on_open,
		.message = live_send_back,
		.drain = live_on_drain };

	live_echo(server);
	if (ws_endpoint(server, "/sink", &sink, NULL) < 0 ||
	    ws_endpoint(server, "/plain", &plain, NULL) < 0)
		abort();
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_limits, .fini = end, .timeout = 300);

/* ---- backpressure ------------------------------------------------------ */

/* An echo client that never reads is not read from any more: its own sending
 * stops, and the server's memory stays. When it reads, all comes in order. */
Test(live_limits, an_echo_client_that_never_reads_feels_it)
{
	enum {
		SIZE = 1000
	};
	static uint8_t frame[SIZE + CLIENT_FRAME_ROOM];
	struct client c;
	uint32_t sent = 0, got = 0;
	uint8_t data[SIZE] = { 0 };
	size_t n, len = 0, left = 0;
	long before;

	live = live_child(NULL, setup, 0);
	c = client_ws(live.address, "/echo");
	before = live_resident(&live);
	for (;;) {
		memcpy(data, &sent, sizeof(sent));
		len = client_frame(frame, BINARY, data, SIZE);
		n = client_push(&c, frame, len, 1000);
		left = len - n;
		if (left > 0)
			break;
		sent++;
		cr_assert_lt(sent, 200000, "200 MB and still reading");
	}
	cr_assert_lt(live_resident(&live) - before, 4 << 20);
	while (got < sent) {
		memcpy(data, &got, sizeof(got));
		client_expect(&c, BINARY, data, SIZE);
		got++;
	}
	client_send(&c, frame + len - left, left);
	memcpy(data, &sent, sizeof(sent));
	client_expect(&c, BINARY, data, SIZE);
	client_close(&c);
}

/* The same with messages as large as the queue may be, to a client that does
 * read. */
Test(live_limits, large_echoes_to_a_slow_reader_all_arrive)
{
	enum {
		SIZE = 1 << 20,
		COUNT = 24
	};
	struct client c;
	uint8_t *data = malloc(SIZE), *frame = malloc(SIZE + 14);
	size_t len;

	live = live_child(NULL, setup, 0);
	c = client_ws(live.address, "/echo");
	memset(data, 'd', SIZE);
	len = client_frame(frame, BINARY, data, SIZE);
	/* client_send reads meanwhile, in its own time. */
	for (int i = 0; i < COUNT; i++)
		client_send(&c, frame, len);
	for (int i = 0; i < COUNT; i++)
		client_expect(&c, BINARY, data, SIZE);
	free(data);
	free(frame);
	client_close(&c);
}

/* Pings are answered like messages: they do not pile up either. */
Test(live_limits, a_flood_of_pings_is_not_queued)
{
	enum {
		COUNT = 1000
	};
	static uint8_t all[COUNT * 131];
	size_t len = 0, pushed = 0, n;
	char data[125] = { 0 };
	struct client c;
	long before;

	live = live_child(NULL, setup, 0);
	for (int i = 0; i < COUNT; i++)
		len += client_frame(all + len, PING, data, sizeof(data));
	c = client_ws(live.address, "/sink");
	before = live_resident(&live);
	do {
		n = client_push(&c, all, len, 1000);
		pushed += n;
	} while (n == len && pushed < 200u << 20);
	cr_assert_lt(pushed, 200u << 20, "still reading");
	cr_assert_lt(live_resident(&live) - before, 4 << 20);
	client_close(&c);
}

/* The server keeps nothing for fragments of one message, announced lengths and
 * pongs, which a peer can send without end. */
Test(live_limits, announced_lengths_reserve_nothing)
{
	static const struct ws_options options = { .max_message = 64 << 20,
		.log_level = -1 };
	enum {
		PEERS = 20
	};
	struct client c[PEERS];
	uint8_t header[14] = { BINARY, 0x80 | 127, 0, 0, 0, 0, 3 };
	long before;

	live = live_child(&options, setup, 0);
	for (int i = 0; i < PEERS; i++)
		c[i] = client_ws(live.address, "/sink");
	before = live_resident(&live);
	for (int i = 0; i < PEERS; i++) {
		client_send(&c[i], header, sizeof(header));
		client_send(&c[i], "abcd", 4);
	}
	for (int i = 0; i < PEERS; i++)
		cr_assert(client_is_quiet(&c[i], 10));
	cr_assert_lt(live_resident(&live) - before, 4 << 20);
	for (int i = 0; i < PEERS; i++)
		client_close(&c[i]);
}

/* Much in small pieces leaves in several goes. Whenever the last piece does,
 * the connection must not be forgotten. */
Test(live_limits, a_drained_connection_is_read_again)
{
	static const struct ws_options options = {
		.queue_soft = 4096, .queue_max = 64 << 20, .log_level = -1
	};
	struct ws_prepared *message;
	struct client c;
	struct frame f;
	char text[40];

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	client_until(&seen.opened, 1);
	memset(text, 'x', sizeof(text));
	message = ws_prepare(WS_TEXT, text, sizeof(text));
	for (int n = 100; n < 1000; n += 100) {
		char *much = calloc(1, 16 << 20);
		int before = seen.drains;

		cr_assert_eq(
		    ws_send(seen.conns[0], WS_BINARY, much, 16 << 20), 0);
		free(much);
		live_pass(20);
		for (int i = 0; i < n; i++)
			cr_assert_eq(
			    ws_send_prepared(seen.conns[0], message, 0), 0);
		client_send_frame(&c, TEXT, "hello", WS_STR);
		do
			cr_assert(client_recv_frame(&c, &f));
		while (f.len != 5);
		client_until(&seen.drains, before + 1);
	}
	ws_prepared_free(message);
	client_close(&c);
}

/* The hard limit is one, also when it is below the default of the soft. */
Test(live_limits, the_hard_limit_is_above_the_soft_one)
{
	static const struct ws_options options = { .queue_max = 16384,
		.log_level = -1 };
	static uint8_t data[4096];
	struct client c;
	size_t most = 0;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	client_until(&seen.opened, 1);
	while (ws_send(seen.conns[0], WS_BINARY, data, sizeof(data)) == 0) {
		if (ws_queued(seen.conns[0]) > most)
			most = ws_queued(seen.conns[0]);
	}
	cr_assert_leq(most, 16384, "%zu octets were queued", most);
	client_close(&c);
}

/* Limits count octets, so a queue of many small messages must not need many
 * times as much memory as it has octets. */
Test(live_limits, small_messages_need_little_memory)
{
	static const struct ws_options options = { .log_level = -1 };
	struct ws_prepared *message;
	struct rusage before, after;
	static char data[1 << 20];
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	client_until(&seen.opened, 1);
	/* More than the system takes, and not more than may be queued. */
	while (ws_queued(seen.conns[0]) == 0)
		cr_assert_eq(
		    ws_send(seen.conns[0], WS_BINARY, data, 700000), 0);
	live_pass(20);
	message = ws_prepare(WS_TEXT, "x", 1);
	(void)getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 40000; i++) {
		cr_assert_eq(ws_send(seen.conns[0], WS_TEXT, "y", 1), 0);
		cr_assert_eq(ws_send_prepared(seen.conns[0], message, 0), 0);
	}
	(void)getrusage(RUSAGE_SELF, &after);
	cr_assert_lt(after.ru_maxrss - before.ru_maxrss, 16384,
	    "%ld KiB for %zu octets", after.ru_maxrss - before.ru_maxrss,
	    ws_queued(seen.conns[0]));
	ws_prepared_free(message);
	client_close(&c);
}

/* ---- numbers ----------------------------------------------------------- */

Test(live_limits, rfc6585_4_too_many_of_one_address_are_429)
{
	static const struct ws_options options = { .max_per_ip = 2,
		.log_level = -1 };
	struct client a, b, c;
	struct response r;

	live = live_here(&options, setup, NULL);
	for (int i = 0; i < 3; i++) {
		a = client_ws(live.address, "/echo");
		b = client_open(live.address);
		c = client_open(live.address);
		cr_assert_eq(client_response(&c, &r, false), 429);
		cr_assert_str_eq(client_field(&r, "Connection"), "close");
		cr_assert(client_ends(&c));
		client_close(&c);
		client_puts(&b, client_request("/echo", ""));
		cr_assert_eq(client_response(&b, &r, false), 101);
		client_close(&a);
		client_close(&b);
		live_until_connections(&live, 0);
	}
}

Test(live_limits, too_many_clients_are_503)
{
	static const struct ws_options options = { .max_clients = 3,
		.log_level = -1 };
	struct client in[3], out;
	struct response r;

	live = live_here(&options, setup, NULL);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			in[i] = client_ws(live.address, "/echo");
		for (int i = 0; i < 5; i++) {
			out = client_open(live.address);
			cr_assert_eq(client_response(&out, &r, false), 503);
			cr_assert_not_null(client_field(&r, "Retry-After"));
			cr_assert(client_ends(&out));
			client_close(&out);
		}
		for (int i = 0; i < 3; i++) {
			client_send_frame(&in[i], TEXT, "in", 2);
			client_expect(&in[i], TEXT, "in", 2);
			client_close(&in[i]);
		}
		live_until_connections(&live, 0);
	}
}

/* Out of descriptors: those inside notice nothing, the loop does not spin,
 * and when some leave others come in. */
Test(live_limits, out_of_descriptors_recovers_by_itself)
{
	static const struct ws_options options = { .max_clients = 1000,
		.log_level = -1 };
	enum {
		PEERS = 40
	};
	struct client c[PEERS], after;
	struct response r;
	int in = 0, out = 0;
	int64_t deadline_ms;
	long cpu_ms;

	live = live_child(&options, setup, 20);
	for (int i = 0; i < PEERS; i++) {
		c[i] = client_open(live.address);
		client_puts(&c[i], client_request("/echo", ""));
	}
	/* As many as fit are served; somebody is told that there is no room. The
	 * answers come while they are counted, so once is not enough. */
	while (in < 5 || out == 0) {
		in = out = 0;
		for (int i = 0; i < PEERS; i++) {
			(void)client_wait(c[i].fd, POLLIN, 10);
			(void)client_take(&c[i]);
			if (c[i].len < 12)
				continue;
			in += memcmp(c[i].in + 9, "101", 3) == 0;
			out += memcmp(c[i].in + 9, "503", 3) == 0;
		}
	}
	cpu_ms = live_cpu_ms(&live);
	cr_assert_eq(client_response(&c[0], &r, false), 101);
	for (int i = 0; i < 20; i++) {
		client_send_frame(&c[0], TEXT, "in", 2);
		client_expect(&c[0], TEXT, "in", 2);
		(void)client_wait(-1, 0, 100);
	}
	cr_assert_lt(live_cpu_ms(&live) - cpu_ms, 500, "it spins");
	for (int i = 0; i < PEERS; i++)
		client_close(&c[i]);
	/* Who comes in the same turn as they leave may still find no room. */
	deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;
	for (;;) {
		int status;

		cr_assert_lt(client_now_ms(), deadline_ms, "no room again");
		after = client_open(live.address);
		client_puts(&after, client_request("/echo", ""));
		status = client_response(&after, &r, false);
		if (status == 101)
			break;
		cr_assert_eq(status, 503);
		client_close(&after);
	}
	client_send_frame(&after, TEXT, "after", 5);
	client_expect(&after, TEXT, "after", 5);
	client_close(&after);
}

Test(live_limits, a_storm_of_connections_leaves_nothing_behind)
{
	live = live_here(NULL, setup, NULL);
	for (int round = 0; round < 20; round++) {
		struct client c[50];

		for (int i = 0; i < 50; i++) {
			c[i] = client_open(live.address);
			if (i % 5 > 0)
				client_puts(&c[i], client_request("/sink", ""));
			if (i % 5 > 1)
				client_send_frame(&c[i], TEXT, "x", 1);
		}
		for (int i = 0; i < 50; i++) {
			if (i % 3 == 0)
				client_reset(&c[i]);
			else
				client_close(&c[i]);
		}
	}
	do
		(void)client_wait(-1, 0, 20);
	while (live_connections(&live) > 0);
	cr_assert_eq(seen.opened, seen.closed);
}

/* A reset at every step of a conversation. */
Test(live_limits, a_reset_at_every_step_is_survived)
{
	static uint8_t all[4096];
	size_t len = (size_t)snprintf(
	    (char *)all, sizeof(all), "%s", client_request("/sink", ""));
	struct client c;

	live = live_here(NULL, setup, NULL);
	len += client_frame(all + len, 1, "Hel", 3);
	len += client_frame(all + len, PING, "p", 1);
	len += client_frame(all + len, CLIENT_FIN, "lo", 2);
	len += client_frame(all + len, CLIENT_FIN | 8, "\3\xE8", 2);
	for (size_t cut = 0; cut <= len; cut++) {
		for (int steps = 0; steps < 3; steps++) {
			c = client_open(live.address);
			client_send(&c, all, cut);
			for (int i = 0; i < steps; i++)
				(void)client_wait(-1, 0, 0);
			client_reset(&c);
			(void)client_wait(-1, 0, 0);
		}
	}
	live_until_connections(&live, 0);
	cr_assert_eq(seen.opened, seen.closed);
	cr_assert_gt(seen.opened, 0);
}

/* ---- signs of life ----------------------------------------------------- */

Test(live_limits, rfc6455_5_5_2_a_quiet_peer_is_pinged_and_given_up)
{
	static const struct ws_options options = {
		.ping_ms = 150, .pong_ms = 300, .log_level = -1
	};
	struct client c;
	struct frame f;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	cr_assert(client_recv_frame(&c, &f));
	cr_assert_eq(f.first, PING);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 1006);
	cr_assert_eq(seen.ended.by, WS_BY_SERVER);
	client_close(&c);
}

/* A peer that answers its pings stays, whatever the two times are. */
Test(live_limits, rfc6455_5_5_3_a_quiet_peer_that_answers_stays)
{
	static const int times[][2] = { { 150, 400 }, { 400, 400 },
		{ 400, 150 } };

	for (size_t i = 0; i < 3; i++) {
		struct ws_options options = { .ping_ms = times[i][0],
			.pong_ms = times[i][1],
			.log_level = -1 };
		struct client c;
		struct frame f;

		live_end(&live);
		live = live_here(&options, setup, NULL);
		c = client_ws(live.address, "/sink");
		for (int n = 0; n < 5; n++) {
			cr_assert(client_recv_frame(&c, &f),
			    "given up after %d pings (row %zu)", n, i);
			cr_assert_eq(f.first, PING);
			client_send_frame(&c, PONG, f.data, f.len);
		}
		client_close(&c);
	}
}

/* Any octet is a sign of life, even one of an unfinished frame. */
Test(live_limits, traffic_makes_pings_unnecessary)
{
	static const struct ws_options options = {
		.ping_ms = 1000, .pong_ms = 1000, .log_level = -1
	};
	int64_t until_ms;
	struct client c;
	uint8_t frame[300], data[250] = { 0 };
	size_t at = 0;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	(void)client_frame(frame, BINARY, data, sizeof(data));
	until_ms = client_now_ms() + 3000;
	while (client_now_ms() < until_ms && at < 200) {
		client_send(&c, frame + at++, 1);
		cr_assert(client_is_quiet(&c, 20), "it was pinged");
	}
	client_close(&c);
}

/* A peer that stops reading and writing is given up, however much waits for
 * it, and whatever it was doing. */
Test(live_limits, a_half_open_peer_is_given_up)
{
	static const struct ws_options options = {
		.ping_ms = 200, .pong_ms = 200, .log_level = -1
	};
	static char data[1 << 20];
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	client_until(&seen.opened, 1);
	while (ws_queued(seen.last) < 100000)
		cr_assert_eq(ws_send(seen.last, WS_BINARY, data, 200000), 0);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 1006);
	cr_assert_eq(seen.ended.by, WS_BY_SERVER);
	client_close(&c);
	live_until_connections(&live, 0);
}

/* One that takes what waits, slowly, and says nothing, lives. */
Test(live_limits, a_choked_peer_that_takes_lives)
{
	static const struct ws_options options = { .ping_ms = 300,
		.pong_ms = 300,
		.queue_max = 64 << 20,
		.log_level = -1 };
	static char data[1 << 20];
	int64_t begin_ms, taken = 0;
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	client_until(&seen.opened, 1);
	while (ws_queued(seen.last) < 30 << 20)
		cr_assert_eq(
		    ws_send(seen.last, WS_BINARY, data, sizeof(data)), 0);
	/* Never more than 10 MB in a second. */
	begin_ms = client_now_ms();
	while (client_now_ms() < begin_ms + 1500) {
		(void)client_wait(-1, 0, 5);
		cr_assert_eq(seen.closed, 0, "%s", seen.reason);
		if ((client_now_ms() - begin_ms) * 10000 < taken)
			continue;
		(void)client_take(&c);
		taken += (int64_t)(c.len - c.begin);
		client_skip(&c, c.len - c.begin);
	}
	client_close(&c);
}

/* A paused peer is not heard, and that is not its fault. */
Test(live_limits, a_paused_peer_is_not_given_up)
{
	static const struct ws_options options = {
		.ping_ms = 150, .pong_ms = 150, .log_level = -1
	};
	int64_t until_ms;
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	client_until(&seen.opened, 1);
	ws_pause(seen.last);
	client_send_frame(&c, TEXT, "waits", 5);
	until_ms = client_now_ms() + 1000;
	while (client_now_ms() < until_ms)
		(void)client_wait(-1, 0, 20);
	cr_assert_eq(seen.messages, 0);
	cr_assert_eq(seen.closed, 0);
	ws_resume(seen.last);
	client_until(&seen.messages, 1);
	cr_assert_eq(seen.closed, 0);
	client_close(&c);
}

Test(live_limits, pings_may_be_switched_off)
{
	static const struct ws_options options = {
		.ping_ms = -1, .pong_ms = 50, .log_level = -1
	};
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/echo");
	cr_assert(client_is_quiet(&c, 500));
	client_send_frame(&c, TEXT, "here", 4);
	client_expect(&c, TEXT, "here", 4);
	client_close(&c);
}

/* ---- ends that do not come --------------------------------------------- */

Test(live_limits, rfc6455_7_1_1_an_unanswered_close_ends_after_close_ms)
{
	static const struct ws_options options = { .close_ms = 200,
		.log_level = -1 };
	struct client c;
	struct frame f;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	client_until(&seen.opened, 1);
	cr_assert_eq(ws_close(seen.last, 4000, "go", WS_STR), 0);
	cr_assert(client_recv_frame(&c, &f));
	cr_assert_eq(f.code, 4000);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 4000);
	cr_assert(!client_await(&c, 1));
	client_close(&c);
	/* One that answers and does not hang up. */
	c = client_ws(live.address, "/sink");
	client_send_close(&c, 1000, "");
	client_expect_close(&c, 1000, false);
	live_until_connections(&live, 0);
	client_close(&c);
}

/* One that goes on sending behind its Close does not stay either. */
Test(live_limits, a_peer_that_never_stops_is_ended)
{
	static const struct ws_options options = { .close_ms = 200,
		.log_level = -1 };
	uint8_t junk[10000] = { 0 };
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/sink");
	client_send_frame(&c, 3, "", 0);
	do {
		(void)client_push(&c, junk, sizeof(junk), 10);
		(void)client_wait(-1, 0, 5);
	} while (live_connections(&live) > 0);
	cr_assert_eq(seen.ended.code, 1002);
	client_close(&c);
}

/* errno is ENOMEM whatever the program's allocator sets it to. */
Test(live_limits, memory_may_be_out_at_the_start)
{
	static const struct ws_options options = { .max_per_ip = 1,
		.origin = "https://a.example",
		.base_path = "/live",
		.log_level = -1 };
	struct ws_server *server = NULL;
	long blocks = scarce_blocks;

	for (size_t n = 1; server == NULL; n++) {
		scarce(n);
		errno = EPERM;
		server = ws_server_new(&options);
		cr_assert(server != NULL || errno == ENOMEM, "%zu: %s", n,
		    strerror(errno));
		cr_assert_lt(n, 100);
	}
	scarce(0);
	ws_server_free(server);
	cr_assert_eq(scarce_blocks, blocks);
}

/* ---- clocks ------------------------------------------------------------ */

Test(live_limits, a_peer_that_answers_pings_stays)
{
	static const struct ws_options options = {
		.ping_ms = 100, .pong_ms = 300, .log_level = -1
	};
	struct client c;
	struct frame f;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	for (int i = 0; i < 6; i++) {
		cr_assert(client_recv_frame(&c, &f), "ended at ping %d", i);
		cr_assert_eq(f.first, PING);
		client_send_frame(&c, CLIENT_FIN | 10, f.data, f.len);
	}
	client_close(&c);
}

Test(live_limits, a_close_from_elsewhere_has_its_time)
{
	static const struct ws_options options = { .close_ms = 500,
		.log_level = -1 };
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	client_until(&seen.opened, 1);
	live_be_elsewhere(1500);
	cr_assert_eq(ws_close(seen.conns[0], 4000, "bye", WS_STR), 0);
	client_expect_close(&c, 4000, true);
	client_close(&c);
}

Test(live_limits, a_stop_from_elsewhere_has_its_time)
{
	static const struct ws_options options = { .log_level = -1 };
	struct client c;

	live = live_here(&options, setup, NULL);
	c = client_ws(live.address, "/plain");
	client_until(&seen.opened, 1);
	live_be_elsewhere(1500);
	ws_stop(live.server, 1000);
	client_expect_close(&c, 1001, true);
	client_close(&c);
}
