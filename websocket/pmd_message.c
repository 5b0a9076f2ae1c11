/* pmd_message.c - one compressor and one decompressor for all (RFC 7692). */
/* SPDX-License-Identifier: MIT */
/*
 * A compressed message is a DEFLATE stream that was flushed, without the four
 * octets 00 00 ff ff that every flush ends with (RFC 7692 section 7.2):
 *
 *	"Hello"  ── deflate, flush ──▶  f2 48 cd c9 c9 07 00 00 00 ff ff
 *	         payload of its frames  f2 48 cd c9 c9 07 00
 *
 * A compressor takes 270 KiB and a decompressor 10. A server that has a pair
 * for each connection, as most do, needs gigabytes for ten thousand. But a pair
 * is only needed while a message is being compressed, and this is one thread.
 * So all connections share one pair. A connection differs from the others only
 * in its past, the octets that its messages may refer to, which is
 *
 *	shared     nothing, if it was agreed that each message begins anew ("no
 *	           context takeover")
 *	dedicated  a window of the last 1 << bits octets in each direction. The
 *	           compressor is shown it before each message; the
 *	           decompressor looks into it where a message refers to it
 *
 * A window gets its memory with the first message to be remembered, but it is
 * reserved when it is agreed on: a promise to a peer cannot be taken back, and
 * all windows together must never exceed the budget.
 *
 *	direction      when it may be forgotten
 *	what we sent   at any time: the next message then refers to nothing
 *	what we got    when the connection ends, as the peer may refer to it
 *
 * Showing a long past to the compressor costs more than compressing a short
 * message: 14 instructions an octet. So it is shown only the last PAST_MIN
 * octets, or PAST_TIMES the length of the message if that is more. A match is
 * most often near.
 */

#include "base/mem.h"
#include "pmd_message.h"
#include "ws.h"

enum {
	/* A larger buffer is released after its use, or one long message would
	 * hold its memory for ever. Half would release the buffers of messages
	 * that are usual; a server has two buffers, so double is 128 KiB
	 * more. */
	KEEP_MAX = 65536,
	ROOM_MIN = 4096, /* of a buffer: the length of most messages or more */

	TAIL = 4, /* RFC 7692 section 7.2.1: every flush ends in 00 00 ff ff */

	/* Of a dedicated window. PAST_MIN costs as much as to compress 1 KiB; a
	 * window of 32 KiB would cost eight times that for each message. */
	PAST_MIN = 4096,
	PAST_TIMES = 8,

	/* Messages of more octets than LONG are compressed at LEVEL_LONG: 1 MiB
	 * of text takes 11 ms there, and 53 at level 6 for a result that is a
	 * seventh smaller. Nobody else is served meanwhile. */
	LONG = 65536,
	LEVEL_LONG = 1,
};

/* Grow a buffer to at least a number of octets. Its content stays.
 * Returns false when out of memory. */
static bool
have_room(uint8_t **buffer, size_t *room, size_t octets)
{
	uint8_t *grown;

	if (*room >= octets)
		return true;
	if (octets < ROOM_MIN)
		octets = ROOM_MIN;
	grown = ws_mem_resize(*buffer, octets);
	if (grown == NULL)
		return false;
	*buffer = grown;
	*room = octets;
	return true;
}

static void
drop(uint8_t **buffer, size_t *room)
{
	ws_mem_free(*buffer);
	*buffer = NULL;
	*room = 0;
}

void
ws_pmd_init(struct ws_pmd_codec *codec, struct ws_deflate_shared *deflate,
    unsigned level, unsigned bits, size_t budget)
{
	codec->deflate = deflate;
	codec->enabled = true;
	codec->dedicated = budget > 0;
	codec->level = (uint8_t)level;
	codec->bits = (uint8_t)bits;
	codec->budget = budget;
	for (unsigned i = 0; i < WS_PMD_WINDOWS; i++)
		codec->shared[i].bits = (uint8_t)(WS_PMD_BITS_MIN + i);
}

void
ws_pmd_fini(struct ws_pmd_codec *codec)
{
	ws_mem_free(codec->inflate);
	drop(&codec->deflated, &codec->deflated_room);
	drop(&codec->inflated, &codec->inflated_room);
	codec->inflate = NULL;
}

void
ws_pmd_end_deflate(struct ws_pmd_codec *codec)
{
	if (codec->deflated_room > KEEP_MAX)
		drop(&codec->deflated, &codec->deflated_room);
}

