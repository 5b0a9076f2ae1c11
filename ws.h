/* ws.h - an embeddable WebSocket and HTTP server (RFC 6455, RFC 9112). */
/* SPDX-License-Identifier: MIT */
/*
 * One thread, one loop. Create a server, say what it answers, listen, run:
 *
 *	static void
 *	on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
 *	{
 *		ws_send(conn, kind, data, len);
 *	}
 *
 *	int
 *	main(void)
 *	{
 *		struct ws_server *server = ws_server_new(NULL);
 *
 *		ws_endpoint(server, "/",
 *		    &(struct ws_handler) { .message = on_message }, NULL);
 *		return ws_serve(server, ":8080", NULL);
 *	}
 *
 * Rules that hold everywhere:
 *
 * - Every callback may call every function but ws_run, ws_step and
 *   ws_server_free, close any connection (its own included) and start or stop
 *   any timer. Connections are freed only at the end of the loop's turn, never
 *   during a callback. Only log may not call back into its server.
 * - Nothing blocks. Sending queues.
 * - Functions that can fail return 0 or a positive number, or a negative
 *   enum ws_error.
 * - Pointers handed to a callback are valid until it returns, unless the
 *   comment says more. Data handed to a function is copied, unless the comment
 *   says "borrowed".
 * - A length may be WS_STR where the data is a C string.
 * - All calls come from the thread that runs the server. Two servers may run
 *   in two threads: the library has no global state.
 */
#ifndef WS_H
#define WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WS_VERSION "0.1.0"

/* In place of a length: the data is a C string. */
#define WS_STR ((size_t)-1)

/* Compilers that can check a format against its arguments do so. */
#if defined(__GNUC__)
#define WS_PRINTF(format_at, first) \
	__attribute__((format(printf, format_at, first)))
#else
#define WS_PRINTF(format_at, first)
#endif

struct ws_server;   /* a server and its loop */
struct ws_conn;     /* one open WebSocket */
struct ws_request;  /* one HTTP request that waits for its answer */
struct ws_prepared; /* one message, encoded once, for many */
struct ws_stream;   /* one HTTP answer that is written bit by bit */
struct ws_block;    /* octets for many streams, encoded once */
struct ws_timer;    /* one timer */
struct ws_watch;    /* one foreign descriptor */

/* Why a function failed. */
enum ws_error {
	WS_ENOMEM = -1,   /* out of memory */
	WS_EINVAL = -2,   /* an argument is not allowed */
	WS_ECLOSED = -3,  /* the connection is closing or gone */
	WS_EFULL = -4,    /* the peer is too slow: its queue is full, and the
	                     connection is being closed with 1013 */
	WS_ESKIPPED = -5, /* a volatile message was left out: peer is slow */
	WS_ESTATE = -6,   /* not now: answered already, or inside a delivery */
	WS_ESYSTEM = -7,  /* the system refused; errno says why */
	WS_EEXIST = -8,   /* there is one already */
	WS_EABSENT = -9,  /* a request has no such parameter or cookie */
	WS_EMALFORMED = -10, /* what a client sent breaks the rules */
	WS_ETOOLONG = -11,   /* what a client sent does not fit */
};

/* A sentence about an enum ws_error, static. */
const char *ws_strerror(int error);

/* Kinds of messages; the values are the opcodes of RFC 6455 section 11.8. */
enum ws_kind {
	WS_TEXT = 1,   /* UTF-8, checked by the library when it is received */
	WS_BINARY = 2, /* any octets */
};

/* May be added to a kind when sending: leave the message out, rather than
 * close the connection, when the peer has more than queue_soft waiting. */
#define WS_VOLATILE 0x100

/* May be added to a kind when sending: do not compress the message. For data
 * that is compressed already, and for a secret beside text that a stranger
 * chose: the length would betray it. */
#define WS_NO_COMPRESS 0x200

/* Close codes: RFC 6455 section 7.4.1 and the IANA registry. */
enum ws_close_code {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL_ERROR = 1002,
	WS_CLOSE_UNSUPPORTED_DATA = 1003,
	WS_CLOSE_NO_STATUS = 1005, /* never on the wire: no code was given */
	WS_CLOSE_ABNORMAL = 1006, /* never on the wire: the stream just ended */
	WS_CLOSE_INVALID_PAYLOAD = 1007,
	WS_CLOSE_POLICY_VIOLATION = 1008,
	WS_CLOSE_TOO_BIG = 1009,
	WS_CLOSE_MANDATORY_EXTENSION = 1010,
	WS_CLOSE_INTERNAL_ERROR = 1011,
	WS_CLOSE_SERVICE_RESTART = 1012,
	WS_CLOSE_TRY_AGAIN_LATER = 1013,
};

/* ---- server ------------------------------------------------------------ */

enum ws_log_level {
	WS_LOG_ERROR = 0,  /* something needs the operator */
	WS_LOG_WARN = 1,   /* a limit was met */
	WS_LOG_INFO = 2,   /* start, stop, refusals and closes with their cause,
	                    of each cause ten lines a second */
	WS_LOG_ACCESS = 3, /* one line per answer */
	WS_LOG_DEBUG = 4,
};

/* The lines of WS_LOG_ACCESS. Both escape what is not printable. */
enum ws_log_format {
	WS_LOG_PAIRS = 0,    /* time=2026-11-30T12:00:00Z peer=192.0.2.1:4711
	                        method=GET target="/a?b" status=200 octets=5
	                        ms=0 agent="curl/8.5.0" */
	WS_LOG_COMBINED = 1, /* the combined log format of web servers */
};

/* Compression of messages: permessage-deflate, RFC 7692. */
enum ws_deflate_mode {
	WS_DEFLATE_OFF = 0,       /* is not offered to clients */
	WS_DEFLATE_SHARED = 1,    /* each message on its own: a connection takes
	                             no memory for it */
	WS_DEFLATE_DEDICATED = 2, /* messages may refer to those before them:
	                             smaller, but each connection takes two
	                             windows of memory once it uses them, of
	                             which ours is released when nothing was
	                             sent for ping_ms (without pings, idle_ms).
	                             Not messages for many, which are
	                             compressed once for all */
};

