/* text.c - messages as JSON and as server-sent events. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base64.h"
#include "text.h"
#include "ws.h"

void
hub_text_free(struct hub_text *text)
{
	ws_buf_free(&text->buf);
	text->failed = false;
}

const char *
hub_text_at(const struct hub_text *text)
{
	return text->buf != NULL ? (const char *)ws_buf_data(text->buf) : "";
}

size_t
hub_text_len(const struct hub_text *text)
{
	return text->buf != NULL ? text->buf->len : 0;
}

void
hub_text_octets(struct hub_text *text, const void *data, size_t len)
{
	if (text->failed || len == 0)
		return;
	text->failed = ws_buf_append(&text->buf, data, len, SIZE_MAX) < 0;
}

void
hub_text_put(struct hub_text *text, const char *more)
{
	hub_text_octets(text, more, strlen(more));
}

/* Append base64, a piece at a time. */
static void
put_base64(struct hub_text *text, const uint8_t *data, size_t len)
{
	enum {
		PIECE = 768 /* a multiple of 3, so that none is padded */
	};
	char out[WS_BASE64_ENCODED(PIECE)];

	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		hub_text_octets(text, out, ws_base64_encode(data, n, out));
		data += n;
		len -= n;
	}
}

/* ---- JSON -------------------------------------------------------------- */

/* Append the escape of an octet that cannot stand in a string. */
static void
put_escape(struct hub_text *text, uint8_t octet)
{
	static const char digits[] = "0123456789abcdef";
	char escape[] = "\\u00xx";

	switch (octet) {
	case '"':
		hub_text_put(text, "\\\"");
		return;
	case '\\':
		hub_text_put(text, "\\\\");
		return;
	case '\n':
		hub_text_put(text, "\\n");
		return;
	case '\r':
		hub_text_put(text, "\\r");
		return;
	case '\t':
		hub_text_put(text, "\\t");
		return;
	default:
		escape[4] = digits[octet >> 4];
		escape[5] = digits[octet & 15];
		hub_text_put(text, escape);
	}
}

void
hub_text_json(struct hub_text *text, const void *data, size_t len)
{
	const uint8_t *in = data;
	size_t from = 0;

	hub_text_put(text, "\"");
	for (size_t i = 0; i < len; i++) {
		if (in[i] >= 0x20 && in[i] != '"' && in[i] != '\\')
			continue;
		hub_text_octets(text, in + from, i - from);
		put_escape(text, in[i]);
		from = i + 1;
	}
	if (len > from)
		hub_text_octets(text, in + from, len - from);
	hub_text_put(text, "\"");
}

void
hub_text_message(struct hub_text *text, const char *id, int kind,
    const void *data, size_t len)
{
	hub_text_put(text, "{");
	if (id != NULL) {
		hub_text_put(text, "\"id\":\"");
		hub_text_put(text, id);
		hub_text_put(text, "\",");
	}
	if (kind == WS_TEXT) {
		hub_text_put(text, "\"data\":");
		hub_text_json(text, data, len);
	} else {
		hub_text_put(text, "\"b64\":\"");
		put_base64(text, data, len);
		hub_text_put(text, "\"");
	}
	hub_text_put(text, "}");
}

/* ---- events ------------------------------------------------------------ */

/* Append a data field for each line. */
static void
put_lines(struct hub_text *text, const char *data, size_t len)
{
	const char *end;
	size_t n;

	do {
		end = len > 0 ? memchr(data, '\n', len) : NULL;
		n = end != NULL ? (size_t)(end - data) : len;
		hub_text_put(text, "data: ");
		hub_text_octets(text, data, n);
		hub_text_put(text, "\n");
		if (end != NULL) {
			data = end + 1;
			len -= n + 1;
		}
	} while (end != NULL);
}

void
hub_text_event(struct hub_text *text, const char *id, int kind,
    const void *data, size_t len)
{
	if (id != NULL) {
		hub_text_put(text, "id: ");
		hub_text_put(text, id);
		hub_text_put(text, "\n");
	}
	if (kind == WS_TEXT &&
	    (len == 0 || (memchr(data, '\r', len) == NULL &&
			     memchr(data, '\0', len) == NULL)))
		put_lines(text, data, len);
	else {
		hub_text_put(text, "event: b64\ndata: ");
		put_base64(text, data, len);
		hub_text_put(text, "\n");
	}
	hub_text_put(text, "\n");
}
