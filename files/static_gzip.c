/* static_gzip.c - a file's content in another coding (RFC 9110 section 8.4). */
/* SPDX-License-Identifier: MIT */
/*
 *	                    compress
 *	a file on disk   ──────────────▶ gzip
 *	an asset         ──────────────▶ gzip
 *	a gzip file      ──────────────▶ its content
 *	                   decompress
 *
 * The cache keeps the results for a while. Nearly every client takes a gzip
 * file as it is, so its content takes memory only when a client asks for it.
 */
#include "deflate/gzip.h"
#include "base/mem.h"
#include "static.h"

/* Read a whole file, of octets. Returns NULL when it has become shorter
 * meanwhile. */
static void *
read_whole(const struct ws_file *file, size_t octets)
{
	void *data = ws_mem_resize(NULL, octets);

	if (data == NULL)
		return NULL;
	if (ws_file_read(file, 0, data, octets) == (ssize_t)octets)
		return data;
	ws_mem_free(data);
	return NULL;
}

/* The key of a file in the cache. */
static struct ws_gzip_key
key_of(const struct ws_file *file)
{
	return (struct ws_gzip_key){
		.device = file->device,
		.inode = file->inode,
		.octets = file->octets,
		.changed_s = file->changed_s,
		.modified_s = file->modified_s,
		.changed_ns = file->changed_ns,
		.modified_ns = file->modified_ns,
	};
}

enum ws_static_known
ws_static_gzip_known(struct ws_gzip_cache *cache, struct ws_file *file)
{
	struct ws_gzip_key key = key_of(file);
	struct ws_chunk *chunk;

	if (!ws_gzip_cache_find(cache, &key, &chunk))
		return WS_STATIC_UNKNOWN;
	if (chunk == NULL)
		return WS_STATIC_PLAIN;
	file->octets = chunk->len;
	ws_chunk_unref(chunk);
	return WS_STATIC_GZIP;
}

struct ws_chunk *
ws_static_gzip(struct ws_gzip_cache *cache, const struct ws_file *file)
{
	struct ws_gzip_key key = key_of(file);
	struct ws_chunk *chunk;
	const void *data = file->data;
	void *owned = NULL;

	if (ws_gzip_cache_find(cache, &key, &chunk))
		return chunk;
	if (!ws_gzip_cache_allows(cache, (size_t)file->octets))
		return NULL;
	if (data == NULL)
		data = owned = read_whole(file, (size_t)file->octets);
	if (data == NULL)
		return NULL;
	chunk = ws_gzip_cache_compress(cache, data, (size_t)file->octets);
	ws_mem_free(owned);
	ws_gzip_cache_keep(cache, &key, chunk);
	return chunk;
}

/* Decompress a gzip file.
 *   data  its gzip_octets */
static struct ws_chunk *
gunzip(const struct ws_file *file, const void *data)
{
	size_t octets = (size_t)file->octets;
	struct ws_inflate *z = ws_mem_resize(NULL, sizeof(*z));
	struct ws_chunk *chunk = z != NULL ? ws_chunk_new(octets) : NULL;

	if (chunk != NULL) {
		ws_inflate_init(z);
		chunk->len = octets;
		if (ws_gzip_read(
			z, data, file->gzip_octets, chunk->at, octets) < 0) {
			ws_chunk_unref(chunk);
			chunk = NULL;
		}
	}
	ws_mem_free(z);
	return chunk;
}

struct ws_chunk *
ws_static_gunzip(struct ws_gzip_cache *cache, const struct ws_file *file)
{
	struct ws_gzip_key key = key_of(file);
	struct ws_chunk *chunk;
	const void *data = file->data;
	void *owned = NULL;

	if (ws_gzip_cache_find(cache, &key, &chunk))
		return chunk;
	if (data == NULL)
		data = owned = read_whole(file, file->gzip_octets);
	if (data == NULL)
		return NULL;
	ws_gzip_cache_spend(cache, (size_t)file->octets, WS_COST_INFLATE_KB);
	chunk = gunzip(file, data);
	ws_mem_free(owned);
	if (chunk != NULL)
		ws_gzip_cache_keep(cache, &key, chunk);
	return chunk;
}
