/* number.c - numbers as JavaScript reads and writes them (ECMA-262). */
/* SPDX-License-Identifier: MIT */

/*
 * The C library converts between digits and doubles, correctly rounded. This
 * file converts between its notation and that of JSON.
 *
 * Reading. The reader in json.c has checked the grammar of RFC 8259 section 6.
 * Here a number becomes an integer times a power of ten, which strtod reads:
 *
 *	 JSON           digits   exponent   for strtod
 *	 -12.50e3          125          2   -0125e2
 *	 0.00072            72         -5   072e-5
 *	 0e7                            0   0e0
 *
 * The text for strtod has no decimal point, so the locale does not matter. Its
 * length is bounded: a double, or the middle between two doubles, has at most
 * 768 significant digits. Behind these, all that can matter is whether another
 * digit is not zero.
 *
 * Writing. JSON.stringify writes the shortest digits that read as the same
 * double. 15 digits are enough for a decimal fraction that somebody typed, 17
 * for every double, so the digits are found by trying 15, 16 and 17, as here
 * for 0.1 + 0.2:
 *
 *	 3.00000000000000e-01     reads as 0.3
 *	 3.000000000000000e-01    reads as 0.3
 *	 3.0000000000000004e-01   reads as 0.1 + 0.2; written 0.30000000000000004
 *
 * Fewer than 15 digits need no try of their own: two decimals of 15 digits are
 * never the same double, so what is shorter is found with zeros at the end.
 * The tiny numbers below DBL_MIN have less precision, and are tried from one
 * digit on.
 *
 * Number::toString of ECMA-262 section 6.1.6.1.20 places the decimal point in
 * the digits:
 *
 *	 digits 15, point at   -7     -5        0     1     2    4      23
 *	                   1.5e-8  0.0000015  0.15   1.5   15   1500  1.5e+22
 *
 * The locale. Only printf writes a decimal point here, and only
 * sio_number_print calls it for a double. It puts '.' in the place of whatever
 * the locale has.
 */

#include "number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"

enum {
	DIGITS_MAX = 800,         /* significant ones; 768 can matter */
	INTEGER_DIGITS = 19,      /* of 2^63; more are no int64_t */
	EXPONENT_MAX = INT32_MAX, /* above the length of any text */
};

/* A number that is digits times ten to the exponent, without zeros at either
 * end of the digits. Zero has none, and exponent 0. */
struct decimal {
	bool negative;
	int count;
	int64_t exponent;
	char digits[DIGITS_MAX]; /* '0' to '9'; no NUL */
};

/* ---- reading ----------------------------------------------------------- */

/* Add a digit that stands before the decimal point, or behind it. */
static void
add_digit(struct decimal *d, char digit, bool fraction)
{
	d->exponent -= fraction;
	if (d->count == 0 && digit == '0')
		return;
	if (d->count < DIGITS_MAX) {
		d->digits[d->count++] = digit;
		return;
	}
	d->exponent++;
	/* That there is more is all that can matter. */
	if (digit != '0' && d->digits[DIGITS_MAX - 1] == '0')
		d->digits[DIGITS_MAX - 1] = '1';
}

/* Read the exponent from its 'e' on, or 0 at the end of the number. */
static int64_t
read_exponent(const char *p, const char *end)
{
	uint64_t value;
	bool negative;

	if (p == end)
		return 0;
	negative = *++p == '-';
	p += negative || *p == '+';
	ws_digits_read(p, (size_t)(end - p), &value);
	if (value > EXPONENT_MAX)
		value = EXPONENT_MAX;
	return negative ? -(int64_t)value : (int64_t)value;
}

/* Take a JSON number apart. */
static void
take_apart(const char *text, size_t len, struct decimal *d)
{
	const char *p = text, *end = text + len;
	bool fraction = false;

	d->negative = p < end && *p == '-';
	d->count = 0;
	d->exponent = 0;
	for (p += d->negative; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.')
			fraction = true;
		else
			add_digit(d, *p, fraction);
	}
	d->exponent += read_exponent(p, end);
	for (; d->count > 0 && d->digits[d->count - 1] == '0'; d->count--)
		d->exponent++;
	if (d->count == 0)
		d->exponent = 0;
}

/* The double that digits times ten to the exponent are nearest to. */
static double
value_of(const char *digits, size_t count, int64_t exponent)
{
	char text[DIGITS_MAX + 32], *at = text;

	*at++ = '0';
	memcpy(at, digits, count);
	at += count;
	*at++ = 'e';
	if (exponent < 0)
		*at++ = '-';
	at += ws_digits_write(
	    at, (uint64_t)(exponent < 0 ? -exponent : exponent));
	*at = '\0';
	return strtod(text, NULL);
}

