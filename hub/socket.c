/* socket.c - WebSockets in rooms. */
/* SPDX-License-Identifier: MIT */
/*
 * All others in the room get a message as it came. With ?since=ID the messages
 * that were missed come first, and the field Wsd-Resume of the handshake's
 * answer says whether these are all of them.
 *
 * A client that offers the subprotocol "wsd.1" gets ids, too. Each frame from
 * the server is an id, a line feed and the message; without an id it is a
 * control, in JSON, such as the first one. What the client sends is a message,
 * unless it is a text that begins with a line feed:
 *
 *	server   \n{"resume":"complete","last":"k3v9q2ha-1042"}
 *	server   k3v9q2ha-1042\nIs there coffee?
 *	client   Yes.
 *	client   \n{...}       a control; there is none yet
 *	client   \n\nYes.      the message "\nYes."
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "own.h"

#define WITH_IDS "wsd.1"

/* What stands before the place of a client that gets ids: a member of its own,
 * since that of the connection gets messages as they are. */
struct numbered {
	struct ws_member member;
	struct ws_conn *conn; /* borrowed */
};

/* One client's place in a room. */
struct seat {
	uint64_t n;     /* the cursor of the replay */
	bool self;      /* the client receives its own messages, too */
	bool joined;    /* the replay is over */
	bool listens;   /* it may not publish */
	bool with_ids;  /* it speaks wsd.1 */
	uint8_t resume; /* enum hub_resume */
	uint8_t len;
	char room[]; /* name, len octets; not more, as each client has one */
};

/* Return what stands before a place. */
static struct numbered *
numbered_of(struct seat *seat)
{
	return (struct numbered *)(void *)seat - 1;
}

static void *
block_of(struct seat *seat)
{
	return seat->with_ids ? (void *)numbered_of(seat) : seat;
}

static long
octets_of(const struct seat *seat)
{
	return (long)(sizeof(*seat) + seat->len +
		      (seat->with_ids ? sizeof(struct numbered) : 0));
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
	bool with_ids = ws_offers(request, WITH_IDS);
	size_t before = with_ids ? sizeof(struct numbered) : 0;
	char *block =
	    ws_mem_resize(NULL, before + sizeof(struct seat) + cursor->len);
	struct seat *seat;
	char self[8];

	if (block == NULL)
		return NULL;
	seat = (struct seat *)(void *)(block + before);
	*seat = (struct seat){ .n = cursor->n,
		.self = place->self,
		.with_ids = with_ids,
		.resume = (uint8_t)cursor->resume,
		.len = (uint8_t)cursor->len };
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
	conn = ws_accept(request, seat->with_ids ? WITH_IDS : NULL, seat);
	if (conn == NULL)
		ws_mem_free(block_of(seat));
	else
		ws_memory_hold(ws_server_of(conn), octets_of(seat));
}

/* Close a connection that would go on as if it had missed nothing. */
static void
give_up(struct ws_conn *conn, const char *why)
{
	ws_close(conn, WS_CLOSE_TRY_AGAIN_LATER, why, WS_STR);
}

static struct ws_member *
member_of(struct ws_conn *conn, struct seat *seat)
{
	return seat->with_ids ? &numbered_of(seat)->member
			      : ws_conn_member(conn);
}

/* Send a frame with an id. Returns as ws_send. */
static int
send_frame(struct ws_conn *conn, struct ws_prepared *frame, int flags)
{
	return frame != NULL ? ws_send_prepared(conn, frame, flags) : WS_ENOMEM;
}

static void
deliver(struct ws_member *member, void *message)
{
	struct numbered *numbered = WS_OUTER(struct numbered, member, member);
	struct ws_conn *conn = numbered->conn;

	if (send_frame(conn, hub_now_frame(hub_of(conn), message), 0) ==
	    WS_ENOMEM)
		ws_close(
		    conn, WS_CLOSE_INTERNAL_ERROR, "out of memory", WS_STR);
}

/* Replay one message. Returns as ws_send. */
static int
replay(
    struct ws_conn *conn, const struct seat *seat, const struct hub_kept *kept)
{
	struct ws_prepared *frame;
	char id[HUB_ID_SIZE];
	size_t len;
	int kind, result;
	const void *data;

	if (!seat->with_ids)
		return ws_send_prepared(conn, kept->message, WS_VOLATILE);
	data = ws_prepared_data(kept->message, &kind, &len);
	frame = hub_frame(hub_id(hub_of(conn), kept->n, id), kind, data, len);
	result = send_frame(conn, frame, WS_VOLATILE);
	ws_prepared_free(frame);
	return result;
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
		result = replay(conn, seat, &kept);
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
	else if (ws_member_join(ws_server_of(conn), member_of(conn, seat),
		     seat->room, seat->len) < 0)
		ws_close(
		    conn, WS_CLOSE_INTERNAL_ERROR, "out of memory", WS_STR);
	else
		seat->joined = true;
}

static void
on_open(struct ws_conn *conn)
{
	struct seat *seat = ws_user(conn);
	char last[HUB_ID_SIZE];

	if (seat->with_ids) {
		numbered_of(seat)->conn = conn;
		ws_member_init(&numbered_of(seat)->member, deliver);
		(void)ws_sendf(conn, WS_TEXT,
		    "\n{\"resume\":\"%s\",\"last\":\"%s\"}",
		    hub_resume_name(seat->resume),
		    hub_last(hub_of(conn), last));
	}
	catch_up(conn);
}

static void
on_drain(struct ws_conn *conn)
{
	const struct seat *seat = ws_user(conn);

	if (!seat->joined)
		catch_up(conn);
}

/* Take the mark off a text of wsd.1 that begins with a line feed. Returns whether
 * it is a message; a control is answered. */
static bool
take_mark(struct ws_conn *conn, const void **data, size_t *len)
{
	const char *text = *data;

	if (*len == 0 || text[0] != '\n')
		return true;
	*data = text + 1;
	(*len)--;
	if (*len > 0 && text[1] == '\n')
		return true;
	(void)ws_send(conn, WS_TEXT,
	    "\n{\"error\":\"there is no such control\","
	    "\"code\":\"bad_control\"}",
	    WS_STR);
	return false;
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	struct seat *seat = ws_user(conn);
	struct hub *hub = hub_of(conn);
	uint64_t n;

	if (seat->with_ids && kind == WS_TEXT && !take_mark(conn, &data, &len))
		return;
	if (seat->listens) {
		ws_close(conn, WS_CLOSE_POLICY_VIOLATION,
		    "this room does not take messages from you", WS_STR);
		return;
	}
	if (hub->options.message == NULL ||
	    hub->options.message(
		seat->room, seat->len, &kind, &data, &len, hub->options.arg))
		(void)hub_say(hub, seat->room, seat->len, kind, data, len,
		    seat->self ? NULL : member_of(conn, seat), &n);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	struct seat *seat = ws_user(conn);

	(void)how;
	if (seat->with_ids)
		ws_member_leave_all(
		    ws_server_of(conn), &numbered_of(seat)->member);
	ws_memory_hold(ws_server_of(conn), -octets_of(seat));
	ws_mem_free(block_of(seat));
}

int
hub_socket_add(const char *path, struct hub_place *place)
{
	static const struct ws_handler handler = { .first_subprotocol = true,
		.upgrade = on_upgrade,
		.open = on_open,
		.message = on_message,
		.drain = on_drain,
		.close = on_close };

	return ws_endpoint(place->hub->server, path, &handler, place);
}
