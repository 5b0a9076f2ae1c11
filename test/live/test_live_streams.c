/* test_live_streams.c - answers that are written bit by bit. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/client.h"
#include "live.h"

static struct live live;

static struct {
	struct ws_stream *stream;
	struct ws_member member;
	int gone, drains, begun;
} kept;

static void
on_gone(struct ws_stream *stream, void *user)
{
	cr_expect_eq(stream, kept.stream);
	cr_expect_eq(user, &kept);
	ws_member_leave_all(live.server, &kept.member);
	kept.stream = NULL;
	kept.gone++;
}

static void
on_drain(struct ws_stream *stream, void *user)
{
	cr_expect_eq(stream, kept.stream);
	cr_expect_eq(user, &kept);
	kept.drains++;
}

static const struct ws_stream_handler handler = { .gone = on_gone,
	.drain = on_drain };
static const struct ws_stream_handler lively = {
	.gone = on_gone, .keep_alive = ":\n\n", .keep_alive_ms = 200
};

static void
deliver(struct ws_member *member, void *message)
{
	size_t len;
	const void *data = ws_prepared_data(message, NULL, &len);

	cr_expect_eq(member, &kept.member);
	cr_expect_eq(ws_stream_write(kept.stream, 0, data, len), 0);
}

static void
begin(struct ws_request *request)
{
	const struct ws_stream_handler *h = ws_request_user(request);

	cr_expect_eq(ws_stream_begin(request, 204, NULL, h, NULL, &kept.stream),
	    WS_EINVAL);
	cr_expect_eq(
	    ws_stream_begin(request, 200, "a\r\nb", h, NULL, &kept.stream),
	    WS_EINVAL);
	ws_member_init(&kept.member, deliver);
	kept.begun += ws_stream_begin(
	    request, 200, "text/event-stream", h, &kept, &kept.stream);
}

static void
setup(struct ws_server *server)
{
	live_echo(server);
	if (ws_http(server, "/stream", "GET, POST", begin, (void *)&handler) <
		0 ||
	    ws_http(server, "/lively", "GET", begin, (void *)&lively) < 0)
		abort();
}

static void
start(const struct ws_options *options)
{
	memset(&kept, 0, sizeof(kept));
	live = live_here(options, setup, NULL);
}

/* Receive octets that must be these. */
static void
expect(struct client *c, const char *text)
{
	size_t len = strlen(text);

	cr_assert(client_await(c, len), "the stream ended");
	cr_assert_arr_eq(c->in + c->begin, text, len);
	client_skip(c, len);
}

/* Receive a head, and return whether it has a line. */
static bool
head_has(struct client *c, const char *line)
{
	const char *head, *end = NULL;
	bool has;

	for (size_t have = 1; end == NULL; have = c->len - c->begin + 1) {
		cr_assert(client_await(c, have), "the stream ended");
		head = (const char *)c->in + c->begin;
		end = memmem(head, c->len - c->begin, "\r\n\r\n", 4);
	}
	has =
	    memmem(head, (size_t)(end + 2 - head), line, strlen(line)) != NULL;
	client_skip(c, (size_t)(end + 4 - head));
	return has;
}

