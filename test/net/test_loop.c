/* test_loop.c - the readiness loop, with the system's own backend. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/loop.h"
#include "net/net.h"
#include "test/scarce.h"

/* A turn waits for what must come; that it takes so long is a failure. */
#define DEADLINE_MS 20000

/* One end of a socket pair that is watched, and what happened to it. */
struct end {
	struct ws_io io; /* first: what the loop hands back */
	struct world *world;
	int peer; /* the other end, not watched */
	unsigned events;
	int calls;
	void (*act)(struct end *end);
};

struct world {
	struct ws_loop loop;
	char log[256]; /* one letter for everything that happened */
	size_t logged;
	int expired, turns;
	struct end *ends; /* of the test's, when a callback needs them */
	size_t count;
};

static void
note(struct world *w, char what)
{
	cr_assert_lt(w->logged, sizeof(w->log) - 1);
	w->log[w->logged++] = what;
}

static void
on_ready(struct ws_io *io, unsigned events)
{
	struct end *end = (struct end *)io;

	end->events |= events;
	end->calls++;
	if (end->act != NULL)
		end->act(end);
}

static void
on_expired(struct ws_wheel_deadline *deadline, void *arg)
{
	struct world *w = arg;

	(void)deadline;
	w->expired++;
	note(w, 'd');
}

static void
on_turn_end(void *arg)
{
	((struct world *)arg)->turns++;
}

static void
begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	cr_assert_eq(ws_loop_open(&w->loop, on_expired, on_turn_end, w), 0);
}

static void
finish(struct world *w)
{
	ws_loop_close(&w->loop);
	cr_assert_eq(scarce_blocks, 0, "%ld blocks leaked", scarce_blocks);
}

static void
open_end(struct world *w, struct end *end)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*end = (struct end){ .io = { .ready = on_ready, .fd = pair[0] },
		.world = w,
		.peer = pair[1] };
}

static void
watch(struct end *end, unsigned want)
{
	cr_assert_eq(ws_loop_want(&end->world->loop, &end->io, want), 0, "%s",
	    strerror(errno));
}

static void
close_end(struct end *end)
{
	ws_loop_forget(&end->world->loop, &end->io);
	close(end->io.fd);
	if (end->peer >= 0)
		close(end->peer);
}

/* Make an end readable. */
static void
poke(const struct end *end)
{
	cr_assert_eq(write(end->peer, "x", 1), 1);
}

static void
drain(struct end *end)
{
	char octets[64];

	cr_assert_gt(read(end->io.fd, octets, sizeof(octets)), 0);
}

/* One turn that must bring something. Returns what end saw in it. */
static unsigned
turn(struct end *end)
{
	end->events = 0;
	cr_assert_gt(ws_loop_turn(&end->world->loop, DEADLINE_MS), 0);
	return end->events;
}

/* One turn in which nothing may be ready. */
static void
quiet(struct world *w)
{
	cr_assert_eq(ws_loop_turn(&w->loop, 0), 0);
}

/* ---- interest ---- */

Test(loop, is_level_triggered)
{
	struct world w;
	struct end end;

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ);
	quiet(&w);
	poke(&end);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(turn(&end), WS_LOOP_READ);
		cr_assert_eq(end.calls, i);
	}
	drain(&end);
	quiet(&w);
	poke(&end);
	cr_assert_eq(turn(&end), WS_LOOP_READ);
	close_end(&end);
	finish(&w);
}

