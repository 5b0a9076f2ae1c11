/* buf.c - a growing run of octets, and chunks that many queues share. */
/* SPDX-License-Identifier: MIT */
/*
 * A message for a room of thousands is encoded once, into one chunk; each
 * member's queue holds a segment that points at it:
 *
 *     queue of A:  last ─▶ [ open chunk, 900 octets ] ─▶ (ring)
 *     queue of B:  last ─▶ [ chunk 7 ] ─▶ [ chunk 8 ] ─▶ (ring)
 *     queue of C:  last ─▶ [ chunk 8, from octet 20 on: the rest is sent ]
 *
 * An "open" chunk belongs to one queue, which copies small things into its
 * tail until it is full.
 */
#include <string.h>

#include "buf.h"
#include "bytes.h"
#include "mem.h"

/* Octets of the first block. Small messages fit, and most of a smaller block
 * would be struct ws_buf and the allocator's own. */
#define BUF_ROOM_MIN 128

/* Octets of an open chunk. Most queues hold a few small frames, for which the
 * first chunk suffices; one that follows a full chunk expects more. */
#define OPEN_ROOM_MIN 256
#define OPEN_ROOM_NEXT 2048

#define SPARE_MIN 1024 /* segments kept in any case, 32 KiB */
#define TRIM_MAX 4096  /* segments released at once, to keep each turn short */

/* ---- buffers ----------------------------------------------------------- */

/* Move what a buffer holds to its beginning. */
static void
compact(struct ws_buf *buf)
{
	memmove(buf->at, buf->at + buf->begin, buf->len);
	buf->begin = 0;
}

/* Make room for len more octets behind those held. Octets are moved only when
 * more than as many were consumed, or into a block twice as large, so each is
 * moved a bounded number of times on average. */
static struct ws_buf *
make_room(struct ws_buf *buf, size_t len)
{
	size_t used = buf != NULL ? buf->len : 0;
	size_t room = buf != NULL ? buf->room : 0, had = room;
	struct ws_buf *grown;

	if (buf != NULL && len <= room - used - buf->begin)
		return buf;
	if (buf != NULL && buf->begin > used)
		compact(buf);
	if (buf != NULL && len <= room - used - buf->begin)
		return buf;
	room = room * 2 > used + len ? room * 2 : used + len;
	if (room < BUF_ROOM_MIN)
		room = BUF_ROOM_MIN;
	if (buf != NULL)
		room += buf->begin;
	grown = ws_mem_resize(buf, sizeof(struct ws_buf) + room);
	if (grown == NULL)
		return NULL;
	if (buf == NULL)
		*grown = (struct ws_buf){ .len = 0 };
	else if (grown->ledger != NULL)
		ws_ledger_add(grown->ledger, room - had);
	grown->room = room;
	return grown;
}

int
ws_buf_append(struct ws_buf **buf, const void *data, size_t len, size_t max)
{
	size_t used = *buf != NULL ? (*buf)->len : 0;
	struct ws_buf *ready;

	if (len > max || used > max - len)
		return -1;
	if (len == 0)
		return 0;
	ready = make_room(*buf, len);
	if (ready == NULL)
		return -1;
	memcpy(ws_buf_data(ready) + used, data, len);
	ready->len = used + len;
	*buf = ready;
	return 0;
}

void
ws_buf_consume(struct ws_buf **buf, size_t len)
{
	if (*buf == NULL)
		return;
	if (len >= (*buf)->len) {
		ws_buf_free(buf);
		return;
	}
	(*buf)->begin += len;
	(*buf)->len -= len;
}

void
ws_buf_count(struct ws_buf *buf, struct ws_ledger *ledger)
{
	if (buf == NULL || buf->ledger != NULL)
		return;
	buf->ledger = ledger;
	ws_ledger_add(ledger, sizeof(*buf) + buf->room);
}

void
ws_buf_free(struct ws_buf **buf)
{
	struct ws_buf *gone = *buf;

	if (gone != NULL && gone->ledger != NULL)
		ws_ledger_drop(gone->ledger, sizeof(*gone) + gone->room);
	ws_mem_free(*buf);
	*buf = NULL;
}

