/* test_payload.c - packets and payloads of Engine.IO. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "sio/engine/jsonp.h"
#include "sio/engine/payload.h"
#include "sio/engine/query.h"
#include "sio/engine/sid.h"
#include "test/guard.h"
#include "ws.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define SPAN(literal) (literal), sizeof(literal) - 1
#define TOP "\xed\x9f\xbf\xee\x80\x80" /* around the surrogates */

/* ---- packets ----------------------------------------------------------- */

static const struct {
	const char *name;
	int protocol;
	const char *in;
	size_t len;
	int type; /* -1: malformed */
	enum eio_form form;
	const char *data;
} packets[] = {
	{ "open", 4, SPAN("0{}"), EIO_OPEN, EIO_TEXT, "{}" },
	{ "close", 4, SPAN("1"), EIO_CLOSE, EIO_TEXT, "" },
	{ "ping", 4, SPAN("2"), EIO_PING, EIO_TEXT, "" },
	{ "probe", 4, SPAN("2probe"), EIO_PING, EIO_TEXT, "probe" },
	{ "pong", 4, SPAN("3"), EIO_PONG, EIO_TEXT, "" },
	{ "message", 4, SPAN("4hello"), EIO_MESSAGE, EIO_TEXT, "hello" },
	{ "empty message", 4, SPAN("4"), EIO_MESSAGE, EIO_TEXT, "" },
	{ "upgrade", 4, SPAN("5"), EIO_UPGRADE, EIO_TEXT, "" },
	{ "noop", 4, SPAN("6"), EIO_NOOP, EIO_TEXT, "" },
	{ "base64", 4, SPAN("bAQL/"), EIO_MESSAGE, EIO_BASE64, "AQL/" },
	{ "empty base64", 4, SPAN("b"), EIO_MESSAGE, EIO_BASE64, "" },
	{ "nothing", 4, SPAN(""), -1, 0, NULL },
	{ "type 7", 4, SPAN("7"), -1, 0, NULL },
	{ "below 0", 4, SPAN("/"), -1, 0, NULL },
	{ "a letter", 4, SPAN("abc"), -1, 0, NULL },
	{ "a NUL", 4, SPAN("\0"), -1, 0, NULL },
	{ "message, 3", 3, SPAN("4hello"), EIO_MESSAGE, EIO_TEXT, "hello" },
	{ "base64, 3", 3, SPAN("b4AQL/"), EIO_MESSAGE, EIO_BASE64, "AQL/" },
	{ "base64, 2", 2, SPAN("b4AQL/"), EIO_MESSAGE, EIO_BASE64, "AQL/" },
	{ "empty base64, 3", 3, SPAN("b4"), EIO_MESSAGE, EIO_BASE64, "" },
	{ "base64 without type, 3", 3, SPAN("b"), -1, 0, NULL },
	{ "base64 of a wrong type, 3", 3, SPAN("b7AQL/"), -1, 0, NULL },
	{ "base64 as protocol 4 has it, 3", 3, SPAN("bAQL/"), -1, 0, NULL },
};

Test(sio_payload, packets_of_text_are_taken_apart)
{
	for (size_t i = 0; i < LEN(packets); i++) {
		struct guard g = guard_copy(packets[i].in, packets[i].len);
		struct eio_packet p;
		bool good = eio_packet_read(
		    packets[i].protocol, (const char *)g.at, g.len, &p);

		cr_expect_eq(good, packets[i].type >= 0, "%s: %d",
		    packets[i].name, good);
		if (good && packets[i].type >= 0) {
			cr_expect_eq((int)p.type, packets[i].type, "%s: type",
			    packets[i].name);
			cr_expect_eq(p.form, packets[i].form, "%s: form",
			    packets[i].name);
			cr_expect(
			    p.len == strlen(packets[i].data) &&
				memcmp(p.data, packets[i].data, p.len) == 0,
			    "%s: data", packets[i].name);
		}
		guard_free(&g);
	}
}

