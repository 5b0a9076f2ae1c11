/* test_nothing.c - all functions, and what a client did not send. */
/* SPDX-License-Identifier: MIT */
/*
 * A client decides whether a name is there and what type it has, and not every
 * application checks that. So no function of ws.h or sio.h may fail badly over a
 * NULL or an absent value where text, data or a value may come from a client.
 * test/docs.sh checks that each such function is called here.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sio_app.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A call, its result and what that has to be. */
struct row {
	const char *call;
	long got, want;
};

/* A pointer is 0 or 1, and a structure is what one function says of it. */
#define ROW(call, want)                     \
	{                                   \
#call, (long)(call), (want) \
	}
#define NONE(call)                       \
	{                                \
#call, (call) != NULL, 0 \
	}

static void
expect(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(rows[i].got, rows[i].want, "%s is %ld, not %ld",
		    rows[i].call, rows[i].got, rows[i].want);
}

static const struct sio_value absent;

/* Volatile, so that no compiler warns of what is meant. */
static const char *volatile no_text;

static bool
visit_value(const char *name, const char *value, void *arg)
{
	(void)name;
	(void)value;
	(void)arg;
	return true;
}

static bool
visit_socket(struct sio_socket *socket, void *arg)
{
	(void)socket;
	(void)arg;
	return true;
}

static bool
visit_member(struct ws_member *member, void *arg)
{
	(void)member;
	(void)arg;
	return true;
}

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	(void)socket;
	(void)error;
	(void)args;
	(void)arg;
	cr_expect_fail("what was not asked is answered");
}

/* ---- values -------------------------------------------------------------- */

Test(nothing, an_absent_value_has_nothing_in_it)
{
	char number[SIO_NAME_SIZE];
	size_t len = 1;
	int64_t integer;
	struct sio_iterator it = sio_iterate(absent);
	struct sio_value empty = sio_binary(NULL, 0);
	struct sio_builder *list = sio_list();
	const char *text;
	const struct row rows[] = {
		ROW(sio_type(absent), SIO_ABSENT),
		ROW(sio_type(sio_get(absent, "a")), SIO_ABSENT),
		ROW(sio_type(sio_get(absent, NULL)), SIO_ABSENT),
		ROW(sio_type(sio_at(absent, 0)), SIO_ABSENT),
		ROW(sio_type(sio_from(absent, 1)), SIO_ABSENT),
		ROW(sio_count(absent), 0),
		ROW(sio_next(&it), false),
		NONE(sio_string(absent, &len)),
		ROW(len, 0),
		NONE(sio_string(absent, NULL)),
		NONE(sio_name(absent, number)),
		ROW(sio_number(absent, 7), 7),
		ROW(sio_integer(absent, &integer), false),
		ROW(sio_boolean(absent, true), true),
		NONE(sio_bytes(absent, &len)),
		NONE(sio_json(absent, &len)),
		ROW(sio_type(empty), SIO_BINARY),
		ROW(sio_type(sio_binary(NULL, WS_STR)), SIO_BINARY),
		NONE(sio_json(sio_raw_json(NULL, 0), &len)),
		NONE(sio_json(sio_raw_json(NULL, WS_STR), &len)),
		NONE(sio_document_new(NULL, 0, &len)),
		NONE(sio_document_new(NULL, WS_STR, NULL)),
		ROW(sio_type(sio_document_root(NULL)), SIO_ABSENT),
		NONE(sio_keep(absent)),
		NONE(sio_keep(empty)),
		NONE(sio_json_text(&len, NULL)),
		ROW(sio_add(NULL, "1"), WS_ENOMEM),
		ROW(sio_add(list, "%s, %p", no_text, (void *)NULL), 0),
		ROW(sio_add(list, NULL), 0),
		ROW(eio_prepare(WS_TEXT, NULL, WS_STR) != NULL, false),
		ROW(ws_utf8_valid(NULL, 0), true),
		ROW(ws_utf8_valid(NULL, 1), false),
		ROW(ws_utf8_valid(NULL, WS_STR), false),
		ROW(ws_percent_decode(NULL, number, sizeof(number)), -1),
		NONE(ws_prepare(WS_TEXT, NULL, 1)),
		NONE(ws_prepare(WS_TEXT, NULL, WS_STR)),
	};

	expect(rows, LEN(rows));
	text = sio_json(*sio_built(list), &len);
	cr_expect(len == 11 && memcmp(text, "[null,null]", len) == 0);
	sio_builder_free(list);
}

