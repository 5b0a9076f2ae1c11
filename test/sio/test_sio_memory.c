/* test_sio_memory.c - what clients of Socket.IO have a server hold. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sio_app.h"

#define MIB (1 << 20)

static struct sio_options sio_settings;

static void
on_file(struct sio_socket *socket, struct sio_event *event)
{
	char number[24];
	size_t len;

	(void)sio_bytes(sio_arg(event, 0), &len);
	(void)snprintf(number, sizeof(number), "%zu", len);
	(void)sio_emit(socket, "got", "%s", number);
}

static void
on_tell(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	(void)sio_emit_to(
	    sio_all(sio_nsp_of(socket)), "told", "...%p", (void *)&args);
}

static void
setup(struct ws_server *server)
{
	struct sio_nsp *nsp;

	live_echo(server);
	io = sio_new(server, &sio_settings);
	cr_assert_not_null(io);
	nsp = sio_of(io, "/");
	cr_assert_eq(sio_on(nsp, "file", on_file), 0);
	cr_assert_eq(sio_on(nsp, "tell", on_tell), 0);
}

static void
begin(size_t memory)
{
	struct ws_options options = { .log_level = -1, .memory = memory };

	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(sio_memory, .fini = end, .timeout = 120);

static size_t
held(void)
{
	struct ws_stats stats;

	ws_stats(live.server, &stats);
	return stats.memory;
}

static void
until_gone(void)
{
	live_until_connections(&live, 0);
	live_pass(10);
}

Test(sio_memory, the_payload_of_a_connect_is_counted)
{
	static char packet[50000];
	struct client c;
	size_t before, with;
	int n = snprintf(packet, sizeof(packet), "0{\"token\":\"");

	begin(0);
	before = held();
	memset(packet + n, 'x', sizeof(packet) - (size_t)n - 3);
	memcpy(packet + sizeof(packet) - 3, "\"}", 3);
	c = peer_open(live.address, "EIO=4");
	with = held();
	cr_expect_gt(with, before);
	peer_send(&c, packet);
	(void)peer_expect(&c, "0{\"sid\":*");
	cr_expect_geq(held(), with + sizeof(packet) - 100);
	client_close(&c);
	until_gone();
	cr_expect_lt(held(), before + 4096);
}

Test(sio_memory, sessions_sockets_and_rooms_give_back_what_they_took)
{
	enum {
		MANY = 20
	};
	struct client all[MANY];
	size_t before, first;

	begin(0);
	for (int round = 0; round < 3; round++) {
		before = held();
		for (int i = 0; i < MANY; i++) {
			all[i] = peer_open(live.address, "EIO=4");
			(void)peer_connect(&all[i], "");
		}
		cr_expect_geq(held() - before, MANY * 500);
		for (int i = 0; i < MANY; i++)
			client_close(&all[i]);
		until_gone();
		if (round == 0)
			first = held();
	}
	cr_expect_leq(held(), first);
}

/* Announce an attachment too many, and send the others. */
static void
hold(struct client *c, const void *octets, size_t len)
{
	peer_send(c, "52-[\"file\",{\"_placeholder\":true,\"num\":0}]");
	peer_binary(c, octets, len);
}

Test(sio_memory, who_holds_most_in_attachments_is_ended_with_1013)
{
	enum {
		HOLDERS = 10,
		LONG = 300000
	};
	static char octets[LONG];
	struct client honest, small, large[HOLDERS];
	int ended = 0;

	begin(2 * MIB);
	honest = client_ws(live.address, "/echo");
	small = peer_open(live.address, "EIO=4");
	(void)peer_connect(&small, "");
	hold(&small, octets, 3000);
	for (int i = 0; i < HOLDERS; i++) {
		large[i] = peer_open(live.address, "EIO=4");
		(void)peer_connect(&large[i], "");
	}
	for (int i = 0; i < HOLDERS; i++) {
		hold(&large[i], octets, LONG);
		client_send_frame(&honest, CLIENT_FIN | 2, "here", 4);
		client_expect(&honest, CLIENT_FIN | 2, "here", 4);
	}
	live_pass(100);
	cr_assert_leq(held(), 2 * MIB);
	for (int i = 0; i < HOLDERS; i++) {
		if (!client_is_quiet(&large[i], 50)) {
			client_expect_close(&large[i], 1013, false);
			ended++;
		}
		client_close(&large[i]);
	}
	cr_assert_geq(ended, 2);
	cr_assert_lt(ended, HOLDERS);
	/* It holds less than the others, and goes on. */
	peer_binary(&small, "", 0);
	(void)peer_expect(&small, "2[\"got\",\"3000\"]");
	client_close(&small);
	client_close(&honest);
	until_gone();
	cr_assert_lt(held(), 100000);
}

Test(sio_memory, history_goes_before_anybody_is_ended)
{
	static char text[20000];
	struct client c, other;
	size_t before;

	sio_settings.recovery_ms = 60000;
	sio_settings.recovery_octets = 8 * MIB;
	begin(MIB);
	other = client_ws(live.address, "/echo");
	c = peer_open(live.address, "EIO=4");
	(void)peer_connect(&c, "");
	memset(text, 'x', sizeof(text));
	memcpy(text, "2[\"tell\",\"", 10);
	memcpy(text + sizeof(text) - 3, "\"]", 3);
	before = held();
	peer_send(&c, text);
	(void)peer_expect(&c, "2[\"told\",*");
	cr_expect_geq(held(), before + sizeof(text) - 100);
	for (int i = 0; i < 100; i++) {
		peer_send(&c, text);
		(void)peer_expect(&c, "2[\"told\",*");
		cr_expect_leq(held(), MIB + sizeof(text) * 2);
	}
	client_send_frame(&other, CLIENT_FIN | 2, "here", 4);
	client_expect(&other, CLIENT_FIN | 2, "here", 4);
	client_close(&other);
	client_close(&c);
}
