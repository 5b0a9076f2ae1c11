/* test_value.c - looking into a JSON text. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "sio/packet.h"
#include "sio/json/value.h"
#include "test/guard.h"
#include "test/scarce.h"

static const char text[] =
    "{\"null\":null,\"yes\":true,\"no\":false,\"n\":-12.5,\"i\":42,"
    "\"s\":\"a\\u0000b\\n\\ud83d\\ude00\",\"e\":\"\","
    "\"a\":[1,[2,3],{\"x\":4},\"five\"],"
    "\"o\":{\"a\":1,\"b\":{\"c\":[]},\"a\":2},\"d\":\"half \\ud800\"}";

static struct sio_document *
open_text(void)
{
	size_t offset = 4711;
	struct sio_document *document = sio_document_new(text, WS_STR, &offset);

	cr_assert_not_null(document);
	cr_assert_eq(offset, 4711, "written only when it fails");
	return document;
}

Test(sio_value, knows_types)
{
	static const struct {
		const char *name;
		enum sio_type type;
		size_t count;
		const char *json;
	} rows[] = {
		{ "null", SIO_NULL, 0, "null" },
		{ "yes", SIO_BOOLEAN, 0, "true" },
		{ "n", SIO_NUMBER, 0, "-12.5" },
		{ "s", SIO_STRING, 0, "\"a\\u0000b\\n\\ud83d\\ude00\"" },
		{ "e", SIO_STRING, 0, "\"\"" },
		{ "a", SIO_ARRAY, 4, "[1,[2,3],{\"x\":4},\"five\"]" },
		{ "o", SIO_OBJECT, 3, "{\"a\":1,\"b\":{\"c\":[]},\"a\":2}" },
		{ "x", SIO_ABSENT, 0, NULL },
		{ "", SIO_ABSENT, 0, NULL },
	};
	struct sio_document *document = open_text();
	struct sio_value root = sio_document_root(document);

	cr_expect_eq(sio_type(root), SIO_OBJECT);
	cr_expect_eq(sio_count(root), 10);
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct sio_value value = sio_get(root, rows[i].name);
		size_t len = 1;
		const char *json = sio_json(value, &len);

		cr_expect_eq(sio_type(value), rows[i].type, "%s", rows[i].name);
		cr_expect_eq(
		    sio_count(value), rows[i].count, "%s", rows[i].name);
		if (rows[i].json == NULL)
			cr_expect(json == NULL && len == 0, "%s", rows[i].name);
		else
			cr_expect(len == strlen(rows[i].json) &&
				      memcmp(json, rows[i].json, len) == 0,
			    "%s: %.*s", rows[i].name, (int)len, json);
	}
	sio_document_free(document);
}

Test(sio_value, decodes_strings)
{
	struct sio_document *document = open_text();
	struct sio_value root = sio_document_root(document);
	size_t len;
	const char *s = sio_string(sio_get(root, "s"), &len);

	cr_assert_eq(len, 8);
	cr_assert_eq(memcmp(s, "a\0b\n\xf0\x9f\x98\x80", 9), 0);
	cr_expect_eq(sio_string(sio_get(root, "s"), NULL), s, "again, there");
	cr_expect_eq(memcmp(s, "a\0b\n\xf0\x9f\x98\x80", 9), 0);
	cr_expect_str_eq(sio_string(sio_get(root, "e"), &len), "");
	cr_expect_eq(len, 0);
	cr_expect_str_eq(
	    sio_string(sio_get(root, "d"), NULL), "half \xef\xbf\xbd");
	cr_expect_str_eq(
	    sio_string(sio_at(sio_get(root, "a"), 3), NULL), "five");
	len = 1;
	cr_expect_null(sio_string(root, &len));
	cr_expect_eq(len, 0);
	cr_expect_null(sio_string(sio_get(root, "i"), NULL));
	sio_document_free(document);
}

/* All strings of a text at once, decoded in any order, do not meet. */
Test(sio_value, keeps_strings_apart)
{
	static const char tight[] = "[\"a\",\"\",\"\\n\",\"\\ud83d\\ude00\","
				    "\"bc\",{\"\":\"\"}]";
	static const char *const expected[] = { "a", "", "\n",
		"\xf0\x9f\x98\x80", "bc" };
	struct guard g = guard_copy(tight, sizeof(tight) - 1);
	struct sio_document document = { .text = NULL };
	struct sio_value root;
	const char *strings[WS_LEN(expected)];

	cr_assert_eq(sio_value_read(&document, (const char *)g.at, g.len), 0);
	root = sio_document_root(&document);
	for (size_t i = WS_LEN(expected); i-- > 0;)
		strings[i] = sio_string(sio_at(root, i), NULL);
	for (size_t i = 0; i < WS_LEN(expected); i++)
		cr_expect_str_eq(strings[i], expected[i], "%zu", i);
	cr_expect_eq(memcmp(g.at, tight, g.len), 0, "the text is untouched");
	sio_value_fini(&document);
	guard_free(&g);
}

