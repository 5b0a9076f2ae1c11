/* records.c - packets that wait for a client to poll. */
/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait are in one block:
 *
 *	struct head { length, type, form, flags }, octets,
 *	struct head { ... SHARED }, pointer to a message,
 *	struct head ...
 *
 * They are encoded when a GET comes for them. How protocol 3 frames a body
 * depends on all that is in it, and a WebSocket that takes over wants them one
 * by one.
 */
#include "records.h"

#include <string.h>

#include "base/mem.h"
#include "message.h"

enum {
	/* Octets up to which a message is copied: with its reference it takes
	 * more, and a visit to another place in memory. */
	COPY_MAX = 16,
	ROOM_MIN = 96, /* of the first block: two short packets */
};

struct eio_records {
	struct ws_server *server; /* borrowed */
	size_t waiting;           /* octets of all packets, with their heads */
	size_t len, room;         /* octets of at */
	char at[];
};

/* In front of each packet, not aligned. */
struct head {
	size_t len; /* of the packet */
	uint8_t type, form;
	bool shared; /* a pointer to a message follows, not the octets */
	uint16_t flags;
};

/* Make room for len more octets. Returns where they go, or NULL when out of
 * memory. */
static char *
make_room(struct eio_records **records, struct ws_server *server, size_t len)
{
	struct eio_records *old = *records, *grown;
	size_t used = old != NULL ? old->len : 0;
	size_t had = old != NULL ? sizeof(*old) + old->room : 0, room;

	if (old != NULL && len <= old->room - used)
		return old->at + used;
	if (len > SIZE_MAX / 4 - used)
		return NULL;
	room = 2 * used > used + len ? 2 * used : used + len;
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	grown = ws_mem_resize(old, sizeof(*grown) + room);
	if (grown == NULL)
		return NULL;
	if (old == NULL)
		*grown = (struct eio_records){ .server = server };
	grown->room = room;
	ws_memory_hold(server, (long)(sizeof(*grown) + room - had));
	*records = grown;
	return grown->at + used;
}

/* Add a head, and what follows it. */
static int
add(struct eio_records **records, struct ws_server *server,
    const struct head *head, const void *data, size_t len)
{
	char *at;

	if (len > SIZE_MAX - sizeof(*head))
		return WS_ENOMEM;
	at = make_room(records, server, sizeof(*head) + len);
	if (at == NULL)
		return WS_ENOMEM;
	memcpy(at, head, sizeof(*head));
	if (len > 0)
		memcpy(at + sizeof(*head), data, len);
	(*records)->len += sizeof(*head) + len;
	(*records)->waiting += sizeof(*head) + head->len;
	return 0;
}

int
eio_records_add(struct eio_records **records, struct ws_server *server,
    const struct eio_packet *packet, int flags)
{
	const struct head head = { .len = packet->len,
		.type = (uint8_t)packet->type,
		.form = (uint8_t)packet->form,
		.flags = (uint16_t)flags };

	return add(records, server, &head, packet->data, packet->len);
}

int
eio_records_share(struct eio_records **records, struct ws_server *server,
    struct eio_message *message, int flags)
{
	struct eio_packet packet = eio_message_packet(message);
	const struct head head = {
		.len = packet.len, .shared = true, .flags = (uint16_t)flags
	};

	if (packet.len <= COPY_MAX)
		return eio_records_add(records, server, &packet, flags);
	if (add(records, server, &head, &message, sizeof(message)) < 0)
		return WS_ENOMEM;
	eio_message_wait(message, server);
	return 0;
}

/* Read the head of a record. Returns what follows it. */
static const char *
read_head(const struct eio_records *records, size_t at, struct head *head)
{
	memcpy(head, records->at + at, sizeof(*head));
	return records->at + at + sizeof(*head);
}

static struct eio_message *
message_at(const char *at)
{
	struct eio_message *message;

	memcpy(&message, at, sizeof(message));
	return message;
}

bool
eio_records_next(const struct eio_records *records, size_t *at,
    struct eio_packet *packet, int *flags)
{
	const char *data;
	struct head head;

	if (records == NULL || *at == records->len)
		return false;
	data = read_head(records, *at, &head);
	*at += sizeof(head) + (head.shared ? sizeof(void *) : head.len);
	if (head.shared)
		*packet = eio_message_packet(message_at(data));
	else
		*packet = (struct eio_packet){ (enum eio_type)head.type,
			(enum eio_form)head.form, data, head.len };
	if (flags != NULL)
		*flags = head.flags;
	return true;
}

size_t
eio_records_waiting(const struct eio_records *records)
{
	return records != NULL ? records->waiting : 0;
}

void
eio_records_free(struct eio_records **records)
{
	struct eio_records *gone = *records;
	const char *data;
	struct head head;

	if (gone == NULL)
		return;
	*records = NULL;
	for (size_t at = 0; at < gone->len;) {
		data = read_head(gone, at, &head);
		at += sizeof(head) + (head.shared ? sizeof(void *) : head.len);
		if (head.shared)
			eio_message_unwait(message_at(data), gone->server);
	}
	ws_memory_hold(gone->server, -(long)(sizeof(*gone) + gone->room));
	ws_mem_free(gone);
}
