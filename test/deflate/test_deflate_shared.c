/* test_deflate_shared.c - one state, for streams that know nothing of others. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "deflate/deflate_shared.h"
#include "http/gzip_cache.h"
#include "deflate/gzip.h"
#include "websocket/pmd_message.h"
#include "test/fuzz/corpora.h"
#include "test/scarce.h"
#include "zpeer.h"

enum {
	BITS = 15,
	LEN = 40000,
};

static struct ws_deflate_shared shared;

static void
setup(void)
{
	shared = (struct ws_deflate_shared){ .bits = BITS };
}

static void
teardown(void)
{
	ws_deflate_shared_fini(&shared);
	cr_expect_null(shared.state);
	cr_expect_eq(scarce_blocks, 0, "%ld blocks are left", scarce_blocks);
}

TestSuite(deflate_shared, .init = setup, .fini = teardown);

Test(deflate_shared, takes_no_memory_before_it_is_needed)
{
	struct ws_deflate *first;

	ws_deflate_shared_fini(&shared);
	scarce(1);
	cr_expect_null(ws_deflate_shared_begin(&shared, BITS, 6));
	cr_expect_eq(scarce_blocks, 0);
	first = ws_deflate_shared_begin(&shared, BITS, 6);
	cr_assert_not_null(first);
	cr_expect_eq(ws_deflate_shared_begin(&shared, 8, 1), first);
	cr_expect_eq(scarce_blocks, 1);
}

/* Whatever was written before, a stream is as of a new compressor that was made
 * with the same window and level, but for what a larger one can find. */
Test(deflate_shared, a_stream_keeps_to_its_window_and_level)
{
	static const struct {
		unsigned bits, level;
	} rows[] = { { 15, 9 }, { 8, 1 }, { 15, 0 }, { 9, 6 }, { 15, 9 } };
	static uint8_t text[LEN], deflated[2 * LEN];
	size_t lengths[WS_LEN(rows)];
	struct dice dice = { 3 };

	fill_json(&dice, text, LEN);
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct ws_deflate *d = ws_deflate_shared_begin(
		    &shared, rows[i].bits, rows[i].level);
		struct zpeer peer;

		cr_assert_not_null(d);
		lengths[i] = ws_deflate_message(
		    d, text, LEN, deflated, sizeof(deflated));
		zpeer_init(&peer, 15, (int)rows[i].bits, 0, 0);
		cr_assert_eq(zpeer_inflate(&peer, deflated, lengths[i]), LEN);
		cr_expect_eq(memcmp(peer.room, text, LEN), 0, "row %zu", i);
		zpeer_fini(&peer);
	}
	cr_expect_eq(lengths[0], lengths[4]);
	cr_expect_lt(lengths[0], lengths[3]);
	cr_expect_lt(lengths[3], lengths[1]);
	cr_expect_gt(lengths[2], LEN);
}

/* A message with a past, a page, and a message with the same past. */
Test(deflate_shared, messages_and_bodies_share_it)
{
	const struct ws_pmd agreed = { .server_bits = 12, .client_bits = 12 };
	static uint8_t text[LEN], back[LEN];
	static struct ws_inflate z;
	struct ws_gzip_cache cache = { .deflate = &shared };
	struct ws_pmd_codec codec = { 0 };
	struct ws_pmd_context *context;
	struct dice dice = { 5 };
	struct zpeer peer;

	ws_inflate_init(&z);
	fill_text(&dice, text, LEN);
	ws_pmd_init(&codec, &shared, 6, 12, 1 << 20);
	context = ws_pmd_join(&codec, &agreed);
	cr_assert_not_null(context);
	zpeer_init(&peer, 12, 12, 1, 1);
	for (size_t len = 100; len < LEN; len += 3000) {
		struct ws_chunk *page =
		    ws_gzip_cache_compress(&cache, text, LEN);
		const uint8_t *out;
		size_t n =
		    ws_pmd_deflate(&codec, context, text, len, false, &out);

		cr_assert_gt(n, 0);
		ws_pmd_sent(context, text, len);
		cr_assert_eq(zpeer_inflate(&peer, out, n), len);
		cr_expect_eq(memcmp(peer.room, text, len), 0, "%zu", len);
		cr_assert_not_null(page);
		cr_assert_eq(
		    ws_gzip_read(&z, page->data, page->len, back, LEN), 0);
		cr_expect_eq(memcmp(back, text, LEN), 0, "%zu", len);
		ws_chunk_unref(page);
		ws_pmd_end_deflate(&codec);
	}
	zpeer_fini(&peer);
	ws_pmd_leave(&codec, context);
	ws_pmd_fini(&codec);
	ws_gzip_cache_fini(&cache);
}
