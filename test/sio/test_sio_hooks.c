/* test_sio_hooks.c - Socket.IO: what an application hears of and decides. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_hooks, .init = app_begin, .fini = app_end, .timeout = 300);

#define TEXT (CLIENT_FIN | 1)

/* ---- rooms --------------------------------------------------------------- */

/* The name of a socket in the record: its own room may have any name. */
static const char *
name_of(struct sio_socket *socket, const char *room)
{
	return strcmp(room, sio_id(socket)) == 0 ? "own" : room;
}

static void
on_created(struct sio_socket *socket, const char *room)
{
	hear("+%s ", name_of(socket, room));
}

static void
on_joined(struct sio_socket *socket, const char *room)
{
	cr_expect(sio_in_room(socket, room));
	hear(">%s ", name_of(socket, room));
}

static void
on_left(struct sio_socket *socket, const char *room)
{
	cr_expect_not(sio_in_room(socket, room));
	hear("<%s ", name_of(socket, room));
}

static void
on_deleted(struct sio_socket *socket, const char *room)
{
	cr_expect_eq(sio_room_count(sio_nsp_of(socket), room), 0);
	hear("-%s ", name_of(socket, room));
}

static void
watch_rooms(struct sio_nsp *nsp)
{
	cr_expect_eq(sio_on_room(nsp, SIO_ROOM_CREATED, on_created), 0);
	cr_expect_eq(sio_on_room(nsp, SIO_ROOM_JOINED, on_joined), 0);
	cr_expect_eq(sio_on_room(nsp, SIO_ROOM_LEFT, on_left), 0);
	cr_expect_eq(sio_on_room(nsp, SIO_ROOM_DELETED, on_deleted), 0);
	cr_expect_eq(
	    sio_on_room(nsp, (enum sio_room_change)4, on_left), WS_EINVAL);
}

/* As the adapter of the reference emits create-room, join-room, leave-room and
 * delete-room. */
Test(sio_hooks, changes_of_rooms_are_told_in_their_order)
{
	struct client a, b;
	struct sio_socket *first;

	watch_rooms(root);
	a = enter();
	first = last;
	cr_expect_str_eq(heard, "+own >own ");
	heard[0] = '\0';
	b = enter();
	cr_expect_str_eq(heard, "+own >own ");
	heard[0] = '\0';
	cr_expect_eq(sio_join(first, "r"), 1);
	cr_expect_eq(sio_join(first, "r"), 0);
	cr_expect_eq(sio_join(last, "r"), 1);
	cr_expect_str_eq(heard, "+r >r >r ");
	heard[0] = '\0';
	cr_expect(sio_leave(first, "r"));
	cr_expect_not(sio_leave(first, "r"));
	cr_expect(sio_leave(last, "r"));
	cr_expect_str_eq(heard, "<r <r -r ");
	heard[0] = '\0';
	/* The own room is one of them, for its socket and for others. */
	cr_expect(sio_leave(first, sio_id(first)));
	cr_expect_eq(sio_join(first, sio_id(first)), 1);
	cr_expect_str_eq(heard, "<own -own +own >own ");
	heard[0] = '\0';
	cr_expect_eq(sio_join(first, "x"), 1);
	client_close(&b);
	client_until(&closed, 1);
	cr_expect_str_eq(heard,
	    "+x >x disconnecting /: transport close (0); "
	    "<own -own disconnect /: transport close (0); ");
	heard[0] = '\0';
	sio_disconnect(first, true);
	cr_expect_str_eq(heard,
	    "disconnecting /: server namespace disconnect (0); "
	    "<own -own <x -x "
	    "disconnect /: server namespace disconnect (0); ");
	client_close(&a);
}

/* ---- a walk over rooms --------------------------------------------------- */

static int walked_own;

static bool
collect(const char *room, void *arg)
{
	if (strlen(room) == 20)
		walked_own++;
	else
		hear("%s ", room);
	return arg == NULL || strcmp(room, arg) != 0;
}

