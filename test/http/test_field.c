/* test_field.c - lists, dates, entity-tags, ranges and codings. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "http/field.h"
#include "test/guard.h"

/* A copy of a text that ends at an unreadable page. */
static struct ws_span
guarded(const char *text, size_t len, struct guard *g)
{
	*g = guard_copy(text, len);
	return (struct ws_span){ (const char *)g->at, len };
}

static struct ws_span
span(const char *text)
{
	return (struct ws_span){ text, strlen(text) };
}

/* ---- lists ---------------------------------------------------------------- */

static const struct {
	const char *list, *members; /* joined by '|', each followed by one */
} lists[] = {
	{ "", "" },
	{ " ,\t, ", "" },
	{ "a", "a|" },
	{ "a,b", "a|b|" },
	{ " a , ,b c\t,", "a|b c|" },
	{ "a=\"b,c\",d", "a=\"b,c\"|d|" },
	{ "\"\\\",\", e", "\"\\\",\"|e|" },
	{ "\"open, b", "\"open, b|" },
	{ "\"open\\", "\"open\\|" },
	{ "a\\,b", "a\\|b|" },
};

Test(field, lists_are_split)
{
	for (size_t i = 0; i < WS_LEN(lists); i++) {
		char joined[64] = "";
		struct guard g;
		struct ws_span member,
		    list = guarded(lists[i].list, strlen(lists[i].list), &g);

		while (ws_field_next(&list, &member)) {
			strncat(joined, member.at, member.len);
			strcat(joined, "|");
		}
		cr_expect_str_eq(joined, lists[i].members, "%s", lists[i].list);
		guard_free(&g);
	}
}

/* CVE-2021-32640: 16 KB of the costliest octets, 2100 times. Linear time is
 * a fraction of a second, quadratic time an hour. */
Test(field, list_time_is_linear, .timeout = 5)
{
	static char text[16384];
	static const char *const fills[] = { " ", ",", ", ", "\"", "\\", "a ",
		"a," };

	for (size_t i = 0; i < WS_LEN(fills); i++) {
		struct ws_span list, member;

		for (size_t n = 0; n < sizeof(text); n++)
			text[n] = fills[i][n % strlen(fills[i])];
		for (int times = 0; times < 100; times++) {
			list = (struct ws_span){ text, sizeof(text) };
			while (ws_field_next(&list, &member))
				cr_assert_gt(member.len, 0u);
			list = (struct ws_span){ text, sizeof(text) };
			cr_assert_eq(
			    ws_field_accepts(list, WS_SPAN("gzip")), 0u);
			cr_assert_not(
			    ws_field_etag_listed(list, WS_SPAN("\"e\""), true));
		}
	}
}

/* ---- dates ---------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t unix_s;
} dates[] = {
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
	{ "Sun Nov  6 08:49:37 1994", 784111777 },
	{ "Wed Nov 16 08:49:37 1994", 784975777 },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
	{ "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
	{ "Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999 },
	{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
	{ "Sat, 01 Jan 0000 00:00:00 GMT", -62167219200 },
	{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 }, /* leap second */
	{ "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },  /* a Sunday */
};

Test(field, dates_are_read)
{
	for (size_t i = 0; i < WS_LEN(dates); i++) {
		int64_t unix_s = 42;
		struct guard g;
		struct ws_span in =
		    guarded(dates[i].text, strlen(dates[i].text), &g);

		cr_assert(ws_field_date_read(in, &unix_s), "%s", dates[i].text);
		cr_expect_eq(unix_s, dates[i].unix_s, "%s: %lld", dates[i].text,
		    (long long)unix_s);
		/* No part of it is a date. */
		for (in.len = 0; in.len < g.len; in.len++) {
			cr_expect_not(ws_field_date_read(in, &unix_s),
			    "%s: %zu octets", dates[i].text, in.len);
		}
		guard_free(&g);
	}
}