Test(sio_value, converts_scalars)
{
	struct sio_document *document = open_text();
	struct sio_value root = sio_document_root(document);
	int64_t i = 7;

	cr_expect_eq(sio_number(sio_get(root, "n"), 1), -12.5);
	cr_expect_eq(sio_number(sio_get(root, "s"), 1), 1);
	cr_expect_eq(sio_number(sio_get(root, "x"), 1), 1);
	cr_expect(sio_integer(sio_get(root, "i"), &i) && i == 42);
	cr_expect(!sio_integer(sio_get(root, "n"), &i) && i == 42);
	cr_expect(!sio_integer(sio_get(root, "yes"), &i) && i == 42);
	cr_expect(!sio_integer(sio_get(root, "x"), &i) && i == 42);
	cr_expect(sio_boolean(sio_get(root, "yes"), false));
	cr_expect(!sio_boolean(sio_get(root, "no"), true));
	cr_expect(sio_boolean(sio_get(root, "x"), true));
	cr_expect(!sio_boolean(sio_get(root, "i"), false));
	sio_document_free(document);
}

Test(sio_value, finds_the_last_member_of_a_name)
{
	struct sio_document *document = open_text();
	struct sio_value o = sio_get(sio_document_root(document), "o");
	int64_t i = 0;

	cr_expect(sio_integer(sio_get(o, "a"), &i) && i == 2);
	/* Members of members are not its own. */
	cr_expect_eq(sio_type(sio_get(o, "c")), SIO_ABSENT);
	cr_expect_eq(sio_type(sio_get(sio_get(o, "b"), "c")), SIO_ARRAY);
	sio_document_free(document);
}

Test(sio_value, finds_elements)
{
	struct sio_document *document = open_text();
	struct sio_value a = sio_get(sio_document_root(document), "a");
	int64_t i = 0;

	cr_expect(sio_integer(sio_at(a, 0), &i) && i == 1);
	cr_expect(sio_integer(sio_at(sio_at(a, 1), 1), &i) && i == 3);
	cr_expect_eq(sio_type(sio_at(a, 3)), SIO_STRING);
	cr_expect_eq(sio_type(sio_at(a, 4)), SIO_ABSENT);
	cr_expect_eq(sio_type(sio_at(a, SIZE_MAX)), SIO_ABSENT);
	/* Of an object there is no nth. */
	cr_expect_eq(
	    sio_type(sio_at(sio_document_root(document), 0)), SIO_ABSENT);
	sio_document_free(document);
}