Test(sio_payload, packets_of_octets_are_taken_apart)
{
	struct eio_packet p;

	cr_expect(eio_packet_read_binary(4, SPAN("\x01\xff"), &p));
	cr_expect(p.type == EIO_MESSAGE && p.form == EIO_BINARY);
	cr_expect(p.len == 2 && memcmp(p.data, "\x01\xff", 2) == 0);
	cr_expect(eio_packet_read_binary(4, SPAN(""), &p) && p.len == 0);
	cr_expect(eio_packet_read_binary(3, SPAN("\x04\xff"), &p));
	cr_expect(p.type == EIO_MESSAGE && p.form == EIO_BINARY);
	cr_expect(p.len == 1 && p.data[0] == '\xff');
	cr_expect(eio_packet_read_binary(2, SPAN("\x04"), &p) && p.len == 0);
	cr_expect(!eio_packet_read_binary(3, SPAN(""), &p), "empty");
	cr_expect(!eio_packet_read_binary(3, SPAN("\x07"), &p), "type 7");
	cr_expect(!eio_packet_read_binary(3, SPAN("\xff"), &p), "type 255");
}

static const struct {
	const char *name;
	int protocol;
	enum eio_type type;
	enum eio_form form;
	const char *mark;
	size_t len;
} marks[] = {
	{ "text, 4", 4, EIO_MESSAGE, EIO_TEXT, SPAN("4") },
	{ "ping, 4", 4, EIO_PING, EIO_TEXT, SPAN("2") },
	{ "binary, 4", 4, EIO_MESSAGE, EIO_BINARY, SPAN("") },
	{ "base64, 4", 4, EIO_MESSAGE, EIO_BASE64, SPAN("b") },
	{ "text, 3", 3, EIO_MESSAGE, EIO_TEXT, SPAN("4") },
	{ "binary, 3", 3, EIO_MESSAGE, EIO_BINARY, SPAN("\x04") },
	{ "base64, 3", 3, EIO_MESSAGE, EIO_BASE64, SPAN("b4") },
	{ "binary, 2", 2, EIO_MESSAGE, EIO_BINARY, SPAN("\x04") },
};

Test(sio_payload, packets_are_marked)
{
	for (size_t i = 0; i < LEN(marks); i++) {
		struct eio_packet p = { .type = marks[i].type };
		char out[2];
		size_t n =
		    eio_packet_write(marks[i].protocol, &p, marks[i].form, out);

		cr_expect(
		    n == marks[i].len && memcmp(out, marks[i].mark, n) == 0,
		    "%s", marks[i].name);
		cr_expect_eq(
		    eio_packet_size(marks[i].protocol, &p, marks[i].form), n,
		    "%s: size", marks[i].name);
	}
}

/* ---- bodies ------------------------------------------------------------ */

/* A packet as text, to compare: type, form (t, b, 6), data. */
static void
describe(char *out, size_t size, const struct eio_packet *p)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%d%c", n > 0 ? "|" : "", p->type,
	    "tb6"[p->form]);
	for (size_t i = 0; i < p->len; i++) {
		n = strlen(out);
		snprintf(out + n, size - n,
		    p->data[i] >= ' ' && p->data[i] <= '~' ? "%c" : "<%02x>",
		    (unsigned char)p->data[i]);
	}
}

