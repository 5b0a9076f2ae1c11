/* test_text.c - a string that grows. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "sio/json/text.h"
#include "ws.h"
#include "test/guard.h"
#include "test/scarce.h"

static void
expect_text(struct sio_text *text, const char *expected)
{
	cr_expect(
	    text->len == strlen(expected) &&
		(text->len == 0 || memcmp(text->at, expected, text->len) == 0),
	    "%.*s, not %s", (int)text->len, text->at, expected);
	sio_text_clear(text, SIZE_MAX);
}

Test(sio_text, adds)
{
	struct sio_text text = { .at = NULL };

	sio_text_add(&text, "", 0);
	sio_text_add(&text, NULL, 0);
	cr_expect_null(text.at, "nothing takes no memory");
	sio_text_puts(&text, "ab");
	sio_text_putc(&text, 'c');
	sio_text_add(&text, "de", 1);
	expect_text(&text, "abcd");
	sio_text_integer(&text, 0);
	sio_text_integer(&text, -1);
	sio_text_integer(&text, INT64_MAX);
	sio_text_integer(&text, INT64_MIN);
	expect_text(&text, "0-19223372036854775807-9223372036854775808");
	sio_text_unsigned(&text, UINT64_MAX);
	expect_text(&text, "18446744073709551615");
	sio_text_number(&text, -1.5);
	sio_text_number(&text, NAN);
	expect_text(&text, "-1.5null");
	sio_text_quote(&text, "a\"\n\xff\0", 5);
	expect_text(&text, "\"a\\\"\\n\xef\xbf\xbd\\u0000\"");
	sio_text_escape(&text, "'\\'", 3);
	sio_text_escape(&text, "", 0);
	expect_text(&text, "'\\\\'");
	sio_text_free(&text);
	cr_expect_eq(scarce_blocks, 0);
}

/* The example at the top of text.c. */
Test(sio_text, writes_an_object)
{
	struct sio_text text = { .at = NULL };

	sio_text_puts(&text, "{\"name\":");
	sio_text_quote(&text, "J\xc3\xbcrg\t\xff", 7);
	sio_text_puts(&text, ",\"score\":");
	sio_text_number(&text, 0.1 + 0.2);
	sio_text_putc(&text, '}');
	expect_text(&text, "{\"name\":\"J\xc3\xbcrg\\t\xef\xbf\xbd\","
			   "\"score\":0.30000000000000004}");
	sio_text_free(&text);
}

Test(sio_text, escapes_as_json_stringify)
{
	static const struct {
		const char *text;
		size_t len;
		const char *escaped;
	} rows[] = {
#define ESCAPE(text, escaped) { text, sizeof(text) - 1, escaped }
		ESCAPE("", ""),
		ESCAPE("plain text / with slash", "plain text / with slash"),
		ESCAPE("\"\\", "\\\"\\\\"),
		ESCAPE("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
		ESCAPE("\0\x01\x0b\x1f", "\\u0000\\u0001\\u000b\\u001f"),
		ESCAPE("\x7f", "\x7f"),
		ESCAPE("\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80",
		    "\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80"),
		ESCAPE("12345678\"12345678\n1234567",
		    "12345678\\\"12345678\\n1234567"),
		/* What is not UTF-8: U+FFFD for each longest beginning. */
		ESCAPE("\xff", "\xef\xbf\xbd"),
		ESCAPE("a\xe2\x82z", "a\xef\xbf\xbdz"),
		ESCAPE("\xe2\x82", "\xef\xbf\xbd"),
		ESCAPE("\xf0\x9f\x98", "\xef\xbf\xbd"),
		ESCAPE("\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd"),
		ESCAPE("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
		ESCAPE("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"),
		ESCAPE("\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd"),
		ESCAPE("\xf5\"", "\xef\xbf\xbd\\\""),
#undef ESCAPE
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard in = guard_copy(rows[i].text, rows[i].len);
		struct sio_text text = { .at = NULL };

		sio_text_escape(&text, (const char *)in.at, in.len);
		cr_expect_eq(
		    text.len, strlen(rows[i].escaped), "%s", rows[i].escaped);
		expect_text(&text, rows[i].escaped);
		sio_text_free(&text);
		guard_free(&in);
	}
}

Test(sio_text, cuts)
{
	struct sio_text text = { .at = NULL };

	sio_text_cut(&text, 0);
	sio_text_puts(&text, "abcdef");
	sio_text_cut(&text, 7);
	sio_text_cut(&text, 6);
	cr_expect_eq(text.len, 6);
	sio_text_cut(&text, 2);
	sio_text_puts(&text, "x");
	expect_text(&text, "abx");
	sio_text_free(&text);
}

Test(sio_text, grows_in_large_steps)
{
	struct sio_text text = { .at = NULL };

	scarce(0);
	for (size_t i = 0; i < 100000; i++)
		sio_text_putc(&text, (char)('a' + i % 26));
	cr_expect_leq(scarce_calls, 12);
	for (size_t i = 0; i < 100000; i++)
		cr_assert_eq(text.at[i], (char)('a' + i % 26));
	/* One large piece takes one. */
	scarce(0);
	cr_expect_not_null(sio_text_room(&text, 1000000));
	cr_expect_eq(scarce_calls, 1);
	cr_expect_eq(text.len, 100000, "room is not text");
	sio_text_free(&text);
	cr_expect_eq(scarce_blocks, 0);
}

Test(sio_text, keeps_memory_for_the_next)
{
	struct sio_text text = { .at = NULL };
	const char *at;

	sio_text_puts(&text, "abc");
	at = text.at;
	sio_text_clear(&text, text.size);
	cr_expect_eq(text.len, 0);
	sio_text_puts(&text, "d");
	cr_expect_eq(text.at, at);
	sio_text_clear(&text, text.size - 1);
	cr_expect_null(text.at);
	cr_expect_eq(scarce_blocks, 0);
}

Test(sio_text, remembers_that_memory_was_out)
{
	struct sio_text text = { .at = NULL };

	sio_text_puts(&text, "abc");
	cr_expect_null(sio_text_room(&text, SIZE_MAX - 1));
	cr_expect_eq(text.error, WS_ENOMEM);
	sio_text_puts(&text, "dropped");
	sio_text_quote(&text, "dropped", 7);
	cr_expect_null(sio_text_room(&text, 1));
	cr_expect_eq(text.len, 3);
	sio_text_clear(&text, SIZE_MAX);
	cr_expect_eq(text.error, 0);
	scarce(1);
	for (int i = 0; i < 200; i++)
		sio_text_putc(&text, 'x');
	cr_expect_eq(text.error, WS_ENOMEM);
	cr_expect_eq(scarce_calls, 1, "it is not asked for again");
	scarce(0);
	sio_text_free(&text);
	cr_expect_eq(text.error, 0);
	cr_expect_eq(scarce_blocks, 0);
}
