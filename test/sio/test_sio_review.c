/* test_sio_review.c - Socket.IO: what callbacks do that nobody expects. */
/* SPDX-License-Identifier: MIT */
/*
 * A callback may disconnect any socket, its own included, in the midst of
 * whatever goes on; and a client may ask for more than it should be given.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio/sio.h"
#include "test/live/live.h"
#include "sio_peer.h"

static struct live live;
static struct sio *io;
static struct sio_nsp *root;
static struct sio_socket *last; /* to connect */
static int connected, closed, calls;
static char reason_was[64];

static void
nothing(struct ws_server *server)
{
	(void)server;
}

static void
on_connection(struct sio_socket *socket)
{
	last = socket;
	connected++;
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	(void)socket;
	snprintf(reason_was, sizeof(reason_was), "%s", reason);
	closed++;
}

static void
on_ping(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	(void)sio_ack(event, "'pong'");
}

static void
start(const struct sio_options *options)
{
	struct ws_options server = { .log_level = -1 };

	live = live_here(&server, nothing, NULL);
	io = sio_new(live.server, options);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	cr_assert_eq(sio_on_connection(root, on_connection), 0);
	cr_assert_eq(sio_on_disconnect(root, on_disconnect), 0);
	cr_assert_eq(sio_on(root, "ping", on_ping), 0);
}

static void
begin(void)
{
	start(NULL);
}

static void
end(void)
{
	sio_free(io);
	live_end(&live);
}

static void
restart(const struct sio_options *options)
{
	end();
	start(options);
}

TestSuite(sio_review, .init = begin, .fini = end, .timeout = 300);

static struct client
enter(void)
{
	struct client c = peer_open(live.address, "EIO=4");

	(void)peer_connect(&c, "");
	return c;
}

/* Whether a client is still served. */
static void
is_alive(struct client *c)
{
	peer_send(c, "27[\"ping\"]");
	(void)peer_expect(c, "37[\"pong\"]");
}

/* ---- while a namespace comes into being -------------------------------- */

enum deed {
	LEAVE,
	CLOSE,
	JOIN,
	MAKE,
	DEEDS
};

/* Decides about "/LEAVEy", "/CLOSEn" and so on, and does what it should not. */
static bool
is_one(struct sio_socket *socket, const char *name, void *arg)
{
	static const char *const names[] = { "/leave", "/close", "/join",
		"/make" };
	size_t len = strlen(name);

	(void)arg;
	calls++;
	if (strncmp(name, names[LEAVE], 6) == 0)
		sio_disconnect(socket, false);
	else if (strncmp(name, names[CLOSE], 6) == 0)
		sio_disconnect(socket, true);
	else if (strncmp(name, names[JOIN], 5) == 0)
		cr_expect_eq(sio_join(socket, "room"), WS_ECLOSED);
	else if (strncmp(name, names[MAKE], 5) == 0)
		cr_expect_not_null(sio_of(io, name));
	return name[len - 1] == 'y';
}

Test(sio_review, who_decides_about_a_namespace_may_end_the_connection)
{
	static const char *const packets[] = { "0/closey,", "0/closen," };

	cr_assert_not_null(sio_of_each(io, is_one, NULL));
	for (int i = 0; i < 2; i++) {
		struct client c = enter();

		closed = 0;
		peer_send(&c, packets[i]);
		peer_expect_end(&c);
		client_until(&closed, 1);
		cr_expect_eq(sio_clients(io), 0);
		client_close(&c);
	}
	cr_assert_eq(calls, 2);
}

Test(sio_review, who_decides_about_a_namespace_decides_by_its_result)
{
	struct client c = enter();

	cr_assert_not_null(sio_of_each(io, is_one, NULL));
	peer_send(&c, "0/leavey,");
	(void)peer_expect(&c, "0/leavey,{\"sid\":\"*\"}");
	peer_send(&c, "0/leaven,");
	(void)peer_expect(&c, "4/leaven,{\"message\":\"*\"}");
	is_alive(&c);
	client_close(&c);
}

Test(sio_review, who_decides_about_a_namespace_cannot_join_its_rooms)
{
	struct client c = enter();

	cr_assert_not_null(sio_of_each(io, is_one, NULL));
	peer_send(&c, "0/joinn,");
	(void)peer_expect(&c, "4/joinn,{\"message\":\"Invalid namespace\"}");
	peer_send(&c, "0/joiny,");
	(void)peer_expect(&c, "0/joiny,{\"sid\":\"*\"}");
	is_alive(&c);
	client_close(&c);
}

