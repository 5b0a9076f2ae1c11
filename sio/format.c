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
 * All conversions are printf's, with the types that it wants, so that the
 * compiler checks each call:
 *
 *	 %d %i %u       integers; with h, l, ll, j or z, and hhu
 *	 %hhd           a bool: true or false
 *	 %g             a double, as JSON.stringify writes it
 *	 %f %e %.2f     a double, as printf writes it
 *	                (what is not finite is null in all of them)
 *	 %s             a C string; null for NULL
 *	 %.*s           a string of exactly that length, an int; printf would
 *	                end it at a NUL
 *	 %p             a struct sio_value, by its address; null for NULL and for
 *	                one that is absent
 *	 ...%p          the elements of a struct sio_value that is an array
 *
 * Field widths and other flags are errors: JSON has no columns.
 *
 * Strings are escaped, and what is not UTF-8 in them becomes U+FFFD, so that
 * no data can break the packet. Binary data becomes an attachment. Where a
 * value is copied that has binary data in it, its placeholders get new
 * numbers, and data that stands there twice is sent once.
 *
 * An object of a peer's may look like a placeholder without being one. In a
 * packet without attachments that does no harm. In one with attachments the
 * receivers would take it for one of them, so this is refused.
 *
 * The template is the programmer's. A mistake in it is found at the first
 * call, whatever the data: nothing is written then.
 */

#include "format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "packet.h"

enum {
	DEPTH_MAX = 64,     /* the bits of kinds */
	PRECISION_MAX = 20, /* digits behind the point that %f writes */
	/* Before the point DBL_MAX has 309, and a sign; there may be a point of
	 * several octets, and a NUL. */
	PRINTED_MAX = 310 + PRECISION_MAX + 16,
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
	struct sio_text *text;               /* borrowed */
	struct sio_attachments *attachments; /* borrowed; NULL: none may be */
	const char *at;                      /* the rest of the template */
	va_list args;
	int error; /* 0 or WS_EINVAL; memory is text's */
	enum expect expect;
	bool first;     /* no comma is needed before the next element */
	bool lookalike; /* a copied object looks like a placeholder */
	unsigned depth;
	uint64_t kinds; /* of what is open, the innermost last: 1 for objects */
	size_t elements; /* at the top */
};

/* Where a string conversion stands. */
enum place {
	AS_VALUE,
	AS_NAME,
	INSIDE, /* of a string */
};

/* A conversion: what stands between '%' and its letter, and the letter. */
struct conversion {
	int precision; /* -1 when there is none */
	bool starred;  /* the precision was an argument */
	char length[3];
	char letter;
};

static bool
fail(struct format *f)
{
	f->error = WS_EINVAL;
	return false;
}

/* ---- conversions ------------------------------------------------------- */

static bool
is_length(const struct conversion *c, const char *length)
{
	return strcmp(c->length, length) == 0;
}

/* Skip a precision: ".*" or ".2". */
static void
read_precision(struct format *f, struct conversion *c)
{
	c->precision = -1;
	c->starred = false;
	if (*f->at != '.')
		return;
	f->at++;
	c->precision = 0;
	if (*f->at == '*') {
		f->at++;
		c->starred = true;
		c->precision = va_arg(f->args, int);
		return;
	}
	for (; *f->at >= '0' && *f->at <= '9'; f->at++) {
		if (c->precision <= PRECISION_MAX)
			c->precision = c->precision * 10 + (*f->at - '0');
	}
}

/* Read a conversion behind its percent sign. */
static void
read_conversion(struct format *f, struct conversion *c)
{
	size_t length;

	read_precision(f, c);
	length = strspn(f->at, "hljz");
	if (length >= sizeof(c->length))
		length = sizeof(c->length) - 1;
	memset(c->length, 0, sizeof(c->length));
	memcpy(c->length, f->at, length);
	f->at += length;
	c->letter = *f->at;
	if (c->letter != '\0')
		f->at++;
}

/* Write a signed integer; or a bool, for which hh is free. */
static bool
write_signed(struct format *f, const struct conversion *c)
{
	if (is_length(c, "hh"))
		sio_text_puts(f->text, va_arg(f->args, int) ? "true" : "false");
	else if (is_length(c, "h"))
		sio_text_integer(f->text, (short)va_arg(f->args, int));
	else if (is_length(c, "l"))
		sio_text_integer(f->text, va_arg(f->args, long));
	else if (is_length(c, "ll"))
		sio_text_integer(f->text, va_arg(f->args, long long));
	else if (is_length(c, "j"))
		sio_text_integer(f->text, va_arg(f->args, intmax_t));
	else if (is_length(c, "z"))
		sio_text_integer(f->text, va_arg(f->args, ssize_t));
	else if (is_length(c, ""))
		sio_text_integer(f->text, va_arg(f->args, int));
	else
		return fail(f);
	return true;
}

