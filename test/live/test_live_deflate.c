/* test_live_deflate.c - permessage-deflate on a real server (RFC 7692). */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "test/client.h"
#include "test/fuzz/corpora.h"
#include "live.h"
#include "sio/sio.h"
#include "test/deflate/zpeer.h"

#define RSV1 0x40
#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define LAST (CLIENT_FIN | 0)
#define PING (CLIENT_FIN | 9)
#define PONG (CLIENT_FIN | 10)
#define PMD "permessage-deflate"
#define SNC "; server_no_context_takeover"
#define CNC "; client_no_context_takeover"
#define SERVER "; server_max_window_bits"
#define CLIENT "; client_max_window_bits"

enum {
	MESSAGE_MAX = 1 << 20
};

static struct live live;
static struct ws_prepared *published; /* owned: what went to the room last */
static int flags;                     /* that it is sent with */

/* ---- the server -------------------------------------------------------- */

static void
on_open(struct ws_conn *conn)
{
	(void)ws_join(conn, "room", WS_STR);
}

/* Publish each message to all, the sender too. */
static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	const struct ws_room_name room = { "room", 4 };
	const struct ws_selection all = { .to = &room, .to_count = 1 };

	ws_prepared_free(published);
	published = ws_prepare(kind, data, len);
	(void)ws_publish_to(ws_server_of(conn), &all, published, flags);
}

/* Answers with what came, and then with what follows from it: the message is
 * not to change when something is sent. */
static void
on_twice(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind | flags, data, len);
	(void)ws_send(conn, kind | flags, data, len / 2);
}

static void
endpoints(struct ws_server *server)
{
	static const struct ws_handler room = { .open = on_open,
		.message = on_message };
	static const struct ws_handler twice = { .message = on_twice };
	static const struct ws_handler plain = { .message = on_twice,
		.deflate_min = -1 };
	static const struct ws_handler short_ones = { .message = on_twice,
		.deflate_min = 16 };

	live_echo(server);
	cr_assert_eq(ws_endpoint(server, "/all", &room, NULL), 0);
	cr_assert_eq(ws_endpoint(server, "/twice", &twice, NULL), 0);
	cr_assert_eq(ws_endpoint(server, "/plain", &plain, NULL), 0);
	cr_assert_eq(ws_endpoint(server, "/short", &short_ones, NULL), 0);
}

static void
begin(const struct ws_options *options)
{
	struct ws_options o = *options;

	o.log_level = -1;
	flags = 0;
	live = live_here(&o, endpoints, NULL);
}

static void
end(void)
{
	ws_prepared_free(published);
	published = NULL;
	live_end(&live);
}

/* ---- the client -------------------------------------------------------- */

/* Ask for a WebSocket with an extension. Returns the answer's status. */
static int
ask(struct client *c, const char *path, const char *offer, struct response *r)
{
	char fields[512];

	snprintf(
	    fields, sizeof(fields), "Sec-WebSocket-Extensions: %s\r\n", offer);
	*c = client_open(live.address);
	client_puts(c, client_request(path, fields));
	return client_response(c, r, false);
}

static struct client
connect_to(const char *path, const char *offer)
{
	struct client c;
	struct response r;

	cr_assert_eq(ask(&c, path, offer, &r), 101);
	return c;
}

static void
send_deflated(struct client *c, struct zpeer *peer, int kind, const void *data,
    size_t len)
{
	size_t n = zpeer_deflate(peer, data, len);

	client_send_frame(c, RSV1 | kind, peer->room, n);
}

/* Receive a message that must be this one, compressed or not. */
static void
expect(struct client *c, struct zpeer *peer, int first, const void *data,
    size_t len)
{
	struct frame frame;
	const uint8_t *got;
	size_t n;

	cr_assert(client_recv_frame(c, &frame));
	cr_assert_eq(frame.first, first, "0x%02x, not 0x%02x, %zu octets",
	    frame.first, (unsigned)first, len);
	got = frame.data;
	n = frame.len;
	if (frame.first & RSV1) {
		n = zpeer_inflate(peer, frame.data, frame.len);
		got = peer->room;
	}
	cr_assert_eq(n, len);
	cr_assert(len == 0 || memcmp(got, data, len) == 0);
}

/* ---- the handshake ----------------------------------------------------- */

