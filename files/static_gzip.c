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
#include "base/mem.h"
#include "deflate/gzip.h"
#include "http/field.h"
#include "static_gzip.h"

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

/* Decompress a gzip file, whose checksum is compared.
 *   data    its gzip_octets
 *   broken  receives whether that is why the result is NULL */
static struct ws_chunk *
gunzip(struct ws_gzip_cache *cache, const struct ws_file *file,
    const void *data, bool *broken)
{
	size_t octets = (size_t)file->octets;
	struct ws_inflate *z = ws_mem_resize(NULL, sizeof(*z));
	struct ws_chunk *chunk = z != NULL ? ws_chunk_new(octets) : NULL;

	ws_gzip_cache_spend(cache, octets, WS_COST_INFLATE_KB);
	if (chunk != NULL) {
		ws_inflate_init(z);
		chunk->len = octets;
		if (ws_gzip_read(
			z, data, file->gzip_octets, chunk->at, octets) < 0) {
			ws_chunk_unref(chunk);
			chunk = NULL;
			*broken = true;
		}
	}
	ws_mem_free(z);
	return chunk;
}

/* Compress a file, or decompress a gzip file, unless the cache has the result.
 * Returns a chunk with a reference for the caller. Returns NULL when out of
 * memory, when a gzip file is broken, and when a compressed one would not be
 * smaller or there is no time now to make it.
 *   broken  receives whether a gzip file is; else it is not written */
static struct ws_chunk *
recoded(struct ws_gzip_cache *cache, const struct ws_file *file, bool *broken)
{
	struct ws_gzip_key key = key_of(file);
	bool is_gzip = file->gzip_octets > 0;
	size_t octets = is_gzip ? file->gzip_octets : (size_t)file->octets;
	struct ws_chunk *chunk;
	const void *data = file->data;
	void *owned = NULL;

	if (ws_gzip_cache_find(cache, &key, &chunk))
		return chunk;
	if (!is_gzip && !ws_gzip_cache_allows(cache, octets))
		return NULL;
	if (data == NULL)
		data = owned = read_whole(file, octets);
	if (data == NULL)
		return NULL;
	chunk = is_gzip ? gunzip(cache, file, data, broken)
			: ws_gzip_cache_compress(cache, data, octets);
	ws_mem_free(owned);
	if (chunk != NULL || !is_gzip)
		ws_gzip_cache_keep(cache, &key, chunk);
	return chunk;
}

/* Whether to compress the file for this client. A range is never compressed:
 * its parts could not be put together with others. */
bool
ws_static_may_gzip(const struct ws_static_context *c)
{
	const struct ws_file *file = &c->answer->file;
	struct ws_span range;

	return file->encoding == NULL && file->gzip_octets == 0 &&
	       ws_gzip_cache_takes(
		   c->ask->gzip_cache, file->type, file->octets) &&
	       ws_field_wants_gzip(ws_static_accept_encoding(c)) &&
	       ws_http_field(
		   c->ask->head, c->ask->buf, WS_SPAN("Range"), &range) == 0;
}

/* Find the length of the compressed file in the cache. Returns false when it is
 * known that it would not be smaller. */
static bool
measure(struct ws_static_context *c, struct ws_file *file)
{
	struct ws_gzip_key key = key_of(file);
	struct ws_chunk *chunk = NULL;

	c->unmeasured = !ws_gzip_cache_find(c->ask->gzip_cache, &key, &chunk);
	if (chunk != NULL)
		file->octets = chunk->len;
	ws_chunk_unref(chunk);
	return c->unmeasured || chunk != NULL;
}

/* Compress the file into a body. For HEAD nothing is compressed: the length is
 * that of the result in the cache, or not known. */
static void
compress(struct ws_static_context *c)
{
	struct ws_static_answer *answer = c->answer;
	struct ws_file *file = &answer->file;

	if (ws_static_is_head(c))
		c->gzip = measure(c, file);
	else {
		answer->body = recoded(c->ask->gzip_cache, file, &c->broken);
		c->gzip = answer->body != NULL;
		if (c->gzip)
			file->octets = answer->body->len;
	}
	if (c->gzip) {
		file->encoding = "gzip";
		ws_file_tag_coding(file, "gzip");
	}
}

bool
ws_static_recode(struct ws_static_context *c)
{
	struct ws_static_answer *answer = c->answer;

	if (answer->file.gzip_octets > 0 && !ws_static_is_head(c)) {
		answer->body =
		    recoded(c->ask->gzip_cache, &answer->file, &c->broken);
		if (c->broken)
			answer->cause = "its .gz, which is all there is, "
					"cannot be decompressed";
		return answer->body != NULL;
	}
	if (c->gzip)
		compress(c);
	return true;
}