static bool
write_unsigned(struct format *f, const struct conversion *c)
{
	uint64_t value;

	if (is_length(c, "hh"))
		value = (unsigned char)va_arg(f->args, unsigned);
	else if (is_length(c, "h"))
		value = (unsigned short)va_arg(f->args, unsigned);
	else if (is_length(c, "l"))
		value = va_arg(f->args, unsigned long);
	else if (is_length(c, "ll"))
		value = va_arg(f->args, unsigned long long);
	else if (is_length(c, "j"))
		value = va_arg(f->args, uintmax_t);
	else if (is_length(c, "z"))
		value = va_arg(f->args, size_t);
	else if (is_length(c, ""))
		value = va_arg(f->args, unsigned);
	else
		return fail(f);
	sio_text_unsigned(f->text, value);
	return true;
}

/* Write what printf makes of a double, with a point where the locale has
 * something else. */
static void
write_printed(struct format *f, const struct conversion *c, double value)
{
	static const char *const formats[] = { "%.*e", "%.*f", "%.*g" };
	char printed[PRINTED_MAX];
	const char *p = printed;

	snprintf(printed, sizeof(printed), formats[c->letter - 'e'],
	    c->precision < 0 ? 6 : c->precision, value);
	while (*p != '\0') {
		size_t known = strspn(p, "+-0123456789e");

		sio_text_add(f->text, p, known);
		p += known;
		known = strcspn(p, "+-0123456789e");
		if (known > 0)
			sio_text_putc(f->text, '.');
		p += known;
	}
}

static bool
write_double(struct format *f, const struct conversion *c)
{
	double value;

	if (!is_length(c, "") || c->precision > PRECISION_MAX)
		return fail(f);
	value = va_arg(f->args, double);
	if (!isfinite(value) || (c->letter == 'g' && c->precision < 0))
		sio_text_number(f->text, value);
	else
		write_printed(f, c, value);
	return true;
}

/* Write a string, within quotes of its own unless it stands in a string. */
static bool
write_string(struct format *f, const struct conversion *c, enum place place)
{
	const char *string;
	size_t len;

	if (!is_length(c, "") || (c->precision >= 0 && !c->starred))
		return fail(f);
	string = va_arg(f->args, const char *);
	if (string == NULL && place == AS_NAME)
		return fail(f);
	if (string == NULL) {
		sio_text_puts(f->text, "null");
		return true;
	}
	len = c->precision < 0 ? strlen(string) : (size_t)c->precision;
	if (place == INSIDE)
		sio_text_escape(f->text, string, len);
	else
		sio_text_quote(f->text, string, len);
	return true;
}

/* Write a number or a bool. */
static bool
write_scalar(struct format *f, const struct conversion *c)
{
	switch (c->letter) {
	case 'e':
	case 'f':
	case 'g':
		return write_double(f, c);
	case 'd':
	case 'i':
		return c->precision < 0 && !c->starred ? write_signed(f, c)
						       : fail(f);
	case 'u':
		return c->precision < 0 && !c->starred ? write_unsigned(f, c)
						       : fail(f);
	}
	return fail(f);
}

/* ---- values ------------------------------------------------------------ */

/* Find the number of binary data among the attachments, to which it is added
 * unless it is there. */
static bool
attach(struct format *f, struct sio_attachment data, unsigned *number)
{
	struct sio_attachments *all = f->attachments;

	if (all == NULL)
		return fail(f);
	for (*number = 0; *number < all->count; ++*number) {
		if (all->list[*number].data == data.data &&
		    all->list[*number].len == data.len)
			return true;
	}
	if (all->count == SIO_PACKET_ATTACHMENTS_MAX)
		return fail(f);
	all->list[all->count++] = data;
	return true;
}

static bool
write_binary(struct format *f, struct sio_value value)
{
	struct sio_attachment data;
	unsigned number;

	data.data = sio_bytes(value, &data.len);
	if (!attach(f, data, &number))
		return false;
	sio_text_puts(f->text, "{\"_placeholder\":true,\"num\":");
	sio_text_unsigned(f->text, number);
	sio_text_putc(f->text, '}');
	return true;
}

