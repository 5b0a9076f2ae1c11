/* test_pmd.c - permessage-deflate, what is agreed on (RFC 7692 section 7.1). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "websocket/pmd.h"
#include "test/guard.h"

#define FIELD "Sec-WebSocket-Extensions: "
#define PMD "permessage-deflate"
#define SNC "; server_no_context_takeover"
#define CNC "; client_no_context_takeover"
#define SMW "; server_max_window_bits"
#define CMW "; client_max_window_bits"

/* Policies by what they change. */
static const struct ws_pmd_policy willing = { 15, 8, 15, false, false };
static const struct ws_pmd_policy forgetful = { 15, 8, 15, true, true };
static const struct ws_pmd_policy small = { 10, 8, 11, false, false };
static const struct ws_pmd_policy coarse = { 15, 9, 15, false, false };

#define MALFORMED "-"

struct row {
	const char *name;
	const struct ws_pmd_policy *policy;
	const char *lines;  /* CRLF between them, and not at the end */
	const char *answer; /* "" for none */
	struct ws_pmd agreed;
};

/* What RFC 7692 says by example and rule. */
static const struct row rows[] = {
	/* 7.1.3 and before. */
	{ "5: the simplest offer", &willing, FIELD PMD, PMD,
	    { 15, 15, false, false } },
	{ "7.1.3: two offers, the first is taken", &willing,
	    FIELD PMD CMW SMW "=10, " PMD CMW, PMD SMW "=10",
	    { 10, 15, false, false } },
	{ "7.1.3: no 10 bits here, the second is taken",
	    &(const struct ws_pmd_policy){ 15, 11, 15, false, false },
	    FIELD PMD CMW SMW "=10, " PMD CMW, PMD, { 15, 15, false, false } },
	{ "no field", &willing, "X: " PMD, "", { 0 } },
	{ "an empty field", &willing, FIELD, "", { 0 } },
	{ "empty members", &willing, FIELD ", ,", "", { 0 } },
	/* 7.1.1.1 */
	{ "server_no_context_takeover", &willing, FIELD PMD SNC, PMD SNC,
	    { 15, 15, true, false } },
	{ "server_no_context_takeover with a value", &willing,
	    FIELD PMD SNC "=1", "", { 0 } },
	{ "server_no_context_takeover with a quoted value", &willing,
	    FIELD PMD SNC "=\"true\"", "", { 0 } },
	{ "server_no_context_takeover twice", &willing, FIELD PMD SNC SNC, "",
	    { 0 } },
	/* 7.1.1.2 */
	{ "client_no_context_takeover", &willing, FIELD PMD CNC, PMD CNC,
	    { 15, 15, false, true } },
	{ "client_no_context_takeover with a value", &willing,
	    FIELD PMD CNC "=15", "", { 0 } },
	{ "client_no_context_takeover twice", &willing, FIELD PMD CNC SNC CNC,
	    "", { 0 } },
	{ "both, unasked", &forgetful, FIELD PMD, PMD SNC CNC,
	    { 15, 15, true, true } },
	{ "both, asked", &forgetful, FIELD PMD CNC SNC, PMD SNC CNC,
	    { 15, 15, true, true } },
	/* 7.1.2.1 */
	{ "server_max_window_bits=8", &willing, FIELD PMD SMW "=8",
	    PMD SMW "=8", { 8, 15, false, false } },
	{ "server_max_window_bits=8, and 9 is all that goes", &coarse,
	    FIELD PMD SMW "=8", "", { 0 } },
	{ "server_max_window_bits=9 where 9 just goes", &coarse,
	    FIELD PMD SMW "=9", PMD SMW "=9", { 9, 15, false, false } },
	{ "server_max_window_bits=15 is answered", &willing,
	    FIELD PMD SMW "=15", PMD SMW "=15", { 15, 15, false, false } },
	{ "server_max_window_bits=12 is answered by less", &small,
	    FIELD PMD CMW SMW "=12", PMD SMW "=10" CMW "=11",
	    { 10, 11, false, false } },
	{ "server_max_window_bits without a value", &willing, FIELD PMD SMW, "",
	    { 0 } },
	{ "server_max_window_bits=7", &willing, FIELD PMD SMW "=7", "", { 0 } },
	{ "server_max_window_bits=16", &willing, FIELD PMD SMW "=16", "",
	    { 0 } },
	{ "server_max_window_bits=0", &willing, FIELD PMD SMW "=0", "", { 0 } },
	{ "server_max_window_bits=08", &willing, FIELD PMD SMW "=08", "",
	    { 0 } },
	{ "server_max_window_bits=010", &willing, FIELD PMD SMW "=010", "",
	    { 0 } },
	{ "server_max_window_bits=100", &willing, FIELD PMD SMW "=100", "",
	    { 0 } },
	{ "server_max_window_bits=1", &willing, FIELD PMD SMW "=1", "", { 0 } },
	{ "server_max_window_bits=1x", &willing, FIELD PMD SMW "=1x", "",
	    { 0 } },
	{ "server_max_window_bits=-9", &willing, FIELD PMD SMW "=-9", "",
	    { 0 } },
	{ "server_max_window_bits=+9", &willing, FIELD PMD SMW "=+9", "",
	    { 0 } },
	{ "server_max_window_bits of 300 digits", &willing,
	    FIELD PMD SMW "=10000000000000000000000000000000000000000000000000"
			  "00000000000000000000000000000000000000000000000000"
			  "00000000000000000000000000000000000000000000000000"
			  "00000000000000000000000000000000000000000000000000"
			  "00000000000000000000000000000000000000000000000000"
			  "000000000000000000000000000000000000000000000000"
			  "10",
	    "", { 0 } },
	{ "server_max_window_bits twice", &willing,
	    FIELD PMD SMW "=10" SMW "=10", "", { 0 } },
	/* 7.1.2.2 */
	{ "client_max_window_bits", &willing, FIELD PMD CMW, PMD,
	    { 15, 15, false, false } },
	{ "client_max_window_bits is answered by what we keep", &small,
	    FIELD PMD CMW, PMD CMW "=11", { 10, 11, false, false } },
	{ "client_max_window_bits=9 is less than we keep", &small,
	    FIELD PMD CMW "=9", PMD CMW "=9", { 10, 9, false, false } },
	{ "client_max_window_bits=15", &willing, FIELD PMD CMW "=15", PMD,
	    { 15, 15, false, false } },
	{ "client_max_window_bits=8", &willing, FIELD PMD CMW "=8",
	    PMD CMW "=8", { 15, 8, false, false } },
	{ "client_max_window_bits=7", &willing, FIELD PMD CMW "=7", "", { 0 } },
	{ "client_max_window_bits=16", &willing, FIELD PMD CMW "=16", "",
	    { 0 } },
	{ "client_max_window_bits=09", &willing, FIELD PMD CMW "=09", "",
	    { 0 } },
	{ "client_max_window_bits twice", &willing, FIELD PMD CMW CMW, "",
	    { 0 } },
	{ "a client that cannot be told forgets", &small, FIELD PMD, PMD CNC,
	    { 10, 15, false, true } },
	/* All of them. */
	{ "all four", &willing, FIELD PMD SNC CNC SMW "=14" CMW "=13",
	    PMD SNC CNC SMW "=14" CMW "=13", { 14, 13, true, true } },
	{ "all four, the longest answer", &willing,
	    FIELD PMD CMW "=12" SMW "=15" CNC SNC,
	    PMD SNC CNC SMW "=15" CMW "=12", { 15, 12, true, true } },
	/* Section 7: unknown parameters. */
	{ "an unknown parameter", &willing, FIELD PMD "; window=9", "", { 0 } },
	{ "a parameter in capitals", &willing,
	    FIELD PMD "; Server_No_Context_Takeover", "", { 0 } },
	{ "a parameter that only begins well", &willing,
	    FIELD PMD "; server_max_window_bits2=10", "", { 0 } },
	{ "constructor", &willing, FIELD PMD "; constructor", "", { 0 } },
	{ "an unknown parameter, then one that is known", &willing,
	    FIELD PMD "; x; x" SNC ", " PMD SNC, PMD SNC,
	    { 15, 15, true, false } },
	/* Other extensions. */
	{ "another extension", &willing, FIELD "x-webkit-deflate-frame", "",
	    { 0 } },
	{ "another one before it", &willing,
	    FIELD "mux; max-channels=4; flow-control, " PMD, PMD,
	    { 15, 15, false, false } },
	{ "another one behind it", &willing, FIELD PMD SNC ", deflate-stream",
	    PMD SNC, { 15, 15, true, false } },
	{ "in capitals it is another one", &willing, FIELD "Permessage-Deflate",
	    "", { 0 } },
	{ "one that only begins well", &willing, FIELD PMD "2", "", { 0 } },
	{ "one that is called constructor", &willing, FIELD "constructor", "",
	    { 0 } },
	/* Several offers. */
	{ "the first of equals", &willing, FIELD PMD SNC ", " PMD CNC, PMD SNC,
	    { 15, 15, true, false } },
	{ "the first that is acceptable", &willing,
	    FIELD PMD SMW "=16, " PMD SMW "=08," PMD SMW "=12," PMD,
	    PMD SMW "=12", { 12, 15, false, false } },
	{ "in several fields", &willing,
	    FIELD PMD "; x\r\n" FIELD PMD CNC "\r\n" FIELD PMD SNC, PMD CNC,
	    { 15, 15, false, true } },
	{ "a field in between", &willing,
	    FIELD "mux\r\nCookie: " PMD
		  "; a\r\nsec-websocket-extensions: " PMD SNC,
	    PMD SNC, { 15, 15, true, false } },
	/* RFC 6455 section 9.1: quotes, and white space. */
	{ "a quoted number", &willing, FIELD PMD SMW "=\"10\"", PMD SMW "=10",
	    { 10, 15, false, false } },
	{ "a number with quoted-pairs", &willing,
	    FIELD PMD SMW "=\"\\1\\0\"" CMW "=\"\\9\"", PMD SMW "=10" CMW "=9",
	    { 10, 9, false, false } },
	{ "a quoted zero in front", &willing, FIELD PMD SMW "=\"010\"", "",
	    { 0 } },
	{ "white space everywhere", &willing,
	    FIELD " \t" PMD " \t; \tserver_max_window_bits \t=\t 9 ;"
		  " client_max_window_bits = \"10\"\t , mux ",
	    PMD SMW "=9" CMW "=10", { 9, 10, false, false } },
	{ "no white space", &willing,
	    FIELD "mux," PMD ";server_max_window_bits=9,mux", PMD SMW "=9",
	    { 9, 15, false, false } },
	{ "white space in quotes", &willing, FIELD PMD SMW "=\" 9\"", MALFORMED,
	    { 0 } },
	{ "a comma in quotes", &willing, FIELD "a; b=\"c,d\"", MALFORMED,
	    { 0 } },
	{ "a quote in quotes", &willing, FIELD "a; b=\"\\\"\"", MALFORMED,
	    { 0 } },
	{ "nothing in quotes", &willing, FIELD PMD SMW "=\"\"", MALFORMED,
	    { 0 } },
	{ "quotes that do not end", &willing, FIELD PMD SMW "=\"10", MALFORMED,
	    { 0 } },
	{ "quotes that end with a backslash", &willing, FIELD PMD SMW "=\"10\\",
	    MALFORMED, { 0 } },
	{ "something behind the quotes", &willing, FIELD PMD SMW "=\"1\"0",
	    MALFORMED, { 0 } },
	{ "a quoted name", &willing, FIELD "\"" PMD "\"", MALFORMED, { 0 } },
	{ "a semicolon and nothing", &willing, FIELD PMD ";", MALFORMED,
	    { 0 } },
	{ "two semicolons", &willing, FIELD PMD ";" SNC, MALFORMED, { 0 } },
	{ "a semicolon in front", &willing, FIELD "; " PMD, MALFORMED, { 0 } },
	{ "an equals sign and nothing", &willing, FIELD PMD SMW "=", MALFORMED,
	    { 0 } },
	{ "two equals signs", &willing, FIELD PMD SMW "==9", MALFORMED, { 0 } },
	{ "a value of the extension", &willing, FIELD PMD "=9", MALFORMED,
	    { 0 } },
	{ "a value without a name", &willing, FIELD PMD "; =9", MALFORMED,
	    { 0 } },
	{ "two words", &willing, FIELD PMD " deflate", MALFORMED, { 0 } },
	{ "no token", &willing, FIELD "permessage/deflate", MALFORMED, { 0 } },
	{ "an octet above ASCII", &willing, FIELD PMD "; x=\xc3\xa9", MALFORMED,
	    { 0 } },
	{ "malformed behind what was taken", &willing, FIELD PMD ", ;",
	    MALFORMED, { 0 } },
	{ "malformed in a field behind", &willing, FIELD PMD "\r\n" FIELD "a b",
	    MALFORMED, { 0 } },
	{ "malformed in what is declined anyway", &willing,
	    FIELD PMD "; x; y=;", MALFORMED, { 0 } },
};

