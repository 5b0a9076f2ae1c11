/* test_engine_time.c - Engine.IO: pings, deadlines, and who is late. */
/* SPDX-License-Identifier: MIT */
/*
 * What must not happen too early is measured against the clock; what must
 * happen is waited for, however long it takes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eio.h"

#define INTERVAL 60
#define TIMEOUT 40

static const struct eio_options fast = {
	.ping_interval_ms = INTERVAL,
	.ping_timeout_ms = TIMEOUT,
	.upgrade_timeout_ms = 50,
};

static void
begin(void)
{
	eio_test_begin(&fast);
}

TestSuite(sio_engine_time, .init = begin, .fini = eio_test_end, .timeout = 60);

/* Let time pass without letting the server do anything. */
static void
pass_ms(int ms)
{
	int64_t end_ms = client_now_ms() + ms;

	while (client_now_ms() < end_ms)
		usleep(1000);
}

Test(sio_engine_time, a_client_that_polls_is_pinged)
{
	struct response r;
	const char *sid = eio_open_polling("");

	for (int i = 0; i < 3; i++) {
		int64_t before_ms = client_now_ms();

		eio_expect_get(sid, 200, "2");
		/* Milliseconds are cut off on both clocks. */
		if (i > 0)
			cr_expect_geq(
			    client_now_ms() - before_ms, INTERVAL - 2);
		cr_expect_eq(eio_post(&r, sid, "3"), 200);
	}
	cr_expect_eq(eio_test.closed, 0);
}

Test(sio_engine_time, a_client_with_a_websocket_is_pinged)
{
	struct client c = eio_open_websocket("");

	for (int i = 0; i < 4; i++) {
		int64_t before_ms = client_now_ms();

		eio_hear(&c, "2");
		if (i > 0)
			cr_expect_geq(
			    client_now_ms() - before_ms, INTERVAL - 2);
		eio_say(&c, "3");
	}
	cr_expect_eq(eio_test.closed, 0);
	client_close(&c);
	eio_test_until_closed(1);
}

Test(sio_engine_time, a_pong_that_was_not_asked_for_postpones_the_ping)
{
	struct client c = eio_open_websocket("");
	int64_t before_ms;

	for (int i = 0; i < 5; i++) {
		before_ms = client_now_ms();
		eio_say(&c, "3");
		eio_say(&c, "4x");
		client_until(&eio_test.messages, i + 1);
	}
	eio_hear(&c, "2");
	cr_expect_geq(client_now_ms() - before_ms, INTERVAL - 2);
	client_close(&c);
	eio_test_until_closed(1);
}

Test(sio_engine_time, no_pong_ends_a_session)
{
	int64_t before_ms = client_now_ms();
	struct client c = eio_open_websocket("");

	client_expect_close(&c, 1005, true);
	eio_test_until_closed(1);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
	cr_expect_geq(client_now_ms() - before_ms, INTERVAL + TIMEOUT - 2);
	client_close(&c);
	(void)eio_open_polling("");
	eio_test_until_closed(2);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
}

Test(sio_engine_time, a_pending_poll_gets_the_ping_and_then_nothing)
{
	struct response r;
	const char *sid = eio_open_polling("");

	eio_expect_get(sid, 200, "2");
	eio_expect_get(sid, 200, "1");
	cr_expect_str_eq(eio_test.reason, "ping timeout");
	cr_expect_eq(eio_get(&r, sid), 400);
}

/* The ping and the end are due, and so is the answer to this: the time of the
 * request counts, not when the loop gets to the timers. */
Test(sio_engine_time, a_poll_in_the_moment_of_the_timeout_is_too_late)
{
	const char *sid = eio_open_polling("");

	/* The ping is found while this waits, the end is not. */
	while (client_now_ms() == 0)
		;
	pass_ms(INTERVAL);
	eio_settle();
	cr_expect_eq(eio_test.closed, 0);
	pass_ms(TIMEOUT);
	eio_expect_get(sid, 400, EIO_CODE_1);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
}

/* Ping and timeout passed in one go: the ping was late, the end is not. */
Test(sio_engine_time, a_late_loop_gives_nobody_more_time)
{
	int64_t before_ms;

	(void)eio_open_polling("");
	pass_ms(INTERVAL + TIMEOUT + 5);
	before_ms = client_now_ms();
	while (eio_test.closed == 0 && client_now_ms() - before_ms < TIMEOUT)
		eio_settle();
	cr_expect_eq(eio_test.closed, 1);
}

