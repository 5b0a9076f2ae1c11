/* fuzz_origin.c - origins, lists of them, and addresses. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/origin.h"
#include "net/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is an origin, a host and a list, with newlines between them; its
 * first octets are an address as well. */

static void
check(bool good)
{
	if (!good)
		abort();
}

/* A text of ours is one that the system reads as the same address. */
static void
check_address(const uint8_t *data, size_t size)
{
	struct ws_peer peer = { .family = 6, .port = 65535 };
	char text[WS_PEER_TEXT], alone[WS_PEER_TEXT];
	uint8_t again[16];

	memcpy(peer.ip, data, size < 16 ? size : 16);
	ws_peer_text(&peer, text);
	ws_peer_ip_text(&peer, alone);
	check(text[0] == '[' && strlen(text) < WS_PEER_TEXT);
	check(strncmp(text + 1, alone, strlen(alone)) == 0);
	check(inet_pton(AF_INET6, alone, again) == 1);
	check(memcmp(again, peer.ip, 16) == 0);
	peer.family = 4;
	ws_peer_ip_text(&peer, alone);
	check(inet_pton(AF_INET, alone, again) == 1);
	check(memcmp(again, peer.ip + 12, 4) == 0);
}

static struct ws_span
line(char **at)
{
	struct ws_span span = { *at, strcspn(*at, "\n") };

	*at += span.len;
	if (**at != '\0')
		*(*at)++ = '\0';
	return span;
}

/* Members lie inside their list; one that is an origin is on a list of it
 * alone. */
static void
check_list(const char *list, struct ws_span origin)
{
	const char *end = list + strlen(list), *rest = list;
	bool listed = ws_origin_listed(origin, list), found = false;
	struct ws_span member;

	while (ws_origin_next(&rest, &member)) {
		char *alone = malloc(member.len + 1);

		check(alone != NULL);
		check(member.len > 0 && member.at >= list);
		check(member.at + member.len <= rest && rest <= end);
		memcpy(alone, member.at, member.len);
		alone[member.len] = '\0';
		found |= ws_origin_listed(origin, alone);
		(void)ws_origin_is_pattern(member);
		free(alone);
	}
	check(listed == found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text;
	struct ws_span origin, host;

	check(text != NULL);
	check_address(data, size);
	memcpy(text, data, size);
	text[size] = '\0';
	origin = line(&at);
	host = line(&at);
	if (ws_origin_same(origin, host))
		check(origin.len > 0 && host.len > 0);
	check_list(at, origin);
	check(ws_origin_listed(WS_SPAN("null"), "*"));
	free(text);
	return 0;
}
