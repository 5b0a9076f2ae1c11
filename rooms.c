/* rooms.c - rooms: their members, and delivery to all members. */
/* SPDX-License-Identifier: MIT */

/* A membership is in two places at once: in the dense array of its room, so
 * that delivery walks memory in order, and in a list of its member, so that a
 * member that goes can leave all its rooms. One block serves both: the elements
 * of the array are the nodes of the lists.
 *
 *   array of room "news"   | ann | bob | cid |
 *                             |     |            ann's list goes through
 *   array of room "chat"   | ann | bob |         "news" and "chat", bob's
 *                                   |            through all three
 *   array of room "dev"    | dan | bob |
 *
 * A member that leaves is replaced by the last of the array, and an array that
 * grows may move as a whole. A moved element tells its two neighbours in the
 * list where it is now; they are in other arrays, because a member is in a room
 * only once. So a membership costs 32 octets, half as much again at most when
 * the array has just grown, and no allocation of its own. The price is that
 * one join in a great many touches every member of its room, which is less
 * than a single delivery to that room does.
 *
 * Delivery runs while members come and go, so an array has two regions:
 *
 *     0 ............... unvisited ............................... count
 *     | gets the message | got it already, or joined meanwhile |
 *
 * The next to get the message is the last unvisited one. A hole is closed
 * inside its region: the region's last element fills it, which in the first
 * one leaves a hole at its end for the second to fill. So no member is met
 * twice or passed over, and one that joins during a delivery is not met at all.
 * Outside of deliveries the first region is empty.
 *
 * A publish to several rooms must meet each member once: it has a serial
 * number, and stamps with it each member that it has met or must not meet. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rooms.h"
#include "base/siphash.h"
#include "base/table.h"

/* One membership. */
struct ws_joined {
	struct ws_member *member;       /* borrowed */
	struct ws_room *room;           /* whose array this is in */
	struct ws_joined *next, **link; /* the member's list; link is the
	                                  * pointer that points at this one */
};

struct ws_room {
	struct ws_table_entry entry; /* first: the table hands it back */
	struct ws_joined *joined;    /* owned */
	uint32_t count, capacity;
	uint32_t unvisited; /* the first region, see above */
	uint8_t name_len;
	char name[];
};

struct ws_rooms {
	struct ws_table table;   /* by name */
	struct ws_room *visited; /* the room that is being delivered to */
	uint32_t serial;         /* of the last publish; never 0 after it */
	bool delivering;
	struct ws_ledger *ledger; /* borrowed, or NULL */
	uint8_t key[16];
};

/* ---- names ------------------------------------------------------------- */

static uint32_t
hash_name(const struct ws_rooms *rooms, const void *name, size_t len)
{
	return (uint32_t)ws_siphash(rooms->key, name, len);
}

static struct ws_room *
room_of(struct ws_table_entry *entry)
{
	return (struct ws_room *)(void *)entry;
}

static bool
is_named(const struct ws_room *room, const void *name, size_t len)
{
	return room->name_len == len && memcmp(room->name, name, len) == 0;
}

static struct ws_room *
find_room(
    const struct ws_rooms *rooms, uint32_t hash, const void *name, size_t len)
{
	struct ws_table_entry *entry = *ws_table_bucket(&rooms->table, hash);

	while (entry != NULL &&
	       (entry->hash != hash || !is_named(room_of(entry), name, len)))
		entry = entry->next;
	return entry != NULL ? room_of(entry) : NULL;
}

/* Find a room by its name. Returns NULL when there is none. */
static struct ws_room *
room_named(const struct ws_rooms *rooms, const void *name, size_t len)
{
	return find_room(rooms, hash_name(rooms, name, len), name, len);
}

/* ---- rooms ------------------------------------------------------------- */

static void
hold(struct ws_rooms *rooms, size_t octets)
{
	if (rooms->ledger != NULL)
		ws_ledger_add(rooms->ledger, octets);
}

static void
release(struct ws_rooms *rooms, size_t octets)
{
	if (rooms->ledger != NULL)
		ws_ledger_drop(rooms->ledger, octets);
}

/* Octets of a room without its members, with its place in the table. */
static size_t
octets_of(const struct ws_room *room)
{
	return sizeof(*room) + room->name_len + sizeof(void *);
}

