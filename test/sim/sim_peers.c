/* sim_peers.c - simulated clients, strict about all that they are sent. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws.h"
#include "sim.h"

/* RFC 6455 section 1.3: the answer to SIM_KEY. */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum {
	DRIBBLE_OCTETS = 300, /* that may be sent in tiny pieces */
	TRIES_MAX = 6,
};

struct sim_rules sim_rules;

static uint8_t scratch[SIM_MESSAGE_MAX + 64];

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
		sim_put_close(p, code == 1005 ? 1000 : code);
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
	switch (in[0] & SIM_RSV1 ? 0 : opcode) {
	case 0:
		on_deflated(p, opcode, in + size, len);
		break;
	case WS_TEXT:
	case WS_BINARY:
		if (!sim_peer_is_wrong(p))
			on_message(p, opcode, in + size, len);
		break;
	case SIM_OP_CLOSE:
		on_close(p, in + size, len);
		break;
	case SIM_OP_PING:
		if (!p->mute)
			sim_put_frame(p, 0x80 | SIM_OP_PONG, in + size, len);
		break;
	case SIM_OP_PONG:
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
	switch (sim_request_of(p, seq)) {
	case SIM_GET:
	case SIM_HEAD:
	case SIM_HELD:
	case SIM_POST:
	case SIM_CHUNKED:
		return sim_body(p->id, seq, scratch);
	case SIM_ASSET:
	case SIM_FILE_SENT:
		memset(scratch, 'A', SIM_BIG);
		return SIM_BIG;
	case SIM_NOTHING:
		break;
	}
	return 0;
}

static bool
take_response(struct sim_peer *p)
{
	size_t size = head_size(p), len;
	const char *length;
	enum sim_request kind = sim_request_of(p, p->answered);
	int status;

	if (size == 0)
		return false;
	status = status_of(p);
	if (sim_peer_is_wrong(p)) {
		p->state = SIM_FINISHING;
		return false;
	}
	if (status != (kind == SIM_NOTHING ? 404 : 200)) {
		on_refused(p, status);
		return false;
	}
	sim_check(
	    p->answered < p->composed, "peer %u: an answer too many", p->id);
	length = field(p, size, "\r\nContent-Length: ");
	sim_check(length != NULL, "peer %u: no Content-Length", p->id);
	len = strtoul(length, NULL, 10);
	if (kind != SIM_HEAD && p->in_len - size < len)
		return false;
	if (kind != SIM_NOTHING)
		sim_check(expected_body(p, p->answered) == len &&
			      (kind == SIM_HEAD ||
				  memcmp(p->in + size, scratch, len) == 0),
		    "peer %u: the wrong answer to %u", p->id, p->answered);
	if (field(p, size, "\r\nConnection: close\r\n") != NULL) {
		sim_check(
		    p->spoiled || sim_rules.stopping || p->leave == SIM_HALF ||
			(p->answered + 1 == p->plan && p->leave == SIM_CLOSE),
		    "peer %u is told to close", p->id);
		p->last = true;
	}
	take(p, kind == SIM_HEAD ? size : size + len);
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
		sim_put_handshake(p);
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
		sim_put_close(p, 1000);
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
			sim_put_junk(p);
		else if (p->kind == SIM_HTTP)
			sim_put_request(p);
		else if (sim_chance(100))
			sim_put_ping(p);
		else if (!p->spoiled && sim_chance(10))
			sim_put_offence(p);
		else
			sim_put_message(p);
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

/* Return whether a client has something to do of its own accord. */
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
