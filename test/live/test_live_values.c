/* test_live_values.c - what clients send, leave out or get wrong, and ws.h. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)

static struct live live;

static char walked[512]; /* by add_pair */

static bool
add_pair(const char *name, const char *value, void *arg)
{
	size_t len = strlen(walked);

	(void)snprintf(
	    walked + len, sizeof(walked) - len, "%s=%s;", name, value);
	return arg == NULL || strcmp(name, arg) != 0;
}

/* Answer with the results for the parameter and the cookie "x", for eight
 * octets, and with a walk that ends at "last". */
static void
values(struct ws_request *request)
{
	char param[8], cookie[8], text[1024], last[] = "last";
	long n = ws_request_param(request, "x", param, sizeof(param));
	long m = ws_request_cookie(request, "x", cookie, sizeof(cookie));
	long all;

	walked[0] = '\0';
	all = ws_request_params(request, add_pair, last);
	(void)snprintf(text, sizeof(text), "%ld [%s] %ld [%s] %ld %s", n, param,
	    m, cookie, all, walked);
	cr_expect_eq(ws_reply(request, 200, NULL, text, WS_STR), 0);
}

/* Everything that a handler may do with a value that is not there. */
static void
nothing(struct ws_request *request)
{
	char value[8] = "?";

	cr_expect_null(ws_request_field(request, NULL));
	cr_expect_eq(ws_request_param(request, NULL, value, 8), WS_EINVAL);
	cr_expect_str_eq(value, "");
	cr_expect_eq(ws_request_param(request, "x", NULL, 0), WS_EINVAL);
	cr_expect_eq(ws_request_cookie(request, NULL, value, 8), WS_EINVAL);
	cr_expect_eq(ws_request_cookie(request, "x", NULL, 0), WS_EINVAL);
	cr_expect_eq(ws_percent_decode(NULL, value, 8), -1);
	cr_expect_not(ws_offers(request, NULL));
	cr_expect_eq(ws_reply_field(request, NULL, "x"), WS_EINVAL);
	cr_expect_eq(ws_reply_field(request, "X", NULL), WS_EINVAL);
	cr_expect_eq(ws_reply(request, 200, NULL, NULL, WS_STR), WS_EINVAL);
	cr_expect_eq(ws_reply(request, 200, NULL, NULL, 1), WS_EINVAL);
	cr_expect_eq(ws_reply(request, 200, NULL, NULL, 0), 0);
}

static void
answer(struct ws_request *request)
{
	cr_expect_eq(
	    ws_reply(request, 200, NULL, ws_request_user(request), WS_STR), 0);
}

static char exact[] = "exact", below[] = "below", deep[] = "deep";

static void
setup(struct ws_server *server)
{
	static const struct ws_handler seen_by_all = {
		.open = live_on_open,
		.close = live_on_close,
	};
	static const struct ws_handler carrier = {
		.open = live_on_open,
		.message = live_send_back,
		.carrier = true,
	};

	live_echo(server);
	if (ws_endpoint(server, "/all", &seen_by_all, NULL) < 0 ||
	    ws_endpoint(server, "/carrier", &carrier, NULL) < 0 ||
	    ws_http(server, "/values", "GET", values, NULL) < 0 ||
	    ws_http(server, "/nothing", "GET", nothing, NULL) < 0 ||
	    ws_http(server, "/app/", "GET", answer, below) < 0 ||
	    ws_http(server, "/app/$", "GET", answer, exact) < 0 ||
	    ws_http(server, "/app/deep", "GET", answer, deep) < 0)
		abort();
}