/* ---- chunks ------------------------------------------------------------ */

struct ws_chunk *
ws_chunk_new(size_t room)
{
	struct ws_chunk *chunk;

	if (room > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = ws_mem_resize(NULL, sizeof(*chunk) + room);
	if (chunk == NULL)
		return NULL;
	chunk->refs = 1;
	chunk->open = false;
	chunk->window = 0;
	chunk->deflated = NULL;
	chunk->ledger = NULL;
	chunk->len = 0;
	chunk->room = room;
	chunk->data = chunk->at;
	return chunk;
}

struct ws_chunk *
ws_chunk_static(const void *data, size_t len)
{
	struct ws_chunk *chunk = ws_chunk_new(0);

	if (chunk == NULL)
		return NULL;
	chunk->data = data;
	chunk->len = len;
	return chunk;
}

struct ws_chunk *
ws_chunk_ref(struct ws_chunk *chunk)
{
	chunk->refs++;
	return chunk;
}

WS_NOINLINE void
ws_chunk_free(struct ws_chunk *chunk)
{
	/* Forms are few, one for each size of window at most. */
	ws_chunk_unref(chunk->deflated);
	if (chunk->ledger != NULL)
		ws_ledger_drop(chunk->ledger, sizeof(*chunk) + chunk->room);
	ws_mem_free(chunk);
}

/* ---- segments ---------------------------------------------------------- */

/* Make sure that there is a spare segment. Returns false when out of memory. */
static bool
stock(struct ws_segments *pool)
{
	struct ws_segment *s = pool->spare;

	if (s != NULL)
		return true;
	s = ws_mem_resize(NULL, sizeof(*s));
	if (s == NULL)
		return false;
	s->next = NULL;
	pool->spare = s;
	pool->count = 1;
	if (pool->ledger != NULL)
		ws_ledger_add(pool->ledger, sizeof(*s));
	return true;
}

/* Take a spare segment, of which there is one. */
static inline struct ws_segment *
take_segment(struct ws_segments *pool)
{
	struct ws_segment *s = pool->spare;

	pool->spare = s->next;
	if (--pool->count < pool->unused)
		pool->unused = pool->count;
	return s;
}

static inline void
give_segment(struct ws_segments *pool, struct ws_segment *s)
{
	ws_chunk_unref(s->chunk);
	s->next = pool->spare;
	pool->spare = s;
	pool->count++;
}

/* Release spare segments. */
static void
free_spare(struct ws_segments *pool, size_t n)
{
	if (pool->ledger != NULL)
		ws_ledger_drop(pool->ledger, n * sizeof(*pool->spare));
	for (; n > 0; n--) {
		struct ws_segment *s = pool->spare;

		pool->spare = s->next;
		pool->count--;
		ws_mem_free(s);
	}
}

void
ws_segments_trim(struct ws_segments *pool)
{
	size_t n = pool->unused < TRIM_MAX ? pool->unused : TRIM_MAX;

	if (pool->count < SPARE_MIN + n)
		n = pool->count > SPARE_MIN ? pool->count - SPARE_MIN : 0;
	free_spare(pool, n);
	pool->unused = pool->count;
}

void
ws_segments_fini(struct ws_segments *pool)
{
	free_spare(pool, pool->count);
	pool->unused = 0;
}

/* ---- queues ------------------------------------------------------------ */

/* Append a segment, of which there is a spare one; the reference to chunk
 * becomes the segment's. */
static inline void
append_segment(struct ws_queue *queue, struct ws_segments *pool,
    struct ws_chunk *chunk, size_t begin)
{
	struct ws_segment *s = take_segment(pool);

	s->chunk = chunk;
	s->begin = begin;
	s->end = chunk->len;
	if (queue->last == NULL)
		s->next = s;
	else {
		s->next = queue->last->next;
		queue->last->next = s;
	}
	queue->last = s;
	queue->octets += (uint32_t)(s->end - s->begin);
}

/* Copy runs behind what a chunk holds; there is room. */
static void
fill(struct ws_chunk *chunk, const struct ws_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len == 0)
			continue;
		memcpy(chunk->at + chunk->len, parts[i].at, parts[i].len);
		chunk->len += parts[i].len;
	}
}

