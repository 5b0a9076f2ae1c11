/* deflate_block.c - which kind a block is, and writing it (RFC 1951, 3.2). */
/* SPDX-License-Identifier: MIT */

/* A block is what a decoder reads with one code. Its first bit says whether it
 * is the last one, the next two of which kind it is:
 *
 *	stored    |f|00| to the next octet | LEN | ~LEN | LEN octets |
 *	fixed     |f|01| symbols, in codes that everybody knows | end |
 *	dynamic   |f|10| the lengths of its own codes | symbols | end |
 *
 * The size of all three is computed, which is a matter of counting, and the
 * smallest is written. That bounds the growth of random octets: each block adds
 * the header of a stored one.
 *
 * The header of a dynamic block is compressed itself. The lengths of the codes
 * of literals and lengths, then of distances, are one sequence, in which
 *
 *	0 to 15  is a length
 *	16       the length before it 3 to 6 times more: 2 extra bits
 *	17       0, 3 to 10 times                        3 extra bits
 *	18       0, 11 to 138 times                      7 extra bits
 *
 * and these 19 symbols have a Huffman code, too, of which the lengths, 3 bits
 * each, come first; in an order that leaves the unlikely ones at the end, where
 * they can be cut off.
 *
 *	HLIT  HDIST  HCLEN  lengths of the 19  lengths of the others
 *	 5      5      4       4 to 19 x 3       in codes of the 19 */

#include "base/bytes.h"
#include "deflate_state.h"

enum kind {
	STORED, /* BTYPE, RFC 1951 section 3.2.3 */
	FIXED,
	DYNAMIC,
};

enum {
	ITEMS = 19, /* symbols of the header, RFC 1951 section 3.2.7 */
	REPEAT = 16,
	ZEROS = 17,
	MANY_ZEROS = 18,

	LENGTHS_MAX = WS_DEFLATE_LITLENS + WS_DEFLATE_DISTANCES,
	LITLENS_MIN = 257, /* what HLIT, HDIST and HCLEN are counted from */
	DISTANCES_MIN = 1,
	ITEMS_MIN = 4,

	BITS_MAX = 15,     /* of a code */
	ITEM_BITS_MAX = 7, /* of a code in the header: 3 bits tell */
};

static const uint8_t item_order[ITEMS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11,
	4, 12, 3, 13, 2, 14, 1, 15 };

/* The header of a dynamic block. */
struct header {
	/* Of the codes of literals and lengths, then those of distances. */
	unsigned litlens, distances;
	uint8_t lengths[LENGTHS_MAX];

	/* The same as items, and the lengths of the codes of these. */
	unsigned count;
	uint8_t items[LENGTHS_MAX];
	uint8_t extra[LENGTHS_MAX];
	uint16_t item_uses[ITEMS];
	uint8_t item_lengths[ITEMS];
	unsigned item_count; /* of item_order */
};

/* ---- bits ------------------------------------------------------------------
 * The first bit that is written is the lowest of its octet (RFC 1951 section
 * 3.1.1), so bits are shifted in above those that wait. */

/* Write bits, 56 at most between two calls of carry. */
static inline void
put(struct ws_deflate_writer *w, uint64_t bits, unsigned count)
{
	w->bits |= bits << w->count;
	w->count += count;
}

/* Move whole octets out. 8 are stored, while there is room. */
static inline void
carry(struct ws_deflate_writer *w)
{
	size_t octets = w->count / 8, room = (size_t)(w->end - w->out);

	if (room >= 8)
		ws_store64_le(w->out, w->bits);
	else {
		w->is_full = w->is_full || octets > room;
		octets = octets < room ? octets : room;
		for (size_t i = 0; i < octets; i++)
			w->out[i] = (uint8_t)(w->bits >> 8 * i);
	}
	w->out += octets;
	w->bits >>= w->count & ~7u;
	w->count &= 7;
}

static inline void
put_code(struct ws_deflate_writer *w, struct ws_deflate_code code)
{
	put(w, code.bits, code.count);
}

/* Fill the last octet. */
static void
pad(struct ws_deflate_writer *w)
{
	put(w, 0, -w->count & 7);
	carry(w);
}

/* Write the rest of a stored block. RFC 1951 section 3.2.4. */
static void
put_stored(struct ws_deflate_writer *w, const uint8_t *octets, uint32_t count)
{
	pad(w);
	put(w, count | (count ^ 0xffff) << 16, 32);
	carry(w);
	if (count > (size_t)(w->end - w->out))
		w->is_full = true;
	else if (count > 0) {
		memcpy(w->out, octets, count);
		w->out += count;
	}
}

/* ---- the header of a dynamic block --------------------------------------- */

static const uint8_t item_extra[ITEMS] = {
	[REPEAT] = 2, /* bits */
	[ZEROS] = 3,
	[MANY_ZEROS] = 7,
};

