/* test_recovery.c - connection state recovery. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

static size_t queue_max; /* of clients that poll; 0: the default */
static int expired;      /* calls of on_expired, and the user data */

/* Start a server that keeps about five events. */
static void
begin(void)
{
	const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000,
		.engine = { .queue_max = queue_max } };

	app_start(&options);
}

TestSuite(sio_recovery, .init = begin, .fini = app_end, .timeout = 300);

static void
copy(char to[64], const char *text)
{
	snprintf(to, 64, "%s", text);
}

/* Connect a new client.
 *   pid  receives its private identifier */
static struct client
arrive(char pid[64])
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0");
	copy(pid, peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	return c;
}

/* Lose the connection of a client. */
static void
leave(struct client *c)
{
	closed = 0;
	client_close(c);
	client_until(&closed, 1);
}

/* Connect a client that wants to be recovered.
 *   offset  of the last event that it has; or NULL */
static struct client
come_back(const char *pid, const char *offset)
{
	struct client c = peer_open(live.address, "EIO=4");
	char packet[256];

	snprintf(packet, sizeof(packet), "0{\"pid\":\"%s\"%s%s%s}", pid,
	    offset != NULL ? ",\"offset\":\"" : "",
	    offset != NULL ? offset : "", offset != NULL ? "\"" : "");
	peer_send(&c, packet);
	return c;
}

/* Expect the answer to a CONNECT.
 *   recovered  whether it must repeat pid */
static void
expect_welcome(struct client *c, const char *pid, bool recovered)
{
	const char *got = peer_expect(c, "0{\"sid\":\"*\",\"pid\":\"*\"}");

	cr_expect_eq(strcmp(got, pid) == 0, recovered, "%s for %s", got, pid);
	cr_expect_eq(sio_is_recovered(last), recovered);
}

/* Emit events for other clients, so that all earlier ones are dropped. */
static void
chatter(void)
{
	for (int i = 0; i < 100; i++)
		cr_assert_eq(
		    sio_emit_to(sio_in(root, "elsewhere"), "n", "%d", i), 0);
}

Test(sio_recovery, a_client_that_missed_nothing_needs_no_old_events)
{
	char pid[64], offset[64];
	struct client c = arrive(pid);

	cr_assert_eq(sio_emit(last, "n", "%d", 1), 0);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	chatter();
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 2);
	c = come_back(pid, offset);
	copy(offset, peer_expect(&c, "2[\"n\",2,\"*\"]"));
	expect_welcome(&c, pid, true);
	/* Again: an event that was sent during the recovery counts. */
	chatter();
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 3);
	c = come_back(pid, offset);
	copy(offset, peer_expect(&c, "2[\"n\",3,\"*\"]"));
	expect_welcome(&c, pid, true);
	client_close(&c);
}

Test(sio_recovery, a_client_that_was_sent_nothing_needs_no_old_events)
{
	char pid[64];
	struct client c = arrive(pid);

	for (int i = 0; i < 2; i++) {
		chatter();
		leave(&c);
		c = come_back(pid, NULL);
		expect_welcome(&c, pid, true);
	}
	client_close(&c);
}

Test(sio_recovery, a_client_that_missed_a_forgotten_event_connects_anew)
{
	char pid[64], offset[64];
	struct client c = arrive(pid);

	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 1), 1);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	/* This one was on the way when the connection broke. */
	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 2), 1);
	chatter();
	leave(&c);
	c = come_back(pid, offset);
	expect_welcome(&c, pid, false);
	client_close(&c);
}

Test(sio_recovery, events_before_a_client_connected_are_not_replayed)
{
	char pid[64], offset[64];
	struct client c = arrive(pid);

	cr_assert_eq(sio_emit(last, "n", "%d", 1), 0);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 2);
	/* Clients keep the offset when they connect anew. */
	c = arrive(pid);
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 3);
	c = come_back(pid, offset);
	(void)peer_expect(&c, "2[\"n\",3,\"*\"]");
	expect_welcome(&c, pid, true);
	client_close(&c);
}

