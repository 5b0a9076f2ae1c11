/* format.c - JSON from a printf-like template. */
/* SPDX-License-Identifier: MIT */

/*
 * A template is JSON with less ceremony, and with conversions in the places of
 * values:
 *
 *	 sio_emit(socket, "stats", "{numClients: %d, tags: ['a', %s]}", n, tag);
 *
 *	 template = [ element *( "," element ) ]
 *	 element  = value / "..." "%p"
 *	 value    = object / array / string / number / "true" / "false" /
 *	            "null" / conversion
 *	 object   = "{" [ name ":" value *( "," name ":" value ) ] "}"
 *	 array    = "[" [ element *( "," element ) ] "]"
 *	 name     = identifier / string / "%s" / "%.*s"
 *	 string   = in double or in single quotes
 *
 * The elements at the top are the arguments of an event. White space between
 * all of these is dropped. A string may have the escape sequences of JSON,
 * \' and conversions in it: '%s has joined'. A percent sign is written %%.
 *
 * Conversions are printf's; convert.c has the table of them.
 *
 * The template is the programmer's. A mistake in it is found at the first
 * call, whatever the data: nothing is written then.
 */

#include "format.h"

#include <stdbool.h>
#include <string.h>

#include "convert.h"
#include "json.h"

enum {
	DEPTH_MAX = 64, /* the bits of kinds */
};

/* What may come next in the template. */
enum expect {
	ELEMENT,
	ELEMENT_OR_END,
	NAME,
	NAME_OR_END,
	VALUE, /* of a member */
	COMMA_OR_END,
	NOTHING,
};

/* How far a template is written. */
struct format {
	struct sio_convert out; /* what conversions need */
	enum expect expect;
	bool first; /* no comma is needed before the next element */
	unsigned depth;
	uint64_t kinds; /* of what is open, the innermost last: 1 for objects */
	size_t elements; /* at the top */
};

static bool
fail(struct sio_convert *out)
{
	out->error = WS_EINVAL;
	return false;
}

/* ---- strings and words ------------------------------------------------- */

/* Copy an escape sequence of a string; \' is our own. */
static bool
copy_escape(struct sio_convert *out)
{
	size_t len = out->at[1] == 'u' ? 6 : 2;

	if (out->at[1] == '\'') {
		sio_text_putc(out->text, '\'');
		out->at += 2;
		return true;
	}
	if (out->at[1] == '\0' || strchr("\"\\/bfnrtu", out->at[1]) == NULL)
		return fail(out);
	if (len == 6 && strspn(out->at + 2, "0123456789abcdefABCDEF") < 4)
		return fail(out);
	sio_text_add(out->text, out->at, len);
	out->at += len;
	return true;
}

/* Write a conversion or a percent sign that stands in a string. */
static bool
write_inside(struct sio_convert *out)
{
	out->at++;
	if (*out->at != '%')
		return sio_convert(out, SIO_CONVERT_INSIDE);
	sio_text_putc(out->text, *out->at++);
	return true;
}

/* Write a string from its quote on. */
static bool
write_literal(struct sio_convert *out)
{
	char stops[] = { *out->at++, '%', '\\', '\0' };

	sio_text_putc(out->text, '"');
	while (*out->at != stops[0]) {
		size_t plain = strcspn(out->at, stops);

		sio_text_escape(out->text, out->at, plain);
		out->at += plain;
		if (*out->at == '\0')
			return fail(out);
		if (*out->at == '\\' && !copy_escape(out))
			return false;
		if (*out->at == '%' && !write_inside(out))
			return false;
	}
	out->at++;
	sio_text_putc(out->text, '"');
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '_' || c == '$';
}

/* The letters, digits, '_' and '$' at the beginning of text. */
static size_t
word_len(const char *text)
{
	size_t len = 0;

	while (is_word(text[len]))
		len++;
	return len;
}

static bool
write_number(struct sio_convert *out)
{
	size_t len = strspn(out->at, "+-.0123456789eE");

	if (len == 0 || sio_json_number_len(out->at, len) != len)
		return fail(out);
	sio_text_add(out->text, out->at, len);
	out->at += len;
	return true;
}

/* Write true, false, null or a number. */
static bool
write_word(struct sio_convert *out)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len = word_len(out->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) != len ||
		    memcmp(words[i], out->at, len) != 0)
			continue;
		sio_text_add(out->text, out->at, len);
		out->at += len;
		return true;
	}
	return write_number(out);
}

static bool
write_identifier(struct sio_convert *out)
{
	size_t len = word_len(out->at);

	if (len == 0 || is_digit(*out->at))
		return fail(out);
	sio_text_quote(out->text, out->at, len);
	out->at += len;
	return true;
}

/* ---- arrays and objects ------------------------------------------------ */

/* Write what stands before an element or a name. */
static void
begin_element(struct format *f)
{
	if (!f->first)
		sio_text_putc(f->out.text, ',');
	f->first = false;
	if (f->depth == 0)
		f->elements++;
}

static void
skip_space(struct format *f)
{
	while (*f->out.at == ' ' || *f->out.at == '\t' || *f->out.at == '\n' ||
	       *f->out.at == '\r')
		f->out.at++;
}

