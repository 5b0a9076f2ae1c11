/* files_root.c - a document root: a directory on disk, or embedded files. */
/* SPDX-License-Identifier: MIT */
/*
 * A directory is followed by its name: a deployment switches a link, or removes
 * the directory and makes it anew. So the root compares, once a second, the
 * directory that it has open with the one that bears the name now:
 *
 *	 the same     nothing to do
 *	 another one  open it, and close the old one
 *	 none         close the old one; every path is 503 until there is one
 *
 * Files that are being sent are open, so they end as they began.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files_path.h"
#include "files_root.h"
#include "base/mem.h"
#include "http/gzip_cache.h"

enum {
	TAG_OCTETS = 34, /* of an asset's: 128 bits in hexadecimal, quoted */
};

#if defined(__APPLE__)
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

/* ---- one exact name on disk ---------------------------------------------- */

static int
error_of_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EXDEV: /* outside the root */
		return WS_FILES_ENOENT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EINTR:
	case EAGAIN: /* another process holds a lease on it */
		return WS_FILES_EBUSY;
	case EIO:
		return WS_FILES_EIO;
	default:
		return WS_FILES_EACCES;
	}
}

/* Replace descriptor 0, which is free when a program is started without
 * standard input, by a higher one: in struct ws_file, a descriptor of 0 would
 * be indistinguishable from a zeroed struct. */
static int
above_stdio(int fd)
{
	int higher;

	if (fd != 0)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return higher;
}

/* Why a name could not be opened, where a visitor is told less. */
static const char *
cause_of_errno(int error)
{
	switch (error) {
	case EXDEV:
		return "a link leads out of the directory that is served";
	case ELOOP:
		return "too many links";
	case EACCES:
	case EPERM:
		return "permission denied";
	default:
		return NULL;
	}
}

/* Keep the first cause: what is tried after it stands for the same file. */
static void
note_cause(struct ws_files *root, const char *cause)
{
	if (root->cause == NULL)
		root->cause = cause;
}

static const char no_regular_file[] = "it is no regular file";

/* Describe a descriptor, of which a failure to open it left errno.
 *   fd     closed on failure
 *   cause  receives why not, where a visitor is told less; or NULL
 * Returns 0 or an enum ws_files_error. */
static int
describe_open(int fd, struct ws_file *file, const char **cause)
{
	struct stat st;

	if (fd < 0) {
		*cause = cause_of_errno(errno);
		return error_of_errno(errno);
	}
	if (fstat(fd, &st) != 0 ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		close(fd);
		*cause = no_regular_file;
		return WS_FILES_EACCES;
	}
	*file = (struct ws_file){
		.fd = fd,
		.octets = (uint64_t)st.st_size,
		.modified_s = st.st_mtim.tv_sec,
		.modified_ns = (uint32_t)st.st_mtim.tv_nsec,
		.changed_s = st.st_ctim.tv_sec,
		.changed_ns = (uint32_t)st.st_ctim.tv_nsec,
		.device = (uint64_t)st.st_dev,
		.inode = (uint64_t)st.st_ino,
		.directory = S_ISDIR(st.st_mode),
	};
	ws_file_tag(file);
	return 0;
}

static int
disk_look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	const char *cause;
	int fd, error;

	if (root->beneath.dir < 0)
		return WS_FILES_EGONE;
	fd = above_stdio(
	    ws_open_beneath(&root->beneath, name[0] == '/' ? name + 1 : "."));
	error = describe_open(fd, file, &cause);
	if (error != 0)
		note_cause(root, cause);
	return error;
}

int
ws_files_named(const char *name, struct ws_file *file, const char **cause)
{
	const char *encoding;
	int error;

	*cause = NULL;
	error = describe_open(
	    above_stdio(open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)), file,
	    cause);
	if (error != 0)
		return error;
	if (file->directory) {
		ws_file_close(file);
		*cause = no_regular_file;
		return WS_FILES_EACCES;
	}
	file->type = ws_files_type(ws_span_of(name), NULL, &encoding);
	file->encoding = encoding;
	file->vary = encoding == NULL && ws_gzip_shrinks(file->type);
	return 0;
}

