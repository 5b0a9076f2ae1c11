/* address.h - addresses of peers, and their text. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ADDRESS_H
#define WS_ADDRESS_H

#include <stdint.h>

/* An address in the smallest form: a mapped IPv4 or an IPv6 one. */
struct ws_peer {
	uint8_t ip[16];
	uint16_t port;  /* host order */
	uint8_t family; /* 4, 6, or 0 for a unix socket */
};

#define WS_PEER_TEXT 56 /* "[ffff:...]:65535" and its NUL */

/* Write an address as text, "192.0.2.1:80", "[2001:db8::1]:80" or "unix".
 * IPv6 addresses are in the form of RFC 5952 section 4. */
void ws_peer_text(const struct ws_peer *peer, char text[WS_PEER_TEXT]);

/* Write the address of a peer without its port: "192.0.2.1", "2001:db8::1", or
 * "unix". */
void ws_peer_ip_text(const struct ws_peer *peer, char text[WS_PEER_TEXT]);

#endif
