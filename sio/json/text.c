/* text.c - a string that grows, to write JSON into. */
/* SPDX-License-Identifier: MIT */
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
	char *at = sio_text_room(text, len);

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

/* Write an octet of ASCII that cannot stand for itself in a string. */
static void
add_escape(struct sio_text *text, unsigned char octet)
{
	static const char octets[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = strchr(octets, octet);
	char escape[8];

	if (octet != 0 && found != NULL)
		snprintf(
		    escape, sizeof(escape), "\\%c", letters[found - octets]);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", octet);
	sio_text_puts(text, escape);
}

/* ECMA-262 section 25.5.2.3, QuoteJSONString. */
void
sio_text_escape(struct sio_text *text, const char *string, size_t len)
{
	const char *p = string, *from = p, *end = p + len;

	while ((p = sio_json_skip_plain(p, end)) < end) {
		int octets = ws_utf8_char_len(p, (size_t)(end - p));

		/* Beyond ASCII a character stands for itself. */
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
	/* Negated as unsigned, since -INT64_MIN is no int64_t. */
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
