/* live.c - a real server for tests, in this process or in another. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

/* ---- starting ---------------------------------------------------------- */

static struct ws_server *
start(const struct ws_options *options, void (*setup)(struct ws_server *server),
    const char *listen, char address[128])
{
	static const struct ws_options silent = { .log_level = -1 };
	struct ws_server *server =
	    ws_server_new(options != NULL ? options : &silent);

	if (server == NULL)
		return NULL;
	setup(server);
	if (ws_listen(server, listen != NULL ? listen : "127.0.0.1:0") < 0 ||
	    ws_address(server, 0, address, 128) < 0) {
		ws_server_free(server);
		return NULL;
	}
	return server;
}

struct live
live_here(const struct ws_options *options,
    void (*setup)(struct ws_server *server), const char *listen)
{
	struct live live = { .tie = -1 };

	live.server = start(options, setup, listen, live.address);
	cr_assert(live.server != NULL, "no server: %s", strerror(errno));
	client_server = live.server;
	return live;
}

static void
on_pipe(struct ws_watch *watch, unsigned events, void *arg)
{
	(void)events;
	ws_unwatch(watch);
	ws_stop(arg, 0);
}

/* Serve, in the child, until its end of the pipe is closed. */
static int
serve(const struct ws_options *options, void (*setup)(struct ws_server *server),
    int descriptors, int ready)
{
	struct rlimit limit = { (rlim_t)descriptors, (rlim_t)descriptors };
	struct ws_server *server;
	char address[128] = "";
	int status;

	if (descriptors > 0 && setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	server = start(options, setup, NULL, address);
	if (server == NULL ||
	    ws_watch(server, ready, WS_READABLE, on_pipe, server) == NULL ||
	    write(ready, address, sizeof(address)) != sizeof(address))
		return 1;
	status = ws_run(server) < 0;
	ws_server_free(server);
	return status;
}

struct live
live_child(const struct ws_options *options,
    void (*setup)(struct ws_server *server), int descriptors)
{
	struct live live = { .tie = -1 };
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	client_server = NULL;
	fflush(NULL);
	live.pid = fork();
	if (live.pid == 0) {
		close(ends[0]);
		_exit(serve(options, setup, descriptors, ends[1]));
	}
	close(ends[1]);
	cr_assert_eq(read(ends[0], live.address, sizeof(live.address)),
	    sizeof(live.address), "the child did not start");
	/* Its end is seen there when this process ends or is killed, too. */
	live.tie = ends[0];
	return live;
}

struct live
live_program(const char *const *arguments)
{
	const char *program = getenv("WSD");
	const char *argv[32] = { "wsd", "-l", "127.0.0.1:0" };
	struct live live = { .tie = -1 };
	char line[256], *from;
	int ends[2], n = 3;
	FILE *out;

	while (*arguments != NULL && n < 31)
		argv[n++] = *arguments++;
	cr_assert_eq(pipe(ends), 0);
	client_server = NULL;
	fflush(NULL);
	live.pid = fork();
	if (live.pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execv(program != NULL ? program : "./wsd",
		    (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	if (fgets(line, sizeof(line), out) == NULL ||
	    (from = strstr(line, "http://")) == NULL)
		cr_assert_fail("the program did not start");
	sscanf(from, "http://%127[^/]", live.address);
	fclose(out);
	return live;
}

/* ---- ending ------------------------------------------------------------ */

void
live_end(struct live *live)
{
	int status = 0;

	client_server = NULL;
	ws_server_free(live->server);
	if (live->pid > 0) {
		if (live->tie >= 0)
			close(live->tie);
		else
			kill(live->pid, SIGTERM);
		waitpid(live->pid, &status, 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    "the server ended with status 0x%x", (unsigned)status);
	}
	*live = (struct live){ .tie = -1 };
}

/* ---- figures ----------------------------------------------------------- */

/* Skip some words of a file of /proc and read the numbers behind them. */
static long
proc_sum(const struct live *live, const char *file, int skip, int count)
{
	char path[64];
	long sum = 0, value;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s",
	    live->pid > 0 ? (int)live->pid : (int)getpid(), file);
	in = fopen(path, "r");
	if (in == NULL)
		return 0;
	while (skip-- > 0)
		(void)!fscanf(in, "%*s");
	while (count-- > 0 && fscanf(in, "%ld", &value) == 1)
		sum += value;
	fclose(in);
	return sum;
}

long
live_resident(const struct live *live)
{
	return proc_sum(live, "statm", 1, 1) * sysconf(_SC_PAGESIZE);
}

long
live_cpu_ms(const struct live *live)
{
	/* proc(5): utime and stime are the words 14 and 15. The name, word 2,
	 * has no space in what these tests start. */
	return proc_sum(live, "stat", 13, 2) * 1000 / sysconf(_SC_CLK_TCK);
}

/* ---- waiting ------------------------------------------------------------- */

size_t
live_connections(const struct live *live)
{
	struct ws_stats stats;

	ws_stats(live->server, &stats);
	return stats.connections;
}

void
live_until_connections(const struct live *live, size_t count)
{
	int64_t deadline_ms = client_now_ms() + CLIENT_DEADLINE_MS;

	while (live_connections(live) != count) {
		cr_assert(client_now_ms() < deadline_ms,
		    "still %zu connections", live_connections(live));
		(void)client_wait(-1, 0, 20);
	}
}

void
live_pass(int ms)
{
	int64_t until_ms = client_now_ms() + ms, left;

	while ((left = until_ms - client_now_ms()) > 0)
		(void)client_wait(-1, 0, (int)left);
}

void
live_be_elsewhere(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* ---- the recorder -------------------------------------------------------- */

struct live_seen seen;

void
live_on_open(struct ws_conn *conn)
{
	if (seen.opened < (int)(sizeof(seen.conns) / sizeof(*seen.conns)))
		seen.conns[seen.opened] = conn;
	seen.last = conn;
	seen.opened++;
}

/* Keep data as a C string. */
static void
keep(const void *data, size_t len)
{
	snprintf(
	    seen.got, sizeof(seen.got), "%.*s", (int)len, (const char *)data);
}

void
live_on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)conn;
	(void)kind;
	keep(data, len);
	seen.messages++;
}

void
live_on_drain(struct ws_conn *conn)
{
	(void)conn;
	seen.drains++;
}

void
live_on_pong(struct ws_conn *conn, const void *data, size_t len)
{
	(void)conn;
	keep(data, len);
	seen.pongs++;
}

void
live_on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	(void)conn;
	seen.ended = *how;
	snprintf(seen.reason, sizeof(seen.reason), "%.*s", (int)how->reason_len,
	    how->reason);
	seen.closed++;
}

static void
on_gone(struct ws_request *request, void *arg)
{
	cr_expect_eq(request, seen.held);
	cr_expect_eq(arg, &seen);
	seen.held = NULL;
	seen.gone++;
}

void
live_hold(struct ws_request *request)
{
	cr_expect_eq(ws_hold(request, on_gone, &seen), 0);
	cr_expect_eq(ws_hold(request, on_gone, &seen), WS_ESTATE);
	seen.held = request;
	seen.holds++;
}

/* ---- endpoints --------------------------------------------------------- */

void
live_send_back(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_send(conn, kind, data, len);
}

static void
enter_room(struct ws_conn *conn)
{
	(void)ws_join(conn, "room", WS_STR);
}

static void
tell_room(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_publish(
	    ws_server_of(conn), "room", WS_STR, kind, data, len, NULL);
}

static void
hello(struct ws_request *request)
{
	size_t len;
	const void *body = ws_request_body(request, &len);

	if (len == 0)
		(void)ws_reply(request, 200, NULL, "hello", WS_STR);
	else
		(void)ws_reply(request, 200, NULL, body, len);
}

void
live_echo(struct ws_server *server)
{
	static const struct ws_handler echoing = { .message = live_send_back };
	static const struct ws_handler room = { .open = enter_room,
		.message = tell_room };

	if (ws_endpoint(server, "/echo", &echoing, NULL) < 0 ||
	    ws_endpoint(server, "/room/", &room, NULL) < 0 ||
	    ws_http(server, "/hello", "GET, POST", hello, NULL) < 0)
		abort();
}
