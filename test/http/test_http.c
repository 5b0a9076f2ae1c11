/* test_http.c - the request head parser: forms, errors, limits, pieces. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "http.h"
#include "test/guard.h"

#define HOST "Host: a\r\n"
#define GET11 "GET / HTTP/1.1\r\n"
#define A8 "aaaaaaaa"
#define A64 A8 A8 A8 A8 A8 A8 A8 A8

enum {
	HEAD_MAX = 512,
	URI_MAX = 64
};

/* Whether two heads say the same. The fields beyond nfields are undefined, and
 * what the parser keeps for itself only has to match when nothing failed. */
static bool
same(const struct ws_http_head *a, const struct ws_http_head *b)
{
	return a->error == b->error && a->method == b->method &&
	       a->minor == b->minor && a->keep_alive == b->keep_alive &&
	       a->upgrade == b->upgrade && a->chunked == b->chunked &&
	       a->has_length == b->has_length &&
	       a->expect_continue == b->expect_continue &&
	       a->content_octets == b->content_octets &&
	       a->path_at == b->path_at && a->path_octets == b->path_octets &&
	       a->query_at == b->query_at &&
	       a->query_octets == b->query_octets &&
	       a->has_query == b->has_query && a->host_at == b->host_at &&
	       a->host_octets == b->host_octets && a->nfields == b->nfields &&
	       memcmp(a->fields, b->fields,
		   a->nfields * sizeof(a->fields[0])) == 0;
}

/* Parse the first octets of a text out of a block that ends with them. */
static ssize_t
feed(struct ws_http_head *h, const char *text, size_t len)
{
	struct guard g = guard_copy(text, len);
	ssize_t r = ws_http_parse(h, (const char *)g.at, len);

	guard_free(&g);
	return r;
}

/* Parse a text whole, octet by octet, and cut in two at every position; all
 * have to agree. h receives the result. */
static ssize_t
parse(const char *name, const char *text, size_t len, struct ws_http_head *h)
{
	struct ws_http_head again;
	ssize_t whole, r = 0;

	ws_http_init(h, HEAD_MAX, URI_MAX);
	whole = feed(h, text, len);
	ws_http_init(&again, HEAD_MAX, URI_MAX);
	for (size_t n = 0; n <= len && r == 0; n++)
		r = feed(&again, text, n);
	cr_assert(
	    r == whole, "%s: octet by octet: %zd, whole: %zd", name, r, whole);
	cr_assert(same(h, &again), "%s: octet by octet", name);
	for (size_t n = 0; n <= len; n++) {
		ws_http_init(&again, HEAD_MAX, URI_MAX);
		r = feed(&again, text, n);
		if (r == 0)
			r = feed(&again, text, len);
		cr_assert(r == whole && same(h, &again), "%s: cut at %zu: %zd",
		    name, n, r);
	}
	return whole;
}

static struct ws_span
part(const char *text, uint16_t at, uint16_t octets)
{
	return (struct ws_span){ text + at, octets };
}

static bool
is(struct ws_span span, const char *text)
{
	return ws_span_equal(span, (struct ws_span){ text, strlen(text) });
}

/* ---- what is accepted ---------------------------------------------------- */

