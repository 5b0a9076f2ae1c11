/* fairness.h - what the files of the fairness bench share. */
/* SPDX-License-Identifier: MIT */
/*
 * fairness.c has the table of attacks and measures what they do to a client
 * that behaves well. The attacks are in one file for each protocol:
 *
 *	fairness.c ──▶ fairness_http.c   requests, files, connections
 *	           ──▶ fairness_ws.c     WebSocket (RFC 6455, RFC 7692)
 *	           ──▶ fairness_sio.c    Socket.IO over that and over polling
 *	                  └──▶ fairness_net.c   sockets, floods, crowds
 *
 * An attack runs in a process of its own, and so does each crowd of clients
 * that it needs. They share one page with the process that measures: struct
 * tally.
 */
#ifndef FAIRNESS_H
#define FAIRNESS_H

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the processes of a run tell each other. */
struct tally {
	_Atomic uint64_t sent;     /* octets, by the attackers */
	_Atomic uint64_t received; /* octets, by attackers and crowd */
	_Atomic unsigned members;  /* clients that stand by: the crowd */
	_Atomic unsigned lost;     /* of which the server has ended */
	_Atomic unsigned refused;  /* connections of attackers that it ended */
	_Atomic bool prepared;     /* the attack can begin */
	_Atomic bool begun;        /* it has been told to */
	_Atomic bool failed;       /* it cannot run; stderr says why */
};

/* The tally of this run, shared by all its processes. */
extern struct tally *tally;

/* Where the server listens, on 127.0.0.1. */
extern in_port_t server_port;

/* Octets that grow; all zero is none of them. */
struct octets {
	uint8_t *data; /* owned */
	size_t len;
	size_t room;
};

/* ---- fairness_net.c ------------------------------------------------------ */

/* Say what is wrong, and end the process with status 1. */
void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Sleep; milliseconds. */
void rest(unsigned ms);

/* Append octets, or printed text. */
void add(struct octets *to, const void *data, size_t len);
void print(struct octets *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Connect to the server, from an address that depends on n, so that there are
 * ports enough: one in 127.0.1.0/24 for each 10,000. Returns a blocking
 * socket. */
int dial(unsigned n);

/* Send all of it, or fail. Counts as sent. */
void say(int fd, const void *data, size_t len);

/* Receive until text has come; what came before and behind it is kept in
 * reply, as a string of less than size octets. Fails if the server ends the
 * connection or is silent for long. */
void hear(int fd, const char *text, char *reply, size_t size);

/* Start a child process that ends when this one does. Returns 0 in it. */
pid_t spawn(void);

/* Say that all is prepared, and wait for the begin. */
void begin(void);

/* Connections that say the same over and over, as fast as the server takes it,
 * and read what it answers. */
struct flood {
	unsigned connections;
	const struct octets *opening; /* said once; NULL for nothing */
	const char *opened;           /* what the answer to it ends in */
	const struct octets *data;    /* said over and over */
	bool again; /* a connection that ends is followed by another */
};

/* Open the connections, call begin(), and go on until killed. */
void flood(const struct flood *f) __attribute__((noreturn));

/* Clients that stand by and read what they get. */
struct crowd {
	unsigned members;
	/* How member fd, the nth, gets to where it stands. */
	void (*join)(int fd, unsigned n, const void *arg);
	const void *arg;
	/* What it says for each answer that it gets, NULL for nothing. */
	const struct octets *(*next)(unsigned n);
};

/* Start a process that holds a crowd. Returns when it is complete. */
pid_t gather(const struct crowd *crowd);

/* As many members as wished, or as descriptors allow. */
unsigned members_max(unsigned wished);

/* ---- fairness_ws.c ------------------------------------------------------- */

enum opcode {
	TEXT = 0x1,
	BINARY = 0x2,
	PING = 0x9
};

/* Append a masked frame. RFC 6455 section 5.2. */
void
add_frame(struct octets *to, enum opcode opcode, const void *data, size_t len);

/* Append the request for a WebSocket. Its answer ends in WS_OPENED.
 *   fields  more of them, each with its line end */
void add_upgrade(struct octets *to, const char *path, const char *fields);

#define WS_OPENED "\r\n\r\n"

/* A crowd of members of what path is the address of. */
pid_t gather_members(const char *path, unsigned members);

/* ---- the attacks --------------------------------------------------------- */

/* Each prepares, calls begin(), and goes on until it is killed. */

/* fairness_http.c */
void attack_head_gzip(void);
void attack_get_gzip(void);
void attack_listing(void);
void attack_ranges(void);
void attack_pipeline(void);
void attack_downloads(void);
void attack_lists(void);
void attack_slow_heads(void);
void attack_connects(void);
void attack_idle_due(void);
void attack_bad(void);

/* fairness_ws.c */
void attack_room_1000(void);
void attack_room_5000(void);
void attack_room_15000(void);
void attack_tiny(void);
void attack_tiny_500(void);
void attack_pings(void);
void attack_fragments(void);
void attack_bombs(void);
void attack_deflate_echo(void);
void attack_storm(void);
void attack_drop(void);
void attack_halves(void);
void attack_small_halves(void);
void attack_pings_due(void);

/* fairness_sio.c */
void attack_sio_joins(void);
void attack_sio_events(void);
void attack_sio_namespaces(void);
void attack_sio_drop(void);
void attack_json_deep(void);
void attack_json_keys(void);
void attack_json_numbers(void);
void attack_json_escapes(void);
void attack_json_surrogates(void);
void attack_json_ints(void);
void attack_polls(void);
void attack_polls_flood(void);
void attack_chunks(void);

#endif
