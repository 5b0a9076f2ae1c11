/* conn.h - the state machine of one connection, and what all of them share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_CONN_H
#define WS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "http/field.h"
#include "http.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/net.h"
#include "websocket/pmd_message.h"
#include "websocket/session.h"
#include "files/static.h"
#include "ws.h"

/* See the diagram in conn.c. */
enum ws_conn_state {
	WS_CONN_HTTP,       /* reading a request, or waiting for one */
	WS_CONN_HOLDING,    /* the application has the request */
	WS_CONN_RESPONDING, /* the body of a response is a file being sent */
	WS_CONN_OPEN,       /* a WebSocket */
	WS_CONN_CLOSING,    /* our Close frame went first; waiting for theirs */
	WS_CONN_LINGER,     /* nothing more to say; waiting for their end */
	WS_CONN_DEAD,       /* until the end of the turn */
};

#define WS_CONN_INDEX_NONE 0xffffff /* of one that is not in the table */

/* One connection. 10,000 idle ones are the measure of its size: what is only
 * needed for a while is behind a pointer. */
struct ws_conn {
	struct ws_io io;             /* first: what the loop hands back */
	struct ws_deadline deadline; /* what it is for depends on state */
	struct ws_core *core;        /* borrowed */
	const struct ws_endpoint *endpoint; /* borrowed; of a WebSocket */
	void *user;                         /* the application's */
	const char *cause;                  /* static: why it ends */
	struct ws_pmd_context *context; /* owned; NULL: nothing is compressed */
	struct ws_queue queue;          /* what the system did not take yet */
	struct ws_buf *stash;           /* owned: received, not yet processed */
	struct ws_conn *next;           /* in core->dirty or core->dead */
	struct ws_member member;
	union {
		struct ws_request
		    *request; /* owned; while state is below OPEN */
		struct ws_session session; /* from OPEN on */
	};
	struct ws_peer peer;
	uint16_t closed_code; /* of the Close frame that we sent */
	bool dirty : 1;       /* in core->dirty */
	bool choked : 1;      /* too much is queued: not reading */
	bool paused : 1;      /* the application paused reading */
	bool yielded : 1;  /* HTTP: goes on with its stash in the next turn */
	bool pinged : 1;   /* a Ping is unanswered */
	bool reported : 1; /* close was called, or open never */
	bool send_failed : 1;       /* dies at the end of the turn */
	bool deflates : 1;          /* there is a context */
	bool close_after_reply : 1; /* HTTP: the response is the last one */
	bool kept_alive : 1;        /* HTTP: not the first request */
	bool peer_ended : 1;        /* the peer has ended its direction */
	bool we_shut : 1;           /* we have ended ours */
	bool websocket : 1;         /* the union holds a session */
	bool closed_by_us : 1;      /* we began the end, not the peer */
	uint32_t heard_ms;   /* the peer's last sign of life, modulo 2^32 */
	uint32_t state : 8;  /* enum ws_conn_state */
	uint32_t index : 24; /* in the server's table */
};

/* One request, from its first octet to the end of its answer. */
struct ws_request {
	struct ws_conn *conn; /* borrowed */
	char *base;           /* the head: in the receive buffer, or in kept */
	size_t head_octets;   /* 0 while the head is incomplete */
	struct ws_buf *kept; /* owned copy of a head that must outlive a read */
	struct ws_buf *body; /* owned */
	struct ws_buf *fields; /* owned: field lines for the answer */
	struct ws_http_chunked chunked;
	uint64_t body_octets;               /* of the body so far */
	size_t body_max;                    /* octets that it may have */
	void *user;                         /* the endpoint's */
	void *state;                        /* the application's */
	const struct ws_endpoint *endpoint; /* borrowed: for an upgrade */
	size_t prefix_octets; /* of the path, taken off by the router */
	struct ws_file file;  /* RESPONDING: fd is owned */
	uint64_t file_at, file_left;
	void (*gone)(struct ws_request *request, void *arg);
	void *gone_arg;
	/* Early has been called, and neither an answer nor the handler. */
	void (*broken)(struct ws_request *request, int status);
	struct ws_request *next, **link; /* in core->orphans, or NULL */
	bool uncompressed;        /* the answer is not to be compressed */
	bool on_hold;             /* the application called ws_hold */
	bool body_pending;        /* the rest of its body is still to come */
	bool accept_tried;        /* ws_accept was called, and has failed */
	struct ws_http_head head; /* last: large and seldom touched */
};

