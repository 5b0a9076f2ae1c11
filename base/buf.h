/* buf.h - a growing run of octets, and chunks that many queues share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_BUF_H
#define WS_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

/* ---- buffers ----------------------------------------------------------- */

/* A buffer is one block of memory that exists only while it holds something:
 * NULL is the empty buffer. */
struct ws_buf {
	size_t begin, len, room;  /* len octets from begin on are held */
	struct ws_ledger *ledger; /* borrowed: it is counted there; or NULL */
	/* For a reader that wants progress: when it looked last, modulo 2^32,
	 * and len at that time. */
	uint32_t looked_ms, looked_octets;
	uint8_t at[];
};

/* Return the octets of a buffer that is not NULL. */
static inline uint8_t *
ws_buf_data(struct ws_buf *buf)
{
	return buf->at + buf->begin;
}

/* Append octets.
 *   buf        the buffer, replaced when it must move; *buf may be NULL
 *   data, len  borrowed
 *   max        octets that the buffer may have in all
 * Returns 0, or -1 when out of memory or max would be exceeded (the buffer is
 * unchanged). Grows by doubling, so appending is linear in what arrives. */
int
ws_buf_append(struct ws_buf **buf, const void *data, size_t len, size_t max);

/* Drop octets at the front, in constant time; a buffer that gets empty is
 * released. */
void ws_buf_consume(struct ws_buf **buf, size_t len);

/* Count a buffer in a ledger, now and whenever it grows, until it is released.
 * Does nothing for NULL, and for one that is counted already. */
void ws_buf_count(struct ws_buf *buf, struct ws_ledger *ledger);

/* Release a buffer and leave NULL. */
void ws_buf_free(struct ws_buf **buf);

/* ---- chunks ------------------------------------------------------------ */

/* Octets with a count of references, read-only once they are shared. */
struct ws_chunk {
	uint32_t refs;
	bool open;      /* a queue may still append: never shared */
	uint8_t window; /* of a form that is compressed: what it is read with;
	                   of a message: up to here compressing is not worth
	                   it. Both are bits, see pmd_message.h */
	struct ws_chunk *deflated; /* owned: the next form of the message */
	struct ws_ledger *ledger;  /* borrowed: it is counted there; or NULL */
	size_t len, room;
	const uint8_t *data; /* at, or memory that lives for ever */
	uint8_t at[];
};

/* Allocate a chunk with room octets and one reference. Returns NULL when out of
 * memory. */
struct ws_chunk *ws_chunk_new(size_t room);

/* Make a chunk of memory that lives for ever, such as an embedded file, without
 * copying it. Returns NULL when out of memory. */
struct ws_chunk *ws_chunk_static(const void *data, size_t len);

/* Take one more reference. Returns chunk. */
struct ws_chunk *ws_chunk_ref(struct ws_chunk *chunk);

/* Count a chunk in a ledger until it is released, as ws_buf_count. Only chunks
 * of which it is certain that they wait for a peer need this. */
static inline void
ws_chunk_count(struct ws_chunk *chunk, struct ws_ledger *ledger)
{
	if (chunk->ledger != NULL)
		return;
	chunk->ledger = ledger;
	ws_ledger_add(ledger, sizeof(*chunk) + chunk->room);
}

/* Release a chunk without references. */
void ws_chunk_free(struct ws_chunk *chunk);

/* Drop a reference, and release the chunk with the last one. NULL is
 * allowed. */
static inline void
ws_chunk_unref(struct ws_chunk *chunk)
{
	if (chunk != NULL && --chunk->refs == 0)
		ws_chunk_free(chunk);
}

/* ---- queues ------------------------------------------------------------ */

/* A part of a queue: some octets of a chunk. */
struct ws_segment {
	struct ws_segment *next;
	struct ws_chunk *chunk; /* one reference is ours */
	size_t begin, end;      /* offsets in the chunk */
};

/* A pool of segments that are not in use; a server has one. A message to many
 * connections takes a segment for each and returns them in the same turn. They
 * stay for the next such message; ws_segments_trim releases them bit by bit
 * when none comes. */
struct ws_segments {
	struct ws_segment *spare; /* owned */
	size_t count;
	size_t unused;            /* the least count since the last trim */
	struct ws_ledger *ledger; /* borrowed: counts segments, and the chunks
	                             that queues own; NULL: nothing does */
};

/* Octets to be sent to one peer. Zeroed memory is an empty queue. What one call
 * appends is never split over two segments, so a queue can be cut between
 * segments without cutting a frame. */
struct ws_queue {
	struct ws_segment *last; /* owned; a ring: last->next is the first */
	uint32_t octets;         /* below 2^31, see WS_QUEUE_MAX */
	bool partly_sent; /* a part of the first segment was sent already */
};

/* One run of octets to copy or to send. */
struct ws_part {
	const void *at; /* borrowed */
	size_t len;
};

#define WS_QUEUE_MAX 0x7fffffff /* octets in one queue */

/* Append a copy of some runs, as one.
 * Returns 0, or -1 when out of memory or the queue would be longer than
 * WS_QUEUE_MAX (it is unchanged then). */
int ws_queue_copy(struct ws_queue *queue, struct ws_segments *pool,
    const struct ws_part *parts, size_t count);

/* Append a chunk from offset to its end without copying; takes a reference of
 * its own. Returns 0, or -1 as ws_queue_copy (nothing has changed). */
int ws_queue_share(struct ws_queue *queue, struct ws_segments *pool,
    struct ws_chunk *chunk, size_t offset);

/* Get the first run of a queue that is not empty. Returns whether it is the
 * only one, as it nearly always is. */
static inline bool
ws_queue_first(const struct ws_queue *queue, struct ws_part *part)
{
	const struct ws_segment *first = queue->last->next;

	part->at = first->chunk->data + first->begin;
	part->len = first->end - first->begin;
	return first == queue->last;
}

/* Get the first runs of a queue.
 *   parts  receives at most max of them
 * Returns how many were filled. */
size_t
ws_queue_parts(const struct ws_queue *queue, struct ws_part *parts, size_t max);

/* Drop len octets at the front, which were sent. */
void
ws_queue_sent(struct ws_queue *queue, struct ws_segments *pool, size_t len);

/* Drop everything but the rest of a segment that was sent in part, so that what
 * is appended next begins at the border of a frame. */
void ws_queue_cut(struct ws_queue *queue, struct ws_segments *pool);

/* Drop everything. */
void ws_queue_clear(struct ws_queue *queue, struct ws_segments *pool);

/* Release some of the segments that were not needed since the last call. Called
 * once in a while. */
void ws_segments_trim(struct ws_segments *pool);

/* Release the spare segments. */
void ws_segments_fini(struct ws_segments *pool);

#endif