/* A parsed request with some fields, before an unreadable page. */
static struct guard
parse(struct ws_http_head *head, const char *lines)
{
	char request[4096];
	int len = snprintf(request, sizeof(request),
	    "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", lines);
	struct guard g = guard_copy(request, (size_t)len);

	ws_http_init(head, 4096, 1024);
	cr_assert_eq(
	    ws_http_parse(head, (const char *)g.at, g.len), len, "%s", lines);
	return g;
}

static void
check_row(const struct row *row)
{
	struct ws_http_head head;
	struct guard g = parse(&head, row->lines);
	struct ws_pmd_answer answer;
	struct ws_pmd agreed;
	const char *expected = row->answer;
	bool good;

	memset(&agreed, 0xa5, sizeof(agreed));
	memset(&answer, 0xa5, sizeof(answer));
	good = ws_pmd_negotiate(
	    &head, (const char *)g.at, row->policy, &agreed, &answer);
	cr_assert_eq(good, strcmp(expected, MALFORMED) != 0, "%s", row->name);
	if (!good)
		expected = "";
	cr_assert_eq(answer.octets, strlen(expected), "%s: %.*s", row->name,
	    answer.octets, answer.value);
	cr_assert_eq(memcmp(answer.value, expected, answer.octets), 0,
	    "%s: %.*s", row->name, answer.octets, answer.value);
	cr_assert_eq(agreed.server_bits, row->agreed.server_bits, "%s: %u",
	    row->name, agreed.server_bits);
	cr_assert_eq(agreed.client_bits, row->agreed.client_bits, "%s: %u",
	    row->name, agreed.client_bits);
	cr_assert_eq(agreed.server_no_context, row->agreed.server_no_context,
	    "%s", row->name);
	cr_assert_eq(agreed.client_no_context, row->agreed.client_no_context,
	    "%s", row->name);
	guard_free(&g);
}

