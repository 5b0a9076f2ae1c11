/* test_digits.c - decimal numbers in text. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digits.h"

static void
check_written(uint64_t number)
{
	char ours[WS_DIGITS_MAX + 1], theirs[WS_DIGITS_MAX + 1];
	size_t len;

	memset(ours, '#', sizeof(ours));
	len = ws_digits_write(ours, number);
	snprintf(theirs, sizeof(theirs), "%" PRIu64, number);
	cr_assert_eq(len, strlen(theirs), "%s", theirs);
	cr_assert_arr_eq(ours, theirs, len, "%s", theirs);
	cr_assert_eq(ours[len], '#', "%s", theirs);
}

Test(digits, writes_as_snprintf)
{
	check_written(0);
	check_written(UINT64_MAX);
	for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
		check_written(power - 1);
		check_written(power);
		check_written(power * 9 + 1);
	}
}

Test(digits, reads_what_stands_first)
{
	static const struct {
		const char *text;
		uint64_t value;
		size_t len;
	} rows[] = {
		{ "", 0, 0 },
		{ "0", 0, 1 },
		{ "7k", 7, 1 },
		{ "007", 7, 3 },
		{ " 7", 0, 0 },
		{ "-7", 0, 0 },
		{ "+7", 0, 0 },
		{ "7:", 7, 1 }, /* ':' follows '9', as '/' precedes '0' */
		{ "7/", 7, 1 },
		{ "18446744073709551614", UINT64_MAX - 1, 20 },
		{ "18446744073709551615", UINT64_MAX, 20 },
		{ "18446744073709551616", UINT64_MAX, 20 },
		{ "184467440737095516150", UINT64_MAX, 21 },
		{ "99999999999999999999999", UINT64_MAX, 23 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		size_t size = strlen(rows[i].text);
		uint64_t value = 1234;

		cr_assert_eq(ws_digits_read(rows[i].text, size, &value),
		    rows[i].len, "%s", rows[i].text);
		cr_assert_eq(value, rows[i].value, "%s", rows[i].text);
	}
}

/* A number may be cut by the end of what was received. */
Test(digits, reads_no_further_than_len)
{
	uint64_t value;

	cr_assert_eq(ws_digits_read("1234", 2, &value), 2);
	cr_assert_eq(value, 12);
	cr_assert_eq(ws_digits_read(NULL, 0, &value), 0);
	cr_assert_eq(value, 0);
}