static bool
leave_it(const char *room, void *arg)
{
	struct sio_target all = sio_all(arg);

	cr_expect_geq(sio_sockets_leave(all, room), 0);
	cr_expect_geq(sio_sockets_join(all, "new"), 0);
	return true;
}

Test(sio_hooks, the_rooms_of_a_namespace_are_walked_over)
{
	struct client a = enter();
	struct sio_socket *first = last;
	struct client b = enter();
	struct sio_nsp *other = sio_of(io, "/other"), *kind;

	cr_expect_eq(sio_nsp_rooms(other, collect, NULL), 0);
	cr_expect_eq(sio_nsp_rooms(root, collect, NULL), 2);
	cr_expect_eq(walked_own, 2);
	cr_expect_eq(sio_join(first, "r"), 1);
	cr_expect_eq(sio_join(last, "r"), 1);
	/* Its own room is used, and known to the server from now on. */
	cr_expect_eq(sio_join(last, sio_id(first)), 1);
	cr_expect_eq(sio_nsp_rooms(root, collect, NULL), 3);
	cr_expect_eq(walked_own, 4);
	cr_expect_str_eq(heard, "r ");
	cr_expect_eq(sio_nsp_rooms(root, leave_it, root), 3);
	cr_expect_not(sio_in_room(first, "r"));
	heard[0] = '\0';
	cr_expect_eq(sio_nsp_rooms(root, collect, NULL), 1);
	cr_expect_str_eq(heard, "new ");
	/* A kind stands for all of its namespaces. */
	kind = sio_of_pattern(io, "/k-*");
	cr_expect_eq(sio_on_connection(kind, remember), 0);
	peer_connect(&a, "/k-1,");
	cr_expect_eq(sio_join(last, "one"), 1);
	peer_connect(&b, "/k-2,");
	cr_expect_eq(sio_join(last, "two"), 1);
	heard[0] = '\0';
	cr_expect_eq(sio_nsp_rooms(kind, collect, NULL), 4);
	cr_expect(strstr(heard, "one ") != NULL && strstr(heard, "two "));
	cr_expect_eq(
	    sio_nsp_rooms(root, collect, (char *)(uintptr_t) "new"), 1);
	client_close(&a);
	client_close(&b);
}

/* ---- namespaces ---------------------------------------------------------- */

static void
on_namespace(struct sio_nsp *nsp)
{
	hear("%s ", sio_nsp_name(nsp));
	cr_expect_eq(sio_on(nsp, "echo", on_echo), 0);
}

Test(sio_hooks, a_new_namespace_is_told)
{
	struct client c = enter();

	sio_on_namespace(io, on_namespace);
	cr_expect_neq(sio_of(io, "/a"), NULL);
	cr_expect_neq(sio_of(io, "a"), NULL);
	cr_expect_neq(sio_of(io, "/"), NULL);
	cr_expect_neq(sio_of_pattern(io, "/k-*"), NULL);
	cr_expect_str_eq(heard, "/a ");
	peer_connect(&c, "/k-1,");
	cr_expect_str_eq(heard, "/a /k-1 ");
	peer_send(&c, "2/k-1,[\"echo\",1]");
	peer_expect(&c, "2/k-1,[\"back\",1]");
	sio_on_namespace(io, NULL);
	cr_expect_neq(sio_of(io, "/b"), NULL);
	cr_expect_str_eq(heard, "/a /k-1 ");
	client_close(&c);
}

/* ---- events -------------------------------------------------------------- */

static bool
guard(struct sio_socket *socket, struct sio_event *event)
{
	const char *word = sio_string(sio_arg(event, 0), NULL);

	(void)socket;
	hear("%s ", sio_event_name(event));
	if (word == NULL || strcmp(word, "bad") != 0)
		return true;
	if (sio_type(sio_arg(event, 1)) == SIO_ABSENT)
		cr_expect_eq(sio_refuse_event(event, "not \"that\"", NULL), 0);
	else
		cr_expect_eq(sio_refuse_event(event, "no", "{code: %p}",
				 SIO_P(sio_arg(event, 1))),
		    0);
	return false;
}

