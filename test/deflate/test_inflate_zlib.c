/* test_inflate_zlib.c - the decoder agrees with zlib, on good and bad streams.
 */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/bytes.h"
#include "deflate/inflate.h"
#include "bits.h"
#include "inflated.h"
#include "zlib_streams.h"

enum {
	TEXT_MAX = 150000,
};

static struct ws_inflate *
new_inflate(void)
{
	struct ws_inflate *z = malloc(sizeof(*z));

	cr_assert_not_null(z);
	ws_inflate_init(z);
	return z;
}

/* A text and its stream. */
struct sample {
	char name[100];
	uint8_t *text, *stream; /* owned */
	size_t text_len, stream_len;
	struct squeeze squeeze;
};

static struct sample
new_sample(struct dice *d, unsigned kind, size_t len)
{
	struct sample s = { .text_len = len, .squeeze = squeeze_roll(d) };

	s.text = malloc(len + 1);
	cr_assert_not_null(s.text);
	text_fill(s.text, len, kind, d);
	s.stream = squeeze(&s.squeeze, s.text, len, &s.stream_len);
	snprintf(s.name, sizeof(s.name),
	    "kind %u, %zu octets, level %d, %d bits, strategy %d, flush %d",
	    kind, len, s.squeeze.level, s.squeeze.window_bits,
	    s.squeeze.strategy, s.squeeze.flush);
	return s;
}

static void
free_sample(struct sample *s)
{
	free(s->text);
	free(s->stream);
}

static void
check_pieces(struct ws_inflate *z, const struct sample *s, struct pieces pieces)
{
	struct ws_inflate_window window = {
		.bits = (uint8_t)s->squeeze.window_bits,
	};
	struct inflated done;

	ws_inflate_begin(z, &window);
	done = inflated_run(z, s->stream, s->stream_len, pieces, s->text_len);
	cr_assert_eq(
	    done.result, WS_INFLATE_END, "%s: %d", s->name, done.result);
	cr_assert_eq(done.in_octets, s->stream_len, "%s", s->name);
	cr_assert_eq(done.out_octets, s->text_len, "%s", s->name);
	cr_assert(memcmp(done.out, s->text, s->text_len) == 0, "%s", s->name);
	inflated_free(&done);
}

/* Decode with little room, whose octets go to a window when it is full. */
static void
check_window(struct ws_inflate *z, const struct sample *s, size_t room)
{
	uint8_t *ring = malloc((size_t)1 << s->squeeze.window_bits);
	uint8_t *out = malloc(room);
	struct ws_inflate_window window = { .at = ring,
		.bits = (uint8_t)s->squeeze.window_bits };
	struct ws_inflate_io io = { s->stream, s->stream_len, out, 0, room };
	size_t at = 0;
	int result;

	cr_assert(ring != NULL && out != NULL);
	ws_inflate_begin(z, &window);
	do {
		result = ws_inflate_run(z, &io);
		cr_assert(at + io.out_octets <= s->text_len &&
			      memcmp(out, s->text + at, io.out_octets) == 0,
		    "%s: from %zu on", s->name, at);
		at += io.out_octets;
		ws_inflate_keep(&window, out, io.out_octets);
		io.out_octets = 0;
	} while (result == WS_INFLATE_FULL);
	cr_assert_eq(result, WS_INFLATE_END, "%s: %d", s->name, result);
	cr_assert_eq(at, s->text_len, "%s", s->name);
	free(ring);
	free(out);
}

Test(inflate_zlib, decodes_what_zlib_makes)
{
	struct ws_inflate *z = new_inflate();
	struct dice d = { 1 };

	for (unsigned i = 0; i < 40 * TEXT_KINDS; i++) {
		size_t len = dice_roll(&d, i % 5 == 0 ? TEXT_MAX : 5000);
		struct sample s = new_sample(&d, i % TEXT_KINDS, len);

		check_pieces(
		    z, &s, (struct pieces){ s.stream_len, 1, len + 1 });
		check_pieces(z, &s,
		    (struct pieces){
			i % 9, 1 + dice_roll(&d, 99), 1 + len / 9 });
		check_window(z, &s, 1 + dice_roll(&d, 40000));
		check_window(z, &s, 1 + dice_roll(&d, 600));
		free_sample(&s);
	}
	free(z);
}

