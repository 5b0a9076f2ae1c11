/* own.h - what the files of the hub share. */
/* SPDX-License-Identifier: MIT */
#ifndef HUB_OWN_H
#define HUB_OWN_H

#include "history.h"
#include "hub.h"
#include "text.h"

#define HUB_NAME_MAX 200 /* octets of a room's name over HTTP */

/* A message while it is delivered, in the forms that somebody has needed. */
struct hub_now {
	struct ws_prepared *message; /* borrowed; NULL outside of deliveries */
	uint64_t n;
	struct ws_block *event, *line; /* owned; NULL until they are needed */
	struct ws_prepared *frame;     /* owned; likewise */
	struct hub_text json;          /* owned; likewise */
};

/* Polls that have their message, and are answered a few in each turn. */
struct hub_answers {
	struct hub_poll *polls;
	struct ws_timer *timer;      /* while there are any; or NULL */
	struct ws_prepared *message; /* of json; owned, or NULL */
	struct hub_text json;        /* of one message for many; owned */
};

/* Rooms at a path. */
struct hub_place {
	struct hub *hub;
	struct hub_place *next; /* of the hub; owned */
	size_t path_octets;     /* in front of a room's name */
	bool self;
};

struct hub {
	struct ws_server *server;   /* borrowed */
	struct hub_options options; /* without what history has copied */
	struct hub_history history;
	size_t counted; /* octets of it, in the memory of the server */
	struct hub_now now;
	uint64_t n;             /* of the newest message */
	char boot[9];           /* characters of [a-z2-7] */
	struct ws_timer *sweep; /* while anything is kept; or NULL */
	struct hub_poll *polls; /* those that wait for a message */
	struct hub_answers answers;
	struct hub_watch *watches; /* all streams */
	struct hub_place *places;  /* owned */
	bool stopping;             /* nobody may wait any more */
};

/* How a reader's cursor stands to what is kept. */
enum hub_resume {
	HUB_NEW,      /* there is no cursor */
	HUB_COMPLETE, /* all that was said since is there */
	HUB_GAP,      /* something is lost */
};

/* ---- publish.c: publishing ---------------------------------------------- */

/* Write the id of a message. Returns id. */
const char *hub_id(const struct hub *hub, uint64_t n, char id[HUB_ID_SIZE]);

/* Tell the server how much memory the history holds. */
void hub_count_history(struct hub *hub);

/* Make a frame of wsd.1: the id, a line feed, and the message.
 *   id  "" for none
 * Returns it, owned by the caller, or NULL when out of memory. */
struct ws_prepared *
hub_frame(const char *id, int kind, const void *data, size_t len);

/* Publish, as hub_publish.
 *   without  a member to leave out; NULL: none
 *   n        receives the number */
long hub_say(struct hub *hub, const char *room, size_t len, int kind,
    const void *data, size_t data_len, struct ws_member *without, uint64_t *n);

/* Find the message that is being delivered in another form, which the first one
 * that needs it makes.
 *   message  which is delivered
 * Returns the form, owned by the hub, or NULL when out of memory. */
struct ws_block *hub_now_event(struct hub *hub, struct ws_prepared *message);
struct ws_prepared *hub_now_frame(struct hub *hub, struct ws_prepared *message);
struct ws_block *hub_now_line(struct hub *hub, struct ws_prepared *message);
const struct hub_text *
hub_now_json(struct hub *hub, struct ws_prepared *message);

/* ---- cursor.c: where a reader is ---------------------------------------- */

/* A room's name and where in it a request wants to begin. */
struct hub_cursor {
	enum hub_resume resume;
	uint64_t n; /* the message that was heard last */
	size_t len;
	char name[WS_ROOM_NAME_MAX];
};

/* Return what "resume" says: "new", "complete" or "gap". */
const char *hub_resume_name(enum hub_resume resume);

/* Find the cursor of a request: ?since=, Last-Event-ID, or If-None-Match.
 *   field   the field that has it where there is no since, or before it; NULL:
 *           none
 *   cursor  its name is set; the rest is written
 * Returns whether since is well-formed. */
bool hub_cursor_read(struct hub *hub, const struct ws_request *request,
    const char *field, struct hub_cursor *cursor);

/* ---- ask.c: what every request has --------------------------------------- */

/* Find the name of the room that a request asks for.
 *   cursor  receives it
 * Returns whether there is one of 1 to WS_ROOM_NAME_MAX octets. */
bool hub_request_name(const struct ws_request *request,
    const struct hub_place *place, struct hub_cursor *cursor);

/* Ask the application. */
bool hub_request_may(struct hub *hub, struct ws_request *request,
    enum hub_wish wish, const struct hub_cursor *cursor);

/* Refuse a request as JSON, and log it.
 *   code   a token for programs
 *   words  for people */
void hub_refuse(struct ws_request *request, int status, const char *code,
    const char *words);

/* ---- poll.c, watch.c, socket.c, requests.c ------------------------------ */

/* Answer with what is kept, now or when there is something. */
void hub_poll(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, bool replay);

/* Answer all that wait, since the server stops. */
void hub_polls_stop(void *hub);

/* End all streams, since the server is released. */
void hub_watches_free(struct hub *hub);

/* Answer with a stream of events, or of lines. */
void hub_watch(struct hub *hub, struct ws_request *request,
    const struct hub_cursor *cursor, bool lines);

/* Serve WebSockets at a path. Returns as ws_endpoint. */
int hub_socket_add(const char *path, struct hub_place *place);

/* Answer a request of HTTP. */
void hub_on_http(struct ws_request *request);

#endif