Test(sio_value, is_absent_all_the_way_down)
{
	struct sio_value nothing = { .of = NULL };
	struct sio_iterator it = sio_iterate(nothing);
	size_t len = 1;
	int64_t i;

	cr_expect_eq(sio_type(sio_document_root(NULL)), SIO_ABSENT);
	cr_expect_eq(sio_type(sio_get(sio_at(nothing, 0), "x")), SIO_ABSENT);
	cr_expect_eq(sio_count(nothing), 0);
	cr_expect_null(sio_string(nothing, NULL));
	cr_expect_null(sio_json(nothing, &len));
	cr_expect_null(sio_bytes(nothing, &len));
	cr_expect_eq(len, 0);
	cr_expect(!sio_integer(nothing, &i));
	cr_expect(isnan(sio_number(nothing, NAN)));
	cr_expect(!sio_next(&it));
	cr_expect_eq(sio_type(nothing), SIO_ABSENT);
	cr_expect_eq(sio_type(sio_value_arguments(nothing)), SIO_ABSENT);
	sio_document_free(NULL);
}

Test(sio_value, walks_objects_and_arrays)
{
	struct sio_document *document = open_text();
	struct sio_value root = sio_document_root(document);
	struct sio_iterator it = sio_iterate(sio_get(root, "o"));
	char walked[64] = "";
	size_t n = 0;

	while (sio_next(&it)) {
		strcat(walked, sio_string(it.key, NULL));
		strcat(walked, sio_type(it.value) == SIO_OBJECT ? "{" : "1");
	}
	cr_expect_str_eq(walked, "a1b{a1");
	cr_expect(!sio_next(&it), "it stays at the end");
	cr_expect_eq(sio_type(it.value), SIO_ABSENT);

	it = sio_iterate(sio_get(root, "a"));
	while (sio_next(&it)) {
		cr_expect_eq(sio_type(it.key), SIO_ABSENT);
		cr_expect_eq(sio_type(it.value),
		    sio_type(sio_at(sio_get(root, "a"), n)));
		n++;
	}
	cr_expect_eq(n, 4);

	it = sio_iterate(sio_get(root, "s"));
	cr_expect(!sio_next(&it), "a string has no elements");
	it = sio_iterate(sio_get(sio_get(root, "o"), "x"));
	cr_expect(!sio_next(&it));
	sio_document_free(document);
}

Test(sio_value, leaves_out_the_name_of_an_event)
{
	struct sio_document *document =
	    sio_document_new("[[\"name\",{}],1,2]", WS_STR, NULL);
	struct sio_value args =
	    sio_value_arguments(sio_document_root(document));
	struct sio_iterator it = sio_iterate(args);
	int64_t i = 0;
	size_t len, n = 0;

	cr_expect_eq(sio_type(args), SIO_ARRAY);
	cr_expect_eq(sio_count(args), 2);
	cr_expect(sio_integer(sio_at(args, 0), &i) && i == 1);
	cr_expect(sio_integer(sio_at(args, 1), &i) && i == 2);
	cr_expect_eq(sio_type(sio_at(args, 2)), SIO_ABSENT);
	while (sio_next(&it))
		n++;
	cr_expect_eq(n, 2);
	cr_expect_null(sio_json(args, &len), "it has no text of its own");
	sio_document_free(document);

	document = sio_document_new("[\"name\"]", WS_STR, NULL);
	args = sio_value_arguments(sio_document_root(document));
	it = sio_iterate(args);
	cr_expect_eq(sio_count(args), 0);
	cr_expect_eq(sio_type(sio_at(args, 0)), SIO_ABSENT);
	cr_expect(!sio_next(&it));
	sio_document_free(document);

	/* Of what is no event, the arguments are the thing itself. */
	document = sio_document_new("[]", WS_STR, NULL);
	args = sio_value_arguments(sio_document_root(document));
	cr_expect_eq(sio_count(args), 0);
	sio_document_free(document);
}

