/* test_static.c - what a client may ask of a file, and the answers. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <sys/resource.h>

#include "deflate/gzip.h"
#include "test/answer.h"
#include "test/guard.h"
#include "test/scarce.h"
#include "test/tree.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define TEN "0123456789"
/* Stands for the entity-tag of ten.txt, in fields of requests and answers. */
#define TAG "@TAG@"

static char docroot[64];
static struct ws_files *root;
static char tag[WS_FILES_ETAG_MAX];

static void
plant(void)
{
	struct ws_file file;

	tree_make(docroot);
	tree_file(docroot, "index.html", "<p>index");
	tree_file(docroot, "ten.txt", TEN);
	tree_file(docroot, "empty.txt", "");
	tree_file(docroot, "both.js", TEN);
	tree_gzip(docroot, "both.js.gz", TEN);
	tree_dir(docroot, "dir");
	tree_file(docroot, "dir/index.html", "dir");
	tree_dir(docroot, "bare");
	tree_file(docroot, "bare/<b>", "x");
	tree_dir(docroot, "evil.com");
	tree_dir(docroot, "a:b");
	tree_dir(docroot, "we ird");
	tree_file(docroot, "locked.txt", "x");
	if (mkfifo(tree_path(docroot, "fifo"), 0644) != 0)
		abort();
	root = ws_files_directory(docroot);
	cr_assert_eq(
	    ws_files_find(root, WS_SPAN("/ten.txt"), WS_SPAN(""), &file), 0);
	memcpy(tag, file.etag, sizeof(tag));
	ws_file_close(&file);
	answer_gzip_cache.now_s = TREE_TIME + 1000000;
}

static void
uproot(void)
{
	ws_files_free(root);
	tree_remove(docroot);
}

TestSuite(static_files, .init = plant, .fini = uproot);

/* Ask and check what must be true of every answer. The request lies before an
 * unreadable page while it is looked at. */
static void
ask(struct answer *a, const struct ws_files_options *options,
    const char *request, size_t len, const char *name)
{
	static const struct ws_files_options none;
	struct guard g = guard_copy(request, len);
	const char *fault;

	cr_assert(answer_ask(a, root, options != NULL ? options : &none,
		      (char *)g.at, g.len),
	    "%s: not a request", name);
	fault = answer_fault(a);
	cr_assert_null(fault, "%s: %s\n%s", name, fault, a->head);
	guard_free(&g);
}

/* "GET /path" and field lines, each with its CRLF, become a request. */
static void
ask_lines(struct answer *a, const struct ws_files_options *options,
    const char *line, const char *fields)
{
	char request[4096];
	int n = snprintf(
	    request, sizeof(request), "%s HTTP/1.1\r\nHost: h\r\n", line);
	const char *at;

	while ((at = strstr(fields, TAG)) != NULL) {
		n += snprintf(request + n, sizeof(request) - (size_t)n,
		    "%.*s%s", (int)(at - fields), fields, tag);
		fields = at + strlen(TAG);
	}
	n += snprintf(
	    request + n, sizeof(request) - (size_t)n, "%s\r\n", fields);
	ask(a, options, request, (size_t)n, line);
}

static void
expect_field(const struct answer *a, const char *name, const char *wanted,
    const char *row)
{
	char value[512];
	int lines = answer_field(a, name, value);

	if (wanted != NULL && strcmp(wanted, TAG) == 0)
		wanted = tag;
	cr_expect_eq(lines, wanted != NULL, "%s: %s\n%s", row, name, a->head);
	if (wanted != NULL)
		cr_expect_str_eq(value, wanted, "%s: %s: %s", row, name, value);
}

static void
expect_body(const struct answer *a, const char *wanted, const char *row)
{
	char got[4096];
	size_t n = answer_body(a, got, sizeof(got) - 1);

	got[n] = '\0';
	cr_expect_str_eq(got, wanted, "%s: body %s", row, got);
}

/* ---- whole files -------------------------------------------------------- */

