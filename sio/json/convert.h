/* convert.h - one conversion of a template: an argument becomes JSON. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_CONVERT_H
#define SIO_CONVERT_H

#include <stdarg.h>
#include <stdbool.h>

#include "format.h"

/* A template that is being written. */
struct sio_convert {
	const char *at;                      /* the rest of the template */
	struct sio_text *text;               /* borrowed */
	struct sio_attachments *attachments; /* borrowed; NULL: none may be */
	va_list args;
	int error;      /* 0 or WS_EINVAL; text knows if out of memory */
	bool lookalike; /* a copied object looks like a placeholder */
};

/* Where a conversion stands. */
enum sio_convert_place {
	SIO_CONVERT_VALUE,
	SIO_CONVERT_NAME,   /* of a member: %s and %.*s only, and not NULL */
	SIO_CONVERT_INSIDE, /* of a string: all but %p */
};

/* Set out->error to WS_EINVAL. Returns false. */
bool sio_convert_fail(struct sio_convert *out);

/* Write the next argument. out->at is behind the percent sign, and is moved
 * behind the conversion.
 * Returns false, with out->error set, when the conversion or the argument is
 * not allowed there. */
bool sio_convert(struct sio_convert *out, enum sio_convert_place place);

/* Write the elements of the array that "...%p" at out->at stands for; none for
 * an absent value.
 *   first  nothing stands before them, so that they begin without a comma
 * Returns how many there are, or -1 with out->error set. */
long sio_convert_spread(struct sio_convert *out, bool first);

#endif
