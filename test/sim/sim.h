/* sim.h - a world for the server: network, clock, memory, all of it made up. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_SIM_H
#define TEST_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * sim.c takes the place of net.h, of the readiness backend and of mem.c, so a
 * program linked with it runs the whole server in virtual time and touches no
 * socket. Everything that happens is drawn from one sequence of numbers: the
 * same seed gives the same run, to the octet.
 *
 *	sim_peers.c   the clients: when they do what, and that they get what
 *	              they should
 *	sim_say.c     the messages and requests that clients send
 *	sim_pmd.c     what clients need to compress messages
 *	sim_play.c    the application, one schedule from start to end, and what
 *	              must hold at its end
 *	sim.c         the world in between
 */

/* ---- chance ------------------------------------------------------------ */

/* Begin a sequence.
 *   input, len  drawn from first, before the numbers that seed makes; borrowed
 */
void sim_seed(uint64_t seed, const uint8_t *input, size_t len);

/* A number from 0 to n - 1. */
uint32_t sim_below(uint32_t n);

/* True this many times in a thousand. */
bool sim_chance(uint32_t per_mille);

/* A number that depends on nothing but the seed and these. */
uint64_t sim_hash(uint64_t a, uint64_t b);

/* ---- what must hold ---------------------------------------------------- */

