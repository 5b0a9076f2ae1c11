/* polling.h - sessions that requests carry (long polling). */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_POLLING_H
#define EIO_POLLING_H

#include "records.h"
#include "session.h"
#include "twice.h"

/* A body whose packets are not all read yet. */
struct eio_unread {
	struct ws_deadline turn; /* in eio->unread */
	struct eio_poll *poll;
	struct ws_request *request; /* held, so that its body stays */
	struct eio_payload payload;
	char *text; /* owned: what a form has in it; or NULL */
	size_t text_octets;
	/* Called when all is read. NULL for nothing. */
	void (*then)(struct eio_poll *poll);
};

/* A session that polls: the state of its requests. */
struct eio_poll {
	struct eio_session *session;
	struct ws_request *get;    /* held; NULL when the client has none */
	struct ws_request *post;   /* its body is still coming; or NULL */
	struct eio_unread *unread; /* owned: the packets of a POST; or NULL */
	struct ws_conn *probe;     /* a WebSocket that may take over, or NULL */
	struct eio_records *records; /* owned: wait for a GET; or NULL */
	struct ws_deadline deadline; /* of the first request or an upgrade */
	struct ws_deadline flush;    /* in eio->flushes */
	uint16_t counter;            /* in eio->silent, while silent */
	uint8_t encodes;             /* enum eio_encodes */
	bool silent;                 /* no request since the handshake */
	bool get_is_new;             /* get came in this turn */
	bool probe_answered;         /* probe got its "3probe" */
	bool probe_b64;              /* probe wants base64 */
	bool drain_owed;             /* so much waited that drain is called */
	bool overflowed;             /* more than queue_max: the session ends */
};

/* Begin the queues of deadlines for polling. Returns 0 or WS_ENOMEM; stopping
 * is allowed in both cases. */
int eio_polling_start(struct eio *eio);
void eio_polling_stop(struct eio *eio);

/* Answer the polls for which something has happened in this turn; some of them
 * in the next turn, if they are many. */
void eio_polling_turn(struct eio *eio);

/* Return the poll of a session, or NULL when a WebSocket carries it. */
struct eio_poll *eio_poll_of(const struct eio_session *session);

/* Begin a session with a request that was checked, and answer it. */
void eio_poll_open(struct eio *eio, struct ws_request *request, int protocol);

/* Take a GET: hold it until there is something to say. */
void eio_poll_get(struct eio_poll *poll, struct ws_request *request);

/* Note that the client has used its session. */
void eio_poll_heard(struct eio_poll *poll);

/* Call for a look at a poll at the end of this turn. */
void eio_poll_flush(struct eio_poll *poll);

/* Answer a POST whose packets were read, and release what was kept for it. */
void eio_unread_end(struct eio_unread *unread);

/* Answer the POST whose body is still coming, if there is one, with 400. */
void eio_poll_drop_post(struct eio_poll *poll);

/* Close the WebSocket that was to take over, if there is one. */
void eio_poll_drop_probe(struct eio_poll *poll);

/* Release a poll, whose requests were answered. */
void eio_poll_free(struct eio_poll *poll);

#endif
