/* encoding.h - bodies compressed for clients that accept it (RFC 9110, 8.4). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ENCODING_H
#define WS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "deflate/compressor.h"

/* ---- what a client accepts ---------------------------------------------- */

/* The weight of no coding at all, 0 when the client does not name it. Not
 * naming it makes it acceptable (RFC 9110 section 12.5.3), but does not mean
 * that it is preferred: "gzip;q=0.8" asks for gzip. */
unsigned ws_encoding_identity(struct ws_span accept_encoding);

/* Whether gzip is the better one of gzip and no coding at all. */
bool ws_encoding_wants_gzip(struct ws_span accept_encoding);

/* Whether a media type, parameters behind it or not, stands for something that
 * gets smaller: texts, and a few binary formats that are not compressed. */
bool ws_encoding_suits(const char *type);

/* ---- compressing -------------------------------------------------------- */

/* What is known of a body that may be asked for again: two that are equal in
 * all of this have the same octets. Of a file: who it is, how long, and when
 * it was changed; of memory that never changes: where it is. */
struct ws_encoding_key {
	uint64_t device, inode, octets;
	int64_t changed_s, modified_s;
	uint32_t changed_ns, modified_ns;
};

#define WS_ENCODER_BITS 13            /* of the compressor, at least */
#define WS_ENCODER_BODY_MAX (1 << 20) /* octets of a body; longer: as it is */
#define WS_ENCODER_SLOTS 64           /* results kept, of at most */
#define WS_ENCODER_KEPT_MAX (2 << 20) /* octets in all */

/* What compresses bodies, and results that are kept. Set min and compressor;
 * zero the rest. Takes no memory before the first body. */
struct ws_encoder {
	size_t min;    /* octets of a body; SIZE_MAX: none is compressed */
	int64_t now_s; /* set before a call with a key: the clock of files */
	struct ws_compressor *compressor; /* borrowed */
	struct ws_encoding_kept *kept;    /* owned */
	size_t kept_octets;
};

/* Release what an encoder owns. */
void ws_encoder_fini(struct ws_encoder *e);

/* Whether a body may be compressed, if the client wants it. */
bool
ws_encoder_suits(const struct ws_encoder *e, const char *type, uint64_t octets);

/* Compress a body to a gzip file.
 *   data, len  borrowed
 * Returns it with one reference for the caller; NULL when it would not be
 * smaller, or out of memory. */
struct ws_chunk *
ws_encoder_gzip(struct ws_encoder *e, const void *data, size_t len);

/* Look for the result of an earlier body.
 *   chunk  receives a reference for the caller, or NULL: this body does not get
 *          smaller
 * Returns whether it was there. */
bool ws_encoder_find(struct ws_encoder *e, const struct ws_encoding_key *key,
    struct ws_chunk **chunk);

/* Keep a result; it takes a reference of its own.
 *   chunk  as ws_encoder_gzip returned it; NULL is kept, too
 * A file that was changed in this second or the one before is not: it may be
 * changed once more without a difference in its times. */
void ws_encoder_keep(struct ws_encoder *e, const struct ws_encoding_key *key,
    struct ws_chunk *chunk);

#endif
