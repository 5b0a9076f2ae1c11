/* namespaces.h - the Socket.IO namespaces that wsd offers. */
/* SPDX-License-Identifier: MIT */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include "config.h"
#include "sio/sio.h"

/* Add the namespaces of the program: "/", "/chat", "/ticker" and
 * "/relay/NAME".
 *   relays  namespaces that pass every event on, in place of what they do
 *           otherwise; a name with a '*' is a pattern
 * Returns 0 or -1 when out of memory. */
int namespaces_add(struct sio *io, const struct config_places *relays);

#endif
