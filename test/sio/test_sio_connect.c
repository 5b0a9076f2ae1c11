/* test_sio_connect.c - into a namespace: middlewares, limits, protocol v4. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_connect, .init = app_begin, .fini = app_end, .timeout = 300);

/* ---- middlewares -------------------------------------------------------- */

static struct sio_socket *waiting;
static int waits;
static int expired;

static enum sio_verdict
judge(struct sio_socket *socket)
{
	const char *token =
	    sio_string(sio_get(sio_auth(socket), "token"), NULL);

	if (token == NULL)
		return SIO_REFUSE;
	if (strcmp(token, "bad") == 0) {
		sio_refusal(socket, "not \"you\"", "{code: %d}", 7);
		return SIO_REFUSE;
	}
	if (strcmp(token, "plain") == 0) {
		sio_refusal(socket, "no", NULL);
		return SIO_REFUSE;
	}
	sio_set_user(socket, &expired);
	if (strcmp(token, "wait") != 0)
		return SIO_NEXT;
	waiting = socket;
	waits++;
	return SIO_WAIT;
}

static enum sio_verdict
second(struct sio_socket *socket)
{
	(void)socket;
	hear("second; ");
	return SIO_NEXT;
}

static void
on_expired(void *user)
{
	cr_expect_eq(user, &expired);
	expired++;
}

Test(sio_connect, middlewares_decide)
{
	static const struct {
		const char *sent, *answer;
	} rows[] = {
		{ "0", "4{\"message\":\"Forbidden\"}" },
		{ "0{}", "4{\"message\":\"Forbidden\"}" },
		{ "0{\"token\":\"plain\"}", "4{\"message\":\"no\"}" },
		{ "0{\"token\":\"bad\"}",
		    "4{\"message\":\"not "
		    "\\\"you\\\"\",\"data\":{\"code\":7}}" },
		{ "0{\"token\":\"good\"}", "0{\"sid\":\"*\"}" },
	};
	struct client c = peer_open(live.address, "EIO=4");

	sio_use(root, judge);
	sio_use(root, second);
	sio_on_expired(root, on_expired);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peer_send(&c, rows[i].sent);
		(void)peer_expect(&c, rows[i].answer);
	}
	cr_expect_str_eq(heard, "second; ");
	client_close(&c);
	client_until(&expired, 1);
}

/* A client that asks again before it is answered gets one answer, to the
 * later question. */
Test(sio_connect, a_client_that_waits_may_ask_again)
{
	static const struct {
		const char *first, *second, *answer;
	} rows[] = {
		{ "0{\"token\":\"wait\"}", "0{\"token\":\"good\"}",
		    "0{\"sid\":\"*\"}" },
		{ "0{\"token\":\"wait\"}", "0{\"token\":\"plain\"}",
		    "4{\"message\":\"no\"}" },
		{ "0{\"token\":\"wait\"}", "0{\"token\":\"wait\"}",
		    "0{\"sid\":\"*\"}" },
	};

	sio_use(root, judge);
	sio_on_expired(root, on_expired);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = peer_open(live.address, "EIO=4");

		waits = expired = 0;
		peer_send(&c, rows[i].first);
		peer_send(&c, rows[i].second);
		client_until(&expired, 1); /* the first one */
		if (i == 2) {
			client_until(&waits, 2);
			cr_assert_eq(sio_admit(waiting), 0);
		}
		(void)peer_expect(&c, rows[i].answer);
		if (i != 1)
			cr_expect_eq(sio_emit_to(sio_all(root), "x", NULL), 1);
		client_close(&c);
		client_until(&expired, i == 1 ? 1 : 2);
	}
}

Test(sio_connect, a_middleware_may_take_its_time)
{
	struct client c = peer_open(live.address, "EIO=4");

	sio_use(root, judge);
	sio_use(root, second);
	sio_on_expired(root, on_expired);
	peer_send(&c, "0{\"token\":\"wait\"}");
	client_until(&waits, 1);
	cr_assert_not(sio_is_connected(waiting));
	cr_assert_eq(sio_emit(waiting, "x", NULL), WS_ECLOSED);
	cr_assert_eq(sio_admit(waiting), 0);
	cr_assert_eq(sio_admit(waiting), WS_ESTATE);
	(void)peer_expect(&c, "0{\"sid\":\"*\"}");
	client_close(&c);
	client_until(&expired, 1);
	/* A client that is refused later, and one that leaves before. */
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0{\"token\":\"wait\"}");
	client_until(&waits, 2);
	cr_assert_eq(sio_refuse(waiting), 0);
	(void)peer_expect(&c, "4{\"message\":\"Forbidden\"}");
	cr_assert_eq(expired, 2);
	peer_send(&c, "0{\"token\":\"wait\"}");
	client_until(&waits, 3);
	client_close(&c);
	client_until(&expired, 3);
	cr_assert_eq(closed, 1);
}

