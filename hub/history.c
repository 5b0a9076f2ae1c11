/* history.c - the newest messages of rooms, and whether any is missing. */
/* SPDX-License-Identifier: MIT */
/*
 * A room has a ring of the messages that it keeps, by number, and its floor:
 * the number of the newest message that it dropped.
 *
 *	numbers of all rooms  1  2  3  4  5  6  7  8  9
 *	of this room             x     x     o     o  o     x dropped, o kept
 *	                               ▲ floor = 4
 *
 * A client that has heard all up to number 4, 5, 6 ... can be told all the
 * rest. One that has heard less has missed something for good: a gap. A number
 * that this server has never given is a gap, too; the caller checks that.
 *
 * A room that is forgotten leaves its floor behind, for all that are forgotten
 * together: the highest one counts. So an answer may be "gap" where nothing was
 * lost, but never "complete" where something was.
 *
 * Messages are the encoded ones that were sent anyway.
 */
#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "history.h"

/* Rooms that one sweep looks at. With a sweep a second, a million takes 17
 * minutes, and a sweep less than a millisecond. */
#define SWEEP_ROOMS 1000

#define MESSAGES_MAX 100000
#define MEMORY_DEFAULT (16 << 20)

/* Octets that a message takes beside its payload: the head of its block, that
 * of the allocator, and a frame's header. */
#define MESSAGE_OVERHEAD 80

struct hub_past {
	struct ws_table_entry entry; /* first: the table hands it back */
	struct hub_past *older, *newer;
	struct hub_kept *ring; /* owned; NULL when nothing is kept */
	uint32_t first, count, room;
	size_t octets; /* of the payloads */
	uint64_t floor;
	const struct hub_keep *keep; /* borrowed; NULL: nothing is kept */
	uint8_t name_len;
	char name[];
};

/* ---- options ----------------------------------------------------------- */

static void
free_keep(struct hub_history *h)
{
	for (size_t i = 0; i < h->keep_count; i++)
		ws_mem_free((char *)h->keep[i].pattern);
	ws_mem_free(h->keep);
	h->keep = NULL;
	h->keep_count = 0;
}

/* Copy what is to be kept. Returns as hub_history_init. */
static int
copy_keep(struct hub_history *h, const struct hub_keep *keep, size_t count)
{
	if (count == 0)
		return 0;
	h->keep = ws_mem_resize(NULL, count * sizeof(*keep));
	if (h->keep == NULL)
		return WS_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (keep[i].messages > MESSAGES_MAX || keep[i].seconds < 0)
			return WS_EINVAL;
		h->keep[i] = keep[i];
		h->keep[i].pattern = NULL;
		h->keep_count++;
		if (keep[i].pattern == NULL)
			continue;
		h->keep[i].pattern = ws_mem_copy(keep[i].pattern);
		if (h->keep[i].pattern == NULL)
			return WS_ENOMEM;
	}
	return 0;
}

int
hub_history_init(struct hub_history *history, const struct hub_options *options,
    const uint8_t key[16])
{
	static const struct hub_keep usual = { NULL, 100, 300, 256 << 10 };
	const struct hub_keep *keep = options->keep;
	size_t count = options->keep_count;
	int result;

	if (keep == NULL) {
		keep = &usual;
		count = 1;
	}
	*history =
	    (struct hub_history){ .octets_max = options->history_memory > 0
						    ? options->history_memory
						    : MEMORY_DEFAULT };
	memcpy(history->key, key, sizeof(history->key));
	result = copy_keep(history, keep, count);
	if (result == 0 && !ws_table_init(&history->rooms))
		result = WS_ENOMEM;
	if (result < 0)
		free_keep(history);
	return result;
}

/* Return whether a name fits a pattern. */
static bool
fits(const char *pattern, const char *name, size_t len)
{
	size_t n = pattern != NULL ? strlen(pattern) : 0;

	if (pattern == NULL)
		return true;
	if (n > 0 && pattern[n - 1] == '*')
		return len >= n - 1 && memcmp(pattern, name, n - 1) == 0;
	return len == n && memcmp(pattern, name, n) == 0;
}