struct ws_limits {
	size_t message_max, head_max, uri_max, body_max;
	size_t queue_soft, queue_max;
	int handshake_ms, idle_ms, ping_ms, pong_ms, close_ms;
	int deflate_min; /* octets of messages that are compressed */
};

#define WS_CORE_INPUT 131072 /* octets taken from one connection per event */
#define WS_CORE_OUTPUT 65536 /* small answers gathered into one send */

/* What all connections of a server share. */
struct ws_core {
	struct ws_loop loop;
	struct ws_log log;
	struct ws_limits limits;
	struct ws_segments segments;
	struct ws_deflate_shared deflate;
	struct ws_pmd_codec pmd;
	int64_t trim_ms; /* when those that are spare are looked at */
	uint8_t *input;  /* owned: the one receive buffer */
	uint8_t *gather; /* owned: where answers are gathered */
	/* Answers of the connection being served. They stand in gather, or, if
	 * it is but one, in input: see is_in_place in conn_message.c. */
	uint8_t *output;
	size_t output_octets;
	struct ws_conn *serving; /* the one that output belongs to, or NULL */
	unsigned requests;       /* looked at in this visit to it */
	struct ws_conn *dirty, **dirty_end; /* to be looked at by turn_end */
	struct ws_conn *dead;               /* to be released by turn_end */
	struct ws_request *spare;           /* owned: kept for the next one */
	struct ws_request *orphans; /* owned: held, and the peer has left */
	const char *origin;         /* as in struct ws_options */
	int64_t date_s;             /* the second that date is for */
	char date[WS_FIELD_DATE_SIZE];
	int64_t born_s; /* when the server was made, seconds since 1970 */
	struct ws_gzip_cache gzip_cache;
	bool stopping;         /* every response is the last */
	struct ws_event event; /* of the session that is being read */
	size_t websockets;
	uint64_t messages_in, messages_out;
	/* The floor above. A request is complete: answer it, hold it, or
	 * accept the upgrade. */
	void (*on_request)(struct ws_request *request);
	/* The head of a request with a body is complete: may change what the
	 * body is limited to, or answer before it comes. */
	void (*on_head)(struct ws_request *request);
	/* A WebSocket has ended and close is about to be called. */
	void (*on_websocket_end)(struct ws_conn *conn);
	/* A connection is about to be released. */
	void (*on_conn_end)(struct ws_conn *conn);
};

/* An endpoint of WebSockets, as connections see it. */
struct ws_endpoint {
	struct ws_handler handler; /* its limits are never 0 */
	void *user;                /* borrowed */
};

/* ---- conn_life.c: how a connection ends ---------------------------------- */

/* Stop reading from a peer for which too much waits. */
static inline void
ws_conn_choke(struct ws_conn *conn)
{
	if (conn->queue.octets > conn->core->limits.queue_soft)
		conn->choked = true;
}

/* Have turn_end look at a connection: flush it, go on with what is stashed,
 * adjust what it is watched for. */
static inline void
ws_conn_touch(struct ws_conn *conn)
{
	struct ws_core *core = conn->core;

	/* The one being served is looked at anyway, unless it has died. */
	if (conn->dirty ||
	    (core->serving == conn && conn->state != WS_CONN_DEAD))
		return;
	conn->dirty = true;
	conn->next = NULL;
	*core->dirty_end = conn;
	core->dirty_end = &conn->next;
}

/* Set the connection's deadline, in place of the one before.
 *   delay_ms  from now */
void ws_conn_arm(struct ws_conn *conn, int64_t delay_ms);

