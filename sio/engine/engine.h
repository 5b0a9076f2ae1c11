/* engine.h - what the files of Engine.IO share: endpoints and sessions. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_ENGINE_H
#define EIO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "payload.h"
#include "query.h"
#include "sid.h"
#include "sio/sio.h"
#include "sio/json/text.h"

/* ---- deadlines (engine_due.c) ------------------------------------------ */

/* One deadline. All zero, it is in no queue. */
struct eio_due {
	struct eio_due *next, *prev;
	int64_t at_ms;
};

/* Deadlines that all were the same time away when they began, so that the
 * first to be added is the first to be due. */
struct eio_dues {
	struct eio_due head;    /* of a ring */
	struct ws_timer *timer; /* owned; never NULL while it is used */
	struct ws_server *server;
	void (*expired)(struct eio_due *due);
};

/* Begin a queue.
 *   expired  called with each deadline that has passed, which is in no queue
 *            any more
 * Returns 0 or WS_ENOMEM. */
int eio_dues_init(struct eio_dues *dues, struct ws_server *server,
    void (*expired)(struct eio_due *due));

/* End it. Its deadlines are not told. */
void eio_dues_fini(struct eio_dues *dues);

/* Put a deadline at the end of a queue, out of the one that it is in. */
void eio_dues_add(struct eio_dues *dues, struct eio_due *due, int64_t at_ms);

/* Take a deadline out of its queue; nothing happens when it is in none. */
void eio_due_remove(struct eio_due *due);

/* ---- types ------------------------------------------------------------- */

/* CORS, as an endpoint has it. */
struct eio_cors {
	char *origin; /* owned; NULL for none at all */
	bool credentials;
};

enum {
	EIO_ADDRESSES = 4096, /* counters of silent sessions; 2^n */
	EIO_SIDS = 16,        /* drawn at once */
	EIO_SCRATCH = 65536,  /* octets that are kept to encode into */
};

struct eio {
	struct ws_server *server; /* borrowed */
	struct eio_handler handler;
	struct eio_options options; /* no member is zero that has a default */
	void *user;                 /* borrowed */
	struct eio_cors cors;
	char *cookie; /* owned */
	char *fields; /* owned */

	struct eio_socket **table; /* owned; sessions by their sid */
	size_t table_size;         /* 2^n */
	size_t table_count;
	size_t count; /* of open sessions */

	struct eio_dues pings;     /* protocol 4: when to ping */
	struct eio_dues pongs;     /* until when to wait for the pong */
	struct eio_dues beats;     /* protocol 3: until when the client pings */
	struct eio_dues leases;    /* until when it says something at all */
	struct eio_dues probes;    /* until when an upgrade succeeds */
	struct eio_dues farewells; /* until when a poll comes for the rest */

	struct ws_timer *turn;    /* owned; the end of this turn */
	struct eio_poll *flushes; /* to be looked at then */
	struct eio_due ended;     /* a ring: to be released then */

	struct sio_text in, out; /* one packet, decoded or encoded */
	uint8_t sids[EIO_SIDS][EIO_SID_OCTETS];
	unsigned sids_left;
	uint64_t seed[2];
	uint16_t silent[EIO_ADDRESSES]; /* sessions, by address */
	bool stopping;
};

/*
 *	          eio_close and the like, nothing to answer
 *	 OPEN ───────────────────────────────▶ CLOSING
 *	  │                                       │ the next poll, 30 s
 *	  │ all else                              ▼
 *	  └────────────────────────────────────▶ ENDED (released at the end of
 *	                                                the turn)
 *
 * close is called on the way out of OPEN.
 */
enum eio_state {
	EIO_STATE_OPEN,
	EIO_STATE_CLOSING,
	EIO_STATE_ENDED,
};

