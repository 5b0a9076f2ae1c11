/* test_buf.c - buffers, chunks and queues. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "test/scarce.h"

/* A small generator, so that every run is the same (xorshift32). */
static uint32_t
draw(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

/* Octets of which no two runs are alike. */
static void
fill(uint8_t *octets, size_t len, uint32_t *state)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)draw(state, 256);
}

/* ---- buffers ---- */

enum {
	BUF_MAX = 6000
};

static void
check_buf(struct ws_buf *buf, const uint8_t *model, size_t len, size_t step)
{
	if (len == 0) {
		cr_assert_null(buf, "step %zu: an empty buffer is held", step);
		return;
	}
	cr_assert_not_null(buf, "step %zu", step);
	cr_assert_eq(buf->len, len, "step %zu", step);
	cr_assert_leq(buf->begin + buf->len, buf->room, "step %zu", step);
	cr_assert_eq(memcmp(ws_buf_data(buf), model, len), 0, "step %zu", step);
}

/* Against an array that does the same the slow way. */
Test(buf, appends_and_consumes_like_an_array)
{
	static uint8_t model[BUF_MAX], octets[700];
	struct ws_buf *buf = NULL;
	uint32_t state = 2463534242;
	size_t len = 0;

	for (size_t step = 0; step < 100000; step++) {
		size_t n = draw(&state, draw(&state, 8) ? 40 : sizeof(octets));

		if (draw(&state, 2)) {
			int fits = len + n <= BUF_MAX ? 0 : -1;

			fill(octets, n, &state);
			cr_assert_eq(ws_buf_append(&buf, octets, n, BUF_MAX),
			    fits, "step %zu", step);
			if (fits == 0) {
				memcpy(model + len, octets, n);
				len += n;
			}
		} else {
			ws_buf_consume(&buf, n);
			n = n < len ? n : len;
			memmove(model, model + n, len - n);
			len -= n;
		}
		check_buf(buf, model, len, step);
	}
	ws_buf_free(&buf);
	cr_assert_null(buf);
	cr_assert_eq(scarce_blocks, 0);
}

Test(buf, nothing_is_held_for_nothing)
{
	struct ws_buf *buf = NULL;

	scarce(0);
	cr_assert_eq(ws_buf_append(&buf, NULL, 0, 10), 0);
	cr_assert_eq(ws_buf_append(&buf, NULL, 0, 0), 0);
	ws_buf_consume(&buf, 0);
	ws_buf_consume(&buf, 5);
	ws_buf_free(&buf);
	cr_assert_null(buf);
	cr_assert_eq(scarce_calls, 0);
}

Test(buf, the_limit_is_exact_and_cannot_overflow)
{
	static const struct {
		const char *name;
		size_t held, len, max;
		int result;
	} rows[] = {
		{ "exactly", 6, 4, 10, 0 },
		{ "one too many", 6, 5, 10, -1 },
		{ "nothing more", 10, 0, 10, 0 },
		{ "nothing may be held", 0, 1, 0, -1 },
		{ "the limit has sunk", 10, 0, 9, -1 },
		{ "a sum that would wrap", 6, SIZE_MAX - 2, SIZE_MAX, -1 },
		{ "SIZE_MAX", 6, SIZE_MAX, SIZE_MAX, -1 },
	};
	static const char octets[10] = "0123456789";

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct ws_buf *buf = NULL;
		struct ws_buf *before;

		(void)ws_buf_append(&buf, octets, rows[i].held, 10);
		before = buf;
		cr_assert_eq(
		    ws_buf_append(&buf, octets, rows[i].len, rows[i].max),
		    rows[i].result, "%s", rows[i].name);
		if (rows[i].result < 0)
			cr_assert(buf == before &&
				      (buf == NULL || buf->len == rows[i].held),
			    "%s: it changed", rows[i].name);
		ws_buf_free(&buf);
	}
}