/* Make an empty room that is not in the table yet. */
static struct ws_room *
new_room(struct ws_rooms *rooms, uint32_t hash, const void *name, size_t len)
{
	size_t head = offsetof(struct ws_room, name);
	struct ws_room *room = ws_mem_resize(NULL, head + len);

	if (room == NULL)
		return NULL;
	/* Not assigned as a whole: a short name may end inside the padding. */
	memset(room, 0, head);
	room->entry.hash = hash;
	room->name_len = (uint8_t)len;
	memcpy(room->name, name, len);
	hold(rooms, octets_of(room));
	return room;
}

static void
free_room(struct ws_rooms *rooms, struct ws_room *room)
{
	release(
	    rooms, octets_of(room) + room->capacity * sizeof(*room->joined));
	ws_mem_free(room->joined);
	ws_mem_free(room);
}

/* Take a room that became empty out of the table. A room that is being
 * delivered to is still in use; end_visit frees it. No member can join it any
 * more: a join makes a new room of the same name. */
static void
remove_room(struct ws_rooms *rooms, struct ws_room *room)
{
	ws_table_remove(&rooms->table, &room->entry);
	if (room != rooms->visited)
		free_room(rooms, room);
}

/* ---- memberships ------------------------------------------------------- */

/* Tell the neighbours in the member's list where a membership is now. */
static void
relink(struct ws_joined *moved)
{
	*moved->link = moved;
	if (moved->next != NULL)
		moved->next->link = &moved->next;
}

static bool
resize_room(struct ws_rooms *rooms, struct ws_room *room, size_t capacity)
{
	struct ws_joined *joined;

	if (capacity > UINT32_MAX)
		return false;
	joined = ws_mem_resize(room->joined, capacity * sizeof(*joined));
	if (joined == NULL)
		return false;
	hold(rooms, capacity * sizeof(*joined));
	release(rooms, room->capacity * sizeof(*joined));
	room->joined = joined;
	room->capacity = (uint32_t)capacity;
	for (uint32_t i = 0; i < room->count; i++)
		relink(&joined[i]);
	return true;
}

/* Have space for one more member. Most rooms stay small, and many have one
 * member, so an array begins with one element and grows by half. */
static bool
reserve_joined(struct ws_rooms *rooms, struct ws_room *room)
{
	size_t capacity = room->capacity;

	return room->count < capacity ||
	       resize_room(rooms, room, capacity + capacity / 2 + 1);
}

/* Append a membership, for which there is space. */
static void
put_in(struct ws_room *room, struct ws_member *member)
{
	struct ws_joined *joined = &room->joined[room->count++];

	/* Stamps are reset only of those that are in rooms (next_serial). */
	if (member->joined == NULL)
		member->stamp = 0;
	*joined = (struct ws_joined){
		.member = member,
		.room = room,
		.next = member->joined,
		.link = &member->joined,
	};
	relink(joined);
	member->joined_count++;
}

/* Fill a hole with the last element of the region that ends at *end, when the
 * hole is in it. Returns where the hole is now. */
static uint32_t
fill_hole(struct ws_room *room, uint32_t hole, uint32_t *end)
{
	uint32_t last;

	if (hole >= *end)
		return hole;
	last = --*end;
	if (hole != last) {
		room->joined[hole] = room->joined[last];
		relink(&room->joined[hole]);
	}
	return last;
}

static void
take_out(struct ws_rooms *rooms, struct ws_joined *joined)
{
	struct ws_room *room = joined->room;
	uint32_t hole = (uint32_t)(joined - room->joined);

	*joined->link = joined->next;
	if (joined->next != NULL)
		joined->next->link = joined->link;
	joined->member->joined_count--;
	hole = fill_hole(room, hole, &room->unvisited);
	fill_hole(room, hole, &room->count);
	if (room->count == 0)
		remove_room(rooms, room);
	else if (room->count < room->capacity / 2)
		(void)resize_room(
		    rooms, room, room->capacity - room->capacity / 3);
}

/* Find the membership of a member in a room, by the shorter way.
 * Returns NULL when it is not in. */
static struct ws_joined *
find_joined(const struct ws_room *room, const struct ws_member *member)
{
	struct ws_joined *joined = member->joined;

	if (room->count < member->joined_count) {
		for (uint32_t i = 0; i < room->count; i++) {
			if (room->joined[i].member == member)
				return &room->joined[i];
		}
		return NULL;
	}
	while (joined != NULL && joined->room != room)
		joined = joined->next;
	return joined;
}

void
ws_member_init(struct ws_member *member,
    void (*deliver)(struct ws_member *member, void *message))
{
	*member = (struct ws_member){ .deliver = deliver };
}