static const struct {
	const char *name;
	int protocol;
	enum eio_framing framing;
	const char *in;
	size_t len;
	const char *want; /* with a '!' at the end if malformed there */
} bodies[] = {
	{ "one", 4, EIO_SEPARATED, SPAN("4hello"), "4thello" },
	{ "three", 4, EIO_SEPARATED,
	    SPAN("4a\x1e"
		 "2\x1e"
		 "bAQL/"),
	    "4ta|2t|46AQL/" },
	{ "characters", 4, EIO_SEPARATED, SPAN("4h\xc3\xa9"), "4th<c3><a9>" },
	{ "nothing", 4, EIO_SEPARATED, SPAN(""), "!" },
	{ "only a separator", 4, EIO_SEPARATED, SPAN("\x1e"), "!" },
	{ "a separator before", 4, EIO_SEPARATED,
	    SPAN("\x1e"
		 "4a"),
	    "!" },
	{ "a separator behind", 4, EIO_SEPARATED, SPAN("4a\x1e"), "4ta!" },
	{ "two separators", 4, EIO_SEPARATED,
	    SPAN("4a\x1e\x1e"
		 "4b"),
	    "4ta!" },
	{ "good, then bad", 4, EIO_SEPARATED,
	    SPAN("4a\x1e"
		 "x\x1e"
		 "4b"),
	    "4ta!" },
	{ "not UTF-8", 4, EIO_SEPARATED, SPAN("4\xc3"), "!" },
	{ "a surrogate", 4, EIO_SEPARATED, SPAN("4\xed\xa0\x80"), "!" },
	{ "beside surrogates", 4, EIO_SEPARATED, SPAN("4" TOP),
	    "4t<ed><9f><bf><ee><80><80>" },
	{ "protocol 3 in 4", 4, EIO_SEPARATED, SPAN("6:4hello"), "6t:4hello" },
	{ "counted", 3, EIO_COUNTED, SPAN("6:4hello"), "4thello" },
	{ "counted, two", 3, EIO_COUNTED, SPAN("2:4a1:2"), "4ta|2t" },
	{ "units of Latin", 3, EIO_COUNTED,
	    SPAN("3:4h\xc3\xa9"
		 "1:2"),
	    "4th<c3><a9>|2t" },
	{ "units of an emoji", 3, EIO_COUNTED,
	    SPAN("3:4\xf0\x9f\x98\x80"
		 "1:2"),
	    "4t<f0><9f><98><80>|2t" },
	{ "half an emoji", 3, EIO_COUNTED, SPAN("2:4\xf0\x9f\x98\x80"), "!" },
	{ "octets instead of units", 3, EIO_COUNTED, SPAN("3:4\xc3\xa9"), "!" },
	{ "counted base64", 3, EIO_COUNTED, SPAN("6:b4AQL/"), "46AQL/" },
	{ "counted nothing", 3, EIO_COUNTED, SPAN(""), "!" },
	{ "counted zero", 3, EIO_COUNTED, SPAN("0:"), "!" },
	{ "no number", 3, EIO_COUNTED, SPAN(":4"), "!" },
	{ "no colon", 3, EIO_COUNTED, SPAN("4hello"), "!" },
	{ "only a number", 3, EIO_COUNTED, SPAN("12"), "!" },
	{ "a negative number", 3, EIO_COUNTED, SPAN("-1:4"), "!" },
	{ "too short", 3, EIO_COUNTED, SPAN("7:4hello"), "!" },
	{ "too long", 3, EIO_COUNTED, SPAN("5:4hello"), "4thell!" },
	{ "a huge number", 3, EIO_COUNTED, SPAN("9999999999:4"), "!" },
	{ "a number that overflows", 3, EIO_COUNTED,
	    SPAN("18446744073709551617:4"), "!" },
	{ "many digits", 3, EIO_COUNTED, SPAN("00000000000000000001:2"), "!" },
	{ "not UTF-8, counted", 3, EIO_COUNTED, SPAN("2:4\xff"), "!" },
	{ "octets, text", 3, EIO_OCTETS,
	    SPAN("\x00\x03\xff"
		 "4hi"),
	    "4thi" },
	{ "octets, binary", 3, EIO_OCTETS, SPAN("\x01\x04\xff\x04\x01\x02\xff"),
	    "4b<01><02><ff>" },
	{ "octets, both", 3, EIO_OCTETS,
	    SPAN("\x00\x01\xff"
		 "2\x01\x02\xff\x04x"),
	    "2t|4bx" },
	{ "octets, two digits", 3, EIO_OCTETS,
	    SPAN("\x00\x01\x01\xff"
		 "4abcdefghij"),
	    "4tabcdefghij" },
	{ "octets, characters", 3, EIO_OCTETS,
	    SPAN("\x00\x03\xff"
		 "4\xc3\xa9"),
	    "4t<c3><a9>" },
	{ "octets, not UTF-8", 3, EIO_OCTETS,
	    SPAN("\x00\x02\xff"
		 "4\xc3"),
	    "!" },
	{ "octets, nothing", 3, EIO_OCTETS, SPAN(""), "!" },
	{ "octets, a kind of 2", 3, EIO_OCTETS,
	    SPAN("\x02\x01\xff"
		 "2"),
	    "!" },
	{ "octets, no length", 3, EIO_OCTETS,
	    SPAN("\x00\xff"
		 "2"),
	    "!" },
	{ "octets, a digit of 10", 3, EIO_OCTETS,
	    SPAN("\x00\x0a\xff"
		 "2"),
	    "!" },
	{ "octets, an endless length", 3, EIO_OCTETS,
	    SPAN("\x00\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"), "!" },
	{ "octets, too short", 3, EIO_OCTETS,
	    SPAN("\x00\x09\xff"
		 "4hi"),
	    "!" },
	{ "octets, empty packet", 3, EIO_OCTETS, SPAN("\x00\x00\xff"), "!" },
	{ "octets, only a kind", 3, EIO_OCTETS, SPAN("\x01"), "!" },
};

