/* fuzz_chunked.c - a chunked body whole and in pieces. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What came out of a decoder. */
struct result {
	struct ws_http_chunked c;
	size_t consumed;
	size_t body_octets;
	uint8_t *body; /* owned; room for the whole input */
};

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Feed one piece. Every call must make progress or end the body. */
static void
feed(struct result *r, const uint8_t *data, size_t len)
{
	while (len > 0 && !r->c.done && r->c.error == 0) {
		struct ws_span run;
		ssize_t n =
		    ws_http_chunked(&r->c, (const char *)data, len, &run);

		if (n < 0) {
			check(n == WS_HTTP_ECHUNK && r->c.error == n);
			return;
		}
		check(n > 0 && (size_t)n <= len && run.len <= (size_t)n);
		memcpy(r->body + r->body_octets, run.at, run.len);
		r->body_octets += run.len;
		r->consumed += (size_t)n;
		data += n;
		len -= (size_t)n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct result whole = { .body = malloc(len + 1) };
	struct result pieces = { .body = malloc(len + 1) };

	if (len == 0 || whole.body == NULL || pieces.body == NULL)
		goto out;
	/* The first octet says how large the pieces are. */
	size_t step = data[0] % 32 + 1u;
	data++;
	len--;
	feed(&whole, data, len);
	for (size_t at = 0; at < len; at += step)
		feed(&pieces, data + at, len - at < step ? len - at : step);
	check(memcmp(&whole.c, &pieces.c, sizeof(whole.c)) == 0);
	check(whole.body_octets == pieces.body_octets);
	check(memcmp(whole.body, pieces.body, whole.body_octets) == 0);
	check(whole.c.error != 0 || whole.consumed == pieces.consumed);
	check(whole.c.error != 0 || whole.c.done || whole.consumed == len);
out:
	free(whole.body);
	free(pieces.body);
	return 0;
}
