/* test_loop_kqueue.c - the kqueue backend, whatever this system's own is. */
/* SPDX-License-Identifier: MIT */
#if defined(__linux__)
#include "test/kqueue/kqueue.c"
#endif

#include <sys/types.h>

#include <sys/event.h>

/* The backend's calls go through here, so that one of them can fail. */
static int watched_kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout);
#define kevent(...) watched_kevent(__VA_ARGS__)
#include "net/loop_kqueue.c"
#undef kevent

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	WAIT_MS = 20000
};

static short failing_filter; /* whose EV_ADD fails with ENOMEM */

static int
watched_kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout)
{
	int n = 0;

	if (failing_filter == 0 || nchanges == 0)
		return kevent(kq, changes, nchanges, events, nevents, timeout);
	for (int i = 0; i < nchanges; i++) {
		if (changes[i].filter != failing_filter ||
		    !(changes[i].flags & EV_ADD)) {
			cr_assert_eq(
			    kevent(kq, &changes[i], 1, &events[n], 1, timeout),
			    1);
			n++;
			continue;
		}
		events[n] = changes[i];
		events[n].flags = EV_ERROR;
		events[n++].data = ENOMEM;
	}
	return n;
}

static struct ws_loop loop;
static struct ws_io io;
static int peer;

static void
ignore(struct ws_io *ready, unsigned events)
{
	(void)ready;
	(void)events;
}

static void
ignore_deadline(struct ws_wheel_deadline *deadline, void *arg)
{
	(void)deadline;
	(void)arg;
}

static void
ignore_end(void *arg)
{
	(void)arg;
}

static struct ws_io
pair_with(int *other)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*other = ends[1];
	return (struct ws_io){ .ready = ignore, .fd = ends[0] };
}

static void
open_all(void)
{
	cr_assert_eq(ws_loop_open(&loop, ignore_deadline, ignore_end, NULL), 0);
	io = pair_with(&peer);
}

static void
close_all(void)
{
	ws_loop_forget(&loop, &io);
	close(io.fd);
	close(peer);
	ws_loop_close(&loop);
}

TestSuite(loop_kqueue, .init = open_all, .fini = close_all);

/* Wait for one descriptor. Returns its events. */
static unsigned
events_for(const struct ws_io *one, int timeout_ms)
{
	int n = ws_backend_wait(&loop, timeout_ms);

	if (n == 0)
		return 0;
	cr_assert_eq(n, 1);
	cr_assert_eq(loop.fired[0].fd, one->fd);
	cr_assert_eq(loop.fired[0].serial, one->serial);
	return loop.fired[0].events;
}

Test(loop_kqueue, both_filters_of_a_descriptor_are_one_event)
{
	struct ws_io ios[20];
	int peers[20];
	unsigned seen = 0;

	for (int i = 0; i < 20; i++) {
		ios[i] = pair_with(&peers[i]);
		cr_assert_eq(
		    ws_loop_want(&loop, &ios[i], WS_LOOP_READ | WS_LOOP_WRITE),
		    0);
		cr_assert_eq(write(peers[i], "x", 1), 1);
	}
	cr_assert_eq(ws_backend_wait(&loop, WAIT_MS), 20);
	for (int i = 0; i < 20; i++) {
		const struct ws_fired *fired = &loop.fired[i];

		cr_assert_eq(fired->events, WS_LOOP_READ | WS_LOOP_WRITE);
		for (unsigned k = 0; k < 20; k++) {
			if (ios[k].fd != fired->fd)
				continue;
			cr_assert_eq(fired->serial, ios[k].serial);
			seen |= 1u << k;
		}
	}
	cr_assert_eq(seen, (1u << 20) - 1);
}

Test(loop_kqueue, every_step_between_two_interests)
{
	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 4; to++) {
			struct ws_io one = pair_with(&peer);

			cr_assert_eq(write(peer, "x", 1), 1);
			cr_assert_eq(ws_loop_want(&loop, &one, from), 0);
			cr_assert_eq(ws_loop_want(&loop, &one, to), 0);
			cr_assert_eq(events_for(&one, to ? WAIT_MS : 0), to,
			    "from %u to %u", from, to);
			ws_loop_forget(&loop, &one);
			cr_assert_eq(events_for(&one, 0), 0);
			close(one.fd);
		}
	}
}

