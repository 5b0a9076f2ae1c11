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
#include "base/mem.h"
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
sio_and_rooms(struct sio_target target, const char *const *rooms, size_t count)
{
	if (target.more_to != NULL || (rooms == NULL && count > 0))
		target.to_count = SIO_TARGET_ROOMS + 1;
	target.more_to = rooms;
	target.more_to_count = count;
	return target;
}

struct sio_target
sio_except_rooms(
    struct sio_target target, const char *const *rooms, size_t count)
{
	if (target.more_except != NULL || (rooms == NULL && count > 0))
		target.except_count = SIO_TARGET_ROOMS + 1;
	target.more_except = rooms;
	target.more_except_count = count;
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

static bool
are_names(const char *const *rooms, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rooms[i] == NULL)
			return false;
	}
	return true;
}

bool
sio_target_is_valid(const struct sio_target *target)
{
	return target->to_count <= SIO_TARGET_ROOMS &&
	       target->except_count <= SIO_TARGET_ROOMS &&
	       are_names(target->to, target->to_count) &&
	       are_names(target->more_to, target->more_to_count) &&
	       are_names(target->except, target->except_count) &&
	       are_names(target->more_except, target->more_except_count);
}

/* One name as ws.h has it, with its octets. */
struct name {
	unsigned char octets[WS_ROOM_NAME_MAX];
};

/* The names of rooms as ws.h has them. There is room for a few; more are in a
 * block of their own. */
struct names {
	struct ws_room_name *list;
	struct name *octets;
	size_t count;
	struct ws_room_name few[SIO_TARGET_ROOMS];
	struct name few_octets[SIO_TARGET_ROOMS];
	void *block; /* owned, or NULL */
};

/* Have room for names. Returns 0 or WS_ENOMEM. */
static int
reserve(struct names *names, size_t count)
{
	const size_t each = sizeof(*names->list) + sizeof(*names->octets);

	names->list = names->few;
	names->octets = names->few_octets;
	names->count = 0;
	names->block = NULL;
	if (count <= SIO_TARGET_ROOMS)
		return 0;
	names->block =
	    count <= SIZE_MAX / each ? ws_mem_resize(NULL, count * each) : NULL;
	names->list = names->block;
	names->octets = (void *)(names->list + count);
	return names->block != NULL ? 0 : WS_ENOMEM;
}

/* Append the name of a room; NULL is that of all sockets in the namespace.
 * Returns 0 or WS_EINVAL. */
static int
append(struct names *names, const struct sio_nsp *nsp, const char *room)
{
	unsigned char *name = names->octets[names->count].octets;
	size_t len = sio_nsp_room(nsp, room, name);

	if (len == 0)
		return WS_EINVAL;
	names->list[names->count++] = (struct ws_room_name){ name, len };
	return 0;
}

/* Append the names of rooms. Returns 0, WS_EINVAL or WS_ENOMEM. */
static int
append_all(struct names *names, struct sio_nsp *nsp, const char *const *rooms,
    size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		if (sio_socket_own_room(nsp, rooms[i]) < 0)
			return WS_ENOMEM;
		result = append(names, nsp, rooms[i]);
	}
	return result;
}

/* Deliver to the members of rooms, whose names there is room for. */
static long
publish(const struct sio_target *target, struct names *to, struct names *except,
    struct sio_delivery *delivery)
{
	struct sio_nsp *nsp = target->nsp;
	struct sio *io = nsp->io;
	struct ws_selection selection = { 0 };
	long result = append_all(to, nsp, target->to, target->to_count);

	if (result == 0)
		result =
		    append_all(to, nsp, target->more_to, target->more_to_count);
	if (result == 0 && to->count == 0)
		result = append(to, nsp, NULL);
	if (result == 0)
		result = append_all(
		    except, nsp, target->except, target->except_count);
	if (result == 0)
		result = append_all(except, nsp, target->more_except,
		    target->more_except_count);
	if (result < 0)
		return result;
	selection.to = to->list;
	selection.to_count = to->count;
	selection.except = except->list;
	selection.except_count = except->count;
	if (target->without != NULL)
		selection.without = &target->without->member;
	io->delivery = delivery;
	result = ws_publish_to(io->server, &selection, io->signal, 0);
	io->delivery = NULL;
	return result;
}

/* Deliver to the members of any number of rooms. */
static long
publish_to_rooms(const struct sio_target *target, struct sio_delivery *delivery)
{
	struct names to, except;
	long result;

	if (reserve(&to, target->to_count + target->more_to_count) < 0)
		return WS_ENOMEM;
	result =
	    reserve(&except, target->except_count + target->more_except_count);
	if (result == 0)
		result = publish(target, &to, &except, delivery);
	ws_mem_free(to.block);
	ws_mem_free(except.block);
	return result;
}

long
sio_target_run(const struct sio_target *target, struct sio_delivery *delivery)
{
	struct sio *io = target->nsp->io;

	if (!sio_target_is_valid(target))
		return WS_EINVAL;
	if (io->delivery != NULL)
		return WS_ESTATE;
	if (target->self == NULL)
		return publish_to_rooms(target, delivery);
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
