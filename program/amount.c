/* amount.c - numbers with a unit, as options write them: 64K, 30s, 5m. */
/* SPDX-License-Identifier: MIT */
#include "amount.h"

#include <stdio.h>
#include <string.h>

#include "base/digits.h"

const struct unit amount_sizes[] = { { "", 1 }, { "K", 1 << 10 },
	{ "M", 1 << 20 }, { "G", 1 << 30 }, { NULL, 0 } };
const struct unit amount_times[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 },
	{ "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { NULL, 0 } };
const struct unit amount_counts[] = { { "", 1 }, { NULL, 0 } };

enum amount_fault
amount_read(const char *text, const struct unit *units, uint64_t least,
    uint64_t most, uint64_t *amount)
{
	uint64_t number;
	size_t digits = ws_digits_read(text, strlen(text), &number);

	if (digits == 0)
		return AMOUNT_NO_NUMBER;
	while (
	    units->suffix != NULL && strcmp(units->suffix, text + digits) != 0)
		units++;
	if (units->suffix == NULL)
		return AMOUNT_NO_UNIT;
	if (number > most / units->factor || number * units->factor < least)
		return AMOUNT_OUT_OF_RANGE;
	*amount = number * units->factor;
	return AMOUNT_GOOD;
}

const char *
amount_print(char text[AMOUNT_SIZE], uint64_t amount, const struct unit *units)
{
	struct unit best = { "", 1 };

	for (; amount > 0 && units->suffix != NULL; units++) {
		if (units->factor >= best.factor && amount % units->factor == 0)
			best = *units;
	}
	(void)snprintf(text, AMOUNT_SIZE, "%llu%s",
	    (unsigned long long)(amount / best.factor), best.suffix);
	return text;
}
