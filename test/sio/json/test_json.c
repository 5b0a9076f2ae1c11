/* test_json.c - the JSON reader and strings both ways (RFC 8259). */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "sio/json/json.h"
#include "test/guard.h"
#include "sio_json_rows.h"

enum {
	TOKENS = 512
};

/* The result of reading a text. */
struct result {
	int error; /* 1 or enum sio_json_error */
	size_t at;
	size_t count;
	struct sio_json_token tokens[TOKENS];
};

/* Check that tokens are nested as the text is: the subtree of one is within
 * its span and its next.
 * Returns where the subtree ends. */
static size_t
check_subtree(const char *name, const struct sio_json_token *tokens, size_t at)
{
	const struct sio_json_token *token = &tokens[at];
	size_t child = at + 1, from = token->start, children = 0;

	cr_assert_leq(token->start, token->end, "%s: %zu", name, at);
	if (token->type != SIO_ARRAY && token->type != SIO_OBJECT) {
		cr_assert_eq(token->next, at + 1, "%s: %zu", name, at);
		return at + 1;
	}
	for (; child < token->next; children++) {
		if (token->type == SIO_OBJECT) {
			cr_assert_eq(tokens[child].type, SIO_STRING);
			child++;
		}
		cr_assert_gt(tokens[child].start, from, "%s", name);
		cr_assert_lt(tokens[child].end, token->end, "%s", name);
		from = tokens[child].start;
		child = check_subtree(name, tokens, child);
	}
	cr_assert_eq(child, token->next, "%s: %zu", name, at);
	cr_assert_eq(children, token->count, "%s: %zu", name, at);
	return child;
}

/* Read a text that ends at an unreadable page, with room for grow tokens more
 * each time. */
static void
read_text(struct result *r, const char *text, size_t len, size_t grow)
{
	struct guard g = guard_copy(text, len);
	struct sio_json json;
	size_t room = 0, calls = 0;

	memset(r, 0, sizeof(*r));
	sio_json_begin(&json, (const char *)g.at, len, SIO_JSON_DEPTH);
	do {
		r->error = sio_json_parse(&json, r->tokens, room);
		cr_assert_leq(json.count, room);
		/* Nobody is asked for room that is not needed. */
		cr_assert(r->error != 0 || json.count == room);
		room += grow;
		cr_assert_leq(++calls, len + 2);
	} while (r->error == 0 && room <= TOKENS);
	r->at = json.at;
	r->count = json.count;
	/* The error stays. */
	if (r->error < 0)
		cr_assert_eq(
		    sio_json_parse(&json, r->tokens, TOKENS), r->error);
	guard_free(&g);
}

static void
check_row(const struct json_row *row)
{
	static struct result whole, slow, part;

	read_text(&whole, row->text, row->len, TOKENS);
	read_text(&slow, row->text, row->len, 1);
	cr_expect_eq(whole.error, row->error == 0 ? 1 : row->error,
	    "%s: %d at %zu", row->name, whole.error, whole.at);
	cr_expect_eq(whole.error, slow.error, "%s: one by one", row->name);
	cr_expect_eq(whole.at, slow.at, "%s: one by one", row->name);
	cr_expect_leq(whole.at, row->len, "%s", row->name);
	if (whole.error == 1) {
		cr_expect_eq(
		    memcmp(whole.tokens, slow.tokens, sizeof(whole.tokens)), 0,
		    "%s: one by one", row->name);
		cr_expect_eq(check_subtree(row->name, whole.tokens, 0),
		    whole.count, "%s", row->name);
	}
	/* A part of a text goes wrong at the same place, or at its end. */
	for (size_t n = 0; n < row->len; n++) {
		read_text(&part, row->text, n, TOKENS);
		cr_expect(part.error == SIO_JSON_EEND ||
			      (part.error == 1 && n > 0) || part.at <= whole.at,
		    "%s: %zu octets", row->name, n);
	}
}

Test(sio_json, accepts_and_refuses_by_name)
{
	for (size_t i = 0; i < WS_LEN(json_rows); i++)
		check_row(&json_rows[i]);
}

