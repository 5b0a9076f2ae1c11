/* log.c - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "base/print.h"

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
	(void)ws_vprint(line, sizeof(line), format, args);
	va_end(args);
	ws_tame(line);
	if (log->write != NULL)
		log->write(log->arg, level, line);
	else {
		len = strlen(line);
		line[len] = '\n';
		(void)!write(STDERR_FILENO, line, len + 1);
	}
	errno = saved;
}
