/* growth.c - rooms and timers, few of them and very many, for growth.sh. */
/* SPDX-License-Identifier: MIT */
/*
 *	growth            prints the rows: NAME <tab> TITLE <tab> REMARK
 *	growth NAME N     runs one with N of what its title says
 *
 * A run has rounds of three steps, of which callgrind counts the second alone:
 *
 *	prepare ──▶ measured: run ──▶ clean ──┐
 *	   ▲                                  │  until some thousand operations
 *	   └──────────────────────────────────┘  were done
 *
 * callgrind counts only inside the function "measured" (--toggle-collect), so
 * the set-up of a row is left out. Where real clients would come and go in any
 * order, the order is shuffled, by a generator with a fixed seed. The program
 * prints how many operations were measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rooms.h"
#include "net/timer.h"

enum {
	OPERATIONS_MIN = 2000,
	NAME_OCTETS = 8,
	SPREAD_MS = 1280 /* within which all timers are due */
};

/* The objects that a row works on. */
struct field {
	size_t n;
	uint32_t seed;
	unsigned long done; /* operations measured */
	struct ws_rooms *rooms;
	struct ws_member *members; /* n and one more, which is the visitor */
	struct ws_heap heap;
	struct ws_heap_timer *timers; /* n */
	struct ws_wheel wheel;
	struct ws_wheel_deadline *deadlines; /* n */
	size_t *order;                       /* 0 to n - 1, shuffled */
};

struct row {
	const char *name, *title;
	const char *remark; /* the reason, if the cost grows with N */
	void (*prepare)(struct field *f);
	unsigned long (*run)(struct field *f); /* returns operations */
	void (*clean)(struct field *f);
};

static void *
grab(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL) {
		fputs("growth: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

/* A number below a bound. */
static size_t
draw(struct field *f, size_t bound)
{
	f->seed = f->seed * 1664525 + 1013904223;
	return (size_t)((uint64_t)f->seed * bound >> 32);
}

static void
shuffle(struct field *f)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t j = draw(f, i + 1);

		f->order[i] = f->order[j];
		f->order[j] = i;
	}
}

/* ---- rooms -------------------------------------------------------------- */

/* The kind of a room, which is a part of its name. */
enum kind {
	ROOM,
	BIG,
	OTHER,
	NEW
};

/* How often the visitor joins and leaves in one round. */
enum {
	VISITS = 500
};

static struct ws_member *
visitor(struct field *f)
{
	return &f->members[f->n];
}

/* Make a name, which may be any octets, at less cost than the use of it. */
static size_t
name_room(char name[NAME_OCTETS], enum kind kind, size_t i)
{
	uint64_t number = (uint64_t)i << 8 | kind;

	memcpy(name, &number, NAME_OCTETS);
	return NAME_OCTETS;
}

static void
join(struct field *f, struct ws_member *member, enum kind kind, size_t i)
{
	char name[NAME_OCTETS];

	if (ws_rooms_join(f->rooms, member, name, name_room(name, kind, i)) !=
	    1) {
		fputs("growth: cannot join\n", stderr);
		exit(1);
	}
}

static void
deliver(struct ws_member *member, void *message)
{
	(void)member;
	++*(unsigned long *)message;
}

static void
no_rooms(struct field *f)
{
	static const uint8_t key[16] = "not a secret";

	f->rooms = ws_rooms_new(key);
	if (f->rooms == NULL)
		exit(1);
	for (size_t i = 0; i <= f->n; i++)
		ws_member_init(&f->members[i], deliver);
}

/* The visitor joins a room and leaves it: two operations. */
static void
visit(struct field *f, enum kind kind, size_t i)
{
	char name[NAME_OCTETS];
	size_t len = name_room(name, kind, i);

	ws_rooms_join(f->rooms, visitor(f), name, len);
	ws_rooms_leave(f->rooms, visitor(f), name, len);
}

/* N rooms, of one member each. */
static void
many_rooms(struct field *f)
{
	no_rooms(f);
	for (size_t i = 0; i < f->n; i++)
		join(f, &f->members[i], ROOM, i);
}

/* The same rooms, after a visit to each: so each has space for two members, and
 * the next visit allocates none. */
static void
roomy_rooms(struct field *f)
{
	many_rooms(f);
	for (size_t i = 0; i < f->n; i++)
		visit(f, ROOM, i);
}

/* One big room, of N members. */
static void
one_room(struct field *f)
{
	no_rooms(f);
	for (size_t i = 0; i < f->n; i++)
		join(f, &f->members[i], BIG, 0);
}

/* Two big rooms, with the same N members. */
static void
two_rooms(struct field *f)
{
	one_room(f);
	for (size_t i = 0; i < f->n; i++)
		join(f, &f->members[i], BIG, 1);
}

