/* ledger.h - a ledger of the memory that is held for peers. */
/* SPDX-License-Identifier: MIT */
/*
 * Each peer has limits of its own, but many peers together could still take
 * more than the machine has. So a server keeps one ledger. Whatever is held for
 * a peer is counted in it where it is allocated, grown and released, never
 * where octets move: an echo and a delivery to a room touch it nowhere.
 *
 *	held   0 ─────────────────────────── 80 % ────── 95 % ── max
 *	       all is well                   │           ▲        │
 *	                     caches shrink,  ┘           │        │
 *	                     newcomers get 503           └────────┘
 *	                                       the largest holders are ended
 */
#ifndef WS_LEDGER_H
#define WS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

struct ws_ledger {
	size_t held; /* octets */
	size_t max;  /* octets; never 0 in a server */
	size_t peak; /* the most that was held since the last trim */
};

/* Count octets that are held from now on. */
static inline void
ws_ledger_add(struct ws_ledger *ledger, size_t octets)
{
	ledger->held += octets;
	if (ledger->held > ledger->peak)
		ledger->peak = ledger->held;
}

/* Count octets that are held no more. They were added before. */
static inline void
ws_ledger_drop(struct ws_ledger *ledger, size_t octets)
{
	ledger->held -= octets;
}

/* Return whether so much is held that nothing new may begin. Four fifths leave
 * room for what has begun to end well. */
static inline bool
ws_ledger_is_short(const struct ws_ledger *ledger)
{
	return ledger->held > ledger->max - ledger->max / 5;
}

/* Return whether holders must still be ended, once max was exceeded. A
 * twentieth below max keeps the next turn from having to end more. */
static inline bool
ws_ledger_is_full(const struct ws_ledger *ledger)
{
	return ledger->held > ledger->max - ledger->max / 20;
}

#endif
