/* ids.c - random identifiers of sockets. */
/* SPDX-License-Identifier: MIT */
/*
 * An identifier is random, 20 characters of base64 with the alphabet for URLs,
 * so that nobody can guess another client's. In protocol v4 the name of the
 * namespace may stand before it. So the characters at its end are hashed: they
 * are random in any case, and a hash without a secret key is good enough.
 */
#include <string.h>

#include "ids.h"
#include "sio/engine/sid.h"
#include "ws.h"

#define HASHED 10 /* characters at the end of an identifier: 60 bits */

bool
sio_ids_draw(struct sio_ids *ids, char id[SIO_ID_LEN + 1])
{
	if (ids->left == 0) {
		if (ws_random(ids->random, sizeof(ids->random)) < 0)
			return false;
		ids->left = sizeof(ids->random) / SIO_ID_OCTETS;
	}
	ids->left--;
	eio_sid_write(ids->random + ids->left * SIO_ID_OCTETS, id);
	id[SIO_ID_LEN] = '\0';
	return true;
}

uint32_t
sio_ids_hash(const char *id)
{
	size_t len = strlen(id);
	uint32_t hash = 0;

	for (size_t i = len > HASHED ? len - HASHED : 0; i < len; i++)
		hash = hash * 61 + (unsigned char)id[i];
	return hash ^ hash >> 17;
}