/* A socket that is lost when the outgoing hooks of another one are called. */
static struct sio_socket *victim;

static void
end_victim(struct sio_socket *socket, const char *name, struct sio_value args)
{
	(void)name;
	(void)args;
	if (victim != NULL && socket != victim)
		eio_close(sio_session(victim));
	victim = NULL;
}

Test(sio_recovery, a_client_that_leaves_during_a_delivery_is_sent_it_later)
{
	char pid[2][64], got[64];
	struct client c[2] = { arrive(pid[0]) };
	struct sio_socket *sockets[2] = { last };
	int which;

	c[1] = arrive(pid[1]);
	sockets[1] = last;
	cr_assert_eq(sio_on_any_outgoing(root, end_victim), 0);
	/* The order of delivery is not known: in one of two tries the victim
	 * is lost before its turn. */
	for (which = 0; which < 2; which++) {
		victim = sockets[which];
		closed = 0;
		if (sio_emit_to(sio_all(root), "n", "%d", which) == 1 &&
		    closed == 1)
			break;
	}
	victim = NULL;
	cr_assert_lt(which, 2);
	client_close(&c[which]);
	c[which] = come_back(pid[which], NULL);
	snprintf(got, sizeof(got), "2[\"n\",%d,\"*\"]", which);
	if (which == 1)
		(void)peer_expect(&c[1], "2[\"n\",0,\"*\"]");
	(void)peer_expect(&c[which], got);
	expect_welcome(&c[which], pid[which], true);
	client_close(&c[0]);
	client_close(&c[1]);
}

/* Wait less long than it takes to end a process and to start another. */
static void
let_time_pass(void)
{
	int64_t then_ms = client_now_ms();

	while (client_now_ms() < then_ms + 2)
		continue;
}

Test(sio_recovery, offsets_of_an_earlier_process_are_older)
{
	char pid[64], before[64], offset[64];
	struct client c = arrive(pid);

	for (int i = 0; i < 10; i++)
		cr_assert_eq(sio_emit(last, "n", NULL), 0);
	for (int i = 0; i < 10; i++)
		copy(before, peer_expect(&c, "2[\"n\",\"*\"]"));
	client_close(&c);
	app_end();
	let_time_pass();
	begin();
	c = arrive(pid);
	leave(&c);
	for (int i = 0; i < 3; i++)
		sio_emit_to(sio_all(root), "n", NULL);
	/* A client that connects anew keeps the offset, see above. */
	c = come_back(pid, before);
	for (int i = 0; i < 3; i++) {
		copy(offset, peer_expect(&c, "2[\"n\",\"*\"]"));
		cr_expect_str_neq(offset, before);
	}
	expect_welcome(&c, pid, true);
	client_close(&c);
}

/* ---- what is replayed --------------------------------------------------- */

static void
on_expired(void *user)
{
	cr_expect_eq(user, &expired);
	expired++;
}

static void
restart(int keep_ms, size_t octets)
{
	const struct sio_options options = { .recovery_ms = keep_ms,
		.recovery_octets = octets };

	app_restart(&options);
	sio_on_expired(root, on_expired);
}

