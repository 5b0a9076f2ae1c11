/* late.c - namespaces that a client may not know it has left. */
/* SPDX-License-Identifier: MIT */
/*
 *	server                           client
 *	41/admin,         ────╲ ╱────    42/admin,["save",1]
 *	                  ◀────╱ ╲───▶
 *
 * When the server disconnects a client from a namespace, packets for it may be
 * on the way already. They are ignored rather than treated as a protocol error,
 * until the client connects to that namespace again. Socket.IO protocol v5,
 * "Disconnection from a namespace"; the reference closes the connection.
 */
#include <string.h>

#include "base/mem.h"
#include "io.h"
#include "late.h"

/* One namespace; the newest one is first. */
struct sio_late {
	struct sio_late *next;
	size_t len;
	char name[];
};

/* Find a namespace. Returns what points to it, or to the end of the list. */
static struct sio_late **
find(struct sio_client *client, struct ws_span nsp)
{
	struct sio_late **link = &client->late;

	while (
	    *link != NULL && ((*link)->len != nsp.len ||
				 memcmp((*link)->name, nsp.at, nsp.len) != 0))
		link = &(*link)->next;
	return link;
}

static void
drop(struct sio_client *client, struct sio_late **link)
{
	struct sio_late *late = *link;

	if (late == NULL)
		return;
	*link = late->next;
	ws_memory_hold(client->io->server, -(long)(sizeof(*late) + late->len));
	ws_mem_free(late);
}

/* Forget the oldest ones above the number of namespaces that a client may be
 * in: by now the client has seen these DISCONNECTs. */
static void
drop_oldest(struct sio_client *client)
{
	struct sio_late **link = &client->late;

	for (unsigned n = 1; *link != NULL; n++) {
		if (n < client->io->max_namespaces)
			link = &(*link)->next;
		else
			drop(client, link);
	}
}

int
sio_late_ignore(struct sio_client *client, struct ws_span nsp)
{
	struct sio_late *late = ws_mem_resize(NULL, sizeof(*late) + nsp.len);

	if (late == NULL)
		return WS_ENOMEM;
	drop_oldest(client);
	late->len = nsp.len;
	memcpy(late->name, nsp.at, nsp.len);
	late->next = client->late;
	client->late = late;
	ws_memory_hold(client->io->server, (long)(sizeof(*late) + late->len));
	return 0;
}

bool
sio_late_is_ignored(struct sio_client *client, struct ws_span nsp)
{
	return *find(client, nsp) != NULL;
}

void
sio_late_forget(struct sio_client *client, struct ws_span nsp)
{
	drop(client, find(client, nsp));
}

void
sio_late_free(struct sio_client *client)
{
	while (client->late != NULL)
		drop(client, &client->late);
}
