/* bundle.h - the client for browsers, served below the path of the server. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_BUNDLE_H
#define SIO_BUNDLE_H

#include "sio.h"

/* Serve the client.
 *   path  of the server, copied
 *   file  the application's own client, a directory of official builds or one
 *         script; or NULL for the built-in one
 * Returns 0; or a negative number, perhaps with errno set. */
int sio_bundle_new(struct sio *io, const char *path, const char *file);

/* Release what was served. NULL is allowed in io->bundle. */
void sio_bundle_free(struct sio *io);

#endif
