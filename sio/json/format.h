/* format.h - JSON from a printf-like template. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_FORMAT_H
#define SIO_FORMAT_H

#include <stdarg.h>

#include "text.h"
#include "value.h"

/* The binary data of a packet that is being written. All zero, there is none.
 */
struct sio_attachments {
	struct sio_attachment list[SIO_ATTACHMENTS_MAX]; /* borrowed */
	unsigned count;
};

/* Write an array, as events and acknowledgements carry it.
 *   text         receives it, behind what it has
 *   attachments  receives the binary data among the arguments, behind what it
 *                has
 *   name         the first element, a C string; NULL for none
 *   format       the other elements, separated by commas (the essay of
 *                format.c has the syntax); NULL or empty for none
 *   args         what its conversions take
 * Returns 0; WS_EINVAL when the template is malformed or there is more binary
 * data than a packet can have; or WS_ENOMEM. text and attachments are then as
 * they were. */
int sio_format_array(struct sio_text *text, struct sio_attachments *attachments,
    const char *name, const char *format, va_list args);

/* Write one value, such as the data of a refusal. attachments may be NULL:
 * then binary data is WS_EINVAL. Returns as sio_format_array; WS_EINVAL also
 * when the template has not exactly one value. */
int sio_format_value(struct sio_text *text, struct sio_attachments *attachments,
    const char *format, va_list args);

/* The same with the arguments themselves, without binary data. */
int sio_format(struct sio_text *text, const char *format, ...) SIO_PRINTF(2, 3);

#endif