/* What a session has as long as it is carried by requests. */
struct eio_poll {
	struct eio_socket *socket;
	struct ws_request *get;  /* held; NULL when the client does not poll */
	struct ws_request *post; /* its body is still coming; or NULL */
	struct ws_conn *probe;   /* a WebSocket that may take over, or NULL */
	struct sio_text records; /* what waits for a poll */
	struct eio_due due;      /* lease, probe or farewell */
	struct eio_poll *next;   /* in eio->flushes */
	uint16_t address;        /* its counter of silent sessions */
	bool flushing;           /* in eio->flushes */
	bool silent;             /* has said nothing since the handshake */
	bool fresh;              /* get came in this turn */
	bool probed;             /* the probe was answered */
	bool probe_b64;          /* the probe wants base64 */
	bool full;               /* more than the soft limit waits, or did */
	bool overflowed;         /* more than the hard one: it is given up */
};

/* What a session keeps of its handshake, in one block. */
struct eio_handshake;

struct eio_socket {
	struct eio *eio;
	struct eio_socket *chain;        /* in the table */
	struct eio_due beat;             /* pings, pongs, beats; or ended */
	struct ws_conn *conn;            /* what carries it, unless poll does */
	struct eio_poll *poll;           /* owned */
	struct eio_handshake *handshake; /* owned */
	void *user;                      /* borrowed */
	uint8_t sid[EIO_SID_OCTETS];
	uint8_t protocol; /* 4, 3 or 2 */
	uint8_t state;    /* enum eio_state */
	bool b64;         /* binary data goes out in base64 */
	bool waiting;     /* for a pong */
	bool excused;     /* has shown life while we waited */
};

/* ---- sessions (engine_session.c) --------------------------------------- */

/* Begin a session that nothing carries yet.
 *   poll  it will be carried by requests
 * Returns it, or NULL when memory or randomness is out. It is not open before
 * eio_session_begin. */
struct eio_socket *
eio_session_new(struct eio *eio, struct ws_request *request, bool poll);

/* Release a session that has not begun. */
void eio_session_free(struct eio_socket *socket);

/* Write the open packet, without its digit, into eio->in. Returns it. */
struct sio_text *eio_session_hello(struct eio_socket *socket);

/* Let the application have it. */
void eio_session_begin(struct eio_socket *socket);

/* Find a session by its sid; one that is late for its pong is none. */
struct eio_socket *
eio_session_find(struct eio *eio, const char *sid, size_t len);

/* How the client is told the end. */
enum eio_farewell {
	EIO_ABORT,  /* at once: a pending poll gets the packet "close" */
	EIO_ANSWER, /* it asked for the end: a pending poll gets "noop" */
	EIO_ORDER,  /* behind all that waits */
};

/* End a session: close is called, and it is released after this turn. Nothing
 * happens when it has ended. */
void eio_session_end(
    struct eio_socket *socket, const char *reason, enum eio_farewell farewell);

/* End for good what was CLOSING. */
void eio_session_gone(struct eio_socket *socket);

/* A packet has come. */
void
eio_session_packet(struct eio_socket *socket, const struct eio_packet *packet);

/* Octets have come: a client that is doing something is alive. */
void eio_session_alive(struct eio_socket *socket);

/* Release what has ended. */
void eio_session_release(struct eio *eio);

/* Begin and end the queues of deadlines. Returns 0 or WS_ENOMEM; ending is
 * allowed in both cases. */
int eio_clocks_start(struct eio *eio);
void eio_clocks_stop(struct eio *eio);

/* ---- polling (engine_poll.c) ------------------------------------------- */

/* Look at the polls of a session at the end of this turn. */
void eio_poll_flush(struct eio_poll *poll);
void eio_poll_turn(struct eio *eio);

/* Add a packet to what waits for a poll.
 *   flags  as for eio_ws_send, of which WS_NO_COMPRESS matters later
 * Returns 0 or WS_ENOMEM. */
int
eio_poll_add(struct eio_poll *poll, const struct eio_packet *packet, int flags);

/* Read what waits, packet after packet, from *at.
 *   flags  receives what it was added with; may be NULL
 * Returns whether there was one. */
bool eio_poll_next(const struct eio_poll *poll, size_t *at,
    struct eio_packet *packet, int *flags);

