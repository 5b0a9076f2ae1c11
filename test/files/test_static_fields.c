/* test_static_fields.c - the fields that the operator adds. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>

#include "visit.h"
#include "test/scarce.h"
#include "test/tree.h"

TestSuite(static_fields, .init = visit_plant, .fini = visit_uproot);

/* ---- fields of the operator ---------------------------------------------- */

/* Ask with fields for all answers. */
static void
ask_with(struct answer *a, const char *const *headers, bool isolated,
    const char *path)
{
	struct ws_files_options options = { .headers = headers,
		.cross_origin_isolated = isolated };
	struct ws_static_field *fields;
	char request[256];
	const char *bad;
	struct ws_http_out out = { .at = a->head, .size = ANSWER_HEAD_SIZE };
	struct ws_http_head head;
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);

	cr_assert(ws_static_fields_new(&options, &fields, &bad), "%s", bad);
	ws_http_init(&head, 8192, 4096);
	cr_assert_gt(ws_http_parse(&head, request, (size_t)n), 0);
	ws_static_answer(
	    &(struct ws_static_ask){ .root = root,
		.options = &options,
		.fields = fields,
		.head = &head,
		.buf = request,
		.path = { request + head.path_at, head.path_octets },
		.gzip_cache = &answer_gzip_cache },
	    &out, &a->is);
	a->head[a->head_len = out.len] = '\0';
	a->failed = out.failed;
	cr_expect_not(out.failed);
	ws_static_fields_free(fields);
}

Test(static_fields, fields_are_added_to_all_answers_or_some)
{
	static const char *const headers[] = { "X-All: everywhere",
		"/dir/*: X-Dir:   below dir", "*.css: X-Not-A-Path: x",
		"/*.txt: X-Text: text", "/ten.txt: X-Ten: ten", NULL };
	static const struct {
		const char *path, *dir, *text, *ten;
	} rows_of_fields[] = {
		{ "/", NULL, NULL, NULL },
		{ "/nothing", NULL, NULL, NULL },
		{ "/dir/", "below dir", NULL, NULL },
		{ "/dir/nothing.txt", "below dir", "text", NULL },
		{ "/ten.txt", NULL, "text", "ten" },
		{ "/%74en.txt?query", NULL, "text", "ten" },
		{ "//ten.txt", NULL, "text", "ten" },
		{ "/dir", NULL, NULL, NULL },
	};
	static const char *const fine[] = { "X-All: everywhere",
		"/dir/*: X-Dir:   below dir", "/*.txt: X-Text: text",
		"/ten.txt: X-Ten: ten", NULL };
	struct ws_files_options options = { .headers = headers };
	struct ws_static_field *fields;
	const char *bad = NULL;

	cr_expect_not(ws_static_fields_new(&options, &fields, &bad));
	cr_expect_str_eq(bad, headers[2]);
	for (size_t i = 0; i < WS_LEN(rows_of_fields); i++) {
		const char *path = rows_of_fields[i].path;
		struct answer a;

		ask_with(&a, fine, false, path);
		expect_field(&a, "X-All", "everywhere", path);
		expect_field(&a, "X-Dir", rows_of_fields[i].dir, path);
		expect_field(&a, "X-Text", rows_of_fields[i].text, path);
		expect_field(&a, "X-Ten", rows_of_fields[i].ten, path);
		answer_free(&a);
	}
}

Test(static_fields, cross_origin_isolation_is_two_fields)
{
	struct answer a;

	ask_with(&a, NULL, true, "/ten.txt");
	expect_field(&a, "Cross-Origin-Opener-Policy", "same-origin", "");
	expect_field(&a, "Cross-Origin-Embedder-Policy", "require-corp", "");
	answer_free(&a);
}

Test(static_fields, fields_of_the_server_are_refused)
{
	static const char *const refused[] = { "Content-Length: 5",
		"content-type: text/html", "ETag: \"x\"", "Date: today",
		"Connection: close", "Transfer-Encoding: chunked",
		"Content-Encoding: br", ("Last-Modified: " DATE),
		"Accept-Ranges: none", "Cache-Control: no-store",
		"/x/*: Content-Range: bytes 0-0/1", "Upgrade: h2c",
		"X-Content-Type-Options: sniff", "No-Value: ", "No-Colon",
		"No-Space:x", ": x", "Bad Name: x", "X: a\r\nY: b", "X: \x01",
		"/path: ", "/path", "" };

	for (size_t i = 0; i < WS_LEN(refused); i++) {
		const char *const headers[] = { "X-Fine: x", refused[i], NULL };
		struct ws_files_options options = { .headers = headers };
		struct ws_static_field *fields;
		const char *bad = NULL;

		cr_expect_not(ws_static_fields_new(&options, &fields, &bad),
		    "%s", refused[i]);
		cr_expect_eq(bad, refused[i], "%s", refused[i]);
		cr_expect_null(fields);
	}
	cr_expect_eq(scarce_blocks, 3, "leaked");
}
