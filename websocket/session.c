/* session.c - one WebSocket session: octets in, events out (RFC 6455). */
/* SPDX-License-Identifier: MIT */
/*
 * The way of a frame:
 *
 *	             header complete            last octet of the payload
 *	  HEADER ──────────────────▶ PAYLOAD ───────────────────────────▶ HEADER
 *	                             │     ▲                     │
 *	                             └─────┘ more octets         ▼ FIN, or control
 *	                                                       event
 *
 * A message that arrives whole, in one frame, is unmasked in the caller's
 * buffer and shown there; nothing is copied. Everything else is collected in
 * two places: session->message holds the fragments of the open message,
 * session->control the payload of a control frame that came in pieces. They are
 * two because control frames may stand between the fragments of a message (RFC
 * 6455 section 5.4).
 *
 * The length in a header reserves no memory. Memory grows as octets arrive.
 */
#include <string.h>

#include "session.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "ws.h"

/* A message may be cut into FRAGMENTS_FREE frames, and one more for every
 * FRAGMENT_OCTETS octets that it has. A peer that needs more is sending empty
 * or tiny fragments only to waste our time.
 *
 * An empty fragment costs 190 instructions, three times a whole short message,
 * so 1024 of them take 0.1 ms. Twice as many would do no harm. Half as many
 * begin to refuse honest clients that send a text as it is typed, an octet in
 * each frame. A fragment of 32 octets costs 6 instructions an octet, a short
 * message 4; of 16 octets it would be 12. The Autobahn suite cuts messages into
 * frames of 64 octets (9.3.1), so twice as many octets are the most.
 */
#define FRAGMENTS_FREE 1024
#define FRAGMENT_OCTETS 32

static size_t
fail_session(struct ws_session *s, struct ws_event *event, size_t len, int code,
    const char *reason)
{
	s->failed = true;
	event->kind = WS_EVENT_FAIL;
	event->code = (uint16_t)code;
	event->reason = reason;
	return len;
}

static bool
is_control(uint8_t opcode)
{
	return (opcode & 0x8) != 0;
}

/* Return whether a frame with this opcode begins a message. */
static bool
is_opening(uint8_t opcode)
{
	return opcode == WS_OP_TEXT || opcode == WS_OP_BINARY;
}

/* Limit the octets of a compressed message. It may be longer than the message
 * itself: the fixed code of RFC 1951 section 3.2.6 has 9 bits for some
 * octets. */
static size_t
compressed_max(size_t message_max)
{
	size_t more = message_max / 8 + 16;

	return more < SIZE_MAX - message_max ? message_max + more : SIZE_MAX;
}

/* ---- headers ----------------------------------------------------------- */

/* Check a frame's header against the state of the session.
 *   reason  receives a sentence, for a close code only
 * Returns a close code, or 0 when the frame is allowed. */
static int
check_header(const struct ws_session *s, const struct ws_frame *frame,
    size_t message_max, const char **reason)
{
	size_t have = s->message != NULL ? s->message->len : 0;

	/* RFC 6455 5.2: RSV must be 0 unless an extension defines it. RFC 7692
	 * 6.2: RSV1 stands on the first frame of a compressed message, and on
	 * no other. */
	*reason = "reserved bits are set";
	if (frame->rsv != 0 && !(frame->rsv == WS_RSV1 && s->deflates &&
				   is_opening(frame->opcode)))
		return WS_CLOSE_PROTOCOL_ERROR;
	/* RFC 6455 5.1: a server closes when a frame is not masked. */
	*reason = "a client's frame must be masked";
	if (!frame->masked)
		return WS_CLOSE_PROTOCOL_ERROR;
	if (is_control(frame->opcode))
		return 0;
	/* RFC 6455 5.4: the first frame has the opcode, the others have 0. */
	*reason = "a continuation frame without a message to continue";
	if (frame->opcode == WS_OP_CONTINUATION && s->kind == 0)
		return WS_CLOSE_PROTOCOL_ERROR;
	*reason = "a new message inside a fragmented one";
	if (frame->opcode != WS_OP_CONTINUATION && s->kind != 0)
		return WS_CLOSE_PROTOCOL_ERROR;
	*reason = "the message is larger than the limit";
	if (frame->rsv != 0 || (s->kind != 0 && s->compressed))
		message_max = compressed_max(message_max);
	if (have > message_max || frame->payload_octets > message_max - have)
		return WS_CLOSE_TOO_BIG;
	*reason = "too many tiny fragments";
	if (frame->opcode == WS_OP_CONTINUATION &&
	    s->fragments > FRAGMENTS_FREE + have / FRAGMENT_OCTETS)
		return WS_CLOSE_POLICY_VIOLATION;
	return 0;
}