static const struct {
	const char *name, *text;
	int method;
	const char *path, *query, *host; /* query NULL: none */
} targets[] = {
	{ "origin", GET11 HOST "\r\n", WS_HTTP_GET, "/", NULL, "a" },
	{ "query", "GET /p?q=1?2 HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_GET, "/p",
	    "q=1?2", "a" },
	{ "empty query", "GET /? HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_GET, "/",
	    "", "a" },
	{ "two slashes", "GET //x HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_GET, "//x",
	    NULL, "a" },
	{ "asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_OPTIONS,
	    "*", NULL, "a" },
	{ "absolute", "GET http://b:80/x?y HTTP/1.1\r\n" HOST "\r\n",
	    WS_HTTP_GET, "/x", "y", "b:80" },
	{ "absolute, https in capitals",
	    "GET HTTPS://b/ HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_GET, "/", NULL,
	    "b" },
	{ "absolute without path", "GET http://b HTTP/1.1\r\n" HOST "\r\n",
	    WS_HTTP_GET, "/", NULL, "b" },
	{ "absolute with query only", "GET http://b?q HTTP/1.1\r\n" HOST "\r\n",
	    WS_HTTP_GET, "/", "q", "b" },
	{ "authority", "CONNECT b:443 HTTP/1.1\r\n" HOST "\r\n",
	    WS_HTTP_CONNECT, "", NULL, "b:443" },
	{ "HTTP/1.0 without Host", "HEAD / HTTP/1.0\r\n\r\n", WS_HTTP_HEAD, "/",
	    NULL, "" },
	{ "empty lines before",
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET11 HOST "\r\n", WS_HTTP_GET,
	    "/", NULL, "a" },
	{ "IPv6", GET11 "Host: [::1]:8080\r\n\r\n", WS_HTTP_GET, "/", NULL,
	    "[::1]:8080" },
	{ "IPv6 without port", GET11 "Host: [fe80::A.1]\r\n\r\n", WS_HTTP_GET,
	    "/", NULL, "[fe80::A.1]" },
	{ "empty port", GET11 "Host: a:\r\n\r\n", WS_HTTP_GET, "/", NULL,
	    "a:" },
	{ "highest port", GET11 "Host: a_b:65535\r\n\r\n", WS_HTTP_GET, "/",
	    NULL, "a_b:65535" },
	{ "POST", "POST / HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_POST, "/", NULL,
	    "a" },
	{ "PUT", "PUT / HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_PUT, "/", NULL,
	    "a" },
	{ "DELETE", "DELETE / HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_DELETE, "/",
	    NULL, "a" },
	{ "TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_TRACE, "/", NULL,
	    "a" },
	{ "PATCH", "PATCH / HTTP/1.1\r\n" HOST "\r\n", WS_HTTP_PATCH, "/", NULL,
	    "a" },
};

Test(http, reads_every_form_of_request)
{
	for (size_t i = 0; i < WS_LEN(targets); i++) {
		const char *name = targets[i].name, *t = targets[i].text;
		struct ws_http_head h;
		ssize_t r = parse(name, t, strlen(t), &h);

		cr_assert_eq(r, (ssize_t)strlen(t), "%s: %zd", name, r);
		cr_expect_eq(h.method, targets[i].method, "%s", name);
		cr_expect(
		    is(part(t, h.path_at, h.path_octets), targets[i].path),
		    "%s: path", name);
		cr_expect_eq(h.has_query, targets[i].query != NULL, "%s", name);
		cr_expect(
		    !h.has_query || is(part(t, h.query_at, h.query_octets),
					targets[i].query),
		    "%s: query", name);
		cr_expect(
		    is(part(t, h.host_at, h.host_octets), targets[i].host),
		    "%s: host", name);
	}
}

enum {
	KEEP = 1,
	UP = 2,
	CHUNKED = 4,
	LENGTH = 8,
	EXPECT = 16
};