Test(static_files, a_file_is_described_completely)
{
	static const struct {
		const char *name, *value;
	} fields[] = {
		{ "Content-Type", "text/plain; charset=utf-8" },
		{ "Content-Length", "10" },
		{ "ETag", TAG },
		{ "Last-Modified", DATE },
		{ "Accept-Ranges", "bytes" },
		{ "Cache-Control", "no-cache" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Encoding", NULL },
		{ "Vary", "Accept-Encoding" },
		{ "Date", NULL },
		{ "Connection", NULL },
	};
	static const char *const lines[] = { "GET /ten.txt", "HEAD /ten.txt" };

	for (size_t i = 0; i < WS_LEN(lines); i++) {
		struct answer a;

		ask_lines(&a, NULL, lines[i], "");
		cr_expect_eq(a.is.status, 200);
		for (size_t k = 0; k < WS_LEN(fields); k++)
			expect_field(
			    &a, fields[k].name, fields[k].value, lines[i]);
		expect_body(&a, i == 0 ? TEN : "", lines[i]);
		answer_free(&a);
	}
}

Test(static_files, an_empty_file_is_empty)
{
	struct answer a;

	ask_lines(&a, NULL, "GET /empty.txt", "");
	cr_expect_eq(a.is.status, 200);
	expect_field(&a, "Content-Length", "0", "empty");
	answer_free(&a);
}

Test(static_files, the_cache_option_is_for_files)
{
	struct ws_files_options options = { .cache = "max-age=60" };
	struct answer a;

	ask_lines(&a, &options, "GET /ten.txt", "");
	expect_field(&a, "Cache-Control", "max-age=60", "200");
	answer_free(&a);
	ask_lines(&a, &options, "GET /ten.txt", "If-None-Match: *\r\n");
	expect_field(&a, "Cache-Control", "max-age=60", "304");
	answer_free(&a);
	ask_lines(&a, &options, "GET /nothing", "");
	expect_field(&a, "Cache-Control", "no-cache", "404");
	answer_free(&a);
}

Test(static_files, codings_vary)
{
	struct answer a;
	char plain[512], coded[512];
	const char *gz = "\x1f\x8b\x08";

	ask_lines(&a, NULL, "GET /both.js", "");
	expect_field(&a, "Vary", "Accept-Encoding", "plain");
	expect_field(&a, "Content-Encoding", NULL, "plain");
	expect_body(&a, TEN, "plain");
	answer_field(&a, "ETag", plain);
	answer_free(&a);

	ask_lines(&a, NULL, "GET /both.js", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Vary", "Accept-Encoding", "gzip");
	expect_field(&a, "Content-Encoding", "gzip", "gzip");
	expect_field(&a, "Content-Type", "text/javascript; charset=utf-8", "");
	expect_field(&a, "Content-Length", "33", "gzip");
	expect_body(&a, gz, "gzip");
	answer_field(&a, "ETag", coded);
	cr_expect_str_neq(plain, coded);
	answer_free(&a);

	ask_lines(&a, NULL, "GET /both.js",
	    "Accept-Encoding: gzip\r\nRange: bytes=1-2\r\n");
	cr_expect_eq(a.is.status, 206);
	expect_field(&a, "Content-Range", "bytes 1-2/33", "gzip range");
	expect_field(&a, "Content-Encoding", "gzip", "gzip range");
	expect_body(&a, "\x8b\x08", "gzip range");
	answer_free(&a);

	ask_lines(&a, NULL, "GET /both.js", "If-None-Match: *\r\n");
	cr_expect_eq(a.is.status, 304);
	expect_field(&a, "Vary", "Accept-Encoding", "304");
	answer_free(&a);

	ask_lines(&a, NULL, "GET /both.js.gz", "Accept-Encoding: gzip\r\n");
	expect_field(
	    &a, "Content-Type", "text/javascript; charset=utf-8", "itself");
	expect_field(&a, "Content-Encoding", "gzip", "itself");
	expect_field(&a, "Vary", NULL, "itself");
	answer_free(&a);
}

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

Test(static_files, texts_are_compressed_for_those_who_want_it)
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
	ws_deflate_shared_fini(&answer_deflate);
}

/* HEAD compresses nothing, so it knows the length only of what is kept. */
Test(static_files, head_and_get_say_the_same_of_a_compressed_page)
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
	ws_deflate_shared_fini(&answer_deflate);
}

/* Compressing is a favour, for which there is not always time. */
Test(static_files, without_time_a_page_leaves_as_it_is)
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
	ws_deflate_shared_fini(&answer_deflate);
}

/* What is kept is the file that it was made of, and no other. */
Test(static_files, a_replaced_page_is_compressed_anew)
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
	ws_deflate_shared_fini(&answer_deflate);
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

Test(static_files, conditions_work_with_both_entity_tags)
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

Test(static_files, the_page_of_a_404_and_a_listing_are_compressed)
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
	ws_deflate_shared_fini(&answer_deflate);
}

/* ---- gzip assets -------------------------------------------------------- */

/* "hello" as a gzip file. */
static const unsigned char hello_gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
	255, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0,
	0, 0 };

Test(static_files, gzip_assets_leave_as_they_are_or_decompressed)
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
	ws_deflate_shared_fini(&answer_deflate);

	/* What is said of it must be true. */
	ask_lines(&a, NULL, "GET /broken.txt", "");
	cr_expect_eq(a.is.status, 503);
	answer_free(&a);
}

/* ---- conditions --------------------------------------------------------- */