/* Find what is to be kept of a room. Returns NULL for nothing. */
static const struct hub_keep *
keep_of(const struct hub_history *h, const char *name, size_t len)
{
	for (size_t i = 0; i < h->keep_count; i++) {
		if (fits(h->keep[i].pattern, name, len))
			return h->keep[i].messages > 0 ? &h->keep[i] : NULL;
	}
	return NULL;
}

/* ---- rooms ------------------------------------------------------------- */

static struct hub_past *
past_of(struct ws_table_entry *entry)
{
	return (struct hub_past *)(void *)entry;
}

static size_t
past_size(const struct hub_past *past)
{
	return sizeof(*past) + past->name_len;
}

static uint32_t
hash_of(const struct hub_history *h, const char *name, size_t len)
{
	return (uint32_t)ws_siphash(h->key, name, len);
}

/* Returns NULL when the room is not known. */
static struct hub_past *
find(const struct hub_history *h, uint32_t hash, const char *name, size_t len)
{
	struct ws_table_entry *e = *ws_table_bucket(&h->rooms, hash);

	while (e != NULL && (e->hash != hash || past_of(e)->name_len != len ||
				memcmp(past_of(e)->name, name, len) != 0))
		e = e->next;
	return e != NULL ? past_of(e) : NULL;
}

static struct hub_past *
find_named(const struct hub_history *h, const char *name, size_t len)
{
	return find(h, hash_of(h, name, len), name, len);
}

/* Put a room at the end of those that were heard of last. */
static void
append(struct hub_history *h, struct hub_past *past)
{
	past->older = h->newest;
	past->newer = NULL;
	if (h->newest != NULL)
		h->newest->newer = past;
	else
		h->oldest = past;
	h->newest = past;
}

static void
take_out(struct hub_history *h, struct hub_past *past)
{
	if (h->swept == past)
		h->swept = past->newer;
	if (past->older != NULL)
		past->older->newer = past->newer;
	else
		h->oldest = past->newer;
	if (past->newer != NULL)
		past->newer->older = past->older;
	else
		h->newest = past->older;
}

/* Begin to remember a room. Returns it, or NULL when out of memory. */
static struct hub_past *
remember(struct hub_history *h, uint32_t hash, const char *name, size_t len)
{
	struct hub_past *past = ws_mem_resize(NULL, sizeof(*past) + len);

	if (past == NULL)
		return NULL;
	memset(past, 0, sizeof(*past));
	past->entry.hash = hash;
	past->floor = h->floor_gone;
	past->keep = keep_of(h, name, len);
	past->name_len = (uint8_t)len;
	memcpy(past->name, name, len);
	ws_table_add(&h->rooms, &past->entry);
	append(h, past);
	h->octets += past_size(past);
	return past;
}

/* ---- messages ---------------------------------------------------------- */

static struct hub_kept *
at(const struct hub_past *past, uint32_t i)
{
	return &past->ring[(past->first + i) % past->room];
}

static void
drop_first(struct hub_history *h, struct hub_past *past)
{
	struct hub_kept *kept = at(past, 0);

	past->floor = kept->n;
	past->octets -= kept->octets;
	h->octets -= kept->octets + MESSAGE_OVERHEAD;
	ws_prepared_free(kept->message);
	past->first = (past->first + 1) % past->room;
	past->count--;
	h->kept--;
}

static void
release_ring(struct hub_history *h, struct hub_past *past)
{
	while (past->count > 0)
		drop_first(h, past);
	h->octets -= past->room * sizeof(*past->ring);
	ws_mem_free(past->ring);
	past->ring = NULL;
	past->first = past->room = 0;
}

/* Forget a room but for its floor. */
static void
forget(struct hub_history *h, struct hub_past *past)
{
	release_ring(h, past);
	if (past->floor > h->floor_gone)
		h->floor_gone = past->floor;
	take_out(h, past);
	ws_table_remove(&h->rooms, &past->entry);
	h->octets -= past_size(past);
	ws_mem_free(past);
}