Test(buf, no_memory_leaves_it_as_it_was)
{
	for (size_t nth = 1; nth <= 3; nth++) {
		static uint8_t octets[1000], model[10000];
		struct ws_buf *buf = NULL;
		size_t len = 0, failed = 0;
		uint32_t state = 7;

		scarce(nth);
		for (size_t step = 0; step < 10; step++) {
			fill(octets, sizeof(octets), &state);
			if (ws_buf_append(&buf, octets, 1000, SIZE_MAX) < 0) {
				failed++;
				check_buf(buf, model, len, step);
				continue;
			}
			memcpy(model + len, octets, 1000);
			len += 1000;
			check_buf(buf, model, len, step);
		}
		cr_assert_eq(failed, 1, "%zu", nth);
		scarce(0);
		ws_buf_free(&buf);
		cr_assert_eq(scarce_blocks, 0);
	}
}

/* Appending a million octets one at a time moves the block some twenty times,
 * and what was consumed makes room for what comes. */
Test(buf, growing_is_linear)
{
	struct ws_buf *buf = NULL;

	scarce(0);
	for (int i = 0; i < 1000000; i++)
		cr_assert_eq(ws_buf_append(&buf, "x", 1, SIZE_MAX), 0);
	cr_assert_leq(scarce_calls, 24);
	ws_buf_free(&buf);
	scarce(0);
	for (int i = 0; i < 1000000; i++) {
		cr_assert_eq(ws_buf_append(&buf, "xy", 2, SIZE_MAX), 0);
		if (i > 10)
			ws_buf_consume(&buf, 2);
	}
	cr_assert_leq(buf->room, 512);
	cr_assert_leq(scarce_calls, 4);
	ws_buf_free(&buf);
	cr_assert_eq(scarce_blocks, 0);
}

/* ---- chunks ---- */

Test(buf, a_chunk_lives_as_long_as_its_last_reference)
{
	struct ws_chunk *chunk = ws_chunk_new(100);

	cr_assert_not_null(chunk);
	cr_assert(chunk->refs == 1 && chunk->len == 0 && chunk->room == 100);
	cr_assert_eq(chunk->data, chunk->at);
	cr_assert_eq(ws_chunk_ref(chunk), chunk);
	ws_chunk_unref(chunk);
	cr_assert_eq(scarce_blocks, 1);
	ws_chunk_unref(chunk);
	cr_assert_eq(scarce_blocks, 0);
	ws_chunk_unref(NULL);
}

Test(buf, a_static_chunk_points_at_memory_that_is_not_its_own)
{
	static const char page[] = "<html>";
	struct ws_chunk *chunk = ws_chunk_static(page, sizeof(page));

	cr_assert_not_null(chunk);
	cr_assert_eq(chunk->data, (const uint8_t *)page);
	cr_assert_eq(chunk->len, sizeof(page));
	cr_assert_not(chunk->open);
	ws_chunk_unref(chunk);
	cr_assert_eq(scarce_blocks, 0);
}

Test(buf, chunks_fail_without_memory)
{
	scarce(1);
	cr_assert_null(ws_chunk_new(1));
	scarce(1);
	cr_assert_null(ws_chunk_static("", 0));
	scarce(0);
	cr_assert_null(ws_chunk_new(SIZE_MAX), "the size would wrap");
	cr_assert_null(ws_chunk_new(SIZE_MAX - sizeof(struct ws_chunk) + 1));
	cr_assert_eq(scarce_calls, 0);
}

/* ---- queues against a model ---- */

enum {
	UNITS = 600,
	OCTETS = 1 << 20
};

/* What a queue must hold: the octets, and where each call's octets end. */
struct model {
	uint8_t *octets;
	size_t first, len; /* octets[first] is the next to send */
};

struct world {
	struct ws_queue queue;
	struct ws_segments pool;
	struct model model;
	struct ws_chunk *shared[4];
	uint32_t state;
};

