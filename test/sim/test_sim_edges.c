/* test_sim_edges.c - the exact point at which a rule begins to hold. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"
#include "sim.h"

enum {
	CLIENT = 0x7f000001,
	PING_MS = 3000,
	PONG_MS = 2000,
};

#define SHAKE(path)                                                    \
	"GET " path " HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"         \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static struct ws_server *server;
static struct ws_conn *opened;
static char answer[2048];

static int64_t
never(int64_t now_ms)
{
	(void)now_ms;
	return INT64_MAX;
}

static void
on_open(struct ws_conn *conn)
{
	opened = conn;
}

static void
on_request(struct ws_request *request)
{
	(void)ws_reply(request, 200, "text/plain", "good", 4);
}

static void
begin(const struct ws_options *options)
{
	static const struct ws_handler sink = { .open = on_open };

	sim_seed(1, NULL, 0);
	*sim_begin() = (struct sim_weather){ .socket_octets = 65536,
		.descriptors = 64,
		.batch = 64,
		.act = never };
	server = ws_server_new(options);
	cr_assert_not_null(server);
	cr_assert_eq(ws_endpoint(server, "/ws", &sink, NULL), 0);
	cr_assert_eq(ws_http(server, "/http", "GET, PUT", on_request, NULL), 0);
	cr_assert_eq(ws_listen(server, "sim"), 0);
}

static void
end(void)
{
	ws_server_free(server);
	sim_end();
}

static void
pass(int64_t ms)
{
	int64_t until = sim_now() + ms;

	while (sim_now() < until)
		cr_assert_eq(ws_step(server, (int)(until - sim_now())), 0);
}

/* Connect, send octets, and read what comes in a second into answer. */
static struct sim_wire *
ask(uint32_t ipv4, const char *request)
{
	struct sim_wire *wire = sim_connect(ipv4, 1);
	size_t len = strlen(request);

	cr_assert_not_null(wire);
	cr_assert_eq(sim_write(wire, request, len), len);
	pass(1000);
	answer[sim_read(wire, answer, sizeof(answer) - 1)] = '\0';
	return wire;
}

