/* test_hub_text.c - messages as JSON and as server-sent events. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "hub/text.h"
#include "ws.h"

static const struct row {
	const char *name;
	int kind;
	const char *data;
	size_t len;
	const char *json, *event;
} rows[] = {
	{ "text", WS_TEXT, "hi", 2, "{\"id\":\"b-1\",\"data\":\"hi\"}",
	    "id: b-1\ndata: hi\n\n" },
	{ "empty", WS_TEXT, "", 0, "{\"id\":\"b-1\",\"data\":\"\"}",
	    "id: b-1\ndata: \n\n" },
	{ "leading space", WS_TEXT, " x", 2, "{\"id\":\"b-1\",\"data\":\" x\"}",
	    "id: b-1\ndata:  x\n\n" },
	{ "lines", WS_TEXT, "a\n\nb\n", 5,
	    "{\"id\":\"b-1\",\"data\":\"a\\n\\nb\\n\"}",
	    "id: b-1\ndata: a\ndata: \ndata: b\ndata: \n\n" },
	{ "a field in a line", WS_TEXT, "a\nid: 7\n\nevent: x", 17,
	    "{\"id\":\"b-1\",\"data\":\"a\\nid: 7\\n\\nevent: x\"}",
	    "id: b-1\ndata: a\ndata: id: 7\ndata: \ndata: event: x\n\n" },
	{ "CR", WS_TEXT, "a\rb", 3, "{\"id\":\"b-1\",\"data\":\"a\\rb\"}",
	    "id: b-1\nevent: b64\ndata: YQ1i\n\n" },
	{ "NUL", WS_TEXT, "\0", 1, "{\"id\":\"b-1\",\"data\":\"\\u0000\"}",
	    "id: b-1\nevent: b64\ndata: AA==\n\n" },
	{ "quotes", WS_TEXT, "\"\\\t\x1f/\x7f", 6,
	    "{\"id\":\"b-1\",\"data\":\"\\\"\\\\\\t\\u001f/\x7f\"}",
	    "id: b-1\ndata: \"\\\t\x1f/\x7f\n\n" },
	{ "emoji", WS_TEXT, "\xf0\x9f\x98\x80", 4,
	    "{\"id\":\"b-1\",\"data\":\"\xf0\x9f\x98\x80\"}",
	    "id: b-1\ndata: \xf0\x9f\x98\x80\n\n" },
	{ "binary", WS_BINARY, "\x01\x02", 2,
	    "{\"id\":\"b-1\",\"b64\":\"AQI=\"}",
	    "id: b-1\nevent: b64\ndata: AQI=\n\n" },
	{ "empty binary", WS_BINARY, "", 0, "{\"id\":\"b-1\",\"b64\":\"\"}",
	    "id: b-1\nevent: b64\ndata: \n\n" },
};

static void
expect(struct hub_text *text, const char *want, const char *row)
{
	cr_expect(!text->failed && hub_text_len(text) == strlen(want) &&
		      memcmp(hub_text_at(text), want, strlen(want)) == 0,
	    "%s: %.*s", row, (int)hub_text_len(text), hub_text_at(text));
	hub_text_free(text);
}

Test(hub_text, messages_in_both_forms)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hub_text text = { 0 };

		hub_text_message(
		    &text, "b-1", rows[i].kind, rows[i].data, rows[i].len);
		expect(&text, rows[i].json, rows[i].name);
		hub_text_event(
		    &text, "b-1", rows[i].kind, rows[i].data, rows[i].len);
		expect(&text, rows[i].event, rows[i].name);
	}
}

Test(hub_text, messages_without_an_id)
{
	struct hub_text text = { 0 };

	hub_text_message(&text, NULL, WS_TEXT, "x", 1);
	expect(&text, "{\"data\":\"x\"}", "JSON");
	hub_text_event(&text, NULL, WS_TEXT, "x", 1);
	expect(&text, "data: x\n\n", "event");
}

Test(hub_text, base64_of_any_length_is_one_line)
{
	static char data[5000];
	struct hub_text text = { 0 };
	size_t len;

	for (size_t n = 760; n <= 780; n++) {
		hub_text_event(&text, NULL, WS_BINARY, data, n);
		len = strlen("event: b64\ndata: ") + (n + 2) / 3 * 4 + 2;
		cr_expect_eq(hub_text_len(&text), len, "%zu octets", n);
		cr_expect_eq(memchr(hub_text_at(&text) + 11, '\n', len),
		    hub_text_at(&text) + len - 2);
		hub_text_free(&text);
	}
}
