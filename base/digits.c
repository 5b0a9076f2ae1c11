/* digits.c - decimal numbers in text: no sign, no white space, no locale. */
/* SPDX-License-Identifier: MIT */
#include "digits.h"

size_t
ws_digits_write(char out[WS_DIGITS_MAX], uint64_t number)
{
	size_t len = 1;

	for (uint64_t rest = number; rest >= 10; rest /= 10)
		len++;
	for (size_t i = len; i-- > 0; number /= 10)
		out[i] = (char)('0' + number % 10);
	return len;
}

size_t
ws_digits_read(const char *text, size_t len, uint64_t *number)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < len && text[n] >= '0' && text[n] <= '9'; n++) {
		uint64_t digit = (uint64_t)(text[n] - '0');

		/* The exact comparison divides: only where it can matter. */
		if (value >= UINT64_MAX / 10 &&
		    value > (UINT64_MAX - digit) / 10)
			value = UINT64_MAX;
		else
			value = value * 10 + digit;
	}
	*number = value;
	return n;
}
