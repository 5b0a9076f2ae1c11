/* log.c - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

/* A peer's octets may reach the log; none of them may end the line or talk to
 * a terminal. U+0080 to U+009F are controls too: U+009B begins an escape
 * sequence. In UTF-8 they are 0xc2 and one octet more. */
static void
tame(char *line)
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

void
ws_log(const struct ws_log *log, int level, const char *format, ...)
{
	char line[1024];
	int saved = errno;
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tame(line);
	if (log->write != NULL)
		log->write(log->arg, level, line);
	else
		fprintf(stderr, "%s\n", line);
	errno = saved;
}
