/* test_engine_matrix.c - Engine.IO: every request in every state. */
/* SPDX-License-Identifier: MIT */
/*
 * A cell of the matrix is what came of one request, or one frame, in one state
 * of a session, as a text:
 *
 *	200 ok            status and body of the answer; "held": none yet; E1 and
 *	                  E3 are the bodies of those errors
 *	; poll 200 1      the answer to the GET that was pending
 *	; message         the application got one
 *	; transport error the session has ended, and why
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "eio.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define LIMIT 1000

enum state {
	UNKNOWN,
	OPEN,
	PENDING,
	PROBING,
	UPGRADED,
	BORN,
	CLOSING,
	ENDED,
	POSTING, /* the body of a POST is still coming */
	STATES,
};

static const char *const names[STATES] = { "unknown", "open", "pending",
	"probing", "upgraded", "ws-born", "closing", "ended", "posting" };

/* A session in a state, and its connections; fd is -1 where there is none. */
struct scene {
	struct client poll, socket, post;
};

static const struct eio_options options = { .max_payload = LIMIT };

static struct scene
enter(enum state state, int protocol)
{
	struct scene scene = { .poll = { .fd = -1 },
		.socket = { .fd = -1 },
		.post = { .fd = -1 } };
	struct response r;

	eio_test_begin(&options);
	eio_test.protocol = protocol;
	if (state == UNKNOWN) {
		strcpy(eio_test.sid, "abcdefghij0123456789");
		return scene;
	}
	if (state == BORN) {
		scene.socket = eio_open_websocket("");
		return scene;
	}
	(void)eio_open_polling("");
	if (state == PENDING)
		scene.poll = eio_poll(eio_test.sid);
	if (state == PROBING)
		scene.socket = eio_probe(eio_test.sid);
	if (state == UPGRADED)
		scene.socket = eio_upgrade(eio_test.sid);
	if (state == CLOSING)
		eio_close(eio_test.last);
	if (state == ENDED)
		cr_assert_eq(
		    eio_post(&r, eio_test.sid, protocol == 4 ? "1" : "1:1"),
		    200);
	if (state == POSTING)
		scene.post = eio_begin_post(eio_test.sid, 2, "4");
	eio_test.reason[0] = '\0';
	eio_test.messages = 0;
	return scene;
}

static void
leave(struct scene *scene)
{
	if (scene->poll.fd >= 0)
		client_close(&scene->poll);
	if (scene->socket.fd >= 0)
		client_close(&scene->socket);
	if (scene->post.fd >= 0) {
		/* It ends a session that has not ended. */
		client_close(&scene->post);
		eio_test_until_closed(eio_test.opened);
	}
	eio_test_end();
}

/* ---- what came of it --------------------------------------------------- */

static void
add(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s", text);
}

static void
add_response(char *out, size_t size, const struct response *r)
{
	char text[256];
	const uint8_t *body = r->body;
	int len = (int)r->len;

	/* In a body of octets the length, of one digit here, stands between
	 * the octets 0 and FF. It is written as in a body of text. */
	if (len > 3 && body[0] == 0 && body[2] == 0xff) {
		snprintf(text, sizeof(text), "%d %d:%.*s", r->status, body[1],
		    len - 3, (const char *)body + 3);
		add(out, size, text);
		return;
	}
	snprintf(text, sizeof(text), "%d%s%.*s", r->status, len > 0 ? " " : "",
	    len, len > 0 ? (const char *)r->body : "");
	if (eio_is_body(r, EIO_CODE_1))
		snprintf(text, sizeof(text), "%d E1", r->status);
	if (eio_is_body(r, EIO_CODE_3))
		snprintf(text, sizeof(text), "%d E3", r->status);
	add(out, size, text);
}

/* The answer to a request that was pending, if it has come. */
static void
add_answer(char *out, size_t size, struct client *c, const char *name)
{
	struct response r;

	if (c->fd < 0 || !client_take(c))
		return;
	cr_assert_gt(client_response(c, &r, false), 0);
	add(out, size, name);
	add_response(out, size, &r);
}

