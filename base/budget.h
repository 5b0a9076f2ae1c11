/* budget.h - how much work one turn of the loop does before others get theirs.
 */
/* SPDX-License-Identifier: MIT */
/*
 * Peers choose how much work their octets make: one message may be delivered to
 * 10,000 members, one request may read a directory of 10,000 files. So work is
 * counted, and whoever has used up a visit waits for the next one:
 *
 *	      turn                                turn
 *	│ events, a visit each │ queued visits │ events │ queued visits │ ...
 *	   │                      ▲
 *	   └─ the visit is spent ─┘ goes on behind all that were queued before,
 *	                            its own deliveries among them
 *
 * The unit is a tenth of a microsecond of one core, by the table below.
 * Counting is no clock: reading one costs more than a short message, and the
 * same octets make the same turns in every run, which the simulation relies on.
 */
#ifndef WS_BUDGET_H
#define WS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What work costs, in tenths of a microsecond, measured on one core of 2024
 * with gcc -O2. Only the orders matter: with all of them half or double, turns
 * are half or twice as long. */
enum {
	WS_COST_EVENT = 40,     /* a readiness event: receive, send */
	WS_COST_MESSAGE = 1,    /* a short message, without its callback */
	WS_COST_FLUSH = 50,     /* one send to one peer, in the system */
	WS_COST_ACCEPT = 100,   /* a connection that begins */
	WS_COST_RELEASE = 100,  /* one that ends: close, callbacks */
	WS_COST_RELEASE_KB = 1, /* giving 1 KiB back to the system */
	WS_COST_REQUEST = 60,   /* an HTTP request with a short answer */
	WS_COST_ENTRY = 20,     /* a directory entry: its status, its line */
	WS_COST_FILE_KB = 1,    /* sending 1 KiB of a file */
	WS_COST_COPY_KB = 4,    /* receiving 1 KiB and keeping it */
	WS_COST_INFLATE_KB = 25,
	WS_COST_GZIP_KB = 90,     /* at level 1 to 3 */
	WS_COST_DEFLATE_KB = 220, /* at level 6 */
	WS_COST_ANSWER = 30,      /* writing the answer to a poll */
	WS_COST_JSON_KB = 30,     /* reading 1 KiB of JSON */
	WS_COST_JSON_K = 240,     /* 1024 values in it, in fresh memory */
	WS_COST_PACKET = 15,      /* a packet of Socket.IO, with its callback */
};

/* How far work goes. The events of a turn share its budget, so that a batch of
 * 256 from peers that all send as much as they can takes 8 ms, too. Whoever has
 * yielded is in the queue, where a visit is worth its while. */
enum {
	WS_BUDGET_VISIT = 2000, /* 0.2 ms for one connection, at most */
	/* 2 ms for a timer or deferred work, which often goes on with the work
	 * of several peers. */
	WS_BUDGET_CALL = 20000,
	WS_BUDGET_EVENTS = 80000, /* 8 ms for the events of a turn */
	WS_BUDGET_QUEUED = 60000, /* 6 ms for the queued visits of a turn */
	/* Compressing is a favour: it may take a quarter of the time, and 20 ms
	 * at once after a rest. Beyond that, octets leave as they are. */
	WS_BUDGET_OPTIONAL = 200000,
	WS_BUDGET_OPTIONAL_MS = 2500,  /* gained in each millisecond */
	WS_BUDGET_DEBT_MAX = 10000000, /* 1 s: no debt is larger */
};

struct ws_budget {
	int32_t visit;     /* left for the connection that is being served, or
	                      for the call of a timer */
	int32_t share;     /* what a visit begins with */
	int32_t turn;      /* left for this part of the turn */
	int32_t optional;  /* left for optional work */
	int64_t gained_ms; /* when that was counted last */
};

/* Begin a part of a turn.
 *   visits  how many connections are to share it, as far as it is known */
static inline void
ws_budget_begin(struct ws_budget *budget, int32_t turn, int visits)
{
	budget->turn = turn;
	budget->share = WS_BUDGET_VISIT;
	if (visits > turn / WS_BUDGET_VISIT)
		budget->share = turn / visits;
	budget->visit = budget->share;
}

/* Begin a call of a timer, or of deferred work: a visit of another kind. */
static inline void
ws_budget_begin_call(struct ws_budget *budget)
{
	budget->visit = WS_BUDGET_CALL;
}

/* Count work that was done.
 *   cost  in tenths of a microsecond
 * Returns whether something is left for this visit. */
static inline bool
ws_budget_spend(struct ws_budget *budget, size_t cost)
{
	/* A debt of a second is as good as any, and sums cannot overflow. */
	if (cost > WS_BUDGET_DEBT_MAX)
		cost = WS_BUDGET_DEBT_MAX;
	if (budget->visit > -WS_BUDGET_DEBT_MAX)
		budget->visit -= (int32_t)cost;
	if (budget->turn > -WS_BUDGET_DEBT_MAX)
		budget->turn -= (int32_t)cost;
	return budget->visit > 0;
}

/* Ask whether optional work may be done now, and count it if so.
 *   cost    in tenths of a microsecond
 *   now_ms  the time of the turn
 * Returns whether it may. Work that costs more than is left may still be begun;
 * what follows then waits for longer. */
static inline bool
ws_budget_allows(struct ws_budget *budget, size_t cost, int64_t now_ms)
{
	int64_t gain = (now_ms - budget->gained_ms) * WS_BUDGET_OPTIONAL_MS;

	if (now_ms - budget->gained_ms > WS_BUDGET_OPTIONAL ||
	    gain > WS_BUDGET_OPTIONAL - budget->optional)
		gain = WS_BUDGET_OPTIONAL - budget->optional;
	budget->optional += (int32_t)gain;
	budget->gained_ms = now_ms;
	if (budget->optional <= 0)
		return false;
	if (cost > WS_BUDGET_DEBT_MAX)
		cost = WS_BUDGET_DEBT_MAX;
	budget->optional -= (int32_t)cost;
	return true;
}

#endif
