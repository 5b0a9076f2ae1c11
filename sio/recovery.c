/* recovery.c - connection state recovery. */
/* SPDX-License-Identifier: MIT */
/*
 * Socket.IO, "Connection state recovery". A client whose connection broke
 * comes back with the private identifier that it was given in the answer to its
 * first CONNECT, and the offset of the last event that it got:
 *
 *	40{"pid":"<private identifier>","offset":"<offset>"}
 *
 * If its state is still kept, and so is every event since that offset, it gets
 * its identifier, rooms and user data back. The events that it missed are sent
 * before the answer to its CONNECT; or, with recovery_middlewares, once the
 * middlewares agree.
 *
 * States and events are kept for the same time, in two queues, the oldest
 * first. Both are bounded in octets, too: the oldest state or event is dropped
 * for a new one. A client that needs a dropped event connects anew.
 *
 * Each event has its offset as one more argument. A client that never got an
 * event has no offset, or still has that of an earlier connection, perhaps to
 * another process. Then the offset at which it connected counts. And a client
 * whose offset is that of the last event that was sent to it has missed nothing
 * up to when it left, even if events in between have been dropped.
 *
 * recovery_log.c has the events and their offsets, this file the states.
 */
#include "recovery.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/table.h"
#include "hooks.h"
#include "io.h"
#include "nsp.h"
#include "recovery_log.h"

/* Octets of events, and again of states, if the application sets no limit: some
 * 3,000 events of 60 octets, or the states of 4,000 clients. Official clients
 * try again for some 5 seconds at first. Half of it would be less than that for
 * 300 events a second. */
#define OCTETS_DEFAULT (1024 * 1024)

/* The state of a socket that has left. */
struct sio_kept {
	struct ws_deadline deadline; /* in recovery->kept */
	struct ws_table_entry entry; /* in recovery->by_pid */
	struct sio_nsp *nsp;         /* borrowed: its uses count this */
	void *user;
	uint64_t connect_offset; /* of the last event before it connected */
	uint64_t sent_offset;    /* of the last event sent to it */
	uint64_t leave_offset;   /* of the last event before it left */
	uint64_t client_offset;  /* of the last event that it has */
	char id[SIO_ID_LEN + 1], pid[SIO_ID_LEN + 1];
	struct sio_text rooms; /* owned: names, each with a NUL */
};

struct sio_recovery {
	struct sio *io; /* borrowed */
	int64_t keep_ms;
	struct sio_log log;
	size_t octets_max; /* of kept states */
	size_t octets;
	struct eio_timeouts kept;
	struct ws_table by_pid; /* kept states by private identifier */
};

/* ---- what is kept ------------------------------------------------------ */

static struct sio_kept *
kept_of(struct ws_table_entry *entry)
{
	return WS_OUTER(struct sio_kept, entry, entry);
}

/* Return how many octets a state takes. */
static size_t
octets_of(const struct sio_kept *kept)
{
	return sizeof(*kept) + kept->rooms.size;
}

/* Take a state out of the queue and the table. */
static void
unlink_kept(struct sio_recovery *recovery, struct sio_kept *kept)
{
	ws_deadlines_remove(&kept->deadline);
	ws_table_remove(&recovery->by_pid, &kept->entry);
	recovery->octets -= octets_of(kept);
	ws_memory_hold(recovery->io->server, -(long)octets_of(kept));
}

static void
free_kept(struct sio_kept *kept)
{
	sio_nsp_drop(kept->nsp);
	sio_text_free(&kept->rooms);
	ws_mem_free(kept);
}

/* Forget a state for good, and tell the application. */
static void
expire_kept(struct ws_deadline *deadline)
{
	struct sio_kept *kept = WS_OUTER(struct sio_kept, deadline, deadline);

	unlink_kept(kept->nsp->io->recovery, kept);
	sio_hooks_expired(kept->nsp, kept->user);
	free_kept(kept);
}

/* Forget what is oldest when memory is full: nobody is ended for what others
 * may never ask for. History is no peer's, so it holds nothing then. */
static size_t
relieve(void *arg, size_t least)
{
	struct sio_recovery *recovery = arg;
	const struct ws_server *server = recovery->io->server;
	struct ws_deadline *oldest;

	(void)least;
	sio_log_relieve(&recovery->log, server);
	while (ws_memory_is_full(server) &&
	       (oldest = ws_deadlines_first(&recovery->kept.queue)) != NULL)
		expire_kept(oldest);
	return 0;
}

int
sio_recovery_new(struct sio *io, int keep_ms, size_t octets)
{
	struct sio_recovery *recovery = ws_mem_resize(NULL, sizeof(*recovery));

	if (recovery == NULL)
		return WS_ENOMEM;
	memset(recovery, 0, sizeof(*recovery));
	io->recovery = recovery;
	recovery->io = io;
	recovery->keep_ms = keep_ms;
	recovery->octets_max = octets > 0 ? octets : OCTETS_DEFAULT;
	if (sio_log_start(&recovery->log, io->server, recovery->octets_max) <
		0 ||
	    eio_timeouts_start(&recovery->kept, io->server, expire_kept) < 0 ||
	    !ws_table_init(&recovery->by_pid))
		return WS_ENOMEM;
	return ws_memory_relief(io->server, relieve, recovery);
}

