/* sim_peers.c - simulated clients, strict about all that they are sent. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws.h"
#include "sim.h"

/* RFC 6455 section 1.3: a key, and what a server makes of it. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum {
	DRIBBLE_OCTETS = 300, /* that may be sent in tiny pieces */
	TRIES_MAX = 6,
	RSV1 = 0x40,
	OP_CLOSE = 8,
	OP_PING = 9,
	OP_PONG = 10,
};

struct sim_rules sim_rules;

static uint8_t scratch[SIM_MESSAGE_MAX + 64];

/* ---- what is sent ------------------------------------------------------ */

static size_t
message_length(uint64_t hash)
{
	size_t spread = (size_t)(hash >> 16), len;

	switch (hash % 16) {
	case 0:
		len = 120 + spread % 12; /* around the first border */
		break;
	case 1:
		len = 200 + spread % 5000;
		break;
	case 2:
		len = spread % 8 == 0 ? 65530 + spread % 12 : spread % 20000;
		break;
	default:
		len = spread % 200;
	}
	return len < sim_rules.message_max ? len : sim_rules.message_max;
}

/* Characters of one to four octets. */
static void
fill_text(uint8_t *out, size_t len, uint64_t hash)
{
	static const char *const letters[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };
	size_t at = 0;

	for (unsigned i = 0; at < len; i++) {
		size_t octets = 1 + (hash >> (i % 48) & 3);

		if (octets > len - at)
			octets = 1;
		memcpy(out + at, letters[octets - 1], octets);
		at += octets;
	}
}

/* Words of which many have been in earlier messages, near and far. */
static void
fill_words(uint8_t *out, size_t len, uint64_t hash)
{
	static const char *const words[] = { "{\"symbol\":\"",
		"\",\"price\":", ",\"volume\":", "}", "lorem ", "ipsum ",
		"0.25", "\xc3\xa4" };
	size_t at = 0;

	while (at < len) {
		const char *word = words[hash >> 40 & 7];
		size_t octets = strlen(word);

		hash = hash * UINT64_C(6364136223846793005) + 1;
		if (octets > len - at || (hash >> 60) == 0) {
			word = "7";
			octets = 1;
		}
		memcpy(out + at, word, octets);
		at += octets;
	}
}

static void
fill_noise(uint8_t *out, size_t len, uint64_t hash)
{
	for (size_t i = 0; i < len; i++) {
		hash = hash * UINT64_C(6364136223846793005) + 1;
		out[i] = (uint8_t)(hash >> 56);
	}
}

size_t
sim_message(unsigned sender, uint32_t seq, uint8_t *out, int *kind)
{
	uint64_t hash = sim_hash(sender + 1, seq);
	size_t len = message_length(hash);
	int name = sprintf((char *)out, "%u.%u.", sender, seq);

	*kind = hash >> 60 & 1 ? WS_TEXT : WS_BINARY;
	if (len < (size_t)name)
		return (size_t)name;
	if (hash >> 57 & 1)
		fill_words(out + name, len - (size_t)name, hash);
	else if (*kind == WS_TEXT)
		fill_text(out + name, len - (size_t)name, hash);
	else if (hash >> 58 & 1)
		fill_noise(out + name, len - (size_t)name, hash);
	else
		for (size_t i = (size_t)name; i < len; i++)
			out[i] = (uint8_t)(hash >> (i % 56));
	return len;
}

bool
sim_message_name(const void *data, size_t len, unsigned *sender, uint32_t *seq)
{
	char text[32] = { 0 };
	unsigned number;

	memcpy(text, data, len < sizeof(text) - 1 ? len : sizeof(text) - 1);
	if (sscanf(text, "%u.%u.", sender, &number) != 2)
		return false;
	*seq = number;
	return true;
}

size_t
sim_body(unsigned sender, uint32_t seq, uint8_t *out)
{
	uint64_t hash = sim_hash(sender + 1000, seq);
	size_t len = (size_t)(hash >> 20) % 3000;

	if (hash % 16 == 0)
		len = 20000 + (size_t)(hash >> 20) % 40000;
	len = len < sim_rules.message_max ? len : sim_rules.message_max;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)('a' + (hash >> (i % 56)) % 26);
	return len;
}

static void
put(struct sim_peer *p, const void *data, size_t len)
{
	if (p->out_at > 0 && p->out_at == p->out_len)
		p->out_at = p->out_len = 0;
	if (len > p->out_room - p->out_len) {
		p->out_room = 2 * (p->out_len + len);
		p->out = realloc(p->out, p->out_room);
		if (p->out == NULL)
			abort();
	}
	if (len > 0)
		memcpy(p->out + p->out_len, data, len);
	p->out_len += len;
}

