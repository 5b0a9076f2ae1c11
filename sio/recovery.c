/* recovery.c - connection state recovery. */
/* SPDX-License-Identifier: MIT */
/*
 * A client whose connection broke comes back soon, with a private id that it
 * was given and the offset of the last event that it got:
 *
 *	40{"pid":"<private id>","offset":"<offset>"}
 *
 * If we still know its state, and every event since that offset, it gets its
 * id, its rooms and its user data back, and what it missed, before the answer
 * to its CONNECT. It has then not been away. Where middlewares are asked all
 * the same, it gets nothing before they agree.
 *
 * The state of those who left waits in a list, all for the same time, so the
 * oldest is the first. Events wait in another one, which is bounded in octets,
 * too: what has left it cannot be recovered any more, and a client that needs
 * it connects anew. An offset is a number that grows, in the digits of
 * base64url, as one more argument of each event.
 *
 * A client that never got an event has no offset, or still has that of a
 * connection before, perhaps to another process. What counts then is when it
 * connected. And whose offset is that of the last event which was sent to it
 * has missed nothing up to when it left, whatever has been forgotten since.
 */
#include <string.h>
#include <time.h>

#include "io.h"

#define BUCKETS 512    /* of private ids; 2^n */
#define OFFSET_SIZE 12 /* 64 bits in digits of 6, and a NUL */

/* What is kept of a socket. */
struct sio_kept {
	struct sio_kept *next;  /* the one that expires after it */
	struct sio_kept *chain; /* in its bucket */
	struct sio_nsp *nsp;    /* counted */
	void *user;
	int64_t expires_ms;
	uint64_t since; /* the last offset before it connected */
	uint64_t sent;  /* the last one that was sent to it */
	uint64_t left;  /* the last one before it left */
	uint64_t got;   /* the last one that it needs no more, come back */
	char id[SIO_ID_LEN + 1], pid[SIO_ID_LEN + 1];
	struct sio_text rooms; /* owned: names, each terminated */
};

/* An event that was sent. */
struct logged {
	struct logged *next;
	struct sio_nsp *nsp; /* counted */
	uint64_t offset;
	int64_t expires_ms;
	size_t octets;       /* of all this */
	unsigned to, except; /* how many names are of each kind */
	const char *names;   /* in octets below: each terminated */
	struct sio_out out;  /* likewise */
	char data[];
};

struct sio_recovery {
	struct sio *io; /* borrowed */
	int64_t keep_ms;
	size_t octets_max; /* of events, and of who may come back */
	size_t octets, kept_octets;
	uint64_t last;  /* the newest offset */
	uint64_t floor; /* the newest one that is forgotten */
	struct logged *log, **log_end;
	struct sio_kept *kept, **kept_end;
	struct sio_kept *buckets[BUCKETS];
	struct ws_timer *timer; /* owned */
};

/* ---- offsets ----------------------------------------------------------- */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz-_";

static void
write_offset(uint64_t offset, char text[OFFSET_SIZE])
{
	char reversed[OFFSET_SIZE];
	size_t n = 0;

	do {
		reversed[n++] = digits[offset & 63];
		offset >>= 6;
	} while (offset > 0);
	for (size_t i = 0; i < n; i++)
		text[i] = reversed[n - 1 - i];
	text[n] = '\0';
}

/* Returns whether text is an offset. */
static bool
read_offset(const char *text, uint64_t *offset)
{
	uint64_t value = 0;

	if (text == NULL || *text == '\0' || strlen(text) >= OFFSET_SIZE)
		return false;
	for (; *text != '\0'; text++) {
		const char *digit = strchr(digits, *text);

		if (digit == NULL)
			return false;
		value = value << 6 | (uint64_t)(digit - digits);
	}
	*offset = value;
	return true;
}

/* ---- what is kept ------------------------------------------------------ */

static struct sio_kept **
bucket(struct sio_recovery *recovery, const char *pid)
{
	unsigned hash = 0;

	for (int i = 0; i < 8 && pid[i] != '\0'; i++)
		hash = hash * 61 + (unsigned char)pid[i];
	return &recovery->buckets[(hash ^ hash >> 16) & (BUCKETS - 1)];
}

