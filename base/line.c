/* line.c - one line of text for a person, on a terminal or in a log. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "line.h"

/* U+0080 to U+009F are controls, too: U+009B begins an escape sequence. In
 * UTF-8 they are 0xc2 and one octet more. */
static void
mask_controls(char *line)
{
	unsigned char before = 0;

	for (; *line != '\0'; line++) {
		unsigned char c = (unsigned char)*line;

		if (c < ' ' || c == 0x7f)
			*line = '?';
		else if (before == 0xc2 && c >= 0x80 && c < 0xa0)
			line[-1] = line[0] = '?';
		before = c;
	}
}

size_t
ws_line_format(char *line, size_t size, const char *format, va_list args)
{
	line[0] = '\0'; /* it stays so when vsnprintf fails */
	(void)vsnprintf(line, size, format, args);
	mask_controls(line);
	return strlen(line);
}
