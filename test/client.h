/* client.h - a WebSocket and HTTP client for tests, as rude as they need. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws.h"

/* Every function that waits ends the test when this much time has passed, so
 * a test states what must happen and never how long it takes. */
#define CLIENT_DEADLINE_MS 30000

/* The request that opens a WebSocket, and the right answer to its key. */
#define CLIENT_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define CLIENT_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct client {
	int fd;
	uint8_t *in; /* owned: received, not yet looked at */
	size_t begin, len, room;
	bool ended; /* the server has ended its direction */
	bool reset; /* by a reset */
};

/* One frame from the server. */
struct frame {
	uint8_t first;       /* FIN, RSV and opcode */
	bool masked;         /* never, if the server is right */
	const uint8_t *data; /* borrowed until the client receives again */
	size_t len;
	int code; /* of a Close frame; 1005 when it has none */
};

/* One response. */
struct response {
	int status;
	char head[8192];     /* terminated; the empty line is not in it */
	const uint8_t *body; /* borrowed until the client receives again */
	size_t len;
};

/* The server that is stepped whenever a client waits, because it lives in the
 * same process and thread; NULL when it runs elsewhere. */
extern struct ws_server *client_server;

/* Milliseconds of a clock that never goes back. */
int64_t client_now_ms(void);

/* Wait for events of a descriptor (-1: none) for ms at most, while the server
 * goes on. Returns what poll(2) reports of it. */
int client_wait(int fd, int events, int ms);

/* Wait until a counter has a value; the test ends when it does not. */
void client_until(const int *counter, int value);

/* ---- octets ------------------------------------------------------------ */

/* Connect to "127.0.0.1:80", "[::1]:80" or "unix:/path". */
struct client client_open(const char *address);

/* The same with a receive buffer of the given octets (0: the system's), set
 * before connecting so that the window is small from the start. */
struct client client_open_small(const char *address, int octets);

/* Hang up; and hang up with a reset. */
void client_close(struct client *c);
void client_reset(struct client *c);

/* End our direction. */
void client_shut(struct client *c);

/* Send all. A server that stops reading ends the test. */
void client_send(struct client *c, const void *data, size_t len);
void client_puts(struct client *c, const char *text);

/* Send one octet after the other, each in a segment of its own. */
void client_dribble(struct client *c, const void *data, size_t len);

/* Send until all is gone, the server has not read for quiet_ms, or it hung
 * up. Returns how many octets went out. */
size_t
client_push(struct client *c, const void *data, size_t len, int quiet_ms);

/* Receive what is there, without waiting. Returns whether that was anything. */
bool client_take(struct client *c);

/* Wait for a number of octets in all. Returns whether they came before the end
 * of the stream. */
bool client_await(struct client *c, size_t octets);

/* Forget octets that were looked at. */
void client_skip(struct client *c, size_t octets);

/* Wait for the end of the stream.
 * Returns whether it came in order and with nothing before it. */
bool client_ends(struct client *c);

/* Return whether nothing comes, and the stream stays open, for a time. */
bool client_is_quiet(struct client *c, int ms);

/* ---- frames ------------------------------------------------------------ */

#define CLIENT_FIN 0x80
#define CLIENT_FRAME_ROOM 14 /* octets of a header at most */

/* Write a masked frame of the shortest form. Returns its size. */
size_t client_frame(uint8_t *out, int first, const void *data, size_t len);

/* Send one. len may be WS_STR. */
void
client_send_frame(struct client *c, int first, const void *data, size_t len);

/* Send a Close frame. */
void client_send_close(struct client *c, int code, const char *reason);

/* Receive one frame. Returns whether it came before the end of the stream. */
bool client_recv_frame(struct client *c, struct frame *frame);

/* Receive a frame that must be this one: FIN and opcode, payload. */
void client_expect(struct client *c, int first, const void *data, size_t len);

/* Receive a Close frame with this code and the end of the stream after it;
 * frames before it are dropped. Answers the Close if told to. */
void client_expect_close(struct client *c, int code, bool answer);

/* ---- HTTP -------------------------------------------------------------- */

/* Receive a response and forget it; its head and body stay readable until the
 * client receives again.
 *   bodiless  it answers HEAD
 * Returns its status, or 0 when the stream ended before it was whole. */
int client_response(struct client *c, struct response *r, bool bodiless);

/* A field of a response, NULL when absent; lives until the next call. */
const char *client_field(const struct response *r, const char *name);

/* The opening handshake for a path, with further field lines (each with its
 * CRLF) or "". Lives until the next call. */
const char *client_request(const char *path, const char *fields);

/* Connect and open a WebSocket. */
struct client client_ws(const char *address, const char *path);

#endif
