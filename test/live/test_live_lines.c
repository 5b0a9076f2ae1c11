/* test_live_lines.c - pipes and single files through ws.h. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)

static struct live live;
static int ends[2]; /* of a pipe */
static char file[] = "/tmp/live_lines.XXXXXX";

static void
send_file(struct ws_request *request)
{
	static const struct ws_files_options options = { .cache = "no-store" };

	cr_expect_eq(ws_reply_field(request, "X-Mine", "yes"), 0);
	cr_expect_eq(
	    ws_reply_file(request, ws_request_user(request), &options), 0);
}

static char none[] = "/nowhere/at.all", directory[] = "/tmp";

static void
setup(struct ws_server *server)
{
	static const struct ws_handler handler = { .open = live_on_open };

	if (ws_endpoint(server, "/all", &handler, NULL) < 0 ||
	    ws_http(server, "/file", NULL, send_file, file) < 0 ||
	    ws_http(server, "/none", NULL, send_file, none) < 0 ||
	    ws_http(server, "/directory", NULL, send_file, directory) < 0)
		abort();
}

static void
begin(void)
{
	static const struct ws_options options = { .max_message = 100,
		.log_level = -1 };
	int fd = mkstemp(file);

	cr_assert(fd >= 0 && write(fd, "0123456789", 10) == 10);
	close(fd);
	cr_assert_eq(pipe(ends), 0);
	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
	close(ends[0]);
	unlink(file);
}

TestSuite(live_lines, .init = begin, .fini = end, .timeout = 300);

/* ---- pipes --------------------------------------------------------------- */

static void
put(const char *text)
{
	cr_assert_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

Test(live_lines, each_line_of_a_pipe_is_a_message)
{
	struct client c = client_ws(live.address, "/all");
	char long_line[200];

	client_until(&seen.opened, 1);
	cr_assert_eq(ws_publish_lines(live.server, ends[0], NULL, 0), 0);
	put("one\ntwo\r\n\nthr");
	client_expect(&c, TEXT, "one", 3);
	client_expect(&c, TEXT, "two", 3);
	client_expect(&c, TEXT, "", 0);
	put("ee\n\xff\n");
	client_expect(&c, TEXT, "three", 5);
	client_expect(&c, BINARY, "\xff", 1);
	/* Too long for a message: left out, and the next one is not. */
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	put(long_line);
	put("\n");
	long_line[100] = '\0';
	put(long_line);
	put("\nlast");
	client_expect(&c, TEXT, long_line, 100);
	/* The end of the input ends the line, and the watch. */
	close(ends[1]);
	client_expect(&c, TEXT, "last", 4);
	cr_expect_eq(
	    ws_publish(live.server, NULL, 0, WS_TEXT, "more", 4, NULL), 1);
	client_expect(&c, TEXT, "more", 4);
	client_close(&c);
}

Test(live_lines, a_pipe_may_be_for_one_room)
{
	struct client c = client_ws(live.address, "/all"), other;
	char room[] = "news";

	client_until(&seen.opened, 1);
	cr_expect_eq(ws_join(seen.last, "news", 4), 1);
	other = client_ws(live.address, "/all");
	client_until(&seen.opened, 2);
	cr_assert_eq(ws_publish_lines(live.server, ends[0], room, WS_STR), 0);
	room[0] = 'x';
	put("line\n");
	client_expect(&c, TEXT, "line", 4);
	cr_expect_eq(
	    ws_publish(live.server, NULL, 0, WS_TEXT, "all", 3, NULL), 2);
	client_expect(&other, TEXT, "all", 3);
	client_close(&c);
	client_close(&other);
	/* The server ends first: nothing is left of it. */
	close(ends[1]);
}

Test(live_lines, what_has_no_lines_is_refused)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	cr_expect_eq(ws_publish_lines(live.server, fd, NULL, 0), WS_ESYSTEM);
	cr_expect_eq(ws_publish_lines(live.server, -1, NULL, 0), WS_ESYSTEM);
	cr_expect_eq(
	    ws_publish_lines(live.server, ends[0], "", WS_STR), WS_EINVAL);
	close(fd);
	close(ends[1]);
}

/* ---- rooms --------------------------------------------------------------- */

static bool
add_name(const void *name, size_t len, void *arg)
{
	char *names = arg;

	strncat(names, name, len);
	return len > 1;
}

Test(live_lines, rooms_are_walked_over)
{
	struct client c = client_ws(live.address, "/all");
	char names[64] = "";

	ws_room_names(live.server, add_name, names);
	cr_expect_str_eq(names, "");
	client_until(&seen.opened, 1);
	cr_expect_eq(ws_join(seen.last, "aa", 2), 1);
	cr_expect_eq(ws_join(seen.last, "bb", 2), 1);
	ws_room_names(live.server, add_name, names);
	cr_expect(strcmp(names, "aabb") == 0 || strcmp(names, "bbaa") == 0);
	ws_leave_all(seen.last);
	cr_expect_eq(ws_join(seen.last, "a", 1), 1);
	cr_expect_eq(ws_join(seen.last, "b", 1), 1);
	names[0] = '\0';
	ws_room_names(live.server, add_name, names);
	cr_expect_eq(strlen(names), 1);
	client_close(&c);
	close(ends[1]);
}

/* ---- files --------------------------------------------------------------- */

static const struct {
	const char *request, *fields;
	int status;
	const char *body, *field, *value;
} files[] = {
	{ "GET /file", "", 200, "0123456789", "Cache-Control", "no-store" },
	{ "GET /file", "", 200, "0123456789", "X-Mine", "yes" },
	{ "HEAD /file", "", 200, NULL, "Content-Length", "10" },
	{ "GET /file", "Range: bytes=2-4\r\n", 206, "234", "Content-Range",
	    "bytes 2-4/10" },
	{ "GET /file", "Range: bytes=20-\r\n", 416, NULL, "Content-Range",
	    "bytes */10" },
	{ "GET /file", "If-None-Match: *\r\n", 304, NULL, "Cache-Control",
	    "no-store" },
	{ "POST /file", "Content-Length: 0\r\n", 405, NULL, "Allow",
	    "GET, HEAD, OPTIONS" },
	{ "GET /none", "", 404, NULL, "X-Mine", "yes" },
	{ "GET /directory", "", 403, NULL, "X-Mine", "yes" },
};

Test(live_lines, a_request_is_answered_with_a_file)
{
	struct client c = client_open(live.address);
	struct response r;
	char head[512], tag[80] = "";

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *value;
		bool is_head = strncmp(files[i].request, "HEAD", 4) == 0;

		(void)snprintf(head, sizeof(head),
		    "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", files[i].request,
		    files[i].fields);
		client_puts(&c, head);
		cr_expect_eq(client_response(&c, &r, is_head), files[i].status,
		    "%s: %d", files[i].request, r.status);
		value = client_field(&r, files[i].field);
		cr_expect(value != NULL && strcmp(value, files[i].value) == 0,
		    "%zu: %s", i, r.head);
		if (files[i].body != NULL)
			cr_expect(r.len == strlen(files[i].body) &&
				      memcmp(r.body, files[i].body, r.len) == 0,
			    "%zu: %.*s", i, (int)r.len, (const char *)r.body);
		if (i == 0)
			(void)snprintf(
			    tag, sizeof(tag), "%s", client_field(&r, "ETag"));
	}
	/* The tag is that of the content. */
	(void)snprintf(head, sizeof(head),
	    "GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: %s\r\n\r\n", tag);
	client_puts(&c, head);
	cr_expect_eq(client_response(&c, &r, false), 304);
	client_close(&c);
	close(ends[1]);
}