Test(pmd, agrees_as_the_rfc_says)
{
	for (size_t i = 0; i < WS_LEN(rows); i++)
		check_row(&rows[i]);
}

/* Every value that two digits can have, in both parameters that have one. */
Test(pmd, takes_8_to_15_and_nothing_else)
{
	static const char *const names[] = { "server_max_window_bits",
		"client_max_window_bits" };

	for (unsigned i = 0; i < 2 * 110; i++) {
		unsigned n = i / 2;
		bool good = n >= 8 && n <= 15;
		char lines[100], expected[100] = "";
		struct row row = { lines, &willing, lines, expected, { 0 } };

		snprintf(
		    lines, sizeof(lines), FIELD PMD "; %s=%u", names[i % 2], n);
		if (good && i % 2 == 1 && n == 15)
			strcpy(expected, PMD);
		else if (good)
			strcpy(expected, lines + strlen(FIELD));
		if (good)
			row.agreed = (struct ws_pmd){ 15, 15, false, false };
		if (good && i % 2 == 0)
			row.agreed.server_bits = (uint8_t)n;
		else if (good)
			row.agreed.client_bits = (uint8_t)n;
		check_row(&row);
	}
}

/* What no policy may change: an answer keeps to what was offered. */
Test(pmd, keeps_to_the_offer_whatever_the_policy)
{
	static const char *const offers[] = { PMD, PMD CMW, PMD CMW "=10",
		PMD SMW "=9", PMD SNC, PMD CNC, PMD CMW "=8" SMW "=8" };

	for (size_t i = 0; i < 64 * 4 * WS_LEN(offers); i++) {
		const char *offer = offers[i / 256];
		struct ws_pmd_policy policy = {
			.server_bits = (uint8_t)(8 + i % 8),
			.server_bits_min = 8,
			.client_bits = (uint8_t)(8 + i / 8 % 8),
			.server_no_context = i / 64 % 2 == 0,
			.client_no_context = i / 128 % 2 == 0,
		};
		char lines[200], text[WS_PMD_ANSWER_MAX + 1] = "";
		struct ws_http_head head;
		struct ws_pmd_answer answer;
		struct ws_pmd agreed;
		struct guard g;

		snprintf(lines, sizeof(lines), FIELD "%s", offer);
		g = parse(&head, lines);
		cr_assert(ws_pmd_negotiate(
		    &head, (const char *)g.at, &policy, &agreed, &answer));
		memcpy(text, answer.value, answer.octets);
		cr_assert_eq(strncmp(text, PMD, strlen(PMD)), 0, "%s", offer);
		/* 7.1.2.2: never to a client that did not offer it. */
		if (strstr(offer, CMW) == NULL)
			cr_assert_null(strstr(text, CMW), "%s", offer);
		/* 7.1.2.1 and 7.1.1.1: what was asked is answered. */
		if (strstr(offer, SMW) != NULL)
			cr_assert_not_null(strstr(text, SMW), "%s", offer);
		if (strstr(offer, SNC) != NULL)
			cr_assert_not_null(strstr(text, SNC), "%s", offer);
		cr_assert_eq(strstr(text, SNC) != NULL,
		    agreed.server_no_context, "%s", offer);
		cr_assert_eq(strstr(text, CNC) != NULL,
		    agreed.client_no_context, "%s", offer);
		cr_assert_leq(agreed.server_bits, policy.server_bits);
		/* The past of a client that we keep is no larger. */
		if (!agreed.client_no_context)
			cr_assert_leq(agreed.client_bits, policy.client_bits);
		guard_free(&g);
	}
}

Test(pmd, has_room_for_the_longest_answer_and_no_more)
{
	cr_assert_eq(
	    strlen(PMD SNC CNC SMW "=15" CMW "=14"), WS_PMD_ANSWER_MAX);
	cr_assert_eq(sizeof(struct ws_pmd), 4);
}
