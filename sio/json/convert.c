/* convert.c - one conversion of a template: an argument becomes JSON. */
/* SPDX-License-Identifier: MIT */

/*
 * The conversions are those of printf (C11 section 7.21.6.1) and take the same
 * types, so that the compiler checks each call. The result is JSON:
 *
 *	 conversion     argument                      becomes
 *	 %d %i %u       integers; with h, l, ll, j    digits
 *	                or z, and %hhu
 *	 %hhd           a bool                        true or false
 *	 %g             a double                      as JSON.stringify has it
 *	 %f %e %.2f     a double                      as printf has it in "C"
 *	 %s             a C string                    a string; NULL is null
 *	 %.*s           an int and octets             a string of that length
 *	 %p             a struct sio_value *          that value; NULL is null
 *	 ...%p          the same, of an array         its elements
 *
 * A double that is not finite becomes null. A string is escaped, and octets
 * that are not UTF-8 become U+FFFD, so that no data can break the packet. %.*s
 * takes all octets of its length, where printf stops at a NUL.
 *
 * Field widths and flags are errors: JSON has no columns.
 *
 * Binary data becomes an attachment, and a placeholder in the text. When a
 * value is copied that has binary data in it, its placeholders get new numbers.
 * Data that occurs twice is sent once:
 *
 *	 came:  ["a",{"_placeholder":true,"num":0}]    attachments: X
 *	 goes:  ["b",{"_placeholder":true,"num":1}]    attachments: Y X
 *
 * A peer may have sent an object that looks like a placeholder, in a packet
 * without attachments. Copied into a packet without attachments it does no
 * harm. In a packet with attachments the receivers would put one of these in
 * its place, so the caller is told (lookalike).
 */

#include "convert.h"

#include <math.h>
#include <string.h>
#include <sys/types.h>

#include "build.h"
#include "number.h"

/* A conversion, as in "%.*lld". */
struct conversion {
	int precision; /* -1 when there is none */
	bool starred;  /* the precision is an argument, which may be negative */
	char length[3]; /* the length modifier, such as "ll"; terminated */
	char letter;    /* the conversion specifier */
};

bool
sio_convert_fail(struct sio_convert *out)
{
	out->error = WS_EINVAL;
	return false;
}

/* ---- conversions ------------------------------------------------------- */

static bool
is_length(const struct conversion *c, const char *length)
{
	return strcmp(c->length, length) == 0;
}

static bool
has_precision(const struct conversion *c)
{
	return c->precision >= 0 || c->starred;
}

/* Read a precision, ".*" or ".2", if there is one. */
static void
read_precision(struct sio_convert *out, struct conversion *c)
{
	c->precision = -1;
	c->starred = false;
	if (*out->at != '.')
		return;
	out->at++;
	c->precision = 0;
	if (*out->at == '*') {
		out->at++;
		c->starred = true;
		c->precision = va_arg(out->args, int);
		return;
	}
	for (; *out->at >= '0' && *out->at <= '9'; out->at++) {
		if (c->precision <= SIO_NUMBER_PRECISION_MAX)
			c->precision = c->precision * 10 + (*out->at - '0');
	}
}

/* Read a conversion from behind its percent sign. */
static void
read_conversion(struct sio_convert *out, struct conversion *c)
{
	size_t length;

	read_precision(out, c);
	length = strspn(out->at, "hljz");
	if (length >= sizeof(c->length))
		length = sizeof(c->length) - 1;
	memset(c->length, 0, sizeof(c->length));
	memcpy(c->length, out->at, length);
	out->at += length;
	c->letter = *out->at;
	if (c->letter != '\0')
		out->at++;
}

/* Write a signed integer. %hhd is a bool: of a char it would not be needed. */
static bool
write_signed(struct sio_convert *out, const struct conversion *c)
{
	if (is_length(c, "hh"))
		sio_text_puts(
		    out->text, va_arg(out->args, int) ? "true" : "false");
	else if (is_length(c, "h"))
		sio_text_integer(out->text, (short)va_arg(out->args, int));
	else if (is_length(c, "l"))
		sio_text_integer(out->text, va_arg(out->args, long));
	else if (is_length(c, "ll"))
		sio_text_integer(out->text, va_arg(out->args, long long));
	else if (is_length(c, "j"))
		sio_text_integer(out->text, va_arg(out->args, intmax_t));
	else if (is_length(c, "z"))
		sio_text_integer(out->text, va_arg(out->args, ssize_t));
	else if (is_length(c, ""))
		sio_text_integer(out->text, va_arg(out->args, int));
	else
		return sio_convert_fail(out);
	return true;
}

