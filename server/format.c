/* format.c - messages that are written as printf does. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "ws.h"

/* Most messages that an application writes itself are shorter: they need no
 * memory of their own. */
#define SHORT 256

/* A text that was written. */
struct text {
	char *at; /* owned, unless it is short */
	size_t len;
	char here[SHORT];
};

/* Write a text. Returns 0, WS_EINVAL if vsnprintf cannot, or WS_ENOMEM. */
static int
write_text(struct text *text, const char *format, va_list args)
{
	va_list again;
	int len;

	if (format == NULL) {
		*text = (struct text){ 0 };
		return WS_EINVAL;
	}
	va_copy(again, args);
	len = vsnprintf(text->here, SHORT, format, args);
	text->at = text->here;
	if (len >= SHORT) {
		text->at = ws_mem_resize(NULL, (size_t)len + 1);
		if (text->at != NULL)
			(void)vsnprintf(
			    text->at, (size_t)len + 1, format, again);
	}
	va_end(again);
	text->len = (size_t)len;
	if (len < 0)
		return WS_EINVAL;
	return text->at != NULL ? 0 : WS_ENOMEM;
}

static void
free_text(struct text *text)
{
	if (text->at != text->here)
		ws_mem_free(text->at);
}

int
ws_sendf(struct ws_conn *conn, int kind, const char *format, ...)
{
	struct text text;
	va_list args;
	int result;

	va_start(args, format);
	result = write_text(&text, format, args);
	va_end(args);
	if (result < 0)
		return result;
	result = ws_send(conn, kind, text.at, text.len);
	free_text(&text);
	return result;
}

long
ws_publishf(struct ws_server *server, const char *room, size_t room_len,
    int kind, const char *format, ...)
{
	struct text text;
	va_list args;
	long result;

	va_start(args, format);
	result = write_text(&text, format, args);
	va_end(args);
	if (result < 0)
		return result;
	result =
	    ws_publish(server, room, room_len, kind, text.at, text.len, NULL);
	free_text(&text);
	return result;
}
