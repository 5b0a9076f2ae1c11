/* fuzz_sio_session.c - Socket.IO, whole, in a world that the fuzzer makes. */
/* SPDX-License-Identifier: MIT */
/*
 * The first octet says whether memory runs out and whether recovery is on; all
 * that happens after it is drawn from the rest, and from a fixed sequence when
 * that is used up (sim.h): what clients send over requests and WebSockets, and
 * what the application does in its callbacks, which is anything that it may.
 *
 * At the end nothing is left: each connection hook had one for the end, each
 * acknowledgement that was promised came once, all user data was given back,
 * and so was all memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sio/sio.h"
#include "test/sim/sim.h"

#define LEN(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

enum {
	WIRES = 6,
	SOCKETS = 64,
	STEPS = 300,
	OWED = 8,
};

/* One end of a connection, as a client has it. */
struct line {
	struct sim_wire *wire;
	bool upgraded;
	const char *rest; /* of a body: not sent yet; or NULL */
	char in[4096];    /* the last octets that came */
	size_t len;
};

static struct {
	struct ws_server *server;
	struct sio *io;
	struct sio_nsp *root, *many;
	struct line lines[WIRES];
	char sids[4][21], pid[21], offset[9];
	uint32_t next_sid;
	struct sio_socket *here[SOCKETS]; /* connected, not yet disconnected */
	struct sio_socket *waiting;
	struct sio_ack *owed[OWED];
	int connected, promised, carried, depth;
	uint32_t steps;
} play;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
one_of(const char *const *list, uint32_t count)
{
	return list[sim_below(count)];
}

/* ---- the application --------------------------------------------------- */

static void on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg);

static const char *const rooms[] = { "a", "b", "a room of some length" };

static struct sio_socket *
anybody(struct sio_socket *otherwise)
{
	struct sio_socket *socket = play.here[sim_below(SOCKETS)];

	for (int i = 0; i < SOCKETS && socket == NULL; i++)
		socket = play.here[i];
	return socket != NULL ? socket : otherwise;
}

static bool
disconnect_some(struct sio_socket *socket, void *arg)
{
	(void)arg;
	if (sim_chance(300))
		sio_disconnect(socket, sim_chance(300));
	return !sim_chance(100);
}

static struct sio_target
some_target(struct sio_socket *socket)
{
	struct sio_target target;

	switch (sim_below(6)) {
	case 0:
		target = sio_self(socket);
		break;
	case 1:
		target = sio_others(socket);
		break;
	case 2:
		target = sio_in(sio_nsp_of(socket), one_of(rooms, 3));
		break;
	case 3:
		target = sio_in(sio_nsp_of(socket), sio_id(anybody(socket)));
		break;
	case 4:
		target = sio_all(play.many);
		break;
	default:
		target = sio_all(sio_nsp_of(socket));
		break;
	}
	if (sim_chance(200))
		target = sio_except(target, one_of(rooms, 3));
	return sim_chance(100) ? sio_volatile(target) : target;
}

static void
emit_something(struct sio_socket *socket)
{
	static bool one = false, many = true;
	struct sio_value data = sio_binary("\1\2\3", sim_below(4));
	struct sio_target target = some_target(socket);
	int timeout_ms = (int)sim_below(3) * 50;

	switch (sim_below(5)) {
	case 0:
		(void)sio_emit(socket, "x", "%p, %d", (void *)&data, 1);
		return;
	case 1:
		(void)sio_emit_to(target, "x", "%s", "text");
		return;
	case 2:
		(void)sio_emit_to(target, "x", "{a: %p}", (void *)&data);
		return;
	case 3:
		play.promised++;
		if (sio_emit_ack(socket, timeout_ms, on_answer, &one, "q", "%p",
			(void *)&data) != 0)
			play.promised--;
		return;
	default:
		play.promised++;
		if (sio_emit_to_ack(
			target, timeout_ms, on_answer, &many, "q", NULL) < 0)
			play.promised--;
		return;
	}
}

