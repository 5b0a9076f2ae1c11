/* conn_life.c - how a connection ends, and its deadline. */
/* SPDX-License-Identifier: MIT */
/*
 * Every state needs these three, so they lie below all states and know none of
 * them but the last two: LINGER and DEAD.
 */
#include "conn.h"

void
ws_conn_arm(struct ws_conn *conn, int64_t delay_ms)
{
	struct ws_loop *loop = &conn->core->loop;

	ws_wheel_set(
	    &loop->wheel, &conn->deadline, ws_loop_now(loop) + delay_ms);
}

void
ws_conn_kill(struct ws_conn *conn, const char *cause)
{
	if (conn->state == WS_CONN_DEAD)
		return;
	if (conn->cause == NULL)
		conn->cause = cause;
	conn->state = WS_CONN_DEAD;
	ws_loop_forget(&conn->core->loop, &conn->io);
	ws_wheel_cancel(&conn->core->loop.wheel, &conn->deadline);
	ws_conn_touch(conn);
}

void
ws_conn_linger(struct ws_conn *conn, const char *cause)
{
	if (conn->state == WS_CONN_DEAD)
		return;
	if (conn->cause == NULL)
		conn->cause = cause;
	conn->state = WS_CONN_LINGER;
	ws_conn_arm(conn, conn->core->limits.close_ms);
	ws_conn_touch(conn);
}
