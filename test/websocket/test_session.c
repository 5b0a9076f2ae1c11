/* test_session.c - one WebSocket session (RFC 6455 sections 5, 7.4, 8.1). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "websocket/session.h"
#include "test/frame.h"
#include "test/guard.h"
#include "test/scarce.h"

enum {
	MAX = 1 << 20, /* octets of a message, where a test says nothing else */
	WIRE_MAX = 4096,
	SHOWN_MAX = 8192
};

/* ---- the wire ---- */

/* Octets as a client would send them. */
struct wire {
	uint8_t at[WIRE_MAX];
	size_t len;
};

/* One frame to write: the first octet as it stands on the wire, the payload
 * before masking. A payload that points nowhere ends a list. */
struct frame {
	uint8_t first;
	struct ws_span payload;
};

#define FRAME(first, payload)             \
	{                                 \
		(first), WS_SPAN(payload) \
	}

enum {
	TEXT = WS_FIN | WS_OP_TEXT,
	BINARY = WS_FIN | WS_OP_BINARY,
	LAST = WS_FIN | WS_OP_CONTINUATION,
	PING = WS_FIN | WS_OP_PING,
	PONG = WS_FIN | WS_OP_PONG,
	CLOSE = WS_FIN | WS_OP_CLOSE
};

static void
put(struct wire *wire, const void *octets, size_t len)
{
	cr_assert_leq(len, WIRE_MAX - wire->len);
	if (len > 0)
		memcpy(wire->at + wire->len, octets, len);
	wire->len += len;
}

/* Append a masked frame. Every frame has a key of its own. */
static void
put_frame(struct wire *wire, uint8_t first, struct ws_span payload)
{
	uint8_t n = (uint8_t)wire->len;
	const uint8_t key[4] = { 0x37 ^ n, 0xfa, n, 0x3d };
	uint8_t header[WS_FRAME_HEADER_MAX];
	size_t at;

	put(wire, header, write_header(header, first, payload.len, key));
	at = wire->len;
	put(wire, payload.at, payload.len);
	ws_frame_mask(wire->at + at, payload.len, key, 0);
}

static void
put_frames(struct wire *wire, const struct frame *frames)
{
	for (; frames->payload.at != NULL; frames++)
		put_frame(wire, frames->first, frames->payload);
}

/* ---- a session and what it showed ---- */

static bool deflates; /* permessage-deflate was agreed on */

struct run {
	struct ws_session session;
	size_t message_max;
	size_t fed;       /* octets so far */
	size_t failed_at; /* octets fed when it failed */
	size_t events;
	char shown[SHOWN_MAX]; /* "text<Hello> ping<> fail<1002>" */
	size_t shown_len;
};

static void
say(struct run *run, const char *format, ...)
{
	size_t room = SHOWN_MAX - run->shown_len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(run->shown + run->shown_len, room, format, args);
	va_end(args);
	cr_assert(n >= 0 && (size_t)n < room, "too much to show");
	run->shown_len += (size_t)n;
}

static void
say_octets(struct run *run, const struct ws_event *event)
{
	for (size_t i = 0; i < event->len; i++) {
		uint8_t c = event->data[i];

		say(run, c < ' ' || c > '~' ? "\\x%02x" : "%c", c);
	}
}

/* Write an event down. All its data is read, so that a pointer that is not
 * valid is found. */
static void
show(struct run *run, const struct ws_event *event)
{
	static const char *const names[] = {
		[WS_EVENT_MESSAGE] = "message",
		[WS_EVENT_DEFLATED] = "deflated",
		[WS_EVENT_PING] = "ping",
		[WS_EVENT_PONG] = "pong",
		[WS_EVENT_CLOSE] = "close",
		[WS_EVENT_FAIL] = "fail",
	};

	if (event->kind == WS_EVENT_NONE)
		return;
	cr_assert_eq(run->failed_at, 0, "an event after the failure");
	if (run->events++ > 0)
		say(run, " ");
	if (event->kind == WS_EVENT_DEFLATED)
		say(run, "deflated ");
	if (event->kind == WS_EVENT_MESSAGE || event->kind == WS_EVENT_DEFLATED)
		say(run, event->opcode == WS_OP_TEXT ? "text" : "binary");
	else
		say(run, "%s", names[event->kind]);
	say(run, "<");
	if (event->kind == WS_EVENT_CLOSE || event->kind == WS_EVENT_FAIL)
		say(run, "%u", event->code);
	if (event->kind == WS_EVENT_CLOSE && event->len > 0)
		say(run, ",");
	if (event->kind == WS_EVENT_FAIL) {
		cr_assert_not_null(event->reason);
		cr_assert_neq(event->reason[0], '\0');
		run->failed_at = run->fed;
	} else
		say_octets(run, event);
	say(run, ">");
}

/* Hand a session one read. The octets lie at the end of a page behind which
 * there is none; they are a copy, because payloads are unmasked in place. */
static void
feed(struct run *run, const uint8_t *octets, size_t len)
{
	struct guard g = guard_copy(octets, len);
	size_t taken = 0;

	run->fed += len;
	while (taken < len) {
		struct ws_event event;
		size_t n = ws_session_read(&run->session, g.at + taken,
		    len - taken, run->message_max, &event);

		cr_assert_leq(n, len - taken);
		cr_assert(n > 0, "no progress");
		show(run, &event);
		taken += n;
	}
	guard_free(&g);
}

static void
begin(struct run *run, size_t message_max)
{
	memset(run, 0, sizeof(*run));
	run->message_max = message_max;
	run->session.deflates = deflates;
}

/* End a session: it must give all its memory back. */
static void
end(struct run *run)
{
	ws_session_fini(&run->session);
	cr_assert_eq(scarce_blocks, 0, "%ld blocks leaked", scarce_blocks);
}

/* Feed a wire whole, split at every position, and octet by octet; what is
 * shown must be the same.
 *   fails_at  the octets after which a failure is certain; 0: no failure */
