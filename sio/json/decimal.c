/* decimal.c - doubles as decimal digits, and back, exactly. */
/* SPDX-License-Identifier: MIT */

/*
 * A double is an integer of 53 bits times a power of two. As two divides ten,
 * each is a decimal fraction with an end, though some are long. Here they are
 * written out, in words of nine digits around a point that stays in its place:
 *
 *	           first              POINT              end
 *	             |                  |                 |
 *	 ... (000) 000000012 345678901 . 234567890 125000000 (000) ...
 *
 * There are but two operations, which move the binary point: all words times a
 * power of two, and divided by one. Both are done as on paper, with a carry
 * from word to word.
 *
 * To decimal: the integer is written in front of the point and shifted as its
 * exponent says. Then the digits are there.
 *
 * To binary: the digits are written around the point and shifted until some
 * more than 53 bits are in front of it. The mantissa is the first 53 of them,
 * or fewer for the tiny numbers below DBL_MIN; the others say how it is to be
 * rounded, and whether a half is exactly a half depends on what is behind the
 * point. The exponent is how far they were shifted.
 *
 * Each bit of a division makes one more place, so at some place we cut.
 * What is lost is less than one unit there, and remains so, because floors of
 * divisions nest: (x / a) / b has the floor of x / ab. So as long as a bound
 * has no more places than are kept, a number is on the same side of it before
 * and after the cut, unless it is equal then. That is why it is remembered
 * that there was a cut.
 *
 * Near 1 there are few words and few shifts, which makes that fast. Faster
 * still is a number of at most 15 digits and a small exponent. Then the digits
 * are a double, so is the power of ten, and the one multiplication or division
 * of the two is correctly rounded by IEEE 754 (Clinger, "How to read floating
 * point numbers accurately", 1990); unless the machine computes with more bits
 * than a double has, and rounds twice.
 */

#include "decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(FLT_RADIX == 2 && DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024 &&
		   sizeof(double) == sizeof(uint64_t),
    "a double is a binary64 of IEEE 754");

enum {
	WORD = 1000000000, /* a word is less than that */
	WORD_DIGITS = 9,
	SHIFT_MAX = 32, /* a word times 2^32, and a carry, is an uint64_t */

	/* Digits in front of the point: with more it is infinite. Negative,
	 * they are zeros behind it: with more it is nearer to 0 than to
	 * 2^-1074, which is 4.9e-324. */
	POINT_MAX = 309,
	POINT_MIN = -323,

	/* Words for all digits of these. */
	POINT = POINT_MAX / WORD_DIGITS + 1,
	WORDS = POINT + (SIO_DECIMAL_DIGITS - POINT_MIN) / WORD_DIGITS + 1,

	EXACT_DIGITS = 15, /* any integer of so many is a double */
	EXACT_POWER = 22,  /* and so is ten to this */

	/* What is in front of the point before it is rounded. */
	WHOLE_WORDS = 2,
	WHOLE_MIN = 55, /* bits: those of a mantissa, a half, and the rest */
	WHOLE_MAX = 59, /* bits: 2^59 is less than 10^18 */

	MANTISSA_BITS = DBL_MANT_DIG - 1, /* that are stored */
	EXPONENT_MAX = 0x7ff,             /* that of infinity */
	EXPONENT_BIAS = 1075,             /* of a mantissa that is an integer */
};

/* Whether an operation on doubles is rounded to a double at once. On the x87
 * it is not. C11 5.2.4.2.2. */
static const bool doubles_are_exact =
    FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1;

/* A decimal fraction. */
struct fixed {
	uint32_t words[WORDS]; /* those from first to end; all others are 0 */
	int first, end;
	bool cut; /* there was more behind the end */
};

/* ---- shifting ---------------------------------------------------------- */

/* Forget zeros at the end, unless they are followed by what was cut. */
static void
forget_zeros(struct fixed *f)
{
	while (f->end > f->first && f->words[f->end - 1] == 0 && !f->cut)
		f->end--;
}

/* Multiply by a power of two. The result has at most POINT_MAX digits in front
 * of the point. */
static void
shift_left(struct fixed *f, int bits)
{
	uint64_t carry = 0;
	int i = f->end;

	while (i > f->first || carry > 0) {
		if (--i >= f->first)
			carry += (uint64_t)f->words[i] << bits;
		f->words[i] = (uint32_t)(carry % WORD);
		carry /= WORD;
	}
	f->first = i;
	forget_zeros(f);
}

