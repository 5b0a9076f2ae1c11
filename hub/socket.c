/* socket.c - WebSockets in rooms. */
/* SPDX-License-Identifier: MIT */
/*
 * All others in the room get a message as it came. With ?since=ID the messages
 * that were missed come first, and the field Wsd-Resume of the handshake's
 * answer says whether these are all of them.
 */
#include <string.h>

#include "base/mem.h"
#include "own.h"

/* One client's place in a room. */
struct seat {
	uint64_t n;   /* the cursor of the replay */
	bool self;    /* the client receives its own messages, too */
	bool joined;  /* the replay is over */
	bool listens; /* it may not publish */
	uint8_t len;
	char room[]; /* name, len octets; not more, as each client has one */
};

static long
octets_of(const struct seat *seat)
{
	return (long)(sizeof(*seat) + seat->len);
}

static struct hub *
hub_of(const struct ws_conn *conn)
{
	const struct hub_place *place = ws_endpoint_user(conn);

	return place->hub;
}

/* Make the place of a client. Returns NULL when out of memory. */
static struct seat *
new_seat(const struct ws_request *request, const struct hub_place *place,
    const struct hub_cursor *cursor)
{
	struct seat *seat = ws_mem_resize(NULL, sizeof(*seat) + cursor->len);
	char self[8];

	if (seat == NULL)
		return NULL;
	*seat = (struct seat){
		.n = cursor->n, .self = place->self, .len = (uint8_t)cursor->len
	};
	memcpy(seat->room, cursor->name, cursor->len);
	if (ws_request_param(request, "self", self, sizeof(self)) > 0)
		seat->self = strcmp(self, "0") != 0;
	return seat;
}

static void
on_upgrade(struct ws_request *request)
{
	const struct hub_place *place = ws_request_user(request);
	struct hub_cursor cursor;
	struct ws_conn *conn;
	struct seat *seat;

	if (!hub_request_name(request, place, &cursor)) {
		ws_reply(request, 400, NULL,
		    "a room's name has 1 to 255 octets\n", WS_STR);
		return;
	}
	if (!hub_cursor_read(place->hub, request, NULL, &cursor)) {
		hub_refuse(request, 400, "bad_since",
		    "since is the id of a message, or earliest");
		return;
	}
	if (!hub_request_may(place->hub, request, HUB_JOIN, &cursor)) {
		hub_refuse(request, 403, "not_allowed",
		    "this room is not open to you");
		return;
	}
	seat = new_seat(request, place, &cursor);
	if (seat == NULL) {
		ws_reply(request, 503, NULL, "out of memory\n", WS_STR);
		return;
	}
	seat->listens =
	    !hub_request_may(place->hub, request, HUB_PUBLISH, &cursor);
	if (cursor.resume != HUB_NEW)
		(void)ws_reply_field(
		    request, "Wsd-Resume", hub_resume_name(cursor.resume));
	conn = ws_accept(request, NULL, seat);
	if (conn == NULL)
		ws_mem_free(seat);
	else
		ws_memory_hold(ws_server_of(conn), octets_of(seat));
}

/* Close a connection that would go on as if it had missed nothing. */
static void
give_up(struct ws_conn *conn, const char *why)
{
	ws_close(conn, WS_CLOSE_TRY_AGAIN_LATER, why, WS_STR);
}

/* Go on with a replay, and join the room behind its end. */
static void
catch_up(struct ws_conn *conn)
{
	struct hub_history *history = &hub_of(conn)->history;
	struct seat *seat = ws_user(conn);
	struct hub_kept kept;
	int result;

	while (
	    hub_history_next(history, seat->room, seat->len, seat->n, &kept)) {
		if (seat->n <
		    hub_history_floor(history, seat->room, seat->len)) {
			give_up(conn, "too slow for the history");
			return;
		}
		result = ws_send_prepared(conn, kept.message, WS_VOLATILE);
		if (result == WS_ESKIPPED)
			return; /* on_drain comes */
		if (result < 0) {
			give_up(conn, "out of memory");
			return;
		}
		seat->n = kept.n;
	}
	if (seat->n < hub_history_floor(history, seat->room, seat->len))
		give_up(conn, "too slow for the history");
	else if (ws_join(conn, seat->room, seat->len) < 0)
		ws_close(
		    conn, WS_CLOSE_INTERNAL_ERROR, "out of memory", WS_STR);
	else
		seat->joined = true;
}

static void
on_drain(struct ws_conn *conn)
{
	const struct seat *seat = ws_user(conn);

	if (!seat->joined)
		catch_up(conn);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	const struct seat *seat = ws_user(conn);
	struct hub *hub = hub_of(conn);
	uint64_t n;

	if (seat->listens) {
		ws_close(conn, WS_CLOSE_POLICY_VIOLATION,
		    "this room does not take messages from you", WS_STR);
		return;
	}
	if (hub->options.message == NULL ||
	    hub->options.message(
		seat->room, seat->len, &kind, &data, &len, hub->options.arg))
		(void)hub_say(hub, seat->room, seat->len, kind, data, len,
		    seat->self ? NULL : ws_conn_member(conn), &n);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)how;
	ws_memory_hold(ws_server_of(conn), -octets_of(ws_user(conn)));
	ws_mem_free(ws_user(conn));
}

int
hub_socket_add(const char *path, struct hub_place *place)
{
	static const struct ws_handler handler = { .first_subprotocol = true,
		.upgrade = on_upgrade,
		.open = catch_up,
		.message = on_message,
		.drain = on_drain,
		.close = on_close };

	return ws_endpoint(place->hub->server, path, &handler, place);
}
