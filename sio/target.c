/* target.c - to whom something goes. */
/* SPDX-License-Identifier: MIT */
/*
 * The rooms of all namespaces are rooms of the ws_server, told apart by a
 * prefix; the prefix alone is the room of all in a namespace. So selecting the
 * members of several rooms, each once and without those of others, is left to
 * ws_publish_to.
 *
 *	+---+---+---+---+---+---+---+---+---+---+---+---+------------ ...
 *	|            secret             |  number, big  | the room's name
 *	+---+---+---+---+---+---+---+---+---+---+---+---+------------ ...
 *
 * Other endpoints of the server may let clients choose the names of rooms, any
 * octets. Nobody can choose one of these: they begin with a secret.
 */
#include <string.h>

#include "io.h"

/* ---- making one -------------------------------------------------------- */

struct sio_target
sio_all(struct sio_nsp *nsp)
{
	return (struct sio_target){ .nsp = nsp };
}

struct sio_target
sio_self(struct sio_socket *socket)
{
	return (struct sio_target){ .nsp = socket->nsp, .self = socket };
}

struct sio_target
sio_others(struct sio_socket *socket)
{
	return (struct sio_target){ .nsp = socket->nsp, .without = socket };
}

struct sio_target
sio_in(struct sio_nsp *nsp, const char *room)
{
	return sio_and(sio_all(nsp), room);
}

struct sio_target
sio_to(struct sio_socket *socket, const char *room)
{
	return sio_and(sio_others(socket), room);
}

struct sio_target
sio_and(struct sio_target target, const char *room)
{
	if (target.to_count < SIO_TARGET_ROOMS)
		target.to[target.to_count] = room;
	target.to_count++;
	return target;
}

struct sio_target
sio_except(struct sio_target target, const char *room)
{
	if (target.except_count < SIO_TARGET_ROOMS)
		target.except[target.except_count] = room;
	target.except_count++;
	return target;
}

struct sio_target
sio_volatile(struct sio_target target)
{
	target.flags |= WS_VOLATILE;
	return target;
}

struct sio_target
sio_compress(struct sio_target target, bool yes)
{
	target.flags &= ~(unsigned)SIO_NO_COMPRESS;
	target.flags |= yes ? 0 : SIO_NO_COMPRESS;
	return target;
}

struct sio_target
sio_local(struct sio_target target)
{
	return target;
}

/* ---- finding them ------------------------------------------------------ */

size_t
sio_target_room(const struct sio_nsp *nsp, const char *room, unsigned char *out)
{
	size_t len = room != NULL ? strlen(room) : 0;

	if (len > SIO_ROOM_MAX)
		return 0;
	memcpy(out, nsp->io->secret, SIO_ROOM_SECRET);
	for (int i = 0; i < 4; i++)
		out[SIO_ROOM_SECRET + i] =
		    (unsigned char)(nsp->number >> (24 - 8 * i));
	if (len > 0)
		memcpy(out + SIO_ROOM_PREFIX, room, len);
	return SIO_ROOM_PREFIX + len;
}

/* The names of rooms as ws.h wants them. */
struct names {
	struct ws_room_name list[SIO_TARGET_ROOMS];
	unsigned char octets[SIO_TARGET_ROOMS][WS_ROOM_NAME_MAX];
};

static int
name_rooms(struct sio_nsp *nsp, const char *const *rooms, unsigned count,
    struct names *names)
{
	for (unsigned i = 0; i < count; i++) {
		struct sio_socket *own = sio_find(nsp, rooms[i]);
		size_t len = sio_target_room(nsp, rooms[i], names->octets[i]);

		if (len == 0 || rooms[i][0] == '\0')
			return WS_EINVAL;
		if (own != NULL && sio_socket_own_room(own) < 0)
			return WS_ENOMEM;
		names->list[i] = (struct ws_room_name){ names->octets[i], len };
	}
	return 0;
}