static void
put_text(struct sim_peer *p, const char *text)
{
	put(p, text, strlen(text));
}

static void
put_frame(struct sim_peer *p, int first, const uint8_t *data, size_t len)
{
	uint8_t head[14] = { (uint8_t)first }, key[4];
	size_t size = 2, at;

	if (len < 126)
		head[1] = (uint8_t)(0x80 | len);
	else {
		size = len < 65536 ? 4 : 10;
		head[1] = size == 4 ? 0x80 | 126 : 0x80 | 127;
		for (size_t i = 2; i < size; i++)
			head[i] =
			    (uint8_t)((uint64_t)len >> 8 * (size - 1 - i));
	}
	for (int i = 0; i < 4; i++)
		key[i] = head[size++] = (uint8_t)sim_below(256);
	put(p, head, size);
	at = p->out_len;
	put(p, data, len);
	for (size_t i = 0; i < len; i++)
		p->out[at + i] ^= key[i & 3];
}

static void
put_ping(struct sim_peer *p)
{
	uint32_t number = p->pings++;
	uint8_t payload[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	put_frame(p, 0x80 | OP_PING, payload, 4);
}

static void
put_close(struct sim_peer *p, unsigned code)
{
	uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code, 'b', 'y' };

	put_frame(p, 0x80 | OP_CLOSE, payload, sizeof(payload));
}

/* The next message, whole or in pieces, with pings between. */
static void
put_message(struct sim_peer *p)
{
	int first;
	size_t len = sim_message(p->id, p->composed++, scratch, &first), at = 0;
	uint32_t pieces = sim_chance(300) ? 1 + sim_below(5) : 1;
	const uint8_t *payload = scratch;

	if (sim_pmd_agreed(p->pmd) && sim_chance(700)) {
		payload = sim_pmd_deflate(p->pmd, scratch, &len);
		first |= RSV1;
		sim_seen.deflated++;
	}
	while (pieces-- > 1) {
		size_t n = sim_below((uint32_t)(len - at) + 1);

		put_frame(p, first, payload + at, n);
		at += n;
		first = 0;
		if (sim_chance(200))
			put_ping(p);
	}
	put_frame(p, 0x80 | first, payload + at, len - at);
}

/* Something that a server must not take, and close with this code. */
static void
put_offence(struct sim_peer *p)
{
	static const uint8_t zeros[SIM_LIMIT + 1];
	static const struct {
		int first;
		uint16_t code;
		const char *payload;
		size_t len;
		bool agreed; /* or just not */
	} rows[] = {
		{ 0x80 | RSV1 | WS_TEXT, 1002, "", 0, false },
		{ RSV1 | WS_BINARY, 1002, "", 0, false },
		{ 0x80 | RSV1 | OP_PING, 1002, "", 0, true },
		{ 0x80 | 0x20 | WS_TEXT, 1002, "", 0, true },
		{ 0x80 | 0x30 | RSV1 | WS_TEXT, 1002, "", 0, true },
		{ 0x80 | RSV1 | OP_CLOSE, 1002, "", 0, true },
		/* A reserved type; cut; not UTF-8; a bomb. */
		{ 0x80 | RSV1 | WS_BINARY, 1007, "\x06", 1, true },
		{ 0x80 | RSV1 | WS_TEXT, 1007, "\xf2\x48\xcd\xc9\xc9\x07", 6,
		    true },
		{ 0x80 | RSV1 | WS_TEXT, 1007, "\0\x01\0\xfe\xff\xff\0", 7,
		    true },
		{ 0x80 | RSV1 | WS_BINARY, 1009, NULL, sizeof(zeros), true },
	};
	uint32_t i = sim_below(sizeof(rows) / sizeof(rows[0]));
	const uint8_t *payload = (const uint8_t *)rows[i].payload;
	size_t len = rows[i].len;

	if (sim_pmd_agreed(p->pmd) != rows[i].agreed)
		return;
	if (payload == NULL)
		payload = sim_pmd_deflate(p->pmd, zeros, &len);
	put_frame(p, rows[i].first, payload, len);
	sim_peer_spoil(p, "it breaks a rule");
	p->offence = rows[i].code;
	p->announced = true;
}

