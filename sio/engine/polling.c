/* polling.c - sessions that requests carry (long polling). */
/* SPDX-License-Identifier: MIT */
/*
 * The client keeps one GET pending, and the server answers it when there is
 * something to say; then the client sends the next. What the client has to say
 * it sends with POSTs (post.c).
 *
 * Packets that find no GET wait as records (records.c).
 *
 * A GET is answered (poll_answer.c) at the end of the turn of the loop. So
 * several messages go in one answer; and when the last packet of an upgrade
 * arrives on another connection in the same turn, it is seen before the GET
 * that came after it.
 *
 * Engine.IO protocol 4, "HTTP long-polling".
 */
#include "polling.h"

#include <string.h>

#include "answer.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "message.h"
#include "poll_answer.h"

enum {
	/* Octets of records from which on a session is not writable, and drain
	 * is called once they are gone: as the server's queue_soft. */
	RECORDS_SOFT = 65536,
	/* Silent sessions that are looked at to find one of an address. They
	 * are in cold memory: 1,000 take 0.1 ms. */
	SEARCH_MAX = 1000,
};

static struct eio_poll *
of_deadline(struct ws_deadline *deadline)
{
	return WS_OUTER(struct eio_poll, deadline, deadline);
}

/* ---- the end of the turn ----------------------------------------------- */

void
eio_poll_flush(struct eio_poll *poll)
{
	struct eio *eio = poll->session->eio;

	if (poll->flush.next != NULL)
		return;
	(void)ws_deadlines_add(&eio->flushes, &poll->flush, 0);
	(void)ws_timer_again(eio->turn_end, 0);
}

static void
flush(struct eio_poll *poll)
{
	struct eio_session *session = poll->session;

	poll->get_is_new = false;
	if (poll->overflowed) {
		eio_session_end(session, "transport error", EIO_END_NOW);
		return;
	}
	if (poll->get == NULL)
		return;
	if (poll->records != NULL)
		eio_poll_answer_all(poll);
	else if (session->state == EIO_STATE_CLOSING) {
		eio_session_gone(session);
		return;
	} else if (poll->probe_answered)
		eio_poll_answer(poll, EIO_NOOP);
	if (!poll->drain_owed || poll->records != NULL)
		return;
	poll->drain_owed = false;
	eio_session_drain(session);
}

void
eio_polling_turn(struct eio *eio)
{
	struct ws_deadline *deadline;
	bool left = true;

	while (left && (deadline = ws_deadlines_expired(&eio->flushes, 0))) {
		struct eio_poll *poll =
		    WS_OUTER(struct eio_poll, flush, deadline);
		size_t octets =
		    poll->get != NULL ? eio_records_waiting(poll->records) : 0;

		flush(poll);
		left = ws_spend(eio->server,
		    WS_COST_ANSWER + octets / 1024 * WS_COST_COPY_KB);
	}
	if (ws_deadlines_first(&eio->flushes) != NULL)
		(void)ws_timer_again(eio->turn_end, 0);
}

/* ---- silent sessions --------------------------------------------------- */

/*
 * A session that is opened and never used costs its client one request, and the
 * server memory for lease_ms. So each address may have silent_per_ip of them:
 * one more ends the oldest.
 */

/* The counter of an address. The key is secret, so that strangers cannot
 * choose whom they share a counter with. */
static uint16_t
counter_of(const struct eio *eio, const struct ws_request *request)
{
	unsigned char owner[16];

	ws_request_owner(request, owner);
	return (uint16_t)(ws_siphash(eio->key, owner, sizeof(owner)) %
			  EIO_COUNTERS);
}

/* Make the counters, where there are none yet. Returns false when out of
 * memory. */
static bool
has_counters(struct eio *eio)
{
	const size_t size = EIO_COUNTERS * sizeof(*eio->silent);

	if (eio->silent != NULL)
		return true;
	eio->silent = ws_mem_resize(NULL, size);
	if (eio->silent != NULL)
		memset(eio->silent, 0, size);
	return eio->silent != NULL;
}

/* End the oldest silent session of an address: a client that fails and tries
 * again without end must not keep others of its address out. Those of other
 * addresses may stand before it. */
