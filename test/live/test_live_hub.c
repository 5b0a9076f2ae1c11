/* test_live_hub.c - rooms as a resource: who says, who hears, who was away. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "hub/hub.h"
#include "live.h"
#include "test/client.h"

static struct live live;
static struct hub *hub;
static struct hub_options hub_options;

static void
setup(struct ws_server *server)
{
	static const struct hub_rooms_options whole = {
		.whole_path = true, .self = true, .no_http = true
	};

	hub = hub_new(server, &hub_options);
	if (hub == NULL || hub_rooms(hub, "/room/", NULL) < 0 ||
	    hub_rooms(hub, "/live", &whole) < 0)
		abort();
}

static void
start_with(const struct ws_options *options)
{
	live = live_here(options, setup, NULL);
}

static void
start(void)
{
	start_with(NULL);
}

/* ---- requests ------------------------------------------------------------ */

/* Send a request; fields have CRLFs. */
static struct client
ask(const char *method, const char *target, const char *fields,
    const void *body, size_t len)
{
	struct client c = client_open(live.address);
	char head[16384];
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n%s\r\n",
	    method, target, live.address, len, fields);

	client_send(&c, head, (size_t)n);
	client_send(&c, body, len);
	return c;
}

static struct client
get(const char *target, const char *fields)
{
	return ask("GET", target, fields, "", 0);
}

/* Ask, and receive an answer whose body is kept as a C string. */
static int
answer(const char *method, const char *target, const char *fields,
    const void *body, size_t len, char *text, size_t size)
{
	struct client c = ask(method, target, fields, body, len);
	struct response r;
	int status = client_response(&c, &r, false);

	if (text != NULL)
		snprintf(text, size, "%.*s", (int)r.len, r.body);
	client_close(&c);
	return status;
}

/* Publish a text over HTTP, and return its id. */
static const char *
post(const char *target, const char *text)
{
	static char id[HUB_ID_SIZE], body[256];

	cr_assert_eq(
	    answer("POST", target, "", text, strlen(text), body, sizeof(body)),
	    200);
	cr_assert_eq(sscanf(body, "{\"id\":\"%31[^\"]", id), 1);
	return id;
}

/* Get a room as JSON. */
static const char *
see(const char *target)
{
	static char body[65536];

	cr_assert_eq(answer("GET", target, "", "", 0, body, sizeof(body)), 200);
	return body;
}

/* ---- streams --------------------------------------------------------------- */

/* Wait for a text in what has come, and forget all up to its end. */
static void
await(struct client *c, const char *text)
{
	const uint8_t *at = NULL, *begin;

	for (size_t have = 1; at == NULL; have = c->len - c->begin + 1) {
		cr_assert(client_await(c, have), "no '%s'", text);
		begin = c->in + c->begin;
		at = memmem(begin, c->len - c->begin, text, strlen(text));
	}
	client_skip(c, (size_t)(at - begin) + strlen(text));
}

static bool
has_come(const struct client *c, const char *text)
{
	return memmem(c->in + c->begin, c->len - c->begin, text,
		   strlen(text)) != NULL;
}

#define EVENTS "Accept: text/event-stream\r\n"
#define LINES "Accept: application/x-ndjson\r\n"

/* ---- every way in and out -------------------------------------------------- */

static const struct content {
	const char *name;
	int kind;
	const char *data;
	size_t len;
	const char *json, *event;
} contents[] = {
	{ "text", WS_TEXT, "hi", 2, "\"data\":\"hi\"}", "data: hi\n\n" },
	{ "empty", WS_TEXT, "", 0, "\"data\":\"\"}", "data: \n\n" },
	{ "CR", WS_TEXT, "a\rb", 3, "\"data\":\"a\\rb\"}",
	    "event: b64\ndata: YQ1i\n\n" },
	{ "LF", WS_TEXT, "a\nb", 3, "\"data\":\"a\\nb\"}",
	    "data: a\ndata: b\n\n" },
	{ "NUL", WS_TEXT, "a\0b", 3, "\"data\":\"a\\u0000b\"}",
	    "event: b64\ndata: YQBi\n\n" },
	{ "emoji", WS_TEXT, "\xf0\x9f\x98\x80", 4,
	    "\"data\":\"\xf0\x9f\x98\x80\"}", "data: \xf0\x9f\x98\x80\n\n" },
	{ "binary", WS_BINARY, "\x00\xff\n", 3, "\"b64\":\"AP8K\"}",
	    "event: b64\ndata: AP8K\n\n" },
};

