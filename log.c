/* log.c - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

/* A peer's octets may reach the log; none of them may end the line or talk to
 * a terminal. */
static void
tame(char *line)
{
	for (; *line != '\0'; line++) {
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
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
