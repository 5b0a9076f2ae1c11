/* test_gzip_cache.c - what is compressed, for whom, and how long it is kept. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "deflate/gzip.h"
#include "http/field.h"
#include "http/gzip_cache.h"
#include "test/scarce.h"

static struct ws_deflate_shared shared = { .bits = WS_GZIP_CACHE_BITS };
static struct ws_gzip_cache cache;

static void
setup(void)
{
	memset(&cache, 0, sizeof(cache));
	cache.min = 1024;
	cache.deflate = &shared;
	cache.now_s = 1000;
}

/* All memory is given back, whatever was done. */
static void
teardown(void)
{
	ws_gzip_cache_fini(&cache);
	ws_deflate_shared_fini(&shared);
	cr_expect_eq(scarce_blocks, 0, "%ld blocks are left", scarce_blocks);
}

TestSuite(gzip_cache, .init = setup, .fini = teardown);

/* ---- what a client accepts ---------------------------------------------- */

Test(gzip_cache, gzip_is_for_those_who_want_it)
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

		cr_expect_eq(ws_field_wants_gzip(accept), rows[i].wants, "'%s'",
		    rows[i].accept);
	}
}

Test(gzip_cache, types_that_get_smaller)
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
		cr_expect_eq(ws_gzip_shrinks(rows[i].type), rows[i].suits,
		    "'%s'", rows[i].type);
}

Test(gzip_cache, bodies_are_neither_short_nor_endless)
{
	cr_expect(!ws_gzip_cache_takes(&cache, "text/css", 1023));
	cr_expect(ws_gzip_cache_takes(&cache, "text/css", 1024));
	cr_expect(!ws_gzip_cache_takes(&cache, "image/png", 1024));
	cr_expect(
	    ws_gzip_cache_takes(&cache, "text/css", WS_GZIP_CACHE_BODY_MAX));
	cr_expect(!ws_gzip_cache_takes(
	    &cache, "text/css", WS_GZIP_CACHE_BODY_MAX + 1));
	cr_expect(!ws_gzip_cache_takes(&cache, "text/css", UINT64_MAX));
	cache.min = SIZE_MAX;
	cr_expect(
	    !ws_gzip_cache_takes(&cache, "text/css", WS_GZIP_CACHE_BODY_MAX));
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

Test(gzip_cache, nothing_is_allocated_before_the_first_body)
{
	char text[2000];
	struct ws_chunk *chunk;

	memset(text, 'x', sizeof(text));
	cr_expect_eq(scarce_blocks, 0);
	cr_expect(
	    !ws_gzip_cache_find(&cache, &(struct ws_gzip_key){ 0 }, &chunk));
	cr_expect_eq(scarce_blocks, 0);
	for (int i = 0; i < 3; i++) {
		chunk = ws_gzip_cache_compress(&cache, text, sizeof(text));
		cr_assert_not_null(chunk);
		cr_expect_lt(chunk->len, 100);
		cr_expect_eq(chunk->room, chunk->len);
		expect_content(chunk, text, sizeof(text));
		cr_expect_eq(scarce_blocks, 2);
		ws_chunk_unref(chunk);
	}
}

Test(gzip_cache, what_gets_no_smaller_stays_as_it_is)
{
	uint8_t noise[3000];
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1664525 + 1013904223;
		noise[i] = (uint8_t)(seed >> 24);
	}
	cr_expect_null(ws_gzip_cache_compress(&cache, noise, sizeof(noise)));
	cr_expect_null(ws_gzip_cache_compress(&cache, noise, 1));
	cr_expect_null(ws_gzip_cache_compress(&cache, noise, 0));
}

Test(gzip_cache, without_memory_bodies_stay_as_they_are)
{
	char text[2000];

	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i <= 2; i++) {
		scarce(i);
		cr_expect_null(
		    ws_gzip_cache_compress(&cache, text, sizeof(text)), "%zu",
		    i);
		ws_deflate_shared_fini(&shared);
		cr_expect_eq(scarce_blocks, 0, "%zu", i);
	}
	/* The block is only not made smaller. */
	scarce(3);
	struct ws_chunk *chunk =
	    ws_gzip_cache_compress(&cache, text, sizeof(text));

	cr_assert_not_null(chunk);
	expect_content(chunk, text, sizeof(text));
	ws_chunk_unref(chunk);
}

/* ---- keeping ------------------------------------------------------------ */

static const struct ws_gzip_key base = { 1, 2, 3000, 900, 800, 70, 60 };

static struct ws_chunk *
chunk_new(size_t len)
{
	struct ws_chunk *chunk = ws_chunk_new(len);

	chunk->len = len;
	return chunk;
}

static void
keep(const struct ws_gzip_key *key, size_t len)
{
	struct ws_chunk *chunk = chunk_new(len);

	ws_gzip_cache_keep(&cache, key, chunk);
	ws_chunk_unref(chunk);
}

