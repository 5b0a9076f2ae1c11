/* test_sio_nsp.c - namespaces, and kinds of them. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_nsp, .init = app_begin, .fini = app_end, .timeout = 300);

Test(sio_nsp, an_unknown_namespace_is_refused)
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0/random,");
	(void)peer_expect(&c, "4/random,{\"message\":\"Invalid namespace\"}");
	peer_send(&c, "0/random");
	(void)peer_expect(&c, "4/random,{\"message\":\"Invalid namespace\"}");
	(void)peer_connect(&c, "");
	client_close(&c);
}

static void
hear_connection(struct sio_socket *socket)
{
	hear("connection %s; ", sio_nsp_name(sio_nsp_of(socket)));
}

Test(sio_nsp, namespaces_are_kept_apart)
{
	struct sio_nsp *admin = sio_of(io, "admin");
	struct client c;

	cr_assert_eq(admin, sio_of(io, "/admin"));
	cr_assert_str_eq(sio_nsp_name(admin), "/admin");
	sio_on_connection(admin, hear_connection);
	sio_on(admin, "ack", on_ack);
	c = enter();
	(void)peer_connect(&c, "/admin,");
	cr_expect_str_eq(heard, "connection /admin; ");
	peer_send(&c, "2/admin,[\"echo\"]");
	peer_send(&c, "2/admin,3[\"ack\",1]");
	(void)peer_expect(&c, "3/admin,3[1]");
	cr_assert_eq(sio_emit_to(sio_all(admin), "x", NULL), 1);
	(void)peer_expect(&c, "2/admin,[\"x\"]");
	cr_assert_eq(sio_nsp_count(admin), 1);
	cr_assert_eq(sio_nsp_count(root), 1);
	cr_assert_eq(sio_clients(io), 1);
	peer_send(&c, "1/admin,");
	is_alive(&c);
	cr_assert_eq(sio_nsp_count(admin), 0);
	client_close(&c);
}

static bool
is_even(struct sio_socket *socket, const char *name, void *arg)
{
	cr_expect_not_null(sio_session(socket));
	cr_expect_eq(arg, &closed);
	return strncmp(name, "/n-", 3) == 0 && atoi(name + 3) % 2 == 0;
}

Test(sio_nsp, namespaces_are_made_when_they_are_asked_for)
{
	struct sio_nsp *even = sio_of_each(io, is_even, &closed);
	struct sio_nsp *star = sio_of_pattern(io, "/room-*-x*");
	struct client c = enter();

	sio_on_connection(even, hear_connection);
	sio_on_connection(star, hear_connection);
	peer_send(&c, "0/n-1,");
	(void)peer_expect(&c, "4/n-1,{\"message\":\"Invalid namespace\"}");
	(void)peer_connect(&c, "/n-2,");
	(void)peer_connect(&c, "/n-4,");
	(void)peer_connect(&c, "/room-a-b-x,");
	peer_send(&c, "0/room-a,");
	(void)peer_expect(&c, "4/room-a,{\"message\":\"Invalid namespace\"}");
	cr_expect_str_eq(heard,
	    "connection /n-2; connection /n-4; connection /room-a-b-x; ");
	cr_assert_eq(sio_nsp_count(even), 2);
	cr_assert_eq(sio_emit_to(sio_all(even), "hello", "%d", 1), 2);
	(void)peer_expect(&c, "2/n-2,[\"hello\",1]");
	(void)peer_expect(&c, "2/n-4,[\"hello\",1]");
	peer_send(&c, "1/n-2,");
	is_alive(&c);
	cr_assert_eq(sio_nsp_count(even), 1);
	client_close(&c);
}

Test(sio_nsp, names_of_namespaces_are_bounded)
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

/* ---- what is_one may do ------------------------------------------------- */

static int calls; /* of is_one */

enum deed {
	LEAVE,
	CLOSE,
	JOIN,
	MAKE,
	DEEDS
};

/* Decide by the last letter of a name, "/leavey" or "/closen", after doing what
 * its first ones say. */
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

Test(sio_nsp, is_one_may_end_the_connection)
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

Test(sio_nsp, is_one_decides_by_its_result_alone)
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

Test(sio_nsp, is_one_cannot_join_rooms)
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

Test(sio_nsp, is_one_may_make_the_namespace)
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

/* ---- namespaces that come and go ---------------------------------------- */

static const char *made_name;

/* Make a namespace that is sorted before all others. */
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

Test(sio_nsp, a_namespace_may_be_made_during_a_walk)
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

Test(sio_nsp, a_namespace_held_by_old_events_only_is_emitted_to)
{
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000 };
	struct sio_nsp *rooms;
	struct client c;

	app_restart(&options);
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
	/* Each of these drops older ones, and with the last one of a namespace
	 * the namespace. */
	for (int i = 0; i < 20; i++)
		cr_assert_eq(sio_emit_to(sio_all(rooms), "y", NULL), 0);
	is_alive(&c);
	client_close(&c);
}
