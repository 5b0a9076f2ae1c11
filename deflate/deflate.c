/* deflate.c - compressor of the DEFLATE format (RFC 1951). */
/* SPDX-License-Identifier: MIT */

/* DEFLATE does two things, one after the other. What occurred before is
 * replaced by a reference, a length of 3 to 258 octets and a distance of up to
 * 32,768 octets back (Lempel and Ziv 1977):
 *
 *	input     a b r a c a d a b r a !
 *	symbols   a b r a c a d (4 octets, 7 back) !
 *
 * and then the symbols are written in codes of 1 to 15 bits, short ones for
 * those that are frequent (Huffman 1952). The symbols come in blocks, each of
 * which may have codes of its own.
 *
 *	deflate_match.c   finds what occurred before
 *	deflate_code.c    makes codes
 *	deflate_block.c   chooses the kind of a block, and writes it
 *	deflate.c         input and output, in pieces of any size
 *
 * All input is copied into a buffer, because what it refers to must be there
 * in one piece, together with what earlier calls brought.
 *
 *	0      start           block          at           end
 *	|......|.. history ....|.. symbols ...|.. unseen ...|.... room ....|
 *
 * When there is no room left, the buffer slides: octets that no match can reach
 * are dropped. A block that began among them is ended first, since it may have
 * to be stored as it came.
 *
 * Each call takes all of its input, and ends with a flush:
 *
 *	take in ──▶ make symbols ──▶ the block is full, or the input ends?
 *	   ▲                                   │ yes: write it
 *	   └────────── there is more ──────────┴──────────────▶ flush
 *
 * No decision is made before there is enough input for it. */

#include "deflate.h"
#include "base/bytes.h"
#include "deflate_state.h"

enum {
	SPAN_MIN = 1024,      /* a smaller window gets this much nevertheless */
	STORED_MAX = 65535,   /* RFC 1951 section 3.2.4 */
	SLACK = 8,            /* deflate_match.c reads beyond the end */
	EMPTY_BLOCK_TAIL = 4, /* RFC 7692 section 7.2.1: 00 00 ff ff */
};

/* Depth, nice and lazy of each level. Measured against zlib by bench/deflate.c:
 * each level is as small as zlib's of the same number, and no slower. */
static const struct ws_deflate_effort efforts[WS_DEFLATE_LEVEL_MAX + 1] = {
	{ 0, 0, 0 },
	{ 2, 16, 4 }, /* 1 to 3: every match is taken */
	{ 4, 32, 4 },
	{ 12, 32, 4 },
	{ 24, 32, 12 },
	{ 40, 64, 16 },
	{ 96, 128, 24 },
	{ 160, 258, 64 },
	{ 512, 258, 258 },
	{ 2048, 258, 258 },
};

static uint32_t
span_of(unsigned window_bits)
{
	uint32_t window = (uint32_t)1 << window_bits;

	return window < SPAN_MIN ? SPAN_MIN : window;
}

/* Half a symbol for each octet of a window, and one more, since a literal and a
 * match may be decided together. */
static uint32_t
symbols_of(uint32_t span)
{
	return span / 2 + 1;
}

size_t
ws_deflate_octets(unsigned window_bits)
{
	uint32_t span = span_of(window_bits);

	return sizeof(struct ws_deflate) + symbols_of(span) * sizeof(uint32_t) +
	       2 * span * sizeof(uint16_t) + 2 * span + SLACK;
}

struct ws_deflate *
ws_deflate_init(void *memory, unsigned window_bits, unsigned level)
{
	struct ws_deflate *d = memory;
	uint32_t span = span_of(window_bits);

	memset(memory, 0, ws_deflate_octets(window_bits));
	d->effort = efforts[level];
	d->window_octets = (uint32_t)1 << window_bits;
	d->span_octets = span;
	/* So that any block can be stored. */
	d->buffer_octets = 2 * span < STORED_MAX ? 2 * span : STORED_MAX;
	d->hash_shift = 32 - ws_deflate_log2(span);
	d->symbols_max = symbols_of(span) - 1;
	d->symbols = (uint32_t *)(d + 1);
	d->newest = (uint16_t *)(d->symbols + symbols_of(span));
	d->older = d->newest + span;
	d->buffer = (uint8_t *)(d->older + span);
	ws_deflate_fix_codes(d);
	return d;
}