static void
put_handshake(struct sim_peer *p)
{
	char line[512];

	if (p->kind == SIM_ROOM)
		snprintf(line, sizeof(line), "GET /room/%u?c=%u HTTP/1.1\r\n",
		    p->room, p->id);
	else
		snprintf(
		    line, sizeof(line), "GET /echo?c=%u HTTP/1.1\r\n", p->id);
	put_text(p, line);
	put_text(p, "Host: sim\r\nUpgrade: websocket\r\n"
		    "Connection: keep-alive, Upgrade\r\n"
		    "Sec-WebSocket-Version: 13\r\n"
		    "Sec-WebSocket-Key: " KEY "\r\n");
	sim_pmd_free(p->pmd);
	p->pmd = sim_chance(600) ? sim_pmd_new() : NULL;
	if (p->pmd != NULL) {
		put_text(p, "Sec-WebSocket-Extensions: ");
		put_text(p, sim_pmd_offer(p->pmd));
		put_text(p, "\r\n");
	}
	put_text(p, "\r\n");
}

static void
put_junk(struct sim_peer *p)
{
	uint8_t junk[64];
	uint32_t len = 1 + sim_below(sizeof(junk));

	for (uint32_t i = 0; i < len; i++)
		junk[i] = (uint8_t)sim_below(256);
	put(p, junk, len);
	p->composed++;
}

/* ---- requests ---------------------------------------------------------- */

enum request {
	GET,
	HEAD,
	POST,
	CHUNKED,
	HELD,
	NOTHING,
	ASSET,
	FILE_SENT,
};

static enum request
request_of(const struct sim_peer *p, uint32_t seq)
{
	static const enum request kinds[] = { GET, GET, GET, HEAD, POST, POST,
		CHUNKED, HELD, NOTHING, ASSET, FILE_SENT, GET };

	return kinds[sim_hash(p->id + 2000, seq) % 12];
}

static void
put_chunks(struct sim_peer *p, const uint8_t *body, size_t len)
{
	char line[32];

	while (len > 0) {
		size_t n = 1 + sim_below((uint32_t)len);

		snprintf(line, sizeof(line), "%zx\r\n", n);
		put_text(p, line);
		put(p, body, n);
		put_text(p, "\r\n");
		body += n;
		len -= n;
	}
	put_text(p, "0\r\n\r\n");
}

static void
put_request(struct sim_peer *p)
{
	static const char *const starts[] = { "GET /get", "HEAD /get",
		"POST /post", "POST /post", "GET /held", "GET /nothing",
		"GET /assets/big", "GET /files/big" };
	uint32_t seq = p->composed++;
	enum request kind = request_of(p, seq);
	bool last = p->composed == p->plan && p->leave == SIM_CLOSE;
	char line[256];
	size_t len = 0;

	snprintf(line, sizeof(line), "%s?c=%u&n=%u HTTP/1.1\r\nHost: sim\r\n%s",
	    starts[kind], p->id, seq, last ? "Connection: close\r\n" : "");
	put_text(p, line);
	if (kind == HELD)
		p->holds = true;
	if (kind == POST || kind == CHUNKED)
		len = sim_body(p->id, seq, scratch);
	if (kind == POST) {
		snprintf(line, sizeof(line), "Content-Length: %zu\r\n", len);
		put_text(p, line);
	} else if (kind == CHUNKED)
		put_text(p, "Transfer-Encoding: chunked\r\n");
	put_text(p, "\r\n");
	if (kind == POST)
		put(p, scratch, len);
	else if (kind == CHUNKED)
		put_chunks(p, scratch, len);
}

/* ---- what is received -------------------------------------------------- */

static void
take(struct sim_peer *p, size_t len)
{
	p->in_len -= len;
	memmove(p->in, p->in + len, p->in_len);
}

void
sim_peer_spoil(struct sim_peer *peer, const char *why)
{
	if (!peer->spoiled)
		sim_trace("peer %u: no longer perfect: %s", peer->id, why);
	peer->spoiled = true;
	peer->offence =
	    0; /* of one that is spoiled otherwise, nothing is known */
}

void
sim_peer_expect(
    struct sim_peer *peer, unsigned sender, uint32_t seq, bool may_miss)
{
	int kind;

	if (peer->due_len == peer->due_room) {
		peer->due_room = peer->due_room * 2 + 64;
		peer->due =
		    realloc(peer->due, peer->due_room * sizeof(peer->due[0]));
		if (peer->due == NULL)
			abort();
	}
	peer->due[peer->due_len++] = (struct sim_due){ sender, seq, may_miss };
	peer->due_octets += 10 + sim_message(sender, seq, scratch, &kind);
	if (peer->due_octets > peer->due_peak)
		peer->due_peak = peer->due_octets;
}

bool
sim_peer_is_wrong(const struct sim_peer *peer)
{
	return peer->kind == SIM_JUNK || (peer->corrupt && peer->spoiled);
}