Test(sio_recovery, a_broken_connection_is_recovered)
{
	struct client c, other;
	char pid[64], sid[64], offset[64];

	restart(60000, 0);
	c = arrive(pid);
	snprintf(sid, sizeof(sid), "%s", sio_id(last));
	sio_set_user(last, &expired);
	ask(&c, "\"join\",\"r\"", "1");
	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 1), 1);
	snprintf(
	    offset, sizeof(offset), "%s", peer_expect(&c, "2[\"n\",1,\"*\"]"));
	client_close(&c);
	client_until(&closed, 1);
	/* It misses events for all and for its room, not for another room. */
	sio_emit_to(sio_all(root), "n", "%d", 2);
	sio_emit_to(sio_in(root, "r"), "n", "%d", 3);
	sio_emit_to(sio_in(root, "s"), "n", "%d", 4);
	sio_emit_to(sio_except(sio_all(root), "r"), "n", "%d", 5);
	sio_emit_to(sio_in(root, sid), "n", "%d", 6);
	sio_emit_to(sio_volatile(sio_all(root)), "n", "%d", 7);
	last = NULL;
	c = come_back(pid, offset);
	(void)peer_expect(&c, "2[\"n\",2,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",3,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",6,\"*\"]");
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert(sio_is_recovered(last));
	cr_assert_str_eq(sio_id(last), sid);
	cr_assert_eq(sio_user(last), &expired);
	cr_assert_eq(expired, 0);
	/* It is in its rooms again; its pid recovers no other client. */
	other = come_back(pid, offset);
	(void)peer_expect(&other, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	cr_assert_not(sio_is_recovered(last));
	ask(&other, "\"in\",\"r\"", "1");
	(void)peer_expect(&c, "2[\"news\",\"in\",\"*\"]");
	/* The state of a client that leaves on purpose is not kept. */
	peer_send(&c, "1");
	client_until(&expired, 1);
	client_close(&c);
	client_close(&other);
}

Test(sio_recovery, recovery_works_before_the_first_event)
{
	struct sio_value binary = sio_binary("ab", 2);
	struct client c;
	char pid[64];

	restart(60000, 0);
	c = arrive(pid);
	client_close(&c);
	client_until(&closed, 1);
	sio_emit_to(sio_all(root), "n", "%p", (const void *)&binary);
	c = come_back(pid, NULL);
	(void)peer_expect(
	    &c, "51-[\"n\",{\"_placeholder\":true,\"num\":0},\"*\"]");
	peer_expect_binary(&c, "ab", 2);
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert(sio_is_recovered(last));
	client_close(&c);
}

/* Connect a client, let it join a room, and lose it.
 *   pid  receives its private identifier */
static void
leave_behind(char pid[64])
{
	struct client c = arrive(pid);

	cr_assert_eq(sio_join(last, "club"), 1);
	leave(&c);
}

static void
forward(struct sio_socket *socket, struct sio_event *event)
{
	cr_expect_geq(sio_forward(sio_others(socket), event), 0);
	cr_expect_eq(sio_forward(sio_self(socket), event), 1);
}