/* next(new Error(...)): the client is told why. */
Test(sio_hooks, an_event_of_one_socket_is_refused_with_a_reason)
{
	struct client a = enter(), b;

	cr_expect_eq(sio_use_socket(last, guard), 0);
	b = enter();
	peer_send(&a, "2[\"echo\",\"good\"]");
	peer_expect(&a, "2[\"back\",\"good\"]");
	peer_send(&a, "2[\"echo\",\"bad\"]");
	peer_expect(&a, "2[\"error\",{\"message\":\"not \\\"that\\\"\"}]");
	peer_send(&a, "2[\"echo\",\"bad\",7]");
	peer_expect(
	    &a, "2[\"error\",{\"message\":\"no\",\"data\":{\"code\":7}}]");
	cr_expect_str_eq(heard, "echo echo echo ");
	/* Other sockets are not asked. */
	peer_send(&b, "2[\"echo\",\"bad\"]");
	peer_expect(&b, "2[\"back\",\"bad\"]");
	is_alive(&b);
	client_close(&a);
	client_close(&b);
	client_until(&closed, 2);
	/* Revision 4 had a packet for that. */
	b = peer_open(live.address, "EIO=3");
	peer_expect(&b, "0");
	cr_expect_eq(sio_use_socket(last, guard), 0);
	peer_send(&b, "2[\"echo\",\"bad\"]");
	peer_expect(&b, "4\"not \\\"that\\\"\"");
	peer_send(&b, "2[\"echo\",\"bad\",7]");
	peer_expect(&b, "4{\"code\":7}");
	client_close(&b);
}

static void
on_with(struct sio_socket *socket, struct sio_event *event, void *arg)
{
	(void)event;
	(void)sio_emit(socket, "got", "%s", (char *)arg);
}

Test(sio_hooks, a_handler_has_a_pointer_of_the_application)
{
	struct client c = enter();
	char one[] = "one", two[] = "two";

	cr_expect_eq(sio_on_with(root, "event", on_with, one), 0);
	cr_expect_eq(sio_on_with(root, "event", on_with, two), 0);
	peer_send(&c, "2[\"event\"]");
	peer_expect(&c, "2[\"got\",\"one\"]");
	peer_expect(&c, "2[\"got\",\"two\"]");
	client_close(&c);
}

/* ---- targets ------------------------------------------------------------- */

/* io.send */
Test(sio_hooks, all_are_sent_a_message)
{
	struct client a = enter(), b = enter();

	cr_expect_eq(sio_send_to(sio_all(root), "%s, %d", "text", 1), 2);
	peer_expect(&a, "2[\"message\",\"text\",1]");
	peer_expect(&b, "2[\"message\",\"text\",1]");
	cr_expect_eq(sio_send_to(sio_self(last), NULL), 1);
	peer_expect(&b, "2[\"message\"]");
	is_alive(&a);
	client_close(&a);
	client_close(&b);
}

Test(sio_hooks, a_selection_has_any_number_of_rooms)
{
	enum {
		COUNT = 100
	};
	static char names[COUNT][8];
	const char *rooms[COUNT];
	struct client a = enter();
	struct sio_socket *first = last;
	struct client b = enter();
	struct sio_target target;

	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "r%d", i);
		rooms[i] = names[i];
	}
	cr_expect_eq(sio_join(first, "r99"), 1);
	cr_expect_eq(sio_join(first, "r3"), 1);
	cr_expect_eq(sio_join(last, "other"), 1);
	target = sio_and_rooms(sio_all(root), rooms, COUNT);
	cr_expect_eq(sio_emit_to(target, "x", NULL), 1);
	peer_expect(&a, "2[\"x\"]");
	cr_expect_eq(sio_emit_to(sio_and(target, "other"), "x", NULL), 2);
	peer_expect(&a, "2[\"x\"]");
	peer_expect(&b, "2[\"x\"]");
	target = sio_except_rooms(sio_all(root), rooms, COUNT);
	cr_expect_eq(sio_emit_to(target, "y", NULL), 1);
	peer_expect(&b, "2[\"y\"]");
	cr_expect_eq(sio_emit_to(sio_except(target, "other"), "y", NULL), 0);
	/* An empty list adds nothing, and so all are meant. */
	cr_expect_eq(
	    sio_emit_to(sio_and_rooms(sio_all(root), rooms, 0), "z", NULL), 2);
	/* A second list is a mistake. */
	cr_expect_eq(sio_emit_to(sio_except_rooms(target, rooms, 1), "z", NULL),
	    WS_EINVAL);
	client_close(&a);
	client_close(&b);
}

