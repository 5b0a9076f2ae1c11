/* faults.c - system calls of the server that fail when a test wants it. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

enum row {
	RECV,
	SEND,
	SENDMSG,
	SENDFILE,
	PREAD,
	ACCEPT,
	EPOLL_WAIT,
	EPOLL_CTL,
	EPOLL_CREATE,
	OPEN,
	OPENAT,
	OPENAT2,
	FSTAT,
	FSTATAT,
	FDOPENDIR,
	READDIR,
	CLOSE,
	SHUTDOWN,
	SOCKET,
	BIND,
	LISTEN,
	SETSOCKOPT,
	GETSOCKNAME,
	GETRANDOM,
	ROWS,
};

const struct faults_row faults_table[] = {
	[RECV] = { "recv", 2,
	    { EAGAIN, EINTR, ECONNRESET, ECONNREFUSED, ETIMEDOUT, ENOMEM,
		EHOSTUNREACH, EIO } },
	[SEND] = { "send", 2,
	    { EAGAIN, EINTR, ECONNRESET, EPIPE, ENOBUFS, ENOMEM, ETIMEDOUT } },
	[SENDMSG] = { "sendmsg", 2,
	    { EAGAIN, EINTR, ECONNRESET, EPIPE, ENOBUFS, ENOMEM, EMSGSIZE,
		ETIMEDOUT, EACCES } },
	[SENDFILE] = { "sendfile", 4,
	    { EAGAIN, EINTR, EINVAL, ENOSYS, EIO, ENOMEM, EOVERFLOW, ESPIPE,
		EPIPE, ECONNRESET } },
	[PREAD] = { "pread", 1, { EINTR, EIO, EISDIR, EAGAIN, EINVAL } },
	[ACCEPT] = { "accept", 3,
	    { EAGAIN, ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM,
		EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH,
		EOPNOTSUPP, ENETUNREACH } },
	[EPOLL_WAIT] = { "epoll_wait", 1, { EINTR } },
	[EPOLL_CTL] = { "epoll_ctl", 0, { ENOMEM, ENOSPC, EPERM } },
	[EPOLL_CREATE] = { "epoll_create1", 0, { EMFILE, ENFILE, ENOMEM } },
	[OPEN] = { "open", 0,
	    { EACCES, EINTR, EMFILE, ENFILE, ENOENT, ENOMEM, ELOOP, EIO } },
	[OPENAT] = { "openat", 0,
	    { EACCES, EINTR, EMFILE, ENFILE, ENOENT, ENOMEM, ELOOP, ENXIO, EIO,
		EOVERFLOW } },
	[OPENAT2] = { "openat2", 3,
	    { EAGAIN, EINTR, ENOSYS, EACCES, EMFILE, ENFILE, ENOENT, ENOMEM,
		ELOOP, EPERM, EXDEV, EIO, ENAMETOOLONG, ENOTDIR } },
	[FSTAT] = { "fstat", 0, { EIO, ENOMEM, EOVERFLOW } },
	[FSTATAT] = { "fstatat", 0, { EACCES, ENOENT, ENOMEM, EIO, ELOOP } },
	[FDOPENDIR] = { "fdopendir", 0, { ENOMEM, ENOTDIR } },
	[READDIR] = { "readdir", 0, { EIO, ENOENT, EBADF } },
	[CLOSE] = { "close", 3, { EINTR, EIO, ENOSPC } },
	[SHUTDOWN] = { "shutdown", 1, { ENOTCONN } },
	[SOCKET] = { "socket", 0,
	    { EACCES, EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM } },
	[BIND] = { "bind", 0,
	    { EACCES, EADDRINUSE, EADDRNOTAVAIL, ENOMEM, EROFS } },
	[LISTEN] = { "listen", 0, { EADDRINUSE, EOPNOTSUPP } },
	[SETSOCKOPT] = { "setsockopt", 2, { ENOPROTOOPT, ENOMEM } },
	[GETSOCKNAME] = { "getsockname", 0, { ENOBUFS } },
	[GETRANDOM] = { "getrandom", 1, { EINTR, ENOSYS } },
};
const size_t faults_rows = ROWS;

static struct {
	size_t row, nth, times, hits;
	int error, spared, accepted, ready;
	size_t calls[ROWS], moves;
	bool inside;
	struct timespec passed;
} faults = { .spared = -1 };

void
faults_arm(size_t row, int error, size_t nth, size_t times)
{
	faults.row = row;
	faults.error = error;
	faults.nth = nth;
	faults.times = times;
	faults.hits = 0;
	memset(faults.calls, 0, sizeof(faults.calls));
}

void
faults_disarm(void)
{
	faults.error = 0;
}

void
faults_enter(void)
{
	faults.inside = true;
}

void
faults_leave(void)
{
	faults.inside = false;
}

void
faults_spare(int fd)
{
	faults.spared = fd;
}

int
faults_accepted(void)
{
	return faults.accepted;
}

size_t
faults_calls(size_t row)
{
	return faults.calls[row];
}

size_t
faults_hits(void)
{
	return faults.hits;
}

size_t
faults_moves(void)
{
	return faults.moves;
}

int
faults_ready(void)
{
	return faults.ready;
}

void
faults_pass(int ms)
{
	faults.passed.tv_nsec += ms % 1000 * 1000000L;
	faults.passed.tv_sec += ms / 1000 + faults.passed.tv_nsec / 1000000000;
	faults.passed.tv_nsec %= 1000000000;
}

/* Decide whether a call fails. If so, errno is set. */
static bool
fails(enum row row, int fd)
{
	size_t nth;

	if (!faults.inside || (fd >= 0 && fd == faults.spared))
		return false;
	nth = ++faults.calls[row];
	if (faults.error == 0 || faults.row != row || nth < faults.nth ||
	    nth >= faults.nth + faults.times)
		return false;
	faults.hits++;
	errno = faults.error;
	return true;
}