/* Do something that a callback may do.
 *   event  NULL when there is none */
static void
do_something(struct sio_socket *socket, struct sio_event *event)
{
	static const char *const names[] = { "/", "/a", "/0", "/room-9" };
	struct sio_socket *victim = anybody(socket);

	switch (sim_below(12)) {
	case 0:
		sio_disconnect(victim, sim_chance(300));
		return;
	case 1:
		(void)sio_join(victim, one_of(rooms, 3));
		return;
	case 2:
		(void)sio_leave(victim,
		    sim_chance(200) ? sio_id(victim) : one_of(rooms, 3));
		return;
	case 3:
		(void)sio_fetch(some_target(socket), disconnect_some, NULL);
		return;
	case 4:
		(void)sio_of(play.io, one_of(names, LEN(names)));
		return;
	case 5:
		if (event != NULL)
			(void)sio_forward(some_target(socket), event);
		return;
	case 6:
		if (event != NULL)
			(void)sio_ack(event, "%d", 1);
		return;
	case 7:
		if (event != NULL && play.owed[sim_below(OWED)] == NULL) {
			struct sio_ack **owed = &play.owed[sim_below(OWED)];

			sio_ack_drop(*owed);
			*owed = sio_ack_later(event);
		}
		return;
	case 8: {
		struct sio_ack **owed = &play.owed[sim_below(OWED)];

		if (*owed != NULL)
			(void)sio_ack_send(*owed, "'late'");
		*owed = NULL;
		return;
	}
	case 9:
		if (play.waiting != NULL && sim_chance(500))
			(void)sio_admit(play.waiting);
		else if (play.waiting != NULL)
			(void)sio_refuse(play.waiting);
		return;
	default:
		emit_something(victim);
		return;
	}
}

/* Do some of that: most of the time little, and never for ever. */
static void
act(struct sio_socket *socket, struct sio_event *event)
{
	uint32_t count = sim_below(4);

	if (play.depth >= 3)
		return;
	play.depth++;
	for (uint32_t i = 0; i < count; i++)
		do_something(socket, event);
	play.depth--;
}

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	const bool *many = arg;

	sim_trace("answer, %d", error);
	(void)sio_json(args, &(size_t){ 0 });
	sim_check(*many || socket != NULL, "an answer of nobody");
	if (!*many || socket == NULL)
		play.promised--;
	sim_check(play.promised >= 0, "an answer too many");
	if (socket != NULL && error == 0)
		act(socket, NULL);
}

static void
on_connection(struct sio_socket *socket)
{
	play.connected++;
	sim_trace("%s in %s%s", sio_id(socket),
	    sio_nsp_name(sio_nsp_of(socket)),
	    sio_is_recovered(socket) ? ", recovered" : "");
	if (socket == play.waiting)
		play.waiting = NULL;
	for (int i = 0; i < SOCKETS; i++) {
		sim_check(play.here[i] != socket, "connected twice");
		if (play.here[i] == NULL) {
			play.here[i] = socket;
			break;
		}
	}
	act(socket, NULL);
}

static void
on_disconnecting(struct sio_socket *socket, const char *reason)
{
	(void)reason;
	act(socket, NULL);
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	sim_check(eio_transport(sio_session(socket)) != NULL, "no session");
	sim_check(reason[0] != '\0', "no reason");
	for (int i = 0; i < SOCKETS; i++) {
		if (play.here[i] == socket)
			play.here[i] = NULL;
	}
	act(socket, NULL);
	play.connected--;
	sim_check(play.connected >= 0, "disconnected twice");
}

