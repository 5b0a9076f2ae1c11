/* inflate.c - DEFLATE decoder, resumable at any octet (RFC 1951). */
/* SPDX-License-Identifier: MIT */

/*
 * DEFLATE writes a text as a row of tokens. A *literal* is one octet. A *match*
 * is a distance and a length: go back 1 to 32768 octets, and copy 3 to 258. It
 * may reach into itself: behind "ab", the match of length 6 at distance 2 makes
 * "abababab".
 *
 * Tokens stand in blocks, each of which begins with three bits:
 *
 *	 bit  0        1   2
 *	     +--------+-------+
 *	     | BFINAL | BTYPE |
 *	     +--------+-------+
 *	               00  no tokens but octets: padding up to the end of this
 *	                   octet, LEN and its complement NLEN, 16 bits each, and
 *	                   LEN octets
 *	               01  tokens in the fixed code
 *	               10  a code, and tokens in it
 *	               11  reserved
 *
 * A code has two halves: one for literals, the end of the block, and lengths
 * of matches; and one for distances. How codewords follow from their lengths,
 * and become a table, is in inflate_table.c. The lengths are written in a code
 * themselves, in which a run of them is one word. So a block of type 10 goes
 *
 *	 HLIT  HDIST  HCLEN   lengths of the  lengths of
 *	 5     5      4 bits  lengths' code   both halves  tokens ...
 *
 * Bits are taken from the low end of each octet, so that the stream is one
 * long little-endian number: z->bits is a piece of it, and what comes next is
 * at its low end.
 *
 *	        octet 1            octet 0
 *	 ... +-----------------+-----------------+
 *	     | f e d c b a 9 8 | 7 6 5 4 3 2 1 0 |   <- taken from here
 *	 ... +-----------------+-----------------+
 *
 * Numbers are cut out as they stand there. Codewords are the exception: their
 * first, highest bit comes first. For example, the message "Hello" of RFC 7692,
 * section 7.2.3.1, and its bits in the order in which they are taken:
 *
 *	 f2       48       cd       c9       c9       07       00
 *	 01001111 00010010 10110011 10010011 10010011 11100000 00000000
 *
 *	 0        BFINAL 0               10011100  l
 *	 10       BTYPE 01, fixed code   10011111  o
 *	 01111000 H                      0000000   end of the block
 *	 10010101 e                      0         BFINAL 0
 *	 10011100 l                      00        BTYPE 00, then 000: padding
 *
 * Input may end anywhere and output may be full at any octet. No state is
 * needed for the places within a token: nothing is used before all of it is
 * there, and z->bits has room for the longest one. What has to be remembered is the phase:
 *
 *	 BLOCK -+-> STORED_LENGTH --> STORED --------------+-> BLOCK
 *	        |                                          |
 *	        +-> COUNTS --> META_LENGTHS --> LENGTHS    +-> ENDED, if the
 *	        |                                  v       |   block was final
 *	        +------------------------------> TOKENS ---+
 *
 * This file reads the headers of blocks, and stored ones. The tokens are decoded
 * in inflate_tokens.c, and what was before the output is in inflate_window.c.
 */

#include "inflate.h"

#include <string.h>

#include "inflate_bits.h"
#include "inflate_tokens.h"

enum {
	META_INDEX = 7,  /* bits that index that table: as many as can be */
	REPEAT_MAX = 14, /* 3.2.7: a codeword of 7 bits, and 7 extra */
};

/* ---- blocks ---------------------------------------------------------------
 * Each phase has a function. It returns WS_INFLATE_NEXT when its part is done, or the
 * result of ws_inflate_run. Sections are of RFC 1951. */

/* 3.2.3: BFINAL and BTYPE. */
static int
read_block(struct ws_inflate *z, struct ws_inflate_io *io)
{
	static const uint8_t phases[3] = { WS_PHASE_STORED_LENGTH,
		WS_PHASE_TOKENS, WS_PHASE_COUNTS };
	unsigned type;

	if (!ws_bits_have(z, io, 3))
		return WS_INFLATE_MORE;
	z->final = ws_bits_cut(z, 1) == 1;
	type = ws_bits_cut(z, 2);
	if (type == 3)
		return WS_INFLATE_EBLOCK;
	z->fixed = type == 1;
	z->phase = phases[type];
	return WS_INFLATE_NEXT;
}

/* 3.2.4: LEN and NLEN, which begin with an octet. */
static int
read_stored_length(struct ws_inflate *z, struct ws_inflate_io *io)
{
	unsigned length;

	ws_bits_drop(z, z->nbits % 8);
	if (!ws_bits_have(z, io, 32))
		return WS_INFLATE_MORE;
	length = ws_bits_cut(z, 16);
	if ((length ^ ws_bits_cut(z, 16)) != 0xffff)
		return WS_INFLATE_ESTORED;
	z->length = (uint16_t)length;
	z->phase = WS_PHASE_STORED;
	return WS_INFLATE_NEXT;
}