void
ws_pmd_end_inflate(struct ws_pmd_codec *codec)
{
	if (codec->inflated_room > KEEP_MAX)
		drop(&codec->inflated, &codec->inflated_room);
}

/* ---- contexts ---------------------------------------------------------- */

struct ws_pmd_policy
ws_pmd_policy_of(const struct ws_pmd_codec *codec)
{
	bool keep = codec->dedicated && codec->budget >= (size_t)2
							     << codec->bits;

	return (struct ws_pmd_policy){ .server_bits = codec->bits,
		.server_bits_min = WS_DEFLATE_BITS_MIN,
		.client_bits = keep ? codec->bits : WS_PMD_BITS_MAX,
		.server_no_context = !keep,
		.client_no_context = !keep };
}

struct ws_pmd_context *
ws_pmd_join(struct ws_pmd_codec *codec, const struct ws_pmd *agreed)
{
	struct ws_pmd_context *context;

	if (agreed->server_no_context && agreed->client_no_context)
		return &codec->shared[agreed->server_bits - WS_PMD_BITS_MIN];
	context = ws_mem_resize(NULL, sizeof(*context));
	if (context == NULL)
		return NULL;
	*context = (struct ws_pmd_context){ .bits = agreed->server_bits,
		.own = true,
		.ledger = codec->ledger };
	if (!agreed->server_no_context) {
		context->sent.bits = agreed->server_bits;
		context->reserved += (size_t)1 << agreed->server_bits;
	}
	if (!agreed->client_no_context) {
		context->theirs.bits = agreed->client_bits;
		context->reserved += (size_t)1 << agreed->client_bits;
	}
	codec->budget -= context->reserved;
	return context;
}

/* Forget the content of a window, and release its memory. */
static void
forget(const struct ws_pmd_context *context, struct ws_inflate_window *window)
{
	if (window->at != NULL && context->ledger != NULL)
		ws_ledger_drop(context->ledger, (size_t)1 << window->bits);
	ws_mem_free(window->at);
	*window = (struct ws_inflate_window){ .bits = window->bits };
}

void
ws_pmd_leave(struct ws_pmd_codec *codec, struct ws_pmd_context *context)
{
	if (context == NULL || !context->own)
		return;
	codec->budget += context->reserved;
	forget(context, &context->sent);
	forget(context, &context->theirs);
	ws_mem_free(context);
}

void
ws_pmd_idle(struct ws_pmd_context *context)
{
	if (!context->own)
		return;
	if (!context->used)
		forget(context, &context->sent);
	context->used = false;
}

/* Add a message to a window, if there is one. Returns false if out of
 * memory. */
static bool
keep(const struct ws_pmd_context *context, struct ws_inflate_window *window,
    const void *data, size_t len)
{
	if (window->bits == 0 || len == 0)
		return true;
	if (window->at == NULL) {
		window->at = ws_mem_resize(NULL, (size_t)1 << window->bits);
		if (window->at == NULL)
			return false;
		if (context->ledger != NULL)
			ws_ledger_add(
			    context->ledger, (size_t)1 << window->bits);
	}
	ws_inflate_keep(window, data, len);
	return true;
}

/* ---- compressing ------------------------------------------------------- */

/* Return how many octets of the past are worth showing to the compressor. */
static size_t
past_of(const struct ws_pmd_context *context, size_t len, bool is_alone)
{
	size_t most = len < PAST_MIN / PAST_TIMES ? PAST_MIN : len * PAST_TIMES;

	if (is_alone || context->sent.at == NULL)
		return 0;
	return context->sent.octets < most ? context->sent.octets : most;
}

size_t
ws_pmd_deflate(struct ws_pmd_codec *codec, const struct ws_pmd_context *context,
    const void *data, size_t len, bool is_alone, const uint8_t **out)
{
	struct ws_deflate *d;
	size_t past, size;

	/* Room for a result that is an octet shorter, and the TAIL. */
	size = len + TAIL - 1;
	if (len == 0 || len > SIZE_MAX / PAST_TIMES)
		return 0;
	past = past_of(context, len, is_alone);
	d = ws_deflate_shared_begin(codec->deflate, context->bits,
	    len > LONG ? (unsigned)LEVEL_LONG : codec->level);
	if (d == NULL || !have_room(&codec->deflated, &codec->deflated_room,
			     size > past ? size : past))
		return 0;
	/* The compressor needs its past in one piece, which is put together in
	 * the buffer for the result. */
	if (past > 0) {
		(void)ws_inflate_past(
		    &context->sent, past, codec->deflated, past);
		ws_deflate_prime(d, codec->deflated, past);
	}
	*out = codec->deflated;
	return ws_deflate_message(d, data, len, codec->deflated, size);
}