/* ---- values -------------------------------------------------------------- */

static void
on_rest(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value rest = sio_from(sio_args(event), 1);

	cr_expect_eq(sio_type(sio_from(rest, 100)), SIO_ARRAY);
	cr_expect_eq(sio_count(sio_from(rest, 100)), 0);
	(void)sio_emit(socket, "back", "%zu, ...%p, %p, %p", sio_count(rest),
	    (void *)&rest, (void *)&rest, SIO_P(sio_at(sio_from(rest, 1), 0)));
}

Test(sio_hooks, arguments_from_the_nth_on_are_read_and_sent)
{
	struct client c = enter();

	cr_expect_eq(sio_on(root, "rest", on_rest), 0);
	peer_send(&c, "2[\"rest\",\"room\",[1,[2]],{\"a\":3}]");
	peer_expect(&c,
	    "2[\"back\",2,[1,[2]],{\"a\":3},[[1,[2]],{\"a\":3}],{\"a\":3}]");
	peer_send(&c, "2[\"rest\",\"room\"]");
	peer_expect(&c, "2[\"back\",0,[],null]");
	peer_send(&c, "2[\"rest\"]");
	peer_expect(&c, "2[\"back\",0,[],null]");
	client_close(&c);
}

/* JSON.stringify(JSON.parse("1e999")) is null. */
Test(sio_hooks, numbers_that_no_double_holds_leave_as_null)
{
	char many[400], packet[512], back[512];
	struct client a = enter(), b = enter();

	memset(many, '9', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	peer_send(&a, "2[\"echo\",1e999,{\"a\":-1E400},1e308,[1.5e3,2e999]]");
	peer_expect(&a, "2[\"back\",null,{\"a\":null},1e308,[1.5e3,null]]");
	(void)snprintf(packet, sizeof(packet), "2[\"echo\",%s]", many);
	peer_send(&a, packet);
	peer_expect(&a, "2[\"back\",null]");
	(void)snprintf(packet, sizeof(packet), "2[\"echo\",0.%s]", many);
	(void)snprintf(back, sizeof(back), "2[\"back\",0.%s]", many);
	peer_send(&a, packet);
	peer_expect(&a, back);
	/* An event that is passed on whole, too. */
	peer_send(&a, "20[\"do\",\"forward\",1e999,\"x\",-1e999 ]");
	peer_expect(&a, "30[1]");
	peer_expect(&b, "2[\"do\",\"forward\",null,\"x\",null*]");
	client_close(&a);
	client_close(&b);
}

static struct sio_document *kept[3];
static int kept_count;

static void
keep_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	(void)arg;
	if (socket != NULL && error == 0)
		kept[kept_count++] = sio_keep(args);
}

