/* number.c - numbers as JavaScript reads and writes them (ECMA-262). */
/* SPDX-License-Identifier: MIT */

/*
 * The C library converts correctly both ways, but not in our notation: it
 * writes more or less digits than are needed, and in some locales a comma.
 * Both is mended by moving the decimal point away before the C library sees
 * the number:
 *
 *	 text           digits   exponent    strtod reads
 *	 -12.50e3        1250        1        -1250e1
 *	 0.00072           72       -5        72e-5
 *
 * Reading: most numbers have at most 15 digits and a small exponent. Then the
 * digits are a double, so is the power of ten, and the one multiplication or
 * division of the two is correctly rounded by IEEE 754 (Clinger, "How to read
 * floating point numbers accurately", 1990); unless the machine computes with
 * more bits than a double has, and rounds twice. All others go to strtod. No
 * double and no middle between two has more than 767 digits that count, so
 * what is behind 800 matters only by being there or not.
 *
 * Writing: the shortest digits that read as the same double. 15 digits are
 * enough for a decimal fraction that somebody typed, 17 for every double. The
 * tiny numbers below DBL_MIN have fewer bits and are tried from one digit on.
 * Where a number is a power of two, the next double below is nearer than the
 * next above, and the digits above it may do where the nearest ones do not.
 *
 * How digits become text is section 6.1.6.1.20 of ECMA-262 (Number::toString):
 *
 *	 digits 15, point at   -7     -5        0     1     2    4      23
 *	                   1.5e-8  0.0000015  0.15   1.5   15   1500  1.5e+22
 */

#include "number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXACT_DIGITS = 15, /* any integer of so many is a double */
	EXACT_POWER = 22,  /* and so is ten to this */
	DIGITS_MAX = 800,
	EXPONENT_MAX = 99999, /* more is as good as infinite */
};

/* Whether an operation on doubles is rounded to a double at once. On the x87
 * it is not. C11 5.2.4.2.2. */
static const bool doubles_are_exact =
    FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1;

/* A number without its sign: the digits, of which the first is not 0, times
 * ten to the exponent. */
struct decimal {
	char digits[DIGITS_MAX + 1]; /* one more stands for all that follow */
	size_t count;
	int64_t exponent;
};

/* ---- reading ----------------------------------------------------------- */

/* Add a digit that stands before or behind the decimal point. */
static void
add_digit(struct decimal *decimal, char digit, bool fraction)
{
	if (decimal->count == 0 && digit == '0') {
		decimal->exponent -= fraction;
		return;
	}
	if (decimal->count < DIGITS_MAX) {
		decimal->digits[decimal->count++] = digit;
		decimal->exponent -= fraction;
		return;
	}
	decimal->exponent += !fraction;
	if (digit == '0')
		return;
	/* A 1 behind the last is as good as all that is there. */
	if (decimal->count == DIGITS_MAX) {
		decimal->digits[decimal->count++] = '1';
		decimal->exponent--;
	}
}

