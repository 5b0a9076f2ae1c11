/* deflate_code.c - Huffman codes of limited length (RFC 1951 section 3.2.2). */
/* SPDX-License-Identifier: MIT */

/* A symbol that occurs often gets a short code. Huffman (1952): take the two
 * rarest, join them in a node that is as frequent as both, and go on until one
 * is left. A symbol's code is as long as its leaf is deep.
 *
 *	       (9)
 *	      0/ \1            uses    depth   code
 *	    d:5  (4)         d   5       1     0
 *	        0/ \1        c   2       2     10
 *	      c:2  (2)       a   1       3     110
 *	          0/ \1      b   1       3     111
 *	        a:1  b:1
 *
 * Once the symbols are sorted, the rarest need not be searched: nodes are made
 * in rising order, too, so the rarest is in front of the leaves or in front of
 * the nodes (van Leeuwen 1976).
 *
 * A code in DEFLATE has 15 bits at most, or 7 in the header of a block. So only
 * the number of codes of each length is taken from the tree, and the longest
 * codes go to the rarest symbols. Walking down from the root, each node turns
 * one leaf of its depth into two that are one deeper:
 *
 *	root: 1 leaf of depth 0 -> 2 of 1;  (4): 1 of 1 -> 2 of 2;  ...
 *
 * A node that is too deep splits the deepest leaf that may be split instead.
 * Either way the sum of 2^-depth over all leaves remains 1, which is just what
 * makes a code complete: nothing is ambiguous and nothing is wasted (Kraft
 * 1949). There is always a leaf to split, as 2^7 leaves are more than the 19
 * symbols there, and 2^15 more than 286. The result is not always the best
 * code under the limit, but close; and a limit of 15 is only met by symbols
 * whose uses grow like the numbers of Fibonacci. */

#include "base/bytes.h"
#include "deflate_state.h"

enum {
	BITS_MAX = 15,
	SYMBOL_BITS = 9, /* of a key: uses << 9 | symbol */
	SYMBOL_MASK = (1 << SYMBOL_BITS) - 1,
};

/* Sort keys, the smallest first: Shell's sort with the gaps of Ciura (2001),
 * short and good enough for 286. */
static void
sort(uint32_t *keys, unsigned count)
{
	static const uint8_t gaps[] = { 132, 57, 23, 10, 4, 1 };

	for (unsigned g = 0; g < WS_LEN(gaps); g++) {
		unsigned gap = gaps[g];

		for (unsigned i = gap; i < count; i++) {
			uint32_t key = keys[i];
			unsigned at = i;

			for (; at >= gap && keys[at - gap] > key; at -= gap)
				keys[at] = keys[at - gap];
			keys[at] = key;
		}
	}
}

/* Keys of the symbols that occur, the rarest first. Returns their number, which
 * is two at least, even if that needs symbols that do not occur: the only code
 * of a tree with one leaf would have no bits, and not all decoders accept what
 * RFC 1951 section 3.2.7 says of that. */
static unsigned
rank(const uint16_t *uses, unsigned count, uint32_t *keys)
{
	unsigned ranked = 0;

	for (unsigned symbol = 0; symbol < count; symbol++) {
		if (uses[symbol] > 0)
			keys[ranked++] =
			    (uint32_t)uses[symbol] << SYMBOL_BITS | symbol;
	}
	for (unsigned symbol = 0; ranked < 2; symbol++) {
		if (uses[symbol] == 0)
			keys[ranked++] = symbol;
	}
	sort(keys, ranked);
	return ranked;
}

/* Build the tree over leaves that are sorted. Nodes are numbered as they are
 * made, the root is the last.
 *   parents  gets the node above each node but the root */
static void
build_tree(const uint32_t *keys, unsigned leaves, uint16_t *parents)
{
	uint32_t uses[WS_DEFLATE_LITLENS]; /* by node */
	unsigned leaf = 0, node = 0;

	for (unsigned made = 0; made < leaves - 1; made++) {
		uses[made] = 0;
		for (int child = 0; child < 2; child++) {
			bool is_leaf =
			    node == made ||
			    (leaf < leaves &&
				keys[leaf] >> SYMBOL_BITS <= uses[node]);

			if (is_leaf) {
				uses[made] += keys[leaf++] >> SYMBOL_BITS;
			} else {
				uses[made] += uses[node];
				parents[node++] = (uint16_t)made;
			}
		}
	}
}

/* Count the leaves of each depth, up to max; see above.
 *   parents  get overwritten with depths */
static void
count_depths(uint16_t *parents, unsigned nodes, unsigned max, uint16_t *leaves)
{
	memset(leaves, 0, (BITS_MAX + 1) * sizeof(*leaves));
	leaves[1] = 2;
	parents[nodes - 1] = 0;
	for (unsigned node = nodes - 1; node-- > 0;) {
		unsigned depth = parents[parents[node]] + 1u;

		parents[node] = (uint16_t)depth;
		if (depth >= max)
			depth = max - 1;
		while (leaves[depth] == 0)
			depth--;
		leaves[depth]--;
		leaves[depth + 1] = (uint16_t)(leaves[depth + 1] + 2);
	}
}

uint32_t
ws_deflate_code_lengths(
    const uint16_t *uses, unsigned count, unsigned max, uint8_t *lengths)
{
	uint32_t keys[WS_DEFLATE_LITLENS];
	uint16_t parents[WS_DEFLATE_LITLENS];
	uint16_t leaves[BITS_MAX + 1];
	unsigned ranked = rank(uses, count, keys);
	const uint32_t *next = keys;
	uint32_t price = 0;

	build_tree(keys, ranked, parents);
	count_depths(parents, ranked - 1, max, leaves);
	memset(lengths, 0, count);
	for (unsigned bits = max; bits > 0; bits--) {
		for (unsigned n = leaves[bits]; n > 0; n--, next++) {
			lengths[*next & SYMBOL_MASK] = (uint8_t)bits;
			price += bits * (*next >> SYMBOL_BITS);
		}
	}
	return price;
}

/* Turn 16 bits around: swap neighbours, then pairs, then fours, then eights. */
static unsigned
reverse(unsigned bits)
{
	bits = (bits & 0x5555) << 1 | (bits & 0xaaaa) >> 1;
	bits = (bits & 0x3333) << 2 | (bits & 0xcccc) >> 2;
	bits = (bits & 0x0f0f) << 4 | (bits & 0xf0f0) >> 4;
	return (bits & 0x00ff) << 8 | (bits & 0xff00) >> 8;
}

/* RFC 1951 section 3.2.2: only the lengths are sent, so both sides must assign
 * the codes in the same way. The codes of one length are consecutive numbers,
 * in the order of their symbols, and the codes of the next length follow. */
void
ws_deflate_code_bits(
    const uint8_t *lengths, unsigned count, struct ws_deflate_code *codes)
{
	uint16_t leaves[BITS_MAX + 1] = { 0 };
	unsigned next[BITS_MAX + 1] = { 0 };

	for (unsigned symbol = 0; symbol < count; symbol++)
		leaves[lengths[symbol]]++;
	leaves[0] = 0;
	for (unsigned bits = 1; bits <= BITS_MAX; bits++)
		next[bits] = (next[bits - 1] + leaves[bits - 1]) << 1;
	for (unsigned symbol = 0; symbol < count; symbol++) {
		unsigned bits = lengths[symbol];

		if (bits == 0)
			continue;
		codes[symbol].bits =
		    (uint16_t)(reverse(next[bits]++) >> (16 - bits));
		codes[symbol].count = (uint16_t)bits;
	}
}
