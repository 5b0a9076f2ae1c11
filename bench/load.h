/* load.h - what the files of the load generator share. */
/* SPDX-License-Identifier: MIT */
/*
 * load.c has the loop and dispatches its events. Each kind of client has a file
 * that speaks its protocol. The arrows point to the files that a file calls:
 *
 *	load.c ──▶ load_options.c  the command line, which chooses a protocol:
 *	               ──▶ load_ws.c       WebSocket    ──▶ load_deflate.c
 *	               ──▶ load_http.c     HTTP
 *	               ──▶ load_sio.c      Socket.IO    ──▶ load_ws.c
 *	               ──▶ load_polling.c  and by HTTP  ──▶ load_sio.c, load_http.c
 *	       ──▶ load_cost.c     what the server spends
 *	all    ──▶ load_run.c      connections, messages, replies
 *	               ──▶ load_latency.c
 *
 * A lower file calls a higher one through struct protocol only.
 */
#ifndef LOAD_H
#define LOAD_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	INPUT_MAX = 1 << 18, /* octets of one read */
	STALL_MS = 20000,    /* without an event the run has failed */
};

enum mode {
	ECHO,
	FANOUT,
	STORM,
	IDLE
};

enum state {
	CONNECTING, /* the system connects it */
	UPGRADING,  /* it asked for a WebSocket, or for a session */
	JOINING,    /* it asked for a Socket.IO namespace */
	OPEN,
	CLOSING
};

struct polling;

/* One connection. */
struct client {
	int fd;
	enum state state;
	bool watching_write;
	bool helper;       /* a second socket: no messages of its own */
	bool fin;          /* the frame at hand ends its message */
	bool inside;       /* a message has begun and not ended */
	uint64_t queued;   /* messages handed to the stream */
	uint64_t written;  /* octets of the stream the system has taken */
	uint64_t received; /* messages that came whole */
	uint64_t left;     /* octets of payload to come in this frame */
	size_t offset;     /* octets of this message seen before */
	uint64_t began_ns; /* when the connection was begun */
	uint64_t *sent_ns; /* owned: when each message in flight was sent */
	uint8_t *rest;     /* owned: a part of a head, NULL mostly */
	size_t rest_len;
	struct polling *polling; /* borrowed: its session, if it polls */
};

/* How a kind of client speaks. */
struct protocol {
	const char *name;

	/* Make all messages and replies, before the start. */
	void (*prepare)(void);

	/* The system has connected c: send the first octets. */
	void (*connected)(struct client *c);

	/* Take octets that arrived. Returns how many were used; the others
	 * are passed again, with those that follow. */
	size_t (*take)(struct client *c, const uint8_t *in, size_t len);

	/* Send what is queued, as much as the system takes. */
	void (*flush)(struct client *c);

	/* Make the server end the connection. */
	void (*leave)(struct client *c);

	/* The server has ended the connection. Returns false if this is
	 * wrong. NULL if it is wrong but after leave. */
	bool (*ended)(struct client *c);

	/* Socket.IO only, else NULL: take a packet of Engine.IO, and send
	 * one. */
	void (*packet)(struct client *c, const char *packet, size_t len);
	void (*send_packet)(struct client *c, const char *packet);

	/* A fanout goes to all but its sender: a Socket.IO server passes an
	 * event on to the others, a room of WebSockets is asked to pass it
	 * back as well. */
	bool sender_left_out;
};

extern const struct protocol protocol_ws;
extern const struct protocol protocol_http;
extern const struct protocol protocol_sio;
extern const struct protocol protocol_polling;

/* The options of the command line. */
struct options {
	enum mode mode;
	const struct protocol *protocol;
	unsigned connections;
	unsigned depth;
	size_t size;
	bool binary;
	bool deflate; /* offer permessage-deflate, which must be agreed on */
	const char *path;
	const char *namespace;
	in_port_t port;
	uint64_t count; /* messages to send in all; 0: by time */
	double seconds;
	double warm_seconds;
	pid_t server; /* 0: unknown */
};

extern struct options opt;

/* The state of the run. */
struct run {
	int epoll;
	struct client *clients;
	unsigned opened;  /* connections begun */
	unsigned opening; /* of which are on their way */
	unsigned open;
	unsigned receivers; /* of each message */
	bool started;
	bool measuring;
	bool draining;
	uint64_t now_ns;
	uint64_t sent;     /* messages, or a storm's connections, in all */
	uint64_t replies;  /* in all; figures are for each of them */
	uint64_t finished; /* fanout: messages that all have received */
	unsigned *arrived; /* fanout: receivers of each message in flight */
	uint8_t input[INPUT_MAX];

	/* The ring of messages, and the reply that must come to each. */
	uint64_t ring;      /* different messages */
	uint8_t *messages;  /* owned: the ring, and depth messages more */
	size_t message_len; /* of each, as it is on the wire */
	uint8_t *replies_expected; /* owned: of the ring only */
	size_t reply_len;          /* of each */
};

