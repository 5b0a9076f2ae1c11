/* eio.c - an Engine.IO endpoint and a client of it, for tests. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eio.h"

#define TEXT (CLIENT_FIN | 1)

struct eio_test eio_test;

/* ---- the endpoint ------------------------------------------------------ */

static bool
on_allow(struct eio *endpoint, struct ws_request *request, const char **message)
{
	cr_expect_eq(endpoint, eio_test.eio);
	cr_expect_neq(ws_request_method(request), NULL);
	if (eio_test.forbid != NULL && eio_test.forbid[0] != '\0')
		*message = eio_test.forbid;
	if (eio_test.status != 0) {
		cr_expect_eq(eio_refuse_with(request, 200), WS_EINVAL);
		cr_expect_eq(eio_refuse_with(request, 600), WS_EINVAL);
		cr_expect_eq(eio_refuse_with(request, eio_test.status), 0);
		cr_expect_eq(ws_reply_field(request, "X-Why", "no token"), 0);
	}
	return eio_test.forbid == NULL;
}

static void
on_refused(struct eio *endpoint, struct ws_request *request, int code,
    const char *message)
{
	size_t len = strlen(eio_test.refused);

	cr_expect_eq(endpoint, eio_test.eio);
	(void)snprintf(eio_test.refused + len, sizeof(eio_test.refused) - len,
	    "%s %d %s; ", ws_request_method(request), code, message);
	cr_expect_eq(ws_reply_field(request, "X-Refused", message), 0);
}

static void
on_headers(struct eio *endpoint, struct ws_request *request, bool first)
{
	cr_expect_eq(endpoint, eio_test.eio);
	if (eio_test.headers)
		cr_expect_eq(ws_reply_field(request, "X-Answer",
				 first ? "the first" : "another"),
		    0);
}

static void
on_upgrade(struct eio_session *session)
{
	cr_expect_str_eq(eio_transport(session), "websocket");
	eio_test.upgraded++;
	if (eio_test.on_upgrade != NULL)
		eio_test.on_upgrade(session);
}

static void
on_open(struct eio_session *session)
{
	eio_test.opened++;
	eio_test.last = session;
	if (eio_test.on_open != NULL)
		eio_test.on_open(session);
}

static void
on_message(struct eio_session *session, int kind, const void *data, size_t len)
{
	eio_test.messages++;
	eio_test.kind = kind;
	eio_test.len = len;
	if (len < sizeof(eio_test.text)) {
		memcpy(eio_test.text, data, len);
		eio_test.text[len] = '\0';
	}
	if (eio_test.echo)
		(void)eio_send(session, kind, data, len);
	if (eio_test.on_message != NULL)
		eio_test.on_message(session);
}

static void
on_drain(struct eio_session *session)
{
	(void)session;
	eio_test.drained++;
}

static void
on_close(struct eio_session *session, const char *reason)
{
	cr_expect_eq(eio_send(session, WS_TEXT, "x", 1), WS_ECLOSED);
	eio_test.closed++;
	if (eio_test.last == session)
		eio_test.last = NULL;
	snprintf(eio_test.reason, sizeof(eio_test.reason), "%s", reason);
}

static const struct eio_options *wanted;

static void
setup(struct ws_server *server)
{
	static const struct eio_handler handler = { .allow = on_allow,
		.refused = on_refused,
		.headers = on_headers,
		.open = on_open,
		.message = on_message,
		.upgrade = on_upgrade,
		.drain = on_drain,
		.close = on_close };

	eio_test.eio = eio_new(server, "/engine.io", wanted, &handler, NULL);
	if (eio_test.eio == NULL)
		abort();
}

void
eio_test_begin_on(
    const struct eio_options *options, const struct ws_options *server)
{
	memset(&eio_test, 0, sizeof(eio_test));
	eio_test.protocol = 4;
	wanted = options;
	eio_test.live = live_here(server, setup, NULL);
}

void
eio_test_begin(const struct eio_options *options)
{
	eio_test_begin_on(options, NULL);
}

void
eio_test_end(void)
{
	eio_free(eio_test.eio);
	cr_expect_eq(eio_test.opened, eio_test.closed,
	    "%d opened and %d closed", eio_test.opened, eio_test.closed);
	live_end(&eio_test.live);
}

void
eio_test_until_closed(int count)
{
	client_until(&eio_test.closed, count);
}

void
eio_settle(void)
{
	/* Whatever was sent on other connections is there already. */
	for (int i = 0; i < 4; i++)
		(void)ws_step(eio_test.live.server, 0);
}

/* ---- requests ---------------------------------------------------------- */

void
eio_send_request(struct client *c, const char *method, const char *sid,
    const char *more, const char *fields, const void *body, size_t len)
{
	char head[4096], length[64] = "";

	if (body != NULL)
		snprintf(
		    length, sizeof(length), "Content-Length: %zu\r\n", len);
	snprintf(head, sizeof(head),
	    "%s /engine.io/?EIO=%d&transport=polling%s%s%s HTTP/1.1\r\n"
	    "Host: localhost\r\n%s%s\r\n",
	    method, eio_test.protocol, sid != NULL ? "&sid=" : "",
	    sid != NULL ? sid : "", more, length, fields);
	client_puts(c, head);
	if (body != NULL)
		client_send(c, body, len);
}