/* How much of the memory one is. */
static size_t
octets_of(const struct sio_kept *kept)
{
	return sizeof(*kept) + kept->rooms.size;
}

/* Take one out of the list, and out of its bucket. */
static void
take(struct sio_recovery *recovery, struct sio_kept *kept)
{
	struct sio_kept **link = &recovery->kept;

	while (*link != kept)
		link = &(*link)->next;
	*link = kept->next;
	if (kept->next == NULL)
		recovery->kept_end = link;
	recovery->kept_octets -= octets_of(kept);
	link = bucket(recovery, kept->pid);
	while (*link != kept)
		link = &(*link)->chain;
	*link = kept->chain;
}

static void
free_kept(struct sio_kept *kept)
{
	struct sio_nsp *nsp = kept->nsp;

	sio_text_free(&kept->rooms);
	ws_mem_free(kept);
	sio_nsp_drop(nsp);
}

/* Forget the oldest one for good. */
static void
expire_kept(struct sio_recovery *recovery)
{
	struct sio_kept *kept = recovery->kept;

	take(recovery, kept);
	sio_hooks_expired(kept->nsp, kept->user);
	free_kept(kept);
}

static void
expire_logged(struct sio_recovery *recovery)
{
	struct logged *logged = recovery->log;
	struct sio_nsp *nsp = logged->nsp;

	recovery->log = logged->next;
	if (recovery->log == NULL)
		recovery->log_end = &recovery->log;
	recovery->octets -= logged->octets;
	recovery->floor = logged->offset;
	ws_mem_free(logged);
	sio_nsp_drop(nsp);
}

/* Forget what is too old, and look again when the next one will be. */
static void
on_timer(struct ws_timer *timer, void *arg)
{
	struct sio_recovery *recovery = arg;
	int64_t now_ms = ws_now(recovery->io->server), next_ms = INT64_MAX;

	while (recovery->log != NULL && recovery->log->expires_ms <= now_ms)
		expire_logged(recovery);
	while (recovery->kept != NULL && recovery->kept->expires_ms <= now_ms)
		expire_kept(recovery);
	if (recovery->log != NULL)
		next_ms = recovery->log->expires_ms;
	if (recovery->kept != NULL && recovery->kept->expires_ms < next_ms)
		next_ms = recovery->kept->expires_ms;
	if (next_ms < INT64_MAX)
		(void)ws_timer_again(timer, next_ms - now_ms);
}

/* Something waits: if nothing else did, the timer does not run. */
static void
wake(struct sio_recovery *recovery, bool first)
{
	if (first)
		(void)ws_timer_again(recovery->timer, recovery->keep_ms);
}

/* Where offsets begin: above those of an earlier process, unless that has sent
 * 64 events in each of its milliseconds. */
static uint64_t
first_offset(void)
{
	struct timespec now;

	(void)timespec_get(&now, TIME_UTC);
	return ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000)
	       << 6;
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
	recovery->octets_max = octets > 0 ? octets : 1024 * 1024;
	recovery->last = first_offset();
	recovery->log_end = &recovery->log;
	recovery->kept_end = &recovery->kept;
	recovery->timer = ws_timer_start(
	    io->server, INT32_MAX, INT32_MAX, on_timer, recovery);
	return recovery->timer != NULL ? 0 : WS_ENOMEM;
}

void
sio_recovery_free(struct sio *io)
{
	struct sio_recovery *recovery = io->recovery;

	if (recovery == NULL)
		return;
	/* Who hears of these may emit. */
	while (recovery->kept != NULL)
		expire_kept(recovery);
	while (recovery->log != NULL)
		expire_logged(recovery);
	ws_timer_stop(recovery->timer);
	ws_mem_free(recovery);
	io->recovery = NULL;
}

/* ---- leaving ----------------------------------------------------------- */

/* Whether who left for a reason may come back as if it had not: all but who
 * went, or was sent, away on purpose, or broke the protocol. */
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

	/* Its own comes back with its id. */
	if (strcmp(room, kept->id) != 0)
		sio_text_add(&kept->rooms, room, strlen(room) + 1);
	return true;
}