static void
add_item(struct header *h, unsigned item, unsigned extra)
{
	h->items[h->count] = (uint8_t)item;
	h->extra[h->count] = (uint8_t)extra;
	h->count++;
	h->item_uses[item]++;
}

/* Add a length that occurs `run` times in a row. */
static void
add_run(struct header *h, unsigned length, unsigned run)
{
	unsigned most = length == 0 ? 138 : 6;

	if (length > 0) {
		add_item(h, length, 0); /* what REPEAT repeats */
		run--;
	}
	while (run >= 3) {
		unsigned n = run < most ? run : most;

		if (length > 0)
			add_item(h, REPEAT, n - 3);
		else if (n <= 10)
			add_item(h, ZEROS, n - 3);
		else
			add_item(h, MANY_ZEROS, n - 11);
		run -= n;
	}
	for (; run > 0; run--)
		add_item(h, length, 0);
}

/* Count the lengths up to the last that is not 0, min at least. */
static unsigned
used(const uint8_t *lengths, unsigned count, unsigned min)
{
	while (count > min && lengths[count - 1] == 0)
		count--;
	return count;
}

/* Turn lengths into items. Both kinds are one sequence: a run may go from the
 * one to the other. */
static void
add_lengths(struct header *h)
{
	unsigned count = h->litlens + h->distances;

	h->count = 0;
	memset(h->item_uses, 0, sizeof(h->item_uses));
	for (unsigned i = 0, run; i < count; i += run) {
		run = 1;
		while (i + run < count && h->lengths[i + run] == h->lengths[i])
			run++;
		add_run(h, h->lengths[i], run);
	}
}

/* Make codes for the block, and a header that describes them. Returns the bits
 * that the symbols and the header take. */
static uint32_t
make_header(const struct ws_deflate *d, struct header *h)
{
	uint8_t *distances = h->lengths + WS_DEFLATE_LITLENS;
	uint32_t bits = ws_deflate_code_lengths(
	    d->litlen_uses, WS_DEFLATE_LITLENS, BITS_MAX, h->lengths);

	bits += ws_deflate_code_lengths(
	    d->distance_uses, WS_DEFLATE_DISTANCES, BITS_MAX, distances);
	h->litlens = used(h->lengths, WS_DEFLATE_LITLENS, LITLENS_MIN);
	h->distances = used(distances, WS_DEFLATE_DISTANCES, DISTANCES_MIN);
	memmove(h->lengths + h->litlens, distances, h->distances);
	add_lengths(h);
	bits += ws_deflate_code_lengths(
	    h->item_uses, ITEMS, ITEM_BITS_MAX, h->item_lengths);
	for (unsigned i = REPEAT; i < ITEMS; i++)
		bits += h->item_uses[i] * item_extra[i];
	h->item_count = ITEMS;
	while (h->item_count > ITEMS_MIN &&
	       h->item_lengths[item_order[h->item_count - 1]] == 0)
		h->item_count--;
	return bits + 5 + 5 + 4 + 3 * h->item_count;
}

/* RFC 1951 section 3.2.7. */
static void
put_header(struct ws_deflate_writer *w, const struct header *h)
{
	struct ws_deflate_code codes[ITEMS];

	ws_deflate_code_bits(h->item_lengths, ITEMS, codes);
	put(w, h->litlens - LITLENS_MIN, 5);
	put(w, h->distances - DISTANCES_MIN, 5);
	put(w, h->item_count - ITEMS_MIN, 4);
	for (unsigned i = 0; i < h->item_count; i++) {
		carry(w);
		put(w, h->item_lengths[item_order[i]], 3);
	}
	for (unsigned i = 0; i < h->count; i++) {
		carry(w);
		put_code(w, codes[h->items[i]]);
		put(w, h->extra[i], item_extra[h->items[i]]);
	}
	carry(w);
}

/* ---- which kind ---------------------------------------------------------- */

/* Count the bits of all symbols in the fixed codes (RFC 1951 section 3.2.6):
 * 8 bits each, but for literals from 144 on, which have 9, for the end and
 * lengths up to slot 22, which have 7, and 5 for each distance. */
static uint32_t
price_fixed(const struct ws_deflate *d)
{
	uint32_t bits = 8 * (d->symbol_count + 1);

	for (unsigned i = 144; i < WS_DEFLATE_END; i++)
		bits += d->litlen_uses[i];
	for (unsigned i = WS_DEFLATE_END; i < 280; i++)
		bits -= d->litlen_uses[i];
	for (unsigned i = 0; i < WS_DEFLATE_DISTANCES; i++)
		bits += 5u * d->distance_uses[i];
	return bits;
}

/* Count the extra bits of lengths and distances, which are the same in any
 * code. RFC 1951 section 3.2.5. */