static void
on_any(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);
	struct sio_iterator it = sio_iterate(args);
	size_t len, sum = 0;

	sim_trace("event %s", sio_event_name(event));
	act(socket, event);
	/* Whatever was done, the event is still there. */
	sum += strlen(sio_event_name(event));
	while (sio_next(&it)) {
		const char *text = sio_string(it.value, &len);
		const unsigned char *octets;

		sum += text != NULL ? strlen(text) : 0;
		octets = sio_bytes(it.value, &len);
		for (size_t i = 0; octets != NULL && i < len; i++)
			sum += octets[i];
	}
	sim_check(sum < SIZE_MAX, "never");
}

static void
on_outgoing(struct sio_socket *socket, const char *name, struct sio_value args)
{
	(void)name;
	if (sim_chance(50))
		sio_disconnect(anybody(socket), sim_chance(500));
	(void)sio_string(sio_at(args, 0), NULL);
}

/* User data is which socket waits, perhaps. */
static enum sio_verdict
use(struct sio_socket *socket)
{
	if (sio_user(socket) == NULL) {
		play.carried++;
		sio_set_user(socket, &play);
	}
	if (sim_chance(50)) {
		sio_disconnect(socket, sim_chance(500));
		return SIO_NEXT; /* that is no news any more */
	}
	if (sim_chance(100))
		return SIO_REFUSE;
	if (sim_chance(700) || play.waiting != NULL)
		return SIO_NEXT;
	play.waiting = socket;
	return SIO_WAIT;
}

static void
on_expired(void *user)
{
	sim_check(user == &play, "another's user data");
	play.carried--;
	sim_check(play.carried >= 0, "expired twice");
	/* It may have been the one that waits. */
	play.waiting = NULL;
}

static bool
is_one(struct sio_socket *socket, const char *name, void *arg)
{
	(void)arg;
	if (sim_chance(20))
		sio_disconnect(socket, sim_chance(500));
	if (sim_chance(20))
		(void)sio_of(play.io, name);
	return strncmp(name, "/room-", 6) == 0;
}

static bool
register_all(struct sio_nsp *nsp)
{
	return nsp != NULL && sio_on_connection(nsp, on_connection) == 0 &&
	       sio_on_disconnecting(nsp, on_disconnecting) == 0 &&
	       sio_on_disconnect(nsp, on_disconnect) == 0 &&
	       sio_on_any(nsp, on_any) == 0 &&
	       sio_on_any_outgoing(nsp, on_outgoing) == 0 &&
	       sio_on_expired(nsp, on_expired) == 0 && sio_use(nsp, use) == 0;
}

/* ---- the clients ------------------------------------------------------- */

/* Packets of a client that knows the protocol; and others. */
static const char *const good[] = { "40", "40/room-1,", "40/room-2,{\"a\":1}",
	"40/room-3,", "42[\"x\"]", "42[\"x\",\"text\",{\"a\":[1]}]",
	"420[\"x\",1]", "42/room-1,1[\"y\"]", "430[]", "431[1]", "432[]",
	"433[\"x\"]", "434[]", "43/room-1,0[]", "43/room-2,0[]", "3", "bAQID" };
static const char *const bad[] = { "41", "41/room-1,", "40/nowhere,", "44{}",
	"2probe", "5", "2", "1", "6", "b", "4", "9", "42[\"x\\u0000\"]",
	"40/room-3?a=b,", "452-3[\"b\",{\"_placeholder\":true,\"num\":1}]",
	"461-0[{\"_placeholder\":true,\"num\":0}]" };
static const char one_binary[] =
    "451-[\"b\",{\"_placeholder\":true,\"num\":0}]";

static const char *
some_packet(void)
{
	return sim_chance(950) ? one_of(good, LEN(good))
			       : one_of(bad, LEN(bad));
}

static void
send_text(struct line *line, const char *text)
{
	(void)sim_write(line->wire, text, strlen(text));
}

static const char *
some_sid(void)
{
	return play.sids[sim_below(LEN(play.sids))];
}

