/* test_rooms.c - membership and fan-out. */
/* SPDX-License-Identifier: MIT */

/* The module is included whole, because two things cannot be reached from
 * outside in reasonable time: the wrap of the serial and a room of 2^32
 * members. It is given an allocator that counts and fails on demand. */

#include "rooms.c"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/guard.h"
#include "test/scarce.h"

/* ---- helpers ------------------------------------------------------------ */

static const uint8_t KEY[16] = { 1, 2, 3 };

/* A member that counts what it gets, and then does something. */
struct peer {
	struct ws_member member; /* first, so that a pointer to it is one */
	struct ws_rooms *rooms;
	int got;
	void (*act)(struct peer *peer);
};

static void
deliver(struct ws_member *member, void *message)
{
	struct peer *peer = (struct peer *)member;

	peer->got++;
	if (message != NULL)
		++*(long *)message;
	if (peer->act != NULL)
		peer->act(peer);
}

static void
init_peers(struct ws_rooms *rooms, struct peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ws_member_init(&peers[i].member, deliver);
		peers[i].rooms = rooms;
		peers[i].got = 0;
		peers[i].act = NULL;
	}
}

static void
leave_everything(struct ws_rooms *rooms, struct peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ws_rooms_leave_all(rooms, &peers[i].member);
}

static int
join(struct peer *peer, const char *name)
{
	return ws_rooms_join(peer->rooms, &peer->member, name, strlen(name));
}

static bool
leave(struct peer *peer, const char *name)
{
	return ws_rooms_leave(peer->rooms, &peer->member, name, strlen(name));
}

static bool
is_in(struct peer *peer, const char *name)
{
	return ws_rooms_has(peer->rooms, &peer->member, name, strlen(name));
}

static long
publish_to(struct ws_rooms *rooms, const char *name)
{
	struct ws_room_name to = { name, strlen(name) };
	struct ws_selection selection = { .to = &to, .to_count = 1 };

	return ws_rooms_publish(rooms, &selection, NULL);
}

/* ---- membership --------------------------------------------------------- */

Test(rooms, join_and_leave_tell_whether_they_did)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p[2];

	init_peers(rooms, p, 2);
	cr_expect_not(is_in(&p[0], "x"));
	cr_expect_not(leave(&p[0], "x"), "no such room");
	cr_expect_eq(join(&p[0], "x"), 1);
	cr_expect_eq(join(&p[0], "x"), 0);
	cr_expect_not(leave(&p[1], "x"), "not a member");
	cr_expect_eq(join(&p[1], "x"), 1);
	cr_expect(is_in(&p[0], "x"));
	cr_expect_eq(ws_rooms_count(rooms, "x", 1), 2);
	cr_expect_eq(ws_rooms_total(rooms), 1);
	cr_expect(leave(&p[0], "x"));
	cr_expect_not(leave(&p[0], "x"));
	cr_expect_not(is_in(&p[0], "x"));
	cr_expect(is_in(&p[1], "x"));
	cr_expect_eq(p[0].member.joined_count, 0);
	cr_expect(leave(&p[1], "x"));
	cr_expect_eq(ws_rooms_total(rooms), 0);
	cr_expect_eq(ws_rooms_count(rooms, "x", 1), 0);
	ws_rooms_free(rooms);
	ws_rooms_free(NULL);
	cr_expect_eq(scarce_octets, 0);
}

Test(rooms, names_are_any_octets)
{
	static char longest[WS_ROOM_NAME_MAX + 1];
	static const struct {
		const char *row, *name;
		size_t len;
		int joined;
	} rows[] = {
		{ "empty", "", 0, -1 },
		{ "one octet", "a", 1, 1 },
		{ "longer by one", "ab", 2, 1 },
		{ "NUL alone", "\0", 1, 1 },
		{ "two NULs", "\0\0", 2, 1 },
		{ "NUL inside", "a\0b", 3, 1 },
		{ "differs behind NUL", "a\0c", 3, 1 },
		{ "octet 255", "\xff", 1, 1 },
		{ "case counts", "A", 1, 1 },
		{ "longest", longest, WS_ROOM_NAME_MAX, 1 },
		{ "too long", longest, WS_ROOM_NAME_MAX + 1, -1 },
	};
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p;
	size_t made = 0;

	init_peers(rooms, &p, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard name = guard_copy(rows[i].name, rows[i].len);

		cr_expect_eq(ws_rooms_join(rooms, &p.member, name.at, name.len),
		    rows[i].joined, "%s", rows[i].row);
		made += rows[i].joined == 1;
		cr_expect_eq(ws_rooms_has(rooms, &p.member, name.at, name.len),
		    rows[i].joined == 1, "%s", rows[i].row);
		cr_expect_eq(ws_rooms_count(rooms, name.at, name.len),
		    rows[i].joined == 1, "%s", rows[i].row);
		guard_free(&name);
	}
	cr_expect_eq(ws_rooms_total(rooms), made);
	cr_expect_eq(p.member.joined_count, made);
	ws_rooms_leave_all(rooms, &p.member);
	cr_expect_eq(ws_rooms_total(rooms), 0);
	ws_rooms_free(rooms);
}

