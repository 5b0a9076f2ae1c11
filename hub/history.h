/* history.h - the newest messages of rooms, and whether any is missing. */
/* SPDX-License-Identifier: MIT */
#ifndef HUB_HISTORY_H
#define HUB_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "hub.h"

/* One message that is kept. */
struct hub_kept {
	uint64_t n;                  /* its number */
	uint32_t at_s;               /* when it was published */
	uint32_t octets;             /* of its payload */
	struct ws_prepared *message; /* one reference is ours */
};

_Static_assert(sizeof(void *) > 8 || sizeof(struct hub_kept) <= 24,
    "a kept message takes 24 octets beside what was sent");

struct hub_history {
	struct ws_table rooms;   /* by name */
	struct hub_past *oldest; /* the room that was quiet for longest */
	struct hub_past *newest;
	struct hub_past *swept; /* where hub_history_sweep goes on; or NULL */
	uint64_t floor_gone;    /* the highest floor of a forgotten room */
	size_t octets;          /* held in all */
	size_t kept;            /* messages in all */
	size_t octets_max;
	struct hub_keep *keep; /* owned, patterns included */
	size_t keep_count;
	uint8_t key[16]; /* of the table of names */
};

/* Begin an empty history.
 *   options  keep, keep_count and history_memory are read
 *   key      16 octets of randomness
 * Returns 0, WS_EINVAL or WS_ENOMEM (then there is nothing to end). */
int hub_history_init(struct hub_history *history,
    const struct hub_options *options, const uint8_t key[16]);

/* Release everything. */
void hub_history_fini(struct hub_history *history);

/* Keep a message, as far as its room keeps any.
 *   n      higher than that of every message before
 *   now_s  seconds of a clock that never goes back */
void hub_history_add(struct hub_history *history, const char *room, size_t len,
    uint64_t n, uint32_t now_s, struct ws_prepared *message);

/* Drop what is too old in a room. */
void hub_history_expire(
    struct hub_history *history, const char *room, size_t len, uint32_t now_s);

/* Drop what is too old in some rooms, others each time. */
void hub_history_sweep(struct hub_history *history, uint32_t now_s);

/* Return the number of the newest message that the room has dropped: from this
 * one on, all that was said is there. For a room that is not known, the newest
 * message that may have been dropped. */
uint64_t hub_history_floor(
    const struct hub_history *history, const char *room, size_t len);

/* Find the first message of a room behind a number.
 *   kept  receives it; its message is borrowed until the history changes
 * Returns false when there is none. */
bool hub_history_next(const struct hub_history *history, const char *room,
    size_t len, uint64_t n, struct hub_kept *kept);

/* Forget rooms, those that were quiet for longest first, until at most so many
 * octets are held. */
void hub_history_shrink(struct hub_history *history, size_t octets);

#endif