/* Mark a connection as dead: nothing is read or sent any more, and it is
 * released at the end of the turn. Does nothing if it is dead already.
 *   cause  static, for the log and for close; NULL to keep the one that is
 *          there. The first cause wins */
void ws_conn_kill(struct ws_conn *conn, const char *cause);

/* End our direction of the stream once everything queued is sent, then wait for
 * the peer to end its own. RFC 9112 section 9.6, RFC 6455 section 7.1.1.
 *   cause  as for ws_conn_kill */
void ws_conn_linger(struct ws_conn *conn, const char *cause);

/* ---- conn_send.c: how octets leave ------------------------------------- */

/* Send runs of octets as one, now or later.
 * Returns 0, or -1 when nothing was taken: out of memory. A peer that is gone
 * is found out at the end of the turn. */
int
ws_conn_write(struct ws_conn *conn, const struct ws_part *parts, size_t count);

/* Have output stand in gather, where more can follow. */
static inline void
ws_core_gather(struct ws_core *core)
{
	if (core->output == core->gather)
		return;
	memcpy(core->gather, core->output, core->output_octets);
	core->output = core->gather;
}

/* Room in the output of the connection that is being served: what is written
 * there leaves with it. Commit with core->output_octets += written.
 * Returns NULL when it must be written another way. */
static inline uint8_t *
ws_conn_room(const struct ws_conn *conn, size_t octets)
{
	const struct ws_core *core = conn->core;

	if (core->serving != conn || conn->queue.last != NULL ||
	    core->output != core->gather ||
	    octets > WS_CORE_OUTPUT - core->output_octets)
		return NULL;
	return core->output + core->output_octets;
}

/* The same for a chunk, which is not copied unless that is cheaper. */
int ws_conn_share(struct ws_conn *conn, struct ws_chunk *chunk);

/* Send what waits, as far as the system takes it. */
void ws_conn_flush(struct ws_conn *conn);

/* ---- conn_request.c: the life of a request ------------------------------- */

/* Begin the connection's next request. It must have none.
 * Returns it, owned by the connection, or NULL when out of memory. */
struct ws_request *ws_request_begin(struct ws_conn *conn);

/* Release the connection's request, if it has one. One block is kept for the
 * next request of any connection. */
void ws_request_end(struct ws_conn *conn);

/* The peer has left: release the connection's request. Tell the application if
 * it holds the request, or has let its body come, and wants to know.
 * Returns false when it holds the request and does not want to know: then the
 * request and the connection stay until it answers. */
bool ws_request_abort(struct ws_conn *conn);

/* Release a request whose peer has left, and what was left of its
 * connection. */
void ws_request_end_orphan(struct ws_request *request);

/* Release the requests that the application never answered. */
void ws_request_free_orphans(struct ws_core *core);

/* Return whether a request can still be answered. */
bool ws_request_is_open(const struct ws_request *request);

/* Copy the head of a request, so that it outlives the read that brought it.
 * Once is enough: a second call does nothing.
 * Returns 0, or -1 when out of memory. */
int ws_request_keep_head(struct ws_request *request);

/* ---- conn_reply.c: answers --------------------------------------------- */

#define WS_REPLY_HEAD 2048 /* octets of a response head without the caller's */

/* Send a response head, the fields that the application added, and a body.
 *   head       status line and fields, without the empty line at the end
 *   body, len  copied or sent at once; NULL and 0 for none
 * Returns 0, or -1 when the head did not fit or out of memory. */
int ws_request_send(struct ws_request *request, const struct ws_http_out *head,
    const void *body, size_t len);

/* Write the line of the access log for an answer.
 *   status  of the answer */
void ws_request_log(const struct ws_request *request, int status);

/* Answer with an error of the library's own, as plain text. */
void
ws_request_refuse(struct ws_request *request, int status, const char *reason);

/* Answer with a static file, or with what stands for it (304, 404, 416 ...).
 *   ask  the caller sets all but head, buf and gzip_cache, which are set here
 * Returns the status that was sent, or 0 when the connection ended because
 * memory ran out. */
int ws_request_static(struct ws_request *request, struct ws_static_ask *ask);