Test(sio_payload, bodies_are_taken_apart)
{
	for (size_t i = 0; i < LEN(bodies); i++) {
		struct guard g = guard_copy(bodies[i].in, bodies[i].len);
		struct eio_payload payload;
		struct eio_packet p;
		char got[256] = "";

		eio_payload_begin(&payload, bodies[i].protocol,
		    bodies[i].framing, (const char *)g.at, g.len);
		while (eio_payload_next(&payload, &p))
			describe(got, sizeof(got), &p);
		if (payload.failed)
			strcat(got, "!");
		cr_expect_str_eq(got, bodies[i].want, "%s: %s, not %s",
		    bodies[i].name, got, bodies[i].want);
		cr_expect(!eio_payload_next(&payload, &p), "%s: no end",
		    bodies[i].name);
		guard_free(&g);
	}
}

/* Every part of a body that is cut off is malformed or shorter, and nothing is
 * read behind it. */
Test(sio_payload, bodies_may_end_anywhere)
{
	for (size_t i = 0; i < LEN(bodies); i++) {
		for (size_t len = 0; len < bodies[i].len; len++) {
			struct guard g = guard_copy(bodies[i].in, len);
			struct eio_payload payload;
			struct eio_packet p;
			size_t before = 0;

			eio_payload_begin(&payload, bodies[i].protocol,
			    bodies[i].framing, (const char *)g.at, len);
			while (eio_payload_next(&payload, &p)) {
				cr_assert_gt(payload.at, before,
				    "%s: no progress", bodies[i].name);
				before = payload.at;
			}
			cr_expect(payload.failed || payload.ended);
			guard_free(&g);
		}
	}
}

static const struct {
	const char *name;
	enum eio_framing framing;
	struct eio_packet packets[3];
	const char *want;
	size_t len;
} written[] = {
	{ "one", EIO_SEPARATED, { { EIO_MESSAGE, EIO_TEXT, "hi", 2 } },
	    SPAN("4hi") },
	{ "three", EIO_SEPARATED,
	    { { EIO_MESSAGE, EIO_TEXT, "hi", 2 },
		{ EIO_MESSAGE, EIO_BINARY, "\x01\x02\xff", 3 },
		{ EIO_NOOP, EIO_TEXT, "", 0 } },
	    SPAN("4hi\x1e"
		 "bAQL/\x1e"
		 "6") },
	{ "counted", EIO_COUNTED,
	    { { EIO_MESSAGE, EIO_TEXT, "h\xc3\xa9\xf0\x9f\x98\x80", 7 },
		{ EIO_MESSAGE, EIO_BINARY, "\x01\x02\xff", 3 },
		{ EIO_PONG, EIO_TEXT, "probe", 5 } },
	    SPAN("5:4h\xc3\xa9\xf0\x9f\x98\x80"
		 "6:b4AQL/6:3probe") },
	{ "octets", EIO_OCTETS,
	    { { EIO_MESSAGE, EIO_TEXT, "h\xc3\xa9", 3 },
		{ EIO_MESSAGE, EIO_BINARY, "\x01\x02\xff", 3 },
		{ EIO_MESSAGE, EIO_TEXT, "123456789", 9 } },
	    SPAN("\x00\x04\xff"
		 "4h\xc3\xa9"
		 "\x01\x04\xff\x04\x01\x02\xff"
		 "\x00\x01\x00\xff"
		 "4123456789") },
};