static const struct {
	int mode, window;
	const char *offer, *answer; /* NULL: without the field */
} handshakes[] = {
	{ WS_DEFLATE_OFF, 0, PMD, NULL },
	{ WS_DEFLATE_SHARED, 0, PMD, PMD SNC CNC },
	{ WS_DEFLATE_SHARED, 0, PMD CLIENT, PMD SNC CNC },
	{ WS_DEFLATE_SHARED, 0, PMD CLIENT "=10", PMD SNC CNC CLIENT "=10" },
	{ WS_DEFLATE_SHARED, 0, PMD SERVER "=10", PMD SNC CNC SERVER "=10" },
	{ WS_DEFLATE_SHARED, 9, PMD SERVER "=10", PMD SNC CNC SERVER "=9" },
	{ WS_DEFLATE_SHARED, 0, PMD SERVER "=8", PMD SNC CNC SERVER "=8" },
	{ WS_DEFLATE_SHARED, 0, PMD SERVER "=7", NULL },
	{ WS_DEFLATE_SHARED, 0, "x-webkit-deflate-frame", NULL },
	{ WS_DEFLATE_SHARED, 0, PMD "; unknown, " PMD SNC, PMD SNC CNC },
	{ WS_DEFLATE_DEDICATED, 0, PMD, PMD },
	{ WS_DEFLATE_DEDICATED, 0, PMD SNC CNC, PMD SNC CNC },
	{ WS_DEFLATE_DEDICATED, 0, PMD SNC, PMD SNC },
	{ WS_DEFLATE_DEDICATED, 12, PMD, PMD CNC },
	{ WS_DEFLATE_DEDICATED, 12, PMD CLIENT, PMD CLIENT "=12" },
	{ WS_DEFLATE_DEDICATED, 12, PMD SERVER "=11", PMD CNC SERVER "=11" },
};

Test(live_deflate, rfc7692_7_1_offers_are_answered)
{
	for (size_t i = 0; i < sizeof(handshakes) / sizeof(*handshakes); i++) {
		const char *expected = handshakes[i].answer, *got;
		struct client c;
		struct response r;

		begin(&(struct ws_options){ .deflate = handshakes[i].mode,
		    .deflate_window = handshakes[i].window });
		cr_assert_eq(ask(&c, "/echo", handshakes[i].offer, &r), 101);
		got = client_field(&r, "Sec-WebSocket-Extensions");
		cr_expect((expected == NULL) == (got == NULL) &&
			      (got == NULL || strcmp(expected, got) == 0),
		    "mode %d, window %d, %s: %s", handshakes[i].mode,
		    handshakes[i].window, handshakes[i].offer,
		    got != NULL ? got : "nothing");
		client_close(&c);
		end();
	}
}

Test(live_deflate, rfc6455_9_1_malformed_offers_are_refused)
{
	static const char *const offers[] = { PMD ";", PMD "; =", "\"" PMD "\"",
		PMD SERVER "=", PMD SERVER "=\"10", PMD " x" };
	struct client c;
	struct response r;

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++) {
		cr_expect_eq(ask(&c, "/echo", offers[i], &r), 400, "%s: %d",
		    offers[i], r.status);
		client_close(&c);
	}
	cr_expect_eq(ask(&c, "/plain", PMD, &r), 101);
	cr_expect_null(client_field(&r, "Sec-WebSocket-Extensions"));
	client_close(&c);
	end();
}

