/* test_live_frames.c - frames and the closing handshake, on a real server. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define CLOSE (CLIENT_FIN | 8)
#define PING (CLIENT_FIN | 9)
#define PONG (CLIENT_FIN | 10)

static struct live live;
static int changed; /* messages that changed while they were handled */
static const uint8_t bulk[50000]; /* sent at once, behind what waits */

/* Answer a message with itself and more, as its first octet says. What it is
 * must not change while it is handled. */
static void
on_order(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	const char *text = data;
	struct ws_prepared *prepared;
	char *copy = malloc(len);

	memcpy(copy, data, len);
	if (*text == 'b')
		(void)ws_send(conn, WS_TEXT, "before", WS_STR);
	if (*text == 's')
		(void)ws_send(conn, kind, text + 1, len - 1);
	if (*text == 'h')
		(void)ws_send(conn, kind, text, len / 2);
	(void)ws_send(conn, kind, data, len);
	if (*text == 't')
		(void)ws_send(conn, kind, data, len);
	if (*text == 'a')
		(void)ws_send(conn, WS_TEXT, "after", WS_STR);
	if (*text == 'l')
		(void)ws_send(conn, WS_BINARY, bulk, sizeof(bulk));
	if (*text == 'p') {
		prepared = ws_prepare(WS_TEXT, "prepared", WS_STR);
		(void)ws_send_prepared(conn, prepared, 0);
		ws_prepared_free(prepared);
	}
	changed += memcmp(copy, data, len) != 0;
	free(copy);
}

static void
setup(struct ws_server *server)
{
	static struct ws_handler echo = { .open = live_on_open,
		.message = live_send_back,
		.close = live_on_close,
		.max_message = 16 << 20 };
	static struct ws_handler order = { .message = on_order };
	static struct ws_handler text;

	text = echo;
	text.kinds = WS_TEXT;
	text.max_message = 1000;
	if (ws_endpoint(server, "/echo", &echo, NULL) < 0 ||
	    ws_endpoint(server, "/order", &order, NULL) < 0 ||
	    ws_endpoint(server, "/text", &text, NULL) < 0)
		abort();
}

static void
begin(void)
{
	struct ws_options options = { .log_level = -1 };

	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_frames, .init = begin, .fini = end, .timeout = 300);

/* A run of octets in which every place is different from its neighbours. */
static uint8_t *
pattern(size_t len, bool text)
{
	uint8_t *at = malloc(len + 1);
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		at[i] =
		    text ? (uint8_t)(' ' + x / 65536 % 95) : (uint8_t)(x >> 24);
	}
	return at;
}

/* ---- data -------------------------------------------------------------- */

Test(live_frames, rfc6455_5_2_every_length_boundary_comes_back)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 5, 124, 125, 126, 127,
		128, 1023, 4096, 16369, 16370, 16384, 65521, 65522, 65535,
		65536, 65537, 131057, 131058, 131059, 131071, 131072, 131073,
		1 << 20, (1 << 20) + 1, 5 << 20 };
	struct client c = client_ws(live.address, "/echo");

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		for (int kind = 1; kind <= 2; kind++) {
			uint8_t *data = pattern(lengths[i], kind == 1);

			client_send_frame(
			    &c, CLIENT_FIN | kind, data, lengths[i]);
			client_expect(&c, CLIENT_FIN | kind, data, lengths[i]);
			free(data);
		}
	}
	client_close(&c);
}

Test(live_frames, rfc6455_5_2_many_messages_in_one_segment_come_in_order)
{
	enum {
		COUNT = 30000
	};
	struct client c = client_ws(live.address, "/echo");
	uint8_t *out = malloc(COUNT * 16), *at = out;
	char text[16];

	for (int i = 0; i < COUNT; i++) {
		int n = snprintf(text, sizeof(text), "%d", i);

		at += client_frame(at, TEXT, text, (size_t)n);
	}
	client_send(&c, out, (size_t)(at - out));
	for (int i = 0; i < COUNT; i++) {
		int n = snprintf(text, sizeof(text), "%d", i);

		client_expect(&c, TEXT, text, (size_t)n);
	}
	free(out);
	client_close(&c);
}

