/* open_beneath.c - open a file that cannot be outside of a directory. */
/* SPDX-License-Identifier: MIT */

/*
 * A name like "a/b" can lead anywhere when "a" is a symbolic link. A check
 * before opening does not help, because the link can be made in between. So
 * opening must be the check.
 *
 * Linux has openat2(2) with RESOLVE_BENEATH and FreeBSD openat(2) with
 * O_RESOLVE_BENEATH: the kernel resolves the name and fails as soon as it
 * leaves the directory. Elsewhere, on old kernels, and in a sandbox that
 * forbids the call, we walk with what POSIX has:
 *
 *   open one name at a time in the directory opened before, never following
 *   a link
 *      |
 *      +- it is a link: put its target into the path, and begin again
 *      +- it is "..":   take it out with the name before it, and begin again;
 *      |                nothing before it: outside
 *      `- it is open:   go on from there
 *
 * For example, with a link "b" to "../c", a request for "a/b/d":
 *
 *	round 1   open a; b is a link     the path becomes a/../c/d
 *	round 2   open a; ".."            the path becomes c/d
 *	round 3   open c; open d          done
 *
 * Beginning again is slow and simple: nothing has to be undone, and each round
 * trusts only what it opened itself.
 *
 * For the kernels an absolute target is outside even when it points back in.
 * People make such links, so what they refuse is walked: a target that begins
 * with a name of the directory is cut there, and the rest of it is a path that
 * begins anew in the directory, as trusted as any.
 */

/* syscall(2), O_PATH and O_LARGEFILE on Linux; BSD shows all anyway. */
#define _GNU_SOURCE

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "open_beneath.h"
#include "base/bytes.h"

enum {
	NAME_OCTETS = 255, /* of one name on the way */
	PATH_SIZE = WS_OPEN_BENEATH_PATH_SIZE,
	ROUNDS_MAX =
	    40, /* as many links as Linux follows: path_resolution(7) */

	/* Opening a FIFO must not block; a terminal must not become the
	 * controlling terminal of this process. */
	OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
};

/* ---- portability: what the kernel can do -------------------------------- */

#if defined(__linux__) && !defined(WS_PORTABLE)
#include <sys/syscall.h>
#endif

#if defined(SYS_openat2)

/* The structure and the RESOLVE_ constants are part of the system call and
 * cannot change; the header that has them is missing in many places. */
