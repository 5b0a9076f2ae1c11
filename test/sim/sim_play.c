/* sim_play.c - one schedule: an application, its clients, and what must hold.
 */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/server.h"
#include "sim.h"

enum {
	LATE_MS = 2000,       /* that a deadline may be late, for all causes */
	PAUSE_MAX_MS = 3000,  /* that the application stops reading */
	PATIENCE_MS = 900000, /* until all that was sent must be there */
	STEPS_MAX = 400000,
	CACHES_MAX = 9, /* blocks that an idle server may keep: a request, the
	                   heap, the tables of connections, descriptors, rooms;
	                   the compressor, the decompressor, a buffer for each */
};

struct sim_seen sim_seen;

/* The application's side of one client. */
struct app {
	struct ws_conn *conn;
	struct ws_timer *pause;
	bool joined, closing;
};

static struct {
	struct ws_server *server;
	struct sim_peer peers[SIM_PEERS];
	struct app apps[SIM_PEERS];
	struct ws_options options;
	struct sim_weather *weather;
	uint32_t chaos; /* per mille of the callbacks that do something rash */
	int64_t leap_ms;
	char directory[32];
	size_t blocks;   /* before the first client came */
	size_t budget;   /* of windows, then */
	unsigned bodies; /* that early has let come, and are not over */
} play;

static uint8_t text[SIM_MESSAGE_MAX + 64];
static uint8_t big[SIM_BIG];

/* ---- the application does something rash ------------------------------- */

static struct app *
app_of(const struct sim_peer *peer)
{
	return &play.apps[peer->id];
}

static struct sim_peer *
any_open(void)
{
	struct sim_peer *peer = &play.peers[sim_below(SIM_PEERS)];

	return peer->opened && !peer->ended ? peer : NULL;
}

static void
close_one(void *arg)
{
	static const char reason[] = "\xc3\xa9\xc3\xa9\xc3\xa9 and so on, and "
				     "on, and on, and on, and on, and on, and "
				     "on, and on, and on, and on, and on, and "
				     "on, and \xe2\x82\xac\xe2\x82\xac";
	struct sim_peer *peer = any_open();

	(void)arg;
	if (peer == NULL)
		return;
	sim_peer_spoil(peer, "the application closes it");
	app_of(peer)->closing = true;
	if (sim_chance(300))
		ws_terminate(app_of(peer)->conn);
	else
		(void)ws_close(app_of(peer)->conn, 3000 + (int)sim_below(9),
		    reason, sim_chance(500) ? 0 : sizeof(reason) - 1);
}

static void
on_pause_over(struct ws_timer *timer, void *arg)
{
	struct sim_peer *peer = arg;

	sim_check(app_of(peer)->pause == timer, "a timer that was stopped");
	app_of(peer)->pause = NULL;
	ws_resume(app_of(peer)->conn);
}

static void
pause_one(void)
{
	struct sim_peer *peer = any_open();

	if (peer == NULL || app_of(peer)->pause != NULL)
		return;
	app_of(peer)->pause = ws_timer_start(
	    play.server, sim_below(PAUSE_MAX_MS), 0, on_pause_over, peer);
	if (app_of(peer)->pause != NULL)
		ws_pause(app_of(peer)->conn);
}

static bool
count_one(struct ws_conn *conn, void *arg)
{
	struct sim_peer *peer = ws_user(conn);

	sim_check(peer->opened && !peer->ended, "a walk meets peer %u, dead",
	    peer->id);
	++*(unsigned *)arg;
	return true;
}

static void
be_rash(void)
{
	struct sim_peer *peer;
	unsigned count = 0;

	if (!sim_chance(play.chaos))
		return;
	switch (sim_below(5)) {
	case 0:
		close_one(NULL);
		return;
	case 1:
		(void)ws_defer(play.server, close_one, NULL);
		return;
	case 2:
		pause_one();
		return;
	case 3:
		peer = any_open();
		if (peer != NULL)
			(void)ws_ping(app_of(peer)->conn, "are you there?", 14);
		return;
	default:
		ws_walk(play.server, count_one, &count);
	}
}

