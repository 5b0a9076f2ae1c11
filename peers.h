/* peers.h - how many connections each address has. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PEERS_H
#define WS_PEERS_H

#include <stddef.h>
#include <stdint.h>

struct ws_peers;

/* Create a table.
 *   key  16 octets of randomness
 * Returns NULL when memory is out. */
struct ws_peers *ws_peers_new(const uint8_t key[16]);

/* Release a table. NULL is allowed. */
void ws_peers_free(struct ws_peers *peers);

/* Count one connection more of an address.
 *   ip  16 octets; an IPv4 address is mapped, and of an IPv6 address only the
 *       first 64 bits count, because one customer has them all
 * Returns how many it has now, or 0 when memory is out (it is not counted). */
unsigned ws_peers_add(struct ws_peers *peers, const uint8_t ip[16]);

/* Count one connection less. */
void ws_peers_drop(struct ws_peers *peers, const uint8_t ip[16]);

#endif
