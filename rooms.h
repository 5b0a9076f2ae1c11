/* rooms.h - rooms: their members, and delivery to all members. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ROOMS_H
#define WS_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ledger.h"
#include "ws.h" /* struct ws_member, struct ws_selection */

/* A member's deliver callback may send, close, make any member join and
 * leave, and free members that have left all rooms; but it must not publish to
 * the same set of rooms (ws_rooms_publish refuses), nor free the set. All the
 * rooms of a member belong to one set. While a member is in any room it must
 * not be moved in memory, and it must leave all rooms before it is freed. */
struct ws_rooms; /* a set of rooms */

/* Create a set of rooms.
 *   key  16 octets of randomness, for the table of names
 * Returns NULL when out of memory. */
struct ws_rooms *ws_rooms_new(const uint8_t key[16]);

/* Release a set. Members that are still in rooms leave them. No delivery may
 * be going on. NULL is allowed. */
void ws_rooms_free(struct ws_rooms *rooms);

/* Count rooms and memberships in a ledger, before the first one begins.
 *   ledger  borrowed for as long as there are rooms */
void ws_rooms_count_in(struct ws_rooms *rooms, struct ws_ledger *ledger);

/* Put a member into a room, which is created when it does not exist.
 *   name, len  any octets, 1 to WS_ROOM_NAME_MAX
 * Returns 1 when it joined, 0 when it was in already, -1 when out of memory
 * or the name's length is not allowed (nothing has changed then).
 * O(1) on average, but for the search whether it is in already: that walks
 * the shorter of two lists, the member's rooms or the room's members. */
int ws_rooms_join(struct ws_rooms *rooms, struct ws_member *member,
    const void *name, size_t len);

/* Take a member out of a room; an empty room vanishes.
 * Returns whether it was in. */
bool ws_rooms_leave(struct ws_rooms *rooms, struct ws_member *member,
    const void *name, size_t len);

/* Take a member out of all its rooms. O(1) for each. */
void ws_rooms_leave_all(struct ws_rooms *rooms, struct ws_member *member);

/* Return whether a member is in a room. */
bool ws_rooms_has(struct ws_rooms *rooms, const struct ws_member *member,
    const void *name, size_t len);

/* Deliver a message to every selected member, once each, in no promised
 * order. A member that leaves during the delivery before its turn gets
 * nothing, and neither does one that joins during it. Exceptions are settled
 * before the first delivery. Cost: the members of all rooms named.
 *   message  handed to each deliver callback
 * Returns how many members it was delivered to, or -1 when called from inside
 * a delivery or a walk of the same set. */
long ws_rooms_publish(struct ws_rooms *rooms,
    const struct ws_selection *selection, void *message);

/* Return how many members a room has, 0 when there is no such room. */
size_t ws_rooms_count(struct ws_rooms *rooms, const void *name, size_t len);

/* Return how many rooms there are. */
size_t ws_rooms_total(const struct ws_rooms *rooms);

/* Call visit for each room; visit must not join or leave, and returning false
 * ends the walk.
 *   name, len  the room's name; borrowed during the call */
void ws_rooms_walk(const struct ws_rooms *rooms,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg);

/* Call visit for each member of a room. visit may do what a deliver callback
 * may; returning false ends the walk.
 * Returns how many were visited, or -1 from inside a delivery. */
long ws_rooms_walk_members(struct ws_rooms *rooms, const void *name, size_t len,
    bool (*visit)(struct ws_member *member, void *arg), void *arg);

/* Call visit for each room of a member; visit must not join or leave.
 *   name, len  the room's name; borrowed during the call */
void ws_rooms_walk_joined(const struct ws_member *member,
    bool (*visit)(const void *name, size_t len, void *arg), void *arg);

#endif