static void
check_limit(const char *name, const struct wire *wire, size_t message_max,
    const char *expected, size_t fails_at)
{
	struct run run;

	for (size_t split = 0; split <= wire->len; split++) {
		begin(&run, message_max);
		feed(&run, wire->at, split);
		feed(&run, wire->at + split, wire->len - split);
		cr_assert_str_eq(run.shown, expected, "%s, split at %zu: %s",
		    name, split, run.shown);
		end(&run);
	}
	begin(&run, message_max);
	for (size_t i = 0; i < wire->len; i++)
		feed(&run, wire->at + i, 1);
	cr_assert_str_eq(
	    run.shown, expected, "%s, octet by octet: %s", name, run.shown);
	cr_assert_eq(run.failed_at, fails_at, "%s: failed after %zu octets",
	    name, run.failed_at);
	end(&run);
}

static void
check(const char *name, const struct wire *wire, const char *expected,
    size_t fails_at)
{
	check_limit(name, wire, MAX, expected, fails_at);
}

/* ---- messages and control frames ---- */

Test(session, rfc6455_5_7_examples)
{
	static const struct {
		const char *name;
		struct ws_span wire;
		const char *events;
	} rows[] = {
		{ "masked Hello",
		    WS_SPAN("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
		    "text<Hello>" },
		{ "masked pong",
		    WS_SPAN("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
		    "pong<Hello>" },
		{ "fragmented Hello, masked with zeros",
		    WS_SPAN("\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo"),
		    "text<Hello>" },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };

		put(&wire, rows[i].wire.at, rows[i].wire.len);
		check(rows[i].name, &wire, rows[i].events, 0);
	}
}

Test(session, rfc6455_5_6_messages_and_5_5_control_frames)
{
	static const struct {
		const char *name, *events;
		struct frame frames[8];
	} rows[] = {
		{ "text", "text<hi>", { FRAME(TEXT, "hi") } },
		{ "binary", "binary<\\x00\\xff>", { FRAME(BINARY, "\0\xff") } },
		{ "empty text", "text<>", { FRAME(TEXT, "") } },
		{ "empty binary", "binary<>", { FRAME(BINARY, "") } },
		{ "several in one read", "text<a> binary<b> text<c>",
		    { FRAME(TEXT, "a"), FRAME(BINARY, "b"),
			FRAME(TEXT, "c") } },
		{ "ping and pong", "ping<p> pong<q>",
		    { FRAME(PING, "p"), FRAME(PONG, "q") } },
		{ "empty ping and pong", "ping<> pong<>",
		    { FRAME(PING, ""), FRAME(PONG, "") } },
		{ "control payloads are not text", "ping<\\xff> pong<\\xc3>",
		    { FRAME(PING, "\xff"), FRAME(PONG, "\xc3") } },
		{ "two fragments", "text<ab>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(LAST, "b") } },
		{ "four fragments", "binary<abcd>",
		    { FRAME(WS_OP_BINARY, "a"), FRAME(0, "b"), FRAME(0, "c"),
			FRAME(LAST, "d") } },
		{ "only empty fragments", "text<>",
		    { FRAME(WS_OP_TEXT, ""), FRAME(0, ""), FRAME(LAST, "") } },
		{ "empty first fragment", "text<ab>",
		    { FRAME(WS_OP_TEXT, ""), FRAME(LAST, "ab") } },
		{ "empty last fragment", "text<ab>",
		    { FRAME(WS_OP_TEXT, "ab"), FRAME(LAST, "") } },
		{ "empty middle fragment", "binary<ab>",
		    { FRAME(WS_OP_BINARY, "a"), FRAME(0, ""),
			FRAME(LAST, "b") } },
		{ "two fragmented messages", "text<ab> binary<cd>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(LAST, "b"),
			FRAME(WS_OP_BINARY, "c"), FRAME(LAST, "d") } },
		{ "a whole message behind a fragmented one", "text<ab> text<c>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(LAST, "b"),
			FRAME(TEXT, "c") } },
		{ "a character over fragments and a ping",
		    "ping<\\xe2> text<\\xe2\\x82\\xac>",
		    { FRAME(WS_OP_TEXT, "\xe2"), FRAME(PING, "\xe2"),
			FRAME(0, "\x82"), FRAME(LAST, "\xac") } },
		{ "close inside a fragmented message", "close<1000>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(CLOSE, "\x03\xe8") } },
		{ "what follows a close is still read", "close<1005> text<a>",
		    { FRAME(CLOSE, ""), FRAME(TEXT, "a") } },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };

		put_frames(&wire, rows[i].frames);
		check(rows[i].name, &wire, rows[i].events, 0);
	}
}

/* ---- compressed messages ---- */

/* RFC 7692 section 6: they are shown as they came. fails_at counts from the
 * end: the octets behind the one that shows the mistake. */
Test(session, rfc7692_6_rsv1_stands_on_first_frames_only)
{
	enum {
		DEFLATED = WS_RSV1
	};
	static const struct {
		const char *name, *events;
		struct frame frames[5];
	} rows[] = {
		{ "text", "deflated text<\\xf2H>",
		    { FRAME(DEFLATED | TEXT, "\xf2H") } },
		{ "binary", "deflated binary<ab>",
		    { FRAME(DEFLATED | BINARY, "ab") } },
		{ "empty", "deflated text<>", { FRAME(DEFLATED | TEXT, "") } },
		{ "in fragments, with a ping", "ping<p> deflated text<abc>",
		    { FRAME(DEFLATED | WS_OP_TEXT, "a"), FRAME(0, "b"),
			FRAME(PING, "p"), FRAME(LAST, "c") } },
		{ "no UTF-8 yet", "deflated text<\\xff\\xfe>",
		    { FRAME(DEFLATED | WS_OP_TEXT, "\xff"),
			FRAME(LAST, "\xfe") } },
		{ "in turn with others",
		    "deflated text<a> text<b> deflated text<c>",
		    { FRAME(DEFLATED | TEXT, "a"), FRAME(TEXT, "b"),
			FRAME(DEFLATED | TEXT, "c") } },
		{ "plain fragments behind it", "deflated text<a> text<bc>",
		    { FRAME(DEFLATED | TEXT, "a"), FRAME(WS_OP_TEXT, "b"),
			FRAME(LAST, "c") } },
		{ "and they are UTF-8", "deflated text<\\xff> fail<1007>",
		    { FRAME(DEFLATED | TEXT, "\xff"), FRAME(TEXT, "\xff") } },
		{ "on a continuation", "fail<1002>",
		    { FRAME(DEFLATED | WS_OP_TEXT, "a"),
			FRAME(DEFLATED | LAST, "b") } },
		{ "on a continuation only", "fail<1002>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(DEFLATED | LAST, "b") } },
		{ "on a ping", "fail<1002>", { FRAME(DEFLATED | PING, "a") } },
		{ "on a pong", "fail<1002>", { FRAME(DEFLATED | PONG, "a") } },
		{ "on a Close", "fail<1002>", { FRAME(DEFLATED | CLOSE, "") } },
		{ "inside a message", "fail<1002>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(DEFLATED | TEXT, "b") } },
		{ "RSV2", "fail<1002>", { FRAME(WS_RSV2 | TEXT, "a") } },
		{ "RSV3", "fail<1002>", { FRAME(WS_RSV3 | TEXT, "a") } },
		{ "RSV1 and RSV2", "fail<1002>",
		    { FRAME(DEFLATED | WS_RSV2 | TEXT, "a") } },
		{ "RSV1 and RSV3", "fail<1002>",
		    { FRAME(DEFLATED | WS_RSV3 | BINARY, "a") } },
	};

	deflates = true;
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };
		struct run run;

		put_frames(&wire, rows[i].frames);
		for (size_t split = 0; split <= wire.len; split++) {
			begin(&run, MAX);
			feed(&run, wire.at, split);
			feed(&run, wire.at + split, wire.len - split);
			cr_assert_str_eq(run.shown, rows[i].events,
			    "%s, split at %zu: %s", rows[i].name, split,
			    run.shown);
			end(&run);
		}
		begin(&run, MAX);
		for (size_t at = 0; at < wire.len; at++)
			feed(&run, wire.at + at, 1);
		cr_assert_str_eq(run.shown, rows[i].events,
		    "%s, octet by octet: %s", rows[i].name, run.shown);
		end(&run);
	}
}

