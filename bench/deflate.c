/* deflate.c - our DEFLATE beside zlib's: size and speed. */
/* SPDX-License-Identifier: MIT */

/*	bench/deflate.sh [-l LEVEL]... [-k KIND] [-r ROUNDS] [-b BITS] [FILE...]
 *
 * Both compress the same messages at the same level: once without a context,
 * which for zlib means a deflateReset before each message, and once with a
 * context that lasts. Then both decompress the messages that zlib compressed
 * without a context. Each file is one message.
 *
 *	size    octets of ours for each of zlib's: below 1 is smaller
 *	MB/s    of what is compressed, by CPU time, best of all rounds
 *	speed   ours for zlib's: above 1 is faster
 *
 * The two take turns within each round, so that a machine which is busy with
 * other things hurts both alike. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "deflate/deflate.h"
#include "deflate/inflate.h"
#include "test/fuzz/corpora.h"

enum {
	TAIL = 4, /* 00 00 ff ff, which RFC 7692 leaves out */
	LEVELS_MAX = 10,
	SLACK = 64, /* for zlib, which has no bound with a flush */
};

/* Messages of one kind and size, and the results of compressing them. */
struct messages {
	const char *name;
	uint8_t *at; /* owned */
	size_t count, octets;
	size_t each; /* octets */

	bool is_kept;
	struct ws_deflate *deflate;
	struct ws_inflate *inflate;
	z_stream deflate_z, inflate_z;

	/* The last message, and all of them as zlib compressed them. */
	uint8_t *out; /* owned */
	size_t out_max;
	uint8_t *deflated;       /* owned */
	size_t *deflated_octets; /* owned; by message */
};

static size_t rounds = 20;
static unsigned window_bits = 15;

static void *
allocate(size_t octets)
{
	void *p = malloc(octets);

	if (p == NULL) {
		perror("deflate");
		exit(1);
	}
	return p;
}

static void
check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "deflate: %s\n", what);
	exit(1);
}

/* ---- what is measured ------------------------------------------------------
 * Each function takes all messages once and returns how many octets came out. */

static size_t
ours_write(struct messages *m)
{
	size_t total = 0;

	for (size_t i = 0; i < m->count; i++) {
		if (!m->is_kept)
			ws_deflate_reset(m->deflate);
		total += ws_deflate_message(m->deflate, m->at + i * m->each,
		    m->each, m->out, m->out_max);
	}
	return total;
}

static size_t
zlib_write(struct messages *m)
{
	z_stream *z = &m->deflate_z;
	size_t total = 0;

	for (size_t i = 0; i < m->count; i++) {
		if (!m->is_kept)
			deflateReset(z);
		z->next_in = m->at + i * m->each;
		z->avail_in = (unsigned)m->each;
		z->next_out = m->out;
		z->avail_out = (unsigned)m->out_max;
		deflate(z, Z_SYNC_FLUSH);
		total += m->out_max - z->avail_out - TAIL;
	}
	return total;
}

static size_t
ours_read(struct messages *m)
{
	struct ws_inflate_window none = { .bits = (uint8_t)window_bits };
	const uint8_t *at = m->deflated;
	size_t total = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct ws_inflate_io io = { .in = at,
			.in_octets = m->deflated_octets[i],
			.out = m->out,
			.out_max = m->each };

		ws_inflate_begin(m->inflate, &none);
		ws_inflate_run(m->inflate, &io);
		total += io.out_octets;
		at += m->deflated_octets[i];
	}
	return total;
}

static size_t
zlib_read(struct messages *m)
{
	z_stream *z = &m->inflate_z;
	size_t total = 0;

	z->next_in = m->deflated;
	for (size_t i = 0; i < m->count; i++) {
		inflateReset(z);
		z->avail_in = (unsigned)m->deflated_octets[i];
		z->next_out = m->out;
		z->avail_out = (unsigned)m->each;
		inflate(z, Z_SYNC_FLUSH);
		total += m->each - z->avail_out;
	}
	return total;
}

/* ---- measuring ----------------------------------------------------------- */

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Run two functions by turns.
 *   octets   what came out of each, in the last round
 *   seconds  the fewest that each took */
static void
race(struct messages *m, size_t (*run[2])(struct messages *), size_t octets[2],
    double seconds[2])
{
	seconds[0] = seconds[1] = 1e9;
	for (size_t i = 0; i < 2 * rounds; i++) {
		double start = cpu_seconds(), took;

		octets[i % 2] = run[i % 2](m);
		took = cpu_seconds() - start;
		if (took < seconds[i % 2])
			seconds[i % 2] = took;
	}
}

static void
report(const struct messages *m, const char *level, const char *context,
    const double seconds[2])
{
	double megabytes = (double)m->octets / 1e6;

	printf("%-12.12s %5s %-5s %8.1f %8.1f %6.2f", m->name, level, context,
	    megabytes / seconds[0], megabytes / seconds[1],
	    seconds[1] / seconds[0]);
}

