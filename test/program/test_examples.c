/* test_examples.c - each example of ws.h is built, spoken to and ended. */
/* SPDX-License-Identifier: MIT */

/* So are the programs in README.md and at the top of ws.h. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "example.h"

TestSuite(examples, .fini = clean_up, .timeout = CHILD_S);

/* ---- the examples ------------------------------------------------------- */

/* An example shows what can be done with ws.h or sio.h alone, in few lines. */
Test(examples, know_a_public_header_only)
{
	glob_t sources;

	cr_assert_eq(glob("examples/*.c", 0, NULL, &sources), 0,
	    "run this in the top directory");
	cr_assert_geq(sources.gl_pathc, 6);
	for (size_t i = 0; i < sources.gl_pathc; i++) {
		FILE *file = fopen(sources.gl_pathv[i], "r");
		bool knows_it = false;
		int lines = 0;

		cr_assert_not_null(file);
		while (fgets(line, sizeof(line), file) != NULL) {
			lines++;
			cr_expect_neq(strncmp(line, "#include \"", 10), 0,
			    "%s: %s", sources.gl_pathv[i], line);
			if (strcmp(line, "#include <ws.h>\n") == 0 ||
			    strcmp(line, "#include <sio.h>\n") == 0 ||
			    strcmp(line, "#include <hub.h>\n") == 0)
				knows_it = true;
		}
		fclose(file);
		cr_expect(knows_it, "%s", sources.gl_pathv[i]);
		cr_expect_leq(lines, 100, "%s", sources.gl_pathv[i]);
		if (strcmp(sources.gl_pathv[i], "examples/chat.c") == 0)
			cr_expect_leq(lines, 40);
	}
	globfree(&sources);
}

/* Count the lines that are neither empty nor only a comment. */
static int
count_code(const char *path)
{
	FILE *file = fopen(path, "r");
	bool comment = false;
	int lines = 0;

	cr_assert_not_null(file, "there is no %s", path);
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + strspn(line, " \t");

		comment = comment || strncmp(at, "/*", 2) == 0;
		if (!comment && *at != '\n')
			lines++;
		if (comment && strstr(at, "*/") != NULL)
			comment = false;
	}
	fclose(file);
	return lines;
}

/* The examples that have a twin in JavaScript, which does the same with express
 * and with socket.io or ws. */
static void
each_twin(void (*check)(const char *name))
{
	static const char folder[] = "test/interop/examples/";
	glob_t twins;

	cr_assert_eq(glob("test/interop/examples/*.cjs", 0, NULL, &twins), 0);
	cr_assert_geq(twins.gl_pathc, 16);
	for (size_t i = 0; i < twins.gl_pathc; i++) {
		const char *at = twins.gl_pathv[i] + strlen(folder);
		char name[64];

		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)strcspn(at, "."), at);
		check(name);
	}
	globfree(&twins);
}

static void
check_length(const char *name)
{
	char c[96], javascript[96];
	int lines, twin;

	(void)snprintf(c, sizeof(c), "examples/%s.c", name);
	(void)snprintf(javascript, sizeof(javascript),
	    "test/interop/examples/%s.cjs", name);
	lines = count_code(c);
	twin = count_code(javascript);
	cr_expect_leq(2 * lines, 3 * twin, "%s: %d lines, %d in JavaScript",
	    name, lines, twin);
}

Test(examples, are_at_most_half_as_long_again_as_in_javascript)
{
	each_twin(check_length);
}

/* Read a file, with each run of white space as one space. */
static char *
read_words(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = 0;
	int c;

	cr_assert_not_null(file, "there is no %s", path);
	while ((c = fgetc(file)) != EOF && len < size - 1) {
		if (strchr(" \t\n", c) == NULL)
			text[len++] = (char)c;
		else if (len > 0 && text[len - 1] != ' ')
			text[len++] = ' ';
	}
	fclose(file);
	text[len] = '\0';
	return text;
}

/* The first comment of an example is "NAME.c - teaches SOMETHING.", and its
 * page tells the reader so. */
static void
check_lesson(const char *name)
{
	static char source[16384], page[16384];
	char path[96], begin[96], lesson[128];
	const char *at;

	(void)snprintf(path, sizeof(path), "examples/%s.c", name);
	(void)snprintf(begin, sizeof(begin), "/* %s.c - teaches ", name);
	read_words(path, source, sizeof(source));
	cr_assert_eq(strncmp(source, begin, strlen(begin)), 0, "%s", path);
	at = source + strlen(begin);
	(void)snprintf(lesson, sizeof(lesson), "This example teaches %.*s",
	    (int)(strstr(at, " */") - at), at);
	(void)snprintf(path, sizeof(path), "examples/pages/%s.html", name);
	read_words(path, page, sizeof(page));
	cr_expect_not_null(
	    strstr(page, lesson), "%s does not say: %s", path, lesson);
}

