/* base64.h - base64 with the standard alphabet (RFC 4648 section 4). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_BASE64_H
#define WS_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Characters that len octets are encoded to, padding included. */
#define WS_BASE64_ENCODED(len) (((len) + 2) / 3 * 4)

/* Octets that len characters can at most be decoded to. */
#define WS_BASE64_DECODED(len) ((len) / 4 * 3)

/* Encode octets.
 *   in, len  borrowed
 *   out      room for WS_BASE64_ENCODED(len) characters; not terminated
 * Returns the number of characters written. RFC 4648 section 4. */
size_t ws_base64_encode(const void *in, size_t len, char *out);

/* Decode a whole base64 text, strictly: padding is required, nothing may
 * follow it, the unused bits before it must be zero, white space is refused.
 *   in, len  borrowed
 *   out      room for WS_BASE64_DECODED(len) octets
 * Returns the number of octets written, or -1 when in is not canonical
 * base64. RFC 4648 sections 3.3, 3.5 and 4. */
ssize_t ws_base64_decode(const char *in, size_t len, uint8_t *out);

/* Decode a text in the way of MIME, as Node.js does: both alphabets, line ends
 * and all other foreign characters are skipped, padding may be missing, and
 * nothing behind it counts.
 *   in, len  borrowed
 *   out      room for WS_BASE64_DECODED(len) + 2 octets; may be in itself
 * Returns the number of octets written. RFC 2045 section 6.8, RFC 4648 section
 * 5. */
size_t ws_base64_read(const char *in, size_t len, uint8_t *out);

#endif