/* Divide by a power of two, and cut the words from limit on. */
static void
shift_right(struct fixed *f, int bits, int limit)
{
	uint64_t rest = 0;
	int i = f->first;

	for (; i < limit && (i < f->end || rest > 0); i++) {
		rest *= WORD;
		if (i < f->end)
			rest += f->words[i];
		f->words[i] = (uint32_t)(rest >> bits);
		rest &= (UINT64_C(1) << bits) - 1;
	}
	f->cut |= rest > 0 || i < f->end;
	f->end = i;
	while (f->first < f->end && f->words[f->first] == 0)
		f->first++;
}

/* ---- to binary --------------------------------------------------------- */

/* The value of few digits and a small exponent: both are exact, and one
 * operation rounds once. */
static double
convert_exact(const struct sio_decimal *decimal)
{
	int64_t integer = 0, exponent = decimal->exponent;
	double power = 1;

	for (int i = 0; i < decimal->count; i++)
		integer = integer * 10 + (decimal->digits[i] - '0');
	for (; exponent > 0; exponent--)
		power *= 10;
	for (; exponent < 0; exponent++)
		power *= 10;
	if (decimal->exponent < 0)
		return (double)integer / power;
	return (double)integer * power;
}

/* Write digits around the point. */
static void
load(struct fixed *f, const struct sio_decimal *decimal, int point)
{
	int at = POINT * WORD_DIGITS - point, filled = at % WORD_DIGITS;
	uint32_t word = 0;

	f->cut = false;
	f->first = f->end = at / WORD_DIGITS;
	for (int i = 0; i < decimal->count || filled > 0; i++) {
		word *= 10;
		if (i < decimal->count)
			word += (uint32_t)(decimal->digits[i] - '0');
		if (++filled == WORD_DIGITS) {
			f->words[f->end++] = word;
			word = 0;
			filled = 0;
		}
	}
	forget_zeros(f);
}

/* The integer in front of the point. */
static uint64_t
whole(const struct fixed *f)
{
	uint64_t value = 0;

	for (int i = POINT - WHOLE_WORDS; i < POINT; i++) {
		value *= WORD;
		if (i >= f->first && i < f->end)
			value += f->words[i];
	}
	return value;
}