/* Receive what on_order answers to a message. */
static void
expect_answers(struct client *c, const uint8_t *data, size_t len)
{
	if (*data == 'b')
		client_expect(c, TEXT, "before", 6);
	if (*data == 's')
		client_expect(c, BINARY, data + 1, len - 1);
	if (*data == 'h')
		client_expect(c, BINARY, data, len / 2);
	client_expect(c, BINARY, data, len);
	if (*data == 't')
		client_expect(c, BINARY, data, len);
	if (*data == 'a')
		client_expect(c, TEXT, "after", 5);
	if (*data == 'l')
		client_expect(c, BINARY, bulk, sizeof(bulk));
	if (*data == 'p')
		client_expect(c, TEXT, "prepared", 8);
}

/* A message that is its own answer is not copied: it must make no difference
 * what else is sent, before and behind it. */
static void
check_order(char order, size_t len, size_t cut)
{
	struct client c = client_ws(live.address, "/order");
	uint8_t *data = pattern(len, false);
	uint8_t *wire = malloc(3 * (len + 14));
	size_t size = 0;

	data[0] = (uint8_t)order;
	for (int i = 0; i < 3; i++)
		size += client_frame(wire + size, BINARY, data, len);
	client_send(&c, wire, cut);
	(void)client_wait(-1, 0, 0);
	client_send(&c, wire + cut, size - cut);
	for (int i = 0; i < 3; i++)
		expect_answers(&c, data, len);
	cr_assert_eq(changed, 0, "%c of %zu, cut at %zu", order, len, cut);
	free(wire);
	free(data);
	client_close(&c);
}

Test(live_frames, an_answer_in_place_is_like_any_other)
{
	static const size_t lengths[] = { 2, 125, 126, 127, 252, 1024, 16384,
		40000, 65521, 65522, 65523, 65536 };
	static const size_t cuts[] = { 0, 1, 4, 7, 8, 9, 12, 100 };

	for (const char *order = "ebshtalp"; *order != '\0'; order++) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
			check_order(*order, lengths[i], 0);
		for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++)
			check_order(*order, 300, cuts[i]);
	}
}

Test(live_frames, rfc6455_5_3_each_masking_key_is_undone)
{
	static const uint8_t keys[][4] = { { 0, 0, 0, 0 },
		{ 255, 255, 255, 255 }, { 1, 2, 3, 4 }, { 0, 0, 0, 1 } };
	struct client c = client_ws(live.address, "/echo");

	for (size_t i = 0; i < 4; i++) {
		uint8_t frame[11] = { TEXT, 0x85 };

		memcpy(frame + 2, keys[i], 4);
		for (size_t j = 0; j < 5; j++)
			frame[6 + j] = (uint8_t) "Hello"[j] ^ keys[i][j & 3];
		client_send(&c, frame, sizeof(frame));
		client_expect(&c, TEXT, "Hello", 5);
	}
	client_close(&c);
}

Test(live_frames, rfc6455_5_4_fragments_with_control_frames_between)
{
	struct client c = client_ws(live.address, "/echo");

	client_send_frame(&c, 1, "K\xC3", 2);
	client_send_frame(&c, PING, "a", 1);
	client_send_frame(&c, 0, "\xB6l", 2);
	client_send_frame(&c, PONG, "unasked", 7);
	client_send_frame(&c, 0, "", 0);
	client_send_frame(&c, PING, "b", 1);
	client_send_frame(&c, CLIENT_FIN, "n", 1);
	client_expect(&c, PONG, "a", 1);
	client_expect(&c, PONG, "b", 1);
	client_expect(&c, TEXT, "K\xC3\xB6ln", 5);
	client_close(&c);
}

Test(live_frames, rfc6455_5_4_a_message_may_be_cut_anywhere)
{
	static const size_t cuts[] = { 1, 7, 125, 126, 1000, 65536, 131072 };
	size_t len = 300000;
	uint8_t *data = pattern(len, false);
	struct client c = client_ws(live.address, "/echo");

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		/* More than 1024 fragments would be too many of these. */
		size_t at = 0, max = cuts[i] < 125 ? cuts[i] * 1000 : len;

		while (at < max) {
			size_t n = max - at < cuts[i] ? max - at : cuts[i];

			client_send_frame(&c,
			    (at == 0 ? 2 : 0) |
				(at + n == max ? CLIENT_FIN : 0),
			    data + at, n);
			at += n;
		}
		client_expect(&c, BINARY, data, max);
	}
	free(data);
	client_close(&c);
}

