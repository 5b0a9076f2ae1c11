/* test_live_stop.c - servers that a signal stops. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)

static struct live live;
static char order[64]; /* what was called, a letter each */

static void
note(void *letter)
{
	(void)strncat(order, letter, sizeof(order) - strlen(order) - 1);
}

static void
begin(void)
{
	static const struct ws_options options = { .log_level = -1 };

	live = live_here(&options, live_echo, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_stop, .init = begin, .fini = end, .timeout = 300);

Test(live_stop, a_signal_closes_all_in_good_order)
{
	struct client c = client_ws(live.address, "/echo");

	cr_assert_eq(ws_stop_on_signal(live.server, SIGUSR1, 20000), 0);
	cr_assert_eq(raise(SIGUSR1), 0);
	client_expect_close(&c, 1001, true);
	cr_expect_eq(ws_run(live.server), 0);
	cr_expect(ws_stopped(live.server));
	client_close(&c);
}

Test(live_stop, a_second_signal_ends_what_is_left)
{
	struct client c = client_ws(live.address, "/echo");
	struct frame frame;

	cr_assert_eq(ws_stop_on_signal(live.server, SIGUSR1, 1000000), 0);
	cr_assert_eq(raise(SIGUSR1), 0);
	cr_assert(client_recv_frame(&c, &frame));
	cr_expect_eq(frame.code, 1001);
	cr_expect_not(ws_stopped(live.server));
	cr_assert_eq(raise(SIGUSR1), 0);
	cr_expect_eq(ws_run(live.server), 0);
	client_close(&c);
}

Test(live_stop, signals_that_nobody_can_wait_for_are_refused)
{
	cr_expect_eq(ws_stop_on_signal(live.server, 0, 0), WS_EINVAL);
	cr_expect_eq(ws_stop_on_signal(live.server, -1, 0), WS_EINVAL);
	cr_expect_eq(ws_stop_on_signal(live.server, 100000, 0), WS_EINVAL);
	cr_expect_eq(ws_stop_on_signal(live.server, SIGKILL, 0), WS_EINVAL);
}

Test(live_stop, one_server_after_the_other_may_wait_for_a_signal)
{
	for (int i = 0; i < 2; i++) {
		struct ws_server *server = ws_server_new(NULL);

		cr_assert_eq(ws_stop_on_signal(server, SIGUSR2, 0), 0);
		cr_assert_eq(raise(SIGUSR2), 0);
		cr_expect_eq(ws_run(server), 0);
		ws_server_free(server);
	}
}

Test(live_stop, functions_are_called_when_it_begins)
{
	static char a[] = "a", b[] = "b", c[] = "c", f[] = "f";

	order[0] = '\0';
	cr_assert_eq(ws_at_stop(live.server, note, a), 0);
	cr_assert_eq(ws_at_free(live.server, note, f), 0);
	cr_assert_eq(ws_at_stop(live.server, note, b), 0);
	cr_assert_eq(ws_at_stop(live.server, note, c), 0);
	ws_at_free_cancel(live.server, note, b);
	ws_stop(live.server, 1000);
	cr_expect_str_eq(order, "ca");
	ws_stop(live.server, 0);
	cr_expect_str_eq(order, "ca");
	end();
	cr_expect_str_eq(order, "caf");
	begin();
}

/* ---- ws_serve ----------------------------------------------------------- */

static int said[2];

static void
say(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	if (write(said[1], line, strlen(line)) < 0 ||
	    write(said[1], "\n", 1) < 0)
		abort();
}

/* Serve in another process until a signal comes.
 *   handler  of SIGINT there
 * Returns its pid, once it listens. */
static pid_t
serve(void (*handler)(int number))
{
	static const struct ws_options options = { .log = say };
	char line[256];
	ssize_t len;
	pid_t pid;

	cr_assert_eq(pipe(said), 0);
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct ws_server *server = ws_server_new(&options);

		(void)signal(SIGINT, handler);
		(void)signal(SIGTERM, SIG_DFL);
		_exit(ws_serve(server, "127.0.0.1:0", NULL) == 0 ? 0 : 1);
	}
	do
		len = read(said[0], line, sizeof(line) - 1);
	while (len > 0 && memmem(line, (size_t)len, "listening", 9) == NULL);
	cr_assert_gt(len, 0);
	return pid;
}

static int
status_of(pid_t pid)
{
	int status = -1;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

Test(live_stop, a_served_program_ends_with_status_0)
{
	static const int signals[] = { SIGTERM, SIGINT };

	for (int i = 0; i < 2; i++) {
		pid_t pid = serve(SIG_DFL);

		cr_assert_eq(kill(pid, signals[i]), 0);
		cr_expect_eq(status_of(pid), 0);
	}
}

static void
leave(int number)
{
	_exit(40 + number);
}

/* A program in the background of a script ignores SIGINT, and another one has
 * a handler of its own. */
Test(live_stop, what_a_program_does_about_signals_stays)
{
	pid_t pid = serve(leave);
	int status;

	cr_assert_eq(kill(pid, SIGINT), 0);
	status = status_of(pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGINT);
	pid = serve(SIG_IGN);
	cr_assert_eq(kill(pid, SIGINT), 0);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	cr_expect_eq(status_of(pid), 0);
}
