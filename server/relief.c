/* relief.c - what a server does when memory runs short. */
/* SPDX-License-Identifier: MIT */
/*
 * Up to max every peer may hold what its own limits allow. Once more is held,
 * those that hold most of what is incomplete or unread are ended, the largest
 * first, until 95 % is left:
 *
 *	walk 1  which is the largest?         1,048,600 octets
 *	walk 2  end those of 524,300 or more, until enough is released
 *	walk 3  if it is not: the largest of the others is 65,700 octets ...
 *
 * Each walk visits all connections, and has the application do the same with
 * holders of its own. Halving bounds the number of walks: there are nine from
 * 1 MiB down to HOLDER_MIN. Nobody below that is ended, so that clients that
 * are idle or behave well notice nothing.
 */
#include "server.h"

/* Octets that a peer may hold in any case. A frame or a request that is under
 * way when the turn ends has as many; with half of it, ending all that have
 * more would release little. */
#define HOLDER_MIN 4096

/* When nobody is left to be ended, the walks would find nothing in the next
 * turn either. */
#define AGAIN_MS 1000

struct ws_relief {
	struct ws_relief *next;
	size_t (*relieve)(void *arg, size_t least);
	void *arg; /* borrowed */
};

/* ---- holders ----------------------------------------------------------- */

static size_t
relieve_conns(struct ws_server *server, size_t least)
{
	size_t largest = 0;

	for (size_t i = server->conns_count; i > 0; i--) {
		struct ws_conn *c = server->conns[i - 1];
		size_t held = ws_conn_held(c);

		if (held >= least && ws_ledger_is_full(&server->core.memory))
			ws_conn_shed(c);
		else if (held > largest)
			largest = held;
	}
	return largest;
}

/* Walk over all holders. Returns the most octets that one of them still
 * holds. */
static size_t
relieve_all(struct ws_server *server, size_t least)
{
	size_t largest = relieve_conns(server, least), held;

	for (struct ws_relief *r = server->reliefs; r != NULL; r = r->next) {
		held = r->relieve(r->arg, least);
		if (held > largest)
			largest = held;
	}
	return largest;
}

/* Release what only saves time. */
static void
drop_caches(struct ws_core *core)
{
	ws_gzip_cache_fini(&core->gzip_cache);
	ws_segments_fini(&core->segments);
}

void
ws_relief_short(struct ws_core *core)
{
	struct ws_server *server = ws_server_of_core(core);
	size_t least = SIZE_MAX, largest;

	drop_caches(core);
	if (core->memory.held <= core->memory.max ||
	    core->loop.now_ms < server->relief_ms)
		return;
	ws_listen_warn_memory(
	    server, "limit of memory reached", "ending the largest holders");
	do {
		largest = relieve_all(server, least);
		least = largest / 2 > HOLDER_MIN ? largest / 2 : HOLDER_MIN;
	} while (ws_ledger_is_full(&core->memory) && largest >= HOLDER_MIN);
	if (ws_ledger_is_full(&core->memory))
		server->relief_ms = core->loop.now_ms + AGAIN_MS;
}

/* ---- what the application holds ---------------------------------------- */

void
ws_memory_hold(struct ws_server *server, long octets)
{
	if (octets >= 0)
		ws_ledger_add(&server->core.memory, (size_t)octets);
	else
		ws_ledger_drop(&server->core.memory, (size_t)-octets);
}

bool
ws_memory_is_short(const struct ws_server *server)
{
	return ws_ledger_is_short(&server->core.memory);
}

bool
ws_memory_is_full(const struct ws_server *server)
{
	return ws_ledger_is_full(&server->core.memory);
}

int
ws_memory_relief(struct ws_server *server,
    size_t (*relieve)(void *arg, size_t least), void *arg)
{
	struct ws_relief *relief = ws_mem_resize(NULL, sizeof(*relief));

	if (relief == NULL)
		return WS_ENOMEM;
	*relief = (struct ws_relief){ server->reliefs, relieve, arg };
	server->reliefs = relief;
	return 0;
}

void
ws_memory_relief_cancel(struct ws_server *server,
    size_t (*relieve)(void *arg, size_t least), void *arg)
{
	struct ws_relief **link = &server->reliefs, *relief;

	while ((relief = *link) != NULL &&
	       (relief->relieve != relieve || relief->arg != arg))
		link = &relief->next;
	if (relief == NULL)
		return;
	*link = relief->next;
	ws_mem_free(relief);
}

void
ws_relief_free(struct ws_server *server)
{
	struct ws_relief *relief;

	while ((relief = server->reliefs) != NULL) {
		server->reliefs = relief->next;
		ws_mem_free(relief);
	}
}

/* ---- sessions ---------------------------------------------------------- */

/* Return whether an owner is that of a unix socket, of which all peers are
 * one. */
static bool
is_nobody(const unsigned char owner[16])
{
	static const unsigned char nobody[16];

	return memcmp(owner, nobody, sizeof(nobody)) == 0;
}

int
ws_session_begin(struct ws_server *server, const unsigned char owner[16])
{
	int status;

	if (ws_ledger_is_short(&server->core.memory)) {
		ws_listen_warn_memory(
		    server, "memory is short", "refusing sessions");
		return 503;
	}
	if (server->sessions_count >= server->clients_max) {
		ws_listen_warn(
		    server, "limit of clients reached", "refusing sessions");
		return 503;
	}
	if (server->sessions != NULL && !is_nobody(owner)) {
		status =
		    ws_peers_admit(server->sessions, owner, server->per_ip_max);
		if (status != 0) {
			ws_listen_warn(server,
			    "limit of clients per address reached",
			    "refusing sessions");
			return status;
		}
	}
	server->sessions_count++;
	return 0;
}

void
ws_session_end(struct ws_server *server, const unsigned char owner[16])
{
	server->sessions_count--;
	if (server->sessions != NULL && !is_nobody(owner))
		ws_peers_drop(server->sessions, owner);
}