Test(sio_review, who_decides_about_a_namespace_may_make_it)
{
	struct client c = enter();
	struct sio_nsp *made;

	cr_assert_not_null(sio_of_each(io, is_one, NULL));
	peer_send(&c, "0/makey,");
	(void)peer_expect(&c, "0/makey,{\"sid\":\"*\"}");
	made = sio_of(io, "/makey");
	cr_expect_eq(sio_nsp_count(made), 1);
	cr_expect_eq(sio_emit_to(sio_all(made), "x", NULL), 1);
	(void)peer_expect(&c, "2/makey,[\"x\"]");
	client_close(&c);
}

/* ---- while an event goes out ------------------------------------------- */

static struct sio_socket *victim;
static bool victim_closes;

static void
disconnect_victim(
    struct sio_socket *socket, const char *name, struct sio_value args)
{
	const char *text;

	(void)socket;
	(void)name;
	if (victim != NULL)
		sio_disconnect(victim, victim_closes);
	victim = NULL;
	/* What went out can still be looked at. */
	text = sio_string(sio_at(args, 0), NULL);
	if (text != NULL)
		cr_expect_str_eq(text, "some text");
	calls++;
}

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	(void)socket;
	(void)args;
	*(int *)arg = error;
	calls++;
}

Test(sio_review, who_hears_events_go_out_may_disconnect_anybody)
{
	for (int row = 0; row < 8; row++) {
		bool own = (row & 1) != 0, many = (row & 2) != 0;
		struct client a, b;
		struct sio_socket *first;

		restart(NULL);
		cr_assert_eq(sio_on_any_outgoing(root, disconnect_victim), 0);
		a = enter();
		first = last;
		b = enter();
		victim = own ? last : first;
		victim_closes = (row & 4) != 0;
		if (many)
			(void)sio_emit_to(
			    sio_all(root), "x", "%s", "some text");
		else if (own)
			cr_expect_eq(
			    sio_emit(last, "x", "%s", "some text"), WS_ECLOSED);
		else
			cr_expect_eq(sio_emit(last, "x", "%s", "some text"), 0);
		cr_expect_eq(sio_nsp_count(root), 1, "row %d", row);
		if (own) {
			if (!many)
				cr_expect_eq(
				    sio_emit(first, "x", "%s", "some text"), 0);
			(void)peer_expect(&a, "2[\"x\",\"some text\"]");
			is_alive(&a);
		} else {
			(void)peer_expect(&b, "2[\"x\",\"some text\"]");
			is_alive(&b);
		}
		client_close(&a);
		client_close(&b);
	}
}

Test(sio_review, one_who_leaves_while_it_is_asked_is_told_once)
{
	for (int close = 0; close < 2; close++) {
		int outcome = 1;
		struct client c;

		restart(NULL);
		cr_assert_eq(sio_on_any_outgoing(root, disconnect_victim), 0);
		c = enter();
		victim = last;
		victim_closes = close;
		calls = 0;
		cr_expect_eq(
		    sio_emit_ack(last, 0, on_answer, &outcome, "q", NULL), 0);
		cr_expect_eq(outcome, WS_ECLOSED);
		cr_expect_eq(calls, 2);
		client_close(&c);
		/* Of many. */
		c = enter();
		victim = last;
		outcome = 1;
		cr_expect_eq(sio_emit_to_ack(sio_all(root), 0, on_answer,
				 &outcome, "q", NULL),
		    0);
		cr_expect_neq(outcome, 1);
		client_close(&c);
	}
}

/* ---- while a socket leaves --------------------------------------------- */

static void
close_again(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	sio_disconnect(socket, true);
	cr_expect_not_null(sio_session(socket));
	cr_expect_str_eq(eio_transport(sio_session(socket)), "websocket");
	calls++;
}

Test(sio_review, who_leaves_may_be_disconnected_again)
{
	for (int row = 0; row < 6; row++) {
		struct client c;

		restart(NULL);
		closed = calls = 0;
		cr_assert_eq(row % 2 == 0
				 ? sio_on_disconnect(root, close_again)
				 : sio_on_disconnecting(root, close_again),
		    0);
		c = enter();
		if (row < 4)
			sio_disconnect(last, row >= 2);
		else
			client_close(&c);
		client_until(&closed, 1);
		cr_expect_eq(calls, 1);
		cr_expect_eq(sio_clients(io), 0);
		if (row < 4)
			client_close(&c);
	}
}

