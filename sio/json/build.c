/* build.c - JSON that is built in steps. */
/* SPDX-License-Identifier: MIT */
/*
 * What is built is complete JSON at any time, so that it can be copied into a
 * template at any time. sio_add takes the closing octet off, writes the
 * template behind what is there, and puts the octet back:
 *
 *	 sio_object()                  {}
 *	 sio_add(o, "a: %d", 1)        {"a":1}
 *	 sio_add(o, "b: [%s]", "x")    {"a":1,"b":["x"]}
 *
 * An error stays: each later sio_add returns it, and a template that the result
 * is copied into fails. So a caller need not check each step.
 */
#include "build.h"

#include <stdarg.h>

#include "base/mem.h"
#include "format.h"
#include "value.h"

static struct sio_builder *
begin(char start, char end)
{
	struct sio_builder *builder = ws_mem_resize(NULL, sizeof(*builder));

	if (builder == NULL)
		return NULL;
	*builder = (struct sio_builder){ .end = end };
	builder->value =
	    (struct sio_value){ .of = builder, .kind = SIO_VALUE_BUILT };
	sio_text_putc(&builder->text, start);
	sio_text_putc(&builder->text, end);
	builder->error = builder->text.error;
	return builder;
}

struct sio_builder *
sio_list(void)
{
	return begin('[', ']');
}

struct sio_builder *
sio_object(void)
{
	return begin('{', '}');
}

int
sio_add(struct sio_builder *builder, const char *format, ...)
{
	va_list args;

	if (builder == NULL)
		return WS_ENOMEM;
	if (builder->error != 0)
		return builder->error;
	sio_text_cut(&builder->text, builder->text.len - 1);
	va_start(args, format);
	builder->error = sio_format_more(&builder->text, builder->end,
	    &builder->count, &builder->lookalike, format, args);
	va_end(args);
	sio_text_putc(&builder->text, builder->end);
	if (builder->error == 0)
		builder->error = builder->text.error;
	return builder->error;
}

const struct sio_value *
sio_built(const struct sio_builder *builder)
{
	static const struct sio_value failed = { .kind = SIO_VALUE_BUILT };

	return builder != NULL ? &builder->value : &failed;
}

void
sio_builder_free(struct sio_builder *builder)
{
	if (builder == NULL)
		return;
	sio_text_free(&builder->text);
	ws_mem_free(builder);
}
