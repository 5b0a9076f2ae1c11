/* test_live_bodies.c - requests whose bodies take a while, or never end. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test/client.h"
#include "live.h"
#include "test/scarce.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

/* Calls of the callbacks, and the last status. */
static int earlies, handled, broken, status;
static struct ws_request *passed; /* let pass by early, not over yet */
static int breaks;                /* the answer of on_broken; 0: none */

static void
on_early(struct ws_request *request)
{
	earlies++;
	cr_expect_eq(ws_request_state(request), NULL);
	cr_expect_str_eq(ws_request_path(request), "/small");
	/* Without memory for it, the answer is still one. */
	(void)ws_reply_field(request, "X-Early", "yes");
	ws_request_set_state(request, &earlies);
	passed = request;
}

static void
on_broken(struct ws_request *request, int why)
{
	broken++;
	status = why;
	cr_expect_eq(request, passed);
	cr_expect_eq(ws_request_user(request), &handled);
	cr_expect_eq(ws_request_state(request), &earlies);
	cr_expect_str_eq(ws_request_path(request), "/small");
	passed = NULL;
	if (breaks != 0 && why != 0)
		cr_expect_eq(ws_reply(request, breaks, NULL, NULL, 0), 0);
}

static void
on_request(struct ws_request *request)
{
	char text[32];
	size_t len;

	handled++;
	(void)ws_request_body(request, &len);
	cr_expect_eq(
	    ws_request_state(request), passed != NULL ? &earlies : NULL);
	passed = NULL;
	snprintf(text, sizeof(text), "%zu", len);
	(void)ws_reply(request, 200, NULL, text, WS_STR);
}

/* Answer another request, whose body is still coming. */
static void
on_end(struct ws_request *request)
{
	cr_assert_not_null(passed);
	cr_expect_eq(ws_reply(passed, 409, NULL, NULL, 0), 0);
	passed = NULL;
	cr_expect_eq(ws_reply(request, 200, NULL, NULL, 0), 0);
}

static struct live live;

static void
setup(struct ws_server *server)
{
	cr_assert_eq(
	    ws_http(server, "/small", "POST", on_request, &handled), 0);
	cr_assert_eq(ws_http(server, "/end", "GET", on_end, NULL), 0);
	cr_assert_eq(ws_http_body(server, "/small", 4, on_early, on_broken), 0);
	cr_assert_eq(ws_http_body(server, "/other", 4, NULL, NULL), WS_EINVAL);
}

static void
begin_with(int idle_ms)
{
	struct ws_options options = {
		.log_level = -1, .base_path = "/b", .idle_ms = idle_ms
	};

	earlies = handled = broken = breaks = 0;
	status = -1;
	passed = NULL;
	live = live_here(&options, setup, NULL);
}

static void
begin(void)
{
	begin_with(0);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_bodies, .init = begin, .fini = end, .timeout = 60);

/* ---- what becomes of a request ------------------------------------------ */

static const struct {
	const char *name, *request;
	int status;
	int earlies, handled, broken; /* how often */
} fates[] = {
	{ "complete", "POST /b/small" HEAD "Content-Length: 4\r\n\r\n1234", 200,
	    1, 1, 0 },
	{ "complete in chunks",
	    "POST /b/small" HEAD CHUNKED "4\r\n1234\r\n0\r\n"
	    "\r\n",
	    200, 1, 1, 0 },
	{ "none", "POST /b/small" HEAD "Content-Length: 0\r\n\r\n", 200, 0, 1,
	    0 },
	{ "no chunks", "POST /b/small" HEAD CHUNKED "0\r\n\r\n", 200, 1, 1, 0 },
	{ "too large", "POST /b/small" HEAD "Content-Length: 5\r\n\r\n12345",
	    413, 1, 0, 1 },
	{ "a chunk too large", "POST /b/small" HEAD CHUNKED "5\r\n1", 413, 1, 0,
	    1 },
	{ "chunks too large", "POST /b/small" HEAD CHUNKED "3\r\n123\r\n2\r\n4",
	    413, 1, 0, 1 },
	{ "malformed chunks", "POST /b/small" HEAD CHUNKED "x", 400, 1, 0, 1 },
	{ "the wrong method", "PUT /b/small" HEAD "Content-Length: 1\r\n\r\n1",
	    405, 1, 0, 1 },
	{ "elsewhere", "POST /b/none" HEAD "Content-Length: 1\r\n\r\n1", 404, 0,
	    0, 0 },
};

