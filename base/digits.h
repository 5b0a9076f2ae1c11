/* digits.h - decimal numbers in text: no sign, no white space, no locale. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_DIGITS_H
#define WS_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#define WS_DIGITS_MAX 20 /* of 2^64 - 1 */

/* Write a number in decimal, without a NUL.
 *   out  receives at most WS_DIGITS_MAX octets
 * Returns how many. */
size_t ws_digits_write(char out[WS_DIGITS_MAX], uint64_t number);

/* Read the digits that a text begins with.
 *   text, len  borrowed
 *   number     receives their value: 0 without a digit, and UINT64_MAX for all
 *              that is larger
 * Returns how many octets are digits: len when there is nothing else, 0 when
 * there is no number. */
size_t ws_digits_read(const char *text, size_t len, uint64_t *number);

#endif