/* Go on sending a file. */
void ws_conn_http_send(struct ws_conn *conn);

/* ---- conn_http.c: requests --------------------------------------------- */

/* Take octets of requests. Returns how many were taken; the rest must be shown
 * again, with more behind it. */
size_t ws_conn_http_read(struct ws_conn *conn, uint8_t *in, size_t len);

/* The deadline of a state below OPEN has passed. */
void ws_conn_http_expired(struct ws_conn *conn);

/* ---- conn_pmd.c: compressed messages (RFC 7692) ------------------------ */

/* Agree on compression while a request becomes a WebSocket, if the server, the
 * endpoint and the client want it.
 *   answer  receives the value of Sec-WebSocket-Extensions, or no octets
 * Returns 0, or -1 when out of memory. */
int ws_conn_agree(struct ws_request *request, struct ws_pmd_answer *answer);

/* Inflate a message, and check it.
 *   event  WS_EVENT_DEFLATED; becomes WS_EVENT_MESSAGE or WS_EVENT_FAIL. The
 *          message lives until ws_pmd_end_inflate */
void ws_conn_inflate(struct ws_conn *conn, struct ws_event *event);

/* Compress what is to be sent to a connection that deflates.
 *   kind  with the flags of ws_send
 *   part  the message; on success, what to send instead, valid until
 *         ws_pmd_end_deflate, which is to be called in any case
 * Returns whether it was compressed: then the frame needs WS_RSV1. */
bool ws_conn_deflate(struct ws_conn *conn, int kind, struct ws_part *part);

/* The form of a prepared message that such a connection gets: compressed, if
 * that is worth it. Made when it is needed first. */
struct ws_chunk *
ws_conn_deflated(struct ws_conn *conn, struct ws_chunk *message, int flags);

/* Find the payload in the frame that a prepared message is.
 *   opcode  receives WS_OP_TEXT or WS_OP_BINARY
 * Returns the payload, which lives as long as the message. */
struct ws_part ws_conn_payload(const struct ws_chunk *message, uint8_t *opcode);

/* ---- conn_message.c: messages to it ------------------------------------ */

/* Write one frame.
 *   opcode  perhaps with WS_RSV1
 * Returns as ws_conn_write. */
int ws_conn_frame(
    struct ws_conn *conn, uint8_t opcode, const void *data, size_t len);

/* Write a Close frame. RFC 6455 section 5.5.1.
 *   code         0 or WS_CLOSE_NO_STATUS: a frame without code and reason
 *   reason, len  UTF-8; cut at a character to the 123 octets that fit
 * Returns as ws_conn_write. */
int ws_conn_write_close(
    struct ws_conn *conn, int code, const char *reason, size_t len);

/* Start the closing handshake for a cause of the library's own.
 *   cause  static; sent as the reason, and kept for the log and for close */
void ws_conn_close(struct ws_conn *conn, int code, const char *cause);

/* ---- conn_ws.c: an open WebSocket -------------------------------------- */

/* Take octets of frames. Returns how many were taken. */
size_t ws_conn_ws_read(struct ws_conn *conn, uint8_t *in, size_t len);

/* The deadline of a state from OPEN on has passed. */
void ws_conn_ws_expired(struct ws_conn *conn);

/* Become an open WebSocket, after 101 was written. */
void ws_conn_ws_open(
    struct ws_conn *conn, const struct ws_endpoint *endpoint, void *user);

/* Call close, unless it was called. */
void ws_conn_ws_report(struct ws_conn *conn, int code, const char *reason,
    size_t len, enum ws_by by);

/* ---- conn.c: reading, serving, the end of a turn ------------------------- */

/* Begin a connection that was accepted.
 *   fd  owned from now on, closed on failure
 * Returns it, or NULL when out of memory or the system refused. */
struct ws_conn *
ws_conn_new(struct ws_core *core, int fd, const struct ws_peer *peer);

/* What turn_end and expired of the core's loop are. */
void ws_core_turn_end(void *core);
void ws_core_expired(struct ws_deadline *deadline, void *core);

#endif
