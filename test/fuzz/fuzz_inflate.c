/* fuzz_inflate.c - any stream, in pieces, against zlib. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "deflate/inflate.h"
#include "test/deflate/zlib_streams.h"

enum {
	/* Zeros behind the stream, because zlib judges some errors later. */
	BEHIND = 600,
	/* What an octet can become at most, and a match that is cut. */
	RATIO = 1032,
	MATCH = 258,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void *
allocate(size_t octets)
{
	void *p = calloc(1, octets);

	check(p != NULL);
	return p;
}

/* See test_inflate_zlib.c. */
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

/* Decode with some octets of room at a time, which go to a window when they are
 * full, and some octets of input at a time. Returns as ws_inflate_run. */
static int
run_in_pieces(struct ws_inflate_io *all, struct ws_inflate_window *window,
    size_t piece, size_t room)
{
	struct ws_inflate *z = allocate(sizeof(*z));
	struct ws_inflate_io io = { .out = allocate(room), .out_max = room };
	int result = WS_INFLATE_MORE;

	ws_inflate_init(z);
	ws_inflate_begin(z, window);
	while (result == WS_INFLATE_FULL ||
	       (result == WS_INFLATE_MORE && all->in_octets > 0)) {
		size_t n = piece < all->in_octets ? piece : all->in_octets;

		io.in = all->in;
		io.in_octets = n;
		io.out_octets = 0;
		result = ws_inflate_run(z, &io);
		check(result != WS_INFLATE_MORE || io.in_octets == 0);
		check(result != WS_INFLATE_FULL || io.out_octets == room);
		all->in += n - io.in_octets;
		all->in_octets -= n - io.in_octets;
		check(io.out_octets <= all->out_max - all->out_octets);
		memcpy(all->out + all->out_octets, io.out, io.out_octets);
		all->out_octets += io.out_octets;
		ws_inflate_keep(window, io.out, io.out_octets);
	}
	free(io.out);
	free(z);
	return result;
}

static void
check_result(int result, const struct verdict *v)
{
	if (result < 0)
		check(same_error(result, v->error));
	else
		check(v->error == 0 && v->ended == (result == WS_INFLATE_END));
}

/* The first octet says how large the window is, the next two how large the
 * pieces are. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t ring[32768], *in, *out, *expected;
	struct ws_inflate_window window = { .at = ring };
	size_t max = RATIO * (len + BEHIND) + MATCH;
	struct ws_inflate_io io;
	struct verdict v;
	int result;

	if (len < 3 || len > 4096)
		return 0;
	in = allocate(len - 3 + BEHIND);
	memcpy(in, data + 3, len - 3);
	out = allocate(max);
	expected = allocate(max);
	window.bits = (uint8_t)(15 - data[0] % 8);
	v = zlib_verdict(
	    in, len - 3 + BEHIND, window.bits, expected, max, window.bits < 15);
	io = (struct ws_inflate_io){ in, len - 3 + BEHIND, out, 0, max };
	result = run_in_pieces(&io, &window, 1 + (size_t)data[1] * 4,
	    1 + (size_t)data[2] * data[2]);
	check_result(result, &v);
	check(io.out_octets == v.out_octets);
	check(memcmp(out, expected, v.out_octets) == 0);
	check(!v.ended || len - 3 + BEHIND - io.in_octets == v.in_octets);
	free(in);
	free(out);
	free(expected);
	return 0;
}