static const char *const no_dates[] = {
	"sun, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 gmt",
	"Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 GMT ",
	" Sun, 06 Nov 1994 08:49:37 GMT",
	"Sun,  6 Nov 1994 08:49:37 GMT",
	"Sun, 6 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT",
	"Sun, 06 Nov -994 08:49:37 GMT",
	"Sunday, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06-Nov-94 08:49:37 GMT",
	"Sun, 00 Nov 1994 08:49:37 GMT",
	"Sun, 31 Nov 1994 08:49:37 GMT",
	"Sun, 31 Feb 1994 08:49:37 GMT",
	"Sun, 29 Feb 1900 08:49:37 GMT",
	"Sun, 29 Feb 2001 08:49:37 GMT",
	"Sun, 29 Feb 2100 08:49:37 GMT",
	"Sun, 32 Jan 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 24:00:00 GMT",
	"Sun, 06 Nov 1994 08:60:37 GMT",
	"Sun, 06 Nov 1994 08:49:61 GMT",
	"Sun, 06 Nov 1994 8:49:37 GMT",
	"Sun Nov 06 08:49:37 1994 GMT",
	"Sun Nov 6 08:49:37 1994",
	"Sun Nov    08:49:37 1994",
};

Test(field, no_dates_are_refused)
{
	for (size_t i = 0; i < WS_LEN(no_dates); i++) {
		int64_t unix_s = 42;

		cr_expect_not(ws_field_date_read(span(no_dates[i]), &unix_s),
		    "%s", no_dates[i]);
		cr_expect_eq(unix_s, 42, "%s", no_dates[i]);
	}
}

static void
expect_written(int64_t unix_s, const char *text)
{
	char out[WS_FIELD_DATE_SIZE];

	ws_field_date_write(unix_s, out);
	cr_expect_eq(memcmp(out, text, sizeof(out)), 0, "%s: %.29s", text, out);
}

