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
 * needed for the places within a token: z->bits has up to 63 bits, a match has
 * at most 48 (15 + 5 for the length, 15 + 13 for the distance), and nothing is
 * used before all of it is there. What has to be remembered is the phase:
 *
 *	 BLOCK -+-> STORED_LENGTH --> STORED --------------+-> BLOCK
 *	        |                                          |
 *	        +-> COUNTS --> META_LENGTHS --> LENGTHS    +-> ENDED, if the
 *	        |                                  v       |   block was final
 *	        +------------------------------> TOKENS ---+
 *
 * The output itself is the past that matches refer to. Only what was there
 * before its first octet is in a window, and a message without a context needs
 * none.
 *
 * Tokens are decoded by two loops. decode_token is the one to understand: it
 * checks everything. decode_fast does the same while there are enough bits and
 * room for the longest token, and leaves all that is unusual to decode_token.
 */

#include "inflate.h"

#include "base/bytes.h"
#include "inflate_table.h"

enum phase {
	BLOCK,
	STORED_LENGTH,
	STORED,
	COUNTS,
	META_LENGTHS,
	LENGTHS,
	TOKENS,
	ENDED,
};

enum {
	NEXT = 3, /* a step was done: beside enum ws_inflate_result */

	/* Bits that index the tables of other codes. */
	META_INDEX = 7,          /* as many as there can be */
	FIXED_LITERAL_INDEX = 9, /* as many as there are */
	FIXED_DISTANCE_INDEX = 5,

	CODEWORD_MAX = 15, /* bits */
	REPEAT_MAX = 14,   /* 3.2.7: a codeword of 7 bits, and 7 extra */
	TOKEN_MAX = CODEWORD_MAX + 5 + CODEWORD_MAX + 13,

	STRIDE = 8, /* octets that are copied at once */
	/* What decode_fast may write in a turn: a match, up to three literals,
	 * and what is too much of the last stride, or of a short period. */
	FAST_ROOM = 258 + 3 + 2 * STRIDE,
};

/* ---- bits ---------------------------------------------------------------- */

/* Take octets until there are at least 56 bits, or no more input. Above nbits,
 * bits may already have those of the next octet. Returns the rest of the
 * input. */
static inline const uint8_t *
refill(uint64_t *bits, unsigned *nbits, const uint8_t *in, const uint8_t *end)
{
	if (end - in >= 8) {
		unsigned octets = (63 - *nbits) / 8;

		*bits |= ws_load64_le(in) << *nbits;
		*nbits += 8 * octets;
		return in + octets;
	}
	for (; *nbits < 56 && in != end; *nbits += 8)
		*bits |= (uint64_t)*in++ << *nbits;
	return in;
}

/* Provide n bits, at most 56. Returns false if there is not enough input, all
 * of which has been taken then. */
static bool
have(struct ws_inflate *z, struct ws_inflate_io *io, unsigned n)
{
	unsigned nbits = z->nbits;
	const uint8_t *in;

	if (nbits >= n)
		return true;
	if (io->in_octets == 0)
		return false;
	in = refill(&z->bits, &nbits, io->in, io->in + io->in_octets);
	io->in_octets -= (size_t)(in - io->in);
	io->in = in;
	z->nbits = (uint8_t)nbits;
	return nbits >= n;
}

static void
drop(struct ws_inflate *z, unsigned n)
{
	z->bits >>= n;
	z->nbits = (uint8_t)(z->nbits - n);
}