/* All kinds of members of one room. */
struct members {
	struct client socket, events, lines, poll;
};

static struct members
join_all(void)
{
	struct members m;

	m.socket = client_ws(live.address, "/room/a");
	m.events = get("/room/a", EVENTS);
	await(&m.events, "event: wsd\ndata: {\"resume\":\"new\"");
	m.lines = get("/room/a", LINES);
	await(&m.lines, "{\"resume\":\"new\"");
	m.poll = get("/room/a?wait=30&since=earliest", "");
	while (ws_room_count(live.server, "a", 1) < 4)
		(void)client_wait(-1, 0, 1);
	return m;
}

/* Each member must hear a message once, and nothing else. */
static void
expect_all(struct members *m, const struct content *content)
{
	struct response r;

	client_expect(&m->socket, CLIENT_FIN | content->kind, content->data,
	    content->len);
	await(&m->events, content->event);
	await(&m->lines, content->json);
	cr_assert_eq(client_response(&m->poll, &r, false), 200);
	cr_expect_not_null(
	    memmem(r.body, r.len, content->json, strlen(content->json)));
}

static void
leave_all(struct members *m)
{
	client_close(&m->socket);
	client_close(&m->events);
	client_close(&m->lines);
	client_close(&m->poll);
	live_until_connections(&live, 0);
	cr_expect_eq(ws_room_count(live.server, "a", 1), 0);
}

enum way {
	WAY_POST,
	WAY_SOCKET,
	WAY_C,
};

static void
say(enum way way, const struct content *content)
{
	char id[HUB_ID_SIZE];
	struct client c;

	switch (way) {
	case WAY_POST:
		cr_assert_eq(answer("POST", "/room/a",
				 content->kind == WS_BINARY
				     ? "Content-Type: "
				       "application/octet-stream\r\n"
				     : "",
				 content->data, content->len, NULL, 0),
		    200);
		return;
	case WAY_SOCKET:
		c = client_ws(live.address, "/room/a");
		client_send_frame(&c, CLIENT_FIN | content->kind, content->data,
		    content->len);
		client_send_close(&c, 1000, "");
		client_expect_close(&c, 1000, false);
		client_close(&c);
		return;
	case WAY_C:
		cr_assert_eq(hub_publish(hub, "a", WS_STR, content->kind,
				 content->data, content->len, id),
		    4);
		return;
	}
}

Test(live_hub, what_is_said_in_any_way_is_heard_in_every_way)
{
	for (enum way way = WAY_POST; way <= WAY_C; way++) {
		for (size_t i = 0; i < sizeof(contents) / sizeof(*contents);
		     i++) {
			struct members m;

			start(); /* with an empty history */
			m = join_all();
			say(way, &contents[i]);
			expect_all(&m, &contents[i]);
			leave_all(&m);
			live_end(&live);
		}
	}
}

Test(live_hub, a_message_of_1_mib_reaches_all)
{
	size_t len = 1 << 20, n = 0;
	char *data = malloc(len);
	struct members m;
	struct response r;
	struct frame f;

	memset(data, 'x', len);
	start();
	m = join_all();
	cr_assert_eq(answer("POST", "/room/a", "", data, len, NULL, 0), 200);
	cr_assert(client_recv_frame(&m.socket, &f));
	cr_expect_eq(f.len, len);
	cr_assert_eq(client_response(&m.poll, &r, false), 200);
	cr_expect_gt(r.len, len);
	await(&m.events, "data: x");
	for (bool done = false; !done; n = m.events.len - m.events.begin) {
		cr_assert(client_await(&m.events, n + 1));
		done = has_come(&m.events, "xx\n\n\r\n");
	}
	cr_expect_geq(n, len - 1);
	await(&m.lines, "\"data\":\"x");
	await(&m.lines, "xx\"}\n");
	leave_all(&m);
	/* It is larger than what is kept of a room, and known to be lost. */
	cr_expect_not_null(
	    strstr(see("/room/a?since=earliest"), "\"resume\":\"gap\""));
	free(data);
	live_end(&live);
}

/* ---- who was away ------------------------------------------------------------ */

/* Say three things, and return the id of the first one. */
static const char *
say_three(char first[HUB_ID_SIZE])
{
	snprintf(first, HUB_ID_SIZE, "%s", post("/room/a", "one"));
	(void)post("/room/b", "elsewhere");
	(void)post("/room/a", "two");
	(void)post("/room/a", "three");
	return first;
}