int
ws_queue_copy(struct ws_queue *queue, struct ws_segments *pool,
    const struct ws_part *parts, size_t count)
{
	struct ws_segment *last = queue->last;
	struct ws_chunk *chunk;
	size_t len = 0, room = OPEN_ROOM_MIN;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	if (len > WS_QUEUE_MAX - queue->octets)
		return -1;
	if (last != NULL && last->chunk->open &&
	    len <= last->chunk->room - last->chunk->len) {
		fill(last->chunk, parts, count);
		last->end += len;
		queue->octets += (uint32_t)len;
		return 0;
	}
	/* A chunk between two shared ones hardly gets more than one frame, so
	 * it starts small: limits count octets, and the memory around these
	 * must not be many times more. */
	if (last != NULL && last->chunk->open)
		room = OPEN_ROOM_NEXT;
	if (!stock(pool))
		return -1;
	chunk = ws_chunk_new(len > room ? len : room);
	if (chunk == NULL)
		return -1;
	chunk->open = true;
	if (pool->ledger != NULL)
		ws_chunk_count(chunk, pool->ledger);
	fill(chunk, parts, count);
	append_segment(queue, pool, chunk, 0);
	return 0;
}

/* The same as below, when there is no spare segment. */
static WS_NOINLINE int
stock_and_share(struct ws_queue *queue, struct ws_segments *pool,
    struct ws_chunk *chunk, size_t offset)
{
	if (!stock(pool))
		return -1;
	return ws_queue_share(queue, pool, chunk, offset);
}

int
ws_queue_share(struct ws_queue *queue, struct ws_segments *pool,
    struct ws_chunk *chunk, size_t offset)
{
	if (chunk->len - offset > WS_QUEUE_MAX - queue->octets)
		return -1;
	if (pool->spare == NULL)
		return stock_and_share(queue, pool, chunk, offset);
	append_segment(queue, pool, chunk, offset);
	chunk->refs++;
	return 0;
}

size_t
ws_queue_parts(const struct ws_queue *queue, struct ws_part *parts, size_t max)
{
	const struct ws_segment *s = queue->last;
	size_t n = 0;

	if (s == NULL)
		return 0;
	do {
		s = s->next;
		if (n == max)
			break;
		parts[n].at = s->chunk->data + s->begin;
		parts[n].len = s->end - s->begin;
		n++;
	} while (s != queue->last);
	return n;
}

static void
drop_first(struct ws_queue *queue, struct ws_segments *pool)
{
	struct ws_segment *first = queue->last->next;

	queue->octets -= (uint32_t)(first->end - first->begin);
	queue->partly_sent = false;
	if (first == queue->last)
		queue->last = NULL;
	else
		queue->last->next = first->next;
	give_segment(pool, first);
}

void
ws_queue_sent(struct ws_queue *queue, struct ws_segments *pool, size_t len)
{
	struct ws_segment *first;
	size_t have;

	for (; len > 0; len -= have) {
		first = queue->last->next;
		have = first->end - first->begin;
		if (len < have) {
			first->begin += len;
			queue->octets -= (uint32_t)len;
			queue->partly_sent = true;
			return;
		}
		drop_first(queue, pool);
	}
}

void
ws_queue_cut(struct ws_queue *queue, struct ws_segments *pool)
{
	struct ws_segment *first;

	if (!queue->partly_sent) {
		ws_queue_clear(queue, pool);
		return;
	}
	/* Turn the ring so that the first is the last, drop those before it. */
	first = queue->last->next;
	while (queue->last != first) {
		struct ws_segment *second = first->next;

		first->next = second->next;
		if (second == queue->last)
			queue->last = first;
		queue->octets -= (uint32_t)(second->end - second->begin);
		give_segment(pool, second);
	}
}

void
ws_queue_clear(struct ws_queue *queue, struct ws_segments *pool)
{
	struct ws_segment *s = queue->last, *next;

	if (s == NULL)
		return;
	*queue = (struct ws_queue){ 0 };
	/* Cut the ring into a list. */
	next = s->next;
	s->next = NULL;
	while ((s = next) != NULL) {
		next = s->next;
		give_segment(pool, s);
	}
}
