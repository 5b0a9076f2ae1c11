/* decimal.h - doubles as decimal digits, and back, exactly. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_DECIMAL_H
#define SIO_DECIMAL_H

#include <stdint.h>

/* No double, and no middle between two, has more digits than 767; here they
 * come by nines. */
#define SIO_DECIMAL_DIGITS 800

/* A number without its sign: digits, times ten to the exponent. The first of
 * them is not 0; the number is 0 when there are none. */
struct sio_decimal {
	char digits[SIO_DECIMAL_DIGITS + 1]; /* '0' to '9'; no NUL */
	int count;
	int64_t exponent;
};

/* Convert to the nearest double; of two that are as near, to the even one.
 * Where a number had more than SIO_DECIMAL_DIGITS digits, a 1 behind these may
 * stand for all others, if they were not zeros.
 * Returns infinity for what is too large. */
double sio_decimal_value(const struct sio_decimal *decimal);

/* Convert a double, to be rounded later.
 *   decimal  receives its digits, without zeros at the end
 *   value    finite, not negative
 *   enough   digits that are wanted, at most SIO_DECIMAL_DIGITS; of what is
 *            behind these it need not be seen but that it is there */
void sio_decimal_set(struct sio_decimal *decimal, double value, int enough);

/* Round to the nearest number, half to even.
 *   decimal  without zeros at the end
 *   keep     digits that it keeps: all, if it has no more. With 0 it becomes 0
 *            or a 1 in front of its first digit, with less it becomes 0
 *   out      receives it, not trimmed; not decimal itself */
void sio_decimal_round(
    const struct sio_decimal *decimal, int keep, struct sio_decimal *out);

/* Add one to the last digit. */
void sio_decimal_increment(struct sio_decimal *decimal);

/* Drop zeros at the end. */
void sio_decimal_trim(struct sio_decimal *decimal);

#endif