/* Drop what is too old, and the ring with the last one. */
static void
expire(struct hub_history *h, struct hub_past *past, uint32_t now_s)
{
	while (past->count > 0 &&
	       now_s - at(past, 0)->at_s > (uint32_t)past->keep->seconds)
		drop_first(h, past);
	if (past->count == 0 && past->ring != NULL)
		release_ring(h, past);
}

/* Have room for one more message. */
static bool
reserve(struct hub_history *h, struct hub_past *past)
{
	uint32_t room = past->room * 2 > 4 ? past->room * 2 : 4;
	struct hub_kept *ring;

	if (past->count < past->room)
		return true;
	if (room > past->keep->messages)
		room = past->keep->messages;
	ring = ws_mem_resize(NULL, room * sizeof(*ring));
	if (ring == NULL)
		return false;
	for (uint32_t i = 0; i < past->count; i++)
		ring[i] = *at(past, i);
	ws_mem_free(past->ring);
	h->octets += (room - past->room) * sizeof(*ring);
	past->ring = ring;
	past->first = 0;
	past->room = room;
	return true;
}

/* Drop messages until one more of this many octets fits. Returns whether it
 * does. */
static bool
make_way(struct hub_history *h, struct hub_past *past, size_t octets)
{
	const struct hub_keep *keep = past->keep;

	while (past->count > 0 &&
	       (past->count >= keep->messages ||
		   (keep->octets > 0 && past->octets + octets > keep->octets)))
		drop_first(h, past);
	return (keep->octets == 0 || octets <= keep->octets) &&
	       octets <= h->octets_max && reserve(h, past);
}

void
hub_history_add(struct hub_history *history, const char *room, size_t len,
    uint64_t n, uint32_t now_s, struct ws_prepared *message)
{
	uint32_t hash = hash_of(history, room, len);
	struct hub_past *past = find(history, hash, room, len);
	size_t octets;

	(void)ws_prepared_data(message, NULL, &octets);
	if (past == NULL)
		past = remember(history, hash, room, len);
	if (past == NULL) {
		history->floor_gone = n;
		return;
	}
	take_out(history, past);
	append(history, past);
	if (past->keep != NULL)
		expire(history, past, now_s);
	if (past->keep == NULL || octets > UINT32_MAX ||
	    !make_way(history, past, octets)) {
		release_ring(history, past);
		past->floor = n;
	} else {
		*at(past, past->count++) = (struct hub_kept){ n, now_s,
			(uint32_t)octets, ws_prepared_ref(message) };
		past->octets += octets;
		history->octets += octets + MESSAGE_OVERHEAD;
		history->kept++;
	}
	hub_history_shrink(history, history->octets_max);
}

void
hub_history_expire(
    struct hub_history *history, const char *room, size_t len, uint32_t now_s)
{
	struct hub_past *past = find_named(history, room, len);

	if (past != NULL && past->keep != NULL)
		expire(history, past, now_s);
}

void
hub_history_sweep(struct hub_history *history, uint32_t now_s)
{
	struct hub_past *past =
	    history->swept != NULL ? history->swept : history->oldest;

	for (int i = 0; i < SWEEP_ROOMS && past != NULL; i++) {
		if (past->keep != NULL)
			expire(history, past, now_s);
		past = past->newer;
	}
	history->swept = past;
}

uint64_t
hub_history_floor(
    const struct hub_history *history, const char *room, size_t len)
{
	const struct hub_past *past = find_named(history, room, len);

	return past != NULL ? past->floor : history->floor_gone;
}

bool
hub_history_next(const struct hub_history *history, const char *room,
    size_t len, uint64_t n, struct hub_kept *kept)
{
	const struct hub_past *past = find_named(history, room, len);
	uint32_t low = 0, high = past != NULL ? past->count : 0, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (at(past, middle)->n > n)
			high = middle;
		else
			low = middle + 1;
	}
	if (past == NULL || low == past->count)
		return false;
	*kept = *at(past, low);
	return true;
}

void
hub_history_shrink(struct hub_history *history, size_t octets)
{
	while (history->oldest != NULL && history->octets > octets)
		forget(history, history->oldest);
}

void
hub_history_fini(struct hub_history *history)
{
	hub_history_shrink(history, 0);
	ws_table_fini(&history->rooms);
	free_keep(history);
}