/* Options of a server. Zero is the default of every member. */
struct ws_options {
	size_t max_message;  /* octets of one message; 1 MiB. Larger: 1009 */
	size_t max_head;     /* octets of a request head; 16 KiB. Larger: 431 */
	size_t max_body;     /* octets of a request body; 1 MiB. Larger: 413 */
	size_t compress_min; /* octets of the smallest answer to compress; 1024;
	                         SIZE_MAX: none. The client must accept gzip,
	                         and the type must be one that gets smaller.
	                         Takes 68 KiB of memory once it is used, and up
	                         to 2 MiB to keep compressed files */
	size_t queue_soft;   /* octets queued for one peer; 64 KiB, and half of
	                         queue_max at most. Above it the server stops
	                         reading from the peer, and calls drain when
	                         the queue is below half of it again */
	size_t queue_max;    /* octets queued for one peer; 1 MiB. Above it the
	                         connection is closed with 1013. One message
	                         always fits while queue_soft is not exceeded */
	unsigned max_clients; /* connections at once; what descriptors allow */
	unsigned max_per_ip;  /* connections of one address (IPv6: of one /64)
	                         at once; no limit */
	size_t memory;      /* octets held for all peers together; a quarter of
	                         what the machine, the cgroup or RLIMIT_AS
	                         allows: see "memory" below */
	int handshake_ms;   /* from accept to a complete head; 10 s: 408 */
	int idle_ms;        /* 65 s; three timeouts in one:
	                         - between two requests (keep-alive);
	                         - for each 16 KiB of a request body to arrive;
	                         - without progress while a response is sent */
	int ping_ms;        /* silence until the server pings; 25 s; negative:
	                         it never does */
	int pong_ms;        /* silence after the ping until the server gives
	                         the connection up; 20 s */
	int close_ms;       /* from our Close frame to the peer's; 5 s */
	const char *origin; /* the pages that may connect beside those of this
	                         server, which have the host and port of the
	                         request's Host. NULL: no others. "*": all.
	                         Or a comma-separated list like
	                         "https://a.example,http://localhost:*,null";
	                         "*.b.example" is each host below b.example */
	const char *base_path; /* prefix of all paths, such as "/live"; "" */
	int deflate;           /* enum ws_deflate_mode; WS_DEFLATE_OFF */
	int deflate_level;     /* 1 (fast) to 9 (small); 6 */
	int deflate_window;    /* a window has 1 << this octets; 9 to 15; 15.
	                          The compressor that all connections share
	                          takes eight windows of memory */
	int deflate_min;       /* octets of the shortest message to compress;
	                          256 */
	size_t deflate_memory; /* octets of all dedicated windows together;
	                          64 MiB. Once they are used up, further
	                          connections are as in WS_DEFLATE_SHARED */
	int log_level;         /* enum ws_log_level plus 1; WS_LOG_INFO; -1 for
	                         silence */
	int log_format;        /* enum ws_log_format; WS_LOG_PAIRS */
	const char *log_name;  /* borrowed: errors and warnings on stderr begin
	                          with it, such as "wsd: "; nothing */
	/* Receives each log line; by default they go to stderr, unless that
	 * would wait: then lines are dropped, and counted. line has no newline.
	 * Must not call into the server. */
	void (*log)(void *arg, int level, const char *line);
	void *log_arg; /* borrowed */
};

/* Create a server that listens nowhere yet.
 *   options  NULL for all defaults; copied, strings included
 * Returns it, or NULL with errno set: EINVAL for a value that an option does
 * not have. */
struct ws_server *ws_server_new(const struct ws_options *options);

/* End everything at once, close callbacks included, and release the server and
 * what was made for it (see ws_at_free). Not from inside a callback. NULL is
 * allowed. */
void ws_server_free(struct ws_server *server);

/* Listen on one more address.
 *   address  "HOST:PORT", ":PORT" for every address, "[IPV6]:PORT", or
 *            "unix:PATH" with an optional ",mode=0660"; the host is numeric
 *            or "localhost"; port 0 lets the system choose one
 * Returns 0 or a negative enum ws_error; the log says why. Never takes a
 * socket over from a live server. */
int ws_listen(struct ws_server *server, const char *address);

/* Listen on a socket that is open and listening already (socket activation).
 *   fd  owned by the server from now on
 * Returns 0 or a negative enum ws_error. */
int ws_listen_fd(struct ws_server *server, int fd);

/* Write the nth address listened on, counted from 0: "127.0.0.1:8080".
 *   text, size  receive it, always terminated
 * Returns 0, or WS_EINVAL when there are not that many. */
int ws_address(
    const struct ws_server *server, unsigned nth, char *text, size_t size);

/* Run until ws_stop has done its work. Ignores SIGPIPE unless the program
 * handles it, as ws_files does.
 * Returns 0 when stopped, or WS_ESYSTEM. */
int ws_run(struct ws_server *server);

/* Listen, log the address to open as "listening on http://HOST:PORT/", run, and
 * release the server: the end of a short main(). SIGINT and SIGTERM stop the
 * server as by ws_stop_on_signal with 5 seconds, unless the program ignores or
 * handles them.
 *   server   NULL is allowed, and is a failure
 *   address  as for ws_listen
 *   page     what the logged address ends with, such as "chat.html"; NULL:
 *            nothing
 * Returns 0 when stopped, or a negative enum ws_error. */
int ws_serve(struct ws_server *server, const char *address, const char *page);

/* Stop in good order: listen no more, close every WebSocket with 1001 and
 * every idle HTTP connection, let answers and queues drain. Sessions of
 * Socket.IO are told, too.
 *   grace_ms  connections that are left after this time are ended; 0: all at
 *             once
 * A second call sets the time anew. */
void ws_stop(struct ws_server *server, int grace_ms);

/* Stop when the process gets a signal, as by ws_stop; a second one ends what is
 * left at once. Until the server is released, the signal does nothing else:
 * call this before threads or other programs are started, since they inherit
 * that.
 *   signal    such as SIGTERM
 *   grace_ms  as for ws_stop
 * Returns 0, WS_EINVAL for a signal that nobody can wait for, WS_ENOMEM or
 * WS_ESYSTEM. */