static char *
with(const char *format, const char *id)
{
	static char text[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]), format, id);
	return text[turn];
}

Test(live_hub, who_comes_late_is_told_all_in_order_and_once)
{
	char id[HUB_ID_SIZE];
	struct client c;

	start();
	(void)say_three(id);
	c = client_ws(live.address, with("/room/a?since=%s", id));
	client_expect(&c, CLIENT_FIN | WS_TEXT, "two", 3);
	client_expect(&c, CLIENT_FIN | WS_TEXT, "three", 5);
	(void)post("/room/a", "four");
	client_expect(&c, CLIENT_FIN | WS_TEXT, "four", 4);
	cr_expect(client_is_quiet(&c, 20));
	client_close(&c);

	c = get("/room/a", with(EVENTS "Last-Event-ID: %s\r\n", id));
	await(&c, with("data: {\"resume\":\"complete\",\"last\":\"%.9s", id));
	await(&c, with("id: %s\n\n", id));
	await(&c, "data: two\n\n");
	await(&c, "data: three\n\n");
	await(&c, "data: four\n\n");
	cr_expect_not(has_come(&c, "two"));
	(void)post("/room/a", "five");
	await(&c, "data: five\n\n");
	client_close(&c);

	c = get(with("/room/a?since=%s", id), LINES);
	await(&c, "{\"resume\":\"complete\"");
	await(&c, "\"data\":\"two\"}\n");
	await(&c, "\"data\":\"three\"}\n");
	client_close(&c);

	cr_expect_not_null(strstr(
	    see(with("/room/a?since=%s", id)), "\"messages\":[{\"id\":"));
	cr_expect_null(strstr(see(with("/room/a?since=%s", id)), "one"));
	cr_expect_null(strstr(see(with("/room/a?since=%s", id)), "elsewhere"));
	live_end(&live);
}

Test(live_hub, the_field_of_a_browser_wins_over_the_address)
{
	char id[HUB_ID_SIZE];
	struct client c;

	start();
	(void)say_three(id);
	c = get("/room/a?since=earliest",
	    with(EVENTS "Last-Event-ID: %s\r\n", hub_last(hub, id)));
	await(&c, "\"resume\":\"complete\"");
	(void)post("/room/a", "four");
	await(&c, "data: ");
	await(&c, "four\n\n");
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_cursor_counts_for_every_room)
{
	char id[HUB_ID_SIZE];

	start();
	(void)say_three(id);
	cr_expect_not_null(strstr(
	    see(with("/room/b?since=%s", id)), "\"resume\":\"complete\""));
	cr_expect_not_null(
	    strstr(see(with("/room/b?since=%s", id)), "elsewhere"));
	cr_expect_eq(answer("GET", with("/room/nobody?since=%s", id), "", "", 0,
			 NULL, 0),
	    304);
	live_end(&live);
}

Test(live_hub, who_comes_too_late_is_told_of_the_gap)
{
	static const struct hub_keep two = { NULL, 2, 60, 0 };
	char id[HUB_ID_SIZE];
	struct client c;

	hub_options = (struct hub_options){ .keep = &two, .keep_count = 1 };
	start();
	(void)say_three(id);
	(void)post("/room/a", "four");
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%s", id)), "{\"resume\":\"gap\""));
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%s", id)), "\"messages\":[]"));
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%s&on-gap=replay", id)), "three"));
	c = get("/room/a", with(EVENTS "Last-Event-ID: %s\r\n", id));
	await(&c, "{\"resume\":\"gap\"");
	(void)post("/room/a", "five");
	await(&c, "five");
	cr_expect_not(has_come(&c, "four"));
	client_close(&c);
	c = get(with("/room/a?since=%s&on-gap=replay", id), EVENTS);
	await(&c, "{\"resume\":\"gap\"");
	await(&c, "data: four\n\n");
	await(&c, "data: five\n\n");
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_cursor_that_was_never_given_is_a_gap)
{
	static const char *const foreign[] = { "zzzzzzzz-1", "x", "1", "-",
		"%2e", "zzzzzzzz-18446744073709551615", "1700000000-0",
		"0123456789012345678901234567890123456789" };
	char id[HUB_ID_SIZE];

	start();
	(void)say_three(id);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		cr_expect_not_null(
		    strstr(see(with("/room/a?since=%s", foreign[i])),
			"{\"resume\":\"gap\""),
		    "%s", foreign[i]);
	/* Of this boot, but from the future, or no number. */
	cr_expect_not_null(strstr(
	    see(with("/room/a?since=%.9s5", id)), "{\"resume\":\"gap\""));
	cr_expect_not_null(strstr(
	    see(with("/room/a?since=%.9s1x", id)), "{\"resume\":\"gap\""));
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%.9s", id)), "{\"resume\":\"gap\""));
	live_end(&live);
}

