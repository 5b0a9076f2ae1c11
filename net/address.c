/* address.c - addresses of peers, and their text.
 *
 * An IPv6 address is eight groups of 16 bits. RFC 5952 section 4 has one text
 * for each: hexadecimal in lower case without leading zeros, and "::" for the
 * longest run of two zero groups or more, the first of equal ones.
 *
 *     2001:0db8:0000:0000:0001:0000:0000:0001    2001:db8::1:0:0:1
 */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "address.h"
#include "base/bytes.h"
#include "base/print.h"

#define GROUPS 8

/* The longest run of zero groups. Returns its length, and where it begins. */
static int
longest_zeros(const uint8_t *ip, int *first)
{
	int best = 0, run = 0;

	for (int i = 0; i < GROUPS; i++) {
		run = ws_load16(ip + 2 * i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*first = i + 1 - run;
		}
	}
	return best;
}

/* Returns where the text ends. */
static char *
print_v6(char *at, const uint8_t *ip)
{
	int first = GROUPS, zeros = longest_zeros(ip, &first);

	if (zeros < 2)
		first = GROUPS;
	for (int i = 0; i < GROUPS; i++) {
		if (i == first) {
			*at++ = ':';
			i += zeros - 1;
			if (i == GROUPS - 1)
				*at++ = ':';
			continue;
		}
		if (i > 0)
			*at++ = ':';
		at += ws_print(at, sizeof("ffff"), "%x", ws_load16(ip + 2 * i));
	}
	return at;
}

void
ws_peer_text(const struct ws_peer *peer, char text[WS_PEER_TEXT])
{
	const uint8_t *v4 = peer->ip + 12;
	char *end;

	if (peer->family == 0)
		(void)ws_print(text, WS_PEER_TEXT, "unix");
	else if (peer->family == 4)
		(void)ws_print(text, WS_PEER_TEXT, "%u.%u.%u.%u:%u", v4[0],
		    v4[1], v4[2], v4[3], peer->port);
	else {
		text[0] = '[';
		end = print_v6(text + 1, peer->ip);
		(void)ws_print(end, (size_t)(text + WS_PEER_TEXT - end), "]:%u",
		    peer->port);
	}
}

bool
ws_peer_local(const struct ws_peer *peer)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (peer->family == 6)
		return memcmp(peer->ip, loopback, 16) == 0;
	return peer->family == 0 || peer->ip[12] == 127;
}
