/* zlib_streams.c - texts of many kinds, and what zlib makes of them. */
/* SPDX-License-Identifier: MIT */

#include "zlib_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "deflate/inflate.h"

static void
check(int good)
{
	if (!good)
		abort();
}

/* xorshift64* */
unsigned
dice_roll(struct dice *d, unsigned n)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return (unsigned)((d->state * 0x2545f4914f6cdd1d) >> 33) % n;
}

/* ---- texts ------------------------------------------------------------------ */

static const char *const words[] = { "the", "server", "sends", "a", "message",
	"to", "all", "members", "of", "room", "and", "waits", "for", "an",
	"answer", "from", "each", "client", "which", "may", "be", "slow" };

static size_t
write_prose(char *out, size_t room, struct dice *d)
{
	unsigned i = dice_roll(d, (unsigned)WS_LEN(words));
	unsigned end = dice_roll(d, 12);

	return (size_t)snprintf(out, room, "%s%s", words[i],
	    end == 0   ? ".\n"
	    : end == 1 ? ", "
		       : " ");
}

static size_t
write_json(char *out, size_t room, struct dice *d)
{
	unsigned id = dice_roll(d, 100000), at = dice_roll(d, 100000000);
	const char *user = words[dice_roll(d, 20)];
	const char *text = words[dice_roll(d, 20)];

	return (size_t)snprintf(out, room,
	    "{\"id\":%u,\"user\":\"%s\",\"text\":\"%s\",\"at\":17%08u},", id,
	    user, text, at);
}

static void
fill_with(uint8_t *out, size_t len, struct dice *d,
    size_t (*write)(char *, size_t, struct dice *))
{
	char word[200];

	while (len > 0) {
		size_t n = write(word, sizeof(word), d);

		if (n > len)
			n = len;
		memcpy(out, word, n);
		out += n;
		len -= n;
	}
}

static void
fill_binary(uint8_t *out, size_t len, struct dice *d)
{
	uint32_t number = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 4 == 0)
			number += dice_roll(d, 300);
		out[i] = (uint8_t)(number >> 8 * (i % 4));
	}
}

static void
fill_periods(uint8_t *out, size_t len, struct dice *d)
{
	for (size_t i = 0; i < len;) {
		size_t period = 1 + dice_roll(d, 40);
		size_t end = i + 1 + dice_roll(d, 700);

		for (size_t k = 0; i < len && i < end; i++, k++)
			out[i] = k < period || i < period
				     ? (uint8_t)dice_roll(d, 256)
				     : out[i - period];
	}
}

static void
fill_skewed(uint8_t *out, size_t len, struct dice *d)
{
	for (size_t i = 0; i < len; i++) {
		unsigned octet = 0;

		while (octet < 200 && dice_roll(d, 5) < 3)
			octet++;
		out[i] = (uint8_t)(octet * 37);
	}
}

static void
fill_far(uint8_t *out, size_t len, struct dice *d)
{
	for (size_t i = 0; i < len;) {
		size_t back = 32768 - dice_roll(d, 300);
		size_t end = i + 3 + dice_roll(d, 300);

		for (; i < len && i < end; i++)
			out[i] = i < back ? (uint8_t)dice_roll(d, 256)
					  : out[i - back];
	}
}

void
text_fill(uint8_t *out, size_t len, unsigned kind, struct dice *d)
{
	switch (kind) {
	case TEXT_JSON:
		fill_with(out, len, d, write_json);
		break;
	case TEXT_PROSE:
		fill_with(out, len, d, write_prose);
		break;
	case TEXT_BINARY:
		fill_binary(out, len, d);
		break;
	case TEXT_RANDOM:
		for (size_t i = 0; i < len; i++)
			out[i] = (uint8_t)dice_roll(d, 256);
		break;
	case TEXT_ZEROS:
		memset(out, 0, len);
		break;
	case TEXT_PERIODS:
		fill_periods(out, len, d);
		break;
	case TEXT_SKEWED:
		fill_skewed(out, len, d);
		break;
	default:
		fill_far(out, len, d);
	}
}

