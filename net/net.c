/* net.c - sockets, clocks and randomness: all that is asked of the system. */
/* SPDX-License-Identifier: MIT */
/*
 * Above this file there is no errno and no sockaddr. Every call maps what can
 * happen to four cases: it worked, not now, this connection is over, or the
 * system has no more to give.
 */
#define _GNU_SOURCE /* accept4 on Linux and FreeBSD, prlimit on Linux */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#if defined(__linux__) && !defined(WS_PORTABLE)
#include <sys/random.h>
#include <sys/sendfile.h>
#endif

#include "address.h"
#include "base/digits.h"
#include "net.h"

/* Connections that wait to be accepted. The system cuts the number to a limit
 * of its own, 4096 on Linux since 5.4 (net.core.somaxconn). */
#define BACKLOG 4096

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: the process ignores SIGPIPE instead */
#endif

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

/* ---- what differs between systems -------------------------------------- */

/* With WS_PORTABLE the code for other systems is compiled on Linux, so that it
 * is tested. */

static int
make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

#if (defined(__linux__) || defined(__FreeBSD__)) && !defined(WS_PORTABLE)
static int
accept_nonblocking(int fd, struct sockaddr *address, socklen_t *len)
{
	return accept4(fd, address, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
#else
static int
accept_nonblocking(int fd, struct sockaddr *address, socklen_t *len)
{
	int taken = accept(fd, address, len);

	if (taken >= 0 && make_nonblocking(taken) < 0) {
		close(taken);
		errno = ECONNABORTED;
		return -1;
	}
	return taken;
}
#endif

/* Send octets of a file through a small buffer, which works everywhere and never
 * blocks on the socket. */
static ssize_t
copy_file(int fd, int file, uint64_t offset, size_t len)
{
	char part[65536];
	ssize_t n = pread(
	    file, part, len < sizeof(part) ? len : sizeof(part), (off_t)offset);

	return n > 0 ? send(fd, part, (size_t)n, MSG_NOSIGNAL) : n;
}

#if defined(__linux__) && !defined(WS_PORTABLE)
/* sendfile(2): EINVAL or ENOSYS when the file system cannot do it, as some in
 * user space; "applications may wish to fall back to read and write". */
static ssize_t
send_file(int fd, int file, uint64_t offset, size_t len)
{
	off_t at = (off_t)offset;
	ssize_t n = sendfile(fd, file, &at, len);

	if (n < 0 && (errno == EINVAL || errno == ENOSYS))
		return copy_file(fd, file, offset, len);
	return n;
}

/* The setrlimit of musl changes the limits of all threads, and would bring the
 * code for that into a static file. */
static void
limit_descriptors(const struct rlimit *limit)
{
	(void)prlimit(0, RLIMIT_NOFILE, limit, NULL);
}

int
ws_net_random(void *out, size_t len)
{
	uint8_t *at = out;
	ssize_t n;

	/* More than 256 octets may come in parts: getrandom(2). */
	for (; len > 0; at += n, len -= (size_t)n) {
		n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -1;
	}
	return 0;
}

void
ws_net_user_timeout(int fd, unsigned timeout_ms)
{
	int on = 1, seconds = (int)(timeout_ms / 1000);

	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (seconds > 0)
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
}
#else
/* The sendfile(2) of the BSDs differ from each other. */
static ssize_t
send_file(int fd, int file, uint64_t offset, size_t len)
{
	return copy_file(fd, file, offset, len);
}

static void
limit_descriptors(const struct rlimit *limit)
{
	(void)setrlimit(RLIMIT_NOFILE, limit);
}

int
ws_net_random(void *out, size_t len)
{
	arc4random_buf(out, len);
	return 0;
}

void
ws_net_user_timeout(int fd, unsigned timeout_ms)
{
	int on = 1;

#if defined(TCP_RXT_CONNDROPTIME) /* macOS, in seconds */
	int seconds = (int)(timeout_ms / 1000);

	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, &seconds, sizeof(seconds));
#else
	(void)timeout_ms; /* the system's own limits apply */
#endif
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}
#endif

/* ---- addresses --------------------------------------------------------- */

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

static void
peer_from(struct ws_peer *peer, const union address *from)
{
	memset(peer, 0, sizeof(*peer));
	switch (from->any.sa_family) {
	case AF_INET:
		memcpy(peer->ip, v4_prefix, sizeof(v4_prefix));
		memcpy(peer->ip + 12, &from->v4.sin_addr, 4);
		peer->port = ntohs(from->v4.sin_port);
		peer->family = 4;
		return;
	case AF_INET6:
		memcpy(peer->ip, &from->v6.sin6_addr, 16);
		peer->port = ntohs(from->v6.sin6_port);
		/* A dual-stack socket reports IPv4 peers as mapped ones. */
		peer->family = memcmp(peer->ip, v4_prefix, 12) == 0 ? 4 : 6;
		return;
	default:
		return;
	}
}

void
ws_net_local_text(int fd, char *text, size_t size)
{
	union address a;
	socklen_t len = sizeof(a);
	struct ws_peer peer;
	char ip[WS_PEER_TEXT];

	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.any, &len) < 0) {
		(void)snprintf(text, size, "?");
		return;
	}
	if (a.any.sa_family == AF_UNIX) {
		(void)snprintf(text, size, "unix:%.*s",
		    (int)sizeof(a.local.sun_path), a.local.sun_path);
		return;
	}
	peer_from(&peer, &a);
	ws_peer_text(&peer, ip);
	(void)snprintf(text, size, "%s", ip);
}