/* The first message that is due has come, or was allowed not to. */
static void
pop_due(struct sim_peer *p)
{
	struct sim_due due = p->due[p->due_at++];
	int kind;

	p->due_octets -= 10 + sim_message(due.sender, due.seq, scratch, &kind);
}

static void
on_message(struct sim_peer *p, int opcode, const uint8_t *data, size_t len)
{
	unsigned sender;
	uint32_t seq;
	int kind;

	sim_check(sim_message_name(data, len, &sender, &seq),
	    "peer %u got what nobody sent", p->id);
	while (p->due_at < p->due_len && p->due[p->due_at].may_miss &&
	       (p->due[p->due_at].sender != sender ||
		   p->due[p->due_at].seq != seq))
		pop_due(p);
	sim_check(p->due_at < p->due_len,
	    "peer %u got message %u.%u, which was not due", p->id, sender, seq);
	sim_check(
	    p->due[p->due_at].sender == sender && p->due[p->due_at].seq == seq,
	    "peer %u got message %u.%u in place of %u.%u", p->id, sender, seq,
	    p->due[p->due_at].sender, p->due[p->due_at].seq);
	pop_due(p);
	sim_check(sim_message(sender, seq, scratch, &kind) == len &&
		      kind == opcode && memcmp(scratch, data, len) == 0,
	    "peer %u got message %u.%u, but changed", p->id, sender, seq);
	sim_seen.delivered++;
}

static bool
is_due_empty(const struct sim_peer *p)
{
	for (size_t i = p->due_at; i < p->due_len; i++) {
		if (!p->due[i].may_miss)
			return false;
	}
	return true;
}

/* All that is due must have come, and if the server has answered our Close
 * frame, all that went before it must have been heard and answered. */
static void
check_complete(const struct sim_peer *p, bool answered)
{
	if (p->spoiled)
		return;
	sim_check(is_due_empty(p), "peer %u: %zu messages were lost", p->id,
	    p->due_len - p->due_at);
	if (!answered)
		return;
	sim_check(p->heard == p->composed, "peer %u sent %u, but %u were heard",
	    p->id, p->composed, p->heard);
	sim_check(p->pings == p->pongs, "peer %u: %u pings, %u pongs", p->id,
	    p->pings, p->pongs);
}

static void
on_close(struct sim_peer *p, const uint8_t *data, size_t len)
{
	unsigned code = 1005;

	sim_check(len != 1, "peer %u got half a code", p->id);
	if (len >= 2)
		code = (unsigned)data[0] << 8 | data[1];
	sim_trace("peer %u: Close %u", p->id, code);
	p->closed = true;
	if (code == 1013) {
		sim_check(
		    p->due_peak + 8 * p->pings + 1000 >= sim_rules.queue_max,
		    "peer %u was called slow with %zu octets due", p->id,
		    p->due_peak);
		sim_peer_spoil(p, "it was too slow");
		sim_seen.slow++;
	}
	if (sim_rules.scarce && code == 1011)
		sim_peer_spoil(p, "memory was out");
	sim_check(p->spoiled || code == 1001 || p->state == SIM_CLOSING,
	    "peer %u was closed with %u", p->id, code);
	sim_check(p->offence == 0 || code == p->offence ||
		      (code == 1001 && sim_rules.stopping),
	    "peer %u was closed with %u, not %u", p->id, code, p->offence);
	sim_seen.offences += p->offence != 0 && code == p->offence;
	sim_check(p->spoiled || code != 1001 || sim_rules.stopping,
	    "peer %u is told to go away", p->id);
	check_complete(p, p->state == SIM_CLOSING && code == 1000);
	if (p->state != SIM_CLOSING && !p->rude)
		put_close(p, code == 1005 ? 1000 : code);
	p->state = SIM_FINISHING;
}

static void
on_pong(struct sim_peer *p, const uint8_t *data, size_t len)
{
	uint32_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number << 8 | data[i];
	if (sim_peer_is_wrong(p))
		return;
	sim_check(len == 4 && number == p->pongs && number < p->pings,
	    "peer %u got pong %u in place of %u", p->id, number, p->pongs);
	p->pongs++;
	sim_seen.pongs++;
}

/* Take a message that is compressed. */
static void
on_deflated(struct sim_peer *p, int opcode, const uint8_t *data, size_t len)
{
	sim_check(sim_pmd_agreed(p->pmd) &&
		      (opcode == WS_TEXT || opcode == WS_BINARY),
	    "peer %u: RSV1 with opcode %d", p->id, opcode);
	if (sim_peer_is_wrong(p))
		return;
	data = sim_pmd_inflate(p->pmd, data, &len);
	sim_seen.inflated++;
	on_message(p, opcode, data, len);
}