static void
check_queue(const struct world *w, size_t step)
{
	struct ws_part parts[UNITS];
	const uint8_t *expected = w->model.octets + w->model.first;
	size_t count = ws_queue_parts(&w->queue, parts, UNITS);
	size_t at = 0;

	cr_assert_eq(w->queue.octets, w->model.len, "step %zu: %u octets", step,
	    w->queue.octets);
	cr_assert_lt(count, UNITS);
	for (size_t i = 0; i < count; i++) {
		cr_assert_leq(
		    parts[i].len, w->model.len - at, "step %zu", step);
		cr_assert_eq(memcmp(parts[i].at, expected + at, parts[i].len),
		    0, "step %zu, part %zu", step, i);
		at += parts[i].len;
	}
	cr_assert_eq(at, w->model.len, "step %zu", step);
	if (count > 0) {
		struct ws_part first;

		cr_assert_eq(ws_queue_first(&w->queue, &first), count == 1);
		cr_assert_eq(first.at, parts[0].at, "step %zu", step);
		cr_assert_eq(first.len, parts[0].len, "step %zu", step);
	}
	if (count > 1) /* fewer are asked for */
		cr_assert_eq(
		    ws_queue_parts(&w->queue, parts, count - 1), count - 1);
}

static void
remember(struct model *model, const void *octets, size_t len)
{
	if (model->first + model->len + len > OCTETS) {
		memmove(
		    model->octets, model->octets + model->first, model->len);
		model->first = 0;
	}
	memcpy(model->octets + model->first + model->len, octets, len);
	model->len += len;
}

/* Append a copy of up to three runs. */
static void
copy_some(struct world *w)
{
	static uint8_t octets[3000];
	size_t len = 1 + draw(&w->state, draw(&w->state, 9) ? 60 : 2999);
	size_t a = draw(&w->state, (uint32_t)len);
	size_t b = a + draw(&w->state, (uint32_t)(len - a));
	const struct ws_part parts[] = {
		{ octets, a },
		{ a == b ? NULL : octets + a, b - a },
		{ octets + b, len - b },
	};

	fill(octets, len, &w->state);
	if (ws_queue_copy(&w->queue, &w->pool, parts, WS_LEN(parts)) == 0)
		remember(&w->model, octets, len);
}

static void
share_some(struct world *w)
{
	struct ws_chunk *chunk = w->shared[draw(&w->state, WS_LEN(w->shared))];
	size_t offset = draw(&w->state, (uint32_t)chunk->len);
	uint32_t refs = chunk->refs;

	if (ws_queue_share(&w->queue, &w->pool, chunk, offset) == 0) {
		cr_assert_eq(chunk->refs, refs + 1);
		remember(&w->model, chunk->data + offset, chunk->len - offset);
	} else
		cr_assert_eq(chunk->refs, refs);
}

static void
send_some(struct world *w)
{
	size_t len = draw(&w->state, (uint32_t)w->model.len + 1);

	if (draw(&w->state, 3) && len > 200)
		len = draw(&w->state, 200);
	ws_queue_sent(&w->queue, &w->pool, len);
	w->model.first += len;
	w->model.len -= len;
}

/* What stays after a cut: the rest of the first part if it was begun. */
static void
cut(struct world *w)
{
	struct ws_part first = { NULL, 0 };
	bool begun = w->queue.partly_sent;
	size_t count = ws_queue_parts(&w->queue, &first, 1);

	ws_queue_cut(&w->queue, &w->pool);
	w->model.len = begun && count > 0 ? first.len : 0;
	cr_assert_eq(w->queue.partly_sent, begun);
}

static void
act(struct world *w)
{
	switch (draw(&w->state, 16)) {
	case 0:
		cut(w);
		return;
	case 1:
		if (draw(&w->state, 4) > 0)
			return;
		ws_queue_clear(&w->queue, &w->pool);
		w->model.len = 0;
		cr_assert_null(w->queue.last);
		return;
	case 2:
	case 3:
	case 4:
	case 5:
		share_some(w);
		return;
	case 6:
	case 7:
	case 8:
	case 9:
	case 10:
		if (w->model.len < 20000)
			copy_some(w);
		return;
	default:
		send_some(w);
		return;
	}
}