/* What cannot be compressed gets longer, by an eighth at most; and this is no
 * way to have more memory held than for messages that are not compressed. */
Test(session, rfc7692_compressed_messages_are_bounded)
{
	static const struct {
		const char *name, *events;
		size_t message_max, first, second;
	} rows[] = {
		{ "as long as may be", "deflated text", 16, 34, 0 },
		{ "one octet more", "fail<1009>", 16, 35, 0 },
		{ "fragments", "deflated text", 16, 30, 4 },
		{ "fragments, one octet more", "fail<1009>", 16, 30, 5 },
		{ "no limit at all", "deflated text", SIZE_MAX, 40, 2 },
		{ "nothing allowed", "deflated text", 0, 16, 0 },
		{ "nothing allowed, too much", "fail<1009>", 0, 17, 0 },
	};
	static const char octets[64] = "";

	deflates = true;
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		uint8_t first = rows[i].second > 0 ? WS_OP_TEXT : TEXT;
		struct wire wire = { 0 };
		struct run run;

		put_frame(&wire, WS_RSV1 | first,
		    (struct ws_span){ octets, rows[i].first });
		if (rows[i].second > 0)
			put_frame(&wire, LAST,
			    (struct ws_span){ octets, rows[i].second });
		begin(&run, rows[i].message_max);
		feed(&run, wire.at, wire.len);
		cr_expect_eq(
		    strncmp(run.shown, rows[i].events, strlen(rows[i].events)),
		    0, "%s: %s", rows[i].name, run.shown);
		end(&run);
	}
}

/* RFC 6455 5.4: control frames may stand in the middle of a message. Every
 * choice of gaps, before the first fragment to behind the last. */
Test(session, rfc6455_5_4_control_frames_between_all_fragments)
{
	static const struct frame fragments[] = {
		FRAME(WS_OP_TEXT, "a\xc3"),
		FRAME(0, "\xa4"),
		FRAME(0, ""),
		FRAME(LAST, "z"),
	};

	for (unsigned gaps = 0; gaps < 1u << (WS_LEN(fragments) + 1); gaps++) {
		struct wire wire = { 0 };
		struct run expected;
		char name[32];

		begin(&expected, 0);
		for (size_t i = 0; i <= WS_LEN(fragments); i++) {
			if (gaps >> i & 1) {
				put_frame(
				    &wire, i & 1 ? PING : PONG, WS_SPAN("xy"));
				say(&expected, "%s%s<xy>",
				    expected.shown_len > 0 ? " " : "",
				    i & 1 ? "ping" : "pong");
			}
			if (i == WS_LEN(fragments))
				break;
			put_frame(
			    &wire, fragments[i].first, fragments[i].payload);
			if (fragments[i].first == LAST)
				say(&expected, "%stext<a\\xc3\\xa4z>",
				    expected.shown_len > 0 ? " " : "");
		}
		snprintf(name, sizeof(name), "gaps %#x", gaps);
		check(name, &wire, expected.shown, 0);
	}
}

/* The boundaries of the three forms of a length, cut near the header, near
 * the end and in between, at every alignment of the payload in memory. */
Test(session, rfc6455_5_2_lengths)
{
	static const size_t lengths[] = { 125, 126, 127, 65535, 65536, 65537 };
	static uint8_t octets[65537 + WS_FRAME_HEADER_MAX + 8];
	static const uint8_t key[4] = { 1, 2, 3, 4 };

	for (size_t i = 0; i < WS_LEN(lengths) * 8; i++) {
		size_t len = lengths[i / 8], header;
		uint8_t *wire = octets + i % 8;

		for (size_t cut = 0; cut <= 40; cut++) {
			struct ws_session s = { 0 };
			struct ws_event event;
			size_t split, wrong = 0;

			header = write_header(wire, BINARY, len, key);
			memset(wire + header, 0x5a, len);
			ws_frame_mask(wire + header, len, key, 0);
			split = cut <= 20 ? cut : header + len - (cut - 21);
			cr_assert_eq(
			    ws_session_read(&s, wire, split, MAX, &event),
			    split);
			if (event.kind == WS_EVENT_NONE)
				(void)ws_session_read(&s, wire + split,
				    header + len - split, MAX, &event);
			cr_assert_eq(event.kind, WS_EVENT_MESSAGE);
			cr_assert_eq(event.len, len);
			for (size_t n = 0; n < len; n++)
				wrong += event.data[n] != 0x5a;
			cr_assert_eq(wrong, 0, "%zu, cut %zu", len, cut);
			ws_session_fini(&s);
		}
	}
	cr_assert_eq(scarce_blocks, 0);
}

/* ---- violations ---- */