Test(live_deflate, options_without_such_a_value_are_refused)
{
	static const struct ws_options rows[] = { { .deflate = 3 },
		{ .deflate = -1 }, { .deflate_level = 10 },
		{ .deflate_level = -1 }, { .deflate_window = 8 },
		{ .deflate_window = 16 }, { .deflate_min = -1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_null(ws_server_new(&rows[i]), "row %zu", i);
}

/* ---- messages ---------------------------------------------------------- */

/* All that there is to agree on: both sides read each other. */
Test(live_deflate, messages_go_both_ways)
{
	static const struct {
		int mode, window;
		const char *offer;
		int out_bits, in_bits, keeps_out, keeps_in;
	} rows[] = {
		{ WS_DEFLATE_SHARED, 0, PMD, 15, 15, 0, 0 },
		{ WS_DEFLATE_SHARED, 0, PMD SERVER "=9", 15, 9, 0, 0 },
		{ WS_DEFLATE_SHARED, 0, PMD SERVER "=8", 15, 8, 0, 0 },
		{ WS_DEFLATE_SHARED, 10, PMD CLIENT "=9", 9, 10, 0, 0 },
		{ WS_DEFLATE_DEDICATED, 0, PMD, 15, 15, 1, 1 },
		{ WS_DEFLATE_DEDICATED, 0, PMD SNC, 15, 15, 1, 0 },
		{ WS_DEFLATE_DEDICATED, 0, PMD CNC, 15, 15, 0, 1 },
		{ WS_DEFLATE_DEDICATED, 9, PMD CLIENT, 9, 9, 1, 1 },
		{ WS_DEFLATE_DEDICATED, 0, PMD SERVER "=8", 15, 8, 1, 1 },
	};
	static const size_t sizes[] = { 0, 1, 100, 255, 256, 1000, 5000, 70000,
		300000, 900 };
	static uint8_t text[300000];
	struct dice dice = { 1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client c;
		struct zpeer peer;

		begin(&(struct ws_options){ .deflate = rows[i].mode,
		    .deflate_window = rows[i].window });
		c = connect_to("/twice", rows[i].offer);
		zpeer_init(&peer, rows[i].out_bits, rows[i].in_bits,
		    rows[i].keeps_out, rows[i].keeps_in);
		for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			size_t len = sizes[k], half = len / 2;
			int rsv1 = len >= 256 ? RSV1 : 0;
			int second = half >= 256 ? RSV1 : 0;

			fill_json(&dice, text, len);
			send_deflated(&c, &peer, TEXT, text, len);
			expect(&c, &peer, rsv1 | TEXT, text, len);
			expect(&c, &peer, second | TEXT, text, half);
			client_send_frame(&c, BINARY, text, len);
			expect(&c, &peer, rsv1 | BINARY, text, len);
			expect(&c, &peer, second | BINARY, text, half);
		}
		client_close(&c);
		zpeer_fini(&peer);
		end();
	}
}

Test(live_deflate, some_messages_go_as_they_are)
{
	static uint8_t noise[2000];
	struct client c, d;
	struct zpeer peer;
	struct dice dice = { 9 };

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	zpeer_init(&peer, 15, 15, 0, 0);
	fill_random(&dice, noise, sizeof(noise));
	c = connect_to("/twice", PMD);
	client_send_frame(&c, BINARY, noise, sizeof(noise));
	expect(&c, &peer, BINARY, noise, sizeof(noise));
	expect(&c, &peer, BINARY, noise, sizeof(noise) / 2);
	fill_text(&dice, noise, sizeof(noise));
	flags = WS_NO_COMPRESS;
	client_send_frame(&c, TEXT, noise, sizeof(noise));
	expect(&c, &peer, TEXT, noise, sizeof(noise));
	expect(&c, &peer, TEXT, noise, sizeof(noise) / 2);
	flags = 0;
	d = connect_to("/short", PMD);
	client_send_frame(&d, TEXT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 30);
	expect(&d, &peer, RSV1 | TEXT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 30);
	expect(&d, &peer, TEXT, "aaaaaaaaaaaaaaa", 15);
	client_close(&c);
	client_close(&d);
	zpeer_fini(&peer);
	end();
}

Test(live_deflate, rfc7692_6_2_fragments_make_one_message)
{
	static uint8_t text[3000];
	struct dice dice = { 4 };
	struct client c;
	struct zpeer peer;
	size_t n;

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	zpeer_init(&peer, 15, 15, 0, 0);
	fill_text(&dice, text, sizeof(text));
	c = connect_to("/echo", PMD);
	n = zpeer_deflate(&peer, text, sizeof(text));
	for (size_t at = 0; at <= n; at += 7) {
		size_t len = n - at < 7 ? n - at : 7;
		int first = at == 0 ? RSV1 | 1 : at + len < n ? 0 : LAST;

		client_send_frame(&c, first, peer.room + at, len);
		if (first == LAST)
			break;
		client_send_frame(&c, PING, "p", 1);
		client_expect(&c, PONG, "p", 1);
	}
	expect(&c, &peer, RSV1 | TEXT, text, sizeof(text));
	client_close(&c);
	zpeer_fini(&peer);
	end();
}

/* ---- what is refused --------------------------------------------------- */

#define HELLO "\xf2\x48\xcd\xc9\xc9\x07"

static const struct {
	const char *name, *offer;
	int first;
	const char *payload;
	size_t len;
	int code;
} offences[] = {
	{ "RSV1, not agreed on", "x", RSV1 | TEXT, HELLO "\0", 7, 1002 },
	{ "RSV1 on a Ping", PMD, RSV1 | PING, "", 0, 1002 },
	{ "RSV2", PMD, 0x20 | TEXT, "a", 1, 1002 },
	{ "cut", PMD, RSV1 | TEXT, HELLO, 6, 1007 },
	{ "reserved block", PMD, RSV1 | BINARY, "\x06", 1, 1007 },
	{ "BFINAL, and nothing", PMD, RSV1 | TEXT, "\xf3\x48\xcd\xc9\xc9\x07\0",
	    7, 1007 },
	{ "not UTF-8", PMD, RSV1 | TEXT, "\0\x01\0\xfe\xff\xff\0", 7, 1007 },
	{ "half a character", PMD, RSV1 | TEXT, "\0\x01\0\xfe\xff\xc3\0", 7,
	    1007 },
};

Test(live_deflate, rfc7692_violations_end_the_connection)
{
	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	for (size_t i = 0; i < sizeof(offences) / sizeof(*offences); i++) {
		struct client c = connect_to("/echo", offences[i].offer);

		client_send_frame(&c, offences[i].first, offences[i].payload,
		    offences[i].len);
		client_expect_close(&c, offences[i].code, true);
		client_close(&c);
	}
	end();
}

/* 1,030 times as much as came: the limit holds while it is inflated. */
Test(live_deflate, bombs_are_1009)
{
	static uint8_t zeros[MESSAGE_MAX + 1];
	struct zpeer peer;
	struct client c;

	zpeer_init(&peer, 15, 15, 0, 0);
	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	c = connect_to("/echo", PMD);
	send_deflated(&c, &peer, BINARY, zeros, MESSAGE_MAX);
	expect(&c, &peer, RSV1 | BINARY, zeros, MESSAGE_MAX);
	send_deflated(&c, &peer, BINARY, zeros, MESSAGE_MAX + 1);
	client_expect_close(&c, 1009, true);
	client_close(&c);
	zpeer_fini(&peer);
	end();
}

/* ---- to many ----------------------------------------------------------- */

/* Count the compressed forms of the published message. */
static unsigned
forms(void)
{
	const struct ws_chunk *chunk = (const struct ws_chunk *)published;
	unsigned n = 0;

	while ((chunk = chunk->deflated) != NULL)
		n++;
	return n;
}

static const struct member {
	const char *offer;
	int in_bits, keeps_in, deflates;
} members[] = {
	{ "x", 15, 0, 0 },
	{ PMD SNC, 15, 0, RSV1 },
	{ PMD, 15, 1, RSV1 },
	{ PMD SNC SERVER "=9", 9, 0, RSV1 },
	{ PMD SERVER "=9", 9, 1, RSV1 },
	{ PMD SNC SERVER "=15", 15, 0, RSV1 },
	{ "x", 15, 0, 0 },
};

enum {
	MEMBERS = sizeof(members) / sizeof(*members)
};

Test(live_deflate, a_room_is_told_once_for_each_window)
{
	static uint8_t text[5000];
	static const struct {
		size_t len;
		unsigned forms;
	} rows[] = { { 100, 0 }, { 300, 1 }, { 512, 1 }, { 513, 2 },
		{ 5000, 2 }, { 400, 1 } };
	struct client c[MEMBERS];
	struct zpeer peers[MEMBERS];
	struct dice dice = { 6 };

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_DEDICATED });
	for (size_t i = 0; i < MEMBERS; i++) {
		c[i] = connect_to("/all", members[i].offer);
		zpeer_init(
		    &peers[i], 15, members[i].in_bits, 1, members[i].keeps_in);
	}
	for (size_t k = 0; k < 3 * sizeof(rows) / sizeof(*rows); k++) {
		size_t len = rows[k / 3].len;

		/* At last noise, of which there is no form that is worth it. */
		if (k % 3 < 2)
			fill_json(&dice, text, len);
		else
			fill_random(&dice, text, len);
		client_send_frame(&c[k % MEMBERS], BINARY, text, len);
		for (size_t i = 0; i < MEMBERS; i++) {
			int first = members[i].deflates | BINARY;

			if (len < 256 || k % 3 == 2)
				first = BINARY;
			expect(&c[i], &peers[i], first, text, len);
		}
		cr_expect_eq(forms(), k % 3 < 2 ? rows[k / 3].forms : 0,
		    "%zu octets: %u forms", len, forms());
	}
	flags = WS_NO_COMPRESS;
	fill_json(&dice, text, 999);
	client_send_frame(&c[0], BINARY, text, 999);
	for (size_t i = 0; i < MEMBERS; i++) {
		expect(&c[i], &peers[i], BINARY, text, 999);
		client_close(&c[i]);
		zpeer_fini(&peers[i]);
	}
	cr_expect_eq(forms(), 0);
	end();
}

