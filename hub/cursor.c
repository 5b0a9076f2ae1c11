/* cursor.c - where in a room a request wants to begin. */
/* SPDX-License-Identifier: MIT */
/*
 * A cursor is the id of the message that was heard last, or "earliest". What a
 * client sends is never trusted: an id of another boot, of a message that was
 * not said yet, or of no form at all is a gap, and finding that out takes no
 * time.
 */
#include <string.h>

#include "base/digits.h"
#include "own.h"

#define ID_MAX 40 /* octets of a cursor that a client may send */

const char *
hub_resume_name(enum hub_resume resume)
{
	static const char names[][9] = { "new", "complete", "gap" };

	return names[resume];
}

/* Return whether a text can be the id of any server. */
static bool
is_id(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!(text[i] >= '0' && text[i] <= '9') &&
		    !(text[i] >= 'a' && text[i] <= 'z') &&
		    !(text[i] >= 'A' && text[i] <= 'Z') && text[i] != '-' &&
		    text[i] != '.')
			return false;
	}
	return len > 0 && len <= ID_MAX;
}

/* Find the number in an id of this hub. Returns whether it is one, of a message
 * that was said. */
static bool
is_ours(const struct hub *hub, const char *id, size_t len, uint64_t *n)
{
	size_t boot = strlen(hub->boot);

	return len > boot + 1 && memcmp(id, hub->boot, boot) == 0 &&
	       id[boot] == '-' &&
	       ws_digits_read(id + boot + 1, len - boot - 1, n) ==
		   len - boot - 1 &&
	       *n <= hub->n;
}

/* Say how a cursor stands to what is kept. */
static void
judge(struct hub *hub, const char *id, size_t len, struct hub_cursor *cursor)
{
	uint64_t floor;

	hub_history_expire(&hub->history, cursor->name, cursor->len,
	    (uint32_t)(ws_now(hub->server) / 1000));
	floor = hub_history_floor(&hub->history, cursor->name, cursor->len);
	if (len == 8 && memcmp(id, "earliest", 8) == 0) {
		cursor->n = floor;
		cursor->resume = floor == 0 ? HUB_COMPLETE : HUB_GAP;
		return;
	}
	if (is_ours(hub, id, len, &cursor->n) && cursor->n >= floor)
		cursor->resume = HUB_COMPLETE;
	else {
		cursor->resume = HUB_GAP;
		cursor->n = hub->n;
	}
}

/* Take the quotes off an entity-tag. RFC 9110 section 8.8.3. */
static void
unquote(const char **text, size_t *len)
{
	if (*len >= 2 && (*text)[0] == 'W' && (*text)[1] == '/') {
		*text += 2;
		*len -= 2;
	}
	if (*len >= 2 && (*text)[0] == '"' && (*text)[*len - 1] == '"') {
		(*text)++;
		*len -= 2;
	}
}

bool
hub_cursor_read(struct hub *hub, const struct ws_request *request,
    const char *field, struct hub_cursor *cursor)
{
	char since[ID_MAX + 1];
	long n = ws_request_param(request, "since", since, sizeof(since));
	const char *value =
	    field != NULL ? ws_request_field(request, field) : NULL;
	size_t len = value != NULL ? strlen(value) : 0;

	if (value != NULL)
		unquote(&value, &len);
	cursor->resume = HUB_NEW;
	cursor->n = hub->n;
	if (n != WS_EABSENT && n != 0 && (n < 0 || !is_id(since, (size_t)n)))
		return false;
	if (len > 0)
		judge(hub, value, len, cursor);
	else if (n > 0)
		judge(hub, since, (size_t)n, cursor);
	return true;
}
