/* test_sim_slow.c - what comes slowly, or in part, in simulated time. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sio/sio.h"
#include "websocket/frame.h"
#include "ws.h"

#define SECONDS_MAX 400

static struct ws_server *server;
static struct sim_wire *wire;
static size_t messages, bodies, events;

static int64_t
never(int64_t now_ms)
{
	(void)now_ms;
	return INT64_MAX;
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)conn;
	(void)kind;
	(void)data;
	(void)len;
	messages++;
}

static void
on_body(struct ws_request *request)
{
	bodies++;
	(void)ws_reply(request, 204, NULL, NULL, 0);
}

static void
on_event(struct sio_socket *socket, struct sio_event *event)
{
	size_t len;

	events++;
	cr_assert_not_null(sio_bytes(sio_arg(event, 0), &len));
	(void)sio_emit(socket, "got", "%zu", len);
}

/* Let time pass. */
static void
pass(int64_t ms)
{
	int64_t until = sim_now() + ms;

	while (sim_now() < until)
		cr_assert_eq(ws_step(server, (int)(until - sim_now())), 0);
}

/* Send octets, which the server has room for. */
static void
put(const void *data, size_t len)
{
	cr_assert_eq(sim_write(wire, data, len), len);
}

/* Connect a client to the server. */
static void
dial(void)
{
	wire = sim_connect(0x7f000001, 1);
	cr_assert_not_null(wire);
}

/* Start a server, and connect to it. */
static void
begin_server(int ping_ms)
{
	static const struct ws_handler handler = { .message = on_message };
	struct ws_options options = { .log_level = -1, .ping_ms = ping_ms };
	struct sio *io;

	sim_seed(1, NULL, 0);
	*sim_begin() = (struct sim_weather){ .socket_octets = 65536,
		.descriptors = 64,
		.batch = 64,
		.act = never };
	server = ws_server_new(&options);
	cr_assert_not_null(server);
	cr_assert_eq(ws_endpoint(server, "/sink", &handler, NULL), 0);
	cr_assert_eq(ws_http(server, "/post", "POST", on_body, NULL), 0);
	io = sio_new(server, NULL);
	cr_assert_not_null(io);
	cr_assert_eq(sio_on(sio_of(io, "/"), "file", on_event), 0);
	cr_assert_eq(ws_listen(server, "sim"), 0);
	dial();
	messages = bodies = events = 0;
}

/* Ask for a WebSocket. */
static void
upgrade(const char *path)
{
	char request[512], answer[512];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	    path);

	put(request, (size_t)n);
	pass(1000);
	cr_assert(sim_read(wire, answer, sizeof(answer)) > 12);
	cr_assert_eq(memcmp(answer, "HTTP/1.1 101", 12), 0);
}

static void
begin(int ping_ms)
{
	begin_server(ping_ms);
	upgrade("/sink");
}

static void
end(void)
{
	ws_server_free(server);
	sim_drop(wire);
	sim_end();
}

/* Write the header of a masked binary message. RFC 6455 section 5.2. */
static size_t
header_of(uint8_t header[WS_FRAME_HEADER_MAX], size_t octets)
{
	memset(header, 0, WS_FRAME_HEADER_MAX);
	header[0] = WS_FIN | WS_OP_BINARY;
	header[1] = 0x80 | 127;
	for (int i = 0; i < 4; i++)
		header[9 - i] = (uint8_t)(octets >> 8 * i);
	return WS_FRAME_HEADER_MAX;
}

/* Send some octets each second, and answer Pings, until the server says Close
 * or a message has arrived. Returns how many seconds that took.
 *   code  receives the code of Close */
static int
drip(size_t message, size_t rate, unsigned *code)
{
	static const uint8_t pong[6] = { 0x8A, 0x80 };
	static uint8_t some[65536];
	uint8_t header[WS_FRAME_HEADER_MAX], got[256];
	size_t left = message;
	int s;

	(void)sim_write(wire, header, header_of(header, message));
	*code = 0;
	for (s = 0; s < SECONDS_MAX && messages == 0 && *code == 0; s++) {
		size_t n = left < rate ? left : rate;

		left -= sim_write(wire, some, n);
		pass(1000);
		n = sim_read(wire, got, sizeof(got));
		if (n >= 4 && got[n > 4 && got[0] == 0x89 ? 2 : 0] == 0x88)
			*code = (unsigned)(got[2] << 8 | got[3]);
		/* Between two frames only, a Pong may be sent. */
		if (n >= 2 && got[0] == 0x89 && left == 0)
			(void)sim_write(wire, pong, sizeof(pong));
	}
	return s;
}