/* ---- WebSockets -------------------------------------------------------- */

static const char *
room_name(const struct sim_peer *peer)
{
	static const char *const names[SIM_ROOMS] = { "a", "bb",
		"a room with a long name, whose members may miss messages" };

	return names[peer->room];
}

/* Read a number from the query, without memory if that is out. */
static bool
read_number(const struct ws_request *rq, const char *name, uint32_t *number)
{
	const char *query = ws_request_query(rq), *at = strchr(query, *name);
	char value[16];
	long len = ws_request_param(rq, name, value, sizeof(value));

	if (at == NULL || at[1] != '=')
		return false;
	*number = (uint32_t)strtoul(at + 2, NULL, 10);
	sim_check(len < 0 || strtoul(value, NULL, 10) == *number,
	    "the parameter %s of %s", name, query);
	return true;
}

/* The client that a request is from, if the request is not damaged. */
static struct sim_peer *
peer_named(const struct ws_request *rq)
{
	char address[WS_PEER_MAX];
	const char *port = strrchr(ws_request_peer(rq, address), ':');
	uint32_t id;

	if (!read_number(rq, "c", &id) || id >= SIM_PEERS ||
	    strtoul(port + 1, NULL, 10) != SIM_PORT + id)
		return NULL;
	return &play.peers[id];
}

static void
on_upgrade(struct ws_request *rq)
{
	struct sim_peer *peer = peer_named(rq);

	be_rash();
	if (peer == NULL || peer->opened)
		(void)ws_reply(rq, 500, NULL, NULL, 0);
	else
		(void)ws_accept(rq, NULL, peer);
}

static void
on_open(struct ws_conn *conn)
{
	struct sim_peer *peer = ws_user(conn);

	sim_check(!peer->opened, "peer %u is opened twice", peer->id);
	sim_trace("peer %u is open", peer->id);
	sim_seen.opened++;
	peer->opened = true;
	app_of(peer)->conn = conn;
	if (peer->kind == SIM_ROOM)
		app_of(peer)->joined =
		    ws_join(conn, room_name(peer), WS_STR) == 1;
	be_rash();
}

static void
check_open(const struct sim_peer *peer, const struct ws_conn *conn)
{
	sim_check(peer->opened && !peer->ended && app_of(peer)->conn == conn,
	    "a callback for peer %u, which is not open", peer->id);
}

static size_t
members(const struct sim_peer *like)
{
	size_t count = 0;

	for (unsigned i = 0; i < SIM_PEERS; i++) {
		const struct sim_peer *peer = &play.peers[i];

		count += peer->opened && !peer->ended &&
			 peer->room == like->room && play.apps[i].joined;
	}
	return count;
}

static void
publish(
    struct sim_peer *from, uint32_t seq, int kind, const void *data, size_t len)
{
	const char *room = room_name(from);
	bool may_miss = from->room == SIM_ROOMS - 1, self = seq % 3 == 0;
	struct ws_conn *except = self ? NULL : app_of(from)->conn;
	long handed;

	sim_check(ws_room_count(play.server, room, WS_STR) == members(from),
	    "the count of a room");
	handed = ws_publish(play.server, room, WS_STR,
	    kind | (may_miss ? WS_VOLATILE : 0) |
		(seq % 7 == 0 ? WS_NO_COMPRESS : 0),
	    data, len, except);
	sim_check(handed >= 0 || sim_rules.scarce, "publish: %ld", handed);
	if (handed < 0)
		return;
	for (unsigned i = 0; i < SIM_PEERS; i++) {
		struct sim_peer *peer = &play.peers[i];

		if (peer->opened && !peer->ended && play.apps[i].joined &&
		    !play.apps[i].closing && peer->room == from->room &&
		    (self || peer != from))
			sim_peer_expect(peer, from->id, seq, may_miss);
	}
}