/* Copy the text of a value in a document, with binary data in it. */
static bool
copy_place(struct format *f, struct sio_value value)
{
	const struct sio_document *document = value.of;
	const struct sio_json_token *tokens = document->tokens;
	uint32_t at = (uint32_t)value.at, end = tokens[value.at].next;
	size_t len;
	const char *from = sio_json(value, &len), *to = from + len;

	while (at < end) {
		if (tokens[at].type == SIO_OBJECT)
			f->lookalike |= sio_packet_is_placeholder(
			    document->text, tokens, at);
		if (tokens[at].type != SIO_BINARY) {
			at++;
			continue;
		}
		sio_text_add(f->text, from,
		    (size_t)(document->text + tokens[at].start - from));
		if (!write_binary(f, sio_value_at(document, at)))
			return false;
		from = document->text + tokens[at].end;
		at = tokens[at].next;
	}
	sio_text_add(f->text, from, (size_t)(to - from));
	return true;
}

/* Write what stands before an element or a name. */
static void
begin_element(struct format *f)
{
	if (!f->first)
		sio_text_putc(f->text, ',');
	f->first = false;
	if (f->depth == 0)
		f->elements++;
}

/* Write the arguments of an event as an array. */
static bool
copy_arguments(struct format *f, struct sio_value arguments)
{
	struct sio_iterator it = sio_iterate(arguments);
	char before = '[';

	while (sio_next(&it)) {
		sio_text_putc(f->text, before);
		if (!copy_place(f, it.value))
			return false;
		before = ',';
	}
	sio_text_puts(f->text, before == '[' ? "[]" : "]");
	return true;
}

static bool
write_value(struct format *f, struct sio_value value)
{
	const char *json;
	size_t len;

	switch ((enum sio_value_kind)value.kind) {
	case SIO_VALUE_PLACE:
		return copy_place(f, value);
	case SIO_VALUE_ARGUMENTS:
		return copy_arguments(f, value);
	case SIO_VALUE_BINARY:
		return write_binary(f, value);
	case SIO_VALUE_ABSENT:
		sio_text_puts(f->text, "null");
		return true;
	case SIO_VALUE_RAW:
		break;
	}
	json = sio_json(value, &len);
	sio_text_add(f->text, json, len);
	return true;
}

/* The value whose address is the next argument. */
static struct sio_value
next_value(struct format *f)
{
	/* %p takes a void pointer. */
	const struct sio_value *value = va_arg(f->args, void *);
	static const struct sio_value none;

	return value == NULL ? none : *value;
}

static bool
write_conversion(struct format *f)
{
	struct conversion c;

	f->at++;
	read_conversion(f, &c);
	if (c.letter == 's')
		return write_string(f, &c, AS_VALUE);
	if (c.letter != 'p')
		return write_scalar(f, &c);
	if (!is_length(&c, "") || c.precision >= 0 || c.starred)
		return fail(f);
	return write_value(f, next_value(f));
}

/* Write the elements of the array that "...%p" stands for, in the midst of
 * others. What is absent has none. */
static bool
write_spread(struct format *f)
{
	struct sio_iterator it;
	struct sio_value array;

	if (strncmp(f->at, "...%p", 5) != 0)
		return fail(f);
	f->at += 5;
	array = next_value(f);
	if (array.kind != SIO_VALUE_ABSENT && sio_type(array) != SIO_ARRAY)
		return fail(f);
	it = sio_iterate(array);
	while (sio_next(&it)) {
		begin_element(f);
		if (!copy_place(f, it.value))
			return false;
	}
	return true;
}

/* ---- the template ------------------------------------------------------ */

/* Copy an escape sequence of a string; \' is our own. */
static bool
copy_escape(struct format *f)
{
	size_t len = f->at[1] == 'u' ? 6 : 2;

	if (f->at[1] == '\'') {
		sio_text_putc(f->text, '\'');
		f->at += 2;
		return true;
	}
	if (f->at[1] == '\0' || strchr("\"\\/bfnrtu", f->at[1]) == NULL)
		return fail(f);
	if (len == 6 && strspn(f->at + 2, "0123456789abcdefABCDEF") < 4)
		return fail(f);
	sio_text_add(f->text, f->at, len);
	f->at += len;
	return true;
}

/* Write a conversion that stands in a string. */
static bool
write_inside(struct format *f)
{
	struct conversion c;

	f->at++;
	if (*f->at == '%') {
		sio_text_putc(f->text, *f->at++);
		return true;
	}
	read_conversion(f, &c);
	return c.letter == 's' ? write_string(f, &c, INSIDE)
			       : write_scalar(f, &c);
}

/* Write a string from its quote on. */
static bool
write_literal(struct format *f)
{
	char stops[] = { *f->at++, '%', '\\', '\0' };

	sio_text_putc(f->text, '"');
	while (*f->at != stops[0]) {
		size_t plain = strcspn(f->at, stops);

		sio_text_escape(f->text, f->at, plain);
		f->at += plain;
		if (*f->at == '\0')
			return fail(f);
		if (*f->at == '\\' && !copy_escape(f))
			return false;
		if (*f->at == '%' && !write_inside(f))
			return false;
	}
	f->at++;
	sio_text_putc(f->text, '"');
	return true;
}