/* What RFC 6455 says about an empty frame by its first octet. */
static const char *
judge(uint8_t first, bool masked, bool message_open)
{
	unsigned opcode = first & 0x0f;

	if ((first & 0x70) != 0) /* 5.2: no extension defines RSV bits */
		return "fail<1002>";
	if (!masked) /* 5.1 */
		return "fail<1002>";
	switch (opcode) {
	case WS_OP_CONTINUATION: /* 5.4 */
		if (!message_open)
			return "fail<1002>";
		return first & WS_FIN ? "text<m>" : "";
	case WS_OP_TEXT:
	case WS_OP_BINARY:
		if (message_open)
			return "fail<1002>";
		if (!(first & WS_FIN))
			return "";
		return opcode == WS_OP_TEXT ? "text<>" : "binary<>";
	case WS_OP_CLOSE: /* 5.5: control frames must not be fragmented */
		return first & WS_FIN ? "close<1005>" : "fail<1002>";
	case WS_OP_PING:
		return first & WS_FIN ? "ping<>" : "fail<1002>";
	case WS_OP_PONG:
		return first & WS_FIN ? "pong<>" : "fail<1002>";
	default: /* 5.2: reserved opcodes */
		return "fail<1002>";
	}
}

Test(session, rfc6455_5_2_every_first_octet)
{
	for (unsigned i = 0; i < 256 * 4; i++) {
		uint8_t first = (uint8_t)i;
		bool masked = i & 256, message_open = i & 512;
		const char *expected = judge(first, masked, message_open);
		struct wire wire = { 0 };
		struct run run;

		if (message_open)
			put_frame(&wire, WS_OP_TEXT, WS_SPAN("m"));
		put(&wire, (uint8_t[]){ first, masked ? 0x80 : 0 }, 2);
		if (masked)
			put(&wire, "abcd", 4);
		for (size_t step = 1; step <= wire.len; step++) {
			begin(&run, MAX);
			for (size_t at = 0; at < wire.len; at += step)
				feed(&run, wire.at + at,
				    step < wire.len - at ? step
							 : wire.len - at);
			cr_assert_str_eq(run.shown, expected,
			    "%#x, masked %d, open %d, by %zu: %s", first,
			    masked, message_open, step, run.shown);
			end(&run);
		}
	}
}

/* Headers that are wrong whatever follows; they fail when the octets so far
 * leave no doubt. RFC 6455 sections 5.1, 5.2 and 5.5. */
Test(session, refuses_headers_as_early_as_certain)
{
	static const struct {
		const char *name;
		struct ws_span wire;
		size_t fails_at;
	} rows[] = {
		{ "5.1 not masked", WS_SPAN("\x81\x01x"), 2 },
		{ "5.1 not masked, 16-bit length", WS_SPAN("\x81\x7e\0\x7e"),
		    4 },
		{ "5.2 RSV1", WS_SPAN("\xc1\x80\1\2\3\4"), 6 },
		{ "5.2 RSV2", WS_SPAN("\xa1\x80\1\2\3\4"), 6 },
		{ "5.2 RSV3", WS_SPAN("\x91\x80\1\2\3\4"), 6 },
		{ "5.2 RSV1 of a ping", WS_SPAN("\xc9\x80\1\2\3\4"), 6 },
		{ "5.2 opcode 3", WS_SPAN("\x83\x80"), 1 },
		{ "5.2 opcode 7", WS_SPAN("\x87"), 1 },
		{ "5.2 opcode 11", WS_SPAN("\x8b"), 1 },
		{ "5.2 opcode 15", WS_SPAN("\x8f"), 1 },
		{ "5.2 125 in 16 bits", WS_SPAN("\x82\xfe\0\x7d\1\2\3\4"), 4 },
		{ "5.2 0 in 16 bits", WS_SPAN("\x82\xfe\0\0"), 4 },
		{ "5.2 65535 in 64 bits",
		    WS_SPAN("\x82\xff\0\0\0\0\0\0\xff\xff\1\2\3\4"), 8 },
		{ "5.2 2^63", WS_SPAN("\x82\xff\x80\0\0\0\0\0\0\0"), 3 },
		{ "5.2 2^64-1",
		    WS_SPAN("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 3 },
		{ "5.5 ping of 126", WS_SPAN("\x89\xfe\0\x7e"), 2 },
		{ "5.5 close in 64 bits", WS_SPAN("\x88\xff"), 2 },
		{ "5.5 fragmented ping", WS_SPAN("\x09\x80\1\2\3\4"), 1 },
		{ "5.5 fragmented close", WS_SPAN("\x08"), 1 },
		{ "5.4 continuation of nothing", WS_SPAN("\x80\x80\1\2\3\4"),
		    6 },
		{ "5.4 fragment of nothing", WS_SPAN("\x00\x80\1\2\3\4"), 6 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };

		put(&wire, rows[i].wire.at, rows[i].wire.len);
		/* What comes behind a failure has no meaning any more. */
		put_frame(&wire, TEXT, WS_SPAN("ignored"));
		check(rows[i].name, &wire, "fail<1002>", rows[i].fails_at);
	}
}

Test(session, rfc6455_5_4_violations_behind_good_frames)
{
	static const struct {
		const char *name, *events;
		struct frame frames[6];
	} rows[] = {
		{ "text inside text", "fail<1002>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(TEXT, "") } },
		{ "binary inside text", "fail<1002>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(0, "b"),
			FRAME(BINARY, "") } },
		{ "a second beginning", "ping<> fail<1002>",
		    { FRAME(WS_OP_BINARY, "a"), FRAME(PING, ""),
			FRAME(WS_OP_BINARY, "") } },
		{ "continuation behind a whole message", "text<a> fail<1002>",
		    { FRAME(TEXT, "a"), FRAME(LAST, "") } },
		{ "continuation behind the last", "text<ab> fail<1002>",
		    { FRAME(WS_OP_TEXT, "a"), FRAME(LAST, "b"),
			FRAME(LAST, "") } },
		{ "inside an empty message", "fail<1002>",
		    { FRAME(WS_OP_TEXT, ""), FRAME(TEXT, "") } },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };
		size_t fails_at;

		put_frames(&wire, rows[i].frames);
		fails_at = wire.len; /* the last header, its frame is empty */
		put_frame(&wire, TEXT, WS_SPAN("ignored"));
		check(rows[i].name, &wire, rows[i].events, fails_at);
	}
}

Test(session, nothing_happens_after_a_failure)
{
	struct ws_session s = { 0 };
	struct ws_event event = { 0 };
	uint8_t octets[300] = { 0x83 };

	cr_assert_eq(
	    ws_session_read(&s, octets, sizeof(octets), MAX, &event), 300);
	cr_assert_eq(event.kind, WS_EVENT_FAIL);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		cr_assert_eq(
		    ws_session_read(&s, octets, len, MAX, &event), len);
		cr_assert_eq(event.kind, WS_EVENT_NONE);
	}
	ws_session_fini(&s);
}

