/* zpeer.h - the other side of permessage-deflate, by zlib (RFC 7692). */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_ZPEER_H
#define TEST_ZPEER_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define ZPEER_ROOM (3 << 20)

/* A client: what it agreed on, and its two streams. */
struct zpeer {
	z_stream out, in;
	int keeps_out, keeps_in; /* takes over its context, or its server's */
	uint8_t *room;           /* owned: what was made last */
};

/* Begin a peer in place: zlib keeps the address of its structures.
 *   out_bits  of its own window, 9 to 15
 *   in_bits   of its server's, 8 to 15 */
void zpeer_init(
    struct zpeer *p, int out_bits, int in_bits, int keeps_out, int keeps_in);

void zpeer_fini(struct zpeer *p);

/* Compress a message. Returns its octets, which are in p->room. */
size_t zpeer_deflate(struct zpeer *p, const void *data, size_t len);

/* Inflate a payload, in pieces that are small beside any window: only then does
 * zlib refuse a distance that is too long. Returns the octets of the message,
 * which are in p->room. */
size_t zpeer_inflate(struct zpeer *p, const void *payload, size_t len);

#endif