/* ---- one exact name among embedded files --------------------------------- */

/* Find the first asset whose path is not less than a name. */
static size_t
lower_bound(const struct ws_files *root, const char *name)
{
	size_t low = 0, high = root->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(root->assets[middle].path, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Find an embedded directory, which exists if there is a file in it. */
static int
embedded_directory(
    struct ws_files *root, const char *name, struct ws_file *file)
{
	char prefix[WS_FILES_PATH_SIZE + 1];
	size_t len = strlen(name), i;

	memcpy(prefix, name, len);
	memcpy(prefix + len++, "/", sizeof("/"));
	i = lower_bound(root, prefix);
	if (i == root->count || strncmp(root->assets[i].path, prefix, len) != 0)
		return WS_FILES_ENOENT;
	*file = (struct ws_file){
		.fd = -1,
		.modified_s = root->modified_s,
		.directory = true,
	};
	return 0;
}

void
ws_files_root_asset(
    const struct ws_asset *asset, int64_t modified_s, struct ws_file *file)
{
	bool is_gzip = asset->plain_len > 0;

	*file = (struct ws_file){
		.fd = -1,
		.data = asset->data,
		.octets = is_gzip ? asset->plain_len : asset->len,
		.gzip_octets = is_gzip ? asset->len : 0,
		.inode = (uintptr_t)asset->data,
		.modified_s = modified_s,
	};
	memcpy(file->etag, asset->etag, strlen(asset->etag) + 1);
}

static int
embedded_look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	size_t i = lower_bound(root, name);

	if (i == root->count || strcmp(root->assets[i].path, name) != 0)
		return embedded_directory(root, name, file);
	ws_files_root_asset(&root->assets[i], root->modified_s, file);
	return 0;
}

int
ws_files_look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	if (root->path != NULL)
		return disk_look_up(root, name, file);
	return embedded_look_up(root, name, file);
}

/* ---- roots -------------------------------------------------------------- */