/* ---- listening --------------------------------------------------------- */

static int
refuse(char *error, int fd, const char *address, const char *why)
{
	(void)snprintf(
	    error, WS_NET_ERROR, "cannot listen on %.80s: %s", address, why);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Refuse an address that is wrong on every machine. */
static int
refuse_malformed(char *error, const char *address, const char *why)
{
	(void)refuse(error, -1, address, why);
	errno = EINVAL;
	return -1;
}

/* Whether a server listens at a unix socket's path. A connect that blocked
 * would wait for a server that is too busy to accept; this one gets EAGAIN. */
static bool
is_live(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool live;

	if (fd < 0)
		return true; /* cannot tell, so take nothing away */
	live = make_nonblocking(fd) < 0 ||
	       connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	       (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return live;
}

/* Cut ",mode=0660" off a unix socket's path. Returns false when it ends in
 * another option or a malformed mode. */
static bool
split_mode(char *path, mode_t *mode)
{
	static const char name[] = ",mode=";
	char *option = strrchr(path, ',');
	const char *digits;
	char *end;
	unsigned long value;

	if (option == NULL)
		return true;
	if (strncmp(option, name, strlen(name)) != 0)
		return false;
	digits = option + strlen(name);
	/* The first octet is checked, as strtoul skips white space and takes
	 * a sign. */
	value = strtoul(digits, &end, 8);
	if (*digits < '0' || *digits > '7' || *end != '\0' || value > 0777)
		return false;
	*option = '\0';
	*mode = (mode_t)value;
	return true;
}

static int
listen_unix(const char *address, char *error)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char path[sizeof(at.sun_path) + 16];
	mode_t mode = (mode_t)-1;
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s", address + 5) >=
	    (int)sizeof(path))
		return refuse_malformed(error, address, "the path is too long");
	if (!split_mode(path, &mode))
		return refuse_malformed(error, address,
		    "the only option is ,mode= with octal permissions");
	if (path[0] == '\0' || strlen(path) >= sizeof(at.sun_path))
		return refuse_malformed(
		    error, address, "the path is empty or too long");
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return refuse(error, -1, address,
			    "the file exists and is not a socket");
		if (is_live(&at))
			return refuse(error, -1, address,
			    "another server is listening there");
		(void)unlink(path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || make_nonblocking(fd) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return refuse(error, fd, address, strerror(errno));
	if ((mode != (mode_t)-1 && chmod(path, mode) < 0) ||
	    listen(fd, BACKLOG) < 0)
		return refuse(error, fd, address, strerror(errno));
	return fd;
}

/* Open one listening socket. Returns -1 with errno set. */
static int
listen_on(const union address *at)
{
	int on = 1, off = 0, saved;
	int fd = socket(at->any.sa_family, SOCK_STREAM, 0);
	socklen_t size = sizeof(at->v4);

	if (fd < 0)
		return -1;
	/* REUSEADDR only skips TIME_WAIT; it never takes a live port over. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->any.sa_family == AF_INET6) {
		size = sizeof(at->v6);
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	}
	/* Accepted sockets inherit it: one system call less for each. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (make_nonblocking(fd) == 0 && bind(fd, &at->any, size) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Split "HOST:PORT" or "[V6]:PORT"; host is "" for every address. */
static bool
split_address(const char *address, char *host, size_t host_size, uint16_t *port)
{
	const char *colon = strrchr(address, ':');
	size_t digits, len;
	uint64_t number;

	if (colon == NULL)
		return false;
	digits = ws_digits_read(colon + 1, strlen(colon + 1), &number);
	if (digits == 0 || colon[1 + digits] != '\0' || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	len = (size_t)(colon - address);
	if (len > 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL)
		return false;
	if (len >= host_size)
		return false;
	memcpy(host, address, len);
	host[len] = '\0';
	return true;
}

/* Turn a numeric host into an address. Names are not looked up: a server is
 * told where it stands, and a static program has no resolver to rely on. */
static bool
read_host(const char *host, uint16_t port, union address *at)
{
	memset(at, 0, sizeof(*at));
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &at->v4.sin_addr) == 1) {
		at->v4.sin_family = AF_INET;
		at->v4.sin_port = htons(port);
		return true;
	}
	at->v6.sin6_family = AF_INET6;
	at->v6.sin6_port = htons(port);
	return inet_pton(AF_INET6, host, &at->v6.sin6_addr) == 1;
}

static int
listen_tcp(const char *address, char *error)
{
	union address at;
	uint16_t port;
	char host[64];
	bool every;
	int fd;

	if (!split_address(address, host, sizeof(host), &port))
		return refuse_malformed(error, address,
		    "expected HOST:PORT, :PORT, [IPV6]:PORT or unix:PATH");
	every = host[0] == '\0';
	if (!read_host(every ? "::" : host, port, &at))
		return refuse_malformed(error, address,
		    "the host must be a numeric address or localhost");
	fd = listen_on(&at);
	/* One IPv6 socket serves both families. Where there is no IPv6, every
	 * address means every IPv4 address. */
	if (fd < 0 && every && errno != EADDRINUSE) {
		(void)read_host("0.0.0.0", port, &at);
		fd = listen_on(&at);
	}
	if (fd < 0)
		return refuse(error, -1, address,
		    errno == EADDRINUSE
			? "the port is in use by another program"
			: strerror(errno));
	return fd;
}

int
ws_net_listen(const char *address, char error[WS_NET_ERROR])
{
	errno = 0;
	if (strncmp(address, "unix:", 5) == 0)
		return listen_unix(address, error);
	return listen_tcp(address, error);
}

int
ws_net_adopt(int fd)
{
	int listening = 0, on = 1;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return -1;
	if (!listening) {
		errno = EINVAL;
		return -1;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return make_nonblocking(fd);
}

void
ws_net_unlisten(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.any, &len) == 0 && a.any.sa_family == AF_UNIX &&
	    a.local.sun_path[0] != '\0')
		(void)unlink(a.local.sun_path);
	close(fd);
}