Test(inflate_zlib, decodes_octet_by_octet_and_at_every_cut)
{
	struct ws_inflate *z = new_inflate();
	struct dice d = { 2 };

	for (unsigned i = 0; i < 8 * TEXT_KINDS; i++) {
		size_t len = dice_roll(&d, 700);
		struct sample s = new_sample(&d, i % TEXT_KINDS, len);

		check_pieces(z, &s, (struct pieces){ 1, 1, 1 });
		for (size_t cut = 0; cut < s.stream_len; cut++)
			check_pieces(z, &s,
			    (struct pieces){ cut, s.stream_len, 1 + cut });
		free_sample(&s);
	}
	free(z);
}

/* ---- bad streams ------------------------------------------------------------- */

/* Our two names for a bad set of lengths, and for a bad repetition, are one to
 * zlib. A set of no lengths at all is refused by us at once, and by zlib where
 * the end of the block is missing. */
static bool
same_error(int ours, int zlibs)
{
	if (ours == WS_INFLATE_EUNDER)
		return zlibs == WS_INFLATE_EOVER ||
		       zlibs == WS_INFLATE_EENDLESS;
	if (ours == WS_INFLATE_EOVERRUN)
		return zlibs == WS_INFLATE_EREPEAT;
	return ours == zlibs;
}

enum {
	OUT_MAX = 1 << 21,
	BEHIND = 600, /* zeros, because zlib judges some errors later */
};

/* Whatever the octets are, there is the same output and the same verdict. */
static void
check_verdict(struct ws_inflate *z, const uint8_t *stream, size_t len,
    uint8_t window_bits, struct pieces pieces)
{
	static uint8_t out[OUT_MAX];
	struct ws_inflate_window window = { .bits = window_bits };
	uint8_t *in = calloc(1, len + BEHIND);
	struct inflated done;
	struct verdict v;

	cr_assert_not_null(in);
	memcpy(in, stream, len);
	v = zlib_verdict(
	    in, len + BEHIND, window_bits, out, OUT_MAX, window_bits < 15);
	ws_inflate_begin(z, &window);
	done = inflated_run(z, in, len + BEHIND, pieces, v.out_octets + 1);
	cr_assert_eq(done.out_octets, v.out_octets, "%zu, zlib %zu: %d, %d",
	    done.out_octets, v.out_octets, done.result, v.error);
	cr_assert(memcmp(done.out, out, v.out_octets) == 0);
	if (done.result < 0)
		cr_assert(same_error(done.result, v.error), "%d, zlib %d",
		    done.result, v.error);
	else
		cr_assert(
		    v.error == 0 && v.ended == (done.result == WS_INFLATE_END),
		    "%d, zlib %d", done.result, v.error);
	if (v.ended)
		cr_assert_eq(done.in_octets, v.in_octets);
	inflated_free(&done);
	free(in);
}

/* Change some bits, octets or the order of a stream. */
static size_t
spoil(struct dice *d, uint8_t *stream, size_t len)
{
	for (unsigned n = 1 + dice_roll(d, 3); n > 0; n--) {
		unsigned at = dice_roll(d, (unsigned)len);
		unsigned near = dice_roll(d, len < 60 ? (unsigned)len : 60);

		switch (dice_roll(d, 5)) {
		case 0:
			stream[at] ^= (uint8_t)(1 << dice_roll(d, 8));
			break;
		case 1: /* the first block's code, most of the time */
			stream[near] ^= (uint8_t)(1 << dice_roll(d, 8));
			break;
		case 2:
			stream[near] = (uint8_t)dice_roll(d, 256);
			break;
		case 3:
			memmove(stream + near, stream + at,
			    (len - (at > near ? at : near)) / 2);
			break;
		default:
			break;
		}
	}
	return len - (dice_roll(d, 4) == 0 ? dice_roll(d, (unsigned)len) : 0);
}

Test(inflate_zlib, judges_spoiled_streams_alike)
{
	struct ws_inflate *z = new_inflate();
	struct dice d = { 3 };

	for (unsigned i = 0; i < 2500; i++) {
		struct sample s =
		    new_sample(&d, i % TEXT_KINDS, 1 + dice_roll(&d, 2000));
		uint8_t bits =
		    (uint8_t)(i % 3 == 0 ? 8 + dice_roll(&d, 8) : 15);
		size_t len = spoil(&d, s.stream, s.stream_len);

		check_verdict(z, s.stream, len, bits,
		    (struct pieces){ len + BEHIND, 1, OUT_MAX });
		check_verdict(z, s.stream, len, bits,
		    (struct pieces){
			i % 50, 1 + i % 23, 1 + dice_roll(&d, 2000) });
		free_sample(&s);
	}
	free(z);
}