void
sio_recovery_free(struct sio *io)
{
	struct sio_recovery *recovery = io->recovery;
	struct ws_deadline *oldest;

	if (recovery == NULL)
		return;
	/* States first: the functions of sio_on_expired may emit events. */
	while ((oldest = ws_deadlines_first(&recovery->kept.queue)) != NULL)
		expire_kept(oldest);
	sio_log_stop(&recovery->log);
	eio_timeouts_stop(&recovery->kept);
	ws_memory_relief_cancel(io->server, relieve, recovery);
	ws_table_fini(&recovery->by_pid);
	ws_mem_free(recovery);
	io->recovery = NULL;
}

/* ---- leaving ----------------------------------------------------------- */

/* Return whether a client that left for a reason may recover its state: not if
 * it, or the server, wanted it to leave, nor if it broke the protocol. */
static bool
is_accident(const char *reason)
{
	return strcmp(reason, "client namespace disconnect") != 0 &&
	       strcmp(reason, "server namespace disconnect") != 0 &&
	       strcmp(reason, "parse error") != 0;
}

static bool
collect_room(const char *room, void *arg)
{
	struct sio_kept *kept = arg;

	/* Its own room comes back with its identifier. */
	if (strcmp(room, kept->id) != 0)
		sio_log_add_name(&kept->rooms, room);
	return true;
}

/* Copy the state of a socket. Returns NULL when out of memory, or if the state
 * alone is above the limit. */
static struct sio_kept *
new_kept(struct sio_recovery *recovery, struct sio_socket *socket)
{
	struct sio_kept *kept = ws_mem_resize(NULL, sizeof(*kept));

	if (kept == NULL)
		return NULL;
	memset(kept, 0, sizeof(*kept));
	memcpy(kept->id, socket->short_id, sizeof(kept->id));
	sio_rooms(socket, collect_room, kept);
	kept->nsp = socket->nsp;
	kept->nsp->uses++;
	if (kept->rooms.error < 0 || octets_of(kept) > recovery->octets_max) {
		free_kept(kept);
		return NULL;
	}
	kept->user = socket->user;
	kept->connect_offset = socket->extra->connect_offset;
	kept->sent_offset = socket->extra->sent_offset;
	/* An event that is being delivered may not have reached it. */
	kept->leave_offset =
	    recovery->log.last_offset - (socket->nsp->io->delivery != NULL);
	memcpy(kept->pid, socket->extra->pid, sizeof(kept->pid));
	return kept;
}

bool
sio_recovery_keep(struct sio_socket *socket, const char *reason)
{
	struct sio_recovery *recovery = socket->nsp->io->recovery;
	struct sio_kept *kept;

	if (recovery == NULL || socket->extra == NULL ||
	    socket->extra->pid[0] == '\0' || !is_accident(reason))
		return false;
	kept = new_kept(recovery, socket);
	if (kept == NULL)
		return false;
	while (octets_of(kept) > recovery->octets_max - recovery->octets)
		expire_kept(ws_deadlines_first(&recovery->kept.queue));
	recovery->octets += octets_of(kept);
	ws_memory_hold(recovery->io->server, (long)octets_of(kept));
	kept->entry.hash = sio_ids_hash(kept->pid);
	ws_table_add(&recovery->by_pid, &kept->entry);
	eio_timeouts_add(&recovery->kept, &kept->deadline,
	    ws_now(recovery->io->server) + recovery->keep_ms);
	return true;
}

/* ---- events ------------------------------------------------------------ */

void
sio_recovery_offset(struct sio *io)
{
	char offset[SIO_OFFSET_SIZE];

	sio_offset_write(++io->recovery->log.last_offset, offset);
	sio_text_cut(&io->text, io->text.len - 1); /* the ] */
	sio_text_puts(&io->text, ",\"");
	sio_text_puts(&io->text, offset);
	sio_text_puts(&io->text, "\"]");
}

void
sio_recovery_sent(struct sio_socket *socket)
{
	if (socket->extra != NULL)
		socket->extra->sent_offset =
		    socket->nsp->io->recovery->log.last_offset;
}

void
sio_recovery_remember(
    const struct sio_target *target, const struct sio_out *out)
{
	struct sio_recovery *recovery = target->nsp->io->recovery;

	sio_log_add(&recovery->log, target, out,
	    ws_now(recovery->io->server) + recovery->keep_ms);
}

/* ---- coming back ------------------------------------------------------- */