/* ---- zlib ------------------------------------------------------------------- */

struct squeeze
squeeze_roll(struct dice *d)
{
	static const int flushes[] = { Z_NO_FLUSH, Z_NO_FLUSH, Z_PARTIAL_FLUSH,
		Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK };

	struct squeeze s;

	s.level = (int)dice_roll(d, 10);
	s.window_bits = 9 + (int)dice_roll(d, 7);
	s.strategy = (int)dice_roll(d, 10) - 5;
	if (s.strategy < 0)
		s.strategy = Z_DEFAULT_STRATEGY;
	s.flush = flushes[dice_roll(d, (unsigned)WS_LEN(flushes))];
	s.piece = 1 + dice_roll(d, 9000);
	return s;
}

uint8_t *
squeeze(const struct squeeze *s, const uint8_t *in, size_t in_len, size_t *len)
{
	size_t room = 2 * in_len + 20 * (in_len / s->piece + 1) + 1000;
	uint8_t *out = malloc(room);
	z_stream z = { .next_out = out, .avail_out = (uInt)room };

	check(out != NULL);
	check(deflateInit2(&z, s->level, Z_DEFLATED, -s->window_bits, 8,
		  s->strategy) == Z_OK);
	while (in_len > 0) {
		size_t n = in_len < s->piece ? in_len : s->piece;

		z.next_in = (z_const Bytef *)in;
		z.avail_in = (uInt)n;
		check(deflate(&z, s->flush) != Z_STREAM_ERROR);
		check(z.avail_in == 0);
		in += n;
		in_len -= n;
	}
	check(deflate(&z, Z_FINISH) == Z_STREAM_END);
	*len = z.total_out;
	deflateEnd(&z);
	return out;
}

/* Our name for what zlib calls an error. Its three sets may be over-subscribed
 * or incomplete, which it does not tell: both are EOVER here. */
static int
error_of(const char *message)
{
	static const struct {
		const char *message;
		int error;
	} rows[] = {
		{ "invalid block type", WS_INFLATE_EBLOCK },
		{ "invalid stored block lengths", WS_INFLATE_ESTORED },
		{ "too many length or distance symbols", WS_INFLATE_ECOUNT },
		{ "invalid code lengths set", WS_INFLATE_EOVER },
		{ "invalid literal/lengths set", WS_INFLATE_EOVER },
		{ "invalid distances set", WS_INFLATE_EOVER },
		{ "invalid bit length repeat", WS_INFLATE_EREPEAT },
		{ "invalid code -- missing end-of-block", WS_INFLATE_EENDLESS },
		{ "invalid literal/length code", WS_INFLATE_ELITERAL },
		{ "invalid distance code", WS_INFLATE_EDISTANCE },
		{ "invalid distance too far back", WS_INFLATE_EFAR },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		if (strcmp(rows[i].message, message) == 0)
			return rows[i].error;
	}
	abort();
}

struct verdict
zlib_verdict(const uint8_t *in, size_t len, int window_bits, uint8_t *out,
    size_t max, int one_by_one)
{
	z_stream z = { .next_in = (z_const Bytef *)in, .next_out = out };
	struct verdict v = { 0 };
	int status;

	check(inflateInit2(&z, -window_bits) == Z_OK);
	do {
		if (z.avail_in == 0 && z.total_in < len)
			z.avail_in = one_by_one ? 1 : (uInt)(len - z.total_in);
		if (z.avail_out == 0)
			z.avail_out = one_by_one ? 1 : (uInt)max;
		status = inflate(&z, Z_NO_FLUSH);
		check(z.total_out <= max);
	} while (status == Z_OK && (z.total_in < len || z.avail_out == 0));
	v.ended = status == Z_STREAM_END;
	v.error = status == Z_DATA_ERROR ? error_of(z.msg) : 0;
	v.in_octets = z.total_in;
	v.out_octets = z.total_out;
	inflateEnd(&z);
	return v;
}