Test(sio_recovery, an_event_that_is_passed_on_can_be_recovered)
{
	static const struct sio_options options = { .recovery_ms = 60000 };
	struct client a, b;
	char pid[64];

	app_restart(&options);
	cr_assert_eq(sio_on(root, "pass", forward), 0);
	leave_behind(pid);
	a = peer_open(live.address, "EIO=4");
	peer_send(&a, "0");
	(void)peer_expect(&a, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	peer_send(&a, "2[\"pass\",1] \n");
	(void)peer_expect(&a, "2[\"pass\",1,\"*\"]");
	b = come_back(pid, NULL);
	(void)peer_expect(&b, "2[\"pass\",1,\"*\"]");
	(void)peer_expect(&b, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	client_close(&a);
	client_close(&b);
}

/* ---- limits ------------------------------------------------------------- */

Test(sio_recovery, recovery_is_bounded)
{
	struct client c;
	char pid[64];
	static char long_text[3000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	restart(60000, 2048);
	c = arrive(pid);
	sio_set_user(last, &expired);
	client_close(&c);
	client_until(&closed, 1);
	for (int i = 0; i < 100; i++)
		sio_emit_to(sio_all(root), "n", "%d", i);
	c = come_back(pid, NULL);
	cr_assert_str_neq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert_not(sio_is_recovered(last));
	/* One event that is above the limit by itself. */
	sio_emit_to(sio_all(root), "n", "%s", long_text);
	(void)peer_expect(&c, "2[\"n\",\"*\",\"*\"]");
	client_close(&c);
	client_until(&closed, 2);
	/* States expire, and the application is told. */
	restart(20, 0);
	c = arrive(pid);
	sio_set_user(last, &expired);
	expired = 0;
	client_close(&c);
	client_until(&expired, 1);
}

Test(sio_recovery, kept_states_are_bounded)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000 };
	struct client c;
	char pid[64];

	app_restart(&options);
	cr_assert_eq(sio_on_expired(root, on_expired), 0);
	for (int i = 0; i < 20; i++) {
		c = arrive(pid);
		sio_set_user(last, &expired);
		closed = 0;
		client_close(&c);
		client_until(&closed, 1);
	}
	cr_expect_gt(expired, 10);
	cr_expect_lt(expired, 20);
	/* The oldest ones were forgotten. */
	c = come_back(pid, NULL);
	cr_expect_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	client_close(&c);
}

/* ---- while it is recovered ---------------------------------------------- */

static void
chatter_of_the_end(void *user)
{
	(void)user;
	expired++;
	chatter();
}

/* Send a request of Engine.IO by polling. Its answer's body lives as long as
 * the client. */
static struct client
ask_polling(struct response *r, const char *sid, const char *post)
{
	struct client c = client_open(live.address);
	char request[512];

	snprintf(request, sizeof(request),
	    "%s /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\n"
	    "Host: a\r\nContent-Length: %zu\r\n\r\n%s",
	    post[0] != '\0' ? "POST" : "GET", sid, strlen(post), post);
	client_puts(&c, request);
	(void)client_response(&c, r, false);
	return c;
}

/* The callback of a client that is lost may emit, and so drop the events that
 * are being replayed to it. */
Test(sio_recovery, a_client_may_be_lost_during_its_replay)
{
	char pid[64], sid[64], packet[128];
	struct sio_value octets = sio_binary("0123456789", 10);
	struct response r;
	struct client c;

	app_end();
	queue_max = 40;
	begin();
	cr_assert_eq(sio_on_expired(root, chatter_of_the_end), 0);
	c = arrive(pid);
	sio_set_user(last, &expired);
	leave(&c);
	for (int i = 0; i < 2; i++)
		sio_emit_to(sio_all(root), "n", "%p", &octets);
	c = ask_polling(&r, "", "");
	snprintf(sid, sizeof(sid), "&sid=%.20s", (const char *)r.body + 9);
	client_close(&c);
	expired = 0;
	snprintf(packet, sizeof(packet), "40{\"pid\":\"%s\"}", pid);
	c = ask_polling(&r, sid, packet);
	client_close(&c);
	cr_expect_eq(expired, 1);
	cr_expect_eq(sio_clients(io), 0);
}

static int asked;

static enum sio_verdict
ask_again(struct sio_socket *socket)
{
	last = socket;
	asked++;
	return SIO_WAIT;
}

Test(sio_recovery, nothing_is_replayed_before_middlewares_agree)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	app_restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	cr_assert_eq(sio_emit_to(sio_in(root, "club"), "secret", "%d", 1), 0);
	c = come_back(pid, NULL);
	client_until(&asked, 1);
	cr_assert_eq(sio_refuse(last), 0);
	(void)peer_expect(&c, "4{\"message\":\"Forbidden\"}");
	client_close(&c);
}

Test(sio_recovery, events_sent_while_a_middleware_waits_are_replayed)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	app_restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	(void)sio_emit_to(sio_in(root, "club"), "n", "%d", 1);
	c = come_back(pid, NULL);
	client_until(&asked, 1);
	(void)sio_emit_to(sio_in(root, "club"), "n", "%d", 2);
	cr_assert_eq(sio_admit(last), 0);
	(void)peer_expect(&c, "2[\"n\",1,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",2,\"*\"]");
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	client_close(&c);
}

Test(sio_recovery, a_state_that_expired_while_a_middleware_waited_is_lost)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	app_restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	(void)sio_emit_to(sio_all(root), "n", "%d", 1);
	c = come_back(pid, NULL);
	client_until(&asked, 1);
	for (int i = 0; i < 10; i++)
		(void)sio_emit_to(sio_all(root), "n", "%d", i);
	cr_assert_eq(sio_admit(last), 0);
	peer_expect_end(&c);
	client_close(&c);
	c = come_back(pid, NULL);
	client_until(&asked, 2);
	cr_expect_not(sio_is_recovered(last));
	client_close(&c);
}