/* A large message is in the way of the pong: once that is an excuse. */
Test(sio_engine_time, any_packet_postpones_the_timeout_once)
{
	struct client c = eio_open_websocket("");
	int64_t before_ms;

	eio_hear(&c, "2");
	pass_ms(TIMEOUT / 2);
	eio_say(&c, "4x");
	before_ms = client_now_ms();
	client_until(&eio_test.messages, 1);
	pass_ms(TIMEOUT / 2);
	eio_say(&c, "4y");
	client_until(&eio_test.messages, 2);
	client_expect_close(&c, 1005, true);
	cr_expect_geq(client_now_ms() - before_ms, TIMEOUT - 2);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
	client_close(&c);
}

Test(sio_engine_time, a_client_of_protocol_3_pings)
{
	struct client c;
	int64_t before_ms = client_now_ms();

	eio_test.protocol = 3;
	c = eio_open_websocket("");
	for (int i = 0; i < 4; i++) {
		pass_ms((INTERVAL + TIMEOUT) / 2);
		eio_say(&c, "2");
		eio_hear(&c, "3");
	}
	cr_expect_geq(
	    client_now_ms() - before_ms, 2 * (INTERVAL + TIMEOUT) - 8);
	cr_expect_eq(eio_test.closed, 0);
	/* Only pings count. */
	before_ms = client_now_ms();
	eio_say(&c, "4x");
	client_expect_close(&c, 1005, true);
	cr_expect_geq(client_now_ms() - before_ms, INTERVAL + TIMEOUT - 3);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
	client_close(&c);
	eio_expect_get(eio_open_polling("&b64=1"), 200, "1:1");
	eio_test_until_closed(2);
}

Test(sio_engine_time, a_probe_that_takes_too_long_is_closed)
{
	const char *sid = eio_open_polling("");
	struct client c = eio_probe(sid);
	int64_t before_ms = client_now_ms();

	client_expect_close(&c, 1005, true);
	cr_expect_geq(client_now_ms() - before_ms, 45);
	client_close(&c);
	cr_expect_eq(eio_test.closed, 0);
	eio_expect_get(sid, 200, "2");
}

/* ---- who says nothing -------------------------------------------------- */

static const struct eio_options wary = { .lease_ms = 50, .silent_per_ip = 3 };

static void
begin_wary(void)
{
	eio_test_begin(&wary);
}

TestSuite(
    sio_engine_lease, .init = begin_wary, .fini = eio_test_end, .timeout = 60);

Test(sio_engine_lease, a_session_that_never_says_anything_ends_soon)
{
	int64_t before_ms = client_now_ms();

	(void)eio_open_polling("");
	eio_test_until_closed(1);
	cr_expect_geq(client_now_ms() - before_ms, 48);
	cr_expect_str_eq(eio_test.reason, "ping timeout");
}

Test(sio_engine_lease, a_session_that_says_anything_stays)
{
	struct response r;
	struct client poll, c;
	const char *sid = eio_open_polling("");

	poll = eio_poll(sid);
	sid = eio_open_polling("");
	cr_expect_eq(eio_post(&r, sid, "4x"), 200);
	sid = eio_open_polling("");
	c = eio_probe(sid);
	/* One that does not, after them: when it ends, they would have. */
	(void)eio_open_polling("");
	eio_test_until_closed(1);
	cr_expect_eq(eio_count(eio_test.eio), 3);
	client_close(&poll);
	client_close(&c);
	eio_test_until_closed(2);
}

/* A client that fails and begins anew does not keep others out. */
Test(sio_engine_lease, sessions_of_one_address_that_say_nothing_are_few)
{
	struct response r;
	char first[32], third[32];

	snprintf(first, sizeof(first), "%s", eio_open_polling(""));
	(void)eio_open_polling("");
	snprintf(third, sizeof(third), "%s", eio_open_polling(""));
	cr_expect_eq(eio_test.closed, 0);
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect_eq(eio_test.closed, 1);
	cr_expect_eq(eio_post(&r, first, "4x"), 400);
	/* One that is used does not count any more. */
	cr_expect_eq(eio_post(&r, third, "4x"), 200);
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect_eq(eio_test.closed, 1);
	cr_expect_eq(eio_get(&r, NULL), 200);
	cr_expect_eq(eio_test.closed, 2);
	cr_expect_eq(eio_post(&r, third, "4x"), 200);
}

Test(sio_engine_lease, a_websocket_needs_to_say_nothing)
{
	struct client c = eio_open_websocket("");

	(void)eio_open_polling("");
	eio_test_until_closed(1);
	cr_expect_eq(eio_count(eio_test.eio), 1);
	client_close(&c);
	eio_test_until_closed(2);
}
