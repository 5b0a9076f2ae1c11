/* template.c - JSON of a template, for all that takes a text. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>

#include "base/mem.h"
#include "json/format.h"
#include "sio.h"

/* Write a template that is one value. Returns its error; text must be freed in
 * any case. */
static int
write(struct sio_text *text, const char *format, va_list args)
{
	*text = (struct sio_text){ 0 };
	return sio_format_value(text, NULL, format, args);
}

char *
sio_json_text(size_t *len, const char *format, ...)
{
	struct sio_text text;
	va_list args;
	int result;

	va_start(args, format);
	result = write(&text, format, args);
	va_end(args);
	sio_text_putc(&text, '\0');
	if (len != NULL)
		*len = text.len - 1;
	if (result == 0 && text.error == 0)
		return text.at;
	errno = result == WS_EINVAL ? EINVAL : ENOMEM;
	if (len != NULL)
		*len = 0;
	sio_text_free(&text);
	return NULL;
}

int
sio_json_reply(struct ws_request *request, int status, const char *format, ...)
{
	struct sio_text text;
	va_list args;
	int result;

	va_start(args, format);
	result = write(&text, format, args);
	va_end(args);
	if (result == 0)
		result = ws_reply(
		    request, status, "application/json", text.at, text.len);
	sio_text_free(&text);
	return result;
}

int
sio_json_send(struct ws_conn *conn, const char *format, ...)
{
	struct sio_text text;
	va_list args;
	int result;

	va_start(args, format);
	result = write(&text, format, args);
	va_end(args);
	if (result == 0)
		result = ws_send(conn, WS_TEXT, text.at, text.len);
	sio_text_free(&text);
	return result;
}

long
sio_json_publish(struct ws_server *server, const char *room, size_t room_len,
    const char *format, ...)
{
	struct sio_text text;
	va_list args;
	long result;

	va_start(args, format);
	result = write(&text, format, args);
	va_end(args);
	if (result == 0)
		result = ws_publish(
		    server, room, room_len, WS_TEXT, text.at, text.len, NULL);
	sio_text_free(&text);
	return result;
}
