/* many.c - do something with all sockets of a target. */
/* SPDX-License-Identifier: MIT */
/*
 * A function that is called for a socket may disconnect others or emit, which
 * is not allowed during a delivery. So the sockets are collected first, and the
 * function is called for each that is still connected then.
 *
 * Socket.IO documentation, "Server instance", "Utility methods".
 */
#include <string.h>

#include "base/mem.h"
#include "nsp.h"
#include "target.h"

/* A delivery that collects the sockets instead of sending to them. */
struct collection {
	struct sio_delivery delivery; /* first */
	struct sio_found found;
	int error;
};

static void
collect_one(struct sio_delivery *delivery, struct sio_socket *socket)
{
	struct collection *collection = (struct collection *)delivery;

	if (collection->error == 0)
		collection->error =
		    sio_target_found(&collection->found, socket);
}

/* Collect the sockets of a target, in all of its namespaces. Returns 0 or a
 * negative enum ws_error. */
static int
collect(const struct sio_target *target, struct collection *collection)
{
	struct sio_target one = *target;
	long result = 0;

	one.nsp = NULL;
	while (result >= 0 &&
	       (one.nsp = sio_nsp_next(target->nsp, one.nsp)) != NULL)
		result = sio_target_run(&one, &collection->delivery);
	return result < 0 ? (int)result : collection->error;
}

/* Sockets that leave meanwhile stay in memory until the end of the turn. */
long
sio_fetch(struct sio_target target,
    bool (*visit)(struct sio_socket *socket, void *arg), void *arg)
{
	struct collection collection = { .delivery = { collect_one } };
	const struct sio_found *found = &collection.found;
	long result = collect(&target, &collection);

	for (size_t i = 0; result >= 0 && i < found->count; i++) {
		if (found->list[i]->state != SIO_CONNECTED)
			continue;
		result++;
		if (!visit(found->list[i], arg))
			break;
	}
	ws_mem_free(found->list);
	return result;
}

static bool
join_one(struct sio_socket *socket, void *arg)
{
	(void)sio_join(socket, arg);
	return true;
}

static bool
leave_one(struct sio_socket *socket, void *arg)
{
	(void)sio_leave(socket, arg);
	return true;
}

static bool
disconnect_one(struct sio_socket *socket, void *arg)
{
	sio_disconnect(socket, *(const bool *)arg);
	return true;
}

long
sio_sockets_join(struct sio_target target, const char *room)
{
	if (room == NULL)
		return WS_EINVAL;
	return sio_fetch(target, join_one, (void *)(uintptr_t)room);
}

long
sio_sockets_leave(struct sio_target target, const char *room)
{
	if (room == NULL)
		return WS_EINVAL;
	return sio_fetch(target, leave_one, (void *)(uintptr_t)room);
}

long
sio_disconnect_sockets(struct sio_target target, bool close)
{
	return sio_fetch(target, disconnect_one, &close);
}
