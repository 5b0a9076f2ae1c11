/* format.h - JSON from a printf-like template. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_FORMAT_H
#define SIO_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "text.h"
#include "value.h"

/* The binary data of a packet that is being written. All zero, it has none. */
struct sio_attachments {
	struct sio_attachment list[SIO_ATTACHMENTS_MAX]; /* borrowed */
	unsigned count;
};

/* Write an array, the payload of an event or acknowledgement.
 *   text         the array is added to it
 *   attachments  the binary data among the arguments is added to it
 *   name         the first element, a C string; NULL for none
 *   format       a template of the other elements, separated by commas: its
 *                syntax is at the top of format.c; NULL or empty for none
 *   args         the arguments of the template's conversions
 * Returns 0; WS_EINVAL when the template is malformed or the packet would have
 * more than SIO_ATTACHMENTS_MAX attachments; or WS_ENOMEM. On an error text and
 * attachments are as they were. */
int sio_format_array(struct sio_text *text, struct sio_attachments *attachments,
    const char *name, const char *format, va_list args);

/* Write one value, such as the data of a CONNECT_ERROR.
 *   text, attachments, args  as of sio_format_array; with attachments NULL,
 *                            binary data is an error
 *   format                   a template of exactly one value
 * Returns as sio_format_array does. */
int sio_format_value(struct sio_text *text, struct sio_attachments *attachments,
    const char *format, va_list args);

/* Write more elements of an array, or members of an object, without the octets
 * around them and without binary data.
 *   end        ']' or '}'
 *   count      how many there are already; more are counted
 *   lookalike  set if an object that was copied looks like a placeholder
 *   format     a template of elements, or of members: "%s: 1, b: 2"
 * Returns as sio_format_array does. */
int sio_format_more(struct sio_text *text, char end, size_t *count,
    bool *lookalike, const char *format, va_list args);

/* The same with the arguments themselves, without binary data. */
int sio_format(struct sio_text *text, const char *format, ...) SIO_PRINTF(2, 3);

#endif
