/* test_peers.c - how many connections each address has. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "server/peers.h"
#include "test/scarce.h"

static const uint8_t key[16] = "a test, not luck";

/* Addresses as a peer has them: IPv4 is mapped. */
static void
v4(uint8_t ip[16], uint32_t address)
{
	memset(ip, 0, 16);
	ip[10] = ip[11] = 0xff;
	ws_store32(ip + 12, address);
}

static void
v6(uint8_t ip[16], uint64_t network, uint64_t host)
{
	ws_store64(ip, network);
	ws_store64(ip + 8, host);
}

Test(peers, counts_up_and_down)
{
	struct ws_peers *peers = ws_peers_new(key);
	uint8_t a[16], b[16];

	v4(a, 0xc0000201);
	v4(b, 0xc0000202);
	for (unsigned n = 1; n <= 5; n++) {
		cr_assert_eq(ws_peers_add(peers, a), n);
		cr_assert_eq(ws_peers_add(peers, b), n);
	}
	ws_peers_drop(peers, a);
	ws_peers_drop(peers, a);
	cr_assert_eq(ws_peers_add(peers, a), 4);
	cr_assert_eq(ws_peers_add(peers, b), 6);
	ws_peers_free(peers);
	cr_assert_eq(scarce_blocks, 0);
}

/* Of IPv6 the first 64 bits are one customer; of IPv4 all bits. */
Test(peers, an_ipv6_network_is_one_peer)
{
	static const uint64_t network = 0x20010db800000001;
	static const struct {
		const char *name;
		uint64_t network, host;
		unsigned count;
	} rows[] = {
		{ "another host", network, 2, 2 },
		{ "a host of all ones", network, UINT64_MAX, 2 },
		{ "the next network", network + 1, 1, 1 },
		{ "the network before", network - 1, 1, 1 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct ws_peers *peers = ws_peers_new(key);
		uint8_t ip[16];

		v6(ip, network, 1);
		cr_assert_eq(ws_peers_add(peers, ip), 1);
		v6(ip, rows[i].network, rows[i].host);
		cr_assert_eq(
		    ws_peers_add(peers, ip), rows[i].count, "%s", rows[i].name);
		ws_peers_free(peers);
	}
}

/* IPv4 addresses share their first 64 bits with each other and with ::1; that
 * must not make one peer of them. */
Test(peers, ipv4_is_not_an_ipv6_network)
{
	struct ws_peers *peers = ws_peers_new(key);
	uint8_t ip[16];

	v4(ip, 0x7f000001);
	cr_assert_eq(ws_peers_add(peers, ip), 1);
	v4(ip, 0x7f000002);
	cr_assert_eq(ws_peers_add(peers, ip), 1);
	v6(ip, 0, 1);
	cr_assert_eq(ws_peers_add(peers, ip), 1);
	v6(ip, 0, 2);
	cr_assert_eq(ws_peers_add(peers, ip), 2);
	ws_peers_free(peers);
}

Test(peers, an_address_without_connections_is_forgotten)
{
	struct ws_peers *peers = ws_peers_new(key);
	long empty = scarce_blocks;
	uint8_t ip[16];

	v4(ip, 1);
	ws_peers_drop(peers, ip); /* never counted: left alone */
	cr_assert_eq(ws_peers_add(peers, ip), 1);
	cr_assert_eq(ws_peers_add(peers, ip), 2);
	ws_peers_drop(peers, ip);
	cr_assert_gt(scarce_blocks, empty);
	ws_peers_drop(peers, ip);
	cr_assert_eq(scarce_blocks, empty);
	ws_peers_drop(peers, ip);
	cr_assert_eq(ws_peers_add(peers, ip), 1);
	ws_peers_free(peers);
	ws_peers_free(NULL);
	cr_assert_eq(scarce_blocks, 0);
}

/* Many addresses, through several growths of the table. */
Test(peers, counts_twenty_thousand_addresses)
{
	enum {
		MANY = 20000
	};
	struct ws_peers *peers = ws_peers_new(key);
	long empty = scarce_blocks;
	uint8_t ip[16];

	for (unsigned round = 1; round <= 3; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			if (i & 1)
				v4(ip, i);
			else
				v6(ip, (uint64_t)i << 24, i);
			cr_assert_eq(ws_peers_add(peers, ip), round, "%u", i);
		}
	}
	cr_assert_eq(scarce_blocks, empty + MANY);
	for (unsigned round = 1; round <= 3; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			if (i & 1)
				v4(ip, i);
			else
				v6(ip, (uint64_t)i << 24, 7);
			ws_peers_drop(peers, ip);
		}
	}
	cr_assert_eq(scarce_blocks, empty);
	ws_peers_free(peers);
	cr_assert_eq(scarce_blocks, 0);
}

/* Every allocation fails once: the address is not counted, or the table stays
 * small; what was counted stays right. */
Test(peers, no_memory_loses_no_count)
{
	size_t nth = 0;
	bool met = true;

	while (met) {
		struct ws_peers *peers;
		unsigned refused = 0;
		uint8_t ip[16];

		scarce(++nth);
		peers = ws_peers_new(key);
		if (peers == NULL) {
			cr_assert_leq(nth, 2);
			cr_assert_eq(scarce_blocks, 0);
			continue;
		}
		for (uint32_t i = 0; i < 300; i++) {
			v4(ip, i);
			refused += ws_peers_add(peers, ip) == 0;
		}
		met = scarce_calls >= nth;
		cr_assert_leq(refused, 1, "%zu", nth);
		scarce(0);
		for (uint32_t i = 0; i < 300; i++) {
			unsigned count;

			v4(ip, i);
			count = ws_peers_add(peers, ip);
			refused -= count == 1;
			cr_assert(count == 1 || count == 2);
		}
		cr_assert_eq(refused, 0, "%zu", nth);
		ws_peers_free(peers);
		cr_assert_eq(scarce_blocks, 0);
	}
	cr_assert_gt(nth, 300);
}

Test(peers, admits_up_to_a_limit_and_again_after_one_has_left)
{
	struct ws_peers *peers = ws_peers_new(key);
	uint8_t ip[16];

	v6(ip, 1, 2);
	cr_assert_eq(ws_peers_admit(peers, ip, 2), 0);
	cr_assert_eq(ws_peers_admit(peers, ip, 2), 0);
	cr_assert_eq(ws_peers_admit(peers, ip, 2), 429);
	cr_assert_eq(ws_peers_admit(peers, ip, 2), 429, "it is not counted");
	ws_peers_drop(peers, ip);
	cr_assert_eq(ws_peers_admit(peers, ip, 2), 0);
	ws_peers_drop(peers, ip);
	ws_peers_drop(peers, ip);
	ws_peers_free(peers);
}