static void
end_oldest_silent(struct eio *eio, uint16_t counter)
{
	struct ws_deadlines *queue = &eio->first_requests.queue;
	struct ws_deadline *at = ws_deadlines_first(queue);

	for (int i = 0; i < SEARCH_MAX && at != NULL; i++) {
		struct eio_poll *poll = of_deadline(at);

		if (poll->counter == counter) {
			eio_session_end(
			    poll->session, "ping timeout", EIO_END_NOW);
			return;
		}
		at = at->next != &queue->head ? at->next : NULL;
	}
}

void
eio_poll_heard(struct eio_poll *poll)
{
	if (!poll->silent)
		return;
	poll->silent = false;
	poll->session->eio->silent[poll->counter]--;
	ws_deadlines_remove(&poll->deadline);
}

/* ---- packets that are not read ----------------------------------------- */

void
eio_unread_end(struct eio_unread *unread)
{
	ws_memory_hold(ws_request_server(unread->request),
	    -(long)(sizeof(*unread) + unread->text_octets));
	ws_deadlines_remove(&unread->turn);
	eio_reply_ok(unread->request);
	ws_mem_free(unread->text);
	ws_mem_free(unread);
}

static void
drop_unread(struct eio_poll *poll)
{
	struct eio_unread *unread = poll->unread;

	poll->unread = NULL;
	if (unread != NULL)
		eio_unread_end(unread);
}

/* ---- the carrier ------------------------------------------------------- */

void
eio_poll_drop_post(struct eio_poll *poll)
{
	struct ws_request *request = poll->post;

	if (request == NULL)
		return;
	poll->post = NULL;
	ws_request_set_state(request, NULL);
	eio_reply_empty(request, 400);
}

void
eio_poll_drop_probe(struct eio_poll *poll)
{
	ws_deadlines_remove(&poll->deadline);
	eio_drop_websocket(poll->probe);
	poll->probe = NULL;
	poll->probe_answered = false;
}

static bool
is_writable(const struct eio_session *session)
{
	const struct eio_poll *poll = session->link;

	return poll->get != NULL && !poll->drain_owed;
}

/* Find out whether a packet of len octets may wait. Returns 0, WS_ESKIPPED or
 * WS_EFULL. */
static int
admit(struct eio_session *session, size_t len, int flags)
{
	struct eio_poll *poll = session->link;
	size_t max = session->eio->options.queue_max;
	size_t waiting = eio_records_waiting(poll->records);

	if ((flags & WS_VOLATILE) && !is_writable(session))
		return WS_ESKIPPED;
	/* One packet of any size always fits. If more than queue_max would
	 * wait, the session ends, but only at the end of the turn: the caller
	 * may be walking over all sessions. */
	if (waiting > 0 && (waiting > max || len > max - waiting)) {
		poll->overflowed = true;
		eio_poll_flush(poll);
	}
	return poll->overflowed ? WS_EFULL : 0;
}

/* Have the GET answered, if there is one, for what was added. */
static void
added(struct eio_poll *poll)
{
	if (eio_records_waiting(poll->records) > RECORDS_SOFT)
		poll->drain_owed = true;
	if (poll->get != NULL)
		eio_poll_flush(poll);
}

static int
send_packet(
    struct eio_session *session, const struct eio_packet *packet, int flags)
{
	struct eio_poll *poll = session->link;
	int result = admit(session, packet->len, flags);

	if (result == 0)
		result = eio_records_add(
		    &poll->records, session->eio->server, packet, flags);
	if (result == 0)
		added(poll);
	return result;
}

static int
send_message(
    struct eio_session *session, struct eio_message *message, int flags)
{
	struct eio_poll *poll = session->link;
	int result = admit(session, eio_message_packet(message).len, flags);

	if (result == 0)
		result = eio_records_share(
		    &poll->records, session->eio->server, message, flags);
	if (result == 0)
		added(poll);
	return result;
}

static bool
is_receiving(const struct eio_session *session)
{
	const struct eio_poll *poll = session->link;

	return poll->post != NULL || poll->unread != NULL;
}

/* The end of the session answers what is pending. */
static void
tell_full(struct eio_session *session)
{
	(void)session;
}

