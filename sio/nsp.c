/* nsp.c - namespaces, who is in them, and who listens. */
/* SPDX-License-Identifier: MIT */
/*
 * Namespaces are found by binary search in a sorted array: clients may choose
 * names where sio_of_each lets them, and there is nothing in it that a choice
 * could make slow.
 *
 * Sockets are found by their identifiers, in a table whose hash is taken from
 * the identifier itself: it is random, and no client chooses it.
 */
#include <string.h>

#include "io.h"

/* ---- names ------------------------------------------------------------- */

static int
compare(const struct sio_nsp *nsp, const char *name, size_t len)
{
	size_t nsp_len = strlen(nsp->name);
	int order = memcmp(nsp->name, name, nsp_len < len ? nsp_len : len);

	if (order != 0)
		return order;
	return (nsp_len > len) - (nsp_len < len);
}

/* Where a name is, or would be. */
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
	for (int kind = 0; kind < SIO_HOOK_KINDS; kind++) {
		while (nsp->hooks[kind] != NULL) {
			struct sio_hook *hook = nsp->hooks[kind];

			nsp->hooks[kind] = hook->next;
			ws_mem_free(hook->name);
			ws_mem_free(hook);
		}
	}
	ws_mem_free(nsp->buckets);
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
	nsp->name = sio_io_copy(name, len);
	if (nsp->name != NULL)
		return nsp;
	free_nsp(nsp);
	return NULL;
}

/* Make room for one more name. */
static int
grow(struct sio *io)
{
	size_t room = io->nsps_room > 0 ? 2 * io->nsps_room : 8;
	struct sio_nsp **nsps;

	if (io->nsps_count < io->nsps_room)
		return 0;
	nsps = ws_mem_resize(io->nsps, room * sizeof(*nsps));
	if (nsps == NULL)
		return WS_ENOMEM;
	io->nsps = nsps;
	io->nsps_room = room;
	return 0;
}

struct sio_nsp *
sio_nsp_new(
    struct sio *io, const char *name, size_t len, struct sio_nsp *parent)
{
	size_t at = find_place(io, name, len);
	struct sio_nsp *nsp;

	if (grow(io) < 0)
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
	return nsp;
}

struct sio_nsp *
sio_nsp_next(const struct sio_nsp *kind, const struct sio_nsp *after)
{
	const struct sio *io = kind->io;
	size_t at = 0;

	/* By name, since the array may have got longer before it. */
	if (after != NULL)
		at = find_place(io, after->name, strlen(after->name)) + 1;
	while (at < io->nsps_count && io->nsps[at]->parent != kind)
		at++;
	return at < io->nsps_count ? io->nsps[at] : NULL;
}

void
sio_nsp_drop(struct sio_nsp *nsp)
{
	struct sio *io = nsp->io;

	nsp->sockets--;
	if (io->keep_empty || nsp->parent == NULL || nsp->sockets > 0 ||
	    nsp->is_empty)
		return;
	nsp->is_empty = true;
	nsp->next = io->empty;
	io->empty = nsp;
	sio_io_reap_later(io);
}

void
sio_nsp_tidy(struct sio *io)
{
	struct sio_nsp *nsp;
	size_t at;

	while ((nsp = io->empty) != NULL) {
		io->empty = nsp->next;
		nsp->is_empty = false;
		if (nsp->sockets > 0)
			continue; /* somebody came meanwhile */
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
	size_t len = strlen(name);
	char *slashed = NULL;

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

/* Add what makes namespaces behind those there are: the first that fits is
 * the one. */
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

/* Whether a name fits a pattern. One way back is enough: where a star has
 * matched too little, only the last one can help by taking more. */
static bool
fits(struct sio_socket *socket, const char *name, void *arg)
{
	const struct sio_nsp *kind = arg;
	const char *p = kind->name, *star = NULL, *from = NULL;

	(void)socket;
	while (*name != '\0') {
		if (*p == '*') {
			star = p++;
			from = name;
		} else if (*p == *name) {
			p++;
			name++;
		} else if (star != NULL) {
			p = star + 1;
			name = ++from;
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

struct sio_nsp *
sio_of_pattern(struct sio *io, const char *pattern)
{
	struct sio_nsp *kind = add_kind(io, pattern);

	if (kind == NULL)
		return NULL;
	kind->is_one = fits;
	kind->arg = kind;
	return kind;
}

/* ---- sockets by identifier --------------------------------------------- */

/* The last characters of an identifier are random in every protocol. */
static struct sio_socket **
bucket(const struct sio_nsp *nsp, const char *id)
{
	size_t len = strlen(id), hash = 0;

	for (size_t i = len > 10 ? len - 10 : 0; i < len; i++)
		hash = hash * 61 + (unsigned char)id[i];
	hash ^= hash >> 17;
	return &nsp->buckets[hash & (nsp->buckets_count - 1)];
}

/* Double the table. Without memory it stays as it is, and gets slower. */
static int
grow_table(struct sio_nsp *nsp)
{
	struct sio_socket **old = nsp->buckets, *socket, *next;
	size_t old_count = nsp->buckets_count;
	size_t count = old_count > 0 ? 2 * old_count : 8;

	nsp->buckets = ws_mem_resize(NULL, count * sizeof(*nsp->buckets));
	if (nsp->buckets == NULL) {
		nsp->buckets = old;
		return old != NULL ? 0 : WS_ENOMEM;
	}
	memset(nsp->buckets, 0, count * sizeof(*nsp->buckets));
	nsp->buckets_count = count;
	for (size_t i = 0; i < old_count; i++) {
		for (socket = old[i]; socket != NULL; socket = next) {
			struct sio_socket **at = bucket(nsp, sio_id(socket));

			next = socket->chain;
			socket->chain = *at;
			*at = socket;
		}
	}
	ws_mem_free(old);
	return 0;
}

int
sio_nsp_insert(struct sio_socket *socket)
{
	struct sio_nsp *nsp = socket->nsp;
	struct sio_socket **at;

	if (nsp->count >= nsp->buckets_count && grow_table(nsp) < 0)
		return WS_ENOMEM;
	at = bucket(nsp, sio_id(socket));
	socket->chain = *at;
	*at = socket;
	nsp->count++;
	return 0;
}

void
sio_nsp_remove(struct sio_socket *socket)
{
	struct sio_nsp *nsp = socket->nsp;
	struct sio_socket **link = bucket(nsp, sio_id(socket));

	while (*link != socket)
		link = &(*link)->chain;
	*link = socket->chain;
	nsp->count--;
}

struct sio_socket *
sio_find(struct sio_nsp *nsp, const char *id)
{
	struct sio_socket *socket;

	if (nsp->count == 0)
		return NULL;
	socket = *bucket(nsp, id);
	while (socket != NULL && strcmp(sio_id(socket), id) != 0)
		socket = socket->chain;
	return socket;
}

/* ---- what can be asked ------------------------------------------------- */

const char *
sio_nsp_name(const struct sio_nsp *nsp)
{
	return nsp->name;
}

size_t
sio_nsp_count(const struct sio_nsp *nsp)
{
	const struct sio_nsp *one = NULL;
	size_t count = nsp->count;

	if (nsp->is_one == NULL)
		return count;
	while ((one = sio_nsp_next(nsp, one)) != NULL)
		count += one->count;
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