static const struct {
	const char *name, *text;
	unsigned flags;
	uint64_t octets;
} meanings[] = {
	{ "1.1 keeps", GET11 HOST "\r\n", KEEP, 0 },
	{ "1.0 does not", "GET / HTTP/1.0\r\n\r\n", 0, 0 },
	{ "1.0 keep-alive",
	    "GET / HTTP/1.0\r\nconnection: a, Keep-Alive\r\n\r\n", KEEP, 0 },
	{ "1.9 is as 1.1", "GET / HTTP/1.9\r\n" HOST "\r\n", KEEP, 0 },
	{ "close", GET11 HOST "Connection: CLOSE\r\n\r\n", 0, 0 },
	{ "close wins",
	    GET11 HOST "Connection: close\r\nConnection: keep-alive\r\n\r\n", 0,
	    0 },
	{ "close in quotes is none",
	    GET11 HOST "Connection: \"x, close\"\r\n\r\n", KEEP, 0 },
	{ "upgrade",
	    GET11 HOST
	    "Upgrade: websocket\r\n"
	    "Connection: keep-alive\r\nConnection: x,Upgrade\r\n\r\n",
	    KEEP | UP, 0 },
	{ "no Upgrade field", GET11 HOST "Connection: upgrade\r\n\r\n", KEEP,
	    0 },
	{ "no upgrade option", GET11 HOST "Upgrade: websocket\r\n\r\n", KEEP,
	    0 },
	{ "no upgrade in 1.0",
	    "GET / HTTP/1.0\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", 0,
	    0 },
	{ "length", GET11 HOST "Content-Length: 42\r\n\r\n", KEEP | LENGTH,
	    42 },
	{ "length 0", GET11 HOST "Content-Length: 0\r\n\r\n", KEEP | LENGTH,
	    0 },
	{ "length of 19 digits",
	    GET11 HOST "Content-Length: 9999999999999999999\r\n\r\n",
	    KEEP | LENGTH, UINT64_C(9999999999999999999) },
	{ "chunked", GET11 HOST "Transfer-Encoding:  Chunked\t\r\n\r\n",
	    KEEP | CHUNKED, 0 },
	{ "expect", GET11 HOST "Expect: 100-Continue\r\n\r\n", KEEP | EXPECT,
	    0 },
	{ "expect in 1.0", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", 0,
	    0 },
	{ "longer names are others",
	    GET11 HOST "Hostile: x y\r\nHos: @\r\nxContent-Length: -1\r\n\r\n",
	    KEEP, 0 },
};

Test(http, knows_what_the_fields_mean)
{
	for (size_t i = 0; i < WS_LEN(meanings); i++) {
		const char *name = meanings[i].name, *t = meanings[i].text;
		struct ws_http_head h;
		ssize_t r = parse(name, t, strlen(t), &h);
		unsigned flags;

		cr_assert_eq(r, (ssize_t)strlen(t), "%s: %zd", name, r);
		flags = (h.keep_alive ? KEEP : 0u) | (h.upgrade ? UP : 0u) |
			(h.chunked ? CHUNKED : 0u) |
			(h.has_length ? LENGTH : 0u) |
			(h.expect_continue ? EXPECT : 0u);
		cr_expect_eq(flags, meanings[i].flags, "%s: %u", name, flags);
		cr_expect_eq(h.content_octets, meanings[i].octets, "%s", name);
	}
}

Test(http, finds_fields)
{
	const char t[] = GET11 HOST "X: \t one \t\r\nx:\r\nX:a, ,tWo ,c\r\n"
				    "Y: \x80\xff\t!\r\n\r\nsurplus";
	struct ws_http_head h;
	struct ws_span v = { NULL, 0 };

	cr_assert_eq(parse("fields", t, sizeof(t) - 1, &h),
	    (ssize_t)(sizeof(t) - 1 - 7));
	cr_expect_eq(ws_http_field(&h, t, WS_SPAN("none"), &v), 0);
	cr_expect_null(v.at);
	cr_expect_eq(ws_http_field(&h, t, WS_SPAN("x"), &v), 3);
	cr_expect(is(v, "one"));
	cr_expect(ws_http_field_nth(&h, t, WS_SPAN("X"), 1, &v));
	cr_expect(is(v, ""));
	cr_expect(ws_http_field_nth(&h, t, WS_SPAN("X"), 2, &v));
	cr_expect(is(v, "a, ,tWo ,c"));
	cr_expect_not(ws_http_field_nth(&h, t, WS_SPAN("X"), 3, &v));
	cr_expect(ws_http_field_nth(&h, t, WS_SPAN("y"), 0, &v));
	cr_expect(is(v, "\x80\xff\t!"));
	cr_expect(ws_http_has_token(&h, t, WS_SPAN("x"), WS_SPAN("Two")));
	cr_expect(ws_http_has_token(&h, t, WS_SPAN("x"), WS_SPAN("one")));
	cr_expect_not(ws_http_has_token(&h, t, WS_SPAN("x"), WS_SPAN("tw")));
	cr_expect_not(ws_http_has_token(&h, t, WS_SPAN("z"), WS_SPAN("one")));
}