Test(live_hub, a_restart_is_a_gap_everywhere)
{
	char id[HUB_ID_SIZE];
	struct client c;

	start();
	(void)say_three(id);
	live_end(&live);
	start();
	(void)post("/room/a", "after");
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%s", id)), "{\"resume\":\"gap\""));
	c = get("/room/a", with(EVENTS "Last-Event-ID: %s\r\n", id));
	await(&c, "{\"resume\":\"gap\"");
	client_close(&c);
	c = client_open(live.address);
	client_puts(&c, client_request(with("/room/a?since=%s", id), ""));
	await(&c, "Wsd-Resume: gap\r\n");
	client_close(&c);
	live_end(&live);
}

Test(live_hub, without_history_every_cursor_is_a_gap_once_something_was_said)
{
	static const struct hub_keep none = { NULL, 0, 0, 0 };
	char id[HUB_ID_SIZE];

	hub_options = (struct hub_options){ .keep = &none, .keep_count = 1 };
	start();
	(void)say_three(id);
	cr_expect_not_null(
	    strstr(see(with("/room/a?since=%s", id)), "{\"resume\":\"gap\""));
	/* The newest one is complete: nothing was said since. */
	(void)hub_last(hub, id);
	cr_expect_eq(
	    answer("GET", with("/room/a?since=%s", id), "", "", 0, NULL, 0),
	    304);
	live_end(&live);
}

/* ---- long replays --------------------------------------------------------- */

/* Publish and have somebody catch up who reads slowly, while more is said. */
static void
catch_up_slowly(const char *fields, const char *target, const char *form)
{
	static const struct hub_keep all = { NULL, 100000, 600, 0 };
	static const struct ws_options small = { .queue_soft = 20000,
		.log_level = -1 };
	static char text[20000];
	struct client c;
	char want[64];
	int said = 300;

	hub_options = (struct hub_options){
		.keep = &all, .keep_count = 1, .history_memory = 64 << 20
	};
	start_with(&small);
	for (int i = 0; i < said; i++) {
		int n = snprintf(text, sizeof(text), "message %d.", i);

		memset(text + n, 'x', sizeof(text) - (size_t)n);
		cr_assert_geq(
		    hub_publish(hub, "a", 1, WS_TEXT, text, sizeof(text), NULL),
		    0);
	}
	c = client_open_small(live.address, 4096);
	client_puts(&c,
	    fields != NULL
		? with("GET /room/a?since=earliest HTTP/1.1\r\nHost: a\r\n%s"
		       "\r\n",
		      fields)
		: client_request(target, ""));
	await(&c, "\r\n\r\n");
	/* Said while the replay stands still. */
	for (int i = 0; i < 20; i++) {
		live_pass(1);
		snprintf(text, sizeof(text), "message %d.", said);
		cr_assert_geq(
		    hub_publish(hub, "a", 1, WS_TEXT, text, strlen(text), NULL),
		    0);
		said++;
	}
	for (int i = 0; i < said; i++) {
		snprintf(want, sizeof(want), form, i);
		await(&c, want);
		snprintf(want, sizeof(want), "message %d.", i);
		cr_assert_not(has_come(&c, want), "%s twice", want);
	}
	cr_assert_geq(hub_publish(hub, "a", 1, WS_TEXT, "live", 4, NULL), 0);
	await(&c, "live");
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_long_replay_of_events_has_no_hole)
{
	catch_up_slowly(EVENTS, NULL, "data: message %d.");
}

Test(live_hub, a_long_replay_of_lines_has_no_hole)
{
	catch_up_slowly(LINES, NULL, "\"data\":\"message %d.");
}

Test(live_hub, a_long_replay_of_frames_has_no_hole)
{
	catch_up_slowly(NULL, "/room/a?since=earliest", "message %d.");
}