static void
echo(
    struct sim_peer *peer, uint32_t seq, int kind, const void *data, size_t len)
{
	struct ws_conn *conn = app_of(peer)->conn;
	struct ws_prepared *message;
	int result;

	if (seq % 4 == 0) {
		message = ws_prepare(kind, data, len);
		result = WS_ENOMEM;
		if (message != NULL)
			result = ws_send_prepared(
			    conn, message, seq % 3 == 0 ? WS_NO_COMPRESS : 0);
		ws_prepared_free(message);
	} else
		result = ws_send(conn, kind, data, len);
	if (result == 0)
		sim_peer_expect(peer, peer->id, seq, false);
	else if (result == WS_EFULL)
		sim_check(peer->due_octets + len + 8 * peer->pings + 1000 >
			      sim_rules.queue_max,
		    "peer %u is called slow with %zu octets due", peer->id,
		    peer->due_octets);
	else
		sim_check(result == WS_ECLOSED || sim_rules.scarce, "send: %d",
		    result);
	sim_seen.echoed += result == 0;
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	struct sim_peer *peer = ws_user(conn);
	int expected;

	check_open(peer, conn);
	if (sim_peer_is_wrong(peer))
		return;
	sim_check(sim_message(peer->id, peer->heard, text, &expected) == len &&
		      expected == kind && memcmp(text, data, len) == 0,
	    "message %u of peer %u came in another form", peer->heard,
	    peer->id);
	sim_seen.messages++;
	if (peer->kind == SIM_ROOM)
		publish(peer, peer->heard, kind, data, len);
	else
		echo(peer, peer->heard, kind, data, len);
	peer->heard++;
	sim_check(ws_queued(conn) <=
		      sim_rules.queue_max + SIM_MESSAGE_MAX + (1 << 18),
	    "%zu octets are queued", ws_queued(conn));
	be_rash();
}

static void
on_drain(struct ws_conn *conn)
{
	check_open(ws_user(conn), conn);
	sim_check(ws_queued(conn) <= play.options.queue_soft,
	    "drained, but %zu octets are queued", ws_queued(conn));
	be_rash();
}

static void
on_pong(struct ws_conn *conn, const void *data, size_t len)
{
	(void)data;
	check_open(ws_user(conn), conn);
	sim_check(len <= 125, "a pong of %zu octets", len);
	be_rash();
}

/* Return whether sockets seem to be full that are not. What such a socket takes
 * later looks to the server as if its peer lived. */
static bool
is_pretending(void)
{
	return play.weather->again > 0 || play.weather->partial > 0;
}

/* A peer that vanished must be missed in time. One for which too much waits
 * shows that it lives by taking, and its system goes on taking for a while. */
static void
check_missed(const struct sim_peer *peer)
{
	const struct ws_options *o = &play.options;
	int64_t from_ms = peer->vanished_ms, late_ms;

	if (peer->vanished_ms == 0 || play.leap_ms > 0)
		return;
	if ((peer->due_peak > o->queue_soft || is_pretending()) &&
	    sim_taken(peer->wire) > from_ms)
		from_ms = sim_taken(peer->wire);
	late_ms = sim_now() - from_ms;
	sim_check(late_ms <= o->ping_ms + o->pong_ms + PAUSE_MAX_MS +
				 (play.chaos > 0 ? o->pong_ms : 0) + LATE_MS,
	    "peer %u vanished and was missed after %lld ms", peer->id,
	    (long long)late_ms);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	struct sim_peer *peer = ws_user(conn);

	check_open(peer, conn);
	sim_trace("peer %u is closed: %d %.*s", peer->id, how->code,
	    (int)how->reason_len, how->reason);
	peer->ended = true;
	sim_check(!ws_in_room(conn, room_name(peer), WS_STR),
	    "peer %u has ended and is in a room", peer->id);
	sim_check(ws_send(conn, WS_TEXT, "x", 1) == WS_ECLOSED,
	    "peer %u has ended and can be sent to", peer->id);
	sim_check(ws_join(conn, "late", WS_STR) == WS_ECLOSED,
	    "peer %u has ended and can join", peer->id);
	check_missed(peer);
	ws_timer_stop(app_of(peer)->pause);
	app_of(peer)->pause = NULL;
	be_rash();
	app_of(peer)->conn = NULL;
}