/* Errors are found with the octet that makes them certain, not later. Only a
 * set of no lengths is found earlier than by zlib. */
Test(inflate_zlib, finds_errors_at_the_same_octet)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	uint8_t *out = malloc(OUT_MAX);
	struct dice d = { 5 };

	cr_assert_not_null(out);
	for (unsigned i = 0; i < 1500; i++) {
		struct sample s =
		    new_sample(&d, i % TEXT_KINDS, 1 + dice_roll(&d, 300));
		size_t len = spoil(&d, s.stream, s.stream_len);
		struct verdict v =
		    zlib_verdict(s.stream, len, 15, out, OUT_MAX, 1);
		struct inflated done;

		ws_inflate_begin(z, &window);
		done = inflated_run(z, s.stream, len,
		    (struct pieces){ 1, 1, OUT_MAX }, v.out_octets + 1);
		if (v.error != 0) {
			cr_assert_lt(done.result, 0, "%s", s.name);
			cr_assert(done.in_octets == v.in_octets ||
				      (done.result == WS_INFLATE_EUNDER &&
					  done.in_octets < v.in_octets),
			    "%s: %d at %zu, zlib %d at %zu", s.name,
			    done.result, done.in_octets, v.error, v.in_octets);
		}
		inflated_free(&done);
		free_sample(&s);
	}
	free(out);
	free(z);
}

/* All streams of two octets, with zeros behind them. */
Test(inflate_zlib, judges_all_beginnings_alike)
{
	struct ws_inflate *z = new_inflate();

	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t in[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		if (i % 8 < 2 && in[1] > 1)
			continue; /* stored blocks are all alike */
		check_verdict(z, in, sizeof(in), 15,
		    (struct pieces){ 2 + BEHIND, 1, OUT_MAX });
	}
	free(z);
}

/* Lengths of a code: those of a tree whose leaves were split at random, given
 * to random symbols. */
static void
roll_code(struct dice *d, uint8_t *lengths, unsigned n)
{
	unsigned leaves = 1 + dice_roll(d, n), deepen = dice_roll(d, 3);
	uint8_t leaf[300] = { 0 };

	for (unsigned i = 1; i < leaves;) {
		unsigned at =
		    deepen == 0 && i > 20 ? dice_roll(d, i) : i - 1 - i / 20;

		if (leaf[at] == 15)
			at = dice_roll(d, i);
		if (leaf[at] == 15)
			continue;
		leaf[at]++;
		leaf[i++] = leaf[at];
	}
	memset(lengths, 0, n);
	for (unsigned i = 0; i < leaves; i++) {
		unsigned at = dice_roll(d, n);

		while (lengths[at] != 0)
			at = (at + 1) % n;
		lengths[at] = leaf[i];
	}
}

Test(inflate_zlib, knows_all_kinds_of_codes)
{
	struct ws_inflate *z = new_inflate();
	struct dice d = { 4 };

	for (unsigned i = 0; i < 3000; i++) {
		unsigned nliteral = 257 + dice_roll(&d, 30);
		unsigned ndistance = 1 + dice_roll(&d, 30);
		struct bits bits = { .n = 0 };
		uint8_t lengths[316];

		roll_code(&d, lengths, nliteral);
		roll_code(&d, lengths + nliteral, ndistance);
		if (dice_roll(&d, 30) == 0)
			lengths[dice_roll(&d, 256)]++;
		bits_code(&bits, lengths, nliteral, ndistance);
		while (bits.n < 8 * sizeof(bits.at))
			bits_put(&bits, dice_roll(&d, 2));
		check_verdict(z, bits.at, sizeof(bits.at), 15,
		    (struct pieces){ sizeof(bits.at) + BEHIND, 1, OUT_MAX });
		check_verdict(z, bits.at, sizeof(bits.at), 15,
		    (struct pieces){ 1, 1, 100 });
	}
	free(z);
}
