/* peers.h - counts the connections of each address. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PEERS_H
#define WS_PEERS_H

#include <stddef.h>
#include <stdint.h>

struct ws_peers;

/* Find the part of an address that stands for its owner.
 *   ip     16 octets; an IPv4 address is mapped (RFC 4291 section 2.5.5.2)
 *   owner  receives all of an IPv4 address; of an IPv6 address the first 64
 *          bits, since one customer has a whole /64 (RFC 6177), and zeros */
void ws_peers_owner(const uint8_t ip[16], uint8_t owner[16]);

/* Create a table.
 *   key  16 octets of randomness
 * Returns NULL when out of memory. */
struct ws_peers *ws_peers_new(const uint8_t key[16]);

/* Release a table. NULL is allowed. */
void ws_peers_free(struct ws_peers *peers);

/* Count one more connection of an address.
 * Returns how many its owner has now, or 0 when out of memory (it is not
 * counted). */
unsigned ws_peers_add(struct ws_peers *peers, const uint8_t ip[16]);

/* Count one connection less. One of this address must have been counted. */
void ws_peers_drop(struct ws_peers *peers, const uint8_t ip[16]);

/* Count one more connection of an address, unless it would have more than max.
 * Returns 0, or the status to refuse it with: 429, or 503 when out of memory.
 * */
int ws_peers_admit(struct ws_peers *peers, const uint8_t ip[16], unsigned max);

#endif
