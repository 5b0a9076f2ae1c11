/* test_sio_io.c - Socket.IO: namespaces, events, rooms, by the packet. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sio/sio.h"
#include "test/live/live.h"
#include "sio_peer.h"

static struct live live;
static struct sio *io;
static struct sio_nsp *root;
static char heard[65536]; /* what callbacks were called, in order */
static int closed;        /* on_disconnect */

static void
hear(const char *format, ...)
{
	size_t len = strlen(heard);
	va_list args;

	va_start(args, format);
	vsnprintf(heard + len, sizeof(heard) - len, format, args);
	va_end(args);
}

static void
nothing(struct ws_server *server)
{
	(void)server;
}

static void
on_disconnecting(struct sio_socket *socket, const char *reason)
{
	hear("disconnecting %s: %s (%d); ", sio_nsp_name(sio_nsp_of(socket)),
	    reason, sio_in_room(socket, "kept"));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	hear("disconnect %s: %s (%d); ", sio_nsp_name(sio_nsp_of(socket)),
	    reason, sio_in_room(socket, "kept"));
	closed++;
}

static void
on_echo(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	cr_expect_eq(sio_emit(socket, "back", "...%p", (const void *)&args), 0);
}

static void
on_ack(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	(void)socket;
	cr_expect(sio_wants_ack(event));
	cr_expect_eq(sio_ack(event, "...%p", (const void *)&args), 0);
	cr_expect_not(sio_wants_ack(event));
	cr_expect_eq(sio_ack(event, NULL), WS_ESTATE);
}

/* "do" has what to do, and on whom. */
static void
on_do(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);
	const char *what = sio_string(sio_arg(event, 0), NULL);
	const char *a = sio_string(sio_arg(event, 1), NULL);
	const char *b = sio_string(sio_arg(event, 2), NULL);
	long n = 0;

	if (strcmp(what, "join") == 0)
		n = sio_join(socket, a);
	else if (strcmp(what, "leave") == 0)
		n = sio_leave(socket, a);
	else if (strcmp(what, "all") == 0)
		n = sio_emit_to(sio_all(nsp), "news", "'all'");
	else if (strcmp(what, "others") == 0)
		n = sio_emit_to(sio_others(socket), "news", "'others'");
	else if (strcmp(what, "in") == 0)
		n = sio_emit_to(sio_in(nsp, a), "news", "'in'");
	else if (strcmp(what, "and") == 0)
		n = sio_emit_to(sio_and(sio_in(nsp, a), b), "news", "'and'");
	else if (strcmp(what, "to") == 0)
		n = sio_emit_to(sio_to(socket, a), "news", "'to'");
	else if (strcmp(what, "except") == 0)
		n = sio_emit_to(sio_except(sio_all(nsp), a), "news", "'ex'");
	else if (strcmp(what, "in-except") == 0)
		n = sio_emit_to(
		    sio_except(sio_in(nsp, a), b), "news", "'in-ex'");
	else if (strcmp(what, "count") == 0)
		n = (long)sio_room_count(nsp, a);
	else if (strcmp(what, "sockets-join") == 0)
		n = sio_sockets_join(sio_in(nsp, a), b);
	else if (strcmp(what, "sockets-leave") == 0)
		n = sio_sockets_leave(sio_in(nsp, a), b);
	else if (strcmp(what, "disconnect") == 0)
		n = sio_disconnect_sockets(sio_in(nsp, a), b != NULL);
	else if (strcmp(what, "forward") == 0)
		n = sio_forward(sio_others(socket), event);
	else if (strcmp(what, "leave-me") == 0)
		sio_disconnect(socket, false);
	else if (strcmp(what, "close-me") == 0)
		sio_disconnect(socket, true);
	else
		cr_expect_fail("%s", what);
	sio_ack(event, "%ld", n);
}

static void
begin(void)
{
	struct ws_options options = { .log_level = -1 };
	struct sio_options sio = { .engine.ping_interval_ms = 20000,
		.connect_timeout_ms = 60000 };

	live = live_here(&options, nothing, NULL);
	io = sio_new(live.server, &sio);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	cr_assert_not_null(root);
	cr_assert_eq(sio_on(root, "echo", on_echo), 0);
	cr_assert_eq(sio_on(root, "ack", on_ack), 0);
	cr_assert_eq(sio_on(root, "do", on_do), 0);
	cr_assert_eq(sio_on_disconnecting(root, on_disconnecting), 0);
	cr_assert_eq(sio_on_disconnect(root, on_disconnect), 0);
}