/* ---- UTF-8, RFC 6455 section 8.1 ---- */

static const struct bad_text {
	const char *name;
	struct ws_span text;
	size_t bad; /* index of the first octet that cannot be right */
} bad_texts[] = {
	{ "a lone continuation",
	    WS_SPAN("ab\x80"
		    "cd"),
	    2 },
	{ "0xff", WS_SPAN("\xff"), 0 },
	{ "0xc0", WS_SPAN("abc\xc0\x80"), 3 },
	{ "overlong of three", WS_SPAN("\xe0\x9f\xbf"), 1 },
	{ "overlong of four", WS_SPAN("\xf0\x8f\xbf\xbf"), 1 },
	{ "a surrogate", WS_SPAN("x\xed\xa0\x80"), 2 },
	{ "above U+10FFFF", WS_SPAN("\xf4\x90\x80\x80"), 1 },
	{ "0xf5", WS_SPAN("\xf5\x80\x80\x80"), 0 },
	{ "cut short by ASCII", WS_SPAN("\xe2\x82z"), 2 },
	{ "cut short by a beginning", WS_SPAN("\xf0\x9f\x98\xc3\xa4"), 3 },
	{ "far behind, where words are skipped",
	    WS_SPAN("0123456789abcdef0123456789abcdef0123456\xc3(9abcdef"),
	    40 },
};

/* Text in three frames, cut at a and b. Returns where on the wire the octet
 * with index bad stands. */
static size_t
put_text(struct wire *wire, const struct bad_text *row, size_t a, size_t b)
{
	const char *at = row->text.at;
	static const uint8_t firsts[] = { WS_OP_TEXT, 0, LAST };
	const size_t ends[] = { a, b, row->text.len };
	size_t begins = 0, stands = 0;

	for (size_t i = 0; i < 3; i++) {
		struct ws_span part = { at + begins, ends[i] - begins };

		put_frame(wire, firsts[i], part);
		if (row->bad >= begins && row->bad < ends[i])
			stands = wire->len - part.len + row->bad - begins;
		begins = ends[i];
	}
	return stands;
}

Test(session, rfc6455_8_1_fails_at_the_first_bad_octet)
{
	for (size_t i = 0; i < WS_LEN(bad_texts); i++) {
		const struct bad_text *row = &bad_texts[i];

		for (size_t a = 0; a <= row->text.len; a++) {
			struct wire wire = { 0 };
			size_t b = a + (row->text.len - a) / 2;
			size_t stands = put_text(&wire, row, a, b);

			check(row->name, &wire, "fail<1007>", stands + 1);
		}
	}
}

/* The frame is not complete, yet the read with the bad octet fails; the read
 * before it does not. */
Test(session, rfc6455_8_1_does_not_wait_for_the_end_of_the_frame)
{
	for (size_t i = 0; i < WS_LEN(bad_texts); i++) {
		const struct bad_text *row = &bad_texts[i];
		struct wire wire = { 0 };
		size_t stands;
		struct run run;

		put_frame(&wire, TEXT, row->text);
		stands = wire.len - row->text.len + row->bad;
		begin(&run, MAX);
		feed(&run, wire.at, stands);
		cr_assert_eq(run.failed_at, 0, "%s: too early", row->name);
		feed(&run, wire.at + stands, 1);
		cr_assert_str_eq(run.shown, "fail<1007>", "%s", row->name);
		end(&run);
	}
}

Test(session, rfc6455_8_1_a_text_ends_with_its_characters)
{
	static const struct {
		const char *name;
		struct frame frames[4];
	} rows[] = {
		{ "one of two octets", { FRAME(TEXT, "a\xc3") } },
		{ "two of three", { FRAME(TEXT, "\xe2\x82") } },
		{ "three of four", { FRAME(TEXT, "\xf0\x9f\x98") } },
		{ "behind fragments",
		    { FRAME(WS_OP_TEXT, "\xe2"), FRAME(LAST, "\x82") } },
		{ "then an empty one",
		    { FRAME(WS_OP_TEXT, "a\xe2"), FRAME(LAST, "") } },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };

		put_frames(&wire, rows[i].frames);
		check(rows[i].name, &wire, "fail<1007>", wire.len);
	}
}

Test(session, the_state_of_one_text_does_not_reach_the_next)
{
	static const struct frame frames[] = {
		FRAME(BINARY, "\xe2"),
		FRAME(TEXT, "a"),
		FRAME(WS_OP_BINARY, "\xe2"),
		FRAME(LAST, "\x28"),
		FRAME(TEXT, "b"),
		{ 0 },
	};
	struct wire wire = { 0 };

	put_frames(&wire, frames);
	check("binary between text", &wire,
	    "binary<\\xe2> text<a> binary<\\xe2(> text<b>", 0);
}

/* ---- closing, RFC 6455 sections 5.5.1 and 7.4 ---- */

/* RFC 6455 7.4.1, 7.4.2 and the IANA registry: 1012 to 1014 were registered
 * later; 1004 is reserved, 1005, 1006 and 1015 never stand on the wire. */
static bool
may_be_sent(unsigned code)
{
	switch (code) {
	case 1000:
	case 1001:
	case 1002:
	case 1003:
	case 1007:
	case 1008:
	case 1009:
	case 1010:
	case 1011:
	case 1012:
	case 1013:
	case 1014:
		return true;
	default:
		return code >= 3000 && code <= 4999;
	}
}