/* ---- limits ------------------------------------------------------------- */

static void
connect_to(struct client *c, int number, const char *answer)
{
	char packet[64], pattern[96];

	snprintf(packet, sizeof(packet), "0/n%d,", number);
	snprintf(pattern, sizeof(pattern), "%c/n%d,%s", answer[0], number,
	    answer + 1);
	peer_send(c, packet);
	(void)peer_expect(c, pattern);
}

Test(sio_connect, namespaces_of_a_client_are_bounded)
{
	static const struct sio_options few = { .max_namespaces = 3 };
	const char *in = "0{\"sid\":\"*\"}";
	const char *out = "4{\"message\":\"Too many namespaces\"}";
	struct client c;

	for (int row = 0; row < 2; row++) {
		int max = row == 0 ? 100 : 3;

		app_restart(row == 0 ? NULL : &few);
		cr_assert_not_null(sio_of_pattern(io, "/n*"));
		c = enter();
		for (int i = 1; i < max; i++)
			connect_to(&c, i, in);
		connect_to(&c, max, out);
		peer_send(&c, "1/n1,");
		connect_to(&c, max, in);
		is_alive(&c);
		client_close(&c);
	}
}

Test(sio_connect, payloads_of_connects_are_bounded_together)
{
	static char packet[60000];
	struct client c = enter();

	cr_assert_not_null(sio_of_pattern(io, "/n*"));
	for (int i = 0; i < 18; i++) {
		size_t len = (size_t)snprintf(
		    packet, sizeof(packet), "0/n%d,{\"a\":\"", i);

		memset(packet + len, 'x', sizeof(packet) - len - 3);
		strcpy(packet + sizeof(packet) - 3, "\"}");
		peer_send(&c, packet);
		/* 16 times 60,000 are less than 1,000,000. */
		(void)peer_expect(
		    &c, i < 16 ? "0/n*,{\"sid\":\"*\"}"
			       : "4/n*,{\"message\":\"Too many namespaces\"}");
	}
	client_close(&c);
}

/* ---- protocol v4, of clients 1.x and 2.x -------------------------------- */

Test(sio_connect, revision_4_is_in_the_root_at_once)
{
	struct client c;

	sio_on_connection(sio_of(io, "/x"), remember);
	c = peer_open(live.address, "EIO=3");
	(void)peer_expect(&c, "0");
	peer_send(&c, "2[\"echo\",1]");
	(void)peer_expect(&c, "2[\"back\",1]");
	peer_send(&c, "0/x?&token=a%20b+%C3%A9&&c&d=%zz%ff&=,");
	(void)peer_expect(&c, "0/x,");
	cr_assert_eq(strncmp(sio_id(last), "/x#", 3), 0);
	cr_assert_str_eq(
	    sio_string(sio_get(sio_auth(last), "token"), NULL), "a b \u00e9");
	cr_assert_str_eq(sio_string(sio_get(sio_auth(last), "c"), NULL), "");
	cr_assert_str_eq(
	    sio_string(sio_get(sio_auth(last), "d"), NULL), "%zz\ufffd");
	cr_assert_str_eq(sio_string(sio_get(sio_auth(last), ""), NULL), "");
	peer_send(&c, "0/none,");
	(void)peer_expect(&c, "4/none,{\"message\":\"Invalid namespace\"}");
	client_close(&c);
}

Test(sio_connect, a_client_that_sends_no_auth_has_an_empty_one)
{
	struct client c = enter();
	size_t len;

	cr_expect_eq(sio_type(sio_auth(last)), SIO_OBJECT);
	cr_expect_eq(memcmp(sio_json(sio_auth(last), &len), "{}", 2), 0);
	cr_expect_eq(len, 2);
	client_close(&c);
}
