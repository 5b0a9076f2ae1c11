/* test_deflate.c - the compressor, read by zlib and by our decoder. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/bytes.h"
#include "deflate/deflate.h"
#include "deflate/deflate_state.h"
#include "deflate/inflate.h"
#include "test/fuzz/corpora.h"
#include "test/guard.h"

enum {
	BLOCK = 512 * 1024
};

/* The last octets of a block, mapped once by each test, that ends at an
 * unreadable page. */
static uint8_t *
guarded(struct guard *g, size_t len)
{
	static const uint8_t nothing[BLOCK];

	cr_assert_leq(len, BLOCK);
	if (g->at == NULL)
		*g = guard_copy(nothing, BLOCK);
	return g->at + BLOCK - len;
}

/* Make a compressor in dirty memory. */
static struct ws_deflate *
deflate_new(unsigned window_bits, unsigned level)
{
	static struct guard memory;
	size_t octets = (ws_deflate_octets(window_bits) + 15) / 16 * 16;
	uint8_t *at = guarded(&memory, octets);
	struct ws_deflate *d;

	memset(at, 0xa5, octets);
	d = ws_deflate_init(at, window_bits, level);
	cr_assert_eq((void *)d, (void *)at);
	return d;
}

/* Octets that grow. */
struct octets {
	uint8_t *at; /* owned */
	size_t len, max;
};

static void
octets_want(struct octets *o, size_t more)
{
	if (more <= o->max - o->len)
		return;
	o->max = 2 * o->len + more;
	o->at = realloc(o->at, o->max);
	cr_assert_not_null(o->at);
}

static void
octets_free(struct octets *o)
{
	free(o->at);
	*o = (struct octets){ 0 };
}