int ws_stop_on_signal(struct ws_server *server, int signal, int grace_ms);

/* Return whether ws_stop has done its work: everything is closed. */
bool ws_stopped(const struct ws_server *server);

/* Raise the soft limit of file descriptors to the hard one, since it bounds the
 * number of connections. Returns how many descriptors the process may have. */
size_t ws_raise_descriptors(void);

/* Return the time of the loop: milliseconds that never go back and stay the
 * same during a turn. */
int64_t ws_now(const struct ws_server *server);

/* Counters of a server. */
struct ws_stats {
	size_t connections;    /* TCP connections now, HTTP included */
	size_t websockets;     /* open WebSockets now */
	size_t rooms;          /* rooms now */
	size_t sessions;       /* sessions now, see ws_session_begin */
	size_t max_clients;    /* connections at most */
	size_t memory;         /* octets held for peers now */
	size_t max_memory;     /* octets held for peers at most */
	uint64_t accepted;     /* connections ever */
	uint64_t messages_in;  /* messages ever received */
	uint64_t messages_out; /* messages ever queued */
};

/* Read the counters of a server.
 *   stats  receives all of them */
void ws_stats(const struct ws_server *server, struct ws_stats *stats);

/* Write a line to the log of a server, with control characters masked, and cut
 * to 1023 octets.
 *   level  enum ws_log_level
 *   cause  NULL for a line that is always written; or, for one that a stranger
 *          can cause, a static text that lines of this cause have in common.
 *          Ten of them a second are written, and "and N more CAUSE" follows
 *   format and its arguments, as for printf(3) */
void ws_log_line(struct ws_server *server, int level, const char *cause,
    const char *format, ...) WS_PRINTF(4, 5);

/* ---- another loop ------------------------------------------------------ */

/* Return a descriptor that becomes readable when the server has work. Watch it
 * in any other loop; call ws_step then, and when ws_timeout has passed. */
int ws_fd(const struct ws_server *server);

/* Return the milliseconds until ws_step must be called even if ws_fd is not
 * readable, -1 for never. Ask again after every ws_step and after every call
 * into the server from outside its callbacks. */
int ws_timeout(const struct ws_server *server);

/* Run one turn of the loop.
 *   timeout_ms  to wait for the first event; 0: do not wait
 * Returns 0, or WS_ESYSTEM. */
int ws_step(struct ws_server *server, int timeout_ms);

/* ---- WebSocket endpoints ----------------------------------------------- */

/* The side that ended a connection. */
enum ws_by {
	WS_BY_PEER,   /* the peer sent a Close frame first, or just vanished */
	WS_BY_SERVER, /* ws_close, a violation, a limit, a timeout */
};

/* The end of a connection. */
struct ws_closed {
	int code; /* the code of the Close frame that ended it; 1005
	                       when it had none; 1006 when there was no frame */
	const char
	    *reason; /* UTF-8, not terminated; valid during the callback */
	size_t reason_len;
	enum ws_by by;
};

/* Callbacks and limits of a WebSocket endpoint. A callback may be NULL. */
struct ws_handler {
	/* A request to open; Origin and the handshake are checked already.
	 * Call ws_accept, or ws_reply to refuse, or ws_hold to decide later;
	 * when it does none of these the request is accepted. */
	void (*upgrade)(struct ws_request *request);
	/* The connection is open. */
	void (*open)(struct ws_conn *conn);
	/* A whole message.
	 *   kind  WS_TEXT (the data is valid UTF-8) or WS_BINARY
	 *   data  not terminated; may be changed in place, but not after a
	 *         call that sends it: it may be sent from this very memory */
	void (*message)(
	    struct ws_conn *conn, int kind, const void *data, size_t len);
	/* The queue was above queue_soft and is below half of it again. */
	void (*drain)(struct ws_conn *conn);
	/* A Pong frame came; data is that of its Ping. RFC 6455 5.5.3. */
	void (*pong)(struct ws_conn *conn, const void *data, size_t len);
	/* The connection has ended; called exactly once for each open. It has
	 * left all its rooms. conn must not be used after this returns. */
	void (*close)(struct ws_conn *conn, const struct ws_closed *how);
	size_t max_message; /* octets; 0 for the server's */
	int kinds; /* WS_TEXT or WS_BINARY when only that kind is understood;
	              the other is answered with 1003. 0 for both */
	const char *origin;     /* borrowed; pages that may connect here beside
	                       those of struct ws_options; NULL: no others */
	bool first_subprotocol; /* choose the first subprotocol that a client
	                           offers where ws_accept chooses none: a
	                           browser that has offered some gives up
	                           otherwise. RFC 6455 section 4.1 */
	int deflate_min;        /* as in struct ws_options; 0 for the server's;
	                       negative: nothing is compressed here */
	bool carrier; /* the WebSockets carry a protocol of their own above
	                 RFC 6455, as those of Socket.IO do: what the
	                 application says to all, ws_publish without a room
	                 and ws_walk, leaves them out */
};

/* Serve WebSockets at a path.
 *   path     "/echo" for exactly this path; with a '/' at its end, this path
 *            and all below; with "/$" at its end, exactly the path that ends
 *            in '/': "/$" is the first page alone, beside ws_files at "/". The
 *            longest match wins. Compared with the request path as it stands,
 *            percent-encoding included
 *   handler  copied
 *   user     borrowed; ws_request_user and ws_endpoint_user return it
 * Returns 0, WS_EINVAL, WS_EEXIST or WS_ENOMEM. RFC 6455 section 4.2. */
int ws_endpoint(struct ws_server *server, const char *path,
    const struct ws_handler *handler, void *user);

/* Accept a WebSocket inside upgrade, or later when the request is held.
 *   subprotocol  one of those the client offers, or NULL for none
 *   user         attached to the connection
 * Returns the connection, whose open callback has been called; or NULL when
 * the client offers no such subprotocol, the request is no upgrade, or it was
 * answered already. request is invalid after success; after a failure inside
 * upgrade it is not accepted by default. */
struct ws_conn *
ws_accept(struct ws_request *request, const char *subprotocol, void *user);

/* Return whether the client offers a subprotocol. Case matters.
 * RFC 6455 section 4.1, item 10. */