Test(live_frames, rfc6455_5_x_octet_by_octet)
{
	static const struct {
		int first;
		const char *data;
		size_t len;
	} frames[] = { { 1, "Hel", 3 }, { PING, "ping", 4 },
		{ CLIENT_FIN, "lo", 2 }, { TEXT, "", 0 } };
	struct client c = client_ws(live.address, "/echo");
	uint8_t out[256], large[200];
	size_t len = 0;

	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < 4; i++)
		len += client_frame(
		    out + len, frames[i].first, frames[i].data, frames[i].len);
	client_dribble(&c, out, len);
	client_expect(&c, PONG, "ping", 4);
	client_expect(&c, TEXT, "Hello", 5);
	client_expect(&c, TEXT, "", 0);
	client_dribble(&c, out, client_frame(out, BINARY, large, 200));
	client_expect(&c, BINARY, large, 200);
	client_close(&c);
}

/* ---- control frames ---------------------------------------------------- */

Test(live_frames, rfc6455_5_5_2_each_ping_gets_its_pong)
{
	struct client c = client_ws(live.address, "/echo");
	uint8_t data[125];

	memset(data, 0xA5, sizeof(data));
	for (size_t len = 0; len <= 125; len++)
		client_send_frame(&c, PING, data, len);
	for (size_t len = 0; len <= 125; len++)
		client_expect(&c, PONG, data, len);
	client_close(&c);
}

Test(live_frames, rfc6455_5_5_3_pongs_that_nobody_asked_for_are_ignored)
{
	struct client c = client_ws(live.address, "/echo");

	for (int i = 0; i < 100000; i += 100) {
		uint8_t out[100 * 8], *at = out;

		for (int j = 0; j < 100; j++)
			at += client_frame(at, PONG, "p", 1);
		client_send(&c, out, (size_t)(at - out));
	}
	client_send_frame(&c, TEXT, "after", 5);
	client_expect(&c, TEXT, "after", 5);
	client_close(&c);
}

/* ---- violations -------------------------------------------------------- */

#define RAW(octets) octets, sizeof(octets) - 1
#define KEY "\0\0\0\0"

