/* text.c - a string that grows, to write JSON into. */
/* SPDX-License-Identifier: MIT */

/*
 * The writer of JSON is a string that grows. Its callers know the grammar, and
 * add octets, strings and numbers one after the other:
 *
 *	 sio_text_puts(text, "{\"name\":");
 *	 sio_text_quote(text, "Jürg\t\xff", 7);
 *	 sio_text_puts(text, ",\"score\":");
 *	 sio_text_number(text, 0.1 + 0.2);
 *	 sio_text_putc(text, '}');
 *
 *	 {"name":"Jürg\t�","score":0.30000000000000004}
 *
 * As in JSON.stringify, only a quote, a backslash and control characters are
 * escaped; a character beyond ASCII stands for itself. The last octet of the
 * name is not UTF-8, and became U+FFFD.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/digits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json.h"
#include "number.h"
#include "ws.h"

char *
sio_text_room(struct sio_text *text, size_t len)
{
	size_t need = len > SIZE_MAX - text->len ? SIZE_MAX : text->len + len;

	if (text->error != 0)
		return NULL;
	if (!ws_array_reserve(&text->at, &text->size, need, 1)) {
		text->error = WS_ENOMEM;
		return NULL;
	}
	return need > 0 ? text->at + text->len : NULL;
}

void
sio_text_add(struct sio_text *text, const void *data, size_t len)
{
	/* data may be NULL when len is 0, which memcpy must not see. */
	char *at = len > 0 ? sio_text_room(text, len) : NULL;

	if (at == NULL)
		return;
	memcpy(at, data, len);
	text->len += len;
}

void
sio_text_puts(struct sio_text *text, const char *string)
{
	sio_text_add(text, string, strlen(string));
}

void
sio_text_putc(struct sio_text *text, char c)
{
	sio_text_add(text, &c, 1);
}

/* Add the escape sequence of an octet of ASCII. RFC 8259 section 7. */
static void
add_escape(struct sio_text *text, unsigned char octet)
{
	static const char octets[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = memchr(octets, octet, sizeof(octets) - 1);
	char escape[8];

	if (found != NULL)
		snprintf(
		    escape, sizeof(escape), "\\%c", letters[found - octets]);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", octet);
	sio_text_puts(text, escape);
}

void
sio_text_escape(struct sio_text *text, const char *string, size_t len)
{
	const char *p = string, *end = p + len;
	const char *from = p; /* added up to here; plain from here to p */

	while ((p = sio_json_skip_plain(p, end)) < end) {
		int octets = ws_utf8_char_len(p, (size_t)(end - p));

		/* A character beyond ASCII stands for itself. */
		if (octets > 1) {
			p += octets;
			continue;
		}
		sio_text_add(text, from, (size_t)(p - from));
		if (octets < 0)
			sio_text_puts(text, "\xef\xbf\xbd"); /* U+FFFD */
		else
			add_escape(text, (unsigned char)*p);
		p += octets < 0 ? -octets : 1;
		from = p;
	}
	sio_text_add(text, from, (size_t)(end - from));
}

void
sio_text_quote(struct sio_text *text, const char *string, size_t len)
{
	sio_text_putc(text, '"');
	sio_text_escape(text, string, len);
	sio_text_putc(text, '"');
}

void
sio_text_unsigned(struct sio_text *text, uint64_t value)
{
	char digits[WS_DIGITS_MAX];

	sio_text_add(text, digits, ws_digits_write(digits, value));
}

void
sio_text_integer(struct sio_text *text, int64_t value)
{
	if (value < 0)
		sio_text_putc(text, '-');
	/* Negated as unsigned: -INT64_MIN does not fit an int64_t. */
	sio_text_unsigned(
	    text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
sio_text_number(struct sio_text *text, double value)
{
	char number[SIO_NUMBER_MAX];

	sio_text_add(text, number, sio_number_write(value, number));
}

void
sio_text_cut(struct sio_text *text, size_t len)
{
	if (len < text->len)
		text->len = len;
}

void
sio_text_clear(struct sio_text *text, size_t keep)
{
	if (text->size > keep)
		sio_text_free(text);
	text->len = 0;
	text->error = 0;
}

void
sio_text_free(struct sio_text *text)
{
	ws_mem_free(text->at);
	memset(text, 0, sizeof(*text));
}
