/* eio.h - an Engine.IO endpoint and a client of it, for tests. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_EIO_H
#define TEST_EIO_H

#include <stdbool.h>
#include <stddef.h>

#include "sio/sio.h"
#include "test/client.h"
#include "test/live/live.h"

/* The bodies of refusals. */
#define EIO_CODE_0 "{\"code\":0,\"message\":\"Transport unknown\"}"
#define EIO_CODE_1 "{\"code\":1,\"message\":\"Session ID unknown\"}"
#define EIO_CODE_2 "{\"code\":2,\"message\":\"Bad handshake method\"}"
#define EIO_CODE_3 "{\"code\":3,\"message\":\"Bad request\"}"
#define EIO_CODE_5 "{\"code\":5,\"message\":\"Unsupported protocol version\"}"

/* The endpoint under test, at /engine.io/ of a server in this process, and
 * what it has been told. */
struct eio_test {
	struct live live;
	struct eio *eio;
	int opened, messages, upgraded, drained, closed;
	struct eio_session *last; /* opened; NULL when it has closed */
	char reason[32];          /* of the last close */
	int kind;                 /* of the last message */
	char text[65536];         /* of the last message, terminated */
	size_t len;
	bool echo; /* say back what comes */
	/* Called inside the callbacks; NULL for nothing. */
	void (*on_open)(struct eio_session *session);
	void (*on_message)(struct eio_session *session);
	void (*on_upgrade)(struct eio_session *session);
	const char *forbid; /* what allow says; NULL: it allows */
	int status;         /* that allow chooses; 0: none */
	bool headers;       /* add a field to each answer */
	char refused[512];  /* "GET 4 Forbidden; " ... */
	int protocol;       /* that the client speaks */
	char sid[21];       /* of the last session that the client opened */
};
extern struct eio_test eio_test;

/* Start and end it. Options may be NULL. */
void eio_test_begin(const struct eio_options *options);
void eio_test_begin_on(
    const struct eio_options *options, const struct ws_options *server);
void eio_test_end(void);

/* Wait until a number of sessions have ended. */
void eio_test_until_closed(int count);

/* Send a request.
 *   more    further parameters, each with its "&" in front; may be ""
 *   fields  further field lines, each with its CRLF; may be ""
 *   body    NULL for none */
void eio_send_request(struct client *c, const char *method, const char *sid,
    const char *more, const char *fields, const void *body, size_t len);

/* Send one on a connection of its own and wait for the answer, whose body
 * lives until the next call. Returns the status. */
int eio_ask(struct response *r, const char *method, const char *sid,
    const char *more, const char *fields, const void *body, size_t len);

/* The same for the usual requests, with a body of text. */
int eio_get(struct response *r, const char *sid);
int eio_post(struct response *r, const char *sid, const char *body);

/* Return whether an answer has this body. */
bool eio_is_body(const struct response *r, const char *text);

/* Expect that an answer has a body.
 *   name  of the case, for the message */
void eio_expect_body(
    const struct response *r, const void *body, size_t len, const char *name);

/* Send a GET for a session, or with sid NULL for a new one, and expect an
 * answer. */
void eio_expect_get(const char *sid, int status, const char *body);

/* Expect the answer to a pending poll, and close its connection. */
void eio_expect_poll(struct client *c, const char *body);

/* Open a session by polling; its sid is in eio_test.sid, too. Returns it. */
const char *eio_open_polling(const char *more);

/* Ask for a WebSocket, for a session or (sid NULL) for a new one.
 *   r  receives the answer, whatever it is
 * Returns the connection. */
struct client eio_ask_websocket(
    struct response *r, const char *sid, const char *more, const char *fields);

/* The same when it must be accepted. */
struct client eio_connect(const char *sid, const char *more);

/* Open a session with a WebSocket. */
struct client eio_open_websocket(const char *more);

/* Begin an upgrade, and complete it: "2probe", "3probe", "5". */
struct client eio_probe(const char *sid);
struct client eio_upgrade(const char *sid);

/* Send a GET that stays pending: when this returns the server has it. */
struct client eio_poll(const char *sid);

/* Send a POST of so many octets of text, but only the first ones: when this
 * returns the server has them. */
struct client eio_begin_post(const char *sid, size_t octets, const char *first);

/* Let the server do all that it has been asked for. */
void eio_settle(void);

/* Send a text frame; expect one. */
void eio_say(struct client *c, const char *text);
void eio_hear(struct client *c, const char *text);

#endif
