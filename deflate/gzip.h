/* gzip.h - a whole file in the gzip format (RFC 1952). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_GZIP_H
#define WS_GZIP_H

#include <stddef.h>
#include <stdint.h>

#include "deflate.h"
#include "inflate.h"

/* Write a gzip file.
 *   d          a compressor, which is reset; nothing of it is needed later
 *   in, len    its content; borrowed
 *   out, size  where to
 * Returns the octets written, or 0 when they are more than size: give less
 * room than the content has, and 0 says that it is not worth it. */
size_t ws_gzip_write(struct ws_deflate *d, const uint8_t *in, size_t len,
    uint8_t *out, size_t size);

/* Read a gzip file of one member.
 *   z          a decoder that was initialised; overwritten
 *   in, len    the file, whole; borrowed
 *   out, size  where its content goes, which must have just this size
 * Returns 0, or -1 when it is no such file. The checksum is compared. */
int ws_gzip_read(struct ws_inflate *z, const uint8_t *in, size_t len,
    uint8_t *out, size_t size);

#endif