/* Take one frame. RFC 6455 section 5, as a client must read it.
 * Returns whether there was one. */
static bool
take_frame(struct sim_peer *p)
{
	const uint8_t *in = p->in;
	size_t size = 2, len;
	int opcode;

	if (p->in_len < 2)
		return false;
	sim_check(
	    (in[0] & 0xb0) == 0x80, "peer %u: first octet %02x", p->id, in[0]);
	sim_check(in[1] < 0x80, "peer %u got a masked frame", p->id);
	opcode = in[0] & 0xf;
	len = in[1];
	if (len > 125) {
		size = len == 126 ? 4 : 10;
		if (p->in_len < size)
			return false;
		len = 0;
		for (size_t i = 2; i < size; i++)
			len = len << 8 | in[i];
		sim_check(opcode < 8, "a long control frame");
		sim_check(len > 125 && (size == 4 || len > 65535),
		    "peer %u: a length of %zu in %zu octets", p->id, len, size);
		sim_check(len <= SIM_MESSAGE_MAX, "a length of %zu", len);
	}
	if (p->in_len - size < len)
		return false;
	switch (in[0] & RSV1 ? 0 : opcode) {
	case 0:
		on_deflated(p, opcode, in + size, len);
		break;
	case WS_TEXT:
	case WS_BINARY:
		if (!sim_peer_is_wrong(p))
			on_message(p, opcode, in + size, len);
		break;
	case OP_CLOSE:
		on_close(p, in + size, len);
		break;
	case OP_PING:
		if (!p->mute)
			put_frame(p, 0x80 | OP_PONG, in + size, len);
		break;
	case OP_PONG:
		on_pong(p, in + size, len);
		break;
	default:
		sim_check(false, "peer %u: opcode %d", p->id, opcode);
	}
	take(p, size + len);
	return true;
}

/* ---- responses --------------------------------------------------------- */

/* The octets of a head with its empty line, or 0. */
static size_t
head_size(const struct sim_peer *p)
{
	for (size_t i = 3; i < p->in_len; i++) {
		if (memcmp(p->in + i - 3, "\r\n\r\n", 4) == 0)
			return i + 1;
	}
	return 0;
}

/* A field's value in a head, or NULL. The head is made a string. */
static const char *
field(struct sim_peer *p, size_t size, const char *name)
{
	static char head[8192];
	const char *at;

	sim_check(size < sizeof(head), "a head of %zu octets", size);
	memcpy(head, p->in, size);
	head[size] = '\0';
	at = strstr(head, name);
	return at != NULL ? at + strlen(name) : NULL;
}

static int
status_of(const struct sim_peer *p)
{
	sim_check(memcmp(p->in, "HTTP/1.1 ", 9) == 0,
	    "peer %u got \"%.9s\" in place of a status line", p->id,
	    (const char *)p->in);
	return (p->in[9] - '0') * 100 + (p->in[10] - '0') * 10 + p->in[11] -
	       '0';
}

/* There is no room on the server now: it may be tried again. */
static void
on_refused(struct sim_peer *p, int status)
{
	bool crowded = status == 503 || status == 429;

	sim_trace("peer %u is refused with %d", p->id, status);
	sim_check(p->spoiled || crowded || sim_rules.scarce,
	    "peer %u is refused with %d", p->id, status);
	p->refused = true;
	p->in_len = 0;
	p->state = SIM_FINISHING;
	sim_seen.refused++;
}

static bool
take_switch(struct sim_peer *p)
{
	size_t size = head_size(p);
	const char *accept, *extensions;
	int status;

	if (size == 0)
		return false;
	status = status_of(p);
	if (status != 101) {
		on_refused(p, status);
		return false;
	}
	sim_check(field(p, size, "\r\nUpgrade: websocket\r\n") != NULL &&
		      field(p, size, "\r\nConnection: Upgrade\r\n") != NULL,
	    "peer %u: fields of the handshake", p->id);
	accept = field(p, size, "\r\nSec-WebSocket-Accept: ");
	sim_check(accept != NULL && memcmp(accept, ACCEPT "\r\n", 30) == 0,
	    "peer %u: Sec-WebSocket-Accept", p->id);
	extensions = field(p, size, "\r\nSec-WebSocket-Extensions: ");
	sim_check(
	    (extensions != NULL) == (p->pmd != NULL && sim_rules.deflates),
	    "peer %u: what it offered", p->id);
	if (extensions != NULL)
		sim_pmd_agree(p->pmd, extensions);
	take(p, size);
	p->state = SIM_TALKING;
	return true;
}

