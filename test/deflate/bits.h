/* bits.h - bit streams as they are written in tables of tests. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_BITS_H
#define TEST_BITS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* DEFLATE streams by hand: a string of words with spaces between them,
 *
 *	 3/5    the number 5 in 3 bits, the low bit first
 *	 =0011  a codeword, bit by bit
 *	 |      nothing, up to the end of the octet
 *	 #f248  octets in hexadecimal, behind the end of an octet
 */
struct bits {
	uint8_t at[512];
	size_t n; /* bits */
};

static inline void
bits_put(struct bits *b, unsigned bit)
{
	if (b->n == 8 * sizeof(b->at))
		abort();
	if (b->n % 8 == 0)
		b->at[b->n / 8] = 0;
	b->at[b->n / 8] |= (uint8_t)(bit << b->n % 8);
	b->n++;
}

static inline void
bits_number(struct bits *b, unsigned long number, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bits_put(b, number >> i & 1);
}

static inline void
bits_align(struct bits *b)
{
	while (b->n % 8 != 0)
		bits_put(b, 0);
}

static inline void
bits_hex(struct bits *b, const char *digits)
{
	for (; digits[0] > ' ' && digits[1] > ' '; digits += 2) {
		char octet[3] = { digits[0], digits[1], '\0' };

		bits_number(b, strtoul(octet, NULL, 16), 8);
	}
}

/* A final block of type 10 with some lengths of codewords, each in 4 bits. */
static inline void
bits_code(struct bits *b, const uint8_t *lengths, unsigned nliteral,
    unsigned ndistance)
{
	bits_number(b, 5, 3);
	bits_number(b, nliteral - 257, 5);
	bits_number(b, ndistance - 1, 5);
	bits_number(b, 15, 4);
	for (unsigned i = 0; i < 19; i++)
		bits_number(b, i < 3 ? 0 : 4, 3);
	for (unsigned i = 0; i < nliteral + ndistance; i++) {
		for (unsigned n = 4; n-- > 0;)
			bits_put(b, lengths[i] >> n & 1);
	}
}

/* One word; it ends at a space or the end. */
static inline void
bits_word(struct bits *b, const char *word)
{
	char *rest;
	unsigned long n;

	if (*word == '|')
		bits_align(b);
	else if (*word == '#')
		bits_hex(b, word + 1);
	else if (*word == '=')
		for (word++; *word == '0' || *word == '1'; word++)
			bits_put(b, *word == '1');
	else {
		n = strtoul(word, &rest, 10);
		if (*rest != '/')
			abort();
		bits_number(b, strtoul(rest + 1, NULL, 10), (unsigned)n);
	}
}

/* Write all words. Returns how many octets they have, the last one filled. */
static inline size_t
bits_write(struct bits *b, const char *words)
{
	b->n = 0;
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (len > 0)
			bits_word(b, words);
		words += len + (words[len] == ' ');
	}
	return (b->n + 7) / 8;
}

#endif