/* Take a JSON number apart, behind its sign. */
static void
take_apart(const char *p, const char *end, struct decimal *decimal)
{
	bool fraction = false, negative = false;
	int64_t exponent = 0;

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

/* The value of few digits and a small exponent: both are exact, and one
 * operation rounds once. */
static double
convert_exact(const struct decimal *decimal)
{
	static const double powers[EXACT_POWER + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4,
		1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
		1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	int64_t integer = 0;

	for (size_t i = 0; i < decimal->count; i++)
		integer = integer * 10 + (decimal->digits[i] - '0');
	if (decimal->exponent < 0)
		return (double)integer / powers[-decimal->exponent];
	return (double)integer * powers[decimal->exponent];
}

static double
convert(const struct decimal *decimal)
{
	char text[DIGITS_MAX + 32];
	int64_t exponent = decimal->exponent;

	if (decimal->count == 0)
		return 0;
	if (doubles_are_exact && decimal->count <= EXACT_DIGITS &&
	    exponent >= -EXACT_POWER && exponent <= EXACT_POWER)
		return convert_exact(decimal);
	/* The exponent alone decides when it is larger than all digits. */
	if (exponent > EXPONENT_MAX)
		exponent = EXPONENT_MAX;
	if (exponent < -EXPONENT_MAX)
		exponent = -EXPONENT_MAX;
	memcpy(text, decimal->digits, decimal->count);
	snprintf(text + decimal->count, sizeof(text) - decimal->count, "e%d",
	    (int)exponent);
	return strtod(text, NULL);
}

double
sio_number_read(const char *text, size_t len)
{
	struct decimal decimal;
	bool negative = len > 0 && text[0] == '-';
	double value;

	decimal.count = 0;
	decimal.exponent = 0;
	take_apart(text + negative, text + len, &decimal);
	value = convert(&decimal);
	return negative ? -value : value;
}

/* Drop the zeros at the end. */
static void
trim_zeros(struct decimal *decimal)
{
	while (
	    decimal->count > 1 && decimal->digits[decimal->count - 1] == '0') {
		decimal->count--;
		decimal->exponent++;
	}
}

/* The digits and, behind them, as many zeros as the exponent says. */
static bool
multiply_out(const struct decimal *decimal, uint64_t *out)
{
	*out = 0;
	if (decimal->count == 0)
		return true;
	/* Of 19 digits each is a uint64_t. */
	if (decimal->exponent < 0 || decimal->exponent > 19 ||
	    decimal->count + (size_t)decimal->exponent > 19)
		return false;
	for (size_t i = 0; i < decimal->count; i++)
		*out = *out * 10 + (uint64_t)(decimal->digits[i] - '0');
	for (int64_t i = 0; i < decimal->exponent; i++)
		*out *= 10;
	return true;
}

bool
sio_number_integer(const char *text, size_t len, int64_t *out)
{
	struct decimal decimal;
	bool negative = len > 0 && text[0] == '-';
	uint64_t magnitude;

	decimal.count = 0;
	decimal.exponent = 0;
	take_apart(text + negative, text + len, &decimal);
	trim_zeros(&decimal);
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

/* ---- writing ----------------------------------------------------------- */

/* Round a positive number to so many digits. */
static void
round_to(double value, int count, struct decimal *decimal)
{
	char text[40];
	const char *p = text;

	snprintf(text, sizeof(text), "%.*e", count - 1, value);
	decimal->count = 0;
	for (; *p != 'e'; p++) {
		/* All but the decimal point, whatever it is. */
		if (*p >= '0' && *p <= '9')
			decimal->digits[decimal->count++] = *p;
	}
	decimal->exponent = strtol(p + 1, NULL, 10) - count + 1;
}

/* Add one to the last digit. */
static void
increment(struct decimal *decimal)
{
	size_t at = decimal->count - 1;

	while (at > 0 && decimal->digits[at] == '9')
		decimal->digits[at--] = '0';
	decimal->digits[at]++;
}

/* Find the shortest digits of a positive number. */
static void
shorten(double value, struct decimal *decimal)
{
	int count = value < DBL_MIN ? 1 : DBL_DIG;

	for (; count < DBL_DECIMAL_DIG; count++) {
		round_to(value, count, decimal);
		if (convert(decimal) == value)
			break;
		increment(decimal);
		if (convert(decimal) == value)
			break;
	}
	if (count == DBL_DECIMAL_DIG)
		round_to(value, count, decimal);
	while (
	    decimal->count > 1 && decimal->digits[decimal->count - 1] == '0') {
		decimal->count--;
		decimal->exponent++;
	}
}

/* Write count times the same character. */
static char *
repeat(char *at, char c, int64_t count)
{
	for (; count > 0; count--)
		*at++ = c;
	return at;
}

static char *
copy(char *at, const char *from, size_t len)
{
	memcpy(at, from, len);
	return at + len;
}

/* As a number with an exponent: the first digit, the others behind a point. */
static char *
write_scientific(char *at, const struct decimal *decimal, int exponent)
{
	*at++ = decimal->digits[0];
	if (decimal->count > 1)
		*at++ = '.';
	at = copy(at, decimal->digits + 1, decimal->count - 1);
	return at + snprintf(at, sizeof("e+308"), "e%+d", exponent);
}

/* Lay digits out by the rules of ECMA-262. Their count is k, and the decimal
 * point belongs behind the first n of them. */
static char *
write_decimal(char *at, const struct decimal *decimal)
{
	int64_t k = (int64_t)decimal->count, n = decimal->exponent + k;

	if (n > 21 || n < -5)
		return write_scientific(at, decimal, (int)n - 1);
	if (n <= 0) {
		at = repeat(copy(at, "0.", 2), '0', -n);
		return copy(at, decimal->digits, decimal->count);
	}
	if (k <= n) {
		at = copy(at, decimal->digits, decimal->count);
		return repeat(at, '0', n - k);
	}
	at = copy(at, decimal->digits, (size_t)n);
	*at++ = '.';
	return copy(at, decimal->digits + n, (size_t)(k - n));
}

size_t
sio_number_write(double value, char out[SIO_NUMBER_MAX])
{
	struct decimal decimal;
	char *at = out;

	if (!isfinite(value))
		return (size_t)(copy(at, "null", 4) - out);
	/* Of minus zero JavaScript writes no sign. */
	if (value == 0)
		return (size_t)(copy(at, "0", 1) - out);
	if (value < 0)
		*at++ = '-';
	shorten(fabs(value), &decimal);
	return (size_t)(write_decimal(at, &decimal) - out);
}