/* What is kept of a socket. NULL when out of memory, or more than may be. */
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
	kept->nsp->sockets++;
	if (kept->rooms.error < 0 || octets_of(kept) > recovery->octets_max) {
		free_kept(kept);
		return NULL;
	}
	kept->user = socket->user;
	kept->since = socket->extra->since;
	kept->sent = socket->extra->sent;
	/* An event that is being told may not have reached it. */
	kept->left = recovery->last - (socket->nsp->io->delivery != NULL);
	kept->expires_ms = ws_now(recovery->io->server) + recovery->keep_ms;
	memcpy(kept->pid, socket->extra->pid, sizeof(kept->pid));
	return kept;
}

bool
sio_recovery_keep(struct sio_socket *socket, const char *reason)
{
	struct sio_recovery *recovery = socket->nsp->io->recovery;
	struct sio_kept *kept, **chain;

	if (recovery == NULL || socket->extra == NULL ||
	    socket->extra->pid[0] == '\0' || !is_accident(reason))
		return false;
	kept = new_kept(recovery, socket);
	if (kept == NULL)
		return false;
	while (octets_of(kept) > recovery->octets_max - recovery->kept_octets)
		expire_kept(recovery);
	recovery->kept_octets += octets_of(kept);
	chain = bucket(recovery, kept->pid);
	kept->chain = *chain;
	*chain = kept;
	wake(recovery, recovery->kept == NULL && recovery->log == NULL);
	*recovery->kept_end = kept;
	recovery->kept_end = &kept->next;
	return true;
}

/* ---- events ------------------------------------------------------------ */

void
sio_recovery_offset(struct sio *io)
{
	char offset[OFFSET_SIZE];

	write_offset(++io->recovery->last, offset);
	sio_text_cut(&io->text, io->text.len - 1); /* the ] */
	sio_text_puts(&io->text, ",\"");
	sio_text_puts(&io->text, offset);
	sio_text_puts(&io->text, "\"]");
}

void
sio_recovery_sent(struct sio_socket *socket)
{
	if (socket->extra != NULL)
		socket->extra->sent = socket->nsp->io->recovery->last;
}

/* The names of a target's rooms: to, then except. */
static void
write_names(const struct sio_target *target, struct sio_text *text)
{
	for (unsigned i = 0; i < target->to_count; i++)
		sio_text_add(text, target->to[i], strlen(target->to[i]) + 1);
	for (unsigned i = 0; i < target->except_count; i++)
		sio_text_add(
		    text, target->except[i], strlen(target->except[i]) + 1);
	if (target->without != NULL) {
		const char *id = sio_id(target->without);

		sio_text_add(text, id, strlen(id) + 1);
	}
}

/* Copy a packet, with what it needs, into one block. */
static struct logged *
new_logged(const struct sio_target *target, const struct sio_out *out)
{
	struct sio_text names = { 0 };
	struct logged *logged;
	size_t octets = sizeof(*logged) + out->len;
	char *at;

	write_names(target, &names);
	for (unsigned i = 0; i < out->binary.count; i++)
		octets += out->binary.list[i].len;
	octets += names.len;
	logged = names.error < 0 ? NULL : ws_mem_resize(NULL, octets);
	if (logged == NULL) {
		sio_text_free(&names);
		return NULL;
	}
	memset(logged, 0, sizeof(*logged));
	logged->octets = octets;
	at = logged->data;
	if (names.len > 0)
		memcpy(at, names.at, names.len);
	logged->names = at;
	at += names.len;
	sio_text_free(&names);
	logged->out = *out;
	logged->out.at = memcpy(at, out->at, out->len);
	at += out->len;
	for (unsigned i = 0; i < out->binary.count; i++) {
		const struct sio_attachment *from = &out->binary.list[i];

		logged->out.binary.list[i].data =
		    memcpy(at, from->data, from->len);
		at += from->len;
	}
	return logged;
}

