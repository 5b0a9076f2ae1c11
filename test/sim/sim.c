/* sim.c - the simulated world: memory, network, readiness, clock, chance. */
/* SPDX-License-Identifier: MIT */
/*
 * A connection is two pipes. What a side sends is under way until the network
 * moves it, and lies at the other side until it is read:
 *
 *	            cap                 window
 *	 sender ──────────▶ under way ──────────▶ arrived ──▶ reader
 *	          begin + len         begin + arrived        begin
 *
 * A reset destroys what is under way, as it does in the real network: a server
 * that closes a connection while its peer still sends loses its last words.
 *
 * Time passes only while the server waits, and then from one event to the
 * next. A server that waits for ever while nothing is to happen, or that does
 * not wait though nothing is to be done, is found out here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/loop.h"
#include "base/mem.h"
#include "net/net.h"
#include "sim.h"

#if defined(__SANITIZE_ADDRESS__)
#define QUARANTINE 0 /* the sanitizer has a better one */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QUARANTINE 0
#endif
#endif
#ifndef QUARANTINE
#define QUARANTINE 128
#endif

enum {
	FD_FIRST = 5,
	FD_LOOP = 3,
	FDS = 128,
	WIRES = 160,
	STALE = 64,
	IDLE_TURNS_MAX = 24, /* turns in a row that achieve nothing */
};

/* ---- chance ------------------------------------------------------------ */

static struct {
	uint64_t seed, state;
	const uint8_t *at, *end;
} chance;

static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void
sim_seed(uint64_t seed, const uint8_t *input, size_t len)
{
	chance.seed = seed;
	chance.state = mix(seed + 0x9e3779b97f4a7c15u);
	chance.at = input;
	chance.end = len > 0 ? input + len : input;
}

uint32_t
sim_below(uint32_t n)
{
	uint32_t drawn = 0;

	if (n < 2)
		return 0;
	if (chance.at != chance.end) {
		for (uint32_t left = n; left > 0 && chance.at != chance.end;
		     left >>= 8)
			drawn = drawn << 8 | *chance.at++;
		return drawn % n;
	}
	chance.state += 0x9e3779b97f4a7c15u;
	return (uint32_t)(mix(chance.state) >> 32) % n;
}

bool
sim_chance(uint32_t per_mille)
{
	return per_mille > 0 && sim_below(1000) < per_mille;
}

uint64_t
sim_hash(uint64_t a, uint64_t b)
{
	return mix(mix(chance.seed + a * 0x9e3779b97f4a7c15u) + b);
}

/* ---- what must hold ---------------------------------------------------- */

