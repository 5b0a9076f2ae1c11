/* codec.c - how fast payloads are unmasked and checked, beside memcpy. */
/* SPDX-License-Identifier: MIT */
/*
 * A session unmasks the payload of a text message, and checks that it is UTF-8
 * unless unmasking has shown that all of it is ASCII. This program does both to
 * texts of several scripts and sizes, and then SHA-1 and base64, which a
 * handshake needs.
 *
 * A buffer holds messages of one size, one behind the other. It fits into a
 * cache near the core, as a message that was just received does. A pass goes
 * once through all messages. memcpy of the same octets to another buffer is the
 * yardstick. The passes of all rows take turns, each directly after a pass of
 * memcpy, so that a disturbance hits all rows alike. The figures are medians:
 *
 *	round:  memcpy row-1 memcpy row-2 memcpy row-3 ...
 *
 * The masking key is zero, so that unmasking leaves a text as it is. No code
 * depends on the key's value, so any other key takes as long.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base64.h"
#include "base/bytes.h"
#include "websocket/frame.h"
#include "sha1.h"
#include "base/utf8.h"

enum {
	ROUNDS = 41,
	PASSES = 8, /* in a round */
	BUFFER_OCTETS = 65536
};

static const size_t sizes[] = { 16, 125, 1024, 65536 };

enum {
	SIZES = WS_LEN(sizes)
};

/* One thing to do to one message; it may write to another place. Returns
 * whether the outcome was right. */
typedef bool task(uint8_t *data, size_t len, uint8_t *to);

/* Called through a pointer that may change: no compiler leaves it out. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static bool
do_copy(uint8_t *data, size_t len, uint8_t *to)
{
	copy(to, data, len);
	return true;
}

/* As session.c does it. */
static bool
do_text(uint8_t *data, size_t len, uint8_t *to)
{
	static const uint8_t key[4];

	(void)to;
	return ws_frame_mask(data, len, key, 0) ||
	       ws_utf8_check(WS_UTF8_ACCEPT, data, len) == WS_UTF8_ACCEPT;
}

static bool
do_mask(uint8_t *data, size_t len, uint8_t *to)
{
	static const uint8_t key[4];

	(void)to;
	(void)ws_frame_mask(data, len, key, 0);
	return true;
}

static bool
do_sha1(uint8_t *data, size_t len, uint8_t *to)
{
	struct ws_sha1 h;

	ws_sha1_init(&h);
	ws_sha1_update(&h, data, len);
	ws_sha1_final(&h, to);
	return true;
}

static bool
do_encode(uint8_t *data, size_t len, uint8_t *to)
{
	return ws_base64_encode(data, len, (char *)to) ==
	       WS_BASE64_ENCODED(len);
}

/* As much of the message as is a multiple of four characters. */
static bool
do_decode(uint8_t *data, size_t len, uint8_t *to)
{
	return ws_base64_decode((const char *)data, len / 4 * 4, to) > 0;
}

/* ---- rows --------------------------------------------------------------- */

static const struct row {
	const char *title;
	task *run;
	const char *text; /* what messages are filled with */
} rows[] = {
	{ "unmask and check: ASCII", do_text, "The quick brown fox jumps. " },
	{ "Latin", do_text, "Zwölf Boxkämpfer jagen den Été à Málaga. " },
	{ "Greek", do_text, "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. " },
	{ "Cyrillic", do_text, "Съешь же ещё этих мягких булок. " },
	{ "Chinese, Japanese, Korean", do_text, "我能吞下玻璃。いろは 키스의" },
	{ "emoji", do_text, "😀🦊🚀🎉👍🏽🧭" },
	{ "all of these", do_text,
	    "fox Été ψυχή булок 玻璃 いろは 키스의 🦊 " },
	{ "unmask only", do_mask, "The quick brown fox jumps. " },
	{ "SHA-1", do_sha1, "The quick brown fox jumps. " },
	{ "base64, encode", do_encode, "The quick brown fox jumps. " },
	{ "base64, decode", do_decode, "VGhlIHF1aWNr" },
};

enum {
	ROWS = WS_LEN(rows)
};

/* Seconds of each round. */
struct times {
	double copy[ROUNDS], row[ROUNDS];
};

/* Fill a message with whole characters of a text, over and over. Where the
 * next one does not fit, ASCII does. */
static void
fill(uint8_t *message, size_t len, const char *text)
{
	const char *from = text;
	size_t at = 0, n;

	while ((n = (size_t)ws_utf8_char_len(from, strlen(from))) <= len - at &&
	       at < len) {
		memcpy(message + at, from, n);
		at += n;
		from += n;
		if (*from == '\0')
			from = text;
	}
	memset(message + at, 'a', len - at);
}

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Do a task to all messages, some times. Returns how long it took. */
static double
pass(task *run, uint8_t *buffer, size_t size, uint8_t *to)
{
	double began_s = now_s();
	bool good = true;

	for (int i = 0; i < PASSES; i++) {
		for (size_t at = 0; at + size <= BUFFER_OCTETS; at += size)
			good &= run(buffer + at, size, to + at);
	}
	if (!good) {
		fputs("codec: a wrong outcome\n", stderr);
		exit(1);
	}
	return now_s() - began_s;
}

static void
measure(uint8_t *buffer, uint8_t *to, size_t row, size_t size,
    struct times *times, int round)
{
	for (size_t at = 0; at + size <= BUFFER_OCTETS; at += size)
		fill(buffer + at, size, rows[row].text);
	times->copy[round] = pass(do_copy, buffer, size, to);
	times->row[round] = pass(rows[row].run, buffer, size, to);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Octets per nanosecond: the median of all rounds. */
static double
speed(double *seconds, size_t size)
{
	size_t octets = PASSES * (BUFFER_OCTETS - BUFFER_OCTETS % size);

	qsort(seconds, ROUNDS, sizeof(*seconds), ascending);
	return (double)octets / 1e9 / seconds[ROUNDS / 2];
}

static void
print_table(struct times times[ROWS][SIZES])
{
	printf("%-26s", "GB/s (share of memcpy)");
	for (size_t j = 0; j < SIZES; j++)
		printf(" %8zu octets", sizes[j]);
	printf("\n%-26s", "memcpy");
	for (size_t j = 0; j < SIZES; j++)
		printf(" %8.2f       ", speed(times[0][j].copy, sizes[j]));
	for (size_t i = 0; i < ROWS; i++) {
		printf("\n%-26s", rows[i].title);
		for (size_t j = 0; j < SIZES; j++) {
			struct times *cell = &times[i][j];
			double own = speed(cell->row, sizes[j]);

			printf(" %8.2f (%.2f)", own,
			    own / speed(cell->copy, sizes[j]));
		}
	}
	printf("\n");
}

int
main(void)
{
	static struct times times[ROWS][SIZES];
	uint8_t *buffer = malloc(BUFFER_OCTETS);
	uint8_t *to = malloc(2 * BUFFER_OCTETS); /* base64 takes more */

	if (buffer == NULL || to == NULL)
		return 1;
	memset(to, 0, 2 * BUFFER_OCTETS);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < ROWS; i++) {
			for (size_t j = 0; j < SIZES; j++)
				measure(buffer, to, i, sizes[j], &times[i][j],
				    round);
		}
	}
	print_table(times);
	free(buffer);
	free(to);
	return 0;
}
