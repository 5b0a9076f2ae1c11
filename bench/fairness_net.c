/* fairness_net.c - the sockets of the attackers: floods and crowds. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "fairness.h"

enum {
	EVENTS_MAX = 256,
	SILENCE_S = 30,     /* a server that is attacked may be slow */
	OF_ADDRESS = 10000, /* connections from one source address */
	PIECE = 1 << 18,    /* octets of one send or receive */
	SPARE = 300,        /* descriptors that no member has */
};

struct tally *tally;
in_port_t server_port;

void
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "fairness: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	if (tally != NULL)
		tally->failed = true;
	exit(1);
}

void
rest(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* ---- octets -------------------------------------------------------------- */

void
add(struct octets *to, const void *data, size_t len)
{
	if (len > to->room - to->len) {
		to->room = 2 * to->room + len;
		to->data = realloc(to->data, to->room);
		if (to->data == NULL)
			fail("out of memory");
	}
	memcpy(to->data + to->len, data, len);
	to->len += len;
}

void
print(struct octets *to, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		fail("out of memory");
	add(to, text, (size_t)n);
	free(text);
}

/* ---- one connection ------------------------------------------------------ */

/* A source address; its port is found when the connection is made, so that
 * each address has all ports. ip(7). */
static void
bind_source(int fd, unsigned n)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000100 + n / OF_ADDRESS % 256) };
	int on = 1;

	(void)setsockopt(
	    fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		fail("bind: %s", strerror(errno));
}

int
dial(unsigned n)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(server_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval silence = { .tv_sec = SILENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		fail("socket: %s", strerror(errno));
	bind_source(fd, n);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect: %s", strerror(errno));
	return fd;
}

void
say(int fd, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len > 0) {
		ssize_t n = send(fd, from, len, MSG_NOSIGNAL);

		if (n < 0)
			fail("send: %s", strerror(errno));
		from += n;
		len -= (size_t)n;
		tally->sent += (uint64_t)n;
	}
}

void
hear(int fd, const char *text, char *reply, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, reply + len, size - 1 - len, 0);

		if (n <= 0)
			fail("no \"%s\" from the server: %.60s", text,
			    n < 0 ? strerror(errno) : reply);
		len += (size_t)n;
		reply[len] = '\0';
		if (memmem(reply, len, text, strlen(text)) != NULL)
			return;
	}
}

/* ---- processes ----------------------------------------------------------- */

pid_t
spawn(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

void
begin(void)
{
	tally->prepared = true;
	while (!tally->begun)
		rest(1);
}

/* ---- floods -------------------------------------------------------------- */

/* One connection of a flood. */
struct gun {
	int fd;     /* -1: ended */
	size_t at;  /* the next octet of the data */
	unsigned n; /* which it is */
};

static void
watch(int epoll, int fd, uint32_t events, unsigned n)
{
	struct epoll_event event = { .events = events, .data.u32 = n };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll: %s", strerror(errno));
}

static void
open_gun(const struct flood *f, struct gun *gun, int epoll)
{
	char reply[8192];

	gun->at = 0;
	gun->fd = dial(gun->n);
	if (f->opening != NULL) {
		say(gun->fd, f->opening->data, f->opening->len);
		hear(gun->fd, f->opened, reply, sizeof(reply));
	}
	(void)fcntl(gun->fd, F_SETFL, O_NONBLOCK);
	watch(epoll, gun->fd, EPOLLIN | EPOLLOUT, gun->n);
}

static void
end_gun(const struct flood *f, struct gun *gun, int epoll)
{
	tally->refused++;
	close(gun->fd);
	gun->fd = -1;
	if (f->again)
		open_gun(f, gun, epoll);
}

/* Receive and forget. MSG_TRUNC takes octets from a TCP socket without copying
 * them, tcp(7). Returns false if the connection has ended. */
static bool
forget(int fd)
{
	ssize_t n = recv(fd, NULL, PIECE, MSG_TRUNC | MSG_DONTWAIT);

	if (n > 0)
		tally->received += (uint64_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Send what the system takes of one piece. Returns false if the connection has
 * ended. */
static bool
fire(const struct flood *f, struct gun *gun)
{
	size_t len = f->data->len - gun->at;
	ssize_t n;

	if (len > PIECE)
		len = PIECE;
	n = send(
	    gun->fd, f->data->data + gun->at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN;
	tally->sent += (uint64_t)n;
	gun->at = (gun->at + (size_t)n) % f->data->len;
	return true;
}

static void
serve_gun(const struct flood *f, struct gun *gun, uint32_t events, int epoll)
{
	bool open = true;

	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		open = forget(gun->fd);
	if (open && (events & EPOLLOUT) != 0)
		open = fire(f, gun);
	if (!open)
		end_gun(f, gun, epoll);
}

void
flood(const struct flood *f)
{
	struct gun *guns = calloc(f->connections, sizeof(*guns));
	struct epoll_event events[EVENTS_MAX];
	int epoll = epoll_create1(0);

	if (guns == NULL || epoll < 0)
		fail("out of memory");
	for (unsigned i = 0; i < f->connections; i++) {
		guns[i].n = i;
		open_gun(f, &guns[i], epoll);
	}
	begin();
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++)
			serve_gun(f, &guns[events[i].data.u32],
			    events[i].events, epoll);
	}
}

/* ---- crowds -------------------------------------------------------------- */

unsigned
members_max(unsigned wished)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= wished + SPARE)
		return wished;
	return limit.rlim_cur > 2 * SPARE ? (unsigned)limit.rlim_cur - SPARE
					  : SPARE;
}

/* Send a member's next request when the answer to the last one begins. The rest
 * of a long answer is not an answer. */
static bool
answer(const struct crowd *crowd, int fd, unsigned n)
{
	static const char good[] = "HTTP/1.1 200";
	static char input[PIECE];
	const struct octets *next = crowd->next(n);
	ssize_t len = recv(fd, input, sizeof(input), MSG_DONTWAIT);

	if (len <= 0)
		return len < 0 && errno == EAGAIN;
	tally->received += (uint64_t)len;
	if (len < (ssize_t)sizeof(good) ||
	    memcmp(input, good, sizeof(good) - 1) != 0)
		return true;
	return send(fd, next->data, next->len, MSG_NOSIGNAL) ==
	       (ssize_t)next->len;
}

static void
stand_by(const struct crowd *crowd, const int *fds, int epoll)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

	for (int i = 0; i < n; i++) {
		unsigned which = events[i].data.u32;
		int fd = fds[which];

		if (crowd->next != NULL ? answer(crowd, fd, which) : forget(fd))
			continue;
		(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		close(fd);
		tally->lost++;
	}
}

pid_t
gather(const struct crowd *crowd)
{
	pid_t pid;
	int *fds, epoll;

	tally->members = 0;
	pid = spawn();
	if (pid != 0) {
		while (tally->members < crowd->members) {
			if (tally->failed)
				exit(1);
			rest(1);
		}
		return pid;
	}
	fds = calloc(crowd->members, sizeof(*fds));
	epoll = epoll_create1(0);
	if (fds == NULL || epoll < 0)
		fail("out of memory");
	for (unsigned i = 0; i < crowd->members; i++) {
		fds[i] = dial(i);
		crowd->join(fds[i], i, crowd->arg);
		watch(epoll, fds[i], EPOLLIN, i);
		tally->members++;
	}
	for (;;)
		stand_by(crowd, fds, epoll);
}
