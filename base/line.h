/* line.h - one line of text for a person, on a terminal or in a log. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_LINE_H
#define WS_LINE_H

#include <stdarg.h>
#include <stddef.h>

/* Format one line as vsnprintf does, and replace each control octet in it by
 * '?': parts of it may come from a peer, and must neither begin another line
 * nor talk to a terminal.
 *   line    receives the text, always terminated, cut to size - 1 octets
 *   size    at least 1
 *   format  without a newline
 * Returns the length of what line holds. */
size_t ws_line_format(char *line, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
