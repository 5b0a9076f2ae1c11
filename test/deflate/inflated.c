/* inflated.c - decoding in pieces, at the edge of unreadable pages. */
/* SPDX-License-Identifier: MIT */

#include "inflated.h"

#include "test/guard.h"

/* What is decoded, where, and how far. */
struct stage {
	struct guard in, out;
	struct ws_inflate_io io;
	size_t taken;
};

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Memory before an unreadable page. */
static struct guard
guard_room(size_t len)
{
	uint8_t *blank = calloc(1, len + 1);
	struct guard g;

	check(blank != NULL);
	g = guard_copy(blank, len);
	free(blank);
	return g;
}

/* Put a piece of input before the page. */
static void
put_piece(struct stage *s, const uint8_t *data, size_t n)
{
	uint8_t *at = s->in.at + s->in.len - n;

	if (n > 0)
		memcpy(at, data, n);
	s->io.in = at;
	s->io.in_octets = n;
}

/* Make more room: the output so far is moved to the front of it. */
static void
make_room(struct stage *s, size_t room)
{
	uint8_t *at = s->out.at + s->out.len - room;

	if (s->io.out_octets > 0)
		memmove(at, s->io.out, s->io.out_octets);
	s->io.out = at;
	s->io.out_max = room;
}

/* Run on one piece of input, making room until there is max. */
static int
run_piece(struct ws_inflate *z, struct stage *s, size_t room, size_t max)
{
	for (;;) {
		size_t in = s->io.in_octets, out = s->io.out_octets;
		int result = ws_inflate_run(z, &s->io);

		check(s->io.in_octets <= in && s->io.out_octets >= out);
		check(s->io.out_octets <= s->io.out_max);
		check(result != WS_INFLATE_MORE || s->io.in_octets == 0);
		s->taken += in - s->io.in_octets;
		if (result != WS_INFLATE_FULL)
			return result;
		check(s->io.out_octets == s->io.out_max);
		if (s->io.out_max == max)
			return result;
		make_room(
		    s, room < max - s->io.out_max ? s->io.out_max + room : max);
	}
}

struct inflated
inflated_run(struct ws_inflate *z, const uint8_t *in, size_t len,
    struct pieces pieces, size_t max)
{
	struct stage s = { .in = guard_room(len), .out = guard_room(max) };
	size_t n = pieces.first < len ? pieces.first : len, at = 0;
	struct inflated done = { .out = malloc(max + 1) };

	check(done.out != NULL);
	make_room(&s, pieces.room < max ? pieces.room : max);
	do {
		put_piece(&s, in + at, n);
		done.result = run_piece(z, &s, pieces.room, max);
		at += n;
		n = pieces.step < len - at ? pieces.step : len - at;
	} while (done.result == WS_INFLATE_MORE && n > 0);
	done.in_octets = s.taken;
	done.out_octets = s.io.out_octets;
	memcpy(done.out, s.io.out, s.io.out_octets);
	guard_free(&s.in);
	guard_free(&s.out);
	return done;
}

void
inflated_free(struct inflated *done)
{
	free(done->out);
	*done = (struct inflated){ 0 };
}