/* ---- rooms ------------------------------------------------------------- */

static char rooms_seen[64];

static bool
see_room(const char *room, void *arg)
{
	strcat(rooms_seen, strlen(room) == 20 ? "own" : room);
	(void)arg;
	return true;
}

static void
see_rooms(struct sio_socket *socket, const char *when)
{
	strcat(rooms_seen, when);
	sio_rooms(socket, see_room, NULL);
}

static enum sio_verdict
see_and_admit(struct sio_socket *socket)
{
	see_rooms(socket, "use:");
	return SIO_NEXT;
}

static void
see_connected(struct sio_socket *socket)
{
	see_rooms(socket, " in:");
}

static void
see_leaving(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	see_rooms(
	    socket, sio_in_room(socket, sio_id(socket)) ? " still:" : " out:");
}

/* Nobody is in a room of its own before it is in, and after it has left. */
Test(sio_review, a_walk_over_rooms_tells_what_is_so)
{
	struct client c;

	rooms_seen[0] = '\0';
	cr_assert_eq(sio_use(root, see_and_admit), 0);
	cr_assert_eq(sio_on_connection(root, see_connected), 0);
	cr_assert_eq(sio_on_disconnecting(root, see_leaving), 0);
	cr_assert_eq(sio_on_disconnect(root, see_leaving), 0);
	c = peer_open(live.address, "EIO=4");
	(void)peer_connect(&c, "");
	peer_send(&c, "1");
	client_until(&closed, 1);
	cr_expect_str_eq(rooms_seen, "use: in:own still:own out:");
	client_close(&c);
}

/* ---- names ------------------------------------------------------------- */

static void
never(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	cr_expect_fail("called for %s", sio_event_name(event));
}

Test(sio_review, an_event_with_a_nul_in_its_name_is_nobodys)
{
	struct client c = enter();

	cr_assert_eq(sio_on(root, "secret", never), 0);
	cr_assert_eq(sio_on(root, "", never), 0);
	peer_send(&c, "2[\"secret\\u0000\"]");
	peer_send(&c, "2[\"secret\\u0000x\",1]");
	peer_send(&c, "2[\"\\u0000\"]");
	is_alive(&c);
	client_close(&c);
}
/* ---- namespaces that come and go --------------------------------------- */

static const char *made_name;

/* Makes a namespace that sorts before all others. */
static void
make_another(struct sio_socket *socket, const char *name, struct sio_value args)
{
	(void)socket;
	(void)name;
	(void)args;
	if (made_name != NULL)
		cr_expect_not_null(sio_of(io, made_name));
	made_name = NULL;
}

Test(sio_review, a_namespace_that_is_made_meanwhile_moves_no_other)
{
	struct client c = enter();
	struct sio_nsp *rooms = sio_of_pattern(io, "/room-*");

	cr_assert_not_null(rooms);
	cr_assert_eq(sio_on_any_outgoing(rooms, make_another), 0);
	(void)peer_connect(&c, "/room-1,");
	(void)peer_connect(&c, "/room-2,");
	made_name = "/a";
	cr_expect_eq(sio_emit_to(sio_all(rooms), "x", NULL), 2);
	(void)peer_expect(&c, "2/room-1,[\"x\"]");
	(void)peer_expect(&c, "2/room-2,[\"x\"]");
	is_alive(&c);
	cr_expect_eq(sio_nsp_count(rooms), 2);
	client_close(&c);
}

Test(sio_review, a_namespace_that_only_old_events_hold_is_emitted_to)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000 };
	struct sio_nsp *rooms;
	struct client c;

	restart(&options);
	rooms = sio_of_pattern(io, "/room-*");
	cr_assert_not_null(rooms);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	(void)peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	for (int i = 0; i < 3; i++) {
		char packet[32];

		snprintf(packet, sizeof(packet), "0/room-%d,", i);
		peer_send(&c, packet);
		(void)peer_expect(&c, "0/room-*,{*}");
		cr_assert_eq(sio_emit_to(sio_all(rooms), "x", NULL), 1);
		(void)peer_expect(&c, "2/room-*,[\"x\",\"*\"]");
		snprintf(packet, sizeof(packet), "1/room-%d,", i);
		peer_send(&c, packet);
		is_alive(&c);
	}
	/* Each of these makes older ones be forgotten, and with them what they
	 * were for. */
	for (int i = 0; i < 20; i++)
		cr_assert_eq(sio_emit_to(sio_all(rooms), "y", NULL), 0);
	is_alive(&c);
	client_close(&c);
}