Test(loop_kqueue, all_bits_of_the_serial_come_back)
{
	loop.serial = 0xfedcb9;
	cr_assert_eq(ws_loop_want(&loop, &io, WS_LOOP_WRITE), 0);
	cr_assert_eq(io.serial, 0xfedcba);
	cr_assert_eq(events_for(&io, WAIT_MS), WS_LOOP_WRITE);
}

Test(loop_kqueue, a_half_close_is_something_to_read)
{
	cr_assert_eq(ws_loop_want(&loop, &io, WS_LOOP_READ), 0);
	cr_assert_eq(shutdown(peer, SHUT_WR), 0);
	cr_assert_eq(events_for(&io, WAIT_MS), WS_LOOP_READ);
}

Test(loop_kqueue, a_reset_is_a_hangup_whatever_is_wanted)
{
	for (unsigned want = 1; want < 4; want++) {
		struct sockaddr_in at = { .sin_family = AF_INET };
		struct linger now = { .l_onoff = 1, .l_linger = 0 };
		socklen_t len = sizeof(at);
		int listener = socket(AF_INET, SOCK_STREAM, 0);
		struct ws_io one = { .ready = ignore };
		unsigned events;

		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		cr_assert_eq(bind(listener, (struct sockaddr *)&at, len), 0);
		cr_assert_eq(listen(listener, 1), 0);
		getsockname(listener, (struct sockaddr *)&at, &len);
		one.fd = socket(AF_INET, SOCK_STREAM, 0);
		cr_assert_eq(connect(one.fd, (struct sockaddr *)&at, len), 0);
		peer = accept(listener, NULL, NULL);
		cr_assert_eq(ws_loop_want(&loop, &one, want), 0);
		(void)setsockopt(
		    peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(peer);
		do
			events = events_for(&one, WAIT_MS);
		while (events == WS_LOOP_WRITE);
		cr_assert_eq(events, want | WS_LOOP_HANGUP, "%u", want);
		ws_loop_forget(&loop, &one);
		close(one.fd);
		close(listener);
	}
}

Test(loop_kqueue, an_answer_with_an_error_is_no_success)
{
	struct ws_io closed = pair_with(&peer);

	close(closed.fd);
	errno = 0;
	cr_assert_eq(ws_loop_want(&loop, &closed, WS_LOOP_READ), -1);
	cr_assert_eq(errno, EBADF);
	cr_assert_eq(ws_backend_wait(&loop, 0), 0);
}

Test(loop_kqueue, when_a_filter_fails_the_earlier_interest_is_in_force)
{
	static const struct {
		unsigned from, to;
		short failing;
	} rows[] = {
		{ 0, WS_LOOP_READ | WS_LOOP_WRITE, EVFILT_WRITE },
		{ 0, WS_LOOP_READ | WS_LOOP_WRITE, EVFILT_READ },
		{ WS_LOOP_READ, WS_LOOP_WRITE, EVFILT_WRITE },
		{ WS_LOOP_WRITE, WS_LOOP_READ, EVFILT_READ },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_io one = pair_with(&peer);

		cr_assert_eq(write(peer, "x", 1), 1);
		cr_assert_eq(ws_loop_want(&loop, &one, rows[i].from), 0);
		failing_filter = rows[i].failing;
		errno = 0;
		cr_assert_eq(ws_loop_want(&loop, &one, rows[i].to), -1);
		cr_assert_eq(errno, ENOMEM, "row %zu", i);
		failing_filter = 0;
		cr_assert_eq(events_for(&one, 0), rows[i].from, "row %zu", i);
		ws_loop_forget(&loop, &one);
		close(one.fd);
	}
}

Test(loop_kqueue, what_is_forgotten_is_not_reported_even_if_it_stays_open)
{
	cr_assert_eq(ws_loop_want(&loop, &io, WS_LOOP_WRITE), 0);
	cr_assert_eq(events_for(&io, WAIT_MS), WS_LOOP_WRITE);
	ws_loop_forget(&loop, &io);
	cr_assert_eq(ws_backend_wait(&loop, 0), 0);
}

Test(loop_kqueue, the_queue_is_closed_when_a_program_is_executed)
{
	cr_assert(fcntl(loop.fd, F_GETFD) & FD_CLOEXEC);
}

static void
on_alarm(int number)
{
	(void)number;
}

Test(loop_kqueue, a_signal_ends_the_wait_without_an_error)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } };

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	cr_assert_eq(ws_backend_wait(&loop, -1), 0);
}