static bool
same(const struct octets *a, const struct octets *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* Compress octets that end at an unreadable page, into room that ends at one,
 * too. */
static void
feed(struct ws_deflate *d, const uint8_t *in, size_t len, bool is_final,
    struct octets *out)
{
	static struct guard input, output;
	size_t room = ws_deflate_bound(len), n;
	uint8_t *space = guarded(&output, room);

	if (len > 0)
		memcpy(guarded(&input, len), in, len);
	n = ws_deflate_run(d, guarded(&input, len), len, is_final, space, room);
	cr_assert(n > 0 && n <= room);
	octets_want(out, n);
	memcpy(out->at + out->len, space, n);
	out->len += n;
}

/* What zlib reads. Its output comes in pieces that are small beside any window,
 * or zlib would not see that a distance is too long. */
struct reader {
	z_stream z;
	struct octets out;
};

/* In place: zlib keeps the address of its structure. */
static void
reader_init(struct reader *r, unsigned window_bits)
{
	memset(r, 0, sizeof(*r));
	cr_assert_eq(inflateInit2(&r->z, -(int)window_bits), Z_OK);
}

/* Read more. Returns whether that was the end of the stream. */
static bool
reader_read(struct reader *r, const char *name, const uint8_t *in, size_t len)
{
	int status = Z_OK;

	r->z.next_in = (Bytef *)(uintptr_t)in;
	r->z.avail_in = (unsigned)len;
	while (status == Z_OK) {
		octets_want(&r->out, 64);
		r->z.next_out = r->out.at + r->out.len;
		r->z.avail_out = 64;
		status = inflate(&r->z, Z_SYNC_FLUSH);
		r->out.len += 64 - r->z.avail_out;
	}
	cr_assert(status == Z_STREAM_END || status == Z_BUF_ERROR,
	    "%s: zlib says %d, %s", name, status, r->z.msg);
	cr_assert_eq(r->z.avail_in, 0, "%s: zlib leaves input", name);
	return status == Z_STREAM_END;
}

static void
reader_free(struct reader *r)
{
	inflateEnd(&r->z);
	octets_free(&r->out);
}

/* Compare with what our decoder reads from one stream. */
static void
expect_inflated(const char *name, const struct octets *stream,
    unsigned window_bits, const uint8_t *in, size_t len, bool is_finished)
{
	static struct ws_inflate z;
	static uint8_t out[BLOCK];
	struct ws_inflate_window window = { .bits = (uint8_t)window_bits };
	struct ws_inflate_io io = { .in = stream->at,
		.in_octets = stream->len,
		.out = out,
		.out_max = sizeof(out) };
	int result;

	ws_inflate_init(&z);
	ws_inflate_begin(&z, &window);
	result = ws_inflate_run(&z, &io);
	cr_assert_eq(result, is_finished ? WS_INFLATE_END : WS_INFLATE_MORE,
	    "%s: %s", name, ws_inflate_error_text(result));
	cr_assert_eq(io.out_octets, len, "%s: %zu octets of %zu", name,
	    io.out_octets, len);
	cr_assert(
	    len == 0 || memcmp(out, in, len) == 0, "%s: other octets", name);
}

/* Compare with what both read from one stream. */
static void
expect_stream(const char *name, const struct octets *stream,
    unsigned window_bits, const uint8_t *in, size_t len, bool is_finished)
{
	struct reader r;
	bool is_end;

	reader_init(&r, window_bits);
	is_end = reader_read(&r, name, stream->at, stream->len);
	cr_assert_eq(is_end, is_finished, "%s: the end of the stream", name);
	cr_assert_eq(
	    r.out.len, len, "%s: %zu octets of %zu", name, r.out.len, len);
	cr_assert(len == 0 || memcmp(r.out.at, in, len) == 0,
	    "%s: other octets", name);
	reader_free(&r);
	expect_inflated(name, stream, window_bits, in, len, is_finished);
}

static uint8_t *
corpus_new(const struct corpus *c, size_t len)
{
	struct dice dice = { 88172645463325252 + len };
	uint8_t *octets = malloc(len + 1);

	cr_assert_not_null(octets);
	c->fill(&dice, octets, len);
	return octets;
}

/* ---- the format ---------------------------------------------------------- */

/* What RFCs and hands say must come out. */
static const struct {
	const char *name;
	struct ws_span in;
	struct ws_span out;
} messages[] = {
	/* RFC 7692 section 7.2.3.6: an empty stored block without its tail. */
	{ "empty", WS_SPAN(""), WS_SPAN("\x00") },
	/* RFC 7692 section 7.2.3.1 */
	{ "Hello", WS_SPAN("Hello"), WS_SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00") },
	/* One literal, then length 258 (285) and distance 1 (0):
	 * 010 10010001 11000101 00000 0000000, then 000 and padding. */
	{ "259 a",
	    WS_SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaa"),
	    WS_SPAN("\x4a\x1c\x05\x00\x00") },
	/* RFC 7692 section 7.2.3.5: a stored block, of what codes make longer,
	 * 7 bits of padding, and the empty stored block. */
	{ "stored",
	    WS_SPAN("\x90\xb5\xda\xff\xb4\xd9\xfe\xb3\xd8\xfd\xb2"
		    "\xd7\xfc\xb1\xd6\xfb\xb0\xd5\xfa\xaf\xd4\xf9"
		    "\xae\xd3\xf8\xad\xd2\xf7\xac\xd1\xf6\xab"),
	    WS_SPAN("\x00\x20\x00\xdf\xff"
		    "\x90\xb5\xda\xff\xb4\xd9\xfe\xb3\xd8\xfd\xb2"
		    "\xd7\xfc\xb1\xd6\xfb\xb0\xd5\xfa\xaf\xd4\xf9"
		    "\xae\xd3\xf8\xad\xd2\xf7\xac\xd1\xf6\xab\x00") },
};

Test(deflate, writes_what_the_rfcs_show)
{
	struct ws_deflate *d = deflate_new(15, 6);

	for (size_t i = 0; i < WS_LEN(messages); i++) {
		struct ws_span in = messages[i].in, want = messages[i].out;
		uint8_t out[512];
		size_t n;

		ws_deflate_reset(d);
		n = ws_deflate_message(
		    d, (const uint8_t *)in.at, in.len, out, sizeof(out));
		cr_expect_eq(
		    n, want.len, "%s: %zu octets", messages[i].name, n);
		cr_expect_eq(
		    memcmp(out, want.at, want.len), 0, "%s", messages[i].name);
	}
}

Test(deflate, ends_an_empty_stream_with_an_empty_block)
{
	struct ws_deflate *d = deflate_new(15, 6);
	struct octets out = { 0 };

	feed(d, NULL, 0, true, &out);
	cr_assert_eq(out.len, 2);
	cr_assert_eq(memcmp(out.at, "\x03\x00", 2), 0);
	octets_free(&out);
}

/* RFC 1951 section 3.2.5, as it is printed there. */
static const struct {
	unsigned extra, first, last;
} lengths[] = { { 0, 3, 3 }, { 0, 4, 4 }, { 0, 5, 5 }, { 0, 6, 6 }, { 0, 7, 7 },
	{ 0, 8, 8 }, { 0, 9, 9 }, { 0, 10, 10 }, { 1, 11, 12 }, { 1, 13, 14 },
	{ 1, 15, 16 }, { 1, 17, 18 }, { 2, 19, 22 }, { 2, 23, 26 },
	{ 2, 27, 30 }, { 2, 31, 34 }, { 3, 35, 42 }, { 3, 43, 50 },
	{ 3, 51, 58 }, { 3, 59, 66 }, { 4, 67, 82 }, { 4, 83, 98 },
	{ 4, 99, 114 }, { 4, 115, 130 }, { 5, 131, 162 }, { 5, 163, 194 },
	{ 5, 195, 226 }, { 5, 227, 257 }, { 0, 258, 258 } },
  distances[] = { { 0, 1, 1 }, { 0, 2, 2 }, { 0, 3, 3 }, { 0, 4, 4 },
	  { 1, 5, 6 }, { 1, 7, 8 }, { 2, 9, 12 }, { 2, 13, 16 }, { 3, 17, 24 },
	  { 3, 25, 32 }, { 4, 33, 48 }, { 4, 49, 64 }, { 5, 65, 96 },
	  { 5, 97, 128 }, { 6, 129, 192 }, { 6, 193, 256 }, { 7, 257, 384 },
	  { 7, 385, 512 }, { 8, 513, 768 }, { 8, 769, 1024 }, { 9, 1025, 1536 },
	  { 9, 1537, 2048 }, { 10, 2049, 3072 }, { 10, 3073, 4096 },
	  { 11, 4097, 6144 }, { 11, 6145, 8192 }, { 12, 8193, 12288 },
	  { 12, 12289, 16384 }, { 13, 16385, 24576 }, { 13, 24577, 32768 } };

Test(deflate, computes_the_tables_of_lengths_and_distances)
{
	for (unsigned slot = 0; slot < WS_LEN(lengths); slot++) {
		cr_expect_eq(
		    ws_deflate_length_extra(slot), lengths[slot].extra);
		for (unsigned n = lengths[slot].first; n <= lengths[slot].last;
		     n++)
			cr_expect_eq(
			    ws_deflate_length_slot(n), slot, "length %u", n);
	}
	for (unsigned slot = 0; slot < WS_LEN(distances); slot++) {
		cr_expect_eq(
		    ws_deflate_distance_extra(slot), distances[slot].extra);
		for (unsigned n = distances[slot].first;
		     n <= distances[slot].last; n++)
			cr_expect_eq(ws_deflate_distance_slot(n), slot,
			    "distance %u", n);
	}
}

/* ---- all inputs, levels and windows -------------------------------------- */

Test(deflate, is_read_at_all_levels_and_windows)
{
	static const size_t sizes[] = { 1, 3, 4, 5, 257, 3000, 40000 };
	char name[64];

	for (size_t i = 0; i < WS_LEN(corpora) * WS_LEN(sizes); i++) {
		const struct corpus *c = &corpora[i / WS_LEN(sizes)];
		size_t len = sizes[i % WS_LEN(sizes)];
		uint8_t *in = corpus_new(c, len);

		for (unsigned n = 0; n < 80; n++) {
			unsigned level = n % 10, bits = 8 + n / 10;
			struct ws_deflate *d = deflate_new(bits, level);
			struct octets out = { 0 };

			snprintf(name, sizeof(name), "%s %zu level %u bits %u",
			    c->name, len, level, bits);
			feed(d, in, len, true, &out);
			cr_assert_leq(
			    out.len, ws_deflate_bound(len), "%s", name);
			expect_stream(name, &out, bits, in, len, true);
			octets_free(&out);
		}
		free(in);
	}
}

/* More than the window several times over. */
Test(deflate, slides_its_window)
{
	char name[64];

	for (size_t i = 0; i < WS_LEN(corpora); i++) {
		size_t len = 300000 + 7 * i;
		uint8_t *in = corpus_new(&corpora[i], len);

		for (unsigned bits = 8; bits <= 15; bits++) {
			unsigned level = (unsigned)(i + bits) % 8;
			struct ws_deflate *d = deflate_new(bits, level);
			struct octets out = { 0 };

			snprintf(name, sizeof(name), "%s level %u bits %u",
			    corpora[i].name, level, bits);
			feed(d, in, len, false, &out);
			cr_assert_leq(
			    out.len, ws_deflate_bound(len), "%s", name);
			expect_stream(name, &out, bits, in, len, false);
			octets_free(&out);
		}
		free(in);
	}
}

/* Levels are worth their time, and finds are made. The factors are what came
 * out, and a little. */
Test(deflate, compresses)
{
	static const struct {
		const char *name;
		unsigned level;
		double factor; /* of zlib's size at the same level */
	} rows[] = { { "text", 1, 1.0 }, { "text", 6, 1.0 }, { "text", 9, 1.0 },
		{ "JSON", 1, 1.0 }, { "JSON", 6, 1.0 }, { "JSON", 9, 1.0 },
		{ "binary", 6, 1.01 }, { "random", 6, 1.001 },
		{ "all the same", 6, 2.0 }, { "runs", 6, 1.07 },
		{ "distant", 6, 1.0 }, { "mixed", 6, 1.0 } };
	static uint8_t theirs[200000];

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		size_t kind = 0, len = 150000;
		struct ws_deflate *d = deflate_new(15, rows[i].level);
		struct octets out = { 0 };
		z_stream z = { 0 };
		uint8_t *in;

		while (strcmp(corpora[kind].name, rows[i].name) != 0)
			kind++;
		in = corpus_new(&corpora[kind], len);
		feed(d, in, len, true, &out);
		deflateInit2(&z, (int)rows[i].level, Z_DEFLATED, -15, 8, 0);
		z.next_in = in;
		z.avail_in = (unsigned)len;
		z.next_out = theirs;
		z.avail_out = sizeof(theirs);
		cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		cr_expect_leq((double)out.len,
		    rows[i].factor * (double)z.total_out,
		    "%s, level %u: %zu octets, zlib has %lu", rows[i].name,
		    rows[i].level, out.len, z.total_out);
		deflateEnd(&z);
		octets_free(&out);
		free(in);
	}
}

/* Bits of a literal in the fixed code. */
static size_t
literal_bits(uint8_t octet)
{
	return octet < 144 ? 8 : 9;
}

/* Bits of a match with the octet before, in the fixed codes. */
static size_t
run_bits(size_t octets)
{
	unsigned slot = ws_deflate_length_slot((unsigned)octets);

	return (WS_DEFLATE_LENGTHS + slot < 280 ? 7 : 8) +
	       ws_deflate_length_extra(slot) + 5;
}

/* Messages whose symbols are not in doubt: literals, all of them different, and
 * a long run or two. Blocks of each kind must win now and then, and not when
 * one that is fixed or stored would have been smaller. */
Test(deflate, chooses_the_cheapest_kind)
{
	struct ws_deflate *d = deflate_new(15, 6);
	struct dice dice = { 2026 };
	unsigned kinds[3] = { 0 };

	for (int i = 0; i < 20000; i++) {
		uint8_t in[800], out[1000];
		size_t len = 0, n, bits = 3 + 7 + 3; /* and the empty block */
		uint32_t count = 1 + roll(&dice, 100);
		uint32_t first = roll(&dice, 256);
		uint32_t step = 1 + 2 * roll(&dice, 3);

		for (; len < count; len++) {
			in[len] = (uint8_t)(first + step * len);
			bits += literal_bits(in[len]);
		}
		for (uint32_t runs = roll(&dice, 3); runs > 0; runs--) {
			size_t run = 90 + roll(&dice, 168);

			memset(in + len, (int)(first - step * runs), run);
			bits += literal_bits(in[len]) + run_bits(run - 1);
			len += run;
		}
		ws_deflate_reset(d);
		n = ws_deflate_message(d, in, len, out, sizeof(out));
		cr_assert_leq(n, (bits + 7) / 8, "message %d: %zu", i, n);
		cr_assert_leq(n, 1 + 4 + len + 1, "message %d: %zu", i, n);
		kinds[out[0] >> 1 & 3]++;
	}
	for (size_t kind = 0; kind < 3; kind++)
		cr_expect_gt(kinds[kind], 100, "kind %zu", kind);
}

/* Of two that are as long the nearer is cheaper. */
Test(deflate, prefers_the_nearest_match)
{
	struct ws_deflate *d = deflate_new(15, 6);
	uint8_t in[1034], out[100];

	fill_random(&(struct dice){ 5 }, in, sizeof(in));
	memcpy(in, "abcdefgh", 8);
	memcpy(in + 1010, "abcdefgh", 8);
	memcpy(in + 1025, "abcdefgh", 8);
	ws_deflate_prime(d, in, 1025);
	/* In the fixed codes: 3 bits, 7 for the length, 5 and 2 for a distance
	 * of 15, 8 for the literal, 7 for the end, 3 for the empty block: 35.
	 * It would be 7 more for a distance of 1025. */
	in[1033] = '!';
	cr_assert_eq(ws_deflate_message(d, in + 1025, 9, out, 100), 5);
}

/* ---- room and flushes ---------------------------------------------------- */

/* Whatever room there is: the result, or nothing; and no octet beyond. */
Test(deflate, writes_into_just_enough_room)
{
	for (size_t i = 0; i < WS_LEN(corpora); i++) {
		size_t len = 700;
		uint8_t *in = corpus_new(&corpora[i], len);
		struct ws_deflate *d = deflate_new(9, (unsigned)i % 10);
		struct octets whole = { 0 };

		feed(d, in, len, true, &whole);
		for (size_t room = 0; room <= whole.len; room++) {
			static struct guard output;
			uint8_t *space = guarded(&output, room);
			size_t n;

			ws_deflate_reset(d);
			n = ws_deflate_run(d, in, len, true, space, room);
			cr_assert_eq(n, room < whole.len ? 0 : whole.len,
			    "%s: %zu in %zu", corpora[i].name, n, room);
			if (n > 0)
				cr_assert_eq(memcmp(space, whole.at, n), 0);
		}
		free(in);
		octets_free(&whole);
	}
}

/* A call that found no room leaves nothing behind. */
Test(deflate, begins_anew_where_there_was_no_room)
{
	static uint8_t in[70000], out[75000];
	struct dice dice = { 12 };

	for (size_t i = 0; i < WS_LEN(corpora); i++) {
		struct ws_deflate *d = deflate_new(12, (unsigned)i % 10);
		struct octets fresh = { 0 }, later = { 0 };

		corpora[i].fill(&dice, in, sizeof(in));
		feed(d, in, 5000, false, &fresh);
		for (int n = 0; n < 50; n++) {
			size_t room = roll(&dice, 200);

			if (ws_deflate_run(
				d, in, sizeof(in), false, out, room) > 0)
				ws_deflate_reset(d);
			later.len = 0;
			feed(d, in, 5000, false, &later);
			cr_assert(same(&fresh, &later), "%s", corpora[i].name);
			ws_deflate_reset(d);
		}
		octets_free(&fresh);
		octets_free(&later);
	}
}

/* After each flush all that came before can be read. */
Test(deflate, flushes)
{
	for (size_t i = 0; i < WS_LEN(corpora); i++) {
		struct dice dice = { 4711 + i };
		size_t len = 100000, at = 0;
		uint8_t *in = corpus_new(&corpora[i], len);
		unsigned bits = 8 + (unsigned)i % 8;
		struct ws_deflate *d = deflate_new(bits, (unsigned)i % 10);
		struct reader r;
		struct octets out = { 0 };

		reader_init(&r, bits);
		while (at < len) {
			size_t n = roll(&dice, roll(&dice, 4) ? 700 : 9000);

			if (n > len - at)
				n = len - at;
			out.len = 0;
			feed(d, in + at, n, false, &out);
			cr_assert_leq(out.len, ws_deflate_bound(n));
			cr_assert_geq(out.len, 5);
			cr_assert_eq(
			    memcmp(out.at + out.len - 4, "\x00\x00\xff\xff", 4),
			    0);
			reader_read(&r, corpora[i].name, out.at, out.len);
			at += n;
			cr_assert_eq(r.out.len, at, "%s: %zu of %zu",
			    corpora[i].name, r.out.len, at);
		}
		cr_assert_eq(
		    memcmp(r.out.at, in, len), 0, "%s", corpora[i].name);
		free(in);
		octets_free(&out);
		reader_free(&r);
	}
}

Test(deflate, writes_another_stream_after_the_end)
{
	struct ws_deflate *d = deflate_new(15, 6);
	struct octets out = { 0 };

	feed(d, (const uint8_t *)"abc", 3, true, &out);
	expect_stream("abc", &out, 15, (const uint8_t *)"abc", 3, true);
	ws_deflate_reset(d);
	out.len = 0;
	feed(d, NULL, 0, false, &out);
	cr_assert_eq(out.len, 5);
	feed(d, (const uint8_t *)"xyz", 3, false, &out);
	expect_stream("xyz", &out, 15, (const uint8_t *)"xyz", 3, false);
	octets_free(&out);
}

/* ---- messages ------------------------------------------------------------ */

/* Messages of one kind, of which each is read by itself or after all others. */
static void
exchange(const struct corpus *c, unsigned bits, unsigned level, bool is_kept)
{
	struct ws_deflate *d = deflate_new(bits, level);
	struct reader r;
	struct dice dice = { 42 };
	uint8_t in[2000], out[2100];

	reader_init(&r, bits);
	for (int i = 0; i < 200; i++) {
		size_t len = roll(&dice, sizeof(in)), n;

		c->fill(&dice, in, len);
		if (!is_kept) {
			ws_deflate_reset(d);
			inflateReset(&r.z);
		}
		n = ws_deflate_message(d, in, len, out, sizeof(out));
		cr_assert_gt(n, 0);
		memcpy(out + n, "\x00\x00\xff\xff", 4);
		r.out.len = 0;
		reader_read(&r, c->name, out, n + 4);
		cr_assert_eq(r.out.len, len, "%s: message %d", c->name, i);
		cr_assert(len == 0 || memcmp(r.out.at, in, len) == 0,
		    "%s: message %d", c->name, i);
	}
	reader_free(&r);
}

Test(deflate, keeps_or_forgets_what_was_before)
{
	for (size_t i = 0; i < WS_LEN(corpora); i++) {
		for (unsigned bits = 8; bits <= 15; bits++) {
			unsigned level = (unsigned)(i + bits) % 10;

			exchange(&corpora[i], bits, level, true);
			exchange(&corpora[i], bits, level, false);
		}
	}
}

/* What is left in the tables by other messages, of other people, must not show,
 * not even by a message that is smaller than it would be. */
Test(deflate, forgets_without_a_trace)
{
	static uint8_t in[3000], fresh[4000], later[4000];

	for (unsigned level = 0; level <= 9; level++) {
		unsigned bits = 8 + level % 8;
		void *memory = malloc(ws_deflate_octets(bits));
		struct ws_deflate *used = ws_deflate_init(memory, bits, level);
		struct dice dice = { 4711 };

		for (int i = 0; i < 400; i++) {
			const struct corpus *c =
			    &corpora[roll(&dice, WS_LEN(corpora))];
			size_t len = roll(&dice, sizeof(in)), n, m;

			c->fill(&dice, in, len);
			ws_deflate_reset(used);
			n = ws_deflate_message(
			    used, in, len, later, sizeof(later));
			if (i % 8 > 0)
				continue;
			m = ws_deflate_message(deflate_new(bits, level), in,
			    len, fresh, sizeof(fresh));
			cr_assert(n == m && memcmp(fresh, later, n) == 0,
			    "%s, message %d, level %u", c->name, i, level);
		}
		free(memory);
	}
}

/* Whatever was going on. */
Test(deflate, begins_anew_in_the_midst_of_anything)
{
	static uint8_t in[9000], out[10000];
	struct dice dice = { 3 };

	for (int i = 0; i < 300; i++) {
		const struct corpus *c = &corpora[roll(&dice, 10)];
		unsigned level = roll(&dice, 10);
		struct ws_deflate *d = deflate_new(9, level);
		struct octets fresh = { 0 }, later = { 0 };

		c->fill(&dice, in, sizeof(in));
		feed(d, in, 1000, false, &fresh);
		ws_deflate_run(d, in, roll(&dice, sizeof(in)),
		    roll(&dice, 2) == 1, out, roll(&dice, 1200));
		ws_deflate_reset(d);
		feed(d, in, 1000, false, &later);
		cr_assert(same(&fresh, &later), "%s, level %u", c->name, level);
		octets_free(&fresh);
		octets_free(&later);
	}
}

Test(deflate, resets_when_a_message_has_no_room)
{
	struct ws_deflate *d = deflate_new(15, 6);
	uint8_t in[1000], out[1100];
	size_t n = 0, room = 0;

	fill_json(&(struct dice){ 1 }, in, sizeof(in));
	while (n == 0) {
		struct guard g = guard_copy(out, ++room);

		cr_assert_leq(room, ws_deflate_bound(sizeof(in)));
		n = ws_deflate_message(d, in, sizeof(in), g.at, room);
		memcpy(out, g.at, room);
		guard_free(&g);
	}
	/* Had it not been reset, it would refer to what was lost. */
	struct octets message = { out, n + 4, sizeof(out) };
	cr_assert_eq(n + 4, room);
	memcpy(out + n, "\x00\x00\xff\xff", 4);
	expect_stream("last", &message, 15, in, sizeof(in), false);
}

Test(deflate, refers_to_what_it_was_primed_with)
{
	static uint8_t in[80000];
	struct dice dice = { 7 };

	fill_mixed(&dice, in, sizeof(in));
	for (unsigned bits = 8; bits <= 15; bits++) {
		size_t window = (size_t)1 << bits, past = 40000, len = 900;
		size_t from = past - (past < window ? past : window);
		struct ws_deflate *d = deflate_new(bits, 6);
		struct reader r;
		struct octets out = { 0 };

		reader_init(&r, bits);
		/* What the message repeats is in the window, but for the
		 * smallest of them. */
		memcpy(in + past, in + past - len, len);
		ws_deflate_prime(d, in, past);
		feed(d, in + past, len, false, &out);
		if (window >= len)
			cr_expect_leq(
			    out.len, 30, "bits %u: %zu", bits, out.len);
		inflateSetDictionary(&r.z, in + from, (unsigned)(past - from));
		reader_read(&r, "primed", out.at, out.len);
		cr_assert_eq(r.out.len, len);
		cr_assert_eq(memcmp(r.out.at, in + past, len), 0);
		octets_free(&out);
		reader_free(&r);
	}
}

/* One compressor writes for readers with small windows, and with large ones
 * again. */
Test(deflate, keeps_to_a_smaller_window)
{
	static uint8_t in[8000];
	struct dice dice = { 11 };
	struct ws_deflate *d = deflate_new(15, 6);

	fill_random(&dice, in, sizeof(in) / 2);
	memcpy(in + sizeof(in) / 2, in, sizeof(in) / 2);
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = i < 8 ? 15 - i : i;
		struct octets out = { 0 };
		struct reader r;

		reader_init(&r, bits);
		ws_deflate_reset(d);
		ws_deflate_adjust(d, bits, 6);
		feed(d, in, sizeof(in), false, &out);
		reader_read(&r, "narrow", out.at, out.len);
		cr_assert_eq(r.out.len, sizeof(in));
		cr_assert_eq(memcmp(r.out.at, in, sizeof(in)), 0);
		/* The second half is the first only to those who see it. */
		cr_expect_eq(out.len < sizeof(in) * 5 / 8, bits >= 12,
		    "bits %u: %zu", bits, out.len);
		octets_free(&out);
		reader_free(&r);
	}
}

/* Nothing, and less than four octets, and again and again. */
Test(deflate, is_primed_with_little)
{
	struct ws_deflate *d = deflate_new(15, 6);

	for (size_t past = 0; past < 8; past++) {
		const uint8_t *in = (const uint8_t *)"abcabcabcabcabcabcabcabc";
		struct octets out = { 0 };
		struct reader r;

		reader_init(&r, 15);
		ws_deflate_prime(d, in, past);
		feed(d, in + past, 12, false, &out);
		inflateSetDictionary(&r.z, in, (unsigned)past);
		reader_read(&r, "primed", out.at, out.len);
		cr_assert_eq(r.out.len, 12);
		cr_assert_eq(memcmp(r.out.at, in + past, 12), 0);
		octets_free(&out);
		reader_free(&r);
	}
}

Test(deflate, takes_the_memory_that_it_says)
{
	for (unsigned bits = 8; bits <= 15; bits++) {
		size_t octets = ws_deflate_octets(bits);
		size_t window = (size_t)1 << (bits < 10 ? 10 : bits);

		cr_expect_geq(octets, 8 * window);
		cr_expect_leq(octets, 8 * window + 4 * 1024, "bits %u: %zu",
		    bits, octets);
	}
}