/* The letters, digits, '_' and '$' at the beginning of text. */
static size_t
word_len(const char *text)
{
	return strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_$");
}

static bool
write_number(struct format *f)
{
	size_t len = strspn(f->at, "+-.0123456789eE");

	if (len == 0 || sio_json_number_len(f->at, len) != len)
		return fail(f);
	sio_text_add(f->text, f->at, len);
	f->at += len;
	return true;
}

/* Write true, false, null or a number. */
static bool
write_word(struct format *f)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len = word_len(f->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) != len ||
		    memcmp(words[i], f->at, len) != 0)
			continue;
		sio_text_add(f->text, f->at, len);
		f->at += len;
		return true;
	}
	return write_number(f);
}

static bool
write_name_conversion(struct format *f)
{
	struct conversion c;

	f->at++;
	read_conversion(f, &c);
	return c.letter == 's' ? write_string(f, &c, AS_NAME) : fail(f);
}

static bool
write_identifier(struct format *f)
{
	size_t len = word_len(f->at);

	if (len == 0 || (*f->at >= '0' && *f->at <= '9'))
		return fail(f);
	sio_text_quote(f->text, f->at, len);
	f->at += len;
	return true;
}

static void
skip_space(struct format *f)
{
	f->at += strspn(f->at, " \t\n\r");
}

/* Write the name of a member, and the colon. */
static bool
write_name(struct format *f)
{
	bool written;

	begin_element(f);
	if (*f->at == '"' || *f->at == '\'')
		written = write_literal(f);
	else if (*f->at == '%')
		written = write_name_conversion(f);
	else
		written = write_identifier(f);
	skip_space(f);
	if (!written || *f->at != ':')
		return fail(f);
	f->at++;
	sio_text_putc(f->text, ':');
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
		return fail(f);
	sio_text_putc(f->text, *f->at++);
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
		return *f->at == '\0';
	return *f->at == (in_object(f) ? '}' : ']');
}

static bool
close_container(struct format *f)
{
	f->expect = f->depth == 0 ? NOTHING : COMMA_OR_END;
	if (f->depth == 0)
		return true;
	sio_text_putc(f->text, *f->at++);
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
	switch (*f->at) {
	case '{':
		return open_container(f, true);
	case '[':
		return open_container(f, false);
	case '"':
	case '\'':
		return write_literal(f);
	case '%':
		return write_conversion(f);
	}
	return write_word(f);
}

static bool
write_element(struct format *f)
{
	if (*f->at == '.') {
		f->expect = COMMA_OR_END;
		return write_spread(f);
	}
	begin_element(f);
	return write_any(f);
}

static bool
read_comma(struct format *f)
{
	if (*f->at != ',')
		return fail(f);
	f->at++;
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

/* Write the elements of a template. What is there already is the caller's to
 * restore when this fails. */
static void
write_template(struct format *f, const char *format, va_list args)
{
	f->at = format == NULL ? "" : format;
	f->expect = ELEMENT_OR_END;
	va_copy(f->args, args);
	while (step(f))
		;
	va_end(f->args);
	if (f->lookalike && f->attachments != NULL && f->attachments->count > 0)
		fail(f);
}

/* Take back what was written if that went wrong. */
static int
finish(struct format *f, size_t len, unsigned attachments)
{
	int error = f->error != 0 ? f->error : f->text->error;

	if (error == 0)
		return 0;
	sio_text_cut(f->text, len);
	if (f->attachments != NULL)
		f->attachments->count = attachments;
	return error;
}

int
sio_format_array(struct sio_text *text, struct sio_attachments *attachments,
    const char *name, const char *format, va_list args)
{
	struct format f = { .text = text, .attachments = attachments };
	unsigned count = attachments == NULL ? 0 : attachments->count;
	size_t len = text->len;

	sio_text_putc(text, '[');
	if (name != NULL)
		sio_text_quote(text, name, strlen(name));
	f.first = name == NULL;
	write_template(&f, format, args);
	sio_text_putc(text, ']');
	return finish(&f, len, count);
}

int
sio_format_value(struct sio_text *text, struct sio_attachments *attachments,
    const char *format, va_list args)
{
	struct format f = { .text = text, .attachments = attachments };
	unsigned count = attachments == NULL ? 0 : attachments->count;
	size_t len = text->len;

	f.first = true;
	write_template(&f, format, args);
	if (f.elements != 1)
		fail(&f);
	return finish(&f, len, count);
}