/* ---- Engine.IO --------------------------------------------------------- */

static void
on_packet(struct eio_session *session, int kind, const void *data, size_t len)
{
	(void)eio_send(session, kind | flags, data, len);
}

Test(live_deflate, engine_io_compresses_when_told_to)
{
	static const struct eio_handler handler = { .message = on_packet };
	static const char path[] = "/engine.io/?EIO=4&transport=websocket";
	static char packet[1001];

	memset(packet, 'x', sizeof(packet));
	packet[0] = '4'; /* a message */
	for (int min = 0; min <= 500; min += 500) {
		const struct eio_options options = { .deflate_min = min };
		struct eio *eio;
		struct client c;
		struct response r;
		struct zpeer peer;
		struct frame frame;

		begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
		zpeer_init(&peer, 15, 15, 0, 0);
		eio = eio_new(
		    live.server, "/engine.io", &options, &handler, NULL);
		cr_assert_not_null(eio);
		cr_assert_eq(ask(&c, path, PMD, &r), 101);
		cr_expect_eq(
		    client_field(&r, "Sec-WebSocket-Extensions") != NULL,
		    min > 0);
		cr_assert(client_recv_frame(&c, &frame)); /* its handshake */
		client_send_frame(&c, TEXT, packet, sizeof(packet));
		expect(&c, &peer, min > 0 ? RSV1 | TEXT : TEXT, packet,
		    sizeof(packet));
		flags = WS_NO_COMPRESS;
		client_send_frame(&c, TEXT, packet, sizeof(packet));
		expect(&c, &peer, TEXT, packet, sizeof(packet));
		flags = 0;
		client_send_frame(&c, TEXT, packet, 400);
		expect(&c, &peer, TEXT, packet, 400);
		client_close(&c);
		eio_free(eio);
		zpeer_fini(&peer);
		end();
	}
}

