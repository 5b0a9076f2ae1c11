/* server.h - a server around its connections: what its parts share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SERVER_H
#define WS_SERVER_H

#include "conn.h"
#include "peers.h"
#include "rooms.h"

struct ws_listener;
struct ws_route;

struct ws_server {
	struct ws_core core;    /* first: ws_server_of_core */
	struct ws_rooms *rooms; /* owned */
	int publish_flags;      /* of the publish in progress */
	struct ws_conn **conns; /* owned array, the connections are borrowed */
	size_t conns_count, conns_room;
	size_t clients_max;        /* connections at most */
	unsigned per_ip_max;       /* of one address; 0: no limit */
	struct ws_peers *peers;    /* owned; NULL without a limit per address */
	size_t sessions_count;     /* of the application, ws_session_begin */
	struct ws_peers *sessions; /* owned; they by address; or NULL */
	struct ws_relief *reliefs; /* owned list */
	int64_t relief_ms;         /* when holders are looked for again */
	uint64_t accepted;         /* connections ever */
	struct ws_listener *listeners;     /* owned list */
	struct ws_heap_timer accept_timer; /* ends a pause of accepting */
	bool accept_paused;
	int reserve_fd;          /* owned: closed to turn a peer away */
	int64_t warned_ms;       /* when a limit was logged last */
	struct ws_route *routes; /* owned list, longest path first */
	char *base_path;         /* owned; "" or "/live" */
	char *origin;            /* owned or NULL */
	struct ws_heap_timer grace_timer; /* ends a stop in good order */
	struct ws_timer *timers;          /* owned list */
	struct ws_watch *watches;         /* owned list */
	struct ws_end_call *end_calls;    /* owned list, newest first */
};

/* Find the server that a core is a part of. */
static inline struct ws_server *
ws_server_of_core(struct ws_core *core)
{
	return (struct ws_server *)core;
}

/* ---- listen.c: accepting connections ----------------------------------- */

/* Log that a limit was met: "LIMIT at N connections; CONSEQUENCE". Once a
 * minute at most, whatever the limit. */
void ws_listen_warn(
    struct ws_server *server, const char *limit, const char *consequence);

/* The same of a limit of memory, with what is held. */
void ws_listen_warn_memory(
    struct ws_server *server, const char *limit, const char *consequence);

/* Close all listening sockets. */
void ws_listen_stop(struct ws_server *server);

/* Take a connection that is about to be released out of the server's table and
 * counts; accept again if that was paused. */
void ws_listen_ended(struct ws_conn *conn);

/* ---- relief.c: when memory runs short ---------------------------------- */

/* Release caches, since memory is short; and end the largest holders, if more
 * is held than may be: the core's on_memory_short. */
void ws_relief_short(struct ws_core *core);

/* Release what ws_memory_relief has added. */
void ws_relief_free(struct ws_server *server);

/* ---- route.c: who answers a request ------------------------------------ */

/* Find the endpoint of a complete request and have it answer. */
void ws_route_request(struct ws_request *request);

/* Find the endpoint of a request whose body is still to come: set its body_max
 * and call its early. */
void ws_route_head(struct ws_request *request);

/* ---- routes.c: the endpoints, by path ---------------------------------- */

/* Release all endpoints. */
void ws_routes_free(struct ws_server *server);

/* ---- members.c: connections as members of rooms ------------------------ */

/* Begin a connection's member, which is in no room. */
void ws_members_init(struct ws_conn *conn);

/* ---- app_loop.c: the application in the loop --------------------------- */

/* Make the calls that ws_at_stop was asked for. */
void ws_app_loop_at_stop(struct ws_server *server);

/* Make the calls that ws_at_free was asked for, and drop the others. */
void ws_app_loop_at_free(struct ws_server *server);

/* Release all timers, watches and deferred work of the application. */
void ws_app_loop_free(struct ws_server *server);

/* ---- stop.c: the end ---------------------------------------------------- */

/* End all connections, without a Close frame or an answer. */
void ws_stop_all_at_once(struct ws_server *server);

/* Have SIGINT and SIGTERM stop a server that ws_serve runs, as far as the
 * program leaves them to the system. Returns as ws_stop_on_signal. */
int ws_stop_as_usual(struct ws_server *server);

#endif