Test(examples, say_what_they_teach_and_so_do_their_pages)
{
	each_twin(check_lesson);
}

/* The end of a page's path, as the address that an example prints has it. */
static void
expect_page(const char *name)
{
	char wanted[96];
	int fd;

	(void)snprintf(wanted, sizeof(wanted), "/%s.html", name);
	cr_assert_not_null(strstr(line, wanted), "%s", line);
	fd = dial();
	ask(fd, "HEAD", wanted, "");
	expect_answer(fd, "200", "");
}

Test(examples, echo_answers_and_logs_who_comes_and_goes)
{
	static const char binary[] = "\376\377";
	size_t before = strlen("We received your ");
	int fd;

	start("examples/echo.c", NULL);
	expect_page("echo");
	fd = open_websocket("/");
	expect_line("Client connected");
	say(fd, TEXT, "hello", 5);
	expect(fd, "We received your hello");
	expect_line("Received 5 octets");
	say(fd, TEXT, "", 0);
	expect(fd, "We received your ");
	say(fd, BINARY, binary, 2);
	cr_assert_eq(hear(fd, BINARY), before + 2);
	cr_assert_eq(memcmp(heard + before, binary, 2), 0);
	say(fd, CLOSE, "\x03\xe8", 2);
	expect_line("Client disconnected (1000)");
	(void)hear(fd, CLOSE);
	close(fd);
	fd = open_websocket("/");
	close(fd);
	expect_line("Client disconnected (1006)");
	stop();
}

Test(examples, chat_passes_every_message_to_every_client)
{
	int fds[3];

	start("examples/chat.c", NULL);
	expect_page("chat");
	for (int i = 0; i < 3; i++)
		fds[i] = open_websocket("/");
	for (int i = 0; i < 3; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "I am %d", i);

		say(fds[i], TEXT, text, (size_t)n);
		for (int j = 0; j < 3; j++)
			expect(fds[j], text);
	}
	close(fds[0]);
	say(fds[1], BINARY, "x", 1);
	cr_assert_eq(hear(fds[1], BINARY), 1);
	cr_assert_eq(hear(fds[2], BINARY), 1);
	stop();
}

static void
expect_price(int fd)
{
	int price = -1, end = 0;

	(void)hear(fd, TEXT);
	(void)sscanf(heard, "{\"price\":%d}%n", &price, &end);
	cr_assert_eq((size_t)end, strlen(heard), "%s", heard);
	cr_assert(price >= 0 && price < 1000, "%s", heard);
}

Test(examples, ticker_sends_a_price_to_all)
{
	static const char *const every_ms[] = { NULL, "50" };

	for (int i = 0; i < 2; i++) {
		int a, b;

		start("examples/ticker.c", every_ms[i]);
		expect_page("ticker");
		a = open_websocket("/");
		b = open_websocket("/");
		expect_price(a);
		expect_price(b);
		for (int n = 0; i == 1 && n < 5; n++)
			expect_price(a);
		stop();
		close(a);
		close(b);
	}
}

Test(examples, rooms_keep_to_themselves)
{
	int anna, bert, carl;

	start("examples/rooms.c", NULL);
	expect_page("rooms");
	anna = open_websocket("/?room=kitchen");
	expect(anna, "users: 1");
	bert = open_websocket("/?room=garden%20shed");
	expect(bert, "users: 1");
	carl = open_websocket("/?room=kitchen");
	expect(carl, "users: 2");
	expect(anna, "users: 2");
	say(anna, TEXT, "coffee?", 7);
	expect(anna, "coffee?");
	expect(carl, "coffee?");
	/* Had it reached Bert, it would be the first thing that he hears. */
	say(bert, TEXT, "sun!", 4);
	expect(bert, "sun!");
	close(carl);
	expect(anna, "users: 1");
	stop();
}

Test(examples, rooms_want_a_name)
{
	static const char *const targets[] = { "/", "/?room=", "/?room=%00" };
	int fd;

	start("examples/rooms.c", NULL);
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		fd = dial();
		send_upgrade(fd, targets[i]);
		expect_answer(fd, "400", "Try ?room=NAME.\n");
	}
	stop();
}

