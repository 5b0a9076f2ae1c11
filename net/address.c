/* address.c - addresses of peers, and their text. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "address.h"

void
ws_peer_ip_text(const struct ws_peer *peer, char text[WS_PEER_TEXT])
{
	if (peer->family == 0)
		(void)snprintf(text, WS_PEER_TEXT, "unix");
	else if (peer->family == 4)
		(void)inet_ntop(AF_INET, peer->ip + 12, text, WS_PEER_TEXT);
	else
		(void)inet_ntop(AF_INET6, peer->ip, text, WS_PEER_TEXT);
}

void
ws_peer_text(const struct ws_peer *peer, char text[WS_PEER_TEXT])
{
	char ip[WS_PEER_TEXT] = "";

	ws_peer_ip_text(peer, ip);
	if (peer->family == 0)
		(void)snprintf(text, WS_PEER_TEXT, "%s", ip);
	else if (peer->family == 4)
		(void)snprintf(text, WS_PEER_TEXT, "%.15s:%u", ip, peer->port);
	else
		(void)snprintf(
		    text, WS_PEER_TEXT, "[%.45s]:%u", ip, peer->port);
}