/* Both ways of finding a membership: along the list and along the array. */
Test(rooms, finds_members_of_many_rooms_and_rooms_of_many_members)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p[40];
	char name[16];

	init_peers(rooms, p, 40);
	for (int i = 0; i < 40; i++) {
		cr_assert_eq(join(&p[i], "all"), 1);
		snprintf(name, sizeof(name), "r%d", i);
		cr_assert_eq(join(&p[0], name), 1);
		cr_assert_eq(join(&p[39], "r0"), i == 0);
	}
	cr_expect(is_in(&p[39], "all"));
	cr_expect(is_in(&p[0], "r0"));
	cr_expect(is_in(&p[39], "r0"));
	cr_expect_not(is_in(&p[1], "r0"));
	cr_expect(leave(&p[0], "r0"));
	cr_expect_not(is_in(&p[0], "r0"));
	leave_everything(rooms, p, 40);
	ws_rooms_free(rooms);
}

static bool
note_name(const void *name, size_t len, void *arg)
{
	char *seen = arg;

	strncat(seen, name, len);
	return seen[strlen(seen) - 1] != '|';
}

Test(rooms, walks_the_rooms_of_a_member_until_told_to_stop)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p;
	char seen[16] = "";

	init_peers(rooms, &p, 1);
	ws_rooms_walk_joined(&p.member, note_name, seen);
	cr_expect_str_eq(seen, "");
	join(&p, "c");
	join(&p, "b|");
	join(&p, "a");
	ws_rooms_walk_joined(&p.member, note_name, seen);
	cr_expect_str_eq(seen, "ab|");
	leave(&p, "b|");
	seen[0] = '\0';
	ws_rooms_walk_joined(&p.member, note_name, seen);
	cr_expect_str_eq(seen, "ac");
	leave_everything(rooms, &p, 1);
	ws_rooms_free(rooms);
}

/* ---- publish ------------------------------------------------------------ */

/* Turn "abc" into the rooms a, b and c. */
static size_t
names_of(const char *letters, struct ws_room_name *names)
{
	size_t count = strlen(letters);

	for (size_t i = 0; i < count; i++)
		names[i] = (struct ws_room_name){ letters + i, 1 };
	return count;
}

Test(rooms, publish_reaches_the_selected_once)
{
	/* Room a: 0 1 2, b: 2 3, c: 3 4, d: 4. */
	static const struct {
		const char *to, *except;
		int without;
		const char *got;
	} rows[] = {
		{ "", "", -1, "00000" },
		{ "a", "", -1, "11100" },
		{ "a", "", 1, "10100" },
		{ "a", "", 4, "11100" },
		{ "z", "", -1, "00000" },
		{ "aa", "", -1, "11100" },
		{ "aza", "", -1, "11100" },
		{ "ab", "", -1, "11110" },
		{ "ba", "", 2, "11010" },
		{ "abcd", "", -1, "11111" },
		{ "a", "b", -1, "11000" },
		{ "a", "z", -1, "11100" },
		{ "a", "a", -1, "00000" },
		{ "abcd", "bd", -1, "11000" },
		{ "abcd", "b", 0, "01001" },
		{ "", "a", 0, "00000" },
	};
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct ws_room_name to[4], except[4];
	struct peer p[5];

	init_peers(rooms, p, 5);
	for (int i = 0; i < 5; i++) {
		if (i <= 2)
			join(&p[i], "a");
		if (i == 2 || i == 3)
			join(&p[i], "b");
		if (i >= 3)
			join(&p[i], "c");
	}
	join(&p[4], "d");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_selection selection = {
			.to = to,
			.to_count = names_of(rows[i].to, to),
			.except = except,
			.except_count = names_of(rows[i].except, except),
			.without = rows[i].without < 0
				       ? NULL
				       : &p[rows[i].without].member,
		};
		long sum = 0, told;

		told = ws_rooms_publish(rooms, &selection, &sum);
		for (int k = 0; k < 5; k++) {
			cr_expect_eq(p[k].got, rows[i].got[k] - '0',
			    "%s except %s, member %d", rows[i].to,
			    rows[i].except, k);
			sum -= p[k].got;
			told -= p[k].got;
			p[k].got = 0;
		}
		cr_expect_eq(sum, 0, "%s: message", rows[i].to);
		cr_expect_eq(told, 0, "%s: result", rows[i].to);
	}
	leave_everything(rooms, p, 5);
	ws_rooms_free(rooms);
}

