/* engine_session.c - Engine.IO: the life of a session. */
/* SPDX-License-Identifier: MIT */
/*
 * A session is what a client has with an endpoint, whatever carries it: one
 * request after the other at first (engine_poll.c), a WebSocket later, or a
 * WebSocket from the begin (engine_ws.c).
 *
 *	client                                            server
 *	GET  ?EIO=4&transport=polling             ──▶
 *	                                          ◀──     0{"sid":"...", ...}
 *	GET  ?EIO=4&transport=polling&sid=...     ──▶     (held)
 *	POST ?EIO=4&transport=polling&sid=... 4hi ──▶
 *	                                          ◀──     ok
 *	                                          ◀──     4answer (of the GET)
 *	WebSocket ?EIO=4&transport=websocket&sid= ──▶
 *	          2probe                          ──▶
 *	                                          ◀──     3probe
 *	                                          ◀──     6       (of the GET)
 *	          5                               ──▶     the WebSocket it is
 *
 * In protocol 4 the server pings and the client answers; in protocol 3 it is
 * the other way round. engine_due.c has the queues for that.
 *
 * A session that has ended is released at the end of the turn of the loop, as
 * connections are: so a callback may end any session, its own included.
 */
#include "engine.h"

#include <string.h>

#include "base64.h"

enum {
	TABLE_MIN = 64,
	FAREWELL_MS = 30000, /* for a client to fetch what waits for it */
};

/* ---- the table --------------------------------------------------------- */

/* Identifiers are random, so their octets are a hash already. */
static struct eio_socket **
bucket_of(const struct eio *eio, const uint8_t sid[EIO_SID_OCTETS])
{
	uint64_t hash;

	memcpy(&hash, sid, sizeof(hash));
	return &eio->table[hash & (eio->table_size - 1)];
}

static void
insert(struct eio *eio, struct eio_socket *s)
{
	struct eio_socket **bucket = bucket_of(eio, s->sid);

	s->chain = *bucket;
	*bucket = s;
}

/* Make room for one more. Returns 0 or WS_ENOMEM. */
static int
reserve(struct eio *eio)
{
	struct eio_socket **old = eio->table;
	size_t old_size = eio->table_size, size = old_size * 2;

	if (eio->table_count < old_size)
		return 0;
	if (size < TABLE_MIN)
		size = TABLE_MIN;
	eio->table = ws_mem_resize(NULL, size * sizeof(struct eio_socket *));
	if (eio->table == NULL) {
		eio->table = old;
		return WS_ENOMEM;
	}
	for (size_t i = 0; i < size; i++)
		eio->table[i] = NULL;
	eio->table_size = size;
	for (size_t i = 0; i < old_size; i++) {
		for (struct eio_socket *s = old[i], *next; s != NULL;
		     s = next) {
			next = s->chain;
			insert(eio, s);
		}
	}
	ws_mem_free(old);
	return 0;
}

static void
take_out(struct eio *eio, struct eio_socket *s)
{
	struct eio_socket **link = bucket_of(eio, s->sid);

	while (*link != s)
		link = &(*link)->chain;
	*link = s->chain;
	eio->table_count--;
}

