/* recovery_log.c - the events that lost clients may have missed. */
/* SPDX-License-Identifier: MIT */
/*
 * Events are kept in the order of their offsets, the oldest first. An offset is
 * a number that grows, written in the 64 digits below. An event holds its
 * encoded packet and the names of the rooms that it was for, so that whoever
 * was in them can be found out later.
 *
 * Socket.IO, "Connection state recovery".
 */
#include "recovery_log.h"

#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"
#include "target.h"

/* ---- offsets ----------------------------------------------------------- */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz-_";

void
sio_offset_write(uint64_t offset, char text[SIO_OFFSET_SIZE])
{
	char reversed[SIO_OFFSET_SIZE];
	size_t n = 0;

	do {
		reversed[n++] = digits[offset & 63];
		offset >>= 6;
	} while (offset > 0);
	for (size_t i = 0; i < n; i++)
		text[i] = reversed[n - 1 - i];
	text[n] = '\0';
}

bool
sio_offset_read(const char *text, uint64_t *offset)
{
	uint64_t value = 0;

	if (text == NULL || *text == '\0' || strlen(text) >= SIO_OFFSET_SIZE)
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

/* Return the offset to begin with: above those of an earlier process, unless it
 * sent more than 64 events in each of its milliseconds. */
static uint64_t
first_offset(void)
{
	struct timespec now;

	(void)timespec_get(&now, TIME_UTC);
	return ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000)
	       << 6;
}

/* ---- keeping and dropping ---------------------------------------------- */

static void
drop(struct ws_deadline *deadline)
{
	struct sio_logged *logged =
	    WS_OUTER(struct sio_logged, deadline, deadline);
	struct sio_log *log = logged->log;

	ws_deadlines_remove(deadline);
	log->octets -= logged->octets;
	ws_memory_hold(logged->nsp->io->server, -(long)logged->octets);
	log->dropped_offset = logged->offset;
	sio_nsp_drop(logged->nsp);
	ws_mem_free(logged);
}

int
sio_log_start(struct sio_log *log, struct ws_server *server, size_t octets_max)
{
	*log = (struct sio_log){ .octets_max = octets_max,
		.last_offset = first_offset() };
	return eio_timeouts_start(&log->events, server, drop);
}

static void
drop_all(struct sio_log *log)
{
	struct ws_deadline *oldest;

	while ((oldest = ws_deadlines_first(&log->events.queue)) != NULL)
		drop(oldest);
}

void
sio_log_relieve(struct sio_log *log, const struct ws_server *server)
{
	struct ws_deadline *oldest;

	while (ws_memory_is_full(server) &&
	       (oldest = ws_deadlines_first(&log->events.queue)) != NULL)
		drop(oldest);
}

void
sio_log_stop(struct sio_log *log)
{
	drop_all(log);
	eio_timeouts_stop(&log->events);
}

void
sio_log_add_name(struct sio_text *names, const char *name)
{
	sio_text_add(names, name, strlen(name) + 1);
}

static void
add_names(struct sio_text *names, const char *const *rooms, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sio_log_add_name(names, rooms[i]);
}

/* Write the names of a target's rooms, to before except, each with a NUL. A
 * socket that is left out is named by its own room. */
static void
write_names(const struct sio_target *target, struct sio_text *text)
{
	add_names(text, target->to, target->to_count);
	add_names(text, target->more_to, target->more_to_count);
	add_names(text, target->except, target->except_count);
	add_names(text, target->more_except, target->more_except_count);
	if (target->without != NULL)
		sio_log_add_name(text, sio_id(target->without));
}

/* Copy octets to *at, and move it behind them. Returns the copy. */
static void *
put(char **at, const void *from, size_t len)
{
	char *to = *at;

	if (len > 0)
		memcpy(to, from, len);
	*at += len;
	return to;
}

/* Copy a packet, its attachments and the names of its target's rooms into one
 * block. Returns NULL when out of memory. */
static struct sio_logged *
new_logged(const struct sio_target *target, const struct sio_out *out)
{
	struct sio_text names = { 0 };
	struct sio_logged *logged;
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
	logged->names = put(&at, names.at, names.len);
	logged->out = *out;
	logged->out.at = put(&at, out->at, out->len);
	for (unsigned i = 0; i < out->binary.count; i++)
		logged->out.binary.list[i].data =
		    put(&at, out->binary.list[i].data, out->binary.list[i].len);
	sio_text_free(&names);
	return logged;
}

void
sio_log_add(struct sio_log *log, const struct sio_target *target,
    const struct sio_out *out, int64_t until_ms)
{
	struct sio_target own;
	struct sio_logged *logged;

	if (target->self != NULL) {
		own = sio_in(target->nsp, sio_id(target->self));
		target = &own;
	}
	if (!sio_target_is_valid(target))
		return; /* it will not be sent */
	logged = new_logged(target, out);
	if (logged == NULL || logged->octets > log->octets_max) {
		/* A client that misses this event cannot be recovered. The
		 * earlier ones are of no use then. */
		drop_all(log);
		log->dropped_offset = log->last_offset;
		ws_mem_free(logged);
		return;
	}
	while (logged->octets > log->octets_max - log->octets)
		drop(ws_deadlines_first(&log->events.queue));
	logged->log = log;
	logged->nsp = target->nsp;
	logged->nsp->uses++;
	logged->offset = log->last_offset;
	logged->to = target->to_count + target->more_to_count;
	logged->except = target->except_count + target->more_except_count +
			 (target->without != NULL ? 1 : 0);
	log->octets += logged->octets;
	ws_memory_hold(target->nsp->io->server, (long)logged->octets);
	eio_timeouts_add(&log->events, &logged->deadline, until_ms);
}

/* ---- finding ----------------------------------------------------------- */

bool
sio_logged_is_for(const struct sio_logged *logged,
    bool (*was_in)(const char *room, const void *arg), const void *arg)
{
	const char *name = logged->names;
	bool chosen = logged->to == 0;

	for (size_t i = 0; i < logged->to; i++, name += strlen(name) + 1)
		chosen = chosen || was_in(name, arg);
	for (size_t i = 0; i < logged->except; i++, name += strlen(name) + 1)
		chosen = chosen && !was_in(name, arg);
	return chosen;
}
