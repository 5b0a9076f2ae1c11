/* room_names.c - a walk over the rooms of a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 * ws.h knows the rooms of all namespaces, but the own room of a socket only once
 * it was used (socket.c). So the names come from two places. They are collected
 * first, since the application may make and end rooms while it visits them.
 */
#include <string.h>

#include "io.h"
#include "nsp.h"
#include "sio/json/text.h"
#include "socket.h"

struct collecting {
	const struct sio_nsp *nsp;
	struct sio_text names; /* each with its NUL */
};

/* Collect a room of ws.h, if it is one of the namespace. */
static bool
collect(const void *name, size_t len, void *arg)
{
	struct collecting *c = arg;
	unsigned char prefix[WS_ROOM_NAME_MAX];
	size_t prefix_len = sio_nsp_room(c->nsp, NULL, prefix);

	/* The prefix alone is the room of all sockets. */
	if (len <= prefix_len || memcmp(name, prefix, prefix_len) != 0)
		return true;
	sio_text_add(
	    &c->names, (const char *)name + prefix_len, len - prefix_len);
	sio_text_putc(&c->names, '\0');
	return true;
}

/* Collect the own rooms that ws.h does not know. */
static void
collect_own(struct collecting *c)
{
	const struct ws_table *table = &c->nsp->connected;

	for (size_t i = 0; i < table->bucket_count; i++) {
		struct ws_table_entry *entry = table->buckets[i];

		for (; entry != NULL; entry = entry->next) {
			struct sio_socket *socket = sio_socket_of(entry);

			if (!sio_socket_has_hidden_room(socket))
				continue;
			sio_text_puts(&c->names, sio_id(socket));
			sio_text_putc(&c->names, '\0');
		}
	}
}

long
sio_nsp_rooms(
    struct sio_nsp *nsp, bool (*visit)(const char *room, void *arg), void *arg)
{
	struct collecting c = { 0 };
	const struct sio_nsp *one = NULL;
	size_t at = 0;
	long count = 0;
	bool more = true;

	while ((one = sio_nsp_next(nsp, one)) != NULL) {
		c.nsp = one;
		ws_room_names(nsp->io->server, collect, &c);
		collect_own(&c);
	}
	if (c.names.error < 0)
		count = WS_ENOMEM;
	while (more && count >= 0 && at < c.names.len) {
		more = visit(c.names.at + at, arg);
		at += strlen(c.names.at + at) + 1;
		count++;
	}
	sio_text_free(&c.names);
	return count;
}
