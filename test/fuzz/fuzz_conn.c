/* fuzz_conn.c - frames that pretend to be compressed, for a whole server. */
/* SPDX-License-Identifier: MIT */
/*
 * The first octets decide what server it is and what is agreed on. What follows
 * are frames, each as
 *
 *	the first octet of the frame, its length n, n octets
 *
 * and where RSV3 is set (which nobody agrees on) it is taken away, and the
 * octets, 16 times over, are compressed: so what is hostile can come behind
 * what is not. The server gets all of it once in one piece, and once in many,
 * from a network that is bad: it must tell the application the same, and the
 * peer the same code.
 */
#include <stdlib.h>
#include <string.h>

#include "deflate/deflate.h"
#include "base/utf8.h"
#include "ws.h"
#include "test/sim/sim.h"

enum {
	CHANCES = 24, /* octets of the input that decide */
	TIMES = 16,   /* what is compressed is repeated */
	RSV1 = 0x40,
	RSV3 = 0x10,
	SENT_MAX = 300000,
	LIMIT = 3000,         /* octets of a message */
	QUEUED_MAX = 50000,   /* octets of answers that may wait */
	MEMORY_MAX = 1 << 20, /* octets that all of this may take, at most */
	DUE_MAX = 4096,       /* answers */
	STEPS_MAX = 200000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The calls that the application got. */
struct seen {
	uint64_t hash; /* of all messages */
	unsigned messages, closed;
	int code;
};

static struct {
	struct seen seen;
	struct sim_wire *wire;
	struct sim_pmd *pmd;
	size_t piece;   /* octets sent at once, at most */
	size_t sent;    /* octets of out, so far */
	size_t out_len; /* what is sent: a request, frames */
	uint8_t out[SENT_MAX];
	size_t in_len; /* what came and was not understood yet */
	uint8_t in[SENT_MAX];
	bool agreed; /* the answer to the handshake has come */
	size_t due_at, due_len;
	uint64_t due[DUE_MAX]; /* answers on their way, as their hashes */
} play;

static uint64_t
hash_of(int kind, const uint8_t *octets, size_t len)
{
	uint64_t hash = (uint64_t)kind;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* ---- the application --------------------------------------------------- */

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	uint64_t hash = hash_of(kind, data, len);

	sim_check(len <= LIMIT, "a message of %zu octets", len);
	sim_check(kind == WS_BINARY || ws_utf8_check(WS_UTF8_ACCEPT, data,
					   len) == WS_UTF8_ACCEPT,
	    "a text that is none");
	play.seen.hash = play.seen.hash * 31 + hash;
	play.seen.messages++;
	if (ws_queued(conn) < QUEUED_MAX && play.due_len < DUE_MAX &&
	    ws_send(conn, kind, data, len) == 0)
		play.due[play.due_len++] = hash;
	sim_check(sim_octets() < MEMORY_MAX, "%zu octets", sim_octets());
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)conn;
	play.seen.code = how->code;
	play.seen.closed++;
}

/* ---- the client -------------------------------------------------------- */

static void
put(const void *data, size_t len)
{
	if (len > sizeof(play.out) - play.out_len)
		len = sizeof(play.out) - play.out_len;
	memcpy(play.out + play.out_len, data, len);
	play.out_len += len;
}

/* A mask of zeros leaves the payload as it is. */
static void
put_frame(uint8_t first, const uint8_t *payload, size_t len)
{
	uint8_t head[14] = { first, (uint8_t)(0x80 | len) };
	size_t size = 2;

	if (len > 125) {
		head[1] = 0x80 | 126;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		size = 4;
	}
	put(head, size + 4);
	put(payload, len);
}

static void
put_deflated(uint8_t first, const uint8_t *octets, size_t n)
{
	static uint8_t text[255 * TIMES], deflated[2 * sizeof(text)];
	static void *memory;
	struct ws_deflate *d;

	if (memory == NULL)
		memory = malloc(ws_deflate_octets(9));
	if (memory == NULL)
		abort();
	d = ws_deflate_init(memory, 9, 6);
	ws_deflate_adjust(d, 8, 6); /* which every server can read */
	for (size_t i = 0; n > 0 && i < TIMES; i++)
		memcpy(text + i * n, octets, n);
	put_frame(first, deflated,
	    ws_deflate_message(d, text, n * TIMES, deflated, sizeof(deflated)));
}

static void
compose(const uint8_t *data, size_t len)
{
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Extensions: ";
	const char *offer = sim_pmd_offer(play.pmd);

	put(request, sizeof(request) - 1);
	put(offer, strlen(offer));
	put("\r\n\r\n", 4);
	while (len >= 2) {
		uint8_t first = data[0];
		size_t n = data[1] < len - 2 ? data[1] : len - 2;

		if (first & RSV3)
			put_deflated((uint8_t)(first ^ RSV3), data + 2, n);
		else
			put_frame(first, data + 2, n);
		data += 2 + n;
		len -= 2 + n;
	}
}