Test(loop, interest_is_declared_as_a_set)
{
	static const unsigned wants[] = {
		WS_LOOP_READ,
		WS_LOOP_WRITE,
		WS_LOOP_READ | WS_LOOP_WRITE,
		0,
		WS_LOOP_WRITE,
		WS_LOOP_READ,
		0,
		WS_LOOP_READ | WS_LOOP_WRITE,
		WS_LOOP_READ | WS_LOOP_WRITE,
		WS_LOOP_READ,
	};
	struct world w;
	struct end end;

	begin(&w);
	open_end(&w, &end);
	poke(&end); /* readable and writable for ever */
	for (size_t i = 0; i < WS_LEN(wants); i++) {
		watch(&end, wants[i]);
		if (wants[i] == 0)
			quiet(&w);
		else
			cr_assert_eq(
			    turn(&end), wants[i], "%zu: %u", i, end.events);
	}
	close_end(&end);
	finish(&w);
}

Test(loop, nothing_is_reported_before_it_is_wanted_and_after_forgetting)
{
	struct world w;
	struct end end;

	begin(&w);
	open_end(&w, &end);
	poke(&end);
	quiet(&w);
	watch(&end, WS_LOOP_READ);
	ws_loop_forget(&w.loop, &end.io);
	quiet(&w);
	/* Forgetting twice, and what was never watched. */
	ws_loop_forget(&w.loop, &end.io);
	ws_loop_forget(&w.loop, &(struct ws_io){ .fd = -1 });
	ws_loop_forget(&w.loop, &(struct ws_io){ .fd = end.io.fd });
	ws_loop_forget(&w.loop, &(struct ws_io){ .fd = 1 << 20 });
	cr_assert_eq(end.calls, 0);
	watch(&end, WS_LOOP_READ);
	cr_assert_eq(turn(&end), WS_LOOP_READ);
	close_end(&end);
	finish(&w);
}

Test(loop, refuses_descriptors_that_are_none)
{
	struct world w;
	struct end end;
	struct ws_io closed = { .ready = on_ready };
	struct ws_io negative = { .ready = on_ready, .fd = -1 };

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ);
	closed.fd = dup(end.io.fd);
	close(closed.fd);
	errno = 0;
	cr_assert_eq(ws_loop_want(&w.loop, &closed, WS_LOOP_READ), -1);
	cr_assert_eq(errno, EBADF);
	errno = 0;
	cr_assert_eq(ws_loop_want(&w.loop, &negative, WS_LOOP_READ), -1);
	cr_assert_eq(errno, EBADF);
	/* Nothing of them stayed. */
	ws_loop_forget(&w.loop, &closed);
	poke(&end);
	cr_assert_eq(turn(&end), WS_LOOP_READ);
	close_end(&end);
	finish(&w);
}

Test(loop, a_high_descriptor_needs_a_longer_table)
{
	struct world w;
	struct end low, high;
	int number;

	begin(&w);
	open_end(&w, &low);
	watch(&low, WS_LOOP_READ);
	open_end(&w, &high);
	number = fcntl(high.io.fd, F_DUPFD, 900);
	cr_assert_geq(number, 900);
	close(high.io.fd);
	high.io.fd = number;
	scarce(1);
	cr_assert_eq(ws_loop_want(&w.loop, &high.io, WS_LOOP_READ), -1);
	cr_assert_eq(errno, ENOMEM);
	scarce(0);
	watch(&high, WS_LOOP_READ);
	poke(&high);
	cr_assert_eq(turn(&high), WS_LOOP_READ);
	drain(&high);
	poke(&low);
	cr_assert_eq(turn(&low), WS_LOOP_READ);
	close_end(&low);
	close_end(&high);
	finish(&w);
}

