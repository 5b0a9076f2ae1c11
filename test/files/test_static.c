/* test_static.c - what a client may ask of a file, and the answers. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <sys/resource.h>

#include "visit.h"
#include "test/scarce.h"
#include "test/tree.h"

TestSuite(static_files, .init = visit_plant, .fini = visit_uproot);

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
