/* session.h - the life of a session, whatever carries it. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_SESSION_H
#define EIO_SESSION_H

#include "engine.h"
#include "handshake.h"
#include "payload.h"

/*
 *	          EIO_END_LAST, and the client must poll for the rest
 *	 OPEN ───────────────────────────────▶ CLOSING
 *	  │                                       │ the next poll, 30 s
 *	  │ all else                              ▼
 *	  └────────────────────────────────────▶ ENDED (released at the end of
 *	                                                the turn)
 *
 * The close callback is called on the way out of OPEN.
 */
enum eio_state {
	EIO_STATE_OPEN,
	EIO_STATE_CLOSING,
	EIO_STATE_ENDED,
};

/* The ways to tell a client that its session ends. */
enum eio_ending {
	EIO_END_NOW,    /* at once: a pending poll gets the packet "close" */
	EIO_END_ANSWER, /* it asked for the end: a pending poll gets "noop" */
	EIO_END_LAST,   /* after all that waits was sent */
};

/* A carrier of sessions: polling.c and websocket.c have one each. The session
 * calls these functions, and knows nothing else of its carrier. */
struct eio_carrier {
	const char *name;     /* for eio_transport */
	bool may_be_upgraded; /* a WebSocket may take over */

	/* Send a packet, or a message that was prepared, of an open session.
	 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
	 * Return as eio_send. */
	int (*send)(struct eio_session *session,
	    const struct eio_packet *packet, int flags);
	int (*send_message)(struct eio_session *session,
	    struct eio_message *message, int flags);

	/* Return whether a message would be sent now rather than wait. */
	bool (*is_writable)(const struct eio_session *session);

	/* Return whether a part of a message has come. The rest must come at a
	 * least rate, or whatever brings it ends. */
	bool (*is_receiving)(const struct eio_session *session);

	/* Tell the client that its session, which is CLOSING, ends.
	 * Returns false when something waits for the client to ask for it: the
	 * carrier then calls eio_session_gone once the client has it all. */
	bool (*tell_end)(struct eio_session *session, enum eio_ending ending);

	/* Tell the client that memory is full, if there is a way to. */
	void (*tell_full)(struct eio_session *session);

	/* Let go of requests and connections; nothing is sent after this. */
	void (*disconnect)(struct eio_session *session);

	/* Release session->link. */
	void (*release)(struct eio_session *session);
};

struct eio_session {
	struct ws_table_entry entry; /* in eio->sessions */
	struct eio *eio;
	const struct eio_carrier *carrier; /* NULL until there is one */
	void *link; /* the carrier's own: a struct eio_poll or ws_conn */
	struct ws_deadline deadline;     /* of a ping, of the end; or ended */
	struct eio_handshake *handshake; /* owned */
	void *user;                      /* borrowed */
	uint8_t sid[EIO_SID_OCTETS];
	uint8_t protocol;        /* 4, 3 or 2 */
	uint8_t state;           /* enum eio_state */
	bool b64;                /* binary data goes out in base64 */
	bool awaits_pong;        /* protocol 4: pinged, and no pong yet */
	bool pong_has_longer;    /* its deadline was moved once */
	bool counted;            /* by ws_session_begin, for owner */
	unsigned char owner[16]; /* of the address of its first request */
};

/* Begin the queues of deadlines that sessions have. Returns 0 or WS_ENOMEM;
 * stopping is allowed in both cases. */
int eio_sessions_start(struct eio *eio);
void eio_sessions_stop(struct eio *eio);

/* Make a session, which has no carrier yet and is not open.
 *   protocol  4, 3 or 2
 *   status    receives what to refuse the request with: 400, or 429 or 503 when
 *             the server has as many sessions as it may have
 * Returns it, or NULL when it is refused, out of memory or without
 * randomness. */
struct eio_session *eio_session_new(
    struct eio *eio, struct ws_request *request, int protocol, int *status);

/* Release a session that was not opened. */
void eio_session_free(struct eio_session *session);

/* Make the packet that tells the client of its session.
 *   packet  borrows eio->in
 * Returns 0 or WS_ENOMEM. */
int eio_session_hello(struct eio_session *session, struct eio_packet *packet);

/* Open a session that has a carrier: from now on it is found by its sid. Calls
 * the application. */
void eio_session_open(struct eio_session *session);

/* Find a session by its sid. Returns NULL when there is none, also when it has
 * ended or is late for its pong. */
struct eio_session *
eio_session_find(struct eio *eio, const char *sid, size_t len);

/* Call visit for each session of a state; returning false ends the walk. */
void eio_sessions_walk(struct eio *eio, enum eio_state state,
    bool (*visit)(struct eio_session *session, void *arg), void *arg);

/* End a session; one that is CLOSING ends for good, one that has ended is left
 * alone. It is released after this turn.
 *   reason  static, what the application is told */
void eio_session_end(
    struct eio_session *session, const char *reason, enum eio_ending ending);

/* Log what a client sent that cannot be parsed, or must not come.
 *   where      such as "a packet"
 *   data, len  the beginning of it is shown; that of a CONNECT, which has what
 *              a client logs in with, is not */
void eio_session_log_bad(struct eio_session *session, const char *where,
    const void *data, size_t len);

/* End a session for good that is CLOSING. */
void eio_session_gone(struct eio_session *session);

/* End a session because memory is full: one that a WebSocket carries with the
 * code 1013. */
void eio_session_shed(struct eio_session *session);

/* Return whether a part of a message has come, see struct eio_carrier. */
bool eio_session_is_receiving(const struct eio_session *session);

/* Give a client more time that has sent packets which are not all read: it
 * cannot send a ping or a pong before they are. */
void eio_session_wait(struct eio_session *session);

/* Send a packet over whatever carries the session. Returns as eio_send. */
int eio_session_send(
    struct eio_session *session, const struct eio_packet *packet, int flags);

/* Take a packet from the client. */
void eio_session_packet(
    struct eio_session *session, const struct eio_packet *packet);

/* Tell the application that it may send again. */
void eio_session_drain(struct eio_session *session);

/* Release the sessions that have ended. */
void eio_sessions_release(struct eio *eio);

#endif
