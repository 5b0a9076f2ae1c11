/* handshake.h - what a session keeps of its first request. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_HANDSHAKE_H
#define EIO_HANDSHAKE_H

#include "ws.h"

struct eio_handshake;

/* Keep the time, the address, the query and some fields of a request.
 *   fields  names with commas between them, or "*" for all
 * Returns them in one block, for ws_mem_free, or NULL when out of memory. */
struct eio_handshake *
eio_handshake_new(struct ws_request *request, const char *fields);

/* Return how many octets of memory it takes; 0 for NULL. */
size_t eio_handshake_octets(const struct eio_handshake *handshake);

#endif
