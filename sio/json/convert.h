/* convert.h - one conversion of a template: an argument becomes JSON. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_CONVERT_H
#define SIO_CONVERT_H

#include <stdarg.h>
#include <stdbool.h>

#include "format.h"

/* A template that is being written, and the arguments that follow it. */
struct sio_convert {
	const char *at;                      /* the rest of the template */
	struct sio_text *text;               /* borrowed */
	struct sio_attachments *attachments; /* borrowed; NULL: none may be */
	va_list args;
	int error;      /* 0 or WS_EINVAL; text->error has WS_ENOMEM */
	bool lookalike; /* an object that was copied looks like a placeholder */
};

/* Where a conversion stands. */
enum sio_convert_place {
	SIO_CONVERT_VALUE,
	SIO_CONVERT_NAME,   /* the name of a member: %s or %.*s, not NULL */
	SIO_CONVERT_INSIDE, /* inside a string: all conversions but %p */
};

/* Set out->error to WS_EINVAL. Returns false. */
bool sio_convert_fail(struct sio_convert *out);

/* Write the next argument.
 *   out->at  behind the percent sign; moved behind the conversion
 *   place    where the conversion stands
 * Returns false, with out->error set, when the conversion or the argument is
 * not allowed in that place. */
bool sio_convert(struct sio_convert *out, enum sio_convert_place place);

/* Write the elements of the array that is the argument of "...%p" at out->at.
 * An absent value has none.
 *   first  the elements begin an array, so no comma stands before them
 * Returns how many elements it wrote, or -1 with out->error set. */
long sio_convert_spread(struct sio_convert *out, bool first);

#endif