void
ws_pmd_sent(struct ws_pmd_context *context, const void *data, size_t len)
{
	if (!context->own)
		return;
	context->used = true;
	/* A past with a gap would be wrong; no past never is. */
	if (!keep(context, &context->sent, data, len))
		forget(context, &context->sent);
}

unsigned
ws_pmd_window(unsigned bits, size_t len)
{
	unsigned needed = WS_PMD_BITS_MIN;

	while (needed < bits && len > (size_t)1 << needed)
		needed++;
	return needed < bits ? needed : bits;
}

/* ---- inflating --------------------------------------------------------- */

static bool
have_decompressor(struct ws_pmd_codec *codec)
{
	if (codec->inflate != NULL)
		return true;
	codec->inflate = ws_mem_resize(NULL, sizeof(*codec->inflate));
	if (codec->inflate == NULL)
		return false;
	ws_inflate_init(codec->inflate);
	return true;
}

/* Make more room for output. Returns 0 or a close code. */
static int
widen(struct ws_pmd_codec *codec, struct ws_inflate_io *io, size_t limit,
    const char **reason)
{
	size_t room = io->out_max < limit / 2 ? 2 * io->out_max : limit;

	*reason = "the message is larger than the limit";
	if (io->out_max >= limit)
		return WS_CLOSE_TOO_BIG;
	*reason = "out of memory";
	if (!have_room(&codec->inflated, &codec->inflated_room, room))
		return WS_CLOSE_INTERNAL_ERROR;
	io->out = codec->inflated;
	io->out_max =
	    codec->inflated_room < limit ? codec->inflated_room : limit;
	return 0;
}

/* Inflate a run of octets. Behind the end of a stream another one may begin,
 * because a sender may set BFINAL in any block (RFC 7692 section 7.2.3.4). */
static int
inflate_run(struct ws_pmd_codec *codec, struct ws_inflate_io *io,
    const struct ws_inflate_window *window, size_t limit, const char **reason)
{
	int result = 0;

	while (result == 0) {
		switch (ws_inflate_run(codec->inflate, io)) {
		case WS_INFLATE_MORE:
			return 0;
		case WS_INFLATE_FULL:
			result = widen(codec, io, limit, reason);
			break;
		case WS_INFLATE_END:
			ws_inflate_begin(codec->inflate, window);
			if (io->in_octets == 0)
				return 0;
			break;
		default:
			*reason = ws_inflate_error_text(codec->inflate->error);
			return WS_CLOSE_INVALID_PAYLOAD;
		}
	}
	return result;
}

int
ws_pmd_inflate(struct ws_pmd_codec *codec, struct ws_pmd_context *context,
    const uint8_t *in, size_t len, size_t limit, uint8_t **out, size_t *out_len,
    const char **reason)
{
	static const struct ws_inflate_window none = { .bits =
							   WS_PMD_BITS_MAX };
	static const uint8_t tail[TAIL] = { 0x00, 0x00, 0xff, 0xff };
	const struct ws_inflate_window *window =
	    context->theirs.bits != 0 ? &context->theirs : &none;
	struct ws_inflate_io io = { .in = in, .in_octets = len };
	int result;

	*reason = "out of memory";
	if (!have_decompressor(codec) ||
	    !have_room(&codec->inflated, &codec->inflated_room, ROOM_MIN))
		return WS_CLOSE_INTERNAL_ERROR;
	io.out = codec->inflated;
	io.out_max =
	    codec->inflated_room < limit ? codec->inflated_room : limit;
	ws_inflate_begin(codec->inflate, window);
	result = inflate_run(codec, &io, window, limit, reason);
	/* An empty message has no octets at all if zlib made it behind another
	 * one: then there is no flush to complete. */
	if (result == 0 && len > 0) {
		io.in = tail;
		io.in_octets = TAIL;
		result = inflate_run(codec, &io, window, limit, reason);
	}
	if (result != 0)
		return result;
	*reason = "the compressed message is cut short";
	if (!ws_inflate_is_flushed(codec->inflate))
		return WS_CLOSE_INVALID_PAYLOAD;
	*reason = "out of memory";
	if (!keep(context, &context->theirs, io.out, io.out_octets))
		return WS_CLOSE_INTERNAL_ERROR;
	*out = io.out;
	*out_len = io.out_octets;
	return 0;
}
