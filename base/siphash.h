/* siphash.h - SipHash-1-3, a keyed hash for tables that strangers fill. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SIPHASH_H
#define WS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash octets under a secret key: without the key, no peer can choose names
 * that fall into one bucket.
 *   key        16 octets of randomness
 *   data, len  borrowed
 * Returns the hash. Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF", with one compression and three finalization rounds. */
uint64_t ws_siphash(const uint8_t key[16], const void *data, size_t len);

#endif