/* Remove the next n bits, which are there, and return them. */
static unsigned
cut(struct ws_inflate *z, unsigned n)
{
	unsigned number = (unsigned)ws_low_bits(z->bits, n);

	drop(z, n);
	return number;
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

/* ---- blocks ---------------------------------------------------------------
 * Each phase has a function. It returns NEXT when its part is done, or the
 * result of ws_inflate_run. Sections are of RFC 1951. */

/* 3.2.3: BFINAL and BTYPE. */
static int
read_block(struct ws_inflate *z, struct ws_inflate_io *io)
{
	static const uint8_t phases[3] = { STORED_LENGTH, TOKENS, COUNTS };
	unsigned type;

	if (!have(z, io, 3))
		return WS_INFLATE_MORE;
	z->final = cut(z, 1) == 1;
	type = cut(z, 2);
	if (type == 3)
		return WS_INFLATE_EBLOCK;
	z->fixed = type == 1;
	z->phase = phases[type];
	return NEXT;
}

static int
end_block(struct ws_inflate *z)
{
	z->phase = z->final ? ENDED : BLOCK;
	return NEXT;
}

/* 3.2.4: LEN and NLEN, which begin with an octet. */
static int
read_stored_length(struct ws_inflate *z, struct ws_inflate_io *io)
{
	unsigned length;

	drop(z, z->nbits % 8);
	if (!have(z, io, 32))
		return WS_INFLATE_MORE;
	length = cut(z, 16);
	if ((length ^ cut(z, 16)) != 0xffff)
		return WS_INFLATE_ESTORED;
	z->length = (uint16_t)length;
	z->phase = STORED;
	return NEXT;
}

/* 3.2.4: copy the octets of a stored block, first those taken already. */
static int
copy_stored(struct ws_inflate *z, struct ws_inflate_io *io)
{
	size_t room = io->out_max - io->out_octets;
	size_t n = z->length < room ? z->length : room;

	for (; n > 0 && z->nbits > 0; n--, z->length--)
		io->out[io->out_octets++] = (uint8_t)cut(z, 8);
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
		return end_block(z);
	return io->out_octets == io->out_max ? WS_INFLATE_FULL
					     : WS_INFLATE_MORE;
}

/* 3.2.7: HLIT, HDIST and HCLEN. */
static int
read_counts(struct ws_inflate *z, struct ws_inflate_io *io)
{
	unsigned literals, distances;

	if (!have(z, io, 5 + 5 + 4))
		return WS_INFLATE_MORE;
	literals = cut(z, 5) + 257;
	distances = cut(z, 5) + 1;
	if (literals > WS_ALPHABET_NLITERALS ||
	    distances > WS_ALPHABET_NDISTANCES)
		return WS_INFLATE_ECOUNT;
	z->nliteral = (uint16_t)literals;
	z->nlengths = (uint16_t)(literals + distances);
	z->nmeta = (uint8_t)(cut(z, 4) + 4);
	z->nth = 0;
	memset(z->lengths, 0, WS_ALPHABET_NMETA);
	z->phase = META_LENGTHS;
	return NEXT;
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
		if (!have(z, io, 3))
			return WS_INFLATE_MORE;
		z->lengths[order[z->nth]] = (uint8_t)cut(z, 3);
	}
	z->distance_bits = META_INDEX;
	error = ws_table_build(z->distances, &z->distance_bits,
	    WS_ALPHABET_META, z->lengths, WS_ALPHABET_NMETA);
	z->nth = 0;
	z->phase = LENGTHS;
	return error != 0 ? error : NEXT;
}

/* 3.2.7: read one word in that code: a length, or a run of equal lengths. */
static int
read_length(struct ws_inflate *z, struct ws_inflate_io *io)
{
	uint8_t length = 0;
	uint32_t entry;
	unsigned run;

	(void)have(z, io, REPEAT_MAX);
	entry = ws_table_find(z->distances, z->distance_bits, z->bits);
	if (z->nbits < ws_entry_all(entry))
		return WS_INFLATE_MORE;
	if (entry & WS_ENTRY_LITERAL) {
		z->lengths[z->nth++] = (uint8_t)ws_entry_literal(entry);
		drop(z, ws_entry_all(entry));
		return NEXT;
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
	drop(z, ws_entry_all(entry));
	return NEXT;
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
		if (result != NEXT)
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
	z->phase = TOKENS;
	return result != 0 ? result : NEXT;
}

/* ---- matches ------------------------------------------------------------- */

/* Whether a match begins within the window and not before all output. */
static inline bool
reaches(const struct ws_inflate_window *window, size_t out_octets,
    unsigned distance)
{
	return distance <= 1u << window->bits &&
	       distance <= out_octets + window->octets;
}

size_t
ws_inflate_past(const struct ws_inflate_window *window, size_t back,
    uint8_t *out, size_t len)
{
	size_t size = (size_t)1 << window->bits;
	size_t from = (window->next - back) & (size - 1);
	size_t n = len < back ? len : back;
	size_t first = n < size - from ? n : size - from;

	memcpy(out, window->at + from, first);
	if (first < n)
		memcpy(out + first, window->at, n - first);
	return n;
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
			FIXED_LITERAL_INDEX, FIXED_DISTANCE_INDEX };
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
	drop(z, used);
	if (!reaches(z->window, io->out_octets, z->distance))
		return WS_INFLATE_EFAR;
	return write_match(z, io) ? NEXT : WS_INFLATE_FULL;
}