Test(session, rfc6455_7_4_every_close_code)
{
	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		char payload[2] = { (char)(code >> 8), (char)code };
		struct wire wire = { 0 };
		char expected[32];
		struct run run;

		put_frame(&wire, CLOSE, (struct ws_span){ payload, 2 });
		if (may_be_sent(code))
			snprintf(expected, sizeof(expected), "close<%u>", code);
		else
			strcpy(expected, "fail<1002>");
		begin(&run, MAX);
		feed(&run, wire.at, wire.len);
		cr_assert_str_eq(
		    run.shown, expected, "%u: %s", code, run.shown);
		end(&run);
	}
}

#define REASON_120                                                      \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"12345678901234567890123456789012345678901234567890123456789"

_Static_assert(sizeof(REASON_120) == 121, "it is named by its length");

Test(session, rfc6455_5_5_1_close_payloads)
{
	static const struct {
		const char *name, *events;
		struct ws_span payload;
	} rows[] = {
		{ "none", "close<1005>", WS_SPAN("") },
		{ "half a code", "fail<1002>", WS_SPAN("\x03") },
		{ "a code", "close<1000>", WS_SPAN("\x03\xe8") },
		{ "a reason", "close<1001,bye>",
		    WS_SPAN("\x03\xe9"
			    "bye") },
		{ "a reason of 123 octets", "close<4999," REASON_120 "xyz>",
		    WS_SPAN("\x13\x87" REASON_120 "xyz") },
		{ "a reason with a NUL", "close<1000,a\\x00b>",
		    WS_SPAN("\x03\xe8"
			    "a\0b") },
		{ "a reason in UTF-8", "close<1000,\\xc3\\xa4>",
		    WS_SPAN("\x03\xe8\xc3\xa4") },
		{ "a reason not in UTF-8", "fail<1007>",
		    WS_SPAN("\x03\xe8"
			    "a\xff") },
		{ "a reason cut inside a character", "fail<1007>",
		    WS_SPAN("\x03\xe8"
			    "a\xe2\x82") },
		{ "a forbidden code with a reason", "fail<1002>",
		    WS_SPAN("\x03\xed"
			    "bye") },
		{ "a forbidden code with a bad reason", "fail<1002>",
		    WS_SPAN("\x03\xee\xff") },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		bool fails = rows[i].events[0] == 'f';
		struct wire wire = { 0 };

		put_frame(&wire, CLOSE, rows[i].payload);
		check(
		    rows[i].name, &wire, rows[i].events, fails ? wire.len : 0);
	}
}

/* ---- limits ---- */

Test(session, a_message_too_big_is_1009_before_it_is_stored)
{
	static const struct {
		const char *name;
		uint64_t payload;
		size_t message_max;
	} rows[] = {
		{ "one too many", 11, 10 },
		{ "anything with a limit of 0", 1, 0 },
		{ "126", 126, 125 },
		{ "65536", 65536, 65535 },
		{ "2^31", 1ull << 31, (1ull << 31) - 1 },
		{ "2^32", 1ull << 32, UINT32_MAX },
		{ "2^32 + 1, whose low half is small", (1ull << 32) + 1, 10 },
		{ "2^63 - 1", INT64_MAX, INT64_MAX - 1 },
		{ "2^63 - 1, default limit", INT64_MAX, MAX },
	};

	for (size_t i = 0; i < WS_LEN(rows) * 3; i++) {
		size_t n = i / 3;
		struct wire wire = { 0 };
		uint8_t header[WS_FRAME_HEADER_MAX];
		uint8_t first =
		    (uint8_t[]){ TEXT, BINARY, WS_OP_BINARY }[i % 3];

		put(&wire, header,
		    write_header(header, first, rows[n].payload,
			(const uint8_t[4]){ 9, 8, 7, 6 }));
		scarce(0);
		check_limit(rows[n].name, &wire, rows[n].message_max,
		    "fail<1009>", wire.len);
		cr_assert_eq(scarce_calls, 0, "%s: stored", rows[n].name);
	}
}

/* The same when the payload is there already. */
Test(session, a_message_too_big_is_1009_though_it_has_arrived)
{
	static const struct {
		const char *name, *events;
		struct ws_span payload;
		size_t message_max;
	} sizes[] = {
		{ "one octet, none allowed", "fail<1009>", WS_SPAN("x"), 0 },
		{ "nothing, none allowed", "text<>", WS_SPAN(""), 0 },
		{ "one too many", "fail<1009>", WS_SPAN("0123456789a"), 10 },
		{ "exactly", "text<0123456789>", WS_SPAN("0123456789"), 10 },
		{ "16-bit length", "fail<1009>", WS_SPAN(REASON_120 "abcdef"),
		    125 },
	};

	for (size_t i = 0; i < WS_LEN(sizes); i++) {
		bool fails = sizes[i].events[0] == 'f';
		struct wire wire = { 0 };
		size_t header = sizes[i].payload.len < 126 ? 6 : 8;

		put_frame(&wire, TEXT, sizes[i].payload);
		check_limit(sizes[i].name, &wire, sizes[i].message_max,
		    sizes[i].events, fails ? header : 0);
	}
}

/* RFC 6455 5.2: the shortest form, also when the whole frame has arrived. */
Test(session, rfc6455_5_2_a_whole_frame_with_a_long_length)
{
	for (unsigned len = 0; len <= 126; len++) {
		struct wire wire = { 0 };
		uint8_t zeros[126] = { 0 };
		struct run run;

		put(&wire, (uint8_t[]){ BINARY, 0xfe, 0, (uint8_t)len }, 4);
		put(&wire, zeros, 4); /* the masking key */
		put(&wire, zeros, len);
		begin(&run, MAX);
		feed(&run, wire.at, wire.len);
		cr_assert_eq(
		    run.failed_at > 0, len < 126, "%u: %s", len, run.shown);
		if (len < 126)
			cr_assert_str_eq(run.shown, "fail<1002>", "%u", len);
		end(&run);
	}
}

