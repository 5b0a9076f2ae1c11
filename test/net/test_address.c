/* test_address.c - the text of addresses, by RFC 5952. */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "net/address.h"
#include "base/bytes.h"

static void
check(const char *ip, const char *expected)
{
	struct ws_peer peer = { .port = 80, .family = 6 };
	char text[WS_PEER_TEXT];

	cr_assert_eq(inet_pton(AF_INET6, ip, peer.ip), 1, "%s", ip);
	ws_peer_text(&peer, text);
	cr_assert_str_eq(text, expected);
}

/* RFC 5952 section 4: each rule, and where it might be taken too far. */
Test(address, rfc_5952)
{
	check("2001:0db8:0000:0000:0001:0000:0000:0001",
	    "[2001:db8::1:0:0:1]:80"); /* 4.2.3: the first of equal runs */
	check(
	    "2001:db8:0:0:1:0:0:0", "[2001:db8:0:0:1::]:80"); /* the longest */
	check("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:80"); /* 4.2.2 */
	check("2001:DB8::000A", "[2001:db8::a]:80"); /* 4.1, 4.3 */
	check("::", "[::]:80");
	check("::1", "[::1]:80");
	check("1::", "[1::]:80");
	check("0:1:0:0:1:0:1:0", "[0:1::1:0:1:0]:80");
	check("0:0:1:2:3:4:5:6", "[::1:2:3:4:5:6]:80");
	check("1:2:3:4:5:6:0:0", "[1:2:3:4:5:6::]:80");
	check("0:1:2:3:4:5:6:7", "[0:1:2:3:4:5:6:7]:80");
	check("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80");
}

/* Every pattern of zero groups: the text means the same address, and groups are
 * left out exactly where two or more zeros stand in a row. */
Test(address, every_text_reads_back)
{
	for (unsigned zeros = 0; zeros < 256; zeros++) {
		struct ws_peer peer = { .port = 65535, .family = 6 };
		char text[WS_PEER_TEXT], *end;
		uint8_t back[16];

		for (unsigned i = 0; i < 8; i++)
			if ((zeros >> i & 1) == 0)
				ws_store16(
				    peer.ip + 2 * i, (uint16_t)(0xa01 << i));
		ws_peer_text(&peer, text);
		end = strrchr(text, ']');
		cr_assert_str_eq(end, "]:65535", "%s", text);
		*end = '\0';
		cr_assert_eq(
		    inet_pton(AF_INET6, text + 1, back), 1, "%s", text);
		cr_assert_arr_eq(back, peer.ip, 16, "%s", text);
		cr_assert_eq(strstr(text, "::") != NULL,
		    (zeros & zeros >> 1) != 0, "%s", text);
	}
}

Test(address, other_families)
{
	struct ws_peer peer = { .ip = { [10] = 255, 255, 192, 0, 2, 255 },
		.port = 1,
		.family = 4 };
	char text[WS_PEER_TEXT];

	ws_peer_text(&peer, text);
	cr_assert_str_eq(text, "192.0.2.255:1");
	peer.family = 0;
	ws_peer_text(&peer, text);
	cr_assert_str_eq(text, "unix");
}
