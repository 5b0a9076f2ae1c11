/* crc32.h - CRC-32 of ISO 3309, for gzip (RFC 1952 section 8). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_CRC32_H
#define WS_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Add octets to a checksum; any split of a text gives the same.
 *   crc        0 for a new text, or what the last call returned
 *   data, len  borrowed; data may be NULL when len is 0
 * Returns the checksum of all octets so far, as the trailer of a gzip file has
 * it (low octet first there). RFC 1952 section 8. */
uint32_t ws_crc32(uint32_t crc, const void *data, size_t len);

#endif
