/* say.c - what the program says on its standard output and error. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "say.h"

int
say_text(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int
say(int fd, const char *format, ...)
{
	char text[1024];
	va_list args;
	size_t len;

	va_start(args, format);
	len = (size_t)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return say_text(fd, text, len < sizeof(text) ? len : sizeof(text) - 1);
}
