/* turn.c - the end of a turn: visits to connections, and releases. */
/* SPDX-License-Identifier: MIT */
/*
 * Whatever happens in a turn only marks connections: those that something was
 * queued for, that have yielded or that died. The end of the turn visits them
 * and releases the dead, as far as the budget lasts (base/budget.h); the rest
 * waits for the next turn.
 */
#include "conn.h"

/* Visits for which the budget of a turn is asked at once. Asking for each takes
 * 3 instructions more a delivery; 32 could exceed a turn by 6 ms. */
#define VISITS 16

/* Spare segments are released this long after their last use. */
#define TRIM_MS 1000

/* Octets that must have been released since the last peak for memory to be
 * given back to the system. With a quarter of it, one long message would be
 * enough. So many that giving them back takes 6 ms are given back at once. */
#define TRIM_OCTETS (1 << 20)
#define TRIM_AT_ONCE (64 << 20)

/* ---- visits ------------------------------------------------------------ */

/* Queue those that have yielded. */
static void
queue_yielded(struct ws_core *core)
{
	if (core->yielded == NULL)
		return;
	*core->dirty_end = core->yielded;
	core->dirty_end = core->yielded_end;
	core->yielded = NULL;
	core->yielded_end = &core->yielded;
}

/* Visit a touched connection at the end of a turn. Mostly there is a message to
 * send and nothing else: measured, this shortcut saves 40 instructions of each
 * delivery to a room. Returns false after a visit that may have cost more. */
static inline bool
visit(struct ws_core *core, struct ws_conn *c)
{
	if (c->state != WS_CONN_OPEN || c->stash != NULL ||
	    ws_conn_is_halted(c) || c->queue.octets > core->limits.queue_soft) {
		ws_conn_visit(c);
		return false;
	}
	ws_conn_flush_queue(c);
	if (!ws_conn_is_settled(c))
		ws_conn_settle(c);
	return true;
}

/* Serve those that were touched, and those that they touch, in the order in
 * which they were queued and as far as the budget lasts. */
static void
serve_dirty(struct ws_core *core)
{
	struct ws_budget *budget = &core->loop.budget;
	struct ws_conn *c;
	int left = 0;

	/* Most visits are one send. So the budget is asked once for several,
	 * which saves three instructions of each delivery. */
	while ((c = core->dirty) != NULL) {
		if (--left < 0) {
			if (budget->turn <= 0)
				return;
			budget->turn -= VISITS * WS_COST_FLUSH;
			left = VISITS - 1;
		}
		core->dirty = c->next;
		if (core->dirty == NULL)
			core->dirty_end = &core->dirty;
		c->dirty = false;
		if (!visit(core, c))
			left = 0;
	}
}

/* ---- releases ---------------------------------------------------------- */

/* Release a dead connection. The callbacks inside may do anything. */
static void
release(struct ws_conn *c)
{
	struct ws_core *core = c->core;
	bool done = true;

	if (c->websocket) {
		ws_conn_ws_report(c,
		    c->closed_code ? c->closed_code : WS_CLOSE_ABNORMAL,
		    c->cause, WS_STR,
		    c->closed_by_us ? WS_BY_SERVER : WS_BY_PEER);
		ws_session_fini(&c->session);
	} else if (c->streams)
		ws_stream_abort(c);
	else {
		ws_conn_log_end(c);
		done = ws_request_abort(c);
	}
	core->on_conn_end(c);
	ws_net_close(c->io.fd);
	ws_pmd_leave(&core->pmd, c->context);
	ws_queue_clear(&c->queue, &core->segments);
	ws_buf_free(&c->stash);
	if (done)
		ws_conn_free(c);
}

/* Return what releasing a connection costs. The system takes a MiB back in a
 * tenth of a millisecond. */
static int32_t
release_cost(const struct ws_conn *c)
{
	size_t cost =
	    WS_COST_RELEASE + ws_conn_octets(c) / 1024 * WS_COST_RELEASE_KB;

	return (int32_t)(cost < WS_BUDGET_DEBT_MAX ? cost : WS_BUDGET_DEBT_MAX);
}

/* Release those that died, as far as the budget lasts. */
static void
release_dead(struct ws_core *core)
{
	struct ws_conn *c;

	while ((c = core->dead) != NULL && core->loop.budget.turn > 0) {
		core->loop.budget.turn -= release_cost(c);
		core->dead = c->next;
		release(c);
	}
}

/* Give memory back to the system once three quarters of what was held at the
 * last peak are released. At once: the next turn may be an hour away. */
static void
trim_memory(struct ws_core *core)
{
	struct ws_ledger *memory = &core->memory;

	if (memory->peak - memory->held < TRIM_OCTETS ||
	    (memory->held > memory->peak / 4 &&
		memory->peak - memory->held < TRIM_AT_ONCE))
		return;
	memory->peak = memory->held;
	ws_mem_trim();
}

/* ---- the end of a turn ------------------------------------------------- */

void
ws_core_turn_end(void *arg)
{
	struct ws_core *core = arg;

	ws_budget_begin(&core->loop.budget, WS_BUDGET_QUEUED, 1);
	do {
		serve_dirty(core);
		release_dead(core);
	} while ((core->dirty != NULL || core->dead != NULL) &&
		 core->loop.budget.turn > 0);
	if (ws_ledger_is_short(&core->memory))
		core->on_memory_short(core);
	queue_yielded(core);
	core->loop.busy = core->dirty != NULL || core->dead != NULL;
	trim_memory(core);
	if (core->loop.now_ms >= core->trim_ms) {
		ws_segments_trim(&core->segments);
		core->trim_ms = core->loop.now_ms + TRIM_MS;
	}
}
