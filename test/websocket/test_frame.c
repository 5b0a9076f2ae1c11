/* test_frame.c - frame headers, masking and close codes (RFC 6455). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "websocket/frame.h"
#include "test/frame.h"
#include "test/guard.h"

/* Feed every prefix of a header, each ending at a guard page. Nothing may be
 * decided before decided_at octets and nothing may change after. */
static void
check_prefixes(
    const char *name, struct ws_span wire, size_t decided_at, int expected)
{
	for (size_t len = 0; len <= wire.len; len++) {
		struct guard g = guard_copy(wire.at, len);
		struct ws_frame frame;
		int result = ws_frame_parse(g.at, len, &frame);

		cr_assert_eq(result, len < decided_at ? 0 : expected,
		    "%s: %d after %zu octets", name, result, len);
		guard_free(&g);
	}
}

/* ---- RFC 6455 section 5.7 and the boundaries of lengths. ---- */

Test(frame, parses_and_writes)
{
	static const struct {
		const char *name;
		struct ws_span wire;
		uint64_t payload;
		uint8_t first;
		bool masked;
	} rows[] = {
		{ "RFC 6455 5.7 unmasked Hello", WS_SPAN("\x81\x05"), 5, 0x81,
		    false },
		{ "RFC 6455 5.7 masked Hello",
		    WS_SPAN("\x81\x85\x37\xfa\x21\x3d"), 5, 0x81, true },
		{ "RFC 6455 5.7 first fragment", WS_SPAN("\x01\x03"), 3, 0x01,
		    false },
		{ "RFC 6455 5.7 last fragment", WS_SPAN("\x80\x02"), 2, 0x80,
		    false },
		{ "RFC 6455 5.7 ping", WS_SPAN("\x89\x05"), 5, 0x89, false },
		{ "RFC 6455 5.7 masked pong",
		    WS_SPAN("\x8a\x85\x37\xfa\x21\x3d"), 5, 0x8a, true },
		{ "RFC 6455 5.7 256 octets", WS_SPAN("\x82\x7e\x01\x00"), 256,
		    0x82, false },
		{ "RFC 6455 5.7 64 KiB", WS_SPAN("\x82\x7f\0\0\0\0\0\1\0\0"),
		    65536, 0x82, false },
		{ "empty", WS_SPAN("\x82\x00"), 0, 0x82, false },
		{ "longest in 7 bits", WS_SPAN("\x82\x7d"), 125, 0x82, false },
		{ "shortest in 16 bits", WS_SPAN("\x82\x7e\0\x7e"), 126, 0x82,
		    false },
		{ "127", WS_SPAN("\x82\x7e\0\x7f"), 127, 0x82, false },
		{ "longest in 16 bits, masked",
		    WS_SPAN("\x82\xfe\xff\xff\x37\xfa\x21\x3d"), 65535, 0x82,
		    true },
		{ "2^31", WS_SPAN("\x82\x7f\0\0\0\0\x80\0\0\0"), 1ull << 31,
		    0x82, false },
		{ "2^32", WS_SPAN("\x82\x7f\0\0\0\1\0\0\0\0"), 1ull << 32, 0x82,
		    false },
		{ "2^56", WS_SPAN("\x82\x7f\1\0\0\0\0\0\0\0"), 1ull << 56, 0x82,
		    false },
		{ "2^63-1, masked",
		    WS_SPAN("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
			    "\x37\xfa\x21\x3d"),
		    INT64_MAX, 0x82, true },
		{ "all RSV bits", WS_SPAN("\xf1\x00"), 0, 0xf1, false },
		{ "longest control frame", WS_SPAN("\x88\x7d"), 125, 0x88,
		    false },
	};
	static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	static const uint8_t no_key[4];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const char *name = rows[i].name;
		const uint8_t *wire = (const uint8_t *)rows[i].wire.at;
		size_t len = rows[i].wire.len, size;
		uint8_t out[WS_FRAME_HEADER_MAX];
		struct ws_frame frame;

		check_prefixes(name, rows[i].wire, len, (int)len);
		ws_frame_parse(wire, len, &frame);
		cr_assert_eq(frame.payload_octets, rows[i].payload, "%s", name);
		cr_assert_eq(frame.opcode, rows[i].first & 15, "%s", name);
		cr_assert_eq(frame.rsv, rows[i].first & 0x70, "%s", name);
		cr_assert_eq(frame.fin, rows[i].first >= 0x80, "%s", name);
		cr_assert_eq(frame.masked, rows[i].masked, "%s", name);
		cr_assert_eq(
		    memcmp(frame.masking_key, rows[i].masked ? key : no_key, 4),
		    0, "%s", name);

		size = write_header(out, rows[i].first, rows[i].payload,
		    rows[i].masked ? key : NULL);
		cr_assert_eq(size, len, "%s", name);
		cr_assert_eq(memcmp(out, wire, len), 0, "%s", name);
	}
}