Test(examples, hello_http_answers)
{
	static const struct {
		const char *method, *target, *body, *status, *answer;
	} rows[] = {
		{ "GET", "/", "", "200", "Hello, world!\n" },
		{ "HEAD", "/", "", "200", "" },
		{ "POST", "/upper", "whisper \xc3\xa4", "200",
		    "WHISPER \xc3\xa4" },
		{ "POST", "/upper", "", "200", "" },
		{ "POST", "/wake", "nobody waits", "204", "" },
	};
	int fd;

	start("examples/hello-http.c", NULL);
	expect_page("pages/hello-http");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fd = dial();
		ask(fd, rows[i].method, rows[i].target, rows[i].body);
		expect_answer(fd, rows[i].status, rows[i].answer);
	}
	stop();
}

Test(examples, hello_http_holds_a_long_poll)
{
	int waiting, waker, gone;

	start("examples/hello-http.c", NULL);
	gone = dial();
	ask(gone, "GET", "/wait", "");
	waiting = dial();
	ask(waiting, "GET", "/wait", "");
	close(gone);
	/* Connections are served in the order in which they came, but that
	 * one waits must be seen: until then a wake finds nobody. */
	do {
		struct pollfd news = { .fd = waiting, .events = POLLIN };

		waker = dial();
		ask(waker, "POST", "/wake", "good morning");
		expect_answer(waker, "204", "");
		if (poll(&news, 1, 0) == 1)
			break;
	} while (true);
	expect_answer(waiting, "200", "good morning");
	stop();
}

/* Pings come every 300 ms, whatever else happens. */
Test(examples, engine_echo_says_back_what_it_is_told)
{
	bool echoed = false, pinged = false;
	int fd;

	start("examples/engine-echo.c", NULL);
	fd = open_websocket("/engine.io/?EIO=4&transport=websocket");
	(void)hear(fd, TEXT);
	cr_assert_eq(strncmp(heard, "0{\"sid\":\"", 9), 0, "%s", heard);
	cr_assert_not_null(strstr(heard, "\"pingInterval\":300,"));
	say(fd, TEXT, "4hello", 6);
	while (!echoed || !pinged) {
		(void)hear(fd, TEXT);
		if (strcmp(heard, "4hello") == 0) {
			echoed = true;
			continue;
		}
		cr_assert_str_eq(heard, "2");
		say(fd, TEXT, "3", 1);
		pinged = true;
	}
	close(fd);
	stop();
}

Test(examples, foreign_loop_turns_in_poll)
{
	int fd, status;

	start("examples/foreign-loop.c", NULL);
	fd = open_websocket("/");
	say(fd, TEXT, "hello\033[2J", 9);
	expect_line("hello?[2J");
	cr_assert_eq(write(child_in, "typed\n", 6), 6);
	cr_assert_eq(hear(fd, BINARY), 6);
	cr_assert_str_eq(heard, "typed\n");
	close(child_in);
	cr_assert_eq(
	    hear(fd, CLOSE), 2 + strlen("the server is shutting down"));
	say(fd, CLOSE, "\x03\xe9", 2);
	close(fd);
	cr_assert_eq(waitpid(child, &status, 0), child);
	child = 0;
	cr_assert_eq(status, 0);
}

Test(examples, foreign_loop_ends_in_good_order)
{
	start("examples/foreign-loop.c", NULL);
	stop();
}

Test(examples, post_room_publishes_what_is_text)
{
	int fd, once;

	start("examples/post-room.c", NULL);
	fd = open_websocket("/?room=news");
	ask(once = dial(), "POST", "/?room=news", "hello");
	expect_answer(once, "200 OK", "{\"receivers\":1}");
	expect(fd, "hello");
	ask(once = dial(), "POST", "/?room=other", "hello");
	expect_answer(once, "200 OK", "{\"receivers\":0}");
	ask(once = dial(), "POST", "/?room=news", "\xff");
	expect_answer(once, "400 Bad Request", "a room and a text, please\n");
	ask(once = dial(), "POST", "/", "hello");
	expect_answer(once, "400 Bad Request", "a room and a text, please\n");
	close(fd);
	stop();
}