static void
compare_writing(struct messages *m, unsigned level, bool is_kept)
{
	void *memory = allocate(ws_deflate_octets(window_bits));
	size_t octets[2];
	double seconds[2];
	char text[4];

	m->is_kept = is_kept;
	m->deflate = ws_deflate_init(memory, window_bits, level);
	memset(&m->deflate_z, 0, sizeof(m->deflate_z));
	check(deflateInit2(&m->deflate_z, (int)level, Z_DEFLATED,
		  -(int)window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK,
	    "zlib does not begin");
	race(m, (size_t(*[2])(struct messages *)){ ours_write, zlib_write },
	    octets, seconds);
	deflateEnd(&m->deflate_z);
	free(memory);
	snprintf(text, sizeof(text), "%u", level);
	report(m, text, is_kept ? "kept" : "none", seconds);
	printf(" %9zu %9zu %6.3f\n", octets[0], octets[1],
	    (double)octets[0] / (double)octets[1]);
}

/* Compress all messages, as zlib does at level 6. */
static void
deflate_all(struct messages *m)
{
	z_stream *z = &m->deflate_z;

	memset(z, 0, sizeof(*z));
	deflateInit2(z, 6, Z_DEFLATED, -(int)window_bits, 8, 0);
	m->deflated = allocate(m->count * m->out_max);
	m->deflated_octets = allocate(m->count * sizeof(*m->deflated_octets));
	z->next_out = m->deflated;
	for (size_t i = 0; i < m->count; i++) {
		deflateReset(z);
		z->next_in = m->at + i * m->each;
		z->avail_in = (unsigned)m->each;
		z->avail_out = (unsigned)m->out_max;
		deflate(z, Z_SYNC_FLUSH);
		m->deflated_octets[i] = m->out_max - z->avail_out;
	}
	deflateEnd(z);
}

static void
compare_reading(struct messages *m)
{
	size_t octets[2];
	double seconds[2];

	deflate_all(m);
	m->inflate = allocate(sizeof(*m->inflate));
	ws_inflate_init(m->inflate);
	memset(&m->inflate_z, 0, sizeof(m->inflate_z));
	check(inflateInit2(&m->inflate_z, -(int)window_bits) == Z_OK,
	    "zlib does not begin");
	race(m, (size_t(*[2])(struct messages *)){ ours_read, zlib_read },
	    octets, seconds);
	check(octets[0] == m->octets && octets[1] == m->octets,
	    "reading does not work");
	inflateEnd(&m->inflate_z);
	free(m->inflate);
	free(m->deflated);
	free(m->deflated_octets);
	report(m, "read", "none", seconds);
	putchar('\n');
}

static void
measure(struct messages m, const unsigned *levels, size_t levels_count)
{
	m.out_max = ws_deflate_bound(m.each) + SLACK;
	m.out = allocate(m.out_max);
	for (size_t i = 0; i < levels_count; i++) {
		compare_writing(&m, levels[i], false);
		if (m.count > 1)
			compare_writing(&m, levels[i], true);
	}
	compare_reading(&m);
	free(m.out);
	free(m.at);
}

/* ---- messages ------------------------------------------------------------ */

static const struct kind {
	const char *name;
	size_t each, octets;
	void (*fill)(struct dice *, uint8_t *, size_t);
} kinds[] = {
	{ "JSON 256", 256, 65536, fill_json },
	{ "JSON 1 KiB", 1024, 131072, fill_json },
	{ "JSON 16 KiB", 16384, 524288, fill_json },
	{ "text 1 MiB", 1048576, 1048576, fill_text },
};

static struct messages
make(const struct kind *kind)
{
	struct dice dice = { 88172645463325252 };
	struct messages m = {
		.name = kind->name, .each = kind->each, .octets = kind->octets
	};

	m.count = m.octets / m.each;
	m.at = allocate(m.octets);
	for (size_t i = 0; i < m.count; i++)
		kind->fill(&dice, m.at + i * m.each, m.each);
	return m;
}

static struct messages
load(const char *path)
{
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "rb");
	struct messages m = { .name = slash ? slash + 1 : path, .count = 1 };

	check(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
	m.each = m.octets = (size_t)ftell(file);
	rewind(file);
	m.at = allocate(m.octets);
	check(fread(m.at, 1, m.octets, file) == m.octets, path);
	fclose(file);
	return m;
}

int
main(int argc, char **argv)
{
	unsigned levels[LEVELS_MAX] = { 1, 6 };
	size_t count = 0, kinds_count = sizeof(kinds) / sizeof(kinds[0]);
	const char *kind = "";
	int option;

	while ((option = getopt(argc, argv, "b:k:l:r:")) != -1) {
		if (option == 'b')
			window_bits = (unsigned)atoi(optarg) % 16;
		else if (option == 'k')
			kind = optarg;
		else if (option == 'r')
			rounds = (size_t)atoi(optarg);
		else if (option == 'l' && count < LEVELS_MAX)
			levels[count++] = (unsigned)atoi(optarg) % 10;
		else
			return 2;
	}
	printf("%-12s %5s %-5s %8s %8s %6s %9s %9s %6s   zlib %s\n", "messages",
	    "level", "keeps", "MB/s", "zlib's", "speed", "octets", "zlib's",
	    "size", zlibVersion());
	for (size_t i = 0; i < kinds_count && optind == argc; i++) {
		if (strstr(kinds[i].name, kind) != NULL)
			measure(make(&kinds[i]), levels, count ? count : 2);
	}
	for (; optind < argc; optind++)
		measure(load(argv[optind]), levels, count ? count : 2);
	return 0;
}
