/* number.c - numbers as JavaScript reads and writes them (ECMA-262). */
/* SPDX-License-Identifier: MIT */

/*
 * The C library converts correctly both ways, too, but not in our notation: it
 * writes more or less digits than are needed, and in some locales a comma. Nor
 * is it small. Here numbers are taken apart and put together; decimal.c knows
 * which digits are which double.
 *
 *	 text           digits   exponent
 *	 -12.50e3        1250        1
 *	 0.00072           72       -5
 *
 * Reading: no double and no middle between two has more than 767 digits that
 * count, so what is behind SIO_DECIMAL_DIGITS matters only by being there or
 * not.
 *
 * Writing: the shortest digits that read as the same double. 15 digits are
 * enough for a decimal fraction that somebody typed, 17 for every double. The
 * tiny numbers below DBL_MIN have fewer: as many as make 323 places. No two
 * decimals of so many digits are the same double, so no fewer need be tried:
 * what is shorter has zeros at the end. Where a number is a power of two, the
 * next double below is nearer than the next above, and the digits above it may
 * do where the nearest ones do not.
 *
 * How digits become text is section 6.1.6.1.20 of ECMA-262 (Number::toString):
 *
 *	 digits 15, point at   -7     -5        0     1     2    4      23
 *	                   1.5e-8  0.0000015  0.15   1.5   15   1500  1.5e+22
 *
 * That is what %f of printf writes if it is told how many places there are;
 * and at both ends, but for a zero in the exponent, what %e does.
 */

#include "number.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "decimal.h"

enum {
	/* 10^-323 is more than 2^-1074, by which tiny numbers differ. */
	TINY_PLACES = 323,
};

/* ---- reading ----------------------------------------------------------- */

/* Add a digit that stands before or behind the decimal point. */
static void
add_digit(struct sio_decimal *decimal, char digit, bool fraction)
{
	if (decimal->count == 0 && digit == '0') {
		decimal->exponent -= fraction;
		return;
	}
	if (decimal->count < SIO_DECIMAL_DIGITS) {
		decimal->digits[decimal->count++] = digit;
		decimal->exponent -= fraction;
		return;
	}
	decimal->exponent += !fraction;
	if (digit == '0')
		return;
	/* A 1 behind the last is as good as all that is there. */
	if (decimal->count == SIO_DECIMAL_DIGITS) {
		decimal->digits[decimal->count++] = '1';
		decimal->exponent--;
	}
}

/* Take a JSON number apart, behind its sign. */
static void
take_apart(const char *p, const char *end, struct sio_decimal *decimal)
{
	bool fraction = false, negative = false;
	int64_t exponent = 0;

	decimal->count = 0;
	decimal->exponent = 0;
	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.')
			fraction = true;
		else
			add_digit(decimal, *p, fraction);
	}
	for (; p < end; p++) {
		negative |= *p == '-';
		if (*p >= '0' && *p <= '9' && exponent < INT32_MAX)
			exponent = exponent * 10 + (*p - '0');
	}
	decimal->exponent += negative ? -exponent : exponent;
}

double
sio_number_read(const char *text, size_t len)
{
	struct sio_decimal decimal;
	bool negative = len > 0 && text[0] == '-';
	double value;

	take_apart(text + negative, text + len, &decimal);
	value = sio_decimal_value(&decimal);
	return negative ? -value : value;
}

/* The digits and, behind them, as many zeros as the exponent says. */
static bool
multiply_out(const struct sio_decimal *decimal, uint64_t *out)
{
	*out = 0;
	if (decimal->count == 0)
		return true;
	/* Of 19 digits each is a uint64_t. */
	if (decimal->exponent < 0 || decimal->exponent > 19 ||
	    decimal->count + decimal->exponent > 19)
		return false;
	for (int i = 0; i < decimal->count; i++)
		*out = *out * 10 + (uint64_t)(decimal->digits[i] - '0');
	for (int64_t i = 0; i < decimal->exponent; i++)
		*out *= 10;
	return true;
}

bool
sio_number_integer(const char *text, size_t len, int64_t *out)
{
	struct sio_decimal decimal;
	bool negative = len > 0 && text[0] == '-';
	uint64_t magnitude;

	take_apart(text + negative, text + len, &decimal);
	sio_decimal_trim(&decimal);
	if (!multiply_out(&decimal, &magnitude))
		return false;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	/* -INT64_MIN is no int64_t. */
	if (negative && magnitude > 0)
		*out = -(int64_t)(magnitude - 1) - 1;
	else
		*out = (int64_t)magnitude;
	return true;
}