Test(field, dates_are_written)
{
	expect_written(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
	expect_written(-1, "Thu, 01 Jan 1970 00:00:00 GMT");
	expect_written(INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT");
	expect_written(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
	expect_written(253402300800, "Fri, 31 Dec 9999 23:59:59 GMT");
	expect_written(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Every day of 1970 to 2500, counted here one by one with the calendar's rule
 * as a schoolbook has it: 2000 and 2400 have a 29 February, 2100 has none. */
Test(field, every_day_goes_there_and_back)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char week[] = "ThuFriSatSunMonTueWed";
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int year = 1970, month = 0, day = 1;

	for (int64_t n = 0; year <= 2500; n++) {
		bool leap =
		    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		int64_t unix_s = n * 86400 + n % 86400, back = -1;
		int second = (int)(n % 86400);
		char text[64], out[WS_FIELD_DATE_SIZE];

		snprintf(text, sizeof(text),
		    "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", week + n % 7 * 3,
		    day, names + month * 3, year, second / 3600,
		    second / 60 % 60, second % 60);
		ws_field_date_write(unix_s, out);
		cr_assert_eq(
		    memcmp(out, text, sizeof(out)), 0, "%s: %.29s", text, out);
		cr_assert(ws_field_date_read(
		    (struct ws_span){ out, sizeof(out) }, &back));
		cr_assert_eq(back, unix_s, "%s", text);
		if (++day > days[month] + (month == 1 && leap)) {
			day = 1;
			month = (month + 1) % 12;
			year += month == 0;
		}
	}
}

/* ---- entity-tags ---------------------------------------------------------- */

static const struct {
	const char *list, *etag;
	bool listed;
} etags[] = {
	{ "*", "\"a\"", true },
	{ " * ", "\"a\"", true },
	{ "", "\"a\"", false },
	{ "\"a\"", "\"a\"", true },
	{ "\"a\"", "\"b\"", false },
	{ "\"a\"", "\"A\"", false },
	{ "W/\"a\"", "\"a\"", true },
	{ "\"a\"", "W/\"a\"", true },
	{ "w/\"a\"", "\"a\"", false },
	{ "\"b\", ,W/\"c\" ,\t\"a\" ,", "\"a\"", true },
	{ "\"b\",\"a", "\"a\"", false },
	{ "a", "\"a\"", false },
	{ "\"", "\"a\"", false },
	{ "W/", "\"a\"", false },
	{ "*, \"b\"", "\"a\"", false },
	{ "\"a\"x, \"b\"", "\"a\"", false },
	{ "x\"a\", \"b\"", "\"b\"", true },
	{ "\"a\" \"a\"", "\"a\"", false },
	{ "\"x,\\\", \"a\"", "\"a\"", true }, /* no quoted-pair in it */
	{ "\"x,y\"", "\"x,y\"", true },
	{ "\"x,y\"", "\"x\"", false },
	{ "\"\"", "\"\"", true },
	{ "\"a\"", "a", false },
	{ "\"a\"", "\"a\"x", false },
};

Test(field, etags_are_compared_weakly)
{
	for (size_t i = 0; i < WS_LEN(etags); i++) {
		struct guard g;
		struct ws_span list =
		    guarded(etags[i].list, strlen(etags[i].list), &g);

		cr_expect_eq(
		    ws_field_etag_listed(list, span(etags[i].etag), true),
		    etags[i].listed, "%s in %s", etags[i].etag, etags[i].list);
		guard_free(&g);
	}
}

/* RFC 9110 section 8.8.3.2: what has W/ is equal to none. */
Test(field, etags_are_compared_strongly)
{
	static const struct {
		const char *list;
		bool listed;
	} rows[] = {
		{ "*", true },
		{ "\"a\"", true },
		{ "W/\"a\"", false },
		{ "W/\"a\", \"a\"", true },
		{ "\"x\\\", \"a\"", true }, /* no quoted-pair in it */
		{ "W/\"x,\", \"a\"", true },
		{ "W/\"x,\"a\"", false },
		{ "*, \"b\"", false },
		{ "\"a\"x", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(ws_field_etag_listed(
				 span(rows[i].list), WS_SPAN("\"a\""), false),
		    rows[i].listed, "%s", rows[i].list);
	cr_expect_not(ws_field_etag_listed(
	    WS_SPAN("W/\"a\""), WS_SPAN("W/\"a\""), false));
}

/* ---- ranges --------------------------------------------------------------- */

static const struct {
	const char *value;
	uint64_t size;
	enum ws_range result;
	uint64_t first, length;
} ranges[] = {
	{ "bytes=0-0", 10, WS_RANGE_ONE, 0, 1 },
	{ "bytes=0-9", 10, WS_RANGE_ONE, 0, 10 },
	{ "bytes=0-10", 10, WS_RANGE_ONE, 0, 10 },
	{ "Bytes=3-", 10, WS_RANGE_ONE, 3, 7 },
	{ " bytes=9-9 ", 10, WS_RANGE_ONE, 9, 1 },
	{ "bytes=-1", 10, WS_RANGE_ONE, 9, 1 },
	{ "bytes=-10", 10, WS_RANGE_ONE, 0, 10 },
	{ "bytes=-11", 10, WS_RANGE_ONE, 0, 10 },
	{ "bytes=007-008", 10, WS_RANGE_ONE, 7, 2 },
	{ "bytes=1-99999999999999999999999", 10, WS_RANGE_ONE, 1, 9 },
	{ "bytes=-99999999999999999999999", 10, WS_RANGE_ONE, 0, 10 },
	{ "bytes=-18446744073709551616", 10, WS_RANGE_ONE, 0, 10 },
	{ "bytes=0-", UINT64_MAX, WS_RANGE_ONE, 0, UINT64_MAX },
	{ "bytes=18446744073709551614-", UINT64_MAX, WS_RANGE_ONE,
	    UINT64_MAX - 1, 1 },
	{ "bytes=10-", 10, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=10-11", 10, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=99999999999999999999999-", 10, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-0", 10, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=0-", 0, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-0", 0, WS_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-5", 0, WS_RANGE_NONE, 0, 0 },
	{ "", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=-", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=1", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=2-1", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=--1", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=+1-2", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=1-2x", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=1-x", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=-1x", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=0x1-2", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes= 1-2", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes =1-2", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=0-0,5-6", 10, WS_RANGE_NONE, 0, 0 },
	{ "bytes=0-,5-6", 10, WS_RANGE_NONE, 0, 0 },
	{ "items=0-0", 10, WS_RANGE_NONE, 0, 0 },
};

Test(field, ranges_are_read)
{
	for (size_t i = 0; i < WS_LEN(ranges); i++) {
		uint64_t first = 0, length = 0;
		struct guard g;
		struct ws_span value =
		    guarded(ranges[i].value, strlen(ranges[i].value), &g);

		cr_expect_eq(
		    ws_field_range(value, ranges[i].size, &first, &length),
		    ranges[i].result, "%s", ranges[i].value);
		cr_expect_eq(first, ranges[i].first, "%s", ranges[i].value);
		cr_expect_eq(length, ranges[i].length, "%s", ranges[i].value);
		guard_free(&g);
	}
}

/* ---- codings -------------------------------------------------------------- */

static const struct {
	const char *value, *coding;
	unsigned q;
} codings[] = {
	{ "", "gzip", 0 },
	{ "", "identity", 1000 },
	{ "gzip", "gzip", 1000 },
	{ "GZip", "gzip", 1000 },
	{ "x-gzip", "gzip", 0 },
	{ "gzip, deflate, br", "br", 1000 },
	{ "br;q=0.8, gzip ; Q=0.25", "gzip", 250 },
	{ "gzip;q=0", "gzip", 0 },
	{ "gzip;q=0.", "gzip", 0 },
	{ "gzip;q=0.001", "gzip", 1 },
	{ "gzip;q=1.000", "gzip", 1000 },
	{ "gzip;q=1.", "gzip", 1000 },
	{ "*", "gzip", 1000 },
	{ "*;q=0.5", "gzip", 500 },
	{ "*, gzip;q=0", "gzip", 0 },
	{ "gzip;q=0.1, *", "gzip", 100 },
	{ "*;q=0", "identity", 0 },
	{ "*;q=0.5", "identity", 1000 },
	{ "gzip", "identity", 1000 },
	{ "identity;q=0.5, *;q=0", "identity", 500 },
	{ "identity;q=0", "identity", 0 },
	/* Malformed members are skipped. */
	{ "gzip;q=1.001", "gzip", 0 },
	{ "gzip;q=2", "gzip", 0 },
	{ "gzip;q=", "gzip", 0 },
	{ "gzip;q", "gzip", 0 },
	{ "gzip;", "gzip", 0 },
	{ "gzip;x=1", "gzip", 0 },
	{ "gzip;q=0.1234", "gzip", 0 },
	{ "gzip;q=0,5", "gzip", 0 },
	{ "gzip;q=00", "gzip", 0 },
	{ "gzip;q=0.x", "gzip", 0 },
	{ "gzip;q= 1", "gzip", 0 },
	{ "gzip;q=-1", "gzip", 0 },
	{ "gzip;q=x, *;q=0.3", "gzip", 300 },
};

Test(field, codings_are_weighed)
{
	for (size_t i = 0; i < WS_LEN(codings); i++) {
		struct guard g;
		struct ws_span value =
		    guarded(codings[i].value, strlen(codings[i].value), &g);

		cr_expect_eq(ws_field_accepts(value, span(codings[i].coding)),
		    codings[i].q, "%s for %s", codings[i].value,
		    codings[i].coding);
		guard_free(&g);
	}
}

/* What a field that is absent looks like. */
Test(field, absent_values_are_empty)
{
	struct ws_span none = { NULL, 0 }, a, b;
	uint64_t first, length;
	int64_t unix_s;

	a = none;
	cr_expect_not(ws_field_next(&a, &b));
	cr_expect_not(ws_field_date_read(none, &unix_s));
	cr_expect_not(ws_field_etag_listed(none, WS_SPAN("\"a\""), true));
	cr_expect_eq(ws_field_range(none, 1, &first, &length), WS_RANGE_NONE);
	cr_expect_eq(ws_field_accepts(none, WS_SPAN("gzip")), 0);
}
