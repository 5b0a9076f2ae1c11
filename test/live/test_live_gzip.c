/* test_live_encoding.c - compressed answers through a real server. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "deflate/gzip.h"
#include "test/client.h"
#include "live.h"
#include "test/tree.h"

#define HOST "Host: localhost\r\n"
#define GZIP "Accept-Encoding: gzip, deflate, br\r\n"
#define LONG 5000       /* octets of what is compressed */
#define PAGE 300000     /* of a page */
#define LARGE (1 << 20) /* the longest that is */

static struct live live;
static char root[64];
static char text[LARGE + 2]; /* numbered lines */
static struct ws_request *held;

/* ---- the application ---------------------------------------------------- */

/* /reply?type=TYPE&len=LEN&field=NAME&plain=1 */
static void
on_reply(struct ws_request *request)
{
	char type[64], len[16], field[32], plain[4];
	bool typed = ws_request_param(request, "type", type, sizeof(type)) > 0;

	cr_assert_gt(ws_request_param(request, "len", len, sizeof(len)), 0);
	if (ws_request_param(request, "field", field, sizeof(field)) > 0)
		cr_assert_eq(ws_reply_field(request, field, "\"x\""), 0);
	if (ws_request_param(request, "plain", plain, sizeof(plain)) > 0)
		ws_reply_plain(request);
	cr_assert_eq(ws_reply(request, 200, typed ? type : NULL, text,
			 strtoul(len, NULL, 10)),
	    0);
}

static void
on_hold(struct ws_request *request)
{
	cr_assert_eq(ws_hold(request, NULL, NULL), 0);
	held = request;
}

static const unsigned char hello_gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
	255, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0,
	0, 0 };
static const struct ws_asset hello = { "/hello.txt", hello_gzip,
	sizeof(hello_gzip), "\"hello\"", 5 };
static const struct ws_files_options kept = { .cache = "max-age=9" };

static void
on_asset(struct ws_request *request)
{
	cr_assert_eq(ws_reply_field(request, "X-Mine", "yes"), 0);
	cr_assert_eq(ws_reply_asset(request, &hello, &kept), 0);
	cr_assert_eq(ws_reply_asset(request, &hello, NULL), WS_ESTATE);
}

static void
setup(struct ws_server *server)
{
	if (ws_http(server, "/reply", NULL, on_reply, NULL) < 0 ||
	    ws_http(server, "/hold", NULL, on_hold, NULL) < 0 ||
	    ws_http(server, "/asset", NULL, on_asset, NULL) < 0 ||
	    ws_files(server, "/", root, NULL) < 0)
		abort();
}

static void
begin(void)
{
	char end;

	for (size_t n = 0; n < LARGE;
	     n += (size_t)snprintf(text + n, sizeof(text) - n, "line %zu\n", n))
		continue;
	tree_make(root);
	end = text[PAGE];
	text[PAGE] = '\0';
	tree_file(root, "long.html", text);
	text[PAGE] = end;
	live = live_here(NULL, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
	tree_remove(root);
}

TestSuite(live_gzip, .init = begin, .fini = end, .timeout = 300);

/* ---- asking ------------------------------------------------------------- */

static int
ask(struct client *c, struct response *r, const char *method,
    const char *target, const char *fields)
{
	char request[1024];

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n" HOST "%s\r\n",
	    method, target, fields);
	client_puts(c, request);
	return client_response(c, r, strcmp(method, "HEAD") == 0);
}

static bool
has(const struct response *r, const char *name, const char *value)
{
	const char *is = client_field(r, name);

	return value == NULL ? is == NULL || *is == '\0'
			     : is != NULL && strcmp(is, value) == 0;
}