bool ws_offers(const struct ws_request *request, const char *subprotocol);

/* ---- connections ------------------------------------------------------- */

/* Return whether data is UTF-8, as each text of a WebSocket must be: a client
 * that gets another one ends its connection with 1007. What comes from
 * elsewhere (the body of a request, a file, a pipe) has to be checked before it
 * is sent as WS_TEXT; what a WebSocket brought as WS_TEXT has been. RFC 3629
 * section 4.
 *   data  NULL is allowed, and is UTF-8 if len is 0 */
bool ws_utf8_valid(const void *data, size_t len);

/* Send one message.
 *   kind  WS_TEXT (data must be UTF-8, see ws_utf8_valid; only a library that
 *         was built with -DWS_CHECKS=1 checks it, by assert) or WS_BINARY,
 *         perhaps with WS_VOLATILE and WS_NO_COMPRESS
 * A message is queued whole or not at all. Returns 0 when it is queued;
 * WS_ECLOSED, WS_EFULL, WS_ESKIPPED, WS_ENOMEM or WS_EINVAL when it is not. */
int ws_send(struct ws_conn *conn, int kind, const void *data, size_t len);

/* Send one message that is written as printf(3) does, in the program's locale.
 * As in printf, "%.*s" ends at a NUL.
 *   kind    as for ws_send
 *   format  and its arguments
 * Returns as ws_send. */
int ws_sendf(struct ws_conn *conn, int kind, const char *format, ...)
    WS_PRINTF(3, 4);

/* Send a Ping frame with at most 125 octets. Not needed to keep a connection
 * alive: the server does that. Returns as ws_send. RFC 6455 section 5.5.2. */
int ws_ping(struct ws_conn *conn, const void *data, size_t len);

/* Start the closing handshake. Messages that arrive from now on are dropped.
 *   code    1000, 1001, 1008, 1011 ..., or 3000 to 4999; 0 for a Close frame
 *           without a code
 *   reason  UTF-8, at most 123 octets (more is cut at a character); may be
 *           NULL when len is 0
 * Returns 0, WS_ECLOSED or WS_EINVAL. RFC 6455 section 7.1.2. */
int ws_close(struct ws_conn *conn, int code, const char *reason, size_t len);

/* End the connection without a closing handshake; close is called with 1006
 * at the end of the turn. */
void ws_terminate(struct ws_conn *conn);

/* Return how many octets wait to be sent. */
size_t ws_queued(const struct ws_conn *conn);

/* Return whether a message with WS_VOLATILE would be sent now. */
bool ws_is_writable(struct ws_conn *conn);

/* Return whether a part of a message has come, or more that was not read yet.
 * The rest must come at a least rate, 16 KiB in 30 seconds, or the connection
 * ends. False for a peer that does not take what it was sent. */
bool ws_is_receiving(const struct ws_conn *conn);

/* Stop reading from the peer until ws_resume; TCP then slows its sending down.
 * No message is lost: octets that were read already wait. */
void ws_pause(struct ws_conn *conn);
void ws_resume(struct ws_conn *conn);

/* The application's pointer: that of ws_accept, until another is set. */
void *ws_user(const struct ws_conn *conn);
void ws_set_user(struct ws_conn *conn, void *user);

/* Return the pointer that ws_endpoint was given. */
void *ws_endpoint_user(const struct ws_conn *conn);

/* Return the server of a connection. */
struct ws_server *ws_server_of(const struct ws_conn *conn);

#define WS_PEER_MAX 56

/* Write the peer's address: "192.0.2.1:4711", "[2001:db8::1]:4711" or "unix".
 * Returns text. */
const char *ws_peer(const struct ws_conn *conn, char text[WS_PEER_MAX]);

/* Call visit for every open WebSocket of the server but carriers (see struct
 * ws_handler); returning false ends the walk. visit may do what any callback
 * may. */
void ws_walk(struct ws_server *server,
    bool (*visit)(struct ws_conn *conn, void *arg), void *arg);

/* ---- prepared messages ------------------------------------------------- */

/* Encode a message once, to be sent to many. It is compressed once, too, when
 * the first receiver accepts that.
 *   kind  WS_TEXT or WS_BINARY, perhaps with WS_NO_COMPRESS
 * Returns it with one reference, or NULL when out of memory or kind is neither.
 */
struct ws_prepared *ws_prepare(int kind, const void *data, size_t len);

/* Take one more reference; release one. NULL is allowed in both. */
struct ws_prepared *ws_prepared_ref(struct ws_prepared *message);
void ws_prepared_free(struct ws_prepared *message);

/* Return the data of a prepared message, which lives as long as the message.
 *   kind, len  receive kind and length; may be NULL */
const void *
ws_prepared_data(const struct ws_prepared *message, int *kind, size_t *len);

/* Send a prepared message to one connection.
 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
 * Returns as ws_send. */
int
ws_send_prepared(struct ws_conn *conn, struct ws_prepared *message, int flags);

/* ---- rooms ------------------------------------------------------------- */

#define WS_ROOM_NAME_MAX 255 /* octets; any octets are allowed */

/* Put a connection into a room. A room exists while it has members; a
 * connection leaves its rooms when it ends.
 * Returns 1 when it joined, 0 when it was in already, WS_ECLOSED, WS_EINVAL
 * or WS_ENOMEM. */
int ws_join(struct ws_conn *conn, const char *room, size_t len);

/* Take a connection out of a room. Returns whether it was in. */
bool ws_leave(struct ws_conn *conn, const char *room, size_t len);

/* Take a connection out of all its rooms. */
void ws_leave_all(struct ws_conn *conn);

/* Return whether a connection is in a room. */
bool ws_in_room(struct ws_conn *conn, const char *room, size_t len);

/* Return how many members a room has, 0 when there is no such room. */
size_t ws_room_count(struct ws_server *server, const char *room, size_t len);

/* Send a message to all members of a room.
 *   room    NULL: to every open WebSocket of the server but carriers (see
 *           struct ws_handler)
 *   kind    WS_TEXT (data must be UTF-8, see ws_utf8_valid) or WS_BINARY,
 *           perhaps with WS_VOLATILE, WS_NO_COMPRESS
 *   except  a connection to leave out; NULL for none
 * Returns how many members it was handed to, or a negative enum ws_error. A
 * slow peer is closed or skipped without any effect on the others. */
