/* test_sio_bundle.c - the client for browsers, and files in its place. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sio/sio.h"
#include "test/client.h"
#include "test/live/live.h"
#include "test/tree.h"

#define BUNDLE_MAX (4 * 1024 * 1024)

static struct live live;
static char root[64];

static void
nothing(struct ws_server *server)
{
	(void)server;
}

static void
begin(void)
{
	struct ws_options options = { .log_level = -1 };

	tree_make(root);
	live = live_here(&options, nothing, NULL);
}

static void
end(void)
{
	live_end(&live);
	tree_remove(root);
}

TestSuite(sio_bundle, .init = begin, .fini = end, .timeout = 60);

static struct sio *
serve(const char *name)
{
	struct sio_options options = { .client_file = tree_path(root, name) };

	return sio_new(live.server, &options);
}

/* What is not served is an error at once, and leaves no descriptor open. */
static void
expect_error(const char *name, int error)
{
	int descriptors = tree_descriptors();

	errno = 0;
	cr_expect_null(serve(name), "%s", name);
	cr_expect_eq(errno, error, "%s: %s", name, strerror(errno));
	cr_expect_eq(tree_descriptors(), descriptors, "%s", name);
}

/* A file of so many zeros. */
static void
make_zeros(const char *name, off_t octets)
{
	tree_file(root, name, "");
	cr_assert_eq(truncate(tree_path(root, name), octets), 0);
}

/* GET a path; the body must have so many octets. */
static void
get(struct client *c, const char *path, size_t octets, struct response *r)
{
	char request[256];

	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	client_puts(c, request);
	cr_assert_eq(client_response(c, r, false), 200, "%s", path);
	cr_assert_eq(r->len, octets, "%s: %zu", path, r->len);
}

Test(sio_bundle, serves_a_file_under_every_name)
{
	static const char *const paths[] = { "/socket.io/socket.io.js",
		"/socket.io/socket.io.min.js",
		"/socket.io/socket.io.esm.min.js" };
	struct client c;
	struct response r;
	struct sio *io;

	tree_file(root, "mine.js", "// mine");
	io = serve("mine.js");
	cr_assert_not_null(io);
	c = client_open(live.address);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		get(&c, paths[i], 7, &r);
		cr_expect_eq(memcmp(r.body, "// mine", 7), 0);
		/* FNV-1a of 64 bits, as others compute it. */
		cr_expect_str_eq(
		    client_field(&r, "ETag"), "\"2bf70932f1007102\"");
	}
	client_close(&c);
	sio_free(io);
}

static void
serve_zeros(size_t octets)
{
	struct client c;
	struct response r;
	struct sio *io;

	make_zeros("zeros.js", (off_t)octets);
	io = serve("zeros.js");
	cr_assert_not_null(io, "%zu", octets);
	c = client_open(live.address);
	get(&c, "/socket.io/socket.io.js", octets, &r);
	client_close(&c);
	sio_free(io);
}

Test(sio_bundle, serves_no_octets)
{
	serve_zeros(0);
}

Test(sio_bundle, serves_many_octets)
{
	serve_zeros(BUNDLE_MAX);
}

Test(sio_bundle, refuses_what_is_no_file)
{
	tree_dir(root, "directory.js");
	cr_assert_eq(mkfifo(tree_path(root, "pipe.js"), 0600), 0);
	tree_link(root, "link.js", "pipe.js");
	make_zeros("large.js", BUNDLE_MAX + 1);
	expect_error("none.js", ENOENT);
	expect_error("directory.js", EISDIR);
	expect_error("pipe.js", EINVAL);
	expect_error("link.js", EINVAL);
	expect_error("large.js", EFBIG);
}
