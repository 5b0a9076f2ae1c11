/* test_print.c - text from templates, beside snprintf; numbers from text. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/print.h"

/* Print with both, in every room from one octet to enough, and compare. */
#define CHECK(...)                                                   \
	do {                                                         \
		for (size_t room = 1; room < 80; room++) {           \
			char ours[80], theirs[80];                   \
			int n, m;                                    \
                                                                     \
			memset(ours, '#', sizeof(ours));             \
			memset(theirs, '#', sizeof(theirs));         \
			n = ws_print(ours, room, __VA_ARGS__);       \
			m = snprintf(theirs, room, __VA_ARGS__);     \
			cr_assert_eq(n, m, "length in %zu", room);   \
			cr_assert_arr_eq(ours, theirs, sizeof(ours), \
			    "'%s' is not '%s'", ours, theirs);       \
		}                                                    \
	} while (0)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

Test(print, text)
{
	char open[3] = { 'a', 'b', 'c' }; /* not terminated */

	CHECK("plain");
	CHECK("%s", "");
	CHECK("%s and %s", "one", "two");
	CHECK("%.*s|", 2, "four");
	CHECK("%.*s|", 0, "four");
	CHECK("%.*s|", 9, "four");
	CHECK("%.*s|", -1, "four");
	CHECK("%.3s|", open);
	CHECK("%.80s|", "an address");
	CHECK("%c%c%%", 'x', '\n');
	CHECK("100%% of %s", "it");
}

Test(print, numbers)
{
	static const long long rows[] = { 0, 1, -1, 9, 10, 99, -100, 255, 256,
		INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN };

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		CHECK("%d|", (int)rows[i]);
		CHECK("%ld|", (long)rows[i]);
		CHECK("%lld|", rows[i]);
		CHECK("%u|", (unsigned)rows[i]);
		CHECK("%hu|", (unsigned short)rows[i]);
		CHECK("%lu|", (unsigned long)rows[i]);
		CHECK("%llu|", (unsigned long long)rows[i]);
		CHECK("%zu|", (size_t)rows[i]);
		CHECK("%x|", (unsigned)rows[i]);
		CHECK("%02X|", (unsigned)rows[i]);
		CHECK("%08x|", (unsigned)rows[i]);
		CHECK("%016llx|", (unsigned long long)rows[i]);
		CHECK("%5u|%12llx|", (unsigned)rows[i],
		    (unsigned long long)rows[i]);
		CHECK("%" PRIu64 "-%" PRIx64 ".%" PRIx32, (uint64_t)rows[i],
		    (uint64_t)rows[i], (uint32_t)rows[i]);
	}
}

/* A conversion that is cut short must not read behind the template. */
Test(print, an_unfinished_template_ends)
{
	static const char *const rows[] = { "%", "%0", "%5", "%.", "%.3", "%l",
		"%ll" };
	char text[8];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const char *volatile format = rows[i];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
		cr_assert_leq(
		    ws_print(text, sizeof(text), format), 1, "%s", rows[i]);
#pragma GCC diagnostic pop
	}
}

Test(print, digits)
{
	static const struct {
		const char *text;
		unsigned base;
		uint64_t value;
		size_t len;
	} rows[] = {
		{ "", 10, 0, 0 },
		{ "0", 10, 0, 1 },
		{ "7k", 10, 7, 1 },
		{ " 7", 10, 0, 0 },
		{ "-7", 10, 0, 0 },
		{ "+7", 10, 0, 0 },
		{ "0660", 8, 0660, 4 },
		{ "0680", 8, 06, 2 },
		{ "18446744073709551614", 10, UINT64_MAX - 1, 20 },
		{ "18446744073709551615", 10, UINT64_MAX, 20 },
		{ "18446744073709551616", 10, UINT64_MAX, 20 },
		{ "99999999999999999999999", 10, UINT64_MAX, 23 },
		{ "1777777777777777777777", 8, UINT64_MAX, 22 },
		{ "2000000000000000000000", 8, UINT64_MAX, 22 },
		{ "2000000000000000000000/", 8, UINT64_MAX, 22 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		uint64_t value = 1234;
		const char *end = ws_scan(rows[i].text, rows[i].base, &value);

		cr_assert_eq(value, rows[i].value, "%s", rows[i].text);
		cr_assert_eq(
		    end, rows[i].text + rows[i].len, "%s", rows[i].text);
	}
}
