/* text.c - a string that grows, to write JSON into. */
/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

#include "json.h"
#include "number.h"
#include "ws.h"

enum {
	SIZE_MIN = 128
};

/* The size for len octets: at least twice the one that there is, so that
 * adding octet by octet copies each of them twice at most. */
static size_t
grown(size_t size, size_t len)
{
	size_t twice = size > SIZE_MAX / 2 ? SIZE_MAX : size * 2;

	if (twice < SIZE_MIN)
		twice = SIZE_MIN;
	return twice < len ? len : twice;
}

static char *
fail(struct sio_text *text)
{
	text->error = WS_ENOMEM;
	return NULL;
}

char *
sio_text_room(struct sio_text *text, size_t len)
{
	size_t size;
	char *at;

	if (text->error != 0)
		return NULL;
	if (text->at != NULL && len <= text->size - text->len)
		return text->at + text->len;
	if (len > SIZE_MAX - text->len)
		return fail(text);
	size = grown(text->size, text->len + len);
	at = ws_mem_resize(text->at, size);
	if (at == NULL)
		return fail(text);
	text->at = at;
	text->size = size;
	return at + text->len;
}

void
sio_text_add(struct sio_text *text, const void *data, size_t len)
{
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

void
sio_text_escape(struct sio_text *text, const char *string, size_t len)
{
	size_t escaped = sio_json_escaped_len(string, len);
	char *at = sio_text_room(text, escaped);

	if (at == NULL)
		return;
	sio_json_escape(string, len, at);
	text->len += escaped;
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
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	sio_text_add(text, at, (size_t)(digits + sizeof(digits) - at));
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