static void
enter_payload(struct ws_session *s, const struct ws_frame *frame)
{
	s->opcode = frame->opcode;
	s->fin = frame->fin;
	s->remaining = frame->payload_octets;
	s->offset = 0;
	s->in_payload = true;
	memcpy(s->masking_key, frame->masking_key, 4);
	if (is_control(frame->opcode))
		return;
	if (frame->opcode != WS_OP_CONTINUATION) {
		s->kind = frame->opcode;
		s->compressed = frame->rsv != 0;
		s->utf8 = WS_UTF8_ACCEPT;
		s->fragments = 0;
	}
	s->fragments++;
}

/* Decode a header, the first octets of which may have come in an earlier read.
 *   taken  receives the octets of in that belong to it
 * Returns the same as ws_frame_parse. */
static int
take_header(struct ws_session *s, const uint8_t *in, size_t len,
    struct ws_frame *frame, size_t *taken)
{
	size_t had = s->header_octets;
	size_t more = WS_FRAME_HEADER_MAX - had;
	int size;

	if (had == 0) {
		size = ws_frame_parse(in, len, frame);
		*taken = size > 0 ? (size_t)size : len;
		if (size != 0)
			return size;
	}
	/* An incomplete header has 13 octets at most, so it fits. */
	more = more < len ? more : len;
	memcpy(s->header + had, in, more);
	s->header_octets = (uint8_t)(had + more);
	if (had == 0)
		return 0;
	size = ws_frame_parse(s->header, had + more, frame);
	*taken = size > 0 ? (size_t)size - had : more;
	if (size > 0)
		s->header_octets = 0;
	return size;
}

/* ---- payloads ---------------------------------------------------------- */

/* Unmask the next octets of a payload (RFC 6455 section 5.3), and check them if
 * they are text (section 8.1). */
static bool
unmask(struct ws_session *s, uint8_t *data, size_t len)
{
	bool ascii = ws_frame_mask(data, len, s->masking_key, s->offset);

	s->offset = (uint8_t)((s->offset + len) & 3);
	s->remaining -= len;
	if (is_control(s->opcode) || s->kind != WS_OP_TEXT || s->compressed)
		return true;
	if (!ascii || s->utf8 != WS_UTF8_ACCEPT)
		s->utf8 = ws_utf8_check(s->utf8, data, len);
	return s->utf8 != WS_UTF8_REJECT;
}

/* Show a Close frame: a code and a reason, or nothing. RFC 6455 section
 * 5.5.1. */
static void
show_close(struct ws_session *s, struct ws_event *event)
{
	event->kind = WS_EVENT_CLOSE;
	event->code = WS_CLOSE_NO_STATUS;
	if (event->len == 0)
		return;
	if (event->len == 1) {
		(void)fail_session(s, event, 0, WS_CLOSE_PROTOCOL_ERROR,
		    "a Close frame with half a code");
		return;
	}
	event->code = ws_load16(event->data);
	event->data += 2;
	event->len -= 2;
	if (!ws_frame_close_code_ok(event->code))
		(void)fail_session(s, event, 0, WS_CLOSE_PROTOCOL_ERROR,
		    "a close code that must not be sent");
	else if (ws_utf8_check(WS_UTF8_ACCEPT, event->data, event->len) !=
		 WS_UTF8_ACCEPT)
		(void)fail_session(s, event, 0, WS_CLOSE_INVALID_PAYLOAD,
		    "the close reason is not UTF-8");
}

static void
show_control(struct ws_session *s, struct ws_event *event)
{
	switch (s->opcode) {
	case WS_OP_CLOSE:
		show_close(s, event);
		return;
	case WS_OP_PING:
		event->kind = WS_EVENT_PING;
		return;
	default:
		event->kind = WS_EVENT_PONG;
		return;
	}
}

static void
show_message(struct ws_session *s, struct ws_event *event)
{
	if (s->kind == WS_OP_TEXT && s->utf8 != WS_UTF8_ACCEPT) {
		(void)fail_session(s, event, 0, WS_CLOSE_INVALID_PAYLOAD,
		    "the text ends inside a character");
		return;
	}
	event->kind = s->compressed ? WS_EVENT_DEFLATED : WS_EVENT_MESSAGE;
	event->opcode = s->kind;
	s->kind = 0;
}

/* End a frame whose payload is complete.
 *   data  the payload, or NULL when it was collected in the session's memory */
static void
end_frame(
    struct ws_session *s, struct ws_event *event, uint8_t *data, size_t len)
{
	struct ws_buf *kept = is_control(s->opcode) ? s->control : s->message;

	s->in_payload = false;
	if (!is_control(s->opcode) && !s->fin)
		return;
	event->data = data != NULL ? data : ws_buf_data(kept);
	event->len = data != NULL ? len : kept->len;
	s->spent = data == NULL;
	if (is_control(s->opcode))
		show_control(s, event);
	else
		show_message(s, event);
}

/* Take octets of a payload. Returns their number. */
static size_t
take_payload(
    struct ws_session *s, uint8_t *in, size_t len, struct ws_event *event)
{
	bool control = is_control(s->opcode);
	struct ws_buf **keep = control ? &s->control : &s->message;
	size_t take = s->remaining < len ? (size_t)s->remaining : len;

