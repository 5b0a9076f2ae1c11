/* target.c - to whom something goes. */
/* SPDX-License-Identifier: MIT */
/*
 * All sockets of a namespace, and those of its rooms, are members of rooms of
 * ws.h (nsp.c has their names). So ws_publish_to selects the members of several
 * rooms, each once and without the members of others. It publishes an empty
 * message, io->signal, that is never sent: each member that ws.h finds gets
 * what io->delivery says.
 *
 * Socket.IO documentation, "Rooms", "Emit cheatsheet".
 */
#include "base/array.h"
#include "io.h"
#include "nsp.h"
#include "target.h"

/* ---- selecting --------------------------------------------------------- */

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

/* Add a name to a list, or only count one that is too many. */
static void
add_room(const char **list, unsigned *count, const char *room)
{
	if (*count < SIO_TARGET_ROOMS)
		list[*count] = room;
	++*count;
}

struct sio_target
sio_and(struct sio_target target, const char *room)
{
	add_room(target.to, &target.to_count, room);
	return target;
}

struct sio_target
sio_except(struct sio_target target, const char *room)
{
	add_room(target.except, &target.except_count, room);
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

/* ---- delivering -------------------------------------------------------- */

/* The names of rooms as ws.h has them. */
struct names {
	struct ws_room_name list[SIO_TARGET_ROOMS];
	unsigned char octets[SIO_TARGET_ROOMS][WS_ROOM_NAME_MAX];
};

/* Write the names of rooms. Returns 0, WS_EINVAL or WS_ENOMEM. */
static int
name_rooms(struct sio_nsp *nsp, const char *const *rooms, unsigned count,
    struct names *names)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned char *name = names->octets[i];
		size_t len = sio_nsp_room(nsp, rooms[i], name);

		if (len == 0 || rooms[i] == NULL)
			return WS_EINVAL;
		if (sio_socket_own_room(nsp, rooms[i]) < 0)
			return WS_ENOMEM;
		names->list[i] = (struct ws_room_name){ name, len };
	}
	return 0;
}

/* Deliver to the members of rooms. */
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
			sio_nsp_room(nsp, NULL, to.octets[0]) };
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
	sio_target_deliver(&target->self->member, NULL);
	io->delivery = NULL;
	return 1;
}

void
sio_target_deliver(struct ws_member *member, void *message)
{
	struct sio_socket *socket = (struct sio_socket *)member;
	struct sio_delivery *delivery = socket->nsp->io->delivery;

	(void)message;
	if (delivery != NULL && socket->state == SIO_CONNECTED)
		delivery->deliver(delivery, socket);
}

int
sio_target_found(struct sio_found *found, struct sio_socket *socket)
{
	if (!ws_array_reserve(&found->list, &found->room, found->count + 1,
		sizeof(struct sio_socket *)))
		return WS_ENOMEM;
	found->list[found->count++] = socket;
	return 0;
}
