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
 * Empty segments ("//") are merged, since careless proxies make them.
 *
 * A directory is followed by its name: a deployment switches a link, or removes
 * the directory and makes it anew. Files that are being sent are open, so they
 * end as they began.
 *
 * A directory and a set of embedded files differ only in look_up. index.html,
 * precompressed siblings and entity-tags are the same for both.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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
	NOTE_SIZE = 512,
	/* Siblings that were told of and are remembered. With many more of
	 * them, some are told of again, as they would be after a restart. */
	NOTED = 64,
	/* Octets of a file on disk that is decompressed for those who do not
	 * accept gzip: 4 MiB take 10 ms. Of a larger one they get the gzip
	 * file. */
	INFLATED_MAX = 4 << 20,
	GZIP_LEAST = 18,    /* octets of the shortest gzip file, RFC 1952 */
	SUFFIX_OCTETS = 16, /* kept free for "/index.html" and ".br" */
	TAG_OCTETS = 34,    /* of an asset's: 128 bits in hexadecimal, quoted */
};

#if defined(__APPLE__)
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

struct ws_files {
	char *path;                /* owned; NULL when the files are embedded */
	char *absolute;            /* owned: where path leads, or NULL */
	struct ws_beneath beneath; /* dir is owned; -1: gone, or embedded */
	uint64_t device, inode;    /* of dir */
	int64_t checked_s;         /* when the name was followed last */
	const char *const *types;  /* borrowed, see ws_files_set_types */
	const char *cause;         /* static: why the last look-up failed */
	bool has_note;
	char note[NOTE_SIZE];
	uint64_t noted[NOTED];         /* what siblings were told of */
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

/* Mix a number into a hash: the finalizer of splitmix64, which changes half of
 * the bits for any change of one. */
static uint64_t
mix(uint64_t hash, uint64_t number)
{
	hash ^= number;
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

/* Identify the content of a file on disk. Neither the size nor the time of
 * modification does: package managers and reproducible builds give all files
 * one time. The time of change moves with every writing and cannot be set; the
 * inode is another one where a file was replaced. It is a hash, since nobody
 * needs to know these numbers. */
static uint64_t
identity(const struct ws_file *file)
{
	uint64_t hash = mix(file->device, file->inode);

	hash = mix(hash, (uint64_t)file->changed_s);
	hash = mix(hash, file->changed_ns);
	hash = mix(hash, (uint64_t)file->modified_s);
	hash = mix(hash, file->modified_ns);
	return mix(hash, file->octets);
}

/* Write a number in hexadecimal digits, at least one. Returns their end. */
static char *
put_hex(char *out, uint64_t number)
{
	int shift = 60;

	while (shift > 0 && number >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[number >> shift & 15];
	return out;
}

/* Make the entity-tag of a file on disk (RFC 9110 section 8.8.3):
 * "1a2b-9f86d081884c7d65", its size and its identity. The tag is as strong as
 * the file system's clock is fine: a file that is written twice to the same
 * size within one tick keeps its tag. */
static void
disk_tag(struct ws_file *file)
{
	char *out = file->etag;

	*out++ = '"';
	out = put_hex(out, file->octets);
	*out++ = '-';
	out = put_hex(out, identity(file));
	memcpy(out, "\"", 2);
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

static int
disk_look_up(struct ws_files *root, const char *name, struct ws_file *file)
{
	struct stat st;
	int fd;

	if (root->beneath.dir < 0)
		return WS_FILES_EGONE;
	fd = above_stdio(
	    ws_open_beneath(&root->beneath, name[0] == '/' ? name + 1 : "."));
	if (fd < 0) {
		note_cause(root, cause_of_errno(errno));
		return error_of_errno(errno);
	}
	if (fstat(fd, &st) != 0 ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		close(fd);
		note_cause(root, "it is no regular file");
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
	if (root->path != NULL)
		return disk_look_up(root, name, file);
	return embedded_look_up(root, name, file);
}

/* ---- from request path to name ------------------------------------------ */

/* A request path, decoded. */
struct local_path {
	char name[PATH_SIZE]; /* "/a/b", "" for the root itself */
	size_t len;
	bool slash;           /* it ended in '/' */
	bool only_compressed; /* there is no file of this very name */
	bool hidden;          /* a segment is, and the path ends there */
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
	p->hidden = segment_hidden(p, decoded, len);
	if (p->hidden || len > NAME_OCTETS ||
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
	p->slash = p->hidden = false;
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
		p->slash = segment.len == 0;
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

/* What a file's name says of its content. */
struct description {
	const char *type;
	const char *encoding; /* the name ends in a coding: "gzip", "br" */
};

static struct description
describe(const struct ws_files *root, const struct local_path *p)
{
	struct ws_span name = { p->name, p->len };
	struct description is;

	is.type = ws_files_type(name, root->types, &is.encoding);
	return is;
}

/* A type that is compressed already has no siblings. A file of unknown type may
 * have some: it may be a program's data. */
static bool
may_have_siblings(const struct description *is)
{
	return is->encoding == NULL &&
	       (ws_gzip_shrinks(is->type) ||
		   strcmp(is->type, "application/octet-stream") == 0);
}

/* The first is preferred when the client likes several equally. */
static const struct coding codings[] = {
	{ "br", ".br" },
	{ "gzip", ".gz" },
};

/* Tell the operator of a sibling that is not used, once. */
static void
note_sibling(struct ws_files *root, const struct local_path *p,
    const struct ws_file *sibling, const char *why)
{
	uint64_t id = identity(sibling);

	if (root->noted[id % NOTED] == id)
		return;
	root->noted[id % NOTED] = id;
	root->has_note = true;
	(void)snprintf(root->note, sizeof(root->note), "%.200s%.200s %s",
	    root->path != NULL ? root->path : "", p->name, why);
}

/* Read the length of what a gzip file was made of, modulo 2^32, from its last
 * octets (RFC 1952 section 2.3.1). Returns whether the file can be one. */
static bool
read_gzip_length(const struct ws_file *file, uint32_t *octets)
{
	uint8_t last[4];

	if (file->octets < GZIP_LEAST)
		return false;
	if (file->data != NULL)
		memcpy(last, file->data + file->octets - 4, sizeof(last));
	else if (ws_file_read(file, file->octets - 4, last, sizeof(last)) !=
		 (ssize_t)sizeof(last))
		return false;
	*octets = (uint32_t)last[0] | (uint32_t)last[1] << 8 |
		  (uint32_t)last[2] << 16 | (uint32_t)last[3] << 24;
	return true;
}

/* Compare two times. Returns a number below, equal to or above 0. */
static int
compare_times(int64_t a_s, uint32_t a_ns, int64_t b_s, uint32_t b_ns)
{
	if (a_s != b_s)
		return a_s < b_s ? -1 : 1;
	return a_ns < b_ns ? -1 : a_ns > b_ns;
}

/* Find out why a sibling cannot be used, if it is a file: an older one was
 * forgotten when the plain one was edited. Where all files have one time of
 * modification, the time of change tells which is older. A gzip file knows how
 * long its original was. Returns NULL when it can be used. */
static const char *
fault_of(const struct ws_file *sibling, const struct ws_file *plain,
    const char *suffix)
{
	int newer = compare_times(sibling->modified_s, sibling->modified_ns,
	    plain->modified_s, plain->modified_ns);
	uint32_t octets;

	if (newer == 0)
		newer = compare_times(sibling->changed_s, sibling->changed_ns,
		    plain->changed_s, plain->changed_ns);
	if (newer < 0)
		return "is older than the file beside it: not used";
	if (strcmp(suffix, ".gz") == 0 &&
	    (!read_gzip_length(sibling, &octets) ||
		octets != (uint32_t)plain->octets))
		return "was not made of the file beside it: not used";
	return NULL;
}

void
ws_file_tag_coding(struct ws_file *file, const char *coding)
{
	size_t quote = strlen(file->etag) - 1;

	(void)snprintf(
	    file->etag + quote, sizeof(file->etag) - quote, "-%s\"", coding);
}

/* Send a gzip file as it is, if the client wants gzip, or if it is too large to
 * be decompressed here. */
static void
prefer_gzip(struct ws_file *file, struct ws_span accept)
{
	bool large = file->fd > 0 && (file->octets > INFLATED_MAX ||
					 file->gzip_octets > INFLATED_MAX);

	if (file->gzip_octets == 0 || file->encoding != NULL ||
	    (!large && !ws_field_wants_gzip(accept)))
		return;
	file->octets = file->gzip_octets;
	file->gzip_octets = 0;
	file->encoding = "gzip";
	ws_file_tag_coding(file, "gzip");
}

/* Open a file whose name has a suffix behind that of another. Returns whether
 * it is there, and no directory. */
static bool
open_beside(struct ws_files *root, struct local_path *p, const char *suffix,
    struct ws_file *file)
{
	size_t len = p->len;
	int error;

	path_suffix(p, suffix);
	error = look_up(root, p->name, file);
	p->name[p->len = len] = '\0';
	if (error != 0)
		return false;
	if (!file->directory)
		return true;
	ws_file_close(file);
	return false;
}

/* Open the sibling with a coding. Returns whether there is a current one. */
static bool
find_sibling(struct ws_files *root, struct local_path *p,
    const struct coding *coding, const struct ws_file *plain,
    struct ws_file *sibling)
{
	const char *fault;

	if (!open_beside(root, p, coding->suffix, sibling))
		return false;
	/* Assets are made together. */
	fault = root->path != NULL ? fault_of(sibling, plain, coding->suffix)
				   : NULL;
	if (fault == NULL)
		return true;
	path_suffix(p, coding->suffix);
	note_sibling(root, p, sibling, fault);
	p->name[p->len -= strlen(coding->suffix)] = '\0';
	ws_file_close(sibling);
	return false;
}

/* Find a file of which there is only a compressed form. For a client that does
 * not accept gzip, that of gzip is its content. */
static int
find_compressed_only(struct ws_files *root, struct local_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct description is = describe(root, p);
	unsigned br = ws_field_accepts(accept, WS_SPAN("br"));
	uint32_t octets;

	if (!may_have_siblings(&is))
		return WS_FILES_ENOENT;
	p->only_compressed = true;
	if (br > 0 && br >= ws_field_accepts(accept, WS_SPAN("gzip")) &&
	    open_beside(root, p, ".br", file)) {
		file->encoding = "br";
		return 0;
	}
	if (open_beside(root, p, ".gz", file)) {
		if (read_gzip_length(file, &octets)) {
			file->gzip_octets = (size_t)file->octets;
			file->octets = octets;
			return 0;
		}
		ws_file_close(file);
	}
	if (br > 0 && open_beside(root, p, ".br", file)) {
		file->encoding = "br";
		return 0;
	}
	return WS_FILES_ENOENT;
}

/* Find a file, whole or compressed. */
static int
find_file(struct ws_files *root, struct local_path *p, struct ws_span accept,
    struct ws_file *file)
{
	int error = look_up(root, p->name, file);

	p->only_compressed = false;
	if (error == WS_FILES_ENOENT && p->len > 0)
		error = find_compressed_only(root, p, accept, file);
	return error;
}

/* Replace the plain file by the sibling that the client likes best, unless it
 * likes the plain one better. RFC 9110 section 12.5.3. */
static void
choose_sibling(struct ws_files *root, struct local_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct ws_file plain, sibling;
	unsigned best;

	if (accept.len == 0)
		return;
	plain = *file;
	best = ws_field_identity(accept);
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
	struct description is = describe(root, p);
	bool vary = file->gzip_octets > 0 || may_have_siblings(&is);

	if (p->only_compressed && file->encoding != NULL)
		ws_file_tag_coding(file, file->encoding);
	else if (vary && !p->only_compressed)
		choose_sibling(root, p, accept, file);
	prefer_gzip(file, accept);
	if (is.encoding != NULL)
		file->encoding = is.encoding;
	file->type = is.type;
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

struct ws_files *
ws_files_directory(const char *path)
{
	struct ws_files *root = root_new(-1);
	size_t len = strlen(path);

	if (root == NULL)
		return NULL;
	root->path = ws_mem_copy(path);
	errno = ENOMEM;
	while (root->path != NULL && len > 1 && path[len - 1] == '/')
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

/* ---- finding ------------------------------------------------------------ */

/* Find the index.html of a directory, or else the directory itself. */
static int
find_index(struct ws_files *root, struct local_path *p, struct ws_span accept,
    struct ws_file *file)
{
	size_t len = p->len;
	int error;

	path_suffix(p, "/index.html");
	error = find_file(root, p, accept, file);
	if (error == 0 && !file->directory)
		return 0;
	if (error != 0 && error != WS_FILES_ENOENT)
		return error;
	if (error == 0)
		ws_file_close(file);
	p->name[p->len = len] = '\0';
	p->only_compressed = false;
	error = look_up(root, p->name, file);
	if (error != 0 || file->directory)
		return error;
	ws_file_close(file); /* "/file.txt/" */
	return WS_FILES_ENOENT;
}

/* Find "/about.html" for "/about", as static exports of sites link to it.
 * Returns whether it is there; if not, the name is as before. */
static bool
find_html(struct ws_files *root, struct local_path *p, struct ws_span accept,
    struct ws_file *file)
{
	size_t len = p->len;

	path_suffix(p, ".html");
	if (find_file(root, p, accept, file) == 0) {
		if (!file->directory)
			return true;
		ws_file_close(file);
	}
	p->name[p->len = len] = '\0';
	p->only_compressed = false;
	return false;
}

/* Find a file by its name, or a directory that was asked for without slash. A
 * page beside a directory without index.html is preferred: exports have both
 * for a page with others below it. */
static int
find_named(struct ws_files *root, struct local_path *p, struct ws_span accept,
    struct ws_file *file)
{
	int error = find_file(root, p, accept, file);
	struct ws_file page;
	size_t len = p->len;
	bool has_index;

	if (p->len == 0)
		return error;
	if (error == WS_FILES_ENOENT)
		return find_html(root, p, accept, file) ? 0 : error;
	if (error != 0 || !file->directory)
		return error;
	path_suffix(p, "/index.html");
	has_index = look_up(root, p->name, &page) == 0;
	p->name[p->len = len] = '\0';
	if (has_index)
		ws_file_close(&page);
	else if (find_html(root, p, accept, &page)) {
		ws_file_close(file);
		*file = page;
	}
	return 0;
}

const char *
ws_files_cause(const struct ws_files *root)
{
	return root->cause;
}

int
ws_files_find(struct ws_files *root, struct ws_span path,
    struct ws_span accept_encoding, struct ws_file *file)
{
	struct local_path local;
	struct ws_file found;
	int error = path_parse(&local, path);

	root->cause =
	    local.hidden ? "it is hidden, as its name begins with a dot" : NULL;
	if (error == 0)
		error = local.slash
			    ? find_index(root, &local, accept_encoding, &found)
			    : find_named(root, &local, accept_encoding, &found);
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
	const char *encoding;

	take_asset(asset, modified_s, file);
	prefer_gzip(file, accept_encoding);
	file->type = ws_files_type(name, NULL, &encoding);
	file->vary = asset->plain_len > 0 || ws_gzip_shrinks(file->type);
}

void
ws_file_close(struct ws_file *file)
{
	if (file->fd > 0)
		close(file->fd);
	*file = (struct ws_file){ .fd = -1 };
}
