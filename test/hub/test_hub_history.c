/* test_hub_history.c - what is kept of rooms, and what is known to be missing. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/history.h"
#include "test/scarce.h"

static const uint8_t key[16] = "0123456789abcdef";

/* Keep a text. */
static void
add(struct hub_history *h, const char *room, uint64_t n, uint32_t now_s,
    const char *text)
{
	struct ws_prepared *message = ws_prepare(WS_TEXT, text, strlen(text));

	cr_assert_not_null(message);
	hub_history_add(h, room, strlen(room), n, now_s, message);
	ws_prepared_free(message);
}

/* Say what is kept of a room behind a number: "4:four 5:five". */
static const char *
list(const struct hub_history *h, const char *room, uint64_t n)
{
	static char text[4096];
	struct hub_kept kept;
	size_t at = 0, len;

	text[0] = '\0';
	while (hub_history_next(h, room, strlen(room), n, &kept)) {
		const char *data = ws_prepared_data(kept.message, NULL, &len);

		at +=
		    (size_t)snprintf(text + at, sizeof(text) - at, "%s%d:%.*s",
			at > 0 ? " " : "", (int)kept.n, (int)len, data);
		n = kept.n;
	}
	return text;
}

static uint64_t
floor_of(const struct hub_history *h, const char *room)
{
	return hub_history_floor(h, room, strlen(room));
}

static struct hub_history
begin(const struct hub_keep *keep, size_t count, size_t memory)
{
	struct hub_options options = {
		.keep = keep, .keep_count = count, .history_memory = memory
	};
	struct hub_history h;

	cr_assert_eq(hub_history_init(&h, &options, key), 0);
	return h;
}

/* Release all, of which nothing may be left. */
static void
end(struct hub_history *h)
{
	hub_history_shrink(h, 0);
	cr_expect_eq(h->octets, 0);
	cr_expect_eq(h->kept, 0);
	hub_history_fini(h);
}

Test(hub_history, keeps_the_newest_messages_of_each_room)
{
	struct hub_keep keep = { NULL, 3, 60, 0 };
	struct hub_history h = begin(&keep, 1, 0);

	cr_expect_eq(floor_of(&h, "a"), 0);
	add(&h, "a", 1, 0, "one");
	add(&h, "b", 2, 0, "two");
	add(&h, "a", 3, 0, "three");
	add(&h, "a", 4, 0, "four");
	cr_expect_str_eq(list(&h, "a", 0), "1:one 3:three 4:four");
	cr_expect_str_eq(list(&h, "a", 1), "3:three 4:four");
	cr_expect_str_eq(list(&h, "a", 2), "3:three 4:four");
	cr_expect_str_eq(list(&h, "a", 4), "");
	cr_expect_eq(floor_of(&h, "a"), 0);
	add(&h, "a", 5, 0, "five");
	cr_expect_eq(floor_of(&h, "a"), 1);
	cr_expect_str_eq(list(&h, "a", 0), "3:three 4:four 5:five");
	cr_expect_str_eq(list(&h, "b", 0), "2:two");
	cr_expect_eq(floor_of(&h, "b"), 0);
	end(&h);
}

Test(hub_history, drops_by_octets_and_keeps_no_message_that_is_larger)
{
	struct hub_keep keep = { NULL, 100, 60, 10 };
	struct hub_history h = begin(&keep, 1, 0);

	add(&h, "a", 1, 0, "12345");
	add(&h, "a", 2, 0, "12345");
	cr_expect_str_eq(list(&h, "a", 0), "1:12345 2:12345");
	add(&h, "a", 3, 0, "1");
	cr_expect_str_eq(list(&h, "a", 0), "2:12345 3:1");
	add(&h, "a", 4, 0, "12345678901");
	cr_expect_str_eq(list(&h, "a", 0), "");
	cr_expect_eq(floor_of(&h, "a"), 4);
	add(&h, "a", 5, 0, "");
	cr_expect_str_eq(list(&h, "a", 4), "5:");
	end(&h);
}

Test(hub_history, drops_what_is_too_old)
{
	struct hub_keep keep = { NULL, 100, 60, 0 };
	struct hub_history h = begin(&keep, 1, 0);

	add(&h, "a", 1, 100, "one");
	add(&h, "a", 2, 130, "two");
	hub_history_expire(&h, "a", 1, 160);
	cr_expect_str_eq(list(&h, "a", 0), "1:one 2:two");
	hub_history_expire(&h, "a", 1, 161);
	cr_expect_str_eq(list(&h, "a", 0), "2:two");
	cr_expect_eq(floor_of(&h, "a"), 1);
	hub_history_sweep(&h, 191);
	cr_expect_str_eq(list(&h, "a", 0), "");
	cr_expect_eq(floor_of(&h, "a"), 2);
	cr_expect_eq(h.kept, 0);
	end(&h);
}

Test(hub_history, the_first_pattern_that_fits_counts)
{
	static const struct hub_keep keep[] = { { "price/*", 1, 60, 0 },
		{ "price/x", 9, 60, 0 }, { "quiet", 0, 60, 0 },
		{ NULL, 2, 60, 0 } };
	struct hub_history h = begin(keep, 4, 0);
	static const char *const rooms[] = { "price/x", "price/", "quiet",
		"quiet2", "pric" };
	static const char *const kept[] = { "3:c", "3:c", "", "2:b 3:c",
		"2:b 3:c" };

	for (size_t i = 0; i < 5; i++) {
		add(&h, rooms[i], 1, 0, "a");
		add(&h, rooms[i], 2, 0, "b");
		add(&h, rooms[i], 3, 0, "c");
		cr_expect_str_eq(list(&h, rooms[i], 0), kept[i]);
	}
	cr_expect_eq(floor_of(&h, "quiet"), 3);
	end(&h);
}

