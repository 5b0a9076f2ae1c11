/* watch.c - a room as a stream of events, or of lines of JSON. */
/* SPDX-License-Identifier: MIT */
/*
 * A stream first says how it begins, then replays what was missed, and then
 * tells what is said:
 *
 *	retry: 3000                              {"resume":"complete","last":..}
 *	event: wsd                               {"id":"...","data":"hi"}
 *	data: {"resume":"complete","last":"..."}
 *	id: k3v9q2ha-1042                        every 25 seconds: {}
 *
 *	id: k3v9q2ha-1043
 *	data: hi
 *
 * A replay that does not fit into the queue goes on when it has drained. Only
 * then the stream joins its room: what is said meanwhile is in the history. A
 * browser comes back after any end of a stream with the status 200, and tells
 * its last id: so whatever goes wrong here ends the stream, and is told when it
 * is back.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "own.h"

struct hub_watch {
	struct ws_member member;
	struct hub_watch *next, **link; /* in hub->watches */
	struct hub *hub;
	struct ws_stream *stream;
	uint64_t n; /* the cursor of the replay */
	bool lines;
	bool joined;
	uint8_t name_len;
	char name[];
};

/* ---- life -------------------------------------------------------------- */

static long
octets_of(const struct hub_watch *watch)
{
	return (long)(sizeof(*watch) + watch->name_len);
}

static void
release(struct hub_watch *watch)
{
	ws_member_leave_all(watch->hub->server, &watch->member);
	*watch->link = watch->next;
	if (watch->next != NULL)
		watch->next->link = watch->link;
	ws_memory_hold(watch->hub->server, -octets_of(watch));
	ws_mem_free(watch);
}

static void
end(struct hub_watch *watch)
{
	struct ws_stream *stream = watch->stream;

	release(watch);
	ws_stream_end(stream);
}

void
hub_watches_free(struct hub *hub)
{
	while (hub->watches != NULL)
		end(hub->watches);
}

/* The peer has left, or the server stops: then this is the last part, and
 * spreads the browsers that come back over five seconds. */
static void
on_gone(struct ws_stream *stream, void *user)
{
	struct hub_watch *watch = user;
	unsigned char chance = 0;
	char text[32];

	if (!watch->lines && ws_random(&chance, 1) == 0) {
		(void)snprintf(
		    text, sizeof(text), "retry: %d\n\n", 1000 + 20 * chance);
		(void)ws_stream_write(stream, WS_VOLATILE, text, WS_STR);
	}
	release(watch);
}

/* ---- messages ---------------------------------------------------------- */

static void
deliver(struct ws_member *member, void *message)
{
	struct hub_watch *watch = WS_OUTER(struct hub_watch, member, member);
	struct ws_block *block = watch->lines
				     ? hub_now_line(watch->hub, message)
				     : hub_now_event(watch->hub, message);

	/* Without memory it must not go on as if it had missed nothing. If the
	 * peer is too slow, on_gone comes. */
	if (block == NULL ||
	    ws_stream_write_block(watch->stream, 0, block) == WS_ENOMEM)
		end(watch);
}

/* Replay one message. Returns as ws_stream_write. */
static int
replay(struct hub_watch *watch, const struct hub_kept *kept)
{
	struct hub_text text = { 0 };
	char id[HUB_ID_SIZE];
	size_t len;
	int kind, result = WS_ENOMEM;
	const void *data = ws_prepared_data(kept->message, &kind, &len);

	(void)hub_id(watch->hub, kept->n, id);
	if (watch->lines) {
		hub_text_message(&text, id, kind, data, len);
		hub_text_put(&text, "\n");
	} else
		hub_text_event(&text, id, kind, data, len);
	if (!text.failed)
		result = ws_stream_write(watch->stream, WS_VOLATILE,
		    hub_text_at(&text), hub_text_len(&text));
	hub_text_free(&text);
	return result;
}

/* Go on with a replay, and join the room behind its end. */
static void
catch_up(struct hub_watch *watch)
{
	struct hub_history *history = &watch->hub->history;
	struct hub_kept kept;
	int result;

	while (hub_history_next(
	    history, watch->name, watch->name_len, watch->n, &kept)) {
		/* The messages that come next were dropped while the peer took
		 * the rest. */
		if (watch->n <
		    hub_history_floor(history, watch->name, watch->name_len)) {
			end(watch);
			return;
		}
		result = replay(watch, &kept);
		if (result == WS_ESKIPPED)
			return; /* on_drain comes */
		if (result < 0) {
			end(watch);
			return;
		}
		watch->n = kept.n;
	}
	if (watch->n <
		hub_history_floor(history, watch->name, watch->name_len) ||
	    ws_member_join(watch->hub->server, &watch->member, watch->name,
		watch->name_len) < 0)
		end(watch);
	else
		watch->joined = true;
}

static void
on_drain(struct ws_stream *stream, void *user)
{
	struct hub_watch *watch = user;

	(void)stream;
	if (!watch->joined)
		catch_up(watch);
}

/* ---- beginning --------------------------------------------------------- */

/* Say how the stream begins. Returns as ws_stream_write. */
static int
write_start(struct hub_watch *watch, const struct hub_cursor *cursor)
{
	char id[HUB_ID_SIZE], last[HUB_ID_SIZE], text[256];
	const char *resume = hub_resume_name(cursor->resume);

	(void)hub_id(watch->hub, cursor->n, id);
	(void)hub_last(watch->hub, last);
	(void)snprintf(text, sizeof(text),
	    watch->lines ? "{\"resume\":\"%s\",\"last\":\"%s\"}\n"
			 : "retry: 3000\nevent: wsd\n"
			   "data: {\"resume\":\"%s\",\"last\":\"%s\"}\n"
			   "id: %s\n\n",
	    resume, last, id);
	return ws_stream_write(watch->stream, 0, text, WS_STR);
}

/* Begin the stream. Returns as ws_stream_begin. */
static int
begin(struct hub_watch *watch, struct ws_request *request)
{
	static const struct ws_stream_handler events = { .drain = on_drain,
		.gone = on_gone,
		.keep_alive = ":\n\n",
		.keep_alive_ms = 15000 };
	static const struct ws_stream_handler lines = { .drain = on_drain,
		.gone = on_gone,
		.keep_alive = "{}\n",
		.keep_alive_ms = 25000 };

	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply_field(request, "X-Content-Type-Options", "nosniff");
	return ws_stream_begin(request, 200,
	    watch->lines ? "application/x-ndjson" : "text/event-stream",
	    watch->lines ? &lines : &events, watch, &watch->stream);
}

void
hub_watch(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, bool lines)
{
	struct hub_watch *watch =
	    ws_mem_resize(NULL, sizeof(*watch) + cursor->len);
	int result;

	if (watch == NULL) {
		hub_refuse(request, 503, "memory", "out of memory");
		return;
	}
	*watch = (struct hub_watch){ .hub = hub,
		.n = cursor->n,
		.lines = lines,
		.next = hub->watches,
		.link = &hub->watches,
		.name_len = (uint8_t)cursor->len };
	memcpy(watch->name, cursor->name, cursor->len);
	result = begin(watch, request);
	if (result <= 0) {
		ws_mem_free(watch);
		if (result < 0)
			hub_refuse(request, 503, "memory", "out of memory");
		return;
	}
	if (watch->next != NULL)
		watch->next->link = &watch->next;
	hub->watches = watch;
	ws_memory_hold(hub->server, octets_of(watch));
	ws_member_init(&watch->member, deliver);
	if (write_start(watch, cursor) < 0)
		end(watch);
	else
		catch_up(watch);
}
