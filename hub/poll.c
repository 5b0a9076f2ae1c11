/* poll.c - a room as JSON, now or when there is news (long polling). */
/* SPDX-License-Identifier: MIT */
/*
 *	GET /room/kitchen?wait=30
 *	If-None-Match: "k3v9q2ha-1042"     what was heard last
 *
 *	200, ETag: "k3v9q2ha-1043"         the next cursor
 *	{"resume":"complete","last":"k3v9q2ha-1043","messages":[...]}
 *
 *	304, ETag: "k3v9q2ha-1042"         nothing in 30 seconds
 *
 * Without a cursor the answer is what is kept. A client that repeats the ETag
 * misses nothing; curl --etag-save e --etag-compare e is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "own.h"

#define WAIT_MAX_S 60
#define MESSAGES_MAX 300     /* in an answer */
#define OCTETS_MAX (1 << 20) /* in an answer, but for a single message */

/* A request that waits for a message, and then for its turn to be answered. */
struct hub_poll {
	struct ws_member member;
	struct hub_poll *next, **link; /* in hub->polls or hub->answers.polls */
	struct hub *hub;
	struct ws_request *request;
	struct ws_timer *timer;
	struct ws_prepared *message; /* owned; NULL while there is none */
	uint64_t n;                  /* its cursor; that of the answer */
	bool has_id;                 /* the message has an id, which is n */
	enum hub_resume resume;
};

/* ---- answers ----------------------------------------------------------- */

/* Begin a body, up to its messages. */
static void
put_start(const struct hub *hub, struct hub_text *body, enum hub_resume resume,
    uint64_t last)
{
	char id[HUB_ID_SIZE];

	hub_text_put(body, "{\"resume\":\"");
	hub_text_put(body, hub_resume_name(resume));
	hub_text_put(body, "\",\"last\":\"");
	hub_text_put(body, hub_id(hub, last, id));
	hub_text_put(body, "\",\"messages\":[");
}

static void
set_cursor(struct hub *hub, struct ws_request *request, uint64_t last)
{
	char id[HUB_ID_SIZE], tag[HUB_ID_SIZE + 2];

	(void)snprintf(tag, sizeof(tag), "\"%s\"", hub_id(hub, last, id));
	(void)ws_reply_field(request, "ETag", tag);
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply_field(request, "X-Content-Type-Options", "nosniff");
}

/* Answer with a body that has its messages, and release it.
 *   more  there are further ones */
static void
send_body(struct hub *hub, struct ws_request *request, struct hub_text *body,
    uint64_t last, bool more)
{
	hub_text_put(body, more ? "],\"more\":true}\n" : "]}\n");
	if (body->failed)
		(void)ws_reply(request, 503, NULL, "out of memory\n", WS_STR);
	else {
		set_cursor(hub, request, last);
		(void)ws_reply(request, 200, "application/json",
		    hub_text_at(body), hub_text_len(body));
	}
	hub_text_free(body);
}

/* Answer that there is nothing. Only a client with a cursor can be told that
 * nothing has changed. */
static void
send_nothing(struct hub *hub, struct ws_request *request,
    enum hub_resume resume, uint64_t n)
{
	struct hub_text body = { 0 };

	if (resume == HUB_COMPLETE) {
		set_cursor(hub, request, n);
		(void)ws_reply(request, 304, NULL, NULL, 0);
		return;
	}
	put_start(hub, &body, resume, hub->n);
	send_body(hub, request, &body, hub->n, false);
}

/* Collect messages behind a cursor, as JSON.
 *   n     the cursor; moved behind the last one that is in
 *   more  set when some did not fit
 * Returns how many are in. */
static unsigned
collect(struct hub *hub, const struct hub_cursor *cursor, uint64_t *n,
    struct hub_text *list, bool *more)
{
	struct hub_kept kept;
	char id[HUB_ID_SIZE];
	unsigned count = 0;
	size_t len;
	int kind;

	while (hub_history_next(
	    &hub->history, cursor->name, cursor->len, *n, &kept)) {
		const void *data = ws_prepared_data(kept.message, &kind, &len);

		if (count == MESSAGES_MAX ||
		    (count > 0 && hub_text_len(list) + len > OCTETS_MAX)) {
			*more = true;
			break;
		}
		if (count++ > 0)
			hub_text_put(list, ",");
		hub_text_message(
		    list, hub_id(hub, kept.n, id), kind, data, len);
		*n = kept.n;
	}
	return count;
}

