/* requests.c - what a request of HTTP asks a room for. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "own.h"

/* Return whether a name can stand in JSON, a log and a line: UTF-8 without
 * control characters. */
static bool
is_plain(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
			return false;
	}
	return len <= HUB_NAME_MAX && ws_utf8_valid(name, len);
}

/* ---- publishing -------------------------------------------------------- */

/* Find the kind of a body by its type. Returns whether it can be published. */
static bool
read_kind(struct ws_request *request, int *kind)
{
	const char *type = ws_request_field(request, "Content-Type");
	const char *coding = ws_request_field(request, "Content-Encoding");

	*kind = WS_TEXT;
	if (type != NULL &&
	    strncasecmp(type, "application/octet-stream", 24) == 0)
		*kind = WS_BINARY;
	if (coding != NULL ||
	    (type != NULL && strncasecmp(type, "multipart/", 10) == 0)) {
		hub_refuse(request, 415, "type",
		    "a message is a text, or application/octet-stream");
		return false;
	}
	return true;
}

static void
answer_published(
    struct hub *hub, struct ws_request *request, uint64_t n, long members)
{
	char body[96], id[HUB_ID_SIZE];
	int len = snprintf(body, sizeof(body),
	    "{\"id\":\"%s\",\"members\":%ld}\n", hub_id(hub, n, id), members);

	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply(request, 200, "application/json", body, (size_t)len);
}

static void
publish(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor)
{
	size_t len;
	const void *data = ws_request_body(request, &len);
	uint64_t n = 0;
	long members;
	int kind;

	if (!read_kind(request, &kind))
		return;
	if (kind == WS_TEXT && !ws_utf8_valid(data, len)) {
		hub_refuse(request, 400, "not_utf8", "the text is not UTF-8");
		return;
	}
	if (hub->options.message != NULL &&
	    !hub->options.message(cursor->name, cursor->len, &kind, &data, &len,
		hub->options.arg)) {
		hub_refuse(
		    request, 403, "not_allowed", "the message was refused");
		return;
	}
	members =
	    hub_say(hub, cursor->name, cursor->len, kind, data, len, NULL, &n);
	if (members < 0)
		hub_refuse(request, 503, "memory", "out of memory");
	else
		answer_published(hub, request, n, members);
}

/* ---- reading ----------------------------------------------------------- */

enum form {
	FORM_POLL,
	FORM_EVENTS,
	FORM_LINES,
	FORM_UNKNOWN,
};

/* Find the form that a request wants a room in. RFC 9110 12.5.1: a stream is
 * sent only to whom names it. */
static enum form
form_of(const struct ws_request *request)
{
	char as[16];
	long n = ws_request_param(request, "as", as, sizeof(as));
	const char *accept = ws_request_field(request, "Accept");

	if (n != WS_EABSENT) {
		if (strcmp(as, "sse") == 0)
			return FORM_EVENTS;
		if (strcmp(as, "ndjson") == 0)
			return FORM_LINES;
		return strcmp(as, "poll") == 0 ? FORM_POLL : FORM_UNKNOWN;
	}
	if (accept == NULL)
		return FORM_POLL;
	if (strstr(accept, "text/event-stream") != NULL)
		return FORM_EVENTS;
	return strstr(accept, "application/x-ndjson") != NULL ? FORM_LINES
							      : FORM_POLL;
}

/* Return whether a client that has missed something wants what is left. */
static bool
wants_rest(const struct ws_request *request)
{
	char text[8];

	return ws_request_param(request, "on-gap", text, sizeof(text)) > 0 &&
	       strcmp(text, "replay") == 0;
}

static void
read_room(
    struct hub *hub, struct ws_request *request, struct hub_cursor *cursor)
{
	enum form form = form_of(request);
	bool rest = wants_rest(request);

	if (form == FORM_UNKNOWN) {
		hub_refuse(request, 400, "bad_as", "as is sse, ndjson or poll");
		return;
	}
	if (!hub_cursor_read(hub, request,
		form == FORM_EVENTS ? "Last-Event-ID" : "If-None-Match",
		cursor)) {
		hub_refuse(request, 400, "bad_since",
		    "since is the id of a message, or earliest");
		return;
	}
	if (cursor->resume == HUB_GAP && rest)
		cursor->n =
		    hub_history_floor(&hub->history, cursor->name, cursor->len);
	if (form == FORM_POLL)
		hub_poll(hub, request, cursor, rest);
	else
		hub_watch(hub, request, cursor, form == FORM_LINES);
}

void
hub_on_http(struct ws_request *request)
{
	const struct hub_place *place = ws_request_user(request);
	bool posts = strcmp(ws_request_method(request), "POST") == 0;
	struct hub_cursor cursor;

	if (!hub_request_name(request, place, &cursor) ||
	    !is_plain(cursor.name, cursor.len))
		hub_refuse(request, 400, "bad_name",
		    "the name of a room has 1 to 200 octets of UTF-8, without "
		    "control characters");
	else if ((posts || ws_request_field(request, "Origin") != NULL) &&
		 ws_request_is_foreign(request))
		hub_refuse(request, 403, "origin",
		    "pages of other sites are not allowed here");
	else if (!hub_request_may(place->hub, request,
		     posts ? HUB_PUBLISH : HUB_JOIN, &cursor))
		hub_refuse(request, 403, "not_allowed",
		    posts ? "this room does not take messages from you"
			  : "this room is not open to you");
	else if (posts)
		publish(place->hub, request, &cursor);
	else
		read_room(place->hub, request, &cursor);
}
