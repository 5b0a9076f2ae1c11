/* lines.c - what comes through a pipe, published line by line. */
/* SPDX-License-Identifier: MIT */
/*
 *	|....a line\n|another li|          octets that were read, in one turn
 *	   published  what stays, until its end comes
 */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "net/net.h"
#include "server.h"

enum {
	READ_OCTETS = 16384, /* in one turn: what a pipe holds by default is
	                        four times that */
};

struct lines {
	struct ws_server *server; /* borrowed */
	struct ws_watch *watch;   /* owned */
	int fd;                   /* borrowed */
	char *room;               /* owned; NULL: all */
	size_t room_len;
	char *text; /* owned; the beginning of a line */
	size_t len, octets;
	bool too_long; /* the rest of the line is left out */
};

static void
free_lines(void *arg)
{
	struct lines *lines = arg;

	ws_unwatch(lines->watch);
	ws_mem_free(lines->room);
	ws_mem_free(lines->text);
	ws_mem_free(lines);
}

/* Publish a line that is complete. */
static void
publish(struct lines *lines, const char *text, size_t len)
{
	int kind = ws_utf8_valid(text, len) ? WS_TEXT : WS_BINARY;

	if (len > 0 && text[len - 1] == '\r')
		len--;
	(void)ws_publish(
	    lines->server, lines->room, lines->room_len, kind, text, len, NULL);
}

/* Keep a part of a line. */
static void
keep(struct lines *lines, const char *part, size_t len)
{
	size_t most = lines->server->core.limits.message_max;

	if (lines->too_long || len == 0)
		return;
	lines->too_long =
	    len > most - lines->len || !ws_array_reserve(&lines->text,
					   &lines->octets, lines->len + len, 1);
	if (lines->too_long) {
		ws_log(&lines->server->core.log, WS_LOG_WARN,
		    "a line to be published is too long: it is left out");
		return;
	}
	memcpy(lines->text + lines->len, part, len);
	lines->len += len;
}

/* The end of a line has come. */
static void
end_line(struct lines *lines)
{
	if (!lines->too_long)
		publish(lines, lines->text, lines->len);
	lines->len = 0;
	lines->too_long = false;
}

static void
on_input(struct ws_watch *watch, unsigned events, void *arg)
{
	struct lines *lines = arg;
	struct ws_server *server = lines->server;
	char in[READ_OCTETS], *at = in, *end;
	ssize_t n = ws_net_read(lines->fd, in, sizeof(in));

	(void)watch;
	(void)events;
	if (n == WS_NET_AGAIN)
		return;
	if (n <= 0) {
		if (lines->len > 0)
			end_line(lines);
		ws_at_free_cancel(server, free_lines, lines);
		free_lines(lines);
		return;
	}
	while ((end = memchr(at, '\n', (size_t)(in + n - at))) != NULL) {
		keep(lines, at, (size_t)(end - at));
		end_line(lines);
		at = end + 1;
	}
	if (at < in + n)
		keep(lines, at, (size_t)(in + n - at));
}

int
ws_publish_lines(
    struct ws_server *server, int fd, const char *room, size_t room_len)
{
	struct lines *lines;

	if (room != NULL && room_len == WS_STR)
		room_len = strlen(room);
	if (room != NULL && (room_len == 0 || room_len > WS_ROOM_NAME_MAX))
		return WS_EINVAL;
	lines = ws_mem_resize(NULL, sizeof(*lines));
	if (lines == NULL)
		return WS_ENOMEM;
	*lines =
	    (struct lines){ .server = server, .fd = fd, .room_len = room_len };
	if (room != NULL) {
		lines->room = ws_mem_resize(NULL, room_len);
		if (lines->room != NULL)
			memcpy(lines->room, room, room_len);
	}
	if ((room != NULL && lines->room == NULL) ||
	    ws_at_free(server, free_lines, lines) < 0) {
		free_lines(lines);
		return WS_ENOMEM;
	}
	lines->watch = ws_watch(server, fd, WS_READABLE, on_input, lines);
	if (lines->watch != NULL)
		return 0;
	ws_at_free_cancel(server, free_lines, lines);
	free_lines(lines);
	return WS_ESYSTEM;
}
