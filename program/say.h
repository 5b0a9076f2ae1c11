/* say.h - what the program says on its standard output and error. */
/* SPDX-License-Identifier: MIT */
#ifndef SAY_H
#define SAY_H

#include <stddef.h>

/* Write text whole.
 *   fd    STDOUT_FILENO or STDERR_FILENO
 *   text  borrowed, len octets
 * Returns 0, or -1 with errno set when somebody did not take it. */
int say_text(int fd, const char *text, size_t len);

/* Format text as printf does and write it in one piece, cut to 1023 octets.
 * Returns as say_text. */
int say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
