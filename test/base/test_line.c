/* test_line.c - one line of text for a person. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>

#include "base/line.h"

static size_t format_line(char *line, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t
format_line(char *line, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = ws_line_format(line, size, format, args);
	va_end(args);
	return len;
}

/* Text with a control octet, cut at every place. */
Test(line, is_cut_and_terminated)
{
	static const char whole[] = "7 of ten?times";

	for (size_t size = 1; size < 20; size++) {
		char line[20];
		size_t expected = sizeof(whole) - 1;
		size_t len;

		if (expected > size - 1)
			expected = size - 1;
		memset(line, '#', sizeof(line));
		len = format_line(line, size, "%d of %s", 7, "ten\ntimes");
		cr_assert_eq(len, expected, "size %zu", size);
		cr_assert_arr_eq(line, whole, len, "size %zu", size);
		cr_assert_eq(line[len], '\0', "size %zu", size);
		cr_assert(size == 20 || line[size] == '#', "size %zu", size);
	}
}

/* A cut between the octets of U+009B leaves no second half to mask. */
Test(line, may_be_cut_inside_a_control)
{
	char line[8];

	cr_assert_eq(format_line(line, 3, "a%s", "\xc2\x9b"), 2);
	cr_assert_str_eq(line, "a\xc2");
	cr_assert_eq(format_line(line, 4, "a%s", "\xc2\x9b"), 3);
	cr_assert_str_eq(line, "a??");
}
