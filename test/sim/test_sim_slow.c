/* test_sim_slow.c - messages that come slowly, in simulated time. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "sim.h"
#include "websocket/frame.h"
#include "ws.h"

#define SECONDS_MAX 400

static struct ws_server *server;
static struct sim_wire *wire;
static size_t messages;

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

/* Let time pass. */
static void
pass(int64_t ms)
{
	int64_t until = sim_now() + ms;

	while (sim_now() < until)
		cr_assert_eq(ws_step(server, (int)(until - sim_now())), 0);
}

static void
begin(int ping_ms)
{
	static const struct ws_handler handler = { .message = on_message };
	static const char request[] = "GET /sink HTTP/1.1\r\nHost: sim\r\n"
				      "Upgrade: websocket\r\n"
				      "Connection: Upgrade\r\n"
				      "Sec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: "
				      "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct ws_options options = { .log_level = -1, .ping_ms = ping_ms };
	char answer[512];

	sim_seed(1, NULL, 0);
	*sim_begin() = (struct sim_weather){ .socket_octets = 65536,
		.descriptors = 64,
		.batch = 64,
		.act = never };
	server = ws_server_new(&options);
	cr_assert_not_null(server);
	cr_assert_eq(ws_endpoint(server, "/sink", &handler, NULL), 0);
	cr_assert_eq(ws_listen(server, "sim"), 0);
	wire = sim_connect(0x7f000001, 1);
	cr_assert_not_null(wire);
	cr_assert_eq(
	    sim_write(wire, request, sizeof(request) - 1), sizeof(request) - 1);
	pass(1000);
	cr_assert(sim_read(wire, answer, sizeof(answer)) > 12);
	cr_assert_eq(memcmp(answer, "HTTP/1.1 101", 12), 0);
	messages = 0;
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
