/* address.c - addresses of peers, and their text. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

void
ws_peer_text(const struct ws_peer *peer, char text[WS_PEER_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "";

	if (peer->family == 0)
		(void)snprintf(text, WS_PEER_TEXT, "unix");
	else if (peer->family == 4) {
		(void)inet_ntop(AF_INET, peer->ip + 12, ip, sizeof(ip));
		(void)snprintf(text, WS_PEER_TEXT, "%s:%u", ip, peer->port);
	} else {
		(void)inet_ntop(AF_INET6, peer->ip, ip, sizeof(ip));
		(void)snprintf(text, WS_PEER_TEXT, "[%s]:%u", ip, peer->port);
	}
}
