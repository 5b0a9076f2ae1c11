/* ids.h - random identifiers of sockets. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_IDS_H
#define SIO_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define SIO_ID_OCTETS 15 /* of randomness: 120 bits */
#define SIO_ID_LEN 20    /* the same in base64url */

/* Randomness is asked for 16 identifiers at a time, since each call is a
 * system call. All zero, nothing has been drawn. */
struct sio_ids {
	uint8_t random[16 * SIO_ID_OCTETS];
	unsigned left; /* identifiers that random still has */
};

/* Write a new identifier with a NUL. Returns false when the system has no
 * randomness. */
bool sio_ids_draw(struct sio_ids *ids, char id[SIO_ID_LEN + 1]);

/* Hash an identifier, which may be the one of protocol 4, "/nsp#...". Only its
 * end is looked at: that is random in every protocol, and chosen by us, so no
 * client can make many sockets meet in one bucket. */
uint32_t sio_ids_hash(const char *id);

#endif
