/* files.c - from a request path to an open file under one root. */
/* SPDX-License-Identifier: MIT */

/*
 * A request path is the most attacked input of a web server. Three steps keep
 * it harmless, each of which would stop most attacks alone:
 *
 *   "/a%2Eb/../c"   1. cut at '/' BEFORE decoding (RFC 3986 section 2.4), so
 *                      that %2F can never make a new segment
 *   "a.b"           2. decode each segment once and look at the result: no
 *                      dot segment, no control octet, no '/' or '\', nothing
 *                      hidden
 *   open_beneath    3. open it so that nothing above the root can be reached,
 *                      whatever symbolic links stand in the way and whoever
 *                      moves directories around meanwhile: open_beneath.c
 *
 * The result is a name, no octet of which has a meaning here. Overlong or
 * broken UTF-8 is simply the name of a file that does not exist.
 *
 * An empty segment ("//") is refused rather than collapsed: so every file has
 * one path only, and a path never looks like "//host".
 *
 * A directory and a set of embedded files differ only in look_up. index.html,
 * precompressed siblings and entity-tags are the same for both.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "open_beneath.h"
#include "base/bytes.h"
#include "http/gzip_cache.h"
#include "http/field.h"
#include "files.h"
#include "base/mem.h"
#include "base/url.h"

enum {
	NAME_OCTETS = 255, /* of one segment, decoded: NAME_MAX of Linux */
	PATH_SIZE = WS_OPEN_BENEATH_PATH_SIZE, /* under the root */
	SUFFIX_OCTETS = 16, /* kept free for "/index.html" and ".br" */
	TAG_OCTETS = 34,    /* of an asset's: 128 bits in hexadecimal, quoted */
};

#if defined(__APPLE__)
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

struct ws_files {
	int dir;   /* owned; -1 when the files are embedded */
	bool walk; /* the kernel cannot help */
	const struct ws_asset *assets; /* borrowed */
	size_t count;
	int64_t modified_s; /* of all assets */
};

/* ---- looking up one exact name ------------------------------------------ */

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

/* Make the entity-tag of a file on disk (RFC 9110 section 8.8.3) from its size
 * and time of modification: "1a2b-65f0c3d1.5f5e100". Copies of one release on
 * several machines share both, but not the inode number; and a hash would mean
 * reading the content. The tag is as strong as the file system's clock is fine:
 * a file that is written twice to the same size within one tick keeps its
 * tag. */
static void
disk_tag(struct ws_file *file)
{
	(void)snprintf(file->etag, sizeof(file->etag),
	    "\"%" PRIx64 "-%" PRIx64 ".%" PRIx32 "\"", file->octets,
	    (uint64_t)file->modified_s, file->modified_ns);
}

static int
disk_look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	struct stat st;
	int fd = above_stdio(ws_open_beneath(
	    root->dir, name[0] == '/' ? name + 1 : ".", &root->walk));

	if (fd < 0)
		return error_of_errno(errno);
	if (fstat(fd, &st) != 0 ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		close(fd);
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
	disk_tag(file);
	return 0;
}

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
	char prefix[PATH_SIZE + 1];
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

static void
take_asset(
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
	take_asset(&root->assets[i], root->modified_s, file);
	return 0;
}

/* Find a file by its exact name: "" is the root, any other begins with '/'.
 * Does not set type and coding. */
static int
look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	if (root->dir >= 0)
		return disk_look_up(root, name, file);
	return embedded_look_up(root, name, file);
}

/* ---- from request path to name ------------------------------------------ */

/* A request path, decoded. */
struct local_path {
	char name[PATH_SIZE]; /* "/a/b", "" for the root itself */
	size_t len;
	bool slash; /* it ended in '/' */
};

static bool
segment_allowed(const char *segment, size_t len)
{
	if (segment[0] == '.' && (len == 1 || (len == 2 && segment[1] == '.')))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)segment[i];

		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return true;
}

/* Dot files are private, except for /.well-known/ (RFC 8615 section 3). */
static bool
segment_hidden(const struct local_path *p, const char *segment, size_t len)
{
	struct ws_span name = { segment, len };

	if (segment[0] != '.')
		return false;
	return p->len > 0 || !ws_span_equal(name, WS_SPAN(".well-known"));
}

