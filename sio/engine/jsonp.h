/* jsonp.h - bodies of Engine.IO for clients that poll with scripts (JSONP). */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_JSONP_H
#define EIO_JSONP_H

#include <stddef.h>

#include "sio/json/text.h"

/* Write a payload as a script that hands it to the client's function.
 *   out           receives it; out->error tells of a lack of memory
 *   index         what the client calls its function; only digits are used
 *   payload, len  borrowed; UTF-8 */
void eio_jsonp_write(
    struct sio_text *out, const char *index, const char *payload, size_t len);

/* Undo, in place, what the client does to the newlines of a payload that it
 * sends, after the form was decoded: \n is a newline, \\n a backslash and an n.
 * Returns the new length. */
size_t eio_jsonp_unescape(char *text, size_t len);

#endif