static void
begin_world(struct world *w, uint32_t seed)
{
	memset(w, 0, sizeof(*w));
	w->state = seed;
	w->model.octets = malloc(OCTETS);
	cr_assert_not_null(w->model.octets);
	for (size_t i = 0; i < WS_LEN(w->shared); i++) {
		w->shared[i] = ws_chunk_new(500);
		cr_assert_not_null(w->shared[i]);
		w->shared[i]->len = 1 + i * 160;
		fill(w->shared[i]->at, w->shared[i]->len, &w->state);
	}
}

static void
end_world(struct world *w)
{
	scarce(0);
	ws_queue_clear(&w->queue, &w->pool);
	cr_assert_eq(w->queue.octets, 0);
	cr_assert_not(w->queue.partly_sent);
	ws_segments_fini(&w->pool);
	cr_assert_null(w->pool.spare);
	cr_assert_eq(w->pool.count, 0);
	for (size_t i = 0; i < WS_LEN(w->shared); i++) {
		cr_assert_eq(w->shared[i]->refs, 1, "a reference leaked");
		ws_chunk_unref(w->shared[i]);
	}
	free(w->model.octets);
	cr_assert_eq(scarce_blocks, 0, "%ld blocks leaked", scarce_blocks);
}

Test(buf, a_queue_is_a_string_of_octets, .timeout = 120)
{
	struct world w;

	begin_world(&w, 2463534242);
	for (size_t step = 0; step < 50000; step++) {
		act(&w);
		check_queue(&w, step);
	}
	end_world(&w);
}

/* The same while memory runs out at every place in turn: what could not be
 * appended has changed nothing. */
Test(buf, a_queue_without_memory_is_as_it_was, .timeout = 120)
{
	for (size_t nth = 1; nth <= 40; nth++) {
		struct world w;

		begin_world(&w, (uint32_t)nth * 77 + 1);
		for (size_t step = 0; step < 400; step++) {
			if (step % 50 == 0)
				scarce(nth);
			act(&w);
			check_queue(&w, step);
		}
		end_world(&w);
	}
}

/* ---- queues, one property at a time ---- */

static int
copy(struct ws_queue *queue, struct ws_segments *pool, const char *text)
{
	const struct ws_part part = { text, strlen(text) };

	return ws_queue_copy(queue, pool, &part, 1);
}

/* How many parts a queue has, and that they are these octets together. */
static size_t
holds(const struct ws_queue *queue, const char *text)
{
	struct ws_part parts[16];
	size_t count = ws_queue_parts(queue, parts, 16);
	size_t at = 0;

	cr_assert_eq(queue->octets, strlen(text), "%u", queue->octets);
	for (size_t i = 0; i < count; i++) {
		cr_assert_leq(parts[i].len, strlen(text) - at);
		cr_assert_eq(memcmp(parts[i].at, text + at, parts[i].len), 0,
		    "%s", text);
		at += parts[i].len;
	}
	cr_assert_eq(at, strlen(text));
	return count;
}

