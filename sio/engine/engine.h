/* engine.h - an endpoint of Engine.IO: what its sessions share. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_ENGINE_H
#define EIO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "cors.h"
#include "sid.h"
#include "sio/json/text.h"
#include "sio/sio.h"
#include "timeouts.h"
#include "twice.h"

enum {
	/* Counters of silent sessions; 2^n. Addresses share one by chance: more
	 * counters make that rarer, these take 8 KiB. */
	EIO_COUNTERS = 4096,
	EIO_SIDS = 16, /* drawn at once: one system call for 16 sessions */
	/* Octets that the buffers in and out keep after they were used. Most
	 * packets are shorter; the memory for a longer one is given back. */
	EIO_SCRATCH = 65536,
};

struct eio {
	struct ws_server *server; /* borrowed */
	struct eio_handler handler;
	struct eio_options options; /* no member is zero that has a default */
	void *user;                 /* borrowed */
	struct eio_cors cors;
	eio_ascii
	    *ascii;   /* of all text messages; NULL: they have no such form */
	char *cookie; /* owned */
	char *fields; /* owned */

	struct ws_table sessions; /* by their sid; owned, until released */
	size_t open_count;        /* of those that are open */

	/* Deadlines of sessions. */
	struct eio_timeouts pings; /* protocol 4: when to ping */
	struct eio_timeouts pongs; /* protocol 4: the pong must be here */
	struct eio_timeouts client_pings; /* protocol 3: a ping must be here */
	struct eio_timeouts last_polls;   /* the rest must be fetched */
	/* Deadlines of sessions that poll. */
	struct eio_timeouts first_requests; /* the session must be used */
	struct eio_timeouts upgrades;       /* the WebSocket must take over */

	struct ws_timer *turn_end;   /* owned; fires at the end of this turn */
	struct ws_deadlines flushes; /* polls to be looked at then */
	struct ws_deadlines ended;   /* sessions to be released then */
	struct ws_timer *reader;     /* owned; fires while there are unread */
	struct ws_deadlines unread;  /* bodies with packets to be read */

	struct sio_text in, out; /* one packet, decoded or encoded */
	uint8_t sids[EIO_SIDS][EIO_SID_OCTETS]; /* random, not used yet */
	unsigned sids_left;
	uint8_t key[16]; /* of the counters */
	/* EIO_COUNTERS of silent sessions, by address; owned; NULL until the
	 * first client polls. */
	uint16_t *silent;
	bool stopping; /* no session begins any more */
	int refusal;   /* the status that allow has chosen; 0: the usual */
};

#endif
