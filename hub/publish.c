/* publish.c - from a message to all that hear it, now and later. */
/* SPDX-License-Identifier: MIT */
/*
 *	POST ─────────────┐            ┌──▶ WebSockets: the frame, shared
 *	WebSocket ────────┼─▶ hub_say ─┼──▶ event streams: an event, shared
 *	hub_publish ──────┘            ├──▶ lines of JSON, shared
 *	                               ├──▶ polls that wait
 *	                               └──▶ history ──▶ later requests
 *
 * A message is delivered first and kept then, both in one call. So a client
 * that joins a room and reads its history in one turn hears each message once:
 * it is either in the history by then, or will be delivered.
 */
#include <string.h>

#include "base/digits.h"
#include "own.h"

#define SWEEP_MS 1000

/* ---- ids --------------------------------------------------------------- */

const char *
hub_id(const struct hub *hub, uint64_t n, char id[HUB_ID_SIZE])
{
	size_t len = strlen(hub->boot);

	memcpy(id, hub->boot, len);
	id[len++] = '-';
	len += ws_digits_write(id + len, n);
	id[len] = '\0';
	return id;
}

const char *
hub_last(const struct hub *hub, char id[HUB_ID_SIZE])
{
	return hub_id(hub, hub->n, id);
}

/* ---- forms ------------------------------------------------------------- */

/* Have the id of a message that is delivered, if it has one: what comes from
 * ws_publish has none. */
static const char *
id_of(struct hub *hub, const struct ws_prepared *message, char id[HUB_ID_SIZE])
{
	return message == hub->now.message ? hub_id(hub, hub->now.n, id) : NULL;
}

/* Make a block of a text, and release the text. */
static struct ws_block *
block_of(struct hub_text *text)
{
	struct ws_block *block = NULL;

	if (!text->failed)
		block = ws_block_new(hub_text_at(text), hub_text_len(text));
	hub_text_free(text);
	return block;
}

struct ws_block *
hub_now_event(struct hub *hub, struct ws_prepared *message)
{
	struct hub_text text = { 0 };
	char id[HUB_ID_SIZE];
	size_t len;
	int kind;
	const void *data = ws_prepared_data(message, &kind, &len);

	if (hub->now.event == NULL) {
		hub_text_event(&text, id_of(hub, message, id), kind, data, len);
		hub->now.event = block_of(&text);
	}
	return hub->now.event;
}

const struct hub_text *
hub_now_json(struct hub *hub, struct ws_prepared *message)
{
	char id[HUB_ID_SIZE];
	size_t len;
	int kind;
	const void *data = ws_prepared_data(message, &kind, &len);

	if (hub->now.json.buf == NULL && !hub->now.json.failed)
		hub_text_message(
		    &hub->now.json, id_of(hub, message, id), kind, data, len);
	return hub->now.json.failed ? NULL : &hub->now.json;
}

struct ws_block *
hub_now_line(struct hub *hub, struct ws_prepared *message)
{
	const struct hub_text *json;
	struct hub_text text = { 0 };

	if (hub->now.line != NULL)
		return hub->now.line;
	json = hub_now_json(hub, message);
	if (json == NULL)
		return NULL;
	hub_text_octets(&text, hub_text_at(json), hub_text_len(json));
	hub_text_put(&text, "\n");
	hub->now.line = block_of(&text);
	return hub->now.line;
}

struct ws_prepared *
hub_frame(const char *id, int kind, const void *data, size_t len)
{
	struct hub_text text = { 0 };
	struct ws_prepared *frame = NULL;

	hub_text_put(&text, id);
	hub_text_put(&text, "\n");
	hub_text_octets(&text, data, len);
	if (!text.failed)
		frame =
		    ws_prepare(kind, hub_text_at(&text), hub_text_len(&text));
	hub_text_free(&text);
	return frame;
}

struct ws_prepared *
hub_now_frame(struct hub *hub, struct ws_prepared *message)
{
	char number[HUB_ID_SIZE];
	const char *id = id_of(hub, message, number);
	size_t len;
	int kind;
	const void *data = ws_prepared_data(message, &kind, &len);

	if (hub->now.frame == NULL)
		hub->now.frame =
		    hub_frame(id != NULL ? id : "-", kind, data, len);
	return hub->now.frame;
}

/* ---- publishing -------------------------------------------------------- */

void
hub_count_history(struct hub *hub)
{
	ws_memory_hold(
	    hub->server, (long)hub->history.octets - (long)hub->counted);
	hub->counted = hub->history.octets;
}

static uint32_t
now_s(const struct hub *hub)
{
	return (uint32_t)(ws_now(hub->server) / 1000);
}

static void
sweep(struct ws_timer *timer, void *arg)
{
	struct hub *hub = arg;

	(void)timer;
	hub_history_sweep(&hub->history, now_s(hub));
	hub_count_history(hub);
	if (hub->history.kept > 0)
		return;
	ws_timer_stop(hub->sweep);
	hub->sweep = NULL;
}

/* Have a sweep as long as there is anything to sweep. Without memory for it,
 * the next message tries again. */
static void
sweep_on(struct hub *hub)
{
	if (hub->sweep == NULL && hub->history.kept > 0)
		hub->sweep =
		    ws_timer_start(hub->server, SWEEP_MS, SWEEP_MS, sweep, hub);
}

/* Deliver a message that is encoded. Returns as hub_publish. */
static long
deliver(struct hub *hub, const struct ws_room_name *room,
    struct ws_prepared *message, struct ws_member *without)
{
	struct hub_now outer = hub->now;
	struct ws_selection selection = {
		.to = room, .to_count = 1, .without = without
	};
	long count;

	hub->now = (struct hub_now){ .message = message, .n = hub->n + 1 };
	count = ws_publish_to(hub->server, &selection, message, 0);
	ws_block_free(hub->now.event);
	ws_block_free(hub->now.line);
	ws_prepared_free(hub->now.frame);
	hub_text_free(&hub->now.json);
	hub->now = outer;
	return count;
}

long
hub_say(struct hub *hub, const char *room, size_t len, int kind,
    const void *data, size_t data_len, struct ws_member *without, uint64_t *n)
{
	struct ws_room_name to = { room, len };
	struct ws_prepared *message;
	long count;

	if ((kind != WS_TEXT && kind != WS_BINARY) || len == 0 ||
	    len > WS_ROOM_NAME_MAX)
		return WS_EINVAL;
	message = ws_prepare(kind, data, data_len);
	if (message == NULL)
		return WS_ENOMEM;
	count = deliver(hub, &to, message, without);
	if (count >= 0) {
		*n = ++hub->n;
		hub_history_add(
		    &hub->history, room, len, hub->n, now_s(hub), message);
		hub_count_history(hub);
		sweep_on(hub);
	}
	ws_prepared_free(message);
	return count;
}

long
hub_publish(struct hub *hub, const char *room, size_t room_len, int kind,
    const void *data, size_t len, char id[HUB_ID_SIZE])
{
	uint64_t n = 0;
	long count;

	if (room == NULL || (data == NULL && len > 0))
		return WS_EINVAL;
	if (room_len == WS_STR)
		room_len = strlen(room);
	if (len == WS_STR)
		len = strlen(data);
	count = hub_say(hub, room, room_len, kind, data, len, NULL, &n);
	if (count >= 0 && id != NULL)
		(void)hub_id(hub, n, id);
	return count;
}