/* The answers to what was pending, what the application heard. */
static void
add_rest(char *out, size_t size, struct scene *scene)
{
	eio_settle();
	add_answer(out, size, &scene->poll, "; poll ");
	add_answer(out, size, &scene->post, "; post ");
	if (eio_test.messages > 0)
		add(out, size, "; message");
	if (eio_test.reason[0] != '\0') {
		add(out, size, "; ");
		add(out, size, eio_test.reason);
	}
}

/* ---- requests ---------------------------------------------------------- */

struct kind {
	const char *name;
	const char *method;
	const char *fields;
	const char *body[2]; /* for protocols 4 and 3 */
	const char *want[STATES];
	const char *want3[STATES]; /* NULL: the same */
};

#define E1 "400 E1"
#define E3 "400 E3"
#define OVERLAP "400; post 400; transport error"
#define TYPE "Content-Type: text/plain;charset=UTF-8\r\n"
#define OCTETS "Content-Type: application/octet-stream\r\n"
#define GARBAGE                                                               \
	{                                                                     \
		E1, "200 ok; parse error", "200 ok; poll 200 1; parse error", \
		    "200 ok; parse error", E3, E3, "200 ok", E1, OVERLAP      \
	}
#define WRONG                                                                \
	{                                                                    \
		E1, "200 ok; transport error",                               \
		    "200 ok; poll 200 1; transport error",                   \
		    "200 ok; transport error", E3, E3, "200 ok", E1, OVERLAP \
	}
#define IGNORED                                                         \
	{                                                               \
		E1, "200 ok", "200 ok", "200 ok", E3, E3, "200 ok", E1, \
		    OVERLAP                                             \
	}
#define METHOD                                                    \
	{                                                         \
		E1, "500", "500", "500", E3, E3, "500", E1, "500" \
	}