static bool
write_unsigned(struct sio_convert *out, const struct conversion *c)
{
	uint64_t value;

	/* C11 6.5.2.2: an argument shorter than an int comes as an int. */
	if (is_length(c, "hh"))
		value = (unsigned char)va_arg(out->args, unsigned);
	else if (is_length(c, "h"))
		value = (unsigned short)va_arg(out->args, unsigned);
	else if (is_length(c, "l"))
		value = va_arg(out->args, unsigned long);
	else if (is_length(c, "ll"))
		value = va_arg(out->args, unsigned long long);
	else if (is_length(c, "j"))
		value = va_arg(out->args, uintmax_t);
	else if (is_length(c, "z"))
		value = va_arg(out->args, size_t);
	else if (is_length(c, ""))
		value = va_arg(out->args, unsigned);
	else
		return sio_convert_fail(out);
	sio_text_unsigned(out->text, value);
	return true;
}

static void
write_printed(struct sio_convert *out, const struct conversion *c, double value)
{
	char printed[SIO_NUMBER_PRINT_MAX];
	int precision = c->precision < 0 ? 6 : c->precision;

	sio_text_add(out->text, printed,
	    sio_number_print(value, c->letter, precision, printed));
}

static bool
write_double(struct sio_convert *out, const struct conversion *c)
{
	double value;

	if (!is_length(c, "") || c->precision > SIO_NUMBER_PRECISION_MAX)
		return sio_convert_fail(out);
	value = va_arg(out->args, double);
	/* RFC 8259 section 6 has no Infinity and no NaN: these become null. */
	if (!isfinite(value) || (c->letter == 'g' && c->precision < 0))
		sio_text_number(out->text, value);
	else
		write_printed(out, c, value);
	return true;
}

/* Write a string, quoted unless it stands inside a string. */
static bool
write_string(struct sio_convert *out, const struct conversion *c,
    enum sio_convert_place place)
{
	const char *string;
	size_t len;

	if (!is_length(c, "") || (c->precision >= 0 && !c->starred))
		return sio_convert_fail(out);
	string = va_arg(out->args, const char *);
	if (string == NULL && place == SIO_CONVERT_NAME)
		return sio_convert_fail(out);
	if (string == NULL) {
		sio_text_puts(out->text, "null");
		return true;
	}
	/* C11 7.21.6.1: a negative precision is none. */
	len = c->precision < 0 ? strlen(string) : (size_t)c->precision;
	if (place == SIO_CONVERT_INSIDE)
		sio_text_escape(out->text, string, len);
	else
		sio_text_quote(out->text, string, len);
	return true;
}

/* Write a number or a bool. */
static bool
write_scalar(struct sio_convert *out, const struct conversion *c)
{
	if (c->letter >= 'e' && c->letter <= 'g')
		return write_double(out, c);
	if (has_precision(c))
		return sio_convert_fail(out);
	switch (c->letter) {
	case 'd':
	case 'i':
		return write_signed(out, c);
	case 'u':
		return write_unsigned(out, c);
	}
	return sio_convert_fail(out);
}

/* ---- values ------------------------------------------------------------ */

/* Add binary data to the attachments, unless it is one of them.
 *   number  receives its index
 * Returns false when there are too many, or none are allowed. */
static bool
attach(struct sio_convert *out, struct sio_attachment data, unsigned *number)
{
	struct sio_attachments *all = out->attachments;

	if (all == NULL)
		return sio_convert_fail(out);
	for (*number = 0; *number < all->count; ++*number) {
		if (all->list[*number].data == data.data &&
		    all->list[*number].len == data.len)
			return true;
	}
	if (all->count == SIO_ATTACHMENTS_MAX)
		return sio_convert_fail(out);
	all->list[all->count++] = data;
	return true;
}

/* Write the placeholder of binary data. Socket.IO protocol, "Packet encoding".
 */
static bool
write_binary(struct sio_convert *out, struct sio_value value)
{
	struct sio_attachment data;
	unsigned number;

	data.data = sio_bytes(value, &data.len);
	if (!attach(out, data, &number))
		return false;
	sio_text_puts(out->text, "{\"_placeholder\":true,\"num\":");
	sio_text_unsigned(out->text, number);
	sio_text_putc(out->text, '}');
	return true;
}

/* Copy the text of a value in a document. Its binary data becomes attachments,
 * and numbers that are too large become null. */
