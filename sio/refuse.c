/* refuse.c - which events of a socket are refused, and why a client is told. */
/* SPDX-License-Identifier: MIT */
/*
 * A client of protocol v5 is told an object, as an Error has it; one of v4 what
 * the servers of its time sent, the data or else the message:
 *
 *	44{"message":"not authorized","data":{"retry":1}}
 *	44{"retry":1}
 *
 * Protocol v5 has no packet for an event that is refused: the event "error" says
 * it. Servers of v4 sent the packet that refuses a client.
 */
#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "hooks.h"
#include "nsp.h"
#include "out.h"
#include "packet.h"
#include "reply.h"
#include "sio/json/format.h"
#include "socket.h"

static bool
is_v4(const struct sio_socket *socket)
{
	return eio_protocol(socket->client->session) < 4;
}

/* Write what is told. Returns 0, WS_EINVAL or WS_ENOMEM; the text must be freed
 * in any case. */
static int
write(struct sio_text *text, bool v4, const char *message, const char *format,
    va_list args)
{
	int result = 0;

	if (message == NULL)
		return WS_EINVAL;
	if (!v4)
		sio_text_puts(text, "{\"message\":");
	if (!v4 || format == NULL)
		sio_text_quote(text, message, strlen(message));
	if (!v4 && format != NULL)
		sio_text_puts(text, ",\"data\":");
	if (format != NULL)
		result = sio_format_value(text, NULL, format, args);
	if (!v4)
		sio_text_putc(text, '}');
	return result < 0 ? result : text->error;
}

int
sio_refusal(
    struct sio_socket *socket, const char *message, const char *format, ...)
{
	struct sio_extra *extra;
	struct sio_text text = { 0 };
	va_list args;
	int result;

	va_start(args, format);
	result = write(&text, is_v4(socket), message, format, args);
	va_end(args);
	sio_text_putc(&text, '\0');
	extra = result == 0 ? sio_socket_extra(socket) : NULL;
	if (extra == NULL || text.error < 0) {
		sio_text_free(&text);
		return result < 0 ? result : WS_ENOMEM;
	}
	ws_mem_free(extra->refusal);
	extra->refusal = text.at;
	return 0;
}

/* Send what a text tells about an event. Returns as sio_emit. */
static int
tell(struct sio_socket *socket, const struct sio_text *text)
{
	struct sio_value why = sio_raw_json(text->at, text->len);

	if (!is_v4(socket))
		return sio_emit(socket, "error", "%p", (void *)&why);
	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	return sio_out_plain(socket->client, ws_span_of(socket->nsp->name),
	    SIO_CONNECT_ERROR, text->at, text->len);
}

int
sio_refuse_event(
    struct sio_event *event, const char *message, const char *format, ...)
{
	struct sio_text text = { 0 };
	va_list args;
	int result;

	va_start(args, format);
	result = write(&text, is_v4(event->socket), message, format, args);
	va_end(args);
	if (result == 0)
		result = tell(event->socket, &text);
	sio_text_free(&text);
	return result;
}

int
sio_use_socket(struct sio_socket *socket,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event))
{
	struct sio_extra *extra;

	if (socket->state >= SIO_LEAVING)
		return WS_ECLOSED;
	extra = sio_socket_extra(socket);
	if (extra == NULL)
		return WS_ENOMEM;
	return sio_hooks_append(
	    &extra->guards, (struct sio_hook){ .fn.use_event = fn });
}