static void
send_post(struct line *line)
{
	char body[2048] = "", length[64], request[3072];

	for (uint32_t i = 0, n = 1 + sim_below(4); i < n; i++) {
		if (i > 0)
			strcat(body, "\x1e");
		strcat(body, some_packet());
	}
	/* All of it; all but the last packet; or all but the last chunk, which
	 * may be another thing. */
	if (sim_chance(200))
		line->rest = "\x1e"
			     "42[\"x\"]";
	if (sim_chance(200)) {
		line->rest = sim_chance(900) ? "\r\n0\r\n\r\n" : "?";
		snprintf(length, sizeof(length),
		    "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", strlen(body));
	} else
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n",
		    strlen(body) +
			(line->rest != NULL ? strlen(line->rest) : 0));
	snprintf(request, sizeof(request),
	    "POST /socket.io/?EIO=%d&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: a\r\n%s%s",
	    sim_chance(950) ? 4 : 3, some_sid(), length, body);
	send_text(line, request);
}

static void
send_get(struct line *line)
{
	bool old = sim_chance(100);
	const char *sid = sim_chance(300) ? "" : some_sid();
	char request[256];

	snprintf(request, sizeof(request),
	    "GET /socket.io/?EIO=%d&transport=polling%s%s HTTP/1.1\r\n"
	    "Host: a\r\n\r\n",
	    old ? 3 : 4, sid[0] != '\0' ? "&sid=" : "", sid);
	send_text(line, request);
}

/* Send a frame, masked with zeros. */
static void
send_frame(struct line *line, uint8_t opcode, const char *data, size_t len)
{
	uint8_t frame[256] = { 0x80 | opcode, (uint8_t)(0x80 | len) };

	memcpy(frame + 6, data, len);
	(void)sim_write(line->wire, frame, 6 + len);
}

static void
say(struct line *line, const char *text)
{
	send_frame(line, 1, text, strlen(text));
}

/* Connect, perhaps as who was here before. */
static void
say_hello(struct line *line)
{
	bool has_offset = play.offset[0] != '\0' && sim_chance(700);
	char packet[100];

	if (sim_chance(300)) {
		say(line, "2probe");
		say(line, "5");
	}
	snprintf(packet, sizeof(packet), "40{\"pid\":\"%s\"%s%s%s}", play.pid,
	    has_offset ? ",\"offset\":\"" : "", has_offset ? play.offset : "",
	    has_offset ? "\"" : "");
	say(line, play.pid[0] != '\0' ? packet : "40");
}