/* Take the answer to the handshake. Returns whether there was one. */
static bool
take_answer(void)
{
	static const char name[] = "\r\nSec-WebSocket-Extensions: ";
	char head[1024] = { 0 };
	const char *end, *value;

	memcpy(head, play.in,
	    play.in_len < sizeof(head) ? play.in_len : sizeof(head) - 1);
	end = strstr(head, "\r\n\r\n");
	if (end == NULL)
		return false;
	sim_check(memcmp(head, "HTTP/1.1 101", 12) == 0, "%.20s", head);
	value = strstr(head, name);
	sim_check(value != NULL && value < end, "not agreed on");
	sim_pmd_agree(play.pmd, value + sizeof(name) - 1);
	play.in_len -= (size_t)(end + 4 - head);
	memmove(play.in, play.in + (end + 4 - head), play.in_len);
	return true;
}

/* Take a frame, which must be as a server sends it. */
static bool
take_frame(void)
{
	size_t size = 2, len, octets;
	const uint8_t *payload;
	int opcode;

	if (play.in_len < 4) /* what is shorter is no message */
		return false;
	len = play.in[1];
	if (len == 126) {
		size = 4;
		len = (size_t)(play.in[2] << 8 | play.in[3]);
	}
	if (play.in_len - size < len)
		return false;
	sim_check((play.in[0] & 0xb0) == 0x80 && play.in[1] <= 126, "a frame");
	payload = play.in + size;
	octets = len;
	if (play.in[0] & RSV1)
		payload = sim_pmd_inflate(play.pmd, payload, &octets);
	opcode = play.in[0] & 0xf;
	if (opcode == WS_TEXT || opcode == WS_BINARY)
		sim_check(play.due_at < play.due_len &&
			      play.due[play.due_at++] ==
				  hash_of(opcode, payload, octets),
		    "an answer is not what was said");
	play.in_len -= size + len;
	memmove(play.in, play.in + size + len, play.in_len);
	return true;
}

static int64_t
act(int64_t now_ms)
{
	size_t n = play.out_len - play.sent;

	if (n > play.piece)
		n = 1 + sim_below((uint32_t)play.piece);
	play.sent += sim_write(play.wire, play.out + play.sent, n);
	if (play.sent == play.out_len)
		sim_shutdown(play.wire);
	play.in_len += sim_read(
	    play.wire, play.in + play.in_len, sizeof(play.in) - play.in_len);
	if (!play.agreed)
		play.agreed = take_answer();
	while (play.agreed && take_frame())
		continue;
	return now_ms + 1;
}

/* ---- one run ----------------------------------------------------------- */

static void
choose_options(struct ws_options *o)
{
	*o = (struct ws_options){ .log_level = -1,
		.max_message = LIMIT,
		.deflate = WS_DEFLATE_SHARED + (int)sim_below(2),
		.deflate_level = 1 + (int)sim_below(9),
		.deflate_window = 9 + (int)sim_below(7),
		.deflate_min = 1 + (int)sim_below(100) };
}

static struct seen
run(const uint8_t *data, size_t len, size_t piece)
{
	static const struct ws_handler handler = { .message = on_message,
		.close = on_close };
	size_t chances = len < CHANCES ? len : CHANCES;
	struct sim_weather *weather;
	struct ws_options options;
	struct ws_server *server;

	play.seen = (struct seen){ 0 };
	play.sent = play.out_len = play.in_len = 0;
	play.due_at = play.due_len = 0;
	play.agreed = false;
	play.piece = piece;
	sim_seed(0, data, chances);
	weather = sim_begin();
	weather->socket_octets = 200000;
	weather->descriptors = 100;
	weather->batch = 256;
	choose_options(&options);
	play.pmd = sim_pmd_new();
	compose(data + chances, len - chances);
	if (piece < SENT_MAX)
		weather->partial = weather->again = 300;
	server = ws_server_new(&options);
	sim_check(server != NULL &&
		      ws_endpoint(server, "/", &handler, NULL) == 0 &&
		      ws_listen(server, "sim") == 0,
	    "no server");
	play.wire = sim_connect(0x0a000001, 1000);
	weather->act = act;
	for (unsigned i = 0; play.seen.closed == 0; i++) {
		sim_check(i < STEPS_MAX, "this never ends");
		sim_check(ws_step(server, 1000) == 0, "ws_step");
	}
	ws_server_free(server);
	sim_drop(play.wire);
	sim_pmd_free(play.pmd);
	sim_end();
	return play.seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen whole = run(data, len, SENT_MAX), parts;

	parts = run(data, len, len > 0 ? 1 + data[0] % 64u : 7);
	if (whole.messages != parts.messages || whole.hash != parts.hash ||
	    whole.code != parts.code || whole.closed != 1 || parts.closed != 1)
		abort();
	return 0;
}
