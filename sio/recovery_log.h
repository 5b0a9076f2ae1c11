/* recovery_log.h - the events that lost clients may have missed. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_RECOVERY_LOG_H
#define SIO_RECOVERY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out.h"
#include "sio/engine/timeouts.h"
#include "target.h"

#define SIO_OFFSET_SIZE 12 /* 64 bits in digits of 6, and a NUL */

/* An event that was sent. */
struct sio_logged {
	struct ws_deadline deadline; /* in log->events */
	struct sio_log *log;         /* borrowed */
	struct sio_nsp *nsp;         /* borrowed: its uses count this */
	uint64_t offset;
	size_t octets;      /* of this block */
	size_t to, except;  /* how many names are of each kind */
	const char *names;  /* in data: each with a NUL */
	struct sio_out out; /* its octets are in data, too */
	char data[];
};

struct sio_log {
	struct eio_timeouts events; /* owned: until when they are kept */
	size_t octets, octets_max;
	uint64_t last_offset;    /* the newest offset */
	uint64_t dropped_offset; /* the newest one whose event is dropped */
};

/* Write an offset, in as few digits as it needs, with a NUL. */
void sio_offset_write(uint64_t offset, char text[SIO_OFFSET_SIZE]);

/* Read an offset. Returns whether text is one; NULL is none. */
bool sio_offset_read(const char *text, uint64_t *offset);

/* Begin a log, whose offsets are above those of an earlier process.
 *   octets_max  of all its events
 * Returns 0 or WS_ENOMEM; stopping is allowed in both cases. */
int
sio_log_start(struct sio_log *log, struct ws_server *server, size_t octets_max);

/* Drop all events, and stop the timer. */
void sio_log_stop(struct sio_log *log);

/* Drop the oldest events as long as memory is full. */
void sio_log_relieve(struct sio_log *log, const struct ws_server *server);

/* Add an event with the last offset, if it will be sent. If it cannot be kept,
 * all events are dropped: clients that miss it cannot be recovered.
 *   target    whom it is for
 *   out       its packet; copied
 *   until_ms  it is kept */
void sio_log_add(struct sio_log *log, const struct sio_target *target,
    const struct sio_out *out, int64_t until_ms);

/* Return whether an event was for a client of its namespace.
 *   was_in  tells whether the client was in a room; arg is passed on */
bool sio_logged_is_for(const struct sio_logged *logged,
    bool (*was_in)(const char *room, const void *arg), const void *arg);

/* Append a name to a text of names, each with a NUL. */
void sio_log_add_name(struct sio_text *names, const char *name);

#endif