/* Each may have max_payload, as for the reference: a client that keeps to what
 * it was told is not cut off. */
Test(sio_review, ten_attachments_of_max_payload_each_are_taken)
{
	static const struct sio_options options = { .engine.max_payload =
							1000 };
	static char data[1000];
	struct client c;

	restart(&options);
	c = enter();
	peer_send(&c, "510-[\"ping\",{\"_placeholder\":true,\"num\":9}]");
	for (int n = 0; n < 10; n++)
		peer_binary(&c, data, sizeof(data));
	is_alive(&c);
	client_close(&c);
}

/* ---- coming back ------------------------------------------------------- */

static enum sio_verdict
ask_again(struct sio_socket *socket)
{
	last = socket;
	calls++;
	return SIO_WAIT;
}

static void
connect_with(struct client *c, const char *pid)
{
	char packet[128];

	snprintf(packet, sizeof(packet), "0{\"pid\":\"%s\"}", pid);
	peer_send(c, packet);
}

/* A session that is gone, with its private id. */
static void
leave_behind(char pid[64])
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0");
	snprintf(
	    pid, 64, "%s", peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	cr_assert_eq(sio_join(last, "club"), 1);
	closed = 0;
	client_close(&c);
	client_until(&closed, 1);
}

Test(sio_review, who_comes_back_gets_nothing_before_middlewares_agree)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	cr_assert_eq(sio_emit_to(sio_in(root, "club"), "secret", "%d", 1), 0);
	c = peer_open(live.address, "EIO=4");
	connect_with(&c, pid);
	client_until(&calls, 1);
	cr_assert_eq(sio_refuse(last), 0);
	(void)peer_expect(&c, "4{\"message\":\"Forbidden\"}");
	client_close(&c);
}

Test(sio_review, who_comes_back_misses_nothing_while_a_middleware_waits)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	(void)sio_emit_to(sio_in(root, "club"), "n", "%d", 1);
	c = peer_open(live.address, "EIO=4");
	connect_with(&c, pid);
	client_until(&calls, 1);
	(void)sio_emit_to(sio_in(root, "club"), "n", "%d", 2);
	cr_assert_eq(sio_admit(last), 0);
	(void)peer_expect(&c, "2[\"n\",1,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",2,\"*\"]");
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	client_close(&c);
}

Test(sio_review, who_waited_too_long_to_be_recovered_connects_anew)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000,
		.recovery_middlewares = true };
	struct client c;
	char pid[64];

	restart(&options);
	leave_behind(pid);
	cr_assert_eq(sio_use(root, ask_again), 0);
	(void)sio_emit_to(sio_all(root), "n", "%d", 1);
	c = peer_open(live.address, "EIO=4");
	connect_with(&c, pid);
	client_until(&calls, 1);
	for (int i = 0; i < 10; i++)
		(void)sio_emit_to(sio_all(root), "n", "%d", i);
	cr_assert_eq(sio_admit(last), 0);
	peer_expect_end(&c);
	client_close(&c);
	c = peer_open(live.address, "EIO=4");
	connect_with(&c, pid);
	client_until(&calls, 2);
	cr_expect_not(sio_is_recovered(last));
	client_close(&c);
}

static void
pass_to_kind(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_nsp *kind = sio_nsp_user(sio_nsp_of(socket));

	(void)sio_ack(event, "%ld", sio_forward(sio_all(kind), event));
}