Test(sio_value, has_binary_data)
{
	static const char packet_text[] =
	    "52-[\"a\",{\"_placeholder\":true,\"num\":1},[{\"num\":0,"
	    "\"_placeholder\":true}]]";
	static const struct sio_attachment attachments[] = {
		{ "", 0 },
		{ "\0\1\2", 3 },
	};
	struct sio_document document = { .text = NULL };
	struct sio_packet packet;
	struct sio_value value, root;
	size_t len;

	cr_assert_eq(
	    sio_packet_decode(packet_text, sizeof(packet_text) - 1, 5, &packet),
	    0);
	cr_assert_eq(
	    sio_value_read(&document, packet.payload.at, packet.payload.len),
	    0);
	cr_assert_eq(sio_packet_check(&packet, packet.payload.at,
			 document.tokens, document.count),
	    0);
	document.attachments = attachments;
	root = sio_document_root(&document);
	value = sio_at(root, 1);
	cr_expect_eq(sio_type(value), SIO_BINARY);
	cr_expect_eq(sio_bytes(value, &len), attachments[1].data);
	cr_expect_eq(len, 3);
	cr_expect_eq(sio_count(value), 0);
	cr_expect_eq(sio_type(sio_get(value, "num")), SIO_ABSENT);
	cr_expect_not_null(sio_json(value, &len));
	cr_expect_eq(len, strlen("{\"_placeholder\":true,\"num\":1}"));
	value = sio_at(sio_at(root, 2), 0);
	cr_expect_not_null(sio_bytes(value, &len));
	cr_expect_eq(len, 0);
	cr_expect_null(sio_bytes(sio_at(root, 2), &len));
	cr_expect_null(sio_bytes(sio_at(root, 0), &len));
	sio_value_fini(&document);
}

Test(sio_value, is_made_by_the_application)
{
	struct sio_value value = sio_binary("\0\1", 2);
	size_t len;

	cr_expect_eq(sio_type(value), SIO_BINARY);
	cr_expect_eq(memcmp(sio_bytes(value, &len), "\0\1", 2), 0);
	cr_expect_eq(len, 2);
	cr_expect_null(sio_json(value, &len));
	cr_expect_not_null(sio_bytes(sio_binary(NULL, 0), &len));
	cr_expect_eq(len, 0);
	sio_bytes(sio_binary("abc", WS_STR), &len);
	cr_expect_eq(len, 3);

	value = sio_raw_json("{\"a\":1}", WS_STR);
	cr_expect_eq(sio_type(value), SIO_ABSENT);
	cr_expect_eq(sio_type(sio_get(value, "a")), SIO_ABSENT);
	cr_expect_str_eq(sio_json(value, &len), "{\"a\":1}");
	cr_expect_eq(len, 7);
	sio_json(sio_raw_json("[1] ", 3), &len);
	cr_expect_eq(len, 3);
	cr_expect_null(sio_bytes(value, &len));
}

Test(sio_value, refuses_what_is_no_json)
{
	struct sio_document document = { .text = NULL };
	size_t offset = 0;

	cr_expect_null(sio_document_new("[1,]", WS_STR, &offset));
	cr_expect_eq(offset, 3);
	cr_expect_null(sio_document_new("", 0, &offset));
	cr_expect_eq(offset, 0);
	cr_expect_null(sio_document_new("x", WS_STR, NULL));
	cr_expect_null(
	    sio_document_new("x", (size_t)SIO_JSON_TEXT_MAX + 1, &offset));
	cr_expect_eq(offset, SIO_JSON_TEXT_MAX);
	cr_expect_eq(scarce_blocks, 0);

	/* A document that was used is empty then. */
	cr_assert_eq(sio_value_read(&document, "[1]", 3), 0);
	cr_assert_eq(sio_value_read(&document, "[1", 2), WS_EINVAL);
	cr_expect_eq(document.error_at, 2);
	cr_expect_eq(sio_type(sio_document_root(&document)), SIO_ABSENT);
	sio_value_fini(&document);
}

Test(sio_value, copies_the_text_of_a_document)
{
	char own[] = "[\"abc\"]";
	struct sio_document *document = sio_document_new(own, WS_STR, NULL);

	memset(own, 'x', sizeof(own));
	cr_expect_str_eq(
	    sio_string(sio_at(sio_document_root(document), 0), NULL), "abc");
	sio_document_free(document);
	cr_expect_eq(scarce_blocks, 0);
}

/* "[0,0,...,0]" with that many elements. */
static size_t
write_zeros(char *out, size_t count)
{
	size_t len = 0;

	out[len++] = '[';
	for (size_t i = 0; i < count; i++) {
		out[len++] = '0';
		out[len++] = ',';
	}
	out[len - 1] = ']';
	return len;
}