/* The visitor alone is in N rooms. Another room has one other member. */
static void
many_joined(struct field *f)
{
	no_rooms(f);
	for (size_t i = 0; i < f->n; i++)
		join(f, visitor(f), ROOM, i);
	join(f, &f->members[0], OTHER, 0);
}

/* The visitor is in N rooms, and a big one has N members. */
static void
many_and_many(struct field *f)
{
	one_room(f);
	for (size_t i = 0; i < f->n; i++)
		join(f, visitor(f), ROOM, i);
}

static void
end_rooms(struct field *f)
{
	ws_rooms_free(f->rooms);
}

static unsigned long
visit_rooms(struct field *f)
{
	for (int i = 0; i < VISITS; i++)
		visit(f, ROOM, draw(f, f->n));
	return 2 * VISITS;
}

static unsigned long
visit_new(struct field *f)
{
	for (size_t i = 0; i < VISITS; i++)
		visit(f, NEW, i);
	return 2 * VISITS;
}

static unsigned long
visit_other(struct field *f)
{
	for (int i = 0; i < VISITS; i++)
		visit(f, OTHER, 0);
	return 2 * VISITS;
}

static unsigned long
visit_big(struct field *f)
{
	for (int i = 0; i < VISITS; i++)
		visit(f, BIG, 0);
	return 2 * VISITS;
}

static unsigned long
fill_big(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		join(f, &f->members[i], BIG, 0);
	return f->n;
}

static unsigned long
fill_rooms(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		join(f, &f->members[i], ROOM, i);
	return f->n;
}

static unsigned long
empty_big(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_rooms_leave_all(f->rooms, &f->members[f->order[i]]);
	return f->n;
}

static unsigned long
leave_all(struct field *f)
{
	ws_rooms_leave_all(f->rooms, visitor(f));
	return f->n;
}

/* Publish to one or two rooms. Returns how many members got it. */
static unsigned long
publish(struct field *f, enum kind kind, size_t first, size_t count)
{
	struct ws_room_name to[2];
	struct ws_selection selection = { .to = to, .to_count = count };
	char names[2][NAME_OCTETS];
	unsigned long delivered = 0;

	for (size_t i = 0; i < count; i++)
		to[i] = (struct ws_room_name){ names[i],
			name_room(names[i], kind, first + i) };
	ws_rooms_publish(f->rooms, &selection, &delivered);
	return delivered;
}

static unsigned long
publish_big(struct field *f)
{
	return publish(f, BIG, 0, 1);
}

static unsigned long
publish_both(struct field *f)
{
	return publish(f, BIG, 0, 2);
}

static unsigned long
publish_small(struct field *f)
{
	unsigned long delivered = 0;

	for (int i = 0; i < VISITS; i++)
		delivered += publish(f, ROOM, draw(f, f->n), 1);
	return delivered;
}

static unsigned long
free_rooms(struct field *f)
{
	ws_rooms_free(f->rooms);
	f->rooms = NULL;
	return f->n;
}

/* ---- timers ------------------------------------------------------------- */

static void
nothing(struct ws_heap_timer *timer)
{
	(void)timer;
}

static void
passed(struct ws_wheel_deadline *deadline, void *arg)
{
	(void)deadline;
	++*(unsigned long *)arg;
}

static void
no_timers(struct field *f)
{
	memset(f->timers, 0, f->n * sizeof(*f->timers));
	memset(f->deadlines, 0, f->n * sizeof(*f->deadlines));
	memset(&f->heap, 0, sizeof(f->heap));
	ws_wheel_init(&f->wheel, 0);
}

static void
end_timers(struct field *f)
{
	ws_heap_fini(&f->heap);
}

static unsigned long
set_timers(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_heap_set(&f->heap, &f->timers[f->order[i]],
		    (int64_t)draw(f, SPREAD_MS), nothing);
	return f->n;
}

static unsigned long
stop_timers(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_heap_cancel(&f->heap, &f->timers[f->order[i]]);
	return f->n;
}

static unsigned long
fire_timers(struct field *f)
{
	ws_heap_run(&f->heap, SPREAD_MS);
	return f->n - f->heap.count;
}

static unsigned long
set_deadlines(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_wheel_set(&f->wheel, &f->deadlines[f->order[i]],
		    (int64_t)draw(f, SPREAD_MS));
	return f->n;
}

static unsigned long
move_deadlines(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_wheel_set(&f->wheel, &f->deadlines[f->order[i]],
		    SPREAD_MS + (int64_t)draw(f, SPREAD_MS));
	return f->n;
}

static unsigned long
stop_deadlines(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		ws_wheel_cancel(&f->wheel, &f->deadlines[f->order[i]]);
	return f->n;
}

/* Time passes in steps, as it does in a loop. */
static unsigned long
pass_deadlines(struct field *f)
{
	unsigned long fired = 0;

	for (int64_t ms = 0; ms <= SPREAD_MS; ms += WS_WHEEL_TICK_MS)
		ws_wheel_run(&f->wheel, ms, passed, &fired);
	return f->n;
}

