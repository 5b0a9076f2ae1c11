/* number.h - numbers as JavaScript reads and writes them (ECMA-262). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_NUMBER_H
#define SIO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest number that sio_number_write writes, such as
 * -1.2345678901234567e-300; there is no NUL. */
#define SIO_NUMBER_MAX 32

/* Digits behind the point that sio_number_print may be asked for, and room for
 * what it writes: DBL_MAX has 309 before it, and a sign. */
#define SIO_NUMBER_PRECISION_MAX 20
#define SIO_NUMBER_PRINT_MAX (311 + SIO_NUMBER_PRECISION_MAX)

/* Convert a JSON number, correctly rounded, whatever the locale. One that is
 * too large is infinite, as in JSON.parse.
 *   text, len  a number by sio_json_number_len */
double sio_number_read(const char *text, size_t len);

/* Convert a JSON number that is an integer, whatever its notation: 12, -3.0,
 * 1e3.
 *   out  written only on success
 * Returns whether it is one, and an int64_t. */
bool sio_number_integer(const char *text, size_t len, int64_t *out);

/* Write the shortest number that reads as the same value, as JSON.stringify
 * does; null when it is not finite. Returns its length. */
size_t sio_number_write(double value, char out[SIO_NUMBER_MAX]);

/* Write a number as printf does.
 *   value      finite
 *   letter     of the conversion: e, f or g
 *   precision  0 to SIO_NUMBER_PRECISION_MAX
 *   out        there is no NUL
 * Returns its length. */
size_t sio_number_print(
    double value, char letter, int precision, char out[SIO_NUMBER_PRINT_MAX]);

#endif