static int
count_bits(uint64_t value)
{
	return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

/* Round an integer times a power of two. The integer has WHOLE_MIN bits, and
 * the last is set if anything follows. */
static double
assemble(uint64_t integer, int exponent)
{
	const uint64_t infinity = (uint64_t)EXPONENT_MAX << MANTISSA_BITS;
	/* What the last bit of the mantissa counts, as it is stored. */
	int unit =
	    exponent + count_bits(integer) - DBL_MANT_DIG + EXPONENT_BIAS;
	int drop;
	uint64_t bits;
	double value;

	/* Below DBL_MIN it counts as much as in that. */
	if (unit < 1)
		unit = 1;
	drop = unit - EXPONENT_BIAS - exponent;
	/* Half a unit; if the mantissa is even, a little less. */
	bits = (UINT64_C(1) << (drop - 1)) - 1 + (integer >> drop & 1);
	bits = (integer + bits) >> drop;
	/* The highest bit of the mantissa is not stored but adds one to the
	 * exponent, and so does the one that rounding up may have made. */
	bits += (uint64_t)(unit - 1) << MANTISSA_BITS;
	if (bits > infinity)
		bits = infinity;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Shift until there are WHOLE_WORDS and WHOLE_MIN bits in front of the point.
 * Returns by how many bits in all, to the right. */
static int
normalize(struct fixed *f)
{
	int shifted = 0, bits;

	/* What is shifted one step too far can be shifted back: the bits of
	 * one step have as many places. */
	while (f->first < POINT - WHOLE_WORDS) {
		shift_right(f, SHIFT_MAX, POINT + SHIFT_MAX / WORD_DIGITS + 1);
		shifted += SHIFT_MAX;
	}
	while ((bits = count_bits(whole(f))) < WHOLE_MIN) {
		bits = WHOLE_MAX - bits;
		if (bits > SHIFT_MAX)
			bits = SHIFT_MAX;
		shift_left(f, bits);
		shifted -= bits;
	}
	return shifted;
}

double
sio_decimal_value(const struct sio_decimal *decimal)
{
	int64_t point = decimal->count + decimal->exponent;
	struct fixed f;
	int exponent;

	if (doubles_are_exact && decimal->count <= EXACT_DIGITS &&
	    decimal->exponent >= -EXACT_POWER &&
	    decimal->exponent <= EXACT_POWER)
		return convert_exact(decimal);
	if (decimal->count == 0 || point < POINT_MIN)
		return 0;
	if (point > POINT_MAX)
		return INFINITY;
	load(&f, decimal, (int)point);
	exponent = normalize(&f);
	return assemble(whole(&f) | (f.end > POINT), exponent);
}

/* ---- to decimal -------------------------------------------------------- */

/* Write an integer of WHOLE_MAX bits or less in front of the point. */
static void
load_integer(struct fixed *f, uint64_t integer)
{
	f->cut = false;
	f->first = f->end = POINT;
	for (; integer > 0; integer /= WORD)
		f->words[--f->first] = (uint32_t)(integer % WORD);
}

/* Take the digits, and a 1 for what is behind enough of them. */
static void
unload(const struct fixed *f, int enough, struct sio_decimal *decimal)
{
	char *digits = decimal->digits;
	int zeros = 0, count = 0, i = f->first;

	/* In the first word there may be zeros in front, but not nine. */
	for (; i < f->end && count < enough + WORD_DIGITS; i++) {
		uint32_t word = f->words[i];

		for (int k = WORD_DIGITS; k-- > 0; word /= 10)
			digits[count + k] = (char)('0' + word % 10);
		count += WORD_DIGITS;
	}
	decimal->exponent = (POINT - i) * WORD_DIGITS;
	if (i < f->end || f->cut) {
		digits[count++] = '1';
		decimal->exponent--;
	}
	while (zeros < count && digits[zeros] == '0')
		zeros++;
	decimal->count = count - zeros;
	memmove(digits, digits + zeros, (size_t)decimal->count);
	sio_decimal_trim(decimal);
}

void
sio_decimal_set(struct sio_decimal *decimal, double value, int enough)
{
	const uint64_t hidden = UINT64_C(1) << MANTISSA_BITS;
	int limit = POINT + (enough - POINT_MIN) / WORD_DIGITS + 1;
	int exponent, bits;
	struct fixed f;
	uint64_t stored;

	memcpy(&stored, &value, sizeof(stored));
	exponent = (int)(stored >> MANTISSA_BITS);
	stored &= hidden - 1;
	if (exponent > 0)
		stored |= hidden;
	else
		exponent = 1; /* below DBL_MIN it is that of DBL_MIN */
	load_integer(&f, stored);
	exponent -= EXPONENT_BIAS;
	for (; exponent > 0; exponent -= bits) {
		bits = exponent < SHIFT_MAX ? exponent : SHIFT_MAX;
		shift_left(&f, bits);
	}
	for (; exponent < 0; exponent += bits) {
		bits = -exponent < SHIFT_MAX ? -exponent : SHIFT_MAX;
		shift_right(&f, bits, limit);
	}
	unload(&f, enough, decimal);
}

/* ---- rounding ---------------------------------------------------------- */

/* Drop all of these at the end. */
static void
drop(struct sio_decimal *decimal, char digit)
{
	while (decimal->count > 0 &&
	       decimal->digits[decimal->count - 1] == digit) {
		decimal->count--;
		decimal->exponent++;
	}
}

void
sio_decimal_trim(struct sio_decimal *decimal)
{
	drop(decimal, '0');
}

void
sio_decimal_increment(struct sio_decimal *decimal)
{
	/* They become zeros, which need not be there. */
	drop(decimal, '9');
	if (decimal->count == 0)
		decimal->digits[decimal->count++] = '0';
	decimal->digits[decimal->count - 1]++;
}

/* Whether a number is nearer to the next one of so many digits, or as near and
 * that one is even. It has more. */
static bool
is_rounded_up(const struct sio_decimal *decimal, int keep)
{
	if (decimal->digits[keep] != '5')
		return decimal->digits[keep] > '5';
	if (decimal->count > keep + 1)
		return true;
	return keep > 0 && (decimal->digits[keep - 1] - '0') % 2 == 1;
}

void
sio_decimal_round(
    const struct sio_decimal *decimal, int keep, struct sio_decimal *out)
{
	int count = keep < decimal->count ? keep : decimal->count;

	out->count = count < 0 ? 0 : count;
	out->exponent = decimal->exponent + decimal->count - count;
	memcpy(out->digits, decimal->digits, (size_t)out->count);
	if (count >= 0 && count < decimal->count &&
	    is_rounded_up(decimal, count))
		sio_decimal_increment(out);
}
