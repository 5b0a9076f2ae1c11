/* static_write.h - the fields and small bodies that answers are made of. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_WRITE_H
#define WS_STATIC_WRITE_H

#include "static.h"

/* A request and its answer on their way through this file. */
struct ws_static_context {
	const struct ws_static_ask *ask;
	struct ws_http_out *out;
	struct ws_static_answer *answer;
	bool gzip;       /* the file is to be compressed, if that helps */
	bool broken;     /* its gzip file cannot be decompressed */
	bool unmeasured; /* for HEAD: how long the body would be is not known */
};

/* Begin an answer with its status and what all answers have. */
void ws_static_begin(struct ws_static_context *c, int status);

/* Write one field. */
void ws_static_field(
    struct ws_static_context *c, const char *name, const char *value);

/* Announce a body and send it, or for HEAD only announce the length that GET
 * would have (RFC 9110 section 9.3.2). Closes the file when nothing of it is
 * sent.
 *   first, octets  the part of the file, or of the body in memory */
void
ws_static_body(struct ws_static_context *c, uint64_t first, uint64_t octets);

/* Give an answer that has begun a body of text which explains its status. */
void ws_static_text(struct ws_static_context *c);

/* Answer with an error and a text that explains it. */
void ws_static_failure(struct ws_static_context *c, int status);

/* Write the fields that describe the file, whatever part of it is sent (RFC
 * 9110 sections 8.3 and 8.4). */
void ws_static_describe(struct ws_static_context *c);

/* Write the fields that 304 and 200 have in common (RFC 9110 section 15.4.5).
 *   cache  the value of Cache-Control */
void ws_static_validators(struct ws_static_context *c, const char *cache);

/* Copy octets into a chunk.
 * Returns it with a reference for the caller, or NULL when out of memory. */
struct ws_chunk *ws_static_chunk(const void *data, size_t len);

/* Whether the request is HEAD. */
bool ws_static_is_head(const struct ws_static_context *c);

/* The value of Accept-Encoding; empty when it is absent. */
struct ws_span ws_static_accept_encoding(const struct ws_static_context *c);

#endif
