/* net.c - connections: accepting them, and moving octets. */
/* SPDX-License-Identifier: MIT */
/*
 * Above this file there is no errno and no sockaddr. Every call maps what can
 * happen to four cases:
 *
 *	 it worked                            the result, 0 or above
 *	 not now: wait for readiness          WS_NET_AGAIN   EAGAIN, EINTR
 *	 this connection is over              WS_NET_GONE    EPIPE, ECONNRESET, ...
 *	 the system has no more to give       WS_NET_FULL    EMFILE, ENOBUFS, ...
 */
#define _GNU_SOURCE /* accept4 on Linux and FreeBSD */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__) && !defined(WS_PORTABLE)
#include <sys/sendfile.h>
#endif

#include "net.h"
#include "socket.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: the process ignores SIGPIPE instead */
#endif

/* ---- what differs between systems -------------------------------------- */

/* With WS_PORTABLE the code for other systems is compiled on Linux, so that it
 * is tested. */

int
ws_socket_nonblocking(int fd)
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

	if (taken >= 0 && ws_socket_nonblocking(taken) < 0) {
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

/* ---- connections ------------------------------------------------------- */

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

void
ws_socket_peer(struct ws_peer *peer, const union ws_sockaddr *from)
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

int
ws_net_accept(int fd, struct ws_peer *peer)
{
	union ws_sockaddr from;
	socklen_t len = sizeof(from);
	int taken;

	from.any.sa_family = AF_UNSPEC; /* unix peers may have no name */
	taken = accept_nonblocking(fd, &from.any, &len);
	if (taken >= 0) {
		ws_socket_peer(peer, &from);
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
ws_net_read(int fd, void *buf, size_t size)
{
	return moved(read(fd, buf, size));
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
