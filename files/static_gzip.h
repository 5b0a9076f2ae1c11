/* static_gzip.h - the content of a file in the coding that a client accepts. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_GZIP_H
#define WS_STATIC_GZIP_H

#include "static_write.h"

/* Whether to compress the file for this client. */
bool ws_static_may_gzip(const struct ws_static_context *c);

/* Compress the file if c->gzip is set, or decompress a gzip file, into a body
 * in memory. Sets c->gzip to whether the answer is compressed.
 * Returns false when out of memory. */
bool ws_static_recode(struct ws_static_context *c);

#endif
