/* counts.h - telling the clients of a namespace how many they are. */
/* SPDX-License-Identifier: MIT */
#ifndef COUNTS_H
#define COUNTS_H

#include "sio/sio.h"

/* The events that carry the number of clients. */
struct counts_events {
	const char *more;   /* after somebody came */
	const char *less;   /* after somebody left; may be the same */
	const char *format; /* of the number, a size_t, for sio_emit */
};

/* Have the clients of a namespace told their number when it changes.
 *   events  static
 * Returns 0, or a negative enum ws_error. */
int counts_add(struct sio_nsp *nsp, const struct counts_events *events);

#endif