/* The body is the beginning of the text, perhaps compressed. */
static void
expect_text(const struct response *r, size_t len, const char *name)
{
	static struct ws_inflate z;
	static uint8_t plain[LARGE + 1];

	if (has(r, "Content-Encoding", "gzip")) {
		ws_inflate_init(&z);
		cr_expect_lt(r->len, len, "%s", name);
		cr_assert_eq(ws_gzip_read(&z, r->body, r->len, plain, len), 0,
		    "%s", name);
	} else {
		cr_assert_eq(r->len, len, "%s", name);
		memcpy(plain, r->body, len);
	}
	cr_expect_eq(memcmp(plain, text, len), 0, "%s", name);
}

/* ---- replies ------------------------------------------------------------ */

static const struct row {
	const char *name, *method, *query, *fields;
	size_t len;
	bool gzip, vary;
} rows[] = {
	{ "text", "GET", "", GZIP, LONG, true, true },
	{ "json", "GET", "&type=application/json", GZIP, LONG, true, true },
	{ "HEAD", "HEAD", "", GZIP, LONG, true, true },
	{ "POST", "POST", "", GZIP "Content-Length: 0\r\n", LONG, true, true },
	{ "at the limit", "GET", "", GZIP, 1024, true, true },
	{ "below the limit", "GET", "", GZIP, 1023, false, false },
	{ "none", "GET", "", GZIP, 0, false, false },
	{ "large", "GET", "", GZIP, LARGE, true, true },
	{ "too large", "GET", "", GZIP, LARGE + 1, false, false },
	{ "not asked", "GET", "", "", LONG, false, true },
	{ "refused", "GET", "", "Accept-Encoding: gzip;q=0\r\n", LONG, false,
	    true },
	{ "only others", "GET", "", "Accept-Encoding: br, zstd\r\n", LONG,
	    false, true },
	{ "type", "GET", "&type=image/png", GZIP, LONG, false, false },
	{ "plain", "GET", "&plain=1", GZIP, LONG, false, false },
	{ "tagged", "GET", "&field=ETag", GZIP, LONG, false, false },
	{ "encoded", "GET", "&field=content-encoding", GZIP, LONG, false,
	    false },
	{ "part", "GET", "&field=Content-Range", GZIP, LONG, false, false },
	{ "other field", "GET", "&field=X-Mine", GZIP, LONG, true, true },
};

Test(live_gzip, replies_are_compressed_for_those_who_want_it)
{
	struct client c = client_open(live.address);
	struct response r;
	char target[128];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const struct row *row = &rows[i];

		snprintf(target, sizeof(target), "/reply?len=%zu%s", row->len,
		    row->query);
		cr_expect_eq(ask(&c, &r, row->method, target, row->fields), 200,
		    "%s", row->name);
		if (strcmp(row->name, "encoded") != 0)
			cr_expect(has(&r, "Content-Encoding",
				      row->gzip ? "gzip" : NULL),
			    "%s: %s", row->name, r.head);
		cr_expect(has(&r, "Vary", row->vary ? "Accept-Encoding" : NULL),
		    "%s: %s", row->name, r.head);
		if (strcmp(row->method, "HEAD") == 0)
			cr_expect_null(client_field(&r, "Content-Length"));
		else
			expect_text(&r, row->len, row->name);
	}
	client_close(&c);
}

Test(live_gzip, a_held_request_is_answered_compressed)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "GET /hold HTTP/1.1\r\n" HOST GZIP "\r\n");
	while (held == NULL)
		(void)client_wait(-1, 0, 1);
	cr_assert_eq(ws_reply(held, 200, NULL, text, LONG), 0);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_expect(has(&r, "Content-Encoding", "gzip"));
	expect_text(&r, LONG, "held");
	client_close(&c);
}

Test(live_gzip, compressing_can_be_turned_off)
{
	static const struct ws_options options = { .compress_min = SIZE_MAX,
		.log_level = -1 };
	struct response r;
	struct client c;

	live_end(&live);
	live = live_here(&options, setup, NULL);
	c = client_open(live.address);
	cr_assert_eq(ask(&c, &r, "GET", "/reply?len=5000", GZIP), 200);
	cr_expect(has(&r, "Content-Encoding", NULL));
	cr_expect(has(&r, "Vary", NULL));
	expect_text(&r, LONG, "off");
	client_close(&c);
}

