/* loop.h - the readiness loop: descriptors, timers, work at the turn's end. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_LOOP_H
#define WS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "timer.h"

/* What a descriptor is watched for, and what it is ready for. */
enum {
	WS_LOOP_READ = 1,
	WS_LOOP_WRITE = 2,
	/* Only reported: both directions are shut or the descriptor failed. It
	 * is reported even when nothing is wanted, by epoll again and again.
	 * Where WS_LOOP_READ is wanted, kqueue may report that alone, and the
	 * end is found by reading. */
	WS_LOOP_HANGUP = 4,
};

/* One watched descriptor, embedded in the object that it belongs to. */
struct ws_io {
	void (*ready)(struct ws_io *io, unsigned events);
	int fd;
	uint32_t serial : 24; /* loop.c's: tells this use of fd from earlier
	                         ones */
	uint32_t want : 8;    /* what the backend was told last */
};

#define WS_LOOP_SERIAL_MAX 0xffffff

/* The value of ws_io.want of a descriptor that the backend does not have. */
#define WS_LOOP_UNKNOWN 0x80

/* Work to do once, at the end of the turn; embedded like ws_io. Zeroed memory
 * is work that is not pending. */
struct ws_work {
	struct ws_work *next;
	void (*run)(struct ws_work *work);
};

/* Events taken in one turn. With 256 a busy server makes one system call to
 * wait for 256 that read or write, so a larger batch has nothing left to win.
 * It would make turns longer, at whose end replies are flushed and timers run,
 * and the stack of ws_backend_wait larger (12 octets an event). */
#define WS_LOOP_BATCH 256

/* One event as a backend reports it. */
struct ws_fired {
	int fd;
	uint32_t serial;
	unsigned events;
};

struct ws_loop {
	int fd;         /* owned: the backend's, readable when ready */
	int64_t now_ms; /* read once per turn */
	bool turning;   /* inside a turn */
	bool busy;      /* turn_end left work: the loop does not wait */
	struct ws_budget budget; /* of this turn */
	struct ws_io **watched;  /* owned array by descriptor; io is borrowed */
	size_t watched_count;    /* that are not NULL */
	size_t watched_room;
	uint32_t serial;
	struct ws_heap heap;   /* exact timers */
	struct ws_wheel wheel; /* coarse deadlines */
	void (*expired)(struct ws_wheel_deadline *deadline, void *arg);
	void (*turn_end)(void *arg); /* after all work of the turn */
	void *arg;                   /* of expired and turn_end */
	struct ws_work *work, **work_end;
	/* What the system reported last. The events from fired_at on are still
	 * to be handed on: the turn before had no time for them. */
	struct ws_fired fired[WS_LOOP_BATCH];
	int fired_at, fired_count;
};

/* Open a loop.
 *   expired   called for deadlines of loop->wheel that have passed
 *   turn_end  called at the end of every turn
 * Returns 0, or -1 with errno set. */
int ws_loop_open(struct ws_loop *loop,
    void (*expired)(struct ws_wheel_deadline *deadline, void *arg),
    void (*turn_end)(void *arg), void *arg);

/* Close a loop; nothing may be watched any more. */
void ws_loop_close(struct ws_loop *loop);

/* Declare the whole set of what a descriptor is watched for.
 *   io    ready and fd are set by the caller; borrowed until ws_loop_forget
 *   want  WS_LOOP_READ, WS_LOOP_WRITE, both or 0
 * Returns 0, or -1 with errno set and the earlier interest in force. */
int ws_loop_want(struct ws_loop *loop, struct ws_io *io, unsigned want);

/* Stop watching, before fd is closed: no event of it, not even one already
 * taken from the system, reaches io again. io that is not watched is left
 * alone. */
void ws_loop_forget(struct ws_loop *loop, struct ws_io *io);

/* Have work run at the end of this turn (or of the next one, when called from
 * such work). Work that is pending stays where it is. */
void ws_loop_defer(struct ws_loop *loop, struct ws_work *work);

/* Take work back; fine when it is not pending. O(pending). */
void ws_loop_undefer(struct ws_loop *loop, struct ws_work *work);

/* What time it is, in milliseconds: that of the turn inside a turn, so that all
 * that happens in it happens at one time; read from the clock outside. */
int64_t ws_loop_now(const struct ws_loop *loop);

/* How long a turn may wait, in milliseconds: 0 when work is pending, -1 when
 * nothing is due at all. */
int ws_loop_timeout(const struct ws_loop *loop);

/* One turn: wait, read the clock, events, timers, deadlines, work, turn_end.
 * Events for which the budget of the turn does not last are handed on in the
 * next one, which takes no new ones from the system.
 *   timeout_ms  longest wait; -1 for no limit of the caller's
 * Returns the number of events handed on, or -1 with errno set when the
 * system's wait failed for another reason than a signal. */
int ws_loop_turn(struct ws_loop *loop, int timeout_ms);

/* ---- what a backend provides (loop_epoll.c or loop_kqueue.c) ----------- */

/* Open the system's queue into loop->fd. Returns 0 or -1 with errno set. */
int ws_backend_open(struct ws_loop *loop);

/* Tell the system about a change of interest of io->fd from io->want, which
 * may be WS_LOOP_UNKNOWN, to want; events report io->serial. Level-triggered.
 * Returns 0 or -1 with errno. */
int ws_backend_want(struct ws_loop *loop, struct ws_io *io, unsigned want);

/* Have the system forget io->fd, which it knows. */
void ws_backend_forget(struct ws_loop *loop, struct ws_io *io);

/* Wait and fill loop->fired. timeout_ms -1 waits for ever. Returns how many
 * were filled, 0 also after a signal, or -1 with errno set. */
int ws_backend_wait(struct ws_loop *loop, int timeout_ms);

/* Close loop->fd. */
void ws_backend_close(struct ws_loop *loop);

#endif
