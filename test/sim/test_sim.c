/* test_sim.c - the whole server in a simulated world, many times over. */
/* SPDX-License-Identifier: MIT */
/*
 * A schedule that fails names its seed. WSD_SIM_SEED=n plays that one alone,
 * with WSD_SIM_TRACE=1 it tells what happens meanwhile; WSD_SIM_COUNT=n plays
 * so many instead of the usual number.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sim.h"

enum {
	FAIR_COUNT = 800,
	SCARCE_COUNT = 400,
	NTH_COUNT = 400,
	SET_UP_MAX = 80, /* allocations of a server without clients, at most */
};

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoull(value, NULL, 0) : otherwise;
}

/* Return whether to play the usual number of schedules: nobody set another. */
static bool
is_usual(void)
{
	return getenv("WSD_SIM_SEED") == NULL &&
	       getenv("WSD_SIM_COUNT") == NULL;
}

static uint64_t
count(uint64_t usual)
{
	return number(
	    "WSD_SIM_COUNT", getenv("WSD_SIM_SEED") != NULL ? 1 : usual);
}

static void
play_many(enum sim_mode mode, uint64_t usual)
{
	uint64_t first = number("WSD_SIM_SEED", 1), n = count(usual);

	for (uint64_t i = 0; i < n; i++)
		(void)sim_play(first + i, mode, 0, NULL, 0);
}

/* A world in which nothing bad happens proves nothing. */
static void
assert_eventful(void)
{
	struct {
		const char *what;
		unsigned long count;
	} rows[] = {
		{ "WebSockets opened", sim_seen.opened },
		{ "messages received", sim_seen.messages },
		{ "messages delivered", sim_seen.delivered },
		{ "messages echoed", sim_seen.echoed },
		{ "messages that came compressed", sim_seen.deflated },
		{ "messages that went compressed", sim_seen.inflated },
		{ "rules that were broken", sim_seen.offences },
		{ "responses", sim_seen.responses },
		{ "held responses", sim_seen.held },
		{ "bodies that broke off", sim_seen.broken },
		{ "pongs", sim_seen.pongs },
		{ "resets", sim_seen.resets },
		{ "peers that vanished", sim_seen.vanished },
		{ "peers that were too slow", sim_seen.slow },
		{ "peers turned away", sim_seen.refused },
		{ "times out of descriptors", sim_seen.exhausted },
		{ "stale events", sim_seen.stale },
		{ "leaps of time", sim_seen.leaps },
		{ "graceful ends", sim_seen.stopped },
		{ "schedules played to the end", sim_seen.content },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(rows[i].count > 10, "%s: only %lu", rows[i].what,
		    rows[i].count);
}

Test(sim, keeps_every_promise_in_a_bad_network, .timeout = 600)
{
	play_many(SIM_FAIR, FAIR_COUNT);
	if (is_usual())
		assert_eventful();
}

Test(sim, loses_only_whom_memory_fails, .timeout = 600)
{
	play_many(SIM_SCARCE, SCARCE_COUNT);
	if (is_usual())
		cr_assert(sim_seen.shortages > SCARCE_COUNT);
}

/* First each allocation that creates a server, then any of a schedule's. */
Test(sim, survives_each_single_failure, .timeout = 600)
{
	uint64_t first = number("WSD_SIM_SEED", 1), n = count(NTH_COUNT);
	size_t total = 0, nth;

	for (uint64_t i = 0; i < n; i++) {
		if (i % 25 == 0)
			total = sim_play(first + i / 25, SIM_NTH, 0, NULL, 0);
		nth = i < SET_UP_MAX ? i + 1
				     : 1 + sim_hash(first, i) % (total + 1);
		(void)sim_play(first + i / 25, SIM_NTH, nth, NULL, 0);
	}
	if (is_usual())
		cr_assert(sim_seen.shortages > SET_UP_MAX);
}