static bool
visit_never(struct ws_member *member, void *arg)
{
	(void)member;
	(void)arg;
	cr_expect(false, "visited from inside a delivery");
	return false;
}

static void
publish_again(struct peer *peer)
{
	cr_expect_eq(publish_to(peer->rooms, "x"), -1);
	cr_expect_eq(
	    ws_rooms_walk_members(peer->rooms, "x", 1, visit_never, NULL), -1);
}

Test(rooms, nested_publish_is_refused)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p[3];

	init_peers(rooms, p, 3);
	for (int i = 0; i < 3; i++) {
		join(&p[i], "x");
		p[i].act = publish_again;
	}
	cr_expect_eq(publish_to(rooms, "x"), 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(p[i].got, 1);
	cr_expect_eq(publish_to(rooms, "x"), 3, "open again");
	leave_everything(rooms, p, 3);
	ws_rooms_free(rooms);
}

Test(rooms, stamps_are_forgotten_when_the_serial_wraps)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct ws_room_name to[2] = { { "x", 1 }, { "y", 1 } };
	struct ws_selection selection = { .to = to, .to_count = 2 };
	struct peer p[3];

	init_peers(rooms, p, 3);
	for (int i = 0; i < 3; i++)
		join(&p[i], "x");
	join(&p[0], "y");
	/* Met by the publishes 1 to 3; then one is away over the wrap. */
	for (uint32_t i = 1; i <= 3; i++) {
		cr_assert_eq(ws_rooms_publish(rooms, &selection, NULL), 3);
		cr_assert_eq(rooms->serial, i);
	}
	leave(&p[2], "x");
	rooms->serial = UINT32_MAX - 2;
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(
		    ws_rooms_publish(rooms, &selection, NULL), 2, "%d", i);
		cr_expect_neq(rooms->serial, 0);
	}
	cr_expect_eq(rooms->serial, 3);
	rooms->serial = 2;
	join(&p[2], "y");
	cr_expect_eq(p[2].got, 3);
	p[0].member.stamp = p[1].member.stamp = 0;
	cr_expect_eq(ws_rooms_publish(rooms, &selection, NULL), 3);
	cr_expect_eq(p[2].got, 4);
	/* One that is in a room over the wrap, with the stamp of a serial that
	 * comes again. */
	rooms->serial = 0;
	cr_expect_eq(ws_rooms_publish(rooms, &selection, NULL), 3);
	rooms->serial = UINT32_MAX;
	cr_expect_eq(ws_rooms_publish(rooms, &selection, NULL), 3);
	leave_everything(rooms, p, 3);
	ws_rooms_free(rooms);
}

/* ---- changes from inside a delivery ------------------------------------- */

enum {
	CROWD = 6,
	CROWD_ROOMS = 2,
	CHANGES = 2
};

enum change_kind {
	LEAVE_X,
	LEAVE_Y,
	JOIN_X,
	JOIN_Y,
	LEAVE_ALL,
	REJOIN_X, /* leave and join again */
	EMPTY_X,  /* everybody leaves, the target joins again */
	CREATE,   /* the target makes many rooms: the table grows */
	KINDS,
};

/* The actions at the first deliveries, and a model beside the rooms. */
struct crowd {
	struct peer p[CROWD]; /* first, see crowd_of */
	struct {
		enum change_kind kind;
		int target;
	} changes[CHANGES];
	int deliveries;
	/* Who is in which room since before the publish. */
	bool settled[CROWD_ROOMS][CROWD];
};

static struct crowd *the_crowd; /* deliver callbacks have no context */

static const char *const CROWD_NAMES[CROWD_ROOMS] = { "x", "y" };