Test(buf, small_copies_go_into_one_open_chunk)
{
	struct ws_queue queue = { 0 };
	struct ws_segments pool = { 0 };
	char big[2049];

	scarce(0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(copy(&queue, &pool, "abc"), 0);
	cr_assert_eq(holds(&queue, "abcabcabc"), 1);
	cr_assert_eq(scarce_calls, 2, "a chunk and a segment");
	/* What does not fit behind is not parted. */
	memset(big, 'x', 2048);
	big[2048] = '\0';
	cr_assert_eq(copy(&queue, &pool, big), 0);
	ws_queue_sent(&queue, &pool, 9);
	cr_assert_eq(holds(&queue, big), 1);
	ws_queue_clear(&queue, &pool);
	ws_segments_fini(&pool);
	cr_assert_eq(scarce_blocks, 0);
}

/* A chunk that others hold too is never written to. */
Test(buf, nothing_is_copied_into_a_shared_chunk)
{
	struct ws_queue a = { 0 }, b = { 0 };
	struct ws_segments pool = { 0 };
	struct ws_chunk *chunk = ws_chunk_new(64);

	cr_assert_not_null(chunk);
	memcpy(chunk->at, "shared", 6);
	chunk->len = 6;
	cr_assert_eq(ws_queue_share(&a, &pool, chunk, 0), 0);
	cr_assert_eq(ws_queue_share(&b, &pool, chunk, 2), 0);
	ws_chunk_unref(chunk);
	cr_assert_eq(chunk->refs, 2);
	cr_assert_eq(copy(&a, &pool, "+a"), 0);
	cr_assert_eq(copy(&b, &pool, "+b"), 0);
	cr_assert_eq(holds(&a, "shared+a"), 2);
	cr_assert_eq(holds(&b, "ared+b"), 2);
	cr_assert_eq(chunk->len, 6);
	ws_queue_clear(&a, &pool);
	cr_assert_eq(holds(&b, "ared+b"), 2);
	ws_queue_clear(&b, &pool);
	ws_segments_fini(&pool);
	cr_assert_eq(scarce_blocks, 0);
}

/* Two queues may hold copies that lie in chunks of their own only. */
Test(buf, an_open_chunk_belongs_to_one_queue)
{
	struct ws_queue a = { 0 }, b = { 0 };
	struct ws_segments pool = { 0 };

	cr_assert_eq(copy(&a, &pool, "one"), 0);
	cr_assert_eq(copy(&b, &pool, "two"), 0);
	cr_assert_eq(copy(&a, &pool, "ONE"), 0);
	cr_assert_eq(copy(&b, &pool, "TWO"), 0);
	cr_assert_eq(holds(&a, "oneONE"), 1);
	cr_assert_eq(holds(&b, "twoTWO"), 1);
	ws_queue_clear(&a, &pool);
	ws_queue_clear(&b, &pool);
	ws_segments_fini(&pool);
}

Test(buf, a_cut_keeps_the_rest_of_what_was_begun)
{
	static const struct {
		const char *name;
		size_t sent; /* of 4 shared, 4 copied, 4 shared */
		const char *left;
		bool partly_sent;
	} rows[] = {
		{ "nothing sent", 0, "", false },
		{ "inside the first", 1, "hed", true },
		{ "the first but one octet", 3, "d", true },
		{ "the first exactly", 4, "", false },
		{ "inside the second", 6, "py", true },
		{ "the second exactly", 8, "", false },
		{ "inside the last", 9, "hed", true },
		{ "everything", 12, "", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct ws_queue queue = { 0 };
		struct ws_segments pool = { 0 };
		struct ws_chunk *chunk = ws_chunk_static("shed", 4);

		cr_assert_eq(ws_queue_share(&queue, &pool, chunk, 0), 0);
		cr_assert_eq(copy(&queue, &pool, "copy"), 0);
		cr_assert_eq(ws_queue_share(&queue, &pool, chunk, 0), 0);
		ws_chunk_unref(chunk);
		ws_queue_sent(&queue, &pool, rows[i].sent);
		cr_assert_eq(
		    queue.partly_sent, rows[i].partly_sent, "%s", rows[i].name);
		ws_queue_cut(&queue, &pool);
		(void)holds(&queue, rows[i].left);
		cr_assert_eq(
		    queue.partly_sent, rows[i].partly_sent, "%s", rows[i].name);
		/* A Close frame behind a cut is what it is for. */
		cr_assert_eq(copy(&queue, &pool, "+"), 0);
		ws_queue_sent(&queue, &pool, strlen(rows[i].left));
		(void)holds(&queue, "+");
		ws_queue_clear(&queue, &pool);
		ws_segments_fini(&pool);
		cr_assert_eq(scarce_blocks, 0);
	}
}

Test(buf, an_empty_queue_takes_every_call)
{
	struct ws_queue queue = { 0 };
	struct ws_segments pool = { 0 };
	struct ws_part part;

	cr_assert_eq(ws_queue_parts(&queue, &part, 1), 0);
	ws_queue_sent(&queue, &pool, 0);
	ws_queue_cut(&queue, &pool);
	ws_queue_clear(&queue, &pool);
	ws_segments_fini(&pool);
	cr_assert_null(queue.last);
}

/* The limit of a queue, without the memory for it: a static chunk claims a
 * length that nobody reads. */
Test(buf, a_queue_ends_at_its_limit)
{
	struct ws_queue queue = { 0 };
	struct ws_segments pool = { 0 };
	struct ws_chunk *chunk = ws_chunk_static("", WS_QUEUE_MAX);
	struct ws_chunk *longer = ws_chunk_static("", (size_t)WS_QUEUE_MAX + 1);
	const struct ws_part huge = { "", SIZE_MAX / 2 };

	cr_assert_eq(ws_queue_share(&queue, &pool, longer, 0), -1);
	cr_assert_eq(longer->refs, 1);
	cr_assert_eq(ws_queue_copy(&queue, &pool, &huge, 1), -1);
	cr_assert_null(queue.last);
	cr_assert_eq(ws_queue_share(&queue, &pool, chunk, 1), 0);
	cr_assert_eq(copy(&queue, &pool, "xy"), -1);
	cr_assert_eq(queue.octets, WS_QUEUE_MAX - 1);
	cr_assert_eq(
	    ws_queue_share(&queue, &pool, longer, WS_QUEUE_MAX - 1), -1);
	cr_assert_eq(copy(&queue, &pool, "x"), 0);
	cr_assert_eq(queue.octets, WS_QUEUE_MAX);
	cr_assert_eq(copy(&queue, &pool, "x"), -1);
	ws_queue_sent(&queue, &pool, 1);
	cr_assert_eq(copy(&queue, &pool, "y"), 0);
	ws_queue_clear(&queue, &pool);
	cr_assert_eq(chunk->refs, 1);
	ws_chunk_unref(chunk);
	ws_chunk_unref(longer);
	ws_segments_fini(&pool);
	cr_assert_eq(scarce_blocks, 0);
}

/* Segments are kept for reuse, but not without end. */
/* Take count segments at once, and give them back. */
static void
use_segments(struct ws_segments *pool, int count)
{
	struct ws_queue queue = { 0 };
	struct ws_chunk *chunk = ws_chunk_static("x", 1);

	for (int i = 0; i < count; i++)
		cr_assert_eq(ws_queue_share(&queue, pool, chunk, 0), 0);
	ws_queue_clear(&queue, pool);
	cr_assert_eq((size_t)scarce_blocks, pool->count + 1);
	ws_chunk_unref(chunk);
}

Test(buf, a_peak_of_segments_is_not_kept)
{
	struct ws_segments pool = { 0 };

	use_segments(&pool, 20000);
	cr_assert_eq(pool.count, 20000);
	/* The first look only begins to watch what is needed. */
	ws_segments_trim(&pool);
	cr_assert_eq(pool.count, 20000);
	for (int i = 0; i < 10; i++) {
		size_t before = pool.count;

		ws_segments_trim(&pool);
		cr_assert_leq(before - pool.count, 4096, "too long a turn");
	}
	cr_assert_eq(pool.count, 1024);
	ws_segments_fini(&pool);
	cr_assert_eq(scarce_blocks, 0);
}

Test(buf, segments_that_are_needed_again_are_kept)
{
	struct ws_segments pool = { 0 };

	use_segments(&pool, 5000);
	ws_segments_trim(&pool);
	for (int i = 0; i < 10; i++) {
		scarce(0);
		use_segments(&pool, 4500);
		cr_assert_eq(scarce_calls, 1, "not only the chunk");
		ws_segments_trim(&pool);
	}
	/* Those beyond 4500 were not. */
	cr_assert_eq(pool.count, 4500);
	ws_segments_trim(&pool);
	ws_segments_fini(&pool);
	cr_assert_eq(pool.count, 0);
	cr_assert_eq(scarce_blocks, 0);
}