/* ---- what is refused ----------------------------------------------------- */

#define FIELD(line) GET11 HOST line "\r\n"

/* Each text is the shortest that is certain: without its last octet the
 * parser still waits. */
static const struct {
	const char *name;
	struct ws_span text;
	int error;
} refusals[] = {
#define REFUSE(name, text, error)                       \
	{                                               \
		name, { text, sizeof(text) - 1 }, error \
	}
	REFUSE("TLS ClientHello", "\x16", WS_HTTP_EREQUEST),
	REFUSE("NUL", "\0", WS_HTTP_EREQUEST),
	REFUSE("space first", " ", WS_HTTP_EREQUEST),
	REFUSE("bare LF first", "\n", WS_HTTP_ELINE),
	REFUSE("bare CR first", "\rG", WS_HTTP_ELINE),
	REFUSE("nine empty lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r",
	    WS_HTTP_EREQUEST),
	REFUSE("tab behind the method", "GET\t", WS_HTTP_EREQUEST),
	REFUSE("method alone", "GET\r", WS_HTTP_EREQUEST),
	REFUSE("method and LF", "GET\n", WS_HTTP_ELINE),
	REFUSE("method in lower case", "get ", WS_HTTP_EMETHOD),
	REFUSE("method of 7", "GARBAGE ", WS_HTTP_EMETHOD),
	REFUSE("method of 8", "PROPFIND", WS_HTTP_EMETHOD),
	REFUSE("part of a method", "GE ", WS_HTTP_EMETHOD),
	REFUSE("obs-text in the method", "G\x80", WS_HTTP_EREQUEST),
	REFUSE("two spaces", "GET  ", WS_HTTP_EREQUEST),
	REFUSE("HTTP/0.9", "GET /\r", WS_HTTP_EREQUEST),
	REFUSE("LF in the target", "GET /\n", WS_HTTP_ELINE),
	REFUSE("NUL in the target", "GET /\0", WS_HTTP_ETARGET),
	REFUSE("tab in the target", "GET /\t", WS_HTTP_ETARGET),
	REFUSE("DEL in the target", "GET /\x7f", WS_HTTP_ETARGET),
	REFUSE("obs-text in the target", "GET /\xc3", WS_HTTP_ETARGET),
	REFUSE("fragment", "GET /#", WS_HTTP_ETARGET),
	REFUSE("no form", "GET x ", WS_HTTP_ETARGET),
	REFUSE("asterisk with GET", "GET * ", WS_HTTP_ETARGET),
	REFUSE("asterisk and more", "OPTIONS *a ", WS_HTTP_ETARGET),
	REFUSE("other scheme", "GET ftp://a/ ", WS_HTTP_ETARGET),
	REFUSE("part of a scheme", "GET http:/ ", WS_HTTP_ETARGET),
	REFUSE("no authority", "GET http:///x ", WS_HTTP_ETARGET),
	REFUSE("userinfo", "GET http://u@h/ ", WS_HTTP_ETARGET),
	REFUSE("CONNECT with a path", "CONNECT / ", WS_HTTP_ETARGET),
	REFUSE("CONNECT without port", "CONNECT a ", WS_HTTP_ETARGET),
	REFUSE("CONNECT, empty port", "CONNECT a: ", WS_HTTP_ETARGET),
	REFUSE("target of 65", "GET /" A64, WS_HTTP_EURI),
	REFUSE("two spaces before the version", "GET /  ", WS_HTTP_EREQUEST),
	REFUSE("other protocol", "GET / HTC", WS_HTTP_EREQUEST),
	REFUSE("version in lower case", "GET / h", WS_HTTP_EREQUEST),
	REFUSE("no number", "GET / HTTP/.", WS_HTTP_EREQUEST),
	REFUSE("minor missing", "GET / HTTP/1\r", WS_HTTP_EREQUEST),
	REFUSE("minor empty", "GET / HTTP/1.\r", WS_HTTP_EREQUEST),
	REFUSE("two points", "GET / HTTP/1..", WS_HTTP_EREQUEST),
	REFUSE("minor of two", "GET / HTTP/1.11", WS_HTTP_EREQUEST),
	REFUSE("three numbers", "GET / HTTP/1.1.", WS_HTTP_EREQUEST),
	REFUSE("space behind", "GET / HTTP/1.1 ", WS_HTTP_EREQUEST),
	REFUSE("version and LF", "GET / HTTP/1.1\n", WS_HTTP_ELINE),
	REFUSE("version and CR", "GET / HTTP/1.1\rX", WS_HTTP_ELINE),
	REFUSE("0.9", "GET / HTTP/0.9\r\n", WS_HTTP_EVERSION),
	REFUSE("2.0", "GET / HTTP/2.0\r\n", WS_HTTP_EVERSION),
	REFUSE("3.0", "GET / HTTP/3.0\r\n", WS_HTTP_EVERSION),
	REFUSE("11.1", "GET / HTTP/11.1\r\n", WS_HTTP_EVERSION),
	REFUSE("01.1", "GET / HTTP/01.1\r\n", WS_HTTP_EVERSION),
	REFUSE("space before the first field", GET11 " ", WS_HTTP_EFOLD),
	REFUSE("obs-fold", GET11 HOST "\t", WS_HTTP_EFOLD),
	REFUSE("empty name", GET11 ":", WS_HTTP_EFIELD),
	REFUSE("space before the colon", GET11 "Host ", WS_HTTP_EFIELD),
	REFUSE("space for the colon", GET11 "Content-Length ", WS_HTTP_EFIELD),
	REFUSE("no colon", GET11 "Host\r", WS_HTTP_EFIELD),
	REFUSE("no colon and LF", GET11 "Host\n", WS_HTTP_ELINE),
	REFUSE("NUL in a name", GET11 "Ho\0", WS_HTTP_EFIELD),
	REFUSE("obs-text in a name", GET11 "Ho\xc3", WS_HTTP_EFIELD),
	REFUSE("brace in a name", GET11 "(", WS_HTTP_EFIELD),
	REFUSE("NUL in a value", GET11 "A: b\0", WS_HTTP_EFIELD),
	REFUSE("DEL far in a value", GET11 "A: " A64 "\x7f", WS_HTTP_EFIELD),
	REFUSE("control octet", GET11 "A: " A8 "\x0b", WS_HTTP_EFIELD),
	REFUSE("0x1f", GET11 "A: \x1f", WS_HTTP_EFIELD),
	REFUSE("LF in a value", GET11 "A: b\n", WS_HTTP_ELINE),
	REFUSE("CR in a value", GET11 "A: b\rc", WS_HTTP_ELINE),
	REFUSE("CR CR", GET11 "A: b\r\r", WS_HTTP_ELINE),
	REFUSE("LF for the empty line", GET11 HOST "\n", WS_HTTP_ELINE),
	REFUSE("CR for the empty line", GET11 HOST "\rX", WS_HTTP_ELINE),
	REFUSE("no Host", GET11 "\r\n", WS_HTTP_EHOST),
	REFUSE("no Host, absolute", "GET http://a/ HTTP/1.1\r\n\r\n",
	    WS_HTTP_EHOST),
	REFUSE("two Hosts", FIELD("Host: a"), WS_HTTP_EHOST),
	REFUSE("empty Host", GET11 "Host:\r\n", WS_HTTP_EHOST),
	REFUSE("port only", GET11 "Host: :80\r\n", WS_HTTP_EHOST),
	REFUSE("Host userinfo", GET11 "Host: u@a\r\n", WS_HTTP_EHOST),
	REFUSE("Host path", GET11 "Host: a/b\r\n", WS_HTTP_EHOST),
	REFUSE("Host space", GET11 "Host: a b\r\n", WS_HTTP_EHOST),
	REFUSE("Host list", GET11 "Host: a,b\r\n", WS_HTTP_EHOST),
	REFUSE("Host escape", GET11 "Host: %61\r\n", WS_HTTP_EHOST),
	REFUSE("Host obs-text", GET11 "Host: \xe9\r\n", WS_HTTP_EHOST),
	REFUSE("Host bad port", GET11 "Host: a:8x\r\n", WS_HTTP_EHOST),
	REFUSE("Host big port", GET11 "Host: a:65536\r\n", WS_HTTP_EHOST),
	REFUSE("Host long port", GET11 "Host: a:000080\r\n", WS_HTTP_EHOST),
	REFUSE("Host two ports", GET11 "Host: a:1:2\r\n", WS_HTTP_EHOST),
	REFUSE("open bracket", GET11 "Host: [::1\r\n", WS_HTTP_EHOST),
	REFUSE("empty bracket", GET11 "Host: []\r\n", WS_HTTP_EHOST),
	REFUSE("name in brackets", GET11 "Host: [g]\r\n", WS_HTTP_EHOST),
	REFUSE("behind brackets", GET11 "Host: [::]a\r\n", WS_HTTP_EHOST),
	REFUSE("length empty", FIELD("Content-Length:"), WS_HTTP_ELENGTH),
	REFUSE("length -1", FIELD("Content-Length: -1"), WS_HTTP_ELENGTH),
	REFUSE("length +1", FIELD("Content-Length: +1"), WS_HTTP_ELENGTH),
	REFUSE("length 1e3", FIELD("Content-Length: 1e3"), WS_HTTP_ELENGTH),
	REFUSE("length 0x1", FIELD("Content-Length: 0x1"), WS_HTTP_ELENGTH),
	REFUSE("length 1,1", FIELD("Content-Length: 1,1"), WS_HTTP_ELENGTH),
	REFUSE("length 1 1", FIELD("Content-Length: 1 1"), WS_HTTP_ELENGTH),
	REFUSE("length 01", FIELD("Content-Length: 01"), WS_HTTP_ELENGTH),
	REFUSE("length of 20 digits",
	    FIELD("Content-Length: 18446744073709551616"), WS_HTTP_ELENGTH),
	REFUSE("two equal lengths",
	    FIELD("Content-Length: 1\r\nContent-Length: 1"), WS_HTTP_ELENGTH),
	REFUSE("length, then chunked",
	    FIELD("Content-Length: 1\r\nTransfer-Encoding: chunked"),
	    WS_HTTP_ESMUGGLE),
	REFUSE("chunked, then length",
	    FIELD("Transfer-Encoding: chunked\r\nContent-Length: 1"),
	    WS_HTTP_ESMUGGLE),
	REFUSE("gzip", FIELD("Transfer-Encoding: gzip"), WS_HTTP_ECODING),
	REFUSE(
	    "xchunked", FIELD("Transfer-Encoding: xchunked"), WS_HTTP_ECODING),
	REFUSE("gzip, chunked", FIELD("Transfer-Encoding: gzip, chunked"),
	    WS_HTTP_ECODING),
	REFUSE("chunked, gzip", FIELD("Transfer-Encoding: chunked, gzip"),
	    WS_HTTP_ETRANSFER),
	REFUSE("chunked, chunked", FIELD("Transfer-Encoding: chunked, chunked"),
	    WS_HTTP_ETRANSFER),
	REFUSE(", chunked", FIELD("Transfer-Encoding: ,chunked"),
	    WS_HTTP_ETRANSFER),
	REFUSE("no coding", FIELD("Transfer-Encoding:"), WS_HTTP_ETRANSFER),
	REFUSE("chunked in two lines",
	    FIELD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
	    WS_HTTP_ETRANSFER),
	REFUSE("chunked in 1.0",
	    "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
	    WS_HTTP_ETRANSFER),
	REFUSE("expectation", FIELD("Expect: tea"), WS_HTTP_EEXPECT),
	REFUSE("two expectations", FIELD("Expect: 100-continue, tea"),
	    WS_HTTP_EEXPECT),
#undef REFUSE
};