long ws_publish(struct ws_server *server, const char *room, size_t room_len,
    int kind, const void *data, size_t len, struct ws_conn *except);

/* Publish a message that is written as printf(3) does.
 *   format  and its arguments; the others as for ws_publish
 * Returns as ws_publish. */
long ws_publishf(struct ws_server *server, const char *room, size_t room_len,
    int kind, const char *format, ...) WS_PRINTF(5, 6);

/* Publish each line that comes through a descriptor, such as a pipe, as a text,
 * without the line break. A line that is not UTF-8 is published as WS_BINARY; one
 * that is longer than max_message is left out, which is logged. At the end of
 * the input that ends, too; the descriptor is not closed.
 *   fd    not that of a regular file
 *   room  as for ws_publish; copied
 * Returns 0, WS_EINVAL, WS_ENOMEM or WS_ESYSTEM. */
int ws_publish_lines(
    struct ws_server *server, int fd, const char *room, size_t room_len);

/* A member of rooms that is no connection, embedded in an object of the
 * application. The application may read deliver only. */
struct ws_member {
	/* Called with every message to a room of the member: a
	 * struct ws_prepared, valid during the call (take a reference to keep
	 * it). May do all that a callback may, except publish. */
	void (*deliver)(struct ws_member *member, void *message);
	struct ws_joined *joined; /* owned by the library */
	uint32_t stamp;
	uint32_t joined_count;
};

/* Begin a member that is in no room. */
void ws_member_init(struct ws_member *member,
    void (*deliver)(struct ws_member *member, void *message));

/* Return the ws_member embedded in a connection, for use in ws_selection. */
struct ws_member *ws_conn_member(struct ws_conn *conn);

/* Return the connection that a member is embedded in, or NULL when it is part
 * of another object. */
struct ws_conn *ws_member_conn(struct ws_member *member);

/* As ws_join, ws_leave, ws_leave_all, ws_in_room for any member. It must have
 * left all rooms before its memory is released. */
int ws_member_join(struct ws_server *server, struct ws_member *member,
    const void *room, size_t len);
bool ws_member_leave(struct ws_server *server, struct ws_member *member,
    const void *room, size_t len);
void ws_member_leave_all(struct ws_server *server, struct ws_member *member);
bool ws_member_in_room(struct ws_server *server, const struct ws_member *member,
    const void *room, size_t len);

/* One room name among several. */
struct ws_room_name {
	const void *at; /* borrowed */
	size_t len;     /* not WS_STR */
};

/* The receivers of a publish: the members of all rooms in to, once each, minus
 * the members of all rooms in except, minus one member. A room that does not
 * exist has no members; naming a room twice changes nothing. */
struct ws_selection {
	const struct ws_room_name *to; /* borrowed */
	size_t to_count;
	const struct ws_room_name *except; /* borrowed */
	size_t except_count;
	struct ws_member *without; /* NULL: none */
};

/* Publish a prepared message to a selection of rooms.
 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
 * Returns how many members it was handed to, or WS_ESTATE inside a delivery. */
long ws_publish_to(struct ws_server *server,
    const struct ws_selection *selection, struct ws_prepared *message,
    int flags);

/* Call visit for each member of a room; returning false ends the walk. visit
 * may do what any callback may, except publish.
 * Returns how many were visited, or WS_ESTATE inside a delivery. */
long ws_room_walk(struct ws_server *server, const char *room, size_t len,
    bool (*visit)(struct ws_member *member, void *arg), void *arg);

/* Call visit for each room of the server, those of its protocols (Socket.IO)
 * included, in no order; returning false ends the walk. visit must not make any
 * member join or leave. */
void ws_room_names(struct ws_server *server,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg);

/* Call visit for each room of a member; visit must not join or leave. */
void ws_member_walk(const struct ws_member *member,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg);

/* ---- HTTP endpoints ---------------------------------------------------- */

/* Answer HTTP requests at a path.
 *   path     as for ws_endpoint
 *   methods  "GET", "GET, POST" and so on, of GET, HEAD, OPTIONS, POST, PUT,
 *            PATCH and DELETE; others get 405. GET includes HEAD, whose body is
 *            left out by the library. NULL: all methods
 *   handler  called when the request with its body is complete; must call
 *            ws_reply or ws_hold
 *   user     borrowed; what ws_request_user returns
 * Returns 0, WS_EINVAL, WS_EEXIST or WS_ENOMEM. */
int ws_http(struct ws_server *server, const char *path, const char *methods,
    void (*handler)(struct ws_request *request), void *user);

/* Configure how request bodies are handled at an existing endpoint of ws_http.
 *   max_body  octets of a request body, 0 for the server's. Larger: 413
 *   early     called when the head of a request that has a body is complete,
 *             before any of the body is read. May call ws_reply_field: the
 *             fields stay for every answer, the library's own 413 included;
 *             or ws_reply, and the body is not read. A request that it lets
 *             pass may be answered at any time, without the rest of its body;
 *             the connection ends after that. NULL for nothing
 *   broken    called once in place of the handler, for a request that was not
 *             answered and whose handler will never be called: the library is
 *             about to refuse it with this status (413: its body is too large;
 *             408: it came too slowly; 400: it is malformed), unless broken
 *             calls ws_reply. The status 0 means that the peer has left, or
 *             that there is no memory for the body. The request is invalid
 *             when broken returns. NULL for nothing
 * Returns 0, or WS_EINVAL when there is no such endpoint. */
int ws_http_body(struct ws_server *server, const char *path, size_t max_body,
    void (*early)(struct ws_request *request),
    void (*broken)(struct ws_request *request, int status));