static int
path_append(struct local_path *p, struct ws_span segment)
{
	char decoded[3 * NAME_OCTETS];
	ssize_t n;
	size_t len;

	if (segment.len > sizeof(decoded))
		return WS_FILES_ENOENT;
	n = ws_url_decode(segment, decoded, sizeof(decoded), 0);
	if (n <= 0)
		return WS_FILES_EPATH;
	len = (size_t)n;
	if (!segment_allowed(decoded, len))
		return WS_FILES_EPATH;
	if (segment_hidden(p, decoded, len) || len > NAME_OCTETS ||
	    len + 1 > PATH_SIZE - SUFFIX_OCTETS - p->len)
		return WS_FILES_ENOENT;
	p->name[p->len++] = '/';
	memcpy(p->name + p->len, decoded, len);
	p->len += len;
	return 0;
}

static int
path_parse(struct local_path *p, struct ws_span path)
{
	p->len = 0;
	p->slash = false;
	if (path.len == 0 || path.at[0] != '/')
		return WS_FILES_EPATH;
	while (path.len > 0) {
		struct ws_span segment = { path.at + 1, 0 };
		int error;

		while (segment.len < path.len - 1 &&
		       segment.at[segment.len] != '/')
			segment.len++;
		path.at += segment.len + 1;
		path.len -= segment.len + 1;
		p->slash = segment.len == 0 && path.len == 0;
		error = p->slash ? 0 : path_append(p, segment);
		if (error != 0)
			return error;
	}
	p->name[p->len] = '\0';
	return 0;
}

/* Append to the name, which has SUFFIX_OCTETS of room for that. */
static void
path_suffix(struct local_path *p, const char *suffix)
{
	size_t len = strlen(suffix);

	memcpy(p->name + p->len, suffix, len + 1);
	p->len += len;
}

/* ---- choosing a coding -------------------------------------------------- */

struct coding {
	const char *name, *suffix;
};

/* A type that is compressed already has no siblings. A file of unknown type may
 * have some: it may be a program's data. */
static bool
may_have_siblings(const char *type)
{
	return ws_gzip_shrinks(type) ||
	       strcmp(type, "application/octet-stream") == 0;
}

/* The first is preferred when the client likes several equally. */
static const struct coding codings[] = {
	{ "br", ".br" },
	{ "gzip", ".gz" },
};

/* A sibling is usable if it is a file and not older than the plain one: an
 * older one was forgotten when the plain one was edited. */
static bool
is_current(const struct ws_file *sibling, const struct ws_file *plain)
{
	if (sibling->directory)
		return false;
	if (sibling->modified_s != plain->modified_s)
		return sibling->modified_s > plain->modified_s;
	return sibling->modified_ns >= plain->modified_ns;
}

void
ws_file_tag_coding(struct ws_file *file, const char *coding)
{
	size_t quote = strlen(file->etag) - 1;

	(void)snprintf(
	    file->etag + quote, sizeof(file->etag) - quote, "-%s\"", coding);
}

/* Send an asset that is a gzip file as it is, if the client wants gzip. */
static void
prefer_gzip(struct ws_file *file, struct ws_span accept)
{
	if (file->gzip_octets == 0 || file->encoding != NULL ||
	    !ws_field_wants_gzip(accept))
		return;
	file->octets = file->gzip_octets;
	file->gzip_octets = 0;
	file->encoding = "gzip";
	ws_file_tag_coding(file, "gzip");
}

/* Open the sibling with a coding. Returns whether there is a current one. */
static bool
find_sibling(struct ws_files *root, struct local_path *p,
    const struct coding *coding, const struct ws_file *plain,
    struct ws_file *sibling)
{
	size_t len = p->len;
	int error;

	path_suffix(p, coding->suffix);
	error = look_up(root, p->name, sibling);
	p->len = len;
	if (error != 0)
		return false;
	if (is_current(sibling, plain))
		return true;
	ws_file_close(sibling);
	return false;
}