static int
status(void)
{
	return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

/* ---- TCP_USER_TIMEOUT --------------------------------------------------- */

/* RFC 5482: the system gives a peer up when the server would, after the silence
 * until a ping and the one after it. */
Test(sim_edges, the_system_waits_as_long_as_ping_and_pong)
{
	static const struct {
		int ping_ms, pong_ms;
		unsigned timeout_ms;
	} rows[] = {
		{ 3000, 2000, 5000 }, { 1000, 4000, 5000 }, { 1, 1, 2 },
		{ 0, 0, 45000 }, /* the defaults */
		{ -1, 2000, 0 }, /* no pings */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_options options = { .log_level = -1,
			.ping_ms = rows[i].ping_ms,
			.pong_ms = rows[i].pong_ms };

		begin(&options);
		cr_expect_eq(sim_user_timeout(), rows[i].timeout_ms,
		    "%d + %d: %u", rows[i].ping_ms, rows[i].pong_ms,
		    sim_user_timeout());
		end();
	}
}

/* ---- Allow --------------------------------------------------------------- */

/* Return whether a field is there as it should be, or missing as it should. */
static bool
has(const char *field, const char *wanted)
{
	if (field == NULL || wanted == NULL)
		return field == wanted;
	return strncmp(field, wanted, strlen(wanted)) == 0;
}

/* RFC 9110 section 10.2.1: with 405, and with no other refusal. RFC 6455 section
 * 4.4: the version with 426, and with no other. */
Test(sim_edges, rfc9110_10_2_1_allow_comes_with_405_alone)
{
	static const struct ws_options options = { .log_level = -1 };
	static const struct {
		const char *request;
		int status;
		const char *allow, *version;
	} rows[] = {
		{ SHAKE("/ws"), 101, NULL, NULL },
		{ SHAKE("/none"), 404, NULL, NULL },
		{ "POST /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		    405, "Allow: GET\r\n", NULL },
		{ "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		    426, NULL, "Sec-WebSocket-Version: 13\r\n" },
		{ "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		  "Sec-WebSocket-Key: short\r\n\r\n",
		    400, NULL, NULL },
		{ "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		  "Origin: http://other\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		    403, NULL, NULL },
		{ "GET /ws HTTP/1.1\r\nHost: sim\r\n\r\n", 426, NULL,
		    "Sec-WebSocket-Version: 13\r\n" },
		{ "GET /http HTTP/1.1\r\nHost: sim\r\n\r\n", 200, NULL, NULL },
		{ "GET /none HTTP/1.1\r\nHost: sim\r\n\r\n", 404, NULL, NULL },
		{ "POST /http HTTP/1.1\r\nHost: sim\r\n"
		  "Content-Length: 0\r\n\r\n",
		    405, "Allow: GET, PUT, HEAD\r\n", NULL },
		{ "CONNECT sim:80 HTTP/1.1\r\nHost: sim\r\n\r\n", 405,
		    "Allow: ", NULL },
		{ "TRACE /http HTTP/1.1\r\nHost: sim\r\n\r\n", 405,
		    "Allow: ", NULL },
	};

	begin(&options);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_wire *wire = ask(CLIENT, rows[i].request);
		const char *allow = strstr(answer, "Allow: ");
		const char *version = strstr(answer, "Sec-WebSocket-Version: ");

		sim_drop(wire);
		cr_expect_eq(
		    status(), rows[i].status, "row %zu: %s", i, answer);
		cr_expect(has(allow, rows[i].allow), "row %zu: %s", i, answer);
		cr_expect(
		    has(version, rows[i].version), "row %zu: %s", i, answer);
	}
	end();
}

/* ---- limits of bodies ---------------------------------------------------- */

static int early_calls;

static void
on_early(struct ws_request *request)
{
	(void)request;
	early_calls++;
}

/* A path may be a WebSocket's and a handler's, whichever came first: the limits
 * are the handler's, and a path that is a WebSocket's alone has none. */
Test(sim_edges, the_limits_of_a_body_are_those_of_the_handler)
{
	static const struct ws_options options = { .log_level = -1 };
	static const struct ws_handler sink = { .open = on_open };
	static const char *const paths[] = { "/both", "/also" };
	char request[256];

	begin(&options);
	cr_assert_eq(ws_endpoint(server, "/both", &sink, NULL), 0);
	cr_assert_eq(ws_http(server, "/both", NULL, on_request, NULL), 0);
	cr_assert_eq(ws_http(server, "/also", NULL, on_request, NULL), 0);
	cr_assert_eq(ws_endpoint(server, "/also", &sink, NULL), 0);
	cr_assert_eq(
	    ws_http_body(server, "/ws", 10, on_early, NULL), WS_EINVAL);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(
		    ws_http_body(server, paths[i], 10, on_early, NULL), 0);
		for (int octets = 10; octets <= 11; octets++) {
			early_calls = 0;
			(void)snprintf(request, sizeof(request),
			    "POST %s HTTP/1.1\r\nHost: sim\r\n"
			    "Content-Length: %d\r\n\r\n%.*s",
			    paths[i], octets, octets, "0123456789a");
			sim_drop(ask(CLIENT, request));
			cr_expect_eq(status(), octets <= 10 ? 200 : 413,
			    "%s, %d octets: %s", paths[i], octets, answer);
			cr_expect_eq(early_calls, 1);
		}
	}
	sim_drop(ask(CLIENT, "PUT /http HTTP/1.1\r\nHost: sim\r\n"
			     "Content-Length: 11\r\n\r\n0123456789a"));
	cr_expect_eq(status(), 200);
	end();
}

/* ---- peers without an address -------------------------------------------- */

/* Clients of a unix socket are a proxy's, which counts them itself. */
Test(sim_edges, peers_without_an_address_are_not_counted)
{
	static const struct ws_options options = { .log_level = -1,
		.max_per_ip = 1 };
	struct sim_wire *wires[6];

	begin(&options);
	for (size_t i = 0; i < 6; i++) {
		bool local = i % 2 == 0;

		wires[i] = ask(local ? 0 : CLIENT, SHAKE("/ws"));
		cr_expect_eq(status(), local || i == 1 ? 101 : 429,
		    "client %zu: %s", i, answer);
	}
	for (size_t i = 0; i < 6; i++)
		sim_drop(wires[i]);
	pass(1000);
	for (size_t i = 0; i < 3; i++) {
		sim_drop(ask(CLIENT, "GET /http HTTP/1.1\r\nHost: sim\r\n"
				     "Connection: close\r\n\r\n"));
		cr_expect_eq(status(), 200, "%s", answer);
		pass(1000);
	}
	end();
}

/* Memory that is out for a connection leaves no count of it behind. */
Test(sim_edges, a_client_that_memory_fails_is_not_counted)
{
	static const struct ws_options options = { .log_level = -1,
		.max_per_ip = 1 };
	static const char request[] = "GET /http HTTP/1.1\r\nHost: sim\r\n"
				      "Connection: close\r\n\r\n";
	struct sim_weather *weather;
	size_t asked;

	begin(&options);
	sim_drop(ask(CLIENT, request));
	cr_expect_eq(status(), 200);
	for (size_t nth = 1; nth < 8; nth++) {
		weather = sim_weather();
		asked = sim_allocations();
		weather->scarce_nth = asked + nth;
		sim_drop(ask(CLIENT, request));
		weather->scarce_nth = 0;
		pass(1000);
		sim_drop(ask(CLIENT, request));
		cr_expect_eq(status(), 200, "allocation %zu: %s", nth, answer);
		pass(1000);
	}
	end();
}

/* ---- silence --------------------------------------------------------------- */

static int64_t
silence_ms(void)
{
	return (
	    uint32_t)((uint32_t)server->core.loop.now_ms - opened->heard_ms);
}

/* Open a WebSocket, have it say something after a time, and then nothing.
 *   ping_ms  receives the silence at which it was pinged
 * Returns the silence at which it was given up. */
static int64_t
keep_silent(int64_t talk_ms, int64_t *ping_ms)
{
	static const uint8_t pong[6] = { 0x8A, 0x80 };
	uint8_t got[16];
	struct sim_wire *wire = ask(CLIENT, SHAKE("/ws"));
	size_t connections = server->conns_count;
	int64_t last_ms = 0;

	cr_assert_eq(status(), 101);
	pass(talk_ms);
	cr_assert_eq(sim_write(wire, pong, sizeof(pong)), sizeof(pong));
	*ping_ms = 0;
	do {
		cr_assert_eq(ws_step(server, 1), 0);
		if (server->conns_count < connections)
			break;
		last_ms = silence_ms();
		if (*ping_ms == 0 && opened->pinged)
			*ping_ms = last_ms;
	} while (true);
	cr_assert_gt(sim_read(wire, got, sizeof(got)), 0);
	cr_expect_eq(got[0], 0x89);
	sim_drop(wire);
	pass(1000);
	return last_ms;
}

/* A peer is pinged once its silence has lasted as long as it may, not a look
 * later, and never before. RFC 6455 section 5.5.2. */
Test(sim_edges, rfc6455_5_5_2_a_ping_comes_when_the_silence_is_full)
{
	static const struct ws_options options = {
		.log_level = -1, .ping_ms = PING_MS, .pong_ms = PONG_MS
	};
	int64_t ping, given_up;
	int exact = 0;

	begin(&options);
	for (int64_t talk_ms = 1; talk_ms < 300; talk_ms++) {
		given_up = keep_silent(talk_ms, &ping);
		cr_expect_geq(ping, PING_MS);
		cr_expect_lt(ping, PING_MS + 300, "%lld", (long long)ping);
		cr_expect_geq(given_up, PING_MS + PONG_MS - 1);
		cr_expect_lt(given_up, PING_MS + PONG_MS + 300);
		exact += ping == PING_MS;
	}
	cr_expect_gt(exact, 0);
	end();
}
