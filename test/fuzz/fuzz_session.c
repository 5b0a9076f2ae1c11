/* fuzz_session.c - octets fed whole and fed in pieces show the same. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "websocket/session.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* All events of a session, as octets. */
struct shown {
	uint8_t *at; /* owned */
	size_t len, room;
};

static void
add(struct shown *shown, const void *octets, size_t len)
{
	if (len > shown->room - shown->len) {
		shown->room = shown->room * 2 + len + 64;
		shown->at = realloc(shown->at, shown->room);
		if (shown->at == NULL)
			abort();
	}
	if (len > 0)
		memcpy(shown->at + shown->len, octets, len);
	shown->len += len;
}

/* Octets that a message may have before it is inflated. */
static size_t
longest(size_t message_max)
{
	size_t more = message_max / 8 + 16;

	return message_max < SIZE_MAX - more ? message_max + more : SIZE_MAX;
}

/* Check what holds for every event. */
static void
check(const struct ws_event *event, size_t message_max)
{
	switch (event->kind) {
	case WS_EVENT_MESSAGE:
		if (event->len > message_max)
			abort();
		if (event->opcode != WS_OP_TEXT &&
		    event->opcode != WS_OP_BINARY)
			abort();
		if (event->opcode == WS_OP_TEXT &&
		    ws_utf8_check(WS_UTF8_ACCEPT, event->data, event->len) !=
			WS_UTF8_ACCEPT)
			abort();
		return;
	case WS_EVENT_DEFLATED:
		if (event->len > longest(message_max))
			abort();
		return;
	case WS_EVENT_CLOSE:
		if (event->code != 1005 && !ws_frame_close_code_ok(event->code))
			abort();
		if (event->len > WS_FRAME_CONTROL_MAX - 2)
			abort();
		return;
	case WS_EVENT_PING:
	case WS_EVENT_PONG:
		if (event->len > WS_FRAME_CONTROL_MAX)
			abort();
		return;
	case WS_EVENT_FAIL:
		if (!ws_frame_close_code_ok(event->code) ||
		    event->reason[0] == '\0')
			abort();
		return;
	case WS_EVENT_NONE:
		return;
	}
	abort();
}

static void
record(struct shown *shown, const struct ws_event *event)
{
	if (event->kind == WS_EVENT_NONE)
		return;
	add(shown, &event->kind, sizeof(event->kind));
	if (event->kind == WS_EVENT_CLOSE || event->kind == WS_EVENT_FAIL)
		add(shown, &event->code, sizeof(event->code));
	/* The code is the same; which mistake is named first may not be. */
	if (event->kind == WS_EVENT_FAIL)
		return;
	if (event->kind == WS_EVENT_MESSAGE || event->kind == WS_EVENT_DEFLATED)
		add(shown, &event->opcode, 1);
	add(shown, &event->len, sizeof(event->len));
	add(shown, event->data, event->len);
}

/* Check that all octets held have come: a claimed length reserves nothing. */
static void
check_held(const struct ws_session *s, size_t fed, size_t message_max)
{
	const struct ws_buf *message = s->message, *control = s->control;

	if (message != NULL &&
	    (message->len > longest(message_max) || message->len > fed ||
		message->room > 2 * fed + 128))
		abort();
	if (control != NULL && control->len > WS_FRAME_CONTROL_MAX)
		abort();
}

/* Feed one read, in memory of exactly its size. */
static void
feed(struct ws_session *s, const uint8_t *data, size_t len, size_t message_max,
    struct shown *shown)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	size_t taken = 0;

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	while (taken < len) {
		struct ws_event event;
		size_t n = ws_session_read(
		    s, copy + taken, len - taken, message_max, &event);

		if (n == 0 || n > len - taken)
			abort();
		check(&event, message_max);
		record(shown, &event);
		taken += n;
	}
	free(copy);
}

/* Feed in reads whose sizes are taken from the octets themselves. */
static void
feed_pieces(const uint8_t *data, size_t len, size_t message_max, unsigned step,
    bool deflates, struct shown *shown)
{
	struct ws_session s = { .deflates = deflates };
	size_t at = 0;

	while (at < len) {
		size_t n = 1 + data[(at * 7 + step) % len] % step;

		n = n < len - at ? n : len - at;
		feed(&s, data + at, n, message_max, shown);
		at += n;
		check_held(&s, at, message_max);
		if (s.spent && data[at - 1] & 1)
			ws_session_release(&s);
	}
	ws_session_fini(&s);
}

/* The first two octets choose the limit, the extension and the pieces, the rest
 * is fed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t limits[] = { 0, 1, 10, 125, 300, 70000, SIZE_MAX,
		1 << 20 };
	const unsigned steps[] = { 1, 2, len > 1 ? data[1] + 1u : 1 };
	struct shown whole = { 0 };
	struct ws_session s = { 0 };
	size_t message_max;

	if (len < 2)
		return 0;
	message_max = limits[data[0] % 8];
	s.deflates = data[0] & 8;
	feed(&s, data + 2, len - 2, message_max, &whole);
	check_held(&s, len, message_max);
	ws_session_fini(&s);
	for (size_t i = 0; i < 3; i++) {
		struct shown parts = { 0 };

		feed_pieces(data + 2, len - 2, message_max, steps[i],
		    (data[0] & 8) != 0, &parts);
		if (parts.len != whole.len ||
		    (whole.len > 0 &&
			memcmp(parts.at, whole.at, whole.len) != 0))
			abort();
		free(parts.at);
	}
	free(whole.at);
	return 0;
}
