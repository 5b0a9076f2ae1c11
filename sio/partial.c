/* partial.c - packets whose attachments are still to come. */
/* SPDX-License-Identifier: MIT */
/*
 *	51-["file",{"_placeholder":true,"num":0}]   the packet is kept, and
 *	                                            waits for ATTACHMENT_MS
 *	<89 50 4e 47 ...>                           again for each attachment
 *	                                            that is still to come
 *
 * A client could announce ten attachments, send nine, and keep them in the
 * memory of the server by answering pings. So each attachment has to begin
 * within ATTACHMENT_MS; one that has begun must come at the least rate that
 * WebSocket messages and bodies of requests have.
 */
#include <string.h>

#include "base/mem.h"
#include "io.h"
#include "partial.h"
#include "sio/engine/session.h"

/* An official client sends a packet and its attachments at once. With half of
 * it, a slow network that just lost a packet could be too late. */
#define ATTACHMENT_MS 30000

void
sio_partial_free(struct sio_partial *partial)
{
	if (partial == NULL)
		return;
	ws_deadlines_remove(&partial->deadline);
	for (unsigned i = 0; i < partial->got; i++)
		ws_mem_free((void *)(uintptr_t)partial->list[i].data);
	ws_memory_hold(partial->client->io->server, -(long)partial->held);
	ws_mem_free(partial);
}

/* Wait for the next attachment. */
static void
wait(struct sio_partial *partial)
{
	struct sio *io = partial->client->io;

	eio_timeouts_add(&io->incomplete, &partial->deadline,
	    ws_now(io->server) + ATTACHMENT_MS);
}

static void
hold(struct sio_partial *partial, size_t octets)
{
	partial->held += octets;
	ws_memory_hold(partial->client->io->server, (long)octets);
}

int
sio_partial_begin(
    struct sio_client *client, const char *text, size_t len, int revision)
{
	struct sio_partial *partial =
	    ws_mem_resize(NULL, sizeof(*partial) + len);

	if (partial == NULL)
		return WS_ENOMEM;
	partial->deadline = (struct ws_deadline){ 0 };
	partial->client = client;
	partial->held = 0;
	partial->got = 0;
	memcpy(partial->text, text, len);
	/* The text was valid, so the copy is: this sets the spans. */
	(void)sio_packet_decode(partial->text, len, revision, &partial->packet);
	hold(partial, sizeof(*partial) + len);
	client->partial = partial;
	wait(partial);
	return 0;
}

int
sio_partial_add(struct sio_client *client, const void *data, size_t len)
{
	struct sio_partial *partial = client->partial;
	char *copy = ws_mem_resize(NULL, len > 0 ? len : 1);

	if (copy == NULL)
		return WS_ENOMEM;
	memcpy(copy, data, len);
	partial->list[partial->got++] = (struct sio_attachment){ copy, len };
	hold(partial, len);
	wait(partial);
	return 0;
}

/* ---- the end of those that wait too long ------------------------------- */

static void
on_late(struct ws_deadline *deadline)
{
	struct sio_partial *partial = (struct sio_partial *)(void *)deadline;
	struct eio_session *session = partial->client->session;

	if (eio_session_is_receiving(session)) {
		wait(partial);
		return;
	}
	eio_session_log_bad(session, "attachments that do not come",
	    partial->text, strlen("51-"));
	eio_close(session);
}

/* End clients that hold much, when memory is full. */
static size_t
relieve(void *arg, size_t least)
{
	struct sio *io = arg;
	struct ws_deadlines *queue = &io->incomplete.queue;
	struct ws_deadline *at = ws_deadlines_first(queue), *next;
	size_t largest = 0;

	for (; at != NULL; at = next) {
		struct sio_partial *partial = (struct sio_partial *)(void *)at;
		struct sio_client *client = partial->client;

		next = at->next != &queue->head ? at->next : NULL;
		if (partial->held < least || !ws_memory_is_full(io->server)) {
			if (partial->held > largest)
				largest = partial->held;
			continue;
		}
		client->partial = NULL;
		sio_partial_free(partial);
		eio_session_shed(client->session);
	}
	return largest;
}

int
sio_partial_start(struct sio *io)
{
	int result = eio_timeouts_start(&io->incomplete, io->server, on_late);

	return result < 0 ? result : ws_memory_relief(io->server, relieve, io);
}

void
sio_partial_stop(struct sio *io)
{
	ws_memory_relief_cancel(io->server, relieve, io);
	eio_timeouts_stop(&io->incomplete);
}