/* Answers outlive their callback, with their binary data. */
Test(sio_hooks, answers_can_be_kept)
{
	struct client a = enter(), b = enter();
	struct sio_document *part;
	struct sio_value value;
	const char *text;
	size_t len;

	cr_expect_eq(
	    sio_emit_to_ack(sio_all(root), 0, keep_answer, NULL, "q", "1"), 2);
	peer_expect(&a, "20[\"q\",1]");
	peer_expect(&b, "20[\"q\",1]");
	peer_send(&a, "30[\"text\\u0021\",{\"n\":[1,2]}]");
	peer_send(&b, "62-0[{\"_placeholder\":true,\"num\":1},"
		      "{\"_placeholder\":true,\"num\":0},"
		      "{\"_placeholder\":true,\"num\":1}]");
	peer_binary(&b, "first", 5);
	peer_binary(&b, "\0\1", 2);
	client_until(&kept_count, 2);
	/* Other packets have come since. */
	is_alive(&a);
	is_alive(&b);
	value = sio_document_root(kept[0]);
	cr_expect_eq(sio_count(value), 2);
	cr_expect_str_eq(sio_string(sio_at(value, 0), NULL), "text!");
	cr_expect_eq(
	    sio_number(sio_at(sio_get(sio_at(value, 1), "n"), 1), 0), 2);
	text = sio_json(value, &len);
	cr_expect(len == 26 &&
		  memcmp(text, "[\"text\\u0021\",{\"n\":[1,2]}]", len) == 0);
	/* A part of what is kept can be kept for itself. */
	part = sio_keep(sio_at(sio_get(sio_at(value, 1), "n"), 1));
	sio_document_free(kept[0]);
	cr_expect_eq(sio_number(sio_document_root(part), 0), 2);
	sio_document_free(part);
	value = sio_document_root(kept[1]);
	cr_expect_eq(memcmp(sio_bytes(sio_at(value, 0), &len), "\0\1", 2), 0);
	cr_expect_eq(len, 2);
	cr_expect_eq(memcmp(sio_bytes(sio_at(value, 1), &len), "first", 5), 0);
	cr_expect_eq(len, 5);
	part = sio_keep(sio_from(value, 1));
	sio_document_free(kept[1]);
	value = sio_document_root(part);
	cr_expect_eq(sio_count(value), 2);
	cr_expect_eq(sio_emit(last, "all", "...%p", (void *)&value), 0);
	peer_expect(&b, "52-[\"all\",{\"_placeholder\":true,\"num\":0},"
			"{\"_placeholder\":true,\"num\":1}]");
	peer_expect_binary(&b, "first", 5);
	peer_expect_binary(&b, "\0\1", 2);
	sio_document_free(part);
	client_close(&a);
	client_close(&b);
}

/* ---- the engine ---------------------------------------------------------- */

static void
session_opened(struct eio_session *session)
{
	cr_expect_eq(eio_endpoint_user(eio_of(session)), io);
	hear("open %s; ", eio_transport(session));
}

static void
session_closed(struct eio_session *session, const char *reason)
{
	(void)session;
	hear("close %s; ", reason);
}

static void
refused(struct eio *endpoint, struct ws_request *request, int code,
    const char *message)
{
	(void)request;
	cr_expect_eq(endpoint, sio_engine(io));
	hear("refused %d %s; ", code, message);
}

static void
add_cookie(struct eio *endpoint, struct ws_request *request, bool first)
{
	(void)endpoint;
	if (first)
		(void)ws_reply_field(request, "Set-Cookie", "a=b");
}

static bool
unauthorized(struct ws_request *request, const char **message)
{
	*message = "Unauthorized";
	return eio_refuse_with(request, 401) != 0;
}

Test(sio_hooks, the_engine_is_watched)
{
	static const struct eio_handler watcher = { .open = session_opened,
		.refused = refused,
		.headers = add_cookie,
		.close = session_closed };
	struct client c;
	struct response r;

	sio_on_engine(io, &watcher);
	c = enter();
	cr_expect_str_eq(heard, "open websocket; ");
	client_close(&c);
	client_until(&closed, 1);
	cr_expect(strstr(heard, "close transport close; ") != NULL);
	sio_on_request(io, unauthorized);
	heard[0] = '\0';
	c = client_open(live.address);
	client_puts(&c, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
			"Host: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 401);
	cr_expect_null(client_field(&r, "Set-Cookie"));
	cr_expect_str_eq(heard, "refused 4 Unauthorized; ");
	sio_on_request(io, NULL);
	client_puts(&c, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
			"Host: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_str_eq(client_field(&r, "Set-Cookie"), "a=b");
	sio_on_engine(io, NULL);
	client_close(&c);
}
