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

/* The end of a call's input. */
enum ws_deflate_flush {
	WS_DEFLATE_MORE,   /* more input is to come */
	WS_DEFLATE_SYNC,   /* flush, so that all is readable: RFC 7692, 7.2.1 */
	WS_DEFLATE_FINISH, /* the stream ends here */
};

/* One compressor with its history. Opaque; lives in memory of the caller. */
struct ws_deflate;

/* Input and output of a call, which moves both forward. */
struct ws_deflate_io {
	const uint8_t *in; /* borrowed for the call */
	size_t in_octets;  /* not taken yet */
	uint8_t *out;      /* borrowed for the call */
	size_t out_octets; /* room that is left */
};

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

/* Begin a new stream: forget history, unfinished work and output that was not
 * handed out. Takes the same short time whatever the size of the window. */
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

/* Compress.
 *   io     see there; neither pointer is kept
 *   flush  what to do at the end of the input
 * Returns true when all input is taken and all output that flush asks for is
 * handed out; false when there is no room for output left: call again with
 * more of it, with what is left of the input, and with the same flush. How the
 * input is cut into calls makes no difference to the output, where it is
 * flushed does. After WS_DEFLATE_FINISH nothing is taken until a reset. */
bool ws_deflate_run(struct ws_deflate *d, struct ws_deflate_io *io,
    enum ws_deflate_flush flush);

/* Compress one message as in RFC 7692 section 7.2.1: WS_DEFLATE_SYNC,
 * without the four octets 00 00 ff ff that always come last.
 *   in, len    the message; may be empty
 *   out, size  for the result and those four octets; ws_deflate_bound(len) is
 *              always enough
 * Returns the octets of the result, at least 1, or 0 if there is no room; then
 * the compressor is reset, because the other side will not see this message
 * and its history must not be referred to. */
size_t ws_deflate_message(struct ws_deflate *d, const uint8_t *in, size_t len,
    uint8_t *out, size_t size);

/* Bound the result of compressing len octets that follow a flush or a reset,
 * with one flush at their end. Returns the most octets, at any level and
 * window. */
size_t ws_deflate_bound(size_t len);

#endif