/* A slow but honest client brings 1 KiB a second. */
Test(sim_slow, a_message_of_one_kib_a_second_arrives, .timeout = 60)
{
	unsigned code;

	begin(0);
	cr_assert_eq(drip(200 << 10, 1 << 10, &code), 200);
	cr_assert_eq(code, 0);
	cr_assert_eq(messages, 1);
	end();
}

/* An octet each second is a sign of life, so pings do not end it. */
Test(sim_slow, a_message_of_an_octet_a_second_is_ended, .timeout = 60)
{
	static const int pings[] = { 0, 1000, 120000, -1 };

	for (size_t i = 0; i < sizeof(pings) / sizeof(pings[0]); i++) {
		unsigned code;
		int seconds;

		begin(pings[i]);
		seconds = drip(200 << 10, 1, &code);
		cr_assert_eq(code, WS_CLOSE_POLICY_VIOLATION,
		    "pings of %d ms: %u after %d s", pings[i], code, seconds);
		cr_assert(seconds >= 29 && seconds <= 40,
		    "pings of %d ms: %d s", pings[i], seconds);
		end();
	}
}

/* The rest of a message that stops is not waited for, though half of it came
 * fast. */
Test(sim_slow, a_message_whose_rest_does_not_come_is_ended, .timeout = 60)
{
	static uint8_t half[60000];
	struct ws_stats stats;
	uint8_t header[WS_FRAME_HEADER_MAX];

	begin(-1);
	(void)sim_write(wire, header, header_of(header, 100000));
	cr_assert_gt(sim_write(wire, half, sizeof(half)), 0);
	pass(10000);
	ws_stats(server, &stats);
	cr_assert_eq(stats.websockets, 1);
	cr_assert_gt(stats.memory, 30000);
	pass(70000);
	ws_stats(server, &stats);
	cr_assert_eq(stats.websockets, 0);
	cr_assert_lt(stats.memory, 30000);
	end();
}

/* ---- requests ---------------------------------------------------------- */

/* Return the status of an answer that has come, or 0. */
static int
status(void)
{
	char answer[1024];
	size_t n = sim_read(wire, answer, sizeof(answer) - 1);

	answer[n] = '\0';
	return n > 12 ? atoi(answer + 9) : 0;
}

/* Send text, some octets each second, until it is sent or answered. Returns how
 * many seconds that took.
 *   got  receives the status of the answer, or 0 */
static int
drip_text(const char *text, size_t len, size_t rate, int *got)
{
	int s = 0;

	*got = 0;
	while (len > 0 && *got == 0 && s < 1000) {
		size_t n = len < rate ? len : rate;

		put(text, n);
		text += n;
		len -= n;
		pass(1000);
		*got = status();
		s++;
	}
	return s;
}

static const char head[] =
    "POST /post HTTP/1.1\r\nHost: sim\r\n"
    "Content-Type: text/plain\r\n"
    "X-Fill: 0123456789012345678901234567890123456789\r\n"
    "Content-Length: 60000\r\n\r\n";

Test(sim_slow, a_head_of_20_octets_a_second_is_taken, .timeout = 60)
{
	int got;

	begin_server(0);
	cr_assert_leq(drip_text(head, sizeof(head) - 1, 20, &got), 9);
	cr_assert_eq(got, 0);
	for (int i = 0; i < 60; i++)
		put(head, 1); /* the body; any octets do */
	cr_assert_eq(status(), 0);
	end();
}

Test(sim_slow, a_head_that_does_not_end_is_408, .timeout = 60)
{
	struct ws_stats stats;
	int got, seconds;

	begin_server(0);
	seconds = drip_text(head, sizeof(head) - 1, 2, &got);
	cr_assert_eq(got, 408);
	cr_assert(seconds >= 10 && seconds <= 12, "%d", seconds);
	pass(10000);
	ws_stats(server, &stats);
	cr_assert_eq(stats.connections, 0);
	end();
}