Test(sio_payload, bodies_are_written)
{
	for (size_t i = 0; i < LEN(written); i++) {
		size_t bound = 0, n = 0;
		struct guard g = guard_copy(written[i].want, written[i].len);

		memset(g.at, 0x55, g.len);
		for (size_t k = 0; k < 3 && written[i].packets[k].data; k++)
			bound += eio_payload_bound(
			    written[i].framing, &written[i].packets[k]);
		for (size_t k = 0; k < 3 && written[i].packets[k].data; k++)
			n += eio_payload_write(written[i].framing,
			    &written[i].packets[k], k == 0, (char *)g.at + n);
		cr_expect_leq(n, bound, "%s: bound", written[i].name);
		cr_expect(n == written[i].len &&
			      memcmp(g.at, written[i].want, n) == 0,
		    "%s", written[i].name);
		guard_free(&g);
	}
}

/* ---- characters -------------------------------------------------------- */

static const struct {
	const char *name;
	const char *in;
	size_t len;
	int64_t units;
} texts[] = {
	{ "nothing", SPAN(""), 0 },
	{ "ASCII", SPAN("0123456789abcdefg"), 17 },
	{ "a NUL", SPAN("a\0b"), 3 },
	{ "two octets", SPAN("\xc2\x80\xdf\xbf"), 2 },
	{ "three octets", SPAN("\xe0\xa0\x80\xef\xbf\xbf"), 2 },
	{ "beside surrogates", SPAN(TOP), 2 },
	{ "four octets", SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), 4 },
	{ "behind eight", SPAN("01234567\xc3\xa9"), 9 },
	{ "within eight",
	    SPAN("0123\xc3\xa9"
		 "456789ab"),
	    13 },
	{ "continuation first", SPAN("\x80"), -1 },
	{ "overlong 2", SPAN("\xc0\x80"), -1 },
	{ "overlong 2, c1", SPAN("\xc1\xbf"), -1 },
	{ "overlong 3", SPAN("\xe0\x9f\xbf"), -1 },
	{ "overlong 4", SPAN("\xf0\x8f\xbf\xbf"), -1 },
	{ "low surrogate", SPAN("\xed\xbf\xbf"), -1 },
	{ "above U+10FFFF", SPAN("\xf4\x90\x80\x80"), -1 },
	{ "f5", SPAN("\xf5\x80\x80\x80"), -1 },
	{ "cut 2", SPAN("\xc3"), -1 },
	{ "cut 3", SPAN("\xe2\x82"), -1 },
	{ "cut 4", SPAN("\xf0\x9f\x98"), -1 },
	{ "third is none", SPAN("\xe2\x82\x41"), -1 },
	{ "fourth is none", SPAN("\xf0\x9f\x98\xc0"), -1 },
	{ "bad behind eight", SPAN("01234567\xff"), -1 },
};

Test(sio_payload, characters_are_counted_in_utf16)
{
	for (size_t i = 0; i < LEN(texts); i++) {
		struct guard g = guard_copy(texts[i].in, texts[i].len);
		int64_t n = eio_utf16_units((const char *)g.at, g.len);

		cr_expect_eq(
		    n, texts[i].units, "%s: %lld", texts[i].name, (long long)n);
		guard_free(&g);
	}
}

/* Return whether the number of units tells that a text is ASCII. */
static bool
is_ascii(const char *text, size_t len)
{
	return eio_utf16_units(text, len) == (int64_t)len;
}

Test(sio_payload, ascii_is_told_from_the_rest_wherever_it_stands)
{
	char text[20];

	for (size_t len = 0; len <= sizeof(text); len++) {
		struct guard g;

		memset(text, 'a', sizeof(text));
		g = guard_copy(text, len);
		cr_expect(is_ascii((const char *)g.at, len), "%zu", len);
		for (size_t i = 0; i < len; i++) {
			g.at[i] = 0x80;
			cr_expect(!is_ascii((const char *)g.at, len),
			    "%zu of %zu", i, len);
			g.at[i] = 0x7f;
		}
		guard_free(&g);
	}
}

