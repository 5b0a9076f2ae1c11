/* session.c - the life of a session, whatever carries it. */
/* SPDX-License-Identifier: MIT */
/*
 * A session is what a client has with an endpoint: carried by one request after
 * the other at first (polling.c) and by a WebSocket later, or by a WebSocket
 * from the start (websocket.c).
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
 * In protocol 4 the server pings and the client answers; in protocol 3 the
 * client pings and the server answers.
 *
 * A session that has ended is released at the end of the turn of the loop, as
 * connections are: so a callback may end any session, its own included.
 *
 * Engine.IO protocol 4, "Handshake", "Heartbeat", "Upgrade", "Message".
 */
#include "session.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base64.h"
#include "query.h"
#include "sio/json/format.h"

enum {
	/* When a session ends, a client that polls has this long to fetch what
	 * waits for it. The reference has the same time, its closeTimeout. */
	LAST_POLL_MS = 30000,
};

/* ---- the table --------------------------------------------------------- */

/* Identifiers are random, so their first octets are a hash already. */
static uint32_t
hash_of(const uint8_t sid[EIO_SID_OCTETS])
{
	uint32_t hash;

	memcpy(&hash, sid, sizeof(hash));
	return hash;
}

static struct eio_session *
of_entry(struct ws_table_entry *entry)
{
	return WS_OUTER(struct eio_session, entry, entry);
}

static struct eio_session *
of_deadline(struct ws_deadline *deadline)
{
	return WS_OUTER(struct eio_session, deadline, deadline);
}

/* Compare all octets, so that the time it takes does not tell how many of a
 * guess were right. */