/* Return whether a kept socket was in a room. */
static bool
was_in(const char *room, const void *arg)
{
	const struct sio_kept *kept = arg;
	const struct sio_text *rooms = &kept->rooms;

	if (strcmp(room, kept->id) == 0)
		return true;
	for (size_t at = 0; at < rooms->len; at += strlen(rooms->at + at) + 1) {
		if (strcmp(rooms->at + at, room) == 0)
			return true;
	}
	return false;
}

/* Find the state that a CONNECT names by its private identifier, and set
 * kept->client_offset.
 *   offset  receives the last event that the client says it has
 * Returns NULL if the client cannot be recovered. */
static struct sio_kept *
find_kept(struct sio_socket *socket, struct sio_value auth, uint64_t *offset)
{
	struct sio_recovery *recovery = socket->nsp->io->recovery;
	const char *pid = sio_string(sio_get(auth, "pid"), NULL);
	struct sio_value at = sio_get(auth, "offset");
	struct ws_table_entry *entry;
	struct sio_kept *kept;

	if (pid == NULL)
		return NULL;
	entry = *ws_table_bucket(&recovery->by_pid, sio_ids_hash(pid));
	while (entry != NULL && (strcmp(kept_of(entry)->pid, pid) != 0 ||
				    kept_of(entry)->nsp != socket->nsp))
		entry = entry->next;
	if (entry == NULL)
		return NULL;
	kept = kept_of(entry);
	*offset = 0;
	if (sio_type(at) != SIO_ABSENT &&
	    !sio_offset_read(sio_string(at, NULL), offset))
		return NULL;
	if (*offset < kept->connect_offset)
		*offset = kept->connect_offset;
	kept->client_offset = *offset;
	if (kept->client_offset == kept->sent_offset &&
	    kept->client_offset < kept->leave_offset)
		kept->client_offset = kept->leave_offset;
	return kept->client_offset >= recovery->log.dropped_offset &&
		       kept->client_offset <= recovery->log.last_offset
		   ? kept
		   : NULL;
}

/* Join the rooms of a kept state. Returns 0 or WS_ENOMEM. */
static int
rejoin(struct sio_socket *socket, const struct sio_kept *kept)
{
	const struct sio_text *rooms = &kept->rooms;

	for (size_t at = 0; at < rooms->len; at += strlen(rooms->at + at) + 1) {
		if (sio_join(socket, rooms->at + at) < 0)
			return WS_ENOMEM;
	}
	return 0;
}

bool
sio_recovery_restore(struct sio_socket *socket, struct sio_value auth)
{
	struct sio *io = socket->nsp->io;
	uint64_t offset;
	struct sio_kept *kept = find_kept(socket, auth, &offset);
	struct sio_extra *extra;

	if (kept == NULL)
		return false;
	extra = sio_socket_extra(socket);
	if (extra == NULL || rejoin(socket, kept) < 0) {
		/* It connects anew, and then is in no room. */
		ws_member_leave_all(io->server, &socket->member);
		return false;
	}
	unlink_kept(io->recovery, kept);
	extra->kept = kept;
	memcpy(socket->short_id, kept->id, sizeof(socket->short_id));
	memcpy(extra->pid, kept->pid, sizeof(extra->pid));
	extra->connect_offset = kept->connect_offset;
	extra->sent_offset = offset;
	socket->user = kept->user;
	socket->recovered = true;
	return true;
}

void
sio_recovery_forget(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;

	if (extra->kept != NULL)
		free_kept(extra->kept);
	extra->kept = NULL;
}

bool
sio_recovery_replay(struct sio_socket *socket)
{
	const struct sio_kept *kept = socket->extra->kept;
	const struct sio_recovery *recovery = socket->nsp->io->recovery;
	const struct ws_deadlines *events = &recovery->log.events.queue;
	const struct ws_deadline *at = events->head.next;
	bool whole = kept->client_offset >= recovery->log.dropped_offset;

	/* The log is not looked at after a failure: sending calls the
	 * application then, which may emit, and so change it. */
	for (; whole && at != &events->head; at = at->next) {
		const struct sio_logged *logged = (const struct sio_logged *)at;

		if (logged->offset <= kept->client_offset ||
		    logged->nsp != kept->nsp ||
		    !sio_logged_is_for(logged, was_in, kept))
			continue;
		socket->extra->sent_offset = logged->offset;
		whole = sio_out_send(socket->client, &logged->out, 0) == 0;
		if (!whole)
			break;
	}
	sio_recovery_forget(socket);
	return whole;
}

int
sio_recovery_begin(struct sio_socket *socket)
{
	struct sio *io = socket->nsp->io;
	struct sio_extra *extra;

	if (io->recovery == NULL || eio_protocol(socket->client->session) < 4)
		return 0;
	extra = sio_socket_extra(socket);
	if (extra == NULL)
		return WS_ENOMEM;
	extra->connect_offset = extra->sent_offset =
	    io->recovery->log.last_offset;
	return sio_ids_draw(&io->ids, extra->pid) ? 0 : WS_ESYSTEM;
}