/* ---- files and assets --------------------------------------------------- */

/* Many at once, while the compressed form is made, kept and sent. */
Test(live_gzip, a_page_is_the_same_for_everybody)
{
	enum {
		CLIENTS = 8,
		TIMES = 3
	};
	struct client c[CLIENTS];
	struct response r;

	for (int i = 0; i < CLIENTS; i++)
		c[i] = client_open(live.address);
	for (int k = 0; k < TIMES; k++) {
		for (int i = 0; i < CLIENTS; i++)
			client_puts(&c[i],
			    i % 2 ? "GET /long.html HTTP/1.1\r\n" HOST "\r\n"
				  : "GET /long.html HTTP/1.1\r\n" HOST GZIP
				    "\r\n");
		for (int i = 0; i < CLIENTS; i++) {
			cr_assert_eq(client_response(&c[i], &r, false), 200);
			cr_expect(has(&r, "Vary", "Accept-Encoding"));
			cr_expect(
			    has(&r, "Content-Encoding", i % 2 ? NULL : "gzip"));
			expect_text(&r, PAGE, "page");
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		client_close(&c[i]);
}

static const struct {
	const char *name, *method, *fields;
	int status;
	const char *body, *coding, *etag;
} asset_rows[] = {
	{ "plain", "GET", "", 200, "hello", NULL, "\"hello\"" },
	{ "gzip", "GET", GZIP, 200, NULL, "gzip", "\"hello-gzip\"" },
	{ "HEAD", "HEAD", "", 200, NULL, NULL, "\"hello\"" },
	{ "part", "GET", "Range: bytes=-2\r\n", 206, "lo", NULL, "\"hello\"" },
	{ "known", "GET", "If-None-Match: \"hello\"\r\n", 304, NULL, NULL,
	    "\"hello\"" },
	{ "known gzip", "GET", GZIP "If-None-Match: \"hello-gzip\"\r\n", 304,
	    NULL, NULL, "\"hello-gzip\"" },
	{ "another", "GET", "If-Match: \"x\"\r\n", 412, NULL, NULL, NULL },
};

Test(live_gzip, an_asset_is_answered_like_a_file)
{
	struct client c = client_open(live.address);
	struct response r;

	for (size_t i = 0; i < WS_LEN(asset_rows); i++) {
		const char *name = asset_rows[i].name;

		cr_expect_eq(ask(&c, &r, asset_rows[i].method, "/asset",
				 asset_rows[i].fields),
		    asset_rows[i].status, "%s", name);
		cr_expect(has(&r, "Content-Encoding", asset_rows[i].coding),
		    "%s: %s", name, r.head);
		cr_expect(has(&r, "ETag", asset_rows[i].etag), "%s: %s", name,
		    r.head);
		cr_expect(has(&r, "X-Mine", "yes"), "%s", name);
		if (asset_rows[i].status == 200)
			cr_expect(
			    has(&r, "Cache-Control", "max-age=9"), "%s", name);
		if (asset_rows[i].body != NULL)
			cr_expect(
			    r.len == strlen(asset_rows[i].body) &&
				memcmp(r.body, asset_rows[i].body, r.len) == 0,
			    "%s", name);
	}
	client_puts(&c, "DELETE /asset HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_eq(client_response(&c, &r, false), 405);
	client_close(&c);
}

Test(live_gzip, an_asset_answers_a_held_request)
{
	struct client c = client_open(live.address);
	struct response r;

	client_puts(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	while (held == NULL)
		(void)client_wait(-1, 0, 1);
	cr_assert_eq(ws_reply_asset(held, &hello, NULL), 0);
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_expect(r.len == 5 && memcmp(r.body, "hello", 5) == 0);
	cr_expect(has(&r, "Cache-Control", "no-cache"));
	/* The connection goes on. */
	cr_expect_eq(ask(&c, &r, "GET", "/asset", GZIP), 200);
	client_close(&c);
}
