/* bundle.c - the client for browsers, served below the path of the server. */
/* SPDX-License-Identifier: MIT */
/*
 * A page says <script src="/socket.io/socket.io.js">, so that the client fits
 * the server that it comes from. The built-in client is one file, which is
 * served under all the names that the official client has; as a module it has
 * an export at its end. The application may serve a client of its own instead.
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

struct sio_bundle {
	struct sio *io; /* borrowed */
	struct ws_asset script, module;
	void *
	    memory; /* owned: a file, or the module; NULL before that is joined */
	char etag[sizeof("\"0123456789abcdef\"")];
};

/* ---- answering --------------------------------------------------------- */

static void
answer(struct ws_request *request, const struct ws_asset *asset)
{
	static const struct ws_files_options options = {
		.cache = "public, max-age=0",
	};
	const struct sio_bundle *bundle = ws_request_user(request);

	if (!eio_cors(bundle->io->engine, request))
		(void)ws_reply_asset(request, asset, &options);
}

static void
on_script(struct ws_request *request)
{
	const struct sio_bundle *bundle = ws_request_user(request);

	answer(request, &bundle->script);
}

/* Join the module's two parts. That takes memory, so it waits for the first
 * page that wants a module. Returns 0, or -1 when there is none. */
static int
join_module(struct sio_bundle *bundle)
{
	size_t begin = sio_bundle_js_begin;
	unsigned char *module =
	    ws_mem_resize(NULL, begin + sio_bundle_js_end_len);

	if (module == NULL)
		return -1;
	memcpy(module, sio_bundle_js, begin);
	memcpy(module + begin, sio_bundle_js_end, sio_bundle_js_end_len);
	bundle->memory = module;
	bundle->module.data = module;
	bundle->module.len = begin + sio_bundle_js_end_len;
	bundle->module.plain_len = sio_bundle_js_long_len;
	return 0;
}

static void
on_module(struct ws_request *request)
{
	struct sio_bundle *bundle = ws_request_user(request);

	if (bundle->memory == NULL && join_module(bundle) < 0)
		ws_reply(request, 503, NULL, "out of memory\n", WS_STR);
	else
		answer(request, &bundle->module);
}

/* ---- creation ---------------------------------------------------------- */

/* Open a regular file. O_NONBLOCK, since opening a named pipe would otherwise
 * wait until somebody writes into it.
 *   size  receives its octets
 * Returns a descriptor, or -1 with errno set. */
static int
open_file(const char *name, size_t *size)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
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
read_file(const char *name, struct sio_text *text)
{
	size_t size;
	int fd = open_file(name, &size), error;

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
write_etag(struct sio_bundle *bundle, const struct sio_text *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text->len; i++) {
		hash ^= (unsigned char)text->at[i];
		hash *= UINT64_C(1099511628211);
	}
	(void)snprintf(
	    bundle->etag, sizeof(bundle->etag), "\"%016" PRIx64 "\"", hash);
}

/* Serve the application's file under every name, modules included. */
static int
use_file(struct sio_bundle *bundle, const char *file)
{
	struct sio_text text = { 0 };

	if (read_file(file, &text) < 0) {
		sio_text_free(&text);
		return -1;
	}
	write_etag(bundle, &text);
	bundle->memory = text.at;
	bundle->script = (struct ws_asset){
		.path = "/socket.io.js",
		.data = bundle->memory,
		.len = text.len,
		.etag = bundle->etag,
	};
	bundle->module = bundle->script;
	return 0;
}

/* Serve the built-in client. As a module it has another end. */
static void
use_built_in(struct sio_bundle *bundle)
{
	bundle->script = (struct ws_asset){
		.path = "/socket.io.js",
		.data = sio_bundle_js,
		.len = sio_bundle_js_len,
		.etag = sio_bundle_js_etag,
		.plain_len = sio_bundle_js_plain_len,
	};
	bundle->module = bundle->script;
}

/* Serve a file of this name below the path, which may end in a slash. */
static int
serve(struct sio_bundle *bundle, const char *path, const char *name,
    void (*handler)(struct ws_request *request))
{
	struct sio_text full = { 0 };
	size_t len = strlen(path);
	int result;

	sio_text_add(
	    &full, path, len > 0 && path[len - 1] == '/' ? len - 1 : len);
	sio_text_puts(&full, name);
	sio_text_putc(&full, '\0');
	result = full.error;
	if (result == 0)
		result =
		    ws_http(bundle->io->server, full.at, NULL, handler, bundle);
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
		result = use_file(bundle, file);
	else
		use_built_in(bundle);
	if (result == 0)
		result = serve(bundle, path, "/socket.io.js", on_script);
	if (result == 0)
		result = serve(bundle, path, "/socket.io.min.js", on_script);
	if (result == 0)
		result =
		    serve(bundle, path, "/socket.io.esm.min.js", on_module);
	return result;
}

void
sio_bundle_free(struct sio *io)
{
	if (io->bundle == NULL)
		return;
	ws_mem_free(io->bundle->memory);
	ws_mem_free(io->bundle);
	io->bundle = NULL;
}
