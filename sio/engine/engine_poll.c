/* engine_poll.c - Engine.IO: a session that requests carry (long polling). */
/* SPDX-License-Identifier: MIT */
/*
 * The client keeps one GET pending, and it is answered when there is something
 * to say; what the client has to say it sends with a POST beside it, one after
 * the other. A POST belongs to its session from its head on: a second one beside
 * it ends the session, and so does a client that leaves before all of it came.
 *
 * Packets that find no GET wait as records, in one block:
 *
 *	struct head { length, type, form, flags }, octets, struct head, octets ...
 *
 * They are encoded when a GET comes for them. How protocol 3 frames a body
 * depends on all that is in it, and a WebSocket that takes over wants them one
 * by one.
 *
 * A GET is answered at the end of the turn of the loop: so several messages go
 * in one answer, and the last packet of an upgrade, which arrives in the same
 * turn on another connection, is seen before the GET that came after it.
 */
#include "engine.h"

#include <string.h>
#include <strings.h>

#include "base/url.h"
#include "jsonp.h"

enum {
	SOFT = 65536, /* octets of records from which on drain is called */
	KEEP = 256,   /* octets of records that an idle session keeps */
};

/* In front of the octets of a record, not aligned. */
struct head {
	size_t len;
	uint8_t type, form;
	uint16_t flags;
};

/* ---- records ----------------------------------------------------------- */

int
eio_poll_add(struct eio_poll *poll, const struct eio_packet *packet, int flags)
{
	struct head head = { .len = packet->len,
		.type = (uint8_t)packet->type,
		.form = (uint8_t)packet->form,
		.flags = (uint16_t)flags };
	char *at;

	if (packet->len > SIZE_MAX - sizeof(head))
		return WS_ENOMEM;
	at = sio_text_room(&poll->records, sizeof(head) + packet->len);
	if (at == NULL) {
		poll->records.error = 0;
		return WS_ENOMEM;
	}
	memcpy(at, &head, sizeof(head));
	if (packet->len > 0)
		memcpy(at + sizeof(head), packet->data, packet->len);
	poll->records.len += sizeof(head) + packet->len;
	if (poll->records.len > SOFT)
		poll->full = true;
	return 0;
}

bool
eio_poll_next(const struct eio_poll *poll, size_t *at,
    struct eio_packet *packet, int *flags)
{
	const char *record;
	struct head head;

	if (*at == poll->records.len)
		return false;
	record = poll->records.at + *at;
	memcpy(&head, record, sizeof(head));
	*packet = (struct eio_packet){ (enum eio_type)head.type,
		(enum eio_form)head.form, record + sizeof(head), head.len };
	if (flags != NULL)
		*flags = head.flags;
	*at += sizeof(head) + head.len;
	return true;
}

/* ---- answers ----------------------------------------------------------- */

static bool
has_part(const char *text, const char *part)
{
	size_t len = strlen(part);

	while (*text != '\0' && strncmp(text, part, len) != 0)
		text++;
	return *text != '\0';
}

/* Old versions of Internet Explorer take the script of an answer for one that
 * the request smuggled in. */
static bool
is_suspicious(struct ws_request *request)
{
	const char *agent = ws_request_field(request, "User-Agent");

	return agent != NULL &&
	       (has_part(agent, ";MSIE") || has_part(agent, "Trident/"));
}

/* How the records are framed for this request. */
static enum eio_framing
framing_for(const struct eio_poll *poll, bool script)
{
	const struct eio_socket *s = poll->socket;
	struct eio_packet packet;

	if (s->protocol >= 4)
		return EIO_SEPARATED;
	if (s->b64 || script)
		return EIO_COUNTED;
	/* Clients of protocol 2 understand nothing else. */
	if (s->protocol == 2)
		return EIO_OCTETS;
	/* Browsers with clients of before 2017 count octets where they should
	 * count characters: so anything but ASCII goes as octets. */
	for (size_t at = 0; eio_poll_next(poll, &at, &packet, NULL);) {
		if (packet.form != EIO_TEXT ||
		    eio_utf16_units(packet.data, packet.len) !=
			(int64_t)packet.len)
			return EIO_OCTETS;
	}
	return EIO_COUNTED;
}

