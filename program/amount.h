/* amount.h - numbers with a unit, as options write them: 64K, 30s, 5m. */
/* SPDX-License-Identifier: MIT */
#ifndef AMOUNT_H
#define AMOUNT_H

#include <stdint.h>

/* One unit that a number may end in. A list of units ends with the suffix
 * NULL. */
struct unit {
	const char *suffix;
	uint64_t factor;
};

extern const struct unit amount_sizes[];  /* octets: K, M, G */
extern const struct unit amount_times[];  /* milliseconds: ms, s, m, h; a
                                             number alone is in seconds */
extern const struct unit amount_counts[]; /* no unit */

/* What is wrong with an amount, for the end of a message. */
enum amount_fault {
	AMOUNT_GOOD,
	AMOUNT_NO_NUMBER,
	AMOUNT_NO_UNIT,
	AMOUNT_OUT_OF_RANGE,
};

/* Read an amount.
 *   text    a C string
 *   units   a list of units
 *   least, most  the range, in the smallest unit
 *   amount  receives it in the smallest unit; written only on success */
enum amount_fault amount_read(const char *text, const struct unit *units,
    uint64_t least, uint64_t most, uint64_t *amount);

#define AMOUNT_SIZE 24 /* 20 digits, a unit of 2 letters, NUL */

/* Write an amount in the largest unit that divides it. Returns text. */
const char *
amount_print(char text[AMOUNT_SIZE], uint64_t amount, const struct unit *units);

#endif
