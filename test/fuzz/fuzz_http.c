/* fuzz_http.c - a request head whole, in pieces, and what it promises. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	HEAD_MAX = 2048,
	URI_MAX = 256
};

static void
check(bool good)
{
	if (!good)
		abort();
}

/* A span must lie inside the head, between two offsets. */
static void
check_span(size_t at, size_t octets, size_t size)
{
	check(at <= size && octets <= size - at);
}

/* What a complete head promises to its readers. */
static void
check_head(const struct ws_http_head *h, const char *buf, size_t size)
{
	check(size <= HEAD_MAX && memcmp(buf + size - 4, "\r\n\r\n", 4) == 0);
	check_span(h->path_at, h->path_octets, size);
	check_span(h->query_at, h->query_octets, size);
	check_span(h->host_at, h->host_octets, size);
	check((h->path_octets == 0) == (h->method == WS_HTTP_CONNECT));
	check(h->path_octets == 0 || buf[h->path_at] == '/' ||
	      (buf[h->path_at] == '*' && h->method == WS_HTTP_OPTIONS));
	check(h->minor == 0 || h->host_octets > 0);
	check(!(h->chunked && h->has_length));
	check(h->minor > 0 || !(h->chunked || h->upgrade));
	for (unsigned i = 0; i < h->nfields; i++) {
		const struct ws_http_field *f = &h->fields[i];

		check_span(f->name_at, f->name_octets, size);
		check_span(f->value_at, f->value_octets, size);
		check(f->name_octets > 0);
		for (unsigned k = 0; k < f->value_octets; k++)
			check(ws_http_is(buf[f->value_at + k], WS_HTTP_TEXT));
	}
}

/* A head and all that is known of it, compared octet for octet. */
static void
check_same(const struct ws_http_head *a, const struct ws_http_head *b)
{
	check(memcmp(a, b, offsetof(struct ws_http_head, fields)) == 0);
	check(memcmp(a->fields, b->fields, a->nfields * sizeof(a->fields[0])) ==
	      0);
}

/* Feed a prefix out of a block of its own, which the sanitizer guards. */
static ssize_t
feed(struct ws_http_head *h, const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1);
	ssize_t r;

	check(copy != NULL);
	memcpy(copy + 1, data, len);
	r = ws_http_parse(h, copy + 1, len);
	free(copy);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ws_http_head whole, pieces;
	ssize_t r, s = 0;

	memset(&whole, 0, sizeof(whole));
	memset(&pieces, 0, sizeof(pieces));
	ws_http_init(&whole, HEAD_MAX, URI_MAX);
	ws_http_init(&pieces, HEAD_MAX, URI_MAX);
	if (len == 0)
		return 0;
	/* The first octet says how large the pieces are. */
	size_t step = data[0] % 32 + 1u;
	data++;
	len--;
	r = feed(&whole, data, len);
	for (size_t n = 0; n < len && s == 0; n += step)
		s = feed(&pieces, data, n);
	if (s == 0)
		s = feed(&pieces, data, len);
	check(r == s);
	check_same(&whole, &pieces);
	if (r > 0)
		check_head(&whole, (const char *)data, (size_t)r);
	else if (r < 0)
		check(ws_http_error_status((int)r) >= 400);
	else
		check(len < HEAD_MAX);
	return 0;
}