/* ---- HTTP -------------------------------------------------------------- */

/* A request that is answered later. */
struct held {
	struct ws_request *rq;
	struct ws_timer *timer;
	struct sim_peer *peer;
	uint32_t seq;
};

static uint32_t
number_of(const struct ws_request *rq)
{
	uint32_t number;

	return read_number(rq, "n", &number) ? number : 0;
}

/* Returns whether the request is answered. */
static bool
answer(struct ws_request *rq, const struct sim_peer *peer, uint32_t seq)
{
	size_t len = sim_body(peer->id, seq, text);
	int result = ws_reply(rq, 200, "application/x", text, len);

	sim_check(result == 0 || sim_rules.scarce, "ws_reply: %d", result);
	return result == 0;
}

static void
on_get(struct ws_request *rq)
{
	struct sim_peer *peer = peer_named(rq);

	be_rash();
	if (peer == NULL)
		(void)ws_reply(rq, 500, NULL, NULL, 0);
	else
		(void)answer(rq, peer, number_of(rq));
}

static void
on_post_early(struct ws_request *rq)
{
	play.bodies++;
	ws_request_set_state(rq, &play);
}

/* The body of a request is there, or never will be. */
static void
end_body(const struct ws_request *rq)
{
	if (ws_request_state(rq) == NULL)
		return; /* it has none */
	sim_check(play.bodies > 0, "a body is over twice");
	play.bodies--;
}

static void
on_post_broken(struct ws_request *rq, int status)
{
	end_body(rq);
	sim_seen.broken++;
	be_rash();
	if (status != 0 && sim_chance(500))
		(void)ws_reply(rq, status, NULL, NULL, 0);
}

static void
on_post(struct ws_request *rq)
{
	struct sim_peer *peer = peer_named(rq);
	size_t len;
	const void *body = ws_request_body(rq, &len);

	end_body(rq);
	if (peer != NULL && !sim_peer_is_wrong(peer))
		sim_check(sim_body(peer->id, number_of(rq), text) == len &&
			      (len == 0 || memcmp(text, body, len) == 0),
		    "a body of peer %u came in another form", peer->id);
	be_rash();
	(void)ws_reply(rq, 200, "application/x", body, len);
}

static void
on_held_due(struct ws_timer *timer, void *arg)
{
	struct held *held = arg;

	sim_check(held->timer == timer, "a timer that was stopped");
	held->timer = NULL;
	if (!answer(held->rq, held->peer, held->seq))
		return; /* on_gone comes */
	free(held);
	sim_seen.held++;
}

static void
on_gone(struct ws_request *rq, void *arg)
{
	struct held *held = arg;

	sim_check(held->rq == rq, "another request is gone");
	ws_timer_stop(held->timer);
	free(held);
}

static void
on_held(struct ws_request *rq)
{
	struct held *held = calloc(1, sizeof(*held));

	if (held == NULL)
		abort();
	held->rq = rq;
	held->peer = peer_named(rq);
	held->seq = number_of(rq);
	if (held->peer != NULL)
		held->timer = ws_timer_start(
		    play.server, sim_below(1500), 0, on_held_due, held);
	if (held->timer != NULL && ws_hold(rq, on_gone, held) == 0)
		return;
	sim_check(held->peer == NULL || sim_rules.scarce ||
		      sim_peer_is_wrong(held->peer),
	    "a request cannot be held");
	ws_timer_stop(held->timer);
	free(held);
	(void)ws_reply(rq, 500, NULL, NULL, 0);
}

/* ---- the schedule ------------------------------------------------------ */

