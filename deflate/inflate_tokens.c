/* inflate_tokens.c - literals and matches: the body of a block (RFC 1951). */
/* SPDX-License-Identifier: MIT */
/*
 * The output itself is the past that matches refer to. Only what was there
 * before its first octet is in a window, and a message without a context needs
 * none:
 *
 *	      window              output so far
 *	 +-----------------+----------------------+
 *	 | ... h e l l o _ | w o r l d _          |
 *	 +-----------------+----------------------+
 *	       ^                         ^
 *	       +------ distance 12 ------+ a match of length 6 copies "hello_"
 *
 * A match has at most 48 bits: 15 and 5 more for its length, 15 and 13 more for
 * its distance. That is what TOKEN_MAX says, and z->bits has 56 or more after it
 * was filled.
 *
 * Tokens are decoded by two loops. decode_token is the one to understand: it
 * checks everything. decode_fast does the same while there are enough bits and
 * room for the longest token, and leaves all that is unusual to decode_token.
 */
#include <string.h>

#include "inflate_bits.h"
#include "inflate_tokens.h"

enum {
	CODEWORD_MAX = 15, /* bits */
	TOKEN_MAX = CODEWORD_MAX + 5 + CODEWORD_MAX + 13,

	STRIDE = 8, /* octets that are copied at once */
	/* What decode_fast may write in a turn: a match, up to three literals,
	 * and what is too much of the last stride, or of a short period. */
	FAST_ROOM = 258 + 3 + 2 * STRIDE,
};

/* ---- matches ------------------------------------------------------------- */

/* Whether a match begins within the window and not before all output. */
static inline bool
reaches(const struct ws_inflate_window *window, size_t out_octets,
    unsigned distance)
{
	return distance <= 1u << window->bits &&
	       distance <= out_octets + window->octets;
}

/* Copy a match from earlier output, and up to two strides too much. A match
 * that reaches into itself repeats the octets between from and out. It also
 * repeats twice as many, so a short period is doubled until it fills a
 * stride. */
static inline void
copy_output(uint8_t *out, const uint8_t *from, size_t len)
{
	const uint8_t *end = out + len;
	uint64_t octets;

	while (out - from < STRIDE) {
		memcpy(&octets, from, STRIDE);
		memcpy(out, &octets, STRIDE);
		out += out - from;
	}
	while (out < end) {
		memcpy(&octets, from, STRIDE);
		memcpy(out, &octets, STRIDE);
		out += STRIDE;
		from += STRIDE;
	}
}

/* Write the rest of a match, as far as there is room. Returns whether the match
 * is complete. */
static bool
write_match(struct ws_inflate *z, struct ws_inflate_io *io)
{
	size_t room = io->out_max - io->out_octets;
	size_t n = z->length < room ? z->length : room;
	size_t done = 0;
	uint8_t *out;

	if (n == 0)
		return z->length == 0;
	out = io->out + io->out_octets;
	if (z->distance > io->out_octets)
		done = ws_inflate_past(
		    z->window, z->distance - io->out_octets, out, n);
	for (size_t i = done; i < n; i++)
		out[i] = *(out + i - z->distance);
	io->out_octets += n;
	z->length = (uint16_t)(z->length - n);
	return z->length == 0;
}

/* ---- tokens -------------------------------------------------------------- */

/* The tables of a block, and how many bits index them. */
struct tables {
	const uint32_t *literals, *distances;
	unsigned literal_bits, distance_bits;
};

static struct tables
tables_of(const struct ws_inflate *z)
{
	if (z->fixed)
		return (struct tables){ z->fixed_literals, z->fixed_distances,
			WS_INFLATE_FIXED_LITERAL_INDEX,
			WS_INFLATE_FIXED_DISTANCE_INDEX };
	return (struct tables){ z->literals, z->distances, z->literal_bits,
		z->distance_bits };
}

/* 3.2.5: decode a match, whose length is at the front of the bits. */
static int
decode_match(struct ws_inflate *z, struct ws_inflate_io *io, struct tables t,
    uint32_t length)
{
	uint64_t rest = z->bits >> ws_entry_all(length);
	uint32_t distance = ws_table_find(t.distances, t.distance_bits, rest);
	unsigned used = ws_entry_all(length) + ws_entry_all(distance);

	if (z->nbits < used)
		return WS_INFLATE_MORE;
	if (distance & WS_ENTRY_INVALID)
		return WS_INFLATE_EDISTANCE;
	z->length = (uint16_t)ws_entry_value(length, z->bits);
	z->distance = (uint16_t)ws_entry_value(distance, rest);
	ws_bits_drop(z, used);
	if (!reaches(z->window, io->out_octets, z->distance))
		return WS_INFLATE_EFAR;
	return write_match(z, io) ? WS_INFLATE_NEXT : WS_INFLATE_FULL;
}

