/* growth-clients.c - a crowd that speaks in step, for growth.sh. */
/* SPDX-License-Identifier: MIT */
/*
 *	growth-clients PORT MODE IDLE ACTIVE ROUNDS BEFORE AFTER
 *
 * Opens IDLE connections that stay silent and ACTIVE ones that speak, runs the
 * command BEFORE, has ROUNDS rounds of messages, and runs the command AFTER.
 * MODE is "echo" or "room". In a round of "echo" every active connection sends
 * 16 octets and waits for them. In a round of "room" one of them sends to a room
 * that all active ones are in. A round begins when the one before has ended, so
 * the server is never behind, and its work depends on the count alone. Prints how many messages were
 * received between the two commands.
 *
 * Sockets block, and every answer has a known length, so the client needs no
 * parser. The handshake's key is that of RFC 6455 section 1.3. At the end the
 * connections are reset, so that no port stays taken.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	BATCH = 100,    /* connections that open at once */
	PATIENCE_S = 60 /* for an answer; then the run has failed */
};

#define PAYLOAD "sixteen octets.."

/* FIN and text; masked with the key 0, 0, 0, 0. RFC 6455 section 5.2. */
static const char frame[] = "\x81\x90\0\0\0\0" PAYLOAD;
static const char answer[] = "\x81\x10" PAYLOAD;

static void
fail(const char *what)
{
	fprintf(stderr, "growth-clients: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
send_all(int fd, const char *data, size_t len)
{
	if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("cannot send");
}

static int
open_socket(in_port_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger reset = { .l_onoff = 1 };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0)
		fail("no socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("cannot connect");
	return fd;
}

static void
ask(int fd, const char *path)
{
	char request[256];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    path);

	send_all(fd, request, (size_t)n);
}

/* Read the answer to the handshake, behind which nothing is sent yet. */
static void
hear(int fd)
{
	char text[1024] = "";
	size_t len = 0;
	ssize_t n;

	while (strstr(text, "\r\n\r\n") == NULL) {
		n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (n <= 0)
			fail("no answer to the handshake");
		len += (size_t)n;
		text[len] = '\0';
	}
	if (strncmp(text, "HTTP/1.1 101 ", 13) != 0)
		fail("the handshake was refused");
}

static void
open_many(int *fds, size_t count, in_port_t port, const char *path)
{
	for (size_t at = 0; at < count; at += BATCH) {
		size_t end = count - at < BATCH ? count : at + BATCH;

		for (size_t i = at; i < end; i++)
			fds[i] = open_socket(port);
		for (size_t i = at; i < end; i++)
			ask(fds[i], path);
		for (size_t i = at; i < end; i++)
			hear(fds[i]);
	}
}

static void
one_round(const int *fds, size_t senders, size_t receivers)
{
	char in[sizeof(answer) - 1];

	for (size_t i = 0; i < senders; i++)
		send_all(fds[i], frame, sizeof(frame) - 1);
	for (size_t i = 0; i < receivers; i++) {
		if (recv(fds[i], in, sizeof(in), MSG_WAITALL) != sizeof(in) ||
		    memcmp(in, answer, sizeof(in)) != 0)
			fail("a wrong answer, or none");
	}
}

static void
run_command(const char *command)
{
	if (system(command) != 0)
		fail(command);
}

static void
raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 8) {
		fputs("usage: growth-clients PORT MODE IDLE ACTIVE ROUNDS "
		      "BEFORE AFTER\n",
		    stderr);
		return 2;
	}

	in_port_t port = (in_port_t)strtoul(argv[1], NULL, 10);
	int room = strcmp(argv[2], "room") == 0;
	size_t idle = strtoul(argv[3], NULL, 10);
	size_t active = strtoul(argv[4], NULL, 10);
	size_t rounds = strtoul(argv[5], NULL, 10);
	size_t senders = room ? 1 : active;
	int *fds = calloc(idle + active, sizeof(*fds));

	if (fds == NULL)
		fail("out of memory");
	raise_limit();
	/* Idle ones come first, so that the others are not the oldest. */
	open_many(fds, idle, port, "/echo");
	open_many(fds + idle, active, port, room ? "/room/a?self=1" : "/echo");
	one_round(fds + idle, senders, active);
	run_command(argv[6]);
	for (size_t i = 0; i < rounds; i++)
		one_round(fds + idle, senders, active);
	run_command(argv[7]);
	printf("%zu\n", rounds * active);
	return 0;
}
