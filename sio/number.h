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

#endif