/* Options of static files. Zero is the default of each member. */
struct ws_files_options {
	const char *cache; /* Cache-Control, 1000 octets at most; "no-cache" */
	bool spa;  /* answer a navigation to an unknown path with /index.html,
	              for single-page applications (Sec-Fetch-Mode, or Accept
	              with text/html first; without both, paths that have no
	              dot in their last segment) */
	bool list; /* list directories that have no index.html */
	/* Types of extensions, "EXT=TYPE", in addition to those that are built
	 * in or in their place. This array and the next are ended by NULL;
	 * they and their texts are copied. NULL: none. */
	const char *const *types;
	/* Fields for all answers, "Name: value", or for those whose path
	 * matches a pattern, "/path: Name: value", in which '*' stands for any
	 * octets. Fields that say what was sent (Content-Type,
	 * ETag, Cache-Control ...) are not allowed. 8000 octets in all. */
	const char *const *headers;
	/* Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy, which
	 * pages with threads in WebAssembly need. */
	bool cross_origin_isolated;
	/* Called before each answer. May call ws_reply_field (a cookie, a
	 * policy for this page); or answer with ws_reply, or ws_hold, and the
	 * file is not sent. NULL: nothing. Files only, not ws_reply_asset. */
	void (*before)(struct ws_request *request);
};

/* Serve the files of a directory, for paths that have no other endpoint.
 *   path       as for ws_endpoint; with a '/' at its end
 *   directory  the name of the document root; within a second, another directory
 *              that gets this name is served instead; while there is none, the
 *              answer is 503. Nothing outside is ever served, whatever the links
 *              in it say
 *   options    NULL for the defaults; copied
 * Returns 0, WS_EINVAL (a type or a header that is not allowed is logged),
 * WS_EEXIST, WS_ENOMEM or WS_ESYSTEM. */
int ws_files(struct ws_server *server, const char *path, const char *directory,
    const struct ws_files_options *options);

/* One file that is part of the program. */
struct ws_asset {
	const char *path; /* "/index.html": absolute, decoded */
	const unsigned char *data;
	size_t len;
	const char *etag; /* a strong entity-tag, quotes included, at most 34
	                     octets */
	size_t plain_len; /* not 0: data is a gzip file (RFC 1952), and its
	                     content has this many octets. Clients that accept
	                     gzip get data as it is, others the content */
};

/* Serve files that are part of the program, as ws_files does.
 *   assets   borrowed for as long as the server lives; sorted by path
 *   count    how many there are
 *   options  NULL for the defaults; copied
 * Returns 0, WS_EINVAL, WS_EEXIST or WS_ENOMEM. */
int ws_assets(struct ws_server *server, const char *path,
    const struct ws_asset *assets, size_t count,
    const struct ws_files_options *options);

/* Return a part of a request: a C string that lives until the request is
 * answered. The path is that of the request below the base path, still
 * percent-encoded and without the query. The query is "" when there is none. */
const char *ws_request_method(const struct ws_request *request);
const char *ws_request_path(const struct ws_request *request);
const char *ws_request_query(const struct ws_request *request);

/* Return the first value of a field, or NULL. The case of the name does not
 * matter. */
const char *
ws_request_field(const struct ws_request *request, const char *name);

/* Call visit for every field in order; returning false ends the walk. */
void ws_request_fields(const struct ws_request *request,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg);

/* Decode a parameter of the query once ('+' is a space).
 *   value, size  receive its first value, terminated; "" on an error, if there
 *                is room for that
 * Returns its length; WS_EABSENT; WS_EMALFORMED when it is not percent-encoded
 * as it must be, or holds a NUL; WS_ETOOLONG when it does not fit; or
 * WS_EINVAL. */
long ws_request_param(const struct ws_request *request, const char *name,
    char *value, size_t size);

/* Call visit for each parameter of the query in order, decoded as by
 * ws_request_param; returning false ends the walk.
 *   arg  borrowed; passed on to visit
 * Returns how many were visited; WS_EMALFORMED when it came to one that is
 * malformed, or WS_ENOMEM. */
long ws_request_params(const struct ws_request *request,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg);

/* Copy the value of a cookie, without the quotes that may stand around it.
 * Servers that put other octets than those of RFC 6265 into a value encode
 * them; ws_percent_decode takes the usual coding off.
 *   name         case matters
 *   value, size  receive the value of the first cookie of that name, terminated;
 *                "" on an error, if there is room for that
 * Returns its length, WS_EABSENT, WS_ETOOLONG or WS_EINVAL. RFC 6265 section
 * 4.2.1. */
long ws_request_cookie(const struct ws_request *request, const char *name,
    char *value, size_t size);

/* Decode percent-encoded text once, such as a part of a path; '+' stays '+'.
 *   out, size  receive the octets, not terminated; some may be NUL
 * Returns how many there are, or -1 when a '%' is not followed by two
 * hexadecimal digits, or when they do not fit; out may have changed then.
 * RFC 3986 section 2.1. */
long ws_percent_decode(const char *encoded, char *out, size_t size);

/* Return the body, NULL when it is empty. It lives until the request is
 * answered. */
const void *ws_request_body(const struct ws_request *request, size_t *len);

/* Write the peer's address, as ws_peer. */
const char *
ws_request_peer(const struct ws_request *request, char text[WS_PEER_MAX]);

/* Find the owner of the peer's address, to count by it as max_per_ip does.
 *   owner  receives an IPv4 address, mapped (RFC 4291 section 2.5.5.2); or the
 *          first 64 bits of an IPv6 address, which one customer has, and zeros
 *          behind them; or, for a unix socket, zeros */
void
ws_request_owner(const struct ws_request *request, unsigned char owner[16]);

/* Return the pointer that ws_http or ws_endpoint was given. */
void *ws_request_user(const struct ws_request *request);

/* A pointer of the application for this one request, NULL until it is set:
 * early can hand something to the handler with it. Borrowed. */
void ws_request_set_state(struct ws_request *request, void *state);
void *ws_request_state(const struct ws_request *request);

/* Return the server that a request came to. */
struct ws_server *ws_request_server(const struct ws_request *request);

/* Add a field to the answer, before ws_reply or ws_accept.
 * Returns 0, WS_EINVAL for a name or value that is not allowed in a field (a
 * line break, say) or for one that the library writes itself (Connection,
 * Content-Length, Date ...), or WS_ENOMEM. */
int
ws_reply_field(struct ws_request *request, const char *name, const char *value);

/* Return whether the page of another site has sent a request, as far as can be
 * told: by Origin, as for WebSockets, or else by Sec-Fetch-Site, or by Referer.
 * A browser sends a form to any site, with the visitor's cookies; so what
 * changes something asks this first. A program that is no browser sends none of
 * these fields, and is not foreign. */
