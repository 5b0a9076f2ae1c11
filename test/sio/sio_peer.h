/* sio_peer.h - a Socket.IO client for tests, at the level of packets. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_SIO_PEER_H
#define TEST_SIO_PEER_H

#include "test/client.h"

/* Open a session over WebSocket; its handshake is received already.
 *   query  "EIO=4", perhaps with more */
struct client peer_open(const char *address, const char *query);

/* Send a packet of Socket.IO, such as "40" without the 4: "0". */
void peer_send(struct client *c, const char *packet);

/* Send an attachment. */
void peer_binary(struct client *c, const void *data, size_t len);

/* Receive a packet, which must fit a pattern in which '*' stands for any
 * octets. Pings are answered and dropped. Returns what the last '*' was, until
 * the next call. */
const char *peer_expect(struct client *c, const char *pattern);

/* Receive an attachment, which must be this. */
void peer_expect_binary(struct client *c, const void *data, size_t len);

/* Connect to a namespace: "" or "/admin,". Returns the socket's id, until the
 * next call. */
const char *peer_connect(struct client *c, const char *nsp);

/* The server must end the session now. Packets before that are dropped. */
void peer_expect_end(struct client *c);

/* Nothing must have been sent: a packet of another kind is answered first. */
void peer_expect_silence(struct client *c, const char *ask, const char *answer);

#endif
