/* test_gzip.c - gzip files, ours and those of others. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "deflate/gzip.h"
#include "test/guard.h"

static struct ws_deflate *d;
static struct ws_inflate z;

static void
setup(void)
{
	d = ws_deflate_init(malloc(ws_deflate_octets(13)), 13, 3);
	ws_inflate_init(&z);
}

static void
teardown(void)
{
	free(d);
}

TestSuite(gzip, .init = setup, .fini = teardown);

/* Some text that repeats itself, and some that does not. */
static void
fill(uint8_t *out, size_t len)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		out[i] = (uint8_t)(i % 200 < 150 ? "a line of text, "[i % 16]
						 : (int)(seed >> 24));
	}
}

/* Read with zlib, which takes nothing but gzip here. */
static size_t
zlib_read(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	z_stream s = { .avail_in = (uInt)len, .avail_out = (uInt)size };
	int result;

	memcpy(&s.next_in, &in, sizeof(in));
	s.next_out = out;
	cr_assert_eq(inflateInit2(&s, 16 + 15), Z_OK);
	result = inflate(&s, Z_FINISH);
	cr_expect_eq(result, Z_STREAM_END, "zlib says %d", result);
	cr_expect_eq(s.avail_in, 0, "octets behind the end");
	inflateEnd(&s);
	return size - s.avail_out;
}

static const size_t lengths[] = { 0, 1, 2, 100, 1023, 8192, 8193, 70000 };

Test(gzip, others_and_we_read_what_is_written)
{
	for (size_t i = 0; i < WS_LEN(lengths); i++) {
		size_t len = lengths[i], n;
		uint8_t *text = malloc(len + 1), *file = malloc(2 * len + 64);
		uint8_t *back = malloc(len + 1);
		struct guard g;

		fill(text, len);
		n = ws_gzip_write(d, text, len, file, 2 * len + 64);
		cr_assert_gt(n, 0, "%zu", len);
		cr_expect_eq(zlib_read(file, n, back, len + 1), len);
		cr_expect_eq(memcmp(back, text, len), 0, "%zu", len);

		g = guard_copy(file, n);
		memset(back, 0, len);
		cr_expect_eq(ws_gzip_read(&z, g.at, n, back, len), 0);
		cr_expect_eq(memcmp(back, text, len), 0, "%zu", len);
		guard_free(&g);
		free(text), free(file), free(back);
	}
}

Test(gzip, the_same_content_is_the_same_file)
{
	static const uint8_t expected[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
		255, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0 };
	uint8_t out[64];

	for (int i = 0; i < 2; i++) {
		size_t n =
		    ws_gzip_write(d, (const uint8_t *)"a", 1, out, sizeof(out));

		cr_assert_eq(n, sizeof(expected));
		cr_expect_eq(memcmp(out, expected, n), 0);
	}
}

/* Nothing is written behind the room, whatever it is. */
Test(gzip, what_does_not_fit_is_nothing)
{
	uint8_t text[300], out[400] = { 0 };
	size_t whole;

	fill(text, sizeof(text));
	whole = ws_gzip_write(d, text, sizeof(text), out, sizeof(out));
	cr_assert_gt(whole, 18);
	for (size_t size = 0; size <= whole; size++) {
		struct guard g = guard_copy(out, size);
		size_t n = ws_gzip_write(d, text, sizeof(text), g.at, size);

		cr_expect_eq(n, size < whole ? 0 : whole, "%zu", size);
		guard_free(&g);
	}
}

/* "hello" as files that others may write. */
#define BODY "\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00"
#define FIXED "\0\0\0\0\0\xff"