/* To a kind of namespaces it reaches all of them, as what is emitted does. */
Test(sio_review, an_event_can_be_passed_on_to_a_kind_of_namespaces)
{
	struct sio_nsp *kind = sio_of_pattern(io, "/room-*");
	struct client c = peer_open(live.address, "EIO=4");

	cr_assert_not_null(kind);
	sio_nsp_set_user(kind, kind);
	cr_assert_eq(sio_on(kind, "pass", pass_to_kind), 0);
	(void)peer_connect(&c, "/room-a,");
	(void)peer_connect(&c, "/room-b,");
	peer_send(
	    &c, "51-/room-a,7[\"pass\",{\"_placeholder\":true,\"num\":0}]");
	peer_binary(&c, "\1\2", 2);
	for (int i = 0; i < 2; i++) {
		(void)peer_expect(&c, i == 0 ? "51-/room-a,[\"pass\",*]"
					     : "51-/room-b,[\"pass\",*]");
		peer_expect_binary(&c, "\1\2", 2);
	}
	(void)peer_expect(&c, "3/room-a,7[2]");
	client_close(&c);
}

static void
forward(struct sio_socket *socket, struct sio_event *event)
{
	cr_expect_geq(sio_forward(sio_others(socket), event), 0);
	cr_expect_eq(sio_forward(sio_self(socket), event), 1);
}