/* Once its probe was answered and its GET with it, a client does not poll any
 * more: it says "upgrade" on the probe next, and then learns of the end. Other
 * clients first get what waits, and "close" in another answer: official clients
 * handle a "close" before the messages of the same answer. */
static bool
tell_end(struct eio_session *session, enum eio_ending ending)
{
	struct eio_poll *poll = session->link;

	eio_poll_heard(poll);
	if (ending == EIO_END_LAST && poll->get == NULL) {
		if (!poll->probe_answered)
			eio_poll_drop_probe(poll);
		ws_deadlines_remove(&poll->deadline);
		return false;
	}
	eio_poll_drop_probe(poll);
	if (ending == EIO_END_LAST && poll->records != NULL) {
		eio_poll_answer_all(poll);
		return false;
	}
	eio_poll_answer(poll, ending == EIO_END_ANSWER ? EIO_NOOP : EIO_CLOSE);
	return true;
}

static void
disconnect(struct eio_session *session)
{
	struct eio_poll *poll = session->link;

	eio_poll_drop_probe(poll);
	eio_poll_answer(poll, EIO_CLOSE);
	eio_poll_drop_post(poll);
	drop_unread(poll);
}

void
eio_poll_free(struct eio_poll *poll)
{
	eio_poll_heard(poll);
	ws_deadlines_remove(&poll->deadline);
	ws_deadlines_remove(&poll->flush);
	drop_unread(poll);
	eio_records_free(&poll->records);
	ws_memory_hold(poll->session->eio->server, -(long)sizeof(*poll));
	ws_mem_free(poll);
}

static void
release(struct eio_session *session)
{
	eio_poll_free(session->link);
}

static const struct eio_carrier polling = {
	.name = "polling",
	.may_be_upgraded = true,
	.send = send_packet,
	.send_message = send_message,
	.is_writable = is_writable,
	.is_receiving = is_receiving,
	.tell_end = tell_end,
	.tell_full = tell_full,
	.disconnect = disconnect,
	.release = release,
};

struct eio_poll *
eio_poll_of(const struct eio_session *session)
{
	return session->carrier == &polling ? session->link : NULL;
}

/* ---- requests ---------------------------------------------------------- */

static void
set_cookie(struct eio_session *session, struct ws_request *request)
{
	const char *name = session->eio->cookie, *attributes;
	struct sio_text cookie = { 0 };
	char sid[EIO_ID_SIZE];

	if (name == NULL)
		return;
	attributes = name + strcspn(name, ";");
	sio_text_add(&cookie, name, (size_t)(attributes - name));
	if (*attributes == '\0')
		attributes = "; Path=/; HttpOnly; SameSite=Lax";
	sio_text_putc(&cookie, '=');
	sio_text_puts(&cookie, eio_id(session, sid));
	sio_text_add(&cookie, attributes, strlen(attributes) + 1);
	if (cookie.error == 0)
		(void)ws_reply_field(request, "Set-Cookie", cookie.at);
	sio_text_free(&cookie);
}

/* Make a session that is carried by polling, with the packet that opens it.
 * Returns it, or NULL when out of memory or without randomness. */
static struct eio_session *
new_session(
    struct eio *eio, struct ws_request *request, int protocol, int *status)
{
	struct eio_session *session =
	    eio_session_new(eio, request, protocol, status);
	struct eio_poll *poll;
	struct eio_packet hello;

	if (session == NULL)
		return NULL;
	poll = ws_mem_resize(NULL, sizeof(*poll));
	if (poll != NULL) {
		*poll = (struct eio_poll){ .session = session };
		if (protocol == 2)
			poll->encodes = EIO_ENCODES_TWICE;
		ws_memory_hold(eio->server, sizeof(*poll));
		session->carrier = &polling;
		session->link = poll;
	}
	if (poll == NULL || eio_session_hello(session, &hello) < 0 ||
	    eio_records_add(&poll->records, eio->server, &hello, 0) < 0) {
		eio_session_free(session);
		*status = 400;
		return NULL;
	}
	return session;
}