static struct client
ask(const char *request)
{
	struct client c = client_open(live.address);
	int before = kept.begun;

	client_puts(&c, request);
	client_until(&kept.begun, before + 1);
	return c;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_1_0(path) "GET " path " HTTP/1.0\r\n\r\n"

Test(streams, parts_are_chunks_and_the_connection_lives_on)
{
	struct client c;
	struct response r;

	start(NULL);
	c = ask(GET("/stream"));
	cr_expect(head_has(&c, "\r\nTransfer-Encoding: chunked\r\n"));
	cr_expect(client_is_quiet(&c, 20));
	cr_expect_eq(ws_stream_write(kept.stream, 0, "one", WS_STR), 0);
	cr_expect_eq(ws_stream_write(kept.stream, 0, "", 0), 0);
	expect(&c, "3\r\none\r\n");
	cr_expect_eq(ws_stream_write(
			 kept.stream, 0, "twenty-six octets in a row", WS_STR),
	    0);
	expect(&c, "1a\r\ntwenty-six octets in a row\r\n");
	ws_stream_end(kept.stream);
	expect(&c, "0\r\n\r\n");
	client_puts(&c, GET("/hello"));
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_eq(kept.gone, 0);
	client_close(&c);
	live_end(&live);
}

Test(streams, a_request_in_the_pipeline_waits_for_the_end)
{
	struct client c;

	start(NULL);
	c = ask(GET("/stream") GET("/hello"));
	cr_expect(head_has(&c, "\r\nContent-Type: text/event-stream\r\n"));
	cr_expect(client_is_quiet(&c, 20));
	ws_stream_end(kept.stream);
	expect(&c, "0\r\n\r\nHTTP/1.1 200 OK\r\n");
	client_close(&c);
	live_end(&live);
}

Test(streams, http_1_0_reads_until_the_connection_ends)
{
	struct ws_block *block = ws_block_new("two", WS_STR);
	struct client c;

	start(NULL);
	c = ask(GET_1_0("/stream"));
	cr_expect(head_has(&c, "\r\nConnection: close\r\n"));
	cr_expect_eq(ws_stream_write(kept.stream, 0, "one", 3), 0);
	cr_expect_eq(ws_stream_write_block(kept.stream, 0, block), 0);
	ws_block_free(block);
	ws_stream_end(kept.stream);
	expect(&c, "onetwo");
	cr_expect(client_ends(&c));
	client_close(&c);
	live_end(&live);
}

Test(streams, head_gets_no_body_and_no_stream)
{
	struct client c;
	struct response r;

	start(NULL);
	c = client_open(live.address);
	client_puts(
	    &c, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" GET("/hello"));
	cr_expect_eq(client_response(&c, &r, true), 200);
	cr_expect_str_eq(client_field(&r, "Content-Type"), "text/event-stream");
	cr_expect_str_eq(client_field(&r, "X-Accel-Buffering"), "no");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_null(kept.stream);
	cr_expect_eq(kept.begun, 0);
	client_close(&c);
	live_end(&live);
}

Test(streams, a_member_of_a_room_gets_its_messages)
{
	struct client c;

	start(NULL);
	c = ask(GET("/stream"));
	(void)head_has(&c, "");
	cr_expect_eq(ws_member_join(live.server, &kept.member, "news", 4), 1);
	cr_expect_eq(
	    ws_publish(live.server, "news", 4, WS_TEXT, "hi", 2, NULL), 1);
	expect(&c, "2\r\nhi\r\n");
	client_reset(&c);
	client_until(&kept.gone, 1);
	cr_expect_eq(ws_room_count(live.server, "news", 4), 0);
	live_end(&live);
}

Test(streams, a_block_is_encoded_once_for_many)
{
	struct ws_block *block = ws_block_new("data: x\n\n", WS_STR);
	struct client a, b;
	struct ws_stream *first;

	start(NULL);
	cr_expect_null(ws_block_new("", 0));
	a = ask(GET("/stream"));
	first = kept.stream;
	b = ask(GET("/stream"));
	(void)head_has(&a, "");
	(void)head_has(&b, "");
	cr_expect_eq(ws_stream_write_block(first, 0, block), 0);
	cr_expect_eq(ws_stream_write_block(kept.stream, 0, block), 0);
	cr_expect_eq(ws_stream_write_block(first, 0, NULL), WS_EINVAL);
	ws_block_free(block);
	expect(&a, "9\r\ndata: x\n\n\r\n");
	expect(&b, "9\r\ndata: x\n\n\r\n");
	ws_stream_end(first);
	ws_stream_end(kept.stream);
	client_close(&a);
	client_close(&b);
	live_end(&live);
}

Test(streams, a_peer_that_hangs_up_is_gone)
{
	struct client c;

	start(NULL);
	c = ask(GET("/stream"));
	client_close(&c);
	client_until(&kept.gone, 1);
	live_until_connections(&live, 0);
	live_end(&live);
}

Test(streams, a_silent_stream_says_that_it_lives)
{
	struct client c;

	start(NULL);
	c = ask(GET("/lively"));
	(void)head_has(&c, "");
	expect(&c, "3\r\n:\n\n\r\n3\r\n:\n\n\r\n");
	client_close(&c);
	client_until(&kept.gone, 1);
	live_end(&live);
}

/* Write until the queue is above queue_soft. */
static void
fill(size_t soft)
{
	static char part[10000];

	while (ws_stream_queued(kept.stream) <= soft) {
		cr_assert_eq(
		    ws_stream_write(kept.stream, 0, part, sizeof(part)), 0);
		live_pass(1);
	}
}

Test(streams, pressure_is_told_and_released)
{
	static char part[10000];
	struct ws_options options = { .queue_soft = 20000 };
	struct client c;

	start(&options);
	c = ask(GET("/stream"));
	fill(20000);
	cr_expect_eq(
	    ws_stream_write(kept.stream, WS_VOLATILE, part, sizeof(part)),
	    WS_ESKIPPED);
	kept.drains = 0; /* there were some before the system was full */
	while (kept.drains == 0) {
		(void)client_take(&c);
		client_skip(&c, c.len - c.begin);
		live_pass(1);
	}
	cr_expect_leq(ws_stream_queued(kept.stream), 10000);
	client_close(&c);
	client_until(&kept.gone, 1);
	live_end(&live);
}

Test(streams, a_peer_that_reads_nothing_is_given_up)
{
	static char part[100000];
	struct ws_options options = { .queue_soft = 10000,
		.queue_max = 200000 };
	struct client c;
	int result = 0;

	start(&options);
	c = ask(GET("/stream"));
	for (int i = 0; i < 1000 && result == 0; i++)
		result = ws_stream_write(kept.stream, 0, part, sizeof(part));
	cr_expect_eq(result, WS_EFULL);
	cr_expect_eq(ws_stream_write(kept.stream, 0, part, 1), WS_ECLOSED);
	client_until(&kept.gone, 1);
	client_close(&c);
	live_end(&live);
}

Test(streams, a_full_stream_without_progress_ends)
{
	struct ws_options options = { .queue_soft = 20000, .idle_ms = 300 };
	struct client c;

	start(&options);
	c = ask(GET("/stream"));
	fill(20000);
	client_until(&kept.gone, 1);
	client_close(&c);
	live_end(&live);
}

Test(streams, a_stop_ends_the_answer_in_good_order)
{
	struct client c;

	start(NULL);
	c = ask(GET("/stream"));
	(void)head_has(&c, "");
	cr_expect_eq(ws_stream_write(kept.stream, 0, "one", 3), 0);
	ws_stop(live.server, 5000);
	expect(&c, "3\r\none\r\n0\r\n\r\n");
	cr_expect(client_ends(&c));
	client_until(&kept.gone, 1);
	client_close(&c);
	live_end(&live);
}

static int began_later;

static void
begin_later(struct ws_timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	began_later += ws_stream_begin(
	    seen.held, 200, NULL, &handler, &kept, &kept.stream);
}

static void
hold(struct ws_server *server)
{
	if (ws_http(server, "/hold", NULL, live_hold, NULL) < 0)
		abort();
}

Test(streams, a_request_on_hold_can_become_one)
{
	struct client c;

	memset(&kept, 0, sizeof(kept));
	live = live_here(NULL, hold, NULL);
	c = client_open(live.address);
	client_puts(&c, GET("/hold"));
	client_until(&seen.holds, 1);
	ws_request_forget(seen.held);
	cr_expect_not_null(
	    ws_timer_start(live.server, 0, 0, begin_later, NULL));
	client_until(&began_later, 1);
	cr_expect(head_has(&c, "\r\nContent-Type: text/plain; charset=utf-8"));
	ws_stream_end(kept.stream);
	expect(&c, "0\r\n\r\n");
	cr_expect_eq(seen.gone, 0);
	client_close(&c);
	live_end(&live);
}

static char logged[4096];

static void
keep_line(void *arg, int level, const char *line)
{
	(void)arg;
	if (level == WS_LOG_ACCESS)
		snprintf(logged, sizeof(logged), "%s", line);
}

Test(streams, the_log_counts_what_was_written)
{
	struct ws_options options = { .log_level = WS_LOG_ACCESS + 1,
		.log = keep_line };
	struct client c;

	start(&options);
	c = ask(GET("/stream"));
	cr_expect_eq(ws_stream_write(kept.stream, 0, "three", 5), 0);
	cr_expect_str_empty(logged);
	ws_stream_end(kept.stream);
	(void)head_has(&c, "");
	expect(&c, "5\r\nthree\r\n0\r\n\r\n");
	cr_expect_not_null(strstr(logged, "target=\"/stream\" status=200"));
	cr_expect_not_null(strstr(logged, "octets=5"));
	client_close(&c);
	live_end(&live);
}

Test(streams, memory_of_a_stream_is_counted_and_given_back)
{
	struct ws_stats before, during, after;
	struct client c;

	start(NULL);
	ws_stats(live.server, &before);
	c = ask(GET("/stream"));
	(void)head_has(&c, "");
	ws_stats(live.server, &during);
	cr_expect_gt(during.memory, before.memory);
	client_close(&c);
	client_until(&kept.gone, 1);
	live_until_connections(&live, 0);
	ws_stats(live.server, &after);
	cr_expect_lt(after.memory, during.memory);
	live_end(&live);
}