/* 3.2.4: copy the octets of a stored block, first those taken already. */
static int
copy_stored(struct ws_inflate *z, struct ws_inflate_io *io)
{
	size_t room = io->out_max - io->out_octets;
	size_t n = z->length < room ? z->length : room;

	for (; n > 0 && z->nbits > 0; n--, z->length--)
		io->out[io->out_octets++] = (uint8_t)ws_bits_cut(z, 8);
	if (n > io->in_octets)
		n = io->in_octets;
	if (n > 0) {
		z->bits = 0; /* there was input above nbits */
		memcpy(io->out + io->out_octets, io->in, n);
		io->out_octets += n;
		io->in += n;
		io->in_octets -= n;
		z->length = (uint16_t)(z->length - n);
	}
	if (z->length == 0)
		return ws_inflate_end_block(z);
	return io->out_octets == io->out_max ? WS_INFLATE_FULL
					     : WS_INFLATE_MORE;
}

/* 3.2.7: HLIT, HDIST and HCLEN. */
static int
read_counts(struct ws_inflate *z, struct ws_inflate_io *io)
{
	unsigned literals, distances;

	if (!ws_bits_have(z, io, 5 + 5 + 4))
		return WS_INFLATE_MORE;
	literals = ws_bits_cut(z, 5) + 257;
	distances = ws_bits_cut(z, 5) + 1;
	if (literals > WS_ALPHABET_NLITERALS ||
	    distances > WS_ALPHABET_NDISTANCES)
		return WS_INFLATE_ECOUNT;
	z->nliteral = (uint16_t)literals;
	z->nlengths = (uint16_t)(literals + distances);
	z->nmeta = (uint8_t)(ws_bits_cut(z, 4) + 4);
	z->nth = 0;
	memset(z->lengths, 0, WS_ALPHABET_NMETA);
	z->phase = WS_PHASE_META_LENGTHS;
	return WS_INFLATE_NEXT;
}

/* 3.2.7: read the lengths of the code in which the other lengths are written.
 * Its table stands where that of the distances will be. */
static int
read_meta_lengths(struct ws_inflate *z, struct ws_inflate_io *io)
{
	/* 3.2.7: the rarest lengths are last, and may be left out. */
	static const uint8_t order[WS_ALPHABET_NMETA] = { 16, 17, 18, 0, 8, 7,
		9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	int error;

	for (; z->nth < z->nmeta; z->nth++) {
		if (!ws_bits_have(z, io, 3))
			return WS_INFLATE_MORE;
		z->lengths[order[z->nth]] = (uint8_t)ws_bits_cut(z, 3);
	}
	z->distance_bits = META_INDEX;
	error = ws_table_build(z->distances, &z->distance_bits,
	    WS_ALPHABET_META, z->lengths, WS_ALPHABET_NMETA);
	z->nth = 0;
	z->phase = WS_PHASE_LENGTHS;
	return error != 0 ? error : WS_INFLATE_NEXT;
}

/* 3.2.7: read one word in that code: a length, or a run of equal lengths. */
static int
read_length(struct ws_inflate *z, struct ws_inflate_io *io)
{
	uint8_t length = 0;
	uint32_t entry;
	unsigned run;

	(void)ws_bits_have(z, io, REPEAT_MAX);
	entry = ws_table_find(z->distances, z->distance_bits, z->bits);
	if (z->nbits < ws_entry_all(entry))
		return WS_INFLATE_MORE;
	if (entry & WS_ENTRY_LITERAL) {
		z->lengths[z->nth++] = (uint8_t)ws_entry_literal(entry);
		ws_bits_drop(z, ws_entry_all(entry));
		return WS_INFLATE_NEXT;
	}
	if ((entry & WS_ENTRY_PREVIOUS) && z->nth == 0)
		return WS_INFLATE_EREPEAT;
	if (entry & WS_ENTRY_PREVIOUS)
		length = z->lengths[z->nth - 1];
	run = ws_entry_value(entry, z->bits);
	if (run > (unsigned)(z->nlengths - z->nth))
		return WS_INFLATE_EOVERRUN;
	memset(z->lengths + z->nth, length, run);
	z->nth = (uint16_t)(z->nth + run);
	ws_bits_drop(z, ws_entry_all(entry));
	return WS_INFLATE_NEXT;
}

/* 3.2.7: read the lengths of both halves of the code, then make their tables.
 * The lengths are one row: a run may begin in one half and end in the other. */
static int
read_lengths(struct ws_inflate *z, struct ws_inflate_io *io)
{
	const uint8_t *distances = z->lengths + z->nliteral;
	int result;

	while (z->nth < z->nlengths) {
		result = read_length(z, io);
		if (result != WS_INFLATE_NEXT)
			return result;
	}
	if (z->lengths[WS_ALPHABET_END_OF_BLOCK] == 0)
		return WS_INFLATE_EENDLESS;
	z->literal_bits = WS_INFLATE_LITERAL_INDEX;
	z->distance_bits = WS_INFLATE_DISTANCE_INDEX;
	result = ws_table_build(z->literals, &z->literal_bits,
	    WS_ALPHABET_LITERALS, z->lengths, z->nliteral);
	if (result == 0)
		result = ws_table_build(z->distances, &z->distance_bits,
		    WS_ALPHABET_DISTANCES, distances,
		    (unsigned)(z->nlengths - z->nliteral));
	z->phase = WS_PHASE_TOKENS;
	return result != 0 ? result : WS_INFLATE_NEXT;
}

/* Give back the whole octets that were taken since the input was at first.
 * Octets of earlier calls stay: they begin something that is incomplete. */
static void
give_back(struct ws_inflate *z, struct ws_inflate_io *io, const uint8_t *first)
{
	for (; z->nbits >= 8 && io->in != first; z->nbits -= 8) {
		io->in--;
		io->in_octets++;
	}
	z->bits = ws_low_bits(z->bits, z->nbits);
}

/* ---- interface ----------------------------------------------------------- */

void
ws_inflate_init(struct ws_inflate *z)
{
	uint8_t lengths[WS_ALPHABET_NFIXED_LITERALS];
	uint8_t index_bits = WS_INFLATE_FIXED_LITERAL_INDEX;

	*z = (struct ws_inflate){ .phase = WS_PHASE_ENDED };
	/* 3.2.6: the fixed code. */
	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, 288 - 280);
	(void)ws_table_build(z->fixed_literals, &index_bits,
	    WS_ALPHABET_LITERALS, lengths, WS_ALPHABET_NFIXED_LITERALS);
	memset(lengths, 5, 32);
	index_bits = WS_INFLATE_FIXED_DISTANCE_INDEX;
	(void)ws_table_build(z->fixed_distances, &index_bits,
	    WS_ALPHABET_DISTANCES, lengths, WS_ALPHABET_NFIXED_DISTANCES);
}

