/* test_sio_emit.c - events out. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_emit, .init = app_begin, .fini = app_end, .timeout = 300);

static int calls; /* of the functions below */

Test(sio_emit, what_cannot_be_emitted_is_an_error)
{
	struct sio_target crowded = sio_all(root);
	struct client c;

	c = enter();
	cr_expect_eq(sio_emit(last, "connect", NULL), WS_EINVAL);
	cr_expect_eq(sio_emit(last, "x", "{"), WS_EINVAL);
	cr_expect_eq(sio_emit_to(sio_in(root, ""), "x", NULL), WS_EINVAL);
	for (int i = 0; i < SIO_TARGET_ROOMS + 1; i++)
		crowded = sio_and(crowded, "r");
	cr_expect_eq(sio_emit_to(crowded, "x", NULL), WS_EINVAL);
	cr_expect_eq(sio_join(last, ""), WS_EINVAL);
	is_alive(&c);
	client_close(&c);
}

/* ---- passing on --------------------------------------------------------- */

Test(sio_emit, an_event_can_be_passed_on_as_it_is)
{
	struct client a = enter(), b = enter();

	ask(&a, "\"forward\", {\"x\" : 1 }", "1");
	(void)peer_expect(&b, "2[\"do\",\"forward\", {\"x\" : 1 }]");
	peer_send(&a, "51-1[\"do\",\"forward\","
		      "{\"_placeholder\":true,\"num\":0}]");
	peer_binary(&a, "xyz", 3);
	(void)peer_expect(&b, "51-[\"do\",\"forward\","
			      "{\"_placeholder\":true,\"num\":0}]");
	peer_expect_binary(&b, "xyz", 3);
	(void)peer_expect(&a, "31[1]");
	client_close(&a);
	client_close(&b);
}

static void
pass_to_kind(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_nsp *kind = sio_nsp_user(sio_nsp_of(socket));

	(void)sio_ack(event, "%ld", sio_forward(sio_all(kind), event));
}

Test(sio_emit, an_event_can_be_passed_on_to_a_kind_of_namespaces)
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

/* ---- hooks -------------------------------------------------------------- */

static bool
no_secrets(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	return strcmp(sio_event_name(event), "secret") != 0;
}

static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	hear("any %s; ", sio_event_name(event));
}

static void
on_outgoing(struct sio_socket *socket, const char *name, struct sio_value args)
{
	size_t len;
	const char *json = sio_json(sio_at(args, 0), &len);

	hear("out %s %.*s", name, (int)len, json != NULL ? json : "");
	hear(" of %zu; ", sio_count(args));
	cr_expect_eq(sio_emit(socket, "x", NULL), WS_ESTATE);
}

Test(sio_emit, events_can_be_overheard)
{
	struct client c = enter();

	sio_use_event(root, no_secrets);
	sio_on_any(root, on_any);
	sio_on_any_outgoing(root, on_outgoing);
	sio_on(root, "secret", on_echo);
	peer_send(&c, "2[\"secret\",1]");
	peer_send(&c, "2[12.5]");
	peer_send(&c, "2[\"echo\",\"a\"]");
	(void)peer_expect(&c, "2[\"back\",\"a\"]");
	cr_assert_eq(sio_emit_to(sio_all(root), "y", "[%d]", 1), 1);
	(void)peer_expect(&c, "2[\"y\",[1]]");
	cr_expect_str_eq(heard, "any 12.5; any echo; out back \"a\" of 1; "
				"out y [1] of 1; ");
	client_close(&c);
}

static void
pass_on(struct sio_socket *socket, struct sio_event *event)
{
	(void)sio_forward(sio_self(socket), event);
	(void)sio_forward(sio_all(root), event);
}

