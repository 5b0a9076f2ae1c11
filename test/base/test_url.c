/* test_url.c - percent-encoding, and the parameters of a query. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/url.h"
#include "test/guard.h"

/* A copy of a text that ends at an unreadable page. */
static struct ws_span
guarded(const char *text, struct guard *g)
{
	*g = guard_copy(text, strlen(text));
	return (struct ws_span){ (const char *)g->at, g->len };
}

static const struct {
	const char *in;
	unsigned flags;
	const char *out; /* NULL: malformed */
	ssize_t len;
} escapes[] = {
	{ "", 0, "", 0 },
	{ "/a+b", 0, "/a+b", 4 },
	{ "a+b%2B", WS_URL_PLUS, "a b+", 4 },
	{ "%2e%2E%2f", 0, "../", 3 },
	{ "%252e", 0, "%2e", 3 }, /* once */
	{ "%00", 0, "\0", 1 },    /* callers refuse NUL */
	{ "%ff%C3", 0, "\xff\xc3", 2 },
	{ "%", 0, NULL, -1 },
	{ "%4", 0, NULL, -1 },
	{ "a%", 0, NULL, -1 },
	{ "%zz", 0, NULL, -1 },
	{ "%4g", 0, NULL, -1 },
	{ "%g4", 0, NULL, -1 },
	{ "% 4", 0, NULL, -1 },
	{ "%%41", 0, NULL, -1 },
	{ "%zz%1%", WS_URL_LENIENT, "%zz%1%", 6 },
	{ "%%41+", WS_URL_LENIENT, "%A+", 3 },
	{ "%26%3D+", WS_URL_LENIENT | WS_URL_PLUS, "&= ", 3 },
};

Test(url, escapes_are_decoded_once)
{
	for (size_t i = 0; i < WS_LEN(escapes); i++) {
		char out[32];
		struct guard g;
		struct ws_span in = guarded(escapes[i].in, &g);
		ssize_t n =
		    ws_url_decode(in, out, sizeof(out), escapes[i].flags);

		cr_assert_eq(n, escapes[i].len, "%s: %zd", escapes[i].in, n);
		if (n > 0)
			cr_expect_eq(memcmp(out, escapes[i].out, (size_t)n), 0,
			    "%s", escapes[i].in);
		cr_expect_eq(ws_url_decode(in, NULL, 0, escapes[i].flags), n,
		    "%s: without room", escapes[i].in);
		guard_free(&g);
	}
}

Test(url, what_does_not_fit_is_only_counted)
{
	char out[4] = "____";

	cr_expect_eq(ws_url_decode(WS_SPAN("a%20b"), out, 2, 0), 3);
	cr_expect_eq(memcmp(out, "a __", 4), 0);
	cr_expect_eq(ws_url_decode((struct ws_span){ NULL, 0 }, NULL, 0, 0), 0);
}

static const struct {
	const char *encoded, *name;
	unsigned flags;
	bool same;
} names[] = {
	{ "sid", "sid", 0, true },
	{ "%73i%64", "sid", 0, true },
	{ "", "", 0, true },
	{ "si", "sid", 0, false },
	{ "sidx", "sid", 0, false },
	{ "a+b", "a b", WS_URL_PLUS, true },
	{ "a+b", "a b", 0, false },
	{ "sid%", "sid%", 0, false },
	{ "sid%", "sid%", WS_URL_LENIENT, true },
	{ "sid%00", "sid", 0, false },
};

Test(url, names_are_compared_decoded)
{
	for (size_t i = 0; i < WS_LEN(names); i++) {
		struct guard g;
		struct ws_span encoded = guarded(names[i].encoded, &g);

		cr_expect_eq(ws_url_is(encoded, names[i].name, names[i].flags),
		    names[i].same, "%s", names[i].encoded);
		guard_free(&g);
	}
}

static const struct {
	const char *query, *pairs; /* name:value| */
} queries[] = {
	{ "", "" },
	{ "&&", "" },
	{ "a", "a:|" },
	{ "a=1", "a:1|" },
	{ "a=1&b=2=3&&c&=x&", "a:1|b:2=3|c:|:x|" },
	{ "%61=%26", "%61:%26|" },
};

Test(url, queries_are_split)
{
	for (size_t i = 0; i < WS_LEN(queries); i++) {
		char joined[64] = "";
		struct guard g;
		struct ws_span name, value,
		    query = guarded(queries[i].query, &g);

		while (ws_url_next(&query, &name, &value)) {
			strncat(joined, name.at, name.len);
			strcat(joined, ":");
			strncat(joined, value.at, value.len);
			strcat(joined, "|");
		}
		cr_expect_str_eq(
		    joined, queries[i].pairs, "%s", queries[i].query);
		guard_free(&g);
	}
}

Test(url, an_absent_query_has_no_pairs)
{
	struct ws_span none = { NULL, 0 }, name, value;

	cr_expect_not(ws_url_next(&none, &name, &value));
}
