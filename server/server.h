/* server.h - the parts of a server that ws.c, listen.c, route.c, request.c,
 * members.c and app_loop.c share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SERVER_H
#define WS_SERVER_H

#include "conn.h"
#include "peers.h"
#include "rooms.h"

struct ws_listener;
struct ws_route;

struct ws_server {
	struct ws_core core;    /* first: connections know the server by it */
	struct ws_rooms *rooms; /* owned */
	int publish_flags;      /* of the publish that is going on */
	struct ws_conn **conns; /* owned array, the connections are borrowed */
	size_t conns_count, conns_room;
	size_t clients_max;
	unsigned per_ip_max;
	struct ws_peers *peers; /* owned; NULL without a limit per address */
	uint64_t accepted;
	struct ws_listener *listeners;     /* owned list */
	struct ws_heap_timer accept_timer; /* ends a pause of accepting */
	bool accept_paused;
	int reserve_fd;          /* owned: given up when there is no other */
	int64_t warned_ms;       /* when a limit was logged last */
	struct ws_route *routes; /* owned list, longest path first */
	char *base_path;         /* owned; "" or "/live" */
	char *origin;            /* owned or NULL */
	struct ws_heap_timer grace_timer;
	struct ws_timer *timers;  /* owned list */
	struct ws_watch *watches; /* owned list */
};

/* The server that a core is a part of. */
static inline struct ws_server *
ws_server_of_core(struct ws_core *core)
{
	return (struct ws_server *)core;
}

/* listen.c: log that a limit was met, but not each time; stop listening
 * everywhere; forget a connection that ended. */
void ws_listen_warn(struct ws_server *server, const char *what);
void ws_listen_stop(struct ws_server *server);
void ws_listen_ended(struct ws_conn *conn);

/* route.c: find who answers a request, and have it answered; the same when
 * only its head is there. */
void ws_route_request(struct ws_request *request);
void ws_route_head(struct ws_request *request);
void ws_route_free(struct ws_server *server);

/* members.c: a connection as a member of rooms. */
void ws_members_init(struct ws_conn *conn);
void ws_members_leave_all(struct ws_conn *conn);

/* app_loop.c: release all timers, watches and work. */
void ws_app_loop_free(struct ws_server *server);

#endif