static void
check_fate(size_t i, bool dribbles)
{
	struct client c = client_open(live.address);
	struct response r;

	earlies = handled = broken = 0;
	status = -1;
	if (dribbles)
		client_dribble(&c, fates[i].request, strlen(fates[i].request));
	else
		client_puts(&c, fates[i].request);
	cr_expect_eq(client_response(&c, &r, false), fates[i].status, "%s: %d",
	    fates[i].name, r.status);
	cr_expect_eq(earlies, fates[i].earlies, "%s", fates[i].name);
	cr_expect_eq(handled, fates[i].handled, "%s", fates[i].name);
	cr_expect_eq(broken, fates[i].broken, "%s", fates[i].name);
	cr_expect_eq(
	    status, broken > 0 ? fates[i].status : -1, "%s", fates[i].name);
	cr_expect_eq(client_field(&r, "X-Early") != NULL, earlies > 0, "%s",
	    fates[i].name);
	client_close(&c);
}

Test(live_bodies, every_request_is_handled_or_broken)
{
	for (size_t i = 0; i < LEN(fates); i++) {
		check_fate(i, false);
		check_fate(i, true);
	}
}

/* The peer leaves in one of three ways: hangs up, resets, or falls silent. */
Test(live_bodies, a_body_whose_sender_leaves_is_broken)
{
	for (int how = 0; how < 3; how++) {
		struct client c = client_open(live.address);

		broken = 0;
		client_puts(
		    &c, "POST /b/small" HEAD "Content-Length: 4\r\n\r\n12");
		client_until(&earlies, how + 1);
		if (how == 0)
			client_close(&c);
		else if (how == 1)
			client_reset(&c);
		else
			client_shut(&c);
		client_until(&broken, 1);
		cr_expect_eq(status, 0);
		if (how == 2)
			client_close(&c);
	}
	cr_expect_eq(handled, 0);
}

Test(live_bodies, a_body_that_is_too_slow_is_broken)
{
	struct client c;
	struct response r;

	end();
	begin_with(200);
	c = client_open(live.address);
	client_puts(&c, "POST /b/small" HEAD "Content-Length: 4\r\n\r\n12");
	cr_expect_eq(client_response(&c, &r, false), 408);
	cr_expect_eq(broken, 1);
	cr_expect_eq(status, 408);
	client_close(&c);
}

Test(live_bodies, what_is_broken_may_be_answered)
{
	struct client c = client_open(live.address);
	struct response r;

	breaks = 422;
	client_puts(&c, "POST /b/small" HEAD CHUNKED "5\r\n1");
	cr_expect_eq(client_response(&c, &r, false), 422);
	cr_expect_eq(r.len, 0);
	/* What comes now is a body, and no request. */
	client_puts(&c, "2345\r\n0\r\n\r\nGET /b/end" HEAD "\r\n");
	cr_expect(client_ends(&c));
	cr_expect_eq(broken, 1);
	client_close(&c);
}

Test(live_bodies, the_server_ends_while_a_body_comes)
{
	struct client c = client_open(live.address);

	client_puts(&c, "POST /b/small" HEAD "Content-Length: 4\r\n\r\n12");
	client_until(&earlies, 1);
	ws_server_free(live.server);
	cr_expect_eq(broken, 1);
	cr_expect_eq(status, 0);
	live.server = client_server = NULL;
	client_close(&c);
}

/* ---- answers before the end of a body ----------------------------------- */

static void
answer_early(struct ws_request *request)
{
	earlies++;
	cr_expect_eq(ws_reply(request, 403, NULL, "no", 2), 0);
}