Test(http, refuses_as_early_as_certain)
{
	for (size_t i = 0; i < WS_LEN(refusals); i++) {
		const char *name = refusals[i].name;
		struct ws_span t = refusals[i].text;
		struct ws_http_head h;
		ssize_t r = parse(name, t.at, t.len, &h);

		cr_expect_eq(r, refusals[i].error, "%s: %zd", name, r);
		cr_expect_eq(feed(&h, t.at, t.len), r, "%s: not sticky", name);
		r = parse(name, t.at, t.len - 1, &h);
		cr_expect_eq(r, 0, "%s: too early: %zd", name, r);
	}
}

/* ---- limits -------------------------------------------------------------- */

Test(http, target_may_be_as_long_as_the_limit)
{
	char text[256];
	struct ws_http_head h;
	int n = snprintf(
	    text, sizeof(text), "GET /%.63s HTTP/1.1\r\n" HOST "\r\n", A64);

	cr_assert_eq(parse("64", text, (size_t)n, &h), n);
	cr_expect_eq(h.path_octets, 64);
}

/* A head whose only long thing is one value, octets long in all. */
static void
head_of(char *text, size_t octets)
{
	const char front[] = GET11 HOST "A: ";

	memset(text, 'x', octets);
	memcpy(text, front, sizeof(front) - 1);
	memcpy(text + octets - 4, "\r\n\r\n", 4);
}