static void
crowd_leave(struct crowd *crowd, int target, int room)
{
	leave(&crowd->p[target], CROWD_NAMES[room]);
	crowd->settled[room][target] = false;
}

static void
crowd_change(struct crowd *crowd, enum change_kind kind, int target)
{
	struct peer *peer = &crowd->p[target];
	char name[16];

	switch (kind) {
	case LEAVE_X:
	case LEAVE_Y:
		crowd_leave(crowd, target, kind == LEAVE_Y);
		break;
	case JOIN_X:
	case JOIN_Y:
		cr_assert_geq(join(peer, CROWD_NAMES[kind == JOIN_Y]), 0);
		break;
	case LEAVE_ALL:
		ws_rooms_leave_all(peer->rooms, &peer->member);
		crowd->settled[0][target] = crowd->settled[1][target] = false;
		break;
	case REJOIN_X:
		crowd_leave(crowd, target, 0);
		cr_assert_eq(join(peer, "x"), 1);
		break;
	case EMPTY_X:
		for (int i = 0; i < CROWD; i++)
			crowd_leave(crowd, i, 0);
		cr_assert_eq(ws_rooms_count(peer->rooms, "x", 1), 0);
		cr_assert_eq(join(peer, "x"), 1);
		break;
	case CREATE:
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "n%d", i);
			cr_assert_geq(join(peer, name), 0);
		}
		break;
	case KINDS:
		break;
	}
}

static void
crowd_act(struct peer *peer)
{
	struct crowd *crowd = the_crowd;
	int self = (int)(peer - crowd->p), step = crowd->deliveries++;

	cr_assert_eq(peer->got, 1, "met twice");
	cr_assert(crowd->settled[0][self] || crowd->settled[1][self],
	    "met without being in before");
	if (step < CHANGES)
		crowd_change(crowd, crowd->changes[step].kind,
		    crowd->changes[step].target);
}

/* In: 0 1 2 in x, 2 3 4 in y, 5 in none. */
static void
crowd_begin(struct crowd *crowd, struct ws_rooms *rooms)
{
	init_peers(rooms, crowd->p, CROWD);
	memset(crowd->settled, 0, sizeof(crowd->settled));
	crowd->deliveries = 0;
	for (int i = 0; i < CROWD; i++) {
		crowd->p[i].act = crowd_act;
		for (int room = 0; room < CROWD_ROOMS; room++) {
			if (i < room * 2 || i > room * 2 + 2)
				continue;
			join(&crowd->p[i], CROWD_NAMES[room]);
			crowd->settled[room][i] = true;
		}
	}
}

static void
crowd_run(struct crowd *crowd)
{
	struct ws_room_name to[2] = { { "x", 1 }, { "y", 1 } };
	struct ws_selection selection = { .to = to, .to_count = 2 };
	struct ws_rooms *rooms = ws_rooms_new(KEY);

	crowd_begin(crowd, rooms);
	the_crowd = crowd;
	cr_assert_eq(
	    ws_rooms_publish(rooms, &selection, NULL), crowd->deliveries);
	for (int i = 0; i < CROWD; i++) {
		if (crowd->settled[0][i] || crowd->settled[1][i])
			cr_assert_eq(crowd->p[i].got, 1,
			    "member %d passed over by %d %d, %d %d", i,
			    crowd->changes[0].kind, crowd->changes[0].target,
			    crowd->changes[1].kind, crowd->changes[1].target);
		crowd->p[i].act = NULL;
	}
	/* Nothing of the delivery is left in the rooms. */
	crowd->p[0].got = 0;
	cr_assert_eq(
	    publish_to(rooms, "x"), (long)ws_rooms_count(rooms, "x", 1));
	leave_everything(rooms, crowd->p, CROWD);
	cr_assert_eq(ws_rooms_total(rooms), 0);
	ws_rooms_free(rooms);
	cr_assert_eq(scarce_octets, 0);
}

Test(rooms, delivery_survives_every_pair_of_changes)
{
	struct crowd crowd;

	for (int n = 0; n < KINDS * CROWD * KINDS * CROWD; n++) {
		crowd.changes[0].kind = (enum change_kind)(n % KINDS);
		crowd.changes[0].target = n / KINDS % CROWD;
		crowd.changes[1].kind =
		    (enum change_kind)(n / (KINDS * CROWD) % KINDS);
		crowd.changes[1].target = n / (KINDS * CROWD * KINDS);
		crowd_run(&crowd);
	}
}