	if (!unmask(s, in, take))
		return fail_session(s, event, take, WS_CLOSE_INVALID_PAYLOAD,
		    "the text is not UTF-8");
	if (s->remaining == 0 && *keep == NULL && (s->fin || control)) {
		end_frame(s, event, in, take);
		return take;
	}
	/* check_header has limited its length. */
	if (ws_buf_append(keep, in, take, SIZE_MAX) < 0)
		return fail_session(
		    s, event, take, WS_CLOSE_INTERNAL_ERROR, "out of memory");
	if (s->remaining == 0)
		end_frame(s, event, NULL, 0);
	return take;
}

/* ---- the session ------------------------------------------------------- */

/* Check the text of a message. */
static WS_NOINLINE bool
is_text(struct ws_session *s, struct ws_event *event)
{
	if (ws_utf8_check(WS_UTF8_ACCEPT, event->data, event->len) ==
	    WS_UTF8_ACCEPT)
		return true;
	s->busy = true;
	(void)fail_session(
	    s, event, 0, WS_CLOSE_INVALID_PAYLOAD, "the text is not UTF-8");
	return false;
}

/* Take a frame that is a whole message, has arrived whole, and follows no open
 * message: nearly all frames are like that. All others, mistakes included, go
 * through read_any, where each rule has its own line. Measured on a 16-octet
 * echo: 60 instructions here, 190 there.
 * Returns the size of the frame, or 0 for one that read_any must take. */
static size_t
take_usual(struct ws_session *s, uint8_t *in, size_t len, size_t message_max,
    struct ws_event *event)
{
	size_t header = 6, size;

	/* FIN, no RSV, text or binary; masked, a length of 7 or 16 bits. */
	if (len < 8 || (in[0] != (WS_FIN | WS_OP_TEXT) &&
			   in[0] != (WS_FIN | WS_OP_BINARY)))
		return 0;
	size = in[1] ^ 0x80u;
	if (size == 126) {
		header = 8;
		size = ws_load16(in + 2);
		if (size < 126)
			return 0;
	} else if (size > 126)
		return 0;
	if (size > len - header || size > message_max)
		return 0;
	event->kind = WS_EVENT_MESSAGE;
	event->opcode = in[0] & 0xF;
	event->data = in + header;
	event->len = size;
	if (!ws_frame_mask(event->data, size, event->data - 4, 0) &&
	    event->opcode == WS_OP_TEXT && !is_text(s, event))
		return len;
	return header + size;
}

/* Take a header, unless a payload is open, and the octets of a payload. */
static size_t
take_any(struct ws_session *s, uint8_t *in, size_t len, size_t message_max,
    struct ws_event *event)
{
	struct ws_frame frame;
	const char *reason;
	size_t taken = 0;
	int result;

	if (!s->in_payload) {
		result = take_header(s, in, len, &frame, &taken);
		if (result == 0)
			return taken;
		if (result < 0)
			return fail_session(s, event, len,
			    WS_CLOSE_PROTOCOL_ERROR,
			    ws_frame_error_text(result));
		result = check_header(s, &frame, message_max, &reason);
		if (result != 0)
			return fail_session(s, event, len, result, reason);
		enter_payload(s, &frame);
	}
	return taken + take_payload(s, in + taken, len - taken, event);
}

/* Return whether the next octets need read_any: a header, a frame or a message
 * is incomplete, memory is to be released, or the session has failed. */
static bool
is_busy(const struct ws_session *s)
{
	return s->in_payload || s->header_octets > 0 || s->kind != 0 ||
	       s->spent || s->failed;
}

/* Take the next event, whatever the state is. */
static WS_NOINLINE size_t
read_any(struct ws_session *s, uint8_t *in, size_t len, size_t message_max,
    struct ws_event *event)
{
	size_t taken;

	event->kind = WS_EVENT_NONE;
	if (s->spent)
		ws_session_release(s);
	if (s->failed)
		return len;
	taken = take_any(s, in, len, message_max, event);
	s->busy = is_busy(s);
	return taken;
}

size_t
ws_session_read(struct ws_session *session, uint8_t *in, size_t len,
    size_t message_max, struct ws_event *event)
{
	size_t taken = 0;

	if (!session->busy)
		taken = take_usual(session, in, len, message_max, event);
	if (taken == 0)
		return read_any(session, in, len, message_max, event);
	return taken;
}

void
ws_session_release(struct ws_session *session)
{
	session->spent = false;
	/* A message that is open behind a control frame stays. */
	ws_buf_free(&session->control);
	if (session->kind == 0)
		ws_buf_free(&session->message);
	session->busy = is_busy(session);
}

void
ws_session_fini(struct ws_session *session)
{
	ws_buf_free(&session->message);
	ws_buf_free(&session->control);
}