/* Compare without telling by the time it takes how much was right. */
static bool
is_same(const uint8_t a[EIO_SID_OCTETS], const uint8_t b[EIO_SID_OCTETS])
{
	uint8_t difference = 0;

	for (int i = 0; i < EIO_SID_OCTETS; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

/* Whether a session has missed its deadline, though no timer has said so. */
static bool
is_late(const struct eio_socket *s)
{
	return s->state == EIO_STATE_OPEN && (s->waiting || s->protocol < 4) &&
	       s->beat.at_ms <= ws_now(s->eio->server);
}

struct eio_socket *
eio_session_find(struct eio *eio, const char *sid, size_t len)
{
	uint8_t octets[EIO_SID_OCTETS];
	struct eio_socket *s;

	if (!eio_sid_read(sid, len, octets) || eio->table_count == 0)
		return NULL;
	s = *bucket_of(eio, octets);
	while (s != NULL && !is_same(s->sid, octets))
		s = s->chain;
	if (s != NULL && is_late(s))
		eio_session_end(s, "ping timeout", EIO_ABORT);
	return s != NULL && s->state != EIO_STATE_ENDED ? s : NULL;
}

/* ---- birth ------------------------------------------------------------- */

/* Draw an identifier. Returns 0 or WS_ESYSTEM. */
static int
draw_sid(struct eio *eio, uint8_t sid[EIO_SID_OCTETS])
{
	if (eio->sids_left == 0) {
		if (ws_random(eio->sids, sizeof(eio->sids)) < 0)
			return WS_ESYSTEM;
		eio->sids_left = EIO_SIDS;
	}
	memcpy(sid, eio->sids[--eio->sids_left], EIO_SID_OCTETS);
	return 0;
}

static struct eio_poll *
new_poll(struct eio_socket *s)
{
	struct eio_poll *poll = ws_mem_resize(NULL, sizeof(*poll));

	if (poll != NULL)
		*poll = (struct eio_poll){ .socket = s };
	return poll;
}

struct eio_socket *
eio_session_new(struct eio *eio, struct ws_request *request, bool poll)
{
	struct eio_socket *s;

	if (reserve(eio) < 0)
		return NULL;
	s = ws_mem_resize(NULL, sizeof(*s));
	if (s == NULL)
		return NULL;
	*s = (struct eio_socket){ .eio = eio, .state = EIO_STATE_OPEN };
	s->b64 = eio_query_has(ws_request_query(request), "b64");
	s->handshake = eio_handshake_new(request, eio->options.fields);
	s->poll = poll ? new_poll(s) : NULL;
	if (s->handshake == NULL || (poll && s->poll == NULL) ||
	    draw_sid(eio, s->sid) < 0) {
		eio_session_free(s);
		return NULL;
	}
	return s;
}

void
eio_session_free(struct eio_socket *socket)
{
	eio_poll_free(socket->poll);
	ws_mem_free(socket->handshake);
	ws_mem_free(socket);
}

struct sio_text *
eio_session_hello(struct eio_socket *socket)
{
	const struct eio_options *o = &socket->eio->options;
	struct sio_text *out = &socket->eio->in;
	bool upgrade =
	    socket->poll != NULL && !o->no_upgrades && !o->no_websocket;
	char sid[EIO_ID_SIZE];

	sio_text_clear(out, EIO_SCRATCH);
	sio_text_puts(out, "{\"sid\":\"");
	sio_text_puts(out, eio_id(socket, sid));
	sio_text_puts(out, "\",\"upgrades\":[");
	if (upgrade)
		sio_text_puts(out, "\"websocket\"");
	sio_text_puts(out, "],\"pingInterval\":");
	sio_text_integer(out, o->ping_interval_ms);
	sio_text_puts(out, ",\"pingTimeout\":");
	sio_text_integer(out, o->ping_timeout_ms);
	sio_text_puts(out, ",\"maxPayload\":");
	sio_text_unsigned(out, o->max_payload);
	sio_text_putc(out, '}');
	return out;
}

/* Begin to wait for the next ping, whoever sends it. */
static void
next_beat(struct eio_socket *s)
{
	const struct eio_options *o = &s->eio->options;
	int64_t at_ms = ws_now(s->eio->server) + o->ping_interval_ms;

	s->waiting = s->excused = false;
	if (s->protocol >= 4)
		eio_dues_add(&s->eio->pings, &s->beat, at_ms);
	else
		eio_dues_add(
		    &s->eio->beats, &s->beat, at_ms + o->ping_timeout_ms);
}

void
eio_session_begin(struct eio_socket *socket)
{
	struct eio *eio = socket->eio;

	insert(eio, socket);
	eio->table_count++;
	eio->count++;
	next_beat(socket);
	if (eio->handler.open != NULL)
		eio->handler.open(socket);
}

/* ---- death ------------------------------------------------------------- */

void
eio_session_gone(struct eio_socket *socket)
{
	struct eio *eio = socket->eio;

	socket->state = EIO_STATE_ENDED;
	eio_due_remove(&socket->beat);
	if (socket->poll != NULL) {
		eio_due_remove(&socket->poll->due);
		eio_ws_drop(socket->poll->probe);
		socket->poll->probe = NULL;
		eio_poll_release(socket->poll, EIO_CLOSE);
		eio_poll_post_drop(socket->poll);
	}
	socket->beat.next = &eio->ended;
	socket->beat.prev = eio->ended.prev;
	socket->beat.prev->next = eio->ended.prev = &socket->beat;
	(void)ws_timer_again(eio->turn, 0);
}

static struct eio_socket *
of_beat(struct eio_due *due)
{
	return (struct eio_socket *)(void *)((char *)due -
					     offsetof(struct eio_socket, beat));
}

void
eio_session_release(struct eio *eio)
{
	while (eio->ended.next != &eio->ended) {
		struct eio_socket *s = of_beat(eio->ended.next);

		eio_due_remove(&s->beat);
		take_out(eio, s);
		eio_session_free(s);
	}
}

/* Tell a client that polls. One that was told to change over, and whose last
 * poll was answered, polls no more: it says 5 on its probe, and is told then.
 * What waits goes first, in an answer of its own: official clients look at the
 * messages of an answer later than at the end in it.
 * Returns whether it has heard. */
static bool
tell_poll(struct eio_poll *poll, enum eio_farewell farewell)
{
	eio_due_remove(&poll->due);
	eio_poll_heard(poll);
	if (farewell != EIO_ORDER || !poll->probed || poll->get != NULL) {
		eio_ws_drop(poll->probe);
		poll->probe = NULL;
	}
	if (farewell == EIO_ORDER && poll->get == NULL)
		return false;
	if (farewell == EIO_ORDER && poll->records.len > 0) {
		eio_poll_answer(poll);
		return false;
	}
	eio_poll_release(poll, farewell == EIO_ANSWER ? EIO_NOOP : EIO_CLOSE);
	return true;
}

void
eio_session_end(
    struct eio_socket *socket, const char *reason, enum eio_farewell farewell)
{
	struct eio *eio = socket->eio;
	struct eio_poll *poll = socket->poll;
	bool told = true;

	if (socket->state != EIO_STATE_OPEN) {
		/* It has been told; this is the end of what it may wait for. */
		if (socket->state == EIO_STATE_CLOSING)
			eio_session_gone(socket);
		return;
	}
	socket->state = EIO_STATE_CLOSING;
	eio->count--;
	eio_due_remove(&socket->beat);
	if (poll != NULL)
		told = tell_poll(poll, farewell);
	eio_ws_drop(socket->conn);
	socket->conn = NULL;
	if (told)
		eio_session_gone(socket);
	else
		eio_dues_add(&eio->farewells, &poll->due,
		    ws_now(eio->server) + FAREWELL_MS);
	if (eio->handler.close != NULL)
		eio->handler.close(socket, reason);
}

void
eio_close(struct eio_socket *socket)
{
	if (socket->state == EIO_STATE_OPEN)
		eio_session_end(socket, "forced close", EIO_ORDER);
}

/* ---- signs of life ----------------------------------------------------- */

static void
on_ping_due(struct eio_due *due)
{
	static const struct eio_packet ping = { .type = EIO_PING };
	struct eio_socket *s = of_beat(due);

	/* From when the ping was due, however late this is. */
	s->waiting = true;
	eio_dues_add(
	    &s->eio->pongs, due, due->at_ms + s->eio->options.ping_timeout_ms);
	(void)eio_send_packet(s, &ping, 0);
}

static void
on_beat_missed(struct eio_due *due)
{
	eio_session_end(of_beat(due), "ping timeout", EIO_ABORT);
}

static struct eio_socket *
of_poll(struct eio_due *due)
{
	struct eio_poll *poll =
	    (struct eio_poll *)(void *)((char *)due -
					offsetof(struct eio_poll, due));

	return poll->socket;
}

static void
on_lease_over(struct eio_due *due)
{
	eio_session_end(of_poll(due), "ping timeout", EIO_ABORT);
}

static void
on_probe_over(struct eio_due *due)
{
	struct eio_poll *poll = of_poll(due)->poll;

	eio_ws_drop(poll->probe);
	poll->probe = NULL;
	poll->probed = false;
}

static void
on_farewell_over(struct eio_due *due)
{
	eio_session_gone(of_poll(due));
}

int
eio_clocks_start(struct eio *eio)
{
	struct ws_server *server = eio->server;

	if (eio_dues_init(&eio->pings, server, on_ping_due) < 0 ||
	    eio_dues_init(&eio->pongs, server, on_beat_missed) < 0 ||
	    eio_dues_init(&eio->beats, server, on_beat_missed) < 0 ||
	    eio_dues_init(&eio->leases, server, on_lease_over) < 0 ||
	    eio_dues_init(&eio->probes, server, on_probe_over) < 0 ||
	    eio_dues_init(&eio->farewells, server, on_farewell_over) < 0)
		return WS_ENOMEM;
	return 0;
}

void
eio_clocks_stop(struct eio *eio)
{
	eio_dues_fini(&eio->pings);
	eio_dues_fini(&eio->pongs);
	eio_dues_fini(&eio->beats);
	eio_dues_fini(&eio->leases);
	eio_dues_fini(&eio->probes);
	eio_dues_fini(&eio->farewells);
}

void
eio_session_alive(struct eio_socket *socket)
{
	struct eio *eio = socket->eio;

	/* Once: a large message may be in the way of the pong. */
	if (!socket->waiting || socket->excused)
		return;
	socket->excused = true;
	eio_dues_add(&eio->pongs, &socket->beat,
	    ws_now(eio->server) + eio->options.ping_timeout_ms);
}

/* ---- packets ----------------------------------------------------------- */

static void
on_message(struct eio_socket *s, const struct eio_packet *packet)
{
	struct eio *eio = s->eio;
	const void *data = packet->data;
	ssize_t len = (ssize_t)packet->len;

	if (packet->form == EIO_BASE64) {
		sio_text_clear(&eio->in, EIO_SCRATCH);
		data =
		    sio_text_room(&eio->in, WS_BASE64_DECODED(packet->len) + 1);
		if (data == NULL) {
			eio_session_end(s, "transport error", EIO_ABORT);
			return;
		}
		len = ws_base64_decode(
		    packet->data, packet->len, (uint8_t *)eio->in.at);
		if (len < 0) {
			eio_session_end(s, "parse error", EIO_ABORT);
			return;
		}
	}
	if (eio->handler.message != NULL)
		eio->handler.message(s,
		    packet->form == EIO_TEXT ? WS_TEXT : WS_BINARY, data,
		    (size_t)len);
}

static void
on_ping(struct eio_socket *s, const struct eio_packet *packet)
{
	struct eio_packet pong = { .type = EIO_PONG,
		.form = EIO_TEXT,
		.data = packet->data,
		.len = packet->len };

	if (s->protocol >= 4) {
		eio_session_end(s, "transport error", EIO_ABORT);
		return;
	}
	next_beat(s);
	(void)eio_send_packet(s, &pong, 0);
}

void
eio_session_packet(struct eio_socket *socket, const struct eio_packet *packet)
{
	if (packet->type != EIO_PONG)
		eio_session_alive(socket);
	switch (packet->type) {
	case EIO_OPEN:
	case EIO_UPGRADE:
	case EIO_NOOP:
		return; /* the server's, or too late */
	case EIO_CLOSE:
		eio_session_end(socket, "transport close", EIO_ANSWER);
		return;
	case EIO_PING:
		on_ping(socket, packet);
		return;
	case EIO_PONG:
		if (socket->protocol >= 4)
			next_beat(socket);
		else
			eio_session_end(socket, "transport error", EIO_ABORT);
		return;
	case EIO_MESSAGE:
		on_message(socket, packet);
		return;
	}
}

/* ---- what the application asks ----------------------------------------- */

struct eio *
eio_of(const struct eio_socket *socket)
{
	return socket->eio;
}

void *
eio_user(const struct eio_socket *socket)
{
	return socket->user;
}

void
eio_set_user(struct eio_socket *socket, void *user)
{
	socket->user = user;
}

const char *
eio_id(const struct eio_socket *socket, char id[EIO_ID_SIZE])
{
	eio_sid_write(socket->sid, id);
	id[EIO_SID_LEN] = '\0';
	return id;
}

int
eio_protocol(const struct eio_socket *socket)
{
	return socket->protocol;
}

const char *
eio_transport(const struct eio_socket *socket)
{
	return socket->poll != NULL ? "polling" : "websocket";
}
