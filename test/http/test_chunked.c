/* test_chunked.c - the chunked decoder, whole and in pieces. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "http.h"
#include "test/guard.h"

enum {
	BODY_MAX = 8192
};

/* What came out of a decoder. */
struct result {
	struct ws_http_chunked c;
	size_t consumed; /* before the end or the error */
	size_t len;
	char body[BODY_MAX];
};

/* Feed one piece out of a block that ends with it. */
static void
feed(struct result *r, const char *in, size_t len)
{
	struct guard g = guard_copy(in, len);
	size_t at = 0;

	while (at < len && !r->c.done && r->c.error == 0) {
		struct ws_span data;
		ssize_t n = ws_http_chunked(
		    &r->c, (const char *)g.at + at, len - at, &data);

		if (n < 0) {
			cr_assert_eq(n, r->c.error);
			break;
		}
		cr_assert_gt(n, 0);
		cr_assert_leq((size_t)n, len - at);
		cr_assert_leq(data.len, BODY_MAX - r->len);
		memcpy(r->body + r->len, data.at, data.len);
		r->len += data.len;
		at += (size_t)n;
	}
	r->consumed += at;
	guard_free(&g);
}

static bool
same(const struct result *a, const struct result *b)
{
	return a->c.done == b->c.done && a->c.error == b->c.error &&
	       a->len == b->len && memcmp(a->body, b->body, a->len) == 0 &&
	       (a->c.error != 0 || a->consumed == b->consumed);
}

/* Decode a text whole, octet by octet, and cut at every position. */
static void
decode(const char *name, struct ws_span in, struct result *whole)
{
	static struct result r;

	memset(whole, 0, sizeof(*whole));
	feed(whole, in.at, in.len);
	memset(&r, 0, sizeof(r));
	for (size_t i = 0; i < in.len; i++)
		feed(&r, in.at + i, 1);
	cr_assert(same(whole, &r), "%s: octet by octet", name);
	for (size_t n = 0; n <= in.len; n++) {
		memset(&r, 0, sizeof(r));
		feed(&r, in.at, n);
		feed(&r, in.at + n, in.len - n);
		cr_assert(same(whole, &r), "%s: cut at %zu", name, n);
	}
}

