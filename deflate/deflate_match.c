/* deflate_match.c - finding what occurred before (RFC 1951 section 4). */
/* SPDX-License-Identifier: MIT */

/* Every place in the buffer is listed under a hash of the four octets that
 * begin there. The last place under each hash is in newest[], and older[] says
 * for each place how far back the one before it under the same hash is:
 *
 *	place    0             7         12
 *	buffer   a b r a c a d a b r a c a b r a
 *	         |<---- 7 ---->|<-- 5 -->|
 *	         |             |         newest[hash("abra")], older[12] = 5
 *	         |             older[7] = 7
 *	         older[0]: whatever was there
 *
 * The search for a match walks down this chain and compares. It ends when the
 * chain leaves the window, or after as many places as the level allows. Nearer
 * places come first, and of two equally long matches the nearer is cheaper.
 *
 * Places are renumbered when the buffer slides, so the lists hold positions:
 * places counted from the creation of the compressor, modulo 2^16. Nothing is
 * ever removed from the lists, neither when the window moves on nor when a
 * message begins that may not refer to earlier ones. An entry is only a hint.
 * An entry that is too old usually is too far away, and the walk ends there. If
 * it is so old that 2^16 makes it look near, comparing the octets reveals it,
 * as it does for two different fours under one hash. Old entries do not add
 * matches, either: every place in reach that begins with these octets is listed
 * itself, before all older ones. So a short message does not pay for clearing
 * tables of several hundred times its size, and its result does not depend on
 * the messages of other peers.
 *
 * Matches of three octets are not searched. DEFLATE has them, but in a code
 * that suits the block three literals are hardly longer, and finding them takes
 * a second hash. Measured with them: JSON 3 percent larger, prose as large, and
 * messages of 256 octets with a context 1 percent smaller; all a tenth slower.
 *
 * A match is not always taken (lazy evaluation, RFC 1951 section 4): if a
 * longer one begins at the next octet, this octet becomes a literal. So there
 * may be one match in hand, `held`, while the next octet is looked at. */

#include "base/bytes.h"
#include "deflate_state.h"

enum {
	FLOOR = 3, /* matches are longer than this */
};

/* The members of struct ws_deflate that change while octets become symbols. A
 * copy, which compilers can keep in registers. */
struct scan {
	uint32_t at, listed;
	uint32_t *symbol; /* where the next one goes */
	struct ws_deflate_match held;
};

static inline uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Count the octets that two places have in common, up to max. The first four
 * are known to be equal. May read 7 octets beyond max. */
static inline uint32_t
common(const uint8_t *a, const uint8_t *b, uint32_t max)
{
	for (uint32_t n = 4; n < max; n += 8) {
		uint64_t differs = ws_load64_le(a + n) ^ ws_load64_le(b + n);

		if (differs != 0)
			return least(n + ws_zero_octets(differs), max);
	}
	return max;
}

/* Knuth's multiplicative hash: the high bits of the product depend on all. */
static inline uint32_t
hash(const struct ws_deflate *d, uint32_t four)
{
	return (four * 0x9e3779b1u) >> d->hash_shift;
}

/* List places from s->listed up to the one before `to`. */
static inline void
list(const struct ws_deflate *d, struct scan *s, uint32_t to)
{
	const uint8_t *buffer = d->buffer;
	uint16_t *newest = d->newest, *older = d->older;
	uint32_t mask = d->span_octets - 1;
	uint32_t position = d->base + s->listed;

	for (; s->listed < to; s->listed++, position++) {
		uint32_t h = hash(d, ws_load32_le(buffer + s->listed));

		older[position & mask] = (uint16_t)(position - newest[h]);
		newest[h] = (uint16_t)position;
	}
}

/* Find the longest match for the octets at a place, which must be listed.
 *   floor  the match must be longer; at least 3 and less than what is left
 *   depth  earlier places to look at */
static inline struct ws_deflate_match
find(const struct ws_deflate *d, uint32_t at, uint32_t floor, unsigned depth)
{
	struct ws_deflate_match best = { 0, 0 };
	const uint8_t *here = d->buffer + at;
	const uint16_t *older = d->older;
	uint32_t mask = d->span_octets - 1;
	uint32_t position = d->base + at;
	uint32_t max = least(d->end - at, WS_DEFLATE_MATCH_MAX);
	uint32_t reach = least(at - d->start, d->window_octets);
	uint32_t distance = older[position & mask];
	uint32_t first = ws_load32_le(here);
	uint32_t last = ws_load32_le(here + floor - 3);

	for (; distance - 1 < reach && depth > 0; depth--) {
		const uint8_t *there = here - distance;
		uint32_t octets;

		distance += older[(position - distance) & mask];
		/* The last of the octets that a longer match must have rules
		 * out most places. */
		if (ws_load32_le(there + floor - 3) != last ||
		    ws_load32_le(there) != first)
			continue;
		octets = common(here, there, max);
		if (octets <= floor)
			continue;
		best.octets = floor = octets;
		best.distance = (uint32_t)(here - there);
		if (octets >= d->effort.nice || octets == max)
			break;
		last = ws_load32_le(here + floor - 3);
	}
	return best;
}

static inline void
take_literal(struct ws_deflate *d, struct scan *s)
{
	uint8_t octet = d->buffer[s->at++];

	*s->symbol++ = octet;
	d->litlen_uses[octet]++;
}

static inline void
take_match(struct ws_deflate *d, struct scan *s, struct ws_deflate_match match)
{
	unsigned slot = ws_deflate_length_slot(match.octets);

	s->at += match.octets;
	*s->symbol++ = match.distance << 16 | match.octets;
	d->litlen_uses[WS_DEFLATE_LENGTHS + slot]++;
	d->distance_uses[ws_deflate_distance_slot(match.distance)]++;
}

/* Decide about one place: s->at, or the next one while a match is held. */
static inline void
step(struct ws_deflate *d, struct scan *s)
{
	struct ws_deflate_match best = { 0, 0 };
	bool is_holding = s->held.octets > 0;
	uint32_t at = s->at + is_holding;
	uint32_t floor = is_holding ? s->held.octets : FLOOR;
	/* With a match in hand, little is to be gained. */
	unsigned depth = (unsigned)d->effort.depth >> (is_holding ? 2 : 0);

	if (d->end - at > floor) {
		list(d, s, at + 1);
		best = find(d, at, floor, depth);
	}
	if (best.octets == 0 && is_holding)
		take_match(d, s, s->held);
	else if (best.octets == 0 || is_holding)
		take_literal(d, s);
	if (best.octets >= d->effort.lazy) {
		take_match(d, s, best);
		best.octets = 0;
	}
	s->held = best;
}

void
ws_deflate_parse(struct ws_deflate *d, bool is_all)
{
	uint32_t enough = is_all ? 1 : WS_DEFLATE_LOOKAHEAD;
	const uint32_t *full = d->symbols + d->symbols_max;
	struct scan s = { d->at, d->listed, d->symbols + d->symbol_count,
		d->held };

	while (s.symbol < full && d->end - s.at >= enough)
		step(d, &s);
	d->at = s.at;
	d->listed = s.listed;
	d->symbol_count = (uint32_t)(s.symbol - d->symbols);
	d->held = s.held;
}
