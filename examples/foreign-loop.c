/* foreign-loop.c - a server inside somebody else's loop: poll(2). */
/* SPDX-License-Identifier: MIT */
/*
 * The server sends what you type to all clients, and prints what they send. The
 * end of the input (Ctrl-D) stops it. Any loop that can watch a descriptor and
 * wait for some milliseconds can take the place of poll.
 */
#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <ws.h>

#define GRACE_MS 2000

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	const unsigned char *text = data;

	(void)conn;
	(void)kind;
	/* A terminal would obey control characters. */
	for (size_t i = 0; i < len; i++)
		putchar(isprint(text[i]) ? text[i] : '?');
	putchar('\n');
	fflush(stdout);
}

/* Send what was typed to all clients. Returns whether there may be more. */
static bool
on_input(struct ws_server *server)
{
	char typed[4096];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));

	if (n <= 0) {
		ws_stop(server, GRACE_MS);
		return false;
	}
	/* Input may not be UTF-8, which text has to be. */
	ws_publish(server, NULL, 0, WS_BINARY, typed, (size_t)n, NULL);
	return true;
}

static void
loop(struct ws_server *server)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = ws_fd(server), .events = POLLIN },
	};

	while (!ws_stopped(server)) {
		if (poll(fds, 2, ws_timeout(server)) < 0)
			return;
		if (fds[0].revents != 0 && !on_input(server))
			fds[0].fd = -1; /* poll ignores it from now on */
		if (ws_step(server, 0) < 0)
			return;
	}
}

int
main(int argc, char **argv)
{
	static const struct ws_handler printer = { .message = on_message,
		.kinds = WS_TEXT };
	struct ws_server *server = ws_server_new(NULL);
	char address[128];

	signal(SIGPIPE, SIG_IGN); /* as ws_run does */
	if (server == NULL || ws_endpoint(server, "/", &printer, NULL) < 0 ||
	    ws_stop_on_signal(server, SIGTERM, GRACE_MS) < 0 ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	loop(server);
	ws_server_free(server);
	return 0;
}