static void
end(void)
{
	sio_free(io);
	live_end(&live);
}

TestSuite(sio_io, .init = begin, .fini = end, .timeout = 300);

static struct client
enter(void)
{
	struct client c = peer_open(live.address, "EIO=4");

	(void)peer_connect(&c, "");
	return c;
}

/* ---- events ------------------------------------------------------------ */

Test(sio_io, events_come_and_go)
{
	static const struct {
		const char *sent, *answer;
	} rows[] = {
		{ "2[\"echo\"]", "2[\"back\"]" },
		{ "2[\"echo\",1,null,true,{\"a\":[1]}]",
		    "2[\"back\",1,null,true,{\"a\":[1]}]" },
		{ "2[\"echo\",\"\\u00e9\"]", "2[\"back\",\"\\u00e9\"]" },
		{ "2[\"echo\",\"\\\"\xf0\x9f\x98\x80\"]",
		    "2[\"back\",\"\\\"\xf0\x9f\x98\x80\"]" },
		{ "20[\"ack\",1,\"x\"]", "30[1,\"x\"]" },
		{ "2007[\"ack\"]", "37[]" },
		{ "29007199254740991[\"ack\"]", "39007199254740991[]" },
		/* Nobody listens to these, and nothing follows. */
		{ "2[7,1]", NULL },
		{ "2", NULL },
		{ "399[\"too late\"]", NULL },
	};
	struct client c = enter();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peer_send(&c, rows[i].sent);
		if (rows[i].answer != NULL)
			(void)peer_expect(&c, rows[i].answer);
		else
			peer_expect_silence(&c, "21[\"ack\"]", "31[]");
	}
	client_close(&c);
}

Test(sio_io, an_event_may_follow_its_connect_at_once)
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0");
	peer_send(&c, "2[\"echo\",1]");
	(void)peer_expect(&c, "0{\"sid\":\"*\"}");
	(void)peer_expect(&c, "2[\"back\",1]");
	client_close(&c);
}

