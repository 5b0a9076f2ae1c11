/* post.c - what a client that polls sends: POST requests. */
/* SPDX-License-Identifier: MIT */
/*
 * A client sends its packets with one POST after the other, beside its GET. A
 * POST belongs to its session as soon as its head is here: a second POST beside
 * it ends the session, and so does a client that leaves before the whole body
 * is here.
 *
 * A body may have thousands of packets, and each may be told to thousands. So
 * it is read until the visit of its connection is spent, and the rest in the
 * turns that follow, by a timer, one body after the other. The request is held
 * until then. An upgrade that comes meanwhile waits: what was sent first is
 * read first.
 *
 * Engine.IO protocol 4, "HTTP long-polling", "Sending and receiving data".
 */
#include "post.h"

#include <string.h>
#include <strings.h>

#include "answer.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/url.h"
#include "jsonp.h"
#include "query.h"

static bool
has_octets(struct ws_request *request)
{
	static const char type[] = "application/octet-stream";
	const char *given = ws_request_field(request, "Content-Type");
	size_t len = strlen(type);

	return given != NULL && strncasecmp(given, type, len) == 0 &&
	       strchr("; \t", given[len]) != NULL;
}

/* Hand packets of a body to the session, as far as the time lasts.
 * Returns whether that was all. */
static bool
read_some(struct eio_unread *unread)
{
	struct eio_session *session = unread->poll->session;
	struct eio_payload *payload = &unread->payload;
	struct ws_server *server = session->eio->server;
	struct eio_packet packet;

	while (session->state == EIO_STATE_OPEN &&
	       eio_payload_next(payload, &packet)) {
		size_t cost =
		    WS_COST_MESSAGE + packet.len / 1024 * WS_COST_COPY_KB;

		if (payload->framing == EIO_COUNTED)
			unread->poll->encodes = (uint8_t)eio_twice_read(
			    unread->poll->encodes, &packet);
		eio_session_packet(session, &packet);
		if (!ws_spend(server, cost) && !payload->ended)
			return session->state != EIO_STATE_OPEN;
	}
	if (payload->failed && session->state == EIO_STATE_OPEN) {
		eio_session_log_bad(session,
		    "the body of a POST has no packet of Engine.IO where one "
		    "must be",
		    payload->in + payload->at, payload->len - payload->at);
		eio_session_end(session, "parse error", EIO_END_NOW);
	}
	return true;
}

/* Go on in a later turn, behind the others that wait. */
static void
put_off(struct eio_unread *unread)
{
	struct eio *eio = unread->poll->session->eio;

	unread->poll->unread = unread;
	(void)ws_deadlines_add(&eio->unread, &unread->turn, 0);
	(void)ws_timer_again(eio->reader, 0);
}

/* Hold a POST whose packets are not all read. That it is complete is enough:
 * they are read even if the client leaves. */
static bool
hold(const struct eio_unread *unread)
{
	struct eio_unread *kept = ws_mem_resize(NULL, sizeof(*kept));

	if (kept == NULL)
		return false;
	if (ws_hold(unread->request, NULL, NULL) < 0) {
		ws_mem_free(kept);
		return false;
	}
	*kept = *unread;
	ws_memory_hold(ws_request_server(kept->request),
	    (long)(sizeof(*kept) + kept->text_octets));
	put_off(kept);
	return true;
}

/* Read a body now and, if it is long, later. */
static void
read_body(struct eio_unread *unread)
{
	struct eio_session *session = unread->poll->session;

	if (!read_some(unread)) {
		if (hold(unread))
			return;
		eio_session_end(session, "transport error", EIO_END_NOW);
	}
	ws_mem_free(unread->text);
	eio_reply_ok(unread->request);
}

void
eio_post_turn(struct eio *eio)
{
	struct ws_deadline *first = ws_deadlines_expired(&eio->unread, 0);
	struct eio_unread *unread = WS_OUTER(struct eio_unread, turn, first);
	struct eio_poll *poll;
	void (*then)(struct eio_poll * poll);

	if (first == NULL)
		return;
	poll = unread->poll;
	then = unread->then;
	/* Meanwhile it is nobody's: a packet may end the session. */
	poll->unread = NULL;
	eio_session_wait(poll->session);
	if (!read_some(unread)) {
		put_off(unread);
		return;
	}
	eio_unread_end(unread);
	if (then != NULL)
		then(poll);
	if (ws_deadlines_first(&eio->unread) != NULL)
		(void)ws_timer_again(eio->reader, 0);
}

/* Decode the form of a client that polls with scripts. Returns false when out
 * of memory. */
static bool
decode_form(struct eio_unread *unread, const char *body, size_t *len)
{
	struct ws_span value =
	    eio_query_find((struct ws_span){ body, *len }, "d");

	unread->text = ws_mem_resize(NULL, value.len + 1);
	if (unread->text == NULL)
		return false;
	unread->text_octets = value.len + 1;
	*len = (size_t)ws_url_decode(
	    value, unread->text, value.len, WS_URL_PLUS | WS_URL_LENIENT);
	*len = eio_jsonp_unescape(unread->text, *len);
	return true;
}

bool
eio_post_begin(struct eio_poll *poll, struct ws_request *request)
{
	eio_poll_heard(poll);
	/* Protocol 4 has no bodies of octets. */
	if (poll->post != NULL || poll->unread != NULL ||
	    (poll->session->protocol >= 4 && has_octets(request))) {
		eio_session_end(poll->session, "transport error", EIO_END_NOW);
		eio_reply_empty(request, 400);
		return false;
	}
	poll->post = request;
	ws_request_set_state(request, poll->session);
	return true;
}

void
eio_post_broken(struct eio_poll *poll, bool end)
{
	poll->post = NULL;
	if (end)
		eio_session_end(poll->session, "transport error", EIO_END_NOW);
}

void
eio_post_body(struct eio_poll *poll, struct ws_request *request)
{
	enum eio_framing framing = EIO_COUNTED;
	struct eio_session *session = poll->session;
	struct eio_unread unread = { .poll = poll, .request = request };
	const char *body;
	size_t len;

	if (session->protocol >= 4)
		framing = EIO_SEPARATED;
	else if (has_octets(request))
		framing = EIO_OCTETS;
	poll->post = NULL;
	body = ws_request_body(request, &len);
	if (eio_query_find(ws_span_of(ws_request_query(request)), "j").at !=
	    NULL) {
		if (!decode_form(&unread, body, &len))
			eio_session_end(
			    session, "transport error", EIO_END_NOW);
		body = unread.text;
	}
	eio_payload_begin(
	    &unread.payload, session->protocol, framing, body, len);
	read_body(&unread);
}