int
eio_ask(struct response *r, const char *method, const char *sid,
    const char *more, const char *fields, const void *body, size_t len)
{
	static struct client last;
	static bool used;

	if (used)
		client_close(&last);
	used = true;
	last = client_open(eio_test.live.address);
	eio_send_request(&last, method, sid, more, fields, body, len);
	return client_response(&last, r, strcmp(method, "HEAD") == 0);
}

int
eio_get(struct response *r, const char *sid)
{
	return eio_ask(r, "GET", sid, "", "", NULL, 0);
}

int
eio_post(struct response *r, const char *sid, const char *body)
{
	return eio_ask(r, "POST", sid, "",
	    "Content-Type: text/plain;charset=UTF-8\r\n", body, strlen(body));
}

bool
eio_is_body(const struct response *r, const char *text)
{
	return r->len == strlen(text) && memcmp(r->body, text, r->len) == 0;
}

void
eio_expect_body(
    const struct response *r, const void *body, size_t len, const char *name)
{
	cr_expect(r->len == len && memcmp(r->body, body, len) == 0, "%s: %.*s",
	    name, (int)r->len, (const char *)r->body);
}

void
eio_expect_get(const char *sid, int status, const char *body)
{
	struct response r;

	cr_expect_eq(eio_get(&r, sid), status, "%d for %s", r.status, body);
	eio_expect_body(&r, body, strlen(body), "GET");
}

void
eio_expect_poll(struct client *c, const char *body)
{
	struct response r;

	cr_assert_eq(client_response(c, &r, false), 200);
	eio_expect_body(&r, body, strlen(body), "poll");
	client_close(c);
}

const char *
eio_open_polling(const char *more)
{
	struct response r;
	const char *sid;
	char body[512];

	cr_assert_eq(eio_ask(&r, "GET", NULL, more, "", NULL, 0), 200);
	cr_assert_lt(r.len, sizeof(body));
	memcpy(body, r.body, r.len);
	body[r.len] = '\0';
	/* In octets there are NULs before it. */
	for (sid = NULL; sid == NULL;) {
		size_t at = 0;

		while (
		    at + 7 < r.len && memcmp(body + at, "\"sid\":\"", 7) != 0)
			at++;
		cr_assert_lt(at + 27, r.len, "no sid: %s", body);
		sid = body + at + 7;
	}
	memcpy(eio_test.sid, sid, 20);
	return eio_test.sid;
}

struct client
eio_poll(const char *sid)
{
	struct client c = client_open(eio_test.live.address);

	eio_send_request(&c, "GET", sid, "", "", NULL, 0);
	eio_settle();
	return c;
}

struct client
eio_begin_post(const char *sid, size_t octets, const char *first)
{
	struct client c = client_open(eio_test.live.address);
	char length[64];

	snprintf(length, sizeof(length), "Content-Length: %zu\r\n", octets);
	eio_send_request(&c, "POST", sid, "", length, NULL, 0);
	client_puts(&c, first);
	eio_settle();
	return c;
}

/* ---- WebSockets -------------------------------------------------------- */

/* Returns the path of a WebSocket, valid until the next call. */
static const char *
websocket_path(const char *sid, const char *more)
{
	static char path[256];

	snprintf(path, sizeof(path),
	    "/engine.io/?EIO=%d&transport=websocket%s%s%s", eio_test.protocol,
	    sid != NULL ? "&sid=" : "", sid != NULL ? sid : "", more);
	return path;
}

struct client
eio_ask_websocket(
    struct response *r, const char *sid, const char *more, const char *fields)
{
	struct client c = client_open(eio_test.live.address);

	client_puts(&c, client_request(websocket_path(sid, more), fields));
	(void)client_response(&c, r, false);
	return c;
}

struct client
eio_connect(const char *sid, const char *more)
{
	return client_ws(eio_test.live.address, websocket_path(sid, more));
}

struct client
eio_open_websocket(const char *more)
{
	struct client c = eio_connect(NULL, more);
	struct frame f;

	cr_assert(client_recv_frame(&c, &f));
	cr_assert_gt(f.len, 40);
	cr_assert_eq(memcmp(f.data, "0{\"sid\":\"", 9), 0);
	memcpy(eio_test.sid, f.data + 9, 20);
	return c;
}

void
eio_say(struct client *c, const char *text)
{
	client_send_frame(c, TEXT, text, WS_STR);
}

void
eio_hear(struct client *c, const char *text)
{
	client_expect(c, TEXT, text, WS_STR);
}

struct client
eio_probe(const char *sid)
{
	struct client c = eio_connect(sid, "");

	eio_say(&c, "2probe");
	eio_hear(&c, "3probe");
	return c;
}

struct client
eio_upgrade(const char *sid)
{
	struct client c = eio_probe(sid);

	eio_say(&c, "5");
	while (strcmp(eio_transport(eio_test.last), "websocket") != 0)
		(void)client_wait(-1, 0, 5);
	return c;
}
