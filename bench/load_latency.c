/* load_latency.c - how long replies take. */
/* SPDX-License-Identifier: MIT */
/*
 * Latencies go into a histogram of 32 buckets for each power of two, which
 * makes a bucket 3 % wide, whatever the magnitude:
 *
 *	bucket   0 .. 31   32 .. 63   64 .. 95       96 .. 127
 *	ns       0 .. 31   32 .. 63   64, 66 .. 126  128, 132 .. 252   ...
 */
#include "load.h"

enum {
	SUB_BITS = 5,
	SUB = 1 << SUB_BITS, /* buckets for each power of two */
	BUCKETS = 64 * SUB
};

static uint64_t latencies[BUCKETS];
static uint64_t latency_max_ns;

void
record(uint64_t ns)
{
	unsigned exponent = 0;

	if (ns > latency_max_ns)
		latency_max_ns = ns;
	if (ns >= SUB)
		exponent = 63 - SUB_BITS - (unsigned)__builtin_clzll(ns);
	latencies[exponent * SUB + (ns >> exponent)]++;
}

double
percentile(double share)
{
	uint64_t total = 0, seen = 0;
	size_t i;

	if (share >= 1)
		return (double)latency_max_ns / 1000;
	for (i = 0; i < BUCKETS; i++)
		total += latencies[i];
	if (total == 0)
		return 0;
	for (i = 0; i < BUCKETS - 1; i++) {
		seen += latencies[i];
		if (seen > 0 && (double)seen >= share * (double)total)
			break;
	}
	if (i < 2 * SUB)
		return (double)i / 1000;
	/* Bucket i has exponent i / SUB - 1, since its top bit is kept. */
	return (double)((uint64_t)(SUB + i % SUB) << (i / SUB - 1)) / 1000;
}