/* ---- Socket.IO --------------------------------------------------------- */

static struct sio_socket *entered;

static void
on_connection(struct sio_socket *socket)
{
	entered = socket;
}

/* Receive a message of either kind that is compressed or not. */
static void
expect_compressed(struct client *c, bool compressed)
{
	struct frame frame;

	cr_assert(client_recv_frame(c, &frame));
	cr_expect_eq((frame.first & RSV1) != 0, compressed, "%.20s",
	    (const char *)frame.data);
}

/* target.compress: for one and for many, texts and attachments. */
Test(live_deflate, socket_io_compresses_when_told_to)
{
	const struct sio_options options = { .engine.deflate_min = 100 };
	static char text[1000];
	const struct sio_value binary = sio_binary(text, sizeof(text) - 1);
	struct sio *io;
	struct client c;
	struct response r;

	memset(text, 'x', sizeof(text) - 1);
	begin(&(struct ws_options){ .deflate = WS_DEFLATE_SHARED });
	io = sio_new(live.server, &options);
	cr_assert_not_null(io);
	sio_on_connection(sio_of(io, "/"), on_connection);
	cr_assert_eq(
	    ask(&c, "/socket.io/?EIO=4&transport=websocket", PMD, &r), 101);
	client_send_frame(&c, TEXT, "40", 2);
	expect_compressed(&c, true); /* the handshake is long enough */
	expect_compressed(&c, false);
	cr_assert_not_null(entered);
	for (int i = 0; i < 4; i++) {
		struct sio_target target =
		    i < 2 ? sio_all(sio_nsp_of(entered)) : sio_self(entered);
		bool compress = i % 2 == 0;

		target = sio_compress(target, compress);
		cr_assert_eq(sio_emit_to(target, "n", "%s, %p", text,
				 (const void *)&binary),
		    1);
		expect_compressed(&c, compress);
		expect_compressed(&c, compress);
	}
	client_close(&c);
	sio_free(io);
	end();
}

/* ---- budget ------------------------------------------------------------ */

