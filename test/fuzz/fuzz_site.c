/* fuzz_site.c - a whole site in the simulated world, and any octets sent to it:
 * files and their codings, listings, the cache of compressed answers, the
 * client for browsers, handshakes of Engine.IO, and pages of other origins. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sio/sio.h"
#include "test/sim/sim.h"
#include "test/tree.h"
#include "ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet is options; a NUL lets time pass. Whatever comes back has a
 * well-formed head, a body as long as it says, no secret, and lets no origin
 * read it that is not listed. */

#define SECRET "outside!"
#define FRIEND "https://friend.example"

static char base[64], docroot[80];
static char answer[1 << 20];

static void
unplant(void)
{
	tree_remove(base);
}

static void
file(const char *name, size_t octets)
{
	FILE *f = fopen(tree_path(docroot, name), "w");

	if (f == NULL)
		abort();
	for (size_t i = 0; i < octets; i++)
		fputc("some text\n"[i * i % 10], f);
	fclose(f);
	tree_time(docroot, name, TREE_TIME, 0);
}

static void
plant(void)
{
	tree_make(base);
	atexit(unplant);
	snprintf(docroot, sizeof(docroot), "%s/root", base);
	tree_dir(base, "root");
	tree_file(base, "secret", SECRET);
	tree_dir(docroot, "list");
	tree_dir(docroot, "list/<&\"é");
	tree_file(docroot, "index.html", "<p>index");
	tree_file(docroot, "404.html", "<p>not here");
	tree_file(docroot, ".hidden", "hidden");
	tree_gzip(docroot, "stored.txt.gz", "0123456789 0123456789");
	tree_link(docroot, "out", "../secret");
	file("large.css", 200000);
	file("small.js", 3000);
	file("list/a.txt", 10);
	for (char name[] = "list/0"; name[5] <= '9'; name[5]++)
		file(name, 1);
}

static void
fail(const char *what)
{
	fprintf(stderr, "%s\n%s\n", what, answer);
	abort();
}

static int64_t
never(int64_t now_ms)
{
	(void)now_ms;
	return INT64_MAX;
}

static void
on_request(struct ws_request *request)
{
	static const char body[] = "a body that is long enough to compress, "
				   "compress, compress, compress, compress";

	(void)ws_reply(request, 200, "text/plain", body, sizeof(body) - 1);
}

static struct ws_server *
start(uint8_t bits)
{
	static const struct ws_handler nothing = { 0 };
	struct ws_options options = { .log_level = -1,
		.compress_min = 32,
		.origin = bits & 1 ? "https://*.example" : NULL,
		.base_path = bits & 2 ? "/base" : NULL,
		.deflate = bits & 4 ? WS_DEFLATE_SHARED : WS_DEFLATE_OFF };
	struct ws_files_options files = { .list = true, .spa = bits & 8 };
	struct sio_options sio = { .engine = {
				       .cors = bits & 16 ? FRIEND : NULL,
				       .cors_credentials = bits & 32,
				       .cookie = bits & 64 ? "io" : NULL,
				       .fields = bits & 64 ? "*" : NULL } };
	struct ws_server *server = ws_server_new(&options);

	if (server == NULL || ws_files(server, "/", docroot, &files) != 0 ||
	    ws_http(server, "/body", "GET, POST", on_request, NULL) != 0 ||
	    ws_endpoint(server, "/ws", &nothing, NULL) != 0 ||
	    sio_new(server, &sio) == NULL || ws_listen(server, "sim") != 0)
		abort();
	return server;
}

static size_t
pass(struct ws_server *server, struct sim_wire *wire, size_t len, int ms)
{
	int64_t until = sim_now() + ms;

	while (sim_now() < until) {
		if (ws_step(server, (int)(until - sim_now())) != 0)
			abort();
		len += sim_read(wire, answer + len, sizeof(answer) - 1 - len);
	}
	return len;
}

/* Return the value of a field of the first answer, or NULL. */
static const char *
field(const char *name, const char *end)
{
	const char *at = strstr(answer, name);

	return at != NULL && at < end ? at + strlen(name) : NULL;
}

static bool
has_secret(const void *data, size_t len)
{
	return memmem(data, len, SECRET, strlen(SECRET)) != NULL ||
	       memmem(data, len, "hidden", 6) != NULL;
}

static void
check(size_t len, bool head, uint8_t bits)
{
	const char *end = strstr(answer, "\r\n\r\n"), *value;
	size_t body;

	if (len == 0)
		return;
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || end == NULL)
		fail("no head");
	for (const char *at = answer; at < end; at++)
		if ((uint8_t)*at < ' ' && strchr("\r\n\t", *at) == NULL)
			fail("a control character in the head");
	value = field("Access-Control-Allow-Origin: ", end);
	if (value != NULL && (!(bits & 16) || strncasecmp(value, FRIEND "\r\n",
						  strlen(FRIEND "\r\n")) != 0))
		fail("an origin that is not listed may read");
	value = field("Content-Length: ", end);
	body = len - (size_t)(end + 4 - answer);
	if (value != NULL && !head && strncmp(answer + 9, "304", 3) != 0 &&
	    strtoul(value, NULL, 10) > body)
		fail("the body is shorter than announced");
}

/* Return whether the first request is a HEAD. */
static bool
is_head(const uint8_t *data, size_t size)
{
	static const char head[] = "HEAD ";
	size_t at = 0;

	for (size_t i = 0; i < size && at < sizeof(head) - 1; i++) {
		if (data[i] == 0 || (at == 0 && strchr("\r\n", data[i])))
			continue;
		if (data[i] != (uint8_t)head[at++])
			return false;
	}
	return at == sizeof(head) - 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_server *server;
	struct sim_wire *wire;
	size_t len = 0, sent;
	const uint8_t *at = data + 1, *end = data + size;

	if (size < 2 || size > 8192)
		return 0;
	if (base[0] == '\0')
		plant();
	sim_seed(1, NULL, 0);
	*sim_begin() = (struct sim_weather){ .socket_octets = 1 << 22,
		.descriptors = 64,
		.batch = 64,
		.act = never };
	server = start(data[0]);
	wire = sim_connect(0x7f000001, 1);
	if (wire == NULL)
		abort();
	while (at < end && sim_state(wire) == SIM_OPEN) {
		const uint8_t *stop = memchr(at, 0, (size_t)(end - at));
		size_t part = (size_t)((stop != NULL ? stop : end) - at);

		sent = part > 0 ? sim_write(wire, at, part) : 0;
		at += sent + (sent == part);
		len = pass(server, wire, len, 500);
		if (sent == 0 && part > 0)
			break;
	}
	sim_shutdown(wire);
	len = pass(server, wire, len, 30000);
	answer[len] = '\0';
	check(len, is_head(data + 1, size - 1), data[0]);
	if (has_secret(answer, len) && !has_secret(data, size))
		fail("a secret came out"); /* and not an echo of the input */
	ws_server_free(server);
	sim_drop(wire);
	sim_end();
	return 0;
}