static void
send_upgrade(struct line *line)
{
	const char *sid = sim_chance(500) ? some_sid() : "";
	char request[512];

	snprintf(request, sizeof(request),
	    "GET /socket.io/?EIO=%d&transport=websocket%s%s HTTP/1.1\r\n"
	    "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	    sim_chance(900) ? 4 : 3, sid[0] != '\0' ? "&sid=" : "", sid);
	send_text(line, request);
	line->upgraded = true;
	say_hello(line);
}

static void
say_something(struct line *line)
{
	if (sim_chance(20))
		send_frame(line, 2, "\4\1\2", sim_below(4));
	else if (sim_chance(100)) {
		say(line, one_binary);
		send_frame(line, 2, "\4\1\2", sim_below(4));
	} else
		say(line, some_packet());
}

/* Look for the sid of a session in what came, for a private id, and for an
 * offset: the last argument of an event, eight digits. */
static void
look(struct line *line)
{
	static const char begin[] = "{\"sid\":\"";
	const size_t skip = sizeof(begin) - 1;

	for (size_t i = 0; i + skip + 30 < line->len; i++) {
		if (memcmp(line->in + i, "\"pid\":\"", 7) == 0)
			memcpy(play.pid, line->in + i + 7, 20);
		if (memcmp(line->in + i, ",\"", 2) == 0 &&
		    memcmp(line->in + i + 10, "\"]", 2) == 0)
			memcpy(play.offset, line->in + i + 2, 8);
		if (memcmp(line->in + i, begin, skip) != 0 ||
		    memcmp(line->in + i + skip + 20, "\",\"upg", 6) != 0)
			continue;
		memcpy(play.sids[play.next_sid], line->in + i + skip, 20);
		play.next_sid = (play.next_sid + 1) % LEN(play.sids);
	}
}

static void
hang_up(struct line *line)
{
	if (sim_chance(300))
		sim_reset(line->wire);
	sim_drop(line->wire);
	memset(line, 0, sizeof(*line));
}

static void
act_line(struct line *line)
{
	if (line->wire == NULL) {
		line->wire = sim_connect(0x7f000001, 80);
		if (line->wire == NULL)
			return;
	}
	line->len = sim_read(line->wire, line->in, sizeof(line->in));
	look(line);
	if (sim_state(line->wire) != SIM_OPEN || sim_chance(30))
		hang_up(line);
	else if (line->rest != NULL && sim_chance(600)) {
		send_text(line, line->rest);
		line->rest = NULL;
	} else if (line->rest != NULL)
		return;
	else if (line->upgraded)
		say_something(line);
	else if (sim_chance(300))
		send_upgrade(line);
	else if (sim_chance(500))
		send_get(line);
	else
		send_post(line);
}

static int64_t
act_all(int64_t now_ms)
{
	act_line(&play.lines[sim_below(WIRES)]);
	play.steps++;
	return now_ms + 1 + sim_below(sim_chance(50) ? 500 : 3);
}

/* ---- from start to end ------------------------------------------------- */

static bool
set_up(bool recovery)
{
	const struct ws_options options = { .log_level = -1 };
	const struct sio_options sio = { .engine.ping_interval_ms = 300,
		.engine.ping_timeout_ms = 200,
		.engine.queue_max = 2000,
		.connect_timeout_ms = 400,
		.recovery_ms = recovery ? 500 : 0,
		.recovery_octets = 1500,
		.recovery_middlewares = sim_chance(500),
		.no_client = true,
		.max_namespaces = 3 };

	play.server = ws_server_new(&options);
	if (play.server == NULL || ws_listen(play.server, "127.0.0.1:80") < 0)
		return false;
	play.io = sio_new(play.server, &sio);
	if (play.io == NULL)
		return false;
	play.root = sio_of(play.io, "/");
	play.many = sio_of_each(play.io, is_one, NULL);
	return register_all(play.root) && register_all(play.many);
}

static void
tear_down(void)
{
	if (play.io != NULL && sim_chance(500))
		sio_stop(play.io);
	sio_free(play.io);
	for (int i = 0; i < OWED; i++)
		sio_ack_drop(play.owed[i]);
	if (play.server != NULL)
		ws_server_free(play.server);
	for (int i = 0; i < WIRES; i++) {
		if (play.lines[i].wire != NULL)
			sim_drop(play.lines[i].wire);
	}
	sim_check(play.connected == 0, "%d are left", play.connected);
	sim_check(play.promised == 0, "%d promises are left", play.promised);
	sim_check(play.carried == 0, "%d user data are left", play.carried);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_weather *weather;

	if (size == 0)
		return 0;
	memset(&play, 0, sizeof(play));
	sim_seed(data[0], data + 1, size - 1);
	weather = sim_begin();
	sim_rules = (struct sim_rules){ .scarce = data[0] % 4 == 0 };
	weather->descriptors = 100;
	weather->batch = 16;
	weather->socket_octets = 100000;
	weather->act = act_all;
	if (set_up(data[0] % 2 == 0)) {
		weather->scarcity = sim_rules.scarce ? 1 + sim_below(50) : 0;
		while (play.steps < STEPS) {
			(void)ws_step(play.server, 1);
			if (sim_chance(50) && anybody(NULL) != NULL)
				act(anybody(NULL), NULL);
		}
	}
	tear_down();
	sim_end();
	return 0;
}
