/* bundle.c - the client for browsers, served below the path of the server. */
/* SPDX-License-Identifier: MIT */
/*
 * A page says <script src="/socket.io/socket.io.js">, so that the client fits
 * the server that it comes from. The official client has several builds, each
 * with a name of its own. The built-in client is one file, which is served
 * under the names of the scripts; as a module it has an export at its end. The
 * application may serve a directory of official builds instead, each under its
 * own name, or one script. What is not there is 404: a script in place of a
 * module would load, and export nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "bundle.h"
#include "io.h"
#include "sio/json/text.h"

#define BUNDLE_MAX (4 * 1024 * 1024) /* octets of a file that is served */

/* Written by program/embed.c: the script, and the end that makes a module of
 * it. */
extern const unsigned char sio_bundle_js[], sio_bundle_js_end[];
extern const size_t sio_bundle_js_len, sio_bundle_js_end_len;
extern const size_t sio_bundle_js_plain_len, sio_bundle_js_long_len;
extern const size_t sio_bundle_js_begin;
extern const char sio_bundle_js_etag[];

/* One name below the path. */
struct build {
	struct sio_bundle *bundle; /* borrowed */
	struct ws_asset asset;     /* data is NULL: there is none */
	void *memory; /* owned: a file, or the module; NULL for the script */
	char etag[sizeof("\"0123456789abcdef\"")];
};

/* The names that the reference server knows. */
enum {
	SCRIPT,
	SCRIPT_MIN,
	MODULE,
	NAMES = 8
};

static const char *const names[NAMES] = {
	[SCRIPT] = "/socket.io.js",
	[SCRIPT_MIN] = "/socket.io.min.js",
	[MODULE] = "/socket.io.esm.min.js",
	"/socket.io.msgpack.min.js",
	"/socket.io.js.map",
	"/socket.io.min.js.map",
	"/socket.io.esm.min.js.map",
	"/socket.io.msgpack.min.js.map",
};

struct sio_bundle {
	struct sio *io; /* borrowed */
	bool is_built_in;
	struct build builds[NAMES];
};

/* ---- answering --------------------------------------------------------- */

/* Join the two parts of the built-in module. That takes memory, so it waits for
 * the first page that wants a module. Returns 0, or -1 when there is none. */
static int
join_module(struct build *build)
{
	size_t begin = sio_bundle_js_begin;
	unsigned char *module =
	    ws_mem_resize(NULL, begin + sio_bundle_js_end_len);

	if (module == NULL)
		return -1;
	memcpy(module, sio_bundle_js, begin);
	memcpy(module + begin, sio_bundle_js_end, sio_bundle_js_end_len);
	build->memory = module;
	build->asset.data = module;
	build->asset.len = begin + sio_bundle_js_end_len;
	build->asset.plain_len = sio_bundle_js_long_len;
	return 0;
}

static void
on_request(struct ws_request *request)
{
	static const struct ws_files_options options = {
		.cache = "public, max-age=0",
	};
	struct build *build = ws_request_user(request);
	struct sio_bundle *bundle = build->bundle;

	if (eio_cors(bundle->io->engine, request))
		return;
	if (bundle->is_built_in && build == &bundle->builds[MODULE] &&
	    build->memory == NULL && join_module(build) < 0)
		ws_reply(request, 503, NULL, "out of memory\n", WS_STR);
	else if (build->asset.data == NULL)
		ws_reply(request, 404, NULL,
		    "There is no such build of the client here.\n", WS_STR);
	else
		(void)ws_reply_asset(request, &build->asset, &options);
}

/* ---- creation ---------------------------------------------------------- */

/* Open a regular file. O_NONBLOCK, since opening a named pipe would otherwise
 * wait until somebody writes into it.
 *   in    a directory that the name is in, where it must be no link: the
 *         directory may be a document root, from which no link leads out; or
 *         AT_FDCWD
 *   size  receives its octets
 * Returns a descriptor, or -1 with errno set. */