/* Decode a literal, a match or the end of the block. */
static int
decode_token(struct ws_inflate *z, struct ws_inflate_io *io, struct tables t)
{
	uint32_t entry;

	(void)ws_bits_have(z, io, TOKEN_MAX);
	entry = ws_table_find(t.literals, t.literal_bits, z->bits);
	if (z->nbits < ws_entry_all(entry))
		return WS_INFLATE_MORE;
	if (entry & WS_ENTRY_INVALID)
		return WS_INFLATE_ELITERAL;
	if ((entry & (WS_ENTRY_LITERAL | WS_ENTRY_END)) == 0)
		return decode_match(z, io, t, entry);
	if ((entry & WS_ENTRY_LITERAL) && io->out_octets == io->out_max)
		return WS_INFLATE_FULL;
	ws_bits_drop(z, ws_entry_all(entry));
	if (entry & WS_ENTRY_END)
		return ws_inflate_end_block(z);
	io->out[io->out_octets++] = (uint8_t)ws_entry_literal(entry);
	return WS_INFLATE_NEXT;
}

static inline uint8_t *
put(uint8_t *out, uint64_t *bits, unsigned *nbits, uint32_t entry)
{
	*out = (uint8_t)ws_entry_literal(entry);
	*bits >>= ws_entry_all(entry);
	*nbits -= ws_entry_all(entry);
	return out + 1;
}

/* Decode tokens as long as there are bits and room for any token, and stop
 * before an unusual one. */
static void
decode_fast(struct ws_inflate *z, struct ws_inflate_io *io, struct tables t)
{
	const uint8_t *in = io->in, *in_end = in + io->in_octets;
	const uint8_t *out_end = io->out + io->out_max;
	uint8_t *out = io->out + io->out_octets;
	/* A copy, because out might point into the original for all that a
	 * compiler knows. */
	const struct ws_inflate_window window = *z->window;
	uint64_t bits = z->bits;
	unsigned nbits = z->nbits;

	for (;;) {
		uint32_t entry, distance;
		unsigned length, back;
		uint64_t rest;
		size_t past;

		in = ws_bits_refill(&bits, &nbits, in, in_end);
		if (nbits < TOKEN_MAX || out_end - out < FAST_ROOM)
			break;
		entry = ws_table_find(t.literals, t.literal_bits, bits);
		if (entry & WS_ENTRY_LITERAL) {
			out = put(out, &bits, &nbits, entry);
			entry = ws_table_find(t.literals, t.literal_bits, bits);
		}
		if (entry & WS_ENTRY_LITERAL) {
			out = put(out, &bits, &nbits, entry);
			entry = ws_table_find(t.literals, t.literal_bits, bits);
		}
		if (entry & WS_ENTRY_LITERAL) {
			out = put(out, &bits, &nbits, entry);
			continue;
		}
		if (nbits < TOKEN_MAX)
			continue;
		if (entry & (WS_ENTRY_INVALID | WS_ENTRY_END))
			break;
		rest = bits >> ws_entry_all(entry);
		distance = ws_table_find(t.distances, t.distance_bits, rest);
		back = ws_entry_value(distance, rest);
		past = (size_t)(out - io->out);
		if ((distance & WS_ENTRY_INVALID) ||
		    !reaches(&window, past, back))
			break;
		length = ws_entry_value(entry, bits);
		bits = rest >> ws_entry_all(distance);
		nbits -= ws_entry_all(entry) + ws_entry_all(distance);
		if (back > past) {
			size_t n = ws_inflate_past(
			    z->window, back - past, out, length);

			out += n;
			length -= (unsigned)n;
			if (length == 0)
				continue;
		}
		copy_output(out, out - back, length);
		out += length;
	}
	io->in_octets = (size_t)(in_end - in);
	io->in = in;
	io->out_octets = (size_t)(out - io->out);
	z->bits = bits;
	z->nbits = (uint8_t)nbits;
}

int
ws_inflate_tokens(struct ws_inflate *z, struct ws_inflate_io *io)
{
	struct tables t = tables_of(z);
	int result;

	if (!write_match(z, io))
		return WS_INFLATE_FULL;
	do {
		if (io->in_octets > 0 && ws_bits_have(z, io, TOKEN_MAX) &&
		    io->out_max - io->out_octets >= FAST_ROOM)
			decode_fast(z, io, t);
		result = decode_token(z, io, t);
	} while (result == WS_INFLATE_NEXT && z->phase == WS_PHASE_TOKENS);
	return result;
}