/* Write the name of a member, however the template has it. */
static bool
write_name_itself(struct sio_convert *out)
{
	if (*out->at == '"' || *out->at == '\'')
		return write_literal(out);
	if (*out->at != '%')
		return write_identifier(out);
	out->at++;
	return sio_convert(out, SIO_CONVERT_NAME);
}

/* Write the name of a member, and the colon. */
static bool
write_name(struct format *f)
{
	bool written;

	begin_element(f);
	written = write_name_itself(&f->out);
	skip_space(f);
	if (!written || *f->out.at != ':')
		return fail(&f->out);
	f->out.at++;
	sio_text_putc(f->out.text, ':');
	f->expect = VALUE;
	return true;
}

static bool
in_object(const struct format *f)
{
	return f->depth > 0 && (f->kinds & 1) != 0;
}

/* Begin an array or an object. */
static bool
open_container(struct format *f, bool object)
{
	if (f->depth == DEPTH_MAX)
		return fail(&f->out);
	sio_text_putc(f->out.text, *f->out.at++);
	f->depth++;
	f->kinds = f->kinds << 1 | object;
	f->first = true;
	f->expect = object ? NAME_OR_END : ELEMENT_OR_END;
	return true;
}

/* Whether what is open ends here. At the top it is the template that ends. */
static bool
is_end(const struct format *f)
{
	if (f->depth == 0)
		return *f->out.at == '\0';
	return *f->out.at == (in_object(f) ? '}' : ']');
}

static bool
close_container(struct format *f)
{
	f->expect = f->depth == 0 ? NOTHING : COMMA_OR_END;
	if (f->depth == 0)
		return true;
	sio_text_putc(f->out.text, *f->out.at++);
	f->depth--;
	f->kinds >>= 1;
	f->first = false;
	return true;
}

/* Write what stands in the place of a value. */
static bool
write_any(struct format *f)
{
	f->expect = COMMA_OR_END;
	switch (*f->out.at) {
	case '{':
		return open_container(f, true);
	case '[':
		return open_container(f, false);
	case '"':
	case '\'':
		return write_literal(&f->out);
	case '%':
		f->out.at++;
		return sio_convert(&f->out, SIO_CONVERT_VALUE);
	}
	return write_word(&f->out);
}

/* Write the elements of an array in the midst of others. */
static bool
write_spread(struct format *f)
{
	long written = sio_convert_spread(&f->out, f->first);

	if (written < 0)
		return false;
	if (written > 0)
		f->first = false;
	if (f->depth == 0)
		f->elements += (size_t)written;
	f->expect = COMMA_OR_END;
	return true;
}

static bool
write_element(struct format *f)
{
	if (*f->out.at == '.')
		return write_spread(f);
	begin_element(f);
	return write_any(f);
}

static bool
read_comma(struct format *f)
{
	if (*f->out.at != ',')
		return fail(&f->out);
	f->out.at++;
	f->expect = in_object(f) ? NAME : ELEMENT;
	return true;
}

/* Go one step on in the template. Returns false at its end, or when it is
 * malformed. */
static bool
step(struct format *f)
{
	skip_space(f);
	switch (f->expect) {
	case ELEMENT_OR_END:
		return is_end(f) ? close_container(f) : write_element(f);
	case ELEMENT:
		return write_element(f);
	case NAME_OR_END:
		return is_end(f) ? close_container(f) : write_name(f);
	case NAME:
		return write_name(f);
	case VALUE:
		return write_any(f);
	case COMMA_OR_END:
		return is_end(f) ? close_container(f) : read_comma(f);
	case NOTHING:
		break;
	}
	return false;
}

/* Write the elements of a template.
 *   first  nothing stands before them */
static void
write_template(struct format *f, const char *format, bool first, va_list args)
{
	f->out.at = format == NULL ? "" : format;
	f->first = first;
	f->expect = ELEMENT_OR_END;
	va_copy(f->out.args, args);
	while (step(f))
		;
	va_end(f->out.args);
}

/* Take back what was written if that went wrong. */
static int
finish(const struct sio_convert *out, size_t len, unsigned attached)
{
	int error = out->error != 0 ? out->error : out->text->error;

	/* Of the peer's object the receivers would make one of these. */
	if (out->lookalike && out->attachments != NULL &&
	    out->attachments->count > 0)
		error = WS_EINVAL;
	if (error == 0)
		return 0;
	sio_text_cut(out->text, len);
	if (out->attachments != NULL)
		out->attachments->count = attached;
	return error;
}

int
sio_format_array(struct sio_text *text, struct sio_attachments *attachments,
    const char *name, const char *format, va_list args)
{
	struct format f = {
		.out = { .text = text, .attachments = attachments },
	};
	unsigned attached = attachments == NULL ? 0 : attachments->count;
	size_t len = text->len;

	sio_text_putc(text, '[');
	if (name != NULL)
		sio_text_quote(text, name, strlen(name));
	write_template(&f, format, name == NULL, args);
	sio_text_putc(text, ']');
	return finish(&f.out, len, attached);
}

int
sio_format_value(struct sio_text *text, struct sio_attachments *attachments,
    const char *format, va_list args)
{
	struct format f = {
		.out = { .text = text, .attachments = attachments },
	};
	unsigned attached = attachments == NULL ? 0 : attachments->count;
	size_t len = text->len;

	write_template(&f, format, true, args);
	if (f.elements != 1)
		fail(&f.out);
	return finish(&f.out, len, attached);
}