Test(sio_emit, outgoing_hooks_see_no_offset)
{
	static const struct sio_options options = { .recovery_ms = 60000 };
	struct client c;

	app_restart(&options);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	(void)peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	sio_on_any_outgoing(root, on_outgoing);
	sio_on(root, "on", pass_on);
	heard[0] = '\0';
	cr_assert_eq(sio_emit(last, "a", NULL), 0);
	(void)peer_expect(&c, "2[\"a\",\"*\"]");
	cr_assert_eq(sio_emit(last, "b", "[%d],%s", 1, "x"), 0);
	(void)peer_expect(&c, "2[\"b\",[1],\"x\",\"*\"]");
	cr_assert_eq(sio_emit_to(sio_all(root), "c", "%d", 1), 1);
	(void)peer_expect(&c, "2[\"c\",1,\"*\"]");
	cr_assert_eq(sio_emit_to(sio_volatile(sio_all(root)), "d", "%d", 1), 1);
	(void)peer_expect(&c, "2[\"d\",1]");
	peer_send(&c, "2[\"on\",2]");
	(void)peer_expect(&c, "2[\"on\",2,\"*\"]");
	(void)peer_expect(&c, "2[\"on\",2,\"*\"]");
	cr_expect_str_eq(heard, "out a  of 0; out b [1] of 2; out c 1 of 1; "
				"out d 1 of 1; out on 2 of 1; out on 2 of 1; ");
	client_close(&c);
}

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
	/* The arguments can still be read. */
	text = sio_string(sio_at(args, 0), NULL);
	if (text != NULL)
		cr_expect_str_eq(text, "some text");
	calls++;
}

static void
on_outcome(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	(void)socket;
	(void)args;
	*(int *)arg = error;
	calls++;
}

