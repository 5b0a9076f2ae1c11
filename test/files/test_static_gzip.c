/* test_static_gzip.c - answers in the coding that a client accepts. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>

#include "visit.h"
#include "deflate/gzip.h"
#include "test/tree.h"

TestSuite(static_gzip, .init = visit_plant, .fini = visit_uproot);

/* ---- compressed here ---------------------------------------------------- */

#define LINE "a line of a page that is long enough to be compressed\n"
#define LINES 40
#define LONG_OCTETS (LINES * (sizeof(LINE) - 1))

static char long_text[LONG_OCTETS + 1];

/* A page that can be compressed, and one that does not get smaller. */
static void
plant_long(void)
{
	uint32_t seed = 1;

	for (int i = 0; i < LINES; i++)
		memcpy(long_text + i * (int)(sizeof(LINE) - 1), LINE,
		    sizeof(LINE) - 1);
	tree_file(docroot, "long.html", long_text);
	tree_file(docroot, "long.png", long_text);
	tree_file(docroot, "short.html", "short");
	for (size_t i = 0; i < LONG_OCTETS; i++) {
		seed = seed * 1664525 + 1013904223;
		long_text[i] = (char)(seed >> 24 ? seed >> 24 : 1);
	}
	tree_file(docroot, "noise.html", long_text);
	for (int i = 0; i < LINES; i++)
		memcpy(long_text + i * (int)(sizeof(LINE) - 1), LINE,
		    sizeof(LINE) - 1);
	answer_gzip_cache.min = 1024;
}

/* What the body is when it has been decompressed, if it must be. */
static void
expect_long(const struct answer *a, const char *row)
{
	static struct ws_inflate z;
	static uint8_t body[LONG_OCTETS], plain[LONG_OCTETS];
	size_t n = answer_body(a, (char *)body, sizeof(body));
	char coding[512];

	answer_field(a, "Content-Encoding", coding);
	if (strcmp(coding, "gzip") == 0) {
		ws_inflate_init(&z);
		cr_expect_lt(n, LONG_OCTETS / 4, "%s", row);
		cr_assert_eq(ws_gzip_read(&z, body, n, plain, LONG_OCTETS), 0,
		    "%s", row);
	} else {
		cr_expect_eq(n, LONG_OCTETS, "%s", row);
		memcpy(plain, body, n);
	}
	cr_expect_eq(memcmp(plain, long_text, LONG_OCTETS), 0, "%s", row);
}

static const struct encoded {
	const char *name, *line, *fields;
	const char *coding; /* Content-Encoding, or NULL */
	bool vary;
} encoded[] = {
	{ "asked", "GET /long.html", "Accept-Encoding: gzip\r\n", "gzip",
	    true },
	{ "HEAD", "HEAD /long.html", "Accept-Encoding: gzip\r\n", "gzip",
	    true },
	{ "browser", "GET /long.html",
	    "Accept-Encoding: gzip, deflate, br, zstd\r\n", "gzip", true },
	{ "not asked", "GET /long.html", "", NULL, true },
	{ "refused", "GET /long.html", "Accept-Encoding: gzip;q=0\r\n", NULL,
	    true },
	{ "identity better", "GET /long.html",
	    "Accept-Encoding: identity, gzip;q=0.5\r\n", NULL, true },
	{ "part", "GET /long.html",
	    "Accept-Encoding: gzip\r\nRange: bytes=0-\r\n", NULL, true },
	{ "bad part", "GET /long.html",
	    "Accept-Encoding: gzip\r\nRange: lines=0-1\r\n", NULL, true },
	{ "type", "GET /long.png", "Accept-Encoding: gzip\r\n", NULL, false },
	{ "too short", "GET /short.html", "Accept-Encoding: gzip\r\n", NULL,
	    true },
	{ "not smaller", "GET /noise.html", "Accept-Encoding: gzip\r\n", NULL,
	    true },
	{ "sibling", "GET /both.js", "Accept-Encoding: gzip\r\n", "gzip",
	    true },
};

Test(static_gzip, texts_are_compressed_for_those_who_want_it)
{
	plant_long();
	for (size_t i = 0; i < WS_LEN(encoded); i++) {
		const struct encoded *row = &encoded[i];
		struct answer a;
		char coded[512];

		ask_lines(&a, NULL, row->line, row->fields);
		expect_field(&a, "Content-Encoding", row->coding, row->name);
		expect_field(&a, "Vary", row->vary ? "Accept-Encoding" : NULL,
		    row->name);
		answer_field(&a, "ETag", coded);
		cr_expect_eq(strstr(coded, "-gzip\"") != NULL,
		    row->coding != NULL, "%s: %s", row->name, coded);
		if (strstr(row->line, "GET /long") != NULL)
			expect_long(&a, row->name);
		answer_free(&a);
	}
	ws_gzip_cache_fini(&answer_gzip_cache);
	ws_deflate_shared_fini(answer_gzip_cache.deflate);
}