static void
begin(void)
{
	live = live_here(NULL, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_values, .init = begin, .fini = end, .timeout = 300);

/* Get a path with more fields, and expect a body. */
static void
get(const char *path, const char *fields, int status, const char *body)
{
	struct client c = client_open(live.address);
	struct response r;
	char head[1024];

	(void)snprintf(head, sizeof(head),
	    "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", path, fields);
	client_puts(&c, head);
	cr_expect_eq(client_response(&c, &r, false), status, "%s", path);
	if (body != NULL)
		cr_expect(
		    r.len == strlen(body) && memcmp(r.body, body, r.len) == 0,
		    "%s %s: %.*s", path, fields, (int)r.len,
		    (const char *)r.body);
	client_close(&c);
}

/* ---- parameters and cookies --------------------------------------------- */

static const struct {
	const char *path, *fields, *body;
} requests[] = {
	{ "/values", "", "-9 [] -9 [] 0 " },
	{ "/values?", "", "-9 [] -9 [] 0 " },
	{ "/values?x", "", "0 [] -9 [] 1 x=;" },
	{ "/values?x=a+b&y=%26&x=2", "", "3 [a b] -9 [] 3 x=a b;y=&;x=2;" },
	{ "/values?x=1234567", "", "7 [1234567] -9 [] 1 x=1234567;" },
	{ "/values?x=12345678", "", "-11 [] -9 [] 1 x=12345678;" },
	{ "/values?x=%", "", "-10 [] -9 [] -10 " },
	{ "/values?a=1&x=%00", "", "-10 [] -9 [] -10 a=1;" },
	{ "/values?last=1&y=2", "", "-9 [] -9 [] 1 last=1;" },
	{ "/values", "Cookie: x=1\r\n", "-9 [] 1 [1] 0 " },
	{ "/values", "Cookie: y=x=2; x=a=b; x=3\r\n", "-9 [] 3 [a=b] 0 " },
	{ "/values", "Cookie: xx=1; X=2;x=3 ;\r\n", "-9 [] 1 [3] 0 " },
	{ "/values", "Cookie: x\r\n", "-9 [] -9 [] 0 " },
	{ "/values", "Cookie: x=\r\n", "-9 [] 0 [] 0 " },
	{ "/values", "Cookie: x=\"q\"\r\n", "-9 [] 1 [q] 0 " },
	{ "/values", "Cookie: x=\"\r\n", "-9 [] 1 [\"] 0 " },
	{ "/values", "Cookie: x=%41+\r\n", "-9 [] 4 [%41+] 0 " },
	{ "/values", "Cookie: x=12345678\r\n", "-9 [] -11 [] 0 " },
	{ "/values", "Cookie: a=1\r\ncookie: x=2\r\n", "-9 [] 1 [2] 0 " },
	{ "/values", "Cookie:\r\n", "-9 [] -9 [] 0 " },
};

Test(live_values, absent_malformed_and_too_long_are_told_apart)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		get(requests[i].path, requests[i].fields, 200,
		    requests[i].body);
	cr_expect_str_eq(ws_strerror(WS_EABSENT), "it is not there");
	cr_expect_str_eq(ws_strerror(WS_EMALFORMED), "it is malformed");
	cr_expect_str_eq(ws_strerror(WS_ETOOLONG), "it is too long");
}

Test(live_values, a_request_survives_names_that_are_not_there)
{
	get("/nothing", "", 200, "");
}