extern struct run run;

/* ---- load_options.c ------------------------------------------------------ */

/* Fill opt, or print the usage and end. */
void read_options(int argc, char **argv);

/* ---- load_run.c ---------------------------------------------------------- */

/* Print an error, and end with status 1. */
void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Allocate zeroed memory, or fail. */
void *grab(size_t count, size_t size);

/* Nanoseconds of a clock. */
uint64_t clock_ns(clockid_t clock);

/* Open a socket for c, and watch it; protocol->connected is called. */
void open_socket(struct client *c);

/* Begin to open connections, as many as are missing and may open at once. */
void begin_more(void);

/* Watch for input, and for room to write if writing. */
void watch(struct client *c, bool writing);

/* Send all octets at once, or fail: for a few, sent when nothing
 * else is on its way. */
void say(struct client *c, const void *data, size_t len);

/* Send queued messages of the ring, as much as the system takes. */
void flush_stream(struct client *c);

/* The connection is ready for messages; a storm's leaves at once. */
void ready(struct client *c);

/* A storm's connection has come to its end, and c begins the next one. */
void finish(struct client *c);

/* Compare the next octets of a reply with the ring.
 *   len  at most as many as the reply still lacks */
void expect(struct client *c, const uint8_t *in, size_t len);

/* A reply came whole. */
void reply_done(struct client *c);

/* Whether more messages, or a storm's connections, are to be begun. */
bool wants_more(void);

/* Make the ring. write is to make message n and the reply to it, and returns
 * the message's length, at most message_max and the same for all. */
void make_ring(size_t message_max, size_t reply_len,
    size_t (*write)(uint64_t n, uint8_t *message, uint8_t *reply));

/* Payload n, opt.size octets, the same in each run. */
void fill_payload(uint8_t *out, uint64_t n);

/* ---- load_ws.c ----------------------------------------------------------- */

enum opcode {
	CONTINUATION = 0x0,
	TEXT = 0x1,
	BINARY = 0x2,
	CLOSE = 0x8,
	PING = 0x9,
	PONG = 0xA
};

enum {
	FRAME_HEAD_MAX = 14
};

/* Write a whole masked frame. Returns its length. RFC 6455 section 5.2. */
size_t ws_write(uint8_t *out, enum opcode opcode, const uint8_t *data,
    size_t len, uint32_t key);

/* Send something small outside the stream, unless a message is half sent. */
void ws_say(struct client *c, enum opcode opcode, const void *data, size_t len);

/* The functions that Socket.IO shares with plain WebSocket. */
void ws_make_handshake(const char *path);
void ws_connected(struct client *c);
size_t ws_take(struct client *c, const uint8_t *in, size_t len);
void ws_leave(struct client *c);

/* ---- load_deflate.c ------------------------------------------------------ */

/* Make message n, opt.size octets of JSON, and compress it.
 *   deflated, room  where to; the result is as long for each n
 *   reply         receives the message
 * Returns the octets of the result. RFC 7692 section 7.2.1. */
size_t
deflate_message(uint64_t n, uint8_t *deflated, size_t room, uint8_t *reply);

/* Inflate one, of opt.size octets at most and one too many.
 *   len  of the payload; receives that of the message
 * Returns it, until the next call. */
const uint8_t *inflate_message(const uint8_t *in, size_t *len);

/* ---- load_http.c --------------------------------------------------------- */

/* The value of a field in a head that ends in an empty line, or NULL. */
const char *find_field(const char *head, const char *name);

/* Copy a head, up to and with its empty line. Returns its length, 0 when it is
 * not there yet. */
size_t copy_head(char *head, size_t size, const uint8_t *in, size_t len);

/* The head of a response, which must be 200 and say its Content-Length.
 * Returns its length, 0 when it is not there yet. */
size_t take_head(const uint8_t *in, size_t len, size_t *body);

/* ---- load_sio.c ---------------------------------------------------------- */

/* A whole Engine.IO packet came. */
void sio_take_packet(struct client *c, const char *packet, size_t len);

/* Make the ring of events; behind each stands the separator, of some length. */
void sio_make_ring(const char *separator);

/* ---- load_latency.c ------------------------------------------------------ */

/* Count one latency. */
void record(uint64_t ns);

/* The latency in microseconds that a share of all stayed below; the longest
 * for 1. */
double percentile(double share);

/* ---- load_cost.c --------------------------------------------------------- */

/* Counters at one moment. */
struct snapshot {
	uint64_t wall_ns;
	uint64_t replies;
	uint64_t load_ns;
	uint64_t server_ns;
	uint64_t server_user;   /* ticks */
	uint64_t server_system; /* ticks */
	uint64_t server_rss;    /* octets */
};

struct snapshot take_snapshot(void);

/* All figures of the time between two snapshots, as one line. */
void print_figures(const struct snapshot *a, const struct snapshot *b);

#endif
