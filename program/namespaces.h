/* namespaces.h - the Socket.IO namespaces that wsd offers. */
/* SPDX-License-Identifier: MIT */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include "sio/sio.h"

/* Add the namespaces of the program: "/", "/chat", "/ticker" and
 * "/relay/NAME". Returns 0 or -1 when out of memory. */
int namespaces_add(struct sio *io);

#endif
