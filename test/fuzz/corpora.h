/* corpora.h - octets of many kinds, for what compresses. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_CORPORA_H
#define TEST_CORPORA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The same octets come out everywhere: xorshift, Marsaglia 2003. */
struct dice {
	uint64_t state; /* not 0 */
};

/* A number below n. */
static inline uint32_t
roll(struct dice *d, uint32_t n)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (uint32_t)((d->state >> 16) % n);
}

static const char *const corpora_words[] = { "the", "of", "and", "to", "a",
	"in", "is", "it", "that", "server", "was", "message", "for", "on",
	"are", "with", "as", "client", "be", "at", "one", "have", "this",
	"from", "or", "had", "connection", "by", "hot", "but", "some", "what",
	"there", "we", "can", "out", "other", "were", "all", "your", "when",
	"up", "use", "word", "how", "said", "an", "each", "she", "which", "do",
	"their", "time", "if", "will", "way", "about", "many", "then", "them",
	"would", "write", "like", "so", "these", "her", "long", "make", "thing",
	"see", "him", "two", "has", "look", "more", "day", "could", "go",
	"come", "did", "my", "sound", "no", "most", "number", "who", "over",
	"know", "water", "than", "call", "first", "people", "may", "down",
	"side", "been", "now", "find", "Thursday", "Heidelberg", "resonance",
	"quickly", "jump", "xylophone", "zero" };

/* A word, most often one of the first (Zipf 1949, more or less). */
static inline const char *
corpora_word(struct dice *d)
{
	uint32_t count = sizeof(corpora_words) / sizeof(corpora_words[0]);

	return corpora_words[roll(d, 1 + roll(d, 1 + roll(d, count)))];
}

static inline size_t
corpora_append(uint8_t *out, size_t at, size_t len, const char *text)
{
	size_t n = strlen(text);

	if (n > len - at)
		n = len - at;
	memcpy(out + at, text, n);
	return at + n;
}

/* Each of these fills len octets. */

static inline void
fill_text(struct dice *d, uint8_t *out, size_t len)
{
	size_t at = 0;

	while (at < len) {
		at = corpora_append(out, at, len, corpora_word(d));
		at = corpora_append(out, at, len,
		    roll(d, 12) > 0  ? " "
		    : roll(d, 5) > 0 ? ". "
				     : ".\n\n");
	}
}

/* One message of an application: an object with a list of objects. */
static inline void
fill_json(struct dice *d, uint8_t *out, size_t len)
{
	char text[160];
	size_t at = 0;

	snprintf(text, sizeof(text),
	    "{\"type\":\"%s\",\"seq\":%u,\"room\":\"%s\",\"items\":[",
	    roll(d, 2) ? "update" : "message", (unsigned)roll(d, 1000000),
	    roll(d, 2) ? "lobby" : "general");
	at = corpora_append(out, at, len, text);
	while (at < len) {
		unsigned id = (unsigned)roll(d, 100000);

		if (roll(d, 2))
			snprintf(text, sizeof(text),
			    "{\"id\":%u,\"price\":%u.%02u,\"size\":%u,"
			    "\"time\":17%08u,\"ok\":%s},",
			    id, (unsigned)roll(d, 500), (unsigned)roll(d, 100),
			    (unsigned)roll(d, 1000),
			    (unsigned)roll(d, 100000000),
			    roll(d, 2) ? "true" : "false");
		else
			snprintf(text, sizeof(text),
			    "{\"id\":%u,\"user\":\"%s\",\"text\":"
			    "\"%s %s %s %s\"},",
			    id, corpora_word(d), corpora_word(d),
			    corpora_word(d), corpora_word(d), corpora_word(d));
		at = corpora_append(out, at, len, text);
	}
	if (len >= 2)
		memcpy(out + len - 2, "]}", 2);
}

/* Records of a program: counters, small numbers, padding, some noise. */
static inline void
fill_binary(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at++) {
		size_t record = at / 24;

		switch (at % 24) {
		case 0:
		case 1:
			out[at] = (uint8_t)(record >> 8 * (at % 24));
			break;
		case 4:
		case 8:
			out[at] = (uint8_t)roll(d, 10);
			break;
		case 12:
		case 13:
		case 14:
			out[at] = (uint8_t)roll(d, 256);
			break;
		default:
			out[at] = 0;
			break;
		}
	}
}

static inline void
fill_random(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at++)
		out[at] = (uint8_t)roll(d, 256);
}

static inline void
fill_same(struct dice *d, uint8_t *out, size_t len)
{
	if (len > 0)
		memset(out, (int)roll(d, 256), len);
}

/* Runs of 1 to 600 octets: across 258, the longest match. */
static inline void
fill_runs(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = 1 + roll(d, 600);

		if (n > len - at)
			n = len - at;
		memset(out + at, (int)roll(d, 4), n);
		at += n;
	}
}

/* Every four octets of four different letters once in 256 octets, in a de
 * Bruijn sequence: by a shift register, x^8 + x^4 + x^3 + x^2 + 1. */
static inline void
fill_de_bruijn(struct dice *d, uint8_t *out, size_t len)
{
	unsigned state = 1 + roll(d, 255);

	for (size_t at = 0; at < len; at++) {
		for (int bit = 0; bit < 2; bit++)
			state = state << 1 ^ (state & 0x80 ? 0x11d : 0);
		out[at] = (uint8_t)("acgt"[state & 3]);
	}
}

/* Octet n as often as the n-th number of Fibonacci, which makes the longest
 * codes there can be. */
static inline void
fill_fibonacci(struct dice *d, uint8_t *out, size_t len)
{
	uint32_t steps[24] = { 1, 1 };
	uint32_t total = 2;

	for (size_t i = 2; i < 24; i++) {
		steps[i] = steps[i - 1] + steps[i - 2];
		total += steps[i];
	}
	for (size_t at = 0; at < len; at++) {
		uint32_t n = roll(d, total);
		uint8_t octet = 0;

		while (n >= steps[octet])
			n -= steps[octet++];
		out[at] = octet;
	}
}

/* Matches of 4 to 12 octets, all of them as far back as a window reaches. */
static inline void
fill_distant(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at++)
		out[at] = at < 32700 || roll(d, 8) == 0 ? (uint8_t)roll(d, 256)
							: out[at - 32700];
}

/* By turns what compresses and what does not. */
static inline void
fill_mixed(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = 1 + roll(d, 9000);

		if (n > len - at)
			n = len - at;
		if (roll(d, 2))
			fill_random(d, out + at, n);
		else
			fill_text(d, out + at, n);
		at += n;
	}
}

static const struct corpus {
	const char *name;
	void (*fill)(struct dice *d, uint8_t *out, size_t len);
} corpora[] = {
	{ "text", fill_text },
	{ "JSON", fill_json },
	{ "binary", fill_binary },
	{ "random", fill_random },
	{ "all the same", fill_same },
	{ "runs", fill_runs },
	{ "de Bruijn", fill_de_bruijn },
	{ "Fibonacci", fill_fibonacci },
	{ "distant", fill_distant },
	{ "mixed", fill_mixed },
};

#endif