/* What the answer to a request must be.
 * Returns its length, and its octets in scratch. */
static size_t
expected_body(const struct sim_peer *p, uint32_t seq)
{
	switch (request_of(p, seq)) {
	case GET:
	case HEAD:
	case HELD:
	case POST:
	case CHUNKED:
		return sim_body(p->id, seq, scratch);
	case ASSET:
	case FILE_SENT:
		memset(scratch, 'A', SIM_BIG);
		return SIM_BIG;
	case NOTHING:
		break;
	}
	return 0;
}

static bool
take_response(struct sim_peer *p)
{
	size_t size = head_size(p), len;
	const char *length;
	enum request kind = request_of(p, p->answered);
	int status;

	if (size == 0)
		return false;
	status = status_of(p);
	if (sim_peer_is_wrong(p)) {
		p->state = SIM_FINISHING;
		return false;
	}
	if (status != (kind == NOTHING ? 404 : 200)) {
		on_refused(p, status);
		return false;
	}
	sim_check(
	    p->answered < p->composed, "peer %u: an answer too many", p->id);
	length = field(p, size, "\r\nContent-Length: ");
	sim_check(length != NULL, "peer %u: no Content-Length", p->id);
	len = strtoul(length, NULL, 10);
	if (kind != HEAD && p->in_len - size < len)
		return false;
	if (kind != NOTHING)
		sim_check(expected_body(p, p->answered) == len &&
			      (kind == HEAD ||
				  memcmp(p->in + size, scratch, len) == 0),
		    "peer %u: the wrong answer to %u", p->id, p->answered);
	if (field(p, size, "\r\nConnection: close\r\n") != NULL) {
		sim_check(
		    p->spoiled || sim_rules.stopping || p->leave == SIM_HALF ||
			(p->answered + 1 == p->plan && p->leave == SIM_CLOSE),
		    "peer %u is told to close", p->id);
		p->last = true;
	}
	take(p, kind == HEAD ? size : size + len);
	p->answered++;
	sim_seen.responses++;
	return true;
}

/* ---- the end ----------------------------------------------------------- */

static void
leave(struct sim_peer *p)
{
	sim_drop(p->wire);
	p->wire = NULL;
	p->state = SIM_GONE;
	if (!p->refused || ++p->tries >= TRIES_MAX || p->kind == SIM_JUNK)
		return;
	p->state = SIM_WAITING;
	p->refused = p->announced = p->last = p->holds = false;
	p->in_len = p->out_len = p->out_at = 0;
	p->composed = p->answered = 0;
	p->next_ms = sim_now() + 300 + sim_below(1500);
}

/* The server has ended the stream, or something else has. */
static void
on_end(struct sim_peer *p, enum sim_end how)
{
	bool fine = p->spoiled || sim_broke(p->wire) || sim_rules.scarce ||
		    p->state == SIM_FINISHING || sim_rules.stopping;

	sim_trace("peer %u: the stream %s; %u of %u said, %zu octets waiting, "
		  "%u answers, %zu octets more",
	    p->id, how == SIM_RESET ? "was reset" : "ended", p->composed,
	    p->plan, p->out_len - p->out_at, p->answered, p->in_len);
	sim_seen.resets += how == SIM_RESET;
	/* Called too slow on a line so thin that the Close frame is late. */
	fine = fine || p->due_peak + 8 * p->pings + 1000 >= sim_rules.queue_max;
	/* Turned away at the door, and not even the words could be sent. */
	if (!fine && sim_rules.crowded && p->answered == 0 &&
	    (p->state == SIM_SHAKING || p->kind == SIM_HTTP))
		fine = p->refused = true;
	if (p->kind == SIM_HTTP) {
		fine = fine || p->answered == p->composed || p->last;
		/* A server may give up on what is held for one who left. */
		fine = fine || (p->leave == SIM_HALF && p->holds);
	}
	if (p->leave == SIM_HALF && p->announced && p->kind != SIM_HTTP)
		fine = true;
	sim_check(fine, "peer %u: the stream ended early: kind %d, state %d",
	    p->id, (int)p->kind, (int)p->state);
	leave(p);
}

/* ---- what it does ------------------------------------------------------ */

