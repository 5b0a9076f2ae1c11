/* nsp.c - namespaces. */
/* SPDX-License-Identifier: MIT */
/*
 * Namespaces are found by binary search in an array that is sorted by name. It
 * needs no defence against names that a client has chosen, which sio_of_each
 * lets them do, as a hash table would.
 *
 * The rooms of all namespaces are rooms of one ws_server, told apart by a
 * prefix; the prefix alone names the room of all sockets in a namespace:
 *
 *	+---+---+---+---+---+---+---+---+---+---+---+---+------------ ...
 *	|            secret             |  number, big  | the room's name
 *	+---+---+---+---+---+---+---+---+---+---+---+---+------------ ...
 *
 * Other endpoints of the server may let clients choose the names of rooms, any
 * octets. No client can choose one of these: they begin with a secret.
 *
 * Socket.IO documentation, "Namespaces", with "Dynamic namespaces".
 */
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"

/* ---- names ------------------------------------------------------------- */

/* Compare the name of a namespace with another one, as memcmp does. */
static int
compare(const struct sio_nsp *nsp, const char *name, size_t len)
{
	size_t nsp_len = strlen(nsp->name);
	int order = memcmp(nsp->name, name, nsp_len < len ? nsp_len : len);

	if (order != 0)
		return order;
	return (nsp_len > len) - (nsp_len < len);
}