/* The whole matrix on a file of ten octets. */
static const struct condition {
	const char *fields;
	int status;
	const char *body;  /* NULL: not compared */
	const char *range; /* Content-Range */
} conditions[] = {
	/* If-None-Match */
	{ "If-None-Match: " TAG "\r\n", 304, "", NULL },
	{ "If-None-Match: W/" TAG "\r\n", 304, "", NULL },
	{ "If-None-Match: *\r\n", 304, "", NULL },
	{ "If-None-Match: \"x\", " TAG "\r\n", 304, "", NULL },
	{ "If-None-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n", 304, "", NULL },
	{ "If-None-Match: \"x\"\r\n", 200, TEN, NULL },
	{ "If-None-Match: a-2ebc98a1.0\r\n", 200, TEN, NULL },
	{ "If-None-Match:\r\n", 200, TEN, NULL },
	/* If-Modified-Since */
	{ "If-Modified-Since: " DATE "\r\n", 304, "", NULL },
	{ "If-Modified-Since: " AFTER "\r\n", 304, "", NULL },
	{ "If-Modified-Since: " BEFORE "\r\n", 200, TEN, NULL },
	{ "If-Modified-Since: yesterday\r\n", 200, TEN, NULL },
	{ "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304, "",
	    NULL },
	{ "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304, "", NULL },
	{ "If-Modified-Since: " DATE "\r\nIf-Modified-Since: " DATE "\r\n", 200,
	    TEN, NULL },
	/* If-None-Match wins over If-Modified-Since, both ways */
	{ "If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n", 200, TEN,
	    NULL },
	{ "If-None-Match: " TAG "\r\nIf-Modified-Since: " BEFORE "\r\n", 304,
	    "", NULL },
	/* If-Match: strong comparison */
	{ "If-Match: " TAG "\r\n", 200, TEN, NULL },
	{ "If-Match: *\r\n", 200, TEN, NULL },
	{ "If-Match: \"x\", " TAG "\r\n", 200, TEN, NULL },
	{ "If-Match: \"x\"\r\nIf-Match: " TAG "\r\n", 200, TEN, NULL },
	{ "If-Match: W/" TAG "\r\n", 412, NULL, NULL },
	{ "If-Match: \"x\\\", " TAG "\r\n", 200, TEN, NULL },
	{ "If-Match: \"x\"\r\n", 412, NULL, NULL },
	{ "If-Match:\r\n", 412, NULL, NULL },
	/* If-Unmodified-Since */
	{ "If-Unmodified-Since: " DATE "\r\n", 200, TEN, NULL },
	{ "If-Unmodified-Since: " AFTER "\r\n", 200, TEN, NULL },
	{ "If-Unmodified-Since: " BEFORE "\r\n", 412, NULL, NULL },
	{ "If-Unmodified-Since: never\r\n", 200, TEN, NULL },
	/* If-Match wins over If-Unmodified-Since; both come before 304 */
	{ "If-Match: " TAG "\r\nIf-Unmodified-Since: " BEFORE "\r\n", 200, TEN,
	    NULL },
	{ "If-Match: \"x\"\r\nIf-Unmodified-Since: " DATE "\r\n", 412, NULL,
	    NULL },
	{ "If-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n", 412, NULL, NULL },
	{ "If-Match: " TAG "\r\nIf-None-Match: " TAG "\r\n", 304, "", NULL },
	/* Range */
	{ "Range: bytes=0-0\r\n", 206, "0", "bytes 0-0/10" },
	{ "Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10" },
	{ "Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10" },
	{ "Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10" },
	{ "Range: bytes=0-\r\n", 206, TEN, "bytes 0-9/10" },
	{ "Range: bytes=0-9\r\n", 206, TEN, "bytes 0-9/10" },
	{ "Range: bytes=8-99\r\n", 206, "89", "bytes 8-9/10" },
	{ "Range: bytes=-99\r\n", 206, TEN, "bytes 0-9/10" },
	{ "Range: bytes=9-18446744073709551615\r\n", 206, "9", "bytes 9-9/10" },
	{ "Range: bytes=9-99999999999999999999999\r\n", 206, "9",
	    "bytes 9-9/10" },
	{ "Range: bytes=10-\r\n", 416, NULL, "bytes */10" },
	{ "Range: bytes=10-20\r\n", 416, NULL, "bytes */10" },
	{ "Range: bytes=-0\r\n", 416, NULL, "bytes */10" },
	{ "Range: bytes=99999999999999999999999-\r\n", 416, NULL,
	    "bytes */10" },
	{ "Range: bytes=0-1,3-4\r\n", 200, TEN, NULL },
	{ "Range: bytes=4-2\r\n", 200, TEN, NULL },
	{ "Range: bytes=-\r\n", 200, TEN, NULL },
	{ "Range: bytes\r\n", 200, TEN, NULL },
	{ "Range: lines=1-2\r\n", 200, TEN, NULL },
	{ "Range: bytes=-1-2\r\n", 200, TEN, NULL },
	{ "Range: bytes=+1-2\r\n", 200, TEN, NULL },
	{ "Range: bytes=0x1-2\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-1\r\nRange: bytes=3-4\r\n", 200, TEN, NULL },
	/* If-Range */
	{ "Range: bytes=0-0\r\nIf-Range: " TAG "\r\n", 206, "0",
	    "bytes 0-0/10" },
	{ "Range: bytes=0-0\r\nIf-Range: " DATE "\r\n", 206, "0",
	    "bytes 0-0/10" },
	{ "Range: bytes=0-0\r\nIf-Range: W/" TAG "\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: *\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: " BEFORE "\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: " AFTER "\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: nonsense\r\n", 200, TEN, NULL },
	{ "Range: bytes=0-0\r\nIf-Range: " TAG "\r\nIf-Range: " TAG "\r\n", 200,
	    TEN, NULL },
	{ "Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 200, TEN, NULL },
	{ "If-Range: \"x\"\r\n", 200, TEN, NULL },
	/* conditions come before ranges */
	{ "Range: bytes=0-0\r\nIf-None-Match: " TAG "\r\n", 304, "", NULL },
	{ "Range: bytes=99-\r\nIf-None-Match: " TAG "\r\n", 304, "", NULL },
	{ "Range: bytes=99-\r\nIf-Match: \"x\"\r\n", 412, NULL, NULL },
	{ "Range: bytes=1-1\r\nIf-Match: " TAG "\r\n", 206, "1",
	    "bytes 1-1/10" },
};

Test(static_files, conditions_follow_rfc9110_section_13)
{
	int before = tree_descriptors();

	for (size_t i = 0; i < WS_LEN(conditions); i++) {
		const struct condition *row = &conditions[i];
		bool part = row->status == 206 || row->status == 416;
		struct answer a;

		ask_lines(&a, NULL, "GET /ten.txt", row->fields);
		cr_expect_eq(a.is.status, row->status, "%s: %d", row->fields,
		    a.is.status);
		expect_field(&a, "Content-Range", row->range, row->fields);
		expect_field(&a, "Accept-Ranges",
		    part || row->status == 200 ? "bytes" : NULL, row->fields);
		if (row->body != NULL)
			expect_body(&a, row->body, row->fields);
		answer_free(&a);

		/* HEAD: the same, but ranges are for GET only. */
		ask_lines(&a, NULL, "HEAD /ten.txt", row->fields);
		cr_expect_eq(a.is.status, part ? 200 : row->status,
		    "HEAD %s: %d", row->fields, a.is.status);
		expect_body(&a, "", row->fields);
		answer_free(&a);
	}
	cr_expect_eq(tree_descriptors(), before);
}

Test(static_files, not_modified_has_what_a_cache_needs_and_no_more)
{
	struct answer a;

	ask_lines(&a, NULL, "GET /ten.txt", "If-None-Match: *\r\n");
	expect_field(&a, "ETag", TAG, "304");
	expect_field(&a, "Cache-Control", "no-cache", "304");
	expect_field(&a, "Content-Type", NULL, "304");
	expect_field(&a, "Last-Modified", NULL, "304");
	expect_field(&a, "Content-Length", NULL, "304");
	answer_free(&a);
}

Test(static_files, a_range_of_an_empty_file_is_unsatisfiable)
{
	struct answer a;

	ask_lines(&a, NULL, "GET /empty.txt", "Range: bytes=0-\r\n");
	cr_expect_eq(a.is.status, 416);
	expect_field(&a, "Content-Range", "bytes */0", "empty");
	answer_free(&a);
}

Test(static_files, large_files_have_large_offsets)
{
	struct answer a;

	tree_file(docroot, "large", "");
	cr_assert_eq(truncate(tree_path(docroot, "large"), 6LL << 30), 0);
	ask_lines(&a, NULL, "GET /large", "");
	expect_field(&a, "Content-Length", "6442450944", "large");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /large", "Range: bytes=5368709120-\r\n");
	cr_expect_eq(a.is.first, (uint64_t)5 << 30);
	cr_expect_eq(a.is.octets, (uint64_t)1 << 30);
	expect_field(&a, "Content-Range",
	    "bytes 5368709120-6442450943/6442450944", "large");
	answer_free(&a);
}

/* ---- dates that mean little ---------------------------------------------- */

/* Package stores give all files the time 0 or 1. */
Test(static_files, a_date_that_means_nothing_is_not_sent)
{
	static const char since[] = "Thu, 01 Jan 1970 00:00:01 GMT";
	char fields[128];
	struct answer a;

	for (long seconds = 0; seconds < 3; seconds++) {
		const char *row = seconds < 2 ? "none" : "a date";

		tree_time(docroot, "ten.txt", seconds, 0);
		ask_lines(&a, NULL, "GET /ten.txt", "");
		expect_field(&a, "Last-Modified",
		    seconds < 2 ? NULL : "Thu, 01 Jan 1970 00:00:02 GMT", row);
		answer_free(&a);
		snprintf(
		    fields, sizeof(fields), "If-Modified-Since: %s\r\n", since);
		ask_lines(&a, NULL, "GET /ten.txt", fields);
		cr_expect_eq(a.is.status, 200, "%s", row);
		answer_free(&a);
		snprintf(fields, sizeof(fields),
		    "Range: bytes=0-0\r\nIf-Range: %s\r\n", since);
		ask_lines(&a, NULL, "GET /ten.txt", fields);
		cr_expect_eq(a.is.status, 200, "%s", row);
		answer_free(&a);
	}
}

/* RFC 9110 section 8.8.2.2: it may change once more in its second. */
Test(static_files, rfc9110_8_8_2_2_a_date_of_just_now_is_weak)
{
	static const char range[] =
	    "Range: bytes=0-0\r\nIf-Range: " DATE "\r\n";
	struct answer a;

	for (int64_t age_s = -1; age_s < 4; age_s++) {
		answer_gzip_cache.now_s = TREE_TIME + age_s;
		ask_lines(&a, NULL, "GET /ten.txt", range);
		cr_expect_eq(
		    a.is.status, age_s > 1 ? 206 : 200, "%d s", (int)age_s);
		answer_free(&a);
	}
}

Test(static_files, rfc9110_8_8_2_1_last_modified_is_not_later_than_date)
{
	struct answer a;

	answer_gzip_cache.now_s = TREE_TIME - 1;
	ask_lines(&a, NULL, "GET /ten.txt", "");
	expect_field(&a, "Last-Modified", BEFORE, "in the future");
	answer_free(&a);
	answer_gzip_cache.now_s = TREE_TIME;
	ask_lines(&a, NULL, "GET /ten.txt", "");
	expect_field(&a, "Last-Modified", DATE, "now");
	answer_free(&a);
}

/* All files have one time of modification: reproducible builds. */
Test(static_files, a_changed_file_of_equal_size_and_time_is_another)
{
	struct answer a;

	(void)usleep(20000); /* more than a tick of the file system */
	tree_file(docroot, "ten.txt", "9876543210");
	ask_lines(&a, NULL, "GET /ten.txt", "If-None-Match: " TAG "\r\n");
	cr_expect_eq(a.is.status, 200);
	expect_body(&a, "9876543210", "If-None-Match");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /ten.txt",
	    "Range: bytes=5-\r\nIf-Range: " TAG "\r\n");
	cr_expect_eq(a.is.status, 200);
	expect_body(&a, "9876543210", "If-Range");
	answer_free(&a);
}

/* ---- compressed forms only ----------------------------------------------- */

Test(static_files, a_compressed_form_is_inflated_for_who_does_not_take_it)
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

Test(static_files, fields_are_added_to_all_answers_or_some)
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

Test(static_files, cross_origin_isolation_is_two_fields)
{
	struct answer a;

	ask_with(&a, NULL, true, "/ten.txt");
	expect_field(&a, "Cross-Origin-Opener-Policy", "same-origin", "");
	expect_field(&a, "Cross-Origin-Embedder-Policy", "require-corp", "");
	answer_free(&a);
}

Test(static_files, fields_of_the_server_are_refused)
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

/* ---- methods and failures ----------------------------------------------- */

static const struct simple {
	const char *line;
	int status;
	bool spa, list;
	const char *body; /* the beginning of it */
} simples[] = {
	{ "GET /", 200, 0, 0, "<p>index" },
	{ "GET /?query", 200, 0, 0, "<p>index" },
	{ "GET /dir/", 200, 0, 0, "dir" },
	{ "GET /dir", 301, 0, 0, "301 Moved Permanently\n\nThis is a" },
	{ "GET /bare/", 404, 0, 0, "404 Not Found\n\nThere is nothing" },
	{ "GET /bare/", 200, 0, 1, "<!doctype html>" },
	{ "GET /dir/", 200, 0, 1, "dir" },
	{ "GET /nothing", 404, 0, 0, "404 Not Found\n\nThere is nothing" },
	{ "GET /.hidden", 404, 0, 1, "404 " },
	{ "GET /fifo", 403, 0, 0, "403 Forbidden\n\nThis may not" },
	{ "GET /../x", 400, 0, 0, "400 Bad Request\n\nThe address is m" },
	{ "GET /%2e%2e/x", 400, 1, 1, "400 Bad Request" },
	{ "GET /%00", 400, 1, 1, "400 Bad Request" },
	{ "GET //x", 404, 0, 0, "404 Not Found" },
	{ "POST /ten.txt", 405, 0, 0, "405 Method Not Allowed\n\nThis add" },
	{ "PUT /ten.txt", 405, 0, 0, "405 " },
	{ "DELETE /nothing", 405, 0, 0, "405 " },
	{ "PATCH /../x", 405, 0, 0, "405 " },
	{ "OPTIONS /ten.txt", 204, 0, 0, "" },
	{ "OPTIONS *", 204, 0, 0, "" },
	{ "HEAD /nothing", 404, 0, 0, "" },
	{ "HEAD /bare/", 200, 0, 1, "" },
	{ "HEAD /dir", 301, 0, 0, "" },
	/* one page for all addresses */
	{ "GET /app/user/7", 200, 1, 0, "<p>index" },
	{ "GET /app/", 200, 1, 0, "<p>index" },
	{ "GET /bare/", 200, 1, 0, "<p>index" },
	{ "GET /v1.2/users", 200, 1, 0, "<p>index" },
	{ "GET /app/missing.js", 404, 1, 0, "404 " },
	{ "GET /fifo", 403, 1, 0, "403 " },
	{ "GET /ten.txt", 200, 1, 0, TEN },
	{ "GET /dir", 301, 1, 0, "301 " },
	{ "GET /bare/", 200, 1, 1, "<!doctype html>" },
};

Test(static_files, each_failure_is_an_answer)
{
	int before = tree_descriptors();

	for (size_t i = 0; i < WS_LEN(simples); i++) {
		const struct simple *row = &simples[i];
		struct ws_files_options options = { .spa = row->spa,
			.list = row->list };
		struct answer a;
		char body[64] = "";

		ask_lines(&a, &options, row->line, "");
		cr_expect_eq(
		    a.is.status, row->status, "%s: %d", row->line, a.is.status);
		answer_body(&a, body, strlen(row->body));
		cr_expect_str_eq(body, row->body, "%s: %s", row->line, body);
		expect_field(&a, "Allow",
		    row->status == 405 || row->status == 204
			? "GET, HEAD, OPTIONS"
			: NULL,
		    row->line);
		answer_free(&a);
	}
	cr_expect_eq(tree_descriptors(), before);
}

Test(static_files, head_has_the_length_of_get)
{
	static const char *const paths[] = { "/ten.txt", "/nothing", "/dir",
		"/bare/", "/fifo", "/%00" };
	struct ws_files_options options = { .list = true };

	for (size_t i = 0; i < WS_LEN(paths); i++) {
		struct answer a;
		char line[64], get[512], head[512];

		snprintf(line, sizeof(line), "GET %s", paths[i]);
		ask_lines(&a, &options, line, "");
		answer_field(&a, "Content-Length", get);
		answer_free(&a);
		snprintf(line, sizeof(line), "HEAD %s", paths[i]);
		ask_lines(&a, &options, line, "");
		answer_field(&a, "Content-Length", head);
		answer_free(&a);
		cr_expect_str_eq(get, head, "%s", paths[i]);
	}
}

/* Sec-Fetch-Mode where there is one, or else Accept, or else the dot. */
Test(static_files, the_application_page_is_for_those_who_navigate)
{
	static const struct {
		const char *path, *fields;
		int status;
	} visits[] = {
		{ "/user/jane.doe", "Sec-Fetch-Mode: navigate\r\n", 200 },
		{ "/token/a.b.c", "Sec-Fetch-Mode: navigate\r\n", 200 },
		{ "/user/jane", "Sec-Fetch-Mode: navigate\r\n", 200 },
		{ "/lost.js", "Sec-Fetch-Mode: no-cors\r\n", 404 },
		{ "/lost", "Sec-Fetch-Mode: cors\r\n", 404 },
		{ "/lost", "Sec-Fetch-Mode: cors\r\nAccept: text/html\r\n",
		    404 },
		{ "/user/jane.doe",
		    "Accept: text/html,application/xhtml+xml;q=0.9\r\n", 200 },
		{ "/user/jane.doe", "Accept: Text/HTML;level=1, */*\r\n", 200 },
		{ "/lost.png", "Accept: image/avif,image/webp,*/*\r\n", 404 },
		{ "/lost", "Accept: image/avif,image/webp,*/*\r\n", 404 },
		{ "/lost.js", "Accept: */*\r\n", 404 },
		{ "/user/jane", "Accept: */*\r\n", 200 },
		{ "/user/jane", "", 200 },
		{ "/user/jane.doe", "", 404 },
		{ "/ten.txt", "Sec-Fetch-Mode: navigate\r\n", 200 },
		{ "/fifo", "Sec-Fetch-Mode: navigate\r\n", 403 },
		{ "/a/%00", "Sec-Fetch-Mode: navigate\r\n", 400 },
	};
	struct ws_files_options spa = { .spa = true }, none = { .spa = false };
	struct answer a;

	for (size_t i = 0; i < WS_LEN(visits); i++) {
		char line[64];

		snprintf(line, sizeof(line), "GET %s", visits[i].path);
		ask_lines(&a, &spa, line, visits[i].fields);
		cr_expect_eq(a.is.status, visits[i].status, "%s, %s: %d", line,
		    visits[i].fields, a.is.status);
		answer_free(&a);
	}
	ask_lines(&a, &none, "GET /user/jane", "Sec-Fetch-Mode: navigate\r\n");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
}

Test(static_files, a_page_comes_before_that_of_the_application)
{
	struct ws_files_options options = { .spa = true };
	struct answer a;

	tree_file(docroot, "about.html", "about us");
	ask_lines(&a, &options, "GET /about", "Sec-Fetch-Mode: navigate\r\n");
	expect_body(&a, "about us", "/about");
	answer_free(&a);
}

Test(static_files, the_application_page_is_never_cached_blindly)
{
	struct ws_files_options options = { .spa = true, .cache = "max-age=9" };
	struct answer a;

	ask_lines(&a, &options, "GET /app", "");
	expect_field(&a, "Cache-Control", "no-cache", "/app");
	answer_free(&a);
	ask_lines(&a, &options, "GET /index.html", "");
	expect_field(&a, "Cache-Control", "max-age=9", "/index.html");
	answer_free(&a);
	unlink(tree_path(docroot, "index.html"));
	ask_lines(&a, &options, "GET /app", "");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
	tree_dir(docroot, "index.html");
	ask_lines(&a, &options, "GET /app", "");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
}

Test(static_files, a_404_page_of_the_root_is_used)
{
	struct answer a;

	tree_file(docroot, "404.html", "lost?");
	tree_gzip(docroot, "404.html.gz", "lost?");
	ask_lines(&a, NULL, "GET /nothing",
	    "Range: bytes=1-2\r\nIf-None-Match: *\r\n");
	cr_expect_eq(a.is.status, 404);
	expect_body(&a, "lost?", "404");
	expect_field(&a, "Content-Type", "text/html; charset=utf-8", "404");
	expect_field(&a, "ETag", NULL, "404");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /nothing", "Accept-Encoding: gzip\r\n");
	expect_field(&a, "Content-Encoding", "gzip", "404");
	expect_field(&a, "Vary", "Accept-Encoding", "404");
	answer_free(&a);
	ask_lines(&a, NULL, "HEAD /nothing", "");
	expect_field(&a, "Content-Length", "5", "404");
	answer_free(&a);
	ask_lines(&a, NULL, "GET /404.html", "");
	cr_expect_eq(a.is.status, 200);
	answer_free(&a);
}

Test(static_files, directories_do_not_leak_behind_a_404_page)
{
	struct ws_files_options options = { .spa = true };
	int before = tree_descriptors();
	struct answer a;

	tree_file(docroot, "404.html", "lost?");
	unlink(tree_path(docroot, "index.html"));
	tree_dir(docroot, "index.html");
	ask_lines(&a, &options, "GET /bare/", "");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
	unlink(tree_path(docroot, "404.html"));
	tree_dir(docroot, "404.html");
	ask_lines(&a, &options, "GET /bare/", "");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
	cr_expect_eq(tree_descriptors(), before);
}

Test(static_files, nothing_of_the_request_is_reflected)
{
	static const char *const lines[] = { "GET /evilmark",
		"GET /evilmark/%00", "POST /evilmark?evilmark",
		"GET /evilmark/../" };

	for (size_t i = 0; i < WS_LEN(lines); i++) {
		struct answer a;
		char body[4096];
		size_t n;

		ask_lines(&a, NULL, lines[i], "X: evilmark\r\n");
		n = answer_body(&a, body, sizeof(body) - 1);
		body[n] = '\0';
		cr_expect_gt(n, 0);
		cr_expect_null(strstr(body, "evilmark"), "%s", lines[i]);
		cr_expect_null(strstr(a.head, "evilmark"), "%s", lines[i]);
		answer_free(&a);
	}
}

Test(static_files, out_of_descriptors_is_busy)
{
	struct rlimit old, none;
	struct answer a;
	int lowest = dup(0);

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	ask_lines(&a, NULL, "GET /ten.txt", "");
	setrlimit(RLIMIT_NOFILE, &old);
	cr_expect_eq(a.is.status, 503);
	expect_field(&a, "Retry-After", "1", "503");
	answer_free(&a);
}

/* ---- redirects and listings --------------------------------------------- */

Test(static_files, redirects_are_relative_and_lead_nowhere_else)
{
	static const struct {
		const char *line, *location;
	} rows[] = {
		{ "GET /dir", "./dir/" },
		{ "GET /dir?", "./dir/?" },
		{ "GET /dir?a=b&c=//evil.com", "./dir/?a=b&c=//evil.com" },
		{ "GET /evil.com", "./evil.com/" },
		{ "GET /%65vil.com", "./%65vil.com/" },
		{ "GET /a:b", "./a:b/" },
		{ "GET /we%20ird", "./we%20ird/" },
		{ "GET http://other/dir?x", "./dir/?x" },
		/* Relative to http://h//evil.com this leads to this server. */
		{ "GET //evil.com", "./evil.com/" },
	};
	static const char *const refused[] = { "GET /%2fevil.com",
		"GET /%5cevil.com", "GET /dir%0d%0aX:y" };
	struct answer a;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		ask_lines(&a, NULL, rows[i].line, "");
		cr_expect_eq(a.is.status, 301, "%s", rows[i].line);
		expect_field(&a, "Location", rows[i].location, rows[i].line);
		answer_free(&a);
	}
	for (size_t i = 0; i < WS_LEN(refused); i++) {
		ask_lines(&a, NULL, refused[i], "");
		cr_expect_eq(a.is.status, 400, "%s", refused[i]);
		answer_free(&a);
	}
}