static void
connect(struct sim_peer *p)
{
	uint32_t address = 0x0a000001u + p->id % 5;

	p->wire = sim_connect(address, (uint16_t)(SIM_PORT + p->id));
	if (p->wire == NULL) {
		p->state = SIM_GONE;
		return;
	}
	if (p->leave == SIM_ABORT)
		sim_fragile(p->wire, 30);
	p->state = SIM_SHAKING;
	if (p->kind == SIM_HTTP)
		p->state = SIM_TALKING;
	else if (p->kind != SIM_JUNK || sim_chance(700))
		put_handshake(p);
}

static void
receive(struct sim_peer *p)
{
	size_t n;

	if (p->in_room - p->in_len < p->eagerness) {
		p->in_room = 2 * (p->in_len + p->eagerness);
		p->in = realloc(p->in, p->in_room);
		if (p->in == NULL)
			abort();
	}
	n = sim_read(p->wire, p->in + p->in_len, p->eagerness);
	sim_check(
	    n == 0 || !p->closed, "peer %u: octets behind a Close", p->id);
	p->in_len += n;
	if (p->kind == SIM_JUNK && p->state == SIM_SHAKING && p->in_len > 11 &&
	    status_of(p) != 101)
		p->state = SIM_FINISHING;
	if (p->state == SIM_SHAKING)
		(void)take_switch(p);
	if (p->kind == SIM_HTTP)
		while (p->state == SIM_TALKING && take_response(p))
			continue;
	else
		while ((p->state == SIM_TALKING || p->state == SIM_CLOSING) &&
		       take_frame(p))
			continue;
	if (p->state == SIM_FINISHING)
		p->in_len = 0;
}

static void
send(struct sim_peer *p)
{
	size_t len = p->out_len - p->out_at, n;
	uint32_t chunk = p->chunk;

	if (p->out_at > DRIBBLE_OCTETS && chunk < DRIBBLE_OCTETS)
		chunk = DRIBBLE_OCTETS;
	if (len > chunk)
		len = 1 + sim_below(chunk);
	if (len == 0)
		return;
	if (p->corrupt && p->state != SIM_SHAKING && sim_chance(100)) {
		p->out[p->out_at + sim_below((uint32_t)len)] ^=
		    (uint8_t)(1 << sim_below(8));
		sim_peer_spoil(p, "it has sent a wrong octet");
	}
	n = sim_write(p->wire, p->out + p->out_at, len);
	p->out_at += n;
	if (p->out_at == p->out_len)
		p->out_at = p->out_len = 0;
}

static bool
is_all_said(const struct sim_peer *p)
{
	return p->composed == p->plan && p->out_len == 0;
}

static void
say_goodbye(struct sim_peer *p)
{
	switch (p->leave) {
	case SIM_STAY:
		return;
	case SIM_CLOSE:
		if (p->kind == SIM_HTTP || p->state != SIM_TALKING)
			break;
		put_close(p, 1000);
		p->state = SIM_CLOSING;
		break;
	case SIM_HALF:
		sim_shutdown(p->wire);
		break;
	case SIM_ABORT:
		sim_peer_spoil(p, "it resets the connection");
		sim_reset(p->wire);
		break;
	case SIM_DISAPPEAR:
		sim_peer_spoil(p, "it vanishes");
		sim_vanish(p->wire);
		p->vanished_ms = sim_now();
		sim_seen.vanished++;
		break;
	}
	p->announced = true;
	sim_trace("peer %u leaves, manner %d", p->id, (int)p->leave);
}

/* Say one thing more, or goodbye. */
static void
go_on(struct sim_peer *p)
{
	if (p->announced || p->state != SIM_TALKING) {
		if (p->kind != SIM_JUNK || p->state != SIM_SHAKING)
			return;
	}
	if (p->composed < p->plan) {
		if (p->out_len - p->out_at > 100000)
			return;
		if (p->kind == SIM_JUNK)
			put_junk(p);
		else if (p->kind == SIM_HTTP)
			put_request(p);
		else if (sim_chance(100))
			put_ping(p);
		else if (!p->spoiled && sim_chance(10))
			put_offence(p);
		else
			put_message(p);
		return;
	}
	if (is_all_said(p))
		say_goodbye(p);
}

static void
look(struct sim_peer *p)
{
	enum sim_end end;

	if (p->vanished_ms != 0)
		return;
	if (p->state == SIM_WAITING)
		connect(p);
	if (p->state == SIM_GONE)
		return;
	if (p->reads)
		receive(p);
	go_on(p);
	send(p);
	end = sim_state(p->wire);
	if (end != SIM_OPEN && (p->reads || end == SIM_RESET))
		on_end(p, end);
}