Test(loop, a_table_gets_shorter_after_a_crowd)
{
	enum {
		MANY = 900
	};
	static struct ws_io many[MANY];
	struct world w;
	size_t longest;
	int ends[2];

	begin(&w);
	cr_assert_eq(pipe(ends), 0);
	for (int i = 0; i < MANY; i++) {
		many[i].fd = dup(ends[0]);
		cr_assert_geq(many[i].fd, 0);
		cr_assert_eq(ws_loop_want(&w.loop, &many[i], WS_LOOP_READ), 0);
	}
	longest = w.loop.watched_room;
	cr_assert_gt(longest, MANY);
	/* All but the last one: its place is in the upper half. */
	for (int i = 0; i < MANY - 1; i++) {
		ws_loop_forget(&w.loop, &many[i]);
		(void)close(many[i].fd);
	}
	cr_expect_eq(w.loop.watched_room, longest);
	cr_expect_eq(w.loop.watched_count, 1);
	/* A crowd with low descriptors instead. */
	for (int i = 0; i < 200; i++) {
		many[i].fd = dup(ends[0]);
		cr_assert_eq(ws_loop_want(&w.loop, &many[i], WS_LOOP_READ), 0);
	}
	ws_loop_forget(&w.loop, &many[MANY - 1]);
	(void)close(many[MANY - 1].fd);
	for (int i = 199; i >= 0; i--) {
		ws_loop_forget(&w.loop, &many[i]);
		(void)close(many[i].fd);
	}
	cr_expect_lt(w.loop.watched_room, longest);
	cr_expect_eq(w.loop.watched_count, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	finish(&w);
}

Test(loop, its_descriptor_is_readable_when_something_is_ready)
{
	struct world w;
	struct end end;
	struct pollfd outer = { .events = POLLIN };

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ);
	outer.fd = w.loop.fd;
	cr_assert_eq(poll(&outer, 1, 0), 0);
	poke(&end);
	cr_assert_eq(poll(&outer, 1, DEADLINE_MS), 1);
	cr_assert_eq(turn(&end), WS_LOOP_READ);
	drain(&end);
	cr_assert_eq(poll(&outer, 1, 0), 0);
	close_end(&end);
	finish(&w);
}

/* ---- hangups ---- */

/* To one that reads, the end of the stream may be all that is told. */
Test(loop, a_hangup_is_reported_whatever_is_wanted)
{
	static const unsigned wants[] = { 0, WS_LOOP_READ, WS_LOOP_WRITE,
		WS_LOOP_READ | WS_LOOP_WRITE };

	for (size_t i = 0; i < WS_LEN(wants); i++) {
		struct world w;
		struct end end;

		begin(&w);
		open_end(&w, &end);
		watch(&end, wants[i]);
		close(end.peer);
		end.peer = -1;
		cr_assert(
		    turn(&end) & (WS_LOOP_HANGUP | (wants[i] & WS_LOOP_READ)),
		    "wanted %u", wants[i]);
		if (wants[i] & WS_LOOP_READ)
			cr_assert(end.events & WS_LOOP_READ);
		ws_loop_forget(&w.loop, &end.io);
		quiet(&w);
		close_end(&end);
		finish(&w);
	}
}

/* The peer sends no more but would still receive: that is the end of a
 * stream, which reading finds out, and no hangup. */
Test(loop, a_half_closed_stream_is_no_hangup)
{
	struct world w;
	struct end end;

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ);
	shutdown(end.peer, SHUT_WR);
	cr_assert_eq(turn(&end), WS_LOOP_READ);
	close_end(&end);
	finish(&w);
}

Test(loop, a_pipe_without_a_reader_is_a_hangup)
{
	struct world w;
	struct end end = { .io = { .ready = on_ready }, .peer = -1 };
	int ends[2];

	begin(&w);
	end.world = &w;
	cr_assert_eq(pipe(ends), 0);
	end.io.fd = ends[1];
	watch(&end, WS_LOOP_WRITE);
	cr_assert_eq(turn(&end), WS_LOOP_WRITE);
	close(ends[0]);
	cr_assert(turn(&end) & WS_LOOP_HANGUP);
	close_end(&end);
	finish(&w);
}

/* ---- stale events ---- */

static void
forget_self(struct end *end)
{
	ws_loop_forget(&end->world->loop, &end->io);
}

Test(loop, a_callback_may_forget_itself)
{
	struct world w;
	struct end end;

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ | WS_LOOP_WRITE);
	end.act = forget_self;
	poke(&end);
	(void)turn(&end);
	quiet(&w);
	cr_assert_eq(end.calls, 1);
	close_end(&end);
	finish(&w);
}

