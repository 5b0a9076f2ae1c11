/* format.c - JSON from a printf-like template. */
/* SPDX-License-Identifier: MIT */

/*
 * A template is JSON in which names need no quotes, strings may have single
 * quotes, and conversions stand for the arguments:
 *
 *	 sio_emit(socket, "stats", "{numClients: %d, tags: ['a', %s]}", 2, "b");
 *
 *	 ["stats",{"numClients":2,"tags":["a","b"]}]
 *
 * The grammar, in the notation of RFC 5234, white space aside:
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
 * The elements of a template are the arguments of an event. White space is
 * dropped, except in strings. A string may have the escape sequences of RFC
 * 8259 section 7, \' and conversions in it: '%s has joined'. "%%" is a percent
 * sign.
 *
 * The conversions are those of printf; the table is in convert.c.
 *
 * The programmer writes the template, not a peer. A mistake in it makes each
 * call fail, whatever the arguments, and nothing is written.
 */

#include "format.h"

#include <stdbool.h>
#include <string.h>

#include "convert.h"
#include "json.h"

enum {
	/* How deep arrays and objects may nest: more than anybody writes by
	 * hand. The limit bounds the recursion to 16 KiB of stack. */
	DEPTH_MAX = 64,
};

/* A template that is being written. */
struct format {
	struct sio_convert out; /* the rest of the template, and its result */
	unsigned depth;         /* open arrays and objects */
};

static const char digits[] = "0123456789";
static const char word[] = "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789_$";

/* ---- strings and words ------------------------------------------------- */

/* Copy an escape sequence of a string. Besides those of RFC 8259 section 7
 * there is \' for strings in single quotes. */
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
		return sio_convert_fail(out);
	if (len == 6 && strspn(out->at + 2, "0123456789abcdefABCDEF") < 4)
		return sio_convert_fail(out);
	sio_text_add(out->text, out->at, len);
	out->at += len;
	return true;
}

/* Write a conversion inside a string, or the percent sign of "%%". */
static bool
write_inside(struct sio_convert *out)
{
	out->at++;
	if (*out->at != '%')
		return sio_convert(out, SIO_CONVERT_INSIDE);
	sio_text_putc(out->text, *out->at++);
	return true;
}

/* Write a string. out->at is at its quote, single or double. */
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
			return sio_convert_fail(out);
		if (*out->at == '\\' && !copy_escape(out))
			return false;
		if (*out->at == '%' && !write_inside(out))
			return false;
	}
	out->at++;
	sio_text_putc(out->text, '"');
	return true;
}

/* Write true, false, null or a number. */
static bool
write_word(struct sio_convert *out)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len = strspn(out->at, word);
	bool known = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		known |= strlen(words[i]) == len &&
			 strncmp(words[i], out->at, len) == 0;
	if (!known) {
		len = strspn(out->at, "+-.0123456789eE");
		if (len == 0 || sio_json_number_len(out->at, len) != len)
			return sio_convert_fail(out);
	}
	sio_text_add(out->text, out->at, len);
	out->at += len;
	return true;
}

/* Write the name of a member: a string, a conversion or an identifier. */
static bool
write_name(struct sio_convert *out)
{
	size_t len = strspn(out->at, word);

	if (*out->at == '"' || *out->at == '\'')
		return write_literal(out);
	if (*out->at == '%') {
		out->at++;
		return sio_convert(out, SIO_CONVERT_NAME);
	}
	if (len == 0 || strspn(out->at, digits) > 0)
		return sio_convert_fail(out);
	sio_text_quote(out->text, out->at, len);
	out->at += len;
	return true;
}

/* ---- arrays and objects ------------------------------------------------ */

static void
skip_space(struct format *f)
{
	f->out.at += strspn(f->out.at, " \t\n\r");
}

/* Skip white space. Returns whether the octet behind it is c. */
static bool
is_next(struct format *f, char c)
{
	skip_space(f);
	return *f->out.at == c;
}

/* Skip white space and the octet c behind it, if it is there. */
static bool
skip(struct format *f, char c)
{
	if (!is_next(f, c))
		return false;
	f->out.at++;
	return true;
}

static bool write_container(struct format *f, char end);

/* Write a value: the rule "value" of the grammar. */
static bool
write_value(struct format *f)
{
	skip_space(f);
	switch (*f->out.at) {
	case '{':
		return write_container(f, '}');
	case '[':
		return write_container(f, ']');
	case '"':
	case '\'':
		return write_literal(&f->out);
	case '%':
		f->out.at++;
		return sio_convert(&f->out, SIO_CONVERT_VALUE);
	}
	return write_word(&f->out);
}

