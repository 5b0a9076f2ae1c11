/* fuzz_sim.c - the whole server in a world that the fuzzer decides about. */
/* SPDX-License-Identifier: MIT */

/* The first octet says whether memory runs out; all that happens after it is
 * drawn from the rest, and from a fixed sequence when that is used up. */

#include "test/sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	(void)sim_play(
	    0, data[0] % 2 == 0 ? SIM_FAIR : SIM_SCARCE, 0, data + 1, size - 1);
	return 0;
}
