/* say.h - what the program says on its standard output and error. */
/* SPDX-License-Identifier: MIT */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>

/* Format text as printf does, cut to 1023 octets, and write it with one
 * write(2), so that the lines of several processes do not mix.
 *   fd  STDOUT_FILENO or STDERR_FILENO
 * Returns 0, or -1 with errno set on a write error. */
int say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Do as say, but drop the text if writing it would wait: nobody reads it, and
 * the server is to go on.
 * Returns whether it was written. */
bool say_now(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