Test(sio_review, an_event_that_is_passed_on_can_be_recovered)
{
	static const struct sio_options options = { .recovery_ms = 60000 };
	struct client a, b;
	char pid[64];

	restart(&options);
	cr_assert_eq(sio_on(root, "pass", forward), 0);
	leave_behind(pid);
	a = peer_open(live.address, "EIO=4");
	peer_send(&a, "0");
	(void)peer_expect(&a, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	peer_send(&a, "2[\"pass\",1] \n");
	(void)peer_expect(&a, "2[\"pass\",1,\"*\"]");
	b = peer_open(live.address, "EIO=4");
	connect_with(&b, pid);
	(void)peer_expect(&b, "2[\"pass\",1,\"*\"]");
	(void)peer_expect(&b, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	client_close(&a);
	client_close(&b);
}

/* ---- acknowledgements -------------------------------------------------- */

Test(sio_review, one_who_left_its_own_room_acknowledges_all_the_same)
{
	struct client c = enter();
	int outcome = 1;

	cr_assert(sio_leave(last, sio_id(last)));
	cr_assert_eq(
	    sio_emit_to_ack(sio_self(last), 0, on_answer, &outcome, "q", NULL),
	    1);
	(void)peer_expect(&c, "20[\"q\"]");
	peer_send(&c, "30[]");
	client_until(&calls, 2);
	cr_expect_eq(outcome, 0);
	client_close(&c);
}

enum {
	MANY = 30000
};

Test(sio_review, many_may_be_waited_for_and_answer_in_any_order)
{
	struct client c = enter();
	int outcome = 1;
	char packet[32];

	for (int i = 0; i < 5; i++)
		cr_assert_eq(
		    sio_emit_ack(last, 0, on_answer, &outcome, "q", NULL), 0);
	for (int i = 0; i < 5; i++) {
		static const int order[] = { 4, 1, 0, 3, 2 };

		snprintf(packet, sizeof(packet), "3%d[]", order[i]);
		peer_send(&c, packet);
		client_until(&calls, i + 1);
		cr_expect_eq(outcome, 0);
	}
	calls = 0;
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(
		    sio_emit_ack(last, 0, on_answer, &outcome, "q", NULL), 0);
	sio_disconnect(last, true);
	cr_expect_eq(calls, MANY);
	cr_expect_eq(outcome, WS_ECLOSED);
	client_close(&c);
}

/* ---- rooms of others --------------------------------------------------- */

static void
join_any(struct ws_conn *conn)
{
	static const char name[] = { 1, 0, 0, 0, 0 };

	/* What a client might guess, where it may choose a name. */
	for (size_t len = 1; len <= sizeof(name); len++)
		cr_expect_geq(ws_join(conn, name, len), 0);
}

static void
say_back(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
}

Test(sio_review, others_cannot_choose_the_rooms_of_a_namespace)
{
	static const struct ws_handler handler = { .open = join_any,
		.message = say_back };
	struct client c, stranger;

	cr_assert_eq(ws_endpoint(live.server, "/any", &handler, NULL), 0);
	c = enter();
	stranger = client_ws(live.address, "/any");
	client_send_frame(&stranger, CLIENT_FIN | 1, "1", 1);
	client_expect(&stranger, CLIENT_FIN | 1, "1", 1);
	cr_expect_eq(sio_emit_to(sio_all(root), "x", NULL), 1);
	(void)peer_expect(&c, "2[\"x\"]");
	client_send_frame(&stranger, CLIENT_FIN | 1, "2", 1);
	client_expect(&stranger, CLIENT_FIN | 1, "2", 1);
	client_close(&stranger);
	client_close(&c);
}

/* ---- limits ------------------------------------------------------------ */

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

Test(sio_review, namespaces_of_a_client_are_bounded)
{
	static const struct sio_options few = { .max_namespaces = 3 };
	const char *in = "0{\"sid\":\"*\"}";
	const char *out = "4{\"message\":\"Too many namespaces\"}";
	struct client c;

	for (int row = 0; row < 2; row++) {
		int max = row == 0 ? 100 : 3;

		restart(row == 0 ? NULL : &few);
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

Test(sio_review, names_of_namespaces_are_bounded)
{
	struct client c = enter();
	char packet[SIO_NSP_NAME_MAX + 8];

	cr_assert_not_null(sio_of_pattern(io, "/*"));
	memset(packet, 'x', sizeof(packet));
	memcpy(packet, "0/", 2);
	packet[1 + SIO_NSP_NAME_MAX + 1] = '\0';
	peer_send(&c, packet);
	(void)peer_expect(&c, "4/x*x,{\"message\":\"Invalid namespace\"}");
	packet[1 + SIO_NSP_NAME_MAX] = '\0';
	peer_send(&c, packet);
	(void)peer_expect(&c, "0/x*x,{\"sid\":\"*\"}");
	client_close(&c);
}

Test(sio_review, payloads_of_connects_are_bounded_together)
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

static void
turn_away(struct sio_socket *socket)
{
	calls++;
	sio_disconnect(socket, false);
}

Test(sio_review, what_a_client_may_still_send_to_is_remembered_in_bounds)
{
	static const struct sio_options options = { .max_namespaces = 3 };
	struct sio_nsp *rooms;
	struct client c;

	restart(&options);
	rooms = sio_of_pattern(io, "/n*");
	cr_assert_not_null(rooms);
	cr_assert_eq(sio_on_connection(rooms, turn_away), 0);
	c = enter();
	for (int i = 0; i < 10; i++) {
		connect_to(&c, i, "0{\"sid\":\"*\"}");
		(void)peer_expect(&c, "1/n*,");
	}
	/* Under way when it was told, from all that it may be in. */
	peer_send(&c, "2/n9,[\"x\"]");
	peer_send(&c, "2/n8,[\"x\"]");
	peer_send(&c, "2/n7,[\"x\"]");
	is_alive(&c);
	peer_send(&c, "2/n0,[\"x\"]");
	peer_expect_end(&c);
	client_close(&c);
}

static void
count_expired(void *user)
{
	++*(int *)user;
}

Test(sio_review, who_may_come_back_is_bounded)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000 };
	static int expired;
	struct client c;
	char pid[64];

	restart(&options);
	cr_assert_eq(sio_on_expired(root, count_expired), 0);
	for (int i = 0; i < 20; i++) {
		c = peer_open(live.address, "EIO=4");
		peer_send(&c, "0");
		snprintf(pid, sizeof(pid), "%s",
		    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
		sio_set_user(last, &expired);
		closed = 0;
		client_close(&c);
		client_until(&closed, 1);
	}
	cr_expect_gt(expired, 10);
	cr_expect_lt(expired, 20);
	/* The oldest ones were forgotten. */
	c = peer_open(live.address, "EIO=4");
	connect_with(&c, pid);
	cr_expect_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	client_close(&c);
}

/* ---- requests that fit nothing ------------------------------------------ */

Test(sio_review, a_request_cannot_be_for_a_websocket)
{
	static const char *const methods[] = { "GET", "POST", "PUT" };
	struct client c = enter();
	char request[256], sid[EIO_ID_SIZE];

	for (int i = 0; i < 3; i++) {
		struct client other = client_open(live.address);
		struct response r;

		snprintf(request, sizeof(request),
		    "%s /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1"
		    "\r\nHost: a\r\nContent-Length: 1\r\n\r\n1",
		    methods[i], eio_id(sio_session(last), sid));
		client_puts(&other, request);
		cr_expect_eq(client_response(&other, &r, false), 400);
		cr_expect_eq(
		    memcmp(r.body, "{\"code\":3,", 10), 0, "%s", methods[i]);
		is_alive(&c);
		client_close(&other);
	}
	client_close(&c);
}