/* Decode a literal, a match or the end of the block. */
static int
decode_token(struct ws_inflate *z, struct ws_inflate_io *io, struct tables t)
{
	uint32_t entry;

	(void)have(z, io, TOKEN_MAX);
	entry = ws_table_find(t.literals, t.literal_bits, z->bits);
	if (z->nbits < ws_entry_all(entry))
		return WS_INFLATE_MORE;
	if (entry & WS_ENTRY_INVALID)
		return WS_INFLATE_ELITERAL;
	if ((entry & (WS_ENTRY_LITERAL | WS_ENTRY_END)) == 0)
		return decode_match(z, io, t, entry);
	if ((entry & WS_ENTRY_LITERAL) && io->out_octets == io->out_max)
		return WS_INFLATE_FULL;
	drop(z, ws_entry_all(entry));
	if (entry & WS_ENTRY_END)
		return end_block(z);
	io->out[io->out_octets++] = (uint8_t)ws_entry_literal(entry);
	return NEXT;
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

		in = refill(&bits, &nbits, in, in_end);
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

static int
decode_tokens(struct ws_inflate *z, struct ws_inflate_io *io)
{
	struct tables t = tables_of(z);
	int result;

	if (!write_match(z, io))
		return WS_INFLATE_FULL;
	do {
		if (io->in_octets > 0 && have(z, io, TOKEN_MAX) &&
		    io->out_max - io->out_octets >= FAST_ROOM)
			decode_fast(z, io, t);
		result = decode_token(z, io, t);
	} while (result == NEXT && z->phase == TOKENS);
	return result;
}

/* ---- interface ----------------------------------------------------------- */

void
ws_inflate_init(struct ws_inflate *z)
{
	uint8_t lengths[WS_ALPHABET_NFIXED_LITERALS];
	uint8_t index_bits = FIXED_LITERAL_INDEX;

	*z = (struct ws_inflate){ .phase = ENDED };
	/* 3.2.6: the fixed code. */
	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, 288 - 280);
	(void)ws_table_build(z->fixed_literals, &index_bits,
	    WS_ALPHABET_LITERALS, lengths, WS_ALPHABET_NFIXED_LITERALS);
	memset(lengths, 5, 32);
	index_bits = FIXED_DISTANCE_INDEX;
	(void)ws_table_build(z->fixed_distances, &index_bits,
	    WS_ALPHABET_DISTANCES, lengths, WS_ALPHABET_NFIXED_DISTANCES);
}

void
ws_inflate_begin(struct ws_inflate *z, const struct ws_inflate_window *window)
{
	z->window = window;
	z->bits = 0;
	z->nbits = 0;
	z->phase = BLOCK;
	z->error = 0;
	z->length = 0;
}

static int
step(struct ws_inflate *z, struct ws_inflate_io *io)
{
	switch ((enum phase)z->phase) {
	case BLOCK:
		return read_block(z, io);
	case STORED_LENGTH:
		return read_stored_length(z, io);
	case STORED:
		return copy_stored(z, io);
	case COUNTS:
		return read_counts(z, io);
	case META_LENGTHS:
		return read_meta_lengths(z, io);
	case LENGTHS:
		return read_lengths(z, io);
	case TOKENS:
		return decode_tokens(z, io);
	case ENDED:
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
	while (result == NEXT);
	if (result > 0)
		give_back(z, io, first);
	if (result < 0)
		z->error = (int8_t)result;
	return result;
}

bool
ws_inflate_is_flushed(const struct ws_inflate *z)
{
	return z->phase == BLOCK && z->nbits == 0 && z->error == 0;
}

void
ws_inflate_keep(
    struct ws_inflate_window *window, const uint8_t *data, size_t len)
{
	size_t size = (size_t)1 << window->bits, first;

	if (window->at == NULL || len == 0)
		return;
	if (len > size) {
		data += len - size;
		len = size;
	}
	first = len < size - window->next ? len : size - window->next;
	memcpy(window->at + window->next, data, first);
	memcpy(window->at, data + first, len - first);
	window->next = (uint16_t)((window->next + len) & (size - 1));
	if (len < size - window->octets)
		window->octets = (uint16_t)(window->octets + len);
	else
		window->octets = (uint16_t)size;
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
