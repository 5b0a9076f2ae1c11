/* number.h - numbers as JavaScript reads and writes them (ECMA-262). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_NUMBER_H
#define SIO_NUMBER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest number that sio_number_write writes, such as
 * -1.2345678901234567e-300, and a NUL. */
#define SIO_NUMBER_MAX 32

/* The largest precision for sio_number_print, and room for what it writes: a
 * sign, the 309 digits of DBL_MAX, a decimal point, the precision, a NUL. */
#define SIO_NUMBER_PRECISION_MAX 20
#define SIO_NUMBER_PRINT_MAX (311 + MB_LEN_MAX + SIO_NUMBER_PRECISION_MAX)

/* Convert a JSON number to the nearest double, whatever the locale. A number
 * above DBL_MAX becomes infinity, as in JSON.parse.
 *   text, len  a number as sio_json_number_len measures it */
double sio_number_read(const char *text, size_t len);

/* Convert a JSON number that is an integer, in any notation: 12, -3.0, 1e3.
 *   text, len  a number as sio_json_number_len measures it
 *   out        written only on success
 * Returns whether the number is an integer that fits. */
bool sio_number_integer(const char *text, size_t len, int64_t *out);

/* Write the shortest number that reads as the same double, as JSON.stringify
 * does, whatever the locale. What is not finite becomes null.
 *   out  receives the text, terminated
 * Returns its length. ECMA-262 section 6.1.6.1.20, Number::toString. */
size_t sio_number_write(double value, char out[SIO_NUMBER_MAX]);

/* Write a number as printf does, but with '.' in every locale.
 *   value      finite
 *   letter     of the conversion: e, f or g
 *   precision  0 to SIO_NUMBER_PRECISION_MAX
 *   out        receives the text, terminated
 * Returns its length. */
size_t sio_number_print(
    double value, char letter, int precision, char out[SIO_NUMBER_PRINT_MAX]);

#endif