static const struct kind kinds[] = {
	{ "GET", "GET", "", { NULL, NULL },
	    { E1, "held", "400; poll 200 1; transport error", "200 6", E3, E3,
		"200 1", E1, "held" },
	    { E1, "held", "400; poll 200 1:1; transport error", "200 1:6", E3,
		E3, "200 1:1", E1, "held" } },
	{ "POST of a message", "POST", TYPE, { "4x", "2:4x" },
	    { E1, "200 ok; message", "200 ok; message", "200 ok; message", E3,
		E3, "200 ok", E1, OVERLAP },
	    { NULL } },
	{ "POST of a close", "POST", TYPE, { "1", "1:1" },
	    { E1, "200 ok; transport close",
		"200 ok; poll 200 6; transport close",
		"200 ok; transport close", E3, E3, "200 ok", E1, OVERLAP },
	    { E1, "200 ok; transport close",
		"200 ok; poll 200 1:6; transport close",
		"200 ok; transport close", E3, E3, "200 ok", E1, OVERLAP } },
	{ "POST of a message behind a close", "POST", TYPE,
	    { "1\x1e"
	      "4x",
		"1:12:4x" },
	    { E1, "200 ok; transport close",
		"200 ok; poll 200 6; transport close",
		"200 ok; transport close", E3, E3, "200 ok", E1, OVERLAP },
	    { E1, "200 ok; transport close",
		"200 ok; poll 200 1:6; transport close",
		"200 ok; transport close", E3, E3, "200 ok", E1, OVERLAP } },
	{ "POST of a ping", "POST", TYPE, { "2", "1:2" }, WRONG,
	    { E1, "200 ok", "200 ok; poll 200 1:3", "200 ok", E3, E3, "200 ok",
		E1, OVERLAP } },
	{ "POST of a probe", "POST", TYPE, { "2probe", "6:2probe" }, WRONG,
	    { E1, "200 ok", "200 ok; poll 200 6:3probe", "200 ok", E3, E3,
		"200 ok", E1, OVERLAP } },
	{ "POST of a pong", "POST", TYPE, { "3", "1:3" }, IGNORED,
	    { E1, "200 ok; transport error",
		"200 ok; poll 200 1:1; transport error",
		"200 ok; transport error", E3, E3, "200 ok", E1, OVERLAP } },
	{ "POST of an open", "POST", TYPE, { "0{}", "3:0{}" }, IGNORED,
	    { NULL } },
	{ "POST of an upgrade", "POST", TYPE, { "5", "1:5" }, IGNORED,
	    { NULL } },
	{ "POST of a noop", "POST", TYPE, { "6", "1:6" }, IGNORED, { NULL } },
	{ "POST of garbage", "POST", TYPE, { "abc", "abc" }, GARBAGE,
	    { E1, "200 ok; parse error", "200 ok; poll 200 1:1; parse error",
		"200 ok; parse error", E3, E3, "200 ok", E1, OVERLAP } },
	{ "POST of unusual base64", "POST", TYPE, { "b!", "4:b4A=" },
	    { E1, "200 ok; message", "200 ok; message", "200 ok; message", E3,
		E3, "200 ok", E1, OVERLAP },
	    { NULL } },
	{ "POST of nothing", "POST", TYPE, { "", "" }, GARBAGE,
	    { E1, "200 ok; parse error", "200 ok; poll 200 1:1; parse error",
		"200 ok; parse error", E3, E3, "200 ok", E1, OVERLAP } },
	{ "POST of octets", "POST", OCTETS, { "4x", "\1\2\xff\4x" },
	    { E1, "400; transport error", "400; poll 200 1; transport error",
		"400; transport error", E3, E3, "400", E1, OVERLAP },
	    { E1, "200 ok; message", "200 ok; message", "200 ok; message", E3,
		E3, "200 ok", E1, OVERLAP } },
	{ "OPTIONS", "OPTIONS", "", { NULL, NULL }, METHOD, { NULL } },
	{ "PUT", "PUT", "", { "4x", "2:4x" }, METHOD, { NULL } },
	{ "HEAD", "HEAD", "", { NULL, NULL },
	    { "400", "500", "500", "500", "400", "400", "500", "400", "500" },
	    { NULL } },
};

/* Send the request and wait for the answer, if one comes; otherwise it is the
 * scene's poll. */
static void
ask(struct scene *scene, const struct kind *k, const char *body, char *out,
    size_t size)
{
	struct client c = client_open(eio_test.live.address);
	struct response r;
	bool head = strcmp(k->method, "HEAD") == 0;
	bool may_wait = strcmp(k->method, "GET") == 0;

	eio_send_request(&c, k->method, eio_test.sid, "", k->fields, body,
	    body != NULL ? strlen(body) : 0);
	if (may_wait)
		eio_settle();
	if (may_wait && !client_take(&c)) {
		add(out, size, "held");
		scene->poll = c;
		return;
	}
	cr_assert_gt(client_response(&c, &r, head), 0);
	add_response(out, size, &r);
	client_close(&c);
}

static void
check_cell(const struct kind *k, enum state state, int protocol)
{
	bool is3 = protocol != 4 && k->want3[0] != NULL;
	const char *want = is3 ? k->want3[state] : k->want[state];
	struct scene scene = enter(state, protocol);
	char got[512] = "";

	ask(&scene, k, k->body[protocol != 4], got, sizeof(got));
	add_rest(got, sizeof(got), &scene);
	cr_expect_str_eq(got, want, "%s, protocol %d, %s: '%s', not '%s'",
	    k->name, protocol, names[state], got, want);
	leave(&scene);
}

Test(sio_engine_matrix, every_request_in_every_state)
{
	for (size_t i = 0; i < LEN(kinds); i++) {
		for (int state = 0; state < STATES; state++) {
			check_cell(&kinds[i], (enum state)state, 4);
			check_cell(&kinds[i], (enum state)state, 3);
		}
	}
}

