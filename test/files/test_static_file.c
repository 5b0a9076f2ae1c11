/* test_static_file.c - conditions, ranges and dates of files. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>

#include "visit.h"
#include "test/tree.h"

TestSuite(static_file, .init = visit_plant, .fini = visit_uproot);

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

Test(static_file, conditions_follow_rfc9110_section_13)
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

Test(static_file, not_modified_has_what_a_cache_needs_and_no_more)
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

Test(static_file, a_range_of_an_empty_file_is_unsatisfiable)
{
	struct answer a;

	ask_lines(&a, NULL, "GET /empty.txt", "Range: bytes=0-\r\n");
	cr_expect_eq(a.is.status, 416);
	expect_field(&a, "Content-Range", "bytes */0", "empty");
	answer_free(&a);
}

Test(static_file, large_files_have_large_offsets)
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
Test(static_file, a_date_that_means_nothing_is_not_sent)
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

/* Archives give all files one date, so two contents of equal length would be
 * one to a client that compares dates. */
Test(static_file, the_date_of_an_archive_is_not_sent)
{
	static const long dates[] = { 315532800, 499162500 };
	struct answer a;

	for (size_t i = 0; i < WS_LEN(dates); i++) {
		tree_time(docroot, "ten.txt", dates[i], 0);
		ask_lines(&a, NULL, "GET /ten.txt",
		    "If-Modified-Since: Sat, 26 Oct 1985 08:15:00 GMT\r\n");
		cr_expect_eq(a.is.status, 200, "%ld", dates[i]);
		expect_field(&a, "Last-Modified", NULL, "an archive's date");
		answer_free(&a);
	}
}

/* RFC 9110 section 8.8.2.2: it may change once more in its second. */
Test(static_file, rfc9110_8_8_2_2_a_date_of_just_now_is_weak)
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

Test(static_file, rfc9110_8_8_2_1_last_modified_is_not_later_than_date)
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
Test(static_file, a_changed_file_of_equal_size_and_time_is_another)
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