static const struct {
	const char *text;
	const char *data; /* NULL: malformed */
	size_t len;
} base64[] = {
	/* RFC 4648 section 10. */
	{ "", SPAN("") },
	{ "Zg==", SPAN("f") },
	{ "Zm8=", SPAN("fo") },
	{ "Zm9v", SPAN("foo") },
	{ "Zm9vYg==", SPAN("foob") },
	{ "Zm9vYmE=", SPAN("fooba") },
	{ "Zm9vYmFy", SPAN("foobar") },
	{ "AP/+", SPAN("\x00\xff\xfe") },
	{ "//79", SPAN("\xff\xfe\xfd") },
	{ "Z", NULL, 0 },
	{ "Zg", NULL, 0 },
	{ "Zg=", NULL, 0 },
	{ "=", NULL, 0 },
	{ "====", NULL, 0 },
	{ "Z===", NULL, 0 },
	{ "Zg=v", NULL, 0 },
	{ "Zg==Zg==", NULL, 0 },
	{ "Zh==", NULL, 0 },
	{ "Zm9=", NULL, 0 },
	{ "Zm9-", NULL, 0 },
	{ "Zm9_", NULL, 0 },
	{ "Zm9 ", NULL, 0 },
	{ "Zm\n9", NULL, 0 },
	{ "Zm9\x80", NULL, 0 },
};

Test(sio_payload, base64_is_strict)
{
	for (size_t i = 0; i < LEN(base64); i++) {
		size_t len = strlen(base64[i].text);
		struct guard g = guard_copy(base64[i].text, len);
		struct guard out = guard_copy("--------", len / 4 * 3);
		ssize_t n = ws_base64_decode((const char *)g.at, len, out.at);

		if (base64[i].data == NULL)
			cr_expect_eq(n, -1, "'%s'", base64[i].text);
		else
			cr_expect(
			    n == (ssize_t)base64[i].len &&
				memcmp(out.at, base64[i].data, (size_t)n) == 0,
			    "'%s'", base64[i].text);
		guard_free(&out);
		guard_free(&g);
	}
}

Test(sio_payload, base64_comes_back_and_may_be_decoded_in_place)
{
	uint8_t data[256], text[512];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct guard g = guard_copy(text, WS_BASE64_ENCODED(len));
		ssize_t n;

		ws_base64_encode(data, len, (char *)g.at);
		n = ws_base64_decode((const char *)g.at, g.len, g.at);
		cr_assert_eq(n, (ssize_t)len);
		cr_assert_eq(memcmp(g.at, data, len), 0, "%zu", len);
		guard_free(&g);
	}
}

Test(sio_payload, identifiers_are_twenty_characters)
{
	uint8_t octets[EIO_SID_OCTETS], back[EIO_SID_OCTETS];
	char text[EIO_SID_LEN + 1];

	for (int i = 0; i < EIO_SID_OCTETS; i++)
		octets[i] = (uint8_t)(0xfb - 17 * i);
	eio_sid_write(octets, text);
	cr_expect(eio_sid_read(text, EIO_SID_LEN, back));
	cr_expect_eq(memcmp(octets, back, sizeof(back)), 0);
	for (int i = 0; i < EIO_SID_LEN; i++) {
		char c = text[i];

		for (const char *bad = "+/= .%~\x80"; *bad != '\0'; bad++) {
			text[i] = *bad;
			cr_expect(!eio_sid_read(text, EIO_SID_LEN, back),
			    "'%c' at %d", *bad, i);
		}
		text[i] = c;
	}
	cr_expect(!eio_sid_read(text, EIO_SID_LEN - 1, back));
	cr_expect(!eio_sid_read(text, EIO_SID_LEN + 1, back));
	memset(octets, 0xff, sizeof(octets));
	eio_sid_write(octets, text);
	cr_expect_eq(memcmp(text, "____________________", 20), 0);
}

/* ---- forms and scripts ------------------------------------------------- */

static const struct {
	const char *form, *name, *value; /* NULL: there is none */
} forms[] = {
	{ "sid=abc", "sid", "abc" },
	{ "EIO=4&sid=abc&t=1", "sid", "abc" },
	{ "sid=a&sid=b", "sid", "b" },
	{ "sid=a&sid=", "sid", "" },
	{ "sid", "sid", "" },
	{ "sid&sid=x&", "sid", "x" },
	{ "sid=", "sid", "" },
	{ "xsid=1&sidx=2", "sid", NULL },
	{ "", "sid", NULL },
	{ "&&=&", "sid", NULL },
	{ "=x", "", "x" },
	{ "%73id=abc", "sid", "abc" },
	{ "s%69d=%61%62", "sid", "ab" },
	{ "a+b=c+d", "a b", "c d" },
	{ "d=%zz%1%", "d", "%zz%1%" },
	{ "d=1=2", "d", "1=2" },
	{ "d=%26%3D", "d", "&=" },
	{ "d=%C3%A9", "d", "\xc3\xa9" },
	{ "d=%c3%a9", "d", "\xc3\xa9" },
};

