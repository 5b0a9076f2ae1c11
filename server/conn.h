/* conn.h - the state machine of one connection, and the core of a server that
 * all its connections share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_CONN_H
#define WS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "http/field.h"
#include "http.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/net.h"
#include "websocket/pmd_message.h"
#include "websocket/session.h"
#include "files/static.h"
#include "ws.h"

/* The diagram in conn.c shows the transitions. */
enum ws_conn_state {
	WS_CONN_HTTP,       /* reading a request, or waiting for one */
	WS_CONN_HOLDING,    /* the application has the request */
	WS_CONN_RESPONDING, /* the body of a response is a file being sent */
	WS_CONN_STREAMING,  /* the application writes the body bit by bit */
	WS_CONN_OPEN,       /* a WebSocket */
	WS_CONN_CLOSING,    /* our Close frame went first; waiting for theirs */
	WS_CONN_LINGER,     /* all is said; waiting for the peer to hang up */
	WS_CONN_DEAD,       /* until the end of the turn */
};

#define WS_CONN_INDEX_NONE 0x7fffff /* not in the server's table */

/* One connection. Most are idle, so its size decides how many fit on a
 * machine: members that are needed only for a while are behind a pointer. */
struct ws_conn {
	struct ws_io io;                    /* first: the loop hands it back */
	struct ws_wheel_deadline deadline;  /* its meaning depends on state */
	struct ws_core *core;               /* borrowed */
	const struct ws_endpoint *endpoint; /* borrowed; of a WebSocket */
	void *user;                         /* the application's */
	const char *cause;                  /* static: why it ends */
	struct ws_pmd_context *context; /* owned; NULL: nothing is compressed */
	struct ws_queue queue;          /* waits until the system takes it */
	struct ws_buf *stash;           /* owned: received, not yet processed */
	struct ws_conn *next;           /* in core->dirty or core->dead */
	struct ws_member member;
	union {
		struct ws_request
		    *request;             /* owned; while state is below OPEN */
		struct ws_stream *stream; /* owned; while it streams */
		struct ws_session session; /* from OPEN on */
	};
	struct ws_peer peer;
	uint16_t closed_code; /* of the Close frame that we sent */
	bool dirty : 1;       /* in core->dirty */
	bool choked : 1;      /* too much is queued: not reading */
	bool paused : 1;      /* the application paused reading */
	bool yielded : 1;     /* its visit is spent: goes on in the next one */
	bool pinged : 1;      /* a Ping is unanswered */
	bool reported : 1;    /* the close callback has been called */
	bool send_failed : 1; /* dies at the end of the turn */
	bool deflates : 1;    /* there is a context */
	bool close_after_reply : 1; /* HTTP: the response is the last one */
	bool kept_alive : 1;        /* HTTP: not the first request */
	bool peer_ended : 1;        /* the peer has ended its direction */
	bool we_shut : 1;           /* we have ended ours */
	bool websocket : 1;         /* the union holds a session */
	bool closed_by_us : 1;      /* we began the end, not the peer */
	bool costly : 1;            /* it is read from in queued visits only */
	bool readable : 1;          /* there is something to read in the next */
	uint32_t heard_ms;    /* the peer's last sign of life, modulo 2^32 */
	uint32_t state : 8;   /* enum ws_conn_state */
	uint32_t streams : 1; /* the union holds a stream */
	uint32_t index : 23;  /* in the server's table */
};

/* One HTTP request, from its first octet to the end of its answer. Thousands
 * may be on hold, so what is large is behind a pointer. */