/* Whether the records may be compressed: one that may is enough, as for the
 * reference. Beside a message that may not, what is sent of its own accord (a
 * Ping, say) is no reason to: that is stricter than the reference is. */
static bool
may_compress(const struct eio_poll *poll)
{
	struct eio_packet packet;
	int flags;

	for (size_t at = 0; eio_poll_next(poll, &at, &packet, &flags);) {
		if (packet.type == EIO_MESSAGE && !(flags & WS_NO_COMPRESS))
			return true;
	}
	return false;
}

/* Encode all records into a text. */
static void
encode(
    const struct eio_poll *poll, enum eio_framing framing, struct sio_text *out)
{
	struct eio_packet packet;
	size_t octets = 0;
	char *to;

	for (size_t at = 0; eio_poll_next(poll, &at, &packet, NULL);)
		octets += eio_payload_bound(framing, &packet);
	sio_text_clear(out, EIO_SCRATCH);
	to = sio_text_room(out, octets + 1);
	for (size_t at = 0;
	     to != NULL && eio_poll_next(poll, &at, &packet, NULL);)
		out->len += eio_payload_write(
		    framing, &packet, out->len == 0, to + out->len);
}

/* Make a script of a body. */
static void
wrap(struct ws_request *request, struct sio_text *body)
{
	struct sio_text script = { 0 };
	char index[16];

	(void)eio_query_get(
	    ws_request_query(request), "j", index, sizeof(index));
	eio_jsonp_write(&script, index, body->at, body->len);
	sio_text_free(body);
	*body = script;
}

static bool
wants_script(struct ws_request *request)
{
	const char *query = ws_request_query(request);

	return eio_query_find(ws_span_of(query), "j").at != NULL;
}

/* Answer a request with all records, and forget them. */
static void
answer(struct eio_poll *poll, struct ws_request *request)
{
	struct sio_text *out = &poll->socket->eio->out;
	bool script = wants_script(request);
	enum eio_framing framing = framing_for(poll, script);
	const char *type = "text/plain; charset=UTF-8";
	int status;

	encode(poll, framing, out);
	if (script && out->error == 0)
		wrap(request, out);
	if (script)
		type = "text/javascript; charset=UTF-8";
	else if (framing == EIO_OCTETS)
		type = "application/octet-stream";
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	if (is_suspicious(request))
		(void)ws_reply_field(request, "X-XSS-Protection", "0");
	if (out->len < poll->socket->eio->options.compress_min ||
	    !may_compress(poll))
		ws_reply_plain(request);
	status = out->error == 0 ? 200 : 503;
	sio_text_clear(&poll->records, KEEP);
	eio_reply(request, status, type, out->at, status == 200 ? out->len : 0);
}

void
eio_poll_answer(struct eio_poll *poll)
{
	struct ws_request *request = poll->get;

	poll->get = NULL;
	answer(poll, request);
}

void
eio_poll_release(struct eio_poll *poll, enum eio_type type)
{
	struct eio_packet packet = { .type = type };

	if (poll->get == NULL)
		return;
	sio_text_clear(&poll->records, KEEP);
	(void)eio_poll_add(poll, &packet, 0);
	eio_poll_answer(poll);
}

/* ---- the end of the turn ----------------------------------------------- */

void
eio_poll_flush(struct eio_poll *poll)
{
	struct eio *eio = poll->socket->eio;

	if (poll->flushing)
		return;
	poll->flushing = true;
	poll->next = eio->flushes;
	eio->flushes = poll;
	(void)ws_timer_again(eio->turn, 0);
}

/* It is not to be looked at after all. */
static void
leave_turn(struct eio_poll *poll)
{
	struct eio_poll **link = &poll->socket->eio->flushes;

	while (*link != poll)
		link = &(*link)->next;
	*link = poll->next;
	poll->flushing = false;
}