/* ---- sockets and rooms --------------------------------------------------- */

static int handled;

static void
on_nothing(struct sio_socket *s, struct sio_event *event)
{
	static const char *const names[] = { "a", NULL };
	struct sio_target all = sio_all(root);
	struct eio_session *session = sio_session(s);
	char value[8];
	const struct row rows[] = {
		ROW(sio_type(sio_arg(event, 9)), SIO_ABSENT),
		NONE(sio_of(io, NULL)),
		NONE(sio_of_pattern(io, NULL)),
		ROW(sio_on(root, NULL, on_nothing), WS_EINVAL),
		ROW(sio_on_with(root, NULL, NULL, NULL), WS_EINVAL),
		ROW(sio_refusal(s, NULL, NULL), WS_EINVAL),
		ROW(sio_refuse_event(event, NULL, NULL), WS_EINVAL),
		NONE(sio_find(root, NULL)),
		ROW(sio_join(s, NULL), WS_EINVAL),
		ROW(sio_leave(s, NULL), false),
		ROW(sio_in_room(s, NULL), false),
		ROW(sio_room_count(root, NULL), 0),
		ROW(sio_sockets_join(all, NULL), WS_EINVAL),
		ROW(sio_sockets_leave(all, NULL), WS_EINVAL),
		ROW(sio_emit(s, NULL, "1"), WS_EINVAL),
		ROW(sio_emit_to(all, NULL, "1"), WS_EINVAL),
		ROW(sio_emit_ack(s, 0, on_answer, NULL, NULL, "1"), WS_EINVAL),
		ROW(sio_emit_to_ack(all, 0, on_answer, NULL, NULL, "1"),
		    WS_EINVAL),
		ROW(sio_emit_to(sio_in(root, NULL), "x", "1"), WS_EINVAL),
		ROW(sio_emit_to(sio_to(s, NULL), "x", "1"), WS_EINVAL),
		ROW(sio_emit_to(sio_and(all, NULL), "x", "1"), WS_EINVAL),
		ROW(sio_emit_to(sio_except(all, NULL), "x", "1"), WS_EINVAL),
		ROW(sio_emit_to(sio_and_rooms(all, NULL, 1), "x", "1"),
		    WS_EINVAL),
		ROW(sio_emit_to(sio_and_rooms(all, names, 2), "x", "1"),
		    WS_EINVAL),
		ROW(sio_emit_to(sio_except_rooms(all, NULL, 1), "x", "1"),
		    WS_EINVAL),
		ROW(sio_emit_to(sio_except_rooms(all, names, 2), "x", "1"),
		    WS_EINVAL),
		ROW(sio_fetch(sio_in(root, NULL), visit_socket, NULL),
		    WS_EINVAL),
		ROW(sio_disconnect_sockets(sio_in(root, NULL), true),
		    WS_EINVAL),
		ROW(sio_send_to(sio_in(root, NULL), NULL), WS_EINVAL),
		ROW(sio_forward(sio_in(root, NULL), event), WS_EINVAL),
		ROW(sio_send(s, "%s, %p", no_text, SIO_P(absent)), 0),
		ROW(sio_ack(event, NULL), WS_ESTATE),
		NONE(sio_ack_later(event)),
		NONE(eio_field(session, NULL)),
		ROW(eio_param(session, NULL, value, sizeof(value)), WS_EINVAL),
		ROW(eio_param(session, "x", value, 0), WS_EINVAL),
		ROW(eio_send(session, WS_TEXT, NULL, 1), WS_EINVAL),
		ROW(eio_send(session, WS_TEXT, NULL, WS_STR), WS_EINVAL),
		ROW(eio_send_prepared(session, NULL, 0), WS_EINVAL),
	};

	sio_ack_drop(NULL);
	cr_expect_eq(sio_ack_send(NULL, "1"), WS_ESTATE);
	expect(rows, LEN(rows));
	handled++;
}

