/* net_listen.c - listening sockets: TCP, unix, and those that are inherited. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "base/digits.h"
#include "net.h"
#include "socket.h"

/* Connections that wait to be accepted. The system cuts the number to a limit
 * of its own, 4096 on Linux since 5.4 (net.core.somaxconn). */
#define BACKLOG 4096

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
	live = ws_socket_nonblocking(fd) < 0 ||
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
	if (fd < 0 || ws_socket_nonblocking(fd) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return refuse(error, fd, address, strerror(errno));
	if ((mode != (mode_t)-1 && chmod(path, mode) < 0) ||
	    listen(fd, BACKLOG) < 0)
		return refuse(error, fd, address, strerror(errno));
	return fd;
}

/* Open one listening socket. Returns -1 with errno set. */
static int
listen_on(const union ws_sockaddr *at)
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
	if (ws_socket_nonblocking(fd) == 0 && bind(fd, &at->any, size) == 0 &&
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
read_host(const char *host, uint16_t port, union ws_sockaddr *at)
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
	union ws_sockaddr at;
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
	return ws_socket_nonblocking(fd);
}

void
ws_net_unlisten(int fd)
{
	union ws_sockaddr a;
	socklen_t len = sizeof(a);

	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.any, &len) == 0 && a.any.sa_family == AF_UNIX &&
	    a.local.sun_path[0] != '\0')
		(void)unlink(a.local.sun_path);
	close(fd);
}

void
ws_net_local_text(int fd, char *text, size_t size)
{
	union ws_sockaddr a;
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
	ws_socket_peer(&peer, &a);
	ws_peer_text(&peer, ip);
	(void)snprintf(text, size, "%s", ip);
}