struct ws_request {
	struct ws_conn *conn; /* borrowed */
	/* owned: with room for all fields while it is read, then, once the
	 * request is on hold, for those that it has */
	struct ws_http_head *head;
	char *base;          /* its octets: in the receive buffer, or in kept */
	size_t head_octets;  /* 0 while the head is incomplete */
	struct ws_buf *kept; /* owned copy of a head that must outlive a read */
	struct ws_buf *body; /* owned */
	struct ws_buf *fields; /* owned: field lines for the answer */
	struct ws_http_chunked chunked;
	uint64_t body_octets;               /* of the body so far */
	size_t body_max;                    /* octets that the body may have */
	void *user;                         /* the endpoint's */
	void *state;                        /* the application's */
	const struct ws_endpoint *endpoint; /* borrowed: for an upgrade */
	size_t prefix_octets; /* of the path, taken off by the router */
	int file_fd;          /* owned: of the file that is sent; or -1 */
	uint64_t file_octets, file_at, file_left;
	int status;           /* of the answer, for the log; 0: none yet */
	uint64_t sent_octets; /* of the answer's body, with file_left */
	int64_t began_ms;     /* when its first octet was read */
	void (*gone)(struct ws_request *request, void *arg);
	void *gone_arg;
	/* The endpoint's, set from the call of early() until the request is
	 * answered or its handler runs. */
	void (*broken)(struct ws_request *request, int status);
	struct ws_request *next, **link; /* in core->orphans, or NULL */
	bool uncompressed; /* the answer is not to be compressed */
	bool on_hold;      /* the application called ws_hold */
	bool body_pending; /* the rest of its body is still to come */
	bool accept_tried; /* ws_accept was called, and has failed */
	bool small_head;   /* head has room for its own fields only */
	bool forgotten;    /* ws_request_forget was called */
	bool takes_gzip;   /* forgotten: so its Accept-Encoding said */
};

struct ws_limits {
	size_t message_max, head_max, uri_max, body_max;
	size_t queue_soft, queue_max;
	int handshake_ms, idle_ms, ping_ms, pong_ms, close_ms;
	int deflate_min; /* octets of the shortest message to compress */
};

/* Requests that wait for listings, conn_list.c. Zeroed memory is none. */
struct ws_lists {
	struct ws_core *core;              /* borrowed */
	struct ws_list_wait *first, **end; /* owned */
	struct ws_files_list *reading;     /* owned: being made; or NULL */
	struct ws_chunk *ready; /* one reference is ours: made; or NULL */
	struct ws_work work;    /* pending while one waits */
	int (*reply)(struct ws_request *request, struct ws_static_ask *ask);
};

/* A connection with more than this of a message or a body is costly. Half would
 * be met in practice, and slows uploads down a little; the double lets 8
 * clients parse 256 KiB of JSON each before anybody else is served. */
#define WS_CONN_COSTLY 131072

/* Octets received from one connection in one event: the size of the one receive
 * buffer. Measured with 64 messages of 1 KiB in flight each, half of it costs
 * the same and a quarter costs 25 % more. A message that is longer than the
 * buffer is copied: an echo of 250,000 octets costs 111 us, and 43 with the
 * double, which would take as much memory as the rest of an empty server. */
#define WS_CORE_INPUT 131072

/* Octets of answers gathered into one send. With half of it, 64 echoes of 1 KiB
 * in flight cost 22 % more. The double would need headers of 10 octets. */
#define WS_CORE_OUTPUT 65536

/* The state that all connections of a server share. */
struct ws_core {
	struct ws_loop loop;
	struct ws_log log;
	struct ws_heap_timer log_timer; /* tells how many lines were left out */
	bool log_combined; /* answers are logged in the combined log format */
	struct ws_limits limits;
	struct ws_ledger memory; /* held for peers, and the limit */
	struct ws_segments segments;
	struct ws_deflate_shared deflate;
	struct ws_pmd_codec pmd;
	int64_t stalled_ms; /* when a stall of files was logged last */
	int64_t trim_ms;    /* when spare segments are looked at again */
	uint8_t *input;     /* owned: the one receive buffer */
	uint8_t *gather;    /* owned: where answers are gathered */
	/* Answers of the connection being served. They are in gather; a single
	 * one may be in input (is_in_place in conn_message.c). */
	uint8_t *output;
	size_t output_octets;
	struct ws_conn *serving; /* output belongs to this one; or NULL */
	struct ws_conn *dirty, **dirty_end;     /* to be visited by turn_end */
	struct ws_conn *yielded, **yielded_end; /* queued after this turn */
	struct ws_conn *dead;                   /* to be released by turn_end */
	struct ws_request *spare; /* owned: for the next request; no head */
	struct ws_http_head *spare_head; /* owned: with room for all fields */
	struct ws_request *orphans; /* owned: held, and the peer has left */
	const char *origin;         /* as in struct ws_options */
	int64_t date_s;             /* the second that date shows */
	char date[WS_FIELD_DATE_SIZE];
	int64_t born_s; /* when the server was made, seconds since 1970 */
	struct ws_gzip_cache gzip_cache;
	struct ws_lists lists;
	bool stopping;         /* every response is the last */
	struct ws_event event; /* of the session that is being read */
	size_t websockets;
	uint64_t messages_in, messages_out;