Test(live_hub, a_replay_that_history_overtakes_ends)
{
	static const struct hub_keep few = { NULL, 50, 600, 0 };
	static const struct ws_options small = { .queue_soft = 20000,
		.log_level = -1 };
	static char text[100000];
	struct client events, socket;

	hub_options = (struct hub_options){ .keep = &few, .keep_count = 1 };
	start_with(&small);
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 50; i++)
		(void)hub_publish(
		    hub, "a", 1, WS_TEXT, text, sizeof(text), NULL);
	events = client_open_small(live.address, 4096);
	client_puts(&events,
	    "GET /room/a?since=earliest HTTP/1.1\r\nHost: a\r\n" EVENTS "\r\n");
	await(&events, "\r\n\r\n");
	socket = client_open_small(live.address, 4096);
	client_puts(&socket, client_request("/room/a?since=earliest", ""));
	await(&socket, "\r\n\r\n");
	for (int i = 0; i < 50; i++)
		(void)hub_publish(hub, "a", 1, WS_TEXT, "new", 3, NULL);
	/* In good order, so that a browser comes back. */
	await(&events, "0\r\n\r\n");
	client_expect_close(&socket, 1013, true);
	client_close(&events);
	client_close(&socket);
	live_end(&live);
}

/* ---- polling ------------------------------------------------------------- */

Test(live_hub, a_poll_waits_for_the_next_message)
{
	struct client c;
	struct response r;
	char id[HUB_ID_SIZE];

	start();
	snprintf(id, sizeof(id), "%s", post("/room/a", "one"));
	c = get("/room/a?wait=30", with("If-None-Match: \"%s\"\r\n", id));
	while (ws_room_count(live.server, "a", 1) < 1)
		(void)client_wait(-1, 0, 1);
	snprintf(id, sizeof(id), "%s", post("/room/a", "two"));
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_expect_str_eq(client_field(&r, "ETag"), with("\"%s\"", id));
	cr_expect_not_null(
	    memmem(r.body, r.len, "\"resume\":\"complete\"", 19));
	cr_expect_null(memmem(r.body, r.len, "one", 3));
	cr_expect_not_null(memmem(r.body, r.len, "two", 3));
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_poll_without_news_repeats_its_cursor)
{
	struct client c;
	struct response r;
	char id[HUB_ID_SIZE];

	start();
	snprintf(id, sizeof(id), "%s", post("/room/a", "one"));
	c = get("/room/a", with("If-None-Match: \"%s\"\r\n", id));
	cr_assert_eq(client_response(&c, &r, false), 304);
	cr_expect_str_eq(client_field(&r, "ETag"), with("\"%s\"", id));
	client_puts(&c, with("GET /room/a?wait=1 HTTP/1.1\r\nHost: a\r\n"
			     "If-None-Match: W/\"%s\"\r\n\r\n",
			    id));
	cr_assert_eq(client_response(&c, &r, false), 304);
	cr_expect_str_eq(client_field(&r, "ETag"), with("\"%s\"", id));
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_poll_that_is_new_sees_what_is_kept_and_then_waits)
{
	struct client c;
	struct response r;

	start();
	c = get("/room/a?wait=1", "If-None-Match: \"\"\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_expect_not_null(memmem(r.body, r.len, "\"messages\":[]", 13));
	cr_expect_not_null(client_field(&r, "ETag"));
	(void)post("/room/a", "one");
	cr_expect_not_null(strstr(see("/room/a?wait=30"), "one"));
	client_close(&c);
	live_end(&live);
}

Test(live_hub, a_poll_gets_many_messages_in_parts)
{
	char since[HUB_ID_SIZE] = "earliest", last[HUB_ID_SIZE];
	static const struct hub_keep all = { NULL, 1000, 600, 0 };
	const char *body, *at;
	int next = 0, n, parts = 0;

	hub_options = (struct hub_options){ .keep = &all, .keep_count = 1 };
	start();
	for (int i = 0; i < 700; i++)
		cr_assert_eq(
		    hub_publish(hub, "a", 1, WS_TEXT, "x", 1, last), 0);
	do {
		body = see(with("/room/a?since=%s", since));
		for (at = body; (at = strstr(at, "{\"id\":\"")) != NULL; at++) {
			cr_assert_eq(sscanf(at, "{\"id\":\"%*8s-%d", &n), 1);
			cr_expect_eq(n, ++next);
		}
		cr_assert_eq(sscanf(strstr(body, "\"last\""),
				 "\"last\":\"%31[^\"]", since),
		    1);
		parts++;
	} while (strstr(body, "\"more\":true") != NULL);
	cr_expect_eq(next, 700);
	cr_expect_eq(parts, 3);
	cr_expect_str_eq(since, last);
	live_end(&live);
}

