/* gzip.c - a whole file in the gzip format (RFC 1952). */
/* SPDX-License-Identifier: MIT */
/*
 *	 0   1   2   3   4   5   6   7   8   9
 *	+---+---+---+---+---+---+---+---+---+---+
 *	|1f |8b | 8 |FLG|     MTIME     |XFL|OS |  what FLG announces
 *	+---+---+---+---+---+---+---+---+---+---+
 *	+=======================================+
 *	|    one DEFLATE stream (RFC 1951)      |
 *	+=======================================+
 *	+---+---+---+---+---+---+---+---+
 *	|     CRC32     |     ISIZE     |  of the content, low octet first
 *	+---+---+---+---+---+---+---+---+
 *
 * For example "Hello" in the fixed code, as it is written here:
 *
 *	1f 8b 08 00  00 00 00 00  00 ff   no FLG, no MTIME, OS unknown
 *	f3 48 cd c9 c9 07 00              the stream: BFINAL, the fixed code
 *	82 89 d1 f7  05 00 00 00          CRC32 f7d18982, ISIZE 5
 *
 * FLG says which fields follow the header, in this order:
 *
 *	FEXTRA   4   two octets of length, and so many more
 *	FNAME    8   a name that ends in NUL
 *	FCOMMENT 16  the same
 *	FHCRC    2   two octets, a checksum of the header
 *
 * FTEXT, 1, is a hint without a field. The upper three bits must be 0. Files
 * that are written here have no fields, no time and no system, so that the same
 * content makes the same file everywhere. The reader ignores the checksum of
 * the header, as every reader does; that of the content says more.
 */
#include <string.h>

#include "base/bytes.h"
#include "crc32.h"
#include "gzip.h"

enum {
	HEADER = 10,
	TRAILER = 8,
	FHCRC = 2,
	FEXTRA = 4,
	FNAME = 8,
	FCOMMENT = 16,
	RESERVED = 0xe0,
};

/* RFC 1952 section 2.3.1: OS 255 is "unknown". */
static const uint8_t header[HEADER] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

/* Make both fields of the trailer. RFC 1952 section 2.3.1: ISIZE is modulo
 * 2^32. */
static uint64_t
trailer_of(const uint8_t *content, size_t len)
{
	return ws_crc32(0, content, len) | (uint64_t)(uint32_t)len << 32;
}

size_t
ws_gzip_write(struct ws_deflate *d, const uint8_t *in, size_t len, uint8_t *out,
    size_t size)
{
	size_t n;

	if (size < HEADER + TRAILER)
		return 0;
	memcpy(out, header, HEADER);
	ws_deflate_reset(d);
	n = ws_deflate_run(
	    d, in, len, true, out + HEADER, size - HEADER - TRAILER);
	if (n == 0)
		return 0;
	ws_store64_le(out + HEADER + n, trailer_of(in, len));
	return HEADER + n + TRAILER;
}

/* Skip a text that ends in NUL. Returns the octet behind it, or NULL. */
static const uint8_t *
skip_text(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *nul =
	    at != NULL ? memchr(at, '\0', (size_t)(end - at)) : NULL;

	return nul != NULL ? nul + 1 : NULL;
}

/* Skip a number of octets. Returns the octet behind them, or NULL. */
static const uint8_t *
skip(const uint8_t *at, const uint8_t *end, size_t octets)
{
	if (at == NULL || (size_t)(end - at) < octets)
		return NULL;
	return at + octets;
}

/* Skip the header. Returns the start of the stream, or NULL. RFC 1952 section
 * 2.3. */
static const uint8_t *
skip_header(const uint8_t *in, const uint8_t *end)
{
	const uint8_t *at = skip(in, end, HEADER);
	unsigned flags;

	if (at == NULL || memcmp(in, header, 3) != 0)
		return NULL;
	flags = in[3];
	if (flags & RESERVED)
		return NULL;
	if (flags & FEXTRA) {
		if (skip(at, end, 2) == NULL)
			return NULL;
		at = skip(at, end, 2 + (size_t)(at[0] | at[1] << 8));
	}
	if (flags & FNAME)
		at = skip_text(at, end);
	if (flags & FCOMMENT)
		at = skip_text(at, end);
	return flags & FHCRC ? skip(at, end, 2) : at;
}

int
ws_gzip_read(struct ws_inflate *z, const uint8_t *in, size_t len, uint8_t *out,
    size_t size)
{
	static const struct ws_inflate_window none = { .bits = 15 };
	const uint8_t *end = in + len, *at = skip_header(in, end);
	struct ws_inflate_io io = { .in = at, .out = out, .out_max = size };

	if (at == NULL || end - at < TRAILER)
		return -1;
	io.in_octets = (size_t)(end - at) - TRAILER;
	ws_inflate_begin(z, &none);
	if (ws_inflate_run(z, &io) != WS_INFLATE_END || io.in_octets != 0 ||
	    io.out_octets != size)
		return -1;
	return ws_load64_le(io.in) == trailer_of(out, size) ? 0 : -1;
}