Test(sio_emit, an_outgoing_hook_may_disconnect_any_socket)
{
	for (int row = 0; row < 8; row++) {
		bool own = (row & 1) != 0, many = (row & 2) != 0;
		struct client a, b;
		struct sio_socket *first;

		app_restart(NULL);
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

Test(sio_emit, on_ack_is_called_once_for_a_socket_that_leaves_while_asked)
{
	for (int close = 0; close < 2; close++) {
		int outcome = 1;
		struct client c;

		app_restart(NULL);
		cr_assert_eq(sio_on_any_outgoing(root, disconnect_victim), 0);
		c = enter();
		victim = last;
		victim_closes = close;
		calls = 0;
		cr_expect_eq(
		    sio_emit_ack(last, 0, on_outcome, &outcome, "q", NULL), 0);
		cr_expect_eq(outcome, WS_ECLOSED);
		cr_expect_eq(calls, 2);
		client_close(&c);
		/* Of many. */
		c = enter();
		victim = last;
		outcome = 1;
		cr_expect_eq(sio_emit_to_ack(sio_all(root), 0, on_outcome,
				 &outcome, "q", NULL),
		    0);
		cr_expect_neq(outcome, 1);
		client_close(&c);
	}
}

/* ---- clients that do not take what is sent ------------------------------ */

static void
tell_others(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	cr_expect_eq(sio_emit_to(sio_all(nsp), "gone", "%s", reason),
	    (long)sio_nsp_count(nsp));
}

Test(sio_emit, a_client_that_does_not_poll_is_given_up)
{
	static char text[60000];
	struct client a = enter(), b = client_open(live.address);
	struct response r;
	char sid[21], request[300];
	const char *at;

	memset(text, 'x', sizeof(text) - 1);
	client_puts(&b, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
			"Host: a\r\n\r\n");
	cr_assert_eq(client_response(&b, &r, false), 200);
	at = strstr((const char *)r.body, "\"sid\":\"");
	snprintf(sid, sizeof(sid), "%s", at + 7);
	snprintf(request, sizeof(request),
	    "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: a\r\nContent-Length: 2\r\n\r\n40",
	    sid);
	client_puts(&b, request);
	cr_assert_eq(client_response(&b, &r, false), 200);
	cr_assert_eq(sio_nsp_count(root), 2);
	sio_on_disconnect(root, tell_others);
	for (int i = 0; i < 80; i++) {
		cr_assert_geq(sio_emit_to(sio_all(root), "big", "%s", text), 1);
		(void)peer_expect(&a, "2[\"*\",\"*\"]");
	}
	cr_assert_eq(closed, 1);
	cr_assert_not_null(strstr(heard, "disconnect /: transport error"));
	/* One of the packets above was the one that the callback sent. */
	(void)peer_expect(&a, "2[\"big\",\"*\"]");
	cr_assert_eq(sio_nsp_count(root), 1);
	client_close(&a);
	client_close(&b);
}

Test(sio_emit, a_client_that_reads_nothing_is_given_up)
{
	static char octets[1 << 20];
	struct sio_value binary = sio_binary(octets, sizeof(octets));
	struct client a = enter(), b = enter();

	sio_on_disconnect(root, tell_others);
	/* The packet that exceeds the limit does so with its attachment. */
	for (int i = 0; i < 200 && closed == 0; i++) {
		cr_assert_geq(
		    sio_emit_to(sio_all(root), "big", "%p", (void *)&binary),
		    1);
		(void)peer_expect(&a, "51-[\"big\",*]");
		peer_expect_binary(&a, octets, sizeof(octets));
	}
	client_until(&closed, 1);
	(void)peer_expect(&a, "2[\"gone\",\"*\"]");
	cr_assert_eq(sio_nsp_count(root), 1);
	client_close(&a);
	client_close(&b);
}

/* ---- JSON for other purposes --------------------------------------------- */

static void
reply_json(struct ws_request *request)
{
	cr_expect_eq(sio_json_reply(request, 200, "{"), WS_EINVAL);
	cr_expect_eq(sio_json_reply(
			 request, 201, "{path: %s}", ws_request_path(request)),
	    0);
}

static void
send_json(struct ws_conn *conn)
{
	cr_expect_eq(sio_json_send(conn, "nonsense"), WS_EINVAL);
	cr_expect_eq(sio_json_send(conn, "[%s]", "\""), 0);
	cr_expect_eq(sio_json_publish(ws_server_of(conn), NULL, 0, "%d", 1), 1);
}

Test(sio_emit, requests_and_websockets_get_json_too)
{
	static const struct ws_handler handler = { .open = send_json };
	struct client c = client_open(live.address);
	struct response r;

	cr_assert_eq(ws_http(live.server, "/json", NULL, reply_json, NULL), 0);
	cr_assert_eq(ws_endpoint(live.server, "/json", &handler, NULL), 0);
	client_puts(&c, "GET /json HTTP/1.1\r\nHost: h\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 201);
	cr_expect_str_eq(client_field(&r, "Content-Type"), "application/json");
	cr_expect_eq(memcmp(r.body, "{\"path\":\"/json\"}", r.len), 0);
	client_close(&c);
	c = client_ws(live.address, "/json");
	client_expect(&c, CLIENT_FIN | 1, "[\"\\\"\"]", 6);
	client_expect(&c, CLIENT_FIN | 1, "1", 1);
	client_close(&c);
}

static void
emit_built(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_builder *list = sio_list();

	for (int i = 0; i < 3; i++)
		cr_expect_eq(sio_add(list, "%d", i), 0);
	cr_expect_eq(
	    sio_emit(socket, "list", "%p, ...%p, %p",
		(const void *)sio_built(list), (const void *)sio_built(list),
		SIO_P(sio_arg(event, 0))),
	    0);
	sio_builder_free(list);
	cr_expect_eq(
	    sio_emit(socket, "list", "%p", (const void *)sio_built(NULL)),
	    WS_EINVAL);
}

Test(sio_emit, what_was_built_is_emitted)
{
	struct client c = enter();

	cr_assert_eq(sio_on(root, "build", emit_built), 0);
	peer_send(&c, "2[\"build\",\"x\"]");
	(void)peer_expect(&c, "2[\"list\",[0,1,2],0,1,2,\"x\"]");
	client_close(&c);
}