/* Replace the plain file by the sibling that the client likes best, unless it
 * likes the plain one better. RFC 9110 section 12.5.3. */
static void
choose_sibling(struct ws_files *root, struct local_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct ws_file plain = *file, sibling;
	unsigned best = ws_field_identity(accept);

	for (size_t i = 0; i < WS_LEN(codings); i++) {
		const struct coding *coding = &codings[i];
		struct ws_span name = ws_span_of(coding->name);
		unsigned q = ws_field_accepts(accept, name);

		if (q == 0 || q < best || (q == best && file->encoding) ||
		    !find_sibling(root, p, coding, &plain, &sibling))
			continue;
		best = q;
		ws_file_close(file);
		*file = sibling;
		file->encoding = coding->name;
		ws_file_tag_coding(file, coding->name);
	}
}

/* Choose among the representations of a file, and describe the chosen one. */
static void
represent(struct ws_files *root, struct local_path *p, struct ws_span accept,
    struct ws_file *file)
{
	const char *type = ws_files_type((struct ws_span){ p->name, p->len });
	bool vary = file->gzip_octets > 0 || may_have_siblings(type);

	if (vary)
		choose_sibling(root, p, accept, file);
	prefer_gzip(file, accept);
	file->type = type;
	file->vary = vary;
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
	*root = (struct ws_files){ .dir = dir };
	return root;
}

struct ws_files *
ws_files_directory(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ws_files *root;

	if (dir < 0)
		return NULL;
	root = root_new(dir);
	if (root == NULL) {
		close(dir);
		errno = ENOMEM;
	}
	return root;
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
	root->walk = true;
}

void
ws_files_free(struct ws_files *root)
{
	if (root == NULL)
		return;
	if (root->dir >= 0)
		close(root->dir);
	ws_mem_free(root);
}

/* ---- finding ------------------------------------------------------------ */

/* Find the index.html of a directory, or else the directory itself. */
static int
find_index(struct ws_files *root, struct local_path *p, struct ws_file *file)
{
	size_t len = p->len;
	int error;

	path_suffix(p, "/index.html");
	error = look_up(root, p->name, file);
	if (error == 0 && !file->directory)
		return 0;
	if (error != 0 && error != WS_FILES_ENOENT)
		return error;
	if (error == 0)
		ws_file_close(file);
	p->name[p->len = len] = '\0';
	error = look_up(root, p->name, file);
	if (error != 0 || file->directory)
		return error;
	ws_file_close(file); /* "/file.txt/" */
	return WS_FILES_ENOENT;
}

int
ws_files_find(struct ws_files *root, struct ws_span path,
    struct ws_span accept_encoding, struct ws_file *file)
{
	struct local_path local;
	struct ws_file found;
	int error = path_parse(&local, path);

	if (error == 0)
		error = local.slash ? find_index(root, &local, &found)
				    : look_up(root, local.name, &found);
	if (error != 0)
		return error;
	if (!found.directory)
		represent(root, &local, accept_encoding, &found);
	else if (!local.slash) {
		ws_file_close(&found);
		found.directory = true;
	}
	*file = found;
	return 0;
}

ssize_t
ws_file_read(
    const struct ws_file *file, uint64_t first, void *out, size_t octets)
{
	size_t have = 0;
	ssize_t n = 1;

	while (have < octets && n > 0) {
		n = pread(file->fd, (char *)out + have, octets - have,
		    (off_t)(first + have));
		if (n > 0)
			have += (size_t)n;
	}
	return n < 0 ? -1 : (ssize_t)have;
}

void
ws_files_asset(const struct ws_asset *asset, int64_t modified_s,
    struct ws_span accept_encoding, struct ws_file *file)
{
	struct ws_span name = ws_span_of(asset->path);

	take_asset(asset, modified_s, file);
	prefer_gzip(file, accept_encoding);
	file->type = ws_files_type(name);
	file->vary = asset->plain_len > 0 || ws_gzip_shrinks(file->type);
}

void
ws_file_close(struct ws_file *file)
{
	if (file->fd > 0)
		close(file->fd);
	*file = (struct ws_file){ .fd = -1 };
}
