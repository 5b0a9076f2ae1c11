/* test_sim.c - the whole server in a simulated world, many times over. */
/* SPDX-License-Identifier: MIT */
/*
 * WSD_SIM_SEED=n plays one schedule alone, WSD_SIM_COUNT=n so many instead of
 * the usual number; with WSD_SIM_TRACE=1 it tells what happens.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sim.h"

enum {
	FAIR_COUNT = 2000,
	SCARCE_COUNT = 600,
	NTH_COUNT = 600,
};

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoull(value, NULL, 0) : otherwise;
}

static void
play_many(enum sim_mode mode, uint64_t count)
{
	uint64_t first = number("WSD_SIM_SEED", 1);

	if (getenv("WSD_SIM_SEED") != NULL)
		count = 1;
	count = number("WSD_SIM_COUNT", count);
	for (uint64_t i = 0; i < count; i++)
		(void)sim_play(first + i, mode, 0, NULL, 0);
}

Test(sim, keeps_every_promise_in_a_bad_network, .timeout = 600)
{
	play_many(SIM_FAIR, FAIR_COUNT);
	if (sim_seen.schedules < FAIR_COUNT)
		return;
	cr_assert(sim_seen.messages > 0 && sim_seen.delivered > 0);
}

Test(sim, survives_failing_allocations, .timeout = 600)
{
	play_many(SIM_SCARCE, SCARCE_COUNT);
	cr_assert(sim_seen.shortages > 0);
}
