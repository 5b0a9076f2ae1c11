/* live.h - a real server for tests, in this process or in another. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_LIVE_H
#define TEST_LIVE_H

#include <sys/types.h>

#include "ws.h"

struct live {
	struct ws_server *server; /* owned; NULL when it is elsewhere */
	pid_t pid;                /* of the process that it is, or 0 */
	int tie; /* owned: what it watches to see this process end, or -1 */
	char address[128]; /* "127.0.0.1:45678" */
};

/* Start a server in this process: it runs while a client of client.h waits.
 *   options  NULL for a silent one with all defaults
 *   setup    adds its endpoints
 *   listen   NULL for a port of 127.0.0.1 */
struct live live_here(const struct ws_options *options,
    void (*setup)(struct ws_server *server), const char *listen);

/* The same in a process of its own, which may be short of something:
 *   descriptors  how many it may have; 0 for as many as this one */
struct live live_child(const struct ws_options *options,
    void (*setup)(struct ws_server *server), int descriptors);

/* Start a program, ./wsd or what the environment calls WSD, with these
 * arguments (NULL-terminated, without its name) on a port of 127.0.0.1. */
struct live live_program(const char *const *arguments);

/* End it. One in another process must end in good order, with status 0: a
 * sanitizer that found something there makes it another. */
void live_end(struct live *live);

/* Count the connections of the server in this process; wait until it has a
 * number of them. */
size_t live_connections(const struct live *live);
void live_until_connections(const struct live *live, size_t count);

/* Let the server in this process run for a time, whatever happens. */
void live_pass(int ms);

/* Let time pass while nobody calls the server, as in another loop that has
 * nothing to do. */
void live_be_elsewhere(int ms);

/* Octets that a process has in memory; processor time that it has used. */
long live_resident(const struct live *live);
long live_cpu_ms(const struct live *live);

/* ---- the recorder -------------------------------------------------------- */

/* The record of the callbacks below, in this process. */
struct live_seen {
	struct ws_conn *conns[8]; /* those opened first, in their order */
	struct ws_conn *last;     /* the one opened last */
	struct ws_closed ended;   /* how one was closed last */
	char reason[128];         /* and why */
	char got[64];             /* data of the last message or Pong */
	int opened, closed, messages, drains, pongs;
	struct ws_request *held; /* the request that was held last */
	int holds, gone;
};
extern struct live_seen seen;

/* Callbacks of struct ws_handler that record their call and nothing else. */
void live_on_open(struct ws_conn *conn);
void
live_on_message(struct ws_conn *conn, int kind, const void *data, size_t len);
void live_on_drain(struct ws_conn *conn);
void live_on_pong(struct ws_conn *conn, const void *data, size_t len);
void live_on_close(struct ws_conn *conn, const struct ws_closed *how);

/* An endpoint that holds each request until it is answered; a peer that leaves
 * before that is counted in gone. */
void live_hold(struct ws_request *request);

/* ---- endpoints ----------------------------------------------------------- */

/* Send each message back. */
void
live_send_back(struct ws_conn *conn, int kind, const void *data, size_t len);

/* Endpoints that many tests want: /echo; /room/ (all in one room, the sender
 * too); /hello answers GET and POST with what it was sent, or "hello". */
void live_echo(struct ws_server *server);

#endif