Test(http, head_may_be_as_large_as_the_limit)
{
	char text[HEAD_MAX + 1];
	struct ws_http_head h;

	head_of(text, HEAD_MAX);
	cr_expect_eq(parse("exact", text, HEAD_MAX, &h), HEAD_MAX);
	head_of(text, HEAD_MAX + 1);
	cr_expect_eq(
	    parse("one more", text, sizeof(text), &h), WS_HTTP_ETOOLARGE);
	cr_expect_eq(parse("not yet", text, HEAD_MAX - 1, &h), 0);
	cr_expect_eq(parse("certain", text, HEAD_MAX, &h), WS_HTTP_ETOOLARGE);
}

Test(http, limits_are_capped)
{
	struct ws_http_head h;

	ws_http_init(&h, SIZE_MAX, SIZE_MAX);
	cr_expect_eq(h.head_max, WS_HTTP_HEAD_MAX);
	cr_expect_eq(h.uri_max, WS_HTTP_HEAD_MAX);
}

/* CVE-2024-37890: Upgrade before and behind the last field allowed. */
Test(http, fields_may_be_as_many_as_the_limit)
{
	char text[2048];
	struct ws_http_head h;
	size_t n = (size_t)snprintf(
	    text, sizeof(text), GET11 HOST "Connection: upgrade\r\n");

	for (int i = 0; i < WS_HTTP_FIELDS_MAX - 3; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "A:\r\n");
	n += (size_t)snprintf(
	    text + n, sizeof(text) - n, "Upgrade: websocket\r\n\r\n");
	ws_http_init(&h, sizeof(text), URI_MAX);
	cr_expect_eq(feed(&h, text, n), (ssize_t)n);
	cr_expect(h.upgrade);
	cr_expect_eq(h.nfields, WS_HTTP_FIELDS_MAX);

	text[n - 2] = 'B'; /* the first octet of one more */
	ws_http_init(&h, sizeof(text), URI_MAX);
	cr_expect_eq(feed(&h, text, n - 2), 0);
	cr_expect_eq(feed(&h, text, n - 1), WS_HTTP_ETOOMANY);
}