/* Write the elements of an array, or of the template.
 *   end    the octet behind them, which stays: ']' or NUL
 *   first  the elements begin an array, so no comma stands before them
 * Returns how many elements it wrote, or -1. */
static long
write_elements(struct format *f, char end, bool first)
{
	long count = 0, written;

	if (is_next(f, end))
		return 0;
	do {
		bool comma = !first || count > 0;

		if (is_next(f, '.')) {
			written = sio_convert_spread(&f->out, !comma);
		} else {
			if (comma)
				sio_text_putc(f->out.text, ',');
			written = write_value(f) ? 1 : -1;
		}
		if (written < 0)
			return -1;
		count += written;
	} while (skip(f, ','));
	if (is_next(f, end))
		return count;
	sio_convert_fail(&f->out);
	return -1;
}

/* Write the members of an object.
 *   end, first  as for write_elements
 * Returns how many members it wrote, or -1. */
static long
write_members(struct format *f, char end, bool first)
{
	long count = 0;

	if (is_next(f, end))
		return 0;
	do {
		if (!first || count > 0)
			sio_text_putc(f->out.text, ',');
		count++;
		skip_space(f);
		if (!write_name(&f->out) || !skip(f, ':')) {
			sio_convert_fail(&f->out);
			return -1;
		}
		sio_text_putc(f->out.text, ':');
		if (!write_value(f))
			return -1;
	} while (skip(f, ','));
	if (is_next(f, end))
		return count;
	sio_convert_fail(&f->out);
	return -1;
}

/* Write an array or an object.
 *   end  the octet that ends it: ']' or '}' */
static bool
write_container(struct format *f, char end)
{
	if (f->depth == DEPTH_MAX)
		return sio_convert_fail(&f->out);
	f->depth++;
	sio_text_putc(f->out.text, *f->out.at++);
	if ((end == '}' ? write_members(f, end, true)
			: write_elements(f, end, true)) < 0)
		return false;
	sio_text_putc(f->out.text, *f->out.at++);
	f->depth--;
	return true;
}

/* ---- templates --------------------------------------------------------- */

/* Undo what was written if there was an error.
 *   len, attached  octets of the text and attachments before that */
static int
finish(const struct sio_convert *out, size_t len, unsigned attached)
{
	int error = out->error != 0 ? out->error : out->text->error;

	/* The receivers would put an attachment in the place of an object that
	 * a peer sent. */
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

/* Write a template.
 *   array  its elements become an array behind the name, if there is one; else
 *          there must be one element, which becomes the text */
static int
write_template(struct sio_text *text, struct sio_attachments *attachments,
    bool array, const char *name, const char *format, va_list args)
{
	struct format f = {
		.out = {
			.at = format == NULL ? "" : format,
			.text = text,
			.attachments = attachments,
		},
	};
	unsigned attached = attachments == NULL ? 0 : attachments->count;
	size_t len = text->len;
	long count;

	if (array)
		sio_text_putc(text, '[');
	if (name != NULL)
		sio_text_quote(text, name, strlen(name));
	va_copy(f.out.args, args);
	count = write_elements(&f, '\0', name == NULL);
	va_end(f.out.args);
	if (array)
		sio_text_putc(text, ']');
	else if (count != 1)
		sio_convert_fail(&f.out);
	return finish(&f.out, len, attached);
}

int
sio_format_array(struct sio_text *text, struct sio_attachments *attachments,
    const char *name, const char *format, va_list args)
{
	return write_template(text, attachments, true, name, format, args);
}

int
sio_format_value(struct sio_text *text, struct sio_attachments *attachments,
    const char *format, va_list args)
{
	return write_template(text, attachments, false, NULL, format, args);
}

int
sio_format_more(struct sio_text *text, char end, size_t *count, bool *lookalike,
    const char *format, va_list args)
{
	struct format f = {
		.out = { .at = format == NULL ? "" : format, .text = text },
	};
	size_t len = text->len;
	long more;
	int result;

	va_copy(f.out.args, args);
	more = end == '}' ? write_members(&f, '\0', *count == 0)
			  : write_elements(&f, '\0', *count == 0);
	va_end(f.out.args);
	result = finish(&f.out, len, 0);
	if (result < 0)
		return result;
	*count += (size_t)more;
	*lookalike |= f.out.lookalike;
	return 0;
}

int
sio_format(struct sio_text *text, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sio_format_value(text, NULL, format, args);
	va_end(args);
	return result;
}