Test(frame, refuses_as_soon_as_certain)
{
	static const struct {
		const char *name;
		struct ws_span wire;
		size_t decided_at;
		int error;
	} rows[] = {
		{ "opcode 3", WS_SPAN("\x83\x00"), 1, WS_FRAME_EOPCODE },
		{ "opcode 15", WS_SPAN("\x8f\x00"), 1, WS_FRAME_EOPCODE },
		{ "ping without FIN", WS_SPAN("\x09\x00"), 1,
		    WS_FRAME_EFRAGMENT },
		{ "close of 126", WS_SPAN("\x88\x7e\x00\x7e"), 2,
		    WS_FRAME_ECONTROL },
		{ "ping of 2^32", WS_SPAN("\x89\xff\0\0\0\1"), 2,
		    WS_FRAME_ECONTROL },
		{ "2^63", WS_SPAN("\x82\x7f\x80\0\0\0\0\0\0\0"), 3,
		    WS_FRAME_EHIGHBIT },
		{ "2^64-1", WS_SPAN("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		    3, WS_FRAME_EHIGHBIT },
		{ "0 in 16 bits", WS_SPAN("\x82\x7e\0\0"), 4,
		    WS_FRAME_EMINIMAL },
		{ "125 in 16 bits", WS_SPAN("\x82\xfe\0\x7d"), 4,
		    WS_FRAME_EMINIMAL },
		{ "0 in 64 bits", WS_SPAN("\x82\x7f\0\0\0\0\0\0\0\0"), 8,
		    WS_FRAME_EMINIMAL },
		{ "65535 in 64 bits",
		    WS_SPAN("\x82\xff\0\0\0\0\0\0\xff\xff\1\2\3\4"), 8,
		    WS_FRAME_EMINIMAL },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		check_prefixes(rows[i].name, rows[i].wire, rows[i].decided_at,
		    rows[i].error);
}

/* What two octets are, read off RFC 6455 sections 5.2 and 5.5. */
static int
reference(unsigned first, unsigned second)
{
	unsigned opcode = first % 16, length = second % 128;
	bool control = opcode == 8 || opcode == 9 || opcode == 10;

	if (!control && opcode != 0 && opcode != 1 && opcode != 2)
		return WS_FRAME_EOPCODE;
	if (control && first < 128)
		return WS_FRAME_EFRAGMENT;
	if (control && length > 125)
		return WS_FRAME_ECONTROL;
	/* A masking key or a longer length is still to come. */
	return second >= 126 ? 0 : 2;
}

Test(frame, agrees_on_every_first_two_octets)
{
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t wire[2] = { (uint8_t)(i >> 8), (uint8_t)i };
		struct ws_frame frame;

		cr_assert_eq(ws_frame_parse(wire, 2, &frame),
		    reference(wire[0], wire[1]), "%04x", i);
	}
}

Test(frame, leaves_the_frame_alone_unless_it_succeeds)
{
	static const char *const wires[] = { "\x83", "\x81\x85\x37",
		"\x82\x7e\x01" };

	for (size_t i = 0; i < WS_LEN(wires); i++) {
		struct ws_frame frame, before;

		memset(&frame, 0xa5, sizeof(frame));
		memcpy(&before, &frame, sizeof(frame));
		ws_frame_parse(
		    (const uint8_t *)wires[i], strlen(wires[i]), &frame);
		cr_assert_eq(memcmp(&frame, &before, sizeof(frame)), 0);
	}
}

/* ---- Masking (RFC 6455 section 5.3). ---- */

Test(frame, unmasks_hello)
{
	uint8_t text[] = { 0x7f, 0x9f, 0x4d, 0x51, 0x58 };

	ws_frame_mask(
	    text, sizeof(text), (const uint8_t *)"\x37\xfa\x21\x3d", 0);
	cr_assert_eq(memcmp(text, "Hello", 5), 0);
}

static void
check_mask(size_t at, size_t len, size_t offset)
{
	static const uint8_t key[4] = { 0x12, 0x34, 0x56, 0xf8 };
	uint8_t data[320], expected[320];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = expected[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < len; i++)
		expected[at + i] ^= key[(offset + i) % 4];
	ws_frame_mask(data + at, len, key, offset);
	cr_assert_eq(memcmp(data, expected, sizeof(data)), 0,
	    "%zu octets at %zu from offset %zu", len, at, offset);
}

Test(frame, masks_at_every_alignment_length_and_offset)
{
	for (size_t at = 0; at < 16; at++) {
		for (size_t len = 0; len <= 300; len++) {
			for (size_t offset = 0; offset < 4; offset++)
				check_mask(at, len, offset);
		}
	}
	check_mask(1, 100, SIZE_MAX);
}

Test(frame, masks_nothing_beyond_its_data)
{
	for (size_t len = 0; len <= 300; len++) {
		uint8_t zero[300] = { 0 };
		struct guard g = guard_copy(zero, len);

		ws_frame_mask(g.at, len, (const uint8_t *)"\1\2\3\4", 0);
		for (size_t i = 0; i < len; i++)
			cr_assert_eq(g.at[i], i % 4 + 1, "%zu of %zu", i, len);
		guard_free(&g);
	}
}

Test(frame, masking_tells_whether_the_result_is_ascii)
{
	static const uint8_t key[4] = { 0x80, 0x01, 0xff, 0x7f };

	for (size_t len = 0; len <= 200; len++) {
		for (size_t odd = 0; odd <= len; odd++) {
			uint8_t data[200];

			for (size_t i = 0; i < len; i++)
				data[i] = (uint8_t)('a' ^ key[i % 4]);
			if (odd < len)
				data[odd] ^= 0x80;
			cr_assert_eq(ws_frame_mask(data, len, key, 0),
			    odd == len, "octet %zu of %zu", odd, len);
		}
	}
}

/* ---- Close codes and texts. ---- */

Test(frame, close_codes_that_may_be_sent)
{
	static const struct {
		unsigned first, last;
		bool ok;
	} rows[] = {
		{ 0, 999, false },
		{ 1000, 1003, true },
		{ 1004, 1006, false },
		{ 1007, 1014, true },
		{ 1015, 2999, false },
		{ 3000, 4999, true },
		{ 5000, 65535, false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		for (unsigned code = rows[i].first; code <= rows[i].last;
		     code++)
			cr_assert_eq(ws_frame_close_code_ok(code), rows[i].ok,
			    "%u", code);
	}
}

Test(frame, every_error_has_a_text_of_its_own)
{
	for (int a = 0; a >= WS_FRAME_EFRAGMENT; a--) {
		/* A Close frame has room for 123 octets of reason. */
		cr_assert_leq(strlen(ws_frame_error_text(a)), 123);
		for (int b = 0; b > a; b--)
			cr_assert_str_neq(
			    ws_frame_error_text(a), ws_frame_error_text(b));
	}
}