static bool
copy_place(struct sio_convert *out, struct sio_value value)
{
	const struct sio_document *document = value.of;
	const struct sio_json_token *tokens = document->tokens;
	uint32_t at = (uint32_t)value.at, end = tokens[value.at].next;
	size_t len;
	const char *from = sio_json(value, &len), *to = from + len;

	while (at < end) {
		bool infinite = sio_value_is_infinite(document, at);

		if (tokens[at].type == SIO_OBJECT)
			out->lookalike |=
			    sio_json_is_placeholder(document->text, tokens, at);
		if (tokens[at].type != SIO_BINARY && !infinite) {
			at++;
			continue;
		}
		/* What stands before the placeholder is copied as it is. */
		sio_text_add(out->text, from,
		    (size_t)(document->text + tokens[at].start - from));
		if (infinite)
			sio_text_puts(out->text, "null");
		else if (!write_binary(out, sio_value_at(document, at)))
			return false;
		from = document->text + tokens[at].end;
		at = tokens[at].next;
	}
	sio_text_add(out->text, from, (size_t)(to - from));
	return true;
}

/* Copy the elements of an array, separated by commas.
 *   first  the elements begin an array, so no comma stands before them
 * Returns how many elements there are, or -1. */
static long
copy_elements(struct sio_convert *out, struct sio_value array, bool first)
{
	struct sio_iterator it = sio_iterate(array);
	long written = 0;

	while (sio_next(&it)) {
		if (!first || written > 0)
			sio_text_putc(out->text, ',');
		if (!copy_place(out, it.value))
			return -1;
		written++;
	}
	return written;
}

/* Write the arguments of an event as an array. */
static bool
copy_arguments(struct sio_convert *out, struct sio_value arguments)
{
	sio_text_putc(out->text, '[');
	if (copy_elements(out, arguments, true) < 0)
		return false;
	sio_text_putc(out->text, ']');
	return true;
}

/* Copy what was built. Returns whether it was. */
static bool
copy_built(struct sio_convert *out, const struct sio_builder *builder)
{
	if (builder == NULL || builder->error != 0)
		return sio_convert_fail(out);
	out->lookalike |= builder->lookalike;
	sio_text_add(out->text, builder->text.at, builder->text.len);
	return true;
}

/* Copy the elements of a list that was built, as copy_elements. */
static long
copy_list(struct sio_convert *out, const struct sio_builder *list, bool first)
{
	if (list == NULL || list->error != 0 || list->end != ']') {
		sio_convert_fail(out);
		return -1;
	}
	out->lookalike |= list->lookalike;
	if (list->count > 0 && !first)
		sio_text_putc(out->text, ',');
	sio_text_add(out->text, list->text.at + 1, list->text.len - 2);
	return (long)list->count;
}

static bool
write_value(struct sio_convert *out, struct sio_value value)
{
	const char *json;
	size_t len;

	switch (sio_value_kind(value)) {
	case SIO_VALUE_PLACE:
		return copy_place(out, value);
	case SIO_VALUE_REST:
		return copy_arguments(out, value);
	case SIO_VALUE_BINARY:
		return write_binary(out, value);
	case SIO_VALUE_ABSENT:
		sio_text_puts(out->text, "null");
		return true;
	case SIO_VALUE_BUILT:
		return copy_built(out, value.of);
	case SIO_VALUE_RAW:
		break;
	}
	json = sio_json(value, &len);
	if (json == NULL)
		return sio_convert_fail(out);
	sio_text_add(out->text, json, len);
	return true;
}

/* Take the next argument, the address of a value. NULL is an absent value. */
static struct sio_value
next_value(struct sio_convert *out)
{
	/* C11 7.21.6.1: %p takes a void pointer. */
	const struct sio_value *value = va_arg(out->args, void *);
	static const struct sio_value none;

	return value == NULL ? none : *value;
}

bool
sio_convert(struct sio_convert *out, enum sio_convert_place place)
{
	struct conversion c;

	read_conversion(out, &c);
	if (c.letter == 's')
		return write_string(out, &c, place);
	if (place == SIO_CONVERT_NAME)
		return sio_convert_fail(out);
	if (c.letter != 'p')
		return write_scalar(out, &c);
	if (place == SIO_CONVERT_INSIDE || !is_length(&c, "") ||
	    has_precision(&c))
		return sio_convert_fail(out);
	return write_value(out, next_value(out));
}

long
sio_convert_spread(struct sio_convert *out, bool first)
{
	static const char spread[] = "...%p";
	const size_t len = sizeof(spread) - 1;
	struct sio_value array;

	if (strncmp(out->at, spread, len) == 0) {
		out->at += len;
		array = next_value(out);
		if (array.kind == SIO_VALUE_BUILT)
			return copy_list(out, array.of, first);
		if (array.kind == SIO_VALUE_ABSENT ||
		    sio_type(array) == SIO_ARRAY)
			return copy_elements(out, array, first);
	}
	sio_convert_fail(out);
	return -1;
}