/* Found a room with its first member. Returns 1, or -1 when out of memory. */
static int
join_new_room(struct ws_rooms *rooms, struct ws_member *member, uint32_t hash,
    const void *name, size_t len)
{
	struct ws_room *room = new_room(rooms, hash, name, len);

	if (room == NULL)
		return -1;
	if (!reserve_joined(rooms, room)) {
		free_room(rooms, room);
		return -1;
	}
	put_in(room, member);
	ws_table_add(&rooms->table, &room->entry);
	return 1;
}

int
ws_rooms_join(struct ws_rooms *rooms, struct ws_member *member,
    const void *name, size_t len)
{
	uint32_t hash;
	struct ws_room *room;

	if (len < 1 || len > WS_ROOM_NAME_MAX)
		return -1;
	hash = hash_name(rooms, name, len);
	room = find_room(rooms, hash, name, len);
	if (room == NULL)
		return join_new_room(rooms, member, hash, name, len);
	if (find_joined(room, member) != NULL)
		return 0;
	if (!reserve_joined(rooms, room))
		return -1;
	put_in(room, member);
	return 1;
}

bool
ws_rooms_leave(struct ws_rooms *rooms, struct ws_member *member,
    const void *name, size_t len)
{
	struct ws_room *room = room_named(rooms, name, len);
	struct ws_joined *joined;

	if (room == NULL)
		return false;
	joined = find_joined(room, member);
	if (joined == NULL)
		return false;
	take_out(rooms, joined);
	return true;
}

void
ws_rooms_leave_all(struct ws_rooms *rooms, struct ws_member *member)
{
	while (member->joined != NULL)
		take_out(rooms, member->joined);
}

bool
ws_rooms_has(struct ws_rooms *rooms, const struct ws_member *member,
    const void *name, size_t len)
{
	const struct ws_room *room = room_named(rooms, name, len);

	return room != NULL && find_joined(room, member) != NULL;
}

size_t
ws_rooms_count(struct ws_rooms *rooms, const void *name, size_t len)
{
	const struct ws_room *room = room_named(rooms, name, len);

	return room == NULL ? 0 : room->count;
}

size_t
ws_rooms_total(const struct ws_rooms *rooms)
{
	return rooms->table.total;
}

void
ws_rooms_walk_joined(const struct ws_member *member,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg)
{
	const struct ws_joined *joined = member->joined;

	while (joined != NULL &&
	       visit(joined->room->name, joined->room->name_len, arg))
		joined = joined->next;
}

/* ---- delivery ---------------------------------------------------------- */

/* Make all members of a room unvisited. */
static void
settle(struct ws_room *room)
{
	if (room != NULL)
		room->unvisited = room->count;
}

/* Take the next member to meet. The caller must keep no pointer into the array:
 * it moves when a member joins. */
static struct ws_member *
next_unvisited(struct ws_room *room)
{
	return room->joined[--room->unvisited].member;
}

static void
end_visit(struct ws_rooms *rooms, struct ws_room *room)
{
	rooms->visited = NULL;
	room->unvisited = 0;
	if (room->count == 0)
		free_room(rooms, room);
}

/* Deliver to the members of a room that have no stamp of this publish. Returns
 * how many there were. */
static long
deliver_room(struct ws_rooms *rooms, struct ws_room *room, void *message)
{
	uint32_t serial = rooms->serial;
	long delivered = 0;

	if (room == NULL)
		return 0;
	rooms->visited = room;
	while (room->unvisited > 0) {
		struct ws_member *member = next_unvisited(room);

		if (member->stamp == serial)
			continue;
		member->stamp = serial;
		delivered++;
		member->deliver(member, message); /* may have freed it */
	}
	end_visit(rooms, room);
	return delivered;
}

static void
stamp_room(const struct ws_room *room, uint32_t serial)
{
	if (room == NULL)
		return;
	for (uint32_t i = 0; i < room->count; i++)
		room->joined[i].member->stamp = serial;
}

/* Take the next serial. When the numbers start again at 1, old stamps are
 * cleared. */
static void
next_serial(struct ws_rooms *rooms)
{
	if (++rooms->serial != 0)
		return;
	rooms->serial = 1;
	for (size_t i = 0; i < rooms->table.bucket_count; i++) {
		struct ws_table_entry *entry = rooms->table.buckets[i];

		for (; entry != NULL; entry = entry->next)
			stamp_room(room_of(entry), 0);
	}
}

