/* bytes.h - byte order, spans and checked arithmetic for wire data. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_BYTES_H
#define WS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A run of octets inside somebody else's buffer. Never NUL-terminated, never
 * owned: it lives exactly as long as the buffer that it points into. */
struct ws_span {
	const char *at; /* borrowed */
	size_t len;
};

#define WS_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Find the struct of a type that a member is embedded in, by the address of the
 * member. */
#define WS_OUTER(type, member, at) \
	((type *)(void *)((char *)(at)-offsetof(type, member)))

/* A span over a string literal. */
#define WS_SPAN(literal) ((struct ws_span){ (literal), sizeof(literal) - 1 })

/* A span over a C string. */
static inline struct ws_span
ws_span_of(const char *string)
{
	return (struct ws_span){ string, strlen(string) };
}

/* Read a 16-bit number in network byte order from any alignment. */
static inline uint16_t
ws_load16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

/* Read a 32-bit number in network byte order from any alignment. */
static inline uint32_t
ws_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Read a 64-bit number in network byte order from any alignment. */
static inline uint64_t
ws_load64(const uint8_t *p)
{
	return (uint64_t)ws_load32(p) << 32 | ws_load32(p + 4);
}

/* Read a 32-bit number, least significant octet first, from any alignment.
 * Compilers make one plain load of this where that is the machine's order. */
static inline uint32_t
ws_load32_le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* Read a 64-bit number, least significant octet first, from any alignment. */
static inline uint64_t
ws_load64_le(const uint8_t *p)
{
	return (uint64_t)ws_load32_le(p + 4) << 32 | ws_load32_le(p);
}

/* Write a 16-bit number in network byte order to any alignment. */
static inline void
ws_store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Write a 32-bit number in network byte order to any alignment. */
static inline void
ws_store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Write a 64-bit number in network byte order to any alignment. */
static inline void
ws_store64(uint8_t *p, uint64_t v)
{
	ws_store32(p, (uint32_t)(v >> 32));
	ws_store32(p + 4, (uint32_t)v);
}

/* Write a 64-bit number, least significant octet first, to any alignment. */
static inline void
ws_store64_le(uint8_t *p, uint64_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
	p[4] = (uint8_t)(v >> 32);
	p[5] = (uint8_t)(v >> 40);
	p[6] = (uint8_t)(v >> 48);
	p[7] = (uint8_t)(v >> 56);
}

/* How many of the octets of ws_load64_le are 0 before the first that is not;
 * value is not 0. */
static inline uint32_t
ws_zero_octets(uint64_t value)
{
#if defined(__GNUC__)
	return (uint32_t)__builtin_ctzll(value) / 8;
#else
	uint32_t n = 0;

	while ((value >> 8 * n & 0xff) == 0)
		n++;
	return n;
#endif
}

/* Keep a function that is seldom called out of its callers, so that they save
 * no registers for it. Only where that was measured to matter. */
#if defined(__GNUC__)
#define WS_NOINLINE __attribute__((noinline))
#else
#define WS_NOINLINE
#endif

/* A lane holds the octets that a machine handles at once: a vector of 16, or a
 * word of 8 where the compiler has no vectors. The operators | & ^ ~ work on
 * all of them. A shift works on each 64 bits; since octets are in the order of
 * memory, only what it moves within an octet makes sense. */
#if defined(__GNUC__)
typedef uint64_t ws_lane __attribute__((vector_size(16)));
#else
typedef uint64_t ws_lane;
#endif

/* Read a lane from any alignment. */
static inline ws_lane
ws_lane_load(const void *p)
{
	ws_lane lane;

	memcpy(&lane, p, sizeof(lane));
	return lane;
}

/* A lane of one word, repeated. */
static inline ws_lane
ws_lane_fill(uint64_t word)
{
	ws_lane lane = { 0 };

	return lane | word;
}

/* All bits that are set in any word of a lane, in one. */
static inline uint64_t
ws_lane_or(ws_lane lane)
{
	uint64_t words[sizeof(lane) / sizeof(uint64_t)], all = 0;

	memcpy(words, &lane, sizeof(lane));
	for (size_t i = 0; i < WS_LEN(words); i++)
		all |= words[i];
	return all;
}

/* ASCII lower case; octets outside A-Z are returned unchanged. Wire protocols
 * compare names in ASCII, whatever the locale says (RFC 9110 section 5.1). */
static inline char
ws_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int
ws_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ws_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Drop octets from the front of a span, which has as many. */
static inline void
ws_span_drop(struct ws_span *span, size_t n)
{
	span->at += n;
	span->len -= n;
}

/* Split a span at the first octet that is the separator.
 *   rest  receives what is behind it; empty when there is none
 * Returns what is before it, or all. */
static inline struct ws_span
ws_span_split(struct ws_span span, char separator, struct ws_span *rest)
{
	/* An empty span may point nowhere, which memchr must not see. */
	const char *at =
	    span.len > 0 ? memchr(span.at, separator, span.len) : NULL;
	size_t len = at != NULL ? (size_t)(at - span.at) : span.len;

	if (at != NULL)
		*rest = (struct ws_span){ at + 1, span.len - len - 1 };
	else
		*rest = (struct ws_span){ span.at + len, 0 };
	span.len = len;
	return span;
}

/* Count the octets at the front of a span that are in a set, a C string. */
static inline size_t
ws_span_count(struct ws_span span, const char *set)
{
	size_t n = 0;

	while (n < span.len && span.at[n] != '\0' &&
	       strchr(set, span.at[n]) != NULL)
		n++;
	return n;
}

/* Whether two spans hold the same octets. */
static inline bool
ws_span_equal(struct ws_span a, struct ws_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Whether two spans hold the same octets but for ASCII case. */
static inline bool
ws_span_equal_nocase(struct ws_span a, struct ws_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		/* Most names are written alike, so compare before folding. */
		if (a.at[i] != b.at[i] &&
		    ws_lower(a.at[i]) != ws_lower(b.at[i]))
			return false;
	}
	return true;
}

#endif