static const struct {
	const char *name;
	const char *octets;
	size_t len;
	int code;
} violations[] = {
	{ "5.1: unmasked text", RAW("\x81\x05Hello"), 1002 },
	{ "5.1: unmasked and empty", RAW("\x81\x00"), 1002 },
	{ "5.1: unmasked ping", RAW("\x89\x00"), 1002 },
	{ "5.1: unmasked Close", RAW("\x88\x00"), 1002 },
	{ "5.2: RSV1", RAW("\xC1\x81" KEY "a"), 1002 },
	{ "5.2: RSV2", RAW("\xA1\x81" KEY "a"), 1002 },
	{ "5.2: RSV3", RAW("\x91\x81" KEY "a"), 1002 },
	{ "5.2: RSV of a control frame", RAW("\xC9\x80" KEY), 1002 },
	{ "5.2: RSV of a Close", RAW("\xF8\x80" KEY), 1002 },
	{ "5.2: opcode 3", RAW("\x83\x80" KEY), 1002 },
	{ "5.2: opcode 7", RAW("\x87\x80" KEY), 1002 },
	{ "5.2: opcode 11", RAW("\x8B\x80" KEY), 1002 },
	{ "5.2: opcode 15", RAW("\x8F\x80" KEY), 1002 },
	{ "5.2: 16 bits for 125", RAW("\x82\xFE\0\x7D" KEY), 1002 },
	{ "5.2: 64 bits for 65535", RAW("\x82\xFF\0\0\0\0\0\0\xFF\xFF" KEY),
	    1002 },
	{ "5.2: length 2^63", RAW("\x82\xFF\x80\0\0\0\0\0\0\0" KEY), 1002 },
	{ "5.2: length 2^64 - 1",
	    RAW("\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" KEY), 1002 },
	{ "7.4.1: length 2^63 - 1",
	    RAW("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF" KEY), 1009 },
	{ "7.4.1: length 2^32", RAW("\x82\xFF\0\0\0\1\0\0\0\0" KEY), 1009 },
	{ "7.4.1: length 2^31", RAW("\x82\xFF\0\0\0\0\x80\0\0\0" KEY), 1009 },
	{ "7.4.1: the sum over fragments",
	    RAW("\x02\x81" KEY "a"
		"\x80\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF" KEY),
	    1009 },
	{ "5.4: continuation of nothing", RAW("\x80\x81" KEY "a"), 1002 },
	{ "5.4: open continuation of nothing", RAW("\0\x81" KEY "a"), 1002 },
	{ "5.4: text inside a message", RAW("\1\x81" KEY "a\x81\x81" KEY "a"),
	    1002 },
	{ "5.4: continuation behind the end",
	    RAW("\1\x81" KEY "a\x80\x81" KEY "a\x80\x80" KEY), 1002 },
	{ "5.5: ping of 126 octets", RAW("\x89\xFE\0\x7E" KEY), 1002 },
	{ "5.5: fragmented ping", RAW("\x09\x80" KEY), 1002 },
	{ "5.5: fragmented Close", RAW("\x08\x80" KEY), 1002 },
	{ "5.5.1: Close with half a code", RAW("\x88\x81" KEY "\3"), 1002 },
	{ "5.5.1: reason that is not UTF-8", RAW("\x88\x83" KEY "\3\xE8\xFF"),
	    1007 },
	{ "7.4: code 0", RAW("\x88\x82" KEY "\0\0"), 1002 },
	{ "7.4: code 999", RAW("\x88\x82" KEY "\3\xE7"), 1002 },
	{ "7.4.1: code 1004", RAW("\x88\x82" KEY "\3\xEC"), 1002 },
	{ "7.4.1: code 1005", RAW("\x88\x82" KEY "\3\xED"), 1002 },
	{ "7.4.1: code 1006", RAW("\x88\x82" KEY "\3\xEE"), 1002 },
	{ "7.4.1: code 1015", RAW("\x88\x82" KEY "\3\xF7"), 1002 },
	{ "7.4.2: code 1016", RAW("\x88\x82" KEY "\3\xF8"), 1002 },
	{ "7.4.2: code 2999", RAW("\x88\x82" KEY "\x0B\xB7"), 1002 },
	{ "7.4.2: code 5000", RAW("\x88\x82" KEY "\x13\x88"), 1002 },
	{ "7.4.2: code 65535", RAW("\x88\x82" KEY "\xFF\xFF"), 1002 },
	{ "8.1: no UTF-8", RAW("\x81\x81" KEY "\xFF"), 1007 },
	{ "8.1: no UTF-8, found before the message is whole",
	    RAW("\x81\xFE\x10\0" KEY "\xC0\x80"), 1007 },
	{ "8.1: a surrogate", RAW("\x81\x83" KEY "\xED\xA0\x80"), 1007 },
	{ "8.1: above U+10FFFF", RAW("\x81\x84" KEY "\xF4\x90\x80\x80"), 1007 },
	{ "8.1: ends inside a character", RAW("\x81\x82" KEY "\xE2\x82"),
	    1007 },
	{ "8.1: across fragments", RAW("\1\x82" KEY "\xE2\x82\x80\x81" KEY "A"),
	    1007 },
};

/* RFC 6455 7.1.7: the code arrives, although the client goes on sending. */
Test(live_frames, rfc6455_7_1_7_each_violation_is_closed_with_its_code)
{
	uint8_t *more = pattern(200000, false);

	for (size_t i = 0; i < sizeof(violations) / sizeof(*violations); i++) {
		struct client c = client_ws(live.address, "/echo");
		struct frame f;
		int before = seen.closed;

		client_send(&c, violations[i].octets, violations[i].len);
		client_send(&c, more, 200000);
		do {
			cr_assert(client_recv_frame(&c, &f),
			    "%s: no Close frame", violations[i].name);
		} while (f.first != CLOSE);
		cr_expect_eq(f.code, violations[i].code, "%s: %d",
		    violations[i].name, f.code);
		cr_expect(f.len > 2, "%s: no reason", violations[i].name);
		client_send(&c, more, 200000);
		cr_expect(
		    client_ends(&c), "%s: no orderly end", violations[i].name);
		client_close(&c);
		client_until(&seen.closed, before + 1);
		cr_expect_eq(seen.ended.code, violations[i].code,
		    "%s: reported %d", violations[i].name, seen.ended.code);
		cr_expect_eq(seen.ended.by, WS_BY_SERVER,
		    "%s: reported by whom", violations[i].name);
	}
	free(more);
}

