/* test_sio_leave.c - out of a namespace. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_leave, .init = app_begin, .fini = app_end, .timeout = 300);

static int calls; /* of close_again */

static void
keep(struct sio_socket *socket)
{
	cr_expect_eq(sio_join(socket, "kept"), 1);
}

Test(sio_leave, disconnecting_has_the_reason_and_the_rooms)
{
	struct client c;

	cr_assert_eq(sio_on_connection(root, keep), 0);
	c = enter();
	peer_send(&c, "1");
	client_until(&closed, 1);
	cr_expect_str_eq(heard,
	    "disconnecting /: client namespace disconnect (1); "
	    "disconnect /: client namespace disconnect (0); ");
	heard[0] = '\0';
	(void)peer_connect(&c, "");
	client_close(&c);
	client_until(&closed, 2);
	cr_expect_str_eq(heard, "disconnecting /: transport close (1); "
				"disconnect /: transport close (0); ");
	heard[0] = '\0';
	c = enter();
	peer_send(&c, "2[\"do\",\"leave-me\"]");
	(void)peer_expect(&c, "1");
	client_until(&closed, 3);
	cr_expect_str_eq(heard,
	    "disconnecting /: server namespace disconnect (1); "
	    "disconnect /: server namespace disconnect (0); ");
	/* A packet that crossed the DISCONNECT is ignored. */
	peer_send(&c, "2[\"echo\"]");
	(void)peer_connect(&c, "");
	heard[0] = '\0';
	peer_send(&c, "2[\"do\",\"close-me\"]");
	(void)peer_expect(&c, "1");
	peer_expect_end(&c);
	client_until(&closed, 4);
	cr_expect_str_eq(heard,
	    "disconnecting /: server namespace disconnect (1); "
	    "disconnect /: server namespace disconnect (0); ");
	client_close(&c);
}

Test(sio_leave, a_server_that_stops_disconnects_all)
{
	struct client c = enter();

	sio_stop(io);
	client_until(&closed, 1);
	cr_expect_str_eq(heard, "disconnecting /: server shutting down (0); "
				"disconnect /: server shutting down (0); ");
	client_close(&c);
}

static void
close_again(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	sio_disconnect(socket, true);
	cr_expect_not_null(sio_session(socket));
	cr_expect_str_eq(eio_transport(sio_session(socket)), "websocket");
	calls++;
}

Test(sio_leave, a_socket_that_leaves_may_be_disconnected_again)
{
	for (int row = 0; row < 6; row++) {
		struct client c;

		app_restart(NULL);
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

static void
turn_away(struct sio_socket *socket)
{
	sio_disconnect(socket, false);
}

Test(sio_leave, packets_that_crossed_a_disconnect_are_ignored)
{
	static const struct sio_options options = { .max_namespaces = 3 };
	struct sio_nsp *rooms;
	struct client c;

	app_restart(&options);
	rooms = sio_of_pattern(io, "/n*");
	cr_assert_not_null(rooms);
	cr_assert_eq(sio_on_connection(rooms, turn_away), 0);
	c = enter();
	for (int i = 0; i < 10; i++) {
		char nsp[16];

		snprintf(nsp, sizeof(nsp), "/n%d,", i);
		(void)peer_connect(&c, nsp);
		(void)peer_expect(&c, "1/n*,");
	}
	/* As many as it may be in, the latest ones. */
	peer_send(&c, "2/n9,[\"x\"]");
	peer_send(&c, "2/n8,[\"x\"]");
	peer_send(&c, "2/n7,[\"x\"]");
	is_alive(&c);
	peer_send(&c, "2/n0,[\"x\"]");
	peer_expect_end(&c);
	client_close(&c);
}

/* ---- timers that end with their socket ------------------------------------- */

static int beats[2], leave_at;

static void
beat(struct sio_socket *socket)
{
	beats[0]++;
	if (beats[0] == leave_at)
		sio_disconnect(socket, false);
}

static void
beat_too(struct sio_socket *socket)
{
	(void)socket;
	beats[1]++;
}

static void
begin_beats(struct sio_socket *socket)
{
	cr_expect_eq(sio_every(socket, 0, beat), WS_EINVAL);
	cr_expect_eq(sio_every(socket, 1, NULL), WS_EINVAL);
	cr_expect_eq(sio_every(socket, 1, beat), 0);
	cr_expect_eq(sio_every(socket, 1, beat_too), 0);
}

static void
begin_late(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	cr_expect_eq(sio_every(socket, 1, beat), WS_ECLOSED);
}

Test(sio_leave, a_timer_of_a_socket_ends_with_it)
{
	struct client c, other;

	cr_assert_eq(sio_on_connection(root, begin_beats), 0);
	cr_assert_eq(sio_on_disconnect(root, begin_late), 0);
	c = enter();
	client_until(&beats[0], 3);
	client_until(&beats[1], 3);
	leave_at = beats[0] + 2;
	(void)peer_expect(&c, "1");
	client_until(&closed, 1);
	cr_expect_eq(beats[0], leave_at);
	/* Another one goes on when the first is gone. */
	(void)peer_connect(&c, "");
	other = enter();
	client_close(&c);
	client_until(&closed, 2);
	client_until(&beats[0], beats[0] + 3);
	client_close(&other);
	client_until(&closed, 3);
	beats[0] = beats[1] = 0;
	live_pass(20);
	cr_expect_eq(beats[0] + beats[1], 0);
}

Test(sio_leave, a_server_takes_socket_io_with_it)
{
	struct client c;

	cr_assert_eq(sio_on_connection(root, begin_beats), 0);
	c = enter();
	ws_server_free(live.server);
	live.server = NULL;
	cr_expect_eq(closed, 1);
	cr_expect_str_eq(heard, "disconnecting /: server shutting down (0); "
				"disconnect /: server shutting down (0); ");
	client_close(&c);
	io = NULL;
}

/* The program need not tell Socket.IO: ws_stop does. */
Test(sio_leave, a_server_that_is_told_to_stop_tells_its_clients)
{
	struct client c = enter();

	ws_stop(live.server, 20000);
	peer_expect_end(&c);
	client_until(&closed, 1);
	cr_expect_str_eq(heard, "disconnecting /: server shutting down (0); "
				"disconnect /: server shutting down (0); ");
	client_close(&c);
}

static void
terminate(struct sio_socket *socket, struct sio_event *event)
{
	(void)event;
	eio_terminate(sio_session(socket));
}

Test(sio_leave, an_abrupt_end_sends_no_farewell)
{
	struct client c = enter();

	cr_assert_eq(sio_on(root, "terminate", terminate), 0);
	peer_send(&c, "2[\"terminate\"]");
	client_until(&closed, 1);
	cr_expect_not_null(strstr(heard, "disconnect /: transport error"));
	client_close(&c);
}