static struct peer *owned[8];

/* Leave everything and be freed, and take another one along. */
static void
die_in_pairs(struct peer *peer)
{
	size_t self = 0;
	struct ws_rooms *rooms = peer->rooms;

	while (owned[self] != peer)
		self++;
	for (size_t i = self & ~(size_t)1; i < (self | 1) + 1; i++) {
		ws_rooms_leave_all(rooms, &owned[i]->member);
		free(owned[i]);
		owned[i] = NULL;
	}
}

Test(rooms, members_may_be_freed_by_deliver)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);

	for (size_t i = 0; i < 8; i++) {
		owned[i] = malloc(sizeof(*owned[i]));
		cr_assert_not_null(owned[i]);
		init_peers(rooms, owned[i], 1);
		owned[i]->act = die_in_pairs;
		join(owned[i], "x");
		join(owned[i], "y");
	}
	cr_expect_eq(publish_to(rooms, "x"), 4);
	cr_expect_eq(ws_rooms_total(rooms), 0);
	ws_rooms_free(rooms);
	cr_expect_eq(scarce_octets, 0);
}

static bool
visit_and_leave(struct ws_member *member, void *arg)
{
	struct peer *peer = (struct peer *)member;

	peer->got++;
	leave(peer, "x");
	return --*(int *)arg > 0;
}

Test(rooms, walk_ends_when_told_and_survives_leaving)
{
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer p[4];
	int limit = 3;

	init_peers(rooms, p, 4);
	cr_expect_eq(
	    ws_rooms_walk_members(rooms, "x", 1, visit_and_leave, &limit), 0);
	for (int i = 0; i < 4; i++)
		join(&p[i], "x");
	cr_expect_eq(
	    ws_rooms_walk_members(rooms, "x", 1, visit_and_leave, &limit), 3);
	cr_expect_eq(ws_rooms_count(rooms, "x", 1), 1);
	/* The regions of the walk that ended early are gone. */
	for (int i = 0; i < 4; i++)
		join(&p[i], "x");
	cr_expect_eq(publish_to(rooms, "x"), 4);
	limit = 9;
	cr_expect_eq(
	    ws_rooms_walk_members(rooms, "x", 1, visit_and_leave, &limit), 4);
	cr_expect_eq(ws_rooms_total(rooms), 0, "the room vanished");
	ws_rooms_free(rooms);
	cr_expect_eq(scarce_octets, 0);
}

/* ---- memory ------------------------------------------------------------- */

/* Joins that need a room, a first place, more places and more buckets.
 * Returns how many failed. */
static int
join_with_failures(struct ws_rooms *rooms, struct peer *p, int count)
{
	int failed = 0;

	for (int i = 0; i < 2 * count; i++) {
		char own[16];
		size_t total = ws_rooms_total(rooms), in;
		struct peer *peer = &p[i / 2];
		uint32_t joined = peer->member.joined_count;

		snprintf(own, sizeof(own), "own%d", i / 2);
		if (i % 2 == 0)
			strcpy(own, "all");
		in = ws_rooms_count(rooms, own, strlen(own));
		if (join(peer, own) == 1)
			continue;
		failed++;
		cr_assert_eq(ws_rooms_total(rooms), total);
		cr_assert_eq(ws_rooms_count(rooms, own, strlen(own)), in);
		cr_assert_eq(peer->member.joined_count, joined);
		cr_assert_not(is_in(peer, own));
		cr_assert_eq(join(peer, own), 1, "works the second time");
	}
	return failed;
}

Test(rooms, running_out_of_memory_changes_nothing)
{
	enum {
		COUNT = 40
	};
	struct peer p[COUNT];
	int failed = 0;

	scarce_at = 1;
	cr_assert_null(ws_rooms_new(KEY));
	scarce_calls = 0;
	scarce_at = 2;
	cr_assert_null(ws_rooms_new(KEY));
	cr_assert_eq(scarce_octets, 0);
	for (scarce_at = 3; scarce_calls >= scarce_at - 1; scarce_at++) {
		struct ws_rooms *rooms;

		scarce_calls = 0;
		rooms = ws_rooms_new(KEY);
		init_peers(rooms, p, COUNT);
		failed += join_with_failures(rooms, p, COUNT);
		cr_assert_eq(publish_to(rooms, "all"), COUNT);
		leave_everything(rooms, p, COUNT);
		ws_rooms_free(rooms);
		cr_assert_eq(scarce_octets, 0);
	}
	cr_expect_gt(failed, 2 * COUNT, "each room and first place, at least");
}

