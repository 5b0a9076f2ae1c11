/* build.h - JSON that is built in steps. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_BUILD_H
#define SIO_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "sio/sio.h"
#include "text.h"

/* An array or an object. Its text is always complete: what is added takes the
 * place of the last octet, and that octet follows it. */
struct sio_builder {
	struct sio_text text;
	size_t count;           /* elements or members */
	int error;              /* 0, or that of the first step that failed */
	bool lookalike;         /* as in struct sio_convert */
	char end;               /* ']' or '}' */
	struct sio_value value; /* this one, for sio_built */
};

/* Return the text of what was built, or NULL if a step failed or there is no
 * builder.
 *   len  receives its length, 0 then */
static inline const char *
sio_builder_text(const struct sio_builder *builder, size_t *len)
{
	bool good = builder != NULL && builder->error == 0;

	*len = good ? builder->text.len : 0;
	return good ? builder->text.at : NULL;
}

#endif