static int
kernel_open(int dir, const char *name)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {
		.flags = (unsigned)OPEN_FLAGS | (unsigned)O_LARGEFILE,
		.resolve = 0x08 | 0x02, /* _BENEATH, _NO_MAGICLINKS */
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

#elif defined(O_RESOLVE_BENEATH) && defined(ENOTCAPABLE)

static int
kernel_open(int dir, const char *name)
{
	int fd = openat(dir, name, OPEN_FLAGS | O_RESOLVE_BENEATH);

	if (fd < 0 && errno == ENOTCAPABLE)
		errno = EXDEV;
	return fd;
}

#else

static int
kernel_open(int dir, const char *name)
{
	(void)dir, (void)name;
	errno = ENOSYS;
	return -1;
}

#endif

/* To pass through a directory, the right to search it is enough. */
#if defined(O_SEARCH)
#define PASS_ACCESS O_SEARCH
#elif defined(O_PATH)
#define PASS_ACCESS O_PATH
#else
#define PASS_ACCESS O_RDONLY
#endif
enum {
	PASS_FLAGS = PASS_ACCESS | O_DIRECTORY | O_CLOEXEC
};

/* ---- walking ------------------------------------------------------------ */

enum {
	WALK_AGAIN = -2, /* the path was rewritten */
};

/* Drop empty and "." names, which link targets may bring in. */
static void
tidy(char *path)
{
	char *out = path;

	for (const char *at = path; *at != '\0';) {
		size_t n = strcspn(at, "/");
		bool skip = n == 0 || (n == 1 && at[0] == '.');

		if (!skip) {
			if (out != path)
				*out++ = '/';
			memmove(out, at, n);
			out += n;
		}
		at += n;
		at += *at == '/';
	}
	*out = '\0';
}

/* Take the ".." at a place out of the path, together with the name before it,
 * which was opened in this round and so is not a link. */
static int
walk_up(char *path, const char *at)
{
	char *parent = path + (at - path);

	if (at == path) {
		errno = EXDEV;
		return -1;
	}
	parent--; /* the slash */
	while (parent > path && parent[-1] != '/')
		parent--;
	at += 2;
	memmove(parent, at, strlen(at) + 1);
	tidy(path);
	return WALK_AGAIN;
}

/* Find the part of an absolute target that is behind a name of the root.
 * Returns NULL when it has none of them. */
static const char *
behind_root(const struct ws_beneath *root, const char *target)
{
	for (size_t i = 0; i < WS_LEN(root->names); i++) {
		const char *name = root->names[i];
		size_t len = name != NULL ? strlen(name) : 0;

		if (name != NULL && strncmp(target, name, len) == 0 &&
		    (target[len] == '/' || target[len] == '\0'))
			return target + len;
	}
	return NULL;
}

/* Replace a name that could not be opened by its target, if it is a link. If it
 * is not, keep the errno of opening it. */
static int
walk_link(const struct ws_beneath *root, int dir, const char *name, char *path,
    const char *at)
{
	char target[PATH_SIZE], joined[PATH_SIZE];
	const char *rest = target;
	int open_errno = errno, before = (int)(at - path);
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	int len;

	errno = open_errno;
	if (n < 0)
		return -1;
	target[n] = '\0';
	errno = EXDEV;
	if (target[0] == '/') {
		rest = behind_root(root, target);
		before = 0;
	}
	if (rest == NULL)
		return -1;
	len = snprintf(joined, sizeof(joined), "%.*s%s/%s", before, path, rest,
	    at + strlen(name));
	errno = ENAMETOOLONG;
	if (len < 0 || (size_t)len >= sizeof(joined))
		return -1;
	memcpy(path, joined, (size_t)len + 1);
	tidy(path);
	return WALK_AGAIN;
}

/* Walk one step from dir: open the name at a place of the path.
 * Returns a descriptor, -1 with errno, or WALK_AGAIN. */
static int
walk_step(const struct ws_beneath *root, int dir, char *path, const char *at,
    size_t n)
{
	char name[NAME_OCTETS + 1];
	bool last = at[n] == '\0';
	int fd;

	if (n > NAME_OCTETS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, at, n);
	name[n] = '\0';
	if (strcmp(name, "..") == 0)
		return walk_up(path, at);
	fd = openat(dir, n > 0 ? name : ".",
	    (last ? OPEN_FLAGS : PASS_FLAGS) | O_NOFOLLOW);
	return fd >= 0 ? fd : walk_link(root, dir, name, path, at);
}

static int
walk_once(const struct ws_beneath *root, char *path)
{
	const char *at = path;
	int dir = root->dir;

	for (;;) {
		size_t n = strcspn(at, "/");
		bool last = at[n] == '\0';
		int fd = walk_step(root, dir, path, at, n);
		int step_errno = errno;

		if (dir != root->dir)
			close(dir);
		errno = step_errno;
		if (fd < 0 || last)
			return fd;
		dir = fd;
		at += n + 1;
	}
}

/* Open a name beneath the root without the kernel's help.
 * Returns a descriptor, or -1 with errno; EXDEV when it leads out. */
static int
walk(const struct ws_beneath *root, const char *name)
{
	char path[PATH_SIZE];

	memcpy(path, name, strlen(name) + 1);
	tidy(path);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		int fd = walk_once(root, path);

		if (fd != WALK_AGAIN)
			return fd;
	}
	errno = ELOOP;
	return -1;
}

int
ws_open_beneath(struct ws_beneath *root, const char *name)
{
	int fd;

	if (root->walking)
		return walk(root, name);
	do
		fd = kernel_open(root->dir, name);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	/* openat2(2): EAGAIN when a directory was moved meanwhile. It says
	 * EXDEV of all absolute links. */
	if (errno == EAGAIN || (errno == EXDEV && root->names[0] != NULL))
		return walk(root, name);
	if (errno != ENOSYS && errno != EPERM)
		return -1;
	root->walking = true; /* do not ask this kernel again */
	return walk(root, name);
}
