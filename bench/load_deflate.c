/* load_deflate.c - the load generator's compressed messages (RFC 7692). */
/* SPDX-License-Identifier: MIT */
/*
 * Messages are JSON, as applications send it. Each is compressed on its own,
 * without context takeover (RFC 7692 section 7.1.1). Messages are compressed
 * before the run, but replies are inflated during it. In a room, where a server
 * compresses once for all, the generator is busier than the server; look at the
 * server's processor time there.
 *
 * All messages of the ring must have one length. So for each place JSON is made
 * until a text is compressed to the length of the first one.
 */
#include <stdlib.h>

#include "deflate/deflate.h"
#include "deflate/inflate.h"
#include "test/fuzz/corpora.h"
#include "load.h"

enum {
	BITS = 15,
	LEVEL = 6,
	TRIES_MAX = 100000,
	TAIL = 4, /* octets that end a flush: RFC 7692 section 7.2.1 */
};

static size_t deflated_len;

size_t
deflate_message(uint64_t n, uint8_t *deflated, size_t room, uint8_t *reply)
{
	static struct ws_deflate *d;
	struct dice dice = { n + 1 };
	size_t len;

	if (d == NULL)
		d = ws_deflate_init(
		    grab(1, ws_deflate_octets(BITS)), BITS, LEVEL);
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		fill_json(&dice, reply, opt.size);
		ws_deflate_reset(d);
		len = ws_deflate_message(d, reply, opt.size, deflated, room);
		if (deflated_len == 0)
			deflated_len = len;
		if (len == deflated_len)
			return len;
	}
	fail("no message is compressed to %zu octets", deflated_len);
}

const uint8_t *
inflate_message(const uint8_t *in, size_t *len)
{
	static const struct ws_inflate_window none = { .bits = BITS };
	static const uint8_t tail[TAIL] = { 0x00, 0x00, 0xff, 0xff };
	static struct ws_inflate *z;
	static uint8_t *out;
	struct ws_inflate_io io = { .in = in, .in_octets = *len };
	int status;

	if (z == NULL) {
		z = grab(1, sizeof(*z));
		ws_inflate_init(z);
		out = grab(1, opt.size + 1);
	}
	io.out = out;
	io.out_max = opt.size + 1;
	ws_inflate_begin(z, &none);
	status = ws_inflate_run(z, &io);
	if (status == WS_INFLATE_MORE) {
		io.in = tail;
		io.in_octets = TAIL;
		status = ws_inflate_run(z, &io);
	}
	if (status != WS_INFLATE_MORE || !ws_inflate_is_flushed(z))
		fail("a reply that cannot be inflated");
	*len = io.out_octets;
	return out;
}