Test(rooms, a_ledger_counts_rooms_and_memberships)
{
	enum {
		MANY = 50
	};
	struct ws_ledger ledger = { .max = SIZE_MAX };
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct ws_member members[MANY];
	size_t one;

	ws_rooms_count_in(rooms, &ledger);
	for (int i = 0; i < MANY; i++) {
		ws_member_init(&members[i], NULL);
		cr_assert_eq(ws_rooms_join(rooms, &members[i], "all", 3), 1);
	}
	cr_expect_geq(ledger.held, MANY * sizeof(struct ws_joined));
	one = ledger.held;
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(ws_rooms_join(rooms, &members[i], &i, 4), 1);
	cr_expect_geq(ledger.held - one,
	    MANY * (sizeof(struct ws_room) + sizeof(struct ws_joined)));
	for (int i = 0; i < MANY / 2; i++)
		ws_rooms_leave_all(rooms, &members[i]);
	cr_expect_gt(ledger.held, 0);
	cr_expect_lt(ledger.held, 2 * one);
	ws_rooms_free(rooms);
	cr_expect_eq(ledger.held, 0);
}

Test(rooms, a_room_of_more_than_32_bits_is_refused)
{
	struct ws_rooms rooms = { .serial = 0 };
	struct ws_room room = { .count = 0 };

	cr_expect_not(resize_room(&rooms, &room, (size_t)UINT32_MAX + 1));
	cr_expect_eq(scarce_calls, 0);
}

static size_t
longest_chain(const struct ws_rooms *rooms)
{
	size_t longest = 0;

	for (size_t i = 0; i < rooms->table.bucket_count; i++) {
		const struct ws_table_entry *entry = rooms->table.buckets[i];
		size_t length = 0;

		for (; entry != NULL; entry = entry->next)
			length++;
		longest = length > longest ? length : longest;
	}
	return longest;
}

static void
check_load(const struct ws_rooms *rooms)
{
	const struct ws_table *table = &rooms->table;

	cr_assert_leq(table->total, table->bucket_count);
	cr_assert(table->bucket_count == 8 ||
		  table->total >= table->bucket_count / 2);
	cr_assert_leq(table->bucket_capacity, 2 * table->bucket_count);
}

/* Steps are counted in allocations, chain lengths and octets, not in time. */
Test(rooms, a_hundred_thousand_come_and_go)
{
	enum {
		COUNT = 100000
	};
	struct ws_rooms *rooms = ws_rooms_new(KEY);
	struct peer *p = calloc(COUNT, sizeof(*p));
	size_t start = scarce_octets;
	char name[16];

	cr_assert_not_null(p);
	init_peers(rooms, p, COUNT);
	scarce_calls = 0;
	for (int i = 0; i < COUNT; i++)
		cr_assert_eq(join(&p[i], "all"), 1);
	cr_expect_leq(scarce_calls, 32, "grows by steps of half its size");
	cr_expect_leq(scarce_octets - start, 48 * (size_t)COUNT + 64);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "own%d", i);
		cr_assert_eq(join(&p[i], name), 1);
		check_load(rooms);
	}
	cr_expect_eq(ws_rooms_total(rooms), COUNT + 1);
	cr_expect_leq(longest_chain(rooms), 12);
	cr_expect_eq(publish_to(rooms, "all"), COUNT);
	for (int i = 0; i < COUNT; i += 2) {
		ws_rooms_leave_all(rooms, &p[i].member);
		check_load(rooms);
	}
	cr_expect_eq(publish_to(rooms, "all"), COUNT / 2);
	cr_expect_leq(room_named(rooms, "all", 3)->capacity, COUNT);
	for (int i = 1; i < COUNT; i += 2) {
		snprintf(name, sizeof(name), "own%d", i);
		cr_assert(is_in(&p[i], name));
		cr_assert(leave(&p[i], "all"));
		cr_assert(leave(&p[i], name));
		if (i == COUNT - 3)
			cr_expect_leq(room_named(rooms, "all", 3)->capacity, 3);
		check_load(rooms);
	}
	cr_expect_eq(ws_rooms_total(rooms), 0);
	cr_expect_eq(scarce_octets, start, "all memory came back");
	free(p);
	ws_rooms_free(rooms);
	cr_expect_eq(scarce_octets, 0);
}