/* Find the function of libc that stands behind one of these. */
static void
find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	memcpy(function, &found, sizeof(found));
}

#define REAL(type, name, ...)             \
	static type (*real)(__VA_ARGS__); \
	if (real == NULL)                 \
	find(#name, &real)

static ssize_t
moved(ssize_t n)
{
	if (faults.inside && n >= 0)
		faults.moves++;
	return n;
}

ssize_t
recv(int fd, void *buf, size_t size, int flags)
{
	REAL(ssize_t, recv, int, void *, size_t, int);
	return fails(RECV, fd) ? -1 : moved(real(fd, buf, size, flags));
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	REAL(ssize_t, send, int, const void *, size_t, int);
	return fails(SEND, fd) ? -1 : moved(real(fd, data, len, flags));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
	return fails(SENDMSG, fd) ? -1 : moved(real(fd, message, flags));
}

ssize_t
sendfile(int fd, int file, off_t *at, size_t len)
{
	REAL(ssize_t, sendfile, int, int, off_t *, size_t);
	return fails(SENDFILE, fd) ? -1 : moved(real(fd, file, at, len));
}

ssize_t
pread(int fd, void *buf, size_t size, off_t at)
{
	REAL(ssize_t, pread, int, void *, size_t, off_t);
	return fails(PREAD, fd) ? -1 : real(fd, buf, size, at);
}

static int
accepted(int fd)
{
	if (fd >= 0)
		faults.accepted = fd;
	return (int)moved(fd);
}

int
accept(int fd, struct sockaddr *address, socklen_t *len)
{
	REAL(int, accept, int, struct sockaddr *, socklen_t *);
	return fails(ACCEPT, fd) ? -1 : accepted(real(fd, address, len));
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	REAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
	return fails(ACCEPT, fd) ? -1 : accepted(real(fd, address, len, flags));
}

int
epoll_wait(int fd, struct epoll_event *events, int room, int timeout_ms)
{
	REAL(int, epoll_wait, int, struct epoll_event *, int, int);
	if (fails(EPOLL_WAIT, fd))
		return -1;
	faults.ready = real(fd, events, room, faults.inside ? 0 : timeout_ms);
	return faults.ready;
}

int
epoll_ctl(int fd, int operation, int of, struct epoll_event *event)
{
	REAL(int, epoll_ctl, int, int, int, struct epoll_event *);
	if (operation != EPOLL_CTL_DEL && fails(EPOLL_CTL, of))
		return -1;
	return (int)moved(real(fd, operation, of, event));
}

int
epoll_create1(int flags)
{
	REAL(int, epoll_create1, int);
	return fails(EPOLL_CREATE, -1) ? -1 : real(flags);
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	REAL(int, open, const char *, int, ...);
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return fails(OPEN, -1) ? -1 : real(path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	REAL(int, openat, int, const char *, int, ...);
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return fails(OPENAT, -1) ? -1 : real(dir, path, flags, mode);
}

/* What openat is with _FORTIFY_SOURCE, when its flags are no constant. */
int __openat64_2(int dir, const char *path, int flags);

int
__openat64_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

/* Only openat2(2) is called like this. */
long
syscall(long number, ...)
{
	long more[6];
	va_list args;

	REAL(long, syscall, long, ...);
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		more[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat2 && fails(OPENAT2, -1))
		return -1;
	return real(
	    number, more[0], more[1], more[2], more[3], more[4], more[5]);
}

int
fstat(int fd, struct stat *st)
{
	REAL(int, fstat, int, struct stat *);
	return fails(FSTAT, fd) ? -1 : real(fd, st);
}

int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	REAL(int, fstatat, int, const char *, struct stat *, int);
	return fails(FSTATAT, -1) ? -1 : real(dir, path, st, flags);
}

DIR *
fdopendir(int fd)
{
	REAL(DIR *, fdopendir, int);
	return fails(FDOPENDIR, fd) ? NULL : real(fd);
}

struct dirent *
readdir(DIR *dir)
{
	REAL(struct dirent *, readdir, DIR *);
	return fails(READDIR, -1) ? NULL : real(dir);
}

/* close(2): the descriptor is closed whatever the error. */
int
close(int fd)
{
	int result;

	REAL(int, close, int);
	result = (int)moved(real(fd));
	return fails(CLOSE, fd) ? -1 : result;
}

int
shutdown(int fd, int how)
{
	REAL(int, shutdown, int, int);
	return fails(SHUTDOWN, fd) ? -1 : (int)moved(real(fd, how));
}

int
socket(int domain, int type, int protocol)
{
	REAL(int, socket, int, int, int);
	return fails(SOCKET, -1) ? -1 : real(domain, type, protocol);
}

int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
	REAL(int, bind, int, const struct sockaddr *, socklen_t);
	return fails(BIND, fd) ? -1 : real(fd, address, len);
}

int
listen(int fd, int backlog)
{
	REAL(int, listen, int, int);
	return fails(LISTEN, fd) ? -1 : real(fd, backlog);
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	REAL(int, setsockopt, int, int, int, const void *, socklen_t);
	return fails(SETSOCKOPT, fd) ? -1 : real(fd, level, name, value, len);
}

int
getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	REAL(int, getsockname, int, struct sockaddr *, socklen_t *);
	return fails(GETSOCKNAME, fd) ? -1 : real(fd, address, len);
}

ssize_t
getrandom(void *out, size_t len, unsigned flags)
{
	REAL(ssize_t, getrandom, void *, size_t, unsigned);
	return fails(GETRANDOM, -1) ? -1 : real(out, len, flags);
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	static struct timespec began;

	REAL(int, clock_gettime, clockid_t, struct timespec *);
	if (!faults.inside || id != CLOCK_MONOTONIC)
		return real(id, now);
	if (began.tv_sec == 0)
		(void)real(id, &began);
	now->tv_sec = began.tv_sec + faults.passed.tv_sec;
	now->tv_nsec = began.tv_nsec + faults.passed.tv_nsec;
	now->tv_sec += now->tv_nsec / 1000000000;
	now->tv_nsec %= 1000000000;
	return 0;
}
