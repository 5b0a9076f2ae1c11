/* conn_pmd.c - the compressed messages of one connection (RFC 7692). */
/* SPDX-License-Identifier: MIT */
/*
 * A client that can compress says so in its request. Once that is agreed on,
 * each message may be sent compressed or as it is, in both directions; RSV1 of
 * its first frame tells which (RFC 7692 section 6):
 *
 *	in    frames ─▶ session.c ─ RSV1 ─▶ inflate, check ─▶ the application
 *	                         └─ plain ─────────────────▶
 *
 *	out   ws_send ─▶ long enough, and smaller when compressed? ─▶ frame, RSV1
 *	                 └─ no ───────────────────────────────────▶ frame
 *
 * A message for many is one chunk, which gets further chunks when they are
 * needed: its compressed forms, one for each size of window among its
 * receivers. A message that fits into a small window can be read with any
 * larger one, so most messages have one form for all.
 *
 *	chunk of a message ─▶ compressed, window 512 ─▶ window 4096 ─▶ NULL
 *
 * All forms are compressed without context, and fit a peer with context, too:
 * its sender need not refer to earlier messages, it only has to remember the
 * same ones as the peer (RFC 7692 section 7.1.1).
 *
 * A connection without an agreement never comes here.
 */
#include <string.h>

#include "conn.h"
#include "base/utf8.h"

/* ---- the handshake ----------------------------------------------------- */

int
ws_conn_agree(struct ws_request *request, struct ws_pmd_answer *answer)
{
	struct ws_conn *c = request->conn;
	struct ws_pmd_codec *pmd = &c->core->pmd;
	struct ws_pmd_policy policy = ws_pmd_policy_of(pmd);
	struct ws_pmd agreed;

	answer->octets = 0;
	if (request->endpoint->handler.deflate_min < 0)
		return 0;
	if (!ws_pmd_negotiate(
		request->head, request->base, &policy, &agreed, answer) ||
	    answer->octets == 0)
		return 0;
	c->context = ws_pmd_join(pmd, &agreed);
	c->deflates = c->context != NULL;
	return c->deflates ? 0 : -1;
}

struct ws_chunk *
ws_conn_chunk(uint8_t first, const void *payload, size_t len)
{
	uint8_t header[WS_FRAME_HEADER_MAX];
	size_t size = ws_frame_begin(header, first, len);
	struct ws_chunk *chunk =
	    len <= SIZE_MAX - size ? ws_chunk_new(size + len) : NULL;

	if (chunk == NULL)
		return NULL;
	memcpy(chunk->at, header, size);
	if (len > 0)
		memcpy(chunk->at + size, payload, len);
	chunk->len = size + len;
	return chunk;
}

struct ws_part
ws_conn_payload(const struct ws_chunk *message, uint8_t *opcode)
{
	struct ws_frame frame = { 0 };
	int size = ws_frame_parse(message->data, message->len, &frame);

	*opcode = frame.opcode;
	return (struct ws_part){ message->data + size,
		message->len - (size_t)size };
}

/* ---- receiving --------------------------------------------------------- */

static void
fail(struct ws_event *event, int code, const char *reason)
{
	event->kind = WS_EVENT_FAIL;
	event->code = (uint16_t)code;
	event->reason = reason;
}

void
ws_conn_inflate(struct ws_conn *conn, struct ws_event *event)
{
	const char *reason;
	int code = ws_pmd_inflate(&conn->core->pmd, conn->context, event->data,
	    event->len, conn->endpoint->handler.max_message, &event->data,
	    &event->len, &reason);

	if (code != 0) {
		fail(event, code, reason);
		return;
	}
	event->kind = WS_EVENT_MESSAGE;
	ws_core_spend(conn->core, (event->len / 1024 + 1) * WS_COST_INFLATE_KB);
	if (event->opcode == WS_OP_TEXT &&
	    ws_utf8_check(WS_UTF8_ACCEPT, event->data, event->len) !=
		WS_UTF8_ACCEPT)
		fail(event, WS_CLOSE_INVALID_PAYLOAD, "the text is not UTF-8");
}

/* ---- sending ----------------------------------------------------------- */

/* Return whether it is worth trying to compress a message. */
static bool
is_worth(const struct ws_conn *c, int flags, size_t len)
{
	return !(flags & WS_NO_COMPRESS) &&
	       len >= (size_t)c->endpoint->handler.deflate_min;
}

/* Return whether there is time to compress a message. If not, it is sent as it
 * is, which RFC 7692 section 7.2.1 leaves to the sender for each message. */
static bool
is_affordable(struct ws_conn *c, size_t len)
{
	struct ws_core *core = c->core;
	/* Long messages are compressed at a level that is faster, see
	 * pmd_message.c. */
	size_t cost = (len / 1024 + 1) *
		      (len > 65536 ? WS_COST_GZIP_KB : WS_COST_DEFLATE_KB);

	if (!ws_budget_allows(&core->loop.budget, cost, core->loop.now_ms))
		return false;
	ws_core_spend(core, cost);
	return true;
}

bool
ws_conn_deflate(struct ws_conn *conn, int kind, struct ws_part *part)
{
	const uint8_t *out;
	size_t len;

	if (!is_worth(conn, kind, part->len) || !is_affordable(conn, part->len))
		return false;
	len = ws_pmd_deflate(
	    &conn->core->pmd, conn->context, part->at, part->len, false, &out);
	if (len == 0)
		return false;
	*part = (struct ws_part){ out, len };
	return true;
}

/* Compress a message into a frame of its own. Returns NULL if that would not
 * make it smaller, or if out of memory. */
static struct ws_chunk *
make_form(
    const struct ws_conn *c, const struct ws_part *payload, uint8_t opcode)
{
	struct ws_pmd_codec *pmd = &c->core->pmd;
	struct ws_chunk *deflated = NULL;
	const uint8_t *out;
	size_t len = ws_pmd_deflate(
	    pmd, c->context, payload->at, payload->len, true, &out);

	if (len > 0)
		deflated = ws_conn_chunk(WS_FIN | WS_RSV1 | opcode, out, len);
	ws_pmd_end_deflate(pmd);
	return deflated;
}

struct ws_chunk *
ws_conn_deflated(struct ws_conn *conn, struct ws_chunk *message, int flags)
{
	struct ws_part payload;
	struct ws_chunk **at = &message->deflated;
	unsigned window;
	uint8_t opcode;

	payload = ws_conn_payload(message, &opcode);
	window = ws_pmd_window(conn->context->bits, payload.len);
	if (window <= message->window || !is_worth(conn, flags, payload.len))
		return message;
	for (; *at != NULL; at = &(*at)->deflated) {
		if ((*at)->window == window)
			return *at;
	}
	if (!is_affordable(conn, payload.len))
		return message;
	*at = make_form(conn, &payload, opcode);
	if (*at == NULL) {
		/* A smaller window would compress it no better: do not try
		 * again for this one or any below. */
		message->window = (uint8_t)window;
		return message;
	}
	(*at)->window = (uint8_t)window;
	return *at;
}
