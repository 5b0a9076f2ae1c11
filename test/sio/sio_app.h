/* sio_app.h - a Socket.IO server for tests, which records what it is told. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_SIO_APP_H
#define TEST_SIO_APP_H

#include "sio/sio.h"
#include "sio_peer.h"
#include "test/client.h"
#include "test/live/live.h"

extern struct live live;
extern struct sio *io;
extern struct sio_nsp *root;

/* The record. app_start empties it. */
extern struct sio_socket *last; /* to connect */
extern int closed;              /* calls of on_disconnect */
extern char heard[65536];       /* "disconnect /: transport close (0); " ... */

/* Start the server, in "/" of which the record is kept and these events are
 * handled:
 *   ping  is acknowledged with "pong"
 *   ack   is acknowledged with its own arguments
 *   echo  is answered by the event "back" with its own arguments
 *   do    does what its first argument says; see sio_app.c */
void app_start(const struct sio_options *options);
void app_end(void);
void app_restart(const struct sio_options *options);

/* The same with the defaults, to begin a test. */
void app_begin(void);

/* Functions for other namespaces and events than those above. */
void remember(struct sio_socket *socket); /* as last */
void on_echo(struct sio_socket *socket, struct sio_event *event);
void on_ack(struct sio_socket *socket, struct sio_event *event);

/* Append to what was heard. */
void hear(const char *format, ...);

/* Connect a new client to "/". */
struct client enter(void);

/* Let a client send "do", and expect an acknowledgement.
 *   what    the arguments: "\"join\",\"room\""
 *   answer  what is acknowledged: "1" */
void ask(struct client *c, const char *what, const char *answer);

/* A client must still be served, and nothing else be sent to it. */
void is_alive(struct client *c);

#endif