/* The sum counts, and it cannot overflow. RFC 6455 section 10.4. */
Test(session, fragments_too_big_together_are_1009)
{
	static const struct {
		const char *name;
		uint64_t payload; /* of the last fragment; 6 octets came */
		size_t message_max;
		bool fits;
	} rows[] = {
		{ "exactly the limit", 4, 10, true },
		{ "one too many", 5, 10, false },
		{ "no room at all", 1, 6, false },
		{ "nothing more", 0, 6, true },
		{ "sum of 2^63 + 5", INT64_MAX, MAX, false },
		{ "sum of 2^63 + 5, no limit", INT64_MAX, SIZE_MAX, true },
		{ "2^64 - 6 would wrap to 0", UINT64_MAX - 5, MAX, false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct wire wire = { 0 };
		uint8_t header[WS_FRAME_HEADER_MAX];
		struct run run;

		put_frame(&wire, WS_OP_BINARY, WS_SPAN("abc"));
		put_frame(&wire, 0, WS_SPAN("def"));
		put(&wire, header,
		    write_header(header, LAST, rows[i].payload,
			(const uint8_t[4]){ 9, 8, 7, 6 }));
		begin(&run, rows[i].message_max);
		feed(&run, wire.at, wire.len);
		if (rows[i].fits)
			cr_assert_eq(run.failed_at, 0, "%s", rows[i].name);
		else if (rows[i].payload > INT64_MAX)
			cr_assert_str_eq(run.shown, "fail<1002>");
		else
			cr_assert_str_eq(
			    run.shown, "fail<1009>", "%s", rows[i].name);
		end(&run);
	}
}

Test(session, a_message_of_exactly_the_limit_is_shown)
{
	struct wire wire = { 0 };

	put_frame(&wire, TEXT, WS_SPAN("0123456789"));
	put_frame(&wire, WS_OP_TEXT, WS_SPAN("01234"));
	put_frame(&wire, PING, WS_SPAN("control frames have their own limit"));
	put_frame(&wire, LAST, WS_SPAN("56789"));
	check_limit("limit 10", &wire, 10,
	    "text<0123456789> ping<control frames have their own limit> "
	    "text<0123456789>",
	    0);
}

Test(session, without_a_limit_all_is_the_same)
{
	struct wire wire = { 0 };

	put_frame(&wire, WS_OP_TEXT, WS_SPAN("Hel"));
	put_frame(&wire, LAST, WS_SPAN("lo"));
	check_limit("no limit", &wire, SIZE_MAX, "text<Hello>", 0);
}

/* A length is a claim. What is held follows what came. */
Test(session, a_claimed_length_reserves_nothing)
{
	struct ws_session s = { 0 };
	struct ws_event event;
	uint8_t octets[WS_FRAME_HEADER_MAX + 10] = { 0 };
	size_t len = write_header(
	    octets, BINARY, INT64_MAX, (const uint8_t[4]){ 0, 0, 0, 0 });

	scarce(0);
	(void)ws_session_read(&s, octets, len, SIZE_MAX, &event);
	cr_assert_eq(event.kind, WS_EVENT_NONE);
	cr_assert_eq(scarce_calls, 0);
	(void)ws_session_read(&s, octets + len, 10, SIZE_MAX, &event);
	cr_assert_eq(event.kind, WS_EVENT_NONE);
	cr_assert_eq(s.message->len, 10);
	cr_assert_leq(s.message->room, 256);
	ws_session_fini(&s);
	cr_assert_eq(scarce_blocks, 0);
}

/* ---- floods ---- */

/* Feed a fragment again and again, a read each. Returns the number of the
 * fragment that was refused. What is held must stay small. */
static size_t
flood(const char *payload, size_t count, int *code)
{
	const struct ws_span data = { payload, strlen(payload) };
	struct wire first = { 0 }, next = { 0 };
	struct ws_session s = { 0 };
	struct ws_event event;
	size_t refused = 0, held = 0;

	put_frame(&first, WS_OP_BINARY, data);
	put_frame(&next, WS_OP_CONTINUATION, data);
	(void)ws_session_read(&s, first.at, first.len, MAX, &event);
	scarce(0);
	for (size_t i = 2; i <= count; i++) {
		struct wire copy = next;

		(void)ws_session_read(&s, copy.at, copy.len, MAX, &event);
		if (event.kind == WS_EVENT_FAIL) {
			cr_assert_eq(refused, 0, "it failed twice");
			refused = i;
			*code = event.code;
		}
		if (s.message != NULL && s.message->room > held)
			held = s.message->room;
	}
	cr_assert_leq(held, 4096, "%zu octets held", held);
	cr_assert_leq(scarce_calls, 16);
	ws_session_fini(&s);
	cr_assert_eq(scarce_blocks, 0);
	return refused;
}

Test(session, ten_million_empty_fragments_are_1008, .timeout = 300)
{
	int code = 0;
	size_t refused = flood("", 10000000, &code);

	cr_assert_eq(code, 1008);
	cr_assert(refused > 1000 && refused < 2000, "%zu", refused);
}

Test(session, ten_million_fragments_of_one_octet_are_1008, .timeout = 300)
{
	int code = 0;
	size_t refused = flood("x", 10000000, &code);

	cr_assert_eq(code, 1008);
	cr_assert(refused > 1000 && refused < 2000, "%zu", refused);
}

/* Pieces of an honest size never meet the limit on fragments. */
Test(session, fragments_that_carry_something_are_not_counted_out)
{
	static uint8_t wire[(32 + 6) * 8192];
	static const uint8_t key[4] = { 0 };
	struct ws_session s = { 0 };
	struct ws_event event = { 0 };
	size_t len = 0, taken = 0;

	for (unsigned i = 0; i < 8192; i++) {
		uint8_t first = i == 0 ? WS_OP_BINARY : i == 8191 ? LAST : 0;

		len += write_header(wire + len, first, 32, key) + 32;
	}
	while (taken < len && event.kind == WS_EVENT_NONE)
		taken +=
		    ws_session_read(&s, wire + taken, len - taken, MAX, &event);
	cr_assert_eq(event.kind, WS_EVENT_MESSAGE, "%u", event.code);
	cr_assert_eq(event.len, 32 * 8192);
	ws_session_fini(&s);
}

/* The count is per message. */
Test(session, many_fragmented_messages_are_no_flood)
{
	struct wire wire = { 0 };

	put_frame(&wire, WS_OP_TEXT, WS_SPAN(""));
	for (int i = 0; i < 500; i++)
		put_frame(&wire, WS_OP_CONTINUATION, WS_SPAN(""));
	put_frame(&wire, LAST, WS_SPAN("x"));
	for (int i = 0; i < 100; i++) {
		struct run run;

		begin(&run, MAX);
		for (int n = 0; n < 5; n++)
			feed(&run, wire.at, wire.len);
		cr_assert_str_eq(
		    run.shown, "text<x> text<x> text<x> text<x> text<x>");
		end(&run);
	}
}

/* ---- memory ---- */

Test(session, a_message_in_one_read_needs_no_memory)
{
	static const struct frame frames[] = {
		FRAME(TEXT, "Hello"),
		FRAME(PING, "p"),
		FRAME(BINARY, "\xff"),
		FRAME(CLOSE, "\x03\xe8"
			     "bye"),
		{ 0 },
	};
	struct wire wire = { 0 };
	struct run run;

	scarce(0);
	put_frames(&wire, frames);
	begin(&run, MAX);
	feed(&run, wire.at, wire.len);
	cr_assert_str_eq(
	    run.shown, "text<Hello> ping<p> binary<\\xff> close<1000,bye>");
	cr_assert_eq(scarce_calls, 0);
	end(&run);
}

/* What a collected message shows is valid until the next call, whatever
 * becomes of the octets that were handed in. */
Test(session, event_data_is_valid_until_the_next_call)
{
	struct wire wire = { 0 };
	struct ws_session s = { 0 };
	struct ws_event event;
	const uint8_t *data;

	put_frame(&wire, WS_OP_TEXT, WS_SPAN("Hel"));
	put_frame(&wire, PING, WS_SPAN("ping"));
	put_frame(&wire, LAST, WS_SPAN("lo"));
	cr_assert_eq(ws_session_read(&s, wire.at, 9, MAX, &event), 9);
	/* The ping in two reads, inside the message. */
	cr_assert_eq(ws_session_read(&s, wire.at + 9, 8, MAX, &event), 8);
	cr_assert_eq(ws_session_read(&s, wire.at + 17, 10, MAX, &event), 2);
	cr_assert_eq(event.kind, WS_EVENT_PING);
	data = event.data;
	memset(wire.at, 0xee, 19);
	cr_assert(event.len == 4 && memcmp(data, "ping", 4) == 0);
	cr_assert_eq(scarce_blocks, 2);
	cr_assert_eq(ws_session_read(&s, wire.at + 19, 8, MAX, &event), 8);
	cr_assert_eq(event.kind, WS_EVENT_MESSAGE);
	cr_assert_eq(scarce_blocks, 1, "the ping was not released");
	memset(wire.at, 0xee, wire.len);
	cr_assert(event.len == 5 && memcmp(event.data, "Hello", 5) == 0);
	ws_session_release(&s);
	cr_assert_eq(scarce_blocks, 0);
	ws_session_fini(&s);
}

Test(session, releasing_a_control_frame_keeps_the_open_message)
{
	struct wire wire = { 0 };
	struct run run;

	put_frame(&wire, WS_OP_TEXT, WS_SPAN("Hel"));
	put_frame(&wire, PING, WS_SPAN("ping"));
	put_frame(&wire, LAST, WS_SPAN("lo"));
	begin(&run, MAX);
	for (size_t i = 0; i < wire.len; i++) {
		feed(&run, wire.at + i, 1);
		if (run.session.spent)
			ws_session_release(&run.session);
		if (i == 18)
			cr_assert_eq(scarce_blocks, 1, "only the message");
	}
	cr_assert_str_eq(run.shown, "ping<ping> text<Hello>");
	cr_assert_eq(scarce_blocks, 0, "before fini");
	end(&run);
}

/* After the event of every message and after a look at it, nothing is held:
 * a connection that is idle costs no memory of the session's. */
Test(session, memory_returns_to_zero_after_every_message)
{
	static const struct frame frames[] = {
		FRAME(TEXT, "whole"),
		FRAME(PING, "ping"),
		FRAME(WS_OP_TEXT, "a"),
		FRAME(0, ""),
		FRAME(LAST, "b"),
		FRAME(CLOSE, ""),
		FRAME(BINARY, ""),
		{ 0 },
	};
	struct wire wire = { 0 };

	put_frames(&wire, frames);
	for (size_t step = 1; step < wire.len; step++) {
		struct run run;

		begin(&run, MAX);
		for (int round = 0; round < 3; round++) {
			for (size_t at = 0; at < wire.len; at += step)
				feed(&run, wire.at + at,
				    step < wire.len - at ? step
							 : wire.len - at);
			ws_session_release(&run.session);
			cr_assert_eq(scarce_blocks, 0, "held, by %zu", step);
		}
		end(&run);
	}
}

Test(session, fini_in_the_middle_of_anything)
{
	struct wire wire = { 0 };

	put_frame(&wire, WS_OP_TEXT, WS_SPAN("Hel"));
	put_frame(&wire, PING, WS_SPAN("ping"));
	put_frame(&wire, LAST, WS_SPAN("lo"));
	for (size_t len = 0; len <= wire.len; len++) {
		for (size_t step = 1; step <= 3; step++) {
			struct run run;

			begin(&run, MAX);
			for (size_t at = 0; at < len; at += step)
				feed(&run, wire.at + at,
				    step < len - at ? step : len - at);
			end(&run);
		}
	}
}

/* Each allocation fails once. RFC 6455 7.4.1: 1011. */
Test(session, no_memory_is_1011_and_no_leak)
{
	static const struct frame frames[] = {
		FRAME(WS_OP_BINARY, REASON_120 REASON_120),
		FRAME(PING, REASON_120),
		FRAME(0, REASON_120 REASON_120),
		FRAME(LAST, REASON_120 REASON_120),
		FRAME(CLOSE, "\x03\xe8" REASON_120),
		{ 0 },
	};
	struct wire wire = { 0 };
	size_t nth;

	put_frames(&wire, frames);
	for (nth = 1;; nth++) {
		struct run run;
		const char *end_of_shown;
		bool met;

		scarce(nth);
		begin(&run, MAX);
		for (size_t at = 0; at < wire.len; at += 7)
			feed(&run, wire.at + at,
			    wire.len - at < 7 ? wire.len - at : 7);
		met = scarce_calls >= nth;
		scarce(0);
		if (!met) {
			cr_assert_eq(run.failed_at, 0);
			end(&run);
			break;
		}
		cr_assert_geq(run.shown_len, 10, "%zu: no failure", nth);
		end_of_shown = run.shown + run.shown_len - 10;
		cr_assert_str_eq(end_of_shown, "fail<1011>", "%zu", nth);
		end(&run);
	}
	cr_assert_geq(nth, 5, "this wire needs memory more often");
}