void
eio_poll_open(struct eio *eio, struct ws_request *request, int protocol)
{
	uint16_t counter = counter_of(eio, request);
	struct eio_session *session;
	struct eio_poll *poll;
	int status;

	if (!has_counters(eio)) {
		eio_refuse_session(request, 503);
		return;
	}
	if (eio->silent[counter] >= eio->options.silent_per_ip)
		end_oldest_silent(eio, counter);
	if (eio->silent[counter] >= eio->options.silent_per_ip) {
		eio_refuse(request, EIO_FORBIDDEN, "Too many silent sessions");
		return;
	}
	session = new_session(eio, request, protocol, &status);
	if (session == NULL) {
		eio_refuse_session(request, status);
		return;
	}
	poll = session->link;
	set_cookie(session, request);
	eio_poll_reply(poll, request);
	poll->silent = true;
	poll->counter = counter;
	eio->silent[counter]++;
	eio_timeouts_add(&eio->first_requests, &poll->deadline,
	    ws_now(eio->server) + eio->options.lease_ms);
	eio_session_open(session);
}

/* The client has left its pending GET. */
static void
on_gone(struct ws_request *request, void *arg)
{
	struct eio_poll *poll = arg;

	(void)request;
	poll->get = NULL;
	eio_session_end(poll->session, "transport error", EIO_END_NOW);
}

void
eio_poll_get(struct eio_poll *poll, struct ws_request *request)
{
	struct eio_session *session = poll->session;

	eio_poll_heard(poll);
	/* The protocol allows one GET at a time. */
	if (poll->get != NULL) {
		if (session->state == EIO_STATE_CLOSING &&
		    poll->records != NULL)
			eio_poll_answer_all(poll);
		eio_session_end(session, "transport error", EIO_END_NOW);
		eio_reply_empty(request, 400);
		return;
	}
	/* A request that is neither held nor answered gets 500. */
	if (ws_hold(request, on_gone, poll) < 0)
		return;
	if (!eio_poll_needs(request))
		ws_request_forget(request);
	poll->get = request;
	poll->get_is_new = true;
	eio_poll_flush(poll);
}

/* ---- memory ------------------------------------------------------------ */

/* A walk over the sessions when memory is full. */
struct relief {
	size_t least, largest;
};

/* End a session that polls and for which much waits. */
static bool
relieve_session(struct eio_session *session, void *arg)
{
	struct eio_poll *poll = eio_poll_of(session);
	struct relief *relief = arg;
	size_t waiting;

	if (poll == NULL)
		return true;
	waiting = eio_records_waiting(poll->records);
	if (waiting < relief->least ||
	    !ws_memory_is_full(session->eio->server)) {
		if (waiting > relief->largest)
			relief->largest = waiting;
		return true;
	}
	eio_session_end(session, "transport error", EIO_END_NOW);
	eio_records_free(&poll->records);
	return true;
}

static size_t
relieve(void *arg, size_t least)
{
	struct relief relief = { .least = least };

	eio_sessions_walk(arg, EIO_STATE_OPEN, relieve_session, &relief);
	eio_sessions_walk(arg, EIO_STATE_CLOSING, relieve_session, &relief);
	return relief.largest;
}

/* ---- deadlines --------------------------------------------------------- */

static void
on_first_request_missed(struct ws_deadline *deadline)
{
	eio_session_end(
	    of_deadline(deadline)->session, "ping timeout", EIO_END_NOW);
}

static void
on_upgrade_missed(struct ws_deadline *deadline)
{
	eio_poll_drop_probe(of_deadline(deadline));
}

int
eio_polling_start(struct eio *eio)
{
	int result = eio_timeouts_start(
	    &eio->first_requests, eio->server, on_first_request_missed);

	if (result == 0)
		result = eio_timeouts_start(
		    &eio->upgrades, eio->server, on_upgrade_missed);
	if (result == 0)
		result = ws_memory_relief(eio->server, relieve, eio);
	return result;
}

void
eio_polling_stop(struct eio *eio)
{
	ws_memory_relief_cancel(eio->server, relieve, eio);
	eio_timeouts_stop(&eio->first_requests);
	eio_timeouts_stop(&eio->upgrades);
}