static int64_t
act(int64_t now_ms)
{
	int64_t next = INT64_MAX;

	if (play.leap_ms > 0 && now_ms >= play.leap_ms) {
		play.leap_ms = INT64_MAX;
		for (unsigned i = 0; i < SIM_PEERS; i++)
			sim_peer_spoil(&play.peers[i], "time leaps");
		sim_leap(3600000 + sim_below(20000000));
		sim_seen.leaps++;
		now_ms = sim_now();
	}
	for (unsigned i = 0; i < SIM_PEERS; i++) {
		int64_t at = sim_peer_act(&play.peers[i], now_ms);

		next = at < next ? at : next;
	}
	return next;
}

static void
log_line(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	sim_trace("log: %s", line);
	sim_seen.exhausted += strncmp(line, "out of file", 11) == 0;
}

static void
choose_weather(struct sim_weather *w)
{
	bool tight = sim_chance(300);

	w->partial = sim_chance(700) ? sim_below(900) : 0;
	w->again = sim_chance(500) ? sim_below(300) : 0;
	w->spurious = sim_chance(500) ? sim_below(200) : 0;
	w->stale = sim_chance(500) ? sim_below(300) : 0;
	w->delay_max_ms = sim_below(tight ? 5 : sim_chance(300) ? 100 : 10);
	w->socket_octets =
	    tight ? 256 + sim_below(2000) : 20000 + sim_below(200000);
	w->descriptors = sim_chance(150) ? 6 + sim_below(10) : 100;
	sim_rules.crowded = w->descriptors < 100 ||
			    play.options.max_clients > 0 ||
			    play.options.max_per_ip > 0;
	/* By default there are never too few; an operator may want that. */
	if (w->descriptors < 100 && play.options.max_clients == 0)
		play.options.max_clients = 100;
	sim_rules.storm =
	    !tight && play.options.queue_max < 100000 && sim_chance(240);
	if (sim_chance(30)) { /* a thin line, on which all takes minutes */
		w->socket_octets = 400 + sim_below(800);
		w->delay_max_ms = 50 + sim_below(250);
		sim_rules.message_max = 8000;
		sim_rules.storm = false;
		play.options.idle_ms = 60000; /* a body has so long to come */
	}
	w->batch = sim_chance(300) ? 1 + sim_below(4) : 256;
	w->act = act;
	sim_rules.message_max = tight             ? 60 + sim_below(200)
				: sim_chance(500) ? 6000
						  : SIM_MESSAGE_MAX;
}

static void
choose_options(struct ws_options *o)
{
	bool narrow = sim_chance(250);

	*o = (struct ws_options){ .log = log_line,
		.log_level = WS_LOG_ACCESS + 1,
		.ping_ms = 2000 + (int)sim_below(20000),
		.pong_ms = 2000 + (int)sim_below(10000),
		.idle_ms = 5000 + (int)sim_below(30000),
		.close_ms = 1000 + (int)sim_below(4000),
		.queue_soft = narrow ? 4096 + sim_below(20000) : 65536,
		.queue_max = narrow ? 30000 + sim_below(60000) : 1 << 20 };
	if (sim_chance(100))
		o->max_clients = 3 + sim_below(8);
	if (sim_chance(100))
		o->max_per_ip = 1 + sim_below(3);
	sim_rules.queue_max = o->queue_max;
	o->max_message = SIM_LIMIT;
	o->deflate = (int)sim_below(3);
	o->deflate_level = 1 + (int)sim_below(9);
	o->deflate_window = 9 + (int)sim_below(7);
	o->deflate_min = 1 + (int)sim_below(300);
	/* For all, or for some: of the largest windows, not even for one. */
	o->deflate_memory = sim_chance(500) ? 0 : 10000 + sim_below(200000);
	sim_rules.deflates = o->deflate != WS_DEFLATE_OFF;
}