Test(sio_payload, the_last_value_in_a_form_counts)
{
	for (size_t i = 0; i < LEN(forms); i++) {
		struct guard g =
		    guard_copy(forms[i].form, strlen(forms[i].form));
		struct ws_span form = { (const char *)g.at, g.len };
		const char *want = forms[i].value;
		char out[32] = "x";

		cr_expect_eq(eio_query_find(form, forms[i].name).at != NULL,
		    want != NULL, "'%s'", forms[i].form);
		cr_expect_eq(eio_query_get(forms[i].form, forms[i].name, out,
				 sizeof(out)),
		    want != NULL ? (long)strlen(want) : WS_EABSENT, "'%s'",
		    forms[i].form);
		cr_expect_str_eq(
		    out, want != NULL ? want : "", "'%s'", forms[i].form);
		cr_expect_eq(eio_query_has(forms[i].form, forms[i].name),
		    want != NULL && *want != '\0', "'%s'", forms[i].form);
		guard_free(&g);
	}
}

Test(sio_payload, a_value_that_does_not_fit_is_empty)
{
	char out[4] = "xxx";

	cr_expect_eq(eio_query_get("a=1234", "a", out, sizeof(out)), 4);
	cr_expect_str_eq(out, "");
	cr_expect_eq(eio_query_get("a=%31%32%33", "a", out, sizeof(out)), 3);
	cr_expect_str_eq(out, "123");
}

static const struct {
	const char *in, *out;
} newlines[] = {
	{ "", "" },
	{ "2:4a", "2:4a" },
	{ "a\\nb", "a\nb" },
	{ "a\\\\nb", "a\\nb" },
	{ "a\\\\\\nb", "a\\\\nb" },
	{ "\\", "\\" },
	{ "\\\\", "\\\\" },
	{ "\\t\\n", "\\t\n" },
	{ "n", "n" },
};

Test(sio_payload, newlines_of_scripts_are_restored)
{
	for (size_t i = 0; i < LEN(newlines); i++) {
		size_t len = strlen(newlines[i].in);
		struct guard g = guard_copy(newlines[i].in, len);
		size_t n = eio_jsonp_unescape((char *)g.at, len);

		cr_expect(n == strlen(newlines[i].out) &&
			      memcmp(g.at, newlines[i].out, n) == 0,
		    "'%s'", newlines[i].in);
		guard_free(&g);
	}
}

static const struct {
	const char *name, *index, *payload, *want;
} scripts[] = {
	{ "plain", "0", "2:4a", "___eio[0](\"2:4a\");" },
	{ "digits only", "1);alert(2", "6", "___eio[12](\"6\");" },
	{ "no index", "", "6", "___eio[](\"6\");" },
	{ "nothing", "7", "", "___eio[7](\"\");" },
	{ "quotes", "7", "4\"\\", "___eio[7](\"4\\\"\\\\\");" },
	{ "separators", "7",
	    "4a\x1e"
	    "4b",
	    "___eio[7](\"4a\\u001e4b\");" },
	{ "line ends", "7", "\xe2\x80\xa8x\xe2\x80\xa9\xe2\x80\xaa\xe2",
	    "___eio[7](\"\\u2028x\\u2029\xe2\x80\xaa\xef\xbf\xbd\");" },
};

Test(sio_payload, bodies_become_scripts)
{
	for (size_t i = 0; i < LEN(scripts); i++) {
		const char *payload = scripts[i].payload;
		struct guard in = guard_copy(payload, strlen(payload));
		struct sio_text out = { 0 };

		eio_jsonp_write(
		    &out, scripts[i].index, (const char *)in.at, in.len);
		cr_expect_eq(out.error, 0, "%s", scripts[i].name);
		cr_expect(out.len == strlen(scripts[i].want) &&
			      memcmp(out.at, scripts[i].want, out.len) == 0,
		    "%s: %.*s", scripts[i].name, (int)out.len, out.at);
		guard_free(&in);
		sio_text_free(&out);
	}
}
