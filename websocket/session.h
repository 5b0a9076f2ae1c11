/* session.h - one WebSocket session: octets in, events out (RFC 6455). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SESSION_H
#define WS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "frame.h"

/* The receiving half of a server's session. Zeroed memory is a new session.
 * It holds memory only while a message or a frame is incomplete. It shows
 * compressed messages as they came; the caller inflates them. */
struct ws_session {
	struct ws_buf *message; /* owned: the message so far, unmasked */
	struct ws_buf *control; /* owned: a control frame's payload so far */
	union {
		struct {                    /* while in_payload */
			uint64_t remaining; /* octets still to come */
			uint8_t masking_key[4];
			uint8_t offset; /* of their first, modulo 4 */
			uint8_t opcode;
			bool fin; /* the frame ends its message */
		};
		uint8_t header[WS_FRAME_HEADER_MAX]; /* an incomplete one */
	};
	uint32_t fragments;    /* frames of the message so far */
	uint8_t header_octets; /* of header; 0 while in_payload */
	uint8_t utf8;          /* state of the text so far */
	uint8_t kind;          /* opcode of the message that is open, or 0 */
	bool compressed;       /* the open message is */
	bool deflates;         /* set by the caller: the client may compress */
	bool in_payload;       /* between a frame's header and its end */
	bool spent;  /* the memory of the last event can be released */
	bool failed; /* nothing more is read */
	bool busy;   /* the next octets need more than a glance */
};

enum ws_event_kind {
	WS_EVENT_NONE,    /* all octets are taken, nothing is complete */
	WS_EVENT_MESSAGE, /* opcode, data, len */
	WS_EVENT_DEFLATED, /* the same, and the message is compressed: RFC 7692 */
	WS_EVENT_PING,     /* data, len */
	WS_EVENT_PONG,     /* data, len */
	WS_EVENT_CLOSE, /* code (1005 when there is none), data, len: reason */
	WS_EVENT_FAIL,  /* code to close with; reason is a C string */
};

struct ws_event {
	enum ws_event_kind kind;
	uint8_t opcode; /* WS_OP_TEXT or WS_OP_BINARY */
	uint16_t code;
	uint8_t *data; /* borrowed until the next call; points into in, or into
	                  memory of the session's */
	size_t len;
	const char *reason; /* static */
};

/* Take the next event out of the octets received.
 *   in, len      octets that arrived and were not taken before; payloads are
 *                unmasked in place
 *   message_max  octets that a message may have
 *   event        receives the event
 * Returns the number of octets taken; call again with the rest until all are
 * taken. A failure is final: after WS_EVENT_FAIL all octets are taken and no
 * event follows.
 *
 * Checked: RSV bits, opcodes, masking, minimal lengths (RFC 6455 section 5.2),
 * fragmentation (5.4), control frames (5.5), UTF-8 at the first bad octet
 * (8.1), close codes and reasons (7.4), the message's size before any of it is
 * stored (1009), and a limit on fragments that carry next to nothing (1008).
 * The UTF-8 of compressed messages is not checked. They may be longer than
 * message_max by an eighth, since octets that cannot be compressed grow. */
size_t ws_session_read(struct ws_session *session, uint8_t *in, size_t len,
    size_t message_max, struct ws_event *event);

/* Release the memory of the last event, which the next read would do otherwise.
 * To be called only while session->spent is set. */
void ws_session_release(struct ws_session *session);

/* Release everything. */
void ws_session_fini(struct ws_session *session);

#endif