static void
make_directory(void)
{
	/* A fixed time: the entity-tag must not be longer one day than another,
	 * or the same seed would play another schedule. */
	static const struct timespec times[2] = { { 1700000000, 1 },
		{ 1700000000, 1 } };
	char path[48];
	int fd;

	strcpy(play.directory, "/tmp/wsd-sim-XXXXXX");
	if (mkdtemp(play.directory) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/big", play.directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, big, sizeof(big)) != (ssize_t)sizeof(big))
		abort();
	(void)futimens(fd, times);
	close(fd);
}

static void
remove_directory(void)
{
	char path[48];

	snprintf(path, sizeof(path), "%s/big", play.directory);
	(void)unlink(path);
	(void)rmdir(play.directory);
}

/* Make the server. Returns whether it could be. */
static bool
set_up(void)
{
	static const struct ws_handler handler = {
		.upgrade = on_upgrade,
		.open = on_open,
		.message = on_message,
		.drain = on_drain,
		.pong = on_pong,
		.close = on_close,
	};
	static const struct ws_asset assets[] = { { "/big", big, sizeof(big),
	    "\"big\"", 0 } };
	struct ws_server *s = ws_server_new(&play.options);

	play.server = s;
	return s != NULL && ws_endpoint(s, "/echo", &handler, NULL) == 0 &&
	       ws_endpoint(s, "/room/", &handler, NULL) == 0 &&
	       ws_http(s, "/get", "GET", on_get, NULL) == 0 &&
	       ws_http(s, "/post", "POST", on_post, NULL) == 0 &&
	       ws_http_body(s, "/post", 0, on_post_early, on_post_broken) ==
		   0 &&
	       ws_http(s, "/held", NULL, on_held, NULL) == 0 &&
	       ws_assets(s, "/assets/", assets, 1, NULL) == 0 &&
	       ws_files(s, "/files/", play.directory, NULL) == 0 &&
	       ws_listen(s, "sim") == 0;
}

static bool
are_content(void)
{
	for (unsigned i = 0; i < SIM_PEERS; i++) {
		if (!sim_peer_content(&play.peers[i]))
			return false;
	}
	return true;
}

/* Turn until all clients are content, or until a time. */
static void
run(int64_t until_ms, bool content)
{
	for (unsigned i = 0; sim_now() < until_ms; i++) {
		if (content && are_content())
			return;
		sim_check(i < STEPS_MAX, "this never ends");
		sim_check(ws_step(play.server, 1 + (int)sim_below(5000)) == 0,
		    "ws_step");
	}
	for (unsigned i = 0; content && i < SIM_PEERS; i++)
		sim_check(sim_peer_content(&play.peers[i]),
		    "peer %u waits in vain: kind %d, state %d", i,
		    (int)play.peers[i].kind, (int)play.peers[i].state);
}

/* Return whether a client may be connected for ever. One that does not answer
 * Pings may, where its socket pretends to be full and to be emptied again, or
 * where it is sent none: it may still be reading a file, octet by octet. */
static bool
is_lasting(const struct sim_peer *peer)
{
	return peer->state != SIM_GONE && peer->vanished_ms == 0 &&
	       (is_pretending() ||
		   (peer->reads && (!peer->mute || peer->kind == SIM_HTTP)));
}

/* Long after all was said only those are there who show that they live. */
static void
check_quiet(void)
{
	const struct ws_options *o = &play.options;
	struct ws_stats stats;
	size_t lasting = 0;

	if (play.leap_ms > 0)
		play.leap_ms = INT64_MAX;
	run(sim_now() + o->ping_ms + 2 * o->pong_ms + 2 * o->idle_ms + 10000 +
		2 * o->close_ms + 2 * LATE_MS,
	    false);
	for (unsigned i = 0; i < SIM_PEERS; i++) {
		const struct sim_peer *peer = &play.peers[i];

		lasting += is_lasting(peer);
		sim_check(is_lasting(peer) || peer->ended || !peer->opened,
		    "peer %u is gone, and nobody noticed", i);
	}
	ws_stats(play.server, &stats);
	sim_check(stats.connections <= lasting, "%zu connections of %zu peers",
	    stats.connections, lasting);
}

/* Whatever was held for a peer has been given back: what the ledger still has
 * is there for the next peer. */
static void
check_ledger(void)
{
	const struct ws_core *core = &play.server->core;
	size_t spare = core->segments.count * sizeof(struct ws_segment) +
		       core->gzip_cache.kept_octets +
		       WS_GZIP_CACHE_SLOTS * sizeof(struct ws_chunk);

	if (core->spare != NULL)
		spare += sizeof(*core->spare);
	if (core->spare_head != NULL)
		spare += sizeof(*core->spare_head);
	sim_check(core->memory.held <= spare,
	    "the ledger has %zu octets of nobody", core->memory.held - spare);
}

static void
check_idle(void)
{
	const struct ws_server *s = play.server;
	size_t most = play.blocks + CACHES_MAX + s->core.segments.count;
	struct ws_stats stats;

	ws_stats(s, &stats);
	sim_check(
	    stats.connections == 0 && stats.websockets == 0 && stats.rooms == 0,
	    "left: %zu connections, %zu WebSockets, %zu rooms",
	    stats.connections, stats.websockets, stats.rooms);
	sim_check(s->core.pmd.budget == play.budget,
	    "%zu octets of windows are reserved",
	    play.budget - s->core.pmd.budget);
	check_ledger();
	sim_check(sim_blocks() <= most, "an idle server keeps %zu blocks",
	    sim_blocks() - play.blocks);
}

static void
stop(int grace_ms)
{
	int64_t end_ms = sim_now() + grace_ms + LATE_MS;

	sim_rules.stopping = true;
	ws_stop(play.server, grace_ms);
	sim_seen.stopped++;
	while (!ws_stopped(play.server)) {
		sim_check(sim_now() < end_ms, "it does not stop");
		sim_check(ws_step(play.server, -1) == 0, "ws_step");
	}
	check_idle();
}

static void
play_out(void)
{
	uint32_t ending = sim_below(4);

	if (ending < 2) {
		run(sim_now() + PATIENCE_MS, true);
		sim_seen.content++;
		if (ending == 0)
			check_quiet();
		stop(8000);
		return;
	}
	run(sim_now() + sim_below(4000), false);
	if (ending == 2)
		stop((int)sim_below(6000));
}

static void
tear_down(void)
{
	sim_rules.stopping = true;
	play.weather->scarce_nth = 0;
	play.weather->scarcity = 0;
	ws_server_free(play.server);
	sim_check(play.bodies == 0, "%u bodies are never over", play.bodies);
	for (unsigned i = 0; i < SIM_PEERS; i++) {
		sim_check(play.peers[i].ended == play.peers[i].opened,
		    "peer %u was opened, but not closed", i);
		sim_peer_fini(&play.peers[i]);
	}
}

size_t
sim_play(uint64_t seed, enum sim_mode mode, size_t nth, const uint8_t *input,
    size_t len)
{
	size_t asked;

	memset(&play, 0, sizeof(play));
	memset(big, 'A', sizeof(big));
	sim_seed(seed, input, len);
	play.weather = sim_begin();
	sim_rules = (struct sim_rules){ .scarce = mode != SIM_FAIR };
	choose_options(&play.options);
	choose_weather(play.weather);
	play.chaos = sim_chance(300) ? sim_below(100) : 0;
	if (sim_chance(100))
		play.leap_ms = sim_now() + sim_below(5000);
	if (mode == SIM_NTH)
		play.weather->scarce_nth = nth;
	make_directory();
	if (set_up()) {
		play.blocks = sim_blocks();
		play.budget = play.server->core.pmd.budget;
		if (mode == SIM_SCARCE) {
			play.weather->scarcity = 1 + sim_below(80);
			play.weather->refuse = sim_below(20);
		}
		for (unsigned i = 0; i < SIM_PEERS; i++)
			sim_peer_init(&play.peers[i], i);
		play_out();
	} else
		sim_check(sim_rules.scarce, "no server");
	tear_down();
	remove_directory();
	asked = sim_allocations();
	sim_seen.shortages += sim_shortages();
	sim_end();
	sim_seen.schedules++;
	return asked;
}
