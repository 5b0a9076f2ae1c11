/* post.c - what a client that polls sends: POST requests. */
/* SPDX-License-Identifier: MIT */
/*
 * A client sends its packets with one POST after the other, beside its GET. A
 * POST belongs to its session as soon as its head is here: a second POST beside
 * it ends the session, and so does a client that leaves before the whole body
 * is here.
 *
 * Engine.IO protocol 4, "HTTP long-polling", "Sending and receiving data".
 */
#include "post.h"

#include <string.h>
#include <strings.h>

#include "answer.h"
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

/* Hand all packets of a body to the session. */
static void
read_payload(struct eio_session *session, enum eio_framing framing,
    const char *body, size_t len)
{
	struct eio_payload payload;
	struct eio_packet packet;

	eio_payload_begin(&payload, session->protocol, framing, body, len);
	while (session->state == EIO_STATE_OPEN &&
	       eio_payload_next(&payload, &packet))
		eio_session_packet(session, &packet);
	if (payload.failed && session->state == EIO_STATE_OPEN)
		eio_session_end(session, "parse error", EIO_END_NOW);
}

/* The same for the form of a client that polls with scripts. */
static void
read_form(struct eio_session *session, enum eio_framing framing,
    const char *body, size_t len)
{
	struct ws_span value =
	    eio_query_find((struct ws_span){ body, len }, "d");
	char *text = ws_mem_resize(NULL, value.len + 1);

	if (text == NULL) {
		eio_session_end(session, "transport error", EIO_END_NOW);
		return;
	}
	len = (size_t)ws_url_decode(
	    value, text, value.len, WS_URL_PLUS | WS_URL_LENIENT);
	read_payload(session, framing, text, eio_jsonp_unescape(text, len));
	ws_mem_free(text);
}

bool
eio_post_begin(struct eio_poll *poll, struct ws_request *request)
{
	eio_poll_heard(poll);
	/* Protocol 4 has no bodies of octets. */
	if (poll->post != NULL ||
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
	const char *body;
	size_t len;

	if (session->protocol >= 4)
		framing = EIO_SEPARATED;
	else if (has_octets(request))
		framing = EIO_OCTETS;
	poll->post = NULL;
	body = ws_request_body(request, &len);
	if (eio_query_find(ws_span_of(ws_request_query(request)), "j").at !=
	    NULL)
		read_form(session, framing, body, len);
	else
		read_payload(session, framing, body, len);
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply(request, 200, "text/html", "ok", 2);
}
