/* test_sio_rooms.c - rooms, and the targets that choose among them. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_rooms, .init = app_begin, .fini = app_end, .timeout = 300);

Test(sio_rooms, targets_choose_each_socket_once)
{
	struct client a = enter(), b = enter(), c = enter();

	ask(&a, "\"join\",\"r\"", "1");
	ask(&a, "\"join\",\"r\"", "0");
	ask(&b, "\"join\",\"r\"", "1");
	ask(&b, "\"join\",\"s\"", "1");
	ask(&c, "\"count\",\"r\"", "2");
	ask(&c, "\"count\",\"t\"", "0");
	/* The sender is in the room, and gets the event before the
	 * acknowledgement. */
	peer_send(&a, "21[\"do\",\"all\"]");
	(void)peer_expect(&a, "2[\"news\",\"all\"]");
	(void)peer_expect(&a, "31[3]");
	(void)peer_expect(&b, "2[\"news\",\"all\"]");
	(void)peer_expect(&c, "2[\"news\",\"all\"]");
	ask(&a, "\"others\"", "2");
	(void)peer_expect(&b, "2[\"news\",\"others\"]");
	(void)peer_expect(&c, "2[\"news\",\"others\"]");
	ask(&c, "\"and\",\"r\",\"s\"", "2");
	(void)peer_expect(&a, "2[\"news\",\"and\"]");
	(void)peer_expect(&b, "2[\"news\",\"and\"]");
	ask(&b, "\"to\",\"r\"", "1");
	(void)peer_expect(&a, "2[\"news\",\"to\"]");
	ask(&a, "\"except\",\"r\"", "1");
	(void)peer_expect(&c, "2[\"news\",\"ex\"]");
	ask(&c, "\"in-except\",\"r\",\"s\"", "1");
	(void)peer_expect(&a, "2[\"news\",\"in-ex\"]");
	ask(&a, "\"leave\",\"r\"", "1");
	ask(&a, "\"leave\",\"r\"", "0");
	ask(&a, "\"in\",\"r\"", "1");
	(void)peer_expect(&b, "2[\"news\",\"in\"]");
	is_alive(&a);
	is_alive(&b);
	is_alive(&c);
	client_close(&a);
	client_close(&b);
	client_close(&c);
}

Test(sio_rooms, each_socket_is_in_the_room_of_its_id)
{
	struct client a = peer_open(live.address, "EIO=4"), b = enter();
	char id[64], what[200];

	snprintf(id, sizeof(id), "%s", peer_connect(&a, ""));
	cr_assert_eq(strlen(id), 20);
	cr_assert_not_null(sio_find(root, id));
	cr_assert_str_eq(sio_id(sio_find(root, id)), id);
	snprintf(what, sizeof(what), "\"in\",\"%s\"", id);
	ask(&b, what, "1");
	(void)peer_expect(&a, "2[\"news\",\"in\"]");
	snprintf(what, sizeof(what), "\"except\",\"%s\"", id);
	peer_send(&b, "21[\"do\",\"all\"]");
	(void)peer_expect(&b, "2[\"news\",\"all\"]");
	(void)peer_expect(&b, "31[2]");
	(void)peer_expect(&a, "2[\"news\",\"all\"]");
	snprintf(what, sizeof(what), "\"count\",\"%s\"", id);
	ask(&b, what, "1");
	snprintf(what, sizeof(what), "\"leave\",\"%s\"", id);
	ask(&a, what, "1");
	snprintf(what, sizeof(what), "\"in\",\"%s\"", id);
	ask(&b, what, "0");
	is_alive(&a);
	client_close(&a);
	client_close(&b);
}

Test(sio_rooms, the_sockets_of_a_target_join_leave_and_disconnect)
{
	struct client a = enter(), b = enter(), c = enter();

	ask(&a, "\"join\",\"r\"", "1");
	ask(&b, "\"join\",\"r\"", "1");
	ask(&c, "\"sockets-join\",\"r\",\"s\"", "2");
	ask(&c, "\"count\",\"s\"", "2");
	ask(&c, "\"sockets-leave\",\"s\",\"r\"", "2");
	ask(&c, "\"count\",\"r\"", "0");
	ask(&c, "\"disconnect\",\"s\"", "2");
	(void)peer_expect(&a, "1");
	(void)peer_expect(&b, "1");
	cr_assert_eq(closed, 2);
	ask(&c, "\"count\",\"s\"", "0");
	client_close(&a);
	client_close(&b);
	client_close(&c);
}

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

/* A socket is in its own room from on_connection to on_disconnecting. */
Test(sio_rooms, own_rooms_are_visited_only_while_connected)
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

/* ---- rooms of other endpoints ------------------------------------------- */

static void
join_any(struct ws_conn *conn)
{
	static const char name[] = { 1, 0, 0, 0, 0 };

	/* Names that a client might guess, if it may choose one. */
	for (size_t len = 1; len <= sizeof(name); len++)
		cr_expect_geq(ws_join(conn, name, len), 0);
}

static void
say_back(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
}

Test(sio_rooms, other_endpoints_cannot_join_rooms_of_a_namespace)
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

/* "All" are the WebSockets of the program, not those that carry sessions. */
Test(sio_rooms, a_session_survives_what_is_published_to_all_websockets)
{
	struct client c = enter();

	cr_expect_eq(
	    ws_publish(live.server, NULL, 0, WS_TEXT, "?", 1, NULL), 0);
	is_alive(&c);
	client_close(&c);
}

/* ---- what clients leave out ---------------------------------------------- */

static bool
visit_none(struct sio_socket *socket, void *arg)
{
	(void)socket;
	(void)arg;
	return true;
}

Test(sio_rooms, a_name_that_is_null_is_refused)
{
	struct client c = enter();
	struct sio_target target = sio_all(root);

	cr_expect_eq(sio_join(last, NULL), WS_EINVAL);
	cr_expect_not(sio_leave(last, NULL));
	cr_expect_not(sio_in_room(last, NULL));
	cr_expect_eq(sio_room_count(root, NULL), 0);
	cr_expect_null(sio_find(root, NULL));
	cr_expect_null(sio_of(io, NULL));
	cr_expect_eq(sio_on(root, NULL, NULL), WS_EINVAL);
	cr_expect_eq(sio_refusal(last, NULL, NULL), WS_EINVAL);
	cr_expect_eq(sio_sockets_join(target, NULL), WS_EINVAL);
	cr_expect_eq(sio_sockets_leave(target, NULL), WS_EINVAL);
	cr_expect_eq(sio_emit(last, NULL, "%d", 1), WS_EINVAL);
	cr_expect_eq(sio_emit_to(target, NULL, "%d", 1), WS_EINVAL);
	cr_expect_eq(
	    sio_emit_ack(last, 0, NULL, NULL, NULL, "%d", 1), WS_EINVAL);
	cr_expect_eq(
	    sio_emit_to_ack(target, 0, NULL, NULL, NULL, "%d", 1), WS_EINVAL);
	cr_expect_eq(sio_emit_to(sio_in(root, NULL), "x", "%d", 1), WS_EINVAL);
	cr_expect_eq(
	    sio_emit_to(sio_except(target, NULL), "x", "%d", 1), WS_EINVAL);
	cr_expect_eq(sio_emit_to(sio_to(last, NULL), "x", "%d", 1), WS_EINVAL);
	cr_expect_eq(
	    sio_fetch(sio_in(root, NULL), visit_none, NULL), WS_EINVAL);
	is_alive(&c);
	client_close(&c);
}
