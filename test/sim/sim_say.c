/* sim_say.c - what simulated clients send. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws.h"
#include "sim.h"

static uint8_t scratch[SIM_MESSAGE_MAX + 64];

/* ---- contents ---------------------------------------------------------- */

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

/* ---- frames ------------------------------------------------------------ */

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

void
sim_put_frame(struct sim_peer *peer, int first, const uint8_t *data, size_t len)
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
	put(peer, head, size);
	at = peer->out_len;
	put(peer, data, len);
	for (size_t i = 0; i < len; i++)
		peer->out[at + i] ^= key[i & 3];
}

void
sim_put_ping(struct sim_peer *peer)
{
	uint32_t number = peer->pings++;
	uint8_t payload[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	sim_put_frame(peer, 0x80 | SIM_OP_PING, payload, 4);
}

void
sim_put_close(struct sim_peer *peer, unsigned code)
{
	uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code, 'b', 'y' };

	sim_put_frame(peer, 0x80 | SIM_OP_CLOSE, payload, sizeof(payload));
}

void
sim_put_message(struct sim_peer *peer)
{
	int first;
	size_t len = sim_message(peer->id, peer->composed++, scratch, &first),
	       at = 0;
	uint32_t pieces = sim_chance(300) ? 1 + sim_below(5) : 1;
	const uint8_t *payload = scratch;

	if (sim_pmd_agreed(peer->pmd) && sim_chance(700)) {
		payload = sim_pmd_deflate(peer->pmd, scratch, &len);
		first |= SIM_RSV1;
		sim_seen.deflated++;
	}
	while (pieces-- > 1) {
		size_t n = sim_below((uint32_t)(len - at) + 1);

		sim_put_frame(peer, first, payload + at, n);
		at += n;
		first = 0;
		if (sim_chance(200))
			sim_put_ping(peer);
	}
	sim_put_frame(peer, 0x80 | first, payload + at, len - at);
}

void
sim_put_offence(struct sim_peer *peer)
{
	static const uint8_t zeros[SIM_LIMIT + 1];
	static const struct {
		int first;
		uint16_t code;
		const char *payload;
		size_t len;
		bool agreed; /* or just not */
	} rows[] = {
		{ 0x80 | SIM_RSV1 | WS_TEXT, 1002, "", 0, false },
		{ SIM_RSV1 | WS_BINARY, 1002, "", 0, false },
		{ 0x80 | SIM_RSV1 | SIM_OP_PING, 1002, "", 0, true },
		{ 0x80 | 0x20 | WS_TEXT, 1002, "", 0, true },
		{ 0x80 | 0x30 | SIM_RSV1 | WS_TEXT, 1002, "", 0, true },
		{ 0x80 | SIM_RSV1 | SIM_OP_CLOSE, 1002, "", 0, true },
		/* A reserved type; cut; not UTF-8; a bomb. */
		{ 0x80 | SIM_RSV1 | WS_BINARY, 1007, "\x06", 1, true },
		{ 0x80 | SIM_RSV1 | WS_TEXT, 1007, "\xf2\x48\xcd\xc9\xc9\x07",
		    6, true },
		{ 0x80 | SIM_RSV1 | WS_TEXT, 1007, "\0\x01\0\xfe\xff\xff\0", 7,
		    true },
		{ 0x80 | SIM_RSV1 | WS_BINARY, 1009, NULL, sizeof(zeros),
		    true },
	};
	uint32_t i = sim_below(sizeof(rows) / sizeof(rows[0]));
	const uint8_t *payload = (const uint8_t *)rows[i].payload;
	size_t len = rows[i].len;

	if (sim_pmd_agreed(peer->pmd) != rows[i].agreed)
		return;
	if (payload == NULL)
		payload = sim_pmd_deflate(peer->pmd, zeros, &len);
	sim_put_frame(peer, rows[i].first, payload, len);
	sim_peer_spoil(peer, "it breaks a rule");
	peer->offence = rows[i].code;
	peer->announced = true;
}

void
sim_put_handshake(struct sim_peer *peer)
{
	char line[512];

	if (peer->kind == SIM_ROOM)
		snprintf(line, sizeof(line), "GET /room/%u?c=%u HTTP/1.1\r\n",
		    peer->room, peer->id);
	else
		snprintf(line, sizeof(line), "GET /echo?c=%u HTTP/1.1\r\n",
		    peer->id);
	put_text(peer, line);
	put_text(peer, "Host: sim\r\nUpgrade: websocket\r\n"
		       "Connection: keep-alive, Upgrade\r\n"
		       "Sec-WebSocket-Version: 13\r\n"
		       "Sec-WebSocket-Key: " SIM_KEY "\r\n");
	sim_pmd_free(peer->pmd);
	peer->pmd = sim_chance(600) ? sim_pmd_new() : NULL;
	if (peer->pmd != NULL) {
		put_text(peer, "Sec-WebSocket-Extensions: ");
		put_text(peer, sim_pmd_offer(peer->pmd));
		put_text(peer, "\r\n");
	}
	put_text(peer, "\r\n");
}

void
sim_put_junk(struct sim_peer *peer)
{
	uint8_t junk[64];
	uint32_t len = 1 + sim_below(sizeof(junk));

	for (uint32_t i = 0; i < len; i++)
		junk[i] = (uint8_t)sim_below(256);
	put(peer, junk, len);
	peer->composed++;
}

/* ---- requests ---------------------------------------------------------- */

enum sim_request
sim_request_of(const struct sim_peer *peer, uint32_t seq)
{
	static const enum sim_request kinds[] = { SIM_GET, SIM_GET, SIM_GET,
		SIM_HEAD, SIM_POST, SIM_POST, SIM_CHUNKED, SIM_HELD,
		SIM_NOTHING, SIM_ASSET, SIM_FILE_SENT, SIM_GET };

	return kinds[sim_hash(peer->id + 2000, seq) % 12];
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

void
sim_put_request(struct sim_peer *peer)
{
	static const char *const starts[] = { "GET /get", "HEAD /get",
		"POST /post", "POST /post", "GET /held", "GET /nothing",
		"GET /assets/big", "GET /files/big" };
	uint32_t seq = peer->composed++;
	enum sim_request kind = sim_request_of(peer, seq);
	bool last = peer->composed == peer->plan && peer->leave == SIM_CLOSE;
	char line[256];
	size_t len = 0;

	snprintf(line, sizeof(line), "%s?c=%u&n=%u HTTP/1.1\r\nHost: sim\r\n%s",
	    starts[kind], peer->id, seq, last ? "Connection: close\r\n" : "");
	put_text(peer, line);
	if (kind == SIM_HELD)
		peer->holds = true;
	if (kind == SIM_POST || kind == SIM_CHUNKED)
		len = sim_body(peer->id, seq, scratch);
	if (kind == SIM_POST) {
		snprintf(line, sizeof(line), "Content-Length: %zu\r\n", len);
		put_text(peer, line);
	} else if (kind == SIM_CHUNKED)
		put_text(peer, "Transfer-Encoding: chunked\r\n");
	put_text(peer, "\r\n");
	if (kind == SIM_POST)
		put(peer, scratch, len);
	else if (kind == SIM_CHUNKED)
		put_chunks(peer, scratch, len);
}