Test(sio_value, reads_message_after_message_without_allocating)
{
	static char messages[3][4096];
	struct sio_document document = { .text = NULL };
	size_t lens[3];

	for (size_t i = 0; i < WS_LEN(messages); i++)
		lens[i] = write_zeros(messages[i], 2000 - 900 * i);
	for (size_t i = 0; i < 300; i++) {
		size_t n = i % WS_LEN(messages);

		if (i == WS_LEN(messages))
			scarce(1);
		cr_assert_eq(
		    sio_value_read(&document, messages[n], lens[n]), 0);
		cr_assert_eq(
		    sio_count(sio_document_root(&document)), 2000 - 900 * n);
	}
	cr_expect_eq(scarce_calls, 0);
	scarce(0);
	sio_value_clear(&document);
	cr_expect_eq(sio_type(sio_document_root(&document)), SIO_ABSENT);
	sio_value_fini(&document);
	cr_expect_eq(scarce_blocks, 0);
}

Test(sio_value, keeps_little_after_a_long_message)
{
	static char message[400000];
	struct sio_document document = { .text = NULL };
	size_t len = write_zeros(message, 190000);

	cr_assert_eq(sio_value_read(&document, message, len), 0);
	cr_expect_eq(sio_count(sio_document_root(&document)), 190000);
	cr_expect_eq(scarce_blocks, 2);
	sio_value_clear(&document);
	cr_expect_eq(scarce_blocks, 0);
	sio_value_fini(&document);
}

Test(sio_value, fails_without_memory)
{
	static char message[4096];
	size_t len = write_zeros(message, 1000), nth = 0;
	struct sio_document *public = NULL;

	/* Until one attempt needs no more calls than there are. */
	do {
		struct sio_document document = { .text = NULL };
		int error;

		scarce(++nth);
		error = sio_value_read(&document, message, len);
		cr_expect(error == WS_ENOMEM || scarce_calls < nth);
		cr_expect_eq(sio_count(sio_document_root(&document)),
		    error == 0 ? 1000 : 0);
		sio_value_fini(&document);
		cr_expect_eq(scarce_blocks, 0, "call %zu", nth);
	} while (scarce_calls >= nth);
	cr_expect_gt(nth, 3);

	for (nth = 1; public == NULL; nth++) {
		size_t offset = 0;

		scarce(nth);
		public = sio_document_new(message, len, &offset);
		cr_expect_eq(offset, public == NULL ? SIZE_MAX : 0);
		cr_expect_eq(public == NULL, scarce_blocks == 0);
	}
	sio_document_free(public);
	scarce(0);
	cr_expect_eq(scarce_blocks, 0);
}

Test(sio_value, a_name_is_a_string_or_a_number)
{
	static const struct {
		const char *json, *name;
	} rows[] = {
		{ "\"room\"", "room" },
		{ "\"\"", "" },
		{ "42", "42" },
		{ "-1.5e3", "-1.5e3" },
		{ "1234567890123456789012345678901",
		    "1234567890123456789012345678901" },
		{ "12345678901234567890123456789012", NULL },
		{ "\"a\\u0000b\"", NULL },
		{ "null", NULL },
		{ "true", NULL },
		{ "[1]", NULL },
		{ "{}", NULL },
	};
	char number[SIO_NAME_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sio_document *document =
		    sio_document_new(rows[i].json, WS_STR, NULL);
		const char *name =
		    sio_name(sio_document_root(document), number);

		cr_expect_eq(
		    name == NULL, rows[i].name == NULL, "%s", rows[i].json);
		if (name != NULL && rows[i].name != NULL)
			cr_expect_str_eq(name, rows[i].name);
		sio_document_free(document);
	}
	cr_expect_null(sio_name((struct sio_value){ 0 }, number));
	cr_expect_eq(
	    sio_type(sio_get((struct sio_value){ 0 }, NULL)), SIO_ABSENT);
}