/* When the budget is used up, nobody is turned away. */
Test(live_deflate, late_comers_share)
{
	struct client c[3];
	struct response r;
	struct ws_stats stats;
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_DEDICATED,
	    .deflate_window = 15,
	    .deflate_memory = 2 << 16 });
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(ask(&c[i], "/echo", PMD, &r), 101);
		cr_expect_str_eq(client_field(&r, "Sec-WebSocket-Extensions"),
		    i < 2 ? PMD : PMD SNC CNC);
	}
	client_reset(&c[0]);
	do {
		cr_assert_lt(client_now_ms(), deadline_ms);
		(void)client_wait(-1, 0, 10);
		ws_stats(live.server, &stats);
	} while (stats.connections > 2);
	cr_assert_eq(ask(&c[0], "/echo", PMD, &r), 101);
	cr_expect_str_eq(client_field(&r, "Sec-WebSocket-Extensions"), PMD);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	end();
}

/* ---- idleness ---------------------------------------------------------- */

enum {
	WINDOW_BITS = 13,
	WINDOWS_MAX = 8,
	LEN = 1000,
};

static void *windows[WINDOWS_MAX]; /* blocks of that size, in no order */

/* These take the place of mem.c. */
void *
ws_mem_resize(void *block, size_t size)
{
	for (int i = 0; block == NULL && size == 1 << WINDOW_BITS; i++) {
		cr_assert_lt(i, WINDOWS_MAX);
		if (windows[i] == NULL)
			return windows[i] = malloc(size);
	}
	return realloc(block, size);
}

void
ws_mem_free(void *block)
{
	for (int i = 0; block != NULL && i < WINDOWS_MAX; i++) {
		if (windows[i] == block)
			windows[i] = NULL;
	}
	free(block);
}

static int
count_windows(void)
{
	int count = 0;

	for (int i = 0; i < WINDOWS_MAX; i++)
		count += windows[i] != NULL;
	return count;
}

/* Send a message and receive its echo, behind Pings. Returns the octets that
 * it came in. */
static size_t
echo_length(struct client *c, struct zpeer *peer, const void *text, size_t len)
{
	struct frame frame;

	send_deflated(c, peer, TEXT, text, len);
	do
		cr_assert(client_recv_frame(c, &frame));
	while (frame.first == PING);
	cr_assert_eq(frame.first, RSV1 | TEXT);
	cr_assert_eq(zpeer_inflate(peer, frame.data, frame.len), len);
	cr_assert_eq(memcmp(peer->room, text, len), 0);
	return frame.len;
}

/* The server forgets what it has sent, and refers to none of it; what it has
 * received it has to keep, because the client goes on referring to that. */
static void
check_idleness(int ping_ms, int idle_ms)
{
	static uint8_t text[LEN];
	struct dice dice = { 8 };
	struct zpeer peer;
	struct client c;
	size_t first = 0;

	begin(&(struct ws_options){ .deflate = WS_DEFLATE_DEDICATED,
	    .deflate_window = WINDOW_BITS,
	    .ping_ms = ping_ms,
	    .idle_ms = idle_ms });
	zpeer_init(&peer, WINDOW_BITS, WINDOW_BITS, 1, 1);
	fill_json(&dice, text, LEN);
	c = connect_to("/echo", PMD CLIENT SERVER "=13");
	cr_expect_eq(count_windows(), 0);
	for (int i = 0; i < 3; i++) {
		int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;
		size_t len = echo_length(&c, &peer, text, LEN);

		if (i == 0)
			first = len;
		cr_expect_eq(len, first, "a past is referred to");
		cr_expect_lt(echo_length(&c, &peer, text, LEN), first / 4);
		cr_expect_eq(count_windows(), 2);
		while (count_windows() > 1) {
			cr_assert_lt(client_now_ms(), deadline_ms);
			(void)client_wait(-1, 0, 10);
		}
	}
	/* The client refers to what it has sent long ago. */
	cr_expect_lt(zpeer_deflate(&peer, text, LEN), first / 4);
	client_close(&c);
	zpeer_fini(&peer);
	end();
	cr_expect_eq(count_windows(), 0);
}

Test(live_deflate, windows_are_released_when_nothing_is_sent)
{
	check_idleness(300, 0);
}

Test(live_deflate, windows_are_released_without_pings_too)
{
	check_idleness(-1, 300);
}