static const char *const too_large[STATES] = { E1, "413", "413", "413", E3, E3,
	"413", E1, OVERLAP };

/* A body that is too large is refused before it is sent, and the session does
 * not notice. */
Test(sio_engine_matrix, a_body_too_large_does_nothing_in_any_state)
{
	for (int state = 0; state < STATES; state++) {
		struct scene scene = enter((enum state)state, 4);
		struct client c = client_open(eio_test.live.address);
		struct response r;
		char got[512] = "";

		eio_send_request(&c, "POST", eio_test.sid, "",
		    "Content-Length: 1001\r\n", NULL, 0);
		cr_assert_gt(client_response(&c, &r, false), 0);
		add_response(got, sizeof(got), &r);
		add_rest(got, sizeof(got), &scene);
		cr_expect_str_eq(
		    got, too_large[state], "%s: %s", names[state], got);
		client_close(&c);
		leave(&scene);
	}
}

/* A client that leaves while an answer is pending has lost its messages. */
Test(sio_engine_matrix, a_poll_that_is_left_ends_the_session)
{
	for (int how = 0; how < 3; how++) {
		struct scene scene = enter(PENDING, 4);

		if (how == 0)
			client_close(&scene.poll);
		else if (how == 1)
			client_reset(&scene.poll);
		else
			client_shut(&scene.poll);
		eio_test_until_closed(1);
		cr_expect_str_eq(eio_test.reason, "transport error");
		scene.poll.fd = how == 2 ? scene.poll.fd : -1;
		leave(&scene);
	}
}

/* ---- frames ------------------------------------------------------------ */

static const struct {
	const char *name;
	int first; /* 0: a reset instead of a frame */
	const char *data;
	/* What is heard of the server, then as above: in protocol 4 probing,
	 * in 4 over the WebSocket, in 3 over the WebSocket. */
	const char *want[3];
} frames[] = {
	{ "nothing", TEXT, "",
	    { "closed 1005", "closed 1005; parse error",
		"closed 1005; parse error" } },
	{ "open", TEXT, "0{}", { "closed 1005", "", "" } },
	{ "close", TEXT, "1",
	    { "closed 1005", "closed 1005; transport close",
		"closed 1005; transport close" } },
	{ "ping", TEXT, "2",
	    { "closed 1005", "closed 1005; transport error", "3" } },
	{ "probe", TEXT, "2probe",
	    { "3probe", "closed 1005; transport error", "3probe" } },
	{ "pong", TEXT, "3",
	    { "closed 1005", "", "closed 1005; transport error" } },
	{ "message", TEXT, "4x", { "closed 1005", "; message", "; message" } },
	{ "upgrade", TEXT, "5", { "", "", "" } },
	{ "noop", TEXT, "6", { "closed 1005", "", "" } },
	{ "type 7", TEXT, "7",
	    { "closed 1005", "closed 1005; parse error",
		"closed 1005; parse error" } },
	{ "base64", TEXT, "bAQL/",
	    { "closed 1005", "; message", "closed 1005; parse error" } },
	{ "base64 of protocol 3", TEXT, "b4AQL/",
	    { "closed 1005", "; message", "; message" } },
	{ "unusual base64", TEXT,
	    "b4A=", { "closed 1005", "; message", "; message" } },
	{ "binary", BINARY, "\4x",
	    { "closed 1005", "; message", "; message" } },
	{ "binary of no type", BINARY, "x",
	    { "closed 1005", "; message", "closed 1005; parse error" } },
	{ "not UTF-8", TEXT, "4\xff",
	    { "closed 1007", "closed 1007; transport error",
		"closed 1007; transport error" } },
	{ "reserved bits", TEXT | 0x40, "4x",
	    { "closed 1002", "closed 1002; transport error",
		"closed 1002; transport error" } },
	{ "a Close frame", CLIENT_FIN | 8, "",
	    { "closed 1005", "closed 1005; transport close",
		"closed 1005; transport close" } },
	{ "a reset", 0, "",
	    { "reset", "reset; transport close", "reset; transport close" } },
};