static struct ws_files *
root_new(int dir)
{
	struct ws_files *root = ws_mem_resize(NULL, sizeof(*root));

	if (root == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	*root = (struct ws_files){ .beneath.dir = dir, .checked_s = INT64_MIN };
	return root;
}

/* Note what became of the root. */
static void
note_root(struct ws_files *root, const char *what)
{
	root->has_note = true;
	(void)snprintf(
	    root->note, sizeof(root->note), "%.400s: %s", root->path, what);
}

/* Let go of the directory. */
static void
close_root(struct ws_files *root)
{
	if (root->beneath.dir >= 0)
		close(root->beneath.dir);
	root->beneath.dir = -1;
	ws_mem_free(root->absolute);
	root->absolute = NULL;
}

/* Open the directory that bears the root's name now, in place of the one
 * before. Returns false with errno when that fails. */
static bool
open_root(struct ws_files *root)
{
	int dir = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char real[PATH_MAX];
	struct stat st;

	if (dir < 0)
		return false;
	if (fstat(dir, &st) != 0) {
		close(dir);
		return false;
	}
	close_root(root);
	root->beneath.dir = dir;
	root->device = (uint64_t)st.st_dev;
	root->inode = (uint64_t)st.st_ino;
	/* Without it, no absolute link is followed. */
	if (realpath(root->path, real) != NULL)
		root->absolute =
		    ws_mem_copy(strcmp(real, "/") != 0 ? real : "");
	root->beneath.names[0] = root->absolute;
	root->beneath.names[1] = root->path[0] == '/' ? root->path : NULL;
	return true;
}

/* Find the name of the working directory: that by which a shell went there, if
 * it still leads there, since a link in it may be switched; or else the real
 * one. POSIX.1-2017, pwd, option -L. Returns NULL when there is none. */
static const char *
working_directory(char *real, size_t size)
{
	const char *name = getenv("PWD");
	struct stat here, there;

	if (name != NULL && name[0] == '/' && stat(name, &there) == 0 &&
	    stat(".", &here) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino)
		return name;
	return getcwd(real, size);
}

/* Copy the name of a root. A relative one gets the working directory before it:
 * a process stays in a directory that was removed, but its name may be that of
 * a new one. Returns NULL when out of memory. */
static char *
copy_name(const char *path)
{
	char real[PATH_MAX], joined[PATH_MAX];
	const char *here = NULL;
	int len = 0;

	if (path[0] != '/')
		here = working_directory(real, sizeof(real));
	while (here != NULL && path[0] == '.' &&
	       (path[1] == '/' || path[1] == '\0'))
		path += path[1] == '/' ? 2 : 1;
	if (here != NULL)
		len = snprintf(joined, sizeof(joined), "%s/%s", here, path);
	if (len <= 0 || (size_t)len >= sizeof(joined))
		return ws_mem_copy(path);
	return ws_mem_copy(joined);
}

struct ws_files *
ws_files_directory(const char *path)
{
	struct ws_files *root = root_new(-1);
	size_t len;

	if (root == NULL)
		return NULL;
	root->path = copy_name(path);
	errno = ENOMEM;
	len = root->path != NULL ? strlen(root->path) : 0;
	while (len > 1 && root->path[len - 1] == '/')
		root->path[--len] = '\0';
	if (root->path != NULL && open_root(root))
		return root;
	len = (size_t)errno;
	ws_files_free(root);
	errno = (int)len;
	return NULL;
}

void
ws_files_refresh(struct ws_files *root, int64_t now_s)
{
	bool was_there = root->beneath.dir >= 0;
	struct stat st;

	if (root->path == NULL || root->checked_s == now_s)
		return;
	root->checked_s = now_s;
	if (stat(root->path, &st) == 0) {
		if (was_there && root->device == (uint64_t)st.st_dev &&
		    root->inode == (uint64_t)st.st_ino)
			return;
		/* Without a descriptor the old one stays: it is asked again. */
		if (open_root(root)) {
			if (!was_there)
				note_root(root, "it is there again");
			return;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			return;
	}
	if (!was_there)
		return;
	note_root(root, strerror(errno));
	close_root(root);
}

bool
ws_files_is_there(const struct ws_files *root)
{
	return root->path == NULL || root->beneath.dir >= 0;
}

const char *
ws_files_note(struct ws_files *root)
{
	if (!root->has_note)
		return NULL;
	root->has_note = false;
	return root->note;
}

void
ws_files_set_types(struct ws_files *root, const char *const *types)
{
	root->types = types;
}

/* RFC 9110 section 8.8.3: quoted, and short enough for tag_coding. */
static bool
tag_is_usable(const char *tag)
{
	size_t len = strlen(tag);

	return len >= 2 && len <= TAG_OCTETS && tag[0] == '"' &&
	       tag[len - 1] == '"';
}

static bool
assets_are_usable(const struct ws_asset *assets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (assets[i].path[0] != '/' || !tag_is_usable(assets[i].etag))
			return false;
		if (i > 0 && strcmp(assets[i - 1].path, assets[i].path) >= 0)
			return false;
	}
	return true;
}

struct ws_files *
ws_files_embedded(
    const struct ws_asset *assets, size_t count, int64_t modified_s)
{
	struct ws_files *root;

	if (!assets_are_usable(assets, count)) {
		errno = EINVAL;
		return NULL;
	}
	root = root_new(-1);
	if (root == NULL)
		return NULL;
	root->assets = assets;
	root->count = count;
	root->modified_s = modified_s;
	return root;
}

void
ws_files_walk(struct ws_files *root)
{
	root->beneath.walking = true;
}

void
ws_files_free(struct ws_files *root)
{
	if (root == NULL)
		return;
	close_root(root);
	ws_mem_free(root->path);
	ws_mem_free(root);
}

const char *
ws_files_cause(const struct ws_files *root)
{
	return root->cause;
}