Test(live_hub, a_poll_that_leaves_is_forgotten)
{
	struct client c;

	start();
	c = get("/room/a?wait=30", "");
	while (ws_room_count(live.server, "a", 1) < 1)
		(void)client_wait(-1, 0, 1);
	client_close(&c);
	live_until_connections(&live, 0);
	cr_expect_eq(ws_room_count(live.server, "a", 1), 0);
	live_end(&live);
}

/* ---- the end ---------------------------------------------------------------- */

Test(live_hub, a_large_message_reaches_all_polls_but_one_that_leaves)
{
	enum {
		POLLS = 20,
		OCTETS = 500000
	};
	struct client c[POLLS], gone;
	struct response r;
	char id[HUB_ID_SIZE], *text = malloc(OCTETS + 1);

	start();
	cr_assert_not_null(text);
	memset(text, 'x', OCTETS);
	text[OCTETS] = '\0';
	for (int i = 0; i < POLLS; i++)
		c[i] = get("/room/a?wait=30", "");
	gone = get("/room/a?wait=30", "");
	while (ws_room_count(live.server, "a", 1) < POLLS + 1)
		(void)client_wait(-1, 0, 1);
	snprintf(id, sizeof(id), "%s", post("/room/a", text));
	client_close(&gone);
	for (int i = 0; i < POLLS; i++) {
		cr_assert_eq(client_response(&c[i], &r, false), 200);
		cr_expect_str_eq(client_field(&r, "ETag"), with("\"%s\"", id));
		cr_expect_gt(r.len, OCTETS);
		client_close(&c[i]);
	}
	free(text);
	live_end(&live);
}

/* What stops has polls that were told nothing, and some that wait for their
 * turn to be answered. */
Test(live_hub, a_release_while_polls_are_answered)
{
	enum {
		POLLS = 20,
		OCTETS = 500000
	};
	struct client c[POLLS];
	char *text = malloc(OCTETS);

	start();
	cr_assert_not_null(text);
	memset(text, 'x', OCTETS);
	for (int i = 0; i < POLLS; i++)
		c[i] = get("/room/a?wait=30", "");
	while (ws_room_count(live.server, "a", 1) < POLLS)
		(void)client_wait(-1, 0, 1);
	cr_expect_geq(
	    hub_publish(hub, "a", 1, WS_TEXT, text, OCTETS, NULL), POLLS);
	live_end(&live);
	for (int i = 0; i < POLLS; i++)
		client_close(&c[i]);
	free(text);
}

Test(live_hub, a_stop_tells_polls_and_streams_in_good_order)
{
	struct client poll, events, lines;
	struct response r;

	start();
	poll = get("/room/a?wait=30&since=earliest", "");
	events = get("/room/a", EVENTS);
	lines = get("/room/a", LINES);
	while (ws_room_count(live.server, "a", 1) < 3)
		(void)client_wait(-1, 0, 1);
	ws_stop(live.server, 5000);
	cr_expect_eq(client_response(&poll, &r, false), 304);
	await(&events, "\nretry: ");
	await(&events, "0\r\n\r\n");
	await(&lines, "0\r\n\r\n");
	cr_expect(client_ends(&events));
	client_close(&poll);
	client_close(&events);
	client_close(&lines);
	live_end(&live);
}

Test(live_hub, a_release_with_members_of_all_kinds)
{
	struct members m;

	start();
	m = join_all();
	live_end(&live);
	client_close(&m.socket);
	client_close(&m.events);
	client_close(&m.lines);
	client_close(&m.poll);
}

/* ---- refusals ------------------------------------------------------------------ */

