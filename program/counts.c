/* counts.c - telling the clients of a namespace how many they are. */
/* SPDX-License-Identifier: MIT */
/*
 * A crowd that comes or goes changes the number thousands of times a second. If
 * each change were told to all, N clients would be sent N * N events. So
 *
 *	who came     is told at once, alone
 *	all others   are told together, a little later, what the number is then
 *
 * The larger the crowd, the later: counts take DELIVERIES_MAX events a second
 * at most, also of clients that do not fetch them.
 */
#include <stdlib.h>

#include "counts.h"

/* Between two tellings. A page shows the change as if at once; with half of it,
 * a crowd costs twice as much. */
#define WAIT_MS 50

/* Events a second, a hundredth of what one core delivers. 250 clients are told
 * after WAIT_MS, 10,000 after two seconds. */
#define DELIVERIES_MAX 5000

struct counts {
	struct sio_nsp *nsp; /* borrowed, and ours is its user */
	const struct counts_events *events;
	struct ws_timer *timer;    /* the next telling; or NULL */
	struct sio_socket *newest; /* it knows the number; or NULL: nobody */
	bool more, less;           /* who came, who left, since the last one */
};

static void
tell(struct counts *counts, const char *event)
{
	struct sio_target target = counts->newest != NULL
				       ? sio_others(counts->newest)
				       : sio_all(counts->nsp);

	sio_emit_to(
	    target, event, counts->events->format, sio_nsp_count(counts->nsp));
}

static void
on_timer(struct ws_timer *timer, void *arg)
{
	struct counts *counts = arg;
	const struct counts_events *events = counts->events;
	bool more = counts->more, less = counts->less;

	(void)timer;
	counts->timer = NULL;
	counts->more = counts->less = false;
	if (less)
		tell(counts, events->less);
	if (more && !(less && events->more == events->less))
		tell(counts, events->more);
}

/* Have all be told, unless they will be already. */
static void
changed(struct counts *counts)
{
	int64_t wait_ms =
	    (int64_t)sio_nsp_count(counts->nsp) * 1000 / DELIVERIES_MAX;

	if (counts->timer == NULL)
		counts->timer = ws_timer_start(sio_server(sio_io(counts->nsp)),
		    wait_ms > WAIT_MS ? wait_ms : WAIT_MS, 0, on_timer, counts);
}

static void
joined(struct sio_socket *socket)
{
	struct counts *counts = sio_nsp_user(sio_nsp_of(socket));

	counts->newest = socket;
	counts->more = true;
	sio_emit(socket, counts->events->more, counts->events->format,
	    sio_nsp_count(counts->nsp));
	changed(counts);
}

static void
left(struct sio_socket *socket, const char *reason)
{
	struct counts *counts = sio_nsp_user(sio_nsp_of(socket));

	(void)reason;
	counts->newest = NULL;
	counts->less = true;
	changed(counts);
}

int
counts_add(struct sio_nsp *nsp, const struct counts_events *events)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	if (counts == NULL)
		return WS_ENOMEM;
	counts->nsp = nsp;
	counts->events = events;
	if (ws_at_free(sio_server(sio_io(nsp)), free, counts) < 0) {
		free(counts);
		return WS_ENOMEM;
	}
	sio_nsp_set_user(nsp, counts);
	if (sio_on_connection(nsp, joined) < 0)
		return WS_ENOMEM;
	return sio_on_disconnect(nsp, left);
}
