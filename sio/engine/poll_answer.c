/* poll_answer.c - the answer to a GET that polls. */
/* SPDX-License-Identifier: MIT */
/*
 * All packets that wait go in one body. Its form depends on the protocol, on
 * what the client can take, and on how it polls: a page that may not send
 * requests to another origin loads each answer as a script (jsonp.c).
 *
 * Engine.IO protocol 4, "HTTP long-polling"; protocol 3, "Encoding".
 */
#include "poll_answer.h"

#include <string.h>

#include "answer.h"
#include "jsonp.h"
#include "query.h"

/* Octets of the index of a script, with a NUL. Clients count their scripts from
 * 0, so that half of it would do; a longer index is cut. */
#define INDEX_SIZE 16

/* Old versions of Internet Explorer take the script in an answer for one that
 * the request smuggled in, unless a field tells them not to look for such. */
static bool
suspects_scripts(struct ws_request *request)
{
	const char *agent = ws_request_field(request, "User-Agent");

	return agent != NULL && (strstr(agent, ";MSIE") != NULL ||
				    strstr(agent, "Trident/") != NULL);
}

/* Return whether a client wants the answer as a script.
 *   index  receives what it calls its function */
static bool
wants_script(struct ws_request *request, char index[INDEX_SIZE])
{
	return eio_query_get(
		   ws_request_query(request), "j", index, INDEX_SIZE) >= 0;
}

bool
eio_poll_needs(struct ws_request *request)
{
	char index[INDEX_SIZE];

	return wants_script(request, index) || suspects_scripts(request);
}

/* Choose how the body of an answer frames its packets. */
static enum eio_framing
framing_for(const struct eio_poll *poll, bool script)
{
	const struct eio_session *session = poll->session;

	if (session->protocol >= 4)
		return EIO_SEPARATED;
	if (session->b64 || script)
		return EIO_COUNTED;
	/* In browsers, clients of before 2016 that can take octets take nothing
	 * else. Later ones, and those outside of browsers, take both. */
	return EIO_OCTETS;
}

/* Return whether an answer may be compressed: one of its messages may be, as in
 * the reference. Other packets do not count; in the reference a ping allows it
 * even beside a message that must not be compressed. */
static bool
may_compress(const struct eio_poll *poll)
{
	struct eio_packet packet;
	int flags;

	for (size_t at = 0;
	     eio_records_next(poll->records, &at, &packet, &flags);) {
		if (packet.type == EIO_MESSAGE && !(flags & WS_NO_COMPRESS))
			return true;
	}
	return false;
}

/* Return how many octets the body has at most. */
static size_t
bound(const struct eio_poll *poll, enum eio_framing framing)
{
	struct eio_packet packet;
	size_t octets = 1;

	for (size_t at = 0;
	     eio_records_next(poll->records, &at, &packet, NULL);) {
		if (framing == EIO_COUNTED)
			packet.len *= eio_twice_growth(poll->encodes, &packet);
		octets += eio_payload_bound(framing, &packet);
	}
	return octets;
}

/* Encode all records into a text. */
static void
encode(
    const struct eio_poll *poll, enum eio_framing framing, struct sio_text *out)
{
	struct sio_text text = { 0 };
	struct eio_packet packet;
	char *to;

	sio_text_clear(out, EIO_SCRATCH);
	to = sio_text_room(out, bound(poll, framing));
	for (size_t at = 0; to != NULL && eio_records_next(poll->records, &at,
					      &packet, NULL);) {
		if (framing == EIO_COUNTED &&
		    eio_twice_write(poll->encodes, poll->session->eio->ascii,
			&packet, &text) < 0) {
			out->error = WS_ENOMEM;
			break;
		}
		out->len += eio_payload_write(
		    framing, &packet, out->len == 0, to + out->len);
	}
	sio_text_free(&text);
}

/* Turn a body into a script. */
static void
wrap(struct sio_text *body, const char *index)
{
	struct sio_text script = { 0 };

	eio_jsonp_write(&script, index, body->at, body->len);
	sio_text_free(body);
	*body = script;
}

void
eio_poll_reply(struct eio_poll *poll, struct ws_request *request)
{
	struct sio_text *out = &poll->session->eio->out;
	char index[INDEX_SIZE];
	bool script = wants_script(request, index);
	enum eio_framing framing = framing_for(poll, script);
	const char *type = "text/plain; charset=UTF-8";
	int status;

	encode(poll, framing, out);
	if (script) {
		type = "text/javascript; charset=UTF-8";
		if (out->error == 0)
			wrap(out, index);
	} else if (framing == EIO_OCTETS)
		type = "application/octet-stream";
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	if (suspects_scripts(request))
		(void)ws_reply_field(request, "X-XSS-Protection", "0");
	if (out->len < poll->session->eio->options.compress_min ||
	    !may_compress(poll))
		ws_reply_plain(request);
	status = out->error == 0 ? 200 : 503;
	eio_records_free(&poll->records);
	eio_reply(request, status, type, out->at, status == 200 ? out->len : 0);
}

void
eio_poll_answer_all(struct eio_poll *poll)
{
	struct ws_request *request = poll->get;

	poll->get = NULL;
	eio_poll_reply(poll, request);
}

void
eio_poll_answer(struct eio_poll *poll, enum eio_type type)
{
	struct eio_packet packet = { .type = type };

	if (poll->get == NULL)
		return;
	eio_records_free(&poll->records);
	(void)eio_records_add(
	    &poll->records, poll->session->eio->server, &packet, 0);
	eio_poll_answer_all(poll);
}
