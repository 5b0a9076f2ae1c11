/* log.c - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "log.h"
#include "base/line.h"

void
ws_log(const struct ws_log *log, int level, const char *format, ...)
{
	char line[1024];
	size_t len;
	int saved = errno;
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	len = ws_line_format(line, sizeof(line), format, args);
	va_end(args);
	if (log->write != NULL)
		log->write(log->arg, level, line);
	else {
		line[len] =
		    '\n'; /* in one write(2), so that lines stay whole */
		(void)!write(STDERR_FILENO, line, len + 1);
	}
	errno = saved;
}
