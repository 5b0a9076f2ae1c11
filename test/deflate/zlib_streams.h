/* zlib_streams.h - texts of many kinds, and what zlib makes of them. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_ZLIB_STREAMS_H
#define TEST_ZLIB_STREAMS_H

#include <stddef.h>
#include <stdint.h>

/* A repeatable stream of numbers. */
struct dice {
	uint64_t state;
};

/* A number below n. */
unsigned dice_roll(struct dice *d, unsigned n);

/* Kinds of texts. */
enum {
	TEXT_JSON,
	TEXT_PROSE,
	TEXT_BINARY, /* numbers in 4 octets that grow slowly */
	TEXT_RANDOM,
	TEXT_ZEROS,
	TEXT_PERIODS, /* short periods, some of them long */
	TEXT_SKEWED,  /* octets whose frequencies double: long codewords */
	TEXT_FAR,     /* repetitions from as far back as there is */
	TEXT_KINDS,
};

/* Fill a buffer with a text. */
void text_fill(uint8_t *out, size_t len, unsigned kind, struct dice *d);

/* How zlib is to compress. */
struct squeeze {
	int level, window_bits, strategy; /* see deflateInit2 */
	int flush;    /* Z_NO_FLUSH and so on, between pieces of the input */
	size_t piece; /* octets of input before a flush */
};

/* What squeezes are worth trying. */
struct squeeze squeeze_roll(struct dice *d);

/* Compress to a raw stream that ends with a final block.
 *   len  receives its octets
 * Returns it, owned by the caller. */
uint8_t *
squeeze(const struct squeeze *s, const uint8_t *in, size_t in_len, size_t *len);

/* What zlib says about a raw stream. */
struct verdict {
	int error; /* 0, or the enum ws_inflate_error that its message means */
	int ended; /* the final block is complete */
	size_t in_octets, out_octets; /* taken and made */
};

/* Decompress a raw stream.
 *   out, max    room for its output, of which there must be enough
 *   one_by_one  give an octet of input and of room at a time. Only then does
 *               zlib refuse every distance beyond a window of less than 15
 *               bits, and is in_octets the place of an error */
struct verdict zlib_verdict(const uint8_t *in, size_t len, int window_bits,
    uint8_t *out, size_t max, int one_by_one);

#endif