Test(live_hub, every_refusal_has_a_status_and_a_code)
{
	static const struct {
		const char *method, *target, *fields, *body;
		int status;
		const char *code;
	} rows[] = {
		{ "GET", "/room/", "", "", 400, "bad_name" },
		{ "GET", "/room/%0a", "", "", 400, "bad_name" },
		{ "GET", "/room/a%00b", "", "", 400, "bad_name" },
		{ "GET", "/room/%7f", "", "", 400, "bad_name" },
		{ "GET", "/room/%ff", "", "", 400, "bad_name" },
		{ "GET", "/room/%zz", "", "", 400, "bad_name" },
		{ "POST", "/room/%0d%0aX-Evil:1", "", "x", 400, "bad_name" },
		{ "GET", "/room/a?since=%00", "", "", 400, "bad_since" },
		{ "GET", "/room/a?since=a%0ab", "", "", 400, "bad_since" },
		{ "GET", "/room/a?since=%22", EVENTS, "", 400, "bad_since" },
		{ "GET",
		    "/room/a?since=01234567890123456789012345678901234567890",
		    "", "", 400, "bad_since" },
		{ "GET", "/room/a?wait=x", "", "", 400, "bad_wait" },
		{ "GET", "/room/a?wait=", "", "", 400, "bad_wait" },
		{ "GET", "/room/a?wait=-1", "", "", 400, "bad_wait" },
		{ "GET", "/room/a?as=xml", "", "", 400, "bad_as" },
		{ "POST", "/room/a", "", "\xff", 400, "not_utf8" },
		{ "POST", "/room/a", "Content-Encoding: gzip\r\n", "x", 415,
		    "type" },
		{ "POST", "/room/a",
		    "Content-Type: multipart/form-data; boundary=x\r\n", "x",
		    415, "type" },
		{ "POST", "/room/a", "Origin: http://evil.example\r\n", "x",
		    403, "origin" },
		{ "POST", "/room/a", "Origin: null\r\n", "x", 403, "origin" },
		{ "POST", "/room/a", "Sec-Fetch-Site: cross-site\r\n", "x", 403,
		    "origin" },
		{ "POST", "/room/a", "Referer: http://evil.example/form\r\n",
		    "x", 403, "origin" },
		{ "GET", "/room/a", "Origin: http://evil.example\r\n", "", 403,
		    "origin" },
		{ "GET", "/room/a", EVENTS "Origin: http://evil.example\r\n",
		    "", 403, "origin" },
	};
	char body[512];

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(
		    answer(rows[i].method, rows[i].target, rows[i].fields,
			rows[i].body, strlen(rows[i].body), body, sizeof(body)),
		    rows[i].status, "row %zu: %s", i, body);
		cr_expect_not_null(
		    strstr(body, with("\"code\":\"%s\"", rows[i].code)),
		    "row %zu: %s", i, body);
	}
	cr_expect_eq(
	    answer("DELETE", "/room/a", "", "", 0, body, sizeof(body)), 405);
	/* Nothing of it was published. */
	cr_expect_not_null(strstr(see("/room/a"), "\"messages\":[]"));
	live_end(&live);
}

Test(live_hub, pages_of_this_server_and_programs_may_publish)
{
	char same[256];

	start();
	snprintf(same, sizeof(same), "Origin: http://%s\r\n", live.address);
	cr_expect_eq(answer("POST", "/room/a", same, "x", 1, NULL, 0), 200);
	snprintf(same, sizeof(same),
	    "Sec-Fetch-Site: same-origin\r\nReferer: http://%s/page?x=/y\r\n",
	    live.address);
	cr_expect_eq(answer("POST", "/room/a", same, "x", 1, NULL, 0), 200);
	live_end(&live);
}

Test(live_hub, a_cursor_of_8_kib_is_a_gap)
{
	static char field[9000];
	struct client c;
	int n = snprintf(field, sizeof(field), EVENTS "Last-Event-ID: ");

	memset(field + n, 'a', 8192);
	memcpy(field + n + 8192, "\r\n", 3);
	start();
	c = get("/room/a", field);
	await(&c, "{\"resume\":\"gap\"");
	client_close(&c);
	live_end(&live);
}

/* ---- the application --------------------------------------------------------- */

static bool
may(struct ws_request *request, enum hub_wish wish, const char *room,
    size_t len, void *arg)
{
	cr_expect_eq(arg, &hub_options);
	cr_expect_not_null(ws_request_method(request));
	if (len == 6 && memcmp(room, "closed", 6) == 0)
		return false;
	return !(
	    len == 5 && memcmp(room, "quiet", 5) == 0 && wish == HUB_PUBLISH);
}

static bool
change(const char *room, size_t room_len, int *kind, const void **data,
    size_t *len, void *arg)
{
	(void)room;
	(void)arg;
	cr_expect_gt(room_len, 0);
	cr_expect_eq(*kind, WS_TEXT);
	if (*len == 4 && memcmp(*data, "spam", 4) == 0)
		return false;
	if (*len == 5 && memcmp(*data, "hello", 5) == 0) {
		*data = "HELLO";
		*len = 5;
	}
	return true;
}