void
ws_inflate_begin(struct ws_inflate *z, const struct ws_inflate_window *window)
{
	z->window = window;
	z->bits = 0;
	z->nbits = 0;
	z->phase = WS_PHASE_BLOCK;
	z->error = 0;
	z->length = 0;
}

static int
step(struct ws_inflate *z, struct ws_inflate_io *io)
{
	switch ((enum ws_inflate_phase)z->phase) {
	case WS_PHASE_BLOCK:
		return read_block(z, io);
	case WS_PHASE_STORED_LENGTH:
		return read_stored_length(z, io);
	case WS_PHASE_STORED:
		return copy_stored(z, io);
	case WS_PHASE_COUNTS:
		return read_counts(z, io);
	case WS_PHASE_META_LENGTHS:
		return read_meta_lengths(z, io);
	case WS_PHASE_LENGTHS:
		return read_lengths(z, io);
	case WS_PHASE_TOKENS:
		return ws_inflate_tokens(z, io);
	case WS_PHASE_ENDED:
		break;
	}
	return WS_INFLATE_END;
}

int
ws_inflate_run(struct ws_inflate *z, struct ws_inflate_io *io)
{
	const uint8_t *first = io->in;
	int result;

	if (z->error != 0)
		return z->error;
	do
		result = step(z, io);
	while (result == WS_INFLATE_NEXT);
	if (result > 0)
		give_back(z, io, first);
	if (result < 0)
		z->error = (int8_t)result;
	return result;
}

bool
ws_inflate_is_flushed(const struct ws_inflate *z)
{
	return z->phase == WS_PHASE_BLOCK && z->nbits == 0 && z->error == 0;
}

const char *
ws_inflate_error_text(int error)
{
	static const char *const texts[] = {
		"no error",
		[-WS_INFLATE_EBLOCK] = "a block has the reserved type",
		[-WS_INFLATE_ESTORED] =
		    "the length of a stored block contradicts itself",
		[-WS_INFLATE_ECOUNT] = "a code has more symbols than there are",
		[-WS_INFLATE_EREPEAT] =
		    "a length is repeated before there is any",
		[-WS_INFLATE_EOVERRUN] =
		    "a length is repeated beyond the last symbol",
		[-WS_INFLATE_EENDLESS] =
		    "a code has no codeword for the end of the block",
		[-WS_INFLATE_EOVER] = "a code has too many codewords",
		[-WS_INFLATE_EUNDER] = "a code has too few codewords",
		[-WS_INFLATE_ELITERAL] =
		    "a codeword is neither literal nor length",
		[-WS_INFLATE_EDISTANCE] = "a codeword is no distance",
		[-WS_INFLATE_EFAR] = "a match begins before the window",
	};

	return error <= 0 && error >= WS_INFLATE_EFAR ? texts[-error]
						      : texts[0];
}