static struct ws_room *
room_at(const struct ws_rooms *rooms, const struct ws_room_name *name)
{
	return room_named(rooms, name->at, name->len);
}

static long
deliver_selection(
    struct ws_rooms *rooms, const struct ws_selection *selection, void *message)
{
	long delivered;
	struct ws_room *first;

	for (size_t i = 0; i < selection->except_count; i++)
		stamp_room(
		    room_at(rooms, &selection->except[i]), rooms->serial);
	if (selection->without != NULL)
		selection->without->stamp = rooms->serial;
	if (selection->to_count == 0)
		return 0;
	/* All rooms settle before the first delivery. Most publishes have one
	 * room, so the first is looked up only once. The others are looked up
	 * again when their turn comes, since they may be gone by then; a room
	 * of that name that was made meanwhile has no unvisited member. */
	first = room_at(rooms, &selection->to[0]);
	settle(first);
	for (size_t i = 1; i < selection->to_count; i++)
		settle(room_at(rooms, &selection->to[i]));
	delivered = deliver_room(rooms, first, message);
	for (size_t i = 1; i < selection->to_count; i++)
		delivered += deliver_room(
		    rooms, room_at(rooms, &selection->to[i]), message);
	return delivered;
}

long
ws_rooms_publish(
    struct ws_rooms *rooms, const struct ws_selection *selection, void *message)
{
	long delivered;

	if (rooms->delivering)
		return -1;
	rooms->delivering = true;
	next_serial(rooms);
	delivered = deliver_selection(rooms, selection, message);
	rooms->delivering = false;
	return delivered;
}

void
ws_rooms_walk(const struct ws_rooms *rooms,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg)
{
	for (size_t i = 0; i < rooms->table.bucket_count; i++) {
		struct ws_table_entry *entry = rooms->table.buckets[i];

		for (; entry != NULL; entry = entry->next) {
			const struct ws_room *room = room_of(entry);

			if (!visit(room->name, room->name_len, arg))
				return;
		}
	}
}

long
ws_rooms_walk_members(struct ws_rooms *rooms, const void *name, size_t len,
    bool (*visit)(struct ws_member *member, void *arg), void *arg)
{
	struct ws_room *room;
	long visited = 0;
	bool more = true;

	if (rooms->delivering)
		return -1;
	room = room_named(rooms, name, len);
	if (room == NULL)
		return 0;
	rooms->delivering = true;
	rooms->visited = room;
	settle(room);
	while (more && room->unvisited > 0) {
		visited++;
		more = visit(next_unvisited(room), arg);
	}
	end_visit(rooms, room);
	rooms->delivering = false;
	return visited;
}

/* ---- set of rooms ------------------------------------------------------ */

struct ws_rooms *
ws_rooms_new(const uint8_t key[16])
{
	struct ws_rooms *rooms = ws_mem_resize(NULL, sizeof(*rooms));

	if (rooms == NULL)
		return NULL;
	*rooms = (struct ws_rooms){ .serial = 0 };
	memcpy(rooms->key, key, sizeof(rooms->key));
	if (!ws_table_init(&rooms->table)) {
		ws_mem_free(rooms);
		return NULL;
	}
	return rooms;
}

/* Find the last room of the table, which must have one. The table shrinks as
 * rooms go, but never below twice their number, so the search goes on where the
 * last one has ended.
 *   end  buckets from here on are empty; bucket_count at first */
static struct ws_room *
last_room(const struct ws_rooms *rooms, size_t *end)
{
	const struct ws_table *table = &rooms->table;

	if (*end > table->bucket_count)
		*end = table->bucket_count;
	while (table->buckets[*end - 1] == NULL)
		--*end;
	return room_of(table->buckets[*end - 1]);
}

void
ws_rooms_count_in(struct ws_rooms *rooms, struct ws_ledger *ledger)
{
	rooms->ledger = ledger;
}

void
ws_rooms_free(struct ws_rooms *rooms)
{
	size_t end;

	if (rooms == NULL)
		return;
	if (rooms->delivering)
		abort(); /* the caller still walks them */
	end = rooms->table.bucket_count;
	while (rooms->table.total > 0) {
		struct ws_room *room = last_room(rooms, &end);

		take_out(rooms, &room->joined[room->count - 1]);
	}
	ws_table_fini(&rooms->table);
	ws_mem_free(rooms);
}
