/* test_kqueue.c - what loop_kqueue.c takes for granted of kqueue(2). */
/* SPDX-License-Identifier: MIT */
/* On Linux this tests the double, elsewhere the real thing: both must pass, or
 * the double proves nothing. */
#if defined(__linux__)
#include "test/kqueue/kqueue.c"
#endif

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct timespec at_once = { 0, 0 };
static const struct timespec soon = { 20, 0 };

static int kq;
static int pair[2];

static void
open_all(void)
{
	kq = kqueue();
	cr_assert(kq >= 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
close_all(void)
{
	close(kq);
	close(pair[0]);
	close(pair[1]);
}

TestSuite(kqueue, .init = open_all, .fini = close_all);

/* Change one filter. Returns 0 or the errno of the answer. */
static int
change(int fd, short filter, unsigned short flags, void *udata)
{
	struct kevent one;

	EV_SET(&one, (uintptr_t)fd, filter, flags | EV_RECEIPT, 0, 0, udata);
	cr_assert_eq(kevent(kq, &one, 1, &one, 1, &at_once), 1);
	cr_assert(one.flags & EV_ERROR);
	return (int)one.data;
}

/* A pair of connected TCP sockets, which can be reset. */
static void
tcp_pair(int ends[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(ends[0], (struct sockaddr *)&at, len), 0);
	ends[1] = accept(listener, NULL, NULL);
	cr_assert(ends[1] >= 0);
	close(listener);
}

static void
reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	cr_assert_eq(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
}

Test(kqueue, filters_of_one_descriptor_are_reported_apart)
{
	struct kevent events[4];
	int seen = 0, a, b;

	cr_assert_eq(change(pair[0], EVFILT_READ, EV_ADD, &a), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, &b), 0);
	cr_assert_eq(write(pair[1], "abc", 3), 3);
	cr_assert_eq(kevent(kq, NULL, 0, events, 4, &soon), 2);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(events[i].ident, (uintptr_t)pair[0]);
		cr_assert_eq(events[i].flags & (EV_EOF | EV_ERROR), 0);
		if (events[i].filter == EVFILT_READ) {
			cr_assert_eq(events[i].udata, &a);
			cr_assert_eq(events[i].data, 3);
			seen |= 1;
		} else {
			cr_assert_eq(events[i].udata, &b);
			cr_assert(events[i].data > 0);
			seen |= 2;
		}
	}
	cr_assert_eq(seen, 3);
}

Test(kqueue, readiness_is_reported_until_it_is_used)
{
	struct kevent event;
	char octet;

	cr_assert_eq(change(pair[0], EVFILT_READ, EV_ADD, NULL), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &at_once), 0);
	cr_assert_eq(write(pair[1], "x", 1), 1);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(read(pair[0], &octet, 1), 1);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &at_once), 0);
}

Test(kqueue, a_failed_change_is_an_event_with_the_errno)
{
	int closed = dup(pair[0]);

	close(closed);
	cr_assert_eq(change(pair[0], EVFILT_READ, EV_DELETE, NULL), ENOENT);
	cr_assert_eq(change(closed, EVFILT_READ, EV_ADD, NULL), EBADF);
	cr_assert_eq(change(pair[0], EVFILT_READ, EV_ADD, NULL), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_DELETE, NULL), ENOENT);
	cr_assert_eq(change(pair[0], EVFILT_READ, EV_DELETE, NULL), 0);
	cr_assert_eq(change(pair[0], EVFILT_READ, EV_DELETE, NULL), ENOENT);
}

Test(kqueue, a_failed_change_without_room_for_the_event_fails_the_call)
{
	struct kevent one;

	EV_SET(&one, (uintptr_t)pair[0], EVFILT_READ, EV_DELETE, 0, 0, NULL);
	errno = 0;
	cr_assert_eq(kevent(kq, &one, 1, NULL, 0, NULL), -1);
	cr_assert_eq(errno, ENOENT);
}

Test(kqueue, receipts_come_without_waiting_events)
{
	struct kevent changes[2], answers[4];

	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, NULL), 0);
	EV_SET(&changes[0], (uintptr_t)pair[1], EVFILT_READ,
	    EV_ADD | EV_RECEIPT, 0, 0, NULL);
	EV_SET(&changes[1], (uintptr_t)pair[1], EVFILT_WRITE,
	    EV_DELETE | EV_RECEIPT, 0, 0, NULL);
	cr_assert_eq(kevent(kq, changes, 2, answers, 4, &soon), 2);
	cr_assert_eq(answers[0].filter, EVFILT_READ);
	cr_assert_eq(answers[0].data, 0);
	cr_assert(answers[0].flags & EV_ERROR);
	cr_assert_eq(answers[1].filter, EVFILT_WRITE);
	cr_assert_eq(answers[1].data, ENOENT);
}