Test(sio_io, binary_arguments_come_and_go)
{
	struct client c = enter();

	peer_send(&c, "51-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
	peer_binary(&c, "\0\1\2", 3);
	(void)peer_expect(
	    &c, "51-[\"back\",{\"_placeholder\":true,\"num\":0}]");
	peer_expect_binary(&c, "\0\1\2", 3);
	peer_send(&c, "52-7[\"ack\",{\"a\":{\"_placeholder\":true,\"num\":1}},"
		      "{\"num\":0,\"_placeholder\":true}]");
	peer_binary(&c, "", 0);
	peer_binary(&c, "x", 1);
	(void)peer_expect(&c, "62-7[{\"a\":{\"_placeholder\":true,\"num\":0}},"
			      "{*}]");
	peer_expect_binary(&c, "x", 1);
	peer_expect_binary(&c, "", 0);
	client_close(&c);
}

Test(sio_io, whoever_breaks_the_protocol_is_disconnected)
{
	static const struct {
		const char *name, *packets[3];
	} rows[] = {
		{ "not a packet", { "abc" } },
		{ "unknown type", { "7" } },
		{ "malformed JSON", { "2[\"echo\"" } },
		{ "JSON and more", { "2[\"echo\"]]" } },
		{ "no array", { "2{}" } },
		{ "empty array", { "2[]" } },
		{ "reserved name", { "2[\"connect\"]" } },
		{ "reserved name escaped", { "2[\"\\u0064isconnect\"]" } },
		{ "name no string", { "2[null]" } },
		{ "connected twice", { "0" } },
		{ "not connected there", { "2/custom,[\"echo\"]" } },
		{ "CONNECT_ERROR", { "4{\"message\":\"no\"}" } },
		{ "too many attachments", { "551-[\"echo\"]" } },
		{ "51-99999999", { "51-99999999" } },
		{ "malformed JSON before attachments", { "51-[\"echo\"" } },
		{ "no attachments", { "50-[\"echo\"]" } },
		{ "text for an attachment",
		    { "51-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
			"2[\"echo\"]" } },
		{ "an attachment for nothing", { "#" } },
		{ "placeholder out of range",
		    { "51-[\"echo\",{\"_placeholder\":true,\"num\":1}]",
			"#" } },
		{ "huge ack id", { "299999999999999999999[\"ack\"]" } },
		{ "ack that is no array", { "30{}" } },
		{ "DISCONNECT with a payload", { "1[]" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = enter();

		heard[0] = '\0';
		closed = 0;
		for (int p = 0; p < 3 && rows[i].packets[p] != NULL; p++) {
			if (strcmp(rows[i].packets[p], "#") == 0)
				peer_binary(&c, "x", 1);
			else
				peer_send(&c, rows[i].packets[p]);
		}
		peer_expect_end(&c);
		client_until(&closed, 1);
		cr_expect_str_eq(heard,
		    "disconnecting /: forced close (0); "
		    "disconnect /: forced close (0); ",
		    "%s: %s", rows[i].name, heard);
		client_close(&c);
	}
}

Test(sio_io, deep_json_costs_the_connection_only)
{
	static char packet[60000];
	struct client c = enter();

	snprintf(packet, sizeof(packet), "2[\"echo\",");
	memset(packet + strlen(packet), '[', 50000);
	peer_send(&c, packet);
	peer_expect_end(&c);
	client_close(&c);
	c = enter();
	client_close(&c);
}

Test(sio_io, the_first_packet_is_a_connect)
{
	static const char *const packets[] = { "2[\"echo\"]", "1", "30[]" };

	for (size_t i = 0; i < 3; i++) {
		struct client c = peer_open(live.address, "EIO=4");

		peer_send(&c, packets[i]);
		peer_expect_end(&c);
		client_close(&c);
	}
}

/* ---- leaving ----------------------------------------------------------- */

static void
keep(struct sio_socket *socket)
{
	cr_expect_eq(sio_join(socket, "kept"), 1);
}

Test(sio_io, reasons_are_told_and_rooms_are_there_until_the_end)
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
	/* What is under way from before is not held against the client. */
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

Test(sio_io, a_server_that_ends_says_so)
{
	struct client c = enter();

	sio_stop(io);
	client_until(&closed, 1);
	cr_expect_str_eq(heard, "disconnecting /: server shutting down (0); "
				"disconnect /: server shutting down (0); ");
	client_close(&c);
}

/* ---- rooms ------------------------------------------------------------- */

static void
ask(struct client *c, const char *what, const char *answer)
{
	char packet[300];

	snprintf(packet, sizeof(packet), "21[\"do\",%s]", what);
	peer_send(c, packet);
	snprintf(packet, sizeof(packet), "31[%s]", answer);
	(void)peer_expect(c, packet);
}

static void
silent(struct client *c)
{
	peer_expect_silence(c, "28[\"ack\"]", "38[]");
}

Test(sio_io, targets_choose_each_once)
{
	struct client a = enter(), b = enter(), c = enter();

	ask(&a, "\"join\",\"r\"", "1");
	ask(&a, "\"join\",\"r\"", "0");
	ask(&b, "\"join\",\"r\"", "1");
	ask(&b, "\"join\",\"s\"", "1");
	ask(&c, "\"count\",\"r\"", "2");
	ask(&c, "\"count\",\"t\"", "0");
	/* The sender is in it, and gets it before the acknowledgement. */
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
	silent(&a);
	silent(&b);
	silent(&c);
	client_close(&a);
	client_close(&b);
	client_close(&c);
}

Test(sio_io, everybody_is_in_the_room_of_their_id)
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
	silent(&a);
	client_close(&a);
	client_close(&b);
}

Test(sio_io, many_can_be_moved_and_disconnected)
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

Test(sio_io, an_event_can_be_passed_on_as_it_is)
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

/* ---- namespaces -------------------------------------------------------- */

Test(sio_io, an_unknown_namespace_is_refused)
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
on_connection(struct sio_socket *socket)
{
	hear("connection %s; ", sio_nsp_name(sio_nsp_of(socket)));
}

Test(sio_io, namespaces_are_kept_apart)
{
	struct sio_nsp *admin = sio_of(io, "admin");
	struct client c;

	cr_assert_eq(admin, sio_of(io, "/admin"));
	cr_assert_str_eq(sio_nsp_name(admin), "/admin");
	sio_on_connection(admin, on_connection);
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
	silent(&c);
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

Test(sio_io, namespaces_are_made_when_they_are_asked_for)
{
	struct sio_nsp *even = sio_of_each(io, is_even, &closed);
	struct sio_nsp *star = sio_of_pattern(io, "/room-*-x*");
	struct client c = enter();

	sio_on_connection(even, on_connection);
	sio_on_connection(star, on_connection);
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
	/* The last one closes the door. */
	peer_send(&c, "1/n-2,");
	silent(&c);
	cr_assert_eq(sio_nsp_count(even), 1);
	client_close(&c);
}

/* ---- middlewares ------------------------------------------------------- */

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

Test(sio_io, middlewares_decide)
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

/* Who asks again before it was answered is answered once, to the last. */
Test(sio_io, who_waits_may_ask_again)
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

Test(sio_io, a_middleware_may_take_its_time)
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
	/* One that is refused later, and one that does not wait for it. */
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

Test(sio_io, events_can_be_overheard)
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

/* ---- acknowledgements -------------------------------------------------- */

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

static struct sio_socket *last;

static void
remember(struct sio_socket *socket)
{
	last = socket;
}

Test(sio_io, clients_acknowledge)
{
	struct client c;

	sio_on_connection(root, remember);
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

Test(sio_io, many_acknowledge)
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
	/* One is silent. */
	cr_assert_eq(
	    sio_emit_to_ack(sio_all(root), 50, on_answer, &answers, "q", NULL),
	    2);
	(void)peer_expect(&a, "21[\"q\"]");
	peer_send(&a, "31[1]");
	client_until(&answers, 5);
	cr_expect_str_eq(heard, "socket 0 [1]; end -6 ; ");
	/* One leaves. */
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
	/* Nobody is there. */
	cr_assert_eq(sio_emit_to_ack(sio_in(root, "none"), 60000, on_answer,
			 &answers, "q", NULL),
	    0);
	cr_assert_eq(answers, 8);
	client_close(&a);
}

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

Test(sio_io, an_acknowledgement_may_come_later)
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

/* ---- errors of the application ------------------------------------------ */

Test(sio_io, what_cannot_be_emitted_is_an_error)
{
	struct sio_target crowded = sio_all(root);
	struct client c;

	sio_on_connection(root, remember);
	c = enter();
	cr_expect_eq(sio_emit(last, "connect", NULL), WS_EINVAL);
	cr_expect_eq(sio_emit(last, "x", "{"), WS_EINVAL);
	cr_expect_eq(sio_emit_to(sio_in(root, ""), "x", NULL), WS_EINVAL);
	for (int i = 0; i < SIO_TARGET_ROOMS + 1; i++)
		crowded = sio_and(crowded, "r");
	cr_expect_eq(sio_emit_to(crowded, "x", NULL), WS_EINVAL);
	cr_expect_eq(sio_join(last, ""), WS_EINVAL);
	silent(&c);
	client_close(&c);
}

/* ---- protocol 4, of clients 1.x and 2.x --------------------------------- */

Test(sio_io, revision_4_is_in_the_root_at_once)
{
	struct client c;

	sio_on_connection(root, remember);
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

/* ---- recovery ---------------------------------------------------------- */

static struct client
recover(const char *pid, const char *offset)
{
	struct client c = peer_open(live.address, "EIO=4");
	char packet[300];

	if (offset != NULL)
		snprintf(packet, sizeof(packet),
		    "0{\"pid\":\"%s\",\"offset\":\"%s\"}", pid, offset);
	else
		snprintf(packet, sizeof(packet), "0{\"pid\":\"%s\"}", pid);
	peer_send(&c, packet);
	return c;
}

static void
restart(int keep_ms, size_t octets)
{
	struct sio_options options = { .recovery_ms = keep_ms,
		.recovery_octets = octets };

	end();
	live =
	    live_here(&(struct ws_options){ .log_level = -1 }, nothing, NULL);
	io = sio_new(live.server, &options);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	sio_on(root, "do", on_do);
	sio_on_connection(root, remember);
	sio_on_disconnect(root, on_disconnect);
	sio_on_expired(root, on_expired);
}

Test(sio_io, a_broken_connection_is_recovered)
{
	struct client c, other;
	char pid[64], sid[64], offset[64];

	restart(60000, 0);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	snprintf(pid, sizeof(pid), "%s",
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	snprintf(sid, sizeof(sid), "%s", sio_id(last));
	sio_set_user(last, &expired);
	ask(&c, "\"join\",\"r\"", "1");
	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 1), 1);
	snprintf(
	    offset, sizeof(offset), "%s", peer_expect(&c, "2[\"n\",1,\"*\"]"));
	client_close(&c);
	client_until(&closed, 1);
	/* What was missed: for all, for the room, not for another room. */
	sio_emit_to(sio_all(root), "n", "%d", 2);
	sio_emit_to(sio_in(root, "r"), "n", "%d", 3);
	sio_emit_to(sio_in(root, "s"), "n", "%d", 4);
	sio_emit_to(sio_except(sio_all(root), "r"), "n", "%d", 5);
	sio_emit_to(sio_in(root, sid), "n", "%d", 6);
	sio_emit_to(sio_volatile(sio_all(root)), "n", "%d", 7);
	last = NULL;
	c = recover(pid, offset);
	(void)peer_expect(&c, "2[\"n\",2,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",3,\"*\"]");
	(void)peer_expect(&c, "2[\"n\",6,\"*\"]");
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert(sio_is_recovered(last));
	cr_assert_str_eq(sio_id(last), sid);
	cr_assert_eq(sio_user(last), &expired);
	cr_assert_eq(expired, 0);
	/* Its rooms are there again; the same pid serves no one else. */
	other = recover(pid, offset);
	(void)peer_expect(&other, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	cr_assert_not(sio_is_recovered(last));
	ask(&other, "\"in\",\"r\"", "1");
	(void)peer_expect(&c, "2[\"news\",\"in\",\"*\"]");
	/* Who leaves on purpose is not waited for. */
	peer_send(&c, "1");
	client_until(&expired, 1);
	client_close(&c);
	client_close(&other);
}

static void
pass_on(struct sio_socket *socket, struct sio_event *event)
{
	(void)sio_forward(sio_self(socket), event);
	(void)sio_forward(sio_all(root), event);
}

/* It is ours, and none of the arguments that were given. */
Test(sio_io, nobody_overhears_an_offset)
{
	struct client c;

	restart(60000, 0);
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

Test(sio_io, recovery_works_before_the_first_event)
{
	struct sio_value binary = sio_binary("ab", 2);
	struct client c;
	char pid[64];

	restart(60000, 0);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	snprintf(pid, sizeof(pid), "%s",
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	client_close(&c);
	client_until(&closed, 1);
	sio_emit_to(sio_all(root), "n", "%p", (const void *)&binary);
	c = recover(pid, NULL);
	(void)peer_expect(
	    &c, "51-[\"n\",{\"_placeholder\":true,\"num\":0},\"*\"]");
	peer_expect_binary(&c, "ab", 2);
	cr_assert_str_eq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert(sio_is_recovered(last));
	client_close(&c);
}

Test(sio_io, recovery_is_bounded)
{
	struct client c;
	char pid[64];
	static char long_text[3000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	restart(60000, 2048);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	snprintf(pid, sizeof(pid), "%s",
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	sio_set_user(last, &expired);
	client_close(&c);
	client_until(&closed, 1);
	for (int i = 0; i < 100; i++)
		sio_emit_to(sio_all(root), "n", "%d", i);
	c = recover(pid, NULL);
	cr_assert_str_neq(
	    peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"), pid);
	cr_assert_not(sio_is_recovered(last));
	/* One that is too long by itself. */
	sio_emit_to(sio_all(root), "n", "%s", long_text);
	(void)peer_expect(&c, "2[\"n\",\"*\",\"*\"]");
	client_close(&c);
	client_until(&closed, 2);
	/* And in time: what is forgotten is told. */
	restart(20, 0);
	c = peer_open(live.address, "EIO=4");
	peer_send(&c, "0");
	(void)peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}");
	sio_set_user(last, &expired);
	expired = 0;
	client_close(&c);
	client_until(&expired, 1);
}

/* ---- a client that polls, and does not ---------------------------------- */

static void
tell_others(struct sio_socket *socket, const char *reason)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	cr_expect_eq(sio_emit_to(sio_all(nsp), "gone", "%s", reason),
	    (long)sio_nsp_count(nsp));
}

Test(sio_io, one_that_does_not_poll_is_given_up_and_others_hear_of_it)
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
	/* One of those that came is what the callback sent. */
	(void)peer_expect(&a, "2[\"big\",\"*\"]");
	cr_assert_eq(sio_nsp_count(root), 1);
	client_close(&a);
	client_close(&b);
}

Test(sio_io, one_that_reads_nothing_is_given_up_and_others_hear_of_it)
{
	static char octets[1 << 20];
	struct sio_value binary = sio_binary(octets, sizeof(octets));
	struct client a = enter(), b = enter();

	sio_on_disconnect(root, tell_others);
	/* The head of the packet that is too much still fits. */
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
