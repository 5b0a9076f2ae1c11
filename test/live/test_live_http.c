/* test_live_http.c - requests and responses of a real server (RFC 9112). */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "test/client.h"
#include "live.h"

static struct live live;

/* Hold without wanting to hear of the end. */
static void
keep(struct ws_request *request)
{
	cr_expect_eq(ws_hold(request, NULL, NULL), 0);
	seen.held = request;
	seen.holds++;
}

static void
forget(struct ws_request *request)
{
	(void)request;
}

/* Answer with fields of the program's. */
static void
fields(struct ws_request *request)
{
	static const struct {
		const char *name, *value;
		int result;
	} rows[] = { { "X-Fine", "yes; \"no\"", 0 }, { "X-Tab", "a\tb", 0 },
		{ "X-Empty", "", 0 }, { "Set-Cookie", "a=1", 0 },
		{ "Set-Cookie", "b=2", 0 },
		{ "X-Break", "a\r\nX-Injected: 1", WS_EINVAL },
		{ "X-Break", "a\nX-Injected: 1", WS_EINVAL },
		{ "X-Break", "a\r", WS_EINVAL },
		{ "X-Injected: 1\r\nX", "a", WS_EINVAL },
		{ "X Injected", "a", WS_EINVAL }, { "", "a", WS_EINVAL },
		{ "X-Injected:", "a", WS_EINVAL },
		{ "Content-Length", "3", WS_EINVAL },
		{ "content-length", "3", WS_EINVAL },
		{ "Transfer-Encoding", "chunked", WS_EINVAL },
		{ "Connection", "close", WS_EINVAL },
		{ "Date", "now", WS_EINVAL }, { "X-\x7F", "a", WS_EINVAL } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(
		    ws_reply_field(request, rows[i].name, rows[i].value),
		    rows[i].result, "row %zu", i);
	cr_expect_eq(ws_reply(request, 99, NULL, "", 0), WS_EINVAL);
	cr_expect_eq(ws_reply(request, 600, NULL, "", 0), WS_EINVAL);
	cr_expect_eq(ws_reply(request, 200, "text/x\r\nX-Injected: 1", "", 1),
	    WS_EINVAL);
	cr_expect_eq(ws_reply(request, 201, "text/x", "made", WS_STR), 0);
}

/* Say what was seen: method, path, query, a field, a parameter, the body. */
static void
mirror(struct ws_request *request)
{
	char text[8192], value[64];
	const char *field = ws_request_field(request, "x-fIeLd");
	size_t len;
	const char *body = ws_request_body(request, &len);
	long n = ws_request_param(request, "a b", value, sizeof(value));
	int size = snprintf(text, sizeof(text), "%s|%s|%s|%s|%ld|%s|%.*s",
	    ws_request_method(request), ws_request_path(request),
	    ws_request_query(request), field != NULL ? field : "-", n,
	    n >= 0 ? value : "-", (int)len, body != NULL ? body : "");

	cr_expect_eq(ws_reply(request, 200, NULL, text, (size_t)size), 0);
}

static char large[16 << 20];

static void
give_large(struct ws_request *request)
{
	cr_expect_eq(ws_reply(request, 200, "application/octet-stream", large,
			 sizeof(large)),
	    0);
}

static int answered; /* requests by no_content */

static void
no_content(struct ws_request *request)
{
	answered++;
	cr_expect_eq(ws_reply(request, 204, NULL, NULL, 0), 0);
}

static void
stop(struct ws_request *request)
{
	(void)ws_reply(request, 200, NULL, "stopping", WS_STR);
	ws_stop(ws_request_server(request), 5000);
}

static void
setup(struct ws_server *server)
{
	live_echo(server);
	if (ws_http(server, "/hold", "GET, POST", live_hold, NULL) < 0 ||
	    ws_http(server, "/keep", "GET", keep, NULL) < 0 ||
	    ws_http(server, "/forget", NULL, forget, NULL) < 0 ||
	    ws_http(server, "/fields", "GET", fields, NULL) < 0 ||
	    ws_http(server, "/mirror/", NULL, mirror, NULL) < 0 ||
	    ws_http(server, "/large", "GET", give_large, NULL) < 0 ||
	    ws_http(server, "/204", "GET", no_content, NULL) < 0 ||
	    ws_http(server, "/stop", NULL, stop, NULL) < 0)
		abort();
}

static void
begin_with(const struct ws_options *options)
{
	live = live_here(options, setup, NULL);
}

static void
begin(void)
{
	static const struct ws_options options = { .max_body = 100000,
		.log_level = -1 };

	begin_with(&options);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_http, .init = begin, .fini = end, .timeout = 300);

static void
restart(const struct ws_options *options)
{
	live_end(&live);
	begin_with(options);
}

/* ---- refusals ---------------------------------------------------------- */

#define HOST "Host: localhost\r\n"
#define GET "GET /hello HTTP/1.1\r\n"
#define POST "POST /hello HTTP/1.1\r\n" HOST

static char endless_uri[17000], endless_field[17000];

/* A request that cannot be trusted is refused, and ends the connection. */
static const struct {
	const char *name, *request;
	int status;
} refusals[] = {
	{ "bare LF", "GET /hello HTTP/1.1\nHost: localhost\n\n", 400 },
	{ "bare CR", GET "Host: local\rhost\r\n\r\n", 400 },
	{ "CR and another octet", GET "Host: localhost\rX\r\n\r\n", 400 },
	{ "obs-fold", GET HOST "X: a\r\n b\r\n\r\n", 400 },
	{ "space before the first field", GET " " HOST "\r\n", 400 },
	{ "space before a colon", GET "Host : localhost\r\n\r\n", 400 },
	{ "no colon", GET HOST "X\r\n\r\n", 400 },
	{ "space for a colon", GET HOST "X y\r\n\r\n", 400 },
	{ "empty name", GET HOST ": y\r\n\r\n", 400 },
	{ "no Host", GET "\r\n", 400 },
	{ "empty Host", GET "Host:\r\n\r\n", 400 },
	{ "two Hosts", GET HOST HOST "\r\n", 400 },
	{ "Host with a slash", GET "Host: a/b\r\n\r\n", 400 },
	{ "control octet", GET HOST "X: \1\r\n\r\n", 400 },
	{ "no version", "GET /hello\r\n\r\n", 400 },
	{ "two spaces", "GET  /hello HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "HTTP/2.0", "GET /hello HTTP/2.0\r\n" HOST "\r\n", 505 },
	{ "http/1.1", "GET /hello http/1.1\r\n" HOST "\r\n", 400 },
	{ "HTTP/1.10", "GET /hello HTTP/1.10\r\n" HOST "\r\n", 400 },
	{ "relative target", "GET hello HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "fragment", "GET /hello#x HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "unknown method", "BREW /hello HTTP/1.1\r\n" HOST "\r\n", 501 },
	{ "method in lower case", "get /hello HTTP/1.1\r\n" HOST "\r\n", 501 },
	{ "negative length", POST "Content-Length: -1\r\n\r\n", 400 },
	{ "plus length", POST "Content-Length: +1\r\n\r\n", 400 },
	{ "hexadecimal length", POST "Content-Length: 0x1\r\n\r\n", 400 },
	{ "length with an exponent", POST "Content-Length: 1e3\r\n\r\n", 400 },
	{ "a list of lengths", POST "Content-Length: 1,1\r\n\r\n", 400 },
	{ "empty length", POST "Content-Length:\r\n\r\n", 400 },
	{ "length of 20 digits",
	    POST "Content-Length: 18446744073709551617\r\n\r\n", 400 },
	{ "two lengths", POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
	    400 },
	{ "length and coding",
	    POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400 },
	{ "unknown coding", POST "Transfer-Encoding: gzip\r\n\r\n", 501 },
	{ "chunked not last", POST "Transfer-Encoding: chunked, gzip\r\n\r\n",
	    400 },
	{ "chunked twice", POST "Transfer-Encoding: chunked, chunked\r\n\r\n",
	    400 },
	{ "chunked in HTTP/1.0",
	    "POST /hello HTTP/1.0\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n",
	    400 },
	{ "unknown expectation",
	    POST "Content-Length: 1\r\nExpect: tea\r\n\r\n", 417 },
	{ "chunk size 0x1",
	    POST "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", 400 },
	{ "chunk size 0_0",
	    POST "Transfer-Encoding: chunked\r\n\r\n0_0\r\n\r\n", 400 },
	{ "empty chunk size", POST "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n",
	    400 },
	{ "negative chunk size",
	    POST "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", 400 },
	{ "chunk size of 17 digits",
	    POST "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
	    400 },
	{ "two octets behind the last chunk",
	    POST "Transfer-Encoding: chunked\r\n\r\n0\r\nXX\r\n", 400 },
	{ "too many octets in a chunk",
	    POST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
	    400 },
	{ "chunk lines ended by LF",
	    POST "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", 400 },
	{ "body too large, announced", POST "Content-Length: 100001\r\n\r\n",
	    413 },
	{ "body too large, 2^63",
	    POST "Content-Length: 9223372036854775808\r\n\r\n", 413 },
	{ "endless target", endless_uri, 414 },
	{ "endless field", endless_field, 431 },
	{ "TLS ClientHello",
	    "\x16\x03\x01\x02\x02\x01\x01\xFC\x03\x03\xA5\xB6\xC7\xD8", 400 },
	{ "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 501 },
	{ "HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	    501 },
	{ "CONNECT",
	    "CONNECT a.example:443 HTTP/1.1\r\n"
	    "Host: a.example:443\r\n\r\n",
	    405 },
	{ "TRACE", "TRACE /hello HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "no endpoint", "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404 },
	{ "method of another endpoint",
	    "DELETE /hello HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "only a WebSocket", "GET /echo HTTP/1.1\r\n" HOST "\r\n", 426 },
	{ "nobody answers", "GET /forget HTTP/1.1\r\n" HOST "\r\n", 500 },
};

static void
make_endless(void)
{
	memset(endless_uri, 'a', sizeof(endless_uri) - 1);
	memcpy(endless_uri, "GET /", 5);
	memset(endless_field, 'a', sizeof(endless_field) - 1);
	memcpy(endless_field, GET HOST "X: ", strlen(GET HOST "X: "));
}

/* Return whether the connection goes on after an answer. */
static bool
is_about_the_path(int status)
{
	return status == 404 || status == 405 || status == 426 || status == 500;
}

Test(live_http, rfc9112_each_refusal_has_its_status)
{
	make_endless();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct client c = client_open(live.address);
		struct response r;

		client_puts(&c, refusals[i].request);
		cr_expect_eq(client_response(&c, &r, false), refusals[i].status,
		    "%s: %d", refusals[i].name, r.status);
		cr_expect(r.len > 0, "%s: no reason", refusals[i].name);
		cr_expect_not_null(client_field(&r, "Date"));
		cr_expect_not_null(client_field(&r, "X-Content-Type-Options"));
		if (!is_about_the_path(refusals[i].status)) {
			const char *value = client_field(&r, "Connection");

			cr_expect(value != NULL && strcmp(value, "close") == 0,
			    "%s: goes on", refusals[i].name);
			/* What follows is never taken for a request. */
			client_puts(&c, GET HOST "\r\n");
			cr_expect(client_ends(&c), "%s: does not end",
			    refusals[i].name);
		}
		client_close(&c);
	}
}

Test(live_http, rfc9112_refusals_are_the_same_octet_by_octet)
{
	make_endless();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct client c = client_open(live.address);
		struct response r;

		client_dribble(
		    &c, refusals[i].request, strlen(refusals[i].request));
		cr_expect_eq(client_response(&c, &r, false), refusals[i].status,
		    "%s: %d", refusals[i].name, r.status);
		client_close(&c);
	}
}

Test(live_http, rfc9110_15_5_6_allow_names_the_methods)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "PUT /hello HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, false), 405);
	cr_assert_str_eq(client_field(&r, "Allow"), "GET, POST, HEAD");
	client_puts(&c, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, false), 204);
	cr_assert_not_null(client_field(&r, "Allow"));
	client_puts(&c, GET HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
}

/* RFC 9110 section 15.5.22: Upgrade says what would be spoken. */
Test(live_http, upgrade_required_says_to_what)
{
	struct client c;
	struct response r;

	c = client_open(live.address);
	client_puts(&c, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 426);
	cr_assert(client_field(&r, "Upgrade") != NULL);
	cr_assert_str_eq(client_field(&r, "Upgrade"), "websocket");
	cr_assert(strstr(client_field(&r, "Connection"), "Upgrade") != NULL);
	client_close(&c);
}

/* GET stands for HEAD too, and Allow lists both. */
Test(live_http, what_is_allowed_is_told_whole)
{
	struct client c;
	struct response r;

	c = client_open(live.address);
	client_puts(
	    &c, "POST /204 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 405);
	cr_assert_str_eq(client_field(&r, "Allow"), "GET, HEAD");
	client_close(&c);
}

/* ---- requests ---------------------------------------------------------- */

static const struct {
	const char *name, *request, *mirrored;
} mirrored[] = {
	{ "origin-form", "GET /mirror/a%20b HTTP/1.1\r\n" HOST "\r\n",
	    "GET|/mirror/a%20b||-|-9|-|" },
	{ "query and field",
	    "GET /mirror/?x=1&a+b=c%26d HTTP/1.1\r\n" HOST
	    "X-Field:  value \t\r\n\r\n",
	    "GET|/mirror/|x=1&a+b=c%26d|value|3|c&d|" },
	{ "an empty query", "GET /mirror/? HTTP/1.1\r\n" HOST "\r\n",
	    "GET|/mirror/||-|-9|-|" },
	{ "a parameter with NUL",
	    "GET /mirror/?a+b=c%00d HTTP/1.1\r\n" HOST "\r\n",
	    "GET|/mirror/|a+b=c%00d|-|-10|-|" },
	{ "absolute-form",
	    "GET http://a.example/mirror/x?q HTTP/1.1\r\n"
	    "Host: b.example\r\n\r\n",
	    "GET|/mirror/x|q|-|-9|-|" },
	{ "empty lines before", "\r\n\r\nGET /mirror/ HTTP/1.1\r\n" HOST "\r\n",
	    "GET|/mirror/||-|-9|-|" },
	{ "a body",
	    "POST /mirror/ HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody",
	    "POST|/mirror/||-|-9|-|body" },
	{ "a chunked body",
	    "PUT /mirror/ HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n"
	    "3;x=\"y\"\r\nbod\r\n001\r\ny\r\n0\r\nTrailer: 1\r\n\r\n",
	    "PUT|/mirror/||-|-9|-|body" },
	{ "an empty chunked body",
	    "PATCH /mirror/ HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "PATCH|/mirror/||-|-9|-|" },
	{ "an HTTP/1.1 of tomorrow", "DELETE /mirror/ HTTP/1.9\r\n" HOST "\r\n",
	    "DELETE|/mirror/||-|-9|-|" },
};

static void
expect_seen(struct client *c, size_t row)
{
	struct response r;

	cr_expect_eq(client_response(c, &r, false), 200, "%s: %d",
	    mirrored[row].name, r.status);
	cr_expect(r.len == strlen(mirrored[row].mirrored) &&
		      memcmp(r.body, mirrored[row].mirrored, r.len) == 0,
	    "%s: %.*s", mirrored[row].name, (int)r.len, r.body);
}

Test(live_http, rfc9112_3_what_the_program_sees)
{
	struct client c = client_open(live.address);
	size_t rows = sizeof(mirrored) / sizeof(*mirrored);

	for (size_t i = 0; i < rows; i++) {
		client_puts(&c, mirrored[i].request);
		expect_seen(&c, i);
	}
	/* Octet by octet, and all of them in one segment, in order. */
	for (size_t i = 0; i < rows; i++) {
		client_dribble(
		    &c, mirrored[i].request, strlen(mirrored[i].request));
		expect_seen(&c, i);
	}
	client_close(&c);
	c = client_open(live.address);
	for (size_t i = 0; i < rows; i++)
		client_puts(&c, mirrored[i].request);
	for (size_t i = 0; i < rows; i++)
		expect_seen(&c, i);
	client_close(&c);
}

Test(live_http, rfc3986_2_1_percent_decoding)
{
	static const struct {
		const char *encoded, *decoded;
		long len;
	} rows[] = { { "", "", 0 }, { "a+b", "a+b", 3 },
		{ "%41%2fb", "A/b", 3 }, { "%00", "", 1 },
		{ "%2541", "%41", 3 }, { "abcd", "abcd", 4 },
		{ "%61%62%63%64", "abcd", 4 }, { "abcde", "", -1 },
		{ "%", "", -1 }, { "%4", "", -1 }, { "%4g", "", -1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char out[4];
		long n = ws_percent_decode(rows[i].encoded, out, sizeof(out));

		cr_expect_eq(n, rows[i].len, "%s", rows[i].encoded);
		if (n > 0)
			cr_expect_eq(memcmp(out, rows[i].decoded, (size_t)n), 0,
			    "%s", rows[i].encoded);
	}
}

Test(live_http, rfc9112_7_1_bodies_split_everywhere)
{
	static const size_t rows[] = { 6, 7 };

	for (size_t i = 0; i < 2; i++) {
		const char *text = mirrored[rows[i]].request;
		size_t len = strlen(text);
		struct client c = client_open(live.address);

		for (size_t cut = 1; cut < len; cut++) {
			client_send(&c, text, cut);
			(void)client_wait(-1, 0, 0);
			(void)client_wait(-1, 0, 1);
			client_send(&c, text + cut, len - cut);
			expect_seen(&c, rows[i]);
		}
		client_close(&c);
	}
}

Test(live_http, rfc9112_9_3_2_pipelined_requests_are_answered_in_order)
{
	enum {
		COUNT = 5000
	};
	char *all = malloc(COUNT * 100), *at = all;
	struct client c = client_open(live.address);
	struct response r;

	for (int i = 0; i < COUNT; i++) {
		if (i % 3 == 0)
			at += sprintf(at,
			    "POST /hello HTTP/1.1\r\n" HOST
			    "Content-Length: 8\r\n\r\n%08d",
			    i);
		else if (i % 3 == 1)
			at += sprintf(
			    at, "HEAD /mirror/%d HTTP/1.1\r\n" HOST "\r\n", i);
		else
			at += sprintf(
			    at, "GET /mirror/%d HTTP/1.1\r\n" HOST "\r\n", i);
	}
	client_send(&c, all, (size_t)(at - all));
	for (int i = 0; i < COUNT; i++) {
		char want[64];

		cr_assert_eq(client_response(&c, &r, i % 3 == 1), 200);
		snprintf(want, sizeof(want),
		    i % 3 == 0 ? "%08d" : "GET|/mirror/%d||-|-9|-|", i);
		cr_assert(i % 3 == 1 || memcmp(r.body, want, strlen(want)) == 0,
		    "%d: %.*s", i, (int)r.len, r.body);
	}
	cr_assert(client_is_quiet(&c, 0));
	free(all);
	client_close(&c);
}

Test(live_http, rfc9110_9_3_2_head_has_the_fields_and_no_body)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, true), 200);
	cr_assert_str_eq(client_field(&r, "Content-Length"), "5");
	client_puts(&c, "HEAD /nothing HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, true), 404);
	client_puts(&c, "HEAD /204 HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, true), 204);
	cr_assert_null(client_field(&r, "Content-Length"));
	cr_assert(client_is_quiet(&c, 50));
	client_close(&c);
}

static const struct {
	const char *name, *request;
	bool goes_on;
	const char *connection; /* NULL: none */
} connections[] = {
	{ "1.1", GET HOST "\r\n", true, NULL },
	{ "1.1 close", GET HOST "Connection: x, ClOsE\r\n\r\n", false,
	    "close" },
	{ "1.1 keep-alive", GET HOST "Connection: keep-alive\r\n\r\n", true,
	    NULL },
	{ "1.0", "GET /hello HTTP/1.0\r\n\r\n", false, "close" },
	{ "1.0 keep-alive",
	    "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true,
	    "keep-alive" },
	{ "1.0 both",
	    "GET /hello HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
	    false, "close" },
};

Test(live_http, rfc9112_9_3_the_connection_goes_on_or_not)
{
	for (size_t i = 0; i < sizeof(connections) / sizeof(*connections);
	     i++) {
		struct client c = client_open(live.address);
		struct response r;
		const char *value;

		client_puts(&c, connections[i].request);
		client_puts(&c, connections[i].request);
		cr_expect_eq(client_response(&c, &r, false), 200);
		value = client_field(&r, "Connection");
		cr_expect(
		    connections[i].connection == NULL
			? value == NULL
			: value != NULL &&
			      strcmp(value, connections[i].connection) == 0,
		    "%s: %s", connections[i].name, value);
		if (connections[i].goes_on)
			cr_expect_eq(client_response(&c, &r, false), 200, "%s",
			    connections[i].name);
		else
			cr_expect(client_ends(&c), "%s", connections[i].name);
		client_close(&c);
	}
}

Test(live_http, rfc9110_10_1_1_100_continue)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, POST "Content-Length: 4\r\n"
			     "Expect: 100-Continue\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 100);
	client_puts(&c, "body");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(memcmp(r.body, "body", 4), 0);
	client_puts(&c, POST "Transfer-Encoding: chunked\r\n"
			     "Expect: 100-continue\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 100);
	client_puts(&c, "4\r\nbody\r\n0\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	/* RFC 9110 10.1.1: HTTP/1.0 does not know it. */
	client_puts(&c, "POST /hello HTTP/1.0\r\nContent-Length: 4\r\n"
			"Connection: keep-alive\r\n"
			"Expect: 100-continue\r\n\r\nbody");
	cr_assert_eq(client_response(&c, &r, false), 200);
	/* A body that is refused is not asked for. */
	client_puts(&c, POST "Content-Length: 100001\r\n"
			     "Expect: 100-continue\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 413);
	client_close(&c);
}

Test(live_http, rfc9110_15_5_14_a_body_up_to_the_limit)
{
	char *body = calloc(1, 200001);
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, POST "Content-Length: 100000\r\n\r\n");
	client_send(&c, body, 100000);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(r.len, 100000);
	client_puts(&c, POST "Transfer-Encoding: chunked\r\n\r\n186a0\r\n");
	client_send(&c, body, 100000);
	client_puts(&c, "\r\n0\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(r.len, 100000);
	/* One octet more; the client goes on sending and gets the answer. */
	client_puts(&c, POST "Transfer-Encoding: chunked\r\n\r\n30d40\r\n");
	client_send(&c, body, 200000);
	cr_assert_eq(client_response(&c, &r, false), 413);
	client_send(&c, body, 200000);
	cr_assert(client_ends(&c));
	free(body);
	client_close(&c);
}

Test(live_http, nobody_injects_a_field)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "GET /fields HTTP/1.1\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, false), 201);
	cr_assert_null(client_field(&r, "X-Injected"));
	cr_assert_null(client_field(&r, "X-Break"));
	cr_assert_str_eq(client_field(&r, "X-Fine"), "yes; \"no\"");
	cr_assert_str_eq(client_field(&r, "Content-Type"), "text/x");
	cr_assert_not_null(strstr(r.head, "Set-Cookie: a=1\r\n"
					  "Set-Cookie: b=2\r\n"));
	client_close(&c);
}

/* Five thousand requests fit into one read; the others need not wait until all
 * of them are answered. */
Test(live_http, a_long_pipeline_takes_turns)
{
	static const char request[] = "GET /204 HTTP/1.1\r\nHost:a\r\n\r\n";
	struct client c;
	struct response r;

	c = client_open(live.address);
	for (int i = 0; i < 1000; i++)
		client_puts(&c, request);
	while (answered < 1000) {
		int before = answered;

		(void)client_wait(-1, 0, 1000);
		cr_assert_leq(
		    answered - before, 64, "%d at once", answered - before);
	}
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(client_response(&c, &r, false), 204);
	client_close(&c);
}

/* ---- held requests ----------------------------------------------------- */

static void
answer_held(struct ws_timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	cr_expect_eq(ws_reply(seen.held, 200, NULL, "at last", WS_STR), 0);
	seen.held = NULL;
}

Test(live_http, a_held_request_is_answered_by_a_timer)
{
	struct client c = client_open(live.address);
	struct response r;

	for (int i = 0; i < 3; i++) {
		client_puts(&c, "POST /hold HTTP/1.1\r\n" HOST
				"Content-Length: 3\r\n\r\nabc");
		client_puts(&c, "GET /mirror/behind HTTP/1.1\r\n" HOST "\r\n");
		client_until(&seen.holds, i + 1);
		cr_assert(client_is_quiet(&c, 20), "it was overtaken");
		cr_assert_not_null(
		    ws_timer_start(live.server, 10, 0, answer_held, NULL));
		cr_assert_eq(client_response(&c, &r, false), 200);
		cr_assert_eq(memcmp(r.body, "at last", 7), 0);
		cr_assert_eq(client_response(&c, &r, false), 200);
		cr_assert_eq(memcmp(r.body, "GET|/mirror/behind", 18), 0);
	}
	cr_assert_eq(seen.gone, 0);
	client_close(&c);
}

Test(live_http, what_is_known_of_a_held_request_stays)
{
	struct client c = client_open(live.address), d;
	struct response r;
	size_t len;

	client_puts(&c, "POST /hold?q HTTP/1.1\r\n" HOST
			"X-Field: yes\r\nContent-Length: 3\r\n\r\nabc");
	client_until(&seen.holds, 1);
	d = client_open(live.address);
	client_puts(&d, "GET /mirror/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz "
			"HTTP/1.1\r\nX-Other: zzzzzzzzzzzz\r\n" HOST "\r\n");
	cr_assert_eq(client_response(&d, &r, false), 200);
	cr_assert_str_eq(ws_request_method(seen.held), "POST");
	cr_assert_str_eq(ws_request_path(seen.held), "/hold");
	cr_assert_str_eq(ws_request_query(seen.held), "q");
	cr_assert_str_eq(ws_request_field(seen.held, "x-field"), "yes");
	cr_assert_eq(memcmp(ws_request_body(seen.held, &len), "abc", 3), 0);
	answer_held(NULL, NULL);
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
	client_close(&d);
}

Test(live_http, a_peer_that_leaves_before_the_answer_is_gone)
{
	for (int i = 0; i < 3; i++) {
		struct client c = client_open(live.address);

		client_puts(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
		if (i == 2)
			client_puts(&c, GET HOST "\r\n");
		client_until(&seen.holds, i + 1);
		if (i == 1)
			client_close(&c);
		else
			client_reset(&c);
		client_until(&seen.gone, i + 1);
		cr_assert_null(seen.held);
	}
}

/* Nor does it matter if nobody ever answers. */
Test(live_http, a_request_that_is_never_answered_ends_with_the_server)
{
	for (int i = 0; i < 3; i++) {
		struct client c = client_open(live.address);

		client_puts(&c, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
		client_until(&seen.holds, i + 1);
		client_close(&c);
		(void)client_wait(-1, 0, 10);
		if (i == 1)
			cr_assert_eq(ws_reply(seen.held, 200, NULL, "", 0), 0);
	}
}

/* Without a gone callback a request whose peer has left may be answered, and
 * the answer reaches no other connection. */
Test(live_http, without_gone_a_late_answer_is_allowed)
{
	struct client c = client_open(live.address), other;
	struct ws_request *late;
	struct ws_stats stats;
	struct response r;

	client_puts(&c, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
	client_until(&seen.holds, 1);
	late = seen.held;
	client_close(&c);
	do {
		(void)client_wait(-1, 0, 10);
		ws_stats(live.server, &stats);
	} while (stats.connections > 0);
	other = client_open(live.address);
	client_puts(&other, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	client_until(&seen.holds, 2);
	cr_assert_eq(ws_reply(late, 200, NULL, "too late", WS_STR), 0);
	cr_assert(client_is_quiet(&other, 50), "another got the answer");
	answer_held(NULL, NULL);
	cr_assert_eq(client_response(&other, &r, false), 200);
	cr_assert_eq(memcmp(r.body, "at last", 7), 0);
	client_close(&other);
}

Test(live_http, a_request_held_when_the_server_ends_is_gone)
{
	struct client c = client_open(live.address);

	client_puts(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	client_until(&seen.holds, 1);
	live_end(&live);
	cr_assert_eq(seen.gone, 1);
	cr_assert(client_ends(&c) || c.reset);
	client_close(&c);
	begin();
}

Test(live_http, stopping_waits_for_held_requests)
{
	struct client c = client_open(live.address);
	struct client idle = client_open(live.address);
	struct response r;

	client_puts(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	client_until(&seen.holds, 1);
	ws_stop(live.server, 20000);
	cr_assert(client_ends(&idle), "an idle connection stays");
	cr_assert_not(ws_stopped(live.server));
	answer_held(NULL, NULL);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_str_eq(client_field(&r, "Connection"), "close");
	cr_assert(client_ends(&c));
	client_close(&c);
	client_close(&idle);
	while (!ws_stopped(live.server))
		(void)client_wait(-1, 0, 10);
}

Test(live_http, a_request_held_for_ever_outlives_its_peer)
{
	struct client c;
	char peer[WS_PEER_MAX];

	c = client_open(live.address);
	client_puts(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&seen.holds, 1);
	client_close(&c);
	live_pass(50);
	cr_assert_str_eq(ws_request_path(seen.held), "/keep");
	cr_assert_str_neq(ws_request_peer(seen.held, peer), "");
	cr_assert_eq(ws_reply(seen.held, 200, NULL, "late", WS_STR), 0);
	live_pass(20);
	cr_assert_eq(live_connections(&live), 0);
}

Test(live_http, a_request_held_for_ever_ends_with_the_server)
{
	struct client c;

	c = client_open(live.address);
	client_puts(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&seen.holds, 1);
	client_close(&c);
	live_pass(20);
}

Test(live_http, a_held_request_hears_the_peer_leave_behind_what_it_sent)
{
	struct client c;

	c = client_open(live.address);
	client_puts(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	client_until(&seen.holds, 1);
	client_puts(&c, "\r\n");
	live_pass(20);
	client_close(&c);
	client_until(&seen.gone, 1);
}

/* ---- time -------------------------------------------------------------- */

Test(live_http, rfc9110_15_5_9_a_slow_head_is_408)
{
	static const struct ws_options options = {
		.handshake_ms = 200, .idle_ms = 400, .log_level = -1
	};
	struct client c;
	struct response r;

	restart(&options);
	c = client_open(live.address);
	client_puts(&c, "GET /hello HTTP/1.1\r\nHo");
	cr_assert_eq(client_response(&c, &r, false), 408);
	cr_assert_str_eq(client_field(&r, "Connection"), "close");
	cr_assert(client_ends(&c));
	client_close(&c);
	/* Also when it is not the first, and when its body is slow. */
	c = client_open(live.address);
	client_puts(&c, GET HOST "\r\nG");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert_eq(client_response(&c, &r, false), 408);
	client_close(&c);
	c = client_open(live.address);
	client_puts(&c, POST "Content-Length: 9\r\n\r\nabc");
	cr_assert_eq(client_response(&c, &r, false), 408);
	client_close(&c);
}

/* An octet from time to time does not keep a request alive for ever. */
Test(live_http, a_slow_loris_is_408)
{
	static const struct ws_options options = { .handshake_ms = 300,
		.log_level = -1 };
	struct client c;
	struct response r;

	restart(&options);
	c = client_open(live.address);
	client_puts(&c, GET HOST "X: ");
	while (client_is_quiet(&c, 20))
		client_puts(&c, "y");
	cr_assert_eq(client_response(&c, &r, false), 408);
	client_close(&c);
}

Test(live_http, an_idle_connection_ends_without_a_word)
{
	static const struct ws_options options = {
		.handshake_ms = 200, .idle_ms = 200, .log_level = -1
	};
	struct client c;
	struct response r;

	restart(&options);
	c = client_open(live.address);
	cr_assert(client_ends(&c), "nothing was asked");
	client_close(&c);
	c = client_open(live.address);
	client_puts(&c, GET HOST "\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert(client_ends(&c));
	client_close(&c);
}

/* Read 4 MiB in a second, and not faster. */
static void
sip(struct client *c, size_t octets)
{
	static char part[32768];
	int64_t begin_ms = client_now_ms();
	size_t taken = 0;

	while (taken < octets) {
		ssize_t n;

		(void)client_wait(-1, 0, 2);
		if ((size_t)(client_now_ms() - begin_ms) * 4096 < taken)
			continue;
		n = recv(c->fd, part, sizeof(part), 0);
		cr_assert(n > 0 || (n < 0 && errno == EAGAIN),
		    "ended after %zu octets", taken);
		taken += n > 0 ? (size_t)n : 0;
	}
}

/* Longer than any of the limits, which are about progress. */
Test(live_http, a_slow_reader_gets_the_whole_response)
{
	static const char *const requests[] = {
		"GET /large HTTP/1.1\r\n" HOST "\r\n",
		"GET /large HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
	};
	static const struct ws_options options = {
		.idle_ms = 800, .close_ms = 800, .log_level = -1
	};

	restart(&options);
	for (size_t i = 0; i < 2; i++) {
		struct client c = client_open(live.address);

		client_puts(&c, requests[i]);
		sip(&c, sizeof(large));
		client_close(&c);
	}
}

/* It has asked for one thing and begun to ask for another. */
Test(live_http, half_a_request_at_the_end_takes_no_response_back)
{
	static const struct ws_options options = {
		.queue_soft = 64 << 20, .queue_max = 128 << 20, .log_level = -1
	};
	struct client c;
	size_t taken = 0;

	restart(&options);
	c = client_open_small(live.address, 4096);
	client_puts(&c, "GET /large HTTP/1.1\r\n" HOST "\r\nGET / HT");
	client_shut(&c);
	while (client_await(&c, 1)) {
		taken += c.len;
		client_skip(&c, c.len);
	}
	cr_assert_gt(taken, sizeof(large), "%zu octets", taken);
	client_close(&c);
}

Test(live_http, rfc9110_15_5_14_a_chunk_that_cannot_fit_is_413_at_once)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, POST "Transfer-Encoding: chunked\r\n\r\n186a1\r\nx");
	cr_assert_eq(client_response(&c, &r, false), 413);
	client_close(&c);
}

Test(live_http, a_reader_that_stops_is_given_up)
{
	static const struct ws_options options = { .idle_ms = 200,
		.log_level = -1 };
	struct ws_stats stats;
	struct client c;

	restart(&options);
	c = client_open_small(live.address, 8192);
	client_puts(&c, "GET /large HTTP/1.1\r\n" HOST "\r\n");
	do {
		(void)client_wait(-1, 0, 10);
		ws_stats(live.server, &stats);
	} while (stats.accepted == 0 || stats.connections > 0);
	client_close(&c);
}

/* A client that asks and asks and never reads is not read from any more. */
Test(live_http, a_client_that_never_reads_is_not_read_from)
{
	static char all[1 << 20];
	size_t one = strlen("GET /mirror/ HTTP/1.1\r\n" HOST "\r\n");
	struct client c = client_open_small(live.address, 4096);
	size_t pushed = 0;

	for (size_t at = 0; at + one <= sizeof(all); at += one)
		memcpy(all + at, "GET /mirror/ HTTP/1.1\r\n" HOST "\r\n", one);
	while (pushed < 64u << 20) {
		size_t n = client_push(&c, all, sizeof(all) / one * one, 300);

		pushed += n;
		if (n < sizeof(all) / one * one)
			break;
	}
	cr_assert_lt(pushed, 64u << 20);
	client_close(&c);
}

Test(live_http, an_answer_survives_the_stop_behind_it)
{
	struct client c;
	struct response r;

	c = client_open(live.address);
	client_puts(&c, "GET /stop HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_assert(client_ends(&c));
	client_close(&c);
}

Test(live_http, an_answer_from_elsewhere_has_its_time)
{
	static const struct ws_options options = { .close_ms = 500,
		.log_level = -1 };
	struct client c;
	struct response r;

	restart(&options);
	c = client_open(live.address);
	client_puts(
	    &c, "GET /hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_until(&seen.holds, 1);
	live_be_elsewhere(1500);
	cr_assert_eq(ws_reply(seen.held, 200, NULL, "late", WS_STR), 0);
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
}

/* One that reads nothing of a response and drips the next request. */
Test(live_http, dripping_does_not_excuse_from_reading)
{
	static const struct ws_options options = { .idle_ms = 600,
		.handshake_ms = 600,
		.queue_soft = 64 << 20,
		.queue_max = 128 << 20,
		.log_level = -1 };
	struct client c;
	int64_t until_ms;

	restart(&options);
	c = client_open_small(live.address, 4096);
	client_puts(&c, "GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /");
	until_ms = client_now_ms() + 20000;
	while (client_wait(c.fd, POLLIN | POLLHUP, 100) >= 0) {
		struct ws_stats stats;

		ws_stats(live.server, &stats);
		if (stats.accepted == 1 && stats.connections == 0)
			break;
		cr_assert_lt(client_now_ms(), until_ms, "it still lives");
		client_send(&c, "x", 1);
		live_be_elsewhere(20);
	}
	client_close(&c);
}

/* A slow reader of a last response has as long as one of any other. */
Test(live_http, a_last_response_has_the_time_of_any_other)
{
	static const struct ws_options options = { .close_ms = 200,
		.log_level = -1 };
	struct client c;
	struct response r;

	restart(&options);
	c = client_open_small(live.address, 4096);
	client_puts(
	    &c, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	live_pass(1500);
	cr_assert_eq(client_response(&c, &r, false), 200);
	client_close(&c);
}