/* Return what it costs to send octets, as ws_spend takes it: measured, 1.6 ms
 * for 2 MB that the peer's system takes at once. */
static size_t
cost_of(size_t octets)
{
	return 50 + octets / 128;
}

/* Answer with what is kept behind a cursor. Returns whether there is any. */
static bool
send_kept(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, uint64_t n)
{
	struct hub_text list = { 0 }, body = { 0 };
	bool more = false;

	if (collect(hub, cursor, &n, &list, &more) == 0)
		return false;
	if (!more)
		n = hub->n;
	put_start(hub, &body, cursor->resume, n);
	hub_text_octets(&body, hub_text_at(&list), hub_text_len(&list));
	body.failed = body.failed || list.failed;
	hub_text_free(&list);
	(void)ws_spend(hub->server, cost_of(hub_text_len(&body)));
	send_body(hub, request, &body, n, more);
	return true;
}

/* ---- waiting ----------------------------------------------------------- */

static void
link_poll(struct hub_poll **list, struct hub_poll *poll)
{
	poll->next = *list;
	poll->link = list;
	if (poll->next != NULL)
		poll->next->link = &poll->next;
	*list = poll;
}

static void
unlink_poll(struct hub_poll *poll)
{
	*poll->link = poll->next;
	if (poll->next != NULL)
		poll->next->link = poll->link;
}

/* Take a poll off everything, and release it. */
static void
release(struct hub_poll *poll)
{
	ws_member_leave_all(poll->hub->server, &poll->member);
	ws_timer_stop(poll->timer);
	unlink_poll(poll);
	ws_prepared_free(poll->message);
	ws_memory_hold(poll->hub->server, -(long)sizeof(*poll));
	ws_mem_free(poll);
}

static void
on_gone(struct ws_request *request, void *arg)
{
	(void)request;
	release(arg);
}

static void
end_wait(struct hub_poll *poll)
{
	struct hub *hub = poll->hub;
	struct ws_request *request = poll->request;
	enum hub_resume resume = poll->resume;
	uint64_t n = poll->n;

	release(poll);
	send_nothing(hub, request, resume, n);
}

static void
on_time(struct ws_timer *timer, void *arg)
{
	struct hub_poll *poll = arg;

	(void)timer; /* it has fired, so it is released */
	poll->timer = NULL;
	end_wait(poll);
}

/* ---- answering those that waited --------------------------------------- */

/*
 * A large message for a thousand polls is a gigabyte to send. So a delivery only
 * notes what each is to be answered with, and a timer answers as many as there
 * is time for, again and again. What is said meanwhile is in the history, where
 * the next request finds it.
 */

static void
forget_json(struct hub *hub)
{
	hub_text_free(&hub->answers.json);
	ws_prepared_free(hub->answers.message);
	hub->answers.message = NULL;
}

/* Have the JSON of a message, which the first of those that need it makes. */
static const struct hub_text *
json_of(struct hub *hub, const struct hub_poll *poll)
{
	char id[HUB_ID_SIZE];
	size_t len;
	int kind;
	const void *data = ws_prepared_data(poll->message, &kind, &len);

	if (hub->answers.message == poll->message)
		return &hub->answers.json;
	forget_json(hub);
	hub->answers.message = ws_prepared_ref(poll->message);
	hub_text_message(&hub->answers.json,
	    poll->has_id ? hub_id(hub, poll->n, id) : NULL, kind, data, len);
	return &hub->answers.json;
}

/* Answer a poll with its message. Returns the cost, as ws_spend takes it. */
static size_t
answer(struct hub_poll *poll)
{
	struct hub *hub = poll->hub;
	struct ws_request *request = poll->request;
	const struct hub_text *json = json_of(hub, poll);
	struct hub_text body = { 0 };
	uint64_t last = poll->n;
	size_t cost = cost_of(hub_text_len(json));

	put_start(hub, &body, poll->resume, last);
	hub_text_octets(&body, hub_text_at(json), hub_text_len(json));
	body.failed = body.failed || json->failed;
	release(poll);
	/* It would be compressed for each one that waits. */
	ws_reply_plain(request);
	send_body(hub, request, &body, last, false);
	return cost;
}