double
sio_number_read(const char *text, size_t len)
{
	struct decimal d;
	double value;

	take_apart(text, len, &d);
	value = value_of(d.digits, (size_t)d.count, d.exponent);
	return d.negative ? -value : value;
}

bool
sio_number_integer(const char *text, size_t len, int64_t *out)
{
	struct decimal d;
	uint64_t magnitude;

	take_apart(text, len, &d);
	if (d.exponent < 0 || d.count + d.exponent > INTEGER_DIGITS)
		return false;
	memset(d.digits + d.count, '0', (size_t)d.exponent);
	ws_digits_read(d.digits, (size_t)(d.count + d.exponent), &magnitude);
	if (magnitude > (uint64_t)INT64_MAX + d.negative)
		return false;
	/* -INT64_MIN is no int64_t, so the sign comes before the type. */
	*out = (int64_t)(d.negative ? 0 - magnitude : magnitude);
	return true;
}

/* ---- writing ----------------------------------------------------------- */

size_t
sio_number_print(
    double value, char letter, int precision, char out[SIO_NUMBER_PRINT_MAX])
{
	const char format[] = { '%', '.', '*', letter, '\0' };
	char *point, *behind;

	snprintf(out, SIO_NUMBER_PRINT_MAX, format, precision, value);
	point = out + strspn(out, "-0123456789");
	behind = point + strcspn(point, "0123456789e");
	if (point < behind) {
		*point++ = '.';
		memmove(point, behind, strlen(behind) + 1);
	}
	return strlen(out);
}

/* Return whether an integer times ten to the exponent reads as a double. */
static bool
reads_as(double value, uint64_t integer, int exponent)
{
	char digits[WS_DIGITS_MAX];

	return value_of(digits, ws_digits_write(digits, integer), exponent) ==
	       value;
}

/* Round a positive number to so many digits.
 * Returns the digits as an integer, which times ten to the exponent is the
 * number. */
static uint64_t
round_to(double value, int count, int *exponent)
{
	char text[SIO_NUMBER_PRINT_MAX], *p = text;
	uint64_t digits = 0;

	sio_number_print(value, 'e', count - 1, text);
	for (; *p != 'e'; p++) {
		if (*p != '.')
			digits = digits * 10 + (uint64_t)(*p - '0');
	}
	*exponent = (int)strtol(p + 1, NULL, 10) - (count - 1);
	return digits;
}

/* Find the shortest digits of a positive number. Returns as round_to. */
static uint64_t
shorten(double value, int *exponent)
{
	int count = value < DBL_MIN ? 1 : DBL_DIG;
	uint64_t digits;

	for (;; count++) {
		digits = round_to(value, count, exponent);
		if (count == DBL_DECIMAL_DIG ||
		    reads_as(value, digits, *exponent))
			break;
		/* Below a power of two the next double is nearer than above
		 * it. So the nearest digits, which are below, may miss it
		 * where the next ones above do not. */
		digits++;
		if (reads_as(value, digits, *exponent))
			break;
	}
	for (; digits % 10 == 0; digits /= 10)
		++*exponent;
	return digits;
}

/* Write digits, an integer times ten to the exponent, as ECMA-262 section
 * 6.1.6.1.20 does, with its names: s are the k digits, n is the place of the
 * decimal point in them. */
static int
write_digits(
    const char *sign, uint64_t digits, int exponent, char out[SIO_NUMBER_MAX])
{
	static const char zeros[] = "00000000000000000000";
	const size_t size = SIO_NUMBER_MAX;
	char s[WS_DIGITS_MAX + 1];
	int k = (int)ws_digits_write(s, digits), n = k + exponent;

	s[k] = '\0';
	if (k <= n && n <= 21)
		return snprintf(out, size, "%s%s%.*s", sign, s, n - k, zeros);
	if (0 < n && n <= 21)
		return snprintf(out, size, "%s%.*s.%s", sign, n, s, s + n);
	if (-6 < n && n <= 0)
		return snprintf(out, size, "%s0.%.*s%s", sign, -n, zeros, s);
	return snprintf(out, size, "%s%.1s%s%se%+d", sign, s, k > 1 ? "." : "",
	    s + 1, n - 1);
}

size_t
sio_number_write(double value, char out[SIO_NUMBER_MAX])
{
	double magnitude = fabs(value);
	uint64_t digits;
	int exponent = 0;

	if (!isfinite(value))
		return (size_t)snprintf(out, SIO_NUMBER_MAX, "null");
	/* Up to 2^53 the next integer is the next double, or nearer: no digit
	 * can be spared. */
	if (magnitude < 0x1p53 && magnitude == (double)(uint64_t)magnitude)
		digits = (uint64_t)magnitude;
	else
		digits = shorten(magnitude, &exponent);
	/* Number::toString of -0 is "0". */
	return (size_t)write_digits(
	    value < 0 ? "-" : "", digits, exponent, out);
}