/* The example at the top of json.c. */
Test(sio_json, makes_tokens)
{
	static const char text[] = "{\"a\":[1,\"x\\n\"],\"b\":null}";
	static const struct sio_json_token expected[] = {
		{ SIO_OBJECT, 0, 2, 0, 24, 7 },
		{ SIO_STRING, 0, 0, 2, 3, 2 },
		{ SIO_ARRAY, 0, 2, 5, 14, 5 },
		{ SIO_NUMBER, 0, 0, 6, 7, 4 },
		{ SIO_STRING, 1, 0, 9, 12, 5 },
		{ SIO_STRING, 0, 0, 16, 17, 6 },
		{ SIO_NULL, 0, 0, 19, 23, 7 },
	};
	static struct result r;

	cr_assert_eq(sizeof(struct sio_json_token), 16);
	read_text(&r, text, sizeof(text) - 1, 1);
	cr_assert_eq(r.error, 1);
	cr_assert_eq(r.count, WS_LEN(expected));
	for (size_t i = 0; i < r.count; i++)
		cr_expect_eq(
		    memcmp(&r.tokens[i], &expected[i], sizeof(expected[i])), 0,
		    "token %zu", i);
}

Test(sio_json, says_where_it_goes_wrong)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "", 0 },
		{ "  x", 2 },
		{ "[1,]", 3 },
		{ "[1 2]", 3 },
		{ "{\"a\" 1}", 5 },
		{ "{\"a\":1,}", 7 },
		{ "{1", 1 },
		{ "nulL", 3 },
		{ "-a", 1 },
		{ "01", 1 },
		{ "1.x", 2 },
		{ "1e+x", 3 },
		{ "\"ab\\x\"", 4 },
		{ "\"\\u12g4\"", 5 },
		{ "\"ab\tc\"", 3 },
		{ "\"abcdefgh\xff\"", 9 },
		{ "\"ab\xe2\x82\"", 3 },
		{ "\"abc", 4 },
		{ "true,", 4 },
	};
	static struct result r;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		read_text(&r, rows[i].text, strlen(rows[i].text), TOKENS);
		cr_expect_lt(r.error, 0, "%s", rows[i].text);
		cr_expect_eq(r.at, rows[i].at, "%s: %zu", rows[i].text, r.at);
	}
}

/* Every text of one or two octets: facil.io went round for ever at "[i". */
Test(sio_json, ends_on_all_short_texts)
{
	static struct result r;
	size_t accepted = 0;

	for (unsigned i = 0; i < 0x10100; i++) {
		char text[2] = { (char)(i >> 8), (char)i };
		size_t len = i < 0x10000 ? 2 : 1;

		read_text(&r, text + 2 - len, len, 1);
		cr_assert_neq(r.error, 0, "%04x", i);
		accepted += r.error == 1;
	}
	/* Digits: 10 alone, 90 pairs, 10 behind a minus, 80 with one of four
	 * spaces; {}, [] and "". */
	cr_assert_eq(accepted, 10 + 90 + 10 + 80 + 3);
}

static int
read_nested(const char *begin, size_t depth, unsigned depth_max)
{
	size_t len = depth * strlen(begin);
	char *text = malloc(len + 1);
	struct sio_json_token *tokens = calloc(depth * 3, sizeof(*tokens));
	struct sio_json json;
	int result;

	for (size_t i = 0; i < depth; i++)
		memcpy(text + i * strlen(begin), begin, strlen(begin));
	sio_json_begin(&json, text, len, depth_max);
	result = sio_json_parse(&json, tokens, depth * 3);
	free(text);
	free(tokens);
	return result;
}

Test(sio_json, limits_nesting)
{
	/* Nothing is closed, so what is not too deep has no end. */
	cr_expect_eq(read_nested("[", 100, 100), SIO_JSON_EEND);
	cr_expect_eq(read_nested("[", 101, 100), SIO_JSON_EDEPTH);
	cr_expect_eq(read_nested("{\"a\":", 100, 100), SIO_JSON_EEND);
	cr_expect_eq(read_nested("{\"a\":", 101, 100), SIO_JSON_EDEPTH);
	cr_expect_eq(read_nested("[{\"a\":", 50, 100), SIO_JSON_EEND);
	cr_expect_eq(read_nested("[{\"a\":", 51, 100), SIO_JSON_EDEPTH);
	cr_expect_eq(read_nested("[", 1, 0), SIO_JSON_EDEPTH);
	cr_expect_eq(read_nested("[", 500000, 100), SIO_JSON_EDEPTH);
	/* Deep, and no stack overflows. */
	cr_expect_eq(read_nested("[", 500000, UINT32_MAX), SIO_JSON_EEND);
}