/* The end of the two that was not called. */
static struct end *
other(struct end *end)
{
	struct end *ends = end->world->ends;

	return end == &ends[0] ? &ends[1] : &ends[0];
}

static void
forget_other(struct end *end)
{
	ws_loop_forget(&end->world->loop, &other(end)->io);
}

static void
close_other(struct end *end)
{
	close_end(other(end));
}

/* Close the other one, and open its number again for something that is not
 * ready. */
static void
replace_other(struct end *end)
{
	struct end *old = other(end), *fresh = &end->world->ends[2];
	int number = old->io.fd;

	close_end(old);
	open_end(end->world, fresh);
	if (fresh->io.fd != number) {
		cr_assert_eq(dup2(fresh->io.fd, number), number);
		close(fresh->io.fd);
		fresh->io.fd = number;
	}
	watch(fresh, WS_LOOP_READ);
}

/* The same, with the object at the same place too. */
static void
replace_other_in_place(struct end *end)
{
	struct end *old = other(end);
	int number = old->io.fd;

	close_end(old);
	open_end(end->world, old);
	if (old->io.fd != number) {
		cr_assert_eq(dup2(old->io.fd, number), number);
		close(old->io.fd);
		old->io.fd = number;
	}
	watch(old, WS_LOOP_READ);
}

/* Forget the other one and watch it again: the event that was taken belongs to
 * the earlier use. It comes again in the next turn, being level-triggered. */
static void
rewatch_other(struct end *end)
{
	forget_other(end);
	watch(other(end), WS_LOOP_READ);
}