/* Find the place of a name in io->nsps: where it is, or would be inserted. */
static size_t
find_place(const struct sio *io, const char *name, size_t len)
{
	size_t low = 0, high = io->nsps_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(io->nsps[middle], name, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sio_nsp *
sio_nsp_lookup(const struct sio *io, const char *name, size_t len)
{
	size_t at = find_place(io, name, len);

	if (at == io->nsps_count || compare(io->nsps[at], name, len) != 0)
		return NULL;
	return io->nsps[at];
}

static void
free_nsp(struct sio_nsp *nsp)
{
	sio_hooks_free(nsp);
	ws_table_fini(&nsp->connected);
	ws_mem_free(nsp->name);
	ws_mem_free(nsp);
}

static struct sio_nsp *
new_nsp(struct sio *io, const char *name, size_t len)
{
	struct sio_nsp *nsp = ws_mem_resize(NULL, sizeof(*nsp));

	if (nsp == NULL)
		return NULL;
	memset(nsp, 0, sizeof(*nsp));
	nsp->io = io;
	nsp->number = io->next_number++;
	nsp->name = ws_mem_resize(NULL, len + 1);
	if (nsp->name == NULL) {
		ws_mem_free(nsp);
		return NULL;
	}
	memcpy(nsp->name, name, len);
	nsp->name[len] = '\0';
	return nsp;
}

struct sio_nsp *
sio_nsp_new(
    struct sio *io, const char *name, size_t len, struct sio_nsp *parent)
{
	size_t at = find_place(io, name, len);
	struct sio_nsp *nsp;

	if (!ws_array_reserve(&io->nsps, &io->nsps_room, io->nsps_count + 1,
		sizeof(struct sio_nsp *)))
		return NULL;
	nsp = new_nsp(io, name, len);
	if (nsp == NULL)
		return NULL;
	nsp->parent = parent;
	nsp->user = parent != NULL ? parent->user : NULL;
	memmove(io->nsps + at + 1, io->nsps + at,
	    (io->nsps_count - at) * sizeof(struct sio_nsp *));
	io->nsps[at] = nsp;
	io->nsps_count++;
	if (io->on_namespace != NULL)
		io->on_namespace(nsp);
	return nsp;
}

struct sio_nsp *
sio_nsp_next(struct sio_nsp *nsp, const struct sio_nsp *after)
{
	const struct sio *io = nsp->io;
	size_t at = 0;

	if (nsp->is_one == NULL)
		return after == NULL ? nsp : NULL;
	/* By name: names may have been inserted before this place. */
	if (after != NULL)
		at = find_place(io, after->name, strlen(after->name)) + 1;
	while (at < io->nsps_count && io->nsps[at]->parent != nsp)
		at++;
	return at < io->nsps_count ? io->nsps[at] : NULL;
}

void
sio_nsp_drop(struct sio_nsp *nsp)
{
	struct sio *io = nsp->io;

	nsp->uses--;
	if (io->keep_empty || nsp->parent == NULL || nsp->uses > 0 ||
	    nsp->is_empty)
		return;
	nsp->is_empty = true;
	nsp->next = io->empty;
	io->empty = nsp;
	io->release_later(io);
}

void
sio_nsp_tidy(struct sio *io)
{
	struct sio_nsp *nsp;
	size_t at;

	while ((nsp = io->empty) != NULL) {
		io->empty = nsp->next;
		nsp->is_empty = false;
		if (nsp->uses > 0)
			continue; /* it is in use again */
		at = find_place(io, nsp->name, strlen(nsp->name));
		io->nsps_count--;
		memmove(io->nsps + at, io->nsps + at + 1,
		    (io->nsps_count - at) * sizeof(struct sio_nsp *));
		free_nsp(nsp);
	}
}

void
sio_nsp_free_all(struct sio *io)
{
	while (io->nsps_count > 0)
		free_nsp(io->nsps[--io->nsps_count]);
	ws_mem_free(io->nsps);
	while (io->kinds != NULL) {
		struct sio_nsp *kind = io->kinds;

		io->kinds = kind->next;
		free_nsp(kind);
	}
}

struct sio_nsp *
sio_of(struct sio *io, const char *name)
{
	struct sio_nsp *nsp;
	char *slashed = NULL;
	size_t len;

	if (name == NULL)
		return NULL;
	len = strlen(name);
	if (name[0] != '/') {
		slashed = ws_mem_resize(NULL, len + 2);
		if (slashed == NULL)
			return NULL;
		slashed[0] = '/';
		memcpy(slashed + 1, name, len + 1);
		name = slashed;
		len++;
	}
	nsp = sio_nsp_lookup(io, name, len);
	if (nsp == NULL)
		nsp = sio_nsp_new(io, name, len, NULL);
	ws_mem_free(slashed);
	return nsp;
}

/* Append a kind of namespaces to the list: the first kind that a name fits is
 * asked first. Returns it, or NULL when out of memory. */
static struct sio_nsp *
add_kind(struct sio *io, const char *name)
{
	struct sio_nsp *kind = new_nsp(io, name, strlen(name)),
		       **link = &io->kinds;

	if (kind == NULL)
		return NULL;
	while (*link != NULL)
		link = &(*link)->next;
	*link = kind;
	return kind;
}

struct sio_nsp *
sio_of_each(struct sio *io,
    bool (*is_one)(struct sio_socket *socket, const char *name, void *arg),
    void *arg)
{
	struct sio_nsp *kind = add_kind(io, "");

	if (kind == NULL)
		return NULL;
	kind->is_one = is_one;
	kind->arg = arg;
	return kind;
}

/* Match a name against the pattern of a kind, which is arg. A mismatch is
 * repaired by letting the last star match one octet more. Going back to an
 * earlier star cannot help: the last one can match whatever that one would. */
static bool
fits(struct sio_socket *socket, const char *name, void *arg)
{
	const struct sio_nsp *kind = arg;
	const char *pattern = kind->name, *star = NULL, *matched_to = NULL;

	(void)socket;
	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			matched_to = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++matched_to;
		} else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

struct sio_nsp *
sio_of_pattern(struct sio *io, const char *pattern)
{
	struct sio_nsp *kind = pattern != NULL ? add_kind(io, pattern) : NULL;

	if (kind == NULL)
		return NULL;
	kind->is_one = fits;
	kind->arg = kind;
	return kind;
}

/* ---- rooms ------------------------------------------------------------- */

size_t
sio_nsp_room(const struct sio_nsp *nsp, const char *room, unsigned char *out)
{
	size_t len = room != NULL ? strlen(room) : 0;

	if (len > SIO_ROOM_MAX || (room != NULL && len == 0))
		return 0;
	memcpy(out, nsp->io->secret, SIO_ROOM_SECRET);
	ws_store32(out + SIO_ROOM_SECRET, nsp->number);
	if (len > 0)
		memcpy(out + SIO_ROOM_PREFIX, room, len);
	return SIO_ROOM_PREFIX + len;
}

void
sio_on_namespace(struct sio *io, void (*fn)(struct sio_nsp *nsp))
{
	io->on_namespace = fn;
}

/* ---- accessors --------------------------------------------------------- */

const char *
sio_nsp_name(const struct sio_nsp *nsp)
{
	return nsp->name;
}

size_t
sio_nsp_count(const struct sio_nsp *nsp)
{
	const struct sio *io = nsp->io;
	size_t count = 0;

	for (size_t i = 0; i < io->nsps_count; i++) {
		if (io->nsps[i] == nsp || io->nsps[i]->parent == nsp)
			count += io->nsps[i]->connected.total;
	}
	return count;
}

struct sio *
sio_io(const struct sio_nsp *nsp)
{
	return nsp->io;
}

void *
sio_nsp_user(const struct sio_nsp *nsp)
{
	return nsp->user;
}

void
sio_nsp_set_user(struct sio_nsp *nsp, void *user)
{
	nsp->user = user;
}