/* Complain with the seed, and abort, unless something holds. */
void sim_check(bool holds, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* Print a line about what happens when WSD_SIM_TRACE is set. */
void sim_trace(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* ---- the world --------------------------------------------------------- */

/* The faults of the world. Frequencies are per mille. */
struct sim_weather {
	uint32_t partial;  /* reads and writes that move less than they could */
	uint32_t again;    /* calls that find nothing though there is some */
	uint32_t spurious; /* turns with an event that is not true */
	uint32_t stale;    /* turns with an event from an earlier turn */
	uint32_t refuse;   /* attempts to watch that the system refuses */
	uint32_t delay_max_ms;
	size_t socket_octets; /* a socket's buffer, each way, at most */
	unsigned descriptors; /* that the process may have */
	unsigned batch;       /* events in one turn, at most */
	uint32_t scarcity;    /* allocations that fail */
	size_t scarce_nth;    /* and this one; 0: none */
	/* Called with the time of the world; does what the clients do then and
	 * returns when it wants to be called next, or INT64_MAX. */
	int64_t (*act)(int64_t now_ms);
};

/* Begin a world. The weather may be changed at any time. */
struct sim_weather *sim_begin(void);

/* The weather of the world. */
struct sim_weather *sim_weather(void);

/* End it: nothing may be left of the server. */
void sim_end(void);

int64_t sim_now(void);

/* Let time pass in one leap, as when a machine sleeps. */
void sim_leap(int64_t ms);

/* Count what the server has now. */
size_t sim_blocks(void);
size_t sim_octets(void);
unsigned sim_descriptors(void);

/* Count the allocations since sim_begin, and those that failed. */
size_t sim_allocations(void);
size_t sim_shortages(void);

/* ---- connections, as a client sees them -------------------------------- */

struct sim_wire;

/* Return how long what was sent may stay without acknowledgement, as the
 * server has asked of the system; 0: as long as the system likes. */
unsigned sim_user_timeout(void);

/* Connect from an address; 0 is a unix socket, which has none. NULL when nobody
 * listens. */
struct sim_wire *sim_connect(uint32_t ipv4, uint16_t port);

/* Send and receive what is possible now. Return how many octets. */
size_t sim_write(struct sim_wire *wire, const void *data, size_t len);
size_t sim_read(struct sim_wire *wire, void *data, size_t size);

enum sim_end {
	SIM_OPEN,
	SIM_ENDED, /* the server has ended its direction; all was read */
	SIM_RESET,
};
enum sim_end sim_state(const struct sim_wire *wire);

/* When something happened that the client should look at; INT64_MAX: nothing
 * since the last sim_read. */
int64_t sim_wake(const struct sim_wire *wire);

void sim_shutdown(struct sim_wire *wire); /* end our direction */
void sim_reset(struct sim_wire *wire);    /* end both, rudely */
void sim_vanish(struct sim_wire *wire);   /* nothing arrives any more */

/* When the server's system took octets for this client last. */
int64_t sim_taken(const struct sim_wire *wire);

/* Let calls of the server find a reset, this many times in 10,000. */
void sim_fragile(struct sim_wire *wire, uint32_t per_myriad);

/* Return whether the world has reset it. */
bool sim_broke(const struct sim_wire *wire);

/* Close our end, if it is not, and forget the connection. */
void sim_drop(struct sim_wire *wire);

/* ---- clients: sim_peers.c ---------------------------------------------- */

enum {
	SIM_PEERS = 24,
	SIM_ROOMS = 3,
	SIM_MESSAGE_MAX = 70000, /* octets of a message, at most */
	SIM_PORT = 1000,         /* of client 0 */
	SIM_BIG = 60000,         /* octets of the large files */
	SIM_LIMIT = 100000,      /* octets of a message, for the server */
};

enum sim_kind {
	SIM_ECHO,
	SIM_ROOM,
	SIM_HTTP,
	SIM_JUNK,
};

enum sim_leave {
	SIM_STAY,      /* until the server ends it */
	SIM_CLOSE,     /* with a Close frame */
	SIM_HALF,      /* by ending its direction */
	SIM_ABORT,     /* with a reset */
	SIM_DISAPPEAR, /* without a word */
};

enum sim_state {
	SIM_WAITING,   /* to connect */
	SIM_SHAKING,   /* the request is on its way */
	SIM_TALKING,   /* open */
	SIM_CLOSING,   /* our Close frame went first */
	SIM_FINISHING, /* nothing more to expect but the end */
	SIM_GONE,
};

/* One message that a client is to get. */
struct sim_due {
	unsigned sender;
	uint32_t seq;
	bool may_miss;
};

struct sim_peer {
	unsigned id;
	enum sim_kind kind;
	enum sim_leave leave;
	enum sim_state state;
	unsigned room;
	uint32_t plan;      /* messages or requests that it will send */
	uint32_t composed;  /* of them, so far */
	uint32_t heard;     /* of them, how many the application has got */
	uint32_t answered;  /* HTTP: responses that came */
	uint32_t eagerness; /* octets read at once */
	uint32_t chunk;     /* octets written at once, at most */
	uint32_t pace_ms;   /* between two things that it does */
	bool reads;         /* at all */
	bool slow;          /* so slow that the server may give it up */
	bool rude;          /* does not answer a Close frame */
	bool mute;          /* does not answer a Ping */
	bool corrupt;       /* sends an octet that is wrong */
	bool spoiled;       /* nothing but strict frames is to be expected */
	bool holds;         /* HTTP: has asked for a held answer */
	bool closed;        /* a Close frame came */
	bool announced;     /* SIM_CLOSE etc. was done */
	bool refused;
	uint16_t offence;   /* the code that it is to be closed with, or 0 */
	bool opened, ended; /* the application's callbacks */
	int64_t next_ms;
	int64_t vanished_ms;
	unsigned tries;
	struct sim_wire *wire;
	struct sim_pmd *pmd; /* owned; NULL: it has not offered to compress */
	uint8_t *out;        /* owned: not yet written */
	size_t out_at, out_len, out_room;
	uint8_t *in; /* owned: not yet understood */
	size_t in_len, in_room;
	struct sim_due *due; /* owned: messages on their way to it */
	size_t due_at, due_len, due_room;
	size_t due_octets, due_peak; /* of all that is due, now and ever */
	uint32_t pings, pongs;
	bool last; /* HTTP: the server announced the end */
};

/* Rules that all clients know. */
struct sim_rules {
	size_t message_max; /* octets of a message that a client sends */
	size_t queue_max;   /* octets that make a peer slow */
	bool scarce;        /* memory may be out */
	bool crowded;       /* not all who come are taken */
	bool deflates;      /* the server compresses, if that is offered */
	bool storm;         /* most clients talk much in one room */
	bool stopping;      /* the server is being stopped */
};
extern struct sim_rules sim_rules;

/* Begin and end a client. */
void sim_peer_init(struct sim_peer *peer, unsigned id);
void sim_peer_fini(struct sim_peer *peer);

/* Let it do what it does at this time. Returns when to call it next. */
int64_t sim_peer_act(struct sim_peer *peer, int64_t now_ms);

/* A message is on its way to a client. */
void sim_peer_expect(
    struct sim_peer *peer, unsigned sender, uint32_t seq, bool may_miss);

/* Nothing is expected to be complete any more. */
void sim_peer_spoil(struct sim_peer *peer, const char *why);

/* Return whether the server may have misread what the client sent. */
bool sim_peer_is_wrong(const struct sim_peer *peer);

/* Return whether a client has got and done all, and only waits. */
bool sim_peer_content(const struct sim_peer *peer);

/* ---- what clients send: sim_say.c -------------------------------------- */

/* RFC 6455 section 1.3: the key of every handshake. */
#define SIM_KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* RFC 6455 section 5.2. */
enum {
	SIM_RSV1 = 0x40,
	SIM_OP_CLOSE = 8,
	SIM_OP_PING = 9,
	SIM_OP_PONG = 10,
};

/* The message that a client sends as its nth.
 *   out  room for SIM_MESSAGE_MAX octets
 * Returns its length. */
size_t sim_message(unsigned sender, uint32_t seq, uint8_t *out, int *kind);

/* Read sender and number from a message. Returns whether it is one. */
bool
sim_message_name(const void *data, size_t len, unsigned *sender, uint32_t *seq);

/* The body of the answer to a client's nth request. */
size_t sim_body(unsigned sender, uint32_t seq, uint8_t *out);

/* Compose what a client sends, and append it to out. */

/* A handshake, which perhaps offers compression. */
void sim_put_handshake(struct sim_peer *peer);

/* A masked frame.
 *   first  its first octet: FIN, RSV and opcode */
void sim_put_frame(
    struct sim_peer *peer, int first, const uint8_t *data, size_t len);

/* The next message, whole or in pieces, with pings between. */
void sim_put_message(struct sim_peer *peer);

/* A Ping with the next number; a Close frame. */
void sim_put_ping(struct sim_peer *peer);
void sim_put_close(struct sim_peer *peer, unsigned code);

/* A frame that a server must refuse. The code to close with becomes the
 * client's offence. */
void sim_put_offence(struct sim_peer *peer);

/* Octets that mean nothing. */
void sim_put_junk(struct sim_peer *peer);

/* Kinds of requests. */
enum sim_request {
	SIM_GET,
	SIM_HEAD,
	SIM_POST,
	SIM_CHUNKED,
	SIM_HELD,
	SIM_NOTHING,
	SIM_ASSET,
	SIM_FILE_SENT,
};

/* The kind of a client's nth request. */
enum sim_request sim_request_of(const struct sim_peer *peer, uint32_t seq);

/* The next request. */
void sim_put_request(struct sim_peer *peer);

/* ---- compressed messages: sim_pmd.c (RFC 7692) ------------------------- */

/* An offer to compress, drawn by chance, and what comes of it. */
struct sim_pmd *sim_pmd_new(void);
void sim_pmd_free(struct sim_pmd *pmd); /* NULL is allowed */

/* The value of Sec-WebSocket-Extensions to send. */
const char *sim_pmd_offer(const struct sim_pmd *pmd);

/* The value that the server answers with, up to the end of its line. */
void sim_pmd_agree(struct sim_pmd *pmd, const char *line);

/* Return whether compression was agreed on; pmd may be NULL. */
bool sim_pmd_agreed(const struct sim_pmd *pmd);

/* Compress or inflate a message, which must be possible.
 *   len  of the message; receives that of the result
 * Returns the result, until the next call. */
const uint8_t *
sim_pmd_deflate(struct sim_pmd *pmd, const uint8_t *in, size_t *len);
const uint8_t *
sim_pmd_inflate(struct sim_pmd *pmd, const uint8_t *in, size_t *len);

/* ---- one schedule: sim_play.c ------------------------------------------ */

enum sim_mode {
	SIM_FAIR,   /* memory never runs out */
	SIM_SCARCE, /* allocations fail at random */
	SIM_NTH,    /* the nth allocation fails, and no other */
};

/* Play a schedule.
 *   nth  SIM_NTH: which allocation fails
 * Returns how many allocations were asked for. */
size_t sim_play(uint64_t seed, enum sim_mode mode, size_t nth,
    const uint8_t *input, size_t len);

/* Counts of all schedules together, which show a test that each case has
 * happened. */
struct sim_seen {
	unsigned long schedules, turns, opened, messages, delivered, echoed,
	    responses, held, broken, pongs, resets, vanished, slow, refused,
	    exhausted, shortages, stale, leaps, stopped, content, deflated,
	    inflated, offences;
};
extern struct sim_seen sim_seen;

#endif