static const struct {
	const char *name;
	struct ws_span in;
	const char *body;
	size_t left; /* octets behind the body */
} bodies[] = {
#define BODY(name, in, body, left)                       \
	{                                                \
		name, { in, sizeof(in) - 1 }, body, left \
	}
	BODY("nothing", "0\r\n\r\n", "", 0),
	BODY("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", 0),
	BODY("two chunks, the next request stays",
	    "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET /", "hello", 5),
	BODY("CRLF as data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0),
	BODY("capital digit", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0),
	BODY("small digit", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0),
	BODY("16 digits", "0000000000000001\r\nx\r\n0000\r\n\r\n", "x", 0),
	BODY("extensions",
	    "1;a\r\nx\r\n1;a=b;c=\"d;\\\"\t\\\\\";e\r\ny\r\n0;z=1\r\n\r\n",
	    "xy", 0),
	BODY("trailers", "1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x", 0),
#undef BODY
};

Test(chunked, decodes_bodies)
{
	static struct result r;

	for (size_t i = 0; i < WS_LEN(bodies); i++) {
		const char *name = bodies[i].name;

		decode(name, bodies[i].in, &r);
		cr_expect(r.c.done, "%s: not done", name);
		cr_expect_eq(
		    r.consumed, bodies[i].in.len - bodies[i].left, "%s", name);
		cr_expect_eq(r.len, strlen(bodies[i].body), "%s", name);
		cr_expect_eq(
		    memcmp(r.body, bodies[i].body, r.len), 0, "%s", name);
	}
}

/* Each is the shortest that is certain: without its last octet the decoder
 * still waits. openwrt/uhttpd#6, mongoose#2552, bun#29732. */
static const struct {
	const char *name;
	struct ws_span in;
} refusals[] = {
#define REFUSE(name, in)                   \
	{                                  \
		name,                      \
		{                          \
			in, sizeof(in) - 1 \
		}                          \
	}
	REFUSE("empty size", "\r"),
	REFUSE("extension without size", ";"),
	REFUSE("space before the size", " "),
	REFUSE("minus", "-"),
	REFUSE("plus", "+"),
	REFUSE("0x1", "0x"),
	REFUSE("0_0", "0_"),
	REFUSE("no digit", "g"),
	REFUSE("space behind the size", "1 "),
	REFUSE("tab behind the size", "1\t"),
	REFUSE("NUL behind the size", "1\0"),
	REFUSE("bare LF behind the size", "1\n"),
	REFUSE("bare CR behind the size", "1\rx"),
	REFUSE("17 digits", "00000000000000001"),
	REFUSE("17 times f", "fffffffffffffffff"),
	REFUSE("10000000000000000", "10000000000000000"),
	REFUSE("data too long", "1\r\nxy"),
	REFUSE("LF behind data", "1\r\nx\n"),
	REFUSE("CR alone behind data", "1\r\nx\r1"),
	REFUSE("empty extension", "1;\r"),
	REFUSE("two semicolons", "1;;"),
	REFUSE("space in an extension", "1;a "),
	REFUSE("LF in an extension", "1;a\n"),
	REFUSE("NUL in an extension", "1;a=b\0"),
	REFUSE("empty value", "1;a=\r"),
	REFUSE("no name", "1;="),
	REFUSE("two equals", "1;a=b="),
	REFUSE("CR in quotes", "1;a=\"\r"),
	REFUSE("LF in quotes", "1;a=\"\n"),
	REFUSE("control octet in quotes", "1;a=\"\x01"),
	REFUSE("escaped LF", "1;a=\"\\\n"),
	REFUSE("behind quotes", "1;a=\"b\"c"),
	REFUSE("LF ends the last chunk", "0\n"),
	REFUSE("0 and CR", "0\rX"),
	REFUSE("two octets for CRLF", "0\r\nXX\r"),
	REFUSE("LF for the empty line", "0\r\n\n"),
	REFUSE("CR for the empty line", "0\r\n\rX"),
	REFUSE("trailer without name", "0\r\n:"),
	REFUSE("folded trailer", "0\r\n "),
	REFUSE("space before the colon", "0\r\nA "),
	REFUSE("NUL in a trailer", "0\r\nA:\0"),
	REFUSE("LF in a trailer", "0\r\nA: b\n"),
	REFUSE("CR in a trailer", "0\r\nA: b\rc"),
#undef REFUSE
};

Test(chunked, refuses_as_early_as_certain)
{
	static struct result r;

	for (size_t i = 0; i < WS_LEN(refusals); i++) {
		const char *name = refusals[i].name;
		struct ws_span in = refusals[i].in, data;

		decode(name, in, &r);
		cr_expect_eq(r.c.error, WS_HTTP_ECHUNK, "%s", name);
		cr_expect_eq(ws_http_chunked(&r.c, "0", 1, &data),
		    WS_HTTP_ECHUNK, "%s: not sticky", name);
		cr_expect_eq(data.len, 0, "%s", name);
		in.len--;
		decode(name, in, &r);
		cr_expect_eq(r.c.error, 0, "%s: too early", name);
		cr_expect_not(r.c.done, "%s: done", name);
	}
}

Test(chunked, largest_size_does_not_overflow)
{
	struct ws_http_chunked c = { 0 };
	struct ws_span data;

	cr_expect_eq(
	    ws_http_chunked(&c, "ffffffffffffffff\r\nxyz", 21, &data), 21);
	cr_expect_eq(data.len, 3);
	cr_expect_eq(c.remaining, UINT64_MAX - 3);
}

Test(chunked, takes_nothing_when_done)
{
	struct ws_http_chunked c = { 0 };
	struct ws_span data;

	cr_expect_eq(ws_http_chunked(&c, "0\r\n\r\nG", 6, &data), 5);
	cr_expect(c.done);
	cr_expect_eq(ws_http_chunked(&c, "G", 1, &data), 0);
}

/* Feed a text again and again; returns how often it was taken whole. */
static unsigned
repeat(struct ws_http_chunked *c, const char *text, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		size_t at = 0, len = strlen(text);

		while (at < len) {
			struct ws_span data;
			ssize_t n =
			    ws_http_chunked(c, text + at, len - at, &data);

			if (n < 0)
				return i;
			at += (size_t)n;
		}
	}
	return times;
}

/* The limit counts the octets of all extensions and trailers together. */
Test(chunked, extensions_and_trailers_are_bounded_in_all)
{
	struct ws_http_chunked c = { 0 };

	/* "aaa\r": the name and the CR count, the first ';' does not. */
	cr_expect_eq(repeat(&c, "1;aaa\r\nx\r\n", 2000), 1024);
	c = (struct ws_http_chunked){ 0 };
	cr_expect_eq(repeat(&c, "0\r\nA:", 1), 1);
	cr_expect_eq(repeat(&c, "x", 5000), 4094);
}

/* Chunks of one octet without extensions are nobody's fault. */
Test(chunked, tiny_chunks_are_unlimited)
{
	struct ws_http_chunked c = { 0 };

	cr_expect_eq(repeat(&c, "1\r\nx\r\n", 100000), 100000);
}