Test(sim_slow, a_body_of_one_kib_a_second_is_taken, .timeout = 60)
{
	static char body[60000];
	int got;

	begin_server(0);
	put(head, sizeof(head) - 1);
	cr_assert_eq(drip_text(body, sizeof(body), 1024, &got), 59);
	cr_assert_eq(got, 204);
	cr_assert_eq(bodies, 1);
	end();
}

Test(sim_slow, a_body_that_is_held_back_is_408, .timeout = 60)
{
	static char body[60000];
	int got, seconds;

	begin_server(0);
	put(head, sizeof(head) - 1);
	put(body, 40000);
	pass(1000);
	seconds = drip_text(body, 20000, 20, &got);
	cr_assert_eq(got, 408);
	cr_assert(seconds >= 60 && seconds <= 70, "%d", seconds);
	cr_assert_eq(bodies, 0);
	end();
}

/* ---- attachments of Socket.IO ------------------------------------------ */

/* Send a frame, masked with zeros. */
static void
put_frame(unsigned first, const void *data, size_t len)
{
	uint8_t header[8] = { (uint8_t)first };

	header[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
	header[2] = len < 126 ? 0 : (uint8_t)(len >> 8);
	header[3] = len < 126 ? 0 : (uint8_t)len;
	put(header, len < 126 ? 6 : 8);
	put(data, len);
}

static void
put_text(const char *text)
{
	put_frame(0x81, text, strlen(text));
}

/* Let time pass, and answer pings of Engine.IO. Returns whether the server has
 * ended the session. */
static bool
pass_and_pong(int seconds)
{
	uint8_t got[512];
	size_t n;

	for (int s = 0; s < seconds; s++) {
		pass(1000);
		n = sim_read(wire, got, sizeof(got));
		for (size_t at = 0; at + 2 <= n;
		     at += 2 + (got[at + 1] & 127u)) {
			if (got[at] == 0x88)
				return true;
			if (got[at] == 0x81 && got[at + 1] == 1 &&
			    got[at + 2] == '2')
				put_text("3");
		}
	}
	return false;
}

static void
begin_file(unsigned attachments)
{
	char packet[64];

	begin_server(0);
	upgrade("/socket.io/?EIO=4&transport=websocket");
	put_text("40");
	cr_assert_not(pass_and_pong(1));
	(void)snprintf(packet, sizeof(packet),
	    "45%u-[\"file\",{\"_placeholder\":true,\"num\":0}]", attachments);
	put_text(packet);
}

Test(sim_slow, attachments_that_come_one_by_one_arrive, .timeout = 60)
{
	static uint8_t octets[5000];

	begin_file(3);
	for (int i = 0; i < 3; i++) {
		cr_assert_not(pass_and_pong(25), "attachment %d", i);
		put_frame(0x82, octets, sizeof(octets));
	}
	cr_assert_not(pass_and_pong(60));
	cr_assert_eq(events, 1);
	end();
}

/* It has begun, so what counts is its rate. */
Test(sim_slow, an_attachment_of_one_kib_a_second_arrives, .timeout = 60)
{
	static uint8_t octets[1024];
	uint8_t header[WS_FRAME_HEADER_MAX];

	begin_file(1);
	put(header, header_of(header, 100 * sizeof(octets)));
	for (int i = 0; i < 100; i++) {
		put(octets, sizeof(octets));
		pass(1000);
	}
	cr_assert_eq(events, 1);
	end();
}

Test(sim_slow, attachments_that_do_not_come_end_the_session, .timeout = 60)
{
	static uint8_t octets[5000];
	struct ws_stats before, now;

	for (unsigned sent = 0; sent < 4; sent++) {
		begin_file(4);
		ws_stats(server, &before);
		for (unsigned i = 0; i < sent; i++) {
			cr_assert_not(pass_and_pong(20));
			put_frame(0x82, octets, sizeof(octets));
		}
		cr_assert_not(pass_and_pong(28), "after %u", sent);
		ws_stats(server, &now);
		cr_assert_geq(
		    now.memory, before.memory + sent * sizeof(octets));
		cr_assert(pass_and_pong(6), "after %u", sent);
		cr_assert_eq(events, 0);
		pass(60000);
		ws_stats(server, &now);
		cr_assert_eq(now.connections, 0);
		cr_assert_lt(now.memory, before.memory);
		end();
	}
}