void
ws_deflate_reset(struct ws_deflate *d)
{
	d->base += d->end;
	d->start = d->at = d->end = d->listed = 0;
	d->held.octets = 0;
	ws_deflate_clear_block(d);
}

void
ws_deflate_adjust(struct ws_deflate *d, unsigned window_bits, unsigned level)
{
	d->effort = efforts[level];
	d->window_octets = (uint32_t)1 << window_bits;
}

void
ws_deflate_prime(struct ws_deflate *d, const uint8_t *past, size_t len)
{
	uint32_t n = d->window_octets;

	ws_deflate_reset(d);
	if (n > len)
		n = (uint32_t)len;
	if (n > 0)
		memcpy(d->buffer, past + (len - n), n);
	d->block = d->at = d->end = n;
}

/* The octets at the front of the buffer that no match can reach. They may still
 * belong to the block. */
static uint32_t
droppable(const struct ws_deflate *d)
{
	return d->at > d->span_octets ? d->at - d->span_octets : 0;
}

/* Whether all must wait for room. */
static bool
is_starved(const struct ws_deflate *d)
{
	return d->end == d->buffer_octets &&
	       d->end - d->at < WS_DEFLATE_LOOKAHEAD;
}

/* Make room. */
static void
slide(struct ws_deflate *d)
{
	uint32_t by = droppable(d);

	memmove(d->buffer, d->buffer + by, d->end - by);
	d->base += by;
	d->start = d->start > by ? d->start - by : 0;
	d->block -= by;
	d->at -= by;
	d->end -= by;
	d->listed -= by;
}

/* Move input to the buffer, as much as there is room for. */
static void
take_in(struct ws_deflate *d, const uint8_t **in, size_t *len)
{
	uint32_t n;

	if (*len > 0 && is_starved(d) && d->block >= droppable(d))
		slide(d);
	n = d->buffer_octets - d->end;
	if (n > *len)
		n = (uint32_t)*len;
	if (n == 0)
		return;
	memcpy(d->buffer + d->end, *in, n);
	d->end += n;
	*in += n;
	*len -= n;
}

/* Whether the block has to end where it is. */
static bool
is_block_due(const struct ws_deflate *d, bool is_more)
{
	if (d->symbol_count >= d->symbols_max)
		return true;
	if (is_more)
		return is_starved(d) && d->block < droppable(d);
	return d->at == d->end && d->at > d->block;
}

size_t
ws_deflate_run(struct ws_deflate *d, const uint8_t *in, size_t len,
    bool is_final, uint8_t *out, size_t size)
{
	struct ws_deflate_writer w = { .out = out, .end = out + size };
	bool is_end;

	do {
		take_in(d, &in, &len);
		if (d->effort.depth == 0)
			d->at = d->listed = d->end;
		else
			ws_deflate_parse(d, len == 0);
		is_end = len == 0 && d->at == d->end;
		if (is_block_due(d, len > 0) || (is_end && is_final))
			ws_deflate_write_block(d, &w, is_end && is_final);
	} while (!is_end && !w.is_full);
	ws_deflate_write_end(&w, is_final);
	if (!w.is_full)
		return (size_t)(w.out - out);
	ws_deflate_reset(d);
	return 0;
}

size_t
ws_deflate_message(struct ws_deflate *d, const uint8_t *in, size_t len,
    uint8_t *out, size_t size)
{
	size_t n = ws_deflate_run(d, in, len, false, out, size);

	return n > 0 ? n - EMPTY_BLOCK_TAIL : 0;
}

/* All blocks but the last have at least 512 symbols, and so 512 octets. A
 * stored block adds at most 6 octets to its content. */
size_t
ws_deflate_bound(size_t len)
{
	return len + len / 64 + 16;
}