static bool
is_same(const uint8_t a[EIO_SID_OCTETS], const uint8_t b[EIO_SID_OCTETS])
{
	uint8_t difference = 0;

	for (int i = 0; i < EIO_SID_OCTETS; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

/* Return whether a session has missed its deadline, though its timer has not
 * fired yet. */
static bool
is_late(const struct eio_session *session)
{
	return session->state == EIO_STATE_OPEN &&
	       (session->awaits_pong || session->protocol < 4) &&
	       session->deadline.at_ms <= ws_now(session->eio->server) &&
	       !eio_session_is_receiving(session);
}

struct eio_session *
eio_session_find(struct eio *eio, const char *sid, size_t len)
{
	uint8_t octets[EIO_SID_OCTETS];
	struct ws_table_entry *entry;
	struct eio_session *session;

	if (!eio_sid_read(sid, len, octets))
		return NULL;
	entry = *ws_table_bucket(&eio->sessions, hash_of(octets));
	while (entry != NULL && !is_same(of_entry(entry)->sid, octets))
		entry = entry->next;
	if (entry == NULL)
		return NULL;
	session = of_entry(entry);
	if (is_late(session))
		eio_session_end(session, "ping timeout", EIO_END_NOW);
	return session->state != EIO_STATE_ENDED ? session : NULL;
}

void
eio_sessions_walk(struct eio *eio, enum eio_state state,
    bool (*visit)(struct eio_session *session, void *arg), void *arg)
{
	const struct ws_table *table = &eio->sessions;

	/* Sessions open with requests only, and leave the table at the end of
	 * the turn: whatever visit does, the table stays as it is. */
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct ws_table_entry *entry = table->buckets[i];

		for (; entry != NULL; entry = entry->next) {
			struct eio_session *session = of_entry(entry);

			if (session->state == state && !visit(session, arg))
				return;
		}
	}
}

/* ---- beginning --------------------------------------------------------- */

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

/* Octets of a session in the ledger of the server, with its place in the
 * table; but without its carrier's. */
static long
octets_of(const struct eio_session *session)
{
	return (long)(sizeof(*session) + sizeof(void *) +
		      eio_handshake_octets(session->handshake));
}

/* Count a session as a client of its address, whatever carries it. Returns 0,
 * or the status to refuse it with. */
static int
count_session(struct eio_session *session, struct ws_request *request)
{
	struct ws_server *server = session->eio->server;
	int status;

	ws_request_owner(request, session->owner);
	status = ws_session_begin(server, session->owner);
	session->counted = status == 0;
	if (session->counted)
		ws_memory_hold(server, octets_of(session));
	return status;
}

struct eio_session *
eio_session_new(
    struct eio *eio, struct ws_request *request, int protocol, int *status)
{
	struct eio_session *session = ws_mem_resize(NULL, sizeof(*session));

	if (session == NULL)
		return NULL;
	*session = (struct eio_session){ .eio = eio,
		.protocol = (uint8_t)protocol,
		.b64 = eio_query_has(ws_request_query(request), "b64"),
		.handshake = eio_handshake_new(request, eio->options.fields) };
	*status = count_session(session, request);
	if (*status != 0 || session->handshake == NULL ||
	    draw_sid(eio, session->sid) < 0) {
		if (*status == 0)
			*status = 400;
		eio_session_free(session);
		return NULL;
	}
	session->entry.hash = hash_of(session->sid);
	return session;
}

void
eio_session_free(struct eio_session *session)
{
	if (session->carrier != NULL)
		session->carrier->release(session);
	if (session->counted) {
		ws_session_end(session->eio->server, session->owner);
		ws_memory_hold(session->eio->server, -octets_of(session));
	}
	ws_mem_free(session->handshake);
	ws_mem_free(session);
}

/* Engine.IO protocol 4, "Handshake". */
int
eio_session_hello(struct eio_session *session, struct eio_packet *packet)
{
	const struct eio_options *o = &session->eio->options;
	struct sio_text *out = &session->eio->in;
	bool upgrades = session->carrier->may_be_upgraded && !o->no_upgrades &&
			!o->no_websocket;
	const struct sio_value list =
	    sio_raw_json(upgrades ? "[\"websocket\"]" : "[]", WS_STR);
	char sid[EIO_ID_SIZE];
	int result;

	sio_text_clear(out, EIO_SCRATCH);
	result = sio_format(out,
	    "{sid: %s, upgrades: %p, pingInterval: %d, pingTimeout: %d,"
	    " maxPayload: %zu}",
	    eio_id(session, sid), &list, o->ping_interval_ms,
	    o->ping_timeout_ms, o->max_payload);
	*packet = (struct eio_packet){
		.type = EIO_OPEN, .data = out->at, .len = out->len
	};
	return result;
}

/* Wait for the next ping, whoever sends it. */
static void
await_ping(struct eio_session *session)
{
	struct eio *eio = session->eio;
	const struct eio_options *o = &eio->options;
	int64_t at_ms = ws_now(eio->server) + o->ping_interval_ms;

	session->awaits_pong = session->pong_has_longer = false;
	if (session->protocol >= 4)
		eio_timeouts_add(&eio->pings, &session->deadline, at_ms);
	else
		eio_timeouts_add(&eio->client_pings, &session->deadline,
		    at_ms + o->ping_timeout_ms);
}

void
eio_session_open(struct eio_session *session)
{
	struct eio *eio = session->eio;

	ws_table_add(&eio->sessions, &session->entry);
	eio->open_count++;
	await_ping(session);
	if (eio->handler.open != NULL)
		eio->handler.open(session);
}

/* ---- the end ----------------------------------------------------------- */

void
eio_session_gone(struct eio_session *session)
{
	struct eio *eio = session->eio;

	session->state = EIO_STATE_ENDED;
	session->carrier->disconnect(session);
	(void)ws_deadlines_add(&eio->ended, &session->deadline, 0);
	(void)ws_timer_again(eio->turn_end, 0);
}

void
eio_sessions_release(struct eio *eio)
{
	struct ws_deadline *deadline;

	while ((deadline = ws_deadlines_expired(&eio->ended, 0)) != NULL) {
		struct eio_session *session = of_deadline(deadline);

		ws_table_remove(&eio->sessions, &session->entry);
		eio_session_free(session);
	}
}

void
eio_session_end(
    struct eio_session *session, const char *reason, enum eio_ending ending)
{
	struct eio *eio = session->eio;

	if (session->state != EIO_STATE_OPEN) {
		/* The application was told before. What still waits for the
		 * client is dropped. */
		if (session->state == EIO_STATE_CLOSING)
			eio_session_gone(session);
		return;
	}
	session->state = EIO_STATE_CLOSING;
	eio->open_count--;
	ws_deadlines_remove(&session->deadline);
	if (session->carrier->tell_end(session, ending))
		eio_session_gone(session);
	else
		eio_timeouts_add(&eio->last_polls, &session->deadline,
		    ws_now(eio->server) + LAST_POLL_MS);
	if (eio->handler.close != NULL)
		eio->handler.close(session, reason);
}

void
eio_close(struct eio_session *session)
{
	if (session->state == EIO_STATE_OPEN)
		eio_session_end(session, "forced close", EIO_END_LAST);
}

void
eio_session_shed(struct eio_session *session)
{
	session->carrier->tell_full(session);
	eio_session_end(session, "transport error", EIO_END_NOW);
}

/* ---- deadlines --------------------------------------------------------- */

static void
on_ping_due(struct ws_deadline *deadline)
{
	static const struct eio_packet ping = { .type = EIO_PING };
	struct eio_session *session = of_deadline(deadline);
	struct eio *eio = session->eio;

	/* The time for the pong begins when the ping was due, however late the
	 * timer was: clients reckon so, too. */
	session->awaits_pong = true;
	eio_timeouts_add(&eio->pongs, deadline,
	    deadline->at_ms + eio->options.ping_timeout_ms);
	(void)eio_session_send(session, &ping, 0);
}

static void
on_ping_missed(struct ws_deadline *deadline)
{
	struct eio_session *session = of_deadline(deadline);

	/* Nothing can be said in the midst of a message. It comes at a least
	 * rate, and then there is time for the ping or the pong. */
	if (eio_session_is_receiving(session))
		eio_session_wait(session);
	else
		eio_session_end(session, "ping timeout", EIO_END_NOW);
}

static void
on_last_poll_missed(struct ws_deadline *deadline)
{
	eio_session_gone(of_deadline(deadline));
}

int
eio_sessions_start(struct eio *eio)
{
	struct ws_server *server = eio->server;

	if (eio_timeouts_start(&eio->pings, server, on_ping_due) < 0 ||
	    eio_timeouts_start(&eio->pongs, server, on_ping_missed) < 0 ||
	    eio_timeouts_start(&eio->client_pings, server, on_ping_missed) <
		0 ||
	    eio_timeouts_start(&eio->last_polls, server, on_last_poll_missed) <
		0)
		return WS_ENOMEM;
	return ws_table_init(&eio->sessions) ? 0 : WS_ENOMEM;
}

void
eio_sessions_stop(struct eio *eio)
{
	eio_timeouts_stop(&eio->pings);
	eio_timeouts_stop(&eio->pongs);
	eio_timeouts_stop(&eio->client_pings);
	eio_timeouts_stop(&eio->last_polls);
	ws_table_fini(&eio->sessions);
}

/* ---- packets from the client ------------------------------------------- */

/* A large message may be in the way of the pong: give the pong more time once,
 * when another packet shows that the client is alive. */
static void
give_longer(struct eio_session *session)
{
	struct eio *eio = session->eio;

	if (!session->awaits_pong || session->pong_has_longer)
		return;
	session->pong_has_longer = true;
	eio_timeouts_add(&eio->pongs, &session->deadline,
	    ws_now(eio->server) + eio->options.ping_timeout_ms);
}

bool
eio_session_is_receiving(const struct eio_session *session)
{
	return session->carrier->is_receiving(session);
}

void
eio_session_wait(struct eio_session *session)
{
	struct eio *eio = session->eio;

	if (session->state != EIO_STATE_OPEN)
		return;
	if (session->protocol < 4)
		await_ping(session);
	else if (session->awaits_pong)
		eio_timeouts_add(&eio->pongs, &session->deadline,
		    ws_now(eio->server) + eio->options.ping_timeout_ms);
}

#define SHOWN_MAX 48 /* octets of what is malformed: enough to recognize it */

void
eio_session_log_bad(struct eio_session *session, const char *where,
    const void *data, size_t len)
{
	const char *text = data;
	bool connects =
	    len > 1 && (text[0] == '0' || memcmp(text, "40", 2) == 0);
	char shown[SHOWN_MAX + 1];
	size_t n = 0;

	for (; n < len && n < SHOWN_MAX && !(connects && text[n] == '{'); n++)
		shown[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
	shown[n] = '\0';
	ws_log_line(session->eio->server, WS_LOG_INFO, "with parse errors",
	    "%s parse error: %s, %zu octets, \"%s\"%s", eio_address(session),
	    where, len, shown, n < len ? " ..." : "");
}

static void
on_message(struct eio_session *session, const struct eio_packet *packet)
{
	struct eio *eio = session->eio;
	const void *data = packet->data;
	size_t len = packet->len;
	uint8_t *decoded;

	if (packet->form == EIO_BASE64) {
		sio_text_clear(&eio->in, EIO_SCRATCH);
		decoded = (uint8_t *)sio_text_room(
		    &eio->in, WS_BASE64_DECODED(packet->len) + 2);
		if (decoded == NULL) {
			eio_session_end(
			    session, "transport error", EIO_END_NOW);
			return;
		}
		/* Android wraps lines and ends the last one, others leave the
		 * padding out. */
		len = ws_base64_read(packet->data, packet->len, decoded);
		data = decoded;
	}
	if (eio->handler.message != NULL)
		eio->handler.message(session,
		    packet->form == EIO_TEXT ? WS_TEXT : WS_BINARY, data,
		    (size_t)len);
}

/* Engine.IO protocol 3, "ping": the pong has the same data. */
static void
on_ping(struct eio_session *session, const struct eio_packet *packet)
{
	struct eio_packet pong = { .type = EIO_PONG,
		.form = EIO_TEXT,
		.data = packet->data,
		.len = packet->len };

	if (session->protocol >= 4) {
		eio_session_end(session, "transport error", EIO_END_NOW);
		return;
	}
	await_ping(session);
	(void)eio_session_send(session, &pong, 0);
}

void
eio_session_packet(struct eio_session *session, const struct eio_packet *packet)
{
	if (packet->type != EIO_PONG)
		give_longer(session);
	switch (packet->type) {
	case EIO_OPEN:
	case EIO_UPGRADE:
	case EIO_NOOP:
		return; /* the server's, or too late */
	case EIO_CLOSE:
		eio_session_end(session, "transport close", EIO_END_ANSWER);
		return;
	case EIO_PING:
		on_ping(session, packet);
		return;
	case EIO_PONG:
		if (session->protocol >= 4)
			await_ping(session);
		else
			eio_session_end(
			    session, "transport error", EIO_END_NOW);
		return;
	case EIO_MESSAGE:
		on_message(session, packet);
		return;
	}
}

/* ---- sending ----------------------------------------------------------- */

int
eio_session_send(
    struct eio_session *session, const struct eio_packet *packet, int flags)
{
	if (session->state != EIO_STATE_OPEN)
		return WS_ECLOSED;
	return session->carrier->send(session, packet, flags);
}

int
eio_send(struct eio_session *session, int kind, const void *data, size_t len)
{
	int flags = kind & (WS_VOLATILE | WS_NO_COMPRESS);
	struct eio_packet packet = { .type = EIO_MESSAGE, .data = data };

	kind &= ~(WS_VOLATILE | WS_NO_COMPRESS);
	if ((kind != WS_TEXT && kind != WS_BINARY) || (data == NULL && len > 0))
		return WS_EINVAL;
	packet.form = kind == WS_TEXT ? EIO_TEXT : EIO_BINARY;
	packet.len = len == WS_STR ? strlen(data) : len;
	return eio_session_send(session, &packet, flags);
}

int
eio_send_prepared(
    struct eio_session *session, struct eio_message *message, int flags)
{
	if (message == NULL)
		return WS_EINVAL;
	if (session->state != EIO_STATE_OPEN)
		return WS_ECLOSED;
	return session->carrier->send_message(session, message, flags);
}

bool
eio_is_writable(const struct eio_session *session)
{
	return session->state == EIO_STATE_OPEN &&
	       session->carrier->is_writable(session);
}

void
eio_session_drain(struct eio_session *session)
{
	if (session->eio->handler.drain != NULL)
		session->eio->handler.drain(session);
}

/* ---- what the application asks ----------------------------------------- */

struct eio *
eio_of(const struct eio_session *session)
{
	return session->eio;
}

void *
eio_user(const struct eio_session *session)
{
	return session->user;
}

void
eio_set_user(struct eio_session *session, void *user)
{
	session->user = user;
}

const char *
eio_id(const struct eio_session *session, char id[EIO_ID_SIZE])
{
	eio_sid_write(session->sid, id);
	id[EIO_SID_LEN] = '\0';
	return id;
}

int
eio_protocol(const struct eio_session *session)
{
	return session->protocol;
}

const char *
eio_transport(const struct eio_session *session)
{
	return session->carrier->name;
}