static void
flush(struct eio_poll *poll)
{
	struct eio_socket *s = poll->socket;
	struct eio *eio = s->eio;

	poll->fresh = false;
	if (poll->overflowed) {
		eio_session_end(s, "transport error", EIO_ABORT);
		return;
	}
	if (poll->get == NULL)
		return;
	if (poll->records.len > 0)
		eio_poll_answer(poll);
	else if (s->state == EIO_STATE_CLOSING) {
		eio_session_gone(s);
		return;
	} else if (poll->probed)
		eio_poll_release(poll, EIO_NOOP);
	if (!poll->full || poll->records.len > 0)
		return;
	poll->full = false;
	if (eio->handler.drain != NULL)
		eio->handler.drain(s);
}

void
eio_poll_turn(struct eio *eio)
{
	struct eio_poll *poll;

	while ((poll = eio->flushes) != NULL) {
		eio->flushes = poll->next;
		poll->flushing = false;
		flush(poll);
	}
}

/* ---- who has said nothing yet ------------------------------------------ */

/* The counter for an address. A secret seed keeps strangers from choosing whom
 * they share it with. */
static uint16_t
counter_of(const struct eio *eio, const struct ws_request *request)
{
	unsigned char owner[16];
	uint64_t hash = eio->seed[0];

	ws_request_owner(request, owner);
	for (size_t i = 0; i < sizeof(owner); i++) {
		hash = (hash ^ owner[i]) * (eio->seed[1] | 1);
		hash ^= hash >> 32;
	}
	return (uint16_t)(hash & (EIO_ADDRESSES - 1));
}

void
eio_poll_heard(struct eio_poll *poll)
{
	if (!poll->silent)
		return;
	poll->silent = false;
	poll->socket->eio->silent[poll->address]--;
	eio_due_remove(&poll->due);
}

/* ---- requests ---------------------------------------------------------- */

static void
set_cookie(struct eio_socket *s, struct ws_request *request)
{
	const char *name = s->eio->cookie, *attributes;
	struct sio_text cookie = { 0 };
	char sid[EIO_ID_SIZE];

	if (name == NULL)
		return;
	attributes = name + strcspn(name, ";");
	sio_text_add(&cookie, name, (size_t)(attributes - name));
	if (*attributes == '\0')
		attributes = "; Path=/; HttpOnly; SameSite=Lax";
	sio_text_putc(&cookie, '=');
	sio_text_puts(&cookie, eio_id(s, sid));
	sio_text_add(&cookie, attributes, strlen(attributes) + 1);
	if (cookie.error == 0)
		(void)ws_reply_field(request, "Set-Cookie", cookie.at);
	sio_text_free(&cookie);
}

void
eio_poll_open(struct eio *eio, struct ws_request *request, int protocol)
{
	struct eio_packet packet = { .type = EIO_OPEN };
	uint16_t counter = counter_of(eio, request);
	struct eio_socket *s;
	struct sio_text *hello;

	if (eio->silent[counter] >= eio->options.silent_per_ip) {
		eio_refuse(request, EIO_FORBIDDEN, "Too many silent sessions");
		return;
	}
	s = eio_session_new(eio, request, true);
	if (s == NULL) {
		eio_refuse(request, EIO_BAD_REQUEST, NULL);
		return;
	}
	s->protocol = (uint8_t)protocol;
	hello = eio_session_hello(s);
	packet.data = hello->at;
	packet.len = hello->len;
	if (hello->error != 0 || eio_poll_add(s->poll, &packet, 0) < 0) {
		eio_session_free(s);
		eio_refuse(request, EIO_BAD_REQUEST, NULL);
		return;
	}
	set_cookie(s, request);
	answer(s->poll, request);
	s->poll->silent = true;
	s->poll->address = counter;
	eio->silent[counter]++;
	eio_dues_add(&eio->leases, &s->poll->due,
	    ws_now(eio->server) + eio->options.lease_ms);
	eio_session_begin(s);
}

/* The client has left its pending request. */
static void
on_gone(struct ws_request *request, void *arg)
{
	struct eio_socket *s = arg;

	(void)request;
	s->poll->get = NULL;
	eio_session_end(s, "transport error", EIO_ABORT);
}

