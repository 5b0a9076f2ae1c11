/* test_twice.c - text that clients of 1.x encode twice. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "eio.h"
#include "sio/engine/engine.h"
#include "sio/engine/twice.h"

#include "test/guard.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *once, *twice;
} spellings[] = {
	{ "", "" },
	{ "ASCII \x7f", "ASCII \x7f" },
	{ "h\xc3\xa9", "h\xc3\x83\xc2\xa9" },
	{ "\xe4\xb8\xad", "\xc3\xa4\xc2\xb8\xc2\xad" },
	{ "\xf0\x9f\x98\x80!", "\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80!" },
};

Test(eio_twice, text_is_encoded_once_more_and_back)
{
	for (size_t i = 0; i < LEN(spellings); i++) {
		size_t once = strlen(spellings[i].once);
		size_t twice = strlen(spellings[i].twice);
		char out[64];

		cr_expect_eq(
		    eio_text_twice(spellings[i].once, once, out), twice);
		cr_expect_eq(memcmp(out, spellings[i].twice, twice), 0);
		cr_expect_eq(eio_text_once(out, twice, out), (int64_t)once);
		cr_expect_eq(memcmp(out, spellings[i].once, once), 0);
	}
}

Test(eio_twice, text_that_is_encoded_once_is_not_decoded)
{
	static const char *const rows[] = {
		"\xc3\xa9",                 /* U+00E9 alone begins nothing */
		"\xc3\xa9\xc3\xa9",         /* nor does it go on */
		"\xc3\x83h\xc2\xa9",        /* a letter within */
		"\xe4\xb8\xad",             /* above U+00FF */
		"\xc3\x83\xc2\xa9\xc4\x80", /* one is */
		"\xc3\x80\xc2\x80",         /* an overlong form */
		"\xc3",                     /* not UTF-8 at all */
		"\xff",
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		size_t len = strlen(rows[i]);
		struct guard g = guard_copy(rows[i], len);
		char out[16];

		cr_expect_eq(eio_text_once((const char *)g.at, len, out), -1,
		    "row %zu", i);
		guard_free(&g);
	}
}

/* ---- sessions ---------------------------------------------------------- */

static void
begin(void)
{
	eio_test_begin(NULL);
	eio_test.protocol = 3;
	eio_test.echo = true;
}

TestSuite(
    eio_twice_sessions, .init = begin, .fini = eio_test_end, .timeout = 60);

#define SCRIPTS "&b64=1"

/* GET what a session has for a client that takes text alone. */
static void
expect_get(const char *sid, const char *body)
{
	struct response r;

	cr_expect_eq(eio_ask(&r, "GET", sid, SCRIPTS, "", NULL, 0), 200);
	eio_expect_body(&r, body, strlen(body), body);
}

/* POST a body, and expect what the application gets and the echo. */
static void
expect_echo(
    const char *sid, const char *body, const char *text, const char *echo)
{
	struct response r;

	cr_expect_eq(eio_post(&r, sid, body), 200, "%s", body);
	cr_expect_str_eq(eio_test.text, text, "%s", body);
	expect_get(sid, echo);
}

Test(eio_twice_sessions, who_encodes_twice_is_answered_so)
{
	const char *sid = eio_open_polling(SCRIPTS);

	expect_echo(sid, "3:4hi", "hi", "3:4hi");
	expect_echo(
	    sid, "4:4h\xc3\x83\xc2\xa9", "h\xc3\xa9", "4:4h\xc3\x83\xc2\xa9");
	expect_echo(sid, "5:4\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80",
	    "\xf0\x9f\x98\x80", "5:4\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80");
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, "\xe4\xb8\xad", 3), 0);
	expect_get(sid, "4:4\xc3\xa4\xc2\xb8\xc2\xad");
}

Test(eio_twice_sessions, who_encodes_once_may_send_text_that_looks_garbled)
{
	const char *sid = eio_open_polling(SCRIPTS);

	expect_echo(sid, "2:4\xc3\xa9", "\xc3\xa9", "2:4\xc3\xa9");
	expect_echo(sid, "3:4\xc3\x83\xc2\xa9", "\xc3\x83\xc2\xa9",
	    "3:4\xc3\x83\xc2\xa9");
}

/* One body tells, whichever of its packets it is. */
Test(eio_twice_sessions, one_packet_tells_for_those_behind_it)
{
	const char *sid = eio_open_polling(SCRIPTS);

	expect_echo(sid,
	    "2:4\xe4\xb8\xad"
	    "3:4\xc3\x83\xc2\xa9",
	    "\xc3\x83\xc2\xa9",
	    "2:4\xe4\xb8\xad"
	    "3:4\xc3\x83\xc2\xa9");
}

/* Text of forms is as that of other bodies. */
Test(eio_twice_sessions, forms_are_decoded_twice)
{
	static const char form[] = "d=3%3A4%C3%83%C2%A9";
	const char *sid = eio_open_polling(SCRIPTS);
	struct response r;

	cr_expect_eq(eio_ask(&r, "POST", sid, "&j=0",
			 "Content-Type: application/x-www-form-urlencoded\r\n",
			 form, strlen(form)),
	    200);
	cr_expect_str_eq(eio_test.text, "\xc3\xa9");
	cr_expect_eq(eio_ask(&r, "GET", sid, "&j=0", "", NULL, 0), 200);
	cr_expect(eio_is_body(&r, "___eio[0](\"3:4\xc3\x83\xc2\xa9\");"));
}

/* Bodies of octets have text that is encoded once. */
Test(eio_twice_sessions, octets_are_as_they_are)
{
	const char *sid = eio_open_polling("");
	struct response r;

	cr_expect_eq(eio_ask(&r, "POST", sid, "",
			 "Content-Type: application/octet-stream\r\n",
			 "\0\5\xff"
			 "4\xc3\x83\xc2\xa9",
			 8),
	    200);
	cr_expect_str_eq(eio_test.text, "\xc3\x83\xc2\xa9");
	cr_expect_eq(eio_get(&r, sid), 200);
	eio_expect_body(&r,
	    "\0\5\xff"
	    "4\xc3\x83\xc2\xa9",
	    8, "octets");
}

static size_t
question_marks(const char *text, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return len;
}

/* Nobody knows yet how it is read: ASCII is read by all. */
Test(eio_twice_sessions, the_first_text_is_ascii_where_that_is_possible)
{
	const char *sid = eio_open_polling(SCRIPTS);

	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, "\xc3\xa9", 2), 0);
	expect_get(sid, "2:4\xc3\xa9");
	eio_test.eio->ascii = question_marks;
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, "\xc3\xa9", 2), 0);
	expect_get(sid, "3:4??");
	expect_echo(sid, "2:4\xc3\xa9", "\xc3\xa9", "2:4\xc3\xa9");
}

/* Protocol 4 has no such clients, and protocol 2 no others. */
Test(eio_twice_sessions, protocol_2_is_always_so_and_4_never)
{
	const char *sid;
	struct response r;

	eio_test.protocol = 4;
	sid = eio_open_polling("");
	cr_expect_eq(eio_post(&r, sid, "4\xc3\x83\xc2\xa9"), 200);
	cr_expect_str_eq(eio_test.text, "\xc3\x83\xc2\xa9");
	eio_test.protocol = 2;
	sid = eio_open_polling(SCRIPTS);
	cr_expect_eq(eio_send(eio_test.last, WS_TEXT, "\xc3\xa9", 2), 0);
	expect_get(sid, "3:4\xc3\x83\xc2\xa9");
}