/* HEAD compresses nothing, so it knows the length only of what is kept. */
Test(static_gzip, head_and_get_say_the_same_of_a_compressed_page)
{
	struct answer get, head;
	char *length, *rest;

	plant_long();
	ask_lines(&get, NULL, "GET /long.html", "Accept-Encoding: gzip\r\n");
	ask_lines(&head, NULL, "HEAD /long.html", "Accept-Encoding: gzip\r\n");
	length = strstr(get.head, "Content-Length: ");
	cr_assert_not_null(length);
	rest = strstr(length, "\r\n") + 2;
	memmove(length, rest, strlen(rest) + 1);
	cr_expect_str_eq(get.head, head.head);
	cr_expect_eq(head.is.octets, 0);
	answer_free(&get);
	answer_free(&head);
	/* From here on what is compressed is kept. */
	answer_gzip_cache.now_s = INT64_MAX;
	ask_lines(&head, NULL, "HEAD /long.html", "Accept-Encoding: gzip\r\n");
	expect_field(&head, "Content-Length", NULL, "not kept yet");
	cr_expect_eq(answer_gzip_cache.kept_octets, 0);
	answer_free(&head);
	ask_lines(&get, NULL, "GET /long.html", "Accept-Encoding: gzip\r\n");
	ask_lines(&head, NULL, "HEAD /long.html", "Accept-Encoding: gzip\r\n");
	cr_expect_str_eq(get.head, head.head);
	answer_free(&get);
	answer_free(&head);
	ask_lines(&get, NULL, "GET /noise.html", "Accept-Encoding: gzip\r\n");
	ask_lines(&head, NULL, "HEAD /noise.html", "Accept-Encoding: gzip\r\n");
	cr_expect_str_eq(get.head, head.head);
	answer_free(&get);
	answer_free(&head);
	ws_gzip_cache_fini(&answer_gzip_cache);
	ws_deflate_shared_fini(answer_gzip_cache.deflate);
}