Test(live_bodies, an_endpoint_may_answer_before_the_body)
{
	struct client c = client_open(live.address);
	struct response r;

	cr_assert_eq(
	    ws_http_body(live.server, "/small", 4, answer_early, on_broken), 0);
	client_puts(&c, "POST /b/small" HEAD "Content-Length: 4\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 403);
	/* What comes now is a body, and no request. */
	client_puts(&c, "POST");
	cr_assert(client_ends(&c));
	cr_expect_eq(earlies, 1);
	cr_expect_eq(broken, 0);
	client_close(&c);
}

Test(live_bodies, a_request_may_be_answered_while_its_body_comes)
{
	struct client c = client_open(live.address);
	struct client other = client_open(live.address);
	struct response r;

	client_puts(&c, "POST /b/small" HEAD "Content-Length: 4\r\n\r\n12");
	client_until(&earlies, 1);
	client_puts(&other, "GET /b/end" HEAD "\r\n");
	cr_expect_eq(client_response(&other, &r, false), 200);
	cr_expect_eq(client_response(&c, &r, false), 409);
	cr_expect_str_eq(client_field(&r, "Connection"), "close");
	client_puts(&c, "34GET /b/end" HEAD "\r\n");
	cr_expect(client_ends(&c));
	cr_expect_eq(handled + broken, 0);
	client_close(&c);
	client_close(&other);
}

/* The answer to one is no reason to end the connection after the next. */
Test(live_bodies, a_connection_goes_on_behind_a_body)
{
	struct client c = client_open(live.address);
	struct response r;

	for (int i = 0; i < 2; i++) {
		client_puts(
		    &c, "POST /b/small" HEAD "Content-Length: 2\r\n\r\n12");
		cr_expect_eq(client_response(&c, &r, false), 200);
		client_puts(
		    &c, "POST /b/small" HEAD "Content-Length: 0\r\n\r\n");
		cr_expect_eq(client_response(&c, &r, false), 200);
	}
	cr_expect_eq(earlies, 2);
	cr_expect_eq(handled, 4);
	client_close(&c);
}

/* ---- the log ----------------------------------------------------------- */

static char logged[256];

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	if (level == WS_LOG_ACCESS)
		snprintf(logged, sizeof(logged), "%s", line);
}

static void
expect_logged(const char *request, const char *line)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, request);
	cr_expect_gt(client_response(&c, &r, false), 0);
	cr_expect_not_null(strstr(logged, line), "%s: %s", line, logged);
	client_close(&c);
}

Test(live_bodies, what_is_refused_is_logged_as_what_it_was)
{
	static const struct ws_options options = {
		.log = on_log, .log_level = WS_LOG_ACCESS + 1, .base_path = "/b"
	};

	end();
	live = live_here(&options, setup, NULL);
	expect_logged("POST /b/small" HEAD "Content-Length: 5\r\n\r\n",
	    " method=POST target=\"/b/small\" status=413 ");
	expect_logged("PUT /b/small" HEAD CHUNKED "x",
	    " method=PUT target=\"/b/small\" status=400 ");
	expect_logged("POST /b/small HTTP/1.1\r\n:\r\n\r\n",
	    " method=- target=\"-\" status=400 ");
}

/* ---- memory ------------------------------------------------------------- */

Test(live_bodies, without_memory_a_request_is_over_once)
{
	static const char request[] =
	    "POST /b/small" HEAD CHUNKED "2\r\n12\r\n2\r\n34\r\n0\r\n\r\n";
	bool failed = true;

	for (size_t n = 1; failed; n++) {
		struct client c = client_open(live.address);
		struct response r;

		earlies = handled = broken = 0;
		passed = NULL;
		scarce(n);
		client_dribble(&c, request, sizeof(request) - 1);
		(void)client_response(&c, &r, false);
		client_close(&c);
		failed = scarce_calls >= n;
		scarce(0);
		cr_expect_eq(passed, NULL, "after %zu", n);
		cr_expect_eq(handled + broken, earlies, "after %zu", n);
	}
}