/* CVE-2025-55763 in another server: a heap overflow by exactly this. */
Test(static_files, redirects_of_any_length_are_safe)
{
	static char request[64000];

	for (size_t query = 0;
	     query<60000; query += query> 1500 && query < 2100 ? 1 : 701) {
		struct answer a;
		size_t n = (size_t)sprintf(request, "GET /dir?");

		memset(request + n, 'q', query);
		n += query;
		n += (size_t)sprintf(
		    request + n, " HTTP/1.1\r\nHost: h\r\n\r\n");
		ask(&a, NULL, request, n, "long query");
		cr_expect_eq(a.is.status,
		    query < 1700   ? 301
		    : query > 2048 ? 414
				   : a.is.status,
		    "%zu: %d", query, a.is.status);
		answer_free(&a);
		cr_expect_eq(scarce_blocks, 3, "leaked");
	}
}

Test(static_files, a_listing_is_a_page_that_runs_nothing)
{
	struct ws_files_options options = { .list = true };
	struct answer a;
	char body[4096];
	size_t n;

	ask_lines(&a, &options, "GET /bare/?<q>", "Range: bytes=0-1\r\n");
	cr_expect_eq(a.is.status, 200);
	expect_field(&a, "Content-Type", "text/html; charset=utf-8", "list");
	expect_field(&a, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'", "list");
	expect_field(&a, "Cache-Control", "no-cache", "list");
	n = answer_body(&a, body, sizeof(body) - 1);
	body[n] = '\0';
	cr_expect_not_null(strstr(body, "./%3Cb%3E"));
	cr_expect_null(strstr(body, "<b>"));
	answer_free(&a);
}

Test(static_files, a_head_that_does_not_fit_is_told)
{
	static const struct ws_files_options none;
	static const char request[] =
	    "GET /ten.txt HTTP/1.1\r\nHost: h\r\n\r\n";
	struct ws_http_head head;

	ws_http_init(&head, 8192, 4096);
	cr_assert_gt(ws_http_parse(&head, request, sizeof(request) - 1), 0);
	for (size_t size = 0; size < 200; size++) {
		char *small = malloc(size + 1);
		struct ws_http_out out = { .at = small, .size = size };
		struct ws_static_answer answer;

		ws_static_answer(&(struct ws_static_ask){ .root = root,
				     .options = &none,
				     .head = &head,
				     .buf = request,
				     .path = WS_SPAN("/ten.txt"),
				     .gzip_cache = &answer_gzip_cache },
		    &out, &answer);
		cr_expect(out.failed, "%zu", size);
		cr_expect_leq(out.len, size);
		ws_file_close(&answer.file);
		free(small);
	}
}

Test(static_files, embedded_files_are_answered_alike)
{
	static const struct ws_asset assets[] = {
		{ "/dir/x.txt", (const unsigned char *)TEN, 10, "\"tag\"", 0 },
	};
	struct ws_files_options options = { .list = true };
	struct answer a;

	ws_files_free(root);
	root = ws_files_embedded(assets, 1, TREE_TIME);
	ask_lines(&a, &options, "GET /dir/x.txt", "Range: bytes=3-5\r\n");
	cr_expect_eq(a.is.status, 206);
	expect_field(&a, "ETag", "\"tag\"", "embedded");
	expect_field(&a, "Last-Modified", DATE, "embedded");
	expect_body(&a, "345", "embedded");
	answer_free(&a);
	ask_lines(&a, &options, "GET /dir", "");
	cr_expect_eq(a.is.status, 301);
	answer_free(&a);
	ask_lines(&a, &options, "GET /dir/", "");
	cr_expect_eq(a.is.status, 404);
	answer_free(&a);
	ask_lines(&a, &options, "GET /dir/x.txt", "If-None-Match: \"tag\"\r\n");
	cr_expect_eq(a.is.status, 304);
	answer_free(&a);
}

Test(static_files, without_memory_the_status_is_still_told)
{
	static const struct {
		const char *line;
		int status, statuses[3]; /* when the nth allocation fails */
	} rows[] = {
		{ "GET /nothing", 404, { 404, 404, 404 } },
		{ "GET /dir", 301, { 503, 301, 301 } },
		{ "GET /bare/", 200, { 503, 503, 503 } },
	};
	struct ws_files_options options = { .list = true };
	struct answer a;
	long before = scarce_blocks;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		for (size_t nth = 0; nth <= 3; nth++) {
			int wanted = nth == 0 ? rows[i].status
					      : rows[i].statuses[nth - 1];

			scarce(nth);
			ask_lines(&a, &options, rows[i].line, "");
			scarce(0);
			cr_expect_eq(a.is.status, wanted, "%s %zu: %d",
			    rows[i].line, nth, a.is.status);
			answer_free(&a);
			cr_expect_eq(scarce_blocks, before);
		}
	}
}