/* Compressing is a favour, for which there is not always time. */
Test(static_gzip, without_time_a_page_leaves_as_it_is)
{
	struct ws_budget budget = { .optional = 0 };
	struct answer a;
	char plain[512];

	plant_long();
	answer_gzip_cache.budget = &budget;
	ask_lines(&a, NULL, "GET /long.html", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Content-Encoding", NULL, "no time");
	expect_field(&a, "Vary", "Accept-Encoding", "no time");
	answer_field(&a, "ETag", plain);
	cr_expect_null(strstr(plain, "-gzip"));
	expect_long(&a, "no time");
	answer_free(&a);
	answer_gzip_cache.now_ms = 1;
	ask_lines(&a, NULL, "GET /long.html", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Content-Encoding", "gzip", "a millisecond later");
	cr_expect_lt(budget.visit, 0, "counted");
	answer_free(&a);
	answer_gzip_cache.budget = NULL;
	ws_deflate_shared_fini(answer_gzip_cache.deflate);
}

/* What is kept is the file that it was made of, and no other. */
Test(static_gzip, a_replaced_page_is_compressed_anew)
{
	char fields[] = "Accept-Encoding: gzip\r\n", page[96];
	struct answer a;

	plant_long();
	/* Long ago, so that results are kept. */
	answer_gzip_cache.now_s = INT64_MAX;
	for (int i = 0; i < 4; i++) {
		ask_lines(&a, NULL, "GET /long.html", fields);
		expect_long(&a, "kept or not");
		answer_free(&a);
		cr_expect_gt(answer_gzip_cache.kept_octets, 0);
		/* The same length and time of modification, in place. */
		if (i == 1) {
			long_text[5] = 'X';
			tree_file(docroot, "long.html", long_text);
		}
		/* Another file under the same name. */
		if (i == 2) {
			long_text[5] = 'Y';
			tree_file(docroot, "new", long_text);
			snprintf(page, sizeof(page), "%s/long.html", docroot);
			cr_assert_eq(
			    rename(tree_path(docroot, "new"), page), 0);
		}
	}
	ws_gzip_cache_fini(&answer_gzip_cache);
	ws_deflate_shared_fini(answer_gzip_cache.deflate);
}

static const struct {
	const char *name, *accept, *fields;
	int status;
	const char *coding, *tag; /* of the answer: "plain" or "gzip" */
} tagged[] = {
	{ "has plain", "gzip", "If-None-Match: %p\r\n", 304, NULL, "plain" },
	{ "has gzip", "gzip", "If-None-Match: %g\r\n", 304, NULL, "gzip" },
	{ "has both", "gzip", "If-None-Match: %p, %g\r\n", 304, NULL, "gzip" },
	{ "weak", "gzip", "If-None-Match: W/%g\r\n", 304, NULL, "gzip" },
	{ "any", "gzip", "If-None-Match: *\r\n", 304, NULL, "gzip" },
	{ "has another", "gzip", "If-None-Match: \"x\"\r\n", 200, "gzip",
	    "gzip" },
	{ "date", "gzip", "If-Modified-Since: " DATE "\r\n", 304, NULL,
	    "gzip" },
	{ "gzip no more", "", "If-None-Match: %g\r\n", 200, NULL, "plain" },
	{ "if-match plain", "gzip", "If-Match: %p\r\n", 200, NULL, "plain" },
	{ "if-match gzip", "gzip", "If-Match: %g\r\n", 200, "gzip", "gzip" },
	{ "if-match none", "gzip", "If-Match: \"x\"\r\n", 412, NULL, NULL },
	{ "if-match gzip, refused", "", "If-Match: %g\r\n", 412, NULL, NULL },
	{ "part of gzip", "gzip", "Range: bytes=0-3\r\nIf-Range: %g\r\n", 200,
	    NULL, "plain" },
	{ "part of plain", "gzip", "Range: bytes=0-3\r\nIf-Range: %p\r\n", 206,
	    NULL, "plain" },
};

/* %p and %g become the two entity-tags. */
static void
insert_tags(char *out, const char *fields, const char *plain, const char *gzip)
{
	for (; *fields != '\0'; fields++) {
		if (fields[0] != '%') {
			*out++ = *fields;
			continue;
		}
		fields++;
		out += sprintf(out, "%s", *fields == 'p' ? plain : gzip);
	}
	*out = '\0';
}

Test(static_gzip, conditions_work_with_both_entity_tags)
{
	char plain[512], gzip[512];
	struct answer a;

	plant_long();
	ask_lines(&a, NULL, "GET /long.html", "");
	answer_field(&a, "ETag", plain);
	answer_free(&a);
	ask_lines(&a, NULL, "GET /long.html", "Accept-Encoding: gzip\r\n");
	answer_field(&a, "ETag", gzip);
	answer_free(&a);
	for (size_t i = 0; i < WS_LEN(tagged); i++) {
		char fields[1024];
		int n = snprintf(fields, sizeof(fields),
		    "Accept-Encoding: %s\r\n", tagged[i].accept);

		insert_tags(fields + n, tagged[i].fields, plain, gzip);
		ask_lines(&a, NULL, "GET /long.html", fields);
		cr_expect_eq(a.is.status, tagged[i].status, "%s: %d",
		    tagged[i].name, a.is.status);
		expect_field(
		    &a, "Content-Encoding", tagged[i].coding, tagged[i].name);
		expect_field(&a, "ETag",
		    tagged[i].tag == NULL                 ? NULL
		    : strcmp(tagged[i].tag, "plain") == 0 ? plain
							  : gzip,
		    tagged[i].name);
		answer_free(&a);
	}
}

Test(static_gzip, the_page_of_a_404_and_a_listing_are_compressed)
{
	struct ws_files_options options = { .list = true };
	struct answer a;

	plant_long();
	tree_file(docroot, "404.html", long_text);
	ask_lines(&a, NULL, "GET /nothing", "Accept-Encoding: gzip\r\n");
	cr_expect_eq(a.is.status, 404);
	expect_field(&a, "Content-Encoding", "gzip", "404");
	expect_field(&a, "Vary", "Accept-Encoding", "404");
	expect_long(&a, "404");
	answer_free(&a);

	tree_dir(docroot, "many");
	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "many/file-%d", i);
		tree_file(docroot, name, "");
	}
	ask_lines(&a, &options, "GET /many/", "Accept-Encoding: gzip\r\n");
	cr_expect_eq(a.is.status, 200);
	expect_field(&a, "Content-Encoding", "gzip", "list");
	expect_field(&a, "Vary", "Accept-Encoding", "list");
	answer_free(&a);
	ask_lines(&a, &options, "GET /many/", "");
	expect_field(&a, "Content-Encoding", NULL, "list");
	expect_field(&a, "Vary", "Accept-Encoding", "list");
	answer_free(&a);
	ws_gzip_cache_fini(&answer_gzip_cache);
	ws_deflate_shared_fini(answer_gzip_cache.deflate);
}

