/* static_body.c - a file's content in another coding (RFC 9110 section 8.4). */
/* SPDX-License-Identifier: MIT */
/*
 *	                    compress
 *	a file on disk   ──────────────▶ gzip
 *	an asset         ──────────────▶ gzip
 *	a packed asset   ──────────────▶ what is in it
 *	                     unpack
 *
 * What was made is kept by the encoder for a while. A packed asset leaves as it
 * is for nearly everybody, so what is in it takes memory only if it is asked
 * for.
 */
#include "deflate/gzip.h"
#include "base/mem.h"
#include "static.h"

/* Read a file as long as it was said to be. */
static void *
read_whole(const struct ws_file *file)
{
	size_t octets = (size_t)file->octets;
	void *data = ws_mem_resize(NULL, octets);

	if (data == NULL)
		return NULL;
	if (ws_file_read(file, 0, data, octets) == (ssize_t)octets)
		return data;
	ws_mem_free(data);
	return NULL;
}

/* What the content of a file is known by, in a form. */
static struct ws_encoding_key
key_of(const struct ws_file *file)
{
	return (struct ws_encoding_key){
		.device = file->device,
		.inode = file->inode,
		.octets = file->octets,
		.changed_s = file->changed_s,
		.modified_s = file->modified_s,
		.changed_ns = file->changed_ns,
		.modified_ns = file->modified_ns,
	};
}

struct ws_chunk *
ws_static_gzip(struct ws_encoder *encoder, const struct ws_file *file)
{
	struct ws_encoding_key key = key_of(file);
	struct ws_chunk *chunk;
	const void *data = file->data;
	void *owned = NULL;

	if (ws_encoder_find(encoder, &key, &chunk))
		return chunk;
	if (data == NULL)
		data = owned = read_whole(file);
	if (data == NULL)
		return NULL;
	chunk = ws_encoder_gzip(encoder, data, (size_t)file->octets);
	ws_mem_free(owned);
	ws_encoder_keep(encoder, &key, chunk);
	return chunk;
}

static struct ws_chunk *
unpack(const struct ws_file *file)
{
	size_t octets = (size_t)file->octets;
	struct ws_inflate *z = ws_mem_resize(NULL, sizeof(*z));
	struct ws_chunk *chunk = z != NULL ? ws_chunk_new(octets) : NULL;

	if (chunk != NULL) {
		ws_inflate_init(z);
		chunk->len = octets;
		if (ws_gzip_read(
			z, file->data, file->packed, chunk->at, octets) < 0) {
			ws_chunk_unref(chunk);
			chunk = NULL;
		}
	}
	ws_mem_free(z);
	return chunk;
}

struct ws_chunk *
ws_static_unpack(struct ws_encoder *encoder, const struct ws_file *file)
{
	struct ws_encoding_key key = key_of(file);
	struct ws_chunk *chunk;

	if (ws_encoder_find(encoder, &key, &chunk))
		return chunk;
	chunk = unpack(file);
	if (chunk != NULL)
		ws_encoder_keep(encoder, &key, chunk);
	return chunk;
}
