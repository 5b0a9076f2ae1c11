/* say.c - what the program says on its standard output and error. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* Write all of a text. Returns 0, or -1 with errno on a write error. */
static int
write_all(int fd, const char *at)
{
	for (size_t len = strlen(at); len > 0;) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
say(int fd, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return write_all(fd, text);
}

bool
say_now(int fd, const char *format, ...)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A pipe that can be written has room for more octets than text. */
	return poll(&out, 1, 0) > 0 && write_all(fd, text) == 0;
}