/* Receive from a WebSocket up to the answer to a Ping frame, or its end. */
static void
listen_to(struct client *c, char *out, size_t size)
{
	struct frame f;
	char text[64];

	while (client_recv_frame(c, &f) && f.first != (CLIENT_FIN | 10)) {
		snprintf(text, sizeof(text), "%.*s", (int)f.len,
		    f.len > 0 ? (const char *)f.data : "");
		if (f.first == (CLIENT_FIN | 8))
			snprintf(text, sizeof(text), "closed %d", f.code);
		add(out, size, text);
		if (f.first == (CLIENT_FIN | 8))
			return;
	}
}

static void
check_frame(size_t i, enum state state, int protocol)
{
	struct scene scene = enter(state, protocol);
	const char *want = frames[i].want[state == PROBING ? 0
					  : protocol == 4  ? 1
							   : 2];
	char got[256] = "";

	if (frames[i].first == 0) {
		client_reset(&scene.socket);
		scene.socket.fd = -1;
		add(got, sizeof(got), "reset");
		if (state != PROBING)
			eio_test_until_closed(1);
	} else {
		client_send_frame(
		    &scene.socket, frames[i].first, frames[i].data, WS_STR);
		client_send_frame(&scene.socket, CLIENT_FIN | 9, "", 0);
		listen_to(&scene.socket, got, sizeof(got));
	}
	add_rest(got, sizeof(got), &scene);
	cr_expect_str_eq(got, want, "%s, protocol %d, %s: '%s', not '%s'",
	    frames[i].name, protocol, names[state], got, want);
	/* Whatever became of the probe, the session is there. */
	if (state == PROBING)
		cr_expect_eq(eio_count(eio_test.eio), 1, "%s", frames[i].name);
	leave(&scene);
}

Test(sio_engine_matrix, every_frame_in_every_state)
{
	for (size_t i = 0; i < LEN(frames); i++) {
		check_frame(i, PROBING, 4);
		check_frame(i, UPGRADED, 4);
		check_frame(i, BORN, 4);
		check_frame(i, UPGRADED, 3);
		check_frame(i, BORN, 3);
	}
}

/* ---- more WebSockets --------------------------------------------------- */

static const char *const upgrades[STATES] = { "400 Session ID unknown", "101",
	"101", "101 closed 1005", "101 closed 1005", "101 closed 1005",
	"101 closed 1005", "400 Session ID unknown", "101" };

Test(sio_engine_matrix, a_websocket_for_a_session_in_every_state)
{
	for (int state = 0; state < STATES; state++) {
		struct scene scene = enter((enum state)state, 4);
		struct client c = client_open(eio_test.live.address);
		struct response r;
		char got[256] = "", path[128];

		snprintf(path, sizeof(path),
		    "/engine.io/?EIO=4&transport=websocket&sid=%s",
		    eio_test.sid);
		client_puts(&c, client_request(path, ""));
		cr_assert_gt(client_response(&c, &r, false), 0);
		add_response(got, sizeof(got), &r);
		if (r.status == 101) {
			client_send_frame(&c, CLIENT_FIN | 9, "", 0);
			add(got, sizeof(got), " ");
			listen_to(&c, got, sizeof(got));
			if (got[strlen(got) - 1] == ' ')
				got[strlen(got) - 1] = '\0';
		} else
			cr_expect_str_eq(
			    client_field(&r, "Content-Type"), "text/html");
		add_rest(got, sizeof(got), &scene);
		cr_expect_str_eq(got, upgrades[state], "%s: '%s', not '%s'",
		    names[state], got, upgrades[state]);
		/* The session goes on as it was. */
		if (state >= OPEN && state <= BORN)
			cr_expect_eq(eio_count(eio_test.eio), 1);
		client_close(&c);
		leave(&scene);
	}
}