/* Depth is what is open, not what was. */
Test(sio_json, counts_depth_down_again)
{
	static struct result r;
	char text[2 + 3 * 150];
	size_t len = 0;

	text[len++] = '[';
	for (size_t i = 0; i < 150; i++) {
		memcpy(text + len, "[],", 3);
		len += 3;
	}
	text[len - 1] = ']';
	read_text(&r, text, len, TOKENS);
	cr_assert_eq(r.error, 1);
	cr_assert_eq(r.tokens[0].count, 150);
}

Test(sio_json, refuses_what_offsets_cannot_count)
{
	struct sio_json json;
	struct sio_json_token token;

	/* Nothing of the text is touched. */
	sio_json_begin(&json, "1", (size_t)SIO_JSON_TEXT_MAX + 1, 1);
	cr_assert_eq(sio_json_parse(&json, &token, 1), SIO_JSON_ESIZE);
	sio_json_begin(&json, "1", 1, 1);
	cr_assert_eq(sio_json_parse(&json, &token, 1), 1);
}

/* ---- strings ----------------------------------------------------------- */

static const struct {
	const char *raw; /* between quotes */
	const char *decoded;
	size_t len;
} strings[] = {
#define STRING(raw, decoded)                      \
	{                                         \
		raw, decoded, sizeof(decoded) - 1 \
	}
	STRING("", ""),
	STRING("plain", "plain"),
	STRING("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"),
	STRING("\\u0000", "\0"),
	STRING("a\\u0041\\u007f\\u0080", "aA\x7f\xc2\x80"),
	STRING("\\u07ff\\u0800\\uffff", "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"),
	STRING("\\u20ac\\u20AC", "\xe2\x82\xac\xe2\x82\xac"),
	STRING("\\ud83d\\ude00", "\xf0\x9f\x98\x80"),
	STRING("\\ud800\\udc00", "\xf0\x90\x80\x80"),
	STRING("\\uDBFF\\uDFFF!", "\xf4\x8f\xbf\xbf!"),
	/* Halves of pairs. */
	STRING("\\ud800", "\xef\xbf\xbd"),
	STRING("\\udfff", "\xef\xbf\xbd"),
	STRING("\\ud800a", "\xef\xbf\xbd"
			   "a"),
	STRING("\\ud800\\n", "\xef\xbf\xbd\n"),
	STRING("\\ud800\\u0041", "\xef\xbf\xbd"
				 "A"),
	STRING("\\ud800\\ud800\\udc00", "\xef\xbf\xbd\xf0\x90\x80\x80"),
	STRING("\\udc00\\udc00", "\xef\xbf\xbd\xef\xbf\xbd"),
	STRING("\\udc00\\ud800", "\xef\xbf\xbd\xef\xbf\xbd"),
	STRING("\\ud800\\ue000", "\xef\xbf\xbd\xee\x80\x80"),
	STRING("\\ud800\\\\udc00", "\xef\xbf\xbd\\udc00"),
	/* Octets around. */
	STRING("\xe2\x82\xac\\n\xe2\x82\xac", "\xe2\x82\xac\n\xe2\x82\xac"),
	STRING("\\\\\\\\", "\\\\"),
#undef STRING
};