Test(nothing, a_socket_survives_what_is_not_there)
{
	static const struct sio_options with_recovery = { .recovery_ms = 1000 };

	for (int i = 0; i < 2; i++) {
		struct client c;

		app_start(i > 0 ? &with_recovery : NULL);
		cr_expect_eq(sio_on(root, "nothing", on_nothing), 0);
		handled = 0;
		c = enter();
		peer_send(&c, "2[\"nothing\"]");
		client_until(&handled, 1);
		peer_expect(&c, "2[\"message\",null,null*]");
		is_alive(&c);
		client_close(&c);
		app_end();
	}
}

/* ---- requests and WebSockets --------------------------------------------- */

static void
on_request(struct ws_request *request)
{
	char value[8];
	const struct row rows[] = {
		NONE(ws_request_field(request, NULL)),
		ROW(ws_request_param(request, NULL, value, 8), WS_EINVAL),
		ROW(ws_request_cookie(request, NULL, value, 8), WS_EINVAL),
		ROW(ws_offers(request, NULL), false),
		ROW(ws_reply_field(request, NULL, "x"), WS_EINVAL),
		ROW(ws_reply_field(request, "X", NULL), WS_EINVAL),
		ROW(ws_request_params(request, visit_value, NULL), 0),
		ROW(ws_reply(request, 200, NULL, NULL, 1), WS_EINVAL),
		ROW(ws_reply_asset(request, NULL, NULL), WS_EINVAL),
		ROW(ws_reply_file(request, NULL, NULL), WS_EINVAL),
		ROW(sio_json_reply(request, 200, NULL), WS_EINVAL),
		ROW(sio_json_reply(request, 200, "%s", no_text), 0),
	};

	expect(rows, LEN(rows));
	handled++;
}

/* A stream that gets nothing but its end. */
static void
on_stream(struct ws_request *request)
{
	static const struct ws_stream_handler handler = { 0 };
	struct ws_stream *stream;
	const struct row begun[] = {
		ROW(ws_stream_begin(request, 200, NULL, NULL, NULL, &stream),
		    WS_EINVAL),
		ROW(ws_stream_begin(
			request, 200, NULL, &handler, NULL, &stream),
		    1),
	};
	const struct row rows[] = {
		ROW(ws_stream_write(stream, 0, NULL, 1), WS_EINVAL),
		ROW(ws_stream_write(stream, 0, NULL, WS_STR), WS_EINVAL),
		ROW(ws_stream_write_block(stream, 0, NULL), WS_EINVAL),
		NONE(ws_block_new(NULL, 1)),
		NONE(ws_block_new(NULL, WS_STR)),
	};

	ws_block_free(NULL);
	expect(begun, LEN(begun));
	expect(rows, LEN(rows));
	ws_stream_end(stream);
	handled++;
}

static struct ws_conn *opened;

static void
on_upgrade(struct ws_request *request)
{
	opened = ws_accept(request, NULL, NULL);
	handled++;
}