static const struct row {
	const char *name;
	struct ws_span file;
	bool good;
} rows[] = {
	{ "plain", WS_SPAN("\x1f\x8b\x08\0" FIXED BODY), true },
	{ "time and system", WS_SPAN("\x1f\x8b\x08\0\1\2\3\4\2\3" BODY), true },
	{ "text", WS_SPAN("\x1f\x8b\x08\1" FIXED BODY), true },
	{ "header crc", WS_SPAN("\x1f\x8b\x08\2" FIXED "zz" BODY), true },
	{ "extra", WS_SPAN("\x1f\x8b\x08\4" FIXED "\3\0abc" BODY), true },
	{ "empty extra", WS_SPAN("\x1f\x8b\x08\4" FIXED "\0\0" BODY), true },
	{ "name", WS_SPAN("\x1f\x8b\x08\x08" FIXED "a.txt\0" BODY), true },
	{ "comment", WS_SPAN("\x1f\x8b\x08\x10" FIXED "why\0" BODY), true },
	{ "all", WS_SPAN("\x1f\x8b\x08\x1f" FIXED "\1\0xn\0c\0hh" BODY), true },
	{ "nothing", WS_SPAN(""), false },
	{ "magic", WS_SPAN("\x1f\x8c\x08\0" FIXED BODY), false },
	{ "method", WS_SPAN("\x1f\x8b\x07\0" FIXED BODY), false },
	{ "reserved 5", WS_SPAN("\x1f\x8b\x08\x20" FIXED BODY), false },
	{ "reserved 7", WS_SPAN("\x1f\x8b\x08\x80" FIXED BODY), false },
	{ "long extra", WS_SPAN("\x1f\x8b\x08\4" FIXED "\xff\xff" BODY),
	    false },
	{ "cut extra", WS_SPAN("\x1f\x8b\x08\4" FIXED "\1"), false },
	{ "endless name", WS_SPAN("\x1f\x8b\x08\x08" FIXED "name"), false },
	{ "cut header crc", WS_SPAN("\x1f\x8b\x08\2" FIXED "z"), false },
	{ "endless name, all flags", WS_SPAN("\x1f\x8b\x08\x1f" FIXED "\0\0n"),
	    false },
	{ "no trailer", WS_SPAN("\x1f\x8b\x08\0" FIXED "\3\0"), false },
	{ "checksum",
	    WS_SPAN("\x1f\x8b\x08\0" FIXED
		    "\xcb\x48\xcd\xc9\xc9\x07\x00\x87\xa6\x10\x36\x05\0\0\0"),
	    false },
	{ "length",
	    WS_SPAN("\x1f\x8b\x08\0" FIXED
		    "\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x06\0\0\0"),
	    false },
	{ "block type", WS_SPAN("\x1f\x8b\x08\0" FIXED "\7\0" BODY), false },
	{ "behind the end", WS_SPAN("\x1f\x8b\x08\0" FIXED BODY "x"), false },
};

Test(gzip, reads_what_others_write_and_refuses_the_rest)
{
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct guard g = guard_copy(rows[i].file.at, rows[i].file.len);
		uint8_t out[5] = { 0 };
		int result = ws_gzip_read(&z, g.at, g.len, out, sizeof(out));

		cr_expect_eq(result, rows[i].good ? 0 : -1, "%s", rows[i].name);
		if (rows[i].good)
			cr_expect_eq(
			    memcmp(out, "hello", 5), 0, "%s", rows[i].name);
		guard_free(&g);
	}
}

Test(gzip, content_has_just_the_length_that_was_said)
{
	uint8_t out[8];

	cr_expect_eq(ws_gzip_read(&z, (const uint8_t *)rows[0].file.at,
			 rows[0].file.len, out, 4),
	    -1);
	cr_expect_eq(ws_gzip_read(&z, (const uint8_t *)rows[0].file.at,
			 rows[0].file.len, out, 6),
	    -1);
}

/* Cut anywhere, or with any octet changed that means something, it is no file;
 * and nothing outside of it is looked at. */
Test(gzip, a_damaged_file_is_refused)
{
	uint8_t text[500], file[600], out[500];
	size_t n;

	fill(text, sizeof(text));
	n = ws_gzip_write(d, text, sizeof(text), file, sizeof(file));
	for (size_t i = 0; i < n; i++) {
		struct guard g = guard_copy(file, i);

		cr_expect_eq(ws_gzip_read(&z, g.at, i, out, sizeof(out)), -1,
		    "cut at %zu", i);
		guard_free(&g);
		if (i >= 4 && i < 10)
			continue; /* time, hints */
		file[i] ^= 0x20;
		cr_expect(ws_gzip_read(&z, file, n, out, sizeof(out)) == -1 ||
			      memcmp(out, text, sizeof(out)) == 0,
		    "octet %zu", i);
		file[i] ^= 0x20;
	}
}