static void on_turn(struct ws_timer *timer, void *arg);

/* Have the rest answered in the next turn; without memory for that, now. */
static void
go_on(struct hub *hub)
{
	if (hub->answers.polls != NULL && hub->answers.timer == NULL)
		hub->answers.timer =
		    ws_timer_start(hub->server, 0, 0, on_turn, hub);
	while (hub->answers.polls != NULL && hub->answers.timer == NULL)
		(void)answer(hub->answers.polls);
	if (hub->answers.polls == NULL)
		forget_json(hub);
}

static void
on_turn(struct ws_timer *timer, void *arg)
{
	struct hub *hub = arg;

	(void)timer; /* it has fired, so it is released */
	hub->answers.timer = NULL;
	while (hub->answers.polls != NULL &&
	       ws_spend(hub->server, answer(hub->answers.polls)))
		continue;
	go_on(hub);
}

void
hub_polls_stop(void *hub)
{
	struct hub *h = hub;

	h->stopping = true;
	while (h->polls != NULL)
		end_wait(h->polls);
	while (h->answers.polls != NULL)
		(void)answer(h->answers.polls);
	forget_json(h);
	ws_timer_stop(h->answers.timer);
	h->answers.timer = NULL;
}

static void
deliver(struct ws_member *member, void *message)
{
	struct hub_poll *poll = WS_OUTER(struct hub_poll, member, member);
	struct hub *hub = poll->hub;

	ws_member_leave_all(hub->server, &poll->member);
	ws_timer_stop(poll->timer);
	poll->timer = NULL;
	poll->message = ws_prepared_ref(message);
	poll->has_id = hub->now.message == message;
	poll->n = poll->has_id ? hub->now.n : hub->n;
	unlink_poll(poll);
	link_poll(&hub->answers.polls, poll);
	go_on(hub);
}

/* Hold a request. Returns whether that is possible. */
static bool
wait_for(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, long wait_s)
{
	struct hub_poll *poll = ws_mem_resize(NULL, sizeof(*poll));

	if (poll == NULL)
		return false;
	*poll = (struct hub_poll){ .hub = hub,
		.request = request,
		.n = cursor->n,
		.resume = cursor->resume };
	link_poll(&hub->polls, poll);
	ws_memory_hold(hub->server, sizeof(*poll));
	ws_member_init(&poll->member, deliver);
	poll->timer =
	    ws_timer_start(hub->server, wait_s * 1000, 0, on_time, poll);
	if (poll->timer == NULL ||
	    ws_member_join(
		hub->server, &poll->member, cursor->name, cursor->len) < 0 ||
	    ws_hold(request, on_gone, poll) < 0) {
		release(poll);
		return false;
	}
	ws_request_forget(request);
	return true;
}

/* Return for how many seconds a request may wait, or -1 for a malformed
 * wish. */
static long
wait_of(const struct ws_request *request)
{
	char text[8], *end;
	long n = ws_request_param(request, "wait", text, sizeof(text));
	long wait_s;

	if (n == WS_EABSENT)
		return 0;
	wait_s = strtol(text, &end, 10);
	if (n <= 0 || *end != '\0' || wait_s < 0 || text[0] == '+' ||
	    text[0] == ' ')
		return -1;
	return wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S;
}

void
hub_poll(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, bool replay)
{
	uint64_t n = cursor->n;
	long wait_s = wait_of(request);

	if (wait_s < 0) {
		hub_refuse(request, 400, "bad_wait",
		    "wait is a number of seconds, 60 at most");
		return;
	}
	/* A client without a cursor gets what is kept. */
	if (cursor->resume == HUB_NEW)
		n = hub_history_floor(&hub->history, cursor->name, cursor->len);
	if ((cursor->resume != HUB_GAP || replay) &&
	    send_kept(hub, request, cursor, n))
		return;
	if (wait_s == 0 || hub->stopping || cursor->resume == HUB_GAP ||
	    strcmp(ws_request_method(request), "HEAD") == 0)
		send_nothing(hub, request, cursor->resume, cursor->n);
	else if (!wait_for(hub, request, cursor, wait_s))
		hub_refuse(request, 503, "memory", "out of memory");
}