static void
refused_by_all(struct ws_server *server)
{
	static const struct ws_handler handler = { 0 };
	struct ws_member *member = ws_conn_member(opened);
	const struct ws_selection to = { 0 };
	const struct row rows[] = {
		NONE(eio_new(server, NULL, NULL, NULL, NULL)),
		ROW(ws_listen(server, NULL), WS_EINVAL),
		ROW(ws_endpoint(server, NULL, &handler, NULL), WS_EINVAL),
		ROW(ws_http(server, NULL, NULL, on_request, NULL), WS_EINVAL),
		ROW(ws_http_body(server, NULL, 0, NULL, NULL), WS_EINVAL),
		ROW(ws_files(server, NULL, ".", NULL), WS_EINVAL),
		ROW(ws_files(server, "/n/", NULL, NULL), WS_EINVAL),
		ROW(ws_assets(server, NULL, NULL, 0, NULL), WS_EINVAL),
		ROW(ws_send(opened, WS_TEXT, NULL, 1), WS_EINVAL),
		ROW(ws_send(opened, WS_TEXT, NULL, 1000), WS_EINVAL),
		ROW(ws_send(opened, WS_BINARY, NULL, WS_STR), WS_EINVAL),
		ROW(ws_sendf(opened, WS_TEXT, NULL), WS_EINVAL),
		ROW(ws_send_prepared(opened, NULL, 0), WS_EINVAL),
		ROW(ws_ping(opened, NULL, 1), WS_EINVAL),
		ROW(ws_close(opened, 1000, NULL, 1), WS_EINVAL),
		ROW(ws_join(opened, NULL, WS_STR), WS_EINVAL),
		ROW(ws_leave(opened, NULL, 1), false),
		ROW(ws_in_room(opened, NULL, 1), false),
		ROW(ws_room_count(server, NULL, 1), 0),
		ROW(ws_room_walk(server, NULL, 1, visit_member, NULL), 0),
		ROW(ws_member_join(server, member, NULL, 1), WS_EINVAL),
		ROW(ws_member_leave(server, member, NULL, 1), false),
		ROW(ws_member_in_room(server, member, NULL, 1), false),
		ROW(ws_publish(server, "r", 1, WS_TEXT, NULL, 1, NULL),
		    WS_EINVAL),
		ROW(ws_publish(server, NULL, 0, WS_TEXT, NULL, WS_STR, NULL),
		    WS_EINVAL),
		ROW(ws_publishf(server, "r", 1, WS_TEXT, NULL), WS_EINVAL),
		ROW(ws_publish_to(server, &to, NULL, 0), WS_EINVAL),
		ROW(ws_publish_lines(server, -1, "", 0), WS_EINVAL),
		ROW(sio_json_send(opened, NULL), WS_EINVAL),
		ROW(sio_json_publish(server, "r", 1, NULL), WS_EINVAL),
		ROW(sio_json_publish(server, NULL, 0, "%s", no_text), 1),
		NONE(ws_prepared_ref(NULL)),
		ROW(ws_serve(ws_server_new(NULL), NULL, NULL), WS_EINVAL),
	};

	ws_prepared_free(NULL);
	ws_log_line(server, WS_LOG_INFO, NULL, "%s", "no cause");
	expect(rows, LEN(rows));
}

Test(nothing, a_server_survives_what_is_not_there)
{
	static const struct ws_handler handler = { .upgrade = on_upgrade };
	struct client c, ws;
	struct response r;

	app_start(NULL);
	cr_expect_eq(
	    ws_http(live.server, "/nothing", "GET", on_request, NULL), 0);
	cr_expect_eq(
	    ws_http(live.server, "/stream", "GET", on_stream, NULL), 0);
	cr_expect_eq(ws_endpoint(live.server, "/nothing", &handler, NULL), 0);
	handled = 0;
	c = client_open(live.address);
	client_puts(&c, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect(r.len == 4 && memcmp(r.body, "null", 4) == 0);
	client_puts(&c, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&handled, 2);
	client_close(&c);
	ws = client_ws(live.address, "/nothing");
	client_until(&handled, 3);
	refused_by_all(live.server);
	client_expect(&ws, CLIENT_FIN | 1, "null", 4);
	client_close(&ws);
	app_end();
}
