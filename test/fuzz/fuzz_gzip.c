/* fuzz_gzip.c - gzip files: any is read or refused; ours come back as they were;
 * and the cache that keeps them. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "deflate/gzip.h"
#include "http/gzip_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says what is done with the rest:
 *   0  it is a gzip file, whose content has as many octets as the second says
 *   1  it is compressed, read again, and damaged
 *   2  each two octets are a body that the cache is asked for */

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
read_any(const uint8_t *data, size_t size)
{
	static struct ws_inflate z;
	size_t octets = size > 0 ? (size_t)data[0] * 5 : 0;
	uint8_t *in = malloc(size), *out = malloc(octets + 1);

	check(in != NULL && out != NULL);
	if (size > 1) {
		memcpy(in, data + 1, size - 1);
		ws_inflate_init(&z);
		(void)ws_gzip_read(&z, in, size - 1, out, octets);
	}
	free(in);
	free(out);
}

static void
there_and_back(struct ws_gzip_cache *cache, const uint8_t *data, size_t size)
{
	static struct ws_inflate z;
	struct ws_chunk *chunk = ws_gzip_cache_compress(cache, data, size);
	uint8_t *out = malloc(size + 1), *file;

	check(out != NULL);
	if (chunk != NULL) {
		check(chunk->len < size);
		ws_inflate_init(&z);
		check(
		    ws_gzip_read(&z, chunk->data, chunk->len, out, size) == 0);
		check(memcmp(out, data, size) == 0);
		/* RFC 1952: its checksum tells a change of any octet behind
		 * the header. */
		file = malloc(chunk->len);
		check(file != NULL);
		memcpy(file, chunk->data, chunk->len);
		file[10 + data[0] % (chunk->len - 10)] ^= 1;
		ws_inflate_init(&z);
		check(ws_gzip_read(&z, file, chunk->len, out, size) != 0 ||
		      memcmp(out, data, size) == 0);
		free(file);
		ws_chunk_unref(chunk);
	}
	free(out);
}

static void
use(struct ws_gzip_cache *cache, const uint8_t *data, size_t size)
{
	static char body[20000];

	for (; size >= 2; data += 2, size -= 2) {
		struct ws_gzip_key key = { .inode = data[0] % 80,
			.octets = (size_t)data[1] * 64 };
		struct ws_chunk *chunk = NULL;

		cache->now_s += data[0] >> 6;
		cache->now_ms = cache->now_s * 1000;
		if (ws_gzip_cache_find(cache, &key, &chunk)) {
			if (chunk != NULL)
				ws_chunk_unref(chunk);
			continue;
		}
		memset(body, data[0], sizeof(body));
		if (!ws_gzip_cache_takes(cache, "text/css", key.octets) ||
		    !ws_gzip_cache_allows(cache, key.octets))
			continue;
		chunk = ws_gzip_cache_compress(cache, body, key.octets);
		ws_gzip_cache_keep(cache, &key, chunk);
		check(cache->kept_octets <= WS_GZIP_CACHE_KEPT_MAX);
		if (chunk != NULL)
			ws_chunk_unref(chunk);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ws_deflate_shared deflate = { .bits =
							WS_GZIP_CACHE_BITS };
	struct ws_gzip_cache cache = { .min = 16, .deflate = &deflate };

	if (size < 2)
		return 0;
	if (data[0] % 3 == 0)
		read_any(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		there_and_back(&cache, data + 1, size - 1);
	else
		use(&cache, data + 1, size - 1);
	ws_gzip_cache_fini(&cache);
	return 0;
}
