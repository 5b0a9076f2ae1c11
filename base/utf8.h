/* utf8.h - resumable UTF-8 validation (RFC 3629). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_UTF8_H
#define WS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The two states a caller needs to know. Any other value means that the
 * octets so far are good but end inside a character. States fit an octet. */
enum {
	WS_UTF8_ACCEPT = 0, /* the octets so far are whole characters */
	WS_UTF8_REJECT = 1, /* the octets so far can never become UTF-8 */
};

/* Check more octets of one text.
 *   state      WS_UTF8_ACCEPT for a new text, or what the last call returned
 *   data, len  borrowed; may end anywhere, also inside a character
 * Returns the state after these octets; WS_UTF8_REJECT as soon as the first
 * octet that no valid text could continue with, and it stays rejected.
 * A text is valid when the last call returned WS_UTF8_ACCEPT.
 * RFC 3629 section 4: no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
uint8_t ws_utf8_check(uint8_t state, const void *data, size_t len);

/* Measure the character that a text begins with.
 *   text, len  borrowed; at least one octet
 * Returns how many octets the character has, 1 to 4. When the text begins with
 * no character, returns minus the number of octets to skip: those that began a
 * character which then was cut off, or 1. Whoever writes one U+FFFD for each
 * such run does as the WHATWG's decoder does (Encoding Standard section 8.1.1).
 * RFC 3629 section 4. */
int ws_utf8_char_len(const char *text, size_t len);

#endif