Test(examples, hub_has_rooms_that_remember)
{
	int fd, once;

	start("examples/hub.c", NULL);
	fd = open_websocket("/room/a");
	ask(once = dial(), "POST", "/room/a", "hello");
	expect(fd, "hello");
	close(once);
	ask(once = dial(), "POST", "/room/a-name-for-listeners", "hello");
	expect_answer(once, "403 Forbidden",
	    "{\"error\":\"this room does not take messages from you\","
	    "\"code\":\"not_allowed\"}\n");
	close(fd);
	stop();
}

Test(examples, pipe_publishes_each_line_and_other_octets)
{
	int fd;

	start("examples/pipe.c", NULL);
	fd = open_websocket("/");
	cr_assert_eq(write(child_in, "gr\xc3\xbc\xc3\x9f\n", 7), 7);
	expect(fd, "gr\xc3\xbc\xc3\x9f");
	cr_assert_eq(write(child_in, "\xff\n", 2), 2);
	cr_assert_eq(hear(fd, BINARY), 1);
	close(child_in);
	close(fd);
	stop();
}

/* ---- the programs in the documents -------------------------------------- */

static const char listen_call[] = "ws_serve(server, \":8080\", NULL)";

/* Write a program down, with its fixed port replaced by a socket that this
 * test opens: so two runs do not meet, and nobody waits for the start. */
static void
write_program(const char *text, char *path)
{
	const char *call = strstr(text, listen_call);
	FILE *file;

	cr_assert_not_null(call, "it does not call %s", listen_call);
	strcpy(path, "/tmp/ws-program-XXXXXX.c");
	file = fdopen(mkstemps(path, 2), "w");
	cr_assert_not_null(file);
	fprintf(file,
	    "%.*sws_listen_fd(server, %d) + "
	    "ws_serve(server, \"127.0.0.1:0\", NULL)%s",
	    (int)(call - text), text, INHERITED_FD, call + strlen(listen_call));
	cr_assert_eq(fclose(file), 0);
}

static void
check_program(const char *text, void (*check)(void))
{
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char path[] = "/tmp/ws-program-XXXXXX.c";
	char *argv[] = { program, NULL };

	address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 16), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	write_program(text, path);
	build(path);
	unlink(path);
	spawn(argv, fd);
	close(fd);
	check();
	stop();
}

static int
count_lines(const char *text)
{
	int lines = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n' && text[1] != '\n')
			lines++;
	}
	return lines;
}

/* The nth block of C in the README, which is to be short. */
static void
check_readme(int nth, void (*check)(void))
{
	char text[2048] = "";
	FILE *file = fopen("README.md", "r");
	int blocks = 0;
	bool inside = false;

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "```", 3) == 0) {
			inside = strcmp(line, "```c\n") == 0 && ++blocks == nth;
			continue;
		}
		if (inside)
			strncat(text, line, sizeof(text) - strlen(text) - 1);
	}
	fclose(file);
	cr_assert_geq(blocks, nth, "there is no such block of C");
	cr_assert_leq(count_lines(text), 15);
	check_program(text, check);
}

Test(examples, the_echo_server_of_the_readme)
{
	check_readme(1, check_echo);
}

/* An event of one client reaches the other client, and not its sender. */
static void
check_said(void)
{
	static const char *const said[] = { "42[\"said\",\"hello\"]",
		"42[\"said\",{\"you\":2}]" };
	int fds[2];

	for (int i = 0; i < 2; i++) {
		fds[i] =
		    open_websocket("/socket.io/?EIO=4&transport=websocket");
		(void)hear(fds[i], TEXT);
		say(fds[i], TEXT, "40", 2);
		(void)hear(fds[i], TEXT);
		cr_assert_eq(strncmp(heard, "40{\"sid\":", 9), 0);
	}
	for (int i = 0; i < 2; i++) {
		say(fds[i], TEXT, said[i], strlen(said[i]));
		expect(fds[1 - i], said[i]);
	}
}

Test(examples, the_socket_io_server_of_the_readme)
{
	check_readme(2, check_said);
}

/* The program in the comment at the top of ws.h: what a tab indents, behind
 * the star. */
Test(examples, the_echo_server_of_the_header)
{
	char text[2048] = "#include <ws.h>\n";
	FILE *file = fopen("ws.h", "r");

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file) != NULL &&
	       strcmp(line, " */\n") != 0) {
		if (strncmp(line, " *\t", 3) == 0)
			strncat(
			    text, line + 3, sizeof(text) - strlen(text) - 1);
		else if (strncmp(line, " * Rules", 8) == 0)
			break;
	}
	fclose(file);
	check_program(text, check_echo);
}