void
sim_check(bool holds, const char *format, ...)
{
	va_list args;

	if (holds)
		return;
	fprintf(stderr, "sim: WSD_SIM_SEED=%llu at %lld ms: ",
	    (unsigned long long)chance.seed, (long long)sim_now());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

void
sim_trace(const char *format, ...)
{
	static int wanted = -1;
	va_list args;

	if (wanted < 0)
		wanted = getenv("WSD_SIM_TRACE") != NULL;
	if (!wanted)
		return;
	fprintf(stderr, "%9lld ", (long long)sim_now());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* ---- memory ------------------------------------------------------------ */

/* Blocks always move when they grow, new octets are never zero, and released
 * ones are kept for a while to see that nobody writes to them. */

#define FRESH 0xa5
#define RELEASED 0xdd
#define LIVE_MARK 0x6c697665626c6f63u

union block {
	struct {
		size_t octets;
		uint64_t mark;
	};
	max_align_t align;
};

static struct {
	size_t blocks, octets, asked, denied;
	union block *kept[QUARANTINE + 1];
	unsigned turn;
} memory;

size_t
sim_blocks(void)
{
	return memory.blocks;
}

size_t
sim_octets(void)
{
	return memory.octets;
}

size_t
sim_allocations(void)
{
	return memory.asked;
}

size_t
sim_shortages(void)
{
	return memory.denied;
}

static void
release(union block *block)
{
	const uint8_t *at;

	if (block == NULL)
		return;
	at = (const uint8_t *)(block + 1);
	for (size_t i = 0; QUARANTINE > 0 && i < block->octets; i++)
		sim_check(at[i] == RELEASED, "released memory was written to");
	free(block);
}

/* Release the oldest block in quarantine and put another in its place. */
static void
quarantine(union block *block)
{
	unsigned place = memory.turn++ % (QUARANTINE + 1);

	release(memory.kept[place]);
	memory.kept[place] = block;
	if (QUARANTINE == 0) {
		release(block);
		memory.kept[place] = NULL;
	}
}

static bool is_scarce(void);

void *
ws_mem_resize(void *at, size_t size)
{
	union block *fresh;
	size_t had = 0;

	sim_check(size > 0, "an allocation of nothing");
	if (is_scarce())
		return NULL;
	fresh = malloc(sizeof(*fresh) + size);
	if (fresh == NULL)
		abort();
	fresh->octets = size;
	fresh->mark = LIVE_MARK;
	if (at != NULL)
		had = ((union block *)at - 1)->octets;
	had = had < size ? had : size;
	if (at != NULL)
		memcpy(fresh + 1, at, had);
	memset((uint8_t *)(fresh + 1) + had, FRESH, size - had);
	memory.blocks++;
	memory.octets += size;
	ws_mem_free(at);
	return fresh + 1;
}

void
ws_mem_free(void *at)
{
	union block *block = at;

	if (at == NULL)
		return;
	block--;
	sim_check(block->mark == LIVE_MARK, "released twice, or never got");
	block->mark = 0;
	memory.blocks--;
	memory.octets -= block->octets;
	memset(at, RELEASED, block->octets);
	quarantine(block);
}

/* ---- connections ------------------------------------------------------- */

struct pipe {
	uint8_t *at;
	size_t begin, len, arrived, room;
	size_t cap;      /* octets that may be under way or lie unread */
	size_t window;   /* octets that may lie unread */
	int64_t move_ms; /* when the network moves next */
	bool fin, fin_arrived;
};

struct sim_wire {
	int fd; /* the server's, or -1 */
	bool used, waiting, gone, broke, vanished;
	bool dropped;      /* the client has closed */
	bool reset_server; /* the server's next call finds a reset */
	bool reset_client;
	uint32_t fragile;
	int64_t wake_ms;
	int64_t taken_ms; /* when the system took octets of the server last */
	struct pipe up, down;
	struct ws_peer peer;
};

enum what {
	UNUSED,
	LISTENER,
	STREAM,
	RESERVE,
};

struct descriptor {
	enum what what;
	struct sim_wire *wire;
	bool watched, shut;
	unsigned want;
	uint32_t serial;
};

static struct {
	int64_t now_ms, unix_s;
	struct sim_weather weather;
	struct sim_wire wires[WIRES];
	size_t wires_used; /* ever, at once */
	struct descriptor fds[FDS];
	struct sim_wire *backlog[WIRES];
	size_t backlog_len;
	unsigned listeners, open;
	unsigned user_timeout_ms;
	bool loop_open;
	struct ws_fired stale[STALE];
	unsigned stale_count;
	uint64_t progress, progress_before;
	unsigned idle_turns;
} world;

/* Allocations are counted from the beginning of the world. */
static bool
is_scarce(void)
{
	memory.asked++;
	if (memory.asked != world.weather.scarce_nth &&
	    !sim_chance(world.weather.scarcity))
		return false;
	memory.denied++;
	sim_trace("out of memory");
	return true;
}

static int64_t
soon(void)
{
	return world.now_ms + sim_below(world.weather.delay_max_ms + 1);
}

/* Have the network look at a pipe. */
static void
stir(struct pipe *p)
{
	if (p->move_ms == INT64_MAX)
		p->move_ms = soon();
}

static void
wake_client(struct sim_wire *w)
{
	if (w->wake_ms == INT64_MAX)
		w->wake_ms = world.now_ms + sim_below(3);
}

static void
init_pipe(struct pipe *p)
{
	size_t most = world.weather.socket_octets;

	*p = (struct pipe){ .move_ms = INT64_MAX };
	p->cap = most / 4 + sim_below((uint32_t)most);
	p->window = 1 + p->cap / 2;
}

/* Append what fits. Returns how many octets. */
static size_t
pour(struct pipe *p, const void *data, size_t len)
{
	size_t space = p->len < p->cap ? p->cap - p->len : 0;

	len = len < space ? len : space;
	if (len == 0)
		return 0;
	if (p->begin + p->len + len > p->room) {
		if (p->begin > 0)
			memmove(p->at, p->at + p->begin, p->len);
		p->begin = 0;
		if (p->len + len > p->room) {
			p->room = 2 * (p->len + len);
			p->at = realloc(p->at, p->room);
			if (p->at == NULL)
				abort();
		}
	}
	memcpy(p->at + p->begin + p->len, data, len);
	p->len += len;
	stir(p);
	return len;
}

/* Take octets that arrived. */
static size_t
drain(struct pipe *p, void *data, size_t size)
{
	size_t len = p->arrived < size ? p->arrived : size;

	if (len == 0)
		return 0;
	memcpy(data, p->at + p->begin, len);
	p->begin += len;
	p->len -= len;
	p->arrived -= len;
	if (p->len > p->arrived || (p->fin && !p->fin_arrived))
		stir(p);
	return len;
}

static void
cut(struct pipe *p)
{
	p->len = p->arrived;
	p->move_ms = INT64_MAX;
}

/* End the connection, whichever side began. */
static void
break_wire(struct sim_wire *w)
{
	w->reset_server = w->reset_client = true;
	cut(&w->up);
	cut(&w->down);
	if (sim_chance(500)) /* systems differ in whether it can be read yet */
		w->up.len = w->up.arrived = 0;
	wake_client(w);
}

static void
move(struct sim_wire *w, struct pipe *p)
{
	size_t under_way = p->len - p->arrived;
	size_t space = p->arrived < p->window ? p->window - p->arrived : 0;
	size_t n = under_way < space ? under_way : space;

	p->move_ms = INT64_MAX;
	if (w->vanished)
		return;
	if (n > 1 && sim_chance(world.weather.partial))
		n = 1 + sim_below((uint32_t)n);
	p->arrived += n;
	if (p->arrived < p->len) {
		if (p->arrived < p->window)
			p->move_ms = 1 + soon();
	} else if (p->fin)
		p->fin_arrived = true;
	/* Octets for somebody who has closed are answered with a reset. */
	if (n > 0 && (p == &w->up ? w->gone : w->dropped))
		break_wire(w);
	wake_client(w);
}

static void
free_wire(struct sim_wire *w)
{
	free(w->up.at);
	free(w->down.at);
	*w = (struct sim_wire){ .fd = -1 };
	w->up.move_ms = w->down.move_ms = INT64_MAX;
}

/* ---- the client's side ------------------------------------------------- */

struct sim_wire *
sim_connect(uint32_t ipv4, uint16_t port)
{
	struct sim_wire *w = world.wires;

	if (world.listeners == 0)
		return NULL;
	while (w->used && w < world.wires + WIRES - 1)
		w++;
	sim_check(!w->used, "the test has too many connections");
	if ((size_t)(w - world.wires) == world.wires_used)
		world.wires_used++;
	*w = (struct sim_wire){
		.fd = -1, .used = true, .waiting = true, .wake_ms = INT64_MAX
	};
	w->peer = (struct ws_peer){ .port = port, .family = ipv4 != 0 ? 4 : 0 };
	if (ipv4 != 0)
		memset(w->peer.ip + 10, 0xff, 2);
	for (int i = 0; i < 4; i++)
		w->peer.ip[12 + i] = (uint8_t)(ipv4 >> (24 - 8 * i));
	init_pipe(&w->up);
	init_pipe(&w->down);
	world.backlog[world.backlog_len++] = w;
	return w;
}

size_t
sim_write(struct sim_wire *wire, const void *data, size_t len)
{
	if (wire->reset_client || wire->vanished || wire->up.fin)
		return 0;
	if (len > 1 && sim_chance(world.weather.partial))
		len = 1 + sim_below((uint32_t)len);
	return pour(&wire->up, data, len);
}

size_t
sim_read(struct sim_wire *wire, void *data, size_t size)
{
	size_t n = wire->vanished ? 0 : drain(&wire->down, data, size);

	wire->wake_ms = INT64_MAX;
	if (wire->down.arrived > 0)
		wire->wake_ms = world.now_ms + 1;
	return n;
}

enum sim_end
sim_state(const struct sim_wire *wire)
{
	if (wire->down.arrived > 0)
		return SIM_OPEN;
	if (wire->reset_client)
		return SIM_RESET;
	return wire->down.fin_arrived ? SIM_ENDED : SIM_OPEN;
}

int64_t
sim_wake(const struct sim_wire *wire)
{
	return wire->wake_ms;
}

void
sim_shutdown(struct sim_wire *wire)
{
	if (wire->up.fin || wire->reset_client)
		return;
	wire->up.fin = true;
	stir(&wire->up);
}

void
sim_reset(struct sim_wire *wire)
{
	break_wire(wire);
}

void
sim_vanish(struct sim_wire *wire)
{
	wire->vanished = true;
}

int64_t
sim_taken(const struct sim_wire *wire)
{
	return wire->taken_ms;
}

void
sim_fragile(struct sim_wire *wire, uint32_t per_myriad)
{
	wire->fragile = per_myriad;
}

bool
sim_broke(const struct sim_wire *wire)
{
	return wire->broke;
}

void
sim_drop(struct sim_wire *wire)
{
	if (wire->down.len > 0 && !wire->vanished)
		break_wire(wire);
	else
		sim_shutdown(wire);
	wire->dropped = true;
	if (wire->fd < 0 && !wire->waiting)
		free_wire(wire);
}

/* ---- net.h ------------------------------------------------------------- */

static struct descriptor *
descriptor(int fd, enum what what)
{
	sim_check(fd >= FD_FIRST && fd < FDS && world.fds[fd].what == what,
	    "descriptor %d is not open, or not what it is taken for", fd);
	return &world.fds[fd];
}

/* The lowest one that is free, as the system gives it. */
static int
open_descriptor(enum what what)
{
	int fd = FD_FIRST;

	if (world.open >= world.weather.descriptors)
		return -1;
	while (fd < FDS && world.fds[fd].what != UNUSED)
		fd++;
	if (fd == FDS)
		return -1;
	world.fds[fd] = (struct descriptor){ .what = what };
	world.open++;
	return fd;
}

static void
close_descriptor(int fd)
{
	struct descriptor *d = &world.fds[fd];

	sim_check(fd >= FD_FIRST && fd < FDS && d->what != UNUSED,
	    "descriptor %d is closed though it is not open", fd);
	sim_check(!d->watched, "descriptor %d is closed but watched", fd);
	world.listeners -= d->what == LISTENER;
	d->what = UNUSED;
	world.open--;
	world.progress++;
}

unsigned
sim_descriptors(void)
{
	return world.open;
}

int
ws_net_listen(const char *address, char error[WS_NET_ERROR])
{
	int fd = open_descriptor(LISTENER);

	if (fd < 0)
		snprintf(
		    error, WS_NET_ERROR, "%s: out of descriptors", address);
	else
		world.listeners++;
	return fd;
}

int
ws_net_adopt(int fd)
{
	(void)fd;
	errno = ENOTSOCK;
	return -1;
}

void
ws_net_local_text(int fd, char *text, size_t size)
{
	snprintf(text, size, "sim:%d", fd);
}

void
ws_net_unlisten(int fd)
{
	(void)descriptor(fd, LISTENER);
	close_descriptor(fd);
}

int
ws_net_accept(int fd, struct ws_peer *peer)
{
	struct sim_wire *w = world.backlog[0];
	int accepted;

	(void)descriptor(fd, LISTENER);
	if (world.backlog_len == 0)
		return WS_NET_AGAIN;
	if (sim_chance(world.weather.again / 4)) {
		world.progress++;
		return WS_NET_GONE;
	}
	accepted = open_descriptor(STREAM);
	if (accepted < 0)
		return WS_NET_FULL;
	world.progress++;
	memmove(world.backlog, world.backlog + 1,
	    --world.backlog_len * sizeof(world.backlog[0]));
	world.fds[accepted].wire = w;
	w->waiting = false;
	w->fd = accepted;
	*peer = w->peer;
	sim_trace("port %u is descriptor %d", w->peer.port, accepted);
	return accepted;
}

/* Let a call on a connection fail by chance. Returns 0 or the result. */
static int
mishap(struct sim_wire *w)
{
	if (!w->reset_server && w->fragile > 0 && !w->vanished &&
	    sim_below(10000) < w->fragile) {
		w->broke = true;
		sim_trace("port %u is reset by the world", w->peer.port);
		break_wire(w);
	}
	if (w->reset_server && w->up.arrived == 0) {
		world.progress++;
		return WS_NET_GONE;
	}
	/* A socket that was full and is not tells that the peer lives; so none
	 * is said to be full that only pretends, once the peer has vanished. */
	if (!w->vanished && sim_chance(world.weather.again)) {
		world.progress++;
		return WS_NET_AGAIN;
	}
	return 0;
}

ssize_t
ws_net_recv(int fd, void *buf, size_t size)
{
	struct sim_wire *w = descriptor(fd, STREAM)->wire;
	int trouble = mishap(w);
	size_t n;

	if (trouble != 0)
		return trouble;
	if (w->up.arrived == 0 && w->up.fin_arrived) {
		world.progress++;
		return 0;
	}
	if (w->up.arrived == 0)
		return WS_NET_AGAIN;
	if (size > 1 && sim_chance(world.weather.partial))
		size = 1 + sim_below((uint32_t)size);
	n = drain(&w->up, buf, size);
	world.progress++;
	wake_client(w);
	sim_trace("%d receives %zu", fd, n);
	return (ssize_t)n;
}

ssize_t
ws_net_sendv(int fd, const struct iovec *parts, int count)
{
	struct descriptor *d = descriptor(fd, STREAM);
	struct sim_wire *w = d->wire;
	int trouble = mishap(w);
	ssize_t total = 0;

	sim_check(!d->shut, "something is sent behind the end");
	sim_check(count > 0 && count <= 64, "%d parts at once", count);
	if (trouble != 0 || w->reset_server)
		return w->reset_server ? WS_NET_GONE : trouble;
	for (int i = 0; i < count; i++) {
		size_t len = parts[i].iov_len, n;

		if (len > 1 && !w->vanished &&
		    sim_chance(world.weather.partial))
			len = 1 + sim_below((uint32_t)len);
		n = pour(&w->down, parts[i].iov_base, len);
		total += (ssize_t)n;
		if (n < parts[i].iov_len)
			break;
	}
	world.progress += total > 0;
	if (total > 0)
		w->taken_ms = world.now_ms;
	sim_trace("%d sends %zd", fd, total);
	return total > 0 ? total : WS_NET_AGAIN;
}

ssize_t
ws_net_send(int fd, const void *data, size_t len)
{
	struct iovec part = { .iov_len = len };

	sim_check(len > 0, "nothing is sent");
	memcpy(&part.iov_base, &data, sizeof(data));
	return ws_net_sendv(fd, &part, 1);
}

ssize_t
ws_net_sendfile(int fd, int file, uint64_t offset, size_t len)
{
	static uint8_t some[32768];
	ssize_t n = pread(
	    file, some, len < sizeof(some) ? len : sizeof(some), (off_t)offset);

	if (n <= 0)
		return 0;
	return ws_net_send(fd, some, (size_t)n);
}

void
ws_net_shutdown(int fd)
{
	struct descriptor *d = descriptor(fd, STREAM);

	sim_check(!d->shut, "a direction is ended twice");
	d->shut = true;
	d->wire->down.fin = true;
	world.progress++;
	if (!d->wire->reset_server)
		stir(&d->wire->down);
}

void
ws_net_close(int fd)
{
	struct sim_wire *w = world.fds[fd].wire;
	bool stream = world.fds[fd].what == STREAM;

	close_descriptor(fd);
	if (!stream)
		return;
	sim_trace("descriptor %d is closed", fd);
	w->gone = true;
	w->fd = -1;
	if (!w->down.fin) {
		w->down.fin = true;
		if (!w->reset_client)
			stir(&w->down);
	}
	/* RFC 9293 3.6.1: closed with octets unread, it is reset. */
	if (w->up.arrived > 0)
		break_wire(w);
	if (w->dropped)
		free_wire(w);
}

void
ws_net_user_timeout(int fd, unsigned timeout_ms)
{
	(void)descriptor(fd, LISTENER);
	world.user_timeout_ms = timeout_ms;
}

unsigned
sim_user_timeout(void)
{
	return world.user_timeout_ms;
}

int64_t
ws_net_now_ms(void)
{
	return world.now_ms;
}

int64_t
ws_net_unix_s(void)
{
	return world.unix_s + world.now_ms / 1000;
}

int
ws_net_random(void *out, size_t len)
{
	uint8_t *at = out;

	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)sim_below(256);
	return 0;
}

size_t
ws_net_descriptors(void)
{
	return world.weather.descriptors;
}

size_t
ws_net_raise_descriptors(void)
{
	return world.weather.descriptors;
}

int
ws_net_reserve(void)
{
	return open_descriptor(RESERVE);
}

void
ws_net_ignore_sigpipe(void)
{
}

/* ---- readiness --------------------------------------------------------- */

int
ws_backend_open(struct ws_loop *loop)
{
	loop->fd = FD_LOOP;
	world.loop_open = true;
	return 0;
}

void
ws_backend_close(struct ws_loop *loop)
{
	sim_check(world.loop_open, "the loop is closed twice");
	for (int fd = 0; fd < FDS; fd++)
		sim_check(!world.fds[fd].watched, "%d is still watched", fd);
	world.loop_open = false;
	loop->fd = -1;
}

int
ws_backend_want(struct ws_loop *loop, struct ws_io *io, unsigned want)
{
	struct descriptor *d = &world.fds[io->fd];

	(void)loop;
	sim_check(d->what != UNUSED, "%d is watched but not open", io->fd);
	sim_check(d->watched == (io->want != WS_LOOP_UNKNOWN),
	    "it is not known whether %d is watched", io->fd);
	world.progress++;
	if (d->what == STREAM && sim_chance(world.weather.refuse)) {
		d->wire->broke = true;
		errno = ENOSPC;
		return -1;
	}
	d->watched = true;
	d->want = want;
	d->serial = io->serial;
	return 0;
}

void
ws_backend_forget(struct ws_loop *loop, struct ws_io *io)
{
	(void)loop;
	sim_check(world.fds[io->fd].watched, "%d is not watched", io->fd);
	world.fds[io->fd].watched = false;
	world.progress++;
}

/* Return the events that a level-triggered system reports of a descriptor. */
static unsigned
ready(const struct descriptor *d)
{
	const struct sim_wire *w = d->wire;
	unsigned events = 0;

	if (!d->watched)
		return 0;
	if (d->what == LISTENER)
		return world.backlog_len > 0 ? d->want & WS_LOOP_READ : 0;
	if (w->up.arrived > 0 || w->up.fin_arrived)
		events |= WS_LOOP_READ;
	if (w->down.len < w->down.cap - w->down.cap / 3)
		events |= WS_LOOP_WRITE;
	if (w->reset_server)
		events |= WS_LOOP_READ | WS_LOOP_WRITE;
	events &= d->want;
	if (w->reset_server || (w->up.fin_arrived && d->shut))
		events |= WS_LOOP_HANGUP;
	return events;
}

static void
fire(struct ws_loop *loop, int *n, struct ws_fired fired)
{
	if (*n == (int)world.weather.batch || *n == WS_LOOP_BATCH)
		return;
	loop->fired[(*n)++] = fired;
}

/* Report an event that is not true, or not any more. */
static void
mislead(struct ws_loop *loop, int *n)
{
	int fd = (int)sim_below(FDS);
	struct descriptor *d = &world.fds[fd];

	if (sim_chance(world.weather.spurious) && d->watched && d->want != 0)
		fire(loop, n, (struct ws_fired){ fd, d->serial, d->want });
	if (sim_chance(world.weather.stale) && world.stale_count > 0) {
		unsigned most =
		    world.stale_count < STALE ? world.stale_count : STALE;
		struct ws_fired old = world.stale[sim_below(most)];

		/* Only a hangup is for ever. */
		if (world.fds[old.fd].serial == old.serial)
			old.events &= ~(unsigned)WS_LOOP_HANGUP;
		else
			sim_seen.stale++;
		if (old.events != 0)
			fire(loop, n, old);
	}
}

/* Fill loop->fired in any order. */
static int
collect(struct ws_loop *loop)
{
	int first = (int)sim_below(FDS), n = 0;
	int stride = 1 + 2 * (int)sim_below(FDS / 2); /* odd: reaches all */

	for (int i = 0; i < FDS; i++) {
		int fd = (first + i * stride) % FDS;
		struct descriptor *d = &world.fds[fd];
		unsigned events = ready(d);
		struct ws_fired fired = { fd, d->serial, events };

		if (events == 0)
			continue;
		fire(loop, &n, fired);
		world.stale[world.stale_count++ % STALE] = fired;
	}
	if (n > 0)
		mislead(loop, &n);
	return n;
}

/* Let everything happen that is due. Returns when the next thing is. */
static int64_t
live(void)
{
	struct sim_wire *end = world.wires + world.wires_used, *w;
	int64_t next;

	for (w = world.wires; w < end; w++) {
		if (w->up.move_ms <= world.now_ms)
			move(w, &w->up);
		if (w->down.move_ms <= world.now_ms)
			move(w, &w->down);
	}
	next = world.weather.act(world.now_ms);
	end = world.wires + world.wires_used;
	for (w = world.wires; w < end; w++) {
		next = w->up.move_ms < next ? w->up.move_ms : next;
		next = w->down.move_ms < next ? w->down.move_ms : next;
	}
	return next;
}

/* Complain about a server that turns without doing anything. */
static void
watch_for_spin(int n, int timeout_ms)
{
	if (world.progress != world.progress_before || timeout_ms != 0)
		world.idle_turns = 0;
	if (n > 0 || timeout_ms == 0)
		world.idle_turns++;
	sim_check(world.idle_turns < IDLE_TURNS_MAX,
	    "the server turns and turns and does nothing");
	world.progress_before = world.progress;
}

int
ws_backend_wait(struct ws_loop *loop, int timeout_ms)
{
	int64_t limit_ms =
	    timeout_ms < 0 ? INT64_MAX : world.now_ms + timeout_ms;
	int n = 0;

	sim_seen.turns++;
	for (;;) {
		int64_t next_ms = live();

		n = collect(loop);
		if (n > 0 || world.now_ms >= limit_ms)
			break;
		if (sim_chance(world.weather.spurious)) {
			mislead(loop, &n);
			world.progress++;
			break;
		}
		next_ms = next_ms < limit_ms ? next_ms : limit_ms;
		sim_check(next_ms != INT64_MAX, "all wait for each other");
		if (next_ms > world.now_ms)
			world.now_ms = next_ms;
	}
	watch_for_spin(n, timeout_ms);
	if (n > 0)
		world.now_ms += sim_below(2);
	return n;
}

/* ---- the world --------------------------------------------------------- */

struct sim_weather *
sim_begin(void)
{
	memset(&world, 0, sizeof(world));
	memory.asked = memory.denied = 0;
	world.now_ms = 1000 + sim_below(100000);
	world.unix_s = 1700000000 + sim_below(100000000);
	for (int i = 0; i < WIRES; i++)
		free_wire(&world.wires[i]);
	return &world.weather;
}

struct sim_weather *
sim_weather(void)
{
	return &world.weather;
}

void
sim_end(void)
{
	sim_check(world.open == 0, "%u descriptors are left", world.open);
	sim_check(!world.loop_open, "the loop is left");
	sim_check(memory.blocks == 0, "%zu blocks, %zu octets are left",
	    memory.blocks, memory.octets);
	for (unsigned i = 0; i <= QUARANTINE; i++) {
		release(memory.kept[i]);
		memory.kept[i] = NULL;
	}
	for (int i = 0; i < WIRES; i++)
		free_wire(&world.wires[i]);
}

int64_t
sim_now(void)
{
	return world.now_ms;
}

void
sim_leap(int64_t ms)
{
	world.now_ms += ms;
}