/* RUSTSEC-2023-0065, CVE-2021-32640: the largest head, of the costliest
 * octets, arriving one by one. Quadratic time would be minutes. */
Test(http, time_is_linear, .timeout = 5)
{
	static char text[WS_HTTP_HEAD_MAX];
	static const char *const fills[] = { " ", ",", ", ", "x", "\"\\" };

	for (size_t i = 0; i < WS_LEN(fills); i++) {
		const char front[] = GET11 HOST "Connection: ";
		struct ws_http_head h;
		ssize_t r = 0;

		for (size_t n = 0; n < sizeof(text); n++)
			text[n] = fills[i][n % strlen(fills[i])];
		memcpy(text, front, sizeof(front) - 1);
		memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
		ws_http_init(&h, sizeof(text), URI_MAX);
		for (size_t n = 0; n <= sizeof(text) && r == 0; n++)
			r = ws_http_parse(&h, text, n);
		cr_expect_eq(r, WS_HTTP_HEAD_MAX, "%zu: %zd", i, r);
	}
}

/* ---- every octet, names -------------------------------------------------- */

/* Which of the 256 octets may stand in a value, a name, a target, a host:
 * written down a second time, in the words of the RFCs. */
Test(http, classes_are_those_of_the_rfcs)
{
	const char *tchar = "!#$%&'*+-.^_`|~";
	const char *reg_name = "-._~!$&'()*+;=";

	for (int c = 0; c < 256; c++) {
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z');
		bool vchar = c > 0x20 && c < 0x7f;
		char o = (char)c;

		cr_expect_eq(ws_http_is(o, WS_HTTP_TOKEN),
		    alnum || (c != 0 && strchr(tchar, c) != NULL), "%d", c);
		cr_expect_eq(ws_http_is(o, WS_HTTP_HOST),
		    alnum || (c != 0 && strchr(reg_name, c) != NULL), "%d", c);
		cr_expect_eq(ws_http_is(o, WS_HTTP_TEXT),
		    vchar || c == ' ' || c == '\t' || c > 0x7f, "%d", c);
		cr_expect_eq(
		    ws_http_is(o, WS_HTTP_TARGET), vchar && c != '#', "%d", c);
	}
}

