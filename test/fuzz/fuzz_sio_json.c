/* fuzz_sio_json.c - a text read whole, token by token, and written again. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sio/json/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Read with room for one token more each time. Every call must make progress,
 * and what it says must agree with what was read at once. */
static void
read_slowly(const struct sio_document *whole, const char *text, size_t len)
{
	struct sio_json_token *tokens = NULL;
	struct sio_json json;
	size_t room = 0;
	int result;

	sio_json_begin(&json, text, len, SIO_JSON_DEPTH);
	while ((result = sio_json_parse(&json, tokens, room)) == 0) {
		check(json.count == room && room <= len);
		tokens = realloc(tokens, ++room * sizeof(*tokens));
		check(tokens != NULL);
	}
	check((result > 0) == (whole->count > 0));
	check(json.at == whole->error_at && json.at <= len);
	if (result > 0)
		check(json.count == whole->count &&
		      memcmp(tokens, whole->tokens,
			  json.count * sizeof(*tokens)) == 0);
	free(tokens);
}

/* Write a value as JSON.stringify does, from what the functions of sio.h
 * say. */
static void
write_json(struct sio_text *out, struct sio_value value)
{
	struct sio_iterator it = sio_iterate(value);
	enum sio_type type = sio_type(value);
	size_t len, count = 0;
	const char *at;

	if (type == SIO_STRING) {
		at = sio_string(value, &len);
		check(at != NULL && at[len] == '\0');
		sio_text_quote(out, at, len);
	} else if (type == SIO_NUMBER) {
		sio_text_number(out, sio_number(value, 0));
	} else if (type == SIO_NULL || type == SIO_BOOLEAN) {
		at = sio_json(value, &len);
		sio_text_add(out, at, len);
	}
	if (type != SIO_ARRAY && type != SIO_OBJECT)
		return;
	sio_text_putc(out, type == SIO_ARRAY ? '[' : '{');
	for (; sio_next(&it); count++) {
		if (count > 0)
			sio_text_putc(out, ',');
		if (type == SIO_OBJECT) {
			write_json(out, it.key);
			sio_text_putc(out, ':');
		}
		write_json(out, it.value);
	}
	check(count == sio_count(value));
	sio_text_putc(out, type == SIO_ARRAY ? ']' : '}');
}

/* Check that a text written twice, and read between, is the same. */
static void
round_trip(const struct sio_document *document)
{
	struct sio_text first = { .at = NULL }, second = { .at = NULL };
	struct sio_document again = { .text = NULL };

	write_json(&first, sio_document_root(document));
	check(sio_value_read(&again, first.at, first.len) == 0);
	write_json(&second, sio_document_root(&again));
	check(first.len == second.len &&
	      memcmp(first.at, second.at, first.len) == 0);
	sio_value_fini(&again);
	sio_text_free(&first);
	sio_text_free(&second);
}

static int
format_text(struct sio_text *out, const char *format, ...)
{
	va_list args;
	int error;

	va_start(args, format);
	error = sio_format_array(out, NULL, NULL, format, args);
	va_end(args);
	return error;
}

/* Return how deep the brackets of a text nest at most. */
static size_t
depth_of(const struct sio_document *document)
{
	size_t deepest = 0;

	for (size_t at = 0; at < document->count; at++) {
		size_t depth = 0;

		for (size_t up = 0; up <= at; up++)
			depth += document->tokens[up].next > at &&
				 (document->tokens[up].type == SIO_ARRAY ||
				     document->tokens[up].type == SIO_OBJECT);
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

/* As a template, JSON is accepted, and whatever is accepted makes JSON. */
static void
as_template(const struct sio_document *document, const char *text, size_t len)
{
	struct sio_text out = { .at = NULL };
	struct sio_document made = { .text = NULL };
	char *format = malloc(len + 1);
	int error;

	check(format != NULL);
	memcpy(format, text, len);
	format[len] = '\0';
	error = format_text(&out, format);
	if (error == 0)
		check(sio_value_read(&made, out.at, out.len) == 0);
	else
		check(document->count == 0 || document->count > 512 ||
		      depth_of(document) > 64);
	sio_value_fini(&made);
	sio_text_free(&out);
	free(format);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sio_document document = { .text = NULL };
	const char *text = (const char *)data;

	check(sio_value_read(&document, text, len) != WS_ENOMEM);
	read_slowly(&document, text, len);
	if (document.count > 0)
		round_trip(&document);
	/* A percent sign would want an argument, a NUL would end it. */
	if (memchr(text, '%', len) == NULL && memchr(text, '\0', len) == NULL)
		as_template(&document, text, len);
	sio_value_fini(&document);
	return 0;
}