Test(sio_json, decodes_strings)
{
	char out[64];

	for (size_t i = 0; i < WS_LEN(strings); i++) {
		size_t len = strlen(strings[i].raw), n;
		struct guard g = guard_copy(strings[i].raw, len);

		n = sio_json_unescape((const char *)g.at, len, out);
		cr_expect_eq(n, strings[i].len, "%s: %zu", strings[i].raw, n);
		cr_expect_eq(memcmp(out, strings[i].decoded, n), 0, "%s",
		    strings[i].raw);
		cr_expect_leq(n, len, "%s", strings[i].raw);
		/* In place. */
		n = sio_json_unescape((const char *)g.at, len, (char *)g.at);
		cr_expect(n == strings[i].len &&
			      memcmp(g.at, strings[i].decoded, n) == 0,
		    "%s: in place", strings[i].raw);
		guard_free(&g);
	}
}

/* The token of a text that is one string. */
static struct sio_json_token
read_string(char *text, const char *raw)
{
	struct sio_json_token token;
	struct sio_json json;

	snprintf(text, 128, "\"%s\"", raw);
	sio_json_begin(&json, text, strlen(text), 0);
	cr_assert_eq(sio_json_parse(&json, &token, 1), 1, "%s", raw);
	return token;
}

Test(sio_json, compares_strings)
{
	char text[128];

	for (size_t i = 0; i < WS_LEN(strings); i++) {
		struct sio_json_token token = read_string(text, strings[i].raw);

		for (size_t j = 0; j < WS_LEN(strings); j++) {
			bool same =
			    strings[i].len == strings[j].len &&
			    memcmp(strings[i].decoded, strings[j].decoded,
				strings[i].len) == 0;

			cr_expect_eq(sio_json_string_is(text, &token,
					 strings[j].decoded, strings[j].len),
			    same, "%s and %s", strings[i].raw, strings[j].raw);
		}
		/* One octet less is another string. */
		cr_expect(strings[i].len == 0 ||
			      !sio_json_string_is(text, &token,
				  strings[i].decoded, strings[i].len - 1),
		    "%s", strings[i].raw);
	}
}

/* The other string may end anywhere, in the midst of a character as well. */
Test(sio_json, compares_no_further_than_the_end)
{
	static const char other[] = "a\xf0\x9f\x98\x80z";
	char text[128];
	struct sio_json_token token = read_string(text, "a\\ud83d\\ude00z");

	for (size_t len = 0; len < sizeof(other); len++) {
		struct guard g = guard_copy(other, len);

		cr_expect_eq(
		    sio_json_string_is(text, &token, (const char *)g.at, len),
		    len == strlen(other), "%zu", len);
		guard_free(&g);
	}
}

Test(sio_json, finds_the_last_member_of_a_name)
{
	static const char text[] =
	    "{\"a\":1,\"b\":{\"a\":9,\"c\":9},\"\\u0061\":2,\"\":3}";
	static struct result r;

	read_text(&r, text, sizeof(text) - 1, TOKENS);
	cr_assert_eq(r.error, 1);
	cr_assert_eq(
	    text[r.tokens[sio_json_member(text, r.tokens, 0, "a", 1)].start],
	    '2');
	cr_assert_eq(
	    text[r.tokens[sio_json_member(text, r.tokens, 0, "", 0)].start],
	    '3');
	cr_assert_eq(sio_json_member(text, r.tokens, 0, "c", 1), 0);
	cr_assert_eq(sio_json_member(text, r.tokens, 0, "ab", 2), 0);
}

/* The fast path over eight octets and the slow one agree on every octet at
 * every place. */
Test(sio_json, skips_what_is_plain)
{
	for (unsigned c = 0; c < 256; c++) {
		bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

		for (size_t at = 0; at < 20; at++) {
			char text[20];
			size_t skipped;

			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			skipped = (size_t)(sio_json_skip_plain(
					       text, text + sizeof(text)) -
					   text);
			cr_assert_eq(skipped, plain ? sizeof(text) : at,
			    "%02x at %zu: %zu", c, at, skipped);
		}
	}
}

Test(sio_json, measures_numbers)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "x", 0 },
		{ "-", 0 },
		{ "0", 1 },
		{ "01", 1 },
		{ "-12.5e+10,", 9 },
		{ "1.", 0 },
		{ "1e", 0 },
		{ "1.5.5", 3 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(
		    sio_json_number_len(rows[i].text, strlen(rows[i].text)),
		    rows[i].len, "%s", rows[i].text);
}