/* ---- layout ------------------------------------------------------------ */

/* How many digits are in front of the point; or, negative, how many zeros are
 * behind it. Of 0 one is in front. */
static int
point_of(const struct sio_decimal *decimal)
{
	if (decimal->count == 0)
		return 1;
	return (int)(decimal->count + decimal->exponent);
}

/* Write the digits from one to another, and zeros where there are none. */
static char *
write_digits(char *at, const struct sio_decimal *decimal, int from, int to)
{
	for (; from < to; from++)
		*at++ = from >= 0 && from < decimal->count
			    ? decimal->digits[from]
			    : '0';
	return at;
}

/* Write a number without exponent, with so many digits behind the point. */
static char *
write_fixed(char *at, const struct sio_decimal *decimal, int places)
{
	int point = point_of(decimal);

	at = write_digits(at, decimal, point < 1 ? point - 1 : 0, point);
	if (places <= 0)
		return at;
	*at++ = '.';
	return write_digits(at, decimal, point, point + places);
}

/* Write a number with an exponent, which has so many digits or more. */
static char *
write_scientific(
    char *at, const struct sio_decimal *decimal, int places, int width)
{
	int exponent = point_of(decimal) - 1;
	int magnitude = exponent < 0 ? -exponent : exponent;

	at = write_digits(at, decimal, 0, 1);
	if (places > 0) {
		*at++ = '.';
		at = write_digits(at, decimal, 1, 1 + places);
	}
	*at++ = 'e';
	*at++ = exponent < 0 ? '-' : '+';
	if (magnitude >= 100)
		*at++ = (char)('0' + magnitude / 100);
	if (magnitude >= 10 || width > 1)
		*at++ = (char)('0' + magnitude / 10 % 10);
	*at++ = (char)('0' + magnitude % 10);
	return at;
}

/* ---- writing ----------------------------------------------------------- */

/* Find the shortest digits of a positive number. */
static void
shorten(double value, struct sio_decimal *out)
{
	struct sio_decimal exact;
	int count;

	sio_decimal_set(&exact, value, DBL_DECIMAL_DIG + 1);
	count = point_of(&exact) + TINY_PLACES;
	if (count < 1)
		count = 1;
	if (count > DBL_DIG)
		count = DBL_DIG;
	for (;; count++) {
		sio_decimal_round(&exact, count, out);
		if (count == DBL_DECIMAL_DIG || sio_decimal_value(out) == value)
			break;
		sio_decimal_increment(out);
		if (sio_decimal_value(out) == value)
			break;
	}
	sio_decimal_trim(out);
}

size_t
sio_number_write(double value, char out[SIO_NUMBER_MAX])
{
	struct sio_decimal decimal;
	char *at = out;
	int point;

	if (!isfinite(value)) {
		memcpy(out, "null", 4);
		return 4;
	}
	/* Of minus zero JavaScript writes no sign. */
	if (value < 0)
		*at++ = '-';
	shorten(fabs(value), &decimal);
	point = point_of(&decimal);
	if (point > 21 || point < -5)
		at = write_scientific(at, &decimal, decimal.count - 1, 1);
	else
		at = write_fixed(at, &decimal, decimal.count - point);
	return (size_t)(at - out);
}

size_t
sio_number_print(
    double value, char letter, int precision, char out[SIO_NUMBER_PRINT_MAX])
{
	struct sio_decimal exact, decimal;
	char *at = out;
	int point, keep;

	if (signbit(value))
		*at++ = '-';
	sio_decimal_set(&exact, fabs(value), SIO_DECIMAL_DIGITS);
	keep = precision + 1;
	if (letter == 'f')
		keep = precision + point_of(&exact);
	else if (letter == 'g')
		keep = precision > 0 ? precision : 1;
	sio_decimal_round(&exact, keep, &decimal);
	if (letter == 'g') {
		/* C11 7.21.6.1: the one or the other, without zeros. */
		sio_decimal_trim(&decimal);
		point = point_of(&decimal);
		letter = point < -3 || point > keep ? 'e' : 'f';
		precision = decimal.count - (letter == 'f' ? point : 1);
	}
	if (letter == 'f')
		at = write_fixed(at, &decimal, precision);
	else
		at = write_scientific(at, &decimal, precision, 2);
	return (size_t)(at - out);
}