Test(live_hub, the_application_decides_who_and_what)
{
	struct client c;

	hub_options = (struct hub_options){
		.may = may, .message = change, .arg = &hub_options
	};
	start();
	cr_expect_eq(answer("GET", "/room/closed", "", "", 0, NULL, 0), 403);
	cr_expect_eq(answer("POST", "/room/quiet", "", "x", 1, NULL, 0), 403);
	cr_expect_eq(answer("POST", "/room/open", "", "spam", 4, NULL, 0), 403);
	(void)post("/room/open", "hello");
	cr_expect_not_null(strstr(see("/room/open"), "HELLO"));
	cr_expect_null(strstr(see("/room/open"), "spam"));
	c = client_open(live.address);
	client_puts(&c, client_request("/room/closed", ""));
	await(&c, "HTTP/1.1 403 ");
	client_close(&c);
	c = client_ws(live.address, "/room/quiet");
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "x", 1);
	client_expect_close(&c, 1008, true);
	client_close(&c);
	c = client_ws(live.address, "/room/open?self=1");
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "spam", 4);
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "hello", 5);
	client_expect(&c, CLIENT_FIN | WS_TEXT, "HELLO", 5);
	client_close(&c);
	live_end(&live);
}

Test(live_hub, rooms_of_whole_paths_are_for_websockets)
{
	struct client c;

	start();
	c = client_ws(live.address, "/live");
	client_send_frame(&c, CLIENT_FIN | WS_TEXT, "x", 1);
	client_expect(&c, CLIENT_FIN | WS_TEXT, "x", 1);
	cr_expect_eq(ws_room_count(live.server, "/live", 5), 1);
	cr_expect_eq(answer("GET", "/live", "", "", 0, NULL, 0), 426);
	client_close(&c);
	live_end(&live);
}

Test(live_hub, what_is_published_without_the_hub_has_no_id)
{
	struct client c, lines;

	start();
	c = get("/room/a", EVENTS);
	await(&c, "\n\n");
	lines = get("/room/a", LINES);
	await(&lines, "}\n");
	while (ws_room_count(live.server, "a", 1) < 2)
		(void)client_wait(-1, 0, 1);
	cr_expect_eq(ws_publish(live.server, "a", 1, WS_TEXT, "x", 1, NULL), 2);
	await(&c, "\r\ndata: x\n\n");
	await(&lines, "\r\n{\"data\":\"x\"}\n");
	client_close(&c);
	client_close(&lines);
	live_end(&live);
}

Test(live_hub, arguments_that_are_not_allowed)
{
	char id[HUB_ID_SIZE];

	start();
	cr_expect_eq(hub_publish(hub, "", 0, WS_TEXT, "x", 1, id), WS_EINVAL);
	cr_expect_eq(hub_publish(hub, NULL, 0, WS_TEXT, "x", 1, id), WS_EINVAL);
	cr_expect_eq(hub_publish(hub, "a", 1, 7, "x", 1, id), WS_EINVAL);
	cr_expect_eq(hub_publish(hub, "a", 1, WS_TEXT, NULL, 1, id), WS_EINVAL);
	cr_expect_eq(
	    hub_publish(hub, "a", 256, WS_TEXT, "x", 1, id), WS_EINVAL);
	cr_expect_eq(hub_rooms(hub, NULL, NULL), WS_EINVAL);
	cr_expect_eq(hub_rooms(hub, "/room/", NULL), WS_EEXIST);
	live_end(&live);
}

Test(live_hub, history_is_counted_and_the_first_to_go)
{
	static const struct hub_keep all = { NULL, 1000, 600, 0 };
	static const struct ws_options small = { .memory = 4 << 20,
		.log_level = -1 };
	static char text[10000];
	struct ws_stats before, after;

	hub_options = (struct hub_options){
		.keep = &all, .keep_count = 1, .history_memory = 64 << 20
	};
	start_with(&small);
	ws_stats(live.server, &before);
	for (int i = 0; i < 100; i++)
		(void)hub_publish(
		    hub, "a", 1, WS_TEXT, text, sizeof(text), NULL);
	ws_stats(live.server, &after);
	cr_expect_geq(after.memory - before.memory, 100 * sizeof(text));
	for (int i = 0; i < 1000; i++)
		(void)hub_publish(
		    hub, "a", 1, WS_TEXT, text, sizeof(text), NULL);
	live_pass(50);
	ws_stats(live.server, &after);
	cr_expect_leq(after.memory, 4 << 20);
	live_end(&live);
}