/* Answer the pending poll with all that waits. */
void eio_poll_answer(struct eio_poll *poll);

/* Answer the pending poll, if any, with one packet. */
void eio_poll_release(struct eio_poll *poll, enum eio_type type);

/* The client has said something. */
void eio_poll_heard(struct eio_poll *poll);

/* A request with a session or for one. */
void eio_poll_open(struct eio *eio, struct ws_request *request, int protocol);
void eio_poll_get(struct eio_socket *socket, struct ws_request *request);

/* A POST: its head is here, and the request has the session as its state. When
 * there must not be one now it is answered, and the session ends.
 * Returns whether its body may come. */
bool eio_poll_post_begin(struct eio_socket *socket, struct ws_request *request);

/* Its body is here, too. */
void eio_poll_post(struct eio_socket *socket, struct ws_request *request);

/* The body that was to come never will.
 *   end  the session ends for that */
void eio_poll_post_broken(struct eio_socket *socket, bool end);

/* Answer the POST whose body is still coming, if any, for polling is over. */
void eio_poll_post_drop(struct eio_poll *poll);

void eio_poll_free(struct eio_poll *poll);

/* ---- requests (engine_http.c) ------------------------------------------ */

/* The codes of the reference's errors. */
enum eio_refusal {
	EIO_UNKNOWN_TRANSPORT = 0,
	EIO_UNKNOWN_SID = 1,
	EIO_BAD_METHOD = 2,
	EIO_BAD_REQUEST = 3,
	EIO_FORBIDDEN = 4,
	EIO_UNSUPPORTED = 5,
	EIO_ACCEPTED,
};

/* Answer a request, as ws_reply; one that was held is let go of when out
 * of memory, too, so that it is not reported as gone. */
void eio_reply(struct ws_request *request, int status, const char *type,
    const char *body, size_t len);

/* Answer with an error; message may be NULL. */
void eio_refuse(
    struct ws_request *request, enum eio_refusal code, const char *message);

/* Handlers. */
void eio_http_early(struct ws_request *request);
void eio_http_broken(struct ws_request *request, int status);
void eio_http_request(struct ws_request *request);
void eio_http_upgrade(struct ws_request *request);

/* ---- WebSockets (engine_ws.c) ------------------------------------------ */

/* What the endpoint does with WebSockets. */
struct ws_handler eio_ws_handler(void);

/* Open a session, or begin an upgrade, on a request that was checked. */
void eio_ws_open(struct eio *eio, struct ws_request *request, int protocol);
void eio_ws_upgrade(struct eio_socket *socket, struct ws_request *request);

/* Send one packet.
 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
 * Returns as eio_send. */
int eio_ws_send(
    struct eio_socket *socket, const struct eio_packet *packet, int flags);

/* Close a WebSocket that is, from now on, nobody's. NULL is allowed. */
void eio_ws_drop(struct ws_conn *conn);

/* ---- sending (engine_send.c) ------------------------------------------- */

/* Send a packet over whatever carries the session. Returns as eio_send. */
int eio_send_packet(
    struct eio_socket *socket, const struct eio_packet *packet, int flags);

/* ---- handshakes (engine_handshake.c) ----------------------------------- */

/* Keep what is to be kept of a request.
 *   fields  names with commas between them, or "*"
 * Returns it, or NULL when out of memory. */
struct eio_handshake *
eio_handshake_new(struct ws_request *request, const char *fields);

/* ---- CORS (cors.c) ----------------------------------------------------- */

/* Whether a list with commas has an element, whatever its case. */
bool eio_is_listed(const char *list, const char *element);

/* Add the fields for an answer to a request. */
void eio_cors_fields(const struct eio_cors *cors, struct ws_request *request);

/* Answer a request for permission, with its further fields. Returns whether it
 * was one. */
bool
eio_cors_preflight(const struct eio_cors *cors, struct ws_request *request);

/* From where browsers may open WebSockets: for struct ws_handler. */
const char *eio_cors_websocket(const struct eio_cors *cors);

#endif