/* Run through the rooms of a namespace. */
static long
publish(const struct sio_target *target, struct sio_delivery *delivery)
{
	struct sio_nsp *nsp = target->nsp;
	struct sio *io = nsp->io;
	struct names to, except;
	struct ws_selection selection = { .to = to.list,
		.to_count = target->to_count,
		.except = except.list,
		.except_count = target->except_count };
	long result;

	if (target->without != NULL)
		selection.without = &target->without->member;
	result = name_rooms(nsp, target->to, target->to_count, &to);
	if (result == 0)
		result = name_rooms(
		    nsp, target->except, target->except_count, &except);
	if (result < 0)
		return result;
	if (target->to_count == 0) {
		selection.to_count = 1;
		to.list[0] = (struct ws_room_name){ to.octets[0],
			sio_target_room(nsp, NULL, to.octets[0]) };
	}
	io->delivery = delivery;
	result = ws_publish_to(io->server, &selection, io->signal, 0);
	io->delivery = NULL;
	return result;
}

long
sio_target_run(const struct sio_target *target, struct sio_delivery *delivery)
{
	struct sio *io = target->nsp->io;

	if (target->to_count > SIO_TARGET_ROOMS ||
	    target->except_count > SIO_TARGET_ROOMS)
		return WS_EINVAL;
	if (io->delivery != NULL)
		return WS_ESTATE;
	if (target->self == NULL)
		return publish(target, delivery);
	io->delivery = delivery;
	sio_out_deliver(&target->self->member, NULL);
	io->delivery = NULL;
	return 1;
}

/* ---- doing something with them ------------------------------------------ */

int
sio_target_found(struct sio_delivery *delivery, struct sio_socket *socket)
{
	size_t room = delivery->found_room > 0 ? 2 * delivery->found_room : 64;
	struct sio_socket **found = delivery->found;

	if (delivery->found_count == delivery->found_room) {
		found =
		    ws_mem_resize(found, room * sizeof(struct sio_socket *));
		if (found == NULL) {
			delivery->error = WS_ENOMEM;
			return WS_ENOMEM;
		}
		delivery->found = found;
		delivery->found_room = room;
	}
	found[delivery->found_count++] = socket;
	return 0;
}

/* Collect the sockets of a target. */
static int
collect(struct sio_target target, struct sio_delivery *delivery)
{
	const struct sio_nsp *kind = target.nsp;
	long result = 0;

	memset(delivery, 0, sizeof(*delivery));
	if (kind->is_one == NULL)
		result = sio_target_run(&target, delivery);
	else
		target.nsp = NULL;
	while (kind->is_one != NULL && result >= 0 &&
	       (target.nsp = sio_nsp_next(kind, target.nsp)) != NULL)
		result = sio_target_run(&target, delivery);
	if (result >= 0)
		result = delivery->error;
	if (result < 0)
		ws_mem_free(delivery->found);
	return (int)result;
}

/* Sockets that leave meanwhile stay in memory until the end of the turn. */
long
sio_fetch(struct sio_target target,
    bool (*visit)(struct sio_socket *socket, void *arg), void *arg)
{
	struct sio_delivery delivery;
	int result = collect(target, &delivery);
	long visited = 0;

	if (result < 0)
		return result;
	for (size_t i = 0; i < delivery.found_count; i++) {
		if (delivery.found[i]->state != SIO_CONNECTED)
			continue;
		visited++;
		if (!visit(delivery.found[i], arg))
			break;
	}
	ws_mem_free(delivery.found);
	return visited;
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
	return sio_fetch(target, join_one, (void *)(uintptr_t)room);
}

long
sio_sockets_leave(struct sio_target target, const char *room)
{
	return sio_fetch(target, leave_one, (void *)(uintptr_t)room);
}

long
sio_disconnect_sockets(struct sio_target target, bool close)
{
	return sio_fetch(target, disconnect_one, &close);
}