/* Octet by octet the verdict is the same. */
Test(live_frames, rfc6455_7_1_7_violations_octet_by_octet)
{
	for (size_t i = 0; i < sizeof(violations) / sizeof(*violations); i++) {
		struct client c = client_ws(live.address, "/echo");
		struct frame f;

		client_dribble(&c, violations[i].octets, violations[i].len);
		do {
			cr_assert(client_recv_frame(&c, &f),
			    "%s: no Close frame", violations[i].name);
		} while (f.first != CLOSE);
		cr_expect_eq(f.code, violations[i].code, "%s: %d",
		    violations[i].name, f.code);
		client_close(&c);
	}
}

Test(live_frames, rfc6455_7_4_1_1003_for_a_kind_that_is_not_understood)
{
	struct client c = client_ws(live.address, "/text");

	client_send_frame(&c, TEXT, "fine", 4);
	client_send_frame(&c, BINARY, "no", 2);
	client_send_frame(&c, TEXT, "dropped", 7);
	client_expect(&c, TEXT, "fine", 4);
	client_expect_close(&c, 1003, true);
	client_close(&c);
}

Test(live_frames, rfc6455_7_4_1_1009_before_any_of_it_is_stored)
{
	struct client c = client_ws(live.address, "/text");
	uint8_t header[CLIENT_FRAME_ROOM + 1001], data[1001] = { 0 };

	client_send_frame(&c, TEXT, data, 1000);
	client_expect(&c, TEXT, data, 1000);
	(void)client_frame(header, TEXT, data, 1001);
	client_send(&c, header, 8); /* no octet of the payload */
	client_expect_close(&c, 1009, false);
	client_close(&c);
}

Test(live_frames, rfc6455_7_4_1_1008_for_a_flood_of_fragments)
{
	static const struct {
		const char *name;
		size_t len;
	} floods[] = { { "empty", 0 }, { "one octet", 1 } };

	for (size_t i = 0; i < 2; i++) {
		struct client c = client_ws(live.address, "/echo");
		uint8_t out[1000 * 7], *at;

		client_send_frame(&c, 2, "", 0);
		for (int n = 0; n < 100 && !c.ended; n++) {
			at = out;
			for (int j = 0; j < 1000; j++)
				at += client_frame(at, 0, "x", floods[i].len);
			client_send(&c, out, (size_t)(at - out));
			(void)client_take(&c);
		}
		client_expect_close(&c, 1008, false);
		client_close(&c);
	}
}

/* ---- the closing handshake --------------------------------------------- */

Test(live_frames, rfc6455_5_5_1_a_close_is_answered_with_its_code)
{
	static const int codes[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009,
		1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct client c = client_ws(live.address, "/echo");
		int before = seen.closed;

		client_send_close(&c, codes[i], "bye");
		client_expect_close(&c, codes[i], false);
		client_until(&seen.closed, before + 1);
		cr_expect_eq(seen.ended.code, codes[i]);
		cr_expect_eq(seen.ended.by, WS_BY_PEER);
		cr_expect_eq(seen.ended.reason_len, 3);
		client_close(&c);
	}
}

Test(live_frames, rfc6455_5_5_1_a_close_without_a_code)
{
	struct client c = client_ws(live.address, "/echo");

	client_send_frame(&c, CLOSE, "", 0);
	client_expect_close(&c, 1005, false);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 1005);
	cr_assert_eq(seen.ended.by, WS_BY_PEER);
	client_close(&c);
}

Test(live_frames, rfc6455_5_5_1_a_close_with_the_longest_reason)
{
	struct client c = client_ws(live.address, "/echo");
	char reason[124];

	memset(reason, 'r', 123);
	reason[123] = '\0';
	client_send_close(&c, 4000, reason);
	client_expect_close(&c, 4000, false);
	cr_assert_eq(seen.ended.reason_len, 123);
	client_close(&c);
}

/* A message before the Close is answered, one behind it is not. */
Test(live_frames, rfc6455_5_5_1_nothing_is_taken_behind_a_close)
{
	struct client c = client_ws(live.address, "/echo");
	uint8_t out[256];
	size_t len = 0;
	struct frame f;

	len += client_frame(out + len, TEXT, "before", 6);
	len += client_frame(out + len, CLOSE, "\3\xE8", 2);
	len += client_frame(out + len, TEXT, "behind", 6);
	len += client_frame(out + len, PING, "p", 1);
	len += client_frame(out + len, CLOSE, "\3\xE9", 2);
	client_send(&c, out, len);
	client_expect(&c, TEXT, "before", 6);
	cr_assert(client_recv_frame(&c, &f));
	cr_assert_eq(f.first, CLOSE);
	cr_assert_eq(f.code, 1000);
	cr_assert(client_ends(&c));
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 1000);
	client_close(&c);
}