void
sio_recovery_remember(
    const struct sio_target *target, const struct sio_out *out)
{
	struct sio_recovery *recovery = target->nsp->io->recovery;
	struct sio_target own;
	struct logged *logged;

	if (target->self != NULL) {
		own = sio_in(target->nsp, sio_id(target->self));
		target = &own;
	}
	if (target->to_count > SIO_TARGET_ROOMS ||
	    target->except_count > SIO_TARGET_ROOMS)
		return; /* it will not be sent */
	logged = new_logged(target, out);
	if (logged == NULL || logged->octets > recovery->octets_max) {
		/* It cannot be recovered, and so nothing before it. */
		while (recovery->log != NULL)
			expire_logged(recovery);
		recovery->floor = recovery->last;
		ws_mem_free(logged);
		return;
	}
	while (logged->octets > recovery->octets_max - recovery->octets)
		expire_logged(recovery);
	logged->nsp = target->nsp;
	logged->nsp->sockets++;
	logged->offset = recovery->last;
	logged->to = target->to_count;
	logged->except =
	    target->except_count + (target->without != NULL ? 1 : 0);
	logged->expires_ms = ws_now(recovery->io->server) + recovery->keep_ms;
	recovery->octets += logged->octets;
	wake(recovery, recovery->kept == NULL && recovery->log == NULL);
	*recovery->log_end = logged;
	recovery->log_end = &logged->next;
}

/* ---- coming back ------------------------------------------------------- */

/* Whether a client was in a room. */
static bool
was_in(const struct sio_kept *kept, const char *room)
{
	const struct sio_text *rooms = &kept->rooms;

	if (strcmp(room, kept->id) == 0)
		return true;
	for (size_t at = 0; at < rooms->len; at += strlen(rooms->at + at) + 1) {
		if (strcmp(rooms->at + at, room) == 0)
			return true;
	}
	return false;
}

/* Whether an event was for a client. */
static bool
was_for(const struct logged *logged, const struct sio_kept *kept)
{
	const char *name = logged->names;
	bool chosen = logged->to == 0;

	if (logged->nsp != kept->nsp)
		return false;
	for (unsigned i = 0; i < logged->to; i++, name += strlen(name) + 1)
		chosen = chosen || was_in(kept, name);
	for (unsigned i = 0; i < logged->except; i++, name += strlen(name) + 1)
		chosen = chosen && !was_in(kept, name);
	return chosen;
}

/* Find what was kept under a private id, and from where on it has to be told
 * what it missed.
 *   offset  receives the last event that the client says it has
 * Returns NULL when that cannot be done any more. */
static struct sio_kept *
find_kept(struct sio_socket *socket, struct sio_value auth, uint64_t *offset)
{
	struct sio_recovery *recovery = socket->nsp->io->recovery;
	const char *pid = sio_string(sio_get(auth, "pid"), NULL);
	struct sio_value at = sio_get(auth, "offset");
	struct sio_kept *kept;

	if (pid == NULL)
		return NULL;
	kept = *bucket(recovery, pid);
	while (kept != NULL &&
	       (strcmp(kept->pid, pid) != 0 || kept->nsp != socket->nsp))
		kept = kept->chain;
	if (kept == NULL)
		return NULL;
	*offset = 0;
	if (sio_type(at) != SIO_ABSENT &&
	    !read_offset(sio_string(at, NULL), offset))
		return NULL;
	if (*offset < kept->since)
		*offset = kept->since;
	kept->got = *offset;
	if (kept->got == kept->sent && kept->got < kept->left)
		kept->got = kept->left;
	return kept->got >= recovery->floor && kept->got <= recovery->last
		   ? kept
		   : NULL;
}

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
		/* Who connects anew is in none of them. */
		ws_member_leave_all(io->server, &socket->member);
		return false;
	}
	take(io->recovery, kept);
	extra->kept = kept;
	memcpy(socket->short_id, kept->id, sizeof(socket->short_id));
	memcpy(extra->pid, kept->pid, sizeof(extra->pid));
	extra->since = kept->since;
	extra->sent = offset;
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
	bool whole = kept->got >= recovery->floor;

	for (const struct logged *logged = recovery->log;
	     logged != NULL && whole; logged = logged->next) {
		if (logged->offset <= kept->got || !was_for(logged, kept))
			continue;
		socket->extra->sent = logged->offset;
		whole = sio_out_send(socket->client, &logged->out, 0) == 0;
		/* Who hears of the end may emit, and then this is gone. */
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

	if (io->recovery == NULL || eio_protocol(socket->client->conn) < 4)
		return 0;
	extra = sio_socket_extra(socket);
	if (extra == NULL)
		return WS_ENOMEM;
	extra->since = extra->sent = io->recovery->last;
	return sio_io_id(io, extra->pid) ? 0 : WS_ESYSTEM;
}