/* ---- gzip assets -------------------------------------------------------- */

/* "hello" as a gzip file. */
static const unsigned char hello_gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
	255, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0,
	0, 0 };

Test(static_gzip, gzip_assets_leave_as_they_are_or_decompressed)
{
	struct ws_asset assets[] = {
		{ "/broken.txt", hello_gzip, sizeof(hello_gzip), "\"b\"", 6 },
		{ "/x.txt", hello_gzip, sizeof(hello_gzip), "\"x\"", 5 },
	};
	struct answer a;
	char body[64];

	ws_files_free(root);
	root = ws_files_embedded(assets, 2, TREE_TIME);
	ask_lines(&a, NULL, "GET /x.txt", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Content-Encoding", "gzip", "gzip");
	expect_field(&a, "ETag", "\"x-gzip\"", "gzip");
	expect_field(&a, "Vary", "Accept-Encoding", "gzip");
	cr_expect_eq(answer_body(&a, body, sizeof(body)), sizeof(hello_gzip));
	cr_expect_eq(memcmp(body, hello_gzip, sizeof(hello_gzip)), 0);
	cr_expect_null(a.is.body, "it is not copied");
	answer_free(&a);

	ask_lines(&a, NULL, "GET /x.txt", "");
	expect_field(&a, "Content-Encoding", NULL, "plain");
	expect_field(&a, "ETag", "\"x\"", "plain");
	expect_field(&a, "Vary", "Accept-Encoding", "plain");
	expect_field(&a, "Content-Length", "5", "plain");
	expect_body(&a, "hello", "plain");
	answer_free(&a);

	ask_lines(&a, NULL, "HEAD /x.txt", "");
	expect_field(&a, "Content-Length", "5", "head");
	cr_expect_null(a.is.body);
	answer_free(&a);

	ask_lines(&a, NULL, "GET /x.txt", "Range: bytes=1-3\r\n");
	expect_field(&a, "Content-Range", "bytes 1-3/5", "part");
	expect_body(&a, "ell", "part");
	answer_free(&a);

	ask_lines(&a, NULL, "GET /x.txt", "If-None-Match: \"x\"\r\n");
	cr_expect_eq(a.is.status, 304);
	answer_free(&a);

	/* It is decompressed once. */
	answer_gzip_cache.now_s = TREE_TIME;
	for (int i = 0; i < 2; i++) {
		ask_lines(&a, NULL, "GET /x.txt", "");
		expect_body(&a, "hello", "kept");
		cr_expect_eq(answer_gzip_cache.kept_octets, 5);
		answer_free(&a);
	}
	ws_gzip_cache_fini(&answer_gzip_cache);
	ws_deflate_shared_fini(answer_gzip_cache.deflate);

	/* What is said of it must be true. */
	ask_lines(&a, NULL, "GET /broken.txt", "");
	cr_expect_eq(a.is.status, 500);
	cr_expect_not_null(a.is.cause);
	answer_free(&a);
}

/* ---- compressed forms only ----------------------------------------------- */

Test(static_gzip, a_compressed_form_is_inflated_for_who_does_not_take_it)
{
	struct answer a;
	char coded[512], plain[512];

	tree_gzip(docroot, "app.js.gz", TEN);
	ask_lines(&a, NULL, "GET /app.js", "");
	cr_expect_eq(a.is.status, 200);
	expect_field(&a, "Content-Encoding", NULL, "plain");
	expect_field(&a, "Content-Type", "text/javascript; charset=utf-8", "");
	expect_field(&a, "Content-Length", "10", "plain");
	expect_field(&a, "Vary", "Accept-Encoding", "plain");
	expect_body(&a, TEN, "plain");
	answer_field(&a, "ETag", plain);
	answer_free(&a);
	ask_lines(&a, NULL, "HEAD /app.js", "");
	expect_field(&a, "Content-Length", "10", "HEAD");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /app.js", "Range: bytes=2-4\r\n");
	cr_expect_eq(a.is.status, 206);
	expect_field(&a, "Content-Range", "bytes 2-4/10", "a range");
	expect_body(&a, "234", "a range");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /app.js", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Content-Encoding", "gzip", "gzip");
	expect_field(&a, "Content-Length", "33", "gzip");
	answer_field(&a, "ETag", coded);
	cr_expect_str_neq(plain, coded);
	answer_free(&a);
	/* A file whose end lies about its length. */
	cr_assert_eq(truncate(tree_path(docroot, "app.js.gz"), 32), 0);
	ask_lines(&a, NULL, "GET /app.js", "");
	cr_expect_neq(a.is.status, 200);
	answer_free(&a);
}