Test(loop, a_stale_event_reaches_nobody)
{
	static const struct {
		const char *name;
		void (*act)(struct end *end);
		bool closes, third;
	} rows[] = {
		{ "forgotten", forget_other, false, false },
		{ "closed", close_other, true, false },
		{ "number used again", replace_other, true, true },
		{ "number and object used again", replace_other_in_place, false,
		    false },
		{ "watched again", rewatch_other, false, false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct end ends[3], *second;
		struct world w;

		begin(&w);
		w.ends = ends;
		for (int n = 0; n < 2; n++) {
			open_end(&w, &ends[n]);
			watch(&ends[n], WS_LOOP_READ);
			ends[n].act = rows[i].act;
			poke(&ends[n]);
		}
		ends[2] = (struct end){ 0 };
		/* Both events are in the one batch. */
		cr_assert_eq(
		    ws_loop_turn(&w.loop, DEADLINE_MS), 2, "%s", rows[i].name);
		cr_assert_eq(
		    ends[0].calls + ends[1].calls, 1, "%s", rows[i].name);
		second = ends[0].calls == 0 ? &ends[0] : &ends[1];
		cr_assert_eq(second->calls, 0);
		cr_assert_eq(ends[2].calls, 0, "%s", rows[i].name);
		/* What took the number is alive. */
		if (rows[i].third) {
			other(second)->act = NULL;
			poke(&ends[2]);
			cr_assert_eq(turn(&ends[2]), WS_LOOP_READ);
			close_end(&ends[2]);
		}
		close_end(other(second));
		if (!rows[i].closes)
			close_end(second);
		finish(&w);
	}
}

/* Each callback closes a few others, whose objects are freed, and opens as
 * many. Whoever is called must be alive and have something to read. */
enum {
	HAMMERED = 100
};

struct hammer {
	struct world world;
	struct end *ends[HAMMERED]; /* owned */
	uint32_t state;
	int calls;
};

static uint32_t
draw(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

static void strike(struct end *end);

static void
renew(struct hammer *h, size_t n)
{
	struct end *end = h->ends[n];

	if (end != NULL) {
		close_end(end);
		free(end);
	}
	end = malloc(sizeof(*end));
	cr_assert_not_null(end);
	open_end(&h->world, end);
	end->act = strike;
	watch(end, WS_LOOP_READ);
	if (draw(&h->state, 2))
		poke(end);
	h->ends[n] = end;
}

static void
strike(struct end *end)
{
	struct hammer *h = (struct hammer *)end->world;
	char octets[8];

	h->calls++;
	cr_assert_gt(recv(end->io.fd, octets, sizeof(octets), MSG_DONTWAIT), 0,
	    "called with nothing to read");
	for (uint32_t n = draw(&h->state, 4); n > 0; n--)
		renew(h, draw(&h->state, HAMMERED));
}

Test(loop, hammered_descriptors_meet_no_stale_event, .timeout = 120)
{
	static struct hammer h;

	begin(&h.world);
	h.state = 2463534242;
	for (size_t n = 0; n < HAMMERED; n++)
		renew(&h, n);
	for (int i = 0; i < 300; i++) {
		for (int pokes = 0; pokes < 10; pokes++)
			poke(h.ends[draw(&h.state, HAMMERED)]);
		cr_assert_geq(ws_loop_turn(&h.world.loop, 0), 0);
	}
	cr_assert_gt(h.calls, 1000);
	for (size_t n = 0; n < HAMMERED; n++) {
		close_end(h.ends[n]);
		free(h.ends[n]);
	}
	finish(&h.world);
}

/* A child that a fork left behind holds the open file; closing our descriptor
 * does not end it, and without forgetting epoll would report it for ever. */
Test(loop, a_child_that_holds_the_descriptor_disturbs_nobody)
{
	struct world w;
	struct end end, next;
	int leash[2], status;
	char octet;
	pid_t child;

	begin(&w);
	open_end(&w, &end);
	watch(&end, WS_LOOP_READ);
	cr_assert_eq(pipe(leash), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		close(leash[1]);
		_exit(read(leash[0], &octet, 1) == 0 ? 0 : 1);
	}
	close(leash[0]);
	poke(&end);
	ws_loop_forget(&w.loop, &end.io);
	close(end.io.fd);
	quiet(&w);
	/* The number lives on in something else. */
	open_end(&w, &next);
	watch(&next, WS_LOOP_READ);
	quiet(&w);
	poke(&next);
	cr_assert_eq(turn(&next), WS_LOOP_READ);
	cr_assert_eq(end.calls, 0);
	close(leash[1]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	close(end.peer);
	close_end(&next);
	finish(&w);
}

/* More than one turn takes: all of them get their event in the end. */
Test(loop, more_events_than_a_batch)
{
	enum {
		COUNT = WS_LOOP_BATCH + 40
	};
	static struct end ends[COUNT];
	struct world w;
	int served = 0;

	begin(&w);
	for (size_t i = 0; i < COUNT; i++) {
		open_end(&w, &ends[i]);
		watch(&ends[i], WS_LOOP_READ);
		ends[i].act = drain;
		poke(&ends[i]);
	}
	while (served < COUNT) {
		int n = ws_loop_turn(&w.loop, DEADLINE_MS);

		cr_assert(n > 0 && n <= WS_LOOP_BATCH, "%d", n);
		served += n;
	}
	for (size_t i = 0; i < COUNT; i++) {
		cr_assert_eq(ends[i].calls, 1, "%zu", i);
		close_end(&ends[i]);
	}
	finish(&w);
}

/* ---- work ---- */

/* Work that writes its letter down and then does one thing more. */
struct job {
	struct ws_work work; /* first: what the loop hands back */
	struct world *world;
	char letter;
	struct job *defers, *undefers;
};

static void
run_job(struct ws_work *work)
{
	struct job *job = (struct job *)work;

	note(job->world, job->letter);
	if (job->defers != NULL)
		ws_loop_defer(&job->world->loop, &job->defers->work);
	if (job->undefers != NULL)
		ws_loop_undefer(&job->world->loop, &job->undefers->work);
}

static struct job
job(struct world *w, char letter)
{
	return (struct job){
		.work = { .run = run_job }, .world = w, .letter = letter
	};
}

/* One turn that does not wait; what was written down in it. */
static const char *
did(struct world *w)
{
	w->logged = 0;
	memset(w->log, 0, sizeof(w->log));
	quiet(w);
	return w->log;
}

Test(loop, work_runs_once_in_order)
{
	struct world w;
	struct job a, b, c;

	begin(&w);
	a = job(&w, 'a');
	b = job(&w, 'b');
	c = job(&w, 'c');
	cr_assert_str_eq(did(&w), "");
	ws_loop_defer(&w.loop, &b.work);
	ws_loop_defer(&w.loop, &a.work);
	ws_loop_defer(&w.loop, &c.work);
	ws_loop_defer(&w.loop, &b.work); /* pending: stays where it is */
	ws_loop_defer(&w.loop, &c.work);
	cr_assert_eq(ws_loop_timeout(&w.loop), 0);
	cr_assert_str_eq(did(&w), "bac");
	cr_assert_str_eq(did(&w), "");
	ws_loop_defer(&w.loop, &a.work);
	cr_assert_str_eq(did(&w), "a");
	finish(&w);
}

Test(loop, work_that_work_defers_runs_in_the_next_turn)
{
	struct world w;
	struct job a, b;

	begin(&w);
	a = job(&w, 'a');
	b = job(&w, 'b');
	a.defers = &a; /* for ever, yet each turn ends */
	b.defers = &a;
	ws_loop_defer(&w.loop, &a.work);
	cr_assert_str_eq(did(&w), "a");
	cr_assert_eq(ws_loop_timeout(&w.loop), 0);
	ws_loop_defer(&w.loop, &b.work);
	cr_assert_str_eq(did(&w), "ab");
	cr_assert_str_eq(did(&w), "a");
	a.defers = &b;
	cr_assert_str_eq(did(&w), "a");
	cr_assert_str_eq(did(&w), "b");
	finish(&w);
}

Test(loop, work_can_be_taken_back)
{
	static const struct {
		const char *name, *back, *left;
	} rows[] = {
		{ "none", "", "abcd" },
		{ "the first", "a", "bcd" },
		{ "the last", "c", "abd" },
		{ "the middle", "b", "acd" },
		{ "all", "abc", "d" },
		{ "all, from the end", "cba", "d" },
		{ "twice", "bb", "acd" },
		{ "what was not pending", "d", "abcd" },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct world w;
		struct job jobs[4];

		begin(&w);
		for (int n = 0; n < 4; n++)
			jobs[n] = job(&w, (char)('a' + n));
		for (int n = 0; n < 3; n++)
			ws_loop_defer(&w.loop, &jobs[n].work);
		for (const char *c = rows[i].back; *c != '\0'; c++)
			ws_loop_undefer(&w.loop, &jobs[*c - 'a'].work);
		/* The end of the list must still be found. */
		ws_loop_defer(&w.loop, &jobs[3].work);
		cr_assert_str_eq(did(&w), rows[i].left, "%s", rows[i].name);
		cr_assert_str_eq(did(&w), "", "%s", rows[i].name);
		finish(&w);
	}
}

Test(loop, work_can_be_taken_back_by_work)
{
	static const struct {
		const char *name;
		int by, back;
		const char *first, *second;
	} rows[] = {
		{ "the next", 0, 1, "ac", "" },
		{ "the last", 0, 2, "ab", "" },
		{ "the one before", 1, 0, "abc", "" },
		{ "itself", 1, 1, "abc", "" },
		{ "the last by the one before", 1, 2, "ab", "" },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct world w;
		struct job jobs[3];

		begin(&w);
		for (int n = 0; n < 3; n++) {
			jobs[n] = job(&w, (char)('a' + n));
			ws_loop_defer(&w.loop, &jobs[n].work);
		}
		jobs[rows[i].by].undefers = &jobs[rows[i].back];
		cr_assert_str_eq(did(&w), rows[i].first, "%s", rows[i].name);
		ws_loop_defer(&w.loop, &jobs[0].work);
		jobs[0].undefers = NULL;
		cr_assert_str_eq(did(&w), "a", "%s", rows[i].name);
		finish(&w);
	}
}

/* Deferred and taken back in one breath, behind the mark of this turn. */
Test(loop, work_deferred_by_work_can_be_taken_back)
{
	struct world w;
	struct job a, b;

	begin(&w);
	a = job(&w, 'a');
	b = job(&w, 'b');
	a.defers = a.undefers = &b;
	ws_loop_defer(&w.loop, &a.work);
	cr_assert_str_eq(did(&w), "a");
	cr_assert_eq(ws_loop_timeout(&w.loop), -1);
	cr_assert_str_eq(did(&w), "");
	ws_loop_defer(&w.loop, &b.work);
	cr_assert_str_eq(did(&w), "b");
	finish(&w);
}

/* ---- time ---- */

struct alarm {
	struct ws_heap_timer timer; /* first: what the heap hands back */
	struct world *world;
};

static void
on_due(struct ws_heap_timer *timer)
{
	note(((struct alarm *)timer)->world, 't');
}

Test(loop, the_timeout_is_what_is_due_first)
{
	struct world w;
	struct alarm alarm;
	struct ws_wheel_deadline deadline = { 0 };
	struct job a;
	int64_t now;
	int ms;

	begin(&w);
	alarm = (struct alarm){ .world = &w };
	a = job(&w, 'a');
	cr_assert_eq(ws_loop_timeout(&w.loop), -1);
	now = ws_net_now_ms();
	cr_assert_eq(ws_heap_set(&w.loop.heap, &alarm.timer,
			 now + (int64_t)INT_MAX * 2, on_due),
	    0);
	cr_assert_eq(ws_loop_timeout(&w.loop), INT_MAX);
	ws_wheel_set(&w.loop.wheel, &deadline, now + 1000000);
	ms = ws_loop_timeout(&w.loop);
	cr_assert(ms > 0 && ms <= 1000000 + 2 * WS_WHEEL_TICK_MS, "%d", ms);
	cr_assert_eq(
	    ws_heap_set(&w.loop.heap, &alarm.timer, now + 900000, on_due), 0);
	ms = ws_loop_timeout(&w.loop);
	cr_assert(ms > 0 && ms <= 900000, "%d", ms);
	cr_assert_eq(ws_heap_set(&w.loop.heap, &alarm.timer, now, on_due), 0);
	cr_assert_eq(ws_loop_timeout(&w.loop), 0);
	ws_heap_cancel(&w.loop.heap, &alarm.timer);
	ws_loop_defer(&w.loop, &a.work);
	cr_assert_eq(ws_loop_timeout(&w.loop), 0);
	ws_loop_undefer(&w.loop, &a.work);
	ws_wheel_cancel(&w.loop.wheel, &deadline);
	cr_assert_eq(ws_loop_timeout(&w.loop), -1);
	finish(&w);
}

/* A turn that may wait for ever waits for the timer and no longer. */
Test(loop, a_timer_ends_the_wait, .timeout = 60)
{
	struct world w;
	struct alarm alarm;
	int64_t due;

	begin(&w);
	alarm = (struct alarm){ .world = &w };
	due = ws_net_now_ms() + 30;
	cr_assert_eq(ws_heap_set(&w.loop.heap, &alarm.timer, due, on_due), 0);
	while (w.logged == 0) {
		cr_assert_eq(ws_loop_turn(&w.loop, -1), 0);
		cr_assert_eq(w.logged > 0, w.loop.now_ms >= due);
	}
	cr_assert_str_eq(w.log, "t");
	finish(&w);
}

Test(loop, a_deadline_ends_the_wait, .timeout = 60)
{
	struct world w;
	struct ws_wheel_deadline deadline = { 0 };
	int64_t due;

	begin(&w);
	due = ws_net_now_ms() + 200;
	ws_wheel_set(&w.loop.wheel, &deadline, due);
	while (w.expired == 0) {
		cr_assert_eq(ws_loop_turn(&w.loop, -1), 0);
		cr_assert(w.expired == 0 || w.loop.now_ms >= due);
	}
	cr_assert_eq(ws_loop_timeout(&w.loop), -1);
	finish(&w);
}

/* The caller's limit ends it too. */
Test(loop, the_limit_of_the_caller_ends_the_wait, .timeout = 60)
{
	struct world w;
	struct alarm alarm;

	begin(&w);
	alarm = (struct alarm){ .world = &w };
	cr_assert_eq(ws_loop_turn(&w.loop, 1), 0);
	cr_assert_eq(ws_heap_set(&w.loop.heap, &alarm.timer,
			 ws_net_now_ms() + 3600000, on_due),
	    0);
	cr_assert_eq(ws_loop_turn(&w.loop, 0), 0);
	cr_assert_eq(ws_loop_turn(&w.loop, 5), 0);
	cr_assert_eq(w.turns, 3);
	cr_assert_str_eq(w.log, "");
	ws_heap_cancel(&w.loop.heap, &alarm.timer);
	finish(&w);
}

static void
note_event(struct end *end)
{
	note(end->world, 'e');
}

/* Events, timers, deadlines, work; all in one turn, with one clock. */
Test(loop, a_turn_has_an_order, .timeout = 60)
{
	struct world w;
	struct end end;
	struct alarm alarm;
	struct ws_wheel_deadline deadline = { 0 };
	struct job a;
	int64_t start, past;

	begin(&w);
	alarm = (struct alarm){ .world = &w };
	a = job(&w, 'w');
	open_end(&w, &end);
	end.act = note_event;
	start = ws_net_now_ms();
	ws_wheel_set(&w.loop.wheel, &deadline, start);
	/* A deadline needs two ticks to be certain. */
	while ((past = ws_net_now_ms() - start) <= 2 * WS_WHEEL_TICK_MS)
		(void)poll(NULL, 0, 2 * WS_WHEEL_TICK_MS + 1 - (int)past);
	cr_assert_eq(ws_heap_set(&w.loop.heap, &alarm.timer, start, on_due), 0);
	ws_loop_defer(&w.loop, &a.work);
	watch(&end, WS_LOOP_WRITE);
	cr_assert_eq(turn(&end), WS_LOOP_WRITE);
	cr_assert_str_eq(w.log, "etdw");
	cr_assert_eq(w.turns, 1);
	close_end(&end);
	finish(&w);
}

static void
on_signal(int number)
{
	(void)number;
}

/* A signal ends the wait as if nothing had come. The interval repeats, so one
 * that came before the wait does no harm. */
Test(loop, a_signal_is_no_error, .timeout = 60)
{
	struct itimerval often = { .it_interval = { .tv_usec = 5000 },
		.it_value = { .tv_usec = 5000 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct world w;

	begin(&w);
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(ws_loop_turn(&w.loop, -1), 0);
	memset(&often, 0, sizeof(often));
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	cr_assert_eq(w.turns, 3);
	finish(&w);
}

Test(loop, a_loop_whose_queue_is_gone_says_so)
{
	struct world w;

	begin(&w);
	close(w.loop.fd);
	errno = 0;
	cr_assert_eq(ws_loop_turn(&w.loop, 0), -1);
	cr_assert_eq(errno, EBADF);
	cr_assert_eq(w.turns, 0);
	w.loop.fd = dup(0);
	finish(&w);
}
