/* print.h - text from a template, and numbers from text. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PRINT_H
#define WS_PRINT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Write text from a template, as snprintf does for what is printed here, and
 * as the compiler checks it. Without floating point, wide characters and
 * locales it has an eighth of the size, which a static program feels.
 *   to      receives the text, always terminated, cut when it is too long
 *   size    room, at least 1
 *   format  of %d %u %x %X %c %s %%, with h, l, ll, z, a width of spaces or
 *           zeros for numbers, and a precision for text
 * Returns the length that the whole text has, as snprintf. */
int ws_print(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the arguments in a list, which it leaves as va_arg does. */
int ws_vprint(char *to, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Replace the control octets of a line by '?': some of it may be of a peer's,
 * and must neither end the line nor talk to a terminal. */
void ws_tame(char *line);

/* Read digits: no sign, no white space.
 *   text   borrowed, terminated
 *   base   8 or 10
 *   value  receives the number, 0 without a digit, UINT64_MAX when it is more
 * Returns the first octet that is not a digit: text itself when there is no
 * number, one that is '\0' when there is nothing else. */
const char *ws_scan(const char *text, unsigned base, uint64_t *value);

#endif