Test(live_values, names_that_are_not_there_are_refused)
{
	static const struct ws_handler handler = { 0 };
	struct ws_server *server = live.server;
	struct client c = client_ws(live.address, "/all");
	struct ws_selection selection = { 0 };
	struct ws_conn *conn;

	client_until(&seen.opened, 1);
	conn = seen.last;
	cr_expect_eq(ws_listen(server, NULL), WS_EINVAL);
	cr_expect_eq(ws_endpoint(server, NULL, &handler, NULL), WS_EINVAL);
	cr_expect_eq(ws_endpoint(server, "/n", NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_http(server, NULL, NULL, answer, NULL), WS_EINVAL);
	cr_expect_eq(ws_http(server, "/n", NULL, NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_http_body(server, NULL, 0, NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_http_body(server, "", 0, NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_files(server, "/n/", NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_join(conn, NULL, WS_STR), WS_EINVAL);
	cr_expect_eq(ws_join(conn, NULL, 3), WS_EINVAL);
	cr_expect_not(ws_leave(conn, NULL, WS_STR));
	cr_expect_not(ws_in_room(conn, NULL, WS_STR));
	cr_expect_eq(ws_room_count(server, NULL, 3), 0);
	cr_expect_eq(ws_room_walk(server, NULL, 3, NULL, NULL), 0);
	cr_expect_eq(
	    ws_member_join(server, ws_conn_member(conn), NULL, 3), WS_EINVAL);
	cr_expect_not(ws_member_leave(server, ws_conn_member(conn), NULL, 3));
	cr_expect_not(ws_member_in_room(server, ws_conn_member(conn), NULL, 3));
	cr_expect_eq(ws_send(conn, WS_TEXT, NULL, WS_STR), WS_EINVAL);
	cr_expect_eq(ws_sendf(conn, WS_TEXT, NULL), WS_EINVAL);
	cr_expect_eq(ws_ping(conn, NULL, WS_STR), WS_EINVAL);
	cr_expect_null(ws_prepare(WS_TEXT, NULL, WS_STR));
	cr_expect_eq(
	    ws_publish(server, "r", 1, WS_TEXT, NULL, WS_STR, NULL), WS_EINVAL);
	cr_expect_eq(ws_publishf(server, "r", 1, WS_TEXT, NULL), WS_EINVAL);
	cr_expect_eq(ws_publish_to(server, &selection, NULL, 0), WS_EINVAL);
	cr_expect_eq(ws_close(conn, 1000, NULL, 5), WS_EINVAL);
	cr_expect_eq(ws_send(conn, WS_TEXT, NULL, 0), 0);
	cr_expect_eq(ws_close(conn, 1000, NULL, WS_STR), 0);
	client_expect(&c, TEXT, "", 0);
	client_expect_close(&c, 1000, true);
	client_close(&c);
}

/* ---- methods and paths -------------------------------------------------- */

Test(live_values, methods_must_be_known)
{
	static const char *const bad[] = { "", "get", "GET,", ",GET",
		"GET,,PUT", "GET POST", "GET;POST", "TRACE", "CONNECT", "FETCH",
		"GET, FETCH", "\"GET\"", " " };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(ws_http(live.server, "/m", bad[i], answer, exact),
		    WS_EINVAL, "%s", bad[i]);
	cr_expect_eq(
	    ws_http(live.server, "/m",
		"GET,HEAD,OPTIONS , POST, PUT, PATCH, DELETE", answer, exact),
	    0);
	get("/m", "", 200, "exact");
}

Test(live_values, an_exact_path_may_end_in_a_slash)
{
	static const struct ws_handler handler = { 0 };

	get("/app/", "", 200, "exact");
	get("/app/?x", "", 200, "exact");
	get("/app/x", "", 200, "below");
	get("/app/$", "", 200, "below");
	get("/app/deep", "", 200, "deep");
	get("/app", "", 404, NULL);
	cr_expect_eq(
	    ws_http(live.server, "/app/$", NULL, answer, NULL), WS_EEXIST);
	cr_expect_eq(ws_http_body(live.server, "/app/$", 5, NULL, NULL), 0);
	cr_expect_eq(
	    ws_http_body(live.server, "/other/$", 5, NULL, NULL), WS_EINVAL);
	cr_expect_eq(ws_endpoint(live.server, "/app/$", &handler, NULL), 0);
}

Test(live_values, the_first_page_stands_beside_files)
{
	cr_assert_eq(ws_files(live.server, "/", "test/live", NULL), 0);
	cr_assert_eq(ws_http(live.server, "/$", "GET", answer, exact), 0);
	get("/", "", 200, "exact");
	get("/live.h", "", 200, NULL);
	get("/$", "", 404, NULL);
}

static void
guard(struct ws_request *request)
{
	char token[8];

	if (ws_request_cookie(request, "t", token, sizeof(token)) < 0)
		cr_expect_eq(
		    ws_reply(request, 403, NULL, "who are you?", WS_STR), 0);
	else
		cr_expect_eq(
		    ws_reply_field(request, "Set-Cookie", "seen=1"), 0);
}

Test(live_values, a_program_may_answer_before_files)
{
	static const struct ws_files_options options = { .before = guard };
	struct client c = client_open(live.address);
	struct response r;

	cr_assert_eq(ws_files(live.server, "/", "test/live", &options), 0);
	get("/live.h", "", 403, "who are you?");
	client_puts(
	    &c, "GET /live.h HTTP/1.1\r\nHost: h\r\nCookie: t=1\r\n\r\n");
	cr_expect_eq(client_response(&c, &r, false), 200);
	cr_expect_str_eq(client_field(&r, "Set-Cookie"), "seen=1");
	client_close(&c);
}

/* ---- all, and carriers -------------------------------------------------- */

static bool
count_conn(struct ws_conn *conn, void *arg)
{
	(void)conn;
	++*(int *)arg;
	return true;
}

Test(live_values, carriers_are_not_among_all)
{
	struct client one = client_ws(live.address, "/all");
	struct client carrier = client_ws(live.address, "/carrier");
	int walked_over = 0;

	client_until(&seen.opened, 2);
	cr_expect_eq(
	    ws_publish(live.server, NULL, 0, WS_TEXT, "all", 3, NULL), 1);
	cr_expect_eq(ws_publishf(live.server, NULL, 0, WS_TEXT, "%d", 2), 1);
	ws_walk(live.server, count_conn, &walked_over);
	cr_expect_eq(walked_over, 1);
	client_expect(&one, TEXT, "all", 3);
	client_expect(&one, TEXT, "2", 1);
	client_send_frame(&carrier, TEXT, "still", 5);
	client_expect(&carrier, TEXT, "still", 5);
	client_close(&one);
	client_close(&carrier);
}

/* ---- texts and descriptors ---------------------------------------------- */

Test(live_values, a_text_can_be_checked)
{
	cr_expect(ws_utf8_valid("gr\xc3\xbc\xc3\x9f", WS_STR));
	cr_expect(ws_utf8_valid("a\0b", 3));
	cr_expect(ws_utf8_valid("", 0));
	cr_expect(ws_utf8_valid(NULL, 0));
	cr_expect_not(ws_utf8_valid(NULL, 1));
	cr_expect_not(ws_utf8_valid(NULL, WS_STR));
	cr_expect_not(ws_utf8_valid("gr\xc3\xbc\xc3", WS_STR));
	cr_expect_not(ws_utf8_valid("\xff", 1));
	cr_expect_not(ws_utf8_valid("\xed\xa0\x80", 3));
}

static char logged[256];

static void
keep_line(void *arg, int level, const char *line)
{
	(void)arg;
	if (level == WS_LOG_ERROR)
		(void)snprintf(logged, sizeof(logged), "%s", line);
}

static void
on_ready(struct ws_watch *watch, unsigned events, void *arg)
{
	(void)watch;
	(void)events;
	(void)arg;
}

/* kqueue(2) can watch a file; epoll(7) cannot. */
Test(live_values, a_file_that_cannot_be_watched_is_named)
{
	static const struct ws_options options = { .log = keep_line };
	struct ws_server *server = ws_server_new(&options);
	int fd = open("Makefile", O_RDONLY);
	struct ws_watch *watch;

	cr_assert_geq(fd, 0);
	watch = ws_watch(server, fd, WS_READABLE, on_ready, NULL);
	if (watch == NULL) {
		cr_expect_eq(errno, EPERM);
		cr_expect_not_null(strstr(logged, "as a regular file is"));
	}
	cr_expect_null(ws_watch(server, -1, WS_READABLE, on_ready, NULL));
	cr_expect_eq(errno, EBADF);
	ws_server_free(server);
	(void)close(fd);
}
