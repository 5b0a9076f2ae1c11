/* print.c - text from a template, and numbers from text. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "print.h"

/* What is being written. What does not fit is counted only. */
struct print {
	char *to;
	size_t size, len;
	va_list args;
};

/* What stands between '%' and the letter. */
struct conversion {
	uint64_t width;
	uint64_t precision; /* of text; UINT64_MAX for all */
	char pad;           /* before a number: ' ' or '0' */
	char length;        /* 'l', 'L' for ll, 'z', or 0 */
};

static void
put(struct print *print, const char *text, size_t len)
{
	size_t room = print->size - 1, at = print->len;

	if (at > room)
		at = room;
	memcpy(print->to + at, text, len < room - at ? len : room - at);
	print->len += len;
}

static void
put_number(struct print *print, uint64_t number, unsigned base,
    const char *digits, const struct conversion *how)
{
	char text[20]; /* of UINT64_MAX */
	size_t first = sizeof(text);

	do {
		text[--first] = digits[number % base];
		number /= base;
	} while (number > 0);
	for (uint64_t n = sizeof(text) - first; n < how->width; n++)
		put(print, &how->pad, 1);
	put(print, text + first, sizeof(text) - first);
}

static void
put_signed(struct print *print, const struct conversion *how)
{
	int64_t number = how->length == 'l'   ? va_arg(print->args, long)
			 : how->length == 'L' ? va_arg(print->args, long long)
					      : va_arg(print->args, int);
	uint64_t magnitude = (uint64_t)number;

	if (number < 0) {
		put(print, "-", 1);
		magnitude = -magnitude;
	}
	put_number(print, magnitude, 10, "0123456789", how);
}

static uint64_t
next_unsigned(struct print *print, const struct conversion *how)
{
	switch (how->length) {
	case 'l':
		return va_arg(print->args, unsigned long);
	case 'L':
		return va_arg(print->args, unsigned long long);
	case 'z':
		return va_arg(print->args, size_t);
	default:
		return va_arg(print->args, unsigned);
	}
}

/* Read what stands before the letter. Returns where that is. */
static const char *
read_conversion(struct print *print, const char *at, struct conversion *how)
{
	*how = (struct conversion){ .precision = UINT64_MAX, .pad = ' ' };
	if (*at == '0')
		how->pad = '0';
	at = ws_scan(at, 10, &how->width);
	if (at[0] == '.' && at[1] == '*') {
		how->precision = (uint64_t)va_arg(print->args, int);
		at += 2;
	} else if (at[0] == '.')
		at = ws_scan(at + 1, 10, &how->precision);
	for (; *at == 'h' || *at == 'l' || *at == 'z'; at++)
		how->length = how->length == 'l' ? 'L' : *at;
	return at;
}

/* Write what a '%' before at asks for. Returns what is behind it. */
static const char *
convert(struct print *print, const char *at)
{
	struct conversion how;
	const char *text;
	char c;

	at = read_conversion(print, at, &how);
	switch (*at) {
	case 's':
		text = va_arg(print->args, const char *);
		put(print, text, strnlen(text, (size_t)how.precision));
		break;
	case 'c':
		c = (char)va_arg(print->args, int);
		put(print, &c, 1);
		break;
	case 'd':
		put_signed(print, &how);
		break;
	case 'u':
		put_number(
		    print, next_unsigned(print, &how), 10, "0123456789", &how);
		break;
	case 'x':
		put_number(print, next_unsigned(print, &how), 16,
		    "0123456789abcdef", &how);
		break;
	case 'X':
		put_number(print, next_unsigned(print, &how), 16,
		    "0123456789ABCDEF", &how);
		break;
	case '\0':
		return at;
	default: /* "%%"; the compiler has refused what is unknown */
		put(print, at, 1);
	}
	return at + 1;
}

int
ws_vprint(char *to, size_t size, const char *format, va_list args)
{
	struct print print = { .to = to, .size = size };

	va_copy(print.args, args);
	while (*format != '\0') {
		size_t len = strcspn(format, "%");

		put(&print, format, len);
		format += len;
		if (*format == '%')
			format = convert(&print, format + 1);
	}
	va_end(print.args);
	to[print.len < size ? print.len : size - 1] = '\0';
	return (int)print.len;
}

int
ws_print(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = ws_vprint(to, size, format, args);
	va_end(args);
	return len;
}

/* U+0080 to U+009F are controls too: U+009B begins an escape sequence. In
 * UTF-8 they are 0xc2 and one octet more. */
void
ws_tame(char *line)
{
	unsigned char before = 0;

	for (; *line != '\0'; line++) {
		unsigned char c = (unsigned char)*line;

		if (c < ' ' || c == 0x7f)
			*line = '?';
		else if (before == 0xc2 && c >= 0x80 && c < 0xa0)
			line[-1] = line[0] = '?';
		before = c;
	}
}

const char *
ws_scan(const char *text, unsigned base, uint64_t *value)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text < (char)('0' + base); text++) {
		unsigned digit = (unsigned)(*text - '0');

		number = number > (UINT64_MAX - digit) / base
			     ? UINT64_MAX
			     : number * base + digit;
	}
	*value = number;
	return text;
}