bool ws_request_is_foreign(const struct ws_request *request);

/* Answer a request; also how an upgrade is refused. The body is compressed as
 * compress_min says, unless the application has added one of the fields ETag,
 * Content-Encoding or Content-Range, which describe it uncompressed.
 *   status  200 to 599
 *   type    Content-Type; NULL: text/plain in UTF-8
 * Returns 0; WS_ESTATE when it was answered, WS_EINVAL or WS_ENOMEM.
 * request is invalid after success. */
int ws_reply(struct ws_request *request, int status, const char *type,
    const void *body, size_t len);

/* Do not compress the answer to this request, however long it is. An answer
 * that holds a secret beside text that others can choose must not be compressed
 * where they can see its length: guess by guess they find the secret out (the
 * BREACH attack). */
void ws_reply_plain(struct ws_request *request);

/* Answer a GET or HEAD with a file that is part of the program, as ws_assets
 * does: conditions, ranges and codings are taken care of, as are other methods.
 *   asset    only the type depends on its path; it and its data are borrowed
 *            for as long as the server lives
 *   options  NULL for the defaults; borrowed for the call; only cache is used
 * Returns as ws_reply. */
int ws_reply_asset(struct ws_request *request, const struct ws_asset *asset,
    const struct ws_files_options *options);

/* Answer a GET or HEAD with a file of the system, as ws_files does: conditions,
 * ranges, entity-tags and compression are taken care of, as are other methods
 * and a file that is not there.
 *   file     its name, which decides about the type. It is opened as it is:
 *            build no name of what a client sent, but use ws_files
 *   options  as for ws_reply_asset
 * Returns as ws_reply. */
int ws_reply_file(struct ws_request *request, const char *file,
    const struct ws_files_options *options);

/* Keep a request to answer it later (long polling). Its strings move: pointers
 * that ws_request_path and the like returned before are invalid.
 *   gone  called when the peer leaves before the answer; request is invalid
 *         when it returns. NULL: ws_reply must be called in any case, and does
 *         nothing when the peer has left
 *   arg   borrowed
 * Returns 0, or WS_ESTATE or WS_ENOMEM. */
int ws_hold(struct ws_request *request,
    void (*gone)(struct ws_request *request, void *arg), void *arg);

/* Release the path, the query and the fields of a request on hold, for a server
 * that keeps thousands: ws_request_path and the like return "" or NULL from now
 * on. The answer is the same as without this, coding included. Does nothing for
 * a request that may become a WebSocket, nor at WS_LOG_ACCESS, where the log
 * shows what is to be released. */
void ws_request_forget(struct ws_request *request);

/* ---- streamed answers --------------------------------------------------- */

/*
 * An answer may be written bit by bit, for as long as the peer stays: events
 * for a page (text/event-stream), lines of a log, a download that is made as it
 * goes. HTTP/1.1 gets it in chunks (RFC 9112 section 7.1), so that the
 * connection lives on when it ends; HTTP/1.0 until the end of the connection.
 * Nothing is compressed, and "X-Accel-Buffering: no" keeps nginx from holding
 * it back. queue_soft and queue_max hold as for WebSockets.
 *
 * To have a stream take part in rooms, embed a struct ws_member beside the
 * pointer to it; deliver then writes to it, and gone leaves the rooms.
 */

/* What a stream has in common with its like; borrowed for as long as it
 * lives. */
struct ws_stream_handler {
	/* The queue was above queue_soft and is below half of it again. NULL:
	 * nothing. */
	void (*drain)(struct ws_stream *stream, void *user);
	/* The stream is over, and ws_stream_end was not called: the peer has
	 * left or is too slow, or the server stops (then the answer ends in
	 * good order). stream is invalid when it returns. NULL: nothing */
	void (*gone)(struct ws_stream *stream, void *user);
	const char *keep_alive; /* written each keep_alive_ms, so that nobody
	                           between takes the connection for dead; NULL:
	                           nothing */
	int keep_alive_ms;      /* 15 s */
};

/* Begin an answer.
 *   status   200 to 599, but for 204 and 304
 *   type     Content-Type; NULL: text/plain in UTF-8
 *   handler  borrowed for as long as the stream lives
 *   user     borrowed; passed on to the callbacks
 *   stream   receives it, owned by the library until ws_stream_end or gone; or
 *            NULL where there is no stream
 * Returns 1; 0 when there is nothing to write, because the request was HEAD and
 * is answered now, or the peer has left; or WS_ESTATE, WS_EINVAL, or WS_ENOMEM.
 * request is invalid after success. */
int ws_stream_begin(struct ws_request *request, int status, const char *type,
    const struct ws_stream_handler *handler, void *user,
    struct ws_stream **stream);

/* Write a part of an answer. It is queued whole or not at all.
 *   flags  0 or WS_VOLATILE: leave it out, rather than end the stream, when the
 *          peer has more than queue_soft waiting
 * Returns 0; or WS_ECLOSED, WS_ESKIPPED, WS_ENOMEM, WS_EINVAL; or WS_EFULL: the
 * peer is too slow, and the stream is over. After anything but 0 and
 * WS_ESKIPPED a part is missing, so gone will be called, or ws_stream_end can
 * be. */
int ws_stream_write(
    struct ws_stream *stream, int flags, const void *data, size_t len);

/* End an answer. stream is invalid from now on, and gone is not called. */
void ws_stream_end(struct ws_stream *stream);

/* Return how many octets wait to be sent. */
size_t ws_stream_queued(const struct ws_stream *stream);

/* Encode octets once, for many streams.
 *   data  at least one octet
 * Returns them, owned by the caller, or NULL when out of memory. */
struct ws_block *ws_block_new(const void *data, size_t len);

/* Release octets; streams that they wait for still get them. NULL is
 * allowed. */
void ws_block_free(struct ws_block *block);

/* Write octets that were encoded, as ws_stream_write does. */
int ws_stream_write_block(
    struct ws_stream *stream, int flags, struct ws_block *block);

/* ---- timers, descriptors, work ----------------------------------------- */