Test(hub_history, a_room_without_a_pattern_keeps_nothing_and_says_so)
{
	struct hub_keep keep = { "a", 5, 60, 0 };
	struct hub_history h = begin(&keep, 1, 0);

	add(&h, "b", 1, 0, "one");
	cr_expect_eq(floor_of(&h, "b"), 1);
	cr_expect_eq(floor_of(&h, "a"), 0);
	end(&h);
}

Test(hub_history, rooms_that_are_forgotten_leave_their_floor)
{
	struct hub_keep keep = { NULL, 5, 60, 0 };
	struct hub_history h = begin(&keep, 1, 1000);
	char room[8];

	for (unsigned i = 1; i <= 100; i++) {
		snprintf(room, sizeof(room), "r%u", i);
		add(&h, room, i, 0, "x");
		cr_expect_leq(h.octets, 1000);
	}
	cr_expect_str_eq(list(&h, "r1", 0), "");
	cr_expect_geq(floor_of(&h, "r1"), 1);
	cr_expect_str_eq(list(&h, "r100", 0), "100:x");
	/* What was forgotten is unknown to a room that is new, too. */
	cr_expect_eq(floor_of(&h, "never"), floor_of(&h, "r1"));
	end(&h);
}

Test(hub_history, options_that_are_not_allowed)
{
	struct hub_keep many = { NULL, 100001, 60, 0 };
	struct hub_keep past = { NULL, 1, -1, 0 };
	struct hub_options options = { .keep = &many, .keep_count = 1 };
	struct hub_history h;

	cr_expect_eq(hub_history_init(&h, &options, key), WS_EINVAL);
	options.keep = &past;
	cr_expect_eq(hub_history_init(&h, &options, key), WS_EINVAL);
	options.keep = NULL;
	cr_expect_eq(hub_history_init(&h, &options, key), 0);
	end(&h);
}

/* ---- against an oracle --------------------------------------------------- */

#define MESSAGES 400
#define ROOMS 6

/* All that was ever said. */
struct said {
	int room;
	char text[16];
};

/* Check one room from each cursor: what is given back must be the whole rest of
 * what was said there, or the floor must say that it is not. */
static void
check_room(const struct hub_history *h, const struct said *said, uint64_t last,
    int room)
{
	char name[2] = { (char)('a' + room), '\0' }, want[8192];
	uint64_t from = hub_history_floor(h, name, 1);

	cr_assert_leq(from, last);
	for (uint64_t since = from; since <= last; since++) {
		size_t at = 0;

		want[0] = '\0';
		for (uint64_t n = since + 1; n <= last; n++) {
			if (said[n].room == room)
				at += (size_t)snprintf(want + at,
				    sizeof(want) - at, "%s%d:%s",
				    at > 0 ? " " : "", (int)n, said[n].text);
		}
		cr_assert_str_eq(list(h, name, since), want);
	}
}

static void
play(unsigned seed, bool short_of_memory)
{
	static struct said said[MESSAGES + 1];
	struct hub_keep keep[] = { { "a", 1, 50, 0 }, { "b", 4, 10, 12 },
		{ "c", 0, 50, 0 }, { NULL, 7, 30, 30 } };
	struct hub_history h = begin(keep, 4, 600 + seed % 7 * 300);
	uint32_t now_s = 5;

	srand(seed);
	for (uint64_t n = 1; n <= MESSAGES; n++) {
		char name[2] = { (char)('a' + rand() % ROOMS), '\0' };

		now_s += (uint32_t)(rand() % 4 == 0 ? rand() % 20 : 0);
		said[n].room = name[0] - 'a';
		snprintf(said[n].text, sizeof(said[n].text), "%.*s",
		    rand() % 15, "abcdefghijklmno");
		struct ws_prepared *message =
		    ws_prepare(WS_TEXT, said[n].text, strlen(said[n].text));

		if (short_of_memory)
			scarce((size_t)(rand() % 4));
		hub_history_add(&h, name, 1, n, now_s, message);
		scarce(0);
		ws_prepared_free(message);
		if (rand() % 5 == 0)
			hub_history_sweep(&h, now_s);
		if (rand() % 40 == 0)
			hub_history_shrink(&h, (size_t)rand() % 600);
		for (int room = 0; n % 7 == 0 && room < ROOMS; room++)
			check_room(&h, said, n, room);
	}
	end(&h);
}

Test(hub_history, never_gives_a_part_as_the_whole)
{
	for (unsigned seed = 1; seed <= 60; seed++)
		play(seed, false);
}

Test(hub_history, nor_when_memory_runs_out)
{
	for (unsigned seed = 1; seed <= 60; seed++)
		play(seed, true);
}

Test(hub_history, is_complete_as_long_as_nothing_was_dropped)
{
	struct hub_keep keep = { NULL, 1000, 60, 0 };
	struct hub_history h = begin(&keep, 1, 0);
	char name[2] = "a";

	for (uint64_t n = 1; n <= 900; n++) {
		name[0] = (char)('a' + n % 3);
		add(&h, name, n, 0, "x");
	}
	cr_expect_eq(floor_of(&h, "a"), 0);
	cr_expect_eq(floor_of(&h, "b"), 0);
	cr_expect_eq(h.kept, 900);
	end(&h);
}