Test(kqueue, filters_vanish_when_their_descriptor_is_closed)
{
	struct kevent event;
	int number = pair[0];

	cr_assert_eq(write(pair[1], "x", 1), 1);
	cr_assert_eq(change(number, EVFILT_READ, EV_ADD, NULL), 0);
	close(number);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &at_once), 0);
	cr_assert_eq(dup2(pair[1], number), number);
	cr_assert_eq(change(number, EVFILT_READ, EV_DELETE, NULL), ENOENT);
}

Test(kqueue, adding_again_replaces_what_comes_back)
{
	struct kevent event;
	int a, b;

	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, &a), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, &b), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(event.udata, &b);
}

Test(kqueue, the_end_of_the_stream_comes_with_what_is_left)
{
	struct kevent event;

	cr_assert_eq(change(pair[0], EVFILT_READ, EV_ADD, NULL), 0);
	cr_assert_eq(write(pair[1], "rest", 4), 4);
	cr_assert_eq(shutdown(pair[1], SHUT_WR), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert(event.flags & EV_EOF);
	cr_assert_eq(event.fflags, 0);
	cr_assert_eq(event.data, 4);
}

Test(kqueue, the_peers_half_close_leaves_writing_alone)
{
	struct kevent event;

	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, NULL), 0);
	cr_assert_eq(shutdown(pair[1], SHUT_WR), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(event.flags & EV_EOF, 0);
}

Test(kqueue, a_reset_is_an_error_for_both_filters)
{
	struct kevent events[2];
	int ends[2];

	for (int i = 0; i < 2; i++) {
		tcp_pair(ends);
		cr_assert_eq(
		    change(ends[0], i == 0 ? EVFILT_READ : EVFILT_WRITE, EV_ADD,
			NULL),
		    0);
		reset(ends[1]);
		/* The reset may take a moment more than a writable event. */
		do
			cr_assert_eq(kevent(kq, NULL, 0, events, 2, &soon), 1);
		while (!(events[0].flags & EV_EOF));
		cr_assert_neq(events[0].fflags, 0, "filter %d", i);
		close(ends[0]);
	}
}

Test(kqueue, a_reset_is_still_there_for_the_reader)
{
	struct kevent event;
	char octet;
	int ends[2];

	tcp_pair(ends);
	cr_assert_eq(change(ends[0], EVFILT_READ, EV_ADD, NULL), 0);
	reset(ends[1]);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(recv(ends[0], &octet, 1, 0), -1);
	cr_assert_eq(errno, ECONNRESET);
	close(ends[0]);
}

Test(kqueue, a_disabled_filter_is_silent_until_it_is_enabled)
{
	struct kevent event;

	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ADD, NULL), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_DISABLE, NULL), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &at_once), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_ENABLE, NULL), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
}

Test(kqueue, a_oneshot_filter_is_reported_once)
{
	struct kevent event;

	cr_assert_eq(
	    change(pair[0], EVFILT_WRITE, EV_ADD | EV_ONESHOT, NULL), 0);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &soon), 1);
	cr_assert_eq(kevent(kq, NULL, 0, &event, 1, &at_once), 0);
	cr_assert_eq(change(pair[0], EVFILT_WRITE, EV_DELETE, NULL), ENOENT);
}

Test(kqueue, the_queue_can_be_polled)
{
	struct pollfd queue = { .fd = kq, .events = POLLIN };

	cr_assert_eq(change(pair[0], EVFILT_READ, EV_ADD, NULL), 0);
	cr_assert_eq(poll(&queue, 1, 0), 0);
	cr_assert_eq(write(pair[1], "x", 1), 1);
	cr_assert_eq(poll(&queue, 1, 20000), 1);
}

Test(kqueue, a_child_does_not_inherit_it)
{
	struct kevent event;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(kevent(kq, NULL, 0, &event, 1, &at_once) == -1 &&
			      errno == EBADF
			  ? 0
			  : 1);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
}
