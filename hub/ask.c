/* ask.c - what every request of a room has: a name, a leave, perhaps a
 * refusal. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "own.h"

void
hub_refuse(
    struct ws_request *request, int status, const char *code, const char *words)
{
	char body[256], peer[WS_PEER_MAX];
	int len = snprintf(body, sizeof(body),
	    "{\"error\":\"%s\",\"code\":\"%s\"}\n", words, code);

	ws_log_line(ws_request_server(request), WS_LOG_INFO,
	    "requests of rooms refused", "%s: %d %s: %s",
	    ws_request_peer(request, peer), status, code, words);
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply(request, status, "application/json", body, (size_t)len);
}

bool
hub_request_name(const struct ws_request *request,
    const struct hub_place *place, struct hub_cursor *cursor)
{
	const char *path = ws_request_path(request);
	size_t skip = strlen(path) < place->path_octets ? strlen(path)
							: place->path_octets;
	long len =
	    ws_percent_decode(path + skip, cursor->name, sizeof(cursor->name));

	cursor->len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

bool
hub_request_may(struct hub *hub, struct ws_request *request, enum hub_wish wish,
    const struct hub_cursor *cursor)
{
	return hub->options.may == NULL ||
	       hub->options.may(
		   request, wish, cursor->name, cursor->len, hub->options.arg);
}
