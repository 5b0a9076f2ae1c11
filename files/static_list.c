/* static_list.c - answer with the listing of a directory. */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "http/field.h"
#include "static_list.h"

/* Entries of a directory that are read and written before anything waits: half
 * a millisecond. Nearly every directory has fewer, and is listed at once. */
#define LIST_AT_ONCE 256

struct ws_chunk *
ws_static_list_chunk(struct ws_files_list *list)
{
	size_t len;
	char *text = ws_files_list_take(list, &len);
	struct ws_chunk *chunk = ws_static_chunk(text, len);

	ws_mem_free(text);
	return chunk;
}

/* Make a listing, or a part of it if it may wait.
 * Returns the text as a chunk with a reference for the caller, or NULL: then
 * there is a list in the answer, or it cannot be made. */
static struct ws_chunk *
make_list(struct ws_static_context *c)
{
	struct ws_files_list *list =
	    ws_files_list_begin(&c->answer->file, c->ask->path);
	struct ws_chunk *chunk = NULL;
	int result = list != NULL ? 0 : -1;

	while (result == 0) {
		result = ws_files_list_step(list, LIST_AT_ONCE);
		ws_gzip_cache_spend(
		    c->ask->gzip_cache, 1024 * LIST_AT_ONCE, WS_COST_ENTRY);
		if (result == 0 && c->ask->may_wait) {
			c->answer->list = list;
			return NULL;
		}
	}
	if (result > 0)
		chunk = ws_static_list_chunk(list);
	ws_files_list_free(list);
	return chunk;
}

/* Compress a listing, if the client wants it; for HEAD its length is then not
 * known. Sets gzip to whether the answer is compressed. */
static void
compress_list(struct ws_static_context *c, const char *type)
{
	struct ws_gzip_cache *cache = c->ask->gzip_cache;
	struct ws_chunk *plain = c->answer->body, *chunk;

	if (!ws_gzip_cache_takes(cache, type, plain->len) ||
	    !ws_field_wants_gzip(ws_static_accept_encoding(c)))
		return;
	c->gzip = c->unmeasured = ws_static_is_head(c);
	if (ws_static_is_head(c) || !ws_gzip_cache_allows(cache, plain->len))
		return;
	chunk = ws_gzip_cache_compress(cache, plain->data, plain->len);
	if (chunk == NULL)
		return;
	ws_chunk_unref(plain);
	c->answer->body = chunk;
	c->gzip = true;
}

void
ws_static_list(struct ws_static_context *c)
{
	static const char type[] = "text/html; charset=utf-8";
	struct ws_static_answer *answer = c->answer;

	answer->body = c->ask->listing != NULL ? ws_chunk_ref(c->ask->listing)
					       : make_list(c);
	ws_file_close(&answer->file);
	if (answer->list != NULL && !ws_static_is_head(c))
		return;
	c->unmeasured = answer->list != NULL;
	ws_files_list_free(answer->list);
	answer->list = NULL;
	if (answer->body == NULL && !c->unmeasured) {
		ws_static_failure(c, 503);
		return;
	}
	if (answer->body != NULL)
		compress_list(c, type);
	ws_static_begin(c, 200);
	ws_static_field(c, "Content-Type", type);
	if (c->gzip)
		ws_static_field(c, "Content-Encoding", "gzip");
	ws_static_field(c, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'");
	ws_static_field(c, "Cache-Control", "no-cache");
	ws_static_field(c, "Vary", "Accept-Encoding");
	ws_static_body(c, 0, answer->body != NULL ? answer->body->len : 0);
}