/* Values are scanned eight octets at a time: each octet in each lane. */
Test(http, every_octet_in_every_lane_of_a_value)
{
	for (size_t lane = 0; lane < 16; lane++) {
		for (int c = 0; c < 256; c++) {
			char text[] =
			    GET11 HOST "A:0123456789abcdef\x80\r\n\r\n";
			struct ws_http_head h;
			ssize_t r;

			if (c == '\r')
				continue;
			text[strlen(GET11 HOST "A:") + lane] = (char)c;
			ws_http_init(&h, HEAD_MAX, URI_MAX);
			r = ws_http_parse(&h, text, sizeof(text) - 1);
			if (ws_http_is((char)c, WS_HTTP_TEXT))
				cr_expect_gt(r, 0, "%d in %zu", c, lane);
			else
				cr_expect_lt(r, 0, "%d in %zu", c, lane);
		}
	}
}

Test(http, errors_have_status_and_text)
{
	static const int statuses[] = { 400, 501, 505, 414, 400, 400, 400, 400,
		431, 431, 400, 400, 400, 501, 400, 417, 413, 400 };

	for (int e = 0; e < (int)WS_LEN(statuses); e++) {
		cr_expect_eq(ws_http_error_status(-1 - e), statuses[e]);
		cr_expect_gt(strlen(ws_http_error_text(-1 - e)), 10u);
	}
	cr_expect_eq(ws_http_error_status(0), 400);
	cr_expect_eq(ws_http_error_status(-19), 400);
	cr_expect_str_eq(ws_http_error_text(0), "the request is malformed");
	cr_expect_str_eq(ws_http_error_text(-19), "the request is malformed");
}

Test(http, methods_have_names)
{
	cr_expect_str_eq(ws_http_method_name(WS_HTTP_GET), "GET");
	cr_expect_str_eq(ws_http_method_name(WS_HTTP_PATCH), "PATCH");
	cr_expect_str_eq(ws_http_method_name(-1), "");
	cr_expect_str_eq(ws_http_method_name(WS_HTTP_PATCH + 1), "");
}