/* Whether it has something to do of its own accord. */
static bool
is_busy(const struct sim_peer *p)
{
	if (p->state == SIM_WAITING || p->out_len > 0)
		return true;
	if (p->state == SIM_SHAKING)
		return p->kind == SIM_JUNK && p->composed < p->plan;
	return p->state == SIM_TALKING && !p->announced &&
	       (p->composed < p->plan || p->leave != SIM_STAY);
}

int64_t
sim_peer_act(struct sim_peer *peer, int64_t now_ms)
{
	int64_t wake = INT64_MAX;

	if (peer->state == SIM_GONE || peer->vanished_ms != 0)
		return INT64_MAX;
	if (peer->wire != NULL && (peer->reads || peer->next_ms == INT64_MAX))
		wake = sim_wake(peer->wire);
	/* A slow one is not woken by what comes. */
	if (peer->slow && wake < peer->next_ms && peer->next_ms != INT64_MAX)
		wake = peer->next_ms;
	if (now_ms < peer->next_ms && now_ms < wake)
		return wake < peer->next_ms ? wake : peer->next_ms;
	look(peer);
	if (peer->state == SIM_GONE || peer->vanished_ms != 0)
		return INT64_MAX;
	if (peer->state == SIM_WAITING)
		return peer->next_ms;
	if (now_ms >= peer->next_ms || is_busy(peer) || peer->slow)
		peer->next_ms = is_busy(peer) || (peer->slow && peer->reads)
				    ? now_ms + 1 + sim_below(peer->pace_ms)
				    : INT64_MAX;
	if (peer->wire == NULL || !peer->reads || peer->slow)
		return peer->next_ms;
	wake = sim_wake(peer->wire);
	return wake < peer->next_ms ? wake : peer->next_ms;
}

bool
sim_peer_content(const struct sim_peer *peer)
{
	if (peer->offence != 0 && peer->state == SIM_TALKING)
		return false;
	if (peer->state == SIM_GONE || peer->spoiled || peer->slow ||
	    !peer->reads || peer->mute)
		return true;
	if (peer->state != SIM_TALKING || peer->leave != SIM_STAY ||
	    !is_all_said(peer))
		return false;
	if (peer->kind == SIM_HTTP)
		return peer->answered == peer->composed;
	return is_due_empty(peer) && peer->heard == peer->composed &&
	       peer->pings == peer->pongs;
}

/* ---- life -------------------------------------------------------------- */

static void
choose_reading(struct sim_peer *p)
{
	p->reads = true;
	p->eagerness = 200 + sim_below(sim_chance(500) ? 200000 : 2000);
	if (p->leave == SIM_STAY && sim_chance(100))
		p->reads = false;
	if (sim_chance(100)) {
		p->slow = true;
		p->eagerness = 1 + sim_below(300);
	}
	p->rude = sim_chance(150);
	p->mute = sim_chance(50);
	p->corrupt = sim_chance(80);
	if (!p->reads || p->slow || p->mute)
		sim_peer_spoil(p, "it is slow, or does not answer");
}

void
sim_peer_init(struct sim_peer *peer, unsigned id)
{
	static const enum sim_kind kinds[] = { SIM_ECHO, SIM_ECHO, SIM_ROOM,
		SIM_ROOM, SIM_ROOM, SIM_ROOM, SIM_HTTP, SIM_HTTP, SIM_JUNK };

	*peer = (struct sim_peer){ .id = id };
	peer->kind = kinds[sim_below(9)];
	peer->leave = (enum sim_leave)sim_below(SIM_DISAPPEAR + 1);
	if (sim_chance(300))
		peer->leave = SIM_STAY;
	peer->room = sim_below(SIM_ROOMS);
	peer->plan = sim_below(sim_chance(200) ? 60 : 12);
	peer->chunk = 1 + sim_below(sim_chance(300) ? 8 : 100000);
	peer->pace_ms = 1 + sim_below(sim_chance(200) ? 150 : 20);
	if (peer->chunk < 16)
		peer->pace_ms = 1 + sim_below(10);
	peer->next_ms = sim_now() + sim_below(sim_chance(500) ? 20 : 2000);
	if (sim_rules.storm && peer->kind != SIM_JUNK) {
		peer->kind = SIM_ROOM;
		peer->room = 0;
		peer->plan = 30 + sim_below(50);
	}
	choose_reading(peer);
	if (peer->kind == SIM_JUNK)
		sim_peer_spoil(peer, "it talks nonsense");
}

void
sim_peer_fini(struct sim_peer *peer)
{
	if (peer->wire != NULL)
		sim_drop(peer->wire);
	sim_pmd_free(peer->pmd);
	free(peer->in);
	free(peer->out);
	free(peer->due);
	*peer = (struct sim_peer){ 0 };
}