static void
timers_set(struct field *f)
{
	no_timers(f);
	(void)set_timers(f);
}

static void
deadlines_set(struct field *f)
{
	no_timers(f);
	(void)set_deadlines(f);
}

/* Set N deadlines and move them to later, which the wheel notices when it looks
 * at them. */
static void
deadlines_moved(struct field *f)
{
	deadlines_set(f);
	(void)move_deadlines(f);
}

/* ---- rows --------------------------------------------------------------- */

static const struct row rows[] = {
	{ "rooms-visit", "join or leave one of N rooms", "", roomy_rooms,
	    visit_rooms, end_rooms },
	{ "rooms-new", "begin or end a room beside N", "", many_rooms,
	    visit_new, end_rooms },
	{ "rooms-fill", "begin N rooms, each",
	    "a few fit into what malloc of the system keeps at hand; for many "
	    "it cuts new memory",
	    no_rooms, fill_rooms, end_rooms },
	{ "rooms-free", "end a set of N rooms, each", "", many_rooms,
	    free_rooms, end_rooms },
	{ "room-visit", "join or leave a room of N", "", one_room, visit_big,
	    end_rooms },
	{ "room-fill", "fill a room with N members, each", "", no_rooms,
	    fill_big, end_rooms },
	{ "room-empty", "leave a room of N in any order, each", "", one_room,
	    empty_big, end_rooms },
	{ "member-visit", "join or leave, by one who is in N rooms", "",
	    many_joined, visit_other, end_rooms },
	{ "member-leaves", "leave N rooms at once, each", "", many_joined,
	    leave_all, end_rooms },
	{ "both-visit", "the same, a room of N members",
	    "whether a member is in is searched in its list of rooms or in "
	    "the room's of members, whichever is shorter; here both have N",
	    many_and_many, visit_big, end_rooms },
	{ "publish", "publish to a room of N, each delivery", "", one_room,
	    publish_big, end_rooms },
	{ "publish-two", "to two rooms of the same N, each delivery", "",
	    two_rooms, publish_both, end_rooms },
	{ "publish-small", "publish to one of N rooms of one", "", many_rooms,
	    publish_small, end_rooms },
	{ "timer-set", "start one of N timers", "", no_timers, set_timers,
	    end_timers },
	{ "timer-again", "start it again at another time", "", timers_set,
	    set_timers, end_timers },
	{ "timer-stop", "stop one of N timers",
	    "of few, many are the last one, which leaves no gap to be filled; "
	    "from 1,000 on it is flat",
	    timers_set, stop_timers, end_timers },
	{ "timer-fire", "one of N timers fires",
	    "the first of a binary heap is replaced by its last, which sinks "
	    "to the ground: a step for each doubling of N",
	    timers_set, fire_timers, end_timers },
	{ "deadline-set", "set one of N deadlines", "", no_timers,
	    set_deadlines, end_timers },
	{ "deadline-again", "move it to later", "", deadlines_set,
	    move_deadlines, end_timers },
	{ "deadline-stop", "take one of N out", "", deadlines_set,
	    stop_deadlines, end_timers },
	{ "deadline-pass", "one of N passes", "", deadlines_set, pass_deadlines,
	    end_timers },
	{ "deadline-look", "look at one of N that was moved", "",
	    deadlines_moved, pass_deadlines, end_timers },
};

enum {
	ROWS = sizeof(rows) / sizeof(rows[0])
};

/* Run what callgrind counts. The sum keeps the compiler from replacing the call
 * by a jump, which would end the counting. A compiler may still give this
 * function's name a suffix. */
static void __attribute__((noinline))
measured(const struct row *row, struct field *f)
{
	f->done += row->run(f);
}

static void
run_row(const struct row *row, struct field *f)
{
	f->members = grab(f->n + 1, sizeof(*f->members));
	f->timers = grab(f->n, sizeof(*f->timers));
	f->deadlines = grab(f->n, sizeof(*f->deadlines));
	f->order = grab(f->n, sizeof(*f->order));
	shuffle(f);
	while (f->done < OPERATIONS_MIN) {
		row->prepare(f);
		measured(row, f);
		row->clean(f);
	}
	printf("%lu\n", f->done);
	free(f->members);
	free(f->timers);
	free(f->deadlines);
	free(f->order);
}

int
main(int argc, char **argv)
{
	struct field f = { .seed = 1 };

	if (argc == 1) {
		for (size_t i = 0; i < ROWS; i++)
			printf("%s\t%s\t%s\n", rows[i].name, rows[i].title,
			    rows[i].remark);
		return 0;
	}
	f.n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	for (size_t i = 0; i < ROWS && f.n > 0; i++) {
		if (strcmp(rows[i].name, argv[1]) == 0) {
			run_row(&rows[i], &f);
			return 0;
		}
	}
	fputs("usage: growth [NAME N]\n", stderr);
	return 2;
}