static int
open_file(int in, const char *name, size_t *size)
{
	int fd = openat(in, name,
	    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		(in != AT_FDCWD ? O_NOFOLLOW : 0));
	int error = 0;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	else if (st.st_size > BUNDLE_MAX)
		error = EFBIG;
	if (error == 0) {
		*size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	errno = error;
	return -1;
}

/* Read up to size octets, or to the end. Returns 0 or an errno. */
static int
read_octets(int fd, struct sio_text *text, size_t size)
{
	/* One octet more, since an empty file has an address, too. */
	char *at = sio_text_room(text, size + 1);

	if (at == NULL)
		return ENOMEM;
	while (text->len < size) {
		ssize_t n = read(fd, at + text->len, size - text->len);

		if (n == 0)
			break;
		if (n > 0)
			text->len += (size_t)n;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* Read a file whole. Returns 0, or -1 with errno set. */
static int
read_file(int in, const char *name, struct sio_text *text)
{
	size_t size;
	int fd = open_file(in, name, &size), error;

	if (fd < 0)
		return -1;
	error = read_octets(fd, text, size);
	close(fd);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Write the entity-tag of the application's file: FNV-1a of its octets. Two
 * files with one hash are no danger, since the application chooses both.
 * RFC 9110 section 8.8.3. */
static void
write_etag(struct build *build, const struct sio_text *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text->len; i++) {
		hash ^= (unsigned char)text->at[i];
		hash *= UINT64_C(1099511628211);
	}
	(void)snprintf(
	    build->etag, sizeof(build->etag), "\"%016" PRIx64 "\"", hash);
}

/* Serve a file of the application. Returns 0, or -1 with errno set. */
static int
use_file(struct build *build, int in, const char *file)
{
	struct sio_text text = { 0 };

	if (read_file(in, file, &text) < 0) {
		sio_text_free(&text);
		return -1;
	}
	write_etag(build, &text);
	build->memory = text.at;
	build->asset.data = build->memory;
	build->asset.len = text.len;
	build->asset.etag = build->etag;
	return 0;
}

/* Serve one script for pages. It is no module, and has no other builds. */
static int
use_script(struct sio_bundle *bundle, const char *file)
{
	struct build *script = &bundle->builds[SCRIPT];

	if (use_file(script, AT_FDCWD, file) < 0)
		return -1;
	bundle->builds[SCRIPT_MIN].asset = script->asset;
	return 0;
}

/* Say why a build in a directory is not served. */
static void
log_not_served(const struct sio_bundle *bundle, const char *directory,
    const char *name, int error)
{
	bool is_link = error == ELOOP;

	ws_log_line(bundle->io->server, is_link ? WS_LOG_WARN : WS_LOG_ERROR,
	    NULL, "cannot serve %s%s: %s", directory, name,
	    is_link ? "it is a symbolic link" : strerror(error));
}

/* Serve the builds that are in a directory.
 * Returns 0, or -1 with errno set: ENOENT when there is none of them. */
static int
use_directory(struct sio_bundle *bundle, int fd, const char *directory)
{
	int found = 0;

	for (int i = 0; i < NAMES; i++) {
		int error;

		if (use_file(&bundle->builds[i], fd, names[i] + 1) == 0) {
			found++;
			continue;
		}
		error = errno;
		if (error == ENOENT)
			continue;
		log_not_served(bundle, directory, names[i], error);
		errno = error;
		if (error != ELOOP)
			return -1;
	}
	errno = ENOENT;
	return found > 0 ? 0 : -1;
}

/* Serve what the application has. Returns 0, or -1 with errno set. */
static int
use(struct sio_bundle *bundle, const char *file)
{
	int fd = open(file, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_CLOEXEC);
	int result, error;

	if (fd < 0)
		return use_script(bundle, file);
	result = use_directory(bundle, fd, file);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

/* Serve the built-in client. As a module it has another end. */
static void
use_built_in(struct sio_bundle *bundle)
{
	const struct ws_asset script = {
		.data = sio_bundle_js,
		.len = sio_bundle_js_len,
		.etag = sio_bundle_js_etag,
		.plain_len = sio_bundle_js_plain_len,
	};

	bundle->is_built_in = true;
	for (int i = SCRIPT; i <= MODULE; i++)
		bundle->builds[i].asset = script;
}

/* Serve a build below the path, which may end in a slash. */
static int
serve(const struct sio_bundle *bundle, const char *path, struct build *build)
{
	struct sio_text full = { 0 };
	size_t len = strlen(path);
	int result;

	sio_text_add(
	    &full, path, len > 0 && path[len - 1] == '/' ? len - 1 : len);
	sio_text_puts(&full, build->asset.path);
	sio_text_putc(&full, '\0');
	result = full.error;
	if (result == 0)
		result = ws_http(
		    bundle->io->server, full.at, NULL, on_request, build);
	sio_text_free(&full);
	return result;
}

int
sio_bundle_new(struct sio *io, const char *path, const char *file)
{
	struct sio_bundle *bundle = ws_mem_resize(NULL, sizeof(*bundle));
	int result = 0;

	if (bundle == NULL)
		return -1;
	memset(bundle, 0, sizeof(*bundle));
	bundle->io = io;
	io->bundle = bundle;
	if (file != NULL)
		result = use(bundle, file);
	else
		use_built_in(bundle);
	for (int i = 0; i < NAMES && result == 0; i++) {
		struct build *build = &bundle->builds[i];

		build->bundle = bundle;
		build->asset.path = names[i];
		result = serve(bundle, path, build);
	}
	return result;
}

void
sio_bundle_free(struct sio *io)
{
	if (io->bundle == NULL)
		return;
	for (int i = 0; i < NAMES; i++)
		ws_mem_free(io->bundle->builds[i].memory);
	ws_mem_free(io->bundle);
	io->bundle = NULL;
}