void
eio_poll_get(struct eio_socket *socket, struct ws_request *request)
{
	struct eio_poll *poll = socket->poll;

	eio_poll_heard(poll);
	if (poll->get != NULL) {
		if (socket->state == EIO_STATE_CLOSING && poll->records.len > 0)
			eio_poll_answer(poll);
		eio_session_end(socket, "transport error", EIO_ABORT);
		(void)ws_reply(request, 400, "text/html", "", 0);
		return;
	}
	/* Not held and not answered, it gets 500. */
	if (ws_hold(request, on_gone, socket) < 0)
		return;
	poll->get = request;
	poll->fresh = true;
	eio_poll_flush(poll);
}

/* Whether a request's body is of a media type. */
static bool
is_of_type(struct ws_request *request, const char *type)
{
	const char *given = ws_request_field(request, "Content-Type");
	size_t len = strlen(type);

	return given != NULL && strncasecmp(given, type, len) == 0 &&
	       strchr("; \t", given[len]) != NULL;
}

/* Hand all packets of a body to the session. */
static void
read_payload(struct eio_socket *s, enum eio_framing framing, const char *body,
    size_t len)
{
	struct eio_payload payload;
	struct eio_packet packet;

	eio_payload_begin(&payload, s->protocol, framing, body, len);
	while (
	    s->state == EIO_STATE_OPEN && eio_payload_next(&payload, &packet))
		eio_session_packet(s, &packet);
	if (payload.failed && s->state == EIO_STATE_OPEN)
		eio_session_end(s, "parse error", EIO_ABORT);
}

/* Hand over the body of a form, which a script transport has made. */
static void
read_form(struct eio_socket *s, enum eio_framing framing, const char *body,
    size_t len)
{
	struct ws_span value =
	    eio_query_find((struct ws_span){ body, len }, "d");
	char *text = ws_mem_resize(NULL, value.len + 1);

	if (text == NULL) {
		eio_session_end(s, "transport error", EIO_ABORT);
		return;
	}
	len = (size_t)ws_url_decode(
	    value, text, value.len, WS_URL_PLUS | WS_URL_LENIENT);
	len = eio_jsonp_unescape(text, len);
	read_payload(s, framing, text, len);
	ws_mem_free(text);
}

bool
eio_poll_post_begin(struct eio_socket *socket, struct ws_request *request)
{
	struct eio_poll *poll = socket->poll;
	bool wrong = socket->protocol >= 4 &&
		     is_of_type(request, "application/octet-stream");

	eio_poll_heard(poll);
	if (poll->post != NULL || wrong) {
		eio_session_end(socket, "transport error", EIO_ABORT);
		(void)ws_reply(request, 400, "text/html", "", 0);
		return false;
	}
	poll->post = request;
	ws_request_set_state(request, socket);
	return true;
}

void
eio_poll_post_broken(struct eio_socket *socket, bool end)
{
	socket->poll->post = NULL;
	if (end)
		eio_session_end(socket, "transport error", EIO_ABORT);
}

void
eio_poll_post_drop(struct eio_poll *poll)
{
	struct ws_request *request = poll->post;

	if (request == NULL)
		return;
	poll->post = NULL;
	ws_request_set_state(request, NULL);
	(void)ws_reply(request, 400, "text/html", "", 0);
}

void
eio_poll_post(struct eio_socket *socket, struct ws_request *request)
{
	enum eio_framing framing = EIO_COUNTED;
	const char *body;
	size_t len;

	if (socket->protocol >= 4)
		framing = EIO_SEPARATED;
	else if (is_of_type(request, "application/octet-stream"))
		framing = EIO_OCTETS;
	socket->poll->post = NULL;
	body = ws_request_body(request, &len);
	if (wants_script(request))
		read_form(socket, framing, body, len);
	else
		read_payload(socket, framing, body, len);
	(void)ws_reply_field(request, "Cache-Control", "no-store");
	(void)ws_reply(request, 200, "text/html", "ok", 2);
}

void
eio_poll_free(struct eio_poll *poll)
{
	if (poll == NULL)
		return;
	eio_poll_heard(poll);
	eio_due_remove(&poll->due);
	if (poll->flushing)
		leave_turn(poll);
	sio_text_free(&poll->records);
	ws_mem_free(poll);
}
