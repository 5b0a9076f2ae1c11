/* test_sio_ack.c - acknowledgements, both ways. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_ack, .init = app_begin, .fini = app_end, .timeout = 300);

/* ---- that clients owe --------------------------------------------------- */

static int answers;

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	size_t len = 0;
	const char *json = sio_json(args, &len);

	cr_expect_eq(arg, &answers);
	hear("%s %d %.*s; ", socket != NULL ? "socket" : "end", error, (int)len,
	    json != NULL ? json : "");
	answers++;
}

Test(sio_ack, clients_acknowledge)
{
	struct client c;

	c = enter();
	cr_assert_eq(sio_emit_ack(last, 0, on_answer, &answers, "q", NULL), 0);
	cr_assert_eq(
	    sio_emit_ack(last, 60000, on_answer, &answers, "q", "%d", 1), 0);
	cr_assert_eq(sio_emit_ack(last, 1, on_answer, &answers, "q", NULL), 0);
	cr_assert_eq(sio_emit_ack(last, 0, on_answer, &answers, "q", NULL), 0);
	(void)peer_expect(&c, "20[\"q\"]");
	(void)peer_expect(&c, "21[\"q\",1]");
	(void)peer_expect(&c, "22[\"q\"]");
	(void)peer_expect(&c, "23[\"q\"]");
	client_until(&answers, 1);
	peer_send(&c, "32[\"too late\"]");
	peer_send(&c, "31[\"b\",2]");
	peer_send(&c, "31[\"twice\"]");
	peer_send(&c, "30[]");
	client_until(&answers, 3);
	client_close(&c);
	client_until(&answers, 4);
	cr_expect_str_eq(heard,
	    "socket -6 ; socket 0 [\"b\",2]; socket 0 []; "
	    "disconnecting /: transport close (0); socket -3 ; "
	    "disconnect /: transport close (0); ");
}

Test(sio_ack, many_acknowledge)
{
	struct client a = enter(), b = enter();

	cr_assert_eq(sio_emit_to_ack(
			 sio_all(root), 60000, on_answer, &answers, "q", NULL),
	    2);
	(void)peer_expect(&a, "20[\"q\"]");
	(void)peer_expect(&b, "20[\"q\"]");
	peer_send(&b, "30[\"b\"]");
	client_until(&answers, 1);
	peer_send(&a, "30[\"a\"]");
	client_until(&answers, 3);
	cr_expect_str_eq(heard, "socket 0 [\"b\"]; socket 0 [\"a\"]; end 0 ; ");
	heard[0] = '\0';
	/* One client does not answer. */
	cr_assert_eq(
	    sio_emit_to_ack(sio_all(root), 50, on_answer, &answers, "q", NULL),
	    2);
	(void)peer_expect(&a, "21[\"q\"]");
	peer_send(&a, "31[1]");
	client_until(&answers, 5);
	cr_expect_str_eq(heard, "socket 0 [1]; end -6 ; ");
	/* One client leaves. */
	cr_assert_eq(sio_emit_to_ack(
			 sio_all(root), 60000, on_answer, &answers, "q", NULL),
	    2);
	heard[0] = '\0';
	client_close(&b);
	client_until(&closed, 1);
	(void)peer_expect(&a, "22[\"q\"]");
	peer_send(&a, "32[]");
	client_until(&answers, 7);
	cr_assert_not_null(strstr(heard, "socket 0 []; end -3 ; "));
	/* The target has no sockets. */
	cr_assert_eq(sio_emit_to_ack(sio_in(root, "none"), 60000, on_answer,
			 &answers, "q", NULL),
	    0);
	cr_assert_eq(answers, 8);
	client_close(&a);
}

Test(sio_ack, a_socket_that_left_its_own_room_acknowledges)
{
	struct client c = enter();

	cr_assert(sio_leave(last, sio_id(last)));
	cr_assert_eq(
	    sio_emit_to_ack(sio_self(last), 0, on_answer, &answers, "q", NULL),
	    1);
	(void)peer_expect(&c, "20[\"q\"]");
	peer_send(&c, "30[]");
	client_until(&answers, 2);
	cr_expect_str_eq(heard, "socket 0 []; end 0 ; ");
	client_close(&c);
}

enum {
	MANY = 30000
};

Test(sio_ack, many_answers_may_be_awaited_and_come_in_any_order)
{
	struct client c = enter();
	char packet[32];

	for (int i = 0; i < 5; i++)
		cr_assert_eq(
		    sio_emit_ack(last, 0, on_answer, &answers, "q", NULL), 0);
	for (int i = 0; i < 5; i++) {
		static const int order[] = { 4, 1, 0, 3, 2 };

		snprintf(packet, sizeof(packet), "3%d[]", order[i]);
		peer_send(&c, packet);
		client_until(&answers, i + 1);
	}
	cr_expect_str_eq(heard, "socket 0 []; socket 0 []; socket 0 []; "
				"socket 0 []; socket 0 []; ");
	answers = 0;
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(
		    sio_emit_ack(last, 0, on_answer, &answers, "q", NULL), 0);
	heard[0] = '\0';
	sio_disconnect(last, true);
	cr_expect_eq(answers, MANY);
	cr_expect_not_null(strstr(heard, "socket -3 ; socket -3 ; "));
	client_close(&c);
}

/* ---- that the application owes ------------------------------------------ */

static struct sio_ack *owed;
static int owing;

static void
on_later(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	owed = sio_ack_later(event);
	cr_expect_null(sio_ack_later(event));
	owing++;
}

Test(sio_ack, an_acknowledgement_may_come_later)
{
	struct client c = enter();

	sio_on(root, "later", on_later);
	peer_send(&c, "25[\"later\"]");
	client_until(&owing, 1);
	cr_assert_eq(sio_ack_send(owed, "%s", "now"), 0);
	(void)peer_expect(&c, "35[\"now\"]");
	peer_send(&c, "26[\"later\"]");
	client_until(&owing, 2);
	client_close(&c);
	client_until(&closed, 1);
	cr_assert_eq(sio_ack_send(owed, "%s", "too late"), WS_ECLOSED);
}