	/* Callbacks of the floor above, server.h. */
	/* Memory is short, or full. Called at the end of a turn. */
	void (*on_memory_short)(struct ws_core *core);
	/* A request is complete: answer it, hold it, or accept the upgrade. */
	void (*on_request)(struct ws_request *request);
	/* The head of a request with a body is complete. May change body_max,
	 * or answer before the body comes. */
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

/* ---- conn_life.c: how a connection ends -------------------------------- */

/* Stop reading from a peer for which more than queue_soft waits. */
static inline void
ws_conn_choke(struct ws_conn *conn)
{
	if (conn->queue.octets > conn->core->limits.queue_soft)
		conn->choked = true;
}

/* Return whether a WebSocket takes no octets now. gcc tests the three bits as
 * one. */
static inline bool
ws_conn_is_halted(const struct ws_conn *conn)
{
	return conn->choked || conn->paused || conn->yielded;
}

/* Have the end of the turn visit a connection: flush it, go on with its stash,
 * and watch its socket for what it now waits for. */
static inline void
ws_conn_touch(struct ws_conn *conn)
{
	struct ws_core *core = conn->core;

	/* The one being served is settled after its visit, unless it died. */
	if (conn->dirty ||
	    (core->serving == conn && conn->state != WS_CONN_DEAD))
		return;
	conn->dirty = true;
	conn->next = NULL;
	*core->dirty_end = conn;
	core->dirty_end = &conn->next;
}

/* Release the block of a connection that holds nothing any more. */
static inline void
ws_conn_free(struct ws_conn *conn)
{
	ws_ledger_drop(&conn->core->memory, sizeof(*conn));
	ws_mem_free(conn);
}

/* Count work that was done, most of it for the connection being served. Once
 * its visit is spent it goes on behind what is queued.
 *   cost  in tenths of a microsecond, see base/budget.h */
static inline void
ws_core_spend(struct ws_core *core, size_t cost)
{
	struct ws_conn *c = core->serving;

	if (ws_budget_spend(&core->loop.budget, cost) || c == NULL)
		return;
	c->yielded = true;
	if (core->loop.budget.visit < -WS_BUDGET_VISIT)
		c->costly = true;
}

/* Note how much of something incomplete a connection has brought: what it will
 * make of a megabyte takes milliseconds.
 *   octets  held for it so far */
static inline void
ws_conn_expect(struct ws_conn *conn, size_t octets)
{
	if (octets > WS_CONN_COSTLY)
		conn->costly = conn->yielded = true;
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

/* ---- conn_log.c: what the log says of connections and requests ---------- */

/* Return whether to write one more line of a cause that strangers can bring
 * about; see ws_log_allows. */
bool ws_core_log_allows(struct ws_core *core, const char *what, int code);

/* Log that a request was refused.
 *   reason, len  why; newlines at its end are left out */
void ws_conn_log_refusal(
    struct ws_conn *conn, int status, const char *reason, size_t len);

/* Log that a WebSocket opens without a subprotocol, although the client offers
 * some: browsers give up then. */
void ws_conn_log_subprotocol(struct ws_request *request);

/* Log how a WebSocket ended. */
void ws_conn_log_close(struct ws_conn *conn, const struct ws_closed *how);

/* Log why a connection ended that was no WebSocket. */
void ws_conn_log_end(struct ws_conn *conn);

/* Write the line of a request's answer, if there was one, with the octets that
 * were sent so far. */
void ws_conn_log_answer(const struct ws_request *request);

/* ---- conn_send.c: how octets leave ------------------------------------- */

/* Send runs of octets as one, now or later. Either all of it is taken or
 * nothing.
 *   parts, count  at most 4 runs; borrowed during the call
 * Returns 0, or -1 when out of memory. That the peer is gone is no error: the
 * end of the turn finds it out. */
int
ws_conn_write(struct ws_conn *conn, const struct ws_part *parts, size_t count);

/* Find room in the output of the connection that is being served. Octets
 * written there are committed with core->output_octets += written.
 * Returns the room; NULL when another connection is served, something is queued
 * already, or octets do not fit: then ws_conn_write must be used. */
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

/* Send a chunk, as ws_conn_write. A reference is queued, except where copying
 * is cheaper.
 *   chunk  stays the caller's */
int ws_conn_share(struct ws_conn *conn, struct ws_chunk *chunk);

/* Send output and queue, as far as the system takes them. */
void ws_conn_flush(struct ws_conn *conn);

/* The same for a connection that is open and not being served: all that waits
 * for it is in its queue. */
void ws_conn_flush_queue(struct ws_conn *conn);

/* Decide whether len more octets may be queued for a peer behind those that
 * wait.
 *   flags  WS_VOLATILE or 0
 * Returns 0, WS_ECLOSED, WS_ESKIPPED, or WS_EFULL: the caller must end the
 * connection. */
int ws_conn_admit(struct ws_conn *conn, size_t len, int flags);

/* ---- conn_request.c: the life of a request ----------------------------- */

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

/* Prepare for an answer. From here on the request can become no WebSocket, even
 * if the answer fails.
 * Returns 1; 0 when the peer has left, so that no answer is needed; or
 * WS_ESTATE when the request was answered already. */
int ws_request_prepare(struct ws_request *request);

/* Write the fields that every response has: Date, and perhaps Connection. */
void ws_request_common(struct ws_request *request, struct ws_http_out *head);

/* Do as ws_request_send, and end the response. What is sent lies in the output
 * or the queue of the connection when this returns, so the caller's head and
 * body may go. The connection ends on failure.
 * Returns 0 or WS_ENOMEM. */
int ws_request_answer(struct ws_request *request,
    const struct ws_http_out *head, const void *body, size_t len);

/* Answer with an error of the library's own, as plain text, and log it.
 *   reason  a sentence without its full stop */
void
ws_request_refuse(struct ws_request *request, int status, const char *reason);

/* Do as ws_request_refuse, and log more than the client is told.
 *   detail  for the log alone; NULL: nothing */
void ws_request_refuse_with(struct ws_request *request, int status,
    const char *reason, const char *detail);

/* Answer with a static file, or with what stands for it (304, 404, 416 ...).
 *   ask  the caller sets all but head, buf, gzip_cache and may_wait, which are
 *        set here
 * Returns the status that was sent; 0 when the connection ended because memory
 * ran out, or when a listing will be the answer. */
int ws_request_static(struct ws_request *request, struct ws_static_ask *ask);

/* Send the next part of a file, in state RESPONDING with an empty queue. */
void ws_conn_http_send(struct ws_conn *conn);

/* ---- conn_stream.c: answers that are written bit by bit ----------------- */

/* The queue of a stream that was choked has drained. */
void ws_stream_drained(struct ws_conn *conn);

/* Act on the deadline of STREAMING, which has passed. */
void ws_stream_expired(struct ws_conn *conn);

/* End a stream because the server stops, once the application is told. */
void ws_stream_stop(struct ws_conn *conn);

/* The connection has ended: tell the application, and release the stream. */
void ws_stream_abort(struct ws_conn *conn);

/* ---- conn_list.c: listings of large directories ------------------------ */

/* Hold a request until a listing is complete, then answer it.
 *   ask    as for ws_request_static
 *   list   of its directory, in its first part; owned from now on
 *   reply  ws_request_static, which is on a floor above
 * Returns 0, or -1 when out of memory. */
int ws_request_list(struct ws_request *request, const struct ws_static_ask *ask,
    struct ws_files_list *list,
    int (*reply)(struct ws_request *request, struct ws_static_ask *ask));

/* ---- conn_http.c: requests --------------------------------------------- */

/* Read at most one request.
 *   in, len  received octets; the head is parsed in place
 * Returns how many octets were taken; 0 when the head is incomplete. The rest
 * must be shown again, with more behind it. RFC 9112 section 2. */
size_t ws_conn_http_read(struct ws_conn *conn, uint8_t *in, size_t len);

/* Act on the deadline of a state below OPEN, which has passed. */
void ws_conn_http_expired(struct ws_conn *conn);

/* ---- conn_pmd.c: compressed messages (RFC 7692) ------------------------ */

/* Agree on compression while a request becomes a WebSocket, if the server, the
 * endpoint and the client want it. RFC 7692 section 7.1.
 *   answer  receives the value of Sec-WebSocket-Extensions, or no octets
 * Returns 0, or -1 when out of memory. */
int ws_conn_agree(struct ws_request *request, struct ws_pmd_answer *answer);

/* Inflate a message, and check that a text is UTF-8. RFC 7692 section 7.2.2.
 *   event  WS_EVENT_DEFLATED; becomes WS_EVENT_MESSAGE or WS_EVENT_FAIL. The
 *          message lives until ws_pmd_end_inflate */
void ws_conn_inflate(struct ws_conn *conn, struct ws_event *event);

/* Compress a message for a connection that deflates. RFC 7692 section 7.2.1.
 *   kind  with the flags of ws_send
 *   part  the message; on success, its compressed form, valid until
 *         ws_pmd_end_deflate, which the caller must call in any case
 * Returns whether it was compressed: then the frame needs WS_RSV1. */
bool ws_conn_deflate(struct ws_conn *conn, int kind, struct ws_part *part);

/* Find the form of a prepared message for a connection that deflates; the first
 * connection that needs a form has it made.
 *   flags  of ws_send_prepared
 * Returns a compressed form, owned by the message, or the message itself where
 * compression is not worth it. */
struct ws_chunk *
ws_conn_deflated(struct ws_conn *conn, struct ws_chunk *message, int flags);

/* Make a chunk that holds one frame.
 *   first         as for ws_frame_begin
 *   payload, len  borrowed
 * Returns NULL when out of memory. */
struct ws_chunk *ws_conn_chunk(uint8_t first, const void *payload, size_t len);

/* Find the payload in the frame that a prepared message is.
 *   opcode  receives WS_OP_TEXT or WS_OP_BINARY
 * Returns the payload, which lives as long as the message. */
struct ws_part ws_conn_payload(const struct ws_chunk *message, uint8_t *opcode);

/* ---- conn_message.c: messages to it ------------------------------------ */

/* Write one frame. RFC 6455 section 5.2.
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

/* Read frames and act on them, until one of them changes what the connection
 * may take.
 *   in, len  received octets; unmasked in place
 * Returns how many octets were taken. */
size_t ws_conn_ws_read(struct ws_conn *conn, uint8_t *in, size_t len);

/* Fail a WebSocket: send a Close frame, drop what it holds and all octets that
 * follow. RFC 6455 section 7.1.7.
 *   reason  static; for the peer, the log and close */
void ws_conn_ws_fail(struct ws_conn *conn, int code, const char *reason);

/* Act on the deadline of OPEN or CLOSING, which has passed. */
void ws_conn_ws_expired(struct ws_conn *conn);

/* Log the end of a WebSocket and call close, unless it was called already.
 *   reason, len  UTF-8, len perhaps WS_STR; NULL for none */
void ws_conn_ws_report(struct ws_conn *conn, int code, const char *reason,
    size_t len, enum ws_by by);

/* ---- conn_shed.c: what a connection holds, and its end for that ------- */

/* End a connection because memory is full, and release what it holds: a
 * WebSocket with 1013, a request with 503. */
void ws_conn_shed(struct ws_conn *conn);

/* Return the octets of all buffers of a connection. */
size_t ws_conn_octets(const struct ws_conn *conn);

/* Return the octets that a connection holds because its peer has sent something
 * incomplete, or does not read. */
size_t ws_conn_held(const struct ws_conn *conn);

/* ---- conn.c: reading, serving ------------------------------------------ */

/* Begin a connection that was accepted.
 *   fd  owned from now on, closed on failure
 * Returns it, or NULL when out of memory or the system refused. */
struct ws_conn *
ws_conn_new(struct ws_core *core, int fd, const struct ws_peer *peer);

/* Return whether there is nothing to settle and nothing to go on with, as after
 * nearly every visit. Measured: this test saves 40 instructions a visit. */
static inline bool
ws_conn_is_settled(const struct ws_conn *conn)
{
	return conn->state == WS_CONN_OPEN && conn->io.want == WS_LOOP_READ &&
	       conn->stash == NULL && conn->queue.last == NULL &&
	       !conn->send_failed && !ws_conn_is_halted(conn);
}

/* Act on what a visit has left behind: a failed send, a queue that drained
 * while lingering, other events to wait for. */
void ws_conn_settle(struct ws_conn *conn);

/* Visit a touched connection at the end of a turn, for whatever reason. If it
 * is dead, it is only queued to be released. */
void ws_conn_visit(struct ws_conn *conn);

/* Act on the deadline of a connection, which has passed: the loop's
 * callback. */
void ws_core_expired(struct ws_wheel_deadline *deadline, void *core);

/* ---- turn.c: the end of a turn ----------------------------------------- */

/* Visit the connections that were touched, and release those that died: the
 * loop's callback. */
void ws_core_turn_end(void *core);

#endif
