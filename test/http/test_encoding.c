/* test_encoding.c - what is compressed, for whom, and how long it is kept. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "http/encoding.h"
#include "deflate/gzip.h"
#include "test/scarce.h"

static struct ws_compressor compressor = { .bits = WS_ENCODER_BITS };
static struct ws_encoder e;

static void
setup(void)
{
	memset(&e, 0, sizeof(e));
	e.min = 1024;
	e.compressor = &compressor;
	e.now_s = 1000;
}

/* All memory is given back, whatever was done. */
static void
teardown(void)
{
	ws_encoder_fini(&e);
	ws_compressor_fini(&compressor);
	cr_expect_eq(scarce_blocks, 0, "%ld blocks are left", scarce_blocks);
}

TestSuite(encoding, .init = setup, .fini = teardown);

/* ---- what a client accepts ---------------------------------------------- */

Test(encoding, gzip_is_for_those_who_want_it)
{
	static const struct {
		const char *accept;
		bool wants;
	} rows[] = {
		{ "", false },
		{ "gzip", true },
		{ "GZIP", true },
		{ "gzip, deflate, br, zstd", true },
		{ "br", false },
		{ "deflate", false },
		{ "*", true },
		{ "*;q=0", false },
		{ "gzip;q=0", false },
		{ "gzip;q=0, *", false },
		{ "gzip;q=0.001", true },
		{ "identity", false },
		{ "identity, gzip", true },
		{ "identity, gzip;q=0.9", false },
		{ "identity;q=0.5, gzip;q=0.5", true },
		{ "identity;q=0.5, *;q=0.4", false },
		{ "identity;q=0, *;q=0.1", true },
		{ "gzipped", false },
		{ "xgzip", false },
		{ ",;=,q", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct ws_span accept = { rows[i].accept,
			strlen(rows[i].accept) };

		cr_expect_eq(ws_encoding_wants_gzip(accept), rows[i].wants,
		    "'%s'", rows[i].accept);
	}
}

Test(encoding, types_that_get_smaller)
{
	static const struct {
		const char *type;
		bool suits;
	} rows[] = {
		{ "text/html; charset=utf-8", true },
		{ "text/plain;charset=UTF-8", true },
		{ "TEXT/CSS", true },
		{ "text/javascript", true },
		{ "application/javascript; charset=utf-8", true },
		{ "application/json", true },
		{ "application/ld+json", true },
		{ "application/manifest+json", true },
		{ "application/xml", true },
		{ "image/svg+xml", true },
		{ "application/rss+xml ; x=y", true },
		{ "application/wasm", true },
		{ "font/ttf", true },
		{ "image/vnd.microsoft.icon", true },
		{ "image/png", false },
		{ "image/jpeg", false },
		{ "font/woff2", false },
		{ "video/mp4", false },
		{ "application/zip", false },
		{ "application/gzip", false },
		{ "application/octet-stream", false },
		{ "application/pdf", false },
		{ "multipart/x; name=\"text/html\"", false },
		{ "text/", false },
		{ "text", false },
		{ "json", false },
		{ "", false },
		{ "; text/html", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(ws_encoding_suits(rows[i].type), rows[i].suits,
		    "'%s'", rows[i].type);
}

Test(encoding, bodies_are_neither_short_nor_endless)
{
	cr_expect(!ws_encoder_suits(&e, "text/css", 1023));
	cr_expect(ws_encoder_suits(&e, "text/css", 1024));
	cr_expect(!ws_encoder_suits(&e, "image/png", 1024));
	cr_expect(ws_encoder_suits(&e, "text/css", WS_ENCODER_BODY_MAX));
	cr_expect(!ws_encoder_suits(&e, "text/css", WS_ENCODER_BODY_MAX + 1));
	cr_expect(!ws_encoder_suits(&e, "text/css", UINT64_MAX));
	e.min = SIZE_MAX;
	cr_expect(!ws_encoder_suits(&e, "text/css", WS_ENCODER_BODY_MAX));
}

/* ---- compressing -------------------------------------------------------- */

static void
expect_content(const struct ws_chunk *chunk, const char *text, size_t len)
{
	static struct ws_inflate z;
	uint8_t *back = malloc(len);

	ws_inflate_init(&z);
	cr_assert_eq(ws_gzip_read(&z, chunk->data, chunk->len, back, len), 0);
	cr_expect_eq(memcmp(back, text, len), 0);
	free(back);
}

Test(encoding, nothing_is_allocated_before_the_first_body)
{
	char text[2000];
	struct ws_chunk *chunk;

	memset(text, 'x', sizeof(text));
	cr_expect_eq(scarce_blocks, 0);
	cr_expect(!ws_encoder_find(&e, &(struct ws_encoding_key){ 0 }, &chunk));
	cr_expect_eq(scarce_blocks, 0);
	for (int i = 0; i < 3; i++) {
		chunk = ws_encoder_gzip(&e, text, sizeof(text));
		cr_assert_not_null(chunk);
		cr_expect_lt(chunk->len, 100);
		cr_expect_eq(chunk->room, chunk->len);
		expect_content(chunk, text, sizeof(text));
		cr_expect_eq(scarce_blocks, 2);
		ws_chunk_unref(chunk);
	}
}

Test(encoding, what_gets_no_smaller_stays_as_it_is)
{
	uint8_t noise[3000];
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1664525 + 1013904223;
		noise[i] = (uint8_t)(seed >> 24);
	}
	cr_expect_null(ws_encoder_gzip(&e, noise, sizeof(noise)));
	cr_expect_null(ws_encoder_gzip(&e, noise, 1));
	cr_expect_null(ws_encoder_gzip(&e, noise, 0));
}

Test(encoding, without_memory_bodies_stay_as_they_are)
{
	char text[2000];

	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i <= 2; i++) {
		scarce(i);
		cr_expect_null(
		    ws_encoder_gzip(&e, text, sizeof(text)), "%zu", i);
		ws_compressor_fini(&compressor);
		cr_expect_eq(scarce_blocks, 0, "%zu", i);
	}
	/* The block is only not made smaller. */
	scarce(3);
	struct ws_chunk *chunk = ws_encoder_gzip(&e, text, sizeof(text));

	cr_assert_not_null(chunk);
	expect_content(chunk, text, sizeof(text));
	ws_chunk_unref(chunk);
}

/* ---- keeping ------------------------------------------------------------ */

static const struct ws_encoding_key base = { 1, 2, 3000, 900, 800, 70, 60 };

static struct ws_chunk *
chunk_new(size_t len)
{
	struct ws_chunk *chunk = ws_chunk_new(len);

	chunk->len = len;
	return chunk;
}

static void
keep(const struct ws_encoding_key *key, size_t len)
{
	struct ws_chunk *chunk = chunk_new(len);

	ws_encoder_keep(&e, key, chunk);
	ws_chunk_unref(chunk);
}

Test(encoding, what_is_kept_is_found_by_all_of_its_key)
{
	struct ws_encoding_key others[] = { base, base, base, base, base, base,
		base };
	struct ws_chunk *chunk = NULL;

	others[0].device++;
	others[1].inode++;
	others[2].octets++;
	others[3].changed_s++;
	others[4].modified_s++;
	others[5].changed_ns++;
	others[6].modified_ns++;
	keep(&base, 10);
	for (size_t i = 0; i < WS_LEN(others); i++)
		cr_expect(!ws_encoder_find(&e, &others[i], &chunk), "%zu", i);
	cr_assert(ws_encoder_find(&e, &base, &chunk));
	cr_expect_eq(chunk->len, 10);
	/* It lives on with whoever has it. */
	ws_encoder_fini(&e);
	cr_expect_eq(chunk->refs, 1);
	ws_chunk_unref(chunk);
}

Test(encoding, that_something_gets_no_smaller_is_kept_too)
{
	struct ws_chunk *chunk = chunk_new(1), *found = chunk;

	ws_encoder_keep(&e, &base, NULL);
	cr_assert(ws_encoder_find(&e, &base, &found));
	cr_expect_null(found);
	ws_chunk_unref(chunk);
}

/* See the top of encoding.c. */
Test(encoding, what_was_just_changed_is_not_kept)
{
	struct ws_chunk *chunk;

	for (int64_t age_s = -2; age_s < 4; age_s++) {
		struct ws_encoding_key key = base;
		bool found;

		key.changed_s = e.now_s - age_s;
		keep(&key, 10);
		found = ws_encoder_find(&e, &key, &chunk);
		cr_expect_eq(found, age_s >= 2, "%d", (int)age_s);
		if (found)
			ws_chunk_unref(chunk);
	}
}

Test(encoding, no_more_is_kept_than_was_said)
{
	struct ws_chunk *chunk;

	for (uint64_t i = 0; i < 1000; i++) {
		struct ws_encoding_key key = base;

		key.inode = i;
		keep(&key, WS_ENCODER_BODY_MAX / 3 - (size_t)i);
		cr_expect_leq(e.kept_octets, WS_ENCODER_KEPT_MAX);
		cr_assert(ws_encoder_find(&e, &key, &chunk), "the new one");
		ws_chunk_unref(chunk);
	}
	for (uint64_t i = 0; i < 10000; i++) {
		struct ws_encoding_key key = base;

		key.inode = i;
		keep(&key, 1);
	}
	cr_expect_leq(scarce_blocks, WS_ENCODER_SLOTS + 1);
	cr_expect_eq(e.kept_octets, WS_ENCODER_SLOTS);
}

Test(encoding, two_that_fall_together_are_both_kept)
{
	struct ws_encoding_key one = base, two = base;
	struct ws_chunk *chunk;

	two.changed_ns++; /* which does not choose the place */
	keep(&one, 10);
	keep(&two, 20);
	cr_assert(ws_encoder_find(&e, &one, &chunk));
	cr_expect_eq(chunk->len, 10);
	ws_chunk_unref(chunk);
	cr_assert(ws_encoder_find(&e, &two, &chunk));
	cr_expect_eq(chunk->len, 20);
	ws_chunk_unref(chunk);
}

Test(encoding, without_memory_nothing_is_kept)
{
	struct ws_chunk *chunk = chunk_new(10);

	scarce(1);
	ws_encoder_keep(&e, &base, chunk);
	cr_expect_eq(chunk->refs, 1);
	ws_chunk_unref(chunk);
	cr_expect(!ws_encoder_find(&e, &base, &chunk));
}
