/* deflate.h - compressor of the DEFLATE format (RFC 1951). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_DEFLATE_H
#define WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_DEFLATE_BITS_MIN 8  /* RFC 7692 section 7.1.2.1 */
#define WS_DEFLATE_BITS_MAX 15 /* RFC 1951 section 2: 32 KiB */

/* Levels: 0 stores, 1 is the fastest that compresses, 9 the most thorough. */
#define WS_DEFLATE_LEVEL_MAX 9

/* One compressor with its history. Opaque; lives in memory of the caller. */
struct ws_deflate;

/* How much memory a compressor takes.
 *   window_bits  WS_DEFLATE_BITS_MIN to WS_DEFLATE_BITS_MAX
 * Returns octets: eight times the window, which counts as 1 KiB at least, and
 * 4 KiB. */
size_t ws_deflate_octets(unsigned window_bits);

/* Make a compressor.
 *   memory       ws_deflate_octets(window_bits) octets, aligned as malloc
 *                does; owned by the caller, and all there is to release
 *   window_bits  no match reaches back further than 1 << window_bits octets;
 *                WS_DEFLATE_BITS_MIN to WS_DEFLATE_BITS_MAX
 *   level        0 to WS_DEFLATE_LEVEL_MAX
 * Returns memory, as a compressor with no history. Writes all of the memory,
 * which is why compressors are reset rather than made anew. */
struct ws_deflate *
ws_deflate_init(void *memory, unsigned window_bits, unsigned level);

/* Begin a new stream: forget history. Takes the same short time whatever the
 * size of the window. */
void ws_deflate_reset(struct ws_deflate *d);

/* Change the window and the level, from the next stream on.
 *   window_bits  WS_DEFLATE_BITS_MIN to what the compressor was made with, to
 *                which this returns, too
 *   level        0 to WS_DEFLATE_LEVEL_MAX
 * To be called right behind ws_deflate_reset. This is how one compressor can
 * serve readers with windows of different sizes. */
void
ws_deflate_adjust(struct ws_deflate *d, unsigned window_bits, unsigned level);

/* Begin a new stream that may refer to octets which its reader has already: the
 * end of earlier messages, or a dictionary.
 *   past, len  borrowed for the call; of which no more than the window's octets
 *              are used
 * This is how one compressor can serve many streams, if each keeps its own
 * past; it takes 14 instructions for each octet. */
void ws_deflate_prime(struct ws_deflate *d, const uint8_t *past, size_t len);

/* Compress octets, and flush, so that all of them can be read.
 *   in, len    borrowed; in may be NULL when len is 0
 *   is_final   the stream ends here: nothing may be compressed until a reset.
 *              Otherwise the result ends with an empty stored block, of which
 *              the last four octets are 00 00 ff ff (RFC 7692 section 7.2.1)
 *   out, size  for the result; ws_deflate_bound(len) is always enough
 * Returns the octets of the result; or 0 if there is no room: then the
 * compressor is reset, because the other side will not see these octets, and
 * its history must not be referred to. */
size_t ws_deflate_run(struct ws_deflate *d, const uint8_t *in, size_t len,
    bool is_final, uint8_t *out, size_t size);

/* Compress one message as in RFC 7692 section 7.2.1: ws_deflate_run, without
 * the four octets that always come last. They need room nevertheless.
 * Returns the octets of the result, at least 1, or 0 as ws_deflate_run. */
size_t ws_deflate_message(struct ws_deflate *d, const uint8_t *in, size_t len,
    uint8_t *out, size_t size);

/* Bound the result of compressing len octets that follow a flush or a reset,
 * with one flush at their end. Returns the most octets, at any level and
 * window. */
size_t ws_deflate_bound(size_t len);

#endif