/* Start a timer.
 *   delay_ms   until it fires first
 *   repeat_ms  until it fires again, each time; 0: it is released once it has
 *              fired
 *   fire       may stop the timer; arg is borrowed
 * Returns it, owned by the server, or NULL when out of memory. */
struct ws_timer *ws_timer_start(struct ws_server *server, int64_t delay_ms,
    int64_t repeat_ms, void (*fire)(struct ws_timer *timer, void *arg),
    void *arg);

/* Stop and release a timer that has not fired or that repeats. NULL is
 * allowed. */
void ws_timer_stop(struct ws_timer *timer);

/* Fire delay_ms from now, in place of the time that was set before. O(log n).
 * Returns 0 or WS_ENOMEM. */
int ws_timer_again(struct ws_timer *timer, int64_t delay_ms);

enum ws_ready {
	WS_READABLE = 1,
	WS_WRITABLE = 2,
	WS_HANGUP = 4, /* reported, never asked for */
};

/* Watch a descriptor of the application. Level-triggered.
 *   fd      borrowed: ws_unwatch before it is closed
 *   events  WS_READABLE, WS_WRITABLE or both
 *   ready   called with the events that have occurred
 * Returns the watch, owned by the server, or NULL with errno set. EPERM is for
 * a descriptor that the system cannot watch, and logged: a regular file, say,
 * which is always ready and can just be read. */
struct ws_watch *ws_watch(struct ws_server *server, int fd, unsigned events,
    void (*ready)(struct ws_watch *watch, unsigned events, void *arg),
    void *arg);

/* Change the events of a watch. Returns 0 or WS_ESYSTEM. */
int ws_watch_set(struct ws_watch *watch, unsigned events);

/* Stop watching and release the watch. NULL is allowed. */
void ws_unwatch(struct ws_watch *watch);

/* Call a function at the end of this turn of the loop.
 * Returns 0 or WS_ENOMEM. */
int ws_defer(struct ws_server *server, void (*run)(void *arg), void *arg);

/* Count work that the library does not see: parsing a message, say, or walking
 * over a list whose length a peer chose. A connection that is being served, and
 * whose work is more than 0.2 ms (less in a crowd), is read from again in the
 * next turn. What a timer or deferred function does is bounded by itself alone:
 * it has 2 ms each time, and leaves the rest to a timer of 0 ms.
 *   cost  in tenths of a microsecond
 * Returns whether there is time left to go on now. */
bool ws_spend(struct ws_server *server, size_t cost);

/* Call a function when the server is released, before anything of it is. What
 * was added last is called first. For what belongs to a server and uses it.
 * Returns 0 or WS_ENOMEM. */
int ws_at_free(struct ws_server *server, void (*run)(void *arg), void *arg);

/* Call a function when the server is told to stop for the first time, while all
 * connections are open. What was added last is called first. To say goodbye.
 * Returns 0 or WS_ENOMEM. */
int ws_at_stop(struct ws_server *server, void (*run)(void *arg), void *arg);

/* Take back a call of ws_at_free or ws_at_stop: run and arg are no longer
 * needed. Nothing happens if there was none. */
void
ws_at_free_cancel(struct ws_server *server, void (*run)(void *arg), void *arg);

/* ---- memory ------------------------------------------------------------ */

/*
 * Everything that a server holds for its peers is counted against one total,
 * options.memory: connections, requests and their bodies, messages that are
 * incomplete, queues, windows of compression, compressed files, rooms, and what
 * the application adds with ws_memory_hold. Not counted are its fixed buffers
 * (a quarter of a MiB) and the buffers of the system.
 *
 * Above 80 %, caches are released, new connections get 503 with Retry-After,
 * and ws_session_begin refuses. Above 100 %, those that hold most of what is
 * incomplete or unread are ended, a WebSocket with 1013 and a request with 503,
 * until 95 % is left. A peer that holds less than 4 KiB is never ended. One
 * turn of the loop can exceed the total by 20 MiB.
 */

/* Count memory that the application holds for its peers.
 *   octets  negative for what it has released, which it has counted before */
void ws_memory_hold(struct ws_server *server, long octets);

/* Return whether memory is short, so that nothing new should begin. */
bool ws_memory_is_short(const struct ws_server *server);

/* Return whether holders must still be ended; for ws_memory_relief. */
bool ws_memory_is_full(const struct ws_server *server);

/* Have a function called when memory is full, for holders that are no
 * connections.
 *   relieve  ends those holders that hold least octets or more of what is
 *            incomplete or unread, as long as ws_memory_is_full. Returns the
 *            most octets that one of the others holds. least may be SIZE_MAX:
 *            then it only looks. May be called several times in a turn
 *   arg      borrowed
 * Returns 0 or WS_ENOMEM. */
int ws_memory_relief(struct ws_server *server,
    size_t (*relieve)(void *arg, size_t least), void *arg);

/* Take back a call of ws_memory_relief. Nothing happens if there was none. */
void ws_memory_relief_cancel(struct ws_server *server,
    size_t (*relieve)(void *arg, size_t least), void *arg);

/* Count a session: a client that outlives its connections, as those of long
 * polling do. There may be max_clients sessions, and max_per_ip of an address,
 * beside as many connections.
 *   owner  as ws_request_owner returns it
 * Returns 0, or the status to refuse it with: 503 or 429. */
int ws_session_begin(struct ws_server *server, const unsigned char owner[16]);

/* Count a session that has ended, and was counted with this owner. */
void ws_session_end(struct ws_server *server, const unsigned char owner[16]);

/* ---- allocation and randomness ----------------------------------------- */

/* Allocate, grow or shrink a block. The library asks for memory nowhere else; a
 * program may define this pair itself to replace the library's.
 *   block  NULL for a new one
 *   size   at least 1
 * As realloc(3). Returns NULL when out of memory; the old block is then
 * untouched. */
void *ws_mem_resize(void *block, size_t size);

/* Release a block. NULL is allowed. */
void ws_mem_free(void *block);

/* Fill memory with octets that nobody can guess, from the system's generator.
 * Returns 0 or WS_ESYSTEM. */
int ws_random(void *out, size_t len);

#ifdef __cplusplus
}
#endif

#endif
