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

/* A path that cannot be served is an error at once, and leaves no descriptor
 * open. */
static void
expect_error(const char *name, int error)
{
	int descriptors = tree_descriptors();

	errno = 0;
	cr_expect_null(serve(name), "%s", name);
	cr_expect_eq(errno, error, "%s: %s", name, strerror(errno));
	cr_expect_eq(tree_descriptors(), descriptors, "%s", name);
}

/* Make a file of zeros. */
static void
make_zeros(const char *name, off_t octets)
{
	tree_file(root, name, "");
	cr_assert_eq(truncate(tree_path(root, name), octets), 0);
}

/* GET a path, and expect the length of the body. */
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

#define PATH "/socket.io/socket.io"

/* GET the path of a build, which is not there. */
static void
get_nothing(struct client *c, const char *path)
{
	char request[256];
	struct response r;

	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	client_puts(c, request);
	cr_expect_eq(client_response(c, &r, false), 404, "%s", path);
}

Test(sio_bundle, serves_a_script_as_scripts_alone)
{
	static const char *const paths[] = { PATH ".js", PATH ".min.js" };
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
	get_nothing(&c, PATH ".esm.min.js");
	get_nothing(&c, PATH ".msgpack.min.js");
	get_nothing(&c, PATH ".js.map");
	client_close(&c);
	sio_free(io);
}

Test(sio_bundle, serves_each_build_of_a_directory_under_its_name)
{
	static const struct {
		const char *name, *text, *type;
	} rows[] = {
		{ "socket.io.js", "1", "text/javascript; charset=utf-8" },
		{ "socket.io.min.js", "12", "text/javascript; charset=utf-8" },
		{ "socket.io.esm.min.js", "123",
		    "text/javascript; charset=utf-8" },
		{ "socket.io.msgpack.min.js", "1234",
		    "text/javascript; charset=utf-8" },
		{ "socket.io.js.map", "12345", "application/json" },
		{ "socket.io.min.js.map", "123456", "application/json" },
		{ "socket.io.esm.min.js.map", "1234567", "application/json" },
		{ "socket.io.msgpack.min.js.map", "12345678",
		    "application/json" },
	};
	struct client c;
	struct sio *io;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tree_file(root, rows[i].name, rows[i].text);
	io = serve("");
	cr_assert_not_null(io);
	c = client_open(live.address);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct response r;
		char path[64];

		snprintf(path, sizeof(path), "/socket.io/%s", rows[i].name);
		get(&c, path, i + 1, &r);
		cr_expect_eq(
		    memcmp(r.body, rows[i].text, i + 1), 0, "%s", rows[i].name);
		cr_expect_str_eq(client_field(&r, "Content-Type"), rows[i].type,
		    "%s", rows[i].name);
	}
	client_close(&c);
	sio_free(io);
}

Test(sio_bundle, builds_that_a_directory_lacks_are_404)
{
	struct client c;
	struct response r;
	struct sio *io;

	tree_file(root, "socket.io.min.js", "minified");
	tree_file(root, "package.json", "{}");
	io = serve("");
	cr_assert_not_null(io);
	c = client_open(live.address);
	get(&c, PATH ".min.js", 8, &r);
	get_nothing(&c, PATH ".js");
	get_nothing(&c, PATH ".esm.min.js");
	get_nothing(&c, PATH ".msgpack.min.js");
	get_nothing(&c, PATH ".js.map");
	client_close(&c);
	sio_free(io);
}

Test(sio_bundle, the_built_in_client_has_no_build_but_scripts_and_a_module)
{
	struct sio *io = sio_new(live.server, NULL);
	struct client c;
	struct response r;

	cr_assert_not_null(io);
	c = client_open(live.address);
	client_puts(&c, "GET " PATH ".esm.min.js HTTP/1.1\r\n"
			"Host: localhost\r\n\r\n");
	cr_assert_eq(client_response(&c, &r, false), 200);
	cr_expect_not_null(strstr((const char *)r.body, "\nexport "));
	get_nothing(&c, PATH ".msgpack.min.js");
	get_nothing(&c, PATH ".js.map");
	get_nothing(&c, PATH ".min.js.map");
	get_nothing(&c, PATH ".esm.min.js.map");
	get_nothing(&c, PATH ".msgpack.min.js.map");
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
	expect_error("directory.js", ENOENT); /* none of the builds is in it */
	tree_link(root, "directory.js/socket.io.js", "../link.js");
	expect_error("directory.js", ENOENT);
	make_zeros("directory.js/socket.io.esm.min.js", BUNDLE_MAX + 1);
	cr_assert_eq(unlink(tree_path(root, "directory.js/socket.io.js")), 0);
	expect_error("directory.js", EFBIG);
	expect_error("pipe.js", EINVAL);
	expect_error("link.js", EINVAL);
	expect_error("large.js", EFBIG);
}
