/* hub.h - rooms for everybody: WebSockets, event streams, long polls, curl. */
/* SPDX-License-Identifier: MIT */
/*
 * A hub adds to the rooms of ws.h that every message has an id, that the newest
 * ones are kept for clients that were away, and that a room is a resource,
 * which any HTTP client can read and write:
 *
 *	GET /room/NAME    with Upgrade: a WebSocket; ?since=ID first replays
 *	                  what was missed; with the subprotocol wsd.1 it has ids
 *	GET               Accept: text/event-stream: server-sent events, with
 *	                  Last-Event-ID; Accept: application/x-ndjson: a JSON
 *	                  text a line; otherwise what is kept, as JSON with an
 *	                  ETag; ?wait=30 waits for news (long polling)
 *	POST              publishes the body
 *
 * Whoever says which message it had last is told "complete" (and gets all that
 * it missed) or "gap" (something is lost, and nothing is replayed unless
 * ?on-gap=replay asks for what is left).
 *
 *	struct hub *hub = hub_new(server, NULL);
 *
 *	hub_rooms(hub, "/room/", NULL);
 *
 * All members of the same room of ws.h get what is published here. The rules of
 * ws.h hold for callbacks, lengths and results.
 */
#ifndef HUB_H
#define HUB_H

#include <stdbool.h>
#include <stddef.h>

#include "ws.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hub; /* rooms with a history */

/* An id has the boot of the hub, 8 characters of [a-z2-7], and a number that
 * counts all messages of all rooms: "k3v9q2ha-1042". A NUL follows. */
#define HUB_ID_SIZE 32

/* How much of which rooms is kept. A message is dropped by whatever comes
 * first. */
struct hub_keep {
	const char *pattern; /* the room's name; '*' at its end stands for any
	                        octets; NULL: every room */
	unsigned messages;   /* at most 100,000; 0: nothing is kept */
	int seconds;         /* a message is kept for */
	size_t octets;       /* of messages in a room together; 0: no limit of
	                        its own */
};

/* The right that a request asks for in a room. */
enum hub_wish {
	HUB_JOIN,    /* to hear what is said, and what was */
	HUB_PUBLISH, /* to say something; a WebSocket that joins asks this,
	                too, when it says something first */
};

/* Options of a hub. Zero is the default of every member. */
struct hub_options {
	/* The history of rooms; the first pattern that fits counts, and a room
	 * that none fits keeps nothing. Copied, patterns included. NULL: of
	 * every room 100 messages, for 5 minutes, 256 KiB */
	const struct hub_keep *keep;
	size_t keep_count;
	size_t history_memory; /* octets of all rooms together; 16 MiB. Rooms
	                          that were quiet for longest are forgotten */
	size_t max_message;    /* octets of the body of a POST; as max_body of
	                          the server */
	/* May this request join this room, or publish in it? A WebSocket asks
	 * both when it opens, and may only listen if it may not publish.
	 * NULL: yes.
	 *   room, len  its name; borrowed
	 *   arg        the one below */
	bool (*may)(struct ws_request *request, enum hub_wish wish,
	    const char *room, size_t len, void *arg);
	/* Change or drop a message before it is published.
	 *   kind, data, len  the message; may be changed: to memory that lives
	 *                    until the next call
	 * Returns whether it is published. NULL: as it is. */
	bool (*message)(const char *room, size_t room_len, int *kind,
	    const void **data, size_t *len, void *arg);
	void *arg; /* borrowed */
};

/* Make a hub, which is released with its server.
 *   options  NULL for all defaults; copied
 * Returns it, or NULL when out of memory or an option is not allowed. */
struct hub *
hub_new(struct ws_server *server, const struct hub_options *options);

/* Options of rooms at a path. Zero is the default of every member. */
struct hub_rooms_options {
	bool self;       /* the sender of a message in a WebSocket gets it, too;
	                    ?self=0 and ?self=1 change that for one */
	bool whole_path; /* a room's name is the whole path, not what follows
	                    that of hub_rooms */
	bool no_http;    /* WebSockets alone */
};

/* Serve rooms at a path.
 *   path     as for ws_endpoint
 *   options  NULL for the defaults; copied
 * Returns 0, WS_EINVAL, WS_EEXIST or WS_ENOMEM. */
int hub_rooms(
    struct hub *hub, const char *path, const struct hub_rooms_options *options);

/* Publish a message in a room.
 *   kind  WS_TEXT (data must be UTF-8) or WS_BINARY
 *   id    receives its id; NULL: not needed
 * Returns how many members it was handed to, or WS_EINVAL, WS_ENOMEM; or
 * WS_ESTATE inside a delivery. */
long hub_publish(struct hub *hub, const char *room, size_t room_len, int kind,
    const void *data, size_t len, char id[HUB_ID_SIZE]);

/* Write the id of the newest message of all rooms, which is a cursor for any of
 * them. Returns id. */
const char *hub_last(const struct hub *hub, char id[HUB_ID_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
