/* fuzz_deflate.c - whatever is compressed comes back. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "deflate/deflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	OPTIONS = 5 /* octets that say how to go about it */
};

/* What came out of a compressor. */
struct result {
	uint8_t *at; /* owned */
	size_t len, max;
};

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Read all of it with zlib, which sees what is too far away if it gets little
 * room. */
static void
expect(const struct result *r, unsigned window_bits, const uint8_t *in,
    size_t len, int last)
{
	uint8_t out[32];
	z_stream z = { 0 };
	size_t at = 0;
	int status = Z_OK;

	check(inflateInit2(&z, -(int)window_bits) == Z_OK);
	z.next_in = r->at;
	z.avail_in = (unsigned)r->len;
	while (status == Z_OK) {
		z.next_out = out;
		z.avail_out = sizeof(out);
		status = inflate(&z, Z_SYNC_FLUSH);
		check(sizeof(out) - z.avail_out <= len - at);
		check(memcmp(out, in + at, sizeof(out) - z.avail_out) == 0);
		at += sizeof(out) - z.avail_out;
	}
	check(status == last && z.avail_in == 0 && at == len);
	inflateEnd(&z);
}

/* Into enough room, and into an octet less. */
static void
compare(
    struct ws_deflate *d, const uint8_t *options, const uint8_t *in, size_t len)
{
	size_t max = ws_deflate_bound(len), again;
	struct result whole = { .at = malloc(max), .max = max };
	uint8_t *exact;
	unsigned bits = 8 + options[0] % 8;
	bool is_final = (options[4] & 1) == 0;

	check(whole.at != NULL);
	whole.len = ws_deflate_run(d, in, len, is_final, whole.at, max);
	check(whole.len > 0);
	expect(&whole, bits, in, len, is_final ? Z_STREAM_END : Z_BUF_ERROR);
	exact = malloc(whole.len);
	check(exact != NULL);
	ws_deflate_reset(d);
	again = ws_deflate_run(d, in, len, is_final, exact, whole.len - 1);
	check(again == 0);
	again = ws_deflate_run(d, in, len, is_final, exact, whole.len);
	check(again == whole.len && memcmp(whole.at, exact, again) == 0);
	free(whole.at);
	free(exact);
}

/* What two messages become, of which the second may refer to the first. */
static void
exchange(struct ws_deflate *d, unsigned window_bits, const uint8_t *in,
    size_t len, size_t first)
{
	size_t max = 2 * ws_deflate_bound(len), n;
	struct result r = { .at = malloc(max), .max = max };

	check(r.at != NULL);
	ws_deflate_reset(d);
	for (int i = 0; i < 2; i++) {
		const uint8_t *message = i == 0 ? in : in + first;
		size_t octets = i == 0 ? first : len - first;

		n = ws_deflate_message(
		    d, message, octets, r.at + r.len, max - r.len);
		check(n > 0 && n + 4 <= ws_deflate_bound(octets));
		r.len += n;
		memcpy(r.at + r.len, "\x00\x00\xff\xff", 4);
		r.len += 4;
	}
	expect(&r, window_bits, in, len, Z_BUF_ERROR);
	free(r.at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *options = data;
	unsigned window_bits;
	struct ws_deflate *d;
	void *memory;

	if (len < OPTIONS)
		return 0;
	data += OPTIONS;
	len -= OPTIONS;
	window_bits = 8 + options[0] % 8;
	memory = malloc(ws_deflate_octets(window_bits));
	check(memory != NULL);
	d = ws_deflate_init(memory, window_bits, options[1] % 10);
	compare(d, options, data, len);
	exchange(d, window_bits, data, len, len * options[4] / 256);
	free(memory);
	return 0;
}