static uint32_t
price_extra(const struct ws_deflate *d)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < WS_DEFLATE_LITLENS - WS_DEFLATE_LENGTHS; i++)
		bits += d->litlen_uses[WS_DEFLATE_LENGTHS + i] *
			ws_deflate_length_extra(i);
	for (unsigned i = 0; i < WS_DEFLATE_DISTANCES; i++)
		bits += d->distance_uses[i] * ws_deflate_distance_extra(i);
	return bits;
}

/* Choose the cheapest kind.
 *   bits  before the block in its first octet
 *   h     the header of a dynamic block, whether it is one or not */
static enum kind
choose(const struct ws_deflate *d, unsigned bits, struct header *h)
{
	uint32_t stored = ((d->at - d->block) + 4) * 8 + (-(bits + 3) & 7);
	uint32_t extra = price_extra(d);
	uint32_t fixed = extra + price_fixed(d);
	uint32_t dynamic = extra + make_header(d, h);

	if (stored <= fixed && stored <= dynamic)
		return STORED;
	return fixed <= dynamic ? FIXED : DYNAMIC;
}

/* ---- the content --------------------------------------------------------- */

/* Write a length and a distance, 48 bits at most. RFC 1951 section 3.2.5. */
static inline void
put_match(struct ws_deflate_writer *w, const struct ws_deflate_code *litlen,
    const struct ws_deflate_code *distances, uint32_t symbol)
{
	unsigned length = symbol & 0xffff, distance = symbol >> 16;
	unsigned slot = ws_deflate_length_slot(length);
	unsigned extra = ws_deflate_length_extra(slot);

	put_code(w, litlen[WS_DEFLATE_LENGTHS + slot]);
	put(w, (length - 3) & ((1u << extra) - 1), extra);
	slot = ws_deflate_distance_slot(distance);
	extra = ws_deflate_distance_extra(slot);
	put_code(w, distances[slot]);
	put(w, (distance - 1) & ((1u << extra) - 1), extra);
}

/* Write the symbols of a block, then its end. */
static void
put_symbols(struct ws_deflate_writer *to, const struct ws_deflate *d,
    const struct ws_deflate_code *litlen,
    const struct ws_deflate_code *distances)
{
	struct ws_deflate_writer w = *to; /* which can stay in registers */

	for (uint32_t i = 0; i < d->symbol_count && !w.is_full; i++) {
		uint32_t symbol = d->symbols[i];

		if (symbol >> 16 == 0)
			put_code(&w, litlen[symbol]);
		else
			put_match(&w, litlen, distances, symbol);
		carry(&w);
	}
	put_code(&w, litlen[WS_DEFLATE_END]);
	carry(&w);
	*to = w;
}

void
ws_deflate_write_block(
    struct ws_deflate *d, struct ws_deflate_writer *w, bool is_final)
{
	struct ws_deflate_code litlen[WS_DEFLATE_LITLENS];
	struct ws_deflate_code distances[WS_DEFLATE_DISTANCES];
	struct header h;
	enum kind kind = STORED;

	d->litlen_uses[WS_DEFLATE_END] = 1;
	if (d->effort.depth > 0)
		kind = choose(d, w->count, &h);
	put(w, (unsigned)is_final | (unsigned)kind << 1, 3);
	switch (kind) {
	case STORED:
		put_stored(w, d->buffer + d->block, d->at - d->block);
		break;
	case FIXED:
		put_symbols(w, d, d->fixed_litlen, d->fixed_distance);
		break;
	case DYNAMIC:
		put_header(w, &h);
		ws_deflate_code_bits(h.lengths, h.litlens, litlen);
		ws_deflate_code_bits(
		    h.lengths + h.litlens, h.distances, distances);
		put_symbols(w, d, litlen, distances);
		break;
	}
	ws_deflate_clear_block(d);
}

void
ws_deflate_clear_block(struct ws_deflate *d)
{
	d->block = d->at;
	d->symbol_count = 0;
	memset(d->litlen_uses, 0, sizeof(d->litlen_uses));
	memset(d->distance_uses, 0, sizeof(d->distance_uses));
}

void
ws_deflate_write_end(struct ws_deflate_writer *w, bool is_final)
{
	if (is_final) {
		pad(w);
		return;
	}
	put(w, STORED << 1, 3);
	put_stored(w, NULL, 0);
}

void
ws_deflate_fix_codes(struct ws_deflate *d)
{
	uint8_t lengths[WS_LEN(d->fixed_litlen)];

	memset(lengths, 8, sizeof(lengths));
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	ws_deflate_code_bits(lengths, WS_LEN(d->fixed_litlen), d->fixed_litlen);
	memset(lengths, 5, WS_LEN(d->fixed_distance));
	ws_deflate_code_bits(
	    lengths, WS_LEN(d->fixed_distance), d->fixed_distance);
}