Test(live_frames, rfc6455_5_4_a_close_inside_a_fragmented_message)
{
	struct client c = client_ws(live.address, "/echo");

	client_send_frame(&c, 1, "open", 4);
	client_send_close(&c, 1000, "");
	client_expect_close(&c, 1000, false);
	client_close(&c);
}

Test(live_frames, rfc6455_7_1_2_the_server_may_begin)
{
	struct client c = client_ws(live.address, "/echo");

	client_until(&seen.opened, 1);
	cr_assert_eq(ws_close(seen.last, 4321, "enough", WS_STR), 0);
	cr_assert_eq(ws_close(seen.last, 4321, "enough", WS_STR), WS_ECLOSED);
	client_expect_close(&c, 4321, true);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 4321);
	cr_assert_eq(seen.ended.by, WS_BY_SERVER);
	client_close(&c);
}

/* Messages under way towards a server that has closed are dropped, pings get
 * no pong, and the close handshake still ends well. */
Test(live_frames, rfc6455_7_1_2_data_that_crosses_our_close_is_dropped)
{
	struct client c = client_ws(live.address, "/echo");
	uint8_t *data = pattern(500000, false);
	struct frame f;

	client_until(&seen.opened, 1);
	cr_assert_eq(ws_close(seen.last, 1000, NULL, 0), 0);
	client_send_frame(&c, BINARY, data, 500000);
	client_send_frame(&c, PING, "p", 1);
	cr_assert(client_recv_frame(&c, &f));
	cr_assert_eq(f.first, CLOSE);
	cr_assert_eq(f.code, 1000);
	client_send_frame(&c, BINARY, data, 500000);
	client_send_close(&c, 1000, "");
	cr_assert(client_ends(&c));
	free(data);
	client_close(&c);
}

Test(live_frames, rfc6455_7_1_1_the_server_ends_first_and_waits)
{
	struct client c = client_ws(live.address, "/echo");
	struct ws_stats stats;

	client_send_close(&c, 1000, "");
	client_expect_close(&c, 1000, false);
	ws_stats(live.server, &stats);
	cr_assert_eq(stats.connections, 1, "it did not wait for our end");
	cr_assert_eq(stats.websockets, 0);
	client_shut(&c);
	do {
		(void)client_wait(-1, 0, 10);
		ws_stats(live.server, &stats);
	} while (stats.connections > 0);
	client_close(&c);
}

Test(live_frames, rfc6455_7_1_5_a_stream_that_just_ends_is_1006)
{
	struct client c = client_ws(live.address, "/echo");

	client_until(&seen.opened, 1);
	client_close(&c);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.ended.code, 1006);
	cr_assert_eq(seen.ended.by, WS_BY_PEER);
	c = client_ws(live.address, "/echo");
	client_until(&seen.opened, 2);
	client_reset(&c);
	client_until(&seen.closed, 2);
	cr_assert_eq(seen.ended.code, 1006);
}

/* A client that ends its direction behind its last frame gets the answer. */
Test(live_frames, rfc6455_7_1_1_half_close_behind_frames)
{
	struct client c = client_ws(live.address, "/echo");

	client_send_frame(&c, TEXT, "last", 4);
	client_send_close(&c, 1000, "");
	client_shut(&c);
	client_expect(&c, TEXT, "last", 4);
	client_expect_close(&c, 1000, false);
	client_close(&c);
	c = client_ws(live.address, "/echo");
	client_send_frame(&c, TEXT, "no close", 8);
	client_shut(&c);
	client_expect(&c, TEXT, "no close", 8);
	cr_assert(client_ends(&c));
	client_until(&seen.closed, 2);
	cr_assert_eq(seen.ended.code, 1006);
	client_close(&c);
}

Test(live_frames, rfc6455_7_4_1_1001_when_the_server_stops)
{
	struct client c = client_ws(live.address, "/echo");
	struct client d = client_ws(live.address, "/text");

	client_until(&seen.opened, 2);
	ws_stop(live.server, 20000);
	client_expect_close(&c, 1001, true);
	client_expect_close(&d, 1001, true);
	client_close(&c);
	client_close(&d);
	while (!ws_stopped(live.server))
		(void)client_wait(-1, 0, 10);
	cr_assert_eq(seen.closed, 2);
}