/* ---- connections ------------------------------------------------------- */

int
ws_net_accept(int fd, struct ws_peer *peer)
{
	union address from;
	socklen_t len = sizeof(from);
	int taken;

	from.any.sa_family = AF_UNSPEC; /* unix peers may have no name */
	taken = accept_nonblocking(fd, &from.any, &len);
	if (taken >= 0) {
		peer_from(peer, &from);
		return taken;
	}
	switch (errno) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
		return WS_NET_AGAIN;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return WS_NET_FULL;
	default:
		/* ECONNABORTED, EINTR, and on Linux network errors that were
		 * pending on the new socket: accept(2), "Error handling". */
		return WS_NET_GONE;
	}
}

static ssize_t
moved(ssize_t n)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return WS_NET_AGAIN;
	return WS_NET_GONE;
}

ssize_t
ws_net_recv(int fd, void *buf, size_t size)
{
	return moved(recv(fd, buf, size, 0));
}

ssize_t
ws_net_send(int fd, const void *data, size_t len)
{
	return moved(send(fd, data, len, MSG_NOSIGNAL));
}

ssize_t
ws_net_sendv(int fd, const struct iovec *parts, int count)
{
	struct msghdr message = { 0 };

	/* msg_iov is not const in POSIX, though sendmsg only reads it. */
	memcpy(&message.msg_iov, &parts, sizeof(parts));
	message.msg_iovlen = (uint16_t)count; /* of type size_t, or int */
	return moved(sendmsg(fd, &message, MSG_NOSIGNAL));
}

ssize_t
ws_net_sendfile(int fd, int file, uint64_t offset, size_t len)
{
	return moved(send_file(fd, file, offset, len));
}

void
ws_net_shutdown(int fd)
{
	(void)shutdown(fd, SHUT_WR);
}

void
ws_net_close(int fd)
{
	close(fd);
}

/* ---- clocks and limits ------------------------------------------------- */

int64_t
ws_net_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
ws_net_unix_s(void)
{
	return (int64_t)time(NULL);
}

size_t
ws_net_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	/* RLIM_INFINITY becomes a number that an int can count to. */
	return limit.rlim_cur < 1u << 30 ? (size_t)limit.rlim_cur : 1u << 30;
}

size_t
ws_net_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		limit_descriptors(&limit);
	}
	return ws_net_descriptors();
}

int
ws_net_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
ws_net_ignore_sigpipe(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) < 0 ||
	    action.sa_handler != SIG_DFL)
		return;
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}