Test(gzip_cache, what_is_kept_is_found_by_all_of_its_key)
{
	struct ws_gzip_key others[] = { base, base, base, base, base, base,
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
		cr_expect(
		    !ws_gzip_cache_find(&cache, &others[i], &chunk), "%zu", i);
	cr_assert(ws_gzip_cache_find(&cache, &base, &chunk));
	cr_expect_eq(chunk->len, 10);
	/* It lives on with whoever has it. */
	ws_gzip_cache_fini(&cache);
	cr_expect_eq(chunk->refs, 1);
	ws_chunk_unref(chunk);
}

Test(gzip_cache, that_something_gets_no_smaller_is_kept_too)
{
	struct ws_chunk *chunk = chunk_new(1), *found = chunk;

	ws_gzip_cache_keep(&cache, &base, NULL);
	cr_assert(ws_gzip_cache_find(&cache, &base, &found));
	cr_expect_null(found);
	ws_chunk_unref(chunk);
}

/* See the top of gzip_cache.c. */
Test(gzip_cache, what_was_just_changed_is_not_kept)
{
	struct ws_chunk *chunk;

	for (int64_t age_s = -2; age_s < 4; age_s++) {
		struct ws_gzip_key key = base;
		bool found;

		key.changed_s = cache.now_s - age_s;
		keep(&key, 10);
		found = ws_gzip_cache_find(&cache, &key, &chunk);
		cr_expect_eq(found, age_s >= 2, "%d", (int)age_s);
		if (found)
			ws_chunk_unref(chunk);
	}
}

Test(gzip_cache, no_more_is_kept_than_was_said)
{
	struct ws_chunk *chunk;

	for (uint64_t i = 0; i < 1000; i++) {
		struct ws_gzip_key key = base;

		key.inode = i;
		keep(&key, WS_GZIP_CACHE_BODY_MAX / 3 - (size_t)i);
		cr_expect_leq(cache.kept_octets, WS_GZIP_CACHE_KEPT_MAX);
		cr_assert(
		    ws_gzip_cache_find(&cache, &key, &chunk), "the new one");
		ws_chunk_unref(chunk);
		cache.now_s += WS_GZIP_CACHE_POPULAR_S;
	}
	for (uint64_t i = 0; i < 10000; i++) {
		struct ws_gzip_key key = base;

		key.inode = i;
		keep(&key, 1);
	}
	cr_expect_leq(scarce_blocks, WS_GZIP_CACHE_SLOTS + 1);
	cr_expect_eq(cache.kept_octets, WS_GZIP_CACHE_SLOTS);
}

/* A walk over a site's files asks for each once. */
Test(gzip_cache, a_walk_over_many_leaves_what_is_popular)
{
	struct ws_gzip_key popular[4], key = base;
	struct ws_chunk *chunk;

	for (uint64_t i = 0; i < WS_LEN(popular); i++) {
		popular[i] = base;
		popular[i].inode = 1000000 + i;
		keep(&popular[i], WS_GZIP_CACHE_KEPT_MAX / WS_LEN(popular));
		cr_assert(ws_gzip_cache_find(&cache, &popular[i], &chunk));
		ws_chunk_unref(chunk);
	}
	for (key.inode = 0; key.inode < 1000; key.inode++)
		keep(&key, 10);
	for (size_t i = 0; i < WS_LEN(popular); i++) {
		cr_assert(ws_gzip_cache_find(&cache, &popular[i], &chunk));
		ws_chunk_unref(chunk);
	}
	cr_expect_eq(cache.kept_octets, WS_GZIP_CACHE_KEPT_MAX);
	/* When nobody asks for them any more, others are kept. */
	cache.now_s += WS_GZIP_CACHE_POPULAR_S;
	for (key.inode = 0; key.inode < 1000; key.inode++)
		keep(&key, 10);
	cr_expect_lt(cache.kept_octets, WS_GZIP_CACHE_KEPT_MAX);
	for (size_t i = 0; i < WS_LEN(popular); i++)
		cr_expect_not(ws_gzip_cache_find(&cache, &popular[i], &chunk));
}

Test(gzip_cache, two_that_fall_together_are_both_kept)
{
	struct ws_gzip_key one = base, two = base;
	struct ws_chunk *chunk;

	two.changed_ns++; /* which does not choose the place */
	keep(&one, 10);
	keep(&two, 20);
	cr_assert(ws_gzip_cache_find(&cache, &one, &chunk));
	cr_expect_eq(chunk->len, 10);
	ws_chunk_unref(chunk);
	cr_assert(ws_gzip_cache_find(&cache, &two, &chunk));
	cr_expect_eq(chunk->len, 20);
	ws_chunk_unref(chunk);
}

Test(gzip_cache, without_memory_nothing_is_kept)
{
	struct ws_chunk *chunk = chunk_new(10);

	scarce(1);
	ws_gzip_cache_keep(&cache, &base, chunk);
	cr_expect_eq(chunk->refs, 1);
	ws_chunk_unref(chunk);
	cr_expect(!ws_gzip_cache_find(&cache, &base, &chunk));
}
